"""N ranks of one program in a single process: nobody waits, so nothing can hang.

    answers, sent = together(lambda comm, x: comm.all_reduce(x), [(x0,), (x1,)])

The program is run rank by rank up to its next collective. There it is stopped and its contribution kept. When all ranks
have given theirs, the results are known, and every rank runs again from the start with them. A program without state of its
own cannot tell that from N processes side by side. `processes.py` runs the same programs in real ones.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


class Waiting(RuntimeError):
    """A rank has come to a collective that others have not reached yet."""


class Comm:
    """What a rank can say to the others; `sent` lists (collective, numbers that it put in), in order."""

    def __init__(self, rank: int, size: int, known: Sequence[Any] = ()):
        self.rank, self.size = rank, size
        self.sent: list[tuple[str, int]] = []
        self.given: Tensor | None = None  # what it put into the collective at which it stopped
        self._known = known

    def exchange(self, piece: Tensor) -> Tensor:
        """Send `piece` to the right neighbour, rank + 1, and get what the left one sent; in a circle."""
        return self._call("exchange", piece)

    def all_reduce(self, x: Tensor) -> Tensor:
        """The elementwise sum over all ranks, on every rank."""
        return self._call("all_reduce", x)

    def reduce_scatter(self, x: Tensor) -> Tensor:
        """This rank's chunk, by `torch.tensor_split(…, size)`, of the sum over all ranks."""
        return self._call("reduce_scatter", x)

    def all_gather(self, chunk: Tensor) -> Tensor:
        """The chunks of all ranks, one behind the other."""
        return self._call("all_gather", chunk)

    def _call(self, op: str, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(f"{op} sends tensors, not {type(x).__name__}")
        self.sent.append((op, x.numel()))
        if len(self.sent) <= len(self._known):
            return self._known[len(self.sent) - 1].clone()
        self.given = x.detach().clone()
        raise Waiting(f"rank {self.rank} waits in {op}")


def together(program: Callable[..., Any], args: Sequence[tuple],
             most: int = 100) -> tuple[list[Any], list[list[tuple[str, int]]]]:
    """(answer of every rank, what every rank sent) of `program(comm, *args[rank])`.

    Fails where ranks do not call the same collectives in the same order, where real processes would wait for ever.
    """
    size = len(args)
    known: list[list[Tensor]] = [[] for _ in range(size)]
    for _ in range(most):
        comms, answers = [Comm(r, size, known[r]) for r in range(size)], []
        for comm in comms:
            answer = None
            try:
                answer = program(comm, *copy.deepcopy(args[comm.rank]))
            except Exception:
                if comm.given is None:
                    raise
            answers.append(answer)
        waiting = [comm for comm in comms if comm.given is not None]
        if not waiting:
            _agree(comms)
            return answers, [comm.sent for comm in comms]
        if len(waiting) < size:
            done = next(comm.rank for comm in comms if comm.given is None)
            raise AssertionError(f"rank {done} has finished while rank {waiting[0].rank} waits in {waiting[0].sent[-1][0]}: "
                                 "real processes would hang here. Every rank calls the same collectives, in the same order")
        _agree(comms)
        for r, result in enumerate(_results(comms[0].sent[-1][0], [comm.given for comm in comms])):
            known[r].append(result)
    raise AssertionError(f"more than {most} collectives and no end")


def _agree(comms: Sequence[Comm]) -> None:
    """Expect the same collectives of all ranks."""
    for comm in comms:
        ops, first = [op for op, _ in comm.sent], [op for op, _ in comms[0].sent]
        if ops != first:
            raise AssertionError(f"rank {comm.rank} calls {', '.join(ops)}, rank 0 {', '.join(first)}: "
                                 "real processes would hang")


def _results(op: str, given: Sequence[Any]) -> list[Tensor]:
    """What each rank gets."""
    size = len(given)
    if op == "exchange":
        return [given[r - 1] for r in range(size)]
    if op == "all_gather":
        return [torch.cat([x.flatten() for x in given])] * size
    if any(x.shape != given[0].shape or x.dtype != given[0].dtype for x in given):
        raise AssertionError(f"{op}: every rank gives the same shape and dtype, got "
                             f"{[(tuple(x.shape), str(x.dtype).removeprefix('torch.')) for x in given]}")
    total = given[0].clone()
    for x in given[1:]:
        total += x
    return [total] * size if op == "all_reduce" else list(torch.tensor_split(total, size))
