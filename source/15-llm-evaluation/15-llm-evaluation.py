# %% [markdown]
# # 15 · LLM evaluation: ratings, judges, costs
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - Two models, thousands of votes: what is wrong with Elo, what does Bradley–Terry do instead, and when does it
#   have no answer at all?
# - Rank 1 or rank 3: how sure is a leaderboard of that?
# - A language model judges answers. How do you find out what it likes besides quality, and what takes that out?
# - What does a solved task cost, and why is price divided by score no measure?
#
# Eight exercises. The last one is an arena: a judge's replies go in, a table with ranks and their intervals comes
# out. It takes about three hours; the end of part 3 is a good place to stop. It builds on logistic regression and
# needs no other section. Benchmarks with right answers, their intervals and McNemar's test are section 11's matter,
# scores of RAG (retrieval-augmented generation) are section 21's.

# %% [markdown] house_rules

# %% [markdown]
# **Words.** A *game* is one question, answered by two models and decided by somebody: one of the two wins, or it is
# a tie. Who decides is the *judge*: a person, or a language model (an LLM) that was asked for a verdict. A *rating*
# is a number per model, from which the chances of a game follow.
#
# **Letters and units.** n models, m games, B resamples. $s$ is the outcome of a game for its first model: 1 won, 0
# lost, 0.5 tied. Ratings R are in *points*; 400 points are a factor of 10 in the odds. θ is the same strength in
# natural units: $R = \theta \cdot 400 / \ln 10$, so one natural unit is 173.7 points. σ is the logistic function,
# $\sigma(x) = 1 / (1 + e^{-x})$. Prices are in dollars per million tokens.

# %% setup
import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from course.check import check, committed, expect, fresh, predicted, raises, unchanged
from course.duel import advise, duel
from course.models.smollm import attempt

Ask = Callable[[int, str, str], str]  # (question, first answer, second answer) -> the judge's reply

# %% tags=["picture"]
from course.sections import llm_evaluation

# %% helper
### BEGIN HIDDEN TESTS
from collections import Counter


def slow_bt(games, n, ridge=0.0):
    "Bradley-Terry by Newton steps for one model at a time, until nothing moves; in points, mean 0."
    won, met = [[0.0] * n for _ in range(n)], [[0.0] * n for _ in range(n)]
    for a, b, s in games:
        won[a][b] += s
        won[b][a] += 1 - s
        met[a][b] += 1
        met[b][a] += 1
    t = [0.0] * n
    for _ in range(20000):
        moved = 0.0
        for a in range(n):
            slope, bend = -ridge * t[a], ridge
            for b in range(n):
                if met[a][b]:
                    p = 1 / (1 + math.exp(t[b] - t[a]))
                    slope += won[a][b] - met[a][b] * p
                    bend += met[a][b] * p * (1 - p)
            step = max(-1.0, min(1.0, slope / bend)) if bend else 0.0
            t[a] += step
            moved = max(moved, abs(step))
        if moved < 1e-11:
            break
    middle = sum(t) / n
    return np.array([(x - middle) * 400 / math.log(10) for x in t])


def drawn(seed, n, m, spread=200.0, ties=0.2):
    "m games among n models of unlike strength, as (first, second, outcome)."
    rng = np.random.default_rng(seed)
    strength = spread * rng.standard_normal(n)
    games = []
    for _ in range(m):
        a = int(rng.integers(n))
        b = (a + int(rng.integers(1, n))) % n
        p = 1 / (1 + 10 ** ((strength[b] - strength[a]) / 400))
        games.append((a, b, 0.5 if rng.random() < ties else float(rng.random() < p)))
    return games


def columns(games, kind=np.int64, real=np.float64):
    "Games as three arrays."
    i, j, s = zip(*games)
    return np.array(i, kind), np.array(j, kind), np.array(s, real)


def slow_kappa(a, b, distance):
    "Every label of one rater against each kind of the other's."
    seen = math.fsum(distance(x, y) for x, y in zip(a, b)) / len(a)
    chance = math.fsum(n * distance(x, y) for y, n in Counter(b).items() for x in a) / len(a) ** 2
    return 1 - seen / chance if chance else math.nan


def slow_controlled(y, dlen, scale, ridge):
    "Newton's method with two unknowns, written out."
    x, c, k = [math.tanh(d / scale) for d in dlen], 0.0, 0.0
    for _ in range(500):
        p = [1 / (1 + math.exp(-(c + k * v))) for v in x]
        g0 = sum(s - q for s, q in zip(y, p))
        g1 = sum((s - q) * v for s, q, v in zip(y, p, x)) - ridge * k
        h00 = sum(q * (1 - q) for q in p)
        h01 = sum(q * (1 - q) * v for q, v in zip(p, x))
        h11 = sum(q * (1 - q) * v * v for q, v in zip(p, x)) + ridge
        det = h00 * h11 - h01 * h01
        step0, step1 = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        short = min(1.0, 1.0 / max(abs(step0), abs(step1), 1e-300))
        c, k = c + short * step0, k + short * step1
        if max(abs(step0), abs(step1)) < 1e-12:
            break
    return 1 / (1 + math.exp(-c))


def rows_of(got):
    "An arena's table, by name."
    assert isinstance(got, dict) and set(got) == {"table", "bias", "unread"}, (
        f"expected table, bias and unread, got {got}")
    for row in got["table"]:
        assert set(row) == {"name", "rating", "low", "high", "games"}, (
            f"expected five keys a row, got {sorted(row)}")
    names = [row["name"] for row in got["table"]]
    assert len(set(names)) == len(names), f"expected every model once, got {names}"
    return {row["name"]: row for row in got["table"]}
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Votes instead of right answers
#
# What does one measure of a language model? Three families, and all three belong into a report.
#
# - **Quality with a key**: accuracy, pass@k, exact match. There is a right answer. (Section 11.)
# - **Quality without one**: which of two answers is better? People vote, or an LLM judges. This section.
# - **The system**: time to the first token (TTFT), tokens a second, error rate, price. A model that thinks before
#   it answers spends *thinking tokens* that nobody reads and that are paid as output: report them too.
#
# The best known vote is the *Chatbot Arena*: visitors of a page ask, read the answers of two models without names,
# and choose (part 12). Votes are about pairs, and a table wants one number per model. Chess had the problem first.
# **Elo** gives each player a rating and predicts the first one's score from the difference:
#
# $$e = \frac{1}{1 + 10^{(R_b - R_a)/400}}, \qquad
# R_a \leftarrow R_a + K (s - e), \qquad R_b \leftarrow R_b - K (s - e).$$
#
# A lead of 100 points is an expected score of 0.64, one of 400 points 0.909. Who scores more than was expected
# rises. $K$ is the step: with $K = 32$ two equals move 16 points for one win. What one gains, the other loses.
#
# **The catch.** Elo was made for players who change, so it forgets: the last games weigh most. A model with
# frozen weights does not change. All its games are equally good evidence, whatever their order, and Elo does not
# treat them so. How much that matters is the experiment of part 9.
#
# ### Exercise 15.1 · elo_run
#
# Two functions.
#
# - `elo_update(ra, rb, s, k=32.0)` gives the two new ratings, a tuple of floats, by the formula above. Both move by
#   the same expectation $e$, that of the old ratings. `s` is 0, 0.5 or 1; any other value raises `ValueError`.
# - `elo_run(n, games, k=32.0, start=1000.0)` gives a list of n floats: ratings of models 0 … n − 1 after all
#   games. Each starts at `start`. `games` is a list of tuples `(a, b, s)`, played in the order of the list: a
#   game starts from what the games before it left. `a == b` and an impossible `s` raise `ValueError`. Who does
#   not play stays at `start`; n is at least 1 and the list may be empty.
#
# `k` and `start` may be any numbers. Ratings differ by less than 10,000 points. Tolerance: 1e-9
# relative, and 1e-7 points near 0.
#
# Source: A. E. Elo, The Rating of Chessplayers, 1978; `compute_elo` in FastChat, with which the Chatbot Arena began
# (it uses K = 4).

# %% stub="elo_run"
def elo_update(ra: float, rb: float, s: float, k: float = 32.0) -> tuple[float, float]:
    """Both ratings after one game; s is the first one's score.

    elo_update(1000.0, 1000.0, 1.0) is (1016.0, 984.0).
    """
    ### BEGIN SOLUTION
    if s not in (0, 0.5, 1):
        raise ValueError("s must be 0, 0.5 or 1")
    move = k * (s - 1 / (1 + 10 ** ((rb - ra) / 400)))
    return ra + move, rb - move
    ### END SOLUTION
    raise NotImplementedError("elo_update")


def elo_run(n: int, games: Sequence[tuple[int, int, float]], k: float = 32.0, start: float = 1000.0) -> list[float]:
    """The ratings of n models after all games, played in order.

    elo_run(3, [(0, 1, 1.0)]) is [1016.0, 984.0, 1000.0].
    """
    ### BEGIN SOLUTION
    ratings = [float(start)] * n
    for a, b, s in games:
        if a == b:
            raise ValueError("nobody plays against itself")
        ratings[a], ratings[b] = elo_update(ratings[a], ratings[b], s, k)
    return ratings
    ### END SOLUTION
    raise NotImplementedError("elo_run")

# %% [markdown] hints="elo_run"
# <details><summary>Hint 1: a question</summary>
#
# A strong model beats a weak one. How surprised is the table, and how surprised would it be by the other outcome?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 1200 against 1000: the first is expected to score 0.760. It loses, with K = 32: 32 · (0 − 0.760) = −24.3, so
# 1175.7 and 1024.3. Their sum is still 2200.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The second one's expectation is one minus the first one's, before anybody's rating has moved.
#
# </details>

# %% graded="elo_run__update" points=2
# Looks at one game: the expectation, ties, K, and the sum of both ratings.
low, high = 1200 - 32 / (1 + 10 ** -0.5), 1000 + 32 / (1 + 10 ** -0.5)
check(elo_update, 1200.0, 1000.0, 0.0, want=(low, high), why="0.760 was expected and 0 came: -24.3 points",
      mistakes={"the expectation of the other model": (1200 - 32 / (1 + 10 ** 0.5), 1000 + 32 / (1 + 10 ** 0.5)),
                "base e instead of 10": (1200 - 32 / (1 + math.exp(-0.5)), 1000 + 32 / (1 + math.exp(-0.5))),
                "only the first model moved": (low, 1000.0)})
check(elo_update, 1000.0, 1000.0, 0.5, want=(1000.0, 1000.0), why="a tie of two equals moves nobody",
      mistakes={"a tie counted as a loss": (984.0, 1016.0), "a tie counted as a win": (1016.0, 984.0)})
raises(ValueError, elo_update, 1000.0, 1000.0, 2.0, why="an outcome is 0, 0.5 or 1")
### BEGIN HIDDEN TESTS
for seed in range(60):
    rng = np.random.default_rng(seed)
    ra, rb = (float(x) for x in rng.normal(1000, [5, 200, 900][seed % 3], 2))
    s, k = [0.0, 0.5, 1.0, 0, 1][seed % 5], [32.0, 4.0, 10, 0.25][seed % 4]
    move = k * (s - 1 / (1 + math.exp((rb - ra) * math.log(10) / 400)))
    check(elo_update, ra, rb, s, k, want=(ra + move, rb - move), rtol=1e-9, atol=1e-7, why=f"K = {k}")
check(elo_update, 0.0, -50.0, 1, want=(32 - 32 / (1 + 10 ** -0.125), -50 - 32 + 32 / (1 + 10 ** -0.125)),
      rtol=1e-9, atol=1e-7, why="K is 32 unless said otherwise; ratings may be 0 or negative")
check(elo_update, 9000.0, 0.0, 0, 8.0, want=(9000 - 8 / (1 + 10 ** -22.5), 8 / (1 + 10 ** -22.5)), rtol=1e-9,
      atol=1e-7, why="a lead of 9,000 points")
check(elo_update, 0.0, 9000.0, 0, 8.0, want=(0.0, 9000.0), rtol=1e-9, atol=1e-7, why="9,000 points behind")
check(elo_update, 1200.0, 1000.0, 0, 0.0, want=(1200.0, 1000.0), rtol=0, atol=1e-7, why="K = 0 moves nobody")
for s in (-1, 0.25, 1.5, 0.999):
    raises(ValueError, elo_update, 1000.0, 900.0, s, why="an outcome is 0, 0.5 or 1")
### END HIDDEN TESTS

# %% graded="elo_run__run" points=2
# Looks at many games in order, at who does not play, and at impossible games.
check(elo_run, 3, [(0, 1, 1.0), (1, 0, 1.0)], 32.0,
      want=[1016 - 32 / (1 + 10 ** -0.08), 984 + 32 / (1 + 10 ** -0.08), 1000.0],
      why="the second game starts from 1016 and 984",
      mistakes={"every game started from 1000": [1000.0, 1000.0, 1000.0]})
raises(ValueError, elo_run, 2, [(1, 1, 0.5)], why="nobody plays against itself")
### BEGIN HIDDEN TESTS
for seed, (n, m) in enumerate([(2, 1), (3, 40), (9, 300), (5, 1500), (1, 0), (4, 0)]):
    games = drawn(seed, n, m, 150.0) if m else []
    k, start = [32.0, 4.0, 16, 7.5][seed % 4], [1000.0, 0.0, 1500, -20.5][seed % 4]
    want = [float(start)] * n
    for a, b, s in games:
        move = k * (s - 1 / (1 + 10 ** ((want[b] - want[a]) / 400)))
        want[a], want[b] = want[a] + move, want[b] - move
    check(elo_run, n, games, k, start, want=want, rtol=1e-9, atol=1e-7, why=f"{m} games among {n}, start {start}")
check(elo_run, 3, [(0, 1, 1.0), (2, 0, 0.5)], 0.0, 1200.0, want=[1200.0] * 3, rtol=0, atol=1e-7,
      why="K = 0 moves nobody")
check(elo_run, 4, [(2, 3, 0)], want=[1000.0, 1000.0, 984.0, 1016.0], rtol=1e-9, why="the defaults")
raises(ValueError, elo_run, 2, [(0, 1, 1.0), (1, 0, 0.3)], why="an outcome is 0, 0.5 or 1")
raises(ValueError, elo_run, 3, [(0, 1, 1.0), (2, 2, 1.0)], why="nobody plays against itself")
unchanged(elo_run, 2, [(1, 0, 0.5), (0, 1, 1.0)], want=[1016.0, 984.0], rtol=1e-9)
### END HIDDEN TESTS

# %% tags=["picture"]
llm_evaluation.elo_paths(elo_run)

# %% [markdown]
# Three models, the same 600 games, twice: left in one order, right in another. The true ratings are the dashed
# lines. The paths wander around them without an end; the last point of each is what the table would say.


# %% [markdown]
# ## 2 · Bradley–Terry: all games at once
#
# The model is the same as Elo's, and nothing moves: model a beats b with probability $\sigma(\theta_a - \theta_b)$.
# The ratings are those under which what happened was likeliest:
#
# $$\max_\theta \; \sum_{\text{games}} s \ln \sigma(\theta_i - \theta_j) + (1 - s) \ln \sigma(\theta_j - \theta_i)
# \; - \; \frac{\lambda}{2} \sum_p \theta_p^2 .$$
#
# This is logistic regression with one column per model: +1 for the first, −1 for the second, no intercept. The
# order of the games is not in it. A tie is half a win for each. A sum does not care about order, so the games
# between two models may be counted first. And a model's opponents count: who beat strong ones stands higher than
# who beat weak ones as often, which a plain win rate cannot see.
#
# **The catch: sometimes there is no maximum.** A model that won all its games has no finite rating: each further
# point makes what happened likelier. Two groups that never met can be shifted against each other for free. In
# general: draw an arrow from a to b whenever a took anything from b (a win, or a tie). A maximum exists, and is
# unique up to a common shift, **exactly when one can get from every model to every other along arrows**. The
# graph is then called *strongly connected*. An optimiser does not notice. It returns where it happened to stop.
#
# **The way out** is λ, the *ridge*: a pull towards 0. With λ > 0 there is always exactly one maximum. A model
# without games gets 0, the middle.
#
# ### Exercise 15.2 · fit_bt
#
# `fit_bt(i, j, w, n, ridge=0.0)` gives the ratings in points, float64 of shape (n,), with mean 0.
#
# - Game g was played by models `i[g]` and `j[g]`, and `w[g]` is the first one's score. Three numpy arrays of one
#   length; `i` and `j` of any integer dtype, `w` of any float dtype. `w` is any number from 0 to 1, not only 0, 0.5
#   and 1: it may be the mean of several votes. The arrays may be empty, n is at least 1.
# - The maximum of the formula above, with λ = `ridge` in *natural* units (θ, not points). Then subtract the mean
#   and multiply by 400/ln 10. Tolerance: 0.1 points, whatever the games, so iterate until nothing moves.
# - `ridge = 0` and no strongly connected graph: `ValueError`. (n = 1 is connected: the answer is `[0.0]`.)
# - `i[g] == j[g]`, or a `w` below 0 or above 1: `ValueError`.
#
# Timed: 20,000 games of 30 models. One walk through the games in Python is fast enough, for counting; so is numpy over
# all games at each step. A walk in Python at each of many steps is not, and neither is a slope that is found by
# moving each rating.
#
# Source: Bradley and Terry 1952, Biometrika 39; the condition is that of L. R. Ford 1957, American Mathematical
# Monthly 64. The Arena fits it so: Chiang et al. 2024, arXiv 2403.04132.

# %% stub="fit_bt"
def fit_bt(i: Int[np.ndarray, "m"], j: Int[np.ndarray, "m"], w: Float[np.ndarray, "m"], n: int,
           ridge: float = 0.0) -> Float[np.ndarray, "n"]:
    """Bradley-Terry ratings in points, mean 0, from games of i against j with score w for i.

    Of two models, one that wins 3 of 4 games: [95.4, -95.4], since 400 log10(3) = 190.8.
    """
    ### BEGIN SOLUTION
    i, j, w = np.asarray(i, np.int64), np.asarray(j, np.int64), np.asarray(w, np.float64)
    if (i == j).any() or (w < 0).any() or (w > 1).any():
        raise ValueError("two different models and a score from 0 to 1 make a game")
    won = np.bincount(np.concatenate([i * n + j, j * n + i]), np.concatenate([w, 1 - w]), n * n).reshape(n, n)
    met = np.bincount(np.concatenate([i * n + j, j * n + i]), minlength=n * n).reshape(n, n)
    reach = (won > 0) | np.eye(n, dtype=bool)
    for k in range(n):  # Warshall: is there a way through k?
        reach |= reach[:, k, None] & reach[None, k]
    if ridge == 0 and not reach.all():
        raise ValueError("some models cannot be compared: the likelihood has no maximum")
    theta = np.zeros(n)
    for _ in range(500):
        p = 1 / (1 + np.exp(theta[None] - theta[:, None]))
        slope = (won - met * p).sum(1) - ridge * theta
        bend = np.diag((met * p * (1 - p)).sum(1) + ridge) - met * p * (1 - p)
        step = np.linalg.solve(bend + (1 / n if ridge == 0 else 0), slope)
        theta = theta + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-10:
            break
    return (theta - theta.mean()) * 400 / math.log(10)
    ### END SOLUTION
    raise NotImplementedError("fit_bt")

# %% [markdown] hints="fit_bt"
# <details><summary>Hint 1: a question</summary>
#
# Of all the games between two models, which two numbers does the likelihood need? How large does the problem become
# then, with 30 models?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Three of four: σ(d) = 3/4, d = ln 3 = 1.0986 natural units, 190.8 points. With ridge 1 the two sit at t and −t,
# and the slope 4 · (3/4 − σ(2t)) − t is 0 at t = 0.342: 118.8 points apart instead of 190.8.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The slope for a model is what it scored minus what the ratings expect it to score. Newton's matrix has rows that
# sum to 0 where the ridge is 0, so one direction must be fixed. "Unbeaten" is not the only way to be unconnected: a
# whole group can be, each of whose members has lost.
#
# </details>

# %% graded="fit_bt__ratings" points=3
# Looks at the ratings: all games at once, opponents, mean 0, in points.
third = 400 * math.log10(3) / 2
check(fit_bt, np.array([0, 0, 1, 0]), np.array([1, 1, 0, 1]), np.array([1.0, 1.0, 1.0, 1.0]), 2,
      want=np.array([third, -third]), atol=0.1, why="three of four: 400 log10(3) = 190.8 points apart, mean 0",
      mistakes={"natural units": np.array([math.log(3) / 2, -math.log(3) / 2]),
                "the mean is not 0": np.array([2 * third, 0.0]),
                "the first one at 0": np.array([0.0, -2 * third]),
                "1000 was added": np.array([1000 + third, 1000 - third])})
check(fit_bt, np.array([0, 1, 2]), np.array([1, 2, 0]), np.array([1.0, 1.0, 1.0]), 3, want=np.zeros(3), atol=0.1,
      why="each beat one and lost to one")
### BEGIN HIDDEN TESTS
for seed, (n, m, spread) in enumerate([(2, 9, 50), (3, 60, 150), (6, 400, 300), (9, 500, 100), (12, 2000, 250),
                                       (4, 300, 500), (5, 40, 10)]):
    games = drawn(seed, n, m, spread) + [(a, (a + 1) % n, 0.5) for a in range(n)]  # ties: connected for sure
    check(fit_bt, *columns(games), n, want=slow_bt(games, n), rtol=0, atol=0.1,
          why=f"{len(games)} games among {n}")
chain = [(a, a + 1, float(x)) for a in range(5) for x in [1] * (3 + a) + [0]]  # only neighbours met
want = -np.cumsum([0.0] + [400 * math.log10(3 + a) for a in range(5)])
check(fit_bt, *columns(chain), 6, want=want - want.mean(), rtol=0, atol=0.1,
      why="only neighbours met: gaps add up")
rare = [(0, 1, 1.0)] * 700 + [(1, 0, 1.0)]  # a favourite with a single loss
check(fit_bt, *columns(rare), 2, want=np.array([200.0, -200.0]) * math.log10(700), rtol=0, atol=0.1,
      why="700 to 1 is 1138 points")
many = [(0, 1, 1.0)] * 400 + [(0, 1, 0.0)] * 300  # sums beyond 256
check(fit_bt, *columns(many), 2, want=np.array([200.0, -200.0]) * math.log10(4 / 3), rtol=0, atol=0.1,
      why="400 : 300")
far = [(a, a + 1, 0.995) for a in range(5)]
want = -np.arange(6) * 400 * math.log10(199)
check(fit_bt, *columns(far), 6, want=want - want.mean(), rtol=0, atol=0.1,
      why="199 to 1 five times over: 4,598 points from the first to the last")
check(fit_bt, np.array([1]), np.array([0]), np.array([0.9995]), 2, want=np.array([-200.0, 200.0]) * math.log10(1999),
      rtol=0, atol=0.1, why="however little was taken, it connects")
check(fit_bt, *(np.zeros(0, d) for d in (int, int, float)), 1, want=np.zeros(1), why="one model and no games")
### END HIDDEN TESTS

# %% graded="fit_bt__ties" points=1
# Looks at ties and at scores between.
third = 200 * math.log10(3)
check(fit_bt, np.array([0, 0]), np.array([1, 1]), np.array([1.0, 0.5]), 2, want=np.array([third, -third]), atol=0.1,
      why="a win and a tie are 1.5 of 2: three to one",
      mistakes={"ties were left out": np.array([math.inf, -math.inf]), "a tie counted as a loss": np.zeros(2)})
### BEGIN HIDDEN TESTS
check(fit_bt, np.array([1, 1, 2, 0]), np.array([0, 2, 0, 1]), np.array([0.5, 0.5, 0.5, 0.5]), 3, want=np.zeros(3),
      atol=0.1, why="nothing but ties")
check(fit_bt, np.array([0]), np.array([1]), np.array([0.75]), 2, want=np.array([third, -third]), atol=0.1,
      why="a score of 0.75 is three to one")
check(fit_bt, np.array([1, 0, 1]), np.array([0, 1, 0]), np.array([0.1, 0.95, 0.4]), 2,
      want=np.array([200.0, -200.0]) * math.log10(2.45 / 0.55), atol=0.1, why="0.9 + 0.95 + 0.6 of 3")
for seed in range(4):
    rng = np.random.default_rng(seed + 50)
    n = [3, 5, 8, 4][seed]
    games = [(a, b, float(rng.random())) for a, b, _ in drawn(seed, n, [30, 200, 90, 700][seed])]
    games += [(a, (a + 1) % n, 0.5) for a in range(n)]
    check(fit_bt, *columns(games), n, want=slow_bt(games, n), rtol=0, atol=0.1, why="scores between 0 and 1")
### END HIDDEN TESTS

# %% graded="fit_bt__no_maximum" points=2
# Looks at games from which no rating follows.
raises(ValueError, fit_bt, np.array([0, 1]), np.array([1, 2]), np.array([1.0, 0.5]), 3,
       why="model 0 never lost")
raises(ValueError, fit_bt, np.array([0, 2]), np.array([1, 3]), np.array([0.5, 0.5]), 4,
       why="two groups that never met")
check(fit_bt, np.array([0, 2, 1]), np.array([1, 3, 2]), np.array([0.5, 0.5, 0.5]), 4, want=np.zeros(4), atol=0.1,
      why="one tie between the groups connects them")
### BEGIN HIDDEN TESTS
raises(ValueError, fit_bt, np.array([0, 1, 0]), np.array([1, 0, 2]), np.array([1.0, 1.0, 1.0]), 3,
       why="2 never won")
for p in range(4):  # the other three are a ring, and all of them can be reached from p, or p from all of them
    ring = [((p + a) % 4, (p + a % 3 + 1) % 4, 1.0) for a in (1, 2, 3)]
    raises(ValueError, fit_bt, *columns([*ring, *(((p + a) % 4, p, 1.0) for a in (1, 2, 3))]), 4,
           why=f"{p} never won")
    raises(ValueError, fit_bt, *columns([*ring, *((p, (p + a) % 4, 1.0) for a in (1, 2, 3))]), 4,
           why=f"{p} never lost")
raises(ValueError, fit_bt, np.array([0, 1]), np.array([1, 0]), np.array([1.0, 1.0]), 3, why="2 never played")
raises(ValueError, fit_bt, *(np.zeros(0, d) for d in (int, int, float)), 2, why="two models and no games")
groups = [(0, 1, 1.0), (1, 0, 1.0), (2, 3, 1.0), (3, 2, 1.0), (0, 2, 1.0), (1, 3, 1.0), (3, 0, 0.0)]
raises(ValueError, fit_bt, *columns(groups), 4, why="0 and 1 never lost anything to 2 and 3, though each has lost")
check(fit_bt, *columns([*groups, (2, 1, 1.0)]), 4, want=slow_bt([*groups, (2, 1, 1.0)], 4), rtol=0, atol=0.1,
      why="one win across connects both groups")
ring = [(a, (a + 1) % 41, 1.0) for a in range(41)]
check(fit_bt, *columns(ring), 41, want=np.zeros(41), atol=0.1, why="a ring of 41: connected by the longest way")
raises(ValueError, fit_bt, *columns(ring[:-1]), 41, why="the same ring with one game missing")
raises(ValueError, fit_bt, np.array([0, 1, 1]), np.array([1, 0, 1]), np.array([1.0, 1.0, 0.5]), 2,
       why="1 against 1")
for bad in (-0.25, 1.25):
    raises(ValueError, fit_bt, np.array([0, 1, 0]), np.array([1, 0, 1]), np.array([1.0, 1.0, bad]), 2,
           why="a score lies between 0 and 1")
    raises(ValueError, fit_bt, np.array([0, 1, 0]), np.array([1, 0, 1]), np.array([1.0, 1.0, bad]), 2, 0.5,
           why="a score lies between 0 and 1, with a ridge too")
raises(ValueError, fit_bt, np.array([0, 1, 1]), np.array([1, 0, 1]), np.array([1.0, 1.0, 0.5]), 2, 0.5,
       why="1 against 1, with a ridge too")
### END HIDDEN TESTS

# %% graded="fit_bt__ridge" points=2
# Looks at the ridge: a finite answer always, and the right one.
t = 0.5
for _ in range(100):
    t = 1 - 1 / (1 + math.exp(-2 * t))
check(fit_bt, np.array([0]), np.array([1]), np.array([1.0]), 2, 1.0,
      want=np.array([t, -t]) * 400 / math.log(10), atol=0.1,
      why="one win, ridge 1: the slope (1 − σ(2t)) − t is 0 at t = 0.337",
      mistakes={"the ridge pulls on points, not on θ": np.zeros(2)})
check(fit_bt, np.array([0, 0]), np.array([1, 1]), np.array([0.5, 0.5]), 3, 0.1, want=np.zeros(3), atol=0.1,
      why="who has not played stays in the middle")
### BEGIN HIDDEN TESTS
for seed, (n, m, ridge) in enumerate([(3, 4, 1.0), (5, 30, 0.1), (7, 200, 0.01), (4, 60, 25.0), (10, 12, 0.5),
                                      (6, 0, 2.0), (2, 50, 3)]):
    games = drawn(seed + 20, n, m, 400.0, 0.1)
    given = columns(games) if m else tuple(np.zeros(0, d) for d in (int, int, float))
    check(fit_bt, *given, n, ridge, want=slow_bt(games, n, ridge), rtol=0, atol=0.1,
          why=f"{m} games among {n}, ridge {ridge}")
check(fit_bt, np.array([0]), np.array([1]), np.array([1.0]), 2, 5e-4, want=slow_bt([(0, 1, 1.0)], 2, 5e-4), rtol=0,
      atol=0.1, why="one win: a small ridge is a ridge, and the answer is finite")
apart = [(0, 1, 1.0), (2, 3, 1.0), (2, 3, 1.0), (0, 1, 0.0)]
check(fit_bt, *columns(apart), 5, 0.2, want=slow_bt(apart, 5, 0.2), rtol=0, atol=0.1,
      why="groups that never met")
### END HIDDEN TESTS

# %% graded="fit_bt__arrays" points=1
# Looks at narrow dtypes, strides, and arrays that stay as they are.
check(fit_bt, np.array([0, 0, 1], np.int8), np.array([1, 1, 0], np.int8), np.array([1, 1, 0.5], np.float32), 2,
      want=np.array([200.0, -200.0]) * math.log10(5), atol=0.1, why="int8 and float32; the answer is float64")
### BEGIN HIDDEN TESTS
third = 200 * math.log10(3)
games = drawn(7, 23, 900, 200.0) + [(a, (a + 1) % 23, 0.5) for a in range(23)]
want = slow_bt(games, 23)
for kind, real in [(np.int8, np.float16), (np.uint8, np.float64), (np.int32, np.float32)]:
    check(fit_bt, *columns(games, kind, real), 23, want=want, rtol=0, atol=0.1,
          why=f"{kind.__name__}: 23 · 23 > 127")
long = [(0, 1, 1.0)] * 3000 + [(1, 0, 1.0)] * 1000 + [(1, 0, 0.3)] * 500
sums = slow_bt([(a, b, float(np.float16(s))) for a, b, s in long], 2)
check(fit_bt, *columns(long, np.int8, np.float16), 2, want=sums, rtol=0, atol=0.1,
      why="3,000 scores of 1 are more than float16 can count")
block = np.stack([np.repeat(x, 2) for x in columns(games)[:2]], 1)
check(fit_bt, block[::2, 0], block[::2, 1], np.repeat(columns(games)[2], 3)[::3], 23, want=want,
      rtol=0, atol=0.1,
      why="strided arrays")
unchanged(fit_bt, np.array([0, 0]), np.array([1, 1]), np.array([1.0, 0.5]), 2,
          want=np.array([third, -third]), atol=0.1)
unchanged(fit_bt, np.array([0, 1]), np.array([1, 0]), np.array([0.25, 0.75]), 2, 1e-3,
          want=slow_bt([(0, 1, 0.25), (1, 0, 0.75)], 2, 1e-3), atol=0.1)
### END HIDDEN TESTS

# %% graded="fit_bt__speed" points=1 tags=["timed"]
# Looks at the time for 20,000 games of 30 models.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    i = rng.integers(0, 30, 20000)
    return i, (i + rng.integers(1, 30, 20000)) % 30, rng.choice([0.0, 0.5, 1.0], 20000), 30

advise(fit_bt, draw, usual=4.0, yardstick=lambda i, j, w, n: [
    np.bincount(i, w - 1 / (1 + np.exp(-(i - j) / 30)), n) - np.bincount(j, w, n) for _ in range(90)][-1])
### BEGIN HIDDEN TESTS
# Ninety steps over all games, slower than need be: scikit-learn on dense columns (2.5 times it) shall pass.
duel(fit_bt, draw, atol=0.2, rtol=0, limit=4.0, reference='''
import math

import numpy as np


def fit_bt(i, j, w, n, ridge=0.0):
    theta = np.zeros(n)
    for _ in range(90):
        p = 1 / (1 + np.exp(theta[j] - theta[i]))
        slope = np.bincount(i, w - p, n) - np.bincount(j, w - p, n)
        theta = theta + slope * 2 * n / len(w)
    return (theta - theta.mean()) * 400 / math.log(10)
''')
### END HIDDEN TESTS

# %% tags=["picture"]
llm_evaluation.opponents(fit_bt)

# %% [markdown]
# Two models with the same win rate, 50 %. One met only strong opponents, the other only weak ones. The bars on the
# right are your ratings; the win rate on the left cannot tell the two apart.

# %% [markdown]
# ## 3 · A rank has an interval
#
# A leaderboard prints ranks. With other games the ranks would be others. How much? Draw m of the m games, **with
# replacement**, fit again, note the ratings, repeat B times: the *bootstrap* (section 11 has its theory). In each
# of the B fits every model has a rank. The range that remains without the extremes is its rank interval.
#
# What is drawn is the unit that could have been another: the *game*. Whole games: a model, its opponent and the
# outcome stay together.
#
# **The catch.** A resample can miss the only loss of a strong model. Then there is no maximum (part 2), and code
# that drops such resamples drops exactly the ones in which that model looked best. So resamples are fitted with a
# ridge. Some other catches: votes of one user or on one prompt resemble each other, then draw users or prompts.
# And the interval answers "with other games of the same kind?", not "with other users, other prompts, other
# judges?".
#
# **How many games?** Between two near equals that met m times, without ties, the gap has a standard error of about
# $347 / \sqrt{m}$ points. To tell a lead of 10 points (a win rate of 51.4 %) from none, at two standard errors,
# takes 4,800 games.
#
# Which pair should play next? The one whose gap is least known: Chiang et al. 2024 draw pairs so, and need fewer votes
# for the same intervals. Bradley–Terry allows it: where its model holds, it does not matter who met whom how often.
#
# ### Exercise 15.3 · rank_intervals
#
# Two functions.
#
# - `bootstrap_ratings(i, j, w, n, n_boot=200, seed=0, ridge=0.1)` gives float64 of shape (n_boot, n): each row the
#   ratings, by your `fit_bt` with this ridge, of m games drawn with replacement from the m given (m ≥ 1). The same
#   arguments give the same answer; another `seed` draws all of them anew. Any generator will do.
# - `rank_intervals(R, alpha=0.05)` gives `(low, high)`, two int64 arrays of shape (n,). R is float64 of shape (B,
#   n), B ≥ 1. In a row, the rank of a model is **1 + how many have a rating strictly above its own**; two that
#   tie share the better rank. Then, for each model: leave out the $\lfloor B \alpha / 2 \rfloor$ smallest of its
#   B ranks and as many of the largest; `low` is the smallest that remains, `high` the largest. 0 ≤ α < 1.
#
# The tests take α and B for which $B\alpha/2$ is no whole number, or α a multiple of 1/8, so that no rounding
# decides.
#
# Source: the bootstrap over games is `compute_bootstrap_bt` in FastChat; how to leave out is this course's choice.

# %% stub="rank_intervals"
def bootstrap_ratings(i: Int[np.ndarray, "m"], j: Int[np.ndarray, "m"], w: Float[np.ndarray, "m"], n: int,
                      n_boot: int = 200, seed: int = 0, ridge: float = 0.1) -> Float[np.ndarray, "B n"]:
    """Ratings of n_boot resamples of the games, one resample a row.

    Of a single game every resample is that game: equal rows.
    """
    ### BEGIN SOLUTION
    rng, m = np.random.default_rng(seed), len(i)
    drawn_games = (rng.integers(0, m, m) for _ in range(n_boot))
    return np.stack([fit_bt(i[g], j[g], w[g], n, ridge) for g in drawn_games])
    ### END SOLUTION
    raise NotImplementedError("bootstrap_ratings")


def rank_intervals(R: Float[np.ndarray, "B n"], alpha: float = 0.05,
                   ) -> tuple[Int[np.ndarray, "n"], Int[np.ndarray, "n"]]:
    """(low, high): the range of each model's ranks without the alpha / 2 smallest and largest.

    [[30.0, 10.0, 20.0]] gives ([1, 3, 2], [1, 3, 2]).
    """
    ### BEGIN SOLUTION
    ranks = np.sort(1 + (R[:, None, :] > R[:, :, None]).sum(2), axis=0)
    cut = math.floor(len(R) * alpha / 2)
    return ranks[cut].astype(np.int64), ranks[len(R) - 1 - cut].astype(np.int64)
    ### END SOLUTION
    raise NotImplementedError("rank_intervals")

# %% [markdown] hints="rank_intervals"
# <details><summary>Hint 1: a question</summary>
#
# Which axis of R belongs to the models, which to the resamples? Along which does one rank, along which does one
# sort?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Ratings 5, 9, 5, 1: nobody is above 9 (rank 1), one is above each 5 (rank 2, twice), three are above 1 (rank 4).
# Ten resamples, α = 0.25: 10 · 0.125 = 1.25, so one rank is left out at either end.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# One array of places in the list of games, used three times, makes a resample of whole games. And a rank is not the
# place in a sorted list: `argsort` gives, for each place, who stands there.
#
# </details>

# %% graded="rank_intervals__ranks" points=2
# Looks at ranks and ties, one row of ratings at a time.
check(rank_intervals, np.array([[5.0, 9.0, 5.0, 1.0]]), want=(np.array([2, 1, 2, 4]), np.array([2, 1, 2, 4])),
      why="one above each 5, three above 1",
      mistakes={"from the worst up": (np.array([2, 4, 2, 1]), np.array([2, 4, 2, 1])),
                "counted from 0": (np.array([1, 0, 1, 3]), np.array([1, 0, 1, 3])),
                "ties share the worse rank": (np.array([3, 1, 3, 4]), np.array([3, 1, 3, 4])),
                "the order of argsort, not ranks": (np.array([2, 1, 3, 4]), np.array([2, 1, 3, 4]))})
### BEGIN HIDDEN TESTS
for seed in range(12):
    rng = np.random.default_rng(seed)
    n = [1, 2, 3, 7, 40, 300][seed % 6]
    row = rng.integers(-3, 4, n) / 8 if seed % 2 else rng.normal(0, 200, n)
    want = np.array([1 + sum(y > x for y in row) for x in row])
    check(rank_intervals, np.array([row]), want=(want, want), why="1 + how many are strictly above")
close = np.array([[0.0, 1e-9, -1e-9, 1000.0, 1000.0 + 1e-9]])
check(rank_intervals, close, want=(np.array([4, 3, 5, 2, 1]),) * 2, why="strictly above, however little")
### END HIDDEN TESTS

# %% graded="rank_intervals__interval" points=2
# Looks at which ranks are left out, model by model.
R = np.array([[3.0, 2.0, 1.0]] * 7 + [[2.0, 3.0, 1.0]] * 2 + [[1.0, 2.0, 3.0]])
check(rank_intervals, R, 0.25, want=(np.array([1, 1, 3]), np.array([2, 2, 3])),
      why="ten rows, 1.25 of each end: one rank is left out at either end",
      mistakes={"nothing was left out": (np.array([1, 1, 1]), np.array([3, 2, 3])),
                "all of α at either end": (np.array([1, 2, 3]), np.array([2, 2, 3]))})
### BEGIN HIDDEN TESTS
for seed, (B, n, alpha) in enumerate([(50, 4, 0.05), (50, 6, 0.3), (17, 3, 0.5), (400, 5, 0.75), (33, 9, 0.9),
                                      (8, 3, 0.0), (1, 4, 0.5), (9, 2, 0.99), (110, 3, 0.05), (16, 5, 0.25),
                                      (35, 12, 0.1), (70, 25, 0.05)]):
    rng = np.random.default_rng(seed + 9)
    R = rng.normal(0, 1, n) + rng.standard_normal((B, n))
    if seed % 3 == 0:
        R = np.round(R)
    ranks = [[1 + sum(y > x for y in row) for x in row] for row in R.tolist()]
    cut = int(B * alpha / 2)
    kept = [sorted(r[p] for r in ranks)[cut:B - cut] for p in range(n)]
    want = np.array([k[0] for k in kept]), np.array([k[-1] for k in kept])
    check(rank_intervals, R, alpha, want=want, why=f"{B} rows, alpha = {alpha}: {cut} left out at either end")
    if alpha == 0.05:
        check(rank_intervals, R, want=want, why="alpha is 0.05 unless said otherwise")
R = np.asfortranarray(np.random.default_rng(1).standard_normal((30, 4)))[::2]
ranks = np.sort((R[:, None] > R[:, :, None]).sum(2) + 1, axis=0)
unchanged(rank_intervals, R, 0.25, want=(ranks[1], ranks[13]))
### END HIDDEN TESTS

# %% graded="rank_intervals__resamples" points=3
# Looks at the resamples: whole games, with replacement, as many as there are, fitted with the ridge.
i, j, w = np.array([0] * 200), np.array([1] * 200), np.array([1.0] * 120 + [0.0] * 80)
R = bootstrap_ratings(i, j, w, 2, 150, 3)
expect(list(np.shape(R)), [150, 2], on="the shape of 150 resamples of two models")
gap = np.asarray(R)[:, 0] - np.asarray(R)[:, 1]
center, room = float(gap.mean()), float(gap.std())
assert abs(center - 70.4) < 10, f"120 of 200 won: expected gaps around 70.4 points, got a mean of {center:.1f}"
assert 18.5 < room < 32.5, (
    f"120 of 200 won: the gap scatters by 173.7 / √(200 · 0.6 · 0.4) = 25.1 points; got {room:.1f}")
check(bootstrap_ratings, np.array([0]), np.array([1]), np.array([1.0]), 2, 3, 0, 1.0,
      want=np.array([[58.6, -58.6]] * 3), atol=0.1, why="one game: every resample is that game")
### BEGIN HIDDEN TESTS
for seed, (n, m) in enumerate([(3, 260), (5, 700)]):
    games = drawn(seed + 30, n, m, 120.0)
    given = columns(games)
    R = np.asarray(bootstrap_ratings(*given, n, 150, seed, 0.5))
    expect(R, R.astype(np.float64), on="the dtype of the ratings", rtol=0, atol=0)
    want = slow_bt(games, n, 0.5)
    # standard errors from the curvature at the fit (the sandwich formula is the same where the model holds)
    t = want * math.log(10) / 400
    bend = np.eye(n) * 0.5
    for a, b, _ in games:
        p = 1 / (1 + math.exp(t[b] - t[a]))
        v = np.zeros(n)
        v[a], v[b] = 1, -1
        bend += p * (1 - p) * np.outer(v, v)
    inner = sum(np.outer(u, u) for u in (
        (s - 1 / (1 + math.exp(t[b] - t[a]))) * (np.eye(n)[a] - np.eye(n)[b]) for a, b, s in games))
    error = np.sqrt(np.diag(np.linalg.inv(bend) @ inner @ np.linalg.inv(bend))) * 400 / math.log(10)
    off, spread = (R.mean(0) - want) / error, R.std(0) / error
    assert (abs(off) < 0.5).all(), (
        f"{m} games, 150 resamples: expected means near the fit {want.round(1)}, got {R.mean(0).round(1)}")
    assert ((spread > 0.73) & (spread < 1.31)).all(), (
        f"{m} games, 150 resamples: expected a scatter near {error.round(1)} points, got {R.std(0).round(1)}")
single = np.array([0]), np.array([1]), np.array([0.9])
for ridge in (0.02, 1.5):
    check(bootstrap_ratings, *single, 2, 4, 5, ridge, want=np.tile(slow_bt([(0, 1, 0.9)], 2, ridge), (4, 1)), rtol=0,
          atol=0.1, why="the ridge is in every fit, also where there is a maximum without it")
expect(np.shape(bootstrap_ratings(*single, 2, 203, 1)), (203, 2), on="the shape of 203 resamples")
unbeaten = np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([1.0, 1.0, 0.5])
R = np.asarray(bootstrap_ratings(*unbeaten, 3, 40, 1))
expect(R.shape, (40, 3), on="resamples in which somebody never lost: the ridge makes them all finite")
possible = set()
for a in range(3):
    for b in range(3):
        for c in range(3):
            some = [tuple(x[g] for x in unbeaten) for g in (a, b, c)]
            possible.add(tuple(slow_bt(some, 3, 0.1).round(1).tolist()))
for row in R.tolist():
    near = min(max(abs(x - y) for x, y in zip(row, p)) for p in possible)
    assert near < 0.3, f"three games, ridge 0.1: a resample of whole games cannot give {row}"
assert len({tuple(np.round(r, 0)) for r in R.tolist()}) >= 5, (
    "40 resamples of three games: expected more different ones")
lucky = np.zeros(12, int), np.ones(12, int), np.array([1.0] * 11 + [0.0])
top = slow_bt([(0, 1, 1.0)] * 12, 2, 0.1)[0]
all_won = sum(abs(r[0] - top) < 0.5 for r in np.asarray(bootstrap_ratings(*lucky, 2, 200, 6)).tolist())
assert 36 < all_won < 106, (
    f"11 of 12 won: expected about 70 of 200 resamples without the loss, since (11/12)^12 is 0.35; got {all_won}")
small = bootstrap_ratings(*unbeaten, 3, 2, 0, 50.0)
assert np.abs(small).max() < 12, f"ridge 50: expected ratings near 0, got {np.asarray(small).round(1)}"
### END HIDDEN TESTS

# %% graded="rank_intervals__repeats" points=1
# Looks at the seed and at the number of resamples.
i, j, w = np.array([0, 1, 2, 0, 1, 2, 0]), np.array([1, 2, 0, 2, 0, 1, 1]), np.array([1.0, 1, 0, 0.5, 1, 0, 0])
one, again, other = (bootstrap_ratings(i, j, w, 3, 5, seed) for seed in (4, 4, 5))
expect(again, one, on="the same arguments twice", rtol=0, atol=1e-9)
assert np.abs(np.subtract(one, other)).max() > 1, "seeds 4 and 5: expected other resamples, got the same"
assert np.std(one, axis=0).max() > 1, "five resamples: expected them to differ, got five times the same"
### BEGIN HIDDEN TESTS
expect(list(np.shape(bootstrap_ratings(i, j, w, 3))), [200, 3], on="the shape by default")
expect(bootstrap_ratings(i, j, w, 3, 7), bootstrap_ratings(i, j, w, 3, 7, 0, 0.1),
       on="the default seed and ridge",
       rtol=0, atol=1e-9)
expect(list(np.shape(bootstrap_ratings(i, j, w, 4, 1, 9))), [1, 4],
       on="one resample, and a model without games")
given = columns(drawn(3, 4, 150))
one, other = (np.asarray(bootstrap_ratings(*given, 4, 8, seed, 0.5)) for seed in (4, 5))
apart = np.abs(one[:, None] - other[None]).max(2)
assert apart.min() > 1e-3, "seeds 4 and 5: expected different resamples in every row, some are the same"
first = [tuple(np.round(bootstrap_ratings(i, j, w, 3, 1, seed), 3)[0]) for seed in range(10)]
assert len(set(first)) > 3, f"ten seeds: expected different resamples, got {first[:3]}"
unchanged(bootstrap_ratings, np.array([0]), np.array([1]), np.array([0.5]), 2, 2, 1, 0.3,
          want=np.zeros((2, 2)), atol=0.1)
### END HIDDEN TESTS

# %% tags=["picture"]
llm_evaluation.rank_picture(bootstrap_ratings, rank_intervals)

# %% [markdown]
# Six models, two of them equals by construction, with 300 games and with 3,000. Dots and lines: mean and middle
# 95 % of the resamples. The rank intervals stand at the right. With 300 games the widest spans four or five ranks
# (your draws decide), and one of the equals seems better than the model above both. With 3,000 it spans two,
# rarely three. No number of games separates equals.


# %% [markdown]
# ## 4 · A model as judge
#
# People are slow and dear. So an LLM gets the question and both answers, and is asked which is better. The prompt
# of MT-Bench (80 questions with a follow-up, from Zheng et al. 2023) wants a last line with `[[A]]`, `[[B]]` or, for
# a tie, `[[C]]`. Two things go wrong before any bias does.
#
# - **The reply is text.** The judge explains, quotes its instructions ("`[[A]]` if A is better"), and then
#   decides, or does not. The *last* verdict counts. What a reasoning model thinks aloud between `<think>` and
#   `</think>` is no verdict yet.
# - **No verdict is no tie.** Counted as one it pulls every comparison towards 50 %, the more, the worse the judge
#   keeps its format. It is *invalid*, left out, and counted.
#
# Then the biases. **Position**: the first answer wins more often (with some judges the last one) because it is
# first. **Verbosity**: longer looks better (part 6). **Self-preference**: a judge likes what sounds like itself.
# Zheng et al. 2023 (arXiv 2306.05685) asked GPT-4 in both orders: with their default prompt 65 % of the verdicts
# stayed the same, with worked examples in the prompt 77.5 %. The closer two answers are, the fewer. A panel of
# several judges averages out what they do not share. What most of them like, such as length, stays.
#
# **The cure for position: ask twice, in both orders.** In log-odds of the verdict, let β be the push towards
# whatever stands first and $q$ the pull of X's answer. X first: $q + \beta$. X second, seen from X: $q - \beta$.
# Half the sum is $q$ and half the difference is β. One order alone can never tell the two apart.
#
# **The catch.** A pair on which both orders disagree says "too close for this judge". Dropping such pairs keeps the
# pairs that are far apart, and far pairs are a *selection*: the win rate of the rest is exaggerated. Keep them, as
# ties. The picture after the exercise shows by how much.
#
# ### Exercise 15.4 · debias_pairwise
#
# Three functions.
#
# - `judge_parse(text)` gives `"A"`, `"B"`, `"tie"` or `"invalid"`. A verdict is `[[`, one of the letters A, B, C
#   in either case, and `]]`; spaces, tabs and line breaks may stand between brackets and letter. C means tie. The
#   last one in the text counts; without any it is invalid. Before that, everything from a `<think>` to the next
#   `</think>` is taken out, both tags included, in lower case as written here; where no `</think>` follows,
#   everything to the end. A `</think>` alone and other double brackets, such as `[[note]]`, are plain text.
# - `debias_pairwise(first, second)` gives a list of outcomes for X, pair by pair. `first` are verdicts with X
#   shown as A and Y as B, `second` with the two exchanged: there X is B. All are strings as `judge_parse` gives
#   them. 1.0 if X wins in both orders, 0.0 if Y does; **NaN if either verdict is invalid**; else 0.5. A win in
#   one order and a tie in the other is 0.5, too (MT-Bench calls this conservative).
# - `position_bias(first, second)` gives a float: of all verdicts on pairs of which **both** are valid, the share of
#   "A" minus the share of "B" (ties count in the denominator). +1: the first place always wins, −1: the second. NaN
#   without such a pair.
#
# Lists of different length: `ValueError`, for both. They may be empty: `[]` and NaN.
#
# Source: the format and the rule are those of MT-Bench (FastChat, `llm_judge`); what is done with thoughts and with
# invalid replies is this course's rule.

# %% stub="debias_pairwise"
def judge_parse(text: str) -> str:
    """The last verdict of a reply: "A", "B", "tie" or "invalid".

    judge_parse("I may say [[A]] or [[B]]. Both are wrong: [[C]]") is "tie".
    """
    ### BEGIN SOLUTION
    spoken = re.sub(r"<think>.*?(</think>|\Z)", "", text, flags=re.DOTALL)
    found = re.findall(r"\[\[[ \t\r\n]*([ABCabc])[ \t\r\n]*\]\]", spoken)
    return {"A": "A", "B": "B", "C": "tie"}[found[-1].upper()] if found else "invalid"
    ### END SOLUTION
    raise NotImplementedError("judge_parse")


def debias_pairwise(first: Sequence[str], second: Sequence[str]) -> list[float]:
    """Outcomes for X from verdicts in both orders: X is A in first and B in second.

    debias_pairwise(["A", "A", "tie"], ["B", "A", "invalid"]) is [1.0, 0.5, nan].
    """
    ### BEGIN SOLUTION
    if len(first) != len(second):
        raise ValueError("a pair needs a verdict in either order")

    def outcome(a, b):
        if "invalid" in (a, b):
            return math.nan
        return {("A", "B"): 1.0, ("B", "A"): 0.0}.get((a, b), 0.5)

    return [outcome(a, b) for a, b in zip(first, second)]
    ### END SOLUTION
    raise NotImplementedError("debias_pairwise")


def position_bias(first: Sequence[str], second: Sequence[str]) -> float:
    """The share of verdicts for the place A minus that for B, over pairs with two valid verdicts.

    position_bias(["A", "A"], ["A", "B"]) is (3 - 1) / 4 = 0.5.
    """
    ### BEGIN SOLUTION
    if len(first) != len(second):
        raise ValueError("a pair needs a verdict in either order")
    seen = [v for pair in zip(first, second) if "invalid" not in pair for v in pair]
    return (seen.count("A") - seen.count("B")) / len(seen) if seen else math.nan
    ### END SOLUTION
    raise NotImplementedError("position_bias")

# %% [markdown] hints="debias_pairwise"
# <details><summary>Hint 1: a question</summary>
#
# A judge that always says A: what does it say about X in the first order, and what in the second?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `"<think>[[B]]?</think> Say [[A]] or [[B]]... I choose [[ a ]]."` is A. Verdicts A, A, B, tie in the first order
# and B, A, A, tie in the second are 1, 0.5, 0, 0.5 for X. Of the eight verdicts four are A and two are B: a bias
# of +0.25.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A thought that was cut off has no end tag. And for the bias a pair counts with both verdicts or with none: else
# the better answer's quality does not cancel.
#
# </details>

# %% graded="debias_pairwise__parse" points=2
# Looks at replies: the last verdict, none, the letters in their brackets.
for reply, verdict in [("My choice: [[A]]", "A"), ("[[A]] if A is better, else [[B]]. It is B: [[B]]", "B"),
                       ("Both are fine. [[C]]", "tie"), ("A is better.", "invalid"), ("[[ b ]]", "B")]:
    check(judge_parse, reply, want=verdict, why="the last verdict in double brackets; without one: invalid",
          mistakes={"no verdict counted as a tie": "tie"} if verdict == "invalid" else None)
### BEGIN HIDDEN TESTS
for reply, verdict in [
        ("", "invalid"), ("[A]", "invalid"), ("[[D]]", "invalid"), ("[[AB]]", "invalid"), ("[[A]", "invalid"),
        ("[[tie]]", "invalid"), ("[[]]", "invalid"), ("[[A>>B]]", "invalid"), ("[[c]]", "tie"), ("[[a]]", "A"),
        ("[[B]] or rather\n[[\n\tA \n]]", "A"), ("[[B]][[A]]", "A"), ("[[A]][[B]]", "B"), ("[[C]] [[A]]", "A"),
        ("[[A]] [[C]]", "tie"), ("[[B]] as noted in [[1]] and [[note]]", "B"), ("[ [A]]", "invalid"),
        ("[[A] ]", "invalid"), ("x" * 5000 + "[[B]]" + "y" * 5000, "B"), ("[[B]]\n" * 700 + "[[A]]", "A"),
        ("Answer B. Verdict: A", "invalid"), ("[[A]] [[B", "A"), ("[[A]]\r\n", "A"),
        ("[[A]]: no. [[\r\nB\r\n]]", "B"), ("[[ or rather [[B]]", "B"), ("[[[A]]]", "A")]:
    check(judge_parse, reply, want=verdict, why="the last of [[A]], [[B]], [[C]]")
### END HIDDEN TESTS

# %% graded="debias_pairwise__thoughts" points=1
# Looks at what is thought and not said.
for reply, verdict in [("<think>Maybe [[A]].</think>It is [[B]].", "B"),
                       ("[[A]] <think>or rather [[B]]</think>", "A"), ("<think>Clearly [[A]]", "invalid")]:
    check(judge_parse, reply, want=verdict, why="what stands between <think> and </think> is no verdict",
          mistakes={"a thought was taken for the verdict": "A" if verdict != "A" else "B"})
### BEGIN HIDDEN TESTS
for reply, verdict in [
        ("<think>\nline\n[[A]]\n</think>\n", "invalid"), ("<think>[[A]]</think>", "invalid"),
        ("<think>[[A]]</think>[[B]]<think>[[C]]</think>", "B"), ("[[C]]<think>a [[B]] that never ends", "tie"),
        ("<think>a</think>[[A]]<think>b</think> and no more", "A"), ("<think></think>[[A]]", "A"),
        ("[[B]] </think> [[A]]", "A"), ("[[B]] </think> is all", "B"),
        ("<think>a<think>b</think>[[A]]", "A"), ("<think><think>[[B]]</think>[[C]]</think>", "tie"),
        ("<THINK>[[A]]</THINK>", "A"), ("<think>[[B]]</THINK> [[A]]", "invalid"),
        ("<think>x</think>" * 300 + "[[B]]", "B"), ("<think>[[A]]</think>[[C]]<think>[[B]]", "tie")]:
    check(judge_parse, reply, want=verdict, why="from <think> to the next </think>, or to the end")
### END HIDDEN TESTS

# %% graded="debias_pairwise__outcomes" points=2
# Looks at pairs of verdicts: turned round, disagreeing, tied, invalid.
check(debias_pairwise, ["A", "B", "A", "B"], ["B", "A", "A", "B"], want=[1.0, 0.0, 0.5, 0.5],
      why="in the second order X is B; where the orders disagree it is a tie",
      mistakes={"the second order was not turned round": [0.5, 0.5, 1.0, 0.0],
                "only the first order": [1.0, 0.0, 1.0, 0.0]})
check(debias_pairwise, ["tie", "A", "invalid"], ["tie", "tie", "B"], want=[0.5, 0.5, math.nan],
      why="a win and a tie are 0.5; invalid is NaN, not a tie",
      mistakes={"invalid counted as a tie": [0.5, 0.5, 0.5],
                "a win and a tie counted as 0.75": [0.5, 0.75, math.nan]})
### BEGIN HIDDEN TESTS
words = ["A", "B", "tie", "invalid"]
table = {("A", "B"): 1.0, ("B", "A"): 0.0}
pairs = [(a, b) for a in words for b in words]
for order in (pairs, pairs[::-1], pairs * 40):
    check(debias_pairwise, [a for a, _ in order], [b for _, b in order],
          want=[math.nan if "invalid" in p else table.get(p, 0.5) for p in order],
          why="all sixteen pairs of verdicts")
check(debias_pairwise, [], [], want=[], why="no pairs")
raises(ValueError, debias_pairwise, ["A"], [], why="one verdict against none")
raises(ValueError, debias_pairwise, ["A", "B"], ["A", "B", "B"], why="two verdicts against three")
unchanged(debias_pairwise, ["B", "tie"], ["A", "B"], want=[0.0, 0.5])
### END HIDDEN TESTS

# %% graded="debias_pairwise__bias" points=2
# Looks at the bias: places, not answers; ties; pairs with an invalid verdict.
check(position_bias, ["A", "A", "B", "tie"], ["B", "A", "A", "tie"], want=0.25, why="4 A, 2 B of 8",
      mistakes={"ties were left out": 1 / 3, "of X instead of A": 0.0})
check(position_bias, ["A", "A"], ["A", "invalid"], want=1.0, why="one pair with two valid verdicts: both for A")
### BEGIN HIDDEN TESTS
words = ["A", "B", "tie", "invalid"]
check(position_bias, ["A", "A", "invalid"], ["B", "invalid", "A"], want=0.0, why="only the first pair counts",
      mistakes={"every valid verdict counted": 0.5})
check(position_bias, ["B"] * 3, ["B"] * 3, want=-1.0, why="always the second place")
check(position_bias, [], [], want=math.nan, why="no pairs")
check(position_bias, ["A", "invalid"], ["invalid", "B"], want=math.nan, why="no pair with two valid verdicts")
check(position_bias, ["tie"], ["tie"], want=0.0, why="nothing but ties")
for seed in range(12):
    rng = np.random.default_rng(seed)
    n = [1, 5, 33, 700][seed % 4]
    first, second = ([str(v) for v in rng.choice(words, n, p=[0.5, 0.2, 0.2, 0.1])] for _ in range(2))
    kept = [p for p in zip(first, second) if "invalid" not in p]
    want = sum((v == "A") - (v == "B") for p in kept for v in p) / (2 * len(kept)) if kept else math.nan
    check(position_bias, first, second, want=want, why=f"{n} pairs")
raises(ValueError, position_bias, ["A"], [], why="one verdict against none")
raises(ValueError, position_bias, [], ["tie"], why="none against one")
unchanged(position_bias, ["B", "tie"], ["A", "B"], want=-0.25)
### END HIDDEN TESTS

# %% tags=["picture"]
llm_evaluation.four_win_rates(debias_pairwise, position_bias)

# %% [markdown]
# 20,000 pairs of X and Y; quality differs from pair to pair, X is a little worse on average. The judge gives the
# first place a bonus of 0.8 in log-odds. Read the four numbers, of which one is the truth (the judge without the
# bonus). One order alone flatters X. Both orders with ties are close to the truth. Dropping what disagrees
# overshoots.

# %% [markdown]
# ## 5 · Does the judge agree with people?
#
# Two raters, the same items. The share on which they agree is easy to read, and misleads: if 90 % of all answers
# are good, two raters who never look agree on 82 %. **Cohen's kappa** takes out what chance gives:
#
# $$\kappa = \frac{p_o - p_e}{1 - p_e}, \qquad p_e = \sum_c \, p_a(c) \, p_b(c).$$
#
# $p_o$ is the observed agreement; $p_e$ is what two raters with *these two* distributions of labels would reach
# if they labelled independently. κ = 1: always agree. 0: no more than by chance. Below 0: less than that.
#
# For grades, 4 against 5 is a smaller matter than 1 against 5. Then count *disagreement* with a weight $d(x, y)$:
#
# $$\kappa = 1 - \frac{D_o}{D_e}, \qquad D_o = \frac{1}{n} \sum_k d(a_k, b_k), \qquad
# D_e = \frac{1}{n^2} \sum_k \sum_l d(a_k, b_l) .$$
#
# $D_o$ is the mean over the n items, $D_e$ that over all pairs of an item of one rater and an item of the other.
# With $d = [x \ne y]$ that is the first formula. `"linear"` takes $|x - y|$, `"quadratic"` $(x - y)^2$.
#
# **The catch.** Where both raters nearly always give the same label, $p_e$ is near 1 and κ is near 0 or jumps
# about, however often they agree: report agreement, κ and the distribution of labels. Where they always do, κ is
# 0/0. And κ between a judge and people has a yardstick: κ *between people* on the same items. Ask for that first.
# (In Zheng et al. GPT-4 agreed with people in 85 % of the votes without ties, and people with each other in 81 %.)
#
# ### Exercise 15.5 · cohen_kappa
#
# `cohen_kappa(a, b, weights=None)` gives a float, for two lists of labels of one length.
#
# - `weights=None`: labels are anything hashable, of mixed kinds if need be (strings, ints, None, tuples).
#   `"linear"`, `"quadratic"`: ints or floats, whose **values** enter the distance. Grades 1, 2 and 5 lie 1, 3 and 4
#   apart. (scikit-learn takes places in the sorted list of labels that occur, where 2 and 5 are neighbours, unless it is
#   told of 3 and 4.)
# - NaN where the denominator is 0 (all labels of both raters are one and the same), and for empty lists.
# - Other `weights`, or lists of different length: `ValueError`, for empty lists too.
#
# Source: Cohen 1960, Educational and Psychological Measurement 20; weighted, Cohen 1968, Psychological Bulletin 70.

# %% stub="cohen_kappa"
def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable], weights: str | None = None) -> float:
    """Agreement of two raters beyond chance.

    cohen_kappa(["x", "x", "y", "y"], ["x", "y", "y", "y"]) is (3/4 - 1/2) / (1 - 1/2) = 0.5.
    """
    ### BEGIN SOLUTION
    distances = {None: lambda x, y: float(x != y), "linear": lambda x, y: abs(x - y),
                 "quadratic": lambda x, y: (x - y) ** 2}
    if weights not in distances or len(a) != len(b):
        raise ValueError("weights must be None, linear or quadratic, and a and b of one length")
    distance = distances[weights]
    left, right = ({x: list(side).count(x) for x in set(side)} for side in (a, b))
    seen = sum(distance(x, y) for x, y in zip(a, b)) * len(a)
    chance = sum(distance(x, y) * n * m for x, n in left.items() for y, m in right.items())
    return float(1 - seen / chance) if chance else math.nan
    ### END SOLUTION
    raise NotImplementedError("cohen_kappa")

# %% [markdown] hints="cohen_kappa"
# <details><summary>Hint 1: a question</summary>
#
# One rater says "good" nine times in ten, the other five times in ten. How often would they both say "good" if
# neither looked?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Grades 1, 2, 5 against 1, 3, 5, quadratic: seen (0 + 1 + 0)/3. By chance, each of three against each of three:
# 0, 4, 16, 1, 1, 9, 16, 4, 0, together 51, over 9. κ = 1 − (1/3)/(51/9) = 0.941.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Chance takes each rater's own distribution, and not the even one over labels. A label that only one of the two
# uses takes part in the weighted form.
#
# </details>

# %% graded="cohen_kappa__plain" points=2
# Looks at labels without an order.
check(cohen_kappa, ["x", "x", "y", "y"], ["x", "y", "y", "y"], want=0.5, why="p_o = 3/4, p_e = 1/8 + 3/8",
      mistakes={"plain agreement": 0.75})
check(cohen_kappa, [1] * 9 + [0], [1] * 8 + [0, 1], want=-1 / 9, why="8 of 10 agree, and 0.82 would by chance",
      mistakes={"chance from an even distribution": 0.6, "plain agreement": 0.8})
### BEGIN HIDDEN TESTS
for seed in range(40):
    rng = np.random.default_rng(seed)
    n, kinds = [1, 2, 9, 60, 300][seed % 5], [2, 3, 7][seed % 3]
    a = rng.choice(kinds, n, p=np.arange(1, kinds + 1) / (kinds * (kinds + 1) / 2))
    b = np.where(rng.random(n) < 0.5, a, rng.integers(0, kinds + 1, n))
    names = ["good", "bad", "", "A", "tie", "0", "x y", "B"] if seed % 2 else [0, 1, 2, 3, 5, 8, -1, 100]
    a, b = [names[x] for x in a], [names[y] for y in b]
    check(cohen_kappa, a, b, want=slow_kappa(a, b, lambda x, y: float(x != y)), atol=1e-9, why=f"{n} items")
check(cohen_kappa, ["x", "y"], ["y", "x"], want=-1.0, why="they never agree")
check(cohen_kappa, ["x", "x"], ["y", "y"], want=0.0, why="they never agree, nor would they by chance")
many = ["a", "b"] * 700, ["a", "b", "b", "a", "a"] * 280
check(cohen_kappa, *many, want=slow_kappa([*many[0]], [*many[1]], lambda x, y: float(x != y)),
      why="1,400 items")
check(cohen_kappa, ("x", "y", "y"), ("x", "y", "x"), want=0.4, why="tuples will do")
check(cohen_kappa, [1, "1", None, ("a", 1)], [1, 1, None, ("a", 1)], want=1 - 4 / 12,
      why="1 and '1' are two labels, None and a tuple are two more")
rare = ["good"] * 999 + ["bad"]
check(cohen_kappa, rare, rare, want=1.0, why="by chance 99.8 %, and they agree on all")
check(cohen_kappa, rare, rare[::-1], want=-1 / 999, why="998 of 1,000 agree, and by chance nearly as many")
unchanged(cohen_kappa, ["b", "a", "a"], ["b", "a", "b"], want=0.4)
### END HIDDEN TESTS

# %% graded="cohen_kappa__weighted" points=2
# Looks at grades: how far apart two labels lie.
check(cohen_kappa, [1, 2, 5], [1, 3, 5], "quadratic", want=1 - 3 / 51, why="0, 1, 0 seen; 51/9 by chance",
      mistakes={"places in the list of labels instead of values": 1 - 3 / 29, "no weights": 4 / 7})
check(cohen_kappa, [1, 2, 5], [1, 3, 5], "linear", want=1 - 3 / 17, why="1/3 seen; 17/9 by chance")
### BEGIN HIDDEN TESTS
for seed in range(30):
    rng = np.random.default_rng(seed + 60)
    n = [2, 8, 45, 200][seed % 4]
    a = rng.choice([0, 1, 2, 5, 10, -3], n)
    b = a + rng.integers(-1, 2, n)
    a, b = (a.tolist(), b.tolist()) if seed % 3 else ((a / 4).tolist(), (b / 4 + 0.125).tolist())
    for name, distance in [("linear", lambda x, y: abs(x - y)), ("quadratic", lambda x, y: (x - y) ** 2)]:
        check(cohen_kappa, a, b, name, want=slow_kappa(a, b, distance), atol=1e-9, why=f"{n} grades, {name}")
check(cohen_kappa, [0, 10, 0, 10], [0, 10, 10, 0], "quadratic", want=0.0, why="half of them turned over")
check(cohen_kappa, [1, 1, 1], [1, 1, 4], "quadratic", want=0.0, why="a label that only one rater uses")
check(cohen_kappa, [2.5, 4.0], [2.5, 4.0], weights="linear", want=1.0, why="half grades")
check(cohen_kappa, [0.0, 0.001], [0.001, 0.0], "quadratic", want=-1.0, why="small differences are differences")
check(cohen_kappa, [100, 900, 400], [100, 900, 900], "quadratic",
      want=slow_kappa([100, 900, 400], [100, 900, 900], lambda x, y: (x - y) ** 2), why="grades in hundreds")
unchanged(cohen_kappa, [3, 1], [3, 1], "quadratic", want=1.0)
### END HIDDEN TESTS

# %% graded="cohen_kappa__undefined" points=1
# Looks at what has no kappa.
check(cohen_kappa, ["good", "good"], ["good", "good"], want=math.nan,
      why="one label: chance alone agrees always",
      mistakes={"1.0 for 0/0": 1.0, "0.0 for 0/0": 0.0})
check(cohen_kappa, [], [], want=math.nan, why="no items")
raises(ValueError, cohen_kappa, [1, 2], [1, 2], "cubic", why="weights are None, linear or quadratic")
raises(ValueError, cohen_kappa, [1, 2], [1], why="two labels against one")
### BEGIN HIDDEN TESTS
check(cohen_kappa, [3, 3, 3], [3, 3, 3], "quadratic", want=math.nan, why="one grade alone")
check(cohen_kappa, [0], [0], "linear", want=math.nan, why="one item, one grade, and it is 0")
check(cohen_kappa, [0], [1], want=0.0, why="one item, two labels: nothing seen, nothing by chance")
check(cohen_kappa, [], [], "linear", want=math.nan, why="no items")
raises(ValueError, cohen_kappa, [], [], "", why="an empty string names no weights")
raises(ValueError, cohen_kappa, [1, 2], [2, 2], "Linear", why="weights are None, linear or quadratic, as written")
raises(ValueError, cohen_kappa, [], [1], why="none against one")
raises(ValueError, cohen_kappa, [1], [1, 2], "linear", why="one against two")
### END HIDDEN TESTS

# %% tags=["picture"]
llm_evaluation.kappa_and_prevalence(cohen_kappa)

# %% [markdown]
# A judge that is right in 90 % of cases, whatever the answer, against a person who is always right. What changes is
# how many answers are good. Agreement stays at 0.9. κ is 0.8 where half of them are good, and falls at both ends.


# %% [markdown]
# ## 6 · Length, and what it would be without
#
# A judge that likes long answers rewards a model for talking. One cannot swap lengths as one swaps places. One
# can ask: **what would the win rate be if both answers were equally long?** Fit a logistic regression with the
# difference of lengths in it, then set that difference to zero:
#
# $$p_k = \sigma\left(\beta_0 + \beta_1 x_k\right), \qquad x_k = \tanh\frac{\text{dlen}_k}{\text{scale}}, \qquad
# \text{controlled win rate} = \sigma(\beta_0).$$
#
# The tanh keeps one answer of 5,000 tokens from deciding the fit. AlpacaEval has an LLM judge a model's answers
# against those of one baseline; its length-controlled form does this (Dubois et al. 2024, arXiv 2404.04475), with one
# term more, for the difficulty of each instruction. It raised the rank correlation with the Chatbot Arena from 0.94
# to 0.98. The Arena itself has *style control*: the same idea inside
# Bradley–Terry, with columns for length and for marks such as headings and lists.
#
# **The catch.** Zero lies where the data may not: if a model is always longer, σ(β₀) is an extrapolation. And
# length is not only style. Where longer answers are longer since they are right, the control takes some of the
# merit away.
#
# ### Exercise 15.6 · length_controlled_winrate
#
# `length_controlled_winrate(y, dlen, scale=100.0, ridge=1.0)` gives a float.
#
# - `y`: list of scores of our model against the baseline, each from 0 to 1 (also between, such as 0.5 for a tie).
#   `dlen`: list of numbers, our length minus the baseline's, in tokens.
# - β₀ and β₁ maximise $\sum_k y_k \ln p_k + (1 - y_k) \ln (1 - p_k) - \frac{\text{ridge}}{2} \beta_1^2$. Only β₁ is
#   pulled to 0: a pull on β₀ would move the win rate itself. `ridge` is above 0.
# - All y are 1: 1.0. All are 0: 0.0. (There β₀ has no maximum.) Lists that are empty or of different length:
#   `ValueError`.
#
# Tolerance: 1e-4 absolute. Source: the model is the paper's, without the term for the instruction and with a ridge.

# %% stub="length_controlled_winrate"
def length_controlled_winrate(y: Sequence[float], dlen: Sequence[float], scale: float = 100.0,
                              ridge: float = 1.0) -> float:
    """The win rate that a logistic regression predicts for answers of equal length.

    Without any difference of length it is the plain one: ([1.0, 0.0, 0.5, 1.0], [0, 0, 0, 0]) gives 0.625.
    """
    ### BEGIN SOLUTION
    s = np.asarray(y, np.float64)
    if len(s) == 0 or len(s) != len(dlen):
        raise ValueError("a score and a difference of lengths for each pair, and at least one pair")
    if (s == s[0]).all() and s[0] in (0.0, 1.0):
        return float(s[0])
    X = np.stack([np.ones(len(s)), np.tanh(np.asarray(dlen, np.float64) / scale)], 1)
    beta, pull = np.zeros(2), np.array([0.0, ridge])
    for _ in range(500):
        p = 1 / (1 + np.exp(-X @ beta))
        step = np.linalg.solve((X.T * (p * (1 - p))) @ X + np.diag(pull), X.T @ (s - p) - pull * beta)
        beta = beta + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-11:
            break
    return float(1 / (1 + np.exp(-beta[0])))
    ### END SOLUTION
    raise NotImplementedError("length_controlled_winrate")

# %% [markdown] hints="length_controlled_winrate"
# <details><summary>Hint 1: a question</summary>
#
# The fitted curve gives a chance of winning for every difference of lengths. At which one do you read it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Eight games, scale 100, ridge 1: four with dlen = +100 (x = 0.762), of which three are won, and four with dlen =
# −100, of which one is won. Won and lost mirror each other, so β₀ = 0 and the controlled rate is 0.5, whatever β₁
# is. Were the first four the only games, the raw rate would be 0.75.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Two unknowns, and the pull enters only one row of the slope and one corner of the matrix. A full Newton step can
# overshoot where chances are near 0 or 1. From β = 0 it rarely does; cut each step to 1 to be safe.
#
# </details>

# %% graded="length_controlled_winrate__rate" points=3
# Looks at the rate at equal length: fitted with ties, read at zero.
y, dlen = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0], [100] * 4 + [-100] * 4
check(length_controlled_winrate, y, dlen, want=0.5, rtol=0, atol=1e-4,
      why="it wins when longer and loses when shorter")
y, dlen = [1, 1, 1, 0, 1, 1, 0, 0.5], [150, 90, 210, 40, 120, 30, -60, 10]
check(length_controlled_winrate, y, dlen, want=0.601184,
      rtol=0, atol=1e-4, why="6 of its 8 answers are much longer",
      mistakes={"the raw win rate": 5.5 / 8})
### BEGIN HIDDEN TESTS
for seed in range(24):
    rng = np.random.default_rng(seed)
    n, scale, ridge = [3, 12, 70, 400][seed % 4], [100.0, 60.0, 350][seed % 3], [1.0, 0.1, 10, 0.03, 200][seed % 5]
    dlen = rng.normal(rng.normal(0, 40), [80, 60, 700][seed % 3], n)
    chance = 1 / (1 + np.exp(-(rng.normal() + 2 * rng.normal() * np.tanh(dlen / scale))))
    y = np.where(rng.random(n) < 0.15, 0.5, (rng.random(n) < chance).astype(float))
    y[:2] = 1.0, 0.0
    if seed % 7 == 0:
        y = rng.random(n)
    want = slow_controlled(y.tolist(), dlen.tolist(), scale, ridge)
    check(length_controlled_winrate, y.tolist(), dlen.tolist(), scale, ridge, want=want, rtol=0, atol=1e-4,
          why=f"{n} games, scale {scale}, ridge {ridge}")
one_sided = [1, 1, 0, 1, 0.5], [50, 50, 50, 50, 50]
check(length_controlled_winrate, *one_sided, want=0.7, rtol=0, atol=1e-4,
      why="always 50 longer: nothing tells length and quality apart, the ridge leaves it to quality")
far = [1, 0, 1, 1, 0, 1], [10, -20, 9000, 30, 5, -40]
check(length_controlled_winrate, *far, want=slow_controlled(*far, 100.0, 1.0), rtol=0, atol=1e-4,
      why="the defaults, and one answer of 9,000 tokens more")
split = [1, 1, 1, 0, 0], [300, 280, 400, -250, -300]
check(length_controlled_winrate, *split, 100.0, 0.01, want=slow_controlled(*split, 100.0, 0.01),
      rtol=0, atol=1e-4,
      why="length separates wins from losses: the ridge holds")
check(length_controlled_winrate, [0.25], [7], want=0.25, rtol=0, atol=1e-4, why="one pair of unlike length")
check(length_controlled_winrate, [0.3, 0.3], [0, 0], want=0.3, rtol=0, atol=1e-4,
      why="two alike, and neither 0 nor 1")
unchanged(length_controlled_winrate, [1, 0, 0.5], [0, 0, 0], want=0.5, atol=1e-4)
### END HIDDEN TESTS

# %% graded="length_controlled_winrate__edges" points=1
# Looks at games that were all won, all lost, or not there.
check(length_controlled_winrate, [1, 1.0, 1], [5, -90, 300], want=1.0, rtol=0, atol=1e-4, why="all won")
check(length_controlled_winrate, [0.0, 0], [5, -90], want=0.0, rtol=0, atol=1e-4, why="all lost")
raises(ValueError, length_controlled_winrate, [], [], why="no games")
raises(ValueError, length_controlled_winrate, [1.0], [3, 4], why="one score, two lengths")
### BEGIN HIDDEN TESTS
check(length_controlled_winrate, [1], [0], want=1.0, rtol=0, atol=1e-4, why="one game, won")
check(length_controlled_winrate, [1, 1, 1], [60, 200, 340], want=1.0, rtol=0, atol=1e-4,
      why="all won, and all of them longer")
check(length_controlled_winrate, [0, 0], [60, 200], want=0.0, rtol=0, atol=1e-4, why="all lost, though longer")
check(length_controlled_winrate, [0] * 300, list(range(300)), 10.0, 0.5, want=0.0, rtol=0, atol=1e-4,
      why="all lost")
raises(ValueError, length_controlled_winrate, [1.0, 0.0], [3], why="two scores, one length")
raises(ValueError, length_controlled_winrate, [], [3], why="no score, one length")
check(length_controlled_winrate, [0.5, 0.5], [40, -900], want=0.5, rtol=0, atol=1e-4, why="only ties")
check(length_controlled_winrate, [0.75, 1, 0.75], [0, 0, 0], want=2.5 / 3, rtol=0, atol=1e-4,
      why="no score is below 0.75")
check(length_controlled_winrate, [1] * 399 + [0], [0] * 400, want=0.9975, rtol=0, atol=1e-4, why="399 of 400 won")
### END HIDDEN TESTS

# %% tags=["picture"]
llm_evaluation.length_picture(length_controlled_winrate)

# %% [markdown]
# A model that is truly a little worse than the baseline (its rate at equal length is 0.45) writes 0 to 200 tokens
# more per answer, for a judge that likes length. The raw win rate climbs with the words. Yours stays near the
# truth. The band is what 40 draws of 1,500 games leave open. At the right end, where hardly any pair is of equal
# length, it widens, and the ridge lets the rate drift up.
#
# ## 7 · What does a solved task cost?
#
# Prices are per million tokens, input and output apart. List prices as read in 2026 for this course: GPT-4.1 2 and 8
# dollars, Claude Sonnet 4.5 3 and 15, GPT-4o-mini 0.15 and 0.60, Claude Haiku 4.5 1 and 5. So output is dearer by a
# factor of 4 to 5 here, and of 8 with GPT-5.2 (1.75 and 14, in GitHub Copilot's table). They change; a table of
# prices carries a date. Batch interfaces take about half. Hardware of your own is cheap per token only while it is busy.
#
# **Price divided by score is no measure.** A model for 0.05 dollars a task that is right in 26 % (a guess among
# four) costs 0.19 dollars per right answer, one for 5 dollars that is right in 90 % costs 5.56. The guesser
# wins by a factor of 29, since the ratio takes each wrong answer as free. Say a wrong one costs 20 dollars, to
# find and mend. Then a task costs 14.85 with the guesser and 7.00 with the other, a right answer 57.12 and 7.78.
#
# What one wants is money **per solved task**, with everything that is paid on the way:
#
# - an attempt costs its tokens, thinking tokens included, whether it succeeds or not;
# - if a failure is *noticed* (tests, a checker), one may try again. With success probability $p$ and up to $r$
#   retries, attempt $k$ happens with probability $(1-p)^{k-1}$. A retry without a checker is no retry: who would
#   ask for it?
# - what still fails after the last attempt costs its error, once.
#
# Where errors are free this is price over accuracy again, with any number of retries. All that tells models apart
# better than the ratio does is the price of an error.
#
# **The catch.** "Independent attempts" flatters: what failed once often fails again for the same reason. Measure
# the success of second attempts.
#
# And where no price for errors can be named: draw cost against quality, and keep what nobody beats on both, the
# **Pareto front**.
#
# ### Exercise 15.7 · cost_per_success
#
# - `cost_per_success(price_in, price_out, tokens_in, tokens_out, accuracy, retries=0, error_cost=0.0)` gives a
#   float: the expected money spent on a task, divided by the probability that it gets solved. Prices in dollars
#   per 1,000,000 tokens, tokens per attempt. At most 1 + `retries` attempts, independent, each right with
#   probability `accuracy`; the first right one ends the task. A task that is never solved costs `error_cost` on
#   top. Accuracy 0: `math.inf`, even where all costs are 0. `accuracy` outside 0 … 1 or negative `retries`:
#   `ValueError`.
# - `pareto(points)` gives a list of ints, ascending: the places of the points that nobody dominates. A point is
#   `(cost, quality)`. Another one dominates it if it costs no more **and** has no less quality, **and** at least
#   one of the two is strictly better. So of two equal points neither dominates. A cost may be `math.inf`. `[]`
#   gives `[]`.
#
# Tolerance: 1e-6 relative, for accuracies from 1e-8 up. Source: this course; the sum is that of a geometric
# distribution that ends at $r$.

# %% stub="cost_per_success"
def cost_per_success(price_in: float, price_out: float, tokens_in: float, tokens_out: float, accuracy: float,
                     retries: int = 0, error_cost: float = 0.0) -> float:
    """Expected dollars per solved task; prices per million tokens.

    cost_per_success(2.0, 8.0, 1000, 500, 0.5) is 0.006 / 0.5 = 0.012.
    """
    ### BEGIN SOLUTION
    if not 0 <= accuracy <= 1 or retries < 0:
        raise ValueError("accuracy lies between 0 and 1, and retries are not negative")
    if accuracy == 0:
        return math.inf
    attempt_cost = (price_in * tokens_in + price_out * tokens_out) / 1e6
    failed = (1 - accuracy) ** (retries + 1)
    solved = 1.0 if failed == 0 else -math.expm1((retries + 1) * math.log1p(-accuracy))
    return attempt_cost / accuracy + failed * error_cost / solved  # attempts expected: solved / accuracy
    ### END SOLUTION
    raise NotImplementedError("cost_per_success")


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """The places of the (cost, quality) points that no other dominates.

    pareto([(1.0, 0.5), (2.0, 0.5), (2.0, 0.9)]) is [0, 2].
    """
    ### BEGIN SOLUTION
    def beats(a, b):
        return a[0] <= b[0] and a[1] >= b[1] and (a[0] < b[0] or a[1] > b[1])

    return [k for k, point in enumerate(points) if not any(beats(other, point) for other in points)]
    ### END SOLUTION
    raise NotImplementedError("pareto")

# %% [markdown] hints="cost_per_success"
# <details><summary>Hint 1: a question</summary>
#
# Of 1,000 tasks, how many reach a second attempt, and who pays for their first?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# An attempt for 0.01, p = 0.4, one retry, an error for 1: attempts 1 + 0.6 = 1.6, so 0.016. Unsolved 0.36, so
# 0.36 more. Solved 0.64. Together 0.376/0.64 = 0.5875.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The division is by the tasks that are solved in the end, not by the accuracy of one attempt. For the front, a
# point with the same cost and less quality is beaten.
#
# </details>

# %% graded="cost_per_success__cost" points=2
# Looks at tokens, retries, errors and accuracies at both ends.
check(cost_per_success, 2.0, 8.0, 1000, 500, 0.5, want=0.012,
      why="0.002 + 0.004 an attempt, every second one right",
      mistakes={"per attempt, not per success": 0.006, "one price for both kinds of tokens": 0.006})
check(cost_per_success, 0.0, 10.0, 50, 1000, 0.4, 1, 1.0, want=0.5875, why="(1.6 · 0.01 + 0.36 · 1) / 0.64",
      mistakes={"always both attempts": (0.02 + 0.36) / 0.64, "divided by one attempt's accuracy": 0.376 / 0.4,
                "an error after each attempt": (0.016 + 0.6 + 0.36) / 0.64})
check(cost_per_success, 1.0, 1.0, 10, 10, 0.0, 3, want=math.inf, why="it never succeeds")
### BEGIN HIDDEN TESTS
for seed in range(72):
    rng = np.random.default_rng(seed)
    a, b, t, u = (float(x) for x in rng.uniform(0, [20, 80, 1e5, 3e4]))
    p, r, e = [0.26, 0.9, 1.0, 1e-3, 0.5, 1e-8][seed % 6], [0, 1, 4, 30][seed // 6 % 4], [0.0, 20.0, 0.35][seed // 24]
    spent = math.fsum((a * t + b * u) / 1e6 * (1 - p) ** k for k in range(r + 1))
    solved = math.fsum(p * (1 - p) ** k for k in range(r + 1))
    check(cost_per_success, a, b, t, u, p, r, e, want=(spent + (1 - p) ** (r + 1) * e) / solved, rtol=1e-6,
          why=f"accuracy {p}, {r} retries, error {e}")
check(cost_per_success, 1, 0, 1000000, 0, 1, 5, 9, want=1.0, why="always right: one attempt, no error")
check(cost_per_success, 0, 0, 0, 0, 0, want=math.inf, why="free, and never right")
check(cost_per_success, 0, 0, 10, 10, 0.25, 0, 3.0, want=9.0, why="three wrong ones for each right one")
check(cost_per_success, 5, 5, 100000, 100000, 0.5, retries=2000, error_cost=1e6, want=2.0, why="2,000 retries")
### END HIDDEN TESTS

# %% graded="cost_per_success__errors" points=1
# Looks at what cannot be.
check(cost_per_success, 1.0, 1.0, 500000, 500000, 1.0, want=1.0, why="always right")
for accuracy, retries in [(1.2, 0), (-0.1, 0), (0.5, -1)]:
    raises(ValueError, cost_per_success, 1.0, 1.0, 10, 10, accuracy, retries,
           why="a probability, and 0 retries or more")
### BEGIN HIDDEN TESTS
for accuracy, retries in [(26.0, 1), (0.0, -1), (-1e-9, 2), (1.0, -3), (1 + 1e-9, 0)]:
    raises(ValueError, cost_per_success, 1.0, 1.0, 10, 10, accuracy, retries,
           why="a probability, and 0 retries or more")
### END HIDDEN TESTS

# %% graded="cost_per_success__pareto" points=2
# Looks at the front: equal points, equal costs, the order of the answer.
check(pareto, [(1.0, 0.5), (2.0, 0.5), (2.0, 0.9), (1.5, 0.4)], want=[0, 2],
      why="(2, 0.5) costs more and gives no more",
      mistakes={"dominated only if worse in both": [0, 1, 2]})
check(pareto, [(1.0, 0.5), (1.0, 0.5)], want=[0, 1], why="equal points do not dominate each other",
      mistakes={"equal points removed each other": [], "only the first of two equal ones": [0]})
### BEGIN HIDDEN TESTS
check(pareto, [], want=[], why="no points")
check(pareto, [(3.0, 0.2)], want=[0], why="one point")
check(pareto, [(2.0, 0.9), (2.0, 0.8), (2.0, 0.9), (1.0, 0.1)], want=[0, 2, 3],
      why="equal costs: the better ones")
check(pareto, [(math.inf, 0.0), (1.0, 0.0), (math.inf, 0.3)], want=[1, 2],
      why="infinitely dear, and of more quality")
check(pareto, [(math.inf, 0.2), (math.inf, 0.3), (math.inf, 0.3)], want=[1, 2], why="infinite costs are equal")
check(pareto, [(1.0, 0.5), (2.0, 0.5 + 1e-9), (2.0 + 1e-9, 0.5)], want=[0, 1], why="strictly better, however little")
check(pareto, [(2e-7, 0.5), (1e-7, 0.5), (3e-7, 0.500_000_1)], want=[1, 2],
      why="costs of a ten-millionth of a dollar: strictly cheaper, however little")
check(pareto, [(0.0, 0.0), (-1.0, -2.0), (0.0, -1.0)], want=[0, 1], why="zeros and negative numbers")
for seed in range(20):
    rng = np.random.default_rng(seed)
    n = [2, 9, 60, 300][seed % 4]
    points = [(float(c) / 4, float(q) / 4) for c, q in rng.integers(0, [3, 8, 40][seed % 3], (n, 2))]
    want = []
    for k, (c, q) in enumerate(points):
        best = max(v for u, v in points if u <= c)
        cheapest = min(u for u, v in points if v >= q)
        if best <= q and cheapest >= c:
            want.append(k)
    check(pareto, points, want=want, why=f"{n} points with many equal numbers")
unchanged(pareto, [(2.0, 0.1), (1.0, 0.2)], want=[1])
### END HIDDEN TESTS

# %% tags=["picture"]
llm_evaluation.cost_picture(cost_per_success, pareto)

# %% [markdown]
# Left: five invented models, the front drawn through those that nobody dominates. Right: the cost of a solved
# task as the price of an error grows. The cheapest model is the best one only while errors are nearly free. Where
# lines cross, the choice changes; find out on which side you live.


# %% [markdown]
# ## 8 · The whole: an arena
#
# Games go to the judge in both orders. Replies become verdicts, verdicts outcomes, outcomes ratings, resampled
# games rank intervals. Beside the table stands what the judge did: its bias for a place, and how many games it
# left undecided because nobody could read its reply.
#
# **The catch.** With the ridge, a model that has no game left gets a rating of 0 in every resample. Its interval
# would be a single rank, the surest of the table, made of nothing. No evidence is the widest interval.
#
# ### Exercise 15.8 · arena
#
# `arena(answers, games, ask, n_boot=200, seed=0, alpha=0.05, ridge=0.1)` gives a dict, built from your functions.
#
# - `answers`: {model: list of its answers}, question by question. `games`: list of `(x, y, q)`, two different
#   models of `answers` and a question's place. `ask(q, first, second)` shows the judge two answers to question q,
#   the first as A, and gives its reply, a text. Ask it **twice for each game**, once with x's answer first and
#   once with y's, in whatever sequence.
# - `"bias"`: your `position_bias` of all verdicts. `"unread"`: an int, the games of which either reply is invalid.
#   These are left out of everything that follows.
# - `"table"`: a list of dicts, the highest rating first (ties as you like), one for each model of `answers`:
#   `"name"`; `"rating"`, a float, by `fit_bt` with `ridge` over all models; `"low"` and `"high"`, ints, by
#   `rank_intervals` with `alpha` of `bootstrap_ratings` with `n_boot`, `seed` and `ridge`; `"games"`, an int, how
#   many games of it are left.
# - A model with no game left: `low` is 1 and `high` the number of models. If no game is left at all, that holds for
#   everybody, and all ratings are 0.0. `answers` has at least one model, `games` may be empty.
#
# Tolerance: 0.1 points. `ridge` is above 0. Source: this course; the parts as above.

# %% stub="arena"
def arena(answers: Mapping[str, Sequence[str]], games: Sequence[tuple[str, str, int]], ask: Ask, n_boot: int = 200,
          seed: int = 0, alpha: float = 0.05, ridge: float = 0.1) -> dict:
    """{"table": rows with rating and rank interval, "bias": of the judge for a place, "unread": games left out}.

    Of no games, {"m": []} gives one row with rating 0.0, low 1, high 1 and games 0; bias nan, unread 0.
    """
    ### BEGIN SOLUTION
    names = list(answers)
    place, n = {name: k for k, name in enumerate(names)}, len(names)
    first = [judge_parse(ask(q, answers[x][q], answers[y][q])) for x, y, q in games]
    second = [judge_parse(ask(q, answers[y][q], answers[x][q])) for x, y, q in games]
    kept = [(place[x], place[y], s) for (x, y, _), s in zip(games, debias_pairwise(first, second))
            if not math.isnan(s)]
    i, j = (np.array([game[side] for game in kept], np.int64) for side in (0, 1))
    w = np.array([game[2] for game in kept], np.float64)
    ratings, played = fit_bt(i, j, w, n, ridge), np.bincount(np.concatenate([i, j]), minlength=n)
    low, high = np.ones(n, np.int64), np.full(n, n)
    if kept:
        a, b = rank_intervals(bootstrap_ratings(i, j, w, n, n_boot, seed, ridge), alpha)
        low, high = np.where(played > 0, a, low), np.where(played > 0, b, high)
    table = [{"name": names[p], "rating": float(ratings[p]), "low": int(low[p]), "high": int(high[p]),
              "games": int(played[p])}
             for p in np.argsort(-ratings, kind="stable")]
    return {"table": table, "bias": position_bias(first, second), "unread": len(games) - len(kept)}
    ### END SOLUTION
    raise NotImplementedError("arena")

# %% [markdown] hints="arena"
# <details><summary>Hint 1: a question</summary>
#
# A game between x and y, a verdict "A" in both orders. What enters the table, and what enters the bias?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Three models, four games: "ada" beats "bob" in both orders, twice; "bob" and "cyn" meet once, and one reply is
# invalid; "ada" and "bob" meet again with A in both orders. Left: three games with outcomes 1, 1, 0.5. `unread`
# 1; games 3, 3, 0; "cyn" has the interval 1 to 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The invalid games go before anything is fitted: NaN in one score makes every rating NaN. And arrays without a
# number in them are floats, unless one says that they hold places.
#
# </details>

# %% graded="arena__table" points=3
# Looks at the table: ratings, their order, games and the rank intervals where they are sure.
texts = {"bob": ["2"] * 12, "ada": ["3"] * 12, "cyn": ["1"] * 12}
fixtures = [(x, y, q) for q in range(12) for x, y in [("bob", "ada"), ("ada", "cyn"), ("cyn", "bob")]]


def larger(q, first, second):
    "A judge that can read and count."
    return "I compare. [[A]]" if first > second else "[[B]]" if second > first else "[[C]]"


got = arena(texts, fixtures, larger, 30)
expect([(row["name"], row["low"], row["high"], row["games"]) for row in got["table"]],
       [("ada", 1, 1, 24), ("bob", 2, 2, 24), ("cyn", 3, 3, 24)],
       on="the table where ada always wins and cyn never",
       why="each always beats those below it: every resample ranks them so")
expect((got["bias"], got["unread"]), (0.0, 0), on="bias and unread of a judge that looks at the answers alone")
### BEGIN HIDDEN TESTS
for seed, (n, m, ridge) in enumerate([(3, 40, 0.1), (5, 120, 1.0), (9, 150, 8.0)]):
    rng = np.random.default_rng(seed)
    names = [f"model {c}" for c in rng.permutation(n)]
    texts = {name: [f"{rng.integers(0, 10 + 4 * k):03d}" for _ in range(11)] for k, name in enumerate(names)}
    played = [(names[a], names[(a + int(rng.integers(1, n))) % n], int(rng.integers(11)))
              for a in rng.integers(0, n, m)]
    want = slow_bt([(names.index(x), names.index(y), 0.5 + 0.5 * np.sign(int(texts[x][q]) - int(texts[y][q])))
                    for x, y, q in played], n, ridge)
    got = arena(texts, played, larger, 12, seed, ridge=ridge)
    rows = rows_of(got)
    expect(sorted(rows), sorted(names), on="the models of the table")
    given = [row["rating"] for row in got["table"]]
    assert all(a >= b - 0.2 for a, b in zip(given, given[1:])), f"expected the highest rating first, got {given}"
    for k, name in enumerate(names):
        row = rows[name]
        expect(row["rating"], float(want[k]), on=f"the rating of {name!r}, ridge {ridge}", rtol=0, atol=0.1)
        expect(row["games"], sum(name in g[:2] for g in played), on=f"the games of {name!r}")
        assert 1 <= row["low"] <= row["high"] <= n, f"{name!r}: expected ranks from 1 to {n}, got {row}"
        expect((row["low"], row["high"]), (int(row["low"]), int(row["high"])), on="whole ranks")
even = {"x": ["1", "2"], "y": ["2", "1"]}
for fixtures_ in ([("x", "y", q % 2) for q in range(40)], [("y", "x", q % 2) for q in range(40)]):
    rows = rows_of(arena(even, fixtures_, larger, 60))
    expect([(rows[k]["low"], rows[k]["high"]) for k in "xy"], [(1, 2), (1, 2)],
           on="the ranks of two that win 20 of 40 each")
### END HIDDEN TESTS

# %% graded="arena__judge" points=2
# Looks at how the judge is asked: both orders, the right answers, replies that nobody can read.
asked = []


def note(q, first, second):
    "Notes down what it is asked; cannot decide on question 1, and likes the first place."
    asked.append((q, first, second))
    return "Hard to say." if q == 1 else "[[A]]"


got = arena({"x": ["x0", "x1", "x2"], "y": ["y0", "y1", "y2"]}, [("x", "y", 0), ("y", "x", 1), ("x", "y", 2)],
            note, 5)
expect(sorted(asked), sorted([(0, "x0", "y0"), (0, "y0", "x0"), (1, "x1", "y1"), (1, "y1", "x1"), (2, "x2", "y2"),
                              (2, "y2", "x2")]),
       on="what the judge was asked", why="each game twice, in both orders")
expect((got["bias"], got["unread"]), (1.0, 1), on="bias and unread of a judge that always says A, and once nothing")
expect([(row["rating"], row["games"]) for row in got["table"]], [(0.0, 2), (0.0, 2)], on="ratings and games",
       why="always A is a tie in every game", atol=0.1)
### BEGIN HIDDEN TESTS
def shy(q, first, second):
    "Reads only where the larger one comes first; thinks aloud."
    if q == 3 and first < second:
        return "<think>[[B]]</think>"
    return "<think>[[C]]</think> [[A]]" if first > second else "[[A]] is wrong, so [[b]]"


texts = {"u": ["5", "1", "7", "2", "9"], "v": ["4", "3", "6", "8", "0"]}
played = [("u", "v", q) for q in range(5)] + [("v", "u", q) for q in (0, 3, 1)]
got = arena(texts, played, shy, 8, 2, ridge=0.5)
rows = rows_of(got)
want = slow_bt([(0, 1, 1.0), (0, 1, 0.0), (0, 1, 1.0), (0, 1, 1.0), (0, 1, 1.0), (0, 1, 0.0)], 2, 0.5)
expect(got["unread"], 2, on="games with a reply that nobody can read, in either order")
expect(got["bias"], 0.0, on="the bias over games with two valid verdicts")
expect([rows["u"]["rating"], rows["v"]["rating"]], want.tolist(), on="ratings without the unread games",
       rtol=0, atol=0.1)
expect([rows["u"]["games"], rows["v"]["games"]], [6, 6], on="games without the unread ones")
given = {"x": ["1", "2", "1"], "y": ["2", "1", "1"]}, [("x", "y", 2), ("x", "y", 0), ("y", "x", 0)]
want = slow_bt([(1, 0, 1.0), (1, 0, 1.0)], 2, 2.0)
unchanged(arena, *given, lambda q, a, b: "[[A]]" if a > b else "[[B]]" if b > a else "?", 3, ridge=2.0,
          want={"table": [{"name": "y", "rating": float(want[1]), "low": 1, "high": 1, "games": 2},
                          {"name": "x", "rating": float(want[0]), "low": 2, "high": 2, "games": 2}],
                "bias": 0.0, "unread": 1}, atol=0.1)
half = arena({"x": ["3"] * 9, "y": ["2"] * 9}, [("x", "y", q) for q in range(9)],
             lambda q, a, b: "[[A]]" if a > b else "[[C]]", 3)
expect([row["rating"] for row in half["table"]], [0.0, 0.0], rtol=0, atol=0.1,
       on="the ratings where x wins in one order and ties in the other",
       why="a win and a tie are 0.5, by your debias_pairwise")
expect(half["bias"], 0.5, on="its bias: 9 A and 9 ties of 18")
turns = []


def tired(q, first, second):
    "Likes the first place, and is asked again."
    turns.append((q, first, second))
    return "[[A]]" if len(turns) < 4 else "?"


got = arena({"x": ["s", "t"], "y": ["s", "u"]}, [("x", "y", 1), ("x", "y", 1), ("y", "x", 0)], tired, 3)
expect(sorted(turns), sorted([(1, "t", "u"), (1, "u", "t")] * 2 + [(0, "s", "s")] * 2), on="what the judge was asked",
       why="each game twice, also the same game again and two answers alike")
### END HIDDEN TESTS

# %% graded="arena__evidence" points=2
# Looks at models without a game, and at alpha, n_boot and seed.
def larger(q, first, second):
    "A judge that can read and count."
    return "[[A]]" if first > second else "[[B]]" if second > first else "[[C]]"


got = arena({"x": ["2"], "y": ["1"], "idle": ["0"]}, [("x", "y", 0)] * 20, larger, 20)
rows = {row["name"]: row for row in got["table"]}
expect((rows["idle"]["low"], rows["idle"]["high"], rows["idle"]["games"]), (1, 3, 0),
       on="a model without a game",
       why="nothing is known about it: any rank is possible")
silent = arena({"x": ["2"], "y": ["1"]}, [("x", "y", 0)], lambda q, a, b: "?", 5)
expect([(row["rating"], row["low"], row["high"], row["games"]) for row in silent["table"]], [(0.0, 1, 2, 0)] * 2,
       on="the table when no reply can be read")
assert math.isnan(silent["bias"]) and silent["unread"] == 1, (
    f"no verdict: expected bias nan and 1 unread, got {silent}")
### BEGIN HIDDEN TESTS
expect(rows["idle"]["rating"], 0.0, on="the rating of a model without a game", rtol=0, atol=0.1)
expect((rows["x"]["low"], rows["x"]["high"], rows["y"]["low"], rows["y"]["high"]), (1, 1, 3, 3),
       on="ranks of the two that played: the idle one lies between")
five = {"d": ["2"], "idle": ["9"], "b": ["4"], "a": ["5"], "c": ["3"]}
got = arena(five, [(x, y, 0) for x, y in ["ab", "ac", "ad", "cb", "bd", "dc"] for _ in range(9)], larger, 5)
expect([row["name"] for row in got["table"]], ["a", "b", "idle", "c", "d"],
       on="the table of four that played and one that did not",
       why="the highest rating first, whatever the intervals: the idle one has 0, the middle")
expect([(row["low"], row["high"]) for row in got["table"] if row["name"] == "idle"], [(1, 5)], on="its interval")
none = arena({"p": [], "q": [], "r": []}, [], larger)
expect(sorted((row["name"], row["rating"], row["low"], row["high"], row["games"]) for row in none["table"]),
       [(name, 0.0, 1, 3, 0) for name in "pqr"], on="an arena without games")
assert math.isnan(none["bias"]) and none["unread"] == 0, f"no games: expected bias nan and 0 unread, got {none}"
one = arena({"m": ["1"]}, [], larger)
expect([(row["low"], row["high"]) for row in one["table"]], [(1, 1)], on="an arena of one model")
mute = arena({"x": ["2"], "y": ["1"], "dumb": [""]}, [("x", "y", 0)] * 20 + [("dumb", "x", 0), ("y", "dumb", 0)],
             lambda q, a, b: larger(q, a, b) if a and b else "[[x]]", 20)
row = rows_of(mute)["dumb"]
expect((row["low"], row["high"], row["games"], mute["unread"]), (1, 3, 0, 2),
       on="a model whose games were all unread, and the games unread", why="played, but nothing is known about it")
better = {"x": ["2", "1"], "y": ["1", "2"]}
played = [("x", "y", int(q >= 33)) for q in range(60)]  # x wins 33 of 60
for alpha, want in [(0.05, [(1, 2), (1, 2)]), (0.875, [(1, 1), (2, 2)])]:
    rows = {row["name"]: row for row in arena(better, played, larger, 150, 1, alpha)["table"]}
    expect([(rows[k]["low"], rows[k]["high"]) for k in "xy"], want,
           on=f"33 of 60 won, alpha = {alpha}, 150 resamples")
default = {row["name"]: row for row in arena(better, played, larger, 150)["table"]}
expect([(default[k]["low"], default[k]["high"]) for k in "xy"], [(1, 2), (1, 2)],
       on="33 of 60 won, alpha by default")
four = {"x": ["2", "1"], "y": ["1", "2"], "u": ["2"], "v": ["1"]}  # x wins 30 of 40, u 3 of 3
strong = arena(four, [("x", "y", int(q >= 30)) for q in range(40)] + [("u", "v", 0)] * 3, larger, 60, 2, 0.25, 20.0)
strong = {row["name"]: row for row in strong["table"]}
expect((strong["x"]["low"], strong["x"]["high"]), (1, 1),
       on="the ranks of x with 30 of 40 won, beside u with 3 of 3",
       why="ridge 20 holds in the resamples, too: three games count for little")
even = [("x", "y", q % 2) for q in range(41)]
seen = set()
for seed in range(30):
    single = {row["name"]: row for row in arena(better, even, larger, 1, seed)["table"]}
    expect(single["x"]["low"], single["x"]["high"], on="one resample: one rank")
    seen.add(single["x"]["low"])
assert seen == {1, 2}, f"one resample each, thirty seeds, two equals: expected x first and second, got {seen}"
again = [arena(better, even, larger, 9, 3) for _ in range(2)]
expect(again[0], again[1], on="the same arguments twice")
### END HIDDEN TESTS

# %% [markdown]
# **It runs.** Six invented models, 900 games. The judge sees quality with noise, and gives 0.8 in log-odds to
# whatever stands first. Two models are always shown first by an arena that asks in one order only. It takes a few
# seconds.

# %% tags=["picture"]
llm_evaluation.arena_picture(arena, fit_bt)

# %% [markdown]
# - **One order**: the two that always stood first are lifted, although the games and the judge are the same.
# - **Both orders**: the order of the truth is back, and the scale is compressed: compare the last column, the ratings
#   by a judge without the bonus. Ties from disagreement pull ratings together: trust ranks and intervals more than
#   distances.
# - The **bias** is printed beside the table. A judge whose bias is near +1 or −1 reads nothing, whatever the table says.
#
# ## 9 · The experiment: the same games in another order
#
# Eight models, true ratings from +280 down to −280 in steps of 80 points. 4,000 games, one set of them. It is
# shuffled 200 times, and each time Elo runs through it with K = 32. **In how many of the 200 orders does the
# final table rank all eight models as the truth does?** It takes about 5 seconds. **Predict before you run it**;
# one point for committing, one for being right.

# %% stub="prediction"
# "under 10 %", "10 to 50 %", "50 to 90 %" or "over 90 %"
prediction: str | None = None
### BEGIN SOLUTION
prediction = "10 to 50 %"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to one of the four.
committed(prediction, options=["under 10 %", "10 to 50 %", "50 to 90 %", "over 90 %"])

# %% graded="prediction__right" points=1
# It is what the experiment shows.
committed(prediction, options=["under 10 %", "10 to 50 %", "50 to 90 %", "over 90 %"])
### BEGIN HIDDEN TESTS
predicted(prediction, "10 to 50 %",
          "How far does one game move a rating? How many of the last games does it remember? How far apart are "
          "neighbours?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def tables(games, k, rng, times):
    "Final Elo ratings of the same games in `times` random orders."
    shuffled = ([games[g] for g in rng.permutation(len(games))] for _ in range(times))
    return np.array([elo_run(8, order, k) for order in shuffled])


def everything_right(ratings):
    "Does each model stand above the next one?"
    return (np.diff(ratings, axis=-1) < 0).all(-1)


orders = llm_evaluation.orders(tables, everything_right, fit_bt, prediction=prediction)

# %% [markdown]
# - **Bradley–Terry has one answer**: its likelihood is a sum over games, and a sum has no order. What error
#   remains is that of the games themselves, and the resamples of part 3 measure it.
# - **A small K is no cure but a trade**: it averages over more games and takes longer to get away from the start.
#   For a player who changes, that is the choice to make. For frozen weights there is nothing to choose. (Part 11
#   lets you try K = 1 with 50 games.)
# - The mean of Elo over all orders comes within 10 points of Bradley–Terry (the last column), at the price of all the
#   shuffles.
# - What this does not show: real votes are not independent, and strength on code is not strength on poems. One
#   number a model is a choice, for Bradley–Terry too.
#
# ## 10 · The real model as a judge
#
# SmolLM2-135M-Instruct gets twenty questions with two answers each: one plainly right, one absurd. Both orders.
# What it prefers is read from its logits for " A" and " B" after `The better answer is`. Let $d_1$ be logit A
# minus logit B with the right answer first, $d_2$ with the right answer second. Then
#
# $$\text{bias} = \frac{d_1 + d_2}{2}, \qquad \text{signal} = \frac{d_1 - d_2}{2} :$$
#
# the push towards the first place, and the pull of the right answer. It takes about 15 seconds.

# %% tags=["real"]
with attempt():
    first, second = llm_evaluation.smollm_judges()
    print("outcomes for the right answer:", debias_pairwise(first, second))
    print("position bias:", position_bias(first, second))

# %% [markdown]
# Look at bias and signal before you look at any win rate. Where the bias is large and the signal is
# within its own scatter of 0, the judge has not read the answers. Asking in both orders then turns everything
# into ties: it removes the bias, and nothing is left. **Swapping exposes such a judge; it does not make one.**
# This says nothing about large judges. It says what to check first, with pairs whose answer you know.
#
# One can ask the same model another way: which answer is *likelier*, per token, after the question?

# %% tags=["real"]
with attempt():
    llm_evaluation.smollm_likelihood()

# %% [markdown]
# Likelihood is not judgement: it prefers the usual phrase, and these pairs were made so that both answers begin
# alike and only the end is absurd. But the interval tells that the small model knew something which its verdicts
# did not show. How one asks a judge is part of the judge.
#
# ## 11 · Feel it: K, games, bias, ties
#
# Four true ratings. Move the number of games, Elo's step, the judge's bonus for the first place and the share of
# ties. Which of them harms Elo alone, which harms both, and which only costs certainty?

# %% tags=["widget"]
llm_evaluation.widget(elo_run, fit_bt)

# %% [markdown]
# ## 12 · Leaderboards, and what they hide
#
# **Chatbot Arena** (later LMArena). A user asks, two anonymous models answer, the user votes, then the names
# appear. From the votes come ratings by Bradley–Terry with intervals; Elo, which the guide names, was its first
# method. There are categories (code, hard prompts, languages: it is not English only) and style control. It
# measures what its visitors prefer on what they ask. **It can be gamed**, against what the guide says: Singh et
# al. 2025 (arXiv 2504.20879) describe private tests of many versions (up to 27 of one provider before one
# launch), of which the best one's score was published; and that models tuned on Arena data gain there. The
# operators have answered and dispute part of it. The effect of choosing is plain arithmetic: of 27 equal
# versions, each measured with a standard error of 10 points, the best one shows +20.0 points on average.
#
# **Arena-Hard** is no subset of the Arena's games: it is an automatic benchmark of 500 prompts that were picked
# from Arena traffic. An LLM judges each answer against a baseline model's. Version 2.0 adds 250 prompts for
# creative writing, has GPT-4.1 or Gemini 2.5 as judges, and controls style. **AlpacaEval** is of the same kind,
# with the length control of part 6.
#
# **Protocol.** Meta's model card gives Llama 3.1 70B Instruct 83.6 on MMLU with five examples, and 86.0 with none
# and a chain of thought: 2.4 points from the protocol alone. Compare numbers of one protocol only.
#
# **RAG** is measured in parts: does the retriever find what is needed, is the answer supported by it, is it
# right? RAGAS has no official composite score (an older harmonic mean was dropped), so report the parts (section
# 21). With 1,000 questions a share near 50 % has a 95 % interval of ±3.1 points. And *pooled* judgements, where
# people only judged what some systems found, have holes: a new retriever is punished for good documents that
# nobody has judged. Count unjudged ones.

# %% [markdown]
# ## 13 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="verdict"
# A colleague reports: "The new model N beats the old one O: 62 % of 500 games, judged by a large LLM. N was
# always shown first. 60 replies had no verdict and were counted as ties. The judge is reliable: it agrees with
# people on 72 of 100 games." N's answers are a third longer. In those 100 games people preferred N 50 times, the
# judge 70 times. You repeat some games in both orders: N wins 66 % of them when it stands first and 50 % when it
# stands second. N costs 0.04 dollars a task and solves 80 % of the tasks, O 0.01 and 70 %; a wrong answer costs
# 0.50. Write, in about 15 lines:
#
# 1. Name three faults of the 62 %. Which of them can be repaired from these games alone?
# 2. Estimate the pull of quality and that of the first place in log-odds, and N's win rate without the latter.
# 3. Is the judge reliable? Compute κ, and say what you would ask for.
# 4. Which model do you ship? With which number?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Faults**: one order only (quality and place cannot be told apart: not repairable without the other order);
#   invalid as ties (repairable: without them 280 of 440, 63.6 %, and 60 are reported); length (repairable by a
#   logistic regression read at equal length, if lengths overlap). No interval may stand for one of them.
# - **Both orders**: ln(0.66/0.34) = 0.663, ln(0.5/0.5) = 0; quality 0.33, place 0.33; σ(0.33) = 0.582.
# - **κ**: p_e = 0.5 · 0.7 + 0.5 · 0.3 = 0.5, κ = 0.22/0.5 = 0.44. Ask for κ between people on the same games;
#   more of them, both orders, labels by two people.
# - **Cost**: per task N 0.04 + 0.2 · 0.50 = 0.14, O 0.01 + 0.3 · 0.50 = 0.16; per solved task 0.175 and 0.229. N,
#   at this price of an error; below about 0.20 dollars an error O is cheaper per solved task. (Half a point for
#   prices divided by accuracy.)
#
# === END MARK SCHEME ===

# %% [markdown] written="verdict" points=4
# ### BEGIN SOLUTION
# 1. N always stood first, so its quality and the judge's liking for the first place are one number; no arithmetic
#    on these games separates them, the other order must be asked. 60 invalid replies as ties pull the rate to
#    50 %: without them it is (310 − 30)/440 = 63.6 %, and 60 of 500 are reported. Length: a third longer, and
#    judges like that; a logistic regression with the difference of lengths, read at 0, repairs it where there are
#    pairs of about equal length. An interval is missing, too.
# 2. First: ln(0.66/0.34) = 0.663. Second: ln(0.50/0.50) = 0. Half the sum is the quality, 0.33, half the
#    difference the place, 0.33. Without the place N wins σ(0.33) = 58 %. (It treats all pairs as equally close,
#    so it is an estimate.)
# 3. Agreement 0.72. By chance 0.5 · 0.7 + 0.5 · 0.3 = 0.50. κ = (0.72 - 0.50)/0.50 = 0.44: about half of what is
#    to be had beyond chance. It prefers N 70 times where people do 50 times, so its errors have a direction. I
#    would ask for the κ of two people on the same games, which is the ceiling, and for both orders and more
#    games.
# 4. Per task: N 0.04 + 0.2 · 0.50 = 0.14, O 0.01 + 0.3 · 0.50 = 0.16. Per solved task 0.14/0.8 = 0.175 against
#    0.16/0.7 = 0.229. N. If an error costs less than about 0.20, O. Prices divided by accuracy (0.05 against
#    0.014) would have said O at any price.
# ### END SOLUTION

# %% [markdown]
# ## 14 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="15.1" level="basic"
# <details><summary>Which metrics are used to evaluate LLMs?</summary>
#
# - **Quality with a key**: accuracy, exact match, pass@k; with an interval and the protocol (shots, prompt,
#   normalisation): MMLU of one model is 83.6 or 86.0 by protocol alone.
# - **Quality without one**: pairwise wins by people or an LLM judge; Bradley–Terry ratings with rank intervals;
#   win rate at equal length.
# - **System**: time to first token, tokens a second, error rate, thinking tokens, dollars per solved task.
# - **Safety and task metrics** of the product: refusals, faithfulness, what users do.
# - No single number. Say which decision the metric is for.
#
# </details>

# %% [markdown] card="15.2" level="basic"
# <details><summary>What is LLM-as-a-judge?</summary>
#
# - A model gets question and answer (grade) or two answers (which is better) and replies with a verdict in a
#   fixed format.
# - Parse the last verdict, nothing inside thoughts; no verdict is invalid, not a tie.
# - Biases: position (ask in both orders, keep disagreement as 0.5), length (logistic regression read at equal
#   length), self-preference (a judge of another family), format.
# - Grades or pairs? Grades are cheap and bunch at the top of the scale; pairs separate close answers better and need
#   two calls a pair, and a baseline or ratings.
# - Calibrate: κ with people on the same items, beside κ between people. In Zheng et al. GPT-4 kept 65 % of its
#   verdicts when the order was swapped; it agreed with people in 85 % of votes without ties, people in 81 %.
# - Slip: "several judges remove the bias". They average what they do not share; the liking for length is shared.
#
# </details>

# %% [markdown] card="15.3" level="medium"
# <details><summary>How do you assess the trade-off between quality and cost?</summary>
#
# - Dollars per solved task: tokens in and out at their own prices, thinking tokens, retries, the cost of an error.
# - Price divided by score rewards bad models: 0.05 dollars at 26 % gives 0.19, 5 dollars at 90 % gives 5.56. With
#   20 dollars an error a task costs 14.85 and 7.00.
# - Retries need somebody who notices the failure. Then: (attempt/p) + error · unsolved/solved.
# - No price for errors: the Pareto front of cost and quality; drop dominated models, choose on the front by budget.
# - Batch interfaces take about half; own hardware is cheap only while it is busy.
#
# </details>

# %% [markdown] card="15.4" level="medium"
# <details><summary>What is Chatbot Arena, and how does it work?</summary>
#
# - Users ask, two anonymous models answer, they vote, then see the names. Today: Bradley–Terry on all votes,
#   intervals, style control, categories and many languages. Elo was the beginning.
# - Why not Elo: the same votes in another order give another table. Models with frozen weights do not change.
# - It measures what visitors prefer. Length and style count, which style control takes out in part.
# - It can be gamed: private versions with the best one published; the best of 27 equals with a standard error of
#   10 points shows +20.0.
# - Arena-Hard is another thing: 500 fixed prompts, an LLM judge, a baseline.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>When does Bradley–Terry have no answer, and what do you do?</summary>
#
# - When not every model can be reached from every other by "took something from": a model that never lost, one
#   that never won, groups that did not meet, a group that gave nothing to another.
# - The optimiser does not say so: it returns a large finite number that depends on when it stopped.
# - A ridge makes it unique (and pulls to the middle), more games across groups make it right.
# - In a bootstrap such resamples appear by chance: fit them with the ridge, do not drop them.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>The judge agrees with people in 90 % of cases. Good?</summary>
#
# - Against what chance? With 90 % good answers two raters who never look agree on 82 %: κ = 0.44 at 90 % agreement.
# - Against which people? κ between two people on the same items is the ceiling.
# - Where does it disagree: one direction, long answers, one language? A biased 10 % can decide a comparison.
# - For grades weighted κ, with the values of the grades.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Your model is rank 1 on the leaderboard. What do you check before the press release?</summary>
#
# - The rank interval from resampled games; how many models have intervals that reach rank 1.
# - How the model was chosen: of 27 equals the best one shows +20.0 points at a standard error of 10. Measure it
#   again on fresh games.
# - The judge: both orders, position bias, invalid replies, κ with people, rating with length and style controlled.
# - Who played whom: Bradley–Terry handles opponents, if the graph is well connected; which prompts, which
#   languages.
# - Order: with Elo, shuffle and look.
# - Then the product: dollars per solved task, latency, the failures that cost.
#
# </details>

# %% [markdown] card="15.5" level="killer"
# <details><summary>Design an evaluation pipeline for a RAG system.</summary>
#
# - **Test set**: about 1,000 real questions with judged documents (±3.1 points for a share near 50 %), by group;
#   versions of documents pinned; unjudged documents counted, since pooled judgements have holes.
# - **Parts, not a composite**: retrieval (recall, ranking), support of the answer by its contexts, correctness
#   against a reference, refusals. RAGAS has no official composite score.
# - **The judge is a system under test**: fixed format and parser, invalid counted, both orders in comparisons,
#   length, κ with two people on 200 items or more; measured anew when model or prompt change.
# - **Comparison of versions**: the same questions, paired, with an interval; a gate on few metrics.
# - **Online**: a sample of traffic, users' signals, latency, dollars per solved task; failures read by people and
#   put into the test set.
# - **Cost**: two judge calls per pair and question; cache by hash of prompt, answers and judge version.
#
# </details>

# %% [markdown]
# ## 15 · Sources
#
# Elo 1978; Bradley and Terry 1952, Biometrika 39; Ford 1957, American Mathematical Monthly 64. Chatbot Arena:
# Chiang et al. 2024, arXiv 2403.04132, and FastChat's code. Judges: Zheng et al. 2023, 2306.05685; position bias,
# Shi et al. 2024, 2406.07791. Length: Dubois et al. 2024, 2404.04475. Kappa: Cohen 1960 and 1968. The Leaderboard
# Illusion: Singh et al. 2025, 2504.20879. Arena-Hard: the README of arena-hard-auto. Llama 3.1: its model card.
# Prices: the providers' pages, as read for the facts of this course; look them up again.

