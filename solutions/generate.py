"""Makes the learners' notebooks, the visible tests and the solution notebooks from the sources beside it.

    python solutions/generate.py            write them
    python solutions/generate.py --check    leave committed files alone; fail if any is stale, missing, extra

Committed: exercises/<topic>/<name>.ipynb and coursepkg/checks/visible/<topic>/<name>.py.
Not committed, and made anew by both: _build/solutions/<topic>/<name>/ with the solution <name>.ipynb, tests/
(pure otter files, hidden tests included) and mistakes.json, the wrong answers that are known by property.
"""

import argparse
import contextlib
import hashlib
import json
import logging
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):  # run as a script: let it import its neighbors by their one name
    sys.path.insert(0, str(ROOT))

from coursepkg.checks.runner import COURSE_IMPORT  # noqa: E402
from solutions.proof import mistakes  # noqa: E402
from solutions.source import LINE_MARKERS, SourceError, read_exercise, sources  # noqa: E402

SOLUTIONS = "_build/solutions"
OTTER_CONFIG = """# ASSIGNMENT CONFIG
init_cell: false
check_all_cell: false
export_cell: false
generate: false
run_tests: false
solutions_pdf: false
tests:
  files: true
  ok_format: false
"""
SETUP = """import importlib.util
if importlib.util.find_spec("coursepkg") is None:
    %pip install -q "coursepkg[torch] @ git+{url}"
from coursepkg.checks import open_exercise
grader = open_exercise("{slug}")"""
SOLUTION_SETUP = """from coursepkg.checks import open_exercise
grader = open_exercise("{slug}", tests="tests")"""
PROGRESS = "grader.progress()"
SOLUTION_PROGRESS = """progress = grader.progress()
assert progress.passed, progress
progress"""
SOLUTION_CHECK = """result = grader.check("{question}")
assert result.passed, result
result"""
PROGRESS_TEXT = "## Your points so far\n\nRun this cell whenever you like. It checks every question again."


@dataclass(frozen=True)
class Built:
    """What one source turns into.

    Args:
        exercise: the source.Exercise.
        learner, solution: notebooks.
        visible: text of the file with the visible tests.
        full: dict question -> text of otter's test file, with the hidden tests too.
    """

    exercise: object
    learner: object
    solution: object
    visible: str
    full: dict

    def committed(self):
        """dict of path (from the root of the repository) -> text, for the files that are committed."""
        slug = self.exercise.slug
        return {
            f"exercises/{slug}.ipynb": _text(self.learner),
            f"coursepkg/checks/visible/{slug}.py": self.visible,
        }

    def uncommitted(self):
        """The same for the files that would give the answers away."""
        folder = f"{SOLUTIONS}/{self.exercise.slug}"
        tests = {f"{folder}/tests/{name}.py": text for name, text in self.full.items()}
        known = json.dumps(mistakes(self.exercise.path), indent=1) + "\n"
        solution = {f"{folder}/{self.exercise.name}.ipynb": _text(self.solution)}
        return {**solution, **tests, f"{folder}/mistakes.json": known}


def build(exercise, repository):
    """Run one source through otter assign.

    Args:
        exercise: a source.Exercise.
        repository: dict with url, branch and path_to_book, as in _config.yml.
    Returns:
        Built.
    """
    with tempfile.TemporaryDirectory() as folder:
        _assign(exercise, Path(folder))
        learners, visible = _read_assigned(Path(folder, "student"))
        solved, full = _read_assigned(Path(folder, "autograder"))
    learner = _assemble(exercise, repository, learners, _learner_cell, SETUP, PROGRESS)
    solution = _assemble(exercise, repository, solved, _solution_cell, SOLUTION_SETUP, SOLUTION_PROGRESS)
    visible = _visible(visible, exercise)
    for notebook in (learner, solution):
        notebook.metadata["version"] = _version(learner, full)
        notebook.metadata["withheld"] = _withheld(exercise, solution)
    return Built(exercise, learner, solution, visible, full)


def build_all(root=ROOT, only=None):
    """Build every source.

    Args:
        root: the root of the repository.
        only: a topic, or None for all.
    Returns:
        list of Built.
    """
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    return [build(read_exercise(path), repository) for path in sources(only, root / "solutions")]


def differences(builts, root=ROOT):
    """What a fresh run would change in the committed files.

    Args:
        builts: list of Built.
        root: the root of the repository.
    Returns:
        list of str: one line per file that is stale, missing or extra.
    """
    wanted = {path: text for built in builts for path, text in built.committed().items()}
    lines = []
    for path, text in sorted(wanted.items()):
        file = root / path
        if not file.exists():
            lines.append(f"missing: {path}")
        elif file.read_bytes() != text.encode():
            lines.append(f"stale: {path}")
    return lines + [f"extra, no source makes it: {path}" for path in sorted(_present(root) - wanted.keys())]


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only compare the committed files")
    options = parser.parse_args(arguments)
    try:
        builts = build_all()
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    shutil.rmtree(ROOT / SOLUTIONS, ignore_errors=True)
    for built in builts:
        _write(built.uncommitted())
        if not options.check:
            _write(built.committed())
    lines = differences(builts, ROOT)
    if lines:
        lines.append("Run python solutions/generate.py, and delete what is extra.")
        print(*lines, sep="\n", file=sys.stderr)
        return 1
    count = sum(len(built.exercise.questions) for built in builts)
    print(f"{len(builts)} exercises, {count} questions: all current")
    return 0


def _write(files):
    for path, text in files.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(text.encode())


def _assign(exercise, work):
    """Let otter split the master notebook into work/student and work/autograder."""
    from otter.assign import main as otter_assign  # takes seconds to import

    master = nbformat.from_dict(exercise.notebook)
    master.cells = [nbformat.v4.new_raw_cell(OTTER_CONFIG), *master.cells]
    nbformat.write(master, work / "master.ipynb")
    before, tempfile.tempdir = tempfile.tempdir, str(work)  # otter leaves a folder of tests behind
    logging.getLogger("otter").setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            otter_assign(str(work / "master.ipynb"), str(work), no_pdfs=True, no_run_tests=True)
    finally:
        tempfile.tempdir = before


def _read_assigned(folder):
    """Cells and test files, by question, of one of otter's two output folders."""
    tests = {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("tests/*.py"))}
    return nbformat.read(folder / "master.ipynb", 4).cells, tests


def _assemble(exercise, repository, cells, convert, setup, progress):
    """Title, setup cell, the exercise's cells and the progress cell, with ids and metadata of our own."""
    new_text, new_code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    parts = [
        ("title", new_text(_title(exercise, repository))),
        ("setup", new_code(setup.format(url=repository["url"], slug=exercise.slug))),
    ]
    count = 0
    for cell in cells:
        role = cell.metadata.get("exercise")
        checked = cell.cell_type == "code" and re.fullmatch(r'grader\.check\("(q\d+)"\)', cell.source)
        if checked:
            role = {"question": checked[1], "role": "check"}
        if role:
            parts.append((f"{role['question']}-{role['role']}", convert(cell, role)))
        else:
            count += 1
            new = new_text if cell.cell_type == "markdown" else new_code
            parts.append((f"part-{count}", new(cell.source)))
    parts += [("progress-text", new_text(PROGRESS_TEXT)), ("progress", new_code(progress))]
    for name, cell in parts:
        cell.id = name
    return nbformat.v4.new_notebook(
        cells=[cell for _, cell in parts],
        metadata={
            "exercise": exercise.slug,
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )


def _version(learner, tests):
    """Changes when what is asked or how it is judged changes, and not with a comma in the prose."""
    roles = [(cell.source, cell.metadata.get("exercise", {}).get("role")) for cell in learner.cells]
    asked = [source for source, role in roles if role == "answer"]
    return hashlib.sha256("\n".join([*asked, *tests.values()]).encode()).hexdigest()[:8]


def _withheld(exercise, solution):
    """Modules that an answer does not find when it is graded: they would answer for it, and the solution
    does without."""
    sources = "\n".join(cell.source for cell in solution.cells)
    return [module for module in (f"coursepkg.{exercise.topic}", "torch") if module not in sources]


def _title(exercise, repository):
    header = exercise.header
    book = f"{repository['url']}/blob/{repository['branch']}/{repository['path_to_book']}/notebooks"
    pages = [f"[{slug.split('/')[-1].replace('_', ' ')}]({book}/{slug}.ipynb)" for slug in header["read"]]
    facts = [
        header["kind"][0].upper() + header["kind"][1:],
        f"{exercise.points:g} points",
        f"about {header['minutes']} minutes",
        f"difficulty {header['difficulty']} of 3",
        "read first: " + ", ".join(pages),
    ]
    return f"# {header['title']}\n\n{' · '.join(facts)}"


def _learner_cell(cell, role):
    """An answer cell with stubs that say so, or a check cell that nobody deletes by accident."""
    source = cell.source
    if role["role"] == "answer":
        source = re.sub(r"^(\s+)\.\.\.$", r"\1raise NotImplementedError", source, flags=re.MULTILINE)
    locked = {"deletable": False, **({"editable": False} if role["role"] == "check" else {})}
    return nbformat.v4.new_code_cell(source, metadata={"exercise": role, **locked})


def _solution_cell(cell, role):
    """The reference answer without otter's markers, or a check that asserts."""
    if role["role"] == "check":
        source = SOLUTION_CHECK.format(question=role["question"])
    else:
        kept = [line for line in cell.source.splitlines() if line.strip() not in LINE_MARKERS]
        source = "\n".join(line.removesuffix("  # SOLUTION") for line in kept)
    return nbformat.v4.new_code_cell(source, metadata={"exercise": role})


def _visible(texts, exercise):
    """One file out of otter's files for students: a class a question."""
    head = f"# Generated by solutions/generate.py from solutions/{exercise.slug}.md. Edit that file."
    parts = [f"{head}\n{COURSE_IMPORT}"]
    for question in exercise.questions:
        _, decorator, tests = texts[question.name].partition("@test_case")
        if not decorator:
            raise SourceError(f"{exercise.path}: otter's test files no longer decorate with @test_case")
        lines = [line.rstrip() for line in f"points = {question.points}\n\n{decorator}{tests}".splitlines()]
        parts.append(f"class {question.name}:\n" + indent("\n".join(lines).rstrip(), "    "))
    return "\n\n\n".join(parts) + "\n"


def _text(notebook):
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def _present(root):
    """Committed files that look generated."""
    files = [*(root / "exercises").rglob("*"), *(root / "coursepkg/checks/visible").rglob("*")]
    ignored = {".ipynb_checkpoints", "__pycache__"}
    files = [file for file in files if file.is_file() and not ignored & set(file.parts)]
    return {file.relative_to(root).as_posix() for file in files}


if __name__ == "__main__":
    sys.exit(main())
