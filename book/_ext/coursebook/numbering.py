"""What references point at: titles, and the numbers Sphinx gives to figures, tables and equations.

The book numbers each kind from 1 through all pages (numfig_secnum_depth: 0), so a notebook can show the
same numbers without a Sphinx build. A test compares them with the built pages.
"""

from collections import Counter
from dataclasses import dataclass, field

from docutils.nodes import make_id

from .myst import read_directive, title_of


@dataclass(frozen=True)
class Target:
    """Something with a label. `number` is None for a section or a claim."""

    page: str
    anchor: str
    title: str
    kind: str
    number: int | None = None


@dataclass
class Targets:
    """All labels of the book, and the titles of its pages."""

    labels: dict[str, Target] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    counts: Counter = field(default_factory=Counter)

    def add(self, page, label, title, kind):
        self.labels[label] = Target(page.name, make_id(label), title, kind)

    def add_numbered(self, page, label, title, kind):
        self.counts[kind] += 1
        anchor = make_id(f"equation-{label}" if kind == "equation" else str(label))
        self.labels[label] = Target(page.name, anchor, title, kind, self.counts[kind])


def collect_targets(pages, parser):
    """Gather every label of `pages`, which come in reading order."""
    targets = Targets()
    for page in pages:
        targets.titles[page.name] = title_of(page, parser)
        for cell in page.notebook.cells:
            if cell.cell_type == "markdown":
                _collect_markdown(page, cell.source, parser, targets)
            else:
                figure = cell.metadata.get("mystnb", {}).get("figure", {})
                if "caption" in figure:
                    targets.add_numbered(page, figure.get("name"), figure["caption"], "figure")
                if "claim" in cell.metadata:
                    claim = cell.metadata["claim"]
                    targets.add(page, f"claim-{claim['id']}", claim["text"], "claim")
    return targets


def _collect_markdown(page, text, parser, targets):
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        directive = read_directive(token)
        if token.type == "myst_target":
            heading = index + 2 < len(tokens) and tokens[index + 1].type == "heading_open"
            targets.add(page, token.content, tokens[index + 2].content if heading else "", "section")
        elif token.type == "math_block_label":
            targets.add_numbered(page, token.info, "", "equation")
        elif directive is None:
            continue
        elif directive.name == "math":
            if "label" in directive.options:
                targets.add_numbered(page, directive.options["label"], "", "equation")
        elif directive.name == "figure" and directive.body.strip():
            targets.add_numbered(page, directive.options.get("name"), directive.body.strip(), "figure")
        elif directive.name == "table" and directive.argument:
            targets.add_numbered(page, directive.options.get("name"), directive.argument, "table")
        else:
            _collect_markdown(page, directive.body, parser, targets)
