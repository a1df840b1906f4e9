"""Pages about a grading: one for the instructor, and one for each student that shows no hidden test."""

from collections import Counter
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from coursepkg.experiments.results import write_whole
from coursepkg.grading.gradebook import best_records, points_of
from coursepkg.grading.records import clean, file_name

PAGES = Environment(
    loader=PackageLoader("coursepkg.grading", "pages"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters["clean"] = clean
COMMON = 8  # mistakes that are named for a question


def write_report(path, records, mistakes):
    """The instructor's page: how each question went, what mistakes were common, and what needs a look.

    Args:
        path: of the HTML file.
        records: list of dict.
        mistakes: dict exercise -> dict question -> dict property -> list of mistakes known to violate it.
    """
    best = best_records(records)
    exercises = []
    for name in sorted({name for _, name in best}):
        own = [record for (_, its), record in best.items() if its == name]
        exercises.append({"name": name, **_summary(own, mistakes.get(name, {}))})
    page = PAGES.get_template("report.html").render(
        exercises=exercises,
        problems=[record for record in records if record["problem"]],
        notes=[record for record in records if record["notes"] or record["borrowed"] or record["errors"]],
        unsafe=any(record["unsafe"] for record in records),
        students=len({record["student"] for record in records}),
        notebooks=len(records),
    )
    write_whole(path, page)


def write_feedback(folder, records):
    """A page for each student.

    Args:
        folder: for the pages.
        records: list of dict.
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    by_student = {}
    for record in records:
        by_student.setdefault(record["student"], []).append(record)
    template = PAGES.get_template("feedback.html")
    for student, own in by_student.items():
        best = list(best_records(own).values())
        problems = [record for record in own if record["problem"]]
        page = template.render(student=student, records=best, problems=problems, points_of=points_of)
        write_whole(folder / f"{file_name(student)}.html", page)


def _summary(records, mistakes):
    """Of one exercise: how many notebooks, the sums, and each question."""
    questions = {}
    for record in records:
        for question in record["questions"]:
            questions.setdefault(question["question"], []).append(question)
    sums = [points_of(record) for record in records]
    possible = max((sum(q["possible"] for q in record["questions"]) for record in records), default=0)
    return {
        "count": len(records),
        "mean": sum(sums) / len(sums),
        "possible": possible,
        "histogram": _bars(_tenths(sums, possible)),
        "questions": [_question(name, found, mistakes.get(name, {})) for name, found in questions.items()],
    }


def _question(name, found, mistakes):
    """Of one question: the points, the verdicts, and the properties that were violated."""
    violated = Counter()
    for question in found:  # a person counts once, however many tests find the same
        violated.update({question[part]["violated"] for part in ("shown", "hidden")} - {None})
    points = Counter(question["points"] for question in found)
    verdicts = Counter(question["verdict"] for question in found)
    return {
        "name": name,
        "mean": sum(question["points"] for question in found) / len(found),
        "possible": found[0]["possible"],
        "points": _bars([(f"{value:g}", count) for value, count in sorted(points.items())]),
        "verdicts": [(verdict, verdicts[verdict]) for verdict in ("right", "wrong", "not attempted")],
        "violated": [(law, count, mistakes.get(law, ())) for law, count in violated.most_common(COMMON)],
    }


def _tenths(sums, possible, bars=10):
    """How many students got which tenth of the points: list of (label, count)."""
    counts = [0] * bars
    for points in sums:
        counts[min(bars - 1, int(bars * points / possible)) if possible else 0] += 1
    return [(f"{i * possible / bars:.3g}", count) for i, count in enumerate(counts)]


def _bars(counts):
    """list of (label, count, height in per cent of the highest)."""
    top = max(count for _, count in counts)
    return [(label, count, 100 * count / top) for label, count in counts]
