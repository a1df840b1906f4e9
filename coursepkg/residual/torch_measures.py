"""What the chapter measures on a network: its gradients, the loss around it, and what it costs."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.validation import validate_positive_int, validate_positive_number
from coursepkg.validation_torch import validate_float_tensor


def gradient_norms(model, x, y):
    """The norm of the gradient of the mean cross-entropy with respect to each weight.

    Args:
        model: nn.Module, x -> logits; its gradients are left empty, its mode as it is.
        x: tensor, a batch.
        y: tensor (N,), class numbers.
    Returns:
        dict: name of the weight -> float, for convolutions and linear layers, in the order of the network.
    """
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    norms = {
        f"{name}.weight": layer.weight.grad.double().norm().item()  # squares of 1e-24 are no float32
        for name, layer in model.named_modules()
        if isinstance(layer, (nn.Conv2d, nn.Conv1d, nn.Linear))
    }
    model.zero_grad()
    return norms


def gradient_correlation(model, points, lags):
    """How alike the gradients at neighboring inputs are.

    Args:
        model: nn.Module, (T, ...) -> (T, ...); each row of the output depends on its row of the input alone.
        points: tensor (T, ...), inputs at equal distances along a line.
        lags: list of int, from 1 to T - 1: distances, in steps between points.
    Returns:
        array (len(lags),): for each lag, the mean cosine between the gradients of the summed output at two
        points so far apart, from -1 to 1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Balduzzi et al. 2017, The Shattered Gradients Problem, section 2.
    """
    points = validate_float_tensor("points", points).detach().requires_grad_()
    for lag in lags:
        if not 1 <= validate_positive_int("lags", lag) < len(points):
            raise ValueError(f"lags must be from 1 to {len(points) - 1}, got {lag}")
    (gradient,) = torch.autograd.grad(model(points).sum(), points)
    gradient = F.normalize(gradient.flatten(1), dim=1)
    return np.array([(gradient[lag:] * gradient[:-lag]).sum(1).mean().item() for lag in lags])


@torch.no_grad()
def loss_slice(model, x, y, radius=1.0, steps=21, generator=None):
    """The loss on a plane through the weights, along two random directions.

    Each direction is drawn at random and then scaled, filter by filter, to the length of the model's own, so
    that networks whose weights differ in scale can be compared. Biases and normalizations stay as they are.

    Args:
        model: nn.Module, x -> logits, in the mode in which the loss is wanted; it is not changed.
        x: tensor, a batch.
        y: tensor (N,), class numbers.
        radius: how far to go each way, in lengths of the direction, > 0.
        steps: points along each direction, odd, so that the model itself is among them.
        generator: torch.Generator on the CPU; None means torch's default one.
    Returns:
        array (steps, steps): mean cross-entropy; the middle one is the model's.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, section 4.
    """
    validate_positive_number("radius", radius)
    if validate_positive_int("steps", steps) % 2 == 0:
        raise ValueError(f"steps must be odd, got {steps}")
    moved = copy.deepcopy(model)
    weights = [parameter for parameter in moved.parameters() if parameter.ndim > 1]
    start = [weight.clone() for weight in weights]
    directions = [[_filter_normalized(weight, generator) for weight in start] for _ in range(2)]
    losses = np.empty((steps, steps))
    places = np.linspace(-radius, radius, steps)
    for i, j in np.ndindex(losses.shape):
        for weight, center, along, across in zip(weights, start, *directions, strict=True):
            weight.copy_(center + places[i] * along + places[j] * across)
        losses[i, j] = F.cross_entropy(moved(x), y).item()
    return losses


def cost_by_part(model, shape):
    """Parameters and multiply-adds of each of a network's parts, for one input.

    Args:
        model: nn.Module; its direct children are the parts.
        shape: of one input, without the batch axis.
    Returns:
        dict: name of the part -> (parameters, multiply-adds of its convolutions and linear layers).
    """
    work = {name: 0 for name, _ in model.named_children()}
    twin = copy.deepcopy(model).to("meta").eval()

    def counted(part):
        def hook(layer, inputs, output):
            work[part] += output[0].numel() * layer.weight[0].numel()

        return hook

    for name, layer in twin.named_modules():
        if isinstance(layer, (nn.Conv2d, nn.Conv1d, nn.Linear)):
            layer.register_forward_hook(counted(name.split(".")[0]))
    twin(torch.zeros(1, *shape, device="meta", dtype=next(twin.parameters()).dtype))
    return {
        name: (sum(parameter.numel() for parameter in part.parameters()), work[name])
        for name, part in twin.named_children()
    }


def _filter_normalized(weight, generator):
    direction = torch.randn(weight.shape, generator=generator, dtype=weight.dtype).to(weight.device)
    own, drawn = (
        torch.linalg.vector_norm(each, dim=tuple(range(1, weight.ndim)), keepdim=True)
        for each in (weight, direction)
    )
    return direction * own / drawn
