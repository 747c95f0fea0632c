"""Judging many notebooks at once, through `concurrent.futures`.

A job is small and plain, so that it can travel to another process or machine; what comes back is the verdict. Only
the caller writes grades down.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import notebook as notebooks
from .judge import judge, unreadable
from .sandbox.host import Warm
from .sandbox.limits import Limits
from .section import load
from .verdict import Submission


@dataclass(frozen=True)
class Job:
    """One notebook to judge, given as text, or as a path that the worker reads.

    name:  the student, or whatever the caller wants back with the result
    only:  exercises to judge; None for all
    """

    section: str
    name: str
    path: Path | None = None
    text: str | None = None
    only: frozenset[str] | None = None
    timed: bool = True
    limits: Limits = field(default_factory=Limits)


def judge_job(job: Job, warm: Warm) -> Submission:
    """Judge one job; a notebook that cannot be read gets its 0 with the reason."""
    section = load(job.section)
    try:
        notebook = notebooks.read(job.path) if job.text is None else notebooks.from_text(job.text, job.name)
    except notebooks.Unreadable as e:
        return unreadable(section, job.name, str(e))
    return judge(section, notebook, warm, student=job.name, limits=job.limits, only=job.only, timed=job.timed)


def judge_all(jobs: Iterable[Job], warm: Warm, workers: int | None = None) -> Iterator[Submission]:
    """The verdicts, as they come. `workers`: processes; None for one per core."""
    jobs = list(jobs)
    workers = min(workers or os.cpu_count() or 1, len(jobs))
    if workers <= 1:
        yield from (judge_job(job, warm) for job in jobs)
        return
    warm.wait()  # before forking, so that the workers share one warm parent
    global _warm
    _warm = warm
    fork = multiprocessing.get_context("fork")  # the workers inherit torch, imported once
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=fork, initializer=_start_worker) as pool:
        futures = [pool.submit(_judge_in_worker, job) for job in jobs]
        try:
            for done in concurrent.futures.as_completed(futures):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


_warm: Warm | None = None  # in a worker: the warm parent that it inherited


def _start_worker() -> None:
    import torch
    torch.set_num_threads(1)


def _judge_in_worker(job: Job) -> Submission:
    return judge_job(job, _warm)
