"""What the command line remembers of a learner: verdicts, honest attempts, hints seen.

One JSON file in the workspace, `home/.course/progress.json`:

    {"02-decoding": {"top_p_mask": {"score": 4, "max_score": 7, "passed": false, "hints": 1,
                                    "attempts": ["digest of the code at a check", ...]}}}
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from grader import place
from grader.errors import WorkspaceError

from . import workspace

HONEST_ATTEMPTS = 3
FRESH = {"score": 0, "max_score": 0, "passed": False, "hints": 0, "attempts": []}


class Progress:
    """The file, read and written whole."""

    def __init__(self, path: Path | None = None):
        self.path = path or workspace.state() / "progress.json"
        self.data: dict[str, dict[str, dict]] = _read(self.path)

    def of(self, section: str, exercise: str) -> dict:
        """The record of an exercise; change it in place, then `save`."""
        return self.data.setdefault(section, {}).setdefault(exercise, {**FRESH, "attempts": []})

    def save(self) -> None:
        place.replace(self.path, json.dumps(self.data, indent=1))

    def solution_open(self, section: str, exercise: str) -> bool:
        """A solution opens after a pass or three honest attempts."""
        record = self.of(section, exercise)
        return record["passed"] or len(record["attempts"]) >= HONEST_ATTEMPTS

    def log_check(self, section: str, exercises: Mapping[str, Mapping]) -> None:
        """Remember a check: the `exercises` of its document, see check.py. It is an honest attempt at an exercise when the
        code is new: Python that is neither the untouched stub nor what was checked before; comments, spaces and other
        numbers do not make code new."""
        for exercise, judged in exercises.items():
            record = self.of(section, exercise)
            record["score"], record["max_score"] = judged["score"], judged["max_score"]
            record["passed"] = record["passed"] or judged["passed"]
            if judged["attempt"] and judged["attempt"] not in record["attempts"]:
                record["attempts"].append(judged["attempt"])
        self.save()


def digest(code: str) -> str:
    """A short name for a piece of code, the same whatever its comments, spaces and numbers; "" for what is no Python."""
    from IPython.core.inputtransformer2 import TransformerManager  # no other command needs it
    try:
        tree = ast.parse(TransformerManager().transform_cell(code))
    except (SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            node.value = 0
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path} is damaged ({error}): mend it, or remove it to start anew.") from None
