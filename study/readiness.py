"""Am I ready on that day: the mean chance of knowing each card then, by theme, and what it takes until then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from grader.section.load import names, syllabus

from .folds import cards as read_cards
from .outline import outline
from .repetition import Memory


@dataclass
class Part:
    """Of one theme. ready: 0 to 1, mean over all its cards; one that was never asked counts as not known."""

    ready: float
    asked: int
    cards: int


@dataclass
class Readiness:
    """minutes: a day, to have asked every card once and again whenever it is due."""

    day: date
    minutes: float
    themes: dict[str, Part] = field(default_factory=dict)

    @property
    def ready(self) -> float:
        cards = sum(p.cards for p in self.themes.values())
        return sum(p.ready * p.cards for p in self.themes.values()) / cards if cards else 0.0


def readiness(day: date, today: date, memory: Memory | None = None) -> Readiness:
    """On `day`, if nothing is learned from `today` on."""
    memory, known = memory or Memory(), syllabus()
    by_theme: dict[str, list[str]] = {}
    for name in names():
        by_theme.setdefault(known.get(name, {}).get("theme", ""), []).extend(c.id for c in read_cards(outline(name)))
    parts = {theme: Part(sum(memory.retrievability(c, day) for c in cards) / len(cards),
                         sum(memory.due(c) is not None for c in cards), len(cards))
             for theme, cards in by_theme.items() if cards}
    everything = [c for cards in by_theme.values() for c in cards]
    return Readiness(day, memory.minutes_a_day(everything, today, day), parts)
