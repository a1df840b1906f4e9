"""MyST Markdown to the Markdown that Colab and JupyterLab show.

Everything is found on markdown-it tokens and replaced in the source text, so that plain prose stays as it is,
and code that merely looks like a role is left alone.
"""

import posixpath
from pathlib import Path

from docutils.nodes import make_id
from pybtex.database import parse_file
from sphinx.util.nodes import split_explicit_title

from .myst import read_directive
from .repository import ROOT

ADMONITIONS = ("note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "seealso")
NUMBERED = {"figure": "Fig. {}", "table": "Table {}", "equation": "({})"}
LEFT_OVER = (
    "myst_role",
    "myst_target",
    "myst_block_break",
    "myst_line_comment",
    "math_block_label",
    "colon_fence",
)


class FlattenError(ValueError):
    """Something in a page has no plain form."""


def read_bibliography(root=ROOT):
    """{key: (authors as in running text, year)}"""
    entries = {}
    for key, entry in parse_file(str(root / "book" / "references.bib")).entries.items():
        names = ["".join(person.rich_last_names[0].render_as("text")) for person in entry.persons["author"]]
        authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        entries[key] = (authors, entry.fields["year"])
    return entries


class Flattener:
    """Flattens the markdown cells of one page."""

    def __init__(self, page, parser, targets, bibliography, repository):
        self.page = page
        self.parser = parser
        self.targets = targets
        self.bibliography = bibliography
        self.repository = repository
        self.footnotes = {}

    def flatten(self, text):
        """The plain form of a piece of MyST.

        Raises:
            FlattenError: a directive, role or label is unknown.
        """
        plain = self._replace(text, self.parser.parse(text))
        for token in self.parser.parse(plain):
            inside = [token, *(token.children or [])]
            if any(part.type in LEFT_OVER for part in inside) or read_directive(token):
                raise FlattenError(
                    f"{self.page.path}: MyST is left in the notebook: {token.content or token.info!r}"
                )
        return plain

    def caption(self, name, text):
        """The line below a figure."""
        return f"**{self._number(name)}.** {self.flatten(text)}"

    # -- where things stand ---------------------------------------------------------------------------------

    def _replace(self, text, tokens):
        lines = text.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        edits = []
        for token in tokens:
            if token.type == "inline":
                edits += self._inline_edits(token, lines, starts)
                continue
            plain = self._block(token)
            if plain is not None:
                first, last = token.map
                indent = lines[first][: len(lines[first]) - len(lines[first].lstrip(" >-*0123456789."))]
                prefix = "".join(">" if character == ">" else " " for character in indent)
                block = [
                    indent + line if i == 0 else (prefix + line).rstrip() for i, line in enumerate(plain)
                ]
                while last > first and not lines[last - 1].strip():
                    last -= 1  # the map of a block includes the blank lines below it
                edits.append((starts[first], starts[last], "".join(f"{line}\n" for line in block)))
            elif token.type == "footnote_reference_open":
                start = starts[token.map[0]]
                edits.append((start, start + len(f"[^{token.meta['label']}]:"), self._footnote(token)))
            elif token.type == "dt_open":
                first = token.map[0]
                edits.append((starts[first], starts[first], "- **"))
                edits.append((starts[first + 1] - 1, starts[first + 1] - 1, "**:"))
            elif token.type == "dd_open":
                colon = starts[token.map[0]] + lines[token.map[0]].index(":")
                edits.append((colon, colon + 1, " "))
        text += "\n"
        for start, end, plain in sorted(edits, reverse=True):
            text = text[:start] + plain + text[end:]
        return text.removesuffix("\n")

    def _inline_edits(self, inline, lines, starts):
        """Edits of one paragraph, heading or table cell, in offsets of the whole text."""
        edits = [
            (*token.meta["span"], self._inline(token, inline))
            for token in inline.children
            if "span" in token.meta
        ]
        edits = [(start, end, plain) for start, end, plain in edits if plain is not None]
        if not edits:
            return []
        places = []  # (offset in the paragraph, offset in the text) of each line
        offset = 0
        for number, line in enumerate(inline.content.split("\n"), start=inline.map[0]):
            column = lines[number].find(line)
            if column < 0:
                raise FlattenError(
                    f"{self.page.path}: cannot locate {line!r}; is there an escaped | in a table?"
                )
            places.append((offset, starts[number] + column))
            offset += len(line) + 1

        def absolute(position):
            line, start = [place for place in places if place[0] <= position][-1]
            return start + position - line

        return [(absolute(start), absolute(end), plain) for start, end, plain in edits]

    # -- inline ---------------------------------------------------------------------------------------------

    def _inline(self, token, inline):
        if token.type == "myst_role":
            return self._role(token.meta["name"], " ".join(token.content.split()))
        if token.type == "footnote_ref":
            return self._footnote(token)
        start, end = token.meta["span"]
        source = inline.content[start:end]
        if token.type == "image":
            address = token.attrs["src"]
            return source if "://" in address else source.replace(address, self._raw(address))
        return self._link(token.attrs["href"], source)

    def _role(self, name, content):
        explicit, text, target = split_explicit_title(content)
        if name == "term":
            return f"[{text}]({self.repository.page('glossary')})"
        if name == "doc":
            page = self._page(target)
            return f"[{text if explicit else self._title(page)}]({self.repository.page(page)})"
        if name in ("ref", "numref", "eq"):
            label = self._target(target)
            shown = text if explicit else self._number(target) if name != "ref" else self.flatten(label.title)
            if explicit and name == "numref":
                shown = text.replace("{number}", str(label.number)).replace("%s", str(label.number))
            return f"[{shown}]({self.repository.page(label.page)}#{label.anchor})"
        if name in ("cite", "cite:p", "cite:t"):
            return self._cite(name, [key.strip() for key in content.split(",")])
        if name == "math":
            return f"${content}$"
        raise FlattenError(f"{self.page.path}: the role {name!r} has no plain form")

    def _cite(self, name, keys):
        for key in keys:
            if key not in self.bibliography:
                raise FlattenError(f"{self.page.path}: {key!r} is not in references.bib")
        pattern = "{} ({})" if name == "cite:t" else "{}, {}"
        text = "; ".join(pattern.format(*self.bibliography[key]) for key in keys)
        link = f"[{text}]({self.repository.page('references')})"
        return link if name == "cite:t" else f"({link})"

    def _link(self, href, source):
        if "://" in href or href.startswith("mailto:"):
            return None
        text, bracket, _ = source.rpartition("](")
        path, _, fragment = href.partition("#")
        if not bracket:
            raise FlattenError(f"{self.page.path}: write {source!r} as [text](address)")
        if not path:
            label = self._target(fragment)
            shown = text[1:] or (self._number(fragment) if label.number else label.title)
            return f"[{shown}]({self.repository.page(label.page)}#{label.anchor})"
        if path.endswith(".md"):
            page = self._page(path.removesuffix(".md"))
            anchor = f"#{make_id(fragment)}" if fragment else ""
            return f"[{text[1:] or self._title(page)}]({self.repository.page(page)}{anchor})"
        return f"{text}]({self.repository.file(self._path(path))})"

    def _footnote(self, token):
        return f"<sup>{self.footnotes.setdefault(token.meta['label'], len(self.footnotes) + 1)}</sup>"

    # -- blocks ---------------------------------------------------------------------------------------------

    def _block(self, token):
        """The lines that replace a block, or None to leave it."""
        directive = read_directive(token)
        if directive:
            return self._directive(directive).split("\n")
        if token.type == "math_block_label":
            return self._math(token.content, token.info).split("\n")
        if token.type == "colon_fence":
            return self.flatten(token.content).split("\n")
        if token.type in ("myst_target", "myst_line_comment", "myst_block_break"):
            return []
        return None

    def _directive(self, directive):
        name, argument, body = directive.name, directive.argument, directive.body
        title = argument if name in ("admonition", "dropdown") else ""
        classes = str(directive.options.get("class", ""))
        if name in (*ADMONITIONS, "admonition", "dropdown"):
            title = self.flatten(title or {"seealso": "See also"}.get(name, name.capitalize()))
            if name not in ("admonition", "dropdown") and argument:
                body = f"{argument}\n{body}".strip()
            if name == "dropdown" or "dropdown" in classes:
                return f"<details>\n<summary>{title}</summary>\n\n{self.flatten(body)}\n\n</details>"
            return quote(f"**{title}**\n\n{self.flatten(body)}")
        if name in ("margin", "sidebar", "epigraph"):
            return quote((f"**{self.flatten(argument)}**\n\n" if argument else "") + self.flatten(body))
        if name in ("figure", "image"):
            picture = f"![{directive.options.get('alt', '')}]({self._raw(argument)})"
            return (
                picture
                if name == "image"
                else f"{picture}\n\n{self.caption(directive.options.get('name'), body)}"
            )
        if name == "table":
            return f"{self.caption(directive.options.get('name'), argument)}\n\n{self.flatten(body)}"
        if name == "math":
            return self._math(body, directive.options.get("label"))
        if name in ("code-block", "code"):
            return f"```{argument}\n{body}\n```"
        if name == "interactive":
            page = self.repository.page(self.page.name)
            return f"*(Here [the page]({page}) has a figure that moves.)* {self.flatten(body)}"
        raise FlattenError(f"{self.page.path}: the directive {name!r} has no plain form")

    def _math(self, formula, label):
        tag = f"\n\\tag{{{self._target(label).number}}}" if label else ""
        return f"$$\n{formula.strip()}{tag}\n$$"

    # -- addresses ------------------------------------------------------------------------------------------

    def _target(self, label):
        if label not in self.targets.labels:
            raise FlattenError(
                f"{self.page.path}: no figure, equation, table or section is labelled {label!r}"
            )
        return self.targets.labels[label]

    def _number(self, label):
        target = self._target(label)
        if target.number is None:
            raise FlattenError(f"{self.page.path}: {label!r} has no number; use {{ref}}")
        return NUMBERED[target.kind].format(target.number)

    def _path(self, path):
        """A path as the page writes it, from the root of the repository."""
        folder = "book" if path.startswith("/") else posixpath.dirname(f"book/{self.page.name}")
        return posixpath.normpath(posixpath.join(folder, path.lstrip("/")))

    def _raw(self, path):
        if not Path(ROOT / self._path(path)).is_file():
            raise FlattenError(f"{self.page.path}: there is no file {path!r}")
        return self.repository.raw(self._path(path))

    def _page(self, path):
        page = self._path(path).removeprefix("book/")
        if page not in self.targets.titles:
            raise FlattenError(f"{self.page.path}: there is no page {path!r}")
        return page

    def _title(self, page):
        return self.flatten(self.targets.titles[page])


def quote(text):
    """A block quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
