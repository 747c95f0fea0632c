"""When cards and exercises come back, and what one will know on a day."""

import os
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from study import readiness
from study.repetition import NEW_A_DAY, REVIEWS_A_DAY, Memory, exercise_id, noon, study_day

DAY = date(2026, 3, 2)
CARDS = [f"01-doubling/own{i}" for i in range(1, 200)]
DOUBLE = exercise_id("01-doubling", "double")


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


def at(days: float, day: date = DAY) -> str:
    return (noon(day) + timedelta(days=days)).isoformat()


def answered(card: str, rating: int, days: float = 0) -> dict:
    return {"event": "reviewed", "card": card, "rating": rating, "at": at(days)}


def did(event: str, days: float = 0, **more) -> dict:
    return {"event": event, "section": "01-doubling", "exercise": "double", "at": at(days), **more}


def passed(days: float = 0, attempt: str = "a", ok: bool = True) -> dict:
    return did("checked", days, score=2 * ok, max_score=2, passed=ok, attempt=attempt)


def test_a_card_comes_back_later_the_better_it_was_known():
    due = [Memory([answered(CARDS[0], rating)]).due(CARDS[0]) for rating in (1, 2, 3, 4)]
    assert DAY < due[0] <= due[1] < due[2] < due[3]
    assert Memory([]).due(CARDS[0]) is None


def test_the_evening_counts_as_its_day_and_23_hours_as_a_night():
    assert study_day(datetime(2026, 3, 3, 3, 59, tzinfo=UTC)) == DAY
    assert study_day(datetime(2026, 3, 3, 4, 0, tzinfo=UTC)) == DAY + timedelta(1)
    evening = Memory([answered(CARDS[0], 3, 0.4), answered(CARDS[0], 3, 0.4 + 23.5 / 24)])
    morning = Memory([answered(CARDS[0], 3, 0), answered(CARDS[0], 3, 1)])
    assert evening.states[CARDS[0]].stability == morning.states[CARDS[0]].stability > 4


def test_new_cards_are_capped_a_day():
    assert Memory([]).today(CARDS, DAY).new == CARDS[:NEW_A_DAY]
    memory = Memory([answered(card, 3) for card in CARDS[:4]])
    assert memory.today(CARDS, DAY).new == CARDS[4:NEW_A_DAY]
    assert len(memory.today(CARDS, DAY + timedelta(1)).new) == NEW_A_DAY


def test_after_a_break_the_likeliest_to_be_forgotten_come_first_and_the_rest_waits():
    events = [answered(card, 4 if i % 2 else 2, i / 200) for i, card in enumerate(CARDS)]
    memory = Memory(events)
    today = memory.today(CARDS, DAY + timedelta(200))
    chances = [memory.retrievability(card, DAY + timedelta(200)) for card in today.due]
    assert len(today.due) == REVIEWS_A_DAY and today.waiting == len(CARDS) - REVIEWS_A_DAY
    assert chances == sorted(chances) and memory.states[today.due[0]].stability < memory.states[CARDS[1]].stability


def test_an_exercise_comes_back_after_its_first_pass():
    assert Memory([passed(ok=False)]).due(DOUBLE) is None
    memory = Memory([passed(ok=False), passed(attempt="b")])
    assert memory.due(DOUBLE) > DAY and memory.introduced == {}
    again = Memory([passed(), passed(1), passed(2)])
    assert again.due(DOUBLE) == Memory([passed()]).due(DOUBLE), "a check of what is solved is no repetition"
    solved = Memory([passed(), did("reset", 3), passed(3.001, "b")])
    assert solved.due(DOUBLE) > again.due(DOUBLE)


@pytest.mark.parametrize("between, order", [
    ([did("solution", 3.001)], 0), ([did("hint", 3.001, rung=1)], 1),
    ([passed(3.001, "x", False), passed(3.001, "y", False)], 1),
    ([did("checked", 3.05, score=0, max_score=2, attempt="")], 2), ([], 3),
], ids=["solution", "hint", "three attempts", "slowly", "at once"])
def test_an_exercise_is_rated_by_verdict_help_and_time(between, order):
    late = 3.06 if order == 2 else 3.005
    solved = Memory([passed(), did("reset", 3), *between, passed(late, "z")]).states[DOUBLE]
    by_hand = [Memory([passed(), answered(DOUBLE, rating, 3)]).states[DOUBLE].stability for rating in (1, 2, 3, 4)]
    assert solved.stability == by_hand[order]


def test_readiness_is_the_mean_of_all_cards_and_falls_with_the_days(tiny):
    first = "01-doubling/own1"
    memory = Memory([answered(first, 3)])
    soon, later = (readiness.readiness(DAY + timedelta(n), DAY, memory) for n in (2, 40))
    assert list(soon.themes.values())[0].cards == 2 and list(soon.themes.values())[0].asked == 1
    assert soon.ready == memory.retrievability(first, DAY + timedelta(2)) / 2 > later.ready > 0
    assert readiness.readiness(DAY, DAY, Memory([])).ready == 0


def test_the_daily_budget_counts_every_card_once_and_its_repetitions():
    memory, until = Memory([]), DAY + timedelta(10)
    one = memory.minutes_a_day(CARDS[:1], DAY, until)
    assert memory.minutes_a_day([], DAY, until) == 0
    assert 0.1 < one <= 0.5, "asked at once, and again within ten days"
    assert memory.minutes_a_day(CARDS[:50], DAY, until) >= 5
    known = Memory([answered(c, 4) for c in CARDS[:50]])
    assert known.minutes_a_day(CARDS[:50], DAY, DAY + timedelta(5)) < memory.minutes_a_day(CARDS[:50], DAY, DAY + timedelta(5))
