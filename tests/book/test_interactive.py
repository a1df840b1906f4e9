"""The interactive figures, in a browser: they compute what coursepkg computes, and answer to keys."""

import shutil
from itertools import product

import numpy as np
import pytest

from coursepkg.data import fashion_mnist
from coursepkg.pooling import numpy_layers as pooling
from coursepkg.pooling.numpy_layers import pool_output_size
from coursepkg.residual.rules import IMAGENET, SHORTCUTS, STRIDE_IN, imagenet_stages

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium")

SETTINGS = [
    dict(zip(("size", "kernel", "stride", "padding", "dilation", "ceil"), values, strict=True))
    for values in product(range(1, 15), range(1, 6), range(1, 6), range(3), range(1, 5), (False, True))
    if values[3] <= values[1] // 2
]
SHIFTS = [(0, 0), (0, 1), (1, 0), (3, 2), (4, 4), (0, 7), (8, 8)]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def show(browser, book):
    """Function (name) -> a page at phone width that holds the figure alone. No script may fail."""
    errors, pages = [], []

    def open_figure(name):
        page = browser.new_page(viewport={"width": 360, "height": 780})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_content(f"<!doctype html><{name}></{name}>")
        page.add_script_tag(path=book.root / "book" / "_interactive" / f"{name}.js")
        pages.append(page)
        return page

    yield open_figure
    for page in pages:
        page.close()
    assert errors == []


def test_windows_lie_where_the_package_puts_them(show):
    places = show("pool-windows").evaluate(
        "all => all.map(customElements.get('pool-windows').place)", SETTINGS
    )
    for settings, place in zip(SETTINGS, places, strict=True):
        size, kernel, stride, padding, dilation, ceil = settings.values()
        try:
            count = pool_output_size(size, kernel, stride, padding, dilation, ceil)
        except ValueError:
            assert place["count"] == 0, settings
            continue
        assert place["count"] == count, settings
        lone = np.eye(size)[:, None]  # a sample is read if a maximum can see it alone
        seen = pooling.max_pool1d(lone, kernel, stride, padding, dilation, ceil_mode=ceil).max(axis=(1, 2))
        assert place["unread"] == np.flatnonzero(seen < 1).tolist(), settings


def test_windows_answer_to_the_keyboard(show):
    page = show("pool-windows")
    assert "A picture of 7×7 becomes 3×3. Every sample is read." in page.inner_text("[aria-live]")
    page.focus("input[name=size]")
    page.keyboard.press("ArrowRight")
    assert "A picture of 8×8 becomes 3×3. No window reads sample 7." in page.inner_text("[aria-live]")
    page.focus("input[name=ceil]")
    page.keyboard.press("Space")
    assert "nn.MaxPool2d(3, stride=2, ceil_mode=True)" in page.inner_text("[aria-live]")
    assert "becomes 4×4. Every sample is read." in page.inner_text("[aria-live]")


def shoe(down, right):
    """Where the first sneaker, in 16 shades on a larger picture, grows darker to the right."""
    x = np.zeros((1, 1, 46, 46))  # one row and column more on each side, for the filter
    sneaker = np.round(15 * fashion_mnist().train.x[6, 0].astype(np.float64)) / 15
    x[0, 0, 5 + down : 33 + down, 5 + right : 33 + right] = sneaker
    slope = x[..., 2:] - x[..., :-2]
    return np.maximum(0, (slope[..., :-2, :] + 2 * slope[..., 1:-1, :] + slope[..., 2:, :]) / 4)


POOLINGS = {
    "one of four": lambda x: x[..., ::2, ::2],
    "average": lambda x: pooling.avg_pool2d(x, 2),
    "maximum": lambda x: pooling.max_pool2d(x, 2),
    "maximum, blurred": lambda x: pooling.blur_pool2d(pooling.max_pool2d(x, 2, stride=1), 3, 2),
}


def test_the_shoe_is_pooled_as_the_package_pools(show):
    page = show("shift-picture")
    assert page.evaluate("customElements.get('shift-picture').poolings()") == list(POOLINGS)
    for (name, pool), (down, right) in product(POOLINGS.items(), SHIFTS):
        found = page.evaluate(
            "args => customElements.get('shift-picture').compare(...args)", [name, down, right]
        )
        before, after = pool(shoe(0, 0)), pool(shoe(down, right))
        np.testing.assert_allclose(found["map"], after[0, 0], atol=1e-12)
        change = np.linalg.norm(after - before) / np.linalg.norm(before)
        assert found["change"] == pytest.approx(change)
        assert found["largest"] == pytest.approx(after.max())
        moved_back = [
            np.linalg.norm(np.roll(after, (-i, -j), (2, 3)) - before) / np.linalg.norm(before)
            for i, j in product({down // 2, -(-down // 2)}, {right // 2, -(-right // 2)})
        ]
        assert found["back"] == pytest.approx(min(moved_back), abs=1e-12)


def test_the_shoe_answers_to_the_keyboard(show):
    page = show("shift-picture")
    assert page.locator("canvas").count() == 1 + len(POOLINGS)
    page.focus("input[name=right]")
    page.keyboard.press("ArrowRight")
    change = page.evaluate("customElements.get('shift-picture').compare('average', 0, 1).change")
    assert f"average {change:.0%}".replace("%", "\u00a0%") in page.inner_text("[aria-live]")


NETWORKS = [
    dict(zip(("depth", "shortcut", "strideIn", "size"), values, strict=True))
    for values in product(IMAGENET, SHORTCUTS, STRIDE_IN, (32, 96, 160, 224, 448))
]


def test_stages_are_counted_as_the_package_counts(show):
    found = show("resnet-stages").evaluate(
        "all => all.map(customElements.get('resnet-stages').stages)", NETWORKS
    )
    for settings, rows in zip(NETWORKS, found, strict=True):
        depth, shortcut, stride_in, size = settings.values()
        stages = imagenet_stages(depth, shortcut=shortcut, stride_in=stride_in, size=size)
        assert rows == [vars(stage) for stage in stages], settings


def test_stages_answer_to_the_keyboard(show):
    page = show("resnet-stages")
    assert "ResNet-50: 25,557,032 parameters, 4.09 G multiply-adds" in page.inner_text("[aria-live]")
    page.focus("select[name=depth]")
    page.keyboard.press("ArrowUp")
    assert "ResNet-34: 21,797,672 parameters, 3.66 G" in page.inner_text("[aria-live]")
    assert page.is_disabled("select[name=strideIn]")
    page.focus("input[name=size]")
    page.keyboard.press("ArrowLeft")
    assert "for a picture of 192×192" in page.inner_text("[aria-live]")
