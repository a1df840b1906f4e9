"""A broken page fails the build, the second time too, and says why."""

import json
import os
import shutil
import subprocess
import sys

import pytest

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
def small_book(book, tmp_path):
    """The course's machinery around one page; returns a function that writes the page and builds."""
    for name in ("_config.yml", "requirements.txt"):
        shutil.copy(book.root / name, tmp_path)
    for name in ("book/_ext", "book/_static"):
        shutil.copytree(book.root / name, tmp_path / name)
    shutil.copy(book.root / "book" / "build.py", tmp_path / "book")
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
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST"))
    }


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


def test_executed_pages_are_written_with_their_outputs(small_book):
    for text in (CELL % "print(6 * 7)", None):  # executed, then from the cache
        assert small_book(text).returncode == 0
        cells = json.loads((small_book.root / "_build" / "executed" / "page.ipynb").read_text())["cells"]
        (cell,) = [cell for cell in cells if cell["cell_type"] == "code"]
        assert cell["execution_count"] == 1  # nbval compares nothing where there is none
        assert cell["outputs"][0]["text"] == ["42\n"]


def test_pages_run_again_only_when_the_package_changed(small_book):
    text = CELL % "with open('runs', 'a') as runs:\n    runs.write('x')"
    runs = small_book.root / "book" / "runs"

    def count(*arguments):
        result = small_book(*arguments)
        assert result.returncode == 0, result.stderr
        assert (small_book.root / "_build/html/page.html").as_uri().rsplit("/", 1)[0] in result.stdout
        return len(runs.read_text())

    assert count(text) == 1  # MyST-NB reads what build.py executed
    assert count() == 1
    (small_book.root / "coursepkg" / "layer.py").write_text("a = 2\n")
    assert count() == 2
    (small_book.root / "book" / "results").mkdir()
    (small_book.root / "book" / "results" / "long.json").write_text(json.dumps({"runs": []}))
    assert count() == 3


def test_a_page_that_left_the_table_of_contents_leaves_the_book(small_book):
    leftover = small_book.root / "_build" / "jupyter_execute" / "old.ipynb"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("{}")
    assert small_book("text\n").returncode == 0
    assert not leftover.exists()
