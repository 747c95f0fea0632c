"""From what is built to a learner's folder, through the exchange as nbgrader lays it out.

    exchange/llm-engineering/outbound/NAME/NAME.ipynb   as `nbgrader release_assignment` would leave it
    exchange/llm-engineering/inbound/                   where `nbgrader submit` puts things

`release/` is in git, so a release is a copy. A section is built only when its author edited the `.py` since, which the
digests in workspace/released.json tell. Everything is written beside and renamed: whatever ends this, no half is left.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from grader import place
from grader.errors import WorkspaceError
from grader.section.load import source

from . import workspace

TOGETHER = 60.0   # seconds within which a checkout writes its files
ABANDONED = 60.0  # seconds after which a copy that was never renamed is a killed one's
BESIDE = ".new-"  # what such a copy's name begins with; nbgrader lists no hidden folder


def release(name: str) -> bool:
    """Bring the exchange's copy of a section up to date; returns whether that took anything.

    Raises SectionError for a section that is not there, WorkspaceError where it cannot be released; what the exchange
    has of it stays then.
    """
    py, built = source(name), built_path(name)
    digest = _digest(py)
    if _edited(name, digest, py, built):
        _build(name)
    content, target = built.read_bytes(), outbound(name) / built.name
    try:
        fresh = not target.is_file() or target.read_bytes() != content
        if fresh:
            _copy(content, target)
        _remember(name, digest)
    except PermissionError as error:
        raise WorkspaceError(f"{name} cannot be released: {error.filename} is another user's.") from None
    return fresh


def ours() -> bool:
    """Whether this user releases assignments: in a group one does, to whom the exchange belongs."""
    root = place.exchange() / place.COURSE_ID
    return not root.exists() or not hasattr(os, "getuid") or root.stat().st_uid == os.getuid() or _group_shared()


def fetch(name: str) -> Path:
    """Copy a released assignment into the learner's home; what the learner already has there is left alone."""
    source(name)  # or it says that there is no such section
    path = workspace.home() / name / f"{name}.ipynb"
    if not path.is_file():
        released = outbound(name) / path.name
        try:
            release(name)
        except WorkspaceError:
            if not released.is_file():
                raise
        path.parent.mkdir(parents=True, exist_ok=True)
        place.replace(path, released.read_bytes())
    return path


def built_path(name: str) -> Path:
    return place.root() / "release" / name / f"{name}.ipynb"


def outbound(name: str) -> Path:
    return place.exchange() / place.COURSE_ID / "outbound" / name


def newer_than_built(py: Path, built: Path) -> bool:
    """Whether the `.py` was touched after its release was written, by the clock alone."""
    return not built.is_file() or py.stat().st_mtime - built.stat().st_mtime > TOGETHER


# --- what was edited -------------------------------------------------------------------------------------------------

def _edited(name: str, digest: str, py: Path, built: Path) -> bool:
    """Whether the `.py` changed since it was released. What was never released here is told by the clock."""
    known = _remembered().get(name)
    return digest != known if known and built.is_file() else newer_than_built(py, built)


def _build(name: str) -> None:
    from grader.section import build
    try:
        build.build([name])
    except Exception as error:  # whatever an author left there, the other sections go on
        first, *more = str(error).splitlines() or [type(error).__name__]
        others = f" (and {len(more)} more: `grader build {name}`)" if more else ""
        raise WorkspaceError(f"{name} is left out, because it does not build: {first}{others}") from None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stamps() -> Path:
    return place.workspace() / "released.json"


def _remembered() -> dict[str, str]:
    """Name -> digest of the `.py` that was last released."""
    try:
        return dict(json.loads(_stamps().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _remember(name: str, digest: str) -> None:
    known = _remembered()
    if known.get(name) != digest:
        _stamps().parent.mkdir(parents=True, exist_ok=True)
        place.replace(_stamps(), json.dumps(known | {name: digest}, indent=1))


# --- as nbgrader lays it out -----------------------------------------------------------------------------------------

def _copy(content: bytes, target: Path) -> None:
    """Put the notebook where it belongs, alone in its folder, with nbgrader's permissions."""
    shelf, more = target.parent.parent, 0o020 if _group_shared() else 0
    folder = 0o755 | more | more << 6  # where a group teaches, it writes, and what is made in there is the group's
    _make(place.exchange(), 0o755 if more else 0o777)
    _make(shelf.parent, folder)
    _make(shelf, folder)
    _make(shelf.parent / "inbound", 0o2733 | more << 1)
    _sweep(shelf)
    new = Path(tempfile.mkdtemp(prefix=BESIDE, dir=shelf))
    try:
        notebook = new / target.name
        notebook.write_bytes(content)
        notebook.chmod(0o644 | more)
        new.chmod(folder)
        if target.parent.is_dir():  # a folder that is not empty cannot be replaced, its notebook can
            for other in set(target.parent.iterdir()) - {target}:
                shutil.rmtree(other) if other.is_dir() else other.unlink()
            os.replace(notebook, target)
        else:
            new.rename(target.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _group_shared() -> bool:
    """nbgrader's option for several instructors in one group of the system."""
    return bool(dict(place.configuration().CourseDirectory).get("groupshared", False))


def _make(folder: Path, mode: int) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(mode)


def _sweep(shelf: Path) -> None:
    for left in shelf.glob(f"{BESIDE}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left)
