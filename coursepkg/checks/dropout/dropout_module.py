"""Property checkers of the PyTorch dropout exercises.

The rule at the head of `coursepkg.checks` holds: a module is only called, switched with `train()` and
`eval()`, and asked for its `state_dict()`; no attribute is read and no gradient is asked for. `p` is the
probability of dropping.
"""

import numpy as np
import torch

from coursepkg.checks.dropout.masks import inputs, must_be_independent, must_have_share, must_have_values
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    must_refuse,
    show,
)


def bad_p_is_refused(Dropout, values):
    """The constructor raises ValueError for a p that is no probability, and accepts 0 and 1."""
    for p in values:
        must_refuse(ValueError, Dropout, p, call=f"Dropout({p})", property="a p outside [0, 1] is refused")
    for p in (0, 1, 0.0, 1.0):
        try:
            Dropout(p)
        except NotImplementedError:
            raise
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            message = counter_example(f"Dropout({p})", got, "a module: 0 and 1 are probabilities")
            raise Violation("0 and 1 are allowed", message) from None


def module_values(Dropout, p, shape, seed):
    """In training every value is 0 or x / (1 - p), and x stays as it is."""
    module, call, x = Dropout(p), f"Dropout({show(p)}) in training", _tensor(shape, seed)
    module.train()
    before = x.clone()
    y = must_be_array(module(x), shape, call)
    must_not_modify(call, x=(x, before))
    if p == 1:
        if np.any(y):
            raise Violation("p = 1 gives zeros", counter_example(call, y, np.zeros(shape), x=x))
        return
    must_have_values(y, before.numpy() / (1 - p), before.numpy(), "survivors are scaled by 1 / (1 - p)", call)


def module_share(Dropout, p, *args):
    """In training a share p is dropped, unit by unit; `args` are the constructor's arguments."""
    module, call = Dropout(*args), f"Dropout({', '.join(map(show, args))}) in training, x of shape (200, 500)"
    module.train()
    kept = must_be_array(module(torch.ones(200, 500)), (200, 500), call) != 0
    must_be_independent(kept[0::2], kept[1::2], call, "a row and the next one")
    must_be_independent(kept[:, 0::2], kept[:, 1::2], call, "a column and the next one")
    must_have_share(kept, p, call)


def module_evaluation(Dropout, p, shape, seed):
    """In evaluation mode the module is the identity."""
    module, call, x = Dropout(p), f"Dropout({show(p)}), eval()", _tensor(shape, seed)
    module.eval()
    before = x.clone()
    y = must_be_array(module(x), shape, call)
    must_not_modify(call, x=(x, before))
    must_be_close(y, before.numpy(), "evaluation changes nothing", call, x=before)


def module_modes(Dropout, shape):
    """A new module is in training; train() and eval() switch it; each call draws a mask."""
    module, story = Dropout(0.5), "Dropout(0.5)"
    for step in ("", "eval", "train"):
        if step:
            getattr(module, step)()
            story += f", {step}()"
        first, second = (must_be_array(module(torch.ones(shape)), shape, story) for _ in range(2))
        dropped = bool(np.any(first == 0))
        if dropped == (step == "eval"):
            message = counter_example(
                story, "zeros" if dropped else "no zeros", "no zeros" if dropped else "zeros"
            )
            raise Violation("train() and eval() switch the module", message)
        if dropped and np.array_equal(first, second):
            raise Violation(
                "each call draws a mask", counter_example(f"{story}, called twice", "one mask", "two masks")
            )


def module_saves_nothing(Dropout):
    """There is nothing to train and nothing to save."""
    state = Dropout(0.5).state_dict()
    if len(state):
        raise Violation(
            "there is nothing to save",
            counter_example("Dropout(0.5).state_dict()", ", ".join(state), "empty"),
        )


def channels_drop_together(ChannelDropout, p, shape, seed):
    """In training a channel of a picture is 0 or x / (1 - p) as a whole, and each has its own coin."""
    module, call, x = ChannelDropout(p), f"ChannelDropout({show(p)}) in training", _tensor(shape, seed)
    module.train()
    before = x.clone()
    y = must_be_array(module(x), shape, call)
    must_not_modify(call, x=(x, before))
    must_have_values(y, before.numpy() / (1 - p), before.numpy(), "survivors are scaled by 1 / (1 - p)", call)
    alive = (y != 0).reshape(*shape[:2], -1)
    torn = np.argwhere(alive.any(axis=2) & ~alive.all(axis=2))
    if len(torn):
        i, c = (int(k) for k in torn[0])
        got = f"{alive[i, c].sum()} of {alive[i, c].size} pixels of picture {i}, channel {c} survive"
        raise Violation("a channel drops as a whole", counter_example(call, got, "all of them, or none"))
    call = f"ChannelDropout({show(p)}) in training, x of shape (200, 50, 2, 2)"
    kept = must_be_array(module(torch.ones(200, 50, 2, 2)), (200, 50, 2, 2), call)[:, :, 0, 0] != 0
    must_be_independent(kept[0::2], kept[1::2], call, "a picture and the next one")
    must_be_independent(kept[:, 0::2], kept[:, 1::2], call, "a channel and the next one")
    must_have_share(kept, p, call)


def channel_evaluation(ChannelDropout, p, shape, seed):
    """In evaluation mode the module is the identity; train() switches dropping on again."""
    module_evaluation(ChannelDropout, p, shape, seed)
    module_modes(ChannelDropout, (20, 10, 3, 3))


def net_drops_hidden_units(make_net, p):
    """make_net(p), 64-32-10: a share p of the hidden units is dropped in training, logits never, nothing in
    evaluation."""
    net, x, call = make_net(p), _tensor((100, 64), 5), f"make_net({show(p)})"
    net.eval()
    first, second = (must_be_array(net(x), (100, 10), f"{call}, eval()") for _ in range(2))
    if not np.array_equal(first, second):
        message = counter_example(
            f"{call}, eval(), called twice", show(first[0, :4]) + ", then " + show(second[0, :4]), "the same"
        )
        raise Violation("predictions repeat", message)
    net.train()
    y = must_be_array(net(x), (100, 10), f"{call}, train()")
    if np.any(y == 0):
        got = f"{np.mean(y == 0):.0%} of the logits are 0"
        raise Violation("logits are not dropped", counter_example(f"{call}, train()", got, "none"))
    nothing = torch.zeros(100, 64)  # so that dropped inputs change nothing, and dropped hidden units still do
    if np.allclose(*(must_be_array(net(nothing), (100, 10), f"{call}, train()") for _ in range(2))):
        message = counter_example(
            f"{call}, train(), called twice with zeros", "the same logits", "two masks, two results"
        )
        raise Violation("hidden units are dropped", message)
    shapes = sorted(tuple(value.shape) for value in net.state_dict().values())
    expected = [(10,), (10, 32), (32,), (32, 64)]
    if shapes != expected:
        message = counter_example(
            f"{call}.state_dict()", f"shapes {show(shapes)}", f"shapes {show(expected)}"
        )
        raise Violation("the net is 64-32-10", message)
    state = {tuple(value.shape): np.asarray(value, np.float64) for value in net.state_dict().values()}
    hidden = np.maximum(state[32,], 0)  # what zeros leave there
    usual = p / (1 - p) * (state[10, 32] ** 2 @ hidden**2).sum()
    spread = must_be_array(net(torch.zeros(20_000, 64)), (20_000, 10), call).var(axis=0).sum()
    if not usual / 1.5 < spread < usual * 1.5:
        message = counter_example(
            f"{call}, train(), called with zeros",
            f"logits whose variances add up to {show(spread)}",
            f"about {show(usual)}",
        )
        raise Violation("p is the probability of dropping", message)


def _tensor(shape, seed):
    return torch.from_numpy(inputs(shape, seed, np.float32))
