# %% pads with zeros question="q1" violates="padding never wins"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax(dim=(-2, -1))


# %% pads with a number that is not small enough question="q1" violates="padding never wins" caught_by="hidden"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=-1e3)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax(dim=(-2, -1))


# %% forgets the stride question="q1" violates="has the right shape"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=-torch.inf)
        return x.unfold(2, self.k, self.k).unfold(3, self.k, self.k).amax(dim=(-2, -1))


# %% a stride of 1 when none is given question="q1" violates="has the right shape"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = 1 if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=-torch.inf)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax(dim=(-2, -1))


# %% pads on two sides only question="q1" violates="has the right shape"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (0, self.p, 0, self.p), value=-torch.inf)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax(dim=(-2, -1))


# %% one axis of the window only question="q1" violates="has the right shape"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=-torch.inf)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax(dim=-1)


# %% returns values and indices question="q1" violates="returns an array"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=-torch.inf)
        return tuple(x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).flatten(-2).max(dim=-1))


# %% mixes up channels and pixels question="q1" violates="each value is the largest of its window"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        n, c, h, w = x.shape
        x = F.pad(x, (self.p,) * 4, value=-torch.inf)
        columns = F.unfold(x, self.k, stride=self.s).view(n, self.k**2, c, -1)
        return columns.amax(dim=1).view(n, c, (h + 2 * self.p - self.k) // self.s + 1, -1)


# %% the largest magnitude question="q1" violates="each value is the largest of its window"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=0)
        return x.abs().unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax(dim=(-2, -1))


# %% sets negative pixels to zero in its input question="q1" violates="inputs are not modified"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x[x < 0] = 0
        x = F.pad(x, (self.p,) * 4)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax(dim=(-2, -1))


# %% with columns question="q1"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        n, c, h, w = x.shape
        x = F.pad(x, (self.p,) * 4, value=torch.finfo(x.dtype).min)
        columns = F.unfold(x, self.k, stride=self.s).view(n, c, self.k**2, -1)
        return columns.amax(dim=2).view(n, c, (h + 2 * self.p - self.k) // self.s + 1, -1)


# %% window by window question="q1"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        n, c, h, w = x.shape
        rows, columns = ((size + 2 * self.p - self.k) // self.s + 1 for size in (h, w))
        y = x.new_empty(n, c, rows, columns)
        for i in range(rows):
            for j in range(columns):
                top, left = i * self.s - self.p, j * self.s - self.p
                window = x[:, :, max(top, 0) : top + self.k, max(left, 0) : left + self.k]
                y[:, :, i, j] = window.amax(dim=(2, 3))
        return y


# %% shifted copies of the picture question="q1"
class MaxPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=-torch.inf)
        rows, columns = ((size - self.k) // self.s + 1 for size in x.shape[2:])
        y = None
        for i in range(self.k):
            for j in range(self.k):
                part = x[:, :, i :: self.s, j :: self.s][:, :, :rows, :columns]
                y = part if y is None else torch.maximum(y, part)
        return y


# %% the package question="q1"
from coursepkg.pooling.torch_layers import MaxPool2d as MaxPool


# %% accepts everything question="q2" violates="a window has at least one pixel"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__(kernel_size, stride, padding)


# %% an assert question="q2" violates="a window has at least one pixel"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        assert kernel_size >= 1 and 0 <= padding <= kernel_size // 2
        assert stride is None or stride >= 1
        super().__init__(kernel_size, stride, padding)


# %% takes a step of zero for none question="q2" violates="a stride is at least one pixel"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        if kernel_size < 1 or (stride and stride < 1) or not 0 <= padding <= kernel_size / 2:
            raise ValueError
        super().__init__(kernel_size, stride, padding)


# %% padding up to the window question="q2" violates="a padding is at most half the window"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        if kernel_size < 1 or not 0 <= padding < kernel_size or (stride is not None and stride < 1):
            raise ValueError(padding)
        super().__init__(kernel_size, stride, padding)


# %% looks only for paddings that are too large question="q2" violates="a padding is not negative"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        if kernel_size < 1 or padding > kernel_size // 2 or (stride is not None and stride < 1):
            raise ValueError(padding)
        super().__init__(kernel_size, stride, padding)


# %% half is refused, too question="q2" violates="sensible windows are allowed"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        if kernel_size < 1 or not 0 <= padding < kernel_size / 2 or (stride is not None and stride < 1):
            raise ValueError(padding)
        super().__init__(kernel_size, stride, padding)


# %% compares None question="q2" violates="sensible windows are allowed"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        if kernel_size < 1 or stride < 1 or not 0 <= padding <= kernel_size / 2:
            raise ValueError(padding)
        super().__init__(kernel_size, stride, padding)


# %% forgets to hand the numbers on question="q2" violates="has the right shape"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        if kernel_size < 1 or not 0 <= padding <= kernel_size / 2 or (stride is not None and stride < 1):
            raise ValueError(padding)
        super().__init__(kernel_size)


# %% gets ready first question="q2"
class CheckedMaxPool(MaxPool):
    def __init__(self, kernel_size, stride=None, padding=0):
        stride = kernel_size if stride is None else stride
        super().__init__(kernel_size, stride, padding)
        if min(kernel_size, stride) < 1 or padding not in range(kernel_size // 2 + 1):
            raise ValueError(f"no such windows: {kernel_size}, {stride}, {padding}")


# %% the package question="q2"
from coursepkg.pooling.torch_layers import MaxPool2d as CheckedMaxPool


# %% always divides by all question="q3" violates="padding does not count"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).mean(dim=(-2, -1))


# %% never counts the padding question="q3" violates="padding counts as pixels of 0"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        x, one = F.pad(x, (self.p,) * 4), F.pad(torch.ones_like(x), (self.p,) * 4)
        x, one = (t.unfold(2, self.k, self.s).unfold(3, self.k, self.s).sum(dim=(-2, -1)) for t in (x, one))
        return x / one


# %% off by default question="q3" violates="padding counts as pixels of 0"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=False):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        x, one = F.pad(x, (self.p,) * 4), F.pad(torch.ones_like(x), (self.p,) * 4, value=float(self.all))
        x, one = (t.unfold(2, self.k, self.s).unfold(3, self.k, self.s).sum(dim=(-2, -1)) for t in (x, one))
        return x / one


# %% pads as for the maximum question="q3" violates="padding counts as pixels of 0"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=-torch.inf)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).mean(dim=(-2, -1))


# %% divides by one side question="q3" violates="each value is the mean of its window"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        x, one = F.pad(x, (self.p,) * 4), F.pad(torch.ones_like(x), (self.p,) * 4)
        x, one = (t.unfold(2, self.k, self.s).unfold(3, self.k, self.s).sum(dim=(-2, -1)) for t in (x, one))
        return x / (self.k if self.all else one)


# %% counts positive pixels question="q3" violates="padding does not count"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4)
        windows = x.unfold(2, self.k, self.s).unfold(3, self.k, self.s)
        return windows.sum(dim=(-2, -1)) / (self.k**2 if self.all else (windows > 0).sum(dim=(-2, -1)))


# %% a mean that leaves out nan question="q3"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        x = F.pad(x, (self.p,) * 4, value=0.0 if self.all else torch.nan)
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).nanmean(dim=(-2, -1))


# %% window by window question="q3"
class AvgPool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__()
        self.k, self.p = kernel_size, padding
        self.s = kernel_size if stride is None else stride
        self.all = count_include_pad

    def forward(self, x):
        n, c, h, w = x.shape
        rows, columns = ((size + 2 * self.p - self.k) // self.s + 1 for size in (h, w))
        y = torch.empty(n, c, rows, columns)
        for i in range(rows):
            for j in range(columns):
                top, left = i * self.s - self.p, j * self.s - self.p
                window = x[:, :, max(top, 0) : top + self.k, max(left, 0) : left + self.k]
                count = self.k**2 if self.all else window.shape[2] * window.shape[3]
                y[:, :, i, j] = window.sum(dim=(2, 3)) / count
        return y


# %% the package question="q3"
from coursepkg.pooling.torch_layers import AvgPool2d


class AvgPool(AvgPool2d):
    def __init__(self, kernel_size, stride=None, padding=0, count_include_pad=True):
        super().__init__(kernel_size, stride, padding, count_include_pad=count_include_pad)


# %% a row of places question="q4" violates="pictures of any size are taken"
def make_net(pooling):
    if pooling not in ("max", "average"):
        raise ValueError(pooling)
    window = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 10)),
    )


# %% four numbers of each map question="q4" violates="the net has the weights asked for"
def make_net(pooling):
    if pooling not in ("max", "average"):
        raise ValueError(pooling)
    window = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(64, 10)),
    )


# %% always the largest question="q4" violates="windows and whole maps are pooled as the name says"
def make_net(pooling):
    if pooling not in ("max", "average"):
        raise ValueError(pooling)
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
    )


# %% always ends in a mean question="q4" violates="windows and whole maps are pooled as the name says"
def make_net(pooling):
    if pooling not in ("max", "average"):
        raise ValueError(pooling)
    window = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
    )


# %% forgets to flatten question="q4" violates="pictures of any size are taken"
def make_net(pooling):
    if pooling not in ("max", "average"):
        raise ValueError(pooling)
    window = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    whole = nn.AdaptiveMaxPool2d if pooling == "max" else nn.AdaptiveAvgPool2d
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), window(2)),
        *(whole(1), nn.Linear(16, 10)),
    )


# %% takes every other name for the mean question="q4" violates="an unknown name is refused"
def make_net(pooling):
    window = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    whole = nn.AdaptiveMaxPool2d if pooling == "max" else nn.AdaptiveAvgPool2d
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), window(2)),
        *(whole(1), nn.Flatten(), nn.Linear(16, 10)),
    )


# %% a KeyError question="q4" violates="an unknown name is refused"
def make_net(pooling):
    window = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}[pooling]
    whole = {"max": nn.AdaptiveMaxPool2d, "average": nn.AdaptiveAvgPool2d}[pooling]
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), window(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), window(2)),
        *(whole(1), nn.Flatten(), nn.Linear(16, 10)),
    )


# %% a class of its own question="q4"
class Net(nn.Module):
    def __init__(self, largest):
        super().__init__()
        self.last, self.one = nn.Linear(16, 10), nn.Conv2d(1, 8, 3, padding=1)
        self.two, self.largest = nn.Conv2d(8, 16, 3, padding="same"), largest
        self.pool = MaxPool(2) if largest else AvgPool(2)

    def forward(self, x):
        x = self.pool(self.one(x)).relu() if self.largest else self.pool(self.one(x).relu())
        x = self.pool(self.two(x).relu())
        return self.last(x.amax(dim=(2, 3)) if self.largest else x.mean(dim=(2, 3)))


def make_net(pooling):
    if pooling == "max" or pooling == "average":
        return Net(pooling == "max")
    raise ValueError("max or average")


# %% the package question="q4"
from coursepkg.pooling import torch_layers


def make_net(pooling):
    layers = {
        "max": (torch_layers.MaxPool2d(2), torch_layers.GlobalMaxPool()),
        "average": (torch_layers.AvgPool2d(2), torch_layers.GlobalAvgPool()),
    }
    if pooling not in layers:
        raise ValueError(f"pooling must be one of {list(layers)}, got {pooling!r}")
    window, whole = layers[pooling]
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), window),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), window),
        *(whole, nn.Flatten(), nn.Linear(16, 10)),
    )
