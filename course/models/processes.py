"""The programs of `ranks.py` in real processes, which meet over torch.distributed with gloo on this machine's loopback.

    answers = processes(lambda comm, x: comm.all_reduce(x), [(x0,), (x1,)])

Nothing here decides a grade; the judge passes over the cells that call it.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import cloudpickle
import torch
import torch.distributed as dist
from torch import Tensor

import course


class GlooComm:
    """What `course.models.ranks.Comm` offers, between real processes."""

    def __init__(self, rank: int, size: int):
        self.rank, self.size = rank, size

    def exchange(self, piece: Tensor) -> Tensor:
        """Send to the right and receive from the left at once: first how many numbers, then the numbers."""
        length = self._swap(torch.tensor([piece.numel()]), torch.zeros(1, dtype=torch.long))
        return self._swap(piece.detach().flatten(), torch.empty(int(length), dtype=piece.dtype))

    def _swap(self, out: Tensor, into: Tensor) -> Tensor:
        sending = dist.isend(out.contiguous(), (self.rank + 1) % self.size)
        dist.recv(into, (self.rank - 1) % self.size)
        sending.wait()
        return into

    def all_reduce(self, x: Tensor) -> Tensor:
        total = x.detach().clone().contiguous()
        dist.all_reduce(total)
        return total

    def reduce_scatter(self, x: Tensor) -> Tensor:
        """Gloo has none for uneven pieces: all is summed and the own piece kept."""
        return torch.tensor_split(self.all_reduce(x), self.size)[self.rank].clone()

    def all_gather(self, chunk: Tensor) -> Tensor:
        """As a sum: everybody puts its piece into zeros, exact for numbers that float32 or float64 hold."""
        lengths = torch.zeros(self.size, dtype=torch.long)
        lengths[self.rank] = chunk.numel()
        lengths = self.all_reduce(lengths)
        whole = torch.zeros(int(lengths.sum()), dtype=torch.promote_types(chunk.dtype, torch.float32))
        at = int(lengths[:self.rank].sum())
        whole[at:at + chunk.numel()] = chunk.flatten()
        return self.all_reduce(whole).to(chunk.dtype)


def _packed(program: Callable[..., Any], args: list[tuple]) -> bytes:
    """Both, pickled; functions of the program's own module by value, so that nobody has to import it to run them."""
    module = sys.modules.get(program.__module__)
    if module is None or module.__name__ == "__main__":  # a notebook's functions go by value anyway
        return cloudpickle.dumps((program, args))
    cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps((program, args))
    finally:
        cloudpickle.unregister_pickle_by_value(module)


LAUNCH = "import sys; from course.models.processes import launch; sys.exit(launch(*sys.argv[1:]))"
FORKS = sys.platform == "linux"  # one process imports torch and forks the others, before any thread runs


def processes(program: Callable[..., Any], args: Sequence[tuple], seconds: float = 60) -> list[Any]:
    """The answers of `program(comm, *args[rank])`, each rank a process of its own; they meet over gloo on the loopback.

    They find each other through a file, so no port is taken beforehand. After `seconds` all of them are ended; they end
    themselves when this process does, by the pipe that they watch.
    """
    size = len(args)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # a killed process may still be writing
        Path(folder, "job").write_bytes(_packed(program, list(args)))
        root = str(Path(course.__path__[0]).resolve().parent)
        env = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]), "OMP_NUM_THREADS": "1",
                            "GLOO_SOCKET_IFNAME": "lo" if sys.platform == "linux" else "lo0"}
        started = [subprocess.Popen([sys.executable, "-c", LAUNCH, folder, ranks, str(size), str(seconds)], env=env,
                                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                    start_new_session=True)
                   for ranks in ([" ".join(map(str, range(size)))] if FORKS else map(str, range(size)))]
        until = time.monotonic() + seconds
        try:
            while any(p.poll() is None for p in started) and time.monotonic() < until:
                if list(Path(folder).glob("*.error")):
                    break
                time.sleep(0.02)
            return [_answer(Path(folder), rank, seconds) for rank in range(size)]
        finally:
            for p in started:
                _end(p)


def _answer(folder: Path, rank: int, seconds: float) -> Any:
    """What a rank left behind: its answer; an error, of whichever rank failed first; or nothing."""
    for failed in sorted(folder.glob("*.error"), key=lambda path: path.stat().st_mtime_ns):
        raise RuntimeError(f"rank {failed.stem}: {failed.read_text(encoding='utf-8')}")
    left = folder / f"{rank}.answer"
    if not left.exists():
        raise TimeoutError(f"rank {rank} left no answer within {seconds:g} s: it died, or waits for what nobody sends")
    return pickle.loads(left.read_bytes())


def _end(process: subprocess.Popen) -> None:
    """End a process and those that it forked."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # its session is its own
        else:
            process.kill()
    process.wait()
    process.stdin.close()


def launch(folder: str, ranks: str, size: str, seconds: str) -> int:
    """What a started process runs: the first of its ranks, the others in children."""
    mine, *others = map(int, ranks.split())
    torch.set_num_threads(1)
    for rank in others:
        if os.fork() == 0:
            os._exit(_run(Path(folder), rank, int(size), float(seconds)))
    code = _run(Path(folder), mine, int(size), float(seconds))
    return max([code, *(os.waitstatus_to_exitcode(os.wait()[1]) for _ in others)])


def _end_with_parent() -> None:
    """Wait for the end of the pipe: whoever started this process is gone, and nobody else would end what it runs."""
    with contextlib.suppress(OSError):
        os.read(0, 1)
    os._exit(1)


def _run(folder: Path, rank: int, size: int, seconds: float) -> int:
    """One rank, from the meeting to its answer."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        dist.init_process_group("gloo", init_method=(folder / "store").as_uri(), rank=rank, world_size=size,
                                timeout=timedelta(seconds=seconds))
        program, args = pickle.loads((folder / "job").read_bytes())
        answer = program(GlooComm(rank, size), *args[rank])
        dist.barrier()
        (folder / f"{rank}.answer").write_bytes(cloudpickle.dumps(answer))
        dist.destroy_process_group()
    except BaseException as error:  # exit() too, in what a learner wrote
        written = folder / f"{rank}.unfinished"
        written.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        written.rename(folder / f"{rank}.error")  # whole at once: the other side looks while this one writes
        return 1
    return 0
