"""A class from the folder of notebooks to the marks: whole, resumed, graded again, and nothing leaks."""

import csv
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile

import pytest
from asking import BUBBLEWRAP, DOUBLE, THREE, as_user

from coursepkg.grading.__main__ import main
from coursepkg.grading.classroom import find_notebooks
from coursepkg.grading.gradebook import read_records, safe_cell
from coursepkg.grading.records import clean, file_name
from coursepkg.grading.sandbox import NoSandbox, check_available

RIGHT, WRONG = "def double(x): return 2 * x", "def double(x): return 3 * x"
CODED = "import numpy as np\ndef double(x): return np.array([2.0, 4.0])"
NASTY = "def double(x): raise ValueError('\\x1b[31m<script>alert(1)</script>')"


def write_notebook(path, double, three="three = 3", version="new", exercise="tiny/double"):
    cells = [
        {"cell_type": "code", "id": f"{name}-answer", "source": source, "metadata": {}, "outputs": []}
        for name, source in (("q1", double), ("q2", three))
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"exercise": exercise, "version": version}, "nbformat": 4})
    )


@pytest.fixture
def tests(tmp_path):
    folder = tmp_path / "tests" / "tiny" / "double"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "q1.py").write_text(DOUBLE)
    (folder / "tests" / "q2.py").write_text(THREE)
    write_notebook(folder / "double.ipynb", RIGHT)
    (folder / "mistakes.json").write_text(json.dumps({"q1": {"every number is doubled": ["trebles"]}}))
    return tmp_path / "tests"


@pytest.fixture
def class_of_six(tmp_path):
    folder = tmp_path / "class"
    write_notebook(folder / "anna.ipynb", RIGHT)
    write_notebook(folder / "ben" / "anything.ipynb", WRONG)
    write_notebook(folder / "carl.ipynb", CODED, version="old")
    write_notebook(folder / "=1+1.ipynb", NASTY, three="three = ...")
    write_notebook(folder / "dora.ipynb", RIGHT, exercise="tiny/other")
    (folder / "emil.ipynb").write_text("{")
    return folder


def run(*arguments):
    return main([str(argument) for argument in arguments])


def grade(folder, tests, out, *more):
    return run("class", folder, "--tests", tests, "--out", out, "--workers", 1, *more)


def rows(out):
    with open(out / "grades.csv", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@BUBBLEWRAP
def test_a_class_from_notebooks_to_marks(class_of_six, tests, tmp_path, capsys):
    out = tmp_path / "marks"
    assert grade(class_of_six, tests, out) == 0
    printed = capsys.readouterr().out
    assert "4 notebooks graded" in printed
    assert "emil.ipynb: it is no notebook: not JSON" in printed
    assert "dora.ipynb: it is of the exercise 'tiny/other', for which there are no tests" in printed

    points = {student: row["points"] for student, row in rows(out).items()}
    assert points == {"anna": "4", "ben": "1", "carl": "3", "'=1+1": "0", "dora": "0", "emil": "0"}
    assert rows(out)["carl"]["tiny/double q1"] == "2" and rows(out)["emil"]["tiny/double q1"] == ""

    report = (out / "report.html").read_text()
    row = '<td>every number is doubled</td><td class="number">1</td><td class="known">trebles</td>'
    assert row in report  # once for ben, though a visible and a hidden test find it
    assert "version old of the exercise" in report and "without a sandbox" not in report
    with sqlite3.connect(out / "gradebook.sqlite") as database:
        assert database.execute("SELECT sum(points), count(*) FROM marks").fetchone() == (8, 8)


@BUBBLEWRAP
def test_feedback_shows_no_hidden_test_and_no_page_runs_what_an_answer_wrote(class_of_six, tests, tmp_path):
    out = tmp_path / "marks"
    grade(class_of_six, tests, out)
    pages = {path.stem: path.read_text() for path in (out / "feedback").iterdir()}
    assert len(pages) == 6
    assert "emil.ipynb could not be graded" in pages["emil"]
    assert "Other tests: 0 of 1 points" in pages["carl"] and "right" in pages["carl"]
    for page in pages.values():
        assert not any(word in page for word in ("7.75", "0.125", "test_hidden", str(tmp_path)))
    everything = "".join([*pages.values(), (out / "report.html").read_text()])
    assert "<script" not in everything and "&lt;script&gt;" in everything and "\x1b" not in everything


@BUBBLEWRAP
def test_what_is_graded_is_not_graded_again(class_of_six, tests, tmp_path):
    out = tmp_path / "marks"
    grade(class_of_six, tests, out)
    before = {path: path.stat().st_mtime_ns for path in (out / "records").iterdir()}
    (class_of_six / "ben" / "anything.ipynb").unlink()
    write_notebook(class_of_six / "ben" / "something.ipynb", RIGHT)
    write_notebook(class_of_six / "fritz.ipynb", RIGHT)
    (class_of_six / "emil.ipynb").unlink()  # which had no marks
    grade(class_of_six, tests, out)
    after = {path: path.stat().st_mtime_ns for path in (out / "records").iterdir()}
    assert {path: after[path] for path in before} == before and len(after) == len(before) + 2
    assert rows(out)["ben"]["points"] == "4" and rows(out)["fritz"]["points"] == "4"
    with sqlite3.connect(out / "gradebook.sqlite") as database:
        found = database.execute("SELECT points FROM marks WHERE student = 'ben' AND question = 'q1'")
        assert sorted(found.fetchall()) == [(0,), (3,)]  # each grading is kept


@BUBBLEWRAP
def test_one_exercise_of_several(class_of_six, tests, tmp_path, capsys):
    shutil.copytree(tests / "tiny" / "double", tests / "tiny" / "other")
    grade(class_of_six, tests, tmp_path / "marks", "--exercise", "tiny/other")
    assert "anna.ipynb: it is of the exercise 'tiny/double', not of 'tiny/other'" in capsys.readouterr().out
    assert {who: row["points"] for who, row in rows(tmp_path / "marks").items() if row["points"] != "0"} == {
        "dora": "4"
    }
    grade(class_of_six, tests, tmp_path / "marks")
    assert rows(tmp_path / "marks")["anna"]["points"] == rows(tmp_path / "marks")["dora"]["points"] == "4"
    with pytest.raises(SystemExit):
        grade(class_of_six, tests, tmp_path / "marks", "--exercise", "tiny/third")
    assert "there are no tests of 'tiny/third'" in capsys.readouterr().err


@BUBBLEWRAP
def test_regrade_and_diff_say_whose_marks_changed(class_of_six, tests, tmp_path, monkeypatch, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.chdir(tmp_path)
    grade(class_of_six.name, tests, first)
    monkeypatch.chdir("/")
    three = tests / "tiny" / "double" / "tests" / "q2.py"
    three.write_text(three.read_text().replace('three, "three", 3', 'three, "three", 4'))
    write_notebook(tests / "tiny" / "double" / "double.ipynb", RIGHT, three="three = 4")
    grade(class_of_six, tests, second)
    capsys.readouterr()
    assert run("diff", first, second) == 0
    printed = capsys.readouterr().out
    assert printed.count("right -> one and two") == 3 and "anna" in printed and "emil" not in printed
    assert run("regrade", first, "--tests", tests, "--workers", 1) == 0
    assert capsys.readouterr().out.count("right -> one and two") == 3
    assert rows(first)["anna"]["points"] == "3"
    run("export", "moodle", first)  # the better marks of the earlier grading are kept, and count no more
    assert "anna,3" in capsys.readouterr().out
    with sqlite3.connect(first / "gradebook.sqlite") as database:
        found = database.execute("SELECT points FROM marks WHERE student = 'anna' AND question = 'q2'")
        assert sorted(found.fetchall()) == [(0,), (1,)]
    assert run("diff", first, second) == 0
    assert "No mark has changed." in capsys.readouterr().out


def delete(*names):
    return lambda folder, tests: [(folder / name).unlink() for name in names]


ALL = ["=1+1.ipynb", "anna.ipynb", "anything.ipynb", "second.ipynb", "carl.ipynb"]
LOST = {  # what happens to notebooks that have marks -> which are named, and with which words
    delete("anna.ipynb"): (["anna.ipynb"], ""),
    delete("=1+1.ipynb", "anna.ipynb"): (["=1+1.ipynb", "anna.ipynb"], ""),
    delete("ben/second.ipynb"): (["second.ipynb"], ""),  # of two
    lambda folder, tests: (folder / "ben").rename(tests / "ben"): (["anything.ipynb", "second.ipynb"], ""),
    lambda folder, tests: (folder / "anna.ipynb").write_text(""): (["anna.ipynb"], "not JSON"),
    lambda folder, tests: shutil.copy(folder / "dora.ipynb", folder / "anna.ipynb"): (["anna.ipynb"], ""),
    lambda folder, tests: (tests / "tiny" / "double").rename(tests / "tiny" / "third"): (ALL, "no tests"),
}


def test_no_mark_is_lost_with_its_notebook(class_of_six, tests, tmp_path, capsys):
    out, kept = tmp_path / "marks", tmp_path / "kept"
    write_notebook(class_of_six / "ben" / "second.ipynb", RIGHT)
    grade(class_of_six, tests, out, "--unsafe")
    marks = contents(out)
    for folder in (class_of_six, tests):
        shutil.copytree(folder, kept / folder.name)
    for lose, (named, words) in LOST.items():
        lose(class_of_six, tests)
        for command in (["class", class_of_six, "--out", out], ["regrade", out]):
            with pytest.raises(SystemExit) as stop:
                run(*command, "--tests", tests, "--unsafe")
            told = capsys.readouterr().err
            assert stop.value.code == 2 and "nothing was graded, and nothing overwritten" in told
            assert re.findall(r"/([^/]+\.ipynb)", told) == named and words in told
            assert contents(out) == marks
        for folder in (class_of_six, tests):
            shutil.rmtree(folder)
            shutil.copytree(kept / folder.name, folder)
    shutil.copytree(tests / "tiny" / "double", tests / "tiny" / "other")
    with pytest.raises(SystemExit):
        run("regrade", out, "--tests", tests, "--unsafe", "--exercise", "tiny/other")
    assert "anna.ipynb of tiny/double: it is of the exercise 'tiny/double', not of" in capsys.readouterr().err
    assert contents(out) == marks


@BUBBLEWRAP
def test_export(class_of_six, tests, tmp_path, capsys):
    grade(class_of_six, tests, tmp_path / "marks")
    capsys.readouterr()
    assert run("export", "canvas", tmp_path / "marks") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Student,ID,SIS User ID,SIS Login ID,Section,tiny/double"
    assert "anna,,,anna,,4" in lines and "'=1+1,,,'=1+1,,0" in lines
    assert run("export", "moodle", tmp_path / "marks") == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["Username,tiny/double", "'=1+1,0"]


def test_export_for_gradescope_holds_all_tests(tests, tmp_path, capsys):
    archive = tmp_path / "double.zip"
    assert run("export", "gradescope", "tiny/double", "--tests", tests, "--out", archive) == 0
    with zipfile.ZipFile(archive) as file:
        assert file.read("tests/q1.py").decode() == DOUBLE
        environment = file.read("environment.yml").decode()
        assert "coursepkg[torch] @ git+" in environment and "otter-grader" in environment


@BUBBLEWRAP
def test_interrupted_it_goes_on_where_it_was(tests, tmp_path):
    folder, out = tmp_path / "class", tmp_path / "marks"
    slow = "import time\ntime.sleep(0.7)\n" + RIGHT
    for number in range(6):
        write_notebook(folder / f"student{number}.ipynb", slow)
    command = [sys.executable, "-m", "coursepkg.grading", "class", folder, "--tests", tests, "--out", out]
    process = subprocess.Popen(
        [*map(str, command), "--workers", "1"],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    )
    until = time.monotonic() + 60
    while len(list((out / "records").glob("*.json"))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    done = {path: path.stat().st_mtime_ns for path in (out / "records").glob("*.json")}
    assert process.returncode == 130 and 2 <= len(done) < 6
    assert not (out / "grades.csv").exists()
    grade(folder, tests, out)
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert [row["points"] for row in rows(out).values()] == ["4"] * 6


@BUBBLEWRAP
def test_a_cluster_that_runs_already_and_a_worker_that_dies(tests, tmp_path):
    from distributed import LocalCluster

    folder = tmp_path / "class"
    for number in range(12):
        write_notebook(folder / f"student{number:02}.ipynb", "import time\ntime.sleep(0.3)\n" + RIGHT)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        processes = [worker.pid for worker in cluster.workers.values()]
        killer = subprocess.Popen(["sh", "-c", f"sleep 1; kill -9 {processes[0]}"])
        grade(folder, tests, tmp_path / "marks", "--cluster", cluster.scheduler_address)
        killer.wait()
    assert [row["points"] for row in rows(tmp_path / "marks").values()] == ["4"] * 12


@BUBBLEWRAP
def test_what_fails_through_no_fault_of_a_notebook_is_no_mark_and_is_tried_again(
    class_of_six, tests, tmp_path, monkeypatch, capsys
):
    out, folder = tmp_path / "marks", tests / "tiny" / "double"
    solution, q1 = (folder / "double.ipynb").read_text(), (folder / "tests" / "q1.py").read_text()
    (folder / "double.ipynb").unlink()
    (folder / "tests" / "q1.py").write_text("this is no test file")
    assert grade(class_of_six, tests, out) == 1
    assert capsys.readouterr().out.count("through no fault of its own (SyntaxError") == 4
    assert rows(out)["anna"] == {"student": "anna", "points": ""} and rows(out)["emil"]["points"] == "0"
    assert run("export", "moodle", out) == 1
    assert "not all that they handed in is graded: =1+1, anna, ben, carl" in capsys.readouterr().err
    (folder / "double.ipynb").write_text(solution)
    (folder / "tests" / "q1.py").write_text(q1)
    assert run("regrade", out, "--tests", tests, "--workers", 1) == 0
    assert rows(out)["anna"]["points"] == "4"


@BUBBLEWRAP
def test_where_the_solution_gets_no_full_marks_nothing_is_graded(class_of_six, tests, tmp_path, capsys):
    broken = "import no_such_library\n" + RIGHT
    write_notebook(tests / "tiny" / "double" / "double.ipynb", broken)
    with pytest.raises(SystemExit):
        grade(class_of_six, tests, tmp_path / "marks")
    printed = capsys.readouterr().err
    assert "nothing was graded: on this machine the solution of tiny/double gets 0 of 3 points" in printed
    assert "No module named 'no_such_library'" in printed
    assert not list((tmp_path / "marks" / "records").glob("*.json"))


def test_tests_that_answers_could_read_are_refused(class_of_six, tests, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("coursepkg.grading.__main__.readable", lambda: [tmp_path.resolve()])
    with pytest.raises(SystemExit):
        grade(class_of_six, tests, tmp_path / "marks")
    assert "which answers can read: keep tests elsewhere" in capsys.readouterr().err


@BUBBLEWRAP
def test_without_libseccomp_it_refuses(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(NoSandbox, match="libseccomp is missing: apt-get install libseccomp2"):
        check_available()


def test_without_bubblewrap_it_refuses(class_of_six, tests, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(NoSandbox, match="bubblewrap is missing: apt-get install bubblewrap"):
        check_available()
    with pytest.raises(SystemExit) as stop:
        grade(class_of_six, tests, tmp_path / "marks")
    assert stop.value.code == 2 and "apt-get install bubblewrap" in capsys.readouterr().err
    assert not (tmp_path / "marks" / "grades.csv").exists()


def test_unsafe_marks_are_stamped(class_of_six, tests, tmp_path, capsys):
    out = tmp_path / "marks"
    grade(class_of_six, tests, out, "--unsafe")
    assert rows(out)["anna"]["points"] == "4" and rows(out)["ben"]["points"] == "1"
    assert "without a sandbox" in (out / "report.html").read_text()
    assert "without a sandbox" in (out / "feedback" / "anna.html").read_text()
    assert "without a sandbox" in capsys.readouterr().out
    assert all(record["unsafe"] for record in read_records(out) if record["questions"])


def test_a_learner_checks_a_notebook(tmp_path, capsys):
    cells = [("q1-answer", "three = 3.375\ndead = 1\nundone = 0\nplain = 0.125"), ("q2-answer", "1 / 0")]
    parts = [{"cell_type": "code", "id": name, "source": source} for name, source in cells]
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps({"cells": parts, "metadata": {"exercise": "residual/block_backward"}}))
    assert run("check", path) == 1
    printed = capsys.readouterr().out
    assert "q1        3 of 3  right" in printed and "not attempted" in printed
    assert "cell q2-answer: ZeroDivisionError: division by zero line 1 of cell q2-answer" in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["class", "nowhere", "--out", "x"], "nowhere is no folder"),
        (["class", ".", "--out", "x", "--tests", "empty"], "holds no notebook"),
        (["check", "nowhere.ipynb"], "cannot be read: No such file"),
        (["diff", "a", "b"], "a holds no finished grading"),
        (["regrade", "a"], "a holds no finished grading"),
        (["export", "moodle", "a"], "a holds no finished grading"),
    ],
)
def test_wrong_arguments_have_a_clear_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2 and words in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_no_tests_says_how_to_make_them(class_of_six, tmp_path, capsys):
    with pytest.raises(SystemExit):
        grade(class_of_six, tmp_path / "nothing", tmp_path / "marks")
    assert "python solutions/generate.py" in capsys.readouterr().err


def test_a_folder_of_tests_that_holds_none_is_refused(class_of_six, tests, tmp_path, capsys):
    for test in (tests / "tiny" / "double" / "tests").iterdir():
        test.unlink()
    with pytest.raises(SystemExit):
        grade(class_of_six, tests, tmp_path / "marks")
    assert "double/tests holds no test" in capsys.readouterr().err


def test_notebooks_are_found_whatever_their_folders_are(tmp_path):
    write_notebook(tmp_path / "anna.ipynb", RIGHT)
    write_notebook(tmp_path / "ben" / "deep" / "down.ipynb", RIGHT)
    write_notebook(tmp_path / "ben" / ".ipynb_checkpoints" / "down.ipynb", RIGHT)
    (tmp_path / "carl").mkdir()
    (tmp_path / "dora").symlink_to("/etc")
    (tmp_path / "notes.txt").write_text("from the secretary")
    assert [(one.student, one.path.name) for one in find_notebooks(tmp_path)] == [
        ("anna", "anna.ipynb"),
        ("ben", "down.ipynb"),
        ("carl", "carl"),
        ("dora", "dora"),
    ]


@pytest.mark.parametrize("name", ["ben", "emil.ipynb"])
def test_what_cannot_be_read_is_no_mark(class_of_six, tests, tmp_path, name):
    (class_of_six / name).chmod(0)
    words = ("class", class_of_six, "--tests", tests, "--out", tmp_path / "marks", "--unsafe")
    command = as_user(sys.executable, "-m", "coursepkg.grading", *words)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    (class_of_six / name).chmod(0o700)
    assert done.returncode == 2 and "Permission denied" in done.stderr and f"class/{name}" in done.stderr
    assert not (tmp_path / "marks").exists()


def test_names_of_files_may_be_anything(tests, tmp_path, capsys):
    names = [b"bytes\xff", b"\x1b[31mred", b"<script>", b"=cmd", b"a .. b", b"a\nb"]
    (tmp_path / "class").mkdir()
    for name in names:
        (tmp_path / "class" / os.fsdecode(name + b".ipynb")).write_text("{")
    grade(tmp_path / "class", tests, tmp_path / "marks", "--unsafe")
    pages = list((tmp_path / "marks" / "feedback").iterdir())
    assert len(rows(tmp_path / "marks")) == len(pages) == len(names)
    pages.append(tmp_path / "marks" / "report.html")
    written = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert "<script" not in written and "\x1b" not in written + capsys.readouterr().out
    assert run("regrade", tmp_path / "marks", "--tests", tests, "--unsafe") == 0


def test_folders_without_a_notebook_and_links_have_their_line(tests, tmp_path, capsys):
    (tmp_path / "class" / "carl").mkdir(parents=True)
    (tmp_path / "class" / "dora").symlink_to("/etc")
    grade(tmp_path / "class", tests, tmp_path / "marks", "--unsafe")
    printed = capsys.readouterr().out
    assert "carl: it is a folder and holds no notebook" in printed
    assert "dora: it is a link, which is not followed" in printed
    assert rows(tmp_path / "marks")["carl"]["points"] == "0"


def test_names_and_texts_do_no_harm():
    assert [safe_cell(text)[0] for text in ("=1", "+1", "-1", "@x", "\tx")] == ["'"] * 5
    assert safe_cell("anna") == "anna"
    assert file_name("anna") == "anna" and "/" not in file_name("../../etc/passwd")
    assert file_name("a b") != file_name("a.b") and file_name("..").startswith("student-")
    assert clean("a\x1b[0m\x00\u202eb\n") == "a�[0m��b\n" and len(clean("x" * 10_000)) < 3000
