# %% a mean over the examples question="q1" violates="at p = 0 it is the ordinary loss"
def expected_loss(w, x, t, p):
    return np.mean((t - x @ w) ** 2) + p / (1 - p) * np.mean((x**2) @ (w**2))


# %% only the penalty question="q1" violates="at p = 0 it is the ordinary loss"
def expected_loss(w, x, t, p):
    return p / (1 - p) * ((x**2) @ (w**2)).sum()


# %% the variance of the coin itself question="q1" violates="one term has the variance p / (1 - p) w² x²"
def expected_loss(w, x, t, p):
    return ((t - x @ w) ** 2).sum() + p * (1 - p) * ((x**2) @ (w**2)).sum()


# %% weight decay question="q1" violates="one term has the variance p / (1 - p) w² x²"
def expected_loss(w, x, t, p):
    return ((t - x @ w) ** 2).sum() + p / (1 - p) * (w**2).sum()


# %% the chances swapped question="q1" violates="one term has the variance p / (1 - p) w² x²"
def expected_loss(w, x, t, p):
    return ((t - x @ w) ** 2).sum() + (1 - p) / p * ((x**2) @ (w**2)).sum() if p else ((t - x @ w) ** 2).sum()


# %% sums before it squares question="q1" violates="variances of independent terms add up"
def expected_loss(w, x, t, p):
    return ((t - x @ w) ** 2).sum() + p / (1 - p) * ((x @ w) ** 2).sum()


# %% one mask for all examples question="q1" violates="each example has coins of its own"
def expected_loss(w, x, t, p):
    return ((t - x @ w) ** 2).sum() + p / (1 - p) * ((x.sum(axis=0) * w) ** 2).sum()


# %% writes into w question="q1" violates="inputs are not modified"
def expected_loss(w, x, t, p):
    plain = ((t - x @ w) ** 2).sum()
    w **= 2
    return plain + p / (1 - p) * (x**2 @ w).sum()


# %% one draw question="q1" violates="one term has the variance p / (1 - p) w² x²"
def expected_loss(w, x, t, p):
    mask = np.random.default_rng(0).random(x.shape) >= p
    return ((t - (x * mask / (1 - p)) @ w) ** 2).sum()


# %% second moment minus square question="q1"
def expected_loss(w, x, t, p):
    terms = x * w
    mean = terms.sum(axis=1)
    second = (terms**2).sum(axis=1) / (1 - p) + mean**2 - (terms**2).sum(axis=1)
    return float(np.sum(t**2 - 2 * t * mean + second))


# %% loops in float32 question="q1"
def expected_loss(w, x, t, p):
    total = np.float32(0)
    for row, goal in zip(x.astype(np.float32), t.astype(np.float32)):
        error = goal - sum(a * b for a, b in zip(row, w))
        total += error**2 + p / (1 - p) * sum((a * b) ** 2 for a, b in zip(row, w))
    return total


# %% plain least squares question="q2" violates="no other weights have a lower mean loss"
def dropout_weights(x, t, p):
    return np.linalg.lstsq(x, t, rcond=None)[0]


# %% plain ridge regression question="q2" violates="no other weights have a lower mean loss"
def dropout_weights(x, t, p):
    return np.linalg.solve(x.T @ x + p / (1 - p) * np.eye(x.shape[1]), x.T @ t)


# %% mean squares instead of sums question="q2" violates="no other weights have a lower mean loss"
def dropout_weights(x, t, p):
    return np.linalg.solve(x.T @ x + p / (1 - p) * np.diag((x**2).mean(axis=0)), x.T @ t)


# %% adds the whole matrix question="q2" violates="no other weights have a lower mean loss"
def dropout_weights(x, t, p):
    return np.linalg.solve(x.T @ x + p / (1 - p) * (x.T @ x), x.T @ t)


# %% scales least squares by 1 - p question="q2" violates="no other weights have a lower mean loss"
def dropout_weights(x, t, p):
    return (1 - p) * np.linalg.lstsq(x, t, rcond=None)[0]


# %% divides by p question="q2" violates="at p = 0 this is least squares"
def dropout_weights(x, t, p):
    strength = (1 - p) / p if p else 1.0
    return np.linalg.solve(x.T @ x + strength * np.diag((x**2).sum(axis=0)), x.T @ t)


# %% a column question="q2" violates="has the right shape"
def dropout_weights(x, t, p):
    return np.linalg.solve(x.T @ x + p / (1 - p) * np.diag((x**2).sum(axis=0)), x.T @ t[:, None])


# %% changes the matrix of the inputs question="q2" violates="inputs are not modified"
def dropout_weights(x, t, p):
    norms = np.sqrt((x**2).sum(axis=0))
    x /= norms
    return np.linalg.solve(x.T @ x + p / (1 - p) * np.eye(x.shape[1]), x.T @ t) / norms


# %% least squares with extra rows question="q2"
def dropout_weights(x, t, p):
    extra = np.diag(np.sqrt(p / (1 - p) * (x**2).sum(axis=0)))
    rows = np.vstack([x, extra])
    return np.linalg.lstsq(rows, np.append(t, np.zeros(len(extra))), rcond=None)[0]


# %% ridge regression on features of length one question="q2"
def dropout_weights(x, t, p):
    norms = np.linalg.norm(x, axis=0)
    z = x / norms
    return np.linalg.inv(z.T @ z + p / (1 - p) * np.eye(z.shape[1])) @ (z.T @ t) / norms


# %% the diagonal divided, in place question="q2"
def dropout_weights(x, t, p):
    a = x.T @ x
    a[np.diag_indices_from(a)] /= 1 - p
    return np.linalg.solve(a, t @ x)


# %% p for the strength question="q3" violates="the price of a weight is p / (1 - p)"
strength = 0.2
rate = 0.75
factor = 0.01


# %% the inverse question="q3" violates="the price of a weight is p / (1 - p)"
strength = 0.25
rate = 4 / 3
factor = 0.01


# %% what one might expect of ridge question="q3" violates="dropout charges for what a feature contributes"
strength = 0.25
rate = 0.75
factor = 1


# %% measured instead of typed question="q3"
other = features.copy()
other[:, 2] *= 100
strength = np.float64(0.2 / 0.8)
rate = 3 / (1 + 3)
factor = dropout_weights(other, target, 0.5)[2] / dropout_weights(features, target, 0.5)[2]
