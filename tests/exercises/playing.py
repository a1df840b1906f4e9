"""Plays exercise notebooks in this process, with any answers in their answer cells, and judges them."""

import functools
from itertools import zip_longest
from pathlib import Path

import yaml
from IPython.core.inputtransformer2 import TransformerManager
from otter.test_files.exception_test import ExceptionTestFile
from proxies import proxy

from coursepkg.checks.runner import load_exercise, load_question, run_question
from solutions import generate
from solutions.proof import Answer, read_proof
from solutions.source import read_exercise, sources

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sources()
to_python = TransformerManager().transform_cell


PROOFS = {path: read_proof(path) for path in SOURCES}
MUTANTS = {path: [answer for answer in PROOFS[path] if answer.violates] for path in SOURCES}
ALTERNATIVES = {path: [answer for answer in PROOFS[path] if not answer.violates] for path in SOURCES}


def rounds(answers):
    """Lists with at most one answer to each question. A notebook holds such a list at a time, so that few are
    played."""
    by_question = {}
    for answer in answers:
        by_question.setdefault(answer.question, []).append(answer)
    return [[answer for answer in some if answer] for some in zip_longest(*by_question.values())]


@functools.cache
def built(path):
    """One source, built as solutions/generate.py builds it."""
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    return generate.build(read_exercise(path), repository)


@functools.cache
def questions(path, which):
    """Questions of an exercise by name, with the "visible" tests or the "full" ones."""
    if which == "visible":
        return {question.name: question for question in load_exercise(built(path).visible, path.stem)}
    return {name: load_question(text, f"{path.stem}/{name}.py") for name, text in built(path).full.items()}


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
def namespace(mutant):
    """The learner's variables up to a wrong answer, which is judged by its own question, with the reference
    before it."""
    return play(built(mutant.path).solution, {mutant.question: mutant.source}, last=mutant.question)


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
    """A test's name for an exercise's source, an answer or a list of answers to several questions."""
    if isinstance(value, Answer):
        return f"{value.path.stem}-{value.question}-{value.title}"
    if isinstance(value, list):
        return ", ".join(f"{answer.question} {answer.title}" for answer in value)
    return value.stem
