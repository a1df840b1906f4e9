"""The layers of coursepkg.pooling. tests/pooling has their functions, compared over the whole grid."""

import torch

from coursepkg.pooling import numpy_layers, torch_layers
from tests.pooling import laws
from tests.specs.spec import Case, Refusal, Spec

SHAPES = {1: (2, 3, 8), 2: (2, 3, 6, 7), 3: (2, 2, 4, 5, 4)}
SPATIAL = {1: "L", 2: "H, W", 3: "D, H, W"}


def geometry_refusals(axes, *args, kernel=2, padded=True):
    """Wrong kernels and strides; args come before kernel_size."""
    several = (2,) * (axes + 1)
    words = (f"a whole number, or one for each axis, {axes}", str(several))
    yield Refusal(ValueError, ("kernel_size", *words), (*args, several))
    yield Refusal(ValueError, ("stride", *words), (*args, kernel, several))
    for value, error in (
        (0, ValueError),
        (-1, ValueError),
        (1.5, TypeError),
        ("a", TypeError),
        (True, TypeError),
    ):
        yield Refusal(error, ("kernel_size must be a whole number >= 1", repr(value)), (*args, value))
        yield Refusal(error, ("stride must be a whole number >= 1", repr(value)), (*args, kernel, value))
    if padded:
        for kernel_size, padding in ((2, 2), (3, 2), (1, 1)):
            half = kernel_size // 2
            words = (f"padding must be at most half of kernel_size {kernel_size}, {half}, got {padding}",)
            yield Refusal(ValueError, words, (*args, kernel_size, 1, padding))
        yield Refusal(ValueError, ("padding must be a whole number >= 0", "-1"), (*args, 3, 1, -1))


def shape_refusals(axes, *args):
    for shape in ((3,) * (axes + 3), (3,) * axes, (2, 3, *(0,) * axes)):
        yield Refusal(
            ValueError, ("x must have shape", f"(N, C, {SPATIAL[axes]})", str(shape)), args, shape=shape
        )


def window_refusals(axes):
    yield from geometry_refusals(axes)
    yield from shape_refusals(axes, 2)
    words = ("kernel_size 9", "spans 9 samples", "input of 4")
    yield Refusal(ValueError, words, (9,), shape=(2, 3, *(4,) * axes))


def float_refusals(axes, *args):
    for dtype in ("int64", "bool", "complex128"):
        yield Refusal(TypeError, ("x must", "float", dtype), args, shape=SHAPES[axes], dtype=dtype)


def windowed(kind, axes, argument_lists, oracle=True, **more):
    name = f"{kind}{axes}d"
    return Spec(
        name,
        getattr(numpy_layers, name),
        getattr(torch_layers, name),
        getattr(torch.nn, name) if oracle else None,
        cases=(
            *(
                Case(shape, args, kwargs)
                for args, kwargs in argument_lists
                for shape in (SHAPES[axes], SHAPES[axes][1:])
            ),
            Case((0, *SHAPES[axes][1:]), *argument_lists[0]),
        ),
        **more,
    )


def of_one_kind(kind, argument_lists, laws_of=(), refusals=lambda axes: (), extras=lambda axes: ()):
    return [
        windowed(kind, axes, argument_lists, laws=laws_of, refuses=tuple(refusals(axes)), extras=extras(axes))
        for axes in (1, 2, 3)
    ]


def max_refusals(axes):
    yield from window_refusals(axes)
    yield Refusal(ValueError, ("dilation must be a whole number >= 1", "0"), (2, 1, 0, 0))
    for dtype in ("bool", "complex128"):
        yield Refusal(TypeError, ("x must", "float", dtype), (2,), shape=SHAPES[axes], dtype=dtype)


def avg_refusals(axes):
    yield from window_refusals(axes)
    yield from float_refusals(axes, 2)
    yield Refusal(ValueError, ("divisor_override must not be 0",), (2,), {"divisor_override": 0})
    yield Refusal(
        TypeError, ("divisor_override must be a whole number", "1.5"), (2,), {"divisor_override": 1.5}
    )


def lp_refusals(axes):
    yield from geometry_refusals(axes, 2, padded=False)
    yield from float_refusals(axes, 2, 2)
    for value, error in ((0, ValueError), (-1, ValueError), (float("inf"), ValueError), ("a", TypeError)):
        yield Refusal(error, ("norm_type must be a", "number > 0", str(value)), (value, 2))


def adaptive_refusals(axes):
    yield from shape_refusals(axes, 2)
    yield from float_refusals(axes, 2)
    several = (2,) * (axes + 1)
    yield Refusal(
        ValueError, (f"output_size must be an int or have {axes} entries", str(several)), (several,)
    )
    for value, error in ((-1, ValueError), (1.5, TypeError), ("a", TypeError)):
        yield Refusal(error, ("output_size must be a whole number >= 0", repr(value)), (value,))


def unpool_refusals(axes):
    yield from geometry_refusals(axes)
    yield from float_refusals(axes, 2)
    yield from shape_refusals(axes, 2)


WINDOWS = [((2,), {}), ((3, 2, 1), {}), ((3, 1, 1), {"ceil_mode": True})]
GLOBAL_REFUSES = tuple(
    Refusal(ValueError, ("x must have shape", str(shape)), shape=shape)
    for shape in ((3, 3), (2,) * 6, (2, 3, 0), (2, 3, 4, 0))
)
GLOBAL = ((2, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 4), (0, 3, 4, 5))


def whole_planes(name, refuses=(), **more):
    return Spec(
        name,
        getattr(numpy_layers, name),
        getattr(torch_layers, name),
        None,
        refuses=tuple(refuses),
        **more,
    )


SPECS = [
    *of_one_kind(
        "MaxPool",
        [*WINDOWS, ((2, 2, 0, 2), {})],
        (laws.monotone_maps_pass_through, laws.every_output_is_an_input, laws.gradient_is_only_moved),
        max_refusals,
    ),
    *of_one_kind(
        "AvgPool",
        [*WINDOWS, ((3, 2, 1), {"count_include_pad": False, "ceil_mode": True})],
        (
            *laws.average_laws(*laws.WINDOWS),
            laws.a_constant_stays_with((2,), (3, 2), (3, 1, 1, False, False)),
        ),
        avg_refusals,
        lambda axes: ("divisor_override",) if axes == 1 else (),
    ),
    *of_one_kind(
        "LPPool",
        [((2, 2), {}), ((4.0, 3, 2), {"ceil_mode": True}), ((1, 2, 1), {})],
        (laws.power_average_grows_to_the_maximum,),
        lp_refusals,
    ),
    *of_one_kind(
        "AdaptiveMaxPool",
        [((3,), {}), ((5,), {}), ((1,), {})],
        (laws.every_output_is_an_input_adaptive,),
        adaptive_refusals,
    ),
    *of_one_kind(
        "AdaptiveAvgPool",
        [((3,), {}), ((5,), {}), ((1,), {})],
        (*laws.average_laws((1,), (3,), (6,)), laws.a_constant_stays_with((1,), (3,), (6,))),
        adaptive_refusals,
    ),
    *of_one_kind(
        "MaxUnpool",
        [((2,), {}), ((3, 2, 1), {}), ((3, 1, 1), {})],
        (laws.unpooling_only_moves,),
        unpool_refusals,
    ),
    whole_planes(
        "GlobalMaxPool",
        GLOBAL_REFUSES,
        cases=tuple(Case(shape) for shape in GLOBAL),
    ),
    whole_planes(
        "GlobalAvgPool",
        GLOBAL_REFUSES,
        cases=tuple(Case(shape) for shape in GLOBAL),
        laws=laws.average_laws(()),
    ),
    whole_planes(
        "BlurPool2d",
        (
            Refusal(ValueError, ("filt_size must be from 1 to 7", "8"), (8,)),
            Refusal(ValueError, ("filt_size must be a whole number >= 1", "0"), (0,)),
            Refusal(ValueError, ("stride must be a whole number >= 1", "0"), (3, 0)),
            Refusal(ValueError, ("filt_size must be less than twice", "3", "7"), (7,), shape=(1, 1, 3, 8)),
            *float_refusals(2),
        ),
        cases=tuple(
            Case(shape, args)
            for shape in ((2, 3, 6, 7), (3, 5, 6), (0, 2, 4, 4))
            for args in ((), (4, 3), (1, 2))
        ),
        laws=(
            *laws.average_laws((), (5, 1), (2, 3)),
            laws.a_constant_stays_with((), (5, 1), (2, 3)),
            laws.blur_suppresses_the_checkerboard,
        ),
    ),
    whole_planes(
        "FractionalMaxPool2d",
        (
            Refusal(ValueError, ("one of output_size and output_ratio",), (2,), shape=(1, 1, 4, 4)),
            Refusal(ValueError, ("output_size must be at most", "3", "got 4"), (2, 4), shape=(1, 1, 4, 4)),
            Refusal(
                ValueError, ("output_ratio must be a number in (0, 1)", "1.5"), (2,), {"output_ratio": 1.5}
            ),
            *float_refusals(2, 2, 3),
        ),
        cases=(
            Case((2, 3, 6, 7), (2, 3)),
            Case((3, 8, 6), ((3, 2), (2, 4))),
            Case((2, 2, 9, 9), (2,), {"output_ratio": 0.6}),
            Case((0, 2, 6, 6), (2, 3)),
        ),
        laws=(laws.fractional_windows_cover_the_picture,),
        extras=("rng",),
    ),
    whole_planes(
        "StochasticPool2d",
        (*geometry_refusals(2, padded=False), *float_refusals(2, 2)),
        cases=tuple(
            Case(shape, args) for shape in ((2, 3, 6, 7), (3, 5, 6), (0, 2, 4, 4)) for args in ((2,), (3, 2))
        ),
        laws=(
            laws.picks_are_inputs_in_proportion,
            laws.evaluation_is_the_mean_over_picks,
            laws.the_generator_decides,
            laws.windows_without_a_positive_pixel,
        ),
        extras=("rng",),
    ),
    whole_planes(
        "SpatialPyramidPool2d",
        (
            Refusal(ValueError, ("levels must be a tuple",), ((),)),
            Refusal(ValueError, ("levels must be a whole number >= 1", "0"), ((1, 0),)),
            Refusal(ValueError, ('mode must be "max" or "avg"', "sum"), ((1, 2), "sum")),
            *float_refusals(2),
        ),
        cases=tuple(
            Case(shape, args)
            for shape in ((2, 3, 6, 7), (0, 2, 4, 4))
            for args in ((), ((1, 2), "avg"), ((3,), "max"))
        ),
        laws=(laws.as_long_whatever_the_size,),
    ),
    whole_planes(
        "GeMPool2d",
        (
            Refusal(ValueError, ("p must be a finite number > 0", "0"), (0,)),
            Refusal(ValueError, ("eps must be a finite number > 0", "-1"), (3.0, -1)),
            Refusal(TypeError, ("x must", "float", "int64"), shape=(1, 1, 2, 2), dtype="int64"),
        ),
        cases=tuple(Case(shape, args) for shape in ((2, 3, 4, 5), (0, 2, 3, 3)) for args in ((), (1.5, 0.1))),
        laws=(laws.between_average_and_maximum,),
        numpy_only=("dtype",),
        torch_only=("device", "dtype"),
    ),
]
