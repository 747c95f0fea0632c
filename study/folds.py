"""Hints and interview cards, read from a section's notebook: both are folded `<details>` in tagged markdown cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.section.cells import level, tags
from grader.section.model import Section

FOLD = re.compile(r"<details>\s*<summary>(?P<summary>.*?)</summary>(?P<body>.*?)</details>", re.DOTALL)


@dataclass(frozen=True)
class Card:
    """One interview question."""
    section: str
    level: str
    question: str
    answer: str


def folds(text: str) -> list[tuple[str, str]]:
    """(summary, body) of every fold in a markdown text."""
    return [(_plain(m["summary"]), m["body"].strip()) for m in FOLD.finditer(text)]


def hints(section: Section, exercise: str) -> list[tuple[str, str]]:
    """The hints of an exercise in rising order."""
    return [fold for cell in section.cells("hints") if exercise in tags(cell) for fold in folds(cell.source)]


def cards(section: Section) -> list[Card]:
    """The interview cards of a section."""
    found = []
    for cell in section.cells("card"):
        found += [Card(section.name, level(cell), question, answer) for question, answer in folds(cell.source)]
    return found


def _plain(summary: str) -> str:
    return re.sub(r"</?[a-z]+>", "", " ".join(summary.split()))
