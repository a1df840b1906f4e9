"""book/<topic>/<page>.md to book/notebooks/<topic>/<page>.ipynb, which Colab and Binder open.

python book/_ext/notebooks.py             write them all, delete what no page generates
python book/_ext/notebooks.py --check     write nothing; fail and name what is stale, missing or extra
python book/_ext/notebooks.py --executed  copies in _build/notebooks, with the outputs of the built pages: one
                                          run of nbval over them judges both the pages and the notebooks
"""

import argparse
import shutil
import sys

import nbformat
from coursebook.flatten import Flattener, FlattenError, read_bibliography
from coursebook.myst import create_parser
from coursebook.numbering import collect_targets
from coursebook.pages import read_pages
from coursebook.repository import ROOT, read_repository

FOLDER = ROOT / "book" / "notebooks"
BUILD = ROOT / "_build"


def build_notebook(page, flattener, repository, title):
    """The notebook of one page."""
    new_text, new_code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    source = f"[{page.name}.md]({repository.file(f'book/{page.name}.md')})"
    origin = (
        f"This notebook is the page [{title}]({repository.page(page.name)}) "
        f"of a [course]({repository.site}/). "
        "The first cell installs the course's package where it is missing, as on Colab.\n\n"
        f"It is generated from {source}: mend the page, not this file."
    )
    cells = [new_text(origin), new_code(repository.install_cell)]
    for cell in page.notebook.cells:
        if cell.cell_type == "code":
            cells.append(new_code(cell.source))
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            if "caption" in figure:
                cells.append(new_text(flattener.caption(figure["name"], figure["caption"])))
        elif plain := flattener.flatten(cell.source).strip():
            cells.append(new_text(plain))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:03d}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def build_all():
    """{path: text} of every notebook."""
    pages, parser, repository = read_pages(), create_parser(), read_repository()
    targets, bibliography = collect_targets(pages, parser), read_bibliography()
    built = {}
    for page in pages:
        if page.runs:
            flattener = Flattener(page, parser, targets, bibliography, repository)
            title = flattener.flatten(targets.titles[page.name])
            built[FOLDER / f"{page.name}.ipynb"] = build_notebook(page, flattener, repository, title)
    return built


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def write_executed():
    shutil.rmtree(BUILD / "notebooks", ignore_errors=True)
    for path in sorted(FOLDER.rglob("*.ipynb")):
        name = path.relative_to(FOLDER)
        notebook, page = (nbformat.read(one, as_version=4) for one in (path, BUILD / "executed" / name))
        _, *cells = code_cells(notebook)  # the first one installs the package
        for cell, run in zip(cells, code_cells(page), strict=True):
            if cell.source != run.source:
                sys.exit(f"{path} is not the page that was built. Run `make exercises` and `make book`.")
            cell.outputs, cell.execution_count = run.outputs, run.execution_count
        (BUILD / "notebooks" / name).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, BUILD / "notebooks" / name)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail if a notebook is not current"
    )
    parser.add_argument("--executed", action="store_true", help="write copies with outputs, for nbval")
    arguments = parser.parse_args(arguments)
    if arguments.executed:
        write_executed()
        return
    try:
        built = build_all()
    except FlattenError as error:
        sys.exit(str(error))
    present = {path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    if not arguments.check:
        for path in present - set(built):
            path.unlink()
        for path, text in built.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        print(f"{len(built)} notebooks in {FOLDER}")
        return
    wrong = [f"extra:   {path}" for path in present - set(built)]
    wrong += [f"missing: {path}" for path in set(built) - present]
    wrong += [
        f"stale:   {path}" for path in set(built) & present if path.read_bytes() != built[path].encode()
    ]
    if wrong:
        sys.exit("\n".join([*sorted(wrong), "Run `make exercises`."]))
    print(f"{len(built)} notebooks: all current")


if __name__ == "__main__":
    main()
