"""Property checkers of the pooling layers in PyTorch.

The rule at the head of `coursepkg.checks` holds: a module is only called, switched to evaluation with
`eval()` and asked for its `state_dict()`; no attribute is read and no gradient is asked for. Pictures are
(N, C, H, W).
"""

import numpy as np
import torch
from torch.nn import functional as F

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    must_refuse,
    show,
)
from coursepkg.pooling import numpy_layers as pooling

WEIGHTS = [(8,), (8, 1, 3, 3), (10,), (10, 16), (16,), (16, 8, 3, 3)]


def max_windows(MaxPool, shape, *args, seed, dtype=np.float32, shift=0.0, name="MaxPool"):
    """Each value is the largest of its window. With padding all pixels are negative, so that a 0 would win.

    Args:
        MaxPool: the answer.
        shape: of the pictures.
        args: kernel_size, stride and padding, as far as they are given.
        seed: of the pixels.
        dtype: of the pixels.
        shift: subtracted from all pixels.
        name: of the answer, for the message.
    """
    x = distinct(shape, seed)
    padded = len(args) == 3 and args[2] > 0
    x = (x - padded * (x.max() + 0.25) - shift).astype(dtype)
    got, call, more = _pooled(MaxPool, x, args, name)
    expected = pooling.max_pool2d(x, *args)
    got = must_be_array(got, expected.shape, call)
    if padded and np.any(got > x.max()):
        largest = f"at most {show(x.max())}, the largest pixel"
        message = counter_example(call, f"a value of {show(got.max())}", largest, label="allowed", **more)
        raise Violation("padding never wins", message)
    must_be_close(got, expected, "each value is the largest of its window", call, **more)


def average_windows(AvgPool, shape, *args, seed, dtype=np.float32):
    """Each value is the mean of its window, and padding counts, or does not, as count_include_pad says.

    Args:
        AvgPool: the answer.
        shape: of the pictures.
        args: kernel_size, stride, padding and count_include_pad, as far as they are given.
        seed: of the pixels.
        dtype: of the pixels.
    """
    x = (distinct(shape, seed) + 0.1).astype(dtype)
    got, call, more = _pooled(AvgPool, x, args, "AvgPool")
    count = args[3] if len(args) == 4 else True
    expected = pooling.avg_pool2d(x, *args[:3], count_include_pad=count)
    law = "each value is the mean of its window"
    if len(args) > 2 and args[2] > 0:
        law = "padding counts as pixels of 0" if count else "padding does not count"
    must_be_close(must_be_array(got, expected.shape, call), expected, law, call, **more)


def pooling_saves_nothing(Pool, name):
    """There is nothing to train and nothing to save."""
    state = Pool(2).state_dict()
    if len(state):
        message = counter_example(f"{name}(2).state_dict()", ", ".join(state), "empty")
        raise Violation("there is nothing to save", message)


def bad_windows_are_refused(Pool, bad, good):
    """The constructor raises ValueError for windows that make no sense, and for no others.

    Args:
        Pool: the answer, CheckedMaxPool.
        bad: list of (kernel_size, stride, padding) to be refused.
        good: list of such that are allowed; these are also called, on pictures of 6 x 7 pixels.
    """
    for args in bad:
        law = _law_of_refusal(*args)
        must_refuse(ValueError, Pool, *args, call=f"CheckedMaxPool{args}", property=law)
    for args in good:
        try:
            Pool(*args)
        except NotImplementedError:
            raise
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            message = counter_example(f"CheckedMaxPool{args}", got, "a layer")
            raise Violation("sensible windows are allowed", message) from None
        max_windows(Pool, (2, 3, 6, 7), *args, seed=1, name="CheckedMaxPool")


def net_takes_any_size(make_net, name, sizes):
    """make_net(name) has the weights asked for, and computes what they and the name say, at every size."""
    net, call = make_net(name), f"make_net({name!r})"
    net.eval()
    for height, width in sizes:
        what = f"{call}(x), x of shape (3, 1, {height}, {width})"
        try:
            y = net(_pictures(3, height, width))
        except NotImplementedError:
            raise
        except Exception as error:
            got = f"{type(error).__name__}: {error}"[:200]
            message = counter_example(what, got, "logits of shape (3, 10)")
            raise Violation("pictures of any size are taken", message) from None
        must_be_array(y, (3, 10), what)
    state = {tuple(value.shape): torch.as_tensor(value) for value in net.state_dict().values()}
    if sorted(tuple(value.shape) for value in net.state_dict().values()) != WEIGHTS:
        shapes = sorted(tuple(value.shape) for value in net.state_dict().values())
        got = "shapes " + ", ".join(map(str, shapes))
        expected = "shapes " + ", ".join(map(str, WEIGHTS))
        message = counter_example(f"{call}.state_dict()", got, expected)
        raise Violation("the net has the weights asked for", message)
    for height, width in sizes:
        x = _pictures(3, height, width)
        what = f"{call}(x), x of shape (3, 1, {height}, {width})"
        law = "windows and whole maps are pooled as the name says"
        must_be_close(net(x).detach().numpy(), _logits(x, state, name), law, what, rtol=1e-3)


def unknown_pooling_is_refused(make_net, names):
    """A name that is neither of the two raises a ValueError."""
    for name in names:
        law = "an unknown name is refused"
        must_refuse(ValueError, make_net, name, call=f"make_net({name!r})", property=law)


def _pooled(Pool, x, args, name):
    call = f"{name}({', '.join(map(str, args))})(x), x of shape {x.shape}"
    tensor = torch.from_numpy(x.copy())
    got = Pool(*args)(tensor)
    must_not_modify(call, x=(tensor, x))
    return got, call, {"x": x[0, 0]} if x.size <= 25 else {}


def _law_of_refusal(kernel_size, stride, padding):
    if kernel_size < 1:
        return "a window has at least one pixel"
    if stride is not None and stride < 1:
        return "a stride is at least one pixel"
    return "a padding is not negative" if padding < 0 else "a padding is at most half the window"


def _pictures(count, height, width):
    rng = np.random.default_rng([height, width])
    return torch.from_numpy(rng.random((count, 1, height, width), dtype=np.float32))


def _logits(x, state, name):
    pool = F.max_pool2d if name == "max" else F.avg_pool2d
    for maps, channels in ((8, 1), (16, 8)):
        x = pool(F.conv2d(x, state[maps, channels, 3, 3], state[maps,], padding=1).relu(), 2)
    features = x.amax((2, 3)) if name == "max" else x.mean((2, 3))
    return F.linear(features, state[10, 16], state[10,]).numpy()
