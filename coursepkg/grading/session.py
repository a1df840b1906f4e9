"""A conversation with an answer in its sandbox, from the trusted side."""

import contextlib
import os
import select
import signal
import subprocess
import time

from coursepkg.checks.properties import Violation
from coursepkg.checks.runner import NotAttempted
from coursepkg.grading.sandbox import (
    NoSandbox,
    check_available,
    command,
    group_limits,
    in_groups,
    worker_command,
)
from coursepkg.grading.system_calls import system_call_filter
from coursepkg.grading.wire import Garbled, arrays_in, is_tensor, pack, unpack

START = 30  # seconds for a sandbox to say hello
CHUNK = 1 << 20


class Died(Exception):
    """The answer's process has ended, was ended, or said something that is no reply."""


class Session:
    """One process of the answer.

    Args:
        limits: Limits.
        deadline: time.monotonic() at which everything must be over.
        slot: as for `sandbox.command`.
        withheld: as for `sandbox.command`.
        unsafe: run the answer in an ordinary process, with all that its user may do.
    Raises:
        NoSandbox: it did not start.
    """

    def __init__(self, limits, deadline, *, slot=0, withheld=(), unsafe=False):
        self.limits, self.deadline, self.alive = limits, deadline, True
        self._closing = contextlib.ExitStack()
        if unsafe:
            words, passed = worker_command(withheld), ()
        else:
            check_available()
            passed = (self._closing.enter_context(system_call_filter()),)
            words = command(limits, slot=slot, withheld=withheld, seccomp=passed[0])
            words = in_groups(self._closing.enter_context(group_limits(limits)), words)
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            pass_fds=passed,
        )
        try:
            if self._receive(START) != "hello":  # before any line of the answer has run
                raise Died("said something else than hello")
        except Died as error:
            os.killpg(self._process.pid, signal.SIGKILL)
            said = self._process.stderr.read().decode(errors="replace").strip()
            self.close()
            raise NoSandbox(f"the sandbox did not start: it {error}. {said[-500:]}") from None

    def run(self, cell, source):
        """Executes a cell; raises AnswerError, or Died."""
        self._ask(self.limits.cell, do="run", cell=cell, source=source)

    def look_up(self, names):
        """dict of those of the names that the answer has defined; objects as Handle."""
        found = self._ask(self.limits.call, do="look_up", names=list(names))
        for name, thing in found.items() if isinstance(found, dict) else ():
            if isinstance(thing, Handle):
                thing._name = f"`{str(name)[:100]}`"
        return found

    def call(self, handle, method, args, kwargs):
        """Calls an object of the answer; raises AnswerError, or Died.

        What it has written into arrays that it was given is written into them here too.
        """
        request = {"thing": handle, "method": method, "args": list(args), "kwargs": kwargs}
        reply = self._ask(self.limits.call, do="call", **request)
        try:
            value, changed = reply["returned"], reply["changed"]
            arrays = arrays_in([request["args"], kwargs])
            for number, array in changed:
                _write_into(arrays[number], array)
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
            self.close()
            raise Died("sent a reply of no known form") from None
        return value

    def close(self):
        """Ends the process and all that it has started."""
        self.alive = False
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()
        self._process.wait()
        self._closing.close()

    def _ask(self, seconds, **request):
        if not self.alive:
            raise Died("had already ended")
        try:
            message = pack(request)
        except Garbled as error:
            raise Died(f"was to get {error}") from None
        try:
            self._send(message, seconds)
            reply = self._receive(seconds)
        except Died:
            self.close()
            raise
        if not isinstance(reply, dict) or not reply.keys() & {"value", "error"}:
            self.close()
            raise Died("sent a reply of no known form")
        if "error" in reply:
            raise AnswerError(reply["error"])
        return reply["value"]

    def _send(self, message, seconds):
        """Writes as the other side reads; it may have stopped reading."""
        end, sent, pipe = self._end(seconds), 0, self._process.stdin.fileno()
        os.set_blocking(pipe, False)
        while sent < len(message):
            left = end - time.monotonic()
            if left <= 0 or not select.select([], [pipe], [], left)[1]:
                raise Died(f"took longer than {seconds:g} seconds")
            try:
                sent += os.write(pipe, message[sent : sent + CHUNK])
            except BlockingIOError:
                continue
            except OSError:
                raise Died("ended its process") from None

    def _receive(self, seconds):
        end = self._end(seconds)

        def read(count):
            found = bytearray()
            while len(found) < count:
                left = end - time.monotonic()
                if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                    raise Died(f"took longer than {seconds:g} seconds")
                some = os.read(self._process.stdout.fileno(), min(CHUNK, count - len(found)))
                if not some:
                    raise Died("ended its process")
                found += some
            return bytes(found)

        try:
            return unpack(read, lambda number: Handle(self, number))
        except Garbled as error:
            raise Died(f"sent {error}") from None

    def _end(self, seconds):
        return min(time.monotonic() + seconds, self.deadline)


def _write_into(array, changed):
    if is_tensor(array):
        array.detach().copy_(changed)
    elif array.shape == changed.shape:
        array[...] = changed


class Handle:
    """Stands for an object of the answer: it can be called, and so can its methods."""

    def __init__(self, session, number):
        self._session, self.number_on_the_other_side, self._name = session, number, "it"

    def __call__(self, *args, **kwargs):
        return self._ask(None, args, kwargs)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._ask(name, args, kwargs)

    def _ask(self, method, args, kwargs):
        try:
            return self._session.call(self, method, args, kwargs)
        except Died as error:
            raise Violation("comes to an end", f"the answer {error}", advice="") from None
        except AnswerError as error:
            if error.stub:
                raise NotAttempted(f"{self._name} still raises NotImplementedError") from None
            raise


class AnswerError(AssertionError):
    """The answer raised an exception; its text is "ValueError: ...", as the checkers expect it.

    Args:
        found: what the worker says of it; nothing about its form is sure.
    Fields:
        stub: whether it is the NotImplementedError of a stub.
        where: "line 3 of cell q1-answer", or "".
    """

    def __init__(self, found):
        found = found if isinstance(found, dict) else {}
        kind, text, where = (str(found.get(key, ""))[:500] for key in ("kind", "text", "where"))
        super().__init__(f"{kind}: {text}")
        self.stub, self.where = found.get("stub") is True, where
