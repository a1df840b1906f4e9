"""The claims page, generated from the markers in the pages' cells: `claim: {id, text, verdict}`."""

from dataclasses import dataclass

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from .markdown import escape_cell, parse_markdown
from .myst import create_parser, title_of
from .pages import read_pages

VERDICTS = ("exact", "holds", "conditional", "false")


@dataclass(frozen=True)
class Claim:
    id: str
    text: str
    verdict: str
    page: str


def read_claim(marker, page):
    """Check one marker.

    Raises:
        ValueError: a field is missing or unknown, or the verdict is none of VERDICTS.
    """
    if not isinstance(marker, dict) or set(marker) != {"id", "text", "verdict"}:
        raise ValueError(f"{page}: a claim has the fields id, text and verdict, got {marker!r}")
    if marker["verdict"] not in VERDICTS:
        raise ValueError(
            f"{page}: claim {marker['id']!r} has the verdict {marker['verdict']!r}; use one of {VERDICTS}, "
            "and quote it: a bare false is no word in YAML"
        )
    return Claim(**marker, page=page)


def collect_claims(pages):
    """The claims of all pages, in reading order.

    Raises:
        ValueError: a marker is malformed, or two claims share an id.
    """
    claims = [
        read_claim(cell.metadata["claim"], page.name)
        for page in pages
        for cell in page.code_cells
        if "claim" in cell.metadata
    ]
    seen = {}
    for claim in claims:
        if claim.id in seen:
            raise ValueError(
                f"{claim.page}: the claim id {claim.id!r} is taken by a claim in {seen[claim.id]}"
            )
        seen[claim.id] = claim.page
    return claims


class ClaimsDirective(SphinxDirective):
    """{claims}: a table of all claims, each with a link to the cell that measures it."""

    def run(self):
        try:
            pages = read_pages()
            claims = collect_claims(pages)
        except ValueError as error:
            raise ExtensionError(str(error)) from error
        parser = create_parser()
        titles = {page.name: escape_cell(title_of(page, parser)) for page in pages}
        rows = [
            f"| `{claim.id}` | {escape_cell(claim.text)} | {claim.verdict} "
            f"| {{ref}}`{titles[claim.page]} <claim-{claim.id}>` |"
            for claim in claims
        ]
        table = ["| id | claim | verdict | measured in |", "|---|---|---|---|", *rows]
        return parse_markdown(self, table, classes=["claims"])


def anchor_claims(app, doctree):
    """Give each marked cell an id, so that the table and the pages can point at it."""
    labels = app.env.get_domain("std")
    for cell in doctree.findall(nodes.container):
        claim = cell.get("cell_metadata", {}).get("claim")
        if claim:
            name = f"claim-{claim['id']}"
            cell["ids"].append(name)
            labels.note_hyperlink_target(name, app.env.docname, name, claim["text"])


def setup(app):
    app.add_directive("claims", ClaimsDirective)
    app.connect("doctree-read", anchor_claims)
