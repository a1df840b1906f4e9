"""Cells that run in the page, and exercises done there: the book as a server sends it, with Pyodide in it."""

import functools
import json
import re
import string
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import nbformat
import pytest
from coursebook.exercise_pages import find_exercises
from coursebook.pages import read_pages
from coursebook.repository import ROOT
from screen import HTML, THEMES, complaints, show

from coursepkg.checks import open_exercise

SOLUTIONS = ROOT / "_build" / "solutions"
CONFIG = HTML / "_static" / "python" / "config.json"
MINUTE = 60_000  # milliseconds


PAGES = [page.name for page in read_pages() if page.live_cells]
EXERCISES = [name.removeprefix("exercises/") for name in find_exercises()]
IN_CI = ("dropout/inverted_dropout", "pooling/max_pool")


class Server(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def site():
    if not CONFIG.is_file() or json.loads(CONFIG.read_text(encoding="utf-8"))["pyodide"] != "pyodide/":
        pytest.skip("the book was built without Pyodide's files: make test LIVE=local")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=HTML))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def open_page(browser, site):
    """Opens a page of the site; `asked` are the addresses it has asked for, `failed` what its scripts say."""
    context = browser.new_context(accept_downloads=True)

    def open_page(name):
        page = context.new_page()
        page.set_default_timeout(MINUTE)
        page.asked, page.failed = [], []
        context.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.failed.append(str(error)))
        page.goto(f"{site}/{name}.html")
        return page

    yield open_page
    context.close()


@pytest.fixture
def shoe(open_page):
    """A page with cells that are quick, and its cells."""
    page = open_page("pooling/by_hand")
    return page, page.locator("div.cell.tag_live")


def click(cell, button):
    cell.get_by_role("button", name=re.compile(f"^{button} cell")).click()


def wait_for(cell, text):
    cell.locator(".live-status", has_text=text).wait_for()


def run_all(page):
    """Run all cells as "Run all above" does. Returns what the status of each says."""
    page.evaluate("livePage.run(livePage.cells)")
    return page.evaluate("livePage.cells.map(cell => cell.status.textContent)")


def write(cell, source):
    click(cell, "Edit")
    cell.page.keyboard.press("ControlOrMeta+a")
    cell.page.keyboard.insert_text(source)


def run_instead(cell, source, status):
    """Run other code in a cell. Returns what it shows."""
    write(cell, source)
    click(cell, "Run")
    wait_for(cell, status)
    return cell.locator(".live-output").inner_text()


WHAT_CELLS_SHOW = """part => livePage.cells.map(cell => {
    const box = cell[part];
    const all = kind => box ? [...box.querySelectorAll(kind)] : [];
    const texts = all("pre, .text_html").filter(one => !one.querySelector("pre"));
    return {
        text: texts.map(one => one.textContent).join("\\n"),
        pictures: all("img").map(image => image.naturalWidth > 200),
    };
})"""


@pytest.mark.parametrize("name", PAGES)
def test_live_cells_show_what_the_built_page_shows(open_page, site, name):
    page = open_page(name)
    assert not [url for url in page.asked if "/python/" in url]  # nothing before the first Run
    statuses = run_all(page)
    assert [status for status in statuses if not status.startswith("Ran in")] == [], page.locator(
        ".live-error"
    ).all_inner_texts()
    page.wait_for_function("[...document.images].every(image => image.complete)")
    built, shown = page.evaluate(WHAT_CELLS_SHOW, "built"), page.evaluate(WHAT_CELLS_SHOW, "shown")
    for before, after in zip(built, shown, strict=True):
        assert after["text"].split() == before["text"].split()
        assert after["pictures"] == [True] * len(before["pictures"])
    assert any(after["text"] or after["pictures"] for after in shown)
    elsewhere = [url for url in page.asked if not url.startswith((site, "blob:", "data:"))]
    assert (elsewhere, page.failed) == ([], [])


def test_the_outputs_are_compared(open_page):
    page = open_page("pooling/by_hand")
    page.evaluate("livePage.cells[2].source = 'print(1)'")
    page.evaluate("livePage.run([livePage.cells[2]])")
    built, shown = page.evaluate(WHAT_CELLS_SHOW, "built"), page.evaluate(WHAT_CELLS_SHOW, "shown")
    assert shown[2]["text"].split() == ["1"] != built[2]["text"].split()


@pytest.mark.parametrize("width", [360, 1440])
def test_a_new_picture_stands_where_the_built_one_stood(open_page, width):
    page = open_page("residual/degradation")
    show(page, width=width)
    page.reload()  # no sidebar is on its way out
    where = """part => {
        const picture = livePage.cells[1][part].querySelector("img").getBoundingClientRect();
        return [picture.left, picture.width];
    }"""
    before = page.evaluate(where, "built")
    page.evaluate("livePage.run(livePage.cells.slice(0, 2))")
    assert page.evaluate(where, "shown") == pytest.approx(before, abs=1)


def test_a_cell_is_changed_run_and_reset_by_keyboard(shoe):
    page, cells = shoe
    first = cells.nth(1)
    before = first.locator(".cell_input pre").inner_text()
    first.get_by_role("button", name="Edit cell 2").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("for i in range(2):\nprint(i)")  # Enter indents behind a colon
    page.keyboard.press("Shift+Enter")
    wait_for(first, "Ran in")
    assert first.locator(".live-output").inner_text().split() == ["0", "1"]
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Edit"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert first.locator(".cell_input pre").inner_text() == before
    assert not first.locator(".live-output").is_visible()


@pytest.mark.parametrize("name", ["pooling/by_hand", "exercises/dropout/inverted_dropout"])
def test_all_that_is_printable_is_typed(open_page, name):
    """A tab and the two characters for which no keyboard has a key come as pasting brings them: the key Tab
    leads to the next button, as everywhere on a page. The end of a line is \\n, whatever was typed."""
    page, written = open_page(name), string.printable.replace("\r", "\n")
    click(page.locator("div.cell.tag_live").nth(1), "Edit")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(string.printable)
    assert page.evaluate("livePage.cells[1].source") == written
    page.reload()
    is_kept = name.startswith("exercises")
    assert (page.evaluate("livePage.cells[1].source") == written) is is_kept


def test_stop_ends_python_and_run_all_above_brings_it_back(shoe):
    page, cells = shoe
    run_instead(cells.nth(1), "while True:\n    pass", "Running")
    click(cells.nth(1), "Stop")
    wait_for(cells.nth(1), "Stopped")
    click(cells.nth(1), "Reset")
    click(cells.nth(2), "Run")
    wait_for(cells.nth(2), "has everything above been run?")
    click(cells.nth(2), "Run all above")
    wait_for(cells.nth(1), "Ran in")
    click(cells.nth(2), "Run")
    wait_for(cells.nth(2), "Ran in")
    assert page.failed == []


def test_stop_while_python_loads(shoe):
    page, cells = shoe
    page.route("**/python_stdlib.zip", lambda route: None)  # never answered
    click(cells.nth(1), "Run")
    wait_for(cells.nth(1), "Loading Python")
    click(cells.nth(1), "Stop")
    wait_for(cells.nth(1), "Stopped")
    page.unroute("**/python_stdlib.zip")
    click(cells.nth(0), "Run")
    wait_for(cells.nth(0), "Ran in")


def test_an_error_is_shown_with_its_line(shoe):
    _, cells = shoe
    shown = run_instead(cells.nth(1), "print('before')\n1 / 0", "ZeroDivisionError")
    assert shown.startswith("before") and 'File "cell 2", line 2' in shown and "1 / 0" in shown


def test_what_is_not_there_is_named(shoe):
    _, cells = shoe
    run_instead(cells.nth(1), "import torch", "NumPy, Matplotlib and coursepkg, no more")


def test_endless_text_is_cut(shoe):
    _, cells = shoe
    shown = run_instead(cells.nth(1), "for i in range(40_000):\n    print(i)", "Ran in")
    assert shown.endswith("... and more, not shown") and len(shown) < 110_000


@pytest.mark.parametrize("file", ["pyodide.asm.js", "numpy-*.whl", "coursepkg-*.whl"])
def test_a_file_that_is_not_the_pinned_one_is_refused(shoe, file):
    page, cells = shoe
    page.context.route(f"**/{file}", lambda route: route.fulfill(status=200, body="globalThis.evil = true"))
    click(cells.nth(1), "Run")
    wait_for(cells.nth(1), "is not the file that this book was built with")
    page.context.unroute(f"**/{file}")
    click(cells.nth(1), "Run")
    wait_for(cells.nth(1), "has everything above been run?")


def test_no_connection_is_said(shoe):
    page, cells = shoe
    page.context.route("**/pyodide.asm.wasm", lambda route: route.abort())
    click(cells.nth(1), "Run")
    wait_for(cells.nth(1), "pyodide.asm.wasm could not be loaded. Is there a connection?")
    page.context.route("**/config.json", lambda route: route.fulfill(status=404))
    click(cells.nth(1), "Run")
    wait_for(cells.nth(1), "config.json could not be loaded")


def test_live_cells_are_accessible(shoe):
    page, cells = shoe
    show(page, width=360)  # first: the theme looks somewhat later which code scrolls there
    run_instead(cells.nth(1), "for i in range(200):\n    print(i)\n1 / 0", "ZeroDivisionError")
    for theme in THEMES:
        show(page, theme, width=360)
        assert complaints(page, {"include": [[".tag_live"]], "exclude": [[".highlight span"]]}) == []


def test_from_the_disk_the_page_says_why_nothing_runs(browser, site):
    page = browser.new_page()
    page.goto((HTML / "pooling" / "by_hand.html").as_uri())
    assert page.get_by_text("From the disk a browser starts no Python.").count() == 1
    assert page.locator(".live-button").count() == 0
    page.close()


# Exercises


def answers_of(name):
    """{id of a cell: the reference answer}"""
    notebook = nbformat.read(SOLUTIONS / name / f"{name.split('/')[1]}.ipynb", as_version=4)
    return {
        cell.id: cell.source
        for cell in notebook.cells
        if cell.metadata.get("exercise", {}).get("role") == "answer"
    }


def fill_in(page, answers):
    page.evaluate(
        """answers => livePage.cells.filter(cell => cell.id in answers)
                                    .forEach(cell => { cell.source = answers[cell.id]; })""",
        answers,
    )


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in IN_CI else pytest.mark.long) for name in EXERCISES],
)
def test_an_exercise_is_done_in_its_page(open_page, tmp_path, name):
    page, answers = open_page(f"exercises/{name}"), answers_of(name)
    checks = page.locator("div.cell.tag_check")
    assert checks.count() == len(answers)
    checks.last.get_by_role("button", name="Check").click()
    wait_for(checks.last, "Ran in")
    assert "not attempted" in checks.last.locator(".live-output").inner_text()

    fill_in(page, answers)
    for check in checks.all():
        check.get_by_role("button", name="Check").click()
        wait_for(check, "Ran in")
        assert " right: " in check.locator(".live-output").inner_text()
    page.reload()
    page.get_by_text("Your answers of last time are back.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a notebook").click()
    download.value.save_as(tmp_path / "saved.ipynb")
    saved = nbformat.read(tmp_path / "saved.ipynb", as_version=4)
    original = nbformat.read(ROOT / "exercises" / f"{name}.ipynb", as_version=4)
    assert saved.metadata == original.metadata and len(saved.cells) == len(original.cells)
    for cell, as_given in zip(saved.cells, original.cells, strict=True):
        assert cell.source.rstrip() == answers.get(cell.id, as_given.source).rstrip()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Start over").click()
    page.reload()
    assert page.evaluate("livePage.cells.every(cell => cell.source === cell.originalSource)")
    assert page.failed == []


def test_a_wrong_answer_is_told_what_it_violates(open_page):
    page = open_page("exercises/dropout/inverted_dropout")
    fill_in(page, {"q1-answer": "def sample_mask(shape, p, rng):\n    return rng.random(shape) < p"})
    check = page.locator("div.cell.tag_check").first
    check.get_by_role("button", name="Check").click()
    wait_for(check, "Ran in")
    told = check.locator(".live-output").inner_text()
    env = {}
    exec("def sample_mask(shape, p, rng):\n    return rng.random(shape) < p", env)
    here = open_exercise("dropout/inverted_dropout", env=env).check("q1")
    assert here.verdict == "wrong" and here.violated in told
