"""The border of a grading sandbox, without the sandbox: otter's tests see answers only through these proxies.

Arrays, tensors, numbers, strings, None and containers of these cross by value, a generator crosses as a seed,
any other result stays behind and is a handle whose methods can be called, and an exception comes back as
`AssertionError("ValueError: ...")`.
"""

import copy

import numpy as np


class Handle:
    """Stands for an object on the far side of the border."""

    def __init__(self, thing):
        self._thing = thing

    def __call__(self, *args, **kwargs):
        return cross(self._thing, args, kwargs)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def method(*args, **kwargs):
            return cross(lambda *a, **k: getattr(self._thing, name)(*a, **k), args, kwargs)

        return method


def cross(function, args, kwargs):
    """Call over the border."""
    args = [send(value) for value in args]
    kwargs = {name: send(value) for name, value in kwargs.items()}
    try:
        value = function(*args, **kwargs)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}"[:500]) from None
    return receive(value)


def send(value):
    """What arrives on the far side; TypeError for what must not cross."""
    if isinstance(value, np.random.Generator):
        return np.random.default_rng(int(value.integers(2**31)))
    if isinstance(value, Handle):
        return value._thing
    return _by_value(value, send, None)


def receive(value):
    """What comes back; anything else than data becomes a handle."""
    return _by_value(value, receive, Handle)


def _by_value(value, again, otherwise):
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return np.array(value)
    if type(value).__module__ == "torch" and type(value).__name__ == "Tensor":
        return value.detach().clone()
    if isinstance(value, (list, tuple)):
        return [again(item) for item in value]
    if isinstance(value, dict):
        return {name: again(item) for name, item in value.items()}
    if otherwise is None:
        raise TypeError(f"a checker may not pass a {type(value).__name__} to an answer")
    return otherwise(value)


def proxy(value):
    """A learner's variable as a checker sees it: data by value, functions and classes as handles."""
    return Handle(value) if callable(value) else receive(copy.copy(value))
