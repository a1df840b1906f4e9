# %% one coin for every pixel question="q1" violates="a channel is dropped whole"
def channel_dropout(x, p, rng):
    mask = rng.random(x.shape) >= p
    return (x * mask / (1 - p) if p < 1 else np.zeros_like(x)), mask


# %% one coin for every place, shared by the channels question="q1" violates="a channel is dropped whole"
def channel_dropout(x, p, rng):
    N, C, H, W = x.shape
    mask = rng.random((N, 1, H, W)) >= p
    return (x * mask / (1 - p) if p < 1 else np.zeros_like(x)), mask


# %% one set of coins for the whole batch question="q1" violates="each unit has its own coin"
def channel_dropout(x, p, rng):
    N, C, H, W = x.shape
    mask = np.repeat(rng.random((1, C, 1, 1)) >= p, N, axis=0)
    return (x * mask / (1 - p) if p < 1 else np.zeros_like(x)), mask


# %% one coin for all channels of a picture question="q1" violates="each unit has its own coin"
def channel_dropout(x, p, rng):
    N, C, H, W = x.shape
    mask = np.repeat(rng.random((N, 1, 1, 1)) >= p, C, axis=1)
    return (x * mask / (1 - p) if p < 1 else np.zeros_like(x)), mask


# %% forgets to rescale question="q1" violates="survivors are scaled by 1 / (1 - p)"
def channel_dropout(x, p, rng):
    mask = rng.random((*x.shape[:2], 1, 1)) >= p
    return x * mask, mask


# %% divides by the share that happened to be kept question="q1" violates="survivors are scaled by 1 / (1 - p)"
def channel_dropout(x, p, rng):
    mask = rng.random((*x.shape[:2], 1, 1)) >= p
    return x * mask / max(mask.mean(), 1e-9), mask


# %% keeps with probability p question="q1" violates="p is the probability of dropping"
def channel_dropout(x, p, rng):
    mask = rng.random((*x.shape[:2], 1, 1)) < p
    return (x * mask / (1 - p) if p < 1 else np.zeros_like(x)), mask


# %% a flat mask question="q1" violates="has the right shape"
def channel_dropout(x, p, rng):
    mask = rng.random(x.shape[:2]) >= p
    return (x * mask[:, :, None, None] / (1 - p) if p < 1 else np.zeros_like(x)), mask


# %% returns the scaled mask question="q1" violates="a mask is boolean"
def channel_dropout(x, p, rng):
    if p == 1:
        return np.zeros_like(x), np.zeros((*x.shape[:2], 1, 1))
    mask = (rng.random((*x.shape[:2], 1, 1)) >= p) / (1 - p)
    return x * mask, mask


# %% returns a second draw question="q1" violates="the mask returned is the one applied"
def channel_dropout(x, p, rng):
    first, second = (rng.random((*x.shape[:2], 1, 1)) >= p for _ in range(2))
    return (x * first / (1 - p) if p < 1 else np.zeros_like(x)), second


# %% returns what was dropped question="q1" violates="the mask returned is the one applied"
def channel_dropout(x, p, rng):
    dropped = rng.random((*x.shape[:2], 1, 1)) < p
    return (x * ~dropped / (1 - p) if p < 1 else np.zeros_like(x)), dropped


# %% a generator of its own question="q1" violates="the generator decides"
def channel_dropout(x, p, rng):
    mask = np.random.default_rng().random((*x.shape[:2], 1, 1)) >= p
    return (x * mask / (1 - p) if p < 1 else np.zeros_like(x)), mask


# %% divides by zero where p is 1 question="q1" violates="p = 1 gives zeros"
def channel_dropout(x, p, rng):
    mask = rng.random((*x.shape[:2], 1, 1)) >= p
    return x * mask / np.float64(1 - p), mask


# %% zeros written into x question="q1" violates="inputs are not modified"
def channel_dropout(x, p, rng):
    mask = rng.random((*x.shape[:2], 1, 1)) >= p
    x *= mask
    return (x / (1 - p) if p < 1 else x), mask


# %% forgets the mask question="q1" violates="returns (y, mask)"
def channel_dropout(x, p, rng):
    mask = rng.random((*x.shape[:2], 1, 1)) >= p
    return x * mask / (1 - p) if p < 1 else np.zeros_like(x)


# %% channel by channel question="q1"
def channel_dropout(x, p, rng):
    N, C, H, W = x.shape
    y, mask = np.zeros_like(x), np.zeros((N, C, 1, 1), dtype=bool)
    for n in range(N):
        for c in range(C):
            if rng.random() >= p:
                mask[n, c] = True
                y[n, c] = x[n, c] / (1 - p)
    return y, mask


# %% binomial coins, np.where, float32 question="q1"
def channel_dropout(x, p, rng):
    mask = rng.binomial(1, 1 - p, x.shape[:2]).astype(bool).reshape(*x.shape[:2], 1, 1)
    return np.where(mask, x.astype(np.float32) * np.float32(1 / max(1 - p, 1e-6)), 0), mask


# %% the package question="q1"
from coursepkg.dropout.numpy_layers import Dropout2d, sample_mask


def channel_dropout(x, p, rng):
    mask = sample_mask((*x.shape[:2], 1, 1), p, rng)
    return Dropout2d(p).forward(x, mask), mask


# %% forgets the mask in backward question="q2" violates="a dropped channel passes nothing back"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] / (1 - p) / (height * width) * np.ones((height, width))


# %% takes the mask for what was dropped question="q2" violates="a dropped channel passes nothing back"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * ~mask / (1 - p) / (height * width) * np.ones((height, width))


# %% forgets the scale question="q2" violates="each pixel of a survivor gets dy / (1 - p) / (height * width)"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * mask / (height * width) * np.ones((height, width))


# %% forgets the average question="q2" violates="each pixel of a survivor gets dy / (1 - p) / (height * width)"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * mask / (1 - p) * np.ones((height, width))


# %% spreads over nothing question="q2" violates="has the right shape"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * mask / (1 - p) / (height * width)


# %% averages over the batch as well question="q2" violates="each pixel of a survivor gets dy / (1 - p) / (height * width)"
def pooled_backward(dy, mask, p, height, width):
    each = dy[:, :, None, None] * mask / (1 - p) / (height * width * len(dy))
    return each * np.ones((height, width))


# %% takes width for height question="q2" violates="each pixel of a survivor gets dy / (1 - p) / (height * width)"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * mask / (1 - p) / width**2 * np.ones((height, width))


# %% drops into dy question="q2" violates="inputs are not modified"
def pooled_backward(dy, mask, p, height, width):
    dy *= mask[:, :, 0, 0]
    return np.repeat(dy[:, :, None, None], height * width, axis=2).reshape(*dy.shape, height, width) / (
        (1 - p) * height * width
    )


# %% the variance in place of the deviation question="q2" violates="the noise of an average falls with the root of its coins"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * mask / (1 - p) / (height * width) * np.ones((height, width))


noise_pixels = 0.25 / 49
noise_map = 0.25


# %% the same noise for both question="q2" violates="the noise of an average falls with the root of its coins"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * mask / (1 - p) / (height * width) * np.ones((height, width))


noise_pixels = 0.5
noise_map = 0.5


# %% bare coins, never rescaled question="q2" violates="the noise of an average falls with the root of its coins"
def pooled_backward(dy, mask, p, height, width):
    return dy[:, :, None, None] * mask / (1 - p) / (height * width) * np.ones((height, width))


noise_pixels = np.sqrt(0.2 * 0.8 / 49)
noise_map = np.sqrt(0.2 * 0.8)


# %% broadcast, and the noise drawn question="q2"
def pooled_backward(dy, mask, p, height, width):
    small = np.where(mask, dy.reshape(*dy.shape, 1, 1), 0) / ((1 - p) * height * width)
    return np.broadcast_to(small, (*dy.shape, height, width))


draws = np.random.default_rng(0).random((50000, 49)) >= 0.2
noise_pixels = (draws.mean(axis=1) / 0.8).std()
noise_map = (draws[:, 0] / 0.8).std()


# %% channel by channel, and the noise by typing question="q2"
def pooled_backward(dy, mask, p, height, width):
    dx = np.zeros((*dy.shape, height, width))
    for n, c in np.ndindex(*dy.shape):
        if mask[n, c, 0, 0]:
            dx[n, c] = dy[n, c] / (1 - p) / dx[n, c].size
    return dx


noise_pixels, noise_map = 1 / 14, 0.5


# %% the package question="q2"
from coursepkg.dropout.numpy_layers import Dropout2d
from coursepkg.pooling.numpy_layers import global_avg_pool_backward


def pooled_backward(dy, mask, p, height, width):
    layer, x = Dropout2d(p), np.ones((*dy.shape, height, width))
    layer.forward(x, mask)
    return layer.backward(global_avg_pool_backward(dy[:, :, None, None], x))


noise_pixels, noise_map = (0.25 / 49) ** 0.5, 0.5


# %% fetches from the opposite edge question="q3" violates="a guess is the mean of the neighbors there are"
def fill(x, mask):
    def around(a):
        return sum(np.roll(a, step, axis) for step in (-1, 1) for axis in (2, 3))

    return around(x * mask) / np.maximum(around(mask.astype(int)), 1)


# %% always divides by four question="q3" violates="a guess is the mean of the neighbors there are"
def fill(x, mask):
    a = np.pad(x * mask, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return (a[:, :, :-2, 1:-1] + a[:, :, 2:, 1:-1] + a[:, :, 1:-1, :-2] + a[:, :, 1:-1, 2:]) / 4


# %% leaves kept pixels as they are question="q3" violates="a guess is the mean of the neighbors there are"
def fill(x, mask):
    def around(a):
        a = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return a[:, :, :-2, 1:-1] + a[:, :, 2:, 1:-1] + a[:, :, 1:-1, :-2] + a[:, :, 1:-1, 2:]

    return np.where(mask, x, around(x * mask) / np.maximum(around(mask.astype(int)), 1))


# %% asks the diagonal as well question="q3" violates="above, below, left and right are asked"
def fill(x, mask):
    def around(a):
        H, W = a.shape[2:]
        b = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return sum(b[:, :, i : i + H, j : j + W] for i in range(3) for j in range(3)) - a

    return around(x * mask) / np.maximum(around(mask.astype(int)), 1)


# %% counts the dropped as zeros question="q3" violates="only survivors are asked"
def fill(x, mask):
    def around(a):
        a = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return a[:, :, :-2, 1:-1] + a[:, :, 2:, 1:-1] + a[:, :, 1:-1, :-2] + a[:, :, 1:-1, 2:]

    return around(x * mask) / np.maximum(around(np.ones(x.shape)), 1)


# %% asks the dropped question="q3" violates="only survivors are asked"
def fill(x, mask):
    def around(a):
        a = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return a[:, :, :-2, 1:-1] + a[:, :, 2:, 1:-1] + a[:, :, 1:-1, :-2] + a[:, :, 1:-1, 2:]

    return around(x) / np.maximum(around(np.ones(x.shape)), 1)


# %% nobody over nobody question="q3" violates="without a surviving neighbor the guess is 0"
def fill(x, mask):
    def around(a):
        a = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return a[:, :, :-2, 1:-1] + a[:, :, 2:, 1:-1] + a[:, :, 1:-1, :-2] + a[:, :, 1:-1, 2:]

    return around(x * mask) / around(mask.astype(int))


# %% adds booleans question="q3" violates="a guess is the mean of the neighbors there are"
def fill(x, mask):
    def around(a):
        a = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return a[:, :, :-2, 1:-1] + a[:, :, 2:, 1:-1] + a[:, :, 1:-1, :-2] + a[:, :, 1:-1, 2:]

    return around(x * mask) / np.maximum(around(mask), 1)


# %% asks the channel beside it question="q3" violates="every channel is asked for itself" caught_by="hidden"
def fill(x, mask):
    def around(a):
        a = np.pad(a.sum(axis=1, keepdims=True), ((0, 0), (0, 0), (1, 1), (1, 1)))
        return a[:, :, :-2, 1:-1] + a[:, :, 2:, 1:-1] + a[:, :, 1:-1, :-2] + a[:, :, 1:-1, 2:]

    return around(x * mask) / np.maximum(around(mask.astype(int)), 1) * np.ones(x.shape)


# %% pixel by pixel question="q3"
def fill(x, mask):
    guess, (H, W) = np.zeros_like(x), x.shape[2:]
    for n, c, i, j in np.ndindex(*x.shape):
        found = []
        for k, m in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            if 0 <= k < H and 0 <= m < W and mask[n, c, k, m]:
                found.append(x[n, c, k, m])
        guess[n, c, i, j] = sum(found) / len(found) if found else 0
    return guess


# %% a convolution, in float32 question="q3"
def fill(x, mask):
    from scipy.ndimage import convolve

    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=np.float32)[None, None]
    kept = convolve((x * mask).astype(np.float32), cross, mode="constant")
    count = convolve(mask.astype(np.float32), cross, mode="constant")
    return np.divide(kept, count, out=np.zeros_like(kept), where=count > 0)


# %% neighbors below one another, flattened question="q4" violates="neighboring pixels are much alike"
neighbors = np.corrcoef(x.ravel()[:-2], x.ravel()[2:])[0, 1]


# %% recovered among all pixels question="q4" violates="the share is one of the dropped pixels"
def recovered(x, mask):
    return 1 - ((fill(x, mask) - x) ** 2)[~mask].sum() / (x**2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)


# %% measured at the kept pixels question="q4" violates="the share is one of the dropped pixels"
def recovered(x, mask):
    return 1 - ((fill(x, mask) - x)[mask] ** 2).sum() / (x[mask] ** 2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)


# %% asks the dropped pixels question="q4" violates="the share is one of the dropped pixels"
def recovered(x, mask):
    return 1 - ((fill(x, ~mask) - x)[~mask] ** 2).sum() / (x[~mask] ** 2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)


# %% the share of squares that is left question="q4" violates="the share is one of the dropped pixels"
def recovered(x, mask):
    return ((fill(x, mask) - x)[~mask] ** 2).sum() / (x[~mask] ** 2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)


# %% thinks that a share is never negative question="q4" violates="strangers mislead"
def recovered(x, mask):
    return 1 - ((fill(x, mask) - x)[~mask] ** 2).sum() / (x[~mask] ** 2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)
share_shuffled = max(0.0, recovered(shuffled, pixels))


# %% kept maps counted as dropped question="q4" violates="a dropped map leaves nobody to ask"
def recovered(x, mask):
    return 1 - ((fill(x, mask) - x)[~mask] ** 2).sum() / (x[~mask] ** 2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)
share_shuffled = recovered(shuffled, pixels)
share_maps = 1 - ((fill(x, maps) - x) ** 2).sum() / (x**2).sum()


# %% rows are enough question="q4" violates="nothing is left in the map if the map has one coin"
def recovered(x, mask):
    return 1 - ((fill(x, mask) - x)[~mask] ** 2).sum() / (x[~mask] ** 2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)
share_shuffled = recovered(shuffled, pixels)
share_maps = recovered(x, maps)
leave_nothing = ["(N, C, 1, 1)", "(N, 1, 1, 1)", "(N, C, H, 1)"]


# %% forgets the mask that takes all maps question="q4" violates="nothing is left in the map if the map has one coin"
def recovered(x, mask):
    return 1 - ((fill(x, mask) - x)[~mask] ** 2).sum() / (x[~mask] ** 2).sum()


neighbors = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
share_pixels = recovered(x, pixels)
share_shuffled = recovered(shuffled, pixels)
share_maps = recovered(x, maps)
leave_nothing = ["(N, C, 1, 1)"]


# %% sums over everything, with zeros where nothing was dropped question="q4"
def squares(a, mask):
    return float(np.sum(np.where(mask, 0, a) ** 2))


a, b = x[:, :, :, :27] - x[:, :, :, :27].mean(), x[:, :, :, 1:] - x[:, :, :, 1:].mean()
neighbors = (a * b).mean() / (a.std() * b.std())
share_pixels, share_shuffled, share_maps = (
    1 - squares(fill(data, mask) - data, mask) / squares(data, mask)
    for data, mask in ((x, pixels), (shuffled, pixels), (x, maps))
)
leave_nothing = ("(N, 1, 1, 1)", "(N, C, 1, 1)")
