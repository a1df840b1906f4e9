"""The marks of a class in tables: CSV for a spreadsheet, SQLite for every grading with its date."""

import csv
import datetime
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from coursepkg.experiments.results import write_whole

LATEST = "grading.json"
TABLE = """CREATE TABLE IF NOT EXISTS marks (
    graded_at TEXT, student TEXT, exercise TEXT, question TEXT, points REAL, possible REAL, verdict TEXT,
    violated TEXT, unsafe INTEGER, record TEXT, UNIQUE (student, exercise, question, record)
)"""


def best_records(records):
    """For each student and exercise the record with the most points; the first of several.

    Args:
        records: list of dict, as in OUT/records.
    Returns:
        dict (student, exercise) -> record, sorted.
    """
    best = {}
    for record in records:
        who = record["student"], record["exercise"]
        if record["exercise"] and (who not in best or points_of(record) > points_of(best[who])):
            best[who] = record
    return dict(sorted(best.items()))


def incomplete_students(notebooks):
    """The students of whom a notebook has no record, so that their points are not known.

    Args:
        notebooks: list of dict, as `read_list` returns, or records.
    Returns:
        set of str.
    """
    return {one["student"] for one in notebooks if one["key"] is None}


def points_of(record):
    """Sum over the questions."""
    return sum(question["points"] for question in record["questions"])


def write_grades(path, records):
    """A row for each student, a column for each question, and the sum.

    The sum is empty where a notebook of the student failed through no fault of its own.

    Args:
        path: of the CSV file.
        records: list of dict.
    """
    best = best_records(records)
    columns = sorted(
        {(exercise, q["question"]) for (_, exercise), record in best.items() for q in record["questions"]}
    )
    points = {
        (student, exercise, q["question"]): q["points"]
        for (student, exercise), record in best.items()
        for q in record["questions"]
    }
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", *(f"{exercise} {question}" for exercise, question in columns), "points"])
    incomplete = incomplete_students(records)
    for student in sorted({record["student"] for record in records}):
        row = [points.get((student, *column), "") for column in columns]
        total = "" if student in incomplete else sum(value for value in row if value != "")
        table.writerow([safe_cell(student), *row, total])
    write_whole(path, text.getvalue())


def safe_cell(text):
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def keep_marks(path, records):
    """Adds what is new to a SQLite gradebook; nothing in it is changed or deleted.

    Args:
        path: of the database.
        records: list of dict.
    """
    rows = [
        (
            *(record[key] for key in ("date", "student", "exercise")),
            *(question[key] for key in ("question", "points", "possible", "verdict")),
            question["shown"]["violated"] or question["hidden"]["violated"],
            int(record["unsafe"]),
            record["key"],
        )
        for record in records
        for question in record["questions"]
    ]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(TABLE)
        database.executemany(f"INSERT OR IGNORE INTO marks VALUES ({', '.join('?' * 10)})", rows)


def changed_marks(before, after):
    """Whose marks differ between two gradings, and why.

    Args:
        before, after: lists of records.
    Returns:
        list of dict: student, exercise, question, before and after (points, or None), and reason.
    """
    old, new = (_by_question(records) for records in (before, after))
    changes = []
    for who in sorted(old.keys() | new.keys()):
        one, other = old.get(who), new.get(who)
        if one and other and one[0]["points"] == other[0]["points"]:
            continue
        changes.append(
            {
                **dict(zip(("student", "exercise", "question"), who, strict=True)),
                "before": one and one[0]["points"],
                "after": other and other[0]["points"],
                "reason": _reason(one, other),
            }
        )
    return changes


def _reason(one, other):
    if one is None or other is None:
        return "not graded before" if one is None else "not graded now"
    violated = [part[0][which]["violated"] for part in (one, other) for which in ("shown", "hidden")]
    was, now = violated[0] or violated[1], violated[2] or violated[3]
    what = f"{was or 'right'} -> {now or 'right'}"
    return f"{what}; another notebook" if one[1]["file"] != other[1]["file"] else what


def _by_question(records):
    return {
        (student, exercise, question["question"]): (question, record)
        for (student, exercise), record in best_records(records).items()
        for question in record["questions"]
    }


def keep_list(folder, records):
    """Writes OUT/grading.json: what the latest grading was of. What lies in OUT/records may be older.

    Args:
        folder: OUT.
        records: list of dict.
    """
    notebooks = [{key: record[key] for key in ("student", "file", "key")} for record in records]
    facts = {"date": datetime.datetime.now().isoformat(timespec="seconds"), "notebooks": notebooks}
    write_whole(Path(folder) / LATEST, json.dumps(facts, indent=1))


def has_grading(folder):
    """Whether a folder holds a grading that was finished."""
    return (Path(folder) / LATEST).exists()


def read_list(folder):
    """What the latest grading in a folder was of.

    Args:
        folder: OUT of a grading that was finished.
    Returns:
        list of dict: student, file and key; the key is None where no record could be made.
    Raises:
        ValueError: there is none.
    """
    if not has_grading(folder):
        raise ValueError(f"{folder} holds no finished grading")
    return json.loads((Path(folder) / LATEST).read_text(encoding="utf-8"))["notebooks"]


def read_records(folder):
    """The records of the latest grading in a folder.

    Args:
        folder: as for `read_list`.
    Returns:
        list of dict.
    Raises:
        ValueError: as for `read_list`.
    """
    files = [Path(folder) / "records" / f"{one['key']}.json" for one in read_list(folder) if one["key"]]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]
