# %% the last pixel of every stride question="q1" violates="the first pixel of every stride is kept"
def padded_shortcut(x, out_channels, stride):
    kept = np.roll(x, (1 - stride, 1 - stride), (2, 3))[:, :, ::stride, ::stride]
    y = np.zeros((len(x), out_channels, *kept.shape[2:]), x.dtype)
    y[:, : x.shape[1]] = kept
    return y


# %% zeros in front question="q1" violates="the first pixel of every stride is kept"
def padded_shortcut(x, out_channels, stride):
    kept = x[:, :, ::stride, ::stride]
    y = np.zeros((len(x), out_channels, *kept.shape[2:]), x.dtype)
    y[:, out_channels - x.shape[1] :] = kept
    return y


# %% the mean of four question="q1" violates="the first pixel of every stride is kept"
def padded_shortcut(x, out_channels, stride):
    kept = x[:, :, ::stride, ::stride]
    if x.shape[2] % stride == x.shape[3] % stride == 0:
        n, c, h, w = x.shape
        kept = x.reshape(n, c, h // stride, stride, w // stride, stride).mean(axis=(3, 5))
    y = np.zeros((len(x), out_channels, *kept.shape[2:]), x.dtype)
    y[:, : x.shape[1]] = kept
    return y


# %% repeats the maps question="q1" violates="the new maps are zero"
def padded_shortcut(x, out_channels, stride):
    kept = x[:, :, ::stride, ::stride]
    return np.concatenate([kept] * out_channels, axis=1)[:, :out_channels]


# %% rounds the size down question="q1" violates="has the right shape"
def padded_shortcut(x, out_channels, stride):
    h, w = x.shape[2] // stride, x.shape[3] // stride
    kept = x[:, :, : h * stride : stride, : w * stride : stride]
    y = np.zeros((len(x), out_channels, *kept.shape[2:]), x.dtype)
    y[:, : x.shape[1]] = kept
    return y


# %% always double precision question="q1" violates="the dtype stays"
def padded_shortcut(x, out_channels, stride):
    kept = x[:, :, ::stride, ::stride]
    y = np.zeros((len(x), out_channels, *kept.shape[2:]))
    y[:, : x.shape[1]] = kept
    return y


# %% pads with np.pad question="q1"
def padded_shortcut(x, out_channels, stride):
    kept = x[..., ::stride, ::stride]
    return np.pad(kept, ((0, 0), (0, out_channels - x.shape[1]), (0, 0), (0, 0)))


# %% pixel by pixel question="q1"
def padded_shortcut(x, out_channels, stride):
    n, c, height, width = x.shape
    rows, columns = range(0, height, stride), range(0, width, stride)
    y = np.zeros((n, out_channels, len(rows), len(columns)), dtype=x.dtype)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            y[:, :c, i, j] = x[:, :, row, column]
    return y


# %% the package question="q1"
from coursepkg.residual.numpy_layers import PaddedShortcut


def padded_shortcut(x, out_channels, stride):
    return PaddedShortcut(x.shape[1], out_channels, stride).forward(x)


# %% spreads the gradient question="q2" violates="a pixel that was left out gets no gradient"
def padded_shortcut_backward(dy, shape, stride):
    dx = dy[:, : shape[1]].repeat(stride, axis=2).repeat(stride, axis=3)
    return dx[:, :, : shape[2], : shape[3]]


# %% the zeros' gradients question="q2" violates="a gradient goes where its pixel was taken"
def padded_shortcut_backward(dy, shape, stride):
    dx = np.zeros(shape, dy.dtype)
    dx[:, :, ::stride, ::stride] = dy[:, -shape[1] :]
    return dx


# %% the gradients of all maps question="q2" violates="a gradient goes where its pixel was taken"
def padded_shortcut_backward(dy, shape, stride):
    dx = np.zeros(shape, dy.dtype)
    dx[:, :, ::stride, ::stride] = dy[:, : shape[1]] + dy[:, shape[1] :].sum(axis=1, keepdims=True)
    return dx


# %% divided by the pixels left out question="q2" violates="a gradient goes where its pixel was taken"
def padded_shortcut_backward(dy, shape, stride):
    dx = np.zeros(shape, dy.dtype)
    dx[:, :, ::stride, ::stride] = dy[:, : shape[1]] / stride**2
    return dx


# %% in the upper left corner question="q2" violates="a pixel that was left out gets no gradient"
def padded_shortcut_backward(dy, shape, stride):
    dx = np.zeros(shape, dy.dtype)
    dx[:, :, : dy.shape[2], : dy.shape[3]] = dy[:, : shape[1]]
    return dx


# %% pixel by pixel question="q2"
def padded_shortcut_backward(dy, shape, stride):
    dx = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dy.shape):
        if c < shape[1]:
            dx[n, c, i * stride, j * stride] += dy[n, c, i, j]
    return dx


# %% with np.ix_ question="q2"
def padded_shortcut_backward(dy, shape, stride):
    dx = np.zeros(shape)
    rows, columns = np.arange(0, shape[2], stride), np.arange(0, shape[3], stride)
    dx[np.ix_(range(shape[0]), range(shape[1]), rows, columns)] = dy[:, : shape[1]]
    return dx


# %% the package question="q2"
from coursepkg.residual.numpy_layers import PaddedShortcut


def padded_shortcut_backward(dy, shape, stride):
    shortcut = PaddedShortcut(shape[1], dy.shape[1], stride)
    shortcut.forward(np.zeros(shape, dy.dtype))
    return shortcut.backward(dy)


# %% the matrix the wrong way round question="q3" violates="a pixel's maps are mixed, and no other pixel's"
def project(x, weight, stride):
    kept = x[:, :, ::stride, ::stride]
    square = weight.shape[0] == weight.shape[1]
    return np.einsum("co,nchw->nohw" if square else "oc,nchw->nohw", weight, kept)


def project_backward(dy, x, weight, stride):
    dx = np.zeros_like(x)
    dx[:, :, ::stride, ::stride] = np.einsum("oc,nohw->nchw", weight, dy)
    return dx, np.einsum("nohw,nchw->oc", dy, x[:, :, ::stride, ::stride])


# %% means of windows question="q3" violates="a pixel's maps are mixed, and no other pixel's"
def project(x, weight, stride):
    shifted = np.roll(x, -1, axis=3) if x.shape[3] > 1 else x
    kept = ((x + shifted) / 2)[:, :, ::stride, ::stride]
    return np.einsum("oc,nchw->nohw", weight, kept)


def project_backward(dy, x, weight, stride):
    dx = np.zeros_like(x)
    dx[:, :, ::stride, ::stride] = np.einsum("oc,nohw->nchw", weight, dy)
    return dx, np.einsum("nohw,nchw->oc", dy, x[:, :, ::stride, ::stride])


# %% forgets the stride question="q3" violates="has the right shape"
def project(x, weight, stride):
    return np.einsum("oc,nchw->nohw", weight, x)


def project_backward(dy, x, weight, stride):
    dx = np.zeros_like(x)
    dx[:, :, ::stride, ::stride] = np.einsum("oc,nohw->nchw", weight, dy)
    return dx, np.einsum("nohw,nchw->oc", dy, x[:, :, ::stride, ::stride])


# %% a gradient for all pixels question="q3" violates="each pixel gets its own gradient, mixed back"
def project(x, weight, stride):
    return np.einsum("oc,nchw->nohw", weight, x[:, :, ::stride, ::stride])


def project_backward(dy, x, weight, stride):
    dx = np.zeros_like(x)
    back = np.einsum("oc,nohw->nchw", weight, dy).repeat(stride, axis=2).repeat(stride, axis=3)
    dx[...] = back[:, :, : x.shape[2], : x.shape[3]]
    return dx, np.einsum("nohw,nchw->oc", dy, x[:, :, ::stride, ::stride])


# %% not mixed back question="q3" violates="each pixel gets its own gradient, mixed back"
def project(x, weight, stride):
    return np.einsum("oc,nchw->nohw", weight, x[:, :, ::stride, ::stride])


def project_backward(dy, x, weight, stride):
    dx = np.zeros_like(x)
    dx[:, :, ::stride, ::stride] = dy[:, :1] * weight.sum(axis=0)[:, None, None]
    return dx, np.einsum("nohw,nchw->oc", dy, x[:, :, ::stride, ::stride])


# %% the mean over examples question="q3" violates="a weight adds up over pixels and examples"
def project(x, weight, stride):
    return np.einsum("oc,nchw->nohw", weight, x[:, :, ::stride, ::stride])


def project_backward(dy, x, weight, stride):
    dx = np.zeros_like(x)
    dx[:, :, ::stride, ::stride] = np.einsum("oc,nohw->nchw", weight, dy)
    return dx, np.einsum("nohw,nchw->oc", dy, x[:, :, ::stride, ::stride]) / len(x)


# %% with the sign turned question="q3" violates="a weight adds up over pixels and examples"
def project(x, weight, stride):
    return np.einsum("oc,nchw->nohw", weight, x[:, :, ::stride, ::stride])


def project_backward(dy, x, weight, stride):
    dx = np.zeros_like(x)
    dx[:, :, ::stride, ::stride] = np.einsum("oc,nohw->nchw", weight, dy)
    return dx, -np.einsum("nohw,nchw->oc", dy, x[:, :, ::stride, ::stride])


# %% with tensordot question="q3"
def project(x, weight, stride):
    kept = x[:, :, ::stride, ::stride]
    return np.moveaxis(np.tensordot(weight, kept, axes=(1, 1)), 0, 1)


def project_backward(dy, x, weight, stride):
    kept = x[:, :, ::stride, ::stride]
    dx = np.zeros(x.shape)
    dx[:, :, ::stride, ::stride] = np.moveaxis(np.tensordot(weight, dy, axes=(0, 1)), 0, 1)
    return dx, np.tensordot(dy, kept, axes=((0, 2, 3), (0, 2, 3)))


# %% pixels as rows question="q3"
def project(x, weight, stride):
    kept = x[:, :, ::stride, ::stride]
    rows = kept.transpose(0, 2, 3, 1) @ weight.T
    return rows.transpose(0, 3, 1, 2)


def project_backward(dy, x, weight, stride):
    dx, rows = 0 * x, dy.transpose(0, 2, 3, 1)
    kept = x[:, :, ::stride, ::stride].transpose(0, 2, 3, 1)
    dx[:, :, ::stride, ::stride] = (rows @ weight).transpose(0, 3, 1, 2)
    return [dx, rows.reshape(-1, len(weight)).T @ kept.reshape(-1, x.shape[1])]


# %% the package question="q3"
from coursepkg.nn import Conv2d


def convolution(weight, stride):
    layer = Conv2d(*weight.shape[::-1], 1, stride, bias=False, dtype=weight.dtype)
    layer.weight[...] = weight[:, :, None, None]
    return layer


def project(x, weight, stride):
    return convolution(weight, stride).forward(x)


def project_backward(dy, x, weight, stride):
    layer = convolution(weight, stride)
    layer.forward(x)
    return layer.backward(dy), layer.grads["weight"][:, :, 0, 0]


# %% zeros cost question="q4" violates="option A has nothing to learn"
def extra(n, width, option):
    def projection(before, after):
        return before * after + 2 * after

    total = projection(width, 2 * width) + projection(2 * width, 4 * width)
    if option == "C":
        total += n * projection(width, width)
        total += (n - 1) * (projection(2 * width, 2 * width) + projection(4 * width, 4 * width))
    return total


# %% forgets the normalization question="q4" violates="option B projects where shapes differ"
def extra(n, width, option):
    def projection(before, after):
        return before * after

    if option == "A":
        return 0
    total = projection(width, 2 * width) + projection(2 * width, 4 * width)
    if option == "C":
        total += n * projection(width, width)
        total += (n - 1) * (projection(2 * width, 2 * width) + projection(4 * width, 4 * width))
    return total


# %% one projection question="q4" violates="option B projects where shapes differ"
def extra(n, width, option):
    def projection(before, after):
        return before * after + 2 * after

    if option == "A":
        return 0
    total = projection(width, 2 * width)
    if option == "C":
        total += n * projection(width, width)
        total += (n - 1) * (projection(2 * width, 2 * width) + projection(4 * width, 4 * width))
    return total


# %% with a bias question="q4" violates="option B projects where shapes differ"
def extra(n, width, option):
    def projection(before, after):
        return before * after + 3 * after

    if option == "A":
        return 0
    total = projection(width, 2 * width) + projection(2 * width, 4 * width)
    if option == "C":
        total += n * projection(width, width)
        total += (n - 1) * (projection(2 * width, 2 * width) + projection(4 * width, 4 * width))
    return total


# %% forgets the first stage question="q4" violates="option C projects in every block"
def extra(n, width, option):
    def projection(before, after):
        return before * after + 2 * after

    if option == "A":
        return 0
    total = projection(width, 2 * width) + projection(2 * width, 4 * width)
    if option == "C":
        total += (n - 1) * (projection(2 * width, 2 * width) + projection(4 * width, 4 * width))
    return total


# %% counts first blocks twice question="q4" violates="option C projects in every block"
def extra(n, width, option):
    def projection(before, after):
        return before * after + 2 * after

    if option == "A":
        return 0
    total = projection(width, 2 * width) + projection(2 * width, 4 * width)
    if option == "C":
        total += n * projection(width, width)
        total += n * (projection(2 * width, 2 * width) + projection(4 * width, 4 * width))
    return total


# %% block by block question="q4"
def extra(n, width, option):
    total, before = 0, width
    for maps in [width] * n + [2 * width] * n + [4 * width] * n:
        if option == "C" or (option == "B" and maps != before):
            total += maps * (before + 2)
        before = maps
    return total


# %% the package question="q4"
from coursepkg.residual.rules import cifar_stages


def extra(n, width, option):
    counts = [
        sum(stage.parameters for stage in cifar_stages(6 * n + 2, width, shortcut=key)) for key in (option, "A")
    ]
    return counts[0] - counts[1]
