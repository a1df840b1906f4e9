"""Code that names a public symbol of coursepkg links to its page: inline in the text, and in the cells."""

import inspect
import re
from functools import cache

from docutils import nodes

from .package import has_pages, symbol_link
from .pages import read_page
from .symbols import bound_names, find_named, find_symbol, find_symbols

INLINE = re.compile(r"([A-Za-z_][\w.]*\w)(\(.*\))?")  # also with what it is called with
# As Pygments writes a name in a cell, with dots in it or not, but not before an = that passes an argument.
SPAN = r'<span class="n">\w+</span>'
DOT = r'<span class="o">\.</span>'
SELF = rf'<span class="bp">self</span>{DOT}'
IN_CELL = re.compile(rf'(?<!{DOT})(?:{SELF})?{SPAN}(?:{DOT}{SPAN})*(?!{DOT}|<span class="o">=</span>)')


@cache
def names_on(docname):
    """What names mean on a page: what its code binds them to, or what they are in the symbol's own module."""
    for symbol in find_symbols().values():
        if symbol.page == docname:
            return vars(inspect.getmodule(symbol.object))
    return bound_names(read_page(docname))


def link_text(app, doctree, docname):
    if not has_pages(app):
        return
    bound = names_on(docname)
    for literal in list(doctree.findall(nodes.literal)):
        found = INLINE.fullmatch(literal.astext())
        if found and not isinstance(literal.parent, nodes.reference | nodes.title):
            symbol = find_named(found[1]) if found[1] not in bound else None
            symbol = find_symbol(found[1], bound) or symbol
            if symbol and symbol.page != docname:
                literal.replace_self(symbol_link(app, docname, symbol, literal.astext()))


def link_cells(app, pagename, templatename, context, doctree):
    if doctree is None or not has_pages(app):
        return
    bound = names_on(pagename)

    def link(found):
        symbol = find_symbol(re.sub("<.*?>", "", found[0]), bound)
        if symbol is None:
            return found[0]
        return f'<a class="symbol" href="{context["pathto"](symbol.page)}">{found[0]}</a>'

    context["body"] = IN_CELL.sub(link, context["body"])


def setup(app):
    app.connect("doctree-resolved", link_text)
    app.connect("html-page-context", link_cells)
