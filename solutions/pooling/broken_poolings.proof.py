# %% as it was question="q1" violates="a window holds four neighbors"
def max_pool_2x2(x):
    n, c, height, width = x.shape
    return x.reshape(n, c, height // 2, width // 2, 2, 2).max(axis=(4, 5))


# %% rows for columns question="q1" violates="has the right shape"
def max_pool_2x2(x):
    n, c, height, width = x.shape
    return x.swapaxes(2, 3).reshape(n, c, width // 2, 2, height // 2, 2).max(axis=(3, 5))


# %% along one axis only question="q1" violates="has the right shape"
def max_pool_2x2(x):
    n, c, height, width = x.shape
    return x.reshape(n, c, height // 2, 2, width).max(axis=3)


# %% four slices question="q1"
def max_pool_2x2(x):
    rows = np.maximum(x[:, :, ::2], x[:, :, 1::2])
    return np.maximum(rows[..., ::2], rows[..., 1::2])


# %% the package question="q1"
from coursepkg.pooling import numpy_layers


def max_pool_2x2(x):
    return numpy_layers.max_pool2d(x, 2)


# %% as it was question="q2" violates="padding never wins"
def max_pool2d(x, kernel_size, stride, padding):
    edges = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))


# %% the smallest number above zero question="q2" violates="each value is the largest of its window"
def max_pool2d(x, kernel_size, stride, padding):
    edges = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges), constant_values=np.finfo(np.float32).tiny)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))


# %% a ReLU behind it question="q2" violates="padding never wins"
def max_pool2d(x, kernel_size, stride, padding):
    edges = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return np.maximum(windows[:, :, ::stride, ::stride].max(axis=(4, 5)), 0)


# %% the smallest pixel of all question="q2"
def max_pool2d(x, kernel_size, stride, padding):
    edges = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), edges, edges), constant_values=x.min())
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))


# %% the package question="q2"
from coursepkg.pooling.numpy_layers import max_pool2d


# %% as it was question="q3" violates="a window hands on what it got"
def max_pool_2x2_backward(dy, x):
    n, c, height, width = x.shape
    windows = x.reshape(n, c, height // 2, 2, width // 2, 2)
    largest = windows.max(axis=(3, 5), keepdims=True)
    return (dy[:, :, :, None, :, None] * (windows == largest)).reshape(x.shape)


# %% shares among equals question="q3" violates="the first of equals gets all of it"
def max_pool_2x2_backward(dy, x):
    n, c, height, width = x.shape
    windows = x.reshape(n, c, height // 2, 2, width // 2, 2)
    winners = windows == windows.max(axis=(3, 5), keepdims=True)
    share = dy[:, :, :, None, :, None] * winners / winners.sum(axis=(3, 5), keepdims=True)
    return share.reshape(x.shape)


# %% the last of equals question="q3" violates="the first of equals gets all of it"
def max_pool_2x2_backward(dy, x):
    dx = np.zeros(x.shape)
    for i, j, a, b in np.ndindex(dy.shape):
        window = x[i, j, 2 * a : 2 * a + 2, 2 * b : 2 * b + 2]
        rows, columns = np.nonzero(window == window.max())
        dx[i, j, 2 * a + rows[-1], 2 * b + columns[-1]] = dy[i, j, a, b]
    return dx


# %% breaks ties with a little noise question="q3" violates="the first of equals gets all of it"
def max_pool_2x2_backward(dy, x):
    noisy = x + np.random.default_rng(0).random(x.shape) * 1e-6
    n, c, height, width = x.shape
    windows = noisy.reshape(n, c, height // 2, 2, width // 2, 2)
    largest = windows.max(axis=(3, 5), keepdims=True)
    return (dy[:, :, :, None, :, None] * (windows == largest)).reshape(x.shape)


# %% window by window question="q3"
def max_pool_2x2_backward(dy, x):
    dx = np.zeros(x.shape, np.float32)
    for i, j, a, b in np.ndindex(dy.shape):
        window = x[i, j, 2 * a : 2 * a + 2, 2 * b : 2 * b + 2]
        row, column = divmod(int(window.argmax()), 2)
        dx[i, j, 2 * a + row, 2 * b + column] = dy[i, j, a, b]
    return dx


# %% the package question="q3"
from coursepkg.pooling import numpy_layers


def max_pool_2x2_backward(dy, x):
    return numpy_layers.max_pool2d_backward(dy, x, 2)


# %% as it was question="q4" violates="what hangs over is not counted"
def avg_pool1d_ceil(x, kernel_size, stride):
    length = x.shape[2]
    count = -(-(length - kernel_size) // stride) + 1
    missing = (count - 1) * stride + kernel_size - length
    filled = np.pad(x, ((0, 0), (0, 0), (0, max(missing, 0))))
    windows = np.lib.stride_tricks.sliding_window_view(filled, kernel_size, 2)
    return windows[:, :, ::stride].mean(axis=3)[:, :, :count]


# %% repeats the last point question="q4" violates="what hangs over is not counted"
def avg_pool1d_ceil(x, kernel_size, stride):
    length = x.shape[2]
    count = -(-(length - kernel_size) // stride) + 1
    missing = (count - 1) * stride + kernel_size - length
    filled = np.pad(x, ((0, 0), (0, 0), (0, max(missing, 0))), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(filled, kernel_size, 2)
    return windows[:, :, ::stride].mean(axis=3)[:, :, :count]


# %% leaves the last window out question="q4" violates="has the right shape"
def avg_pool1d_ceil(x, kernel_size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel_size, 2)
    return windows[:, :, ::stride].mean(axis=3)


# %% moves the last window in question="q4" violates="what hangs over is not counted"
def avg_pool1d_ceil(x, kernel_size, stride):
    length = x.shape[2]
    count = -(-(length - kernel_size) // stride) + 1
    starts = [min(i * stride, length - kernel_size) for i in range(count)]
    return np.stack([x[:, :, at : at + kernel_size].mean(axis=2) for at in starts], axis=2)


# %% not a number beyond the end question="q4"
def avg_pool1d_ceil(x, kernel_size, stride):
    length = x.shape[2]
    count = -(-(length - kernel_size) // stride) + 1
    filled = np.full((*x.shape[:2], length + kernel_size + stride), np.nan)
    filled[:, :, :length] = x
    windows = np.lib.stride_tricks.sliding_window_view(filled, kernel_size, 2)
    return np.nanmean(windows[:, :, ::stride][:, :, :count], axis=3)


# %% the package question="q4"
from coursepkg.pooling import numpy_layers


def avg_pool1d_ceil(x, kernel_size, stride):
    return numpy_layers.avg_pool1d(x, kernel_size, stride, ceil_mode=True)


# %% as it was question="q5" violates="gradients add up where windows overlap"
def max_pool1d_backward(dy, indices, length):
    n, c, count = dy.shape
    dx = np.zeros((n, c, length))
    rows, channels = np.arange(n)[:, None, None], np.arange(c)[None, :, None]
    dx[rows, channels, indices] += dy
    return dx


# %% counts wins, not gradients question="q5" violates="the winner gets the gradient"
def max_pool1d_backward(dy, indices, length):
    dx = np.zeros((*dy.shape[:2], length))
    for i, j, k in np.ndindex(dy.shape):
        dx[i, j, indices[i, j, k]] += 1
    return dx


# %% the mean of the wins question="q5" violates="gradients add up where windows overlap"
def max_pool1d_backward(dy, indices, length):
    dx, wins = np.zeros((*dy.shape[:2], length)), np.zeros((*dy.shape[:2], length))
    for i, j, k in np.ndindex(dy.shape):
        dx[i, j, indices[i, j, k]] += dy[i, j, k]
        wins[i, j, indices[i, j, k]] += 1
    return dx / np.maximum(wins, 1)


# %% one-hot question="q5"
def max_pool1d_backward(dy, indices, length):
    return (dy[..., None] * (indices[..., None] == np.arange(length))).sum(axis=2)


# %% bincount question="q5"
def max_pool1d_backward(dy, indices, length):
    rows = [
        np.bincount(i, weights=g, minlength=length)
        for i, g in zip(indices.reshape(-1, indices.shape[2]), dy.reshape(-1, dy.shape[2]))
    ]
    return np.reshape(rows, (*dy.shape[:2], length))


# %% the package question="q5"
from coursepkg.pooling import numpy_layers


def max_pool1d_backward(dy, indices, length):
    x, kernel_size = np.zeros((*dy.shape[:2], length)), 3 * length - dy.shape[2] + 1  # each window holds all of x
    return numpy_layers.max_pool1d_backward(dy, x, kernel_size, 1, length, indices=indices)
