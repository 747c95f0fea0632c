"""Landlock: which files the process may touch, no TCP, no signals to the outside. Needs no privilege.

Source: the kernel's userspace-api/landlock documentation; struct layouts from linux/landlock.h.
"""

import ctypes
import os
import struct
from collections.abc import Sequence

from .libc import PR_SET_NO_NEW_PRIVS, prctl, syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_FILE = 1, 2, 4, 8, 1 << 5, 1 << 8
TRUNCATE, IOCTL_DEVICE = 1 << 14, 1 << 15
READ = READ_FILE | READ_DIR
# Access rights by the version that brought them: 13 in the first, then refer, truncate, (network), ioctl.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_FILE_ONLY = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE


def version() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    try:
        return syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def restrict(read: list[str], write: list[str], more: Sequence[tuple[str, int]] = ()) -> None:
    """Allow reading below `read`, everything below `write`, and nothing else. Cannot be undone.

    more: further paths, each with the rights below it

    Paths that do not exist are passed over. Raises OSError where the kernel has no Landlock.
    """
    abi = version()
    rights = _FILE_RIGHTS[min(max(abi, 1), 5)]
    tcp = 0b11 if abi >= 4 else 0         # bind and connect, no port allowed
    scope = 0b11 if abi >= 6 else 0       # no signals to, no abstract sockets of, processes outside
    attributes = struct.pack("<QQQ", rights, tcp, scope)[:24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for path, allowed in [*((p, READ) for p in read), *((p, rights) for p in write), *more]:
            _allow(ruleset, path, allowed & rights)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        syscall(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            allowed &= _FILE_ONLY
        rule = struct.pack("<Qi", allowed, fd)
        syscall(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint32(0))
    finally:
        os.close(fd)
