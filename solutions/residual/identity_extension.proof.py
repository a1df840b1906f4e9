# %% ones in place of the identity question="q1" violates="no logit changes"
def deepen(layers, count):
    n = layers[-1][0].shape[1]
    return [*layers[:-1], *[(np.ones((n, n)), np.zeros(n))] * count, layers[-1]]


# %% in front of everything question="q1" violates="no logit changes"
def deepen(layers, count):
    n = layers[0][0].shape[1]
    return [*[(np.eye(n), np.zeros(n))] * count, *layers]


# %% behind the last layer question="q1" violates="no logit changes"
def deepen(layers, count):
    n = len(layers[-1][0])
    return [*layers, *[(np.eye(n), np.zeros(n))] * count]


# %% only one question="q1" violates="so many layers are added"
def deepen(layers, count):
    n = layers[-1][0].shape[1]
    return [*layers[:-1], (np.eye(n), np.zeros(n)), layers[-1]]


# %% zeros question="q1" violates="no logit changes"
def deepen(layers, count):
    n = layers[-1][0].shape[1]
    return [*layers[:-1], *[(np.zeros((n, n)), np.zeros(n))] * count, layers[-1]]


# %% the output size question="q1" violates="the shapes of the layers fit"
def deepen(layers, count):
    n = len(layers[-1][0])
    return [*layers[:-1], *[(np.eye(n), np.zeros(n))] * count, layers[-1]]


# %% inserts one after the other question="q1"
def deepen(layers, count):
    deeper = list(layers)
    for _ in range(count):
        n = deeper[-1][0].shape[1]
        deeper.insert(-1, (np.diag(np.ones(n)), np.zeros(n)))
    return deeper


# %% a permutation there and back question="q1"
def deepen(layers, count):
    n = layers[-1][0].shape[1]
    turn, deeper = np.eye(n)[::-1], list(layers[:-1])
    deeper += [(turn, np.zeros(n)) for _ in range(count)]
    W, b = layers[-1]
    return [*deeper, (W @ turn if count % 2 else W, b)]


# %% one copy each question="q2" violates="negative numbers are copied"
def copy_layers(n):
    return [(np.eye(n), np.zeros(n)), (np.eye(n), np.zeros(n))]


# %% adds the halves question="q2" violates="negative numbers are copied"
def copy_layers(n):
    both = np.concatenate([np.eye(n), -np.eye(n)])
    return [(both, np.zeros(2 * n)), (np.abs(both.T), np.zeros(n))]


# %% the second layer the wrong way round question="q2" violates="the shapes of the layers fit"
def copy_layers(n):
    both = np.concatenate([np.eye(n), -np.eye(n)])
    return [(both, np.zeros(2 * n)), (both, np.zeros(n))]


# %% a large bias only on the way in question="q2" violates="positive numbers are copied"
def copy_layers(n):
    return [(np.eye(n), np.full(n, 100.0)), (np.eye(n), np.zeros(n))]


# %% the last sign question="q2" violates="positive numbers are copied"
def copy_layers(n):
    both = np.concatenate([np.eye(n), -np.eye(n)])
    return [(both, np.zeros(2 * n)), (-both.T, np.zeros(n))]


# %% interleaved question="q2"
def copy_layers(n):
    first = np.kron(np.eye(n), [[1.0], [-1.0]])
    return ((first, np.zeros(2 * n)), (first.T, np.zeros(n)))


# %% scaled up and down question="q2"
def copy_layers(n):
    up = np.vstack([2 * np.identity(n), -4 * np.identity(n)])
    down = np.hstack([np.identity(n) / 2, -np.identity(n) / 4])
    return [[up, np.zeros(2 * n)], [down, np.zeros(n)]]


# %% forgets eps question="q3" violates="the scale undoes the division"
def copying_scale_and_shift(mean, var, eps):
    return np.sqrt(var), mean


# %% ones and zeros question="q3" violates="the scale undoes the division"
def copying_scale_and_shift(mean, var, eps):
    return np.ones_like(var), np.zeros_like(mean)


# %% divides once more question="q3" violates="the scale undoes the division"
def copying_scale_and_shift(mean, var, eps):
    return 1 / np.sqrt(var + eps), mean


# %% forgets the mean question="q3" violates="the shift undoes the subtraction"
def copying_scale_and_shift(mean, var, eps):
    return np.sqrt(var + eps), np.zeros_like(mean)


# %% the mean divided question="q3" violates="the shift undoes the subtraction"
def copying_scale_and_shift(mean, var, eps):
    return np.sqrt(var + eps), mean / np.sqrt(var + eps)


# %% exchanged question="q3" violates="the scale undoes the division"
def copying_scale_and_shift(mean, var, eps):
    return mean, np.sqrt(var + eps)


# %% as a list question="q3"
def copying_scale_and_shift(mean, var, eps):
    return [(var + eps) ** 0.5, 1.0 * mean]


# %% channel by channel question="q3"
def copying_scale_and_shift(mean, var, eps):
    scale, shift = np.empty(len(var)), np.empty(len(mean))
    for c in range(len(var)):
        scale[c], shift[c] = (var[c] + eps) ** 0.5, mean[c]
    return scale, shift


# %% all layers question="q4" violates="the branch can learn"
def start_at_zero(layers):
    return [(np.zeros_like(W), np.zeros_like(b)) for W, b in layers]


# %% the first layer question="q4" violates="the block copies its input"
def start_at_zero(layers):
    W, b = layers[0]
    return [(np.zeros_like(W), np.zeros_like(b)), *layers[1:]]


# %% the matrix alone question="q4" violates="the block copies its input"
def start_at_zero(layers):
    W, b = layers[-1]
    return [*layers[:-1], (np.zeros_like(W), b)]


# %% the identity question="q4" violates="the block copies its input"
def start_at_zero(layers):
    W, b = layers[-1]
    return [*layers[:-1], (np.eye(*W.shape), np.zeros_like(b))]


# %% in place question="q4" violates="inputs are not modified"
def start_at_zero(layers):
    layers[-1][0][:] = 0
    layers[-1][1][:] = 0
    return layers


# %% without the last layer question="q4" violates="all layers are still there"
def start_at_zero(layers):
    return layers[:-1]


# %% times zero question="q4"
def start_at_zero(layers):
    started = [(W.copy(), b.copy()) for W, b in layers]
    started[-1] = (0.0 * started[-1][0], 0.0 * started[-1][1])
    return started


# %% in a loop question="q4"
def start_at_zero(layers):
    last = len(layers) - 1
    return tuple((W * (i < last), b * (i < last)) for i, (W, b) in enumerate(layers))
