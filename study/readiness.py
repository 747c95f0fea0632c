"""Am I ready on that day: the mean chance of knowing each card then, by theme, and what it takes until then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from grader.errors import WorkspaceError

from .folds import cards as read_cards
from .outline import by_theme, outline
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


def day_of(text: str, today: date) -> date:
    """The day of an interview as it was typed. Raises WorkspaceError for what is none, or is past."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WorkspaceError(f"{text!r} is no date: write it as 2026-12-14.") from None
    if day < today:
        raise WorkspaceError(f"{day} is past: name the day of your interview.")
    return day


def readiness(day: date, today: date, memory: Memory | None = None) -> Readiness:
    """On `day`, if nothing is learned from `today` on."""
    memory = memory or Memory()
    cards_of = {theme: [c.id for name in sections for c in read_cards(outline(name))] for theme, sections in by_theme().items()}
    parts = {theme: Part(sum(memory.retrievability(c, day) for c in cards) / len(cards),
                         sum(memory.due(c) is not None for c in cards), len(cards))
             for theme, cards in cards_of.items() if cards}
    everything = [c for cards in cards_of.values() for c in cards]
    return Readiness(day, memory.minutes_a_day(everything, today, day), parts)
