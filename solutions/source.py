"""Reads the source of an exercise, and refuses one that is not exactly as it should be.

otter matches its markers by prefix and by suffix, so that `# BEGIN SOLUTIONS` or `x = 3  # SOLUTION is
easy` quietly ship a solution, or strip a line too many. Here a line is a marker when it is exactly one, and
anything that looks like one is an error with file and line.
"""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext
import yaml

HERE = Path(__file__).parent
KINDS = (
    "build it (NumPy)",
    "build it (PyTorch)",
    "derive a gradient",
    "find the bug",
    "measure and conclude",
    "predict a shape or a count",
)
HEADER = ("title", "kind", "difficulty", "minutes", "read")

CELL_MARKERS = {
    f"# {side} {block}" for side in ("BEGIN", "END") for block in ("QUESTION", "SOLUTION", "TESTS")
}
LINE_MARKERS = {
    "# BEGIN SOLUTION": "SOLUTION",
    "# BEGIN SOLUTION NO PROMPT": "SOLUTION",
    "# END SOLUTION": "SOLUTION",
    '""" # BEGIN TEST CONFIG': "TEST CONFIG",
    '""" # END TEST CONFIG': "TEST CONFIG",
}
FENCES = {"```{raw-cell}": "raw", "```{code-cell}": "code"}
SUFFIX_MARKER = re.compile(r"^\s*[\w.]+(, [\w.]+)* = .+  # SOLUTION$")
LOOKS_LIKE_A_MARKER = re.compile(
    r"#+\s*(begin|end)\b"  # in any case, with any number of spaces
    r"|(?-i:#\s*[A-Z]{3,}(\s+[A-Z]+)*\s*$)"  # a comment in capitals: the other misspellings
    r"|#.*\bsolutions?\b",
    re.IGNORECASE,
)
HEADING_LIKE_A_MARKER = re.compile(
    r"^#+\s*(begin|end)\s+(question|solution|tests?|prompt|ignore)s?\b|^#+\s*(?-i:[A-Z]{3,}\s+[A-Z]{3,})\s*$",
    re.IGNORECASE,
)
HINT = re.compile(r"<details>\s*<summary>Hint (\d)</summary>\n\n(.+?)\n\n</details>", re.DOTALL)


class SourceError(ValueError):
    """An exercise's source is malformed; the message starts with file and line."""


@dataclass(frozen=True)
class Test:
    """One test of a question: its points, whether it is hidden, and the hint it names (a number or None)."""

    points: float
    hidden: bool
    hint: int | None


@dataclass(frozen=True)
class Question:
    """One question: name, points, the number of its hints, its tests and its reference answer."""

    name: str
    points: float
    hints: int
    tests: tuple
    answer: str


@dataclass(frozen=True)
class Exercise:
    """The source of one exercise.

    Args:
        path: the .md file.
        notebook: its cells; those of a question carry `metadata.exercise = {question, role}`.
        header: title, kind, difficulty, minutes, read.
        questions: list of Question.
    """

    path: Path
    notebook: object
    header: dict
    questions: list

    @property
    def topic(self):
        return self.path.parent.name

    @property
    def name(self):
        return self.path.stem

    @property
    def slug(self):
        return f"{self.topic}/{self.name}"

    @cached_property
    def points(self):
        return sum(question.points for question in self.questions)


def sources(topic=None, root=HERE):
    """Paths of all exercise sources.

    Args:
        topic: only this topic's, or all when None.
        root: the folder that holds the topics.
    Returns:
        list of Path, sorted.
    """
    return sorted(path for path in root.glob(f"{topic or '*'}/*.md") if path.stem != "README")


def read_exercise(path):
    """Read and check one source.

    Args:
        path: the .md file.
    Returns:
        Exercise.
    Raises:
        SourceError: names file, line or question, and what is wrong.
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    validate_markers(text, path)
    notebook = jupytext.reads(text, fmt="md:myst")
    header = _header(notebook, path)
    questions = _questions(notebook, path)
    return Exercise(path, notebook, header, questions)


def validate_markers(text, path):
    """Every marker is exactly one of otter's, stands where it belongs, and is paired.

    Args:
        text: the source.
        path: for the message.
    Raises:
        SourceError: "file:line: ..." for the first line that is not so.
    """

    def fail(number, message):
        raise SourceError(f"{path}:{number}: {message}")

    blocks, inner, fence, fresh = [], [], None, False
    for number, line in enumerate(text.splitlines(), 1):
        if fence is None and line.startswith("```"):
            fence = FENCES.get(line.split()[0], "text")
            fresh, indent = True, None
            continue
        if fence and line.rstrip() == "```":
            if inner:
                fail(inner[-1][1], f"{inner[-1][2]!r} has no end in its cell")
            fence = None
            continue
        if fence == "raw":
            if fresh and line not in CELL_MARKERS:
                fail(number, f"a raw cell starts with one of {sorted(CELL_MARKERS)}, not with {line!r}")
            if not fresh and LOOKS_LIKE_A_MARKER.search(line):
                fail(number, f"{line!r} looks like a marker, but only a cell's first line can be one")
            if fresh:
                _pair(blocks, line.removeprefix("# "), number, line, fail)
                order = [block for block, *_ in blocks]
                if order not in ([], ["QUESTION"], ["QUESTION", "SOLUTION"], ["QUESTION", "TESTS"]):
                    fail(number, f"{line!r} stands inside {' > '.join(order[:-1]) or 'no question'}")
            fresh = False
        elif fence == "code":
            fresh = False
            stripped = line.strip()
            if stripped in LINE_MARKERS:
                side, kind = "BEGIN" if "# BEGIN" in stripped else "END", LINE_MARKERS[stripped]
                _pair(inner, f"{side} {kind}", number, stripped, fail)
                indent = _same_indent(indent, line, side, number, fail)
                allowed = "TESTS" if kind == "TEST CONFIG" else "SOLUTION"
                if not blocks or blocks[-1][0] != allowed:
                    fail(number, f"{stripped!r} belongs into a # BEGIN {allowed} block")
            elif SUFFIX_MARKER.match(line):
                if not blocks or blocks[-1][0] != "SOLUTION":
                    fail(number, "'# SOLUTION' belongs into a # BEGIN SOLUTION block")
            elif LOOKS_LIKE_A_MARKER.search(line):
                known = f"{sorted(LINE_MARKERS)}, 'x = 1  # SOLUTION'"
                fail(number, f"{stripped!r} looks like a marker and is none of {known}")
        elif fence is None and HEADING_LIKE_A_MARKER.search(line):
            fail(number, f"{line!r} looks like a marker outside a cell")
    if blocks:
        fail(blocks[-1][1], f"{blocks[-1][2]!r} has no end")


def _pair(stack, marker, number, line, fail):
    """Push a BEGIN, pop for an END; anything that does not match fails."""
    side, block = marker.split(" ", 1)
    if side == "BEGIN":
        stack.append((block, number, line))
    elif not stack or stack[-1][0] != block:
        where = f"{stack[-1][2]!r} of line {stack[-1][1]} is open" if stack else "nothing is open"
        fail(number, f"{line!r} ends nothing: {where}")
    else:
        stack.pop()


def _same_indent(opened, line, side, number, fail):
    """BEGIN and END of a region are indented alike: otter takes the stub's indent from BEGIN."""
    width = len(line) - len(line.lstrip())
    if side == "END" and width != opened:
        fail(number, f"{line.strip()!r} is indented by {width}, its begin by {opened}")
    return width


def _header(notebook, path):
    header = notebook.metadata.get("exercise")
    if not isinstance(header, dict) or set(header) != set(HEADER):
        raise SourceError(
            f"{path}:1: the YAML header needs exercise: {{{', '.join(HEADER)}}}, and nothing else there"
        )
    kind, difficulty, minutes, read = (header[key] for key in HEADER[1:])
    if kind not in KINDS:
        raise SourceError(f"{path}:1: kind = {kind!r} is none of {KINDS}")
    if difficulty not in (1, 2, 3) or not isinstance(minutes, int) or minutes < 1:
        raise SourceError(
            f"{path}:1: difficulty = {difficulty!r} is 1, 2 or 3; minutes = {minutes!r} is a whole number"
        )
    if not isinstance(read, list) or not read:
        raise SourceError(
            f"{path}:1: read = {read!r} is a list of pages, for instance [dropout/train_and_test]"
        )
    return dict(header)


def _questions(notebook, path):
    """Tag the cells of each question, and collect what is known of it."""
    questions, current, block = [], None, None
    for cell in notebook.cells:
        if cell.cell_type == "raw":
            marker, _, config = cell.source.partition("\n")
            side, block_name = marker.removeprefix("# ").split(" ", 1)
            if (side, block_name) == ("BEGIN", "QUESTION"):
                settings = yaml.safe_load(config) or {}
                if set(settings) != {"name", "points"}:
                    raise SourceError(f"{path}: a question has a name and points, not {settings}")
                current = {**settings, "prose": "", "answers": [], "tests": []}
            elif (side, block_name) == ("END", "QUESTION"):
                questions.append(_question(current, path))
                current = None
            block = block_name if side == "BEGIN" and block_name != "QUESTION" else None
        elif current and block == "SOLUTION" and cell.cell_type == "code":
            current["answers"].append(cell.source)
            cell.metadata["exercise"] = {"question": current["name"], "role": "answer"}
        elif current and block == "TESTS":
            current["tests"].append(_test(cell.source, current["name"], path))
        elif current and cell.cell_type == "markdown":
            current["prose"] += cell.source + "\n\n"
    names = [question.name for question in questions]
    if names != [f"q{i}" for i in range(1, len(names) + 1)]:
        raise SourceError(f"{path}: questions are named q1, q2, ... in order, not {names}")
    if not any(test.hidden for question in questions for test in question.tests):
        raise SourceError(f"{path}: no hidden test")
    return questions


def _question(found, path):
    place = f"{path}: {found['name']}"
    if len(found["answers"]) != 1:
        raise SourceError(f"{place} has {len(found['answers'])} answer cells, and needs exactly one")
    numbers = [int(number) for number in HINT.findall(found["prose"]) for number in number[:1]]
    if numbers not in ([1, 2], [1, 2, 3]) or found["prose"].count("<details>") != len(numbers):
        raise SourceError(
            f"{place} has hints {numbers}, and needs two or three, numbered, each written as "
            "<details><summary>Hint 1</summary>, an empty line, text, an empty line, </details>"
        )
    tests = tuple(found["tests"])
    if not any(not test.hidden for test in tests):
        raise SourceError(f"{place} has no visible test")
    if any(not test.hidden and test.hint not in numbers for test in tests):
        raise SourceError(
            f"{place}: failure_message of a visible test is 'Open hint N.' with a hint that exists"
        )
    if sum(test.points for test in tests) != found["points"]:
        raise SourceError(
            f"{place}: points are {found['points']}, its tests' {sum(test.points for test in tests)}"
        )
    return Question(found["name"], found["points"], len(numbers), tests, found["answers"][0])


def _test(source, question, path):
    """Read the configuration of a test cell, and check that the test stands alone."""
    place = f"{path}: a test of {question}"
    head, marker, body = source.partition('\n""" # END TEST CONFIG\n')
    if not marker or not head.startswith('""" # BEGIN TEST CONFIG\n'):
        raise SourceError(
            f'{place} needs a configuration between """ # BEGIN TEST CONFIG and """ # END TEST CONFIG'
        )
    config = yaml.safe_load(head.partition("\n")[2]) or {}
    hidden = config.get("hidden", False)
    if set(config) - {"points", "hidden", "failure_message"} or "points" not in config:
        raise SourceError(f"{place} has points, and maybe hidden and failure_message, not {config}")
    functions = ast.parse(body).body
    if len(functions) != 1 or not isinstance(functions[0], ast.FunctionDef):
        raise SourceError(f"{place} is exactly one function")
    hint = re.fullmatch(r"Open hint (\d)\.", config.get("failure_message", ""))
    return Test(config["points"], hidden, int(hint[1]) if hint else None)
