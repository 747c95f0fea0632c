"""Hints and interview cards, read from a section's notebook: both are folded `<details>` in tagged markdown cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.section.cells import card_id, level, tags
from grader.section.model import Section

FOLD = re.compile(r"<details>\s*<summary>(?P<summary>.*?)</summary>(?P<body>.*?)</details>", re.DOTALL)


@dataclass(frozen=True)
class Card:
    """One interview question.

    id: the guide's number of it, or the section and which of its own cards it is; it stays when the words are mended
    """
    section: str
    level: str
    question: str
    answer: str
    id: str


def folds(text: str) -> list[tuple[str, str]]:
    """(summary, body) of every fold in a markdown text."""
    return [(_plain(m["summary"]), m["body"].strip()) for m in FOLD.finditer(text)]


def hints(section: Section, exercise: str) -> list[tuple[str, str]]:
    """The hints of an exercise in rising order."""
    return [fold for cell in section.cells("hints") if exercise in tags(cell) for fold in folds(cell.source)]


def cards(section: Section) -> list[Card]:
    """The interview cards of a section."""
    found: list[Card] = []
    own = 0
    for cell in section.cells("card"):
        for question, answer in folds(cell.source):
            own += not card_id(cell)
            name = f"{section.name}/{card_id(cell) or f'own{own}'}"
            found.append(Card(section.name, level(cell), question, answer, name))
    return found


def _plain(summary: str) -> str:
    return re.sub(r"</?[a-z]+>", "", " ".join(summary.split()))
