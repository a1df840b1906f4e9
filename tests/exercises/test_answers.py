"""Every wrong answer is rejected with the right message, every right one passes: our runner's and otter's."""

import pytest
from otter.test_files.exception_test import ExceptionTestFile
from playing import ANSWERS, PROOFS, SOURCES, built, namespace, play, questions, results
from proxies import proxy

from coursepkg.checks.runner import run_question

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # mutants divide by zero

MUTANTS = [answer for answer in ANSWERS if answer.violates]
ALTERNATIVES = [answer for answer in ANSWERS if not answer.violates]
NOT_SEEN_FROM_OUTSIDE = "inputs are not modified"


def name_of(value):
    return f"{value.path.stem}-{value.question}-{value.title}" if hasattr(value, "title") else value.stem


def graded_by_otter(path, question, env):
    """otter's own verdict on one question, hidden tests included, through proxies."""
    tests = ExceptionTestFile.from_string(built(path).full[question])
    names = {name for test in questions(path, "full")[question].tests for name in test.needs}
    tests.run({name: proxy(env[name]) for name in names if name in env})
    return tests


@pytest.mark.parametrize("answer", MUTANTS, ids=name_of)
def test_mutant_is_wrong_and_the_property_is_named(answer):
    env = namespace(answer)
    full = run_question(questions(answer.path, "full")[answer.question], env)
    visible = run_question(questions(answer.path, "visible")[answer.question], env)
    assert (full.verdict, full.violated) == ("wrong", answer.violates), full
    if answer.caught_by == "hidden":
        assert visible.passed, visible
    else:
        assert (visible.verdict, visible.violated) == ("wrong", answer.violates), visible
        assert visible.points < visible.possible
        assert visible.message


@pytest.mark.parametrize("answer", ALTERNATIVES, ids=name_of)
def test_alternative_passes_everything(answer):
    for question, result in results(namespace(answer), answer.path, "full").items():
        assert result.passed and result.points == result.possible, (question, result)


@pytest.mark.parametrize("answer", MUTANTS, ids=name_of)
def test_otter_rejects_the_mutant_through_proxies(answer):
    if answer.violates == NOT_SEEN_FROM_OUTSIDE:
        pytest.skip("decided in the learner's own notebook: only copies cross the border")
    graded = graded_by_otter(answer.path, answer.question, namespace(answer))
    assert graded.score < graded.possible
    message = next(result.message for result in graded.test_case_results if not result.passed)
    assert answer.violates in message or answer.violates == "runs without an error", message


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
