"""Wrong arguments are refused before any work is done, and the message says what would be right."""

import re

import numpy as np
import pytest

from coursepkg import nn, validation

F64 = {"dtype": np.float64}

CONSTRUCTORS = [
    (lambda: nn.Linear(0, 3), ValueError, "in_features must be a whole number >= 1, got 0"),
    (lambda: nn.Linear(3, 2.5), TypeError, "out_features must be a whole number >= 1, got 2.5"),
    (lambda: nn.Linear(True, 2), TypeError, "in_features must be a whole number >= 1, got True"),
    (lambda: nn.Linear(3, 2, rng=0), TypeError, "rng must be a numpy.random.Generator or None, got 0"),
    (lambda: nn.Linear(3, 2, dtype=np.int64), TypeError, "dtype must be float32 or float64, got int64"),
    (lambda: nn.Linear(3, 2, dtype="float"), None, None),
    (lambda: nn.Linear(3, 2, dtype="single precision"), TypeError, "got 'single precision'"),
    (lambda: nn.Conv2d(1, 0, 3), ValueError, "out_channels must be a whole number >= 1, got 0"),
    (lambda: nn.Conv2d(1, 1, 0), ValueError, "kernel_size must be a whole number >= 1, got 0"),
    (
        lambda: nn.Conv2d(1, 1, (3, 3, 3)),
        ValueError,
        "kernel_size must be a whole number, or one for each axis, 2, got (3, 3, 3)",
    ),
    (lambda: nn.Conv2d(1, 1, 3, stride=(1, 0)), ValueError, "stride must be a whole number >= 1, got 0"),
    (lambda: nn.Conv2d(1, 1, 3, padding=-1), ValueError, "padding must be a whole number >= 0, got -1"),
    (
        lambda: nn.Conv2d(1, 1, 3, padding="same"),
        TypeError,
        "padding must be a whole number >= 0, got 'same'",
    ),
    (lambda: nn.Conv2d(1, 1, 3, dilation=1.5), TypeError, "dilation must be a whole number >= 1, got 1.5"),
    (lambda: nn.BatchNorm1d(0), ValueError, "num_features must be a whole number >= 1, got 0"),
    (lambda: nn.BatchNorm2d(3, eps=-1), ValueError, "eps must be a finite number >= 0, got -1"),
    (
        lambda: nn.BatchNorm2d(3, momentum=1.5),
        ValueError,
        "momentum must be a probability in [0, 1], got 1.5",
    ),
    (lambda: nn.LayerNorm(()), ValueError, "normalized_shape must name at least one axis, got ()"),
    (lambda: nn.LayerNorm((3, 0)), ValueError, "normalized_shape must be a whole number >= 1, got 0"),
    (lambda: nn.LeakyReLU(-0.1), ValueError, "negative_slope must be a finite number >= 0, got -0.1"),
    (lambda: nn.LeakyReLU("0.1"), TypeError, "negative_slope must be a number >= 0, got '0.1'"),
    (lambda: nn.GELU("erf"), ValueError, 'approximate must be "none" or "tanh", got \'erf\''),
    (lambda: nn.small_normal(-1), ValueError, "std must be a finite number >= 0, got -1"),
    (lambda: nn.SGD(nn.Tanh(), -0.1), ValueError, "lr must be a finite number >= 0, got -0.1"),
    (lambda: nn.SGD(nn.Tanh(), 0.1, momentum=-1), ValueError, "momentum must be a finite number >= 0"),
    (
        lambda: nn.Adam(nn.Tanh(), betas=(0.9, 1.0)),
        ValueError,
        "betas must be two numbers in [0, 1), got (0.9, 1.0)",
    ),
    (lambda: nn.Adam(nn.Tanh(), betas=(0.9,)), ValueError, "betas must be two numbers in [0, 1), got (0.9,)"),
    (lambda: nn.Adam(nn.Tanh(), lr=float("nan")), ValueError, "lr must be a finite number >= 0, got nan"),
]


@pytest.mark.parametrize("make, error, message", CONSTRUCTORS)
def test_constructors(make, error, message):
    if error is None:
        make()
        return
    with pytest.raises(error, match=re.escape(message)):
        make()


SHAPES = [
    (nn.Linear(3, 2, **F64), (4, 5), "x has shape (4, 5), but a weight of shape (2, 3) needs shape (..., 3)"),
    (nn.Linear(3, 2, **F64), (), "x has shape ()"),
    (nn.Conv2d(2, 3, 3, **F64), (1, 4, 5, 5), "a weight of shape (3, 2, 3, 3) needs shape (N, 2, H, W)"),
    (nn.Conv2d(2, 3, 3, **F64), (2, 5, 5), "x has shape (2, 5, 5)"),
    (nn.Conv2d(2, 3, 3, **F64), (1, 2, 5, 2), "a weight of shape (3, 2, 3, 3) needs larger pictures"),
    (nn.Conv2d(2, 3, 3, dilation=3, padding=1, **F64), (1, 2, 4, 9), "x has shape (1, 2, 4, 9)"),
    (nn.BatchNorm1d(3, **F64), (5, 4), "x has shape (5, 4), but 3 features need shape (N, 3) or (N, 3, L)"),
    (nn.BatchNorm1d(3, **F64), (5, 3, 2, 2), "x has shape (5, 3, 2, 2)"),
    (nn.BatchNorm2d(3, **F64), (5, 3, 2), "x has shape (5, 3, 2), but 3 features need shape (N, 3, H, W)"),
    (nn.BatchNorm1d(3, **F64), (1, 3), "need more than one value per channel"),
    (nn.BatchNorm2d(3, track_running_stats=False, **F64).eval(), (1, 3, 1, 1), "more than one value"),
    (
        nn.LayerNorm((4, 3), **F64),
        (2, 3, 4),
        "x has shape (2, 3, 4), but normalized_shape (4, 3) must be its end",
    ),
    (nn.LayerNorm((4, 3), **F64), (3,), "x has shape (3,)"),
    (nn.Flatten(), (5,), "start_dim must be an axis of an array of shape (5,), got 1"),
    (nn.Flatten(1, -4), (2, 3, 4, 5), "start_dim must not come after end_dim, got 1 and -4"),
]


@pytest.mark.parametrize("layer, shape, message", SHAPES)
def test_inputs_of_the_wrong_shape(layer, shape, message):
    before = {key: value.copy() for key, value in layer.buffers.items()}
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.forward(np.ones(shape))
    for key, value in before.items():
        np.testing.assert_array_equal(layer.buffers[key], value)


LABELS = [
    (
        np.zeros((4, 3)),
        np.zeros(4),
        TypeError,
        "labels must be class numbers of an integer dtype, got float64",
    ),
    (np.zeros((4, 3)), np.zeros(5, int), ValueError, "labels has shape (5,), but 4 examples need shape (4,)"),
    (np.zeros((4, 3)), np.array([0, 1, 2, 3]), ValueError, "labels must be from 0 to 2, got 0 to 3"),
    (np.zeros((4, 3)), np.array([0, 1, 2, -1]), ValueError, "labels must be from 0 to 2, got -1 to 2"),
    (np.zeros(3), np.zeros(3, int), ValueError, "logits must have shape (N, classes), got shape (3,)"),
    (np.zeros((4, 3), int), np.zeros(4, int), TypeError, "logits must be float32 or float64, got int64"),
]


@pytest.mark.parametrize("logits, labels, error, message", LABELS)
def test_cross_entropy(logits, labels, error, message):
    with pytest.raises(error, match=re.escape(message)):
        nn.CrossEntropyLoss().forward(logits, labels)


def test_cross_entropy_backward_before_forward():
    with pytest.raises(RuntimeError, match="was called before"):
        nn.CrossEntropyLoss().backward()


@pytest.mark.parametrize("optimizer", [lambda model: nn.SGD(model, 0.1), nn.Adam])
def test_a_step_before_any_backward(optimizer):
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    with pytest.raises(RuntimeError, match=re.escape("no gradient for 0.weight, 0.bias")):
        optimizer(model).step()


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_probability_is_between_0_and_1(value):
    with pytest.raises(ValueError, match=re.escape(f"p must be a probability in [0, 1], got {value}")):
        validation.validate_probability("p", value)


@pytest.mark.parametrize("value", ["0.5", None, True, [0.5], 0.5j])
def test_a_probability_is_a_number(value):
    with pytest.raises(TypeError, match=re.escape(f"p must be a probability in [0, 1], got {value!r}")):
        validation.validate_probability("p", value)


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_numbers_come_back_as_floats_but_ints_as_they_are(value):
    found = validation.validate_probability("p", value)
    assert type(found) is (int if type(value) is int else float) and found == value


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_a_positive_number_is_positive_and_finite(value):
    with pytest.raises(ValueError, match=re.escape(f"c must be a finite number > 0, got {value}")):
        validation.validate_positive_number("c", value)


def test_a_missing_generator_is_a_fresh_one():
    rng = np.random.default_rng(0)
    assert validation.validate_generator("rng", rng) is rng
    one, other = validation.validate_generator("rng", None), validation.validate_generator("rng", None)
    assert one.random() != other.random()
    with pytest.raises(TypeError, match="rng must be"):
        validation.validate_generator("rng", np.random)
