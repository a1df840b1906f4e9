"""The training loop for NumPy models."""

from coursepkg.layer import validate_layer
from coursepkg.nn.loss import CrossEntropyLoss
from coursepkg.training.batches import batches, count_batches, progress_bar
from coursepkg.training.history import Average, History, validate_loss
from coursepkg.validation import validate_generator, validate_positive_int


def fit(model, data, optimizer, epochs, batch_size, schedule=None, rng=None, *, progress=None):
    """Trains a classifier with the cross-entropy loss.

    Args:
        model: Layer whose output is (N, classes); changed in place, and left in training mode.
        data: Data(train, test) of NumPy arrays; test may be None. uint8 pictures become float32 in [0, 1].
        optimizer: coursepkg.nn.SGD or Adam over the model.
        epochs: how often to go through the training set, >= 1.
        batch_size: examples per step, >= 1; the last batch of an epoch may be smaller.
        schedule: function (step, total_steps) -> factor of the optimizer's learning rate; None keeps it.
            Afterwards the learning rate is what it was before.
        rng: numpy.random.Generator for the order of the examples; None means a fresh one.
        progress: True or False shows or hides a progress bar; None shows it unless TQDM_DISABLE is set.
    Returns:
        History.
    Raises:
        FloatingPointError: the loss is not finite; names epoch and step.
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_layer("model", model)
    rng = validate_generator("rng", rng)
    total_steps = validate_positive_int("epochs", epochs) * count_batches(data.train, batch_size)
    criterion, history, step, lr = CrossEntropyLoss(), History(), 0, optimizer.lr
    try:
        with progress_bar(total_steps, progress) as bar:
            for epoch in range(epochs):
                model.train()
                average = Average()
                for x, y in batches(data.train, batch_size, rng):
                    if schedule is not None:
                        optimizer.lr = lr * schedule(step, total_steps)
                    logits = model.forward(x)
                    loss = criterion.forward(logits, y)
                    validate_loss(loss, epoch, step)
                    model.backward(criterion.backward())
                    optimizer.step()
                    average.add(loss, int((logits.argmax(axis=1) != y).sum()), len(y))
                    step += 1
                    bar.update()
                history.add("train", *average.result())
                if data.test is not None:
                    history.add("test", *evaluate(model, data.test))
    finally:
        optimizer.lr = lr
    return history


def evaluate(model, split, batch_size=1000):
    """Loss and error of a classifier in evaluation mode. Every layer is put back into the mode it was in.

    Args:
        model: Layer whose output is (N, classes).
        split: Split(x, y) of NumPy arrays.
        batch_size: examples at a time, >= 1.
    Returns:
        (loss, error): mean cross-entropy, and the fraction classified wrong.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_layer("model", model)
    count_batches(split, batch_size)
    modes = [(layer, layer.training) for layer in model.layers()]
    model.eval()
    criterion, average = CrossEntropyLoss(), Average()
    try:
        for x, y in batches(split, batch_size):
            logits = model.forward(x)
            average.add(criterion.forward(logits, y), int((logits.argmax(axis=1) != y).sum()), len(y))
    finally:
        for layer, training in modes:
            layer.training = training
    return average.result()
