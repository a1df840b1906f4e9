"""Is a network as right as it is sure?"""

import numpy as np
import torch

from coursepkg.data import randomize_labels
from coursepkg.dropout.torch_layers import mc_predict
from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import SIZES, mlp, pictures, train
from coursepkg.training import cosine


@experiment("dropout-calibration", seeds=10, first_seed=100)
def run(seed, device, *, n_train=1000, label_noise=0.3, epochs=40, p_input=0.2, p_hidden=0.5, k=50, bins=10):
    """Expected calibration error and test loss: plain, dropout with scaled weights, average of k masks.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        n_train: training pictures.
        label_noise: share of the training labels drawn again in the noisy half.
        epochs: of 50-picture batches, Adam, learning rate constant or on a cosine schedule.
        p_input, p_hidden: of the networks with dropout.
        k: masks in the Monte-Carlo average.
        bins: of equal width, by confidence, the probability of the predicted class.
    Returns:
        dict: {clean, noisy} . {constant, cosine} . {plain, scaled, sampled} . {test_error, test_loss,
        calibration_error, own_noise_calibration_error, confidence, bin_share, bin_confidence, bin_accuracy}.
        own_noise: against test labels that are as noisy as the training labels. The last three are lists over
        the bins; an empty bin has 0 in all of them.
    """
    result = {}
    for labels, noise in (("clean", 0.0), ("noisy", label_noise)):
        data = pictures(seed, n_train, noise)
        x = torch.as_tensor(data.test.x, device=device)
        noisy_y = randomize_labels(data.test.y, noise, 10, np.random.default_rng(seed))
        result[labels] = {}
        for rate, schedule in (("constant", None), ("cosine", cosine)):
            plain = mlp(SIZES, (0, 0, 0), seed, device)
            dropout = mlp(SIZES, (p_input, p_hidden, p_hidden), seed, device)
            for model in (plain, dropout):
                train(model, data, seed, epochs=epochs, schedule=schedule)
                model.eval()
            rng = torch.Generator(device).manual_seed(seed)
            with torch.no_grad():
                predicted = {
                    "plain": plain(x).softmax(1),
                    "scaled": dropout(x).softmax(1),
                    "sampled": mc_predict(dropout, x, k, rng).mean(0),
                }
            result[labels][rate] = {}
            for how, probabilities in predicted.items():
                probabilities = probabilities.cpu().numpy()
                own_noise = calibration(probabilities, noisy_y, bins)["calibration_error"]
                measured = calibration(probabilities, data.test.y, bins)
                result[labels][rate][how] = {**measured, "own_noise_calibration_error": own_noise}
    return result


def calibration(probabilities, y, bins=10):
    """How confidence and accuracy go together.

    Args:
        probabilities: array (N, classes).
        y: array (N,) of the right classes.
        bins: of equal width from 0 to 1, by the probability of the predicted class.
    Returns:
        dict: test_error, test_loss, calibration_error = sum over bins of share * |accuracy - confidence|,
        confidence (the mean), and bin_share, bin_confidence, bin_accuracy: arrays (bins,).
    Source: Guo et al., On calibration of modern neural networks, ICML 2017, equation 3.
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == y
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(number, minlength=bins)
    bin_confidence, bin_accuracy = (
        np.bincount(number, weights=values, minlength=bins) / np.maximum(count, 1)
        for values in (confidence, right)
    )
    return {
        "test_error": 1 - right.mean(),
        "test_loss": -np.log(np.clip(probabilities[np.arange(len(y)), y], 1e-12, 1)).mean(),
        "calibration_error": (count / len(y) * np.abs(bin_accuracy - bin_confidence)).sum(),
        "confidence": confidence.mean(),
        "bin_share": count / len(y),
        "bin_confidence": bin_confidence,
        "bin_accuracy": bin_accuracy,
    }
