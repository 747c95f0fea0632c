"""The trusted side of the sandbox: start the warm parent, ask it for children, kill them."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

from ..errors import SandboxError
from . import gpu
from .confine import home_of, python_paths
from .limits import Limits
from .packages import Packages
from .probe import Isolation, probe

START = 180.0  # seconds that the imports may take on a slow disk or a busy machine
# glibc gives freed memory back by rules that depend on all that was freed before: of two children that do the same, one
# would take its pages anew in every call, which can cost several times the call, and the other would not.
STEADY_HEAP = {"MALLOC_MMAP_THRESHOLD_": f"{32 << 20}", "MALLOC_TRIM_THRESHOLD_": f"{1 << 30}"}


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Import torch and the like without the garbage collector, which would walk over all of it again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Warm:
    """A warm parent process. Use as a context manager; `fork` may be called from forked workers too.

    insecure:  grade even where nothing but time and memory limits holds
    isolation: layers to use, when not all that hold on this machine
    core:      the CPU core that children are kept on, so that one submission takes no other's; None for any
    device:    "cuda" for children that may use the GPU, see gpu.py
    """

    def __init__(self, insecure: bool = False, isolation: Isolation | None = None, device: str = ""):
        self.isolation = isolation or probe()
        self.insecure, self.device = insecure, device
        self.core: int | None = None
        self._beside: Warm | None = None
        if self.isolation.level == "none" and not insecure:
            raise SandboxError("no sandbox works on this machine (bubblewrap, Landlock and seccomp are all missing); "
                               "install bubblewrap, or pass --insecure to grade without protection")
        if device and self.isolation.level == "weak" and not insecure:  # /proc stays in sight of such children
            raise SandboxError("a GPU needs a stronger sandbox than this machine has; install bubblewrap, or pass "
                               "--insecure to time on it without")
        self._packages = Packages()
        self._spawn()

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def on_gpu(self) -> Warm | None:
        """The parent of children that may use the GPU, started when it is first asked for; None where there is none.

        Whoever forks before that has one of its own.
        """
        if self._beside is None and not gpu.missing():
            self._beside = Warm(self.insecure, self.isolation, "cuda")
        if self._beside:
            self._beside.revive()
        return self._beside

    def _spawn(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = _command(self.isolation, self._packages.path, theirs.fileno(), self.device)
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONPATH": self._packages.path,
                       "MPLCONFIGDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", "IPYTHONDIR": "/tmp/ipython",
                       **STEADY_HEAP, **gpu.environment(self.device)}
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, cwd="/",
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        theirs.close()
        self._ready = False

    def _wait_until_ready(self) -> None:
        self._control.settimeout(START)
        try:
            self._ready = self._control.recv(16) == b"ready"
        except (TimeoutError, OSError):
            pass
        if not self._ready:
            self._process.kill()
            said = self._process.stderr.read().decode(errors="replace").strip().splitlines()
            raise SandboxError(f"the sandbox did not start: {said[-1] if said else 'no answer'}")

    def fork(self, limits: Limits) -> Child:
        """A fresh child that waits for its first cell. Raises SandboxError when none can be had."""
        self.wait()
        return self._fork(limits)

    def wait(self) -> None:
        """Wait until the imports are done. Raises SandboxError when the parent does not come up."""
        if not self._ready:
            self._wait_until_ready()
            self._settle_for_what_holds()

    def _settle_for_what_holds(self) -> None:
        """Namespaces that work for a plain process may still be refused inside bubblewrap: then do without."""
        if "namespaces" not in self.isolation.layers:
            return
        try:
            self._fork(Limits()).kill()
        except SandboxError:
            self._end()
            level = "good" if "seccomp" in self.isolation.layers else "weak"
            self.isolation = dataclasses.replace(self.isolation, level=level,
                                                 layers=self.isolation.layers - {"namespaces"})
            self._spawn()
            self._wait_until_ready()

    def _fork(self, limits: Limits) -> Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            try:
                socket.send_fds(self._control, [json.dumps(dataclasses.asdict(limits)).encode()], [theirs.fileno()])
            except OSError:
                raise SandboxError("the warm parent of the sandbox is gone") from None
        ours.settimeout(START)
        try:
            greeting, ancillary, _, _ = ours.recvmsg(256, socket.CMSG_SPACE(12))
        except TimeoutError:
            greeting, ancillary = b"", []
        if greeting[:1] != b"+":
            ours.close()
            why = greeting[1:].decode(errors="replace") or "no answer"
            raise SandboxError(f"a sandboxed child did not start: {why}")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        pid = struct.unpack("iII", ancillary[0][2])[0]
        try:
            if self.core is not None:
                os.sched_setaffinity(pid, {self.core})
            return Child(ours, pid, limits, home_of(pid, self._packages.path), weighed=bool(self.device))
        except ProcessLookupError:  # its parent was killed, and took it along
            ours.close()
            raise SandboxError("a sandboxed child did not start: it ended at once") from None

    def alive(self) -> bool:
        """Whether the parent is still there, asked by its socket so that a forked worker may ask too."""
        hangup = select.poll()
        hangup.register(self._control, 0)
        return not hangup.poll(0)

    def revive(self) -> None:
        """Start the parent again if it has died. In a forked worker the new one is that worker's own."""
        if not self.alive():
            self._control.close()
            self._process.stderr.close()
            self._spawn()

    def close(self) -> None:
        if self._beside:
            self._beside.close()
        self._end()
        self._packages.remove()

    def _end(self) -> None:
        self._control.close()  # the parent's loop ends with it
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stderr.close()


class Child:
    """A sandboxed process: its socket and its id as this process sees it.

    weighed: its memory is looked at from here, because no rlimit holds all of it
    """

    def __init__(self, sock: socket.socket, pid: int, limits: Limits, home: str, weighed: bool = False):
        self.sock, self.pid, self.limits, self.home = sock, pid, limits, home
        self._handle = os.pidfd_open(pid)  # stays this process's when its id is given to another
        self._most = self.resident() + limits.memory if weighed else None

    def kill(self) -> None:
        """End it, and return when it has ended."""
        self._signal(signal.SIGKILL)
        self.sock.close()
        gone = select.poll()
        gone.register(self._handle, select.POLLIN)
        gone.poll(1e3 * START)
        os.close(self._handle)
        shutil.rmtree(self.home, ignore_errors=True)  # on a private disk it is gone already

    def offence(self) -> str:
        """What it does that no rlimit forbids everywhere, in words: root's children may have any number of threads."""
        try:
            threads = os.stat(f"/proc/{self.pid}/task").st_nlink - 2
        except OSError:
            return ""
        most = self.limits.threads
        if threads > most:
            return f"it runs {threads} threads, and {most} are allowed"
        return "it took more memory than is allowed" if self._most and self.resident() > self._most else ""

    def resident(self) -> int:
        """Bytes of memory that it has now; 0 when it has ended."""
        try:
            with open(f"/proc/{self.pid}/statm", encoding="utf-8") as f:
                return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def stop(self) -> None:
        """Freeze all its threads, so that it cannot work while it is another's turn."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def cpu_seconds(self) -> float:
        """CPU time of all its threads so far, read from outside: the process cannot touch this clock."""
        return time.clock_gettime_ns((~self.pid << 3) | 2) / 1e9

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)


def _command(isolation: Isolation, packages: str, fd: int, device: str) -> list[str]:
    python = [sys.executable, "-P", "-s", "-m", "grader.sandbox.zygote", str(fd), ",".join(sorted(isolation.layers)),
              device]
    if not isolation.bwrap:
        return python
    system = [p for p in ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
              if os.path.exists(p)]
    binds = [part for path in [*system, *python_paths(), packages] for part in ("--ro-bind", path, path)]
    return [isolation.bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
            "--tmpfs", "/tmp", *binds, "--proc", "/proc", "--dev", "/dev", *gpu.binds(device), "--chdir", "/", *python]
