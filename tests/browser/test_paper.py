"""The book as a PDF: whole, tagged, with an outline and links that lead somewhere."""

import re

import pytest
from coursebook.myst import create_parser, title_of
from coursebook.pages import read_pages
from coursebook.paper import CHROMIUM, PDF
from coursebook.repository import ROOT
from pypdf import PdfReader

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium")


def squeezed(text):
    """Without spaces and the hyphens and breaks that paper adds."""
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def pdf():
    return PdfReader(ROOT / "_build" / "html" / PDF.name)


@pytest.fixture(scope="module")
def printed(pdf):
    return squeezed("".join(page.extract_text() for page in pdf.pages))


def titles(entries):
    for entry in entries:
        yield from titles(entry) if isinstance(entry, list) else [squeezed(entry.title)]


def test_it_is_tagged_and_has_an_outline(pdf):
    root, parser = pdf.trailer["/Root"], create_parser()
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en"
    outline = set(titles(pdf.outline))
    for page in read_pages():
        assert squeezed(title_of(page, parser)).replace("'", "’") in outline, page.name


def test_links_inside_lead_somewhere(pdf):
    known, count = set(pdf.named_destinations), 0
    for page in pdf.pages:
        for link in page.get("/Annots") or []:
            target = link.get_object().get("/Dest")
            if target is not None:
                count += 1
                assert str(target) in known, target
    assert count > 500


def test_all_code_is_there_folded_or_in_a_tab_or_wide(printed):
    for page in read_pages():
        for cell in page.code_cells:
            if not set(cell.metadata.get("tags", [])) & {"remove-cell", "remove-input"}:
                line = max(cell.source.split("\n"), key=len)
                assert squeezed(line) in printed, (page.name, line)
