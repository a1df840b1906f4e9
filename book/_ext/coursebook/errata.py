"""A link on each page that opens an issue with the page's name in its title."""

from .repository import read_repository


def add_errata_link(app, pagename, templatename, context, doctree):
    if doctree is not None:
        url = read_repository().erratum(pagename)
        context["body"] += f'<p class="errata"><a href="{url}">Found a mistake? Report an erratum.</a></p>'


def setup(app):
    app.connect("html-page-context", add_errata_link)
