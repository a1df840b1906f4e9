"""Optimizers. `step()` changes the model's parameters in place, by the gradients of its last `backward`."""

import math

import numpy as np

from coursepkg.layer import validate_layer
from coursepkg.validation import Setting, validate_nonnegative_number


class SGD:
    """Gradient descent with momentum.

    Args:
        model: Layer.
        lr: learning rate, >= 0; like the next two, it may be changed at any time.
        momentum: how much of the last velocity stays, >= 0.
        weight_decay: this times the parameter is added to its gradient, >= 0.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.optim.SGD.
    """

    lr = Setting(validate_nonnegative_number)
    momentum = Setting(validate_nonnegative_number)
    weight_decay = Setting(validate_nonnegative_number)

    def __init__(self, model, lr, momentum=0.0, weight_decay=0.0):
        self.model = validate_layer("model", model)
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.velocity = {key: np.zeros_like(value) for key, value in model.params.items()}

    def step(self):
        """One step downhill.

        Raises:
            RuntimeError: a parameter has no gradient yet.
        """
        for key, value, grad in params_and_grads(self.model):
            velocity = self.velocity[key]
            velocity *= self.momentum
            velocity += grad + self.weight_decay * value
            value -= self.lr * velocity


def validate_betas(name, value):
    """Two numbers in [0, 1)."""
    try:
        betas = tuple(validate_nonnegative_number(name, beta) for beta in value)
        if len(betas) != 2 or max(betas) >= 1:
            raise ValueError
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be two numbers in [0, 1), got {value!r}") from None
    return betas


class Adam:
    """Steps of about lr in each coordinate, whatever the size of the gradient.

    Args:
        model: Layer.
        lr: learning rate, >= 0; like the others, it may be changed at any time.
        betas: how much of the running means of the gradient and of its square stays, each in [0, 1).
        eps: added to the root of the mean square, >= 0.
        weight_decay: this times the parameter is added to its gradient, >= 0.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Kingma and Ba 2015, algorithm 1; torch.optim.Adam.
    """

    lr, betas = Setting(validate_nonnegative_number), Setting(validate_betas)
    eps, weight_decay = Setting(validate_nonnegative_number), Setting(validate_nonnegative_number)

    def __init__(self, model, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.model = validate_layer("model", model)
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.steps = 0
        self.mean = {key: np.zeros_like(value) for key, value in model.params.items()}
        self.mean_square = {key: np.zeros_like(value) for key, value in model.params.items()}

    def step(self):
        """One step downhill.

        Raises:
            RuntimeError: a parameter has no gradient yet.
        """
        self.steps += 1
        beta1, beta2 = self.betas
        # The running means start at 0; dividing by these makes up for it.
        bias1, bias2 = 1 - beta1**self.steps, 1 - beta2**self.steps
        for key, value, grad in params_and_grads(self.model):
            grad = grad + self.weight_decay * value
            mean, mean_square = self.mean[key], self.mean_square[key]
            mean += (1 - beta1) * (grad - mean)
            mean_square += (1 - beta2) * (grad**2 - mean_square)
            value -= self.lr / bias1 * mean / (np.sqrt(mean_square) / math.sqrt(bias2) + self.eps)


def params_and_grads(model):
    """Each parameter's key, its live array and its gradient.

    Args:
        model: Layer.
    Returns:
        list of (key, parameter, gradient).
    Raises:
        RuntimeError: a parameter has no gradient yet.
    """
    params, grads = model.params, model.grads
    without = [key for key in params if key not in grads]
    if without:
        raise RuntimeError(f"no gradient for {', '.join(without)}: call forward and backward before step")
    return [(key, value, grads[key]) for key, value in params.items()]
