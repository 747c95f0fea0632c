"""What several test files share."""

import os
import shutil
from pathlib import Path

import pytest

os.environ["COURSE_STANDBY"] = "0"  # no test leaves a process behind, but the one that is about it
ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items) -> None:
    """One worker of pytest-xdist for what looks at a section's notebooks, so that they run once."""
    sections = sorted(p.name for p in (ROOT / "source").iterdir() if p.is_dir())
    for item in items:
        within = item.path.relative_to(ROOT).parts
        if within[0] == "source" or within[-1] == "test_notebooks.py":
            name = next((n for n in sections if n in within or f"[{n}]" in item.name), None)
            if name:
                item.add_marker(pytest.mark.xdist_group(name))


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


@pytest.fixture(scope="session")
def warm():
    """A warm parent of sandboxed children, shared by all tests of a process; judging revives it when one kills it."""
    from grader.sandbox.host import Warm
    require_a_sandbox()
    with Warm() as parent:
        yield parent


def require_a_sandbox() -> None:
    from grader.sandbox.probe import probe
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")


@pytest.fixture
def chromium() -> str:
    """The path of the system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require(path, "Chromium")
    return path
