"""`make lab`: the exchange and the learner's home are ready, and JupyterLab answers on the address it prints."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from grader import place
from study import lab, workspace
from tests.conftest import ROOT


def test_the_workspace_is_prepared_once(tiny, capsys):
    lab.prepare()
    assert "released 01-doubling" in capsys.readouterr().out
    released = place.exchange() / "llm-engineering" / "outbound" / "01-doubling"
    assert [p.name for p in released.iterdir()] == ["01-doubling.ipynb"]
    start = time.perf_counter()
    lab.prepare()
    assert time.perf_counter() - start < 1 and capsys.readouterr().out == "", "nothing changed, nothing is done"

    py = tiny / "source" / "01-doubling" / "01-doubling.py"
    py.write_text(py.read_text().replace("# # Doubling", "# # Doubling, mended"))
    lab.prepare()
    assert "mended" in (released / "01-doubling.ipynb").read_text(), "an edited source is released again"


def test_nbgrader_works_in_the_learners_home(tiny):
    lab.prepare()
    call = [sys.executable, "-m", "nbgrader", "list"]
    listed = subprocess.run(call, cwd=workspace.home(), capture_output=True, text=True)
    assert "llm-engineering 01-doubling" in listed.stderr + listed.stdout


def test_the_welcome_page_names_every_section(tiny):
    page = lab.welcome()
    assert "[01-doubling](01-doubling/01-doubling.ipynb) | Doubling" in page
    for command in ("fetch", "check", "hint", "solution", "progress", "cards"):
        assert f"course {command}" in page


def test_a_bad_source_stops_with_a_sentence(tiny, capsys, monkeypatch):
    monkeypatch.setattr("os.execv", lambda *_: pytest.fail("this process would have become JupyterLab"))
    py = tiny / "source" / "01-doubling" / "01-doubling.py"
    py.write_text(py.read_text(encoding="utf-8").replace(" points=2", ""), encoding="utf-8")
    assert lab.main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_display_the_address_is_printed(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "--no-browser" in lab.command([])
    assert lab.command(["--port", "9000"])[-2:] == ["--port", "9000"]
    monkeypatch.setenv("DISPLAY", ":0")
    assert "--no-browser" not in lab.command([])


def test_jupyterlab_starts_in_the_learners_home(tiny):
    server = subprocess.Popen([sys.executable, "-m", "study.lab", "--no-browser", "--port", "0"], cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lines = iter(server.stdout.readline, "")
        address = re.compile(r"(http://127\S+)/lab/tree/Welcome.md\?token=(\w+)")
        base, token = next(m for line in lines if (m := address.search(line))).groups()
        url = f"{base}/api/contents?token={token}"
        names = {entry["name"] for entry in json.loads(answer(url))["content"]}
        assert "Welcome.md" in names and "nbgrader_config.py" not in names
    finally:
        server.kill()
        server.wait()


def answer(url):
    """What the server says; it prints its address a moment before it listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(url, timeout=30).read()
        except urllib.error.URLError:
            assert time.monotonic() < deadline, f"nothing answers at {url}"
            time.sleep(0.1)
