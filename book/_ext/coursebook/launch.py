"""The launch and download buttons lead to the generated notebooks: Colab cannot open a MyST page."""

import shutil
from pathlib import Path

from .exercise_pages import find_exercises
from .repository import ROOT


def notebook_of(pagename):
    """The notebook to open or to save of a page, from the root of the repository."""
    return f"{pagename}.ipynb" if pagename in find_exercises() else f"book/notebooks/{pagename}.ipynb"


def point_to_notebooks(app, pagename, templatename, context, doctree):
    for button in context.get("header_buttons", []):
        if button.get("label") == "launch-buttons":
            for link in button["buttons"]:
                link["url"] = link["url"].replace(f"book/{pagename}.md", notebook_of(pagename))


def offer_notebooks(app, error):
    """Put the generated notebook where the theme put MyST-NB's, which shows MyST as source."""
    if error is None and app.builder.format == "html":
        sources = Path(app.outdir) / "_sources"
        for notebook in sources.rglob("*.ipynb"):
            page = notebook.relative_to(sources).with_suffix("").as_posix()
            generated = ROOT / notebook_of(page)
            if generated.exists():  # not yet for a page that is being written; `make test` asks for it
                shutil.copy(generated, notebook)


def setup(app):
    app.connect("html-page-context", point_to_notebooks, priority=900)  # after the theme made its buttons
    app.connect("build-finished", offer_notebooks)
