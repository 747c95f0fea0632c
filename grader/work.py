"""Judging many notebooks at once, through `concurrent.futures`.

A job is small and plain, so that it can travel to another process or machine (cluster.py); what comes back is the
verdict. Only the caller writes grades down.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import gc
import hashlib
import json
import multiprocessing
import os
import random
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from .judge import judge, unreadable, wanted, without_verdict
from .notebook import Unreadable, from_text, read
from .sandbox.host import SandboxError, Warm
from .sandbox.limits import Limits
from .section import Graded, Section, load
from .submissions import read_submission
from .verdict import Cell, Submission

DEADLY = "grading it ended the process that judged it, each time that it was tried"


@dataclass(frozen=True)
class Job:
    """One notebook to judge, given as text, as a path that the worker reads, or read already.

    path:  a notebook, or the folder in which a learner handed one in
    name:  the student, or whatever the caller wants back with the result
    only:  exercises or single aspects to judge; None for all
    """

    section: str
    name: str
    path: Path | None = None
    text: str | None = None
    notebook: NotebookNode | None = field(default=None, repr=False)
    only: frozenset[str] | None = None
    timed: bool = True
    limits: Limits = field(default_factory=Limits)


def judge_job(job: Job, warm: Warm) -> Submission:
    """Judge one job; a notebook that cannot be read gets its 0 with the reason."""
    section = load(job.section)
    try:
        notebook = read_job(job, section)
    except Unreadable as e:
        return unreadable(section, job.name, str(e))
    return judge(section, notebook, warm, student=job.name, limits=job.limits, only=job.only, timed=job.timed)


def read_job(job: Job, section: Section) -> NotebookNode:
    """The notebook of a job. Raises Unreadable with one sentence."""
    if job.notebook is not None:
        return job.notebook
    if job.text is not None:
        return from_text(job.text, job.name)
    return read_submission(job.path, section) if job.path.is_dir() else read(job.path)


def merge(section: Section, parts: list[Submission]) -> Submission:
    """One submission of parts whose aspects were judged apart; an aspect that nobody judged is undecided."""
    cells = {c.grade_id: c for part in parts for c in part.cells}
    whole = Submission(parts[0].student, [cells.get(g.grade_id) or _not_judged(g) for g in section.graded.values()])
    whole.status = next((p.status for p in parts if p.status != "graded"), "graded")
    whole.repairs = next((p.repairs for p in parts if p.repairs), [])
    whole.outputs = next((p.outputs for p in parts if p.outputs), {})
    whole.seconds = sum(p.seconds for p in parts)
    return whole


def _not_judged(graded: Graded) -> Cell:
    why = "not timed yet: grade again without --no-timed" if graded.timed else "not judged yet: grade again"
    return Cell(graded.grade_id, graded.points, 0.0, "undecided", why)


def judge_all(jobs: Iterable[Job], warm: Warm, workers: int | None = None) -> Iterator[Submission]:
    """The verdicts, as they come. `workers`: processes; None for one per core.

    A job that ends the process it is judged in, again when it is tried alone, costs its own points and no others.
    """
    pending = list(jobs)
    warm.wait()  # before forking, so that the workers share one warm parent, and one for the GPU
    timed = {job.section for job in pending if job.timed}
    if any(graded.gpu for section in timed for graded in load(section).graded.values()):
        with contextlib.suppress(SandboxError):  # then each of those aspects says so
            warm.on_gpu()
    workers = workers or os.cpu_count() or 1
    while pending:
        unfinished = yield from _round(pending, warm, min(workers, len(pending)))
        started = 2 * workers + 1  # at most: the pool takes jobs in order, so the deadly one is among the first of these
        suspects, pending = unfinished[:started], unfinished[started:]
        for job in suspects:
            for killer in (yield from _round([job], warm, 1)):
                yield _without_verdict(killer, "died", DEADLY)


def _round(jobs: list[Job], warm: Warm, workers: int) -> Generator[Submission, None, list[Job]]:
    """Judge jobs side by side; returns those left, in order, when a worker's process has ended."""
    fork = multiprocessing.get_context("fork")  # the workers inherit torch, imported once
    cores = fork.SimpleQueue()
    allowed = sorted(os.sched_getaffinity(0))
    for i in range(workers):
        cores.put(allowed[i % len(allowed)])
    left = []
    with concurrent.futures.ProcessPoolExecutor(workers, fork, _start_worker, (warm, cores)) as pool:
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


_warm: Warm | None = None  # in a worker: the warm parent that it inherited


def _start_worker(warm: Warm, cores: multiprocessing.SimpleQueue) -> None:
    global _warm
    _warm = warm
    settle(warm, cores.get())


def settle(warm: Warm, core: int | None = None) -> None:
    """Keep this process and its sandboxed children on one core. They work in turn, and wake each other faster there; and a
    submission with many threads takes no other's core. Without a `core` any will do: others may check here too."""
    import torch
    torch.set_num_threads(1)
    warm.core = random.choice(list(os.sched_getaffinity(0))) if core is None else core
    os.sched_setaffinity(0, {warm.core})
    gc.collect()
    gc.freeze()  # torch and the rest stay: no later collection walks over them again


def _judge_in_worker(job: Job) -> Submission:
    try:
        return judge_job(job, _warm)
    except SandboxError as e:
        return _without_verdict(job, "undecided", f"{e}; grade it again")


def _without_verdict(job: Job, verdict: str, why: str) -> Submission:
    return without_verdict(job.name, wanted(load(job.section), job.only, job.timed), verdict, why)


@functools.lru_cache(maxsize=64)
def version(section: Section) -> bytes:
    """Equal for two runs, and on two machines, that judge alike: a hash of the section's cells and of all code.

    Not of the notebook's own metadata: there jupytext writes a set, in another order in every process.
    """
    cells = json.dumps(section.notebook.cells, sort_keys=True)
    return hashlib.sha256(_code_hash() + cells.encode()).digest()


@functools.cache
def _code_hash() -> bytes:
    """Of all the code and data that judge, as they were when this process first asked."""
    import course
    packages = [Path(__file__).parent, Path(course.__file__).parent]
    digest = hashlib.sha256()
    for path in sorted(p for package in packages for p in package.rglob("*") if p.suffix in (".py", ".toml", ".txt")):
        digest.update(path.read_bytes())
    return digest.digest()
