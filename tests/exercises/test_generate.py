"""What the sources turn into: current, complete, reproducible; and every malformed source is refused."""

import shutil

import pytest
import yaml
from playing import ROOT, SOURCES, built

from coursepkg.checks.runner import COURSE_IMPORT
from solutions import generate
from solutions.catalog import catalog
from solutions.source import SourceError, read_exercise, validate_markers

DOZEN = next(path for path in SOURCES if path.stem == "inverted_dropout")
SOURCE = DOZEN.read_text(encoding="utf-8")


def test_committed_files_are_current():
    assert generate.differences([built(path) for path in SOURCES]) == []


def test_a_second_build_gives_the_same_bytes():
    again = generate.build(
        read_exercise(SOURCES[0]), yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    )
    first = built(SOURCES[0])
    assert again.committed() == first.committed() and again.uncommitted() == first.uncommitted()


def test_stale_missing_and_extra_files_are_found(tmp_path):
    wanted = built(SOURCES[0]).committed()
    for path, text in wanted.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert generate.differences([built(SOURCES[0])], tmp_path) == []
    stale, missing = sorted(wanted)[:2]
    (tmp_path / stale).write_text(wanted[stale].replace("n", "m", 1), encoding="utf-8")
    (tmp_path / missing).unlink()
    (tmp_path / "exercises/dropout/orphan.ipynb").write_text("{}")
    assert generate.differences([built(SOURCES[0])], tmp_path) == [
        f"stale: {stale}",
        f"missing: {missing}",
        "extra, no source makes it: exercises/dropout/orphan.ipynb",
    ]


def test_command_line_writes_and_checks(tmp_path, monkeypatch, capsys):
    (tmp_path / "solutions/dropout").mkdir(parents=True)
    shutil.copy(SOURCES[0], tmp_path / "solutions/dropout")
    shutil.copy(ROOT / "_config.yml", tmp_path)
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "build_all", lambda: [built(SOURCES[0])])
    assert generate.main(["--check"]) == 1 and "missing: " in capsys.readouterr().err
    assert not (tmp_path / "exercises").exists()
    assert generate.main([]) == 0
    assert (tmp_path / f"exercises/dropout/{SOURCES[0].stem}.ipynb").exists()
    assert (tmp_path / f"_build/solutions/dropout/{SOURCES[0].stem}/tests/q1.py").exists()
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_learner_files_hold_no_answers(path):
    files = built(path).committed()
    assert not any("hidden=True" in text or "otter" in text for text in files.values())
    assert all(COURSE_IMPORT in text for name, text in files.items() if name.endswith(".py"))
    answers = [cell.source for cell in built(path).learner.cells if cell.id.endswith("-answer")]
    assert all("..." in source or "NotImplementedError" in source for source in answers)
    assert not any(
        marker in files[f"exercises/{path.parent.name}/{path.stem}.ipynb"] for marker in ("# BEGIN", "# END")
    )
    setup = next(cell for cell in built(path).learner.cells if cell.cell_type == "code")
    assert setup.id == "setup" and len(setup.source.splitlines()) <= 5


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_an_exercise_has_a_module_of_checkers_named_like_it(path):
    imported = f"from coursepkg.checks.{path.parent.name} import {path.stem} as law\n"
    assert imported in path.read_text(encoding="utf-8")


def test_exercise_pages_exist_in_the_book():
    contents = (ROOT / "book/_toc.yml").read_text(encoding="utf-8")
    assert all(f"file: {slug}\n" in contents for row in catalog() for slug in row["read"])


def test_a_page_that_prepares_for_an_exercise_names_it():
    pages = {
        path.relative_to(ROOT / "book").with_suffix("").as_posix(): path for path in ROOT.glob("book/*/*.md")
    }
    for row in catalog():
        assert any(f"*{row['title']}*" in pages[slug].read_text(encoding="utf-8") for slug in row["read"]), (
            row
        )


def test_catalog_goes_from_easy_to_hard():
    rows = catalog("dropout")
    assert [row["name"] for row in rows] and sorted(row["difficulty"] for row in rows) == [
        r["difficulty"] for r in rows
    ]
    for row in rows:
        assert (ROOT / row["path"]).exists()
        assert row["points"] == sum(
            question.points
            for question in read_exercise(ROOT / f"solutions/{row['topic']}/{row['name']}.md").questions
        )


def spoil(old, new):
    """A source in which the first `old` at the start of a line is `new`, and the line where that happens."""
    head, found, tail = SOURCE.partition("\n" + old)
    assert found
    return f"{head}\n{new}{tail}", head.count("\n") + 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# BEGIN QUESTION", "# BEGIN QUESTIONS"),
        ("# BEGIN QUESTION", "#BEGIN QUESTION"),
        ("# BEGIN QUESTION", "# Begin question"),
        ("# END QUESTION", "# END QUESTOIN"),
        ("# BEGIN SOLUTION", "# BEGIN SOLUTION "),
        ("# END SOLUTION", "# END TESTS"),
        ("# END TESTS", "# END SOLUTION"),
        ("# END TESTS", "# BEGIN TESTS"),
        ("    # BEGIN SOLUTION", "    # BEGN SOLUTION"),
        ("    # BEGIN SOLUTION", "    # BEGIN SOLUTION NOW"),
        ("    # BEGIN SOLUTION", "    # begin  solution"),
        ("    # BEGIN SOLUTION", "    # BEGINN"),
        ("    # BEGIN SOLUTION", "    x = 1  # SOLUTION, mostly"),
        ("    # BEGIN SOLUTION", "    x = 1  # SOLUTIONS"),
        ("    # END SOLUTION", "  # END SOLUTION"),
        ('""" # BEGIN TEST CONFIG', '""" # BEGIN TEST CONFIGURATION'),
        ('""" # END TEST CONFIG', '""" # END TESTS CONFIG'),
        ("Throughout, ", "# BEGIN SOLUTION\n"),
    ],
)
def test_a_misspelled_marker_is_refused_with_its_line(old, new):
    text, number = spoil(old, new)
    with pytest.raises(SourceError, match=rf"^exercise\.md:{number}: "):
        validate_markers(text, "exercise.md")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("    # END SOLUTION", "    # that is all", "    # BEGIN SOLUTION"),
        ('""" # END TEST CONFIG', '"""', '""" # BEGIN TEST CONFIG'),
        ("```{raw-cell}\n# END QUESTION\n```", "", "# BEGIN QUESTION"),
        ("```{raw-cell}\n# BEGIN TESTS\n```", "", '""" # BEGIN TEST CONFIG'),
        ("```{raw-cell}\n# BEGIN SOLUTION\n```", "", "    # BEGIN SOLUTION"),
        ("```{raw-cell}\n# END TESTS\n```", "", "# END QUESTION"),
    ],
)
def test_an_unpaired_marker_is_refused_with_a_line(old, new, named):
    text, _ = spoil(old, new)
    with pytest.raises(SourceError) as error:
        validate_markers(text, "exercise.md")
    number = int(str(error.value).split(":")[1])
    assert text.splitlines()[number - 1] == named


def test_the_marker_check_accepts_every_source():
    for path in SOURCES:
        validate_markers(path.read_text(encoding="utf-8"), path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  difficulty: 1", "  difficulty: 4", "difficulty = 4"),
        ("  minutes: ", "  seconds: ", "the YAML header needs"),
        ("name: q1\n", "name: q7\n", "q1, q2, ... in order"),
        ("points: 3\n", "points: 30\n", "points are 30"),
        ("<summary>Hint 2</summary>", "<summary>Hint 3</summary>", "two or three, numbered"),
        ("Open hint 2.", "Open hint 9.", "with a hint that exists"),
        ("Open hint 2.", "See above.", "with a hint that exists"),
        ("hidden: true\n", "hide: true\n", "maybe hidden"),
    ],
)
def test_incomplete_sources_are_refused(old, new, message, tmp_path):
    assert old in SOURCE
    (tmp_path / "exercise.md").write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        read_exercise(tmp_path / "exercise.md")
