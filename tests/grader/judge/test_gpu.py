"""The way of a duel on a GPU, as far as it goes without one: device "cpu" takes it through the same code."""

import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from course.duel import TooSlow, Undecided, duel
from grader.errors import SandboxError
from grader.judge import duel as duels
from grader.judge.session import Session
from grader.sandbox import gpu
from grader.sandbox.host import Warm
from grader.sandbox.limits import Limits
from grader.sandbox.probe import Isolation, probe
from tests.conftest import ROOT, require

REFERENCE = """
import torch
def work(x):
    for _ in range({}):
        y = torch.sort(x).values
    return y
"""
TWICE = REFERENCE.format(10)


def draw(rng: np.random.Generator):
    return (torch.from_numpy(rng.standard_normal(20_000, dtype=np.float32)),)


@pytest.fixture(scope="module")
def beside():
    """A warm parent as for a GPU, without one."""
    require(probe().level in ("strong", "good"), "a sandbox (bubblewrap or Landlock, and seccomp)")
    with Warm(device="cpu") as parent:
        yield parent


@pytest.fixture
def on_gpu(warm, beside, monkeypatch):
    """`warm`, on a machine that seems to have a GPU."""
    monkeypatch.setattr(warm, "on_gpu", lambda: beside)
    return warm


def verdict(warm, notebook: str) -> str:
    session = Session(warm, Limits())
    try:
        assert not session.run("notebook", notebook).error
        duel(session.get("work"), None, reference=TWICE, limit=0.0, gpu_limit=3.0, gpu_draw=draw)
        return "pass"
    except TooSlow as e:
        assert "work (on the GPU) is right but too slow" in str(e)
        return "too slow"
    except Undecided as e:
        return "disturbed" if "as long as alone" in str(e) else "undecided"
    except AssertionError as e:
        assert "is wrong there" in str(e)
        return "wrong"
    finally:
        session.close()


@pytest.mark.parametrize(("notebook", "expected"), [
    (TWICE, "pass"), (REFERENCE.format(100), "too slow"),
    (REFERENCE.format(100) + "import time\ntime.perf_counter = time.process_time = lambda: 0.0", "too slow"),
    (TWICE + "_sort = work\ndef work(x, known={}):\n    return known.setdefault(x.shape, _sort(x))", "wrong"),
    (TWICE + "_sort = work\ndef work(x): return _sort(x.half()).float()", "wrong"),
], ids=["same", "slow", "patched clock", "cached", "low precision"])
def test_verdicts_by_the_wall_clock(on_gpu, notebook, expected, monkeypatch):
    monkeypatch.setattr(duels, "DISTURBED", 100.0)  # other tests run beside this one
    assert verdict(on_gpu, notebook) == expected


def test_who_slows_the_reference_down_wins_nothing(on_gpu, monkeypatch):
    monkeypatch.setattr(duels.Bout, "alone", lambda self, draw: 1e-6)
    assert verdict(on_gpu, TWICE) == "disturbed"


def test_work_done_while_loading_counts(on_gpu, monkeypatch):
    monkeypatch.setattr(duels, "DISTURBED", 100.0)
    assert verdict(on_gpu, TWICE + """
from grader.sandbox import gpu
_sort, _settle, ready = work, gpu.laid_out, []
def ahead(args, device):
    args = _settle(args, device)
    for _ in range(10):
        ready[:] = [_sort(*args)]
    return args
gpu.laid_out = ahead
def work(x):
    return ready[0]
""") == "too slow"


def test_work_put_off_until_the_answer_is_read_counts(on_gpu, monkeypatch):
    monkeypatch.setattr(duels, "DISTURBED", 100.0)
    assert verdict(on_gpu, TWICE + """
_sort = work
class Lazy(torch.Tensor):
    def detach(self):
        for _ in range(10):
            y = _sort(self.as_subclass(torch.Tensor))
        return y
def work(x):
    return x.as_subclass(Lazy)
""") == "too slow"


def test_the_way_of_a_long_answer_counts_for_nobody(beside):
    """A call of microseconds whose answer has 8 MB: only the call is timed."""
    session = Session(beside, Limits())
    assert not session.run("notebook", "import torch\ndef work(x):\n    return torch.zeros(2_000_000)").error
    bout = duels.Bout(duels.wall_time, "cpu")
    bout.enter("reference", session, "work")
    bout.alone(draw)
    for _ in range(9):
        bout.turn("reference", draw(np.random.default_rng(0)))
    session.close()
    transport, work = (sorted(part)[4] for part in zip(*bout.times, strict=True))
    assert work < transport


@pytest.mark.parametrize("stops", ["raise RuntimeError('tensors on two devices')", "bytearray(1 << 34)"])
def test_what_the_gpu_refuses_is_timed_on_the_cpu(on_gpu, stops):
    session = Session(on_gpu, Limits())
    here = TWICE + f"_sort = work\ndef work(x):\n    if len(x) == 20_000:\n        {stops}\n    return _sort(x)"
    assert not session.run("notebook", here).error
    smaller = lambda rng: (torch.from_numpy(rng.standard_normal(10_000, dtype=np.float32)),)  # noqa: E731
    outcome = duel(session.get("work"), smaller, reference=TWICE, limit=2.5, gpu_limit=3.0, gpu_draw=draw)
    session.close()
    assert outcome.verdict == "fast"


def test_without_a_gpu_the_cpu_clock_decides(warm, monkeypatch):
    monkeypatch.setattr(gpu, "missing", lambda: "there is none")
    assert warm.on_gpu() is None
    session = Session(warm, Limits())
    session.run("notebook", TWICE)
    outcome = duel(session.get("work"), draw, reference=TWICE, limit=2.5, gpu_limit=0.0)
    session.close()
    assert outcome.verdict == "fast"


def test_what_is_missing_is_said_in_words(monkeypatch):
    monkeypatch.setattr(gpu, "nodes", lambda: [])
    assert "no NVIDIA GPU" in gpu.missing()
    monkeypatch.setattr(gpu, "nodes", lambda: ["/dev/nvidiactl"])
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "CUDA build of the same version" in gpu.missing()
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert gpu.missing() == ""


def test_a_driver_that_does_not_start_ends_in_words(on_gpu, monkeypatch):
    if gpu.missing():  # else it would start, here
        with pytest.raises(OSError, match="the GPU does not start in the sandbox"):
            gpu.start("cuda")
    session = Session(on_gpu, Limits())
    assert not session.run("notebook", TWICE).error
    work = session.get("work")
    monkeypatch.setattr(Warm, "fork", lambda self, limits: broken("no driver"))
    with pytest.raises(Undecided, match="work cannot be timed on the GPU of this machine: no driver"):
        duel(work, draw, reference=TWICE, limit=2.0, gpu_limit=2.0)
    session.close()


def broken(why: str):
    raise SandboxError(why)


def test_a_weak_sandbox_gets_no_gpu():
    with pytest.raises(SandboxError, match="a GPU needs a stronger sandbox"):
        Warm(isolation=Isolation("weak", frozenset({"seccomp"}), None), device="cuda")


def test_memory_is_limited_without_a_limit_on_address_space(beside):
    session = Session(beside, Limits(memory=200 << 20))
    reserve = session.run("reserve", "import mmap\nroom = mmap.mmap(-1, 1 << 40, mmap.MAP_PRIVATE, 0)")
    assert not reserve.error, reserve
    assert session.run("private", "bytearray(1 << 30)").error == "MemoryError"
    shared = "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1"
    assert "more memory than is allowed" in session.run("shared", shared).error
    session.close()


DRIVER = """
import ctypes, json, os, socket, sys, threading
from grader.sandbox import confine, gpu, limits
go, said = threading.Event(), {}

def attempt(what, f):
    try:
        f()
        said[what] = "done"
    except OSError as e:
        said[what] = type(e).__name__

def thread():
    go.wait()
    attempt("late memfd", lambda: os.memfd_create("x"))
    attempt("late file", lambda: open("%s").read())

def start(device):  # what libcuda is known to do
    t = threading.Thread(target=thread)
    t.start()
    gpu.thread = t
    attempt("name", lambda: open(f"/proc/self/task/{t.native_id}/comm", "r+").write("cuda-EvtHandlr"))
    attempt("memfd", lambda: os.memfd_create("cuda"))
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    attempt("socket", lambda: (s.bind(chr(0) + "cuda-uvmfd-0-0"), s.listen()))

gpu.start = start
confine.confine(limits.Limits(), set(sys.argv[1].split(",")), sys.argv[2], "cpu")
go.set()
gpu.thread.join()
attempt("file", lambda: open("%s").read())
os.write(1, json.dumps(said).encode())
"""


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_driver_may_do_what_it_needs_while_it_starts_and_nothing_later(namespaces):
    """Its threads were there before the filter of system calls, and are under it too."""
    layers = probe().layers - {"uid"} - (set() if namespaces else {"namespaces"})
    if not layers >= {"landlock", "seccomp", *(["namespaces"] if namespaces else [])}:
        pytest.skip("this machine does not offer it")
    secret = "/etc/passwd"  # there on every machine, and not below /tmp, where it would be missing rather than forbidden
    home = f"/tmp/gpu-home-{time.monotonic_ns()}"  # below tmp_path it would be out of sight with namespaces
    done = subprocess.run([sys.executable, "-c", DRIVER % (secret, secret), ",".join(layers), home],
                          capture_output=True, cwd=ROOT, timeout=60)
    shutil.rmtree(home, ignore_errors=True)
    assert json.loads(done.stdout or "{}") == {
        "name": "done", "memfd": "done", "socket": "done", "late memfd": "PermissionError",
        "late file": "PermissionError", "file": "PermissionError"}, done.stderr.decode()


def test_tensors_move_wherever_they_are():
    args = (torch.ones(2), [torch.zeros(1), 3], {"k": (torch.ones(1), "s")}, np.ones(2))
    moved = gpu.move(args, "meta")
    assert moved[0].is_meta and moved[1][0].is_meta and moved[2]["k"][0].is_meta
    assert moved[1][1] == 3 and moved[2]["k"][1] == "s" and moved[3] is args[3]


def test_one_duel_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = "from grader.sandbox import gpu\nwith gpu.lane(): print('in', flush=True)"
    with gpu.lane():
        other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT,
                                 env={"TMPDIR": str(tmp_path)})
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1.5)
    assert other.communicate(timeout=30)[0] == b"in\n"
