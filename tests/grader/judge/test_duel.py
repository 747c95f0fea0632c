"""Golden verdicts of the timed duel, each a ratio inside one run."""

import numpy as np
import pytest
import torch

from course.duel import TooSlow, Undecided, decided, duel, evidence, judged, run
from grader.judge.session import Session
from grader.sandbox.limits import Limits

REFERENCE = """
import torch
def work(x):
    for _ in range(20):
        y = torch.sort(x).values
    return y
"""
# The learner's sides, in multiples of the reference's work; and those who try to get around it.
NOTEBOOK = REFERENCE + """
def repeated(n):
    def work(x):
        for _ in range(n):
            y = torch.sort(x).values
        return y
    return work

same, fast, slow = repeated(20), repeated(10), repeated(70)

import time
def patched_clock(x):
    time.process_time = time.perf_counter = time.monotonic = time.thread_time = lambda: 0.0
    return slow(x)

memory = {}
def cached(x):
    if x.shape not in memory:
        memory[x.shape] = slow(x)
    return memory[x.shape]

class Lazy(torch.Tensor):
    pass
def deferred(x):
    import threading
    out = torch.empty_like(x)
    threading.Thread(target=lambda: out.copy_(slow(x))).start()
    return out

def low_precision(x):
    return torch.sort(x.half()).values.float()

def rare(x, calls=[]):
    calls.append(0)
    return slow(x) if len(calls) > 3 else same(x)
"""


def draw(rng: np.random.Generator):
    return (torch.from_numpy(rng.standard_normal(20_000, dtype=np.float32)),)


@pytest.fixture(scope="module")
def session(warm):
    running = Session(warm, Limits())
    ran = running.run("notebook", NOTEBOOK)
    assert not ran.error, ran.error
    yield running
    running.close()


def verdict(session, name: str, limit: float = 2.0) -> str:
    proxy = session.get(name)
    proxy.__dict__["__name__"] = "work"
    try:
        duel(proxy, draw, reference=REFERENCE, limit=limit)
        return "pass"
    except TooSlow:
        return "too slow"
    except Undecided:
        return "undecided"
    except AssertionError as e:
        assert "is wrong there" in str(e)
        return "wrong"


@pytest.mark.parametrize(("name", "expected"), [
    ("same", "pass"), ("fast", "pass"), ("slow", "too slow"),
    ("patched_clock", "too slow"), ("cached", "wrong"), ("deferred", "wrong"), ("low_precision", "wrong"),
    ("rare", "too slow"),
])
def test_golden_verdicts(session, name, expected):
    assert verdict(session, name) == expected


def test_in_one_process_the_same_check_decides_alike():
    namespace = {}
    exec(NOTEBOOK, namespace)
    namespace["slow"].__name__ = namespace["same"].__name__ = "work"
    assert duel(namespace["same"], draw, reference=REFERENCE, limit=2.0).verdict == "fast"
    with pytest.raises(TooSlow, match="times the reference's time"):
        duel(namespace["slow"], draw, reference=REFERENCE, limit=2.0)


def test_a_clear_case_ends_after_5_pairs():
    assert judged([(1.1, 1.0)] * 4, limit=2.0) is None and judged([(1.1, 1.0)] * 5, limit=2.0) == "fast"
    assert judged([(6.1, 1.0)] * 4, limit=2.0) is None and judged([(6.1, 1.0)] * 5, limit=2.0) == "slow"
    assert judged([(1.1, 1.0)] * 4 + [(1.3, 1.0)], limit=2.0) is None


def test_time_that_is_up_settles_a_clear_case():
    answers = {"learner": (4.0, 1), "reference": (0.01, 1)}  # 400 times as slow: the time is up before there are 5 pairs
    with pytest.raises(TooSlow, match="400.00 times the reference's time over 3 pairs"):
        run(lambda side, args: answers[side], lambda rng: (), 2.0, "work")
    answers["learner"] = (4.0 * 0.01, 1)
    with pytest.raises(TooSlow, match="4.00 times the reference's time over 13 pairs"):
        run(lambda side, args: answers[side], lambda rng: (), 2.0, "work")


def test_another_case_ends_after_11_or_13_pairs():
    assert decided(10, 10) is None and decided(11, 11) == "fast"
    assert decided(0, 12) is None and decided(0, 13) == "slow"
    assert decided(30, 60) is None


def test_evidence_is_a_fair_bet():
    """Under a fair coin the expected evidence after n throws is at most 1: that is what makes every look valid."""
    from math import comb
    for n in (1, 5, 20, 60):
        assert sum(comb(n, h) * evidence(h, n) for h in range(n + 1)) / 2**n == pytest.approx(1, abs=1e-9)
