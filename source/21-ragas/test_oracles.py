"""21-ragas: the reference against libraries and simulations, every number of the prose recomputed, the experiment over seeds."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import binom, norm
from sklearn.metrics import average_precision_score

from course.sections import ragas
from tests.reference import reference

SECTION = "21-ragas"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- context precision -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_context_precision_is_average_precision(seed):
    rng = np.random.default_rng(seed)
    V = rng.integers(0, 2, (20, 3 + 7 * seed))
    V[:, -1] = 1
    want = [average_precision_score(v, -np.arange(len(v))) for v in V]
    np.testing.assert_allclose([REF["context_precision"](v.tolist()) for v in V], want, rtol=1e-12)
    np.testing.assert_allclose(REF["context_precision_batch"](torch.from_numpy(V)).numpy(), want, rtol=1e-12)


def test_the_table():
    for verdicts in ([1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0]):
        score = REF["context_precision"](verdicts)
        says(f"| {' '.join(map(str, verdicts))} | {sum(verdicts) / 4} | {score:.3f} |")
    assert REF["context_precision"]([1] + [0] * 30) == 1.0
    assert math.comb(10, 3) == 120
    worst = REF["context_precision"]([0] * 7 + [1] * 3)
    says(f"runs from {worst:.2f} to 1")


# --- noise sensitivity, relevancy ------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_origins_add_up(seed):
    rng = np.random.default_rng(seed)
    tables = [torch.from_numpy(rng.random(shape) < 0.3) for shape in ((3, 6), (40, 6), 40)]
    parts = [REF["noise_sensitivity"](*tables, mode) for mode in ("relevant", "irrelevant", "unsupported")]
    assert sum(parts) == pytest.approx((~tables[2]).double().mean().item())


def proportion(wins, n, z=1.96):
    """Wilson's interval."""
    p = wins / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def test_noise_grows_with_irrelevant_chunks():
    for seed in range(3):
        shares = [np.mean([REF["noise_sensitivity"](*a, "irrelevant") for a in ragas.answers(np.random.default_rng(seed), c, 60)])
                  for c in (0, 4, 10)]
        assert shares[0] == 0 and shares[0] < shares[1] < shares[2]


def test_relevancy_on_larkmoor():
    table = {name: np.array(scores) for name, scores in ragas.rated(REF["answer_relevancy"]).items()}
    assert len(table["right"]) == 48
    assert round((table["right"] > table["random"]).mean(), 2) == pytest.approx(0.94, abs=0.021)
    wins = int((table["right"] > table["nearest wrong"]).sum())
    wilson = proportion(wins, 48)
    assert wins / 48 == pytest.approx(0.77, abs=0.021) and wilson == pytest.approx((0.63, 0.87), abs=0.025)
    assert table["right"].mean() == pytest.approx(0.36, abs=0.01) and (table["right"] >= 0.7).mean() < 0.05
    says("94 % of the queries", "77 % [63 %, 87 %]", "a mean of 0.36")
    np.testing.assert_allclose(table["echo"], 1.0, atol=1e-6)


# --- a judge that errs -----------------------------------------------------------------------------------------------

def test_judge_numbers():
    seen = [t * 0.8 + (1 - t) * 0.2 for t in (0.9, 0.1)]
    assert [round(x, 2) for x in seen] == [0.74, 0.26]
    says("θ = 0.90 is reported as 0.74, one at 0.10 as 0.26")
    rate, low, high = REF["corrected_interval"]([1] * 62 + [0] * 38, [1] * 10 + [0] * 5, [1] * 9 + [0] + [0] * 4 + [1])
    assert rate == pytest.approx(0.6) and (high - rate) / 1.96 == pytest.approx(0.148, abs=5e-4)
    says("the root 0.1035, and that over 0.7 is 0.148")


def test_interval_covers():
    """The delta method against a simulation: 95 % intervals cover in 90 to 98 % of golden sets of 200."""
    rng = np.random.default_rng(0)
    for theta, sens, spec in [(0.8, 0.85, 0.75), (0.4, 0.9, 0.8)]:
        covered = 0
        for _ in range(300):
            human = [1] * 100 + [0] * 100
            judged = [int(rng.random() < (sens if h else 1 - spec)) for h in human]
            verdicts = (rng.random(400) < theta * sens + (1 - theta) * (1 - spec)).astype(int).tolist()
            _, low, high = REF["corrected_interval"](verdicts, human, judged)
            covered += low <= theta <= high
        assert 0.9 <= covered / 300 <= 0.985


def test_interval_is_short_at_the_ends():
    """The same formula where the golden set is small and hardly ever sees an error."""
    rng, runs = np.random.default_rng(0), 3000
    covered = 0
    for _ in range(runs):
        s, c, p = rng.binomial(20, 0.95), rng.binomial(20, 0.9), rng.binomial(400, 0.95 * 0.95 + 0.05 * 0.1)
        if s + c <= 20:
            continue
        judged = [1] * s + [0] * (20 - s) + [0] * c + [1] * (20 - c)
        _, low, high = REF["corrected_interval"]([1] * p + [0] * (400 - p), [1] * 20 + [0] * 20, judged)
        covered += low <= 0.95 <= high
    assert covered / runs == pytest.approx(0.67, abs=0.03)
    says('the "95 %" interval holds the truth in 67 % of simulations')


def test_two_corrections():
    """Sens 0.9, spec 0.8: golden set half good, traffic nine tenths."""
    sens, spec, golden, traffic = 0.9, 0.8, 0.5, 0.9
    error = golden * (sens - 1) + (1 - golden) * (1 - spec)
    seen = traffic * sens + (1 - traffic) * (1 - spec)
    assert error == pytest.approx(0.05) and seen == pytest.approx(0.83) and seen - error == pytest.approx(0.78)
    assert REF["judge_corrected_rate"](seen, sens, spec) == pytest.approx(0.9)
    says("mean error +0.05", "The judge reports 0.83", "gives 0.90 back, the difference gives 0.78")
    rng = np.random.default_rng(0)  # any score of a sample: context precision under flips, golden set drawn like the traffic
    true = torch.from_numpy((rng.random((40_000, 6)) < 0.2).astype(np.int64))
    seen = flipped(true, 0.2, rng)
    right, judged = (REF["context_precision_batch"](V).numpy() for V in (true, seen))
    corrected = judged[20_000:].mean() - (judged - right)[:20_000].mean()
    assert abs(judged[20_000:].mean() - right.mean()) > 0.01 and corrected == pytest.approx(right.mean(), abs=0.01)


def test_golden_set_bounds_the_width():
    at = {m: ragas.width(REF["corrected_interval"], m, 100) for m in (100, 1000, 5000)}
    assert at[5000] > 0.94 * at[1000] and at[100] > 1.25 * at[1000]


def test_written_question():
    verdicts, human, judged = [1] * 370 + [0] * 130, [1] * 60 + [0] * 40, [1] * 51 + [0] * 9 + [0] * 30 + [1] * 10
    rate, low, high = REF["corrected_interval"](verdicts, human, judged)
    assert (round(rate, 3), round(low, 2), round(high, 2)) == (0.817, 0.67, 0.96)
    parts = [0.74 * 0.26 / 500, rate**2 * 0.85 * 0.15 / 60, (1 - rate)**2 * 0.75 * 0.25 / 40]
    assert [round(p, 5) for p in parts] == [0.00038, 0.00142, 0.00016]
    assert round(parts[1] / sum(parts), 2) == 0.72 and round(parts[0] / sum(parts), 1) == 0.2
    assert round(math.sqrt(sum(parts)) / 0.6, 3) == 0.074 and round(high - rate, 2) == 0.14
    says("0.00038 from the 500 verdicts, 0.00142", "72 % of the variance", "0.67 to 0.96", "leave ±0.14")


# --- the gate --------------------------------------------------------------------------------------------------------

def test_the_release_of_part_6():
    old, new = ragas.release_of()
    passes, bound = REF["gate"](old.tolist(), new.tolist(), 0.03)
    assert passes and bound > 0
    assert np.quantile(ragas.apart(old, new), 0.05) < -0.03
    says("With pairs this release passes, without it is blocked")


def test_gate_against_the_binomial():
    """Five of thirty lost: the bootstrap mean is a binomial over 30, and 8 % and 30 % lie well within one step each.

    So do 5 % and 10 % for three of twenty-eight.
    """
    assert binom.cdf(7, 30, 1 / 6) + 0.02 < 0.92 < binom.cdf(8, 30, 1 / 6) - 0.02
    assert binom.cdf(5, 28, 3 / 28) + 0.02 < 0.95 < binom.cdf(6, 28, 3 / 28) - 0.02
    assert binom.cdf(4, 28, 3 / 28) + 0.02 < 0.90 < binom.cdf(5, 28, 3 / 28) - 0.02
    assert binom.cdf(5, 30, 1 / 6) + 0.02 < 0.70 < binom.cdf(6, 30, 1 / 6) - 0.02


def test_gate_errs_as_it_says():
    """A release that loses exactly max_drop passes in about alpha of all cases."""
    rng, passed = np.random.default_rng(0), 0
    for i in range(200):
        d = 0.2 * rng.standard_normal(60) - 0.05
        passed += REF["gate"]([0.0] * 60, d.tolist(), 0.05, 0.1, 200, i)[0]
    assert 0.05 <= passed / 200 <= 0.18


def test_how_many_questions():
    """Nothing changed, deviation 0.2: the share of releases that the gate passes at 120 and at 275 questions."""
    sure, often = norm.ppf(0.95), norm.ppf(0.8)
    assert [round(sure, 3), round(often, 3)] == [1.645, 0.842]
    assert [round((z * 0.2 / 0.03) ** 2) for z in (sure, sure + often, 2.487)] == [120, 275, 275]
    says("1.645 · s/√n below", "At n = 120 the release passes in one case of two", "(2.487 · 0.2/0.03)² = 275")
    for n, share in [(120, 0.5), (275, 0.8)]:
        rng = np.random.default_rng(n)
        passed = [REF["gate"]([0.0] * n, (0.2 * rng.standard_normal(n)).tolist(), 0.03, 0.05, 200, i)[0] for i in range(150)]
        assert abs(np.mean(passed) - share) < 0.1


def test_five_gates():
    assert round(0.8**5, 2) == 0.33
    says("0.8⁵ = 33 %")


def test_refusing_raises_the_mean():
    scores = [0.9] * 8 + [0.2] * 4
    refused = [0.9] * 8 + [math.nan] * 4
    assert np.nanmean(refused) > np.mean(scores)
    assert not REF["gate"](scores, refused, 0.03)[0]


# --- four systems ----------------------------------------------------------------------------------------------------

def test_four_systems():
    scores = {name: REF["evaluate"](s, ragas.sentences, ragas.word_judge, ragas.useful) for name, s in ragas.systems().items()}
    table = {name: REF["report"](s) for name, s in scores.items()}
    assert all(t["faithfulness"][0] == 1.0 for t in table.values())
    assert {name: t["faithfulness"][3] for name, t in table.items()}["says nothing"] == 16
    assert table["twelve chunks"]["context_recall"][0] > table["embeddings"]["context_recall"][0]
    assert abs(table["twelve chunks"]["context_precision"][0] - table["embeddings"]["context_precision"][0]) < 0.1
    old = scores["old: shared words"]
    passed = REF["release"](old, scores["embeddings"], ragas.LIMITS)
    assert passed == {"faithfulness": True, "context_recall": True, "context_precision": False, "release": False}
    assert not REF["release"](old, scores["says nothing"], ragas.LIMITS)["faithfulness"]
    precision = old["context_precision"], scores["embeddings"]["context_precision"]
    assert REF["gate"](*precision, 0.05)[0] and REF["gate"](*precision, 0.03)[1] == pytest.approx(-0.036, abs=0.003)
    assert np.mean(precision[1]) - np.mean(precision[0]) == pytest.approx(0.07, abs=0.01)
    says("rose by 0.07, but the bound is −0.036")


# --- the experiment --------------------------------------------------------------------------------------------------

def flipped(V, rate, rng):
    return torch.from_numpy(np.where(rng.random(V.shape) < rate, 1 - V.numpy(), V.numpy()))


@pytest.mark.parametrize("seed", range(5))
def test_flips(seed):
    table = ragas.under_flips(REF["context_precision_batch"], flipped, seed)
    at = ragas.RATES.index(0.2)
    cp = {name: (t["precision"][0], t["precision"][at]) for name, t in table.items()}
    assert cp["good"][1] < cp["good"][0] and cp["random"][1] > cp["random"][0] + 0.03 and cp["reversed"][1] > cp["reversed"][0]
    assert cp["good"][1] > cp["random"][1] > cp["reversed"][1]
    gap = [cp["good"][i] - cp["reversed"][i] for i in (0, 1)]
    assert 0.48 < gap[1] / gap[0] < 0.62
    for t in table.values():
        assert t["share"][at] == pytest.approx(0.38, abs=0.025)
        assert REF["judge_corrected_rate"](t["share"][at], 0.8, 0.8) == pytest.approx(0.3, abs=0.04)


def test_samples_for_a_smaller_gap():
    assert round(1 / 0.54**2, 1) == 3.4
    says("some 3.4 times the samples")


def test_calls_a_sample():
    """Four statements, four chunks."""
    chunks = 4
    calls = {"faithfulness": 1 + 1, "context precision": chunks, "answer relevancy": 3, "noise sensitivity": 2 + 2 * chunks + 1}
    assert list(calls.values()) == [2, 4, 3, 11]
    says("faithfulness is 2 calls a sample, context precision 4, answer relevancy 3, noise sensitivity 11")
    assert re.search(r"some 9 calls a sample", PROSE) and 500 * (2 + 4 + 3) == 4500
