"""Grades one notebook: the tests here, the answer in its sandbox."""

import time
from dataclasses import dataclass, field

from coursepkg.checks.runner import Question, Result, run_question
from coursepkg.grading.sandbox import Limits
from coursepkg.grading.session import AnswerError, Died, Session

RESTARTS = 40  # of an answer's process; more is no accident, and the rest counts as not answered


@dataclass(frozen=True)
class Verdict:
    """What the tests say of one question.

    Fields:
        question: "q1".
        shown: runner.Result of the tests that the learner knows.
        hidden: runner.Result of the others; what it says is for the instructor alone.
    """

    question: str
    shown: Result
    hidden: Result

    @property
    def points(self):
        return self.shown.points + self.hidden.points

    @property
    def possible(self):
        return self.shown.possible + self.hidden.possible

    @property
    def verdict(self):
        """The worse of the two: wrong, else not attempted, else right."""
        both = {self.shown.verdict, self.hidden.verdict}
        return next(verdict for verdict in ("wrong", "not attempted", "right") if verdict in both)

    @property
    def violated(self):
        """The first property that is broken, or None."""
        return self.shown.violated or self.hidden.violated


@dataclass(frozen=True)
class Graded:
    """A notebook's verdicts.

    Fields:
        verdicts: list of Verdict, one for each question, in order.
        errors: dict of a cell's id -> the error that it raised when it was run.
        seconds: how long it took.
    """

    verdicts: list
    errors: dict = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def points(self):
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def possible(self):
        return sum(verdict.possible for verdict in self.verdicts)


def grade(submission, questions, limits=None, **where):
    """Judges all questions of a submission. What one answer breaks does not touch the others.

    Args:
        submission: submission.Submission.
        questions: list of runner.Question, hidden tests included.
        limits: Limits.
        where: slot, withheld and unsafe, as for `session.Session`.
    Returns:
        Graded.
    Raises:
        NoSandbox: the sandbox did not start; that is nobody's mark.
    """
    start, limits = time.monotonic(), limits or Limits()
    answer = _Answer(submission.cells, limits, start + limits.total, where)
    try:
        verdicts = [answer.judge(question) for question in questions]
    finally:
        answer.close()
    return Graded(verdicts, answer.errors, round(time.monotonic() - start, 2))


class _Answer:
    """The variables of a notebook, in a process that is started again when the answer has ended it."""

    def __init__(self, cells, limits, deadline, where):
        self.cells, self.limits, self.deadline, self.where = cells, limits, deadline, where
        self.errors, self.left_out, self.restarts, self.session = {}, set(), 0, None

    def judge(self, question):
        """Verdict on one question."""
        tests = [[test for test in question.tests if bool(test.hidden) == hidden] for hidden in (False, True)]
        parts = [Question(question.name, sum(test.points for test in some), tuple(some)) for some in tests]
        return Verdict(question.name, *(self._run(part) for part in parts))

    def close(self):
        if self.session is not None:
            self.session.close()

    def _run(self, question):
        try:
            env = self._namespace({name for test in question.tests for name in test.needs})
        except Died as error:
            message = f"the answer {error}"
            points = (0, question.possible)
            return Result(question.name, "wrong", *points, violated="comes to an end", message=message)
        return run_question(question, env)

    def _namespace(self, names):
        while True:
            if self.session is None or not self.session.alive:
                self._start()
            try:
                found = self.session.look_up(names)
            except AnswerError as error:
                self.session.close()
                raise Died(f"could not say what it has defined: {error}") from None
            if isinstance(found, dict) and found.keys() <= names:
                return found
            self.session.close()
            raise Died("sent other names than were asked for")

    def _start(self):
        """A new process in which all cells have run, but for those that ended an earlier one."""
        while True:
            if self.restarts > RESTARTS:
                raise Died("has ended its process too often")
            if time.monotonic() >= self.deadline:
                raise Died(f"has used up its {self.limits.total:g} seconds")
            self.restarts += 1
            self.session = Session(self.limits, self.deadline, **self.where)
            for name, source in self.cells:
                if name in self.left_out:
                    continue
                try:
                    self.session.run(name, source)
                except AnswerError as error:
                    self.errors[name] = f"{error} {error.where}".strip()
                except Died as error:
                    self.errors[name] = f"the cell {error}"
                    self.left_out.add(name)
                    break
            else:
                return
