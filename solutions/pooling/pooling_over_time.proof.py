# %% ignores the lengths question="q1" violates="the largest value of the true part"
def masked_max(x, lengths):
    return x[:, :, : lengths.min()].max(axis=2)


# %% a plain maximum question="q1" violates="what stands in the padding does not matter"
def masked_max(x, lengths):
    return x.max(axis=2)


# %% multiplies by the mask question="q1" violates="padding never wins"
def masked_max(x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    return (x * mask[:, None, :]).max(axis=2)


# %% one place too many question="q1" violates="what stands in the padding does not matter"
def masked_max(x, lengths):
    mask = np.arange(x.shape[2]) <= lengths[:, None]
    return np.where(mask[:, None, :], x, -np.inf).max(axis=2)


# %% one place too few question="q1" violates="the largest value of the true part"
def masked_max(x, lengths):
    mask = np.arange(x.shape[2]) < np.maximum(lengths - 1, 1)[:, None]
    return np.where(mask[:, None, :], x, -np.inf).max(axis=2)


# %% fills the padding of x itself question="q1" violates="inputs are not modified"
def masked_max(x, lengths):
    mask = np.arange(x.shape[2]) >= lengths[:, None, None]
    x[np.broadcast_to(mask, x.shape)] = -np.inf
    return x.max(axis=2)


# %% a low number that is not low enough question="q1" violates="padding never wins" caught_by="hidden"
def masked_max(x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    return np.where(mask[:, None, :], x, -1e4).max(axis=2)


# %% lengths on the wrong axis question="q1" violates="runs without an error"
def masked_max(x, lengths):
    mask = np.arange(x.shape[2]) < lengths
    return np.where(mask[:, None, :], x, -np.inf).max(axis=2)


# %% sentence by sentence question="q1"
def masked_max(x, lengths):
    return np.array([row[:, :length].max(axis=1) for row, length in zip(x, lengths)])


# %% the lowest number of the data type question="q1"
def masked_max(x, lengths):
    padding = np.arange(x.shape[2]) >= np.asarray(lengths).reshape(-1, 1, 1)
    y = x.copy()
    y[np.broadcast_to(padding, x.shape)] = np.finfo(x.dtype).min
    return y.max(-1)


# %% masked arrays question="q1"
def masked_max(x, lengths):
    padding = np.broadcast_to(np.arange(x.shape[2]) >= lengths[:, None, None], x.shape)
    return np.ma.array(x, mask=padding).max(axis=2).filled()


# %% divides by the padded length question="q2" violates="the sum is divided by the true length"
def masked_mean(x, lengths):
    return x.mean(axis=2)


# %% masks, then takes the mean question="q2" violates="the sum is divided by the true length"
def masked_mean(x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return (x * mask).mean(axis=2)


# %% trusts that the padding is zeros question="q2" violates="what stands in the padding does not matter"
def masked_mean(x, lengths):
    return x.sum(axis=2) / lengths[:, None]


# %% divides the channels by the lengths question="q2" violates="the sum is divided by the true length"
def masked_mean(x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return (x * mask).sum(axis=2) / np.resize(lengths, x.shape[1])


# %% counts numbers that are not zero question="q2" violates="what stands in the padding does not matter"
def masked_mean(x, lengths):
    return x.sum(axis=2) / (x != 0).sum(axis=2)


# %% divides by the longest length question="q2" violates="the sum is divided by the true length"
def masked_mean(x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return (x * mask).sum(axis=2) / lengths.max()


# %% cumulative sums question="q2"
def masked_mean(x, lengths):
    total = np.cumsum(x, axis=2)[np.arange(len(x)), :, lengths - 1]
    return total / lengths[:, None]


# %% loops in float32 question="q2"
def masked_mean(x, lengths):
    y = np.zeros(x.shape[:2], np.float32)
    for n, length in enumerate(lengths):
        for c in range(x.shape[1]):
            y[n, c] = sum(x[n, c, :length]) / length
    return y


# %% weights of the true part question="q2"
def masked_mean(x, lengths):
    weights = (np.arange(x.shape[2]) < lengths[:, None]) / lengths[:, None]
    return np.einsum("ncl,nl->nc", x, weights)


# %% the winner of the padded sentence question="q3" violates="nothing flows into the padding"
def masked_max_backward(dy, x, lengths):
    dx = np.zeros_like(x)
    np.put_along_axis(dx, x.argmax(axis=2)[:, :, None], dy[:, :, None], axis=2)
    return dx


def masked_mean_backward(dy, x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return np.where(mask, dy[:, :, None] / lengths[:, None, None], 0)


# %% a share for the padding question="q3" violates="nothing flows into the padding"
def masked_max_backward(dy, x, lengths):
    time = np.arange(x.shape[2])
    winner = np.where(time < lengths[:, None, None], x, -np.inf).argmax(axis=2)
    return (time == winner[:, :, None]) * dy[:, :, None]


def masked_mean_backward(dy, x, lengths):
    return np.repeat((dy / lengths[:, None])[:, :, None], x.shape[2], axis=2)


# %% the share of a full sentence question="q3" violates="dx agrees with finite differences"
def masked_max_backward(dy, x, lengths):
    time = np.arange(x.shape[2])
    winner = np.where(time < lengths[:, None, None], x, -np.inf).argmax(axis=2)
    return (time == winner[:, :, None]) * dy[:, :, None]


def masked_mean_backward(dy, x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return mask * dy[:, :, None] / x.shape[2]


# %% forgets to share question="q3" violates="dx agrees with finite differences"
def masked_max_backward(dy, x, lengths):
    time = np.arange(x.shape[2])
    winner = np.where(time < lengths[:, None, None], x, -np.inf).argmax(axis=2)
    return (time == winner[:, :, None]) * dy[:, :, None]


def masked_mean_backward(dy, x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return mask * dy[:, :, None]


# %% the maximum shared by all question="q3" violates="dx agrees with finite differences"
def masked_max_backward(dy, x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return mask * dy[:, :, None] / lengths[:, None, None]


def masked_mean_backward(dy, x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return mask * dy[:, :, None] / lengths[:, None, None]


# %% returns dy as it is question="q3" violates="has the right shape"
def masked_max_backward(dy, x, lengths):
    return dy


def masked_mean_backward(dy, x, lengths):
    return dy / lengths[:, None]


# %% sentence by sentence question="q3"
def masked_max_backward(dy, x, lengths):
    dx = np.zeros_like(x)
    for n, length in enumerate(lengths):
        for c in range(x.shape[1]):
            dx[n, c, x[n, c, :length].argmax()] = dy[n, c]
    return dx


def masked_mean_backward(dy, x, lengths):
    dx = np.zeros(x.shape, dtype=np.float32)
    for n, length in enumerate(lengths):
        dx[n, :, :length] = dy[n, :, None] / length
    return dx


# %% compares with the maximum question="q3"
def masked_max_backward(dy, x, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None, None]
    return dy[:, :, None] * (mask & (x == masked_max(x, lengths)[:, :, None]))


def masked_mean_backward(dy, x, lengths):
    weights = (np.arange(x.shape[2]) < lengths[:, None]) / lengths[:, None]
    return np.einsum("nc,nl->ncl", dy, weights)


# %% score 0 in the padding question="q4" violates="equal scores give the mean"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    s = scores * mask
    a = np.exp(s - s.max(axis=1, keepdims=True))
    a = a / a.sum(axis=1, keepdims=True)
    return (x * a[:, None, :]).sum(axis=2)


# %% masks the weights after the softmax question="q4" violates="equal scores give the mean"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    a = np.exp(scores - scores.max(axis=1, keepdims=True))
    a = a / a.sum(axis=1, keepdims=True) * mask
    return (x * a[:, None, :]).sum(axis=2)


# %% overflows question="q4" violates="a very large score picks its column"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        a = np.exp(scores) * mask
        a = a / a.sum(axis=1, keepdims=True)
        return (x * a[:, None, :]).sum(axis=2)


# %% no softmax question="q4" violates="a very large score picks its column"
def attention_pool(x, scores, lengths):
    a = scores * (np.arange(x.shape[2]) < lengths[:, None])
    a = a / a.sum(axis=1, keepdims=True)
    return (x * a[:, None, :]).sum(axis=2)


# %% only the best word question="q4" violates="equal scores give the mean"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    best = np.where(mask, scores, -np.inf).argmax(axis=1)
    return x[np.arange(len(x)), :, best]


# %% sums without dividing question="q4" violates="equal scores give the mean"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    s = np.where(mask, scores, -np.inf)
    a = np.exp(s - s.max(axis=1, keepdims=True))
    return (x * a[:, None, :]).sum(axis=2)


# %% sharpens the scores question="q4" violates="weights are a softmax over the true part"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    s = np.where(mask, 2 * scores, -np.inf)
    a = np.exp(s - s.max(axis=1, keepdims=True))
    a = a / a.sum(axis=1, keepdims=True)
    return (x * a[:, None, :]).sum(axis=2)


# %% subtracts a maximum of the padding question="q4" violates="what stands in the padding does not matter" caught_by="hidden"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    with np.errstate(invalid="ignore"):
        a = np.exp(scores - scores.max(axis=1, keepdims=True)) * mask
        a = a / a.sum(axis=1, keepdims=True)
        return (x * a[:, None, :]).sum(axis=2)


# %% changes the scores question="q4" violates="inputs are not modified"
def attention_pool(x, scores, lengths):
    scores[np.arange(x.shape[2]) >= lengths[:, None]] = -np.inf
    a = np.exp(scores - scores.max(axis=1, keepdims=True))
    a = a / a.sum(axis=1, keepdims=True)
    return (x * a[:, None, :]).sum(axis=2)


# %% sentence by sentence question="q4"
def attention_pool(x, scores, lengths):
    y = []
    for row, s, length in zip(x, scores, lengths):
        a = np.exp(s[:length] - np.max(s[:length]))
        y.append(row[:, :length] @ a / a.sum())
    return np.stack(y)


# %% by log-sum-exp and einsum question="q4"
def attention_pool(x, scores, lengths):
    mask = np.arange(x.shape[2]) < lengths[:, None]
    s = np.where(mask, scores, -np.inf)
    total = np.logaddexp.reduce(s, axis=1)[:, None]
    return np.einsum("ncl,nl->nc", x, np.exp(s - total))
