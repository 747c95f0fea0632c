# %% [markdown]
# # 27 · Comparing and choosing models
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What does a leaderboard's difference of one point mean, and between which ranks may a model really stand?
# - What does a request cost, with cached tokens and a long-context tier? Which model fits on which GPU?
# - Which models stay on the shortlist when quality is known only up to an interval?
# - When does "cheap first, escalate if unsure" pay, and does it keep the quality that it promised?
# - How do you use several providers without being hurt by the one that fails?
#
# Names, prices and ranks of models are old within months. So nothing here grades what you know of products. It
# grades a method that outlives them. What is said about a product stands in a dated file, with its source.
#
# Nine exercises. The last is a router with fallback, a budget and a quality floor. It takes about three and a half
# hours; the end of part 3 is a good place to stop. It builds on averages and square roots. Bootstrap and McNemar's
# test are section 11's, ratings from votes and the cost of a solved task section 15's, the KV cache section 14's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** M models, N items of a test, k right answers; c costs, τ (`tau`) a threshold. **Units.** Prices are
# in dollars per 1,000,000 tokens, costs in dollars, times in seconds. 1 GB is 10⁹ bytes, 1 GiB is 2³⁰ bytes.

# %% setup
import math
import re
from collections.abc import Callable
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import check, committed, expect, predicted, raises, steps, unchanged
from course.data.model_snapshot import snapshot
from course.duel import advise, duel
from course.models.sizes import GPU, GPUS, MODELS, Model

torch.set_num_threads(1)
Tier = dict[str, float]  # above, input, output; maybe cached, written
# input and output as in the course's file; cached and written are example values, 0.1 and 1.25 times input
OPUS_LAUNCH = [{"above": 0, "input": 5.0, "cached": 0.5, "written": 6.25, "output": 25.0},
               {"above": 200_000, "input": 10.0, "cached": 1.0, "written": 12.5, "output": 37.5}]
FLAT = [{"above": 0, "input": 1.0, "output": 4.0}]
TINY, CARD = Model("tiny", 400, 3, 6, 3, 5, "made up"), GPU("card", 2000.0, 1.0, "made up")
CONF = torch.tensor([0.2, 0.5, 0.9])
SMALL, BIG = torch.tensor([False, True, True]), torch.tensor([True, False, True])


def scripted(*script: Any) -> Callable[[Any], Any]:
    "A provider that follows its script, call by call: raises errors, returns the rest; the last entry stays."
    left = list(script)

    def fn(request: Any) -> Any:
        todo = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(todo, Exception):
            raise todo
        return todo
    return fn


def entry(name: str, cost: float, low: float, quality: float, high: float, context: int = 8000,
          is_open: bool = False) -> dict[str, Any]:
    "A model as a dict."
    return {"name": name, "cost": cost, "low": low, "quality": quality, "high": high, "context": context,
            "open": is_open}


def model(name: str, price: list[Tier], call: Callable, **scores: tuple[int, int]) -> dict[str, Any]:
    "A model as a dict."
    return {"name": name, "price": price, "scores": scores, "call": call}


def flat(dollars: float) -> list[Tier]:
    "So many dollars per million tokens, in or out."
    return [{"above": 0, "input": dollars, "output": dollars}]


# %% tags=["picture"]
from course.sections import model_landscape

# %% helper
### BEGIN HIDDEN TESTS
from functools import cache


@cache
def interval(k, n, z):
    "The oracle of wilson: the two roots of (p - k/n)^2 = z^2 p (1 - p) / n, by bisection."
    share = k / n

    def outside(p):
        return (p - share) ** 2 > z * z * p * (1 - p) / n
    ends = []
    for far in (0.0, 1.0):
        a, b = far, share
        for _ in range(100):
            mid = (a + b) / 2
            a, b = (mid, b) if outside(mid) else (a, mid)
        ends.append(b if outside(a) else a)
    return tuple(ends)


def ranges(rows, alpha):
    "The oracle of rank_ranges: one pair and one item at a time."
    m, n = len(rows), len(rows[0])
    z = NormalDist().inv_cdf(1 - alpha / (m * (m - 1))) if m > 1 else 0.0
    ahead = [[False] * m for _ in range(m)]
    for i in range(m):
        for j in range(m):
            d = [int(a) - int(b) for a, b in zip(rows[i], rows[j])]
            mean = sum(d) / n
            ahead[i][j] = mean > z * math.sqrt(sum((x - mean) ** 2 for x in d) / n / n)
    return (torch.tensor([1 + sum(ahead[j][i] for j in range(m)) for i in range(m)]),
            torch.tensor([m - sum(ahead[i]) for i in range(m)]))


def answers(m, n, seed, low=0.3, high=0.95, shared=1.0):
    "Right answers (m, n) of models between two accuracies, on items whose difficulty they share."
    rng = np.random.default_rng(seed)
    skill = np.array([NormalDist().inv_cdf(p) for p in np.linspace(low, high, m)]) * math.sqrt(1 + shared ** 2)
    right = rng.permutation(skill)[:, None] + rng.standard_normal((m, n)) > shared * rng.standard_normal(n)
    return torch.from_numpy(right)


def bill(n_in, n_out, price, cached=0, written=0):
    "The oracle of request_cost."
    tier = [t for t in sorted(price, key=lambda t: t["above"]) if t["above"] == 0 or n_in > t["above"]][-1]
    lines = [(n_in - cached - written, tier["input"]),
             (cached, tier["cached"] if "cached" in tier else tier["input"]),
             (written, tier["written"] if "written" in tier else tier["input"]), (n_out, tier["output"])]
    return math.fsum(n * p / 1e6 for n, p in lines)


def fits(model, gpu, tokens, bits=16.0, gpus=1, kv_size=2, reserve=0.1):
    "The oracle of memory_fit, on the GPU that holds most."
    room = gpu.memory * (1 - reserve) - model.params * bits / 8 / gpus
    if room < 0:
        return -1
    rows = sum(min(tokens, model.window) if i < model.windowed else tokens for i in range(model.layers))
    heads = -(-model.kv_heads // gpus)
    numbers = sum(model.mla) if model.mla is not None else 2 * heads * model.head_dim
    return math.floor(room / (rows * numbers * kv_size))


def pair(confidence, small, big, tau, cost_small, cost_big):
    "The oracle of cascade."
    total, right = 0.0, 0
    for c, s, b in zip(confidence.double().tolist(), small.tolist(), big.tolist()):
        total += cost_small + (cost_big if c < tau else 0.0)
        right += b if c < tau else s
    return total / len(small), right / len(small)


def cheapest(confidence, small, big, cost_small, cost_big, floor, z=0.0):
    "The oracle of choose_tau: as the threshold rises, one question after the other goes up."
    rows = sorted(zip(confidence.double().tolist(), small.tolist(), big.tolist()))
    n, up, right, found = len(rows), 0, sum(small.tolist()), []
    for tau in sorted({-math.inf, math.inf, *(c for c, _, _ in rows)}):
        while up < n and rows[up][0] < tau:
            right, up = right - rows[up][1] + rows[up][2], up + 1
        low = right / n if z == 0 else interval(right, n, z)[0]
        if low >= floor:
            found.append((up if cost_big else 0, -right / n, tau))
    return min(found)[2] if found else None

### END HIDDEN TESTS

# %% [markdown]
# ## 1 · A figure without a date is a rumour
#
# A guide of February 2026 has a table of models with prices and scores. Within the same chapter it prices one model
# at 5 and 25 dollars (input and output, per million tokens), and at "15–25 and 75–150" in another place. It credits
# a model with a context of two million tokens that has half of that, and gives one model the score of another,
# weaker one. None of its figures has a source beside it, so nobody noticed.
#
# What a figure needs before it may decide anything:
#
# - **which model**, by its full name; "Claude 4" and "GPT-5" are families;
# - **what was measured**: GPQA *Diamond* (198 items) is not GPQA *main* (448), with or without tools, one try or
#   the best of many;
# - **who says so**: a vendor about itself, a third party, a blog that copied one of them;
# - **when**. A price of February may be wrong in March.
#
# `snapshot()` gives the course's own file: one figure a line, with source and date. It is old when you read it, and
# that is its purpose: it stays true of its dates. It also shows how weak sources often are. Most lines come from
# pages that repeat a vendor.
#
# **The question "as of when?"** In February 2026 Claude Opus 4.6 had a dearer tier: a request with more than 200,000
# input tokens paid 10 dollars per million input tokens instead of 5. In March 2026 the tier was dropped. Both lines
# stand in the file. Whoever recomputes a bill of February needs the first, whoever plans April the second.
#
# ### Exercise 27.1 · read_snapshot
#
# `read_snapshot(text, as_of)` gives a dict from `(model, field)` to `(value, source, date)`: a float and two
# strings, what was known on the day `as_of` (a string such as `"2026-03-01"`).
#
# - A line is `model | field | value | source | date`, in that order; blanks around each part do not count. Empty
#   lines, and lines whose first character that is no blank is `#`, are passed over.
# - **A bad line raises `ValueError`**, whatever its date: not five parts; an empty part (no source!); a value that
#   `float` cannot read, or that is not finite; a date that is not exactly four digits, dash, two digits, dash, two
#   digits, or no day of the calendar.
# - Two lines with the same model, field **and date** but different values contradict each other: `ValueError`,
#   whatever the date. With equal values (5 and 5.0 are equal) the first line counts.
# - Of the lines dated `as_of` or earlier the newest counts, wherever it stands in the text. What has no such line
#   is not in the dict.
#
# Names are compared as they are. `as_of` is always a good date. Source: the format is this course's.

# %% stub="read_snapshot"
def read_snapshot(text: str, as_of: str) -> dict[tuple[str, str], tuple[float, str, str]]:
    """(model, field) -> (value, source, date), as it was known on a day.

    read_snapshot("A | in | 5 | a page | 2026-02-05", "2026-03-01") is {("A", "in"): (5.0, "a page", "2026-02-05")}.
    """
    ### BEGIN SOLUTION
    found: dict[tuple[str, str], dict[str, tuple[float, str, str]]] = {}
    for line in text.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 5 or not all(parts):
            raise ValueError(f"model | field | value | source | date, all five: {line!r}")
        model, field, value, source, day = parts
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
            raise ValueError(f"a date is written 2026-02-05: {line!r}")
        date.fromisoformat(day)  # raises for the 30th of February
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"no number: {line!r}")
        days = found.setdefault((model, field), {})
        if day in days and days[day][0] != number:
            raise ValueError(f"two values on one day: {line!r}")
        days.setdefault(day, (number, source, day))
    known = {key: [d for d in days if d <= as_of] for key, days in found.items()}
    return {key: found[key][max(days)] for key, days in known.items() if days}
    ### END SOLUTION
    raise NotImplementedError("read_snapshot")

# %% [markdown] hints="read_snapshot"
# <details><summary>Hint 1: a question</summary>
#
# A file is refused for any bad line. In which order do you refuse and pick? What becomes of a contradiction in a
# line that is newer than `as_of`?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Lines for ("A", "input"): 5 of 2026-02-05, 4 of 2026-04-01, 6 of 2025-12-01. As of 2026-03-01 it is 5, as of
# 2026-04-01 it is 4, as of 2026-01-15 it is 6, as of 2025-01-01 the key is missing.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `float` reads "nan" and "inf". `date.fromisoformat` reads "20260205", `strptime` reads "2026-2-5". Dates of this
# form can be compared as strings.
#
# </details>

# %% graded="read_snapshot__values" points=2
# Looks at what is read: numbers, blanks, comments, order, equal lines.
check(read_snapshot, "# prices\n\n A | input |5| a page |2026-02-05\nA | output | 25 | a page | 2026-02-05",
      "2026-03-01", want={("A", "input"): (5.0, "a page", "2026-02-05"), ("A", "output"): (25.0, "a page",
                                                                                           "2026-02-05")})
### BEGIN HIDDEN TESTS
check(read_snapshot, "", "2026-03-01", want={}, why="an empty text knows nothing")
check(read_snapshot, "  # A | input | x\n\t\n#", "2026-03-01", want={},
      why="comments and empty lines are passed over")
check(read_snapshot, "A | free | 0 | p | 2026-01-01\nA | less | -1.5 | q#3 | 2026-01-01\n"
      "A b | big | 2e3 | r | 2026-01-02",
      "2026-03-01", want={("A", "free"): (0.0, "p", "2026-01-01"), ("A", "less"): (-1.5, "q#3", "2026-01-01"),
                          ("A b", "big"): (2000.0, "r", "2026-01-02")},
      why="0 is a value; # within a line is no comment")
check(read_snapshot, "A | x | 5 | first | 2026-01-01\nA | x | 5.0 | second | 2026-01-01", "2026-01-01",
      want={("A", "x"): (5.0, "first", "2026-01-01")}, why="equal values: the first line counts")
check(read_snapshot, "A | x | 1 | s | 2026-01-01\na | x | 2 | s | 2026-01-01\nA | X | 3 | s | 2026-01-01",
      "2026-01-01",
      want={("A", "x"): (1.0, "s", "2026-01-01"), ("a", "x"): (2.0, "s", "2026-01-01"),
            ("A", "X"): (3.0, "s", "2026-01-01")}, why="names are compared as they are")
many = [f"m{i} | f | {i / 8} | page {i} | 2025-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(400)]
check(read_snapshot, "\n".join(many), "2026-01-01",
      want={(f"m{i}", "f"): (i / 8, f"page {i}", f"2025-{1 + i % 12:02}-{1 + i % 28:02}") for i in range(400)})
check(read_snapshot, "A | x | 5 | s | 2024-02-29", "2026-01-01", want={("A", "x"): (5.0, "s", "2024-02-29")},
      why="2024 was a leap year")
### END HIDDEN TESTS

# %% graded="read_snapshot__as_of" points=2
# Looks at which of several lines counts on a day.
PRICES = """A | input | 5 | launch | 2026-02-05
A | input | 4 | later | 2026-04-01
A | input | 6 | before | 2025-12-01"""
for day, want in [("2026-03-01", (5.0, "launch", "2026-02-05")), ("2026-04-01", (4.0, "later", "2026-04-01"))]:
    check(read_snapshot, PRICES, day, want={("A", "input"): want}, why=f"as of {day}",
          mistakes={"the last line counts": {("A", "input"): (6.0, "before", "2025-12-01")},
                    "the first line counts": {("A", "input"): (5.0, "launch", "2026-02-05")},
                    "lines of the future count": {("A", "input"): (4.0, "later", "2026-04-01")}})
### BEGIN HIDDEN TESTS
for day, want in [("2026-02-04", (6.0, "before", "2025-12-01")), ("2026-02-05", (5.0, "launch", "2026-02-05")),
                  ("2026-03-31", (5.0, "launch", "2026-02-05")), ("2030-01-01", (4.0, "later", "2026-04-01"))]:
    check(read_snapshot, PRICES, day, want={("A", "input"): want}, why=f"as of {day}")
check(read_snapshot, PRICES, "2025-11-30", want={}, why="nothing was known yet")
check(read_snapshot, PRICES + "\nB | input | 9 | s | 2027-01-01", "2026-12-31",
      want={("A", "input"): (4.0, "later", "2026-04-01")}, why="what is known only later is not in the dict")
check(read_snapshot, PRICES + "\nA | output | 0 | s | 2026-04-02\nA | output | 7 | s | 2026-04-01", "2026-05-01",
      want={("A", "input"): (4.0, "later", "2026-04-01"), ("A", "output"): (0.0, "s", "2026-04-02")},
      why="each field has its own newest line")
### END HIDDEN TESTS

# %% graded="read_snapshot__refuses" points=3
# Looks at lines without a source, without a date, without a number, and at contradictions.
for line, why in [("A | input | 5 |  | 2026-02-05", "no source"), ("A | input | 5 | a page | ", "no date"),
                  ("A | input | 5 | a page", "four parts"), ("A | input | about 5 | a page | 2026-02-05",
                                                             "no number")]:
    raises(ValueError, read_snapshot, line, "2026-03-01", why=why)
raises(ValueError, read_snapshot, "A | x | 5 | p | 2026-02-05\nA | x | 6 | q | 2026-02-05", "2026-03-01",
       why="two values on one day")
check(read_snapshot, "A | x | 5 | p | 2026-02-05\nA | x | 6 | q | 2026-02-06", "2026-03-01",
      want={("A", "x"): (6.0, "q", "2026-02-06")}, why="two days are no contradiction")
### BEGIN HIDDEN TESTS
good = "B | x | 1 | p | 2026-01-01\n"
for line, why in [("A | input | nan | p | 2026-02-05", "nan is no value"), ("A | input | inf | p | 2026-02-05",
                                                                            "nor inf"),
                  ("A | input | -inf | p | 2026-02-05", "nor -inf"), ("A | input |  | p | 2026-02-05",
                                                                      "no value"),
                  (" | input | 5 | p | 2026-02-05", "no model"), ("A |  | 5 | p | 2026-02-05", "no field"),
                  ("A | x | 5 | p | 2026-02-30", "no such day"), ("A | x | 5 | p | 2026-13-01", "no such month"),
                  ("A | x | 5 | p | 2025-02-29", "2025 was no leap year"), ("A | x | 5 | p | 20260205",
                                                                            "no dashes"),
                  ("A | x | 5 | p | 2026-2-5", "single digits"), ("A | x | 5 | p | 05-02-2026",
                                                                  "the wrong way round"),
                  ("A | x | 5 | p | Feb 2026", "no date"), ("A | x | 5 | p | q | 2026-02-05", "six parts"),
                  ("A | x | 5 | p | 2026-02-05T00:00", "a time is no date"), ("A", "one part"),
                  ("A | x | 5 | p | 2027-02-30", "a bad line of the future is bad"),
                  ("A | x | 5 |  | 2027-02-01", "no source, in the future"),
                  ("A | x | 5 | p | 2027-02-01\nA | x | 6 | p | 2027-02-01", "a contradiction in the future"),
                  ("A | x | 5 | p | 2026-02-05 | note", "six parts, the first five good"),
                  ("A | x | 5 | p | 2026-02-05 |", "six parts, the last one empty"),
                  ("| A | x | 5 | p | 2026-02-05 |", "seven parts, the first and the last empty"),
                  ("A | x | 5 | p | 2026-W06-4", "a week and its day are no date of this form"),
                  ("A | x | 5 | p | +026-01-05", "a sign is no digit"), ("A | x | 5 | p | 2026-+1-05", "a sign is no digit"),
                  ("A | x | 5 | p | 2_26-01-05", "`int` reads 2_26, and it is no four digits"),
                  ("A | x | 5 | p | 2026-01-01\nA | x | 5.0001 | p | 2026-01-01", "5 and 5.0001 are not equal"),
                  ("A | x | 5 | p | 2026-01-01\nA | x | 5.00000001 | p | 2026-01-01", "nor 5 and 5.00000001"),
                  ("A | x | 5 | p | 2026-01-01\nA | x | 6 | p | 2026-02-01\nA | x | 7 | p | 2026-01-01",
                   "a contradiction among old lines")]:
    raises(ValueError, read_snapshot, good + line, "2026-03-01", why=why)
    raises(ValueError, read_snapshot, line + "\n" + good, "2026-03-01", why=why)
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.price_history(read_snapshot)

# %% [markdown]
# The course's file, read as of every day from October 2025 to July 2026. Before a line's date there is nothing to
# say. The step is the tier that went.
#
# **Reading an announcement.** The guide on two releases of 5 February 2026, beside what stands in the file (as of
# 2026-06-30):
#
# | the guide says | what the sources say |
# |---|---|
# | OSWorld 38.2 → 64.7, "70 % improvement" | OSWorld-*Verified*, from GPT-5.2-*Codex*: +26.5 points, 69 % |
# | SWE-Bench Pro "–" → "state of the art" | 56.4 → 56.8: +0.4 points |
# | Terminal-Bench 2.0 "–" → 77.3 | 64.0 → 77.3: +13.3 points |
# | MRCR v2 18.5 → 76, from Opus 4.5 to 4.6 | 18.5 is Sonnet 4.5's: 4.1 times, between two lines of models |
#
# (OSWorld has tasks on a computer's desktop, SWE-Bench Pro repairs in code repositories, Terminal-Bench tasks in a
# shell; MRCR asks for one of several nearly equal passages, "needles", in a long text.)
#
# Four habits of such tables: a missing predecessor, another test of nearly the same name, relative where points
# would be small (or the other way round), and the best of several rows. Ask for points **and** n: 0.4 points apart,
# 0.564 from 0.568, two models would need 241,000 items each to be told apart (part 2). Differences of Elo ratings
# (section 15) read as win rates: 144 points are 69.6 % of the games, not "144 better".

# %% [markdown]
# ## 2 · A score is a share of a sample
#
# GPQA is "A Graduate-Level Google-Proof Q&A Benchmark" (Rein et al. 2023, arXiv 2311.12022): 448 multiple-choice
# questions with four options (chance is 25 %), written by people with or near a doctorate. By the abstract,
# experts of the field reached 65 % and skilled others with the web 34 %. Scores of today's models mostly mean
# *Diamond*, a subset of 198 that was chosen, among other things, for experts getting it right: there they have about
# 81 % (in the file, as of 2026-06-30). A Diamond score beside the 65 % compares two tests.
#
# So a score of 0.90 is about 178 right answers of 198. Other questions of the same kind would have given another
# number. How far off? The plain interval $p \pm z\sqrt{p(1-p)/n}$ (*Wald's*) says "±0" for 20 of 20, and goes
# beyond 1 for 19 of 20. **Wilson** asks the question the other way round: which true shares $p$ would not be
# surprised by what we saw? Those with $|k/n - p| \le z \sqrt{p(1-p)/n}$. Solved for $p$:
#
# $$\frac{1}{1 + z^2/n}\left(p_0 + \frac{z^2}{2n} \;\pm\; z \sqrt{\frac{p_0 (1 - p_0)}{n}
# + \frac{z^2}{4n^2}}\right), \qquad p_0 = \frac kn$$
#
# with z = 1.96 for 95 %. On Diamond, 0.90 means 0.849 to 0.934 and 0.80 means 0.737 to 0.848. A table that rounds
# to 0.9 and 0.8 hides that models within a column differ as much as columns do.
#
# **How many items would be needed?** To tell a true share p from q in two separate samples, at a two-sided level α
# and with probability `power` of seeing it:
#
# $$N = \left\lceil \frac{(z_{1-\alpha/2} + z_{\text{power}})^2 \, (p(1-p) + q(1-q))}{(p - q)^2} \right\rceil$$
#
# items *for each model*, where $z_a$ is the number below which a standard normal variable stays with probability a.
# For 0.88 against 0.91 at α = 0.05 and power 0.8 that is 1,636. Diamond has 198.
#
# **The catch: the interval knows the sampling, nothing else.** Not contamination (the questions are on the web
# since 2023), not another prompt, not "the best of several tries", not whether graduate-level chemistry is your
# task.
#
# ### Exercise 27.2 · wilson
#
# Two functions.
#
# - `wilson(k, n, z=1.96)` gives `(low, high)`, two floats, for k right answers out of n. z ≥ 0; at z = 0 both are
#   k/n. n < 1, k < 0 or k > n raise `ValueError`. Tolerance: 1e-7.
# - `items_needed(p, q, alpha=0.05, power=0.8)` gives the N above, an int. `NormalDist().inv_cdf` of Python's
#   `statistics` gives $z_a$. p = q raises `ValueError`: no number of items tells them apart. The tests avoid values
#   for which the quotient is within 1e-6 of a whole number.
#
# Source: Wilson 1927, as in `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")`.

# %% stub="wilson"
def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share after k of n.

    wilson(1, 2, 2.0) is (0.09175..., 0.90824...): 1/2 plus or minus 1/sqrt(6).
    """
    ### BEGIN SOLUTION
    if n < 1 or not 0 <= k <= n:
        raise ValueError("0 <= k <= n, and at least one item")
    share, shrink = k / n, 1 / (1 + z * z / n)
    center = shrink * (share + z * z / (2 * n))
    half = shrink * z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return center - half, center + half
    ### END SOLUTION
    raise NotImplementedError("wilson")


def items_needed(p: float, q: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Items for each of two models, so that true shares p and q are told apart.

    items_needed(0.5, 0.9) is 17.
    """
    ### BEGIN SOLUTION
    if p == q:
        raise ValueError("equal shares are never told apart")
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    return math.ceil(z * z * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2)
    ### END SOLUTION
    raise NotImplementedError("items_needed")

# %% [markdown] hints="wilson"
# <details><summary>Hint 1: a question</summary>
#
# What does your formula give for 0 of 5? If it is a single point: which of its terms should have kept it open?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# k = 1, n = 2, z = 2: z²/n = 2, so the factor is 1/3. The middle: (0.5 + 1)/3 = 0.5. Under the root: 0.125 + 0.25.
# The half width: 2 · 0.6124 / 3 = 0.408.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# z² is divided by 2n in the middle, by 4n² under the root and by n in the factor. And the factor belongs to the
# half width as well as to the middle.
#
# </details>

# %% graded="wilson__values" points=2
# Looks at the interval for many k, n and z.
check(wilson, 1, 2, 2.0, want=(0.5 - 6 ** -0.5, 0.5 + 6 ** -0.5), rtol=0, atol=1e-7,
      mistakes={"Wald's interval": (0.5 - 0.5 ** 0.5, 0.5 + 0.5 ** 0.5)})
check(wilson, 0, 4, 2.0, want=(0.0, 0.5), rtol=0, atol=1e-7, why="nothing right, and still up to one half",
      mistakes={"Wald's interval is a point here": (0.0, 0.0)})
### BEGIN HIDDEN TESTS
for n in (1, 2, 3, 7, 20, 198, 448, 1319, 20_000):
    for k in sorted({0, 1, n // 3, n // 2, (9 * n) // 10, n - 1, n}):
        for z in (0.0, 0.5, 1.0, 1.6448536, 1.96, 3.0):
            check(wilson, k, n, z, want=interval(k, n, z), rtol=0, atol=1e-7)
        check(wilson, k, n, want=interval(k, n, 1.96), rtol=0, atol=1e-7, why="without z: 1.96")
### END HIDDEN TESTS

# %% graded="wilson__refuses" points=1
# Looks at counts that cannot be.
raises(ValueError, wilson, 3, 2, why="three right answers of two")
check(wilson, 2, 2, 2.0, want=(1 / 3, 1.0), rtol=0, atol=1e-7, why="all right is allowed")
### BEGIN HIDDEN TESTS
for k, n in [(0, 0), (-1, 5), (6, 5), (0, -3), (-2, -3), (1, 0), (199, 198)]:
    raises(ValueError, wilson, k, n, why=f"{k} of {n}")
    for z in (0.5, 4.0):
        raises(ValueError, wilson, k, n, z, why=f"{k} of {n}")
check(wilson, 0, 1, want=interval(0, 1, 1.96), rtol=0, atol=1e-7)
### END HIDDEN TESTS

# %% graded="wilson__items" points=2
# Looks at the number of items that tells two shares apart.
check(items_needed, 0.5, 0.9, want=17, mistakes={"rounded down": 16, "a one-sided level": 14,
                                                 "the power was forgotten": 9})
raises(ValueError, items_needed, 0.7, 0.7, why="equal shares are never told apart")
### BEGIN HIDDEN TESTS
for p, q in [(0.88, 0.91), (0.91, 0.88), (0.8, 0.9), (0.25, 0.39), (0.0, 0.1), (1.0, 0.93), (0.568, 0.564),
             (0.5, 0.51)]:
    for alpha, power in [(0.05, 0.8), (0.01, 0.8), (0.05, 0.95), (0.1, 0.5), (0.001, 0.99), (0.05, 0.3)]:
        z = -NormalDist().inv_cdf(alpha / 2) - NormalDist().inv_cdf(1 - power)
        exact = z ** 2 * (p - p * p + q - q * q) / abs(p - q) ** 2
        check(items_needed, p, q, alpha, power, want=int(exact) + 1)
check(items_needed, 0.88, 0.91, want=1636, why="alpha = 0.05 and power 0.8 unless said otherwise")
check(items_needed, 0.88, 0.91, power=0.9, want=2190, why="power 0.9")
raises(ValueError, items_needed, 0.0, 0.0, why="equal shares")
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.coverage(wilson)

# %% [markdown]
# How often an interval for 95 % holds the true share, computed exactly from the binomial distribution for 40 items.
# Wald's misses far more often than it says where shares are high, which is where one compares models.

# %% [markdown]
# ## 3 · Between which ranks?
#
# A table of twelve models has 66 pairs. If each is tested at 5 %, about three of 66 equal pairs come out
# "different". So spend the error once for all: with $M(M-1)/2$ pairs, two-sided, each pair gets
#
# $$z = z_{1 - \alpha/(M(M-1))}$$
#
# (*Bonferroni*; for M = 12 and α = 0.05 z is 3.37 instead of 1.96). For each pair look at **the same items**. With
# b items that only i has right and c that only j has right:
#
# $$d = \frac{b - c}{N}, \qquad v = \frac{b + c}{N} - d^2, \qquad
# \text{i is surely ahead of j if}\quad d > z\sqrt{v / N}.$$
#
# Items that both have right or both wrong tell nothing about the difference; they drop out of b and c. Where the
# two share what is hard, v is smaller than for two separate samples. Then the rank of i lies
#
# $$\text{from}\quad 1 + \text{how many are surely ahead of i}\quad
# \text{to}\quad M - \text{how many i is surely ahead of}.$$
#
# With probability of about 1 − α *all* these ranges hold at once. With few items on which two models differ (under
# about 30) the normal approximation is rough: a model that wins 3 of 3 would be "surely" ahead, since v is 0.
#
# **The catch: overlap is not the test.** "Their intervals overlap, so they do not differ" ignores the pairing and
# is far too strict. "They do not overlap" is right to claim a difference, and blind to most.
#
# ### Exercise 27.3 · rank_ranges
#
# `rank_ranges(correct, alpha=0.05)` gives `(best, worst)`, two int64 tensors of shape (M,), by the rules above.
#
# - `correct` is boolean, (M, N): whether model i has item t right. M ≥ 1, N ≥ 1; it may be a transposed view. M =
#   1: rank 1 to 1.
# - 0 < α < 1. "Ahead" is strict: two equal rows are not ahead of each other. Compute d, v and the comparison in
#   float64. The tests avoid pairs within 1e-9 of the limit.
# - Counts must be exact, for thousands of items too.
# - **No loop over models or pairs of them, and no array of shape (M, M, N)**: b and c of all pairs come from *one*
#   matrix product. The timed check uses 120 models and 3,000 items.
#
# Source: ranks from simultaneous pairwise comparisons, as in Mogstad, Romano, Shaikh and Wilhelm, "Inference for
# ranks" (R package csranks, arXiv 2401.15205), here in the simplest form. Ranges from *votes* are section 15's.

# %% stub="rank_ranges"
def rank_ranges(correct: Bool[Tensor, "M N"], alpha: float = 0.05) -> tuple[Int[Tensor, "M"], Int[Tensor, "M"]]:
    """(best, worst): between which ranks each model stands, all at once with level alpha.

    Two equal rows: (tensor([1, 1]), tensor([2, 2])).
    """
    ### BEGIN SOLUTION
    m, n = correct.shape
    if m == 1:
        return tuple(torch.ones(1, dtype=torch.int64, device=correct.device) for _ in range(2))
    z = NormalDist().inv_cdf(1 - alpha / (m * (m - 1)))
    right = correct.double()
    both = right @ right.T
    only = both.diagonal()[:, None] - both  # (i, j): i right and j wrong
    d = (only - only.T) / n
    v = (only + only.T) / n - d * d
    ahead = d > z * (v / n).clamp(min=0).sqrt()
    return 1 + ahead.sum(0), m - ahead.sum(1)
    ### END SOLUTION
    raise NotImplementedError("rank_ranges")

# %% [markdown] hints="rank_ranges"
# <details><summary>Hint 1: a question</summary>
#
# With the rows as zeros and ones: what does the product of row i with row j count? And what is left of row i's own
# sum when you take that away?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two models, 100 items: 20 only i has right, 5 only j. d = 0.15, v = 0.25 − 0.0225 = 0.2275, √(v/100) = 0.0477. For
# M = 2 and α = 0.05 z is 1.96: 0.15 > 0.0935, so i stands at 1 to 1 and j at 2 to 2. Beside ten more models z is
# 3.37: 0.161.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Which axis of your table means "ahead of me", and which "I am ahead of"? Best and worst need one each.
#
# </details>

# %% graded="rank_ranges__pairs" points=2
# Looks at two models: pairing, strictness, level.
ROWS = torch.zeros(2, 100, dtype=torch.bool)
ROWS[0, :60] = True
ROWS[1, 20:65] = True  # 20 items only the first has right, 5 only the second
check(rank_ranges, ROWS, want=(torch.tensor([1, 2]), torch.tensor([1, 2])), why="d = 0.15 > 1.96 * 0.0477",
      mistakes={"the samples were taken as separate, or for overlap of intervals": (torch.tensor([1, 1]),
                                                                                    torch.tensor([2, 2]))})
check(rank_ranges, ROWS, 0.001, want=(torch.tensor([1, 1]), torch.tensor([2, 2])), why="alpha = 0.001: z is 3.29")
### BEGIN HIDDEN TESTS
check(rank_ranges, ROWS[[0, 0]], want=(torch.tensor([1, 1]), torch.tensor([2, 2])),
      why="equal rows: nobody is ahead")
check(rank_ranges, ROWS[:1], want=(torch.tensor([1]), torch.tensor([1])), why="one model has rank 1")
check(rank_ranges, torch.tensor([[True] * 7, [False] * 7]), want=(torch.tensor([1, 2]), torch.tensor([1, 2])),
      why="v = 0 and d = 1: ahead")
check(rank_ranges, torch.tensor([[True], [True]]), want=(torch.tensor([1, 1]), torch.tensor([2, 2])),
      why="one item, no difference")
for b, c, n, alpha in [(12, 4, 50, 0.05), (12, 3, 50, 0.05), (40, 25, 300, 0.05), (42, 25, 300, 0.05),
                       (9, 3, 4000, 0.1),
                       (30, 14, 90, 0.02), (300, 250, 5000, 0.05), (310, 250, 5000, 0.01)]:
    rows = torch.zeros(2, n, dtype=torch.bool)
    rows[0, :b], rows[1, b:b + c] = True, True
    rows[:, n - n // 5:] = True
    for r in (rows, rows.flip(0)):
        check(rank_ranges, r, alpha, want=ranges(r.tolist(), alpha),
              why=f"b = {b}, c = {c}, N = {n}, alpha = {alpha}")
for b, c, n in [(31, 17, 130), (44, 20, 90), (105, 61, 700), (9, 2, 37), (260, 201, 1900), (70, 31, 333)]:
    rows = torch.zeros(2, n, dtype=torch.bool)
    rows[0, :b], rows[1, b:b + c] = True, True
    d = (b - c) / n
    deviation = math.sqrt(((b + c) / n - d * d) / n)
    for margin in (3e-9, -3e-9):  # ahead, or not, by so little
        alpha = 2 * (1 - NormalDist().cdf((d - margin) / deviation))
        want = (torch.tensor([1, 2]), torch.tensor([1, 2])) if margin > 0 else (torch.tensor([1, 1]),
                                                                                torch.tensor([2, 2]))
        check(rank_ranges, rows, alpha, want=want, why="near the limit: all in float64, and v / N as it stands")
### END HIDDEN TESTS

# %% graded="rank_ranges__boards" points=3
# Looks at whole boards: the level for all pairs, many items, views.
BOARD = torch.arange(400) < torch.tensor([[200], [160], [140], [100]])
check(rank_ranges, BOARD, want=(torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2, 3, 4])))
### BEGIN HIDDEN TESTS
for seed, (m, n, shared, alpha) in enumerate([(3, 60, 1.0, 0.05), (5, 300, 2.0, 0.05), (12, 198, 1.0, 0.05),
                                              (9, 700, 0.5, 0.3),
                                              (4, 2500, 1.0, 0.01), (14, 150, 3.0, 0.2), (7, 90, 0.0, 0.5)]):
    rows = answers(m, n, seed, shared=shared)
    check(rank_ranges, rows, alpha, want=ranges(rows.tolist(), alpha),
          why=f"{m} models, {n} items, alpha = {alpha}")
rows = answers(6, 500, 17)
check(rank_ranges, rows, want=ranges(rows.tolist(), 0.05), why="alpha = 0.05 unless said otherwise")
check(rank_ranges, rows.T.contiguous().T, want=ranges(rows.tolist(), 0.05), why="a transposed view is valid")
check(rank_ranges, rows[::2, ::3], want=ranges(rows[::2, ::3].tolist(), 0.05), why="strided arguments are valid")
rows = answers(8, 260, 23, 0.55, 0.7)
check(rank_ranges, rows, 0.9, want=ranges(rows.tolist(), 0.9), why="alpha is shared out evenly among the pairs")
rows = answers(6, 500, 17)[[0, 0, 1, 2, 2, 2]]
check(rank_ranges, rows, 0.1, want=ranges(rows.tolist(), 0.1), why="equal rows within a board")
rows = torch.arange(9000) < torch.tensor([[4699], [4693], [4502], [4501]])
check(rank_ranges, rows, want=(torch.tensor([1, 1, 3, 3]), torch.tensor([2, 2, 4, 4])),
      why="6 items are too few to be ahead, 191 of 9,000 are enough: exact counts")
rows = (torch.arange(9000) + torch.tensor([[0], [40], [200], [201]])) % 9000 < torch.tensor([[4700], [4660],
                                                                                             [4500], [4499]])
check(rank_ranges, rows, want=ranges(rows.tolist(), 0.05), why="exact counts of thousands")
unchanged(rank_ranges, answers(4, 40, 3), want=ranges(answers(4, 40, 3).tolist(), 0.05))
### END HIDDEN TESTS

# %% graded="rank_ranges__speed" points=2 tags=["timed"]
# Looks at the time for 120 models and 3,000 items.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    return (torch.from_numpy(rng.random((120, 3000)) < np.linspace(0.5, 0.9, 120)[:, None]),)

advise(rank_ranges, draw, yardstick=lambda correct: correct.double() @ correct.double().T, usual=1.5)
### BEGIN HIDDEN TESTS
duel(rank_ranges, draw, reference='''
from statistics import NormalDist


def rank_ranges(correct, alpha=0.05):
    m, n = correct.shape
    z = NormalDist().inv_cdf(1 - alpha / (m * (m - 1)))
    right = correct.double()
    both = right @ right.T
    only = both.diagonal()[:, None] - both
    d = (only - only.T) / n
    ahead = d > z * (((only + only.T) / n - d * d) / n).clamp(min=0).sqrt()
    return 1 + ahead.sum(0), m - ahead.sum(1)
''', limit=5.0)
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.forest(wilson, rank_ranges)

# %% [markdown]
# Twelve made-up models with true accuracies from 0.80 to 0.92, on 198 shared items: left each score with Wilson's
# interval, right its range of ranks. The crosses are the truth. Section 11's experiment looks at what becomes
# of the leader of such a board.

# %% [markdown]
# ## 4 · What a request costs
#
# Four kinds of tokens, four prices. *Fresh* input; input *read* from the provider's prompt cache; input that is
# *written* into that cache; output, thinking tokens included. Cached reads often cost a tenth of fresh input; a
# write costs the same as fresh input with some providers and a quarter more with others. The prefix cache itself is
# section 12's matter. Here it is a line of a bill.
#
# **Tiers.** Some price lists have a dearer tier for long requests. In February 2026 (dated lines in part 1) Claude
# Opus 4.6 asked for 10 and 37.50 dollars instead of 5 and 25 when a request had more than 200,000 input tokens. And
# this is where bills surprise: the dearer price held for **all** tokens of such a request, output as well, not for
# those above the line. 300,000 tokens in and 2,000 out:
#
# | reading of the tier | dollars |
# |---|---|
# | the whole request at the dear price (right) | 3.075 |
# | only the tokens above 200,000 at the dear price | 2.05 |
# | no tier at all | 1.55 |
#
# So a request of 200,001 tokens cost twice what one of 200,000 did. Cached tokens count towards the line too.
#
# **A write pays soon.** Take 1.25 for a write and 0.1 for a read, in units of fresh input; the cached and written
# prices of `OPUS_LAUNCH` below are such example values, its other four are those of part 1's file. Then a prefix
# that is used twice costs 1.35 instead of 2. One that is never read again costs a quarter more than without any
# cache.
#
# **The catch: price per token is not price per task.** Tokenisers cut the same text into different numbers of
# tokens (section 01), and one model thinks ten times as long as another before it answers. Compare what *your*
# hundred tasks cost, from the usage that the interface reports.
#
# ### Exercise 27.4 · request_cost
#
# `request_cost(tokens_in, tokens_out, price, cached=0, written=0)` gives dollars, a float.
#
# - `tokens_in` are **all** input tokens; `cached` and `written` say how many of them were read from or written to
#   the cache. No token is both. The rest is fresh.
# - `price` is a list of tiers in any order, each a dict with `"above"`, `"input"`, `"output"` and perhaps
#   `"cached"` and `"written"`, in dollars per 1,000,000 tokens. One tier has `"above"` 0 and holds from 0 tokens.
#   Another holds where `tokens_in` is **more than** its `"above"`. Of those that hold the one with the largest
#   `"above"` counts, for the whole request.
# - A tier without `"cached"` bills cached tokens as input, one without `"written"` bills written tokens as input. A
#   price of 0 is a price.
# - A negative count, or `cached + written` more than `tokens_in`: `ValueError`.
#
# Tolerance: 1e-9 relative. Source: the tier as documented for Claude Opus 4.6 in February 2026 (part 1's file);
# Gemini models have such tiers too (documentation of the crate tt-provider-gemini 0.1.0, "May 2026 baseline").

# %% stub="request_cost"
def request_cost(tokens_in: int, tokens_out: int, price: list[Tier], cached: int = 0, written: int = 0) -> float:
    """Dollars for one request.

    request_cost(300_000, 2_000, OPUS_LAUNCH) is 0.3 * 10 + 0.002 * 37.5 = 3.075.
    """
    ### BEGIN SOLUTION
    fresh_in = tokens_in - cached - written
    if min(fresh_in, cached, written, tokens_out) < 0:
        raise ValueError("counts are not negative, and cached and written tokens are input tokens")
    held = [tier for tier in price if tier["above"] == 0 or tokens_in > tier["above"]]
    tier = max(held, key=lambda tier: tier["above"])
    dollars = (fresh_in * tier["input"] + cached * tier.get("cached", tier["input"])
               + written * tier.get("written", tier["input"]) + tokens_out * tier["output"])
    return dollars / 1e6
    ### END SOLUTION
    raise NotImplementedError("request_cost")

# %% [markdown] hints="request_cost"
# <details><summary>Hint 1: a question</summary>
#
# Which count decides about the tier: fresh input, all input, or input and output together? And which tokens then
# pay its prices?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# At Opus' launch prices, 250,000 in, of which 200,000 cached, 1,000 out: more than 200,000, so the dear tier.
# 50,000 · 10 + 200,000 · 1 + 1,000 · 37.5 = 737,500 millionths: 0.7375 dollars.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `tier.get("cached") or tier["input"]` takes a price of 0 for a missing one. And cached tokens are already within
# `tokens_in`: billed twice, they cost more than without a cache.
#
# </details>

# %% graded="request_cost__lines" points=2
# Looks at fresh, cached, written and output tokens within one tier.
check(request_cost, 100_000, 2_000, OPUS_LAUNCH, 80_000, 10_000, want=0.05 + 0.04 + 0.0625 + 0.05, rtol=1e-9,
      atol=0,
      why="10,000 fresh, 80,000 cached, 10,000 written, 2,000 out",
      mistakes={"cached and written tokens are billed as fresh ones too": 0.5 + 0.04 + 0.0625 + 0.05,
                "the price is per 1,000 tokens": 202.5})
check(request_cost, 100_000, 0, FLAT, 60_000, want=0.1, rtol=1e-9, atol=0, why="no cached price: as input",
      mistakes={"no cached price was taken for free": 0.04})
### BEGIN HIDDEN TESTS
FREE = [{"above": 0, "input": 3, "cached": 0.0, "written": 0, "output": 15}]
LISTS = [OPUS_LAUNCH, FLAT, FREE, [{"above": 0, "input": 0.0, "output": 0.0, "cached": 0.25}],
         [{"above": 0, "input": 2.0, "output": 8.0, "written": 2.5}]]
for i, (n_in, n_out, cached, written) in enumerate([(0, 0, 0, 0), (0, 17, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1),
                                                    (1_000, 3, 999, 1),
                                                    (123_457, 8_191, 100_001, 7), (99_999, 1, 0, 99_999),
                                                    (5, 7, 2, 3)]):
    for price in LISTS:
        check(request_cost, n_in, n_out, price, cached, written, want=bill(n_in, n_out, price, cached, written),
              rtol=1e-9,
              atol=1e-15)
        check(request_cost, n_in, n_out, price, want=bill(n_in, n_out, price), rtol=1e-9, atol=1e-15)
        check(request_cost, n_in, n_out, price, written=written, want=bill(n_in, n_out, price, 0, written),
              rtol=1e-9, atol=1e-15)
### END HIDDEN TESTS

# %% graded="request_cost__tiers" points=3
# Looks at requests on both sides of a tier's line, at three tiers, at tiers in any order.
check(request_cost, 300_000, 2_000, OPUS_LAUNCH, want=3.075, rtol=1e-9, atol=0,
      why="the whole request pays the dear tier",
      mistakes={"only the tokens above 200,000 pay the dear tier": 2.05, "the tier was not seen": 1.55,
                "output kept its cheap price": 3.05})
check(request_cost, 200_000, 0, OPUS_LAUNCH, want=1.0, rtol=1e-9, atol=0,
      why="exactly 200,000 is not more than 200,000")
check(request_cost, 200_001, 0, OPUS_LAUNCH, want=2.00001, rtol=1e-9, atol=0,
      why="one more: all of them at 10 dollars")
### BEGIN HIDDEN TESTS
STEPS = [{"above": 1_000_000, "input": 0.5, "output": 9.0}, {"above": 0, "input": 3.0, "output": 4.0,
                                                             "cached": 1.0},
         {"above": 32_000, "input": 2.0, "output": 7.0, "cached": 0.0, "written": 5.0}]
for price in (STEPS, STEPS[::-1], STEPS[1:] + STEPS[:1], OPUS_LAUNCH, OPUS_LAUNCH[::-1]):
    for n_in in (0, 1, 31_999, 32_000, 32_001, 199_999, 200_000, 200_001, 1_000_000, 1_000_001, 3_000_000):
        for n_out, cached, written in [(0, 0, 0), (500_000, 0, 0), (1, n_in, 0), (2, n_in // 3, n_in // 2),
                                       (0, 0, n_in)]:
            check(request_cost, n_in, n_out, price, cached, written, want=bill(n_in, n_out, price, cached,
                                                                               written), rtol=1e-9,
                  atol=1e-15, why=f"{n_in} tokens in decide about the tier")
unchanged(request_cost, 40_000, 10, STEPS, want=bill(40_000, 10, STEPS), rtol=1e-9, atol=0)
bare = [{"above": 0, "input": 7.0, "output": 9.0}]
unchanged(request_cost, 40, 10, bare, 20, 5, want=bill(40, 10, bare, 20, 5), rtol=1e-9, atol=0)
### END HIDDEN TESTS

# %% graded="request_cost__refuses" points=1
# Looks at counts that cannot be.
raises(ValueError, request_cost, 100, 0, FLAT, 101, why="more cached tokens than tokens")
check(request_cost, 100, 0, FLAT, 100, want=1e-4, rtol=1e-9, atol=0, why="all of them cached is allowed")
### BEGIN HIDDEN TESTS
for n_in, n_out, cached, written in [(-1, 0, 0, 0), (0, -1, 0, 0), (10, 0, -1, 0), (10, 0, 0, -1),
                                     (100, 0, 60, 41),
                                     (100, 5, 0, 101), (10, 0, 11, -1), (10, 0, -1, 11), (0, 0, 1, 0)]:
    raises(ValueError, request_cost, n_in, n_out, OPUS_LAUNCH, cached, written, why="no such counts")
check(request_cost, 100, 0, FLAT, 60, 40, want=1e-4, rtol=1e-9, atol=0)
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.cost_of_length(request_cost, OPUS_LAUNCH)

# %% [markdown]
# The same list of prices, read as of February and as of April 2026 (without and with your cache: 90 % of the input
# cached). At the line the bill jumps. Cutting a prompt from 210,000 to 199,000 tokens halves it.

# %% [markdown]
# ## 5 · Open weights: does it fit?
#
# *Open weights* means that the numbers can be downloaded. It is not *open source*: training data and code are
# mostly missing, and the licence may forbid things. GLM, Kimi, DeepSeek and Qwen are families with open weights,
# and not every member is open: the guide's list of "open source leaders" holds one that could only be called over
# an interface. Read the licence, not the name.
#
# Whoever runs weights himself asks first what fits. On each of g GPUs that share a model (*tensor parallelism*,
# section 12):
#
# $$\text{room} = \text{memory} \cdot (1 - \text{reserve}) - \frac{\text{parameters} \cdot \text{bits}/8}{g}$$
#
# and what is left holds the KV caches of the requests in flight. The reserve is for activations, workspace and
# fragments.
#
# - **All** parameters count, also in a mixture of experts, where few are *active* for a token. Active ones decide
#   about speed, all decide about memory.
# - "4 bit" is seldom 4: with a 16-bit scale for each group of 32 it is 4 + 16/32 = 4.5 bits.
# - Weights split evenly over g GPUs. A cache splits **by KV heads**, and a head is whole: with 8 KV heads on 16
#   GPUs each GPU still keeps one. A *latent* (MLA, section 14) belongs to no head: every GPU keeps all of it.
# - "80 GB" on a GPU's datasheet; tools that print GiB show less.
#
# **The catch.** Fitting is not serving. One request that fits makes a slow and expensive service; the price per
# token of your own hardware falls with the number of requests that are in flight at once (section 12).
#
# ### Exercise 27.5 · memory_fit
#
# `memory_fit(model, gpu, tokens, bits=16.0, gpus=1, kv_size=2, reserve=0.1)` gives how many requests of `tokens`
# tokens can be in memory at once, an int; −1 if not even the weights fit; 0 if they fit and no request does.
#
# - `model` and `gpu` are `Model` and `GPU` of `course.models.sizes`. Of the model you need `params`, `kv_heads`,
#   `mla` (None or a pair) and `model.cache_bytes(tokens, 1, kv_size)`: the whole cache of one request, windows of
#   windowed layers already taken into account. `gpu.memory` is in bytes.
# - `bits` for each parameter, maybe 4.5; `kv_size` bytes for each number of a cache, maybe 0.5. Per GPU the weights
#   take `params * bits / 8 / gpus` bytes.
# - Every request's cache is spread over the GPUs. The GPU that holds most decides: it holds
#   $\lceil \text{kv\_heads} / \text{gpus} \rceil$ of the KV heads; with MLA all of the cache.
# - A request that fills the room exactly fits, and so do weights that fill it. Where a test is that exact, all
#   numbers are whole bytes and the reserve is 0, 0.25 or 0.5; elsewhere no answer is within 1e-6 of the next.
#
# Source: for how KV heads are divided and repeated, `get_num_kv_heads` in vLLM's configuration of models (there
# they divide evenly).

# %% stub="memory_fit"
def memory_fit(model: Model, gpu: GPU, tokens: int, bits: float = 16.0, gpus: int = 1, kv_size: float = 2,
               reserve: float = 0.1) -> int:
    """Requests of so many tokens that fit at once; -1 if the weights do not fit.

    memory_fit(MODELS["Llama-3-8B"], GPUS["H100 80 GB"], 8192) is (72e9 - 16.06e9) // 1.074e9 = 52.
    """
    ### BEGIN SOLUTION
    room = gpu.memory * (1 - reserve) - model.params * bits / 8 / gpus
    if room < 0:
        return -1
    share = 1.0 if model.mla is not None else math.ceil(model.kv_heads / gpus) / model.kv_heads
    return math.floor(room / (model.cache_bytes(tokens, 1, kv_size) * share))
    ### END SOLUTION
    raise NotImplementedError("memory_fit")

# %% [markdown] hints="memory_fit"
# <details><summary>Hint 1: a question</summary>
#
# 8 KV heads on 3 GPUs: how many of them has the fullest GPU? Which part of the cache is that?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two GPUs of 1,000 bytes, reserve 0.25: 750 each. 400 parameters of 8 bits: 200 each. Room 550. A request's cache
# of 90 bytes, 3 KV heads: one GPU keeps 2 of 3, that is 60 bytes. 9 requests fit.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# −1 and 0 are two answers: room below 0, and room for less than one request. Rounding towards zero mixes them up.
#
# </details>

# %% graded="memory_fit__one_gpu" points=2
# Looks at one GPU: weights, bits, reserve, caches.
check(memory_fit, MODELS["Llama-3-8B"], GPUS["H100 80 GB"], 8192, want=52,
      mistakes={"the GPU's memory was taken in GiB": 57, "the reserve was forgotten": 59})
check(memory_fit, TINY, CARD, 2, 8.0, 1, 1, 0.25, want=6, why="1500 - 400 bytes, a request takes 180",
      mistakes={"the reserve was forgotten": 8, "bits were taken for bytes": -1})
check(memory_fit, MODELS["Llama-3-70B"], GPUS["H100 80 GB"], 8192, want=-1, why="141 GB of weights")
### BEGIN HIDDEN TESTS
for name in MODELS:
    for gpu in GPUS.values():
        for tokens, bits in [(1, 16.0), (3000, 8.0), (131_072, 4.5)]:
            check(memory_fit, MODELS[name], gpu, tokens, bits, want=fits(MODELS[name], gpu, tokens, bits))
check(memory_fit, TINY, GPU("g", 400.0, 1.0, ""), 2, 8.0, 1, 1, 0.0, want=0,
      why="the weights fill it exactly: they fit")
check(memory_fit, TINY, GPU("g", 399.0, 1.0, ""), 2, 8.0, 1, 1, 0.0, want=-1, why="one byte too few")
check(memory_fit, TINY, GPU("g", 579.0, 1.0, ""), 2, 8.0, 1, 1, 0.0, want=0, why="one byte too few for a request")
check(memory_fit, TINY, GPU("g", 580.0, 1.0, ""), 2, 8.0, 1, 1, 0.0, want=1,
      why="a request that fills it exactly fits")
check(memory_fit, TINY, GPU("g", 2240.0, 1.0, ""), 2, 4.0, 1, 1, 0.5, want=5, why="1120 - 200 bytes, 180 each")
check(memory_fit, MODELS["Mistral-7B-v0.1"], GPUS["A100 80 GB"], 100_000, 8.0, 1, 1, 0.3,
      want=fits(MODELS["Mistral-7B-v0.1"], GPUS["A100 80 GB"], 100_000, 8.0, 1, 1, 0.3),
      why="a window of 4,096 tokens")
check(memory_fit, MODELS["Llama-2-7B"], GPUS["A100 80 GB"], 2000, kv_size=0.5,
      want=fits(MODELS["Llama-2-7B"], GPUS["A100 80 GB"], 2000, kv_size=0.5), why="a cache in 4 bit")
check(memory_fit, MODELS["Llama-2-7B"], GPUS["A100 80 GB"], 2000, reserve=0.35,
      want=fits(MODELS["Llama-2-7B"], GPUS["A100 80 GB"], 2000, reserve=0.35))
check(memory_fit, TINY, CARD, 1, 8.0, 1, 0.5625, 0.25, want=21,
      why="1100 bytes, a request takes 50.625: a cache of 4.5 bits a number need not be whole bytes")
wide = Model("wide", 1_000_000_001, 3, 6, 3, 5, "made up")  # 1,000,003 tokens take 90,000,270 bytes
for spare, want in [(0, 7), (-1, 6)]:
    check(memory_fit, wide, GPU("g", 1_000_000_001.0 + 7 * 90_000_270 + spare, 1.0, ""), 1_000_003, 8.0, 1, 1, 0.0,
          want=want, why="seven requests fill it to the byte, or lack one: float32 has not enough digits for that")
### END HIDDEN TESTS

# %% graded="memory_fit__many_gpus" points=3
# Looks at several GPUs: whole KV heads, latents, windows.
check(memory_fit, TINY, GPU("card", 1000.0, 1.0, "made up"), 1, 8.0, 2, 1, 0.25, want=9,
      why="750 - 200 bytes, 2 of 3 KV heads",
      mistakes={"the cache was split evenly": 12, "the weights were not split": 5, "the cache was not split": 6})
check(memory_fit, MODELS["DeepSeek-V3"], GPUS["H200 141 GB"], 32_768, 8.0, 8, want=18,
      why="every GPU keeps the whole latent", mistakes={"the latent was split": 149})
### BEGIN HIDDEN TESTS
for name in MODELS:
    for gpu in GPUS.values():
        for tokens, bits, gpus, kv_size, reserve in [(8192, 16.0, 8, 2, 0.1), (40_000, 4.5, 3, 1, 0.2),
                                                     (5000, 8.0, 16, 2, 0.1),
                                                     (128, 16.0, 2, 2, 0.05)]:
            check(memory_fit, MODELS[name], gpu, tokens, bits, gpus, kv_size, reserve,
                  want=fits(MODELS[name], gpu, tokens, bits, gpus, kv_size, reserve),
                  why=f"{name} on {gpus} GPUs")
for heads, gpus in [(1, 1), (1, 4), (5, 2), (5, 3), (5, 5), (5, 7), (6, 4), (7, 8)]:
    odd = Model("odd", 8 * 9 * 7 * 5, 4, 2 * heads, heads, 6, "made up", window=10, windowed=1)
    check(memory_fit, odd, GPU("g", 40_000.0, 1.0, ""), 33, 8.0, gpus, 2, 0.25,
          want=fits(odd, GPU("g", 40_000.0, 1.0, ""), 33, 8.0, gpus, 2, 0.25),
          why=f"{heads} KV heads on {gpus} GPUs")
for latent in (Model("latent", 1200, 3, 8, 4, 5, "made up", mla=(16, 5)),
               Model("no latent", 1200, 3, 150, 150, 5, "made up")):
    for gpus in (1, 2, 3, 8):
        check(memory_fit, latent, GPU("g", 80_000.0, 1.0, ""), 9, 8.0, gpus, 1, 0.25,
              want=fits(latent, GPU("g", 80_000.0, 1.0, ""), 9, 8.0, gpus, 1, 0.25),
              why="mla decides, not the number of heads")
four = Model("four", 300, 3, 8, 4, 5, "made up")  # a token takes 120 bytes, half of them on the fullest of 3
check(memory_fit, four, GPU("g", 100.0, 1.0, ""), 1, 8.0, 3, 1, 0.0, want=0,
      why="a third of the weights fills each GPU exactly")
check(memory_fit, four, GPU("g", 219.0, 1.0, ""), 1, 8.0, 3, 1, 0.0, want=1,
      why="one byte too few for two requests")
check(memory_fit, four, GPU("g", 220.0, 1.0, ""), 1, 8.0, 3, 1, 0.0, want=2,
      why="two requests fill each GPU exactly")
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.fit_table(memory_fit)

# %% [markdown]
# Requests of 8,192 tokens at once, weights in 8 bits, by model and by how many H100 (80 GB). "–": the weights do
# not fit; 0: they do, and no request does. The models stand in the course with their sources; the sheet is
# arithmetic and does not age.

# %% [markdown]
# ## 6 · A shortlist
#
# Cost and quality pull apart. A model is **dominated** if another costs no more and is no worse, and is better in
# one of the two. What nobody dominates is the *Pareto front*: the only candidates, whatever a point of quality is
# worth to you. (The front itself is built in section 15.)
#
# Two things go wrong with it in practice.
#
# **Requirements come first.** "At least 200,000 tokens of context", "weights that we may run ourselves", "hosted in
# the EU" are no axes to trade. Filter, *then* compare. Whoever draws the front first and filters it afterwards
# loses models: the one that dominated yours may be the one that fails the requirement.
#
# **Quality is an interval.** A front through point estimates throws a model out because another had two items more.
# With intervals, j **surely** dominates i if it costs no more and its *lower* end lies above i's *upper* end. That
# keeps more candidates. The rest is decided by measuring more, on your own tasks, and for the few that are left.
#
# ### Exercise 27.6 · shortlist
#
# `shortlist(models, context=0, open_weights=False, sure=True)` gives the names of the candidates, a list of
# strings.
#
# - A model is a dict: `"name"`, `"cost"`, `"low"`, `"quality"`, `"high"`, `"context"` (tokens), `"open"` (a bool).
# - First drop those with less than `context` tokens, and, if `open_weights`, those that are not open.
# - Then drop what another of the remaining ones dominates. With `sure`: cost no more, and `low` **above** `high` of
#   the dominated one. Without: cost no more and `quality` no less, and at least one of the two strictly better; so
#   of two equal models both stay.
# - Sorted by cost, the cheapest first; at equal cost the better `quality` first; if that is equal too, the order in
#   which they were given.
#
# Compare the numbers as they are. The list may be empty. Source: this course.

# %% stub="shortlist"
def shortlist(models: list[dict[str, Any]], context: int = 0, open_weights: bool = False,
              sure: bool = True) -> list[str]:
    """Names of the candidates, the cheapest first.

    Of a at 1 dollar with 0.7 to 0.8 and b at 2 dollars with 0.6 to 0.69 only "a" is left.
    """
    ### BEGIN SOLUTION
    fit = [m for m in models if m["context"] >= context and (m["open"] or not open_weights)]

    def beats(j: dict, i: dict) -> bool:
        if j["cost"] > i["cost"]:
            return False
        if sure:
            return j["low"] > i["high"]
        return j["quality"] >= i["quality"] and (j["cost"] < i["cost"] or j["quality"] > i["quality"])

    left = [i for i in fit if not any(beats(j, i) for j in fit)]
    return [m["name"] for m in sorted(left, key=lambda m: (m["cost"], -m["quality"]))]
    ### END SOLUTION
    raise NotImplementedError("shortlist")

# %% [markdown] hints="shortlist"
# <details><summary>Hint 1: a question</summary>
#
# A closed model dominates an open one, and you need open weights. Is the open one a candidate?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# a costs 1, 0.70 to 0.80; b costs 2, 0.75 to 0.85; c costs 2, 0.55 to 0.65. Surely dominated: c, since 0.70 > 0.65
# and 1 ≤ 2. b stays though it is dearer, and would stay with a quality below a's too, as long as its upper end is
# at 0.70 or more.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# "No more" holds for equal cost as well, and the strictness sits elsewhere: in the ends of the intervals with
# `sure`, in "at least one of the two" without.
#
# </details>

# %% graded="shortlist__sure" points=2
# Looks at candidates by intervals: who surely dominates whom.
check(shortlist, [entry("b", 2.0, 0.75, 0.80, 0.85), entry("a", 1.0, 0.70, 0.75, 0.80),
                  entry("c", 2.0, 0.55, 0.60, 0.65)],
      want=["a", "b"], why="c's upper end, 0.65, lies below a's lower end, and c is dearer")
check(shortlist, [entry("a", 1.0, 0.70, 0.75, 0.80), entry("d", 2.0, 0.60, 0.65, 0.71)], want=["a", "d"],
      why="d may be as good as a: 0.71 is not below 0.70", mistakes={"point estimates decide": ["a"]})
### BEGIN HIDDEN TESTS
check(shortlist, [], want=[], why="no models")
check(shortlist, [entry("a", 0.0, 0.5, 0.6, 0.7)], want=["a"], why="a cost of 0")
check(shortlist, [entry("a", 1.0, 0.5, 0.6, 0.7), entry("b", 2.0, 0.2, 0.3, 0.5)], want=["a", "b"],
      why="ends that touch")
check(shortlist, [entry("a", 1.0, 0.5, 0.6, 0.7), entry("b", 1.0, 0.2, 0.3, 0.4)], want=["a"],
      why="equal cost is no more")
check(shortlist, [entry("a", 3.0, 0.8, 0.9, 0.95), entry("b", 1.0, 0.2, 0.3, 0.4)], want=["b", "a"],
      why="a is dearer")
check(shortlist, [entry("x", 1.0, 0.4, 0.5, 0.6), entry("y", 1.0, 0.4, 0.5, 0.6), entry("w", 1.0, 0.4, 0.55,
                                                                                        0.6)],
      want=["w", "x", "y"], why="equal cost: the better quality first, then the order given")
check(shortlist, [entry("a", 1.0, 0.1, 0.2, 0.3), entry("b", 2.0, 0.4, 0.5, 0.6), entry("c", 3.0, 0.0, 0.2, 0.35),
                  entry("d", 4.0, 0.25, 0.3, 0.5), entry("e", 4.0, 0.0, 0.05, 0.08)], want=["a", "b", "d"],
      why="every cheaper model can dominate, not the neighbour alone")
check(shortlist, [entry("a", 0.0012, 0.8, 0.85, 0.9), entry("b", 0.0011, 0.5, 0.6, 0.7)], want=["b", "a"],
      why="dollars a request: a tenth of a thousandth of a dollar cheaper is cheaper")
check(shortlist, [entry("a", 0.0011, 0.8, 0.85, 0.9, 8_000), entry("b", 0.0012, 0.5, 0.6, 0.7, 200_000)], 8_000,
      want=["a"], why="beyond what is asked for, context is no axis: a has enough")
check(shortlist, [entry("a", 1.0, 0.8, 0.85, 0.9), entry("b", 2.0, 0.5, 0.6, 0.7, is_open=True)], want=["a"],
      why="nor are open weights, unless they are asked for")
for seed in range(8):
    rng = np.random.default_rng(seed)
    drawn = []
    for i in range(int(rng.integers(5, 40))):
        q, w = rng.integers(2, 9) / 10, rng.integers(0, 3) / 20
        drawn.append(entry(f"m{i}", float(rng.integers(0, 6)) / 4, q - w, q, q + w))
    left = [m for m in drawn if not [j for j in drawn if j["cost"] <= m["cost"] and j["low"] > m["high"]]]
    check(shortlist, drawn, want=[m["name"] for m in sorted(left, key=lambda m: (m["cost"], -m["quality"]))],
          why="a list drawn at random")
### END HIDDEN TESTS

# %% graded="shortlist__needs" points=2
# Looks at requirements, which come first.
KINDS = [entry("closed", 1.0, 0.8, 0.85, 0.9, 200_000), entry("open", 2.0, 0.5, 0.6, 0.7, 128_000, True),
         entry("small", 0.5, 0.3, 0.4, 0.5, 8_000, True)]
check(shortlist, KINDS, open_weights=True, want=["small", "open"], why="what dominates it is not open",
      mistakes={"dominated first, filtered afterwards": ["small"]})
check(shortlist, KINDS, 128_000, want=["closed"],
      why="128,000 tokens are at least 128,000; and closed surely dominates open")
### BEGIN HIDDEN TESTS
check(shortlist, KINDS, 128_000, True, want=["open"], why="128,000 tokens are not less than 128,000")
check(shortlist, KINDS, 128_001, True, want=[], why="nothing is left")
check(shortlist, KINDS, 200_000, want=["closed"], why="at least 200,000")
check(shortlist, KINDS, want=["small", "closed"], why="without requirements")
check(shortlist, KINDS, 8_001, want=["closed"], why="small has too little context")
check(shortlist, [entry("c", 1.0, 0.5, 0.6, 0.7, 0)], want=["c"], why="a context of 0 is not less than 0")
big = KINDS + [entry("huge", 1.0, 0.72, 0.74, 0.76, 10 ** 6)]
check(shortlist, big, 300_000, want=["huge"], why="its rivals are filtered first")
check(shortlist, big, sure=False, want=["small", "closed"], why="huge has less quality at the same cost")
check(shortlist, big, 300_000, sure=False, want=["huge"], why="its rivals are filtered first")
check(shortlist, KINDS, open_weights=True, sure=False, want=["small", "open"], why="open models alone")
unchanged(shortlist, KINDS, 100, want=["small", "closed"])
### END HIDDEN TESTS

# %% graded="shortlist__points" points=2
# Looks at the front of point estimates, sure=False.
check(shortlist, [entry("a", 1.0, 0.70, 0.75, 0.80), entry("d", 2.0, 0.60, 0.65, 0.71), entry("e", 2.0, 0.7, 0.76,
                                                                                              0.8)],
      sure=False, want=["a", "e"])
check(shortlist, [entry("t", 1.0, 0.7, 0.8, 0.9), entry("s", 1.0, 0.6, 0.8, 0.95)], sure=False, want=["t", "s"],
      why="equal in both: neither dominates", mistakes={"equal models throw each other out": []})
### BEGIN HIDDEN TESTS
check(shortlist, [entry("a", 1.0, 0.7, 0.8, 0.9), entry("b", 2.0, 0.7, 0.8, 0.9)], sure=False, want=["a"],
      why="dearer, not better")
check(shortlist, [entry("a", 1.0, 0.7, 0.7, 0.9), entry("b", 1.0, 0.7, 0.8, 0.9)], sure=False, want=["b"],
      why="same cost, better")
check(shortlist, [entry("a", 0.0, 0.0, 0.0, 0.0), entry("b", 0.0, 0.0, 0.0, 0.0)], sure=False, want=["a", "b"],
      why="zeros")
for seed in range(8):
    rng = np.random.default_rng(100 + seed)
    drawn = [entry(f"m{i}", float(rng.integers(0, 9)) / 8, 0.0, float(rng.integers(0, 9)) / 8, 1.0)
             for i in range(int(rng.integers(4, 45)))]
    left = []
    for m in drawn:
        worse = [j for j in drawn if j["cost"] <= m["cost"] and j["quality"] >= m["quality"]
                 and (j["cost"], j["quality"]) != (m["cost"], m["quality"])]
        left += [] if worse else [m]
    check(shortlist, drawn, sure=False, want=[m["name"] for m in sorted(left, key=lambda m: m["cost"])],
          why="a list drawn at random")
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.front(shortlist)

# %% [markdown]
# Ten made-up models, each measured on 300 items. Blue: on your list by intervals. Ringed: on the front of point
# estimates. The blue ones without a ring are those that the front would have thrown out on luck alone.

# %% [markdown]
# ## 7 · Cheap first
#
# A **cascade** asks the small model first and the big one only if the small one seems unsure: if its confidence
# lies below τ. (FrugalGPT, Chen, Zaharia and Zou 2023, arXiv 2305.05176, made it known.) The small model is paid
# *every time*:
#
# $$\text{cost} = c_1 + P(\text{confidence} < \tau) \cdot c_2$$
#
# So a cascade saves against the big model alone only if fewer than $1 - c_1/c_2$ of the requests go up. With $c_1$
# at a tenth of $c_2$ that is 90 %; with half it is 50 %. And the user who is sent up waits for both.
#
# What makes it work is not a good small model but a **confidence that knows where it is wrong**. If the confidence
# were pure noise, a cascade would be a random mix of the two models, dearer by $c_1$.
#
# Where does it come from? From the probabilities of the answer's tokens, from the agreement of several samples
# (section 13), or from a small scorer that was trained on labelled answers, as in FrugalGPT. A *router* in the narrow
# sense guesses from the request alone, before anybody answers (RouteLLM, Ong et al. 2024, arXiv 2406.18665): it pays
# one model a request, and must know without having seen an answer.
#
# **Choosing τ.** Take a labelled sample of your traffic with both models' answers, try every τ that makes a
# difference, keep those whose quality reaches the floor that you promised, and take the cheapest.
#
# **The catch** is the same as in part 3: the sample is finite, and you pick the threshold *by* it. With `z` above
# 0 the function below asks more: not the share itself must reach the floor, but the **lower end** of its Wilson
# interval. What either rule is worth on fresh traffic, the experiment shows. Report quality on a test set that
# chose nothing.
#
# ### Exercise 27.7 · choose_tau
#
# Two functions. `confidence` is a float tensor (N,), `small_right` and `big_right` are boolean (N,): whether each
# model is right on request t. N ≥ 1.
#
# - `cascade(confidence, small_right, big_right, tau, cost_small, cost_big)` gives `(cost, quality)`, two floats:
#   the mean cost of a request and the share of right answers. A request goes up if its confidence is **less than**
#   τ, compared as float64 numbers. τ may be infinite.
# - `choose_tau(confidence, small_right, big_right, cost_small, cost_big, floor, z=0.0)` gives τ, a float, or
#   `None`. Candidates are −∞ (nothing goes up), every confidence in the sample, and +∞ (all go up). Admitted is a
#   candidate whose `wilson(k, N, z)` with its k right answers has a lower end of at least `floor`; at z = 0 that is
#   the share k/N itself, as a float64 number. Of those the cheapest; at equal cost the one with more right answers;
#   if that is equal too the smallest τ. None admitted: `None`.
#
# Confidences may tie; −∞ is possible, +∞ and NaN are not. Costs are 0 or more. Tolerance: 1e-9 for cost and
# quality; τ is one of the candidates exactly. With z > 0 the tests avoid floors within 1e-6 of a lower end. Source:
# this course.

# %% stub="choose_tau"
def cascade(confidence: Float[Tensor, "N"], small_right: Bool[Tensor, "N"], big_right: Bool[Tensor, "N"],
            tau: float,
            cost_small: float, cost_big: float) -> tuple[float, float]:
    """(mean cost, share right) if requests with a confidence below tau go up.

    Confidences [0.2, 0.9], tau 0.5, costs 1 and 10: one of two goes up, so 1 + 10 / 2 = 6.
    """
    ### BEGIN SOLUTION
    up = confidence.double() < tau
    right = torch.where(up, big_right, small_right)
    return cost_small + cost_big * int(up.sum()) / len(up), int(right.sum()) / len(up)
    ### END SOLUTION
    raise NotImplementedError("cascade")


def choose_tau(confidence: Float[Tensor, "N"], small_right: Bool[Tensor, "N"], big_right: Bool[Tensor, "N"],
               cost_small: float, cost_big: float, floor: float, z: float = 0.0) -> float | None:
    """The cheapest threshold whose quality reaches the floor, or None.

    Confidences [0.2, 0.9], small right on the second, big on both, floor 1.0: 0.9 (only 0.2 goes up).
    """
    ### BEGIN SOLUTION
    n, best = len(confidence), None
    for tau in sorted({-math.inf, *confidence.double().tolist(), math.inf}):
        cost, quality = cascade(confidence, small_right, big_right, tau, cost_small, cost_big)
        if wilson(round(quality * n), n, z)[0] >= floor and (best is None or (cost, -quality) < best[:2]):
            best = cost, -quality, tau
    return None if best is None else best[2]
    ### END SOLUTION
    raise NotImplementedError("choose_tau")

# %% [markdown] hints="choose_tau"
# <details><summary>Hint 1: a question</summary>
#
# With confidences 0.2, 0.5 and 0.5: how many different cascades are there? Which τ gives each?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Confidences 0.2, 0.5, 0.9; small right: no, yes, yes; big right: yes, no, yes; costs 1 and 10. τ = −∞: cost 1,
# quality 2/3. τ = 0.5: one goes up, 1 + 10/3, quality 3/3. τ = 0.9: two go up, 1 + 20/3, quality 2/3 (the big model
# errs on the second). τ = +∞: 11, 2/3. More escalation is not always better.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The small model is paid for requests that go up, too. And the lowest confidence, taken as τ, sends nothing up: the
# same cascade as −∞, and of equals the smaller τ counts.
#
# </details>

# %% graded="choose_tau__cascade" points=2
# Looks at cost and quality of a given threshold.
check(cascade, CONF, SMALL, BIG, 0.5, 1.0, 10.0, want=(1 + 10 / 3, 1.0), rtol=0, atol=1e-9,
      mistakes={"requests that go up do not pay for the small model": (2 / 3 + 10 / 3, 1.0),
                "a confidence equal to tau goes up": (1 + 20 / 3, 2 / 3)})
check(cascade, CONF, SMALL, BIG, math.inf, 1.0, 10.0, want=(11.0, 2 / 3), rtol=0, atol=1e-9, why="all go up")
### BEGIN HIDDEN TESTS
for seed, n in enumerate([1, 2, 7, 50, 301, 1500]):
    rng = np.random.default_rng(seed)
    conf = torch.from_numpy(rng.integers(0, 20, n) / 20.0 - 0.25)
    small, big = torch.from_numpy(rng.random(n) < 0.6), torch.from_numpy(rng.random(n) < 0.85)
    for x in (conf, conf.float(), conf.half()):
        for tau in (-math.inf, -0.25, 0.0, 0.1, 0.30000001, 0.5, 0.7, math.inf):
            for c1, c2 in [(1.0, 10.0), (0.0, 3.0), (0.3, 0.0), (0.002, 0.0175)]:
                check(cascade, x, small, big, tau, c1, c2, want=pair(x, small, big, tau, c1, c2), rtol=0,
                      atol=1e-9)
check(cascade, torch.tensor([0.7, 0.7]), torch.tensor([False, False]), torch.tensor([True, True]), 0.7, 1.0, 2.0,
      want=(3.0, 1.0), rtol=0, atol=1e-9, why="0.7 in float32 is 0.69999999, less than 0.7 in float64")
check(cascade, torch.tensor([-math.inf, 0.0]), torch.tensor([False, True]), torch.tensor([True, False]), 0.0, 1.0,
      2.0,
      want=(2.0, 1.0), rtol=0, atol=1e-9, why="-inf goes up, 0 does not")
check(cascade, torch.tensor([-math.inf, 0.0]), torch.tensor([False, True]), torch.tensor([True, False]),
      -math.inf, 1.0, 2.0,
      want=(1.0, 0.5), rtol=0, atol=1e-9, why="-inf is not less than -inf")
strided = torch.arange(40.0).reshape(20, 2)[:, 0] / 40
check(cascade, strided, torch.arange(20) % 3 > 0, torch.arange(20) % 5 > 0, 0.5, 1.0, 4.0,
      want=pair(strided, torch.arange(20) % 3 > 0, torch.arange(20) % 5 > 0, 0.5, 1.0, 4.0), rtol=0, atol=1e-9)
### END HIDDEN TESTS

# %% graded="choose_tau__chosen" points=3
# Looks at the threshold that is chosen, by the share itself (z = 0).
check(choose_tau, CONF, SMALL, BIG, 1.0, 10.0, 0.9, want=float(torch.tensor(0.5)),
      mistakes={"the best quality was taken at any price, or all go up": math.inf})
check(choose_tau, CONF, SMALL, BIG, 1.0, 10.0, 0.6, want=-math.inf, why="the small model alone reaches 0.6")
check(choose_tau, CONF, torch.tensor([True, False, True]), torch.tensor([False, True, False]), 1.0, 10.0, 0.9,
      want=None,
      why="no threshold reaches 0.9: one right at 0.5, two at most")
### BEGIN HIDDEN TESTS
no, yes = torch.tensor([False, False]), torch.tensor([True, True])
check(choose_tau, torch.tensor([0.5, 0.5]), no, yes, 1.0, 2.0, 0.5, want=math.inf,
      why="ties go up together, or not at all")
check(choose_tau, torch.tensor([0.0, 0.5]), no, yes, 1.0, 2.0, 0.5, want=0.5,
      why="one of two is enough; a confidence of 0.0")
check(choose_tau, torch.tensor([-0.5, 0.0]), no, yes, 1.0, 2.0, 0.5, want=0.0,
      why="a threshold of exactly 0.0 is a threshold")
check(choose_tau, torch.tensor([0.3]), torch.tensor([True]), torch.tensor([True]), 1.0, 2.0, 1.0, want=-math.inf,
      why="k/N = floor")
check(choose_tau, torch.tensor([0.3]), torch.tensor([False]), torch.tensor([True]), 1.0, 2.0, 1.0, want=math.inf)
check(choose_tau, torch.tensor([0.3]), torch.tensor([False]), torch.tensor([False]), 1.0, 2.0, 0.0,
      want=-math.inf, why="floor 0")
check(choose_tau, torch.tensor([0.2, 0.4, 0.6]), torch.tensor([False, True, True]),
      torch.tensor([True, True, False]), 1.0, 0.0,
      0.1, want=float(torch.tensor(0.4)), why="big costs nothing: equal cost, more right answers")
check(choose_tau, torch.tensor([0.2, 0.4]), torch.tensor([True, True]), torch.tensor([True, True]), 1.0, 0.0, 0.1,
      want=-math.inf,
      why="equal in cost and quality: the smallest threshold")
check(choose_tau, torch.tensor([-math.inf, 0.4]), torch.tensor([False, True]), torch.tensor([True, False]), 1.0,
      2.0, 1.0,
      want=float(torch.tensor(0.4)), why="-inf goes up first")
for seed, n in enumerate([5, 10, 40, 90, 270]):
    rng = np.random.default_rng(seed + 50)
    ease = rng.standard_normal(n)
    conf = torch.from_numpy(np.round(ease + 0.7 * rng.standard_normal(n), 1) * (1 if seed % 2 else 7.3))
    small = torch.from_numpy(ease + 0.5 * rng.standard_normal(n) > -0.3)
    big = torch.from_numpy(ease + 0.5 * rng.standard_normal(n) > -1.2)
    for x in (conf, conf.float()):
        for floor in (0.5, 0.7, 0.8, 0.9, 0.97):
            for c1, c2 in [(1.0, 10.0), (3.0, 4.0)]:
                check(choose_tau, x, small, big, c1, c2, floor, want=cheapest(x, small, big, c1, c2, floor))
rng = np.random.default_rng(57)
ease = rng.standard_normal(230)
conf = torch.from_numpy(ease + 0.7 * rng.standard_normal(230))
small, big = torch.from_numpy(ease > -0.3), torch.from_numpy(ease + 0.5 * rng.standard_normal(230) > -1.2)
for floor in (0.75, 0.82):
    check(choose_tau, conf, small, big, 1.0, 10.0, floor, want=cheapest(conf, small, big, 1.0, 10.0, floor),
          why="230 confidences, all different: each is a candidate")
TWO = torch.tensor([True, False, True]), torch.tensor([False, True, False])  # no threshold has more than 2 of 3
check(choose_tau, CONF, *TWO, 1.0, 10.0, 2 / 3, want=-math.inf, why="k/N is the floor exactly")
check(choose_tau, CONF, *TWO, 1.0, 10.0, math.nextafter(2 / 3, 1), want=None, why="the floor is above k/N, by a bit")
unchanged(choose_tau, CONF, SMALL, BIG, 1.0, 10.0, 0.9, want=float(torch.tensor(0.5)))
### END HIDDEN TESTS

# %% graded="choose_tau__lower_end" points=2
# Looks at thresholds whose lower end reaches the floor (z above 0).
EASY = torch.arange(100) / 100
check(choose_tau, EASY, EASY >= 0.105, EASY >= -1, 1.0, 10.0, 0.895, want=float(EASY[1]),
      why="at z = 0: 90 of 100 will do")
check(choose_tau, EASY, EASY >= 0.105, EASY >= -1, 1.0, 10.0, 0.895, 1.96, want=float(EASY[7]),
      why="the lower end of 96 of 100 is 0.9016, that of 95 is 0.8882",
      mistakes={"z was ignored": float(EASY[1])})
### BEGIN HIDDEN TESTS
for seed, n in enumerate([6, 30, 110, 260]):
    rng = np.random.default_rng(seed + 80)
    ease = rng.standard_normal(n)
    conf = torch.from_numpy(np.round(ease + 0.7 * rng.standard_normal(n), 1))
    small = torch.from_numpy(ease + 0.5 * rng.standard_normal(n) > -0.3)
    big = torch.from_numpy(ease + 0.5 * rng.standard_normal(n) > -1.9)
    for floor in (0.3, 0.55, 0.71, 0.83, 0.92):
        for z in (0.5, 1.6448536, 1.96):
            check(choose_tau, conf, small, big, 1.0, 10.0, floor, z, want=cheapest(conf, small, big, 1.0, 10.0,
                                                                                   floor, z),
                  why=f"z = {z}")
check(choose_tau, torch.tensor([0.3]), torch.tensor([True]), torch.tensor([True]), 1.0, 2.0, 0.5, 1.96, want=None,
      why="one right answer of one proves little")
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.cascade_curve(cascade, choose_tau)

# %% [markdown]
# Made-up traffic of 2,000 requests, costs 1 and 10. Each curve is a confidence: one that knows nothing, one that
# knows half, one that knows when the small model is right. The square is the big model alone, the dashed line a floor
# of 0.88; a star is the threshold that your `choose_tau` took from a sample of 300, at z = 1.96. A cascade can end up
# *better* than the big model: it keeps answers where the small one was right and the big one would not have been.

# %% [markdown]
# ## 8 · When a provider fails
#
# A guide's "fallback chain" reads: for each provider, if the task fits and the price is within the budget, return
# it; at the end return the last. It never *calls* anybody, so it cannot notice a failure. It picks, and that is
# all. Its last line is said to be the cheapest, which nothing computed, and returns three things where the loop
# returns two.
#
# What a fallback needs:
#
# - **Which errors may be tried elsewhere?** A timeout or a broken connection, yes; so may "too many requests" (HTTP
#   429) and a server's own failure (5xx), for which a client raises one of the two. A malformed request fails
#   everywhere: trying it at three providers asks three times for one mistake and hides it.
# - **A circuit breaker** (the name is from electrical engineering). A provider that is down costs every request its
#   timeout before the next is tried. After n failures in a row its circuit *opens*: it is not asked at all. After a
#   cooldown it is *half-open*: one request may try. If that succeeds the circuit *closes*; if it fails it is open
#   for another cooldown.
# - **Wait, or go elsewhere?** A 429 often says when to come back (its header `Retry-After`). Asking the same provider
#   again at once makes its overload worse; a retry there waits longer each time, by a random amount, so that callers do
#   not all come back together. A fallback does not wait: it asks the next.
# - **A second provider that is another one.** Two names at the same cloud fail together.
# - **The last error, if all fail.** Whoever swallows it leaves the caller with None and no reason.
#
# With three failures before opening, a cooldown of 60 s and a request every 5 s, an outage of ten minutes costs
# twelve timeouts instead of 120.
#
# **The catch.** The other model is another model: other prompts suit it, other formats come back, other quality. A
# fallback that was never measured on your tasks is a silent change of product. The router of part 9 falls back only
# to models that were.
#
# ### Exercise 27.8 · Fallback
#
# A class. `Fallback(providers, fail_after=3, cooldown=30.0)`: `providers` is a list of pairs `(name, fn)` with
# different names; `fn(request)` gives an answer or raises.
#
# - `call(request, now, order=None)` gives `(name, answer)` of the first provider that answers. They are tried in
#   the order of the list, or of `order`, a list of some of their names. One whose circuit is open is passed over.
#   `now` is the time in seconds, which never goes back.
# - `state(name, now)` gives `"closed"`, `"open"` or `"half-open"`.
# - **Retryable** are `TimeoutError` and `ConnectionError` (with their subclasses). Such a failure counts for the
#   provider, and the next is tried. **Any other error** is passed on to the caller at once, nobody else is asked,
#   and no count changes.
# - A circuit opens when `fail_after` retryable failures of that provider have come **in a row**; an answer sets its
#   count to zero. It stays open while less than `cooldown` seconds have passed since the failure that opened it;
#   from `cooldown` on it is half-open. A half-open provider is asked in its turn like a closed one: an answer
#   closes the circuit; a retryable failure opens it again for a full cooldown from then; any other error leaves it
#   half-open.
# - If nobody answered: the last retryable error of this call is raised. If nobody was even asked (all open, or
#   nobody in `order`): `ConnectionError`.
#
# An answer may be anything, also None, 0 or "". Two objects share nothing. `fail_after` ≥ 1, `cooldown` > 0.
# Source: Nygard's *Release It!* made the pattern known; details are this course's.

# %% stub="Fallback"
class Fallback:
    """Providers tried in turn, each behind a circuit breaker.

    Fallback([("a", fn_a), ("b", fn_b)]).call("hi", 0.0) is ("b", fn_b("hi")) if fn_a times out.
    """

    def __init__(self, providers: list[tuple[str, Callable[[Any], Any]]], fail_after: int = 3,
                 cooldown: float = 30.0):
        ### BEGIN SOLUTION
        self.providers, self.fail_after, self.cooldown = dict(providers), fail_after, cooldown
        self.fails = dict.fromkeys(self.providers, 0)
        self.opened = dict.fromkeys(self.providers, 0.0)
        return
        ### END SOLUTION
        raise NotImplementedError("Fallback")

    def state(self, name: str, now: float) -> str:
        "closed, open or half-open."
        ### BEGIN SOLUTION
        if self.fails[name] < self.fail_after:
            return "closed"
        return "open" if now - self.opened[name] < self.cooldown else "half-open"
        ### END SOLUTION
        raise NotImplementedError("Fallback")

    def call(self, request: Any, now: float, order: list[str] | None = None) -> tuple[str, Any]:
        "(name, answer) of the first provider that answers."
        ### BEGIN SOLUTION
        last: Exception = ConnectionError("no provider could be asked")
        for name in self.providers if order is None else order:
            if self.state(name, now) == "open":
                continue
            try:
                answer = self.providers[name](request)
            except (TimeoutError, ConnectionError) as error:
                last = error
                self.fails[name] += 1
                self.opened[name] = now
            else:
                self.fails[name] = 0
                return name, answer
        raise last
        ### END SOLUTION
        raise NotImplementedError("Fallback")

# %% [markdown] hints="Fallback"
# <details><summary>Hint 1: a question</summary>
#
# Which two numbers must be kept for each provider, so that its state at any time can be computed from them? Is a
# third thing needed for "half-open"?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `fail_after` 2, cooldown 30. Failures at 0 and 10: open from 10. At 39.9 still open, at 40 half-open. It is asked
# at 50 and fails: open until 80. At 80 it answers: closed, count 0. One failure at 90: still closed.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The failure of a half-open trial starts a *new* cooldown, although the count had reached `fail_after` long ago.
#
# </details>

# %% graded="Fallback__chain" points=2
# Looks at who is asked, in which order, and who answers.
DOWN, LOST, BAD = TimeoutError("slow"), ConnectionError("lost"), ValueError("a malformed request")
steps(Fallback([("a", scripted(DOWN)), ("b", scripted("B"))]), [("call", ("hi", 0.0), ("b", "B"))],
      why="a times out, b answers")
steps(Fallback([("a", scripted("A")), ("b", scripted("B"))]), [("call", ("hi", 0.0), ("a", "A")),
                                                               ("call", ("hi", 1.0, ["b", "a"]), ("b", "B"))],
      why="in the order of the list, or of `order`")
raises(ValueError, Fallback([("a", scripted(BAD)), ("b", scripted("B"))]).call, "hi", 0.0,
       why="a malformed request fails everywhere: pass the error on, ask nobody else")
### BEGIN HIDDEN TESTS
for answer in (None, 0, "", False, [], {"text": "x", "tokens": 3}, (1, 2)):
    steps(Fallback([("a", scripted(answer)), ("b", scripted("B"))]), [("call", ("hi", 0.0), ("a", answer))],
          why="any answer is an answer")
    steps(Fallback([("b", scripted(LOST)), ("a", scripted(answer))]), [("call", ("hi", 0.0), ("a", answer))])
for error in (DOWN, LOST, ConnectionResetError("reset"), BrokenPipeError("pipe"), ConnectionRefusedError("no")):
    steps(Fallback([("a", scripted(error)), ("b", scripted(error)), ("c", scripted("C"))]),
          [("call", ("hi", 0.0), ("c", "C"))],
          why=f"{type(error).__name__} is retryable")
for error in (ValueError, KeyError, PermissionError, TypeError, RuntimeError, ZeroDivisionError):
    asked = []
    chain = Fallback([("a", scripted(error("no"))), ("b", lambda request: asked.append(request))], 1)
    raises(error, chain.call, "hi", 0.0, why="not retryable")
    expect(asked, [], on=f"what b was asked after a {error.__name__} of a")
    expect(chain.state("a", 0.0), "closed", on=f"a's state after a {error.__name__}", why="no count changes")
log = []


def logging(name, todo):
    "A provider that writes down whom it was asked as, and what."
    def fn(request):
        log.append((name, request))
        return todo(request)
    return fn


chain = Fallback([(n, logging(n, scripted(LOST if n in "abd" else n.upper()))) for n in "abcde"], 99)
expect(chain.call({"q": 1}, 0.0), ("c", "C"), on="five providers, a and b down")
expect(log, [("a", {"q": 1}), ("b", {"q": 1}), ("c", {"q": 1})], on="who was asked what",
       why="nobody after the first answer")
log.clear()
expect(chain.call(0, 1.0, ["d", "b", "e", "c"]), ("e", "E"), on="order d, b, e, c")
expect(log, [("d", 0), ("b", 0), ("e", 0)], on="who was asked with order d, b, e, c")
log.clear()
raises(ConnectionError, chain.call, "q", 2.0, ["a", "d"], why="all that were asked failed")
expect(log, [("a", "q"), ("d", "q")], on="who was asked with order a, d")
unchanged(chain.call, "q", 3.0, ["b", "c", "e"], want=("c", "C"), why="the caller keeps its list")
one, two = Fallback([("a", scripted(DOWN)), ("b", scripted("B"))], 1), Fallback([("a", scripted("A")),
                                                                                 ("b", scripted("B"))], 1)
expect(one.call("x", 0.0), ("b", "B"), on="one of two objects")
expect(two.call("x", 0.0), ("a", "A"), on="another object", why="two objects share nothing")
expect((one.state("a", 0.0), two.state("a", 0.0)), ("open", "closed"), on="the states of a in both")
### END HIDDEN TESTS

# %% graded="Fallback__breaker" points=3
# Looks at circuits: when they open, when they may be tried, when they close.
DOWN, LOST, BAD = TimeoutError("slow"), ConnectionError("lost"), ValueError("a malformed request")
steps(Fallback([("a", scripted(DOWN, LOST, DOWN, "A")), ("b", scripted("B"))], 2, 30.0), [
    ("state", ("a", 0.0), "closed"), ("call", ("q", 0.0), ("b", "B")), ("state", ("a", 0.0), "closed"),
    ("call", ("q", 10.0), ("b", "B")), ("state", ("a", 39.0), "open"), ("call", ("q", 39.0), ("b", "B")),
    ("state", ("a", 40.0), "half-open"), ("call", ("q", 50.0), ("b", "B")), ("state", ("a", 79.0), "open"),
    ("call", ("q", 79.0), ("b", "B")), ("call", ("q", 80.0), ("a", "A")), ("state", ("a", 80.0), "closed")],
      why="open from 10 for 30 s; the trial at 50 fails: open until 80; the trial at 80 succeeds: closed")
### BEGIN HIDDEN TESTS
steps(Fallback([("a", scripted(DOWN, "A", DOWN, DOWN, "A", DOWN, DOWN, DOWN, "A")), ("b", scripted("B"))], 3,
               8.0), [
    ("call", ("q", 0), ("b", "B")), ("call", ("q", 1), ("a", "A")), ("call", ("q", 2), ("b", "B")),
                      ("call", ("q", 3), ("b", "B")),
    ("state", ("a", 3), "closed"), ("call", ("q", 4), ("a", "A")), ("call", ("q", 5), ("b", "B")),
                      ("call", ("q", 6), ("b", "B")),
    ("state", ("a", 6), "closed"), ("call", ("q", 7), ("b", "B")), ("state", ("a", 7), "open"),
                      ("state", ("a", 14.5), "open"),
    ("call", ("q", 14.5), ("b", "B")), ("state", ("a", 15), "half-open"), ("call", ("q", 15), ("a", "A"))],
      why="three in a row, not three in all")
steps(Fallback([("a", scripted(DOWN, DOWN, DOWN, "A", DOWN, "A", DOWN, DOWN, "A")), ("b", scripted("B"))], 2,
               10.0), [
    ("call", ("q", 0), ("b", "B")), ("call", ("q", 1), ("b", "B")), ("state", ("a", 10.5), "open"),
                       ("call", ("q", 11), ("b", "B")),
    ("state", ("a", 20.5), "open"), ("state", ("a", 21), "half-open"), ("call", ("q", 21), ("a", "A")),
                       ("call", ("q", 22), ("b", "B")),
    ("state", ("a", 22), "closed"), ("call", ("q", 23), ("a", "A")), ("call", ("q", 24), ("b", "B")),
                       ("call", ("q", 25), ("b", "B")),
    ("state", ("a", 25), "open"), ("state", ("b", 25), "closed")],
      why="an answer sets the count to 0; a failed trial opens for a full cooldown")
chain = Fallback([("a", scripted(DOWN, BAD, BAD, "A")), ("b", scripted("B"))], 1, 5.0)
expect(chain.call("q", 0), ("b", "B"), on="the first call")
raises(ValueError, chain.call, "q", 5, why="half-open, and the request is bad")
expect(chain.state("a", 5), "half-open", on="a after a bad request in its trial",
       why="any other error leaves it half-open")
raises(ValueError, chain.call, "q", 6, why="half-open still")
expect(chain.call("q", 7), ("a", "A"), on="a good request at last")
expect(chain.state("a", 7), "closed", on="a after an answer")
chain = Fallback([("a", scripted(DOWN, BAD, DOWN, DOWN)), ("b", scripted("B"))], 2, 5.0)
expect(chain.call("q", 0), ("b", "B"), on="the first failure of a")
raises(ValueError, chain.call, "q", 1, why="a bad request")
expect(chain.state("a", 1), "closed", on="a after a failure and a bad request")
expect(chain.call("q", 2), ("b", "B"), on="the second failure of a")
expect(chain.state("a", 2), "open", on="a after failure, bad request, failure",
       why="a bad request changes no count")
chain = Fallback([("a", scripted(DOWN)), ("b", scripted("B"))])
for now, state in [(0, "closed"), (1, "closed"), (2, "open")]:
    expect(chain.call("q", now), ("b", "B"), on=f"the call at {now}")
    expect(chain.state("a", now), state, on=f"a's state at {now}", why="fail_after is 3 unless said otherwise")
expect((chain.state("a", 31.5), chain.state("a", 32)), ("open", "half-open"), on="a's states at 31.5 and 32",
       why="the cooldown is 30 s unless said otherwise")
chain = Fallback([("a", scripted(DOWN)), ("b", scripted(LOST)), ("c", scripted("C"))], 2, 5.0)
expect(chain.call("q", 0), ("c", "C"), on="one failure of a and one of b")
expect((chain.state("a", 0), chain.state("b", 0)), ("closed", "closed"), on="a and b after one failure each",
       why="two failures of one provider open its circuit, not one of each")
expect(chain.call("q", 1000), ("c", "C"), on="the second failures, long after the first")
expect((chain.state("a", 1000), chain.state("b", 1000)), ("open", "open"), on="a and b after two failures each",
       why="in a row means with no answer between them, however long it takes")
asked = []


def down(request):
    "Always down, and counts."
    asked.append(request)
    raise TimeoutError("slow")


chain = Fallback([("a", down), ("b", scripted("B"))], 3, 60.0)
for now in range(0, 600, 5):
    chain.call(now, float(now))
expect(asked, [0, 5, 10, 70, 130, 190, 250, 310, 370, 430, 490, 550],
       on="when a was asked during an outage of 600 s",
       why="three times, then one trial for each cooldown of 60 s")
### END HIDDEN TESTS

# %% graded="Fallback__nobody" points=2
# Looks at what is raised when nobody answers.
DOWN, LOST = TimeoutError("slow"), ConnectionError("lost")
chain = Fallback([("a", scripted(LOST)), ("b", scripted(DOWN))], 1)
raises(TimeoutError, chain.call, "q", 0.0, why="the last error, b's")
raises(ConnectionError, chain.call, "q", 1.0, why="both circuits are open")
### BEGIN HIDDEN TESTS
chain = Fallback([("a", scripted(DOWN)), ("b", scripted(LOST))], 1, 10.0)
raises(ConnectionError, chain.call, "q", 0, why="the last error, b's")
raises(ConnectionError, chain.call, "q", 9, why="both are open")
raises(ConnectionError, chain.call, "q", 10, why="half-open: both are tried and fail, b last")
chain = Fallback([("a", scripted(DOWN)), ("b", scripted(LOST, DOWN))], 1, 10.0)
raises(ConnectionError, chain.call, "q", 0, why="b's error")
raises(TimeoutError, chain.call, "q", 10, ["b", "a"], why="a's error, of the same class as b's now")
chain = Fallback([("a", scripted(DOWN)), ("b", scripted(LOST))], 2, 10.0)
for now in (0, 1):
    raises(ConnectionError, chain.call, "q", now, ["b"], why="b fails")
raises(TimeoutError, chain.call, "q", 2, ["a", "b"], why="a fails, b is open and was not asked: a's error")
raises(TimeoutError, chain.call, "q", 3, ["b", "a"], why="b is open, a fails")
chain = Fallback([("a", scripted(DOWN)), ("b", scripted("B", LOST))], 1, 10.0)
expect(chain.call("q", 0), ("b", "B"), on="b answers")
raises(ConnectionError, chain.call, "q", 1, why="a is open, b fails: b's error")
chain = Fallback([("a", scripted(DOWN)), ("b", scripted(LOST))], 1, 10.0)
raises(TimeoutError, chain.call, "q", 0, ["a"], why="a alone was asked")
raises(ConnectionError, chain.call, "q", 1, ["a"], why="a alone may be asked, and is open")
raises(ConnectionError, chain.call, "q", 1, [], why="nobody in order")
expect(chain.state("b", 1), "closed", on="b, who was never asked")
raises(ConnectionError, Fallback([]).call, "q", 0, why="no providers at all")
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.outage(Fallback)

# %% [markdown]
# A request every 5 s; provider a is down from 100 s to 400 s and costs a timeout of 30 s whenever it is asked then.
# Top: what each request waited, with your breaker and with a plain "try a, then b". Bottom: a's state.

# %% [markdown]
# ## 9 · The whole: a router
#
# Now the pieces decide together, request by request:
#
# 1. **Floor.** Only models whose *lower* end of quality, on this kind of task, reaches the floor. A model that was
#    never measured on this kind is out, however famous.
# 2. **Budget.** Only models whose bill, if the answer takes all tokens that it may, fits into what is left. Reserve
#    the worst case, charge what was used.
# 3. **Cheapest first**, each behind its breaker.
#
# So it never trades the floor for availability. When it cannot serve, it says so, and why: three reasons, three
# errors. Somebody decides in advance what happens then (a queue, a person, "try later"), and not the router in the
# middle of an outage.
#
# ### Exercise 27.9 · Router
#
# A class. `Router(models, budget, floor, fail_after=3, cooldown=30.0)`. A model is a dict:
#
# - `"name"` (all different); `"price"`, tiers as in `request_cost`; `"scores"`, a dict from a kind of task to
#   `(k, n)`: k right answers of n; `"call"`, a function: `call(request)` gives `(answer, tokens_out)` or raises.
#
# `ask(kind, request, tokens_in, max_out, now)` gives `(name, answer, dollars)`:
#
# 1. Good enough are the models with a score for `kind` whose `wilson(k, n)`, at z = 1.96, has a lower end of at
#    least `floor`. None: `LookupError`.
# 2. Of those, affordable are the ones with `request_cost(tokens_in, max_out, price)` of at most what is left of the
#    budget. None: `RuntimeError`.
# 3. They are called by the rules of `Fallback` (with `fail_after` and `cooldown`; one breaker for each model, for
#    all kinds of task), the cheapest by that cost first; at equal cost the higher lower end first; then the order
#    given. Errors are those of `Fallback`.
# 4. The answer that comes costs `request_cost(tokens_in, tokens_out, price)` with the tokens that it took, even if
#    they are more than `max_out`. That is returned and taken from the budget, which may go below zero by it. Calls
#    that failed cost nothing.
#
# `left()` gives what is left of the budget. Tolerance for dollars: 1e-9. The tests decide no "at most" and no "at
# least" by rounding. Source: this course.

# %% stub="Router"
class Router:
    """The cheapest model that is good enough, affordable and up.

    Router([m], 1.0, 0.5).ask("sql", "…", 1_000, 100, 0.0) is ("m", "SELECT 1", 0.0011), or an error says why not.
    """

    def __init__(self, models: list[dict[str, Any]], budget: float, floor: float, fail_after: int = 3,
                 cooldown: float = 30.0):
        ### BEGIN SOLUTION
        self.models, self.floor, self.money = models, floor, budget
        self.chain = Fallback([(m["name"], m["call"]) for m in models], fail_after, cooldown)
        return
        ### END SOLUTION
        raise NotImplementedError("Router")

    def left(self) -> float:
        "Dollars left of the budget."
        ### BEGIN SOLUTION
        return self.money
        ### END SOLUTION
        raise NotImplementedError("Router")

    def ask(self, kind: str, request: Any, tokens_in: int, max_out: int, now: float) -> tuple[str, Any, float]:
        "(name, answer, dollars)."
        ### BEGIN SOLUTION
        lows = {m["name"]: wilson(*m["scores"][kind])[0] for m in self.models if kind in m["scores"]}
        good = [m for m in self.models if lows.get(m["name"], -1.0) >= self.floor]
        if not good:
            raise LookupError(f"no model is measured to reach {self.floor} on {kind!r}")
        worst = {m["name"]: request_cost(tokens_in, max_out, m["price"]) for m in good}
        order = sorted((n for n in worst if worst[n] <= self.money), key=lambda n: (worst[n], -lows[n]))
        if not order:
            raise RuntimeError(f"{self.money} dollars are left, too few for this request")
        name, (answer, tokens_out) = self.chain.call(request, now, order)
        dollars = request_cost(tokens_in, tokens_out, next(m["price"] for m in good if m["name"] == name))
        self.money -= dollars
        return name, answer, dollars
        ### END SOLUTION
        raise NotImplementedError("Router")

# %% [markdown] hints="Router"
# <details><summary>Hint 1: a question</summary>
#
# Which of your functions answers "good enough?", which "affordable?", which "up?"? What does each need that the
# request does not bring?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Budget 1 dollar, floor 0.7. a: 80 of 100 right (lower end 0.711), 0.30 at most for this request; b: 90 of 100
# (0.826), 0.90. a is called first and times out; b answers and used half of its tokens: 0.50. Left: 0.50. The next
# time b is out of reach: a alone may be called.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The breakers live as long as the router, not as long as a request. And what is charged is not what was reserved.
#
# </details>

# %% graded="Router__picks" points=2
# Looks at floor, kinds, order and tiers.
router = Router([model("big", flat(8.0), scripted(("B", 1000)), sql=(180, 200), poem=(190, 200)),
                 model("small", flat(1.0), scripted(("S", 1000)), sql=(150, 200), poem=(90, 200))], 100.0, 0.6)
steps(router, [("ask", ("sql", "q", 1000, 1000, 0.0), ("small", "S", 0.002)),
               ("ask", ("poem", "q", 1000, 1000, 1.0), ("big", "B", 0.016))],
      why="small reaches 0.6 on sql (0.686) and not on poems (0.382)")
raises(LookupError, router.ask, "law", "q", 1000, 1000, 2.0, why="nobody was measured on law")
### BEGIN HIDDEN TESTS
def names(models, kind="x", floor=0.5, n_in=1000, n_out=1000, budget=1e6):
    "Who answers the first request."
    return Router(models, budget, floor).ask(kind, "q", n_in, n_out, 0.0)[0]


lucky = model("lucky", flat(1.0), scripted(("L", 5)), x=(9, 10))  # lower end 0.596
sure = model("sure", flat(2.0), scripted(("S", 5)), x=(700, 1000))  # 0.671
for floor, want in [(0.0, "lucky"), (0.59, "lucky"), (0.6, "sure"), (0.67, "sure")]:
    expect(names([sure, lucky], floor=floor), want, on=f"who answers with a floor of {floor}",
           why="lower ends: 0.596 and 0.671")
raises(LookupError, Router([sure, lucky], 1e6, 0.68).ask, "x", "q", 1, 1, 0.0,
       why="no lower end reaches 0.68, though both shares do")
raises(LookupError, Router([], 1e6, 0.0).ask, "x", "q", 1, 1, 0.0, why="no models")
other = model("other", flat(0.5), scripted(("O", 5)), y=(999, 1000))
expect(names([other, sure]), "sure", on="who answers where a cheaper model was measured on another kind only")
expect(names([other, sure], floor=0.0), "sure", on="the same with a floor of 0",
       why="a model without a score for the kind is out")
zero = model("zero", flat(0.25), scripted(("Z", 5)), x=(0, 10))
expect(names([sure, zero], floor=0.001), "sure", on="who answers where a model has 0 of 10 right")
tied = [model("t1", flat(2.0), scripted(("1", 5)), x=(600, 1000)), sure, model("t2", flat(2.0),
                                                                               scripted(("2", 5)), x=(700, 1000))]
expect(names(tied), "sure", on="who answers at equal cost", why="the higher lower end, then the order given")
expect(names(tied[::-1]), "t2", on="who answers at equal cost, the other way round")
few = model("few", flat(2.0), scripted(("F", 5)), x=(9, 10))  # a share of 0.9, a lower end of 0.596
expect(names([few, sure]), "sure", on="who answers at equal cost, where the other has the higher share",
       why="the lower end decides: 0.671 and 0.596")
tiers = [{"above": 0, "input": 1.0, "output": 1.0}, {"above": 50_000, "input": 4.0, "output": 4.0}]
long = model("long", tiers, scripted(("T", 5)), x=(800, 1000))
for n_in, n_out, want in [(50_000, 10, "long"), (50_001, 10, "sure"), (10, 60_000, "long")]:
    expect(names([sure, long], n_in=n_in, n_out=n_out), want, on=f"who answers {n_in} tokens in, {n_out} out")
chatty = model("chatty", [{"above": 0, "input": 1.0, "output": 9.0}], scripted(("C", 5)), x=(800, 1000))
for n_in, n_out, want in [(8000, 1000, "chatty"), (6000, 1000, "sure")]:
    expect(names([sure, chatty], n_in=n_in, n_out=n_out), want, on=f"who answers {n_in} in, {n_out} out",
           why="input and output count")
### END HIDDEN TESTS

# %% graded="Router__budget" points=3
# Looks at what is reserved, charged and left.
mine = model("m", flat(1_000.0), scripted(("A", 100), ("B", 400)), x=(90, 100))  # 0.001 dollars a token
router = Router([mine], 1.0, 0.5)
steps(router, [("left", (), 1.0), ("ask", ("x", "q", 100, 800, 0.0), ("m", "A", 0.2)), ("left", (), 0.8)],
      why="900 tokens at most: 0.9 fits into 1.0; 200 were used", rtol=0, atol=1e-9)
raises(RuntimeError, router.ask, "x", "q", 100, 800, 1.0, why="0.9 does not fit into 0.8, whatever it would use")
steps(router, [("ask", ("x", "q", 100, 600, 2.0), ("m", "B", 0.5)), ("left", (), 0.3)], why="0.7 fits", rtol=0,
      atol=1e-9)
### BEGIN HIDDEN TESTS
for budget, ok in [(0.5001, True), (0.4999, False), (0.0, False)]:
    router = Router([model("m", flat(1_000.0), scripted(("A", 0)), x=(90, 100))], budget, 0.5)
    if ok:
        expect(router.ask("x", "q", 250, 250, 0.0), ("m", "A", 0.25), on="a request that may take 0.5 of 0.5001",
               rtol=0, atol=1e-9)
        expect(router.left(), 0.2501, on="left()", rtol=0, atol=1e-9)
    else:
        raises(RuntimeError, router.ask, "x", "q", 250, 250, 0.0, why=f"0.5 dollars at most, {budget} left")
        expect(router.left(), budget, on="left() after a refusal", rtol=0, atol=1e-9)
down = scripted(TimeoutError("slow"))
router = Router([model("a", flat(1_000.0), down, x=(90, 100)), model("b", flat(2_000.0), scripted(("B", 10)),
                                                                     x=(95, 100)),
                 model("c", flat(9_000.0), scripted(("C", 10)), x=(99, 100))], 1.0, 0.5)
steps(router, [("ask", ("x", "q", 100, 100, 0.0), ("b", "B", 0.22)), ("left", (), 0.78)],
      why="a failed and costs nothing",
      rtol=0, atol=1e-9)
raises(TimeoutError, router.ask, "x", "q", 200, 200, 1.0,
       why="b would take 0.8 of 0.78: a alone may be called, and is down")
expect(router.left(), 0.78, on="left() after failures alone", rtol=0, atol=1e-9)
free = model("free", flat(0.0), scripted(("F", 10 ** 6)), x=(70, 100))
steps(Router([free], 0.0, 0.5), [("ask", ("x", "q", 10, 10, 0.0), ("free", "F", 0.0)), ("left", (), 0.0)],
      why="0 dollars fit into 0 dollars", rtol=0, atol=1e-9)
steps(Router([mine, free], 1.0, 0.75), [("ask", ("x", "q", 0, 900, 0.0), ("m", "B", 0.4))],
      why="free is below the floor",
      rtol=0, atol=1e-9)
raises(LookupError, Router([free], 0.0, 0.9).ask, "x", "q", 10, 10, 0.0,
       why="the floor is looked at before the budget")
steps(Router([model("m", flat(1_000.0), scripted(("A", 2_000)), x=(90, 100))], 1.0, 0.5),
      [("ask", ("x", "q", 100, 400, 0.0), ("m", "A", 2.1)), ("left", (), -1.1)],
      why="more tokens than max_out: what was used is charged, even beyond the budget", rtol=0, atol=1e-9)
router = Router([model("m", flat(1_000.0), scripted(("A", 50)), x=(90, 100))], 10.0, 0.5)
for i in range(1, 31):
    router.ask("x", "q", 50, 50, float(i))
    expect(router.left(), 10.0 - 0.1 * i, on=f"left() after {i} requests", rtol=0, atol=1e-9)
tiers = [{"above": 0, "input": 1_000.0, "output": 2_000.0}, {"above": 500, "input": 3_000.0, "output": 4_000.0}]
steps(Router([model("t", tiers, scripted(("T", 7)), x=(90, 100))], 9.0, 0.5), [
    ("ask", ("x", "q", 500, 100, 0.0), ("t", "T", 0.514)), ("ask", ("x", "q", 501, 100, 0.0), ("t", "T", 1.531)),
                                                                               ("left", (), 6.955)],
      why="charged by the tier of the request", rtol=0, atol=1e-9)
steps(Router([model("m", flat(1_000.0), scripted(("A", 300)), x=(90, 100))], 1.0, 0.5), [
    ("ask", ("x", "q", 100, 200, 0.0), ("m", "A", 0.4)), ("left", (), 0.6)],
      why="it took more than max_out, and is paid",
      rtol=0, atol=1e-9)
one, two = Router([mine], 1.0, 0.5), Router([mine], 1.0, 0.5)
one.ask("x", "q", 100, 800, 0.0)
expect(two.left(), 1.0, on="left() of a second router", why="two routers share nothing")
### END HIDDEN TESTS

# %% graded="Router__fails" points=3
# Looks at outages: who stands in, who must not, when a breaker opens.
slow, good = TimeoutError("slow"), (90, 100)
router = Router([model("a", flat(1.0), scripted(slow), x=good), model("weak", flat(2.0), scripted(("W", 0)),
                                                                      x=(40, 100)),
                 model("b", flat(3.0), scripted(("B", 0)), x=good)], 10.0, 0.6, fail_after=2, cooldown=30.0)
steps(router, [("ask", ("x", "q", 1000, 10, 0.0), ("b", "B", 0.003))],
      why="weak is up and cheaper than b, and below the floor",
      rtol=0, atol=1e-9)
raises(TimeoutError, Router([model("a", flat(1.0), scripted(slow), x=good), model("weak", flat(2.0),
                                                                                  scripted(("W", 0)), x=(40,
                                                                                                         100))],
                            10.0, 0.6).ask, "x", "q", 10, 10, 0.0,
       why="better no answer than one below the floor")
### BEGIN HIDDEN TESTS
log = []


def logged(name, fn):
    "Writes down who is asked what."
    def call(request):
        log.append((name, request))
        return fn(request)
    return call


router = Router([model("b", flat(3.0), logged("b", scripted(("B", 0))), x=good, y=good),
                 model("a", flat(1.0), logged("a", scripted(slow, slow, slow, ("A", 0))), x=good, y=good)], 10.0,
                0.6, 2, 30.0)
for kind, now, want in [("x", 0, "b"), ("y", 1, "b"), ("x", 2, "b"), ("y", 30.5, "b"), ("x", 31, "b"),
                        ("y", 60.5, "b"),
                        ("y", 61, "a"), ("x", 62, "a")]:
    expect(router.ask(kind, now, 10, 10, now)[0], want, on=f"who answers {kind} at {now}",
           why="one breaker a model, for all kinds")
expect(log, [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("b", 2), ("b", 30.5), ("a", 31), ("b", 31), ("b", 60.5),
             ("a", 61), ("a", 62)],
       on="who was asked, and when", why="open from 1 to 31, and after the failed trial from 31 to 61")
log.clear()
router = Router([model("b", flat(3.0), logged("b", scripted(("B", 0))), x=good),
                 model("a", flat(1.0), logged("a", scripted(slow, ("A", 0))), x=good)], 10.0, 0.6, 1, 7.0)
for now, want in [(0, "b"), (6.5, "b"), (7, "a")]:
    expect(router.ask("x", now, 10, 10, now)[0], want, on=f"who answers at {now} with a cooldown of 7 s")
expect(log, [("a", 0), ("b", 0), ("b", 6.5), ("a", 7)], on="who was asked, with a cooldown of 7 s")
log.clear()
router = Router([model("a", flat(1.0), logged("a", scripted(ValueError("bad"))), x=good),
                 model("b", flat(3.0), logged("b", scripted(("B", 0))), x=good)], 10.0, 0.6)
raises(ValueError, router.ask, "x", "q", 10, 10, 0.0, why="a bad request is passed on")
expect(log, [("a", "q")], on="who was asked a bad request")
expect(router.left(), 10.0, on="left() after a bad request")
router = Router([model("a", flat(1.0), scripted(slow), x=good),
                 model("b", flat(3.0), scripted(ConnectionError("lost")), x=good)], 10.0, 0.6)
for now in (0, 1, 2):
    raises(ConnectionError, router.ask, "x", "q", 10, 10, now, why="both fail, b last")
raises(ConnectionError, router.ask, "x", "q", 10, 10, 3, why="three failures each: both are open")
raises(ConnectionError, router.ask, "x", "q", 10, 10, 31.5, why="open for 30 s unless said otherwise")
raises(RuntimeError, router.ask, "x", "q", 10 ** 7, 10, 31.6,
       why="both are open and neither is affordable: step 2 comes first")
log.clear()
router = Router([model("a", flat(1.0), logged("a", scripted(slow)), x=good),
                 model("b", flat(2.0), logged("b", scripted((None, 0))), x=good),
                 model("c", flat(3.0), logged("c", scripted(("C", 0))), x=good)], 10.0, 0.6)
expect(router.ask("x", "q", 10, 10, 0), ("b", None, 2e-5), on="an answer of None", rtol=0, atol=1e-9)
expect(log, [("a", "q"), ("b", "q")], on="who was asked")
for n_in in (10, 10, 10):
    expect(router.ask("x", "q", n_in, 10, 1)[0], "b", on="b stands in")
expect([n for n, _ in log].count("a"), 3, on="how often a was asked", why="fail_after is 3 unless said otherwise")
### END HIDDEN TESTS

# %% tags=["picture"]
model_landscape.routed(Router)

# %% [markdown]
# 120 requests of two kinds, three made-up models, an outage of the cheapest, a budget that runs out near the end.
# Each dot is a request: who answered, or why nobody did. The line is what is left.

# %% [markdown]
# ## 10 · The experiment: is the promise kept?
#
# You promise a quality of at least 0.88. A labelled sample of 150 requests gives you τ: the cheapest whose **share
# of right answers in the sample** reaches 0.88 (z = 0). Then 5,000 fresh requests of the same traffic come. That is
# done a hundred times over, with new samples. It takes about 3 seconds.
#
# **Predict before you run it**: in how many of the hundred does the fresh traffic reach 0.88 too? `"under 25 %"`,
# `"25 to 75 %"` or `"over 75 %"`? One point for committing, one for being right.

# %% stub="prediction"
prediction: str | None = None  # how often fresh traffic keeps what the sample promised
### BEGIN SOLUTION
prediction = "25 to 75 %"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an answer.
committed(prediction, options=["under 25 %", "25 to 75 %", "over 75 %"])

# %% graded="prediction__right" points=1
# The answer is the one that the experiment shows.
committed(prediction, options=["under 25 %", "25 to 75 %", "over 75 %"])
### BEGIN HIDDEN TESTS
predicted(prediction, "25 to 75 %",
          "The chosen threshold is the cheapest that just reaches the floor in the sample. On which side of the "
          "floor does the truth of such a threshold lie, and by how much does a share of 150 items scatter?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def traffic(rng, n):
    "Confidence, small right, big right of n requests; the confidence knows part of the truth."
    ease = rng.standard_normal(n)
    small = ease + 0.6 * rng.standard_normal(n) > -0.6
    big = ease + 0.6 * rng.standard_normal(n) > -1.8
    confidence = ease + 0.8 * rng.standard_normal(n)
    return torch.from_numpy(confidence), torch.from_numpy(small), torch.from_numpy(big)


def promise(rng, z, floor=0.88, n=150):
    "Choose tau on n requests; (cost, quality) on 5,000 fresh ones, or None if none is admitted."
    tau = choose_tau(*traffic(rng, n), 1.0, 10.0, floor, z)
    return None if tau is None else cascade(*traffic(rng, 5000), tau, 1.0, 10.0)


outcome = model_landscape.promises(promise, prediction=prediction)

# %% [markdown]
# Questions to read it with:
#
# - Compare the two rows. What does the second rule cost for each request, and what does it buy? How often does it
#   refuse to promise anything?
# - What would change with 1,500 labelled requests in place of 150, for each of the rules?
# - The traffic here is the same before and after. Yours drifts: a floor needs a fresh labelled sample every month
#   as well.
# - What does a threshold that was chosen among many teach you about a *model* that was chosen among many, by one
#   table?
#
# ## 11 · Feel it: how much must a confidence know?
#
# Move what the confidence knows, from nothing (0) to when the small model is right (1); the price of the big model,
# where small costs 1; the floor; the size of the sample. "Lower end" takes z = 1.645 instead of 0. When is the
# cascade dearer than the big model alone? When does the sample's quality flatter?

# %% tags=["widget"]
model_landscape.widget(cascade, choose_tau)

# %% [markdown]
# ## 12 · The method, on one page
#
# 1. **Tasks first.** A hundred to a few hundred of your own, labelled, in the mix of your traffic, kept from
#    whoever writes prompts. A public benchmark makes the long list, never the decision.
# 2. **Requirements** that are no trade: context, data residency, weights of one's own, latency, licence.
# 3. **Measure on the same items**, with intervals; pairs, not two separate shares. "Cannot be told apart" is a
#    result: then price, speed or contract decides.
# 4. **Cost per solved task** from reported usage: thinking tokens, caches, tiers, retries (section 15).
# 5. **Shortlist**, then two or three models, two providers at least, one of them with open weights if the data may
#    need it.
# 6. **Router**: floor, budget, breakers. Prompts and parsers tested for each model in it.
# 7. **Pin and date.** A name with a date ("…-20251001") and not "latest"; a test run before each change; a table
#    with sources and a day on which it is read again.
#
# The steps stay. What changes each quarter is what you feed them.
#
# What did change between the guide's two years, in terms that need no name: thinking before answering became an
# ordinary option (section 13), so output tokens and their price rule the bill. GPQA Diamond filled up: above 0.9
# little room is left, and 198 items cannot order what crowds there (a *saturated* test). Open weights came near
# closed ones on public tests; how far behind they are in months is an opinion until somebody names a test, a date
# and an interval. And long contexts became common, with tiers and without.
#
# ## 13 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="contracts"
# You analyse **400,000 contracts a month**: 12,000 tokens in, of which 10,000 are a fixed prefix, and 600 out.
# **P** costs 5 dollars per million input tokens (0.5 cached) and 25 for output; **Q** costs 1 (0.1 cached) and 4.
# On 300 labelled contracts of yours P has 276 right and Q 246. A public table gives P 0.91 and Q 0.89 on GPQA
# Diamond. A colleague says: "P leads the table, take P, and if it is down we use whatever is up." Your customers
# were promised 0.88. Write, in about 15 lines:
#
# 1. The monthly bill of P and of Q, without a cache and with the prefix cached (ignore what writing costs).
# 2. What the public table says about P and Q, and what your own 300 contracts say. Which model may serve?
# 3. A cascade from Q to P, both cached: up to which share of requests that go up does it save against P alone? What
#    does it cost a month at 30 %? How do you choose its threshold, and on which data do you report its quality?
# 4. What is wrong with "whatever is up", and what do you build?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Bills**: P 0.075 a request, 30,000 a month; cached 0.030 and 12,000. Q 0.0144 and 5,760; cached 0.0054 and
#   2,160. (Half a point for two of the four.)
# - **Evidence**: 198 items, intervals of about ±0.04: the table cannot tell 0.91 from 0.89, and chemistry questions
#   are not contracts. Own tasks: 0.92 (0.884 to 0.946) against 0.82 (0.773 to 0.859), item by item the pairs would
#   say more. Only P's lower end reaches 0.88. (Half a point without intervals.)
# - **Cascade**: saves below 1 − 0.0054/0.030 = 82 %; at 30 % 0.0144 a request, 5,760 a month. The threshold: the
#   cheapest whose lower end reaches 0.88 on a labelled sample; quality on fresh labelled requests that chose
#   nothing. (Half a point for the arithmetic alone.)
# - **Fallback**: "whatever is up" breaks the floor in silence. Only models measured on contracts with a lower end
#   of 0.88 or more; timeouts and lost connections alone are retried; a breaker with cooldown; two providers that do
#   not fail together; if none is left, an error and a queue. (Half a point for two of these.)
#
# === END MARK SCHEME ===

# %% [markdown] written="contracts" points=4
# ### BEGIN SOLUTION
# 1. P: (12,000 * 5 + 600 * 25) / 10⁶ = 0.075 dollars, 30,000 a month. Cached: (2,000 * 5 + 10,000 * 0.5 + 15,000) /
#    10⁶ = 0.030, 12,000 a month. Q: 0.0144 and 5,760; cached 0.0054 and 2,160.
# 2. The table says nothing: with 198 items each score is uncertain by some 0.04, and two hundredths are within
#    that. My own: P 276 of 300, 0.884 to 0.946; Q 246 of 300, 0.773 to 0.859. They are told apart. Only P may serve
#    alone: its lower end is above 0.88.
# 3. Q is paid always: 0.0054 + e * 0.030 < 0.030 for e below 82 %. At 30 % it is 0.0144 a request, 5,760 a month,
#    less than half of P. I take the cheapest threshold whose lower end reaches 0.88 on some hundred labelled
#    contracts, and report its quality on another labelled sample.
# 4. A model that nobody measured on contracts may be at 0.7; nobody would notice. Behind P stands a second model of
#    another provider with a lower end above 0.88. Timeouts and lost connections go on to it, malformed requests do
#    not. Each has a breaker. If both are down, the request waits in a queue and somebody is told.
# ### END SOLUTION

# %% [markdown]
# ## 14 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="27.1" level="basic"
# <details><summary>Which models dominate in February 2026?</summary>
#
# - Say the date and the source first. What the course's file knows as of 2026-02-28: prices of Claude Opus 4.6,
#   Haiku 4.5 and GPT-5.1; of Gemini 3 Flash also 0.904 on GPQA Diamond, reported by Google (2025-12-17).
# - GPT-5.3-Codex came on 5 February too, but the file's first line about it is of 4 March: as of February it knows
#   nothing about it, and says so.
# - "Dominate" by what? On GPQA Diamond 0.90 means 0.849 to 0.934: a column of 0.9s is no order.
# - Among open weights of those months: GLM, Kimi, DeepSeek and Qwen families; not every member is open (one "open
#   source leader" of the guide was closed).
# - Slip: reciting a list without a date. It is old by the time of the interview.
#
# </details>

# %% [markdown] card="27.2" level="medium"
# <details><summary>What is new in Claude Opus 4.6 and GPT-5.3-Codex, both released on 5 February 2026?</summary>
#
# - Opus 4.6: context 1M (in beta at launch), adaptive thinking, output up to 128K. By Anthropic's page about it Opus
#   4.5 had 64K: twice, not eight times (both pages read in November 2026).
# - Price 5 and 25 dollars. Documentation of February: above 200,000 input tokens 10 and 37.50 **for the whole
#   request**; no such tier any more on 13 March (two lines of the file).
# - MRCR v2, 8 needles, 1M: 0.76; the 0.185 often printed beside it is Sonnet 4.5's.
# - GPT-5.3-Codex: OSWorld-Verified 0.382 → 0.647 (+26.5 points), Terminal-Bench 2.0 0.640 → 0.773, SWE-Bench Pro
#   0.564 → 0.568, each against GPT-5.2-Codex.
# - "Self-improving" meant: its makers used it to debug training and deployment.
# - Vendors' own numbers, in pages dated February to May 2026; then say what you would measure yourself.
#
# </details>

# %% [markdown] card="27.3" level="medium"
# <details><summary>How has the model landscape changed since 2025?</summary>
#
# - Thinking before answering is an ordinary option: output tokens rule the bill.
# - GPQA Diamond filled up: GPT-4 had 0.39 on GPQA (abstract of 2023), Gemini 3 Flash 0.904 on Diamond (Google,
#   2025-12-17). A saturated test orders nothing.
# - Open weights came near on public tests. "As good as GPT-4" cannot be right beside a 0.9: GPT-4 had 0.39.
# - Long contexts are common; tiers came and went (Opus 4.6: February to March 2026).
# - "Six months behind" is an opinion without test, date and interval.
#
# </details>

# %% [markdown] card="27.4" level="medium"
# <details><summary>How do you choose a model for production in 2026?</summary>
#
# - Requirements filter (context, residency, open weights, latency), *then* compare.
# - My own labelled tasks, the same items for all, intervals for ranks; 0.88 from 0.91 needs 1,636 items each in
#   separate samples, fewer in pairs.
# - Cost per solved task: cached and written tokens, tiers on the whole request, thinking tokens.
# - Shortlist by "surely dominated": costs no more, lower end above the other's upper end.
# - A cascade if fewer than 1 − c₁/c₂ go up; a router with floor, budget and breakers; pinned versions.
# - Slip: one arrow from "coding task?" to a brand.
#
# </details>

# %% [markdown] card="27.5" level="basic"
# <details><summary>What is GPQA, and why does it matter?</summary>
#
# - A Graduate-Level Google-Proof Q&A **Benchmark**: 448 questions (main), 198 in Diamond; biology, physics,
#   chemistry; four options, chance 25 %.
# - Experts 65 %, skilled non-experts with the web 34 % (abstract of arXiv 2311.12022). On Diamond experts have about
#   81 %, for it was chosen so that experts get it right. So 0.8 on Diamond stands beside 81 %.
# - Slip: a Diamond score beside the 65 %, "far above the experts". Which subset?
# - One decimal is noise: 0.90 of 198 is 0.849 to 0.934.
# - Saturated, multiple choice, public since 2023 (contamination). No measure of your task, and no "indicator" of
#   general intelligence.
#
# </details>

# %% [markdown] card="27.6" level="medium"
# <details><summary>Which emerging models are worth watching?</summary>
#
# - Watch a *reason*: a better place on the cost–quality front, open weights that fit your GPUs, a context that you
#   need.
# - How: a dated file with sources, my own tasks run on each newcomer, `memory_fit` for open weights (all parameters
#   of a mixture of experts count).
# - Claims to check: "best long context, 200K+" was printed of a model with 256K beside others with a million.
# - Slip: naming five names of last spring.
#
# </details>

# %% [markdown] card="27.7" level="killer"
# <details><summary>Should I bet on OpenAI, Anthropic or open source?</summary>
#
# - On none: bet on being able to change. Own tasks and labels, prompts and parsers tested for each model, a router.
# - Closed: no hardware, quick start; price lists and versions change (a tier was gone five weeks after launch), terms
#   too.
# - Open weights: control, privacy, fine-tuning; they pay when the GPUs are busy. Arithmetic first: what fits, how
#   many at once.
# - Two providers that do not share a cloud; breaker, retry only timeouts and lost connections, never below the
#   measured floor.
# - A "fallback list" that only *picks* is no fallback: it never calls, so it never notices.
# - What would change my mind: data that may not leave, volume that fills GPUs, a floor that one vendor alone
#   reaches.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you give ranks on a leaderboard an interval?</summary>
#
# - Pairs on the same items: d = (b − c)/N, v = (b + c)/N − d²; surely ahead if d > z√(v/N).
# - z for all M(M−1)/2 pairs (Bonferroni): 3.37 for twelve models at 5 %.
# - Best rank: 1 + how many are surely ahead. Worst: M − how many one is surely ahead of.
# - Overlapping intervals prove nothing; pairing is lost there.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Your cascade kept its quality in validation. Why may it fail in production?</summary>
#
# - τ was chosen as the cheapest that just passes, on the sample that then judged it. The sample scatters; the
#   choice leans on luck.
# - Ask for the lower end of an interval; more labels; report on a sample that chose nothing.
# - Drift: kinds of requests, a new version behind the same name. A fresh labelled sample every month, pinned
#   versions.
# - The confidence must know where the small model errs; noise makes a random mix, dearer by c₁.
# - And cost: the small model is paid always; above 1 − c₁/c₂ going up, it loses to the big one alone.
#
# </details>

# %% [markdown]
# ## 15 · Sources
#
# GPQA: Rein et al. 2023, arXiv 2311.12022. Wilson 1927; scipy 1.17.1 (`binomtest`). Ranks: Chetverikov et al.,
# csranks, arXiv 2401.15205. FrugalGPT: Chen, Zaharia and Zou 2023, arXiv 2305.05176. RouteLLM: Ong et al. 2024,
# arXiv 2406.18665. Circuit breaker: Nygard, *Release It!* Status 429 and `Retry-After`: RFC 6585. Limits of output:
# platform.claude.com, the overviews of Opus 4.5 and 4.6, read on 2026-11-27. Pages behind the file's lines stand in
# the file: `course/data/model_snapshot.txt`.
