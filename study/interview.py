"""A mock interview: what to ask, and the report of how it went. The command line and the panel do the asking.

The weakest cards come first. An answer is written before its points are shown; whoever answers marks which of them were said.
A good answer gets a follow-up, as it does in an interview. What was missed comes back as a card.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from grader import place
from grader.errors import WorkspaceError
from grader.section.cells import LEVELS
from grader.section.load import names

from . import desk, workspace
from .folds import Card
from .outline import by_theme, outline
from .progress import Progress
from .repetition import EASY, GOOD, HARD, NOT_KNOWN, Memory, exercise_id, review

MINUTES, TASK_MINUTES = 5, 15  # for a question with its follow-up, for the coding task
TASK_FROM = 30                 # minutes that an interview with a coding task takes at least
EACH = 2                       # questions of one section at most, while others have any
GOOD_ENOUGH = 0.5              # of the points: then there is a follow-up
FOLDER = "Interviews"          # of the learner's home
BULLET, SENTENCE = re.compile(r"^- ", re.MULTILINE), re.compile(r"(?<=[.?!])\s+(?=[A-Z$`*(])")


@dataclass(frozen=True)
class Question:
    """A card with the points of its answer, and what is asked after a good one."""

    card: Card
    points: list[str]
    follow_up: Question | None = None


@dataclass(frozen=True)
class Plan:
    """task: (section, exercise) to write from an empty stub, where there is time for one."""

    minutes: int
    questions: list[Question]
    task: tuple[str, str] | None = None


@dataclass
class Answer:
    """said: numbers of the points that were in it, from 0."""

    card: Card
    text: str
    said: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def points(self) -> list[str]:
        return points(self.card)

    @property
    def share(self) -> float:
        return len(set(self.said) & set(range(len(self.points)))) / len(self.points)


def points(card: Card) -> list[str]:
    """What a full answer says, Markdown each: the items of its list, or else its sentences."""
    answer = card.answer.strip()
    if BULLET.search(answer):
        intro, *items = BULLET.split(answer)
        found = [intro, *items]
    else:
        found = SENTENCE.split(answer)
    return [" ".join(point.split()) for point in found if point.strip()]


def plan(minutes: int, theme: str | None = None, level: str | None = None, *, day: date | None = None,
         seed: int | None = None) -> Plan:
    """An interview of so many minutes, of one theme or level or of all.

    Raises WorkspaceError for a theme or level that there is not, or in which nothing can be asked.
    """
    day, memory, chance = day or desk.today(), Memory(), random.Random(seed)
    chosen = _of_theme(theme)
    if level is not None and level not in LEVELS:
        raise WorkspaceError(f"There is no level {level!r}; there is {', '.join(LEVELS)}.")
    task = _task(chosen, memory, day) if minutes >= TASK_FROM else None
    cards = [c for c in desk.deck().values() if c.section in chosen]
    weakest = sorted(cards, key=lambda c: (memory.retrievability(c.id, day), chance.random()))
    wanted = max(1, (minutes - TASK_MINUTES * bool(task)) // MINUTES)
    asked = _spread([c for c in weakest if level in (None, c.level)], wanted)
    if not asked:
        raise WorkspaceError("There is no card of this theme and level.")
    return Plan(minutes, [_question(c, weakest, asked) for c in asked], task)


def themes() -> list[str]:
    """Those that have sections, in the order of the course."""
    return [theme for theme in by_theme() if theme]


def _of_theme(theme: str | None) -> list[str]:
    if theme is None:
        return names()
    if theme not in themes():
        raise WorkspaceError(f"There is no theme {theme!r}; there is {', '.join(themes())}.")
    return by_theme()[theme]


def _spread(cards: list[Card], count: int) -> list[Card]:
    """The first ones, but few of one section while others have any."""
    taken: Counter[str] = Counter()
    first: list[Card] = []
    later: list[Card] = []
    for card in cards:
        (first if taken[card.section] < EACH else later).append(card)
        taken[card.section] += 1
    return [*first, *later][:count]


def _question(card: Card, weakest: list[Card], asked: list[Card]) -> Question:
    """With a follow-up of the same section that is as hard at least, and not asked anyway."""
    harder = (c for c in weakest if c.section == card.section and c not in asked
              and LEVELS.index(c.level) >= LEVELS.index(card.level))
    following = next(harder, None)
    follow_up = Question(following, points(following)) if following else None
    return Question(card, points(card), follow_up)


def _task(sections: list[str], memory: Memory, day: date) -> tuple[str, str] | None:
    """The exercise to write: of those that were passed the likeliest to be forgotten, else the first that was not."""
    progress = Progress()
    all_ = [(s, e) for s in sections for e in outline(s).stubs if e != "prediction"]
    passed = [task for task in all_ if progress.of(*task).passed]
    if passed:
        return min(passed, key=lambda task: memory.retrievability(exercise_id(*task), day))
    return all_[0] if all_ else None


# --- how it went -----------------------------------------------------------------------------------------------------

def rating(share: float) -> int:
    """Of a card, by the share of its points that were said."""
    return int(NOT_KNOWN if share < 0.4 else HARD if share < 0.7 else GOOD if share < 1 else EASY)


def conclude(answers: list[Answer], task: dict | None = None, unasked: int = 0, now: datetime | None = None) -> Path:
    """Have the cards come back by how they were answered, and write the report; returns where it is.

    task: {"section", "exercise", "score", "max_score"}
    unasked: questions that were planned and not reached
    """
    now, memory = now or datetime.now().astimezone(), Memory()
    for answer in answers:
        review(answer.card.id, rating(answer.share), memory)
    path = workspace.home() / FOLDER / f"{now:%Y-%m-%d %H.%M.%S}.md"
    path.parent.mkdir(exist_ok=True)
    place.replace(path, report(answers, task, unasked, now))
    return path


def report(answers: list[Answer], task: dict | None, unasked: int, now: datetime) -> str:
    """The report in Markdown."""
    share = sum(a.share for a in answers) / len(answers) if answers else 0.0
    lines = [f"# Mock interview, {now:%Y-%m-%d %H:%M}", "",
             f"{share:.0%} of the points of {len(answers)} answer{'s' * (len(answers) != 1)}"
             + (f"; {unasked} more {'were' if unasked > 1 else 'was'} not asked." if unasked else "."), ""]
    if task:
        lines += [f"Code: `{task['exercise']}` of {task['section']}, {task['score']:g} of {task['max_score']:g} points.", ""]
    for answer in answers:
        minutes, seconds = divmod(round(answer.seconds), 60)
        lines += [f"## {answer.card.question}", "",
                  f"{answer.card.section}, {answer.card.level}, {minutes}:{seconds:02} minutes, {answer.share:.0%}.", "",
                  *(f"> {line}" for line in (answer.text.strip() or "(no answer)").splitlines()), ""]
        lines += [f"- [{'x' if i in answer.said else ' '}] {point}" for i, point in enumerate(answer.points)] + [""]
    missed = [a.card.question for a in answers if a.share < 1]
    if missed:
        lines += ["## These come back as cards", "", *(f"- {question}" for question in missed), ""]
    return "\n".join(lines)
