"""What Jupyter Book 1.0.4 and its theme get wrong in every page: dead scripts, misleading roles and names."""

from pathlib import Path

SEARCH_FIELD = 'search-button-field search-button__button pst-js-only" title="Search"'
REPLACEMENTS = (
    # A list whose children are no list items.
    ('class="citation-list" role="list"', 'class="citation-list"'),
    ('role="list" class="citation-list"', 'class="citation-list"'),
    (' role="doc-biblioentry"', ""),
    # Names other than the words that can be read there, which somebody who steers by voice says.
    (' aria-label="Toggle hidden content"', ""),
    (f'{SEARCH_FIELD} aria-label="Search"', SEARCH_FIELD),
)


def silence_thebe(app, config):
    """sphinx-thebe puts scripts from a CDN into every page, and a script error, even where it is not used."""
    for listeners in app.events.listeners.values():
        listeners[:] = [one for one in listeners if not one.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files = [file for file in app.registry.css_files if "thebe" not in file[0]]


def mend_pages(app, error):
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        # 1.5 MB of icons that the theme's web font has as well
        lines = [line for line in text.split("\n") if "_static/scripts/fontawesome.js" not in line]
        mended = "\n".join(lines)
        for wrong, right in REPLACEMENTS:
            mended = mended.replace(wrong, right)
        if mended != text:
            path.write_text(mended, encoding="utf-8")


def setup(app):
    app.connect("config-inited", silence_thebe)
    app.connect("build-finished", mend_pages)
