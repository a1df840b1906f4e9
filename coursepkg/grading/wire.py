"""What crosses the border between the tests and an answer, and how it is written on a pipe.

None, booleans, numbers, strings, arrays, tensors, and lists, tuples and dicts of these cross by value; a
generator crosses as a seed, from the tests to the answer alone. Anything else stays where it is and is known
on the other side by a number. A tuple arrives as a list.
"""

import json
import math
import struct

import numpy as np

HEADER_LIMIT = 1 << 20  # bytes
ARRAYS_LIMIT = 64 << 20
LENGTHS = struct.Struct("<II")
DTYPES = {np.dtype(code).str for code in ("?", *"bBhHiIqQ", *"efd", "F", "D")}


class Garbled(ValueError):
    """A message that is too large, or that no honest side would write."""


def pack(message, keep=None):
    """A message as bytes.

    Args:
        message: any value; what cannot cross goes through `keep`.
        keep: function (object) -> number by which the other side will know it; None refuses such objects.
    Returns:
        bytes.
    Raises:
        TypeError: something cannot cross. Garbled: the message is too large.
    """
    arrays = []
    header = json.dumps({"value": _encode(message, arrays, keep), "arrays": [_form(a) for a in arrays]})
    header, body = header.encode(), b"".join(array.tobytes() for array in arrays)
    if len(header) > HEADER_LIMIT or len(body) > ARRAYS_LIMIT:
        raise Garbled(f"a message of {len(header) + len(body):,} bytes is too large")
    return LENGTHS.pack(len(header), len(body)) + header + body


def unpack(read, find):
    """The next message.

    Args:
        read: function (count) -> that many bytes.
        find: function (number) -> what stands for an object of the other side.
    Returns:
        the value.
    Raises:
        Garbled: it is not what `pack` writes. What `read` raises.
    """
    header_size, body_size = LENGTHS.unpack(read(LENGTHS.size))
    if header_size > HEADER_LIMIT or body_size > ARRAYS_LIMIT:
        raise Garbled(f"a message of {header_size + body_size:,} bytes is too large")
    header, body = read(header_size), read(body_size)
    try:
        parts = json.loads(header)
        return _decode(parts["value"], list(_arrays(parts["arrays"], body)), find)
    except Exception as error:  # whatever a forged header makes json, NumPy or the lines above raise
        raise Garbled(f"no message of ours: {type(error).__name__}") from None


def is_tensor(value):
    """Whether a value is a torch tensor or parameter; imports no torch to say so."""
    return type(value).__module__.split(".")[0] == "torch" and type(value).__name__ in ("Tensor", "Parameter")


def arrays_in(value):
    """The arrays and tensors in a value, in an order that is the same on both sides.

    Args:
        value: as `pack` takes it.
    Returns:
        list.
    """
    if isinstance(value, np.ndarray) or is_tensor(value):
        return [value]
    items = value.values() if isinstance(value, dict) else value if type(value) in (list, tuple) else ()
    return [array for item in items for array in arrays_in(item)]


def _encode(value, arrays, keep):
    def again(item):
        return _encode(item, arrays, keep)

    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.newbyteorder("=").str in DTYPES:
        arrays.append(np.ascontiguousarray(value, value.dtype.newbyteorder("=")).reshape(value.shape))
        return ["array", len(arrays) - 1]
    if is_tensor(value):
        arrays.append(np.array(value.detach().cpu().numpy(), order="C"))
        return ["tensor", len(arrays) - 1]
    if type(value) in (list, tuple):
        return ["list", [again(item) for item in value]]
    if isinstance(value, dict):
        return ["dict", [[again(name), again(item)] for name, item in value.items()]]
    if value is Ellipsis:
        return ["ellipsis"]
    if isinstance(value, np.random.Generator) and keep is None:
        return ["generator", int(value.integers(2**31))]
    if hasattr(value, "number_on_the_other_side"):
        return ["object", value.number_on_the_other_side]
    if keep is None:
        raise TypeError(f"a test may not hand a {type(value).__name__} to an answer")
    return ["object", keep(value)]


def _decode(value, arrays, find):
    def again(item):
        return _decode(item, arrays, find)

    if not isinstance(value, list):
        if isinstance(value, dict):
            raise Garbled("a dict without its name")
        return value
    kind, *rest = value
    if kind == "array":
        return arrays[rest[0]]
    if kind == "tensor":
        import torch

        return torch.from_numpy(arrays[rest[0]])
    if kind == "list":
        return [again(item) for item in rest[0]]
    if kind == "dict":
        return {again(name): again(item) for name, item in rest[0]}
    if kind == "ellipsis":
        return Ellipsis
    if kind == "generator":
        return np.random.default_rng(rest[0])
    if kind == "object":
        return find(int(rest[0]))
    raise Garbled(f"unknown kind {kind!r}")


def _form(array):
    return [array.dtype.str, list(array.shape)]


def _arrays(forms, body):
    """Arrays of their own memory; the sizes are compared before anything is made."""
    start = 0
    for dtype, shape in forms:
        if dtype not in DTYPES or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise Garbled("an array of another kind")
        size = np.dtype(dtype).itemsize * math.prod(shape)
        if start + size > len(body):
            raise Garbled("an array without its numbers")
        yield np.frombuffer(body, dtype, math.prod(shape), start).reshape(shape).copy()
        start += size
