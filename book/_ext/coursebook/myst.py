"""Parsing of MyST Markdown, as the book does it, with the places of roles and links kept."""

from dataclasses import dataclass
from itertools import pairwise

import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from .repository import ROOT


def create_parser(root=ROOT):
    """The book's own parser; roles, links, images and footnotes get meta["span"], their place in the text."""
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    extensions = set(settings["parse"]["myst_enable_extensions"])
    parser = create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)
    rules = {rule.name: rule.fn for rule in parser.inline.ruler.__rules__}
    for name in ("myst_role", "link", "image", "footnote_ref"):
        parser.inline.ruler.at(name, _record_span(rules[name]))
    return parser


def _record_span(rule):
    def recording(state, silent):
        start, count = state.pos, len(state.tokens)
        found = rule(state, silent)
        if found and not silent:
            token = next(token for token in state.tokens[count:] if token.type != "text")
            token.meta["span"] = (start, state.pos)
        return found

    return recording


@dataclass(frozen=True)
class Directive:
    name: str
    argument: str
    options: dict
    body: str


def read_directive(token):
    """The directive that a fence token stands for, or None."""
    info = token.info.strip()
    if token.type not in ("fence", "colon_fence") or not info.startswith("{"):
        return None
    name, _, argument = info[1:].partition("}")
    lines = token.content.split("\n")
    count, options = 0, {}
    if lines[0].strip() == "---":
        count = lines.index("---", 1) + 1
        options = yaml.safe_load("\n".join(lines[1 : count - 1])) or {}
    else:
        while count < len(lines) and lines[count].startswith(":") and not lines[count].startswith(":::"):
            key, _, value = lines[count][1:].partition(":")
            options[key] = value.strip()
            count += 1
    return Directive(name, argument.strip(), options, "\n".join(lines[count:]).strip("\n"))


def title_of(page, parser):
    """The text of a page's first heading."""
    for cell in page.notebook.cells:
        if cell.cell_type == "markdown":
            tokens = parser.parse(cell.source)
            for token, following in pairwise(tokens):
                if token.type == "heading_open":
                    return following.content
    raise ValueError(f"{page.path}: no heading")
