"""Handing in: what changed since the last time, then nbgrader's own `submit`, then a receipt."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from grader import place
from grader.errors import WorkspaceError
from grader.section.cells import exercise_of, grade_id, kind

from . import desk, events, exchange, workspace

CACHE = "submitted"  # below workspace.state(): nbgrader's copies of what was handed in


@dataclass(frozen=True)
class Change:
    """An answer that is not what it was. lines: of a unified diff."""

    exercise: str
    lines: list[str]


@dataclass(frozen=True)
class Receipt:
    """when: as nbgrader has it, in UTC. digest: SHA-256 of the notebook that was handed in."""

    section: str
    when: str
    digest: str


def last(section: str) -> Path | None:
    """The notebook that was handed in last; None before the first time."""
    found = list((workspace.state() / CACHE / place.COURSE_ID).glob(f"*+{section}+*/{section}.ipynb"))
    return max(found, key=lambda path: path.parent.name.split("+")[-1], default=None)


def changes(section: str) -> list[Change]:
    """What the learner wrote since the last submission, or at all before the first."""
    now = _answers(workspace.notebook(section))
    before = _answers(last(section) or exchange.outbound(section) / f"{section}.ipynb")
    found = []
    for name, text in now.items():
        if text != (old := before.get(name, "")):
            lines = difflib.unified_diff(old.splitlines(), text.splitlines(), "handed in", "now", lineterm="", n=2)
            found.append(Change(exercise_of(name), list(lines)[2:]))
    return found


def submit(section: str) -> Receipt:
    """Hand in the notebook as it is saved. Raises WorkspaceError with nbgrader's reason where it could not be."""
    path = workspace.notebook(section)
    workspace.configure_nbgrader()
    before = last(section)
    done = subprocess.run([sys.executable, "-m", "nbgrader", "submit", section], cwd=workspace.home(), capture_output=True,
                          text=True, env={**os.environ, "JUPYTER_CONFIG_PATH": str(workspace.home())})
    handed = last(section)
    if done.returncode or handed is None or handed == before:
        raise WorkspaceError(f"{path.name} was not handed in: {_reason(done.stderr)}")
    receipt = Receipt(section, handed.parent.name.split("+")[-1], hashlib.sha256(handed.read_bytes()).hexdigest())
    events.append({"event": "submitted", "section": section, "digest": receipt.digest})
    return receipt


def _reason(log: str) -> str:
    """What nbgrader says of a failure: the first error that it logs, or its last words."""
    said = re.search(r"\| (?:CRITICAL|ERROR)\] (.+)", log)
    return said[1].strip() if said else (log.strip().splitlines() or ["nbgrader gave no reason"])[-1]


def _answers(path: Path) -> dict[str, str]:
    notebook = desk.read_notebook(path)
    if notebook is None:
        raise WorkspaceError(f"{path} cannot be read as a notebook.")
    return {grade_id(cell): cell.source for cell in notebook.cells if kind(cell) in ("stub", "written")}
