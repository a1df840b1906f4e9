"""The interactive figures, in a browser: they compute what coursepkg computes, and answer to keys."""

from itertools import product

import numpy as np
import pytest
from coursebook.repository import ROOT

from coursepkg.data import fashion_mnist
from coursepkg.dropout.numpy_layers import apply_mask
from coursepkg.nn import Linear, ReLU, Sequential
from coursepkg.pooling import numpy_layers as pooling
from coursepkg.residual.numpy_layers import Residual
from coursepkg.residual.rules import IMAGENET, SHORTCUTS, STRIDE_IN, imagenet_stages

AXIS = ("size", "kernel_size", "stride", "padding", "dilation")
ALIKE = [  # on both axes, with kernels that are too large and paddings that are refused
    dict(zip(AXIS, zip(one, one, strict=True), strict=True))
    for one in product(range(1, 9), range(1, 6), range(1, 5), range(4), range(1, 4))
]
APART = [
    dict(zip(AXIS, zip(rows, columns, strict=True), strict=True))
    for rows, columns in np.random.default_rng(0)
    .integers((1, 1, 1, 0, 1), (9, 6, 5, 3, 4), size=(1500, 2, 5))
    .tolist()
]
MODES = ("max", "avg", "own")
SHIFTS = [(0, 0), (0, 1), (1, 0), (3, 2), (4, 4), (0, 7), (8, 8)]


@pytest.fixture
def show(browser):
    """Function (name) -> a page at phone width that holds the figure alone. No script may fail."""
    errors, pages = [], []

    def open_figure(name):
        page = browser.new_page(viewport={"width": 360, "height": 780})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_content(f"<!doctype html><{name}></{name}>")
        page.add_script_tag(path=ROOT / "book" / "_interactive" / f"{name}.js")
        pages.append(page)
        return page

    yield open_figure
    for page in pages:
        page.close()
    assert errors == []


def pooled_by_the_package(x, size, kernel_size, stride, padding, dilation, ceil, mode):
    """The output and, for a maximum, the flat indices of the winners."""
    x, geometry = x[..., : size[0], : size[1]], (kernel_size, stride, padding)
    if mode == "max":
        return pooling.max_pool2d(x, *geometry, dilation, ceil_mode=ceil, return_indices=True)
    return pooling.avg_pool2d(x, *geometry, ceil_mode=ceil, count_include_pad=mode == "avg"), None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ceil", [False, True])
def test_windows_are_those_of_the_package(show, mode, ceil):
    page, name = show("pool-windows"), "customElements.get('pool-windows')"
    picture = np.array(page.evaluate(f"{name}.picture()"), dtype=float)
    settings = [
        one | {"mode": mode, "ceil": ceil}
        for one in ALIKE + APART
        if mode == "max" or one["dilation"] == (1, 1)
    ]
    found = page.evaluate(
        f"""all => all.map({name}.pool).map(({{ axes, error, output }}) => ({{
            error, axes,
            values: output.map(row => row.map(window => window.value)),
            winners: output.map(row => row.map(window => window.winner)),
        }}))""",
        settings,
    )
    refused = dropped = 0
    for one, drawn in zip(settings, found, strict=True):
        try:
            values, indices = pooled_by_the_package(picture[None, None], **one)
        except ValueError as error:
            assert drawn["error"] == str(error), one
            refused += 1
            continue
        assert drawn["error"] == "" and np.shape(drawn["values"]) == values.shape[2:], one
        np.testing.assert_allclose(drawn["values"], values[0, 0], atol=1e-12, err_msg=str(one))
        if mode == "max":
            real = np.isfinite(values[0, 0])
            width = one["size"][1]
            winners = [[cell and cell[0] * width + cell[1] for cell in row] for row in drawn["winners"]]
            assert np.array(winners)[real].tolist() == indices[0, 0][real].tolist(), one
        geometry = list(zip(*(one[key] for key in AXIS[1:]), strict=True))
        for size, axis, found_axis in zip(one["size"], geometry, drawn["axes"], strict=True):
            lone = np.eye(size)[:, None]  # a sample is read if a maximum can see it alone
            seen = pooling.max_pool1d(lone, *axis, ceil_mode=ceil).max(axis=(1, 2))
            assert found_axis["unread"] == np.flatnonzero(seen < 1).tolist(), one
            kernel, stride, padding, dilation = axis
            room = size + 2 * padding - dilation * (kernel - 1) - 1
            count = pooling.pool_output_size(size, *axis, ceil)
            assert found_axis["added"] == (count > room // stride + 1), one
            assert found_axis["dropped"] == (ceil and count < -(-room // stride) + 1), one
            dropped += found_axis["dropped"]
    assert refused and bool(dropped) == ceil


def test_windows_answer_to_the_keyboard(show):
    page = show("pool-windows")
    said = "[aria-live]"
    assert "6×7 becomes 2×3. No window reads row 5." in page.inner_text(said)
    page.focus("[role=gridcell][tabindex='0']")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):  # the last one leads nowhere
        page.keyboard.press(key)
    assert "Output at row 1, column 1: looks at rows 2, 3, 4 and columns 2, 3, 4" in page.inner_text(said)
    assert "maximum 9, from row 3, column 4." in page.inner_text(said)
    assert page.evaluate("document.activeElement.ariaSelected") == "true"
    page.hover("[data-at='0 2']")
    assert "Output at row 0, column 2" in page.inner_text(said)
    page.keyboard.press("ArrowLeft")  # although the pointer rests where it is
    page.wait_for_timeout(100)
    assert "Output at row 0, column 1" in page.inner_text(said)

    page.press("input[name=ceil]", "Space")
    assert "becomes 3×3. Every pixel is read. ceil_mode adds the last row of windows." in page.inner_text(
        said
    )
    page.press("input[name=both]", "Space")
    page.press("input[name=stride] >> nth=1", "ArrowRight")
    assert page.inner_text(".call") == "nn.MaxPool2d(3, stride=(2, 3), ceil_mode=True)"
    assert "width ⌈(7 + 2·0 − 1·(3 − 1) − 1) / 3⌉ + 1 = 3" in page.inner_text(".rule")
    page.press("select[name=mode]", "ArrowDown")
    assert page.inner_text(".call").startswith("nn.AvgPool2d") and page.is_disabled("input[name=dilation]")


def test_windows_can_be_tapped(show):
    page = show("pool-windows")
    page.add_style_tag(path=ROOT / "book" / "_static" / "course.css")
    page.evaluate("document.body.className = 'bd-article'")
    page.evaluate("document.querySelector('pool-windows').className = 'interactive'")
    for name, value in (("size", "End"), ("kernel_size", "Home"), ("stride", "Home")):
        page.press(f"input[name={name}]", value)
    sides = page.locator("[role=gridcell], label").evaluate_all("""all => all.map(one => {
        const box = one.getBoundingClientRect();
        return Math.min(box.width, box.height);
    })""")
    assert len(sides) > 8 * 7 and min(sides) >= 24


def test_windows_say_what_is_refused_and_what_is_dropped(show):
    page = show("pool-windows")
    for _ in range(2):
        page.press("input[name=padding]", "ArrowRight")
    with pytest.raises(ValueError, match="padding must be at most half") as refused:
        pooling.max_pool2d(np.zeros((1, 1, 6, 7)), 3, stride=2, padding=2)
    assert page.inner_text("[aria-live]").strip() == f"ValueError: {refused.value}"
    assert page.locator("[role=gridcell]").count() == 0
    page.press("input[name=padding]", "ArrowLeft")
    page.press("input[name=kernel_size]", "ArrowLeft")
    assert page.locator("rect.dropped").count() == 0
    page.press("input[name=ceil]", "Space")
    assert "One more column of windows would begin in the padding on the right, and is dropped." in (
        page.inner_text("[aria-live]")
    )
    assert page.locator("rect.dropped").count() == 1


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


def test_every_mask_is_heard_as_the_package_applies_it(show):
    page, name = show("dropout-net"), "customElements.get('dropout-net')"
    units = page.evaluate(f"{name}.units()")
    activations, weights = (np.array(units[key]) for key in ("activations", "weights"))
    masks = np.array(list(product((False, True), repeat=6)))
    for p, divide in product((0.0, 0.1, 0.5, 0.9), (False, True)):
        kept = np.array([apply_mask(activations, mask, p) for mask in masks])
        heard = (kept if divide else (1 - p) * kept) @ weights
        found = page.evaluate(
            f"([masks, p, divide]) => masks.map(mask => {name}.heard(mask, p, divide))",
            [masks.astype(int).tolist(), p, divide],
        )
        np.testing.assert_allclose(found, heard, atol=1e-12)
        chances = np.where(masks, 1 - p, p).prod(axis=1)
        over_all = page.evaluate(f"args => {name}.overAll(...args)", [p, divide])
        assert over_all["mean"] == pytest.approx(chances @ heard)
        assert over_all["spread"] == pytest.approx(
            np.sqrt(chances @ (heard - chances @ heard) ** 2), abs=1e-7
        )


def test_the_dropout_net_answers_to_the_keyboard(show):
    page = show("dropout-net")
    for _ in range(5):
        page.press("input[name=p]", "ArrowLeft")
    assert (
        "Nobody is dropped. The unit above hears 1.35; with all units on it hears 1.35."
        in page.inner_text("[aria-live]")
    )
    page.press("input[name=p]", "End")
    with_division = page.inner_text("[aria-live]")
    page.press("input[name=divide]", "Space")
    assert "mean 1.35" in with_division and "mean 0.13" in page.inner_text("[aria-live]")
    before = page.evaluate("document.querySelector('dropout-net').coins")
    page.press("button", "Enter")
    assert page.evaluate("document.querySelector('dropout-net').coins") != before


def layer(gain, scale, rng, width=64):
    """A ReLU and weights of `gain` times He's standard deviation, times `scale`."""

    def weights(shape, rng, dtype):
        return rng.normal(0, scale * gain * np.sqrt(2 / width), shape)

    return Sequential(ReLU(), Linear(width, width, bias=False, init=weights, rng=rng, dtype=np.float64))


@pytest.mark.parametrize(("gain", "scale"), [(0.8, 1.0), (1.0, 0.5), (1.2, 0.2)])
def test_gradients_shrink_and_grow_as_they_do_in_the_package(show, gain, scale):
    settings = {"layers": 10, "gain": gain, "scale": scale}
    found = show("gradient-depth").evaluate(
        "settings => customElements.get('gradient-depth').norms(settings)", settings
    )
    rng = np.random.default_rng(0)
    for kind in ("plain", "residual"):
        squares = []
        for _ in range(200):
            layers = [layer(gain, scale if kind == "residual" else 1, rng) for _ in range(10)]
            net = Sequential(*(Residual(one) if kind == "residual" else one for one in layers))
            y = net.forward(rng.standard_normal((8, 64)))
            dy = rng.standard_normal(y.shape)
            squares.append((net.backward(dy) ** 2).sum() / (dy**2).sum())
        assert found[kind][-1] == 1
        assert found[kind][0] == pytest.approx(np.sqrt(np.mean(squares)), rel=0.1), kind


def test_gradients_answer_to_the_keyboard(show):
    page = show("gradient-depth")
    assert "behind 50 layers, 5·10⁻³ arrives at the first without shortcuts" in page.inner_text("[aria-live]")
    page.press("input[name=scale]", "Home")
    assert page.inner_text("[aria-live]").endswith("and 1.0 with them.")
    page.press("input[name=layers]", "ArrowRight")
    assert "behind 51 layers" in page.inner_text("[aria-live]")
