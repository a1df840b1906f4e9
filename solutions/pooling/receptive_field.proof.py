# %% multiplies the kernels question="q1" violates="overlapping pixels count once"
three_fives, three_ones = 125, 1
vgg_start, resnet_start, pool_last, pool_first = 14, 11, 4, 6

# %% adds the kernels question="q1" violates="overlapping pixels count once"
three_fives, three_ones = 15, 3
vgg_start, resnet_start, pool_last, pool_first = 14, 10, 5, 5

# %% lets strides see question="q1" violates="a kernel of 1 sees one pixel"
three_fives, three_ones = 13, 8
vgg_start, resnet_start, pool_last, pool_first = 14, 11, 4, 6

# %% ignores the strides question="q1" violates="a stride counts for the layers behind it"
three_fives, three_ones = 13, 1
vgg_start, resnet_start, pool_last, pool_first = 10, 9, 4, 4

# %% a stride counts for its own layer question="q1" violates="a stride counts for the layers behind it"
three_fives, three_ones = 13, 1
vgg_start, resnet_start, pool_last, pool_first = 15, 21, 5, 7

# %% believes that the order does not matter question="q1" violates="a stride counts for the layers behind it"
three_fives, three_ones = 13, 1
vgg_start, resnet_start, pool_last, pool_first = 14, 11, 4, 4

# %% counted from the back question="q1"
three_fives = 1
for _ in range(3):
    three_fives += 4
three_ones = 1.0
vgg_start = (5 * 2) + 4
resnet_start = 2 * 2 + 7
pool_last = 2 + 2
pool_first = 3 * 2


# %% adds the kernels question="q2" violates="one layer sees its kernel"
def receptive_field(layers):
    return sum(layer[0] for layer in layers)


# %% multiplies the kernels question="q2" violates="overlapping pixels count once"
def receptive_field(layers):
    r = 1
    for kernel, stride, *_ in layers:
        r *= kernel
    return r


# %% ignores the strides question="q2" violates="a stride counts for the layers behind it"
def receptive_field(layers):
    r = 1
    for kernel, stride, *rest in layers:
        r += (rest[0] if rest else 1) * (kernel - 1)
    return r


# %% a stride counts for its own layer question="q2" violates="one layer sees its kernel"
def receptive_field(layers):
    r, j = 1, 1
    for kernel, stride, *rest in layers:
        j *= stride
        r += (rest[0] if rest else 1) * (kernel - 1) * j
    return r


# %% remembers the last stride only question="q2" violates="strides multiply"
def receptive_field(layers):
    r, j = 1, 1
    for kernel, stride, *rest in layers:
        r += (rest[0] if rest else 1) * (kernel - 1) * j
        j = stride
    return r


# %% ignores the dilation question="q2" violates="a dilated kernel is wider"
def receptive_field(layers):
    r, j = 1, 1
    for kernel, stride, *_ in layers:
        r, j = r + (kernel - 1) * j, j * stride
    return r


# %% stretches the kernel, not its gaps question="q2" violates="a dilated kernel is wider"
def receptive_field(layers):
    r, j = 1, 1
    for kernel, stride, *rest in layers:
        dilation = rest[0] if rest else 1
        r, j = r + (dilation * kernel - 1) * j, j * stride
    return r


# %% expects two numbers per layer question="q2" violates="runs without an error"
def receptive_field(layers):
    r, j = 1, 1
    for kernel, stride in layers:
        r, j = r + (kernel - 1) * j, j * stride
    return r


# %% the dilation also moves outputs apart question="q2" violates="dilation moves no outputs apart" caught_by="hidden"
def receptive_field(layers):
    r, j = 1, 1
    for kernel, stride, *rest in layers:
        dilation = rest[0] if rest else 1
        r += dilation * (kernel - 1) * j
        j *= stride * dilation
    return r


# %% from the back question="q2"
def receptive_field(layers):
    r = 1
    for layer in layers[::-1]:
        kernel, stride = layer[:2]
        dilation = layer[2] if len(layer) > 2 else 1
        r = (r - 1) * stride + dilation * (kernel - 1) + 1
    return float(r)


# %% colors the pixels question="q2"
def receptive_field(layers):
    seen = {0}
    for layer in reversed(layers):
        kernel, stride, dilation = (*layer, 1)[:3]
        seen = {stride * at + dilation * k for at in seen for k in range(kernel)}
    return max(seen) + 1


# %% a formula with products question="q2"
def receptive_field(layers):
    import numpy as np

    if not layers:
        return 1
    table = np.array([(*layer, 1)[:3] for layer in layers])
    jumps = np.concatenate([[1], np.cumprod(table[:, 1])[:-1]])
    return 1 + np.sum((table[:, 0] - 1) * table[:, 2] * jumps)


# %% the one behind the last question="q3" violates="the range is as wide as the receptive field"
def seen_by(layers, index):
    first = last = index
    for kernel, stride, *rest in reversed(layers):
        first, last = first * stride, last * stride + (rest[0] if rest else 1) * (kernel - 1)
    return first, last + 1


# %% from the first layer to the last question="q3" violates="the range is as wide as the receptive field"
def seen_by(layers, index):
    first = last = index
    for kernel, stride, *rest in layers:
        first, last = first * stride, last * stride + (rest[0] if rest else 1) * (kernel - 1)
    return first, last


# %% centers the window question="q3" violates="one output further starts the product of all strides further"
def seen_by(layers, index):
    first = last = index
    for kernel, stride, *rest in reversed(layers):
        reach = (rest[0] if rest else 1) * (kernel - 1)
        first, last = first * stride - reach // 2, last * stride + reach - reach // 2
    return first, last


# %% steps by the kernel question="q3" violates="one output further starts the product of all strides further"
def seen_by(layers, index):
    first = last = index
    for kernel, stride, *rest in reversed(layers):
        first, last = first * kernel, last * kernel + (rest[0] if rest else 1) * (kernel - 1)
    return first, last


# %% steps by the last stride question="q3" violates="one output further starts the product of all strides further"
def seen_by(layers, index):
    first = index * (layers[-1][1] if layers else 1)
    return first, first + receptive_field(layers) - 1


# %% ignores the dilation question="q3" violates="the range is as wide as the receptive field"
def seen_by(layers, index):
    first = last = index
    for kernel, stride, *_ in reversed(layers):
        first, last = first * stride, last * stride + kernel - 1
    return first, last


# %% a width in place of an end question="q3" violates="the range is as wide as the receptive field"
def seen_by(layers, index):
    first = index
    for _, stride, *_ in layers:
        first *= stride
    return first, receptive_field(layers)


# %% a range question="q3" violates="returns first and last"
def seen_by(layers, index):
    first = last = index
    for kernel, stride, *rest in reversed(layers):
        first, last = first * stride, last * stride + (rest[0] if rest else 1) * (kernel - 1)
    return list(range(first, last + 1))


# %% start and width question="q3"
def seen_by(layers, index):
    first = index
    for layer in layers:
        first *= layer[1]
    return [first, first + receptive_field(layers) - 1]


# %% colors the pixels question="q3"
def seen_by(layers, index):
    import numpy as np

    seen = np.array([index])
    for layer in reversed(layers):
        kernel, stride, dilation = (*layer, 1)[:3]
        seen = (seen[:, None] * stride + dilation * np.arange(kernel)).ravel()
    return np.array([seen.min(), seen.max()])


# %% rounds down question="q4" violates="the smallest depth that sees it all"
plain, pooled, dilated = 111, 6, 6

# %% doubles from three question="q4" violates="the smallest depth that sees it all"
plain, pooled, dilated = 112, 8, 7

# %% three new pixels for each convolution question="q4" violates="the smallest depth that sees it all"
plain, pooled, dilated = 75, 7, 7

# %% tries one depth after the other question="q4"
plain = pooled = dilated = 0
while receptive_field([(3, 1)] * plain) < 224:
    plain += 1
while receptive_field([(3, 1), (2, 2)] * pooled) < 224:
    pooled += 1
while receptive_field([(3, 1, 2**i) for i in range(dilated)]) < 224:
    dilated += 1

# %% weights for work question="q5" violates="nine multiply-adds for each output"
plain_work, pooled_work, dilated_work = 112 * 9, 7 * 9, 7 * 9

# %% the dilated kernels are full question="q5" violates="nine multiply-adds for each output"
plain_work, pooled_work = 112 * 9 * 224**2, 602_046
dilated_work = 224**2 * sum((2 ** (i + 1) + 1) ** 2 for i in range(7))

# %% every pooling halves the work question="q5" violates="nine multiply-adds for each output"
plain_work, dilated_work = 112 * 9 * 224**2, 7 * 9 * 224**2
pooled_work = sum(9 * 224**2 / 2**i for i in range(7))

# %% rounds the odd side up question="q5" violates="nine multiply-adds for each output"
plain_work, dilated_work = 112 * 9 * 224**2, 7 * 9 * 224**2
pooled_work = 9 * sum(side**2 for side in (224, 112, 56, 28, 14, 7, 4))

# %% as floats, in a loop question="q5"
plain_work, dilated_work = 50_577_408.0, 3_161_088.0
pooled_work, side = 0, 224
for _ in range(7):
    pooled_work += 9 * side * side
    side //= 2
