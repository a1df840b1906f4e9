"""What poolings have in common: the elements of every window side by side, and which of them wins."""

import math

import torch
from torch import nn

from coursepkg.pooling.rules import validate_geometry, windows_of


def place_windows(x, axes, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Where the windows lie in x: a coursepkg.pooling.rules.Windows.

    That module's cache is passed by: the shape of what is traced may be no numbers yet, which have no hash.
    """
    geometry = validate_geometry(axes, kernel_size, stride, padding, dilation)
    return windows_of.__wrapped__(tuple(x.shape), axes, *geometry, bool(ceil_mode))


def gather_windows(x, windows, fill):
    """Every window's elements in memory order.

    Args:
        x: tensor (..., *windows.size).
        windows: coursepkg.pooling.rules.Windows.
        fill: the number that stands where there is only padding.
    Returns:
        tensor (..., *windows.output_size, K).
    """
    border = [samples for pair in reversed(windows.border) for samples in pair]
    view, leading = nn.functional.pad(x, border, value=fill), x.ndim - windows.axes
    for axis, (span, stride, count) in enumerate(
        zip(windows.span, windows.stride, windows.output_size, strict=True), start=leading
    ):
        view = view.unfold(axis, span, stride).narrow(axis, 0, count)
    view = view[(..., *(slice(None, None, dilation) for dilation in windows.dilation))]
    return view.flatten(-windows.axes)


@torch.no_grad()
def find_winners(values, position):
    """Where the maximum of every window lies: of equals the first, of NaNs the last.

    Args:
        values: tensor (*batch, *output_size, K), the elements of windows.
        position: int64 tensor that broadcasts to it, the flat index in the plane of each; -1 for padding.
    Returns:
        int64 tensor (*batch, *output_size); -1 for a window of padding alone.
    """
    is_nan = values != values
    wins = (((values == values.amax(dim=-1, keepdim=True)) | is_nan) & (position >= 0)).to(torch.uint8)
    last = values.shape[-1] - 1 - wins.flip(-1).argmax(dim=-1)
    winner = torch.where(is_nan.any(dim=-1), last, wins.argmax(dim=-1))
    return position.expand_as(values).gather(-1, winner[..., None])[..., 0]


def take(x, indices, axes):
    """The elements of x (*batch, *spatial) at flat indices (*batch, *output_size) into its planes.

    Autograd sends a gradient back to where its element was taken, and adds up where several were.
    """
    return x.flatten(-axes).gather(-1, indices.flatten(-axes)).view(indices.shape)


def lowest(dtype):
    """What no number of this dtype is below: -inf, or the smallest integer."""
    return -math.inf if dtype.is_floating_point else torch.iinfo(dtype).min
