"""Every page of the built book as a reader meets it: from the disk, narrow and wide, light and dark."""

import string
from itertools import product
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from coursebook.pages import read_pages
from coursebook.repository import ROOT
from screen import HTML, THEMES, complaints, show

SCREENSHOTS = ROOT / "_build" / "screenshots"
OF_THE_PACKAGE = [  # one of each kind: a function, a layer, a module, their source
    "package/function/pooling.numpy_layers.max_pool2d",
    "package/class/nn.Linear",
    "package/class/dropout.torch_layers.DropBlock2d",
    "_modules/coursepkg/nn/linear",
]
EXERCISES = ["exercises/dropout/thinned_step", "exercises/residual/block_backward"]
PAGES = [page.name for page in read_pages()] + ["search", "genindex", *OF_THE_PACKAGE, *EXERCISES]
WIDTHS = (360, 768, 1440)
PICTURES = (("light", 360), ("dark", 1440))  # kept, to look at
ALSO = {"label-content-name-mismatch": {"enabled": True}}  # which axe leaves out unless asked
HEAVIEST = 2_500_000  # bytes of a page with all that it loads


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture(scope="module", params=PAGES)
def page(request, context):
    """A page, with its `name`, with `asked`, the addresses that it has asked for, and `failed`, what its
    scripts and its console complain of."""
    page = context.new_page()
    page.name, page.asked, page.failed = request.param, [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.failed.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.failed.append(said.text))
    page.goto((HTML / f"{page.name}.html").as_uri())
    yield page
    page.close()


def test_a_page_asks_nobody_and_no_script_fails(page):
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    elsewhere = [url for url in page.asked if urlsplit(url).scheme not in ("file", "data")]
    assert (elsewhere, page.failed) == ([], [])
    files = {unquote(urlsplit(url).path) for url in page.asked if url.startswith("file:")}
    assert sum((HTML / file).stat().st_size for file in files) < HEAVIEST


def test_a_page_is_accessible(page):
    but_code = {"exclude": [["pre"]]}  # which has a test of its own
    show(page)
    assert complaints(page, but_code, rules=ALSO) == []
    show(page, "dark")
    assert complaints(page, but_code, runOnly=["color-contrast"]) == []


def test_a_page_fits_its_screen(page):
    (SCREENSHOTS / page.name).parent.mkdir(parents=True, exist_ok=True)
    for theme, width in product(THEMES, WIDTHS):
        show(page, theme, width)
        if (theme, width) in PICTURES:
            page.screenshot(path=SCREENSHOTS / f"{page.name}-{width}-{theme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        moving = "document.getAnimations().filter(one => one.playState === 'running').length"
        assert page.evaluate(moving) == 0


def test_a_page_takes_no_key(page):
    """A live cell needs them all, and so does a reader whose voice is typed."""
    page.evaluate("document.activeElement.blur(); var taken = []")
    page.evaluate("addEventListener('keydown', event => event.defaultPrevented && taken.push(event.key))")
    written = string.digits + string.ascii_letters + string.punctuation
    for key in [*written, "Escape", "ArrowLeft", "ArrowRight"]:
        page.keyboard.press(key)
    assert page.evaluate("taken") == []
    assert page.url == (HTML / f"{page.name}.html").as_uri()


@pytest.mark.long
def test_all_of_the_package_and_every_exercise_fit_a_phone(context):
    page, wide = context.new_page(), []
    page.set_viewport_size({"width": min(WIDTHS), "height": 900})
    for path in sorted([*(HTML / "package").rglob("*.html"), *(HTML / "exercises").rglob("*.html")]):
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        if page.evaluate("document.documentElement.scrollWidth") > min(WIDTHS):
            wide.append(path.name)
    page.close()
    assert wide == []


def test_formulas_are_shown_whole(page):
    """A formula that is wider than a phone scrolls in its own box, by keyboard too."""
    show(page, width=360)
    page.wait_for_function("""() => [...document.querySelectorAll("div.math")].every(
        box => box.tabIndex === (box.scrollWidth > box.clientWidth ? 0 : -1))""")
    cut = page.evaluate("""() => [...document.querySelectorAll("math")].filter(formula => {
        let box = formula;
        while (box && getComputedStyle(box).overflowX !== "auto") box = box.parentElement;
        return !box && formula.checkVisibility() && formula.getBoundingClientRect().right > innerWidth;
    }).map(formula => formula.textContent.replace(/\\s+/g, ""))""")
    assert cut == []


def test_complaints_are_found(context):
    page = context.new_page()
    page.set_content("<p style='color: #ccc'>A text that nobody can read.</p><img src='x.png'>")
    found = {complaint.partition(":")[0] for complaint in complaints(page, None)}
    assert found >= {"color-contrast", "image-alt"}
    page.close()


def test_code_can_be_read(context):
    """One of each kind of highlighted words, from all pages: there are too many to look at each."""
    kinds = {}
    for name in PAGES:
        soup = BeautifulSoup((HTML / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        kinds |= {" ".join(span["class"]): str(span) for span in soup.select(".highlight pre span[class]")}
    assert {"kn", "nn", "mi", "c1"} <= kinds.keys()
    page = context.new_page()
    page.goto((HTML / "intro.html").as_uri())
    page.evaluate(
        "code => document.querySelector('.cell_input .highlight').innerHTML = `<pre>${code}</pre>`",
        "\n".join(kinds.values()),
    )
    for theme in THEMES:
        show(page, theme)
        assert complaints(page, {"include": [[".highlight"]]}) == [], theme
    page.close()
