"""NumPy layers, each with a mistake that people make, and the laws that must notice."""

import numpy as np

from coursepkg.nn import Linear
from coursepkg.residual import numpy_layers as right
from tests.residual import laws


class PadsInFront(right.PaddedShortcut):
    """The zeros before the channels that there are."""

    def forward(self, x):
        return super().forward(x)[:, ::-1]


class KeepsTheWrongPixels(right.PaddedShortcut):
    def forward(self, x):
        return super().forward(np.roll(x, 1, axis=2))


class GateForEachPixel(right.SqueezeExcitation):
    def forward(self, x):
        return x / (1 + np.exp(-x))


class ShortcutForgotten(right.BasicBlock):
    def forward(self, x, mask=None):
        self.residual = False
        return super().forward(x, mask)


class AddedBehindTheReLU(right.BasicBlock):
    """relu(branch) + x in place of relu(branch + x)."""

    def forward(self, x, mask=None):
        self.residual = False
        return super().forward(x, mask) + x


class GradientOfTheBranchAlone(right.BasicBlock):
    def _shortcut_backward(self, dy):
        return np.zeros_like(super()._shortcut_backward(dy))


class ShortcutTwiceOnTheWayBack(right.BasicBlock):
    def _shortcut_backward(self, dy):
        return 2 * super()._shortcut_backward(dy)


class ShortcutTakesTheActivated(right.PreActBlock):
    """An identity shortcut from behind the first ReLU."""

    def forward(self, x, mask=None):
        self._project_activated = True
        return super().forward(x, mask)


class ReLUBehindThePreActivatedSum(right.PreActBlock):
    def forward(self, x, mask=None):
        return np.maximum(super().forward(x, mask), 0)


class DropsTheWholeBlock(right.BasicBlock):
    """The mask falls on the sum, so that the shortcut is dropped as well."""

    def forward(self, x, mask=None):
        y = super().forward(x, mask)
        return y if self.mask is None else y * self.mask


class DropsInUse(right.BasicBlock):
    def eval(self):
        return self


class GateTheWrongWay(right.Highway):
    def forward(self, x):
        h, t = self.relu(self.transform(x)), self.sigmoid(self.gate(x))
        return (1 - t) * h + t * x


class NewOnesInFront(right.DenseBlock):
    def forward(self, x):
        for layer in self.children():
            x = np.concatenate([layer(x), x], axis=1)
        return x


class BranchWithoutShortcut(right.Residual):
    """Made as the spec of Residual makes it: a linear branch, and the input forgotten."""

    def __init__(self, in_features, out_features, *, rng=None, dtype=np.float32):
        super().__init__(Linear(in_features, out_features, rng=rng, dtype=dtype))

    def forward(self, x):
        return super().forward(x) - x


class ShortcutWithoutGradient(BranchWithoutShortcut):
    def forward(self, x):
        return right.Residual.forward(self, x)

    def backward(self, dy):
        return super().backward(dy) - dy


REJECTED = [
    (laws.padding_is_zero_and_the_rest_is_kept, [PadsInFront, KeepsTheWrongPixels]),
    (laws.channels_are_scaled_as_wholes, [GateForEachPixel]),
    (
        laws.zero_branch_is_the_shortcut,
        [
            ShortcutForgotten,
            AddedBehindTheReLU,
            GradientOfTheBranchAlone,
            ShortcutTwiceOnTheWayBack,
            ShortcutTakesTheActivated,
            ReLUBehindThePreActivatedSum,
        ],
    ),
    (laws.kept_or_dropped, [DropsTheWholeBlock, DropsInUse, ShortcutForgotten]),
    (laws.closed_gate_lets_x_pass, [GateTheWrongWay]),
    (laws.input_stays_in_front, [NewOnesInFront]),
    (laws.the_shortcut_is_added, [BranchWithoutShortcut, ShortcutWithoutGradient]),
]
