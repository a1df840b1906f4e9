# %% ways, not choices question="q1" violates="every block doubles the number of paths"
ten, five_of_ten, gone, two_gone = 20, 5, 2, 4


# %% five factorial question="q1" violates="every block doubles the number of paths"
ten, five_of_ten, gone, two_gone = 1024, 120, 512, 768


# %% one block in ten question="q1" violates="every block doubles the number of paths"
ten, five_of_ten, gone, two_gone = 1024, 252, 102.4, 204.8


# %% lost twice question="q1" violates="every block doubles the number of paths"
ten, five_of_ten, gone, two_gone = 1024, 252, 512, 1024


# %% what remains question="q1" violates="every block doubles the number of paths"
ten, five_of_ten, gone, two_gone = 1024, 252, 512, 256


# %% computed question="q1"
import math

ten, five_of_ten = 2**10, math.comb(10, 5)
gone, two_gone = 2**10 - 2**9, 2**10 - 2**8


# %% adds the shortcut question="q2" violates="a path goes through its branches in order"
def along(matrices, x, through):
    for matrix, taken in zip(matrices, through):
        x = x + matrix @ x if taken else x
    return x


# %% a path past a branch is zero question="q2" violates="a path past all branches hands on x"
def along(matrices, x, through):
    for matrix, taken in zip(matrices, through):
        x = (matrix * taken) @ x
    return x


# %% in the wrong order question="q2" violates="a path goes through its branches in order"
def along(matrices, x, through):
    for matrix, taken in zip(matrices[::-1], through[::-1]):
        x = matrix @ x if taken else x
    return x


# %% the matrix transposed question="q2" violates="a path goes through its branches in order"
def along(matrices, x, through):
    for matrix, taken in zip(matrices, through):
        x = x @ matrix if taken else x
    return x


# %% the other way round question="q2" violates="a path past all branches hands on x"
def along(matrices, x, through):
    for matrix, taken in zip(matrices, through):
        x = x if taken else matrix @ x
    return x


# %% one matrix for all question="q2"
def along(matrices, x, through):
    total = np.eye(len(x))
    for matrix, taken in zip(matrices, through):
        total = np.where(taken, matrix @ total, total)
    return total @ x


# %% only the chosen ones question="q2"
def along(matrices, x, through):
    x = np.array(x)
    for i in np.flatnonzero(through):
        x = np.dot(matrices[i], x)
    return x


# %% the package question="q2"
from coursepkg.residual.paths import path_outputs


def along(matrices, x, through):
    return path_outputs(matrices, x)[tuple(map(bool, through))]


# %% one path for each length question="q3" violates="all paths add up to the network's output"
def by_length(matrices, x):
    rows = [x]
    for matrix in matrices:
        rows.append(matrix @ rows[-1])
    return np.array(rows)


# %% the mean of a length question="q3" violates="all paths add up to the network's output"
def by_length(matrices, x):
    import itertools

    table, count = np.zeros((len(matrices) + 1, len(x))), np.zeros(len(matrices) + 1)
    for through in itertools.product((False, True), repeat=len(matrices)):
        table[sum(through)] += along(matrices, x, through)
        count[sum(through)] += 1
    return table / count[:, None]


# %% without the path past all question="q3" violates="one path goes through no branch"
def by_length(matrices, x):
    table = np.zeros((len(matrices) + 1, len(x)))
    table[0] = x
    for matrix in matrices:
        table[1:] += table[:-1] @ matrix.T
    table[0] = 0
    return table


# %% the longest first question="q3" violates="one path goes through no branch"
def by_length(matrices, x):
    table = np.zeros((len(matrices) + 1, len(x)))
    table[0] = x
    for matrix in matrices:
        table[1:] += table[:-1] @ matrix.T
    return table[::-1]


# %% multiplies the wrong way question="q3" violates="all paths add up to the network's output"
def by_length(matrices, x):
    table = np.zeros((len(matrices) + 1, len(x)))
    table[0] = x
    for matrix in matrices:
        table[1:] += table[:-1] @ matrix
    return table


# %% path by path question="q3"
def by_length(matrices, x):
    from itertools import product

    table = np.zeros((len(matrices) + 1, len(x)))
    for through in product((False, True), repeat=len(matrices)):
        table[sum(through)] += along(matrices, x, through)
    return table


# %% by sets of branches question="q3"
def by_length(matrices, x):
    from itertools import combinations

    rows = []
    for length in range(len(matrices) + 1):
        total = 0 * x
        for chosen in combinations(matrices, length):
            y = x
            for matrix in chosen:
                y = matrix @ y
            total = total + y
        rows.append(total)
    return np.stack(rows)


# %% the package question="q3"
from coursepkg.residual.paths import path_outputs


def by_length(matrices, x):
    table = np.zeros((len(matrices) + 1, len(x)))
    for through, output in path_outputs(matrices, x).items():
        table[sum(through)] += output
    return table


# %% forgets how many question="q4" violates="there are n! / (k! (n - k)!) paths of length k"
def short_share(n, factor, longest):
    sizes = [factor**k for k in range(n + 1)]
    return sum(sizes[: longest + 1]) / sum(sizes)


# %% counts paths question="q4" violates="a path through k branches brings factor ** k"
def short_share(n, factor, longest):
    from math import comb

    return sum(comb(n, k) for k in range(longest + 1)) / 2**n


# %% shorter than the longest question="q4" violates="there are n! / (k! (n - k)!) paths of length k"
def short_share(n, factor, longest):
    from math import comb

    sizes = [comb(n, k) * factor**k for k in range(n + 1)]
    return sum(sizes[:longest]) / sum(sizes)


# %% does not divide question="q4" violates="there are n! / (k! (n - k)!) paths of length k"
def short_share(n, factor, longest):
    from math import comb

    return sum(comb(n, k) * factor**k for k in range(longest + 1))


# %% past for through question="q4" violates="a path through k branches brings factor ** k"
def short_share(n, factor, longest):
    from math import comb

    sizes = [comb(n, k) * factor ** (n - k) for k in range(n + 1)]
    return sum(sizes[: longest + 1]) / sum(sizes)


# %% by the binomial theorem question="q4"
def short_share(n, factor, longest):
    from math import factorial

    short = 0
    for k in range(longest + 1):
        short += factorial(n) // (factorial(k) * factorial(n - k)) * factor**k
    return short / (1 + factor) ** n


# %% a row of Pascal's triangle question="q4"
def short_share(n, factor, longest):
    row = np.array([1.0])
    for _ in range(n):
        row = np.convolve(row, [1.0, factor])
    return row[: longest + 1].sum() / row.sum()


# %% the package question="q4"
from coursepkg.residual.paths import paths_by_length


def short_share(n, factor, longest):
    sizes = [count * factor**k for k, count in enumerate(paths_by_length(n))]
    return sum(sizes[: longest + 1]) / sum(sizes)


# %% what remains question="q5" violates="a path is lost if it goes through any missing branch"
def lost(matrices, x, gone):
    whole = rest = x
    for number, matrix in enumerate(matrices):
        whole = whole + matrix @ whole
        if number not in gone:
            rest = rest + matrix @ rest
    return 2 ** (len(matrices) - len(gone)), whole - rest


# %% half for each block question="q5" violates="a path is lost if it goes through any missing branch"
def lost(matrices, x, gone):
    whole = rest = x
    for number, matrix in enumerate(matrices):
        whole = whole + matrix @ whole
        if number not in gone:
            rest = rest + matrix @ rest
    return len(gone) * 2 ** (len(matrices) - 1), whole - rest


# %% the rest minus the whole question="q5" violates="what is missing is what the lost paths brought"
def lost(matrices, x, gone):
    whole = rest = x
    for number, matrix in enumerate(matrices):
        whole = whole + matrix @ whole
        if number not in gone:
            rest = rest + matrix @ rest
    n = len(matrices)
    return 2**n - 2 ** (n - len(gone)), rest - whole


# %% only what the blocks add question="q5" violates="what is missing is what the lost paths brought"
def lost(matrices, x, gone):
    h, missing = x, 0 * x
    for number, matrix in enumerate(matrices):
        if number in gone:
            missing = missing + matrix @ h
        h = h + matrix @ h
    n = len(matrices)
    return 2**n - 2 ** (n - len(gone)), missing


# %% path by path question="q5"
def lost(matrices, x, gone):
    from itertools import product

    count, missing = 0, np.zeros(len(x))
    for through in product((False, True), repeat=len(matrices)):
        if any(through[i] for i in gone):
            count += 1
            missing += along(matrices, x, through)
    return [count, missing]


# %% the package question="q5"
from coursepkg.residual.paths import path_outputs


def lost(matrices, x, gone):
    outputs = [output for through, output in path_outputs(matrices, x).items() if any(through[i] for i in gone)]
    return len(outputs), sum(outputs, np.zeros_like(x))
