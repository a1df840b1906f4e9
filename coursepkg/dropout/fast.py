"""`sample_mask` and `apply_mask` of `numpy_layers` again, built for large arrays.

Three things cost time in `numpy_layers.sample_mask` and `apply_mask`: a 53-bit uniform number for every
element although one coin needs far less, a branch on a random mask, and temporaries too large for the cache.
Here one random byte decides all but 1 element in 256, the mask is applied as a bit pattern, and both run over
blocks that fit in the second-level cache.
"""

import numpy as np

# Elements per block: input, output and masks of a float32 block take about 1 MB. It also fixes the order of
# the draws, so changing it changes what a seed gives.
BLOCK = 1 << 17

# Their raw output is 64 bits: the numbers that `integers` gives, without its 15 microseconds of preparation.
_WHOLE_WORDS = (np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64)

_INTEGER = {np.dtype(np.float32): np.dtype(np.int32), np.dtype(np.float64): np.dtype(np.int64)}


def sample_mask(shape, p, rng):
    """Draw the boolean mask of `numpy_layers.sample_mask` from fewer random bits.

    An element whose random byte is below floor(256 p) is dropped, one above it is kept. The one in 256 whose
    byte equals it draws another uniform number and is dropped with probability 256 p - floor(256 p). So p
    is not rounded to eight bits: the probability of dropping is p to within 2^-61. At p = 0.5 one bit
    decides.

    The law is that of `numpy_layers.sample_mask`; the stream is not, so the same seed gives another mask.

    Args:
        shape: shape of the mask, an int or a tuple.
        p: probability of dropping, in [0, 1].
        rng: numpy.random.Generator.
    Returns:
        bool array, True = kept.
    Source: Knuth and Yao 1976, The Complexity of Nonuniform Random Number Generation: compare the binary
        digits of p with random ones until they differ; here eight digits at a time.
    """
    if p == 0 or p == 1:
        return np.full(shape, p == 0)
    mask = np.empty(shape, dtype=bool)
    flat = mask.reshape(-1)
    draw = _draw_half if p == 0.5 else _draw
    for start in range(0, flat.size, BLOCK):
        draw(flat[start : start + BLOCK], p, rng)
    return mask


def apply_mask(x, mask, p):
    """`numpy_layers.apply_mask`, bit for bit.

    Args:
        x: float32 or float64 array.
        mask: boolean array, True = kept; its shape broadcasts to x's.
        p: probability of dropping, in [0, 1].
    Returns:
        array like x: x / (1 - p) where kept, 0 elsewhere.
    """
    if p == 1:
        return np.zeros(x.shape, x.dtype)
    return scale_kept(x, mask, 1 / (1 - p))


def scale_kept(x, mask, scale):
    """`np.where(mask, scale * x, 0)`, without its branch.

    A kept element is combined with the bit pattern 111...1, a dropped one with 000...0. Unlike a
    multiplication by 0 this also turns inf and NaN into 0.

    Args:
        x: float32 or float64 array.
        mask: boolean array, True = kept; its shape broadcasts to x's.
        scale: a number; rounded to x's dtype.
    Returns:
        new array like x.
    """
    integer = _INTEGER[x.dtype]
    scale = x.dtype.type(scale)
    y = np.empty(x.shape, x.dtype)
    if mask.shape != x.shape:
        bits = np.broadcast_to(-mask.astype(integer), x.shape)
        rows = max(1, BLOCK * len(x) // max(1, x.size))
        for start in range(0, len(x), rows):
            block = slice(start, start + rows)
            out = y[block]
            np.bitwise_and(x[block].view(integer), bits[block], out=out.view(integer))
            out *= scale
        return y
    flat_x, flat_mask, flat_y = x.reshape(-1), mask.reshape(-1), y.reshape(-1)
    pattern = np.empty(min(BLOCK, y.size), np.int8)
    for start in range(0, y.size, BLOCK):
        block = slice(start, start + BLOCK)
        out = flat_y[block]
        bits = np.negative(flat_mask[block].view(np.int8), out=pattern[: out.size])
        np.bitwise_and(flat_x[block].view(integer), bits, out=out.view(integer))
        out *= scale
    return y


def _draw(keep, p, rng):
    threshold = int(256 * p)
    remainder = 256 * p - threshold
    byte = _random_bytes(keep.size, rng)
    np.greater_equal(byte, threshold, out=keep)
    if remainder:
        ties = (byte == threshold).nonzero()[0]
        keep[ties] = rng.random(ties.size) >= remainder


def _draw_half(keep, p, rng):
    packed = _random_bytes(-(-keep.size // 8), rng)
    keep.view(np.uint8)[:] = np.unpackbits(packed, count=keep.size)


def _random_bytes(n, rng):
    count = -(-n // 8)
    if isinstance(rng.bit_generator, _WHOLE_WORDS):
        words = rng.bit_generator.random_raw(count)
    else:
        words = rng.integers(0, 2**64 - 1, size=count, dtype=np.uint64, endpoint=True)
    return words.view(np.uint8)[:n]
