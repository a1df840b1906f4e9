"""What is kept of each notebook that was graded: one JSON file, named after all that its marks depend on."""

import hashlib
import importlib
import json
import platform
import re
import unicodedata
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import coursepkg
from coursepkg.experiments.results import write_whole
from coursepkg.grading.grade import grade
from coursepkg.grading.submission import BadSubmission, parse_submission

WORD = re.compile(r"[A-Za-z_]\w*")
LONGEST = 2000  # characters of a text that came from an answer


def record_key(content, exercise, limits, *more):
    """A hash of the notebook, the tests, the limits and the libraries.

    Args:
        content: bytes of the notebook.
        exercise: exercises.Exercise, or None.
        limits: sandbox.Limits.
        more: whatever else the record depends on.
    Returns:
        str.
    """
    made_with = [platform.python_version(), coursepkg.__version__, *map(_version, ("numpy", "torch"))]
    judged_by = exercise and [exercise.name, exercise.version, exercise.tests, exercise.withheld]
    facts = [asdict(limits), more, made_with, judged_by]
    return hashlib.sha256(content + json.dumps(facts).encode()).hexdigest()[:32]


def make_record(content, exercise, limits, **where):
    """Grades the bytes of a notebook, on whichever machine this is called.

    Args:
        content: bytes of the notebook.
        exercise: exercises.Exercise it says it is of.
        limits: sandbox.Limits.
        where: slot and unsafe, as for `session.Session`.
    Returns:
        dict that JSON can hold: problem (a line, or None), notes, borrowed (notes for the instructor alone),
        errors, seconds, unsafe and questions.
    Raises:
        NoSandbox: try again, elsewhere or later.
    """
    questions = exercise.questions()
    try:
        submission = parse_submission(content, exercise.tests)
    except BadSubmission as error:
        return problem_record(f"it {error}")
    notes = list(submission.notes)
    if exercise.version not in ("None", submission.version):
        notes.append(f"it is of version {submission.version} of the exercise; graded by {exercise.version}")
    graded = grade(submission, questions, limits, withheld=exercise.withheld, **where)
    return {
        "problem": None,
        "notes": [clean(note) for note in notes],
        "borrowed": [clean(note) for note in borrowed_layers(submission, exercise)],
        "errors": {clean(cell): clean(error) for cell, error in graded.errors.items()},
        "seconds": graded.seconds,
        "unsafe": bool(where.get("unsafe")),
        "questions": [
            {
                "question": verdict.question,
                "verdict": verdict.verdict,
                "points": verdict.points,
                "possible": verdict.possible,
                "shown": _result(verdict.shown),
                "hidden": _result(verdict.hidden),
            }
            for verdict in graded.verdicts
        ],
    }


def problem_record(problem):
    """The record of a file that could not be graded; says why in one line."""
    return {
        "problem": clean(problem),
        "notes": [],
        "borrowed": [],
        "errors": {},
        "seconds": 0.0,
        "unsafe": False,
        "questions": [],
    }


def borrowed_layers(submission, exercise):
    """Answers that name a layer of the topic, as the solution does not: for a person to look at.

    Args:
        submission: submission.Submission.
        exercise: exercises.Exercise.
    Yields:
        str: a note for each such cell.
    """
    layers = _layers(exercise.name.split("/")[0])
    for cell, source in submission.cells:
        if cell.endswith("-answer") and cell in exercise.references:
            named = set(WORD.findall(source)) - set(WORD.findall(exercise.references[cell]))
            if found := sorted(layers & named):
                yield f"{cell} names {', '.join(found)}, as the solution does not"


def write_record(folder, record):
    """Writes a record that has its "key", whole or not at all."""
    write_whole(Path(folder) / f"{record['key']}.json", json.dumps(record, indent=1))


def clean(text):
    """A text that came from an answer: without control characters, and not too long."""
    kept = "".join(
        character if character in "\n\t" or unicodedata.category(character)[0] != "C" else "�"
        for character in str(text)[:LONGEST]
    )
    return kept + ("..." if len(str(text)) > LONGEST else "")


def file_name(text):
    """A name for a file that leads nowhere else, and differs for different texts."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:60]
    return plain if plain == text else f"{plain or 'student'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _layers(topic):
    """Names of the functions and classes that a topic of the package offers in NumPy."""
    try:
        module = importlib.import_module(f"coursepkg.{topic}.numpy_layers")
    except ModuleNotFoundError:
        return set()
    public = {name: thing for name, thing in vars(module).items() if not name.startswith("_")}
    return {
        name for name, thing in public.items() if getattr(thing, "__module__", "").startswith(module.__name__)
    }


def _result(result):
    return {
        "verdict": result.verdict,
        "points": result.points,
        "possible": result.possible,
        "violated": result.violated and clean(result.violated),
        "message": clean(result.message),
        "advice": clean(result.advice),
    }


def _version(library):
    try:
        return version(library)
    except PackageNotFoundError:
        return None
