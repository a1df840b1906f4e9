"""Reads the proof beside an exercise's source: wrong answers, and right ones that are written differently."""

from dataclasses import dataclass
from pathlib import Path

import jupytext

from solutions.source import SourceError

FACTS = {"title", "question", "violates", "caught_by"}
THE_PACKAGE = "the package"  # title of the alternative that hands in what the package has


@dataclass(frozen=True)
class Answer:
    """One cell of a proof: a mutant if it violates a property, an alternative if not.

    Fields:
        path: of the exercise's source.
        title: what is wrong with it, or how it is written.
        question: "q1".
        violates: the property, or None.
        caught_by: "visible" or "hidden" tests.
        source: of the answer cell.
    """

    path: Path
    title: str
    question: str
    violates: str | None
    caught_by: str
    source: str


def read_proof(path):
    """The answers that lie beside an exercise's source.

    Args:
        path: of the source.
    Returns:
        list of Answer, in order.
    Raises:
        SourceError: a cell of the proof has other facts than it should.
    """
    answers = []
    for cell in jupytext.read(path.with_suffix(".proof.py"), fmt="py:percent").cells:
        facts = {name: value for name, value in cell.metadata.items() if not name.startswith("lines_to")}
        facts = {"violates": None, "caught_by": "visible", **facts}
        known = facts.keys() == FACTS and facts["caught_by"] in ("visible", "hidden")
        if cell.cell_type != "code" or not known:
            raise SourceError(f"{path.with_suffix('.proof.py')}: a cell with the facts {facts}")
        answers.append(Answer(path, **facts, source=cell.source))
    return answers


def mistakes(path):
    """What people do who violate a property.

    Args:
        path: of the source.
    Returns:
        dict question -> dict property -> list of titles.
    """
    found = {}
    for answer in read_proof(path):
        if answer.violates:
            found.setdefault(answer.question, {}).setdefault(answer.violates, []).append(answer.title)
    return found
