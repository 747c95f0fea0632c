"""The questions of the interview guide, by section; a section's cards answer them by id."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Question:
    id: str       # "14.3"
    section: str  # "14-kv-cache"
    level: str    # basic | medium | killer
    text: str
    same_as: str = ""  # the id of an earlier question that asks the same


@cache
def questions() -> tuple[Question, ...]:
    """All of them, in the guide's order."""
    with Path(__file__).with_name("questions.toml").open("rb") as file:
        return tuple(Question(**row) for row in tomllib.load(file)["question"])


def of_section(section: str) -> tuple[Question, ...]:
    return tuple(q for q in questions() if q.section == section)
