"""Every attack of the corpus through the real judge: no points, no harm, no leak, and a verdict in plain words."""

import os
import re
import resource
import socket
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from grader.sandbox.host import Warm
from grader.sandbox.limits import Limits
from grader.section.load import load
from grader.pool.jobs import Job
from grader.pool.local import Local
from tests.attacks import COURSE, attacks, notebook, section
from tests.conftest import ROOT, require_a_sandbox

LIMITS = Limits(cell=1, cell_again=0.2, notebook=20)
ATTACKS = attacks()
BOASTS = re.compile(r"^(LEAK|FLOODED|ALLOWED|SLOWED)", re.MULTILINE)  # what an attack prints when it comes through
DECODING = ROOT / "source" / "02-decoding" / "02-decoding.py"


@dataclass
class Canaries:
    """Things outside that an attack must neither read nor touch."""

    secret: Path
    file: Path
    word: str
    server: socket.socket
    letterbox: socket.socket
    process: subprocess.Popen
    socket: Path

    def places(self) -> dict:
        return {"secret": self.secret, "file": self.file, "environment": "ATTACK_CANARY", "socket": self.socket,
                "port": self.server.getsockname()[1], "pid": self.process.pid}

    def state(self) -> tuple:
        pid = self.process.pid
        limits = [resource.prlimit(pid, what) for what in
                  (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS)]
        return (self.secret.read_text(), self.file.read_text(), sorted(p.name for p in self.file.parent.iterdir()),
                os.environ["ATTACK_CANARY"], knocked(self.server.accept), knocked(lambda: self.letterbox.recv(99)),
                self.process.poll(), limits, os.getpriority(os.PRIO_PROCESS, pid), os.sched_getaffinity(pid),
                os.sched_getscheduler(pid), (COURSE / "source" / "90-attacked" / "90-attacked.py").read_text())


def knocked(call) -> bool:
    try:
        call()
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="module")
def canaries(tmp_path_factory):
    word = f"CANARY-{uuid.uuid4()}"
    os.environ["ATTACK_CANARY"] = word  # before the warm parent starts
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "in").mkdir()
    (folder / "secret").write_text(word)
    (folder / "in" / "file").write_text("as it was")
    letterbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    letterbox.bind(str(folder / "box"))
    with socket.create_server(("127.0.0.1", 0)) as server, letterbox, \
            subprocess.Popen(["sleep", "3600"], cwd=folder, start_new_session=True) as process:
        for listener in (server, letterbox):
            listener.setblocking(False)
        yield Canaries(folder / "secret", folder / "in" / "file", word, server, letterbox, process, folder / "box")
        process.kill()
    del os.environ["ATTACK_CANARY"]


@pytest.fixture(scope="module")
def warm(canaries):
    """One of its own: what it could betray has to be there before it starts."""
    require_a_sandbox()
    with Warm() as parent:
        yield parent


@pytest.fixture(scope="module")
def family(warm) -> tuple:
    """The shared warm parent, and how many processes it and its children are when nobody is judged."""
    warm.wait()
    return warm, len(descendants(warm._process.pid))


@pytest.fixture
def attacked(monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(COURSE))
    return section()


def descendants(root: int) -> set[int]:
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parents[int(entry)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def job(section, name: str, book, **options) -> Job:
    return Job(section.name, name, text=nbformat.writes(book), **options)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(attack, attacked, family, canaries):
    warm, processes = family
    before = canaries.state()
    hostile = job(attacked, "mallory", notebook(attacked, attack, canaries.places()), limits=LIMITS,
                  only=frozenset([attack.attacks]), timed=attack.attacks == "power")
    honest = job(attacked, "alice", attacked.notebook, timed=False)
    results = {s.student: s for s in Local(warm, 2).judge_all([hostile, honest])}

    mallory, alice = results["mallory"], results["alice"]
    assert_worthless(mallory)
    messages = [c.message for c in mallory.cells]
    assert any(re.search(attack.says, message) for message in messages), messages
    for ran in mallory.outputs.values():
        assert not BOASTS.search(ran.stdout) and canaries.word not in ran.stdout + ran.error
    assert not any(canaries.word in message for message in messages)
    assert canaries.state() == before
    assert len(descendants(warm._process.pid)) == processes, "something lives on"
    assert alice.score == alice.max_score, [c for c in alice.cells if c.verdict != "pass"]
    assert alice.seconds < 20


def assert_worthless(submission) -> None:
    """Nothing earned, and every message is words that a person can read."""
    assert submission.score == 0, [c for c in submission.cells if c.score]
    for cell in submission.cells:
        assert cell.verdict != "pass" and cell.message, cell
        assert all(c.isprintable() or c in "\n\t" for c in cell.message), repr(cell.message)
        assert "Traceback" not in cell.message and len(cell.message) <= 2000


def test_honest_work_earns_all_points_after_all_that(attacked, family):
    [alice] = Local(family[0]).judge_all([job(attacked, "alice", attacked.notebook)])
    assert all(c.verdict in ("pass", "undecided") for c in alice.cells), alice.cells
    assert all(c.verdict == "pass" for c in alice.cells if c.grade_id != "power__speed")


def test_the_corpus_is_what_it_says():
    assert len(ATTACKS) >= 45 and len({a.idea for a in ATTACKS}) == len(ATTACKS)
    for attack in ATTACKS:
        assert attack.idea.endswith((".", "?")) and attack.says and attack.code, attack.name


@pytest.mark.skipif(not DECODING.exists(), reason="the section is not written yet")
@pytest.mark.parametrize("slug", ["displayhook", "ast_asserts", "input_transformer", "always_equal", "tensor_subclass",
                                  "closeness", "patched_checks", "stop_iteration", "not_a_number", "exit_now"])
def test_attack_on_a_section_of_the_course(slug, warm):
    decoding = load("02-decoding", ROOT)
    attack = next(a for a in ATTACKS if a.name[4:] == slug)
    exercise = next(e.id for e in decoding.exercises.values() if e.stub_id and e.names)
    hostile = job(decoding, "mallory", notebook(decoding, attack, exercise=exercise), only=frozenset([exercise]),
                  limits=LIMITS, timed=False)
    [mallory] = Local(warm).judge_all([hostile])
    assert_worthless(mallory)
