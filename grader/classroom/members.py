"""Who stands on a study group's board, and under which name: files that members leave in the exchange."""

from __future__ import annotations

import json
import os
import secrets
import stat
from pathlib import Path

from .. import place
from ..errors import WorkspaceError
from ..intake.text import clean

PAGE, NAMES = "board.html", "board"
LONGEST, BYTES = 40, 1000  # characters of a name, bytes of the file that says it


def page() -> Path:
    return place.exchange() / PAGE


def names_folder() -> Path:
    return place.exchange() / place.COURSE_ID / NAMES


def kept() -> bool:
    """Whether somebody keeps a board here."""
    return names_folder().is_dir()


def open_to_members() -> None:
    """The host's part: a folder in which everybody may leave a file, and remove no other's."""
    folder = names_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid == os.getuid():
        folder.chmod(0o1777)


def join(student: str, name: str) -> None:
    """Stand on the board under this name. Raises WorkspaceError where there is no board, or the name is none."""
    if not kept():
        raise WorkspaceError("Nobody keeps a board here: the host starts one with `grader watch --board`.")
    name = clean(name, LONGEST).strip()
    if not name:
        raise WorkspaceError("A name on the board has a character at least.")
    leave(student)
    file = names_folder() / mine(student)
    place.replace(file, json.dumps({"name": name}))
    file.chmod(0o644)


def leave(student: str) -> None:
    for file in names_folder().glob("*.json"):
        if owner(file) == student:
            file.unlink(missing_ok=True)


def known() -> dict[str, str]:
    """Student -> the name that they chose. Whose a file is says its owner; what is no name counts for nothing."""
    found = {}
    for file in sorted(names_folder().glob("*.json")):
        try:
            if (student := owner(file)) is None or file.stat().st_size > BYTES:
                continue
            name = json.loads(file.read_text(encoding="utf-8"))["name"]
            if isinstance(name, str) and (name := clean(name, LONGEST).strip()):
                found[student] = name
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def mine(student: str) -> str:
    """A name for a file of one's own in a folder of all: it ends in what nobody could have taken before."""
    return f"{Path(student).name}+{secrets.token_hex(6)}.json"


def owner(file: Path) -> str | None:
    """Whose file it is, as nbgrader calls a student; None for a link, and where it is gone."""
    try:
        found = file.lstat()
    except OSError:
        return None
    return place.user(found.st_uid) if stat.S_ISREG(found.st_mode) else None
