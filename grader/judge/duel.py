"""The judge's side of a timed duel: two sandboxed children, one clock, and only one of them awake at a time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from course.duel import Outcome, Undecided, run

from ..errors import SandboxError
from ..sandbox import gpu
from ..sandbox.host import Warm
from .proxy import Proxy

if TYPE_CHECKING:
    from .session import Session

ALONE, ALONE_WARM_UP = 7, 5  # calls of the reference before the learner's code comes to the GPU
DISTURBED = 1.15             # times what it took alone: then somebody else is at work on the GPU


def remote_duel(session: Session, proxy: Proxy, *, draw: Callable, reference: str, limit: float, rtol: float | None,
                atol: float | None, gpu_limit: float | None = None, gpu_draw: Callable | None = None) -> Outcome:
    """Duel between the learner's function and the reference, which gets a child of its own."""
    name = proxy.__name__
    if gpu_limit is not None:
        try:
            if warm := session.warm.on_gpu():
                return on_gpu(session, name, warm, gpu_draw or draw, reference, gpu_limit, rtol, atol)
        except SandboxError as e:  # no fault of the learner's
            raise Undecided(f"{name} cannot be timed on the GPU of this machine: {e}") from None
        except BaseException as e:
            if not hasattr(e, "theirs") and getattr(e, "verdict", "") != "memory":
                raise
            # A right answer may be written for the CPU alone, where its author tried it: it is timed there.
    bout = Bout(cpu_time)
    opponent = type(session)(session.warm, session.limits)
    try:
        run_reference(opponent, reference)
        bout.enter("reference", opponent, name)
        bout.sides["learner"] = session, proxy
        return run(bout.turn, draw, limit, name, rtol, atol)
    finally:
        opponent.close()
        if session.child:
            session.child.resume()


def on_gpu(session: Session, name: str, warm: Warm, draw: Callable, reference: str, limit: float,
           rtol: float | None, atol: float | None) -> Outcome:
    """The same by the wall clock, between two children that may use the GPU; the learner's cells run there afresh.

    Stopping a process does not stop what it has under way on the GPU. So the reference is timed alone first, when no
    learner's code has been there: who slows it down wins nothing.
    """
    bout = Bout(wall_time, warm.device)
    waiting = time.monotonic()
    with gpu.lane():
        session.end += time.monotonic() - waiting
        opponent, mine = type(session)(warm, session.limits), session.twin(warm)
        try:
            run_reference(opponent, reference)
            bout.enter("reference", opponent, name)
            alone = bout.alone(draw)
            bout.enter("learner", mine, name)
            outcome = run(bout.turn, draw, limit, f"{name} (on the GPU)", rtol, atol)
            if (slowed := bout.reference_seconds() / alone) > DISTURBED:
                raise Undecided(f"{name} cannot be timed on the GPU: beside it the reference takes {slowed:.2f} times "
                                "as long as alone. Leave nothing under way on the GPU when a call returns, or grade it "
                                "again on a quieter machine")
            return outcome
        finally:
            opponent.close()
            mine.close()


def run_reference(opponent: Session, reference: str) -> None:
    if error := opponent.run("reference", reference).error:
        raise Undecided(f"the reference of this timed check does not run ({error}): tell the section's author")


def cpu_time(session: Session) -> float:
    """The kernel's count of a child's CPU time, read from here: the child cannot touch it, nor can a busy machine."""
    return session.child.cpu_seconds()


def wall_time(session: Session) -> float:
    return time.perf_counter()


class Bout:
    """Turns of two sides, of which one is awake.

    The clock starts before the arguments, drawn here, are sent, and stops when the answer is here in full. Taking
    arguments in is transport and counts for nobody, but only as far as it takes the reference: a child may do its work
    there. From a GPU the answer's way back is transport too, and often longer than the call; of the CPU's time it is
    a small part, which limits were set with.
    """

    def __init__(self, clock: Callable[[Session], float], device: str = ""):
        self.clock, self.device = clock, device
        self.sides: dict[str, tuple[Session, Proxy]] = {}
        self.times: list[tuple[float, float]] = []  # the reference's, of transport and of work

    def enter(self, side: str, session: Session, name: str) -> None:
        self.sides[side] = session, session.get(name)
        session.child.stop()

    def turn(self, side: str, args: tuple) -> tuple[float, Any]:
        """One call of one side: (seconds, answer)."""
        mine, f = self.sides[side]
        for other, _ in self.sides.values():
            if other is not mine:
                other.child.stop()
        mine.child.resume()
        mine.start_clock()
        start = self.clock(mine)
        mine.load(f, args, self.device)
        loaded = self.clock(mine)
        mine.go()
        done = self.clock(mine)
        answer = mine.bring()
        end = self.clock(mine)
        if not self.device:
            done = end
        if side == "reference":
            self.times.append((loaded - start + end - done, done - loaded))
            return done - loaded, answer
        transport = statistics.median(load for load, _ in self.times) if self.times else 0.0
        return end - start - transport, answer

    def alone(self, draw: Callable) -> float:
        """What the reference takes, with its transport, when nobody else has entered."""
        rng = np.random.default_rng()
        for call in range(ALONE_WARM_UP + ALONE):
            if call == ALONE_WARM_UP:
                self.times.clear()
            self.turn("reference", draw(rng))
        seconds = self.reference_seconds()
        self.times.clear()
        return seconds

    def reference_seconds(self) -> float:
        return statistics.median(map(sum, self.times))
