"""How much to drop depends on how much data there is."""

from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import BATCH, SIZES, mlp, pictures, train
from coursepkg.training import cosine
from coursepkg.training.torch_loop import evaluate


@experiment("dropout-data-size", seeds=6, first_seed=100)
def run(
    seed,
    device,
    *,
    sizes=(100, 500, 1000, 2000, 5000),
    rates=((0.0, 0.0), (0.0, 0.2), (0.0, 0.5), (0.0, 0.7), (0.2, 0.5)),
    steps=1500,
    long_steps=4000,
):
    """Test error for 100 to 5,000 pictures and five amounts of dropout, all trained for as many steps.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        sizes: numbers of training pictures.
        rates: pairs (p_input, p_hidden).
        steps: batches of 50 pictures, Adam with a cosine schedule.
        long_steps: for the largest size once more, since there dropout has not finished after `steps`.
    Returns:
        dict: n100 ... n5000, long . in0_hidden50 ... . {train_loss, test_loss, test_error}, with dropout
        switched off.
    """
    result = {}
    for label, n, budget in [*((f"n{n}", n, steps) for n in sizes), ("long", max(sizes), long_steps)]:
        data = pictures(seed, n)
        result[label] = {}
        for p_input, p_hidden in rates:
            model = mlp(SIZES, (p_input, p_hidden, p_hidden), seed, device)
            train(model, data, seed, epochs=max(1, round(budget * BATCH / n)), schedule=cosine)
            (train_loss, _), (test_loss, test_error) = (evaluate(model, split) for split in data)
            result[label][f"in{100 * p_input:.0f}_hidden{100 * p_hidden:.0f}"] = {
                "train_loss": train_loss,
                "test_loss": test_loss,
                "test_error": test_error,
            }
    return result
