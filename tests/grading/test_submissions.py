"""What is handed in may be anything: each kind of bad file has its own line, and nothing of it is run."""

import json
import os

import pytest

from coursepkg.grading.submission import SIZE_LIMIT, BadSubmission, parse_submission, read_notebook


def notebook(*cells, **metadata):
    cells = [{"cell_type": "code", "id": name, "source": source} for name, source in cells]
    known = {"exercise": "tiny/double", "version": "1"}
    return {"cells": cells, "metadata": {**known, **metadata}, "nbformat": 4}


def parsed(content):
    return parse_submission(content if isinstance(content, bytes) else json.dumps(content).encode(), ["q1"])


def test_answers_are_found_by_their_ids_and_not_by_their_text():
    cells = [("setup", "x"), ("part-1", "import numpy"), ("q1-answer", "# q2-answer"), ("q1-check", "y")]
    found = parsed(notebook(*cells, ("added", "grader.check('q1')"), ("progress", "z")))
    assert [name for name, _ in found.cells] == ["part-1", "q1-answer", "added"]
    assert found.notes == [] and found.exercise == "tiny/double"


def test_sources_may_be_lists_of_lines_and_other_cells_are_left_alone():
    content = notebook(("q1-answer", ["a = 1\n", "b = 2"]))
    content["cells"].append({"cell_type": "markdown", "id": "text", "source": "# words"})
    assert parsed(content).cells == [("q1-answer", "a = 1\nb = 2")]


def test_a_missing_answer_cell_is_noted():
    assert parsed(notebook(("mine", "def f(): pass"))).notes == [
        "the cell q1-answer is missing; what other cells define is graded"
    ]


def test_cells_without_ids_are_numbered():
    content = notebook(("q1-answer", "a = 1"))
    del content["cells"][0]["id"]
    assert parsed(content).cells == [("cell-0", "a = 1")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no notebook: not JSON"),
        (b"\xff\xfe{}", "is no notebook: not JSON"),
        (b"{", "is no notebook: not JSON"),
        (b"[" * 100_000, "is no notebook"),
        ([], "it has no list of cells"),
        ({"cells": {}}, "it has no list of cells"),
        ({"cells": [], "metadata": []}, "its metadata are no object"),
        ({"cells": [], "metadata": {}}, "is no notebook of an exercise of this course"),
        (notebook(exercise="../../etc"), "is no notebook of an exercise of this course"),
        (notebook(exercise=7), "is no notebook of an exercise of this course"),
        ({**notebook(), "cells": ["text"]}, "cell 0 is no object"),
        ({**notebook(), "cells": [{"cell_type": "code", "source": 5}]}, "cell 0 has no text"),
        ({**notebook(), "cells": [{"cell_type": "code", "source": "x", "id": []}]}, "cell 0 has no text"),
        (notebook(("q1-answer", "a = 1"), ("q1-answer", "a = 2")), "two cells with the id q1-answer"),
    ],
)
def test_bad_files_have_a_line_each(content, words):
    with pytest.raises(BadSubmission, match=words):
        parsed(content)


def test_files_that_cannot_be_read(tmp_path):
    link = tmp_path / "link.ipynb"
    link.symlink_to("/etc/passwd")
    large = tmp_path / "large.ipynb"
    with large.open("wb") as file:
        file.truncate(SIZE_LIMIT + 1)
    pipe = tmp_path / "pipe.ipynb"
    os.mkfifo(pipe)
    for path, words in (
        (link, "is a link"),
        (pipe, "is no ordinary file"),
        (large, "has 20 MiB; more than 20"),
        (tmp_path / "none.ipynb", "cannot be read: No such file"),
        (tmp_path, "is a folder and holds no notebook"),
    ):
        with pytest.raises(BadSubmission, match=words):
            read_notebook(path)
