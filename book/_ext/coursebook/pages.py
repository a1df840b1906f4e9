"""The pages of the book, in reading order, as their sources have them."""

from dataclasses import dataclass
from pathlib import Path

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, myst_nb_reader_plugin
from sphinx_external_toc.parsing import parse_toc_yaml

from .repository import ROOT


def is_live(cell):
    return "live" in cell.metadata.get("tags", ())


@dataclass(frozen=True)
class Page:
    """A page: its name in the table of contents, its file and its cells."""

    name: str
    path: Path
    notebook: nbformat.NotebookNode
    runs: bool

    @property
    def code_cells(self):
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def live_cells(self):
        """Those that readers can run in the page."""
        return [cell for cell in self.code_cells if is_live(cell)]


def read_page(name, root=ROOT):
    """Read one page. A page without a notebook header is one markdown cell."""
    path = Path(root) / "book" / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    runs = is_myst_markdown_notebook(text)
    if runs:
        notebook = myst_nb_reader_plugin(str(path))
    else:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    return Page(name, path, notebook, runs)


def read_pages(root=ROOT):
    """All pages of book/_toc.yml, in its order."""
    toc = parse_toc_yaml(Path(root) / "book" / "_toc.yml")

    def names(document):
        yield document.docname
        for subtree in document.subtrees:
            for item in subtree.items:
                if item in toc:
                    yield from names(toc[item])

    return [read_page(name, root) for name in names(toc.root)]
