"""The networks: their sizes are the published ones, and the two backends compute the same."""

import copy
import inspect
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from coursepkg.residual import numpy_resnet, torch_resnet
from coursepkg.residual.rules import IMAGENET, cifar_stages, imagenet_stages
from coursepkg.residual.torch_measures import cost_by_part

# Of torchvision 0.28.0: {name: {key: shape}}, in the order of its state_dict.
TORCHVISION = json.loads((Path(__file__).parent / "torchvision_keys.json").read_text(encoding="utf-8"))
PARAMETERS = {18: 11_689_512, 34: 21_797_672, 50: 25_557_032, 101: 44_549_160, 152: 60_192_808}
CIFAR = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962, 1202: 19_421_274}
# Billions of multiply-adds, with the stride in the first 1x1 (the paper's table 1) and in the 3x3.
MULTIPLY_ADDS = {
    "1x1": {18: 1.81, 34: 3.66, 50: 3.86, 101: 7.57, 152: 11.28},
    "3x3": {18: 1.81, 34: 3.66, 50: 4.09, 101: 7.80, 152: 11.51},
}
NETS = [
    {},
    {"residual": False},
    {"shortcut": "B", "block": "preact"},
    {"shortcut": "C", "squeeze": 4},
    {"block": "preact", "squeeze": 8, "zero_init_residual": True},
]


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def by_stage(model, shape):
    """Parameters and multiply-adds of each part, with the first normalization counted to the first layer."""
    cost = cost_by_part(model, shape)
    first = tuple(map(sum, zip(cost["conv1"], cost["bn1"], strict=True)))
    return {"conv1": first} | {name: cost[name] for name in cost if name.startswith("layer") or name == "fc"}


def as_counted(stages):
    return {stage.name: (stage.parameters, stage.multiply_adds) for stage in stages}


@pytest.mark.parametrize("depth", IMAGENET)
def test_keys_and_shapes_are_those_of_torchvision(depth):
    model = getattr(torch_resnet, f"resnet{depth}")(device="meta")
    found = {key: list(value.shape) for key, value in model.state_dict().items()}
    assert list(found.items()) == list(TORCHVISION[f"resnet{depth}"].items())


@pytest.mark.parametrize("depth", IMAGENET)
@pytest.mark.parametrize("stride_in", ["1x1", "3x3"])
def test_imagenet_sizes_are_the_published_ones(depth, stride_in):
    model = getattr(torch_resnet, f"resnet{depth}")(stride_in=stride_in, device="meta")
    assert parameters(model) == PARAMETERS[depth]
    stages = imagenet_stages(depth, stride_in=stride_in)
    assert by_stage(model, (3, 224, 224)) == as_counted(stages)
    total = sum(stage.multiply_adds for stage in stages) / 1e9
    assert round(total, 2) == MULTIPLY_ADDS[stride_in][depth]


@pytest.mark.parametrize("depth", CIFAR)
def test_cifar_sizes_are_the_published_ones(depth):
    assert sum(stage.parameters for stage in cifar_stages(depth)) == CIFAR[depth]
    model = torch_resnet.cifar_resnet(depth, device="meta")
    assert parameters(model) == CIFAR[depth]


@pytest.mark.parametrize(
    "arguments", [{}, {"residual": False}, {"shortcut": "B", "width": 8}, {"shortcut": "C"}]
)
@pytest.mark.parametrize("depth", [8, 20])
def test_cifar_stages_are_counted(depth, arguments):
    model = torch_resnet.cifar_resnet(depth, **arguments, device="meta")
    stages = cifar_stages(depth, **arguments)
    assert by_stage(model, (3, 32, 32)) == as_counted(stages)


@pytest.mark.parametrize("depth", [18, 50])
def test_numpy_builds_the_imagenet_networks(depth):
    model = getattr(numpy_resnet, f"resnet{depth}")(num_classes=10, rng=np.random.default_rng(0))
    expected = dict(TORCHVISION[f"resnet{depth}"])
    channels = expected["fc.weight"][1]
    expected |= {"fc.weight": [10, channels], "fc.bias": [10]}
    assert {key: list(value.shape) for key, value in model.state_dict().items()} == expected


@pytest.mark.parametrize("depth", IMAGENET)
def test_imagenet_networks_without_shortcuts(depth):
    name, plain = f"resnet{depth}", getattr(torch_resnet, f"resnet{depth}")(residual=False, device="meta")
    kept = {key: shape for key, shape in TORCHVISION[name].items() if "downsample" not in key}
    assert {key: list(value.shape) for key, value in plain.state_dict().items()} == kept
    assert by_stage(plain, (3, 224, 224)) == as_counted(imagenet_stages(depth, residual=False))


@pytest.mark.parametrize(
    ("depth", "arguments"),
    [(18, {}), (34, {"residual": False}), (50, {}), (50, {"stride_in": "1x1", "shortcut": "A"})],
    ids=str,
)
def test_imagenet_logits_agree_once_the_statistics_have_moved(depth, arguments):
    torch.manual_seed(0)
    model = getattr(torch_resnet, f"resnet{depth}")(num_classes=7, **arguments).double()
    x = np.random.default_rng(0).standard_normal((2, 3, 64, 64))
    fresh = torch_resnet.to_numpy(model).eval().forward(x)
    with torch.no_grad():
        model(torch.from_numpy(x))  # in training mode
        theirs = model.eval()(torch.from_numpy(x)).numpy()
    ours = torch_resnet.to_numpy(model)
    np.testing.assert_allclose(ours.forward(x), theirs, rtol=0, atol=1e-10 * np.abs(theirs).max())
    assert np.abs(fresh - theirs).max() > 0.01 * np.abs(theirs).max()  # so statistics left behind would show


@pytest.mark.parametrize("arguments", NETS, ids=str)
def test_gradients_through_twenty_layers_agree(arguments):
    """To 1e-9 of each array's largest gradient, or of the network's where a gradient is all rounding."""
    torch.manual_seed(0)
    model = torch_resnet.cifar_resnet(20, width=4, in_channels=1, **arguments, dtype=torch.float64)
    ours = torch_resnet.to_numpy(model)
    x = np.random.default_rng(0).standard_normal((6, 1, 12, 12))
    tensor = torch.tensor(x, requires_grad=True)
    y = model(tensor)
    np.testing.assert_allclose(ours.forward(x), y.detach(), rtol=0, atol=1e-12)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    y.backward(torch.from_numpy(dy))
    dx = ours.backward(dy)
    np.testing.assert_allclose(dx, tensor.grad, rtol=0, atol=1e-9 * np.abs(dx).max())
    theirs = {name: parameter.grad.numpy() for name, parameter in model.named_parameters()}
    assert ours.grads.keys() == theirs.keys()
    largest = max(np.abs(gradient).max() for gradient in theirs.values())
    for name, gradient in ours.grads.items():
        scale = max(np.abs(theirs[name]).max(), 1e-6 * largest)
        np.testing.assert_allclose(gradient, theirs[name], rtol=0, atol=1e-9 * scale, err_msg=name)
    for key, value in model.state_dict().items():  # the running statistics have moved alike
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), rtol=1e-9, atol=1e-12, err_msg=key)
    after = ours.eval().forward(x), model.eval()(torch.from_numpy(x)).detach()
    np.testing.assert_allclose(*after, rtol=0, atol=1e-12)


def test_to_numpy_keeps_dtype_and_mode_and_takes_no_other_model():
    model = torch_resnet.cifar_resnet(8, width=2).eval()
    ours = torch_resnet.to_numpy(model)
    assert not ours.training and ours.fc.weight.dtype == np.float32
    for no_resnet in (nn.Linear(2, 2), model[:-1], None):
        with pytest.raises(TypeError, match="model must be a ResNet"):
            torch_resnet.to_numpy(no_resnet)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda model: model.half(), "got torch.float16 in 'conv1.weight'"),
        (lambda model: model.bfloat16(), "got torch.bfloat16 in 'conv1.weight'"),
        (lambda model: model.fc.double(), "got torch.float64 in 'fc.weight'"),
        (lambda model: model.layer2.half(), "got torch.float16 in 'layer2.0.conv1.weight'"),
    ],
)
def test_to_numpy_names_the_weights_that_numpy_has_not(change, words):
    model = torch_resnet.cifar_resnet(8, width=2)
    change(model)
    with pytest.raises(TypeError, match=f"must have weights that are all float32 or all float64, {words}"):
        torch_resnet.to_numpy(model)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda model: setattr(model, "relu", nn.Tanh()),
            r"with '\(relu\): ReLU\(\)', got '\(relu\): Tanh\(\)'",
        ),
        (lambda model: setattr(model.bn1, "eps", 0.1), "eps=1e-05.*eps=0.1"),
        (lambda model: setattr(model.layer1[0], "residual", False), "got 'residual=False'"),
        (lambda model: model.layer1.append(nn.ReLU()), r"got '\(1\): ReLU\(\)'"),
        (lambda model: setattr(model.layer3[0].drop_path, "p", 0.5), "p=0.2.*p=0.5"),
    ],
)
def test_to_numpy_refuses_a_network_that_was_changed(change, words):
    model = torch_resnet.cifar_resnet(8, width=2, drop_path=0.2)
    change(model)
    with pytest.raises(ValueError, match=f"model must be as cifar_resnet made it, .*{words}"):
        torch_resnet.to_numpy(model)


def test_to_numpy_minds_no_activation_in_place():
    model = torch_resnet.cifar_resnet(8, width=2).eval()
    model.relu.inplace = True
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    theirs = model(torch.from_numpy(x)).detach()
    np.testing.assert_allclose(torch_resnet.to_numpy(model)(x), theirs, atol=1e-6)


@pytest.mark.parametrize(("backend", "dtype"), [(numpy_resnet, np.float32), (torch_resnet, torch.float32)])
@pytest.mark.parametrize("depth", IMAGENET)
def test_the_five_builders_are_what_help_shows(backend, dtype, depth):
    build = getattr(backend, f"resnet{depth}")
    assert build.__name__ == f"resnet{depth}" and build.__module__ == backend.__name__
    assert f"ResNet-{depth} for" in build.__doc__ and f"torchvision.models.resnet{depth}." in build.__doc__
    parameters = inspect.signature(build).parameters
    shared = ["num_classes", "residual", "shortcut", "stride_in", "zero_init_residual"]
    assert [name for name in parameters if name not in ("rng", "device", "dtype")] == shared
    assert parameters["num_classes"].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    with pytest.raises(TypeError, match="positional"):
        build(10, False)
    with pytest.raises(ValueError, match='shortcut must be "A", "B" or "C", got None'):
        build(shortcut=None)


def numbers(y):
    """An array or a tensor as an array."""
    return y.detach().numpy() if isinstance(y, torch.Tensor) else y


BACKENDS = [
    (numpy_resnet.cifar_resnet, {"dtype": np.float64}, np.asarray),
    (torch_resnet.cifar_resnet, {"dtype": torch.float64}, torch.from_numpy),
]


@pytest.mark.parametrize(("build", "arguments", "given"), BACKENDS)
@pytest.mark.parametrize("block", ["basic", "preact"])
def test_a_part_of_a_network_is_a_sequential_of_its_layers(build, arguments, given, block):
    torch.manual_seed(0)
    model = build(8, block=block, width=2, **arguments).eval()
    x = given(np.random.default_rng(0).standard_normal((2, 3, 8, 8)))
    logits = numbers(model(x))
    names = [name for name, _ in model.named_children()]
    for part in (slice(-1), slice(1, None), slice(None, None, 2), slice(-3, None), slice(20, None)):
        found = model[part]
        assert type(found).__name__ == "Sequential"
        assert [name for name, _ in found.named_children()] == names[part]
        assert list(found) == list(model)[part]
    for cut in (1, 4, -1, 0, len(model)):
        np.testing.assert_array_equal(numbers(model[cut:](model[:cut](x))), logits)
    assert model[:-1](x).shape == (2, 8)
    assert model[-1] is model.fc and model[0] is model.conv1
    for outside in (len(model), -len(model) - 1):
        with pytest.raises(IndexError):
            model[outside]
    assert set(model[:-1].state_dict()) == {key for key in model.state_dict() if not key.startswith("fc")}


@pytest.mark.parametrize(("build", "arguments", "given"), BACKENDS)
def test_networks_are_copied_whole(build, arguments, given):
    model = build(8, width=2, **arguments)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(twin) is type(model) and repr(twin) == repr(model)
        assert len(twin.stages()) == 3 and twin.fc is not model.fc
        np.testing.assert_array_equal(twin.state_dict()["fc.weight"], model.state_dict()["fc.weight"])


def test_a_network_keeps_the_layers_that_it_was_built_with():
    model = torch_resnet.cifar_resnet(8, width=2)
    before = repr(model)
    for change in (
        lambda: model.append(nn.ReLU()),
        lambda: model.extend([nn.ReLU()]),
        lambda: model.insert(0, nn.ReLU()),
        lambda: model.pop(-1),
        lambda: model.__delitem__(slice(2)),
        lambda: model.__iadd__(nn.Sequential(nn.ReLU())),
        lambda: model.__imul__(2),
    ):
        with pytest.raises(TypeError, match="a ResNet keeps the layers that it was built with"):
            change()
    assert repr(model) == before
    longer = model + nn.Sequential(nn.Softmax(1))
    x = torch.ones(2, 3, 8, 8)
    torch.testing.assert_close(longer.eval()(x), model.eval()(x).softmax(1))
    assert type(model[:].append(nn.Softmax(1))) is nn.Sequential and len(model) == 9


@pytest.mark.parametrize("build", [numpy_resnet.cifar_resnet, torch_resnet.cifar_resnet])
def test_wrong_arguments_are_refused(build):
    for depth in (2, 9, 21, 0, -4):
        with pytest.raises(ValueError, match=f"depth must be .*{depth}"):
            build(depth)
    for arguments, words in (
        ({"shortcut": "D"}, 'shortcut must be "A", "B" or "C"'),
        ({"block": "dense"}, 'block must be "basic" or "preact"'),
        ({"width": 0}, "width must be a whole number >= 1"),
        ({"num_classes": 0}, "num_classes must be a whole number >= 1"),
        ({"drop_path": 2.0}, "drop_path must be a probability"),
        ({"squeeze": 0}, "squeeze must be a whole number >= 1"),
    ):
        with pytest.raises(ValueError, match=words):
            build(8, **arguments)
    for arguments, words in (
        ({"residual": None}, "residual must be True or False, got None"),
        ({"residual": "no"}, "residual must be True or False, got 'no'"),
        ({"zero_init_residual": 1}, "zero_init_residual must be True or False, got 1"),
        ({"drop_path": None}, r"drop_path must be a probability in \[0, 1\], got None"),
        ({"in_channels": 1.5}, "in_channels must be a whole number >= 1, got 1.5"),
        ({"num_classes": None}, "num_classes must be a whole number >= 1, got None"),
        ({"rng": 0}, "rng must be a .*Generator"),
    ):
        with pytest.raises(TypeError, match=words):
            build(8, **arguments)
    with pytest.raises(ValueError, match="depth must be one of 18, 34, 50, 101, 152, got 19"):
        imagenet_stages(19)


@pytest.mark.parametrize("backend", [numpy_resnet, torch_resnet])
def test_branches_are_dropped_more_often_the_deeper_they_lie(backend):
    model = backend.cifar_resnet(20, width=2, drop_path=0.8)
    blocks = [block for stage in model.stages() for block in stage]
    shares = [child.p for block in blocks for child in block.children() if type(child).__name__ == "DropPath"]
    np.testing.assert_allclose(shares, 0.8 * np.arange(1, 9) / 8)
