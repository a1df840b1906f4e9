"""Runs an experiment seed by seed and part by part, keeping what is done."""

import datetime
import json
import shlex
import shutil
import time
from pathlib import Path

from tqdm import tqdm

from coursepkg.experiments.results import installed_versions, plain, read_file, write_file, write_whole
from coursepkg.experiments.workers import Workers
from coursepkg.validation import validate_positive_int

SAME = ("experiment", "device", "settings", "versions")
"""Fields that all the seeds of a file have in common."""


def measure(experiment, out, *, seeds=None, device="cpu", settings=None):
    """Runs what is not in the file yet, and keeps what is done after each seed, or each part of a seed.

    The parts of a seed that is not complete wait in the folder OUT.parts. Started by torchrun, the processes
    share the work; each keeps its parts, and the first one writes the file when all are done.

    Args:
        experiment: Experiment.
        out: the result file; if it exists, its settings, device and versions must be those of this run.
        seeds: how many seeds the file shall have, counted from experiment.first_seed; None means
            experiment.seeds.
        device: "cpu", "cuda", "cuda:1" or "mps".
        settings: dict of settings that differ from the experiment's own.
    Returns:
        list of the seeds that were not in the file before.
    Raises:
        ValueError: an argument is wrong, or the file was made in another way; names the difference.
    """
    out = Path(out)
    seeds = experiment.seeds if seeds is None else seeds
    validate_positive_int("seeds", seeds)
    changed = settings or {}
    if unknown := sorted(set(changed) - set(experiment.settings)):
        names = ", ".join(experiment.settings)
        raise ValueError(f"{experiment.name} has no setting {unknown[0]!r}; it has: {names}")
    workers = Workers()
    _validate_device(workers.device(device))
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
        _validate_same(out, old, content)
        content["seeds"], content["runs"] = old["seeds"], old["runs"]
    wanted = range(experiment.first_seed, experiment.first_seed + seeds)
    missing = [seed for seed in wanted if seed not in content["seeds"]]
    parts = [None] if experiment.parts is None else experiment.parts(arguments)
    folder = out.with_name(f"{out.name}.parts")
    done = workers.gather(_read_parts(folder, content))
    todo = [(seed, part) for seed in missing for part in parts if (seed, part) not in done]
    unit = "seed" if experiment.parts is None else "part"
    for seed, part in tqdm(workers.share(todo), desc=experiment.name, unit=unit, position=workers.rank):
        start = time.perf_counter()
        which = () if part is None else (part,)
        result = plain(experiment.run(seed, workers.device(device), *which, **arguments))
        done[seed, part] = {"seconds": round(time.perf_counter() - start, 2), "result": result}
        if workers.count > 1 or part is not None:  # a seed in one piece goes straight to the file
            _write_part(folder, content, seed, part, done[seed, part])
        if workers.count == 1:
            _write_complete(out, content, missing, parts, done)
    done = workers.gather(done)
    if workers.rank == 0:
        _write_complete(out, content, missing, parts, done)
    workers.gather({})  # nobody forgets its parts before the file is written
    shutil.rmtree(folder, ignore_errors=True)
    workers.close()
    return missing


def command(experiment, out, seeds, device, changed):
    """The command line that makes a file, always written the same way.

    Args:
        experiment, out, seeds, device: as for `measure`.
        changed: dict of the settings that are not the experiment's own.
    Returns:
        str.
    """
    words = []
    for key, own in experiment.settings.items():
        if key in changed:  # a tuple comes back from a file as a list
            words.append(f"{key}={tuple(changed[key]) if isinstance(own, tuple) else changed[key]}")
    options = "".join(f" --set {shlex.quote(word)}" for word in words)
    return (
        f"python -m coursepkg.experiments {experiment.name} --seeds {seeds} --device {device} "
        f"--out {Path(out).as_posix()}{options}"
    )


def _validate_device(device):
    if device == "cpu":
        return
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"device {device!r} cannot be used here: {reason}; 'cpu' always can") from None


def _validate_same(out, old, new):
    for field in SAME:
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


def _write_complete(out, content, seeds, parts, done):
    """Writes the file, if there is a seed of which all parts are done and which is not in it yet."""
    new = [
        {
            "seed": seed,
            "seconds": round(sum(done[seed, part]["seconds"] for part in parts), 2),
            "result": _merged([done[seed, part]["result"] for part in parts]),
        }
        for seed in seeds
        if seed not in content["seeds"] and all((seed, part) in done for part in parts)
    ]
    if not new:
        return
    content["runs"] = content["runs"] + new
    content["seeds"] = [run["seed"] for run in content["runs"]]
    content["seconds"] = round(sum(run["seconds"] for run in content["runs"]), 1)
    content["date"] = datetime.date.today().isoformat()
    write_file(out, content)


def _merged(results):
    """One nested dict from several, whose leaves are all different."""
    merged = {}
    for result in results:
        for key, value in result.items():
            merged[key] = _merged([merged.get(key, {}), value]) if isinstance(value, dict) else value
    return merged


def _write_part(folder, content, seed, part, found):
    folder.mkdir(exist_ok=True)
    made = {field: content[field] for field in SAME}
    text = json.dumps({**made, "seed": seed, "part": part, **found})
    write_whole(folder / f"{seed}-{part or 'all'}.json", text)


def _read_parts(folder, content):
    """The parts that wait in a folder: dict (seed, part) -> {"seconds", "result"}."""
    done = {}
    for path in sorted(folder.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        _validate_same(path, kept, content)
        done[kept["seed"], kept["part"]] = {"seconds": kept["seconds"], "result": kept["result"]}
    return done
