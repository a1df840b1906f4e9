"""Property checkers of the exercise on counting windows.

The rule at the head of `coursepkg.checks` holds: answers get numbers, and only what they return is looked at.
"""

import numpy as np

from coursepkg.checks.properties import Violation, counter_example, must_be_number, must_be_predicted, show
from coursepkg.pooling.rules import pool_output_size


def predicted_count(value, name, args, property, small):
    """A number of windows, or a side, counted with a pencil.

    Args:
        value: the answer.
        name: of the answer.
        args: list of the arguments of `pool_output_size`, size first, one tuple for each layer: the size of
            the first is used, that of the others is what comes out of the one before.
        property: the law that decides.
        small: a smaller case, in words.
    """
    size = args[0][0]
    for _, *settings in args:
        size = pool_output_size(size, *settings)
    must_be_predicted(value, name, size, property, small, rtol=1e-9)


def windows_are_counted(output_size, cases, property):
    """output_size(size, kernel_size, stride, padding, dilation, ceil_mode) is the number of windows.

    Args:
        output_size: the answer.
        cases: list of its six arguments.
        property: what these cases are about, for the message.
    """
    for size, kernel, stride, padding, dilation, ceil_mode in cases:
        args = size, kernel, stride, padding, dilation, ceil_mode
        call = f"output_size({', '.join(map(str, args))})"
        got = must_be_number(output_size(*args), call)
        count = pool_output_size(*args)
        if got != count:
            windows = ", ".join(show(at) for at in _places(*args[:5], count))
            raise Violation(property, counter_example(call, got, f"{count}, which read {windows}"))


def unread_are_found(unread, cases, property):
    """unread(size, kernel_size, stride, padding, dilation): the samples that no window reads, in order."""
    for size, kernel, stride, padding, dilation in cases:
        args = size, kernel, stride, padding, dilation
        call = f"unread({', '.join(map(str, args))})"
        places = _places(*args, pool_output_size(*args))
        expected = sorted(set(range(size)) - {int(at) for window in places for at in window})
        got = unread(*args)
        if not isinstance(got, (list, tuple, np.ndarray)):
            raise Violation("returns a list of samples", counter_example(call, got, expected))
        if sorted(set(int(at) for at in got)) != list(map(int, got)):
            raise Violation("each sample once, in order", counter_example(call, list(got), expected))
        if [int(at) for at in got] != expected:
            windows = ", ".join(show(at) for at in places)
            message = counter_example(
                call, [int(at) for at in got], f"{expected}; the windows read {windows}"
            )
            raise Violation(property, message)


def chosen_settings_fit(value, name, size, out, kernel, property):
    """(stride, padding) with which windows of `kernel` turn `size` samples into `out` and leave none unread.

    Args:
        value: the answer, a pair of whole numbers.
        name: of the answer.
        size, out, kernel: what is asked for.
        property: the law that decides.
    """
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:
        raise Violation("is a pair", counter_example(name, value, "(stride, padding)"))
    stride, padding = (must_be_number(part, name) for part in value)
    call = f"windows of {kernel} on {size} samples, stride {show(stride)}, padding {show(padding)}"
    try:
        count = pool_output_size(size, kernel, int(stride), int(padding))
    except ValueError as error:
        raise Violation(property, counter_example(call, str(error), f"{out} windows")) from None
    if stride % 1 or padding % 1 or count != out:
        raise Violation(property, counter_example(call, f"{count} windows", f"{out} windows"))
    places = _places(size, kernel, int(stride), int(padding), 1, count)
    missed = sorted(set(range(size)) - {int(at) for window in places for at in window})
    if missed:
        got = f"nobody reads {', '.join(map(str, missed))}"
        raise Violation("every sample is read", counter_example(call, got, "each sample in some window"))


def _places(size, kernel, stride, padding, dilation, count):
    """What each window reads; places in the padding, or behind it, lie outside 0 to size - 1."""
    return [np.arange(kernel) * dilation + i * stride - padding for i in range(count)]
