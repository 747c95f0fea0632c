# %% [markdown]
# # 11 · Benchmarks
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What do MMLU, GSM8K, HumanEval, SWE-bench and the arenas measure, and how does a score come about?
# - What is pass@k, and why is the obvious estimate of it wrong?
# - One model, one set of questions: how can a change of the prompt or of a division move its score?
# - How wide is the interval of a score, and when is one model better than another?
# - How is contamination looked for, and what can the search not see?
#
# Seven exercises. The last is a small harness: it asks a model, scores what comes back, and compares two models.
# With it SmolLM2 answers forty questions. It takes about three hours; the end of part 3 is a good place to stop.
# It builds on means and probabilities; no other section is needed. Judges and arenas are section 15's subject, the
# metrics of RAG section 21's.

# %% [markdown] house_rules

# %% [markdown]
# **Words.** A *benchmark* is a fixed set of *items* (questions, tasks) with a rule that scores an answer.
# *Accuracy* is the share of right answers. A *harness* is the program that asks and scores. A *shot* is a solved
# example in the prompt. An *interval* is a 95 % confidence interval unless another number stands there; one *point*
# is a hundredth (one percentage point). **Letters.** n items or samples, c right ones, k samples that one may draw.
# **Units.** Log-probabilities are in nats; other scores have no unit.

# %% setup
import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import torch
from torch import Tensor

from course.check import check, committed, expect, predicted, raises, unchanged
from course.data.quiz import quiz
from course.duel import advise, duel

torch.set_num_threads(1)


def words(text: str) -> list[str]:
    "Words in lower case, without punctuation: words('A cat, 2 cats.') is ['a', 'cat', '2', 'cats']."
    return re.findall(r"\w+", text.lower())

# %% tags=["picture"]
from course.sections import benchmarks

# %% helper
### BEGIN HIDDEN TESTS
def exact_pass(n, c, k):
    "pass@k with whole numbers, to the last digit."
    return float(1 - Fraction(math.comb(n - c, k), math.comb(n, k)))


def boot(x, groups, quantiles):
    "Quantiles of bootstrap means of whole groups, from many draws of its own, and their standard deviation."
    x = np.asarray(x, float)
    labels = list(range(len(x))) if groups is None else list(groups)
    names = sorted(set(labels), key=str)
    at = {name: i for i, name in enumerate(names)}
    own = [at[g] for g in labels]
    sums, sizes = np.bincount(own, x), np.bincount(own)
    rng = np.random.default_rng(4711)
    picks = [rng.integers(0, len(names), (2000, len(names))) for _ in range(8)]
    means = np.concatenate([sums[p].sum(1) / (len(names) if groups is None else sizes[p].sum(1)) for p in picks])
    return np.quantile(means, quantiles), float(means.std())


def exact_p(wins, losses):
    "Both tails of a fair coin, in whole numbers: counted, or all but what lies between them, whichever is shorter."
    n, (low, high) = wins + losses, sorted([wins, losses])
    if 3 * low < n:
        tails = 2 * sum(math.comb(n, i) for i in range(low + 1))
    else:
        tails = 2 ** n - sum(math.comb(n, i) for i in range(low + 1, high))
    return float(Fraction(tails, 2 ** n))


def covered(item, corpus, n):
    "The share of an item's words inside a run that a document has too, word by word."
    own, docs = words(item), [words(d) for d in corpus]
    n = min(n, len(own))
    hit = set()
    for i in range(len(own) - n + 1 if n else 0):
        if any(doc[j:j + n] == own[i:i + n] for doc in docs for j in range(len(doc) - n + 1)):
            hit.update(range(i, i + n))
    return len(hit) / len(own) if own else 0.0
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · What a benchmark measures, and pass@k
#
# | benchmark | items | what is scored |
# |---|---|---|
# | MMLU | 57 subjects, four options | knowledge; chance is 25 % |
# | GSM8K | word problems from school | the last number of an answer |
# | ARC | science questions from school | the option |
# | HumanEval | 164 functions to write | tests pass: pass@k |
# | SWE-bench | issues of real repositories | a patch makes the tests pass |
# | IFEval | some 500 instructions such as "in more than 400 words" | a program checks each |
# | Chatbot Arena | what visitors ask | which of two answers people like |
#
# - MMLU (Hendrycks et al. 2020, arXiv 2009.03300) is often listed under "reasoning", by the guide too. Most of it
#   asks for knowledge.
# - ARC, AI2's science questions, is not ARC-AGI, which has puzzles with coloured grids. Ask which one is meant.
# - HumanEval and SWE-bench are both called "coding". One asks for a function of a few lines; the other for a change
#   in a repository, by a program that searches and runs things, an *agent*. Its score is of the model *and* of the
#   program around it, the *scaffold*.
# - Chatbot Arena began with Elo and since December 2023 fits a Bradley–Terry model to all games at once, with
#   bootstrap intervals. Section 15 builds it.
#
# No single one suffices: each has its format, its saturation (all good models near the top), its leaks into
# training data. And each is a *sample* of items. That is the theme of this section.
#
# **pass@k** (Chen et al. 2021, arXiv 2107.03374). A model writes k programs for a task. What is the probability
# that at least one passes the tests? One draws n ≥ k programs, of which c pass, and asks: if k of these n are
# picked at random, without putting back, how often is there no right one among them?
#
# $$\text{pass@}k = 1 - \binom{n-c}{k} \Big/ \binom{n}{k}.$$
#
# **The catch.** Three of them:
#
# - The tempting form $1 - (1 - c/n)^k$ puts each program back before the next draw. It is *biased low*: see the
#   picture.
# - Binomials of large n do not fit into a float. The quotient is a product of numbers between 0 and 1:
#   $\prod_{i=n-c+1}^{n} (1 - k/i)$, as in the code of HumanEval.
# - A benchmark's pass@k is the mean over *tasks*. Pooling all programs makes one easy task pay for ten hard ones.
#
# ### Exercise 11.1 · pass_at_k
#
# - `pass_at_k(n, c, k)` gives the formula above as a float. Where fewer than k programs failed (n − c < k), one of
#   k is always right: 1.0. With c = 0 it is 0.0. All three are whole numbers; k < 1, k > n, c < 0 and c > n raise
#   `ValueError`. n may be 20,000. The tests tolerate an error of 1e-8.
# - `mean_pass_at_k(counts, k)`: the mean over tasks, for `counts` a list of pairs (n, c). n may differ from task to
#   task. An empty list, and any task with a bad n, c or k, raise `ValueError`.
#
# Source: Chen et al. 2021, section 2.1; `estimate_pass_at_k` in OpenAI's human-eval.

# %% stub="pass_at_k"
def pass_at_k(n: int, c: int, k: int) -> float:
    """The probability that k of n samples, drawn without putting back, hold one of the c right ones.

    n = 4, c = 1, k = 2: 1 - 3/6 = 0.5.
    """
    ### BEGIN SOLUTION
    if not (1 <= k <= n and 0 <= c <= n):
        raise ValueError(f"needs 1 <= k <= n and 0 <= c <= n, got n = {n}, c = {c}, k = {k}")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))
    ### END SOLUTION
    raise NotImplementedError("pass_at_k")


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float:
    """The mean of pass@k over tasks, each with its (n, c): [(4, 1), (2, 2)] at k = 2 gives 0.75."""
    ### BEGIN SOLUTION
    if not counts:
        raise ValueError("no tasks")
    return sum(pass_at_k(n, c, k) for n, c in counts) / len(counts)
    ### END SOLUTION
    raise NotImplementedError("mean_pass_at_k")

# %% [markdown] hints="pass_at_k"
# <details><summary>Hint 1: a question</summary>
#
# Of five programs one is right, and you pick two. How many pairs are there, and how many of them hold no right one?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# n = 5, c = 2, k = 2: three of ten pairs have no right one, 1 − 3/10 = 0.7. As a product, i runs over 4 and 5:
# (1 − 2/4)(1 − 2/5) = 0.5 · 0.6 = 0.3. The tempting form says 1 − 0.6² = 0.64.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# No float holds C(20,000, 900). Whole numbers can be divided by each other, or the quotient is built factor by
# factor; but nothing large is turned into a float first. And the mean comes last, over tasks.
#
# </details>

# %% graded="pass_at_k__values" points=2
# Looks at the estimate for small and large n.
check(pass_at_k, 5, 2, 2, want=0.7, why="3 of 10 pairs hold no right one",
      mistakes={"with putting back: 1 - (1 - c/n)^k": 0.64, "c / n": 0.4})
### BEGIN HIDDEN TESTS
for n, c, k in [(4, 1, 2), (10, 3, 1), (10, 3, 7), (20, 2, 10), (200, 7, 100), (200, 100, 100), (7, 1, 6),
                (33, 12, 5), (1200, 3, 64), (1500, 700, 3), (20_000, 1, 1), (20_000, 5, 900),
                (20_000, 9_000, 2), (3, 1, 1)]:
    check(pass_at_k, n, c, k, want=exact_pass(n, c, k), rtol=0, atol=1e-8, why="1 - C(n - c, k) / C(n, k)")
### END HIDDEN TESTS

# %% graded="pass_at_k__edges" points=2
# Looks at no right program, at few wrong ones, and at numbers that make no sense.
check(pass_at_k, 5, 0, 3, want=0.0, why="no program is right")
check(pass_at_k, 5, 3, 3, want=1.0, why="two are wrong: any three hold a right one")
raises(ValueError, pass_at_k, 5, 2, 6, why="one cannot draw 6 of 5")
### BEGIN HIDDEN TESTS
for n, c, k in [(5, 5, 5), (5, 5, 1), (9, 8, 2), (300, 201, 100), (1, 1, 1), (6, 4, 5), (12, 11, 12),
                (8, 1, 8)]:
    check(pass_at_k, n, c, k, want=1.0, rtol=0, atol=1e-12, why="fewer than k programs are wrong")
for n, k in [(1, 1), (7, 7), (400, 3), (20_000, 20_000)]:
    check(pass_at_k, n, 0, k, want=0.0, rtol=0, atol=1e-12, why="no program is right")
check(pass_at_k, 8, 2, 6, want=exact_pass(8, 2, 6), rtol=0, atol=1e-8,
      why="exactly k are wrong: one draw of C(n, k)")
for bad in [(5, 2, 0), (5, 2, -1), (5, -1, 2), (5, 6, 2), (5, 5, 6), (0, 0, 1), (0, 0, 0), (3, 0, 4)]:
    raises(ValueError, pass_at_k, *bad, why="k from 1 to n, c from 0 to n")
### END HIDDEN TESTS

# %% graded="pass_at_k__tasks" points=2
# Looks at the mean over tasks.
check(mean_pass_at_k, [(4, 1), (2, 2)], 2, want=0.75, why="(0.5 + 1) / 2",
      mistakes={"all programs pooled": 0.8})
check(mean_pass_at_k, [(10, 10), (10, 0)], 5, want=0.5, why="one task is always solved, one never")
### BEGIN HIDDEN TESTS
for seed, (size, k) in enumerate([(1, 1), (3, 2), (40, 5), (164, 10)]):
    rng = np.random.default_rng(seed)
    counts = [(int(n), int(rng.integers(0, n + 1))) for n in rng.integers(k, k + 30, size)]
    check(mean_pass_at_k, counts, k, want=float(np.mean([exact_pass(n, c, k) for n, c in counts])), rtol=0,
          atol=1e-8, why="the mean of the tasks' pass@k")
    unchanged(mean_pass_at_k, counts, k, want=float(np.mean([exact_pass(n, c, k) for n, c in counts])))
check(mean_pass_at_k, [(5, 0), (5, 0), (5, 0)], 2, want=0.0, why="tasks that nobody solved count")
check(mean_pass_at_k, [(5, 0), (5, 5), (5, 0)], 1, want=1 / 3, why="tasks that nobody solved count")
raises(ValueError, mean_pass_at_k, [], 1, why="no tasks, no mean")
raises(ValueError, mean_pass_at_k, [(5, 1), (3, 1)], 4, why="the second task has three programs")
raises(ValueError, mean_pass_at_k, [(5, 1), (5, 6)], 2, why="six of five cannot be right")
### END HIDDEN TESTS

# %% tags=["picture"]
benchmarks.pass_curves(pass_at_k)

# %% [markdown]
# A model solves a task with probability 0.1 a program. Twenty programs are drawn, again and again (all twenty-one
# possible counts c, weighted by their probability). The truth at k = 10 is 0.651; your estimate is 0.651 on
# average, the tempting one 0.568. Right: how much your estimate scatters on one task. With n = k = 10 it is 0 or 1
# and nothing between; more programs buy less scatter.
#
# pass@k rises with k for any model that is right now and then. It asks whether a right program *exists* among k,
# not whether anybody would find it. Whoever compares pass@1 with pass@100 compares different questions. Agents that
# serve customers are asked the opposite: do *all* k tries succeed? pass^k (τ-bench, Yao et al. 2024, arXiv
# 2406.12045) is $\binom{c}{k} / \binom{n}{k}$ and falls with k: who succeeds nine times in ten does so eight times in
# a row with 0.43.
#
# ## 2 · Read an answer out of a text
#
# GSM8K's answers are numbers, and a model writes sentences. Between the two stands a function that nobody reads,
# and it decides the score. *So 5 − 3 = 2 of the 1,200 remain, that is 0.5 %. The answer is 1/2.* Which number
# counts?
#
# - The **last** one: working comes first. Unless a mark says where the answer stands: `\boxed{…}` as in MATH, or
#   `####` as in GSM8K's own solutions.
# - "1,200" is one number, "1, 2" are two; the dot at the end of "it is 42." is none.
# - "10-7" is a subtraction, "x = -7" a sign.
# - "0.50", "1/2" and "\frac{1}{2}" are equal. Compare numbers, not strings.
#
# **The catch.** A mark without a number after it is an answer that cannot be read. Who then falls back to the last
# number of the whole text rewards what the model did not say.
#
# ### Exercise 11.2 · extract_answer
#
# `extract_answer(text)` gives the answer as a string in one canonical form, or None.
#
# 1. **Where.** If the text has `\boxed{`: what stands in the braces of the last one, up to the brace that closes it
#    (braces inside are balanced, as in `\boxed{\frac{3}{4}}`). Else, if it has `####`: what follows the last one.
#    Else: the whole text.
# 2. **Which.** The last number there. None where there is none: nothing else is searched.
# 3. **A number** is a whole number such as `7`, `007` or `1,234,567` (commas before groups of exactly three digits,
#    after one to three); or one of these with a dot and decimals; or a fraction of two whole numbers, `3/4` without
#    spaces or `\frac{3}{4}`. A minus, `-` or `−` (U+2212), directly before it belongs to it, unless a letter (of
#    any alphabet), a digit or `)` stands directly before the minus. So `10-7` ends in 7, and `5 -7` in −7. A comma,
#    dot or slash that does not fit this form is punctuation: `1,2` are two numbers.
# 4. **The form**: lowest terms, `"p/q"`, or `"p"` where q = 1; a minus is `-`; zero is `"0"`. So 0.50 is `"1/2"`.
#
# Percent and currency signs and units are passed over: `5 %` is `"5"`. Not tested: denominators of 0, digits glued
# to letters, exponents, `.5` without a digit before the dot, dates, what fits two ways (`3.5/2`, `1/2/3`), mixed
# numbers, `-$5`, braces that never close, spaces or signs inside `\frac`, `\dfrac`.
#
# Source: Cobbe et al. 2021 (GSM8K, arXiv 2110.14168) for `####`; Hendrycks et al. 2021 (MATH, arXiv 2103.03874) for
# `\boxed`. The canonical form is this course's.

# %% stub="extract_answer"
def extract_answer(text: str) -> str | None:
    r"""The number that a text answers with, in lowest terms; None where it cannot be read.

    "3 - 5 gives -2, so \boxed{0.50}." answers "1/2".
    """
    ### BEGIN SOLUTION
    if r"\boxed{" in text:
        place = text.rpartition(r"\boxed{")[2]
        depth = 1
        for i, character in enumerate(place):
            depth += {"{": 1, "}": -1}.get(character, 0)
            if depth == 0:
                place = place[:i]
                break
    else:
        place = text.rpartition("####")[2]  # the whole text where there is none
    whole = r"(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)"
    sign = r"((?<![^\W_])(?<!\))[-−])?"
    forms = rf"{sign}(?:\\frac\{{({whole})\}}\{{({whole})\}}|({whole})/({whole})|({whole}(?:\.\d+)?))"
    found = list(re.finditer(forms, place))
    if not found:
        return None
    minus, a, b, c, d, plain = (g and g.replace(",", "") for g in found[-1].groups())
    value = Fraction(plain) if plain else Fraction(int(a or c), int(b or d))
    return str(-value if minus else value)
    ### END SOLUTION
    raise NotImplementedError("extract_answer")

# %% [markdown] hints="extract_answer"
# <details><summary>Hint 1: a question</summary>
#
# Read "from 10-7 we get 1,003.50." backwards, character by character. Where does the last number begin and end, and
# what could have misled you?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `\boxed{3}, no: \boxed{-\frac{6}{8}} (of 100)`: the last box holds `-\frac{6}{8}`. The minus stands after `{`, so
# it is a sign; −6/8 in lowest terms is −3/4. The 100 is outside. `fractions.Fraction` reads "0.50" and reduces.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Groups of commas are greedy: in `1,2345` there is no group of *exactly* three. And a pattern such as `[^}]*` ends
# a box at its first brace.
#
# </details>

# %% graded="extract_answer__last" points=2
# Looks at the last number: signs, commas, decimals.
for text, want, mistakes in [("Tom has 3 apples and gets 4. So he has 7.", "7",
                              {"the first number": "3", "the dot was kept": "7."}),
                             ("It fell from 2 to -5 degrees.", "-5", {"the sign was dropped": "5"}),
                             ("10-7", "7", {"a subtraction taken for a sign": "-7"}),
                             ("In all 1,234,567 people", "1234567", {"the commas split it": "567",
                                                                     "they were kept": "1,234,567"}),
                             ("I cannot say.", None, {"an empty text instead of None": ""})]:
    check(extract_answer, text, want=want, mistakes=mistakes, why="the last number of the text")
### BEGIN HIDDEN TESTS
for text, want in [("", None), ("42", "42"), ("it is 42.", "42"), ("0", "0"), ("-0", "0"), ("007", "7"),
                   ("1, 2, 3", "3"), ("1,2", "2"), ("12,34", "34"), ("1,2345", "2345"), ("1,234,56", "56"),
                   ("x=-7", "-7"), ("(-7)", "-7"), ("5 -7", "-7"), ("5 - 7", "7"), ("f(3)-4", "4"),
                   ("a−8", "8"), ("minus −8", "-8"), ("−1,200.25", "-4801/4"), ("9,876.50 euros", "19753/2"),
                   ("$1,200", "1200"), ("a rise of 5 %", "5"), ("5%", "5"), ("2.0", "2"),
                   ("12,345,678,901", "12345678901"), ("3\n4\n\n", "4"), ("between 1.5 and 2.5.", "5/2"),
                   ("no. 6, then", "6"), ("x-3-2", "2"), ("[-3]", "-3"), ("\n-12", "-12"), ("--4", "-4"),
                   ("1,000", "1000"), ("100,000.125", "800001/8"),
                   ("word " * 400 + "17 " + "word " * 400, "17"),
                   ("123456789012345678901234567890", "123456789012345678901234567890"),
                   ("It costs 3, 4, or 1,000, maybe.", "1000"), ("1234,567", "567"), ("1 200", "200"),
                   ("café-7", "7"), ("Room B-12", "12"), ("Größe-3", "3"), ("{-7}", "-7"), ("A 0,5", "5"), ("4.5.", "9/2")]:
    check(extract_answer, text, want=want, why="the last number of the text, by the four rules")
### END HIDDEN TESTS

# %% graded="extract_answer__form" points=2
# Looks at fractions and at the canonical form.
check(extract_answer, "0.50", want="1/2", mistakes={"a float": "0.5", "as it stood": "0.50"},
      why="lowest terms")
check(extract_answer, "about 6/8 of it", want="3/4", mistakes={"only the denominator": "8",
                                                               "not reduced": "6/8"},
      why="a fraction is one number")
check(extract_answer, r"it is -\frac{3}{12}", want="-1/4", mistakes={"the sign was dropped": "1/4"},
      why="a fraction of LaTeX")
### BEGIN HIDDEN TESTS
for text, want in [("1/2", "1/2"), ("-6/4", "-3/2"), ("8/4", "2"), ("0/7", "0"), ("-0/7", "0"),
                   ("−1/3", "-1/3"), ("0.125", "1/8"), ("0.1", "1/10"), ("-2.750", "-11/4"),
                   ("0.3333", "3333/10000"), ("1,000/4,000", "1/4"), (r"\frac{10}{4}", "5/2"),
                   (r"x = \frac{1,200}{9}", "400/3"), (r"2-\frac{1}{3}", "1/3"), (r"(-\frac{1}{3})", "-1/3"),
                   ("1 / 2", "2"), ("3.0", "3"), ("1.10", "11/10"), ("0.0", "0"), ("-0.0", "0"),
                   (r"1/3 and then \frac{2}{5}", "2/5"), (r"\frac{2}{5} and then 1/3", "1/3"),
                   ("1000000000000000000001/3", "1000000000000000000001/3"),
                   ("0.1000000000000000000001", "1000000000000000000001/10000000000000000000000"),
                   ("and/or 4", "4"), ("7/", "7"), ("1/2.", "1/2"), ("10-1/2", "1/2")]:
    check(extract_answer, text, want=want, why="p/q in lowest terms, or p")
### END HIDDEN TESTS

# %% graded="extract_answer__marks" points=2
# Looks at boxes and at ####.
check(extract_answer, r"First \boxed{3}, no: \boxed{\frac{6}{8}}, and not 9.", want="3/4",
      mistakes={"the first box": "3", "the last number of the text": "9",
                "the box ended at its first brace": "6"}, why="what stands in the last box")
check(extract_answer, "12 + 3 = 15\n#### 1,015 (or 9 of 10?)", want="10", why="the last number after ####")
check(extract_answer, r"7 or so: \boxed{none}", want=None,
      why="a box without a number: no other place is searched", mistakes={"fell back to the text": "7"})
### BEGIN HIDDEN TESTS
for text, want in [(r"\boxed{5} 6", "5"), (r"#### 4 \boxed{5} #### 6", "5"), ("#### 4\n#### 5\nso", "5"),
                   ("4 ####", None), ("4 #### none", None), (r"\boxed{}", None), (r"\boxed{} 3", None),
                   (r"3 \boxed{\text{about } 12{,} or so}", "12"), (r"\boxed{-1,234.50}.", "-2469/2"),
                   (r"\boxed{x = \frac{1}{2}} then 3", "1/2"), (r"\boxed{1}\boxed{2}", "2"),
                   (r"\boxed{\frac{1}{2} + \frac{3}{2} = 2} 4", "2"),
                   (r"$\boxed{{7}}$ 8", "7"), ("####5", "5"), ("# 4 ### 5", "5"), ("#### -5 apples", "-5"),
                   ("####-5", "-5"), (r"\boxed{−3}", "-3"), (r"\boxed{none} #### 4", None),
                   (r"\boxed{2} or \boxed{none}", None), ("boxed{5} 6", "6"), (r"\boxed{3}-4", "3"),
                   (r"so \boxed{\frac{1}{2}}-\frac{1}{4}", "1/2"), (r"\boxed{12 of {3} or {4}} 5", "4"),
                   (r"\boxed{5}, or \boxed{}", None), ("#### 5\n#### none", None), ("#### 5\nor 6", "6"),
                   (r"\boxed{\mathbf{-7}}", "-7"), (r"\boxed{1 + \boxed{2} = 3}", "2"),
                   (r"\boxed{\text{so \frac{3}{4}}} 5", "3/4"), (r"\boxed{3} and \fbox{4}", "3")]:
    check(extract_answer, text, want=want, why="the last box, else what follows the last ####, else the text")
### END HIDDEN TESTS

# %% tags=["picture"]
benchmarks.readers(extract_answer)

# %% [markdown]
# Twelve answers that a person would call right, and four ways of reading them. A model that changes its style, not
# its arithmetic, changes its score. So a harness keeps every raw answer, counts those that could not be read, and a
# person looks at twenty of them before anybody believes the number.
#
# ## 3 · Multiple choice without a letter
#
# A base model answers no questions; it continues text. So one asks: *how likely is each option as a continuation of
# the prompt?* Given the log-probability of each token of an option, the score is their sum, and the largest wins:
#
# $$s_j = \sum_t \log p(\text{token}_{j,t} \mid \text{prompt}, \text{tokens before it}).$$
#
# No text has to be parsed, no sampling, one pass an option. But a sum of negative numbers punishes long options. So
# there are normalisations, and each is a *choice*, not a correction:
#
# | norm | score | remark |
# |---|---|---|
# | none | $s_j$ | `acc` of lm-evaluation-harness; prefers short options |
# | tokens | $s_j$ / tokens | depends on the tokenizer |
# | bytes | $s_j$ / bytes of the text | the same for every tokenizer |
# | PMI | $s_j$ − the same without the question | prefers what the *question* makes likely |
#
# lm-evaluation-harness documents `acc_norm` as normalised by length; its code divides by `len(choice)`, by
# *characters*. In English that is bytes, elsewhere it is not. PMI stands for pointwise mutual information.
#
# **The catch.** (1) Only the option's tokens count, never the prompt's: under "none" the prompt adds the same
# number to all options and does no harm; divided by a length it does. (2) A sum of 300 numbers near −3 is −900, and
# near there bfloat16 numbers lie 4 apart. (3) The other format, "A. … B. … Answer:" and comparing the letters,
# measures something else; part 9 shows how much.
#
# **Chance.** With k options blind guessing earns 1/k. *Chance-adjusted* accuracy, (acc − 1/k)/(1 − 1/k), is 0 for
# guessing and 1 for all right; below chance it is negative, and stays so.
#
# ### Exercise 11.3 · mcq_loglik
#
# - `mcq_loglik(logps, options, norm="none", n_prompt=0)` gives the index of the chosen option, an int. `logps` is a
#   list with a tensor for each option: log-probabilities of the tokens of prompt and option, in order. Its first
#   `n_prompt` numbers belong to the prompt and count nowhere. Each option has a token of its own at least.
# - `options`: the texts, none empty. `norm` is `"none"`, `"tokens"` (the option's own) or `"bytes"` (of the text in
#   UTF-8); anything else raises `ValueError`.
# - A tensor may be in half precision: sum in float32 or float64. A float64 tensor is summed in float64. −inf is a
#   valid log-probability: such an option has the score −inf. Equal scores: the first one wins, also where all are
#   −inf.
# - `chance_adjusted(acc, k)` gives the number above as a float; k < 2 raises `ValueError`.
#
# Source: lm-evaluation-harness 0.4, `api/task.py`, `process_results`; Brown et al. 2020 (arXiv 2005.14165), section
# 2.4, for lengths and PMI.

# %% stub="mcq_loglik"
def mcq_loglik(logps: Sequence[Tensor], options: Sequence[str], norm: str = "none",
               n_prompt: int = 0) -> int:
    """The option with the largest (normalised) log-likelihood; the first of equals.

    [-1, -2] against [-2], "yes" against "no": "none" gives 1, "tokens" 0, "bytes" 0 (both -1, a tie).
    """
    ### BEGIN SOLUTION
    if norm not in ("none", "tokens", "bytes"):
        raise ValueError(f"norm is none, tokens or bytes, not {norm!r}")
    scores = []
    for logp, text in zip(logps, options):
        own = logp[n_prompt:]
        size = {"none": 1, "tokens": len(own), "bytes": len(text.encode("utf-8"))}[norm]
        scores.append(own.double().sum().item() / size)
    return scores.index(max(scores))
    ### END SOLUTION
    raise NotImplementedError("mcq_loglik")


def chance_adjusted(acc: float, k: int) -> float:
    """Accuracy with guessing among k options at 0: acc = 0.5 of two options gives 0.0."""
    ### BEGIN SOLUTION
    if k < 2:
        raise ValueError("guessing needs two options at least")
    return (acc - 1 / k) / (1 - 1 / k)
    ### END SOLUTION
    raise NotImplementedError("chance_adjusted")

# %% [markdown] hints="mcq_loglik"
# <details><summary>Hint 1: a question</summary>
#
# Two options have equal sums, one is twice as long. Which one wins under each norm?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# n_prompt = 1, logps [−9, −1, −1] for "Zürich" and [−9, −1.5] for "Rome". Sums −2 and −1.5: none gives 1. By tokens
# −1 and −1.5: 0. Bytes: Zürich has 7 (ü takes two), so −2/7 = −0.286; Rome −1.5/4 = −0.375: 0.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The length that one divides by is the option's, as the sum is. `len` of a string counts characters.
#
# </details>

# %% graded="mcq_loglik__norms" points=3
# Looks at the three norms, at the prompt's tokens and at the length of a text in bytes.
logps = [torch.tensor([-9.0, -1.0, -1.0]), torch.tensor([-9.0, -1.5])]
check(mcq_loglik, logps, ["Zürich", "Rome"], "none", 1, want=1, why="-2 against -1.5")
check(mcq_loglik, logps, ["Zürich", "Rome"], "tokens", 1, want=0, why="-1 against -1.5",
      mistakes={"the prompt's token counts": 1})
check(mcq_loglik, [torch.tensor([-6.5]), torch.tensor([-5.0])], ["ééé", "four"], "bytes", want=0,
      why="-6.5 / 6 bytes against -5 / 4 bytes", mistakes={"characters instead of bytes, or no norm": 1})
raises(ValueError, mcq_loglik, logps, ["Zürich", "Rome"], "words", 1, why="there is no such norm")
### BEGIN HIDDEN TESTS
for seed in range(12):
    rng = np.random.default_rng(seed)
    k, n_prompt = int(rng.integers(2, 11)), [0, 1, 5, 300][seed % 4]
    options = ["".join(rng.choice(list("abcéß漢🙂 "), rng.integers(1, 30))) for _ in range(k)]
    own = [-rng.exponential(2.0, int(rng.integers(1, 25))) for _ in range(k)]
    start = [
        -rng.exponential(4.0, n_prompt) for _ in range(k)
    ]  # rounding makes the prompt differ from row to row
    for dtype in (torch.float32, torch.float64):
        logps = [torch.tensor(np.concatenate([a, b]), dtype=dtype) for a, b in zip(start, own)]
        for norm in ("none", "tokens", "bytes"):
            sizes = {"none": [1] * k, "tokens": [len(o) for o in own], "bytes": [len(t.encode())
                                                                                 for t in options]}[norm]
            check(mcq_loglik, logps, options, norm, n_prompt, want=int(np.argmax([o.sum() / s for o,
                                                                                  s in zip(own, sizes)])),
                  why=f"norm {norm}, n_prompt = {n_prompt}")
got = mcq_loglik([torch.tensor([-1.0]), torch.tensor([-0.5])], ["a", "b"])
assert isinstance(got, (int, np.integer)) and not isinstance(got, bool) and got == 1, f"expected the int 1, got {got!r}"
check(mcq_loglik, [torch.tensor([-1.0, -1.0]), torch.tensor([-1.5])], ["a", "bb"], want=1,
      why="the default is none")
for norm in ("tokens", "bytes"):
    check(mcq_loglik, [torch.tensor([-3.0]), torch.tensor([-2.0, -3.0, -2.0, -3.0])], ["a", "bcde"], norm,
          want=1, why="longer, and likelier by length")
raises(ValueError, mcq_loglik, [torch.tensor([-1.0])], ["a"], "", why="there is no such norm")
raises(ValueError, mcq_loglik, [torch.tensor([-1.0])], ["a"], "Bytes", why="there is no such norm")
raises(ValueError, mcq_loglik, [torch.tensor([-1.0])], ["a"], None, why="there is no such norm")
check(mcq_loglik, [torch.tensor([[-1.0, -7.0], [-3.0, -7.0]])[:, 0], torch.tensor([-3.0, -1.5])], ["x", "yy"],
      want=0, why="a strided tensor is valid")
### END HIDDEN TESTS

# %% graded="mcq_loglik__edges" points=2
# Looks at ties, at minus infinity and at half precision.
check(mcq_loglik, [torch.tensor([-2.0]), torch.tensor([-1.0, -1.0])], ["a", "b"], want=0,
      why="a tie: the first wins", mistakes={"the last of equals": 1})
inf = torch.inf
check(mcq_loglik, [torch.tensor([-inf, -1.0]), torch.tensor([-900.0, -2e5])], ["a", "b"], want=1,
      why="an impossible option loses against any possible one")
### BEGIN HIDDEN TESTS
for norm in ("none", "tokens", "bytes"):
    check(mcq_loglik, [torch.tensor([-1.0, -inf]), torch.tensor([-inf]), torch.tensor([-inf])],
          ["ab", "c", "d"], norm, want=0, why="all are impossible: the first")
    check(mcq_loglik, [torch.tensor([-inf]), torch.tensor([-1e30, -1e30]), torch.tensor([-inf, 0.0])],
          ["ab", "c", "de"], norm, want=1, why="-1e30 is more than -inf")
    check(mcq_loglik, [torch.tensor([-inf, -1.0]), torch.tensor([-inf, -2.0]), torch.tensor([-inf, -0.5])],
          ["a", "b", "c"], norm, 1, want=2, why="-inf in the prompt counts nowhere")
    check(mcq_loglik, [torch.tensor([-1.0, 0.0]), torch.tensor([0.0, 0.0]), torch.tensor([0.0, 0.0])],
          ["ab", "cd", "ef"], norm, want=1,
          why="0.0 is the largest log-probability there is, and the first of equals wins")
check(mcq_loglik, [torch.tensor([-1.5]), torch.tensor([-1.0, -2.0]), torch.tensor([-1.5])], ["ab", "c", "de"],
      "tokens", want=0, why="three equal scores")
check(mcq_loglik, [torch.tensor([-3.0]), torch.tensor([-6.0]), torch.tensor([-1.5])], ["éa", "ßßß", "x"],
      "bytes", want=0, why="-1 is all three")
for dtype in (torch.float16, torch.bfloat16):
    close = [torch.full((600,), -3.0, dtype=dtype), torch.full((600,), -3.0, dtype=dtype)]
    close[0][-1] = -4.0  # 1801 against 1800: half precision keeps neither apart from the other
    check(mcq_loglik, close, ["a", "b"], want=1, why=f"{dtype}: sum in float32 or more")
    check(mcq_loglik, close[::-1], ["a", "b"], want=0, why=f"{dtype}: sum in float32 or more")
    long = [torch.full((40_000,), -2.0, dtype=dtype), torch.full((39_999,), -2.0, dtype=dtype)]
    check(mcq_loglik, long, ["a", "b"], want=1, why="-80,000 is beyond float16's range, and no -inf")
    check(mcq_loglik, [torch.full((70,), -1.0, dtype=dtype), torch.full((69,), -1.0, dtype=dtype)],
          ["a" * 7001, "b" * 6900], "bytes", want=0,
          why="70/7001 against 69/6900: dividing in half precision makes them equal, or worse")
    check(mcq_loglik, [torch.full((69,), -1.0, dtype=dtype), torch.full((70,), -1.0, dtype=dtype)],
          ["b" * 6900, "a" * 7001], "bytes", want=1,
          why="69/6900 against 70/7001: dividing in half precision makes them equal")
near = [torch.tensor([-1.0, -1.0]), torch.tensor([-1.0, -1.0 + 2.0**-20])]
check(mcq_loglik, near, ["a", "b"], want=1, why="a difference of a millionth is no tie")
check(mcq_loglik, [torch.tensor([-4.0]), torch.tensor([-1.5])], ["a   ", "b"], "bytes", want=0, why="spaces are bytes too")
near = [torch.tensor([-1.0, -1.0]).double(), torch.tensor([-1.0, -1.0 + 2.0 ** -44], dtype=torch.float64)]
for norm in ("none", "tokens", "bytes"):
    check(mcq_loglik, near, ["a", "b"], norm, want=1, why="float64 stays float64; nearly equal is no tie")
unchanged(mcq_loglik, [torch.tensor([-1.0, -2.0, -3.0]), torch.tensor([-1.0, -2.0])], ["a", "b"], "tokens", 1,
          want=1)
### END HIDDEN TESTS

# %% graded="mcq_loglik__chance" points=1
# Looks at chance-adjusted accuracy, below chance too.
check(chance_adjusted, 0.625, 4, want=0.5, why="halfway between 1/4 and 1",
      mistakes={"chance was only subtracted": 0.375})
check(chance_adjusted, 0.0, 4, want=-1 / 3, why="below chance it is negative", mistakes={"cut at 0": 0.0})
raises(ValueError, chance_adjusted, 0.5, 1, why="with one option there is nothing to guess")
### BEGIN HIDDEN TESTS
for acc, k in [(1.0, 2), (0.5, 2), (0.25, 4), (0.1, 10), (0.9, 5), (0.3, 2), (0.0, 2), (1.0, 7), (1, 3), (0, 3),
               (0.01, 100)]:
    check(chance_adjusted, acc, k, want=float((Fraction(acc) - Fraction(1, k)) / (1 - Fraction(1, k))),
          atol=1e-12, rtol=0, why="(acc - 1/k) / (1 - 1/k)")
raises(ValueError, chance_adjusted, 0.5, 0, why="no options")
### END HIDDEN TESTS

# %% tags=["picture"]
benchmarks.lengths(mcq_loglik)

# %% [markdown]
# Four hundred made-up items of four options. The right option has three, six or nine tokens, the wrong ones six. A
# token of a wrong option costs a little more than one of the right option; a token has four bytes, so tokens and
# bytes choose alike. Under "none" the same knowledge gives 0.86, 0.45 or 0.17, below chance. By length it stays
# level, as long as every token costs the same. On the right, tokens from the fourth on are nearly given, as in "of
# the United States". Now dividing prefers what is long. No norm is neutral; a benchmark whose right options are
# longer than the wrong ones tilts each of them its own way.
#
# ## 4 · An interval, or it was not measured
#
# The items are a sample. Other items of the same kind would have given another score. For accuracies the simplest
# interval is $\pm 1.96 \sqrt{p(1-p)/n}$:
#
# | benchmark | items | accuracy | 95 % interval |
# |---|---|---|---|
# | AIME, two contests | 30 | 70 % | ±16.4 points |
# | one's own hundred | 100 | 50 % | ±9.8 points |
# | HumanEval | 164 | 85 % | ±5.5 points |
# | GSM8K, test set | 1,319 | 90 % | ±1.6 points |
# | MMLU, test set | 14,042 | 85 % | ±0.6 points |
#
# A model that is 3 points worse (82 % against 85 %) ties or wins on 164 items in a quarter of all cases, if each
# model gets items of its own.
#
# The formula fails near 0 and 1: a model with 30 of 30 gets ±0. (So it does by the bootstrap below, which can draw
# nothing but ones. Wilson's interval says 89 % to 100 %. By hand, the *rule of three*: no error in n items leaves an
# error rate of up to about 3/n, at 95 % to one side.) And it knows only zeros and ones. The **bootstrap** knows
# any score: draw n items out of the n with replacement, take the mean, do that some thousand times. The middle 95 %
# of these means is the interval (the *percentile* bootstrap; with few items it is a little too narrow).
#
# **Pairs.** Two models that answered *the same items* are compared item by item: bootstrap the differences. A hard
# item is hard for both, and what they share cancels.
#
# **The catch: groups.** Five questions on one text stand or fall together. MMLU's items come from exams, SQuAD's
# from articles. Then a draw must take *whole groups*, as many as there are, and average over all items that came.
# Item by item the interval is too narrow: 100 texts with ten questions each can be nearer to 100 items than to
# 1,000. Miller 2024 (arXiv 2411.00640) recommends *clustered* standard errors for the same reason.
#
# ### Exercise 11.4 · bootstrap_ci
#
# `bootstrap_ci(x, y=None, groups=None, alpha=0.05, n_boot=2000, seed=0)` gives `(estimate, low, high)`, three
# floats.
#
# - `x`: scores of n items, a list or an array of numbers or bools. With `y`, the scores of another model on the
#   same items: everything is about the differences x − y, item by item.
# - `estimate`: the plain mean over all items.
# - `low`, `high`: the α/2- and (1 − α/2)-quantiles of `n_boot` bootstrap means. α lies between 0 and 1. How a
#   quantile between two means is interpolated is up to you.
# - `groups`: n labels (numbers or strings) in any order. With G different labels a draw takes G groups with
#   replacement, each with all its items; its mean is the sum over all items drawn, divided by how many they are.
#   Groups need not be of one size. Without labels each item is its own group.
# - An empty x, and a y or groups of another length, raise `ValueError`.
# - The timed check takes 2,000 draws of 500 items, without groups. Loops in Python over items are too slow, and so
#   are a table of items by groups and `multinomial` weights; a loop over draws with numpy inside is not.
# - The same arguments give the same answer; another `seed` draws anew. Any generator will do. The tests tolerate
#   the scatter of `n_boot` draws.
#
# Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13; Miller 2024 (arXiv 2411.00640).

# %% stub="bootstrap_ci"
def bootstrap_ci(x: Sequence[float], y: Sequence[float] | None = None, groups: Sequence | None = None,
                 alpha: float = 0.05, n_boot: int = 2000, seed: int = 0) -> tuple[float, float, float]:
    """(mean, low, high) of x, or of x - y item by item; groups of items are drawn whole.

    bootstrap_ci([1, 1, 1], [0, 0, 0]) is (1.0, 1.0, 1.0).
    """
    ### BEGIN SOLUTION
    values = np.asarray(x, dtype=float)
    if len(values) == 0 or any(other is not None and len(other) != len(values) for other in (y, groups)):
        raise ValueError("x may not be empty; y and groups need its length")
    if y is not None:
        values = values - np.asarray(y, dtype=float)
    labels = np.arange(len(values)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    sums, sizes = np.bincount(labels, values), np.bincount(labels)
    draws = np.random.default_rng(seed).integers(0, len(sums), (n_boot, len(sums)))
    means = sums[draws].sum(1) / sizes[draws].sum(1)
    low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2])
    return float(values.mean()), float(low), float(high)
    ### END SOLUTION
    raise NotImplementedError("bootstrap_ci")

# %% [markdown] hints="bootstrap_ci"
# <details><summary>Hint 1: a question</summary>
#
# Three groups of 1, 2 and 7 items. You draw the second, the second and the first. Over how many items is this mean?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# x = [1, 0, 0, 1], groups = ["a", "b", "b", "b"]: sums a 1, b 1; sizes 1 and 3. Draws of two groups: aa 2/2, ab
# 2/4, ba 2/4, bb 2/6. The estimate is 0.5; at α = 0.05 the interval runs from 1/3 to 1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A group enters a draw with two numbers, its sum and its size, and nothing else of it is needed. All draws at once
# are one table of random indices.
#
# </details>

# %% graded="bootstrap_ci__values" points=3
# Looks at estimate and interval of one model's scores.
x = [1.0] * 30 + [0.0] * 10
estimate, low, high = bootstrap_ci(x, n_boot=4000)
expect(estimate, 0.75, on="the estimate of 30 right of 40", why="the plain mean")
room = (0.75 * 0.25 / 40) ** 0.5  # its standard error: 0.0685
assert abs(low - (0.75 - 1.96 * room)) < 0.03 and abs(high - (0.75 + 1.96 * room)) < 0.03, (
    f"30 right of 40: expected about 0.616 to 0.884, got {low:.3f} to {high:.3f}"
)
check(bootstrap_ci, [0.5] * 7, want=(0.5, 0.5, 0.5), why="equal scores: no width")
### BEGIN HIDDEN TESTS
for seed, (n, alpha) in enumerate([(40, 0.05), (90, 0.2), (33, 0.5), (700, 0.05), (60, 0.01), (45, 0.9)]):
    rng = np.random.default_rng(seed)
    x = rng.random(n) ** 3
    ends, error = boot(x, None, [alpha / 2, 1 - alpha / 2])
    got = bootstrap_ci(x.tolist() if seed % 2 else x, None, None, alpha, 4000, 100 + seed)
    assert len(got) == 3, f"expected (estimate, low, high), got {got}"
    expect(got[0], float(x.mean()), on=f"the estimate of {n} scores", rtol=1e-9, atol=1e-12)
    for side, bound, want in zip(("low", "high"), got[1:], ends):
        room = (0.4 if alpha < 0.02 else 0.2) * error
        assert abs(bound - want) < room, (
            f"{n} scores, alpha = {alpha}: expected {side} at {want:.4f} within {room:.4f}, got {bound:.4f}"
        )
x = np.random.default_rng(5).random(400)
ends, error = boot(x, None, [0.025, 0.975])
for side, bound, want in zip(("low", "high"), bootstrap_ci(x)[1:], ends):
    assert abs(bound - want) < 0.3 * error, f"the defaults: expected {side} at {want:.4f}, got {bound:.4f}"
for ones, n in [
    (3, 30),
    (27, 30),
    (2, 50),
]:  # skewed: means are multiples of 1/n, and never below 0
    ends, _ = boot([1.0] * ones + [0.0] * (n - ones), None, [0.025, 0.975])
    for side, bound, want in zip(("low", "high"), bootstrap_ci([1] * ones + [0] * (n - ones), None, None, 0.05,
                                                               6000, 3)[1:], ends):
        assert abs(bound - want) < 1.2 / n, (
            f"{ones} of {n} right: expected {side} at {want:.4f}, got {bound:.4f}: "
            "quantiles of the means, not the estimate ± 1.96 se"
        )
check(bootstrap_ci, [0.25], want=(0.25, 0.25, 0.25), why="one item")
check(bootstrap_ci, [1, 0.25, 0.25], None, [7, 7, 7], want=(0.5, 0.5, 0.5), why="whole numbers beside fractions")
expect(bootstrap_ci([0.0, 1.0, 2.0, 7.0], None, None, 0.001, 8000, 5), (2.5, 0.0, 7.0), atol=1e-9,
       on="the scores 0, 1, 2, 7, alpha = 0.001, n_boot = 8000",
       why="of 256 draws of four with replacement one is all 0 and one all 7: each comes some 31 times in 8,000")
check(bootstrap_ci, np.array([True, True]), want=(1.0, 1.0, 1.0), why="bools are scores")
far = bootstrap_ci([0.0] * 9 + [-12.0], None, None, 0.2, 4000, 1)
assert far[0] == -1.2 and far[2] == 0.0 and -2.5 < far[1] < -2.3, (
    f"nine 0 and a -12, alpha = 0.2: expected (-1.2, -2.4, 0), got {far}"
)
### END HIDDEN TESTS

# %% graded="bootstrap_ci__paired" points=2
# Looks at two models on the same items.
g = np.random.default_rng(3)
hard = g.random(60)
a, b = hard + 0.05 * g.standard_normal(60), hard
estimate, low, high = bootstrap_ci(a, b, n_boot=4000)
expect(estimate, float(np.mean(a - b)), on="the estimate of x - y", why="the mean difference")
assert high - low < 0.04, (
    f"60 pairs whose differences have a standard deviation of 0.05: expected a width of about 0.025, got {high - low:.3f}. "
    "Both models' items are drawn together"
)
### BEGIN HIDDEN TESTS
for seed, n in enumerate([50, 121, 300]):
    rng = np.random.default_rng(seed + 30)
    skill = rng.standard_normal(n)
    a, b = ((skill + rng.standard_normal(n) > t).astype(int) for t in (-0.5, 0.1))
    ends, error = boot(a - b, None, [0.025, 0.975])
    for x, y, sign in [(a, b, 1), (b.tolist(), a.tolist(), -1)]:
        got = bootstrap_ci(x, y, None, 0.05, 4000, seed)
        expect(got[0], sign * float((a - b).mean()), on="the estimate of x - y", atol=1e-12)
        for side, bound, want in zip(("low", "high"), got[1:], ends if sign == 1 else -ends[::-1]):
            assert abs(bound - want) < max(0.25 * error, 1.1 / n), (
                f"{n} pairs: expected {side} at {want:.4f}, got {bound:.4f}"
            )
check(bootstrap_ci, [True, False, True], [True, False, True], want=(0.0, 0.0, 0.0),
      why="bools: the same answers, no difference")
check(bootstrap_ci, np.array([False, False]), np.array([True, True]), want=(-1.0, -1.0, -1.0),
      why="bools are 0 and 1")
check(bootstrap_ci, np.array([0, 0, 0], dtype=np.uint8), np.array([1, 1, 1], dtype=np.uint8), want=(-1.0, -1.0, -1.0),
      why="0 - 1 is -1, also of unsigned numbers")
expect(bootstrap_ci([1.0, 1.0, 2.0, 4.0], [1.0, 0.0, 0.0, -3.0], None, 0.001, 8000, 5), (2.5, 0.0, 7.0), atol=1e-9,
       on="the differences 0, 1, 2, 7, alpha = 0.001, n_boot = 8000", why="a draw takes four of four with replacement")
raises(ValueError, bootstrap_ci, [1.0, 0.0], [1.0], why="two items against one")
raises(ValueError, bootstrap_ci, [1.0], [1.0, 0.0], why="one item against two")
raises(ValueError, bootstrap_ci, [], why="no items")
raises(ValueError, bootstrap_ci, [], [], why="no items")
raises(ValueError, bootstrap_ci, [1.0], [], why="one item against none")
unchanged(bootstrap_ci, np.array([1.0, 1.0, 1.0]), np.array([0.5, 0.5, 0.5]), np.array([2, 1, 2]),
          want=(0.5, 0.5, 0.5))
unchanged(bootstrap_ci, [1.0, 1.0], [0.5, 0.5], ["a", "b"], want=(0.5, 0.5, 0.5))
### END HIDDEN TESTS

# %% graded="bootstrap_ci__groups" points=3
# Looks at groups that are drawn whole.
estimate, low, high = bootstrap_ci([1.0, 0.0, 0.0, 1.0], groups=["a", "b", "b", "b"])
expect((estimate, low, high), (0.5, 1 / 3, 1.0), on="x = [1, 0, 0, 1] with groups a, b, b, b", atol=1e-9,
       why="the means are 2/2, 2/4 and 2/6; the estimate is the mean over items")
x = np.repeat([1.0, 0.0] * 10, 8)  # twenty texts with eight questions each, all right or all wrong
_, low, high = bootstrap_ci(x, groups=np.repeat(range(20), 8), n_boot=4000)
assert 0.36 < high - low < 0.5, (
    f"20 groups of eight equal items: expected a width near 0.43, got {high - low:.3f}"
)
### BEGIN HIDDEN TESTS
for seed, G in enumerate([25, 60, 31, 40]):
    rng = np.random.default_rng(seed + 60)
    labels = np.repeat(np.arange(G), rng.integers(1, 12, G))
    order = rng.permutation(len(labels))
    labels = labels[order]
    x = rng.random(G)[labels] + 0.3 * rng.standard_normal(len(labels))
    y = 0.2 * rng.standard_normal(len(labels)) if seed % 2 else None
    names = ([f"text {9 * i % 97}" for i in labels] if seed == 2 else (labels * 7 - 50).tolist()
             if seed == 3 else labels)
    values = x if y is None else x - y
    ends, error = boot(values, labels.tolist(), [0.05, 0.95])
    got = bootstrap_ci(x, y, names, 0.1, 4000, seed)
    expect(got[0], float(values.mean()), on=f"the estimate with {G} groups", atol=1e-12,
           why="the mean over items, not over groups")
    for side, bound, want in zip(("low", "high"), got[1:], ends):
        assert abs(bound - want) < 0.2 * error, (
            f"{G} groups, {len(x)} items: expected {side} at {want:.4f} within {0.2 * error:.4f}, got {bound:.4f}"
        )
rng = np.random.default_rng(88)  # sizes that go with the scores: a mean of group means is another number
big = np.repeat(np.arange(30), [1, 40] * 15)
x = np.where(big % 2 == 0, 1.0, 0.25)
ends, error = boot(x, big.tolist(), [0.025, 0.975])
got = bootstrap_ci(x, None, big, 0.05, 4000, 5)
for side, bound, want in zip(("low", "high"), got[1:], ends):
    assert abs(bound - want) < 0.3 * error, (
        f"groups of 1 and 40 items: expected {side} at {want:.4f}, got {bound:.4f}"
    )
check(bootstrap_ci, [0.0, 1.0, 0.5], None, [7, 7, 7], want=(0.5, 0.5, 0.5),
      why="one group: always the same items")
check(bootstrap_ci, [0.0, 1.0] * 3, None, ["q", "q", "r", "r", "s", "s"], want=(0.5, 0.5, 0.5),
      why="groups of equal mean and size")
check(bootstrap_ci, [1.0, 0.0, 0.0, 1.0], None, [1.5, 1.25, 1.25, 1.25], want=(0.5, 1 / 3, 1.0),
      why="1.5 and 1.25 are two labels")
expect(bootstrap_ci([0.0, 0.0, 1.0, 2.0, 2.0, 7.0, 7.0, 7.0], None, list("aabccddd"), 0.001, 8000, 5), (3.25, 0.0, 7.0),
       atol=1e-9, on="four groups of 0, 1, 2, 7, alpha = 0.001, n_boot = 8000",
       why="a draw takes four groups of four with replacement")
raises(ValueError, bootstrap_ci, [1.0, 0.0], None, ["a"], why="two items, one label")
raises(ValueError, bootstrap_ci, [1.0, 0.0], None, ["a", "b", "c"], why="two items, three labels")
raises(ValueError, bootstrap_ci, [1.0, 0.0], None, [], why="two items, no label")
### END HIDDEN TESTS

# %% graded="bootstrap_ci__repeats" points=1
# Looks at the seed and at n_boot.
x = [0.1, 0.9, 0.4, 0.7, 0.2, 0.6, 0.3]
one, same = ([bootstrap_ci(x, n_boot=1, seed=seed)[1] for seed in range(8)] for _ in range(2))
assert one == same, f"eight seeds, twice each: expected the same answer for the same seed, got {one} and {same}"
assert max(one) > min(one), f"n_boot = 1 and eight seeds: expected means that differ, got {one}"
### BEGIN HIDDEN TESTS
x = np.random.default_rng(21).random(50)
error = float(np.std(x)) / 50**0.5
pairs = [bootstrap_ci(x, None, None, 0.05, 1, seed)[1:] for seed in range(16)]
assert all(low == high for low, high in pairs), f"n_boot = 1: one mean is both ends, got {pairs[:3]}"
spread = (max(pairs)[0] - min(pairs)[0]) / error
assert spread > 0.9, (
    f"n_boot = 1, 16 seeds: expected means that scatter, got a range of {spread:.2f} standard errors"
)
many = [bootstrap_ci(x, None, None, 0.999, 1500, seed)[1] for seed in range(5)]
assert (max(many) - min(many)) / error < 0.4, (
    f"n_boot = 1,500, alpha = 0.999: expected ends close to each other, got {many}"
)
first = bootstrap_ci(x)
bootstrap_ci(x, seed=9)
assert bootstrap_ci(x) == first == bootstrap_ci(x, None, None, 0.05, 2000,
                                                0), ("expected the same answer for the same arguments, always")
### END HIDDEN TESTS

# %% graded="bootstrap_ci__speed" points=2 tags=["timed"]
# Looks at the time for 2,000 draws of 500 items.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    return rng.standard_normal(500), None, None, 0.05, 2000, int(rng.integers(1000))


advise(bootstrap_ci, draw, yardstick=lambda x, *_: np.random.default_rng(0).integers(0, 500, (2000, 500)),
       usual=6.0)
### BEGIN HIDDEN TESTS
duel(bootstrap_ci, draw, reference='''
import numpy as np
def bootstrap_ci(x, y=None, groups=None, alpha=0.05, n_boot=2000, seed=0):
    sizes = np.bincount(np.arange(len(x)))
    draws = np.random.default_rng(seed).integers(0, len(x), (n_boot, len(x)))
    low, high = np.quantile(x[draws].sum(1) / sizes[draws].sum(1), [alpha / 2, 1 - alpha / 2])
    return float(x.mean()), float(low), float(high)
''', limit=8.0, rtol=0, atol=0.03)
### END HIDDEN TESTS

# %% tags=["picture"]
benchmarks.group_widths(bootstrap_ci)

# %% [markdown]
# 240 answers, with 1, 4 and 12 questions a text, over 200 made-up benchmarks. Grey draws items, blue draws groups.
# Right: how often the interval holds the true accuracy. It should be 95 %; whoever draws items promises that and
# keeps it only where each text has one question. (Twenty groups are few: blue falls short a little too.)
#
# ## 5 · Is A better than B? The items that decide
#
# Two models answered 200 items. On 150 both are right, on 30 both wrong. On those, nothing can be learnt about
# which is better. The other 20 are *discordant*: A alone was right on 15, B alone on 5.
#
# If both were equally good, each discordant item would be a throw of a fair coin. **McNemar's exact test** asks:
# how likely is a result at least as uneven as 15 to 5, to either side? With m discordant items, of which B has the
# fewer, w,
#
# $$p = \min\Big(1,\; 2 \sum_{i=0}^{w} \binom{m}{i} 2^{-m}\Big), \qquad p = 1 \text{ where } m = 0.$$
#
# For 15 to 5: p = 0.041. Two accuracies of 82.5 % and 77.5 %, whose own intervals of ±5.3 and ±5.8 points overlap
# widely, are told apart, since they answered the same items.
#
# **The catch.** (1) Overlapping intervals of two models say little about their difference. (2) The usual chi-square
# form is an approximation, bad for few discordant items: for 5 to 0 it says 0.025, the coin says 0.0625. (3) Ten
# models are 45 pairs: at p < 0.05 two or so of them differ "significantly" though all are equal. With M comparisons
# one asks each for p < 0.05/M (Bonferroni), or the smallest p for 0.05/M, the next for 0.05/(M − 1), and so on until
# one fails (Holm). (4) A large p is no proof of equality; few items prove nothing.
#
# **How many items?** Let d be the share of discordant items, and g the gap between the accuracies. To see the gap
# with probability 80 % (the *power*) at p < 0.05 takes about $n = 7.85\, d / g^2$ items: 7.85 is $(1.96 + 0.84)^2$,
# the two normal quantiles. With d = 0.1 and a gap of 1 point that is 7,849 items; of 3 points, 873. HumanEval's 164
# show a gap of 7 points.
#
# ### Exercise 11.5 · mcnemar_exact
#
# `mcnemar_exact(a, b)` gives `(only_a, only_b, p)`: how many items a alone has right, how many b alone, both ints,
# and p as a float.
#
# - `a` and `b`: lists or arrays of 0 and 1, or bools, item by item. Lists of different length raise `ValueError`;
#   two empty ones give (0, 0, 1.0).
# - There may be some thousand discordant items. p is right to a relative error of 1e-6, also where it is tiny (down
#   to 1e-300).
#
# Source: McNemar 1947, Psychometrika 12; `scipy.stats.binomtest(only_a, only_a + only_b)`.

# %% stub="mcnemar_exact"
def mcnemar_exact(a: Sequence[int], b: Sequence[int]) -> tuple[int, int, float]:
    """(only a right, only b right, p) of two models on the same items, two-sided and exact.

    [1, 1, 1, 0] against [0, 0, 1, 0]: (2, 0, 0.5).
    """
    ### BEGIN SOLUTION
    if len(a) != len(b):
        raise ValueError("both models need the same items")
    only_a = sum(bool(x) and not y for x, y in zip(a, b))
    only_b = sum(bool(y) and not x for x, y in zip(a, b))
    m = only_a + only_b
    term = tail = 1  # binomials, in whole numbers
    for i in range(min(only_a, only_b)):
        term = term * (m - i) // (i + 1)
        tail += term
    return only_a, only_b, float(min(Fraction(1), Fraction(2 * tail, 2 ** m)))
    ### END SOLUTION
    raise NotImplementedError("mcnemar_exact")

# %% [markdown] hints="mcnemar_exact"
# <details><summary>Hint 1: a question</summary>
#
# Four throws of a fair coin, one head. Which results are at least as uneven as this one, to either side?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 3 to 1, m = 4: (1 + 4)/16 = 0.3125 on one side, p = 0.625. 2 to 2: (1 + 4 + 6)/16 doubled is 1.375, more than 1;
# the middle was counted twice, so p = 1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# 2 to the power of m is no float for m above 1,023. Python's whole numbers have no largest one, and
# `fractions.Fraction` divides them.
#
# </details>

# %% graded="mcnemar_exact__values" points=3
# Looks at counts and p for few discordant items.
a, b = [1] * 15 + [0] * 5 + [1] * 150 + [0] * 30, [0] * 15 + [1] * 5 + [1] * 150 + [0] * 30
check(mcnemar_exact, a, b, want=(15, 5, 0.04138946533203125), why="20 discordant items, 15 to 5",
      mistakes={"one-sided": (15, 5, 0.020694732666015625), "the counts are swapped": (5, 15,
                                                                                       0.04138946533203125)})
check(mcnemar_exact, [1, 1, 1, 0], [0, 0, 1, 0], want=(2, 0, 0.5),
      why="two throws of a coin, twice the same side", mistakes={"one-sided": (2, 0, 0.25)})


### BEGIN HIDDEN TESTS
def split(wins, losses, both, neither, seed):
    "Answers of two models with these counts, in random order."
    rows = [(1, 0)] * wins + [(0, 1)] * losses + [(1, 1)] * both + [(0, 0)] * neither
    order = np.random.default_rng(seed).permutation(len(rows))
    return [rows[i][0] for i in order], [rows[i][1] for i in order]


for seed, counts in enumerate([(5, 0, 3, 1), (0, 5, 90, 2), (3, 1, 0, 0), (1, 3, 0, 50), (7, 2, 300, 0),
                               (2, 9, 1, 1), (12, 30, 5, 5), (1, 0, 0, 0), (0, 1, 9, 9), (40, 0, 0, 7),
                               (26, 14, 100, 0), (4, 9, 2000, 700)]):
    a, b = split(*counts, seed)
    check(mcnemar_exact, a, b, want=(counts[0], counts[1], exact_p(*counts[:2])), rtol=1e-6, atol=0,
          why="twice the smaller tail")
    check(mcnemar_exact, np.array(a, bool), np.array(b), want=(counts[0], counts[1], exact_p(*counts[:2])),
          rtol=1e-6, atol=0, why="arrays and bools are valid")
check(mcnemar_exact, np.array([True, False, True]), np.array([False, True, False]), want=(2, 1, 1.0), why="two arrays of bools")
check(mcnemar_exact, np.array([1, 0, 0, 1], dtype=np.uint8), np.array([0, 1, 1, 1], dtype=np.uint8), want=(1, 2, 1.0),
      why="arrays of unsigned 0 and 1")
check(mcnemar_exact, [True, True], [False, False], want=(2, 0, 0.5), why="two lists of bools")
got = mcnemar_exact([1, 0], [0, 0])
assert all(isinstance(count, (int, np.integer)) for count in got[:2]), f"expected two ints and a float, got {got!r}"
unchanged(mcnemar_exact, [1, 0, 1], [0, 1, 1], want=(1, 1, 1.0))
### END HIDDEN TESTS

# %% graded="mcnemar_exact__edges" points=2
# Looks at no discordant items, at an even result, and at thousands of items.
check(mcnemar_exact, [1, 0, 1], [1, 0, 1], want=(0, 0, 1.0),
      why="no discordant item: nothing speaks against equality")
check(mcnemar_exact, [1, 1, 0, 0], [0, 0, 1, 1], want=(2, 2, 1.0), why="an even result: p is 1, not 1.375",
      mistakes={"more than 1": (2, 2, 1.375)})
raises(ValueError, mcnemar_exact, [1, 0], [1], why="two items against one")
### BEGIN HIDDEN TESTS
check(mcnemar_exact, [], [], want=(0, 0, 1.0), why="no items")
raises(ValueError, mcnemar_exact, [1], [1, 0], why="one item against two")
raises(ValueError, mcnemar_exact, [], [1], why="no item against one")
for n in (1, 3, 30, 600):
    check(mcnemar_exact, [1] * n + [0] * n, [0] * n + [1] * n, want=(n, n, 1.0), rtol=1e-6,
          why="an even result: p is 1")
for wins, losses in [(620, 500), (1600, 1400), (900, 0), (551, 550), (60, 1000)]:
    a, b = [1] * wins + [0] * losses + [1] * 10, [0] * wins + [1] * losses + [1] * 10
    check(mcnemar_exact, a, b, want=(wins, losses, exact_p(wins, losses)), rtol=1e-6, atol=0,
          why="exact for thousands of discordant items")
check(mcnemar_exact, [1] * 300 + [0] * 5000, [0] * 5300, want=(300, 0, 2.0**-299), rtol=1e-6, atol=0,
      why="0 of 300: twice 2^-300")
### END HIDDEN TESTS

# %% tags=["picture"]
benchmarks.how_many(mcnemar_exact)

# %% [markdown]
# Left: p by your test for 20 discordant items, and by the chi-square form without correction, which is too low in
# the middle: for 14 to 6 it says 0.074, the coin 0.115. The red line is p = 0.05. Right: the items that one needs to
# see a gap with probability 80 %, by how many items are discordant: fewer where two models err on the same items.
#
# ## 6 · Contamination: had the model seen the test?
#
# Benchmarks lie on the web, models read the web. The common search: cut the item into n-grams of words, look them
# up among those of the training data. GPT-3's authors (Brown et al. 2020, appendix C) took n between 8 and 13.
# Here: an item's **share of words that lie within a shared n-gram**, as in Llama 2's report (Touvron et al. 2023,
# arXiv 2307.09288, appendix A.6, there by tokens, in runs longer than ten and with a few gaps allowed).
#
# Then one compares the score on clean items with that on contaminated ones. If it is higher on the latter, that may
# be memory, or the copied items may be easier: a comparison with models that cannot have seen them helps.
#
# **The catch.** The search finds copies. A paraphrase, a translation, the same numbers in other words leave no
# shared 13-gram (Yang et al. 2023, arXiv 2311.04850, on rephrased samples). The training data of most models is
# secret, so one looks from outside: does the model go on with the item word for word? Is the score on items made
# *after* its cut-off lower, or on the same items with other numbers? A *canary*, a random string in the file, shows
# whether the file was read.
#
# ### Exercise 11.6 · contamination_overlap
#
# `contamination_overlap(items, corpus, n=13)` gives a list of floats, one for each item.
#
# - Words are those of `words(text)` in the first code cell: lower case, without punctuation.
# - A run of n words of an item is *shared* if the same n words stand one after another in **one** document of
#   `corpus`, a list of texts. An item's number is the share of its words that lie in at least one shared run. A
#   word counts at each place where it stands.
# - An item of fewer than n words has one run: all its words. An item without words is 0.0. No documents: 0.0 each.
# - n < 1 raises `ValueError`. There may be some hundred items and some ten thousand words of corpus: look up in a
#   set rather than compare each with each.
#
# Source: Brown et al. 2020 (arXiv 2005.14165), appendix C, for words and n-grams; Touvron et al. 2023 for the
# share.

# %% stub="contamination_overlap"
def contamination_overlap(items: Sequence[str], corpus: Sequence[str], n: int = 13) -> list[float]:
    """For each item the share of its words inside runs of n words that a document has too.

    "a b c d" against ["x a b c"] at n = 3: the run a b c is shared, three of four words: [0.75].
    """
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError("n is 1 at least")
    own = [words(item) for item in items]
    documents = [words(text) for text in corpus]
    lengths = {min(n, len(item)) for item in own if item}
    seen = {tuple(doc[i:i + m]) for m in lengths for doc in documents for i in range(len(doc) - m + 1)}
    shares = []
    for item in own:
        m = min(n, len(item))
        starts = [i for i in range(len(item) - m + 1) if item and tuple(item[i:i + m]) in seen]
        inside = {i + j for i in starts for j in range(m)}
        shares.append(len(inside) / len(item) if item else 0.0)
    return shares
    ### END SOLUTION
    raise NotImplementedError("contamination_overlap")

# %% [markdown] hints="contamination_overlap"
# <details><summary>Hint 1: a question</summary>
#
# Twenty words, of which the first fifteen are copied. How many of its 13-grams are shared, and how many of its
# words lie in them?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# n = 3, item "a b c d e f", document "a b c d": runs abc and bcd are shared. Words inside: a, b, c, d. The answer
# is 4/6, not 2/4 (runs), and not 6/6 (each run's words added up).
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Short items want shorter runs, so the set of what was seen needs those lengths too. And a run may not begin in one
# document and end in the next.
#
# </details>

# %% graded="contamination_overlap__values" points=3
# Looks at shares of words, for several n.
check(
    contamination_overlap,
    ["a b c d e f", "A, b... C!", "x y z"],
    ["a b c d"],
    3,
    want=[4 / 6, 1.0, 0.0],
    why="abc and bcd are shared: four of six words",
    mistakes={
        "the share of runs, not of words": [0.5, 1.0, 0.0],
        "any shared run counts as all": [1.0, 1.0, 0.0],
    },
)
check(contamination_overlap, ["the cat sat"], ["sat the cat"], 3, want=[0.0],
      why="the same words in another order")
### BEGIN HIDDEN TESTS
for seed, (n, size, letters) in enumerate([(1, 30, "abcdefgh"), (2, 40, "abcd"), (3, 60, "abc"), (5, 90, "ab"),
                                           (13, 400, "ab"), (4, 50, "abc")]):
    rng = np.random.default_rng(seed)
    corpus = [" ".join(rng.choice(list(letters), int(rng.integers(1, size)))) for _ in range(4)]
    items = [" ".join(rng.choice(list(letters + "z"), int(rng.integers(n, 4 * n + 6)))) for _ in range(6)]
    long = corpus[0].split()
    items += ["Z " + " ".join(long[2 : 2 + n + 3]).upper() + ", z!", corpus[1], "z " * n]
    check(contamination_overlap, items, corpus, n, want=[covered(i, corpus, n) for i in items],
          why="the share of words inside shared runs")
text = [f"w{i}" for i in range(40)]
for n in (13, 8):
    item = " ".join(["new"] * 5 + text[3 : 3 + n] + ["new"] * 7 + text[20:33] + ["end"])
    check(contamination_overlap, [item], [" ".join(text)], n, want=[(n + 13) / (n + 26)],
          why=f"two copied runs of {n} and 13 words")
check(contamination_overlap, [" ".join(["new"] + text[:13]), " ".join(["new"] + text[:12] + ["new"])],
      [" ".join(text)], want=[13 / 14, 0.0], why="the default is 13 words: twelve are none")
check(contamination_overlap, ["a b a b a b c"], ["a b a"], 3, want=[5 / 7],
      why="overlapping runs: each place counts once")
check(contamination_overlap, ["category theory now"], ["a cat egory theory nowhere"], 2, want=[0.0],
      why="words, not characters")
check(contamination_overlap, ["ab c", "a bc"], ["a bc"], 2, want=[0.0, 1.0], why="where a word ends matters")
check(contamination_overlap, ["one, two three", "Über NAIVE 12.5"], ["One two. Three?", "über naive 12 5"], 3,
      want=[1.0, 1.0], why="lower case, no punctuation")
check(contamination_overlap, ["room 101 is on floor 1"], ["Room 102 is on floor 1."], 3, want=[4 / 6],
      why="numbers are words")
check(contamination_overlap, ["a b c", "a b c"], ["x"], 2, want=[0.0, 0.0], why="items are no documents")
many = [" ".join(text[i % 20 : i % 20 + 15]) for i in range(300)]
check(contamination_overlap, many, [" ".join(text)] * 30, 13, want=[1.0] * 300, why="three hundred items")
### END HIDDEN TESTS

# %% graded="contamination_overlap__edges" points=2
# Looks at short and empty items, at the ends of documents, and at n.
check(contamination_overlap, ["a b", "b a", ""], ["x a b y"], 3, want=[1.0, 0.0, 0.0],
      why="an item shorter than n is one run; one without words is 0",
      mistakes={"short items are never found": [0.0, 0.0, 0.0]})
check(contamination_overlap, ["a b c d"], ["a b", "c d"], 3, want=[0.0],
      why="no document has three of these words in a row", mistakes={"runs go across documents": [1.0]})
raises(ValueError, contamination_overlap, ["a"], ["a"], 0, why="runs of no words")
### BEGIN HIDDEN TESTS
check(contamination_overlap, [], ["a"], 3, want=[], why="no items")
check(contamination_overlap, ["a b c", "", "a"], [], 2, want=[0.0, 0.0, 0.0], why="no documents")
check(contamination_overlap, ["?!", "...", "a"], ["?! ...", ""], 2, want=[0.0, 0.0, 0.0],
      why="no words, nothing to share")
check(contamination_overlap, ["a", "b c", "c b", "a b c d e", "b c d"], ["d a", "b c d e"], 4,
      want=[1.0, 1.0, 0.0, 0.8, 1.0], why="items of unlike length beside each other")
check(contamination_overlap, ["a b c"], ["a b"], 13, want=[0.0], why="a document shorter than the item")
check(contamination_overlap, ["a b c", "c d"], ["x a b c", "c", "d"], 3, want=[1.0, 0.0],
      why="the end of a document")
check(contamination_overlap, ["b c a"], ["a b c", "a b c"], 3, want=[0.0],
      why="runs do not go round a document or on to the next")
check(contamination_overlap, ["a " * 12], ["a " * 11], want=[0.0], why="twelve words against eleven")
check(contamination_overlap, ["a " * 12], ["a " * 12], want=[1.0], why="twelve words, shorter than 13: one run")
raises(ValueError, contamination_overlap, [], [], -1, why="n is 1 at least")
raises(ValueError, contamination_overlap, ["a b"], ["a b"], -3, why="n is 1 at least")
unchanged(contamination_overlap, ["A b", "c"], ["a B c"], 2, want=[1.0, 1.0])
### END HIDDEN TESTS

# %% tags=["picture"]
benchmarks.copies(contamination_overlap)

# %% [markdown]
# Our forty questions against a made-up training text that holds ten of them word for word, ten with every fourth
# word replaced, ten in the order of words turned round, and ten not at all. Each dot is an item. With n = 13 each
# question is one single run, and one changed word hides it; with n = 3 all the changed ones appear, and two that the
# text does not hold; with n = 2 three of these. Of those turned round they find one and two. No n finds what was
# reworded and spares the stranger.
#
# ## 7 · The whole: a harness
#
# A harness does four things: it writes the prompt, asks the model, scores, and says how sure it is. Each step has a
# place where scores are lost or given away:
#
# - **The prompt.** Shots show the format. A shot that is the item itself gives the answer away. A space too many at
#   the end ("Answer: ") breaks the tokens of the option, which begin with a space themselves.
# - **The stop.** A base model that has answered goes on with the next "Question:", invents it and answers that too.
#   Whoever then reads the last number grades the invented question. So one cuts.
# - **Micro and macro.** The mean over all items (micro) and the mean over the subjects' means (macro) differ where
#   subjects have unequal sizes. MMLU has been reported in both ways.
# - **What is kept.** Prompt, raw output, version of everything, item by item. Without the items there is no paired
#   comparison.
#
# ### Exercise 11.7 · run_benchmark
#
# An *item* is a dict. Both kinds have `"question"`. One with `"options"` (a list of strings) has the place of the
# right one as `"answer"`, an int. One without has a string as `"answer"`, such as `"1,200"`.
#
# - `few_shot(item, shots)`: the prompt. For each shot, an item itself, `"Question: …\nAnswer: …\n\n"` with its
#   question and the text of its answer (the right option's, or the string); then `"Question: …\nAnswer:"` for the
#   item, without a space at the end. A shot with the item's own question is left out.
# - `run_benchmark(items, shots, loglik, generate, norm="bytes")`: a list with 1 (right) or 0 for each item, in
#   order.
#   - With options: `loglik(prompt, " " + option)` gives a tensor with the log-probabilities of that option's
#     tokens, and is asked once for each option, in order. The choice is your `mcq_loglik`'s by `norm`, with the
#     options' texts without the space.
#   - Without: `generate(prompt)` gives a text and is asked once. It counts up to the first `"\nQuestion:"`. Right
#     is where your `extract_answer` reads the same from it as from the item's answer; a text without a number is
#     wrong, whatever the item's answer.
# - `summary(a, b, subjects, groups=None, alpha=0.05, n_boot=2000, seed=0)` compares two models by their lists of 1
#   and 0: a dict with the keys
#   - `"micro"`: the accuracies (of a, of b); `"macro"`: the means over subjects of the subjects' accuracies, of a
#     and b;
#   - `"interval"`: (estimate, low, high) of your paired `bootstrap_ci` of a − b with these groups, α, n_boot, seed;
#   - `"p"`: McNemar's; `"better"`: `"a"` or `"b"`, the one with more items to itself, if p < α; else None.
#
#   `subjects` has a name for each item. Lists of different length (groups too) and no items raise `ValueError`.
#
# Source: the shape of lm-evaluation-harness 0.4, its `until` and `acc_norm`; the prompt is this course's.

# %% stub="run_benchmark"
def few_shot(item: dict, shots: Sequence[dict]) -> str:
    """The prompt: solved shots, then the item's question.

    {"question": "2 + 2?"} without shots: "Question: 2 + 2?\\nAnswer:".
    """

    ### BEGIN SOLUTION
    def solved(shot):
        answer = shot["options"][shot["answer"]] if "options" in shot else shot["answer"]
        return f"Question: {shot['question']}\nAnswer: {answer}\n\n"

    before = "".join(solved(s) for s in shots if s["question"] != item["question"])
    return before + f"Question: {item['question']}\nAnswer:"
    ### END SOLUTION
    raise NotImplementedError("few_shot")


def run_benchmark(items: Sequence[dict], shots: Sequence[dict], loglik: Callable[[str, str], Tensor],
                  generate: Callable[[str], str], norm: str = "bytes") -> list[int]:
    """1 or 0 for each item: by likelihood where it has options, else by the number generated.

    No items: [].
    """
    ### BEGIN SOLUTION
    right = []
    for item in items:
        prompt = few_shot(item, shots)
        if "options" in item:
            logps = [loglik(prompt, " " + option) for option in item["options"]]
            right.append(int(mcq_loglik(logps, item["options"], norm) == item["answer"]))
        else:
            said = extract_answer(generate(prompt).split("\nQuestion:")[0])
            right.append(int(said is not None and said == extract_answer(item["answer"])))
    return right
    ### END SOLUTION
    raise NotImplementedError("run_benchmark")


def summary(a: Sequence[int], b: Sequence[int], subjects: Sequence[str], groups: Sequence | None = None,
            alpha: float = 0.05, n_boot: int = 2000, seed: int = 0) -> dict:
    """Two models on the same items: micro, macro, interval, p, better.

    [1, 0] against itself, one subject: micro and macro (0.5, 0.5), interval (0, 0, 0), p 1, better None.
    """
    ### BEGIN SOLUTION
    if not len(a) == len(b) == len(subjects) or len(a) == 0 or (groups is not None and len(groups) != len(a)):
        raise ValueError("a, b, subjects and groups need the same length, and items")

    def macro(right):
        by = {}
        for name, r in zip(subjects, right):
            by.setdefault(name, []).append(r)
        return sum(sum(rs) / len(rs) for rs in by.values()) / len(by)

    only_a, only_b, p = mcnemar_exact(a, b)
    better = None if p >= alpha else "a" if only_a > only_b else "b"
    return {"micro": (sum(a) / len(a), sum(b) / len(b)), "macro": (macro(a), macro(b)),
            "interval": bootstrap_ci(a, b, groups, alpha, n_boot, seed), "p": p, "better": better}
    ### END SOLUTION
    raise NotImplementedError("summary")

# %% [markdown] hints="run_benchmark"
# <details><summary>Hint 1: a question</summary>
#
# Write down the prompt for an item with two shots, character by character. Where are the spaces, and where do lines
# end?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# The model writes " 4 + 3 = 7\n\nQuestion: And 7 + 5?\nAnswer: 12". Up to the cut the last number is 7. Macro: 9 of
# 10 right in one subject, 0 of 1 in the other: micro 9/11, macro 0.45.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# None equals None. And an option is asked with a space before it, yet its bytes are counted without.
#
# </details>

# %% graded="run_benchmark__prompt" points=2
# Looks at the prompt, character by character.
sea = {"question": "Which is wet?", "options": ["sand", "the sea"], "answer": 1}
two = {"question": "What is 1 + 1?", "answer": "2"}
check(
    few_shot,
    sea,
    [two],
    want="Question: What is 1 + 1?\nAnswer: 2\n\nQuestion: Which is wet?\nAnswer:",
    mistakes={"a space at the end": "Question: What is 1 + 1?\nAnswer: 2\n\nQuestion: Which is wet?\nAnswer: "},
    why="the shot, an empty line, the item",
)
check(few_shot, two, [sea, two],
      want="Question: Which is wet?\nAnswer: the sea\n\nQuestion: What is 1 + 1?\nAnswer:",
      why="a shot with the item's own question gives the answer away")
### BEGIN HIDDEN TESTS
check(few_shot, two, [], want="Question: What is 1 + 1?\nAnswer:", why="no shots")
check(few_shot, sea, [sea], want="Question: Which is wet?\nAnswer:", why="the only shot is the item")
first = {"question": "Pick a.", "options": ["a", "b", "c"], "answer": 0}
text = "Question: Pick a.\nAnswer: a\n\nQuestion: What is 1 + 1?\nAnswer: 2\n\nQuestion: Which is wet?\nAnswer: the sea\n\n"
check(few_shot, {"question": "And?", "answer": "-3"}, [first, two, sea], want=text + "Question: And?\nAnswer:",
      why="three shots, in their order; answer 0 is the first option")
check(few_shot, {**sea, "options": ["x"], "answer": 0}, [sea, first],
      want="Question: Pick a.\nAnswer: a\n\nQuestion: Which is wet?\nAnswer:",
      why="the same question with other options is the same question")
check(few_shot, first, [{"question": "How many?", "answer": "1,200"}],
      want="Question: How many?\nAnswer: 1,200\n\nQuestion: Pick a.\nAnswer:", why="the string as it stands")
many = [{"question": q, "answer": str(i)} for i, q in enumerate(["And?", "which is WET?", " Wide ", "?", "b", "And?"])]
text = "".join(f"Question: {q}\nAnswer: {i}\n\n" for i, q in enumerate(["And?", "which is WET?", " Wide ", "?", "b", "And?"]))
check(few_shot, {**sea, "question": "Which is wet? And?"}, many, want=text + "Question: Which is wet? And?\nAnswer:",
      why="six shots as they stand; only the very same question is left out")
check(few_shot, {"question": " Wide ", "answer": "4"}, [{"question": "Wide", "answer": "5"}, many[2]],
      want="Question: Wide\nAnswer: 5\n\nQuestion:  Wide \nAnswer:", why="questions as they stand, spaces too")
check(few_shot, sea, [{"question": "Which is wet? And why?", "answer": "6"}],
      want="Question: Which is wet? And why?\nAnswer: 6\n\nQuestion: Which is wet?\nAnswer:",
      why="a longer question is another question")
check(few_shot, sea, many, want=text + "Question: Which is wet?\nAnswer:", why="another spelling is another question")
unchanged(few_shot, sea, [two, sea, two],
          want="Question: What is 1 + 1?\nAnswer: 2\n\n" * 2 + "Question: Which is wet?\nAnswer:")
### END HIDDEN TESTS

# %% graded="run_benchmark__options" points=2
# Looks at items with options: what the model is asked, and the norm.
asked = []


def prefers_b(prompt, option):
    "Likes options that begin with b; notes what it is asked."
    asked.append((prompt, option))
    return torch.tensor([-1.0 if option.startswith(" b") else -3.0, -1.0])


def silent(prompt):
    "A model that is not to be asked for text."
    raise AssertionError("generate was asked about an item with options")


pick = [{"question": "b?", "options": ["aa", "bb"], "answer": 1}, {"question": "a?", "options": ["ba", "ab"],
                                                                   "answer": 1}]
check(run_benchmark, pick, [], prefers_b, silent, want=[1, 0], why="it chooses bb, then ba")
expect(asked[:2], [("Question: b?\nAnswer:", " aa"), ("Question: b?\nAnswer:", " bb")],
       on="what loglik was asked", why="the prompt, and each option with a space before it")
### BEGIN HIDDEN TESTS
check(run_benchmark, [], [], prefers_b, silent, want=[], why="no items")


def flat(prompt, option):
    "Every character costs one nat, and two nats come on top."
    return torch.cat([torch.full((len(option) - 1,), -1.0), torch.tensor([-2.0])])


three = [
    {"question": "q1", "options": ["long enough", "s"], "answer": 0},
    {"question": "q2", "options": ["s", "long enough"], "answer": 0},
    {"question": "q3", "options": ["ssss", "ßß"], "answer": 1},
    {"question": "q4", "options": ["äöü", "sssss"], "answer": 1},
]
check(run_benchmark, three, [], flat, silent, want=[1, 0, 1, 0], why="the default norm is bytes")
check(run_benchmark, three, [], flat, silent, "none", want=[0, 1, 1, 0], why="norm none: the sums")
check(run_benchmark, three, [], flat, silent, "tokens", want=[1, 0, 0, 1], why="norm tokens")
# with the space counted as a byte it would be -3/3 against -4/4, a tie
odd = [{"question": "q", "options": ["ab", "abc"], "answer": 1}]
check(run_benchmark, odd, [], lambda p, o: torch.tensor([-3.0 if o == " ab" else -4.0]), silent, want=[1],
      why="bytes of the option, without the space: -3/2 against -4/3")
raises(ValueError, run_benchmark, odd, [], flat, silent, "words", why="there is no such norm")
seen = []


def notes(prompt, option):
    "Notes what it is asked."
    seen.append((prompt, option))
    return torch.tensor([-float(len(option))])


shots = [{"question": "s1", "answer": "7"}, {"question": "q2", "options": ["x", "y"], "answer": 0}]
run_benchmark([{"question": "q1", "options": ["c", "a", "b"], "answer": 0},
               {"question": "q2", "options": ["a", "a"], "answer": 0}], shots, notes, silent)
one = "Question: s1\nAnswer: 7\n\nQuestion: q2\nAnswer: x\n\nQuestion: q1\nAnswer:"
other = "Question: s1\nAnswer: 7\n\nQuestion: q2\nAnswer:"
expect(seen, [(one, " c"), (one, " a"), (one, " b"), (other, " a"), (other, " a")], on="what loglik was asked",
       why="each option once, in order, after the shots")
items = [{"question": f"q{i}", "options": list("abcdefg")[: 2 + i % 5], "answer": i % 2, "subject": "x"}
         for i in range(23)]
rng = np.random.default_rng(1)
table = {(i["question"], " " + o): rng.standard_normal(3) - 4 for i in items for o in i["options"]}
want = [int(max(range(len(i["options"])), key=lambda j: table[i["question"],
                                                              " " + i["options"][j]].sum()) == i["answer"])
        for i in items]


def look(prompt, option):
    "Looks the numbers up."
    return torch.tensor(table[prompt.split("Question: ")[-1].removesuffix("\nAnswer:"), option])


check(run_benchmark, items, shots, look, silent, "none", want=want, why="23 items with two to six options")
unchanged(run_benchmark, items, shots, look, silent, "none", want=want)
### END HIDDEN TESTS

# %% graded="run_benchmark__generation" points=2
# Looks at items without options: the cut, and numbers that are equal.
def never(prompt, option):
    "A model that is not to be asked for likelihoods."
    raise AssertionError("loglik was asked about an item without options")


sums = [{"question": "4 + 3?", "answer": "7"}]
check(run_benchmark, sums, [], never, lambda p: " It is 7.\n\nQuestion: 7 + 5?\nAnswer: 12", want=[1],
      why="what comes after the next question is not the answer",
      mistakes={"the invented question was graded": [0]})
check(run_benchmark, sums, [], never, lambda p: " It is 8.\nQuestion: 3 + 4?\nAnswer: 7", want=[0],
      why="8 is wrong")
check(run_benchmark, [{"question": "Half of 2,401?", "answer": "1,200.5"}], [], never,
      lambda p: r"\boxed{\frac{2401}{2}}", want=[1], why="equal numbers")
### BEGIN HIDDEN TESTS
heard = []


def answers(prompt):
    "Answers by the last question; notes what it is asked."
    heard.append(prompt)
    return {"none": "I cannot say.", "late": "I think so\nQuestion: late\nAnswer: 5", "half": " 0.5 of it",
            "minus": "-3", "box": r"9 \boxed{5}", "hash": "5 #### 6", "word": " Question: 5",
            "end": "5\nAnswer: 6", "": "", "cut": "6\nQuestion:\n\\boxed{5}",
            "para": "I add.\n\nIt is 8.\n\n", "twice": "5\nQuestion: 6\nQuestion: 7"
            }[prompt.split("Question: ")[-1].removesuffix("\nAnswer:")]


cases = [("none", "5", 0), ("late", "5", 0), ("half", "1/2", 1), ("half", "0.50", 1), ("half", "5", 0),
         ("minus", "−3.0", 1), ("minus", "3", 0), ("box", "5", 1), ("box", "9", 0), ("hash", "6", 1),
         ("word", "5", 1), ("end", "6", 1), ("end", "5", 0), ("", "0", 0), ("cut", "6", 1), ("twice", "5", 1),
         ("twice", "7", 0), ("para", "8", 1), ("none", "no number", 0)]
items = [{"question": q, "answer": a} for q, a, _ in cases]
check(run_benchmark, items, [], never, answers, want=[w for *_, w in cases],
      why="the text up to the next question, read by extract_answer")
heard.clear()
run_benchmark(items[:3], [{"question": "half", "answer": "1/2"}], never, answers)
expect(heard, ["Question: half\nAnswer: 1/2\n\nQuestion: none\nAnswer:",
               "Question: half\nAnswer: 1/2\n\nQuestion: late\nAnswer:", "Question: half\nAnswer:"],
       on="what generate was asked", why="once for each item, with the shots, but for the item itself")
mixed = [sums[0], {"question": "b?", "options": ["a", "b"], "answer": 1}, {"question": "none", "answer": "3"}]
check(run_benchmark, mixed, sums, lambda p, o: torch.tensor([-1.0 if o == " b" else -2.0]),
      lambda p: "7" if "4 + 3" in p.split("\n\n")[-1] else "none", "none", want=[1, 1, 0],
      why="both kinds beside each other")
### END HIDDEN TESTS

# %% graded="run_benchmark__summary" points=3
# Looks at the comparison of two models.
a, b = [1] * 9 + [0], [1] * 8 + [0, 0]
got = summary(a, b, ["x"] * 8 + ["y"] * 2)
expect({k: got[k] for k in ("micro", "macro", "p", "better")}, {"micro": (0.9, 0.8), "macro": (0.75, 0.5),
                                                                "p": 1.0, "better": None},
       on="9 of 10 against 8 of 10",
       why="subject x has eight items, y two: macro of a is (1 + 1/2) / 2; one discordant item decides nothing")
expect(got["interval"][0], 0.1, on="the estimate in the interval of a - b")
### BEGIN HIDDEN TESTS
for seed, (n, gap, alpha) in enumerate([(60, 1.4, 0.1), (200, 0.9, 0.4), (75, 0.0, 0.3), (120, -1.5, 0.02)]):
    rng = np.random.default_rng(seed + 11)
    hard = rng.standard_normal(n)
    a, b = ((hard + rng.standard_normal(n) < t).astype(int).tolist() for t in (gap / 2, -gap / 2))
    subjects = [f"s{int(i)}" for i in rng.integers(0, 6, n) ** 2 // 5]
    texts = rng.integers(0, n // 3, n).tolist() if seed % 2 else None
    got = summary(a, b, subjects, texts, alpha, 3000, seed)
    assert set(got) == {"micro", "macro", "interval", "p", "better"}, f"expected five keys, got {sorted(got)}"
    expect(got["micro"], (sum(a) / n, sum(b) / n), on="micro", rtol=1e-9)
    names = sorted(set(subjects))
    expect(got["macro"], tuple(float(np.mean([np.mean([r for r, s in zip(m, subjects) if s == name])
                                              for name in names])) for m in (a, b)), on="macro", rtol=1e-9)
    wins, losses = sum(x > y for x, y in zip(a, b)), sum(x < y for x, y in zip(a, b))
    expect(got["p"], exact_p(wins, losses), on="p", rtol=1e-6, atol=0)
    expect(got["better"], None if exact_p(wins, losses) >= alpha else "a" if wins > losses else "b",
           on=f"better at {wins} to {losses}, alpha = {alpha}")
    ends, error = boot(np.subtract(a, b), texts, [alpha / 2, 1 - alpha / 2])
    expect(got["interval"][0], (wins - losses) / n, on="the estimate", atol=1e-12)
    for side, bound, want in zip(("low", "high"), got["interval"][1:], ends):
        assert abs(bound - want) < max(0.3 * error, 1.1 / n), (
            f"{n} items, groups {texts is not None}: expected {side} at {want:.4f}, got {bound:.4f}"
        )
a, b = [1] * 9 + [0] * 5, [0] * 9 + [1] + [0] * 4
for alpha, want in [(0.05, "a"), (0.01, None), (0.03, "a"), (0.02, None)]:  # 9 to 1: p = 0.0215
    expect(summary(a, b, ["s"] * 14, None, alpha)["better"], want, on=f"better at 9 to 1, alpha = {alpha}")
    expect(summary(b, a, ["s"] * 14, None, alpha)["better"], want and "b",
           on=f"better at 1 to 9, alpha = {alpha}")
expect(summary(a, b, ["s"] * 14)["better"], "a", on="better at 9 to 1 with the defaults")
expect(summary([1] * 6, [0] * 6, ["s"] * 6, None, 0.03125)["better"], None, on="p = alpha = 0.03125",
       why="p < alpha, not <=")
expect(summary([1, 0], [1, 0], ["s", "s"]), {"micro": (0.5, 0.5), "macro": (0.5, 0.5),
                                             "interval": (0.0, 0.0, 0.0), "p": 1.0, "better": None},
       on="a model against itself")
block = np.repeat(range(20), 6).tolist()  # a wins all six items of every other text
low, high = summary([1, 1] * 60, [int(g % 2 == 0) for g in block], ["s"] * 120, block, 0.05, 3000,
                    1)["interval"][1:]
assert 0.36 < high - low < 0.5, f"20 groups of six equal differences: expected a width near 0.43, got {high - low:.3f}"
x, y = [1, 0] * 40, [0, 0, 1, 0] * 20
ends = [summary(x, y, ["s"] * 80, None, 0.05, 1, seed)["interval"] for seed in range(10)]
assert len(set(ends)) > 1 and all(low == high for _, low, high in ends), (
    f"n_boot = 1 and ten seeds: expected single means that differ, got {ends[:3]}"
)
# a wins 12 of 40 items of subject x, b both items of y: p = 0.0129, and b has the higher macro
got = summary([1] * 12 + [0] * 30, [0] * 40 + [1] * 2, ["x"] * 40 + ["y"] * 2)
expect((got["macro"], got["better"]), ((0.15, 0.5), "a"), on="12 to 2, where b has the higher macro",
       why="better is who has more items to itself")
expect(summary([1] * 385 + [1] * 13 + [0] * 2, [1] * 385 + [0] * 13 + [1] * 2, ["s"] * 400)["better"], "a",
       on="better at 13 to 2 of 400", why="p = 0.0074, however small the gap")
expect(summary([1, 0, 0], [1, 0, 0], ["Law", "law", "law"])["macro"], (0.5, 0.5), on="macro over Law and law")
for bad in [([1], [1, 0], ["s"]), ([1, 0], [1, 0], ["s"]), ([], [], []), ([1], [1], ["s"], []),
            ([1, 0], [1, 0], ["s", "s"], ["g"]), ([1], [1], ["s"], ["g", "h"])]:
    raises(ValueError, summary, *bad, why="the same number of items everywhere, and one at least")
unchanged(summary, [1, 1], [0, 0], ["s", "t"], [1, 1], 0.6, 10, want={"micro": (1.0, 0.0), "macro": (1.0, 0.0),
                                                                      "interval": (1.0, 1.0, 1.0), "p": 0.5,
                                                                      "better": "a"})
### END HIDDEN TESTS

# %% tags=["picture"]
benchmarks.a_board(run_benchmark, summary)

# %% [markdown]
# Two made-up models answer our forty questions and twenty sums; both know more of some subjects than of others.
# Left, the accuracies by subject; right, the paired interval of the difference, and p. The dots of a subject with
# five items can stand at six places. That is all the resolution it has.
#
# ## 8 · The experiment: luck on a leaderboard
#
# Twenty models with true accuracies from 80 % to 86 %, evenly spread, and a benchmark of 164 items that all of them
# answer. Items have a difficulty that all models feel. The board is drawn again and again with new items. How often
# is the truly best model on top? (A shared first place counts in parts.) It takes about 4 seconds.
#
# **Predict before you run it**: `"under 10 %"`, `"10 to 33 %"`, `"33 to 66 %"` or `"over 66 %"` of the boards? One
# point for committing, one for being right.

# %% stub="prediction"
prediction: str | None = None  # how often the truly best of 20 models tops a board of 164 items
### BEGIN SOLUTION
prediction = "10 to 33 %"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an answer.
committed(prediction, options=["under 10 %", "10 to 33 %", "33 to 66 %", "over 66 %"])

# %% graded="prediction__right" points=1
# The answer is the one that the experiment shows.
committed(prediction, options=["under 10 %", "10 to 33 %", "33 to 66 %", "over 66 %"])
### BEGIN HIDDEN TESTS
predicted(prediction, "10 to 33 %",
          "Compare the gap between neighbours with the standard error of one score, and then think of pure chance.")
### END HIDDEN TESTS

# %% tags=["experiment"]
def boards(rng, truth, n, spread=1.0):
    "Right answers (models, n) of models with these true accuracies, on items of shared difficulty."
    difficulty = spread * rng.standard_normal(n)
    skill = np.array([NormalDist().inv_cdf(p) for p in truth]) * (1 + spread ** 2) ** 0.5
    return skill[:, None] + rng.standard_normal((len(truth), n)) > difficulty


luck = benchmarks.leaderboard(boards, bootstrap_ci, prediction=prediction)

# %% [markdown]
# Questions to read it with:
#
# - The best and the second are 0.3 points apart. What is the standard error of one score on 164 items, and what
#   does it take to bring it below that gap?
# - The leader's score: is it above or below its truth? The maximum of twenty noisy numbers is the luckiest one.
#   This is the *winner's curse*: whoever picks the best of many by a benchmark must expect less on the next.
# - How much do pairs gain here, and what would they gain with `spread=2.0`, where items differ more?
# - How would you print this board? Ranks as intervals: "1 to 9" says what is known.
#
# ## 9 · The real model: one model, forty questions, several scores
#
# SmolLM2-135M-Instruct (Allal et al. 2025, arXiv 2502.02737) on the forty questions of `course/data/quiz.toml`,
# which were written for this course: four options, chance 25 %. Your `few_shot` without shots, your
# `run_benchmark`, your intervals. About 20 seconds, not graded.

# %% tags=["real"]
from course.models.smollm import attempt, load

with attempt():
    smollm, tokenizer = load(torch.bfloat16)
    by_norm = benchmarks.quiz_by_norm(smollm, tokenizer, few_shot, run_benchmark, bootstrap_ci)
    print("norm none against norm bytes:")
    subjects = [item["subject"] for item in quiz()]
    for key, value in summary(by_norm["none"], by_norm["bytes"], subjects).items():
        print(f"  {key}: {value if key == 'better' else np.round(value, 3).tolist()}")
    for norm, right in by_norm.items():
        print(f"chance-adjusted, {norm}: {chance_adjusted(sum(right) / len(right), 4):.2f}")

# %% [markdown]
# It is far above chance. The three norms give scores close together and still disagree on many items, one way and
# the other. The intervals are some 30 points wide: these forty items say that the model knows something, and
# nothing about which norm is better; nor does the paired comparison.
#
# Now the same questions in the other format, as MMLU is mostly asked: the options with letters A to D, and the
# likeliest letter wins. About 20 seconds.

# %% tags=["real"]
with attempt():
    smollm, tokenizer = load(torch.bfloat16)
    by_letter = benchmarks.quiz_by_letter(smollm, tokenizer, mcq_loglik, bootstrap_ci)

# %% [markdown]
# Look at which letters it chose before you read the accuracy. The right option stands at each letter ten times. A
# model that always says the same letter is right on a quarter of the items, whatever it knows. The format asks for
# one more skill, that of binding a letter to a text; a small model often lacks it. So:
#
# - "MMLU 25 %" of a small model may mean "cannot do letters" rather than "knows nothing".
# - Two papers' numbers on one benchmark compare nothing unless prompt, shots, format and norm are the same.
# - Balance the places of the right option, and turn the options: a fixed preference then shows.
#
# ## 10 · Feel it: items, gap, shared difficulty
#
# Two models, a true gap. Move the number of items: when does the worse one stop winning? Move the difficulty that
# both models feel (its standard deviation; 0: none): fewer items are discordant, and the histogram becomes narrower
# than the grey band of two separate samples.

# %% tags=["widget"]
benchmarks.widget(mcnemar_exact)

# %% [markdown]
# ## 11 · What to ask of a number
#
# "Model X reaches 88.7 on MMLU." Ask:
#
# | question | because |
# |---|---|
# | which prompt, shots, format, norm? | part 9 |
# | which items, how many, which interval? | part 4 |
# | greedy or sampled, how many runs? | temperature adds scatter |
# | which stop, which extraction? | part 2, part 7 |
# | pass@1, pass@k, or best of k? | part 1 |
# | which scaffold, tools, tokens? | agents, reasoning models |
# | made before or after the cut-off? | part 6 |
# | micro or macro? | part 7 |
#
# **Noise of sampling.** With a temperature an item is right with some probability. Several answers an item narrow
# that part of the noise, not the part that comes from the choice of items: average over the answers of an item
# first, then draw items (each item is a group).
#
# **Saturation.** Near 100 % the rest is wrong labels and unclear items; differences there are noise. Then harder
# sets come: MMLU-Pro has ten options, GPQA questions that experts wrote, SWE-bench Verified has issues that people
# checked.
#
# **Goodhart.** What is optimised stops measuring. Private items, items that renew themselves (LiveCodeBench takes
# contest problems by date) and a test set of your own task are worth more than one more public score.
#
# **RAG end to end** (section 21 has the metrics, section 03 the pipeline): first the retriever alone (recall of the
# needed passages, ranking), then the answer given the passages (faithfulness: is each statement supported by
# them?), then the whole against reference answers (correctness), and beside it latency at the 95th percentile,
# cost, and how often it abstains. Of RAGAS's metrics, context precision depends on the *order* of the passages;
# answer relevancy does not look at truth. "p95 below 2 s" and "100 samples read by people" are somebody's numbers:
# 100 samples leave ±9.8 points.
#
# ## 12 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="choose"
# A colleague reports: "Our fine-tuned model beats the base on our 300 multiple-choice questions, 74 % to 71 %. The
# questions belong to 30 manuals, ten each. I tried eight checkpoints and took the best. Let us ship it." You get
# the answers of both, item by item: 35 items only the new one has right, 26 only the old one. Write, in about 15
# lines:
#
# 1. Is the new model better? Which test, with which result, and what of the manuals?
# 2. What do the eight checkpoints do to the number, and what would mend it?
# 3. Which three properties of the harness would you check before believing either number, and how?
# 4. How many items would show a gap of 3 points, and where would you get them?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Test**: paired, McNemar exact on 35 to 26, p = 0.31: not shown. Difference 3 points, 61 of 300 discordant; the
#   bootstrap must draw manuals (30 groups), which mostly widens the interval. (Half a point without the groups.)
# - **Eight checkpoints**: the best of eight is the luckiest, its score is biased upwards; choose on one set,
#   measure on another that nobody has looked at, or correct for the number of tries.
# - **Harness**: three of: same prompt and shots, a shot that is an item; norm and option lengths; letters and the
#   place of the right option; extraction and stop; contamination (was the fine-tuning data made from the same
#   manuals' questions? n-grams, paraphrases); with a way to check each.
# - **Items**: 7.85 · 0.2 / 0.03² is about 1,740 (61/300 gives 1,774), more because of groups: more manuals rather
#   than more questions per manual; written by people or checked, not seen in training.
#
# === END MARK SCHEME ===

# %% [markdown] written="choose" points=4
# ### BEGIN SOLUTION
# 1. Both answered the same items, so only the 61 discordant ones count. 35 to 26 of a fair coin: McNemar's exact p
#    is 0.31. The difference is 3.0 points; its standard error item by item is sqrt(61/300 - 0.03^2)/sqrt(300), 2.6
#    points, so about -2 to +8. Ten questions of a manual stand or fall together: I bootstrap manuals, 30 groups,
#    and expect a wider interval. Nothing is shown; nothing is refuted either.
# 2. The maximum of eight noisy scores is high by luck: with a standard error of 2.6 points for a difference, the
#    best of eight equal ones lies well above 0. Choose the checkpoint on half of the manuals, measure once on the
#    other half.
# 3. I read twenty prompts with raw outputs of both models; I turn the options and see whether accuracy stays; I
#    compute the score under none, tokens and bytes; I search the fine-tuning data for 8- and 13-grams of the
#    questions, and for paraphrases by embeddings; I make sure that no shot is an item.
# 4. With 20 % discordant items 7.85 * 0.2 / 0.03^2 = 1,744 items, with 61/300 1,774, and more because of the
#    groups. So some 200 manuals with ten questions rather than 30 with sixty, written after the training data was
#    closed.
# ### END SOLUTION

# %% [markdown]
# ## 13 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="11.1" level="basic"
# <details><summary>What are the main benchmarks for LLMs?</summary>
#
# - **Knowledge**: MMLU, 57 subjects, four options, chance 25 %; MMLU-Pro with ten. GPQA: questions by experts. ARC:
#   science from school (not ARC-AGI, the grid puzzles).
# - **Mathematics**: GSM8K, 1,319 test items, scored by the last number; MATH, `\boxed`; AIME, 30 items in two
#   contests: ±16 points at 70 %.
# - **Code**: HumanEval, 164 functions, pass@k; SWE-bench, issues of repositories, of model and scaffold.
# - **Instructions**: IFEval, a program checks each. **Agents**: τ-bench, pass^k.
# - **Preference**: Chatbot Arena, two answers, Bradley–Terry with intervals since December 2023 (Elo before).
# - No single one: format, saturation, contamination, interval. And a test of your own task.
#
# </details>

# %% [markdown] card="11.2" level="medium"
# <details><summary>How do you evaluate a RAG system end to end?</summary>
#
# - **Parts first**: retriever (recall at k, context precision, which is rank-aware), then the answer given the
#   passages (faithfulness, citations), then the whole (correctness against references).
# - Answer relevancy measures topic, not truth; faithfulness support, not truth. Only a reference sees a wrong
#   source.
# - **Set**: real questions, rare ones, some without an answer in the corpus; questions of one document are one
#   group in the bootstrap.
# - **Compare** versions on the same questions: paired interval. 100 samples leave ±10 points.
# - **Operation**: latency at the 95th percentile, cost, share of abstentions, by kind of question. Thresholds such
#   as 2 s come from the product.
# - The judge errs too: check it against people first (section 21).
#
# </details>

# %% [markdown] card="" level="basic"
# <details><summary>What is pass@k, and how is it estimated?</summary>
#
# - The probability that one of k sampled programs passes. From n samples with c right: 1 − C(n−c, k)/C(n, k); 1 if
#   n − c < k; the mean over tasks.
# - 1 − (1 − c/n)^k is biased low: at p = 0.1, n = 20, k = 10 it gives 0.568 on average, the truth is 0.651.
# - As a product, since binomials overflow. n well above k, or the scatter is large.
# - It asks whether a right one exists, not whether one finds it. Compare only equal k, temperature and n.
# - Next question: pass^k, all k succeed, C(c, k)/C(n, k). It measures reliability and falls with k.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How is a multiple-choice item scored without generating text?</summary>
#
# - Log-likelihood of each option after the prompt, the largest wins. Sum, or divided by tokens or bytes, or minus
#   the likelihood without the question (PMI).
# - The sum prefers short options. Tokens depend on the tokenizer, bytes do not. lm-evaluation-harness's `acc_norm`
#   divides by characters.
# - Letters A to D are another format and another skill: a small model may say one letter always, and land at
#   chance.
# - Report chance-adjusted: (acc − 1/k)/(1 − 1/k).
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you look for contamination?</summary>
#
# - n-grams of words or tokens (8 to 13) against the training data, share of the item that is covered; score on
#   clean against contaminated items.
# - Blind for paraphrase and translation; embeddings or a judge find some of those.
# - From outside: does it complete the item word for word, does it fall on items after the cut-off, on the same
#   items with other numbers; a canary string.
# - Best cure: private or fresh items.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Model A has 82.5 %, B 77.5 % on the same 200 items. Is A better?</summary>
#
# - Their own intervals (±5.3, ±5.8 points) overlap; that answers another question.
# - Pair them: only discordant items count. 15 to 5: McNemar exact p = 0.041. 40 to 30 gives the same gap and p =
#   0.28.
# - Groups: items from one text are drawn together, or the interval is too narrow.
# - How many comparisons were made? Ten models are 45 pairs: Bonferroni or Holm. The best of many is the luckiest.
# - Size: n ≈ 7.85 d/g² items for 80 % power: 7,849 for 1 point at 10 % discordant.
# - And is the gap worth its price?
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Your score on a public benchmark is 6 points below the paper's. Find the reason.</summary>
#
# - Prompt: template, chat format, system prompt, number and choice of shots, a trailing space.
# - Scoring: likelihood or generation, norm, letters or texts; extraction, stop ("Question:"), maximal length.
# - Items: split, version, filter, micro or macro. 164 items: ±5.5 points is luck.
# - Model: revision, precision, tokenizer's special tokens, temperature, pass@1 or best of k, tools.
# - Method: take twenty items, compare raw prompts and raw outputs with the published ones, item by item. Change one
#   thing at a time, on paired items.
#
# </details>

# %% [markdown]
# ## 14 · Sources
#
# pass@k: Chen et al. 2021, 2107.03374. pass^k: Yao et al. 2024, 2406.12045. MMLU: Hendrycks et al. 2020,
# 2009.03300. IFEval: Zhou et al. 2023, 2311.07911. GSM8K: Cobbe et al. 2021, 2110.14168. MATH: Hendrycks et al.
# 2021, 2103.03874. Intervals: Efron and Tibshirani 1993; Miller 2024, 2411.00640. Pairs: McNemar 1947.
# Contamination: Brown et al. 2020, 2005.14165; Touvron et al. 2023, 2307.09288; Yang et al. 2023, 2311.04850.
# Harness: lm-evaluation-harness 0.4. SmolLM2: Allal et al. 2025, 2502.02737.
