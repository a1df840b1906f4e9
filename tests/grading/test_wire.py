"""What is packed comes out again, and nothing else than what is packed is believed."""

import struct

import numpy as np
import pytest

from coursepkg.grading import wire


def there_and_back(value, keep=None, find=None):
    message = wire.pack(value, keep)
    place = [0]

    def read(count):
        place[0] += count
        assert place[0] <= len(message)
        return message[place[0] - count : place[0]]

    found = wire.unpack(read, find)
    assert place[0] == len(message)
    return found


@pytest.mark.parametrize(
    "value",
    [None, True, -3, 2**70, 0.1, float("inf"), "täxt\n\x00", [], [1, [2.5, None]], {"a": 1, 2: [3]}, ...],
)
def test_values_cross(value):
    assert there_and_back(value) == value


def test_not_a_number_and_tuples():
    assert np.isnan(there_and_back(float("nan")))
    assert there_and_back((1, (2,))) == [1, [2]]
    assert there_and_back(np.float32(0.5)) == 0.5 and there_and_back(np.bool_(True)) is True


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", "f8", "c16", ">f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_arrays_cross(dtype, shape):
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    for given in (x, x.T, x[..., ::-1] if x.ndim else x):
        back = there_and_back({"x": [given]})["x"][0]
        assert back.dtype == np.dtype(dtype).newbyteorder("=") and back.shape == given.shape
        np.testing.assert_array_equal(back, given)
        back[...] = 0  # memory of its own


def test_tensors_and_parameters_cross():
    torch = pytest.importorskip("torch")
    x = torch.arange(6.0).reshape(2, 3)
    for given in (x, x.t(), x[:, ::2], torch.nn.Parameter(x), torch.tensor(3)):
        back = there_and_back(given)
        assert torch.equal(back, given.detach()) and back.dtype == given.dtype and not back.requires_grad


def test_generators_cross_as_seeds_one_way():
    back = there_and_back(np.random.default_rng(3))
    assert back.random() == np.random.default_rng(np.random.default_rng(3).integers(2**31)).random()
    kept = []
    generator = np.random.default_rng(3)
    found = there_and_back(generator, lambda thing: kept.append(thing) or 0, lambda number: "object")
    assert found == "object" and len(kept) == 1


@pytest.mark.parametrize(
    "value",
    [object(), len, np.array([None]), np.array(["a"]), b"bytes", 1j, {1, 2}],
    ids=["object", "function", "array of objects", "array of strings", "bytes", "complex", "set"],
)
def test_other_things_stay_where_they_are(value):
    with pytest.raises(TypeError, match="a test may not hand"):
        wire.pack(value)
    assert there_and_back([value], lambda thing: 7, lambda number: f"number {number}") == ["number 7"]


def test_large_messages_are_refused_on_both_sides():
    with pytest.raises(wire.Garbled, match="too large"):
        wire.pack(np.zeros(wire.ARRAYS_LIMIT + 1, np.int8))
    with pytest.raises(wire.Garbled, match="too large"):
        wire.unpack(lambda count: struct.pack("<II", 4, wire.ARRAYS_LIMIT + 1), None)
