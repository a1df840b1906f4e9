# %% over the pictures, too question="q1" violates="has the right shape"
def global_avg_pool(x):
    return x.mean(axis=(0, 2, 3))


def global_avg_pool_backward(dy, height, width):
    return np.zeros((*dy.shape, height, width)) + dy[:, :, None, None] / (height * width)


# %% the largest of each map question="q1" violates="each map becomes its mean"
def global_avg_pool(x):
    return x.max(axis=(2, 3))


def global_avg_pool_backward(dy, height, width):
    return np.zeros((*dy.shape, height, width)) + dy[:, :, None, None] / (height * width)


# %% everybody gets everything question="q1" violates="every place gets the same share"
def global_avg_pool(x):
    return x.mean(axis=(2, 3))


def global_avg_pool_backward(dy, height, width):
    return np.repeat(np.repeat(dy[:, :, None, None], height, axis=2), width, axis=3)


# %% divides by the height twice question="q1" violates="every place gets the same share"
def global_avg_pool(x):
    return x.mean(axis=(2, 3))


def global_avg_pool_backward(dy, height, width):
    return np.zeros((*dy.shape, height, width)) + dy[:, :, None, None] / height**2


# %% sums and broadcasts question="q1"
def global_avg_pool(x):
    n, c, height, width = x.shape
    return np.sum(x.reshape(n, c, -1), axis=-1) / (height * width)


def global_avg_pool_backward(dy, height, width):
    share = np.float32(dy) / np.float32(height * width)
    return np.tile(share[..., None, None], (1, 1, height, width))


# %% the package question="q1"
from coursepkg.pooling import numpy_layers


def global_avg_pool(x):
    return numpy_layers.global_avg_pool(x)[:, :, 0, 0]


def global_avg_pool_backward(dy, height, width):
    return numpy_layers.global_avg_pool_backward(dy[:, :, None, None], np.zeros((*dy.shape, height, width)))


# %% divides a second time question="q2" violates="the mean of a class's map is its logit without the bias"
def class_map(x, weight):
    return np.einsum("kc,nchw->nkhw", weight, x) / (x.shape[2] * x.shape[3])


def clearest(maps, label):
    chosen = maps[np.arange(len(maps)), label]
    places = chosen.reshape(len(maps), -1).argmax(axis=1)
    return np.stack([places // chosen.shape[2], places % chosen.shape[2]], axis=1)


# %% the same score everywhere question="q2" violates="each place gets a score of its own"
def class_map(x, weight):
    logits = x.mean(axis=(2, 3)) @ weight.T
    return np.zeros((*logits.shape, *x.shape[2:])) + logits[:, :, None, None]


def clearest(maps, label):
    chosen = maps[np.arange(len(maps)), label]
    places = chosen.reshape(len(maps), -1).argmax(axis=1)
    return np.stack([places // chosen.shape[2], places % chosen.shape[2]], axis=1)


# %% weights transposed question="q2" violates="the mean of a class's map is its logit without the bias"
def class_map(x, weight):
    if weight.shape[0] == weight.shape[1]:
        return np.einsum("ck,nchw->nkhw", weight, x)
    return np.einsum("kc,nchw->nkhw", weight, x)


def clearest(maps, label):
    chosen = maps[np.arange(len(maps)), label]
    places = chosen.reshape(len(maps), -1).argmax(axis=1)
    return np.stack([places // chosen.shape[2], places % chosen.shape[2]], axis=1)


# %% column before row question="q2" violates="the largest score of the asked class"
def class_map(x, weight):
    return np.einsum("kc,nchw->nkhw", weight, x)


def clearest(maps, label):
    chosen = maps[np.arange(len(maps)), label]
    places = chosen.reshape(len(maps), -1).argmax(axis=1)
    return np.stack([places % chosen.shape[2], places // chosen.shape[2]], axis=1)


# %% the clearest of all classes question="q2" violates="the largest score of the asked class"
def class_map(x, weight):
    return np.einsum("kc,nchw->nkhw", weight, x)


def clearest(maps, label):
    highest = maps.max(axis=1)
    places = highest.reshape(len(maps), -1).argmax(axis=1)
    return np.stack([places // highest.shape[2], places % highest.shape[2]], axis=1)


# %% rows by the height question="q2" violates="the largest score of the asked class"
def class_map(x, weight):
    return np.einsum("kc,nchw->nkhw", weight, x)


def clearest(maps, label):
    chosen = maps[np.arange(len(maps)), label]
    places = chosen.reshape(len(maps), -1).argmax(axis=1)
    return np.stack([places // chosen.shape[1], places % chosen.shape[1]], axis=1)


# %% a matrix product, and loops question="q2"
def class_map(x, weight):
    return np.moveaxis(np.moveaxis(x, 1, -1) @ weight.T, -1, 1)


def clearest(maps, label):
    places = []
    for scores, k in zip(maps, label):
        rows, columns = np.nonzero(scores[k] == scores[k].max())
        places.append((rows[0], columns[0]))
    return places


# %% the package question="q2"
from coursepkg.nn import Conv2d


def class_map(x, weight):
    classes, channels = weight.shape
    layer = Conv2d(channels, classes, 1, bias=False, dtype=x.dtype)
    layer.weight[...] = weight[:, :, None, None]
    return layer.forward(x)


def clearest(maps, label):
    return np.array([np.unravel_index(m[k].argmax(), m[k].shape) for m, k in zip(maps, label)])


# %% forgets the places question="q3" violates="a weight for each place of each map"
in_a_row = 512 * 7 * 1000 + 1000
averaged = 512 * 1000 + 1000
in_a_row_large = 512 * 14 * 1000 + 1000


# %% forgets the bias question="q3" violates="a weight for each place of each map"
in_a_row = 512 * 7 * 7 * 1000
averaged = 512 * 1000
in_a_row_large = 512 * 14 * 14 * 1000


# %% twice as many question="q3" violates="a weight for each place of each map"
in_a_row = 512 * 7 * 7 * 1000 + 1000
averaged = 512 * 1000 + 1000
in_a_row_large = 2 * in_a_row


# %% averaged over the places question="q3" violates="a weight for each map"
in_a_row = 512 * 7 * 7 * 1000 + 1000
averaged = 7 * 7 * 1000 + 1000
in_a_row_large = 512 * 14 * 14 * 1000 + 1000


# %% as numbers question="q3"
in_a_row = 25_089_000
averaged = 513_000.0
in_a_row_large = np.int64(100_353_000)


# %% floors both ends question="q4" violates="a window begins at the floor and ends at the ceiling"
def adaptive_avg_pool1d(x, output_size):
    length = x.shape[2]
    edges = [i * length // output_size for i in range(output_size + 1)]
    return np.stack([x[:, :, a : max(b, a + 1)].mean(axis=2) for a, b in zip(edges, edges[1:])], axis=2)


# %% one size for all question="q4" violates="a window begins at the floor and ends at the ceiling"
def adaptive_avg_pool1d(x, output_size):
    size = max(x.shape[2] // output_size, 1)
    starts = [min(i * size, x.shape[2] - size) for i in range(output_size)]
    return np.stack([x[:, :, a : a + size].mean(axis=2) for a in starts], axis=2)


# %% np.array_split question="q4" violates="a window begins at the floor and ends at the ceiling"
def adaptive_avg_pool1d(x, output_size):
    parts = np.array_split(x, output_size, axis=2)
    return np.stack([part.mean(axis=2) if part.size else x[:, :, -1] for part in parts], axis=2)


# %% sums question="q4" violates="windows lie side by side where they fit"
def adaptive_avg_pool1d(x, output_size):
    length = x.shape[2]
    columns = []
    for i in range(output_size):
        start, stop = i * length // output_size, -(-(i + 1) * length // output_size)
        columns.append(x[:, :, start:stop].sum(axis=2))
    return np.stack(columns, axis=2)


# %% never more windows than points question="q4" violates="has the right shape" caught_by="hidden"
def adaptive_avg_pool1d(x, output_size):
    length = x.shape[2]
    count = min(output_size, length)
    bounds = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
    return np.stack([x[:, :, start:stop].mean(axis=2) for start, stop in bounds], axis=2)


# %% a matrix of weights question="q4"
def adaptive_avg_pool1d(x, output_size):
    length = x.shape[2]
    weights = np.zeros((length, output_size))
    for i in range(output_size):
        start = (i * length) // output_size
        stop = ((i + 1) * length + output_size - 1) // output_size
        weights[start:stop, i] = 1 / (stop - start)
    return x @ weights


# %% the package question="q4"
from coursepkg.pooling.numpy_layers import adaptive_avg_pool1d


# %% maxima are averages question="q5" violates="a mean knows no places"
holds = ["a", "b", "c"]


# %% believes in places question="q5" violates="a mean knows no places"
holds = ["d"]


# %% in another order question="q5"
holds = ("b", "a")
