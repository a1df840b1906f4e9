"""Property checkers of the pooling exercises on what a feature sees, and on how maps end as one answer.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. A layer is (kernel_size, stride) or (kernel_size, stride, dilation). All raise Violation.
"""

import numpy as np

from coursepkg.checks.properties import Violation, counter_example, must_be_number, must_be_predicted

# Receptive field.


def pixels_seen(layers, index=0):
    """The input pixels along an axis that an output depends on, found by going back layer by layer.

    Args:
        layers: list of (kernel_size, stride) or (kernel_size, stride, dilation), the first layer first.
        index: of the output.
    Returns:
        list of int: in order. There is no padding.
    """
    seen = {index}
    for kernel, stride, *dilation in reversed(layers):
        step = dilation[0] if dilation else 1
        seen = {at * stride + tap * step for at in seen for tap in range(kernel)}
    return sorted(seen)


def width_seen(layers):
    """From the first to the last pixel that an output depends on, both counted."""
    seen = pixels_seen(layers)
    return seen[-1] - seen[0] + 1


def predicted_field(value, name, layers, property, small):
    """A receptive field worked out with a pencil; the message has a smaller case."""
    must_be_predicted(value, name, width_seen(layers), property, small, rtol=1e-9)


def field_is_counted(receptive_field, layers, property):
    """receptive_field(layers) is the width of the range of pixels that one output depends on.

    Args:
        receptive_field: the answer.
        layers: list of tuples.
        property: what this stack is about, for the message.
    """
    call = f"receptive_field({_stack(layers)})"
    got, seen = must_be_number(receptive_field(list(layers)), call), pixels_seen(layers)
    if got != seen[-1] - seen[0] + 1:
        expected = f"{seen[-1] - seen[0] + 1}: output 0 sees the pixels {_listed(seen)}"
        raise Violation(property, counter_example(call, got, expected))


def range_is_found(seen_by, layers, index):
    """seen_by(layers, index) is the first and the last pixel that output `index` depends on."""
    call = f"seen_by({_stack(layers)}, {index})"
    back = seen_by(list(layers), index)
    if isinstance(back, np.ndarray):
        back = back.tolist()
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        raise Violation("returns first and last", counter_example(call, back, "two numbers: (first, last)"))
    first, last = (must_be_number(value, call) for value in back)
    seen = pixels_seen(layers, index)
    expected = f"({seen[0]}, {seen[-1]}): it sees the pixels {_listed(seen)}"
    if first != seen[0]:
        law = "one output further starts the product of all strides further"
        raise Violation(law, counter_example(call, (first, last), expected))
    if last != seen[-1]:
        law = "the range is as wide as the receptive field"
        raise Violation(law, counter_example(call, (first, last), expected))


def predicted_depth(value, name, block, pixels, small):
    """How many blocks it takes until a feature sees so many pixels.

    Args:
        value: the answer.
        name: of the answer.
        block: function of i that gives the layers of block i, counted from 0.
        pixels: how many must be seen.
        small: a smaller case, in words.
    """
    layers, depth = [], 0
    while width_seen(layers) < pixels:
        layers, depth = layers + block(depth), depth + 1
    must_be_predicted(value, name, depth, "the smallest depth that sees it all", small, rtol=1e-9)


def predicted_work(value, name, sizes, small):
    """Multiply-adds of 3x3 convolutions from one map to one map, on square maps of these sides."""
    work = sum(9 * size**2 for size in sizes)
    must_be_predicted(value, name, work, "nine multiply-adds for each output", small, rtol=1e-9)


def _stack(layers):
    text = "[" + ", ".join(str(tuple(layer)) for layer in layers) + "]"
    return text if len(text) <= 90 else f"{text[:80]} ...], {len(layers)} layers"


def _listed(seen):
    """Pixels in words: all of a few, or the ends of many."""
    if len(seen) <= 12:
        return ", ".join(map(str, seen))
    return f"{seen[0]}, {seen[1]}, {seen[2]} ... {seen[-1]}"
