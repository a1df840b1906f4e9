"""The cells that run in a browser, run here by the same code and without what is not there."""

import base64
import io
import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from coursebook.live import SCRIPTS
from coursebook.pages import is_live, read_pages
from coursebook.repository import ROOT
from PIL import Image

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
    """The text, as words, and the pictures as PNGs in base64."""
    data = [output.get("data", {"text/plain": output.get("text", "")}) for output in cell.outputs]
    pictures = [one for one in data if "image/png" in one]
    texts = [one.get("text/html", one["text/plain"]) for one in data if one not in pictures]
    return "".join(texts).split(), [one["image/png"] for one in pictures]


def difference(*pictures):
    """How far two pictures, PNGs in base64, are apart: pixels of size, and mean gray of 255 as thumbnails."""
    opened = [Image.open(io.BytesIO(base64.b64decode(one))).convert("L") for one in pictures]
    small, other = (np.asarray(one.resize((60, 40), Image.Resampling.BOX), dtype=float) for one in opened)
    return np.abs(np.subtract(*(one.size for one in opened))).max(), np.abs(small - other).mean()


def pictures(shown):
    return [content for kind, content in shown if kind == "image"]


@pytest.mark.parametrize("name", [page.name for page in PAGES if page.live_cells])
def test_live_cells_need_nothing_but_live_cells(name):
    notebook = nbformat.read(ROOT / "_build" / "executed" / f"{name}.ipynb", as_version=4)
    cells = list(filter(is_live, notebook.cells))
    for cell, shown in zip(cells, run_alone([cell.source for cell in cells]), strict=True):
        assert [content for kind, content in shown if kind == "error"] == []
        texts = "".join(content for kind, content in shown if kind in ("text", "html"))
        words, built = shown_by_the_build(cell)
        assert texts.split() == words
        for picture, other in zip(pictures(shown), built, strict=True):
            size, gray = difference(picture, other)
            assert size < 0.1 * 144 and gray < 10  # less than the margin; other random numbers made 18


def test_a_cell_that_needs_torch_or_another_cell_is_found():
    (torch,), (missing,) = run_alone(["import torch", "never_defined"])
    assert torch[0] == missing[0] == "error"
    assert "ModuleNotFoundError" in torch[1] and "NameError" in missing[1]


def test_another_picture_is_found():
    imports = "import numpy as np; import matplotlib.pyplot as plt\n"
    cells = [f"plt.imshow(np.random.default_rng({seed}).random((12, 54)) < 0.7);" for seed in (0, 0, 1)]
    same, again, other = (pictures(shown)[0] for shown in run_alone([imports + cell for cell in cells]))
    assert difference(same, again) == (0, 0)
    assert difference(same, other)[1] > 10


def test_each_numpy_page_has_live_cells():
    without = [page.name for page in PAGES if not page.live_cells]
    assert without == ["residual/gradients"]  # all of it is PyTorch
