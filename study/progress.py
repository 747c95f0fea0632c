"""What became of each exercise: verdicts, honest attempts, hints seen, alone or with help. Read from the events."""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import events

HONEST_ATTEMPTS = 3


@dataclass
class Record:
    """One exercise.

    score:     of the last check, of max_score points that need no person
    passed:    in full, once
    solo:      so passed without the solution having been opened, or from an empty stub after it
    attempts:  digests of what was checked
    hints:     the highest rung that was opened
    ratios:    timed aspect -> the least of the reference's time that a passing solution took
    """

    score: float = 0
    max_score: float = 0
    passed: bool = False
    solo: bool = False
    hints: int = 0
    attempts: list[str] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)
    assisted: bool = False  # the solution was opened, and the stub not emptied since

    @property
    def solution_open(self) -> bool:
        """A solution opens after a pass or three honest attempts."""
        return self.passed or len(self.attempts) >= HONEST_ATTEMPTS

    @property
    def attempts_left(self) -> int:
        return max(0, HONEST_ATTEMPTS - len(self.attempts))

    def hear(self, event: dict) -> None:
        match event["event"]:
            case "checked":
                self._checked(event)
            case "hint":
                self.hints = max(self.hints, int(event["rung"]))
            case "solution":
                self.assisted = True
            case "reset":
                self.assisted = False

    def _checked(self, event: dict) -> None:
        self.score, self.max_score = event["score"], event["max_score"]
        if event["attempt"] and event["attempt"] not in self.attempts:
            self.attempts.append(event["attempt"])
        if event.get("passed"):
            self.passed, self.solo = True, self.solo or not self.assisted
        for aspect, ratio in _numbers(event.get("ratios")).items():
            self.ratios[aspect] = min(ratio, self.ratios.get(aspect, ratio))


class Progress:
    """The records of all exercises, and the time spent on each section."""

    def __init__(self, heard: Iterable[dict] | None = None):
        self.records: dict[tuple[str, str], Record] = {}
        self.worked: defaultdict[str, float] = defaultdict(float)  # section -> seconds
        for event in events.read()[0] if heard is None else heard:
            if event["event"] == "worked":
                self.worked[event["section"]] += event["seconds"]
            elif "exercise" in event:
                self.of(event["section"], event["exercise"]).hear(event)

    def of(self, section: str, exercise: str) -> Record:
        return self.records.setdefault((section, exercise), Record())

    def begun(self) -> set[str]:
        """The sections in which something was done."""
        return {section for section, _ in self.records}


def log_check(section: str, exercises: Mapping[str, Mapping]) -> None:
    """Remember a check: the `exercises` of its document, see check.py. It is an honest attempt at an exercise when the
    code is new: Python that is neither the untouched stub nor what was checked before; comments, spaces and other
    numbers do not make code new."""
    events.append(*({"event": "checked", "section": section, "exercise": exercise, **judged}
                    for exercise, judged in exercises.items()))


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


def _numbers(found: object) -> dict[str, float]:
    return {k: float(v) for k, v in found.items() if type(v) in (int, float)} if isinstance(found, dict) else {}
