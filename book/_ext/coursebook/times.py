"""Under the title of each page with code: how long it takes to read, and how long its cells took to run."""

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector

from .generated import is_site

WORDS_A_MINUTE = 200


def add_times(app, pagename, templatename, context, doctree):
    if not is_site(app) or doctree is None:
        return
    run = NbMetadataCollector.get_exec_data(app.env, pagename)
    if run is None:
        return
    texts = [
        node.astext() for kind in (nodes.paragraph, nodes.literal_block) for node in doctree.findall(kind)
    ]
    minutes = max(1, round(sum(len(text.split()) for text in texts) / WORDS_A_MINUTE))
    line = f'<p class="times">{minutes} min to read · its cells run in {run["runtime"]:.0f} s</p>'
    context["body"] = context["body"].replace("</h1>", f"</h1>{line}", 1)


def setup(app):
    app.connect("html-page-context", add_times)
