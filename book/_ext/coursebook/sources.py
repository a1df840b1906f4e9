"""The code of coursepkg: a page for each module, in which names lead to the lines that define them.

The signatures on the package's pages lead there: to the lines that do the work, though a base class or a
general function has them.
"""

import ast
import re
from functools import cache, partial
from importlib import import_module

from docutils import nodes
from sphinx.addnodes import desc_signature
from sphinx.pycode import ModuleAnalyzer

from .package import has_pages
from .symbol_links import IN_CELL
from .symbols import PROGRAMS, find_definition, find_modules, find_symbols, find_tags, find_values


@cache
def shown_modules():
    """Names of the modules that have pages."""
    return {*find_modules(*PROGRAMS), *(symbol.module for symbol in find_symbols().values())}


def page_of(module):
    return f"_modules/{module.replace('.', '/')}"


def address_of(definition, relative):
    """The address of the lines of a definition; `relative` turns the name of a page into the way to it."""
    module, name = definition
    return f"{relative(page_of(module))}#{name}"


def link_signatures(app, doctree, docname):
    relative = partial(app.builder.get_relative_uri, docname)
    for signature in doctree.findall(desc_signature) if has_pages(app) else ():
        value = find_values(f"{signature['module']}.{signature['fullname']}", {})[-1]
        text = nodes.inline("", "[source]", classes=["viewcode-link"])
        address = address_of(find_definition(value), relative)
        signature += nodes.reference("", "", text, internal=True, refuri=address)


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


def link_name(relative, bound, found):
    definition = find_definition(find_values(re.sub("<.*?>", "", found[0]), bound)[-1])
    if definition is None or definition[0] not in shown_modules():
        return found[0]
    return f'<a class="symbol" href="{address_of(definition, relative)}">{found[0]}</a>'


def highlight_module(name, highlight, relative):
    """The code of a module as HTML, where each definition is an element of its name."""
    module, code = import_module(name), ModuleAnalyzer.for_module(name).code
    before, after = highlight(code, "python").split("<pre>")
    lines = [f"{before}<pre>", *after.split("\n")]  # so that line 1 of the code is number 1
    for number, bound in enumerate(names_by_line(module, code)):
        lines[number] = IN_CELL.sub(partial(link_name, relative, bound), lines[number])
    last_first = reversed(find_symbols().values())  # of three with one definition the first stays
    symbols = {symbol.definition: symbol for symbol in last_first}
    for tag, (_, first, last) in find_tags(name).items():
        symbol = symbols.get((name, tag))
        back = f'<a class="viewcode-back" href="{relative(symbol.page)}">[docs]</a>' if symbol else ""
        lines[first] = f'<div class="viewcode-block" id="{tag}">{back}{lines[first]}'
        lines[last] += "</div>"
    return "\n".join(lines)


def collect_pages(app):
    for name in shown_modules() if has_pages(app) else ():
        relative = partial(app.builder.get_relative_uri, page_of(name))
        body = highlight_module(name, app.builder.highlighter.highlight_block, relative)
        yield page_of(name), {"title": name, "body": f"<h1>Source code for {name}</h1>{body}"}, "page.html"


def setup(app):
    app.connect("doctree-resolved", link_signatures)
    app.connect("html-collect-pages", collect_pages)
