"""Sequential."""

from coursepkg.layer import Layer


class Sequential(Layer):
    """Layers one after another; the parameters of the first are called "0.weight" and so on.

    `model[2]` is the third layer, `model[:2]` a Sequential of the first two, with the names that they have in
    the model, and a loop over the model is a loop over its layers.

    Args:
        *layers: Layer instances, in the order of the forward pass; or one dict of them, name -> Layer.
    Raises:
        TypeError, ValueError: one of them is no Layer, or stands there twice, or its name will not do.
    Source: torch.nn.Sequential.
    """

    def __init__(self, *layers):
        super().__init__()
        named = len(layers) == 1 and isinstance(layers[0], dict)
        for name, layer in layers[0].items() if named else enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"layers must all be Layer instances, got {layer!r} at position {name}")
            setattr(self, self._validate_name(str(name)), layer)

    def forward(self, x):
        for layer in self:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(list(self)):
            dy = layer.backward(dy)
        return dy

    def __iter__(self):
        return self.children()

    def __len__(self):
        return len(list(self.children()))

    def __getitem__(self, position):
        if isinstance(position, slice):
            return Sequential(dict(list(self.named_children())[position]))
        return list(self)[position]

    def _validate_name(self, name):
        if not name or "." in name or hasattr(type(self), name) or name in vars(self):
            raise ValueError(f"layers must have names without dots that no attribute has yet, got {name!r}")
        return name
