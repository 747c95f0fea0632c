"""How long a full verdict takes, section by section, and what one more learner's process takes of memory.

    python -m benchmarks.verdicts [--trials 10] [SECTION…]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import nbformat

from grader.judge.session import Session
from grader.pool.jobs import Job
from grader.pool.worker import become_judge, judge_job
from grader.sandbox.host import Warm
from grader.section.load import load, names

TRIALS = 10


def seconds(name: str, warm: Warm, trials: int) -> list[float]:
    """Of each verdict on the reference solution, the judge being ready."""
    job = Job(name, "one", text=nbformat.writes(load(name).notebook))
    first = judge_job(job, warm)
    assert first.score == sum(c.points for c in first.cells if c.verdict != "manual"), [c for c in first.cells if not c.score]
    times = []
    for _ in range(trials):
        start = time.monotonic()
        judge_job(job, warm)
        times.append(time.monotonic() - start)
    return times


def memory(name: str, warm: Warm) -> float:
    """MiB of one more learner's process, after its cells have run."""
    section, limits = load(name), Job(name, "one").limits
    session = Session(warm, limits)
    for cell in [*section.setup, *section.stubs.values()]:
        session.run(cell.id, cell.source)
    taken = private_memory(session.child.pid)
    session.close()
    return taken


def private_memory(pid: int) -> float:
    """MiB that would come free if the process ended: its pages that no other process shares."""
    fields = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:])
    return (int(fields["Private_Clean"].split()[0]) + int(fields["Private_Dirty"].split()[0])) / 1024


def table(sections: list[str], trials: int) -> str:
    lines, middles = ["| section | p50, s | slowest, s | memory, MiB |", "|---|---|---|---|"], []
    with Warm() as warm:
        become_judge(warm)
        for name in sections:
            times = seconds(name, warm, trials)
            middles.append(statistics.median(times))
            lines.append(f"| {name} | {middles[-1]:.2f} | {max(times):.2f} | {memory(name, warm):.0f} |")
    return "\n".join([*lines, "", f"Half of the sections take at most {statistics.median(middles):.2f} s, the slowest "
                                  f"{max(middles):.2f} s."])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*")
    parser.add_argument("--trials", type=int, default=TRIALS)
    a = parser.parse_args()
    print(table(a.sections or names(), a.trials))
