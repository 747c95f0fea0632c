"""What a learner did, in the order in which it happened. This file is the truth; progress and cards are read from it.

`home/.course/events.jsonl`, one JSON object a line, only ever appended to:

    {"v": 1, "at": "2026-11-27T09:30:00.000000+00:00", "event": "hint", "section": "02-decoding", "exercise": "top_p_mask", ...}

    checked    exercise: score, max_score, passed, attempt (digest of the code), ratios ({aspect: of the reference's time})
    hint       exercise: rung (1 to 3)
    solution   exercise
    reset      exercise: back to the empty stub
    submitted  section: digest (SHA-256 of the notebook)
    reviewed   card: its id; rating (1 not known to 4 easy)
    worked     section: seconds in which its notebook was open and something was typed, clicked or scrolled

A line that cannot be read, or that a later version wrote, is passed over and kept; it costs no other line anything.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from grader.errors import WorkspaceError

from . import workspace

VERSION = 1
FILE = "events.jsonl"
TEXT = {"checked": ("section", "exercise", "attempt"), "hint": ("section", "exercise"), "solution": ("section", "exercise"),
        "reset": ("section", "exercise"), "reviewed": ("card",), "submitted": ("section", "digest"),
        "worked": ("section",)}
NUMBERS = {"checked": ("score", "max_score"), "hint": ("rung",), "reviewed": ("rating",), "worked": ("seconds",)}


def path() -> Path:
    return workspace.state() / FILE


def append(*events: dict) -> None:
    """Write events down, each with its time. What two windows write at once stands one after the other.

    Raises WorkspaceError where the disk is full or the file another user's; what stood there stands.
    """
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    _write([json.dumps({"v": VERSION, "at": now, **event}) for event in events])


def read(file: Path | None = None) -> tuple[list[dict], int]:
    """(the events by time, how many lines were passed over)."""
    lines = _lines(file or path())
    found = [event for line in lines if (event := _event(line))]
    return sorted(found, key=when), len(lines) - len(found)


def merge(file: Path) -> int:
    """Take in the events of another machine; returns how many were new. The same file twice adds nothing.

    Raises WorkspaceError for a file in which there is none.
    """
    theirs = [line for line in _lines(file) if _event(line)]
    if not theirs:
        raise WorkspaceError(f"{file} holds no record of this course: name a file that `course export` wrote.")
    known = set(_lines(path()))
    new = [line for line in dict.fromkeys(theirs) if line not in known]
    _write(new)
    return len(new)


def when(event: dict) -> datetime:
    """The time of an event, in UTC."""
    return datetime.fromisoformat(event["at"]).astimezone(UTC)


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        if file == path():
            return []
        raise WorkspaceError(f"There is no file {file}.") from None
    except OSError as error:
        raise WorkspaceError(f"{file} cannot be read: {error.strerror}.") from None


def _event(line: str) -> dict | None:
    """The event of a line; None for what is none, or not of a kind that is known here."""
    try:
        event = json.loads(line)
        kind = event["event"]
        right = (event["v"] == VERSION and datetime.fromisoformat(event["at"]).tzinfo is not None
                 and all(isinstance(event[name], str) for name in TEXT[kind])
                 and all(type(event[name]) in (int, float) for name in NUMBERS.get(kind, ())))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return event if right else None


def _write(lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    try:
        with open(path(), "a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = file.seek(0, os.SEEK_END)
            if end and os.pread(file.fileno(), 1, end - 1) != b"\n":  # a line that somebody was stopped in
                text = b"\n" + text
            try:
                while text:
                    text = text[file.write(text):]
            except OSError:
                os.ftruncate(file.fileno(), end)  # whole or not at all
                raise
    except OSError as error:
        raise WorkspaceError(f"{path()} cannot be written ({error.strerror}): what you just did is not remembered.") from None
