"""How strong the isolation is on this machine. The answer decides what a run says about itself, and whether it runs."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass

from . import landlock, seccomp

_TRY_NAMESPACES = """
from grader.sandbox import namespaces
namespaces.enter(1 << 20)
"""
_TRY_NOBODY = """
import os
from grader.sandbox import confine
confine.become_nobody()
for path in confine.python_paths():
    os.close(os.open(path, os.O_RDONLY))
"""


@dataclass(frozen=True)
class Isolation:
    """level: strong | good | weak | none. layers: those of confine.py that hold here. bwrap: its path or None."""

    level: str
    layers: frozenset[str]
    bwrap: str | None

    def __str__(self) -> str:
        parts = [*(["bubblewrap"] if self.bwrap else []), *sorted(self.layers)]
        return f"{self.level} ({', '.join(parts) or 'limits on time and memory only'})"


@functools.cache
def probe() -> Isolation:
    """Try each layer in a process of its own.

    strong: own file system, network and System V objects per child, and system calls filtered
    good:   files fenced off by Landlock and system calls filtered
    weak:   one of the two
    none:   limits only
    """
    bwrap = _bubblewrap()
    layers = set()
    if landlock.version():
        layers.add("landlock")
    if seccomp.available():
        layers.add("seccomp")
    if _works_in_child(_TRY_NAMESPACES):
        layers.add("namespaces")
    elif os.getuid() == 0 and not bwrap and _works_in_child(_TRY_NOBODY):
        layers.add("uid")
    if "seccomp" in layers and "namespaces" in layers and (bwrap or "landlock" in layers):
        level = "strong"
    elif "seccomp" in layers and (bwrap or "landlock" in layers):
        level = "good"
    else:
        level = "weak" if bwrap or layers & {"seccomp", "landlock"} else "none"
    return Isolation(level, frozenset(layers), bwrap)


def _bubblewrap() -> str | None:
    path = shutil.which("bwrap")
    if path is None:
        return None
    command = [path, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    try:
        return path if subprocess.run(command, capture_output=True, timeout=10).returncode == 0 else None
    except (OSError, subprocess.TimeoutExpired):
        return None


def _works_in_child(code: str) -> bool:
    """Fork rather than exec: the attempt must not cost an interpreter's start."""
    pid = os.fork()
    if pid == 0:
        try:
            exec(code, {})
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0
