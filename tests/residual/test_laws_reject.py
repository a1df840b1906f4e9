"""The laws reject: each is shown a layer with a mistake, and must fail on it."""

import pytest

from tests.residual.broken import REJECTED
from tests.specs.residual import SPECS
from tests.specs.spec import Maker

PAIRS = [
    pytest.param(law, broken, id=f"{law.__name__}: {broken.__name__}")
    for law, layers in REJECTED
    for broken in layers
]


@pytest.mark.parametrize(("law", "broken"), PAIRS)
def test_law_rejects(law, broken):
    with pytest.raises(AssertionError):
        law(Maker(broken))


def test_every_law_is_shown_a_mistake():
    shown = {law.__name__ for law, _ in REJECTED}
    assert shown == {law.__name__ for spec in SPECS for law in spec.laws}
