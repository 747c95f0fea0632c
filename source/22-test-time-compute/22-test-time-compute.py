# %% [markdown]
# # 22 · Test-time compute
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What is test-time compute scaling, which methods are there, and what does each cost?
# - When does a majority vote help, and when does it make things worse?
# - What does a process reward model see that a vote does not, and how do its step scores become one?
# - What is budget forcing, "Wait" included, and what is wrong with the guide's code?
# - How can 1B beat 405B, at what price, and when is the larger model the better buy?
#
# Eight exercises. The last spends a budget of samples over many questions, and meets a verifier that can be
# fooled. It takes about three hours; the end of part 4 is a good place to stop. It builds on nothing but Python
# and a little probability. pass@k and its estimator are section 11's matter; how a trace is cut into thought and
# answer, and how models learn to think, section 13's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** Q questions; N samples of one question, each a *trace* (the steps that the model writes) with an
# answer; p the probability that one sample is right; S steps of a trace; P parameters of a model. **Units.** FLOPs
# are floating-point operations, a multiplication and an addition counted as two; 1B is 10⁹ parameters, 1 TFLOP 10¹²
# operations. Indices begin with 0.

# %% setup
import itertools
import math
from collections import Counter

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, unchanged

torch.set_num_threads(1)

# %% tags=["picture"]
from course.sections import test_time_compute

# %% helper
### BEGIN HIDDEN TESTS
def voted(answers, weights, key=None):
    "The oracle of both votes: one pass for each group."
    keys = [None if a is None else a if key is None else key(a) for a in answers]
    groups = [k for i, k in enumerate(keys) if k is not None and k not in keys[:i]]
    if not groups:
        return None, 0.0
    sums = [math.fsum(w for k, w in zip(keys, weights) if k == g) for g in groups]
    i = sums.index(max(sums))
    total = math.fsum(weights)
    return answers[keys.index(groups[i])], sums[i] / total if total else 0.0


def wins(p, N, wrong):
    "The oracle of majority_accuracy: a polynomial for each count of the right answer, ties by an exact integral."
    x, weights = np.polynomial.legendre.leggauss(len(wrong) // 2 + 1)
    total = 0.0
    for y, w in zip((x + 1) / 2, weights / 2):  # the integral of y^t over 0..1 is 1 / (t + 1)
        for k in range(1, N + 1):
            poly = np.zeros(N + 1)
            poly[k] = p ** k / math.factorial(k)
            for v in wrong:
                part = np.array([v ** c / math.factorial(c) for c in range(k + 1)])
                part[k] *= y
                poly = np.convolve(poly, part)[:N + 1]
            total += w * poly[N] * math.factorial(N)
    return total


def scored(steps, lengths, agg):
    "The oracle of trace_scores, trace by trace, with exact sums."
    out = []
    for row, n in zip(steps.double().tolist(), lengths.tolist()):
        row = row[:n]
        if not row:
            out.append(0.0)
        elif agg == "geo":
            out.append(0.0 if 0.0 in row else math.exp(math.fsum(map(math.log, row)) / n))
        else:
            out.append({"last": lambda r: r[-1], "min": min, "prod": math.prod,
                        "mean": lambda r: math.fsum(r) / len(r)}[agg](row))
    return torch.tensor(out, dtype=torch.float64)


def forced(script, prompt, eot, wait, low, high, ignores, final):
    "The oracle of budget_force for a model that reads its next token from a script."
    thought, own, ignored, capped = [], 0, 0, True
    script = iter(script)
    while len(thought) < high:
        token = next(script)
        if token != eot:
            thought, own = thought + [token], own + 1
            continue
        if own >= low or ignored == ignores or len(thought) + len(wait) >= high:
            capped = False
            break
        thought, ignored = thought + list(wait), ignored + 1
    return {"thought": thought, "context": list(prompt) + thought + [eot] + list(final), "ignored": ignored,
            "capped": capped}


def searched(expand, prm, finished, width, beam, depth):
    "The oracle of beam_search_steps: a list of dicts, sorted by explicit keys."
    live, done, born = [dict(path=(), score=1.0)], [], 0
    for _ in range(depth):
        children = []
        for parent in live:
            seen = []
            for step in expand(parent["path"], beam):
                if step not in seen:
                    seen.append(step)
            for step in seen:
                path = (*parent["path"], step)
                born += 1
                children.append(dict(path=path, score=min(parent["score"], prm(path)), born=born))
        done += [c for c in children if finished(c["path"])]
        rest = [c for c in children if not finished(c["path"])]
        live = sorted(rest, key=lambda c: (-c["score"], c["born"]))[:width]
    if not done:
        return None, 0.0
    best = max(done, key=lambda c: (c["score"], -c["born"]))
    return best["path"], best["score"]


def solved(p, n):
    "The expected number of questions with at least one right sample."
    return sum(1 - (1 - q) ** k for q, k in zip(p, n))


def shared_out(p, total, cap):
    "The oracle of allocate_budget: all gains in one list."
    gains = [(-q * (1 - q) ** k, i) for i, q in enumerate(p) for k in range(cap) if q * (1 - q) ** k > 0]
    given = Counter(i for _, i in sorted(gains)[:total])
    return [given[i] for i in range(len(p))]


def spent(scripts, good, priors, total, cap, confirm):
    "The oracle of spend for samplers that read from scripts; good[q] are the answers that the verifier passes."
    Q = len(priors)
    drawn, passed, accepted, order = [[] for _ in range(Q)], [[] for _ in range(Q)], [None] * Q, []
    for _ in range(total):
        means = [((a + len(passed[q])) / (a + b + len(drawn[q])), -q) for q, (a, b) in enumerate(priors)
                 if accepted[q] is None and len(drawn[q]) < cap]
        if not means:
            break
        q = -max(means)[1]
        answer = scripts[q][len(drawn[q])]
        order.append(q)
        drawn[q].append(answer)
        if answer is not None and answer in good[q]:
            passed[q].append(answer)
            if passed[q].count(answer) == confirm:
                accepted[q] = (answer,)
    answers = []
    for q in range(Q):
        pool = passed[q] or [a for a in drawn[q] if a is not None]
        answers.append(accepted[q][0] if accepted[q] else max(pool, key=pool.count) if pool else None)
    return {"answers": answers, "accepted": [a is not None for a in accepted],
            "draws": [len(d) for d in drawn]}, order
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Compute after training, and the vote
#
# A trained model can be given more work per question. **Train-time compute** is paid once, changes the weights and
# helps every question. **Test-time compute** is paid for each question, changes no weight, and can differ from
# question to question. "Proportional to difficulty", as the guide's table has it, it is not by itself: it is
# proportional to the budget that you allot. Part 7 writes the policy that looks at difficulty.
#
# More work takes one of two directions. **In sequence**: one trace gets longer (chain of thought, "Wait", revising
# an answer); each step sees those before it, and latency grows. **In parallel**: N traces, and something that
# selects; latency hardly grows, cost does. A search over steps does both.
#
# | method | what it does | decoding cost | needs |
# |---|---|---|---|
# | chain of thought (CoT) | steps before the answer | one longer trace | – |
# | majority vote (*self-consistency*) | N answers, the most frequent | N traces | comparable answers |
# | best of N | N answers, a verifier picks | N traces + verifier | a verifier |
# | weighted vote | the verifier's scores are the votes | N traces + verifier | both |
# | search over steps | keeps the promising beginnings | width × beam steps a round | a step verifier |
# | budget forcing (s1) | holds one trace between two lengths | what you set | a model trained to think |
# | self-revision | the model reads and mends its answer | k traces in sequence | a model that can judge |
#
# In parallel methods the prompt is read **once**: its keys and values are shared. So "N times the cost" is right
# for decoded tokens, not for the prompt (part 6).
#
# **Does it always help?** No. Gains depend on model and task, and they saturate. Longer thinking can lower accuracy
# ("overthinking", arXiv 2506.04210), and on questions of pure knowledge it does not help reliably, and often adds
# invented facts (arXiv 2509.06861): what is not in the weights cannot be thought up.
#
# **The vote** (Wang et al. 2022, arXiv 2203.11171): sample N traces at a temperature above 0, drop the reasoning,
# count the answers. Three things go wrong in practice. "12", "12.0" and " 12 dollars" are three answers to a
# counter. A trace without an answer must not vote. And with a verifier's scores one adds, never averages: on
# average an answer that came once with 0.9 would beat one that came forty times with 0.8.
#
# ### Exercise 22.1 · majority_vote
#
# - `majority_vote(answers, normalise=None)` and `weighted_vote(answers, weights, normalise=None)` both return
#   `(answer, share)`. The first is the second with all weights 1.
# - `answers` is a list of hashable values, or None where a trace gave no answer. None never votes and never wins.
#   0, "" and False are answers.
# - Two answers are one where `normalise(answer)` gives the same key; without `normalise` the answer is its own key.
#   `normalise` sees no None; where it *returns* None, that answer does not vote either.
# - The winner is the key with the largest **sum** of weights. Ties: the key that occurs first in the list. The
#   answer returned is the first one of that key, as the model wrote it.
# - `share`, a float: the winner's sum over the sum of **all** weights, those of the traces without an answer too: a
#   model that seldom answers must not look sure. Where that sum is 0: 0.0.
# - Nothing votes: `(None, 0.0)`. A negative or NaN weight, or another number of weights than answers: ValueError,
#   also where nothing votes. All weights may be 0; then all sums are equal, which is a tie.
#
# Source: Wang et al. 2022, section 2; the weighted sum is "best-of-N weighted" in Snell et al. 2024, arXiv
# 2408.03314.

# %% stub="majority_vote"
def majority_vote(answers: list, normalise=None) -> tuple:
    """The most frequent answer and its share; None does not vote, ties go to the key seen first.

    ["4", None, "7", "7"]: ("7", 0.5).
    """
    ### BEGIN SOLUTION
    return weighted_vote(answers, [1] * len(answers), normalise)
    ### END SOLUTION
    raise NotImplementedError("majority_vote")


def weighted_vote(answers: list, weights: list[float], normalise=None) -> tuple:
    """The answer with the largest sum of weights, and its share of all weights.

    ["4", "7", "7"] with [0.5, 0.25, 0.5]: ("7", 0.6).
    """
    ### BEGIN SOLUTION
    if len(weights) != len(answers) or not all(w >= 0 for w in weights):
        raise ValueError("one weight for each answer, none of them negative or NaN")
    first, sums = {}, {}
    for answer, weight in zip(answers, weights):
        key = answer if answer is None or normalise is None else normalise(answer)
        if key is not None:
            first.setdefault(key, answer)
            sums[key] = sums.get(key, 0.0) + weight
    if not sums:
        return None, 0.0
    best, total = max(sums, key=sums.__getitem__), sum(weights)  # max takes the first of equals
    return first[best], float(sums[best] / total) if total else 0.0
    ### END SOLUTION
    raise NotImplementedError("weighted_vote")

# %% [markdown] hints="majority_vote"
# <details><summary>Hint 1: a question</summary>
#
# What does a `Counter` do with None? And in which order does a dict give back its keys?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# [" 7", "4", "7", None, "4"] with `normalise=str.strip`: keys 7, 4, 7, none, 4. Two against two; " 7" was seen
# first, so the answer is " 7", as it was written, and its share is 2/5.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Two tables are needed: what a key's votes sum to, and how it was first written. And the test is `is None`, never
# `not answer`: 0 is a fine answer.
#
# </details>

# %% graded="majority_vote__count" points=2
# Looks at counts, ties, None and what is returned for nothing.
check(majority_vote, ["4", None, "7", "7"], want=("7", 0.5), why="two of four samples",
      mistakes={"the share leaves None out": ("7", 2 / 3)})
check(majority_vote, [None, None, 0, None], want=(0, 0.25), why="None does not vote, 0 is an answer",
      mistakes={"None won": (None, 0.75), "0 was taken for no answer": (None, 0.0)})
check(majority_vote, ["b", "a", "a", "b"], want=("b", 0.5), why="a tie: b was seen first",
      mistakes={"ties by value": ("a", 0.5)})
### BEGIN HIDDEN TESTS
for answers in ([], [None] * 3):
    check(majority_vote, answers, want=(None, 0.0), why="nothing votes")
for answers in ([False, None, None], ["", None], [7], ["x", "y", "z"], [(1, 2), (1, 2), (2, 1)], [3, 1, 2, 2, 1],
                ["10", "9", "9", "10"], [0, 5, 5, 0, None]):
    check(majority_vote, answers, want=voted(answers, [1] * len(answers)))
g = np.random.default_rng(1)
for n in (5, 37, 300, 2500):
    answers = [None if a == 9 else str(a) for a in g.integers(0, 10, n).tolist()]
    check(majority_vote, answers, want=voted(answers, [1] * n),
          why="the largest count; ties to the one seen first")
check(majority_vote, ["b"] + ["a"] * 150 + ["b"] * 149, want=("b", 0.5), why="a tie of 150 to 150")
unchanged(majority_vote, ["a", None, "b"], want=("a", 1 / 3))
check(majority_vote, ["1", 1, 1, "1", 1], want=(1, 0.6), why="1 and '1' are two answers")
check(majority_vote, [" 7", "7", "4", "4", "7 "], want=("4", 0.4), why="without normalise the answer is its own key")
### END HIDDEN TESTS

# %% graded="majority_vote__normalise" points=2
# Looks at keys: what is one answer, how it is given back, and keys of None.
check(majority_vote, [" 7", "4", "7", None, "4"], str.strip, want=(" 7", 0.4),
      why="' 7' and '7' are one answer, seen first as ' 7'",
      mistakes={"the key was returned": ("7", 0.4), "normalise was not applied": ("4", 0.4)})
### BEGIN HIDDEN TESTS
def number(text):
    "12.0, '12 ' and '12' are one; what is no number is no answer."
    try:
        return float(text)
    except ValueError:
        return None

for answers in (["x", "12.0", "7", " 12", "7.00", "7"], ["x", "y"], ["0", "0.0", "1"], [None, "5", "x", "x", "x"],
                ["nine", "3", "3.0 ", None, "4", "4.0"]):
    check(majority_vote, answers, number, want=voted(answers, [1] * len(answers), number),
          why="a key of None does not vote; 0.0 is a key")
    weights = [0.5, 0.25, 2.0, 1.0, 0.0, 4.0][:len(answers)]
    check(weighted_vote, answers, weights, number, want=voted(answers, weights, number), why="keys, then sums")
check(weighted_vote, ["A", "b", "a"], [0.5, 0.75, 0.5], str.lower, want=("A", 1 / 1.75))
unchanged(weighted_vote, ["A", "b", None, "a"], [0.5, 0.75, 0.25, 0.5], str.lower, want=("A", 0.5))
check(majority_vote, [12, 7, 22, 7, 2], lambda n: n % 10, want=(12, 0.6), why="answers need not be text")
### END HIDDEN TESTS

# %% graded="majority_vote__weights" points=2
# Looks at weighted_vote: sums, shares, weights of 0, wrong weights.
check(weighted_vote, ["4", "7", "7"], [0.875, 0.5, 0.625], want=("7", 0.5625), why="0.875 against 0.5 + 0.625",
      mistakes={"weights were averaged, or the best single one won": ("4", 0.4375)})
check(weighted_vote, ["4", None, "7"], [0.5, 1.0, 0.25], want=("4", 0.5 / 1.75),
      why="the sum of all weights, that of None too")
raises(ValueError, weighted_vote, ["4", "7"], [1.0, -0.5], why="a negative weight")
### BEGIN HIDDEN TESTS
check(weighted_vote, ["b", "a"], [0.0, 0.0], want=("b", 0.0), why="all sums are 0: a tie")
check(weighted_vote, [None, "b", "a", "a"], [0.0, 0.0, 0.0, 0.0], want=("b", 0.0))
check(weighted_vote, [], [], want=(None, 0.0))
check(weighted_vote, [None], [3.0], want=(None, 0.0))
check(weighted_vote, ["a", "b", "b"], [1.0, 0.5, 0.5], want=("a", 0.5), why="a tie of sums: a was seen first")
check(weighted_vote, ["b", "b", "a"], [0.25, 0.75, 1.0], want=("b", 0.5),
      why="a tie of sums: b was seen first, however heavy each one is")
check(weighted_vote, ["b", "b", "a"], [0.25, 0.25, 0.5], want=("b", 0.5), why="a tie of sums: b was seen first")
check(weighted_vote, ["b", "a", "a", "a", "b"], [0.25, 0.5, 0.125, 0.125, 0.5], want=("b", 0.5),
      why="a tie of sums: b was seen first")
check(weighted_vote, ["b", "a", None, "a"], [0.125] * 4, want=("a", 0.5), why="0.25 of 0.5 in all")
check(weighted_vote, ["a", "b"], [0.1, 0.1 + 1e-13], want=voted(["a", "b"], [0.1, 0.1 + 1e-13]),
      why="float64 inside")
for weights in ([1.0], [1.0, 2.0, 3.0], [1.0, math.nan], [math.nan, 1.0]):
    raises(ValueError, weighted_vote, ["4", "7"], weights, why=f"weights {weights} for two answers")
raises(ValueError, weighted_vote, [None, "7"], [-1.0, 2.0], why="a negative weight, of a None too")
for weights in ([1.0, -0.5], [math.nan, 1.0], [1.0]):
    raises(ValueError, weighted_vote, [None, None], weights, why=f"weights {weights}, where nothing votes")
g = np.random.default_rng(2)
for n in (7, 60, 1200):
    answers = [None if a == 0 else int(a) for a in g.integers(0, 9, n)]
    weights = (g.integers(0, 64, n) / 64).tolist()
    check(weighted_vote, answers, weights, want=voted(answers, weights), why="the largest sum of weights")
    unchanged(weighted_vote, answers, weights, want=voted(answers, weights))
### END HIDDEN TESTS

# %% tags=["picture"]
test_time_compute.votes(majority_vote, weighted_vote)

# %% [markdown]
# One question, sixteen samples: the bars are what each answer gets from your two votes. Some traces gave no answer;
# they lower the shares.

# %% [markdown]
# ## 2 · When does a vote help?
#
# With many samples the frequencies become the probabilities. So the vote converges to the model's **mode**, the
# answer that it gives most often. That settles it:
#
# - The right answer is the mode: accuracy goes to 1 with N.
# - A wrong answer is the mode: accuracy goes to 0, and the winner's share settles just as firmly, at the wrong
#   answer's probability. A sure vote is not a right one.
#
# "p above one half" is needed for two answers only, Condorcet's jury. With many wrong answers far less suffices:
# p = 0.4 wins against ten wrong answers of 0.06 each, and loses against a single wrong one of 0.5.
#
# Ties matter more than one thinks. With N = 2 a vote is worth exactly one sample: two different answers are a tie.
# "The first seen wins" is the same, on average, as tossing a coin among the tied: samples are independent, so each
# order of the same counts is equally likely.
#
# **Measured once on a real model**: SmolLM2-135M on 32 sums in words (temperature 0.7, eight samples, three worked
# examples in the prompt): 8.1 of 32 right for a single sample, 13 for the vote of eight (95 % interval of the rate
# 0.26 to 0.58), 19 where any of the eight was right. *Greedy* decoding, one trace at temperature 0, had 16 (0.34 to
# 0.66). So in this one run the vote came out above a sample at its own temperature and below greedy; with 32 sums
# neither is settled. Always compare with greedy, and with an interval.
#
# ### Exercise 22.2 · majority_accuracy
#
# The probability that the vote of N independent samples gives the right answer. `p` is the probability of the right
# one, `wrong` the list of the probabilities of the wrong ones, which sum to 1 − p. Ties are split evenly among the
# tied.
#
# - **Exact**, to within 1e-9: no simulation, no normal approximation. Odd and even N. N up to 150, with up to
#   twelve wrong answers, in some seconds at most: so no list of all outcomes either.
# - `wrong` may be empty (then p is 1), and may hold zeros and equal numbers. A float comes back.
# - N below 1, a probability that is NaN or outside 0 to 1, or a sum of p and `wrong` that is off from 1 by more
#   than 1e-6: ValueError.
#
# Source: Wang et al. 2022 for the vote; the multinomial law. With one wrong answer and odd N it is the binomial sum
# $\sum_{i > N/2} \binom{N}{i} p^i (1-p)^{N-i}$.

# %% stub="majority_accuracy"
def majority_accuracy(p: float, N: int, wrong: list[float]) -> float:
    """The probability that the vote of N samples gives the right answer; ties are split evenly.

    p = 0.6, N = 3, wrong = [0.4]: 0.6³ + 3 · 0.6² · 0.4 = 0.648.
    """
    ### BEGIN SOLUTION
    chances = [p, *wrong]
    if N < 1 or any(not 0 <= c <= 1 for c in chances) or abs(sum(chances) - 1) > 1e-6:
        raise ValueError("N at least 1, and probabilities that sum to 1")
    choose = np.array([[float(math.comb(n, c)) for c in range(N + 1)] for n in range(N + 1)])
    total = 0.0
    for k in range(1, N + 1):  # the right answer came k times, every other at most k times
        ways = {0: np.eye(1, N + 1, k)[0] * choose[N, k] * p ** k}  # tied answers -> probability by samples used
        for w in wrong:
            new: dict[int, np.ndarray] = {}
            for tied, have in ways.items():
                for c in range(k + 1):
                    left = N - np.arange(N + 1 - c)  # samples not used yet
                    more = have[:N + 1 - c] * choose[left, c] * w ** c
                    new.setdefault(tied + (c == k), np.zeros(N + 1))[c:] += more
            ways = {t: have for t, have in new.items() if have.any()}
        total += sum(have[N] / (tied + 1) for tied, have in ways.items())
    return float(total)
    ### END SOLUTION
    raise NotImplementedError("majority_accuracy")

# %% [markdown] hints="majority_accuracy"
# <details><summary>Hint 1: a question</summary>
#
# Say that the right answer came exactly k times. What may each of the others have come, and what do you have to
# remember about them?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# N = 2, p = 0.5, wrong = [0.3, 0.2]. Twice right: 0.25. Right once: 2 · 0.5 · 0.3 and 2 · 0.5 · 0.2, both ties of
# two: half of each. Together 0.25 + 0.15 + 0.10 = 0.5: two samples are worth one.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Take the wrong answers in turn and carry a table: (samples used so far, answers tied with the right one) to
# probability. An answer that comes c times out of n samples still free multiplies by a binomial coefficient. The
# number tied is needed at the end only.
#
# </details>

# %% graded="majority_accuracy__two" points=2
# Looks at two answers, odd and even N, against the binomial sum.
check(majority_accuracy, 0.6, 3, [0.4], want=0.648, why="0.6³ + 3 · 0.6² · 0.4")
check(majority_accuracy, 0.6, 2, [0.4], want=0.6, why="a tie, split evenly: two samples are worth one",
      mistakes={"ties count as won": 0.84, "ties count as lost": 0.36})
### BEGIN HIDDEN TESTS
for p in (0.0, 0.1, 0.37, 0.5, 0.73, 1.0):
    for N in (1, 2, 3, 4, 9, 30, 101):
        want = sum(math.comb(N, i) * p ** i * (1 - p) ** (N - i) * (1 if 2 * i > N else 0.5) for i in range(N + 1)
                   if 2 * i >= N)
        check(majority_accuracy, p, N, [1 - p], want=want, atol=1e-9, why="the binomial sum, half of the ties")
check(majority_accuracy, 0.55, 150, [0.45], want=wins(0.55, 150, [0.45]), atol=1e-9, why="N = 150")
### END HIDDEN TESTS

# %% graded="majority_accuracy__many" points=3
# Looks at several wrong answers: spread out, one strong, zeros, ties of three and more.
check(majority_accuracy, 0.5, 2, [0.3, 0.2], want=0.5, why="N = 2 is worth one sample",
      mistakes={"needs more than half of the votes": 0.25})
check(majority_accuracy, 0.25, 3, [0.25, 0.25, 0.25], want=0.25, why="all alike: one of four",
      mistakes={"more than half": 0.15625})
### BEGIN HIDDEN TESTS
for p, N, wrong in [(0.4, 15, [0.06] * 10), (0.4, 15, [0.5, 0.1]), (0.4, 45, [0.5, 0.1]), (0.2, 7, [0.2] * 4),
                    (0.3, 12, [0.3, 0.0, 0.4]), (0.15, 30, [0.35, 0.2, 0.2, 0.1]), (0.1, 5, [0.075] * 12),
                    (0.34, 61, [0.33, 0.33]), (1.0, 9, []), (1.0, 4, [0.0, 0.0]), (0.0, 5, [0.5, 0.5]),
                    (0.22, 40, [0.2, 0.19, 0.14, 0.1, 0.08, 0.07]), (0.3, 1, [0.6, 0.1]), (0.3, 2, [0.6, 0.1]),
                    (0.4, 9, [0.584, 0.007, 0.005, 0.004]), (0.004, 6, [0.99, 0.003, 0.003])]:
    check(majority_accuracy, p, N, wrong, want=wins(p, N, wrong), atol=1e-9,
          why="the multinomial sum, ties split evenly")
for wrong in ([0.125, 0.25, 0.125], [0.125, 0.0, 0.375, 0.0], [0.0, 0.5]):
    unchanged(majority_accuracy, 0.5, 4, wrong, want=wins(0.5, 4, wrong))
### END HIDDEN TESTS

# %% graded="majority_accuracy__errors" points=1
# Looks at arguments that are no probabilities.
check(majority_accuracy, 1.0, 3, [], want=1.0, why="nothing else can be said")
raises(ValueError, majority_accuracy, 0.6, 3, [0.3], why="0.6 + 0.3 is not 1")
### BEGIN HIDDEN TESTS
for p, N, wrong in [(0.5, 0, [0.5]), (0.5, -1, [0.5]), (1.2, 3, [-0.2]), (-0.1, 3, [1.1]), (0.5, 3, [0.25, 0.26]),
                    (0.5, 3, []), (0.5, 3, [0.7, -0.2]), (0.5, 4, [0.25, 0.24998]), (-0.1, 3, [0.6, 0.5]),
                    (math.nan, 3, [0.5]), (0.5, 3, [0.5, math.nan])]:
    raises(ValueError, majority_accuracy, p, N, wrong, why=f"p = {p}, N = {N}, wrong = {wrong}")
check(majority_accuracy, 0.5, 3, [0.25, 0.2499999], want=wins(0.5, 3, [0.25, 0.25]), atol=1e-5,
      why="off by 1e-7: no error")
check(majority_accuracy, 0.1 + 0.2, 1, [0.4, 0.3], want=0.3, atol=1e-9, why="a rounding of the sum is no error")
for p, N, wrong in [(1.0, 3, []), (1, 2, []), (0.0, 4, [1.0]), (0, 3, [1])]:
    got = majority_accuracy(p, N, wrong)
    assert isinstance(got, float) and abs(got - p) < 1e-9, f"expected the float {float(p)} for p = {p}, got {got!r}"
### END HIDDEN TESTS

# %% tags=["picture"]
test_time_compute.rise_or_fall(majority_accuracy)

# %% [markdown]
# Each line is one question. Where the right answer is the mode it rises, quickly if nothing else comes near;
# otherwise it falls. A benchmark is a mixture of such questions: the mean rises, then stays, and may fall a little.

# %% [markdown]
# ## 3 · Verifiers: best of N
#
# A verifier scores what the model wrote. Exact ones run something: unit tests, a proof checker, an equation put to
# the test. Learned ones are models. An **ORM** (outcome reward model) scores the whole trace; a **PRM** (process
# reward model) scores each step, so it says *where* a trace went wrong and can also steer a search (part 5). Its
# labels are dear, and they decide what a score means. People mark each step as right or wrong: the score is the
# probability that *this step* is right (Lightman et al. 2023, arXiv 2305.20050). Or many continuations of each step
# are run, and the share that ends well is the label: the score is a *value*, the chance that the trace so far ends
# well (Snell et al. 2024).
#
# **Many step scores must become one number.** Each choice says something:
#
# | `agg` | the trace's score | it says |
# |---|---|---|
# | `"last"` | the last step's | how it ended: natural for values, the last one has seen all of it |
# | `"min"` | the smallest | a chain is as strong as its weakest step |
# | `"prod"` | the product | the probability that all steps are right, if each score is its step's own |
# | `"geo"` | the product to the power 1 / S | the same per step, without the bias to short traces |
# | `"mean"` | the mean | one bad step among fifty is forgiven |
#
# **The catch of the product: length.** Ten steps of 0.95 make 0.60, thirty make 0.21. A verifier that likes short
# traces is not what you wanted. Lightman et al. take the product, and found the minimum nearly as good; Snell et
# al. found the last step best with theirs. It depends on how the PRM was trained, so it is tried, not believed.
#
# **pass@N**, the share of questions of which *any* of N samples is right, is the ceiling of every selector.
# **Best of N** takes the trace with the highest score. **Best-of-N weighted** lets the scores vote: a wrong
# answer must then fool the verifier often, not once. **Costs**: N traces, plus N readings by the verifier.
#
# ### Exercise 22.3 · best_of_n
#
# - `trace_scores(steps, lengths, agg="min")`: steps (N, S) holds step scores from 0 to 1, of which the first
#   `lengths[i]` of row i count. **The rest is padding**: zeros, NaN, anything. Returns (N,) in **float64** whatever
#   the dtype of `steps`, computed in float64: two traces must not become equal by rounding.
# - The answer is new memory. `agg` as in the table; another: ValueError, also where there is no trace. A trace
#   without steps (length 0) scores 0.0; N and S may be 0. A step score of exactly 0.0 is a score. `"geo"` stays
#   right where the product is too small for a float (2,000 steps of 0.5).
# - `best_of_n(steps, lengths, answers, agg="min", weighted=False)` returns an answer: that of the trace with the
#   highest score, or, `weighted`, that of `weighted_vote` with the scores as weights.
# - A trace whose answer is None is never chosen, whatever its score. Ties of plain best of N: the earliest trace.
#   No answer at all, or N = 0: None.
#
# Source: Lightman et al. 2023, section 2 and its appendix on scores (product, minimum); Snell et al. 2024, section
# 5.1 (last step, weighted).

# %% stub="best_of_n"
def trace_scores(steps: Float[Tensor, "N S"], lengths: Int[Tensor, "N"],
                 agg: str = "min") -> Float[Tensor, "N"]:
    """One float64 score for each trace from its steps' scores; beyond its length lies padding.

    steps = [[0.5, 0.25], [0.75, 0]], lengths = [2, 1]: min [0.25, 0.75], prod [0.125, 0.75].
    """
    ### BEGIN SOLUTION
    real = torch.arange(steps.shape[1], device=steps.device) < lengths[:, None]
    ones = torch.where(real, steps.double(), 1.0)  # 1 changes neither a product nor a minimum
    ones = torch.cat([ones, ones.new_ones(len(ones), 1)], 1)  # nor does one column more, and S may be 0
    n = lengths.long().clamp(min=1)
    if agg == "last":
        scores = ones.gather(1, (n - 1)[:, None])[:, 0]
    elif agg == "min":
        scores = ones.amin(1)
    elif agg == "prod":
        scores = ones.prod(1)
    elif agg == "geo":
        scores = (ones.log().sum(1) / n).exp()
    elif agg == "mean":
        scores = torch.where(real, steps.double(), 0.0).sum(1) / n
    else:
        raise ValueError("agg is last, min, prod, geo or mean")
    return torch.where(lengths > 0, scores, 0.0)
    ### END SOLUTION
    raise NotImplementedError("trace_scores")


def best_of_n(steps: Float[Tensor, "N S"], lengths: Int[Tensor, "N"], answers: list,
              agg: str = "min", weighted: bool = False):
    """The answer of the best trace, or of the weighted vote of all; None where there is no answer.

    With scores 0.6, 0.5, 0.4 and answers "a", "b", "b": "a", weighted "b".
    """
    ### BEGIN SOLUTION
    scores = trace_scores(steps, lengths, agg).tolist()
    if weighted:
        return weighted_vote(answers, scores)[0]
    best = max((i for i, a in enumerate(answers) if a is not None), key=scores.__getitem__, default=None)
    return None if best is None else answers[best]
    ### END SOLUTION
    raise NotImplementedError("best_of_n")

# %% [markdown] hints="best_of_n"
# <details><summary>Hint 1: a question</summary>
#
# Padding of 0: which two of the five aggregates does it ruin at once, and which one quietly?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Scores 0.9, 0.4, then one place of padding: last 0.4, min 0.4, prod 0.36, geo √0.36 = 0.6, mean 1.3 / 2 = 0.65,
# not 1.3 / 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# NaN times 0 is NaN, so padding must be replaced, not multiplied away; and a replacement that is neutral for the
# product is not neutral for the mean. A geometric mean is a mean of logarithms.
#
# </details>

# %% graded="best_of_n__scores" points=3
# Looks at trace_scores: five aggregates, padding, lengths, dtypes.
toy = torch.tensor([[0.9, 0.4, 0.0], [0.5, 0.5, 0.5], [0.8, 0.0, 0.0]])
lengths = torch.tensor([2, 3, 1])
for agg, want in [("last", [0.4, 0.5, 0.8]), ("min", [0.4, 0.5, 0.8]), ("prod", [0.36, 0.125, 0.8]),
                  ("geo", [0.6, 0.5, 0.8]), ("mean", [0.65, 0.5, 0.8])]:
    check(trace_scores, toy, lengths, agg, want=torch.tensor(want).double(), atol=1e-6,
          why="only the first 2, 3 and 1 scores count")
### BEGIN HIDDEN TESTS
for seed, (N, S) in enumerate([(1, 1), (7, 5), (40, 13), (3, 300), (2, 1100), (1500, 2)]):
    g = torch.Generator().manual_seed(seed)
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        steps = torch.rand(N, S, generator=g, dtype=torch.float64).mul(0.3).add(0.7).to(dtype)
        lengths = torch.randint(0, S + 1, (N,), generator=g)
        lengths[0] = S
        for rest in (0.0, 1.0, -3.0, torch.nan, torch.inf)[:5 if N * S < 1000 else 1]:
            padded = torch.where(torch.arange(S) < lengths[:, None], steps, rest).to(dtype)
            for agg in ("last", "min", "prod", "geo", "mean"):
                check(trace_scores, padded, lengths, agg, want=scored(padded, lengths, agg), rtol=1e-9, atol=0,
                      why=f"padding of {rest}; float64 inside, for {dtype}")
zero = torch.tensor([[0.5, 0.0, 0.25], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
for agg in ("last", "min", "prod", "geo", "mean"):
    for n in ([3, 3, 3], [1, 2, 0], [2, 1, 3]):
        check(trace_scores, zero, torch.tensor(n), agg, want=scored(zero, torch.tensor(n), agg),
              why="0.0 is a score")
    check(trace_scores, torch.zeros(0, 4), torch.zeros(0).long(), agg, want=torch.zeros(0).double())
    check(trace_scores, torch.zeros(2, 0), torch.zeros(2).long(), agg, want=torch.zeros(2).double(), why="S = 0")
    check(trace_scores, torch.full((2, 3), torch.nan), torch.zeros(2).long(), agg, want=torch.zeros(2).double())
    turned, lengths = torch.rand(5, 4, generator=torch.Generator().manual_seed(1)).T, torch.tensor([5, 2, 0, 3])
    check(trace_scores, turned, lengths, agg, want=scored(turned, lengths, agg), rtol=1e-9, why="a strided argument")
long = torch.full((2, 2000), 0.5)
check(trace_scores, long, torch.tensor([2000, 1999]), "geo", want=torch.tensor([0.5, 0.5]).double(), rtol=1e-9,
      why="the product of 2,000 halves is no float, its 2,000th root is 0.5")
check(trace_scores, long, torch.tensor([200, 400]), "prod",
      want=torch.tensor([0.5 ** 200, 0.5 ** 400], dtype=torch.float64),
      rtol=1e-9, atol=0, why="2 to the power -200 is 0 in float32")
check(trace_scores, torch.tensor([[0.25, 0.5], [0.75, 0.5]]), torch.tensor([2, 2]),
      want=torch.tensor([0.25, 0.5]).double(), why="agg is min unless given")
raises(ValueError, trace_scores, toy, torch.tensor([2, 3, 1]), "max", why="no such aggregate")
raises(ValueError, trace_scores, torch.zeros(0, 4), torch.zeros(0).long(), "max", why="no such aggregate, no trace")
raises(ValueError, trace_scores, toy, torch.zeros(3).long(), "Min", why="no such aggregate, no steps")
check(trace_scores, toy, torch.tensor([2, 3, 1], dtype=torch.int32), "mean",
      want=torch.tensor([0.65, 0.5, 0.8]).double(),
      atol=1e-6, why="lengths of any whole-number dtype")
for agg in ("last", "min", "prod", "geo", "mean"):
    wide = torch.tensor([[0.25, 0.5], [0.75, torch.nan], [torch.nan, 2.0]], dtype=torch.float64)
    unchanged(trace_scores, wide, torch.tensor([2, 1, 0]), agg, want=scored(wide, torch.tensor([2, 1, 0]), agg))
    single = torch.tensor([[0.25], [0.75]], dtype=torch.float64)
    fresh(trace_scores, single, torch.tensor([1, 1]), agg, want=torch.tensor([0.25, 0.75], dtype=torch.float64))
### END HIDDEN TESTS

# %% graded="best_of_n__choice" points=2
# Looks at the answer of the best trace: None, ties, scores that differ by little.
one = torch.tensor([[0.6], [0.5], [0.4]])
ones = torch.tensor([1, 1, 1])
check(best_of_n, one, ones, ["a", "b", "b"], want="a", why="0.6 is the highest score",
      mistakes={"the answers voted": "b"})
check(best_of_n, one, ones, [None, "c", "b"], want="c", why="the best trace has no answer",
      mistakes={"a trace without an answer was chosen": None})
check(best_of_n, torch.tensor([[0.1, 0.9], [0.5, 0.6]]), torch.tensor([2, 2]), ["a", "b"], want="b",
      why="the weakest steps are 0.1 and 0.5", mistakes={"the best single step decides": "a"})
### BEGIN HIDDEN TESTS
check(best_of_n, torch.tensor([[0.5], [0.75], [0.75]]), ones, ["a", 0, "c"], want=0,
      why="a tie: the earlier trace; 0")
check(best_of_n, torch.zeros(2, 1), torch.ones(2).long(), [None, "x"], want="x", why="0.0 is the best score here")
check(best_of_n, torch.zeros(2, 3), torch.tensor([0, 3]), ["x", "y"], want="x", why="both score 0.0: the earlier")
near = torch.tensor([[0.5], [0.5 + 1e-12]], dtype=torch.float64)
check(best_of_n, near, torch.ones(2).long(), ["x", "y"], want="y",
      why="float64 scores are compared in float64")
half = torch.tensor([[0.999, 0.998], [0.999, 0.9985]]).half()
check(best_of_n, half, torch.tensor([2, 2]), ["x", "y"], "prod", want="y",
      why="products in float64, for half too")
for rows in ([], [None, None]):
    for weighted in (False, True):
        check(best_of_n, torch.rand(len(rows), 3), torch.ones(len(rows)).long(), rows, "mean", weighted,
              want=None)
for seed in range(6):
    g = torch.Generator().manual_seed(seed)
    steps, lengths = torch.rand(30, 6, generator=g), torch.randint(1, 7, (30,), generator=g)
    answers = [None if a == 0 else str(a) for a in torch.randint(0, 5, (30,), generator=g).tolist()]
    for agg in ("last", "min", "prod", "geo", "mean"):
        s = scored(steps, lengths, agg).tolist()
        check(best_of_n, steps, lengths, answers, agg,
              want=answers[max((i for i in range(30) if answers[i] is not None),
                                                                        key=lambda i: (s[i], -i))])
many = torch.rand(1300, 2, generator=torch.Generator().manual_seed(7))
many[1234] = 1.0
names = [None if i % 7 == 0 else str(i) for i in range(1300)]
check(best_of_n, many, torch.full((1300,), 2), names, want="1234", why="the best of 1,300")
check(best_of_n, steps, lengths, answers, want=answers[max((i for i in range(30) if answers[i] is not None),
                                                           key=scored(steps, lengths, "min").tolist().__getitem__)])
check(best_of_n, torch.tensor([[0.5, 0.5], [0.375, 1.0]]), torch.tensor([2, 2]), ["x", "y"], want="x",
      why="agg is min unless given: 0.5 against 0.375")
raises(ValueError, best_of_n, steps, lengths, answers, "median", why="no such aggregate")
unchanged(best_of_n, torch.tensor([[0.6, torch.inf], [0.5, 0.7]]), torch.tensor([1, 2]), ["a", "b"], want="a")
for weighted in (False, True):
    unchanged(best_of_n, torch.tensor([[0.9, 0.8], [0.6, torch.nan], [0.0, 0.0]]), torch.tensor([2, 1, 0]),
              [None, "b", None], "prod", weighted, want="b")
### END HIDDEN TESTS

# %% graded="best_of_n__weighted" points=1
# Looks at the weighted vote of all traces.
one, ones = torch.tensor([[0.6], [0.5], [0.4]]), torch.tensor([1, 1, 1])
check(best_of_n, one, ones, ["a", "b", "b"], "min", True, want="b", why="0.6 against 0.5 + 0.4")
four = torch.tensor([[0.75], [0.5], [0.5], [0.5]])
check(best_of_n, four, torch.ones(4).long(), ["a", None, None, "b"], "min", True, want="a",
      why="None does not vote")
### BEGIN HIDDEN TESTS
check(best_of_n, torch.zeros(2, 1), torch.ones(2).long(), ["y", "x"], "last", True, want="y",
      why="all weights 0: a tie")
near = torch.tensor([[0.5], [0.5 + 1e-12]], dtype=torch.float64)
check(best_of_n, near, torch.ones(2).long(), ["x", "y"], "last", True, want="y", why="the weights are float64")
check(best_of_n, torch.tensor([[1.0, 0.25], [0.5, 0.5]]), torch.tensor([2, 2]), ["x", "y"], "mean", True, want="x",
      why="mean 0.625 against 0.5")
for seed in range(6):
    g = torch.Generator().manual_seed(seed)
    steps, lengths = torch.rand(50, 4, generator=g), torch.randint(0, 5, (50,), generator=g)
    answers = [None if a == 0 else str(a) for a in torch.randint(0, 5, (50,), generator=g).tolist()]
    for agg in ("last", "min", "prod", "geo", "mean"):
        check(best_of_n, steps, lengths, answers, agg, True,
              want=voted(answers, scored(steps, lengths, agg).tolist())[0])
### END HIDDEN TESTS

# %% tags=["picture"]
test_time_compute.length_bias(trace_scores)

# %% [markdown]
# A hundred right traces, all steps equally good, of 2 to 40 steps. The product ranks them by little but length;
# the minimum falls a little, because more steps mean more chances of a low score. Mean and geometric mean stay
# level.

# %% [markdown]
# ## 4 · One trace, held between two lengths
#
# **Budget forcing** (s1, Muennighoff et al., January 2025, arXiv 2501.19393) controls one thinking trace from
# outside. Two halves:
#
# - **Upper bound**: at the limit, append the end-of-thinking delimiter (and, say, "Final Answer:"), so that the
#   model must answer.
# - **Lower bound**: when the model wants to end its thinking too early, leave the delimiter out, append the text
#   "Wait", and let it go on. Ignored at most a set number of times.
#
# "Wait" is no special token, but an ordinary string. It is worth what the model learnt to do with it: s1-32B is
# Qwen2.5-32B-Instruct fine-tuned on 1,000 reasoning traces, and forcing took it from 50 % to 57 % on AIME24 (30
# competition problems, so each is 3.3 points). Nothing is claimed for arbitrary models. A later study (arXiv
# 2507.14419) finds that most of the curve comes from the *upper* bound, and that more "Wait" makes models swing
# between answers.
#
# **Find the faults.** The guide's code:
#
# ```python
# while len(response.split()) < min_tokens:
#     token = model.generate_next_token(prompt + response)
#     if token == "<|eot|>" and len(response.split()) < min_tokens:
#         response += " Wait, let me reconsider. "
#     else:
#         response += token
#     if len(response.split()) >= max_tokens:
#         break
# ```
#
# <details><summary>The faults</summary>
#
# It counts words, not tokens. The loop ends as soon as the *minimum* is reached, in the middle of a thought; so
# the maximum never binds, and the model can never finish by itself. It watches for the end of the turn instead of
# the end of the thinking. The forced words themselves fill the minimum: an eager model is "forced" by counting
# our own text. Nothing bounds the number of times. And it never closes the thought, so no answer is ever asked
# for.
#
# </details>
#
# **Short drafts.** The other way to save: *Chain-of-Draft* (CoD; arXiv 2502.18600) prompts for steps of "5 words
# at most" (not "5 to 10"), with examples in the prompt. On GSM8K, a set of school problems in words, GPT-4o: CoT
# 205 tokens, 4.2 s and 95.4 %, CoD 43.9 tokens, 1.0 s and 91.1 %. So 4.7 times fewer tokens for 4.3 points. The
# paper's "7.6 % of the tokens" is its best case. Without examples and on small models it is weaker. And a draft
# that nobody can read is a worse explanation.
#
# ### Exercise 22.4 · budget_force
#
# `next_token(ids)` gives the model's next token (an int) for a list of ids. Each call is a forward pass: ask once
# for each token. The *thought* is what stands after the prompt: the model's own tokens and the inserted
# `wait_ids`.
#
# - As long as the thought has fewer than `max_tokens` tokens, ask for the next token of prompt + thought. Any
#   token but `eot_id` is appended to the thought.
# - **At `eot_id`** the model wants to stop. It is ignored, and `wait_ids` are appended in its place, if all three
#   hold: the model's **own** tokens are fewer than `min_tokens` (inserted ones do not count); fewer than
#   `max_ignores` were ignored so far; and after inserting all of `wait_ids` the thought still has fewer than
#   `max_tokens` tokens, so that the model can say something. Otherwise the thought ends here.
# - **At `max_tokens`** (all tokens of the thought count) it ends without asking again. `max_tokens = 0`: no call.
# - Returned is a dict: `"thought"`, a list without any `eot_id`; `"context"`, prompt + thought + [eot_id] +
#   final_ids, from which the answer is then generated; `"ignored"`, how often; `"capped"`, True where the maximum
#   ended it and not the model.
# - Every id may be 0, `eot_id` too, and the prompt may hold `eot_id`. `wait_ids` and `final_ids` may be empty.
#   `min_tokens` may exceed `max_tokens`; both may be in the thousands. The arguments stay as they are.
#
# Source: Muennighoff et al. 2025, section 3.1, and the s1 repository's README (the minimum is ours: s1 ignores a
# fixed number of times).

# %% stub="budget_force"
def budget_force(next_token, prompt: list[int], eot_id: int, wait_ids: list[int], min_tokens: int,
                 max_tokens: int, max_ignores: int, final_ids: list[int]) -> dict:
    """One thought between two lengths, closed, and the context from which the answer is generated.

    A model that says 5, then always stops (9); min 2, max 8, one ignore, wait [7]: thought [5, 7].
    """
    ### BEGIN SOLUTION
    thought, own, ignored, capped = [], 0, 0, True
    while len(thought) < max_tokens:
        token = next_token(list(prompt) + thought)
        if token != eot_id:
            thought.append(token)
            own += 1
        elif own < min_tokens and ignored < max_ignores and len(thought) + len(wait_ids) < max_tokens:
            thought.extend(wait_ids)
            ignored += 1
        else:
            capped = False
            break
    return {"thought": thought, "context": [*prompt, *thought, eot_id, *final_ids], "ignored": ignored,
            "capped": capped}
    ### END SOLUTION
    raise NotImplementedError("budget_force")

# %% [markdown] hints="budget_force"
# <details><summary>Hint 1: a question</summary>
#
# There are two lengths in play, and they count different things. Which one does an inserted "Wait" make longer?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# The model says 5, stop, 6, stop; minimum 2, maximum 8, two ignores, wait [7, 8]. Thought: 5, then 7 8 for the
# first stop (one own token), then 6: two own tokens, so the second stop holds. [5, 7, 8, 6], ignored once, not
# capped.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The edge: a thought of 5 tokens, a wait of 3, a maximum of 8. Inserting would fill the budget to the last token,
# and the model could not use it. So the stop is accepted, and nothing is capped.
#
# </details>

# %% graded="budget_force__minimum" points=3
# Looks at stops that are ignored: own tokens, how often, what follows.
def reader(tokens):
    "A model that says these tokens one after the other, whatever was inserted."
    said = iter(tokens)
    return lambda ids: next(said)

check(budget_force, reader([5, 9, 6, 9]), [1], 9, [7, 8], 2, 8, 2, [4],
      want={"thought": [5, 7, 8, 6], "context": [1, 5, 7, 8, 6, 9, 4], "ignored": 1, "capped": False},
      why="the second stop comes after two own tokens")
check(budget_force, reader([5, 9, 9]), [1], 9, [7], 4, 8, 1, [],
      want={"thought": [5, 7], "context": [1, 5, 7, 9], "ignored": 1, "capped": False},
      why="one ignore is allowed; the next stop holds, the minimum is not reached")
### BEGIN HIDDEN TESTS
g = np.random.default_rng(3)
for eot, wait, low, high, ignores, final in [(9, [7, 8], 4, 30, 2, [3]), (0, [7], 6, 40, 5, []),
                                             (9, [0, 0, 0], 3, 25, 1, [0]), (9, [7], 0, 12, 3, [2, 2]),
                                             (9, [], 5, 20, 4, [1]), (2, [9], 8, 60, 0, [5]),
                                             (9, [7, 7, 7, 7], 10, 300, 40, [1, 2]), (9, [1], 50, 20, 30, [3])]:
    for _ in range(5):
        tokens = np.where(g.random(400) < 0.35, eot, g.integers(0, 12, 400)).tolist()
        prompt = g.integers(0, 12, 3).tolist() + [eot]
        check(budget_force, reader(tokens), prompt, eot, wait, low, high, ignores, final,
              want=forced(tokens, prompt, eot, wait, low, high, ignores, final),
              why="own tokens count for the minimum, all for the maximum")
said = [1005, 1000, 151645, 151389, 7, 151645, 2 ** 40 + 1, 151645]  # ids as those of a large vocabulary
check(budget_force, reader(said), [8948, 151645], 151645, [13824, 11], 5, 40, 3, [151668],
      want=forced(said, [8948, 151645], 151645, [13824, 11], 5, 40, 3, [151668]), why="ids are compared by their value")
check(budget_force, reader([300, 44, 556, 300]), [], 300, [812], 2, 9, 1, [],
      want={"thought": [812, 44, 556], "context": [812, 44, 556, 300], "ignored": 1, "capped": False},
      why="300, 44 and 556 are three ids")
heard = []
def listening(ids):
    heard.append(list(ids))
    return [5, 9, 6, 9][len(heard) - 1]
expect(budget_force(listening, [1, 2], 9, [7], 2, 9, 3, [4])["thought"], [5, 7, 6], on="the thought")
expect(heard, [[1, 2], [1, 2, 5], [1, 2, 5, 7], [1, 2, 5, 7, 6]], on="what next_token was asked, call by call",
       why="the prompt and the whole thought so far; the ignored stop is not in it")
heard = []
def eager(ids):
    heard.append(list(ids))
    return [9, 9, 0, 9][len(heard) - 1]
expect(budget_force(eager, [3], 9, [7, 7], 5, 30, 2, [])["thought"], [7, 7, 7, 7, 0],
       on="the thought of an eager model")
expect(heard, [[3], [3, 7, 7], [3, 7, 7, 7, 7], [3, 7, 7, 7, 7, 0]], on="what next_token was asked, call by call",
       why="waits in the place of stops")
heard = []
def long_winded(ids):
    heard.append(list(ids))
    return 9 if len(heard) % 31 == 0 else len(heard) % 8
start = list(range(10, 80))
thought = budget_force(long_winded, start, 9, [7, 8], 90, 200, 2, [4])["thought"]
expect((len(heard), len(thought)), (93, 94), on="the number of calls and the length of a long thought",
       why="stops 31 and 62 are ignored, stop 93 comes after 90 own tokens")
expect(heard[0], start, on="what the first call was asked", why="the whole prompt")
expect(heard[-1], start + thought, on="what the last call was asked", why="the whole prompt and the whole thought")
### END HIDDEN TESTS

# %% graded="budget_force__maximum" points=3
# Looks at the upper bound: exact, with waits that no longer fit, and the forced close.
def reader(tokens):
    "A model that says these tokens one after the other, whatever was inserted."
    said = iter(tokens)
    return lambda ids: next(said)

check(budget_force, lambda ids: 5, [1], 9, [7], 0, 3, 2, [4],
      want={"thought": [5, 5, 5], "context": [1, 5, 5, 5, 9, 4], "ignored": 0, "capped": True},
      why="never stops: closed at three tokens")
check(budget_force, reader([5, 5, 9]), [1], 9, [7, 8], 6, 4, 2, [4],
      want={"thought": [5, 5], "context": [1, 5, 5, 9, 4], "ignored": 0, "capped": False},
      why="the wait would fill the budget: the stop holds")
### BEGIN HIDDEN TESTS
for high in (1, 2, 5, 64, 1100):
    check(budget_force, lambda ids: 0, [9], 9, [7], 500, high, 9, [],
          want={"thought": [0] * high, "context": [9] + [0] * high + [9], "ignored": 0, "capped": True},
          why="id 0 is a token; the cap is exact")
for n, wait, high, fits in [(5, 3, 8, False), (5, 3, 9, True), (5, 2, 8, True), (0, 1, 1, False), (0, 1, 2, True),
                            (3, 0, 4, True), (0, 0, 1, True)]:
    for low in (n + 1, n + 2):
        tokens = [5] * n + [9] + [6] * 20
        check(budget_force, reader(tokens), [1], 9, [7] * wait, low, high, 1, [4],
              want=forced(tokens, [1], 9, [7] * wait, low, high, 1, [4]),
              why=f"after {n} tokens a wait of {wait} under a maximum of {high}: "
                  f"{'it fits' if fits else 'no room after it'}")
calls = []
def counting(ids):
    calls.append(1)
    return 5
expect(budget_force(counting, [1], 9, [7], 3, 0, 2, [4]),
       {"thought": [], "context": [1, 9, 4], "ignored": 0, "capped": True}, on="a maximum of 0")
assert not calls, f"expected no call of next_token for a maximum of 0, got {len(calls)}"
budget_force(counting, [1], 9, [7], 3, 17, 2, [4])
assert len(calls) == 17, f"expected 17 calls of next_token for a maximum of 17 tokens, got {len(calls)}"
check(budget_force, reader([5, 5, 5, 9]), [1], 9, [7], 3, 4, 5, [],
      want={"thought": [5, 5, 5], "context": [1, 5, 5, 5, 9], "ignored": 0, "capped": False},
      why="exactly the minimum: the model may stop; below the maximum: not capped")
### END HIDDEN TESTS

# %% graded="budget_force__arguments" points=1
# Looks at the arguments after the call, and at two calls in a row.
for _ in range(2):
    unchanged(budget_force, lambda ids: 9 if len(ids) % 2 else 5, [1, 2], 9, [7], 3, 9, 2, [4],
              want={"thought": [5, 7, 5, 7, 5], "context": [1, 2, 5, 7, 5, 7, 5, 9, 4], "ignored": 2,
                    "capped": False})
### BEGIN HIDDEN TESTS
same = lambda ids: 9  # noqa: E731
for prompt, wait, final in [([], [], []), ([3], [7, 7], [8]), ([9, 9], [7], [9])]:
    for _ in range(2):
        unchanged(budget_force, same, prompt, 9, wait, 2, 50, 3, final,
                  want=forced([9] * 9, prompt, 9, wait, 2, 50, 3, final))
### END HIDDEN TESTS

# %% tags=["picture"]
test_time_compute.forced_traces(budget_force)

# %% [markdown]
# One scripted model under three settings, and one that never stops. Blue: own tokens; orange: inserted waits; the
# dashed line is the maximum. The last row is closed from outside: the final answer must be asked for in the middle
# of a thought.

# %% [markdown]
# ## 5 · Search over steps
#
# Best of N judges whole traces: a mistake in step 2 is paid for to the end. A **beam search** over steps drops it
# at once: write several next steps for each live trace, score each with the PRM, keep the best few, repeat. It is
# not the beam search of section 02: there tokens compete by their own likelihood, here whole steps (a line each,
# say) compete by a verifier's score.
#
# - **Width** W traces stay, each gets B proposals: W · B steps are written and scored in a round.
# - A trace's score here is its **weakest step**. It can only fall, so a finished trace that scores no lower than
#   all live ones cannot be beaten.
# - *DVTS* (diverse verifier tree search, Hugging Face 2024) splits the beam into independent trees, because a beam
#   soon holds variations of one idea. *Lookahead* rolls each candidate out before it is scored, at more cost.
# - **When?** Snell et al.: with little budget and on harder questions beam search wins; on easy ones, and with much
#   budget, it loses to best of N, because it searches for what the PRM likes: over-optimisation. On the hardest
#   neither gets far. Liu et al. (arXiv 2502.06703): search for small models, best of N for larger ones; it depends
#   on the PRM as well.
#
# ### Exercise 22.5 · beam_search_steps
#
# A *path* is a tuple of steps (strings); the search begins with the empty one. `expand(path, n)` gives a list of
# at most n next steps, none for a dead end, perhaps the same step twice. `prm(path)` gives the score, 0 to 1, of
# the last step of a path that is not empty. `finished(path)` says whether a path ends with an answer.
#
# - Each of at most `depth` rounds: every live path, **best first**, is expanded once, with n = `beam`. Equal
#   steps of one path are one child. Each child is scored **once**; its score is the smaller of its parent's and
#   its own `prm` (the empty path has 1.0).
# - Finished children leave the beam: they are never expanded and take no place in it. Of the others the `width`
#   highest live on; among equals, those proposed earlier (which is also their order in the next round).
# - It ends after `depth` rounds, or when no path lives. You may stop earlier when nothing can change the answer.
# - Returned: `(path, score)` of the best finished path, ties to the one proposed earliest; `(None, 0.0)` where none
#   finished. A finished path may score 0.0. `width`, `beam` and `depth` are at least 1.
#
# Source: Snell et al. 2024, section 5.2; Yao et al. 2023 (arXiv 2305.10601) for the idea. The score by the
# weakest step is our choice.

# %% stub="beam_search_steps"
def beam_search_steps(expand, prm, finished, width: int, beam: int, depth: int) -> tuple:
    """The finished path with the best weakest step that a beam of this width finds, and its score.

    expand gives ["a", "b"], both finish, prm 0.25 and 0.5: (("b",), 0.5).
    """
    ### BEGIN SOLUTION
    live, best = [((), 1.0)], (None, -1.0)
    for _ in range(depth):
        children = []
        for path, score in live:
            for step in dict.fromkeys(expand(path, beam)):  # a dict keeps the order of first occurrence
                child = (*path, step)
                scored = child, min(score, prm(child))
                if not finished(child):
                    children.append(scored)
                elif scored[1] > best[1]:
                    best = scored
        live = sorted(children, key=lambda c: -c[1])[:width]  # sorted is stable
    return best if best[0] is not None else (None, 0.0)
    ### END SOLUTION
    raise NotImplementedError("beam_search_steps")

# %% [markdown] hints="beam_search_steps"
# <details><summary>Hint 1: a question</summary>
#
# Two equal proposals and a width of 2: what is the second place in the beam spent on?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Width 1. Round 1: "a" 0.9 (finished), "b" 0.8, "c" 0.7. "a" goes to the results, "b" lives on. Round 2: "b", "d"
# 0.95, finished: its score is min(0.8, 0.95) = 0.8. The answer is ("a",) with 0.9.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Take the duplicates and the finished ones out *before* the beam is cut. And the best finished path so far must not
# begin with a score of 0: a path with 0.0 is better than none.
#
# </details>

# %% graded="beam_search_steps__finds" points=3
# Looks at paths and scores on small trees: weakest step, width, finished paths, duplicates.
def tree(table):
    "expand, prm and finished from {path as text: (proposals, score)}; a step with '!' at its end finishes."
    def expand(path, n):
        return list(table[" ".join(path)][0])[:n]
    return expand, lambda path: table[" ".join(path)][1], lambda path: path[-1].endswith("!")

toy = {"": (["a", "a", "b"], 1), "a": (["x!"], 0.75), "b": (["y!"], 0.5), "a x!": ([], 0.25), "b y!": ([], 1.0)}
check(beam_search_steps, *tree(toy), 2, 3, 4, want=(("b", "y!"), 0.5),
      why="weakest steps: a x! 0.25, b y! 0.5",
      mistakes={"the second a took b's place, or only one path was kept": (("a", "x!"), 0.25),
                "the last step alone decides": (("b", "y!"), 1.0)})
check(beam_search_steps, *tree(toy), 1, 3, 4, want=(("a", "x!"), 0.25), why="width 1 keeps a alone")
early = {"": (["a!", "b", "c"], 1), "a!": ([], 0.875), "b": (["d!"], 0.75), "b d!": ([], 1.0), "c": (["e!"], 0.5),
         "c e!": ([], 0.5)}
check(beam_search_steps, *tree(early), 1, 3, 5, want=(("a!",), 0.875),
      why="a! finished and takes no place in the beam")
### BEGIN HIDDEN TESTS
none = {"": (["a", "b"], 1), "a": ([], 0.5), "b": (["c"], 0.5), "b c": ([], 0.5)}
check(beam_search_steps, *tree(none), 2, 2, 6, want=(None, 0.0), why="nothing finished")
check(beam_search_steps, *tree({"": ([], 1)}), 2, 2, 6, want=(None, 0.0), why="a dead end at once")
check(beam_search_steps, *tree({"": (["a!"], 1), "a!": ([], 0.0)}), 2, 2, 6, want=(("a!",), 0.0),
      why="0.0 is a score")
check(beam_search_steps, *tree(toy), 5, 1, 4, want=(("a", "x!"), 0.25), why="beam 1 asks for one proposal")
check(beam_search_steps, *tree(toy), 5, 3, 1, want=(None, 0.0), why="nothing finishes within one step")
check(beam_search_steps, *tree(early | {"a!": ([], 0.25)}), 1, 3, 5, want=(("b", "d!"), 0.75),
      why="the search goes on after the first finished path")
tied = {"": (["a", "b", "c"], 1), "a": (["x!"], 0.5), "b": (["y!"], 0.5), "c": (["z!"], 0.75), "a x!": ([], 0.5),
        "b y!": ([], 1.0), "c z!": ([], 0.5)}
check(beam_search_steps, *tree(tied), 3, 3, 5, want=(("c", "z!"), 0.5),
      why="all end at 0.5: c was expanded first")
check(beam_search_steps, *tree(tied | {"c z!": ([], 0.25)}), 2, 3, 5, want=(("a", "x!"), 0.5),
      why="a and b tie for the last place: a was proposed earlier")
check(beam_search_steps, *tree(tied | {"c z!": ([], 0.0)}), 9, 9, 9, want=(("a", "x!"), 0.5),
      why="a tie of finished paths")

zeros = {"": (["a", "b"], 1), "a": (["x"], 0.0), "b": ([], 0.5), "a x": (["y!"], 0.75), "a x y!": ([], 0.5)}
check(beam_search_steps, *tree(zeros), 2, 2, 6, want=(("a", "x", "y!"), 0.0),
      why="a path of score 0.0 lives while there is room for it")
fine = {"": (["a", "b", "c!"], 1), "a": (["x!"], 0.7), "b": (["y!"], 0.7 + 1e-12), "c!": ([], 0.1), "a x!": ([], 0.9),
        "b y!": ([], 0.3)}
check(beam_search_steps, *tree(fine), 1, 3, 5, want=(("b", "y!"), 0.3), rtol=1e-12, atol=0,
      why="0.7 + 1e-12 is more than 0.7")
check(beam_search_steps, *tree(fine | {"b y!": ([], 0.7)}), 2, 3, 5, want=(("b", "y!"), 0.7), rtol=1e-12, atol=0,
      why="b was expanded first")
check(beam_search_steps, *tree(fine | {"b y!": ([], 1.0), "a": ([], 0.2)}), 2, 3, 1, want=(("c!",), 0.1), rtol=1e-12, atol=0,
      why="only c! finishes within one step")
dead = {"": (["a", "b"], 1), "a": ([], 0.75), "b": (["c"], 0.5), "b c": (["d!"], 0.5), "b c d!": ([], 1.0)}
check(beam_search_steps, *tree(dead), 2, 2, 6, want=(("b", "c", "d!"), 0.5), why="a is a dead end, b goes on")
again = {"": (["a", "b", "a", "c", "b"], 1), "a": ([], 0.75), "b": ([], 0.5), "c": (["d!"], 0.25), "c d!": ([], 1.0)}
check(beam_search_steps, *tree(again), 3, 5, 6, want=(("c", "d!"), 0.25), why="three distinct children: a, b and c")
chain = {" ".join(["s"] * k): (["s" if k < 39 else "s!"], 1 - k / 64) for k in range(40)}
chain |= {" ".join(["s"] * 39 + ["s!"]): ([], 0.75)}
check(beam_search_steps, *tree(chain), 2, 2, 40, want=(("s",) * 39 + ("s!",), 1 - 39 / 64), why="forty steps")
check(beam_search_steps, *tree(chain), 2, 2, 39, want=(None, 0.0), why="thirty-nine are not enough")
broad = {"": ([f"n{i}" for i in range(400)], 1)} | {f"n{i}": ([f"f{i}!"], (i % 397) / 512) for i in range(400)}
broad |= {f"n{i} f{i}!": ([], 0.0 if i > 130 else 0.875) for i in range(400)}
check(beam_search_steps, *tree(broad), 300, 400, 2, want=searched(*tree(broad), 300, 400, 2), why="a wide beam")

def random_tree(seed, levels=3):
    "A tree of random proposals, some of them twice, some finished, with scores in 32nds."
    g, table, layer = np.random.default_rng(seed), {}, [()]
    for level in range(levels + 1):
        next_layer = []
        for path in layer:
            letters = [] if level == levels else g.choice(list("abcdef"), g.integers(0 if level else 3, 6))
            proposals = [f"{c}{'!' if g.random() < 0.15 + 0.15 * level else ''}" for c in letters]
            if path and path[-1].endswith("!"):
                proposals = []
            table[" ".join(path)] = (proposals, float(g.integers(0, 33) / 32))
            next_layer += [(*path, s) for s in dict.fromkeys(proposals)]
        layer = next_layer
    return table

for seed in range(6):
    table = random_tree(seed)
    settings = [(1, 5, 9), (2, 3, 9), (3, 5, 3), (4, 2, 9), (60, 9, 9), (2, 9, 2)]
    for width, beam, depth in settings[:6 if seed < 2 else 4]:
        check(beam_search_steps, *tree(table), width, beam, depth,
              want=searched(*tree(table), width, beam, depth), why=f"width {width}, beam {beam}, depth {depth}")
### END HIDDEN TESTS

# %% graded="beam_search_steps__calls" points=2
# Looks at what is asked of expand and prm: each path once, finished ones never expanded.
def watched(table):
    "The functions of a tree, and lists of what they were asked."
    asked, scored = [], []
    def expand(path, n):
        asked.append((tuple(path), n))
        return list(table[" ".join(path)][0])[:n]
    def prm(path):
        scored.append(tuple(path))
        return table[" ".join(path)][1]
    return (expand, prm, lambda path: path[-1].endswith("!")), asked, scored

small = {"": (["a", "b!", "b!", "a"], 1), "a": (["c", "c"], 0.75), "b!": ([], 0.5), "a c": (["d!"], 0.75),
         "a c d!": ([], 0.75)}
functions, asked, scored = watched(small)
expect(beam_search_steps(*functions, 3, 4, 3), (("a", "c", "d!"), 0.75), on="the best path")
expect(asked, [((), 4), (("a",), 4), (("a", "c"), 4)], on="what expand was asked",
       why="live paths once each, b! never: it is finished")
expect(sorted(scored), [("a",), ("a", "c"), ("a", "c", "d!"), ("b!",)], on="what prm was asked, sorted",
       why="each child once")
### BEGIN HIDDEN TESTS
wide = {"": ([str(i) for i in range(9)], 1)}
for i in range(9):
    wide[str(i)] = (["x", "y!"], [5, 3, 8, 1, 7, 2, 6, 4, 0][i] / 16)
    wide |= {f"{i} x": (["z!"], 0.375), f"{i} y!": ([], 0.0), f"{i} x z!": ([], 0.25)}
functions, asked, scored = watched(wide)
expect(beam_search_steps(*functions, 3, 9, 2), (("2", "y!"), 0.0), on="the best path of a wide tree")
expect(asked, [((), 9), (("2",), 9), (("4",), 9), (("6",), 9)], on="what expand was asked",
       why="three live paths, best first; none after the last round")
assert len(scored) == len(set(scored)) == 15, f"expected 9 + 6 paths scored once each, got {len(scored)}"
full = {"": (list("abcd"), 1)}
for k, order in ((1, 4), (2, 16), (3, 64)):  # every path has four next steps; all finish at the fourth
    ranks = np.random.default_rng(k).permutation(order)
    for i, path in enumerate(itertools.product("abcd", repeat=k)):
        full[" ".join(path)] = ([c + ("!" if k == 3 else "") for c in "abcd"], float(64 + ranks[i]) / 128)
full |= {f"{path} {c}!": ([], 0.5) for path in list(full) if path.count(" ") == 2 for c in "abcd"}
for width, beam in [(1, 4), (2, 4), (3, 3), (5, 4)]:
    functions, asked, _ = watched(full)
    others, wanted, _ = watched(full)
    expect(beam_search_steps(*functions, width, beam, 4), searched(*others, width, beam, 4),
           on=f"width {width}, beam {beam}")
    expect(asked, wanted, on=f"what expand was asked, width {width}, beam {beam}",
           why="at most width paths in each round")
### END HIDDEN TESTS

# %% tags=["picture"]
test_time_compute.search_against_best_of(beam_search_steps)

# %% [markdown]
# A toy: ten steps, each right with probability 0.75; a PRM that sees a wrong step, with noise. Both methods write
# the same number of steps. The search throws a broken beginning away and spends the steps on the others. (Its
# share is one of 40 problems: give or take 0.15. And the PRM is honest here. Part 7 and the experiment bring one
# that is not.)

# %% [markdown]
# ## 6 · What it costs
#
# A forward pass of a dense model takes about 2 P FLOPs per token, P being its parameters (attention over the
# context comes on top, and is small for contexts of a few thousand); training takes about 6 P, the backward pass
# twice the forward one. With one prompt of T tokens and N traces of G tokens:
#
# $$\text{FLOPs} \approx 2P\,(T + N G),$$
#
# because the prompt is read once and its keys and values are shared. A verifier of P′ parameters reads the same
# tokens: $2P'\,(T + N G)$ more. It writes nothing, so it is quick, but it is not free: a 7B verifier behind a 1B
# model costs seven times what the model does.
#
# **FLOPs are not seconds.** One trace alone is bound by memory: each step reads all weights for one token. N
# traces in a batch share that reading, so until the batch fills the GPU, parallel samples cost little extra
# *time*; their caches cost memory. Ten times longer thinking always costs ten times the steps. Sections 12 and 17
# have the numbers.
#
# **How can 1B beat 405B?** Liu et al. 2025 (arXiv 2502.06703): with the best method for each setting, a 1B model
# exceeds a 405B one on MATH-500 (500 competition problems), a 3B one on MATH-500 and AIME24, where a 7B beats o1
# and DeepSeek-R1 (671B parameters, 37B active a token). Read the conditions: mathematics, where answers compare
# easily; strong PRMs, often larger than the model; the large model given one plain chain of thought. It is no
# ranking of models.
#
# ### Exercise 22.6 · tts_flops
#
# - `tts_flops(params, prompt, gen, n=1, prm=0)`: the FLOPs of n traces of `gen` tokens after one shared prompt,
#   and of a verifier of `prm` parameters that reads the prompt once and every trace once: the two formulas above.
# - `largest_n(small, big, prompt, gen_small, gen_big, prm=0)`: the largest n for which n traces of the small
#   model (each of `gen_small` tokens, and with the verifier) cost **no more** than one trace of the big one,
#   which needs no verifier. 0 where not even one trace fits.
# - All arguments are whole numbers, at least 1 (`prm` may be 0), and may be huge; both answers are **exact** ints.
#
# Source: Kaplan et al. 2020 (arXiv 2001.08361), section 2.1, for 2 P per token; Snell et al. 2024, section 7, for
# the comparison.

# %% stub="tts_flops"
def tts_flops(params: int, prompt: int, gen: int, n: int = 1, prm: int = 0) -> int:
    """FLOPs of n traces after one shared prompt, read by a verifier of prm parameters.

    params = 10, prompt 5, gen 3, n = 2: 2 · 10 · (5 + 6) = 220; with prm = 1: 242.
    """
    ### BEGIN SOLUTION
    return 2 * (params + prm) * (prompt + n * gen)
    ### END SOLUTION
    raise NotImplementedError("tts_flops")


def largest_n(small: int, big: int, prompt: int, gen_small: int, gen_big: int, prm: int = 0) -> int:
    """How many traces of the small model one trace of the big one pays for.

    small 1, big 10, prompt 5, 3 tokens each: 80 // 1 = 80 tokens, less the prompt: 75 // 3 = 25.
    """
    ### BEGIN SOLUTION
    tokens = tts_flops(big, prompt, gen_big) // (2 * (small + prm))
    return max(0, (tokens - prompt) // gen_small)
    ### END SOLUTION
    raise NotImplementedError("largest_n")

# %% [markdown] hints="tts_flops"
# <details><summary>Hint 1: a question</summary>
#
# The prompt has 2,000 tokens, a trace 500. Which part of the cost does a 64th sample add?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Small 10, verifier 5, big 100, prompt 5, 3 tokens each. Big: 2 · 100 · 8 = 1,600. Small: 2 · 15 · (5 + 3n) ≤
# 1,600, so 5 + 3n ≤ 53.3: n = 16, because 5 + 48 = 53 fits and 56 does not.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Numbers of 10²⁴ are beyond what a float holds exactly: `/` and `floor` can be off by one. And a negative rest is
# floored below 0.
#
# </details>

# %% graded="tts_flops__cost" points=1
# Looks at tts_flops: the shared prompt, the verifier, exact ints.
check(tts_flops, 10, 5, 3, 2, want=220, why="2 · 10 · (5 + 2 · 3)",
      mistakes={"the prompt was paid for each sample": 320, "6 P: that is training": 660, "one FLOP a weight": 110})
check(tts_flops, 10, 5, 3, 2, 1, want=242, why="the verifier reads 11 tokens, too")
### BEGIN HIDDEN TESTS
for params, prompt, gen, n, prm in [(1, 1, 1, 1, 0), (10 ** 9, 200, 600, 64, 7 * 10 ** 9),
                                    (405 * 10 ** 9, 200, 600, 1, 0),
                                    (3 * 10 ** 12 + 1, 10 ** 6 + 7, 10 ** 5 + 3, 10 ** 7 + 9, 10 ** 11 + 7)]:
    check(tts_flops, params, prompt, gen, n, prm,
          want=2 * params * prompt + 2 * prm * prompt + 2 * n * gen * (params + prm))
    check(tts_flops, params, prompt, gen, want=2 * params * (prompt + gen),
          why="n is 1 and prm is 0 unless given")
    got = tts_flops(params, prompt, gen, n, prm)
    assert isinstance(got, int), f"expected an int, got {got!r}"
### END HIDDEN TESTS

# %% graded="tts_flops__crossover" points=2
# Looks at largest_n: with and without a verifier, at the exact edge, where nothing fits.
check(largest_n, 1, 10, 5, 3, 3, want=25, why="80 tokens, less the prompt, by threes",
      mistakes={"the ratio of the sizes": 10, "the prompt was paid for each sample": 10})
check(largest_n, 10, 100, 5, 3, 3, 5, want=16, why="the verifier is paid from the same budget",
      mistakes={"the verifier was forgotten": 25})
### BEGIN HIDDEN TESTS
for small, big, prompt, gen_small, gen_big, prm in [(1, 405, 200, 600, 600, 0), (1, 405, 200, 600, 600, 7),
                                                    (7, 70, 1000, 5000, 500, 0),
                                                    (70, 7, 10, 100, 100, 0), (8, 8, 50, 30, 30, 0),
                                                    (8, 8, 50, 31, 30, 0), (8, 9, 50, 30, 30, 2),
                                                    (1, 1, 7, 9, 100, 0), (3, 5, 11, 13, 17, 1),
                                                    (10 ** 9, 405 * 10 ** 9, 200, 600, 600, 72 * 10 ** 9),
                                                    (10, 1, 1000, 1, 1, 0), (7, 5, 10, 3, 400, 0),
                                                    (3, 5, 10, 3, 400, 4)]:
    want, limit = 0, 2 * big * (prompt + gen_big)
    while 2 * (small + prm) * (prompt + (want + 1) * gen_small) <= limit:
        want += 1
    check(largest_n, small, big, prompt, gen_small, gen_big, prm, want=want,
          why="the largest n that costs no more")
for n in (10 ** 17 + 3, 10 ** 20 + 9):  # exactly affordable, and one FLOP short of it
    big = 3 * (1 + n)
    check(largest_n, 3, big, 1, 2, 1, want=(2 * (1 + n) - 1) // 2, why="exact beyond what a float holds")
    check(largest_n, 1, 2 * n, 1, 1, 1, want=4 * n - 1, why="exact beyond what a float holds")
    check(largest_n, 2, 2 * n, 1, 1, 1, 1, want=(4 * n) // 3 - 1, why="exact beyond what a float holds")
assert isinstance(largest_n(7, 70, 10, 20, 20), int), "expected an int"
### END HIDDEN TESTS

# %% tags=["picture"]
test_time_compute.crossover(tts_flops, largest_n)

# %% [markdown]
# Left: what n samples of 1B cost beside one answer of 405B (200 tokens of prompt, traces of 600), without a
# verifier, with one of 1B, 7B, 72B. Right: the n that one large answer pays for: 539 with no verifier, 67 with
# 7B, 7 with 72B.

# %% [markdown]
# ## 7 · Who gets the samples?
#
# Sixteen samples for every question is the simplest policy, and a poor one. Easy questions need one; hopeless ones
# get sixteen for nothing. How should a total be shared out?
#
# **Planned ahead.** With an exact verifier a question is solved if any of its samples is right. If one sample is
# right with probability p, the (n + 1)-th solves it with probability
#
# $$p\,(1 - p)^n,$$
#
# namely when the first n failed. This gain falls with n, so giving each next sample where the gain is largest is
# optimal. Neither "to the hardest" nor "to the likeliest": after n failures the gain is largest at p = 1 / (n +
# 1). Damani et al. 2024 (arXiv 2410.04707) learn to predict these gains, and report up to 50 % less compute at
# equal quality.
#
# ### Exercise 22.7 · allocate_budget
#
# `p_hat` is a list of Q estimated probabilities. Returned is a list of Q ints, the samples of each question.
#
# - Samples are given one by one, each to the question with the largest gain $p (1 - p)^n$, n being what it has so
#   far, until `total` are given. Ties: the lowest index. At most `cap` for one question.
# - **A gain of 0 gets nothing**: p = 0 never, p = 1 one sample. So the sum may stay below `total`. (Tests avoid
#   gains so small that they underflow.)
# - `total` and `cap` are whole numbers and may be 0; negative: ValueError, and so is a p outside 0 to 1 or NaN. No
#   questions: an empty list.
#
# Source: Damani et al. 2024; the greedy choice is optimal because gains fall (a concave sum).

# %% stub="allocate_budget"
def allocate_budget(p_hat: list[float], total: int, cap: int) -> list[int]:
    """Samples for each question, each given where it most likely solves one more.

    [0.5, 0.9], total 3, cap 8: gains 0.9, 0.5, then 0.25 against 0.09: [2, 1].
    """
    ### BEGIN SOLUTION
    if total < 0 or cap < 0 or any(not 0 <= p <= 1 for p in p_hat):
        raise ValueError("total and cap at least 0, probabilities between 0 and 1")
    given = [0] * len(p_hat)
    for _ in range(total):
        gains = [p * (1 - p) ** n if n < cap else 0.0 for p, n in zip(p_hat, given)]
        best = max(range(len(gains)), key=gains.__getitem__, default=None)
        if best is None or gains[best] == 0:
            break
        given[best] += 1
    return given
    ### END SOLUTION
    raise NotImplementedError("allocate_budget")

# %% [markdown] hints="allocate_budget"
# <details><summary>Hint 1: a question</summary>
#
# A question with p = 0.9 has two samples. What does a third add, and what does the first add to one with p = 0.05?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# p = [0.8, 0.3, 0.0], total 4. Gains: 0.8 | 0.3 | 0: the first. 0.16 | 0.3 | 0: the second. 0.16 | 0.21 | 0: the
# second. 0.16 | 0.147 | 0: the first. Result [2, 2, 0].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The budget may be larger than what is of any use. And a full question (cap) must drop out of the comparison, not
# end it.
#
# </details>

# %% graded="allocate_budget__greedy" points=3
# Looks at allocations: all gains sorted, and every possible division of small budgets.
check(allocate_budget, [0.5, 0.9], 3, 8, want=[2, 1], why="gains 0.9, 0.5, then 0.25 against 0.09",
      mistakes={"the likeliest got it all": [0, 3], "in proportion to p": [1, 2], "the hardest got it all": [3, 0]})
check(allocate_budget, [0.8, 0.3, 0.0], 4, 8, want=[2, 2, 0], why="0.8, 0.3, 0.21, 0.16; nothing for p = 0",
      mistakes={"in proportion to 1 - p": [1, 1, 2]})
### BEGIN HIDDEN TESTS
g = np.random.default_rng(5)
for Q, total in [(1, 5), (2, 7), (3, 8), (4, 6)]:
    for _ in range(4):
        p = (g.random(Q) * 0.96 + 0.02).tolist()
        got = allocate_budget(p, total, 6)
        best = max(solved(p, n) for n in itertools.product(range(7), repeat=Q) if sum(n) <= total)
        assert isinstance(got, (list, tuple)) and len(got) == Q and sum(got) <= total and max(got) <= 6, (
            f"expected {Q} counts of at most 6 and {total} in all, got {got!r}")
        expect(solved(p, got), best,
               on=f"the expected number solved by allocate_budget({p}, {total}, 6) = {got!r}",
               atol=1e-9, why="no other division solves more")
for Q, total, cap in [(40, 300, 16), (7, 50, 5), (300, 700, 9), (25, 0, 4), (12, 30, 0),
                      (5, 100, 3), (30, 5, 8), (1100, 1150, 3)]:
    p = (g.random(Q) * 0.9 + 0.01).tolist()
    want = shared_out(p, total, cap)
    check(allocate_budget, p, total, cap, want=want, why="the largest gains, at most cap each")
    if Q < 1000:  # a simple loop takes a while on the longest: once will do
        unchanged(allocate_budget, p, total, cap, want=want)
got = allocate_budget([0.5, 0.25], 3, 4)
assert all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in got), f"expected ints, got {got!r}"
check(allocate_budget, [0.1, 0.1 + 1e-12, 0.1], 1, 4, want=[0, 1, 0], why="float64: 0.1 + 1e-12 is more than 0.1")
check(allocate_budget, [0.01, 0.02, 0.9], 320, 210, want=shared_out([0.01, 0.02, 0.9], 320, 210),
      why="hundreds of samples for one question")
check(allocate_budget, [1e-7, 0.0, 1.0], 5, 3, want=[3, 0, 1], why="a small gain is a gain")
check(allocate_budget, [1e-12, 1.0], 4, 9, want=[3, 1], why="a small gain is a gain")
### END HIDDEN TESTS

# %% graded="allocate_budget__edges" points=2
# Looks at ties, gains of 0, caps, and arguments that are no probabilities.
check(allocate_budget, [0.5, 0.5, 0.5], 4, 8, want=[2, 1, 1], why="ties go to the lowest index")
check(allocate_budget, [1.0, 0.0], 5, 8, want=[1, 0], why="p = 1 needs one sample, p = 0 none: three are saved",
      mistakes={"all of the budget was spent": [5, 0], "the rest went to the hopeless one": [1, 4]})
check(allocate_budget, [0.9, 0.5], 4, 1, want=[1, 1], why="at most one each: two are left over")
raises(ValueError, allocate_budget, [0.5, 1.5], 3, 8, why="1.5 is no probability")
### BEGIN HIDDEN TESTS
check(allocate_budget, [], 5, 3, want=[])
check(allocate_budget, [0.0, 0.0], 5, 3, want=[0, 0])
check(allocate_budget, [0.25, 1.0, 0.5, 1.0], 4, 3, want=[1, 1, 1, 1],
      why="1, 1, 0.5, then a tie of 0.25: the lowest index")
for p, total, cap in [([0.5], -1, 3), ([0.5], 3, -1), ([-0.1, 0.5], 3, 3), ([0.5, math.nan], 3, 3), ([2.0], 0, 0)]:
    raises(ValueError, allocate_budget, p, total, cap, why=f"p_hat {p}, total {total}, cap {cap}")
check(allocate_budget, [0.0625] * 70, 100, 3, want=[2] * 30 + [1] * 40,
      why="ties among many go to the lowest index")
check(allocate_budget, [1.0] * 3 + [0.5], 20, 4, want=[1, 1, 1, 4],
      why="a gain of exactly 0, and a full question")
check(allocate_budget, [0.5, 0.75], 9, 3, want=[3, 3])
check(allocate_budget, [0.5, 0.25], 2, 5, want=[2, 0], why="a tie of 0.25: the lowest index, though it has one sample")
check(allocate_budget, [0.125, 0.5, 0.25], 3, 5, want=[0, 2, 1], why="0.5, then a tie of 0.25: index 1, then 2")
### END HIDDEN TESTS

# %% tags=["picture"]
test_time_compute.shares_of_budget(allocate_budget)

# %% [markdown]
# Two hundred questions whose p you are told, eight samples for each on average. Left: who gets how many. The sure
# get little, the hopeless nothing, and most goes to those that are hard but not hopeless. Right: the expected
# number solved, beside other ways to divide the same total.
#
# ### The loop closed, and a verifier that can be fooled
#
# In practice p is not known, and a plan made ahead ignores what happens. Two changes:
#
# - **Stop when solved.** What an early success saves goes to the others.
# - **Learn from failures.** Let a question's p have a Beta(a, b) distribution beforehand, from its kind (a past
#   success rate of a / (a + b), worth a + b samples). After n draws of which s passed the verifier, its mean is
#   $(a + s) / (a + b + n)$: the chance that the *next* draw passes. Given that the question is open, that is the
#   gain; no factor $(1 - p)^n$ any more, because we have seen the n fail.
#   (Greedy is a good rule here, no theorem.)
#
# **No verifier at all?** Then agreement must serve: *Adaptive-Consistency* (arXiv 2305.11860) stops sampling when
# a posterior says that the leading answer will stay in front, and reports up to 7.9 times fewer samples at an
# average loss under 0.1 %. A threshold on a model's *stated* confidence is no such rule unless the confidence is
# calibrated.
#
# **A verifier that can be fooled.** Tests with gaps pass wrong programs; a learned verifier likes a certain tone.
# Sampling until something passes *searches* for such answers: the more samples, the more of them. "Passed" and
# "right" then part. (Goodhart's law: a measure that becomes the target stops measuring.) One cheap guard: accept
# an answer only when it was drawn and passed `confirm` times. Right answers repeat; accidents seldom do.
#
# ### Exercise 22.8 · spend
#
# `sample(q)` draws an answer to question q (None where a trace has none). `verify(q, answer)` says whether it
# passes. `priors` is a list of pairs (a, b), one a question.
#
# - At most `total` draws in all and `cap` for one question. Each goes to the **open** question with the largest
#   mean (a + passed draws) / (a + b + draws so far); ties: the lowest index. Open: not accepted, and under its
#   cap. No open question: stop; the rest is saved.
# - A drawn answer that is not None is verified, once for each draw, and each draw keeps its own verdict (a judge
#   may pass an answer today and not tomorrow); None is a draw that does not pass.
# - A question is **accepted** as soon as one answer (equal by `==`) has passed in `confirm` of its draws.
# - Returned: a dict of three lists with an entry for each question. `"answers"`: the accepted answer; where none
#   was, the `majority_vote` of its draws that passed; where none passed, that of all its draws (None without
#   any). `"accepted"`: True or False. `"draws"`: ints.
# - a, b > 0, `confirm` ≥ 1. No questions or a total of 0 are allowed. `priors` stays as it is.
#
# Source: the Beta posterior mean; Aggarwal et al. 2023 and Damani et al. 2024 for the idea. The guard is ours.

# %% stub="spend"
def spend(sample, verify, priors: list[tuple[float, float]], total: int, cap: int,
          confirm: int = 1) -> dict:
    """Answers, accepted or not, and draws: each draw to the open question most likely to pass next.

    One question, draws "x", "y", "y" passes, total 5: answers ["y"], accepted [True], draws [2].
    """
    ### BEGIN SOLUTION
    drawn, passed = [[] for _ in priors], [[] for _ in priors]
    accepted = [None] * len(priors)

    def mean(q):
        a, b = priors[q]
        return (a + len(passed[q])) / (a + b + len(drawn[q]))

    for _ in range(total):
        still_open = [q for q in range(len(priors)) if accepted[q] is None and len(drawn[q]) < cap]
        if not still_open:
            break
        q = max(still_open, key=mean)
        answer = sample(q)
        drawn[q].append(answer)
        if answer is not None and verify(q, answer):
            passed[q].append(answer)
            if passed[q].count(answer) >= confirm:
                accepted[q] = (answer,)
    answers = [a[0] if a else majority_vote(p or d)[0] for a, p, d in zip(accepted, passed, drawn)]
    return {"answers": answers, "accepted": [a is not None for a in accepted], "draws": [len(d) for d in drawn]}
    ### END SOLUTION
    raise NotImplementedError("spend")

# %% [markdown] hints="spend"
# <details><summary>Hint 1: a question</summary>
#
# Two questions with priors (1, 1) and (3, 3). Both fail once. Whose mean falls more, and who is drawn next?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# confirm = 2, draws "x", "y", "z", "y", of which "x" and "y" pass. After three draws "x" and "y" have passed once
# each: not accepted. The fourth is the second "y": accepted. Had the budget ended after three, the answer would be
# the vote of "x" and "y": "x", seen first.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# An answer of 0 or False can be accepted, so "accepted" needs a mark of its own. And draws that passed without
# being accepted raise the mean; draws without an answer lower it.
#
# </details>

# %% graded="spend__order" points=2
# Looks at who is drawn, in which order, until the total, the caps or all questions are done.
def scripted(scripts, good):
    "sample and verify that read from lists, and a log of the questions drawn."
    log, at = [], [0] * len(scripts)
    def sample(q):
        log.append(q)
        at[q] += 1
        return scripts[q][at[q] - 1]
    return sample, lambda q, answer: answer in good[q], log

sample, verify, log = scripted([["x", "x", "a", "x"], ["x", "b"], ["x"] * 9], [["a"], ["b"], []])
expect(spend(sample, verify, [(3, 1), (2, 3), (1, 4)], 7, 9),
       {"answers": ["a", "b", "x"], "accepted": [True, True, False], "draws": [3, 2, 2]},
       on="spend on three questions")
expect(log, [0, 0, 0, 1, 1, 2, 2], on="the questions drawn, in order",
       why="3/4, 3/5, 3/6 until a passes; then 2/5, 2/6; then 1/5, 1/6")
### BEGIN HIDDEN TESTS
for priors, total, cap, want in [([(1, 1), (3, 3)], 6, 9, [0, 1, 1, 1, 0, 1]),
                                 ([(1, 1), (1, 1), (1, 1)], 7, 2, [0, 1, 2, 0, 1, 2]),
                                 ([(1, 1), (1, 2)], 6, 9, [0, 0, 1, 0, 1, 0]),
                                 ([(1, 1), (1 + 1e-9, 1)], 2, 9, [1, 0]),
                                 ([(9, 1), (1, 9)], 5, 3, [0, 0, 0, 1, 1]), ([(1, 3), (2, 2)], 9, 1, [1, 0]),
                                 ([(1, 3)], 4, 0, []), ([], 4, 3, []),
                                 ([(0.5, 1), (1.5, 4)], 0, 5, []), ([(1, 1)], 600, 400, [0] * 400)]:
    sample, verify, log = scripted([["x"] * 400 for _ in priors], [[] for _ in priors])
    got = spend(sample, verify, priors, total, cap)
    expect(log, want, on=f"the questions drawn for priors {priors}, total {total}, cap {cap}",
           why="the largest a / (a + b + draws), the lowest index among equals")
    expect(got["draws"], [want.count(q) for q in range(len(priors))], on=f"draws for priors {priors}")
    expect(got["accepted"], [False] * len(priors), on="accepted, where nothing passes")
sample, verify, log = scripted([["a", "b", "c", "c"], ["x"] * 9], [["a", "b", "c"], []])
spend(sample, verify, [(1, 3), (1, 2)], 7, 9, 2)
expect(log, [1, 0, 0, 0, 0, 1, 1], on="the questions drawn with confirm = 2",
       why="1/3 fails; then 1/4, 2/5, 3/6, 4/7 as draws pass, until c has passed twice")
### END HIDDEN TESTS

# %% graded="spend__answers" points=3
# Looks at accepted answers, the vote where none was, None, 0, and confirm.
def scripted(scripts, good):
    "sample and verify that read from lists, and a log of the questions drawn."
    log, at = [], [0] * len(scripts)
    def sample(q):
        log.append(q)
        at[q] += 1
        return scripts[q][at[q] - 1]
    return sample, lambda q, answer: answer in good[q], log

sample, verify, log = scripted([["x", "y", "z", "y"]], [["x", "y"]])
expect(spend(sample, verify, [(1, 1)], 9, 9, 2), {"answers": ["y"], "accepted": [True], "draws": [4]},
       on="spend with confirm = 2", why="x and y pass, y is the first to pass twice")
sample, verify, log = scripted([["x", "y", "z", "z"]], [["x", "y"]])
expect(spend(sample, verify, [(1, 1)], 3, 9, 2), {"answers": ["x"], "accepted": [False], "draws": [3]},
       on="spend that ends before anything was confirmed", why="the vote of the draws that passed")
### BEGIN HIDDEN TESTS
for script, good, total, confirm in [([None, 0, 5], [0], 9, 1), ([5, 0, 0, 0], [0], 9, 3), ([None, None], [], 2, 1),
                                     (["b", "a", "a", "c"], [], 4, 1), (["a", "b", "b", None], [], 4, 2),
                                     (["a", "b", "b", "c"], ["a"], 4, 2), ([False, "x"], [False], 2, 1),
                                     ([None, "x", None], ["x"], 3, 2), (["", "x"], [""], 2, 1),
                                     (["x", "y"], ["x", "y"], 0, 1), (["a", "b", "b", "c"], ["a", "b"], 4, 3),
                                     ([1, "1", "1", 1], [1, "1"], 9, 2), ([1, True, "x"], [1], 9, 2)]:
    sample, verify, log = scripted([script + ["q"] * 9], [good])
    expect(spend(sample, verify, [(2, 3)], total, 30, confirm),
           spent([script + ["q"] * 9], [good], [(2, 3)], total, 30, confirm)[0],
           on=f"spend on draws {script}, passing {good}, total {total}, confirm {confirm}")
for seed, (Q, total, cap, confirm) in enumerate([(5, 30, 12, 1), (12, 60, 7, 2), (30, 90, 20, 1), (3, 80, 30, 3),
                                               (8, 120, 40, 4)]):
    g = np.random.default_rng(seed)
    scripts = [[None if a == 0 else f"a{a}" for a in g.integers(0, 6, 80)] for _ in range(Q)]
    good = [[f"a{a}" for a in g.integers(1, 12, 2)] for _ in range(Q)]
    priors = [(float(a), float(b)) for a, b in g.uniform(0.2, 6, (Q, 2))]
    sample, verify, log = scripted(scripts, good)
    unchanged(lambda p, sample=sample, verify=verify: spend(sample, verify, p, total, cap, confirm), priors,
              want=spent(scripts, good, priors, total, cap, confirm)[0])
    expect(log, spent(scripts, good, priors, total, cap, confirm)[1], on="the questions drawn, in order",
           why="the largest mean of the open ones, passed draws counted")
sample, verify, log = scripted([list("abcdef"), ["x"] * 9], [list("abcdef"), []])
expect(spend(sample, verify, [(1, 1), (1, 9)], 9, 5, 2),
       {"answers": ["a", "x"], "accepted": [False, False], "draws": [5, 4]},
       on="spend where each draw of question 0 passes, and no two are equal", why="open until its cap: no answer passed twice")
asked = []
sample, _, log = scripted([["x", None, "y", "x", "y"]], [[]])
spend(sample, lambda q, answer: asked.append((q, answer)) or answer == "y", [(1, 1)], 5, 9, 2)
expect(asked, [(0, "x"), (0, "y"), (0, "x"), (0, "y")], on="what verify was asked",
       why="once a draw, never for None")
verdicts = iter([False, True, False, True, True])
expect(spend(lambda q: "x", lambda q, answer: next(verdicts), [(1, 1)], 9, 9, 3),
       {"answers": ["x"], "accepted": [True], "draws": [5]}, on="spend with a judge that wavers, confirm = 3",
       why="three of the five draws passed, the fifth is the third of them")
for script, verdicts, want in [(["x", "x", "x", "y", "y"], [True, False, False, True, True], "y"),
                               (["x", "y", "x"], [False, True, True], "y"),
                               (["x", "y", "x", "y"], [True, True, True, False], "x"),
                               (["x", "x", "y"], [False, False, False], "x")]:
    drawn, said = iter(script), iter(verdicts)
    expect(spend(lambda q, drawn=drawn: next(drawn), lambda q, answer, said=said: next(said), [(1, 1)], len(script), 9, 3),
           {"answers": [want], "accepted": [False], "draws": [len(script)]},
           on=f"spend on draws {script} with verdicts {verdicts}, confirm = 3",
           why="the vote of the draws that passed themselves")
verdicts = iter([True, False, False, True])
expect(spend(lambda q: "x" if q else "y", lambda q, answer: next(verdicts), [(1, 1), (1, 4)], 4, 2, 2),
       {"answers": ["y", "x"], "accepted": [False, False], "draws": [2, 2]}, on="spend with a judge that wavers",
       why="one pass each of two asked for")
### END HIDDEN TESTS

# %% graded="spend__beats_uniform" points=2
# Looks at 60 questions of four kinds: more right answers than four draws for each give.
def simulated(seed, Q=60):
    "Priors and a sampler of random questions; answer 0 is right."
    g = np.random.default_rng(seed)
    priors = [[(8.0, 1.0), (3.0, 3.0), (1.0, 6.0), (0.25, 12.0)][k] for k in g.integers(0, 4, Q)]
    p = [g.beta(a, b) for a, b in priors]
    return priors, lambda q: 0 if g.random() < p[q] else int(g.integers(1, 1000))

ours, theirs = 0, 0
for seed in range(3):
    priors, sample = simulated(seed)
    got = spend(sample, lambda q, answer: answer == 0, priors, 240, 64)
    assert sum(got["draws"]) <= 240, f"expected at most 240 draws, got {sum(got['draws'])}"
    ours += sum(a == 0 for a in got["answers"])
    priors, sample = simulated(seed)
    theirs += sum(any(sample(q) == 0 for _ in range(4)) for q in range(60))
assert ours > theirs + 8, f"expected clearly more than the {theirs} of 180 that four draws each solve, got {ours}"

# %% tags=["picture"]
test_time_compute.at_equal_cost(spend, allocate_budget)

# %% [markdown]
# The cell takes about a second. Left, an honest verifier: the share solved by the same number of draws, divided
# in three ways. Right, a verifier that passes every tenth wrong answer: what it *says* was solved (grey) beside
# what was (blue), for one, two and three confirmations. With one, everything passes, and a good part of it is
# wrong; the loop even stops early, sure of itself. More confirmations make the claim honest and cost draws. The
# guard has it easy here: a wrong answer is one of 999, so it seldom comes twice. A model's *favourite* mistake (the
# mode of part 2) comes again and passes again, and against that only a better verifier helps.
#
# Nobody sees the blue bars in production. What one can see: pass rates that rise with the budget while a small
# sample, checked by people, does not; answers that pass once and never come again; a second verifier that
# disagrees.

# %% [markdown]
# ## 8 · The experiment: four selectors, up to 256 samples
#
# 400 simulated questions: p from Beta(1.2, 2), six wrong answers of random weights. From the first N of 256
# samples a selector picks one answer. Four of them, by name:
#
# | name | what it sees |
# |---|---|
# | `"majority vote"` | the answers alone |
# | `"best of N, sharp"` | scores: 1 for right, 0 for wrong, plus noise of standard deviation 0.3 |
# | `"best of N, noisy"` | the same with noise of 1 |
# | `"best of N, fooled"` | the sharp one, but 2 % of the wrong traces get 5 more |
#
# It takes about 2 seconds. **Predict before you run it**: order the four by their accuracy at **N = 256**, the best
# first. One point for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the best at N = 256 first
### BEGIN SOLUTION
prediction = ["best of N, sharp", "best of N, noisy", "majority vote", "best of N, fooled"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["best of N, fooled", "best of N, noisy", "best of N, sharp", "majority vote"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["best of N, fooled", "best of N, noisy", "best of N, sharp", "majority vote"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["best of N, sharp", "best of N, noisy", "majority vote", "best of N, fooled"],
          "What does the vote converge to? And how many traces of each kind are among 256?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def vote(answers, scores):
    return majority_vote(answers)[0]

def best(answers, scores):
    return best_of_n(scores[:, None], torch.ones(len(answers)).long(), answers, "last")

def weighted(answers, scores):
    return best_of_n(scores[:, None], torch.ones(len(answers)).long(), answers, "last", True)

table = test_time_compute.over_n(vote, best, weighted, prediction=prediction)

# %% [markdown]
# Read the table with three questions.
#
# - pass@N says what a perfect selector would reach. Which selectors keep up with it, and up to which N?
# - Which lines have their maximum before the last column? At those, more samples buy worse answers. (A point or
#   two is noise: the vote's peak says nothing, the fooled one's does.)
# - The weighted votes have the very same scores as two of the four, squeezed into 0 to 1. What does one vote per
#   trace protect against, and what does it cost where the scores are good?
#
# What this does not show: how often real verifiers are fooled. Here it is a number that we chose. That it
# happens, and grows with optimisation, was measured for learned reward models (Gao et al. 2022, arXiv 2210.10760)
# and for solvers chosen by a verifier: Cobbe et al. 2021 (arXiv 2110.14168) saw best of N improve up to about 400
# samples and then fall.
#
# ## 9 · Feel it: noise, fooling, difficulty
#
# Move the noise of the verifier, the share of wrong traces that fool it, and how hard the questions are. At which N
# does best of N peak? From which noise on does a plain vote do as well?

# %% tags=["widget"]
test_time_compute.widget()

# %% [markdown]
# ## 10 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="budget"
# You answer competition problems with an **8B** model; a **70B** model is to hand. Prompts have 400 tokens,
# traces 1,000 tokens, of either model. For some problems there are unit tests; for the others a PRM of **8B**.
# Write, in about 15 lines:
#
# 1. How many samples of the 8B model does one answer of the 70B model pay for, with unit tests (free) and with
#    the PRM? Why is the difference not seen in latency alone?
# 2. On problem A the 8B model is right with p = 0.4 and its wrong answers are ten of 0.06 each; on problem B with
#    p = 0.4 and wrong answers of 0.5 and 0.1. What does a majority vote of 11 give on each, and how would you
#    notice which kind you face?
# 3. The pass rate rises with each doubling of samples; customers do not notice. What may be going on, what do you
#    measure, and what do you change?
# 4. How do you divide a day's budget of samples over problems of very different difficulty? Give the rule with a
#    known p, and the rule once results come in.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Cost**: 2 · 70B · 1,400 = 196 TFLOPs. Without a verifier n = 11 (2 · 8B · (400 + 11,000) = 182 TFLOPs), with
#   the PRM n = 5 (2 · 16B · (400 + 5,000) = 173). The prompt is shared. Samples run side by side in a batch that
#   reads the weights once, so FLOPs are not seconds. (Half a point for 12 or 8, the ratio without prompt or
#   verifier.)
# - **Vote**: A rises, to 0.855 at N = 11; B falls, from 0.4 to 0.36, towards 0: the mode is wrong. From answers
#   alone A and B look alike in confidence; labelled problems, or a verifier, tell. Half a point for the direction
#   without the mode.
# - **Fooled verifier**: more samples find more answers that pass and are wrong. Measure right answers among the
#   passed ones on a labelled sample, by N; confirm, vote weighted with bounded scores, mend the tests, cap N.
# - **Allocation**: known p: the next sample where p (1 − p)^n is largest, nothing for p = 0. With results: stop
#   when accepted; otherwise the mean (a + s) / (a + b + n). Equal cost against uniform as the comparison.
#
# === END MARK SCHEME ===

# %% [markdown] written="budget" points=4
# ### BEGIN SOLUTION
# 1. One answer of the 70B costs 2 * 70e9 * 1,400 = 196 TFLOPs. For 196 TFLOPs the 8B model reads the prompt once
#    and writes n traces: 2 * 8e9 * (400 + 1,000 n) <= 196e12, n = 11. With the PRM reading everything too it is
#    16B a token: n = 5. In latency the 11 samples run in one batch: the weights are read once a step for all of
#    them, so they take hardly longer than one, while the 70B reads almost nine times the weights each step.
# 2. The vote goes to the mode. A: the right answer is the mode, 0.4 against 0.06: 0.855 at N = 11. B: the mode is
#    wrong, so the vote falls to 0.36 at 11 and towards 0. The winner's share does not tell: B's wrong winner
#    looks as sure as A's right one. I need a labelled sample by kind of problem, or a verifier.
# 3. The verifier is being fooled: sampling until something passes searches for its gaps. I draw passed answers at
#    several N and have people (or stronger tests) check them. Then: require that an answer passes in two
#    independent samples, use scores as bounded votes instead of a maximum, close the gaps in the tests, and cap N
#    where the checked accuracy peaks.
# 4. With p known: one sample at a time to the largest p (1 - p)^n; p near 0 gets nothing, p near 1 one. With
#    results: a problem that passed is closed and what it saved goes on; an open one is worth (a + s) / (a + b +
#    n), its prior by kind. I compare with uniform sampling at the same number of samples.
# ### END SOLUTION

# %% [markdown]
# ## 11 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="22.1" level="basic"
# <details><summary>What is test-time compute scaling?</summary>
#
# - More work per question after training, no weight changed: longer traces, several samples and a selector,
#   search over steps.
# - In sequence (latency grows) or in parallel (cost grows, latency hardly).
# - Gains depend on model and task, saturate and can reverse: overthinking; nothing for questions of pure knowledge.
# - It follows difficulty only if a policy makes it: by itself it costs what you allot.
# - Slip: quoting pass@k as if something could pick the right sample. A selector is half of the method.
#
# </details>

# %% [markdown] card="22.2" level="basic"
# <details><summary>How does test-time compute differ from training-time compute?</summary>
#
# - Training: once, changes weights, helps every question. Test time: each question, changes nothing, scales with
#   traffic.
# - About 2 P FLOPs a token at inference, 6 P in training.
# - They trade against each other: with few requests a small model that thinks long is cheaper, with many the
#   training of a larger or better one pays.
# - They also meet: thinking long has to be trained (s1's 1,000 traces, reinforcement learning), and good samples
#   found at test time become training data.
#
# </details>

# %% [markdown] card="22.3" level="medium"
# <details><summary>What are the main methods of test-time compute scaling?</summary>
#
# - One trace: chain of thought, budget forcing, self-revision. On GPT-4o and GSM8K a chain is 205 tokens; "2 to 5
#   times" is no constant.
# - N traces: majority vote (goes to the mode), best of N (takes the verifier's favourite), weighted vote (scores
#   summed by answer). N times the *decoded* tokens; the prompt is read once; a verifier reads everything again.
# - Steps: beam search with a PRM, DVTS, lookahead; width × beam steps a round.
# - PRM scores to one number: last (for values), minimum, product (for marks of single steps; short traces win),
#   mean; try them.
# - Which? Vote where answers compare and the right one is the mode; verifier where it is exact; search for small
#   models with a good PRM. Adaptive budgets for all of them.
#
# </details>

# %% [markdown] card="22.4" level="medium"
# <details><summary>What are the "Wait" tokens of the s1 paper?</summary>
#
# - Budget forcing, January 2025: at an early end-of-thinking delimiter leave it out, append the *string* "Wait",
#   let the model go on, at most a set number of times; at the maximum append the delimiter and ask for the
#   answer.
# - s1-32B: Qwen2.5-32B-Instruct, fine-tuned on 1,000 traces; AIME24 50 % to 57 % by forcing. No claim for other
#   models.
# - Later (arXiv 2507.14419): most of the curve is the upper bound; "Wait" can make the model swing between answers.
# - Faults of the guide's loop: words for tokens; ends at the minimum; the maximum never binds; end of turn for
#   end of thinking; our own words fill the minimum; never closed, no answer.
#
# </details>

# %% [markdown] card="22.5" level="medium"
# <details><summary>How do Chain-of-Thought and Chain-of-Draft compare?</summary>
#
# - CoD asks for steps of at most 5 words, with examples.
# - GPT-4o on GSM8K: 205 tokens, 4.2 s, 95.4 % against 43.9 tokens, 1.0 s, 91.1 %: 4.3 points are not "the same".
# - "7.6 % of the tokens" is the best case. Weaker without examples and on small models.
# - Latency goes with output tokens: for short answers under a deadline a fair trade. For a vote: at the same cost
#   more than four drafts for each chain.
# - Less to read for people, and for a PRM.
#
# </details>

# %% [markdown] card="22.6" level="killer"
# <details><summary>How can a 1B model outperform a 405B model?</summary>
#
# - Liu et al., February 2025: with the best method for each model, PRM and difficulty, 1B exceeds 405B on
#   MATH-500; 3B on MATH-500 and AIME24; 7B beats o1 and DeepSeek-R1 (671B, 37B active) there.
# - Not "PRM plus best of N": beam search and DVTS for small models, best of N for larger; it depends on the PRM.
# - Conditions: mathematics, strong PRMs, the large model with one plain chain. Give it eight samples, too, and
#   compare.
# - The bill: 200 + 600 tokens of 405B pay for 539 traces of 1B without a verifier, 67 with a 7B PRM, 7 with a 72B
#   one.
# - Ceiling: pass@N of the small model. What it never samples no verifier can pick.
#
# </details>

# %% [markdown] card="22.7" level="killer"
# <details><summary>Design a reasoning system for complex tasks.</summary>
#
# - **Route** by predicted difficulty and by whether an exact check exists; measure the router.
# - **Budget**: total and cap by question, tokens and seconds. Start with one or two samples.
# - **Check**: run tests or tools where they exist; PRM otherwise; vote where neither.
# - **Continue** where the next sample gains most: p (1 − p)^n ahead, (a + s) / (a + b + n) with results. Stop when
#   accepted; without a verifier by the lead of the front answer, not by stated confidence.
# - **Force**: a minimum and a maximum of thinking tokens; always close, always answer.
# - **Guard**: confirm passes, bounded weights, a labelled sample by N; a fall of checked accuracy stops the
#   scaling.
# - **Report**: accuracy, cost and latency beside greedy and beside the large model at equal cost.
# - Cache shared prompts; the whole answer only for equal questions.
#
# </details>

# %% [markdown] card="22.8" level="killer"
# <details><summary>How do you choose between test-time compute and a larger model?</summary>
#
# - Count it: 2 (P + P′)(T + N G) against 2 P_big (T + G). 8B against 70B, 400 + 1,000 tokens: 11 samples, 5 with
#   an 8B PRM.
# - Test time: a check exists, the small model is right now and then (pass@N high), latency is not critical, the
#   load varies.
# - Larger: knowledge is missing, no check, every request matters the same, a tight deadline for the first token;
#   hard questions where p is near 0. Snell et al.: test-time wins on easy and medium questions and at few
#   requests, pretraining on the hardest.
# - Samples in a batch share the reading of weights: time grows less than FLOPs. One long chain does not batch with
#   itself.
# - Hybrid: small model with a check first, the large one for what stays open.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Your best-of-N accuracy falls when N grows. Why, and what do you do?</summary>
#
# - The maximum over N scores selects errors of the verifier as well as right answers: over-optimisation, Goodhart.
# - Seen in Cobbe et al. 2021 (peak at about 400 samples) and Gao et al. 2022.
# - Plot checked accuracy and verifier score by N: they part where it begins. pass@N shows what is left to gain.
# - Cures: exact checks; scores as bounded votes, so that one trace cannot win alone; confirmation by a second
#   sample; an ensemble of verifiers; retrain on what fooled it; cap N.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>One long trace or many short ones: how do you spend the same tokens?</summary>
#
# - In sequence: each step sees the last, so mistakes can be mended, and one mistake can carry on. Latency grows with
#   every token, and nothing batches.
# - In parallel: independent tries, latency of one, cache memory of N; it needs a selector, and gains nothing where p
#   is near 0.
# - Snell et al.: easy questions do best with revisions in sequence alone, harder ones with a mixture whose ratio is
#   tuned by difficulty.
# - Longer is not always better: stretched by "Wait", accuracy rises and then falls; a vote of several normal traces
#   at the same budget did better (arXiv 2506.04210).
# - Slip: comparing the two at equal tokens only. Say seconds and memory, too.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>When does a majority vote hurt?</summary>
#
# - It converges to the mode. p = 0.4 against ten wrong answers of 0.06: 0.92 at N = 15. Against one of 0.5: 0.34
#   at N = 15 and 0.24 at 45.
# - "p above one half" holds for two answers only.
# - N = 2 is worth one sample: two different answers are a tie.
# - Share of the winner is no probability of being right: systematic errors agree with themselves.
# - Practical: normalise answers, leave out traces without one, compare with greedy.
#
# </details>

# %% [markdown]
# ## 12 · Sources
#
# Self-consistency: Wang et al. 2022, arXiv 2203.11171. Adaptive-Consistency: Aggarwal et al. 2023, 2305.11860.
# Verifiers: Cobbe et al. 2021, 2110.14168; Lightman et al. 2023, 2305.20050. Tree of Thoughts: Yao et al. 2023,
# 2305.10601. Compute-optimal scaling: Snell et al. 2024, 2408.03314; Liu et al. 2025, 2502.06703. DVTS: Hugging
# Face H4, "Scaling test-time compute with open models", December 2024. Allocation: Damani et al. 2024,
# 2410.04707. s1: Muennighoff et al. 2025, 2501.19393; its analysis: Wu 2025, 2507.14419. Chain-of-Draft: Xu et
# al. 2025, 2502.18600. Overthinking and knowledge: 2506.04210, 2509.06861. Over-optimisation: Gao et al. 2022,
# 2210.10760. FLOPs per token: Kaplan et al. 2020, 2001.08361.
