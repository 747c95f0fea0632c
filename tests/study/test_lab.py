"""`make lab`: the exchange and the learner's home are ready, and JupyterLab answers on the address it prints."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

from nbgrader.apps import NbGraderAPI

from grader import place
from study import lab, workspace
from tests.conftest import ROOT


def test_the_workspace_is_prepared_once(tiny, capsys):
    lab.prepare()
    assert capsys.readouterr().out == "Preparing 1 assignments …\nReleased 01-doubling.\n"
    released = place.exchange() / "llm-engineering" / "outbound" / "01-doubling"
    assert [p.name for p in released.iterdir()] == ["01-doubling.ipynb"]
    start = time.perf_counter()
    lab.prepare()
    assert time.perf_counter() - start < 1 and "Released" not in capsys.readouterr().out, "nothing changed, nothing is done"

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
    assert "| [01-doubling](01-doubling/01-doubling.ipynb) | Doubling |" in page
    for command in ("fetch", "check", "hint", "solution", "progress", "cards", "ready"):
        assert f"course {command}" in page


def test_a_bad_source_is_left_out_with_a_sentence(tiny, capsys):
    good = tiny / "source" / "01-doubling" / "01-doubling.py"
    bad = tiny / "source" / "02-broken" / "02-broken.py"
    bad.parent.mkdir()
    bad.write_text(good.read_text().replace(' points=2', ""))
    lab.prepare()
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "02-broken is left out" in said.err and "Released 01-doubling" in said.out
    assert (workspace.home() / lab.WELCOME).is_file()


def test_the_instructors_commands_know_what_learners_have(tiny):
    """Nobody ran `nbgrader generate_assignment`."""
    lab.prepare()
    api = NbGraderAPI(config=place.configuration())
    assert [(a["name"], a["status"]) for a in api.get_assignments()] == [("01-doubling", "released")]


def test_without_a_display_the_address_is_printed(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "--no-browser" in lab.options([])
    assert lab.options(["--port", "9000"])[-2:] == ["--port", "9000"]
    monkeypatch.setenv("DISPLAY", ":0")
    assert "--no-browser" not in lab.options([])


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
