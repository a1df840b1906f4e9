# %% rolls the picture question="q1" violates="white comes in"
def shift(x, down, right):
    return np.roll(x, (down, right), axis=(2, 3))


# %% the window moves with the picture question="q1" violates="white comes in"
def shift(x, down, right):
    a, b = abs(down), abs(right)
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (a, a), (b, b)))
    return padded[:, :, a + down : a + down + height, b + right : b + right + width]


# %% rows for columns question="q1" violates="white comes in"
def shift(x, down, right):
    a, b = abs(down), abs(right)
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (b, b), (a, a)))
    return padded[:, :, b - right : b - right + height, a - down : a - down + width]


# %% repeats the edge question="q1" violates="white comes in"
def shift(x, down, right):
    a, b = abs(down), abs(right)
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (a, a), (b, b)), mode="edge")
    return padded[:, :, a - down : a - down + height, b - right : b - right + width]


# %% minus zero is the whole slice question="q1" violates="every pixel moves down and to the right"
def shift(x, down, right):
    y = np.zeros_like(x)
    if down > 0 and right > 0:
        y[:, :, down:, right:] = x[:, :, :-down, :-right]
    elif down > 0:
        y[:, :, down:] = x[:, :, :-down]
    elif right > 0:
        y[:, :, :, right:] = x[:, :, :, :-right]
    return y


# %% moves the original question="q1" violates="inputs are not modified"
def shift(x, down, right):
    y = np.roll(x, (down, right), axis=(2, 3))
    x[...] = 0
    rows, columns = (
        slice(max(down, 0), x.shape[2] + min(down, 0)),
        slice(max(right, 0), x.shape[3] + min(right, 0)),
    )
    x[:, :, rows, columns] = y[:, :, rows, columns]
    return x


# %% a double of a picture question="q1" violates="the dtype stays"
def shift(x, down, right):
    y = np.zeros(x.shape)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            if 0 <= i - down < x.shape[2] and 0 <= j - right < x.shape[3]:
                y[:, :, i, j] = x[:, :, i - down, j - right]
    return y


# %% two slices question="q1"
def shift(x, down, right):
    height, width = x.shape[-2:]
    y = np.zeros_like(x)
    y[..., max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = x[
        ..., max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return y


# %% rolls, then wipes question="q1"
def shift(x, down, right):
    y = np.roll(x, (down, right), axis=(2, 3))
    rows, columns = np.arange(x.shape[2]) - down, np.arange(x.shape[3]) - right
    y[:, :, (rows < 0) | (rows >= x.shape[2])] = 0
    y[:, :, :, (columns < 0) | (columns >= x.shape[3])] = 0
    return y


# %% compares with the labels question="q2" violates="same compares predictions, not labels"
def survivors(before, after, y):
    was, now = before.argmax(axis=1), after.argmax(axis=1)
    right = was == y
    return (now == y).mean(), (now == y)[right].mean() if right.any() else 0.0


# %% a share of all question="q2" violates="still_right is a share of those that were right"
def survivors(before, after, y):
    was, now = before.argmax(axis=1), after.argmax(axis=1)
    return (was == now).mean(), ((was == y) & (now == y)).mean()


# %% a share of those that are right now question="q2" violates="still_right is a share of those that were right"
def survivors(before, after, y):
    was, now = before.argmax(axis=1), after.argmax(axis=1)
    right = now == y
    return (was == now).mean(), (was == y)[right].mean() if right.any() else 0.0


# %% the mean of nothing question="q2" violates="none was right, so none is still right"
def survivors(before, after, y):
    was, now = before.argmax(axis=1), after.argmax(axis=1)
    right = was == y
    return (was == now).mean(), (now == y).sum() / right.sum() if right.any() else 1.0


# %% compares the logits question="q2" violates="same compares predictions, not labels"
def survivors(before, after, y):
    was, now = before.argmax(axis=1), after.argmax(axis=1)
    right = was == y
    return np.isclose(before, after).mean(), (now == y)[right].mean() if right.any() else 0.0


# %% picture by picture question="q2"
def survivors(before, after, y):
    same = right = still = 0
    for old, new, label in zip(before, after, y):
        same += np.argmax(old) == np.argmax(new)
        if np.argmax(old) == label:
            right += 1
            still += np.argmax(new) == label
    return [same / len(y), still / max(right, 1)]


# %% never the farthest question="q3" violates="all shifts from -farthest to farthest occur"
def shifted_copies(x, y, copies, farthest, rng):
    moved = [
        shift(x[i : i + 1], *rng.integers(-farthest, farthest, 2))
        for i in range(len(x))
        for _ in range(copies)
    ]
    return np.concatenate(moved), np.repeat(y, copies)


# %% only down and right question="q3" violates="all shifts from -farthest to farthest occur"
def shifted_copies(x, y, copies, farthest, rng):
    moved = [
        shift(x[i : i + 1], *rng.integers(0, farthest + 1, 2)) for i in range(len(x)) for _ in range(copies)
    ]
    return np.concatenate(moved), np.repeat(y, copies)


# %% labels in another order question="q3" violates="a copy keeps its label"
def shifted_copies(x, y, copies, farthest, rng):
    moved = [
        shift(x[i : i + 1], *rng.integers(-farthest, farthest + 1, 2))
        for i in range(len(x))
        for _ in range(copies)
    ]
    return np.concatenate(moved), np.concatenate([y] * copies) if copies > 1 else y[::-1]


# %% one lot for both axes question="q3" violates="the axes move independently"
def shifted_copies(x, y, copies, farthest, rng):
    moved = []
    for i in range(len(x)):
        for t in rng.integers(-farthest, farthest + 1, copies):
            moved.append(shift(x[i : i + 1], t, t))
    return np.concatenate(moved), np.repeat(y, copies)


# %% one lot for all pictures of a copy question="q3" violates="each copy has a lot of its own"
def shifted_copies(x, y, copies, farthest, rng):
    moved = [shift(x, *rng.integers(-farthest, farthest + 1, 2)) for _ in range(copies)]
    return np.concatenate(moved), np.concatenate([y] * copies)


# %% whole sets after one another question="q3"
def shifted_copies(x, y, copies, farthest, rng):
    moved = np.empty((copies, *x.shape), x.dtype)
    for k in range(copies):
        for i, (down, right) in enumerate(rng.integers(-farthest, farthest, (len(x), 2), endpoint=True)):
            moved[k, i] = shift(x[i][None], int(down), int(right))[0]
    return moved.reshape(-1, *x.shape[1:]), np.concatenate([y] * copies)


# %% counts what is right, not what stays question="q4" violates="the shares are the measured ones"
plain = [0.71, 0.55, 0.34, 0.19]
maximum = [0.72, 0.62, 0.36, 0.18]
blurred = [0.71, 0.61, 0.34, 0.18]
shifted = [0.94, 0.9, 0.77, 0.23]
errors = [0.215, 0.315]
supported = ["b", "c"]


# %% per cent question="q4" violates="a share lies between 0 and 1"
plain = [80, 63, 38, 20]
maximum = [0.88, 0.74, 0.41, 0.2]
blurred = [0.89, 0.75, 0.41, 0.2]
shifted = [0.94, 0.9, 0.77, 0.23]
errors = [0.215, 0.315]
supported = ["b", "c"]


# %% four steps of one pixel question="q4" violates="the shares are the measured ones"
plain = [0.83, 0.63, 0.49, 0.36]
maximum = [0.88, 0.74, 0.41, 0.2]
blurred = [0.89, 0.75, 0.41, 0.2]
shifted = [0.94, 0.9, 0.77, 0.23]
errors = [0.215, 0.315]
supported = ["b", "c"]


# %% the fourth network is the second question="q4" violates="the shares are the measured ones"
plain = [0.83, 0.63, 0.36, 0.2]
maximum = [0.88, 0.74, 0.41, 0.2]
blurred = [0.89, 0.75, 0.41, 0.2]
shifted = [0.88, 0.74, 0.41, 0.2]
errors = [0.215, 0.315]
supported = ["b", "c"]


# %% the new error first question="q4" violates="the errors are the measured ones"
plain = [0.83, 0.63, 0.36, 0.2]
maximum = [0.88, 0.74, 0.41, 0.2]
blurred = [0.89, 0.75, 0.41, 0.2]
shifted = [0.94, 0.9, 0.77, 0.23]
errors = [0.315, 0.215]
supported = ["b", "c"]


# %% one error question="q4" violates="returns two errors"
plain = [0.83, 0.63, 0.36, 0.2]
maximum = [0.88, 0.74, 0.41, 0.2]
blurred = [0.89, 0.75, 0.41, 0.2]
shifted = [0.94, 0.9, 0.77, 0.23]
errors = 0.215
supported = ["b", "c"]


# %% believes it all question="q4" violates="a conclusion has its numbers in the table"
plain = [0.83, 0.63, 0.36, 0.2]
maximum = [0.88, 0.74, 0.41, 0.2]
blurred = [0.89, 0.75, 0.41, 0.2]
shifted = [0.94, 0.9, 0.77, 0.23]
errors = [0.215, 0.315]
supported = ["a", "b", "c", "d", "e"]


# %% who says the same is right question="q4" violates="a conclusion has its numbers in the table"
plain = [0.83, 0.63, 0.36, 0.2]
maximum = [0.88, 0.74, 0.41, 0.2]
blurred = [0.89, 0.75, 0.41, 0.2]
shifted = [0.94, 0.9, 0.77, 0.23]
errors = [0.215, 0.315]
supported = ["b", "c", "e"]


# %% all ways at once question="q4"
WAYS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])
x_more, y_more = shifted_copies(pictures.x, pictures.y, 5, 4, np.random.default_rng(0))
rows, errors = [], []
for kind in ("plain", "blurred", "maximum", "shifted"):
    predict = train("maximum", x_more, y_more, 2) if kind == "shifted" else train(kind, *pictures, 10)
    said = predict(x_new).argmax(axis=1)
    rows.append(
        [
            np.mean([predict(shift(x_new, *(t * w))).argmax(axis=1) == said for w in WAYS])
            for t in (1, 2, 4, 8)
        ]
    )
    errors.append(float((said != y_new).mean()))
plain, blurred, maximum, shifted = np.float32(rows)
errors = np.array(errors[2:])
supported = ("c", "b")
