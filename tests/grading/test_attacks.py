"""What cheats and accidents may do, and the mark that must come out. Each runs in a real sandbox.

A wrong answer never gets a point by what it does besides. What ends an answer's process costs that question
and no other. An answer that is right keeps its points, whatever else it has tried in vain.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from asking import BUBBLEWRAP, QUICK, as_user, judged, points

from coursepkg.grading.exercises import Exercise
from coursepkg.grading.records import borrowed_layers
from coursepkg.grading.sandbox import FIRST_UID, Limits, NoSandbox, group_limits, in_groups
from coursepkg.grading.submission import Submission

pytestmark = BUBBLEWRAP
HERE = Path(__file__).resolve()
RIGHT = "def double(x): return 2 * x"
WRONG = "def double(x): return x"

ENDS = {
    "an endless loop": "def double(x):\n    while True: pass",
    "an endless loop in a cell": "while True: pass",
    "sleep": "import time\ndef double(x): time.sleep(1000)",
    "os._exit": "import os\ndef double(x): os._exit(0)",
    "os._exit in a cell": "import os\nos._exit(0)",
    "kills itself": "import os, signal\ndef double(x): os.kill(os.getpid(), signal.SIGKILL)",
    "kills everybody": "import os, signal\ndef double(x): os.kill(-1, signal.SIGKILL)",
    "closes all files": "import os\ndef double(x): os.closerange(0, 256)\n",
    "a segmentation fault": "import ctypes\ndef double(x): ctypes.string_at(0)",
    "recursion in C": "import sys\nsys.setrecursionlimit(10**9)\ndef double(x): return double(x)",
}


@pytest.mark.parametrize("source", ENDS.values(), ids=ENDS)
def test_what_ends_the_process_costs_one_question(source):
    graded = judged(source, limits=replace(QUICK, call=1))
    assert points(graded) == (0, 1)
    assert graded.verdicts[0].verdict in ("wrong", "not attempted")


RAISES = {
    "sys.exit": "import sys\ndef double(x): sys.exit()",
    "sys.exit in a cell": "import sys\nsys.exit()\n" + RIGHT,
    "interrupts": "def double(x): raise KeyboardInterrupt",
    "a memory bomb": "def double(x): return bytearray(1 << 40)",
    "an error whose text fails": (
        "class Odd(Exception):\n    def __str__(self): raise self\ndef double(x): raise Odd"
    ),
    "a result that is too large": "import numpy as np\ndef double(x): return np.zeros(1 << 25)",
    "a syntax error": "def double(x) return 2 * x",
    "deep nesting": "def double(x):\n    y = x\n    for _ in range(100_000): y = [y]\n    return y",
}


@pytest.mark.parametrize("source", RAISES.values(), ids=RAISES)
def test_what_raises_costs_one_question(source):
    assert points(judged(source)) == (0, 1)


PATCHES = {
    "NumPy's tests": "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None\nnp.allclose = np.isclose",
    "NumPy itself": "import numpy as np\nnp.abs = np.absolute = lambda x: 0 * x\nnp.asarray = lambda *a, **k: 0",
    "builtins": "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = ValueError",
    "json": 'import json\njson.dumps = lambda *a, **k: \'{"value": null, "arrays": []}\'\njson.loads = lambda *a: {}',
    "the checks": (
        "import coursepkg.checks.properties as p\np.must_be_close = p.must_be_array = lambda *a, **k: None\n"
        "import coursepkg.checks.runner as r\nr.run_question = lambda *a: None"
    ),
    "the wire": "import coursepkg.grading.wire as w, coursepkg.grading.worker as k\nw.pack = k.pack = lambda *a: b''",
    "the grader's objects": (
        "import gc\nfor thing in gc.get_objects():\n"
        "    if hasattr(thing, 'points'):\n        try: thing.points = 99\n        except Exception: pass"
    ),
    "torch": "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True\ntorch.testing.assert_close = lambda *a, **k: None",
}


@pytest.mark.parametrize("source", PATCHES.values(), ids=PATCHES)
def test_a_wrong_answer_that_patches_gets_nothing(source):
    limits = Limits(call=5, cell=30, total=60) if "torch" in source else replace(QUICK, call=1)
    assert judged(f"{source}\n{WRONG}", limits=limits).verdicts[0].points == 0


LIES = {
    "is equal to everything": "class Yes:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\ndef double(x): return Yes()",
    "is an array of anything": (
        "class Yes:\n    shape = (2,)\n    def __array__(self, *a, **k): import numpy as np; return np.array([2.0, 4.0])\n"
        "def double(x): return Yes()"
    ),
    "an array that is always equal": (
        "import numpy as np\nclass Yes(np.ndarray):\n    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return 0\n    def __abs__(self): return 0\ndef double(x): return x.view(Yes)"
    ),
    "objects in an array": "import numpy as np\ndef double(x): return np.array([2.0, 4.0], dtype=object)",
    "a record array": "import numpy as np\ndef double(x): return np.zeros(2, dtype=[('a', 'f8')])",
    "a pickle": "import pickle\ndef double(x): return pickle.dumps(2 * x)",
    "not a number": "def double(x): return x * float('nan')",
    "an ellipsis": "double = ...",
}


@pytest.mark.parametrize("source", LIES.values(), ids=LIES)
def test_what_only_looks_right_gets_nothing(source):
    assert points(judged(source)) == (0, 1)


FORGERIES = {
    "nonsense": "b'x' * 4096",
    "huge lengths": "struct.pack('<II', 2**32 - 1, 2**32 - 1)",
    "lengths of nothing": "struct.pack('<II', 0, 0)",
    "objects": 'frame({"value": ["array", 0], "arrays": [["|O", [2]]]})',
    "an array without numbers": 'frame({"value": ["array", 0], "arrays": [["<f8", [1 << 50]]]})',
    "a negative shape": 'frame({"value": ["array", 0], "arrays": [["<f8", [-1]]]})',
    "a number for a reply": 'frame({"value": 7, "arrays": []})',
    "an unknown kind": 'frame({"value": ["function", "os.system"], "arrays": []})',
    "a name that is not asked for": (
        'frame({"value": ["dict", [["value", ["dict", [["open", ["object", 0]]]]]]], "arrays": []})'
    ),
    "deep nesting": 'struct.pack("<II", 200_000, 0) + b"[" * 200_000',
}
FORGE = """
import json, os, struct
def frame(header):
    text = json.dumps(header).encode()
    return struct.pack("<II", len(text), 0) + text
for pipe in range(3, 30):
    try:
        os.write(pipe, {forgery})
    except OSError:
        pass
def double(x): return x
"""


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_forged_messages_get_nothing(forgery):
    assert judged(FORGE.format(forgery=forgery)).verdicts[0].points == 0


def test_a_forged_reply_is_worth_what_a_hard_coded_answer_is():
    forged = 'frame({"value": ["dict", [["value", ["array", 0]]]], "arrays": []})'
    assert judged(FORGE.format(forgery=forged)).verdicts[0].points == 0
    coded = "import numpy as np\ndef double(x): return np.array([2.0, 4.0])"
    graded = judged(coded)
    assert points(graded) == (2, 1)  # the values that everybody sees, and not the hidden ones
    assert graded.verdicts[0].hidden.violated


TRIES = {  # each returns what the answer should only if what it tries has failed
    "the network": (
        "import socket\ndef tried():\n    for host, port in (('127.0.0.1', {port}), ('1.1.1.1', 53)):\n"
        "        try:\n            socket.create_connection((host, port), 1); return True\n        except OSError: pass\n"
    ),
    "the tests and solutions": "import os\ndef tried(): return any(os.path.exists(p) for p in {secrets})\n",
    "other people's files": (
        "import os\ndef tried():\n    places = '/etc/passwd', '/etc/shadow', '/var', '/tmp/.X11-unix', '/run'\n"
        "    return bool(os.listdir('/tmp/answer')) or any(map(os.path.exists, places))\n"
    ),
    "writing anywhere but to the scratch space": (
        "import coursepkg, pathlib\nplaces = [line.split()[1] for line in open('/proc/self/mounts')]\n"
        "def tried():\n    for place in [pathlib.Path(coursepkg.__file__).parent, *places]:\n"
        "        try: pathlib.Path(place, 'x').write_text('x')\n        except OSError: continue\n"
        "        if place != '/tmp/answer': return True\n    return False\n"
    ),
    "deleting everything": (
        "import shutil, os, coursepkg\ndef tried():\n    for p in (os.path.dirname(coursepkg.__file__), '/usr/bin', '/tmp'):\n"
        "        shutil.rmtree(p, ignore_errors=True)\n    return not os.path.exists(coursepkg.__file__)\n"
    ),
    "a disk bomb": (
        "def tried():\n    n = 0\n    for folder in ('/tmp/answer', '/dev/shm', '/tmp', '/dev'):\n        for i in range(20):\n"
        "            try:\n                with open(f'{{folder}}/x{{i}}', 'wb') as f: n += f.write(b'0' * (50 << 20))\n"
        "            except OSError: break\n    return n > 400 << 20\n"
    ),
    "a fork bomb": (
        "import os, time\ndef tried():\n    n = 0\n    try:\n        for _ in range(500):\n"
        "            if os.fork() == 0: time.sleep(60); os._exit(0)\n            n += 1\n"
        "    except OSError: pass\n    return n > 100\n"
    ),
    "other processes": (
        "import os\ndef tried():\n    return len([p for p in os.listdir('/proc') if p.isdigit()]) > 8 or os.getuid() == 0\n"
    ),
    "a new namespace": (
        "import ctypes, os\ndef tried():\n    libc = ctypes.CDLL(None)\n    return libc.unshare(0x10000000) == 0 and libc.mount(b'none', b'/usr', b'tmpfs', 0, None) == 0\n"
    ),
    "the grader's environment, folder and keys": """
import glob, os
def told(path):
    try:
        if os.path.islink(path): return os.readlink(path).encode()
        with open(path, "rb") as file: return file.read(1 << 20)
    except OSError: return b""
def memory(process):
    for line in told(f"{{process}}/maps").decode().splitlines():
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        try:
            with open(f"{{process}}/mem", "rb") as file:
                file.seek(first)
                yield file.read(last - first)
        except (OSError, ValueError, OverflowError): continue
def tried():
    files = [path for part in ("*", "*/*", "task/*/*") for path in glob.glob(f"/proc/[0-9]*/{{part}}")]
    texts = *map(told, files), *memory("/proc/1"), *memory("/proc/1/task/1")
    return bool(told("/proc/keys")) or any(b"SEC" + b"RET" in text for text in texts)
""",
}


@pytest.mark.parametrize("name", TRIES)
def test_what_is_tried_in_vain(name, monkeypatch, tmp_path):
    import socket

    monkeypatch.setenv("SECRET", "1")
    (tmp_path / "SECRET").mkdir()
    monkeypatch.chdir(tmp_path / "SECRET")
    server = socket.create_server(("127.0.0.1", 0))
    secrets = [str(HERE), str(HERE.parents[2] / "solutions"), str(HERE.parents[2] / "_build"), str(tmp_path)]
    source = TRIES[name].format(port=server.getsockname()[1], secrets=secrets)
    answer = "\ndone = tried()\ndef double(x): return 3 * x if done or tried() else 2 * x"
    limits = Limits(call=20, cell=20, total=60, memory=1 << 30, processes=32)
    graded = judged(source + answer, limits=limits, slot=7, withheld=("torch",))
    server.close()
    assert points(graded) == (3, 1), graded
    until = time.monotonic() + 5
    while time.monotonic() < until and any(
        _belongs(process, FIRST_UID + 7) for process in psutil.process_iter()
    ):
        time.sleep(0.05)
    assert not any(_belongs(process, FIRST_UID + 7) for process in psutil.process_iter())


def test_what_an_ordinary_user_tries_in_vain():
    """The sandbox of such a user's grader runs under the same uid, which may read more of it than root's."""
    if os.geteuid() != 0:
        pytest.skip("has been tried above")
    tries = (HERE, "-k", "in_vain and not bomb")
    command = as_user(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tries)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def _belongs(process, uid):
    try:
        return process.uids().real == uid
    except psutil.Error:
        return False


def test_no_cgroup_stays_behind():
    with group_limits(QUICK) as files:
        if not files:
            pytest.skip("no writable cgroup")
        process = subprocess.Popen(in_groups(files, ["sleep", "100"]))
        while not all(file.read_text() for file in files):
            time.sleep(0.01)
    assert process.wait(5) == -signal.SIGKILL
    assert not any(file.parent.exists() for file in files)


def test_processes_together_stay_below_the_limit_of_memory():
    if not any(os.access(f"/sys/fs/cgroup{part}", os.W_OK) for part in ("/memory", "/cgroup.procs")):
        pytest.skip("no writable cgroup: the limit is one for each process")
    source = (
        "import os\ndef double(x):\n    for _ in range(4):\n        if os.fork() == 0:\n"
        "            b = b'1' * (400 << 20)\n            os._exit(0)\n"
        "    ends = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(4)]\n    return 2 * x if any(ends) else 3 * x\n"
    )
    limits = Limits(call=20, cell=20, total=60, memory=1 << 30)
    assert judged(source, limits=limits).verdicts[0].points in (0, 3)  # killed with them, or told of it


def test_floods_of_output_do_no_harm():
    flood = "import sys\nsys.stdout.write('x' * (1 << 26)); sys.stderr.write('y' * (1 << 26))\n"
    assert points(judged(flood + RIGHT)) == (3, 1)


def test_text_of_an_answer_is_cut():
    graded = judged("def double(x): raise ValueError('\\x1b[31m<script>' * 100_000)")
    assert points(graded) == (0, 1)
    assert len(graded.verdicts[0].shown.message) < 2000


def test_the_layer_that_an_answer_is_asked_to_write_is_not_at_hand():
    borrowed = "from coursepkg.dropout.numpy_layers import dropout\ndef double(x): return dropout(2 * x, 0.0)"
    torch = "import torch\ndef double(x): return torch.add(torch.tensor(x), torch.tensor(x)).numpy()"
    withheld = ("coursepkg.dropout", "torch")
    for source, module in ((borrowed, "coursepkg.dropout"), (torch, "torch")):
        for unsafe in (False, True):  # a learner's own check says the same
            graded = judged(source, withheld=withheld, unsafe=unsafe)
            assert points(graded) == (0, 1)
            assert f"{module} is not at hand" in graded.errors["q1-answer"]
        assert points(judged(f"import sys\nsys.meta_path.pop(0)\n{source}", withheld=withheld)) == (0, 1)
    assert points(judged(borrowed)) == (3, 1)


def test_a_layer_of_torch_in_an_answer_is_noted():
    called = "from torch.nn import functional as F\ndef double(x): return F.max_pool2d(x, 1) + x"
    exercise = Exercise("pooling/double", "1", {"q1": ""}, references={"q1-answer": "def double(x): ..."})
    for source, notes in ((called, ["q1-answer names max_pool2d, as the solution does not"]), (RIGHT, [])):
        submission = Submission("pooling/double", "1", [("q1-answer", source)])
        assert list(borrowed_layers(submission, exercise)) == notes


def test_calls_that_no_exercise_needs_are_forbidden():
    source = """
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def double(x):
    calls = lambda: libc.ptrace(0, 0, 0, 0), lambda: libc.unshare(0x10000000), lambda: libc.syscall(321, 0, 0, 0)
    refused = all(call() == -1 and ctypes.get_errno() == errno.EPERM for call in calls)
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    except PermissionError:
        return 2 * x if refused else x
"""
    assert points(judged(source)) == (3, 1)


def test_time_is_up_in_all():
    slow = "import time\ndef double(x): time.sleep(1.5); return 2 * x"
    limits = Limits(call=2, cell=3, total=4, memory=1 << 30)
    start = time.monotonic()
    graded = judged(slow, limits=limits)
    assert time.monotonic() - start < 15
    assert graded.verdicts[0].points == 3 or "comes to an end" in (
        graded.verdicts[0].violated,
        graded.verdicts[1].violated,
    )


def test_answers_that_end_their_process_again_and_again_do_not_go_on_forever():
    graded = judged("import os\nos._exit(0)", after="import os\nos._exit(0)")
    assert points(graded) == (0, 0) and graded.seconds < 30


def test_a_sandbox_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr("coursepkg.grading.sandbox.WORKER", "raise RuntimeError('no start')")
    with pytest.raises(NoSandbox, match=r"did not start: it ended its process[\s\S]*RuntimeError: no start"):
        judged(RIGHT)


def test_the_unsafe_way_gives_the_same_marks():
    assert points(judged(RIGHT, unsafe=True)) == (3, 1)
    assert points(judged(WRONG, unsafe=True)) == (0, 1)
    assert points(judged(ENDS["os._exit"], unsafe=True, limits=QUICK)) == (0, 1)
