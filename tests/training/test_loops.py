"""The NumPy and the PyTorch training agree step by step, and `fit` and `evaluate` keep their promises."""

import warnings

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.data import Data, Split
from coursepkg.dropout import numpy_layers, torch_layers
from coursepkg.layer import Layer
from coursepkg.training import History, cosine, numpy_loop, one_cycle, torch_loop

EPOCHS, BATCH, EXAMPLES = 10, 9, 44  # 5 steps an epoch, the last with 8 examples


def constant(step, total_steps):
    return 1.0


def pictures(n=EXAMPLES, side=6):
    """Random pictures whose class is the quarter with the largest sum."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 1, side, side))
    half = side // 2
    y = x.reshape(n, 2, half, 2, half).sum(axis=(2, 4)).reshape(n, 4).argmax(axis=1)
    return x, y


def data(n_test=13):
    x, y = pictures()
    return (
        Data(Split(x[:-n_test], y[:-n_test]), Split(x[-n_test:], y[-n_test:]))
        if n_test
        else Data(Split(x, y))
    )


def masks(width, p):
    """The same kept units in both backends, step by step."""
    rng = np.random.default_rng(5)
    while True:
        yield rng.random((BATCH, width)) >= p


class NumpyFixedMasks(Layer):
    """Dropout that is given its masks."""

    def __init__(self, width, p):
        super().__init__()
        self.dropout = numpy_layers.Dropout(p)
        self.masks = masks(width, p)

    def forward(self, x):
        return self.dropout(x, mask=next(self.masks)[: len(x)] if self.training else None)

    def backward(self, dy):
        return self.dropout.backward(dy)


class TorchFixedMasks(torch.nn.Module):
    """Dropout that is given its masks."""

    def __init__(self, width, p):
        super().__init__()
        self.dropout = torch_layers.Dropout(p)
        self.masks = masks(width, p)

    def forward(self, x):
        mask = torch.tensor(next(self.masks)[: len(x)]) if self.training else None
        return self.dropout(x, mask=mask)


def dense(library, dropout):
    return library.Sequential(
        library.Flatten(),
        library.Linear(36, 20),
        library.ReLU(),
        dropout(20, 0.5),
        library.Linear(20, 12),
        library.Tanh(),
        dropout(12, 0.2),
        library.Linear(12, 4),
    )


def convolutional(library, dropout):
    # No bias in front of a normalization: its gradient is rounding, and Adam makes a full step of that.
    return library.Sequential(
        library.Conv2d(1, 3, 3, padding=1, bias=False),
        library.BatchNorm2d(3),
        library.ReLU(),
        library.Conv2d(3, 4, 3, stride=2, padding=1, bias=False),
        library.BatchNorm2d(4),
        library.GELU(),
        library.Flatten(),
        dropout(36, 0.3),
        library.Linear(36, 4),
    )


OPTIMIZERS = {
    "sgd": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-2}),
    "adam": ("Adam", {"lr": 0.01}),
    "adam with decay": ("Adam", {"lr": 0.01, "weight_decay": 1e-2}),
}


@pytest.mark.parametrize("schedule", [constant, cosine, one_cycle])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("network", [dense, convolutional])
def test_both_backends_agree_over_50_steps(network, optimizer, schedule):
    torch.manual_seed(0)
    theirs = network(torch.nn, TorchFixedMasks).double()
    ours = network(nn, NumpyFixedMasks).astype(np.float64).load_state_dict(theirs.state_dict())
    name, settings = OPTIMIZERS[optimizer]

    # A schedule is asked at each step, so it can look at the model there.
    seen_ours, seen_theirs = [], []

    def watch_ours(step, total_steps):
        seen_ours.append({key: value.copy() for key, value in ours.state_dict().items()})
        return schedule(step, total_steps)

    def watch_theirs(step, total_steps):
        seen_theirs.append({key: value.numpy().copy() for key, value in theirs.state_dict().items()})
        return schedule(step, total_steps)

    call = {"epochs": EPOCHS, "batch_size": BATCH}
    ours_history = numpy_loop.fit(
        ours,
        data(n_test=0),
        getattr(nn, name)(ours, **settings),
        schedule=watch_ours,
        rng=np.random.default_rng(1),
        **call,
    )
    theirs_history = torch_loop.fit(
        theirs,
        data(n_test=0),
        getattr(torch.optim, name)(theirs.parameters(), **settings),
        schedule=watch_theirs,
        rng=np.random.default_rng(1),
        **call,
    )

    watch_ours(0, 1), watch_theirs(0, 1)  # after the last step
    assert len(seen_ours) == len(seen_theirs) == 51
    for step, (a, b) in enumerate(zip(seen_ours, seen_theirs, strict=True)):
        assert a.keys() == b.keys()
        for key in a:
            np.testing.assert_allclose(
                a[key], b[key], rtol=0, atol=1e-10, err_msg=f"{key} before step {step}"
            )
    for key, start in seen_ours[0].items():
        assert np.abs(seen_ours[-1][key] - start).max() > 1e-3, f"{key} was not trained"
    np.testing.assert_allclose(ours_history.train_loss, theirs_history.train_loss, rtol=1e-10)
    assert ours_history.train_error == theirs_history.train_error
    assert ours_history.train_loss[-1] < ours_history.train_loss[0]


class Numpy:
    """What the tests below need to know about a backend."""

    fit, evaluate = staticmethod(numpy_loop.fit), staticmethod(numpy_loop.evaluate)

    @staticmethod
    def model():
        return dense(nn, lambda width, p: nn.Tanh()).astype(np.float64)

    @staticmethod
    def optimizer(model, lr=0.1):
        return nn.SGD(model, lr)

    @staticmethod
    def rates(optimizer):
        return [optimizer.lr]

    @staticmethod
    def modes(model):
        return [layer.training for layer in model.layers()]


class Torch:
    fit, evaluate = staticmethod(torch_loop.fit), staticmethod(torch_loop.evaluate)

    @staticmethod
    def model():
        torch.manual_seed(0)
        return dense(torch.nn, lambda width, p: torch.nn.Tanh()).double()

    @staticmethod
    def optimizer(model, lr=0.1):
        groups = [{"params": model[1].parameters()}, {"params": model[4].parameters(), "lr": lr / 2}]
        return torch.optim.SGD(groups, lr)

    @staticmethod
    def rates(optimizer):
        return [group["lr"] for group in optimizer.param_groups]

    @staticmethod
    def modes(model):
        return [module.training for module in model.modules()]


both = pytest.mark.parametrize("backend", [Numpy, Torch])


@both
def test_history(backend):
    model = backend.model()
    history = backend.fit(model, data(), backend.optimizer(model), 3, BATCH, rng=np.random.default_rng(0))
    assert isinstance(history, History)
    for values in (history.train_loss, history.train_error, history.test_loss, history.test_error):
        assert len(values) == 3 and all(type(value) is float for value in values)
    assert all(0 <= value <= 1 for value in history.train_error + history.test_error)
    assert (history.test_loss[-1], history.test_error[-1]) == backend.evaluate(model, data().test)
    without = backend.fit(model, data(n_test=0), backend.optimizer(model), 2, BATCH)
    assert len(without.train_loss) == 2 and without.test_loss == without.test_error == []


@both
def test_a_learning_rate_of_0_gives_the_loss_of_evaluation(backend):
    """The means count each example once, also with a smaller last batch."""
    model = backend.model()
    history = backend.fit(model, data(), backend.optimizer(model, lr=0.0), 1, BATCH)
    loss, error = backend.evaluate(model, data().train)
    assert history.train_loss == [pytest.approx(loss)] and history.train_error == [error]
    x, y = data().train
    alone = [backend.evaluate(model, Split(x[i : i + 1], y[i : i + 1])) for i in range(len(x))]
    np.testing.assert_allclose(np.mean(alone, axis=0), (loss, error))
    assert backend.evaluate(model, data().train, batch_size=7) == (pytest.approx(loss), error)


@both
def test_evaluation_restores_every_mode(backend):
    model = backend.model().eval()
    model[2].train()
    before = backend.modes(model)
    backend.evaluate(model, data().test)
    assert backend.modes(model) == before and True in before and False in before
    with pytest.raises((ValueError, IndexError)):
        backend.evaluate(model, Split(data().test.x, np.full(13, 9)))  # no such class
    assert backend.modes(model) == before
    backend.fit(model, data(), backend.optimizer(model), 1, BATCH)
    assert all(backend.modes(model))


@both
def test_fit_trains_in_training_mode_and_tests_in_evaluation_mode(backend):
    modes = []

    class Spy(Layer if backend is Numpy else torch.nn.Module):
        def forward(self, x):
            modes.append(self.training)
            return x

        def backward(self, dy):
            return dy

    library = nn if backend is Numpy else torch.nn
    model = library.Sequential(library.Flatten(), library.Linear(36, 4), Spy())
    model = model.astype(np.float64) if backend is Numpy else model.double()
    optimizer = nn.SGD(model, 0.1) if backend is Numpy else torch.optim.SGD(model.parameters(), 0.1)
    backend.fit(model.eval(), data(), optimizer, 2, BATCH)
    assert modes == [True, True, True, True, False] * 2


@both
def test_the_schedule_is_asked_at_every_step_and_the_rate_restored(backend):
    model = backend.model()
    optimizer = backend.optimizer(model)
    before, asked = backend.rates(optimizer), []

    def schedule(step, total_steps):
        asked.append((step, total_steps, backend.rates(optimizer)))
        return 1 / (step + 1)

    backend.fit(model, data(n_test=0), optimizer, 2, BATCH, schedule)
    assert [entry[:2] for entry in asked] == [(step, 10) for step in range(10)]
    for step, _, rates in asked[1:]:
        assert rates == [pytest.approx(rate / step) for rate in before]  # what the step before was given
    assert backend.rates(optimizer) == before


@both
def test_the_generator_decides_the_order(backend):
    def losses(seed):
        model = backend.model()
        if backend is Numpy:
            model.load_state_dict(Torch.model().state_dict())
        return backend.fit(
            model, data(), backend.optimizer(model), 2, BATCH, rng=np.random.default_rng(seed)
        ).test_loss

    assert losses(0) == losses(0) != losses(1)


@both
def test_bytes_become_numbers_from_0_to_1(backend):
    x, y = pictures()
    bytes_ = np.random.default_rng(0).integers(0, 256, x.shape).astype(np.uint8)
    for dtype, split in (
        ("float32", Split(bytes_, y)),
        ("float32", Split(bytes_.astype(np.float32) / 255, y)),
    ):
        model = backend.model().astype(dtype) if backend is Numpy else backend.model().float()
        if backend is Numpy:
            model.load_state_dict(Torch.model().state_dict())
        history = backend.fit(
            model, Data(split), backend.optimizer(model), 1, BATCH, rng=np.random.default_rng(0)
        )
        if split.x is bytes_:
            first = history
    assert history == first


@both
def test_a_loss_that_is_not_finite_stops_the_training(backend):
    x, y = pictures()
    library = nn if backend is Numpy else torch.nn
    model = library.Sequential(library.Flatten(), library.Linear(36, 4))
    model = model.astype(np.float64) if backend is Numpy else model.double()
    optimizer = nn.SGD(model, 1e308) if backend is Numpy else torch.optim.SGD(model.parameters(), 1e308)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, on the way to infinity
        with pytest.raises(FloatingPointError, match="in epoch 1, step 2: the learning rate may be too high"):
            backend.fit(model, Data(Split(1e3 * x, y)), optimizer, 3, BATCH, cosine)
    assert backend.rates(optimizer) == [1e308]

    x[-1] = np.nan
    model = backend.model()
    with pytest.raises(FloatingPointError, match="the loss is nan in epoch 1, step"):
        backend.fit(model, Data(Split(x, y)), backend.optimizer(model), 3, BATCH)


@both
@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"epochs": 0}, ValueError, "epochs must be a whole number >= 1, got 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number >= 1, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be a whole number >= 1, got 2.5"),
        ({"rng": 3}, TypeError, "rng must be a numpy.random.Generator or None, got 3"),
        (
            {"data": Data(Split(np.ones((3, 36)), np.zeros(4, int)))},
            ValueError,
            r"got shapes \(3, 36\) and \(4,\)",
        ),
        ({"data": Data(Split(np.ones((0, 36)), np.zeros(0, int)))}, ValueError, "at least one"),
        (
            {"data": Data(Split(np.ones((3, 36)), np.zeros(3)))},
            TypeError,
            "y must be class numbers of an integer dtype, got float64",
        ),
    ],
)
def test_wrong_arguments(backend, change, error, message):
    model = backend.model()
    arguments = {"data": data(), "epochs": 1, "batch_size": BATCH} | change
    with pytest.raises(error, match=message):
        backend.fit(model, optimizer=backend.optimizer(model), **arguments)


def test_mixed_precision_is_in_training_alone():
    model, seen = Torch.model().float(), set()
    layer = next(module for module in model.modules() if isinstance(module, torch.nn.Linear))
    layer.register_forward_hook(lambda module, x, y: seen.add((module.training, y.dtype)))
    split = Split(data().train.x.astype(np.float32), data().train.y)
    optimizer = Torch.optimizer(model)
    history = torch_loop.fit(model, Data(split, split), optimizer, 5, BATCH, autocast=torch.bfloat16)
    assert seen == {(True, torch.bfloat16), (False, torch.float32)}
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    assert history.test_loss[-1] < history.test_loss[0]
    with pytest.raises(ValueError, match=r"autocast must be torch.bfloat16 or None, got torch.float16"):
        torch_loop.fit(model, Data(split), optimizer, 1, BATCH, autocast=torch.float16)


@both
def test_the_bar_shows_only_where_it_is_wanted(backend, capsys):
    model = backend.model()
    for progress in (None, False):  # None: tests/conftest.py sets TQDM_DISABLE
        backend.fit(model, data(), backend.optimizer(model), 1, BATCH, progress=progress)
        assert capsys.readouterr() == ("", "")
    backend.fit(model, data(), backend.optimizer(model), 1, BATCH, progress=True)
    assert "/4" in capsys.readouterr().err


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_batches_move_to_the_device_of_the_model():
    histories = []
    for device in ("cpu", "cuda"):
        model = Torch.model().to(device)
        histories.append(
            torch_loop.fit(model, data(), Torch.optimizer(model), 3, BATCH, cosine, np.random.default_rng(0))
        )
    np.testing.assert_allclose(histories[0].test_loss, histories[1].test_loss, rtol=1e-8)
