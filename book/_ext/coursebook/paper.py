"""The whole book as one PDF: Chromium prints all pages in one, with what is folded or in a tab laid open.

The site links to it if it is there, and does without where no Chromium can print it.
"""

import shutil
import sys
from pathlib import Path

from .generated import is_site
from .repository import ROOT

PDF = ROOT / "_build" / "deep-learning-by-hand.pdf"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STYLE = Path(__file__).with_name("paper.css")
LAY_OPEN = """() => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  document.querySelectorAll(".interactive + noscript").forEach((one) => {
    const words = document.createElement("div");
    words.innerHTML = one.textContent;
    one.previousElementSibling.replaceWith(words);
  });
}"""
FOOTER = '<p style="width: 100%; font-size: 8px; text-align: center" class="pageNumber"></p>'


def print_book(page):
    """Writes PDF, with tags, an outline and links that work; says so where Chromium cannot do it.

    Args:
        page: Path of the built page that holds all others.
    """
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            _print(playwright, page)
    except Error as error:  # one in a container of its own, for instance, cannot be steered
        print(f"No PDF of the book: {CHROMIUM} could not print it: {error}", file=sys.stderr)


def _print(playwright, page):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    tab = browser.new_page(reduced_motion="reduce", color_scheme="light")
    tab.goto(page.as_uri())
    tab.emulate_media(media="print")
    tab.add_style_tag(path=STYLE)
    tab.evaluate(LAY_OPEN)
    tab.pdf(
        path=PDF,
        format="A4",
        margin=dict.fromkeys(("top", "bottom", "left", "right"), "18mm"),
        print_background=True,
        tagged=True,
        outline=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )
    browser.close()


def link_to_it(app, pagename, templatename, context, doctree):
    if not is_site(app) or not PDF.exists():
        return
    for button in context.get("header_buttons", []):
        if button.get("label") == "download-buttons":
            url = context["pathto"](PDF.name, 1)
            entry = {"type": "link", "url": url, "text": "The whole book", "icon": "fas fa-book"}
            button["buttons"].append({**entry, "tooltip": "The whole book as PDF", "label": "download-book"})


def setup(app):
    app.connect("html-page-context", link_to_it, priority=900)  # when the theme has made its buttons
