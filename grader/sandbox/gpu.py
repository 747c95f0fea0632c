"""All that the sandbox knows about NVIDIA's driver. Nothing here is in use unless a warm parent is started for a GPU.

What the driver needs, and who found out: device files to read and write; a name for each of its threads, written to
/proc/self/task/*/comm, or cuInit fails with 304 (NVIDIA/OpenShell#1486, nono#673); memfd_create (OpenShell#1696) and
an abstract socket @cuda-uvmfd-* to listen on (snapd's opengl interface) while it starts; address space without end,
so that RLIMIT_AS cannot hold (nsjail#237). So a child starts the driver itself: after Landlock, which covers only
threads that come later, and before seccomp, which is then laid over all threads at once.

The device "cpu" goes the same way without a GPU. It is there for tests.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import tempfile
from typing import Any

from . import landlock

NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia[0-9]*", "/dev/nvidia-caps/*")
PROC = ("/proc/driver/nvidia", "/proc/driver/nvidia-uvm", "/proc/devices", "/proc/modules", "/proc/meminfo",
        "/proc/cpuinfo", "/proc/sys/vm/mmap_min_addr")
SYS = ("/sys/devices", "/sys/bus/pci", "/sys/module/nvidia", "/sys/module/nvidia_uvm")
DRIVERS = ("/usr/local/nvidia/lib64", "/run/opengl-driver/lib")  # where libcuda is, when not where all libraries are
SEEN = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")             # of the grader's environment, a child gets these
CPU_FLUSH = 1 << 20                                              # bytes, in the tests

DEVICE_RIGHTS = landlock.READ_FILE | landlock.WRITE_FILE | landlock.IOCTL_DEVICE
NAME_RIGHTS = landlock.READ_FILE | landlock.WRITE_FILE | landlock.TRUNCATE


# --- on the grader's side, which never calls CUDA: a process that did could not fork children that do -----------------

def missing() -> str:
    """Why nothing can be timed on a GPU here, in words; empty when it can."""
    import torch
    if not nodes():
        return "this machine has no NVIDIA GPU (there is no /dev/nvidiactl)"
    if torch.version.cuda is None:
        return (f"PyTorch {torch.__version__} is built for the CPU only; install the CUDA build of the same version "
                "(docs/gpu.md says how)")
    return ""


def nodes() -> list[str]:
    found = sorted(path for pattern in NODES for path in glob.glob(pattern))
    return found if NODES[0] in found else []


def binds(device: str) -> list[str]:
    """Options of bubblewrap, to come after `--dev /dev`. A plain --bind would forbid the devices."""
    if device != "cuda":
        return []
    read = [part for path in [*SYS, *libraries()] if os.path.exists(path) for part in ("--ro-bind", path, path)]
    return [*read, *(part for node in nodes() for part in ("--dev-bind", node, node))]


def environment(device: str) -> dict[str, str]:
    """What the warm parent's environment has besides the usual."""
    if device != "cuda":
        return {}
    seen = {name: os.environ[name] for name in SEEN if name in os.environ}
    found = libraries()
    return {"CUDA_VISIBLE_DEVICES": "0", **seen, **({"LD_LIBRARY_PATH": ":".join(found)} if found else {})}


def libraries() -> list[str]:
    """Folders of the driver's libraries that the dynamic linker does not find by itself."""
    folders = [*filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":")), *DRIVERS]
    return sorted({os.path.realpath(f) for f in folders if glob.glob(os.path.join(f, "libcuda.so*"))})


@contextlib.contextmanager
def lane():
    """Have the GPU for oneself: among this user's graders on this machine, one duel at a time."""
    path = os.path.join(tempfile.gettempdir(), f"grader-gpu-{os.getuid()}.lock")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


# --- in the child, before a learner's code runs -----------------------------------------------------------------------

def readable(device: str) -> list[str]:
    return [*PROC, *SYS, *libraries()] if device == "cuda" else []


def rights(device: str, private: bool) -> list[tuple[str, int]]:
    """Paths and what Landlock has to allow there. private: /dev/shm is this child's own."""
    if not device:
        return []
    shared = [("/dev/shm", landlock.READ | NAME_RIGHTS | landlock.MAKE_FILE | landlock.REMOVE_FILE)] if private else []
    used = nodes() if device == "cuda" else []
    return [("/proc/self/task", NAME_RIGHTS), *shared, *((node, DEVICE_RIGHTS) for node in used)]


def start(device: str) -> None:
    """Bring the driver up in this process, with a context and the buffer that flushes the cache. Raises OSError."""
    import torch
    global _scratch
    try:
        size = CPU_FLUSH
        if device == "cuda":
            torch.cuda.init()
            size = 2 * torch.cuda.get_device_properties(0).L2_cache_size
        _scratch = torch.empty(size, dtype=torch.uint8, device=device)
        ones = torch.ones(64, 64, device=device)
        (ones @ ones).sum().item()  # loads what every first product loads
    except Exception as e:
        raise OSError(f"the GPU does not start in the sandbox: {type(e).__name__}: {e}") from None


# --- in the child, as a learner's code runs: within its reach, and nothing rests on it --------------------------------

_scratch: Any = None


def laid_out(args: Any, device: str) -> Any:
    """Arguments of a timed call on their device, with the cache full of something else, and nothing under way."""
    args = move(args, device)
    _scratch.zero_()
    finish(device)
    return args


def finish(device: str) -> None:
    """Wait for what is under way on the device. Whoever gets around this waits when the answer is read."""
    if device == "cuda":
        import torch
        torch.cuda.synchronize()


def move(x: Any, device: str) -> Any:
    import torch
    if isinstance(x, torch.Tensor):
        return x.to(device)
    if type(x) in (list, tuple):
        return type(x)(move(v, device) for v in x)
    return {k: move(v, device) for k, v in x.items()} if type(x) is dict else x
