"""The warm parent: imports everything that a notebook may need, then forks one child per submission.

Started by host.py as `python -m grader.sandbox.zygote FD LAYERS DEVICE`, inside bubblewrap where there is one. It never
runs a learner's code, holds nothing that must stay hidden, and has one thread: a process that forks with more than one
hands its children locks that nobody will ever open. It never calls CUDA either, for then they could not.

A request is one datagram on FD: the limits as JSON, with the child's end of a fresh socket attached.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys

for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_pool] = "1"  # before torch and numpy are imported

FIRST_CELL = "def f(x: int) -> int:\n    return x\n\n\ndel f"

from .libc import PR_SET_PDEATHSIG, prctl  # noqa: E402
from .limits import Limits  # noqa: E402


def main(fd: int, layers: set[str], device: str) -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)   # Ctrl-C is the instructor's, host.py ends this process in order
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    gc.disable()  # it would walk over all of it several times
    _import_everything()
    gc.enable()
    control = socket.socket(fileno=fd)
    control.send(b"ready")
    gc.collect()
    gc.freeze()  # so that the collector does not touch, and thereby copy, the pages that children share
    while True:
        data, fds, _, _ = socket.recv_fds(control, 4096, 1)
        if not data:
            return
        _assert_one_thread()
        if os.fork() == 0:
            control.close()
            _child(fds[0], Limits(**json.loads(data)), layers, device)
        for f in fds:
            os.close(f)


def _import_everything() -> None:
    import IPython.core.interactiveshell  # noqa: F401
    import ipywidgets  # noqa: F401
    import jaxtyping  # noqa: F401
    import matplotlib
    import numpy.random  # noqa: F401  (numpy alone imports it at first use)
    import torch
    matplotlib.use("agg")
    import matplotlib.pyplot  # noqa: F401

    import course

    from . import confine, learner, packages  # noqa: F401  (each child would have to import what is not here)
    for module in pkgutil.walk_packages(course.__path__, "course."):
        importlib.import_module(module.name)
    learner.shell().run_cell(FIRST_CELL, store_history=False)  # what IPython does at its first cell only, each child would do
    packages.seen()  # remembered, for the children
    _keep_targets("course", "grader")
    torch.set_num_threads(1)
    torch.ones(2, 2) @ torch.ones(2, 2)  # the first product loads the kernels


def _keep_targets(*names: str) -> None:
    """Have packages look behind their links, which lie below /tmp and are hidden from a child."""
    from . import packages
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in names and hasattr(module, "__path__"):
            module.__path__[:] = [packages.folder_of(module)]


def _assert_one_thread() -> None:
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise SystemExit(f"the warm parent has {threads} threads and must not fork")


def _child(fd: int, limits: Limits, layers: set[str], device: str) -> None:
    """Never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        null = os.open("/dev/null", os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        sock = socket.socket(fileno=fd)
        from . import learner
        from .confine import confine, home_of
        os.setsid()  # where the kernel shares CPU time out by session, its threads share one part
        try:
            confine(limits, layers, home_of(os.getpid(), os.environ["PYTHONPATH"]), device)
        except OSError as e:
            sock.send(b"!" + f"{e}".encode()[:200])
            os._exit(1)
        sock.send(b"+")  # carries this process's id as the kernel knows it
        learner.serve(sock, limits)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), set(filter(None, sys.argv[2].split(","))), sys.argv[3])
