"""Figures in one look, readable without color."""

from coursepkg.plots.figures import label_line, seed_band, show_pictures
from coursepkg.plots.style import COLORS, METHODS, use_course_style

__all__ = ["COLORS", "METHODS", "label_line", "seed_band", "show_pictures", "use_course_style"]
