"""What a learner holds in the variable `grader`."""

import sys
from html import escape
from pathlib import Path

from coursepkg.checks.runner import COLORS, SYMBOLS, load_exercise, load_question, points_of, run_question

VISIBLE = Path(__file__).parent / "visible"
KEEP = (
    "Keep your work. A Binder machine is deleted after some minutes without activity: use File > Download. "
    "Colab opens a copy that is not saved until you choose File > Save a copy in Drive. "
    "On your own machine: File > Save Notebook."
)
LEFT = ' style="text-align: left"'  # Jupyter aligns table cells to the right


def open_exercise(name, tests=None, env=None):
    """The grader of one exercise, for the notebook that calls this.

    Args:
        name: "<topic>/<exercise>", for instance "dropout/inverted_dropout".
        tests: folder of otter's test files; the visible tests that ship with the package when None.
        env: dict of the learner's variables; the caller's globals when None.
    Returns:
        Grader: with `check(question)` and `progress()`.
    Raises:
        ValueError: names the exercise asked for and those there are, or the folder without tests.
    """
    questions = visible_questions(name) if tests is None else _questions_of(Path(tests))
    return Grader(name, questions, sys._getframe(1).f_globals if env is None else env)


def visible_questions(name):
    """The questions of an exercise, with the tests that ship with the package.

    Args:
        name: "<topic>/<exercise>".
    Returns:
        list of runner.Question, in order.
    Raises:
        ValueError: names the exercise asked for and those there are.
    """
    files = {file.relative_to(VISIBLE).with_suffix("").as_posix(): file for file in VISIBLE.glob("*/*.py")}
    if name not in files:
        raise ValueError(f"name = {name!r} is none of the exercises {', '.join(sorted(files))}")
    return load_exercise(files[name].read_text(encoding="utf-8"), files[name])


def _questions_of(folder):
    files = sorted(folder.glob("*.py"), key=lambda path: (len(path.stem), path.stem))
    if not files:
        raise ValueError(f"tests = {str(folder)!r} is a folder without test files")
    return [load_question(path.read_text(encoding="utf-8"), path) for path in files]


class Grader:
    """Checks the questions of one exercise against the variables of a notebook.

    Args:
        name: "<topic>/<exercise>".
        questions: list of runner.Question, in order.
        env: dict of the learner's variables, read anew at each check.
    """

    def __init__(self, name, questions, env):
        self.name = name
        self.questions = {question.name: question for question in questions}
        self._env = env

    def check(self, question):
        """Run the tests of one question.

        Args:
            question: its name, for instance "q1".
        Returns:
            Result: shows itself as the last line of a cell; `.passed`, `.verdict`, `.violated`, `.points`.
        Raises:
            ValueError: names the question asked for and those there are.
        """
        if question not in self.questions:
            raise ValueError(
                f"question = {question!r} is not one of {', '.join(self.questions)} in {self.name}"
            )
        return run_question(self.questions[question], self._env)

    def progress(self):
        """Check every question again.

        Returns:
            Progress: a table of points so far, and how to keep one's work.
        """
        return Progress([self.check(question) for question in self.questions])


class Progress:
    """The results of all questions of an exercise, as a table.

    Args:
        results: list of runner.Result.
    """

    def __init__(self, results):
        self.results = results

    @property
    def passed(self):
        """Whether every question is right."""
        return all(result.passed for result in self.results)

    @property
    def points(self):
        """Points so far."""
        return sum(result.points for result in self.results)

    @property
    def _rows(self):
        rows = [
            (r.question, f"{SYMBOLS[r.verdict]} {r.verdict}", points_of(r.points, r.possible))
            for r in self.results
        ]
        return [*rows, ("all", "", points_of(self.points, sum(result.possible for result in self.results)))]

    @property
    def _notes(self):
        elsewhere = sum(result.elsewhere for result in self.results)
        hidden = f"Hidden tests decide {elsewhere:g} more when your work is graded." if elsewhere else ""
        return [note for note in (hidden, KEEP) if note]

    def __repr__(self):
        rows = [("question", "verdict", "points"), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        table = [f"{row[0].ljust(widths[0])}  {row[1].ljust(widths[1])}  {row[2]}" for row in rows]
        return "\n".join([*table, *self._notes])

    def _repr_html_(self):
        def row(cells, tag, color):
            left = f' style="text-align: left; border-left: 4px solid {color}"'
            return (
                "<tr>"
                + "".join(
                    f"<{tag}{left if i == 0 else LEFT}>{escape(cell)}</{tag.split()[0]}>"
                    for i, cell in enumerate(cells)
                )
                + "</tr>"
            )

        head = row(("question", "verdict", "points"), 'th scope="col"', "transparent")
        colors = [*(COLORS[result.verdict] for result in self.results), "transparent"]
        body = "".join(row(cells, "td", color) for cells, color in zip(self._rows, colors, strict=True))
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes)
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{notes}"
