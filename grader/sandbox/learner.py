"""The child's loop: run the learner's cells, answer calls. Everything here is within the learner's reach.

So nothing here is trusted: the judge believes only the values that arrive, and only as values.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import linecache
import os
import random
import socket
import sys
import traceback
from typing import Any

import numpy as np
import torch

from course.check import differentiate, scribble

from . import gpu
from .changes import changed_arguments, changes, overwrite
from .limits import Limits
from .values import Decoder, Encoder, ValueCodecError
from .wire import Wire

MEMORY_SIGNS = ("can't allocate memory", "bad_alloc", "Unable to allocate", "not enough memory", "out of memory")


def serve(sock: socket.socket, limits: Limits) -> None:
    """Answer the judge's requests until it hangs up."""
    seed = int.from_bytes(os.urandom(4))
    random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
    Answerer(Wire(sock), limits).loop()


class Answerer:
    """The side of the wire that answers."""

    def __init__(self, wire: Wire, limits: Limits):
        self.wire = wire
        self.limits = limits
        self.shell = shell()
        self.objects: list[object] = []  # what was handed to the judge as a reference; the index is its name
        self.callbacks: dict[int, Callback] = {}
        self.loaded: tuple | None = None
        self.result: Any = None
        self.answers = {"exec": self.run_cell, "get": self.get, "call": self.call, "getattr": self.getattr,
                        "grad": self.grad, "load": self.load, "go": self.go, "bring": self.bring}

    def loop(self) -> None:
        while True:
            head, buffers = self.wire.receive()
            self.answer(head, buffers)

    def answer(self, head: dict, buffers: list[bytes]) -> None:
        """Answer one request, with a value or with the exception that came instead."""
        try:
            reply, out = self.answers[head["op"]](head, buffers)
        except SystemExit as e:
            reply, out = self.error(RuntimeError(f"exit({e.code}) was called")), []
        except BaseException as e:
            reply, out = self.error(e), []
        self.wire.send(reply, out)

    # --- requests -----------------------------------------------------------------------------------------------

    def run_cell(self, head, buffers):
        """Run one cell of the notebook as IPython would."""
        out = Bounded(self.limits.output)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            result = self.shell.run_cell(head["source"], store_history=False, cell_id=head["id"])
        failure = result.error_before_exec or result.error_in_exec
        return {"op": "return", "stdout": out.getvalue(), "error": self.error(failure)["error"] if failure else None}, []

    def get(self, head, buffers):
        name = head["name"]
        if name not in self.shell.user_ns:
            raise NameError(f"name '{name}' is not defined")
        return self.value(self.shell.user_ns[name])

    def getattr(self, head, buffers):
        return self.value(getattr(self.objects[head["target"]], head["name"]))

    def call(self, head, buffers):
        args, kwargs = self.decode(head["args"], buffers)
        try:
            with _quiet():
                result = self.objects[head["target"]](*args, **kwargs)
            if head["scribble"]:
                scribble((args, tuple(kwargs.values())))
            reply, out = self.value(result)
        except Exception as e:
            reply, out = self.error(e), []
        return self.with_changes(reply, out, args, kwargs, head["args"], buffers) if head["changes"] else (reply, out)

    def grad(self, head, buffers):
        args, kwargs, upstream = self.decode(head["args"], buffers)
        fn = self.objects[head["target"]]
        with _quiet():
            return self.value(differentiate(fn, args, kwargs, head["wrt"], head["output"], upstream))

    def load(self, head, buffers):
        """Take the arguments of a timed call; the call itself waits for `go`."""
        args, kwargs = self.decode(head["args"], buffers)
        if device := head["device"]:
            args = gpu.laid_out(args, device)
        self.loaded = (self.objects[head["target"]], args, kwargs, device)
        return {"op": "return", "value": None}, []

    def go(self, head, buffers):
        assert self.loaded is not None, "the judge loads before it goes"
        f, args, kwargs, device = self.loaded
        self.loaded = None
        self.result = f(*args, **kwargs)
        gpu.finish(device)
        return {"op": "return", "value": None}, []

    def bring(self, head, buffers):
        """The answer of the call that `go` made."""
        result, self.result = self.result, None
        return self.value(result)

    # --- values -------------------------------------------------------------------------------------------------

    def value(self, x) -> tuple[dict, list[bytes]]:
        encoder = Encoder(self.refer)
        node = encoder.encode(x)
        return {"op": "return", "value": node}, encoder.buffers

    def refer(self, x) -> dict:
        """Anything that is no plain value goes out as a number that the judge can call or ask for attributes."""
        if isinstance(x, Callback):
            return {"own": x.number}
        self.objects.append(x)
        return {"ref": len(self.objects) - 1, "name": str(getattr(x, "__name__", "")), "type": type(x).__name__,
                "callable": callable(x)}

    def decode(self, node, buffers):
        return Decoder(buffers, self.resolve).decode(node)

    def resolve(self, node: dict):
        if "own" in node:
            return self.objects[node["own"]]
        number = node["ref"]  # the same function of the judge's is the same object here, each time it comes
        if number not in self.callbacks:
            self.callbacks[number] = Callback(self, number, node["name"])
        return self.callbacks[number]

    def with_changes(self, reply, out, args, kwargs, sent, buffers):
        """Add to a reply those arguments that the call changed in place: the judge's copies change with them."""
        encoder = Encoder(self.refer)
        encoder.buffers = out
        return {**reply, "changed": changes(args, kwargs, sent, buffers, encoder)}, out

    def error(self, e: BaseException) -> dict:
        """An exception in plain words: the nearest builtin class, the message, and the learner's own line."""
        kind = next((c.__name__ for c in type(e).__mro__ if vars(builtins).get(c.__name__) is c), "Exception")
        memory = isinstance(e, MemoryError) or any(sign in str(e) for sign in MEMORY_SIGNS)
        if memory:
            e = e.with_traceback(None)
        with contextlib.suppress(Exception):
            type_ = "an answer that is no plain value" if isinstance(e, ValueCodecError) else type(e).__name__
            return {"op": "raise", "error": {"kind": kind, "type": type_, "message": str(e)[:2000],
                                             "line": _own_line(e), "memory": memory}}
        return {"op": "raise", "error": {"kind": kind, "type": kind, "message": "", "line": "", "memory": memory}}


class Callback:
    """A function of the judge's, callable from here."""

    def __init__(self, child: Answerer, number: int, name: str):
        self.child, self.number, self.__name__ = child, number, name

    def __call__(self, *args, **kwargs):
        encoder = Encoder(self.child.refer)
        node = encoder.encode((args, kwargs))
        self.child.wire.send({"op": "callback", "target": self.number, "args": node}, encoder.buffers)
        while True:
            head, buffers = self.child.wire.receive()
            for argument, changed in changed_arguments(head.get("changed"), args, kwargs):
                overwrite(argument, self.child.decode(changed, buffers))
            if head["op"] == "return":
                return self.child.decode(head["value"], buffers)
            if head["op"] == "raise":
                raise getattr(builtins, head["error"]["kind"])(head["error"]["message"])
            self.child.answer(head, buffers)  # the judge's function called back into this process


class Bounded(io.StringIO):
    """Text output that stops growing at a limit."""

    def __init__(self, limit: int):
        super().__init__()
        self.left = limit

    def write(self, text: str) -> int:
        super().write(text[:max(self.left, 0)])
        self.left -= len(text)
        return len(text)


@contextlib.contextmanager
def _quiet():
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = Bounded(0)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@functools.cache
def shell():
    """IPython without history, files, colours or a terminal: made once, by the warm parent, for all its children."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    ipython = InteractiveShell.instance(config=config)
    for name in ("showtraceback", "showsyntaxerror", "enable_gui"):
        setattr(ipython, name, lambda *args, **kwargs: None)
    ipython.displayhook.write_output_prompt = lambda: None  # type: ignore[method-assign]
    _without_a_shell(ipython)
    return ipython


def _without_a_shell(ipython) -> None:
    """`!pip install …`, `%pip`, `%%bash` say so and go on: they concern the learner's machine, not the answer."""
    from IPython.utils.text import SList

    def refuse(command="", *more, **how):
        print(f"no shell while grading: {str(command).strip().splitlines()[0][:80] if str(command).strip() else ''}")
        ipython.user_ns["_exit_code"] = 1

    ipython.system = ipython.system_raw = ipython.system_piped = refuse
    ipython.getoutput = lambda *command, **how: refuse(*command) or SList()
    for name in ("pip", "conda", "mamba", "micromamba", "uv"):
        ipython.register_magic_function(lambda line: refuse(line), "line", name)
    for name in ("bash", "sh", "script", "system", "sx", "!"):
        ipython.register_magic_function(lambda line, cell=None: refuse(cell or line), "line_cell", name)


def _own_line(e: BaseException) -> str:
    """Where in the learner's own cells the exception arose: `line 3: x = y / 0`."""
    if isinstance(e, SyntaxError):
        return f"line {e.lineno}: {(e.text or '').strip()}"
    for frame in reversed(traceback.extract_tb(e.__traceback__)):
        if "ipykernel_" in frame.filename or frame.filename.startswith("<ipython-input") or frame.filename == "<cell>":
            return f"line {frame.lineno}: {(frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()}"
    return ""
