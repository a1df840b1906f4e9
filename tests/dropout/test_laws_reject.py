"""The laws reject: each is shown a layer with a mistake, and must fail on it."""

import pytest
import torch

from tests.dropout.broken import REJECTED
from tests.specs.dropout import SPECS
from tests.specs.spec import Maker

LAWS = {spec.name: {law.__name__: law for law in spec.laws} for spec in SPECS}
SHARED = {name: law for laws in LAWS.values() for name, law in laws.items()}

PAIRS = [
    pytest.param(LAWS[layer][law], broken, id=f"{law}: {broken.__name__}")
    for layer, laws in REJECTED.items()
    for law, layers in laws.items()
    for broken in layers
]


@pytest.mark.parametrize(("law", "broken"), PAIRS)
def test_law_rejects(law, broken):
    make = Maker(broken, "cpu" if issubclass(broken, torch.nn.Module) else "numpy")
    with pytest.raises(AssertionError):
        law(make)


def test_every_law_is_shown_a_mistake():
    """Dropout1d, 3d and the rest of the channel and path laws are Dropout's, with other units."""
    shown = {law for laws in REJECTED.values() for law in laws}
    assert shown == set(SHARED)
    for layer in (
        "ClassicDropout",
        "AlphaDropout",
        "GaussianDropout",
        "DropBlock2d",
        "DropConnect",
        "Maxout",
    ):
        assert set(REJECTED[layer]) == set(LAWS[layer]), layer
