"""Grade on other machines: the same jobs, through the `concurrent.futures` executor of dask.distributed.

A worker never imports or runs a learner's code: its task supervises a sandbox, as a process of the local pool does. A
submission goes out in parts, one for each resource that its aspects need: whatever is not timed to any worker, timed
aspects to a worker that offers `TIMED` (those tagged `gpu` to one that offers `GPU`, if the cluster has any), one at a
time.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import logging
import threading
import time
import warnings
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace

from ..errors import ClusterError, SectionError
from ..judge.key import version
from ..judge.verdict import Result, unreadable, without_verdict
from ..sandbox import namespaces  # noqa: F401  (the probe forks, and its child must find this imported)
from ..sandbox.host import Warm
from ..sandbox.probe import probe
from ..section.load import load
from ..section.model import Graded
from .jobs import DEADLY, Job, each_alone, merge, receive_job

CONNECT = 5.0     # seconds in which a scheduler answers
ARRIVE = 30.0     # seconds in which the first worker, perhaps started just now, shows up
PATIENCE = 60.0   # seconds without any worker before a run gives up
RETRIES = 2       # of a task that failed with an exception
START = "`dask worker {} --nthreads 1 --resources TIMED=1`"


# --- on the worker ---------------------------------------------------------------------------------------------------

class Refusal(str):
    """Why a worker does not judge: a sentence that ends the run. (An exception would be tried again elsewhere.)"""


_turn = threading.Lock()  # one submission at a time, however many threads the worker has
_warm: Warm | None = None


def about(section: str) -> tuple[bytes, str, str]:
    """What a worker says of itself: its version of the section, its isolation in a word and in full."""
    return version(load(section)), probe().level, str(probe())


def judge_there(job: Job, wanted: bytes, insecure: bool) -> Result | Refusal:
    """The task: judge one part of a submission in a sandbox of this machine."""
    try:
        found, level, _ = about(job.section)
    except SectionError as e:
        return Refusal(e)
    if complaint := objection(found == wanted, level, insecure):
        return Refusal(complaint)
    with _turn:
        from .worker import judge_job  # torch, which only workers need
        return judge_job(job, _warm_parent(insecure))


def _warm_parent(insecure: bool) -> Warm:
    """This process's own, started when the first task comes."""
    global _warm
    if _warm is None:
        import torch
        torch.set_num_threads(1)
        _warm = Warm(insecure)
        atexit.register(_warm.close)
    return _warm


def objection(same_version: bool, level: str, insecure: bool) -> str | None:
    if not same_version:
        return "it has another version of the course: bring its checkout to the same commit and start it again"
    if level == "none" and not insecure:
        return "no sandbox works there: install bubblewrap, or pass --insecure to grade without protection"
    return None


# --- on the instructor's machine -------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Part:
    """What one worker judges of a submission: the aspects that need the same resource."""

    job: Job
    resource: str | None
    aspects: tuple[Graded, ...]


class Cluster:
    """The workers behind a scheduler, found fit to judge a section. Use as a context manager.

    timed:    False where timed aspects are left for later, so that no worker needs to offer TIMED
    insecure: grade even on workers where no sandbox works
    """

    def __init__(self, address: str, section: str, timed: bool = True, insecure: bool = False):
        self.address, self.insecure, self.section = address, insecure, load(section)
        self.version = version(self.section)
        self.client = _connect(address)
        try:
            self.has_gpu = False
            self._require_workers(timed)
            self.isolation = self._greet()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self.client.close(timeout=CONNECT)

    # --- who is there ---

    def _workers(self) -> dict[str, dict]:
        """What each worker offers, by its address."""
        try:
            return {a: w["resources"] for a, w in self.client.scheduler_info()["workers"].items()}
        except Exception:  # whatever the way in which the connection broke
            raise ClusterError(f"The scheduler at {self.address} is gone: start it and its workers, and run this "
                               "again; what was graded so far is kept.") from None

    def _require_workers(self, timed: bool) -> None:
        """Refuse before anything is graded when the cluster could never finish."""
        start = START.format(self.address)
        with contextlib.suppress(Exception):
            self.client.wait_for_workers(1, timeout=ARRIVE)
        workers = self._workers()
        if not workers:
            raise ClusterError(f"The scheduler at {self.address} has no worker: start one with {start}.")
        self.has_gpu = _offered("GPU", workers)
        needs = {self._resource(g) for g in self.section.graded.values() if timed}
        if "TIMED" in needs and not _offered("TIMED", workers):
            raise ClusterError(f"{self.section.name} has timed checks, and no worker of {self.address} offers TIMED: "
                               f"start one with {start}, or leave them for later with --no-timed.")

    def _resource(self, graded: Graded) -> str | None:
        """Without any GPU on the cluster a check for one is timed as on a machine that has none."""
        return "TIMED" if graded.resource == "GPU" and not self.has_gpu else graded.resource

    def _greet(self) -> str:
        """Have every worker say who it is; returns the isolation, with the number of workers that have it."""
        said = self.client.run(about, self.section.name, on_error="return")
        for address, answer in said.items():
            if isinstance(answer, SectionError):
                self._refuse(address, str(answer))
            elif isinstance(answer, ImportError):
                self._refuse(address, f"the course is not installed there ({answer}): run `make setup` in a checkout, "
                                      "and start the worker from its .venv")
            elif isinstance(answer, tuple) and (why := objection(answer[0] == self.version, answer[1], self.insecure)):
                self._refuse(address, why)
        kinds = Counter(answer[2] for answer in said.values() if isinstance(answer, tuple))
        return ", ".join(f"{kind} on {n} worker{'s' * (n > 1)}" for kind, n in kinds.most_common())

    def _refuse(self, worker: str, why: str) -> None:
        raise ClusterError(f"The worker {worker} cannot judge {self.section.name}: {why.rstrip('.')}.")

    # --- grading ---

    def judge_all(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """The verdicts, as they come: each job's once, when all its parts are there."""
        parts: list[Part] = []
        for job in jobs:
            received = receive_job(job, self.section)
            if received.notebook is None:
                yield unreadable(self.section, job.name, received)
            else:
                parts += self._split(replace(job, received=received, path=None, text=None))
        missing = Counter(part.job.name for part in parts)
        judged: dict[str, list[Result]] = {name: [] for name in missing}
        for part, submission in self._results(parts):
            name = part.job.name
            judged[name].append(submission)
            missing[name] -= 1
            if not missing[name]:
                yield merge(self.section, judged.pop(name))

    def _split(self, job: Job) -> list[Part]:
        lanes: dict[str | None, list[Graded]] = {}
        for graded in self.section.graded.values():
            if job.timed or not graded.timed:
                lanes.setdefault(self._resource(graded), []).append(graded)
        return [Part(replace(job, only=frozenset(g.grade_id for g in aspects)), resource, tuple(aspects))
                for resource, aspects in lanes.items()]

    def _results(self, parts: list[Part]) -> Iterator[tuple[Part, Result]]:
        """Judge all parts. Dask blames a worker's death on all that waited there, so each suspect is tried alone."""
        suspects = yield from self._round(parts)
        yield from each_alone(suspects, self._round, lambda part: (part, _deadly(part)))

    def _round(self, parts: list[Part]) -> Generator[tuple[Part, Result], None, list[Part]]:
        """Judge parts side by side; returns those with which workers died, again and again."""
        from distributed import KilledWorker
        futures = {self._submit(part): part for part in parts}
        suspects = []
        try:
            for future in self._as_completed({f: part.resource for f, part in futures.items()}):
                part = futures[future]
                try:
                    result = future.result()
                except KilledWorker:
                    suspects.append(part)
                except concurrent.futures.CancelledError:
                    self._workers()  # says that the scheduler is gone, if it is
                    raise ClusterError(f"The cluster at {self.address} dropped its work: run this again; what was "
                                       "graded so far is kept.") from None
                except Exception as e:
                    yield part, _failed(part, e)
                else:
                    if isinstance(result, Refusal):
                        raise ClusterError(f"A worker cannot judge {self.section.name}: {result.rstrip('.')}.")
                    yield part, result
        finally:
            for future in futures:
                future.cancel()
        return suspects

    def _submit(self, part: Part) -> concurrent.futures.Future:
        options = {"resources": {part.resource: 1}} if part.resource else {}
        executor = self.client.get_executor(pure=False, retries=RETRIES, **options)
        return executor.submit(judge_there, part.job, self.version, self.insecure)

    def _as_completed(self, futures: dict[concurrent.futures.Future, str | None]) -> Iterator[concurrent.futures.Future]:
        """As they come; a ClusterError when there is nobody left to work on them. `futures`: what each needs."""
        pending, last_seen = set(futures), time.monotonic()
        while pending:
            done, pending = concurrent.futures.wait(pending, 2.0, concurrent.futures.FIRST_COMPLETED)
            yield from done
            if done or self._can_go_on({futures[f] for f in pending}):
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > PATIENCE:
                raise ClusterError(f"The scheduler at {self.address} has had no worker for what is left to do for "
                                   f"{PATIENCE:.0f} s: start one with {START.format(self.address)} and run this again; "
                                   "what was graded so far is kept.")

    def _can_go_on(self, needs: set[str | None]) -> bool:
        workers = self._workers()
        return bool(workers) and all(_offered(resource, workers) for resource in needs if resource)


def _offered(resource: str, workers: dict[str, dict]) -> bool:
    return any(offer.get(resource, 0) >= 1 for offer in workers.values())


def _connect(address: str):
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("--scheduler needs dask.distributed: pip install distributed") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is wrong is said in sentences
    warnings.filterwarnings("ignore", message="Sending large graph")  # notebooks are small, a class of them is not
    try:
        asyncio.run(asyncio.wait_for(_knock(address), 2 * CONNECT))  # a Client that fails says more than one sentence
        return Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as e:  # refused, unknown host, no port, no answer, another protocol, no certificate
        why = (str(e.__cause__ or e).strip() or type(e).__name__).splitlines()[0]
        raise ClusterError(f"No Dask scheduler answers at {address} ({why}): start one with `dask scheduler`, and give "
                           "the address that it prints.") from None


async def _knock(address: str) -> None:
    """Raises one exception or another where no Dask process answers."""
    from distributed.comm import connect, normalize_address
    from distributed.security import Security
    comm = await connect(normalize_address(address), timeout=CONNECT, **Security().get_connection_args("client"))
    await comm.close()


def _deadly(part: Part) -> Result:
    return without_verdict(part.job.name, part.aspects, "died", DEADLY)


def _failed(part: Part, e: Exception) -> Result:
    return without_verdict(part.job.name, part.aspects, "undecided",
                           f"the judge itself failed ({type(e).__name__}: {e}); grade it again")
