"""Notebooks graded in a second, without the sandbox, with it and with a second worker: `make bench`."""

import shutil
import time

import pytest
from playing import SOURCES, built

from coursepkg.grading.classroom import find_notebooks, grade_class
from coursepkg.grading.exercises import Exercise

EXERCISES = ("inverted_dropout", "max_pool", "block_backward", "count_paths")
STUDENTS = 15


@pytest.fixture
def handed_in(tmp_path):
    """(list of Found, dict name -> Exercise): the solutions of four NumPy exercises, many times."""
    exercises = {}
    for path in SOURCES:
        if path.stem in EXERCISES:
            one = built(path)
            cells = {cell.id: cell.source for cell in one.solution.cells if cell.cell_type == "code"}
            name, withheld = one.exercise.slug, tuple(one.solution.metadata["withheld"])
            exercises[name] = Exercise(name, "1", one.full, withheld, cells)
    for student in range(STUDENTS):
        for name, exercise in exercises.items():
            notebook = tmp_path / "class" / f"student{student}" / f"{name.replace('/', '-')}.ipynb"
            notebook.parent.mkdir(parents=True, exist_ok=True)
            notebook.write_bytes(exercise.solution())
    return find_notebooks(tmp_path / "class"), exercises


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing: apt-get install bubblewrap")
def test_notebooks_in_a_second(benchmark, handed_in, tmp_path, capsys):
    benchmark.group = "grading"
    found, exercises = handed_in

    def seconds(workers, unsafe=False):
        start = time.monotonic()
        out = tmp_path / f"{workers}{unsafe}"
        records = grade_class(found, out, exercises, workers=workers, unsafe=unsafe)
        assert all(q["points"] == q["possible"] for record in records for q in record["questions"])
        return time.monotonic() - start

    times = {
        "one worker": seconds(1),
        "one worker, no sandbox": seconds(1, unsafe=True),
        "two workers": benchmark.pedantic(seconds, args=(2,), rounds=1),
    }
    with capsys.disabled():
        print(f"\n{len(found)} notebooks of NumPy exercises, workers' start included")
        for name, taken in times.items():
            benchmark.extra_info[name] = round(len(found) / taken, 2)
            print(f"  {name:<34}{len(found) / taken:8.2f} a second {1e3 * taken / len(found):8.0f} ms each")
