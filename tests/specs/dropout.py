"""The layers of coursepkg.dropout."""

import math

import torch
from torch.nn import functional as F

from coursepkg.dropout import numpy_layers, torch_layers
from tests.dropout import laws
from tests.specs.spec import Case, Refusal, Spec

ELEMENTS = laws.Units((60, 50), axes=2)


def bad_probabilities(*args):
    for value, error in (
        (math.nan, ValueError),
        (-0.1, ValueError),
        (1.1, ValueError),
        (math.inf, ValueError),
        ("a", TypeError),
        (None, TypeError),
        (True, TypeError),
        ([0.5], TypeError),
        (1j, TypeError),
    ):
        yield Refusal(error, ("p must be a probability in [0, 1]", str(value)), args, {"p": value})


def bad_inputs(shape, *args):
    """Dtypes that are no floats, and what is no generator."""
    for dtype in ("int64", "bool", "complex128"):
        yield Refusal(TypeError, ("x must", "float", dtype), args, shape=shape, dtype=dtype)
    for rng in (0, "seed"):
        yield Refusal(TypeError, ("rng must be a", "Generator", repr(rng)), args, {"rng": rng})


def bad_masks(shape, mask_shape, *args):
    whole, other = torch.ones(mask_shape).bool().numpy(), torch.ones(*mask_shape, 2).bool().numpy()
    yield Refusal(TypeError, ("mask must be a boolean",), args, shape=shape, forward={"mask": whole * 1.0})
    yield Refusal(
        ValueError,
        ("mask must have shape", str(tuple(mask_shape)), str(other.shape)),
        args,
        shape=shape,
        forward={"mask": other},
    )


def bad_shapes(name, *shapes):
    for shape in shapes:
        yield Refusal(ValueError, (f"{name} takes x of shape", str(shape)), shape=shape)


def bad_features(*names, args):
    """Whole numbers >= 1 that are not; args is a call that is right."""
    for name in names:
        for value, error in ((0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)):
            yield Refusal(
                error, (f"{name} must be a whole number >= 1", repr(value)), (), {**args, name: value}
            )


def drawn_on_ones(module, x):
    """The mask that torch's layer draws, one element of each unit."""
    kept = module(torch.ones_like(x)) > 0
    inside = {"Dropout1d": 1, "Dropout2d": 2, "Dropout3d": 3}.get(type(module).__name__, 0)
    return kept[(..., *(slice(0, 1),) * inside)]


def family(name, shapes, laws, probabilities=(0, 0.2, 0.5, 1), refuses=(), **more):
    """A layer of the family that torch.nn has too."""
    oracle = more.pop("oracle", getattr(torch.nn, name, None))
    return Spec(
        name,
        getattr(numpy_layers, name),
        getattr(torch_layers, name),
        oracle,
        cases=tuple(Case(shape, (p,)) for shape in shapes for p in probabilities),
        laws=laws,
        extras=("rng",),
        refuses=(*bad_probabilities(), *bad_inputs(shapes[0]), *refuses),
        oracle_mask=oracle and more.pop("oracle_mask", drawn_on_ones),
        **more,
    )


class ByTorchsDropout(torch.nn.Module):
    """What DropPath and DropConnect do, said with torch's own dropout on ones."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def coins(self, like):
        return F.dropout(torch.ones_like(like), self.p, self.training)


class PathByTorch(ByTorchsDropout):
    def mask(self, x):
        return self.coins(x[(slice(None), *(slice(0, 1),) * (x.ndim - 1))])

    def forward(self, x):
        return x * self.mask(x)


class ConnectByTorch(torch.nn.Linear):
    def __init__(self, in_features, out_features, bias=True, p=0.5, dtype=None):
        super().__init__(in_features, out_features, bias, dtype=dtype)
        self.p = p

    def mask(self, x):
        return F.dropout(torch.ones_like(self.weight), self.p, self.training)

    def forward(self, x):
        return F.linear(x, self.weight * self.mask(x), self.bias)


class MaxoutByTorch(torch.nn.Linear):
    def __init__(self, in_features, out_features, k=2, bias=True, dtype=None):
        super().__init__(in_features, out_features * k, bias, dtype=dtype)
        self.k = k

    def forward(self, x):
        return super().forward(x).unflatten(-1, (-1, self.k)).max(dim=-1).values


def channels(name, shapes, unit_shape, wrong_shapes):
    batched = shapes[0]
    return family(
        name,
        shapes,
        laws.Units(unit_shape, axes=2).laws(),
        refuses=(
            *bad_shapes(name, *wrong_shapes),
            *bad_masks(batched, (*batched[:2], *(1,) * (len(batched) - 2))),
        ),
    )


connect = {"in_features": 4, "out_features": 3}

SPECS = [
    family(
        "Dropout",
        [(4, 6), (5,), (2, 3, 4, 5), (0, 3), ()],
        ELEMENTS.laws(),
        refuses=bad_masks((4, 6), (4, 6)),
    ),
    channels("Dropout1d", [(6, 5, 4), (5, 4), (0, 3, 4)], (80, 40, 3), [(4,), (2, 3, 4, 5)]),
    channels("Dropout2d", [(6, 5, 3, 4), (2, 0, 3, 4)], (80, 40, 3, 2), [(4, 5), (3, 4, 5), (2, 2, 2, 2, 2)]),
    channels("Dropout3d", [(6, 5, 2, 3, 4), (5, 2, 3, 4)], (80, 40, 3, 2, 2), [(3, 4, 5), (2,) * 6]),
    family(
        "DropPath",
        [(8, 3, 4, 5), (6,), (5, 3), (0, 2)],
        laws.Units((2000, 3, 2), axes=1).laws(),
        refuses=(*bad_masks((8, 3, 4), (8, 1, 1)), *bad_shapes("DropPath", ())),
        oracle=PathByTorch,
        oracle_mask=lambda module, x: module.mask(x) > 0,
    ),
    family(
        "ClassicDropout",
        [(4, 6), (2, 3, 4, 5), (0, 3)],
        (
            laws.classic_values_are_zero_or_unchanged,
            laws.classic_eval_is_the_mean_over_masks,
            laws.classic_backward_goes_through_what_forward_did,
            laws.classic_p_one_leaves_zeros_in_both_modes,
            *(
                laws.on(ELEMENTS, law)
                for law in (
                    laws.a_share_p_is_dropped,
                    laws.every_unit_has_its_own_coin,
                    laws.the_generator_decides,
                    laws.p_zero_changes_nothing,
                    laws.dropped_is_zero_even_if_infinite,
                )
            ),
        ),
        refuses=bad_masks((4, 6), (4, 6)),
    ),
    family(
        "AlphaDropout",
        [(4, 6), (2, 3, 4, 5), (0, 3)],
        (
            laws.alpha_values_are_two_lines,
            laws.alpha_keeps_mean_and_variance,
            laws.alpha_backward_scales_what_was_kept,
            *(
                laws.on(ELEMENTS, law)
                for law in (
                    laws.the_generator_decides,
                    laws.eval_is_the_identity,
                    laws.p_one_leaves_zeros,
                    laws.p_zero_changes_nothing,
                )
            ),
        ),
        refuses=bad_masks((4, 6), (4, 6)),
    ),
    family(
        "GaussianDropout",
        [(4, 6), (2, 3, 4, 5), (0, 3)],
        (
            laws.gaussian_noise_is_normal,
            laws.gaussian_noise_multiplies,
            *(
                laws.on(ELEMENTS, law)
                for law in (
                    laws.the_generator_decides,
                    laws.eval_is_the_identity,
                    laws.p_one_leaves_zeros,
                    laws.p_zero_changes_nothing,
                )
            ),
        ),
        refuses=(
            Refusal(
                TypeError, ("mask must", "bool"), shape=(2,), forward={"mask": torch.ones(2).bool().numpy()}
            ),
            Refusal(
                ValueError,
                ("mask must have shape (2,), got (3,)",),
                shape=(2,),
                forward={"mask": torch.ones(3).numpy()},
            ),
        ),
    ),
    family(
        "DropBlock2d",
        [(2, 3, 6, 7), (2, 2, 2, 5), (0, 3, 4, 4), (2, 3, 0, 4)],
        (
            laws.block_drops_whole_blocks,
            laws.block_corners_have_probability_gamma,
            laws.block_divides_by_the_share_kept,
            laws.block_large_as_the_picture_drops_all_of_it,
            *(
                laws.on(laws.Units((20, 10, 9, 8), axes=4), law)
                for law in (
                    laws.the_generator_decides,
                    laws.eval_is_the_identity,
                    laws.p_one_leaves_zeros,
                    laws.p_zero_changes_nothing,
                )
            ),
        ),
        refuses=(
            *bad_shapes("DropBlock2d", (3, 4, 5), (2, 2, 2, 2, 2)),
            *bad_masks((2, 3, 6, 7), (2, 3, 6, 7)),
            *bad_features("block_size", args={}),
        ),
    ),
    Spec(
        "DropConnect",
        numpy_layers.DropConnect,
        torch_layers.DropConnect,
        ConnectByTorch,
        cases=(
            *(Case((5, 4), (4, 3), {"p": p}) for p in (0, 0.2, 0.5, 1)),
            Case((4,), (4, 3)),
            Case((2, 5, 4), (4, 3, False)),
            Case((0, 4), (4, 3)),
        ),
        laws=(
            laws.connect_weights_are_zero_or_scaled,
            laws.connect_drops_a_share_p_of_single_weights,
            laws.connect_eval_is_a_linear_layer,
            laws.connect_dropped_weights_do_not_learn,
        ),
        numpy_only=("init", "dtype"),
        torch_only=("device", "dtype"),
        refuses=(
            *bad_probabilities(4, 3),
            *bad_inputs((5, 4), 4, 3),
            *bad_masks((5, 4), (3, 4), 4, 3),
            *bad_features("in_features", "out_features", args=connect),
            Refusal(ValueError, ("(5, 3)", "(3, 4)"), (4, 3), shape=(5, 3)),
            Refusal(TypeError, ("float64", "float32"), (4, 3), shape=(5, 4), dtype="float32"),
        ),
        oracle_mask=lambda module, x: module.mask(x) > 0,
    ),
    Spec(
        "Maxout",
        numpy_layers.Maxout,
        torch_layers.Maxout,
        MaxoutByTorch,
        cases=(
            Case((5, 4), (4, 3)),
            Case((4,), (4, 3, 3)),
            Case((2, 5, 4), (4, 3), {"k": 4, "bias": False}),
            Case((0, 4), (4, 3)),
            Case((5, 4), (4, 3, 1)),
        ),
        laws=(
            laws.maxout_is_the_largest_piece,
            laws.maxout_only_the_winner_learns,
            laws.maxout_the_first_wins_a_tie,
        ),
        numpy_only=("init", "rng", "dtype"),
        torch_only=("device", "dtype"),
        refuses=(
            *bad_features("in_features", "out_features", "k", args=connect),
            Refusal(ValueError, ("(5, 3)", "(6, 4)"), (4, 3), shape=(5, 3)),
            Refusal(TypeError, ("x must", "int64"), (4, 3), shape=(5, 4), dtype="int64"),
        ),
    ),
]
