"""Cells tagged `live` run in the reader's browser: book/_live, and what its scripts load.

LIVE=local puts Pyodide's files into the book. Without it they come from Pyodide's public server, once the
reader presses Run.
"""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import files
from pathlib import Path

import pyodide
from docutils import nodes

from .repository import ROOT

SCRIPTS = ROOT / "book" / "_live"
DOWNLOADS = ROOT / "_build" / "pyodide"
PLACES = ("", "local")


def is_local():
    """Whether the book is to hold Pyodide's files itself."""
    place = os.environ.get("LIVE", "")
    if place not in PLACES:
        raise ValueError(f"LIVE = {place!r} is not known; allowed: LIVE=local, or nothing")
    return place == "local"


def offer_scripts(app, config):
    config.html_static_path.append(str(SCRIPTS))


def load_scripts(app, pagename, templatename, context, doctree):
    cells = doctree.findall(nodes.container) if doctree and app.builder.name == "html" else ()
    if any("tag_live" in cell["classes"] for cell in cells):
        app.add_css_file("live.css")
        app.add_js_file("live.js", loading_method="defer")


def pack_package(folder):
    """coursepkg as a wheel, and with it tqdm as it is installed here, which coursepkg imports.

    Returns:
        list of file names in folder.
    """
    command = ["hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(folder / "tqdm.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files("tqdm"):
            if file.parts[0].startswith("tqdm") and file.suffix != ".pyc":
                archive.write(file.locate(), file.as_posix())
    return sorted(path.name for path in folder.glob("*.whl"))


def offer_python(app, error):
    """Write what the worker loads, and the hash of each file of it."""
    if error is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir) / "_static" / "python"
    pins = pyodide.read_pins()
    own = [*pack_package(folder), "run_cell.py"]
    (folder / "pyodide-lock.json").write_text(json.dumps(pins["lock"]), encoding="utf-8")
    if is_local():
        pyodide.fetch(DOWNLOADS, pins)
        for name in pins["files"]:
            (folder / "pyodide").mkdir(exist_ok=True)
            (folder / "pyodide" / name).write_bytes((DOWNLOADS / name).read_bytes())
    files_here = [(name, (folder / name).read_bytes()) for name in [*own, "pyodide-lock.json"]]
    known = pins["files"] | {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files_here
    }
    config = {
        "pyodide": "pyodide/" if is_local() else pyodide.SERVER,
        "core": [*pyodide.CORE, "pyodide-lock.json"],
        "own": own,
        "packages": pins["lock"]["packages"],
        "files": {
            name: {"integrity": pyodide.integrity(file["sha256"]), "bytes": file["bytes"]}
            for name, file in known.items()
        },
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def setup(app):
    is_local()  # a wrong LIVE ends the build before it begins
    app.connect("config-inited", offer_scripts)
    app.connect("html-page-context", load_scripts)
    app.connect("build-finished", offer_python)
