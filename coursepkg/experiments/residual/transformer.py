"""A small transformer with and without the shortcuts around its blocks."""

import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.experiments import experiment
from coursepkg.residual.torch_layers import Residual


@experiment("residual-transformer", seeds=8, first_seed=700)
def run(seed, device, *, layers=(2, 4), steps=600):
    """Errors in counting: for each symbol of a sequence, how many others of its kind there are.

    Args:
        seed: of the weights and the sequences.
        device: where the transformers are trained.
        layers: of attention and of a small network each.
        steps: of 64 sequences, Adam with a learning rate that rises to 3e-3 and falls to zero.
    Returns:
        dict: {with, without} . {layers}, the share of wrong answers in 1,000 new sequences; guessing, that of
        always giving the most frequent answer; early, of the deepest with shortcuts as `read_early` finds it.
    """
    x, y = sequences(1000, torch.Generator().manual_seed(seed + 1))
    found = {"guessing": (y != y.flatten().mode().values).float().mean().item(), "with": {}, "without": {}}
    for count in layers:
        for name in ("with", "without"):
            model = train(count, name == "with", seed, steps, device)
            found[name][str(count)] = error(model, x, y)
            if name == "with" and count == max(layers):
                found["early"] = read_early(model, x, y)
    return found


class Attention(nn.Module):
    """Lets every position read from all others.

    Args:
        width: numbers in a vector; input and output are (N, positions, width).
        heads: how many readings there are at a time; divides width.
    Source: Vaswani et al. 2017, section 3.2.
    """

    def __init__(self, width, heads=2):
        super().__init__()
        self.heads, self.read, self.write = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, positions, width = x.shape
        parts = self.read(x).reshape(n, positions, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(*parts)  # (N, heads, positions, width / heads)
        return self.write(seen.transpose(1, 2).reshape(n, positions, width))


def transformer(layers, shortcuts=True, width=32):
    """An embedding, two blocks for each layer, attention and a small network, normalization and output.

    Args:
        layers: >= 1.
        shortcuts: whether a block is x + block(norm(x)) or block(norm(x)) alone.
        width: of the stream.
    Returns:
        nn.Sequential from (N, positions) symbols 0 to 9 to (N, positions, 10) logits.
    """
    blocks = []
    for _ in range(layers):
        attention = nn.Sequential(nn.LayerNorm(width), Attention(width))
        wide, narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        blocks += [attention, nn.Sequential(nn.LayerNorm(width), wide, nn.ReLU(), narrow)]
    if shortcuts:
        blocks = [Residual(block) for block in blocks]
    return nn.Sequential(nn.Embedding(10, width), *blocks, nn.LayerNorm(width), nn.Linear(width, 10))


def sequences(count, generator):
    """Twelve digits each, and for each digit how many others of its kind there are, at most nine."""
    x = torch.randint(0, 10, (count, 12), generator=generator)
    return x, ((x[:, :, None] == x[:, None, :]).sum(dim=2) - 1).clamp(max=9)


def train(layers, shortcuts, seed, steps=600, device="cpu"):
    """A trained transformer; arguments as for `run` and `transformer`."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformer(layers, shortcuts).to(device)
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1, (step + 1) / 50) * (1 - step / steps)
        x, y = (part.to(device) for part in sequences(64, generator))
        optimizer.zero_grad()
        F.cross_entropy(model(x).transpose(1, 2), y).backward()
        optimizer.step()
    return model


@torch.no_grad()
def error(model, x, y):
    """Share of the positions whose most likely answer is wrong."""
    device = next(model.parameters()).device
    return (model(x.to(device)).argmax(dim=2).cpu() != y).float().mean().item()


@torch.no_grad()
def read_early(model, x, y):
    """What the last normalization and the output make of the stream before the first block, and after each.

    Returns:
        list of float: shares of wrong answers, the last of them the model's own.
    """
    (embedding, *blocks), reader = list(model)[:-2], list(model)[-2:]
    cut = (nn.Sequential(embedding, *blocks[:count], *reader) for count in range(len(blocks) + 1))
    return [error(part, x, y) for part in cut]
