"""Reads the notebook that somebody handed in. It may be anything."""

import json
import stat
from dataclasses import dataclass, field
from pathlib import Path

SIZE_LIMIT = 20 << 20  # bytes; figures are large, answers are not
OURS = ("setup", "progress")  # cells that are the course's own and are not run


class BadSubmission(ValueError):
    """A notebook that cannot be graded; says why in one line."""


class Unreadable(BadSubmission):
    """A notebook that is not there or that this machine cannot read: never a mark."""


@dataclass(frozen=True)
class Submission:
    """A notebook's code.

    Fields:
        exercise: "<topic>/<name>", as the notebook says.
        version: of the exercise, as the notebook says; "None" where it says none.
        cells: list of (id, source) to run, in their order.
        withheld: modules that an answer does not find when it is graded, as the notebook says.
        notes: one line for each oddity that does not keep it from being graded.
    """

    exercise: str
    version: str
    cells: list
    withheld: tuple = ()
    notes: list = field(default_factory=list)


def parse_submission(content, questions=()):
    """Reads a notebook; runs nothing of it.

    Args:
        content: bytes of the file.
        questions: names of the exercise's questions, if it is known which it should be.
    Returns:
        Submission.
    Raises:
        BadSubmission: it cannot be graded.
    """
    notebook = _notebook(content)
    exercise = notebook.get("metadata", {}).get("exercise")
    if not isinstance(exercise, str) or exercise.count("/") != 1:
        raise BadSubmission("is no notebook of an exercise of this course, or one that has lost its metadata")
    cells, seen, notes = [], set(), []
    for number, cell in enumerate(notebook["cells"]):
        source, name = _code(cell, number)
        if source is None or name in OURS or name.endswith("-check"):
            continue
        if name in seen and name.endswith("-answer"):
            raise BadSubmission(f"has two cells with the id {name}; which one counts cannot be told")
        if name in seen:
            name = f"{name} (cell {number})"
        seen.add(name)
        cells.append((name, source))
    for question in questions:
        if f"{question}-answer" not in seen:
            notes.append(f"the cell {question}-answer is missing; what other cells define is graded")
    version, withheld = (notebook["metadata"].get(key) for key in ("version", "withheld"))
    withheld = tuple(map(str, withheld)) if isinstance(withheld, list) else ()
    return Submission(exercise, str(version)[:100], cells, withheld, notes)


def read_notebook(path):
    """The bytes of a file that somebody handed in.

    Args:
        path: the file; links are not followed.
    Returns:
        bytes.
    Raises:
        BadSubmission: it is a link, a folder or a pipe, or too large.
        Unreadable: it is missing, or this machine cannot read it.
    """
    path = Path(path)
    try:
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode):
            raise BadSubmission("is a link, which is not followed")
        if stat.S_ISDIR(facts.st_mode):
            raise BadSubmission("is a folder and holds no notebook")
        if not stat.S_ISREG(facts.st_mode):
            raise BadSubmission("is no ordinary file")
        if facts.st_size > SIZE_LIMIT:
            raise BadSubmission(f"has {facts.st_size >> 20} MiB; more than {SIZE_LIMIT >> 20} are not read")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None


def _notebook(content):
    try:
        notebook = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadSubmission("is no notebook: not JSON in UTF-8") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise BadSubmission("is no notebook of format 4: it has no list of cells")
    if not isinstance(notebook.get("metadata", {}), dict):
        raise BadSubmission("is no notebook of format 4: its metadata are no object")
    return notebook


def _code(cell, number):
    """(source, id) of a code cell; (None, id) of another."""
    if not isinstance(cell, dict):
        raise BadSubmission(f"is no notebook of format 4: cell {number} is no object")
    source, name = cell.get("source", ""), cell.get("id", f"cell-{number}")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(name, str):
        raise BadSubmission(f"is no notebook of format 4: cell {number} has no text")
    return (source if cell.get("cell_type") == "code" else None), name[:100]
