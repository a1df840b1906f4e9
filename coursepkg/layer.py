"""The protocol that every NumPy layer follows."""

from collections.abc import Mapping

import numpy as np

from coursepkg.validation import Setting, validate_bool, validate_dtype


class Layer:
    """A function with parameters that knows its own gradient.

    A subclass names its arrays in `param_names` and `buffer_names`, keeps each as an attribute of that name
    (None where it has none), and writes `forward` and `backward`. An attribute that is a Layer is a child:
    its parameters are this layer's, too, and `train`, `eval` and `repr` reach it. Layers in a list are
    not; put them into a `Sequential`.

    `forward` leaves what `backward` needs in `self.saved`; `backward` reads it there, sets `self.grads` and
    returns the gradient with respect to the input. It goes by what `forward` used: a setting that was changed
    in between, or `train()` or `eval()`, does not matter to it.

    Do not write into x, y or a parameter between `forward` and `backward`: a layer keeps the arrays that it
    was given and that it returned, not copies of them. Nor does it always return a new array: a layer that
    does nothing hands on x or dy itself.
    """

    training = Setting(validate_bool)

    param_names = ()
    buffer_names = ()

    def __init__(self):
        self.training = True
        self._grads = {}
        self._saved = None

    def __setattr__(self, name, value):
        if isinstance(value, Layer):
            self._refuse_twice(name, value)
        super().__setattr__(name, value)

    def forward(self, x):
        """The output for the input x."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, dy):
        """From the gradient of the loss with respect to the output to that with respect to the input.

        The gradients with respect to the parameters go to `grads`, in place of those that were there.

        Args:
            dy: gradient of the loss with respect to the last output, in its shape and dtype.
        Returns:
            array in the input's shape and dtype.
        Raises:
            RuntimeError: forward was not called before.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    @property
    def saved(self):
        """What the last `forward` left for `backward`."""
        if self._saved is None:
            name = type(self).__name__
            raise RuntimeError(f"{name}.backward was called before {name}.forward")
        return self._saved

    @saved.setter
    def saved(self, value):
        self._saved = value

    @property
    def params(self):
        """dict: the parameters, keyed as in PyTorch's `state_dict`. The arrays are the live ones."""
        return self._collect(self._own(self.param_names), "params")

    @property
    def buffers(self):
        """dict: what the layer remembers and nobody trains, such as running means; keyed as `params`."""
        return self._collect(self._own(self.buffer_names), "buffers")

    @property
    def grads(self):
        """dict: the gradients that the last `backward` found, keyed as `params`."""
        return self._collect(self._grads, "grads")

    @grads.setter
    def grads(self, own):
        self._grads = own

    def named_children(self):
        """Iterates over (name, layer) of the layers that are attributes of this one, as they came."""
        return ((name, value) for name, value in vars(self).items() if isinstance(value, Layer))

    def children(self):
        """Iterates over the layers that are attributes of this one."""
        return (child for _, child in self.named_children())

    def layers(self):
        """Iterates over this layer and all the layers in it, in the order they came."""
        yield self
        for child in self.children():
            yield from child.layers()

    def train(self, mode=True):
        """Switches this layer and all the layers in it to training mode.

        Args:
            mode: False switches to evaluation mode.
        Returns:
            the layer itself.
        Raises:
            TypeError: mode is neither True nor False.
        """
        mode = validate_bool("mode", mode)
        for layer in self.layers():
            layer.training = mode
        return self

    def eval(self):
        """Switches this layer and all the layers in it to evaluation mode.

        Returns:
            the layer itself.
        """
        return self.train(False)

    def astype(self, dtype):
        """Turns the parameters and the floating-point buffers into `dtype`, float32 or float64.

        Optimizers made before keep their own state in the old type: make them after.

        Returns:
            the layer itself.
        Raises:
            TypeError: dtype is another one.
        """
        dtype = validate_dtype("dtype", dtype)
        for layer in self.layers():
            for name in (*layer.param_names, *layer.buffer_names):
                value = getattr(layer, name)
                if value is not None and np.issubdtype(value.dtype, np.floating):
                    setattr(layer, name, value.astype(dtype))
        return self

    def state_dict(self):
        """dict: parameters and buffers together, with PyTorch's keys."""
        return {**self.params, **self.buffers}

    def load_state_dict(self, state):
        """Copies parameters and buffers into this layer.

        Args:
            state: dict with exactly the keys of `state_dict()`, values arrays (or PyTorch tensors on the CPU)
                of the same shapes. PyTorch's own `state_dict()` of the same network will do.
        Returns:
            the layer itself.
        Raises:
            ValueError: names the missing and the unexpected keys, or the key and both shapes.
            TypeError: state is no dict, or names the key, the dtype and what is allowed.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state must be a dict, key -> array, got {type(state).__name__}")
        own = self.state_dict()
        missing = [key for key in own if key not in state]
        unexpected = [key for key in state if key not in own]
        if missing or unexpected:
            raise ValueError(
                f"state must have the layer's keys; missing: {missing}, unexpected: {unexpected}"
            )
        values = {key: _validate_entry(key, state[key], array) for key, array in own.items()}
        for key, array in own.items():
            array[...] = values[key]
        return self

    def extra_repr(self):
        """The settings, as `repr` shows them."""
        return ""

    def __repr__(self):
        settings, name = self.extra_repr(), type(self).__name__
        children = [f"({key}): {child!r}".replace("\n", "\n  ") for key, child in self.named_children()]
        if not children:
            return f"{name}({settings})"
        lines = [settings, *children] if settings else children
        return "\n  ".join([f"{name}(", *lines]) + "\n)"

    def _refuse_twice(self, name, layer):
        """A layer remembers its last call only, so it cannot stand in two places."""
        here = {id(one) for key, child in self.named_children() if key != name for one in child.layers()}
        for one in layer.layers():
            if one is self or id(one) in here:
                kind, owner = type(one).__name__, type(self).__name__
                raise ValueError(
                    f"{name} must be a layer that {owner} does not hold yet, got the same {kind} twice: it "
                    "remembers its last call alone. Make another one."
                )

    def _own(self, names):
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def _collect(self, own, kind):
        nested = {
            f"{name}.{key}": value
            for name, child in self.named_children()
            for key, value in getattr(child, kind).items()
        }
        return {**own, **nested}


def validate_layer(name, layer):
    """A Layer."""
    if not isinstance(layer, Layer):
        raise TypeError(f"{name} must be a Layer, got {layer!r}")
    return layer


def _validate_entry(key, value, own):
    """An entry of a state as a new array, in the shape and dtype of the layer's own."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = getattr(value, "dtype", type(value).__name__)
        raise TypeError(
            f"state[{key!r}] must be an array, or a PyTorch tensor that NumPy can read, such as float32, "
            f"got {kind}: {error}"
        ) from None
    if not np.can_cast(array.dtype, own.dtype, "same_kind"):
        raise TypeError(
            f"state[{key!r}] must have a dtype that casts to the layer's {own.dtype}, got {array.dtype}"
        )
    if array.shape != own.shape:
        raise ValueError(f"state[{key!r}] has shape {array.shape}, but the layer's has {own.shape}")
    return array.astype(own.dtype)
