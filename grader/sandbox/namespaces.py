"""Namespaces of one child: its own mounts, network and System V objects; an empty /proc and small private disks."""

import os
import resource
import stat
from collections.abc import Iterable

from .libc import mount, unshare

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWNET = 0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x40000000
_BIND, _REC, _PRIVATE, _NOSUID, _NODEV, _NOEXEC, _RDONLY = 0x1000, 0x4000, 1 << 18, 2, 4, 8, 1


def enter(disk: int, threads: int = 64, hide_proc: bool = True, keep: Iterable[str] = ()) -> None:
    """Leave everything shared behind. `disk`: bytes of the private /tmp.

    keep: files and directories that stay visible even below /tmp, where somebody may have put the course
    threads: of this process; only here does RLIMIT_NPROC count its own and not all of the user's
    hide_proc: False leaves the /proc that was there, for a driver that needs it

    Raises OSError where the machine does not allow user namespaces.
    """
    uid, gid = os.getuid(), os.getgid()
    unshare(_NEWUSER | _NEWNS | _NEWNET | _NEWIPC | _NEWUTS)
    resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    mount("none", "/", None, _REC | _PRIVATE)
    kept = {path: os.open(path, os.O_PATH) for path in keep if path.startswith("/tmp/") and os.path.exists(path)}
    for where, size in (("/tmp", disk), ("/dev/shm", disk), ("/proc", 4096)):
        if os.path.isdir(where) and (hide_proc or where != "/proc"):
            flags = _NOSUID | _NODEV | _NOEXEC | (_RDONLY if where == "/proc" else 0)
            mount("none", where, "tmpfs", flags, f"size={size},mode=1777,nr_inodes=1024")
        if where == "/tmp":
            _bring_back(kept)


def _bring_back(kept: dict[str, int]) -> None:
    """Bind what was held open since before /tmp was covered to where it was."""
    for path, fd in kept.items():
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.makedirs(path, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        mount(f"/proc/self/fd/{fd}", path, None, _BIND | _REC)
        os.close(fd)


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
