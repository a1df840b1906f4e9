"""How far chance may carry a count or a mean: a right layer crosses a bound less than once in 10^10."""

import math

import numpy as np
from scipy import stats

FALSE_ALARM = 1e-10


def assert_share(hits, probability, what):
    """A boolean array of independent trials has about its share of True, by the binomial distribution."""
    n, count = hits.size, int(np.count_nonzero(hits))
    tail = min(stats.binom.cdf(count, n, probability), stats.binom.sf(count - 1, n, probability))
    assert tail > FALSE_ALARM / 2, f"{what}: {count} of {n}, where a share of {probability:.6g} was expected"


def assert_sum(total, expected, variances, largest, what):
    """A sum of independent terms is about as expected, by Bernstein's inequality.

    Args:
        total, expected: the sum and its expectation.
        variances: sum of the variances of the terms.
        largest: bound on how far one term can be from its expectation.
    """
    log = math.log(2 / FALSE_ALARM)
    bound = math.sqrt(2 * variances * log) + 2 / 3 * largest * log
    off = abs(total - expected)
    assert off <= bound + 1e-9 * abs(expected), f"{what}: {total:.6g}, not {expected:.6g} +- {bound:.2g}"


def assert_mean(sample, expected, what):
    """The mean of a large sample is about as expected, by the normal approximation."""
    sigmas = stats.norm.isf(FALSE_ALARM / 2)
    bound = sigmas * sample.std() / math.sqrt(sample.size)
    off = abs(sample.mean() - expected)
    assert off <= bound, f"{what}: {sample.mean():.6g}, not {expected:.6g} +- {bound:.2g}"


def assert_normal(sample, mean, deviation, what):
    """A sample comes from this normal distribution, by Kolmogorov and Smirnov."""
    found = stats.kstest(sample.ravel(), "norm", (mean, deviation))
    assert found.pvalue > FALSE_ALARM, f"{what}: not normal ({mean:.4g}, {deviation:.4g}), {found}"


def assert_independent(coins, probability, what):
    """Coins agree as often as independent ones do, and vary in number as much.

    Agreements are counted along each axis and at several distances in memory, over disjoint pairs, so that
    they are independent too. The spread of the number per row is judged by the chi-squared distribution.
    """
    agree = probability**2 + (1 - probability) ** 2
    for axis in range(coins.ndim):
        even = coins.shape[axis] // 2 * 2
        along = np.moveaxis(coins, axis, 0)[:even]
        if even:
            assert_share(along[0::2] == along[1::2], agree, f"{what}: agreement along axis {axis}")
    rows = coins.reshape(-1, coins.shape[-1])
    usual = rows.shape[1] * probability * (1 - probability)
    spread = ((rows.sum(axis=1) - rows.shape[1] * probability) ** 2).sum() / usual
    tail = min(stats.chi2.cdf(spread, len(rows)), stats.chi2.sf(spread, len(rows)))
    assert tail > FALSE_ALARM / 2, (
        f"{what}: counts per row have {spread / len(rows):.3g} of the usual variance"
    )
    for lag in (1, 7, 8, 64):
        pairs = coins.size // (2 * lag)
        if pairs:
            first, second = coins.ravel()[: pairs * 2 * lag].reshape(pairs, 2, lag).swapaxes(0, 1)
            assert_share(first == second, agree, f"{what}: agreement {lag} apart")
