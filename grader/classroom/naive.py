"""How slow the naive way is: the slowest of a section's mutants that die of their time alone, judged on this machine."""

from __future__ import annotations

import json

from .. import place
from ..cases import find_cases, steps_of
from ..judge.key import version
from ..pool.jobs import Job, Judges
from ..section.model import Section


def naive_ratios(section: Section, judges: Judges) -> dict[str, float]:
    """Timed aspect -> the naive way's time by the reference's. Measured once for each version of a section, then kept."""
    file = place.workspace() / "naive" / f"{section.name}.json"
    key = version(section).hex()
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["key"] == key:
            return known["ratios"]
    except (OSError, ValueError, LookupError, TypeError):
        pass  # not there yet, or damaged: measured anew
    ratios = _measured(section, judges)
    file.parent.mkdir(parents=True, exist_ok=True)
    place.replace(file, json.dumps({"key": key, "ratios": ratios}))
    return ratios


def _measured(section: Section, judges: Judges) -> dict[str, float]:
    slow = [case for case in find_cases(section, section.path)[0] if case.mutant and case.timed]
    jobs = [Job(section.name, case.key, steps=steps_of(section, case), only=frozenset({case.exercise}), bare=True,
                until="too_slow") for case in slow]
    ratios: dict[str, float] = {}
    for result in judges.judge_all(jobs):
        for cell in result.cells:
            if cell.verdict == "too_slow" and cell.ratio:
                ratios[cell.grade_id] = max(cell.ratio, ratios.get(cell.grade_id, 0.0))
    return ratios
