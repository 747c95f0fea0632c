"""Grading on a cluster: a real scheduler and real workers, all of it on 127.0.0.1."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.cases import Case, compose
from grader.errors import ClusterError
from grader.pool.cluster import Cluster
from grader.section.load import load
from tests.conftest import ROOT, require

pytestmark = pytest.mark.xdist_group("cluster")  # its workers are started once
BIN = Path(sys.executable).parent
SECTION = "90-mini"
LOCAL = "127.0.0.1"
PATIENCE = 400  # seconds for one command; an idle machine takes a twentieth
SPEED = '''
# %% graded="double__speed" points=2 tags=["timed"]
def draw(rng):
    "Fresh arguments for one call."
    return (torch.from_numpy(rng.standard_normal(10_000)),)

check(double, torch.tensor([0.5]), want=torch.tensor([1.0]))
### BEGIN HIDDEN TESTS
from course.duel import duel
duel(double, draw, reference="""
def double(x):
    for _ in range(200):
        y = x * 2
    return y
""", limit=3.0)
### END HIDDEN TESTS

# %% [markdown]
# ## Hypotenuse
'''
LETHAL = '''
import os, signal  # stands for whatever a submission could do to a worker
if double(torch.tensor([0.0])).tolist() == [666.0]:
    os.kill(os.getpid(), signal.SIGKILL)
### END HIDDEN TESTS
'''
SOLUTIONS = {
    "right": "return x * 2",
    "squares": "return x * x",
    "slow": "for _ in range(5000):\n        y = x * 2\n    return y",
    "quits": "import os; os._exit(0)",
    "dozes": "import time; time.sleep(x.numel() < 9 and 0.3); return x * 2",
    "naps": "import time; time.sleep(x.numel() < 9 and 0.2); return x * 2",
}
KILLER = "return x * 2 + 666 * (x.numel() == 1 and not x.any())"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A checkout with one small section that has a timed check, and a check that ends the process it runs in.

    Its code is a copy too: an edit while these tests run would make two machines judge differently.
    """
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "tests" / "data" / "mini" / "source", root / "source")
    for package in ("course", "grader"):
        shutil.copytree(ROOT / package, root / package)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    source = root / "source" / SECTION / f"{SECTION}.py"
    text = source.read_text().replace("### END HIDDEN TESTS\n", LETHAL.lstrip(), 1)
    source.write_text(text.replace("\n# %% [markdown]\n# ## Hypotenuse\n", SPEED))
    run("grader", "build", root=root, workspace=root)
    return root


def hand_in(root: Path, workspace: Path, solutions: dict[str, str]) -> Path:
    section = load(SECTION, root)
    texts = {student: compose(section, Case(student, "double", f"def double(x):\n    {body}", ("double",), True, False))
             for student, body in solutions.items()}
    for student, text in (texts | {"garbage": "{"}).items():
        folder = workspace / "submitted" / student / SECTION
        folder.mkdir(parents=True)
        (folder / f"{SECTION}.ipynb").write_text(text)
    return workspace


def environment(root: Path, workspace: Path) -> dict:
    return os.environ | {"COURSE_ROOT": str(root), "PYTHONPATH": str(root), "COURSE_WORKSPACE": str(workspace),
                         "OMP_NUM_THREADS": "1"}


def start(*command, root: Path, workspace: Path, **options) -> subprocess.Popen:
    command = [BIN / command[0], *command[1:]]
    return subprocess.Popen(command, env=environment(root, workspace), cwd=root, text=True, **options)


def run(*command, root: Path, workspace: Path, code: int = 0) -> subprocess.CompletedProcess:
    process = start(*command, root=root, workspace=workspace, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == code, err
    return subprocess.CompletedProcess(command, code, out, err)


class Dask:
    """A scheduler and its workers, as people start them."""

    def __init__(self, root: Path, folder: Path, **settings):
        self.root, self.folder, self.processes, self.settings = root, folder, [], settings
        self._start("scheduler", "--port", "0", "--scheduler-file", str(folder / "scheduler.json"))
        self.address = self._wait_for(lambda: json.loads((folder / "scheduler.json").read_text())["address"])

    def worker(self, *options: str) -> subprocess.Popen:
        return self._start("worker", self.address, "--nthreads", "1", "--memory-limit", "0",
                           "--local-directory", str(self.folder), *options)

    def _start(self, role: str, *options: str) -> subprocess.Popen:
        with open(self.folder / f"{role}-{len(self.processes)}.log", "w", encoding="utf-8") as log:
            command = [BIN / "dask", role, "--host", LOCAL, "--dashboard-address", f"{LOCAL}:0", "--no-dashboard"]
            process = subprocess.Popen([*command, *options], stdout=log, stderr=log, cwd=self.folder,
                                       env=environment(self.root, self.folder / "none") | self.settings)
        self.processes.append(process)
        return process

    def _wait_for(self, thing, seconds: float = 30):
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, ValueError):
                return thing()
            assert time.monotonic() < end, "the scheduler did not start"
            time.sleep(0.1)

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def cluster(root, tmp_path_factory):
    """Two workers that take timed checks, without nannies: what is killed stays dead."""
    sandbox()
    dask = Dask(root, tmp_path_factory.mktemp("dask"))
    dask.workers = [dask.worker("--no-nanny", "--resources", "TIMED=1") for _ in range(2)]
    yield dask
    dask.stop()


def sandbox() -> None:
    from grader.sandbox.probe import probe
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")


def verdicts(document: dict) -> dict:
    """What does not depend on the clock."""
    return {s["student"]: (s["status"], s["score"], [(c["grade_id"], c["score"], c["verdict"]) for c in s["cells"]],
                           [c["message"] for c in s["cells"] if c["grade_id"] != "double__speed"])
            for s in document["submissions"]}


def gradebook(workspace: Path) -> list[tuple]:
    with sqlite3.connect(workspace / "gradebook.db") as connection:
        return sorted(connection.execute(
            "select student.id, base_cell.name, grade.auto_score, grade.needs_manual_grade from grade "
            "join submitted_notebook on grade.notebook_id = submitted_notebook.id "
            "join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id "
            "join student on submitted_assignment.student_id = student.id "
            "join base_cell on grade.cell_id = base_cell.id"))


def test_a_cluster_that_loses_a_worker_gives_the_grades_of_one_machine(root, cluster, tmp_path):
    here, there = (hand_in(root, tmp_path / name, SOLUTIONS) for name in ("here", "there"))
    run_there = start("grader", "grade", SECTION, "--json", "--scheduler", cluster.address, root=root, workspace=there,
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wanted = 2  # judged, so that both workers are at work; one of them is "garbage", judged before
    while run_there.poll() is None and len(list(there.glob("autograded/*/*/verdict.json"))) < wanted:
        time.sleep(0.02)
    assert run_there.poll() is None, run_there.stderr.read()
    cluster.workers[0].send_signal(signal.SIGKILL)
    out, err = run_there.communicate(timeout=PATIENCE)
    assert run_there.returncode == 0 and err == ""
    document = json.loads(out)
    alone = json.loads(run("grader", "grade", SECTION, "--json", root=root, workspace=here).stdout)
    assert verdicts(document) == verdicts(alone)
    assert gradebook(there) == gradebook(here)
    assert [s["student"] for s in document["submissions"]] == sorted([*SOLUTIONS, "garbage"])
    by_name = {s["student"]: {c["grade_id"]: c["verdict"] for c in s["cells"]} for s in document["submissions"]}
    assert list(by_name["right"]) == list(load(SECTION, root).graded)
    assert by_name["right"]["double__speed"] == "pass" and by_name["slow"]["double__speed"] == "too_slow"
    assert "on 2 workers" in document["isolation"]


def test_a_worker_with_another_version_of_the_course_is_refused(root, cluster, tmp_path, monkeypatch):
    shutil.copytree(root / "source", tmp_path / "source")
    (tmp_path / "course").symlink_to(root / "course")
    source = tmp_path / "source" / SECTION / f"{SECTION}.py"
    source.write_text(source.read_text(encoding="utf-8").replace("check(double", "1 + 1  # a later thought\ncheck(double", 1),
                      encoding="utf-8")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    with pytest.raises(ClusterError, match=rf"worker tcp://{LOCAL}.* has another version of the course"):
        Cluster(cluster.address, SECTION)


@pytest.mark.parametrize("address", [f"{LOCAL}:1", "tcp://no-such-host.invalid:8786", "nonsense", ""])
def test_a_wrong_address_is_refused_within_seconds(root, monkeypatch, address):
    monkeypatch.setenv("COURSE_ROOT", str(root))
    begin = time.monotonic()
    with pytest.raises(ClusterError, match="No Dask scheduler answers at"):
        Cluster(address, SECTION)
    assert time.monotonic() - begin < 15


def test_a_wrong_address_is_one_sentence_on_the_command_line(root, tmp_path):
    hand_in(root, tmp_path, {"right": SOLUTIONS["right"]})
    done = run("grader", "grade", SECTION, "--scheduler", f"{LOCAL}:1", root=root, workspace=tmp_path, code=2)
    assert len(done.stderr.splitlines()) == 1 and "No Dask scheduler answers" in done.stderr and done.stdout == ""


def test_who_kills_workers_gets_nothing_and_takes_nobody_along(root, tmp_path, monkeypatch):
    """And before that: a cluster that offers no TIMED refuses, and grades all but the timed checks when told to."""
    sandbox()
    workspace = hand_in(root, tmp_path / "class", {"right": SOLUTIONS["right"], "killer": KILLER})
    dask = Dask(root, tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    try:
        dask.worker()
        grade = ("grader", "grade", SECTION, "--json", "--scheduler", dask.address)
        monkeypatch.setenv("COURSE_ROOT", str(root))
        with pytest.raises(ClusterError, match="offers TIMED: start one .* --no-timed"):
            Cluster(dask.address, SECTION)
        document = json.loads(run(*grade, "--no-timed", root=root, workspace=workspace).stdout)
    finally:
        dask.stop()
    cells = {s["student"]: {c["grade_id"]: c for c in s["cells"]} for s in document["submissions"]}
    lost = cells["killer"]["double__values"]
    assert lost["verdict"] == "died" and "ended the process" in lost["message"]
    assert not any(c["score"] for c in cells["killer"].values())
    assert cells["killer"]["written__why"]["verdict"] == "manual"
    assert {c["verdict"] for c in cells["right"].values()} == {"pass", "undecided", "manual"}
    assert cells["right"]["double__speed"]["verdict"] == "undecided"
    later = json.loads(run(*grade[:4], "--student", "right", root=root, workspace=workspace).stdout)
    assert later["graded"] == 1 and {c["verdict"] for c in later["submissions"][0]["cells"]} == {"pass", "manual"}
