"""The search lists chapters before the pages of the package, but for a name of the package."""

from pathlib import Path


def set_order(app, config):
    config.html_search_scorer = str(Path(__file__).with_suffix(".js"))


def setup(app):
    app.connect("config-inited", set_order)
