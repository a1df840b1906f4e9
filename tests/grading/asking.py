"""Two questions and a way to have any cells judged on them, in a sandbox."""

import os
import shutil
import subprocess

import pytest

from coursepkg.checks.runner import load_question
from coursepkg.grading.grade import grade
from coursepkg.grading.sandbox import Limits
from coursepkg.grading.submission import Submission

BUBBLEWRAP = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is missing: apt-get install bubblewrap"
)
TESTS = """
from otter.test_files import test_case
OK_FORMAT = False
name = "{name}"
points = {points}
"""
DOUBLE = (
    TESTS.format(name="q1", points=3)
    + """
def double_of(double, numbers):
    import numpy as np
    from coursepkg.checks.properties import must_be_array, must_be_close
    x = np.array(numbers)
    y = must_be_array(double(x), x.shape, "double(x)")
    must_be_close(y, 2 * x, "every number is doubled", "double(x)")

@test_case(points=2, hidden=False, failure_message="Open hint 1.")
def test_visible(double):
    double_of(double, [1.0, 2.0])

@test_case(points=1, hidden=True)
def test_hidden(double):
    double_of(double, [[0.125, -7.75]])
"""
)
THREE = (
    TESTS.format(name="q2", points=1)
    + """
@test_case(points=1, hidden=False)
def test_three(three):
    from coursepkg.checks.properties import must_be_predicted
    must_be_predicted(three, "three", 3, "one and two", "one and one is 2")
"""
)
QUESTIONS = [load_question(text, "test") for text in (DOUBLE, THREE)]
QUICK = Limits(call=2, cell=3, total=40, memory=1 << 30, processes=32)


def judged(source, *, limits=QUICK, after="three = 3", **where):
    """Graded, for an answer to the first question; the second one is answered behind it."""
    cells = [("q1-answer", source), ("q2-answer", after)]
    submission = Submission("tiny/double", "1", cells)
    return grade(submission, QUESTIONS, limits, **where)


def as_user(*words):
    """A command line as an ordinary user runs it. Skips the test where root cannot become one."""
    user = () if os.geteuid() else ("unshare", "--map-user=1000", "--map-group=1000")
    if subprocess.run([*user, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel makes no user namespaces")
    return [*user, *map(str, words)]


def points(graded):
    """(points of the first question, points of the second)."""
    return tuple(verdict.points for verdict in graded.verdicts)
