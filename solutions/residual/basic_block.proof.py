# %% no shortcut question="q1" violates="a branch of zero leaves relu(x)"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return self.last.forward(h)


# %% the ReLU before the sum question="q1" violates="a branch of zero leaves relu(x)"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return self.last.forward(h) + x


# %% no last ReLU question="q1" violates="a branch of zero leaves relu(x)"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return h + x


# %% adds in place question="q1" violates="inputs are not modified"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        x += h
        return self.last.forward(x)


# %% no second normalization question="q1" violates="conv, norm, relu, conv, norm, sum, relu"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()
        self.branch.pop()

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return self.last.forward(h + x)


# %% normalization behind the ReLU question="q1" violates="conv, norm, relu, conv, norm, sum, relu"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, ReLU(), BatchNorm2d(len(weight), dtype=weight.dtype)]
        self.last = self.branch.pop(-2)

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return self.last.forward(h + x)


# %% no ReLU inside question="q1" violates="conv, norm, relu, conv, norm, sum, relu"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()
        self.branch.pop(2)

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return self.last.forward(h + x)


# %% the weights exchanged question="q1" violates="conv, norm, relu, conv, norm, sum, relu"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w2, w1):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return self.last.forward(h + x)


# %% in evaluation mode question="q1" violates="conv, norm, relu, conv, norm, sum, relu"
class BasicBlock:
    def __init__(self, w1, w2):
        self.branch = []
        for weight in (w1, w2):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            self.branch += [convolution, BatchNorm2d(len(weight), dtype=weight.dtype), ReLU()]
        self.last = self.branch.pop()
        for layer in self.branch:
            layer.eval()

    def forward(self, x):
        h = x
        for layer in self.branch:
            h = layer.forward(h)
        return self.last.forward(h + x)


# %% with names question="q1"
class BasicBlock:
    def __init__(self, w1, w2):
        c = w1.shape[0]
        self.conv1 = Conv2d(c, c, 3, padding=1, bias=False, dtype=w1.dtype)
        self.conv2 = Conv2d(c, c, 3, padding=1, bias=False, dtype=w2.dtype)
        self.conv1.weight[:], self.conv2.weight[:] = w1, w2
        self.bn1, self.bn2 = BatchNorm2d(c, dtype=w1.dtype), BatchNorm2d(c, dtype=w2.dtype)
        self.relu1, self.last = ReLU(), ReLU()
        self.branch = [self.conv1, self.bn1, self.relu1, self.conv2, self.bn2]

    def forward(self, x):
        out = self.relu1.forward(self.bn1.forward(self.conv1.forward(x)))
        out = self.bn2.forward(self.conv2.forward(out))
        out += x
        return self.last.forward(out)


# %% the branch as one layer question="q1"
class BasicBlock:
    def __init__(self, w1, w2):
        from coursepkg.nn import Sequential

        def layers(weight):
            convolution = Conv2d(len(weight), len(weight), 3, padding=1, bias=False, dtype=weight.dtype)
            convolution.weight[...] = weight
            return convolution, BatchNorm2d(len(weight), dtype=weight.dtype)

        self.branch = [*layers(w1), ReLU(), *layers(w2)]
        self.last = ReLU()
        self.whole = Sequential(*self.branch)

    def forward(self, x):
        return self.last.forward(x + self.whole.forward(x))


# %% the package question="q1"
from coursepkg.residual import numpy_layers


class BasicBlock(numpy_layers.BasicBlock):
    def __init__(self, w1, w2):
        super().__init__(len(w1), len(w1), dtype=w1.dtype)
        self.conv1.weight[...], self.conv2.weight[...] = w1, w2


# %% the shortcut's gradient is lost question="q2" violates="the gradient comes back along both ways"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        return dbranch

    def gradients(self):
        return tuple(layer.grads["weight"] for layer in self.branch if isinstance(layer, Conv2d))


# %% dy in place of what passed the ReLU question="q2" violates="the last ReLU stops both ways"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        return dbranch + dy

    def gradients(self):
        return tuple(layer.grads["weight"] for layer in self.branch if isinstance(layer, Conv2d))


# %% forgets the last ReLU question="q2" violates="the last ReLU stops both ways"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = dy
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        return dbranch + dsum

    def gradients(self):
        return tuple(layer.grads["weight"] for layer in self.branch if isinstance(layer, Conv2d))


# %% in the order of the way there question="q2" violates="dx agrees with the chain rule"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch:
            dbranch = layer.backward(dbranch)
        return dbranch + dsum

    def gradients(self):
        return tuple(layer.grads["weight"] for layer in self.branch if isinstance(layer, Conv2d))


# %% the gradient twice question="q2" violates="the gradient comes back along both ways"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        return dbranch + 2 * dsum

    def gradients(self):
        return tuple(layer.grads["weight"] for layer in self.branch if isinstance(layer, Conv2d))


# %% the gradients of the normalizations question="q2" violates="has the right shape"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        return dbranch + dsum

    def gradients(self):
        return tuple(layer.grads["weight"] for layer in self.branch if isinstance(layer, BatchNorm2d))


# %% the weights themselves question="q2" violates="the weights get their gradients"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        return dbranch + dsum

    def gradients(self):
        return tuple(layer.weight for layer in self.branch if isinstance(layer, Conv2d))


# %% adds up over passes question="q2" violates="the gradients are those of the last pass"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        new = [layer.grads["weight"] for layer in self.branch if isinstance(layer, Conv2d)]
        self.total = [a + b for a, b in zip(getattr(self, "total", [0, 0]), new)]
        return dbranch + dsum

    def gradients(self):
        return self.total


# %% in place on its own array question="q2"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        dsum = self.last.backward(dy)
        dbranch = dsum
        for layer in self.branch[::-1]:
            dbranch = layer.backward(dbranch)
        dbranch += dsum
        return dbranch

    def gradients(self):
        return tuple(layer.grads["weight"] for layer in self.branch if isinstance(layer, Conv2d))


# %% one after the other question="q2"
class TrainableBlock(BasicBlock):
    def backward(self, dy):
        conv1, bn1, relu1, conv2, bn2 = self.branch
        d = self.last.backward(dy)
        h = conv2.backward(bn2.backward(d))
        return np.add(d, conv1.backward(bn1.backward(relu1.backward(h))))

    def gradients(self):
        return [self.branch[0].grads["weight"], self.branch[3].grads["weight"]]


# %% the package question="q2"
from coursepkg.residual import numpy_layers


class TrainableBlock(numpy_layers.BasicBlock):
    def __init__(self, w1, w2):
        super().__init__(len(w1), len(w1), dtype=w1.dtype)
        self.conv1.weight[...], self.conv2.weight[...] = w1, w2

    def gradients(self):
        return self.conv1.grads["weight"], self.conv2.grads["weight"]


# %% ten times everywhere question="q3" violates="a normalization divides out the scale of what comes in"
factor_y, factor_dx, factor_dw1 = 10, 10, 1


# %% forgets the normalization on the way back question="q3" violates="a normalization divides out the scale of what comes in"
factor_y, factor_dx, factor_dw1 = 1, 10, 0.1


# %% the weights' gradient does not change question="q3" violates="a normalization divides out the scale of what comes in"
factor_y, factor_dx, factor_dw1 = 1, 1, 1


# %% ten times larger question="q3" violates="a normalization divides out the scale of what comes in"
factor_y, factor_dx, factor_dw1 = 1, 1, 10


# %% tried question="q3"
def passes(scale):
    rng = np.random.default_rng(0)
    block = TrainableBlock(scale * rng.standard_normal((2, 2, 3, 3)), rng.standard_normal((2, 2, 3, 3)))
    y = block.forward(rng.standard_normal((4, 2, 5, 5)))
    dx = block.backward(rng.standard_normal(y.shape))
    return [np.linalg.norm(array) for array in (y, dx, block.gradients()[0])]


factor_y, factor_dx, factor_dw1 = (large / small for large, small in zip(passes(10.0), passes(1.0)))
