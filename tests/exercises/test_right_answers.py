"""Every right answer passes, however it is written, and an empty one is not attempted."""

import pytest
from playing import ANSWERS, PROOFS, SOURCES, built, graded_by_otter, name_of, namespace, play, results

ALTERNATIVES = [answer for answer in ANSWERS if not answer.violates]


@pytest.mark.parametrize("answer", ALTERNATIVES, ids=name_of)
def test_alternative_passes_everything(answer):
    for question, result in results(namespace(answer), answer.path, "full").items():
        assert result.passed and result.points == result.possible, (question, result)


@pytest.mark.parametrize("answer", ALTERNATIVES, ids=name_of)
def test_otter_passes_the_alternative_through_proxies(answer):
    graded = graded_by_otter(answer.path, answer.question, namespace(answer))
    assert graded.score == graded.possible, graded.summary()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_reference_passes_everything(path):
    env = play(built(path).solution)
    for question, result in results(env, path, "full").items():
        assert result.passed and not result.elsewhere, (question, result)
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
    mutants = [answer for answer in PROOFS[path] if answer.violates]
    assert len(mutants) >= 5
    assert len(PROOFS[path]) - len(mutants) >= 2
    assert {answer.question for answer in PROOFS[path]} == set(built(path).full), "each question has a proof"
    assert sum(answer.caught_by == "visible" for answer in mutants) >= 0.8 * len(mutants)
