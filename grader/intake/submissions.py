"""Find the notebook that a learner handed in, under whatever name it lies in the folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from ..errors import Unreadable
from ..section.cells import grade_id
from ..section.model import Section
from .given import blank, untouched
from .notebook import read, read_bytes
from .text import shown

MAX_FILES = 20  # notebooks in one folder that are looked at


@dataclass(frozen=True)
class Received:
    """What was handed in, read once: whoever judges, shows or keeps it works on this.

    notebook: its cells, with what reading took in `metadata.grader.repairs`; None where nothing could be read
    reason:   why, in one sentence
    digest:   a hash of the bytes and of the way they were found
    """

    notebook: NotebookNode | None
    reason: str = ""
    digest: str = ""


def receive(path: Path, section: Section) -> Received:
    """Read a notebook, or the one in the folder that a learner handed in."""
    if path.is_symlink() or path.is_dir():
        found, notes = find_submission(path, section)
    else:
        found, notes = path, []
    if found is None:
        return Received(None, notes[-1], digest_of(b"", notes))
    try:
        raw = read_bytes(found)
    except Unreadable as e:
        return Received(None, str(e), digest_of(b"", [*notes, str(e)]))
    return received(lambda: read(raw, shown(found.name)), raw, notes)


def received(parse: Callable[[], NotebookNode], raw: bytes, notes: Sequence[str] = ()) -> Received:
    """What `parse` makes of the bytes."""
    digest = digest_of(raw, notes)
    try:
        notebook = parse()
    except Unreadable as e:
        return Received(None, str(e), digest)
    notebook.metadata.grader.repairs[:0] = notes
    return Received(notebook, "", digest)


def fingerprint(folder: Path, section: Section) -> str:
    """The digest that `receive` would give, without parsing anything."""
    found, notes = find_submission(folder, section)
    try:
        return digest_of(read_bytes(found) if found else b"", notes)
    except Unreadable as e:
        return digest_of(b"", [*notes, str(e)])


def digest_of(raw: bytes, notes: Sequence[str] = ()) -> str:
    return hashlib.sha256(json.dumps(list(notes)).encode() + b"\0" + raw).hexdigest()


def find_submission(folder: Path, section: Section) -> tuple[Path | None, list[str]]:
    """The section's notebook in a learner's folder, and in words what was unusual about it.

    The notebook with the section's own name is taken, if somebody worked in it; else the one with most work, then the one
    with most of the section's cells.
    Links are never followed. None when there is no notebook; then the last note says why.
    """
    if folder.is_symlink():
        return None, [f"{shown(folder.name)} is a symbolic link, and links are not followed"]
    wanted = f"{section.name}.ipynb"
    found, notes = _plain_files(folder)
    found = sorted(found, key=lambda path: (path.name != wanted, path))[:MAX_FILES]
    if not found:
        return None, notes or [f"{wanted} was not handed in"]
    best = found[0]
    if len(found) > 1:
        cells = {path: _cells(path, section) for path in found}
        best = max(found, key=lambda path: (path.name == wanted and cells[path][0] > 0, *cells[path]))
        others = [shown(path.name) for path in found if path != best]
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        notes.append(f"{shown(best.name)} was graded; left aside: {', '.join(others[:3])}{more}")
    if best.name != wanted or best.parent != folder:
        notes.append(f"{shown(str(best.relative_to(folder)))} was taken for {wanted}")
    return best, notes


def _plain_files(folder: Path) -> tuple[list[Path], list[str]]:
    """The files that may be notebooks: in the folder, else one folder below; and what is refused."""
    files, notes = _in_folder(folder)
    if not files:
        for below in sorted(p for p in _entries(folder) if p.is_dir() and not p.is_symlink() and p.name[:1] != "."):
            files += _in_folder(below)[0]
    return files, notes


def _in_folder(folder: Path) -> tuple[list[Path], list[str]]:
    files, notes = [], []
    for path in _entries(folder):
        if ".ipynb" not in path.name.lower() or path.name.startswith("."):  # also .ipynb.txt, as browsers save it
            continue
        if path.is_symlink():
            notes.append(f"{shown(path.name)} is a symbolic link, and links are not followed")
        elif path.is_file():
            files.append(path)
        else:
            notes.append(f"{shown(path.name)} is {'a folder' if path.is_dir() else 'a pipe or a device'}, not a file")
    return files, notes


def _entries(folder: Path) -> list[Path]:
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except OSError:
        return []


def _cells(path: Path, section: Section) -> tuple[int, int]:
    """How many of the section's cells somebody worked on in a notebook, and how many it has; -1 when it cannot be read."""
    try:
        cells = read(read_bytes(path), shown(path.name)).cells
    except Unreadable:
        return -1, -1
    ours = {grade_id(c): c for c in cells if grade_id(c) in {*section.stubs, *section.graded}}
    return sum(_worked_on(c, section) for c in ours.values()), len(ours)


def _worked_on(cell: NotebookNode, section: Section) -> bool:
    key = grade_id(cell)
    graded = section.graded.get(key)
    return not untouched(cell, section) if graded is None else graded.manual and not blank(cell)
