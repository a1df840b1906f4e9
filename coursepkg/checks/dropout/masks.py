"""Masks and what a random answer must obey: shares, independence, the generator, zero or scaled.

Dropout is judged by its laws, never by a random stream. `p` is the probability of dropping.
"""

import numpy as np

from coursepkg.checks.properties import RTOL, Violation, counter_example, show

RARELY = np.log(2e9)  # a right answer exceeds `farthest` less than once in a billion draws


def farthest(variance, largest):
    """How far a sum of independent, centered terms strays, for all but one in a billion draws.

    Args:
        variance: sum of the terms' variances.
        largest: largest magnitude of a term.
    Returns:
        float: the bound of Bernstein's inequality, which holds for every count and every p.
    """
    skew = largest * RARELY / 3
    return skew + np.sqrt(skew**2 + 2 * variance * RARELY)


def inputs(shape, seed, dtype=np.float64):
    """Numbers without zeros, so that a zero in the output means dropped.

    Args:
        shape: shape of the array.
        seed: seed of the draw.
        dtype: float type.
    Returns:
        numpy.ndarray: of magnitude 0.5 to 2, both signs, rounded to two decimals.
    """
    rng = np.random.default_rng(seed)
    return (np.round(rng.uniform(0.5, 2.0, shape), 2) * rng.choice([-1, 1], shape)).astype(dtype)


def coins(shape, p, seed):
    """A mask for checkers that hand one to the answer: True = kept.

    Args:
        shape: shape of the mask, at least two elements.
        p: probability of dropping.
        seed: seed of the draw.
    Returns:
        numpy.ndarray: bool; along the last axis that is longer than 1, at least one is kept and one dropped.
    """
    mask = np.random.default_rng(seed).random(shape) >= p
    rows = mask.reshape(-1, next(size for size in reversed(shape) if size > 1))
    numbers = np.arange(len(rows))
    rows[numbers, numbers % rows.shape[1]] = True
    rows[numbers, (numbers + 1) % rows.shape[1]] = False
    return mask


def must_have_share(kept, p, call):
    """A share 1 - p of `kept` is True, within a binomial bound; exactly so at p = 0 and p = 1."""
    share, bound = float(np.mean(kept)), farthest(p * (1 - p) * kept.size, max(p, 1 - p)) / kept.size
    if p in (0, 1):
        if share != 1 - p:
            raise Violation(
                "p = 0 keeps everything, p = 1 drops everything",
                counter_example(call, f"{share:.1%} kept", f"{1 - p:.0%} kept"),
            )
    elif not abs(share - (1 - p)) <= bound:
        raise Violation(
            "p is the probability of dropping",
            counter_example(call, f"{1 - share:.1%} dropped", f"about {p:.0%} dropped"),
        )


def must_be_independent(one, other, call, what):
    """Two boolean arrays of one shape are uncorrelated; `what` says what they are."""
    if one.std() == 0 or other.std() == 0:
        return  # all kept or all dropped: another law's business
    correlation = float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
    spread, largest = one.std() * other.std(), max(one.mean(), 1 - one.mean()) ** 2
    if not abs(correlation) <= farthest(one.size * spread**2, largest) / (one.size * spread):
        pair = " and ".join(" ".join("01"[int(kept)] for kept in side.ravel()[:12]) for side in (one, other))
        raise Violation(
            "each unit has its own coin",
            counter_example(
                call, f"{what}, 1 = kept:\n{pair}\ncorrelation {correlation:.2f}", "a correlation of about 0"
            ),
        )


def must_follow_the_generator(first, again, other, call):
    """The first two draws, of one seed, are equal; the third, of another seed, is another."""
    if not np.array_equal(first, again):
        raise Violation(
            "the generator decides",
            counter_example(f"{call}, twice, same seed", "two different masks", "the same mask"),
        )
    if np.array_equal(first, other):
        raise Violation(
            "the generator decides",
            counter_example(f"{call}, twice, other seed", "the same mask", "different masks"),
        )


def must_leave_nothing(y, call, x):
    """Every value of y is zero; x is shown in the counter-example."""
    if not np.array_equal(y, np.zeros_like(y)):
        raise Violation("p = 1 gives zeros", counter_example(call, y, np.zeros_like(y), x=x))


def must_agree_where(y, expected, where, property, call, x, mask, name="x"):
    """Like must_be_close, but only where `where` holds, and shown for one unit."""
    wrong = where & ~(np.abs(y - expected) <= RTOL * np.maximum(np.abs(expected), 1))
    if wrong.any():
        i = tuple(int(k) for k in np.argwhere(wrong)[0])
        place = "[" + ", ".join(map(str, i)) + "]"
        raise Violation(
            property,
            counter_example(
                call,
                f"{show(y[i])} at {place}",
                f"{show(expected[i])} at {place}",
                **{name: f"{show(x[i])} at {place}"},
                mask=f"{mask[i]} at {place} ({'kept' if mask[i] else 'dropped'})",
            ),
        )


def must_have_values(y, scaled, x, property, call):
    """Each value of y is 0 or that of `scaled`; x is shown in the counter-example."""
    wrong = ~((y == 0) | (np.abs(y - scaled) <= RTOL * np.abs(scaled)))
    if wrong.any():
        i = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise Violation(
            property,
            counter_example(call, show(y[i]), f"0 or {show(scaled[i])}", label="allowed", x=show(x[i])),
        )
