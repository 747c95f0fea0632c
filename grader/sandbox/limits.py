"""What one submission may use, and the part of it that the kernel enforces through rlimits."""

from __future__ import annotations

import resource
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one submission. The judge's clocks keep the times, see clock.py."""

    cell: float = 10.0            # CPU seconds of one graded cell, or one cell of the learner
    cell_again: float = 3.0       # the next graded cells of an exercise that has already run out of time
    scratch: float = 20.0         # CPU seconds of all the learner's cells that nothing judged stands on
    notebook: float = 300.0       # wall seconds of everything
    cpu: int = 180                # CPU seconds of the process
    memory: int = 2 << 30         # bytes above what the warm parent had
    disk: int = 64 << 20          # bytes on the private file system
    output: int = 64 << 10        # characters of stdout and stderr kept per cell
    files: int = 128              # open files
    threads: int = 64


def apply(limits: Limits, device: str = "") -> None:
    """Lower this process's own rlimits. They cannot be raised again.

    device: a GPU's driver reserves address space without end; with it, only private data counts
    """
    with open("/proc/self/statm", encoding="utf-8") as f:
        size, _, _, _, _, data, _ = (int(pages) * resource.getpagesize() for pages in f.read().split())
    for what, value in (
            (resource.RLIMIT_DATA if device else resource.RLIMIT_AS, (data if device else size) + limits.memory),
            (resource.RLIMIT_CPU, limits.cpu),
            (resource.RLIMIT_FSIZE, limits.disk), (resource.RLIMIT_NOFILE, limits.files),
            (resource.RLIMIT_CORE, 0), (resource.RLIMIT_MSGQUEUE, 0)):
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))
