"""The local pool: what breaks under it costs nobody else a point."""

import os
import shutil
import signal

import nbformat
import pytest

from grader.cases import Case, compose
from grader.pool.jobs import DEADLY, Job
from grader.pool.local import Local
from grader.pool.worker import judge_job
from grader.sandbox.host import Warm
from grader.sandbox.probe import probe
from grader.section.load import load
from tests.conftest import ROOT, require

SECTION = "90-mini"
LETHAL = """
import os, signal  # stands for a submission that brings the judge itself down
if double(torch.tensor([0.0])).tolist() == [666.0]:
    os.kill(os.getpid(), signal.SIGKILL)
### END HIDDEN TESTS
"""


@pytest.fixture
def lethal(tmp_path, monkeypatch):
    """The small section with a check that kills who judges a certain solution."""
    shutil.copytree(ROOT / "tests" / "data" / "mini" / "source", tmp_path / "source")
    (tmp_path / "course").symlink_to(ROOT / "course")
    source = tmp_path / "source" / SECTION / f"{SECTION}.py"
    source.write_text(source.read_text().replace("### END HIDDEN TESTS\n", LETHAL.lstrip(), 1))
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    return load(SECTION)


@pytest.fixture
def own_warm():
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")
    with Warm() as parent:
        yield parent


def jobs(section, solutions: dict[str, str]) -> list[Job]:
    cases = {name: Case(name, "double", f"def double(x):\n    {body}", ("double",), True, False)
             for name, body in solutions.items()}
    return [Job(SECTION, name, text=compose(section, case)) for name, case in cases.items()]


def unharmed(submission) -> bool:
    return {c.verdict for c in submission.cells} == {"pass", "manual"}


def test_a_submission_that_kills_its_judge_is_the_only_one_to_lose(lethal, own_warm):
    solutions = {f"right{i}": "return x * 2" for i in range(7)}
    solutions["killer"] = "return x * 2 + 666 * (x.numel() == 1 and not x.any())"
    solutions |= {f"late{i}": "return x + x" for i in range(3)}
    done = list(Local(own_warm, 2).judge_all(jobs(lethal, solutions)))
    assert sorted(s.student for s in done) == sorted(solutions), "each once"
    by_name = {s.student: s for s in done}
    assert all(unharmed(s) for name, s in by_name.items() if name != "killer")
    assert by_name["killer"].score == 0
    assert all(c.message == DEADLY for c in by_name["killer"].cells if c.verdict == "died")
    assert any(c.verdict == "died" for c in by_name["killer"].cells)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sandbox_that_dies_in_the_middle_is_started_again(workers, own_warm, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(ROOT / "tests" / "data" / "mini"))
    text = nbformat.writes(load(SECTION).notebook)
    run = Local(own_warm, workers).judge_all(Job(SECTION, f"student{i}", text=text) for i in range(6))
    done = [next(run)]
    os.kill(own_warm._process.pid, signal.SIGKILL)
    done += run
    assert len(done) == 6 and all(map(unharmed, done)), [c for s in done for c in s.cells]


@pytest.mark.parametrize("asked", ["pidfd_open", "sched_setaffinity"])
def test_a_child_that_ends_as_soon_as_it_has_started_is_replaced(asked, own_warm, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(ROOT / "tests" / "data" / "mini"))
    really, gone = getattr(os, asked), []

    def too_late(pid, *more):
        if pid and not gone:
            gone.append(pid)
            raise ProcessLookupError(3, "No such process")
        return really(pid, *more)

    own_warm.wait()
    own_warm.core = min(os.sched_getaffinity(0))
    monkeypatch.setattr(os, asked, too_late)
    text = nbformat.writes(load(SECTION).notebook)
    assert unharmed(judge_job(Job(SECTION, "student", text=text), own_warm)) and gone
