"""Formulas as MathML, written when the book is built: no script, no network, and screen readers read them."""

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)
UNBRACED = re.compile(r"\\[dt]?frac(?!\s*\{)")


def mathml(node, as_block):
    """A formula as a <math> element; a warning, which fails the build, where it cannot be one."""
    tex = node.astext()
    try:
        if UNBRACED.search(tex):  # silently taken for something else
            raise MathError(r"\frac needs its braces: \frac{1}{2}")
        found = tex2mathml(tex, as_block=as_block)
    except MathError as error:
        logger.warning("no MathML for %r: %s", tex, error, location=node)
        return ""
    return found.replace("<mo>&ApplyFunction;</mo>", '<mo rspace="0.17em">&ApplyFunction;</mo>')


def visit_inline(self, node):
    self.body.append(f'<span class="math notranslate nohighlight">{mathml(node, as_block=False)}</span>')
    raise nodes.SkipNode


def visit_block(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(mathml(node, as_block=True) + "</div>")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
