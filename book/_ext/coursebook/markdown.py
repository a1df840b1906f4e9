"""Helpers for directives that write Markdown."""

from docutils import nodes
from docutils.statemachine import StringList


def escape_cell(text):
    """Text for one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", r"\|")


def parse_markdown(directive, lines, classes):
    """Parse generated Markdown where `directive` stands."""
    box = nodes.container(classes=classes)
    directive.state.nested_parse(
        StringList(lines, source=directive.env.docname), directive.content_offset, box
    )
    return [box]
