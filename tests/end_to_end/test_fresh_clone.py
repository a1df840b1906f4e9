"""`make book` in a fresh clone, on an environment that finds this one's packages."""

import os
import shutil
import subprocess
import sys
import sysconfig

from coursebook.repository import ROOT


def clean_environment():
    """No trace of the make and the pytest that run this test, nor of its environment."""
    hidden = ("MAKE", "MFLAGS", "PYTEST", "VENV", "VIRTUAL_ENV", "PYTHON", "CURDIR")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


def test_a_fresh_clone_makes_the_book(tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    for name in (".jupyter_cache", ".inputs"):  # spares the pages' run time where nothing changed since HEAD
        source = ROOT / "_build" / name
        (clone / "_build").mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, clone / "_build" / name)
    # An environment of its own, in which pip finds everything that requirements.txt asks for already there.
    subprocess.run([sys.executable, "-m", "venv", str(clone / ".venv")], check=True)
    paths = sysconfig.get_path("purelib", vars={"base": str(clone / ".venv")})
    with open(os.path.join(paths, "shared.pth"), "w", encoding="utf-8") as file:
        file.write(sysconfig.get_path("purelib"))
    result = subprocess.run(
        ["make", "book"], cwd=clone, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    index = clone / "_build" / "html" / "index.html"
    assert index.is_file()
    assert index.as_uri() in result.stdout
    status = ["git", "status", "--porcelain"]
    assert subprocess.run(status, cwd=clone, check=True, capture_output=True, text=True).stdout == ""
