"""Grades a folder of notebooks, on this machine or on a cluster, and goes on where it was interrupted."""

import datetime
import json
import os
import time
from collections import Counter
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from tqdm import tqdm

from coursepkg.grading.gradebook import has_grading, read_records
from coursepkg.grading.records import clean, make_record, problem_record, record_key, write_record
from coursepkg.grading.sandbox import Limits, NoSandbox, check_available
from coursepkg.grading.session import Session
from coursepkg.grading.submission import BadSubmission, Unreadable, parse_submission, read_notebook

AHEAD = 4  # notebooks that wait at each worker: enough to keep it busy, few enough to stay in memory
TRIES = 3
PATIENCE = 60  # seconds until a cluster has its first worker
SLOTS = 4000


@dataclass(frozen=True)
class Found:
    """Something that was handed in.

    Fields:
        student: the first folder below the submissions, or the file's name where there is none; cleaned.
        path: of the file, or of a student's folder that holds none; absolute.
    """

    student: str
    path: Path


def find_notebooks(folder):
    """All notebooks below a folder, those that cannot be read included.

    Args:
        folder: of the submissions: STUDENT.ipynb, or STUDENT/ANYTHING.ipynb.
    Returns:
        list of Found, sorted; a student's folder without a notebook, and a link in the place of a folder,
        stand in it too, so that nobody is passed over in silence.
    Raises:
        ValueError: the folder does not exist, or nothing was handed in.
        OSError: a folder cannot be read.
    """
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            own = [path for path in sorted(_notebooks(entry)) if ".ipynb_checkpoints" not in path.parts]
            found += [Found(clean(entry.name), path) for path in own or [entry]]
        elif entry.suffix == ".ipynb" or entry.is_symlink():
            found.append(Found(clean(entry.name.removesuffix(".ipynb")), entry))
    if not found:
        raise ValueError(f"{folder} holds no notebook (*.ipynb)")
    return found


def _notebooks(folder):
    """Yields the notebooks in a folder and in those below it."""

    def refuse(error):
        raise error

    for path, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(path, name) for name in names if name.endswith(".ipynb"))


def grade_class(found, out, exercises, *, cluster=None, workers=None, limits=None, unsafe=False, only=None):
    """Grades notebooks and keeps one record of each in OUT/records.

    Args:
        found: list of Found.
        out: folder; what it holds already of the same notebooks, tests and libraries is not graded again.
        exercises: dict name -> exercises.Exercise.
        cluster: address of a dask scheduler; None starts workers on this machine.
        workers: how many of these; None is one for each core.
        limits: sandbox.Limits.
        unsafe: run answers without a sandbox; the records say so.
        only: name of the one exercise that was asked for, or None for all.
    Returns:
        list of dict: the records, in the order of `found`. What failed through no fault of the notebook has
        a problem and no key; it is not kept, so that the next run tries it again.
    Raises:
        NoSandbox: bubblewrap is missing here, or no sandbox starts.
        ValueError: a notebook cannot be read; OUT has marks of a notebook that is missing now, or that cannot
            be graded any more; the solution of an exercise does not get full marks here, so that nobody
            could. Nothing has been graded then.
    """
    limits = limits or Limits()
    if not unsafe and cluster is None:
        check_available()
    looked = _look_at_all(found, exercises, only)
    _refuse_to_lose_marks(out, found, looked)
    folder = Path(out) / "records"
    folder.mkdir(parents=True, exist_ok=True)
    records = [None] * len(found)
    with tqdm(total=len(found), desc="grading", unit="notebook") as bar:

        def keep(number, record, new=True):
            if new and record["key"] is not None:
                write_record(folder, record)
            records[number] = record
            bar.update()

        waiting = _waiting(found, folder, exercises, limits, unsafe, only, keep)
        first = next(waiting, None)
        if first is not None:
            with _client(cluster, workers) as client:
                client.wait_for_workers(1, timeout=PATIENCE)
                client.submit(try_sandbox, limits, unsafe, pure=False).result()
                _try_solutions(client, looked, limits, unsafe)
                for number, record in _graded(client, chain([first], waiting), limits, unsafe):
                    keep(number, record)
    return records


def try_sandbox(limits, unsafe):
    """Starts a sandbox and ends it; raises NoSandbox where that fails."""
    Session(limits, time.monotonic() + limits.total, slot=os.getpid() % SLOTS, unsafe=unsafe).close()


def grade_one(content, exercise, limits, unsafe=False):
    """A record, made on a worker; a sandbox that does not start is tried again.

    Args:
        content: bytes of the notebook.
        exercise: exercises.Exercise.
        limits: sandbox.Limits.
        unsafe: as for `grade_class`.
    Returns:
        dict, as records.make_record.
    """
    for attempt in range(TRIES):
        try:
            return make_record(content, exercise, limits, slot=os.getpid() % SLOTS, unsafe=unsafe)
        except NoSandbox:
            if attempt == TRIES - 1:
                raise


def _look_at_all(found, exercises, only):
    """(Exercise or None, problem or None) of each; a ValueError that names all that cannot be read."""
    looked, unreadable = [], []
    for one in found:
        try:
            looked.append(_look_at(one.path, exercises, only)[1:])
        except ValueError as error:
            unreadable.append(str(error))
    if unreadable:
        raise ValueError("\n  ".join(["nothing was graded, and nothing overwritten:", *unreadable]))
    return looked


def _refuse_to_lose_marks(out, found, looked):
    """A ValueError where OUT has marks of more notebooks of somebody's exercise than can be graded now."""
    records = read_records(out) if has_grading(out) else []
    before = {one["file"]: (one["student"], one["exercise"]) for one in records if not one["problem"]}
    now, problems = {}, {}
    for one, (exercise, problem) in zip(found, looked, strict=True):
        if problem:
            problems[str(one.path)] = f": {problem}"
        else:
            now[str(one.path)] = (one.student, exercise.name)
    if lost := Counter(before.values()) - Counter(now.values()):
        lines = [
            f"{clean(file)} of {mark[1]}{problems.get(file, '')}"
            for file, mark in before.items()
            if mark in lost and now.get(file) != mark
        ]
        head = f"nothing was graded, and nothing overwritten: {out} has marks of what is missing now"
        raise ValueError("\n  ".join([head, *lines]))


def _try_solutions(client, looked, limits, unsafe):
    """Grades the solutions of the exercises that were handed in: tests and libraries may be amiss."""
    handed_in = [exercise for exercise, problem in looked if not problem]
    by_name = {exercise.name: exercise for exercise in handed_in if exercise.references}
    futures = {
        name: client.submit(grade_one, exercise.solution(), exercise, limits, unsafe, pure=False)
        for name, exercise in by_name.items()
    }
    for name, future in futures.items():
        try:
            record = future.result()
        except Exception as error:
            raise ValueError(f"nothing was graded: the tests of {name} fail with {error!r}") from None
        for question in record["questions"]:
            if question["points"] < question["possible"]:
                parts = question["shown"], question["hidden"]
                why = [part["violated"] or part["message"] for part in parts]
                why += [f"{cell}: {error}" for cell, error in record["errors"].items()]
                gets = f"{question['points']:g} of {question['possible']:g} points in {question['question']}"
                raise ValueError(
                    f"nothing was graded: on this machine the solution of {name} gets {gets} "
                    f"({'; '.join(filter(None, why))})"
                )


def _waiting(found, folder, exercises, limits, unsafe, only, keep):
    """Yields (number, facts, content, exercise) of what must be run; what needs no run is kept at once."""
    for number, one in enumerate(found):
        content, exercise, problem = _look_at(one.path, exercises, only)
        facts = {
            "student": one.student,
            "file": str(one.path),
            "date": datetime.datetime.now().isoformat(timespec="seconds"),
            "exercise": exercise.name if exercise else None,
            "key": record_key(content, exercise, limits, unsafe, problem, one.student, str(one.path)),
        }
        kept = folder / f"{facts['key']}.json"
        if kept.exists():
            keep(number, json.loads(kept.read_text(encoding="utf-8")), new=False)
        elif problem:
            keep(number, {**facts, **problem_record(problem)})
        else:
            yield number, facts, content, exercise


def _graded(client, waiting, limits, unsafe):
    """Yields (number, record) as they are done; only a few notebooks are on their way at a time."""
    from distributed import as_completed

    on_the_way = {}

    def submit(number, facts, content, exercise):
        future = client.submit(grade_one, content, exercise, limits, unsafe, pure=False, retries=2)
        on_the_way[future.key] = (number, facts)
        return future

    cores = max(1, sum(client.ncores().values()))
    done = as_completed([submit(*task) for task in islice(waiting, AHEAD * cores)])
    for future in done:
        number, facts = on_the_way.pop(future.key)
        try:
            graded = future.result()
        except Exception as error:  # the machine's, not the notebook's: no mark, and the others go on
            problem = f"through no fault of its own ({type(error).__name__}: {error}); run the command again"
            graded = {**problem_record(problem), "key": None}
        yield number, {**facts, **graded}
        for task in islice(waiting, 1):
            done.add(submit(*task))


def _client(cluster, workers):
    import dask
    from distributed import Client

    dask.config.set({"distributed.worker.profile.enabled": False})  # its samples grow with every notebook
    if cluster is not None:
        return Client(cluster)
    own = {"n_workers": workers or os.cpu_count(), "threads_per_worker": 1, "processes": True}
    return Client(**own, dashboard_address="127.0.0.1:0")


def _look_at(path, exercises, only):
    """(bytes, Exercise or None, problem or None) of a file; a ValueError where it cannot be read."""
    try:
        content = read_notebook(path)
        name = parse_submission(content).exercise
    except Unreadable as error:
        raise ValueError(f"{clean(path)} {error}") from None
    except BadSubmission as error:
        return b"", None, f"it {error}"
    if name not in exercises:
        return content, None, f"it is of the exercise {name!r}, for which there are no tests"
    if only not in (None, name):
        return content, exercises[name], f"it is of the exercise {name!r}, not of {only!r}"
    return content, exercises[name], None
