# %% keeps with probability p question="q1" violates="p is the probability of dropping"
def sample_mask(shape, p, rng):
    return rng.random(shape) < p


# %% one coin per column, shared by the batch question="q1" violates="each unit has its own coin"
def sample_mask(shape, p, rng):
    return np.broadcast_to(rng.random(shape[-1]) >= p, shape)


# %% drops exactly the share p question="q1" violates="each unit has its own coin"
def sample_mask(shape, p, rng):
    n = int(np.prod(shape))
    return rng.permutation(np.arange(n) >= round(p * n)).reshape(shape)


# %% ignores the generator question="q1" violates="the generator decides"
def sample_mask(shape, p, rng):
    return np.random.random(shape) >= p


# %% a fixed seed inside question="q1" violates="the generator decides"
def sample_mask(shape, p, rng):
    return np.random.default_rng(0).random(shape) >= p


# %% zeros and ones in place of booleans question="q1" violates="a mask is boolean"
def sample_mask(shape, p, rng):
    return rng.binomial(1, 1 - p, shape)


# %% normal instead of uniform numbers question="q1" violates="p is the probability of dropping"
def sample_mask(shape, p, rng):
    return rng.standard_normal(shape) >= p


# %% binomial counts question="q1"
def sample_mask(shape, p, rng):
    return rng.binomial(1, 1 - p, size=shape).astype(bool)


# %% choice between two values question="q1"
def sample_mask(shape, p, rng):
    return rng.choice([True, False], size=shape, p=[1 - p, p])


# %% the package question="q1"
from coursepkg.dropout.numpy_layers import sample_mask


# %% forgets to rescale question="q2" violates="survivors are scaled by 1 / (1 - p)"
def apply_mask(x, mask, p):
    return x * mask


# %% divides by p question="q2" violates="survivors are scaled by 1 / (1 - p)"
def apply_mask(x, mask, p):
    return np.where(mask, x / p, 0.0)


# %% scales the wrong way question="q2" violates="survivors are scaled by 1 / (1 - p)"
def apply_mask(x, mask, p):
    return x * mask * (1 - p)


# %% keeps what should go question="q2" violates="dropped units are zero"
def apply_mask(x, mask, p):
    return np.where(mask, 0, x) / (1 - p)


# %% writes into x question="q2" violates="inputs are not modified"
def apply_mask(x, mask, p):
    x[~mask] = 0
    return x / (1 - p)


# %% divides by zero where p is 1 question="q2" violates="p = 1 gives zeros"
def apply_mask(x, mask, p):
    with np.errstate(invalid="ignore", divide="ignore"):
        return x * mask / np.float64(1 - p)


# %% rescales to the old sum question="q2" violates="survivors are scaled by 1 / (1 - p)"
def apply_mask(x, mask, p):
    kept = x * mask
    return kept * x.sum() / kept.sum()


# %% a copy, changed in place question="q2"
def apply_mask(x, mask, p):
    y = x.copy()
    y[~mask] = 0
    if p < 1:
        y /= 1 - p
    return y


# %% a small guard in place of a branch, float32 throughout question="q2"
def apply_mask(x, mask, p):
    factor = np.float32(1 / max(1 - p, 1e-12))
    return np.where(mask, x.astype(np.float32) * factor, np.float32(0))


# %% the package question="q2"
from coursepkg.dropout.numpy_layers import apply_mask


# %% scales at test time as well question="q3" violates="evaluation changes nothing"
def dropout(x, p, training, rng):
    if not training:
        return x * (1 - p)
    return x * (rng.random(x.shape) >= p) / (1 - p)


# %% never stops dropping question="q3" violates="evaluation changes nothing"
def dropout(x, p, training, rng):
    return apply_mask(x, sample_mask(x.shape, p, rng), p)


# %% one mask for the whole batch question="q3" violates="each unit has its own coin"
def dropout(x, p, training, rng):
    return apply_mask(x, sample_mask((1, *x.shape[1:]), p, rng), p) if training else x


# %% divides by the share that was kept question="q3" violates="survivors are scaled by 1 / (1 - p)"
def dropout(x, p, training, rng):
    if not training:
        return x
    mask = sample_mask(x.shape, p, rng)
    return x * mask / mask.mean()


# %% classic dropout question="q3" violates="survivors are scaled by 1 / (1 - p)"
def dropout(x, p, training, rng):
    return x * sample_mask(x.shape, p, rng) if training else x


# %% takes p for the keep rate, consistently question="q3" violates="survivors are scaled by 1 / (1 - p)"
def dropout(x, p, training, rng):
    return x * (rng.random(x.shape) < p) / p if training else x


# %% crashes where p is 0 question="q3" violates="runs without an error" caught_by="hidden"
def dropout(x, p, training, rng):
    assert 0 < p < 1
    return apply_mask(x, sample_mask(x.shape, p, rng), p) if training else x


# %% forgets the return in one branch question="q3" violates="returns an array"
def dropout(x, p, training, rng):
    if training:
        return apply_mask(x, sample_mask(x.shape, p, rng), p)


# %% from nothing, by multiplication with 0 or 1 / (1 - p) question="q3"
def dropout(x, p, training, rng):
    if not training or p == 0:
        return x.copy()
    if p == 1:
        return 0 * x
    noise = rng.choice(np.array([0.0, 1 / (1 - p)]), size=x.shape, p=[p, 1 - p])
    return x * noise


# %% unit by unit question="q3"
def dropout(x, p, training, rng):
    y = np.array(x)
    if training:
        for i in np.ndindex(*x.shape):
            y[i] = 0 if rng.random() < p else x[i] / (1 - p)
    return y


# %% the package question="q3"
from coursepkg.dropout.numpy_layers import dropout
