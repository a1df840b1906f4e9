"""The code of coursepkg: a page for each module, in which names lead to the lines that define them.

The signatures on the package's pages lead there: to the lines that do the work, though a base class or a
general function has them.
"""

import ast
from functools import partial
from importlib import import_module

from docutils import nodes
from sphinx.addnodes import desc_signature
from sphinx.pycode import ModuleAnalyzer

from .package import has_pages, link_to
from .symbol_links import link_names
from .symbols import Lines, find_lines, find_symbols, find_tags, lines_of, shown_modules


def link_signatures(app, doctree, docname):
    for signature in doctree.findall(desc_signature) if has_pages(app) else ():
        lines = find_lines(f"{signature['module']}.{signature['fullname']}", {})
        source = nodes.inline("", "[source]", classes=["viewcode-link"])
        signature += link_to(app, docname, lines, source)


# The pages


def names_in(node, module):
    """{name: what it means inside a class or function}, but for what it means outside as well."""
    if isinstance(node, ast.ClassDef):
        return {"self": getattr(module, node.name, None)}
    if not isinstance(node, ast.FunctionDef | ast.Lambda):
        return {}
    inside = list(ast.walk(node))
    names = {one.arg for one in inside if isinstance(one, ast.arg)}
    names |= {one.id for one in inside if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return dict.fromkeys(names - {"self"})


def names_by_line(module, code):
    """For each line of a module's code, from 1 on, {name: what it means there}."""
    names = [vars(module)] * (code.count("\n") + 2)
    for node in ast.walk(ast.parse(code)):  # what stands in another comes after it
        if inside := names_in(node, module):
            for line in range(node.lineno, node.end_lineno + 1):
                names[line] = names[line] | inside
    return names


def highlight_module(name, highlight, relative):
    """The code of a module as HTML, where each definition is an element of its name.

    Args:
        name: of the module.
        highlight: Sphinx's function, (code, language) -> HTML.
        relative: function, the name of a page -> the way there.
    """
    module, code = import_module(name), ModuleAnalyzer.for_module(name).code
    before, after = highlight(code, "python").split("<pre>")
    html = [f"{before}<pre>", *after.split("\n")]  # so that line 1 of the code is number 1
    for number, bound in enumerate(names_by_line(module, code)):
        html[number] = link_names(html[number], partial(find_lines, bound=bound), relative)
    symbols = {}
    for symbol in find_symbols().values():
        symbols.setdefault(lines_of(symbol.object), symbol)  # the first of three
    for tag, (_, first, last) in find_tags(name).items():
        symbol = symbols.get(Lines(name, tag))
        back = f'<a class="viewcode-back" href="{relative(symbol.page)}">[docs]</a>' if symbol else ""
        html[first] = f'<div class="viewcode-block" id="{tag}">{back}{html[first]}'
        html[last] += "</div>"
    return "\n".join(html)


def collect_pages(app):
    for module in shown_modules() if has_pages(app) else ():
        page = Lines(module, "").page
        relative = partial(app.builder.get_relative_uri, page)
        body = highlight_module(module, app.builder.highlighter.highlight_block, relative)
        yield page, {"title": module, "body": f"<h1>Source code for {module}</h1>{body}"}, "page.html"


def setup(app):
    app.connect("doctree-resolved", link_signatures)
    app.connect("html-collect-pages", collect_pages)
