"""The tests of the exercises, hidden ones included, as `solutions/generate.py` leaves them."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from coursepkg.checks.runner import load_question

COMMAND = "python solutions/generate.py"


@dataclass(frozen=True)
class Exercise:
    """What is needed to grade it, on this machine or on another.

    Fields:
        name: "<topic>/<name>".
        version: as its notebooks have it.
        tests: dict question -> text of its test file, in order.
        withheld: modules that an answer does not find, since they would answer for it.
        references: dict of the id of a code cell -> its source in the solution.
        mistakes: dict question -> dict property -> list of mistakes that are known to violate it.
    """

    name: str
    version: str
    tests: dict
    withheld: tuple = ()
    references: dict = field(default_factory=dict)
    mistakes: dict = field(default_factory=dict)

    def questions(self):
        """list of runner.Question."""
        return [load_question(text, f"{self.name}/{name}") for name, text in self.tests.items()]

    def solution(self):
        """bytes: a notebook with the solution, as if it were handed in."""
        cells = [{"cell_type": "code", "id": name, "source": code} for name, code in self.references.items()]
        metadata = {"exercise": self.name, "version": self.version}
        return json.dumps({"cells": cells, "metadata": metadata}).encode()


def read_exercises(root):
    """All exercises of a folder.

    Args:
        root: holds <topic>/<name>/tests/q1.py, ..., and beside these tests the notebook with the solution
            and mistakes.json.
    Returns:
        dict name -> Exercise.
    Raises:
        ValueError: there are none, and it says how to make them; or a folder of tests is empty.
    """
    root, found = Path(root), {}
    for folder in sorted(root.glob("*/*/tests")):
        name, tests = folder.parent.relative_to(root).as_posix(), _tests(folder)
        if not tests:
            raise ValueError(f"{folder} holds no test (q1.py, q2.py, ...): nobody could get a point")
        notebook = _read(folder.parent / f"{folder.parent.name}.ipynb")
        metadata = notebook.get("metadata", {})
        found[name] = Exercise(
            name,
            str(metadata.get("version")),
            tests,
            tuple(metadata.get("withheld", ())),
            {
                cell["id"]: "".join(cell["source"])
                for cell in notebook.get("cells", ())
                if cell["cell_type"] == "code"
            },
            _read(folder.parent / "mistakes.json"),
        )
    if not found:
        raise ValueError(f"{root} holds no tests; in the course's repository `{COMMAND}` makes them")
    return found


def _tests(folder):
    files = sorted(folder.glob("q*.py"), key=lambda path: (len(path.stem), path.stem))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def _read(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
