"""Plays exercise notebooks in this process, with any answers in their answer cells, and judges them."""

import functools
from pathlib import Path

import yaml
from IPython.core.inputtransformer2 import TransformerManager
from otter.test_files.exception_test import ExceptionTestFile
from proxies import proxy

from coursepkg.checks.runner import load_question, run_question
from solutions import generate
from solutions.proof import Answer, read_proof
from solutions.source import read_exercise, sources

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sources()
to_python = TransformerManager().transform_cell


PROOFS = {path: read_proof(path) for path in SOURCES}
ANSWERS = [answer for answers in PROOFS.values() for answer in answers]


@functools.cache
def built(path):
    """One source, built as solutions/generate.py builds it."""
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    return generate.build(read_exercise(path), repository)


@functools.cache
def questions(path, which):
    """Questions of an exercise by name, with the "visible" tests or the "full" ones."""
    tests = getattr(built(path), which)
    return {name: load_question(text, f"{path.stem}/{name}.py ({which})") for name, text in tests.items()}


def play(notebook, answers=None, check=False, last=None):
    """Execute a notebook's code cells in one namespace.

    Args:
        notebook: learner or solution notebook.
        answers: dict question -> source that takes the place of its answer cell.
        check: run the check and progress cells, too.
        last: question behind whose answer to stop; None plays all.
    Returns:
        dict: the namespace.
    """
    env = {"__name__": "__main__"}
    for cell in notebook.cells:
        role = cell.metadata.get("exercise", {})
        is_check = role.get("role") == "check" or cell.id in ("setup", "progress")
        if cell.cell_type != "code" or (is_check and not check):
            continue
        given = (answers or {}).get(role["question"]) if role.get("role") == "answer" else None
        source = cell.source if given is None else given
        exec(compile(to_python(source), f"<{cell.id}>", "exec"), env)
        if role.get("role") == "answer" and role["question"] == last:
            break
    return env


@functools.cache
def namespace(answer):
    """The learner's variables when this answer stands in its cell and the reference in the others.

    A wrong answer is judged by its own question, so what lies behind it is left out.
    """
    last = answer.question if answer.violates else None
    return play(built(answer.path).solution, {answer.question: answer.source}, last=last)


def results(env, path, which):
    """Results of all questions of an exercise, by name."""
    return {name: run_question(question, env) for name, question in questions(path, which).items()}


def graded_by_otter(path, question, env):
    """otter's own verdict on one question, hidden tests included, through proxies."""
    tests = ExceptionTestFile.from_string(built(path).full[question])
    names = {name for test in questions(path, "full")[question].tests for name in test.needs}
    tests.run({name: proxy(env[name]) for name in names if name in env})
    return tests


def name_of(value):
    """A test's name for an answer, or for an exercise's source."""
    return f"{value.path.stem}-{value.question}-{value.title}" if isinstance(value, Answer) else value.stem
