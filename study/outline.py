"""A section as its release shows it: quick to read, and enough for hints, cards and the map of a learner."""

from __future__ import annotations

import functools
from pathlib import Path

from grader.errors import SectionError
from grader.section.load import load, names, parse, source, syllabus
from grader.section.model import Section

from .exchange import built_path, newer_than_built


def outline(name: str) -> Section:
    """The section without its solutions and hidden tests; from its `.py` where that is not built yet.

    An unknown one raises a SectionError.
    """
    py, built = source(name), built_path(name)
    if newer_than_built(py, built):
        return load(name)
    title = syllabus().get(name, {}).get("title", name)
    return _read(name, built, py.parents[2], title, built.stat().st_mtime_ns) or load(name)


@functools.lru_cache(maxsize=64)
def _read(name: str, built: Path, root: Path, title: str, changed: int) -> Section | None:  # `changed` makes it a new key
    from nbformat import v4
    try:
        notebook = v4.reads(built.read_text(encoding="utf-8"))  # without the check of its schema, which takes longer
        return parse(name, notebook, root, title)
    except (ValueError, KeyError, AttributeError):  # damaged by hand
        return None


def by_theme() -> dict[str, list[str]]:
    """Theme -> its sections, both in the order of the course; "" for sections without one."""
    known, found = syllabus(), {}
    for name in names():
        found.setdefault(known.get(name, {}).get("theme", ""), []).append(name)
    return found


def section_of(exercise: str, section: str | None = None) -> Section:
    """The outline of the section that has an exercise; raises a SectionError where none or several do."""
    candidates = [outline(name) for name in ([section] if section else names())]
    found = [s for s in candidates if exercise in s.exercises]
    if not found:
        known = ", ".join(e for s in candidates for e in s.exercises)
        raise SectionError(f"There is no exercise {exercise!r}; there is {known or 'none yet'}.")
    if len(found) > 1:
        raise SectionError(f"{exercise} is in {' and '.join(s.name for s in found)}: say which with --section.")
    return found[0]
