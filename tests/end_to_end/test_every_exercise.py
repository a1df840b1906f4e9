"""Every exercise in the sandbox: right answers get full marks however they are written, wrong ones lose."""

import pytest
from asking import BUBBLEWRAP
from playing import ALTERNATIVES, MUTANTS, SOURCES, built, name_of, questions, rounds

from coursepkg.grading.grade import grade
from coursepkg.grading.submission import OURS, Submission
from solutions.proof import THE_PACKAGE

pytestmark = BUBBLEWRAP


def graded(path, answers, asked=None):
    """dict question -> Verdict, for the solution notebook with other answers: dict question -> source.

    `asked` are the questions that are judged, all if None.
    """
    cells = []
    for cell in built(path).solution.cells:
        role = cell.metadata.get("exercise", {})
        if cell.cell_type == "code" and role.get("role") != "check" and cell.id not in OURS:
            given = answers.get(role.get("question"))
            cells.append((cell.id, cell.source if given is None else given))
    withheld = tuple(built(path).solution.metadata["withheld"])
    full = questions(path, "full")
    judged = [full[name] for name in asked or full]
    found = grade(Submission(path.stem, "1", cells), judged, withheld=withheld)
    return {verdict.question: verdict for verdict in found.verdicts}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_right_answers_get_full_marks(path):
    # An answer finds no part of the package that would answer for it.
    alternatives = [answer for answer in ALTERNATIVES[path] if answer.title != THE_PACKAGE]
    for answers in [[], *rounds(alternatives)]:
        verdicts = graded(path, {answer.question: answer.source for answer in answers})
        for question, verdict in verdicts.items():
            titles = [answer.title for answer in answers]
            assert verdict.points == verdict.possible, (question, titles, verdict)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_wrong_answers_lose_marks(path):
    for answers in rounds(MUTANTS[path]):
        sources = {answer.question: answer.source for answer in answers}
        verdicts = graded(path, sources, asked=sources)
        for answer in answers:
            assert verdicts[answer.question].points < verdicts[answer.question].possible, answer
