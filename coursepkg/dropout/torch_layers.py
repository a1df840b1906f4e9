"""Dropout and its family in PyTorch: the names of `numpy_layers`, written from tensor operations.

`p` is always the probability of dropping. A mask is a boolean tensor, True = kept, and every layer takes one
as `forward(x, mask)`; without it the layer draws its own from `rng`. Autograd does the backward pass.

A dropped element is 0 whatever it was, also where it was inf or NaN, which `torch.nn.Dropout` turns into NaN;
and with p = 1 everything is dropped.

`torch.utils.checkpoint` runs a layer twice and restores torch's default generators for that, no others. A
layer with an `rng` of its own draws another mask in the second run, and the gradient is wrong: leave rng None
there.
"""

from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.dropout.rules import (
    SELU_FLOOR,
    alpha_constants,
    channel_mask_shape,
    dropblock_gamma,
    picture_mask_shape,
    sample_mask_shape,
    validate_broadcasts,
    validate_last_axis,
    validate_list,
    validate_pairs,
    validate_thinned,
)
from coursepkg.layer_torch import LeafModule, accumulator, drawing_from, has_numbers
from coursepkg.validation import (
    Setting,
    validate_positive_int,
    validate_positive_number,
    validate_probability,
    validate_shape,
)
from coursepkg.validation_torch import (
    validate_float_dtype,
    validate_float_tensor,
    validate_generator,
    validate_mask,
    validate_size,
    validate_tensor,
)

# The coin and the mask


def sample_mask(shape, p, rng=None, *, device=None):
    """Toss one coin per element.

    Args:
        shape: shape of the mask, an int or a tuple.
        p: probability of dropping, in [0, 1].
        rng: torch.Generator on `device`; None means torch's default one.
        device: where the mask lives; None means the generator's device, or torch's default one.
    Returns:
        bool tensor of `shape`: True (kept) with probability 1 - p.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 4, where p is the probability of keeping.
    """
    p = validate_probability("p", p)
    return _toss(validate_size("shape", shape), p, rng, _place(rng, device))


def _toss(shape, p, rng, device):
    return torch.bernoulli(torch.empty(shape, dtype=torch.bool, device=device), 1 - p, **drawing_from(rng))


def _place(rng, device):
    """The device to draw on: the one that is given, or the generator's."""
    validate_generator("rng", rng)
    return rng.device if device is None and rng is not None else device


def apply_mask(x, mask, p):
    """Zero what was dropped and scale the rest up, so that the expectation over masks stays x.

    Args:
        x: floating-point tensor, any shape.
        mask: boolean tensor, True = kept; its shape is x's or broadcasts to it.
        p: probability of dropping the mask was drawn with, in [0, 1].
    Returns:
        tensor like x: x / (1 - p) where kept, 0 elsewhere; all 0 when p = 1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: inverted dropout, as in torch.nn.Dropout.
    """
    p = validate_probability("p", p)
    validate_masked(x, mask)
    return _nothing(x) if p == 1 else _scale_kept(x, mask, 1 / (1 - p))


def dropout(x, p=0.5, training=True, rng=None):
    """Inverted dropout: `apply_mask(x, sample_mask(x.shape, p, rng), p)`.

    Args:
        x: floating-point tensor, any shape.
        p: probability of dropping, in [0, 1].
        training: False returns x itself.
        rng: torch.Generator on x's device; None means torch's default one.
    Returns:
        tensor like x: every element 0 or x / (1 - p).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.dropout.
    """
    p = validate_probability("p", p)
    validate_float_tensor("x", x)
    validate_generator("rng", rng)
    if not training:
        return x
    return apply_mask(x, sample_mask(x.shape, p, rng, device=x.device), p)


def dropout_backward(dy, mask, p):
    """Gradient of `apply_mask` with respect to x, written out; autograd finds the same.

    Args:
        dy: floating-point tensor, gradient of the loss with respect to the output.
        mask: the boolean mask of the forward pass.
        p: probability of dropping, in [0, 1].
    Returns:
        tensor like dy: dy / (1 - p) where the element was kept, 0 elsewhere.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_float_tensor("dy", dy)
    return apply_mask(dy, mask, p)


def _scale_kept(x, mask, scale):
    return x.masked_fill(~mask, 0) * scale


def _nothing(x):
    # 0 everywhere, and still part of autograd's graph.
    return x.masked_fill(torch.ones((), dtype=torch.bool, device=x.device), 0)


# What the other members drop


def alpha_dropout(x, mask, p):
    """Set dropped elements to SELU's floor, then shift and scale so that mean and variance stay.

    Args:
        x: floating-point tensor, any shape.
        mask: boolean tensor, True = kept; its shape is x's or broadcasts to it.
        p: probability of dropping, in [0, 1].
    Returns:
        tensor like x; all 0 when p = 1, as torch gives it, for no scale can restore the variance then.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AlphaDropout.
    """
    p = validate_probability("p", p)
    validate_masked(x, mask)
    if p == 1:
        return _nothing(x)
    scale, shift = alpha_constants(p)
    return x.masked_fill(~mask, SELU_FLOOR) * scale + shift


def sample_noise(shape, p, rng=None, dtype=torch.float64, *, device=None):
    """Multiplicative noise with the mean 1 and the variance p / (1 - p) of a scaled dropout mask.

    Args:
        shape: shape of the noise, an int or a tuple.
        p: probability of dropping of the dropout it stands for, in [0, 1].
        rng: torch.Generator on `device`; None means torch's default one.
        dtype: a floating-point dtype.
        device: where the noise lives; None means the generator's device, or torch's default one.
    Returns:
        tensor: 1 + sqrt(p / (1 - p)) * standard normal; 0 when p = 1, where the variance has no finite value.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 10.
    """
    p, shape = validate_probability("p", p), validate_size("shape", shape)
    like = {"dtype": validate_float_dtype("dtype", dtype), "device": _place(rng, device)}
    if p == 1:
        return torch.zeros(shape, **like)
    return 1 + (p / (1 - p)) ** 0.5 * torch.randn(shape, **like, **drawing_from(rng))


def sample_block_mask(shape, p, block_size, rng=None, *, device=None):
    """Draw the corners of blocks in every channel of every sample, and drop the blocks.

    Args:
        shape: (N, C, H, W).
        p: share of the pixels to drop, in [0, 1]; 1 drops all.
        block_size: side of a block in pixels; cut to the height or width when those are smaller.
        rng: torch.Generator on `device`; None means torch's default one.
        device: where the mask lives; None means the generator's device, or torch's default one.
    Returns:
        bool tensor (N, C, H, W), True = kept.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Ghiasi et al. 2018, DropBlock, algorithm 1.
    """
    p, block_size = validate_probability("p", p), validate_positive_int("block_size", block_size)
    *batch, height, width = shape = picture_mask_shape(validate_size("shape", shape))
    size, device = min(block_size, height, width), _place(rng, device)
    if p in (0, 1) or 0 in shape:
        return torch.full(shape, p < 1, device=device)
    gamma = dropblock_gamma(p, size, height, width)
    corners = ~_toss((*batch, height - size + 1, width - size + 1), gamma, rng, device)
    padded = F.pad(corners.float(), (size - 1,) * 4)  # (N, C, H + size - 1, W + size - 1)
    return F.max_pool2d(padded, size, stride=1) == 0


def rescale_kept(x, mask):
    """Zero what was dropped and divide the rest by the share that was kept, counted over the whole batch.

    Args:
        x: floating-point tensor.
        mask: boolean tensor, True = kept; its shape is x's or broadcasts to it.
    Returns:
        tensor like x; all 0 when nothing was kept.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Ghiasi et al. 2018, DropBlock, algorithm 1, the normalization in the last line.
    """
    validate_masked(x, mask)
    dtype = accumulator(x.dtype)  # a half could hold neither the count nor the scale
    kept = mask.sum().clamp(min=1).to(dtype)  # a tensor, not a number, so that a GPU need not be waited for
    return _scale_kept(x.to(dtype), mask, mask.numel() / kept).to(x.dtype)


def drop_connect(x, weight, bias, mask, p):
    """Linear map some of whose weights are dropped.

    Args:
        x: (..., in_features).
        weight: (out_features, in_features).
        bias: (out_features,) or None; never dropped.
        mask: boolean tensor of the weight's shape, True = kept; None keeps the whole weight as it is.
        p: probability of dropping, in [0, 1].
    Returns:
        tensor (..., out_features).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Wan et al. 2013, Regularization of Neural Networks using DropConnect.
    """
    p = validate_probability("p", p)
    validate_linear(x, weight, bias)
    if mask is not None:
        weight = apply_mask(weight, validate_mask("mask", mask, weight.shape), p)
    return F.linear(x, weight, bias)


def maxout(x, weight, bias, k):
    """The largest of k linear maps, for every unit.

    Args:
        x: (..., in_features).
        weight: (out_features * k, in_features); rows j k to j k + k - 1 are the pieces of unit j.
        bias: (out_features * k,) or None.
        k: number of pieces.
    Returns:
        (y, winner): both (..., out_features); winner is the number of the largest piece, the first on a tie.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Goodfellow et al. 2013, Maxout Networks, section 3.
    """
    validate_linear(x, weight, bias)
    if len(weight) % validate_positive_int("k", k):
        raise ValueError(f"k must divide the {len(weight)} rows of weight, got {k}")
    pieces = F.linear(x, weight, bias).unflatten(-1, (weight.shape[0] // k, k))  # (..., out_features, k)
    winner = pieces.argmax(dim=-1)
    return pieces.gather(-1, winner[..., None])[..., 0], winner


# Whole networks


def thinned_step(params, x, y, masks, lr):
    """One training step of dropout as it was first described: delete units, train the rest, put them back.

    The small network has ReLU hidden layers and softmax cross-entropy, takes one plain SGD step on the batch,
    and nothing is rescaled. Training a full network whose hidden activations are multiplied by the masks
    gives the same weights.

    Args:
        params: [(W, b), ...] from the first layer to the last; W (out, in), b (out,), floating point.
        x: (N, in) batch of inputs.
        y: (N,) int64 class labels.
        masks: one boolean tensor (units,) per hidden layer, True = kept.
        lr: learning rate, > 0.
    Returns:
        (params, loss): new tensors, in which the deleted units' weights are bit for bit the old ones, and the
        small network's loss before the step, a float.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 5.1.
    """
    lr = validate_positive_number("lr", lr)
    validate_float_tensor("x", x)
    for pair in validate_pairs("params", params):
        for array in pair:
            validate_float_tensor("params", array)
    for mask in validate_list("masks", masks):
        validate_mask("masks", mask)
    validate_thinned(params, x, masks)
    _validate_labels("y", y, len(x), len(params[-1][1]))

    inputs, outputs = (torch.arange(size, device=x.device) for size in (x.shape[1], len(params[-1][1])))
    kept = [inputs, *(mask.nonzero()[:, 0] for mask in masks), outputs]
    small = [
        (weight.detach()[rows][:, columns].requires_grad_(), bias.detach()[rows].requires_grad_())
        for (weight, bias), columns, rows in zip(params, kept, kept[1:], strict=False)
    ]

    with torch.enable_grad():
        h = x.detach()
        for weight, bias in small[:-1]:
            h = F.relu(F.linear(h, weight, bias))
        loss = F.cross_entropy(F.linear(h, *small[-1]), y)
        gradients = iter(torch.autograd.grad(loss, [tensor for pair in small for tensor in pair]))

    trained = [(weight.detach().clone(), bias.detach().clone()) for weight, bias in params]
    with torch.no_grad():
        for (new_weight, new_bias), (weight, bias), columns, rows in zip(
            trained, small, kept, kept[1:], strict=False
        ):
            new_weight[rows[:, None], columns] = weight - lr * next(gradients)
            new_bias[rows] = bias - lr * next(gradients)
    return trained, loss.item()


@torch.no_grad()
def max_norm_(w, c):
    """Shrink, in place, the incoming weights of every unit whose norm is above c to the norm c.

    Args:
        w: (out, in) or (out, in, ...) floating-point tensor; row i holds what comes into unit i.
        c: largest Euclidean norm allowed, > 0.
    Returns:
        w itself; rows within the limit keep their bits.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 5.1.
    """
    validate_float_tensor("w", w)
    c = validate_positive_number("c", c)
    if w.ndim < 2:
        raise ValueError(f"w must have shape (out, in) or (out, in, ...), got shape {tuple(w.shape)}")
    dtype = accumulator(w.dtype)
    rows = F.pad(w.flatten(1).to(dtype), (0, 1))  # with a 0, so that a row without weights has a largest, too
    # In shares of the largest no square overflows or vanishes.
    largest = rows.abs().amax(dim=1, keepdim=True).clamp(min=torch.finfo(dtype).tiny)
    length = torch.linalg.vector_norm(rows / largest, dim=1, keepdim=True)
    shrunk = (rows / largest * (c / length))[:, :-1].view(w.shape)
    too_long = (length * largest > c).view(-1, *(1,) * (w.ndim - 1))
    return w.copy_(shrunk.where(too_long, w))


def validate_masked(x, mask):
    """A floating-point tensor, and a boolean one that broadcasts to its shape."""
    validate_float_tensor("x", x)
    validate_mask("mask", mask)
    validate_broadcasts(mask, x.shape)


def validate_linear(x, weight, bias):
    """The input, the weight (out, in) and the bias (out,) or None of a linear map, all of one dtype."""
    validate_float_tensor("weight", weight)
    if weight.ndim != 2:
        raise ValueError(f"weight must have shape (out, in), got {tuple(weight.shape)}")
    validate_input(x, weight)
    if bias is not None:
        validate_tensor(
            "bias", bias, weight.dtype, f"a tensor of weight's dtype {weight.dtype}", weight.shape[:1]
        )


def validate_input(x, weight):
    """An input whose last axis fits a weight (out, in), in the weight's dtype."""
    validate_float_tensor("x", x)
    if x.dtype != weight.dtype and not torch.is_autocast_enabled(x.device.type):
        raise TypeError(f"x must have the dtype of the layer's parameters, {weight.dtype}, got {x.dtype}")
    validate_last_axis(x.shape, weight.shape)


def _validate_labels(name, y, n, num_classes):
    validate_tensor(name, y, torch.int64, "class numbers, an int64 tensor", (n,))
    if n and not (y.min() >= 0 and y.max() < num_classes):
        raise ValueError(f"{name} must be from 0 to {num_classes - 1}, got {y.min()} to {y.max()}")


# Layers


class DropoutLayer(LeafModule):
    """What the family shares: p, the generator, and the mask of the last forward pass.

    `mask` is None after a pass in eval mode, where the layer is the identity, and after one that was traced
    (see `has_numbers`). Under `torch.utils.checkpoint` leave rng None: only torch's default generators are
    restored for the second run, and another one draws another mask there.

    Args:
        p: probability of dropping, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """

    p, rng = Setting(validate_probability), Setting(validate_generator)

    def __init__(self, p=0.5, *, rng=None):
        super().__init__()
        self.p, self.rng = p, rng
        self.mask = None

    def forward(self, x, mask=None):
        """Drop, with a mask of the layer's own or with the one given; the identity in eval mode.

        Args:
            x: floating-point tensor.
            mask: None, or boolean tensor of the shape of the layer's masks, True = kept; unused in eval mode.
        Returns:
            tensor of x's dtype.
        Raises:
            ValueError, TypeError: names the argument, its value and what is allowed.
        """
        validate_float_tensor("x", x)
        shape = self._mask_shape(x.shape)
        if not self.training:
            self.mask = None
            return self._test(x)
        if mask is None:
            mask = self._draw(x)
        else:
            self._validate_given(mask, shape)
        self.mask = mask if has_numbers(mask) else None
        return self._drop(x, mask)

    def extra_repr(self):
        return f"p={self.p}"

    def _mask_shape(self, shape):
        return shape

    def _draw(self, x):
        return _toss(self._mask_shape(x.shape), self.p, self.rng, x.device)

    def _drop(self, x, mask):
        return apply_mask(x, mask, self.p)

    def _test(self, x):
        return x

    def _validate_given(self, mask, shape):
        validate_mask("mask", mask, shape)


class Dropout(DropoutLayer):
    """Inverted dropout: in training every element is 0 with probability p and x / (1 - p) otherwise.

    Args:
        p: probability of dropping, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: torch.nn.Dropout.
    """


class ClassicDropout(DropoutLayer):
    """Dropout as first published: x * mask in training, x * (1 - p) in eval mode.

    Args:
        p: probability of dropping, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: Srivastava et al. 2014, section 4, where p is the probability of keeping and the outgoing
        weights are scaled at test time, which is the same as scaling the activation.
    """

    def _drop(self, x, mask):
        return _scale_kept(x, mask, 1)

    def _test(self, x):
        return _nothing(x) if self.p == 1 else x * (1 - self.p)


class _ChannelDropout(DropoutLayer):
    def _mask_shape(self, shape):
        return channel_mask_shape(shape, self._dimensions)


class Dropout1d(_ChannelDropout):
    """Drop whole channels of (N, C, L) or (C, L); the mask is (N, C, 1) or (C, 1).

    Args:
        p: probability of dropping a channel, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: torch.nn.Dropout1d; Tompson et al. 2015, Efficient Object Localization Using Convolutional
        Networks.
    """

    _dimensions = 1


class Dropout2d(_ChannelDropout):
    """Drop whole channels of (N, C, H, W); the mask is (N, C, 1, 1).

    Args:
        p: probability of dropping a channel, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: torch.nn.Dropout2d; Tompson et al. 2015, Efficient Object Localization Using Convolutional
        Networks.
    """

    _dimensions = 2


class Dropout3d(_ChannelDropout):
    """Drop whole channels of (N, C, D, H, W) or (C, D, H, W); the mask is (N, C, 1, 1, 1) or (C, 1, 1, 1).

    Args:
        p: probability of dropping a channel, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: torch.nn.Dropout3d; Tompson et al. 2015, Efficient Object Localization Using Convolutional
        Networks.
    """

    _dimensions = 3


class DropPath(DropoutLayer):
    """Drop whole samples of (N, ...), as stochastic depth does with the branch of a residual block.

    Args:
        p: probability of dropping a sample, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: Huang et al. 2016, Deep Networks with Stochastic Depth, which drops one branch for the whole
        batch and scales at test time. Drawn per sample and scaled in training, as here: timm, torchvision.
    """

    def _mask_shape(self, shape):
        return sample_mask_shape(shape)


class DropBlock2d(DropoutLayer):
    """Drop square blocks of (N, C, H, W), in every channel others, and divide by the share that was kept.

    Args:
        p: share of the pixels to drop, in [0, 1]; overlapping blocks make the real share a little smaller.
        block_size: side of a block in pixels; cut to the height or width of smaller inputs.
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: Ghiasi et al. 2018, DropBlock: A Regularization Method for Convolutional Networks, algorithm 1 and
        equation 1; the defaults are its setting for ResNet-50, keep_prob 0.9 and block_size 7.
    """

    block_size = Setting(validate_positive_int)

    def __init__(self, p=0.1, block_size=7, *, rng=None):
        super().__init__(p, rng=rng)
        self.block_size = block_size

    def extra_repr(self):
        return f"p={self.p}, block_size={self.block_size}"

    def _mask_shape(self, shape):
        return picture_mask_shape(shape)

    def _draw(self, x):
        return sample_block_mask(x.shape, self.p, self.block_size, self.rng, device=x.device)

    def _drop(self, x, mask):
        return rescale_kept(x, mask)


class AlphaDropout(DropoutLayer):
    """Set elements to SELU's floor instead of 0, and keep the mean 0 and the variance 1 of the input.

    With p = 1 the output is all 0, as torch gives it.

    Args:
        p: probability of dropping, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
    Source: torch.nn.AlphaDropout; Klambauer et al. 2017, Self-Normalizing Neural Networks.
    """

    def _drop(self, x, mask):
        return alpha_dropout(x, mask, self.p)


class GaussianDropout(DropoutLayer):
    """Multiply by Gaussian noise of mean 1 and variance p / (1 - p); the mask is the noise itself.

    With p = 1 the variance has no finite value and the output is all 0.

    Args:
        p: probability of dropping of the dropout it stands for, in [0, 1].
        rng: torch.Generator on the input's device for the noise; None means torch's default one.
    Source: Srivastava et al. 2014, section 10.
    """

    def _draw(self, x):
        return sample_noise(x.shape, self.p, self.rng, x.dtype, device=x.device)

    def _drop(self, x, mask):
        return _nothing(x) if self.p == 1 else x * mask.to(x.dtype)

    def _validate_given(self, mask, shape):
        validate_shape("mask", validate_float_tensor("mask", mask), shape)


class DropConnect(LeafModule, nn.Linear):
    """A Linear layer that drops weights instead of units; the mask has the weight's shape.

    The scale is inverted, 1 / (1 - p), so that eval mode is a plain Linear. One mask serves the whole batch.

    Args:
        in_features: length of a sample.
        out_features: number of units.
        bias: whether there is a bias, which is never dropped.
        p: probability of dropping a weight, in [0, 1].
        rng: torch.Generator on the input's device for the masks; None means torch's default one. The weights
            start as those of nn.Linear do, from torch's default generator.
        device: where the weights live.
        dtype: of the weights.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Wan et al. 2013, Regularization of Neural Networks using DropConnect, which draws a mask per
        sample and at test time samples from a Gaussian fitted to the sum, where here the mean weight is used.
    """

    in_features, out_features = Setting(validate_positive_int), Setting(validate_positive_int)
    p, rng = Setting(validate_probability), Setting(validate_generator)

    def __init__(self, in_features, out_features, bias=True, p=0.5, *, rng=None, device=None, dtype=None):
        self.p, self.rng = p, rng  # validated before any weight is made
        super().__init__(in_features, out_features, bias, device, dtype)
        self.mask = None

    def forward(self, x, mask=None):
        """The linear map, some of its weights dropped in training mode.

        Args:
            x: (..., in_features), of the weight's dtype.
            mask: None, or boolean tensor (out_features, in_features), True = kept; unused in eval mode.
        Returns:
            tensor (..., out_features).
        Raises:
            ValueError, TypeError: names the argument, its value and what is allowed.
        """
        validate_input(x, self.weight)
        if not self.training:
            mask = None
        elif mask is None:
            mask = sample_mask(self.weight.shape, self.p, self.rng, device=x.device)
        else:
            validate_mask("mask", mask, self.weight.shape)
        self.mask = mask if has_numbers(mask) else None
        return drop_connect(x, self.weight, self.bias, mask, self.p)

    def extra_repr(self):
        return f"{super().extra_repr()}, p={self.p}"


class Maxout(LeafModule, nn.Linear):
    """Units that put out the largest of k linear maps of their input.

    Args:
        in_features: length of a sample.
        out_features: number of units.
        k: number of pieces per unit.
        bias: whether there is a bias.
        device: where the weights live.
        dtype: of the weights, whose shape is (out_features * k, in_features).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Goodfellow et al. 2013, Maxout Networks, section 3.
    """

    in_features, out_features = Setting(validate_positive_int), Setting(validate_positive_int)
    k = Setting(validate_positive_int)

    def __init__(self, in_features, out_features, k=2, bias=True, *, device=None, dtype=None):
        self.out_features, self.k = out_features, k  # validated before any weight is made
        super().__init__(in_features, self.out_features * self.k, bias, device, dtype)
        self.out_features = out_features

    def forward(self, x):
        """The largest piece of every unit.

        Args:
            x: (..., in_features), of the weight's dtype.
        Returns:
            tensor (..., out_features).
        Raises:
            ValueError, TypeError: names the argument, its value and what is allowed.
        """
        validate_input(x, self.weight)
        return maxout(x, self.weight, self.bias, self.k)[0]

    def extra_repr(self):
        return f"{super().extra_repr()}, k={self.k}"


# Dropout that stays on


# What drops by itself. A TransformerEncoderLayer takes a faster path past its dropout layers, unless it is in
# training mode itself.
_DROPPING = (
    DropoutLayer,
    DropConnect,
    nn.modules.dropout._DropoutNd,
    nn.MultiheadAttention,
    nn.RNNBase,
    nn.TransformerEncoderLayer,
)


@torch.no_grad()
def mc_predict(model, x, k, rng):
    """Predict k times, each time with other masks.

    Only what drops is in training mode, so that batch normalization, say, still uses its running statistics.
    That is dropout layers, those of torch and its attention and recurrent layers among them, and modules of
    any other class that draw other random numbers in training mode than in evaluation mode: each such class
    is tried, in one more pass. Modes and buffers are restored, also after an exception, and with an rng so
    are all other generators.

    Args:
        model: an nn.Module that returns logits (N, classes).
        x: the model's input, a tensor of N samples.
        k: number of predictions, >= 1.
        rng: torch.Generator, on any device, that decides all masks; None leaves each layer its own generator.
            On a GPU cuDNN draws the masks of recurrent layers by itself, whatever rng is.
    Returns:
        tensor (k, N, classes): softmax outputs; their mean over the first axis is the Monte-Carlo average.
    Raises:
        ValueError: nothing in the model drops, or what should drop did not, and all predictions are equal.
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 7.5; Gal and Ghahramani 2016, Dropout as a Bayesian Approximation.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x must be a tensor, got {type(x).__name__}")
    k = validate_positive_int("k", k)
    generators = _generators(model, x.device)
    with _drawing_from(validate_generator("rng", rng), generators):
        dropping = _find_dropping(model, x, generators)
        before = _states(generators)
        with _in_training(model, dropping.values()):
            predictions = torch.stack([_logits(model(x)).softmax(dim=-1) for _ in range(k)])
        if _states(generators) == before:
            _validate_sampled(model, dropping, predictions)
    return predictions


@contextmanager
def _in_training(model, modules):
    """Puts these modules alone into training mode. Modes and buffers come back, also after an exception."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        for module, _ in modes:
            module.training = False
        for module in modules:
            module.training = True
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        for buffer, value in buffers:
            buffer.copy_(value)


def _generators(model, device):
    """Whatever a model on this device may draw from: torch's default generators, and those it holds."""
    held = (value for module in model.modules() for value in vars(module).values())
    on_gpu = [torch.cuda.default_generators[device.index]] if device.type == "cuda" else []
    found = [torch.default_generator, *on_gpu, *(one for one in held if isinstance(one, torch.Generator))]
    return list(dict.fromkeys(found))


@contextmanager
def _drawing_from(rng, generators):
    """Lets rng decide what the generators give, and puts them back; None leaves them alone."""
    if rng is None:
        yield
        return
    seeds = torch.randint(2**63 - 1, (len(generators),), generator=rng, device=rng.device).tolist()
    with _put_back(generators):
        for generator, seed in zip(generators, seeds, strict=True):
            generator.manual_seed(seed)
        yield


@contextmanager
def _put_back(generators):
    before = [generator.get_state() for generator in generators]
    try:
        yield
    finally:
        for generator, state in zip(generators, before, strict=True):
            generator.set_state(state)


def _states(generators):
    return [generator.get_state().numpy().tobytes() for generator in generators]


def _find_dropping(model, x, generators):
    """dict: the modules that drop, under their names in the model."""
    modules = dict(model.named_modules())
    dropping = {name: module for name, module in modules.items() if isinstance(module, _DROPPING)}
    classes = {type(module) for name, module in modules.items() if name not in dropping}
    unknown = [kind for kind in classes if not kind.__module__.startswith(("torch.nn.", "coursepkg."))]
    usual = _states_after(model, x, [], generators) if unknown else None
    for kind in unknown:
        tried = {name: module for name, module in modules.items() if type(module) is kind}
        if _states_after(model, x, tried.values(), generators) != usual:
            dropping |= tried
    return dropping


def _states_after(model, x, modules, generators):
    """What the generators would be at after a pass with these modules in training mode."""
    with _put_back(generators), _in_training(model, modules):
        model(x)
        return _states(generators)


def _logits(y):
    if not isinstance(y, torch.Tensor):
        raise TypeError(f"model must return a tensor of logits, got {type(y).__name__}")
    return y


def _validate_sampled(model, dropping, predictions):
    """Refuses a model that drew no random number, unless its probabilities of dropping are 0 or 1."""
    if not dropping:
        raise ValueError(f"model must hold a layer that drops, got {type(model).__name__} without one")
    silent = [
        f"{name} ({type(module).__name__})"
        for name, module in dropping.items()
        if 0 < _probability(module) < 1
    ]
    if silent and len(predictions) > 1 and (predictions == predictions[0]).all():
        raise ValueError(f"model must drop, but {', '.join(silent)} did not: all predictions are equal")


def _probability(module):
    """With which a module of _DROPPING drops; 0 for a TransformerEncoderLayer, whose layers do."""
    if isinstance(module, nn.MultiheadAttention | nn.RNNBase):
        return module.dropout
    return getattr(module, "p", 0)
