"""The command line: results whole or absent, interrupted runs that go on, other settings refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import coursepkg.experiments
from coursepkg.experiments import experiment_names, find_experiment, load_results, results
from coursepkg.experiments.__main__ import main

TINY = '''
import time
from coursepkg.experiments import experiment

@experiment("tiny-example", seeds=3, first_seed=10)
def run(seed, device, *, scale=2.0, steps=4, pause=0.0, kind="up", sizes=(1, 2)):
    """Multiplies the seed."""
    time.sleep(pause)
    if kind == "nan":
        return {"value": float("nan")}
    return {"value": seed * scale, "curve": {"loss": [scale] * steps}}
'''
PIECES = '''
import os, pathlib, time
from coursepkg.experiments import experiment

@experiment("tiny-pieces", seeds=2, first_seed=10, parts=lambda settings: list(settings["letters"]))
def run(seed, device, part, *, letters="abc", stop="", pause=0.0):
    """Notes who did what."""
    time.sleep(pause)
    with open("done.txt", "a") as file:
        file.write(f"{os.environ.get('RANK', '0')} {seed}{part}\\n")
    if f"{seed}{part}" == stop or pathlib.Path("broken").exists() and part == "c":
        raise KeyboardInterrupt
    return {"both": {part: {"value": seed + ord(part)}}}
'''
# A process of its own, with the tiny experiment beside the real ones.
# A job in the background inherits that Ctrl-C is ignored, hence the handler.
START = "import signal, sys, coursepkg.experiments as e; e.__path__.append(sys.argv.pop(1)); \
signal.signal(signal.SIGINT, signal.default_int_handler); \
from coursepkg.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    folder = tmp_path / "experiments" / "tiny"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "example.py").write_text(TINY)
    (folder / "pieces.py").write_text(PIECES)
    (folder / "_shared.py").write_text("raise RuntimeError('not an experiment')")
    here = [*coursepkg.experiments.__path__, str(tmp_path / "experiments")]
    monkeypatch.setattr(coursepkg.experiments, "__path__", here)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for module in [name for name in sys.modules if name.startswith("coursepkg.experiments.tiny")]:
        del sys.modules[module]


def run(*arguments):
    return main(["tiny-example", *arguments])


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_discovery_needs_no_registration(tiny):
    assert "tiny-example" in experiment_names()
    assert "tiny--shared" not in experiment_names()
    found = find_experiment("tiny-example")
    assert (found.seeds, found.first_seed, found.summary) == (3, 10, "Multiplies the seed.")
    with pytest.raises(KeyError, match=r"no experiment 'tiny-exampel'; there are: .*tiny-example"):
        find_experiment("tiny-exampel")


def test_list_shows_every_experiment(tiny, capsys):
    assert main(["--list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in experiment_names())
    assert "tiny-example (3 seeds)\n    Multiplies the seed.\n    scale=2.0, steps=4" in shown


def test_file_has_everything_and_loads(tiny):
    assert run("--out", "folder/out.json", "--set", "scale=3", "--set", "sizes=(5,)") == 0
    content = json.loads((tiny / "folder/out.json").read_text())
    assert tuple(content) == results.FIELDS
    assert content["command"] == (
        "python -m coursepkg.experiments tiny-example --seeds 3 --device cpu --out folder/out.json"
        " --set scale=3.0 --set 'sizes=(5,)'"
    )
    assert content["settings"] == {"scale": 3.0, "steps": 4, "pause": 0.0, "kind": "up", "sizes": [5]}
    assert content["versions"]["numpy"] == np.__version__
    loaded = load_results("folder/out.json")
    assert list(loaded) == ["value", "curve.loss"] and loaded.seeds == [10, 11, 12]
    np.testing.assert_array_equal(loaded["value"], [30, 33, 36])
    assert loaded["curve.loss"].shape == (3, 4)
    assert content["command"] in loaded.provenance and "3 seeds, 10 to 12" in loaded.provenance
    with pytest.raises(KeyError, match=r"no result 'curve'; it has: value, curve.loss"):
        loaded["curve"]


def test_more_seeds_are_added_and_the_old_ones_kept(tiny):
    run("--out", "out.json", "--seeds", "2")
    before = json.loads((tiny / "out.json").read_text())["runs"]
    before[0]["seconds"] = 99.0  # a mark that a second run of the seed would wipe out
    content = json.loads((tiny / "out.json").read_text()) | {"runs": before}
    results.write_file(tiny / "out.json", content)
    run("--out", "out.json", "--seeds", "4")
    content = json.loads((tiny / "out.json").read_text())
    assert content["runs"][:2] == before and content["seeds"] == [10, 11, 12, 13]
    assert "--seeds 4" in content["command"] and content["seconds"] >= 99
    run("--out", "out.json", "--seeds", "1")
    assert json.loads((tiny / "out.json").read_text()) == content


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "scale=5"], "settings {'scale': 2.0}, this run has {'scale': 5.0}"),
        (["--set", "sizes=(1, 3)"], "{'sizes': [1, 2]}, this run has {'sizes': [1, 3]}"),
    ],
)
def test_other_settings_are_not_mixed_in(tiny, capsys, arguments, words):
    run("--out", "out.json")
    before = (tiny / "out.json").read_bytes()
    message = refused(capsys, "tiny-example", "--out", "out.json", "--seeds", "4", *arguments)
    assert words in message and "another --out" in message
    assert (tiny / "out.json").read_bytes() == before


@pytest.mark.parametrize(
    ("field", "words"),
    [("device", "device cuda, this run has cpu"), ("versions", "versions {'numpy': '1.0'}, this")],
)
def test_other_device_or_versions_are_not_mixed_in(tiny, capsys, field, words):
    run("--out", "out.json")
    content = json.loads((tiny / "out.json").read_text())
    content[field] = "cuda" if field == "device" else content["versions"] | {"numpy": "1.0"}
    results.write_file(tiny / "out.json", content)
    assert f"was made with {words}" in refused(capsys, "tiny-example", "--out", "out.json")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tiny-example"], "--out FILE are needed"),
        (["tiny-exampel", "--out", "x.json"], "no experiment 'tiny-exampel'"),
        (["tiny-example", "--out", "x.json", "--seeds", "0"], "seeds must be a whole number >= 1, got 0"),
        (["tiny-example", "--out", "x.json", "--seeds", "two"], "invalid int value: 'two'"),
        (["tiny-example", "--out", "x.json", "--set", "scale"], "--set takes SETTING=VALUE, got 'scale'"),
        (["tiny-example", "--out", "x.json", "--set", "scala=3"], "no setting 'scala'; it has: scale, steps"),
        (["tiny-example", "--out", "x.json", "--set", "steps=2.5"], "steps must be a int like 4, got '2.5'"),
        (["tiny-example", "--out", "x.json", "--set", "steps=up"], "steps must be a int like 4, got 'up'"),
        (
            ["tiny-example", "--out", "x.json", "--device", "nonsense"],
            "device 'nonsense' cannot be used here",
        ),
        (["tiny-example", "--out", ".", "--seeds", "1"], "directory"),
        (["tiny-example", "--out", "x.json", "--set", "kind=nan"], "result value: must be finite, got nan"),
    ],
)
def test_bad_arguments_are_clear_and_write_nothing(tiny, capsys, arguments, words):
    assert words in refused(capsys, *arguments)
    assert not (tiny / "x.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to a single process there")
def test_interrupted_run_goes_on_at_the_next_seed(tiny):
    command = [sys.executable, "-c", START, str(tiny / "experiments"), "tiny-example", "--out", "out.json"]
    command += ["--seeds", "3", "--set", "pause=0.6"]
    environment = {**os.environ, "PYTHONPATH": str(Path(coursepkg.experiments.__file__).parents[2])}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    until = time.monotonic() + 20
    while not (tiny / "out.json").exists() and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)  # seed 11 has just begun
    _, message = process.communicate(timeout=20)
    assert process.returncode == 130 and "goes on at the next seed" in message
    first = json.loads((tiny / "out.json").read_text())
    assert first["seeds"] == [10]
    subprocess.run(command, check=True, capture_output=True, timeout=20, env=environment)
    second = json.loads((tiny / "out.json").read_text())
    assert second["seeds"] == [10, 11, 12] and second["runs"][0] == first["runs"][0]
    assert sorted(path.name for path in tiny.iterdir()) == ["experiments", "out.json"]


# Seeds in parts, and several processes


def done(tiny):
    """[(process, seed and part)], in the order in which they were begun."""
    return [tuple(line.split()) for line in (tiny / "done.txt").read_text().splitlines()]


def test_parts_of_a_seed_are_put_together(tiny):
    assert main(["tiny-pieces", "--out", "out.json"]) == 0
    content = json.loads((tiny / "out.json").read_text())
    values = {part: {"value": 10.0 + ord(part)} for part in "abc"}
    assert content["runs"][0]["result"] == {"both": values} and content["seeds"] == [10, 11]
    assert [part for _, part in done(tiny)] == ["10a", "10b", "10c", "11a", "11b", "11c"]
    assert sorted(path.name for path in tiny.iterdir()) == ["done.txt", "experiments", "out.json"]


def test_interrupted_run_goes_on_at_the_next_part(tiny, capsys):
    (tiny / "broken").touch()
    assert main(["tiny-pieces", "--out", "out.json"]) == 130
    assert not (tiny / "out.json").exists()
    assert sorted(path.name for path in (tiny / "out.json.parts").iterdir()) == ["10-a.json", "10-b.json"]
    words = refused(capsys, "tiny-pieces", "--out", "out.json", "--set", "pause=0.1")
    assert "10-a.json was made with settings {'pause': 0.0}, this run has {'pause': 0.1}" in words
    (tiny / "broken").unlink()
    (tiny / "done.txt").unlink()
    assert main(["tiny-pieces", "--out", "out.json"]) == 0
    assert [part for _, part in done(tiny)] == ["10c", "11a", "11b", "11c"]
    assert load_results("out.json")["both.a.value"].tolist() == [107, 108]
    assert not (tiny / "out.json.parts").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs another rendezvous there")
def test_processes_started_by_torchrun_share_the_work_and_take_it_up_again(tiny):
    pytest.importorskip("torch")
    (tiny / "start.py").write_text(START)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["start.py", str(tiny / "experiments"), "tiny-pieces", "--out", "out.json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(coursepkg.experiments.__file__).parents[2])}
    options = {"capture_output": True, "timeout": 100, "env": environment, "cwd": tiny}
    (tiny / "broken").touch()
    assert subprocess.run(command, **options).returncode != 0
    assert not (tiny / "out.json").exists()
    kept = {path.stem.replace("-", "") for path in (tiny / "out.json.parts").iterdir()}
    assert "10a" in kept and kept <= {"10a", "10b", "11a", "11b"}

    (tiny / "broken").unlink()
    (tiny / "done.txt").unlink()
    subprocess.run(command, check=True, **options)
    again = done(tiny)
    assert {part for _, part in again} == {f"{seed}{part}" for seed in (10, 11) for part in "abc"} - kept
    assert len(again) == 6 - len(kept) and {process for process, _ in again} == {"0", "1"}
    shared = json.loads((tiny / "out.json").read_text())
    assert not (tiny / "out.json.parts").exists()

    main(["tiny-pieces", "--out", "alone.json"])
    alone = json.loads((tiny / "alone.json").read_text())
    assert [run["result"] for run in shared["runs"]] == [run["result"] for run in alone["runs"]]


@pytest.mark.parametrize(
    ("signature", "parts"),
    [("seed, device, part, *, n=1", None), ("seed, device, *, n=1", list), ("seed, device, part, n", list)],
)
def test_signatures_that_do_not_fit_are_refused(signature, parts):
    space = {}
    exec(f"def run({signature}): pass", {"__name__": "__main__"}, space)
    with pytest.raises(ValueError, match=r"tiny-wrong: the signature must be run\(seed, device"):
        coursepkg.experiments.experiment("tiny-wrong", seeds=1, parts=parts)(space["run"])


def test_failed_write_keeps_the_old_file_and_leaves_no_other(tiny, monkeypatch):
    run("--out", "out.json", "--seeds", "1")
    before = (tiny / "out.json").read_bytes()

    def broken(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(SystemExit):
        run("--out", "out.json", "--seeds", "2")
    assert (tiny / "out.json").read_bytes() == before
    assert sorted(path.name for path in tiny.iterdir()) == ["experiments", "out.json"]


# What a run may return, and what a file may hold


def test_plain_takes_numbers_of_any_kind():
    value = {"a": np.float32(0.1), "b": [1, 2], "c": {"d": np.arange(3)}}
    assert results.plain(value) == {"a": 0.1, "b": [1.0, 2.0], "c": {"d": [0.0, 1.0, 2.0]}}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": {"b": float("inf")}}, "result a.b: must be finite"),
        ({"a": "text"}, "result a: must be a number or a list of numbers, got 'text'"),
        ({"a": np.ones((2, 2))}, r"result a: .* got shape \(2, 2\)"),
        ({"p0.5": 1.0}, "keys must be strings without a dot, got 'p0.5'"),
        ({"a": {5: 1.0}}, "result a: keys must be strings without a dot, got 5"),
    ],
)
def test_plain_refuses(value, words):
    with pytest.raises(ValueError, match=words):
        results.plain(value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": [10, 12]}, "seeds and runs do not fit"),
        ({"runs": []}, "runs must be a list"),
        ({"seconds": "long"}, "seconds has the wrong type"),
        (
            {"runs": [{"seed": seed, "seconds": 1, "result": {str(seed): 1}} for seed in (10, 11)]},
            "different",
        ),
    ],
)
def test_damaged_files_are_named(tiny, change, words):
    run("--out", "out.json", "--seeds", "2")
    content = json.loads((tiny / "out.json").read_text()) | change
    (tiny / "out.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf"out.json is no result file: .*{words}"):
        load_results("out.json")


def test_half_a_file_is_named(tiny, capsys):
    run("--out", "out.json")
    text = (tiny / "out.json").read_text()
    (tiny / "out.json").write_text(text[: len(text) // 2])
    assert "out.json is no result file" in refused(capsys, "tiny-example", "--out", "out.json")


def test_unknown_results_say_which_command_makes_them():
    with pytest.raises(FileNotFoundError, match=r"coursepkg.experiments no-such --out FILE"):
        load_results("no-such")
