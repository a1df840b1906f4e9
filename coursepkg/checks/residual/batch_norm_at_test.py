"""Property checkers of the exercise on batch normalization at test time.

The rule at the head of `coursepkg.checks` holds: a layer that the answer built is only called by its methods
forward, train and eval. Inputs are (N, n).
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_predicted,
    must_be_right_choices,
    must_not_modify,
)

EPS, MOMENTUM = 1e-5, 0.1
# (lowest, highest) error of the notebook's network over 5 starts, and a good deal to either side.
ERRORS = {"eval_one": (0.22, 0.48), "train_one": (0.55, 0.98), "train_sorted": (0.55, 0.92)}


def training_uses_the_batch(BatchNorm, shape, seed):
    """In training each column of a batch comes out with mean 0 and variance 1."""
    norm = BatchNorm(shape[1])
    norm.train()
    for number in range(2):
        x = _batch(shape, seed + number)
        given, call = x.copy(), f"forward(x) in training, x of shape {tuple(shape)}"
        y = must_be_array(norm.forward(given), shape, call)
        must_not_modify(call, x=(given, x))
        expected = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPS)
        more = {"x": x} if x.size <= 6 else {}
        must_be_close(y, expected, "in training a batch is normalized by itself", call, rtol=1e-3, **more)


def evaluation_remembers(BatchNorm, shape, batches, seed):
    """In evaluation the running statistics of the training batches are used, and stay as they are.

    Args:
        BatchNorm: the answer.
        shape: of the batches.
        batches: how many were seen in training.
        seed: of the numbers.
    """
    norm, mean, var = BatchNorm(shape[1]), np.zeros(shape[1]), np.ones(shape[1])
    norm.train()
    for number in range(batches):
        x = _batch(shape, seed + number)
        norm.forward(x.copy())
        mean, var = (
            (1 - MOMENTUM) * old + MOMENTUM * new
            for old, new in ((mean, x.mean(axis=0)), (var, x.var(axis=0, ddof=1)))
        )
    norm.eval()
    x = _batch((3, shape[1]), seed + 100)
    call = f"forward(x) after {batches} batches in training and eval()"
    first = must_be_array(norm.forward(x.copy()), x.shape, call)
    again = must_be_array(norm.forward(x.copy()), x.shape, call)
    must_be_close(again, first, "evaluation remembers nothing", f"{call}, twice")
    alone = must_be_array(norm.forward(x[:1].copy()), (1, shape[1]), call)
    law = "a prediction does not depend on its neighbors"
    must_be_close(alone, first[:1], law, f"{call}, x alone and with two more")
    expected = (x - mean) / np.sqrt(var + EPS)
    must_be_close(first, expected, "evaluation uses what training has remembered", call, rtol=1e-3)
    norm.train()
    y = must_be_array(norm.forward(x.copy()), x.shape, "forward(x) after eval() and train()")
    back = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPS)
    must_be_close(y, back, "train() switches back", "forward(x) after eval() and train()", rtol=1e-3)


def block_hands_on_its_mode(Block, shape, hidden, seed):
    """A residual block with two normalizations: they are in the mode in which the block is.

    Args:
        Block: the answer.
        shape: of the batches.
        hidden: numbers inside the branch.
        seed: of the numbers.
    """
    rng = np.random.default_rng(seed)
    w1, w2 = rng.standard_normal((hidden, shape[1])), rng.standard_normal((shape[1], hidden))
    block, ours = Block(w1.copy(), w2.copy()), [_Norm(hidden), _Norm(shape[1])]
    block.train()
    for number in range(3):
        x = _batch(shape, seed + number)
        given, call = x.copy(), f"forward(x) of a block in training, x of shape {tuple(shape)}"
        y = must_be_array(block.forward(given), shape, call)
        must_not_modify(call, x=(given, x))
        law = "the block computes relu(norm2(relu(norm1(x @ w1.T)) @ w2.T) + x)"
        must_be_close(y, _block(ours, x, w1, w2, True), law, call, rtol=1e-3)
    block.eval()
    x = _batch((4, shape[1]), seed + 50)
    call = "forward(x) of a block after eval()"
    together = must_be_array(block.forward(x.copy()), x.shape, call)
    alone = np.concatenate([must_be_array(block.forward(row[None].copy()), (1, shape[1]), call) for row in x])
    law = "the mode reaches all normalizations"
    must_be_close(alone, together, law, f"{call}, row by row and together", rtol=1e-3)
    must_be_close(together, _block(ours, x, w1, w2, False), law, call, rtol=1e-3)
    block.train()
    y = must_be_array(block.forward(x.copy()), x.shape, "forward(x) of a block after eval() and train()")
    must_be_close(
        y, _block(ours, x, w1, w2, True), "train() switches back", "after eval() and train()", rtol=1e-3
    )


def predicted_norm(value, name, expected, small):
    """What batch normalization makes of a few numbers, worked out with a pencil."""
    law = "minus the mean, divided by the standard deviation of the batch"
    must_be_predicted(value, name, expected, law, small)


def predicted_memory(value, name, expected, small):
    """A running mean, worked out with a pencil."""
    must_be_predicted(value, name, expected, "a tenth of the new mean, nine tenths of the old one", small)


def error_is_measured(value, name):
    """An error of the notebook's network, within what other machines measure."""
    got, (low, high) = must_be_number(value, name), ERRORS[name]
    if not low <= got <= high:
        message = counter_example(name, got, f"a share between {low} and {high}", label="measured")
        raise Violation("is the share that is classified wrong", message)


def conclusions(value):
    """What the three errors say."""
    reasons = {
        "batch": "compare `train_one` with `eval_one`: same pictures, same weights",
        "sorted": "`train_sorted` has batches of 30",
        "large": "`train_sorted` has batches of 30",
        "weights": "no step of training was taken between the three measurements",
        "raises": "did one of the measurements raise an error?",
    }
    must_be_right_choices(value, "true_here", reasons, ["batch", "sorted"], "follows from the three errors")


def _batch(shape, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) * rng.uniform(0.5, 3, shape[1]) + rng.uniform(-4, 4, shape[1])


class _Norm:
    def __init__(self, features):
        self.mean, self.var = np.zeros(features), np.ones(features)

    def forward(self, x, training):
        if not training:
            return (x - self.mean) / np.sqrt(self.var + EPS)
        mean, var = x.mean(axis=0), x.var(axis=0)
        self.mean = (1 - MOMENTUM) * self.mean + MOMENTUM * mean
        self.var = (1 - MOMENTUM) * self.var + MOMENTUM * x.var(axis=0, ddof=1)
        return (x - mean) / np.sqrt(var + EPS)


def _block(norms, x, w1, w2, training):
    h = np.maximum(norms[0].forward(x @ w1.T, training), 0)
    return np.maximum(norms[1].forward(h @ w2.T, training) + x, 0)
