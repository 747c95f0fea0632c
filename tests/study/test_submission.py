"""Handing in from the command line: what changed is shown, one is asked, a receipt comes back."""

import hashlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grader import place
from grader.errors import WorkspaceError
from grader.section.cells import grade_id
from study import events, exchange, submission, workspace

COURSE, SECTION = Path(sys.executable).parent / "course", "01-doubling"


@pytest.fixture
def fetched(tiny) -> Path:
    exchange.fetch(SECTION)
    return workspace.notebook(SECTION)


def write(path: Path, code: str) -> None:
    notebook = nbformat.read(path, as_version=4)
    next(c for c in notebook.cells if grade_id(c) == "double").source = code
    nbformat.write(notebook, path)


def arrived() -> list[Path]:
    return sorted((place.exchange() / place.COURSE_ID / "inbound").glob(f"*+{SECTION}+*"))


def test_a_submission_and_the_next_one(fetched):
    assert submission.changes(SECTION) == [] and submission.last(SECTION) is None
    write(fetched, "def double(x):\n    return x * 3")
    (change,) = submission.changes(SECTION)
    assert change.exercise == "double" and "+    return x * 3" in change.lines
    receipt = submission.submit(SECTION)
    (there,) = arrived()
    assert receipt.digest == hashlib.sha256((there / fetched.name).read_bytes()).hexdigest() and receipt.when in there.name
    assert (events.read()[0][-1]["event"], events.read()[0][-1]["digest"]) == ("submitted", receipt.digest)
    assert submission.changes(SECTION) == [], "since then nothing"
    write(fetched, "def double(x):\n    return x + x")
    (change,) = submission.changes(SECTION)
    assert {"-    return x * 3", "+    return x + x"} <= set(change.lines)


def test_what_cannot_be_handed_in_is_said_with_its_reason(fetched):
    inbound = place.exchange() / place.COURSE_ID / "inbound"
    inbound.rmdir()
    with pytest.raises(WorkspaceError, match="was not handed in: Inbound directory doesn't exist"):
        submission.submit(SECTION)
    assert not [e for e in events.read()[0] if e["event"] == "submitted"]
    fetched.write_text("{")
    with pytest.raises(WorkspaceError, match="cannot be read as a notebook"):
        submission.changes(SECTION)


def test_without_a_terminal_nothing_is_handed_in_unasked(fetched):
    done = subprocess.run([COURSE, "submit", SECTION], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2 and "add --yes" in done.stderr and not arrived()
    done = subprocess.run([COURSE, "submit", SECTION, "--yes"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0 and "SHA-256" in done.stdout and len(arrived()) == 1, done.stderr


def test_no_is_an_answer(fetched):
    write(fetched, "def double(x):\n    return x * 3")
    parent, child = pty.openpty()
    asked = subprocess.Popen([COURSE, "submit", SECTION], stdin=child, stdout=child, stderr=child)
    os.close(child)
    shown = b""
    while b"Hand it in?" not in shown:
        shown += os.read(parent, 65536)
    os.write(parent, b"n\n")
    assert asked.wait(timeout=30) == 0 and not arrived() and b"x * 3" in shown
