"""Wrong verdicts of the timed duel on a noisy machine.

    python -m benchmarks.duels [--trials 50] [--burners 3]

Solutions at 0.67 and 0.8 of the limit have to pass, those at 1.25 and 1.5 must not, while other processes burn CPU.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time

import numpy as np
import torch

from course.duel import TooSlow, Undecided, duel
from grader.judge.session import Session
from grader.pool.worker import become_judge
from grader.sandbox.host import Warm
from grader.sandbox.limits import Limits

LIMIT, ROUNDS = 2.0, 200
WORK = """
import torch
def work(x):
    for _ in range({rounds}):
        y = torch.sort(x).values
    return y
"""


def draw(rng: np.random.Generator):
    return (torch.from_numpy(rng.standard_normal(2_000, dtype=np.float32)),)


def trial(warm: Warm, share: float) -> tuple[str, float]:
    """Verdict and seconds for a solution that takes `share` of the limit."""
    session = Session(warm, Limits())
    try:
        session.run("work", WORK.format(rounds=round(ROUNDS * LIMIT * share)))
        work = session.get("work")
        start = time.monotonic()
        try:
            duel(work, draw, reference=WORK.format(rounds=ROUNDS), limit=LIMIT)
            verdict = "pass"
        except TooSlow:
            verdict = "too slow"
        except Undecided:
            verdict = "undecided"
        return verdict, time.monotonic() - start
    finally:
        session.close()


def burn() -> None:
    while True:
        sum(i * i for i in range(10_000))


def table(trials: int, burners: int) -> str:
    others = [multiprocessing.Process(target=burn, daemon=True) for _ in range(burners)]
    with Warm() as warm:
        warm.wait()
        for process in others:
            process.start()
        become_judge(warm)  # as everybody who judges does
        lines = ["| solution takes | trials | pass | too slow | undecided | wrong | slowest duel, s |",
                 "|---|---|---|---|---|---|---|"]
        try:
            for share, right in ((0.67, "pass"), (0.8, "pass"), (1.25, "too slow"), (1.5, "too slow")):
                done = [trial(warm, share) for _ in range(trials)]
                count = {v: sum(d[0] == v for d in done) for v in ("pass", "too slow", "undecided")}
                wrong = count["too slow" if right == "pass" else "pass"]
                lines.append(f"| {share} of the limit | {trials} | {count['pass']} | {count['too slow']} "
                             f"| {count['undecided']} | {wrong} | {max(d[1] for d in done):.1f} |")
        finally:
            for process in others:
                process.kill()
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--burners", type=int, default=3)
    a = parser.parse_args()
    print(table(a.trials, a.burners))
