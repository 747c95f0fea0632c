"""What several test files share."""

import os
import shutil
from pathlib import Path

import pytest

os.environ["COURSE_STANDBY"] = "0"  # no test leaves a process behind, but the one that is about it
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def tiny(tmp_path, monkeypatch) -> Path:
    """A copy of the tiny course in tests/data, which the commands take for the course; its workspace is empty."""
    return set_up_tiny(tmp_path, monkeypatch)


def set_up_tiny(tmp_path, monkeypatch) -> Path:
    course = tmp_path / "course"
    shutil.copytree(ROOT / "tests" / "data" / "tiny", course)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    monkeypatch.setenv("COURSE_ROOT", str(course))
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))  # nbgrader's cache of submissions
    return course


def require(present: object, what: str) -> None:
    """Skip a test whose system part is missing; under CI it has to be there."""
    if not present and os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and under CI it must be there (.ci/run installs it)")
    if not present:
        pytest.skip(f"{what} is missing")


@pytest.fixture(scope="module")
def warm():
    """A warm parent of sandboxed children, shared by the tests of one file."""
    from grader.sandbox.host import Warm
    from grader.sandbox.probe import probe
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")
    with Warm() as parent:
        yield parent


@pytest.fixture
def chromium() -> str:
    """The path of the system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require(path, "Chromium")
    return path
