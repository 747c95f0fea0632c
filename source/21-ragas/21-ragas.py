# %% [markdown]
# # 21 · Evaluating RAG
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What do context precision, context recall, faithfulness, answer relevancy and noise sensitivity measure, and
#   which of the common formulas for them are wrong?
# - Where is each of them fooled: by which answer does a bad system get a good score?
# - A judge errs. What does that do to a score, and when can it be taken out again?
# - May the new version go live? How is that decided with 48 questions, and what must a gate do with a missing
#   score?
#
# Eight exercises. The last one evaluates two systems and decides on a release. It takes about three hours; the end
# of part 4 is a good place to stop. It builds on averages, cosines and the idea of a bootstrap; section 20 builds
# the retrievers that are measured here, but is not needed.

# %% [markdown] house_rules

# %% [markdown]
# **Words.** A *sample* is a question, the *contexts* (chunks of text, the best first) that a retriever found for
# it, the *answer* that a model wrote from them, and, where people made one, a *reference*: an answer known to be
# right. A *statement* or *claim* is one sentence that can be true or false by itself. A *verdict* is a judge's 1
# (yes) or 0 (no). The judge is usually a language model (an LLM); here it is a function that you are given, so
# nothing is paid and everything repeats. RAG is retrieval-augmented generation. RAGAS is the library that made
# these metrics common; statements on its code are about version 0.4.3.
#
# **Letters.** n samples, K chunks a ranking, d the width of an embedding. Scores have no unit and lie between 0 and
# 1, except where a text says so. **NaN**, the float that is "not a number", stands for a score that does not exist.

# %% setup
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, unchanged
from course.duel import advise, duel

torch.set_num_threads(1)
Split = Callable[[str], list[str]]  # text -> its statements
Judge = Callable[[str, list[str]], list[int]]  # (premise, statements) -> a verdict for each

# %% tags=["picture"]
from course.sections import ragas

# %% helper
### BEGIN HIDDEN TESTS
def slow_precision(verdicts):
    "Average precision with every precision counted anew."
    there = [v for v in verdicts if v != -1]
    at_hits = [sum(there[:k]) / k for k in range(1, len(there) + 1) if there[k - 1] == 1]
    return math.fsum(at_hits) / len(at_hits) if at_hits else 0.0


def lines(text):
    "A splitter: one statement a line."
    return text.split("\n")


def contains(premise, statements):
    "A judge: supported is what stands in the premise word for word."
    return [int(s in premise) for s in statements]


def slow_noise(r2gt, r2a, gt2a, mode):
    "Claim by claim, chunk by chunk."
    found, claims = 0, len(gt2a)
    for i in range(claims):
        if gt2a[i]:
            continue
        kinds = set()
        for c in range(len(r2a[i])):
            if r2a[i][c]:
                kinds.add("relevant" if any(row[c] for row in r2gt) else "irrelevant")
        origin = "relevant" if "relevant" in kinds else "irrelevant" if kinds else "unsupported"
        found += origin == mode
    return found / claims if claims else math.nan


def one_sided(differences, alpha):
    "The bound (or bounds) of a bootstrap of the mean, and the standard error, from many draws of its own."
    d = np.asarray(differences, float)
    rng = np.random.default_rng(977)
    means = np.concatenate([d[rng.integers(0, len(d), (2000, len(d)))].mean(1) for _ in range(8)])
    return np.quantile(means, alpha), float(d.std() / math.sqrt(len(d)))
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Context precision is about order
#
# A retriever gives K chunks, best first. A judge says for each whether it helps: $v_k$ is 1 or 0. It is tempting to
# take the share of helpful chunks, TP/(TP+FP) (true positives over true and false ones), and the guide does. RAGAS
# does not. Its context precision is the **average precision** of the ranking:
#
# $$\text{CP} = \frac{\sum_k \text{P@}k \; v_k}{\sum_k v_k}, \qquad \text{P@}k = \frac{1}{k}\sum_{i \le k} v_i.$$
#
# At each helpful chunk we look up: which share of the chunks so far was helpful? Those shares are averaged.
#
# | verdicts | share | context precision |
# |---|---|---|
# | 1 1 0 0 | 0.5 | 1.000 |
# | 1 0 1 0 | 0.5 | 0.833 |
# | 0 0 1 1 | 0.5 | 0.417 |
# | 0 0 0 0 | 0.0 | 0.000 |
#
# Three rankers with the same two chunks, and only one of them puts them where a model reads them first.
#
# **Where it is fooled.** The denominator is what was *retrieved* and helpful, not what exists. One helpful chunk at
# rank 1 and nine missing ones: 1.0. Chunks added at the end that do not help: still 1.0, although each costs
# tokens. So context precision sees neither what is missing nor what is too much.
#
# ### Exercise 21.1 · context_precision
#
# Two functions. A verdict is 1, 0 or −1: **−1 means that the judge gave none** (a reply that could not be read).
# Such a chunk is left out, as though it had not been retrieved: those behind it move up by one rank.
#
# - `context_precision(verdicts)`: for one ranking, a list or tuple of ints. Returns a float; 0.0 where there is no
#   verdict 1, and for an empty ranking.
# - `context_precision_batch(V)`: for an integer tensor (n, K) of any integer dtype, one ranking a row. Returns
#   float64 of shape (n,), by the same rule. n or K may be 0. The timed check wants it without a loop over rows.
#
# RAGAS adds 10⁻¹⁰ to the denominator; you do not: 1 1 is exactly 1. Source: `_context_precision.py` in RAGAS 0.4.3;
# scikit-learn's `average_precision_score` is the same number where a chunk helps.

# %% stub="context_precision"
def context_precision(verdicts: Sequence[int]) -> float:
    """The average precision of one ranking; -1 is a chunk without a verdict.

    context_precision([1, 0, 1, 0]) is (1/1 + 2/3) / 2 = 0.8333.
    """
    ### BEGIN SOLUTION
    hits, total = 0, 0.0
    for k, v in enumerate((v for v in verdicts if v != -1), 1):
        if v == 1:
            hits += 1
            total += hits / k
    return total / hits if hits else 0.0
    ### END SOLUTION
    raise NotImplementedError("context_precision")


def context_precision_batch(V: Int[Tensor, "n K"]) -> Float[Tensor, "n"]:
    """The context precision of every row, in float64.

    [[1, 0], [0, 1], [-1, 1]] gives [1.0, 0.5, 1.0].
    """
    ### BEGIN SOLUTION
    hit, there = (V == 1).double(), (V != -1).double()
    so_far = hit.cumsum(1)
    total = (hit * so_far / there.cumsum(1).clamp(min=1)).sum(1)
    return total / hit.sum(1).clamp(min=1)
    ### END SOLUTION
    raise NotImplementedError("context_precision_batch")

# %% [markdown] hints="context_precision"
# <details><summary>Hint 1: a question</summary>
#
# At which ranks does the sum take anything at all? And what is the rank of a chunk that stands behind one without a
# verdict?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 0, −1, 1, 1: the −1 goes, 0 1 1 stay. Helpful ones stand at ranks 2 and 3, with precisions 1/2 and 2/3. Their mean
# is 0.583.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# For a whole table ranks are a running count of what is *there*, hits a running count of what is 1. A row that
# begins with −1 has a rank of 0 at its head, and a row without hits divides 0 by 0.
#
# </details>

# %% graded="context_precision__one" points=2
# Looks at single rankings: order, nothing helpful, nothing at all.
check(context_precision, [1, 0, 1, 0], want=5 / 6, why="(1/1 + 2/3) / 2",
      mistakes={"the share of helpful chunks": 0.5, "divided by K": 5 / 12,
                "precision at every rank, helpful or not": (1 + 1 / 2 + 2 / 3 + 1 / 2) / 4,
                "discounted by log2(rank + 1), as in DCG": (1 + 0.5) / (1 + 1 / math.log2(3))})
check(context_precision, [0, 0, 0], want=0.0, why="nothing helps")
check(context_precision, [], want=0.0, why="nothing was retrieved")
### BEGIN HIDDEN TESTS
for seed in range(60):
    rng = np.random.default_rng(seed)
    verdicts = [int(v) for v in rng.random([1, 2, 7, 30, 300][seed % 5]) < [0.5, 0.1, 0.9][seed % 3]]
    check(context_precision, verdicts, want=slow_precision(verdicts), why="the mean of the precisions at the hits")
check(context_precision, (0, 1, 1), want=7 / 12, why="a tuple is a ranking")
check(context_precision, [0] * 600 + [1], want=1 / 601, why="a hit at rank 601")
check(context_precision, [1] * 700, want=1.0, rtol=0, atol=1e-12, why="all helpful: exactly 1")
check(context_precision, [1], want=1.0, rtol=0, atol=1e-13, why="one helpful chunk: no 1e-10 in the denominator")
unchanged(context_precision, [1, -1, 0, 1], want=5 / 6)
### END HIDDEN TESTS

# %% graded="context_precision__no_verdict" points=1
# Looks at chunks without a verdict, in one ranking.
check(context_precision, [0, -1, 1, 1], want=7 / 12, why="0 1 1 are left: (1/2 + 2/3) / 2",
      mistakes={"-1 was taken for 0": (1 / 3 + 2 / 4) / 2, "-1 was taken for a hit": (1 / 2 + 2 / 3 + 3 / 4) / 3,
                "-1 was added to the hits": (-1 / 3 + 1 / 4) / 2})
### BEGIN HIDDEN TESTS
for seed in range(40):
    rng = np.random.default_rng(seed + 100)
    verdicts = [int(v) for v in rng.choice([-1, 0, 1], [1, 3, 8, 40, 280][seed % 5], p=[0.3, 0.3, 0.4])]
    check(context_precision, verdicts, want=slow_precision(verdicts), why="-1: left out, the others move up")
check(context_precision, [-1, -1], want=0.0, why="no verdict at all")
check(context_precision, [-1, -1, 1], want=1.0, why="two without a verdict, then a hit at rank 1")
### END HIDDEN TESTS

# %% graded="context_precision__batch" points=2
# Looks at tables of rankings: every row by the same rule, in float64.
check(context_precision_batch, torch.tensor([[1, 0, 1, 0], [0, 0, 1, 1], [0, -1, 1, 1], [0, 0, 0, 0]]),
      want=torch.tensor([5 / 6, 5 / 12, 7 / 12, 0.0], dtype=torch.float64), why="row by row",
      mistakes={"-1 was taken for 0": torch.tensor([5 / 6, 5 / 12, 5 / 12, 0.0], dtype=torch.float64),
                "the share": torch.tensor([0.5, 0.5, 2 / 3, 0.0], dtype=torch.float64)})
### BEGIN HIDDEN TESTS
for seed, (n, K, dtype) in enumerate([(1, 1, torch.int64), (3, 7, torch.int8), (40, 11, torch.int32),
                                      (9, 300, torch.int8),
                                      (1300, 4, torch.int64), (2, 1100, torch.int16), (5, 2, torch.int64)]):
    rng = np.random.default_rng(seed)
    V = torch.from_numpy(rng.choice([-1, 0, 1], (n, K), p=[0.2, 0.3, 0.5])).to(dtype)
    want = torch.tensor([slow_precision(row) for row in V.tolist()], dtype=torch.float64)
    check(context_precision_batch, V, want=want, rtol=1e-12, atol=1e-12, why="float64, and counts beyond 127")
V = torch.tensor([[1, 0, 1], [0, 1, -1], [1, -1, 0], [0, 0, 1]]).T  # not contiguous
want = torch.tensor([slow_precision(row) for row in V.tolist()], dtype=torch.float64)
check(context_precision_batch, V, want=want, rtol=1e-12, atol=1e-12, why="a transposed table is a table")
for n, K in [(0, 4), (3, 0), (0, 0)]:
    check(context_precision_batch, torch.zeros(n, K, dtype=torch.int64), want=torch.zeros(n, dtype=torch.float64),
          why=f"n = {n}, K = {K}")
check(context_precision_batch, torch.full((2, 3), -1), want=torch.zeros(2, dtype=torch.float64), why="no verdicts")
unchanged(context_precision_batch, torch.tensor([[0, -1, 1]]), want=torch.tensor([0.5], dtype=torch.float64))
fresh(context_precision_batch, torch.tensor([[1], [0]]), want=torch.tensor([1.0, 0.0], dtype=torch.float64))
### END HIDDEN TESTS

# %% graded="context_precision__speed" points=2 tags=["timed"]
# Looks at the time for 6,000 rankings of 4 chunks.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    return torch.from_numpy(rng.choice([-1, 0, 1], (6000, 4))),

advise(context_precision_batch, draw, yardstick=lambda V: (V == 1).double().cumsum(1).cumsum(1).sum(1), usual=4.0)
### BEGIN HIDDEN TESTS
duel(context_precision_batch, draw, reference='''
import torch


def context_precision_batch(V):
    hit, there = (V == 1).double(), (V != -1).double()
    so_far = hit.cumsum(1)
    total = (hit * so_far / there.cumsum(1).clamp(min=1)).sum(1)
    return total / hit.sum(1).clamp(min=1)
''', limit=3.0)
### END HIDDEN TESTS

# %% tags=["picture"]
ragas.same_share(context_precision_batch)

# %% [markdown]
# Left: all 120 orders of three helpful chunks among ten. The share of helpful chunks is 0.3 for every one of them;
# your context precision runs from 0.22 to 1. Right: with one helpful chunk it is the reciprocal of its rank.

# %% [markdown]
# ## 2 · Statements, and who supports them
#
# **Faithfulness** asks of an answer: does all of it follow from the contexts? **Context recall** asks of the
# reference: could all of it have been written from the contexts? Both work in two steps.
#
# 1. *Split* a text into statements. "It was born in Ulm and died in Princeton" is two of them, each with its
#    pronoun replaced. An LLM does that, and it is a contract: text in, list of strings out.
# 2. *Judge* each statement against a premise, here the contexts: supported, 1, or not, 0. The task is called
#    natural language inference (NLI).
#
# $$\text{faithfulness} = \frac{\text{supported statements of the answer}}{\text{statements of the answer}}$$
#
# $$\text{context recall} = \frac{\text{supported statements of the reference}}{\text{statements of the reference}}$$
#
# The guide gives TP/(TP+FN) (FN: false negatives, relevant chunks that were not found) over chunks for context
# recall. That is another metric (RAGAS calls it the non-LLM or id-based one): it needs a list of all relevant
# chunks, which hardly anybody has. The one above needs a reference answer, and does not care which chunk carries
# what.
#
# **No statements, no score.** An answer of "I cannot say." has none. 0/0 is not 0 (nothing was invented) and not 1
# (nothing was supported): it is NaN, and somebody must decide what a NaN means. Part 6 does.
#
# **Where they are fooled.**
#
# - Faithful is not true. An answer that repeats a wrong chunk word for word scores 1.0. So does one that answers
#   another question from the right chunk.
# - Copying scores best of all. "The text mentions brokers." is supported, and of no use to anyone.
# - The splitter decides the denominator. One false number among ten cut-up trivialities costs 0.1; left as one long
#   sentence it costs 1.0.
# - Context recall rises with everything you retrieve. All chunks of the corpus: 1.0.
#
# ### Exercise 21.2 · faithfulness
#
# `faithfulness(answer, contexts, split, judge)` and `context_recall(reference, contexts, split, judge)`. The two
# callables keep a contract, or break it, and then you must notice:
#
# - `split(text)` gives a list of strings. White space around a statement (spaces, tabs, line ends) is stripped; what
#   is empty then is thrown away. A statement that comes twice counts twice.
# - No statements: NaN, and the judge is not asked.
# - `contexts` is a list or tuple of strings. With no contexts nothing is supported: 0.0, and the judge is not
#   asked. (No statements and no contexts: NaN.)
# - Else `judge(premise, statements)` is asked **once**, with all contexts joined by `"\n"` in their order, and the
#   stripped statements as a list in their order. It gives one verdict for each, in that order: 1 and 0, or True and
#   False.
# - A judge that gives **another number of verdicts** than it was given statements raises a `ValueError`: nobody can
#   know which one it left out. An error that a callable raises itself goes through.
#
# Both return a float. Source: `_faithfulness.py` and `_context_recall.py` in RAGAS 0.4.3 (it joins the contexts,
# too, and returns NaN); Es et al. 2023, arXiv 2309.15217.

# %% stub="faithfulness"
def faithfulness(answer: str, contexts: Sequence[str], split: Split, judge: Judge) -> float:
    """The share of the answer's statements that the contexts support; NaN without statements.

    With statements "a" and "b" and verdicts [1, 0] it is 0.5.
    """
    ### BEGIN SOLUTION
    statements = [s.strip() for s in split(answer) if s.strip()]
    if not statements:
        return math.nan
    if not contexts:
        return 0.0
    verdicts = list(judge("\n".join(contexts), statements))
    if len(verdicts) != len(statements):
        raise ValueError(f"{len(statements)} statements, {len(verdicts)} verdicts")
    return sum(map(bool, verdicts)) / len(verdicts)
    ### END SOLUTION
    raise NotImplementedError("faithfulness")


def context_recall(reference: str, contexts: Sequence[str], split: Split, judge: Judge) -> float:
    """The share of the reference's statements that the contexts support; NaN without statements.

    With statements "a" and "b" and verdicts [True, True] it is 1.0.
    """
    ### BEGIN SOLUTION
    return faithfulness(reference, contexts, split, judge)
    ### END SOLUTION
    raise NotImplementedError("context_recall")

# %% [markdown] hints="faithfulness"
# <details><summary>Hint 1: a question</summary>
#
# A judge gets four statements and replies 1, 1, 1. What is the score: 3/3, 3/4, or none?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# The splitter gives `["It has 3 brokers. ", "", " It has 3 brokers.", "It is fast."]`. Three statements are left,
# two of them the same. Verdicts 1, 1, 0: 2/3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Statements are counted *after* blanks went. And the two empty cases come before the judge, in that order: without
# statements there is no score, whatever the contexts.
#
# </details>

# %% graded="faithfulness__share" points=2
# Looks at shares, at repeats and at blanks.
def rows(text):
    "One statement a line."
    return text.split("\n")

def found(premise, statements):
    "Supported is what stands in the premise."
    return [int(s in premise) for s in statements]

check(faithfulness, "red\nblue\nred", ["red or green"], rows, found, want=2 / 3, why="red, blue, red: two of three",
      mistakes={"a repeated statement counted once": 0.5})
check(context_recall, "red\n \n green ", ["red", "green"], rows, found, want=1.0,
      why="a blank line is no statement",
      mistakes={"blank statements were counted": 2 / 3})
### BEGIN HIDDEN TESTS
for fn in (faithfulness, context_recall):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        said = [str(int(w)) for w in rng.integers(100, 130, [1, 3, 8, 270][seed % 4])]
        texts = [str(int(w)) for w in rng.integers(100, 130, 1 + 2 * (seed % 5))]
        messy = [[w, f" {w}", f"{w}  ", "   "][int(i)] for w, i in zip(said, rng.integers(0, 4, len(said)))]
        kept = [w.strip() for w in messy if w.strip()]
        want = sum(w in texts for w in kept) / len(kept) if kept else math.nan
        check(fn, "\n".join(messy), texts, lines, contains, want=want, why="supported statements over statements")
    check(fn, "any", ["c"], lambda text: ["x"] * 600, lambda p, s: [True] * 550 + [False] * 50, want=11 / 12,
          why="verdicts may be True and False")
    check(fn, "any", ("c",), lambda text: ["x", "\t", "y\n"], lambda p, s: [int(v == "y") for v in s], want=0.5,
          why="tabs and line ends are spaces; the judge gets stripped statements")
    check(fn, "none", ["c"], lines, lambda p, s: [0], want=0.0,
          why="nothing is supported: 0.0, a score like any other")
unchanged(faithfulness, "red", ["red", "blue"], lines, contains, want=1.0)
### END HIDDEN TESTS

# %% graded="faithfulness__empty" points=2
# Looks at no statements and no contexts, and whether the judge is left in peace.
def never(premise, statements):
    "A judge that nobody may ask."
    raise RuntimeError("the judge was asked although nothing was to be judged")

for fn in (faithfulness, context_recall):
    check(fn, "I cannot say.", ["red"], lambda text: [], never, want=math.nan, why="no statements: no score",
          mistakes={"no statements scored 0": 0.0, "no statements scored 1": 1.0})
    check(fn, "red", [], lambda text: [text], never, want=0.0, why="no contexts: nothing is supported",
          mistakes={"no contexts scored NaN": math.nan})
### BEGIN HIDDEN TESTS
for fn in (faithfulness, context_recall):
    check(fn, "", [], lambda text: [], never, want=math.nan, why="neither statements nor contexts: NaN")
    check(fn, "x", [], lambda text: [" ", "\n"], never, want=math.nan, why="only blanks are no statements")
    check(fn, "x", (), lambda text: ["a", "b"], never, want=0.0, why="an empty tuple of contexts")
    check(fn, "", ["a"], lambda text: ["a"], lambda p, s: [1], want=1.0,
          why="what an empty text holds is the splitter's word")
    check(fn, "x", [""], lambda text: ["a"], lambda p, s: [1], want=1.0,
          why="one empty context is a context: the judge decides")
### END HIDDEN TESTS

# %% graded="faithfulness__contract" points=2
# Looks at what the judge is asked, how often, and at a judge that leaves one out.
asked = []

def noting(premise, statements):
    "Notes down what it was asked."
    asked.append((premise, list(statements)))
    return [1] * len(statements)

check(faithfulness, "b \na", ["first", "second"], lambda text: text.split("\n"), noting, want=1.0)
expect(asked, [("first\nsecond", ["b", "a"])], on="the calls to judge for contexts ['first', 'second']",
       why="once, all contexts joined in their order, the stripped statements in theirs")
raises(ValueError, faithfulness, "a", ["c"], lambda text: ["a", "b", "c"], lambda premise, statements: [1, 1],
       why="three statements and two verdicts: which one was left out?")
### BEGIN HIDDEN TESTS
def never_splits(text):
    "A splitter that is broken."
    raise RuntimeError("no connection")


def never(premise, statements):
    "A judge that is broken."
    raise RuntimeError("no connection")


def no_reply(premise, statements):
    "A judge whose reply could not be read."
    raise ValueError("no verdicts in the reply")


for fn in (faithfulness, context_recall):
    for given, back in [(4, 3), (2, 3), (1, 0), (3, 300)]:
        raises(ValueError, fn, "a", ["c"], lambda text: ["s"] * given, lambda p, s: [1] * back,
               why=f"{given} statements, {back} verdicts")
    calls = []

    def strict(premise, statements):
        "Takes a list, once."
        calls.append((premise, statements))
        return [0, 1, 1]

    check(fn, "the text", ["x", "", "z"], lambda text: [text, "  ", "q", "q"], strict, want=2 / 3)
    expect([(p, list(s)) for p, s in calls], [("x\n\nz", ["the text", "q", "q"])], on="what the judge was asked",
           why="the splitter gets the text; the judge all contexts, and every statement, a repeated one twice")
    assert all(isinstance(s, list) for _, s in calls), f"expected the statements as a list, got {type(calls[0][1])}"
    calls.clear()
    check(fn, "the text", [" x", "y\n"], lambda text: ["a", "b", "c"], strict, want=2 / 3)
    expect([p for p, _ in calls], [" x\ny\n"], on="the premise", why="contexts are joined as they are")
    calls.clear()
    check(fn, " It Is. ", ["Cy", "Cy", "d"], lambda text: [f"<{text}>", " Yes, It is. ", "Yes, It is."], strict, want=2 / 3)
    expect([(p, list(s)) for p, s in calls], [("Cy\nCy\nd", ["< It Is. >", "Yes, It is.", "Yes, It is."])],
           on="what the judge was asked",
           why="the splitter gets the text as it is; equal contexts stay; of a statement white space alone is stripped")
    for split, judge in [(never_splits, lambda p, s: [1] * len(s)), (lambda text: ["a"], never)]:
        raises(RuntimeError, fn, "a", ["c"], split, judge, why="what a callable raises goes through")
    raises(ValueError, fn, "a", ["c"], lambda text: ["a"], no_reply, why="what the judge raises goes through")
    check(fn, "t", ["c"], lambda text: ["a", "b"], lambda p, s: [0, 1], want=0.5,
          why="the same again, new callables")
### END HIDDEN TESTS

# %% tags=["picture"]
ragas.one_lie(faithfulness)

# %% [markdown]
# One answer with one false number, split in three ways: the same lie costs 1.0, 0.5 or 0.1. Compare systems only
# under one splitter, and watch how many statements an answer gets.
#
# ## 3 · Answer relevancy: questions made from answers
#
# Does the answer answer *this* question? RAGAS turns it round: a model writes n questions that the answer would
# answer (`strictness`, n = 3 by default, one call each), and each is compared with the real one by the cosine of
# their embeddings. (The guide's code calls the model once and loops over the string that comes back. That loop goes
# over characters.) With every written question comes a flag: *noncommittal*, the answer evades.
#
# $$\text{answer relevancy} = \Big(\frac1n \sum_i \cos(q, g_i)\Big) \cdot [\text{not noncommittal}].$$
#
# Which flag counts? Version 0.4.3 puts 0 only if **all** n are flagged, older ones if **any** was. An update of the
# library moves the score of a system that nobody touched. And the range is not 0 to 1: a cosine may be negative.
#
# ### Exercise 21.3 · answer_relevancy
#
# `answer_relevancy(q, G, noncommittal, policy="all")` with the question's vector q (d,), the vectors G (n, d) of
# the written questions, and one flag for each, a bool tensor (n,).
#
# - The mean of the n cosines, negative ones too, unclipped; 0.0 where `policy` is `"all"` and all flags are set, or
#   `"any"` and at least one is. n = 0: NaN, under both policies. Another policy: `ValueError`, without
#   questions, too.
# - The vectors need not have length 1. A vector of zeros has cosine 0 with everything; every other one counts:
#   lengths from 10⁻³⁰ to 10³⁰ occur in the tests.
# - q and G are in the same dtype, float16 to float64. **Compute in float64**, whatever comes in, and return a
#   float.
#
# Source: `_answer_relevance.py` in RAGAS 0.4.3, and in earlier versions for `"any"`.

# %% stub="answer_relevancy"
def answer_relevancy(q: Float[Tensor, "d"], G: Float[Tensor, "n d"], noncommittal: Bool[Tensor, "n"],
                     policy: str = "all") -> float:
    """The mean cosine of a question with those written from the answer, 0 where the answer evades.

    q = [1, 0], G = [[2, 0], [0, 1]], no flags: (1 + 0) / 2 = 0.5.
    """
    ### BEGIN SOLUTION
    if policy not in ("all", "any"):
        raise ValueError(f"policy is 'all' or 'any', not {policy!r}")
    if len(G) == 0:
        return math.nan
    evades = noncommittal.all() if policy == "all" else noncommittal.any()
    if evades:
        return 0.0
    q, G = q.detach().double(), G.detach().double()
    lengths = G.norm(dim=1) * q.norm()
    cosines = torch.where(lengths == 0, 0.0, G @ q / lengths.where(lengths > 0, 1.0))
    return cosines.mean().item()
    ### END SOLUTION
    raise NotImplementedError("answer_relevancy")

# %% [markdown] hints="answer_relevancy"
# <details><summary>Hint 1: a question</summary>
#
# What do `all` and `any` say of no flags at all? Which of the rules must come first, then?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# q = [3, 4], written questions [6, 8], [−4, 3] and [0, −1]: cosines 1, 0 and −0.8, the mean is 0.067. With flags
# set on two of three: 0.067 under "all", 0 under "any".
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Library cosines guard against short vectors by a small constant such as 10⁻⁸, which is larger than a vector of
# length 10⁻³⁰. Only a length of exactly 0 needs a rule of its own.
#
# </details>

# %% graded="answer_relevancy__cosines" points=2
# Looks at the mean of cosines: lengths, signs, zeros.
no = torch.zeros(2, dtype=torch.bool)
check(answer_relevancy, torch.tensor([1.0, 0.0]), torch.tensor([[2.0, 0.0], [-1.0, 1.0]]), no,
      want=(1 - 0.5 ** 0.5) / 2, why="cosines 1 and -0.707",
      mistakes={"the vectors were not normalised": 0.5, "the best question alone": 1.0,
                "negative cosines were set to 0": 0.5})
check(answer_relevancy, torch.tensor([0.0, 2.0]), torch.tensor([[0.0, 0.0], [0.0, 3.0]]), no, want=0.5,
      why="a vector of zeros has cosine 0, and counts")
### BEGIN HIDDEN TESTS
for seed, (n, d) in enumerate([(1, 3), (3, 384), (5, 17), (300, 4), (2, 1100), (4, 1)]):
    for dtype in (torch.float64, torch.float32):
        g = torch.Generator().manual_seed(seed)
        q = torch.randn(d, generator=g, dtype=torch.float64).to(dtype)
        sizes = torch.logspace(-3, 2, n, dtype=torch.float64)[:, None]
        G = (torch.randn(n, d, generator=g, dtype=torch.float64) * sizes).to(dtype)
        wide, rows = q.double(), G.double()
        cosines = [math.fsum((wide * r).tolist()) / (wide.norm() * r.norm()).item() for r in rows]
        check(answer_relevancy, q, G, torch.zeros(n, dtype=torch.bool), want=math.fsum(cosines) / n, rtol=1e-9,
              atol=1e-11,
              why="in float64, whatever comes in")
for size in (1e-30, 1e30):
    q, G = torch.tensor([3.0, 4.0]) * size, torch.tensor([[4.0, 3.0], [0.0, -5.0], [0.0, 0.0]]) * size
    check(answer_relevancy, q, G, torch.zeros(3, dtype=torch.bool), want=(0.96 - 0.8) / 3, rtol=1e-6,
          why=f"lengths near {size:g} are lengths")
check(answer_relevancy, torch.zeros(2), torch.ones(3, 2), torch.zeros(3, dtype=torch.bool), want=0.0,
      why="a question of zeros: cosine 0")
check(answer_relevancy, torch.tensor([1.0, 0.0]), torch.tensor([[0.0, 1.0], [2.0, 0.0], [2.0, 0.0]]),
      torch.zeros(3, dtype=torch.bool), want=2 / 3, why="a question that was written twice counts twice")
check(answer_relevancy, -torch.ones(3), torch.ones(2, 3), no, want=-1.0, why="the opposite: -1, not clipped")
for dtype in (torch.float16, torch.bfloat16):
    g = torch.Generator().manual_seed(5)
    q, G = (300 * torch.randn(24, generator=g)).to(dtype), (200 * torch.randn(5, 24, generator=g)).to(dtype)
    want = torch.nn.functional.cosine_similarity(q.double()[None], G.double(), dim=1).mean().item()
    check(answer_relevancy, q, G, torch.zeros(5, dtype=torch.bool), want=want, rtol=1e-9, atol=1e-11,
          why="half precision in, float64 inside")
G = torch.arange(12.0).view(3, 4).T
q = torch.tensor([1.0, 9.0, 2.0, 9.0, 3.0, 9.0])[::2]
check(answer_relevancy, q, G, torch.zeros(4, dtype=torch.bool),
      want=torch.nn.functional.cosine_similarity(q.double()[None], G.double()).mean().item(),
      rtol=1e-9, why="strided vectors are vectors")
for dtype in (torch.float32, torch.float64):
    unchanged(answer_relevancy, torch.tensor([3.0, 4.0], dtype=dtype), torch.tensor([[0.0, 2.0]], dtype=dtype),
              torch.tensor([False]), want=0.8)
### END HIDDEN TESTS

# %% graded="answer_relevancy__evading" points=2
# Looks at the flags under both policies, at no questions and at a policy that does not exist.
q, G, flags = torch.tensor([1.0, 0.0]), torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([True, False])
half = (1 + 0.5 ** 0.5) / 2
check(answer_relevancy, q, G, flags, want=half, why="'all' is the default: one flag of two does not count",
      mistakes={"one flag sufficed": 0.0, "the flagged question was left out": 0.5 ** 0.5,
                "the flagged question counted as 0": 0.5 ** 0.5 / 2})
check(answer_relevancy, q, G, flags, "any", want=0.0, why="'any': one flag is enough")
raises(ValueError, answer_relevancy, q, G, flags, "most", why="'most' is no policy")
### BEGIN HIDDEN TESTS
empty = torch.zeros(0, 2), torch.zeros(0, dtype=torch.bool)
for policy in ("all", "any"):
    check(answer_relevancy, q, *empty, policy, want=math.nan, why="no questions: no score")
    check(answer_relevancy, q, G, torch.tensor([True, True]), policy, want=0.0, why="all flags are set")
    check(answer_relevancy, q, G, torch.tensor([False, False]), policy, want=half, why="no flag is set")
    check(answer_relevancy, -q, G, torch.tensor([True, True]), policy, want=0.0,
          why="evading is 0, above a negative cosine")
for at in range(4):
    one = torch.zeros(4, dtype=torch.bool)
    one[at] = True
    Q = torch.cat([G, G])
    check(answer_relevancy, q, Q, one, "any", want=0.0, why=f"flag {at} of 4 is set")
    check(answer_relevancy, q, Q, ~one, "all", want=half, why=f"all flags but number {at} are set")
for wrong in ("ALL", "", "none", "mean"):
    raises(ValueError, answer_relevancy, q, G, flags, wrong, why=f"{wrong!r} is no policy")
    raises(ValueError, answer_relevancy, q, *empty, wrong, why=f"{wrong!r} is no policy, with no questions either")
### END HIDDEN TESTS

# %% [markdown]
# **Where it is fooled**, with a real embedding model (all-MiniLM-L6-v2, on your CPU) and the handbook of Larkmoor,
# a message broker that does not exist. For each of its 48 queries four "answers" are rated with your function: the
# right passage; the passage that is nearest by embedding among those that do *not* help; a random passage; and an
# echo, an answer that says the question again. The questions "written from the answer" are those that the corpus
# has for each passage, two each. It takes about 8 seconds.

# %% tags=["real"]
from course.models.smollm import attempt

with attempt():
    rated = ragas.relevancy_on_larkmoor(answer_relevancy)

# %% [markdown]
# Read it by pairs. The right passage beats the random one in some 94 % of the queries, and the nearest wrong one in
# 77 % [63 %, 87 %]: that one is *about* the same thing, and topic is all that the metric sees. The echo is the best
# answer of all, at 1.0 by construction. In the last lines an answer is true and its twin is false; one would write
# the same question from both, so they score the same, by construction again. And look at the level: right answers
# have a mean of 0.36 here. A threshold such as 0.7 would reject nearly all of them; the scale belongs to the
# embedding model and to whoever writes the questions. Answer relevancy measures topic. Truth is for faithfulness
# and for the reference.

# %% [markdown]
# ## 4 · Noise sensitivity: where do false claims come from?
#
# An answer's claims are checked three times: against the reference (is it true?), and against every chunk by itself
# (who says so?). A chunk is *relevant* if it supports at least one statement of the reference. Then each false
# claim has an origin:
#
# | a false claim that … | is counted as | and means |
# |---|---|---|
# | a relevant chunk supports | `"relevant"` | the model took the wrong half of the right text |
# | only irrelevant chunks support | `"irrelevant"` | the retriever brought noise, and the model believed it |
# | no chunk supports | `"unsupported"` | the model made it up |
#
# Noise sensitivity is the share of **all** claims that are false and of that origin. **Lower is better**, unlike
# every other metric here. The first two are RAGAS's modes, the third is ours: with it the three add up to the share
# of false claims. One number says that something is wrong; three say whom to call.
#
# **Where it is fooled.** It counts per claim, so a system may buy a low share by saying more true and useless
# things. And a claim that is true and missing in the reference counts as false: a short reference makes a good
# system look noisy.
#
# ### Exercise 21.4 · noise_sensitivity
#
# `noise_sensitivity(r2gt, r2a, gt2a, mode)` from three tables of verdicts, over C chunks, S reference statements
# and N claims of the answer:
#
# - `r2gt` (S, C): chunk c supports reference statement s. `r2a` (N, C): chunk c supports claim i. `gt2a` (N,): the
#   reference supports claim i.
# - All three are tensors of the same kind: bool, or integers 0 and 1 (int64, int8, uint8), as judges give them.
# - `mode` is `"relevant"`, `"irrelevant"` or `"unsupported"`, as in the table; no claim counts in two of them.
#   Another one: `ValueError`, without claims, too.
# - Returns a float. N = 0: NaN. C = 0 or S = 0 are no errors: without chunks nothing is supported, without
#   reference statements no chunk is relevant.
#
# Source: `_noise_sensitivity.py` in RAGAS 0.4.3 ("to keep them exclusive", it says).

# %% stub="noise_sensitivity"
def noise_sensitivity(r2gt: Tensor, r2a: Tensor, gt2a: Tensor, mode: str = "relevant") -> float:
    """The share of the N claims that are false and of this origin; (S, C), (N, C), (N,) verdicts.

    One chunk, relevant, that supports both claims, of which the second is false: 0.5.
    """
    ### BEGIN SOLUTION
    if mode not in ("relevant", "irrelevant", "unsupported"):
        raise ValueError(f"no mode {mode!r}")
    if len(gt2a) == 0:
        return math.nan
    relevant, said, false = r2gt.bool().any(0), r2a.bool(), ~gt2a.bool()
    by_relevant, by_any = (said & relevant).any(1), said.any(1)
    origin = {"relevant": by_relevant, "irrelevant": by_any & ~by_relevant, "unsupported": ~by_any}[mode]
    return (false & origin).double().mean().item()
    ### END SOLUTION
    raise NotImplementedError("noise_sensitivity")

# %% [markdown] hints="noise_sensitivity"
# <details><summary>Hint 1: a question</summary>
#
# What is `~1` for an integer tensor? And for a bool one?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Chunks a (relevant) and b. False claims: one said by a and b, one by b alone, one by nobody; two true ones.
# Relevant 1/5, irrelevant 1/5, unsupported 1/5: the first claim is a's, although b says it, too.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Relevance is a property of a chunk, found over the reference's statements (one axis); origin is one of a claim,
# found over the chunks (the other axis). The denominator is all claims, true ones too.
#
# </details>

# %% graded="noise_sensitivity__modes" points=3
# Looks at the three origins, one by one.
r2gt = torch.tensor([[True, False]])
r2a = torch.tensor([[True, True], [False, True], [False, False], [True, False], [False, True]])
gt2a = torch.tensor([False, False, False, True, True])
for mode in ("relevant", "irrelevant", "unsupported"):
    check(noise_sensitivity, r2gt, r2a, gt2a, mode, want=0.2, why=f"one claim of five is false and {mode}",
          mistakes={"true claims, or those of another origin, were counted, too": 0.4,
                    "divided by the false claims alone": 1 / 3})
check(noise_sensitivity, r2gt, r2a[:1], gt2a[:1], want=1.0, why="'relevant' is the default")
### BEGIN HIDDEN TESTS
for seed, (S, N, C) in enumerate([(1, 1, 1), (3, 5, 4), (2, 9, 7), (6, 300, 3), (4, 7, 90), (5, 6, 2), (6, 40, 6),
                               (1200, 3, 2)]):
    for share in (0.15, 0.5, 0.8):
        rng = np.random.default_rng(seed * 10 + int(10 * share))
        tables = [torch.from_numpy(rng.random(shape) < p)
                  for shape, p in [((S, C), share / S), ((N, C), share), (N, 0.4)]]
        for mode in ("relevant", "irrelevant", "unsupported"):
            check(noise_sensitivity, *tables, mode, want=slow_noise(*(t.tolist() for t in tables), mode),
                  why="claim by claim: false, and of this origin")
tables = [torch.tensor([[True, False, False], [False, False, True]]), torch.tensor([[False, True, False]] * 3),
          torch.tensor([False, True, False])]
unchanged(noise_sensitivity, *tables, "irrelevant", want=2 / 3)
for n in (200, 256):  # a count of these in 8 bits is negative, or 0
    every, nothing = torch.ones(2, n, dtype=torch.bool), torch.zeros(2, dtype=torch.bool)
    check(noise_sensitivity, every, every, nothing, "relevant", want=1.0, why=f"{n} relevant chunks support both claims")
    check(noise_sensitivity, ~every, every, nothing, "irrelevant", want=1.0, why=f"{n} irrelevant chunks support both claims")
    check(noise_sensitivity, torch.ones(n, 1).bool(), torch.ones(2, 1).bool(), nothing, "relevant", want=1.0,
          why=f"the chunk supports {n} statements of the reference")
r2gt = torch.tensor([[1, 0], [0, 0], [1, 0]]).bool().T
r2a = torch.tensor([[1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 0, 1]]).bool().T
gt2a = torch.tensor([0, 1, 0, 0, 1, 1, 0, 1]).bool()[::2]
for mode in ("relevant", "irrelevant", "unsupported"):
    want = slow_noise(r2gt.tolist(), r2a.tolist(), gt2a.tolist(), mode)
    check(noise_sensitivity, r2gt, r2a, gt2a, mode, want=want, why="strided tables are tables")
### END HIDDEN TESTS

# %% graded="noise_sensitivity__integers" points=1
# Looks at verdicts that come as integers.
check(noise_sensitivity, torch.tensor([[1, 0]]), torch.tensor([[1, 1], [0, 1], [1, 0]]), torch.tensor([0, 0, 1]),
      "irrelevant", want=1 / 3, why="integers 0 and 1 are verdicts")
### BEGIN HIDDEN TESTS
for dtype in (torch.int64, torch.int8, torch.uint8, torch.bool):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        tables = [torch.from_numpy(rng.random(shape) < 0.4).to(dtype) for shape in ((2, 3), (301, 3), 301)]
        for mode in ("relevant", "irrelevant", "unsupported"):
            check(noise_sensitivity, *tables, mode, want=slow_noise(*(t.tolist() for t in tables), mode),
                  why=f"verdicts in {dtype}")
### END HIDDEN TESTS

# %% graded="noise_sensitivity__edges" points=2
# Looks at no claims, no chunks, no reference statements, and a mode that does not exist.
none = torch.zeros
check(noise_sensitivity, none(2, 3).bool(), none(0, 3).bool(), none(0).bool(), want=math.nan,
      why="no claims: no score")
raises(ValueError, noise_sensitivity, none(1, 1).bool(), none(1, 1).bool(), none(1).bool(), "noise",
       why="'noise' is no mode")
### BEGIN HIDDEN TESTS
for mode, no_chunks, no_reference in [("relevant", 0.0, 0.0), ("irrelevant", 0.0, 0.5),
                                      ("unsupported", 0.75, 0.25)]:
    false = torch.tensor([False, False, True, False])
    check(noise_sensitivity, none(2, 0).bool(), none(4, 0).bool(), false, mode, want=no_chunks, why="no chunks")
    said = torch.tensor([[True, False], [False, False], [True, True], [True, True]])
    check(noise_sensitivity, none(0, 2).bool(), said, false, mode, want=no_reference, why="no reference statements")
    check(noise_sensitivity, torch.ones(1, 2).bool(), said, torch.ones(4).bool(), mode, want=0.0,
          why="all claims are true")
    check(noise_sensitivity, none(2, 3).long(), none(0, 3).long(), none(0).long(), mode, want=math.nan,
          why="no claims")
for wrong in ("Relevant", "", "all"):
    for n in (1, 0):
        raises(ValueError, noise_sensitivity, none(1, 1).bool(), none(n, 1).bool(), none(n).bool(), wrong,
               why="no such mode")
### END HIDDEN TESTS

# %% tags=["picture"]
ragas.origins(noise_sensitivity)

# %% [markdown]
# A simulated model. It reads the one relevant chunk, and reads it right in nine cases of ten; it believes each
# irrelevant one in three of ten; it adds a claim of its own, which is false in three of ten. The more irrelevant
# chunks it is given, the more of what it says is false and theirs. So "for RAG prefer recall over precision", as
# the guide has it, depends on the reader: each further chunk is a chance to be right and a chance to be fooled.
#
# ## 5 · Names, and a judge that errs
#
# **Context entity recall** is the cheapest metric of all: which share of the *names* of the reference (people,
# places, codes, versions) occurs in the contexts? No judge is asked, only a name finder.
#
# $$\text{entity recall} = \frac{|E_\text{ref} \cap E_\text{ctx}|}{|E_\text{ref}|}.$$
#
# **Where it is fooled.** It is about spelling. "IBM" and "International Business Machines" are two names, "Straße"
# and "STRASSE" are two strings, and "the ﬁle" with a ligature is a third. Names say nothing about what is said of
# them: "Ada fired Bo" and "Bo fired Ada" have the same ones.
#
# ### Exercise 21.5 · entity_recall
#
# `entity_recall(reference, context, aliases=None)`; the first two are lists, tuples or sets of strings.
#
# - A name's **key**: Unicode NFKC, then `str.casefold`, then every run of white space made one space, none at the
#   ends. Two names with the same key are one name. Names with an empty key do not exist.
# - `aliases` is a dict {name: the name to use instead}. Its keys and values are names, so both go through the same
#   three steps first. It is applied once, to both sides: what comes out is not looked up again. A name whose alias
#   is empty is taken away; an empty name stays none, whatever `aliases` says of it.
# - The share of different names of the reference that are in the context; NaN if the reference has none. Returns a
#   float.
#
# Source: `_context_entities_recall.py` in RAGAS 0.4.3 (plain sets; it adds 10⁻⁸ to the denominator, you do not);
# Unicode Standard Annex 15 for NFKC.

# %% stub="entity_recall"
def entity_recall(reference: Iterable[str], context: Iterable[str],
                  aliases: Mapping[str, str] | None = None) -> float:
    """The share of the reference's names that the context has; NaN without names.

    {"Ulm", "Bern"} against {"ULM", "Rome"} is 0.5.
    """
    ### BEGIN SOLUTION
    def key(name):
        return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

    instead = {key(a): key(b) for a, b in (aliases or {}).items()} | {"": ""}
    wanted, there = ({instead.get(key(n), key(n)) for n in names} - {""} for names in (reference, context))
    return len(wanted & there) / len(wanted) if wanted else math.nan
    ### END SOLUTION
    raise NotImplementedError("entity_recall")

# %% [markdown] hints="entity_recall"
# <details><summary>Hint 1: a question</summary>
#
# Which of the two sets is the denominator, and when is it counted: before or after names have become equal?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Reference `["Big Blue", "IBM", "Rome"]`, alias `{"big  blue": "ibm"}`: two names, ibm and rome. Context
# `["ibm."]`: 0/2, for the full stop is part of the key. Context `["IBM", "Bern"]`: 1/2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `casefold` is not `lower`: it makes ß ss. And an alias is itself written by people, with capitals and double
# spaces.
#
# </details>

# %% graded="entity_recall__share" points=1
# Looks at the share and its denominator.
check(entity_recall, {"Ulm", "Bern"}, {"Ulm", "Rome", "Oslo"}, want=0.5, why="one of two",
      mistakes={"divided by the context's names: that is precision": 1 / 3, "divided by all names: Jaccard": 0.25})
check(entity_recall, set(), {"Ulm"}, want=math.nan, why="no names in the reference: no score")
### BEGIN HIDDEN TESTS
for seed in range(8):
    rng = np.random.default_rng(seed)
    a, b = ([f"LM-{i}" for i in rng.integers(0, 40, n)] for n in rng.integers(1, [4, 30, 400][seed % 3], 2))
    for kind in (list, tuple, set):
        check(entity_recall, kind(a), kind(b), want=len(set(a) & set(b)) / len(set(a)),
              why="different names alone count")
check(entity_recall, ["Ulm"], [], want=0.0, why="an empty context has none of them")
check(entity_recall, [], [], want=math.nan, why="no names at all")
check(entity_recall, ["Ulm"], ["Ulm"], want=1.0, rtol=0, atol=1e-12, why="exactly 1: no 1e-8 in the denominator")
unchanged(entity_recall, ["A", "b", "a"], ["B"], {"c": "d"}, want=0.5)
unchanged(entity_recall, {"A", "b"}, {"B"}, want=0.5)
### END HIDDEN TESTS

# %% graded="entity_recall__spelling" points=2
# Looks at capitals, spaces and what only looks the same.
check(entity_recall, ["Straße 7", "New  York"], ["STRASSE 7", " new york "], want=1.0, why="one key each",
      mistakes={"lower() leaves ß as it is": 0.5, "runs of spaces were kept": 0.5, "no normalisation": 0.0})
check(entity_recall, ["Ulm", "ULM ", "Bern"], ["ulm"], want=0.5, why="Ulm and ULM are one name: one of two",
      mistakes={"counted before the names became one": 2 / 3})
### BEGIN HIDDEN TESTS
for one, other in [("ﬁle server", "FILE SERVER"), ("Ａda", "ada"), ("Café", "cafe\u0301"), ("a\tb", "A b"),
                   ("x\u00a0y", "X Y"), ("ΑΣ", "ας"), ("①", "1"), ("line\n two ", "LINE TWO"),
                   ("Larkmoor™", "larkmoortm"), ("℡ 5", "tel 5"), ("x ¨", "X \u0308")]:
    check(entity_recall, [one], [other], want=1.0, why="NFKC, casefold, white space")
    check(entity_recall, [one, other, "rest"], ["none"], want=0.0, why="one name twice, and another: none is there")
    check(entity_recall, [one, other, "rest"], ["REST"], want=0.5, why="the first two are one name")
for one, other in [("LM-2041", "LM 2041"), ("e", "é"), ("ab", "a b"), ("4.7", "47"), ("the bank", "bank"),
                   ("ı", "i"), ("IBM.", "IBM"), ("C++", "C"), ("(a)", "a")]:
    check(entity_recall, [one], [other], want=0.0, why="these are two names: nothing else is taken away")
check(entity_recall, ["", "  ", "\u00a0"], ["x"], want=math.nan, why="empty keys are no names")
check(entity_recall, ["", "x"], ["", "y"], want=0.0, why="the empty key is no common name")
check(entity_recall, ["0", "x"], ["0"], want=0.5, why="'0' is a name")
### END HIDDEN TESTS

# %% graded="entity_recall__aliases" points=1
# Looks at other names for the same thing.
check(entity_recall, ["Big Blue", "Rome"], ["IBM"], {"big  BLUE": "Ibm"}, want=0.5, why="both sides, by their keys",
      mistakes={"the alias was looked up as it is written": 0.0})
### BEGIN HIDDEN TESTS
check(entity_recall, ["IBM", "Big Blue", "Bern"], ["big blue"], {"Big Blue": "IBM"}, want=0.5,
      why="two names of the reference become one")
check(entity_recall, ["a"], ["c"], {"a": "b", "b": "c"}, want=0.0, why="a becomes b, and b is not looked up again")
check(entity_recall, ["a"], ["b"], {"a": "b", "b": "c"}, want=0.0, why="a becomes b, the context's b becomes c")
check(entity_recall, ["a", "b"], ["a"], {"a": "b", "b": "a"}, want=0.5, why="an exchange")
check(entity_recall, ["a", "x"], ["x"], {"a": " "}, want=1.0, why="an alias of nothing takes a name away")
check(entity_recall, ["STRASSE"], ["way"], {"straße": "WAY"}, want=1.0, why="keys of the alias are names, too")
check(entity_recall, ["file server"], ["bank"], {"Ｆile  SERVER": "Bank"}, want=1.0, why="NFKC for the keys of aliases")
check(entity_recall, ["it"], ["file server"], {"it": "Ｆile Server"}, want=1.0, why="NFKC for the values of aliases")
check(entity_recall, ["it"], ["new bank"], {"it": " New \t Bank"}, want=1.0, why="runs of white space in the values of aliases")
check(entity_recall, [" ", "a"], ["a"], {"": "b"}, want=1.0, why="an empty name stays none, whatever aliases say")
unchanged(entity_recall, ["a", "c"], ["b"], {"a": "B", "": "x"}, want=0.5)
check(entity_recall, ["a"], ["A"], {}, want=1.0, why="no aliases")
### END HIDDEN TESTS

# %% [markdown]
# **A judge errs, and its errors do not cancel.** Say that a judge calls a good answer good with probability *sens*
# (sensitivity) and a bad one bad with probability *spec* (specificity). Of a true share θ of good answers it
# reports
#
# $$p = \theta \cdot \text{sens} + (1 - \theta)(1 - \text{spec}).$$
#
# With both at 0.8 a system at θ = 0.90 is reported as 0.74, one at 0.10 as 0.26. Scores are pulled towards the
# middle, and a difference shrinks by the factor sens + spec − 1, here 0.6. Solved for θ that is the estimator of
# Rogan and Gladen (1978):
#
# $$\hat\theta = \frac{p + \text{spec} - 1}{\text{sens} + \text{spec} - 1}.$$
#
# Where do sens and spec come from? From a **golden set**: some hundred samples that people judged, on which the
# judge is run, too. It is small, and so the correction is itself uncertain. To first order (the *delta method*),
# with m verdicts on the system, $n_1$ good and $n_0$ bad samples in the golden set:
#
# $$\text{se}^2 = \frac{ \dfrac{p(1-p)}{m} + \hat\theta^2\, \dfrac{\text{sens}(1-\text{sens})}{n_1} +
# (1-\hat\theta)^2\, \dfrac{\text{spec}(1-\text{spec})}{n_0} }{(\text{sens} + \text{spec} - 1)^2}.$$
#
# The first term falls with more traffic. The other two do not: a million verdicts of a judge that was checked on 40
# samples are as good as those 40 samples.
#
# **The catch.** The formula wants the same sens and spec where it is used as where they were measured. A judge that
# is kind to long answers has one sens for the old system and another for the new one. And it corrects a *share*.
# Context precision is no share of independent verdicts, so it cannot be put in (the experiment shows what flips do
# to it).
#
# The interval is a first-order one, and at the ends it promises too much: a golden set in which the judge never
# errs looks like a judge who cannot err. With a true share of 0.95, a judge of sens 0.95 and spec 0.9, and 20 good
# and 20 bad samples, the "95 %" interval holds the truth in 67 % of simulations. Lang and Reiczigel (2014) add a few
# made-up samples to each count; more real ones are better.
#
# **A golden set** is worth its care: drawn from real traffic, and on top of that from what is rare and matters;
# judged by two people, with their agreement noted; each entry with a date, and the version of the documents it was
# judged against; a part kept unseen, since what one tunes on flatters; enough *bad* samples, for spec is learnt
# from them alone.
#
# ### Exercise 21.6 · judge_corrected_rate
#
# - `judge_corrected_rate(obs, sens, spec)`: $\hat\theta$ of the observed share `obs`, clipped to 0 … 1. A judge
#   with sens + spec ≤ 1 is no better than a coin: `ValueError`.
# - `corrected_interval(verdicts, human, judged, z=1.96)`: `verdicts` are the judge's on the system (1 and 0, at
#   least one); `human` and `judged` people's and the judge's on the golden set, in the same order. Returns
#   `(rate, low, high)`: the rate as above, and rate ∓ z · se with the formula, in which $\hat\theta$ is the
#   **clipped** rate; then low and high are clipped to 0 … 1. A golden set without any good or without any bad
#   sample, or two lists of different length: `ValueError`; so is a judge with sens + spec ≤ 1.
#
# Lists or tuples of ints or bools; all floats out. Source: Rogan and Gladen 1978, American Journal of Epidemiology
# 107(1); for LLM judges Lee et al. 2025, arXiv 2511.21140. The standard error is the first-order expansion of
# $\hat\theta$, which the course's tests compare with a simulation.

# %% stub="judge_corrected_rate"
def judge_corrected_rate(obs: float, sens: float, spec: float) -> float:
    """The true share behind an observed one, for a judge of this sensitivity and specificity.

    Observed 0.74 at sens = spec = 0.8: (0.74 - 0.2) / 0.6 = 0.9.
    """
    ### BEGIN SOLUTION
    if sens + spec <= 1:
        raise ValueError("no better than a coin: sens + spec must be above 1")
    return min(max((obs + spec - 1) / (sens + spec - 1), 0.0), 1.0)
    ### END SOLUTION
    raise NotImplementedError("judge_corrected_rate")


def corrected_interval(verdicts: Sequence[int], human: Sequence[int], judged: Sequence[int],
                       z: float = 1.96) -> tuple[float, float, float]:
    """(rate, low, high) of the true share, with the golden set's own uncertainty.

    A judge without error on the golden set leaves the observed share, and its own standard error.
    """
    ### BEGIN SOLUTION
    if len(human) != len(judged) or not 0 < sum(map(bool, human)) < len(human):
        raise ValueError("the golden set needs good and bad samples, and two verdicts on each")
    on_good = [bool(j) for h, j in zip(human, judged) if h]
    on_bad = [not j for h, j in zip(human, judged) if not h]
    p, sens, spec = (sum(map(bool, x)) / len(x) for x in (verdicts, on_good, on_bad))
    rate = judge_corrected_rate(p, sens, spec)
    variance = (p * (1 - p) / len(verdicts) + rate ** 2 * sens * (1 - sens) / len(on_good)
                + (1 - rate) ** 2 * spec * (1 - spec) / len(on_bad))
    reach = z * math.sqrt(variance) / (sens + spec - 1)
    return rate, max(rate - reach, 0.0), min(rate + reach, 1.0)
    ### END SOLUTION
    raise NotImplementedError("corrected_interval")

# %% [markdown] hints="judge_corrected_rate"
# <details><summary>Hint 1: a question</summary>
#
# From which samples of the golden set is sens learnt, and from which spec? How many are there of each?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Golden set: 10 good, of which the judge calls 9 good, 5 bad, of which it calls 4 bad: sens 0.9, spec 0.8. It
# reports 62 of 100: (0.62 − 0.2)/0.7 = 0.6. Variances: 0.62 · 0.38/100 = 0.00236, 0.36 · 0.09/10 = 0.00324, 0.16 ·
# 0.16/5 = 0.00512. Their sum 0.01072 has the root 0.1035, and that over 0.7 is 0.148.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Specificity is about the bad samples and asks for a verdict of *bad*. And the whole root is divided by sens + spec
# − 1, which makes every part of it larger.
#
# </details>

# %% graded="judge_corrected_rate__rate" points=2
# Looks at the corrected rate, its ends, and at judges no better than a coin.
check(judge_corrected_rate, 0.5, 0.9, 0.7, want=1 / 3, why="(0.5 - 0.3) / 0.6",
      mistakes={"sens and spec are the wrong way round": 2 / 3, "divided by sens alone": 0.2 / 0.9,
                "the observed rate itself": 0.5})
check(judge_corrected_rate, 0.1, 0.9, 0.7, want=0.0, why="below 1 - spec: clipped to 0")
raises(ValueError, judge_corrected_rate, 0.5, 0.5, 0.5, why="a coin says nothing about the answer")
### BEGIN HIDDEN TESTS
for obs, sens, spec in [(0.74, 0.8, 0.8), (0.3, 1.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.45, 0.6, 0.75),
                        (0.95, 0.99, 0.97), (0.31, 0.3, 0.71), (0.62, 1, 0.5), (0.2, 0.95, 0.8), (0.95, 0.95, 0.6)]:
    want = min(1.0, max(0.0, (obs - (1 - spec)) / (sens - (1 - spec))))
    check(judge_corrected_rate, obs, sens, spec, want=want, atol=1e-9,
          why="(obs + spec - 1) / (sens + spec - 1), clipped")
check(judge_corrected_rate, 0.97, 0.9, 0.9, want=1.0, why="above sens: clipped to 1")
check(judge_corrected_rate, 1, 0.75, 0.75, want=1.0, why="clipped to 1")
for sens, spec in [(0.25, 0.75), (0.2, 0.3), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)]:
    raises(ValueError, judge_corrected_rate, 0.4, sens, spec, why=f"sens + spec = {sens + spec}")
### END HIDDEN TESTS

# %% graded="judge_corrected_rate__interval" points=3
# Looks at the interval: three sources of error, and z.
human, judged = [1] * 10 + [0] * 5, [1] * 9 + [0] + [0, 0, 0, 0, 1]
se = math.sqrt(0.62 * 0.38 / 100 + 0.36 * 0.09 / 10 + 0.16 * 0.16 / 5) / 0.7
alone = math.sqrt(0.62 * 0.38 / 100) / 0.7
check(corrected_interval, [1] * 62 + [0] * 38, human, judged, want=(0.6, 0.6 - 1.96 * se, 0.6 + 1.96 * se),
      why="sens 0.9 from ten good ones, spec 0.8 from five bad ones",
      mistakes={"the golden set was taken for exact": (0.6, 0.6 - 1.96 * alone, 0.6 + 1.96 * alone),
                "not divided by sens + spec - 1": (0.6, 0.6 - 1.96 * se * 0.7, 0.6 + 1.96 * se * 0.7)})
### BEGIN HIDDEN TESTS
def slow_interval(verdicts, human, judged, z):
    "The formula, from counts."
    good, bad = sum(1 for h in human if h), sum(1 for h in human if not h)
    sens = sum(1 for h, j in zip(human, judged) if h and j) / good
    spec = sum(1 for h, j in zip(human, judged) if not h and not j) / bad
    p, J = sum(1 for v in verdicts if v) / len(verdicts), sens + spec - 1
    rate = min(1.0, max(0.0, (p - 1 + spec) / J))
    parts = [p * (1 - p) / len(verdicts), rate * rate * sens * (1 - sens) / good,
             (1 - rate) * (1 - rate) * spec * (1 - spec) / bad]
    half = z * (math.fsum(parts) / J / J) ** 0.5
    return rate, max(0.0, rate - half), min(1.0, rate + half)


for seed in range(14):
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(20, 400)), int(rng.integers(30, 300))
    human = [int(x) for x in rng.random(n) < [0.7, 0.3, 0.5][seed % 3]]
    judged = [int(rng.random() < (0.85 if h else 0.25)) for h in human]
    verdicts = [int(x) for x in rng.random(m) < [0.3, 0.55, 0.7, 0.24, 0.88][seed % 5]]
    for z in (1.96, 1.0, 2.5758):
        check(corrected_interval, verdicts, human, judged, z, want=slow_interval(verdicts, human, judged, z),
              atol=1e-9,
              why="delta method with m verdicts, n1 good and n0 bad samples")
    as_bools = tuple(bool(v) for v in verdicts), tuple(bool(h) for h in human), tuple(bool(j) for j in judged)
    check(corrected_interval, *as_bools, want=slow_interval(verdicts, human, judged, 1.96), atol=1e-9,
          why="bools are verdicts")
check(corrected_interval, [1] * 1500 + [0] * 500, [1, 0], [1, 0], atol=1e-9,
      want=(0.75, 0.75 - 1.96 * (0.1875 / 2000) ** 0.5, 0.75 + 1.96 * (0.1875 / 2000) ** 0.5),
      why="no error on the golden set: the observed share")
unchanged(corrected_interval, [1, 0], [0, 1, 1], [0, 1, 1], 1.0, want=(0.5, 0.5 - 0.125 ** 0.5, 0.5 + 0.125 ** 0.5))
### END HIDDEN TESTS

# %% graded="judge_corrected_rate__golden" points=2
# Looks at golden sets that cannot teach, and at intervals that reach the ends.
raises(ValueError, corrected_interval, [1, 0], [1, 1, 1], [1, 1, 0], why="no bad sample: spec is unknown")
raises(ValueError, corrected_interval, [1, 0], [1, 0, 1], [1, 0], why="three samples, two verdicts")
check(corrected_interval, [1, 1, 1, 1], [1, 0], [1, 0], want=(1.0, 1.0, 1.0),
      why="nothing varies: an interval of no width")
### BEGIN HIDDEN TESTS
raises(ValueError, corrected_interval, [1, 0], [0, 0], [0, 1], why="no good sample: sens is unknown")
raises(ValueError, corrected_interval, [1, 0], [], [], why="no golden set at all")
raises(ValueError, corrected_interval, [1, 0], [1, 0], [1, 0, 1], why="two samples, three verdicts")
raises(ValueError, corrected_interval, [1, 0], [1, 1, 0, 0], [1, 0, 1, 0], why="sens + spec = 1")
raises(ValueError, corrected_interval, [1, 0], [1, 0], [0, 1], why="sens + spec = 0")
human, judged = [1] * 20 + [0] * 20, [1] * 17 + [0] * 3 + [0] * 12 + [1] * 8
for good in (0, 3, 19, 30, 59, 60):  # the clipped rate in the formula, at both ends
    verdicts = [1] * good + [0] * (60 - good)
    p, rate = good / 60, min(1.0, max(0.0, (good / 60 - 0.4) / 0.45))
    parts = p * (1 - p) / 60, rate ** 2 * 0.85 * 0.15 / 20, (1 - rate) ** 2 * 0.6 * 0.4 / 20
    half = 1.96 * math.sqrt(sum(parts)) / 0.45
    check(corrected_interval, verdicts, human, judged, atol=1e-9,
          want=(rate, max(0.0, rate - half), min(1.0, rate + half)),
          why="the clipped rate goes into the formula; low and high are clipped, too")
### END HIDDEN TESTS

# %% tags=["picture"]
ragas.corrected(judge_corrected_rate, corrected_interval)

# %% [markdown]
# Left: what a judge reports, and what it becomes when corrected. Right: how wide the interval is for a system with
# a true share of 0.8, by the number of verdicts. With 100 golden samples the width hardly falls behind a thousand
# verdicts: from there on the golden set decides.

# %% [markdown]
# ## 6 · May it go live? A gate by paired bootstrap
#
# The guide blocks a release "if a metric drops by more than 5 %", against thresholds such as 0.85 for faithfulness.
# The thresholds are nobody's measurement: calibrate them on your own samples. And a drop of 0.05 among 48 questions
# may be noise, or may hide a drop of 0.15. So ask what can be *shown*.
#
# Old and new version answer the same n questions. The scores of one question resemble each other: hard ones are
# hard for both. So take the **differences** $d_i = \text{new}_i - \text{old}_i$, sample by sample, and resample
# *those*:
#
# 1. draw n of the n differences, with replacement; note their mean;
# 2. repeat `n_boot` times;
# 3. the α-quantile of these means is a lower bound for the mean difference, at confidence 1 − α. (This is the
#    *percentile* bootstrap. Its coverage is a little short where n is small.)
#
# **Pass** if the bound is at or above −`max_drop`: "we are 95 % sure that it lost no more than 0.03". This is a
# test of *non-inferiority*. The other way round, "pass unless a loss is shown", any release passes if few enough
# questions are asked. Here too few questions block, and whoever wants to pass asks more.
#
# **How many?** With s for the standard deviation of the differences, the bound lies about 1.645 · s/√n below their
# mean. Say that nothing changed, that s is 0.2 and `max_drop` 0.03. At n = 120 the release passes in one case of
# two; for four cases of five it takes n = (2.487 · 0.2/0.03)² = 275 (2.487 is 1.645 + 0.842, the normal quantiles
# of 0.95 and 0.80).
#
# **The catch: missing scores.** New answers "I cannot say." to the ten hardest questions. Those have no statements,
# so faithfulness is NaN, and `nanmean` leaves them out: **the score rises**. A gate must decide, and ours does:
#
# - old has a score and new has none: new counts as **0**. It lost something, and nobody can say how much;
# - old has no score: there is nothing to compare, the pair is left out.
#
# RAGAS's own report averages with `nanmean`; look at how many scores are missing before you look at the average.
#
# ### Exercise 21.7 · gate
#
# `gate(old, new, max_drop, alpha=0.05, n_boot=2000, seed=0)` returns `(passes, bound)`: a bool and a float.
#
# - `old` and `new` are lists of scores, sample by sample, NaN where there is none, by the rule above. Lists of
#   different length, and no pair left: `ValueError`.
# - `bound`: the `alpha`-quantile of `n_boot` means, each of as many differences as there are pairs, drawn with
#   replacement. One-sided: all of α lies below. How a quantile between two means is interpolated is up to you.
# - `passes`: `bound >= -max_drop`. `max_drop` may be 0; so may be α, where the bound is the lowest of the means.
# - The same arguments give the same answer; another `seed` draws anew. Any generator will do. The tests tolerate
#   the scatter that `n_boot` draws have.
#
# Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13, for the percentile interval;
# Koehn 2004 (EMNLP) for its paired use in evaluation.

# %% stub="gate"
def gate(old: Sequence[float], new: Sequence[float], max_drop: float, alpha: float = 0.05,
         n_boot: int = 2000, seed: int = 0) -> tuple[bool, float]:
    """(passes, bound): is the mean of new - old shown to be at least -max_drop? And the lower bound.

    old = new + 0.5 everywhere: the bound is -0.5, and it passes with max_drop = 0.5.
    """
    ### BEGIN SOLUTION
    if len(old) != len(new):
        raise ValueError("old and new need the same samples")
    d = np.array([(0.0 if math.isnan(b) else b) - a for a, b in zip(old, new) if not math.isnan(a)])
    if len(d) == 0:
        raise ValueError("no pair of scores is left")
    rng = np.random.default_rng(seed)
    means = d[rng.integers(0, len(d), (n_boot, len(d)))].mean(1)
    bound = float(np.quantile(means, alpha))
    return bound >= -max_drop, bound
    ### END SOLUTION
    raise NotImplementedError("gate")

# %% [markdown] hints="gate"
# <details><summary>Hint 1: a question</summary>
#
# What must be drawn together, so that a hard question stays hard for both?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# old = [0.9, NaN, 0.5, 0.4], new = [NaN, 0.7, 0.6, 0.4]: the differences are −0.9, 0.1 and 0. Draws of three such
# as (0.1, 0.1, −0.9) with mean −0.233. The lowest of all possible means is −0.9.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Of the two ends it is the lower one that decides, with all of α on its side. And a comparison with NaN is never
# true: `x == x` or `math.isnan` tells.
#
# </details>

# %% graded="gate__bound" points=3
# Looks at the bound: paired, one-sided, a quantile of means of resampled differences.
g = np.random.default_rng(3)
hard = g.random(60)
before, after = (hard * 0.8).tolist(), (hard * 0.8 + 0.05 * g.standard_normal(60)).tolist()
room = float(np.std(np.subtract(after, before))) / 60 ** 0.5  # the standard error of the mean difference
center = float(np.mean(np.subtract(after, before)))
_, bound = gate(before, after, 0.03, 0.05, 4000, 1)
assert center - 1.95 * room < bound < center - 1.35 * room, (
    f"60 pairs, mean difference {center:.4f}, standard error {room:.4f}: expected a bound near "
    f"{center - 1.645 * room:.4f}, the lower end at one-sided 95 %; got {bound:.4f}. "
    f"Two samples resampled apart give a bound near "
    f"{center - 1.645 * (np.var(before) / 60 + np.var(after) / 60) ** 0.5:.4f}")
check(gate, [1.0] * 9, [0.5] * 9, 0.25, want=(False, -0.5), why="every question lost 0.5")
### BEGIN HIDDEN TESTS
for seed, (n, alpha, noise, shift) in enumerate([(48, 0.05, 0.1, -0.02), (30, 0.2, 0.3, 0.1),
                                                 (77, 0.025, 0.05, 0.0), (41, 0.1, 0.2, -0.3),
                                                 (60, 0.5, 0.4, 0.05), (35, 0.95, 0.2, 0.0)]):
    rng = np.random.default_rng(seed + 40)
    old = rng.random(n)
    new = old + shift + noise * rng.standard_normal(n)
    want, error = one_sided(new - old, alpha)
    _, bound = gate(old.tolist(), new.tolist(), 0.05, alpha, 5000, 1000 + seed)
    assert abs(bound - want) < 0.2 * error, (
        f"{n} pairs, alpha = {alpha}: expected a bound of {want:.4f} within {0.2 * error:.4f}, got {bound:.4f}")
# twenty-five questions unchanged, five lost: the 8 % quantile of the mean is -8/30, however it is interpolated
few = [0.0] * 25 + [1.0] * 5, [0.0] * 30
_, bound = gate(*few, 0.1, 0.08, 4000, 2)
expect(bound, -8 / 30, on="the bound for 25 differences of 0 and 5 of -1 at alpha = 0.08", atol=1e-9, rtol=0,
       why="means of resampled differences are multiples of 1/30: no normal approximation")
_, bound = gate([0.0] * 25 + [1.0] * 3, [0.0] * 28, 0.1, n_boot=4000, seed=6)
expect(bound, -6 / 28, on="the bound for 25 differences of 0 and 3 of -1 at alpha = 0.05", atol=1e-9, rtol=0,
       why="the quantile of the means itself, and not its mirror image")
rng = np.random.default_rng(8)
old, new = rng.random(400), rng.random(400)
want, error = one_sided(new - old, 0.05)
_, bound = gate(old.tolist(), new.tolist(), 0.05, seed=3)
assert abs(bound - want) < 0.3 * error, (
    f"400 pairs, the defaults: expected {want:.4f} within {0.3 * error:.4f}, got {bound:.4f}")
check(gate, [0.25, 0.5], [0.75, 1.0], 0.0, 0.0, 50, want=(True, 0.5), why="a gain of 0.5 everywhere, alpha = 0")
_, lowest = gate([0.0, 0.0], [0.0, 1.0], 0.0, 0.0, 200, 5)
expect(lowest, 0.0, on="the bound at alpha = 0 for the differences 0 and 1, 200 draws", atol=1e-9)
_, lowest = gate(before, after, 0.03, 0.0, 2000, 3)
assert lowest < center - 2.4 * room, f"alpha = 0: expected the lowest of 2,000 means, got {lowest:.4f}"
### END HIDDEN TESTS

# %% graded="gate__passes" points=2
# Looks at the decision, at its border and with both signs.
check(gate, [1.0, 0.5, 0.25, 0.75], [0.875, 0.375, 0.125, 0.625], 0.125, want=(True, -0.125),
      why="exactly max_drop is allowed")
check(gate, [1.0, 0.5, 0.25, 0.75], [0.875, 0.375, 0.125, 0.625], 0.1, want=(False, -0.125),
      why="it lost more than 0.1, for sure")
check(gate, [0.5] * 4, [0.5] * 4, 0.0, want=(True, 0.0), why="nothing changed: no drop at all",
      mistakes={"exactly max_drop was refused": (False, 0.0)})
### BEGIN HIDDEN TESTS
check(gate, [0.0] * 5, [0.75] * 5, 0.0, want=(True, 0.75), why="a gain passes")
check(gate, [0.0] * 5, [0.75] * 5, 0.5, 0.3, 30, 9, want=(True, 0.75), why="a gain above max_drop is no loss")
check(gate, [0.5], [0.25], 0.25, want=(True, -0.25), why="one pair")
check(gate, [3.0] * 4, [1.0] * 4, 2, 0.1, 20, want=(True, -2.0), why="scores need not lie below 1")
check(gate, [0.5] * 3, [0.46875] * 3, 0.0, want=(False, -0.03125), why="max_drop = 0 allows no loss at all")
check(gate, [0.5] * 3, [0.375] * 3, 0.1249, want=(False, -0.125), why="a little more than max_drop is too much")
rng = np.random.default_rng(0)
for n, passes in [(16, False), (1600, True)]:  # the same small loss: too few questions cannot show that it is small
    old = rng.random(n)
    new = old - 0.01 + 0.2 * rng.standard_normal(n)
    got, bound = gate(old.tolist(), new.tolist(), 0.03, 0.05, 400, 7)
    expect(got, passes, on=f"{n} questions, a loss near 0.01, max_drop 0.03, bound {bound:.4f}")
### END HIDDEN TESTS

# %% graded="gate__missing" points=2
# Looks at scores that are missing on either side, and at lists that do not fit.
nan = math.nan
check(gate, [1.0, 1.0], [nan, nan], 0.5, want=(False, -1.0), why="what new no longer answers counts as 0",
      mistakes={"missing scores were left out": (True, 0.0)})
check(gate, [nan, 0.5, nan], [1.0, 0.75, nan], 0.0, want=(True, 0.25),
      why="old has no score there: those pairs are left out",
      mistakes={"an old NaN counted as 0": (True, 0.5)})
raises(ValueError, gate, [nan, nan], [0.5, 0.5], 0.1, why="no pair is left")
raises(ValueError, gate, [0.5, 0.5], [0.5], 0.1, why="two samples against one")
### BEGIN HIDDEN TESTS
raises(ValueError, gate, [], [], 0.1, why="no samples at all")
raises(ValueError, gate, [nan], [nan], 0.1, why="no pair is left")
raises(ValueError, gate, [0.5], [0.5, nan], 0.1, why="one sample against two")
rng = np.random.default_rng(12)
old, new = rng.random(120), rng.random(120)
old[rng.random(120) < 0.5], new[rng.random(120) < 0.3] = nan, nan
there = ~np.isnan(old)
want, error = one_sided(np.nan_to_num(new[there]) - old[there], 0.05)
_, bound = gate(old.tolist(), new.tolist(), 0.05, 0.05, 5000, 4)
assert abs(bound - want) < 0.2 * error, (
    f"120 samples, many missing: expected {want:.4f} within {0.2 * error:.4f}, got {bound:.4f}")
check(gate, [0.0, nan], [nan, 0.3], 0.0, want=(True, 0.0), why="old 0.0 is a score, and new counts as 0: no loss")
unchanged(gate, [0.5, nan, 1.0], [nan, 0.5, 0.5], 0.5, want=(True, -0.5))
### END HIDDEN TESTS

# %% graded="gate__repeats" points=1
# Looks at the seed and at n_boot.
old, new = [0.1, 0.9, 0.4, 0.7, 0.2, 0.6, 0.3], [0.3, 0.5, 0.9, 0.6, 0.1, 0.8, 0.2]
bounds, again = ([gate(old, new, 0.1, 0.05, 1, seed)[1] for seed in range(8)] for _ in range(2))
assert bounds == again, f"eight seeds, twice each: expected the same answer for the same seed, got {bounds}, {again}"
assert max(bounds) > min(bounds), f"n_boot = 1 and eight seeds: expected means that differ, got {bounds}"
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(21)
old, new = rng.random(50), rng.random(50)
error = float(np.std(new - old)) / 50 ** 0.5
one, same = ([gate(old.tolist(), new.tolist(), 0.1, 0.05, 1, seed)[1] for seed in range(16)] for _ in range(2))
assert len(set(one)) > 12, f"n_boot = 1, 16 seeds: expected a mean of its own for each, got {one}"
assert one == same, f"n_boot = 1, 16 seeds: expected the same means for the same seeds, got {one} and {same}"
spread = (max(one) - min(one)) / error
assert spread > 0.9, (
    f"n_boot = 1: one mean each, 16 seeds: expected them to scatter, got a range of {spread:.2f} standard errors")
many = [gate(old.tolist(), new.tolist(), 0.1, 0.5, 1500, seed)[1] for seed in range(5)]
spread = (max(many) - min(many)) / error
assert spread < 0.4, f"n_boot = 1,500: expected bounds close together, got a range of {spread:.2f} standard errors"
default = [gate(old.tolist(), new.tolist(), 0.1) for _ in range(2)]
assert default[0] == default[1], f"expected the same answer twice with the default seed, got {default}"
### END HIDDEN TESTS

# %% tags=["picture"]
ragas.paired(gate)

# %% [markdown]
# 48 questions of unlike difficulty, new better by 0.02 with a little noise of its own. Left: the two samples, a
# line a question. Right: means by resampling pairs (narrow), and by resampling both samples apart (wide). The wide
# ones answer another question: what if both had been asked *other* questions? With pairs this release passes,
# without it is blocked.
#
# **Several metrics.** The release must pass on all. Then each may be tested at α without correction: that a release
# which is too bad on *some* metric passes on all is no likelier than α. The price is paid by good releases: five
# independent gates that each pass a good one in 80 % of cases pass it in 0.8⁵ = 33 %. So gate on few metrics, with
# enough samples, and watch the others.
#
# **Questions from one document** resemble each other. Forty questions on four documents are nearer to four samples
# than to forty: resample documents with all their questions, or the bound is too tight.
#
# ## 7 · The whole: evaluate, and decide
#
# ### Exercise 21.8 · evaluate
#
# Three functions. A sample is a dict with the strings `"question"`, `"answer"`, `"reference"` and the list of
# strings `"contexts"`, the best first.
#
# - `evaluate(samples, split, judge, useful)` gives a dict with the keys `"faithfulness"`, `"context_recall"` and
#   `"context_precision"`, each a list of floats, sample by sample, by your functions. The verdict on a chunk is
#   `useful(question, chunk, reference)`, 1 or 0 (or True and False), asked for each chunk in order. **One bad reply
#   may not lose the run**: where the judge or the splitter raises a `ValueError`, or the judge breaks its contract,
#   that metric of that sample is NaN; where `useful` raises one, the verdict on that chunk is −1. Every other error
#   goes through.
# - `report(scores, alpha=0.05, n_boot=2000, seed=0)` gives {metric: (mean, low, high, missing)}: the mean of the
#   scores that are there, the α/2- and (1 − α/2)-quantiles of `n_boot` bootstrap means of those, and how many are
#   NaN (an int). No score at all: `(nan, nan, nan, missing)`.
# - `release(old, new, limits, alpha=0.05, n_boot=2000, seed=0)`: old and new are dicts {metric: scores}, `limits`
#   is {metric: max_drop}. Gives {metric: whether `gate` passes} for each metric in `limits`, and under `"release"`
#   whether all of them do. A metric that the gate cannot decide (its `ValueError`), or that old or new lacks, does
#   not pass. Nothing in `limits`: nothing was asked, and nothing is released: `{"release": False}`.
#
# `release` hands alpha, n_boot and seed on to `gate`. For both functions the same arguments give the same answer,
# another seed draws anew, and the interpolation of a quantile is up to you.
#
# Source: the rules are this course's; the three metrics as above. "All must pass": R. L. Berger 1982, Technometrics
# 24, 295–300, an intersection-union test.

# %% stub="evaluate"
def evaluate(samples: Sequence[dict], split: Split, judge: Judge,
             useful: Callable[[str, str, str], int]) -> dict[str, list[float]]:
    """Scores of every sample by three metrics; an unusable reply costs one score, not the run.

    No samples: {"faithfulness": [], "context_recall": [], "context_precision": []}.
    """
    ### BEGIN SOLUTION
    def attempt_of(call, *args, otherwise):
        try:
            return call(*args)
        except ValueError:
            return otherwise

    def ranked(s):
        return context_precision([int(attempt_of(useful, s["question"], c, s["reference"], otherwise=-1))
                                  for c in s["contexts"]])

    def share(of, s, text):
        return attempt_of(of, s[text], s["contexts"], split, judge, otherwise=math.nan)

    return {"faithfulness": [share(faithfulness, s, "answer") for s in samples],
            "context_recall": [share(context_recall, s, "reference") for s in samples],
            "context_precision": [ranked(s) for s in samples]}
    ### END SOLUTION
    raise NotImplementedError("evaluate")


def report(scores: Mapping[str, Sequence[float]], alpha: float = 0.05, n_boot: int = 2000,
           seed: int = 0) -> dict[str, tuple[float, float, float, int]]:
    """{metric: (mean, low, high, missing)} with a two-sided bootstrap interval.

    report({"m": [0.5, nan, 0.5]}) is {"m": (0.5, 0.5, 0.5, 1)}.
    """
    ### BEGIN SOLUTION
    table = {}
    for name, given in scores.items():
        there = np.array([x for x in given if not math.isnan(x)])
        rng = np.random.default_rng(seed)
        means = there[rng.integers(0, len(there), (n_boot, len(there)))].mean(1) if len(there) else []
        low, high = np.quantile(means, [alpha / 2, 1 - alpha / 2]) if len(there) else (math.nan, math.nan)
        table[name] = (float(there.mean()) if len(there) else math.nan, float(low), float(high), len(given) - len(there))
    return table
    ### END SOLUTION
    raise NotImplementedError("report")


def release(old: Mapping[str, Sequence[float]], new: Mapping[str, Sequence[float]],
            limits: Mapping[str, float], alpha: float = 0.05, n_boot: int = 2000,
            seed: int = 0) -> dict[str, bool]:
    """Whether each metric in limits passes its gate, and under "release" whether all do.

    {"m": [1.0]} against itself with {"m": 0.0}: {"m": True, "release": True}.
    """
    ### BEGIN SOLUTION
    passed = {}
    for name, max_drop in limits.items():
        try:
            passed[name] = bool(gate(old[name], new[name], max_drop, alpha, n_boot, seed)[0])
        except (ValueError, KeyError):
            passed[name] = False
    return {**passed, "release": bool(passed) and all(passed.values())}
    ### END SOLUTION
    raise NotImplementedError("release")

# %% [markdown] hints="evaluate"
# <details><summary>Hint 1: a question</summary>
#
# The judge fails on sample 17. Which of its three scores are lost, and which are not?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `useful` gives 0, an error, 1 for three chunks: verdicts 0 −1 1, context precision 1/2. Scores [0.2, NaN, 0.4]:
# mean 0.3, one missing, and an interval within 0.2 … 0.4. Limits on two metrics, of which new has one: its own
# verdict, False for the other, False for the release.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# What is caught is one exception of one metric of one sample, so the `try` stands innermost. And `all` of nothing
# is True.
#
# </details>

# %% graded="evaluate__scores" points=3
# Looks at the scores of all samples, and at what each callable is asked.
samples = [{"question": "How many?", "answer": "three\nfast", "reference": "three", "contexts": ["two", "three"]},
           {"question": "How old?", "answer": "", "reference": "ten\nold", "contexts": ["ten", "none", "old"]},
           {"question": "Who?", "answer": "Ada", "reference": "Ada", "contexts": []}]

def rows(text):
    "One statement a line."
    return text.split("\n")

def found(premise, statements):
    "Supported is what stands in the premise."
    return [int(s in premise) for s in statements]

def helps(question, chunk, reference):
    "A chunk is useful when the reference holds it."
    return int(chunk in reference)

check(evaluate, samples, rows, found, helps,
      want={"faithfulness": [0.5, math.nan, 0.0], "context_recall": [1.0, 1.0, 0.0],
            "context_precision": [0.5, 5 / 6, 0.0]},
      why="each metric of each sample, in their order")
### BEGIN HIDDEN TESTS
check(evaluate, [], rows, found, helps, want={"faithfulness": [], "context_recall": [], "context_precision": []},
      why="no samples")
for seed in range(4):
    rng = np.random.default_rng(seed)
    def some(n, rng=rng):
        return [str(int(i)) for i in rng.integers(100, 112, n)]
    many = [{"question": f"q{i}", "answer": "\n".join(some(rng.integers(0, 5))),
             "reference": "\n".join(some(rng.integers(1, 5))), "contexts": some(rng.integers(0, 6))}
            for i in range([1, 5, 40, 23][seed])]
    want = {"faithfulness": [], "context_recall": [], "context_precision": []}
    for s in many:
        for name, text in [("faithfulness", s["answer"]), ("context_recall", s["reference"])]:
            said = [t for t in text.split("\n") if t]
            joined = "\n".join(s["contexts"])
            want[name].append(sum(t in joined for t in said) / len(said) if said else math.nan)
        want["context_precision"].append(slow_precision([int(c in s["reference"]) for c in s["contexts"]]))
    check(evaluate, many, rows, found, helps, want=want, why="each metric of each sample")
asked = []

def curious(question, chunk, reference):
    "Notes down what it is asked."
    asked.append((question, chunk, reference))
    return chunk == "b"

one = [{"question": "Q", "answer": "A", "reference": "R", "contexts": ["a", "b", "a"]}]
check(evaluate, one, lambda text: [text], lambda p, s: [s == ["A"]], curious,
      want={"faithfulness": [1.0], "context_recall": [0.0], "context_precision": [0.5]},
      why="verdicts may be bools")
expect(asked[:3], [("Q", "a", "R"), ("Q", "b", "R"), ("Q", "a", "R")], on="what useful was asked",
       why="every chunk, in order")
unchanged(evaluate, samples, rows, found, helps,
          want={"faithfulness": [0.5, math.nan, 0.0], "context_recall": [1.0, 1.0, 0.0],
                "context_precision": [0.5, 5 / 6, 0.0]})
### END HIDDEN TESTS

# %% graded="evaluate__errors" points=2
# Looks at replies that cannot be used: one score is lost, not the run.
def short(premise, statements):
    "Leaves out the last statement of three or more."
    return [1] * min(len(statements), 2)

two = [{"question": "q", "answer": "a\nb\nc", "reference": "a", "contexts": ["x", "y", "z"]},
       {"question": "q", "answer": "a", "reference": "a\nb\nc", "contexts": ["z"]}]

def picky(question, chunk, reference):
    "Cannot read x."
    if chunk == "x":
        raise ValueError("no verdict in the reply")
    return int(chunk == "z")

check(evaluate, two, lambda text: text.split("\n"), short, picky,
      want={"faithfulness": [math.nan, 1.0], "context_recall": [1.0, math.nan], "context_precision": [0.5, 1.0]},
      why="a broken contract is NaN for that metric of that sample; x is a chunk without a verdict",
      mistakes={"a chunk without a verdict counted as not useful":
                {"faithfulness": [math.nan, 1.0], "context_recall": [1.0, math.nan],
                 "context_precision": [5 / 12, 1.0]},
                "both scores of the sample were lost":
                {"faithfulness": [math.nan, math.nan], "context_recall": [math.nan, math.nan],
                 "context_precision": [0.5, 1.0]}})
### BEGIN HIDDEN TESTS
def refuses(text):
    "A splitter that cannot split an answer with b."
    if "b" in text:
        raise ValueError("no list in the reply")
    return [text]


def angry(premise, statements):
    "A judge that fails on contexts with y."
    if "y" in premise:
        raise ValueError("no verdicts in the reply")
    return [0] * len(statements)


three = [{"question": "q", "answer": "b", "reference": "a", "contexts": ["z"]},
         {"question": "q", "answer": "a", "reference": "a", "contexts": ["z", "y"]},
         {"question": "q", "answer": "a", "reference": "b", "contexts": ["x", "x"]}]
check(evaluate, three, refuses, angry, picky,
      want={"faithfulness": [math.nan, math.nan, 0.0], "context_recall": [0.0, math.nan, math.nan],
            "context_precision": [1.0, 1.0, 0.0]}, why="whoever raises: that score alone is lost")


def breaks(*args):
    "Not a bad reply: a fault of the program."
    raise ZeroDivisionError("a bug")


def all_supported(premise, statements):
    "A judge without a fault."
    return [1] * len(statements)


def breaks_at(word):
    "A splitter with a bug that one text meets."
    return lambda text: breaks() if text == word else [text]


for word in ("the answer", "the reference"):
    raises(ZeroDivisionError, evaluate, [{"question": "q", "answer": "the answer", "reference": "the reference",
                                          "contexts": ["z"]}], breaks_at(word), all_supported, picky,
           why=f"only a ValueError is a bad reply; {word} met a bug")
for trio in [(breaks, all_supported, picky), (lines, breaks, picky), (lines, all_supported, breaks)]:
    raises(ZeroDivisionError, evaluate, three, *trio, why="only a ValueError is a bad reply")
### END HIDDEN TESTS

# %% graded="evaluate__report" points=2
# Looks at means, two-sided intervals and how many scores are missing.
nan = math.nan
check(report, {"m": [0.5, nan, 0.5], "none": [nan, nan], "empty": []},
      want={"m": (0.5, 0.5, 0.5, 1), "none": (nan, nan, nan, 2), "empty": (nan, nan, nan, 0)},
      why="the mean of what is there; without any score there is none",
      mistakes={"missing scores counted as 0": {"m": (1 / 3, 0.0, 0.5, 1), "none": (0.0, 0.0, 0.0, 2),
                                                "empty": (nan, nan, nan, 0)}})
### BEGIN HIDDEN TESTS
check(report, {}, want={}, why="no metrics")
for seed, (n, alpha) in enumerate([(40, 0.05), (90, 0.2), (33, 0.5)]):
    rng = np.random.default_rng(seed + 5)
    x = rng.random(n) ** 3
    holes = x.copy()
    holes[rng.random(n) < 0.25] = nan
    got = report({"b": holes.tolist(), "a": x.tolist()}, alpha, 4000, seed)
    assert set(got) == {"a", "b"}, f"expected the metrics a and b, got {sorted(got)}"
    for name, data in [("a", x), ("b", holes)]:
        there = data[~np.isnan(data)]
        mean, low, high, missing = got[name]
        expect(mean, float(there.mean()), on="the mean in a report")
        expect(missing, int(n - len(there)), on="the number of missing scores in a report")
        ends, error = one_sided(there, [alpha / 2, 1 - alpha / 2])
        for side, bound, want in zip(("low", "high"), (low, high), ends):
            assert abs(bound - want) < 0.25 * error, (
                f"{len(there)} scores, alpha = {alpha}: expected {side} at {want:.4f} within {0.25 * error:.4f}, "
                f"got {bound:.4f}")
x = np.sort(np.random.default_rng(77).random(300))
ends, error = one_sided(x, [0.025, 0.975])
rows = [report({"m": x.tolist()}), *(report({"m": x.tolist()}, seed=seed) for seed in (1, 2, 3))]
width = sum(row["m"][2] - row["m"][1] for row in rows) / 4
assert abs(width - (ends[1] - ends[0])) < 0.3 * error, (
    f"300 scores, the defaults: expected a width of {ends[1] - ends[0]:.4f}, 95 % two-sided; got {width:.4f}")
for side, bound, want in zip(("low", "high"), rows[0]["m"][1:3], ends):
    assert abs(bound - want) < 0.3 * error, (
        f"300 scores, the defaults: expected {side} at {want:.4f} within {0.3 * error:.4f}, got {bound:.4f}")
alone, same = ([report({"m": x[:30].tolist()}, 0.05, 1, seed)["m"][1:3] for seed in range(12)] for _ in range(2))
assert all(low == high for low, high in alone), f"n_boot = 1: one mean is low and high, got {alone[:3]}"
assert len(set(alone)) > 9, f"n_boot = 1 and twelve seeds: expected means that differ, got {alone[:3]}"
assert alone == same, f"expected the same report for the same seed, got {alone[:3]} and {same[:3]}"
check(report, {"m": [0.25]}, 0.1, 30, want={"m": (0.25, 0.25, 0.25, 0)}, why="one score: an interval of no width")
unchanged(report, {"m": [0.5, nan]}, want={"m": (0.5, 0.5, 0.5, 1)})
### END HIDDEN TESTS

# %% graded="evaluate__release" points=2
# Looks at the decision over several metrics.
nan = math.nan
before = {"faithfulness": [1.0] * 8, "context_recall": [0.5] * 8}
after = {"faithfulness": [1.0] * 8, "context_recall": [0.25] * 8}
check(release, before, after, {"faithfulness": 0.0, "context_recall": 0.125},
      want={"faithfulness": True, "context_recall": False, "release": False}, why="one metric that fails is enough")
check(release, before, after, {"faithfulness": 0.0}, want={"faithfulness": True, "release": True},
      why="what has no limit is not gated")
check(release, before, after, {}, want={"release": False}, why="nothing was asked, nothing is released",
      mistakes={"all of nothing is True": {"release": True}})
### BEGIN HIDDEN TESTS
check(release, before, after, {"context_recall": 0.25, "faithfulness": 0.0},
      want={"context_recall": True, "faithfulness": True, "release": True},
      why="each metric has a limit of its own")
check(release, before, after, {"context_recall": 0.125, "faithfulness": 0.5},
      want={"context_recall": False, "faithfulness": True, "release": False}, why="each metric by its own limit")
check(release, before, after, {"context_recall": 0.3, "speed": 9.0},
      want={"context_recall": True, "speed": False, "release": False},
      why="a metric that nobody measured does not pass")
check(release, {**before, "x": [0.1]}, after, {"x": 9.0}, want={"x": False, "release": False}, why="new lacks it")
check(release, before, {**after, "x": [0.1]}, {"x": 9.0}, want={"x": False, "release": False}, why="old lacks it")
check(release, {"m": [nan, nan]}, {"m": [1.0, 1.0]}, {"m": 1.0}, want={"m": False, "release": False},
      why="the gate cannot decide: no pass")
check(release, {"m": [1.0, 1.0]}, {"m": [1.0]}, {"m": 1.0}, want={"m": False, "release": False},
      why="other samples: the gate cannot decide")
check(release, {"m": [0.5, 0.5]}, {"m": [nan, nan]}, {"m": 0.25}, want={"m": False, "release": False},
      why="what is no longer answered counts as 0")
check(release, {"m": [0.0, 0.5, nan], "k": [1.0] * 3}, {"m": [nan, 0.75, nan], "k": [1.0] * 3}, {"m": 0.0, "k": 0.0},
      want={"m": True, "k": True, "release": True}, why="a missing score loses what old had there: here 0.0")
few = {"m": [0.0] * 25 + [1.0] * 5}, {"m": [0.0] * 30}  # the 8 % quantile is -8/30, the 30 % quantile -6/30
check(release, *few, {"m": 0.25}, 0.08, 2000, want={"m": False, "release": False}, why="alpha = 0.08")
check(release, *few, {"m": 0.25}, 0.3, 2000, want={"m": True, "release": True}, why="alpha = 0.3")
three = {"m": [0.0] * 25 + [1.0] * 3}, {"m": [0.0] * 28}  # the 5 % quantile is -6/28, the 10 % quantile -5/28
check(release, *three, {"m": 0.2}, want={"m": False, "release": False}, why="alpha = 0.05 is the default")
check(release, *three, {"m": 0.2}, 0.1, 2000, want={"m": True, "release": True}, why="alpha = 0.1")
check(release, *({**scores, "k": scores["m"], "l": scores["m"]} for scores in three), {"m": 0.2, "k": 0.2, "l": 0.1},
      0.1, 2000, want={"m": True, "k": True, "l": False, "release": False}, why="each at alpha, with no correction")
draws = [release({"m": [0.1, 0.9, 0.4, 0.7]}, {"m": [0.3, 0.5, 0.6, 0.7]}, {"m": 0.0}, 0.5, 1, seed)["m"]
         for seed in range(24)]
assert len(set(draws)) == 2, f"n_boot = 1 over 24 seeds: expected passes and failures, got {draws[0]} always"
unchanged(release, {"m": [1.0]}, {"m": [1.0]}, {"m": 0.0}, want={"m": True, "release": True})
### END HIDDEN TESTS

# %% [markdown]
# **It runs.** Four systems answer the 48 queries of Larkmoor. The old one finds passages by shared words, the
# others by MiniLM's embeddings. An answer is the first two sentences of the best passage found; the reference is
# the passage that people judged to answer the query. The judge is made of words: a sentence is supported if at
# least 70 % of its words stand in the premise. Whether a chunk is useful is known from people's judgements. It
# takes about 6 seconds.

# %% tags=["picture"]
ragas.four_systems(evaluate, report, release)

# %% [markdown]
# Read the columns.
#
# - **Faithfulness is 1.000 for every system that answers**, since all of them copy. It says nothing here about
#   whether the right passage was copied. A metric at its ceiling gates nothing.
# - **"Twelve chunks"** lifts context recall, and context precision hardly sees the eight more. Tokens are in no
#   column: put cost and latency beside the metrics.
# - **"Says nothing"** refuses every third question. Its mean faithfulness is perfect; the 16 missing scores beside
#   it, and the gate, see through that.
# - **"Embeddings" is blocked, although no mean fell.** Context precision rose by 0.07, but the bound is −0.036, and
#   the limit was 0.03. Blocked means *not shown*, not *worse*: 48 questions are few. More questions, or a limit of
#   0.05 that was agreed on before anybody looked, let it pass; a limit moved afterwards is no gate.
# - Which metric blocks says where to look: "says nothing" alone is blocked by faithfulness.

# %% [markdown]
# ## 8 · The experiment: a judge that flips verdicts
#
# 500 questions, ten chunks each, three of them helpful. Three rankers: `good` puts helpful ones first, `random`
# draws lots, `reversed` puts them last. Then a judge flips each verdict, 1 to 0 and 0 to 1, with probability 0.2.
# What becomes of the **mean context precision** of the three? It takes about 2 seconds. **Predict before you run
# it**; one point for committing, one for being right.

# %% stub="prediction"
# "all three fall", "all three rise", "good falls, random and reversed rise",
# or "good and random fall, reversed rises"
prediction: str | None = None
### BEGIN SOLUTION
prediction = "good falls, random and reversed rise"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to one of the four.
committed(prediction, options=["all three fall", "all three rise", "good falls, random and reversed rise",
                               "good and random fall, reversed rises"])

# %% graded="prediction__right" points=1
# It is what the experiment shows.
committed(prediction, options=["all three fall", "all three rise", "good falls, random and reversed rise",
                               "good and random fall, reversed rises"])
### BEGIN HIDDEN TESTS
predicted(prediction, "good falls, random and reversed rise",
          "Flips change how many chunks look helpful, and where. Which of the two matters for each ranker?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def flipped(V, rate, rng):
    "Every verdict flipped with this probability."
    return torch.from_numpy(np.where(rng.random(V.shape) < rate, 1 - V.numpy(), V.numpy()))


table = ragas.flips(context_precision_batch, flipped, judge_corrected_rate, prediction=prediction)

# %% [markdown]
# - **The order survives, the distances do not.** At a flip rate of 0.2 the gap between the best and the worst
#   ranker is little more than half of what it was. A real gain of the retriever looks as
#   much smaller, and at equal scatter takes some 3.4 times the samples to be seen (1/0.54²).
# - **The share of helpful chunks** is 0.3 for all three rankers, and the judge reports 0.38 for all three: seven in
#   ten chunks can be flipped up, three in ten down. An error that is the same for all is a bias, and more samples
#   do not help.
# - **The share can be corrected**: Rogan–Gladen with sens = spec = 0.8 gives 0.30 back, within its noise. Context
#   precision cannot, by this formula: it is no share of verdicts. (What can be done for it stands in part 10.)
# - What this does not show: real judges do not flip at random. They err more on long chunks, on hard questions, on
#   text that they wrote themselves. Then the order may not survive, either.
#
# ## 9 · Feel it: verdicts, flips, scores
#
# Move the number of chunks, of helpful ones, and the two error rates. Two kinds of error, two effects: which one
# moves the good ranker, which one the reversed?

# %% tags=["widget"]
ragas.widget(context_precision_batch)

# %% [markdown]
# ## 10 · The tools, and what they hide
#
# **RAGAS.** Its names in `ragas.metrics`: `Faithfulness`, `ResponseRelevancy`, `LLMContextPrecisionWithReference`
# and `…WithoutReference`, `LLMContextRecall`, `ContextEntityRecall`, `NoiseSensitivity`. Version 0.4 writes most of
# them anew in `ragas.metrics.collections`, some under other names (`AnswerRelevancy`,
# `ContextPrecisionWithReference`), each with a coroutine `ascore(user_input=..., ...)` that gives a result with a
# `.value`. Whether an answer is *right* is asked by `FactualCorrectness` and `AnswerCorrectness`, against a
# reference. A sample's fields are called `user_input`, `retrieved_contexts`, `response`, `reference`; the guide's
# `query` and `ground_truth` are older. Its snippet `await evaluate(...)` fails, since `evaluate` is no coroutine
# (`aevaluate` is one; both are deprecated in 0.4); its loop over `results.items()` fails, since a result has
# `[metric]`, a list of scores, and `to_pandas()`.
#
# **HHEM** (Hughes Hallucination Evaluation Model, by Vectara) scores a pair (premise, hypothesis) between 0 and 1:
# is the hypothesis supported? HHEM-2.1-Open is a fine-tuned flan-T5-base with some 110 million parameters, English
# only; it is no BERT, as the guide says, and there is no package `vectara_hhem`. Its model card loads it so:
#
# ```python
# model = AutoModelForSequenceClassification.from_pretrained(
#     "vectara/hallucination_evaluation_model", trust_remote_code=True)
# model.predict([("the context", "the statement")])
# ```
#
# The pair has a direction: context first. `trust_remote_code` runs code from the hub: pin a revision. As a judge it
# is small, cheap and repeats itself; but RAGAS's `FaithfulnesswithHHEM` still pays an LLM to split the answer, and
# rounds each score at 0.5 to a verdict. In our words: HHEM is a `judge`, not a `split`.
#
# **Others**, by what they are rather than by who is ahead (that changes with every release): *DeepEval* puts
# metrics into a test runner (pytest), so that a low score fails a build. *TruLens* traces an app and scores a triad:
# context relevance, groundedness, answer relevance. *ARES* (Saad-Falcon et al. 2023, arXiv 2311.09476) trains small
# judges on synthetic data and corrects them with a few hundred labels by people, with intervals, by
# prediction-powered inference (Angelopoulos et al. 2023, arXiv 2301.09633). What they share: the score is a judge's.
#
# **Two ways to correct a judge.** For a mean, prediction-powered inference subtracts the judge's mean error on the
# golden set, mean(judge − people), from the judge's mean on the traffic. That works for *any* score of a sample,
# context precision too. Its price: the golden set must be drawn like the traffic, since the mean error depends on
# how many good answers there are. Rogan–Gladen only needs sens and spec to be the same. An example: sens 0.9, spec
# 0.8, a golden set that is half good (mean error +0.05), traffic of which 0.90 is good. The judge reports 0.83;
# Rogan–Gladen gives 0.90 back, the difference gives 0.78.
#
# **Ask of any of them**: which prompt, which judge model, which version? Pinned? What happens to a reply that
# cannot be read? To an empty answer? Is there an interval? What does a run cost: with four statements and four
# chunks, faithfulness is 2 calls a sample, context precision 4, answer relevancy 3, noise sensitivity 11 (two
# splits, each list of statements against each chunk, the claims against the reference).

# %% [markdown]
# ## 11 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="pipeline"
# You own a support assistant with RAG: 20,000 questions a day, 3,000 documents that change weekly. A colleague
# proposes: "RAGAS nightly on 500 questions from the logs, a large LLM as judge; alarm if faithfulness is below
# 0.85; block a release if any metric drops by more than 5 %." The judge was checked on 100 samples that people
# labelled: of 60 good answers it passed 51, of 40 bad ones it rejected 30. Last night it passed 370 of 500. Write,
# in about 15 lines:
#
# 1. What is the true share of good answers, with a 95 % interval? What would narrow it most?
# 2. The golden set: where from, how large, who labels, and what about documents that change?
# 3. The gate for a release: what replaces "drops by more than 5 %"? What of answers without a score?
# 4. Two ways in which this assistant could score well and be bad, and what would notice.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Rate**: sens 0.85, spec 0.75; (0.74 − 0.25)/0.6 = 0.817; interval 0.67 to 0.96. More golden samples narrow it,
#   not more traffic: 500 verdicts make a fifth of the variance. (Half a point for the rate alone.)
# - **Golden set**: real traffic plus rare and costly cases, bad answers enough for spec, two labellers and their
#   agreement, a version of the documents with each entry, renewed when documents change, a part kept unseen.
# - **Gate**: the same questions for both versions, differences sample by sample, bootstrap, pass if the lower bound
#   is above −max_drop; few metrics, all must pass; a score that vanished counts as 0. Thresholds calibrated on the
#   golden set, not taken from a table.
# - **Fooled**: two of: copying a wrong chunk (faithful, relevant; seen by the reference or by people), refusing
#   (missing scores; the rate of refusals), more chunks (recall up; tokens, noise sensitivity), an echo of the
#   question (answer relevancy; faithfulness), long answers of trivialities (faithfulness; statements an answer).
#
# === END MARK SCHEME ===

# %% [markdown] written="pipeline" points=4
# ### BEGIN SOLUTION
# 1. The judge's sens is 51/60 = 0.85, its spec 30/40 = 0.75. Observed 370/500 = 0.74. Corrected: (0.74 - 0.25) /
#    0.60 = 0.817. The variance has three parts, before the division by 0.6 squared: 0.00038 from the 500 verdicts,
#    0.00142 from the 60 good samples, 0.00016 from the 40 bad ones. se = 0.074, so 0.67 to 0.96. The golden set's
#    good samples are 72 % of the variance: label more of them. "Below 0.85" cannot be decided today.
# 2. 300 to 500 samples: most drawn from the logs at random, some chosen because they are rare or costly. Answers of
#    an old and a bad version too, so that there are bad ones. Two people label each, a third decides; their
#    agreement bounds what any judge can reach. Each entry names the version of its document and is judged again
#    when that changes. A third stays unseen by whoever tunes prompts. The judge's model and prompt are pinned; a
#    change of them means measuring sens and spec anew.
# 3. Old and new answer the same 500 questions. Bootstrap of the differences, one-sided 95 %; pass if the bound is
#    at or above -0.03 for faithfulness and context recall, both. Missing new scores count as 0. If too few
#    questions make the bound wide, ask more questions. Cost and latency have limits of their own.
# 4. It refuses hard questions: no statements, NaN, the mean rises. The rate of missing scores shows it. It copies
#    passages of a wrong or outdated document: faithful and on topic, and false. Correctness against a reference,
#    and the users' own complaints, show it.
# ### END SOLUTION

# %% [markdown]
# ## 12 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="21.1" level="basic"
# <details><summary>What are the main RAGAS metrics for evaluating RAG?</summary>
#
# - Of the retriever: **context precision** (average precision of the ranking, by a judge's verdicts), **context
#   recall** (share of the reference's statements that the contexts support), entity recall (share of its names).
# - Of the answer: **faithfulness** (share of its statements that the contexts support), **answer relevancy** (mean
#   cosine of the question with questions written from the answer), noise sensitivity (share of false claims, by
#   origin; lower is better).
# - Needs a reference: context recall, entity recall, noise sensitivity, one form of context precision. Needs none:
#   faithfulness, answer relevancy.
# - Truth is measured against a reference alone: noise sensitivity, factual correctness, answer correctness.
# - Slip: context precision as TP/(TP+FP). 1 1 0 0 and 0 0 1 1 have 0.5 both; context precision says 1.0 and 0.417.
#
# </details>

# %% [markdown] card="21.2" level="basic"
# <details><summary>How does faithfulness work in RAGAS?</summary>
#
# - An LLM splits the answer into statements; a judge decides for each whether all contexts together support it
#   (NLI). Supported over all.
# - No statements: NaN, not 0 and not 1. Watch how many are missing: refusing raises the mean.
# - It is groundedness, not truth: copying a wrong chunk scores 1.0.
# - The splitter makes the denominator: one lie costs 1.0, 0.5 or 0.1.
# - A judge that returns fewer verdicts than statements is an error, not a score.
#
# </details>

# %% [markdown] card="21.3" level="medium"
# <details><summary>How is answer relevancy computed in RAGAS?</summary>
#
# - n = 3 questions are written from the answer, one call each; mean cosine of their embeddings with the question's.
# - Times 0 if the answer evades: in 0.4.3 only if all n flags say so, in older versions if any did. An update moves
#   scores.
# - The range is that of a cosine: it can be negative, and where unrelated texts sit depends on the embedding model.
# - It measures topic. An echo of the question scores 1.0; a false number changes next to nothing.
# - Slip: looping over the string of one reply gives characters, not questions.
#
# </details>

# %% [markdown] card="21.4" level="medium"
# <details><summary>What is the difference between context precision and context recall?</summary>
#
# - Precision: are helpful chunks *ranked first*? Average precision over verdicts on chunks. It does not see what is
#   missing: one helpful chunk at rank 1 is 1.0.
# - Recall: is everything needed *there*? Statements of a reference supported by the contexts. It does not see what
#   is too much: the whole corpus is 1.0.
# - So read both, and tokens beside them. "Prefer recall" depends on the reader: each further chunk is noise that it
#   may believe.
# - Fix by symptom: low recall: chunking, k, hybrid search; low precision: a reranker.
# - The TP/(TP+FN) form is the id-based one, and needs a list of all relevant chunks.
#
# </details>

# %% [markdown] card="21.5" level="medium"
# <details><summary>How do you use HHEM to detect hallucinations?</summary>
#
# - Pairs (context, statement) in that order to `predict`; a score between 0 and 1 each; a threshold of your own,
#   calibrated on labelled pairs: sens and spec at that threshold.
# - HHEM-2.1-Open: flan-T5-base, about 110 million parameters, English. Not BERT; no package of that name.
# - Statement by statement, with long contexts cut into parts: one false sentence drowns in a long answer.
# - Cheap enough for every answer online; an LLM judge for a sample of them.
# - It detects what the context does not support. A wrong context passes.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Your judge is right in 80 % of cases. What does that do to the score?</summary>
#
# - p = θ sens + (1 − θ)(1 − spec). At 0.8 and 0.8 a true 0.90 is reported as 0.74, a true 0.10 as 0.26. Differences
#   shrink by sens + spec − 1 = 0.6.
# - Corrected: (p + spec − 1)/(sens + spec − 1), clipped; impossible at sens + spec ≤ 1.
# - The golden set's error goes in: with 100 samples more traffic soon stops helping.
# - It wants equal sens and spec for both systems. A judge that likes long answers breaks that.
# - Averages of rankings, such as context precision, cannot be corrected so; prediction-powered inference can (mean
#   on the traffic minus mean error on the golden set), if the golden set is drawn like the traffic.
# - Near 0 and 1, with few labels, the interval is too narrow: a judge without an error on 20 samples is not perfect.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What makes a good golden set?</summary>
#
# - Real questions at random, plus the rare and costly ones; bad answers too, else spec is unknown.
# - Two labellers each, agreement reported; written rules for the labels.
# - Version of the documents with each entry; renewed when they change. A part unseen by whoever tunes.
# - Size by the interval wanted: at sens 0.85 and spec 0.75, 60 good and 40 bad samples leave ±0.14.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>The new version's faithfulness rose from 0.86 to 0.91. Release it?</summary>
#
# - How many scores are missing? Refusals have no statements: NaN, left out by `nanmean`. Count them as 0.
# - Paired? Same questions, differences, bootstrap, one-sided bound at or above −max_drop. Two intervals that
#   overlap say little.
# - Enough questions? With a deviation of 0.2 and max_drop 0.03 an unchanged release passes at 275 in four cases of
#   five, at 120 in one of two.
# - Same judge, same prompt, same splitter? More statements an answer dilute a lie.
# - Other metrics: did recall fall, did it only copy? Cost, latency, length.
# - By group: new may lose on the rare group that matters.
#
# </details>

# %% [markdown] card="21.6" level="killer"
# <details><summary>Design a production pipeline for RAG evaluation with RAGAS.</summary>
#
# - **Offline, per change**: golden set with references, versions pinned (data, prompts, judge model, library).
#   Retriever metrics first, they are cheap; then answers. Report mean, interval, missing. Gate: paired,
#   non-inferiority, few metrics, all must pass.
# - **The judge is a system under test**: sens and spec on labelled samples, measured anew at each change of model
#   or prompt; rates corrected; NaN and contract breaks counted.
# - **Online**: a sample of traffic, metrics without reference (faithfulness, relevancy, rate of refusals), a small
#   judge such as HHEM on all, users' signals; alarms on intervals, not on a point. Personal data out before
#   anything is stored.
# - **The loop**: failures are read by people, grouped by cause (no chunk, wrong rank, wrong reading, made up), and
#   feed the golden set.
# - **Cost**: some 9 calls a sample for three metrics at four chunks; 500 samples are 4,500 calls. Cache by hash of
#   input, prompt and model.
# - Slip: thresholds from a blog, `await evaluate`, a drop of 5 % as a gate.
#
# </details>

# %% [markdown] card="21.7" level="killer"
# <details><summary>Compare RAGAS with other frameworks for RAG evaluation.</summary>
#
# - RAGAS: metrics as prompts, with and without references, synthetic test sets. DeepEval: metrics in a test runner.
#   TruLens: traces plus a triad. ARES: trained judges plus a golden set, with intervals. HHEM: one small judge.
# - Numbers of the same name differ: prompts, splitter, judge, NaN rule. Never compare scores across frameworks, or
#   across versions of one (answer relevancy's flag rule changed).
# - Decide by: which inputs do I have (references or not), where does it run, what does it cost, does it give
#   intervals, can I replace the judge and read its replies?
# - Test the tool: put in a copy of a wrong chunk, an echo, a refusal, an empty context, and see what it says. "De
#   facto standard" is an opinion with a date.
# - The metric is the small part. Golden set, judge's error, gate are yours in any framework.
#
# </details>

# %% [markdown]
# ## 13 · Sources
#
# RAGAS: Es et al. 2023, arXiv 2309.15217; code of version 0.4.3. Judge's error: Rogan and Gladen 1978, American
# Journal of Epidemiology 107(1); Lee et al. 2025, 2511.21140; Lang and Reiczigel 2014, Preventive Veterinary Medicine
# 113. ARES: Saad-Falcon et al. 2023, 2311.09476. Prediction-powered inference: Angelopoulos et al. 2023, 2301.09633.
# Bootstrap: Efron and Tibshirani 1993; paired, Koehn 2004. All must pass: Berger 1982. HHEM: its model card.
