# %% no normalizations question="q1" violates="a convolution has in * out * k * k weights, a normalization 2 * out"
basic, bottleneck, projection = 73_728, 69_632, 8_192


# %% one convolution question="q1" violates="a convolution has in * out * k * k weights, a normalization 2 * out"
basic, bottleneck, projection = 36_992, 70_400, 8_448


# %% 3 by 3 everywhere question="q1" violates="a convolution has in * out * k * k weights, a normalization 2 * out"
basic, bottleneck, projection = 73_984, 332_544, 73_984


# %% with biases question="q1" violates="a convolution has in * out * k * k weights, a normalization 2 * out"
basic, bottleneck, projection = 74_112, 70_784, 8_576


# %% computed question="q1"
basic = 2 * (9 * 64 * 64 + 2 * 64)
bottleneck = 256 * 64 + 9 * 64 * 64 + 64 * 256 + 2 * (64 + 64 + 256)
projection = 64 * 128 + 2 * 128


# %% blocks of one stage question="q2" violates="follows from the plan of the stages"
blocks, paths, maps, side = 18, 2, 1024, 14


# %% counts convolutions question="q2" violates="follows from the plan of the stages"
blocks, paths, maps, side = 108, 2, 1024, 14


# %% nothing is left question="q2" violates="follows from the plan of the stages"
blocks, paths, maps, side = 54, 0, 1024, 14


# %% inside the bottleneck question="q2" violates="follows from the plan of the stages"
blocks, paths, maps, side = 54, 2, 256, 14


# %% one stage too far question="q2" violates="follows from the plan of the stages"
blocks, paths, maps, side = 54, 2, 2048, 7


# %% forgets the pooling question="q2" violates="follows from the plan of the stages"
blocks, paths, maps, side = 54, 2, 1024, 28


# %% worked out question="q2"
blocks, paths = 3 * (110 - 2) // 6, 1 + 1
maps, side = 4 * 256, 224 / 2**4


# %% no normalizations question="q3" violates="all blocks of the three stages count"
def cifar_parameters(n, width):
    def convolution(before, after):
        return 9 * before * after

    total, before = convolution(3, width), width
    for maps in (width, 2 * width, 4 * width):
        total += convolution(before, maps) + (2 * n - 1) * convolution(maps, maps)
        before = maps
    return total + 10 * before + 10


# %% forgets the bias question="q3" violates="the linear layer counts, with its bias"
def cifar_parameters(n, width):
    def convolution(before, after):
        return 9 * before * after + 2 * after

    total, before = convolution(3, width), width
    for maps in (width, 2 * width, 4 * width):
        total += convolution(before, maps) + (2 * n - 1) * convolution(maps, maps)
        before = maps
    return total + 10 * before


# %% forgets the linear layer question="q3" violates="the linear layer counts, with its bias"
def cifar_parameters(n, width):
    def convolution(before, after):
        return 9 * before * after + 2 * after

    total, before = convolution(3, width), width
    for maps in (width, 2 * width, 4 * width):
        total += convolution(before, maps) + (2 * n - 1) * convolution(maps, maps)
        before = maps
    return total


# %% forgets the first convolution question="q3" violates="the first convolution counts"
def cifar_parameters(n, width):
    def convolution(before, after):
        return 9 * before * after + 2 * after

    total, before = 0, width
    for maps in (width, 2 * width, 4 * width):
        total += convolution(before, maps) + (2 * n - 1) * convolution(maps, maps)
        before = maps
    return total + 10 * before + 10


# %% all convolutions of a stage alike question="q3" violates="all blocks of the three stages count"
def cifar_parameters(n, width):
    def convolution(before, after):
        return 9 * before * after + 2 * after

    total, before = convolution(3, width), width
    for maps in (width, 2 * width, 4 * width):
        total += 2 * n * convolution(maps, maps)
        before = maps
    return total + 10 * before + 10


# %% one convolution a block question="q3" violates="all blocks of the three stages count"
def cifar_parameters(n, width):
    def convolution(before, after):
        return 9 * before * after + 2 * after

    total, before = convolution(3, width), width
    for maps in (width, 2 * width, 4 * width):
        total += convolution(before, maps) + (n - 1) * convolution(maps, maps)
        before = maps
    return total + 10 * before + 10


# %% with projections question="q3" violates="all blocks of the three stages count"
def cifar_parameters(n, width):
    def convolution(before, after):
        return 9 * before * after + 2 * after

    total, before = convolution(3, width), width
    for maps in (width, 2 * width, 4 * width):
        total += convolution(before, maps) + (2 * n - 1) * convolution(maps, maps)
        total += (before != maps) * (before * maps + 2 * maps)
        before = maps
    return total + 10 * before + 10


# %% layer by layer question="q3"
def cifar_parameters(n, width):
    maps = [3, width] + [width] * 2 * n + [2 * width] * 2 * n + [4 * width] * 2 * n
    weights = sum(9 * a * b for a, b in zip(maps, maps[1:]))
    return weights + 2 * sum(maps[1:]) + (maps[-1] + 1) * 10


# %% in closed form question="q3"
def cifar_parameters(n, width):
    w = width
    first = 27 * w + 2 * w
    stages = 9 * w * w * (2 * n + 2 + 4 * (2 * n - 1) + 8 + 16 * (2 * n - 1)) + 4 * n * 7 * w
    return first + stages + 40 * w + 10


# %% the package question="q3"
from coursepkg.residual.rules import cifar_stages


def cifar_parameters(n, width):
    return sum(stage.parameters for stage in cifar_stages(6 * n + 2, width))


# %% at full size everywhere question="q4" violates="all blocks of the three stages count"
def cifar_multiply_adds(n, width, size):
    total, before = 9 * 3 * width * size**2, width
    for stage in range(3):
        maps, side = width * 2**stage, size
        total += 9 * side**2 * maps * (before + (2 * n - 1) * maps)
        before = maps
    return total + 10 * before


# %% the input's size question="q4" violates="all blocks of the three stages count"
def cifar_multiply_adds(n, width, size):
    total, before = 9 * 3 * width * size**2, width
    for stage in range(3):
        maps, side = width * 2**stage, size // 2**stage
        wide = side * (2 if stage else 1)
        total += 9 * maps * (before * wide**2 + (2 * n - 1) * maps * side**2)
        before = maps
    return total + 10 * before


# %% side for area question="q4" violates="all blocks of the three stages count"
def cifar_multiply_adds(n, width, size):
    total, before = 9 * 3 * width * size, width
    for stage in range(3):
        maps, side = width * 2**stage, size // 2**stage
        total += 9 * side * maps * (before + (2 * n - 1) * maps)
        before = maps
    return total + 10 * before


# %% forgets the first convolution question="q4" violates="the first convolution counts"
def cifar_multiply_adds(n, width, size):
    total, before = 0, width
    for stage in range(3):
        maps, side = width * 2**stage, size // 2**stage
        total += 9 * side**2 * maps * (before + (2 * n - 1) * maps)
        before = maps
    return total + 10 * before


# %% forgets the linear layer question="q4" violates="the linear layer counts, with its bias"
def cifar_multiply_adds(n, width, size):
    total, before = 9 * 3 * width * size**2, width
    for stage in range(3):
        maps, side = width * 2**stage, size // 2**stage
        total += 9 * side**2 * maps * (before + (2 * n - 1) * maps)
        before = maps
    return total


# %% multiplications and additions question="q4" violates="a multiplication and its addition count once"
def cifar_multiply_adds(n, width, size):
    total, before = 9 * 3 * width * size**2, width
    for stage in range(3):
        maps, side = width * 2**stage, size // 2**stage
        total += 9 * side**2 * maps * (before + (2 * n - 1) * maps)
        before = maps
    return 2 * (total + 10 * before)


# %% layer by layer question="q4"
def cifar_multiply_adds(n, width, size):
    maps, sides = [3, width], [size]
    for stage in range(3):
        maps += [width << stage] * (2 * n)
        sides += [size >> stage] * (2 * n)
    return sum(9 * a * b * s * s for a, b, s in zip(maps, maps[1:], sides)) + 10 * maps[-1]


# %% the package question="q4"
from coursepkg.residual.rules import cifar_stages


def cifar_multiply_adds(n, width, size):
    return sum(stage.multiply_adds for stage in cifar_stages(6 * n + 2, width, size=size))
