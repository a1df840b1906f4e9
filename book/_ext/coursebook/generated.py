"""Pages that the build of the site writes: into folders of book/ that git ignores, in no table of contents.

They are for the site alone; the PDF does without them.
"""

import shutil

from .repository import ROOT


def is_site(app):
    return app.builder.name == "html"


def generate(app, folder, pages):
    """Write pages when the site is built.

    Args:
        app: Sphinx.
        folder: a Path below book/, of these pages alone.
        pages: function () -> {path of a page below book/, with its suffix: its source}.
    """

    def forget_pages(app, config):
        shutil.rmtree(folder, ignore_errors=True)

    def write_pages(app):
        if is_site(app):
            for name, source in pages().items():
                path = ROOT / "book" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(source, encoding="utf-8")

    # First: sphinx-external-toc excludes what it finds and the table of contents does not name.
    app.connect("config-inited", forget_pages, priority=1)
    app.connect("builder-inited", write_pages)
