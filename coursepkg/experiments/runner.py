"""Runs an experiment seed by seed, keeping what is done."""

import datetime
import json
import shlex
import time
from pathlib import Path

from tqdm import tqdm

from coursepkg.experiments.results import installed_versions, plain, read_file, write_file
from coursepkg.validation import check_positive_int


def measure(experiment, out, *, seeds=None, device="cpu", settings=None):
    """Runs the seeds that are not in the file yet, and writes the file after each of them.

    Args:
        experiment: Experiment.
        out: the result file; if it exists, its settings, device and versions must be those of this run.
        seeds: how many seeds the file shall have, counted from experiment.first_seed; None means
            experiment.seeds.
        device: "cpu", "cuda", "cuda:1" or "mps".
        settings: dict of settings that differ from the experiment's own.
    Returns:
        list of the seeds that were run now.
    Raises:
        ValueError: an argument is wrong, or the file was made in another way; names the difference.
    """
    out = Path(out)
    seeds = experiment.seeds if seeds is None else seeds
    check_positive_int("seeds", seeds)
    changed = settings or {}
    if unknown := sorted(set(changed) - set(experiment.settings)):
        names = ", ".join(experiment.settings)
        raise ValueError(f"{experiment.name} has no setting {unknown[0]!r}; it has: {names}")
    _check_device(device)
    out.parent.mkdir(parents=True, exist_ok=True)

    arguments = {**experiment.settings, **changed}
    content = {
        "experiment": experiment.name,
        "command": command(experiment, out, seeds, device, changed),
        "versions": installed_versions(),
        "device": device,
        "date": "",
        "seconds": 0.0,
        "settings": json.loads(
            json.dumps(arguments)
        ),  # as they come back from a file: tuples are lists there
        "seeds": [],
        "runs": [],
    }
    if out.exists():
        old = read_file(out)
        _check_same(out, old, content)
        content["seeds"], content["runs"] = old["seeds"], old["runs"]
    wanted = range(experiment.first_seed, experiment.first_seed + seeds)
    missing = [seed for seed in wanted if seed not in content["seeds"]]
    for seed in tqdm(missing, desc=experiment.name, unit="seed"):
        start = time.perf_counter()
        result = plain(experiment.run(seed, device, **arguments))
        seconds = round(time.perf_counter() - start, 2)
        content["runs"].append({"seed": seed, "seconds": seconds, "result": result})
        content["seeds"].append(seed)
        content["seconds"] = round(sum(run["seconds"] for run in content["runs"]), 1)
        content["date"] = datetime.date.today().isoformat()
        write_file(out, content)
    return missing


def command(experiment, out, seeds, device, changed):
    """The command line that makes a file, always written the same way.

    Args:
        experiment, out, seeds, device: as for `measure`.
        changed: dict of the settings that are not the experiment's own.
    Returns:
        str.
    """
    options = "".join(f" --set {shlex.quote(f'{key}={value}')}" for key, value in changed.items())
    return (
        f"python -m coursepkg.experiments {experiment.name} --seeds {seeds} --device {device} "
        f"--out {Path(out).as_posix()}{options}"
    )


def _check_device(device):
    if device == "cpu":
        return
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"device {device!r} cannot be used here: {reason}; 'cpu' always can") from None


def _check_same(out, old, new):
    for field in ("experiment", "device", "settings", "versions"):
        if old[field] == new[field]:
            continue
        if isinstance(new[field], dict):
            keys = [k for k in {**old[field], **new[field]} if old[field].get(k) != new[field].get(k)]
            was, now = ({k: content[field].get(k) for k in keys} for content in (old, new))
        else:
            was, now = old[field], new[field]
        raise ValueError(
            f"{out} was made with {field} {was}, this run has {now}: its seeds cannot stand side by side. "
            "Give another --out, or delete the file"
        )
