"""Every level of isolation that a machine may offer, tried from the inside, and messages that no honest child sends."""

import json
import os
import random
import re
import socket
import struct
import subprocess
import threading
import time

import pytest

from grader.judge.session import Session, described, raise_theirs
from grader.sandbox import landlock, seccomp
from grader.sandbox import probe as probing
from grader.sandbox.host import Warm
from grader.sandbox.limits import Limits
from grader.sandbox.probe import probe
from grader.sandbox.values import Decoder, ValueCodecError
from grader.sandbox.wire import Wire, WireError, WireTimeout
from tests.conftest import ROOT

FIRST = probe()
LEVELS = {  # level: layers, with bubblewrap?
    "strong without bubblewrap": ({"landlock", "namespaces", "seccomp"}, False),
    "good with bubblewrap": ({"landlock", "seccomp"}, True),
    "good without": ({"landlock", "seccomp", "uid"}, False),
}
TRIES = {
    "read": "print(open('{secret}').read())",
    "write": "open('{secret}', 'a').write('x'); print('DONE')",
    "list": "import os; print('DONE', os.listdir('{folder}'))",
    "kill": "import os; os.kill({pid}, 9); print('DONE')",
    "sigio": "import fcntl, socket; fcntl.fcntl(socket.socketpair()[0], fcntl.F_SETOWN, {pid}); print('DONE')",
    "prlimit": "import resource; resource.prlimit({pid}, resource.RLIMIT_NOFILE, (0, 0)); print('DONE')",
    "renice": "import os; os.setpriority(os.PRIO_PROCESS, {pid}, 19); print('DONE')",
    "pin": "import os; os.sched_setaffinity({pid}, {{0}}); print('DONE')",
    "unpin": "import os; os.sched_setaffinity(0, range(os.cpu_count())); print('DONE')",
    "tcp": "import socket; socket.create_connection(('127.0.0.1', {port}), 1); print('DONE')",
    "datagram": "import socket; socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto(b'x', '{box}'); print('DONE')",
    "fork": "import os\nif os.fork() == 0: os._exit(0)\nprint('DONE')",
    "program": "import os; os.execv('/bin/true', ['true'])",
    "memory file": "import os; os.memfd_create('x'); print('DONE')",
    "outlive": "import ctypes; assert ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0; print('DONE')",
    "processes": "import os; print('DONE', [p for p in os.listdir('/proc') if p.isdigit()])",
    "environment": "print(open('/proc/{pid}/environ').read())",
    "gain": "import ctypes; assert ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0; print('DONE')",
}


@pytest.fixture(scope="module", params=LEVELS, ids=lambda name: name.replace(" ", "_"))
def level(request):
    layers, bwrap = LEVELS[request.param]
    layers = {layer for layer in layers if layer in FIRST.layers or layer == "uid" and os.getuid() == 0
              and probing._works_in_child(probing._TRY_NOBODY)}
    if not layers >= LEVELS[request.param][0] - {"uid"} or bwrap and not FIRST.bwrap:
        pytest.skip("this machine does not offer it")
    isolation = type(FIRST)(request.param.split()[0], frozenset(layers), FIRST.bwrap if bwrap else None)
    with Warm(isolation=isolation) as warm:
        warm.wait()
        assert warm.isolation == isolation
        yield warm


@pytest.fixture(scope="module")
def bystander():
    with subprocess.Popen(["sleep", "600"], env={"SECRET": "in the environment"}) as process:
        yield process
        assert process.poll() is None
        process.kill()


HIDDEN = ["course/figures.py", "course/sections/decoding.py", "grader/judge/bench.py", "grader/cli.py", "study/cli.py"]


@pytest.mark.parametrize("path", HIDDEN)
def test_of_the_course_only_the_graded_side_is_there(level, path):
    """Pictures and widgets hold near-solutions, and the judge is nobody's business."""
    session = Session(level, Limits(cell=20))
    try:
        module = path.removesuffix(".py").replace("/", ".")
        assert re.search("ModuleNotFoundError|PermissionError", session.run("cell", f"import {module}").error)
        ran = session.run("cell", f"import course, os\nprint(open({str(ROOT / path)!r}).read())")
        assert re.search("PermissionError|FileNotFoundError", ran.error) and not ran.stdout
        beside = "os.path.join(os.path.dirname(os.path.dirname(course.check.__file__)), " + repr(path) + ")"
        ran = session.run("cell", f"import course.check, os\nprint(open({beside}).read())")
        assert re.search("PermissionError|FileNotFoundError", ran.error) and not ran.stdout
        assert not session.run("cell", "import course.models.ngram, course.data.corpus, course.duel").error
    finally:
        session.close()


@pytest.mark.parametrize("what", TRIES)
def test_contained(level, bystander, tmp_path, what):
    (tmp_path / "secret").write_text("in a file")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as box:
        box.bind(str(tmp_path / "box"))
        session = Session(level, Limits(cell=20))
        ran = session.run("cell", TRIES[what].format(
            secret=tmp_path / "secret", folder=ROOT / "source", pid=bystander.pid, port=server.getsockname()[1],
            box=tmp_path / "box"))
        session.close()
    assert ran.error and "ended its process" not in ran.error, ran
    assert "DONE" not in ran.stdout and "in a file" not in ran.stdout, ran
    assert (tmp_path / "secret").read_text() == "in a file" and bystander.poll() is None


def test_a_home_is_writable_and_goes_with_its_child(level):
    session = Session(level, Limits(cell=20))
    ran = session.run("cell", "import os, tempfile\nopen('own', 'w').write('x')\n"
                              "tempfile.mkstemp()\nprint(os.getcwd())")
    assert not ran.error, ran
    session.close()
    assert not os.path.exists(ran.stdout.strip())


def test_the_levels_are_named_truthfully(monkeypatch):
    def named(bwrap, landlock_, seccomp_, namespaces):
        monkeypatch.setattr(probing, "_bubblewrap", lambda: "/usr/bin/bwrap" if bwrap else None)
        monkeypatch.setattr(landlock, "version", lambda: 7 if landlock_ else 0)
        monkeypatch.setattr(seccomp, "available", lambda: seccomp_)
        monkeypatch.setattr(probing, "_works_in_child", lambda code: namespaces)
        return probing.probe.__wrapped__().level
    assert named(True, True, True, True) == named(False, True, True, True) == "strong"
    assert named(True, False, True, False) == named(False, True, True, False) == "good"
    assert named(False, False, True, True) == named(False, True, False, True) == "weak"
    assert named(True, False, False, False) == "weak"
    assert named(False, False, False, False) == "none"


# --- messages --------------------------------------------------------------------------------------------------------

class Hostile:
    """In a child's place: a socket on which anything at all is said."""

    def __init__(self, say):
        self.say = say

    def fork(self, limits):
        self.sock, self.theirs = socket.socketpair()
        threading.Thread(target=self.talk, args=(self.theirs,), daemon=True).start()
        return self

    def talk(self, theirs):
        try:
            while theirs.recv(1 << 16):
                theirs.sendall(self.say())
        except OSError:
            pass

    def offence(self):
        return ""

    def cpu_seconds(self):
        return 0.0

    def kill(self):
        self.sock.close()


def frame(head) -> bytes:
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<I", len(text)) + text


WORDS = """op return raise callback value error changed sizes target args kind StopIteration tensor array dict set
    tuple ref own dtype shape stride float32 bytes int range dataclass fields memory stdout message objects scalar
    order""".split()


def anything(rng: random.Random, depth: int = 0):
    """A random JSON value out of the words that the two sides use."""
    kind = rng.randrange(9 if depth < 4 else 6)
    if kind < 6:
        return [None, True, rng.choice([-1, 0, 1, 2**63, 10**300]), rng.choice([0.5, float("nan")]),
                rng.choice(WORDS), ""][kind]
    if kind == 6:
        return [anything(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(WORDS): anything(rng, depth + 1) for _ in range(rng.randrange(4))}


@pytest.mark.parametrize("seed", range(40))
def test_no_message_raises_more_than_it_may(seed):
    """A conversation with a child that says anything: only Fatal and Exception's own kin, and none from a cell."""
    from grader.judge.session import Fatal
    rng = random.Random(seed)

    def say():
        head = {"op": rng.choice(["return", "raise", "callback", "x"]), "sizes": [], "value": anything(rng),
                "error": anything(rng), "changed": anything(rng), "target": anything(rng), "args": anything(rng),
                "stdout": anything(rng)}
        return frame(head) if rng.random() < 0.9 else frame(anything(rng))

    session = Session(Hostile(say), Limits(cell=0.5, notebook=3))
    for _ in range(10):
        assert isinstance(session.run("cell", "1").error, str)
        try:
            value = session.get("f")
            value([1.0], {"a": 1}, k=[2])
        except (Fatal, Exception) as e:
            assert not isinstance(e, (StopIteration, StopAsyncIteration, MemoryError))
    session.close()


def test_whoever_always_talks_is_stopped_in_time():
    ours, theirs = socket.socketpair()
    threading.Thread(target=lambda: flood(theirs), daemon=True).start()
    wire, end = Wire(ours), time.monotonic() + 0.5
    with pytest.raises(WireTimeout):
        while True:
            wire.receive(lambda: end - time.monotonic())
    assert time.monotonic() < end + 5
    ours.close()


def flood(sock) -> None:
    try:
        while True:
            sock.sendall(frame({"op": "callback", "sizes": []}) * 100)
    except OSError:
        pass


@pytest.mark.parametrize("text", [
    b"[" * 10**6, b"[]", b"{}", b"\xff\xfe", b'{"sizes": [-1]}', b'{"sizes": [1e9]}', b'{"sizes": 5}',
    b'{"sizes": [' + b"9" * 10**5 + b"]}", b'{"sizes": [400000000]}', b"[" + b"[]," * 10**6 + b"0]"])
def test_what_is_no_message_is_refused(text):
    ours, theirs = socket.socketpair()
    threading.Thread(target=theirs.sendall, args=(frame(text),), daemon=True).start()
    with pytest.raises(WireError):
        Wire(ours).receive()


@pytest.mark.parametrize("node", [
    {}, {"dict": [[[], 1]]}, {"dict": [[{"int": hex(i * (2**61 - 1))}, 0] for i in range(100)]}, {"set": [[]]},
    {"int": "0x" + "f" * 5000}, 10**1300, {"range": [0, 10**9]}, {"range": [0, 10**30]}, [0] * 600_000,
    {"tensor": 0, "dtype": "uint8", "shape": [2**25], "stride": [0]},
    {"tensor": 0, "dtype": "uint8", "shape": [2, 2], "stride": [-1, 1]},
    {"dataclass": "course.duel:TooSlow", "fields": {}}, {"dataclass": "course.nothing:X", "fields": {}},
    {"dataclass": "subprocess:Popen", "fields": {"args": "true"}}])
def test_what_is_no_value_is_refused(node):
    with pytest.raises(ValueCodecError):
        Decoder([b"\0"], lambda node: None).decode(node)


@pytest.mark.parametrize("kind", ["StopIteration", "StopAsyncIteration", "GeneratorExit", "KeyboardInterrupt", "exec",
                                  "SystemExit", "BaseException", "UnicodeDecodeError", "ExceptionGroup", None, ["a"]])
def test_no_exception_of_theirs_ends_a_loop_of_ours(kind):
    with pytest.raises(RuntimeError):
        list(map(lambda _: raise_theirs({"kind": kind, "message": {}}), [1]))
    assert described("boo") == "an exception"
