"""What a training run leaves behind."""

import math
from dataclasses import dataclass, field


@dataclass
class History:
    """Losses and errors of a training run, one entry for each epoch.

    Fields:
        train_loss: mean over the epoch's examples, in training mode, while the weights change.
        train_error: fraction of them that were classified wrong, in [0, 1].
        test_loss: mean over the test set after the epoch, in evaluation mode; empty without a test set.
        test_error: fraction of the test set that is classified wrong.
    """

    train_loss: list = field(default_factory=list)
    train_error: list = field(default_factory=list)
    test_loss: list = field(default_factory=list)
    test_error: list = field(default_factory=list)

    def add(self, part, loss, error):
        """Appends an epoch's loss and error; part is "train" or "test"."""
        getattr(self, f"{part}_loss").append(loss)
        getattr(self, f"{part}_error").append(error)


class Average:
    """Mean loss and error over batches of different sizes."""

    def __init__(self):
        self.examples, self.loss_sum, self.wrong = 0, 0.0, 0

    def add(self, loss, wrong, examples):
        """Takes a batch: its mean loss, how many of its examples are classified wrong, how many it has."""
        self.examples += examples
        self.loss_sum += loss * examples
        self.wrong += wrong

    def result(self):
        """(mean loss, fraction classified wrong)."""
        return self.loss_sum / self.examples, self.wrong / self.examples


def validate_loss(loss, epoch, step):
    """Raises a FloatingPointError that names epoch and step, counted from 1, where loss is not finite."""
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"the loss is {loss} in epoch {epoch + 1}, step {step + 1}: "
            "the learning rate may be too high, or an input may not be finite"
        )
