# %% over the depths question="q1" violates="has the right shape"
def summary(errors):
    return errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(len(errors))


# %% the deviation alone question="q1" violates="the standard error is the deviation (divided by n - 1) over the root of n"
def summary(errors):
    return errors.mean(axis=1), errors.std(axis=1, ddof=1)


# %% divides by n question="q1" violates="the standard error is the deviation (divided by n - 1) over the root of n"
def summary(errors):
    return errors.mean(axis=1), errors.std(axis=1) / np.sqrt(errors.shape[1])


# %% the root forgotten question="q1" violates="the standard error is the deviation (divided by n - 1) over the root of n"
def summary(errors):
    return errors.mean(axis=1), errors.std(axis=1, ddof=1) / errors.shape[1]


# %% the median question="q1" violates="the mean is over the seeds"
def summary(errors):
    return np.median(errors, axis=1), errors.std(axis=1, ddof=1) / np.sqrt(errors.shape[1])


# %% row by row question="q1"
def summary(errors):
    means, spreads = [], []
    for row in errors:
        mean = sum(row) / len(row)
        means.append(mean)
        spreads.append((sum((e - mean) ** 2 for e in row) / (len(row) - 1) / len(row)) ** 0.5)
    return np.array(means), np.array(spreads)


# %% by the variance question="q1"
def summary(errors):
    n = errors.shape[-1]
    return [errors.sum(-1) / n, (errors.var(-1, ddof=1) / n) ** 0.5]


# %% the test error first question="q2" violates="a higher training error is degradation"
def verdict(train, test):
    if test[-1] > test[0]:
        return "overfitting"
    return "degradation" if train[-1] > train[0] else "neither"


# %% worse is overfitting question="q2" violates="a higher training error is degradation"
def verdict(train, test):
    return "overfitting" if test[-1] > test[0] else "neither"


# %% the gap between them question="q2" violates="a higher test error alone is overfitting"
def verdict(train, test):
    if train[-1] > train[0]:
        return "degradation"
    return "overfitting" if test[-1] < train[-1] else "neither"


# %% equal counts as higher question="q2" violates="lower errors are neither"
def verdict(train, test):
    if train[-1] > train[0]:
        return "degradation"
    return "overfitting" if test[-1] - test[0] != 0 else "neither"


# %% the largest on the way question="q2" violates="a higher test error alone is overfitting" caught_by="hidden"
def verdict(train, test):
    if max(train) > train[0]:
        return "degradation"
    return "overfitting" if max(test) > test[0] else "neither"


# %% turned around question="q2"
def verdict(train, test):
    first, last = np.array([train, test])[:, [0, -1]].T
    worse = last > first
    return {0: "neither", 1: "overfitting"}.get(2 * int(worse[0]) + int(worse[1]), "degradation")


# %% case by case question="q2"
def verdict(train, test):
    rises = [split[len(split) - 1] - split[0] > 0 for split in (train, test)]
    if rises == [False, False]:
        return "neither"
    return "degradation" if rises[0] else "overfitting"


# %% the other way round question="q3" violates="the difference is a minus b, averaged over the seeds"
def paired(a, b):
    return (b - a).mean(), int((a > b).sum())


plain_train = paired(errors["plain", "train"][3], errors["plain", "train"][0])[0]
residual_test = paired(errors["residual", "test"][3], errors["residual", "test"][1])[0]


# %% the size of the difference question="q3" violates="the difference is a minus b, averaged over the seeds"
def paired(a, b):
    return abs(a - b).mean(), int((a > b).sum())


plain_train = paired(errors["plain", "train"][3], errors["plain", "train"][0])[0]
residual_test = paired(errors["residual", "test"][3], errors["residual", "test"][1])[0]


# %% equal is larger question="q3" violates="equal is not larger"
def paired(a, b):
    return (a - b).mean(), int((a >= b).sum())


plain_train = paired(errors["plain", "train"][3], errors["plain", "train"][0])[0]
residual_test = paired(errors["residual", "test"][3], errors["residual", "test"][1])[0]


# %% the neighbor's depth question="q3" violates="is the measured difference"
def paired(a, b):
    return (a - b).mean(), int((a > b).sum())


plain_train = paired(errors["plain", "train"][3], errors["plain", "train"][1])[0]
residual_test = paired(errors["residual", "test"][3], errors["residual", "test"][1])[0]


# %% test for training question="q3" violates="is the measured difference"
def paired(a, b):
    return (a - b).mean(), int((a > b).sum())


plain_train = paired(errors["plain", "test"][3], errors["plain", "test"][0])[0]
residual_test = paired(errors["residual", "test"][3], errors["residual", "test"][1])[0]


# %% in per cent question="q3" violates="is the measured difference"
def paired(a, b):
    return (a - b).mean(), int((a > b).sum())


plain_train = paired(errors["plain", "train"][3], errors["plain", "train"][0])[0] * 100
residual_test = paired(errors["residual", "test"][3], errors["residual", "test"][1])[0]


# %% by the means question="q3"
def paired(a, b):
    return np.mean(a) - np.mean(b), np.count_nonzero(a - b > 0)


plain_train = results["plain.56.train_error"].mean() - results["plain.8.train_error"].mean()
residual_test = results["residual.56.test_error"].mean() - results["residual.20.test_error"].mean()


# %% believes the books question="q4" violates="follows from this table"
supported = ["overfit", "deeper", "vanish"]


# %% never question="q4" violates="follows from this table"
supported = ["train", "shortcuts", "always"]


# %% deeper is better question="q4" violates="follows from this table"
supported = ["train", "deeper", "shortcuts"]


# %% explains question="q4" violates="follows from this table"
supported = ["train", "shortcuts", "vanish"]


# %% as a tuple question="q4"
supported = ("shortcuts", "train")
