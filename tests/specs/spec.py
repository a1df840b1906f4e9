"""What a chapter says about its layers, and one face for both backends so that laws are written once.

A file tests/specs/<topic>.py holds SPECS, a list of Spec; tests/test_specs.py finds it.
"""

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}


@dataclass(frozen=True)
class Case:
    """One call of a layer's constructor, and the shape of an input for it."""

    shape: tuple
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)

    def __str__(self):
        words = [str(arg) for arg in self.args] + [f"{key}={value}" for key, value in self.kwargs.items()]
        return f"{'x'.join(map(str, self.shape)) or 'scalar'} {', '.join(words)}".strip()


@dataclass(frozen=True)
class Refusal:
    """A wrong argument: of the constructor, or of forward where there is a shape."""

    error: type
    words: tuple
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    shape: tuple | None = None
    dtype: str = "float64"
    forward: dict = field(default_factory=dict)

    def __str__(self):
        given = [*map(repr, self.args), *(f"{key}={value!r}" for key, value in self.kwargs.items())]
        given += [] if self.shape is None else [f"x {self.shape} {self.dtype}", *self.forward]
        return ", ".join(given)


@dataclass(frozen=True)
class Spec:
    """A layer, which exists in both backends.

    Fields:
        name: of the layer.
        numpy, torch: the two classes, or functions that make one of them.
        oracle: torch's own class, or another module that says what is right; None where there is none.
        cases: what parity, oracle and differences are tried on.
        laws: functions of a Maker that assert what holds for the layer in either backend.
        extras: constructor arguments of both backends that torch.nn's class has not.
        numpy_only, torch_only: constructor arguments of one backend.
        refuses: wrong arguments.
        oracle_mask: for random layers, function (module, x) -> the mask that the oracle draws for x.
    """

    name: str
    numpy: Callable
    torch: Callable
    oracle: type | None
    cases: tuple
    laws: tuple = ()
    extras: tuple = ()
    numpy_only: tuple = ()
    torch_only: tuple = ()
    refuses: tuple = ()
    oracle_mask: Callable | None = None


class NumpyLayer:
    """A NumPy layer, arrays in and out."""

    def __init__(self, layer):
        self.layer = layer
        self._indices = {}

    def forward(self, x, **given):
        self._indices = indices_for(self.layer, x)
        return self.layer.forward(x, **{**self._indices, **given})

    def backward(self, dy):
        return self.layer.backward(dy)

    def train(self):
        self.layer.train()
        return self

    def eval(self):
        self.layer.eval()
        return self

    def load(self, state):
        self.layer.load_state_dict(state)

    @property
    def state(self):
        return self.layer.state_dict()

    @property
    def params(self):
        return self.layer.params

    @property
    def grads(self):
        return self.layer.grads

    @property
    def mask(self):
        return self.drawn.get("mask")

    @property
    def drawn(self):
        return {**self._indices, **_drawn(self.layer, lambda drawn: drawn)}


class TorchLayer:
    """A torch module, arrays in and out; autograd is its backward."""

    def __init__(self, module, device="cpu"):
        self.layer = module.to(device)
        self.device = device
        self._x = self._y = None
        self._indices = {}

    def forward(self, x, **given):
        self._x = _tensor(x, self.device)
        if self._x.is_floating_point():
            self._x.requires_grad_()
        self._indices = indices_for(self.layer, x)
        given = {key: _tensor(value, self.device) for key, value in {**self._indices, **given}.items()}
        self._y = self.layer(self._x, **given)
        return _array(self._y)

    def backward(self, dy):
        self.layer.zero_grad()
        self._x.grad = None
        self._y.backward(_tensor(dy, self.device))
        return _array(self._x.grad)

    def train(self):
        self.layer.train()
        return self

    def eval(self):
        self.layer.eval()
        return self

    def load(self, state):
        self.layer.load_state_dict({key: torch.tensor(value) for key, value in state.items()})

    @property
    def params(self):
        return {key: _array(value) for key, value in self.layer.named_parameters()}

    @property
    def grads(self):
        return {key: _array(value.grad) for key, value in self.layer.named_parameters()}

    @property
    def mask(self):
        return self.drawn.get("mask")

    @property
    def drawn(self):
        return {**self._indices, **_drawn(self.layer, _array)}


@dataclass(frozen=True)
class Maker:
    """Makes layers of one class, seeded, and behind the one face.

    Fields:
        constructor: a NumPy layer's class or a torch module's.
        device: "numpy", or torch's name of a device.
    """

    constructor: Any
    device: str = "numpy"

    def __call__(self, *args, seed=0, dtype="float64", **kwargs):
        takes = inspect.signature(self.constructor).parameters
        if self.device == "numpy":
            given = {"rng": np.random.default_rng(seed), "dtype": np.dtype(dtype)}
            wrapped = NumpyLayer
        else:
            torch.manual_seed(seed)
            given = {"rng": torch.Generator(self.device).manual_seed(seed), "dtype": getattr(torch, dtype)}
            wrapped = lambda module: TorchLayer(module, self.device)  # noqa: E731
        given = {key: value for key, value in given.items() if key in takes}
        return wrapped(self.constructor(*args, **{**given, **kwargs}))


def values(shape, seed=0, dtype="float64"):
    """Numbers of both signs and magnitude 0.25 to 2, so that a 0 in an output means dropped."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.uniform(0.25, 2, shape) * rng.choice([-1.0, 1.0], shape), dtype)


def indices_for(layer, x):
    """For unpooling, whose forward asks for indices: other ones in each plane, as an argument of forward."""
    if "indices" not in inspect.signature(layer.forward).parameters:
        return {}
    axes = int(re.search(r"(\d)d$", type(layer).__name__)[1])
    places = np.tile(np.arange(math.prod(x.shape[-axes:])), (math.prod(x.shape[:-axes]), 1))
    return {"indices": np.random.default_rng(0).permuted(places, axis=1).reshape(x.shape)}


def layouts(x):
    """Arrays equal to x that lie differently in memory."""
    yield "contiguous", x.copy()
    yield "Fortran order", np.array(x, order="F")
    if x.ndim:
        yield "every other element", np.repeat(x, 2, axis=-1)[..., ::2]
        yield "reversed", x[::-1].copy()[::-1]
        yield "read-only", frozen(x)


def frozen(x):
    """A copy of x that cannot be written to."""
    x = x.copy()
    x.flags.writeable = False
    return x


def _drawn(layer, as_array):
    """What a random layer drew last, as arguments of its forward."""
    found = {name: getattr(layer, name, None) for name in ("mask", "samples")}
    return {name: as_array(value) for name, value in found.items() if value is not None}


def _tensor(array, device):
    # On the CPU it shares the array's memory: same strides, and a write would show in the array.
    if not array.flags.writeable or min(array.strides, default=0) < 0:
        array = array.copy()
    return torch.from_numpy(array).to(device)


def _array(tensor):
    return tensor.detach().cpu().numpy().copy()
