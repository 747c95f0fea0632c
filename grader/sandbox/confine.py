"""What a child does to itself, in this order, before it runs a learner's code."""

from __future__ import annotations

import os
import sys

from . import gpu, landlock, namespaces, seccomp
from . import limits as rlimits
from .libc import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, drop_capabilities, prctl
from .limits import Limits
from .packages import seen

READABLE = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/fonts", "/usr/share/zoneinfo", "/lib", "/lib64",
            "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random",
            "/proc/self", "/sys/devices/system/cpu"]


def home_of(pid: int, packages: str) -> str:
    """A child's home. The parent's directory of packages has a name that nobody guesses."""
    return f"{packages}-home-{pid}"


def confine(limits: Limits, wanted: set[str], home: str, device: str = "") -> None:
    """Shut this process in. `wanted` names the layers that the probe found to work here; each of them must hold.

    home:   the one directory it may write to, on a private file system where there are namespaces
    device: a GPU that it may use; the driver starts in the midst of this, see gpu.py
    """
    prctl(PR_SET_PDEATHSIG, 9)
    if not device:
        rlimits.apply(limits)
    if "namespaces" in wanted:
        namespaces.enter(limits.disk, limits.threads, hide_proc=not device, keep=python_paths())
    os.mkdir(home, mode=0o700)  # not one that somebody laid out
    os.chdir(home)
    sys.path.append(home)  # as in Jupyter, a module that a cell wrote can be imported
    visible = {name: os.environ[name] for name in gpu.SEEN if name in os.environ}
    os.environ.clear()
    os.environ.update(visible, HOME=home, TMPDIR=home, PATH="/usr/bin:/bin", LANG="C.UTF-8", MPLBACKEND="agg",
                      MPLCONFIGDIR=home, NBGRADER_EXECUTION="autograde")
    if "uid" in wanted:
        os.chown(home, 65534, 65534)
        become_nobody()
        prctl(PR_SET_PDEATHSIG, 9)  # changing the user clears it
    drop_capabilities()  # those over its own namespaces
    prctl(PR_SET_DUMPABLE, 1 if device else 0)  # else its own /proc files are root's, and the driver writes to some
    if "landlock" in wanted:
        listed = [(folder, landlock.READ_DIR) for folder in seen()]  # an import looks into a folder before it reads a file
        landlock.restrict(read=[*READABLE, *imported_paths(), *gpu.readable(device)], write=[home],
                          more=[*listed, *gpu.rights(device, private="namespaces" in wanted)])
    if device:
        gpu.start(device)
        prctl(PR_SET_DUMPABLE, 0)
        rlimits.apply(limits, device)
    if "seccomp" in wanted:
        seccomp.deny(every_thread=bool(device))


def become_nobody() -> None:
    """For root where there are no namespaces. It needs a Python that nobody may read."""
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)


def python_paths() -> list[str]:
    """What an interpreter needs to start: Python's directories and what is seen of the course."""
    return sorted({*_prefixes(), *_packages()})


def imported_paths() -> list[str]:
    """What a running one imports from: less, for people keep other things below a prefix."""
    return sorted({*(os.path.join(prefix, lib) for prefix in _prefixes() for lib in ("lib", "lib64")), *_packages()})


def _prefixes() -> set[str]:
    return {path for prefix in (sys.prefix, sys.base_prefix) for path in (prefix, os.path.realpath(prefix))}


def _packages() -> list[str]:
    return [entry for entries in seen().values() for entry in entries]
