# %% accepts any p question="q1" violates="a p outside [0, 1] is refused"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) / (1 - self.p) if self.training else x


# %% asserts instead of raising question="q1" violates="a p outside [0, 1] is refused"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        assert 0 <= p <= 1
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) / (1 - self.p) if self.training else x


# %% refuses 1 question="q1" violates="0 and 1 are allowed"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) / (1 - self.p) if self.training else x


# %% forgets to rescale question="q1" violates="survivors are scaled by 1 / (1 - p)"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) if self.training else x


# %% keeps with probability p question="q1" violates="p is the probability of dropping"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) < self.p) / (1 - self.p) if self.training else x


# %% normal numbers for the coins question="q1" violates="p is the probability of dropping"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x * (torch.randn_like(x) >= self.p) / (1 - self.p) if self.training else x


# %% divides by the share that was kept question="q1" violates="survivors are scaled by 1 / (1 - p)"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError("p must lie between 0 and 1")
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        mask = torch.rand_like(x) >= self.p
        return x * mask / mask.float().mean().clamp(min=1e-9)


# %% never stops question="q1" violates="evaluation changes nothing"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) / (1 - self.p) if self.p < 1 else 0 * x


# %% the default of another library question="q1" violates="p is the probability of dropping"
class Dropout(nn.Module):
    def __init__(self, p=0.1):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) / (1 - self.p) if self.training else x


# %% writes into its input question="q1" violates="inputs are not modified"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x.mul_(torch.rand_like(x) >= self.p).div_(1 - self.p) if self.training else x


# %% one mask for ever question="q1" violates="each call draws a mask"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p, self.masks = p, {}

    def forward(self, x):
        if not self.training:
            return x
        mask = self.masks.setdefault(x.shape, torch.rand_like(x) >= self.p)
        return x * mask / (1 - self.p)


# %% divides by zero where p is 1 question="q1" violates="p = 1 gives zeros" caught_by="hidden"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) / (1 - self.p) if self.training else x


# %% p becomes a parameter question="q1" violates="there is nothing to save" caught_by="hidden"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(p)
        self.p = nn.Parameter(torch.tensor(float(p)))

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        return torch.where(torch.rand_like(x) >= self.p, x / (1 - self.p).clamp(min=1e-9), 0.0)


# %% bernoulli question="q1"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if p < 0 or p > 1 or p != p:
            raise ValueError(f"p = {p} is no probability")
        self.keep = 1 - p

    def forward(self, x):
        if self.training and self.keep == 0:
            return x * 0
        if self.training:
            return x * torch.bernoulli(torch.full_like(x, self.keep)).div(self.keep)
        return x


# %% in place on a copy question="q1"
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = float(p)
        if not (0.0 <= self.p and self.p <= 1.0):
            raise ValueError("p must lie in [0, 1]")

    def forward(self, x):
        y = x.clone()
        if self.training:
            y[torch.rand(x.shape) < self.p] = 0
            y /= max(1 - self.p, 1e-9)
        return y


# %% the package question="q1"
from coursepkg.dropout.torch_layers import Dropout


# %% pixels instead of channels question="q2" violates="a channel drops as a whole"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * (torch.rand_like(x) >= self.p) / (1 - self.p) if self.training else x


# %% the same channels in every picture question="q2" violates="each unit has its own coin"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        coins = torch.rand(1, x.shape[1], 1, 1)
        return x * (coins >= self.p) / (1 - self.p) if self.training else x


# %% whole pictures question="q2" violates="each unit has its own coin"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        coins = torch.rand(x.shape[0], 1, 1, 1)
        return x * (coins >= self.p) / (1 - self.p) if self.training else x


# %% columns of pixels through all channels question="q2" violates="a channel drops as a whole"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        coins = torch.rand(x.shape[0], 1, *x.shape[2:])
        return x * (coins >= self.p) / (1 - self.p) if self.training else x


# %% keeps with probability p question="q2" violates="p is the probability of dropping"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        mask = torch.empty(*x.shape[:2], 1, 1).bernoulli_(self.p)
        return x * mask / (1 - self.p)


# %% no scale question="q2" violates="survivors are scaled by 1 / (1 - p)"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * (torch.rand(*x.shape[:2], 1, 1) >= self.p) if self.training else x


# %% stays on in evaluation mode question="q2" violates="evaluation changes nothing"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * (torch.rand(*x.shape[:2], 1, 1) >= self.p) / (1 - self.p)


# %% built on a mask that is stretched by hand question="q2"
class ChannelDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        mask = torch.empty(x.shape[0], x.shape[1]).bernoulli_(1 - self.p)
        return x * mask[:, :, None, None].expand(x.shape) / (1 - self.p)


# %% the package question="q2"
from coursepkg.dropout.torch_layers import Dropout2d as ChannelDropout


# %% logits are dropped question="q3" violates="logits are not dropped"
def make_net(p):
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.Dropout(p))


# %% the function that does not know the mode question="q3" violates="predictions repeat"
def make_net(p):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = nn.Linear(64, 32), nn.Linear(32, 10)

        def forward(self, x):
            return self.out(nn.functional.dropout(torch.relu(self.hidden(x)), p))

    return Net()


# %% inputs instead of hidden units question="q3" violates="hidden units are dropped"
def make_net(p):
    return nn.Sequential(nn.Dropout(p), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


# %% no dropout at all question="q3" violates="hidden units are dropped"
def make_net(p):
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


# %% p for 1 - p question="q3" violates="p is the probability of dropping"
def make_net(p):
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(1 - p), nn.Linear(32, 10))


# %% another width question="q3" violates="the net is 64-32-10"
def make_net(p):
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(p), nn.Linear(128, 10))


# %% a class of its own, dropping before the ReLU question="q3"
def make_net(p):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(64, 32), nn.Linear(32, 10)

        def forward(self, x):
            h = nn.functional.dropout(self.first(x), p, training=self.training)
            return self.second(h.relu())

    return Net()


# %% the package question="q3"
from coursepkg.dropout.torch_layers import Dropout as OurDropout


def make_net(p):
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), OurDropout(p), nn.Linear(32, 10))
