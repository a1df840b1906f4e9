"""Neighboring code cells tagged `numpy` and `torch` become tabs.

MyST-NB runs no cell inside a tab-set, so the cells stand side by side in the source and are moved
into sphinx-design's tabs afterwards. All tab-sets of a page follow one choice.
"""

from docutils import nodes
from sphinx.util import logging
from sphinx_design.shared import create_component

LABELS = {"numpy": "NumPy", "torch": "PyTorch"}
logger = logging.getLogger(__name__)


def backend(node):
    """The backend a code cell is tagged with, or None."""
    if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code":
        tags = node["cell_metadata"].get("tags", [])
        return next((name for name in LABELS if name in tags), None)
    return None


def neighbors(parent):
    """Runs of tagged cells in `parent`: lists of (backend, [cells]), each backend once."""
    runs, previous = [], None
    for child in parent.children:
        name = backend(child)
        if name is None:
            previous = None
        elif name == previous:
            runs[-1][-1][1].append(child)
        elif previous is None or name in [seen for seen, _ in runs[-1]]:
            runs.append([(name, [child])])
        else:
            runs[-1].append((name, [child]))
        previous = name
    return runs


def tab_item(name, cells):
    label = nodes.rubric(
        LABELS[name], LABELS[name], classes=["sd-tab-label"], sync_group="backend", sync_id=name
    )
    content = create_component("tab-content", classes=["sd-tab-content"], children=cells)
    return create_component("tab-item", classes=["sd-tab-item"], children=[label, content])


def make_tabs(app, doctree):
    """Replace each run of tagged neighbors by a tab-set."""
    parents = {id(cell.parent): cell.parent for cell in doctree.findall(nodes.container) if backend(cell)}
    for parent in parents.values():
        for run in neighbors(parent):
            first = run[0][1][0]
            if len(run) == 1:
                logger.warning(
                    "a cell tagged %r has no neighbor in the other backend to share tabs with",
                    run[0][0],
                    location=first,
                )
                continue
            position = parent.index(first)
            for _, cells in run:
                for cell in cells:
                    parent.remove(cell)
            items = [tab_item(name, cells) for name, cells in run]
            parent.insert(position, create_component("tab-set", classes=["sd-tab-set"], children=items))


def setup(app):
    app.connect("doctree-read", make_tabs)
