"""What a process that judges does: it makes itself ready for nothing else, then takes job after job.

Whoever imports this imports torch.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import random

import torch

from ..errors import SandboxError, SectionError
from ..judge.bench import judge_received, judge_steps
from ..judge.verdict import Result
from ..sandbox.host import Warm
from ..section.load import load
from .jobs import Job, receive_job, unjudged

_warm: Warm | None = None  # the warm parent that a worker inherited


def start(warm: Warm, cores: multiprocessing.SimpleQueue) -> None:
    """What a process of the local pool begins with."""
    global _warm
    _warm = warm
    become_judge(warm, cores.get())


def judge(job: Job) -> Result:
    """One job there; where the sandbox breaks down, the verdict says so."""
    assert _warm is not None
    try:
        return judge_job(job, _warm)
    except SandboxError as e:
        return unjudged(job, "undecided", f"{e}; grade it again")


def judge_job(job: Job, warm: Warm) -> Result:
    """Judge one job; a notebook that cannot be read gets its 0 with the reason.

    Raises SectionError where the section is no longer the one that the job's steps were made of.
    """
    section = load(job.section)
    if job.steps is not None:
        if {step.graded for step in job.steps} - {None, *section.graded.values()}:
            raise SectionError(f"{job.section} was changed while it was being judged: run this again.")
        result = judge_steps(section, job.steps, warm, student=job.name, limits=job.limits, only=job.only, timed=job.timed,
                             until=job.until)
    else:
        result = judge_received(section, receive_job(job, section), warm, student=job.name, limits=job.limits, only=job.only,
                                timed=job.timed)
    if job.bare:
        result.notebook, result.outputs = None, {}
    return result


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
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
