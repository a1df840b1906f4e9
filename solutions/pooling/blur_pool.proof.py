# %% not normalized question="q1" violates="the taps add up to 1"
def taps(filt_size):
    row = np.ones(1)
    for _ in range(filt_size - 1):
        row = np.convolve(row, [1, 1])
    return row


# %% a box question="q1" violates="the taps are a row of Pascal's triangle"
def taps(filt_size):
    return np.ones(filt_size) / filt_size


# %% a triangle question="q1" violates="the taps are a row of Pascal's triangle"
def taps(filt_size):
    row = np.minimum(np.arange(1, filt_size + 1), np.arange(filt_size, 0, -1)).astype(float)
    return row / row.sum()


# %% one row further question="q1" violates="has the right shape"
def taps(filt_size):
    row = np.ones(1)
    for _ in range(filt_size):
        row = np.convolve(row, [0.5, 0.5])
    return row


# %% binomial coefficients question="q1"
def taps(filt_size):
    import math

    return [math.comb(filt_size - 1, i) / 2 ** (filt_size - 1) for i in range(filt_size)]


# %% the package question="q1"
from coursepkg.pooling.rules import binomial_filter


def taps(filt_size):
    return np.array(binomial_filter(filt_size))


# %% the mirror between the pixels question="q2" violates="the border is a mirror"
def blur_pool2d(x, filt_size, stride):
    height, width = x.shape[2:]
    edges = (filt_size // 2, filt_size // 2)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges), mode="symmetric")
    weights = np.outer(taps(filt_size), taps(filt_size))
    y = sum(weights[i, j] * padded[:, :, i : i + height, j : j + width] for i, j in np.ndindex(weights.shape))
    return y[:, :, ::stride, ::stride]


# %% zeros at the border question="q2" violates="a picture that is 1 everywhere stays 1"
def blur_pool2d(x, filt_size, stride):
    height, width = x.shape[2:]
    edges = (filt_size // 2, filt_size // 2)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges))
    weights = np.outer(taps(filt_size), taps(filt_size))
    y = sum(weights[i, j] * padded[:, :, i : i + height, j : j + width] for i, j in np.ndindex(weights.shape))
    return y[:, :, ::stride, ::stride]


# %% leaves out first question="q2" violates="every pixel is the weighted mean of its neighbors"
def blur_pool2d(x, filt_size, stride):
    x = x[:, :, ::stride, ::stride]
    height, width = x.shape[2:]
    edges = (filt_size // 2, filt_size // 2)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges), mode="reflect")
    weights = np.outer(taps(filt_size), taps(filt_size))
    return sum(
        weights[i, j] * padded[:, :, i : i + height, j : j + width] for i, j in np.ndindex(weights.shape)
    )


# %% columns only question="q2" violates="every pixel is the weighted mean of its neighbors"
def blur_pool2d(x, filt_size, stride):
    width, p = x.shape[3], filt_size // 2
    padded = np.pad(x, ((0, 0), (0, 0), (0, 0), (p, p)), mode="reflect")
    y = sum(tap * padded[:, :, :, j : j + width] for j, tap in enumerate(taps(filt_size)))
    return y[:, :, ::stride, ::stride]


# %% one pixel too late question="q2" violates="has the right shape"
def blur_pool2d(x, filt_size, stride):
    height, width = x.shape[2:]
    edges = (filt_size // 2, filt_size // 2)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges), mode="reflect")
    weights = np.outer(taps(filt_size), taps(filt_size))
    y = sum(weights[i, j] * padded[:, :, i : i + height, j : j + width] for i, j in np.ndindex(weights.shape))
    return y[:, :, stride - 1 :: stride, stride - 1 :: stride]


# %% mixes the channels question="q2" violates="a picture that is 1 everywhere stays 1"
def blur_pool2d(x, filt_size, stride):
    height, width = x.shape[2:]
    edges = (filt_size // 2, filt_size // 2)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges), mode="reflect").sum(axis=1, keepdims=True)
    weights = np.outer(taps(filt_size), taps(filt_size))
    y = sum(weights[i, j] * padded[:, :, i : i + height, j : j + width] for i, j in np.ndindex(weights.shape))
    return np.repeat(y, x.shape[1], axis=1)[:, :, ::stride, ::stride]


# %% one axis after the other question="q2"
def blur_pool2d(x, filt_size, stride):
    p = filt_size // 2
    for axis in (2, 3):
        edges = [(0, 0)] * 4
        edges[axis] = (p, p)
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, edges, mode="reflect"), filt_size, axis)
        x = (windows @ np.asarray(taps(filt_size), x.dtype)).take(range(0, x.shape[axis], stride), axis)
    return x


# %% a matrix for each axis question="q2"
def blur_pool2d(x, filt_size, stride):
    def matrix(size):
        rows = np.pad(np.eye(size), ((filt_size // 2,) * 2, (0, 0)), mode="reflect")
        return sum(tap * rows[i : i + size] for i, tap in enumerate(taps(filt_size)))[::stride]

    return matrix(x.shape[2]) @ x @ matrix(x.shape[3]).T


# %% the package question="q2"
from coursepkg.pooling.numpy_layers import blur_pool2d


# %% only the middle tap question="q3" violates="a wave keeps its middle tap and what its neighbors agree to"
left_2 = 0.5
left_4 = 0.5
left_8 = 0.5


# %% the long wave is gone question="q3" violates="a wave keeps its middle tap and what its neighbors agree to"
left_2 = 1
left_4 = 0.5
left_8 = 0.15


# %% forgets a neighbor question="q3" violates="a wave keeps its middle tap and what its neighbors agree to"
left_2 = 0
left_4 = 0.5
left_8 = 0.5 + np.cos(np.pi / 4) / 4


# %% blurs the waves question="q3"
def left(period):
    wave = np.cos(2 * np.pi * np.arange(3 * period) / period)
    return np.convolve(wave, taps(3), "same")[period]


left_2, left_4, left_8 = left(2), left(4), round(left(8), 3)


# %% blur first question="q4" violates="maxima first, then the blur"
def max_blur_pool2d(x):
    y = blur_pool2d(x, 3, 1)
    corners = [y[:, :, :-1, :-1], y[:, :, :-1, 1:], y[:, :, 1:, :-1], y[:, :, 1:, 1:]]
    return np.maximum.reduce(corners)[:, :, ::2, ::2]


# %% maxima side by side question="q4" violates="maxima first, then the blur"
def max_blur_pool2d(x):
    corners = [x[:, :, :-1, :-1], x[:, :, :-1, 1:], x[:, :, 1:, :-1], x[:, :, 1:, 1:]]
    return blur_pool2d(np.maximum.reduce(corners)[:, :, ::2, ::2], 3, 1)


# %% forgets a corner question="q4" violates="maxima first, then the blur"
def max_blur_pool2d(x):
    return blur_pool2d(np.maximum(x[:, :, :-1, :-1], x[:, :, 1:, 1:]), 3, 2)


# %% leaves nothing out question="q4" violates="has the right shape"
def max_blur_pool2d(x):
    corners = [x[:, :, :-1, :-1], x[:, :, :-1, 1:], x[:, :, 1:, :-1], x[:, :, 1:, 1:]]
    return blur_pool2d(np.maximum.reduce(corners), 3, 1)


# %% windows question="q4"
def max_blur_pool2d(x):
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), (2, 3))
    return blur_pool2d(windows.max(axis=(4, 5)), 3, 1)[:, :, ::2, ::2]


# %% the package question="q4"
from coursepkg.pooling import numpy_layers


def max_blur_pool2d(x):
    return numpy_layers.blur_pool2d(numpy_layers.max_pool2d(x, 2, 1))


# %% squares without a root question="q5" violates="the number is the measured one"
def change(before, after):
    return (((after - before) ** 2).sum(axis=(1, 2, 3)) / (before**2).sum(axis=(1, 2, 3))).mean()


def side_by_side(x):
    return x.reshape(len(x), 1, 18, 2, 18, 2).max(axis=(3, 5))


every_other = change(pictures[:, :, ::2, ::2], moved[:, :, ::2, ::2])
maximum = change(side_by_side(pictures), side_by_side(moved))
blurred = change(max_blur_pool2d(pictures), max_blur_pool2d(moved))


# %% measures the pictures question="q5" violates="the number is the measured one"
change = np.linalg.norm((moved - pictures).reshape(200, -1), axis=1) / np.linalg.norm(
    pictures.reshape(200, -1), axis=1
)
every_other = maximum = blurred = change.mean()


# %% norms question="q5"
def change(pool):
    before, after = (pool(x).reshape(200, -1).astype(float) for x in (pictures, moved))
    return np.mean(np.linalg.norm(after - before, axis=1) / np.linalg.norm(before, axis=1))


every_other = change(lambda x: x[..., ::2, ::2])
maximum = change(lambda x: np.maximum.reduce([x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]))
blurred = change(max_blur_pool2d)
