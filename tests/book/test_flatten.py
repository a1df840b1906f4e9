"""MyST pages as Colab and JupyterLab can show them."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from coursebook.flatten import Flattener, FlattenError
from coursebook.numbering import Target, Targets
from coursebook.repository import Repository

SITE = "https://me.github.io/course"


@pytest.fixture
def flatten(book):
    targets = Targets(
        labels={
            "fig-gap": Target("dropout/gap", "fig-gap", "The gap.", "figure", 7),
            "eq-mask": Target("dropout/gap", "equation-eq-mask", "", "equation", 3),
            "sec-gap": Target("dropout/gap", "sec-gap", "What is a gap?", "section"),
        },
        titles={"dropout/gap": "What is a gap?", "dropout/other": "Other"},
    )
    bibliography = {"one": ("Zhang", "2019"), "many": ("Srivastava et al.", "2014")}
    page = SimpleNamespace(name="dropout/other", path=Path("dropout/other.md"))
    repository = Repository("https://github.com/me/course", "main")
    return Flattener(page, book.parser, targets, bibliography, repository).flatten


@pytest.mark.parametrize(
    ("myst", "plain"),
    [
        ("{term}`mask`", f"[mask]({SITE}/glossary.html)"),
        ("{term}`masks <mask>`", f"[masks]({SITE}/glossary.html)"),
        ("{cite:t}`one`", f"[Zhang (2019)]({SITE}/references.html)"),
        ("{cite:p}`many, one`", f"([Srivastava et al., 2014; Zhang, 2019]({SITE}/references.html))"),
        ("{numref}`fig-gap`", f"[Fig. 7]({SITE}/dropout/gap.html#fig-gap)"),
        ("{numref}`picture {number} <fig-gap>`", f"[picture 7]({SITE}/dropout/gap.html#fig-gap)"),
        ("{eq}`eq-mask`", f"[(3)]({SITE}/dropout/gap.html#equation-eq-mask)"),
        ("{ref}`sec-gap`", f"[What is a gap?]({SITE}/dropout/gap.html#sec-gap)"),
        ("{ref}`there <sec-gap>`", f"[there]({SITE}/dropout/gap.html#sec-gap)"),
        ("{doc}`gap`", f"[What is a gap?]({SITE}/dropout/gap.html)"),
        ("{doc}`it <../dropout/gap>`", f"[it]({SITE}/dropout/gap.html)"),
        ("{doc}`/dropout/gap`", f"[What is a gap?]({SITE}/dropout/gap.html)"),
        ("[it](gap.md)", f"[it]({SITE}/dropout/gap.html)"),
        ("[](#fig-gap)", f"[Fig. 7]({SITE}/dropout/gap.html#fig-gap)"),
        ("[out](https://example.org/a.md)", "[out](https://example.org/a.md)"),
        ("{math}`x^2`", "$x^2$"),
        ("(sec-x)=\n# Title", "# Title"),
        ("% a comment\ntext", "text"),
        ("$$\na\n$$ (eq-mask)", "$$\na\n\\tag{3}\n$$"),
        ("$$\na\n$$", "$$\na\n$$"),
        ("```{math}\n:label: eq-mask\na\n```", "$$\na\n\\tag{3}\n$$"),
        (":::{note}\ntext {term}`x`\n:::", f"> **Note**\n>\n> text [x]({SITE}/glossary.html)"),
        (":::{warning} At once\n:::", "> **Warning**\n>\n> At once"),
        (
            ":::{admonition} Answer\n:class: dropdown\nall\n:::",
            "<details>\n<summary>Answer</summary>\n\nall\n\n</details>",
        ),
        (":::{dropdown} Answer\nall\n:::", "<details>\n<summary>Answer</summary>\n\nall\n\n</details>"),
        ("a[^n]\n\n[^n]: note", "a<sup>1</sup>\n\n<sup>1</sup> note"),
        ("word\n: meaning", "- **word**:\n  meaning"),
        ("| a |\n|---|\n| {term}`x` |", f"| a |\n|---|\n| [x]({SITE}/glossary.html) |"),
        ("> says {term}`x`", f"> says [x]({SITE}/glossary.html)"),
        ("long {term}`two\nwords` end", f"long [two words]({SITE}/glossary.html) end"),
        ("- item\n\n  ```{tip}\n  do\n  ```\n\n- next", "- item\n\n  > **Tip**\n  >\n  > do\n\n- next"),
        ("`{term}` is a role, and {term}`x`", f"`{{term}}` is a role, and [x]({SITE}/glossary.html)"),
        ("```python\n# {term}`x`\n```", "```python\n# {term}`x`\n```"),
        ("    {note} indented code", "    {note} indented code"),
    ],
)
def test_plain_form(flatten, myst, plain):
    assert flatten(myst) == plain


def test_directives_nest(flatten):
    text = "::::{note}\n:::{admonition} Why?\n:class: dropdown\n{numref}`fig-gap`\n:::\n::::"
    assert flatten(text).count("Fig. 7") == 1
    assert "<details>" in flatten(text)


@pytest.mark.parametrize(
    ("myst", "message"),
    [
        ("```{mystery}\n```", "the directive 'mystery' has no plain form"),
        ("{mystery}`x`", "the role 'mystery' has no plain form"),
        ("{numref}`fig-none`", "is labelled 'fig-none'"),
        ("{numref}`sec-gap`", "has no number"),
        ("{doc}`nowhere`", "there is no page 'nowhere'"),
        ("{cite:p}`nobody`", "'nobody' is not in references.bib"),
        (":::{figure} nothing.png\n:name: fig-gap\nA caption\n:::", "there is no file 'nothing.png'"),
    ],
)
def test_what_has_no_plain_form_is_refused(flatten, myst, message):
    with pytest.raises(FlattenError, match=message):
        flatten(myst)
