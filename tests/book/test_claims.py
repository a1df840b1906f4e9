"""The claims page cannot drift from the pages' own markers."""

import nbformat
import pytest
from coursebook.claims import Claim, collect_claims
from coursebook.pages import Page

GOOD = {"id": "dropout-mean", "text": "The mean is kept.", "verdict": "exact"}


def page(name, *markers):
    cells = [nbformat.v4.new_code_cell("1", metadata={"claim": marker}) for marker in markers]
    return Page(name, None, nbformat.v4.new_notebook(cells=cells), runs=True)


def test_claims_come_in_reading_order_from_any_folder():
    pages = [page("z/last", GOOD), page("new/topic/first", {**GOOD, "id": "other", "verdict": "false"})]
    assert collect_claims(pages) == [
        Claim(**GOOD, page="z/last"),
        Claim("other", "The mean is kept.", "false", "new/topic/first"),
    ]


@pytest.mark.parametrize(
    ("markers", "message"),
    [
        ([GOOD, GOOD], "the claim id 'dropout-mean' is taken by a claim in a/b"),
        ([{**GOOD, "verdict": "maybe"}], "has the verdict 'maybe'; use one of"),
        ([{"id": "x", "text": "y"}], "has the fields id, text and verdict"),
        (["dropout-mean"], "has the fields id, text and verdict"),
    ],
)
def test_bad_markers_are_refused(markers, message):
    with pytest.raises(ValueError, match=message):
        collect_claims([page("a/b", *markers)])
