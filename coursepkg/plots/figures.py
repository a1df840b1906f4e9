"""Pieces that many figures share."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from coursepkg.plots.style import COLORS


def show_pictures(pictures, titles=None, columns=8, masks=None):
    """Pictures in rows, dark ink on white.

    Args:
        pictures: array (N, H, W) or (N, 1, H, W), numbers or bytes; 0 is white, the largest of all is black.
        titles: N strings to stand above the pictures.
        columns: pictures in a row.
        masks: booleans that broadcast to (N, H, W), True = kept; what is dropped is covered in vermilion.
    Returns:
        matplotlib.figure.Figure.
    Raises:
        ValueError: pictures of another shape, or another number of titles.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim == 4 and pictures.shape[1] == 1:
        pictures = pictures[:, 0]  # (N, 1, H, W) -> (N, H, W)
    if pictures.ndim != 3 or not len(pictures):
        raise ValueError(f"pictures must have the shape (N, H, W) or (N, 1, H, W), got {pictures.shape}")
    count, height, width = pictures.shape
    if titles is not None and len(titles) != count:
        raise ValueError(f"titles must be {count} strings, one a picture, got {len(titles)}")
    columns = min(columns, count)
    rows = -(-count // columns)
    side = 6.4 / max(columns, 4)
    size = (side * columns, rows * (side * height / width + (0.28 if titles is not None else 0.05)))
    bare = {"xticks": [], "yticks": []}
    fig, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, subplot_kw=bare)
    for ax in axes.flat:
        ax.axis("off")
    for number, (ax, picture) in enumerate(zip(axes.flat, pictures, strict=False)):
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=pictures.max())
        if titles is not None:
            ax.set_title(titles[number], fontsize="small", pad=3)
        if masks is not None:
            dropped = ~np.broadcast_to(masks, pictures.shape)[number]
            cover = np.zeros((height, width, 4))
            cover[dropped] = (*to_rgb(COLORS["vermilion"]), 0.75)
            ax.imshow(cover)
    return fig


def seed_band(ax, x, runs, label, color, linestyle="-", marker=None):
    """The mean over seeds as a line, in a band from the lowest seed to the highest.

    Args:
        ax: matplotlib Axes.
        x: array (points,).
        runs: array (seeds, points).
        label: the line's name, for a legend.
        color, linestyle, marker: of the line; `**METHODS["dropout"]` gives all three.
    Returns:
        matplotlib.lines.Line2D: the line of the means.
    Raises:
        ValueError: x and runs do not fit; says both shapes.
    """
    x, runs = np.asarray(x), np.asarray(runs)
    if runs.ndim != 2 or x.shape != runs.shape[1:]:
        raise ValueError(f"runs must have the shape (seeds, {x.size}) for x {x.shape}, got {runs.shape}")
    ax.fill_between(x, runs.min(0), runs.max(0), color=color, alpha=0.18, linewidth=0)
    every = max(1, len(x) // 8)
    return ax.plot(
        x, runs.mean(0), label=label, color=color, linestyle=linestyle, marker=marker, markevery=every
    )[0]


def label_line(ax, x, y, text, color, *, right=6, up=0):
    """A line's name beside it, in its color: better than a legend for two or three lines.

    Pale colors are darkened until the text can be read (contrast 4.5), on the dimmed card of a dark page too.

    Args:
        ax: matplotlib Axes.
        x, y: a point of the line, in the axes' units; most often its last.
        text: the name.
        color: the line's.
        right, up: how far from the point, in points (1/72 inch); to the left or down if negative.
    Returns:
        matplotlib.text.Annotation.
    """
    return ax.annotate(
        text,
        (x, y),
        xytext=(right, up),
        textcoords="offset points",
        color=_readable(color),
        ha="right" if right < 0 else "left",
        va="center",
        annotation_clip=False,
    )


def _readable(color):
    rgb = np.array(to_rgb(color))
    while 1.05 / (_luminance(rgb) + 0.05) < 4.8:  # 4.5 where the card is dimmed
        rgb = rgb * 0.95
    return tuple(rgb)


def _luminance(rgb):
    # WCAG 2.1, "relative luminance"
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]
