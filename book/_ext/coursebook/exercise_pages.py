"""A page for each exercise that needs no PyTorch, where it can be done in the browser.

The pages are written into book/exercises/ when a build begins, from the learners' notebooks in exercises/.
They are in no table of contents: the index of the chapter's exercises leads to them.
"""

import json
import re
from functools import cache

import nbformat

from .generated import generate
from .repository import ROOT

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


def page_name(exercise):
    return f"exercises/{exercise['topic']}/{exercise['name']}"


@cache
def find_exercises():
    """{name of the page: (row of the catalog, learner's notebook)} of each exercise that has one."""
    from solutions.catalog import catalog

    found = {}
    for exercise in catalog():
        if (ROOT / "book" / exercise["topic"] / "exercises.md").is_file():  # the chapter is in the book
            notebook = nbformat.read(ROOT / exercise["path"], as_version=4)
            if not any(TORCH.search(cell.source) for cell in notebook.cells if cell.cell_type == "code"):
                found[page_name(exercise)] = exercise, notebook
    return found


def write_page(exercise, notebook):
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
    for cell in notebook.cells[1:]:  # the first one is the title
        if cell.cell_type == "code":
            role = cell.metadata.get("exercise", {}).get("role", "given")
            source = INSTALLS.sub("", cell.source)
            lines += ["```{code-cell} ipython3", f":tags: [live, {role}]", source, "```", ""]
        else:
            lines += [cell.source, ""]
    return "\n".join(lines)


def write_pages():
    return {f"{name}.md": write_page(*found) for name, found in find_exercises().items()}


def add_scripts(app, pagename, templatename, context, doctree):
    """The page knows its cells by the ids that they have in the notebook, which it can be saved as."""
    if pagename in find_exercises():
        _, notebook = find_exercises()[pagename]
        about = {
            "name": pagename,
            "notebook": context["pathto"](f"_sources/{pagename}.ipynb", 1),  # the download button's
            "cells": [cell.id for cell in notebook.cells if cell.cell_type == "code"],
        }
        context["body"] += f'<script type="application/json" id="exercise">{json.dumps(about)}</script>'
        app.add_js_file("exercise.js", loading_method="defer")


def setup(app):
    generate(app, ROOT / "book" / "exercises", write_pages)
    app.connect("html-page-context", add_scripts, priority=950)  # after live.js
