# %% a training error against the truth question="q1" violates="the training error is about the labels as given"
def measure(logits, given, true):
    predicted, wrong = logits.argmax(axis=1), given != true
    if not wrong.any():
        return (predicted != true).mean(), 0.0, 0.0
    return (predicted != true).mean(), (predicted == given)[wrong].mean(), (predicted == true)[wrong].mean()


# %% a share of all pictures question="q1" violates="repeated is a share of the wrong labels"
def measure(logits, given, true):
    predicted, wrong = logits.argmax(axis=1), given != true
    train_error = (predicted != given).mean()
    return train_error, (wrong & (predicted == given)).mean(), (wrong & (predicted == true)).mean()


# %% every mistake counts as memory question="q1" violates="repeated is a share of the wrong labels"
def measure(logits, given, true):
    predicted, wrong = logits.argmax(axis=1), given != true
    train_error = (predicted != given).mean()
    if not wrong.any():
        return train_error, 0.0, 0.0
    return train_error, (predicted != true)[wrong].mean(), (predicted == true)[wrong].mean()


# %% what is not repeated is corrected question="q1" violates="corrected is a share of the wrong labels"
def measure(logits, given, true):
    predicted, wrong = logits.argmax(axis=1), given != true
    train_error = (predicted != given).mean()
    if not wrong.any():
        return train_error, 0.0, 0.0
    repeated = (predicted == given)[wrong].mean()
    return train_error, repeated, 1 - repeated


# %% looks at the pictures that are labeled right question="q1" violates="repeated is a share of the wrong labels"
def measure(logits, given, true):
    predicted, right = logits.argmax(axis=1), given == true
    train_error = (predicted != given).mean()
    if right.all():
        return train_error, 0.0, 0.0
    return train_error, (predicted == given)[right].mean(), (predicted == true)[right].mean()


# %% the mean of nothing question="q1" violates="no wrong labels, so nothing repeated or corrected"
def measure(logits, given, true):
    predicted, wrong = logits.argmax(axis=1), given != true
    return (predicted != given).mean(), (predicted == given)[wrong].mean(), (predicted == true)[wrong].mean()


# %% accuracy in place of error question="q1" violates="the training error is about the labels as given"
def measure(logits, given, true):
    predicted, wrong = logits.argmax(axis=1), given != true
    if not wrong.any():
        return (predicted == given).mean(), 0.0, 0.0
    return (predicted == given).mean(), (predicted == given)[wrong].mean(), (predicted == true)[wrong].mean()


# %% picture by picture question="q1"
def measure(logits, given, true):
    errors = wrong = repeated = corrected = 0
    for row, label, truth in zip(logits, given, true):
        predicted = np.argmax(row)
        errors += predicted != label
        if label != truth:
            wrong += 1
            repeated += predicted == label
            corrected += predicted == truth
    return [errors / len(given), repeated / max(wrong, 1), corrected / max(wrong, 1)]


# %% sums of booleans, in float32 question="q1"
def measure(logits, given, true):
    predicted = np.argsort(logits, axis=1)[:, -1]
    wrong = np.not_equal(given, true)
    count = np.maximum(wrong.sum(), 1)
    numbers = [
        1 - np.mean(predicted == given),
        np.sum(wrong * (predicted == given)) / count,
        np.sum(wrong * (predicted == true)) / count,
    ]
    return np.array(numbers, dtype=np.float32)


# %% forgets evaluation mode question="q2" violates="predictions are made with dropout off"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(p, rng)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    return model.forward(x), model.forward(x_new)


# %% switches for the new pictures only question="q2" violates="predictions are made with dropout off"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(p, rng)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    logits = model.forward(x)
    return logits, model.eval().forward(x_new)


# %% switches before the training question="q2" violates="predictions are made with dropout off"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(p, rng).eval()
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    return model.forward(x), model.forward(x_new)


# %% batches in an order of their own question="q2" violates="the same seed gives the same network"
def train_and_predict(x, y, x_new, p, seed):
    model = network(p, np.random.default_rng(seed))
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, progress=False)
    model.eval()
    return model.forward(x), model.forward(x_new)


# %% always seed 0 question="q2" violates="another seed gives another network"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(0)
    model = network(p, rng)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    model.eval()
    return model.forward(x), model.forward(x_new)


# %% p for 1 - p question="q2" violates="the labels y are learned"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(1 - p, rng)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    model.eval()
    return model.forward(x), model.forward(x_new)


# %% leaves p out question="q2" violates="p is the probability of dropping"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(0.5, rng)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    model.eval()
    return model.forward(x), model.forward(x_new)


# %% asks before the training question="q2" violates="the labels y are learned"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(p, rng)
    model.eval()
    logits = model.forward(x), model.forward(x_new)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    return logits


# %% one epoch question="q2" violates="the labels y are learned"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(p, rng)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 1, 50, rng=rng, progress=False)
    model.eval()
    return model.forward(x), model.forward(x_new)


# %% returns probabilities question="q2" violates="returns logits"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(p, rng)
    fit(model, Data(Split(x, y)), Adam(model, 0.01), 60, 50, rng=rng, progress=False)
    model.eval()
    return softmax(model.forward(x)), softmax(model.forward(x_new))


# %% epoch by epoch, both sets at once question="q2"
def train_and_predict(x, y, x_new, p, seed):
    rng = np.random.default_rng(seed)
    model = network(p, rng)
    optimizer = Adam(model, 0.01)
    for _ in range(60):
        fit(model, Data(Split(x, y)), optimizer, 1, 50, rng=rng, progress=False)
    logits = model.eval()(np.concatenate([x, x_new]))
    return [logits[: len(x)], logits[len(x) :]]


# %% a loop of its own, in float64 question="q2"
def train_and_predict(x, y, x_new, p, seed):
    from coursepkg.nn import CrossEntropyLoss

    rng = np.random.default_rng(seed)
    model, loss = network(p, rng), CrossEntropyLoss()
    optimizer = Adam(model, 0.01)
    for _ in range(60):
        order = rng.permutation(len(x))
        for start in range(0, len(x), 50):
            rows = order[start : start + 50]
            loss.forward(model.forward(x[rows]), y[rows])
            model.backward(loss.backward())
            optimizer.step()
    model.eval()
    return model.forward(x).astype(float), model.forward(x_new).astype(float)


# %% in per cent question="q3" violates="a share lies between 0 and 1"
plain = [0.1, 99.8, 0.1, 42.1]
half = [13.4, 64.3, 33.3, 33.3]
most = [35.0, 6.6, 88.2, 24.8]
supported = ["b", "c"]

# %% a training error against the truth question="q3" violates="the numbers are the measured ones"
plain = [0.36, 1.0, 0.0, 0.42]
half = [0.25, 0.64, 0.33, 0.33]
most = [0.07, 0.06, 0.89, 0.24]
supported = ["b", "c"]

# %% shares of all pictures question="q3" violates="a wrong label not repeated is a training error"
plain = [0.0, 0.363, 0.0, 0.42]
half = [0.133, 0.234, 0.117, 0.327]
most = [0.351, 0.022, 0.322, 0.237]
supported = ["b", "c"]

# %% what is not repeated counts as corrected and more question="q3" violates="one answer per picture: repeated or corrected"
plain = [0.0, 1.0, 1.0, 0.42]
half = [0.133, 0.645, 1.0, 0.327]
most = [0.351, 0.061, 1.0, 0.237]
supported = ["b", "c"]

# %% p for 1 - p question="q3" violates="the numbers are the measured ones"
plain = [0.0, 1.0, 0.0, 0.42]
half = [0.133, 0.645, 0.321, 0.327]
most = [0.017, 0.966, 0.031, 0.419]
supported = ["b", "c"]

# %% test accuracy in place of test error question="q3" violates="the numbers are the measured ones"
plain = [0.0, 1.0, 0.0, 0.58]
half = [0.133, 0.645, 0.321, 0.673]
most = [0.351, 0.061, 0.887, 0.763]
supported = ["b", "c"]

# %% the story as one tells it question="q3" violates="a conclusion has its numbers in the table"
plain = [0.0, 1.0, 0.0, 0.42]
half = [0.133, 0.645, 0.321, 0.327]
most = [0.351, 0.061, 0.887, 0.237]
supported = ["a", "b"]

# %% believes that forgetting costs knowledge question="q3" violates="a conclusion has its numbers in the table"
plain = [0.0, 1.0, 0.0, 0.42]
half = [0.133, 0.645, 0.321, 0.327]
most = [0.351, 0.061, 0.887, 0.237]
supported = ["b", "c", "d"]

# %% trusts the label question="q3" violates="a conclusion has its numbers in the table"
plain = [0.0, 1.0, 0.0, 0.42]
half = [0.133, 0.645, 0.321, 0.327]
most = [0.351, 0.061, 0.887, 0.237]
supported = ["b"]

# %% one string in place of a list question="q3" violates="is a list of options"
plain = [0.0, 1.0, 0.0, 0.42]
half = [0.133, 0.645, 0.321, 0.327]
most = [0.351, 0.061, 0.887, 0.237]
supported = "b, c"


# %% four other starts question="q3"
def table(p, seeds):
    runs = [train_and_predict(pictures.x, given, new.x, p, seed) for seed in seeds]
    memory = np.mean([measure(logits, given, true) for logits, _ in runs], axis=0)
    return (*memory, np.mean([logits.argmax(axis=1) != new.y for _, logits in runs]))


plain, half, most = (table(p, range(10, 14)) for p in (0.0, 0.5, 0.8))
supported = ("c", "b")

# %% rounded by hand question="q3"
plain = (0, 1, 0, 0.42)
half = [0.13, 0.65, 0.32, 0.33]
most = np.array([0.351, 0.061, 0.887, 0.237], dtype=np.float32)
supported = ["c", "b"]


# %% the most probable first question="q4" violates="the least probable labels are suspected"
def suspects(logits, given, k):
    return np.argsort(-softmax(logits)[np.arange(len(given)), given])[:k]


caught_by_chance, caught_plain, caught_most = 109 / 300, 0.69, 1.0


# %% logits are no probabilities question="q4" violates="the least probable labels are suspected"
def suspects(logits, given, k):
    return np.argsort(logits[np.arange(len(given)), given])[:k]


caught_by_chance, caught_plain, caught_most = 109 / 300, 0.69, 1.0


# %% whoever is unsure is suspected question="q4" violates="the least probable labels are suspected"
def suspects(logits, given, k):
    return np.argsort(softmax(logits).max(axis=1))[:k]


caught_by_chance, caught_plain, caught_most = 109 / 300, 0.69, 1.0


# %% softmax along the pictures question="q4" violates="the least probable labels are suspected"
def suspects(logits, given, k):
    return np.argsort(softmax(logits, axis=0)[np.arange(len(given)), given])[:k]


caught_by_chance, caught_plain, caught_most = 109 / 300, 0.69, 1.0


# %% the right ones in the wrong order question="q4" violates="the least probable comes first"
def suspects(logits, given, k):
    return np.argsort(softmax(logits)[np.arange(len(given)), given])[:k][::-1]


caught_by_chance, caught_plain, caught_most = 109 / 300, 0.69, 1.0


# %% a boolean for each picture question="q4" violates="has the right shape"
def suspects(logits, given, k):
    probability = softmax(logits)[np.arange(len(given)), given]
    return probability <= np.sort(probability)[k - 1]


caught_by_chance, caught_plain, caught_most = 109 / 300, 0.69, 1.0


# %% probabilities in place of pictures question="q4" violates="returns numbers of pictures"
def suspects(logits, given, k):
    return np.sort(softmax(logits)[np.arange(len(given)), given])[:k]


caught_by_chance, caught_plain, caught_most = 109 / 300, 0.69, 1.0


# %% the share of lots, not of wrong labels question="q4" violates="the share is the measured one"
def suspects(logits, given, k):
    return np.argsort(softmax(logits)[np.arange(len(given)), given])[:k]


caught_by_chance, caught_plain, caught_most = 0.4, 0.69, 1.0


# %% of all wrong labels, not of the suspects question="q4" violates="the share is the measured one"
def suspects(logits, given, k):
    return np.argsort(softmax(logits)[np.arange(len(given)), given])[:k]


caught_by_chance, caught_plain, caught_most = 109 / 300, 34 / 109, 50 / 109


# %% one after the other question="q4"
def suspects(logits, given, k):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    sure = [row[label] / row.sum() for row, label in zip(exponentials, given)]
    return sorted(range(len(sure)), key=lambda i: sure[i])[:k]


share = given != true
found = {
    p: np.mean(
        [share[suspects(train_and_predict(pictures.x, given, new.x, p, s)[0], given, 50)] for s in (7, 8)]
    )
    for p in (0.0, 0.8)
}
caught_by_chance, caught_plain, caught_most = share.sum() / len(share), found[0.0], found[0.8]


# %% by the loss of each picture question="q4"
def suspects(logits, given, k):
    largest = logits.max(axis=1)
    total = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    loss = total - np.take_along_axis(logits, given[:, None], axis=1)[:, 0]
    return np.argsort(loss)[::-1][:k].astype(np.int32)


caught_by_chance, caught_plain, caught_most = 0.363, 0.69, 1
