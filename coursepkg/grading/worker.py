"""Runs inside the sandbox, in one process with the answer: nothing it says is trusted.

It is told to run cells, to look up names and to call objects, and replies to each. The answer cannot see the
pipe as its standard input or output; if it finds it, all it can do is answer for itself.
"""

import copy
import importlib.abc
import os
import sys
import traceback

import numpy as np

from coursepkg.grading.wire import Garbled, arrays_in, is_tensor, pack, unpack

SHORT = 500  # characters of an error that are passed on


class Quiet:
    """Stands for the grader in a notebook: checks that a learner left in other cells do nothing."""

    def check(self, question=None):
        return None

    def progress(self):
        return None


class Withheld(importlib.abc.MetaPathFinder):
    """Says of modules why they are not there. What keeps them away is the sandbox, which has not got them."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name in self.names:
            raise ModuleNotFoundError(f"{name} is not at hand when this exercise is graded: do without it")


class Worker:
    """The answer's variables, and the objects that the other side knows by number."""

    def __init__(self, read, write):
        self.read, self.write = read, write
        self.env = {"__name__": "__main__", "grader": Quiet()}
        self.objects = []

    def serve(self):
        """Replies until the pipe is closed."""
        while True:
            request = unpack(self.read, self.objects.__getitem__)
            self.write(self.reply(request))

    def reply(self, request):
        try:
            return pack({"value": getattr(self, request.pop("do"))(**request)}, self.keep)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are an answer's business too
            return pack({"error": self.describe(error)})

    def keep(self, thing):
        self.objects.append(thing)
        return len(self.objects) - 1

    def run(self, cell, source):
        """Executes a cell as a notebook would."""
        from IPython.core.inputtransformer2 import TransformerManager

        code = compile(TransformerManager().transform_cell(source), f"<{cell}>", "exec")
        exec(code, self.env)

    def look_up(self, names):
        """dict of those of the names that the answer has defined."""
        return {name: self.env[name] for name in names if name in self.env}

    def call(self, thing, method, args, kwargs):
        """What thing(*args, **kwargs) or a method of it returns, and which of the arrays it has changed."""
        arrays = arrays_in([args, kwargs])
        before = [copy.deepcopy(array) for array in arrays]
        value = (thing if method is None else getattr(thing, method))(*args, **kwargs)
        changed = [
            [number, array]
            for number, (array, copied) in enumerate(zip(arrays, before, strict=True))
            if not self.same(array, copied)
        ]
        return {"returned": value, "changed": changed}

    def same(self, array, copied):
        array, copied = (np.asarray(each.detach() if is_tensor(each) else each) for each in (array, copied))
        return array.shape == copied.shape and array.tobytes() == copied.tobytes()

    def describe(self, error):
        """What the other side may know of an error."""
        frames = [
            (frame, line)
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_globals is self.env
        ]
        innermost = error.__traceback__
        while innermost is not None and innermost.tb_next is not None:
            innermost = innermost.tb_next
        own = bool(frames) and frames[-1][0] is innermost.tb_frame
        where = (
            f"line {frames[-1][1]} of cell {frames[-1][0].f_code.co_filename.strip('<>')}" if frames else ""
        )
        return {
            "kind": type(error).__name__,
            "text": str(error)[:SHORT],
            "where": where[:SHORT],
            "stub": isinstance(error, NotImplementedError) and own,
        }


def main():
    output, source = os.fdopen(os.dup(1), "wb", 0), os.fdopen(os.dup(0), "rb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)

    def read(count):
        found = source.read(count)
        if len(found) < count:
            raise SystemExit  # the other side has closed the pipe
        return found

    sys.meta_path.insert(0, Withheld(sys.argv[1:]))
    sys.argv = ["notebook"]
    output.write(pack("hello"))
    try:
        Worker(read, output.write).serve()
    except Garbled:
        raise SystemExit(1) from None
