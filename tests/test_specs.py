"""One suite for every layer of every chapter: it reads tests/specs/<topic>.py, whatever topics there are."""

import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch

from coursepkg.gradcheck import gradcheck
from coursepkg.layer import Layer
from tests.specs.spec import TOLERANCE, Maker, TorchLayer, layouts, values

FOLDER = Path(__file__).parent / "specs"
TOPICS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "spec")
SPECS_OF = {topic: importlib.import_module(f"tests.specs.{topic}").SPECS for topic in TOPICS}
SPECS = [spec for specs in SPECS_OF.values() for spec in specs]
# The topic stands in front, so that `make quick` can choose by it.
NAMES = {spec.name: f"{topic}: {spec.name}" for topic, specs in SPECS_OF.items() for spec in specs}

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, gpu])]
BACKENDS = ["numpy", *DEVICES]
DTYPES = ["float32", "float64"]
BASES = ("DropoutLayer",)
"""Classes that layers are made from, and nobody constructs."""

each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: NAMES[spec.name])


def each(kind, of=lambda spec: True):
    """All pairs of a spec and one of its cases, laws or refusals."""
    pairs = [(spec, entry) for spec in SPECS if of(spec) for entry in getattr(spec, kind)]
    names = [f"{NAMES[spec.name]}: {getattr(entry, '__name__', entry)}" for spec, entry in pairs]
    return pytest.mark.parametrize(("spec", "entry"), pairs, ids=names)


def maker(spec, backend):
    return Maker(spec.numpy if backend == "numpy" else spec.torch, backend)


def both(spec, case, device, dtype, training=True):
    """The layer in both backends, with the same parameters."""
    ours = Maker(spec.numpy)(*case.args, dtype=dtype, **case.kwargs)
    theirs = Maker(spec.torch, device)(*case.args, dtype=dtype, **case.kwargs)
    theirs.load(ours.state)
    return (ours.train(), theirs.train()) if training else (ours.eval(), theirs.eval())


def randomness(layer, x):
    """What a random layer draws, as arguments of forward."""
    layer.forward(x)
    return layer.drawn


def assert_close(found, expected, dtype, what):
    """Equal but for rounding. A failure says of what, and which element is farthest off."""
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, not {expected.shape}"
    assert found.dtype == expected.dtype == np.dtype(dtype), f"{what}: {found.dtype}, not {expected.dtype}"
    allowed = TOLERANCE[dtype] * max(1.0, np.abs(expected).max(initial=0))
    off = np.where((found == expected) | (np.isnan(found) & np.isnan(expected)), 0, np.abs(found - expected))
    off = np.where(np.isnan(off), np.inf, off)
    if off.size:
        worst = tuple(int(i) for i in np.unravel_index(off.argmax(), off.shape))
        assert off[worst] <= allowed, (
            f"{what}: {found[worst]!r} at {worst}, not {expected[worst]!r}; "
            f"{off[worst]:.3g} off, {allowed:.3g} allowed"
        )


def assert_same_step(ours, theirs, x, dtype, what, **given):
    y = ours.forward(x, **given)
    assert_close(y, theirs.forward(x, **given), dtype, f"{what}: output")
    dy = values(y.shape, seed=1, dtype=dtype)
    assert_same_gradients(ours, theirs, dy, dtype, what)


def assert_same_gradients(ours, theirs, dy, dtype, what):
    assert_close(ours.backward(dy), theirs.backward(dy), dtype, f"{what}: gradient of x")
    assert ours.grads.keys() == theirs.grads.keys()
    for key, gradient in ours.grads.items():
        assert_close(gradient, theirs.grads[key], dtype, f"{what}: gradient of {key}")


def test_every_topic_has_specs():
    assert TOPICS, f"no specs in {FOLDER}"
    assert len(NAMES) == len(SPECS), "two specs of one name"


@pytest.mark.parametrize("backend", ["numpy", "cpu"])
@pytest.mark.parametrize("topic", TOPICS)
def test_every_public_layer_has_a_spec(topic, backend):
    half = "numpy_layers" if backend == "numpy" else "torch_layers"
    module = importlib.import_module(f"coursepkg.{topic}.{half}")
    layers = {
        value
        for name, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, Layer | torch.nn.Module) and value.__module__.startswith(module.__name__)
        if not name.startswith("_") and name not in BASES
    }
    made = {type(maker(spec, backend)(*spec.cases[0].args, **spec.cases[0].kwargs).layer) for spec in SPECS}
    assert layers and layers <= made, {layer.__name__ for layer in layers - made}


@each_spec
def test_constructors_agree(spec):
    def arguments(constructor, without):
        parameters = inspect.signature(constructor).parameters.values()
        return [(p.name, p.default, p.kind) for p in parameters if p.name not in without]

    ours = arguments(spec.numpy, spec.numpy_only)
    assert ours == arguments(spec.torch, spec.torch_only)
    if spec.oracle is not None and spec.oracle.__module__.startswith("torch.nn"):
        own = [argument for argument in ours if argument[0] not in spec.extras]
        assert own == arguments(spec.oracle, ("inplace", "device", "dtype"))
    every = {name for name, _, _ in arguments(spec.numpy, ()) + arguments(spec.torch, ())}
    assert every.issuperset((*spec.extras, *spec.numpy_only, *spec.torch_only)), "an extra that nobody takes"


@each("cases")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("device", DEVICES)
def test_backends_agree(spec, entry, device, dtype):
    x = values(entry.shape, dtype=dtype)
    ours, theirs = both(spec, entry, device, dtype)
    given = randomness(ours, x)
    what = f"{spec.name}, {entry}, {dtype}"
    assert_same_step(ours, theirs, x, dtype, what, **given)
    in_eval = both(spec, entry, device, dtype, training=False)
    assert_same_step(*in_eval, x, dtype, f"{what}, eval mode", **given)


@each("cases", of=lambda spec: spec.oracle is not None)
@pytest.mark.parametrize("dtype", DTYPES)
def test_oracle_agrees(spec, entry, dtype):
    x = values(entry.shape, dtype=dtype)
    ours = Maker(spec.numpy)(*entry.args, dtype=dtype, **entry.kwargs)
    oracle = TorchLayer(Maker(spec.oracle, "cpu")(*entry.args, dtype=dtype, **entry.kwargs).layer)
    oracle.load(ours.state)
    given = {}
    if spec.oracle_mask is not None:
        torch.manual_seed(5)
        given = {"mask": spec.oracle_mask(oracle.layer, torch.tensor(x)).numpy()}
    torch.manual_seed(5)
    expected, what = oracle.forward(x), f"{spec.name}, {entry}, {dtype}"
    assert_close(ours.forward(x, **given), expected, dtype, f"{what}: output")
    dy = values(expected.shape, seed=1, dtype=dtype)
    assert_same_gradients(ours, oracle, dy, dtype, what)
    what += ", eval mode"
    assert_close(ours.eval().forward(x), oracle.eval().forward(x), dtype, f"{what}: output")
    assert_same_gradients(ours, oracle, dy, dtype, what)


@each("cases")
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_backward_is_the_derivative(spec, entry, training):
    x = values(entry.shape)
    layer = Maker(spec.numpy)(*entry.args, **entry.kwargs)
    given = randomness(layer, x)
    layer = layer.train() if training else layer.eval()
    report = gradcheck(layer.layer, x, **given)
    assert report.ok, str(report)


@each("cases")
@pytest.mark.parametrize("backend", BACKENDS)
def test_memory_layout_does_not_matter_and_inputs_stay(spec, entry, backend):
    x = values(entry.shape)
    layer = maker(spec, backend)(*entry.args, **entry.kwargs)
    given = randomness(layer, x)
    expected = layer.forward(x, **given)
    dy = values(expected.shape, seed=1)
    expected_dx = layer.backward(dy)
    for (name, x_view), (_, dy_view) in zip(layouts(x), layouts(dy), strict=False):
        before = x_view.copy(), dy_view.copy(), *(value.copy() for value in given.values())
        what = f"{spec.name}, {entry}, {name}"
        assert_close(layer.forward(x_view, **given), expected, "float64", f"{what}: output")
        assert_close(layer.backward(dy_view), expected_dx, "float64", f"{what}: gradient of x")
        for now, then in zip((x_view, dy_view, *given.values()), before, strict=True):
            np.testing.assert_array_equal(now, then, err_msg=f"{name}: an argument was modified")


@each("laws")
@pytest.mark.parametrize("backend", BACKENDS)
def test_law(spec, entry, backend):
    entry(maker(spec, backend))


@each("refuses")
@pytest.mark.parametrize("backend", ["numpy", "cpu"])
def test_wrong_arguments_are_refused(spec, entry, backend):
    make = maker(spec, backend)
    if entry.shape is None:
        with pytest.raises(entry.error) as caught:
            make(*entry.args, **entry.kwargs)
    else:
        layer = make(*entry.args, **entry.kwargs)
        x = np.ones(entry.shape, entry.dtype)
        with pytest.raises(entry.error) as caught:
            layer.forward(x, **entry.forward)
    for word in entry.words:
        assert word in str(caught.value), str(caught.value)


@each_spec
def test_backward_before_forward_is_refused(spec):
    case = spec.cases[0]
    layer = Maker(spec.numpy)(*case.args, **case.kwargs)
    with pytest.raises(RuntimeError, match=f"{spec.name}.backward was called before"):
        layer.backward(np.ones(case.shape))


@each_spec
def test_upstream_gradient_must_fit(spec):
    case = spec.cases[0]
    layer = Maker(spec.numpy)(*case.args, **case.kwargs)
    y = layer.forward(values(case.shape))
    with pytest.raises(ValueError, match="dy has shape"):
        layer.backward(np.ones((*y.shape, 2)))
    with pytest.raises(TypeError, match="dy must"):
        layer.backward(np.ones(y.shape, np.int64))
