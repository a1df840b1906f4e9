"""{interactive} NAME: a figure that answers to its reader, a custom element from book/_interactive/NAME.js.

The directive's content is what stands there without scripts, on paper and in a notebook: a sentence that
names the figure which shows the same and does not move.
"""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .repository import ROOT

SCRIPTS = ROOT / "book" / "_interactive"


class interactive(nodes.container):
    """The element and, as its children, what stands there without scripts."""


class InteractiveDirective(SphinxDirective):
    required_arguments = 1
    has_content = True

    def run(self):
        name = self.arguments[0]
        if not (SCRIPTS / f"{name}.js").is_file():
            raise self.error(f"there is no script {SCRIPTS / name}.js")
        self.assert_has_content()
        box = interactive(name=name)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def visit_html(self, node):
    self.body.append(f'<{node["name"]} class="interactive"></{node["name"]}><noscript>')


def depart_html(self, node):
    self.body.append("</noscript>")


def visit_elsewhere(self, node):
    pass


def offer_scripts(app, config):
    if SCRIPTS.is_dir():
        config.html_static_path.append(str(SCRIPTS))


def load_scripts(app, pagename, templatename, context, doctree):
    """A page loads the scripts of its own figures and of no others."""
    for name in {node["name"] for node in doctree.findall(interactive)} if doctree else ():
        app.add_js_file(f"{name}.js", loading_method="defer")


def setup(app):
    elsewhere = (visit_elsewhere, visit_elsewhere)
    app.add_node(interactive, html=(visit_html, depart_html), latex=elsewhere, text=elsewhere)
    app.add_directive("interactive", InteractiveDirective)
    app.connect("config-inited", offer_scripts)
    app.connect("html-page-context", load_scripts)
