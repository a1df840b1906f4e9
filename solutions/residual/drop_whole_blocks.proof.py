# %% all dropped question="q1" violates="each block is kept with its own probability"
three, eleven = 0.0, 8.25


# %% every block with a half question="q1" violates="each block is kept with its own probability"
three, eleven = 0.125, 5.5


# %% counts what is dropped question="q1" violates="each block is kept with its own probability"
three, eleven = 0.375, 2.75


# %% computed question="q1"
three, eleven = np.prod([1, 0.75, 0.5]), 11 * (1 + 0.5) / 2


# %% the paper's formula question="q2" violates="from 0 for the first block to `last` for the last"
def shares(last, blocks):
    return last * np.arange(1, blocks + 1) / blocks


def work(last, blocks):
    return 1 - shares(last, blocks).mean()


# %% the end left out question="q2" violates="from 0 for the first block to `last` for the last"
def shares(last, blocks):
    return np.linspace(0, last, blocks, endpoint=False)


def work(last, blocks):
    return 1 - shares(last, blocks).mean()


# %% the same for all question="q2" violates="from 0 for the first block to `last` for the last"
def shares(last, blocks):
    return np.full(blocks, last)


def work(last, blocks):
    return 1 - shares(last, blocks).mean()


# %% growing squares question="q2" violates="the steps are even"
def shares(last, blocks):
    return np.linspace(0, last**0.5, blocks) ** 2


def work(last, blocks):
    return 1 - shares(last, blocks).mean()


# %% what is dropped question="q2" violates="the mean of the probabilities of keeping"
def shares(last, blocks):
    return np.linspace(0, last, blocks)


def work(last, blocks):
    return shares(last, blocks).mean()


# %% how many blocks question="q2" violates="the mean of the probabilities of keeping"
def shares(last, blocks):
    return np.linspace(0, last, blocks)


def work(last, blocks):
    return (1 - shares(last, blocks)).sum()


# %% in a loop question="q2"
def shares(last, blocks):
    return np.array([last * i / max(1, blocks - 1) for i in range(blocks)])


def work(last, blocks):
    return 1 - last / 2 if blocks > 1 else 1.0


# %% the package question="q2"
from coursepkg.residual.rules import drop_path_shares


def shares(last, blocks):
    return np.array(drop_path_shares(last, blocks))


def work(last, blocks):
    return 1 - np.mean(drop_path_shares(last, blocks))


# %% drops where the mask is True question="q3" violates="an example without the branch is copied"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    wide = ~wide
    return (x + branch * wide / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide / (1 - p)


# %% not scaled question="q3" violates="a branch that is kept is scaled by 1 / (1 - p)"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return (x + branch * wide).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide / (1 - p)


# %% scaled by 1 / p question="q3" violates="a branch that is kept is scaled by 1 / (1 - p)"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return (x + branch * wide / max(p, 1e-9)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide / (1 - p)


# %% the shortcut too question="q3" violates="an example without the branch is copied"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return ((x + branch) * wide / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide / (1 - p)


# %% one for the whole batch question="q3" violates="an example without the branch is copied"
def drop_branch(x, branch, mask, p):
    return (x + branch * mask[0] / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide / (1 - p)


# %% the batch for the features question="q3" violates="an example without the branch is copied"
def drop_branch(x, branch, mask, p):
    wide = np.resize(mask, x.shape)
    return (x + branch * wide / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide / (1 - p)


# %% always double precision question="q3" violates="the dtype stays"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return (x + branch * wide / (1 - p)).astype(float)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide / (1 - p)


# %% the gradient without mask question="q3" violates="the branch's gradient has the mask and the scale of the way there"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return (x + branch * wide / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    return dy.copy(), dy / (1 - p)


# %% the gradient without scale question="q3" violates="the branch's gradient has the mask and the scale of the way there"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return (x + branch * wide / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy.copy(), dy * wide


# %% drops the shortcut on the way back question="q3" violates="the shortcut is never dropped"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return (x + branch * wide / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    return dy * wide, dy * wide / (1 - p)


# %% a new mask on the way back question="q3" violates="the branch's gradient has the mask and the scale of the way there"
def drop_branch(x, branch, mask, p):
    wide = mask.reshape(-1, *[1] * (x.ndim - 1))
    return (x + branch * wide / (1 - p)).astype(x.dtype)


def drop_branch_backward(dy, mask, p):
    wide = mask.reshape(-1, *[1] * (dy.ndim - 1))
    wide = ~wide
    return dy.copy(), dy * wide / (1 - p)


# %% by index question="q3"
def drop_branch(x, branch, mask, p):
    y = x.copy()
    y[mask] += branch[mask] / (1 - p)
    return y


def drop_branch_backward(dy, mask, p):
    dbranch = np.zeros_like(dy)
    dbranch[mask] = dy[mask] / (1 - p)
    return dy, dbranch


# %% example by example question="q3"
def drop_branch(x, branch, mask, p):
    rows = [a + b / (1 - p) if keep else a for a, b, keep in zip(x, branch, mask)]
    return np.array(rows, dtype=x.dtype)


def drop_branch_backward(dy, mask, p):
    return [dy.copy(), np.array([row * keep / (1 - p) for row, keep in zip(dy, mask)])]


# %% the package question="q3"
from coursepkg.dropout.numpy_layers import DropPath


def drop_branch(x, branch, mask, p):
    return x + DropPath(p).forward(branch, mask.reshape(-1, *[1] * (x.ndim - 1)))


def drop_branch_backward(dy, mask, p):
    layer = DropPath(p)
    layer.forward(np.ones_like(dy), mask.reshape(-1, *[1] * (dy.ndim - 1)))
    return dy.copy(), layer.backward(dy)


# %% not weighted question="q4" violates="on average a block does what it does in evaluation"
def mean_output(x, branch, p):
    return sum(drop_branch(x, branch, np.array([keep]), p) for keep in (True, False)) / 2


# %% weights exchanged question="q4" violates="on average a block does what it does in evaluation"
def mean_output(x, branch, p):
    kept, dropped = (drop_branch(x, branch, np.array([keep]), p) for keep in (True, False))
    return p * kept + (1 - p) * dropped


# %% kept alone question="q4" violates="on average a block does what it does in evaluation"
def mean_output(x, branch, p):
    return (1 - p) * drop_branch(x, branch, np.array([True]), p)


# %% both at once question="q4"
def mean_output(x, branch, p):
    both = drop_branch(np.repeat(x, 2, 0), np.repeat(branch, 2, 0), np.array([True, False]), p)
    return np.array([[1 - p, p]]) @ both
