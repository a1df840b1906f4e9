# %% every network equally likely question="q1" violates="a chance has a factor p per dropped unit, 1 - p per kept one"
def committee(n, p):
    masks = np.array([[i >> j & 1 for j in range(n)] for i in range(2**n)], dtype=bool)
    return masks, np.full(2**n, 0.5**n)


# %% takes p for the chance of keeping question="q1" violates="a chance has a factor p per dropped unit, 1 - p per kept one"
def committee(n, p):
    masks = np.array([[i >> j & 1 for j in range(n)] for i in range(2**n)], dtype=bool)
    return masks, np.where(masks, p, 1 - p).prod(axis=1)


# %% forgets the factors of kept units question="q1" violates="a chance has a factor p per dropped unit, 1 - p per kept one"
def committee(n, p):
    masks = np.array([[i >> j & 1 for j in range(n)] for i in range(2**n)], dtype=bool)
    return masks, p ** (~masks).sum(axis=1)


# %% chance of the number kept, not of the mask question="q1" violates="a chance has a factor p per dropped unit, 1 - p per kept one"
def committee(n, p):
    from math import comb

    masks = np.array([[i >> j & 1 for j in range(n)] for i in range(2**n)], dtype=bool)
    return masks, np.array([comb(n, k) * (1 - p) ** k * p ** (n - k) for k in masks.sum(axis=1)])


# %% leaves out the network that keeps nothing question="q1" violates="has the right shape"
def committee(n, p):
    masks = np.array([[i >> j & 1 for j in range(n)] for i in range(1, 2**n)], dtype=bool)
    return masks, np.where(masks, 1 - p, p).prod(axis=1)


# %% draws as many masks as there are question="q1" violates="every network occurs once"
def committee(n, p):
    masks = np.random.default_rng(0).random((2**n, n)) >= p
    return masks, np.where(masks, 1 - p, p).prod(axis=1)


# %% zeros and ones in place of booleans question="q1" violates="a mask is boolean"
def committee(n, p):
    masks = np.array([[i >> j & 1 for j in range(n)] for i in range(2**n)])
    return masks, np.where(masks == 1, 1 - p, p).prod(axis=1)


# %% logarithms of zero question="q1" violates="a chance has a factor p per dropped unit, 1 - p per kept one" caught_by="hidden"
def committee(n, p):
    masks = np.array([[i >> j & 1 for j in range(n)] for i in range(2**n)], dtype=bool)
    kept = masks.sum(axis=1)
    return masks, np.exp(kept * np.log(np.float64(1 - p)) + (n - kept) * np.log(np.float64(p)))


# %% itertools, and a count of the units kept question="q1"
def committee(n, p):
    from itertools import product

    masks = np.array(list(product([True, False], repeat=n)))
    kept = masks.sum(axis=1)
    return masks, (1 - p) ** kept * p ** (n - kept)


# %% unit by unit, doubling question="q1"
def committee(n, p):
    masks, chances = np.zeros((1, 0), dtype=bool), np.ones(1)
    for _ in range(n):
        column = np.repeat([True, False], len(masks))[:, None]
        masks = np.hstack([np.vstack([masks, masks]), column])
        chances = np.concatenate([chances * (1 - p), chances * p])
    return masks, chances


# %% every vote counts alike question="q2" violates="a network counts as much as its chance"
def two_means(h, W, b, p):
    masks, _ = committee(h.shape[1], p)
    log_p = log_softmax((h * masks[:, None]) @ W.T + b)
    return np.exp(log_p).mean(axis=0), softmax(log_p.mean(axis=0))


# %% divides survivors by 1 - p question="q2" violates="a thinned network is not rescaled"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    log_p = log_softmax((h * masks[:, None] / (1 - p)) @ W.T + b)
    return np.tensordot(chances, np.exp(log_p), 1), softmax(np.tensordot(chances, log_p, 1))


# %% averages logits and calls it arithmetic question="q2" violates="the arithmetic mean is taken over probabilities"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    mean = softmax(np.tensordot(chances, (h * masks[:, None]) @ W.T + b, 1))
    return mean, mean


# %% the two the other way round question="q2" violates="the arithmetic mean is taken over probabilities"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    log_p = log_softmax((h * masks[:, None]) @ W.T + b)
    return softmax(np.tensordot(chances, log_p, 1)), np.tensordot(chances, np.exp(log_p), 1)


# %% never divides by the sum question="q2" violates="the geometric mean is divided by its sum"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    log_p = log_softmax((h * masks[:, None]) @ W.T + b)
    return np.tensordot(chances, np.exp(log_p), 1), np.exp(np.tensordot(chances, log_p, 1))


# %% no exponents question="q2" violates="the geometric mean multiplies probabilities, to the power of the chances"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    probabilities = softmax((h * masks[:, None]) @ W.T + b)
    product = probabilities.prod(axis=0)
    return np.tensordot(chances, probabilities, 1), product / product.sum(axis=1, keepdims=True)


# %% multiplies by the chances in place of raising to them question="q2" violates="the geometric mean multiplies probabilities, to the power of the chances"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    probabilities = softmax((h * masks[:, None]) @ W.T + b)
    root = (probabilities * chances[:, None, None]).prod(axis=0) ** (1 / len(masks))
    return np.tensordot(chances, probabilities, 1), root / root.sum(axis=1, keepdims=True)


# %% divides by the sum over the pictures question="q2" violates="the geometric mean is divided by its sum"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    log_p = log_softmax((h * masks[:, None]) @ W.T + b)
    geometric = np.exp(np.tensordot(chances, log_p, 1))
    return np.tensordot(chances, np.exp(log_p), 1), geometric / geometric.sum(axis=0)


# %% drops into h itself question="q2" violates="inputs are not modified"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    whole, log_p = h.copy(), []
    for mask in masks:
        h[:] = whole * mask
        log_p.append(log_softmax(h @ W.T + b))
    h[:] = 0
    return np.tensordot(chances, np.exp(log_p), 1), softmax(np.tensordot(chances, np.array(log_p), 1))


# %% logarithm of a rounded probability question="q2" violates="large logits stay finite" caught_by="hidden"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    probabilities = softmax((h * masks[:, None]) @ W.T + b)
    logs = np.tensordot(chances, np.log(probabilities), 1)
    geometric = np.exp(logs)
    return np.tensordot(chances, probabilities, 1), geometric / geometric.sum(axis=1, keepdims=True)


# %% returns one of the two question="q2" violates="returns (arithmetic, geometric)"
def two_means(h, W, b, p):
    masks, chances = committee(h.shape[1], p)
    return {"arithmetic": np.tensordot(chances, softmax((h * masks[:, None]) @ W.T + b), 1)}


# %% a loop over networks, and the mean of the logits question="q2"
def two_means(h, W, b, p):
    arithmetic, logits = 0, 0
    for mask, chance in zip(*committee(h.shape[1], p)):
        z = (h * mask) @ W.T + b
        arithmetic = arithmetic + chance * softmax(z)
        logits = logits + chance * z
    return arithmetic, softmax(logits)


# %% deletes columns in place of multiplying question="q2"
def two_means(h, W, b, p):
    arithmetic, geometric = np.zeros((len(h), len(b))), np.zeros((len(h), len(b)))
    for mask, chance in zip(*committee(h.shape[1], p)):
        log_p = log_softmax(h[:, mask] @ W[:, mask].T + b)
        arithmetic += chance * np.exp(log_p)
        geometric += chance * log_p
    geometric = np.exp(geometric - geometric.max(axis=1, keepdims=True))
    return arithmetic, geometric / geometric.sum(axis=1, keepdims=True)


# %% forgets to scale question="q3" violates="one pass equals the geometric mean of all networks"
def one_pass(h, W, b, p):
    return softmax(h @ W.T + b)


# %% scales by p question="q3" violates="at p = 0 it is the network itself"
def one_pass(h, W, b, p):
    return softmax(h @ (p * W).T + b)


# %% scales up question="q3" violates="one pass equals the geometric mean of all networks"
def one_pass(h, W, b, p):
    return softmax(h @ (W / (1 - p)).T + b)


# %% scales the bias as well question="q3" violates="the bias is never dropped, so it is not scaled"
def one_pass(h, W, b, p):
    return softmax((1 - p) * (h @ W.T + b))


# %% scales the probabilities question="q3" violates="probabilities add up to 1"
def one_pass(h, W, b, p):
    return (1 - p) * softmax(h @ W.T + b)


# %% the arithmetic mean question="q3" violates="one pass equals the geometric mean of all networks"
def one_pass(h, W, b, p):
    return two_means(h, W, b, p)[0]


# %% returns the logits question="q3" violates="probabilities add up to 1"
def one_pass(h, W, b, p):
    return h @ ((1 - p) * W).T + b


# %% works for p up to a half only question="q3" violates="one pass equals the geometric mean of all networks" caught_by="hidden"
def one_pass(h, W, b, p):
    return softmax(h @ (max(1 - p, 0.5) * W).T + b)


# %% scales what comes out of the units question="q3"
def one_pass(h, W, b, p):
    return np.exp(log_softmax((h - p * h) @ W.T + b))


# %% class by class, in single precision question="q3"
def one_pass(h, W, b, p):
    z = np.stack([h @ row * (1 - p) + bias for row, bias in zip(W, b)], axis=1).astype(np.float32)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% compares one pass with the geometric mean question="q4" violates="one pass is not the arithmetic mean"
gap = abs(one_pass(h, W, b, 0.3) - two_means(h, W, b, 0.3)[1]).max()


# %% a mean in place of the largest difference question="q4" violates="one pass is not the arithmetic mean"
gap = abs(one_pass(h, W, b, 0.3) - two_means(h, W, b, 0.3)[0]).mean()


# %% the whole network without scaling question="q4" violates="one pass is not the arithmetic mean"
gap = abs(softmax(h @ W.T + b) - two_means(h, W, b, 0.3)[0]).max()


# %% confidence the other way round question="q4" violates="one pass is surer than the arithmetic mean"
gap = abs(one_pass(h, W, b, 0.3) - two_means(h, W, b, 0.3)[0]).max()
surer = (two_means(h, W, b, 0.3)[0].max(1) - one_pass(h, W, b, 0.3).max(1)).mean()


# %% counts probabilities that differ question="q4" violates="a picture is disputed if the largest probability moves"
one, everybody = one_pass(h, W, b, 0.3), two_means(h, W, b, 0.3)[0]
gap = abs(one - everybody).max()
surer = (one.max(1) - everybody.max(1)).mean()
disputed = (one != everybody).any(axis=1).sum()


# %% a share in place of a number question="q4" violates="a picture is disputed if the largest probability moves"
one, everybody = one_pass(h, W, b, 0.3), two_means(h, W, b, 0.3)[0]
gap = abs(one - everybody).max()
surer = (one.max(1) - everybody.max(1)).mean()
disputed = (one.argmax(1) != everybody.argmax(1)).mean()


# %% takes the second network for another first one question="q4" violates="with a ReLU behind the mask one pass is only close"
one, everybody = one_pass(h, W, b, 0.3), two_means(h, W, b, 0.3)[0]
gap = abs(one - everybody).max()
surer = (one.max(1) - everybody.max(1)).mean()
disputed = (one.argmax(1) != everybody.argmax(1)).sum()
gap_relu = abs(one_pass(h2, U @ V, U @ c + d, 0.3) - two_means(h2, U @ V, U @ c + d, 0.3)[1]).max()


# %% scales the last layer in place of the one behind the mask question="q4" violates="with a ReLU behind the mask one pass is only close"
one, everybody = one_pass(h, W, b, 0.3), two_means(h, W, b, 0.3)[0]
gap = abs(one - everybody).max()
surer = (one.max(1) - everybody.max(1)).mean()
disputed = (one.argmax(1) != everybody.argmax(1)).sum()
masks, chances = committee(10, 0.3)
logs = log_softmax(np.maximum((h2 * masks[:, None]) @ V.T + c, 0) @ U.T + d)
second = softmax(np.maximum(h2 @ V.T + c, 0) @ (0.7 * U).T + d)
gap_relu = abs(second - softmax(np.tensordot(chances, logs, 1))).max()


# %% any nonlinearity spoils it question="q4" violates="exact as long as the logits are linear in the mask"
one, everybody = one_pass(h, W, b, 0.3), two_means(h, W, b, 0.3)[0]
gap = abs(one - everybody).max()
surer = (one.max(1) - everybody.max(1)).mean()
disputed = (one.argmax(1) != everybody.argmax(1)).sum()
masks, chances = committee(10, 0.3)
logs = log_softmax(np.maximum((h2 * masks[:, None]) @ V.T + c, 0) @ U.T + d)
second = softmax(np.maximum(h2 @ (0.7 * V).T + c, 0) @ U.T + d)
gap_relu = abs(second - softmax(np.tensordot(chances, logs, 1))).max()
still_exact = ["two linear layers behind the mask", "a p for each unit"]


# %% measured network by network question="q4"
one = np.array([one_pass(picture[None], W, b, 0.3)[0] for picture in h])
everybody = sum(t * softmax((h * m) @ W.T + b) for m, t in zip(*committee(10, 0.3)))
gap = max(abs(one - everybody).ravel())
surer = float(np.mean(one.max(1)) - np.mean(everybody.max(1)))
disputed = sum(int(np.argmax(a) != np.argmax(e)) for a, e in zip(one, everybody))
logits = 0
for m, t in zip(*committee(10, 0.3)):
    logits = logits + t * (np.maximum((h2 * m) @ V.T + c, 0) @ U.T + d)
gap_relu = abs(softmax(np.maximum(0.7 * h2 @ V.T + c, 0) @ U.T + d) - softmax(logits)).max()
still_exact = (
    "one sigmoid output",
    "a p for each unit",
    "two linear layers behind the mask",
    "tanh before the mask",
)
