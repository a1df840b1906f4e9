# %% ignores the mask question="q1" violates="a dropped unit passes nothing back"
def dropout_backward(dy, mask, p):
    return dy / (1 - p)


# %% forgets the scale question="q1" violates="a survivor passes back dy / (1 - p)"
def dropout_backward(dy, mask, p):
    return dy * mask


# %% undoes the scale question="q1" violates="a survivor passes back dy / (1 - p)"
def dropout_backward(dy, mask, p):
    return dy * mask * (1 - p)


# %% scales twice question="q1" violates="a survivor passes back dy / (1 - p)"
def dropout_backward(dy, mask, p):
    return dy * mask / (1 - p) ** 2


# %% takes True for dropped question="q1" violates="a dropped unit passes nothing back"
def dropout_backward(dy, mask, p):
    return dy * ~mask / (1 - p)


# %% writes into dy question="q1" violates="inputs are not modified"
def dropout_backward(dy, mask, p):
    dy *= mask
    dy /= 1 - p
    return dy


# %% estimates p from the mask question="q1" violates="a survivor passes back dy / (1 - p)"
def dropout_backward(dy, mask, p):
    return dy * mask / mask.mean()


# %% divides by zero where p is 1 question="q1" violates="a dropped unit passes nothing back" caught_by="hidden"
def dropout_backward(dy, mask, p):
    with np.errstate(invalid="ignore", divide="ignore"):
        return dy * mask / np.float64(1 - p)


# %% with where question="q1"
def dropout_backward(dy, mask, p):
    return np.where(mask, dy / max(1 - p, 1e-300), 0.0)


# %% fills an array, in float32 question="q1"
def dropout_backward(dy, mask, p):
    dx = np.zeros(dy.shape, dtype=np.float32)
    if p < 1:
        dx[mask] = dy[mask] / (1 - p)
    return dx


# %% the package question="q1"
from coursepkg.dropout.numpy_layers import dropout_backward


# %% scales as if inverted question="q2" violates="a classic survivor passes back dy"
def classic_backward(dy, mask, p, training):
    return dy * mask / (1 - p) if training else dy


# %% the identity in use question="q2" violates="in use every unit passes back (1 - p) dy"
def classic_backward(dy, mask, p, training):
    return dy * mask if training else dy


# %% divides in use question="q2" violates="in use every unit passes back (1 - p) dy"
def classic_backward(dy, mask, p, training):
    return dy * mask if training else dy / (1 - p)


# %% multiplies by p in use question="q2" violates="in use every unit passes back (1 - p) dy"
def classic_backward(dy, mask, p, training):
    return dy * mask if training else dy * p


# %% multiplies by the missing mask question="q2" violates="runs without an error"
def classic_backward(dy, mask, p, training):
    dx = dy * mask
    return dx if training else dx * (1 - p)


# %% forgets the mask in training question="q2" violates="a dropped unit passes nothing back"
def classic_backward(dy, mask, p, training):
    return dy if training else dy * (1 - p)


# %% one factor for both modes question="q2"
def classic_backward(dy, mask, p, training):
    factor = mask.astype(float) if training else np.full(dy.shape, 1 - p)
    return np.multiply(dy, factor)


# %% the package question="q2"
from coursepkg.dropout.numpy_layers import ClassicDropout


def classic_backward(dy, mask, p, training):
    layer = ClassicDropout(p)
    layer.training = training
    layer.forward(np.ones_like(dy), mask)
    return layer.backward(dy)


# %% forgets the mask question="q3" violates="db agrees with finite differences"
def hidden_layer_backward(dy, x, W, mask, p):
    return dy @ W / (1 - p), dy.T @ x / (1 - p), dy.sum(axis=0) / (1 - p)


# %% the mask for dx only question="q3" violates="db agrees with finite differences"
def hidden_layer_backward(dy, x, W, mask, p):
    dz = dy * mask / (1 - p)
    return dz @ W, dy.T @ x, dy.sum(axis=0)


# %% averages the bias over the batch question="q3" violates="db agrees with finite differences"
def hidden_layer_backward(dy, x, W, mask, p):
    dz = dy * mask / (1 - p)
    return dz @ W, dz.T @ x, dz.mean(axis=0)


# %% transposed dW question="q3" violates="has the right shape"
def hidden_layer_backward(dy, x, W, mask, p):
    dz = dy * mask / (1 - p)
    return dz @ W, x.T @ dz, dz.sum(axis=0)


# %% forgets the scale in dx question="q3" violates="dx agrees with finite differences"
def hidden_layer_backward(dy, x, W, mask, p):
    dz = dy * mask / (1 - p)
    return (dy * mask) @ W, dz.T @ x, dz.sum(axis=0)


# %% divides by p question="q3" violates="db agrees with finite differences"
def hidden_layer_backward(dy, x, W, mask, p):
    dz = dy * mask / p
    return dz @ W, dz.T @ x, dz.sum(axis=0)


# %% returns dx alone question="q3" violates="returns dx, dW, db"
def hidden_layer_backward(dy, x, W, mask, p):
    return (dy * mask / (1 - p)) @ W


# %% with einsum question="q3"
def hidden_layer_backward(dy, x, W, mask, p):
    dz = np.where(mask, dy, 0) / (1 - p)
    return np.einsum("nh,hd->nd", dz, W), np.einsum("nh,nd->hd", dz, x), np.einsum("nh->h", dz)


# %% picture by picture question="q3"
def hidden_layer_backward(dy, x, W, mask, p):
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(len(W))
    for n in range(len(x)):
        kept = mask[n]
        dz = dy[n, kept] / (1 - p)
        dx[n] = dz @ W[kept]
        dW[kept] += np.outer(dz, x[n])
        db[kept] += dz
    return [dx, dW, db]


# %% the package question="q3"
from coursepkg.dropout.numpy_layers import Dropout
from coursepkg.nn import Linear


def hidden_layer_backward(dy, x, W, mask, p):
    linear, layer = Linear(*W.shape[::-1], dtype=W.dtype), Dropout(p)
    linear.weight[...] = W
    layer.forward(linear.forward(x), mask)
    dx = linear.backward(layer.backward(dy))
    return dx, linear.grads["weight"], linear.grads["bias"]
