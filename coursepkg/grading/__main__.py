"""coursepkg-grade: grades notebooks of exercises."""

import argparse
import csv
import sys
import tempfile
from pathlib import Path

from coursepkg.checks.grader import visible_questions
from coursepkg.grading.classroom import Found, find_notebooks, grade_class
from coursepkg.grading.exercises import read_exercises
from coursepkg.grading.grade import grade
from coursepkg.grading.gradebook import (
    best_records,
    changed_marks,
    incomplete_students,
    keep_list,
    keep_marks,
    points_of,
    read_list,
    read_records,
    safe_cell,
    write_grades,
)
from coursepkg.grading.records import clean
from coursepkg.grading.report import write_feedback, write_report
from coursepkg.grading.sandbox import Limits, NoSandbox, readable
from coursepkg.grading.submission import BadSubmission, parse_submission, read_notebook

TESTS = "_build/solutions"
PACKAGE = "coursepkg @ git+https://github.com/deep-components/course"
PACKAGE_WITH_TORCH = PACKAGE.replace("coursepkg", "coursepkg[torch]", 1)
DESCRIPTION = """Grades notebooks of the course's exercises.

A learner's own notebook, with the tests that every learner has:
    coursepkg-grade check block_backward.ipynb

A class. SUBMISSIONS holds STUDENT.ipynb or STUDENT/ANYTHING.ipynb. Answers run in a sandbox (Linux, package
bubblewrap), the tests outside of it. Interrupted, the same command goes on where it was:
    python solutions/generate.py
    coursepkg-grade class SUBMISSIONS --out MARKS

MARKS then holds grades.csv (a row a student, a column a question), report.html for you, feedback/ with a page
for each student that shows no hidden test, gradebook.sqlite with every grading and its date, and records/.
"""


def main(argv=None):
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments)
    except (ValueError, OSError, NoSandbox) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where it was.", file=sys.stderr)
        return 130


def check(arguments):
    """A learner's own notebook, run as an ordinary process: it is their own code."""
    try:
        submission = parse_submission(read_notebook(arguments.notebook))
    except BadSubmission as error:
        raise ValueError(f"{arguments.notebook} cannot be checked: it {error}") from None
    questions = visible_questions(submission.exercise)
    graded = grade(submission, questions, unsafe=True, withheld=submission.withheld)
    rows = [("question", "points", "verdict", "property violated", "hint")]
    for verdict in graded.verdicts:
        shown = verdict.shown
        advice = shown.advice or (shown.message if shown.verdict == "not attempted" else "")
        points = f"{shown.points:g} of {shown.possible:g}"
        rows.append((verdict.question, points, shown.verdict, shown.violated or "", clean(advice)))
    _print_table(rows)
    print(f"\n{graded.points:g} of {graded.possible:g} points in the tests that you have.")
    for cell, error in graded.errors.items():
        print(f"cell {clean(cell)}: {clean(error)}")
    return 0 if all(verdict.verdict == "right" for verdict in graded.verdicts) else 1


def grade_folder(arguments):
    """A class."""
    return _grade(find_notebooks(arguments.submissions), arguments)


def regrade(arguments):
    """The notebooks of an earlier grading again, with the tests as they are now."""
    before = read_records(arguments.out)
    notebooks = [Found(one["student"], Path(one["file"])) for one in read_list(arguments.out)]
    status = _grade(notebooks, arguments)
    _print_changes(before, read_records(arguments.out))
    return status


def diff(arguments):
    """Whose marks changed, and why."""
    _print_changes(read_records(arguments.before), read_records(arguments.after))
    return 0


def export_autograder(arguments):
    """The zip file that Gradescope's autograder takes, as otter builds it.

    There an answer runs in one process with the tests, so that it can be made to pass them.
    """
    try:
        from otter.generate import main as otter_generate  # takes seconds to import
    except ImportError:
        raise ValueError("otter builds this file: pip install otter-grader") from None
    exercises = read_exercises(arguments.tests)
    if arguments.exercise not in exercises:
        known = ", ".join(exercises)
        raise ValueError(f"no tests of {arguments.exercise!r} in {arguments.tests}; there are {known}")
    out = Path(arguments.out or f"{arguments.exercise.replace('/', '-')}.zip").resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        package = PACKAGE if "torch" in exercises[arguments.exercise].withheld else PACKAGE_WITH_TORCH
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(package + "\n", encoding="utf-8")
        otter_generate(
            tests_dir=str(Path(arguments.tests, arguments.exercise, "tests")),
            output_path=str(out),
            requirements=str(requirements),
            no_config=True,
            no_environment=True,
            python_version="{}.{}".format(*sys.version_info),
        )
    print(out)
    return 0


def export_marks(arguments):
    """The sums as the columns that a learning platform imports."""
    best = best_records(read_records(arguments.out))
    incomplete = incomplete_students(read_list(arguments.out))
    exercises = sorted({exercise for _, exercise in best})
    points = {who: points_of(record) for who, record in best.items() if who[0] not in incomplete}
    first = {
        "canvas": ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"],
        "moodle": ["Username"],
    }[arguments.format]
    login = first.index("SIS Login ID") if arguments.format == "canvas" else 0
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow([*first, *exercises])
    for student in sorted({student for student, _ in best}):
        row = [""] * len(first)
        row[0] = row[login] = safe_cell(student)
        table.writerow([*row, *(points.get((student, exercise), "") for exercise in exercises)])
    if incomplete:
        names = ", ".join(sorted(incomplete))
        print(f"Without points, since not all that they handed in is graded: {names}", file=sys.stderr)
    return 1 if incomplete else 0


def _grade(found, arguments):
    exercises = read_exercises(arguments.tests)
    if arguments.exercise not in (None, *exercises):
        raise ValueError(f"there are no tests of {arguments.exercise!r} in {arguments.tests}")
    if seen := [folder for folder in readable() if Path(arguments.tests).resolve().is_relative_to(folder)]:
        raise ValueError(f"{arguments.tests} lies in {seen[0]}, which answers can read: keep tests elsewhere")
    out = Path(arguments.out)
    records = grade_class(
        found,
        out,
        exercises,
        cluster=arguments.cluster,
        workers=arguments.workers,
        limits=Limits(call=arguments.call, total=arguments.total, memory=arguments.memory << 20),
        unsafe=arguments.unsafe,
        only=arguments.exercise,
    )
    write_grades(out / "grades.csv", records)
    write_report(out / "report.html", records, {name: one.mistakes for name, one in exercises.items()})
    write_feedback(out / "feedback", records)
    keep_marks(out / "gradebook.sqlite", records)
    keep_list(out, records)
    problems = [record for record in records if record["problem"]]
    print(f"{len(records) - len(problems)} notebooks graded: {out / 'grades.csv'}, {out / 'report.html'}")
    for record in problems:
        print(f"not graded: {clean(record['file'])}: {record['problem']}")
    if arguments.unsafe:
        print("Graded without a sandbox: these marks can have been made by the answers themselves.")
    return 1 if incomplete_students(records) else 0


def _print_changes(before, after):
    changes = changed_marks(before, after)
    if not changes:
        print("No mark has changed.")
        return
    keys = ("student", "exercise", "question", "before", "after", "reason")
    shown = [["" if change[key] is None else clean(f"{change[key]}") for key in keys] for change in changes]
    _print_table([keys, *shown])


def _parser():
    parser = argparse.ArgumentParser(
        prog="coursepkg-grade",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name, run, words):
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(run=run)
        return command

    command = add("check", check, "a learner's own notebook, with the tests that every learner has")
    command.add_argument("notebook")
    command = add("class", grade_folder, "all notebooks below a folder")
    command.add_argument("submissions", help="holds STUDENT.ipynb, or STUDENT/ANYTHING.ipynb")
    command.add_argument("--out", required=True, help="folder for marks, reports and records")
    _add_grading(command)
    command = add("regrade", regrade, "the notebooks of an earlier grading, with the tests as they are now")
    command.add_argument("out", help="folder of that grading")
    _add_grading(command)
    command = add("diff", diff, "whose marks differ between two gradings, and why")
    command.add_argument("before")
    command.add_argument("after")
    exported = add("export", None, "marks for Canvas or Moodle, or an autograder for Gradescope")
    platforms = exported.add_subparsers(required=True, metavar="PLATFORM")
    for platform in ("canvas", "moodle"):
        words = f"the sums of a grading, in the columns that {platform.title()} imports"
        command = platforms.add_parser(platform, help=words, description=words)
        command.set_defaults(run=export_marks, format=platform)
        command.add_argument("out", help="folder of a grading")
    words = "an exercise's autograder as otter builds it (there, answers run unprotected beside the tests)"
    command = platforms.add_parser("gradescope", help=words, description=words)
    command.set_defaults(run=export_autograder)
    command.add_argument("exercise", help="for instance residual/count_paths")
    command.add_argument("--out", help="path of the zip file (default: TOPIC-EXERCISE.zip)")
    _add_tests(command)
    return parser


def _add_tests(command):
    command.add_argument(
        "--tests", default=TESTS, help=f"folder of the tests, yours if you keep others (default: {TESTS})"
    )


def _add_grading(command):
    _add_tests(command)
    command.add_argument("--exercise", help="grade this one alone, for instance residual/count_paths")
    command.add_argument(
        "--cluster", help="address of a dask scheduler, tcp://HOST:PORT (default: this machine)"
    )
    command.add_argument("--workers", type=int, help="processes on this machine (default: one for each core)")
    command.add_argument(
        "--call", type=float, default=20, help="seconds for a call of an answer (default: 20)"
    )
    command.add_argument("--total", type=float, default=300, help="seconds for a notebook (default: 300)")
    command.add_argument("--memory", type=int, default=4096, help="MiB for an answer (default: 4096)")
    command.add_argument(
        "--unsafe", action="store_true", help="run answers without a sandbox, and say so on every page"
    )


def _print_table(rows):
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    sys.exit(main())
