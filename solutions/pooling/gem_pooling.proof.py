# %% the root of the sum question="q1" violates="the p-th root of the mean p-th power"
quadratic, root, lonely, sure = 50**0.5, 16, 12, 37

# %% forgets the root question="q1" violates="the p-th root of the mean p-th power"
quadratic, root, lonely, sure = 25, 2, 9, 37

# %% the ordinary mean question="q1" violates="the p-th root of the mean p-th power"
quadratic, root, lonely, sure = 4, 5, 0.75, 37

# %% rounds down question="q1" violates="at least the maximum times n ** (-1 / p)"
quadratic, root, lonely, sure = 5, 4, 3, 36

# %% the side instead of the places question="q1" violates="at least the maximum times n ** (-1 / p)"
quadratic, root, lonely, sure = 5, 4, 3, 19

# %% computed question="q1"
quadratic = np.mean(np.array([1, 7.0]) ** 2) ** 0.5
root = np.mean(np.sqrt([1, 9])) ** 2
lonely = (144 / 16) ** 0.5
sure = next(p for p in range(1, 1000) if 49 ** (-1 / p) >= 0.9)


# %% straight from the formula question="q2" violates="large numbers do not overflow"
def gem_pool2d(x, p):
    return (x**p).mean(axis=(2, 3), keepdims=True) ** (1 / p)


# %% the root of the sum question="q2" violates="a map of equal numbers keeps its number"
def gem_pool2d(x, p):
    return (x**p).sum(axis=(2, 3), keepdims=True) ** (1 / p)


# %% forgets the root question="q2" violates="a map of equal numbers keeps its number"
def gem_pool2d(x, p):
    return (x**p).mean(axis=(2, 3), keepdims=True)


# %% forgets to multiply again question="q2" violates="a map of equal numbers keeps its number"
def gem_pool2d(x, p):
    top = x.max(axis=(2, 3), keepdims=True)
    return ((x / top) ** p).mean(axis=(2, 3), keepdims=True) ** (1 / p)


# %% the mean to the power of p question="q2" violates="the p-th root of the mean p-th power"
def gem_pool2d(x, p):
    return (x.mean(axis=(2, 3), keepdims=True) ** p) ** (1 / p)


# %% the maximum question="q2" violates="p = 1 is the average"
def gem_pool2d(x, p):
    return x.max(axis=(2, 3), keepdims=True)


# %% loses the axes question="q2" violates="has the right shape"
def gem_pool2d(x, p):
    top = x.max(axis=(2, 3), keepdims=True)
    return ((x / top) ** p).mean(axis=(2, 3)) ** (1 / p) * top[:, :, 0, 0]


# %% raises small numbers to eps question="q2" violates="small numbers do not vanish"
def gem_pool2d(x, p):
    x = np.maximum(x, 1e-6)
    top = x.max(axis=(2, 3), keepdims=True)
    return top * ((x / top) ** p).mean(axis=(2, 3), keepdims=True) ** (1 / p)


# %% divides x itself question="q2" violates="inputs are not modified"
def gem_pool2d(x, p):
    top = x.max(axis=(2, 3), keepdims=True)
    x /= top
    return top * (x**p).mean(axis=(2, 3), keepdims=True) ** (1 / p)


# %% one maximum for all maps question="q2" violates="small numbers do not vanish" caught_by="hidden"
def gem_pool2d(x, p):
    top = x.max()
    return top * ((x / top) ** p).mean(axis=(2, 3), keepdims=True) ** (1 / p)


# %% by logarithms question="q2"
def gem_pool2d(x, p):
    n, c = x.shape[:2]
    logs = p * np.log(x.reshape(n, c, -1))
    total = np.logaddexp.reduce(logs, axis=2) - np.log(logs.shape[2])
    return np.exp(total / p).reshape(n, c, 1, 1)


# %% map by map question="q2"
def gem_pool2d(x, p):
    y = np.empty((*x.shape[:2], 1, 1))
    for n, c in np.ndindex(y.shape[:2]):
        top = np.amax(x[n, c])
        y[n, c] = top * np.power(np.mean([(value / top) ** p for value in x[n, c].flat]), 1 / p)
    return y


# %% in float32 question="q2"
def gem_pool2d(x, p):
    top = np.max(x, axis=(-2, -1), keepdims=True)
    ratio = (x / top).astype(np.float32)
    return np.mean(ratio**p, axis=(-2, -1), keepdims=True) ** (1 / p) * top


# %% the package question="q2"
from coursepkg.pooling import numpy_layers


def gem_pool2d(x, p):
    return numpy_layers.gem_pool2d(x, p, eps=np.finfo(x.dtype).tiny)


# %% the same share for all question="q3" violates="dx agrees with finite differences"
def gem_pool2d_backward(dy, x, p):
    return np.ones_like(x) * dy / (x.shape[2] * x.shape[3])


# %% all of it to the largest question="q3" violates="p = 1 gives every place the same share"
def gem_pool2d_backward(dy, x, p):
    return dy * (x == x.max(axis=(2, 3), keepdims=True))


# %% forgets the number of places question="q3" violates="p = 1 gives every place the same share"
def gem_pool2d_backward(dy, x, p):
    return dy * (x / gem_pool2d(x, p)) ** (p - 1)


# %% a power too high question="q3" violates="p = 1 gives every place the same share"
def gem_pool2d_backward(dy, x, p):
    return dy * (x / gem_pool2d(x, p)) ** p / (x.shape[2] * x.shape[3])


# %% forgets the root question="q3" violates="dx agrees with finite differences"
def gem_pool2d_backward(dy, x, p):
    return dy * p * x ** (p - 1) / (x.shape[2] * x.shape[3])


# %% divides by the maximum instead question="q3" violates="dx agrees with finite differences"
def gem_pool2d_backward(dy, x, p):
    top = x.max(axis=(2, 3), keepdims=True)
    return dy * (x / top) ** (p - 1) / (x.shape[2] * x.shape[3])


# %% two powers question="q3" violates="the gradient does not depend on the scale"
def gem_pool2d_backward(dy, x, p):
    y = gem_pool2d(x, p)
    return dy * y ** (1 - p) * x ** (p - 1) / (x.shape[2] * x.shape[3])


# %% a column of shares question="q3" violates="has the right shape"
def gem_pool2d_backward(dy, x, p):
    ratio = (x / gem_pool2d(x, p)) ** (p - 1)
    return dy * ratio.mean(axis=(2, 3), keepdims=True)


# %% shares of the powers question="q3"
def gem_pool2d_backward(dy, x, p):
    powers = (x / x.max(axis=(2, 3), keepdims=True)) ** p
    share = powers / powers.sum(axis=(2, 3), keepdims=True)
    return dy * gem_pool2d(x, p) * share / x


# %% map by map, by logarithms question="q3"
def gem_pool2d_backward(dy, x, p):
    y = gem_pool2d(x, p)
    dx = np.zeros(x.shape, dtype=np.float32)
    for n, c in np.ndindex(x.shape[:2]):
        dx[n, c] = dy[n, c, 0, 0] * np.exp((p - 1) * np.log(x[n, c] / y[n, c])) / x[n, c].size
    return dx


# %% the package question="q3"
from coursepkg.pooling import numpy_layers


def gem_pool2d_backward(dy, x, p):
    return numpy_layers.gem_pool2d_backward(dy, x, p, eps=np.finfo(x.dtype).tiny)[0]


# %% only the powers depend on p question="q4" violates="p does nothing to a map of equal numbers"
def gem_pool2d_backward_p(dy, x, p):
    y = gem_pool2d(x, p)
    return (dy * y / p * ((x / y) ** p * np.log(x)).mean(axis=(2, 3), keepdims=True)).sum()


# %% only the root depends on p question="q4" violates="p does nothing to a map of equal numbers"
def gem_pool2d_backward_p(dy, x, p):
    y = gem_pool2d(x, p)
    return (-dy * y * np.log(y) / p).sum()


# %% forgets to divide by p question="q4" violates="the gradient for p agrees with finite differences"
def gem_pool2d_backward_p(dy, x, p):
    y = gem_pool2d(x, p)
    return (dy * y * ((x / y) ** p * np.log(x / y)).mean(axis=(2, 3), keepdims=True)).sum()


# %% the sign turned question="q4" violates="a larger p never gives less"
def gem_pool2d_backward_p(dy, x, p):
    y = gem_pool2d(x, p)
    return (dy * y / p * ((x / y) ** p * np.log(y / x)).mean(axis=(2, 3), keepdims=True)).sum()


# %% without the powers question="q4" violates="a larger p never gives less"
def gem_pool2d_backward_p(dy, x, p):
    y = gem_pool2d(x, p)
    return (dy * y / p * np.log(x / y).mean(axis=(2, 3), keepdims=True)).sum()


# %% one number for each map question="q4" violates="is a number"
def gem_pool2d_backward_p(dy, x, p):
    y = gem_pool2d(x, p)
    return dy * y / p * ((x / y) ** p * np.log(x / y)).mean(axis=(2, 3), keepdims=True)


# %% overflows question="q4" violates="large numbers do not overflow" caught_by="hidden"
def gem_pool2d_backward_p(dy, x, p):
    with np.errstate(over="ignore", invalid="ignore"):
        powers = x**p
        mean = powers.mean(axis=(2, 3), keepdims=True)
        logs = (powers * np.log(x)).mean(axis=(2, 3), keepdims=True) / mean
        return (dy * gem_pool2d(x, p) / p * (logs - np.log(mean) / p)).sum()


# %% with shares of the powers question="q4"
def gem_pool2d_backward_p(dy, x, p):
    y = gem_pool2d(x, p)
    powers = (x / x.max(axis=(2, 3), keepdims=True)) ** p
    share = powers / powers.sum(axis=(2, 3), keepdims=True)
    logs = (share * np.log(x)).sum(axis=(2, 3), keepdims=True)
    return float(np.sum(dy * y / p * (logs - np.log(y))))


# %% as a mean of u ln u, map by map question="q4"
def gem_pool2d_backward_p(dy, x, p):
    y, total = gem_pool2d(x, p), 0.0
    for n, c in np.ndindex(x.shape[:2]):
        u = (x[n, c] / y[n, c]) ** p
        total += dy[n, c] * y[n, c] / p**2 * np.mean([v * np.log(v) if v > 0 else 0 for v in u.flat])
    return total


# %% the package question="q4"
from coursepkg.pooling import numpy_layers


def gem_pool2d_backward_p(dy, x, p):
    return numpy_layers.gem_pool2d_backward(dy, x, p, eps=np.finfo(x.dtype).tiny)[1]
