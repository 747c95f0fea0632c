# %% [markdown]
# # 09 · Hallucination detection
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - Which kinds of hallucination are there, and which of them can be found without knowing the truth?
# - How do SelfCheckGPT and semantic entropy work, what do they cost, and what can they never find?
# - Where does the threshold come from, and what does AUROC say about a detector? What does it not say?
# - When does "90 % sure" mean 90 %?
#
# Eight exercises. The last one puts them together: sampled answers in, an answer or "I am not sure." out. It takes
# about three hours; the end of part 4 is a good place to stop. It builds on logarithms, averages and the idea of
# sampling from a model; section 02 builds the sampler, section 21 the metrics of retrieval, and neither is needed.

# %% [markdown] house_rules

# %% [markdown]
# **Words.** The *shown answer* is the one that the user sees, mostly written greedily (temperature 0). *Samples*
# are further answers to the same question, drawn at temperature 1 and never shown. A *claim* is one sentence that
# can be true or false by itself. *NLI*, natural language inference, is the task of saying what a premise means for
# a hypothesis: *entailment* (it follows), *contradiction* (it cannot be), *neutral* (neither). A model does that;
# here you get its numbers, or a function, so nothing is paid and everything repeats. A *detector* gives each
# answer a score, high where it smells wrong; a *flag* is such a score above a threshold.
#
# **Letters.** S sentences, N samples, C claims, D documents, n answers that people have marked. Entropies are in
# nats (natural logarithm). **NaN** is the float that is "not a number": it stands for a score that does not exist.

# %% setup
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, predicted, raises, unchanged

torch.set_num_threads(1)
Entails = Callable[[str, str], bool]  # (premise, hypothesis) -> does the second follow from the first?
NOT_SURE = "I am not sure."

# %% tags=["picture"]
from course.sections import hallucination

# %% helper
### BEGIN HIDDEN TESTS
def slow_selfcheck(logits, labels):
    "Sentence by sentence, sample by sample, in float64."
    e, c = labels.index("entailment"), labels.index("contradiction")
    rows = []
    for sentence in logits.double().tolist():
        shares = []
        for row in sentence:
            top = max(row[e], row[c])
            a, b = math.exp(row[e] - top), math.exp(row[c] - top)
            shares.append(b / (a + b))
        rows.append(math.fsum(shares) / len(shares))
    return torch.tensor(rows, dtype=torch.float64)


def slow_words(sentences, samples, k):
    "Counts by list.count."
    said = [w.lower() for text in [*sentences, *samples] for w in text]
    size = len(said) + k * (len(set(said)) + 1)
    pairs = []
    for sentence in sentences:
        surprise = [-math.log((said.count(w.lower()) + k) / size) for w in sentence]
        pairs.append((math.fsum(surprise) / len(surprise), max(surprise)) if surprise else (math.nan, math.nan))
    return pairs


def slow_clusters(answers, entails):
    "Greedy, against the first of each cluster."
    firsts, labels, seen = [], [], {}
    for answer in answers:
        if answer not in seen:
            seen[answer] = next((i for i, f in enumerate(firsts) if entails(f, answer) and entails(answer, f)),
                                None)
            if seen[answer] is None:
                seen[answer] = len(firsts)
                firsts.append(answer)
        labels.append(seen[answer])
    return labels


def slow_entropy(labels, logp=None, lengths=None):
    "Cluster by cluster with exact sums."
    if logp is None:
        weights = [1.0] * len(labels)
    else:
        score = logp.double().tolist()
        if lengths is not None:
            score = [s / n for s, n in zip(score, lengths)]
        weights = [math.exp(s - max(score)) for s in score]
    total, entropy = math.fsum(weights), 0.0
    for label in set(labels):
        p = math.fsum(w for w, other in zip(weights, labels) if other == label) / total
        entropy -= p * math.log(p) if p > 0 else 0.0
    return entropy


def slow_support(P, threshold):
    "Claim by claim, document by document."
    verdicts = []
    for claim in P.double().tolist():
        verdict = "unverified"
        for entail, _, contradict in claim:
            if contradict >= threshold:
                verdict = "contradicted"
            elif entail >= threshold and verdict == "unverified":
                verdict = "supported"
        verdicts.append(verdict)
    return (verdicts.count("supported") / len(verdicts) if verdicts else math.nan), verdicts


def slow_auroc(scores, wrong):
    "Every pair of a wrong and a right answer."
    s = scores.double().numpy()
    y = wrong.numpy()
    up, down = s[y][:, None], s[~y][None, :]
    if not up.size or not down.size:
        return math.nan
    return float((up > down).mean() + 0.5 * (up == down).mean())


def slow_threshold(scores, wrong, precision):
    "Every score tried."
    best = (0, math.inf)
    pairs = list(zip(scores.double().tolist(), wrong.tolist()))
    for t in sorted({s for s, _ in pairs}):
        flagged = [w for s, w in pairs if s >= t]
        if sum(flagged) >= max(best[0], 1) and sum(flagged) / len(flagged) >= precision:
            best = (sum(flagged), t)
    return best[1]


def slow_ece(conf, correct, bins):
    "Bin by bin."
    pairs, total = list(zip(conf.double().tolist(), correct.tolist())), 0.0
    if not pairs:
        return math.nan
    for i in range(bins):
        inside = [p for p in pairs if i / bins < p[0] <= (i + 1) / bins or i == 0 and p[0] == 0]
        if inside:
            gap = math.fsum(c for c, _ in inside) / len(inside) - sum(r for _, r in inside) / len(inside)
            total += len(inside) / len(pairs) * abs(gap)
    return total


def same_meaning(premise, hypothesis):
    "A text is 'word rest'; what follows from it is every text whose words are among its own."
    return set(hypothesis.split()) <= set(premise.split())
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · What a hallucination is, and where it comes from
#
# Two axes, often mixed up.
#
# - **Against a source** (faithfulness). *Intrinsic*: the text contradicts its source. *Extrinsic*: the source does
#   not say it. An extrinsic claim may be **true**.
# - **Against the world** (factuality): true or false. A text can be faithful to a wrong source, and false.
#
# Lists of three kinds, "intrinsic, extrinsic, factual", as in the guide, put both axes into one row: a false claim
# about the world is also one or the other of the first two, wherever there is a source.
#
# A third cut is by *cause*, and it decides what a detector can see.
#
# - **Confabulation**: the model does not know, and each draw says something else. Ask twice, and it shows.
# - **Systematic error**: the model has learned the wrong thing and says it every time. Asking it again shows
#   nothing.
#
# **Why do models guess at all?** Training rewards likely text, and for a fact that was seen once or never, a
# likely text is a guess. Tests then reward guessing: one point for right, none for wrong, none for "I do not
# know". A guess that is right with probability p earns p, and silence earns 0. Kalai et al. 2025 (arXiv
# 2509.04664) propose to take t/(1 − t) points for a wrong answer. Then a guess earns p − (1 − p)·t/(1 − t), which
# is above 0 exactly when p > t. At t = 0.75 a wrong answer costs 3 points.
#
# So a detector needs three things: a score (parts 2 to 5), a measure of the score (part 6), and a threshold whose
# meaning is known (parts 6 and 7).
#
# ## 2 · Ask again: SelfCheckGPT
#
# The idea of SelfCheckGPT (Manakul et al. 2023, arXiv 2303.08896): draw N samples and see whether they bear out
# the shown answer, sentence by sentence. It needs no source and no log-probabilities. The paper takes the answer
# at temperature 0 and **20 samples at temperature 1**; the "5 answers" of many summaries are not its setting. In
# the guide's code `samples[0]` is compared with four others: that checks an answer which nobody was shown, unless
# `samples[0]` is the answer at temperature 0. And with four samples, "under 50 % support" means 0 or 1 of 4, 25 %
# or less.
#
# How does a sample bear out a sentence? The paper tries five ways: BERTScore (similarity of token embeddings),
# questions and answers, n-grams, NLI, and asking an LLM. The NLI form runs a model on each pair of a sample and a
# sentence, and keeps two of its classes:
#
# $$\text{score}(s) = \frac1N \sum_{n=1}^{N} \frac{e^{c_{sn}}}{e^{e_{sn}} + e^{c_{sn}}}$$
#
# with $e_{sn}$ the logit of entailment and $c_{sn}$ the logit of contradiction. High means: the samples speak
# against it. A neutral sample, which does not mention the matter, should not count as support. Here its logit is
# dropped and what is left of the other two decides.
#
# **The catch**: NLI models put their classes in different orders. SelfCheckGPT's model has entailment first, the
# one of the semantic entropy paper (microsoft/deberta-v2-xlarge-mnli) has it last. Columns are found by name
# (`id2label` in the model's configuration), never by habit.
#
# ### Exercise 09.1 · selfcheck_nli
#
# `selfcheck_nli(logits, labels)` with logits (S, N, K), the NLI model's numbers for S sentences against N samples,
# and `labels`, the names of its K classes in the order of the columns.
#
# - The columns are those named `"entailment"` and `"contradiction"`, the whole name. Others, if there are any, play
#   no part, not even `"not_entailment"`. (Names in capitals, which some models have, are not tested.)
# - The score of a sentence is the formula above; the answer has shape (S,) and the dtype of the logits. float16
#   and bfloat16 are computed in float32 and rounded once, float64 stays float64.
# - Logits up to 10⁴ in size occur, in float32 and float64, and −inf in one of the two columns: then the other
#   class has all of it. (Both −inf, +inf and NaN are not tested.)
# - `ValueError`: no samples (N = 0), one of the two names missing, or another number of labels than columns, all of
#   them also where there are no sentences. Otherwise no sentences (S = 0) give an empty answer.
#
# Source: `SelfCheckNLI` in the package selfcheckgpt (its model has the neutral class removed already).

# %% stub="selfcheck_nli"
def selfcheck_nli(logits: Float[Tensor, "S N K"], labels: Sequence[str]) -> Float[Tensor, "S"]:
    """How much the samples contradict each sentence, between 0 and 1.

    One sentence, two samples, labels ("entailment", "contradiction"), logits [[[0, 0], [-50, 50]]]: (0.5 + 1) / 2.
    """
    ### BEGIN SOLUTION
    labels = list(labels)
    S, N, K = logits.shape
    if N == 0 or len(labels) != K or not {"entailment", "contradiction"} <= set(labels):
        raise ValueError("samples and both classes are needed, and a name for each column")
    wide = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    two = torch.stack([wide[..., labels.index("entailment")], wide[..., labels.index("contradiction")]], -1)
    return two.softmax(-1)[..., 1].mean(1).to(logits.dtype)
    ### END SOLUTION
    raise NotImplementedError("selfcheck_nli")

# %% [markdown] hints="selfcheck_nli"
# <details><summary>Hint 1: a question</summary>
#
# A model's columns are called contradiction, neutral, entailment. A sample is neutral on a sentence, with logits
# −2, 6, −2. What should the score of that pair be: near 0, near 1, or 0.5?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Contradiction 1, entailment 0, whatever the neutral logit: e/(1 + e) = 0.731. A second sample with contradiction
# −1 and entailment 0 has 0.269. The sentence's score is 0.5.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Each pair becomes a share first, and shares are averaged. Averaging logits first lets one very sure sample
# outvote all others. And e¹⁰⁰⁰ is infinite: use a form that subtracts before it exponentiates.
#
# </details>

# %% graded="selfcheck_nli__two_classes" points=2
# Looks at the columns by name, the neutral class, and shares before their mean.
three = torch.tensor([[[1.0, 7.0, 0.0], [-1.0, 3.0, 0.0]]])
check(selfcheck_nli, three, ("contradiction", "neutral", "entailment"), want=torch.tensor([0.5]),
      why="0.731 and 0.269: the neutral logits play no part")
check(selfcheck_nli, torch.tensor([[[0.0, 0.0], [-50.0, 50.0]]]), ["entailment", "contradiction"],
      want=torch.tensor([0.75]), why="one undecided sample, one contradiction",
      mistakes={"the share of entailment": torch.tensor([0.25]), "logits were averaged first": torch.tensor([1.0])})
### BEGIN HIDDEN TESTS
for seed, (S, N, names) in enumerate([
        (3, 5, ["entailment", "neutral", "contradiction"]), (7, 1, ["neutral", "contradiction", "entailment"]),
        (2, 270, ["contradiction", "entailment"]),
        (1, 4, ["other", "contradiction", "neutral", "entailment", "more"]),
        (300, 2, ["neutral", "entailment", "contradiction"])]):
    x = 3 * torch.randn(S, N, len(names), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    check(selfcheck_nli, x, names, want=slow_selfcheck(x, names), rtol=1e-10, atol=1e-12)
    check(selfcheck_nli, x.float(), tuple(names), want=slow_selfcheck(x, names).float(), rtol=1e-4, atol=1e-5)
    swapped = x.transpose(0, 1).contiguous().transpose(0, 1)
    check(selfcheck_nli, swapped, names, want=slow_selfcheck(x, names), rtol=1e-10, atol=1e-12)
x = torch.tensor([[[5.0, 1.0, -2.0]], [[-5.0, 1.0, 2.0]]], dtype=torch.float64)
names = ["not_entailment", "entailment", "contradiction"]
check(selfcheck_nli, x, names, want=slow_selfcheck(x, names), rtol=1e-9, why="not_entailment is another class")
x = torch.tensor([[[5.0, 1.0, -2.0, 3.0, 0.5], [1.0, -3.0, 0.25, 4.0, 2.0]]], dtype=torch.float64)
names = ["entailment_weak", "contradiction?", "contradiction", "no contradiction", "entailment"]
check(selfcheck_nli, x, names, want=slow_selfcheck(x, names), rtol=1e-9, why="the whole name counts, not its beginning or end")
x = torch.tensor([[[1.0, 2.0], [2.0, -1.0]]])
pair = ["entailment", "contradiction"]
unchanged(selfcheck_nli, x, pair, want=slow_selfcheck(x, pair).float())
for dtype in (torch.float32, torch.float64):
    x = torch.tensor([[[1.0, 3.0, 2.0], [2.0, -1.0, 0.5]]], dtype=dtype)
    names = ["contradiction", "neutral", "entailment"]
    unchanged(selfcheck_nli, x, names, want=slow_selfcheck(x, names).to(dtype))
fresh(selfcheck_nli, torch.zeros(2, 1, 2), ["entailment", "contradiction"], want=torch.tensor([0.5, 0.5]))
### END HIDDEN TESTS

# %% graded="selfcheck_nli__numbers" points=2
# Looks at large logits, −inf, half precision and float64.
big = torch.tensor([[[1000.0, 999.0]], [[-1e4, 1e4]]])
check(selfcheck_nli, big, ["entailment", "contradiction"], want=torch.tensor([0.26894143, 1.0]),
      why="only the difference matters: 1000 and 999 are like 1 and 0")
### BEGIN HIDDEN TESTS
names = ["contradiction", "neutral", "entailment"]
for seed in range(4):
    x = 4 * torch.randn(5, 23, 3, generator=torch.Generator().manual_seed(seed))
    precise(selfcheck_nli, x, names, oracle=slow_selfcheck)
    precise(selfcheck_nli, x[:, :2].reshape(10, 1, 3), names, oracle=slow_selfcheck)
    off = 2000.0 * torch.randn(6, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    y = torch.stack([off + 1 / 3, 0 * off, off], -1)
    check(selfcheck_nli, y, names, want=slow_selfcheck(y, names), rtol=1e-9, atol=1e-12)
inf = torch.inf
x = torch.tensor([[[-inf, 2.0, 1.0], [0.5, -inf, -inf]], [[-inf, -inf, 900.0], [-inf, 1.0, -3.0]]])
check(selfcheck_nli, x, names, want=torch.tensor([0.5, 0.0]), why="−inf: the other class has all of it")
x = torch.tensor([[[-0.2, 9999.0, 0.25]], [[-inf, 0.0, -1e4]]])
check(selfcheck_nli, x, names, want=slow_selfcheck(x, names).float(), rtol=1e-5,
      why="a large neutral logit takes no digits away, and −inf is below −10,000")
near = torch.tensor([[[1e4 + 1e-6, 0.0, 1e4]]], dtype=torch.float64)
check(selfcheck_nli, near, names, want=slow_selfcheck(near, names), rtol=0, atol=5e-11,
      why="float64 in: a difference of 1e-6 at 10,000 is seen")
### END HIDDEN TESTS

# %% graded="selfcheck_nli__errors" points=1
# Looks at no samples, missing names and no sentences.
check(selfcheck_nli, torch.zeros(0, 3, 2), ["entailment", "contradiction"], want=torch.zeros(0),
      why="no sentences")
raises(ValueError, selfcheck_nli, torch.zeros(2, 0, 2), ["entailment", "contradiction"], why="no samples")
raises(ValueError, selfcheck_nli, torch.zeros(2, 1, 2), ["entailment", "neutral"], why="no contradiction")
### BEGIN HIDDEN TESTS
raises(ValueError, selfcheck_nli, torch.zeros(2, 1, 3), ["neutral", "contradiction", "other"],
       why="no entailment")
raises(ValueError, selfcheck_nli, torch.zeros(2, 1, 3), ["entailment", "contradiction"],
       why="two labels, three columns")
raises(ValueError, selfcheck_nli, torch.zeros(2, 4, 2), ["entailment", "neutral", "contradiction"],
       why="three labels, two columns")
raises(ValueError, selfcheck_nli, torch.zeros(0, 2, 2), ["entailment", "neutral"], why="also without sentences")
raises(ValueError, selfcheck_nli, torch.zeros(0, 0, 2), ["entailment", "contradiction"], why="nor samples")
for dtype in (torch.float64, torch.float16, torch.bfloat16):
    got = selfcheck_nli(torch.zeros(0, 3, 2, dtype=dtype), ["entailment", "contradiction"])
    expect(got, torch.zeros(0, dtype=dtype), on=f"selfcheck_nli of no sentences in {dtype}")
    assert got.dtype == dtype, f"no sentences: an empty answer in the dtype of the logits, {dtype}; got {got.dtype}"
check(selfcheck_nli, torch.zeros(1, 1, 2, dtype=torch.float64), ["contradiction", "entailment"],
      want=torch.tensor([0.5], dtype=torch.float64))
### END HIDDEN TESTS

# %% tags=["picture"]
hallucination.sentences(selfcheck_nli)

# %% [markdown]
# An answer of five sentences about a message broker against 12 samples, with made-up logits. Each point is one
# sample, each bar your score. The third sentence is invented: most samples contradict it. The fifth is a matter that the
# samples do not mention: once the neutral class is gone, entailment and contradiction are about even. A score near
# 0.5 is no evidence for either side.
#
# **What it costs.** N more answers, and S · N runs of the NLI model. With 20 samples and 5 sentences: 20
# generations and 100 NLI pairs for one answer. Generations share the prompt's prefix, so they cost less than 20
# requests.
#
# **BERTScore and its trap.** The guide asks for "BERTScore over 0.85 between 3 samples". Raw BERTScore of a large
# encoder lies near 0.85 even for sentences that have nothing to do with each other; the package rescales it with a
# baseline. A threshold belongs to one scorer, one model and one kind of text, and comes from labelled data (part
# 6).
#
# ## 3 · The cheapest check: count words
#
# A name that the model made up stands in the shown answer and hardly in any sample. So fit the smallest language
# model there is, a unigram, on the samples, and see how surprising each word of the answer is.
#
# $$p(w) = \frac{c(w) + k}{T + k\,(U + 1)}, \qquad \text{surprise}(w) = -\ln p(w)$$
#
# $c(w)$ is how often w was said, T how many words were said in all, U how many different ones; the 1 is a place
# for all words never seen. k > 0 is the usual smoothing, so that no probability is 0.
#
# **The catch**: is the shown answer itself counted? The paper's code counts it with the samples. So a word of the
# answer has a count of at least 1, and nothing is infinite even at k = 0. But a word that the answer repeats often
# looks well supported by the answer alone.
#
# ### Exercise 09.2 · ngram_selfcheck
#
# `ngram_selfcheck(sentences, samples, k=1.0)`: `sentences` are those of the shown answer, `samples` the further
# answers, each a list of words. Both are lists of lists of strings.
#
# - Counted are all words of all sentences **and** of all samples. Words are compared after `.lower()`; nothing
#   else is done to them.
# - For each sentence a pair of floats: the **mean** and the **largest** surprise of its words, as above. A word
#   that comes twice in it counts twice in the mean. A sentence without words: (NaN, NaN).
# - `ValueError`: no samples (an empty list), or k < 0. k = 0 is allowed. A sample without words is a sample.
#
# The answer is a list with one pair per sentence. Source: `UnigramModel` in the package selfcheckgpt, which counts
# so and calls train with k = 0.

# %% stub="ngram_selfcheck"
def ngram_selfcheck(sentences: Sequence[Sequence[str]], samples: Sequence[Sequence[str]],
                    k: float = 1.0) -> list[tuple[float, float]]:
    """(mean, largest) surprise of each sentence's words under a unigram model of answer and samples, in nats.

    [["a"]] with samples [["a", "b"]] and k = 0: "a" was said 2 times of 3, so [(0.405, 0.405)].
    """
    ### BEGIN SOLUTION
    if not samples or k < 0:
        raise ValueError("at least one sample, and k of at least 0")
    count: dict[str, int] = {}
    for text in [*sentences, *samples]:
        for word in text:
            count[word.lower()] = count.get(word.lower(), 0) + 1
    size = sum(count.values()) + k * (len(count) + 1)
    pairs = []
    for sentence in sentences:
        surprise = [-math.log((count[word.lower()] + k) / size) for word in sentence]
        pairs.append((sum(surprise) / len(surprise), max(surprise)) if surprise else (math.nan, math.nan))
    return pairs
    ### END SOLUTION
    raise NotImplementedError("ngram_selfcheck")

# %% [markdown] hints="ngram_selfcheck"
# <details><summary>Hint 1: a question</summary>
#
# The answer says "Vorlund" once and no sample does. How often was the word said, if the answer counts too?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Answer: one sentence `["x", "y"]`; samples `["y", "y"]` and `["Y"]`; k = 1. Said in all: 5 words, 2 different. x
# has (1 + 1)/(5 + 3) = 1/4, y has (4 + 1)/8. Mean surprise (1.386 + 0.470)/2, largest 1.386.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# One model for the whole answer: counts come from *all* its sentences and all samples, before any sentence is
# scored. And k stands in the denominator once for each different word, plus once for the unknown one.
#
# </details>

# %% graded="ngram_selfcheck__surprise" points=2
# Looks at counts, smoothing, the mean and the largest.
check(ngram_selfcheck, [["x", "y"]], [["y", "y"], ["Y"]],
      want=[((math.log(4) + math.log(8 / 5)) / 2, math.log(4))],
      why="x: 2 of 8, y: 5 of 8",
      mistakes={"the answer itself was not counted": [((math.log(6) + math.log(6 / 4)) / 2, math.log(6))]})
check(ngram_selfcheck, [["x"], ["y"]], [["x"]], 0.0,
      want=[(math.log(1.5), math.log(1.5)), (math.log(3), math.log(3))],
      why="k = 0: 2 of 3 and 1 of 3")
### BEGIN HIDDEN TESTS
for seed, k in enumerate([1.0, 0.0, 0.5, 2, 0.01, 10.0]):
    rng = np.random.default_rng(seed)
    names = [f"W{i}" if i % 3 else f"w{i}É" for i in range([5, 40, 700][seed % 3])]
    def text(size):
        "Words of either case."
        return [n.upper() if rng.random() < 0.3 else n for n in rng.choice(names, size).tolist()]
    sentences = [text(int(size)) for size in rng.integers(1, 12, 3 + seed)]
    samples = [text(int(size)) for size in rng.integers(0, 60, [1, 4, 20][seed % 3])]
    check(ngram_selfcheck, sentences, samples, k, want=slow_words(sentences, samples, k), rtol=1e-9, atol=1e-12)
    check(ngram_selfcheck, sentences, samples, want=slow_words(sentences, samples, 1.0), rtol=1e-9, atol=1e-12,
          why="k is 1 where it is not given")
unchanged(ngram_selfcheck, [["A", "b"]], [["B"]], want=slow_words([["A", "b"]], [["B"]], 1.0))
many = [["common"] * 400 + ["rare"]], [["common"] * 300]
check(ngram_selfcheck, *many, want=slow_words(*many, 1.0), rtol=1e-9, why="a word that comes twice counts twice")
long = [[f"w{i}" for i in range(400)]], [["w7"]]
check(ngram_selfcheck, *long, want=slow_words(*long, 1.0), rtol=1e-9, why="a sentence of 400 rare words")
check(ngram_selfcheck, [["Straße", "a"]], [["STRASSE", "a"], ["a"], ["a"]], 0.5,
      want=slow_words([["Straße", "a"]], [["STRASSE", "a"], ["a"], ["a"]], 0.5), rtol=1e-9,
      why=".lower() and nothing else; a sample that comes twice counts twice")
check(ngram_selfcheck, [["a", "b"], ["a", "b"]], [["a"]], want=slow_words([["a", "b"], ["a", "b"]], [["a"]], 1.0),
      rtol=1e-9, why="a sentence that comes twice counts twice")
check(ngram_selfcheck, [["a."]], [["a"], ["a "]], want=slow_words([["a."]], [["a"], ["a "]], 1.0),
      why="words are compared as they are, but for their case")
marks = [["Paris", ".", "–"], ["?"]], [[".", "Paris", "."], ["!"]]
check(ngram_selfcheck, *marks, want=slow_words(*marks, 1.0), rtol=1e-9,
      why="every string of a list is a word, also a full stop")
### END HIDDEN TESTS

# %% graded="ngram_selfcheck__edges" points=1
# Looks at sentences without words, samples without words, and errors.
nan = math.nan
check(ngram_selfcheck, [[], ["a"]], [["a"]], 0.0, want=[(nan, nan), (0.0, 0.0)], why="no words, no score")
raises(ValueError, ngram_selfcheck, [["a"]], [], why="no samples: the answer would be checked against itself")
raises(ValueError, ngram_selfcheck, [["a"]], [["a"]], -0.5, why="k below 0")
### BEGIN HIDDEN TESTS
check(ngram_selfcheck, [["a", "b"]], [[], []], 0.0, want=[(math.log(2), math.log(2))],
      why="empty samples are samples")
check(ngram_selfcheck, [], [["a"]], want=[], why="no sentences")
check(ngram_selfcheck, [[]], [[]], want=[(nan, nan)], why="nothing was said")
check(ngram_selfcheck, [[]], [[]], 0.0, want=[(nan, nan)], why="nothing was said, nothing is smoothed")
raises(ValueError, ngram_selfcheck, [], [], why="no samples, no sentences")
check(ngram_selfcheck, [["z"]], [["q"] * 900], 0.0, want=[(math.log(901), math.log(901))],
      why="a word that only the answer has was said once: no infinity")
### END HIDDEN TESTS

# %% tags=["picture"]
hallucination.word_surprise(ngram_selfcheck)

# %% [markdown]
# The words of one answer by their surprise, with 8 samples. The invented name, which nobody else says, stands out.
# Next comes the year, which one sample happens to repeat. The weakness of the method: it counts words. A synonym
# that no sample uses is as surprising as an invention.
#
# ## 4 · Meanings instead of strings: semantic entropy
#
# "Paris", "It is Paris" and "Paris, of course" are three strings and one answer. Ten samples that differ only in
# wording look uncertain to a count of strings and are not. *Semantic entropy* (Kuhn et al. 2023, arXiv 2302.09664;
# Farquhar et al. 2024, Nature 630, 625) does it in three steps: sample, put answers of one meaning into one
# cluster, and take the entropy over clusters.
#
# **Step two, the clusters.** Two answers mean the same if each entails the other, in the context of the question.
# One direction is not enough: "Paris, the city of light" entails "Paris", and not the other way round. A *greedy*
# pass needs few comparisons: each answer is held against the **first member** of each cluster so far. With N
# answers and M clusters that is at most 2·N·M calls, instead of N·(N − 1) for all ordered pairs.
#
# **The catch**: entailment by a model is not transitive. A ≡ B and B ≡ C do not give A ≡ C. So it matters whom a
# new answer is compared with, and a chain of small steps must not merge what nobody would call the same. (In the
# code of the Nature paper a later cluster may take a member away from an earlier one. In this exercise the first
# match stands.)
#
# ### Exercise 09.3 · cluster_answers
#
# `cluster_answers(answers, entails)` with a list of strings and `entails(premise, hypothesis)`, which says whether
# the hypothesis follows from the premise.
#
# - The first answer opens cluster 0. Every further one is compared with the first member of each cluster, the
#   oldest cluster first, and joins the **first** in which both directions hold. If there is none, it opens the
#   next cluster.
# - The answer is a list of ints, one label per answer, in their order. No answers: `[]`.
# - A string that came before, letter for letter, gets the same label as then, and `entails` is not asked about it
#   again. `entails` is never asked about a string and itself.
# - The second direction is asked only if the first one held; which of the two comes first is yours. Clusters after
#   the one that fits are not asked about, and nothing is compared with a member that is not the first.
# - An error that `entails` raises goes through. Strings that differ in case or spaces are different strings:
#   `entails` decides about them.
#
# Source: Kuhn et al. 2023, algorithm 1; `get_semantic_ids` in the code of Farquhar et al. 2024.

# %% stub="cluster_answers"
def cluster_answers(answers: Sequence[str], entails: Entails) -> list[int]:
    """A label per answer: those that entail each other share one.

    ["Paris", "Rome", "Paris"] with entails(a, b) true for equal strings: [0, 1, 0].
    """
    ### BEGIN SOLUTION
    firsts: list[str] = []
    known: dict[str, int] = {}
    for answer in answers:
        if answer in known:
            continue
        for label, first in enumerate(firsts):
            if entails(first, answer) and entails(answer, first):
                known[answer] = label
                break
        else:
            known[answer] = len(firsts)
            firsts.append(answer)
    return [known[answer] for answer in answers]
    ### END SOLUTION
    raise NotImplementedError("cluster_answers")

# %% [markdown] hints="cluster_answers"
# <details><summary>Hint 1: a question</summary>
#
# "Paris, France" comes first, then "Paris", then "Paris" again. How often does a model have to be run?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Let a and b entail each other, b and c too, a and c not. For the order a, b, c: b joins a; c is compared with a,
# the first of cluster 0, and opens cluster 1. Labels 0, 0, 1. For the order b, a, c: 0, 0, 0.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Two memories are needed: one string for each cluster, to compare with, and the label of every string met so far,
# so that a repeated one costs nothing.
#
# </details>

# %% graded="cluster_answers__clusters" points=3
# Looks at both directions, the first member and the first cluster that fits.
def chain(premise, hypothesis):
    "Neighbours in the alphabet mean the same."
    return abs(ord(premise) - ord(hypothesis)) <= 1

def part_of(premise, hypothesis):
    "Everything that stands in the premise follows from it."
    return hypothesis in premise

check(cluster_answers, ["Paris, France", "Paris", "Paris"], part_of, want=[0, 1, 1],
      why="only one direction holds",
      mistakes={"one direction was enough": [0, 0, 0]})
check(cluster_answers, ["a", "b", "c", "d"], chain, want=[0, 0, 1, 1], why="c is compared with a, not with b",
      mistakes={"compared with any member of a cluster": [0, 0, 0, 0]})
check(cluster_answers, ["a", "c", "b"], chain, want=[0, 1, 0], why="b fits both clusters: the older one takes it",
      mistakes={"the last cluster that fits": [0, 1, 1]})
check(cluster_answers, [], chain, want=[], why="no answers")
### BEGIN HIDDEN TESTS
for seed in range(10):
    rng = np.random.default_rng(seed)
    n = [1, 7, 12, 30, 40][seed % 5]
    letters = [chr(97 + int(i)) for i in rng.integers(0, [26, 6][seed % 2], n)]
    check(cluster_answers, letters, chain, want=slow_clusters(letters, chain), why=f"{n} letters")
    table = rng.random((26, 26)) < 0.7
    def drawn(a, b):
        "Neither symmetric nor transitive, and false for a string and itself."
        return bool(table[ord(a) - 97, ord(b) - 97]) and a != b
    check(cluster_answers, tuple(letters), drawn, want=slow_clusters(letters, drawn),
          why=f"{n} letters, a drawn table")
    texts = [" ".join(rng.permutation(["red", "blue", "green"])[:int(rng.integers(1, 4))]) for _ in range(n)]
    check(cluster_answers, texts, same_meaning, want=slow_clusters(texts, same_meaning))
labels = cluster_answers(["Rome", "Oslo"], lambda a, b: False)
assert not any(isinstance(label, float) for label in labels), f"expected ints as labels, got {labels}"
check(cluster_answers, ["Rome", "rome", "Rome ", ""], lambda a, b: False, want=[0, 1, 2, 3],
      why="case and spaces make other strings")
check(cluster_answers, ["Rome", "rome", "", "ROME"], lambda a, b: a.lower() == b.lower(), want=[0, 0, 1, 0],
      why="and entails decides about them")
check(cluster_answers, [""], lambda a, b: False, want=[0], why="an empty answer is an answer")
check(cluster_answers, ["a", "", "b"], lambda a, b: True, want=[0, 0, 0], why="an empty answer may fit, too")
check(cluster_answers, ["b", "aa", "c"], lambda a, b: abs(ord(a[0]) - ord(b[0])) <= 1, want=[0, 0, 0],
      why="c is compared with b, the first member, not with the longest")
many = [str(i) for i in range(23)] + [str(1000 + i) for i in range(22, 17, -1)]
check(cluster_answers, many, lambda a, b: int(a) % 1000 == int(b) % 1000,
      want=[*range(23), *range(22, 17, -1)], why="23 clusters")
unchanged(cluster_answers, ["b", "a"], chain, want=[0, 0])
### END HIDDEN TESTS

# %% graded="cluster_answers__calls" points=2
# Looks at how often the model behind entails is asked.
asked = []

def noting(premise, hypothesis):
    "Notes down what it was asked; nothing follows from anything."
    asked.append({premise, hypothesis})
    return False

check(cluster_answers, ["x", "x", "y", "x", "y"], noting, want=[0, 0, 1, 0, 1])
expect(len(asked), 1, on="the number of calls to entails for x, x, y, x, y",
       why="x and y are compared once, in one direction, since that did not hold")
### BEGIN HIDDEN TESTS
for seed in range(6):
    rng = np.random.default_rng(seed)
    letters = [chr(97 + int(i)) for i in rng.integers(0, 12, [6, 15, 25][seed % 3])]
    calls, wanted = [], []

    def noted(a, b):
        "Neighbours mean the same."
        calls.append((a, b))
        return abs(ord(a) - ord(b)) <= seed % 3

    def counted(a, b):
        "The same, for the oracle."
        wanted.append((a, b))
        return abs(ord(a) - ord(b)) <= seed % 3

    want = slow_clusters(letters, counted)
    check(cluster_answers, letters, noted, want=want)
    assert all(a != b for a, b in calls), "entails was asked about a string and itself"
    assert len(set(calls)) == len(calls), "entails was asked the same thing twice"
    expect(sorted(tuple(sorted(c)) for c in calls), sorted(tuple(sorted(c)) for c in wanted),
           on=f"the pairs that were compared for {letters}",
           why="with the first of each cluster, up to the one that fits; "
               "the second direction only if the first held")


for error in (RuntimeError, ValueError, TimeoutError):
    def broken(premise, hypothesis):
        "A model that is down."
        raise error("no connection")

    raises(error, cluster_answers, ["a", "b"], broken, why="what entails raises goes through")
    check(cluster_answers, ["".join(["Ro", "me"]) for _ in range(3)], broken, want=[0, 0, 0],
          why="one string: nothing to ask")
### END HIDDEN TESTS

# %% [markdown]
# **Step three, the entropy.** With p(C) the probability of a cluster,
#
# $$H = -\sum_C p(C)\,\ln p(C).$$
#
# It is 0 if all samples mean the same, and ln N if no two do: ln 10 = 2.30 for ten samples. Where does p(C) come
# from?
#
# - **By counts**: the share of the samples in C. Needs no log-probabilities (the *discrete* form of the paper).
# - **By likelihood**: each sample i weighs $e^{\ell_i}$, with $\ell_i$ its log-probability, and weights are scaled
#   to sum to 1 over the samples: $p(C) = \sum_{i \in C} e^{\ell_i} \big/ \sum_j e^{\ell_j}$.
# - **Length-normalised**: $\ell_i$ is divided by the number of tokens of sample i first. Otherwise a long wording
#   of the right answer weighs next to nothing: each token multiplies by a number below 1.
#
# **The catch**: log-probabilities of long answers lie near −1000, and $e^{-1000}$ is 0.0. And sum inside a
# cluster: the cluster's probability is the sum over its members, not their mean, or else the size of a cluster
# means nothing.
#
# ### Exercise 09.4 · semantic_entropy
#
# `semantic_entropy(labels, logp=None, lengths=None)` with a label for each of N samples (a list of ints, any ints:
# −3 and 10¹² too, in any order), in nats, as a float.
#
# - Without `logp`: by counts. With `logp`, a float tensor (N,) of summed log-probabilities: by likelihood. With
#   `lengths` too, a list of N ints of at least 1: each log-probability is divided by its length first.
# - Every sample counts, the same string drawn twice counts twice.
# - Log-probabilities down to −10⁶ occur, and −inf for a sample that the model cannot have written: it weighs 0. A
#   cluster with p(C) = 0 adds nothing. All −inf: `ValueError`.
# - `ValueError` also for N = 0, and for `lengths` without `logp`. (Lists of unequal sizes are not tested.)
# - **Compute in float64**, whatever the dtype of `logp`.
#
# Source: Farquhar et al. 2024, Nature 630, 625; its code scales as above (`sum_normalized`).

# %% stub="semantic_entropy"
def semantic_entropy(labels: Sequence[int], logp: Float[Tensor, "N"] | None = None,
                     lengths: Sequence[int] | None = None) -> float:
    """The entropy over clusters of meaning, in nats.

    Labels [0, 0, 1, 1]: ln 2 = 0.693.
    """
    ### BEGIN SOLUTION
    if len(labels) == 0 or (lengths is not None and logp is None):
        raise ValueError("samples are needed, and log-probabilities where lengths are given")
    score = torch.zeros(len(labels), dtype=torch.float64) if logp is None else logp.double()
    if lengths is not None:
        score = score / torch.tensor(list(lengths), dtype=torch.float64)
    if score.max() == -torch.inf:
        raise ValueError("no sample has a probability")
    weights = score.softmax(0).tolist()
    share: dict[int, float] = {}
    for label, w in zip(labels, weights):
        share[label] = share.get(label, 0.0) + w
    return max(0.0, -sum(p * math.log(p) for p in share.values() if p > 0))
    ### END SOLUTION
    raise NotImplementedError("semantic_entropy")

# %% [markdown] hints="semantic_entropy"
# <details><summary>Hint 1: a question</summary>
#
# Three samples, two of them "Paris" in different words. One weighs 0.2, the other 0.3, "Rome" 0.5. What is the
# entropy, and what would it be without clusters?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Labels 0, 0, 1 with log-probabilities −2, −2, −2: shares 2/3 and 1/3, H = 0.637. With lengths 1, 1, 2 the scores
# are −2, −2, −1, the weights 1, 1, e, the shares 0.424 and 0.576: H = 0.682.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Weights do not change if the same number is taken off every log-probability. Take off the largest, and nothing
# vanishes that matters. And p ln p has a limit at p = 0, which floating point does not know.
#
# </details>

# %% graded="semantic_entropy__clusters" points=2
# Looks at counts, likelihoods and lengths.
ln = math.log
check(semantic_entropy, [0, 0, 1, 1], want=ln(2), why="two clusters of two",
      mistakes={"the entropy over samples": ln(4), "bits instead of nats": 1.0})
check(semantic_entropy, [5, 5, 5], want=0.0, why="one meaning")
p = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
check(semantic_entropy, [0, 0, 1], p.log(), want=ln(2), why="0.2 + 0.3 against 0.5",
      mistakes={"counts, though there are likelihoods": 0.6365141682948128})
check(semantic_entropy, [0, 0, 1], torch.tensor([-2.0, -2.0, -2.0]), [1, 1, 2], want=0.68151444295, rtol=1e-8,
      why="scores −2, −2, −1", mistakes={"lengths were left out": 0.6365141682948128})
### BEGIN HIDDEN TESTS
for seed in range(10):
    rng = np.random.default_rng(seed)
    n = [1, 4, 11, 60, 900][seed % 5]
    labels = (rng.integers(0, [2, 7, 500][seed % 3], n) * [1, -3, 10**12][seed % 3]).tolist()
    logp = torch.from_numpy(-rng.gamma(2.0, [1.0, 30.0][seed % 2], n))
    lengths = rng.integers(1, 300, n).tolist()
    check(semantic_entropy, labels, want=slow_entropy(labels), rtol=1e-9, atol=1e-12)
    check(semantic_entropy, labels, logp, want=slow_entropy(labels, logp), rtol=1e-9, atol=1e-12)
    check(semantic_entropy, tuple(labels), logp, lengths, want=slow_entropy(labels, logp, lengths),
          rtol=1e-9, atol=1e-12)
check(semantic_entropy, list(range(10)), want=ln(10), rtol=1e-10, why="ten meanings")
for labels in ([3, -3, 3, 0], [10**12, 10**12 + 1], [5, 5 + 2**32]):
    check(semantic_entropy, labels, want=slow_entropy(labels), rtol=1e-9, why="any ints are labels")
wide = torch.from_numpy(-np.random.default_rng(9).gamma(2.0, 3.0, (6, 5)))
check(semantic_entropy, [0, 1, 1, 2, 0, 2], wide[:, 2], want=slow_entropy([0, 1, 1, 2, 0, 2], wide[:, 2]),
      rtol=1e-9)
unchanged(semantic_entropy, [1, 2], torch.tensor([-1.0, -2.0]), [2, 1],
          want=slow_entropy([1, 2], torch.tensor([-1.0, -2.0]), [2, 1]))
### END HIDDEN TESTS

# %% graded="semantic_entropy__numbers" points=2
# Looks at very small probabilities, −inf, dtypes and errors.
check(semantic_entropy, [0, 1], torch.tensor([-1000.0, -1000.0]), want=math.log(2),
      why="e^-1000 is 0.0, the shares are halves")
check(semantic_entropy, [0, 1, 0], torch.tensor([-1.0, -torch.inf, -2.0]), want=0.0,
      why="a cluster of probability 0")
raises(ValueError, semantic_entropy, [], why="no samples")
### BEGIN HIDDEN TESTS
inf = torch.inf
check(semantic_entropy, [0, 1, 2], torch.tensor([-1e6, -1e6 - 0.5, -inf], dtype=torch.float64), rtol=1e-8,
      want=slow_entropy([0, 1, 2], torch.tensor([-1e6, -1e6 - 0.5, -inf], dtype=torch.float64)))
check(semantic_entropy, [0, 1], torch.tensor([-5.0, -900.0]), want=0.0, why="one of them weighs nothing")
check(semantic_entropy, [0, 1, 1], torch.tensor([-3.0, -inf, -4.0]), [3, 5, 1], rtol=1e-9,
      want=slow_entropy([0, 1, 1], torch.tensor([-3.0, -inf, -4.0]), [3, 5, 1]), why="−inf over a length is −inf")
for more in ([], [[1, 7, 3]]):
    check(semantic_entropy, [4, 4, 4], torch.tensor([-1.0, -2.5, -0.5]), *more, want=0.0,
          why="one meaning, whatever the likelihoods")
small = torch.tensor([0.0, -20.0], dtype=torch.float64)
check(semantic_entropy, [0, 1], small, want=slow_entropy([0, 1], small), rtol=1e-6, atol=0,
      why="a share of 2e-9 is small, and not 0")
tiny = torch.tensor([-30.0, 0.0], dtype=torch.float64)
check(semantic_entropy, [0, 1], tiny, want=slow_entropy([0, 1], tiny), rtol=1e-2, atol=0,
      why="only a share of exactly 0 adds nothing")
unchanged(semantic_entropy, [1, 2, 1], tiny.repeat(2)[:3], [2, 1, 3],
          want=slow_entropy([1, 2, 1], tiny.repeat(2)[:3], [2, 1, 3]))
far = torch.tensor([-2.0, -3.0, -10_000.0], dtype=torch.float64)
unchanged(semantic_entropy, [0, 1, 2], far, want=slow_entropy([0, 1, 2], far))
for dtype in (torch.float16, torch.bfloat16, torch.float32):
    rng = np.random.default_rng(3)
    logp = torch.from_numpy(-rng.gamma(2.0, 4.0, 300)).to(dtype)
    labels, lengths = rng.integers(0, 9, 300).tolist(), rng.integers(1, 30, 300).tolist()
    check(semantic_entropy, labels, logp, want=slow_entropy(labels, logp), rtol=1e-9,
          why=f"{dtype} in, float64 inside")
    check(semantic_entropy, labels, logp, lengths, want=slow_entropy(labels, logp, lengths), rtol=1e-9)
raises(ValueError, semantic_entropy, [0, 1], torch.tensor([-inf, -inf]), why="no sample has a probability")
raises(ValueError, semantic_entropy, [0, 1], torch.tensor([-inf, -inf]), [1, 2], why="nor with lengths")
raises(ValueError, semantic_entropy, [0, 1], None, [1, 2], why="lengths without log-probabilities")
raises(ValueError, semantic_entropy, [], torch.zeros(0), why="no samples")
check(semantic_entropy, [7], torch.tensor([-3.0]), [4], want=0.0, why="one sample: no uncertainty to see")
### END HIDDEN TESTS

# %% tags=["picture"]
hallucination.strings_and_meanings(cluster_answers, semantic_entropy)

# %% [markdown]
# Three questions, ten samples each. *Known, one wording*; *known, many wordings*; *not known*. Entropy over
# strings calls the second unsure, too. Your entropy over meanings does not.
#
# **What it costs.** N generations, and at most 2·N·M entailment calls. Probes on the model's hidden states that
# predict semantic entropy from one pass (Kossen et al. 2024, arXiv 2406.15927) drop the N generations, for a
# training set per model.
#
# **What it cannot see.** It measures inconsistency. A model that is sure of a wrong answer has entropy 0. And
# right answers may scatter: "name a prime number" has high entropy and no error. Samples must be drawn at a
# temperature that lets the model differ: at temperature 0 every entropy is 0.

# %% [markdown]
# ## 5 · With a source: claims against documents
#
# With retrieved documents at hand (retrieval-augmented generation, RAG) there is something better than asking
# again: hold each claim against the documents. Section 21 builds the metric *faithfulness* from a judge's yes and
# no. Here the judge is an NLI model with three numbers a pair, and the question is how D documents become one
# verdict.
#
# - **Supported**: *some* document entails the claim. One is enough, so it is the largest entailment that counts.
#   The mean over documents asks that all of them say the same, and punishes every irrelevant one.
# - **Contradicted** (intrinsic): some document contradicts it. This **overrides** support: where two documents
#   disagree, a person or a rule about sources has to decide, not the larger number.
# - **Unverified** (extrinsic): neither. It may be true. Only a better source can tell.
#
# $$\text{faithfulness} = \frac{\text{supported claims}}{\text{claims}}$$
#
# The score of FActScore (Min et al. 2023, arXiv 2305.14251) is this share, with Wikipedia as the source:
# precision, and nothing about what was left out. Who says only what is safe scores high, and an answer that abstains
# has no claims at all: 0/0, which is NaN and is counted apart.
#
# **The catch**: NLI models were trained on a sentence or two. A long document is cut into passages, and each is a
# document here. The threshold is not a law of nature either: part 6.
#
# ### Exercise 09.5 · claim_support
#
# `claim_support(P, threshold=0.5)` with probabilities P (C, D, 3) of C claims against D documents; the last axis
# is entailment, neutral, contradiction. It returns a pair: faithfulness, a float, and a list of C verdicts.
#
# - A verdict is `"contradicted"` if in at least one document contradiction is **at least** the threshold; else
#   `"supported"` if in at least one document entailment is at least the threshold; else `"unverified"`.
# - Faithfulness is the share of claims that are supported. No claims: NaN and `[]`. No documents (D = 0): every
#   claim is unverified, faithfulness 0.0.
# - P is float16, bfloat16, float32 or float64. In the tests no probability lies within 10⁻² of the threshold,
#   except exactly on it, and in float64 also 10⁻⁹ beside it. The three of a pair need not sum to 1.
# - A threshold outside (0, 1] raises `ValueError`.
#
# Source: Min et al. 2023, arXiv 2305.14251; Maynez et al. 2020, arXiv 2005.00661, for intrinsic and extrinsic.

# %% stub="claim_support"
def claim_support(P: Float[Tensor, "C D 3"], threshold: float = 0.5) -> tuple[float, list[str]]:
    """(faithfulness, a verdict for each claim).

    One claim, two documents, [[[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]]: (1.0, ["supported"]).
    """
    ### BEGIN SOLUTION
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold lies above 0 and at most at 1, not at {threshold}")
    reached = (P.double() >= threshold).any(1).tolist()
    verdicts = ["contradicted" if c else "supported" if e else "unverified" for e, _, c in reached]
    return (verdicts.count("supported") / len(verdicts) if verdicts else math.nan), verdicts
    ### END SOLUTION
    raise NotImplementedError("claim_support")

# %% [markdown] hints="claim_support"
# <details><summary>Hint 1: a question</summary>
#
# Ten passages were retrieved, one of them says what the claim says, nine speak of other things. Is the claim
# supported?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Threshold 0.5. Claim 1: entailments 0.2 and 0.8, contradictions 0.1 and 0.1: supported. Claim 2: entailments 0.9
# and 0.1, contradictions 0.0 and 0.7: contradicted. Claim 3: neutral everywhere: unverified. Faithfulness 1/3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Two questions per claim, each "is there any document that …", and one of the two is asked first. With no
# documents both answers are no.
#
# </details>

# %% graded="claim_support__verdicts" points=2
# Looks at support by one document, contradictions that override, and neither.
P = torch.tensor([[[0.2, 0.7, 0.1], [0.8, 0.1, 0.1]], [[0.9, 0.1, 0.0], [0.1, 0.2, 0.7]], [[0.1, 0.9, 0.0]] * 2])
check(claim_support, P, want=(1 / 3, ["supported", "contradicted", "unverified"]),
      why="one document is enough, and a contradiction overrides",
      mistakes={"support was asked first": (2 / 3, ["supported", "supported", "unverified"])})
### BEGIN HIDDEN TESTS
for seed in range(6):
    rng = np.random.default_rng(seed)
    shape = [(5, 3), (300, 2), (4, 290)][seed % 3]
    P = rng.dirichlet([0.4, 1.5, 0.25] if seed % 2 else [0.1, 5.0, 0.01], shape)
    for threshold in (0.5, 0.9, 0.35, 0.7):
        P[np.abs(P - threshold) < 0.02] += 0.05
    for i, dtype in enumerate((torch.float64, torch.float32, torch.float16, torch.bfloat16)):
        given, threshold = torch.from_numpy(P).to(dtype), (0.9, 0.35, 0.7)[(seed // 3 + seed + i) % 3]
        check(claim_support, given, threshold, want=slow_support(given, threshold), why=f"threshold {threshold}")
        check(claim_support, given, want=slow_support(given, 0.5),
              why="the threshold is 0.5 where it is not given")
    turned = torch.from_numpy(P).transpose(0, 1)
    check(claim_support, turned, 0.7, want=slow_support(turned, 0.7))
unchanged(claim_support, torch.tensor([[[0.6, 0.2, 0.2]], [[0.2, 0.6, 0.2]]]),
          want=(0.5, ["supported", "unverified"]))
mixed = torch.tensor([[[0.0, 0.1, 0.9], [0.95, 0.05, 0.0]]])
check(claim_support, mixed, want=(0.0, ["contradicted"]), why="a contradiction overrides, even a smaller one")
check(claim_support, torch.tensor([[[0.45, 0.1, 0.0], [0.45, 0.1, 0.0], [0.45, 0.0, 0.3]]]),
      want=(0.0, ["unverified"]),
      why="three halves do not make one whole: no document reaches the threshold")
check(claim_support, torch.tensor([[[0.4, 0.3, 0.3]], [[0.3, 0.3, 0.4]]]),
      want=(0.0, ["unverified", "unverified"]),
      why="the largest of the three need not reach the threshold")
for t in (0.5625, 0.7, 0.9):
    beside = torch.tensor([[[t + 1e-9, 0.0, t - 1e-9]], [[t - 1e-9, 0.0, 0.0]]], dtype=torch.float64)
    check(claim_support, beside, t, want=(0.5, ["supported", "unverified"]),
          why="float64 in: 1e-9 below the threshold is below it")
### END HIDDEN TESTS

# %% graded="claim_support__edges" points=2
# Looks at no claims, no documents, the threshold itself and errors.
nan = math.nan
check(claim_support, torch.zeros(0, 4, 3), want=(nan, []), why="no claims, no score",
      mistakes={"no claims scored 1": (1.0, []), "no claims scored 0": (0.0, [])})
check(claim_support, torch.zeros(2, 0, 3), want=(0.0, ["unverified", "unverified"]),
      why="no documents support nothing")
check(claim_support, torch.tensor([[[0.75, 0.25, 0.0]], [[0.25, 0.0, 0.75]]]), 0.75,
      want=(0.5, ["supported", "contradicted"]), why="at least the threshold")
raises(ValueError, claim_support, torch.zeros(1, 1, 3), 0.0, why="at 0 every claim is contradicted")
### BEGIN HIDDEN TESTS
check(claim_support, torch.zeros(0, 0, 3), want=(nan, []), why="neither claims nor documents")
check(claim_support, torch.tensor([[[1.0, 0.0, 0.0]], [[0.96875, 0.03125, 0.0]]], dtype=torch.float16), 1.0,
      want=(0.5, ["supported", "unverified"]), why="a threshold of 1 is a threshold")
check(claim_support, torch.tensor([[[0.5, 0.0, 0.5]]]), want=(0.0, ["contradicted"]),
      why="both are exactly at it")
for threshold in (-0.5, 1.25):
    raises(ValueError, claim_support, torch.zeros(1, 1, 3), threshold, why=f"threshold {threshold}")
raises(ValueError, claim_support, torch.zeros(0, 1, 3), 0.0, why="also without claims")
raises(ValueError, claim_support, torch.zeros(2, 0, 3), 1.5, why="also without documents")
### END HIDDEN TESTS

# %% tags=["picture"]
hallucination.more_documents(claim_support)

# %% [markdown]
# 400 simulated claims: most are in one of the documents, some in none, some are contradicted. The bars are your
# verdicts as further documents come in that have nothing to do with the claims. Take the *mean* entailment instead
# of the largest (the line), and one irrelevant document is enough to lose nearly all support. But "any document"
# has a price, too: each further one is another chance for the NLI model to err. Contradicted claims creep up from
# 69 of 400 with one document to 82 with thirty, and none of the further ones is real.
#
# ## 6 · Is the score any good? AUROC, and a threshold
#
# A detector gives every answer a score. People have marked which answers are wrong. Lower the threshold step by
# step and draw the share of wrong answers that are flagged against the share of right ones that are flagged (the
# **false-alarm rate**): the receiver operating characteristic (ROC). **AUROC**, the area under it, is the probability
# that a wrong answer scores above a right one:
#
# $$\text{AUROC} = P(s_{\text{wrong}} > s_{\text{right}}) + \tfrac12\,P(s_{\text{wrong}} = s_{\text{right}})$$
#
# 1 is perfect, 0.5 is a coin, and far below 0.5 somebody has the sign wrong. It does not depend on how many answers
# are wrong, nor on the scale of the scores.
#
# **Ties are the rule here.** Ten samples split into clusters in 42 ways, whose entropies by counts take 39 values,
# and half of all answers may share the value 0. Whoever sorts and counts without care lets the order of the list
# decide. A tie is half a win.
#
# By ranks: give every score its rank from 1, tied scores the **mean** of their ranks. With R the sum of the ranks
# of the $n_1$ wrong answers and $n_0$ right ones,
#
# $$\text{AUROC} = \frac{R - n_1 (n_1 + 1)/2}{n_1 n_0}.$$
#
# **What AUROC does not say**: how many flags are right. With 1 % wrong answers, an AUROC of 0.9 still comes with
# many false alarms for each true one. For a flag we need a *threshold* and its **precision**, the share of flagged
# answers that are wrong, and **recall**, the share of wrong answers that are flagged. Precision does not rise
# steadily with the threshold, so one cannot stop at the first threshold that fails.
#
# A share p of m marked answers is uncertain itself. Its standard error is $\sqrt{p(1 - p)/m}$, and two of them to
# either side are about a 95 % interval; Wilson's interval (section 11) is better where m is small or p near 0 or 1.
# For a recall m is the number of *wrong* answers, often the few, for a precision that of the flags.
#
# ### Exercise 09.6 · auroc
#
# Two functions. `scores` is a float tensor (n,), float16 to float64, `wrong` a bool tensor (n,); the higher the
# score, the more it speaks for wrong. Both return a float.
#
# `auroc(scores, wrong)`: as above. NaN where there are only wrong, or only right answers, or none. ±∞ are scores
# like any others, and equal to themselves. Up to 100,000 answers, which is too many for a table of all pairs.
#
# `pick_threshold(scores, wrong, precision)`: flagged is what scores **at least** t. Among the thresholds t that
# occur as scores and whose precision is at least `precision`, take the one with the greatest recall; among several
# of equal recall the **highest** t. If no threshold reaches the precision, or flags no wrong answer: `math.inf`,
# which flags nothing. (Scores are finite in the tests of this function. Where a precision meets its target
# exactly, the target is a number such as 0.5, 0.625 or 1, which a float holds exactly, so that rounding decides
# nothing.)
#
# Both: a NaN among the scores raises `ValueError`.
#
# Source: Hanley and McNeil 1982, Radiology 143(1), for the probability; `roc_auc_score` in scikit-learn agrees.

# %% stub="auroc"
def auroc(scores: Float[Tensor, "n"], wrong: Bool[Tensor, "n"]) -> float:
    """The probability that a wrong answer scores above a right one; a tie is half.

    Scores 0.9, 0.5, 0.5 with wrong = True, True, False: (1 + 0.5) / 2 = 0.75.
    """
    ### BEGIN SOLUTION
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    n1, n0 = int(wrong.sum()), int((~wrong).sum())
    if n1 == 0 or n0 == 0:
        return math.nan
    _, group, size = scores.double().unique(return_inverse=True, return_counts=True)
    rank = size.cumsum(0).double() - (size.double() - 1) / 2
    return (rank[group][wrong].sum().item() - n1 * (n1 + 1) / 2) / (n1 * n0)
    ### END SOLUTION
    raise NotImplementedError("auroc")


def pick_threshold(scores: Float[Tensor, "n"], wrong: Bool[Tensor, "n"], precision: float) -> float:
    """The threshold with the greatest recall whose flags are right in at least this share; inf if there is none.

    Scores 3, 2, 1 with wrong = True, False, True and precision 0.6: t = 1 flags all three, 2/3 of them wrong: 1.0.
    """
    ### BEGIN SOLUTION
    if scores.isnan().any():
        raise ValueError("a NaN is no score")
    best = (0, math.inf)
    for t in sorted(set(scores.tolist()), reverse=True):
        flagged = wrong[scores.double() >= t]
        hits = int(flagged.sum())
        if hits > best[0] and hits / len(flagged) >= precision:
            best = (hits, t)
    return best[1]
    ### END SOLUTION
    raise NotImplementedError("pick_threshold")

# %% [markdown] hints="auroc"
# <details><summary>Hint 1: a question</summary>
#
# Every answer gets the same score. What must AUROC be, and what does your way of sorting make of it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Scores 1, 2, 2, 2, 5 have the ranks 1, 3, 3, 3, 5. Wrong are the second and the last: R = 8, less 3 is 5, over
# 2 · 3 pairs: 0.833. In pairs: 5 beats three, 2 beats one and ties with two: (3 + 1 + 1)/6.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A group of m equal scores takes m places in the ranking, and every one of them gets the middle of these places.
# For the threshold: equal scores are flagged together, so look only at what stands at or above a *value*.
#
# </details>

# %% graded="auroc__area" points=2
# Looks at the area with ties, and at one class alone.
check(auroc, torch.tensor([1.0, 2.0, 2.0, 2.0, 5.0]), torch.tensor([False, True, False, False, True]), want=5 / 6,
      why="ranks 1, 3, 3, 3, 5", mistakes={"ties counted as lost": 4 / 6, "ties counted as won": 1.0,
                                           "the sign is reversed": 1 / 6})
check(auroc, torch.tensor([0.5, 0.5]), torch.tensor([True, False]), want=0.5, why="a tie is half")
check(auroc, torch.tensor([0.5, 0.7]), torch.tensor([True, True]), want=math.nan,
      why="no right answer to compare with")
### BEGIN HIDDEN TESTS
for seed in range(10):
    rng = np.random.default_rng(seed)
    n = [2, 7, 60, 301, 900][seed % 5]
    s = torch.from_numpy(rng.standard_normal(n) * [1.0, 1e-9][seed % 2] + 5 * (seed % 2))
    if seed % 3 == 0:
        s = torch.from_numpy(rng.integers(-2, 3, n) / 4)
    y = torch.from_numpy(rng.random(n) < 0.4)
    y[0], y[1] = True, False
    check(auroc, s, y, want=slow_auroc(s, y), rtol=1e-10, atol=1e-12)
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        check(auroc, s.to(dtype), y, want=slow_auroc(s.to(dtype), y), rtol=1e-10, atol=1e-12, why=f"{dtype}")
inf = math.inf
for s, y in [([inf, inf, -inf, -inf, 0.0], [True, False, True, False, True]),
             ([inf, 3.0, 3.0, -inf, -2.0, 1.0], [True, False, True, False, True, False]),
             ([0.0, -0.0, 0.0], [True, False, False])]:
    s, y = torch.tensor(s), torch.tensor(y)
    check(auroc, s, y, want=slow_auroc(s, y), rtol=1e-10, why="infinities and zeros equal themselves")
for dtype in (torch.float32, torch.float64):
    most = torch.finfo(dtype).max
    s, y = torch.tensor([inf, most, 1e30, -inf, -most], dtype=dtype), torch.tensor([True, False, True, False, True])
    check(auroc, s, y, want=slow_auroc(s, y), rtol=1e-10, why="an infinity lies beyond every finite score")
near = torch.tensor([1.0, 1.0 + 1e-12, 1.0], dtype=torch.float64)
check(auroc, near, torch.tensor([False, True, True]), want=0.75, rtol=1e-10, why="1e-12 apart is no tie")
for y in (torch.zeros(3, dtype=torch.bool), torch.ones(4, dtype=torch.bool), torch.zeros(0, dtype=torch.bool)):
    check(auroc, torch.arange(len(y)) / 4, y, want=math.nan, why="only right answers, only wrong ones, or none")
n = 100_000
s = torch.from_numpy(np.random.default_rng(1).integers(0, 3, n) / 2)
y = torch.from_numpy(np.random.default_rng(2).random(n) < 0.5)
below, same = ([int(((s == v) & c).sum()) for v in (0, 0.5, 1)] for c in (~y, y))
wins = same[1] * below[0] + same[2] * (below[0] + below[1]) + sum(a * b for a, b in zip(same, below)) / 2
check(auroc, s, y, want=wins / (sum(same) * sum(below)), rtol=1e-9, why="100,000 answers, three scores")
wide = torch.from_numpy(np.random.default_rng(5).integers(0, 5, (40, 3)) / 2)
y = torch.arange(40) % 3 == 0
check(auroc, wide[:, 1], y, want=slow_auroc(wide[:, 1], y), rtol=1e-10)
unchanged(auroc, torch.tensor([3.0, 1.0, 2.0]), torch.tensor([True, False, False]), want=1.0)
raises(ValueError, auroc, torch.tensor([1.0, math.nan]), torch.tensor([True, False]), why="a NaN is no score")
raises(ValueError, auroc, torch.tensor([1.0, math.nan]), torch.tensor([True, True]),
       why="also where one class is alone")
### END HIDDEN TESTS

# %% graded="auroc__threshold" points=2
# Looks at the threshold: recall, ties, precision that falls and rises.
s = torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0])
check(pick_threshold, s, torch.tensor([True, False, True, True, False]), 0.75, want=2.0,
      why="t = 5 has precision 1, t = 4 1/2, t = 3 2/3, t = 2 3/4: the last flags most wrong answers",
      mistakes={"stopped at the first that fails": 5.0, "the lowest threshold": 1.0})
check(pick_threshold, s, torch.tensor([False, True, True, False, False]), 0.7, want=math.inf, why="2/3 at best",
      mistakes={"the best there is": 3.0})
### BEGIN HIDDEN TESTS
check(pick_threshold, s, torch.tensor([True, True, False, False, False]), 0.4, want=4.0,
      why="t = 1 flags the same wrong answers, and more right ones")
check(pick_threshold, torch.tensor([2.0, 2.0, 2.0, 1.0]), torch.tensor([True, False, False, True]), 0.5, want=1.0,
      why="equal scores are flagged together: 1/3 at t = 2, 2/4 at t = 1")
check(pick_threshold, torch.tensor([2.0, 2.0, 1.0]), torch.tensor([True, False, False]), 0.75, want=math.inf,
      why="no tie is cut in two")
for seed in range(12):
    rng = np.random.default_rng(seed)
    n = [1, 6, 40, 160][seed % 4]
    s = torch.from_numpy(rng.standard_normal(n) if seed % 2 else rng.integers(-3, 4, n) / 2)
    y = torch.from_numpy(rng.random(n) < 1 / (1 + np.exp(-s.numpy())))
    for target in (0.5, 0.625, 0.3391, 0.9731, 0.8137):
        check(pick_threshold, s, y, target, want=slow_threshold(s, y, target), rtol=0, atol=0,
              why=f"precision {target}")
    t = slow_threshold(s.float(), y, target)
    check(pick_threshold, s.float(), y, target, want=t, rtol=0, atol=0, why="float32 scores")
y = torch.tensor([True, False, True])
check(pick_threshold, torch.tensor([0.0, -1.0, 0.0]), y, 1.0, want=0.0, why="a threshold of 0.0 is a threshold")
check(pick_threshold, torch.tensor([1.0, 2.0]), torch.tensor([False, False]), 0.0, want=math.inf,
      why="no wrong answer can be flagged")
check(pick_threshold, torch.zeros(0), torch.zeros(0, dtype=torch.bool), 0.5, want=math.inf, why="no answers")
raises(ValueError, pick_threshold, torch.tensor([1.0, math.nan]), torch.tensor([True, False]), 0.5, why="NaN")
near = torch.tensor([1.0, 1.0 + 1e-12, 1.0], dtype=torch.float64)
check(pick_threshold, near, torch.tensor([False, True, False]), 1.0, want=1.0 + 1e-12, rtol=0, atol=0,
      why="1e-12 apart is no tie")
many = torch.tensor([3.0] * 300 + [2.0] * 700 + [1.0] * 90, dtype=torch.bfloat16)
s = torch.from_numpy(np.random.default_rng(7).permutation(600) - 300) / 8
check(pick_threshold, s, s != 2.0, 0.9, want=-37.5, rtol=0, atol=0, why="600 scores, of which the lowest is the threshold")
check(pick_threshold, many, torch.arange(1090) < 999, 1.0, want=3.0, why="t = 2 has 999 of 1,000, which is not all")
half = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float16)
check(pick_threshold, half, y, 1.0, want=float(half[2]), rtol=0, atol=0, why="a score as it is in float16")
unchanged(pick_threshold, torch.tensor([3.0, 1.0, 2.0]), y, 0.5, want=2.0)
### END HIDDEN TESTS

# %% tags=["picture"]
hallucination.tied_curve(auroc)

# %% [markdown]
# Left: 200 marked answers whose score is the entropy of five samples: seven values, many ties. The ROC curve with
# ties taken together, which your AUROC is the area of, and the two curves of someone who lets the order in the
# list decide, wrong answers first or last in each tie. One detector, three "AUROCs", 0.71 to 0.85. Right:
# precision and recall by threshold for 80 answers of ten samples. Recall falls steadily, precision does not rise
# so.

# %% [markdown]
# ## 7 · When does "90 % sure" mean 90 %?
#
# A *confidence* is a probability that the answer is right, for example the share of the samples that agree with
# it. It is **calibrated** if, of all answers given with 90 %, 90 % are right. The *expected calibration error*
# (ECE) puts confidences into B bins of equal width and compares in each bin what was promised with what came:
#
# $$\text{ECE} = \sum_{b=1}^{B} \frac{n_b}{n}\,\bigl|\text{accuracy}_b - \text{mean confidence}_b\bigr|$$
#
# **Where from?** Besides the samples there are three cheap sources. *Token probability*: one pass, but it mixes the
# wording with the meaning, and falls with length (part 4). *P(True)* (Kadavath et al. 2022, arXiv 2207.05221): the
# model is shown its own answer and asked whether it is true, and the probability of "True" is the confidence.
# *Words*: ask for a percentage; it tends to be too high (Xiong et al. 2023, arXiv 2306.13063). None is calibrated
# because it looks like a percentage. All are measured alike, by AUROC and ECE.
#
# **AUROC and ECE ask different things.** AUROC looks at the order alone; squeeze all confidences into 0.98 to 1.00
# and it stays. ECE looks at the numbers alone; say "70 %" every time where 70 % are right, and ECE is 0, though no
# answer is told from another. A flag needs the order, a displayed percentage needs the calibration, a product of
# costs and probabilities needs both.
#
# **The catch**: ECE depends on B and on n. With few answers in a bin its accuracy jumps about by chance, and the
# absolute value turns chance into error: a perfectly calibrated detector has an ECE above 0, and more so with more
# bins. Report n and B, and compare systems at the same ones.
#
# ### Exercise 09.7 · ece
#
# `ece(conf, correct, bins=10)` with confidences (n,), float16 to float64, and `correct`, a bool tensor (n,).
# Returns a float.
#
# - Bin b of 0, 1, …, B − 1 holds what is above b/B and **at most** (b + 1)/B; a confidence of exactly 0 belongs to
#   bin 0. So 1.0 is in the last bin. (Confidences on an inner edge occur only where B is a power of two.)
# - A bin's share of all answers is its weight. Empty bins add nothing.
# - A confidence outside [0, 1], or NaN, and bins below 1: `ValueError`. Else, where there are no answers: NaN.
# - **Compute in float64**, whatever comes in.
#
# Source: Guo et al. 2017, arXiv 1706.04599, section 2, with the same half-open bins.

# %% stub="ece"
def ece(conf: Float[Tensor, "n"], correct: Bool[Tensor, "n"], bins: int = 10) -> float:
    """The expected calibration error over bins of equal width.

    Confidences 0.9 and 0.95 in one bin, one of them right: |0.5 - 0.925| = 0.425.
    """
    ### BEGIN SOLUTION
    if bins < 1 or not ((conf >= 0) & (conf <= 1)).all():
        raise ValueError("confidences lie between 0 and 1, and there is at least one bin")
    if len(conf) == 0:
        return math.nan
    c = conf.double().contiguous()
    edges = torch.arange(1, bins, dtype=torch.float64) / bins
    gap = torch.zeros(bins, dtype=torch.float64)
    gap.index_add_(0, torch.bucketize(c, edges), correct.double() - c)
    return gap.abs().sum().item() / len(c)
    ### END SOLUTION
    raise NotImplementedError("ece")

# %% [markdown] hints="ece"
# <details><summary>Hint 1: a question</summary>
#
# One bin holds 99 answers with a gap of 0.01, another one answer with a gap of 0.9. Is the error 0.455?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# B = 2, confidences 0.5, 0.2, 1.0 with right, wrong, wrong. 0.5 lies in bin 0 with 0.2: accuracy 0.5, mean 0.35,
# gap 0.15, weight 2/3. Bin 1: gap 1, weight 1/3. ECE 0.1 + 0.333.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The absolute value is taken once per bin, after its mean, and not for each answer. And the edge belongs to the
# bin below it, so that 1.0 needs no bin of its own.
#
# </details>

# %% graded="ece__bins" points=2
# Looks at gaps, weights and empty bins.
check(ece, torch.tensor([0.5, 0.2, 1.0]), torch.tensor([True, False, False]), 2, want=1.3 / 3, rtol=1e-6,
      why="(2/3)·0.15 + (1/3)·1", mistakes={"bins without their weights": 0.575, "a gap for each answer": 1.7 / 3})
check(ece, torch.tensor([0.75, 0.75, 0.75, 0.75]), torch.tensor([True, True, True, False]), want=0.0,
      why="75 % promised, 3 of 4 right")
### BEGIN HIDDEN TESTS
for seed in range(12):
    rng = np.random.default_rng(seed)
    n = [1, 8, 90, 700][seed % 4]
    bins = [10, 1, 15, 4, 300, 64][seed % 6]
    c = torch.from_numpy(rng.beta(2, [0.5, 3][seed % 2], n))
    c[(c * bins - (c * bins).round()).abs() < 0.05 if bins < 100 else torch.zeros(n, dtype=torch.bool)] = 1.0
    y = torch.from_numpy(rng.random(n) < 0.6)
    check(ece, c, y, bins, want=slow_ece(c, y, bins), rtol=1e-9, atol=1e-12, why=f"{bins} bins")
    c[(c * 10 - (c * 10).round()).abs() < 0.05] = 0.0
    check(ece, c, y, want=slow_ece(c, y, 10), rtol=1e-9, atol=1e-12, why="10 bins where nothing is said")
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        h = c.to(dtype)
        check(ece, h, y, 8, want=slow_ece(h, y, 8), rtol=1e-9, atol=1e-12, why=f"{dtype} in, float64 inside")
both = torch.from_numpy(np.random.default_rng(3).random((50, 3)))
y = torch.arange(50) % 3 > 0
check(ece, both[:, 1], y, 16, want=slow_ece(both[:, 1], y, 16), rtol=1e-9)
unchanged(ece, torch.tensor([0.25, 0.75]), torch.tensor([False, True]), 4, want=0.25)
ends = torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64)
unchanged(ece, ends, torch.tensor([False, True, True]), 4, want=0.5 / 3)
### END HIDDEN TESTS

# %% graded="ece__edges" points=2
# Looks at the edges, 0 and 1, no answers and errors.
check(ece, torch.tensor([0.5, 0.75]), torch.tensor([True, False]), 2, want=0.625, why="0.5 is in the lower bin",
      mistakes={"the edge was put into the bin above": 0.125})
check(ece, torch.tensor([1.0, 0.0]), torch.tensor([False, True]), want=1.0,
      why="0 and 1 are in the first and last bin",
      mistakes={"0 and 1 fell out": 0.0, "one of them fell out": 0.5})
check(ece, torch.zeros(0), torch.zeros(0, dtype=torch.bool), want=math.nan, why="no answers")
raises(ValueError, ece, torch.tensor([1.5]), torch.tensor([True]), why="150 % sure")
### BEGIN HIDDEN TESTS
for bins in (1, 2, 4, 16, 256):
    rng = np.random.default_rng(bins)
    c = torch.from_numpy(rng.integers(0, bins + 1, 600) / bins)
    y = torch.from_numpy(rng.random(600) < c.numpy() ** 2)
    check(ece, c, y, bins, want=slow_ece(c, y, bins), rtol=1e-9, atol=1e-12, why=f"edges of {bins} bins")
    check(ece, c.float(), y, bins, want=slow_ece(c, y, bins), rtol=1e-9, atol=1e-12, why=f"edges of {bins} bins")
above = torch.tensor([0.25, 0.25 + 1e-12], dtype=torch.float64)
check(ece, above, torch.tensor([True, False]), 4, want=0.5, rtol=1e-9, why="just above an edge is the next bin")
beside = torch.tensor([0.3 + 1e-9, 0.3 - 1e-9, 0.7 + 1e-9, 0.7 - 1e-9], dtype=torch.float64)
y = torch.tensor([True, False, False, True])
check(ece, beside, y, want=slow_ece(beside, y, 10), rtol=1e-9, why="float64 in: 1e-9 beside an edge of ten bins")
for dtype in (torch.bfloat16, torch.float16):
    c, y = torch.tensor([0.3, 0.29, 0.35]).to(dtype), torch.tensor([True, False, False])
    check(ece, c, y, want=slow_ece(c, y, 10), rtol=1e-9, why=f"{dtype} just above an edge: bins are found in float64")
yes = torch.tensor([True])
for c in (-0.25, math.nan, 1.0 + 1e-6, -1e-30, math.inf):
    raises(ValueError, ece, torch.tensor([c], dtype=torch.float64), yes, why=f"a confidence of {c}")
for bins in (0, -3):
    raises(ValueError, ece, torch.tensor([0.5]), yes, bins, why=f"{bins} bins")
    raises(ValueError, ece, torch.zeros(0), torch.zeros(0, dtype=torch.bool), bins, why=f"{bins} bins, no answers")
check(ece, torch.tensor([0.0]), torch.tensor([False]), 7, want=0.0, why="0 promised, 0 came")
### END HIDDEN TESTS

# %% tags=["picture"]
hallucination.reliability(ece)

# %% [markdown]
# Left: a detector that is too sure, 2,000 answers, ten bins; the bars are accuracies, the diagonal is what was
# promised. Right: your ECE of detectors that **are** perfectly calibrated, by the number of bins. With 200 answers
# and 50 bins, a perfect detector looks badly calibrated.
#
# **To mend calibration**, fit a monotone map from score to probability on marked answers: a logistic curve
# (Platt), a step function (isotonic), or one temperature for logits. A monotone map of the score leaves AUROC as it
# is, but for ties. (One temperature for the logits of three or more classes is none: the largest probabilities of
# two answers may change places.)
#
# ## 8 · Put together: an answer, or none
#
# Sampled answers become clusters, clusters an entropy, marked answers a threshold. Then each new question gets its
# answer, or "I am not sure.".
#
# Two more decisions. First, **the shown answer is checked too.** Entropy looks at the samples alone. If all ten
# samples say "Rome" and the shown answer says "Milan", entropy is 0 and something is wrong. So we also take the
# *support*: the share of the samples that mean the same as the shown answer.
#
# Second, **ties must be ties.** Floats add up in an order: clusters of sizes 1, 2, 3, 5 have an entropy that
# differs in the last bit from that of 1, 2, 5, 3, and AUROC would see one above the other. So entropies are
# rounded to 9 decimals before they are compared with each other or with a threshold.
#
# ### Exercise 09.8 · abstain
#
# `fit_flag(sampled, wrong, entails, precision=0.8)`: `sampled` is a list with a list of samples for each of n
# questions, `wrong` a bool tensor (n,), whether the answer shown to that question was wrong. Returns the pair
# `(threshold, area)` of floats: for each question the entropy over meanings, by counts, of its samples, rounded to
# 9 decimals (`round(h, 9)`); on these, as float64, your `pick_threshold` at this precision and your `auroc`.
#
# `abstain(shown, samples, entails, threshold)`: one question. Returns `(text, entropy, support)`.
#
# - `entropy`: as above, rounded to 9 decimals, of the **samples alone**.
# - `support`: the share of the samples that entail `shown` **and** are entailed by it. A sample equal to `shown`,
#   letter for letter, supports it; `entails` need not be asked about that, and may be. (Calls are not counted
#   here.)
# - `text` is `NOT_SURE` (given in the setup) if the entropy is **at least** the threshold, or if no sample
#   supports the shown answer; else it is `shown`.
# - A question without samples raises `ValueError` in both functions.
#
# Source: Farquhar et al. 2024; Geifman and El-Yaniv 2017, arXiv 1705.08500, for answering selectively.

# %% stub="abstain"
def fit_flag(sampled: Sequence[Sequence[str]], wrong: Bool[Tensor, "n"], entails: Entails,
             precision: float = 0.8) -> tuple[float, float]:
    """(threshold, area) of the entropy as a detector, from questions whose answers were marked.

    Samples [["a", "a"], ["a", "b"]], the second answer wrong, entails(a, b) for equal strings: (0.693147181, 1.0).
    """
    ### BEGIN SOLUTION
    entropies = [round(semantic_entropy(cluster_answers(samples, entails)), 9) for samples in sampled]
    scores = torch.tensor(entropies, dtype=torch.float64)
    return pick_threshold(scores, wrong, precision), auroc(scores, wrong)
    ### END SOLUTION
    raise NotImplementedError("fit_flag")


def abstain(shown: str, samples: Sequence[str], entails: Entails, threshold: float) -> tuple[str, float, float]:
    """(text, entropy, support): the shown answer, or that one is not sure.

    Shown "a", samples ["a", "a", "b", "a"], entails(a, b) for equal strings, threshold 1.0:
    ("a", 0.562335145, 0.75).
    """
    ### BEGIN SOLUTION
    entropy = round(semantic_entropy(cluster_answers(samples, entails)), 9)
    same = [s == shown or entails(s, shown) and entails(shown, s) for s in samples]
    support = sum(map(bool, same)) / len(samples)
    return NOT_SURE if entropy >= threshold or support == 0 else shown, entropy, support
    ### END SOLUTION
    raise NotImplementedError("abstain")

# %% [markdown] hints="abstain"
# <details><summary>Hint 1: a question</summary>
#
# All samples agree with each other, and none with the shown answer. What is the entropy, and what should the user
# see?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Shown "Milan", samples "Rome", "Rome", "Milan, Italy", where "Milan, Italy" entails "Milan" but not the other way
# round. Entropy of 2 and 1: 0.636514168. Support 0 of 3. "I am not sure.", at every threshold.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The shown answer takes no part in the entropy: it was not drawn at temperature 1. And the rounding belongs into
# both functions, since one's threshold is the other's.
#
# </details>

# %% graded="abstain__fit" points=2
# Looks at a threshold and an area from marked questions.
def equal(a, b):
    "Only equal strings mean the same."
    return a == b

marked = [["a", "a", "a", "a"], ["a", "b", "c", "d"], ["a", "a", "b", "b"], ["q", "q", "q", "q"]]
check(fit_flag, marked, torch.tensor([False, True, True, False]), equal, want=(round(math.log(2), 9), 1.0),
      why="entropies 0, ln 4, ln 2, 0", mistakes={"the threshold was not rounded": (math.log(2), 1.0)},
                                                                                    rtol=1e-12)
check(fit_flag, marked, torch.tensor([False, True, True, True]), equal, 0.75, want=(0.0, 5 / 6), rtol=1e-9,
      why="all flagged: 3 of 4 wrong. A tie at 0")
### BEGIN HIDDEN TESTS
for seed in range(8):
    rng = np.random.default_rng(seed)
    n, size = [12, 40, 25, 70][seed % 4], [5, 10, 7, 3][seed % 4]
    sampled = [[" ".join(rng.permutation(list("abcd")[:int(rng.integers(1, 1 + rng.integers(1, 5)))]))
                for _ in range(size)] for _ in range(n)]
    entropies = [round(slow_entropy(slow_clusters(s, same_meaning)), 9) for s in sampled]
    entropies = torch.tensor(entropies, dtype=torch.float64)
    wrong = torch.from_numpy(rng.random(n) < 0.2 + 0.4 * entropies.numpy())
    target = [0.5, 0.6317, 0.72][seed % 3]
    want = (slow_threshold(entropies, wrong, target), slow_auroc(entropies, wrong))
    check(fit_flag, sampled, wrong, same_meaning, target, want=want, rtol=1e-9, atol=2e-9,
          why=f"precision {target}")
orders = ["12233355555", "55555333221", "22555551333", "33315555522", "15555533322", "12255555333"]
sampled = [list(order) for order in orders]
check(fit_flag, sampled, torch.tensor([True, False, True, False, True, False]), lambda a, b: False, 0.45,
      want=(slow_entropy([0] * 1 + [1] * 2 + [2] * 3 + [3] * 5), 0.5), rtol=1e-9, atol=2e-9,
      why="the same sizes in another order are a tie")
half = [["a", "b"]] * 4 + [["a", "a"]]
wrong = torch.tensor([True, True, True, False, False])
check(fit_flag, half, wrong, lambda a, b: False, want=(math.inf, 0.75), rtol=1e-9,
      why="3 of 4 is below 0.8, which is the default")
more = torch.tensor([True, False, True, True, True, True, True, False])
check(fit_flag, [["a", "b"]] * 7 + [["a", "a"]], more, lambda a, b: False, want=(round(math.log(2), 9), 0.75),
      rtol=1e-9,
      why="6 of 7 is above 0.8, which is the default")
check(fit_flag, half, wrong, lambda a, b: False, 0.75, want=(round(math.log(2), 9), 0.75), rtol=1e-9)
check(fit_flag, [["a", "b"]], torch.tensor([True]), lambda a, b: False, want=(round(math.log(2), 9), math.nan),
      rtol=1e-9,
      why="one class alone has no area; its threshold stands")
check(fit_flag, [["a", "b"], ["a", "a"]], torch.tensor([False, True]), lambda a, b: False, 0.5, want=(0.0, 0.0),
      rtol=1e-9, why="an area below one half stays below one half")
check(fit_flag, [["b", "b"], ["a", "c"], ["c", "a", "b"]], torch.tensor([False, True, False]),
      lambda a, b: {a, b} != {"a", "c"}, 0.5, want=(slow_entropy([0, 1]), 1.0), rtol=1e-9, atol=2e-9,
      why="a and c are two meanings, though b, in the samples of another question, means both")
raises(ValueError, fit_flag, [["a"], []], torch.tensor([True, False]), lambda a, b: False, why="no samples")
unchanged(fit_flag, [["b", "a"], ["a"]], torch.tensor([True, False]), lambda a, b: False,
          want=(round(math.log(2), 9), 1.0), rtol=1e-9)
### END HIDDEN TESTS

# %% graded="abstain__decides" points=3
# Looks at text, entropy and support of one question.
def equal(a, b):
    "Only equal strings mean the same."
    return a == b

def part_of(premise, hypothesis):
    "Everything that stands in the premise follows from it."
    return hypothesis in premise

check(abstain, "a", ["a", "a", "b", "a"], equal, 1.0, want=("a", 0.562335145, 0.75), rtol=1e-9)
check(abstain, "a", ["a", "b"], equal, round(math.log(2), 9), want=(NOT_SURE, 0.693147181, 0.5), rtol=1e-9,
      why="at least the threshold: not sure", mistakes={"only above the threshold": ("a", 0.693147181, 0.5)})
check(abstain, "Milan", ["Rome", "Rome", "Rome"], equal, 1.0, want=(NOT_SURE, 0.0, 0.0), rtol=1e-9,
      why="no sample says so", mistakes={"only the entropy was looked at": ("Milan", 0.0, 0.0)})
check(abstain, "Milan", ["Rome", "Rome", "Milan, Italy"], part_of, 2.0, want=(NOT_SURE, 0.636514168, 0.0),
      rtol=1e-9,
      why="support needs both directions", mistakes={"one direction was enough": ("Milan", 0.636514168, 1 / 3)})
### BEGIN HIDDEN TESTS
for seed in range(12):
    rng = np.random.default_rng(seed)
    size = [1, 4, 10, 33][seed % 4]
    texts = [" ".join(rng.permutation(list("abc")[:int(rng.integers(1, 4))])) for _ in range(size + 1)]
    shown, samples = texts[0], texts[1:]
    h = round(slow_entropy(slow_clusters(samples, same_meaning)), 9)
    support = sum(same_meaning(s, shown) and same_meaning(shown, s) for s in samples) / size
    for threshold in (0.0, h, h + 1e-6, 0.7, math.inf):
        text = NOT_SURE if h >= threshold or support == 0 else shown
        check(abstain, shown, tuple(samples), same_meaning, threshold, want=(text, h, support),
              rtol=1e-9, atol=2e-9,
              why=f"threshold {threshold}")
check(abstain, "x", ["a", "b", "x"], lambda a, b: False, math.inf, want=("x", 1.098612289, 1 / 3), rtol=1e-9,
      why="an equal sample supports it, whatever entails says")
check(abstain, "b", ["a", "c"], lambda a, b: abs(ord(a) - ord(b)) <= 1, 0.9, want=("b", 0.693147181, 1.0),
      rtol=1e-9,
      why="b means a and c, but a does not mean c: entropy of the samples alone")
check(abstain, "a", ["b", "c", "c", "c"], lambda a, b: abs(ord(a) - ord(b)) <= 1, 0.9, want=("a", 0.0, 0.25),
      rtol=1e-9,
      why="all samples are of one cluster, and only one of them means a")
check(abstain, "", ["", "a"], lambda a, b: False, 2.0, want=("", 0.693147181, 0.5), rtol=1e-9,
      why="an empty answer")
check(abstain, "Rome", ["rome", "ROME"], lambda a, b: False, 2.0, want=(NOT_SURE, 0.693147181, 0.0), rtol=1e-9,
      why="equal letter for letter, or entailed both ways: neither holds")
check(abstain, "Rome", ["Rome ", "Rome."], lambda a, b: False, 2.0, want=(NOT_SURE, 0.693147181, 0.0), rtol=1e-9,
      why="a space and a full stop are letters, too")
check(abstain, "x", ["a"] * 24 + ["x"], lambda a, b: False, 1.0, want=("x", round(slow_entropy([0] * 24 + [1]), 9), 0.04),
      rtol=1e-9, atol=2e-9, why="one sample of 25 supports it: that is not none")
check(abstain, "a", ["a"] * 400 + ["b"], lambda a, b: False, 0.0174, want=(NOT_SURE, 0.017438188, 400 / 401),
      rtol=1e-7)
raises(ValueError, abstain, "a", [], lambda a, b: True, 1.0, why="no samples")
unchanged(abstain, "a", ["b", "a"], lambda a, b: False, 1.0, want=("a", 0.693147181, 0.5), rtol=1e-9)
### END HIDDEN TESTS

# %% tags=["picture"]
hallucination.selective(fit_flag, abstain)

# %% [markdown]
# A simulated world of questions, ten worded samples each: most are known, some unknown, 12 % learned wrongly. The
# curve says what is gained by answering less; the squares are your flag, fitted on 60 marked questions and used on
# 400 fresh ones.
#
# - **The threshold was chosen to look good.** Asked for a precision of 0.8, it has 0.89 on the 60 questions that
#   it was fitted on, and 0.68 on fresh ones, as a mean of six runs. Fitted on 300 it is 0.82 and 0.78. Report
#   precision on questions that did not choose the threshold.
# - **60 are few.** Runs 4 and 5 found a threshold that flags next to nothing. Some 23 of 60 answers are wrong, and
#   each counts a lot.
# - **The curve ends near 0.82, not at 1.** What the model has learned wrongly stays among the answers it is surest
#   of.
#
# ## 9 · The real model
#
# SmolLM2 (135 million parameters) gets four examples of the form "Question: … Answer: …", then a question. The
# shown answer is greedy; ten samples are drawn at temperature 1, eight tokens each, first line only. An answer is
# right if an accepted word stands in it. Clusters are made by your function, once with equal strings (small
# letters, no punctuation) as the meaning, once with MiniLM's embeddings at a cosine above 0.7.
#
# First, twelve questions that it knows and twelve about things that do not exist. About 15 seconds.

# %% tags=["real"]
from course.models.smollm import attempt

with attempt():
    hallucination.smollm_known(cluster_answers, semantic_entropy, auroc)

# %% [markdown]
# What to look for: the two groups hardly overlap. That is real, and it is the easiest test there is: capitals of
# large countries against inventions. It says nothing about the questions in between.
#
# Next, 24 real questions of medium difficulty. About 15 seconds.

# %% tags=["real"]
with attempt():
    hallucination.smollm_harder(cluster_answers, semantic_entropy, auroc)

# %% [markdown]
# What to look for:
#
# - The AUROC is far from that of the first set (whose standard error of 0.00 is the formula's, which knows no better
#   where nothing overlaps), and with 24 questions its standard error is near 0.1. A difference
#   of 0.05 between two ways of clustering is nothing here.
# - The surest of the wrong answers. In the run when this was written they were Auckland, Sydney and Istanbul, each
#   given as a capital. More samples would only measure the same belief more precisely.
# - The least sure of the right answers: the greedy answer is right while samples scatter.
# - A cosine is no entailment, as the last lines show. Istanbul and Ankara lie at 0.82, 1989 and 1990 at 0.84:
#   above 0.7 and merged, though the one is right and the other wrong. "Au" and "Gold" lie at 0.37.
#
# ## 10 · The experiment: more samples, or fewer beliefs?
#
# 2,000 claims, half of them wrong. A sample repeats a true claim with a probability from Beta(8, 2), 0.8 in the
# mean. A wrong claim is either a confabulation, repeated with a probability from Beta(1.2, 5), 0.19 in the mean,
# or *systematic*, repeated like a true one. The score of a claim is the share of N samples that do **not** repeat
# it. Three settings:
#
# - A: 2 samples, none of the errors systematic.
# - B: 19 samples, 30 % of the errors systematic.
# - C: 9 samples, 60 % of the errors systematic.
#
# Order them by AUROC, the highest first. It takes about 2 seconds. **Predict before you run it**; one point for
# committing, one for being right.

# %% stub="prediction"
# the three letters, the highest AUROC first, as in ["C", "A", "B"]
prediction: list[str] | None = None
### BEGIN SOLUTION
prediction = ["A", "B", "C"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order of the three.
committed(prediction, order_of=["A", "B", "C"])

# %% graded="prediction__right" points=1
# It is what the experiment shows.
committed(prediction, order_of=["A", "B", "C"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["A", "B", "C"],
          "How much of AUROC can samples win back in each setting, if there were infinitely many of them?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def unsupported(repeat: np.ndarray, samples: int, rng: np.random.Generator) -> Tensor:
    "The share of the samples that do not repeat each claim."
    return torch.from_numpy(1 - rng.binomial(samples, repeat) / samples)


table = hallucination.more_samples(auroc, unsupported, prediction=prediction)

# %% [markdown]
# Read along each row of the table: where does the gain end, and why there? Write down the AUROC for infinitely
# many samples as a mixture: a wrong claim of one kind against a true one, and of the other kind. Then hold the
# last column against it. What this does not show: real claims are not half wrong, and real samples are not
# independent given the claim.
#
# **What does help where samples cannot?** Another source of evidence: documents (part 5), a second model that
# learned from other data, a tool, a person.

# %% [markdown]
# ## 11 · A board to feel it
#
# Support among N samples as a detector. Move the share of systematic errors and watch the second hill. Make wrong
# claims rare, and watch the precision while AUROC stays where it is.

# %% tags=["widget"]
hallucination.widget(auroc)

# %% [markdown]
# ## 12 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="pipeline"
# An insurer's assistant answers 50,000 questions a day from policy documents (RAG). A colleague proposes three
# levels: "(1) refuse if the best reranker score is below 0.5; (2) NLI for each claim, show the answer if
# faithfulness is at least 0.8; (3) three samples at temperature 0.7, refuse if their BERTScore is below 0.85." On
# 500 marked answers, 40 of them wrong, level 3 flags 100, of which 30 are wrong. Write, in about 15 lines:
#
# 1. Precision, recall and false-alarm rate of level 3, with a 95 % interval for the recall. What does it mean for
#    a day? What becomes of the precision if only 2 % of the answers are wrong?
# 2. What is wrong with the three thresholds, and with the three samples? How do you get better ones?
# 3. Which errors does each level not see? Name one that passes all three.
# 4. Your order of levels, by cost, and what the user sees in each case.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Numbers**: precision 0.30, recall 0.75 [0.60, 0.86] (two standard errors: 0.61 to 0.89), false alarms
#   70/460 = 0.152. A day: 10,000 flags, 7,000 of them false, 1,000 wrong answers shown. At 2 % wrong: precision
#   0.09. (Half a point without interval or last.)
# - **Thresholds**: taken from nowhere; each belongs to a scorer and kind of text, chosen on marked answers,
#   checked on others. Raw BERTScore is near 0.85 for unrelated sentences. Share of supported claims: one
#   contradicted claim weighs more than a score of 0.8 allows. Three samples give few values, many ties; and the
#   shown answer must be among what is compared.
# - **Blind spots**: level 1: relevant is not sufficient. Level 2: wrong or outdated document, omission, long
#   passages. Level 3: systematic errors. All three: a faithful, consistent copy of an outdated policy.
# - **Order**: cheap first: retrieval score, then NLI on claims, samples only where the first two leave doubt; a
#   contradicted claim is dropped or corrected, unverified is said so, no support: no answer, and a person.
#   Monitoring of the rate of refusals and of marked samples.
#
# === END MARK SCHEME ===

# %% [markdown] written="pipeline" points=4
# ### BEGIN SOLUTION
# 1. Precision 30/100 = 0.30, recall 30/40 = 0.75, Wilson's interval 0.60 to 0.86, false alarms 70/460 = 0.152. A
#    day has 10,000 flags, of which 7,000 are right answers withheld, and 1,000 wrong answers are shown. At 2 %
#    wrong the precision is 0.02 · 0.75 / (0.02 · 0.75 + 0.98 · 0.152) = 0.09: eleven flags for one error.
# 2. 0.5, 0.8 and 0.85 are from no data. Mark some 500 answers, stratified by kind of question; choose each
#    threshold for a precision or a cost on one half, report it on the other, renew it with every change of model.
#    Raw BERTScore sits near 0.85 for unrelated sentences: use NLI both ways instead. One contradicted claim of ten
#    passes "at least 0.8": a contradiction must decide alone. Three samples at 0.7 differ less than ten at 1.0 do:
#    take ten, and look at the support of the shown answer among them.
# 3. Level 1 sees relevance, not whether the passage holds the answer. Level 2 believes the document, and sees no
#    omission. Level 3 sees inconsistency, not error. An outdated policy, retrieved first and copied faithfully,
#    passes all three: versions and dates of documents are checked elsewhere.
# 4. Retrieval score (free) → NLI of each claim against each passage (milliseconds) → samples only for answers with
#    unverified claims. Contradicted: the claim goes, or the answer. Unverified: shown as not confirmed, or left
#    out. Nothing supported: "I am not sure", and a person. Rates of each outcome are watched, 200 answers a week
#    are marked.
# ### END SOLUTION

# %% [markdown]
# ## 13 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="9.1" level="basic"
# <details><summary>What types of hallucination are there?</summary>
#
# - Against a source: **intrinsic** (contradicts it) and **extrinsic** (it does not say so; may be true).
# - Against the world: false or true, another axis. A faithful copy of a wrong source is false and no intrinsic or
#   extrinsic hallucination.
# - By cause: **confabulation** (scatters when asked again) and **systematic** error (repeats).
# - Detection: intrinsic by NLI against the source; extrinsic needs more evidence; confabulation by sampling;
#   systematic errors only by evidence from outside.
# - Slip: "intrinsic, extrinsic, factual" as three kinds of one list.
#
# </details>

# %% [markdown] card="9.2" level="medium"
# <details><summary>How does SelfCheckGPT work?</summary>
#
# - Shown answer at temperature 0, N samples at temperature 1 (20 in the paper), sentence by sentence: do the
#   samples bear it out?
# - NLI form: the share of contradiction among contradiction and entailment, mean over samples; neutral is dropped.
#   Others: n-grams (surprise of words), BERTScore, questions, a prompt.
# - No log-probabilities, no source. Cost: N generations and S · N checks; 20 samples and 5 sentences: 100 pairs.
# - It measures consistency. A learned error repeats, and passes.
# - Slips: comparing samples with each other and not with the shown answer; raw BERTScore over 0.85; NLI columns by
#   habit.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What is semantic entropy, and how is it computed?</summary>
#
# - Sample, cluster by entailment in both directions, entropy over clusters: 0 (one meaning) to ln N.
# - p(C) by counts, or by likelihood summed within the cluster; divide by length first, or long wordings vanish.
# - Greedy clustering against first members: at most 2·N·M calls. Entailment is not transitive, so the order
#   matters.
# - Unlike token entropy it does not rise with paraphrases.
# - Blind for sure errors; high for open questions. A probe on hidden states replaces the samples, per model.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Your detector has AUROC 0.9. Is it good enough?</summary>
#
# - AUROC: the probability that a wrong answer scores above a right one, ties half. Independent of how many are
#   wrong.
# - A flag needs precision. With 1 % wrong, recall 0.8 and false alarms 0.1, precision is 0.008/(0.008 + 0.099) = 7
#   %.
# - Choose the threshold by cost or precision on marked answers, report on others: fitted on 60, a wish of 0.8
#   became 0.68.
# - On which questions? Known against invented is near 1 for anyone; real questions of medium difficulty are the
#   test.
# - Interval: with 24 questions the standard error is about 0.1.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What is the difference between a good detector and a calibrated one?</summary>
#
# - Order against numbers. Any strictly rising map of the scores leaves AUROC as it is, and changes ECE.
# - "70 %" for everything, where 70 % are right: ECE 0, AUROC 0.5.
# - ECE: weighted gap of accuracy and mean confidence over bins. Above 0 for a perfect detector, more so with more
#   bins and fewer answers: report both.
# - Mend with a monotone map (Platt, isotonic, temperature) on marked answers.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Why do language models hallucinate, and what would you change?</summary>
#
# - Likely text is what training rewards; for rare facts likely text is a guess.
# - Tests give 1 for right and 0 for wrong *and* for silence: a guess never loses.
# - Take t/(1 − t) for wrong: guessing pays only above p = t. At t = 0.75 a wrong answer costs 3.
# - Then: retrieval for facts, training to abstain, a detector, and a measure that counts abstentions apart.
# - Slip: "temperature 0 cures it": greedy answers are wrong too, only the same ones each time.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>The entropy flag worked in the test and fails in production. Why?</summary>
#
# - Other questions: the test had known against invented; production has beliefs, open questions, several right
#   answers.
# - Other shares: precision falls with the share of wrong answers while AUROC stays.
# - Threshold fitted and reported on the same questions; too few of them.
# - Another temperature, system prompt or model: entropies shift. At a low temperature everything agrees.
# - Clusters: another language or longer answers, and the NLI model merges or splits them; ties broken by floats.
# - The samples are checked, and the shown answer is not.
# - First: mark 200 answers of today, and look at AUROC, precision and the surest wrong ones.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Why not take the model's own probability, or ask it how sure it is?</summary>
#
# - Token probability: one pass and free, but "Paris" and "It is Paris" share one meaning and split its probability;
#   long answers get less. Semantic entropy sums over wordings.
# - P(True): show the answer, ask whether it is true, read the probability of "True". One more pass, needs
#   log-probabilities.
# - A stated percentage: works through any interface, tends to be too high.
# - All of them ask the model that learned the error: systematic errors pass, as with samples.
# - Measure each on marked answers: AUROC for a flag, ECE for a shown percentage, then recalibrate.
# - Slip: taking 0.9 for 90 % because it is called a probability.
#
# </details>

# %% [markdown] card="9.3" level="killer"
# <details><summary>Design a hallucination detection pipeline for a production RAG system.</summary>
#
# - **Before writing**: is the passage there? Reranker score with a threshold chosen on marked questions; else no
#   answer.
# - **After writing**: claims × passages through NLI; contradiction overrides, any support counts, the rest is
#   unverified and said so. Per claim, not one score for the answer. No claims: apart.
# - **Where doubt is left**: ten samples, clusters, entropy, support of the shown answer.
# - **Thresholds** by cost on marked answers, checked on fresh ones, per kind of question; renewed with each model.
# - **Measured**: precision and recall with intervals, share answered, accuracy among answered; faithfulness
#   (FActScore is precision alone); marked samples every week; drift of the rates.
# - **Not seen**: outdated or wrong documents, omissions, systematic errors. Versions, people, tests for these.
# - Slip: the guide's "3 samples, BERTScore over 0.85", and taking faithfulness for truth.
#
# </details>

# %% [markdown]
# ## 14 · Sources
#
# SelfCheckGPT: Manakul et al. 2023, arXiv 2303.08896, and its package. Semantic entropy: Kuhn et al. 2023,
# 2302.09664; Farquhar et al. 2024, Nature 630; probes, Kossen et al. 2024, 2406.15927. Kinds: Maynez et al. 2020,
# 2005.00661; Ji et al. 2022, 2202.03629. FActScore: Min et al. 2023, 2305.14251. AUROC: Hanley and McNeil 1982,
# Radiology 143(1). Calibration: Guo et al. 2017, 1706.04599. Confidences: Kadavath et al. 2022, 2207.05221; Xiong et
# al. 2023, 2306.13063. Selective answers: Geifman and El-Yaniv 2017, 1705.08500. Why models hallucinate: Kalai et
# al. 2025, 2509.04664.
