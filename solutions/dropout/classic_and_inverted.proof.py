# %% inverted by habit question="q1" violates="classic survivors stay as they are in training"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        if self.training:
            return x * (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * (1 - self.p)


# %% the identity in use question="q1" violates="in use everything is multiplied by 1 - p"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        return x * (self.rng.random(x.shape) >= self.p) if self.training else x


# %% multiplies by p in use question="q1" violates="in use everything is multiplied by 1 - p"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        return x * (self.rng.random(x.shape) >= self.p) if self.training else self.p * x


# %% starts in use question="q1" violates="train() and eval() switch the layer"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, False

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        return x * (self.rng.random(x.shape) >= self.p) if self.training else x * (1 - self.p)


# %% eval cannot be undone question="q1" violates="train() and eval() switch the layer"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def train(self):
        pass

    def eval(self):
        self.training = False

    def forward(self, x):
        return x * (self.rng.random(x.shape) >= self.p) if self.training else x * (1 - self.p)


# %% keeps with probability p question="q1" violates="p is the probability of dropping"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        return x * (self.rng.random(x.shape) < self.p) if self.training else x * (1 - self.p)


# %% one mask for all pictures question="q1" violates="each unit has its own coin"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        return x * (self.rng.random(x.shape[1:]) >= self.p) if self.training else x * (1 - self.p)


# %% writes into its input question="q1" violates="inputs are not modified"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        if self.training:
            x[self.rng.random(x.shape) < self.p] = 0
            return x
        return x * (1 - self.p)


# %% the mode as a factor question="q1"
class ClassicDropout:
    def __init__(self, p, rng):
        self.keep, self.rng = 1 - p, rng
        self.train()

    def train(self):
        self.factor = lambda shape: self.rng.binomial(1, self.keep, shape)
        return self

    def eval(self):
        self.factor = lambda shape: self.keep
        return self

    def forward(self, x):
        return x * self.factor(x.shape)


# %% a copy with holes, in float32 question="q1"
class ClassicDropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.mode = p, rng, "training"

    def train(self):
        self.mode = "training"

    def eval(self):
        self.mode = "use"

    def forward(self, x):
        y = x.astype(np.float32)
        if self.mode == "use":
            y *= 1 - self.p
        else:
            y[self.rng.random(x.shape) < self.p] = 0
        return y


# %% the package question="q1"
from coursepkg.dropout import numpy_layers


class ClassicDropout(numpy_layers.ClassicDropout):
    def __init__(self, p, rng):
        super().__init__(p, rng=rng)


# %% divides question="q2" violates="the logits in use stay the same"
def classic_to_inverted(params, rates):
    return [(W / (1 - p), b) for (W, b), p in zip(params, rates)]


# %% multiplies by p question="q2" violates="the logits in use stay the same"
def classic_to_inverted(params, rates):
    return [(W * p, b) for (W, b), p in zip(params, rates)]


# %% scales the biases too question="q2" violates="the logits in use stay the same"
def classic_to_inverted(params, rates):
    return [((1 - p) * W, (1 - p) * b) for (W, b), p in zip(params, rates)]


# %% changes nothing question="q2" violates="the logits in use stay the same"
def classic_to_inverted(params, rates):
    return [(W.copy(), b.copy()) for W, b in params]


# %% the first rate for all layers question="q2" violates="the logits in use stay the same"
def classic_to_inverted(params, rates):
    return [((1 - rates[0]) * W, b) for W, b in params]


# %% the rates of the outputs question="q2" violates="the logits in use stay the same"
def classic_to_inverted(params, rates):
    return [((1 - p) * W, b) for (W, b), p in zip(params, [*rates[1:], 0.0])]


# %% in place question="q2" violates="inputs are not modified"
def classic_to_inverted(params, rates):
    for (W, _), p in zip(params, rates):
        W *= 1 - p
    return params


# %% weights without biases question="q2" violates="returns [(W, b), ...]"
def classic_to_inverted(params, rates):
    return [(1 - p) * W for (W, b), p in zip(params, rates)]


# %% scales what feeds the hidden units, as ReLU allows question="q2"
def classic_to_inverted(params, rates):
    new = [[W.copy(), b.copy()] for W, b in params]
    new[0][0] *= 1 - rates[0]
    for i, p in enumerate(rates[1:]):
        new[i][0] *= 1 - p
        new[i][1] *= 1 - p
    return new


# %% column by column question="q2"
def classic_to_inverted(params, rates):
    new = []
    for i in range(len(params)):
        W, b = params[i]
        scaled = np.empty(W.shape)
        for j in range(W.shape[1]):
            scaled[:, j] = W[:, j] - rates[i] * W[:, j]
        new.append([scaled, b])
    return tuple(new)
