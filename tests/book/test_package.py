"""The pages of the package, and the links of code and words to them and to the glossary."""

import dis
import inspect
import posixpath
import re
import types
from itertools import groupby

import pytest
import torch
from coursebook.package import clean_docstring, documented_members
from coursebook.sources import names_by_line
from coursebook.symbols import (
    bound_names,
    find_named,
    find_symbol,
    find_symbols,
    find_twin,
    find_uses,
    shown_modules,
)
from coursebook.terms import EVERYDAY, pattern_of, read_terms

from coursepkg import pooling
from coursepkg.dropout import numpy_layers, torch_layers
from coursepkg.layer import Layer

SYMBOLS = list(find_symbols().values())
METHODS = [
    (symbol, direction)
    for symbol in SYMBOLS
    if symbol.kind == "class" and issubclass(symbol.object, Layer | torch.nn.Module)
    for direction in ("forward", "backward")
    if getattr(getattr(symbol.object, direction, None), "__module__", "").startswith("coursepkg.")
]


@pytest.fixture(scope="module")
def pages(html):
    """{symbol's page: the part of it that its docstring became}"""
    return {symbol.page: html[f"{symbol.page}.html"].select_one("article") for symbol in SYMBOLS}


def symbol_links(article, path):
    """{(text, page it leads to)} of the links of code."""
    folder = posixpath.dirname(path)
    return {
        (link.get_text(), posixpath.normpath(posixpath.join(folder, link["href"])).removesuffix(".html"))
        for link in article.select("a.symbol")
    }


@pytest.fixture(scope="module")
def code(html):
    """{(path of a page, name of a definition on it): the element of its lines}"""
    return {
        (path, block["id"]): block
        for path, page in html.items()
        if path.startswith("_modules/")
        for block in page.select("div.viewcode-block")
    }


def target(path, link):
    """Where a link on the page of a path leads: another path, and the name of an element."""
    page, _, name = link["href"].partition("#")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), page)) if page else path, name


def source_of(pages, symbol, *method):
    """Where the signature of a symbol, or of its method, leads."""
    entry = pages[symbol.page].find("dt", id=".".join([symbol.path, *method]))
    return target(f"{symbol.page}.html", entry.select_one("a:has(.viewcode-link)"))


def text_of(block):
    return block.get_text().removeprefix("[docs]").strip()


def written(value):
    """The lines of a function or class. Those of a class that `dimensions` made are its general class's."""
    code = inspect.getsource(inspect.getmodule(value))
    made = inspect.isclass(value) and f"class {value.__name__}" not in code
    return inspect.getsource(inspect.getmro(value)[1] if made else value).strip()


def test_what_the_chapters_import_is_public(book):
    """But for the experiments, whose pages say where they come from."""
    imported = {
        value
        for page in book.pages
        for value in bound_names(page).values()
        if inspect.isfunction(value) or inspect.isclass(value)
    }
    missing = {one for one in imported - set(find_symbols()) if ".experiments." not in one.__module__}
    assert missing == set() and len(imported) > 50


def test_no_helper_is_public():
    names = {symbol.path for symbol in SYMBOLS}
    assert {
        "coursepkg.layer.Layer",
        "coursepkg.nn.Conv2d",
        "coursepkg.residual.paths.path_outputs",
    } <= names
    for hidden in ("coursepkg.validation", "coursepkg.grading", "coursepkg.pooling.dimensions"):
        assert not any(name.startswith(hidden) for name in names), hidden
    assert not any(symbol.name.startswith(("_", "validate_")) for symbol in SYMBOLS)
    pool = "coursepkg.pooling.numpy_layers"
    assert {f"{pool}.max_pool2d", f"{pool}.MaxPool2d"} <= names
    general = {f"{pool}{folder}.{name}" for folder in ("", ".maximum") for name in ("max_pool", "MaxPool")}
    assert not names & general


def test_pages_differ_in_more_than_capitals():
    """On a Mac or on Windows, dropout.html and Dropout.html would be one file."""
    assert len({symbol.page.lower() for symbol in SYMBOLS}) == len(SYMBOLS)


def test_each_page_has_its_signature_its_summary_and_its_code(pages, code):
    for symbol in SYMBOLS:
        article = pages[symbol.page]
        entry = article.select_one("dl.py > dt")
        assert entry["id"] == symbol.path
        shown = [one.get_text().partition("=")[0].lstrip("*") for one in entry.select("em.sig-param")]
        assert [name for name in shown if name not in "/*"] == list(
            inspect.signature(symbol.object).parameters
        )
        words = re.findall(r"\w+", re.sub("`.*?`", "", symbol.summary))
        text = article.select_one("dl.py > dd").get_text()
        assert all(word in text for word in words), symbol.path
        assert text_of(code[source_of(pages, symbol)]) == written(symbol.object)


def test_layers_show_both_directions_first(pages):
    for symbol, directions in groupby(METHODS, lambda pair: pair[0]):
        shown = [entry["id"] for entry in pages[symbol.page].select("dl.method > dt")]
        wanted = [f"{symbol.path}.{direction}" for _, direction in directions]
        assert shown[: len(wanted)] == wanted


def test_each_direction_leads_to_its_lines_and_they_to_what_they_call(pages, code):
    assert len(METHODS) > 120
    for symbol, direction in METHODS:
        method = getattr(symbol.object, direction)
        place = source_of(pages, symbol, direction)
        assert text_of(code[place]) == written(method), symbol.path
        links = {link.get_text(): link for link in code[place].select("a.symbol")}
        for name in {one.argval for one in dis.get_instructions(method) if one.opname == "LOAD_GLOBAL"}:
            function = inspect.unwrap(method).__globals__.get(name)
            if inspect.isfunction(function) and function.__module__ in shown_modules():
                called = text_of(code[target(place[0], links[name])])
                assert called == written(function), (symbol.path, name)


def test_a_variable_is_not_what_the_module_means_by_its_name():
    module = types.ModuleType("module")
    code = "def f(x): ...\n\ndef g(f):\n    return f\n\nclass C:\n    def h(self):\n        return f(self)\n"
    exec(code, vars(module))
    names = names_by_line(module, code)
    assert names[4]["f"] is None
    assert names[8]["f"] is module.f and names[8]["self"] is module.C


def test_twins_lead_to_each_other(pages):
    twins = [(symbol, find_twin(symbol)) for symbol in SYMBOLS if find_twin(symbol)]
    assert len(twins) > 150
    for symbol, twin in twins:
        assert (twin.name, twin.page) in symbol_links(pages[symbol.page], symbol.page), symbol.path
        assert find_twin(twin) == symbol


def test_docstrings_leave_no_markup(pages):
    for page, article in pages.items():
        assert re.findall(r"`|\\|:(?:param|returns|raises)|\bArgs:", article.get_text()) == [], page
        assert not article.select(".system-message, .problematic"), page


def test_each_file_of_a_folder_has_its_table(html):
    article = html["package.html"].select_one("article")
    tables = {
        link.get_text(): link.find_parent("table") for link in article.select("td:first-child a.symbol")
    }
    listed = [
        symbol for symbol in SYMBOLS if symbol.home == "coursepkg.pooling.numpy_layers" and symbol.backend
    ]
    assert len(listed) > 50
    for symbol in listed:
        file = symbol.module.removeprefix("coursepkg.pooling.numpy_layers.")
        assert tables[symbol.name].find_previous("p").get_text().startswith(f"{file}: "), symbol.path


def test_the_list_has_them_all(html):
    article = html["package.html"].select_one("article")
    assert {page for _, page in symbol_links(article, "package.html")} == {symbol.page for symbol in SYMBOLS}


@pytest.mark.parametrize(
    ("lines", "cleaned"),
    [
        (["Source: torch.nn.Dropout."], ["Source:", "    torch.nn.Dropout."]),
        (["Source: one", "and more."], ["Source:", "    one", "    and more."]),
        (["Args: x (N, C). Returns: y."], ["Args:", "    x: (N, C).", "Returns:", "    y."]),
        (["Args:", "    *shape: `a * b`, w_."], ["Args:", r"    \*shape: `a * b`, w\_."]),
    ],
)
def test_docstrings_are_cleaned_for_napoleon(lines, cleaned):
    clean_docstring(None, "function", "f", None, None, lines)
    assert lines == cleaned


def test_members_of_a_class_come_with_those_of_its_private_bases():
    assert list(documented_members(numpy_layers.Dropout2d)) == ["forward", "backward"]
    assert list(documented_members(pooling.numpy_layers.MaxPool2d)) == ["forward", "backward"]
    assert "train" in documented_members(Layer)
    assert "extra_repr" not in documented_members(torch_layers.Dropout)


def test_names_mean_what_the_page_binds_them_to():
    one, other = find_symbols()[numpy_layers.Dropout], find_symbols()[torch_layers.Dropout]
    assert find_symbol("Dropout", {"Dropout": torch_layers.Dropout}) == other
    assert find_symbol("Dropout", {"Dropout": None}) is None
    assert find_symbol("Dropout", {}) is None
    assert find_symbol("torch_layers.Dropout.forward", {"torch_layers": torch_layers}) == other
    assert find_symbol("coursepkg.dropout.numpy_layers.Dropout", {}) == one
    assert find_symbol("nn.Dropout", {"nn": None}) is None
    assert find_symbol("numpy_layers", {"numpy_layers": numpy_layers}) is None


def test_a_name_alone_means_the_one_in_numpy():
    assert find_named("Dropout") == find_symbols()[numpy_layers.Dropout]
    assert find_named("to_numpy").backend == "PyTorch"
    assert find_named("nothing") is None


def test_code_leads_to_the_package(book, html):
    links = {page.name: symbol_links(html[f"{page.name}.html"].article, page.name) for page in book.pages}
    by_hand, family = links["pooling/by_hand"], links["dropout/family"]
    assert ("pooling.MaxPool2d", "package/class/pooling.numpy_layers.MaxPool2d") in by_hand  # in a cell
    assert ("max_pool2d", "package/function/pooling.numpy_layers.max_pool2d") in by_hand  # in the text
    taps = "_modules/coursepkg/pooling/numpy_layers/taps.html#"
    assert ("pooling.taps.sliding", f"{taps}sliding") in by_hand  # not public
    assert ("pooling.taps.reduce_axis", f"{taps}reduce_axis") in by_hand
    assert ("torch_layers.DropPath", "package/class/dropout.torch_layers.DropPath") in family
    assert not {text for text, _ in family} & {"nn.Dropout", "F.dropout", "nn.Conv2d"}


def test_the_pages_of_symbols_name_the_pages_that_use_them(book, html, pages):
    links = {page.name: symbol_links(html[f"{page.name}.html"].article, page.name) for page in book.pages}
    for symbol in SYMBOLS:
        named = {link["href"].removeprefix("../../") for link in pages[symbol.page].select("ul a.reference")}
        for name in find_uses().get(symbol.object, ()):
            assert f"{name}.html" in named, (symbol.path, name)
            assert symbol.page in {target for _, target in links[name]}, (symbol.path, name)


def anchor_of(term):
    return f"term-{term.lower().replace(' ', '-')}"


def linked_term(node):
    """The anchor of the word of the glossary that an element leads to, or None."""
    address = node.get("href", "") if node.name == "a" else ""
    return address.partition("#")[2].lower() if "glossary.html#" in address else None


def is_prose(node):
    if node.name is not None:
        return False
    names = {parent.name for parent in node.parents}
    elsewhere = names & {"a", "code", "table", "figcaption"} or node.find_parent(class_="admonition-title")
    return "p" in names and not elsewhere


def test_the_words_of_the_glossary_lead_there(book, html):
    """Each from some page, and on each page where it is first used."""
    terms, used = read_terms(), set()
    pattern = pattern_of(set(terms) - set(EVERYDAY))
    for page in (page for page in book.pages if page.name not in ("glossary", "references")):
        linked = set()
        for node in html[f"{page.name}.html"].article.descendants:
            linked.add(linked_term(node))
            for found in pattern.finditer(node) if is_prose(node) else ():
                assert anchor_of(found[1]) in linked, f"{page.name}: {node!r} does not link {found[1]!r}"
        used |= linked
    assert [term for term in terms if anchor_of(term) not in used] == []
