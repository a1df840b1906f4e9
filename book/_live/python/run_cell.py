"""Runs the cells of a page in the reader's browser and says what a notebook would show of each."""

import ast
import base64
import contextlib
import io
import linecache
import logging
import sys
import time
import traceback
import warnings

AT_ONCE = 0.05  # seconds of text that are sent together
MOST = 100_000  # characters of text that a cell may show

# matplotlib draws without a window here, and its figures are shown when the cell ends. It looks for fonts at
# each start, which takes half a second.
warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
warnings.filterwarnings("ignore", "tqdm:disabling monitor support")  # there are no threads
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


class Text(io.TextIOBase):
    """What a cell prints, sent on while it runs."""

    def __init__(self, emit):
        self.emit, self.waiting, self.length, self.sent = emit, "", 0, 0.0

    def write(self, text):
        room = MOST - self.length
        if room > 0:
            self.waiting += text[:room] + ("\n... and more, not shown" if len(text) > room else "")
            self.length += len(text)
            if time.monotonic() - self.sent > AT_ONCE:
                self.flush()
        return len(text)

    def flush(self):
        if self.waiting:
            self.emit("text", self.waiting)
            self.waiting, self.sent = "", time.monotonic()


def run_cell(source, name, namespace, emit):
    """Run one cell.

    Args:
        source: its code.
        name: what tracebacks call it, for instance "cell 3".
        namespace: dict of the page's variables.
        emit: function (kind, content): "text" and "html" as they are, "image" as a PNG in base64,
            "error" with the traceback.
    Returns:
        str: the name of the exception that ended the cell, "" if none did.
    """
    text = Text(emit)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            value = evaluate(source, name, namespace)
            if value is not None and type(value).__name__ != "Figure":
                show(value, text, emit)
        except BaseException as error:
            text.flush()
            emit("error", describe(error, name))
            return type(error).__name__
        finally:
            text.flush()
            show_figures(emit)
    return ""


def evaluate(source, name, namespace):
    """Run the statements; the value of the last one if it is an expression without a semicolon."""
    tree = ast.parse(source, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, name, "exec"), namespace)
    return None if last is None else eval(compile(last, name, "eval"), namespace)


def show(value, text, emit):
    html = getattr(value, "_repr_html_", None)
    if html is None:
        print(repr(value))
    else:
        text.flush()
        emit("html", html())


def show_figures(emit):
    if "matplotlib.pyplot" in sys.modules:
        plt = sys.modules["matplotlib.pyplot"]
        for number in plt.get_fignums():
            emit("image", base64.b64encode(draw(plt.figure(number))).decode())
        plt.close("all")


def draw(figure):
    """The figure as a PNG, cut to its axes and its ink: what a tight `savefig` shows, in half the time."""
    from PIL import Image, ImageChops, ImageOps

    figure.canvas.draw()
    size, pixels = figure.canvas.get_width_height(), figure.canvas.buffer_rgba()
    picture = Image.frombuffer("RGBA", size, pixels).convert("RGB")
    background = picture.getpixel((0, 0))
    drawn = ImageChops.difference(picture, Image.new("RGB", size, background)).convert("L")
    for ax in figure.axes:
        left, bottom, right, top = (round(x) for x in ax.bbox.extents)
        drawn.paste(255, (left, size[1] - top, right, size[1] - bottom))
    framed = ImageOps.expand(picture.crop(drawn.getbbox()), round(0.1 * figure.dpi), background)
    file = io.BytesIO()
    framed.save(file, "PNG", compress_level=1)
    return file.getvalue()


def describe(error, name):
    """The traceback from the cell on, without the frames of this file."""
    entry = error.__traceback__
    while entry is not None and entry.tb_frame.f_code.co_filename != name:
        entry = entry.tb_next
    return "".join(traceback.format_exception(type(error), error, entry)).rstrip()
