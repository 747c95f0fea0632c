"""A conversation with one learner's process: run cells, fetch names, call functions.

The process may die or hang at any moment. Then a new one is forked and the cells that did no harm run again, so that
one deadly cell costs its own points and no others.
"""

from __future__ import annotations

import builtins
import time
from typing import Any

from ..intake.text import clean
from ..sandbox.changes import changed_arguments, changes, overwrite
from ..sandbox.host import Child, Warm
from ..sandbox.limits import Limits
from ..sandbox.values import Decoder, Encoder, ValueCodecError
from ..sandbox.wire import Wire, WireClosed, WireError, WireTimeout
from .clock import Clock
from .proxy import Proxy
from .verdict import Ran

MAX_CALLBACK_DEPTH = 20
ADVICE = (  # names of exceptions, a part of the message, one sentence
    (("ModuleNotFoundError", "FileNotFoundError"), "",
     "Only the notebook counts: a file beside it is not there while grading, but a cell with %%writefile can make it"),
    (("PermissionError", "BlockingIOError", "InductorError", "BackendCompilerFailed"), "",
     "While grading no program can be started and no file outside the notebook's own folder be opened"),
    (("URLError", "ConnectionError", "gaierror"), "", "While grading there is no network"),
)
TAMED = (StopIteration, StopAsyncIteration,  # would end a loop of the judge's, and with it the asserts inside, unseen
         UnicodeError, ExceptionGroup)       # cannot be made from a message alone


class Fatal(BaseException):
    """The learner's process is lost. Not an Exception: a graded cell's `except Exception` must not swallow it."""

    verdict = "died"


class Died(Fatal):
    verdict = "died"


class OutOfTime(Fatal):
    verdict = "timeout"


class OutOfMemory(Fatal):
    verdict = "memory"


class Session:
    """A learner's process that is replaced when it is lost."""

    def __init__(self, warm: Warm, limits: Limits):
        self.warm, self.limits = warm, limits
        self.end = time.monotonic() + limits.notebook
        self.deadline: Clock | None = None
        self.patience = limits.cell               # seconds for the next cell
        self.history: list[tuple[str, str]] = []  # (cell id, source) of the cells that ran and left the process alive
        self.generation = 0                       # counts processes: a proxy of a dead one is dead too
        self.child: Child | None = None
        self.wire: Wire | None = None
        self.functions: list[Any] = []            # the judge's functions that went over, by number
        self.depth = 0
        self.ratios: list[float] = []             # of the duels won since the graded cell began

    def close(self) -> None:
        if self.child:
            self.child.kill()
            self.child = self.wire = None

    # --- cells ----------------------------------------------------------------------------------------------------

    def run(self, cell_id: str, source: str, again: bool = True) -> Ran:
        """Run one of the learner's cells. A cell that kills its process is left out from then on.

        again: whether it belongs to the state that a new process has to be brought to
        """
        try:
            self._ensure()
            self.start_clock()
            ran = self._exec(cell_id, source)
        except Fatal as e:
            cost = self.patience if isinstance(e, OutOfTime) or not self.deadline else self.deadline.spent()
            return Ran(error=f"this cell {e}", spent=cost)
        ran.spent = self.deadline.spent() if self.deadline else 0.0
        if again:
            self.history.append((cell_id, source))
        return ran

    def _exec(self, cell_id: str, source: str) -> Ran:
        head, _ = self._ask({"op": "exec", "id": cell_id, "source": source})
        error = head.get("error")
        return Ran(clean(as_text(head.get("stdout")), self.limits.output), described(error) if error else "")

    def _ensure(self) -> None:
        """Have a living process in the state in which the last one was before its last cell."""
        if self.child:
            return
        if time.monotonic() >= self.end:
            raise OutOfTime(self._too_long())
        self.child = self.warm.fork(self.limits)
        self.wire = Wire(self.child.sock, self.child.offence)
        self.generation += 1
        for cell_id, source in self.history:
            self.start_clock()
            self._exec(cell_id, source)
        self.start_clock()

    def start_clock(self) -> None:
        """From now on `patience` counts."""
        self.deadline = Clock(self.child, self.patience, self.end) if self.child else None

    # --- names, calls, attributes -----------------------------------------------------------------------------------

    def get(self, name: str) -> Any:
        """The value of a name in the learner's notebook, a Proxy where it is a function or an object."""
        self._ensure()
        value = self._value(*self._ask({"op": "get", "name": name}))
        if isinstance(value, Proxy):
            value.__dict__["__name__"] = name  # and not what it calls itself: a duel finds the opponent by it
        return value

    def call(self, proxy: Proxy, args: tuple, kwargs: dict, bring_changes: bool = True, scribble: bool = False) -> Any:
        """Call a function over there.

        bring_changes: what it does to its arguments happens here too
        scribble:      they are written into before the answer is read, so that one which shares their memory shows
        """
        request = {"op": "call", "target": self._target(proxy), "changes": bring_changes, "scribble": scribble}
        head, buffers = self._ask_with(request, (args, kwargs))
        if bring_changes:
            self._bring_changes(head.get("changed"), buffers, args, kwargs)
        return self._value(head, buffers)

    def _bring_changes(self, changed, buffers, args, kwargs) -> None:
        """What the call did to its arguments over there happens to the judge's own."""
        try:
            pairs = changed_arguments(changed, args, kwargs)
        except (TypeError, ValueError, LookupError):
            raise theirs(TypeError("what came back is no plain value: it changes what was not passed")) from None
        for argument, node in pairs:
            overwrite(argument, self._decode(node, buffers))

    def getattr(self, proxy: Proxy, name: str) -> Any:
        return self._value(*self._ask({"op": "getattr", "target": self._target(proxy), "name": name}))

    def grad(self, proxy: Proxy, args, kwargs, wrt, output, upstream) -> Any:
        head = {"op": "grad", "target": self._target(proxy), "wrt": list(wrt), "output": output}
        return self._value(*self._ask_with(head, (args, kwargs, upstream)))

    def duel(self, proxy: Proxy, **duel) -> Any:
        from .duel import remote_duel  # it needs this module
        outcome = remote_duel(self, proxy, **duel)
        self.ratios.append(outcome.ratio)
        return outcome

    def twin(self, warm: Warm) -> Session:
        """A session in the same state in another sandbox: the cells that did no harm run there too, at first use."""
        other = type(self)(warm, self.limits)
        other.history = list(self.history)
        return other

    def load(self, proxy: Proxy, args: tuple, device: str = "") -> None:
        """Send the arguments of a timed call ahead. device: where its tensors have to be; "" leaves them alone."""
        self._value(*self._ask_with({"op": "load", "target": self._target(proxy), "device": device}, (args, {})))

    def go(self) -> None:
        """Run the call whose arguments were loaded."""
        self._value(*self._ask({"op": "go"}))

    def bring(self) -> Any:
        """The answer of that call."""
        return self._value(*self._ask({"op": "bring"}))

    def _target(self, proxy: Proxy) -> int:
        if proxy._generation != self.generation or self.child is None:
            raise Died("was lost: its process has ended")
        return proxy._target

    # --- messages ---------------------------------------------------------------------------------------------------

    def _ask_with(self, head: dict, value: Any):
        encoder = Encoder(self._refer)
        return self._ask({**head, "args": encoder.encode(value)}, encoder.buffers)

    def _ask(self, head: dict, buffers=()):
        """Send a request and serve the callbacks that come before its answer. Raises Fatal when none comes."""
        try:
            self.wire.send(head, buffers, self.deadline)
            while True:
                reply, out = self.wire.receive(self.deadline)
                if reply.get("op") != "callback":
                    return reply, out
                self._serve_callback(reply, out)
        except WireTimeout:
            self.close()
            over = time.monotonic() >= self.end
            raise OutOfTime(self._too_long() if over else "ran out of time: is there an endless loop?") from None
        except WireError as e:
            self.close()
            raise Died("ended its process" if isinstance(e, WireClosed) else f"was stopped: {e}") from None

    def _too_long(self) -> str:
        return f"ran out of time: the notebook as a whole took longer than {self.limits.notebook:g} s"

    def _serve_callback(self, head: dict, buffers) -> None:
        """The learner's function calls a function that a graded cell passed to it; what this does to its arguments, too."""
        encoder = Encoder(self._refer)
        try:
            number = head["target"]
            if type(number) is not int or not 0 <= number < len(self.functions) or self.depth >= MAX_CALLBACK_DEPTH:
                raise ValueError("no such function")
            args, kwargs = self._decode(head["args"], buffers)
            self.depth += 1
            try:
                reply = {"op": "return", "value": encoder.encode(self.functions[number](*args, **kwargs))}
            except Exception as e:
                reply, encoder.buffers = _raised(e), []
            finally:
                self.depth -= 1
            reply["changed"] = changes(args, kwargs, head["args"], buffers, encoder)
        except Exception as e:
            reply, encoder.buffers = _raised(e), []
        self.wire.send(reply, encoder.buffers, self.deadline)

    def _value(self, head: dict, buffers) -> Any:
        """The value in a reply; the exception in it is raised as the nearest builtin one, marked as the learner's."""
        if head.get("op") == "raise":
            raise_theirs(head.get("error"))
        return self._decode(head.get("value"), buffers)

    def _decode(self, node, buffers) -> Any:
        try:
            return Decoder(buffers, self._resolve).decode(node)
        except (ValueCodecError, MemoryError) as e:
            raise theirs(TypeError(f"what came back is no plain value: {e}")) from None

    def _resolve(self, node: dict) -> Any:
        if "own" in node:
            return self.functions[node["own"]]
        if type(node["ref"]) is not int:
            raise TypeError("a reference that is no number")
        return Proxy(self, node["ref"], clean(as_text(node["name"]), 80), clean(as_text(node["type"]), 80),
                     node["callable"] is True)

    def _refer(self, x: Any) -> dict:
        if isinstance(x, Proxy):
            return {"own": self._target(x)}
        if not callable(x):
            raise TypeError(f"a graded cell passed a {type(x).__name__}, which is no plain value")
        if x not in self.functions:
            self.functions.append(x)
        return {"ref": self.functions.index(x), "name": getattr(x, "__name__", "function")}


def _raised(e: Exception) -> dict:
    """What the learner's side hears of an exception of the judge's."""
    kind = type(e).__name__ if vars(builtins).get(type(e).__name__) is type(e) else "RuntimeError"
    return {"op": "raise", "error": {"kind": kind, "message": str(e)}}


def theirs(e: Exception, description: str = "") -> Exception:
    """Mark an exception as one that the learner's code raised."""
    e.theirs = description or str(e)  # type: ignore[attr-defined]
    return e


def raise_theirs(error: Any) -> None:
    """Raise here what the learner's code raised there, as a builtin Exception of the same kind."""
    error = error if isinstance(error, dict) else {}
    if error.get("memory") is True:
        raise OutOfMemory("ran out of memory")
    kind = vars(builtins).get(as_text(error.get("kind")))
    if not (isinstance(kind, type) and issubclass(kind, Exception)) or issubclass(kind, TAMED):
        kind = RuntimeError
    raise theirs(kind(clean(as_text(error.get("message")))), described(error))


def described(error: Any) -> str:
    """`ValueError: k is too large (line 3: raise ValueError(...))`"""
    error = error if isinstance(error, dict) else {}
    kind, message, line = (as_text(error.get(part)) for part in ("type", "message", "line"))
    return clean(f"{kind or 'an exception'}{message and f': {message}'}{line and f' ({line})'}{_advice(kind, message)}", 600)


def _advice(kind: str, message: str) -> str:
    """What a learner cannot know of an error that only grading brings."""
    return next((f". {advice}" for kinds, sign, advice in ADVICE if kind in kinds and sign in message), "")


def as_text(x: Any) -> str:
    """What should be text, and came from a process that may send anything in its place."""
    return x if isinstance(x, str) else ""
