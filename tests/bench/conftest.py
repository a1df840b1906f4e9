"""One thread, and contenders that take turns: medians of processor time, measured in one run."""

from random import Random
from statistics import median
from time import process_time

import pytest
import torch

ROUNDS = 25
MARGIN = 1.5  # other processors have other caches: a bound fails beyond the goal times this


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def compare(benchmark, capsys):
    """A function that measures contenders, {name: function}, ours the first of them.

    They take turns, so that what else the machine does slows all of them alike, in an order of its own each
    time, so that nobody always finds the cache as the same other one has left it. It prints and keeps how
    many times as long as ours each takes, and returns these ratios.
    """

    def run(title, contenders):
        times = {name: [] for name in contenders}
        order = Random(0)
        for _ in range(ROUNDS + 2):
            for name in order.sample(list(contenders), len(contenders)):
                start = process_time()
                result = contenders[name]()
                times[name].append(process_time() - start)
                del result
        times = {name: 1e3 * median(seconds[2:]) for name, seconds in times.items()}
        ours = next(iter(contenders))
        with capsys.disabled():
            print(f"\n{title}")
            for name, time in times.items():
                benchmark.extra_info[f"{name} / {ours}"] = round(time / times[ours], 3)
                print(f"  {name:<34}{time:8.2f} ms {time / times[ours]:8.2f}x")
        benchmark.pedantic(contenders[ours], rounds=ROUNDS)
        return {name: time / times[ours] for name, time in times.items()}

    return run


def bound(ours, goal, what="ours / theirs"):
    """Fails where a time, as a multiple of another, is above its goal by more than the margin.

    Args:
        ours: the multiple that was measured.
        goal: the multiple it should be at most.
        what: its name, for the message.
    """
    assert ours <= MARGIN * goal, f"{what} is {ours:.2f}, the goal {goal:.2f}, the margin {MARGIN:.2f}"
