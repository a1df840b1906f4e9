"""One look for all figures: colors that the color-blind can tell apart, and more than color."""

import matplotlib.pyplot as plt
from cycler import cycler

COLORS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "grey": "#666666",
}
"""Okabe and Ito's colors, and the grey of the plain network."""

METHODS = {
    "plain": {"color": COLORS["grey"], "linestyle": "--", "marker": "s"},
    "dropout": {"color": COLORS["blue"], "linestyle": "-", "marker": "o"},
    "pooling": {"color": COLORS["blue"], "linestyle": "-", "marker": "o"},
    "residual": {"color": COLORS["blue"], "linestyle": "-", "marker": "o"},
    "counter-example": {"color": COLORS["vermilion"], "linestyle": "-.", "marker": "^"},
}
"""How each method is drawn in the whole book: `ax.plot(x, y, **METHODS["dropout"])`."""


def use_course_style():
    """Makes every following figure look like the course's. Once, in a page's first cell."""
    plt.rcdefaults()  # all but the backend
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 3.4),
            "figure.dpi": 144,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "savefig.dpi": 144,
            "svg.hashsalt": "coursepkg",
            "font.size": 12,  # on a phone a figure is 5 inches wide
            "axes.titlesize": "medium",
            "axes.titley": 1.0,  # no search for ticks above it, which takes a tenth of the drawing
            "legend.fontsize": 11,
            "xtick.labelsize": 11,
            "ytick.labelsize": 11,
            "axes.prop_cycle": cycler(color=list(COLORS.values())),
            "axes.edgecolor": "#444444",
            "axes.labelcolor": "#222222",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "grid.color": "#E4E4E4",
            "grid.linewidth": 0.8,
            "xtick.color": "#444444",
            "ytick.color": "#444444",
            "xtick.labelcolor": "#222222",
            "ytick.labelcolor": "#222222",
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "legend.frameon": False,
            "image.cmap": "gray_r",
            "image.interpolation": "nearest",
        }
    )
