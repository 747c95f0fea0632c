"""The key of a kept verdict: it is believed as long as all that decides it is what it was.

A hash of the code that judges and of the section's cells. It is coarse, an edit in one section's tests or anywhere in the
judge judges that much again, and so it cannot be wrong. Pictures, widgets and prose decide nothing and are left out.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import course
import grader

from ..place import package
from ..sandbox import gpu
from ..sandbox.packages import SHOWN
from ..section.cells import grade_id
from ..section.model import Section


@functools.lru_cache(maxsize=64)
def version(section: Section) -> bytes:
    """Equal for two runs, and on two machines, that judge alike.

    Not of the notebook's own metadata: there jupytext writes a set, in another order in every process. Where a section
    is timed on the GPU, a machine without one judges otherwise.
    """
    cells = json.dumps([cell for cell in section.notebook.cells if grade_id(cell)], sort_keys=True)
    device = b"gpu" if gpu.nodes() and any(g.gpu for g in section.graded.values()) else b""
    return hashlib.sha256(code() + cells.encode() + device).digest()


@functools.cache
def code() -> bytes:
    """Of all the code and data that judge, as they were when this process first asked."""
    digest = hashlib.sha256()
    for path in files():
        digest.update(path.read_bytes())
    return digest.digest()


def stamp() -> int:
    """When any of it last changed, in nanoseconds: quicker to ask than `code`, and good for one machine."""
    return max(path.stat().st_mtime_ns for path in files())


def files() -> list[Path]:
    """The files that decide a grade, wherever the packages stand."""
    return sorted(path for module, left_out in ((course, SHOWN), (grader, ())) for path in _below(package(module), left_out))


def _below(folder: Path, left_out: tuple[str, ...]) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name not in left_out and entry.name != "__pycache__":
            yield from (p for p in ([entry] if entry.is_file() else entry.rglob("*"))
                        if p.suffix in (".py", ".toml", ".txt") and p.is_file())
