# %% forgets the first window question="q1" violates="the last window ends inside"
halves, threes, padded, same, twice, wide = 13, 12, 13, 27, 9, 11


# %% rounds up question="q1" violates="the last window ends inside"
halves, threes, padded, same, twice, wide = 14, 14, 14, 28, 11, 12


# %% padding on one side question="q1" violates="padding lies on both sides"
halves, threes, padded, same, twice, wide = 14, 13, 14, 26, 10, 12


# %% a dilated window of three question="q1" violates="a dilated window is wider"
halves, threes, padded, same, twice, wide = 14, 13, 14, 28, 10, 18


# %% counts with range question="q1"
def count(size, kernel, stride, padding=0, dilation=1):
    return len(range(-padding, size + padding - dilation * (kernel - 1), stride))


halves, threes, padded, same = count(28, 2, 2), count(28, 3, 2), count(28, 3, 2, 1), count(28, 5, 1, 2)
twice, wide = count(count(45, 3, 2), 3, 2), count(20, 3, 1, 0, 4)


# %% never drops question="q2" violates="a window that begins in the padding is dropped"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    return (-(-room // stride) if ceil_mode else room // stride) + 1


# %% drops what hangs over question="q2" violates="with ceil_mode a window may hang over"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


# %% always one more question="q2" violates="with ceil_mode a window may hang over"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    return room // stride + 1 + bool(ceil_mode)


# %% padding once question="q2" violates="padding lies on both sides"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    room = size + padding - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride - padding >= size else count


# %% dilation times the kernel question="q2" violates="a dilated window is wider"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    room = size + 2 * padding - (dilation * kernel_size if dilation > 1 else kernel_size)
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride - padding >= size else count


# %% drops behind the padding only question="q2" violates="a window that begins in the padding is dropped"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride - padding >= size + padding else count


# %% counts starts question="q2"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    span, count, start = dilation * (kernel_size - 1) + 1, 0, -padding
    while start + span <= size + padding:
        count += 1
        start += stride
    hanging = ceil_mode and start - stride + span < size + padding and start < size
    return count + 1 if hanging else count


# %% with floats question="q2"
def output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    import math

    number = (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride
    number = math.ceil(number) if ceil_mode else math.floor(number)
    return number if ceil_mode and number * stride >= size + padding else number + 1


# %% the package question="q2"
from coursepkg.pooling.rules import pool_output_size as output_size


# %% forgets the gaps question="q3" violates="a stride larger than the window leaves gaps"
def unread(size, kernel_size, stride, padding, dilation):
    count = output_size(size, kernel_size, stride, padding, dilation, False)
    end = (count - 1) * stride - padding + dilation * (kernel_size - 1) + 1
    return list(range(end, size))


# %% forgets the end question="q3" violates="what lies behind the last window is lost"
def unread(size, kernel_size, stride, padding, dilation):
    read = {i * stride - padding + j * dilation for i in range(size) for j in range(kernel_size)}
    return [at for at in range(size) if at not in read]


# %% begins at zero question="q3" violates="padding moves the windows"
def unread(size, kernel_size, stride, padding, dilation):
    count = output_size(size, kernel_size, stride, padding, dilation, False)
    read = {i * stride + j * dilation for i in range(count) for j in range(kernel_size)}
    return [at for at in range(size) if at not in read]


# %% padding on one side question="q3" violates="padding moves the windows"
def unread(size, kernel_size, stride, padding, dilation):
    count = (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1
    read = {i * stride - padding + j * dilation for i in range(count) for j in range(kernel_size)}
    return [at for at in range(size) if at not in read]


# %% fills the dilated window question="q3" violates="a dilated window has gaps of its own"
def unread(size, kernel_size, stride, padding, dilation):
    count = output_size(size, kernel_size, stride, padding, dilation, False)
    span = dilation * (kernel_size - 1) + 1
    read = {i * stride - padding + j for i in range(count) for j in range(span)}
    return [at for at in range(size) if at not in read]


# %% marks an array question="q3"
def unread(size, kernel_size, stride, padding, dilation):
    import numpy as np

    read = np.zeros(size + 2 * padding, bool)
    for start in range(0, size + 2 * padding - dilation * (kernel_size - 1), stride):
        read[start : start + dilation * (kernel_size - 1) + 1 : dilation] = True
    return np.flatnonzero(~read[padding : padding + size])


# %% padding of the kernel question="q4" violates="the windows make the size asked for"
keep, halve, quarter = (1, 6), (2, 1), (4, 1)


# %% no padding question="q4" violates="the windows make the size asked for"
keep, halve, quarter = (1, 0), (2, 0), (4, 0)


# %% a stride that is too large question="q4" violates="the windows make the size asked for"
keep, halve, quarter = (1, 3), (3, 1), (4, 1)


# %% too much padding question="q4" violates="every sample is read"
keep, halve, quarter = (1, 3), (2, 1), (4, 2)


# %% searches question="q4"
def find(size, kernel, out):
    settings = [(s, p) for s in range(1, size) for p in range(kernel // 2 + 1)]
    good = [(s, p) for s, p in settings if output_size(size, kernel, s, p, 1, False) == out]
    return [list(pair) for pair in good if len(unread(size, kernel, *pair, 1)) == 0][0]


keep, halve, quarter = find(56, 7, 56), find(112, 3, 56), find(32, 5, 8)
