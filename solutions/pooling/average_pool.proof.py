# %% never looks at the padding question="q1" violates="padding does not count"
def divisors(size, kernel_size, stride, padding, count_include_pad):
    return np.full((size + 2 * padding - kernel_size) // stride + 1, kernel_size)


# %% cuts off on the left only question="q1" violates="padding does not count"
def divisors(size, kernel_size, stride, padding, count_include_pad):
    count = (size + 2 * padding - kernel_size) // stride + 1
    starts = np.arange(count) * stride - padding
    return np.full(count, kernel_size) if count_include_pad else kernel_size - np.maximum(-starts, 0)


# %% the other way round question="q1" violates="padding counts"
def divisors(size, kernel_size, stride, padding, count_include_pad):
    count = (size + 2 * padding - kernel_size) // stride + 1
    starts = np.arange(count) * stride - padding
    if not count_include_pad:
        return np.full(count, kernel_size)
    return np.minimum(starts + kernel_size, size) - np.maximum(starts, 0)


# %% padding on one side question="q1" violates="has the right shape"
def divisors(size, kernel_size, stride, padding, count_include_pad):
    count = (size + padding - kernel_size) // stride + 1
    starts = np.arange(count) * stride - padding
    if count_include_pad:
        return np.full(count, kernel_size)
    return np.minimum(starts + kernel_size, size) - np.maximum(starts, 0)


# %% place by place question="q1"
def divisors(size, kernel_size, stride, padding, count_include_pad):
    counts = []
    start = -padding
    while start + kernel_size <= size + padding:
        places = range(start, start + kernel_size)
        counts.append(sum(count_include_pad or 0 <= place < size for place in places))
        start += stride
    return counts


# %% counts by pooling ones question="q1"
def divisors(size, kernel_size, stride, padding, count_include_pad):
    ones = np.pad(np.ones(size), padding, constant_values=1.0 if count_include_pad else 0.0)
    return np.convolve(ones, np.ones(kernel_size), "valid")[::stride]


# %% mean of each padded window question="q2" violates="padding does not count"
def avg_pool2d(x, kernel_size, stride, padding, count_include_pad):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows[:, :, ::stride, ::stride].mean(axis=(4, 5))


# %% never counts the padding question="q2" violates="padding counts"
def avg_pool2d(x, kernel_size, stride, padding, count_include_pad):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return np.nanmean(windows[:, :, ::stride, ::stride], axis=(4, 5))


# %% counts values above zero question="q2" violates="each value is the mean of its window"
def avg_pool2d(x, kernel_size, stride, padding, count_include_pad):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    windows = windows[:, :, ::stride, ::stride]
    count = kernel_size**2 if count_include_pad else (windows > 0).sum(axis=(4, 5)).clip(1)
    return windows.sum(axis=(4, 5)) / count


# %% forgets the stride question="q2" violates="has the right shape"
def avg_pool2d(x, kernel_size, stride, padding, count_include_pad):
    rows, columns = (divisors(size, kernel_size, 1, padding, count_include_pad) for size in x.shape[2:])
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), (2, 3))
    return windows.sum(axis=(4, 5)) / np.outer(rows, columns)


# %% window by window question="q2"
def avg_pool2d(x, kernel_size, stride, padding, count_include_pad):
    n, c, height, width = x.shape
    oh, ow = ((size + 2 * padding - kernel_size) // stride + 1 for size in (height, width))
    y = np.zeros((n, c, oh, ow))
    for i in range(oh):
        for j in range(ow):
            top, left = i * stride - padding, j * stride - padding
            window = x[:, :, max(top, 0) : top + kernel_size, max(left, 0) : left + kernel_size]
            count = kernel_size**2 if count_include_pad else window.shape[2] * window.shape[3]
            y[:, :, i, j] = window.sum(axis=(2, 3)) / count
    return y


# %% matrices for rows and columns question="q2"
def avg_pool2d(x, kernel_size, stride, padding, count_include_pad):
    def matrix(size):
        count = (size + 2 * padding - kernel_size) // stride + 1
        first = (np.arange(count) * stride - padding)[:, None]
        inside = (np.arange(size) >= first) & (np.arange(size) < first + kernel_size)
        return inside / (kernel_size if count_include_pad else inside.sum(axis=1, keepdims=True))

    return matrix(x.shape[2]) @ x @ matrix(x.shape[3]).T


# %% the package question="q2"
from coursepkg.pooling import numpy_layers


def avg_pool2d(x, kernel_size, stride, padding, count_include_pad):
    return numpy_layers.avg_pool2d(x, kernel_size, stride, padding, count_include_pad=count_include_pad)


# %% forgets to divide question="q3" violates="without padding all of dy is handed out"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    dx = np.zeros((*dy.shape[:2], height + 2 * padding, width + 2 * padding))
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = np.s_[:, :, i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
            dx[window] += dy[:, :, i, j, None, None]
    return dx[:, :, padding : padding + height, padding : padding + width]


# %% assigns question="q3" violates="without padding all of dy is handed out"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    rows, columns = (
        divisors(size, kernel_size, stride, padding, count_include_pad) for size in (height, width)
    )
    share = dy / np.outer(rows, columns)
    dx = np.zeros((*dy.shape[:2], height + 2 * padding, width + 2 * padding))
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = np.s_[:, :, i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
            dx[window] = share[:, :, i, j, None, None]
    return dx[:, :, padding : padding + height, padding : padding + width]


# %% always divides by the whole window question="q3" violates="the way back divides by the same numbers"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    dx = np.zeros((*dy.shape[:2], height + 2 * padding, width + 2 * padding))
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = np.s_[:, :, i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
            dx[window] += dy[:, :, i, j, None, None] / kernel_size**2
    return dx[:, :, padding : padding + height, padding : padding + width]


# %% cuts the wrong corner question="q3" violates="the way back divides by the same numbers"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    rows, columns = (
        divisors(size, kernel_size, stride, padding, count_include_pad) for size in (height, width)
    )
    share = dy / np.outer(rows, columns)
    dx = np.zeros((*dy.shape[:2], height + 2 * padding, width + 2 * padding))
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = np.s_[:, :, i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
            dx[window] += share[:, :, i, j, None, None]
    return dx[:, :, :height, :width]


# %% repeats every gradient question="q3" violates="has the right shape"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    return dy.repeat(kernel_size, axis=2).repeat(kernel_size, axis=3) / kernel_size**2


# %% cuts with minus zero question="q3" violates="has the right shape"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    rows, columns = (
        divisors(size, kernel_size, stride, padding, count_include_pad) for size in (height, width)
    )
    share = dy / np.outer(rows, columns)
    dx = np.zeros((*dy.shape[:2], height + 2 * padding, width + 2 * padding))
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = np.s_[:, :, i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
            dx[window] += share[:, :, i, j, None, None]
    return dx[:, :, padding:-padding, padding:-padding]


# %% place by place of the window question="q3"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    share = dy / np.multiply.outer(
        *(divisors(size, kernel_size, stride, padding, count_include_pad) for size in (height, width))
    )
    dx = np.zeros((*dy.shape[:2], height + 2 * padding, width + 2 * padding))
    oh, ow = dy.shape[2:]
    for a in range(kernel_size):
        for b in range(kernel_size):
            dx[:, :, a : a + oh * stride : stride, b : b + ow * stride : stride][:, :, :oh, :ow] += share
    return dx[:, :, padding : padding + height, padding : padding + width]


# %% the transposed matrices question="q3"
def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    def matrix(size):
        first = (np.arange((size + 2 * padding - kernel_size) // stride + 1) * stride - padding)[:, None]
        inside = (np.arange(size) >= first) & (np.arange(size) < first + kernel_size)
        return inside / divisors(size, kernel_size, stride, padding, count_include_pad)[:, None]

    return np.einsum("ih,ncij,jw->nchw", matrix(height), dy, matrix(width))


# %% the package question="q3"
from coursepkg.pooling import numpy_layers


def avg_pool2d_backward(dy, height, width, kernel_size, stride, padding, count_include_pad):
    x = np.zeros((*dy.shape[:2], height, width))
    windows = kernel_size, stride, padding
    return numpy_layers.avg_pool2d_backward(dy, x, *windows, count_include_pad=count_include_pad)


# %% counts what hangs over question="q4" violates="what lies beyond the padding never counts"
def divisors_ceil(size, kernel_size, stride, padding, count_include_pad, ceil_mode):
    room = size + 2 * padding - kernel_size
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    starts = np.arange(count) * stride - padding
    starts = starts[starts < size]
    if count_include_pad:
        return np.full(len(starts), kernel_size)
    return np.minimum(starts + kernel_size, size) - np.maximum(starts, 0)


# %% never drops a window question="q4" violates="has the right shape"
def divisors_ceil(size, kernel_size, stride, padding, count_include_pad, ceil_mode):
    room = size + 2 * padding - kernel_size
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    starts = np.arange(count) * stride - padding
    first, end = (-padding, size + padding) if count_include_pad else (0, size)
    return np.minimum(starts + kernel_size, end) - np.maximum(starts, first)


# %% always rounds up question="q4" violates="has the right shape"
def divisors_ceil(size, kernel_size, stride, padding, count_include_pad, ceil_mode):
    count = -(-(size + 2 * padding - kernel_size) // stride) + 1
    starts = np.arange(count) * stride - padding
    starts = starts[starts < size]
    first, end = (-padding, size + padding) if count_include_pad else (0, size)
    return np.minimum(starts + kernel_size, end) - np.maximum(starts, first)


# %% padding on one side question="q4" violates="has the right shape"
def divisors_ceil(size, kernel_size, stride, padding, count_include_pad, ceil_mode):
    room = size + padding - kernel_size
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    starts = np.arange(count) * stride - padding
    starts = starts[starts < size]
    first, end = (-padding, size + padding) if count_include_pad else (0, size)
    return np.minimum(starts + kernel_size, end) - np.maximum(starts, first)


# %% cuts off at the picture question="q4" violates="padding counts"
def divisors_ceil(size, kernel_size, stride, padding, count_include_pad, ceil_mode):
    room = size + 2 * padding - kernel_size
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    starts = np.arange(count) * stride - padding
    starts = starts[starts < size]
    return np.minimum(starts + kernel_size, size) - np.maximum(starts, -padding if count_include_pad else 0)


# %% lists of places question="q4"
def divisors_ceil(size, kernel_size, stride, padding, count_include_pad, ceil_mode):
    room = size + 2 * padding - kernel_size
    count = (int(np.ceil(room / stride)) if ceil_mode else room // stride) + 1
    if (count - 1) * stride >= size + padding:
        count -= 1
    first, end = (-padding, size + padding) if count_include_pad else (0, size)
    places = [range(i * stride - padding, i * stride - padding + kernel_size) for i in range(count)]
    return [len([place for place in window if first <= place < end]) for window in places]


# %% divides by the pixels question="q5" violates="zeros in the padding count as black"
corner = 1.0
mean = 1.0


# %% one axis question="q5" violates="zeros in the padding count as black"
corner = 2 / 3
mean = 82 / 84


# %% counts all windows question="q5"
y = avg_pool2d(np.ones((1, 1, 28, 28)), 3, 1, 1, True)
corner = y[0, 0, 0, 0]
mean = np.round(y.mean(), 3)
