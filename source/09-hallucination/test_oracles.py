"""09-hallucination: the reference against libraries, every number of the prose recomputed, the experiment over seeds."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy
from scipy.stats import rankdata
from sklearn.metrics import precision_recall_curve, roc_auc_score

from course.sections import hallucination
from tests.reference import reference

SECTION = "09-hallucination"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def proportion(wins, n, z=1.96):
    """Wilson's interval."""
    p = wins / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


# --- why, and asking again -------------------------------------------------------------------------------------------

def test_the_price_of_a_guess():
    for t in (0.25, 0.5, 0.75, 0.9):
        for p in (t - 0.1, t + 0.05):
            assert (p - (1 - p) * t / (1 - t) > 0) == (p > t)
    assert 0.75 / 0.25 == 3
    says("At t = 0.75 a wrong answer costs 3 points.", "At t = 0.75 a wrong answer costs 3.")


def test_the_guides_snippet():
    assert [support for support in range(5) if support < 2] == [0, 1] and 1 / 4 == 0.25
    says("means 0 or 1 of 4, 25 % or less")


@pytest.mark.parametrize("seed", range(4))
def test_selfcheck_is_a_softmax_of_two(seed):
    x = 3 * torch.randn(4, 9, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    want = x[..., [2, 0]].softmax(-1)[..., 1].mean(1)
    torch.testing.assert_close(REF["selfcheck_nli"](x, ("contradiction", "neutral", "entailment")), want)


def test_worked_examples():
    sigmoid = 1 / (1 + math.exp(-1))
    assert round(sigmoid, 3) == 0.731 and round(1 - sigmoid, 3) == 0.269
    mean, top = REF["ngram_selfcheck"]([["x", "y"]], [["y", "y"], ["Y"]])[0]
    assert (round(top, 3), round(2 * mean - top, 3)) == (1.386, 0.47)
    says("e/(1 + e) = 0.731", "has 0.269", "(1.386 + 0.470)/2")
    assert round(REF["semantic_entropy"]([0, 0, 1]), 3) == 0.637
    assert round(1 / (1 + math.e / 2), 3) == 0.424
    assert round(REF["semantic_entropy"]([0, 0, 1], torch.tensor([-2.0, -2.0, -2.0]), [1, 1, 2]), 3) == 0.682
    says("H = 0.637", "the shares 0.424 and 0.576: H = 0.682")
    assert round(REF["semantic_entropy"]([0, 0, 1]), 9) == 0.636514168
    says("Entropy of 2 and 1: 0.636514168")


def test_invented_names_surprise_most():
    samples = [text.split() for text in hallucination.OTHERS]
    shown = hallucination.SHOWN
    alone = {w: REF["ngram_selfcheck"]([[w], shown[:i] + shown[i + 1:]], samples)[0][0] for i, w in enumerate(shown)}
    assert set(sorted(alone, key=alone.get)[-2:]) == {"Edda", "Vorlund"}
    mean, top = REF["ngram_selfcheck"]([shown], samples)[0]
    assert top == pytest.approx(max(alone.values())) and len(hallucination.OTHERS) == 8


# --- meanings --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_entropy_is_scipys(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 6, 40)
    assert REF["semantic_entropy"](labels.tolist()) == pytest.approx(scipy_entropy(np.bincount(labels)))
    logp = -rng.gamma(2, 3, 40)
    shares = np.bincount(labels, weights=np.exp(logp))
    assert REF["semantic_entropy"](labels.tolist(), torch.from_numpy(logp)) == pytest.approx(scipy_entropy(shares))


def splits(n, most=None):
    """The ways to split n."""
    most = n if most is None else most
    return [[]] if n == 0 else [[k, *rest] for k in range(min(n, most), 0, -1) for rest in splits(n - k, k)]


def test_entropies_of_ten():
    assert len(splits(10)) == 42
    values = {round(scipy_entropy(s), 9) for s in splits(10)}
    assert len(values) == 39 and round(math.log(10), 2) == 2.30
    assert len({round(scipy_entropy(s), 9) for s in splits(5)}) == 7
    says("in 42 ways", "take 39 values", "ln 10 = 2.30", "five samples: seven values")


def test_the_last_bit():
    of = {order: REF["semantic_entropy"]([i for i, size in enumerate(order) for _ in range(size)])
          for order in [(1, 2, 3, 5), (1, 2, 5, 3)]}
    assert len(set(of.values())) == 2 and len({round(h, 9) for h in of.values()}) == 1
    says("clusters of sizes 1, 2, 3, 5", "that of 1, 2, 5, 3")


def test_rounding_to_nine_decimals_is_safe():
    """No entropy by counts lies so near a rounding edge that another way of summing could cross it."""
    for n in [*range(1, 21), 33]:
        for sizes in splits(n):
            h = math.log(n) - math.fsum(k * math.log(k) for k in sizes) / n
            assert abs(h * 1e9 % 1 - 0.5) > 1e-5, sizes  # sums differ by less than 1e-14 nats, which is 1e-5 here
    for h in (math.log(401) - 400 * math.log(400) / 401, math.log(2)):
        assert abs(h * 1e9 % 1 - 0.5) > 1e-2
    rng = np.random.default_rng(0)
    for _ in range(200):
        sizes = rng.integers(1, 6, rng.integers(1, 8))
        n, p = int(sizes.sum()), sizes / sizes.sum()
        ways = {round(w, 9) + 0.0 for w in (
            math.log(n) - math.fsum(k * math.log(k) for k in sizes) / n, float(-(p * np.log(p)).sum()),
            -sum(q * math.log(q) for q in p.tolist()), -sum(q * math.log(q) for q in sorted(p.tolist())),
            float(torch.special.entr(torch.from_numpy(p)).sum()), sum(k / n * math.log(n / k) for k in sizes.tolist()),
            float(scipy_entropy(sizes)), float(np.round(-(p @ np.log(p)), 9)))}
        assert len(ways) == 1, (sizes, ways)


def test_calls():
    """Against first members: at most 2·N·M calls."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        answers, asked = [str(i) for i in rng.integers(0, 60, 30)], []
        labels = REF["cluster_answers"](answers, lambda a, b: asked.append((a, b)) or int(a) % 5 == int(b) % 5)
        assert len(asked) <= 2 * 30 * (max(labels) + 1) and Counter(asked).most_common(1)[0][1] == 1


def test_strings_and_meanings():
    answers = ["Paris", "It is Paris.", "Paris, of course", "I think that it is Paris"]
    entropy, cluster = REF["semantic_entropy"], REF["cluster_answers"]
    assert entropy(cluster(answers, hallucination.entails)) == 0
    assert entropy(cluster(answers, lambda a, b: a == b)) == pytest.approx(math.log(4))


# --- documents -------------------------------------------------------------------------------------------------------

def test_more_documents():
    P = hallucination.claims_and_documents(np.random.default_rng(0))
    share = {d: Counter(REF["claim_support"](P[:, :d])[1])["contradicted"] / len(P) for d in (1, 30)}
    assert share == {1: 69 / 400, 30: 82 / 400}
    assert (P[:, :2, 0].mean(1) >= 0.5).double().mean() < 0.05
    says("creep up from 69 of 400 with one document to 82 with thirty")


# --- curves ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(6))
def test_auroc_is_sklearns(seed):
    rng = np.random.default_rng(seed)
    s, y = rng.integers(0, [3, 1000][seed % 2], 300) / 4, rng.random(300) < 0.3
    area = REF["auroc"](torch.from_numpy(s), torch.from_numpy(y))
    assert area == pytest.approx(roc_auc_score(y, s))
    rank = rankdata(s)
    assert area == pytest.approx((rank[y].sum() - y.sum() * (y.sum() + 1) / 2) / (y.sum() * (~y).sum()))


@pytest.mark.parametrize("seed", range(4))
def test_threshold_is_sklearns(seed):
    rng = np.random.default_rng(seed)
    s = rng.standard_normal(200)
    y = rng.random(200) < 1 / (1 + np.exp(-2 * s))
    precision, recall, thresholds = precision_recall_curve(y, s)
    t = REF["pick_threshold"](torch.from_numpy(s), torch.from_numpy(y), 0.83)
    fit = precision[:-1] >= 0.83
    best = recall[:-1][fit].max()
    assert t == thresholds[fit & (recall[:-1] == best)].max()


def test_one_detector_three_areas():
    scores, wrong = hallucination.marked(np.random.default_rng(4))
    nudged = [REF["auroc"](scores + nudge * wrong, wrong) for nudge in (-1e-7, 0, 1e-7)]
    assert [round(a, 2) for a in nudged] == [0.71, 0.78, 0.85]
    assert nudged[1] == pytest.approx((nudged[0] + nudged[2]) / 2)
    says('three "AUROCs", 0.71 to 0.85')
    s, w = (x.numpy() for x in hallucination.marked(np.random.default_rng(4), 80, 10))
    precision = np.array([w[s >= v].mean() for v in np.unique(s)])
    assert (np.diff(precision) < 0).any()


def test_rare_errors():
    precision = 0.01 * 0.8 / (0.01 * 0.8 + 0.99 * 0.1)
    assert round(100 * precision) == 7
    says("0.008/(0.008 + 0.099) = 7 %")


# --- calibration -----------------------------------------------------------------------------------------------------

def test_squeezed_confidences():
    rng = np.random.default_rng(0)
    conf = rng.random(2000)
    right = torch.from_numpy(rng.random(2000) < conf)
    squeezed = torch.from_numpy(0.98 + 0.02 * conf)
    conf = torch.from_numpy(conf)
    assert REF["auroc"](-conf, ~right) == pytest.approx(REF["auroc"](-squeezed, ~right))
    assert REF["ece"](squeezed, right) > 0.4 > 0.05 > REF["ece"](conf, right)
    always = torch.full((10,), 0.7, dtype=torch.float64)
    assert REF["ece"](always, torch.arange(10) < 7) == pytest.approx(0) and REF["auroc"](always, torch.arange(10) < 7) == 0.5


def test_perfect_detectors():
    for n in (200, 2000):
        found = hallucination.perfect(REF["ece"], n, (2, 5, 10, 20, 50))
        assert found == sorted(found) and found[0] > 0
    assert hallucination.perfect(REF["ece"], 200, (50,))[0] > 0.1
    conf = np.random.default_rng(0).beta(4, 1.2, 20_000)
    assert (conf - conf**1.7).mean() > 0.05, "the picture's detector is too sure"


# --- put together ----------------------------------------------------------------------------------------------------

def test_a_threshold_that_was_chosen():
    means = {}
    for n in (60, 300):
        runs = [hallucination.held_out(REF["fit_flag"], REF["abstain"], n, 400, seed) for seed in range(6)]
        means[n] = [round(float(np.nanmean([r[f"{name} precision"] for r in runs])), 2) for name in ("marked", "fresh")]
        if n == 60:
            assert [r["fresh answered"] > 0.95 for r in runs] == [False, False, False, True, True, False]
            assert round(60 * (1 - np.mean([r["marked right before"] for r in runs]))) == pytest.approx(23, abs=1)
    assert means == {60: [0.89, 0.68], 300: [0.82, 0.78]}
    says("it has 0.89 on the 60 questions", "and 0.68 on fresh ones", "Fitted on 300 it is 0.82 and 0.78")
    says("fitted on 60, a wish of 0.8 became 0.68", "Runs 4 and 5")


def test_the_curve_ends():
    shown, sampled, wrong = hallucination.questions(np.random.default_rng(100), 400)
    h = np.array([REF["abstain"](a, s, hallucination.entails, math.inf)[1] for a, s in zip(shown, sampled)])
    surest = h <= np.quantile(h, 0.3)
    assert (~wrong.numpy())[surest].mean() == pytest.approx(0.82, abs=0.02)
    says("The curve ends near 0.82")


# --- the experiment --------------------------------------------------------------------------------------------------

def unsupported(repeat, samples, rng):
    return torch.from_numpy(1 - rng.binomial(samples, repeat) / samples)


@pytest.mark.parametrize("seed", range(5))
def test_prediction(seed):
    area = {name: np.mean(hallucination.areas(REF["auroc"], unsupported, share, n, seed))
            for name, (n, share) in hallucination.SETTINGS.items()}
    assert area["A"] > area["B"] + 0.02 and area["B"] > area["C"] + 0.05


def test_systematic_errors_bound_the_area():
    at19 = [np.mean(hallucination.areas(REF["auroc"], unsupported, share, 19)) for share in (0, 0.3, 0.6)]
    assert [round(a, 2) for a in at19] == [0.99, 0.84, 0.69]
    assert all(a < 1 - share / 2 + 0.015 for a, share in zip(at19, (0, 0.3, 0.6)))
    assert 8 / 10 == 0.8 and round(1.2 / 6.2, 2) == 0.19
    says("Beta(8, 2), 0.8 in the mean", "Beta(1.2, 5), 0.19 in the mean")


# --- the real model's numbers that need no model, and the written question -------------------------------------------

def test_the_error_of_an_area():
    assert len(hallucination.HARDER) == 24 and len(hallucination.KNOWN) == len(hallucination.INVENTED) == 12
    for area, n1 in [(0.72, 11), (0.65, 11), (0.8, 8)]:
        assert hallucination.area_error(area, n1, 24 - n1) == pytest.approx(0.1, abs=0.025)
    says("its standard error is near 0.1", "with 24 questions the standard error is about 0.1")


def test_a_cosine_is_no_entailment():
    assert hallucination.cosines() == pytest.approx([0.82, 0.84, 0.84, 0.37], abs=0.006)
    says("Istanbul and Ankara lie at 0.82, 1989 and 1990 at 0.84", 'and "Gold" lie at 0.37')


def test_written_question():
    low, high = proportion(30, 40)
    assert (round(low, 2), round(high, 2)) == (0.60, 0.86) and round(70 / 460, 3) == 0.152
    error = math.sqrt(0.75 * 0.25 / 40)
    assert (round(0.75 - 2 * error, 2), round(0.75 + 2 * error, 2)) == (0.61, 0.89)
    says("two standard errors: 0.61 to 0.89")
    assert 50_000 * 100 // 500 == 10_000 and 50_000 * 70 // 500 == 7_000 and 50_000 * 10 // 500 == 1_000
    assert round(0.02 * 0.75 / (0.02 * 0.75 + 0.98 * 0.152), 2) == 0.09 and round(1 / 0.0915) == 11
    says("0.75 [0.60, 0.86]", "7,000 of them false, 1,000 wrong answers shown", "At 2 % wrong: precision 0.09", "eleven flags for one error")


def test_costs():
    assert 20 * 5 == 100
    says("20 generations and 100 NLI pairs", "20 samples and 5 sentences: 100 pairs")
