"""Every measurement the book prints: `python -m coursepkg.experiments --list`."""

from coursepkg.experiments.registry import Experiment, experiment, experiment_names, find_experiment
from coursepkg.experiments.results import Results, load_results

__all__ = ["Experiment", "Results", "experiment", "experiment_names", "find_experiment", "load_results"]
