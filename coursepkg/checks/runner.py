"""Runs otter's exception-based test files without otter, and tells not attempted, wrong and right apart."""

import linecache
import warnings
from dataclasses import dataclass, field
from html import escape
from inspect import signature
from textwrap import indent

from coursepkg.checks.properties import Violation

OTTER_IMPORT = "from otter.test_files import test_case"
COURSE_IMPORT = "from coursepkg.checks.runner import test_case"
SYMBOLS = {"right": "✓", "wrong": "✗", "not attempted": "○"}
COLORS = {"right": "#009E73", "wrong": "#D55E00", "not attempted": "#666666"}


class test_case:
    """The decorator of a test file, with the signature of `otter.test_files.test_case`.

    Args:
        name: a name for the test, unused here.
        points: what the test is worth.
        hidden: whether learners are kept from seeing it.
        success_message: unused here.
        failure_message: shown when the test fails; by the rule of this course it names the hint to open.
    """

    def __init__(self, name=None, points=None, hidden=False, success_message=None, failure_message=None):
        self.name = name
        self.points = points
        self.hidden = hidden
        self.success_message = success_message
        self.failure_message = failure_message

    def __call__(self, function):
        self.function = function
        return self

    @property
    def needs(self):
        """Names that the test takes from the learner's notebook."""
        return list(signature(self.function).parameters)


class NotAttempted(NotImplementedError):
    """A stub was called that runs in another process; the text says what is missing."""


@dataclass(frozen=True)
class Question:
    """The tests of one question.

    Args:
        name: "q1".
        points: what the whole question is worth, hidden tests included.
        tests: the test_case objects that are known here, in their order.
    """

    name: str
    points: float
    tests: tuple

    @property
    def possible(self):
        """Points of the tests that are known here."""
        return sum(test.points for test in self.tests)


def load_question(text, path="<test file>"):
    """Read one of otter's test files.

    Args:
        text: the file's contents.
        path: where it came from, for tracebacks.
    Returns:
        Question: name, points and tests.
    """
    scope = _run(text.replace(OTTER_IMPORT, COURSE_IMPORT, 1), path)
    return Question(scope["name"], scope["points"], _tests(scope))


def load_exercise(text, path="<test file>"):
    """Read a test file of the form that ships with the package: a class a question.

    Args: as for `load_question`.
    Returns:
        list of Question, in order.
    """
    classes = [(name, one) for name, one in _run(text, path).items() if hasattr(one, "points")]
    return [Question(name, one.points, _tests(vars(one))) for name, one in classes]


@dataclass(frozen=True)
class Result:
    """The verdict on one question.

    Args:
        question: "q1".
        verdict: "right", "wrong" or "not attempted".
        points: points of the tests that passed.
        possible: points of all tests that were run.
        elsewhere: points that only hidden tests decide.
        violated: the first property that is broken, if wrong.
        message: the counter-example, or what is missing.
        advice: which hint to open, if wrong.
    """

    question: str
    verdict: str
    points: float
    possible: float
    elsewhere: float = 0
    violated: str | None = None
    message: str = ""
    advice: str = field(default="")

    @property
    def passed(self):
        """Whether every test that was run passed."""
        return self.verdict == "right"

    @property
    def headline(self):
        return (
            f"{SYMBOLS[self.verdict]} {self.question} {self.verdict}: {points_of(self.points, self.possible)}"
        )

    @property
    def details(self):
        """The lines below the headline, plain text."""
        if self.passed:
            more = f"Hidden tests decide {_points(self.elsewhere)} more when your work is graded."
            return more if self.elsewhere else ""
        lines = (
            [f"property: {self.violated}", indent(self.message, "  ")] if self.violated else [self.message]
        )
        return "\n".join([*lines, self.advice]).rstrip()

    def __repr__(self):
        return f"{self.headline}\n{indent(self.details, '  ')}".rstrip()

    def _repr_html_(self):
        box = f"border-left: 4px solid {COLORS[self.verdict]}; padding: .2em .8em"
        text = "margin: .4em 0 0; font-family: monospace; white-space: pre-wrap"
        details = f'<pre style="{text}">{escape(self.details)}</pre>' if self.details else ""
        return f'<div style="{box}"><strong>{escape(self.headline)}</strong>{details}</div>'


def run_question(question, env):
    """Run the tests of a question against a learner's variables.

    Args:
        question: a Question.
        env: dict of the learner's variables, the globals of the notebook.
    Returns:
        Result: wrong if any test finds a violation (the first one is reported), else not attempted if any
        test met a stub, else right.
    """
    points, wrong, missing = 0, None, None
    for test in question.tests:
        absent = next((_absence(name, env) for name in test.needs if _absence(name, env)), None)
        if absent:
            missing = missing or absent
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # a check tries extreme values, and says itself what came of it
                test.function(**{name: env[name] for name in test.needs})
        except Violation as violation:
            advice = test.failure_message if violation.advice is None else violation.advice
            wrong = wrong or (violation.property, violation.message, advice or "")
        except NotAttempted as error:
            missing = missing or str(error)
        except Exception as error:
            frame = _learners_frame(error, env)
            if isinstance(error, NotImplementedError) and frame and frame.tb_next is None:
                missing = missing or f"`{frame.tb_frame.f_code.co_qualname}` still raises NotImplementedError"
            else:
                wrong = wrong or ("runs without an error", _describe(error, frame), "")
        else:
            points += test.points
    common = {
        "points": points,
        "possible": question.possible,
        "elsewhere": question.points - question.possible,
    }
    if wrong:
        broken, message, advice = wrong
        return Result(question.name, "wrong", **common, violated=broken, message=message, advice=advice)
    if missing:
        return Result(question.name, "not attempted", **common, message=missing)
    return Result(question.name, "right", **common)


def points_of(points, possible):
    """ "2 of 3 points"."""
    return f"{points:g} of {_points(possible)}"


def _run(text, path):
    scope = {}
    exec(compile(text, str(path), "exec"), scope)
    return scope


def _tests(scope):
    return tuple(value for value in scope.values() if isinstance(value, test_case))


def _points(number):
    return f"{number:g} point{'' if number == 1 else 's'}"


def _absence(name, env):
    """Why a name counts as not attempted, or None."""
    if name not in env:
        return f"`{name}` is not defined yet: run its cell"
    if env[name] is Ellipsis:
        return f"`{name}` is still ..."
    return None


def _learners_frame(error, env):
    """The innermost traceback entry that lies in the learner's own cells, or None."""
    found, entry = None, error.__traceback__
    while entry is not None:
        if entry.tb_frame.f_globals is env:
            found = entry
        entry = entry.tb_next
    return found


def _describe(error, frame):
    """One line for the error, and one for the place in the learner's cell."""
    last = f"{type(error).__name__}: {error}".strip().removesuffix(":").splitlines()[0]
    if frame is None:
        return f"{last}\n  when the check called your answer"
    code = frame.tb_frame.f_code
    source = linecache.getline(code.co_filename, frame.tb_lineno).strip()
    place = f"line {frame.tb_lineno} of {_cell_name(code.co_filename)}, in {code.co_name}"
    return f"{last}\n  {place}" + (f":\n    {source}" if source else "")


def _cell_name(filename):
    """ "cell In[5]" inside Jupyter, "the cell" elsewhere, and in Colab, whose IPython 7 has no such names."""
    try:
        from IPython import get_ipython
    except ImportError:
        return "the cell"
    compiler = getattr(get_ipython(), "compile", None)
    label = hasattr(compiler, "format_code_name") and compiler.format_code_name(filename)
    return " ".join(label).replace("Cell", "cell") if label else "the cell"
