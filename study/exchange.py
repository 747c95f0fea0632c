"""From the author's sources to a learner's folder, through nbgrader's own exchange."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from grader import place
from grader.errors import WorkspaceError
from grader.section.load import load, names

from . import workspace


def release_all() -> list[str]:
    """Generate and release every section that changed since the last time; returns the names of those."""
    stamp_path = place.workspace() / "released.json"
    stamps = json.loads(stamp_path.read_text()) if stamp_path.is_file() else {}
    changed = []
    for name in names():
        if stamps.get(name) != (stamp := _stamp(name)) or not (_outbound(name)).is_dir():
            _release(name)
            stamps[name] = stamp
            changed.append(name)
    if changed:
        stamp_path.write_text(json.dumps(stamps, indent=1))
    return changed


def fetch(name: str) -> Path:
    """Copy a released assignment into the learner's home; what the learner already has there is left alone."""
    known = names()
    if name not in known:
        load(name)  # raises the sentence that names the known ones
    path = workspace.home() / name / f"{name}.ipynb"
    if not path.is_file():
        release_all()
        _run("FetchAssignment", name, replace_missing_files=True)
    return path


def _stamp(name: str) -> str:
    """Changes when a section's text does."""
    return hashlib.sha256((place.root() / "source" / name / f"{name}.py").read_bytes()).hexdigest()


def _outbound(name: str) -> Path:
    return place.exchange() / place.COURSE_ID / "outbound" / name


def _release(name: str) -> None:
    from grader.section import build

    build.build([name])
    place.exchange().mkdir(parents=True, exist_ok=True)
    # Into the gradebook too, so that the instructor's commands work at once. It may refuse: submissions are there
    # and the cells have changed. Learners get the new notebook all the same.
    result = _api().generate_assignment(name)
    if not result["success"]:
        print(f"The gradebook keeps its old {name}, because there are submissions for it or it cannot be written.")
        build.build([name])  # nbgrader removes a release that it failed on
    _run("ReleaseAssignment", name, force=True)


def _run(action: str, name: str, **settings) -> None:
    """One of nbgrader's exchange actions on one assignment, from the learner's home; its log only when it fails."""
    api = _api()
    api.coursedir.assignment_id = name
    app = getattr(api.exchange, action)(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)
    for key, value in settings.items():
        setattr(app, key, value)
    from nbgrader.utils import capture_log

    workspace.home().mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(workspace.home()):
        result = capture_log(app)
    if not result["success"]:
        log = (result.get("log") or result.get("error") or "it gave no reason").strip()
        raise WorkspaceError(f"nbgrader's {action} failed for {name}: {log.splitlines()[-1]}")


def _api():
    from nbgrader.apps import NbGraderAPI

    return NbGraderAPI(config=place.configuration())
