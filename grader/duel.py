"""The judge's side of a timed duel: two sandboxed children, one clock, and only one of them awake at a time."""

from __future__ import annotations

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

    The clock is the kernel's count of CPU time of each child, read from here. Arguments are drawn here, sent before
    the clock starts, and answered in full before it stops; whoever is not on turn is frozen.
    """
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
            mine.load(f, args)
            start = mine.child.cpu_seconds()
            answer = mine.go()
            return mine.child.cpu_seconds() - start, answer

        return run(turn, draw, limit, proxy.__name__, rtol, atol)
    finally:
        opponent.close()
        if session.child:
            session.child.resume()
