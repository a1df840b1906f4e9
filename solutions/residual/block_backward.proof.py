# %% forgets the shortcut question="q1" violates="each block multiplies by 1 plus its branch's slope"
three, dead, undone, plain = 0.125, 0, -1, 0.125

# %% adds up instead of multiplying question="q1" violates="each block multiplies by 1 plus its branch's slope"
three, dead, undone, plain = 4.5, 5, 0, 0.125

# %% adds up the slopes question="q1" violates="each block multiplies by 1 plus its branch's slope"
three, dead, undone, plain = 3.375, 1, 0, 1.5

# %% computed question="q1"
three, dead, undone, plain = 1.5**3, (1 + 0) ** 5, 1 - 1, 0.5**3


# %% no shortcut question="q2" violates="a branch of zero copies its input"
def block(x, w1, w2):
    return np.maximum(x @ w1.T, 0) @ w2.T


# %% adds in place question="q2" violates="inputs are not modified"
def block(x, w1, w2):
    x += np.maximum(x @ w1.T, 0) @ w2.T
    return x


# %% no ReLU question="q2" violates="the input is added to the branch"
def block(x, w1, w2):
    return x @ w1.T @ w2.T + x


# %% the ReLU at the end of the branch question="q2" violates="the input is added to the branch"
def block(x, w1, w2):
    return np.maximum(x @ w1.T @ w2.T, 0) + x


# %% a ReLU behind the sum question="q2" violates="the input is added to the branch"
def block(x, w1, w2):
    return np.maximum(np.maximum(x @ w1.T, 0) @ w2.T + x, 0)


# %% example by example question="q2"
def block(x, w1, w2):
    rows = []
    for row in x:
        h = w1 @ row
        rows.append(w2 @ np.where(h > 0, h, 0) + row)
    return np.stack(rows)


# %% as float32 with einsum question="q2"
def block(x, w1, w2):
    h = np.einsum("ni,mi->nm", x.astype(np.float32), w1)
    return np.einsum("nm,im->ni", h.clip(0), w2) + x


# %% the package question="q2"
from coursepkg.nn import Linear, ReLU, Sequential
from coursepkg.residual.numpy_layers import Residual


def build(w1, w2):
    layers = [Linear(*w.shape[::-1], bias=False, dtype=w.dtype) for w in (w1, w2)]
    for layer, w in zip(layers, (w1, w2)):
        layer.weight[...] = w
    return Residual(Sequential(layers[0], ReLU(), layers[1]))


def block(x, w1, w2):
    return build(w1, w2).forward(x)


# %% the shortcut's gradient is lost question="q3" violates="behind a branch of zero the gradient is unchanged"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z > 0)
    return dz @ w1, dz.T @ x, dy.T @ np.maximum(z, 0)


# %% twice the shortcut question="q3" violates="behind a branch of zero the gradient is unchanged"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z > 0)
    return dz @ w1 + 2 * dy, dz.T @ x, dy.T @ np.maximum(z, 0)


# %% adds ones in place of dy question="q3" violates="behind a branch of zero the gradient is unchanged"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z > 0)
    return dz @ w1 + 1, dz.T @ x, dy.T @ np.maximum(z, 0)


# %% forgets the ReLU question="q3" violates="the gradient comes back along both ways"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = dy @ w2
    return dz @ w1 + dy, dz.T @ x, dy.T @ np.maximum(z, 0)


# %% lets pass where the ReLU got 0 question="q3" violates="the gradient comes back along both ways"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z >= 0)
    return dz @ w1 + dy, dz.T @ x, dy.T @ np.maximum(z, 0)


# %% the mean over the batch question="q3" violates="a weight's gradient adds up over the examples"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z > 0)
    return dz @ w1 + dy, dz.T @ x / len(x), dy.T @ np.maximum(z, 0) / len(x)


# %% the weights' gradients exchanged question="q3" violates="has the right shape"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z > 0)
    return dz @ w1 + dy, x.T @ dz, np.maximum(z, 0).T @ dy


# %% the output of the ReLU forgotten question="q3" violates="a weight's gradient adds up over the examples"
def block_backward(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z > 0)
    return dz @ w1 + dy, dz.T @ x, dy.T @ z


# %% by einsum, as a list question="q3"
def block_backward(dy, x, w1, w2):
    z = np.einsum("ni,mi->nm", x, w1)
    h = z * (z > 0)
    dh = np.einsum("ni,im->nm", dy, w2)
    dh[z <= 0] = 0
    dx = dy + np.einsum("nm,mi->ni", dh, w1)
    return [dx, np.einsum("nm,ni->mi", dh, x), np.einsum("ni,nm->im", dy, h)]


# %% example by example question="q3"
def block_backward(dy, x, w1, w2):
    dx, dw1, dw2 = np.zeros_like(x), np.zeros_like(w1), np.zeros_like(w2)
    for i in range(len(x)):
        z = w1 @ x[i]
        dz = np.where(z > 0, w2.T @ dy[i], 0)
        dx[i] = w1.T @ dz + dy[i]
        dw1 += np.outer(dz, x[i])
        dw2 += np.outer(dy[i], np.maximum(z, 0))
    return dx, dw1, dw2


# %% the package question="q3"
from coursepkg.nn import Linear, ReLU, Sequential
from coursepkg.residual.numpy_layers import Residual


def build(w1, w2):
    layers = [Linear(*w.shape[::-1], bias=False, dtype=w.dtype) for w in (w1, w2)]
    for layer, w in zip(layers, (w1, w2)):
        layer.weight[...] = w
    return Residual(Sequential(layers[0], ReLU(), layers[1]))


def block_backward(dy, x, w1, w2):
    layer = build(w1, w2)
    layer.forward(x)
    return layer.backward(dy), layer.grads["branch.0.weight"], layer.grads["branch.2.weight"]


# %% the shortcut escapes the last ReLU question="q4" violates="a ReLU behind the sum stops both ways"
def block_relu_backward(dy, x, w1, w2):
    passed = dy * (block(x, w1, w2) > 0)
    return block_backward(passed, x, w1, w2)[0] - passed + dy


# %% forgets the last ReLU question="q4" violates="a ReLU behind the sum stops both ways"
def block_relu_backward(dy, x, w1, w2):
    return block_backward(dy, x, w1, w2)[0]


# %% asks the branch question="q4" violates="a ReLU behind the sum stops both ways"
def block_relu_backward(dy, x, w1, w2):
    passed = dy * (block(x, w1, w2) - x > 0)
    return block_backward(passed, x, w1, w2)[0] + dy - passed


# %% the mask at the wrong end question="q4" violates="the last ReLU comes first on the way back"
def block_relu_backward(dy, x, w1, w2):
    return block_backward(dy, x, w1, w2)[0] * (block(x, w1, w2) > 0)


# %% the ReLU on the way out question="q4" violates="the last ReLU comes first on the way back"
def block_relu_backward(dy, x, w1, w2):
    y = block(x, w1, w2)
    return block_backward(dy * (y > 0), x, w1, w2)[0] * (x > 0)


# %% all over again question="q4"
def block_relu_backward(dy, x, w1, w2):
    z = x @ w1.T
    y = np.maximum(z, 0) @ w2.T + x
    dy = np.where(y > 0, dy, 0)
    return ((dy @ w2) * np.heaviside(z, 0)) @ w1 + dy


# %% the package question="q4"
from coursepkg.nn import Linear, ReLU, Sequential
from coursepkg.residual.numpy_layers import Residual


def build(w1, w2):
    layers = [Linear(*w.shape[::-1], bias=False, dtype=w.dtype) for w in (w1, w2)]
    for layer, w in zip(layers, (w1, w2)):
        layer.weight[...] = w
    return Residual(Sequential(layers[0], ReLU(), layers[1]))


def block_relu_backward(dy, x, w1, w2):
    layer = Sequential(build(w1, w2), ReLU())
    layer.forward(x)
    return layer.backward(dy)
