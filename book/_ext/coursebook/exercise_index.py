"""{exercise-index} TOPIC: the exercises of a chapter, from their sources' headers."""

import sys

from sphinx.util.docutils import SphinxDirective

from .exercise_pages import find_exercises, page_name
from .generated import is_site
from .markdown import escape_cell, parse_markdown
from .repository import ROOT, read_repository


def index_table(exercises, repository, pages):
    """Markdown lines of a table of exercises, one row each, with links that open them.

    Args:
        exercises: rows of the catalog.
        repository: a Repository.
        pages: names of the pages where exercises can be done in the browser.
    """
    lines = [
        "| exercise | kind | points | minutes | difficulty | read first | open in |",
        "|---|---|---|---|---|---|---|",
    ]
    for exercise in exercises:
        path, page = exercise["path"], page_name(exercise)
        cells = (
            f"[{escape_cell(exercise['title'])}]({repository.file(path)})",
            exercise["kind"],
            exercise["points"],
            exercise["minutes"],
            f"{exercise['difficulty']} of 3",
            ", ".join(f"{{doc}}`/{page}`" for page in exercise["read"]),
            (f"{{doc}}`your browser </{page}>`, " if page in pages else "")
            + f"[Colab]({repository.colab(path)}), [Binder]({repository.binder(path)})",
        )
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return lines


class ExerciseIndexDirective(SphinxDirective):
    required_arguments = 1

    def run(self):
        from solutions.catalog import catalog

        pages = find_exercises() if is_site(self.env.app) else ()
        table = index_table(catalog(self.arguments[0]), read_repository(), pages)
        return parse_markdown(self, table, classes=["exercise-index"])


def setup(app):
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))  # solutions/ is no installed package
    app.add_directive("exercise-index", ExerciseIndexDirective)
