"""Residual connections in NumPy: a branch, a shortcut around it, and the gradient that takes both ways."""

import numpy as np

from coursepkg.dropout.numpy_layers import DropPath
from coursepkg.layer import Layer, validate_layer
from coursepkg.nn import BatchNorm2d, Conv2d, Linear, ReLU, Sequential, Sigmoid, he_normal
from coursepkg.pooling.numpy_layers import GlobalAvgPool
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
    validate_float_array,
    validate_generator,
    validate_gradient,
    validate_nonnegative_int,
    validate_number,
    validate_positive_int,
)


def validate_shortcut_layer(name, layer):
    """A Layer, or None for the identity."""
    return None if layer is None else validate_layer(name, layer)


class Residual(Layer):
    """y = branch(x) + shortcut(x).

    The gradient comes back along both ways and is added up; along the identity it comes back unchanged.

    Args:
        branch: Layer.
        shortcut: Layer whose output has the shape of the branch's; None is the identity.
    Raises:
        TypeError: one of them is no Layer. forward raises ValueError, with both shapes, if these differ; and
            neither way may write into what it is given, for that is what the other gets.
    Source: He et al. 2016, equation 1.
    """

    branch, shortcut = Setting(validate_layer), Setting(validate_shortcut_layer)

    def __init__(self, branch, shortcut=None):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        """Args: x, float array of a shape that the branch takes. Returns: array of the branch's shape."""
        x = read_only(validate_float_array("x", x))
        branch, shortcut = self.branch(x), x if self.shortcut is None else self.shortcut(x)
        if branch.shape != shortcut.shape:
            raise ValueError(
                f"branch and shortcut must have one shape, got {branch.shape} and {shortcut.shape} "
                f"for x of shape {x.shape}"
            )
        y = branch + shortcut
        self.saved = y.shape, y.dtype, self.shortcut
        return y

    def backward(self, dy):
        shape, dtype, shortcut = self.saved
        dy = read_only(validate_gradient(dy, shape, dtype))
        return self.branch.backward(dy) + (dy if shortcut is None else shortcut.backward(dy))


class PaddedShortcut(Layer):
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
        y = np.zeros((len(x), self.out_channels, *kept.shape[2:]), x.dtype)
        y[:, : self.in_channels] = kept
        self.saved = x.shape, y.shape, x.dtype, self.stride
        return y

    def backward(self, dy):
        x_shape, y_shape, dtype, stride = self.saved
        validate_gradient(dy, y_shape, dtype)
        dx = np.zeros(x_shape, dtype)
        dx[:, :, ::stride, ::stride] = dy[:, : x_shape[1]]
        return dx

    def extra_repr(self):
        return f"{self.in_channels}, {self.out_channels}, stride={self.stride}"


class SqueezeExcitation(Layer):
    """Each channel times a number in (0, 1), computed from the means of all channels.

    Args:
        channels: C, >= 1.
        reduction: how many times fewer numbers lie between, >= 1; at least one is left.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Hu, Shen and Sun 2018, Squeeze-and-Excitation Networks, section 3.
    """

    channels = Setting(validate_positive_int)

    def __init__(self, channels, reduction=16, *, rng=None, dtype=np.float32):
        super().__init__()
        self.channels = channels
        hidden = max(1, channels // validate_positive_int("reduction", reduction))
        rng = validate_generator("rng", rng)
        self.pool = GlobalAvgPool()
        self.fc1 = Conv2d(channels, hidden, 1, rng=rng, dtype=dtype)
        self.relu = ReLU()
        self.fc2 = Conv2d(hidden, channels, 1, rng=rng, dtype=dtype)
        self.sigmoid = Sigmoid()

    def forward(self, x):
        """Args: x (N, channels, H, W). Returns: the same shape."""
        x = read_only(validate_channels(x, self.channels))
        gate = self.sigmoid(self.fc2(self.relu(self.fc1(self.pool(x)))))  # (N, C, 1, 1)
        self.saved = x, gate
        return x * gate

    def backward(self, dy):
        x, gate = self.saved
        validate_gradient(dy, x.shape, x.dtype)
        dgate = (dy * x).sum(axis=(2, 3), keepdims=True)
        dhidden = self.relu.backward(self.fc2.backward(self.sigmoid.backward(dgate)))
        return dy * gate + self.pool.backward(self.fc1.backward(dhidden))


class _Block(Layer):
    """A branch of several layers, a shortcut, and a ReLU behind their sum.

    `self.branch` names the branch's layers, in order. `self.downsample` is the shortcut, the identity if it
    is None; without `self.residual` there is no shortcut at all.
    """

    in_channels, residual = Setting(validate_positive_int), Setting(validate_bool)

    def forward(self, x, mask=None):
        """The block's output.

        Args:
            x: (N, in_channels, H, W).
            mask: for `drop_path`, boolean array (N, 1, 1, 1), True = the branch is kept; None draws one.
        Returns:
            (N, out_channels, ceil(H / stride), ceil(W / stride)).
        """
        x = read_only(validate_channels(x, self.in_channels))
        total = self._branch(x, mask)
        if self.residual:
            total = total + self._shortcut(x)
        y = self.relu(total)
        self.saved = y.shape, y.dtype, self.residual
        return y

    def backward(self, dy):
        shape, dtype, residual = self.saved
        dtotal = read_only(self.relu.backward(validate_gradient(dy, shape, dtype)))
        dx = self._branch_backward(dtotal)
        return dx + self._shortcut_backward(dtotal) if residual else dx

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

    def _branch_backward(self, dy):
        for name in reversed(self.branch):
            dy = getattr(self, name).backward(dy)
        return dy

    def _shortcut(self, x):
        return x if self.downsample is None else self.downsample(x)

    def _shortcut_backward(self, dy):
        return dy if self.downsample is None else self.downsample.backward(dy)

    def _build(self, branch, out_channels, stride, shortcut, residual, drop_path, squeeze, rng, dtype):
        """Puts together what all blocks have.

        Args:
            branch: dict of the branch's convolutions, normalizations and activations.
            out_channels, stride, shortcut, residual, drop_path, squeeze, rng, dtype: as in `BasicBlock`.
        """
        branch = dict(branch)
        if squeeze is not None:
            branch["squeeze"] = SqueezeExcitation(out_channels, squeeze, rng=rng, dtype=dtype)
        if drop_path > 0:
            branch["drop_path"] = DropPath(drop_path, rng=rng)
        self.residual, self.branch = residual, tuple(branch)
        for name, layer in branch.items():
            setattr(self, name, layer)
        self.downsample = (
            make_shortcut(self.in_channels, out_channels, stride, shortcut, rng, dtype)
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
        rng: numpy.random.Generator for weights and masks; None means a fresh one.
        dtype: float32 or float64.
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
        dtype=np.float32,
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
        rng = validate_generator("rng", rng)
        self.in_channels = in_channels
        branch = {
            "conv1": convolution(in_channels, channels, 3, stride, rng, dtype),
            "bn1": BatchNorm2d(channels, dtype=dtype),
            "relu1": ReLU(),
            "conv2": convolution(channels, channels, 3, 1, rng, dtype),
            "bn2": last_norm(channels, zero_init_residual, dtype),
        }
        self._build(branch, channels, stride, shortcut, residual, drop_path, squeeze, rng, dtype)
        self.relu = ReLU()


class Bottleneck(_Block):
    """A block of three convolutions: 1x1 to fewer channels, 3x3, and 1x1 to four times as many.

    Args:
        in_channels: C of the input, >= 1.
        channels: C of the middle convolution, >= 1; the output has four times as many.
        stride: of one of the convolutions and of the shortcut, >= 1.
        stride_in: which convolution has the stride, "3x3" (torchvision) or the first "1x1" (the paper).
        shortcut, residual, drop_path, squeeze, zero_init_residual, rng, dtype: as in `BasicBlock`.
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
        dtype=np.float32,
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
        rng = validate_generator("rng", rng)
        self.in_channels, out_channels = in_channels, EXPANSION * channels
        branch = {
            "conv1": convolution(in_channels, channels, 1, first, rng, dtype),
            "bn1": BatchNorm2d(channels, dtype=dtype),
            "relu1": ReLU(),
            "conv2": convolution(channels, channels, 3, middle, rng, dtype),
            "bn2": BatchNorm2d(channels, dtype=dtype),
            "relu2": ReLU(),
            "conv3": convolution(channels, out_channels, 1, 1, rng, dtype),
            "bn3": last_norm(out_channels, zero_init_residual, dtype),
        }
        self._build(branch, out_channels, stride, shortcut, residual, drop_path, squeeze, rng, dtype)
        self.relu = ReLU()


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
        dtype=np.float32,
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
        rng = validate_generator("rng", rng)
        self.in_channels = in_channels
        self.bn1, self.relu1 = BatchNorm2d(in_channels, dtype=dtype), ReLU()
        branch = {
            "conv1": convolution(in_channels, channels, 3, stride, rng, dtype),
            "bn2": BatchNorm2d(channels, dtype=dtype),
            "relu2": ReLU(),
            "conv2": convolution(channels, channels, 3, 1, rng, dtype),
        }
        if zero_init_residual:
            branch["conv2"].weight[...] = 0
        self._build(branch, channels, stride, shortcut, residual, drop_path, squeeze, rng, dtype)
        self._project_activated = self.downsample is not None and shortcut != "A"

    def forward(self, x, mask=None):
        x = read_only(validate_channels(x, self.in_channels))
        activated = read_only(self.relu1(self.bn1(x)))
        y = self._branch(activated, mask)
        if self.residual:
            y = y + self._shortcut(activated if self._project_activated else x)
        self.saved = y.shape, y.dtype, self.residual
        return y

    def backward(self, dy):
        shape, dtype, residual = self.saved
        dy = read_only(validate_gradient(dy, shape, dtype))
        dactivated, dx = self._branch_backward(dy), self._shortcut_backward(dy) if residual else 0
        if self._project_activated:
            dactivated, dx = dactivated + dx, 0
        return self.bn1.backward(self.relu1.backward(dactivated)) + dx


class Highway(Layer):
    """y = t * h + (1 - t) * x, where h = relu(transform(x)) and t = sigmoid(gate(x)).

    Args:
        features: length of the last axis of x, >= 1.
        gate_bias: where the gate's bias begins, a finite number; negative lets x pass.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava, Greff and Schmidhuber 2015, Highway Networks, equation 3 and section 2.2.
    """

    def __init__(self, features, gate_bias=-2.0, *, rng=None, dtype=np.float32):
        super().__init__()
        features, rng = validate_positive_int("features", features), validate_generator("rng", rng)
        gate_bias = validate_number("gate_bias", gate_bias)
        self.transform = Linear(features, features, init=he_normal, rng=rng, dtype=dtype)
        self.relu = ReLU()
        self.gate = Linear(features, features, init=he_normal, rng=rng, dtype=dtype)
        self.sigmoid = Sigmoid()
        self.gate.bias[...] = gate_bias

    def forward(self, x):
        """Args: x (..., features). Returns: the same shape."""
        x = read_only(validate_float_array("x", x))
        h, t = self.relu(self.transform(x)), self.sigmoid(self.gate(x))
        self.saved = x, h, t
        return t * h + (1 - t) * x

    def backward(self, dy):
        x, h, t = self.saved
        validate_gradient(dy, x.shape, x.dtype)
        dtransform = self.transform.backward(self.relu.backward(dy * t))
        dgate = self.gate.backward(self.sigmoid.backward(dy * (h - x)))
        return dtransform + dgate + dy * (1 - t)


class DenseBlock(Layer):
    """Layers each of which gets all that came before it: their outputs are put beside the input, not added.

    Layer i is conv(relu(bn(everything so far))), a convolution of 3x3 to `growth` channels.

    Args:
        in_channels: C of the input, >= 1.
        growth: channels that each layer adds, >= 1.
        layers: how many, >= 0.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Huang et al. 2017, Densely Connected Convolutional Networks, equation 2.
    """

    in_channels = Setting(validate_positive_int)

    def __init__(self, in_channels, growth, layers, *, rng=None, dtype=np.float32):
        super().__init__()
        self.in_channels = in_channels
        growth, rng = validate_positive_int("growth", growth), validate_generator("rng", rng)
        for number in range(validate_nonnegative_int("layers", layers)):
            channels = in_channels + number * growth
            layer = Sequential(
                BatchNorm2d(channels, dtype=dtype), ReLU(), convolution(channels, growth, 3, 1, rng, dtype)
            )
            setattr(self, f"layer{number + 1}", layer)

    def forward(self, x):
        """Args: x (N, in_channels, H, W). Returns: (N, in_channels + layers * growth, H, W)."""
        validate_channels(x, self.in_channels)
        for layer in self.children():
            x = read_only(x)
            x = np.concatenate([x, layer(x)], axis=1)
        self.saved = x.shape, x.dtype
        return x

    def backward(self, dy):
        dy = read_only(validate_gradient(dy, *self.saved))
        for layer in reversed(list(self.children())):
            before = layer[0].num_features
            dy = dy[:, :before] + layer.backward(dy[:, before:])
        return dy


# What the blocks are made of.


def convolution(in_channels, out_channels, kernel_size, stride, rng, dtype):
    """A convolution without bias, padded so that stride 1 keeps the size, as He et al. start it."""
    return Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding=kernel_size // 2,
        bias=False,
        init=he_normal,
        rng=rng,
        dtype=dtype,
    )


def last_norm(channels, zero, dtype):
    """The normalization at the end of a branch, with a scale of 0 if the branch is to begin as zero."""
    norm = BatchNorm2d(channels, dtype=dtype)
    if zero:
        norm.weight[...] = 0
    return norm


def make_shortcut(in_channels, out_channels, stride, shortcut, rng, dtype):
    """The layer on the shortcut, or None for the identity."""
    if needs_projection(in_channels, out_channels, stride, shortcut):
        return Sequential(
            convolution(in_channels, out_channels, 1, stride, rng, dtype),
            BatchNorm2d(out_channels, dtype=dtype),
        )
    if stride == 1 and in_channels == out_channels:
        return None
    return PaddedShortcut(in_channels, out_channels, stride)


def validate_channels(x, channels):
    """A float array (N, channels, H, W)."""
    validate_float_array("x", x)
    if x.ndim != 4 or x.shape[1] != channels:
        raise ValueError(f"x must have shape (N, {channels}, H, W), got {x.shape}")
    return x


def read_only(array):
    """A view of an array that two layers get: one that writes into it would spoil what the other gets."""
    view = array.view()
    view.flags.writeable = False
    return view
