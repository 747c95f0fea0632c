"""The judge's side of a timed duel: two sandboxed children, one clock, and only one of them awake at a time."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course.duel import Outcome, run

from .proxy import Proxy
from .sandbox.host import SandboxError

if TYPE_CHECKING:
    from .session import Session


def remote_duel(session: Session, proxy: Proxy, *, draw: Callable, reference: str, limit: float,
                rtol: float | None, atol: float | None) -> Outcome:
    """Duel between the learner's function and the reference, which gets a child of its own.

    The clock is the kernel's count of CPU time of each child, read from here. It starts before the arguments, drawn
    here, are sent, and stops when the answer is here in full; whoever is not on turn is frozen. Taking arguments in is
    transport and counts for nobody, but only as far as it takes the reference: a child may do its work there.
    """
    transport: list[float] = []
    opponent = type(session)(session.warm, session.limits)
    try:
        ran = opponent.run("reference", reference)
        if ran.error:
            raise SandboxError(f"the reference of a timed check does not run: {ran.error}")
        sides = {"learner": (session, proxy), "reference": (opponent, opponent.get(proxy.__name__))}
        opponent.child.stop()

        def turn(side: str, args: tuple) -> tuple[float, Any]:
            mine, f = sides[side]
            other = sides["reference" if side == "learner" else "learner"][0]
            other.child.stop()
            mine.child.resume()
            mine.start_clock()
            start = mine.child.cpu_seconds()
            mine.load(f, args)
            loaded = mine.child.cpu_seconds()
            answer = mine.go()
            end = mine.child.cpu_seconds()
            if side == "reference":
                transport.append(loaded - start)
                return end - loaded, answer
            return end - start - (statistics.median(transport) if transport else 0.0), answer

        return run(turn, draw, limit, proxy.__name__, rtol, atol)
    finally:
        opponent.close()
        if session.child:
            session.child.resume()
