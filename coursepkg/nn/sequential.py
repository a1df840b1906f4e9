"""Sequential."""

from coursepkg.layer import Layer


class Sequential(Layer):
    """Layers one after another; the parameters of the first are called "0.weight" and so on.

    `model[2]` is the third layer, and a loop over the model is a loop over its layers.

    Args:
        *layers: Layer instances, in the order of the forward pass.
    Raises:
        TypeError: one of them is no Layer.
    Source: torch.nn.Sequential.
    """

    def __init__(self, *layers):
        super().__init__()
        for position, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"layers must all be Layer instances, got {layer!r} at position {position}")
        self.children = {str(position): layer for position, layer in enumerate(layers)}

    def forward(self, x):
        for layer in self:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(list(self)):
            dy = layer.backward(dy)
        return dy

    def __iter__(self):
        return iter(self.children.values())

    def __len__(self):
        return len(self.children)

    def __getitem__(self, position):
        return list(self)[position]
