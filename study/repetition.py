"""Spaced repetition of interview cards and of exercises. FSRS says when each is due; the events say what was answered.

An exercise comes back as a card does, and is solved again from an empty stub: its rating is made of the verdict, of hints
and of the time it took. Time counts in study days, which end at 4 in the morning: FSRS counts whole 24 hours, so an answer
of one evening and one of the evening before would else pass for the same day.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import fsrs

from . import events
from .progress import Record

NEW_A_DAY = 10       # cards that were never asked
REVIEWS_A_DAY = 60   # after a break the rest waits, the most forgettable come first
MINUTES = {"card": 1.0, "exercise": 12.0}
QUICK = timedelta(minutes=10)  # who solves an exercise again so soon after emptying its stub found it easy
NIGHT = timedelta(hours=4)
NOT_KNOWN, HARD, GOOD, EASY = fsrs.Rating


@dataclass
class Today:
    """What to ask today, in this order. `waiting`: how many more are due and come another day."""

    due: list[str]
    new: list[str]
    waiting: int = 0


class Memory:
    """What FSRS knows about each card and each exercise that was passed once.

    Ids: of a card, see folds.Card; of an exercise, `exercise_id`.
    """

    def __init__(self, heard: Iterable[dict] | None = None):
        self.scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
        self.states: dict[str, fsrs.Card] = {}
        self.introduced: Counter[date] = Counter()  # cards asked for the first time, by day
        self._open: dict[str, Trial] = {}
        for event in events.read()[0] if heard is None else heard:
            self.hear(event)

    def hear(self, event: dict) -> None:
        if event["event"] == "reviewed":
            if event["rating"] in tuple(fsrs.Rating):
                self._review(event["card"], fsrs.Rating(event["rating"]), events.when(event))
            return
        if "exercise" not in event:
            return
        name = exercise_id(event["section"], event["exercise"])
        trial = self._open.get(name)
        if event["event"] == "reset":
            self._open[name] = Trial(events.when(event))
        elif name not in self.states or trial:
            trial = self._open.setdefault(name, Trial())
            trial.record.hear(event)
            if event["event"] == "checked" and event.get("passed"):
                self._review(name, trial.rating(events.when(event)), events.when(event))
                del self._open[name]

    def _review(self, name: str, rating: fsrs.Rating, at: datetime) -> None:
        day = study_day(at)
        if name not in self.states and "/" in name:
            self.introduced[day] += 1
        state = self.states.get(name) or fsrs.Card(card_id=0)
        self.states[name], _ = self.scheduler.review_card(state, rating, noon(day))

    def due(self, name: str) -> date | None:
        """The day on which it is due; None if it was never asked."""
        return self.states[name].due.date() if name in self.states else None

    def is_due(self, name: str, day: date) -> bool:
        """Whether it was asked before and is to be asked again on that day."""
        due = self.due(name)
        return due is not None and due <= day

    def today(self, names: Iterable[str], day: date) -> Today:
        """What to ask on a day, of these ids in the order in which new ones shall come."""
        names = list(names)
        due = [n for n in names if self.is_due(n, day)]
        due.sort(key=lambda n: self.retrievability(n, day))
        new = [n for n in names if n not in self.states][:max(0, NEW_A_DAY - self.introduced[day])]
        return Today(due[:REVIEWS_A_DAY], new, max(0, len(due) - REVIEWS_A_DAY))

    def retrievability(self, name: str, day: date) -> float:
        """The chance, 0 to 1, that it is known on a day; 0 if it was never asked."""
        return self.scheduler.get_card_retrievability(self.states[name], noon(day)) if name in self.states else 0.0

    def minutes_a_day(self, names: Iterable[str], today: date, until: date) -> float:
        """What it takes daily to have asked all of these once by `until`, and again whenever they are due.

        By playing it through: new ones in equal portions, each answered "good" on the day on which it is due.
        """
        names, days = list(names), max(1, (until - today).days)
        new = [n for n in names if n not in self.states]
        portion = math.ceil(len(new) / days)
        first = {n: today + timedelta(days=i // max(1, portion)) for i, n in enumerate(new)}
        return sum(self._effort(n, max(today, self.due(n) or first[n]), until) for n in names) / days

    def _effort(self, name: str, day: date, until: date) -> float:
        """Minutes that one takes from its next day on."""
        state, asked = self.states.get(name) or fsrs.Card(card_id=0), 0
        while day < until:
            asked += 1
            state, _ = self.scheduler.review_card(state, GOOD, noon(day))
            day = state.due.date()
        return asked * MINUTES["card" if "/" in name else "exercise"]


class Trial:
    """One way from an empty stub to a pass: what it was helped by."""

    def __init__(self, since: datetime | None = None):
        self.since, self.record = since, Record()

    def rating(self, now: datetime) -> fsrs.Rating:
        """not known with the solution; hard with hints or after more than two attempts; easy at once and soon; else good."""
        if self.record.assisted:
            return NOT_KNOWN
        if self.record.hints or len(self.record.attempts) > 2:
            return HARD
        quick = self.since is not None and now - self.since < QUICK and len(self.record.attempts) <= 1
        return EASY if quick else GOOD


def exercise_id(section: str, exercise: str) -> str:
    return f"{section}:{exercise}"


def study_day(at: datetime) -> date:
    """The learner's own day, which ends at 4 in the morning."""
    return (at.astimezone() - NIGHT).date()


def noon(day: date) -> datetime:
    """A study day as FSRS wants it."""
    return datetime.combine(day, time(12), UTC)


def review(card: str, rating: int, memory: Memory) -> date:
    """Record an answer to a card; returns the day on which it is due again."""
    event = {"event": "reviewed", "card": card, "rating": rating}
    events.append(event)
    memory.hear({**event, "at": datetime.now(UTC).isoformat()})
    return memory.states[card].due.date()
