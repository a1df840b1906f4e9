"""One function or class for any number of spatial axes, under the three names that PyTorch gives it.

The general one takes `axes`, the number of spatial axes: a function as its first argument, a class as an
attribute. Its docstring says `*spatial` and `*output` for the axes of input and output, and ends names that
depend on them in `Xd`. It need not say what all of them raise.
"""

import inspect
import re

from coursepkg.binding import with_first

AXES = {1: "L", 2: "H, W", 3: "D, H, W"}
RAISES = "\nRaises: ValueError, TypeError: names the argument, its value and what is allowed."


def functions(general):
    """`max_pool(axes, x, ...)` becomes (max_pool1d, max_pool2d, max_pool3d).

    Args:
        general: function whose first argument is `axes`.
    Returns:
        tuple of three functions with the general one's remaining arguments.
    """
    return tuple(_function(general, axes) for axes in AXES)


def classes(general):
    """`MaxPool` becomes (MaxPool1d, MaxPool2d, MaxPool3d), which differ in `axes` alone.

    Args:
        general: class whose methods read `self.axes`.
    Returns:
        tuple of three subclasses.
    """
    return tuple(
        type(
            f"{general.__name__}{axes}d",
            (general,),
            {"axes": axes, "__doc__": _text(general.__doc__, axes), "__module__": general.__module__},
        )
        for axes in AXES
    )


def _function(general, axes):
    name = re.sub("(_backward)?$", rf"{axes}d\1", general.__name__, count=1)
    return with_first(general, axes, name, _text(general.__doc__, axes))


def _text(docstring, axes):
    """The general docstring in the words of 1, 2 or 3 axes."""
    outputs = ", ".join(f"O{letter}" for letter in AXES[axes].split(", "))
    docstring = inspect.cleandoc(docstring).replace("*spatial", AXES[axes]).replace("*output", outputs)
    if "Raises:" not in docstring:
        told, *source = re.split(r"(?=\nSource:)", docstring)
        docstring = "".join([told, RAISES, *source])
    return re.sub(r"(?<=\w)Xd(?=\b|_)", f"{axes}d", docstring)
