"""Property checkers of the exercise on shifted pictures: what a network says when the picture moves.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, never a network.
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_not_modify,
    show,
)

# (lowest, highest) share of predictions that stay at 1, 2, 4 and 8 pixels, and of unmoved pictures that are
# predicted wrong: those of 6 starts, and a good deal to either side, since the copies may come in any order.
KEPT = {
    "plain": ((0.76, 0.88), (0.57, 0.73), (0.3, 0.47), (0.13, 0.29)),
    "maximum": ((0.82, 0.95), (0.69, 0.86), (0.35, 0.54), (0.13, 0.29)),
    "blurred": ((0.83, 0.97), (0.69, 0.88), (0.35, 0.6), (0.13, 0.31)),
    "shifted": ((0.84, 0.98), (0.78, 0.96), (0.6, 0.85), (0.17, 0.33)),
}
ERRORS = {"maximum": (0.16, 0.3), "shifted": (0.24, 0.4)}


def pictures_are_moved(shift, shape, down, right, seed, *, dtype=np.float32):
    """shift(x, down, right) moves pictures by whole pixels; white comes in and what leaves is lost.

    Args:
        shift: the answer.
        shape: (N, C, H, W) of the pictures.
        down, right: pixels.
        seed: of the pixels, none of them white.
        dtype: of the pixels.
    """
    x = (1 + np.random.default_rng(seed).permutation(np.prod(shape))).reshape(shape).astype(dtype)
    before, call = x.copy(), f"shift(x, {down}, {right}), x of shape {tuple(shape)}"
    got = must_be_array(shift(x, down, right), shape, call)
    must_not_modify(call, x=(x, before))
    expected = np.zeros(shape)
    for i, j in np.ndindex(*shape[2:]):
        if 0 <= i - down < shape[2] and 0 <= j - right < shape[3]:
            expected[:, :, i, j] = before[:, :, i - down, j - right]
    more = {"x": before[0, 0]} if before.size <= 12 else {}
    came_in = np.argwhere((expected == 0) & (got != 0))
    if len(came_in):
        place = tuple(int(k) for k in came_in[0])
        message = counter_example(call, f"{show(got[place])} at {list(place)}", f"0 at {list(place)}", **more)
        raise Violation("white comes in", message)
    must_be_close(got, expected, "every pixel moves down and to the right", call, **more)
    if got.dtype != dtype:
        raise Violation("the dtype stays", counter_example(call, str(got.dtype), str(np.dtype(dtype))))


def survivors_are_counted(survivors, before, after, labels):
    """survivors(before, after, y) -> (same, still_right) on a handful of pictures.

    Args:
        survivors: the answer.
        before, after, labels: strings of digits below 5, one per picture: what is predicted of the picture,
            of the moved picture, and what is right.
    """
    before, after, y = (np.array([int(digit) for digit in digits]) for digits in (before, after, labels))
    logits = [_logits(classes, seed) for seed, classes in enumerate((before, after))]
    copies, call = [array.copy() for array in (*logits, y)], "survivors(before, after, y)"
    back = survivors(*logits, y)
    for name, now, then in zip(("before", "after", "y"), (*logits, y), copies, strict=True):
        must_not_modify(call, **{name: (now, then)})
    if not isinstance(back, (tuple, list, np.ndarray)) or len(back) != 2:
        raise Violation("returns two numbers", counter_example(call, back, "same, still_right"))
    right = before == y
    expected = (before == after).mean(), (right & (after == y)).sum() / max(right.sum(), 1)
    laws = "same compares predictions, not labels", "still_right is a share of those that were right"
    if not right.any():
        laws = laws[0], "none was right, so none is still right"
    example = {"predicted": before, "after": after, "y": y}
    for name, number, truth, law in zip(("same", "still_right"), back, expected, laws, strict=True):
        got = must_be_number(number, name)
        if not abs(got - truth) <= 1e-5:
            message = counter_example(call, f"{name} = {show(got)}", f"{name} = {show(truth)}", **example)
            raise Violation(law, message)


def kept_is_measured(value, name):
    """Shares of predictions that stay at 1, 2, 4 and 8 pixels, as anyone would measure them."""
    got = must_be_array(np.asarray(value), (4,), name, "shares at 1, 2, 4 and 8 pixels")
    for pixels, share, (low, high) in zip((1, 2, 4, 8), got, KEPT[name], strict=True):
        if not 0 <= share <= 1:
            message = counter_example(name, f"{show(share)} at {pixels} px", "from 0 to 1", label="allowed")
            raise Violation("a share lies between 0 and 1", message)
        if not low <= share <= high:
            side = "fewer" if share > high else "more"
            message = counter_example(name, f"{share:.2f} at {pixels} px", f"{side} predictions stay")
            raise Violation("the shares are the measured ones", message)


def errors_are_measured(value):
    """Shares of the unmoved pictures that the networks `maximum` and `shifted` predict wrong."""
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:
        raise Violation("returns two errors", counter_example("errors", value, "two numbers"))
    for error, (name, (low, high)) in zip(value, ERRORS.items(), strict=True):
        got = must_be_number(error, "errors")
        if not low <= got <= high:
            side = "fewer" if got > high else "more"
            what = f"{side} of the unmoved pictures are predicted wrong"
            raise Violation("the errors are the measured ones", counter_example(f"{name}'s error", got, what))


def copies_are_moved(shifted_copies, count, size, copies, farthest, seed):
    """shifted_copies(x, y, copies, farthest, rng) -> (x, y) of all copies, each moved by a lot of its own.

    Args:
        shifted_copies: the answer.
        count: pictures.
        size: their side, more than 2 farthest: a lone pixel in the middle, as bright as the picture's number.
        copies, farthest: as the answer gets them.
        seed: of the answer's generator.
    """
    x, y = np.zeros((count, 1, size, size), np.float32), np.arange(count)
    x[:, 0, size // 2, size // 2] = 1 + y
    before = x.copy(), y.copy()
    call = f"shifted_copies(x, y, {copies}, {farthest}, rng), {count} pictures of {size}x{size}"
    back = shifted_copies(x, y, copies, farthest, np.random.default_rng(seed))
    must_not_modify(call, x=(x, before[0]), y=(y, before[1]))
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        raise Violation("returns pictures and labels", counter_example(call, back, "x, y of the copies"))
    moved = must_be_array(back[0], (count * copies, 1, size, size), call, "the pictures")
    labels = must_be_array(back[1], (count * copies,), call, "the labels")
    brightness = moved.sum(axis=(1, 2, 3))
    law = "each picture has its copies"
    must_be_close(np.sort(brightness), np.repeat(1.0 + y, copies), law, f"{call}: sums of the pictures")
    for i in np.flatnonzero(labels + 1 != brightness)[:1]:
        got = f"label {show(labels[i])} for a copy of picture {round(brightness[i]) - 1}"
        message = counter_example(call, got, f"label {round(brightness[i]) - 1}, as the picture had")
        raise Violation("a copy keeps its label", message)
    places = np.stack(np.nonzero(moved)[2:], axis=1) - size // 2
    farther = np.abs(places).max(axis=1) > farthest
    if farther.any():
        got = f"a shift by {show(places[farther][0])}"
        message = counter_example(call, got, f"at most {farthest} along each axis")
        raise Violation("no copy is shifted farther", message)
    by_picture = places[np.argsort(brightness, kind="stable")].reshape(count, copies, 2)
    if np.all(by_picture == by_picture[:1]) or (copies > 1 and np.all(by_picture == by_picture[:, :1])):
        message = counter_example(call, "the same shifts again and again", "a shift of its own for each copy")
        raise Violation("each copy has a lot of its own", message)
    for axis, name in enumerate(("down", "right")):
        found, whole = np.unique(places[:, axis]), np.arange(-farthest, farthest + 1)
        if not np.array_equal(found, whole):  # by chance less than once in a billion: see the tests' counts
            message = counter_example(call, f"{name}: {show(found)}", f"all of {show(whole)}")
            raise Violation("all shifts from -farthest to farthest occur", message)
    if np.all(np.abs(places[:, 0]) == np.abs(places[:, 1])):
        message = counter_example(call, "equal shifts along both axes", "a lot for each axis")
        raise Violation("the axes move independently", message)


def _logits(classes, seed):
    """Logits (N, 5) whose largest are at these classes."""
    logits = np.random.default_rng(seed).normal(0, 1, (len(classes), 5)).round(2)
    logits[np.arange(len(classes)), classes] = logits.max(axis=1) + 0.5
    return logits
