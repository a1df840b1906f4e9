"""Which experiments there are."""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Experiment:
    """A measurement that can be repeated with any seed.

    Fields:
        name: "<topic>-<slug>", as its module is coursepkg.experiments.<topic>.<slug>.
        run: function (seed, device, **settings) -> nested dict of numbers and lists of numbers; with parts,
            function (seed, device, part, **settings).
        seeds: how many seeds the committed result has.
        first_seed: the first of them.
        settings: run's keyword defaults.
        parts: function (settings) -> list of str, what a seed consists of; None where it is one piece.
    """

    name: str
    run: Any
    seeds: int
    first_seed: int
    settings: dict
    parts: Any = None

    @property
    def summary(self):
        """The first line of run's docstring."""
        return (inspect.getdoc(self.run) or "").split("\n")[0]


def experiment(name, *, seeds, first_seed=0, parts=None):
    """Decorator: registers run(seed, device, *, setting=default, ...) as an experiment.

    Where a seed takes long, it can be cut into parts that do not depend on each other: then it is
    run(seed, device, part, *, ...), what the parts return is put together, and an interrupted run goes on at
    the next part.

    Args:
        name: "<topic>-<slug>"; must be what the module's own path says.
        seeds: how many seeds the committed result has, >= 1.
        first_seed: the first of them.
        parts: function (settings) -> list of str.
    Returns:
        the function itself, with the Experiment as its attribute `experiment`.
    Raises:
        ValueError: the name does not fit the module, or the signature is another one.
    """

    def register(run):
        if run.__module__ != "__main__" and name != _name(*run.__module__.split(".")[-2:]):
            raise ValueError(f"experiment name {name!r} does not fit its module {run.__module__}")
        parameters = list(inspect.signature(run).parameters.values())
        first = ["seed", "device"] if parts is None else ["seed", "device", "part"]
        given, rest = parameters[: len(first)], parameters[len(first) :]
        settings = {p.name: p.default for p in rest}
        if (
            [p.name for p in given] != first
            or any(p.kind is not p.KEYWORD_ONLY for p in rest)
            or inspect.Parameter.empty in settings.values()
        ):
            raise ValueError(
                f"{name}: the signature must be run({', '.join(first)}, *, setting=default, ...)"
            )
        run.experiment = Experiment(name, run, seeds, first_seed, settings, parts)
        return run

    return register


def experiment_names():
    """Names of all experiments, sorted; imports none of them.

    Returns:
        list of str.
    """
    return sorted(_modules())


def find_experiment(name):
    """The experiment of that name.

    Args:
        name: one of experiment_names().
    Returns:
        Experiment.
    Raises:
        KeyError: there is none of that name; lists those there are.
        ModuleNotFoundError: it needs PyTorch, which is not installed.
    """
    modules = _modules()
    if name not in modules:
        raise KeyError(f"no experiment {name!r}; there are: {', '.join(sorted(modules))}")
    try:
        return importlib.import_module(modules[name]).run.experiment
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModuleNotFoundError(f"{name} needs PyTorch: pip install torch", name="torch") from error


def _name(topic, slug):
    return f"{topic}-{slug}".replace("_", "-")


def _modules():
    package = importlib.import_module("coursepkg.experiments")
    found = {}
    for topic in pkgutil.iter_modules(package.__path__):
        if topic.ispkg:
            # Not imported: a topic's folder is found by its path, so that listing costs nothing.
            folder = topic.module_finder.find_spec(topic.name).submodule_search_locations
            for slug in pkgutil.iter_modules(folder):
                if not slug.name.startswith("_"):
                    found[_name(topic.name, slug.name)] = f"coursepkg.experiments.{topic.name}.{slug.name}"
    return found
