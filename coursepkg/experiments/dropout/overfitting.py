"""How far a network falls behind on pictures it has not seen, with and without dropout."""

from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import SIZES, mlp, pictures, train_and_watch
from coursepkg.training import cosine


@experiment("dropout-overfitting", seeds=10, first_seed=100)
def run(seed, device, *, n_train=1000, label_noise=0.3, epochs=40, p_input=0.2, p_hidden=0.5):
    """Training and test error, plain and with dropout, for clean and for partly random labels.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        n_train: training pictures.
        label_noise: share of the training labels drawn again in the noisy half.
        epochs: of 50-picture batches with Adam.
        p_input, p_hidden: of the network with dropout.
    Returns:
        dict: {clean, noisy} . {constant, cosine} (learning rate) . {plain, dropout} . {train_loss,
        train_error, test_loss, test_error}, with dropout switched off, after the last epoch; `curve` . the
        same after each.
    """
    result = {}
    for labels, noise in (("clean", 0.0), ("noisy", label_noise)):
        data = pictures(seed, n_train, noise)
        result[labels] = {"constant": {}, "cosine": {}}
        for rate, schedule in (("constant", None), ("cosine", cosine)):
            for net, rates in (("plain", (0, 0, 0)), ("dropout", (p_input, p_hidden, p_hidden))):
                model = mlp(SIZES, rates, seed, device)
                curve = train_and_watch(model, data, seed, epochs=epochs, schedule=schedule)
                last = {name: values[-1] for name, values in curve.items()}
                result[labels][rate][net] = {**last, "curve": curve}
    return result
