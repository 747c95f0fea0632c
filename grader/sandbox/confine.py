"""What a child does to itself, in this order, before it runs a learner's code."""

from __future__ import annotations

import os
import sys

from . import landlock, limits as rlimits, namespaces, seccomp
from .libc import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from .limits import Limits

READABLE = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/dev/null", "/dev/zero",
            "/dev/urandom", "/dev/random", "/proc/self", "/sys/devices/system/cpu"]


def confine(limits: Limits, wanted: set[str], home: str) -> None:
    """Shut this process in. `wanted` names the layers that the probe found to work here; each of them must hold.

    home: the one directory it may write to, on a private file system where there are namespaces.
    """
    prctl(PR_SET_PDEATHSIG, 9)
    rlimits.apply(limits)
    if "namespaces" in wanted:
        namespaces.enter(limits.disk)
    os.makedirs(home, mode=0o700, exist_ok=True)
    os.chdir(home)
    os.environ.clear()
    os.environ.update(HOME=home, TMPDIR=home, PATH="/usr/bin:/bin", LANG="C.UTF-8", MPLBACKEND="agg",
                      MPLCONFIGDIR=home, NBGRADER_EXECUTION="autograde")
    if "uid" in wanted:
        os.chown(home, 65534, 65534)
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        prctl(PR_SET_PDEATHSIG, 9)  # changing the user clears it
    prctl(PR_SET_DUMPABLE, 0)
    if "landlock" in wanted:
        landlock.restrict(read=[*READABLE, *python_paths()], write=[home])
    if "seccomp" in wanted:
        seccomp.deny()


def python_paths() -> list[str]:
    """What Python imports from: its own directories and the two packages, never the repository around them."""
    import course
    import grader
    packages = [os.path.dirname(os.path.realpath(module.__file__)) for module in (course, grader)]
    return sorted({sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix), *packages})
