"""Every committed result was made by the experiment as it stands, with all its seeds.

NAME.json has the experiment's own settings. NAME.VARIANT.json has others, which its command names: where
the experiment's own need a machine that was not at hand.
"""

import copy
import json
from pathlib import Path

import pytest

import coursepkg
from coursepkg.experiments import find_experiment, load_results
from coursepkg.experiments.results import read_file, write_file
from coursepkg.experiments.runner import command

pytest.importorskip("torch")
FOLDER = Path(__file__).parents[2] / "book" / "results"


def check(path):
    content = read_file(path)
    name, *variant = path.stem.split(".")
    experiment = find_experiment(name)
    first, count = experiment.first_seed, experiment.seeds
    assert content["experiment"] == experiment.name
    own = json.loads(json.dumps(experiment.settings))
    assert list(content["settings"]) == list(own)
    changed = {key: value for key, value in content["settings"].items() if value != own[key]}
    assert bool(changed) == bool(variant)
    assert content["seeds"] == list(range(first, first + count))
    expected = command(experiment, f"book/results/{path.name}", count, content["device"], changed)
    assert content["command"] == expected


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_committed_result(path):
    check(path)
    loaded = load_results(path.stem)
    assert all(loaded[key].shape[0] == len(loaded.seeds) for key in loaded)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content["settings"].update(epochs=2),
        lambda content: content["settings"].update(extra=1),
        lambda content: (content["seeds"].pop(), content["runs"].pop()),
        lambda content: content.update(command=content["command"] + " --set epochs=2"),
        lambda content: content.update(experiment="dropout-calibration"),
        lambda content: content["runs"][0]["result"].popitem(),
        lambda content: content["runs"][0]["result"].update(extra=float("nan")),
    ],
    ids=["setting", "extra setting", "seed missing", "command", "name", "key missing", "nan"],
)
def test_the_check_above_rejects(damage, tmp_path):
    experiment = find_experiment("dropout-overfitting")
    seeds = list(range(experiment.first_seed, experiment.first_seed + experiment.seeds))
    path = tmp_path / "dropout-overfitting.json"
    content = {
        "experiment": experiment.name,
        "command": command(experiment, f"book/results/{path.name}", experiment.seeds, "cpu", {}),
        "versions": {"numpy": "2.0"},
        "device": "cpu",
        "date": "2026-01-01",
        "seconds": 1.0,
        "settings": json.loads(json.dumps(experiment.settings)),
        "seeds": seeds,
        "runs": [{"seed": seed, "seconds": 0.1, "result": {"a": 1.0, "b": 2.0}} for seed in seeds],
    }
    write_file(path, copy.deepcopy(content))
    check(path)
    damage(content)
    with pytest.raises((AssertionError, ValueError)):
        write_file(path, content)
        check(path)


def test_results_are_found_inside_an_installed_package(tmp_path, monkeypatch):
    committed = next(FOLDER.glob("*.json"))
    (tmp_path / "coursepkg" / "results").mkdir(parents=True)
    (tmp_path / "coursepkg" / "results" / "dropout-copy.json").write_bytes(committed.read_bytes())
    monkeypatch.setattr(coursepkg, "__file__", str(tmp_path / "coursepkg" / "__init__.py"))
    assert load_results("dropout-copy").keys() == load_results(committed).keys()
    with pytest.raises(FileNotFoundError, match=committed.stem):
        load_results(committed.stem)
