"""Property checkers of the exercise on global and adaptive pooling: how maps end as one answer.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Maps are (N, C, H, W), signals (N, C, L).
"""

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_predicted,
    must_not_modify,
    show,
)
from coursepkg.pooling import numpy_layers as pooling


def maps_are_averaged(global_avg_pool, shape, seed, *, dtype=np.float64):
    """global_avg_pool(x): the mean of each map of each picture."""
    x = distinct(shape, seed).astype(dtype)
    before, call = x.copy(), f"global_avg_pool(x), x of shape {tuple(shape)}"
    got = must_be_array(global_avg_pool(x), shape[:2], call)
    must_not_modify(call, x=(x, before))
    more = {"x": before} if before.size <= 16 else {}
    must_be_close(got, before.mean(axis=(2, 3)), "each map becomes its mean", call, **more)


def means_go_back(backward, shape, seed):
    """global_avg_pool_backward(dy, height, width): every place gets the same share of its map's gradient."""
    dy = distinct(shape[:2], seed)
    before = dy.copy()
    call = f"global_avg_pool_backward(dy, {shape[2]}, {shape[3]}), dy of shape {dy.shape}"
    got = must_be_array(backward(dy, *shape[2:]), shape, call)
    must_not_modify(call, dy=(dy, before))
    expected = np.broadcast_to(before[:, :, None, None], shape) / (shape[2] * shape[3])
    more = {"dy": before} if before.size <= 6 else {}
    must_be_close(got, expected, "every place gets the same share", call, **more)


def places_are_scored(class_map, shape, classes, seed):
    """class_map(x, weight): the linear layer, applied at each place.

    Args:
        class_map: the answer.
        shape: of the maps.
        classes: of the linear layer.
        seed: of maps and weights.
    """
    x, weight = distinct(shape, seed), distinct((classes, shape[1]), seed + 1)
    before = x.copy(), weight.copy()
    call = f"class_map(x, weight), x of shape {tuple(shape)}, weight of shape {weight.shape}"
    got = must_be_array(class_map(x, weight), (shape[0], classes, *shape[2:]), call)
    must_not_modify(call, x=(x, before[0]), weight=(weight, before[1]))
    x, weight = before
    more = {"x": x, "weight": weight} if x.size <= 12 else {}
    logits = x.mean(axis=(2, 3)) @ weight.T
    means = got.mean(axis=(2, 3))
    must_be_close(means, logits, "the mean of a class's map is its logit without the bias", call, **more)
    expected = np.einsum("kc,nchw->nkhw", weight, x)
    must_be_close(got, expected, "each place gets a score of its own", call, **more)


def clearest_place_is_found(clearest, shape, seed):
    """clearest(maps, label): (row, column) of the largest score of one class, for each picture."""
    maps = distinct(shape, seed)
    label = np.random.default_rng(seed).integers(0, shape[1], shape[0])
    before, call = (maps.copy(), label.copy()), f"clearest(maps, label), maps of shape {tuple(shape)}"
    got = must_be_array(
        np.asarray(clearest(maps, label)), (shape[0], 2), call, "row and column of each picture"
    )
    must_not_modify(call, maps=(maps, before[0]), label=(label, before[1]))
    chosen = before[0][np.arange(shape[0]), before[1]]
    expected = [np.unravel_index(scores.argmax(), scores.shape) for scores in chosen]
    for i, (mine, right) in enumerate(zip(got, np.array(expected), strict=True)):
        if not np.array_equal(mine, right):
            more = {"label": show(int(label[i]))} | (
                {"maps": before[0][i]} if before[0][i].size <= 24 else {}
            )
            message = counter_example(f"{call}: picture {i}", mine, right, **more)
            raise Violation("the largest score of the asked class", message)


def windows_adapt(adaptive_avg_pool1d, shape, output_size, seed, *, dtype=np.float64):
    """adaptive_avg_pool1d(x, output_size): as many means as asked for, over windows that leave nothing out.

    Args:
        adaptive_avg_pool1d: the answer.
        shape: (N, C, L) of the signals.
        output_size: as the answer gets it.
        seed: of the signals.
        dtype: of the signals.
    """
    x = distinct(shape, seed).astype(dtype)
    before, call = x.copy(), f"adaptive_avg_pool1d(x, {output_size}), x of shape {tuple(shape)}"
    got = must_be_array(adaptive_avg_pool1d(x, output_size), (*shape[:2], output_size), call)
    must_not_modify(call, x=(x, before))
    more = {"x": before[0, 0]} if shape[0] == shape[1] == 1 else {}
    law = "windows lie side by side where they fit"
    if shape[2] % output_size:
        law = "a window begins at the floor and ends at the ceiling"
    must_be_close(got, pooling.adaptive_avg_pool1d(before, output_size), law, call, **more)


def predicted_weights(value, name, maps, side, classes, property, small):
    """Number of weights of a linear layer behind maps of a side, with a bias for each class."""
    expected = maps * side * side * classes + classes
    must_be_predicted(value, name, expected, property, small, rtol=1e-9)
