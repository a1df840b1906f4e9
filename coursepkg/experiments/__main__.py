"""python -m coursepkg.experiments: every measurement the book prints, runnable alone."""

import argparse
import ast
import sys

from coursepkg.experiments.registry import experiment_names, find_experiment
from coursepkg.experiments.runner import measure


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m coursepkg.experiments",
        description="Runs an experiment and writes its results as JSON. When a run was interrupted, the same "
        "command goes on at the next seed.",
    )
    parser.add_argument("name", nargs="?", help="the experiment's name")
    parser.add_argument("--list", action="store_true", help="show all experiments with their settings")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="how many seeds (default: the experiment's own)"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps (default: cpu)")
    parser.add_argument("--out", metavar="FILE", help="the JSON file to write or to complete")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="change a setting; can be repeated",
    )
    arguments = parser.parse_args(argv)
    if arguments.list:
        _print_list()
        return 0
    if arguments.name is None or arguments.out is None:
        parser.error("a name and --out FILE are needed, or --list")
    try:
        experiment = find_experiment(arguments.name)
        if "torch" in sys.modules:
            # The nets are small: one thread is fastest, and sums come out in the same order everywhere.
            sys.modules["torch"].set_num_threads(1)
        measure(
            experiment,
            arguments.out,
            seeds=arguments.seeds,
            device=arguments.device,
            settings=_settings(experiment, arguments.set),
        )
    except (KeyError, ValueError, OSError, ModuleNotFoundError) as error:
        parser.exit(2, f"{parser.prog}: {error.args[0] if isinstance(error, KeyError) else error}\n")
    except KeyboardInterrupt:
        print(f"\nInterrupted. The same command goes on at the next seed ({arguments.out}).", file=sys.stderr)
        return 130
    return 0


def _print_list():
    for name in experiment_names():
        try:
            experiment = find_experiment(name)
        except ModuleNotFoundError as error:
            print(f"{name}\n    ({error})")
            continue
        settings = ", ".join(f"{key}={value!r}" for key, value in experiment.settings.items())
        print(f"{name} ({experiment.seeds} seeds)\n    {experiment.summary}\n    {settings}")


def _settings(experiment, assignments):
    """["n_train=200"] -> {"n_train": 200}, each value of its default's type."""
    changed = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ValueError(f"--set takes SETTING=VALUE, got {assignment!r}")
        default = experiment.settings.get(key)
        if default is None or isinstance(default, str):
            changed[key] = text  # `measure` refuses settings that do not exist
            continue
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = None
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(value)
        if type(value) is not type(default):
            raise ValueError(f"{key} must be a {type(default).__name__} like {default!r}, got {text!r}")
        changed[key] = value
    return changed


if __name__ == "__main__":
    sys.exit(main())
