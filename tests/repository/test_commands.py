"""The commands that the README promises exist, and the environment is pinned."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from coursebook.repository import ROOT
from markdown_it import MarkdownIt
from packaging.requirements import Requirement

TARGETS = ("book", "test", "test-browser", "lab", "exercises", "bench", "quick", "mutants")


def makefile_targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def commands(document):
    """The command lines in a document's code: fenced blocks, and inline code that starts with make."""
    for token in MarkdownIt().parse((ROOT / document).read_text(encoding="utf-8")):
        if token.type == "fence" and token.info in ("", "bash", "sh", "console"):
            yield from (shlex.split(line, comments=True) for line in token.content.splitlines())
        for child in token.children or []:
            if child.type == "code_inline" and child.content.startswith("make "):
                yield shlex.split(child.content)


def test_the_makefile_has_the_promised_targets():
    assert set(TARGETS) <= makefile_targets()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_commands_of_a_document_exist(document):
    checked = 0
    for words in commands(document):
        words = [word for word in words if not re.match(r"[A-Z_]+=", word)]
        if words[:1] == ["make"]:
            checked += 1
            assert set(words[1:]) <= makefile_targets(), words
        if words[:1] == ["python"]:
            scripts = [word for word in words[1:] if word.endswith(".py")]
            assert all((ROOT / script).is_file() for script in scripts), words
    assert checked


def test_the_readme_starts_with_the_two_commands():
    made = [words for words in commands("README.md") if words[:1] == ["make"]]
    assert made[:2] == [["make", "book"], ["make", "test"]]


def requirements(path):
    lines = (line.partition("#")[0].strip() for line in (ROOT / path).read_text().splitlines())
    return [line for line in lines if line]


def test_every_requirement_is_pinned():
    for line in requirements("requirements.txt"):
        specifiers = list(Requirement(line).specifier)
        assert [one.operator for one in specifiers] == ["=="], line
        assert "*" not in specifiers[0].version, line


def test_what_the_package_needs_is_pinned_within_its_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {Requirement(line).name.lower(): Requirement(line) for line in requirements("requirements.txt")}
    for line in [*project["dependencies"], *project["optional-dependencies"]["torch"]]:
        needed = Requirement(line)
        version = next(iter(pinned[needed.name.lower()].specifier)).version
        assert needed.specifier.contains(version), line


def test_the_workflow_runs_what_ci_runs():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    assert ".ci/run" in [step.get("run") for step in steps]
    assert Path(ROOT / ".ci/run").stat().st_mode & 0o100
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("make test LIVE=local")
