"""Every right answer passes, however it is written, and an empty one is not attempted."""

import ast
from importlib import import_module

import pytest
from playing import (
    ALTERNATIVES,
    MUTANTS,
    PROOFS,
    SOURCES,
    built,
    graded_by_otter,
    name_of,
    play,
    results,
    rounds,
)

from solutions.proof import THE_PACKAGE

ROUNDS = [(path, answers) for path in SOURCES for answers in rounds(ALTERNATIVES[path])]


@pytest.mark.parametrize(("path", "answers"), ROUNDS, ids=name_of)
def test_alternatives_pass_everything(path, answers):
    env = play(built(path).solution, {answer.question: answer.source for answer in answers})
    passes_everything(path, env)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_reference_passes_everything_and_its_cells_assert(path, tmp_path, monkeypatch):
    for file, text in built(path).uncommitted().items():
        place = tmp_path / file.split(f"{path.stem}/", 1)[1]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    passes_everything(path, play(built(path).solution, check=True))
    with pytest.raises(AssertionError, match="q1 not attempted"):
        play(built(path).solution, {"q1": "raise_nothing = None"}, check=True)


def passes_everything(path, env):
    """In our runner's judgement and, through proxies, in otter's."""
    for question, result in results(env, path, "full").items():
        assert result.passed and result.points == result.possible and not result.elsewhere, (question, result)
        graded = graded_by_otter(path, question, env)
        assert graded.score == graded.possible == result.points, graded.summary()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_untouched_notebook_is_not_attempted(path):
    env = play(built(path).learner)
    for which in ("visible", "full"):
        for question, result in results(env, path, which).items():
            assert (result.verdict, result.points) == ("not attempted", 0), (question, result)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_there_are_enough_proofs(path):
    mutants = MUTANTS[path]
    assert len(mutants) >= 5
    assert sum(answer.title != THE_PACKAGE for answer in ALTERNATIVES[path]) >= 2
    assert {answer.question for answer in PROOFS[path]} == set(built(path).full), "each question has a proof"
    assert sum(answer.caught_by == "visible" for answer in mutants) >= 0.8 * len(mutants)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_what_the_package_has_is_handed_in(path):
    """An alternative titled "the package" answers each question that asks for a name of the package's."""
    package = names_of_the_package(path.parent.name)
    for question in built(path).exercise.questions:
        asked = package & {node.name for node in ast.parse(question.answer).body if hasattr(node, "name")}
        titles = {answer.title for answer in ALTERNATIVES[path] if answer.question == question.name}
        assert not asked or THE_PACKAGE in titles, f"{path.stem}: {question.name} asks for {asked}"


def names_of_the_package(topic):
    """Public names of both halves of a topic."""
    halves = [import_module(f"coursepkg.{topic}.{half}_layers") for half in ("numpy", "torch")]
    return {name for half in halves for name in vars(half)}
