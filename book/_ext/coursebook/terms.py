"""The first time a page uses a word of the glossary, the word leads there, as {term} does by hand."""

import re
from functools import cache

from docutils import nodes
from sphinx import addnodes

from .myst import create_parser, read_directive
from .pages import read_page

EVERYDAY = ("gap", "path")  # words with other meanings, too: {term} links them where they have the glossary's
ELSEWHERE = (
    nodes.title,
    nodes.reference,
    addnodes.pending_xref,
    nodes.FixedTextElement,
    nodes.literal,
    nodes.math,
    nodes.caption,
    nodes.table,
)


@cache
def read_terms():
    """The words of the glossary."""
    for token in create_parser().parse(read_page("glossary").notebook.cells[0].source):
        directive = read_directive(token)
        if directive and directive.name == "glossary":
            return [line for line in directive.body.split("\n") if line and not line.startswith(" ")]
    raise ValueError("book/glossary.md has no {glossary}")


def pattern_of(terms):
    """Finds any of the terms, longest first, also in the plural; the group is the term."""
    words = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
    return re.compile(rf"(?<![\w-])({words})(?:s|es)?(?![\w-])", re.IGNORECASE)


def term_link(docname, found):
    text = nodes.inline("", found[0], classes=["xref", "std", "std-term"])
    target = {"refdomain": "std", "reftype": "term", "reftarget": found[1].lower()}
    return addnodes.pending_xref("", text, refdoc=docname, refexplicit=True, **target)


def is_prose(text):
    """Whether text stands in a paragraph, and neither in code nor in a table, a caption or a link."""
    node, paragraph = text.parent, False
    while node is not None:
        if isinstance(node, ELSEWHERE):
            return False
        paragraph = paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return paragraph


def link_terms(app, doctree):
    docname = app.env.docname
    if "glossary" not in app.env.found_docs or docname == "glossary" or docname.startswith("package/"):
        return
    pattern = pattern_of(set(read_terms()) - set(EVERYDAY))
    linked = set()
    for node in list(doctree.findall()):
        if isinstance(node, addnodes.pending_xref) and node["reftype"] == "term":
            linked.add(node["reftarget"].lower())
        elif isinstance(node, nodes.Text) and is_prose(node):
            pieces, end = [], 0
            for found in pattern.finditer(node):
                if found[1].lower() not in linked:
                    linked.add(found[1].lower())
                    pieces += [nodes.Text(node[end : found.start()]), term_link(docname, found)]
                    end = found.end()
            if pieces:
                node.parent.replace(node, [*pieces, nodes.Text(node[end:])])


def setup(app):
    app.connect("doctree-read", link_terms)
