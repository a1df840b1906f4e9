# %% pads with zeros question="q1" violates="padding never wins"
def max_pool2d(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))


# %% repeats the edge, which is right question="q1"
def max_pool2d(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))


# %% mirrors the picture question="q1" violates="each value is the largest of its window"
def max_pool2d(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="wrap")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))


# %% the largest magnitude question="q1" violates="each value is the largest of its window"
def max_pool2d(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return np.abs(np.where(np.isinf(windows), 0, windows)).max(axis=(4, 5))


# %% stride for the rows only question="q1" violates="has the right shape"
def max_pool2d(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride].max(axis=(4, 5))


# %% windows always side by side question="q1" violates="has the right shape"
def max_pool2d(x, kernel_size, stride, padding):
    n, c, height, width = x.shape
    k = kernel_size
    x = x[:, :, : height // k * k, : width // k * k]
    return x.reshape(n, c, height // k, k, width // k, k).max(axis=(3, 5))


# %% window by window question="q1"
def max_pool2d(x, kernel_size, stride, padding):
    n, c, height, width = x.shape
    oh, ow = ((size + 2 * padding - kernel_size) // stride + 1 for size in (height, width))
    y = np.empty((n, c, oh, ow), x.dtype)
    for i in range(oh):
        for j in range(ow):
            top, left = i * stride - padding, j * stride - padding
            window = x[:, :, max(top, 0) : top + kernel_size, max(left, 0) : left + kernel_size]
            y[:, :, i, j] = window.max(axis=(2, 3))
    return y


# %% place by place question="q1"
def max_pool2d(x, kernel_size, stride, padding):
    oh, ow = ((size + 2 * padding - kernel_size) // stride + 1 for size in x.shape[2:])
    low = np.full((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding), -np.inf)
    low[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x
    y = np.full((*x.shape[:2], oh, ow), -np.inf)
    for a in range(kernel_size):
        for b in range(kernel_size):
            y = np.maximum(y, low[:, :, a:, b:][:, :, ::stride, ::stride][:, :, :oh, :ow])
    return y


# %% the package question="q1"
from coursepkg.pooling.numpy_layers import max_pool2d


# %% places in the window question="q2" violates="the pixel at the index is the largest"
def winners(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return windows.reshape(*windows.shape[:4], -1).argmax(axis=4)


# %% counts the padding question="q2" violates="indices count the pixels of the picture"
def winners(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    place = windows.reshape(*windows.shape[:4], -1).argmax(axis=4)
    rows = np.arange(place.shape[2])[:, None] * stride + place // kernel_size
    columns = np.arange(place.shape[3]) * stride + place % kernel_size
    return rows * padded.shape[3] + columns


# %% height for width question="q2" violates="the pixel at the index is the largest"
def winners(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    place = windows.reshape(*windows.shape[:4], -1).argmax(axis=4)
    rows = np.arange(place.shape[2])[:, None] * stride - padding + place // kernel_size
    columns = np.arange(place.shape[3]) * stride - padding + place % kernel_size
    return rows * x.shape[2] + columns


# %% the last of equals question="q2" violates="the first of equals wins"
def winners(x, kernel_size, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    flat = windows.reshape(*windows.shape[:4], -1)
    place = kernel_size**2 - 1 - flat[..., ::-1].argmax(axis=4)
    rows = np.arange(place.shape[2])[:, None] * stride - padding + place // kernel_size
    columns = np.arange(place.shape[3]) * stride - padding + place % kernel_size
    return rows * x.shape[3] + columns


# %% looks the value up question="q2" violates="the first of equals wins"
def winners(x, kernel_size, stride, padding):
    n, c, height, width = x.shape
    y = max_pool2d(x, kernel_size, stride, padding)
    indices = np.empty(y.shape, int)
    for i, j, a, b in np.ndindex(y.shape):
        top, left = a * stride - padding, b * stride - padding
        for row in range(max(top, 0), min(top + kernel_size, height)):
            for column in range(max(left, 0), min(left + kernel_size, width)):
                if x[i, j, row, column] == y[i, j, a, b]:
                    indices[i, j, a, b] = row * width + column
    return indices


# %% pools the numbers of the pixels question="q2"
def winners(x, kernel_size, stride, padding):
    n, c, height, width = x.shape
    numbers = np.arange(height * width).reshape(height, width)
    oh, ow = ((size + 2 * padding - kernel_size) // stride + 1 for size in (height, width))
    indices = np.zeros((n, c, oh, ow), dtype=np.int32)
    for i in range(oh):
        for j in range(ow):
            rows = slice(max(i * stride - padding, 0), i * stride - padding + kernel_size)
            columns = slice(max(j * stride - padding, 0), j * stride - padding + kernel_size)
            best = x[:, :, rows, columns].reshape(n, c, -1).argmax(axis=2)
            indices[:, :, i, j] = numbers[rows, columns].ravel()[best]
    return indices


# %% the package question="q2"
from coursepkg.pooling import numpy_layers


def winners(x, kernel_size, stride, padding):
    return numpy_layers.max_pool2d(x, kernel_size, stride, padding, return_indices=True)[1]


# %% plus-equals question="q3" violates="gradients add up where windows overlap"
def max_pool2d_backward(dy, indices, height, width):
    n, c = dy.shape[:2]
    dx = np.zeros((n * c, height * width))
    dx[np.arange(n * c)[:, None], indices.reshape(n * c, -1)] += dy.reshape(n * c, -1)
    return dx.reshape(n, c, height, width)


# %% assigns question="q3" violates="gradients add up where windows overlap"
def max_pool2d_backward(dy, indices, height, width):
    n, c = dy.shape[:2]
    dx = np.zeros((n, c, height * width))
    np.put_along_axis(dx, indices.reshape(n, c, -1), dy.reshape(n, c, -1), axis=2)
    return dx.reshape(n, c, height, width)


# %% all pictures in the first question="q3" violates="the winner gets the gradient"
def max_pool2d_backward(dy, indices, height, width):
    dx = np.zeros((*dy.shape[:2], height, width))
    np.add.at(dx.reshape(-1), indices.reshape(-1), dy.reshape(-1))
    return dx


# %% rows by the height question="q3" violates="the winner gets the gradient"
def max_pool2d_backward(dy, indices, height, width):
    n, c = dy.shape[:2]
    dx = np.zeros((n * c, height * width))
    np.add.at(dx, (np.arange(n * c)[:, None], indices.reshape(n * c, -1)), dy.reshape(n * c, -1))
    return dx.reshape(n, c, width, height).swapaxes(2, 3)


# %% shares with everybody question="q3" violates="the winner gets the gradient"
def max_pool2d_backward(dy, indices, height, width):
    total = dy.sum(axis=(2, 3), keepdims=True)
    return np.broadcast_to(total / (height * width), (*dy.shape[:2], height, width)).copy()


# %% one after the other question="q3"
def max_pool2d_backward(dy, indices, height, width):
    dx = np.zeros((*dy.shape[:2], height, width), dtype=np.float32)
    for i, j, a, b in np.ndindex(dy.shape):
        row, column = divmod(int(indices[i, j, a, b]), width)
        dx[i, j, row, column] += dy[i, j, a, b]
    return dx


# %% counts with weights question="q3"
def max_pool2d_backward(dy, indices, height, width):
    n, c = dy.shape[:2]
    numbers = indices.reshape(n * c, -1) + np.arange(n * c)[:, None] * height * width
    dx = np.bincount(numbers.ravel(), weights=dy.ravel(), minlength=n * c * height * width)
    return dx.reshape(n, c, height, width)


# %% the package question="q3"
from coursepkg.pooling import numpy_layers


def max_pool2d_backward(dy, indices, height, width):
    size = height, width
    kernel_size = [3 * whole - count + 1 for whole, count in zip(size, dy.shape[2:])]  # each window holds all of x
    return numpy_layers.max_pool2d_backward(dy, np.zeros((*dy.shape[:2], *size)), kernel_size, 1, size, indices=indices)


# %% shares among equals question="q4" violates="the first of equals gets all of it"
top = 0.5 + 1 / 3
center = 0.5 + 1 / 3 + 1 + 0.5


# %% everybody who is largest question="q4" violates="a pixel gets one gradient for each window it wins"
top = 2
center = 4


# %% asks the layer question="q4"
picture = np.array([[2.0, 7, 7], [1, 7, 3], [4, 5, 7]])[None, None]
back = max_pool2d_backward(np.ones((1, 1, 2, 2)), winners(picture, 2, 1, 0), 3, 3)
top, center = back[0, 0, 0, 1], back[0, 0, 1, 1]


# %% linear question="q5" violates="pooling commutes with what never falls"
true_equations = ["a", "b", "c", "d", "e"]


# %% forgets the numbers below zero question="q5" violates="pooling commutes with what never falls"
true_equations = ["a", "c", "e", "f"]


# %% in another order question="q5"
true_equations = ("e", "a", "c")
