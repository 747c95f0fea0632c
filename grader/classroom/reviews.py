"""What lies in the exchange while peers review each other's written answers: questions to a reviewer, and what was said.

    peers/ask/ID.json                  the host's: {"id", "section", "question", "points", "answer", "reviewers"}, and no author
    peers/said/ID+STUDENT+ANY.json     a reviewer's: {"points", "comment"}; whose it is says its owner, not its name, so that
                                       nobody can take the name of another's
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import place
from ..errors import WorkspaceError
from ..intake.text import clean
from .members import mine, owner

BYTES, LONGEST = 100_000, 2000  # of a file that is read here; characters of a comment


@dataclass(frozen=True)
class Asked:
    """An answer to be reviewed. points: of the question. reviewers: students."""

    id: str
    section: str
    question: str
    points: float
    answer: str
    reviewers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Review:
    points: float
    comment: str = ""


def folder(name: str) -> Path:
    return place.exchange() / place.COURSE_ID / "peers" / name


def open_to_members() -> None:
    """The host's part: members read the one folder and leave files in the other, of which they remove no other's."""
    for name, mode in (("ask", 0o755), ("said", 0o1777)):
        folder(name).mkdir(parents=True, exist_ok=True)
        if folder(name).stat().st_uid == os.getuid():
            folder(name).chmod(mode)


def ask(asked: Asked) -> None:
    file = folder("ask") / f"{asked.id}.json"
    place.bring_up_to_date(file, json.dumps(asdict(asked), indent=1))
    file.chmod(0o644)


def withdraw(id_: str) -> None:
    """It is settled, or another answer stands in its place."""
    for file in [folder("ask") / f"{id_}.json", *folder("said").glob(f"{id_}+*.json")]:
        file.unlink(missing_ok=True)


def asked() -> dict[str, Asked]:
    """Id -> what is to be reviewed. What is damaged is left out; the host writes it anew."""
    found = {}
    for file in sorted(folder("ask").glob("*.json")):
        document = _read(file)
        try:
            one = Asked(**document | {"reviewers": tuple(document["reviewers"])})
        except (TypeError, KeyError):
            continue
        if one.id == file.stem:
            found[one.id] = one
    return found


def waiting(student: str) -> list[Asked]:
    """What a member was asked to review and has not yet."""
    return [a for a in asked().values() if student in a.reviewers and student not in said(a)]


def said(about: Asked) -> dict[str, Review]:
    """Reviewer -> review. A file that is not its reviewer's, or no review, counts for nothing."""
    found = {}
    for file in sorted(folder("said").glob(f"{about.id}+*.json")):
        student, document = owner(file), _read(file)
        points, comment = document.get("points"), document.get("comment")
        if student in about.reviewers and isinstance(points, int | float) and 0 <= points <= about.points:
            found[student] = Review(float(points), clean(comment, LONGEST) if isinstance(comment, str) else "")
    return found


def say(id_: str, student: str, points: float, comment: str = "") -> None:
    """Review an answer. Raises WorkspaceError for one that nobody asked about, or points that it cannot have."""
    about = next((a for a in waiting(student) if a.id == id_), None)
    if about is None:
        raise WorkspaceError("This answer does not wait for your review any more.")
    if not 0 <= points <= about.points:
        raise WorkspaceError(f"{points:g} is not between 0 and {about.points:g}.")
    file = folder("said") / f"{id_}+{mine(student)}"
    place.replace(file, json.dumps({"points": points, "comment": clean(comment, LONGEST)}))
    file.chmod(0o644)


def _read(file: Path) -> dict:
    try:
        if file.stat().st_size > BYTES:
            return {}
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
