"""{exercise-index} TOPIC: the exercises of a chapter, from their sources' headers."""

import sys

from sphinx.util.docutils import SphinxDirective

from .markdown import escape_cell, parse_markdown
from .repository import ROOT, read_repository


def index_table(exercises, repository):
    """Markdown lines of a table of exercises, one row each, with links that open them."""
    lines = [
        "| exercise | kind | points | minutes | difficulty | read first | open in |",
        "|---|---|---|---|---|---|---|",
    ]
    for exercise in exercises:
        path = exercise["path"]
        cells = (
            f"[{escape_cell(exercise['title'])}]({repository.file(path)})",
            exercise["kind"],
            exercise["points"],
            exercise["minutes"],
            f"{exercise['difficulty']} of 3",
            ", ".join(f"{{doc}}`/{page}`" for page in exercise["read"]),
            f"[Colab]({repository.colab(path)}), [Binder]({repository.binder(path)})",
        )
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return lines


class ExerciseIndexDirective(SphinxDirective):
    required_arguments = 1

    def run(self):
        from solutions.catalog import catalog

        table = index_table(catalog(self.arguments[0]), read_repository())
        return parse_markdown(self, table, classes=["exercise-index"])


def setup(app):
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))  # solutions/ is no installed package
    app.add_directive("exercise-index", ExerciseIndexDirective)
