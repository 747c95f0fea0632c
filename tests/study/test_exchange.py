"""The exchange: as nbgrader would lay it out, brought up to date by content, never half."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI

from grader import place
from grader.errors import WorkspaceError
from grader.section import build
from study import exchange
from tests.conftest import ROOT

NAME = "01-doubling"


@pytest.fixture
def py(tiny) -> Path:
    return tiny / "source" / NAME / f"{NAME}.py"


def edit(py: Path, word: str) -> None:
    py.write_text(re.sub(r"# # Doubling.*", f"# # Doubling {word}", py.read_text(encoding="utf-8")), encoding="utf-8")


def tree(folder: Path) -> dict[str, tuple]:
    """Everything below a folder: its mode, and what is in it."""
    return {str(p.relative_to(folder)): (oct(p.stat().st_mode), p.read_bytes() if p.is_file() else stat.S_ISDIR)
            for p in [folder, *folder.rglob("*")]}


@pytest.mark.parametrize("shared", [False, True])
def test_it_is_what_nbgrader_makes_of_the_same_release(tiny, py, shared):
    with (tiny / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(f"c.CourseDirectory.groupshared = {shared}\n")
    exchange.release(NAME)
    ours = tree(place.exchange())
    shutil.rmtree(place.exchange())
    place.exchange().parent.mkdir(exist_ok=True)
    result = NbGraderAPI(config=place.configuration()).release_assignment(NAME)
    assert result["success"], result
    assert tree(place.exchange()) == ours


def test_only_what_changed_is_released(py):
    assert exchange.release(NAME) and not exchange.release(NAME)
    edit(py, "mended")
    assert exchange.release(NAME), "an author's edit is built"
    target = exchange.outbound(NAME) / f"{NAME}.ipynb"
    assert "mended" in target.read_text() and not exchange.release(NAME)
    target.write_text("{}")
    assert exchange.release(NAME) and "mended" in target.read_text(), "what stands there counts, not what was noted"
    (target.parent / "of another release.csv").touch()
    edit(py, "again")
    assert exchange.release(NAME) and list(target.parent.iterdir()) == [target]


def test_what_is_built_is_not_built_again(py, monkeypatch):
    build.build([NAME])
    monkeypatch.setattr(build, "build", lambda *_: pytest.fail("built again"))
    assert exchange.release(NAME) and not exchange.release(NAME)


def test_a_fresh_checkout_with_an_old_edit_is_built(py):
    build.build([NAME])
    edit(py, "long after")
    later = time.time() + 2 * exchange.TOGETHER
    os.utime(py, (later, later))
    exchange.release(NAME)
    assert "long after" in (exchange.outbound(NAME) / f"{NAME}.ipynb").read_text()


def test_what_does_not_build_leaves_the_last_release(py):
    exchange.release(NAME)
    before = tree(place.exchange())
    py.write_text(py.read_text().replace(' points=2', ""))
    with pytest.raises(WorkspaceError, match=f"{NAME} is left out.*points"):
        exchange.release(NAME)
    assert tree(place.exchange()) == before


def test_a_killed_copy_is_swept_away(py):
    exchange.release(NAME)
    left = exchange.outbound(NAME).parent / f"{exchange.BESIDE}killed"
    left.mkdir()
    os.utime(left, (0, 0))
    edit(py, "after it")
    exchange.release(NAME)
    assert not left.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_half(tiny, number):
    """Many sections with an edit each, so that it builds and copies for a while; ended at several moments of that."""
    model, built = tiny / "source" / NAME, tiny / "release"
    outbound = place.exchange() / place.COURSE_ID / "outbound"
    for i in range(2, 14):
        name = f"{i:02}-doubling"
        (model.parent / name).mkdir()
        shutil.copy(model / f"{NAME}.py", model.parent / name / f"{name}.py")
    prepare = [sys.executable, "-m", "study.lab", "--version"]  # JupyterLab's own option: print and end
    out = subprocess.run(prepare, cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0 and "Released 13 assignments." in out.stdout, out.stdout + out.stderr
    for moment in range(1, 5):
        for py in model.parent.glob("*/*.py"):
            edit(py, f"at moment {moment}")
        run = subprocess.Popen(prepare, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        changed = f"Doubling at moment {moment}"
        while run.poll() is None and sum(changed in text for text in texts(built).values()) < 3 * moment:
            time.sleep(0.005)
        run.send_signal(number)
        _, said = run.communicate()
        assert "Traceback" not in said
        if number != signal.SIGKILL and run.returncode:  # it may have been quicker
            assert run.returncode == 128 + number and said.strip() == "Stopped; what was prepared is kept for the next time."
        for folder in (built, outbound):
            assert len(texts(folder)) == 13
            for text in texts(folder).values():
                assert nbformat.reads(text, as_version=4).cells
    out = subprocess.run(prepare, cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0
    assert all(changed in text for text in texts(outbound).values())


def texts(folder: Path) -> dict[Path, str]:
    return {p: p.read_text() for p in folder.glob("[0-9]*/*.ipynb")}
