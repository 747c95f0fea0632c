"""15-llm-evaluation: the reference against libraries and simulations, every number of the prose recomputed, the experiment."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from course.sections import llm_evaluation as le
from tests.reference import reference

SECTION = "15-llm-evaluation"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
POINTS = 400 / math.log(10)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def logit(p):
    return math.log(p / (1 - p))


# --- ratings ---------------------------------------------------------------------------------------------------------

def test_elo_numbers():
    assert round(le.chance(1100, 1000), 2) == 0.64 and round(le.chance(1400, 1000), 3) == 0.909
    says("an expected score of 0.64, one of 400 points 0.909", "two equals move 16 points")
    lost = REF["elo_update"](1200.0, 1000.0, 0.0)
    assert round(le.chance(1200, 1000), 3) == 0.760 and [round(x, 1) for x in lost] == [1175.7, 1024.3]
    says("(0 − 0.760) = −24.3, so 1175.7 and 1024.3")
    assert round(POINTS, 1) == 173.7


@pytest.mark.parametrize("seed", range(4))
def test_bradley_terry_is_logistic_regression(seed):
    """As FastChat fits it: a column a model, no intercept; a tie is half a game of either kind."""
    rng = np.random.default_rng(seed)
    n = 4 + seed
    games = le.played((150 * rng.standard_normal(n)).tolist(), 400, rng, 0.2)
    i, j, w = le.columns(games)
    X = np.zeros((len(w), n))
    X[np.arange(len(w)), i], X[np.arange(len(w)), j] = 1, -1
    for ridge in (0.0, 2.0):
        fit = LogisticRegression(C=1 / ridge if ridge else 1e8, fit_intercept=False, tol=1e-9, max_iter=5000)
        fit.fit(np.concatenate([X, X]), np.repeat([1, 0], len(w)), sample_weight=np.concatenate([w, 1 - w]))
        want = (fit.coef_[0] - fit.coef_[0].mean()) * POINTS
        np.testing.assert_allclose(REF["fit_bt"](i, j, w, n, ridge), want, atol=0.1)


def test_ridge_numbers():
    one = np.zeros(4, int), np.ones(4, int), np.array([1.0, 1.0, 1.0, 0.0])
    gap = REF["fit_bt"](*one, 2, 1.0)
    assert round(gap[0] / POINTS, 3) == 0.342 and round(gap[0] - gap[1], 1) == 118.8
    assert round(400 * math.log10(3), 1) == 190.8 and round(math.log(3), 4) == 1.0986
    says("t = 0.342: 118.8 points apart instead of 190.8", "d = ln 3 = 1.0986 natural units, 190.8 points")
    t = REF["fit_bt"](*(x[:1] for x in one), 2, 1.0)[0] / POINTS
    assert round(t, 3) == 0.337 and "is 0 at t = 0.337" in SOURCE


def test_opponents():
    games = [(a, b, float(g < round(m * share))) for a, b, m, share in le.SCHEDULE for g in range(m)]
    strong, weak = REF["fit_bt"](*le.columns(games), 5)[:2]
    assert strong - weak > 150
    assert all(np.mean([s for a, _, s in games if a == p]) == 0.5 for p in (0, 1))


@pytest.mark.parametrize("draws", range(4))
def test_ranks_from_few_games_and_from_many(draws):
    true = [120.0, 60.0, 0.0, 0.0, -60.0, -120.0]
    widths, widest = [], []
    for m in (300, 3000):
        R = REF["bootstrap_ratings"](*le.columns(le.played(true, m, np.random.default_rng(5), 0.2)), 6, 100, draws)
        low, high = REF["rank_intervals"](R)
        widths.append((high - low).mean())
        widest.append((high - low).max() + 1)
    assert widths[0] > widths[1] + 0.5 and widest[0] in (4, 5) and widest[1] in (2, 3)
    assert high[2] >= 4 > low[2] and high[3] >= 4 > low[3]  # equals keep sharing ranks


def test_games_for_a_lead_of_ten_points():
    rng = np.random.default_rng(1)
    won = rng.binomial(4800, 0.5, 4000) / 4800
    assert np.std(POINTS * np.log(won / (1 - won))) == pytest.approx(347 / math.sqrt(4800), rel=0.05)
    assert round(2 * POINTS) == 347 and round((2 * 2 * POINTS / 10) ** 2, -2) == 4800 and round(le.chance(10, 0), 3) == 0.514
    says("of about $347 / \\sqrt{m}$ points", "takes 4,800 games")


def test_a_single_rank_interval_covers():
    """The 95 % interval of a rating difference holds the truth in about 95 % of simulations."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        R = REF["bootstrap_ratings"](*le.columns(le.played([30.0, -30.0], 150, rng)), 2, 60, seed, 0.01)
        low, high = np.quantile(R[:, 0] - R[:, 1], [0.025, 0.975])
        held += low <= 60 <= high
    assert 50 <= held <= 60


# --- the judge -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_what_is_dropped_is_a_selection(seed):
    first, second, true = le.verdicts(20_000, np.random.default_rng(seed))
    rates = list(le.win_rates(REF["debias_pairwise"], first, second).values())
    assert rates[0] > true + 0.1 and abs(rates[1] - true) < 0.015 and rates[2] < true - 0.025
    assert 0.27 < REF["position_bias"](first, second) < 0.35


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 5, 60)
    b = np.where(rng.random(60) < 0.6, a, rng.integers(0, 5, 60))
    for weights in (None, "linear", "quadratic"):
        want = cohen_kappa_score(a, b, weights=weights, labels=range(5))
        assert REF["cohen_kappa"](a.tolist(), b.tolist(), weights) == pytest.approx(want)


def test_kappa_numbers():
    kappa = REF["cohen_kappa"]
    assert kappa([1, 2, 5], [1, 3, 5], "quadratic") == pytest.approx(0.941, abs=5e-4)
    assert cohen_kappa_score([1, 2, 5], [1, 3, 5], weights="quadratic") != pytest.approx(0.941, abs=5e-3)  # places
    says("κ = 1 − (1/3)/(51/9) = 0.941", "two raters who never look agree on 82 %")
    assert 0.9**2 + 0.1**2 == pytest.approx(0.82) and (0.9 - 0.82) / 0.18 == pytest.approx(0.44, abs=0.005)
    truth = [1] * 200 + [0] * 200
    assert kappa(truth, [t if k % 10 else 1 - t for k, t in enumerate(truth)]) == pytest.approx(0.8)
    says("κ is 0.8 where half of them are good")


# --- length ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
def test_length_control_is_logistic_regression(seed):
    y, dlen = le.wordy(60.0, 300, np.random.default_rng(seed))
    for ridge in (0.5, 20.0):
        fit = LogisticRegression(C=1 / ridge, tol=1e-9, max_iter=5000).fit(np.tanh(np.array(dlen)[:, None] / 80), y)
        want = fit.predict_proba([[0.0]])[0, 1]
        assert REF["length_controlled_winrate"](y, dlen, 80, ridge) == pytest.approx(want, abs=1e-5)


def test_words_raise_the_raw_rate_alone():
    rates = []
    for words in (0, 80, 200):
        games = [le.wordy(words, 1500, np.random.default_rng(seed)) for seed in range(20)]
        at_equal = [REF["length_controlled_winrate"](y, d) for y, d in games]
        rates.append((np.mean([np.mean(y) for y, _ in games]), np.mean(at_equal), np.std(at_equal)))
    assert rates[0][0] < 0.47 and rates[1][0] > 0.57 and rates[2][0] > 0.68
    assert all(abs(r[1] - 0.45) < 0.04 for r in rates) and rates[2][1] > rates[0][1] and rates[2][2] > 1.5 * rates[0][2]
    assert round(math.tanh(1), 3) == 0.762


# --- costs -----------------------------------------------------------------------------------------------------------

def test_prices_by_score():
    assert round(0.05 / 0.26, 2) == 0.19 and round(5 / 0.9, 2) == 5.56 and round(5 / 0.9 / (0.05 / 0.26)) == 29
    assert 0.05 + 0.74 * 20 == pytest.approx(14.85) and 5 + 0.1 * 20 == pytest.approx(7.0)
    says("costs 0.19 dollars per right answer", "costs 5.56", "by a factor of 29", "a task costs 14.85", "57.12 and 7.78")
    cost = REF["cost_per_success"]
    assert [round(x, 2) for x in (cost(0.05, 0, 1e6, 0, 0.26, 0, 20.0), cost(5, 0, 1e6, 0, 0.9, 0, 20.0))] == [57.12, 7.78]
    assert cost(5, 0, 1e6, 0, 0.9, 3) == pytest.approx(5 / 0.9)  # any number of retries, errors for nothing
    assert REF["cost_per_success"](0, 10, 50, 1000, 0.4, 1, 1.0) == pytest.approx(0.5875)
    says("Together 0.376/0.64 = 0.5875")
    for a, b in [(2, 8), (3, 15), (0.15, 0.6), (1, 5)]:
        assert 4 <= b / a <= 5


@pytest.mark.parametrize("accuracy, retries", [(0.3, 0), (0.6, 2), (0.1, 5)])
def test_cost_against_a_simulation(accuracy, retries):
    rng = np.random.default_rng(0)
    right = rng.random((40_000, retries + 1)) < accuracy
    solved = right.any(1)
    attempts = np.where(solved, right.argmax(1) + 1, retries + 1)
    spent = 0.02 * attempts.sum() + 0.5 * (~solved).sum()
    want = REF["cost_per_success"](4, 16, 1000, 1000, accuracy, retries, 0.5)
    assert spent / solved.sum() == pytest.approx(want, rel=0.03)


def test_invented_models():
    points = [(REF["cost_per_success"](a, b, 2000, 1000, 1.0), p) for a, b, p in le.MODELS.values()]
    assert [name for k, name in enumerate(le.MODELS) if k in REF["pareto"](points)] == ["tiny", "small", "middle", "large"]
    cheapest = [min(le.MODELS, key=lambda m: REF["cost_per_success"](*le.MODELS[m][:2], 2000, 1000, le.MODELS[m][2], 0, error))
                for error in (1e-4, 1.0)]
    assert cheapest == ["tiny", "large"]


# --- the arena, the leaderboards -------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(2))
def test_the_arena_finds_the_order_back(seed):
    got = REF["arena"](*le.world(seed=seed), 20)
    assert [row["name"] for row in got["table"]] == list(le.TRUE) and 0.2 < got["bias"] < 0.4 and got["unread"] < 60
    single = le.one_order(REF["fit_bt"], seed)
    assert single["Dogwood"] > single["Cedar"] and single["Fir"] > single["Elm"]
    spread = got["table"][0]["rating"] - got["table"][-1]["rating"]
    assert spread < 0.9 * 1.4 * 1.5 * POINTS  # compressed


def test_the_best_of_27():
    x = np.linspace(-8, 8, 20001)
    best = np.trapezoid(x * 27 * norm.pdf(x) * norm.cdf(x) ** 26, x)
    assert round(10 * best, 1) == 20.0
    says("shows +20.0 points on average")
    assert SOURCE.count("+20.0") == 3 and 86.0 - 83.6 == pytest.approx(2.4)
    assert round(196 * math.sqrt(0.25 / 1000), 1) == 3.1
    says("a 95 % interval of ±3.1 points")


def test_written_question():
    place, quality = (logit(0.66) - logit(0.5)) / 2, (logit(0.66) + logit(0.5)) / 2
    assert round(logit(0.66), 3) == 0.663 and round(place, 2) == round(quality, 2) == 0.33
    assert round(1 / (1 + math.exp(-quality)), 3) == 0.582
    n = REF["cost_per_success"](0, 0.04, 0, 1e6, 0.8, 0, 0.5), REF["cost_per_success"](0, 0.01, 0, 1e6, 0.7, 0, 0.5)
    assert [round(x, 3) for x in n] == [0.175, 0.229]
    level = (0.04 / 0.8 - 0.01 / 0.7) / (0.3 / 0.7 - 0.2 / 0.8)
    assert round(level, 2) == 0.2
    says("per solved task 0.175 and 0.229", "below about 0.20 dollars an error O is cheaper")
    assert [round(x, 3) for x in (0.04 / 0.8, 0.01 / 0.7)] == [0.05, 0.014]
    people, judge = [1] * 50 + [0] * 50, [1] * 46 + [0] * 4 + [1] * 24 + [0] * 26
    assert round((0.62 * 500 - 60 / 2) / 440, 3) == 0.636
    assert sum(judge) == 70 and np.mean(np.equal(people, judge)) == 0.72
    assert REF["cohen_kappa"](people, judge) == pytest.approx(0.44)


# --- the experiment --------------------------------------------------------------------------------------------------

def tables(games, k, rng, times):
    return np.array([REF["elo_run"](8, [games[g] for g in rng.permutation(len(games))], k) for _ in range(times)])


def everything_right(ratings):
    return (np.diff(ratings, axis=-1) < 0).all(-1)


@pytest.mark.parametrize("seed", range(4))
def test_orders(seed):
    times = 200 if seed == 0 else 80
    table = le.orders(tables, everything_right, REF["fit_bt"], prediction="", seed=seed, times=times, shown=False)
    assert 0.12 < table["Elo, K = 32"]["right"] < 0.46
    assert table["Elo, K = 4"]["right"] > 0.85 and table["Bradley–Terry"]["scatter"] < 1e-6
    assert table["Elo, K = 32"]["mean"] < (10 if seed == 0 else 15)
    assert table["Elo, K = 32"]["off"] > 2.5 * table["Bradley–Terry"]["off"]
