"""27-model-landscape: the reference against libraries, every number of the prose recomputed, the experiment over seeds."""

import math
import re
from datetime import date
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import torch

from course.data.model_snapshot import snapshot
from course.models.sizes import GPUS, MODELS
from course.sections import model_landscape
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "27-model-landscape"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(" ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#")).split())
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- libraries -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("n", [1, 5, 40, 198, 448, 14042])
def test_wilson_is_scipy_s(n):
    from scipy.stats import binomtest
    for k in sorted({0, 1 % (n + 1), n // 2, 9 * n // 10, n}):
        for level in (0.8, 0.95, 0.99):
            want = binomtest(k, n).proportion_ci(level, "wilson")
            got = REF["wilson"](k, n, NormalDist().inv_cdf((1 + level) / 2))
            assert got == pytest.approx((want.low, want.high), abs=1e-12)
    assert REF["wilson"](n, n, 0.0) == (1.0, 1.0) and REF["wilson"](n // 3, n, 0.0) == (n // 3 / n,) * 2


def test_items_needed_have_the_power_that_they_promise():
    rng = np.random.default_rng(0)
    n = REF["items_needed"](0.8, 0.9)
    p, q = rng.binomial(n, 0.8, 40_000) / n, rng.binomial(n, 0.9, 40_000) / n
    seen = np.abs(p - q) > 1.96 * np.sqrt((p * (1 - p) + q * (1 - q)) / n)
    assert seen.mean() == pytest.approx(0.8, abs=0.02)
    assert REF["items_needed"](0.5, 0.9) == 17


def test_rank_ranges_hold_together():
    """All true ranks lie in their ranges at once in at least 95 % of the boards, or nearly (Bonferroni is conservative)."""
    held = 0
    for seed in range(120):
        best, worst = REF["rank_ranges"](model_landscape.board(np.random.default_rng(seed), 12, 400))
        true = torch.arange(1, 13)
        held += bool(((best <= true) & (true <= worst)).all())
    assert held >= 114


def test_the_tests_of_memory_fit_are_not_near_a_step():
    """Where its statement promises it: no quotient within 1e-6 of a whole number."""
    for model in MODELS.values():
        for gpu in GPUS.values():
            for tokens, bits, gpus, size, reserve in [(1, 16.0, 1, 2, 0.1), (3000, 8.0, 1, 2, 0.1), (131_072, 4.5, 1, 2, 0.1),
                                                      (8192, 16.0, 8, 2, 0.1), (40_000, 4.5, 3, 1, 0.2), (5000, 8.0, 16, 2, 0.1),
                                                      (128, 16.0, 2, 2, 0.05), (32_768, 8.0, 8, 2, 0.1), (2000, 16.0, 1, 0.5, 0.1),
                                                      (2000, 16.0, 1, 2, 0.35), (100_000, 8.0, 1, 1, 0.3), (8192, 8.0, 4, 2, 0.1)]:
                room = gpu.memory * (1 - reserve) - model.params * bits / 8 / gpus
                share = 1.0 if model.mla else math.ceil(model.kv_heads / gpus) / model.kv_heads
                quotient = room / (model.cache_bytes(tokens, 1, size) * share)
                assert abs(quotient - round(quotient)) > 1e-6


# --- the file --------------------------------------------------------------------------------------------------------

def test_every_line_of_the_file_has_source_and_date():
    lines = [x for x in snapshot().splitlines() if x.strip() and not x.startswith("#")]
    known = REF["read_snapshot"](snapshot(), "2026-12-31")
    assert len(lines) == 31 and len(known) == 29
    for value, source, day in known.values():
        assert value > 0 and len(source) > 8 and date(2023, 1, 1) < date.fromisoformat(day) < date(2026, 11, 1)
    tier = [REF["read_snapshot"](snapshot(), day).get(("Claude Opus 4.6", "input above 200K"), (None,))[0]
            for day in ("2026-02-05", "2026-03-12", "2026-03-13")]
    assert tier == [None, 10.0, 5.0]
    launch = REF["OPUS_LAUNCH"]
    february = REF["read_snapshot"](snapshot(), "2026-02-28")
    for field, price in [("input", launch[0]["input"]), ("output", launch[0]["output"]), ("input above 200K", launch[1]["input"]),
                         ("output above 200K", launch[1]["output"])]:
        assert february["Claude Opus 4.6", field][0] == price


def test_the_table_of_announcements():
    known = REF["read_snapshot"](snapshot(), "2026-06-30")

    def of(name, field):
        return known[name, field][0]
    before, after = of("GPT-5.2-Codex", "osworld-verified"), of("GPT-5.3-Codex", "osworld-verified")
    assert 100 * (after - before) == pytest.approx(26.5) and round(100 * (after / before - 1)) == 69
    assert 100 * (of("GPT-5.3-Codex", "swe-bench pro") - of("GPT-5.2-Codex", "swe-bench pro")) == pytest.approx(0.4)
    assert 100 * (of("GPT-5.3-Codex", "terminal-bench 2.0") - of("GPT-5.2-Codex", "terminal-bench 2.0")) == pytest.approx(13.3)
    assert of("Claude Opus 4.6", "mrcr v2 8-needle 1M") / of("Claude Sonnet 4.5", "mrcr v2 8-needle 1M") == pytest.approx(4.1, abs=0.05)
    assert 1 / (1 + 10 ** (-144 / 400)) == pytest.approx(0.696, abs=5e-4)
    n = REF["items_needed"](0.564, 0.568)
    says(f"would need {n:,} items each", "+26.5 points, 69 %", "+0.4 points", "+13.3 points", "4.1 times", "69.6 % of the games")
    assert of("GPT-4", "gpqa") == 0.39 and of("domain experts", "gpqa") == 0.65 and of("domain experts", "gpqa diamond") == 0.813
    february = REF["read_snapshot"](snapshot(), "2026-02-28")
    assert {name for name, _ in february} >= {"Claude Opus 4.6", "Claude Haiku 4.5", "GPT-5.1", "Gemini 3 Flash"}
    assert "GPT-5.3-Codex" not in {name for name, _ in february}  # the card says so
    assert REF["read_snapshot"](snapshot(), "2026-03-04")["GPT-5.3-Codex", "input"][2] == "2026-03-04"
    assert of("Gemini 3 Flash", "gpqa diamond") == 0.904


def test_pages_of_a_million_tokens():
    assert 1e6 * 0.75 / 500 == 1500


# --- numbers of the prose --------------------------------------------------------------------------------------------

def test_intervals_of_diamond():
    assert [round(x, 3) for x in REF["wilson"](178, 198)] == [0.849, 0.934]
    assert [round(x, 3) for x in REF["wilson"](158, 198)] == [0.737, 0.848]
    assert REF["items_needed"](0.88, 0.91) == 1636
    says("0.90 means 0.849 to 0.934 and 0.80 means 0.737 to 0.848", "1,636")
    shares = np.linspace(0.5, 0.99, 50)
    wilson, wald = ([model_landscape.covered(f, 40, p) for p in shares] for f in (REF["wilson"], model_landscape.wald))
    assert min(wilson) > 0.89 and min(wald) < 0.6 and np.mean(wilson[30:]) > 0.94 > 0.9 > np.mean(wald[30:])


def test_bonferroni():
    assert 12 * 11 // 2 == 66 and 66 * 0.05 == pytest.approx(3.3)
    assert NormalDist().inv_cdf(1 - 0.05 / 132) == pytest.approx(3.37, abs=5e-3)
    says("z is 3.37 instead of 1.96", "66 pairs")
    assert math.sqrt(0.2275 / 100) == pytest.approx(0.0477, abs=5e-5) and 1.96 * 0.0477 == pytest.approx(0.0935, abs=5e-5)
    assert 3.37 * 0.0477 == pytest.approx(0.161, abs=5e-4)


def test_leaders_of_boards_without_shared_difficulty():
    """The fact sheet's simulation: twelve models from 0.80 to 0.92, how often the leader is the best, and the error of ranks."""
    rng, true = np.random.default_rng(0), np.linspace(0.92, 0.80, 12)
    for n, share, error in [(198, 0.51, 1.40), (448, 0.65, 0.93), (2000, 0.89, 0.32)]:
        scores = rng.binomial(n, true, (2000, 12)) + rng.random((2000, 12)) / 2  # ties are broken at random
        ranks = (-scores).argsort(1).argsort(1)
        assert (ranks[:, 0] == 0).mean() == pytest.approx(share, abs=0.04)
        assert np.abs(ranks - np.arange(12)).mean() == pytest.approx(error, abs=0.08)


def test_the_bill_of_300_000_tokens():
    launch, cost = REF["OPUS_LAUNCH"], REF["request_cost"]
    assert cost(300_000, 2_000, launch) == pytest.approx(3.075)
    assert (200_000 * 5 + 100_000 * 10 + 2_000 * 25) / 1e6 == pytest.approx(2.05)
    assert cost(300_000, 2_000, launch[:1]) == pytest.approx(1.55)
    says("| 3.075 |", "| 2.05 |", "| 1.55 |")
    assert cost(200_001, 0, launch) / cost(200_000, 0, launch) == pytest.approx(2, abs=1e-4)
    assert cost(250_000, 1_000, launch, 200_000) == pytest.approx(0.7375)
    assert 1.25 + 0.1 == pytest.approx(1.35)
    assert cost(199_000, 2_000, launch) / cost(210_000, 2_000, launch) == pytest.approx(0.48, abs=0.01)
    says("Cutting a prompt from 210,000 to 199,000 tokens halves it")


def test_single_numbers():
    wilson = REF["wilson"]
    assert [round(wilson(k, n)[0], 3) for k, n in [(80, 100), (90, 100), (150, 200), (90, 200), (9, 10), (700, 1000)]] == [
        0.711, 0.826, 0.686, 0.383, 0.596, 0.671]
    says("lower end 0.711", "(0.826)")
    assert [round(wilson(k, 100)[0], 4) for k in (96, 95)] == [0.9016, 0.8882]
    assert 4 + 16 / 32 == 4.5 and 1 - 1 / 10 == 0.9
    assert (date(2026, 3, 13) - date(2026, 2, 5)).days == 36  # "five weeks after launch"


def test_the_written_question():
    p = [{"above": 0, "input": 5.0, "cached": 0.5, "output": 25.0}]
    q = [{"above": 0, "input": 1.0, "cached": 0.1, "output": 4.0}]
    bills = [REF["request_cost"](12_000, 600, x, c) for x in (p, q) for c in (0, 10_000)]
    assert bills == pytest.approx([0.075, 0.030, 0.0144, 0.0054])
    assert [400_000 * b for b in bills] == pytest.approx([30_000, 12_000, 5_760, 2_160])
    assert 1 - 0.0054 / 0.030 == pytest.approx(0.82) and 0.0054 + 0.3 * 0.030 == pytest.approx(0.0144)
    assert [round(x, 3) for k in (276, 246) for x in REF["wilson"](k, 300)] == [0.884, 0.946, 0.773, 0.859]
    for share in (0.91, 0.89):
        low, high = REF["wilson"](round(share * 198), 198)
        assert 0.035 < (high - low) / 2 < 0.048 and low < 0.89 and high > 0.91
    says("0.92 (0.884 to 0.946) against 0.82 (0.773 to 0.859)")


def test_cascades():
    """A confidence of noise is a mix that costs c1 more; one that knows beats the big model alone."""
    ends = {}
    for knows in (0.0, 0.5, 1.0):
        sample = model_landscape.traffic(knows, 2000, 0)
        small, big = (x.double().mean().item() for x in sample[1:])
        rows = model_landscape.curve(REF["cascade"], sample, 10.0)
        ends[knows] = max(q for _, q in rows), big
        if knows == 0:
            for cost, quality in rows:
                assert quality == pytest.approx(small + (cost - 1) / 10 * (big - small), abs=0.03)
    assert ends[1.0][0] > ends[1.0][1] + 0.005
    says("A cascade can end up *better* than the big model")


def test_the_front_of_points_throws_out_candidates():
    models = model_landscape.made_up()
    sure, points = REF["shortlist"](models), REF["shortlist"](models, sure=False)
    assert set(points) < set(sure) and len(sure) - len(points) >= 2
    assert all(m["low"] == pytest.approx(REF["wilson"](round(300 * m["quality"]), 300)[0]) for m in models)


def test_an_outage():
    _, waits, states = model_landscape.outage_waits(REF["Fallback"])
    _, plain, _ = model_landscape.outage_waits(REF["Fallback"], plain=True)
    assert {"closed", "open", "half-open"} == set(states) and sum(waits) < sum(plain) / 3
    slow = sum(w > 30 for w in waits)
    assert sum(w > 30 for w in plain) == 60 and slow == 7  # three, then one for each minute
    asked = []

    def down(request):
        asked.append(request)
        raise TimeoutError
    chain = REF["Fallback"]([("a", down), ("b", str)], 3, 60.0)
    for now in range(0, 600, 5):
        chain.call(now, float(now))
    assert (len(asked), len(range(0, 600, 5))) == (12, 120)
    says("an outage of ten minutes costs twelve timeouts instead of 120")


def test_a_day_of_the_router():
    rows, money = model_landscape.day(REF["Router"])
    who = {name for _, name in rows}
    assert who == {"SMALL", "MIDDLE", "LARGE", "no money"} or who == {"small", "middle", "large", "no money"}
    assert {name for kind, name in rows if kind == "law"} <= {"large", "no money"}
    assert {name for i, (kind, name) in enumerate(rows) if kind == "sql" and 40 <= i < 70} == {"middle"}
    assert min(money) >= 0 and money == sorted(money, reverse=True)


# --- the experiment --------------------------------------------------------------------------------------------------

def test_the_prediction_holds_over_seeds():
    names = reference(SECTION)
    source = next(s for s in cells(SECTION, "experiment"))
    exec(source.split("outcome = ")[0], names)
    for seed in (11, 12, 13):
        made = [r for r in model_landscape.kept_promises(names["promise"], 0.0, seed, 60) if r is not None]
        assert len(made) > 55 and 0.3 < np.mean([q >= 0.88 for _, q in made]) < 0.72


def test_the_experiment_as_it_ran():
    kept = experiment(SECTION)["outcome"]
    share = {z: np.mean([r[1] >= 0.88 for r in rows if r is not None]) for z, rows in kept.items()}
    assert 0.3 < share[0.0] < 0.72 and share[1.645] > share[0.0] + 0.15


def test_nothing_tells_the_prediction():
    text = re.sub(r'(?s)# %% stub="prediction".*?# %% tags=\["experiment"\]', "", SOURCE)
    assert "25 to 75" not in text.split("## 10 ·")[0] and "25 to 75" not in text.split('tags=["widget"]')[1]


def test_pictures_and_widget_draw():
    names = reference(SECTION)
    for source in cells(SECTION, "picture"):
        exec(source, names)
    controls, (image, words) = (box.children for box in model_landscape.widget(REF["cascade"], REF["choose_tau"]).children)
    before = bytes(image.value)
    assert before[:4] == b"\x89PNG" and "on fresh traffic" in words.value
    controls[4].value = True
    assert bytes(image.value) != before
    controls[2].value = 0.97
    assert "No threshold" in words.value
