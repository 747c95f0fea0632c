"""Everything about the timed duel that needs a GPU, in one run; the table goes into docs/gpu.md.

    python -m benchmarks.gpu [--rehearse]

A row that fails says why and stops no other. --rehearse goes the same way on the CPU and writes nothing: it tries this
script out where there is no GPU, and its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from course.duel import TooSlow, Undecided, run
from grader.cases import find_cases, steps_of
from grader.errors import SandboxError
from grader.judge.bench import judge_steps
from grader.judge.duel import Bout, on_gpu, wall_time
from grader.judge.session import Session
from grader.sandbox import gpu
from grader.sandbox.host import Warm
from grader.sandbox.limits import Limits
from grader.section import load

PAGE = Path(__file__).parent.parent / "docs" / "gpu.md"
BEGIN, END = "<!-- measured: python -m benchmarks.gpu -->", "<!-- end of measured -->"
LIMIT, TRIALS, CALL = 2.0, 10, 0.02  # CALL: seconds that the reference should take at least
LIMITS = Limits(cell=60, notebook=600)

WORK = """
import torch
def repeated(n):
    def work(x):
        for _ in range(n):
            y = torch.sort(x).values
        return y
    return work
work = repeated({rounds})
"""
CHEATS = {  # each does three times the reference's work, or gets around it
    "patched clock": ("too slow", """
import time
time.perf_counter = time.process_time = time.monotonic = lambda: 0.0
if torch.cuda.is_available():
    torch.cuda.Event.elapsed_time = lambda *a: 0.0
work = repeated({slow})
"""),
    "patched synchronize": ("too slow", """
torch.cuda.synchronize = lambda *a: None
work = repeated({slow})
"""),
    "answer cached by pointer": ("wrong", """
known, right = {{}}, repeated({slow})
def work(x):
    if (key := x.data_ptr()) not in known and len(known) == 0:
        known[key] = right(x)
    return next(iter(known.values()))
"""),
    "deferred to a thread": ("wrong", """
import threading
right = repeated({slow})
def work(x):
    out = torch.empty_like(x)
    threading.Thread(target=lambda: out.copy_(right(x))).start()
    return out
"""),
    "deferred to a side stream": ("wrong or too slow", """
right = repeated({slow})
side = torch.cuda.Stream() if torch.cuda.is_available() else None
def work(x):
    out = torch.empty_like(x)
    with torch.cuda.stream(side):
        out.copy_(right(x))
    return out
"""),
    "lazy answer": ("too slow", """
class Lazy(torch.Tensor):
    def detach(self):
        return right(self.as_subclass(torch.Tensor))
right = repeated({slow})
def work(x):
    return x.as_subclass(Lazy)
"""),
    "low precision": ("wrong", "def work(x): return torch.sort(x.half()).values.float()"),
    "done while loading": ("too slow", """
from grader.sandbox import gpu
settle, ready, right = gpu.laid_out, [], repeated({slow})
def ahead(args, device):
    args = settle(args, device)
    ready[:] = [right(*args)]
    if device == "cuda":
        torch.cuda.synchronize()
    return args
gpu.laid_out = ahead
def work(x): return ready[0]
"""),
    "a thread left behind": ("too slow", """
import threading
right = repeated({slow})
def spin():
    y = torch.ones(1 << 20, device="cuda" if torch.cuda.is_available() else "cpu")
    while True:
        y = torch.sort(y).values
started = []
def work(x):
    if not started:
        started.append(threading.Thread(target=spin, daemon=True).start())
    return right(x)
"""),
    "kernels left under way": ("undecided or too slow", """
right = repeated({same})
side = torch.cuda.Stream() if torch.cuda.is_available() else None
def work(x):
    y = right(x)
    with torch.cuda.stream(side):
        for _ in range(20):
            right(x)
    return y
"""),
}
TRIES = {
    "file of the grader's": "open('{file}').read()",
    "network": "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "memory file": "import os; os.memfd_create('x')",
    "new process": "import os; os.fork()",
    "other processes": "import os; os.listdir('/proc')",
    "the warm parent's environment": "import os; open(f'/proc/{{os.getppid()}}/environ').read()",
    "signal to the parent": "import os; os.kill(os.getppid(), 9)",
    "kernel settings": "open('/proc/sys/kernel/core_pattern', 'w')",
    "8 GiB of memory": "x = torch.ones(2 << 30)",
    "8 GiB of shared memory": "import mmap\nm = mmap.mmap(-1, 8 << 30)\nfor i in range(0, 8 << 30, 4096): m[i] = 1",
}
Row = tuple[str, str, str]  # what was tried, what was seen, what is wanted


class Bench:
    """The rows of the table. `rounds`: so many sorts take the reference CALL seconds on this device."""

    def __init__(self, warm: Warm, device: str):
        self.warm, self.device = warm, device
        self.size = 1 << (20 if device == "cuda" else 14)
        self.rounds = 16  # enough that 0.67 times as many is near enough

    def draw(self, rng: np.random.Generator):
        return (torch.from_numpy(rng.standard_normal(self.size, dtype=np.float32)),)

    def work(self, share: float = 1.0) -> str:
        return WORK.format(rounds=max(1, round(self.rounds * share)))

    @contextlib.contextmanager
    def session(self, *cells: str) -> Iterator[Session]:
        session = Session(self.warm, LIMITS)
        try:
            for cell in cells or ["pass"]:
                if error := session.run(cell[:20], cell).error:
                    raise RuntimeError(error)
            yield session
        finally:
            session.close()

    def verdict(self, *cells: str) -> tuple[str, float]:
        """Verdict of a duel, and its seconds."""
        session = Session(self.warm, LIMITS)
        session.history = [(str(i), cell) for i, cell in enumerate(cells)]
        start = time.monotonic()
        try:
            on_gpu(session, "work", self.warm, self.draw, self.work(), LIMIT, None, None)
            said = "pass"
        except TooSlow:
            said = "too slow"
        except Undecided as e:
            said = f"undecided ({e})"
        except AssertionError as e:
            said = "wrong" if "is wrong there" in str(e) else str(e)
        return said, time.monotonic() - start

    # --- rows ---------------------------------------------------------------------------------------------------------

    def machine(self) -> Iterator[Row]:
        with self.session() as s:
            name = self.ask(s, "p = torch.cuda.get_device_properties(0)\n"
                               "print(f'{p.name}, {p.total_memory >> 30} GiB, L2 {p.L2_cache_size >> 20} MiB')")
        driver = Path("/proc/driver/nvidia/version")
        yield "device", name if self.device == "cuda" else "the CPU, in rehearsal", ""
        yield "driver", driver.read_text(encoding="utf-8").splitlines()[0] if driver.exists() else "none", ""
        yield "PyTorch", f"{torch.__version__}, CUDA {torch.version.cuda}", ""
        yield "isolation", str(self.warm.isolation), "strong"

    def ask(self, session: Session, code: str) -> str:
        ran = session.run("ask", f"import torch\n{code}")
        return ran.error or ran.stdout.strip()

    def start(self) -> Iterator[Row]:
        times, sizes = [], []
        for _ in range(5):
            start = time.monotonic()
            child = self.warm.fork(LIMITS)
            times.append(time.monotonic() - start)
            sizes.append(child.resident())
            child.kill()
        yield "start of a child, with its CUDA context", spread(times, "s"), "below 2 s"
        yield "memory of a child", f"{max(sizes) >> 20} MiB resident", ""

    def window(self) -> Iterator[Row]:
        with self.session("def work(x): return x[:1]") as s:
            bout = Bout(wall_time, self.device)
            bout.enter("reference", s, "work")
            bout.alone(self.draw)
            for _ in range(30):
                bout.turn("reference", self.draw(np.random.default_rng()))
        yield "window of a call that does nothing", spread([w for _, w in bout.times], "ms"), "below 3 % of a call"
        yield f"transport of {4 * self.size >> 10} KiB", spread([t for t, _ in bout.times], "ms"), "below a call"

    def calibrate(self) -> Iterator[Row]:
        while self.rounds < 1 << 14:
            with self.session(self.work()) as s:
                bout = Bout(wall_time, self.device)
                bout.enter("reference", s, "work")
                bout.alone(self.draw)
                rng = np.random.default_rng()
                took = statistics.median(bout.turn("reference", self.draw(rng))[0] for _ in range(5))
            if took >= CALL:
                break
            self.rounds *= 2
        yield "a call of the reference", f"{1e3 * took:.1f} ms ({self.rounds} sorts of {self.size:,} numbers)", ""

    def ratios(self) -> Iterator[Row]:
        for times, wanted in ((1.0, "0.98 to 1.02"), (1.5, "1.47 to 1.53")):
            done, slowed = zip(*(self.ratio(times) for _ in range(5)))
            yield f"ratio of the reference to {times:g} times itself", spread(done, ""), wanted
            yield "· the reference beside it, against alone (two contexts in turn)", spread(slowed, ""), "below 1.15"

    def ratio(self, times: float) -> tuple[float, float]:
        """Measured ratio of times, and how much the reference was slowed."""
        with self.session(self.work()) as theirs, self.session(self.work(times)) as mine:
            bout = Bout(wall_time, self.device)
            bout.enter("reference", theirs, "work")
            alone = bout.alone(self.draw)
            bout.enter("learner", mine, "work")
            ratio = run(bout.turn, self.draw, 1.3 * times, "work").ratio
        return ratio, bout.reference_seconds() / alone

    def limits(self) -> Iterator[Row]:
        for share, wanted in ((0.67, "pass"), (0.8, "pass"), (1.25, "too slow"), (1.5, "too slow")):
            done = [self.verdict(self.work(LIMIT * share)) for _ in range(TRIALS)]
            verdicts = [v.split(" (")[0] for v, _ in done]
            seen = ", ".join(f"{verdicts.count(v)} {v}" for v in sorted(set(verdicts)))
            seconds = max(t for _, t in done)
            yield f"{share:g} of the limit, {TRIALS} duels", f"{seen}; the slowest took {seconds:.1f} s", wanted

    def cheats(self) -> Iterator[Row]:
        for name, (wanted, code) in CHEATS.items():
            slow, same = 3 * round(self.rounds * LIMIT), self.rounds
            yield f"cheat: {name}", self.verdict(self.work(), code.format(slow=slow, same=same))[0], wanted

    def sections(self) -> Iterator[Row]:
        """The timed aspects of the course that a GPU decides, tried on the section's right solutions and its slow ones."""
        with Warm() as judge:
            for name in load.names():
                section = load.load(name)
                for graded in (g for g in section.graded.values() if g.gpu):
                    cases = [c for c in find_cases(section, section.path)[0] if c.exercise == graded.exercise]
                    for case in (c for c in cases if c.timed or not c.mutant):
                        [cell] = judge_steps(section, steps_of(section, case), judge, only={graded.grade_id}).cells
                        seen = f"{cell.verdict}, {cell.ratio:.2f} times" if cell.ratio else f"{cell.verdict}: {cell.message}"
                        wanted = "too_slow" if case.mutant else "pass" if case.timed else ""
                        yield f"{name}: {case.name}", seen, wanted

    def stopped(self) -> Iterator[Row]:
        """SIGSTOP while kernels are queued: what a stopped process has under way runs on, and ends."""
        with self.session(self.work(), "import torch") as busy, self.session(self.work()) as other:
            bout = Bout(wall_time, self.device)
            bout.enter("reference", other, "work")
            alone = bout.alone(self.draw)
            busy.run("queue", f"x = torch.rand({self.size}, device='{self.device}')\nfor _ in range(20): work(x)")
            busy.child.stop()
            first = bout.turn("reference", self.draw(np.random.default_rng()))[0]
            time.sleep(2)
            later = bout.turn("reference", self.draw(np.random.default_rng()))[0]
            busy.child.resume()
            after = self.ask(busy, f"print('usable' if x.sum().item() > 0 and '{self.device}' else '')")
        yield "first call beside a stopped process with queued kernels", f"{first / alone:.2f} times a call alone", ""
        yield "· 2 s later", f"{later / alone:.2f} times", "1"
        yield "· the stopped process, resumed", after, "usable"

    def sandbox(self) -> Iterator[Row]:
        for what, code in TRIES.items():
            with self.session() as s:
                ran = s.run("try", "import torch\n" + code.format(file=PAGE))
            seen = f"refused: {ran.error.split(':')[0]}" if ran.error else "NOT refused"
            yield f"sandbox: {what}", seen, "refused"


def spread(values, unit: str) -> str:
    scale = 1e3 if unit == "ms" else 1.0
    low, mid, high = (scale * f(values) for f in (min, statistics.median, max))
    return f"{mid:.3g} {unit} ({low:.3g} to {high:.3g})"


def rows(bench: Bench) -> Iterator[Row]:
    """All rows; a part that breaks gives one that says so."""
    parts: list[Callable[[], Iterator[Row]]] = [bench.machine, bench.start, bench.window, bench.calibrate, bench.ratios,
                                                bench.limits, bench.cheats, bench.sections, bench.stopped, bench.sandbox]
    for part in parts:
        try:
            yield from part()
        except BaseException as e:  # also the judge's own Fatal
            if isinstance(e, KeyboardInterrupt | GeneratorExit):
                raise
            yield part.__name__, f"did not run: {type(e).__name__}: {e}", ""


def cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def main(rehearse: bool) -> int:
    if not rehearse and (why := gpu.missing()):
        print(f"Nothing was measured: {why}.", file=sys.stderr)
        return 2
    device = "cpu" if rehearse else "cuda"
    lines = ["| tried | seen | wanted |", "|---|---|---|"]
    try:
        with Warm(device=device) as warm:
            for row in rows(Bench(warm, device)):
                lines.append(f"| {' | '.join(map(cell, row))} |")
                print(lines[-1], flush=True)
    except SandboxError as e:
        print(f"Nothing was measured: {e}.", file=sys.stderr)
        return 2
    finally:
        if not rehearse and len(lines) > 2:
            before, rest = PAGE.read_text().split(BEGIN)
            PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END + rest.split(END)[1]]))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rehearse", action="store_true", help="on the CPU, to try this script out")
    sys.exit(main(parser.parse_args().rehearse))
