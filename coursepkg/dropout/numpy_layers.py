"""Dropout and its family in NumPy: forward and backward as functions, then thin layers that call them.

`p` is always the probability of dropping. A mask is a boolean array, True = kept, and every layer takes one
as `forward(x, mask)`; without it the layer draws its own from `rng`.

A dropped element is 0 whatever it was, also where it was inf or NaN, and with p = 1 everything is dropped.
"""

import numpy as np

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
from coursepkg.layer import Layer
from coursepkg.masking import keep
from coursepkg.nn import CrossEntropyLoss, Linear, softmax
from coursepkg.nn.init import torch_default
from coursepkg.validation import (
    Setting,
    validate_dtype,
    validate_float_array,
    validate_generator,
    validate_gradient,
    validate_input,
    validate_labels,
    validate_positive_int,
    validate_positive_number,
    validate_probability,
    validate_shape,
    validate_size,
)

# The coin and the mask


def sample_mask(shape, p, rng):
    """Toss one coin per element.

    A random byte decides nearly all of them: below floor(256 p) the element is dropped, above it is kept. On
    a tie another number decides, so that the probability is p and no multiple of 1/256. With p = 0.5 one bit
    decides.

    Args:
        shape: shape of the mask, an int or a tuple.
        p: probability of dropping, in [0, 1].
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        bool array of `shape`: True (kept) with probability 1 - p.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 4, where p is the probability of keeping. The coins: Knuth and Yao
        1976, who compare the digits of p with random ones until they differ.
    """
    p, rng = validate_probability("p", p), validate_generator("rng", rng)
    mask = np.full(validate_size("shape", shape), p == 0)
    if p in (0, 1):
        return mask
    keep = mask.reshape(-1)
    if p == 0.5:
        keep[...] = np.unpackbits(_random_bytes(-(-keep.size // 8), rng), count=keep.size)
        return mask
    threshold, rest = divmod(256 * p, 1)
    byte = _random_bytes(keep.size, rng)
    np.greater_equal(byte, np.uint8(threshold), out=keep)
    if rest:
        ties = np.flatnonzero(byte == threshold)
        keep[ties] = rng.random(ties.size) >= rest
    return mask


def _random_bytes(n, rng):
    return np.frombuffer(rng.bytes(-(-n // 8) * 8), np.uint8)[:n]  # whole words, as the generator makes them


def apply_mask(x, mask, p):
    """Zero what was dropped and scale the rest up, so that the expectation over masks stays x.

    Args:
        x: float32 or float64 array, any shape.
        mask: boolean array, True = kept; its shape is x's or broadcasts to it.
        p: probability of dropping the mask was drawn with, in [0, 1].
    Returns:
        array like x: x / (1 - p) where kept, 0 elsewhere; all 0 when p = 1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: inverted dropout, as in torch.nn.Dropout.
    """
    p = validate_probability("p", p)
    if p == 1:
        validate_masked(x, mask)
        return np.zeros(x.shape, x.dtype)
    return scale_kept(x, mask, 1 / (1 - p))


def scale_kept(x, mask, scale):
    """scale * x where kept, 0 elsewhere, whatever x is there.

    Args:
        x: float32 or float64 array.
        mask: boolean array, True = kept; its shape broadcasts to x's.
        scale: a number.
    Returns:
        new array like x.
    """
    validate_masked(x, mask)
    y = keep(x, mask)
    y *= x.dtype.type(scale)
    return y


def dropout(x, p=0.5, training=True, rng=None):
    """Inverted dropout: `apply_mask(x, sample_mask(x.shape, p, rng), p)`.

    Args:
        x: float32 or float64 array, any shape.
        p: probability of dropping, in [0, 1].
        training: False returns x itself.
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        array like x: every element 0 or x / (1 - p).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.dropout.
    """
    p = validate_probability("p", p)
    x = validate_float_array("x", x)
    rng = validate_generator("rng", rng)
    if not training:
        return x
    return apply_mask(x, sample_mask(x.shape, p, rng), p)


def dropout_backward(dy, mask, p):
    """Gradient of `apply_mask` with respect to x: the same mask and the same scale.

    Args:
        dy: float32 or float64 array, gradient of the loss with respect to the output.
        mask: the boolean mask of the forward pass.
        p: probability of dropping, in [0, 1].
    Returns:
        array like dy: dy / (1 - p) where the element was kept, 0 elsewhere.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return apply_mask(dy, mask, p)


# What the other members drop


def alpha_dropout(x, mask, p):
    """Set dropped elements to SELU's floor, then shift and scale so that mean and variance stay.

    Args:
        x: float32 or float64 array, any shape.
        mask: boolean array of x's shape, True = kept.
        p: probability of dropping, in [0, 1].
    Returns:
        array like x; all 0 when p = 1, as torch gives it, for no scale can restore the variance then.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AlphaDropout.
    """
    p = validate_probability("p", p)
    validate_masked(x, mask)
    if p == 1:
        return np.zeros_like(x)
    scale, shift = (x.dtype.type(constant) for constant in alpha_constants(p))
    return np.where(mask, x, x.dtype.type(SELU_FLOOR)) * scale + shift


def alpha_dropout_backward(dy, mask, p):
    """Gradient of `alpha_dropout` with respect to x.

    Args:
        dy: float32 or float64 array, gradient with respect to the output.
        mask: the boolean mask of the forward pass.
        p: probability of dropping, in [0, 1].
    Returns:
        array like dy: dy times the scale where kept, 0 elsewhere.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    p = validate_probability("p", p)
    validate_masked(dy, mask, "dy")
    if p == 1:
        return np.zeros_like(dy)
    scale, _ = alpha_constants(p)
    return scale_kept(dy, mask, scale)


def sample_noise(shape, p, rng, dtype=np.float64):
    """Multiplicative noise with the mean 1 and the variance p / (1 - p) of a scaled dropout mask.

    Args:
        shape: shape of the noise.
        p: probability of dropping of the dropout it stands for, in [0, 1].
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Returns:
        array: 1 + sqrt(p / (1 - p)) * standard normal; 0 when p = 1, where the variance has no finite value.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 10.
    """
    p, rng, dtype = (
        validate_probability("p", p),
        validate_generator("rng", rng),
        validate_dtype("dtype", dtype),
    )
    if p == 1:
        return np.zeros(shape, dtype)
    deviation = dtype.type((p / (1 - p)) ** 0.5)
    return 1 + deviation * rng.standard_normal(shape, dtype)


def sample_block_mask(shape, p, block_size, rng):
    """Draw the corners of blocks in every channel of every sample, and drop the blocks.

    Args:
        shape: (N, C, H, W).
        p: share of the pixels to drop, in [0, 1]; 1 drops all.
        block_size: side of a block in pixels; cut to the height or width when those are smaller.
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        bool array (N, C, H, W), True = kept.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Ghiasi et al. 2018, DropBlock, algorithm 1.
    """
    p, rng = validate_probability("p", p), validate_generator("rng", rng)
    block_size = validate_positive_int("block_size", block_size)
    *batch, height, width = shape = picture_mask_shape(validate_size("shape", shape))
    size = min(block_size, height, width)
    if p in (0, 1) or size == 0:
        return np.full(shape, p < 1)
    rows, columns = height - size + 1, width - size + 1
    gamma = dropblock_gamma(p, size, height, width)
    corners = ~sample_mask((*batch, rows, columns), gamma, rng)
    tall = np.zeros((*batch, height, columns), dtype=bool)
    for i in range(size):
        tall[:, :, i : i + rows] |= corners
    dropped = np.zeros(shape, dtype=bool)
    for j in range(size):
        dropped[:, :, :, j : j + columns] |= tall
    return ~dropped


def rescale_kept(x, mask):
    """Zero what was dropped and divide the rest by the share that was kept, counted over the whole batch.

    Args:
        x: float32 or float64 array.
        mask: boolean array of x's shape, True = kept.
    Returns:
        array like x; all 0 when nothing was kept.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Ghiasi et al. 2018, DropBlock, algorithm 1, the normalization in the last line.
    """
    validate_masked(x, mask)
    return scale_kept(x, mask, mask.size / max(1, np.count_nonzero(mask)))


def drop_connect(x, weight, bias, mask, p):
    """Linear map some of whose weights are dropped.

    Args:
        x: (..., in_features).
        weight: (out_features, in_features).
        bias: (out_features,) or None; never dropped.
        mask: boolean array of the weight's shape, True = kept; None keeps the whole weight as it is.
        p: probability of dropping, in [0, 1].
    Returns:
        array (..., out_features).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Wan et al. 2013, Regularization of Neural Networks using DropConnect.
    """
    p = validate_probability("p", p)
    validate_linear(x, weight, bias)
    y = x @ _thin(weight, mask, p).T
    return y if bias is None else y + bias


def drop_connect_backward(dy, x, weight, mask, p):
    """Gradients of `drop_connect`.

    Args:
        dy: (..., out_features), gradient with respect to the output.
        x, weight, mask, p: as given to `drop_connect`.
    Returns:
        (dx, dweight, dbias): a dropped weight gets the gradient 0.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    p = validate_probability("p", p)
    validate_linear(x, weight, None)
    validate_gradient(dy, (*x.shape[:-1], len(weight)), x.dtype)
    rows = dy.reshape(-1, dy.shape[-1])
    dweight = _thin(rows.T @ x.reshape(-1, x.shape[-1]), mask, p)
    return dy @ _thin(weight, mask, p), dweight, rows.sum(axis=0)


def _thin(weight, mask, p):
    return weight if mask is None else apply_mask(weight, mask, p)


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
    k = validate_pieces(weight, k)
    validate_linear(x, weight, bias)
    pieces = x @ weight.T if bias is None else x @ weight.T + bias
    pieces = pieces.reshape(*x.shape[:-1], len(weight) // k, k)  # (..., out_features, k)
    winner = pieces.argmax(axis=-1)
    return np.take_along_axis(pieces, winner[..., None], axis=-1)[..., 0], winner


def maxout_backward(dy, x, weight, winner, k):
    """Gradients of `maxout`: only the winning piece of a unit learns.

    Args:
        dy: (..., out_features), gradient with respect to y.
        x, weight, k: as given to `maxout`.
        winner: the numbers that `maxout` returned.
    Returns:
        (dx, dweight, dbias).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    k = validate_pieces(weight, k)
    validate_linear(x, weight, None)
    validate_gradient(dy, (*x.shape[:-1], len(weight) // k), x.dtype)
    validate_shape("winner", winner, dy.shape)
    dpieces = dy[..., None] * (winner[..., None] == np.arange(k))  # (..., out_features, k)
    dpieces = dpieces.astype(dy.dtype, copy=False).reshape(*dy.shape[:-1], len(weight))
    rows = dpieces.reshape(-1, len(weight))
    return dpieces @ weight, rows.T @ x.reshape(-1, x.shape[-1]), rows.sum(axis=0)


# Whole networks


def thinned_step(params, x, y, masks, lr):
    """One training step of dropout as it was first described: delete units, train what is left, put them
    back.

    The small network has ReLU hidden layers and softmax cross-entropy, takes one plain SGD step on the
    batch, and nothing is rescaled. Training a full network whose hidden activations are multiplied by the
    masks gives the same weights.

    Args:
        params: [(W, b), ...] from the first layer to the last; W (out, in), b (out,), float32 or float64.
        x: (N, in) batch of inputs.
        y: (N,) integer class labels.
        masks: one boolean array (units,) per hidden layer, True = kept.
        lr: learning rate, > 0.
    Returns:
        (params, loss): new arrays, in which the deleted units' weights are bit for bit the old ones, and
        the small network's loss before the step.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 5.1.
    """
    lr = validate_positive_number("lr", lr)
    x = validate_float_array("x", x)
    for pair in validate_pairs("params", params):
        for array in pair:
            validate_float_array("params", array)
    for mask in validate_list("masks", masks):
        validate_boolean("masks", mask)
    validate_thinned(params, x, masks)
    y = validate_labels("y", y, len(x), len(params[-1][1]))
    kept = [np.arange(x.shape[1]), *map(np.flatnonzero, masks), np.arange(len(params[-1][1]))]
    small = [
        (weight[np.ix_(rows, columns)], bias[rows])
        for (weight, bias), columns, rows in zip(params, kept, kept[1:], strict=False)
    ]

    activations = [x]
    for weight, bias in small[:-1]:
        activations.append(np.maximum(activations[-1] @ weight.T + bias, 0))
    weight, bias = small[-1]
    loss = CrossEntropyLoss()
    value = loss.forward(activations[-1] @ weight.T + bias, y)

    gradient = loss.backward()
    trained = [(weight.copy(), bias.copy()) for weight, bias in params]
    for layer in reversed(range(len(params))):
        weight, bias = small[layer]
        new_weight, new_bias = trained[layer]
        rows, columns = kept[layer + 1], kept[layer]
        new_weight[np.ix_(rows, columns)] = weight - lr * (gradient.T @ activations[layer])
        new_bias[rows] = bias - lr * gradient.sum(axis=0)
        gradient = (gradient @ weight) * (activations[layer] > 0)
    return trained, value


def mc_predict(model, x, k, rng):
    """Predict k times, each time with other masks.

    Only the dropout layers are in training mode, so that batch normalization, say, still uses its running
    statistics. The modes and generators of all layers are restored, also after an exception.

    Args:
        model: a Layer that returns logits (N, classes).
        x: the model's input, N samples.
        k: number of predictions, >= 1.
        rng: numpy.random.Generator for the masks of all dropout layers; None means a fresh one.
    Returns:
        array (k, N, classes): softmax outputs; their mean over the first axis is the Monte-Carlo average.
    Raises:
        ValueError: no layer of the model is a dropout layer.
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 7.5; Gal and Ghahramani 2016, Dropout as a Bayesian Approximation.
    """
    if not isinstance(model, Layer):
        raise TypeError(f"model must be a Layer, got {type(model).__name__}")
    k = validate_positive_int("k", k)
    rng = validate_generator("rng", rng)
    layers = list(model.layers())
    modes = [layer.training for layer in layers]
    dropouts = [layer for layer in layers if isinstance(layer, DropoutLayer)]
    if not dropouts:
        raise ValueError(
            f"model must hold a dropout layer, or all predictions are equal, got\n{model}\n"
            "A layer whose forward calls `dropout` is not seen: give it a Dropout layer as an attribute."
        )
    generators = [layer.rng for layer in dropouts]
    try:
        model.eval()
        for layer in dropouts:
            layer.training, layer.rng = True, rng
        return np.stack([softmax(model.forward(x)) for _ in range(k)])
    finally:
        for layer, mode in zip(layers, modes, strict=True):
            layer.training = mode
        for layer, generator in zip(dropouts, generators, strict=True):
            layer.rng = generator


def max_norm_(w, c):
    """Shrink, in place, the incoming weights of every unit whose norm is above c to the norm c.

    Args:
        w: (out, in) or (out, in, ...) float32 or float64 array; row i holds what comes into unit i.
        c: largest Euclidean norm allowed, > 0.
    Returns:
        w itself; rows within the limit keep their bits.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Srivastava et al. 2014, section 5.1.
    """
    validate_float_array("w", w)
    c = validate_positive_number("c", c)
    if w.ndim < 2:
        raise ValueError(f"w must have shape (out, in) or (out, in, ...), got shape {w.shape}")
    axes = tuple(range(1, w.ndim))
    norm = np.sqrt(np.square(w, dtype=np.float64).sum(axis=axes, keepdims=True))
    w *= (c / np.maximum(norm, c)).astype(w.dtype)
    return w


def validate_masked(x, mask, name="x"):
    """A float array, and a boolean mask that broadcasts to it."""
    validate_float_array(name, x)
    validate_boolean("mask", mask)
    validate_broadcasts(mask, x.shape)


def validate_linear(x, weight, bias):
    """x, weight and bias (or None) of a linear map: float arrays of one dtype whose shapes fit."""
    for name, array in (("weight", weight), ("x", x), *(() if bias is None else (("bias", bias),))):
        validate_float_array(name, array)
        if array.dtype != weight.dtype:
            raise TypeError(f"{name} must have the dtype of weight, {weight.dtype}, got {array.dtype}")
    if weight.ndim != 2:
        raise ValueError(f"weight must have shape (out_features, in_features), got {weight.shape}")
    validate_last_axis(x.shape, weight.shape)
    if bias is not None:
        validate_shape("bias", bias, weight.shape[:1])


def validate_pieces(weight, k):
    """A whole number >= 1 that divides the rows of a weight."""
    k = validate_positive_int("k", k)
    if len(validate_float_array("weight", weight)) % k:
        raise ValueError(f"k must divide the {len(weight)} rows of weight, got {k}")
    return k


def validate_boolean(name, mask):
    """A boolean array."""
    if not isinstance(mask, np.ndarray) or mask.dtype != bool:
        kind = f"dtype {mask.dtype}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"{name} must be a boolean array, True = kept, got {kind}")


# Layers


class DropoutLayer(Layer):
    """What the family shares: p, the generator, and the mask that forward leaves for backward.

    `mask` is the mask of the last forward pass, None after one in eval mode, where the layer is the identity.

    Args:
        p: probability of dropping, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """

    p, rng = Setting(validate_probability), Setting(validate_generator)

    def __init__(self, p=0.5, *, rng=None):
        super().__init__()
        self.p, self.rng, self.mask = p, rng, None

    def extra_repr(self):
        return f"p={self.p}"

    def forward(self, x, mask=None):
        """Drop, with a mask of the layer's own or with the one given; the identity in eval mode.

        Args:
            x: float32 or float64 array.
            mask: None, or boolean array of the shape of the layer's masks, True = kept; unused in eval mode.
        Returns:
            array of x's dtype.
        Raises:
            ValueError, TypeError: names the argument, its value and what is allowed.
        """
        validate_float_array("x", x)
        shape = self._mask_shape(x.shape)
        if not self.training:
            mask = None
        elif mask is None:
            mask = self._draw(x)
        else:
            self._validate_given(mask, shape)
        y = self._test(x, self.p) if mask is None else self._drop(x, mask, self.p)
        self.mask, self.saved = mask, (mask, self.p, y.shape, y.dtype)
        return y

    def backward(self, dy):
        """Gradient with respect to x, through the mask of the last forward pass.

        Args:
            dy: array like the output.
        Returns:
            array like x.
        Raises:
            RuntimeError: before any forward pass.
        """
        mask, p, shape, dtype = self.saved
        validate_gradient(dy, shape, dtype)
        return self._test(dy, p) if mask is None else self._drop_backward(dy, mask, p)

    def _mask_shape(self, shape):
        return shape

    def _draw(self, x):
        return sample_mask(self._mask_shape(x.shape), self.p, self.rng)

    def _drop(self, x, mask, p):
        return apply_mask(x, mask, p)

    def _drop_backward(self, dy, mask, p):
        return self._drop(dy, mask, p)

    def _test(self, x, p):
        return x

    def _validate_given(self, mask, shape):
        validate_boolean("mask", mask)
        validate_shape("mask", mask, shape)


class Dropout(DropoutLayer):
    """Inverted dropout: in training every element is 0 with probability p and x / (1 - p) otherwise.

    Args:
        p: probability of dropping, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
    Source: torch.nn.Dropout.
    """


class ClassicDropout(DropoutLayer):
    """Dropout as first published: x * mask in training, x * (1 - p) in eval mode.

    Args:
        p: probability of dropping, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
    Source: Srivastava et al. 2014, section 4, where p is the probability of keeping and the outgoing
        weights are scaled at test time, which is the same as scaling the activation.
    """

    def _drop(self, x, mask, p):
        return scale_kept(x, mask, 1)

    def _test(self, x, p):
        return np.zeros_like(x) if p == 1 else x * x.dtype.type(1 - p)


class _ChannelDropout(DropoutLayer):
    def _mask_shape(self, shape):
        return channel_mask_shape(shape, self._dimensions)


class Dropout1d(_ChannelDropout):
    """Drop whole channels of (N, C, L) or (C, L); the mask is (N, C, 1) or (C, 1).

    Args:
        p: probability of dropping a channel, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
    Source: torch.nn.Dropout1d; Tompson et al. 2015, Efficient Object Localization Using Convolutional
        Networks.
    """

    _dimensions = 1


class Dropout2d(_ChannelDropout):
    """Drop whole channels of (N, C, H, W); the mask is (N, C, 1, 1).

    Args:
        p: probability of dropping a channel, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
    Source: torch.nn.Dropout2d; Tompson et al. 2015, Efficient Object Localization Using Convolutional
        Networks.
    """

    _dimensions = 2


class Dropout3d(_ChannelDropout):
    """Drop whole channels of (N, C, D, H, W) or (C, D, H, W); the mask is (N, C, 1, 1, 1) or (C, 1, 1, 1).

    Args:
        p: probability of dropping a channel, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
    Source: torch.nn.Dropout3d; Tompson et al. 2015, Efficient Object Localization Using Convolutional
        Networks.
    """

    _dimensions = 3


class DropPath(DropoutLayer):
    """Drop whole samples of (N, ...), as stochastic depth does with the branch of a residual block.

    Args:
        p: probability of dropping a sample, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
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
        rng: numpy.random.Generator for the masks; None means a fresh one.
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
        return sample_block_mask(x.shape, self.p, self.block_size, self.rng)

    def _drop(self, x, mask, p):
        return rescale_kept(x, mask)


class AlphaDropout(DropoutLayer):
    """Set elements to SELU's floor instead of 0, and keep the mean 0 and the variance 1 of the input.

    With p = 1 the output is all 0, as torch gives it.

    Args:
        p: probability of dropping, in [0, 1].
        rng: numpy.random.Generator for the masks; None means a fresh one.
    Source: torch.nn.AlphaDropout; Klambauer et al. 2017, Self-Normalizing Neural Networks.
    """

    def _drop(self, x, mask, p):
        return alpha_dropout(x, mask, p)

    def _drop_backward(self, dy, mask, p):
        return alpha_dropout_backward(dy, mask, p)


class GaussianDropout(DropoutLayer):
    """Multiply by Gaussian noise of mean 1 and variance p / (1 - p); the mask is the noise itself.

    With p = 1 the variance has no finite value and the output is all 0.

    Args:
        p: probability of dropping of the dropout it stands for, in [0, 1].
        rng: numpy.random.Generator for the noise; None means a fresh one.
    Source: Srivastava et al. 2014, section 10.
    """

    def _draw(self, x):
        return sample_noise(x.shape, self.p, self.rng, x.dtype)

    def _drop(self, x, mask, p):
        return np.zeros_like(x) if p == 1 else x * mask.astype(x.dtype, copy=False)

    def _validate_given(self, mask, shape):
        validate_float_array("mask", mask)
        validate_shape("mask", mask, shape)


class DropConnect(DropoutLayer):
    """A Linear layer that drops weights instead of units; the mask has the weight's shape.

    The scale is inverted, 1 / (1 - p), so that eval mode is a plain Linear. One mask serves the whole batch.

    Args:
        in_features: length of a sample.
        out_features: number of units.
        bias: whether there is a bias, which is never dropped.
        p: probability of dropping a weight, in [0, 1].
        init: initializer of the weight, as for Linear.
        rng: numpy.random.Generator for the weights and then for the masks; None means a fresh one.
        dtype: float32 or float64.
    Source: Wan et al. 2013, Regularization of Neural Networks using DropConnect, which draws a mask per
        sample and at test time samples from a Gaussian fitted to the sum, where here the mean weight is
        used.
    """

    param_names = ("weight", "bias")

    def __init__(
        self, in_features, out_features, bias=True, p=0.5, *, init=torch_default, rng=None, dtype=np.float32
    ):
        super().__init__(p, rng=rng)
        linear = Linear(in_features, out_features, bias, init=init, rng=self.rng, dtype=dtype)
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, x, mask=None):
        """The linear map, some of its weights dropped in training mode.

        Args:
            x: (..., in_features), of the weight's dtype.
            mask: None, or boolean array (out_features, in_features), True = kept; unused in eval mode.
        Returns:
            array (..., out_features).
        Raises:
            ValueError, TypeError: names the argument, its value and what is allowed.
        """
        validate_input(x, self.weight)
        y = super().forward(x, mask)
        self.saved = *self.saved, x, self.weight, self.bias is not None
        return y

    def backward(self, dy):
        """Gradient with respect to x, and with respect to weight and bias in `grads`."""
        mask, p, shape, dtype, x, weight, has_bias = self.saved
        validate_gradient(dy, shape, dtype)
        dx, dweight, dbias = drop_connect_backward(dy, x, weight, mask, p)
        self.grads = {"weight": dweight, "bias": dbias} if has_bias else {"weight": dweight}
        return dx

    def extra_repr(self):
        rows, columns = self.weight.shape
        return f"in_features={columns}, out_features={rows}, bias={self.bias is not None}, p={self.p}"

    def _mask_shape(self, shape):
        validate_last_axis(shape, self.weight.shape)
        return self.weight.shape

    def _drop(self, x, mask, p):
        return drop_connect(x, self.weight, self.bias, mask, p)

    def _test(self, x, p):
        return drop_connect(x, self.weight, self.bias, None, p)


class Maxout(Layer):
    """Units that put out the largest of k linear maps of their input.

    Args:
        in_features: length of a sample.
        out_features: number of units.
        k: number of pieces per unit.
        bias: whether there is a bias.
        init: initializer of the weight, as for Linear; its shape is (out_features * k, in_features).
        rng: numpy.random.Generator for the weights; None means a fresh one.
        dtype: float32 or float64.
    Source: Goodfellow et al. 2013, Maxout Networks, section 3.
    """

    param_names = ("weight", "bias")
    k = Setting(validate_positive_int)

    def __init__(
        self, in_features, out_features, k=2, bias=True, *, init=torch_default, rng=None, dtype=np.float32
    ):
        super().__init__()
        self.k = k
        out_features = validate_positive_int("out_features", out_features)
        linear = Linear(in_features, out_features * self.k, bias, init=init, rng=rng, dtype=dtype)
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, x):
        """The largest piece of every unit.

        Args:
            x: (..., in_features) float32 or float64 array.
        Returns:
            array (..., out_features).
        Raises:
            ValueError, TypeError: names the argument, its value and what is allowed.
        """
        validate_input(x, self.weight)
        validate_last_axis(x.shape, self.weight.shape)
        y, winner = maxout(x, self.weight, self.bias, self.k)
        self.saved = x, winner, self.weight, self.k, self.bias is not None
        return y

    def backward(self, dy):
        """Gradients through the piece that won.

        Args:
            dy: array like the output.
        Returns:
            array like x.
        Raises:
            RuntimeError: before any forward pass.
        """
        x, winner, weight, k, has_bias = self.saved
        validate_gradient(dy, winner.shape, x.dtype)
        dx, dweight, dbias = maxout_backward(dy, x, weight, winner, k)
        self.grads = {"weight": dweight, "bias": dbias} if has_bias else {"weight": dweight}
        return dx

    def extra_repr(self):
        rows, columns = self.weight.shape
        units = rows // self.k
        return f"in_features={columns}, out_features={units}, bias={self.bias is not None}, k={self.k}"
