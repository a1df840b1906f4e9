# %% switches the whole net to training question="q1" violates="batch normalization stays in evaluation mode"
def mc_predict(net, x, k):
    net.train()
    with torch.no_grad():
        samples = torch.stack([net(x).softmax(dim=1) for _ in range(k)])
    net.eval()
    return samples


# %% evaluation mode question="q1" violates="each pass draws a mask"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    with torch.no_grad():
        samples = torch.stack([net(x).softmax(dim=1) for _ in range(k)])
    for layer, mode in modes:
        layer.training = mode
    return samples


# %% takes the mode it finds question="q1" violates="each pass draws a mask"
def mc_predict(net, x, k):
    with torch.no_grad():
        return torch.stack([net(x).softmax(dim=1) for _ in range(k)])


# %% one pass, k copies question="q1" violates="each pass draws a mask"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        samples = torch.stack([net(x).softmax(dim=1)] * k)
    for layer, mode in modes:
        layer.training = mode
    return samples


# %% the same seed before each pass question="q1" violates="each pass draws a mask"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    samples = []
    with torch.no_grad():
        for _ in range(k):
            torch.manual_seed(0)
            samples.append(net(x).softmax(dim=1))
    for layer, mode in modes:
        layer.training = mode
    return torch.stack(samples)


# %% ten masks, again and again question="q1" violates="each mask comes as often as its coins say"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        samples = [net(x).softmax(dim=1) for _ in range(min(k, 10))]
    for layer, mode in modes:
        layer.training = mode
    return torch.stack([samples[i % len(samples)] for i in range(k)])


# %% logits question="q1" violates="returns probabilities"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        samples = torch.stack([net(x) for _ in range(k)])
    for layer, mode in modes:
        layer.training = mode
    return samples


# %% softmax along the pictures question="q1" violates="returns probabilities"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        samples = torch.stack([net(x).softmax(dim=0) for _ in range(k)])
    for layer, mode in modes:
        layer.training = mode
    return samples


# %% averages at once question="q1" violates="has the right shape"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        samples = torch.stack([net(x).softmax(dim=1) for _ in range(k)])
    for layer, mode in modes:
        layer.training = mode
    return samples.mean(dim=0, keepdim=True)


# %% drops pixels of its own question="q1" violates="each answer is that of a thinned network"
def mc_predict(net, x, k):
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    with torch.no_grad():
        samples = torch.stack([net(nn.functional.dropout(x, 0.5)).softmax(dim=1) for _ in range(k)])
    for layer, mode in modes:
        layer.training = mode
    return samples


# %% leaves dropout on question="q1" violates="the net is left in the mode it came in"
def mc_predict(net, x, k):
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        return torch.stack([net(x).softmax(dim=1) for _ in range(k)])


# %% evaluation mode for everybody afterwards question="q1" violates="the net is left in the mode it came in"
def mc_predict(net, x, k):
    net.eval()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.train()
    with torch.no_grad():
        samples = torch.stack([net(x).softmax(dim=1) for _ in range(k)])
    net.eval()
    return samples


# %% dropout is on, batch normalization in whatever mode it came question="q1" violates="a prediction teaches nothing"
def mc_predict(net, x, k):
    dropouts = [layer for layer in net.modules() if isinstance(layer, nn.Dropout)]
    modes = [layer.training for layer in dropouts]
    for layer in dropouts:
        layer.train()
    with torch.no_grad():
        samples = torch.stack([net(x).softmax(dim=1) for _ in range(k)])
    for layer, mode in zip(dropouts, modes):
        layer.train(mode)
    return samples


# %% all passes in one batch question="q1"
def mc_predict(net, x, k):
    modes = {layer: layer.training for layer in net.modules()}
    for layer in net.modules():
        layer.training = isinstance(layer, nn.Dropout)
    logits = net(x.repeat(k, 1))
    for layer, mode in modes.items():
        layer.training = mode
    return torch.softmax(logits, dim=-1).reshape(k, len(x), -1).detach()


# %% layer by layer, masks written out, in float64 question="q1"
def mc_predict(net, x, k):
    linear, norm, _, drop, last = net
    with torch.no_grad():
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        hidden = torch.relu((linear(x) - norm.running_mean) * scale + norm.bias)
        masks = torch.rand(k, *hidden.shape) >= drop.p
        logits = last(hidden * masks / (1 - drop.p))
    return torch.exp(logits.double() - logits.double().logsumexp(dim=-1, keepdim=True))


# %% the package question="q1"
from coursepkg.dropout import torch_layers


def mc_predict(net, x, k):
    return torch_layers.mc_predict(net, x, k, None)


# %% the average of the entropies question="q2" violates="total doubt is the entropy of the average"
def doubts(samples):
    each = -torch.xlogy(samples, samples).sum(dim=-1)
    mean = samples.mean(dim=0)
    return each.mean(dim=0), -torch.xlogy(mean, mean).sum(dim=-1) - each.mean(dim=0)


# %% in bits question="q2" violates="total doubt is the entropy of the average"
def doubts(samples):
    def entropy(q):
        return -(q * torch.log2(q.clamp_min(1e-12))).sum(dim=-1)

    total = entropy(samples.mean(dim=0))
    return total, total - entropy(samples).mean(dim=0)


# %% the sign question="q2" violates="total doubt is the entropy of the average"
def doubts(samples):
    def entropy(q):
        return torch.xlogy(q, q).sum(dim=-1)

    total = entropy(samples.mean(dim=0))
    return total, total - entropy(samples).mean(dim=0)


# %% the other way round question="q2" violates="disagreement is the doubt that no single pass has"
def doubts(samples):
    def entropy(q):
        return -torch.xlogy(q, q).sum(dim=-1)

    total = entropy(samples.mean(dim=0))
    return total, entropy(samples).mean(dim=0) - total


# %% the spread of the likeliest class question="q2" violates="disagreement is the doubt that no single pass has"
def doubts(samples):
    mean = samples.mean(dim=0)
    return -torch.xlogy(mean, mean).sum(dim=-1), samples.std(dim=0, correction=0).max(dim=-1).values


# %% nothing subtracted question="q2" violates="disagreement is the doubt that no single pass has"
def doubts(samples):
    mean = samples.mean(dim=0)
    return -torch.xlogy(mean, mean).sum(dim=-1), -torch.xlogy(samples, samples).sum(dim=-1).mean(dim=0)


# %% zero times minus infinity question="q2" violates="a probability of 0 adds nothing"
def doubts(samples):
    def entropy(q):
        return -(q * q.log()).sum(dim=-1)

    total = entropy(samples.mean(dim=0))
    return total, total - entropy(samples).mean(dim=0)


# %% as the mean distance from the average question="q2"
def doubts(samples):
    mean = samples.mean(dim=0)
    total = -(mean * mean.clamp_min(1e-30).log()).sum(dim=1)
    ratio = samples.clamp_min(1e-30).log() - mean.clamp_min(1e-30).log()
    return total, (samples * ratio).sum(dim=-1).mean(dim=0)


# %% in NumPy, by loops question="q2"
def doubts(samples):
    q = np.asarray(samples)
    total, disagreement = [], []
    for picture in range(q.shape[1]):
        parts = [q[:, picture].mean(axis=0), *q[:, picture]]
        entropies = [-sum(v * np.log(v) for v in part if v > 0) for part in parts]
        total.append(entropies[0])
        disagreement.append(entropies[0] - np.mean(entropies[1:]))
    return [torch.tensor(total, dtype=torch.float32), torch.tensor(disagreement, dtype=torch.float32)]


# %% measures with dropout on question="q3" violates="weight scaling is one pass in evaluation mode"
samples = mc_predict(net, x, 50)
net.train()
with torch.no_grad():
    once = net(x).softmax(dim=1)
net.eval()
error_scaled = (once.argmax(dim=1) != y).float().mean().item() + 0.05
error_one = (samples.argmax(dim=2) != y).float().mean().item()
error_fifty = (samples.mean(dim=0).argmax(dim=1) != y).float().mean().item()
sure_scaled = once.max(dim=1).values.mean().item()
sure_fifty = samples.mean(dim=0).max(dim=1).values.mean().item()

# %% accuracies question="q3" violates="weight scaling is one pass in evaluation mode"
samples = mc_predict(net, x, 50)
net.eval()
once = net(x).softmax(dim=1).detach()
error_scaled = (once.argmax(dim=1) == y).float().mean().item()
error_one = (samples.argmax(dim=2) == y).float().mean().item()
error_fifty = (samples.mean(dim=0).argmax(dim=1) == y).float().mean().item()
sure_scaled = once.max(dim=1).values.mean().item()
sure_fifty = samples.mean(dim=0).max(dim=1).values.mean().item()

# %% the average for the single ones question="q3" violates="each thinned network is judged by itself"
samples = mc_predict(net, x, 50)
net.eval()
once = net(x).softmax(dim=1).detach()
error_scaled = (once.argmax(dim=1) != y).float().mean().item()
error_one = (samples.mean(dim=0).argmax(dim=1) != y).float().mean().item()
error_fifty = error_one
sure_scaled = once.max(dim=1).values.mean().item()
sure_fifty = samples.mean(dim=0).max(dim=1).values.mean().item()

# %% chooses classes before it averages question="q3" violates="probabilities are averaged before a class is chosen"
samples = mc_predict(net, x, 50)
net.eval()
once = net(x).softmax(dim=1).detach()
error_scaled = (once.argmax(dim=1) != y).float().mean().item()
error_one = (samples.argmax(dim=2) != y).float().mean().item()
error_fifty = (samples.argmax(dim=2) != y).float().mean(dim=0).mean().item()
sure_scaled = once.max(dim=1).values.mean().item()
sure_fifty = samples.mean(dim=0).max(dim=1).values.mean().item()

# %% the mean of the maxima question="q3" violates="a prediction is as sure as its largest probability"
samples = mc_predict(net, x, 50)
net.eval()
once = net(x).softmax(dim=1).detach()
error_scaled = (once.argmax(dim=1) != y).float().mean().item()
error_one = (samples.argmax(dim=2) != y).float().mean().item()
error_fifty = (samples.mean(dim=0).argmax(dim=1) != y).float().mean().item()
sure_scaled = once.max(dim=1).values.mean().item()
sure_fifty = samples.max(dim=2).values.mean().item()

# %% the probability of the right class question="q3" violates="a prediction is as sure as its largest probability"
samples = mc_predict(net, x, 50)
net.eval()
once = net(x).softmax(dim=1).detach()
error_scaled = (once.argmax(dim=1) != y).float().mean().item()
error_one = (samples.argmax(dim=2) != y).float().mean().item()
error_fifty = (samples.mean(dim=0).argmax(dim=1) != y).float().mean().item()
sure_scaled = once[torch.arange(len(y)), y].mean().item()
sure_fifty = samples.mean(dim=0)[torch.arange(len(y)), y].mean().item()

# %% two hundred masks, tensors left as they are question="q3"
samples = mc_predict(net, x, 200)
once = net.eval()(x).softmax(dim=1)
error_scaled = torch.mean((once.argmax(1) != y).double())
error_one = 1 - torch.mean((samples.argmax(-1) == y).double())
error_fifty = np.mean(samples.numpy().mean(axis=0).argmax(axis=1) != y.numpy())
sure_scaled = once.amax(dim=1).mean()
sure_fifty = samples.mean(dim=0).amax(dim=1).mean().numpy()


# %% the least doubtful question="q4" violates="the most doubtful half is looked at"
both = torch.cat([x, 1 - x])
single = net.eval()(both).softmax(dim=1)[None].detach()
found_once = (doubts(single)[0].argsort()[:400] >= 400).float().mean().item()
found_fifty = (doubts(mc_predict(net, both, 50))[1].argsort()[:400] >= 400).float().mean().item()
supported = ["a", "c"]

# %% total doubt for disagreement question="q4" violates="the most doubtful half is looked at"
both = torch.cat([x, 1 - x])
single = net.eval()(both).softmax(dim=1)[None].detach()
found_once = (doubts(single)[0].argsort(descending=True)[:400] >= 400).float().mean().item()
total, _ = doubts(mc_predict(net, both, 50))
found_fifty = (total.argsort(descending=True)[:400] >= 400).float().mean().item()
supported = ["a", "c"]

# %% negatives that are minus the picture question="q4" violates="the most doubtful half is looked at"
both = torch.cat([x, -x])
single = net.eval()(both).softmax(dim=1)[None].detach()
found_once = (doubts(single)[0].argsort(descending=True)[:400] >= 400).float().mean().item()
_, disagreement = doubts(mc_predict(net, both, 50))
found_fifty = (disagreement.argsort(descending=True)[:400] >= 400).float().mean().item()
supported = ["a", "c"]

# %% thinks that fifty must beat one question="q4" violates="a conclusion has its numbers in the measurement"
both = torch.cat([x, 1 - x])
single = net.eval()(both).softmax(dim=1)[None].detach()
found_once = (doubts(single)[0].argsort(descending=True)[:400] >= 400).float().mean().item()
_, disagreement = doubts(mc_predict(net, both, 50))
found_fifty = (disagreement.argsort(descending=True)[:400] >= 400).float().mean().item()
supported = ["a", "b", "c"]

# %% thinks that one is as good as fifty in everything question="q4" violates="a conclusion has its numbers in the measurement"
both = torch.cat([x, 1 - x])
single = net.eval()(both).softmax(dim=1)[None].detach()
found_once = (doubts(single)[0].argsort(descending=True)[:400] >= 400).float().mean().item()
_, disagreement = doubts(mc_predict(net, both, 50))
found_fifty = (disagreement.argsort(descending=True)[:400] >= 400).float().mean().item()
supported = ["a", "c", "d"]

# %% by a threshold, without the functions above question="q4"
with torch.no_grad():
    both = torch.cat([x, 1 - x])
    q = net.eval()(both).softmax(dim=1).numpy()
    p = mc_predict(net, both, 100).numpy()
entropy = [-(part * np.log(part + 1e-12)).sum(axis=-1) for part in (q, p.mean(axis=0), p)]
is_negative = np.arange(800) >= 400
found_once = is_negative[entropy[0] > np.median(entropy[0])].mean()
disagreement = entropy[1] - entropy[2].mean(axis=0)
found_fifty = is_negative[disagreement > np.median(disagreement)].mean()
supported = ("c", "a")
