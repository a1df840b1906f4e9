"""Result files: how they are written, checked and read."""

import json
import os
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import coursepkg

FIELDS = ("experiment", "command", "versions", "device", "date", "seconds", "settings", "seeds", "runs")


@dataclass(frozen=True, eq=False)
class Results(Mapping):
    """The runs of one experiment, as arrays over its seeds: a read-only dict.

    `results["dropout.test_error"]` is an array (seeds,), or (seeds, epochs) where a run returned a list.
    `list(results)` are all such names.

    Fields:
        name: the experiment's name.
        settings: dict of the settings it ran with.
        seeds: list of the seeds.
        provenance: one sentence that says how the numbers were made.
    """

    name: str
    settings: dict
    seeds: list
    provenance: str
    _arrays: dict

    def __getitem__(self, key):
        if key not in self._arrays:
            raise KeyError(f"{self.name} has no result {key!r}; it has: {', '.join(self._arrays)}")
        return self._arrays[key].copy()

    def __iter__(self):
        return iter(self._arrays)

    def __len__(self):
        return len(self._arrays)


def load_results(name):
    """The committed results of an experiment.

    Args:
        name: the experiment's name, or the path of a result file.
    Returns:
        Results.
    Raises:
        FileNotFoundError: there are none; says which command makes them.
        ValueError: the file is damaged.
    """
    path = name if isinstance(name, Path) else Path(name) if str(name).endswith(".json") else _committed(name)
    content = read_file(path)
    flat = [dict(_leaves(run["result"])) for run in content["runs"]]
    seeds, versions = content["seeds"], content["versions"]
    libraries = ", ".join(f"{library} {number}" for library, number in versions.items())
    first_to_last = (
        f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"
    )
    provenance = (
        f"Measured on {content['date']} with `{content['command']}` ({first_to_last}; "
        f"{content['seconds']:.0f} s on {content['device']}; {libraries})."
    )
    arrays = {key: np.array([run[key] for run in flat]) for key in flat[0]}
    return Results(content["experiment"], content["settings"], seeds, provenance, arrays)


def read_file(path):
    """A result file as a dict, its form checked.

    Args:
        path: the file.
    Returns:
        dict with the keys FIELDS; `runs` is a list of {"seed", "seconds", "result"}, one for each of `seeds`.
    Raises:
        FileNotFoundError, ValueError: say which file and what is wrong with it.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=float)
        _validate(content)
    except ValueError as error:
        raise ValueError(f"{path} is no result file: {error}") from None
    return content


def write_file(path, content):
    """Writes a result file, whole or not at all.

    Args:
        path: the file; an old one is replaced.
        content: dict with the keys FIELDS.
    """
    _validate(content)
    # One line a run: a diff then shows which seeds are new.
    head = [f" {json.dumps(field)}: {json.dumps(content[field])},\n" for field in FIELDS[:-1]]
    runs = ",\n".join(f"  {json.dumps(run)}" for run in content["runs"])
    text = "{\n" + "".join(head) + f' "runs": [\n{runs}\n ]\n}}\n'
    write_whole(path, text)


def write_whole(path, text):
    """Writes a text file, whole or not at all.

    Args:
        path: the file; an old one is replaced.
        text: str.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", text=True)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's own 0600 would keep others from reading a result
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def plain(value, key=""):
    """A result as JSON can hold it: dicts of floats and of lists of floats, seven digits each.

    Args:
        value: nested dict whose leaves are numbers, or sequences, arrays or tensors of numbers, at most
            one-dimensional.
        key: where the value stands, for the error.
    Returns:
        dict, list or float.
    Raises:
        ValueError: a key that is no name or holds a dot, a leaf that is no number, or one that is not finite.
    """
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str) or not name or "." in name:
                raise ValueError(f"result {key}: keys must be strings without a dot, got {name!r}")
        return {name: plain(part, f"{key}.{name}".lstrip(".")) for name, part in value.items()}
    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"result {key}: must be a number or a list of numbers, got {value!r}") from None
    if numbers.ndim > 1:
        raise ValueError(f"result {key}: must be a number or a list of numbers, got shape {numbers.shape}")
    if not np.isfinite(numbers).all():
        raise ValueError(f"result {key}: must be finite, got {value!r}")
    rounded = [float(f"{number:.7g}") for number in np.atleast_1d(numbers)]
    return rounded if numbers.ndim else rounded[0]


def installed_versions():
    """Versions of what a result depends on.

    Returns:
        dict name -> version; without torch where there is none.
    """
    found = {"python": platform.python_version(), "coursepkg": coursepkg.__version__, "numpy": np.__version__}
    try:
        return {**found, "torch": version("torch")}
    except PackageNotFoundError:
        return found


def _committed(name):
    # In an installed wheel they lie inside the package, in the repository beside the pages.
    package = Path(coursepkg.__file__).parent
    for folder in (package / "results", package.parent / "book" / "results"):
        if (folder / f"{name}.json").is_file():
            return folder / f"{name}.json"
    raise FileNotFoundError(
        f"no results of {name!r}; `python -m coursepkg.experiments {name} --out FILE` makes them, "
        "load_results('FILE') then reads them, and --list shows which experiments there are"
    )


def _validate(content):
    if not isinstance(content, dict) or tuple(content) != FIELDS:
        raise ValueError(f"must be an object with {', '.join(FIELDS)}, in this order")
    types = {"settings": dict, "versions": dict, "seeds": list, "runs": list, "seconds": (int, float)}
    for field in FIELDS:
        if not isinstance(content[field], types.get(field, str)):
            raise ValueError(f"{field} has the wrong type: {content[field]!r}")
    runs = content["runs"]
    if not runs or any(
        not isinstance(run, dict) or list(run) != ["seed", "seconds", "result"] for run in runs
    ):
        raise ValueError("runs must be a list of objects with seed, seconds, result")
    if [run["seed"] for run in runs] != content["seeds"]:
        raise ValueError("seeds and runs do not fit each other")
    shapes = [[(key, np.shape(leaf)) for key, leaf in _leaves(plain(run["result"]))] for run in runs]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("the runs have different keys or lists of different lengths")


def _leaves(result, path=()):
    if not isinstance(result, dict):
        yield ".".join(path), result
        return
    for key, value in result.items():
        yield from _leaves(value, (*path, key))
