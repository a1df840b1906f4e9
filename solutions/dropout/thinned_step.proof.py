# %% rows only question="q1" violates="only survivors are left"
def cut(params, masks):
    rows = [*masks, np.ones(len(params[-1][1]), bool)]
    return [(W[keep], b[keep]) for (W, b), keep in zip(params, rows)]


# %% forgets the biases question="q1" violates="only survivors are left"
def cut(params, masks):
    there = [np.ones(params[0][0].shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    return [(W[there[i + 1]][:, there[i]], b) for i, (W, b) in enumerate(params)]


# %% zeros in place of deleted units question="q1" violates="only survivors are left"
def cut(params, masks):
    small = [(W.copy(), b.copy()) for W, b in params]
    for i, mask in enumerate(masks):
        small[i][0][~mask] = 0
        small[i][1][~mask] = 0
        small[i + 1][0][:, ~mask] = 0
    return small


# %% keeps what should go question="q1" violates="survivors keep their weights"
def cut(params, masks):
    there = [np.ones(params[0][0].shape[1], bool), *[~m for m in masks], np.ones(len(params[-1][1]), bool)]
    return [(W[there[i + 1]][:, there[i]], b[there[i + 1]]) for i, (W, b) in enumerate(params)]


# %% the first so many in place of the kept ones question="q1" violates="survivors keep their weights"
def cut(params, masks):
    widths = [params[0][0].shape[1], *[m.sum() for m in masks], len(params[-1][1])]
    return [(W[: widths[i + 1], : widths[i]], b[: widths[i + 1]]) for i, (W, b) in enumerate(params)]


# %% two masks in one pair of brackets question="q1" violates="only survivors are left"
def cut(params, masks):
    there = [np.ones(params[0][0].shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    return [(W[there[i + 1], there[i]], b[there[i + 1]]) for i, (W, b) in enumerate(params)]


# %% scales up what is left question="q1" violates="survivors keep their weights"
def cut(params, masks):
    there = [np.ones(params[0][0].shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    return [
        (W[there[i + 1]][:, there[i]] / there[i].mean(), b[there[i + 1]]) for i, (W, b) in enumerate(params)
    ]


# %% np.delete along each axis question="q1"
def cut(params, masks):
    small = [list(layer) for layer in params]
    for i, mask in enumerate(masks):
        gone = np.flatnonzero(~mask)
        small[i][0] = np.delete(small[i][0], gone, axis=0)
        small[i][1] = np.delete(small[i][1], gone)
        small[i + 1][0] = np.delete(small[i + 1][0], gone, axis=1)
    return [tuple(layer) for layer in small]


# %% by loops over indices question="q1"
def cut(params, masks):
    small, columns = [], list(range(params[0][0].shape[1]))
    for i, (W, b) in enumerate(params):
        rows = [j for j in range(len(b)) if i == len(masks) or masks[i][j]]
        new_W = np.empty((len(rows), len(columns)), W.dtype)
        for r, row in enumerate(rows):
            for c, column in enumerate(columns):
                new_W[r, c] = W[row, column]
        small.append([new_W, np.array([b[row] for row in rows], b.dtype)])
        columns = rows
    return tuple(small)


# %% uphill question="q2" violates="weights move by -lr times slope"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params[:-1]:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    W, b = params[-1]
    loss = CrossEntropyLoss()
    value = loss(reads[-1] @ W.T + b, y)
    new, dz = [], loss.backward()
    for (W, b), h in zip(reversed(params), reversed(reads)):
        new.append((W + lr * dz.T @ h, b + lr * dz.sum(axis=0)))
        dz = dz @ W * (h > 0)
    return new[::-1], value


# %% goes back through the new weights question="q2" violates="weights move by -lr times slope"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params[:-1]:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    W, b = params[-1]
    loss = CrossEntropyLoss()
    value = loss(reads[-1] @ W.T + b, y)
    new, dz = [], loss.backward()
    for (W, b), h in zip(reversed(params), reversed(reads)):
        W, b = W - lr * dz.T @ h, b - lr * dz.sum(axis=0)
        new.append((W, b))
        dz = dz @ W * (h > 0)
    return new[::-1], value


# %% forgets ReLU on the way back question="q2" violates="weights move by -lr times slope"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params[:-1]:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    W, b = params[-1]
    loss = CrossEntropyLoss()
    value = loss(reads[-1] @ W.T + b, y)
    new, dz = [], loss.backward()
    for (W, b), h in zip(reversed(params), reversed(reads)):
        new.append((W - lr * dz.T @ h, b - lr * dz.sum(axis=0)))
        dz = dz @ W
    return new[::-1], value


# %% ReLU on the logits question="q2" violates="the loss is the mean cross-entropy"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    loss = CrossEntropyLoss()
    value = loss(reads.pop(), y)
    new, dz = [], loss.backward()
    for (W, b), h in zip(reversed(params), reversed(reads)):
        new.append((W - lr * dz.T @ h, b - lr * dz.sum(axis=0)))
        dz = dz @ W * (h > 0)
    return new[::-1], value


# %% the loss after the step question="q2" violates="the loss is that before the step"
def sgd_step(params, x, y, lr):
    def forward(params):
        reads = [x]
        for W, b in params:
            reads.append(np.maximum(reads[-1], 0 if len(reads) > 1 else -np.inf) @ W.T + b)
        return reads

    reads, loss = forward(params), CrossEntropyLoss()
    loss(reads[-1], y)
    new, dz = [], loss.backward()
    for (W, b), z in zip(reversed(params), reversed(reads[:-1])):
        h = z if z is x else np.maximum(z, 0)
        new.append((W - lr * dz.T @ h, b - lr * dz.sum(axis=0)))
        dz = dz @ W * (z > 0)
    return new[::-1], loss(forward(new[::-1])[-1], y)


# %% averages over the batch once more question="q2" violates="weights move by -lr times slope"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params[:-1]:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    W, b = params[-1]
    loss = CrossEntropyLoss()
    value = loss(reads[-1] @ W.T + b, y)
    new, dz = [], loss.backward() / len(y)
    for (W, b), h in zip(reversed(params), reversed(reads)):
        new.append((W - lr * dz.T @ h, b - lr * dz.sum(axis=0)))
        dz = dz @ W * (h > 0)
    return new[::-1], value


# %% in place question="q2" violates="inputs are not modified"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params[:-1]:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    W, b = params[-1]
    loss = CrossEntropyLoss()
    value = loss(reads[-1] @ W.T + b, y)
    dz = loss.backward()
    for (W, b), h in zip(reversed(params), reversed(reads)):
        below = dz @ W * (h > 0)
        W -= lr * dz.T @ h
        b -= lr * dz.sum(axis=0)
        dz = below
    return params, value


# %% layers from last to first question="q2" violates="every weight is still there"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params[:-1]:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    W, b = params[-1]
    loss = CrossEntropyLoss()
    value = loss(reads[-1] @ W.T + b, y)
    new, dz = [], loss.backward()
    for (W, b), h in zip(reversed(params), reversed(reads)):
        new.append((W - lr * dz.T @ h, b - lr * dz.sum(axis=0)))
        dz = dz @ W * (h > 0)
    return new, value


# %% a softmax that overflows question="q2" violates="the loss is the mean cross-entropy" caught_by="hidden"
def sgd_step(params, x, y, lr):
    reads = [x]
    for W, b in params[:-1]:
        reads.append(np.maximum(reads[-1] @ W.T + b, 0))
    W, b = params[-1]
    odds = np.exp(reads[-1] @ W.T + b)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    value = -np.log(probabilities[np.arange(len(y)), y]).mean()
    new, dz = [], (probabilities - np.eye(len(b))[y]) / len(y)
    for (W, b), h in zip(reversed(params), reversed(reads)):
        new.append((W - lr * dz.T @ h, b - lr * dz.sum(axis=0)))
        dz = dz @ W * (h > 0)
    return new[::-1], value


# %% the package's layers and optimizer question="q2"
def sgd_step(params, x, y, lr):
    from coursepkg.nn import SGD, Linear, ReLU, Sequential

    layers = []
    for W, b in params:
        layers += [Linear(W.shape[1], W.shape[0], dtype=W.dtype), ReLU()]
        layers[-2].load_state_dict({"weight": W, "bias": b})
    net, loss = Sequential(*layers[:-1]), CrossEntropyLoss()
    value = loss(net(x), y)
    net.backward(loss.backward())
    SGD(net, lr).step()
    return [(layer.weight, layer.bias) for layer in layers[::2]], value


# %% everything in float32, recursively question="q2"
def sgd_step(params, x, y, lr):
    def descend(layers, h):
        (W, b), rest = layers[0], layers[1:]
        W, b = W.astype(np.float32), b.astype(np.float32)
        z = h @ W.T + b
        if rest:
            done, value, dh = descend(rest, np.maximum(z, 0))
            dz = np.where(z > 0, dh, np.float32(0))
        else:
            loss = CrossEntropyLoss()
            done, value, dz = [], loss(z, y), loss.backward()
        rate = np.float32(lr)
        return [[W - rate * np.einsum("no,ni->oi", dz, h), b - rate * dz.sum(0)], *done], value, dz @ W

    return descend(params, x.astype(np.float32))[:2]


# %% writes through two pairs of brackets question="q3" violates="survivors take the small network's step"
def thinned_step(params, x, y, masks, lr):
    small, loss = sgd_step(cut(params, masks), x, y, lr)
    there = [np.ones(x.shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    whole = [(W.copy(), b.copy()) for W, b in params]
    for i, (W, b) in enumerate(whole):
        W[there[i + 1]][:, there[i]], b[there[i + 1]] = small[i]
    return whole, loss


# %% returns the small network question="q3" violates="every unit is put back"
def thinned_step(params, x, y, masks, lr):
    return sgd_step(cut(params, masks), x, y, lr)


# %% puts zeros back question="q3" violates="what was deleted comes back as it left"
def thinned_step(params, x, y, masks, lr):
    small, loss = sgd_step(cut(params, masks), x, y, lr)
    there = [np.ones(x.shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    whole = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for i, (W, b) in enumerate(whole):
        W[np.ix_(there[i + 1], there[i])], b[there[i + 1]] = small[i]
    return whole, loss


# %% trains everybody question="q3" violates="what was deleted comes back as it left"
def thinned_step(params, x, y, masks, lr):
    return sgd_step(params, x, y, lr)


# %% writes into the old arrays question="q3" violates="inputs are not modified"
def thinned_step(params, x, y, masks, lr):
    small, loss = sgd_step(cut(params, masks), x, y, lr)
    there = [np.ones(x.shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    whole = list(params)
    for i, (W, b) in enumerate(whole):
        W[np.ix_(there[i + 1], there[i])], b[there[i + 1]] = small[i]
    return whole, loss


# %% weight decay for those who are away question="q3" violates="what was deleted comes back as it left"
def thinned_step(params, x, y, masks, lr):
    small, loss = sgd_step(cut(params, masks), x, y, lr)
    whole = [(W * (1 - lr * 1e-6), b.copy()) for W, b in params]
    there = [np.ones(x.shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    for i, (W, b) in enumerate(whole):
        W[np.ix_(there[i + 1], there[i])], b[there[i + 1]] = small[i]
    return whole, loss


# %% inverted dropout by habit question="q3" violates="the loss is the small network's"
def thinned_step(params, x, y, masks, lr):
    scaled = cut(params, masks)
    scaled[1:] = [(W / m.mean(), b) for (W, b), m in zip(scaled[1:], masks)]
    small, loss = sgd_step(scaled, x, y, lr)
    there = [np.ones(x.shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    whole = [(W.copy(), b.copy()) for W, b in params]
    for i, (W, b) in enumerate(whole):
        W[np.ix_(there[i + 1], there[i])], b[there[i + 1]] = small[i]
    return whole, loss


# %% loses the loss question="q3" violates="returns (params, loss)"
def thinned_step(params, x, y, masks, lr):
    small, loss = sgd_step(cut(params, masks), x, y, lr)
    there = [np.ones(x.shape[1], bool), *masks, np.ones(len(params[-1][1]), bool)]
    whole = [(W.copy(), b.copy()) for W, b in params]
    for i, (W, b) in enumerate(whole):
        W[np.ix_(there[i + 1], there[i])], b[there[i + 1]] = small[i]
    return whole


# %% masks in place of deleting, as libraries do question="q3"
def thinned_step(params, x, y, masks, lr):
    reads = [x]
    for (W, b), mask in zip(params, masks):
        reads.append(np.maximum(reads[-1] @ W.T + b, 0) * mask)
    loss = CrossEntropyLoss()
    value = loss(reads[-1] @ params[-1][0].T + params[-1][1], y)
    new, dz = [], loss.backward()
    for (W, b), h in zip(params[::-1], reads[::-1]):
        new.insert(0, (W - lr * dz.T @ h, b - lr * dz.sum(axis=0)))
        dz = dz @ W * (h > 0)
    return new, value


# %% by numbers of rows and columns question="q3"
def thinned_step(params, x, y, masks, lr):
    trained, loss = sgd_step(cut(params, masks), x, y, lr)
    result, columns = [], list(range(x.shape[1]))
    for i in range(len(params)):
        W, b = np.array(params[i][0]), np.array(params[i][1])
        rows = np.flatnonzero(masks[i]) if i < len(masks) else np.arange(len(b))
        for r, row in enumerate(rows):
            W[row, columns] = trained[i][0][r]
            b[row] = trained[i][1][r]
        result.append([W, b])
        columns = rows
    return result, loss


# %% the package question="q3"
from coursepkg.dropout.numpy_layers import thinned_step


# %% half of everything question="q4" violates="a weight is there if both its ends are"
share_first, share_between, share_last = 0.5, 0.5, 0.5


# %% a quarter of everything question="q4" violates="a weight is there if both its ends are"
share_first, share_between, share_last = 0.25, 0.25, 0.25


# %% as fractions question="q4"
share_first, share_between, share_last = 1 / 2, np.float32(1 / 4), np.array(0.5)
