"""The book as built by `make book`, and its sources."""

import gc
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from coursebook.myst import create_parser
from coursebook.numbering import collect_targets
from coursebook.pages import read_pages
from coursebook.repository import ROOT, read_repository


@pytest.fixture(scope="session")
def book():
    """Sources: pages in reading order, their parser and labels, and the repository's address."""
    pages, parser = read_pages(), create_parser()
    return SimpleNamespace(
        root=ROOT,
        pages=pages,
        parser=parser,
        targets=collect_targets(pages, parser),
        repository=read_repository(),
    )


@pytest.fixture(scope="session")
def html():
    """{path below _build/html: parsed page}; search and index pages of the theme included."""
    folder = ROOT / "_build" / "html"
    gc.disable()  # it would look through the millions of elements again and again, here and in later tests
    built = {
        path.relative_to(folder).as_posix(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in folder.rglob("*.html")
        if "_static" not in path.parts
    }
    gc.freeze()
    gc.enable()
    assert built, "there is no built book: run `make book` first"
    return built
