"""Cells tagged `live` run in the reader's browser: book/_live, and what its scripts load.

LIVE=local puts Pyodide's files into the book. Without it they come from Pyodide's public server, once the
reader presses Run.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import files
from pathlib import Path

import pyodide
from docutils import nodes

from .generated import is_site
from .pages import read_pages
from .repository import ROOT

SCRIPTS = ROOT / "book" / "_live"
DOWNLOADS = ROOT / "_build" / "pyodide"
PLACES = ("", "local")
LOCK = "pyodide-lock.json"


def is_local():
    """Whether the book is to hold Pyodide's files itself."""
    place = os.environ.get("LIVE", "")
    if place not in PLACES:
        raise ValueError(f"LIVE = {place!r} is not known; allowed: LIVE=local, or nothing")
    return place == "local"


def offer_scripts(app, config):
    config.html_static_path.append(str(SCRIPTS))


def load_scripts(app, pagename, templatename, context, doctree):
    cells = doctree.findall(nodes.container) if doctree and is_site(app) else ()
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


def configure(folder, own, pins, local):
    """What the worker has to know: where each file lies, and its hash.

    Args:
        folder: a Path, where the files of `own` lie.
        own: names of the course's files that Python starts with.
        pins: dict from pyodide.read_pins().
        local: whether Pyodide's files lie in the book.
    Returns:
        dict, to be written as JSON.
    """
    contents = {name: (folder / name).read_bytes() for name in [*own, LOCK]}
    known = pins["files"] | {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in contents.items()
    }
    return {
        "pyodide": "pyodide/" if local else pyodide.SERVER,
        "core": [*pyodide.CORE, LOCK],
        "own": own,
        "packages": pins["lock"]["packages"],
        "files": {
            name: {"integrity": pyodide.integrity(file["sha256"]), "bytes": file["bytes"]}
            for name, file in known.items()
        },
    }


def offer_python(app, error):
    """Write what the worker loads."""
    if error is not None or not is_site(app) or not any(page.live_cells for page in read_pages()):
        return
    folder, pins, local = Path(app.outdir) / "_static" / "python", pyodide.read_pins(), is_local()
    own = [*pack_package(folder), "run_cell.py"]
    (folder / LOCK).write_text(json.dumps(pins["lock"]), encoding="utf-8")
    if local:
        pyodide.fetch(DOWNLOADS, pins)
        (folder / "pyodide").mkdir(exist_ok=True)
        for name in pins["files"]:
            shutil.copy(DOWNLOADS / name, folder / "pyodide")
    config = configure(folder, own, pins, local)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def setup(app):
    is_local()  # a wrong LIVE ends the build before it begins
    app.connect("config-inited", offer_scripts)
    app.connect("html-page-context", load_scripts)
    app.connect("build-finished", offer_python)
