"""Notebooks run where only their first cell has installed something, as on Colab."""

import os
import shlex
import subprocess
import sys

import nbformat
import pytest
from coursebook.repository import ROOT, read_repository


def pip_command(notebook):
    """The arguments of the first code cell's own %pip line, with the local repository for the public one."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    line = next(line.strip() for line in first.source.splitlines() if line.strip().startswith("%pip "))
    public = f"git+{read_repository().url}"
    assert public in line
    return shlex.split(
        line.removeprefix("%pip ").replace(public, f"git+file://localhost{ROOT}")
    )  # pip wants a host


def smallest(folder):
    """The smallest notebook below a folder: which one runs does not matter, only that it runs."""
    return min(folder.rglob("*.ipynb"), key=lambda path: (path.stat().st_size, path))


@pytest.fixture
def clean_python(tmp_path):
    """A new environment with what the first cell of a book notebook installs, and a kernel."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    # Today's versions, so that the test does not depend on what is released tomorrow.
    environment = {**os.environ, "PIP_CONSTRAINT": str(ROOT / "requirements.txt")}
    notebook = nbformat.read(smallest(ROOT / "book" / "notebooks"), 4)
    for arguments in (pip_command(notebook), ["install", "-q", "ipykernel", "nbclient"]):
        subprocess.run([str(python), "-m", "pip", *arguments], check=True, env=environment)
    return python


def test_a_page_and_an_exercise_run_to_their_end(clean_python, tmp_path):
    for folder in ("book/notebooks/dropout", "exercises/dropout"):
        source = smallest(ROOT / folder)
        notebook = nbformat.read(source, 4)
        assert pip_command(notebook) == pip_command(nbformat.read(smallest(ROOT / "book" / "notebooks"), 4))
        copy = tmp_path / source.name
        nbformat.write(notebook, copy)
        script = (
            "import sys, nbformat, nbclient, coursepkg\n"
            f"assert {str(ROOT)!r} not in coursepkg.__file__\n"
            "nbclient.NotebookClient(nbformat.read(sys.argv[1], 4), timeout=300).execute()\n"
        )
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [str(clean_python), "-c", script, str(copy)]
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
