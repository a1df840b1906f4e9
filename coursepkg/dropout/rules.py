"""What both backends share: shapes of masks, constants, the validation of arguments that have a shape."""

from coursepkg.validation import validate_shape

# Limit of SELU at minus infinity, -scale * alpha, rounded as PyTorch rounds it.
SELU_FLOOR = -1.7580993408473766


def channel_mask_shape(shape, dimensions):
    """Shape of the mask of Dropout1d, 2d or 3d: one coin per channel of each sample.

    Args:
        shape: shape of the input, (N, C, *axes) with `dimensions` axes; (C, *axes) as well for 1 and 3.
        dimensions: 1, 2 or 3.
    Returns:
        tuple: (N, C, 1, ...) or (C, 1, ...).
    Raises:
        ValueError: names the shape and those allowed.
    Source: torch.nn.Dropout1d, 2d, 3d. torch reads three axes in Dropout2d as (N, C, L), with a warning
        that this will change; here they are refused.
    """
    batched = len(shape) == dimensions + 2
    if not batched and (dimensions == 2 or len(shape) != dimensions + 1):
        axes = ("L", "H, W", "D, H, W")[dimensions - 1]
        allowed = f"(N, C, {axes})" if dimensions == 2 else f"(N, C, {axes}) or (C, {axes})"
        raise ValueError(f"Dropout{dimensions}d takes x of shape {allowed}, got shape {tuple(shape)}")
    return (*shape[: 1 + batched], *(1,) * dimensions)


def sample_mask_shape(shape):
    """Shape of DropPath's mask: one coin per sample.

    Args:
        shape: shape of the input, (N, ...).
    Returns:
        tuple: (N, 1, ...).
    Raises:
        ValueError: when there is no batch axis.
    """
    if not shape:
        raise ValueError("DropPath takes x of shape (N, ...), got shape ()")
    return (shape[0], *(1,) * (len(shape) - 1))


def picture_mask_shape(shape):
    """Shape of DropBlock2d's mask: one coin per pixel, of which blocks grow.

    Args:
        shape: shape of the input, (N, C, H, W).
    Returns:
        tuple: the same.
    Raises:
        ValueError: names the shape and the one allowed.
    """
    if len(shape) != 4:
        raise ValueError(f"DropBlock2d takes x of shape (N, C, H, W), got shape {tuple(shape)}")
    return shape


def alpha_constants(p):
    """Scale and shift that give AlphaDropout's output mean 0 and variance 1 when x has them.

    A unit dropped to f = SELU_FLOOR instead of 0 leaves the mean p f and the variance (1 - p) (1 + p f^2).

    Args:
        p: probability of dropping, in [0, 1).
    Returns:
        (float, float): scale a and shift b of y = a * (x or f) + b.
    Source: Klambauer et al. 2017, Self-Normalizing Neural Networks, section "New dropout technique".
    """
    scale = ((1 - p) * (1 + p * SELU_FLOOR**2)) ** -0.5
    return scale, -scale * p * SELU_FLOOR


def dropblock_gamma(p, block_size, height, width):
    """Probability with which a pixel becomes the corner of a dropped block.

    About p * height * width pixels are to be dropped, block_size^2 per corner, and a corner must lie where
    its block still fits. Overlaps are not counted, so the share dropped is a little below p.

    Args:
        p: share of the pixels to drop, in [0, 1].
        block_size: side of a block in pixels, at most height and width.
        height, width: size of the feature map in pixels.
    Returns:
        float: gamma, at most 1.
    Source: Ghiasi et al. 2018, DropBlock, equation 1, whose keep_prob is 1 - p.
    """
    corners = (height - block_size + 1) * (width - block_size + 1)
    return min(1.0, p * height * width / (block_size**2 * corners))


def validate_broadcasts(mask, shape):
    """A mask, array or tensor, whose shape broadcasts to that of what it masks."""
    pairs = zip(mask.shape[::-1], shape[::-1], strict=False)
    if len(mask.shape) > len(shape) or any(m not in (1, s) for m, s in pairs):
        raise ValueError(f"mask of shape {tuple(mask.shape)} does not broadcast to x's {tuple(shape)}")


def validate_last_axis(shape, weight_shape):
    """The shape of an input whose last axis fits a weight (out, in)."""
    if len(shape) == 0 or shape[-1] != weight_shape[1]:
        raise ValueError(
            f"x has shape {tuple(shape)}, but a weight of shape {tuple(weight_shape)} "
            f"needs shape (..., {weight_shape[1]})"
        )


def validate_pairs(name, params):
    """A list or tuple of pairs (W, b)."""
    for pair in validate_list(name, params):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError(f"{name} must hold pairs (W, b), got {pair!r}")
    return params


def validate_list(name, value):
    """A list or tuple."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"{name} must be a list or tuple, got {type(value).__name__}")
    return value


def validate_thinned(params, x, masks):
    """Refuse weights, inputs and masks that do not fit together in `thinned_step`.

    Args:
        params, x, masks: as given to `thinned_step`, arrays or tensors.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    if len(params) == 0:
        raise ValueError("params must hold at least one pair (W, b), got none")
    if len(masks) != len(params) - 1:
        raise ValueError(f"masks must hold one mask per hidden layer, {len(params) - 1}, got {len(masks)}")
    if x.ndim != 2:
        raise ValueError(f"x must have shape (N, in), got shape {tuple(x.shape)}")
    width = x.shape[1]
    for i, (weight, bias) in enumerate(params):
        if weight.ndim != 2 or weight.shape[1] != width or tuple(bias.shape) != (weight.shape[0],):
            shapes = f"{tuple(weight.shape)} and {tuple(bias.shape)}"
            raise ValueError(f"params[{i}] must have shapes (out, {width}) and (out,), got {shapes}")
        width = weight.shape[0]
        if weight.dtype != x.dtype or bias.dtype != x.dtype:
            raise TypeError(f"params[{i}] must have x's dtype {x.dtype}, got {weight.dtype} and {bias.dtype}")
    for i, mask in enumerate(masks):
        validate_shape(f"masks[{i}]", mask, params[i][1].shape)
