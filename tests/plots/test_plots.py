"""The look: methods can be told apart without color, labels can be read, helpers refuse what does not fit."""

import io
import re
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt

from coursepkg.plots import COLORS, METHODS, label_line, seed_band, show_pictures, use_course_style


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        use_course_style()
        yield
        plt.close("all")


PAGES = sorted(Path(__file__).parents[2].glob("book/**/*.md"))
DIMMED = 0.9  # course.css: a figure on a dark page
PHONE = 390 / (72 * 6.4)  # pixels of a phone for a point of a figure
BLIND = {  # Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def linear(color, dimmed=1.0):
    rgb = dimmed * np.array(matplotlib.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(color, dimmed=1.0):
    """With white, after WCAG 2.1."""
    light, dark = (linear(one, dimmed) @ [0.2126, 0.7152, 0.0722] + 0.05 for one in ("white", color))
    return light / dark


def lab(rgb):
    """CIE 1976 L*a*b* of linear RGB; two colors at a distance of 2 can just be told apart."""
    xyz = rgb @ np.array([[0.4125, 0.2127, 0.0193], [0.3576, 0.7152, 0.1192], [0.1804, 0.0722, 0.9503]])
    x, y, z = np.cbrt(xyz / [0.9505, 1, 1.0888])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(names, kind):
    """The smallest distance between two of these colors, as a color-blind reader sees them."""
    seen = [lab(np.clip(np.array(BLIND[kind]) @ linear(COLORS[name]), 0, 1)) for name in names]
    return min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))


@pytest.mark.parametrize("kind", BLIND)
def test_colors_stay_apart_for_the_color_blind(kind):
    assert apart(COLORS, kind) > 15
    assert apart(("grey", "blue", "vermilion"), kind) > 35


def test_text_can_be_read_on_a_phone():
    fig, ax = plt.subplots()
    ax.plot([0, 1], label="line")
    ax.set(xlabel="x", title="panel")
    fig.canvas.draw()
    words = [ax.xaxis.label, ax.title, *ax.get_xticklabels(), *ax.legend().get_texts()]
    assert min(word.get_fontsize() for word in words) * PHONE > 9


def test_no_page_draws_smaller_text():
    found = {page.name: re.findall(r"fontsize=([\d.]+)", page.read_text(encoding="utf-8")) for page in PAGES}
    assert "windows.md" in found
    assert {name: sizes for name, sizes in found.items() if min(map(float, sizes), default=10) < 10} == {}


def png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def test_methods_of_one_figure_differ_in_more_than_color():
    for chapter in ("dropout", "pooling", "residual"):
        drawn = [METHODS[name] for name in ("plain", chapter, "counter-example")]
        for part in ("color", "linestyle", "marker"):
            assert len({method[part] for method in drawn}) == 3


def test_style_is_white_no_wider_than_the_page_and_forgets_what_was_set_before():
    plt.rcParams["figure.facecolor"] = "black"
    plt.rcParams["lines.linewidth"] = 30
    plt.rcParams["xtick.direction"] = "in"
    use_course_style()
    assert plt.rcParams["figure.facecolor"] == "white" and plt.rcParams["figure.figsize"][0] <= 6.4
    assert plt.rcParams["lines.linewidth"] < 3 and plt.rcParams["xtick.direction"] == "out"


def test_figures_repeat_exactly():
    def draw():
        fig, ax = plt.subplots()
        runs = np.random.default_rng(0).random((3, 20))
        seed_band(ax, np.arange(20), runs, "dropout", **METHODS["dropout"])
        label_line(ax, 19, 0.5, "dropout", COLORS["blue"])
        return png(fig)

    assert draw() == draw()


def test_seed_band_spans_the_seeds_and_draws_their_mean():
    _, ax = plt.subplots()
    runs = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 7.0]])
    line = seed_band(ax, [0, 1, 2], runs, "dropout", **METHODS["dropout"])
    np.testing.assert_array_equal(line.get_ydata(), [2, 2, 5])
    corners = ax.collections[0].get_paths()[0].vertices
    assert {(0.0, 1.0), (0.0, 3.0), (2.0, 3.0), (2.0, 7.0)} <= {tuple(corner) for corner in corners}
    with pytest.raises(ValueError, match=r"\(seeds, 4\).*got \(2, 3\)"):
        seed_band(ax, [0, 1, 2, 3], runs, "dropout", COLORS["blue"])


@pytest.mark.parametrize("name", COLORS)
def test_labels_can_be_read_on_white_and_on_the_dimmed_white_of_a_dark_page(name):
    _, ax = plt.subplots()
    color = label_line(ax, 0, 0, "name", COLORS[name]).get_color()
    assert contrast(color) >= 4.5 and contrast(color, DIMMED) >= 4.5


def test_a_dark_label_keeps_its_color():
    _, ax = plt.subplots()
    assert label_line(ax, 0, 0, "plain", COLORS["grey"]).get_color() == matplotlib.colors.to_rgb(
        COLORS["grey"]
    )


def test_show_pictures_lays_them_out():
    pictures = np.random.default_rng(0).integers(0, 256, (10, 1, 28, 28), dtype=np.uint8)
    fig = show_pictures(pictures, [str(number) for number in range(10)], columns=4)
    shown = [ax for ax in fig.axes if ax.images]
    assert len(fig.axes) == 12 and len(shown) == 10
    assert [ax.get_title() for ax in shown] == [str(number) for number in range(10)]
    np.testing.assert_array_equal(shown[3].images[0].get_array(), pictures[3, 0])
    assert all(image.get_clim() == (0, pictures.max()) for ax in shown for image in ax.images)
    assert fig.get_figwidth() <= 6.4


def test_show_pictures_covers_what_is_dropped():
    masks = np.ones((2, 4, 4), dtype=bool)
    masks[1, 2, 3] = False
    fig = show_pictures(np.ones((2, 4, 4)), masks=masks)
    covers = [ax.images[1].get_array()[..., 3] > 0 for ax in fig.axes]
    np.testing.assert_array_equal(covers, ~masks)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.ones((3, 2, 8, 8)),), r"got \(3, 2, 8, 8\)"),
        ((np.ones((0, 8, 8)),), r"got \(0, 8, 8\)"),
        ((np.ones((3, 8, 8)), ["a"]), "titles must be 3 strings, one a picture, got 1"),
    ],
)
def test_show_pictures_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        show_pictures(*arguments)
