"""Code that names what coursepkg has leads there, inline in the text and in the cells: to the page of what is
public, to the lines that define what is not."""

import inspect
import re
from functools import cache, partial

from docutils import nodes

from .package import code_link, has_pages
from .pages import read_page
from .symbols import bound_names, find_lines, find_named, find_symbol, find_symbols

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


def find_target(dotted, bound):
    """What a dotted name leads to where names are bound so: a symbol, lines or None."""
    return find_symbol(dotted, bound) or find_lines(dotted, bound)


def link_text(app, doctree, docname):
    if not has_pages(app):
        return
    bound = names_on(docname)
    for literal in list(doctree.findall(nodes.literal)):
        found = INLINE.fullmatch(literal.astext())
        if found and not isinstance(literal.parent, nodes.reference | nodes.title):
            alone = find_named(found[1]) if found[1] not in bound else None
            target = find_target(found[1], bound) or alone
            if target and target.page != docname:
                literal.replace_self(code_link(app, docname, target, literal.astext()))


def link_names(html, find, relative):
    """Highlighted code with links.

    Args:
        html: what Pygments wrote.
        find: function, a dotted name -> Symbol, Lines or None.
        relative: function, the name of a page -> the way there.
    """

    def link(found):
        target = find(re.sub("<.*?>", "", found[0]))
        if target is None:
            return found[0]
        page, anchor = target.address
        return f'<a class="symbol" href="{relative(page)}{anchor}">{found[0]}</a>'

    return IN_CELL.sub(link, html)


def link_cells(app, pagename, templatename, context, doctree):
    if doctree is None or not has_pages(app):
        return
    find = partial(find_target, bound=names_on(pagename))
    context["body"] = link_names(context["body"], find, context["pathto"])


def setup(app):
    app.connect("doctree-resolved", link_text)
    app.connect("html-page-context", link_cells)
