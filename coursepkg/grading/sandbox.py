"""Where an answer runs: alone, without network, on files that it can only read, within limits."""

import contextlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import coursepkg

MIB = 1 << 20
SCRATCH = "/tmp/answer"
FIRST_UID = 61000  # of nobody; each sandbox of a machine has its own
WORKER = "import sys; sys.path.insert(0, sys.argv.pop(1)); from coursepkg.grading.worker import main; main()"
PATIENCE = 5  # seconds until a cgroup must be empty
# What tells of the user who grades: bubblewrap's memory, with folder and mounts in it, and the names of keys.
MASKED = ("/proc/1/mem", "/proc/1/task/1/mem", *filter(os.path.exists, ["/proc/keys"]))
CGROUPS = Path("/sys/fs/cgroup")


class NoSandbox(RuntimeError):
    """The sandbox cannot be had or did not start: never a mark."""


@dataclass(frozen=True)
class Limits:
    """What an answer may use.

    Fields:
        call: seconds for each call of a test.
        cell: seconds for each cell of the notebook.
        total: seconds for the whole submission.
        cpu: seconds of processor time for each of its processes.
        memory: bytes, for each process and, where there are writable cgroups, for all together.
        processes: how many, threads included.
        file: bytes of a file.
        scratch: bytes of all its files; they are in memory and vanish with it.
    """

    call: float = 20
    cell: float = 60
    total: float = 300
    cpu: int = 240
    memory: int = 4096 * MIB
    processes: int = 64
    file: int = 64 * MIB
    scratch: int = 256 * MIB


def check_available():
    """Raises NoSandbox, naming what to install."""
    if sys.platform != "linux":
        raise NoSandbox(f"answers are run by bubblewrap, which needs Linux, and this is {sys.platform}")
    if shutil.which("bwrap") is None:
        raise NoSandbox("bubblewrap is missing: apt-get install bubblewrap")
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        raise NoSandbox("libseccomp is missing: apt-get install libseccomp2, pip install pyseccomp") from None


def readable():
    """list of Path: the folders that an answer sees. Nothing that gives answers away may lie there."""
    package = Path(coursepkg.__file__).parent
    python = Path("/usr"), Path(sys.base_prefix), Path(sys.prefix)
    folders = [*python, package, package.parent / "book" / "results"]
    return list(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def command(limits, *, slot=0, withheld=(), seccomp=None):
    """The command line of a worker in a sandbox.

    Args:
        limits: Limits.
        slot: a number that no other sandbox of this machine has at the same time.
        withheld: names of modules that the answer shall not find, for instance "torch".
        seccomp: number of the open file with the filter of system calls.
    Returns:
        list of str.
    """
    root = os.geteuid() == 0
    return [
        *("env", "-i", shutil.which("bwrap")),  # an answer can read bwrap's environment
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *(() if root else ("--unshare-user", "--disable-userns")),
        *(() if seccomp is None else ("--seccomp", str(seccomp))),
        *("--die-with-parent", "--new-session", "--hostname", "answer"),
        *("--setenv", "HOME", SCRATCH, "--setenv", "PATH", f"{sys.prefix}/bin:/usr/bin"),
        *("--setenv", "OMP_NUM_THREADS", "1", "--setenv", "OPENBLAS_NUM_THREADS", "1"),
        *("--setenv", "TQDM_DISABLE", "1", "--setenv", "MPLBACKEND", "agg", "--setenv", "USER", "answer"),
        *("--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
        *("--proc", "/proc", "--dev", "/dev"),
        *(word for file in MASKED for word in ("--ro-bind", "/dev/null", file)),
        *(
            word
            for folder in _parents([*readable(), Path(SCRATCH)])
            for word in ("--perms", "0755", "--dir", folder)
        ),
        *(word for path in readable() for word in ("--ro-bind", str(path), str(path))),
        *(word for folder in _folders(withheld) for word in ("--tmpfs", folder, "--remount-ro", folder)),
        *("--perms", "1777", "--size", str(limits.scratch), "--tmpfs", SCRATCH, "--chdir", SCRATCH),
        *("--remount-ro", "/", "--remount-ro", "/dev"),
        "--",
        *(_drop_to(FIRST_UID + slot) if root else ()),
        *("prlimit", f"--as={limits.memory}", f"--nproc={limits.processes}", f"--cpu={limits.cpu}"),
        *(f"--fsize={limits.file}", "--core=0", "--nofile=256", "--"),
        *worker_command(withheld),
    ]


def worker_command(withheld=()):
    """The worker, as a process of its own and nothing more, of this very package."""
    return [sys.executable, "-I", "-c", WORKER, str(Path(coursepkg.__file__).parents[1].resolve()), *withheld]


def _folders(modules):
    """Wherever these modules lie; several copies may be installed."""
    found = []
    for module in modules:
        spec = importlib.util.find_spec(module)
        found += [Path(folder) for folder in (spec.submodule_search_locations if spec else ())]
        found += [Path(entry, *module.split(".")) for entry in sys.path]
    return list(dict.fromkeys(str(folder.resolve()) for folder in found if folder.is_dir()))


@contextlib.contextmanager
def group_limits(limits):
    """A cgroup for one sandbox, where this process may make one.

    Args:
        limits: Limits.
    Yields:
        list of Path: files into which a process writes its number to be limited; empty without cgroups.
    """
    made = []
    try:
        for folder, settings in _cgroup_plans(limits):
            try:
                made.append(Path(tempfile.mkdtemp(prefix="coursepkg-", dir=folder)))
                for name, value in settings.items():
                    (made[-1] / name).write_text(str(value))
            except OSError:
                continue  # not writable, or not delegated: the limits for each process remain
        yield [folder / "cgroup.procs" for folder in made if (folder / "cgroup.procs").exists()]
    finally:
        for folder in made:
            _remove_group(folder)


def _remove_group(folder):
    """Ends what is left in a cgroup and removes it; the kernel takes a moment to let its processes go."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            folder.rmdir()
            return
        with contextlib.suppress(OSError):
            for process in (folder / "cgroup.procs").read_text().split():
                os.kill(int(process), signal.SIGKILL)
        time.sleep(0.002)


def in_groups(files, command):
    """The command line of a process that first joins these cgroups.

    Args:
        files: list of Path, as `group_limits` yields.
        command: list of str.
    Returns:
        list of str.
    """
    if not files:
        return command
    join = "".join(f"echo $$ > {file} && " for file in files)
    return ["sh", "-c", f'{join}exec "$@"', "sh", *command]


def _cgroup_plans(limits):
    if (CGROUPS / "cgroup.controllers").exists():
        return [(CGROUPS, {"memory.max": limits.memory, "memory.swap.max": 0, "pids.max": limits.processes})]
    return [
        (CGROUPS / "memory", {"memory.limit_in_bytes": limits.memory}),
        (CGROUPS / "pids", {"pids.max": limits.processes}),
    ]


def _drop_to(uid):
    return [
        *("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"),
        *("--bounding-set=-all", "--inh-caps=-all", "--"),
    ]


def _parents(paths):
    """All folders above the paths, from the root down, each once."""
    found = {parent for path in paths for parent in path.parents if parent != Path("/")}
    return sorted((str(folder) for folder in found), key=lambda folder: folder.count("/"))
