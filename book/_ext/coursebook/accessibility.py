"""What Jupyter Book 1.0.4 and its theme get wrong in every page: dead scripts and misleading roles."""

from pathlib import Path

REPLACEMENTS = (
    # A list whose children are no list items.
    ('class="citation-list" role="list"', 'class="citation-list"'),
    ('role="list" class="citation-list"', 'class="citation-list"'),
    (' role="doc-biblioentry"', ""),
)


def is_thebe(file):
    body = str(getattr(file, "attributes", {}).get("body", ""))
    return "thebe" in str(getattr(file, "filename", "")) or "THEBE_JS_URL" in body


def drop_thebe(app, pagename, templatename, context, doctree):
    """sphinx-thebe loads scripts from a CDN, and fails, even where it is not used."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if not is_thebe(file)]


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
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("build-finished", mend_pages)
