"""A broken page fails the build, the second time too, and says why."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys

import pytest
from coursebook.repository import ROOT

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

"""
CELL = "```{code-cell} ipython3\n%s\n```\n"


@pytest.fixture
def small_book(tmp_path):
    """The course's machinery around one page; returns a function that writes the page and builds."""
    for name in ("_config.yml", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("book/_ext", "book/_live", "book/_static"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "book" / "build.py", tmp_path / "book")
    (tmp_path / "book" / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    (tmp_path / "book" / "references.bib").write_text("")
    (tmp_path / "coursepkg").mkdir()
    (tmp_path / "coursepkg" / "layer.py").write_text("a = 1\n")

    def build(text=None):
        if text is not None:
            (tmp_path / "book" / "page.md").write_text(HEADER + text)
        command = [sys.executable, "book/build.py"]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=clean_env()
        )

    build.root = tmp_path
    return build


def clean_env():
    """No trace of the make and the pytest that run this test, and no Chromium: paper takes time."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST"))
    }
    return {**kept, "PATH": os.path.dirname(sys.executable)}


def assert_fails_twice(build, text, *messages):
    """An incremental second build would forget the warnings of the first."""
    for result in (build(text), build()):
        assert result.returncode != 0
        assert "The book is in" not in result.stdout
        assert [message for message in messages if message not in result.stderr + result.stdout] == []


def test_a_failing_cell_fails_the_build_and_shows_its_traceback(small_book):
    text = CELL % "expected = 3\nassert 1 + 1 == expected, 'the claim'"
    assert_fails_twice(small_book, text, "expected = ", ": the claim", "page.md")


def test_warnings_fail_the_build_and_are_all_shown(small_book):
    text = CELL % "import sys\nprint('a warning', file=sys.stderr)"
    text += CELL.replace("\n%s", "\n:tags: [torch]\n1")
    text += "{ref}`nowhere`, {term}`unheard of`, {cite:p}`nobody`, [file](none.md)\n"
    messages = ("stderr", "no neighbor in the other backend", "'nowhere'", "unheard of", "nobody", "none.md")
    assert_fails_twice(small_book, text, *messages)


def test_pages_run_again_only_when_the_package_changed(small_book):
    text = CELL % "with open('runs', 'a') as runs:\n    runs.write('x')\nprint(6 * 7)"
    runs = small_book.root / "book" / "runs"
    leftover = small_book.root / "_build" / "jupyter_execute" / "old.ipynb"  # of a page that is no more
    leftover.parent.mkdir(parents=True)
    leftover.write_text("{}")

    def count(*arguments):
        result = small_book(*arguments)
        assert result.returncode == 0, result.stderr
        assert (small_book.root / "_build/html/page.html").as_uri().rsplit("/", 1)[0] in result.stdout
        cells = json.loads((small_book.root / "_build" / "executed" / "page.ipynb").read_text())["cells"]
        (cell,) = [cell for cell in cells if cell["cell_type"] == "code"]
        assert cell["execution_count"] == 1  # nbval compares nothing where there is none
        assert cell["outputs"][0]["text"] == ["42\n"]
        return len(runs.read_text())

    assert count(text) == 1  # MyST-NB reads what build.py executed
    assert not leftover.exists()
    assert count() == 1  # from the cache
    (small_book.root / "coursepkg" / "layer.py").write_text("a = 2\n")
    assert count() == 2


@pytest.mark.parametrize(
    ("name", "text", "forgets"),
    [
        ("coursepkg/nn/linear.py", "a = 2\n", True),
        ("book/results/long.json", "{}", True),
        ("requirements.txt", "numpy==2.0\n", True),
        ("book/page.md", "another text\n", False),  # the cache itself compares the cells
        ("coursepkg/__pycache__/layer.pyc", "", False),
    ],
)
def test_what_makes_the_build_forget_its_outputs(monkeypatch, tmp_path, name, text, forgets):
    spec = importlib.util.spec_from_file_location("build", ROOT / "book" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    for other in ("coursepkg/layer.py", "book/results/short.json", "requirements.txt", name):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text("before")
    before = build.fingerprint()
    (tmp_path / name).write_text(text)
    assert (build.fingerprint() != before) == forgets
