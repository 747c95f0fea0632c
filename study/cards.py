"""Spaced repetition of interview cards. FSRS decides when a card is due; one JSON file remembers."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import fsrs

from grader import place
from grader.errors import WorkspaceError

from . import workspace
from .folds import Card

RATINGS = {"1": fsrs.Rating.Again, "2": fsrs.Rating.Hard, "3": fsrs.Rating.Good, "4": fsrs.Rating.Easy}


class Deck:
    """Cards with what FSRS knows about them."""

    def __init__(self, cards: list[Card], path: Path | None = None):
        self.path = path or workspace.state() / "cards.json"
        self.cards = cards
        self.scheduler = fsrs.Scheduler()
        try:
            self.memory = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.memory = {}
        except (OSError, ValueError) as error:
            raise WorkspaceError(
                f"{self.path} is damaged ({error}): mend it, or remove it to start anew.") from None

    def due(self, now: datetime | None = None) -> list[Card]:
        """The cards to ask now: those whose time has come, oldest first, then those never asked."""
        now = now or datetime.now(UTC)
        seen = [c for c in self.cards if (when := self.when(c)) and when <= now]
        return sorted(seen, key=self.when) + [c for c in self.cards if self.when(c) is None]

    def when(self, card: Card) -> datetime | None:
        """When a card is due; None if it was never asked."""
        known = self.memory.get(key(card))
        return datetime.fromisoformat(known["due"]) if known else None

    def review(self, card: Card, rating: fsrs.Rating, now: datetime | None = None) -> datetime:
        """Record an answer; returns when the card is due again."""
        known = self.memory.get(key(card))
        state = fsrs.Card.from_dict(known) if known else fsrs.Card()
        state, _ = self.scheduler.review_card(state, rating, now)
        self.memory[key(card)] = state.to_dict()
        place.replace(self.path, json.dumps(self.memory, indent=1))
        return state.due


def key(card: Card) -> str:
    """A card's name in the file: it stays when the answer is rewritten."""
    return f"{card.section}/{hashlib.sha256(card.question.encode()).hexdigest()[:12]}"
