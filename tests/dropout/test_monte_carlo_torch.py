"""mc_predict of torch networks that drop otherwise than by a dropout layer, or not at all."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.dropout import torch_layers

X = torch.randn(4, 5, 8, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    """A layer for sequences, and logits from the mean of what it makes."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.out = layer, nn.Linear(8, 3)

    def forward(self, x):
        y = self.layer(x)
        return self.out((y[0] if isinstance(y, tuple) else y).mean(1))


class Called(nn.Module):
    """A layer that is given x several times."""

    def __init__(self, layer, times):
        super().__init__()
        self.layer, self.times = layer, times

    def forward(self, x):
        return self.layer(*[x] * self.times)


class Function(nn.Module):
    """A function (x, training)."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x, self.training)


class WithItsOwnGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, x):
        return x * (torch.rand(x.shape, generator=self.generator) < 0.5) if self.training else x


class Counting(nn.Module):
    """Drops, and has a buffer that training mode changes."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.calls += 1
        return F.dropout(x, 0.5, self.training)


def attention(x, training):
    return F.scaled_dot_product_attention(x, x, x, dropout_p=0.5 if training else 0.0)


def when_training(x, training):
    return F.alpha_dropout(x, 0.5, True) if training else x


def encoder_layer():
    return nn.TransformerEncoderLayer(8, 2, 16, 0.5, batch_first=True)


SAMPLED = {
    "TransformerEncoderLayer": encoder_layer,
    "TransformerEncoder": lambda: nn.TransformerEncoder(encoder_layer(), 2),
    "TransformerDecoderLayer": lambda: Called(nn.TransformerDecoderLayer(8, 2, 16, 0.5, batch_first=True), 2),
    "Transformer": lambda: Called(nn.Transformer(8, 2, 1, 1, 16, 0.5, batch_first=True), 2),
    "MultiheadAttention": lambda: Called(nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True), 3),
    "LSTM": lambda: nn.LSTM(8, 8, 2, dropout=0.5, batch_first=True),
    "GRU": lambda: nn.GRU(8, 8, 2, dropout=0.5, batch_first=True),
    "RNN": lambda: nn.RNN(8, 8, 2, dropout=0.5, batch_first=True),
    "F.dropout": lambda: Function(lambda x, training: F.dropout(x, 0.5, training)),
    "F.dropout1d": lambda: Function(lambda x, training: F.dropout1d(x, 0.5, training)),
    "F.alpha_dropout": lambda: Function(when_training),
    "F.scaled_dot_product_attention": lambda: Function(attention),
    "a generator of its own": WithItsOwnGenerator,
    "a buffer": Counting,
    "FeatureAlphaDropout": nn.FeatureAlphaDropout,
    "DropConnect": lambda: torch_layers.DropConnect(8, 8),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", SAMPLED)
def test_sampled(kind):
    """k predictions differ, rng decides all of them, and everything is as it was."""
    net = Net(SAMPLED[kind]())
    for number, module in enumerate(net.modules()):
        module.training = number % 2 == 0
    before = copy.deepcopy(net)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    found = torch_layers.mc_predict(net, X, 4, generator())
    assert len(found.unique(dim=0)) == 4
    assert torch.equal(torch_layers.mc_predict(net, X, 4, generator()), found)
    assert not torch.equal(torch_layers.mc_predict(net, X, 4, generator(1)), found)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in net.modules()] == [module.training for module in before.modules()]
    for now, then in zip(net.state_dict().values(), before.state_dict().values(), strict=True):
        assert torch.equal(now, then)
    assert len(torch_layers.mc_predict(net, X, 4, None).unique(dim=0)) == 4


class Statistics(nn.Module):
    """A batch normalization as people write it, which also says in which mode it ran."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))
        self.modes = []

    def forward(self, x):
        self.modes.append(self.training)
        if self.training:
            self.mean.copy_(x.mean((0, 1)))
            return x - x.mean((0, 1))
        return x - self.mean


def test_the_rest_stays_in_evaluation_mode():
    statistics = Statistics()
    net = Net(nn.Sequential(statistics, nn.RReLU(), nn.BatchNorm1d(5), nn.Dropout(0.5)))
    k = 6
    assert len(torch_layers.mc_predict(net, X, k, generator()).unique(dim=0)) == k
    assert not any(statistics.modes[-k:])
    assert not statistics.mean.any() and not net.layer[2].running_mean.any()
    net.layer[3] = nn.Dropout(0.0)
    assert len(torch_layers.mc_predict(net, X, k, generator()).unique(dim=0)) == 1


def test_layers_of_one_shape_draw_different_masks():
    layers = [
        torch_layers.Dropout(rng=generator()),
        torch_layers.Dropout(rng=generator()),
        torch_layers.Dropout(),
    ]
    torch_layers.mc_predict(Net(nn.Sequential(*layers)), X, 1, generator())
    masks = {layer.mask.numpy().tobytes() for layer in layers}
    assert len(masks) == 3


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_probability_that_leaves_nothing_to_chance(p):
    assert len(torch_layers.mc_predict(Net(nn.Dropout(p)), X, 3, None).unique(dim=0)) == 1


REFUSED = [
    (lambda: Net(nn.ReLU()), "model must hold a layer that drops, got Net without one"),
    (lambda: Net(Statistics()), "model must hold a layer that drops, got Net without one"),
    (lambda: Net(nn.RReLU()), "model must hold a layer that drops, got Net without one"),
    (
        lambda: torch.fx.symbolic_trace(
            Net(Function(lambda x, training: F.dropout(x, 0.5, training))).eval()
        ),
        "model must hold a layer that drops",
    ),
    (
        lambda: Net(nn.LSTM(8, 8, 1, dropout=0.5, batch_first=True)),
        r"model must drop, but layer \(LSTM\) did not: all predictions are equal",
    ),
]


@pytest.mark.filterwarnings("ignore:dropout option adds dropout")
@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_equal_predictions_are_refused(make, message):
    net = make()
    with pytest.raises(ValueError, match=message):
        torch_layers.mc_predict(net, X, 3, generator())


def test_what_is_no_logits_is_refused():
    with pytest.raises(TypeError, match="model must return a tensor of logits, got tuple"):
        torch_layers.mc_predict(nn.LSTM(8, 8, 2, dropout=0.5), X, 2, None)
