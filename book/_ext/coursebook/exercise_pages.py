"""A page for each exercise that needs no PyTorch, where it can be done in the browser.

The pages are written into book/exercises/ when a build begins, from the learners' notebooks in exercises/.
They are in no table of contents: the index of the chapter's exercises leads to them.
"""

import json
import re
import shutil
from pathlib import Path

import nbformat

from .repository import ROOT

FOLDER = ROOT / "book" / "exercises"
HEADER = """---
orphan: true
file_format: mystnb
kernelspec: {name: python3, display_name: Python 3}
language_info: {name: python, pygments_lexer: ipython3}
mystnb: {execution_mode: "off"}
---
"""
INSTALLS = re.compile(r"^(?:import importlib|if importlib|    %pip).*\n", re.MULTILINE)  # no need, in a page
TORCH = re.compile(r"^\s*(import|from) torch\b", re.MULTILINE)


def in_page(exercise):
    """Whether an exercise, a row of the catalog, has a page: its chapter is here, and it needs no PyTorch."""
    if not (ROOT / "book" / exercise["topic"] / "exercises.md").is_file():
        return False
    notebook = read_notebook(exercise["path"])
    return not any(TORCH.search(cell.source) for cell in notebook.cells if cell.cell_type == "code")


def read_notebook(path):
    return nbformat.read(ROOT / path, as_version=4)


def page_name(exercise):
    return f"exercises/{exercise['topic']}/{exercise['name']}"


def write_page(exercise):
    """Markdown of an exercise's page."""
    read = ", ".join(f"{{doc}}`/{page}`" for page in exercise["read"])
    lines = [
        HEADER,
        f"# {exercise['title']}",
        "",
        f"One of the {{doc}}`exercises </{exercise['topic']}/exercises>` · {exercise['kind']} · "
        f"{exercise['points']} points · about {exercise['minutes']} minutes · "
        f"difficulty {exercise['difficulty']} of 3 · read first: {read}",
        "",
    ]
    for cell in read_notebook(exercise["path"]).cells[1:]:  # the first one is the title
        if cell.cell_type == "code":
            role = cell.metadata.get("exercise", {}).get("role", "given")
            lines += [
                "```{code-cell} ipython3",
                f":tags: [live, {role}]",
                INSTALLS.sub("", cell.source),
                "```",
                "",
            ]
        else:
            lines += [cell.source, ""]
    return "\n".join(lines)


def forget_pages(app, config):
    """Before the table of contents is read: what lies there then is taken for left out on purpose."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def write_pages(app):
    from solutions.catalog import catalog

    app.env.exercise_pages = {}
    if app.builder.name == "html":
        for exercise in filter(in_page, catalog()):
            path = ROOT / "book" / f"{page_name(exercise)}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write_page(exercise), encoding="utf-8")
            app.env.exercise_pages[page_name(exercise)] = exercise


def add_scripts(app, pagename, templatename, context, doctree):
    """The page knows its cells by the ids that they have in the notebook, which it can be saved as."""
    exercise = app.env.exercise_pages.get(pagename)
    if exercise:
        notebook = read_notebook(exercise["path"])
        about = {
            "name": exercise["name"],
            "key": f"{exercise['topic']}/{exercise['name']}",
            "cells": [cell.id for cell in notebook.cells if cell.cell_type == "code"],
        }
        context["body"] += f'<script type="application/json" id="exercise">{json.dumps(about)}</script>'
        app.add_js_file("exercise.js", loading_method="defer")


def offer_notebooks(app, error):
    if error is None and app.builder.name == "html":
        for name, exercise in app.env.exercise_pages.items():
            shutil.copy(ROOT / exercise["path"], Path(app.outdir) / f"{name}.ipynb")


def setup(app):
    app.connect("config-inited", forget_pages, priority=1)
    app.connect("builder-inited", write_pages)
    app.connect("html-page-context", add_scripts, priority=950)  # after live.js
    app.connect("build-finished", offer_notebooks)
