"""What a learner sees: three verdicts, never a bare traceback, text and HTML."""

import subprocess
import sys

import numpy as np
import pytest
from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from coursepkg.checks import Violation, open_exercise
from coursepkg.checks.dropout.masks import farthest
from coursepkg.checks.properties import (
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_not_modify,
    must_refuse,
)

TESTS = """from otter.test_files import test_case
OK_FORMAT = False
name = "{name}"
points = 3
@test_case(points=1, hidden=False, failure_message="Open hint 1.")
def test_double(double):
    from coursepkg.checks import Violation
    got = double(2)
    if got != 4:
        raise Violation("doubles its input", f"double(2) is {{got}} <b>")
@test_case(points=1, hidden=False, failure_message="Open hint 2.")
def test_answer(answer):
    from coursepkg.checks import Violation
    if answer != 42:
        raise Violation("is the answer", "no")
"""


@pytest.fixture
def grader(tmp_path):
    def make(code, env=None):
        for name in ("q1", "q2", "q10"):
            (tmp_path / f"{name}.py").write_text(TESTS.format(name=name))
        env = {} if env is None else env
        exec(compile(code, "<cell>", "exec"), env)
        return open_exercise("topic/exercise", tests=tmp_path, env=env)

    return make


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "`double` is not defined yet: run its cell"),
        ("double = ...; answer = 42", "`double` is still ..."),
        (
            "answer = 42\ndef double(x): raise NotImplementedError",
            "`double` still raises NotImplementedError",
        ),
        (
            "answer = 42\ndef double(x): return stub()\ndef stub(): raise NotImplementedError",
            "`stub` still raises",
        ),
    ],
)
def test_not_attempted(grader, code, message):
    result = grader(code).check("q1")
    assert result.verdict == "not attempted" and not result.passed
    assert message in repr(result) and "○ q1 not attempted" in repr(result)


def test_wrong_names_property_example_and_hint_and_keeps_the_points_of_other_tests(grader):
    result = grader("answer = 42\ndef double(x): return x + 1").check("q1")
    assert repr(result) == (
        "✗ q1 wrong: 1 of 2 points\n  property: doubles its input\n    double(2) is 3 <b>\n  Open hint 1."
    )
    assert "3 &lt;b&gt;" in result._repr_html_() and "<b>" not in result._repr_html_()


def test_wrong_outweighs_not_attempted(grader):
    assert grader("double = ...; answer = 1").check("q1").violated == "is the answer"


def test_right_tells_of_hidden_points(grader):
    result = grader("answer = 42\ndef double(x): return 2 * x").check("q1")
    assert result.passed
    assert (
        repr(result)
        == "✓ q1 right: 2 of 2 points\n  Hidden tests decide 1 point more when your work is graded."
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "def double(x):\n    y = x\n    return y / 0",
            "ZeroDivisionError: division by zero\n  line 4 of the cell, in double",
        ),
        ("def double(): return 4", "positional argument"),
        ("def double(x): assert x == 3", "AssertionError\n  line 2 of the cell"),
        ("double = 7", "TypeError: 'int' object is not callable\n  when the check called your answer"),
        ("def double(x): return double(x)", "RecursionError"),
        ("import abc\ndef double(x):\n    raise KeyError('a\\nb')", "KeyError"),
    ],
)
def test_an_exception_is_a_violation_with_its_line(grader, code, message):
    result = grader("answer = 42\n" + code).check("q1")
    assert result.violated == "runs without an error"
    assert message in result.message and "Traceback" not in repr(result)


@pytest.fixture
def shell():
    """A notebook's IPython, with a namespace of its own."""
    config = Config(HistoryManager={"enabled": False})
    yield InteractiveShell.instance(config=config, user_ns={"__name__": "notebook"})
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("names_cells", [True, False], ids=["IPython 8", "IPython 7.34, that of Colab"])
def test_an_exception_is_told_with_the_cell_if_the_shell_names_it(grader, shell, monkeypatch, names_cells):
    if not names_cells:
        monkeypatch.delattr(CachingCompiler, "format_code_name")
    shell.run_cell("answer = 42\ndef double(x):\n    return x / 0", store_history=True)
    learners = grader("", shell.user_ns)
    place = f"line 3 of {'cell In[1]' if names_cells else 'the cell'}, in double:\n    return x / 0"
    assert learners.check("q1").message == f"ZeroDivisionError: division by zero\n  {place}"
    assert learners.progress().points == 3


def test_not_implemented_inside_a_library_is_an_error(grader):
    code = "import numbers\nclass Odd(numbers.Complex): pass\nanswer = 42\ndef double(x): return lib()\n"
    result = grader(
        code + "ns = {}\nexec('def lib(): raise NotImplementedError', ns)\nlib = ns['lib']"
    ).check("q1")
    assert result.violated == "runs without an error"


def test_progress_adds_up_and_says_how_to_keep_the_work(grader):
    progress = grader("double = ...; answer = 42").progress()
    text = repr(progress)
    assert [result.question for result in progress.results] == ["q1", "q2", "q10"]
    assert progress.points == 3 and not progress.passed
    assert ["all", "3", "of", "6", "points"] in [line.split() for line in text.splitlines()]
    assert "Download" in text and "Save a copy in Drive" in text and "Hidden tests decide 3 more" in text
    assert progress._repr_html_().count("<tr>") == 5


def test_unknown_names_are_refused(grader, tmp_path):
    with pytest.raises(ValueError, match=r"tests = .* is a folder without test files"):
        open_exercise("topic/exercise", tests=tmp_path)
    with pytest.raises(ValueError, match="question = 'q3' is not one of q1, q2, q10"):
        grader("").check("q3")
    with pytest.raises(ValueError, match=r"name = 'dropout/nothing'.*dropout/inverted_dropout"):
        open_exercise("dropout/nothing")


def test_open_exercise_reads_the_callers_variables():
    env = {"open_exercise": open_exercise}
    exec("grader = open_exercise('dropout/inverted_dropout')\nr = grader.check('q1')", env)
    assert env["r"].verdict == "not attempted"
    exec("def sample_mask(shape, p, rng): return rng.random(shape) >= p\nr = grader.check('q1')", env)
    assert env["r"].passed


def test_a_learner_needs_neither_otter_nor_torch():
    code = (
        "import sys, coursepkg.checks, coursepkg.checks.dropout.inverted_dropout\n"
        "g = coursepkg.checks.open_exercise('dropout/inverted_dropout'); g.progress()\n"
        "print([m for m in ('otter', 'torch', 'jupytext', 'nbformat', 'yaml') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_shared_properties():
    with pytest.raises(Violation, match="returns an array"):
        must_be_array([1, 2], (2,), "f()")
    with pytest.raises(Violation, match=r"shape \(2,\)"):
        must_be_array(np.zeros((2, 1)), (2,), "f()")
    with pytest.raises(Violation, match="is a number"):
        must_be_number("7", "n")
    assert must_be_number(np.array([7]), "n") == 7
    with pytest.raises(Violation, match="same"):
        must_be_close(np.array([1, np.nan]), np.array([1, 2]), "same", "f()")
    with pytest.raises(Violation, match=r"5 at \[1, 3\]"):
        got = np.zeros((4, 4))
        got[1, 3] = 5
        must_be_close(got, np.zeros((4, 4)), "same", "f()")
    must_be_close(np.float32([1 / 3]), np.array([1 / 3]), "same", "f()")
    with pytest.raises(Violation, match="inputs are not modified"):
        must_not_modify("f(x)", x=(np.array([0.0]), np.array([1.0])))


def test_refusals_count_directly_and_through_a_proxy():
    def wrong_kind():
        raise KeyError("p")

    def by_proxy():
        raise AssertionError("ValueError: p")

    must_refuse(ValueError, int, "x", call="int('x')", property="refuses")
    must_refuse(ValueError, by_proxy, call="f()", property="refuses")
    for answer in (wrong_kind, lambda: None):
        with pytest.raises(Violation, match="refuses"):
            must_refuse(ValueError, answer, call="f()", property="refuses")


def test_counter_examples_are_aligned():
    assert counter_example("f(x)", np.array([1.0, 2.0]), "3", label="allowed", x=1.5) == (
        "called   f(x)\nx        1.5\ngot      [1., 2.]\nallowed  3"
    )


def test_the_bound_for_random_answers_is_safe_and_still_sharp():
    rng = np.random.default_rng(0)
    for n, p in ((100_000, 0.5), (100_000, 0.05), (500, 0.1)):
        bound = farthest(n * p * (1 - p), max(p, 1 - p))
        strays = np.abs(rng.binomial(n, p, 200_000) - n * p)
        assert 0.6 * bound < 6.5 * np.sqrt(n * p * (1 - p)) <= 1.1 * bound
        assert strays.max() < bound
