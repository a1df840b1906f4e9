"""Residual connections in PyTorch: the names of `numpy_layers`; autograd does the backward pass.

Weights start from torch's default generator; `rng` is for masks alone.
"""

import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.dropout.torch_layers import DropPath
from coursepkg.layer_torch import LeafModule
from coursepkg.pooling.torch_layers import GlobalAvgPool
from coursepkg.residual.rules import (
    EXPANSION,
    STRIDE_IN,
    needs_projection,
    validate_block,
    validate_padded_shortcut,
)
from coursepkg.validation import (
    Setting,
    validate_bool,
    validate_choice,
    validate_nonnegative_int,
    validate_number,
    validate_positive_int,
)
from coursepkg.validation_torch import validate_float_tensor, validate_generator


class Residual(LeafModule):
    """y = branch(x) + shortcut(x).

    Args:
        branch: nn.Module.
        shortcut: nn.Module whose output has the shape of the branch's; None is the identity.
    Raises:
        TypeError: one of them is no nn.Module. forward raises ValueError, with both shapes, if these differ.
    Source: He et al. 2016, equation 1.
    """

    def __init__(self, branch, shortcut=None):
        super().__init__()
        for name, module in (("branch", branch), ("shortcut", shortcut)):
            if not isinstance(module, nn.Module) and not (name == "shortcut" and module is None):
                raise TypeError(f"{name} must be an nn.Module, got {module!r}")
        self.branch = branch
        self.register_module("shortcut", shortcut)

    def forward(self, x):
        """Args: x, floating-point tensor of a shape that the branch takes. Returns: one of the branch's."""
        validate_float_tensor("x", x)
        # Copies, for a layer with inplace=True would write into what the other way gets.
        branch, shortcut = self.branch(x.clone()), x if self.shortcut is None else self.shortcut(x.clone())
        validate_one_shape(branch, shortcut, x)
        return branch + shortcut


class PaddedShortcut(LeafModule):
    """Option A: every stride-th pixel, and channels of zeros behind those that there are. Nothing to learn.

    Args:
        in_channels: C, >= 1.
        out_channels: at least in_channels.
        stride: pixels from one that is kept to the next, >= 1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, section 3.3.
    """

    in_channels, out_channels = Setting(validate_positive_int), Setting(validate_positive_int)
    stride = Setting(validate_positive_int)

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.in_channels, self.out_channels, self.stride = in_channels, out_channels, stride
        validate_padded_shortcut(in_channels, out_channels)

    def forward(self, x):
        """Args: x (N, in_channels, H, W). Returns: (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        validate_channels(x, self.in_channels)
        validate_padded_shortcut(self.in_channels, self.out_channels)
        kept = x[:, :, :: self.stride, :: self.stride]
        return F.pad(kept, (0, 0, 0, 0, 0, self.out_channels - self.in_channels))

    def extra_repr(self):
        return f"{self.in_channels}, {self.out_channels}, stride={self.stride}"


class SqueezeExcitation(LeafModule):
    """Each channel times a number in (0, 1), computed from the means of all channels.

    Args:
        channels: C, >= 1.
        reduction: how many times fewer numbers lie between, >= 1; at least one is left.
        device, dtype: of the weights.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Hu, Shen and Sun 2018, Squeeze-and-Excitation Networks, section 3.
    """

    channels = Setting(validate_positive_int)

    def __init__(self, channels, reduction=16, *, device=None, dtype=None):
        super().__init__()
        self.channels = channels
        hidden = max(1, channels // validate_positive_int("reduction", reduction))
        self.pool = GlobalAvgPool()
        self.fc1 = nn.Conv2d(channels, hidden, 1, device=device, dtype=dtype)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(hidden, channels, 1, device=device, dtype=dtype)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        """Args: x (N, channels, H, W). Returns: the same shape."""
        validate_channels(x, self.channels)
        gate = self.sigmoid(self.fc2(self.relu(self.fc1(self.pool(x)))))  # (N, C, 1, 1)
        return x * gate


class _Block(LeafModule):
    """A branch of several layers, a shortcut, and a ReLU behind their sum.

    `self.branch` names the branch's layers, in order. `self.downsample` is the shortcut, the identity if it
    is None; without `self.residual` there is no shortcut at all.
    """

    in_channels, residual = Setting(validate_positive_int), Setting(validate_bool)

    def forward(self, x, mask=None):
        """The block's output.

        Args:
            x: (N, in_channels, H, W).
            mask: for `drop_path`, boolean tensor (N, 1, 1, 1), True = the branch is kept; None draws one.
        Returns:
            (N, out_channels, ceil(H / stride), ceil(W / stride)).
        """
        validate_channels(x, self.in_channels)
        total = self._branch(x, mask)
        if self.residual:
            total = total + self._shortcut(x)
        return self.relu(total)

    def extra_repr(self):
        return "" if self.residual else "residual=False"

    @property
    def mask(self):
        """The mask of the last forward pass in training mode, if branches are dropped."""
        return self.drop_path.mask if "drop_path" in self.branch else None

    def _branch(self, x, mask):
        for name in self.branch:
            layer = getattr(self, name)
            x = layer(x, mask) if name == "drop_path" else layer(x)
        return x

    def _shortcut(self, x):
        return x if self.downsample is None else self.downsample(x)

    def _build(
        self, branch, out_channels, stride, shortcut, residual, drop_path, squeeze, rng, device, dtype
    ):
        """Puts together what all blocks have.

        Args:
            branch: dict of the branch's convolutions, normalizations and activations.
            out_channels, stride, shortcut, residual, drop_path, squeeze, rng, device, dtype: as in
                `BasicBlock`.
        """
        validate_generator("rng", rng)
        branch = dict(branch)
        if squeeze is not None:
            branch["squeeze"] = SqueezeExcitation(out_channels, squeeze, device=device, dtype=dtype)
        if drop_path > 0:
            branch["drop_path"] = DropPath(drop_path, rng=rng)
        self.residual, self.branch = residual, tuple(branch)
        for name, layer in branch.items():
            self.add_module(name, layer)
        self.downsample = (
            make_shortcut(self.in_channels, out_channels, stride, shortcut, device, dtype)
            if self.residual
            else None
        )


class BasicBlock(_Block):
    """relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), with two convolutions of 3x3.

    Args:
        in_channels: C of the input, >= 1.
        channels: C of the output, >= 1.
        stride: of the first convolution and of the shortcut, >= 1.
        shortcut: where shapes differ, "A" pads with zero channels, "B" projects by a convolution of 1x1 with
            normalization; "C" projects always.
        residual: False leaves the shortcut out, and makes two layers of a plain network.
        drop_path: probability that the branch is dropped, example by example, in training.
        squeeze: reduction of a SqueezeExcitation at the end of the branch; None for none.
        zero_init_residual: whether the branch begins as zero, by a last scale of 0.
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
        device, dtype: of the weights.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, figure 5, left; torchvision.models.resnet.BasicBlock.
    """

    def __init__(
        self,
        in_channels,
        channels,
        stride=1,
        *,
        shortcut="B",
        residual=True,
        drop_path=0.0,
        squeeze=None,
        zero_init_residual=False,
        rng=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        validate_block(
            in_channels,
            channels,
            stride,
            shortcut=shortcut,
            residual=residual,
            drop_path=drop_path,
            squeeze=squeeze,
            zero_init_residual=zero_init_residual,
        )
        where = {"device": device, "dtype": dtype}
        self.in_channels = in_channels
        branch = {
            "conv1": convolution(in_channels, channels, 3, stride, **where),
            "bn1": nn.BatchNorm2d(channels, **where),
            "relu1": nn.ReLU(),
            "conv2": convolution(channels, channels, 3, 1, **where),
            "bn2": last_norm(channels, zero_init_residual, **where),
        }
        self._build(branch, channels, stride, shortcut, residual, drop_path, squeeze, rng, **where)
        self.relu = nn.ReLU()


class Bottleneck(_Block):
    """A block of three convolutions: 1x1 to fewer channels, 3x3, and 1x1 to four times as many.

    Args:
        in_channels: C of the input, >= 1.
        channels: C of the middle convolution, >= 1; the output has four times as many.
        stride: of one of the convolutions and of the shortcut, >= 1.
        stride_in: which convolution has the stride, "3x3" (torchvision) or the first "1x1" (the paper).
        shortcut, residual, drop_path, squeeze, zero_init_residual, rng, device, dtype: as in `BasicBlock`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, figure 5, right; torchvision.models.resnet.Bottleneck.
    """

    def __init__(
        self,
        in_channels,
        channels,
        stride=1,
        *,
        shortcut="B",
        stride_in="3x3",
        residual=True,
        drop_path=0.0,
        squeeze=None,
        zero_init_residual=False,
        rng=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        validate_block(
            in_channels,
            channels,
            stride,
            shortcut=shortcut,
            residual=residual,
            drop_path=drop_path,
            squeeze=squeeze,
            zero_init_residual=zero_init_residual,
        )
        validate_choice("stride_in", stride_in, STRIDE_IN)
        first, middle = (1, stride) if stride_in == "3x3" else (stride, 1)
        where = {"device": device, "dtype": dtype}
        self.in_channels, out_channels = in_channels, EXPANSION * channels
        branch = {
            "conv1": convolution(in_channels, channels, 1, first, **where),
            "bn1": nn.BatchNorm2d(channels, **where),
            "relu1": nn.ReLU(),
            "conv2": convolution(channels, channels, 3, middle, **where),
            "bn2": nn.BatchNorm2d(channels, **where),
            "relu2": nn.ReLU(),
            "conv3": convolution(channels, out_channels, 1, 1, **where),
            "bn3": last_norm(out_channels, zero_init_residual, **where),
        }
        self._build(branch, out_channels, stride, shortcut, residual, drop_path, squeeze, rng, **where)
        self.relu = nn.ReLU()


class PreActBlock(_Block):
    """conv2(relu(bn2(conv1(relu(bn1(x)))))) + shortcut, with nothing behind the sum.

    A projection takes the normalized and rectified x, as the branch does; the identity takes x as it is.

    Args: as in `BasicBlock`; zero_init_residual makes the last convolution 0, as no scale comes behind it.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, Identity Mappings in Deep Residual Networks, figure 4 (e) and their code.
    """

    def __init__(
        self,
        in_channels,
        channels,
        stride=1,
        *,
        shortcut="B",
        residual=True,
        drop_path=0.0,
        squeeze=None,
        zero_init_residual=False,
        rng=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        validate_block(
            in_channels,
            channels,
            stride,
            shortcut=shortcut,
            residual=residual,
            drop_path=drop_path,
            squeeze=squeeze,
            zero_init_residual=zero_init_residual,
        )
        where = {"device": device, "dtype": dtype}
        self.in_channels = in_channels
        self.bn1, self.relu1 = nn.BatchNorm2d(in_channels, **where), nn.ReLU()
        branch = {
            "conv1": convolution(in_channels, channels, 3, stride, **where),
            "bn2": nn.BatchNorm2d(channels, **where),
            "relu2": nn.ReLU(),
            "conv2": convolution(channels, channels, 3, 1, **where),
        }
        if zero_init_residual:
            nn.init.zeros_(branch["conv2"].weight)
        self._build(branch, channels, stride, shortcut, residual, drop_path, squeeze, rng, **where)
        self._project_activated = self.downsample is not None and shortcut != "A"

    def forward(self, x, mask=None):
        validate_channels(x, self.in_channels)
        activated = self.relu1(self.bn1(x))
        y = self._branch(activated, mask)
        return y + self._shortcut(activated if self._project_activated else x) if self.residual else y


class Highway(LeafModule):
    """y = t * h + (1 - t) * x, where h = relu(transform(x)) and t = sigmoid(gate(x)).

    Args:
        features: length of the last axis of x, >= 1.
        gate_bias: where the gate's bias begins, a finite number; negative lets x pass.
        device, dtype: of the weights.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava, Greff and Schmidhuber 2015, Highway Networks, equation 3 and section 2.2.
    """

    def __init__(self, features, gate_bias=-2.0, *, device=None, dtype=None):
        super().__init__()
        features = validate_positive_int("features", features)
        gate_bias = validate_number("gate_bias", gate_bias)
        self.transform = nn.Linear(features, features, device=device, dtype=dtype)
        self.relu = nn.ReLU()
        self.gate = nn.Linear(features, features, device=device, dtype=dtype)
        self.sigmoid = nn.Sigmoid()
        for linear, bias in ((self.transform, 0.0), (self.gate, gate_bias)):
            nn.init.kaiming_normal_(linear.weight)
            nn.init.constant_(linear.bias, bias)

    def forward(self, x):
        """Args: x (..., features). Returns: the same shape."""
        validate_features(x, self.gate.in_features)
        h, t = self.relu(self.transform(x)), self.sigmoid(self.gate(x))
        return t * h + (1 - t) * x


class DenseBlock(LeafModule):
    """Layers each of which gets all that came before it: their outputs are put beside the input, not added.

    Layer i is conv(relu(bn(everything so far))), a convolution of 3x3 to `growth` channels.

    Args:
        in_channels: C of the input, >= 1.
        growth: channels that each layer adds, >= 1.
        layers: how many, >= 0.
        device, dtype: of the weights.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Huang et al. 2017, Densely Connected Convolutional Networks, equation 2.
    """

    in_channels = Setting(validate_positive_int)

    def __init__(self, in_channels, growth, layers, *, device=None, dtype=None):
        super().__init__()
        where = {"device": device, "dtype": dtype}
        self.in_channels = in_channels
        growth = validate_positive_int("growth", growth)
        for number in range(validate_nonnegative_int("layers", layers)):
            channels = in_channels + number * growth
            layer = nn.Sequential(
                nn.BatchNorm2d(channels, **where), nn.ReLU(), convolution(channels, growth, 3, 1, **where)
            )
            self.add_module(f"layer{number + 1}", layer)

    def forward(self, x):
        """Args: x (N, in_channels, H, W). Returns: (N, in_channels + layers * growth, H, W)."""
        validate_channels(x, self.in_channels)
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


# What the blocks are made of.


def convolution(in_channels, out_channels, kernel_size, stride, device=None, dtype=None):
    """A convolution without bias, padded so that stride 1 keeps the size, as He et al. start it."""
    where = {"device": device, "dtype": dtype}
    layer = nn.Conv2d(
        in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False, **where
    )
    nn.init.kaiming_normal_(layer.weight)
    return layer


def last_norm(channels, zero, device=None, dtype=None):
    """The normalization at the end of a branch, with a scale of 0 if the branch is to begin as zero."""
    norm = nn.BatchNorm2d(channels, device=device, dtype=dtype)
    if zero:
        nn.init.zeros_(norm.weight)
    return norm


def make_shortcut(in_channels, out_channels, stride, shortcut, device=None, dtype=None):
    """The layer on the shortcut, or None for the identity."""
    where = {"device": device, "dtype": dtype}
    if needs_projection(in_channels, out_channels, stride, shortcut):
        return nn.Sequential(
            convolution(in_channels, out_channels, 1, stride, **where), nn.BatchNorm2d(out_channels, **where)
        )
    if stride == 1 and in_channels == out_channels:
        return None
    return PaddedShortcut(in_channels, out_channels, stride)


def validate_channels(x, channels):
    """A floating-point tensor (N, channels, H, W)."""
    validate_float_tensor("x", x)
    if x.ndim != 4 or x.shape[1] != channels:
        raise ValueError(f"x must have shape (N, {channels}, H, W), got {tuple(x.shape)}")


def validate_features(x, features):
    """A floating-point tensor (..., features)."""
    validate_float_tensor("x", x)
    if x.ndim == 0 or x.shape[-1] != features:
        raise ValueError(f"x must have shape (..., {features}), got {tuple(x.shape)}")


def validate_one_shape(branch, shortcut, x):
    """What a branch and a shortcut make of x, to be added."""
    if branch.shape != shortcut.shape:
        raise ValueError(
            f"branch and shortcut must have one shape, got {tuple(branch.shape)} and "
            f"{tuple(shortcut.shape)} for x of shape {tuple(x.shape)}"
        )
