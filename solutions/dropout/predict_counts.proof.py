# %% counts the dropped ones question="q1" violates="p is the probability of dropping"
survivors = 300
spread = 14.5

# %% the variance for the deviation question="q1" violates="the spread is that of independent coins"
survivors = 700
spread = 210

# %% forgets that p and 1 - p both count question="q1" violates="the spread is that of independent coins"
survivors = 700
spread = 1000 * 0.3

# %% a square root of n alone question="q1" violates="the spread is that of independent coins"
survivors = 700
spread = 1000**0.5

# %% a fraction instead of a count question="q1" violates="p is the probability of dropping"
survivors = 0.7
spread = 14.5

# %% words question="q1" violates="is a number"
survivors = "700"
spread = 14.5

# %% computed, with the exact root question="q1"
n, p = 1000, 0.3
survivors = n * (1 - p)
spread = (n * p * (1 - p)) ** 0.5

# %% sampled question="q1"
import numpy as np

draws = (np.random.default_rng(0).random((4000, 1000)) >= 0.3).sum(axis=1)
survivors, spread = np.round(draws.mean()), draws.std()


# %% two states per unit, added up question="q2" violates="each unit doubles the number of networks"
def count_subnetworks(hidden):
    return 2 * sum(hidden)


# %% leaves the empty network out question="q2" violates="each unit doubles the number of networks"
def count_subnetworks(hidden):
    return 2 ** sum(hidden) - 1


# %% adds the layers' numbers question="q2" violates="each unit doubles the number of networks" caught_by="hidden"
def count_subnetworks(hidden):
    return sum(2**size for size in hidden)


# %% orders instead of choices question="q2" violates="each unit doubles the number of networks"
def count_subnetworks(hidden):
    from math import factorial

    return factorial(sum(hidden))


# %% looks at the first layer only question="q2" violates="each unit doubles the number of networks" caught_by="hidden"
def count_subnetworks(hidden):
    return 2 ** hidden[0]


# %% multiplies over the layers question="q2"
def count_subnetworks(hidden):
    from math import prod

    return prod(2**size for size in hidden)


# %% goes through the units question="q2"
def count_subnetworks(hidden):
    number = 1.0
    for size in hidden:
        for _ in range(size):
            number *= 2
    return number


# %% forgets the biases question="q3" violates="a deleted unit takes its weights and its bias along"
def thinned_parameters(sizes, kept):
    widths = [sizes[0], *kept, sizes[-1]]
    return sum(a * b for a, b in zip(widths, widths[1:]))


# %% keeps the biases of deleted units question="q3" violates="a deleted unit takes its weights and its bias along"
def thinned_parameters(sizes, kept):
    widths = [sizes[0], *kept, sizes[-1]]
    return sum(a * b for a, b in zip(widths, widths[1:])) + sum(sizes[1:])


# %% deletes rows but no columns question="q3" violates="a deleted unit takes its weights and its bias along"
def thinned_parameters(sizes, kept):
    out = [*kept, sizes[-1]]
    return sum(a * b + b for a, b in zip(sizes, out))


# %% takes the kept share of everything question="q3" violates="a deleted unit takes its weights and its bias along"
def thinned_parameters(sizes, kept):
    full = sum(a * b + b for a, b in zip(sizes, sizes[1:]))
    return full * sum(kept) / sum(sizes[1:-1])


# %% counts the full net question="q3" violates="a deleted unit takes its weights and its bias along"
def thinned_parameters(sizes, kept):
    return sum(a * b + b for a, b in zip(sizes, sizes[1:]))


# %% builds the arrays question="q3"
def thinned_parameters(sizes, kept):
    import numpy as np

    total, inputs = 0, sizes[0]
    for outputs in [*kept, sizes[-1]]:
        total += np.ones((outputs, inputs)).size + np.ones(outputs).size
        inputs = outputs
    return total


# %% the two recipes exchanged question="q4" violates="inverted dropout scales survivors up in training"
inverted_training, inverted_use = 3.0, 2.25
classic_training, classic_use = 4.0, 3.0

# %% multiplies where it should divide question="q4" violates="inverted dropout scales survivors up in training"
inverted_training, inverted_use = 2.25, 3.0
classic_training, classic_use = 3.0, 2.25

# %% multiplies by p in use question="q4" violates="classic dropout scales down in use"
inverted_training, inverted_use = 4.0, 3.0
classic_training, classic_use = 3.0, 0.75

# %% scales in both modes question="q4" violates="inverted dropout changes nothing in use"
inverted_training, inverted_use = 4.0, 2.25
classic_training, classic_use = 3.0, 2.25

# %% rounded from a formula question="q4"
import numpy as np

keep = 1 - np.float32(0.25)
inverted_training, inverted_use, classic_training, classic_use = 3 / keep, 3, 3, 3 * keep

# %% copies the numbers of the paper question="q5" violates="PyTorch's p is the probability of dropping"
p_input_paper, p_script, p_rate = 0.8, 0.1, 0.1

# %% turns every number round question="q5" violates="PyTorch's p is the probability of dropping"
p_input_paper, p_script, p_rate = 0.2, 0.1, 0.9

# %% computed question="q5"
p_input_paper, p_script, p_rate = 1 - 0.8, 1 - 0.9, 0.1
