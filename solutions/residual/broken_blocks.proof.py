# %% copies once question="q1" violates="what one block put out the next does not change"
def outputs_of_blocks(x, weights):
    outputs, x = [], x.copy()
    for weight in weights:
        x += np.maximum(x @ weight.T, 0)
        outputs.append(x)
    return outputs


# %% as it was question="q1" violates="inputs are not modified"
def outputs_of_blocks(x, weights):
    outputs = []
    for weight in weights:
        x += np.maximum(x @ weight.T, 0)
        outputs.append(x.copy())
    return outputs


# %% loses the shortcut question="q1" violates="a block adds to its input"
def outputs_of_blocks(x, weights):
    outputs = []
    for weight in weights:
        x = np.maximum(x @ weight.T, 0)
        outputs.append(x)
    return outputs


# %% adds the first input question="q1" violates="what one block put out the next does not change"
def outputs_of_blocks(x, weights):
    outputs, h = [], x
    for weight in weights:
        h = x + np.maximum(h @ weight.T, 0)
        outputs.append(h)
    return outputs


# %% copies on the way in question="q1"
def outputs_of_blocks(x, weights):
    outputs, h = [], x.copy()
    for weight in weights:
        h += np.maximum(h @ weight.T, 0)
        outputs.append(h.copy())
    return tuple(outputs)


# %% from the last of the list question="q1"
def outputs_of_blocks(x, weights):
    outputs = [x]
    for weight in weights:
        z = outputs[-1] @ weight.T
        outputs.append(np.add(outputs[-1], np.where(z > 0, z, 0)))
    return outputs[1:]


# %% the package question="q1"
from coursepkg.nn import Linear, ReLU, Sequential
from coursepkg.residual.numpy_layers import Residual


def outputs_of_blocks(x, weights):
    outputs = []
    for weight in weights:
        linear = Linear(*weight.shape[::-1], bias=False, dtype=weight.dtype)
        linear.weight[...] = weight
        x = Residual(Sequential(linear, ReLU())).forward(x)
        outputs.append(x)
    return outputs


# %% as it was question="q2" violates="a block can make numbers smaller"
def block(x, w1, w2):
    return np.maximum(branch(x, w1, w2), 0) + x


# %% no ReLU at the end question="q2" violates="the ReLU stands behind the sum"
def block(x, w1, w2):
    return branch(x, w1, w2) + x


# %% a ReLU on the shortcut question="q2" violates="the ReLU stands behind the sum"
def block(x, w1, w2):
    return branch(x, w1, w2) + np.maximum(x, 0)


# %% three ReLUs question="q2" violates="a block can make numbers smaller"
def block(x, w1, w2):
    return np.maximum(np.maximum(branch(x, w1, w2), 0) + x, 0)


# %% the shortcut starts behind the first layer question="q2" violates="a block can make numbers smaller"
def block(x, w1, w2):
    h = np.maximum(x @ w1.T, 0)
    return np.maximum(h @ w2.T, 0) + h


# %% clips its own array question="q2"
def block(x, w1, w2):
    y = x + branch(x, w1, w2)
    y[y < 0] = 0
    return y


# %% in one line question="q2"
def block(x, w1, w2):
    return (np.einsum("nm,om->no", (x @ w1.T).clip(0), w2) + x).clip(min=0)


# %% the package question="q2"
from coursepkg.nn import Linear, ReLU, Sequential
from coursepkg.residual.numpy_layers import Residual


def build(w1, w2):
    layers = [Linear(*w.shape[::-1], bias=False, dtype=w.dtype) for w in (w1, w2)]
    for layer, w in zip(layers, (w1, w2)):
        layer.weight[...] = w
    return Residual(Sequential(layers[0], ReLU(), layers[1]))


def block(x, w1, w2):
    return Sequential(build(w1, w2), ReLU()).forward(x)


# %% as it was question="q3" violates="the input arrives where shapes differ, too"
def wider_block(x, w1, w2):
    y = branch(x, w1, w2)
    return y + x if y.shape == x.shape else y


# %% zeros in front question="q3" violates="the input arrives where shapes differ, too"
def wider_block(x, w1, w2):
    y = branch(x, w1, w2)
    y[:, -x.shape[1] :] += x
    return y


# %% repeats x question="q3" violates="the input arrives where shapes differ, too"
def wider_block(x, w1, w2):
    return branch(x, w1, w2) + np.resize(x, (len(x), len(w2)))


# %% replaces in place of adding question="q3" violates="the input is added to the branch"
def wider_block(x, w1, w2):
    y = branch(x, w1, w2)
    y[:, : x.shape[1]] = x
    return y


# %% a ReLU behind the sum question="q3" violates="the input is added to the branch"
def wider_block(x, w1, w2):
    y = branch(x, w1, w2)
    y[:, : x.shape[1]] += x
    return np.maximum(y, 0)


# %% pads first question="q3"
def wider_block(x, w1, w2):
    padded = np.zeros((len(x), len(w2)), x.dtype)
    padded[:, : x.shape[1]] = x
    return branch(x, w1, w2) + padded


# %% with a wide identity question="q3"
def wider_block(x, w1, w2):
    return branch(x, w1, w2) + x @ np.eye(x.shape[1], len(w2))


# %% the package question="q3"
from coursepkg.nn import Conv2d, ReLU, Sequential
from coursepkg.residual.numpy_layers import PaddedShortcut, Residual


def wider(w1, w2):
    layers = [
        Conv2d(*w.shape[::-1], 1, bias=False, dtype=w.dtype) for w in (w1, w2)
    ]
    for layer, w in zip(layers, (w1, w2)):
        layer.weight[...] = w[:, :, None, None]
    return Residual(Sequential(layers[0], ReLU(), layers[1]), PaddedShortcut(w1.shape[1], len(w2)))


def wider_block(x, w1, w2):
    return wider(w1, w2).forward(x[:, :, None, None])[:, :, 0, 0]


# %% as it was question="q4" violates="the shortcut hands back what it handed on"
def wider_block_backward(dy, x, w1, w2):
    dz = (dy @ w2) * (x @ w1.T > 0)
    return dz @ w1


# %% the last numbers question="q4" violates="the shortcut hands back what it handed on"
def wider_block_backward(dy, x, w1, w2):
    dz = (dy @ w2) * (x @ w1.T > 0)
    return dz @ w1 + dy[:, -x.shape[1] :]


# %% all of dy, added up question="q4" violates="the shortcut hands back what it handed on"
def wider_block_backward(dy, x, w1, w2):
    dz = (dy @ w2) * (x @ w1.T > 0)
    return dz @ w1 + dy.sum(axis=1, keepdims=True)


# %% no ReLU question="q4" violates="the gradient comes back along both ways"
def wider_block_backward(dy, x, w1, w2):
    return dy @ w2 @ w1 + dy[:, : x.shape[1]]


# %% in place on its own array question="q4"
def wider_block_backward(dy, x, w1, w2):
    dx = dy[:, : x.shape[1]].copy()
    dx += np.where(x @ w1.T > 0, dy @ w2, 0) @ w1
    return dx


# %% row by row question="q4"
def wider_block_backward(dy, x, w1, w2):
    wide = np.eye(len(w2), x.shape[1])
    return np.array([row @ (w2 @ np.diag(1.0 * (w1 @ one > 0)) @ w1 + wide) for row, one in zip(dy, x)])


# %% the package question="q4"
from coursepkg.nn import Conv2d, ReLU, Sequential
from coursepkg.residual.numpy_layers import PaddedShortcut, Residual


def wider(w1, w2):
    layers = [
        Conv2d(*w.shape[::-1], 1, bias=False, dtype=w.dtype) for w in (w1, w2)
    ]
    for layer, w in zip(layers, (w1, w2)):
        layer.weight[...] = w[:, :, None, None]
    return Residual(Sequential(layers[0], ReLU(), layers[1]), PaddedShortcut(w1.shape[1], len(w2)))


def wider_block_backward(dy, x, w1, w2):
    layer = wider(w1, w2)
    layer.forward(x[:, :, None, None])
    return layer.backward(dy[:, :, None, None])[:, :, 0, 0]
