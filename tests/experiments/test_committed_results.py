"""Every committed result was made by the experiment as it stands, with its own settings and all its seeds."""

from pathlib import Path

import pytest

from coursepkg.experiments import find_experiment
from coursepkg.experiments.results import read_file
from coursepkg.experiments.runner import command

FOLDER = Path(__file__).parents[2] / "book" / "results"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_committed_result(path):
    content = read_file(path)
    pytest.importorskip("torch")
    experiment = find_experiment(path.stem)
    settings = {k: list(v) if isinstance(v, tuple) else v for k, v in experiment.settings.items()}
    assert content["experiment"] == experiment.name
    assert content["settings"] == settings
    first = experiment.first_seed
    assert content["seeds"] == list(range(first, first + experiment.seeds))
    out = f"book/results/{path.name}"
    assert content["command"] == command(experiment, out, experiment.seeds, content["device"], {})
