"""Many notebooks at once on this machine, in forked processes that share one warm sandbox."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool

from ..errors import SandboxError
from ..judge.verdict import Result
from ..sandbox.host import Warm, quick_imports
from ..sandbox.probe import Isolation
from ..section.load import load
from .jobs import DEADLY, Job, each_alone, unjudged


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
            yield from each_alone(suspects, self._round, lambda job: unjudged(job, "died", DEADLY))

    def _wake(self, jobs: list[Job]) -> None:
        """Before forking, so that the workers share torch, imported once, one warm parent, and one for the GPU."""
        with quick_imports():  # here, for where there is nothing to judge nobody needs it
            from . import worker  # noqa: F401
        self.warm.wait()
        timed = {job.section for job in jobs if job.timed}
        if any(graded.gpu for section in timed for graded in load(section).graded.values()):
            with contextlib.suppress(SandboxError):  # then each of those aspects says so
                self.warm.on_gpu()

    def _round(self, jobs: list[Job]) -> Generator[Result, None, list[Job]]:
        """Judge jobs side by side; returns those left, in order, when a worker's process has ended."""
        from . import worker
        workers = min(self.workers, len(jobs))
        fork = multiprocessing.get_context("fork")
        cores = fork.SimpleQueue()
        allowed = sorted(os.sched_getaffinity(0))
        for i in range(workers):
            cores.put(allowed[i % len(allowed)])
        left = []
        with concurrent.futures.ProcessPoolExecutor(workers, fork, worker.start, (self.warm, cores)) as pool:
            futures = {}
            for i, job in enumerate(jobs):
                try:
                    futures[pool.submit(worker.judge, job)] = i
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
