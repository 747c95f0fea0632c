"""A course of one real section, a browser, screenshots: for the tests that look at JupyterLab."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT, require_a_sandbox
from tests.lab import SECTION, SWITCHES


@pytest.fixture
def real_course(tmp_path, monkeypatch):
    """A course of one real section, its workspace inside it as in a checkout; nothing of this user's Jupyter.

    PYTHONPATH: its folder `course` must not pass for the package of that name.
    """
    require_a_sandbox()
    course = tmp_path / "checkout"
    shutil.copytree(ROOT / "source" / SECTION, course / "source" / SECTION)
    (course / "course").mkdir()
    shutil.copy(ROOT / "course" / "syllabus.toml", course / "course")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    for name, folder in {"COURSE_ROOT": course, "COURSE_WORKSPACE": course / "workspace",
                         "JUPYTER_CONFIG_DIR": tmp_path / "config", "JUPYTER_DATA_DIR": tmp_path / "data",
                         "JUPYTER_RUNTIME_DIR": tmp_path / "runtime", "IPYTHONDIR": tmp_path / "ipython",
                         "PYTHONPATH": ROOT}.items():
        monkeypatch.setenv(name, str(folder))
    return course


@pytest.fixture
def browser(chromium):
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        yield context
        browser.close()


@pytest.fixture
def shot():
    folder = Path(os.environ.get("COURSE_SHOTS", ROOT / "shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=folder / f"{name}.png")
