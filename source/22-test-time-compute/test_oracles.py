"""22-test-time-compute: the reference against counting by hand, every number of the prose recomputed, the experiment over seeds."""

import itertools
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from course.sections import test_time_compute as ttc
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "22-test-time-compute"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def wilson(k, n, z=1.96):
    middle, half = k / n + z * z / (2 * n), z * math.sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


# --- votes -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_the_vote_is_counter_s(seed):
    answers = np.random.default_rng(seed).integers(0, 5, 40).astype(str).tolist()
    (best, count), = Counter(answers).most_common(1)
    assert REF["majority_vote"](answers) == (best, count / 40) == REF["weighted_vote"](answers, [0.5] * 40)
    assert REF["majority_vote"](ttc.SAMPLES)[0] == "36" and REF["weighted_vote"](ttc.SAMPLES, ttc.SCORES)[0] == "42"


def by_enumeration(p, n, wrong):
    """Over all sequences of answers, with the vote itself: the first seen of the tied wins."""
    chances = [p, *wrong]
    return sum(math.prod(chances[a] for a in seq) for seq in itertools.product(range(len(chances)), repeat=n)
               if REF["majority_vote"](list(seq))[0] == 0)


@pytest.mark.parametrize("p, n, wrong", [(0.4, 5, [0.3, 0.3]), (0.3, 6, [0.3, 0.2, 0.2]), (0.2, 4, [0.5, 0.3]), (0.55, 2, [0.45])])
def test_accuracy_is_that_of_the_vote(p, n, wrong):
    """First seen is as good as a coin among the tied."""
    assert REF["majority_accuracy"](p, n, wrong) == pytest.approx(by_enumeration(p, n, wrong), abs=1e-12)
    says("is the same, on average, as tossing a coin among the tied")


def test_binomial_majority():
    """E20.5 is the case of two answers: up with N if and only if p is above one half."""
    from scipy.stats import binom
    for p in (0.2, 0.5, 0.6):
        found = [REF["majority_accuracy"](p, n, [1 - p]) for n in (1, 3, 9, 31)]
        assert found == pytest.approx([binom.sf(n // 2, n, p) for n in (1, 3, 9, 31)], abs=1e-12)
        assert (found == sorted(found)) == (p >= 0.5 - 1e-9) or p == 0.5


def test_numbers_of_the_vote():
    accuracy = REF["majority_accuracy"]
    assert accuracy(0.37, 2, [0.4, 0.23]) == pytest.approx(0.37)
    spread, mode = [0.06] * 10, [0.5, 0.1]
    assert f"{accuracy(0.4, 15, spread):.2f}" == "0.92" and f"{accuracy(0.4, 11, spread):.3f}" == "0.855"
    assert [f"{accuracy(0.4, n, mode):.2f}" for n in (11, 15, 45)] == ["0.36", "0.34", "0.24"]
    assert accuracy(0.6, 3, [0.4]) == pytest.approx(0.648) and accuracy(0.5, 2, [0.3, 0.2]) == pytest.approx(0.5)
    says("0.92 at N = 15", "0.34 at N = 15 and 0.24 at 45", "A rises, to 0.855 at N = 11; B falls, from 0.4 to 0.36",
         "With N = 2 a vote is worth exactly one sample")
    low, high = wilson(16, 32)
    assert (round(low, 2), round(high, 2)) == (0.34, 0.66) and [round(x, 2) for x in wilson(13, 32)] == [0.26, 0.58]
    says("0.26 to 0.58", "0.34 to 0.66")
    for p, wrong in ttc.CURVES.values():
        assert p + sum(wrong) == pytest.approx(1)
        ends = [accuracy(p, n, wrong) for n in (1, 40)]
        assert (ends[1] > ends[0]) == (p > max(wrong))


# --- verifiers, forcing, search --------------------------------------------------------------------------------------

def test_the_product_likes_short_traces():
    assert f"{0.95 ** 10:.2f} {0.95 ** 30:.2f}" == "0.60 0.21"
    says("Ten steps of 0.95 make 0.60, thirty make 0.21")
    slopes = {agg: np.corrcoef(x, y)[0, 1] for agg, (x, y) in ttc.by_length(REF["trace_scores"]).items()}
    assert slopes["prod"] < -0.9 and slopes["min"] < -0.3 and abs(slopes["mean"]) < 0.3 and abs(slopes["geo"]) < 0.3


def test_the_guides_loop():
    """Run as printed: it ends at the minimum, cut in a thought; the maximum never binds; its own words fill the minimum."""
    def loop(model, low, high):
        response, tokens = "", iter(model)
        while len(response.split()) < low:
            token = next(tokens)
            if token == "<|eot|>" and len(response.split()) < low:
                response += " Wait, let me reconsider. "
            else:
                response += token
            if len(response.split()) >= high:
                break
        return response
    assert len(loop(itertools.repeat("step "), 100, 500).split()) == 100
    eager = loop(itertools.repeat("<|eot|>"), 100, 500).split()
    assert len(eager) == 100 and set(eager) == {"Wait,", "let", "me", "reconsider."}


def test_forced_traces():
    force, runs = REF["budget_force"], []
    for every, low, high, ignores in [(6, 0, 40, 9), (6, 15, 40, 9), (6, 30, 40, 2), (99, 0, 20, 9)]:
        runs.append(force(ttc.scripted([9, 9], every), [9, 9], 0, [2, 2], low, high, ignores, [3]))
    assert [len(r["thought"]) for r in runs] == [6, 22, 22, 20] and [r["capped"] for r in runs] == [False] * 3 + [True]


def test_drafts():
    assert f"{205.1 / 43.9:.1f}" == "4.7" and f"{95.4 - 91.1:.1f}" == "4.3" and f"{100 / 30:.1f}" == "3.3"
    says("4.7 times fewer tokens for 4.3 points", "each is 3.3 points")


def test_a_wide_beam_is_exhaustive():
    """Scores in 64ths: the best weakest step over all paths of three steps."""
    scores = {path: int(x) / 64 for path, x in zip(itertools.chain.from_iterable(
        itertools.product("abc", repeat=k) for k in (1, 2, 3)), np.random.default_rng(0).permutation(64)[:39])}
    path, score = REF["beam_search_steps"](lambda p, n: list("abc")[:n], scores.__getitem__, lambda p: len(p) == 3, 30, 3, 9)
    best = {p: min(scores[p[:k]] for k in (1, 2, 3)) for p in itertools.product("abc", repeat=3)}
    assert score == best[path] == max(best.values())


def test_search_beats_best_of_n_on_the_toy():
    beam, best = ttc.searches(REF["beam_search_steps"], (16,), tries=60)
    assert beam[0] > best[0] + 0.1
    assert 16 // 4 * 4 == 16  # width 4, four proposals: as many steps a round as sixteen traces write


# --- costs -----------------------------------------------------------------------------------------------------------

def test_costs():
    flops, largest, B = REF["tts_flops"], REF["largest_n"], 10**9
    assert [largest(B, 405 * B, 200, 600, 600, v * B) for v in (0, 7, 72)] == [539, 67, 7]
    says("539 with no verifier, 67 with 7B, 7 with 72B", "539 traces of 1B without a verifier, 67 with a 7B PRM, 7 with a 72B one")
    assert largest(8 * B, 70 * B, 400, 1000, 1000) == 11 and largest(8 * B, 70 * B, 400, 1000, 1000, 8 * B) == 5
    assert flops(70 * B, 400, 1000) == 196e12 and round(flops(8 * B, 400, 1000, 11) / 1e12) == 182
    assert round(flops(8 * B, 400, 1000, 5, 8 * B) / 1e12) == 173 and 70 / 8 == pytest.approx(8.75)
    assert flops(B, 200, 600, 8, 7 * B) == 8 * flops(B, 200, 600, 8)
    says("196 TFLOP", "182 TFLOPs", "n = 5 (2 · 16B · (400 + 5,000) = 173)", "costs seven times what the model does", "11 samples, 5 with an 8B PRM",
         "almost nine times the weights")


# --- who gets the samples --------------------------------------------------------------------------------------------

def test_allocation_is_best_and_beats_the_others():
    allocate = REF["allocate_budget"]
    for seed in range(3):
        _, _, p = ttc.questions(seed)
        ways = ttc.divisions(allocate, p, 1600)
        solved = {name: ttc.expected(p, given) for name, given in ways.items()}
        assert all(sum(given) <= 1600 for given in ways.values())
        most = p[int(np.argmax(ways["your allocation"]))]
        assert 0.01 < most < 0.15 and all(n <= 2 for n, q in zip(ways["your allocation"], p) if q > 0.97)
        assert all(n == 0 for n, q in zip(ways["your allocation"], p) if q < 0.005)
        assert all(solved["your allocation"] > other + 2 for name, other in solved.items() if name != "your allocation")


def test_at_equal_cost():
    """Closed loop over plan over uniform, honest verifier; a fooled one says more than is true."""
    runs = [list(ttc.equal_cost(REF["spend"], REF["allocate_budget"], seed).values()) for seed in range(3)]
    assert all(run[2] > run[0] + 0.05 for run in runs)
    uniform, planned, closed = np.mean(runs, axis=0)
    assert uniform < planned < closed
    one, two = (np.mean([ttc.fooled_by(REF["spend"], c, seed) for seed in range(2)], axis=0) for c in (1, 2))
    assert one[0] > 0.97 and one[1] < 0.75 and one[2] < 1500  # "everything passes", "stops early"
    assert two[0] - two[1] < 0.1 and two[1] > one[1]


# --- the experiment, pictures, the widget ----------------------------------------------------------------------------

@pytest.fixture(scope="module")
def shown():
    return experiment(SECTION)


FOUR = ["best of N, sharp", "best of N, noisy", "majority vote", "best of N, fooled"]


def test_experiment_shows_the_claim(shown):
    assert REF["prediction"] == FOUR == sorted(FOUR, key=lambda n: -shown["table"][n][-1])
    for seed in range(1, 8):  # the same selectors, in numpy
        answers, scores = ttc.drawn(seed)
        rows = np.arange(400)
        found = {f"best of N, {k}": (answers[rows, s.argmax(1)] == 0).mean() for k, s in scores.items()}
        found["majority vote"] = ((answers[:, :, None] == np.arange(7)).sum(1).argmax(1) == 0).mean()
        order = sorted(FOUR, key=lambda n: -found[n])
        assert order == FOUR and all(found[a] > found[b] + 0.1 for a, b in itertools.pairwise(FOUR))


def test_table(shown):
    """Seed 0 in numpy; the facts' own shape: the vote stands, pass@N rises, the fooled one turns."""
    table = shown["table"]
    answers, scores = ttc.drawn(0)
    for i, n in enumerate(ttc.NS):
        best = (answers[np.arange(400), scores["noisy"][:, :n].argmax(1)] == 0).mean()
        assert table["best of N, noisy"][i] == pytest.approx(best)
        assert table["pass@N"][i] == pytest.approx((answers[:, :n] == 0).any(1).mean())
    assert table["pass@N"][-1] > 0.98 and abs(table["majority vote"][-1] - table["majority vote"][1]) < 0.12
    assert 0 < int(np.argmax(table["best of N, fooled"])) < 4
    assert table["weighted vote, fooled"][-1] > table["best of N, fooled"][-1]


def test_pictures_and_widget_draw():
    namespace = reference(SECTION)
    for source in cells(SECTION, "picture"):
        exec(source, namespace)
    controls, (image, words) = (box.children for box in ttc.widget().children)
    before = bytes(image.value)
    assert before[:4] == b"\x89PNG" and "Best of N is best at N =" in words.value
    controls[1].value = 5.0
    assert bytes(image.value) != before
