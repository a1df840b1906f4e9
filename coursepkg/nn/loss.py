"""The loss of classification."""

import numpy as np

from coursepkg.nn.activation import log_softmax
from coursepkg.validation import validate_float_array, validate_labels


class CrossEntropyLoss:
    """Softmax and negative log-likelihood in one, averaged over the batch.

    Source: torch.nn.CrossEntropyLoss.
    """

    def __init__(self):
        self._saved = None

    def forward(self, logits, labels):
        """The loss of a batch.

        Args:
            logits: float32 or float64 array (N, classes).
            labels: integer array (N,), from 0 to classes - 1.
        Returns:
            float; NaN for an empty batch, as in PyTorch.
        Raises:
            ValueError, TypeError: names the argument, its value or shape, and what is allowed.
        """
        validate_float_array("logits", logits)
        if logits.ndim != 2:
            raise ValueError(f"logits must have shape (N, classes), got shape {logits.shape}")
        labels = validate_labels("labels", labels, *logits.shape)
        log_probabilities = log_softmax(logits)
        self._saved = log_probabilities, labels
        picked = log_probabilities[np.arange(len(labels)), labels]
        return float(-picked.mean()) if len(labels) else float("nan")

    def backward(self):
        """The gradient of the loss: (softmax - one-hot label) / N.

        Returns:
            array like logits.
        Raises:
            RuntimeError: forward was not called before.
        """
        if self._saved is None:
            raise RuntimeError("CrossEntropyLoss.backward was called before CrossEntropyLoss.forward")
        log_probabilities, labels = self._saved
        dlogits = np.exp(log_probabilities)
        dlogits[np.arange(len(labels)), labels] -= 1
        return dlogits / max(len(labels), 1)

    __call__ = forward
