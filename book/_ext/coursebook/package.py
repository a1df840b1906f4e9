"""The package's own pages: {package} lists what coursepkg has, and each symbol has a page from its docstring.

The pages of the symbols are written when the site is built, and left out of the PDF. There is no need to name
them anywhere: what is public in coursepkg is found.
"""

import inspect
import re
from importlib import import_module
from itertools import groupby

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from coursepkg.layer import Layer

from .generated import generate, is_site
from .markdown import escape_cell, parse_markdown
from .repository import ROOT, read_repository
from .symbols import find_symbols, find_twin, find_uses, symbols_by_path

PAGES = ROOT / "book" / "package"
LIST = PAGES.with_suffix(".md")
SECTIONS = "Args|Fields|Raises|Returns|Source"


def has_pages(app):
    return is_site(app) and LIST.is_file()


def link_to(app, docname, target, content):
    """A link to a symbol's page, or to lines."""
    page, anchor = target.address
    uri = app.builder.get_relative_uri(docname, page) + anchor
    return nodes.reference("", "", content, internal=True, refuri=uri)


def code_link(app, docname, target, text):
    """`link_to` for a name."""
    link = link_to(app, docname, target, nodes.literal("", text))
    link["classes"].append("symbol")
    return link


class SymbolRole(SphinxRole):
    """{symbol}`coursepkg.nn.conv.Conv2d`"""

    def run(self):
        symbol = symbols_by_path()[self.text]
        return [code_link(self.env.app, self.env.docname, symbol, symbol.name)], []


# The page that lists them


def first_sentence(module):
    return inspect.getdoc(import_module(module)).partition("\n\n")[0].replace("\n", " ")


def file_of(symbol):
    """The module that has a table of its own: where a backend's layers fill a folder, each of its files."""
    return symbol.module if symbol.backend else symbol.home


def place(symbol):
    """By home and file, then by line."""
    names = list(vars(import_module(symbol.module)))
    return symbol.home, file_of(symbol), symbol.module, names.index(symbol.name)


def families(symbols):
    """Lists of symbols that differ in the number of axes only, such as Dropout1d, Dropout2d and Dropout3d."""
    grouped = {}
    for symbol in symbols:
        grouped.setdefault(re.sub("[123]d", "#d", symbol.name), []).append(symbol)
    return grouped.values()


def symbol_table(symbols):
    """Markdown lines: what a symbol does, and its twin if it has one."""
    twins = any(map(find_twin, symbols))
    header = ["name", "what it is"] + ["in PyTorch"] * twins
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    for family in families(symbols):
        told = next((one for one in family if not one.summary.startswith(("`", "The same"))), family[0])
        cells = [roles(family), escape_cell(told.summary).replace("*", r"\*")]
        if twins:
            cells.append(roles(filter(None, map(find_twin, family))))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def roles(symbols):
    return " ".join(f"{{symbol}}`{symbol.path}`" for symbol in symbols)


class PackageDirective(SphinxDirective):
    """{package}: a section for each module or package of coursepkg, with tables of its symbols."""

    def run(self):
        if not has_pages(self.env.app):
            line = f"The list is on [the site]({read_repository().page(self.env.docname)})."
            return parse_markdown(self, [line], classes=[])
        symbols = list(find_symbols().values())
        numpy = {twin.object for twin in map(find_twin, symbols) if twin and twin.backend == "PyTorch"}
        listed = [symbol for symbol in symbols if symbol.object not in numpy]
        listed.sort(key=place)
        return [
            self.section(title, list(group))
            for title, group in groupby(listed, lambda one: ".".join(one.home.split(".")[:2]))
        ]

    def section(self, title, symbols):
        name = nodes.make_id(title)
        section = nodes.section(ids=[name], names=[name])
        section += nodes.title("", "", nodes.literal("", title))
        self.env.get_domain("std").note_hyperlink_target(name, self.env.docname, name, title)
        for home, group in groupby(symbols, lambda one: one.home):
            group = list(group)
            homes = sorted({home, *(twin.home for twin in map(find_twin, group) if twin)})
            where = "" if home == title else f"{', '.join(f'`{one}`' for one in homes)}: "
            lines = [where + first_sentence(home), ""]
            for file, part in groupby(group, file_of):
                if file != home:
                    lines += [f"`{file.removeprefix(home + '.')}`: {first_sentence(file)}", ""]
                lines += [*symbol_table(list(part)), ""]
            section += parse_markdown(self, lines, classes=["symbols"])
        return section


# The pages of the symbols


def is_layer(symbol):
    return symbol.kind == "class" and issubclass(symbol.object, Layer) and symbol.object is not Layer


def documented_members(value):
    """{name: method or property} of a class, in the order of their lines, but for what Layer says for all."""
    ours = [base for base in getattr(value, "__mro__", ()) if base.__module__.startswith("coursepkg")]
    own = [base for base in ours if base is not Layer or value is Layer]
    members = {}
    for base in reversed(own):
        members |= {
            name: one for name, one in vars(base).items() if callable(one) or isinstance(one, property)
        }

    def is_documented(name):
        bases = ours if name in ("forward", "backward") else own
        return any(getattr(vars(base).get(name), "__doc__", None) for base in bases)

    return {name: one for name, one in members.items() if not name.startswith("_") and is_documented(name)}


def symbol_page(symbol):
    """The source of a symbol's page, in reStructuredText, which autodoc needs."""
    title = f"``{symbol.name}``" + (f" in {symbol.backend}" if symbol.backend else "")
    section = ".".join(symbol.home.split(".")[:2])
    lines = [":orphan:", ":ogp_disable: true", "", title, "=" * len(title), ""]
    lines += [f"| ``from {symbol.home} import {symbol.name}``"]
    if twin := find_twin(symbol):
        lines += [f"| The same in {twin.backend}: :symbol:`{twin.path}`"]
    lines += [f"| All of :ref:`{section} <{nodes.make_id(section)}>`", ""]
    lines += [f".. auto{symbol.kind}:: {symbol.path}", ""]
    for name, value in documented_members(symbol.object).items():
        lines += [f"   .. auto{'property' if isinstance(value, property) else 'method'}:: {name}", ""]
    if is_layer(symbol):
        lines += ["What every layer has besides: :symbol:`coursepkg.layer.Layer`", ""]
    if uses := find_uses().get(symbol.object):
        lines += ["Used in", "", *(f"* :doc:`/{page}`" for page in uses)]
    return "\n".join(lines) + "\n"


def write_pages():
    symbols = find_symbols().values() if LIST.is_file() else ()
    return {f"{symbol.page}.rst": symbol_page(symbol) for symbol in symbols}


def clean_docstring(app, what, name, obj, options, lines):
    """The course's docstrings as Napoleon reads them: their sections may begin in the heading's line, and
    nothing but `code` is markup in them."""
    text = re.sub(rf"(?<=\.) ({SECTIONS}): ", r"\n\1: ", "\n".join(lines))
    text = re.sub(r"(?m)^( *)Args: (\w+),? ", r"\1Args: \2: ", text)
    text = re.sub(
        rf"(?m)^( *)({SECTIONS}): (.+(?:\n\1(?!{SECTIONS})\S.*)*)",
        lambda found: f"{found[1]}{found[2]}:\n" + re.sub("(?m)^ *", f"{found[1]}    ", found[3]),
        text,
    )
    parts = re.split("(`[^`]*`)", text)
    parts[::2] = [re.sub(r"([*|\\]|(?<=\w)_\b)", r"\\\1", part) for part in parts[::2]]
    lines[:] = "".join(parts).split("\n")


def setup(app):
    app.add_role("symbol", SymbolRole())
    app.add_directive("package", PackageDirective)
    generate(app, PAGES, write_pages)
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", clean_docstring, priority=400)  # before Napoleon
