"""Every backward against central differences, and the check itself against backward passes that are wrong."""

import random

import numpy as np
import pytest

from coursepkg import nn
from coursepkg.dropout.numpy_layers import Dropout
from coursepkg.gradcheck import gradcheck, numerical_gradient
from coursepkg.layer import Layer
from tests.nn.pairs import PAIRS, convolutions


def some_of(pairs):
    """All but most convolutions: differences are slow, and parity covers their whole grid."""
    grid = list(convolutions())
    return [one for one in pairs if one.name != "Conv2d"] + grid[::9] + grid[-7:]


@pytest.mark.parametrize("pair", some_of(PAIRS), ids=str)
def test_backward_agrees_with_central_differences(pair):
    layer = pair.numpy(np.float32)
    report = gradcheck(layer, pair.x())
    assert report.ok, report
    assert {one.name for one in report.comparisons} == {"x", *layer.params}


def test_a_network():
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng),
        nn.BatchNorm2d(2),
        nn.Tanh(),
        nn.Sequential(nn.Flatten(), nn.Linear(18, 4, rng=rng)),
    )
    report = gradcheck(net, rng.normal(size=(4, 1, 5, 5)))
    assert report.ok, report
    assert [one.name for one in report.comparisons] == ["x", *net.params]


def test_cross_entropy():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
    criterion = nn.CrossEntropyLoss()
    criterion.forward(logits, labels)
    differences = numerical_gradient(lambda value: nn.CrossEntropyLoss().forward(value, labels), logits)
    np.testing.assert_allclose(criterion.backward(), differences, atol=1e-9)


def test_the_check_leaves_the_layer_alone():
    layer = nn.BatchNorm1d(3)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    gradcheck(layer, x)
    assert layer.params["weight"].dtype == np.float32 and x.dtype == np.float32
    assert layer.buffers["num_batches_tracked"] == 0 and layer.grads == {}
    np.testing.assert_array_equal(layer.buffers["running_mean"], 0)
    with pytest.raises(RuntimeError, match="before"):
        layer.backward(x)


class Wrong(nn.Linear):
    """Linear whose backward is spoiled by a function (dx, grads) -> (dx, grads)."""

    def __init__(self, spoil):
        super().__init__(3, 2, rng=np.random.default_rng(0))
        self.spoil = spoil

    def backward(self, dy):
        dx = super().backward(dy)
        dx, self.grads = self.spoil(dx, self.grads)
        return dx


def with_element(array, index, change):
    array = array.copy()
    array[index] = change(array[index])
    return array


X = np.random.default_rng(1).normal(size=(4, 3))


@pytest.mark.parametrize(
    "change", [lambda v: 1.0001 * v, lambda v: -v, lambda v: 0 * v, lambda v: v * np.nan]
)
def test_one_wrong_element_is_found_and_named(change):
    in_dx = Wrong(lambda dx, grads: (with_element(dx, (2, 1), change), grads))
    in_weight = Wrong(
        lambda dx, grads: (dx, grads | {"weight": with_element(grads["weight"], (1, 2), change)})
    )
    for layer, name, index in ((in_dx, "x", (2, 1)), (in_weight, "weight", (1, 2))):
        report = gradcheck(layer, X)
        assert not report.ok
        assert (report.worst.name, report.worst.index) == (name, index)
        assert f"{name}[{index[0]}, {index[1]}]: backward says" in str(report)


def test_the_report_has_both_values():
    layer = Wrong(lambda dx, grads: (dx, grads | {"bias": grads["bias"] + [0, 5]}))
    worst = gradcheck(layer, X).worst
    assert (worst.name, worst.index, worst.size) == ("bias", (1,), 2)
    assert worst.backward == pytest.approx(worst.differences + 5)
    assert 5 / worst.error >= abs(worst.differences)  # relative to the largest of the gradient


def test_parameters_of_an_inner_layer_are_named_by_their_key():
    net = nn.Sequential(
        nn.Linear(3, 3), nn.Tanh(), Wrong(lambda dx, grads: (dx, grads | {"bias": 0 * grads["bias"]}))
    )
    report = gradcheck(net, X)
    assert report.worst.name == "2.bias" and "2.bias" in str(report)


def test_a_good_report_prints_as_one_line_without_measured_digits():
    report = gradcheck(nn.Linear(3, 2), X)
    assert str(report) == "Linear: backward agrees with central differences in x (12), weight (6), bias (2)"


class Noise(Layer):
    """Multiplies by a mask; draws its own where none is given."""

    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(0)

    def forward(self, x, mask=None):
        self.saved = self.rng.random(x.shape) < 0.5 if mask is None else mask
        return x * self.saved

    def backward(self, dy):
        return dy * self.saved


def test_a_random_layer_needs_its_randomness_fixed():
    with pytest.raises(ValueError, match="mask="):
        gradcheck(Noise(), X)
    assert gradcheck(Noise(), X, mask=X > 0).ok


class Draws(Layer):
    """Draws random numbers in training if it is given no mask, and makes no use of them."""

    def __init__(self, draw=None, held=None):
        super().__init__()
        self.held = held
        if draw is not None:
            self.draw = draw

    def forward(self, x, mask=None):
        if self.training and mask is None:
            self.draw(self.held)
        return 2 * x

    def backward(self, dy):
        return 2 * dy


GLOBAL = np.random.default_rng(0)


class DrawsFromAGlobal(Draws):
    def draw(self, held):
        GLOBAL.random()


def with_a_closure(rng):
    class DrawsFromAClosure(Draws):
        def draw(self, held):
            rng.random()

    return DrawsFromAClosure()


RANDOM = {
    "an attribute": Draws(lambda rng: rng.random(), np.random.default_rng(0)),
    "a container in a container": Draws(
        lambda held: held["all"][0].random(), {"all": [np.random.default_rng(0)]}
    ),
    "a legacy generator": Draws(lambda rng: rng.random_sample(), np.random.RandomState(0)),
    "a generator of Python": Draws(lambda rng: rng.random(), random.Random(0)),
    "NumPy's own state": Draws(lambda _: np.random.random()),
    "Python's own state": Draws(lambda _: random.random()),
    "a fresh generator": Draws(lambda _: np.random.default_rng().random()),
    "a global": DrawsFromAGlobal(),
    "a closure": with_a_closure(np.random.default_rng(0)),
}


@pytest.mark.parametrize("layer", RANDOM.values(), ids=RANDOM)
def test_a_layer_that_draws_is_refused_whatever_it_puts_out(layer):
    for one in (layer, nn.Sequential(nn.Tanh(), nn.Sequential(layer))):
        with pytest.raises(ValueError, match="is random, so there is no derivative"):
            gradcheck(one, X)
    assert gradcheck(layer, X, mask=True).ok
    assert gradcheck(layer.eval(), X).ok
    layer.train()


def test_two_outputs_for_one_input_are_refused_whatever_the_reason():
    class Counts(Layer):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return self.calls * x

    with pytest.raises(ValueError, match="Counts is random, so there is no derivative"):
        gradcheck(Counts(), X)


def test_a_layer_that_seeds_itself_or_holds_a_generator_is_not_random():
    assert gradcheck(Draws(lambda _: np.random.default_rng(0).random()), X).ok
    assert gradcheck(Draws(lambda _: None, np.random.default_rng(0)), X).ok
    assert gradcheck(Dropout(0.0), X).ok
    assert np.random.default_rng.__name__ == "default_rng"  # it is put back


@pytest.mark.parametrize("seed", range(20))
def test_dropout_that_drops_hardly_anything_is_refused(seed):
    layer = Dropout(0.02, rng=np.random.default_rng(seed))
    with pytest.raises(ValueError, match="Dropout is random"):
        gradcheck(layer, np.ones((1, 4)))
    assert gradcheck(layer, np.ones((1, 4)), mask=np.ones((1, 4), bool)).ok
    assert gradcheck(layer.eval(), np.ones((1, 4))).ok


@pytest.mark.parametrize(
    "wrong", [None, "1", [[1j]], np.ones((2, 3), complex), np.ones((2, 3), bool), [None]]
)
def test_inputs_that_are_no_real_numbers_are_refused(wrong):
    for call in (lambda: gradcheck(nn.Tanh(), wrong), lambda: numerical_gradient(np.sum, wrong)):
        with pytest.raises(TypeError, match="x must be an array of real numbers, got"):
            call()


def test_other_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="layer must be a Layer, got 'Tanh'"):
        gradcheck("Tanh", X)
    with pytest.raises(ValueError, match="tolerance must be a finite number > 0, got 0"):
        gradcheck(nn.Tanh(), X, tolerance=0)
    assert gradcheck(nn.Tanh(), [[1, 2]]).ok and gradcheck(nn.Tanh(), np.ones((2, 1), np.float16)).ok


class IgnoresItsMask(Noise):
    def backward(self, dy):
        return dy


def test_the_mask_of_the_forward_pass_counts():
    assert not gradcheck(IgnoresItsMask(), X, mask=X > 0).ok


class WritesIntoItsInput(Layer):
    def forward(self, x):
        x *= 2
        return x


class WritesIntoItsGradient(Layer):
    def forward(self, x):
        return 2 * x

    def backward(self, dy):
        dy *= 2
        return dy


@pytest.mark.parametrize("layer", [WritesIntoItsInput(), WritesIntoItsGradient()])
def test_a_layer_that_modifies_what_it_is_given_is_refused(layer):
    with pytest.raises(ValueError, match="read-only"):
        gradcheck(layer, X)


def test_missing_and_misshapen_gradients_are_named():
    with pytest.raises(ValueError, match="no gradient for the parameter 'bias'"):
        gradcheck(Wrong(lambda dx, grads: (dx, {"weight": grads["weight"]})), X)
    with pytest.raises(ValueError, match=r"of weight has shape \(3, 2\), but weight has \(2, 3\)"):
        gradcheck(Wrong(lambda dx, grads: (dx, grads | {"weight": grads["weight"].T})), X)
    with pytest.raises(ValueError, match=r"of x has shape \(3,\), but x has \(4, 3\)"):
        gradcheck(Wrong(lambda dx, grads: (dx.sum(axis=0), grads)), X)


def test_numerical_gradient_of_known_functions():
    x = np.array([[0.5, -2.0], [10.0, 0.0]])
    np.testing.assert_allclose(numerical_gradient(lambda v: (v**2).sum(), x), 2 * x, rtol=1e-8, atol=1e-8)
    dy = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(numerical_gradient(np.sin, x, dy), dy * np.cos(x), rtol=1e-6, atol=1e-8)
    assert x[1, 0] == 10
