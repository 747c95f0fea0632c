"""Timing: advice in the notebook, and a verdict by duel.

A duel compares a learner's function with a reference: both get the same fresh arguments in turn, in random order, and
must give the same answer; the ratio of their times decides. Source of the statistics: a sign test as an e-process
(Ville's inequality makes it valid at every look), so a case ends after 11 or 13 pairs, a clear one after 5, and noise
only costs time.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .check import CheckFailed
from .comparing import difference, show

PASS_EVIDENCE = 200    # odds against a solution over the limit: 11 pairs in a row
FAIL_EVIDENCE = 1000   # odds against one under it: 13 pairs in a row; a false "too slow" hurts more
BORDER = 0.9           # of the limit: a median below it passes where the sign test cannot say
CLEAR = 3.0            # over this many times the limit, in CLEAR_PAIRS pairs out of as many, needs no statistics
CLEARLY_FAST = 0.6     # of the limit: nor does staying below this
CLEAR_PAIRS = 5
MAX_PAIRS = 60
MAX_WORK = 10.0        # seconds of both sides' own time, so that a busy machine does not cut a duel short
MAX_WAIT = 90.0        # seconds by the wall clock, for a machine that is hopelessly busy
WARM_UP = 5            # pairs at most


class TooSlow(CheckFailed):
    """The function is right and slower than the limit allows. ratio: of its time and the reference's."""

    ratio: float


class Undecided(CheckFailed):
    """The measurement was too noisy, or too close to the limit, to say."""


@dataclass(frozen=True)
class Outcome:
    """verdict: fast | slow | close. ratio: median of learner's time / reference's time. pairs: how many were timed."""

    verdict: str
    ratio: float
    pairs: int


def duel(fn: Callable, draw: Callable[[np.random.Generator], tuple], *, reference: str, limit: float,
         rtol: float | None = None, atol: float | None = None, gpu_limit: float | None = None,
         gpu_draw: Callable[[np.random.Generator], tuple] | None = None) -> Outcome:
    """Pass when `fn` takes less than `limit` times the reference's time.

    draw:      gives the arguments of one call; called afresh for each pair
    reference: source that defines a function of the same name as `fn`, standing on its own
    limit:     of the ratio of times
    rtol, atol: how far the answers may be apart, see course.check.expect
    gpu_limit: the limit where the judge has a GPU: then tensors are moved there first, and the wall clock counts;
               without it, and in a notebook, the CPU's time counts everywhere
    gpu_draw:  gives larger arguments for it
    Raises TooSlow, Undecided, or AssertionError when an answer is wrong.
    """
    remote = getattr(type(fn), "timed_duel", None)
    if remote is not None:
        return remote(fn, draw=draw, reference=reference, limit=limit, rtol=rtol, atol=atol, gpu_limit=gpu_limit,
                      gpu_draw=gpu_draw)
    namespace: dict[str, Any] = {}
    exec(reference, namespace)
    sides = {"learner": fn, "reference": namespace[fn.__name__]}

    def turn(side: str, args: tuple) -> tuple[float, Any]:
        start = time.process_time()
        answer = sides[side](*args)
        return time.process_time() - start, answer

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the judge: the time of all threads counts, of those too that only wait
    try:
        return run(turn, draw, limit, fn.__name__, rtol, atol)
    finally:
        torch.set_num_threads(threads)


def run(turn: Callable[[str, tuple], tuple[float, Any]], draw: Callable, limit: float, name: str,
        rtol: float | None = None, atol: float | None = None) -> Outcome:
    """The duel itself. `turn(side, args)` runs one side on its own copy of the arguments: (seconds, answer)."""
    rng = np.random.default_rng()
    coin = random.SystemRandom()
    end = time.monotonic() + MAX_WAIT

    def pair() -> tuple[float, float]:
        args = draw(rng)
        order = ["learner", "reference"]
        coin.shuffle(order)
        done = {side: turn(side, args) for side in order}
        if where := difference(done["learner"][1], done["reference"][1], rtol, atol):
            raise AssertionError(f"{name} is timed on larger inputs, such as {', '.join(map(show, args))}, "
                                 f"and is wrong there: {where}")
        return max(done["learner"][0], 1e-9), max(done["reference"][0], 1e-9)

    warm_up(pair, limit)
    pairs: list[tuple[float, float]] = []
    while (verdict := judged(pairs, limit)) is None:
        if len(pairs) >= MAX_PAIRS or sum(map(sum, pairs)) > MAX_WORK or time.monotonic() > end:
            break
        pairs.append(pair())
    ratios = [mine / theirs for mine, theirs in pairs]
    ratio = statistics.median(ratios)
    if verdict is None and min(ratios) > CLEAR * limit:
        verdict = "slow"  # so slow that the time was up before there were CLEAR_PAIRS
    if verdict is None and len(pairs) >= 20 and ratio <= BORDER * limit:
        verdict = "fast"
    if verdict == "fast" and sum(m for m, _ in pairs) > 2 * limit * sum(t for _, t in pairs):
        verdict = "slow"  # a median hides work that is put off to one call in many
    return conclude(Outcome(verdict or "close", ratio, len(pairs)), name, limit)


def warm_up(pair: Callable[[], tuple[float, float]], limit: float) -> None:
    """Run pairs that do not count until two in a row agree within 20 %, or the case is clear without."""
    last = None
    for _ in range(WARM_UP):
        now = pair()
        if now[0] > CLEAR * limit * now[1] or last and all(abs(a - b) < 0.2 * b for a, b in zip(now, last, strict=True)):
            return
        last = now


def judged(pairs: list[tuple[float, float]], limit: float) -> str | None:
    """fast, slow, or None while the evidence is not enough."""
    ratios = [mine / theirs for mine, theirs in pairs]
    if len(ratios) >= CLEAR_PAIRS and min(ratios) > CLEAR * limit:
        return "slow"
    if len(ratios) >= CLEAR_PAIRS and max(ratios) < CLEARLY_FAST * limit:
        return "fast"
    return decided(sum(r < limit for r in ratios), len(ratios))


def decided(wins: int, pairs: int) -> str | None:
    """The same by the sign test alone."""
    if evidence(wins, pairs) >= PASS_EVIDENCE:
        return "fast"
    return "slow" if evidence(pairs - wins, pairs) >= FAIL_EVIDENCE else None


def evidence(wins: int, pairs: int) -> float:
    """E-value against "a win is no likelier than a loss": mean over p in (1/2, 1) of the likelihood ratio.

    2^n * 2 * integral_{1/2}^{1} p^h (1-p)^(n-h) dp, as a sum: the integral is B(h+1, n-h+1) times the chance that a
    Beta(h+1, n-h+1) variable is over 1/2, which is the chance of at most h heads in n+1 throws of a fair coin.
    """
    n, h = pairs, wins
    tail = sum(math.comb(n + 1, k) for k in range(h + 1)) / 2 ** (n + 1)
    return 2 ** (n + 1) * tail / ((n + 1) * math.comb(n, h))


def conclude(outcome: Outcome, name: str, limit: float) -> Outcome:
    measured = f"{outcome.ratio:.2f} times the reference's time over {outcome.pairs} pairs; the limit is {limit:g}"
    if outcome.verdict == "slow":
        slow = TooSlow(f"{name} is right but too slow: {measured}")
        slow.ratio = outcome.ratio
        raise slow
    if outcome.verdict == "close":
        raise Undecided(f"{name} is right, but its speed is too close to the limit to call: {measured}; grade it again "
                        "on a quieter machine")
    return outcome


def advise(fn: Callable, draw: Callable[[np.random.Generator], tuple], *, yardstick: Callable, usual: float) -> None:
    """Print how `fn` compares with a simple operation on the same input. Advice only: it never fails.

    usual: how many times the yardstick's time a good solution takes
    """
    if hasattr(type(fn), "timed_duel"):
        return  # in the judge there is nobody to advise
    args = draw(np.random.default_rng(0))
    try:
        mine, its = (min(_time(f, args) for _ in range(3)) for f in (fn, yardstick))
    except NotImplementedError:
        print(f"{fn.__name__} is not written yet, so there is nothing to time.")
        return
    print(f"{fn.__name__}: {1e3 * mine:.1f} ms, {mine / its:.1f} times the yardstick ({1e3 * its:.1f} ms). "
          f"A good solution takes about {usual:g} times. The graded check decides against a reference.")


def _time(f: Callable, args: tuple) -> float:
    start = time.perf_counter()
    f(*args)
    return time.perf_counter() - start
