# %% left as it was question="q1" violates="a dropped unit passes nothing back"
def dropout_backward(dy, mask, p):
    return dy / (1 - p)


# %% a mask and no scale question="q1" violates="a survivor passes back dy / (1 - p)"
def dropout_backward(dy, mask, p):
    return dy * mask


# %% a scale by the share that survived question="q1" violates="a survivor passes back dy / (1 - p)"
def dropout_backward(dy, mask, p):
    return dy * mask * mask.size / mask.sum()


# %% drops where it kept question="q1" violates="a dropped unit passes nothing back"
def dropout_backward(dy, mask, p):
    return np.where(mask, 0, dy / (1 - p))


# %% by index question="q1"
def dropout_backward(dy, mask, p):
    dx = dy / (1 - p)
    dx[~mask] = 0
    return dx


# %% the package question="q1"
from coursepkg.dropout.numpy_layers import dropout_backward


# %% left as it was question="q2" violates="backward uses the mask of forward"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        return x * (self.rng.random(x.shape) >= self.p) / (1 - self.p)

    def backward(self, dy):
        return dy * (self.rng.random(dy.shape) >= self.p) / (1 - self.p)


# %% remembers the mask and forgets the scale question="q2" violates="backward scales as forward does"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        self.mask = self.rng.random(x.shape) >= self.p
        return x * self.mask / (1 - self.p)

    def backward(self, dy):
        return dy * self.mask


# %% divides by p question="q2" violates="survivors are scaled by 1 / (1 - p)"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        self.scaled_mask = (self.rng.random(x.shape) >= self.p) / self.p
        return x * self.scaled_mask

    def backward(self, dy):
        return dy * self.scaled_mask


# %% draws once and for all question="q2" violates="each forward pass draws a mask"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.mask = p, rng, None

    def forward(self, x):
        if self.mask is None:
            self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# %% one seed for both passes question="q2" violates="each forward pass draws a mask"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        return x * (np.random.default_rng(0).random(x.shape) >= self.p) / (1 - self.p)

    def backward(self, dy):
        return dy * (np.random.default_rng(0).random(dy.shape) >= self.p) / (1 - self.p)


# %% the identity backward question="q2" violates="backward uses the mask of forward"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        return x * (self.rng.random(x.shape) >= self.p) / (1 - self.p)

    def backward(self, dy):
        return dy


# %% draws for the next pass while going back question="q2" violates="each forward pass draws a mask"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.mask = p, rng, None

    def draw(self, shape):
        self.mask = (self.rng.random(shape) >= self.p) / (1 - self.p)

    def forward(self, x):
        if self.mask is None:
            self.draw(x.shape)
        return x * self.mask

    def backward(self, dy):
        dx = dy * self.mask
        self.draw(dy.shape)
        return dx


# %% a seed per forward pass question="q2"
class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        self.seed = int(self.rng.integers(2**31))
        return self.backward(x)

    def backward(self, dy):
        return dy * (np.random.default_rng(self.seed).random(dy.shape) >= self.p) / (1 - self.p)


# %% a mask in float32 and an index question="q2"
class Dropout:
    def __init__(self, p, rng):
        self.keep, self.rng = np.float32(1 - p), rng

    def forward(self, x):
        self.dropped = self.rng.random(x.shape, dtype=np.float32) >= self.keep
        return self.backward(x)

    def backward(self, dy):
        dx = dy.astype(np.float32) / self.keep
        dx[self.dropped] = 0
        return dx


# %% the package question="q2"
from coursepkg.dropout import numpy_layers


class Dropout(numpy_layers.Dropout):
    def __init__(self, p, rng):
        super().__init__(p, rng=rng)


# %% left as it was question="q3" violates="survivors are scaled by 1 / (1 - p)"
def dropout(x, p, training, rng):
    if not training:
        return x
    return x * (rng.random(x.shape) < p) / p


# %% repairs the scale only question="q3" violates="p is the probability of dropping"
def dropout(x, p, training, rng):
    if not training:
        return x
    return x * (rng.random(x.shape) < p) / (1 - p)


# %% repairs the mask only question="q3" violates="survivors are scaled by 1 / (1 - p)"
def dropout(x, p, training, rng):
    if not training:
        return x
    return x * (rng.random(x.shape) >= p) / p


# %% divides by the share that was kept question="q3" violates="survivors are scaled by 1 / (1 - p)"
def dropout(x, p, training, rng):
    if not training:
        return x
    mask = rng.random(x.shape) >= p
    return x * mask / mask.mean()


# %% turns the modes round question="q3" violates="survivors are scaled by 1 / (1 - p)"
def dropout(x, p, training, rng):
    if training:
        return x
    return x * (rng.random(x.shape) >= p) / (1 - p)


# %% calls the broken one with the other p question="q3"
def dropout(x, p, training, rng):
    return broken_dropout(x, 1 - p, training, rng)


# %% the package question="q3"
from coursepkg.dropout.numpy_layers import dropout


# %% left as it was question="q4" violates="predictions repeat"
class Network(BrokenNetwork):
    pass


# %% never goes back to training question="q4" violates="predict leaves the mode as it was"
class Network(BrokenNetwork):
    def predict(self, x):
        self.eval()
        return self.forward(x)


# %% always goes back to training question="q4" violates="predict leaves the mode as it was"
class Network(BrokenNetwork):
    def predict(self, x):
        self.eval()
        logits = self.forward(x)
        self.train()
        return logits


# %% averages a few draws question="q4" violates="predictions repeat"
class Network(BrokenNetwork):
    def predict(self, x):
        return np.mean([self.forward(x) for _ in range(20)], axis=0)


# %% scales as classic dropout does question="q4" violates="predict uses every unit, unscaled"
class Network(BrokenNetwork):
    def predict(self, x):
        h = np.maximum(x @ self.W1.T + self.b1, 0) * (1 - self.p)
        return h @ self.W2.T + self.b2


# %% reseeds before each prediction question="q4" violates="predict uses every unit, unscaled"
class Network(BrokenNetwork):
    def predict(self, x):
        self.rng = np.random.default_rng(0)
        return self.forward(x)


# %% computes without asking for the mode question="q4"
class Network(BrokenNetwork):
    def predict(self, x):
        h = np.maximum(x @ self.W1.T + self.b1, 0)
        return h @ self.W2.T + self.b2


# %% try and finally question="q4"
class Network(BrokenNetwork):
    def predict(self, x):
        before, self.training = self.training, False
        try:
            return self.forward(x)
        finally:
            (self.train if before else self.eval)()
