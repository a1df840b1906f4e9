"""What the functions of the NumPy half let in: every array and generator they take, right and wrong."""

import inspect
import re

import numpy as np
import pytest

from coursepkg.pooling import numpy_layers
from coursepkg.validation import FLOATS
from tests.specs.pooling import SPECS
from tests.specs.spec import Maker, layouts, values

FUNCTIONS = {
    name: value
    for name in numpy_layers.__all__
    if inspect.isfunction(value := getattr(numpy_layers, name)) and "x" in inspect.signature(value).parameters
}
GRADIENTS = [name for name in FUNCTIONS if name.endswith("_backward")]
SETTINGS = {"kernel_size": 2, "norm_type": 2, "output_size": 2}
DRAWN = ("indices", "mask", "samples")
"""What a forward pass found or drew; its gradient may ask for it."""

SHAPE = (2, 3, 6, 4, 8)


def parameters(name):
    return inspect.signature(FUNCTIONS[name]).parameters


def axes_of(name):
    found = re.search(r"(\d)d", name)
    return int(found[1]) if found else 2


def drawn(name, x):
    """What a call may be given of what is found or drawn."""
    axes, rng = axes_of(name), np.random.default_rng(0)
    if "unpool" in name or "max_pool" in name:
        pool = "adaptive_max_pool" if "adaptive" in name else "max_pool"
        _, indices = getattr(numpy_layers, f"{pool}{axes}d")(x, 2, return_indices=True)
        return {"indices": indices}
    sizes = [n // 2 for n in x.shape[-axes:]]
    mask = np.arange(4) == rng.integers(0, 4, (*x.shape[:-axes], *sizes, 1))
    return {"mask": mask, "samples": rng.random((*x.shape[:-axes], 2))}


def call_of(name, shape=None):
    """Arguments, by name, of a call that works."""
    shape = SHAPE[: 2 + axes_of(name)] if shape is None else shape
    takes = parameters(name)
    x = np.abs(values(shape))
    if name.startswith("fractional"):
        given = {"x": x, "kernel_size": 2, "output_size": 2, **drawn("", x)}
        if name in GRADIENTS:
            forward = {key: value for key, value in given.items() if key != "mask"}
            _, given["indices"] = numpy_layers.fractional_max_pool2d(**forward, return_indices=True)
    else:
        required = {key: SETTINGS[key] for key in SETTINGS if key in takes and not has_default(takes[key])}
        given = {**required, **drawn(name, x), "x": x}
        if "unpool" in name:
            given["x"] = np.abs(values(given["indices"].shape))
    given["rng"] = np.random.default_rng(0)
    given = {key: value for key, value in given.items() if key in takes}
    if name in GRADIENTS:
        forward = {key: value for key, value in given.items() if key in parameters(forward_of(name))}
        given["dy"] = values(FUNCTIONS[forward_of(name)](**forward).shape, seed=1)
    return given


def has_default(parameter):
    return parameter.default is not parameter.empty


def forward_of(name):
    return name.removesuffix("_backward")


def result(name, given):
    found = FUNCTIONS[name](**given)
    return found if isinstance(found, tuple) else (found,)


DOORS = [
    (name, door) for name in FUNCTIONS for door in ("dy", "x", *DRAWN, "rng") if door in parameters(name)
]
each_door = pytest.mark.parametrize(("name", "door"), DOORS)
each_array = pytest.mark.parametrize(("name", "door"), [pair for pair in DOORS if pair[1] != "rng"])


def wrong_values(right):
    yield from (right.tolist(), None, "a", 3, 1.5, [], {})
    for dtype in (
        "int64",
        "uint8",
        "bool",
        "complex128",
        "object",
        "float16",
        "float32",
        "float64",
        "longdouble",
    ):
        yield right.astype(dtype)


def is_right(name, door, value, given):
    """Whether the door is open to a value that another argument would be refused for."""
    if value is None:
        return has_default(parameters(name)[door])
    if not isinstance(value, np.ndarray):
        return False
    if door == "indices":
        return np.issubdtype(value.dtype, np.integer)
    if door == "mask":
        return value.dtype == bool
    if door == "x" and re.fullmatch(r"max_pool\dd", name):
        return value.dtype.kind in "iu" or value.dtype in FLOATS
    if door == "x":  # the others are then of another type, and blamed
        return value.dtype in FLOATS
    return value.dtype == given["x"].dtype


@each_array
def test_what_is_no_array_of_the_right_dtype_is_refused_by_name(name, door):
    given = call_of(name)
    result(name, given)
    for value in wrong_values(given[door]):
        if is_right(name, door, value, given):
            continue
        kind = str(value.dtype) if isinstance(value, np.ndarray) else type(value).__name__
        with pytest.raises(TypeError, match=rf"^{door} must .*got .*{kind}"):
            result(name, {**given, door: value})


@pytest.mark.parametrize("name", [name for name, door in DOORS if door == "rng"])
def test_what_is_no_generator_is_refused_by_name(name):
    given = {key: value for key, value in call_of(name).items() if key not in DRAWN}
    for value in (3, "a", [], np.random.RandomState(0), np.random):
        with pytest.raises(TypeError, match=r"^rng must be a numpy.random.Generator or None, got "):
            result(name, {**given, "rng": value})


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if re.fullmatch(r"max_pool\dd", name)])
def test_max_pooling_takes_integers(name):
    x = np.random.default_rng(0).integers(0, 100, SHAPE[: 2 + axes_of(name)])
    expected = FUNCTIONS[name](x.astype(float), 2)
    for dtype in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
        y = FUNCTIONS[name](x.astype(dtype), 2)
        np.testing.assert_array_equal(y, expected)
        assert y.dtype == dtype


@each_array
def test_how_an_argument_lies_in_memory_does_not_matter(name, door):
    given = call_of(name)
    expected = result(name, given)
    for layout, value in layouts(given[door]):
        before = value.copy()
        for found, right in zip(result(name, {**given, door: value}), expected, strict=True):
            np.testing.assert_array_equal(found, right, err_msg=layout)
        np.testing.assert_array_equal(value, before, err_msg=layout)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_stays_float32(name):
    given = call_of(name)
    given |= {key: given[key].astype(np.float32) for key in ("x", "dy", "samples") if key in given}
    assert all(found.dtype == np.float32 for found in result(name, given))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_examples_or_channels_there_is_nothing_to_do(name, axis):
    shape = list(SHAPE[: 2 + axes_of(name)])
    shape[axis] = 0
    given = call_of(name, shape)
    first, *_ = result(name, given)
    assert first.size == 0
    if name in GRADIENTS:
        assert first.shape == given["x"].shape


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_empty_axis_of_the_picture_is_refused(name):
    given = call_of(name)
    for axis in range(2, given["x"].ndim):
        shape = list(given["x"].shape)
        shape[axis] = 0
        with pytest.raises(ValueError, match=f"^x must have shape .*{re.escape(str(tuple(shape)))}"):
            result(name, {**given, "x": np.zeros(shape)})


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(), (3,), (1,) * 7], ids=str)
def test_an_array_of_too_few_or_too_many_axes_is_refused(name, shape):
    with pytest.raises(ValueError, match=f"^x must have shape .*{re.escape(str(shape))}"):
        result(name, {**call_of(name), "x": np.ones(shape)})


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_layers_with_an_empty_axis(spec):
    case = next(case for case in spec.cases if 0 not in case.shape)
    for axis in range(len(case.shape)):
        shape = list(case.shape)
        shape[axis] = 0
        layer = Maker(spec.numpy)(*case.args, **case.kwargs)
        if axis < 2:
            assert layer.backward(layer.forward(np.zeros(shape))).shape == tuple(shape)
        else:
            with pytest.raises(ValueError, match=f"^x must have shape .*{re.escape(str(tuple(shape)))}"):
                layer.forward(np.zeros(shape))


@pytest.mark.parametrize("name", GRADIENTS)
def test_what_was_drawn_may_be_left_out(name):
    extra = set(DRAWN) - set(parameters(forward_of(name)))
    assert all(has_default(parameters(name)[drawn]) for drawn in extra & set(parameters(name)))


def test_every_function_has_a_gradient():
    assert {forward_of(name) for name in GRADIENTS} == set(FUNCTIONS) - set(GRADIENTS) and len(GRADIENTS) > 20
