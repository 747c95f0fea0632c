"""JupyterLab in a browser, for the tests that use it as a person does."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

SECTION = "02-decoding"
PATIENCE = 120_000  # ms; for slow machines, nothing waits that long where all is well
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]


class Lab:
    """A learner's JupyterLab in the browser."""

    def __init__(self, browser, address):
        from playwright.sync_api import expect
        self.address, self.expect = address, expect
        self.home = Path(os.environ["COURSE_WORKSPACE"]) / "home"
        self.page = browser.new_page()
        self.page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        self.page.goto(f"{address}/lab/tree/Welcome.md?{token()}")

    def menu(self, name, entry):
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.get_by_role("menu").get_by_role("menuitem", name=entry).first.click()

    def theme(self, name):
        self.page.keyboard.press("Control+Shift+C")
        self.page.get_by_placeholder("SEARCH", exact=True).fill(name)
        self.page.locator(".lm-CommandPalette-item").filter(has_text=name).first.click()
        self.expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", str("Light" in name).lower())


class Notebook:
    """The fetched notebook in its tab; cells are found by grade_id or by number, and reached with j and k."""

    def __init__(self, lab, course):
        self.lab, self.page, self.expect = lab, lab.page, lab.expect
        self.panel = lab.page.locator(".jp-NotebookPanel:visible")
        cells = json.loads((lab.home / SECTION / f"{SECTION}.ipynb").read_text())["cells"]
        self.index = {c["metadata"].get("nbgrader", {}).get("grade_id"): i for i, c in enumerate(cells)}
        self.tags = [c["metadata"].get("tags", []) for c in cells]
        self.folded = [c["metadata"].get("jupyter", {}).get("source_hidden", False) for c in cells]
        self.panel.locator(".jp-Cell").nth(1).wait_for()
        self.expect(self.panel.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")

    def first(self, tag):
        return next(i for i, tags in enumerate(self.tags) if tag in tags)

    def go(self, where):
        """Select a cell by keyboard, as it scrolls into view it is drawn; a folded one, which keys pass over, by the mouse."""
        target = self.index[where] if isinstance(where, str) else where
        active = self.panel.locator(".jp-Cell.jp-mod-active")
        active.focus()  # a click on a folded check would open it
        near = max(i for i in range(target + 1) if not self.folded[i])
        deadline = time.monotonic() + PATIENCE / 1000
        while (here := int(active.get_attribute("data-windowed-list-index"))) != near:
            assert time.monotonic() < deadline, f"the keys lead to cell {here}, not to {near}"
            self.page.keyboard.press("j" if near > here else "k")
            with contextlib.suppress(AssertionError):  # a notebook that does not listen yet drops a key: a person presses again
                self.expect(active).not_to_have_attribute("data-windowed-list-index", str(here), timeout=2_000)
        cell = self.panel.locator(f".jp-Cell[data-windowed-list-index='{target}']")
        if target != near:
            cell.locator(".jp-InputPrompt:visible").first.click()
            self.folded[target] = False  # the click opened it
            self.expect(active).to_have_attribute("data-windowed-list-index", str(target))
        return cell

    def run(self, where):
        """Run a code cell and wait until it is done."""
        cell = self.go(where)
        prompt = cell.locator(".jp-InputPrompt").first
        before = prompt.text_content()
        self.page.keyboard.press("Control+Enter")
        try:
            self.expect(prompt).not_to_have_text(before, timeout=10_000)
        except AssertionError:  # a kernel that has only just started may drop its first request: a person presses again
            self.page.keyboard.press("Control+Enter")
            self.expect(prompt).not_to_have_text(before)
        self.expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))
        return cell

    def write(self, where, text):
        """Replace a cell's text, as one pastes it, and run it."""
        self.go(where)
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Control+Enter")


@contextlib.contextmanager
def jupyterlab(course, *command):
    """A server in the course's folder; gives its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (course / f"{command[1]}.log").open("w+")
    server = subprocess.Popen(
        [sys.executable, *command, "--no-browser", f"--port={port}", f"--IdentityProvider.{token()}"], cwd=course,
        stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE / 1000
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert server.poll() is None and time.monotonic() < deadline, Path(log.name).read_text(encoding="utf-8")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def token():
    return "token=only-for-this-test"
