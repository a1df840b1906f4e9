# %% eval does nothing question="q1" violates="a prediction does not depend on its neighbors"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        pass

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * x.var(axis=0, ddof=1)
        return (x - mean) / np.sqrt(var + 1e-5)


# %% remembers in evaluation too question="q1" violates="evaluation remembers nothing"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = (x.mean(axis=0), x.var(axis=0)) if self.training else (self.mean, self.var)
        self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
        self.var = 0.9 * self.var + 0.1 * x.var(axis=0, ddof=1)
        return (x - mean) / np.sqrt(var + 1e-5)


# %% training uses the memory question="q1" violates="in training a batch is normalized by itself"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
            self.var = 0.9 * self.var + 0.1 * x.var(axis=0, ddof=1)
            mean, var = self.mean, self.var
        return (x - mean) / np.sqrt(var + 1e-5)


# %% momentum the wrong way round question="q1" violates="evaluation uses what training has remembered"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean = 0.1 * self.mean + 0.9 * mean
            self.var = 0.1 * self.var + 0.9 * x.var(axis=0, ddof=1)
        return (x - mean) / np.sqrt(var + 1e-5)


# %% the last batch alone question="q1" violates="evaluation uses what training has remembered"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean = mean
            self.var = var
        return (x - mean) / np.sqrt(var + 1e-5)


# %% forgets the variance question="q1" violates="evaluation uses what training has remembered"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
        return (x - mean) / np.sqrt(var + 1e-5)


# %% remembers the variance that divides by N question="q1" violates="evaluation uses what training has remembered"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * var
        return (x - mean) / np.sqrt(var + 1e-5)


# %% the deviation for the variance question="q1" violates="evaluation uses what training has remembered"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * np.sqrt(var)
        return (x - mean) / np.sqrt(var + 1e-5)


# %% over the features question="q1" violates="in training a batch is normalized by itself"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
            self.mean = 0.9 * self.mean + 0.1 * mean.mean()
            self.var = 0.9 * self.var + 0.1 * var.mean()
        return (x - mean) / np.sqrt(var + 1e-5)


# %% train does not switch back question="q1" violates="train() switches back"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)
        self.training = True

    def train(self):
        pass

    def eval(self):
        self.training = False

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * x.var(axis=0, ddof=1)
        return (x - mean) / np.sqrt(var + 1e-5)


# %% by hand question="q1"
class BatchNorm:
    def __init__(self, features):
        self.running = np.stack([np.zeros(features), np.ones(features)])
        self.train()

    def train(self):
        self.mode = "train"
        return self

    def eval(self):
        self.mode = "eval"
        return self

    def forward(self, x):
        used = self.running
        if self.mode == "train":
            mean = x.sum(axis=0) / len(x)
            squares = ((x - mean) ** 2).sum(axis=0)
            used = np.stack([mean, squares / len(x)])
            self.running = self.running + 0.1 * ([mean, squares / (len(x) - 1)] - self.running)
        return (x - used[0]) * (used[1] + 1e-5) ** -0.5


# %% two functions question="q1"
class BatchNorm:
    def __init__(self, features):
        self.mean, self.var, self.forward = np.zeros(features), np.ones(features), self.batch

    def train(self):
        self.forward = self.batch

    def eval(self):
        self.forward = self.remembered

    def batch(self, x):
        mean, var = np.mean(x, 0), np.var(x, 0)
        unbiased = var * len(x) / (len(x) - 1)
        self.mean, self.var = 0.9 * self.mean + 0.1 * mean, 0.9 * self.var + 0.1 * unbiased
        return (x - mean) / np.sqrt(var + 1e-5)

    def remembered(self, x):
        return (x - self.mean) / np.sqrt(self.var + 1e-5)


# %% the package question="q1"
from coursepkg.nn import BatchNorm1d


def BatchNorm(features):
    return BatchNorm1d(features, dtype=np.float64)


# %% hands on nothing question="q2" violates="the mode reaches all normalizations"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norms = [BatchNorm(len(w1)), BatchNorm(len(w2))]

    def train(self):
        for norm in self.norms:
            norm.train()

    def eval(self):
        self.training = False

    def forward(self, x):
        h = np.maximum(self.norms[0].forward(x @ self.w1.T), 0)
        return np.maximum(self.norms[1].forward(h @ self.w2.T) + x, 0)


# %% only the first question="q2" violates="the mode reaches all normalizations"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norms = [BatchNorm(len(w1)), BatchNorm(len(w2))]

    def train(self):
        for norm in self.norms:
            norm.train()

    def eval(self):
        self.norms[0].eval()

    def forward(self, x):
        h = np.maximum(self.norms[0].forward(x @ self.w1.T), 0)
        return np.maximum(self.norms[1].forward(h @ self.w2.T) + x, 0)


# %% one layer for both question="q2" violates="the mode reaches all normalizations"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norm = {True: BatchNorm(1), False: BatchNorm(1)}
        self.norm = BatchNorm(1)

    def train(self):
        self.norm.train()

    def eval(self):
        self.norm.eval()

    def forward(self, x):
        h = np.maximum(self.norm.forward(x @ self.w1.T), 0)
        self.norm.mean, self.norm.var = (np.resize(a, len(self.w2)) for a in (self.norm.mean, self.norm.var))
        y = np.maximum(self.norm.forward(h @ self.w2.T) + x, 0)
        self.norm.mean, self.norm.var = (np.resize(a, len(self.w1)) for a in (self.norm.mean, self.norm.var))
        return y


# %% no shortcut question="q2" violates="the block computes relu(norm2(relu(norm1(x @ w1.T)) @ w2.T) + x)"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norms = [BatchNorm(len(w1)), BatchNorm(len(w2))]

    def train(self):
        for norm in self.norms:
            norm.train()

    def eval(self):
        for norm in self.norms:
            norm.eval()

    def forward(self, x):
        h = np.maximum(self.norms[0].forward(x @ self.w1.T), 0)
        return np.maximum(self.norms[1].forward(h @ self.w2.T), 0)


# %% the ReLU before the normalization question="q2" violates="the block computes relu(norm2(relu(norm1(x @ w1.T)) @ w2.T) + x)"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norms = [BatchNorm(len(w1)), BatchNorm(len(w2))]

    def train(self):
        for norm in self.norms:
            norm.train()

    def eval(self):
        for norm in self.norms:
            norm.eval()

    def forward(self, x):
        h = self.norms[0].forward(np.maximum(x @ self.w1.T, 0))
        return np.maximum(self.norms[1].forward(h @ self.w2.T) + x, 0)


# %% the ReLU before the sum question="q2" violates="the block computes relu(norm2(relu(norm1(x @ w1.T)) @ w2.T) + x)"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norms = [BatchNorm(len(w1)), BatchNorm(len(w2))]

    def train(self):
        for norm in self.norms:
            norm.train()

    def eval(self):
        for norm in self.norms:
            norm.eval()

    def forward(self, x):
        h = np.maximum(self.norms[0].forward(x @ self.w1.T), 0)
        return np.maximum(self.norms[1].forward(h @ self.w2.T), 0) + x


# %% normalizes the sum question="q2" violates="the block computes relu(norm2(relu(norm1(x @ w1.T)) @ w2.T) + x)"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norms = [BatchNorm(len(w1)), BatchNorm(len(w2))]

    def train(self):
        for norm in self.norms:
            norm.train()

    def eval(self):
        for norm in self.norms:
            norm.eval()

    def forward(self, x):
        h = np.maximum(self.norms[0].forward(x @ self.w1.T), 0)
        return np.maximum(self.norms[1].forward(h @ self.w2.T + x), 0)


# %% stays in evaluation question="q2" violates="train() switches back"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norms = [BatchNorm(len(w1)), BatchNorm(len(w2))]

    def train(self):
        pass

    def eval(self):
        for norm in self.norms:
            norm.eval()

    def forward(self, x):
        h = np.maximum(self.norms[0].forward(x @ self.w1.T), 0)
        return np.maximum(self.norms[1].forward(h @ self.w2.T) + x, 0)


# %% with names question="q2"
class Block:
    def __init__(self, w1, w2):
        self.w1, self.w2 = w1, w2
        self.norm1, self.norm2 = BatchNorm(w1.shape[0]), BatchNorm(w2.shape[0])

    def train(self):
        self.norm1.train(), self.norm2.train()

    def eval(self):
        self.norm1.eval(), self.norm2.eval()

    def forward(self, x):
        h = self.norm1.forward(x @ self.w1.T).clip(0)
        y = x + self.norm2.forward(h @ self.w2.T)
        return y * (y > 0)


# %% the package question="q2"
from coursepkg.nn import BatchNorm1d, Linear, ReLU, Sequential
from coursepkg.residual.numpy_layers import Residual


def Block(w1, w2):
    branch = []
    for weight in (w1, w2):
        linear = Linear(*weight.shape[::-1], bias=False, dtype=np.float64)
        linear.weight[...] = weight
        branch += [linear, BatchNorm1d(len(weight), dtype=np.float64), ReLU()]
    return Sequential(Residual(Sequential(*branch[:-1])), branch[-1])


# %% keeps the number question="q3" violates="minus the mean, divided by the standard deviation of the batch"
alone, larger, very_large, remembered = 1, 1, 1, 1.355


# %% only minus the mean question="q3" violates="minus the mean, divided by the standard deviation of the batch"
alone, larger, very_large, remembered = 0, 2, 3_499_998.5, 1.355


# %% larger is larger question="q3" violates="minus the mean, divided by the standard deviation of the batch"
alone, larger, very_large, remembered = 0, 1, 1_000_000, 1.355


# %% divides by N - 1 question="q3" violates="minus the mean, divided by the standard deviation of the batch"
alone, larger, very_large, remembered = 0, 0.707, 0.707, 1.355


# %% adds up question="q3" violates="a tenth of the new mean, nine tenths of the old one"
alone, larger, very_large, remembered = 0, 1, 1, 1.5


# %% momentum the wrong way round question="q3" violates="a tenth of the new mean, nine tenths of the old one"
alone, larger, very_large, remembered = 0, 1, 1, 4.995


# %% computed question="q3"
alone = 0.0
larger = (7 - 5) / np.std([3, 7])
very_large = np.array([3, 7e6]).std() / np.std([3, 7e6])
remembered = 5 * (1 - 0.9**3)


# %% evaluation everywhere question="q4" violates="is the share that is classified wrong"
def share_wrong(mode, size, order):
    net = copy.deepcopy(model)
    net.eval()
    with torch.no_grad():
        wrong = [(net(x[batch]).argmax(1) != y[batch]).sum().item() for batch in order.split(size)]
    return sum(wrong) / len(order)


eval_one = share_wrong("eval", 1, torch.arange(300))
train_one = share_wrong("train", 1, torch.arange(300))
train_sorted = share_wrong("train", 30, y.argsort())
true_here = ["batch", "sorted"]


# %% the share that is right question="q4" violates="is the share that is classified wrong"
def share_wrong(mode, size, order):
    net = copy.deepcopy(model)
    getattr(net, mode)()
    with torch.no_grad():
        wrong = [(net(x[batch]).argmax(1) == y[batch]).sum().item() for batch in order.split(size)]
    return sum(wrong) / len(order)


eval_one = share_wrong("eval", 1, torch.arange(300))
train_one = share_wrong("train", 1, torch.arange(300))
train_sorted = share_wrong("train", 30, y.argsort())
true_here = ["batch", "sorted"]


# %% counts in place of a share question="q4" violates="is the share that is classified wrong"
def share_wrong(mode, size, order):
    net = copy.deepcopy(model)
    getattr(net, mode)()
    with torch.no_grad():
        wrong = [(net(x[batch]).argmax(1) != y[batch]).sum().item() for batch in order.split(size)]
    return sum(wrong)


eval_one = share_wrong("eval", 1, torch.arange(300))
train_one = share_wrong("train", 1, torch.arange(300))
train_sorted = share_wrong("train", 30, y.argsort())
true_here = ["batch", "sorted"]


# %% not sorted question="q4" violates="is the share that is classified wrong"
def share_wrong(mode, size, order):
    net = copy.deepcopy(model)
    getattr(net, mode)()
    with torch.no_grad():
        wrong = [(net(x[batch]).argmax(1) != y[batch]).sum().item() for batch in order.split(size)]
    return sum(wrong) / len(order)


eval_one = share_wrong("eval", 1, torch.arange(300))
train_one = share_wrong("train", 1, torch.arange(300))
train_sorted = share_wrong("train", 30, torch.arange(300))
true_here = ["batch", "sorted"]


# %% only size counts question="q4" violates="follows from the three errors"
def share_wrong(mode, size, order):
    net = copy.deepcopy(model)
    getattr(net, mode)()
    with torch.no_grad():
        wrong = [(net(x[batch]).argmax(1) != y[batch]).sum().item() for batch in order.split(size)]
    return sum(wrong) / len(order)


eval_one = share_wrong("eval", 1, torch.arange(300))
train_one = share_wrong("train", 1, torch.arange(300))
train_sorted = share_wrong("train", 30, y.argsort())
true_here = ["batch", "large"]


# %% blames the weights question="q4" violates="follows from the three errors"
def share_wrong(mode, size, order):
    net = copy.deepcopy(model)
    getattr(net, mode)()
    with torch.no_grad():
        wrong = [(net(x[batch]).argmax(1) != y[batch]).sum().item() for batch in order.split(size)]
    return sum(wrong) / len(order)


eval_one = share_wrong("eval", 1, torch.arange(300))
train_one = share_wrong("train", 1, torch.arange(300))
train_sorted = share_wrong("train", 30, y.argsort())
true_here = ["batch", "sorted", "weights"]


# %% picture by picture question="q4"
def share_wrong(mode, size, order):
    net = copy.deepcopy(model)
    getattr(net, mode)()
    with torch.no_grad():
        said = torch.cat([net(x[order[i : i + size]]).argmax(dim=1) for i in range(0, len(order), size)])
    return 1 - (said == y[order]).float().mean().item()


eval_one = share_wrong("eval", 1, torch.arange(300))
train_one = share_wrong("train", 1, torch.arange(300))
train_sorted = share_wrong("train", 30, y.argsort())
true_here = ("sorted", "batch")
