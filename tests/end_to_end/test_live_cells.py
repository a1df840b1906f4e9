"""The cells that run in a browser, run here by the same code and without what is not there."""

import json
import subprocess
import sys

import nbformat
import pytest
from coursebook.live import SCRIPTS
from coursebook.pages import is_live, read_pages
from coursebook.repository import ROOT

ALONE = """
import json, runpy, sys
for name in ("torch", "scipy", "sklearn", "pooch", "IPython"):
    sys.modules[name] = None
run_cell = runpy.run_path(sys.argv[1])["run_cell"]
namespace, told = {"__name__": "__main__"}, []
for number, source in enumerate(json.load(sys.stdin), start=1):
    shown = []
    run_cell(source, f"cell {number}", namespace, lambda kind, content: shown.append((kind, content)))
    told.append(shown)
print(json.dumps(told))
"""
PAGES = [page for page in read_pages() if page.runs]


def run_alone(sources):
    """What each cell shows: a list of (kind, content)."""
    return json.loads(
        subprocess.run(
            [sys.executable, "-c", ALONE, SCRIPTS / "python" / "run_cell.py"],
            input=json.dumps(sources),
            env={"PATH": "", "MPLBACKEND": "agg", "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )


def shown_by_the_build(cell):
    """The text, as words, and the number of pictures."""
    data = [output.get("data", {"text/plain": output.get("text", "")}) for output in cell.outputs]
    pictures = [one for one in data if "image/png" in one]
    texts = [one.get("text/html", one["text/plain"]) for one in data if one not in pictures]
    return "".join(texts).split(), len(pictures)


@pytest.mark.parametrize("name", [page.name for page in PAGES if page.live_cells])
def test_live_cells_need_nothing_but_live_cells(name):
    notebook = nbformat.read(ROOT / "_build" / "executed" / f"{name}.ipynb", as_version=4)
    cells = list(filter(is_live, notebook.cells))
    for cell, shown in zip(cells, run_alone([cell.source for cell in cells]), strict=True):
        assert [content for kind, content in shown if kind == "error"] == []
        texts = "".join(content for kind, content in shown if kind in ("text", "html"))
        pictures = sum(kind == "image" for kind, _ in shown)
        assert (texts.split(), pictures) == shown_by_the_build(cell)


def test_a_cell_that_needs_torch_or_another_cell_is_found():
    (torch,), (missing,) = run_alone(["import torch", "never_defined"])
    assert torch[0] == missing[0] == "error"
    assert "ModuleNotFoundError" in torch[1] and "NameError" in missing[1]


def test_each_numpy_page_has_live_cells():
    without = [page.name for page in PAGES if not page.live_cells]
    assert without == ["residual/gradients"]  # all of it is PyTorch
