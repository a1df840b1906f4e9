# %% repeats the winner in its window question="q1" violates="zeros stand where nothing won"
def max_unpool2d(y, indices, size):
    rows = -(-size[0] // y.shape[2])
    columns = -(-size[1] // y.shape[3])
    return y.repeat(rows, axis=2).repeat(columns, axis=3)[:, :, : size[0], : size[1]]


# %% always the first pixel of the window question="q1" violates="winners stand where they won"
def max_unpool2d(y, indices, size):
    z = np.zeros((*y.shape[:2], *size))
    rows, columns = size[0] // y.shape[2], size[1] // y.shape[3]
    z[:, :, : rows * y.shape[2] : rows, : columns * y.shape[3] : columns] = y
    return z


# %% counts columns first question="q1" violates="winners stand where they won"
def max_unpool2d(y, indices, size):
    n, c = y.shape[:2]
    rows = np.zeros((n * c, size[0] * size[1]))
    np.put_along_axis(rows, indices.reshape(n * c, -1), y.reshape(n * c, -1), axis=1)
    return rows.reshape(n, c, size[1], size[0]).swapaxes(2, 3)


# %% the width of the small picture question="q1" violates="runs without an error"
def max_unpool2d(y, indices, size):
    z = np.zeros((*y.shape[:2], *size))
    n, c = np.indices(y.shape)[:2]
    z[n, c, indices // y.shape[3], indices % y.shape[3]] = y
    return z


# %% counts through all planes question="q1" violates="winners stand where they won"
def max_unpool2d(y, indices, size):
    z = np.zeros((*y.shape[:2], *size))
    z.ravel()[indices.ravel()] = y.ravel()
    return z


# %% numbers the planes by channel only question="q1" violates="winners stand where they won"
def max_unpool2d(y, indices, size):
    z = np.zeros((*y.shape[:2], size[0] * size[1]))
    for c in range(y.shape[1]):
        z[:, c, indices[0, c].ravel()] = y[:, c].reshape(len(y), -1)
    return z.reshape(*y.shape[:2], *size)


# %% doubles the size of the small picture question="q1" violates="has the right shape" caught_by="hidden"
def max_unpool2d(y, indices, size):
    n, c, height, width = y.shape
    rows = np.zeros((n * c, 4 * height * width), y.dtype)
    inside = np.minimum(indices, 4 * height * width - 1).reshape(n * c, -1)
    np.put_along_axis(rows, inside, y.reshape(n * c, -1), axis=1)
    return rows.reshape(n, c, 2 * height, 2 * width)


# %% loops over every number question="q1"
def max_unpool2d(y, indices, size):
    z = np.zeros((*y.shape[:2], *size))
    for (n, c, i, j), index in np.ndenumerate(indices):
        z[n, c, index // size[1], index % size[1]] = y[n, c, i, j]
    return z


# %% row and column from the index question="q1"
def max_unpool2d(y, indices, size):
    z = np.zeros((*y.shape[:2], *size), dtype=np.float32)
    n, c = np.indices(y.shape)[:2]
    row, column = np.unravel_index(indices, size)
    z[n, c, row, column] = y
    return z


# %% one long array question="q1"
def max_unpool2d(y, indices, size):
    pixels = size[0] * size[1]
    planes = np.arange(y.shape[0] * y.shape[1]).reshape(*y.shape[:2], 1, 1)
    z = np.bincount((indices + pixels * planes).ravel(), y.ravel(), pixels * planes.size)
    return z.reshape(*y.shape[:2], *size)


# %% the package question="q1"
from coursepkg.pooling import numpy_layers


def max_unpool2d(y, indices, size):
    kernel_size = [whole - part + 1 for whole, part in zip(size, y.shape[2:])]
    return numpy_layers.max_unpool2d(y, indices, kernel_size, stride=1)


# %% adds up the whole window question="q2" violates="each number gets the gradient of its place"
def max_unpool2d_backward(dz, indices):
    n, c, height, width = indices.shape
    k, m = dz.shape[2] // height, dz.shape[3] // width
    blocks = dz[:, :, : k * height, : m * width].reshape(n, c, height, k, width, m)
    return blocks.sum(axis=(3, 5))


# %% the largest gradient of the window question="q2" violates="each number gets the gradient of its place"
def max_unpool2d_backward(dz, indices):
    n, c, height, width = indices.shape
    k, m = dz.shape[2] // height, dz.shape[3] // width
    blocks = dz[:, :, : k * height, : m * width].reshape(n, c, height, k, width, m)
    return blocks.max(axis=(3, 5))


# %% reads in the first plane only question="q2" violates="each number gets the gradient of its place"
def max_unpool2d_backward(dz, indices):
    return dz.ravel()[indices]


# %% stays large question="q2" violates="has the right shape"
def max_unpool2d_backward(dz, indices):
    n, c = indices.shape[:2]
    rows = np.zeros((n * c, dz.shape[2] * dz.shape[3]))
    np.put_along_axis(rows, indices.reshape(n * c, -1), 1.0, axis=1)
    return dz * rows.reshape(dz.shape)


# %% plane by plane question="q2"
def max_unpool2d_backward(dz, indices):
    dy = np.empty(indices.shape)
    for n, c in np.ndindex(indices.shape[:2]):
        dy[n, c] = dz[n, c].ravel()[indices[n, c]]
    return dy


# %% row and column again question="q2"
def max_unpool2d_backward(dz, indices):
    n, c = np.indices(indices.shape)[:2]
    return dz[n, c, indices // dz.shape[3], indices % dz.shape[3]].astype(np.float32)


# %% the package question="q2"
from coursepkg.pooling import numpy_layers


def max_unpool2d_backward(dz, indices):
    kernel_size = [whole - part + 1 for whole, part in zip(dz.shape[2:], indices.shape[2:])]
    return numpy_layers.max_unpool2d_backward(dz, np.zeros(indices.shape), indices, kernel_size, stride=1)


# %% tiles the picture question="q3" violates="every pixel becomes a block of its own"
def upsample(y, k):
    return np.tile(y, (1, 1, k, k))


# %% one axis only question="q3" violates="has the right shape"
def upsample(y, k):
    return np.repeat(y, k, axis=-1)


# %% shares in place of copies question="q3" violates="every pixel becomes a block of its own"
def upsample(y, k):
    return y.repeat(k, axis=2).repeat(k, axis=3) / k**2


# %% zeros in between question="q3" violates="every pixel becomes a block of its own"
def upsample(y, k):
    n, c, height, width = y.shape
    z = np.zeros((n, c, height * k, width * k))
    z[:, :, ::k, ::k] = y
    return z


# %% repeats the batch and the channels question="q3" violates="has the right shape"
def upsample(y, k):
    return y.repeat(k, axis=0).repeat(k, axis=1)


# %% always twice question="q3" violates="has the right shape"
def upsample(y, k):
    return y.repeat(2, axis=2).repeat(2, axis=3)


# %% Kronecker product question="q3"
def upsample(y, k):
    return np.kron(y, np.ones((1, 1, k, k)))


# %% looks up every pixel question="q3"
def upsample(y, k):
    rows = np.arange(y.shape[2] * k) // k
    columns = np.arange(y.shape[3] * k) // k
    return y[:, :, rows][:, :, :, columns]


# %% broadcasts and reshapes question="q3"
def upsample(y, k):
    n, c, height, width = y.shape
    blocks = np.broadcast_to(y[:, :, :, None, :, None], (n, c, height, k, width, k))
    return blocks.reshape(n, c, height * k, width * k)


# %% averages question="q4" violates="the gradients of a block add up"
def upsample_backward(dz, k):
    n, c, height, width = dz.shape
    return dz.reshape(n, c, height // k, k, width // k, k).mean(axis=(3, 5))


# %% one of the copies question="q4" violates="the gradients of a block add up"
def upsample_backward(dz, k):
    return dz[:, :, ::k, ::k]


# %% the largest question="q4" violates="the gradients of a block add up"
def upsample_backward(dz, k):
    n, c, height, width = dz.shape
    return dz.reshape(n, c, height // k, k, width // k, k).max(axis=(3, 5))


# %% the axes of the blocks swapped question="q4" violates="the gradients of a block add up"
def upsample_backward(dz, k):
    n, c, height, width = dz.shape
    return dz.reshape(n, c, k, height // k, k, width // k).sum(axis=(2, 4))


# %% a large gradient question="q4" violates="has the right shape"
def upsample_backward(dz, k):
    return dz.repeat(k, axis=2).repeat(k, axis=3)


# %% average pooling times the factor question="q4"
def upsample_backward(dz, k):
    return k * k * pooling.avg_pool2d(dz, k)


# %% adds up shifted pictures question="q4"
def upsample_backward(dz, k):
    total = 0
    for i in range(k):
        for j in range(k):
            total = total + dz[:, :, i::k, j::k]
    return total


# %% window by window question="q4"
def upsample_backward(dz, k):
    from numpy.lib.stride_tricks import sliding_window_view

    return sliding_window_view(dz, (k, k), axis=(2, 3))[:, :, ::k, ::k].sum(axis=(4, 5), dtype=np.float32)


# %% forgets negative numbers question="q5" violates="it holds for all pictures and all k"
true_statements = ["a", "c", "d", "e", "f", "h"]

# %% forgets the share question="q5" violates="it holds for all pictures and all k"
true_statements = ["a", "c", "d", "f", "g", "h"]

# %% pooling can be undone question="q5" violates="it holds for all pictures and all k"
true_statements = ["a", "b", "c", "d", "f", "h"]

# %% all of them question="q5" violates="it holds for all pictures and all k"
true_statements = list("abcdefgh")

# %% a word question="q5" violates="is a list of options"
true_statements = "acdfh"

# %% in another order question="q5"
true_statements = ("h", "f", "d", "c", "a")
