"""Seccomp: the system calls that a learner's code has no use for answer "not permitted".

No new process, no program, no socket, no signal to others, no mounting, no tracing, no kernel facility with a history
of holes. Threads are allowed. The filter is classic BPF, assembled here; it can be added to but never taken off.
"""

import ctypes
import errno
import os
import platform
import struct

from .libc import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl

# Numbers from the kernel's syscall tables (asm/unistd_64.h, asm-generic/unistd.h).
_X86_64 = dict(
    fork=57, vfork=58, execve=59, execveat=322, socket=41, connect=42, accept=43, accept4=288, bind=49, listen=50,
    ptrace=101, process_vm_readv=310, process_vm_writev=311, kcmp=312, pidfd_open=434, pidfd_send_signal=424,
    pidfd_getfd=438, rt_sigqueueinfo=129, rt_tgsigqueueinfo=297, tkill=200, mount=165, umount2=166, pivot_root=155,
    chroot=161, unshare=272, setns=308, move_mount=429, open_tree=428, fsopen=430, fsmount=432, fsconfig=431,
    mount_setattr=442, add_key=248, request_key=249, keyctl=250, bpf=321, perf_event_open=298, userfaultfd=323,
    io_uring_setup=425, io_uring_enter=426, io_uring_register=427, open_by_handle_at=304, name_to_handle_at=303,
    shmget=29, shmat=30, msgget=68, semget=64, mq_open=240, init_module=175, finit_module=313, delete_module=176,
    kexec_load=246, personality=135, acct=163, swapon=167, reboot=169, quotactl=179, fanotify_init=300, vhangup=153,
    migrate_pages=256, move_pages=279, process_madvise=440)
_AARCH64 = dict(
    execve=221, execveat=281, socket=198, connect=203, accept=202, accept4=242, bind=200, listen=201, ptrace=117,
    process_vm_readv=270, process_vm_writev=271, kcmp=272, pidfd_open=434, pidfd_send_signal=424, pidfd_getfd=438,
    rt_sigqueueinfo=138, rt_tgsigqueueinfo=240, tkill=130, mount=40, umount2=39, pivot_root=41, chroot=51, unshare=97,
    setns=268, move_mount=429, open_tree=428, fsopen=430, fsmount=432, fsconfig=431, mount_setattr=442, add_key=217,
    request_key=218, keyctl=219, bpf=280, perf_event_open=241, userfaultfd=282, io_uring_setup=425, io_uring_enter=426,
    io_uring_register=427, open_by_handle_at=265, name_to_handle_at=264, shmget=194, shmat=196, msgget=186, semget=190,
    mq_open=180, init_module=105, finit_module=273, delete_module=106, kexec_load=104, personality=92, acct=89,
    swapon=224, reboot=142, quotactl=60, fanotify_init=262, vhangup=58, migrate_pages=238, move_pages=239,
    process_madvise=440)
_MACHINES = {  # name: (audit architecture, denied, clone, clone3, kill, tgkill)
    "x86_64": (0xC000003E, _X86_64, 56, 435, 62, 234),
    "aarch64": (0xC00000B7, _AARCH64, 220, 435, 129, 131),
}
_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD = 0x00010000
_NR, _ARCH, _ARG0 = 0, 4, 16


def available() -> bool:
    return platform.machine() in _MACHINES and os.path.exists("/proc/sys/kernel/seccomp") or _status_has_seccomp()


def _status_has_seccomp() -> bool:
    try:
        with open("/proc/self/status") as f:
            return platform.machine() in _MACHINES and any(line.startswith("Seccomp:") for line in f)
    except OSError:
        return False


def deny() -> None:
    """Install the filter for this process and all its threads to come. Raises OSError where that is not possible."""
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no system call table for {machine}")
    program = _program(*_MACHINES[machine], own_pid=os.getpid())
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    pointer = ctypes.create_string_buffer(header, len(header))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(pointer))


def _program(arch: int, denied: dict[str, int], clone: int, clone3: int, kill: int, tgkill: int, own_pid: int) -> bytes:
    def op(code, k, if_true=0, if_false=0):
        return struct.pack("<HBBI", code, if_true, if_false, k)

    def refuse(number):
        return op(_RETURN, _ERRNO | number)

    out = [op(_LOAD, _ARCH), op(_JUMP_EQ, arch, 1, 0), op(_RETURN, _KILL), op(_LOAD, _NR),
           op(_JUMP_GE, 0x40000000, 0, 1), refuse(errno.ENOSYS)]  # the x32 numbers
    for number in sorted(denied.values()):
        out += [op(_JUMP_EQ, number, 0, 1), refuse(errno.EPERM)]
    # glibc falls back to clone, whose flags a filter can see
    out += [op(_JUMP_EQ, clone3, 0, 1), refuse(errno.ENOSYS)]
    # threads are allowed, processes are not
    out += [op(_JUMP_EQ, clone, 0, 4), op(_LOAD, _ARG0), op(_JUMP_SET, _CLONE_THREAD, 1, 0), refuse(errno.EPERM),
            op(_RETURN, _ALLOW)]
    for signal_call in (kill, tgkill):  # to itself only: abort() wants it
        out += [op(_JUMP_EQ, signal_call, 0, 4), op(_LOAD, _ARG0), op(_JUMP_EQ, own_pid, 1, 0), refuse(errno.EPERM),
                op(_RETURN, _ALLOW)]
    return b"".join([*out, op(_RETURN, _ALLOW)])
