"""Every wrong answer is rejected, and by the property that it violates: our runner's verdict and otter's."""

import pytest
from playing import MUTANTS, SOURCES, graded_by_otter, name_of, namespace, questions

from coursepkg.checks.runner import run_question

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # mutants divide by zero

WRONG = [answer for path in SOURCES for answer in MUTANTS[path]]
NOT_SEEN_FROM_OUTSIDE = "inputs are not modified"


@pytest.mark.parametrize("answer", WRONG, ids=name_of)
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


@pytest.mark.parametrize("answer", WRONG, ids=name_of)
def test_otter_rejects_the_mutant_through_proxies(answer):
    if answer.violates == NOT_SEEN_FROM_OUTSIDE:
        pytest.skip("decided in the learner's own notebook: only copies cross the border")
    graded = graded_by_otter(answer.path, answer.question, namespace(answer))
    assert graded.score < graded.possible
    message = next(result.message for result in graded.test_case_results if not result.passed)
    assert answer.violates in message or answer.violates == "runs without an error", message
