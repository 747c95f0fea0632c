"""Seccomp: the system calls that a learner's code has no use for answer "not permitted".

No new process, no program, no socket, no signal to others, no hand on their limits and priorities, no memory that no
process owns, no mounting, no tracing, no kernel facility with a history of holes. Threads are allowed. The filter is
classic BPF, assembled here; it can be added to but never taken off.
"""

import ctypes
import errno
import os
import platform
import struct

from .libc import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl, syscall

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
    migrate_pages=256, move_pages=279, process_madvise=440, process_mrelease=448, setpriority=141, sched_setparam=142,
    sched_setscheduler=144, sched_setaffinity=203, sched_setattr=314, ioprio_set=251, memfd_create=319,
    memfd_secret=447, sync=162, syncfs=306, syslog=103, modify_ldt=154, swapoff=168, settimeofday=164, clock_settime=227,
    clock_adjtime=305, adjtimex=159, iopl=172, ioperm=173, kexec_file_load=320, quotactl_fd=443,
    landlock_create_ruleset=444, landlock_add_rule=445, landlock_restrict_self=446)
_AARCH64 = dict(
    execve=221, execveat=281, socket=198, connect=203, accept=202, accept4=242, bind=200, listen=201, ptrace=117,
    process_vm_readv=270, process_vm_writev=271, kcmp=272, pidfd_open=434, pidfd_send_signal=424, pidfd_getfd=438,
    rt_sigqueueinfo=138, rt_tgsigqueueinfo=240, tkill=130, mount=40, umount2=39, pivot_root=41, chroot=51, unshare=97,
    setns=268, move_mount=429, open_tree=428, fsopen=430, fsmount=432, fsconfig=431, mount_setattr=442, add_key=217,
    request_key=218, keyctl=219, bpf=280, perf_event_open=241, userfaultfd=282, io_uring_setup=425, io_uring_enter=426,
    io_uring_register=427, open_by_handle_at=265, name_to_handle_at=264, shmget=194, shmat=196, msgget=186, semget=190,
    mq_open=180, init_module=105, finit_module=273, delete_module=106, kexec_load=104, personality=92, acct=89,
    swapon=224, reboot=142, quotactl=60, fanotify_init=262, vhangup=58, migrate_pages=238, move_pages=239,
    process_madvise=440, process_mrelease=448, setpriority=140, sched_setparam=118, sched_setscheduler=119,
    sched_setaffinity=122, sched_setattr=274, ioprio_set=30, memfd_create=279, memfd_secret=447, sync=81, syncfs=267,
    syslog=116, swapoff=225, settimeofday=170, clock_settime=112, clock_adjtime=266, adjtimex=171, kexec_file_load=294,
    quotactl_fd=443, landlock_create_ruleset=444, landlock_add_rule=445, landlock_restrict_self=446)
_SOME = dict(  # refused by their arguments: clone, clone3, kill, tgkill, fcntl, ioctl, prctl, prlimit64, socketpair
    x86_64=(56, 435, 62, 234, 72, 16, 157, 302, 53), aarch64=(220, 435, 129, 131, 25, 29, 167, 261, 199))
_MACHINES = {  # name: (audit architecture, denied, those that depend)
    "x86_64": (0xC000003E, _X86_64, _SOME["x86_64"]),
    "aarch64": (0xC00000B7, _AARCH64, _SOME["aarch64"]),
}
_SECCOMP, _ALL_THREADS = {"x86_64": 317, "aarch64": 277}, 1  # the system call itself, and SECCOMP_FILTER_FLAG_TSYNC
_SIGNAL_OWNER = (8, 10, 15)           # fcntl: F_SETOWN, F_SETSIG, F_SETOWN_EX make the kernel send signals to anybody
_IOCTLS = (0x8901, 0x8902, 0x5412)    # ioctl: FIOSETOWN, SIOCSPGRP do so too; TIOCSTI types into a terminal
_DEATH_SIGNAL = (1,)                  # prctl: PR_SET_PDEATHSIG, by which all end when the grader does
_LOAD, _AND, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD = 0x00010000
_NR, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24
_UNIX, _STREAM = 1, 1


def available() -> bool:
    return platform.machine() in _MACHINES and os.path.exists("/proc/sys/kernel/seccomp") or _status_has_seccomp()


def _status_has_seccomp() -> bool:
    try:
        with open("/proc/self/status", encoding="utf-8") as f:
            return platform.machine() in _MACHINES and any(line.startswith("Seccomp:") for line in f)
    except OSError:
        return False


def deny(every_thread: bool = False) -> None:
    """Install the filter for this process and all its threads to come. Raises OSError where that is not possible.

    every_thread: also for the threads that it has already
    """
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no system call table for {machine}")
    program = _program(*_MACHINES[machine], own_pid=os.getpid())
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    pointer = ctypes.create_string_buffer(header, len(header))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if not every_thread:
        prctl(PR_SET_SECCOMP, 2, ctypes.addressof(pointer))
    elif thread := syscall(_SECCOMP[machine], ctypes.c_uint(1), ctypes.c_uint(_ALL_THREADS), pointer):
        raise OSError(errno.EBUSY, f"thread {thread} cannot be put under the filter of system calls")


def _program(arch: int, denied: dict[str, int], some: tuple[int, ...], own_pid: int) -> bytes:
    def op(code, k, if_true=0, if_false=0):
        return struct.pack("<HBBI", code, if_true, if_false, k)

    def refuse(number):
        return op(_RETURN, _ERRNO | number)

    def when(number, body):  # every body ends in a return
        return [op(_JUMP_EQ, number, 0, len(body)), *body]

    def unless(argument, forbidden):
        checks = [x for k in forbidden for x in (op(_JUMP_EQ, k, 0, 1), refuse(errno.EPERM))]
        return [op(_LOAD, argument), *checks, allow]

    def only(argument, value, mask=0xFFFFFFFF):
        return [op(_LOAD, argument), op(_AND, mask), op(_JUMP_EQ, value, 1, 0), refuse(errno.EPERM)]

    allow = op(_RETURN, _ALLOW)
    clone, clone3, kill, tgkill, fcntl, ioctl, prctl_, prlimit, socketpair = some
    out = [op(_LOAD, _ARCH), op(_JUMP_EQ, arch, 1, 0), op(_RETURN, _KILL), op(_LOAD, _NR),
           op(_JUMP_GE, 0x40000000, 0, 1), refuse(errno.ENOSYS)]  # the x32 numbers
    for number in sorted(denied.values()):
        out += when(number, [refuse(errno.EPERM)])
    out += when(clone3, [refuse(errno.ENOSYS)])  # glibc falls back to clone, whose flags a filter can see
    out += when(clone, [op(_LOAD, _ARG0), op(_JUMP_SET, _CLONE_THREAD, 1, 0), refuse(errno.EPERM), allow])
    out += when(kill, [*only(_ARG0, own_pid), allow])  # abort() wants it
    out += when(tgkill, [*only(_ARG0, own_pid), allow])
    out += when(fcntl, unless(_ARG1, _SIGNAL_OWNER))
    out += when(ioctl, unless(_ARG1, _IOCTLS))
    out += when(prctl_, unless(_ARG0, _DEATH_SIGNAL))
    out += when(prlimit, [*only(_ARG0, 0), allow])
    # a datagram socket, even one of a pair, can be pointed at anybody's
    out += when(socketpair, [*only(_ARG0, _UNIX), *only(_ARG1, _STREAM, 0xF), allow])
    return b"".join([*out, allow])
