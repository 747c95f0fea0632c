"""07-security: the reference against libraries, every number of the prose recomputed, the experiment over several seeds."""

import math
import random
import re
import unicodedata
from pathlib import Path

import pytest
import torch

from course.data import toy_inbox
from course.sections import security as shown
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "07-security"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- texts -----------------------------------------------------------------------------------------------------------

def test_normal_is_normal():
    draw = random.Random(0)
    special = [chr(i) for i in range(0x30000) if unicodedata.decomposition(chr(i)) or unicodedata.category(chr(i)) in ("Cf", "So", "Cc", "Zs")]
    for _ in range(1500):
        text = "".join(draw.choice(special) for _ in range(8))
        got = REF["normalize_text"](text)
        assert got == REF["normalize_text"](got) and unicodedata.is_normalized("NFKC", got)
        assert not any(unicodedata.category(c) in ("Cf", "Cc") for c in got if c not in "\n\u200d")


def test_hints_of_normalize():
    assert REF["normalize_text"]("\u24c2\ufe0f") == "M" and unicodedata.normalize("NFKC", "\u24c2") == "M"
    assert REF["normalize_text"]("e\u200b\u0301") == "é"


def test_words_in_disguise():
    found = {name: ("tea" in text, "tea" in REF["normalize_text"](text)) for name, text in shown.WAYS.items()}
    assert len(found) == 6 and [a for a, _ in found.values()] == [True] + [False] * 5
    assert [b for _, b in found.values()] == [True] * 5 + [False]
    says("Six ways to write one harmless word")


def test_fences():
    counts = list(shown.fence_counts(REF["wrap_untrusted"]).values())
    assert counts[:5] == [40, 8, 0, 8, 0] and 1 <= counts[5] <= 8
    says("forty mails with an order; eight of them forge")
    assert len("ababababab") == 10 and [i for i in range(10) if "ababababab".startswith("abababab", i)] == [0, 2]


# --- rare events -----------------------------------------------------------------------------------------------------

def test_base_rates():
    assert f"{100 * REF['layer_report']([0.95], [0.01], 0.001)[2]:.1f}" == "8.7"
    bypass, fpr, _ = REF["layer_report"]([0.9] * 4, [0.01] * 4, 0.001)
    assert bypass == pytest.approx(1e-4) and f"{100 * fpr:.1f}" == "3.9"
    assert round(100 - 8.7) == 91
    says("that is 8.7 %", "Of a hundred flags ninety-one hit harmless people", "3.9 % of the harmless", "0.00095 / 0.01094 = 8.7 %")
    assert REF["layer_report"]([0.9, 0.5], [0.1, 0.2], 0.5) == pytest.approx((0.05, 0.28, 0.772), abs=5e-4)  # the hint's example
    attacks, harmless = 50_000 * 0.001, 50_000 * 0.999
    assert (attacks * 0.95, harmless, harmless * 0.01) == pytest.approx((47.5, 49_950, 499.5))
    assert f"{100 * 47.5 / 547:.1f}" == "8.7" and 47.5 + 499.5 == 547
    says("47.5 caught, 499.5 false alarms", "47.5 / 547 = 8.7 %")
    assert 1 - 0.05 ** (1 / 500) == pytest.approx(3 / 500, rel=0.01)
    says("about 3/500 = 0.6 %")


def test_precision_by_counting():
    g = torch.Generator().manual_seed(0)
    caught, flagged = torch.rand(40, 3, generator=g) < 0.6, torch.rand(90, 3, generator=g) < 0.05
    hit, alarm = ([any(row) for row in x.tolist()] for x in (caught, flagged))
    draw, right, wrong = random.Random(0), 0, 0
    for _ in range(60_000):  # requests, a tenth of them attacks
        if draw.random() < 0.1:
            right += hit[draw.randrange(40)]
        else:
            wrong += alarm[draw.randrange(90)]
    assert REF["measured_report"](caught, flagged, 0.1)[2] == pytest.approx(right / (right + wrong), abs=0.02)


def test_correlated_layers():
    from scipy.stats import multivariate_normal, norm
    rows = {rho: shown.together(0.1, rho, 4) for rho in (0, 0.2, 0.5, 0.8)}
    assert [f"{v:.2g}" for v in rows.values()] == ["0.0001", "0.0013", "0.0091", "0.033"]
    assert [round(v / 1e-4) for v in rows.values()] == [1, 13, 91, 328]
    for rho, (value, times) in {0.2: ("0.0013", 13), 0.5: ("0.0091", 91), 0.8: ("0.033", 328)}.items():
        assert f"# | {rho} | {value} | {times} times |" in SOURCE
    cov = [[1 if i == j else 0.5 for i in range(3)] for j in range(3)]
    want = multivariate_normal([0] * 3, cov).cdf([norm.ppf(0.1)] * 3)
    assert shown.together(0.1, 0.5, 3) == pytest.approx(want, abs=2e-5)
    assert shown.together(0.1, 1, 3) == 0.1 and shown.together(0.1, 0.5, 1) == pytest.approx(0.1)
    says("9.1e-3 at ρ = 0.5", "at ρ = 0.5 it is 91 times as much")


# --- labels ----------------------------------------------------------------------------------------------------------

def test_seven_calls():
    assert [REF["taint_allowed"](call, taint, toy_inbox.POLICY) for _, _, call, taint in shown.FLOWS] == [True, False, True, False, True, False, False]
    says("Seven calls of an assistant")


# --- what leaves -----------------------------------------------------------------------------------------------------

def test_check_digits():
    rates = shown.reported(REF["find_pii"], 1500, 1)
    assert 0.08 < rates["card"] < 0.12 and 0.005 < rates["iban"] < 0.017
    says("Of random digits one in ten passes", "Of random ones about one in 97 passes")
    digits = [3, 2, 7, 7, 9, 6, 7, 4, 9, 9, 7]
    assert sum(digits) == 70
    says("The sum is 70: it passes")
    assert REF["find_pii"]("Room 12, 4111 1111 1111 1111 22") == [("card", 9, 28)]


def test_leaks():
    scores = [REF["leak_score"](text, toy_inbox.SYSTEM, 5) for text in shown.ANSWERS.values()]
    assert scores[:2] == [1, 1] and f"{scores[3]:.2f}" == "0.04" and scores[4:] == [0, 0, 0]
    assert "plover" in shown.ANSWERS["one sentence"]
    assert [REF["leak_score"](text, toy_inbox.SYSTEM, 3) for text in shown.ANSWERS.values()][5:] == [0, 0]
    says("scores 0.04 at n = 5", "Seven answers")


# --- limits ----------------------------------------------------------------------------------------------------------

def test_bursts():
    window, bucket = shown.passed(REF["TokenBucket"])
    assert sum(960 <= t < 1060 for t in window) == 20 and max(sum(t <= x < t + 100 for x in bucket) for t in bucket) == 5
    for T in (500, 1000, 2000):
        assert max(sum(t <= x < t + T for x in bucket) for t in bucket) <= 5 + 10 * T / 1000
    says("lets 200 through within a second", "who begins at 960 ms", "burst + rate · T")


def test_hint_of_the_bucket():
    bucket = REF["TokenBucket"](3, 2)
    assert bucket.allow(0) and bucket.allow(0) and not bucket.allow(300)
    assert bucket.wait(300) == 34 and math.ceil(100 / 3) == 34 and not bucket.allow(333) and bucket.allow(334)
    assert 0.1 * 3 != 0.3 and sum([0.1] * 10) != 1


# --- the gateway -----------------------------------------------------------------------------------------------------

def test_day_of_traffic():
    days = {name: shown.day(REF["Gateway"], name) for name in shown.LAYERS}
    cases = toy_inbox.traffic()
    assert (sum(c.attack for c in cases), sum(not c.attack for c in cases)) == (42, 48)
    assert len(days["all of them"]["attacks"]) == 7 and len(days["all of them"]["harmless"]) == 8
    says("42 attacks of seven kinds and 48 harmless requests of eight", "Ninety requests")
    off = {name: {kind for kind, (n, _) in day["attacks"].items() if n} for name, day in days.items()}
    lost = {name: {kind for kind, (n, tried) in day["harmless"].items() if n < tried} for name, day in days.items()}
    assert off["+ detector"] == {"backwards", "asks for the prompt"} and lost["+ detector"] == {"mail on a book ORDER"}
    assert off["+ taint"] == {"asks for the prompt"} and lost["+ taint"] == {"a mail that is answered"}
    assert "plain" in off["+ fence"] and not lost["+ fence"] and "asks for the prompt" not in off["+ leak filter"]
    assert not off["all of them"] and lost["all of them"] == {"mail on a book ORDER", "a mail that is answered"}
    assert not off["all but the detector"] and lost["all but the detector"] == {"a mail that is answered"}
    assert not lost["nothing but redaction"] and len(off["nothing but redaction"]) == 6


# --- the experiment --------------------------------------------------------------------------------------------------

def test_experiment():
    bypass = experiment(SECTION)["bypass"]
    want = ["another kind", "half the misses", "two more layers"]
    assert REF["prediction"] == want
    found = {name: sum(values) for name, values in experiment(SECTION)["result"].items() if name != "as it is"}
    assert sorted(found, key=found.get) == want
    for seed in range(6, 12):
        got = {name: bypass(*shown.CHANGES[name], seed=seed) for name in want}
        assert sorted(got, key=got.get) == want
    exact = {"another kind": 0.1 * shown.together(0.1, 0.5, 3), "half the misses": shown.together(0.05, 0.5, 4),
             "two more layers": shown.together(0.1, 0.5, 6)}
    for name, value in exact.items():
        assert bypass(*shown.CHANGES[name], seed=3) == pytest.approx(value, rel=0.2)


def test_the_prediction_stands_nowhere_else():
    after = SOURCE[SOURCE.index('# %% tags=["experiment"]'):]
    for name in ("another kind", "half the misses", "two more layers"):
        assert name not in after.replace("chooses another kind", "")


def test_every_picture_draws():
    for cell in cells(SECTION, "picture"):
        assert len(re.findall(r"security\.\w+\(|import security", cell)) == 1
