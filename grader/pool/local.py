"""Many notebooks at once on this machine, in forked processes that share one warm sandbox."""

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import multiprocessing
import os
import random
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool

from ..errors import SandboxError
from ..judge.bench import wanted, without_verdict
from ..judge.verdict import Result
from ..sandbox.host import Warm
from ..sandbox.probe import Isolation
from ..section.load import load
from .jobs import DEADLY, Job, each_alone, judge_job


class Local:
    """Judges on this machine. `workers`: processes; None for one per core."""

    def __init__(self, warm: Warm, workers: int | None = None):
        self.warm, self.workers = warm, workers or os.cpu_count() or 1

    @property
    def isolation(self) -> Isolation:
        return self.warm.isolation

    def judge_all(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """The verdicts, as they come.

        A job that ends the process it is judged in, again when it is tried alone, costs its own points and no others.
        """
        pending = list(jobs)
        self._wake(pending)
        while pending:
            unfinished = yield from self._round(pending)
            started = 2 * self.workers + 1  # at most: jobs are taken in order, so the deadly one is among the first of these
            suspects, pending = unfinished[:started], unfinished[started:]
            yield from each_alone(suspects, self._round, lambda job: _without_verdict(job, "died", DEADLY))

    def _wake(self, jobs: list[Job]) -> None:
        """Before forking, so that the workers share one warm parent, and one for the GPU."""
        self.warm.wait()
        timed = {job.section for job in jobs if job.timed}
        if any(graded.gpu for section in timed for graded in load(section).graded.values()):
            with contextlib.suppress(SandboxError):  # then each of those aspects says so
                self.warm.on_gpu()

    def _round(self, jobs: list[Job]) -> Generator[Result, None, list[Job]]:
        """Judge jobs side by side; returns those left, in order, when a worker's process has ended."""
        workers = min(self.workers, len(jobs))
        fork = multiprocessing.get_context("fork")  # the workers inherit torch, imported once
        cores = fork.SimpleQueue()
        allowed = sorted(os.sched_getaffinity(0))
        for i in range(workers):
            cores.put(allowed[i % len(allowed)])
        left = []
        with concurrent.futures.ProcessPoolExecutor(workers, fork, _start_worker, (self.warm, cores)) as pool:
            futures = {}
            for i, job in enumerate(jobs):
                try:
                    futures[pool.submit(_judge_in_worker, job)] = i
                except BrokenProcessPool:
                    left.append(i)
            try:
                for done in concurrent.futures.as_completed(futures):
                    try:
                        yield done.result()
                    except BrokenProcessPool:
                        left.append(futures[done])
            finally:
                pool.shutdown(cancel_futures=True)
        return [jobs[i] for i in sorted(left)]


# --- in a process that judges ----------------------------------------------------------------------------------------

_warm: Warm | None = None  # the warm parent that a worker inherited


def _start_worker(warm: Warm, cores: multiprocessing.SimpleQueue) -> None:
    global _warm
    _warm = warm
    become_judge(warm, cores.get())


def become_judge(warm: Warm, core: int | None = None) -> None:
    """Make this process, for good, one that judges notebooks one after the other.

    It and its sandboxed children keep to one core: they work in turn, and wake each other faster there; and a submission
    with many threads takes no other's core. Without a `core` any will do: others may judge here too.
    """
    single_threaded()
    warm.core = random.choice(list(os.sched_getaffinity(0))) if core is None else core
    os.sched_setaffinity(0, {warm.core})


def single_threaded() -> None:
    """torch and the rest stay as they are: one thread, and no later collection walks over them again."""
    import torch
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()


def _judge_in_worker(job: Job) -> Result:
    assert _warm is not None
    try:
        return judge_job(job, _warm)
    except SandboxError as e:
        return _without_verdict(job, "undecided", f"{e}; grade it again")


def _without_verdict(job: Job, verdict: str, why: str) -> Result:
    return without_verdict(job.name, wanted(load(job.section), job.only, job.timed), verdict, why)
