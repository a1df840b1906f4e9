"""Property checkers of the exercise on counting residual networks.

The rule at the head of `coursepkg.checks` holds: answers are numbers, or functions of numbers.
"""

from coursepkg.checks.properties import Violation, counter_example, must_be_number, must_be_predicted
from coursepkg.residual.rules import cifar_stages, imagenet_stages


def predicted_block(value, name, expected, small):
    """The parameters of a block, worked out with a pencil."""
    law = "a convolution has in * out * k * k weights, a normalization 2 * out"
    must_be_predicted(value, name, expected, law, small, rtol=1e-9)


def predicted_plan(value, name, expected, small):
    """A number of layers, blocks or pixels, worked out with a pencil."""
    must_be_predicted(value, name, expected, "follows from the plan of the stages", small, rtol=1e-9)


def predicted_output(side, maps, depth, stage):
    """Side and number of maps of the output of a stage of an ImageNet network at 224 x 224."""
    right = imagenet_stages(depth)[stage]
    small = "behind layer1 of ResNet-50 there are 256 maps of 56 x 56"
    predicted_plan(maps, "maps", right.channels, small)
    predicted_plan(side, "side", right.size, small)


def parameters_are_counted(cifar_parameters, n, width):
    """cifar_parameters(n, width) counts all weights, biases, scales and shifts."""
    call = f"cifar_parameters({n}, {width})"
    stages = cifar_stages(6 * n + 2, width)
    _must_be_count(cifar_parameters(n, width), call, [stage.parameters for stage in stages])


def multiply_adds_are_counted(cifar_multiply_adds, n, width, size):
    """cifar_multiply_adds(n, width, size) counts those of convolutions and of the linear layer."""
    call = f"cifar_multiply_adds({n}, {width}, {size})"
    parts = [stage.multiply_adds for stage in cifar_stages(6 * n + 2, width, size=size)]
    got = must_be_number(cifar_multiply_adds(n, width, size), call)
    if got == 2 * sum(parts):
        law = "a multiplication and its addition count once"
        raise Violation(law, counter_example(call, f"{got:,.0f}", f"{sum(parts):,}"))
    _must_be_count(got, call, parts)


def _must_be_count(value, call, parts):
    got, (first, *stages, last) = must_be_number(value, call), parts
    missing = sum(parts) - got
    if missing == 0:
        return
    if missing in (10, last):  # the bias alone, or all of it
        law = "the linear layer counts, with its bias"
    elif missing == first:
        law = "the first convolution counts"
    else:
        law = "all blocks of the three stages count"
    names = ", ".join(f"{count:,} in stage {i}" for i, count in enumerate(stages, start=1))
    parts = f"{first:,} in the first convolution, {names}, {last:,} in the linear layer"
    raise Violation(law, counter_example(call, f"{got:,.0f}", parts))
