"""The book's Sphinx extension. Each module adds one thing and can be read alone."""

import os

from . import (
    accessibility,
    claims,
    errata,
    exercise_index,
    exercise_pages,
    interactive,
    launch,
    live,
    mathml,
    package,
    paper,
    search_order,
    sources,
    symbol_links,
    tabs,
    terms,
    times,
)
from .repository import read_repository


def set_base_address(app, config):
    """Canonical links and social cards follow from the one setting in _config.yml."""
    config.html_baseurl = config.ogp_site_url = read_repository().site + "/"


def setup(app):
    os.environ.setdefault("TQDM_DISABLE", "1")  # progress bars are no part of a page
    for module in (
        tabs,
        mathml,
        launch,
        claims,
        exercise_index,
        interactive,
        live,
        exercise_pages,
        times,
        paper,
        errata,
        package,
        search_order,
        sources,
        symbol_links,
        terms,
    ):
        module.setup(app)
    accessibility.setup(app)  # mends what the others have written
    app.connect("config-inited", set_base_address)
    return {"version": "1", "parallel_read_safe": True}
