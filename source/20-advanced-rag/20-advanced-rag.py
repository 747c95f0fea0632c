# %% [markdown]
# # 20 · Advanced retrieval for RAG
#
# The generator can only be as good as what it is given to read. This section is about the part before it: how to find
# the right passage when the user's words are not the words of the text, when the query is an error code, and when
# there are ten million passages and half a second.
#
# **After it you can answer**
#
# - Why do BM25 and embeddings fail on different queries, and what exactly does reciprocal rank fusion do about it?
# - What do HyDE and hypothetical questions buy, what do they cost, and on which queries do they hurt?
# - What is late interaction (ColBERT's MaxSim), where does the snippet that everybody copies go wrong, and what does
#   its index weigh?
# - How are MRR, recall and nDCG defined, and which of them may one compare across papers?
# - How do you lay out a cascade for 10 million passages, and why can no reranker repair its first stage?
#
# It takes about three hours. It builds on section 03-rag-pipeline (what RAG is, embeddings,
# chunks); a refresher is in the text.
#
# Everything is measured on a knowledge base of 92 passages with 48 judged queries that was written for this course,
# and on a real embedding model (all-MiniLM-L6-v2) that runs on your CPU. Nothing is downloaded.

# %% [markdown] house_rules

# %% [markdown]
# **Letters and units.** N documents, M questions, B pairs, D the width of a vector; $q$ a query, $d$ a document.
# Scores have no unit. Sizes are in bytes; GB is $10^9$ bytes.

# %% setup
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from course.check import check, committed, expect, unchanged
from course.duel import advise, duel

# %% tags=["picture"]
from course.sections import advanced_rag

# %% [markdown]
# ## 1 · The corpus, and why one retriever is not enough
#
# **Larkmoor** is a message broker that does not exist. Its handbook has error codes, settings, release notes,
# concepts, runbooks, prices and incident reports. The queries come in three kinds: **identifier** (`LM-2042`,
# `drain_timeout_ms default`), **paraphrase** (*one greedy customer makes everything slow for everybody else*) and
# **mixed**. Every query has graded judgements: 2 = answers it, 1 = helps; what is not listed has 0.

# %% tags=["picture"]
advanced_rag.vocabulary_gap()

# %% [markdown]
# A retriever by **words** needs shared words; the picture shows how few there are when users describe things in their
# own way. A retriever by **meaning** (one vector for each text) does not, but it has never seen `LM-2042`: the
# tokenizer cuts the code into pieces such as `l ##m - 204 ##2`, and the vector of the passage is a mean over about 60
# such pieces, in which one number carries little weight. The two fail on different queries, which is the whole reason
# for hybrid search.
#
# ## 2 · BM25, the baseline that has to be beaten
#
# A bag-of-words score with three ideas (Robertson and Zaragoza, *The Probabilistic Relevance Framework: BM25 and
# Beyond*, 2009): rare terms count more, repetition **saturates**, long documents are **discounted**. For a document
# $d$ and a query $q = (t_1, t_2, \dots)$
#
# $$\text{score}(d) = \sum_{t \in q} \text{idf}(t)\;
# \frac{f_{t,d}\,(k_1 + 1)}{f_{t,d} + k_1\left(1 - b + b\,\frac{|d|}{\overline{|d|}}\right)}
# \qquad \text{idf}(t) = \ln\!\left(1 + \frac{N - n_t + 0.5}{n_t + 0.5}\right)$$
#
# $f_{t,d}$: how often $t$ stands in $d$. $|d|$: number of tokens of $d$, and $\overline{|d|}$ its mean over all $N$
# documents. $n_t$: number of **documents** that contain $t$. $k_1$ says how slowly repetition saturates, $b$ (0 to 1)
# how much length counts.
#
# **The catch: there are several BM25s.** The $1+$ inside the logarithm is Lucene's; without it the idf of a term in
# more than half of the documents is negative (the package `rank_bm25` has that form and patches negative values with
# a floor). The factor $k_1+1$ is constant, so that it does not change a ranking; Lucene dropped it in version 8. We
# keep it. Never compare BM25 scores across libraries, compare rankings. And the **analyser** (what becomes a token)
# matters as much as the formula: here it lowers case, drops stop words, cuts the plural s and keeps `LM-2041` in one
# piece.
#
# ### Exercise 20.1 · bm25_scores
#
# BM25 of every document for one query: the formula above (Lucene's idf, with the factor k1 + 1).
#
# - `query_tokens`: terms of the query; one that stands twice counts twice, one that no document has adds 0 (the
#   analyser has done its work: terms are compared as they are, whole and with their case)
# - `corpus_tokens`: the tokens of N >= 1 documents; some may be empty, not all of them; empty ones count in N and in
#   the mean length, and score 0
# - `k1, b`: saturation (> 0) and length normalisation (0 to 1; not asked: b = 1 where a document is empty, 0 / 0)
# - Returns N scores in the order of the corpus, float64.
#
# Source: Robertson and Zaragoza 2009 for BM25; Lucene's `BM25Similarity` for the idf (Lucene 8 and later drop the
# factor $k_1 + 1$).

# %% stub="bm25_scores"
def bm25_scores(query_tokens: Sequence[str], corpus_tokens: Sequence[Sequence[str]],
                k1: float = 1.5, b: float = 0.75) -> Float[np.ndarray, "N"]:
    """BM25 of every document for one query: the formula above (Lucene's idf, with the factor k1 + 1).

    >>> bm25_scores(["dog"], [["cat", "sat"], ["dog", "sat", "dog"], ["bird"]]).round(3)
    array([0.   , 1.207, 0.   ])
    """
    ### BEGIN SOLUTION
    N = len(corpus_tokens)
    counts = [Counter(doc) for doc in corpus_tokens]
    length = np.array([len(doc) for doc in corpus_tokens], dtype=np.float64)
    norm = k1 * (1 - b + b * length / length.mean())
    scores = np.zeros(N)
    for term in query_tokens:
        f = np.array([count[term] for count in counts], dtype=np.float64)
        has = f > 0
        idf = math.log(1 + (N - has.sum() + 0.5) / (has.sum() + 0.5))
        scores[has] += idf * f[has] * (k1 + 1) / (f[has] + norm[has])
    return scores
    ### END SOLUTION
    raise NotImplementedError("bm25_scores")

# %% [markdown] hints="bm25_scores"
# <details><summary>Hint 1: a question</summary>
#
# For one term and one document: which of the four numbers $f$, $n_t$, $|d|$, $\overline{|d|}$ depend on the document,
# and which only on the corpus? What should happen to a term of the query that no document contains?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# Three documents of 2, 3 and 1 tokens, so the mean is 2. `dog` stands in one of them, twice: idf $= \ln(1 + 2.5/1.5)
# = 0.981$. Length factor for $|d| = 3$: $1.5\,(0.25 + 0.75 \cdot 3/2) = 2.0625$. Saturated count: $2 \cdot 2.5 / (2 +
# 2.0625) = 1.231$. Score: $0.981 \cdot 1.231 = 1.207$.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# mean = average length
# scores = zeros(N)
# for term in query (repeats included):
#     n = number of documents that contain term
#     idf = ln(1 + (N - n + 0.5) / (n + 0.5))
#     for each document with f = count(term) > 0:
#         scores[doc] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * length / mean))
# ```
#
# </details>

# %% graded="bm25_scores__formula" points=2
# Looks at the scores, against the formula.
docs = [["cat", "sat"], ["dog", "sat", "dog"], ["bird"]]
idf = math.log(1 + 2.5 / 1.5)
got = np.asarray(bm25_scores(["dog"], docs), dtype=np.float64)
expect(
    got,
    np.array([0, idf * 5 / (2 + 2.0625), 0]),
    on=f"bm25_scores(['dog'], {docs})",
    why="the second document has 3 tokens, the mean is 2, and 'dog' stands in it twice",
    mistakes={
        "the count is not saturated": np.array([0, idf * 2, 0]),
        "the length of the document is left out": np.array([0, idf * 5 / 3.5, 0]),
        "the factor k1 + 1 is missing": np.array([0, idf * 2 / 4.0625, 0]),
        "idf without the 1 inside the logarithm": np.array([0, math.log(2.5 / 1.5) * 5 / 4.0625, 0]),
        "n counts occurrences, not documents": np.array([0, math.log(1 + 1.5 / 2.5) * 5 / 4.0625, 0]),
        "the logarithm has base 2": np.array([0, math.log2(1 + 2.5 / 1.5) * 5 / 4.0625, 0]),
    },
)


### BEGIN HIDDEN TESTS
def by_definition(query, docs, k1, b):
    mean = sum(len(d) for d in docs) / len(docs)
    total = []
    for d in docs:
        parts = [0.0]
        for t in query:
            n = sum(1 for other in docs if t in other)
            f = sum(1 for w in d if w == t)
            if f:
                parts.append(
                    math.log((len(docs) + 1) / (n + 0.5)) * f * (k1 + 1) / (f + k1 * (1 - b + b * len(d) / mean))
                )
        total.append(math.fsum(parts))
    return np.array(total)


idf, got = math.log(1 + 1.5 / 1.5), np.asarray(bm25_scores(["a"], [["a"], []]), dtype=np.float64)
expect(
    got,
    np.array([idf * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 2)), 0]),
    on="bm25_scores(['a'], [['a'], []])",
    rtol=1e-6,
    atol=1e-6,
    why="two documents, one of them empty: N = 2, and the mean length is 1/2",
    mistakes={"empty documents are left out of the mean length": np.array([idf, 0])},
)
for seed in range(8):
    rng = np.random.default_rng(seed)
    chance = np.arange(1, 10)[::-1] ** 2 / 285  # the first words are in most documents
    docs = [[f"w{i}" for i in rng.choice(9, size=n, p=chance)] for n in rng.integers(0, 15, 5 + seed)] + [
        ["w0", "w1"],
        [],
    ]
    query = [f"w{i}" for i in rng.choice(9, size=3, replace=False)]
    got = np.asarray(bm25_scores(query, docs), dtype=np.float64)
    expect(
        got,
        by_definition(query, docs, 1.5, 0.75),
        on=f"bm25_scores({query}, {docs})",
        why="lengths count every token, empty documents belong to the mean, and n counts documents, not occurrences",
        rtol=1e-6,
        atol=1e-6,
    )
got = bm25_scores(["w1", "w2"], [["w1"], ["w2", "w1", "w3"]])
assert getattr(got, "dtype", np.dtype(np.float64)) == np.float64, (
    f"bm25_scores: expected float64 scores, got {got.dtype}"
)
### END HIDDEN TESTS

# %% graded="bm25_scores__parameters" points=2
# Looks at k1 and b at several values.
docs = [["a", "b", "b", "b"], ["b"], ["c", "c"]]
idf = math.log(1 + 1.5 / 2.5)
for k1, b, want in [
    (1.2, 0.0, [idf * 3 * 2.2 / 4.2, idf, 0]),
    (2.0, 1.0, [idf * 9 / (3 + 2 * 12 / 7), idf * 3 / (1 + 2 * 3 / 7), 0]),
]:
    got = np.asarray(bm25_scores(["b"], docs, k1=k1, b=b), dtype=np.float64)
    expect(
        got,
        np.array(want),
        on=f"bm25_scores(['b'], {docs}, k1={k1}, b={b})",
        why="b = 0 switches the length off, b = 1 applies it in full; k1 says how slowly repetition saturates",
    )
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(11)
docs = [[f"w{i}" for i in rng.integers(0, 5, n)] for n in (3, 1, 8, 5, 12, 2)]
n = {t: sum(t in d for d in docs) for t in ("w0", "w3")}
for k1, b in [(0.4, 0.2), (0.9, 0.4), (1.2, 0.75), (1.5, 0.3), (3.0, 1.0), (1.5, 0.0)]:
    want = [
        sum(
            math.log(1 + (6 - n[t] + 0.5) / (n[t] + 0.5))
            * (k1 + 1)
            / (1 + k1 / d.count(t) * (1 - b + b * len(d) * 6 / 31))
            for t in n
            if t in d
        )
        for d in docs
    ]
    got = np.asarray(bm25_scores(["w0", "w3"], docs, k1, b), dtype=np.float64)
    expect(
        got,
        np.array(want),
        on=f"bm25_scores(['w0', 'w3'], {docs}, k1={k1}, b={b})",
        why="both k1 and b are arguments",
        rtol=1e-6,
        atol=1e-6,
    )
### END HIDDEN TESTS

# %% graded="bm25_scores__query_terms" points=1
# Looks at terms that repeat, or that no document has.
docs = [["x", "y"], ["y", "y", "z"], ["z"]]
once = np.asarray(bm25_scores(["y", "z"], docs), dtype=np.float64)
twice = np.asarray(bm25_scores(["y", "y", "nowhere", "z"], docs), dtype=np.float64)
y = math.log(1 + 1.5 / 2.5) * np.array([2.5 / 2.5, 5 / (2 + 1.5 * (0.25 + 0.75 * 1.5)), 0])
expect(
    twice - once,
    y,
    on=f"bm25_scores(['y', 'y', 'nowhere', 'z'], {docs}) minus the same for ['y', 'z']",
    why="a term that stands twice in the query counts twice; one that no document has adds nothing",
    mistakes={"the query is treated as a set": np.zeros(3)},
)
### BEGIN HIDDEN TESTS
got = np.asarray(bm25_scores([], docs), dtype=np.float64)
expect(got, np.zeros(3), on=f"bm25_scores([], {docs})", why="nothing asked, nothing scored")
docs = [["common"], ["common", "a"], ["common", "b"], ["common", "common"]]
got = np.asarray(bm25_scores(["common"], docs), dtype=np.float64)
idf = math.log(1 + 0.5 / 4.5)
want = [idf * f * 2.5 / (f + 1.5 * (0.25 + 0.75 * n * 4 / 7)) for f, n in [(1, 1), (1, 2), (1, 2), (2, 2)]]
expect(
    got,
    np.array(want),
    on=f"bm25_scores(['common'], {docs})",
    why="with Lucene's idf a term of every document still adds a little",
    rtol=1e-6,
    atol=1e-6,
)
docs = [["LM-2041", "cat"], ["cats", "scat", "lm-2041"], ["cat", "dog"]]
for query, n in [(["cat"], 2), (["LM-2041"], 1), (["ca"], 0)]:
    hit = math.log(1 + (3 - n + 0.5) / (n + 0.5)) * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 2 * 3 / 7))
    got = np.asarray(bm25_scores(query, docs), dtype=np.float64)
    expect(
        got,
        np.array([hit if query[0] in d else 0.0 for d in docs]),
        on=f"bm25_scores({query}, {docs})",
        rtol=1e-6,
        atol=1e-6,
        why="terms are compared whole and as they are: 'cat' is not in 'cats', and 'LM-2041' is not 'lm-2041'",
    )
once, often = (np.asarray(bm25_scores(["dog"] * m + ["cat"], docs), dtype=np.float64) for m in (1, 4))
dog = math.log(1 + 2.5 / 1.5) * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 2 * 3 / 7))
expect(
    often - once,
    np.array([0, 0, 3 * dog]),
    on="four times 'dog' in the query minus once",
    rtol=1e-6,
    atol=1e-6,
    why="every repetition counts in full",
)
### END HIDDEN TESTS

# %% graded="bm25_scores__inplace" points=1
# Looks at query and documents afterwards.
query, docs = ["b", "nowhere", "a", "b"], [["b", "a", "b"], ["c"], ["a", "d"]]
before = [list(query), [list(d) for d in docs]]
got = np.asarray(bm25_scores(query, docs), dtype=np.float64)
assert [query, docs] == before, (
    f"bm25_scores changed its arguments: expected them to stay {before}, got {[query, docs]}. Work on a copy."
)
a, b = math.log(1 + 1.5 / 2.5), math.log(1 + 2.5 / 1.5)
expect(
    got,
    np.array([2 * b * 5 / (2 + 1.5 * 1.375) + a * 2.5 / (1 + 1.5 * 1.375), 0, a]),
    on=f"bm25_scores({query}, {docs})",
    why="leaving the arguments alone counts only together with a right answer",
)

# %% tags=["picture"]
advanced_rag.saturation_and_length(bm25_scores)

# %% [markdown]
# ## 3 · Measuring a ranking
#
# For one query: a **ranking** (ids, best first) and judgements (**qrels**: id to grade; what is not listed has grade
# 0).
#
# - **MRR@k**, reciprocal rank: $1/\text{rank}$ of the first relevant document among the first $k$, or 0. It looks at
#   one document only. (The M is the mean over queries, which the caller takes.)
# - **Recall@k**: share of **all** relevant documents that are among the first $k$. The number for a first stage: what
#   is missing here, nobody can bring back.
# - **nDCG@k** (Järvelin and Kekäläinen, 2002; with the exponential gain of Burges et al., 2005), graded:
#
# $$\text{DCG@}k = \sum_{r=1}^{k} \frac{2^{g_r} - 1}{\log_2(1 + r)}
# \qquad \text{nDCG@}k = \frac{\text{DCG@}k}{\text{DCG@}k\ \text{of the best possible ranking}}$$
#
# $g_r$ is the grade at rank $r$. The best possible ranking is made of **all** judged documents, found or not.
#
# **The catch: numbers travel badly.** The benchmark MS MARCO (web questions) is reported in MRR@10, the collection BEIR
# (18 data sets) in nDCG@10. A table that gives "MRR@10 on BEIR" in one column for BM25, DPR (one vector a text) and
# ColBERT (one a token), as one meets it in interview notes, is what neither reports. `trec_eval` and scikit-learn use
# the grade itself as gain, others $2^g - 1$; with grades 0 and 1 there is no difference, with 2 there is.
#
# ### Exercise 20.2 · ndcg_at_k
#
# `mrr_at_k`: 1 / rank of the first relevant document (grade > 0) among the first k, ranks from 1; 0.0 if there is
# none.
#
# - `ranking`: ids, best first, each at most once; may be shorter than k
# - `qrels`: id -> grade, an int >= 0; ids that are not listed have grade 0
#
# `recall_at_k`: Share of all relevant documents (grade > 0) that are among the first k; 0.0 if nothing is relevant.
#
#
# `ndcg_at_k`: DCG of the first k over DCG of the best possible k, gain 2^grade - 1, discount log2(1 + rank); 0.0 if
# nothing is relevant.
#
# Source: Järvelin and Kekäläinen 2002 for nDCG; Burges et al. 2005 for the gain $2^g - 1$.

# %% stub="ndcg_at_k"
def mrr_at_k(ranking: Sequence, qrels: dict, k: int = 10) -> float:
    """1 / rank of the first relevant document (grade > 0) among the first k, ranks from 1; 0.0 if there is none."""
    ### BEGIN SOLUTION
    return next((1 / rank for rank, doc in enumerate(ranking[:k], 1) if qrels.get(doc, 0) > 0), 0.0)
    ### END SOLUTION
    raise NotImplementedError("mrr_at_k")


def recall_at_k(ranking: Sequence, qrels: dict, k: int = 10) -> float:
    """Share of all relevant documents (grade > 0) that are among the first k; 0.0 if nothing is relevant."""
    ### BEGIN SOLUTION
    relevant = {doc for doc, grade in qrels.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0
    ### END SOLUTION
    raise NotImplementedError("recall_at_k")


def ndcg_at_k(ranking: Sequence, qrels: dict, k: int = 10) -> float:
    """DCG of the first k over DCG of the best possible k, gain 2^grade - 1, discount log2(1 + rank); 0.0 if there is none.

    >>> round(ndcg_at_k(["x", "a", "b"], {"a": 1, "b": 2}), 3)
    0.587
    """

    ### BEGIN SOLUTION
    def dcg(grades):
        return sum((2**grade - 1) / math.log2(1 + rank) for rank, grade in enumerate(grades, 1))

    ideal = dcg(sorted(qrels.values(), reverse=True)[:k])
    return dcg([qrels.get(doc, 0) for doc in ranking[:k]]) / ideal if ideal else 0.0
    ### END SOLUTION
    raise NotImplementedError("ndcg_at_k")

# %% [markdown] hints="ndcg_at_k"
# <details><summary>Hint 1: a question</summary>
#
# Three different sets meet here: the first $k$ of the ranking, the documents that were judged, the documents that are
# relevant. Which of them does each denominator count?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# Ranking `x, a, b`, grades a = 1, b = 2. First relevant at rank 2: MRR = 1/2. Both relevant ones found: recall = 1.
# DCG $= 0 + 1/\log_2 3 + 3/\log_2 4 = 0.631 + 1.5 = 2.131$. Ideal `b, a`: $3/1 + 1/\log_2 3 = 3.631$. nDCG $= 0.587$.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# mrr:    for rank, doc in enumerate(first k, from 1): if grade(doc) > 0: return 1 / rank
#         return 0
# recall: relevant = ids with grade > 0;  return |relevant and first k| / |relevant|, or 0
# ndcg:   dcg(grades) = sum of (2^grade - 1) / log2(1 + rank)
#         return dcg(grades of the first k) / dcg(largest k of all grades), or 0
# ```
#
# </details>

# %% graded="ndcg_at_k__mrr" points=2
# Looks at the reciprocal rank.
check(
    mrr_at_k,
    ["x", "a", "b"],
    {"a": 1, "b": 2},
    want=0.5,
    why="the first relevant document is at rank 2",
    mistakes={
        "ranks begin at 0": 1.0,
        "the mean over all relevant documents": (1 / 2 + 1 / 3) / 2,
        "only the highest grade counts as relevant": 1 / 3,
    },
)
check(mrr_at_k, ["x", "a"], {"x": 0, "a": 1}, want=0.5, why="a document that was judged with grade 0 is not relevant")
### BEGIN HIDDEN TESTS
check(
    mrr_at_k,
    ["x", "y", "z", "a"],
    {"a": 1},
    3,
    want=0.0,
    why="the first relevant document is at rank 4, behind k = 3",
)
check(mrr_at_k, ["x", "y", "a"], {"a": 1}, 3, want=1 / 3, why="rank k itself counts")
check(mrr_at_k, [5, 9, 2, 7], {2: 3, 5: 0, 7: 1}, want=1 / 3, why="ids may be numbers")
check(mrr_at_k, list(range(20)), {11: 1}, want=0.0, why="k is 10 unless told otherwise")
check(mrr_at_k, list(range(20)), {11: 1, 12: 2}, 15, want=1 / 12, why="k = 15 looks further")
check(mrr_at_k, [], {"a": 1}, want=0.0, why="nothing was retrieved")
check(
    mrr_at_k,
    ["x", "a", "b", "c"],
    {"a": 1, "b": 2, "c": 3},
    want=0.5,
    why="grade 1 is relevant, whatever other grades there are",
)
### END HIDDEN TESTS

# %% graded="ndcg_at_k__recall" points=2
# Looks at recall.
check(
    recall_at_k,
    ["x", "a", "y"],
    {"a": 1, "b": 2},
    want=0.5,
    why="one of two relevant documents was found",
    mistakes={"divided by k: that is precision": 0.1, "weighted by grade": 1 / 3},
)
### BEGIN HIDDEN TESTS
many = {f"d{i}": 1 + i % 2 for i in range(8)}
check(
    recall_at_k,
    ["d0", "d3", "x"],
    many,
    2,
    want=0.25,
    why="the denominator is the number of all relevant documents, even where that is more than k",
    mistakes={"divided by the smaller of k and the number of relevant documents": 1.0},
)
check(
    recall_at_k,
    ["a", "x", "b", "c"],
    {"a": 1, "b": 1, "c": 1},
    3,
    want=2 / 3,
    why="the document at rank 4 is behind k = 3",
)
check(recall_at_k, ["z", "a"], {"a": 2, "z": 0, "y": 0}, want=1.0, why="grade 0 is not relevant")
check(recall_at_k, ["z", "q"], {"a": 2, "z": 0}, want=0.0, why="grade 0 is not relevant")
check(recall_at_k, list(range(30)), {3: 1, 12: 1, 25: 1, 99: 1}, want=0.25, why="k is 10 unless told otherwise")
check(recall_at_k, list(range(30)), {3: 1, 12: 1, 25: 1, 99: 1}, 26, want=0.75, why="k = 26 looks further")
### END HIDDEN TESTS

# %% graded="ndcg_at_k__ndcg" points=3
# Looks at nDCG, grades included.
gain = {g: 2**g - 1 for g in range(4)}
check(
    ndcg_at_k,
    ["x", "a", "b"],
    {"a": 1, "b": 2},
    want=(1 / math.log2(3) + 3 / 2) / (3 + 1 / math.log2(3)),
    why="gains 0, 1, 3 with discounts log2 of 2, 3, 4; the ideal order is b, a",
    mistakes={
        "the gain is the grade itself": (1 / math.log2(3) + 1) / (2 + 1 / math.log2(3)),
        "not divided by the ideal": 1 / math.log2(3) + 3 / 2,
        "grades are ignored": (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3)),
        "the discount is log2(rank)": (1 + 3 / math.log2(3)) / 4,
    },
)


### BEGIN HIDDEN TESTS
def discounted(gains):
    return math.fsum(g * math.log(2) / math.log(r + 2) for r, g in enumerate(gains))


check(
    ndcg_at_k,
    ["a", "x"],
    {"a": 1, "b": 3, "c": 0},
    want=1 / discounted([7, 1]),
    why="b was not found and still belongs to the ideal ranking",
    mistakes={"the ideal is made of what was retrieved": 1.0},
)
check(
    ndcg_at_k, ["b", "a", "c"], {"a": 2, "b": 3, "c": 1}, 2, want=1.0, why="ranking and ideal are both cut at k = 2"
)
check(ndcg_at_k, ["x", "y", "a"], {"a": 2}, 2, want=0.0, why="the document at rank 3 is behind k = 2")
for seed in range(12):
    rng = np.random.default_rng(seed)
    qrels = {int(d): int(g) for d, g in zip(rng.permutation(40)[:14], rng.integers(0, 4, 14))}
    qrels[41] = 3
    ranking = [int(d) for d in rng.permutation(42)[: rng.integers(1, 30)]]
    for k in (1, 3, 10, 25):
        want = discounted([2 ** qrels.get(d, 0) - 1 for d in ranking][:k]) / discounted(
            sorted((2**g - 1 for g in qrels.values()), reverse=True)[:k]
        )
        check(
            ndcg_at_k,
            ranking,
            qrels,
            k,
            want=want,
            why="gain 2^grade - 1, discount log2(1 + rank), ideal over all judged documents",
        )
    want = discounted([2 ** qrels.get(d, 0) - 1 for d in ranking][:10]) / discounted(
        sorted((2**g - 1 for g in qrels.values()), reverse=True)[:10]
    )
    check(ndcg_at_k, ranking, qrels, want=want, why="k is 10 unless told otherwise")
### END HIDDEN TESTS

# %% graded="ndcg_at_k__nothing_relevant" points=1
# Looks at queries without a relevant document.
for metric in (mrr_at_k, recall_at_k, ndcg_at_k):
    for qrels in ({}, {"a": 0}):
        check(
            metric, ["a", "b"], qrels, want=0.0, why="nothing is relevant: 0.0 by definition, and no division by zero"
        )
    check(metric, ["a", "b"], {"a": 1}, want=1.0, why="the only relevant document stands first")

# %% graded="ndcg_at_k__inplace" points=1
# Looks at the arguments afterwards.
unchanged(mrr_at_k, ["x", "a", "b", "c"], {"c": 1, "b": 2}, 3, want=1 / 3)
unchanged(recall_at_k, ["x", "a", "b", "c"], {"c": 1, "b": 2}, 3, want=0.5)
unchanged(ndcg_at_k, ["x", "a", "b", "c"], {"c": 1, "b": 2}, 3, want=1.5 / (3 + 1 / math.log2(3)))

# %% tags=["picture"]
advanced_rag.metrics_by_rank(mrr_at_k, recall_at_k, ndcg_at_k)

# %% [markdown]
# ## 4 · Reciprocal rank fusion
#
# BM25 scores have no fixed scale (their limit, $\sum \text{idf}\,(k_1 + 1)$, changes with the query), cosines lie
# between -1 and 1, and the spread of both changes from query to query. Adding them needs a calibration; adding
# **ranks** does not (Cormack, Clarke and Büttcher, SIGIR 2009):
#
# $$\text{RRF}(d) = \sum_{r \,\in\, \text{rankings that contain } d} \frac{1}{k + \text{rank}_r(d)}
# \qquad k = 60,\ \text{rank from } 1$$
#
# A document that a ranking lacks gets nothing from it. What does $k$ do? A document at rank $x$ in **both** of two
# lists beats the first of **one** list as long as $2/(k+x) > 1/(k+1)$, which is $x < k + 2$. With $k = 60$ agreement
# is worth almost everything: place 61 twice beats place 1 once. Small $k$ trusts each list's top.
#
# **The catch:** fusion is a hedge. It pays when the lists fail on different queries and costs when one of them is
# noise.
#
# ### Exercise 20.3 · rrf
#
# Reciprocal rank fusion of any number of rankings.
#
# - `rankings`: lists of ids, best first; they may differ in length and content. Where an id stands twice in one list,
#   its first place counts and the others are dropped before ranks are given: a, a, b has ranks a = 1, b = 2.
# - `k`: > 0
# - `topn`: how many to return, >= 0; None returns all
# - Returns (id, score) pairs, largest score first; equal scores in ascending order of id.
#
# Source: Cormack, Clarke and Büttcher 2009.

# %% stub="rrf"
def rrf(rankings: Sequence[Sequence], k: float = 60, topn: int | None = None) -> list[tuple]:
    """Reciprocal rank fusion of any number of rankings.

    >>> [(d, round(s, 4)) for d, s in rrf([["a", "b"], ["b", "c"]])]
    [('b', 0.0325), ('a', 0.0164), ('c', 0.0161)]
    """
    ### BEGIN SOLUTION
    scores = defaultdict(float)
    for ranking in rankings:
        for rank, doc in enumerate(dict.fromkeys(ranking), start=1):
            scores[doc] += 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]
    ### END SOLUTION
    raise NotImplementedError("rrf")

# %% [markdown] hints="rrf"
# <details><summary>Hint 1: a question</summary>
#
# What is the score of a document that stands first in one list and is missing in the other? And how do you sort by
# two keys, one falling and one rising?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# `[a, b]` and `[b, c]`, $k = 60$: b has $1/62 + 1/61 = 0.0325$, a has $1/61 = 0.0164$, c has $1/62 = 0.0161$. Being
# in both lists beats being first in one.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# score = {} (default 0)
# for ranking in rankings:
#     for rank, doc in enumerate(ranking without repeats, from 1):
#         score[doc] += 1 / (k + rank)
# sort by (-score, id); cut at topn
# ```
#
# </details>

# %% graded="rrf__ranks" points=2
# Looks at the fused scores and their order.
check(
    rrf,
    [["a", "b"], ["b", "c"]],
    want=[("b", 1 / 61 + 1 / 62), ("a", 1 / 61), ("c", 1 / 62)],
    why="b is in both lists; ranks begin at 1 and k is 60",
    mistakes={
        "ranks begin at 0": [("b", 1 / 60 + 1 / 61), ("a", 1 / 60), ("c", 1 / 61)],
        "k stands in the numerator": [("b", 60 / 61 + 60 / 62), ("a", 60 / 61), ("c", 60 / 62)],
        "the mean over lists that hold the document": [("a", 1 / 61), ("b", (1 / 61 + 1 / 62) / 2), ("c", 1 / 62)],
        "a missing document gets the rank after the last": [
            ("b", 1 / 61 + 1 / 62),
            ("a", 1 / 61 + 1 / 63),
            ("c", 1 / 62 + 1 / 63),
        ],
    },
)
### BEGIN HIDDEN TESTS
from fractions import Fraction


def exact(rankings, k):
    scores = {}
    for ranking in rankings:
        for rank, doc in enumerate(dict.fromkeys(ranking), 1):
            scores[doc] = scores.get(doc, 0) + Fraction(1, k + rank)
    return scores


tried = 0
for seed in range(60):
    rng = np.random.default_rng(seed)
    rankings = [[int(d) for d in rng.permutation(15)[:n]] for n in rng.integers(0, 12, 2 + seed % 3)]
    k = int(rng.choice([1, 7, 60, 200]))
    scores = exact(rankings, k)
    shared = [s for s in scores.values() if list(scores.values()).count(s) > 1]
    if any(s in shared and sum(d in r for r in rankings) > 2 for d, s in scores.items()):
        continue  # exact ties of three summands may round apart: not what is tested
    tried += 1
    want = sorted(((d, float(s)) for d, s in scores.items()), key=lambda item: (-scores[item[0]], item[0]))
    check(rrf, rankings, k, want=want, why="sum of 1 / (k + rank), largest first, ties by id")
assert tried >= 20, f"expected at least 20 tried cases, got {tried}"
check(rrf, [["a", "b"], ["b"]], 0.5, want=[("b", 1 / 2.5 + 1 / 1.5), ("a", 1 / 1.5)], why="k need not be whole")
check(
    rrf,
    [["a", "b"], ["a", "b"], ["b", "a"]],
    want=[("a", 2 / 61 + 1 / 62), ("b", 1 / 61 + 2 / 62)],
    why="two equal lists are two lists",
)
check(rrf, [], want=[], why="no lists, no documents")
check(
    rrf,
    [list(range(70)), list(range(69, -1, -1))][:1],
    want=[(i, 1 / (61 + i)) for i in range(70)],
    why="one list alone keeps its order and all of its documents",
)
### END HIDDEN TESTS

# %% graded="rrf__duplicates" points=1
# Looks at lists that name a document twice.
check(
    rrf,
    [["a", "a", "b"]],
    want=[("a", 1 / 61), ("b", 1 / 62)],
    why="the second a is dropped, and then b has rank 2",
    mistakes={
        "repeats are added": [("a", 1 / 61 + 1 / 62), ("b", 1 / 63)],
        "repeats are skipped but still take a rank": [("a", 1 / 61), ("b", 1 / 63)],
    },
)
### BEGIN HIDDEN TESTS
check(
    rrf,
    [["x", "y", "x", "x", "z", "y", "w"], ["w", "w", "y"]],
    10,
    want=[("y", 1 / 12 + 1 / 12), ("w", 1 / 14 + 1 / 11), ("x", 1 / 11), ("z", 1 / 13)],
    why="ranks are given after repeats are dropped, in every list",
)
### END HIDDEN TESTS

# %% graded="rrf__ties_and_topn" points=1
# Looks at ties, and at the first n.
check(
    rrf,
    [["b", "a"], ["a", "b"]],
    want=[("a", 1 / 61 + 1 / 62), ("b", 1 / 61 + 1 / 62)],
    why="equal scores: ascending order of id",
)
check(rrf, [["b", "a", "c"]], 60, 2, want=[("b", 1 / 61), ("a", 1 / 62)], why="topn = 2 returns two")
### BEGIN HIDDEN TESTS
check(
    rrf,
    [[9], [4], [12], [1]],
    5,
    want=[(1, 1 / 6), (4, 1 / 6), (9, 1 / 6), (12, 1 / 6)],
    why="four equal scores: ascending order of id",
)
check(rrf, [["m"], ["z"], ["c"]], 5, 2, want=[("c", 1 / 6), ("m", 1 / 6)], why="ties are settled before topn cuts")
check(rrf, [["b", "a"]], 60, 0, want=[], why="topn = 0 returns nothing; only None returns all")
check(
    rrf,
    [["a", "b", "c"], ["d", "b", "e"]],
    60,
    1,
    want=[("b", 2 / 62)],
    why="topn cuts the fusion, not the lists that go in",
)
check(rrf, [["a"]], 60, 5, want=[("a", 1 / 61)], why="topn larger than the number of documents returns all")
many = [f"d{i:02d}" for i in range(25)]
check(rrf, [many], want=[(d, 1 / (61 + i)) for i, d in enumerate(many)], why="topn = None returns all 25")
### END HIDDEN TESTS

# %% graded="rrf__inplace" points=1
# Looks at the lists afterwards.
unchanged(rrf, [["b", "a", "b"], ["c", "a"]], 60, want=[("a", 1 / 62 + 1 / 62), ("b", 1 / 61), ("c", 1 / 61)])

# %% tags=["picture"]
advanced_rag.both_lists_against_one(rrf)

# %% [markdown]
# ## 5 · HyDE: search with an answer that is made up
#
# A question and its answer need not look alike. **HyDE** (Gao, Ma, Lin and Callan, 2022, arXiv 2212.10496) lets a
# language model write hypothetical answers $d_1 \dots d_N$ and searches with the mean of all vectors, the **query's
# own included**:
#
# $$v = \frac{f(q) + f(d_1) + \dots + f(d_N)}{N + 1}, \qquad f \text{ the encoder}.$$
#
# Two things are usually told wrong. First, searching with one made-up document *in place of* the query is a special
# case, not the method: the paper's code averages over several samples and keeps the query in. Second, question and
# answer do not "lie in one semantic space" by nature. The authors' argument is humbler: the vector of a made-up answer
# lands in the right neighbourhood, and the encoder is a lossy bottleneck that filters out invented details. Their
# headline gains are over an **unsupervised** encoder (Contriever); one that was trained on question-answer pairs has
# learned part of that already.
#
# **The catch:** a mean has a length. $N + 1$ unit vectors that disagree average to something short. For ranking by dot
# product within one query the length does not matter; for a score threshold, or for mixing with other scores, it does.
#
# ### Exercise 20.4 · hyde_vector
#
# HyDE's search vector: the plain mean of the hypothetical documents' vectors and, if asked, of the query's.
#
# - `q_vec`: vector of the query
# - `hyp`: vectors of N >= 0 hypothetical documents, used as they are (of any length, not normalised first); same
#   dtype
# - `include_query`: whether q_vec is one of the N + 1 vectors; when False the mean is over the N documents
# - `normalise`: scale the result to length 1
# - With N = 0 the query stands alone, whatever include_query says; normalise applies to it too.
# - Returns a tensor of q_vec's dtype. Half precision (float16, bfloat16): compute in float32.
#
# Source: Gao et al. 2022 (arXiv 2212.10496), with the query among the vectors.

# %% stub="hyde_vector"
def hyde_vector(q_vec: Float[Tensor, "D"], hyp: Float[Tensor, "N D"], include_query: bool = True,
                normalise: bool = True) -> Float[Tensor, "D"]:
    """HyDE's search vector: the plain mean of the hypothetical documents' vectors and, if asked, of the query's.

    >>> hyde_vector(torch.tensor([1.0, 0.0]), torch.tensor([[0.0, 1.0]]), normalise=False)
    tensor([0.5000, 0.5000])
    """
    ### BEGIN SOLUTION
    vectors = torch.cat([q_vec[None], hyp]) if include_query or len(hyp) == 0 else hyp
    mean = vectors.to(torch.promote_types(q_vec.dtype, torch.float32)).mean(0)
    return (F.normalize(mean, dim=0) if normalise else mean).to(q_vec.dtype)
    ### END SOLUTION
    raise NotImplementedError("hyde_vector")

# %% [markdown] hints="hyde_vector"
# <details><summary>Hint 1: a question</summary>
#
# How many vectors are averaged in each of the cases include_query True or False, N = 0 or not? Is the query's weight
# $1/2$ or $1/(N+1)$?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# q = (1, 0) and two documents (0, 1), (0, 3): the mean is $(1/3, 4/3)$. Scaled to length 1: $(0.243, 0.970)$. Without
# the query: $(0, 2)$, scaled $(0, 1)$. Normalising each vector first would give another direction.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# rows = [q_vec] + documents   if include_query or there are no documents
#        documents             otherwise
# v = mean of rows (in float32 or wider)
# if normalise: v = v / |v|
# return v in the dtype of q_vec
# ```
#
# </details>

# %% graded="hyde_vector__mean" points=2
# Looks at the mean of query and documents.
q, hyp = torch.tensor([1.0, 0.0]), torch.tensor([[0.0, 1.0], [0.0, 3.0]])
check(
    hyde_vector,
    q,
    hyp,
    True,
    False,
    want=torch.tensor([1 / 3, 4 / 3]),
    why="the mean of three vectors, used as they are",
    mistakes={
        "the sum in place of the mean": torch.tensor([1.0, 4.0]),
        "the query was dropped": torch.tensor([0.0, 2.0]),
        "the query weighs as much as all documents together": torch.tensor([0.5, 1.0]),
        "every vector was normalised first": torch.tensor([1 / 3, 2 / 3]),
    },
)
### BEGIN HIDDEN TESTS
check(
    hyde_vector,
    q,
    hyp,
    want=torch.tensor([1.0, 4.0]) / 17**0.5,
    why="the direction of the mean (1/3, 4/3); normalise scales the result alone",
    mistakes={
        "every vector was normalised first, or the query weighs as much as all documents together": torch.tensor(
            [1.0, 2.0]
        )
        / 5**0.5
    },
)
for seed, (N, d) in enumerate([(1, 3), (2, 5), (3, 4), (8, 16)]):
    g = torch.Generator().manual_seed(seed)
    q, hyp = (
        torch.randn(d, generator=g, dtype=torch.float64) * 2,
        torch.randn(N, d, generator=g, dtype=torch.float64) * 3 + 1,
    )
    mean = torch.tensor(
        [(q[j].item() + sum(hyp[i, j].item() for i in range(N))) / (N + 1) for j in range(d)], dtype=torch.float64
    )
    for dtype in (torch.float64, torch.float32):
        check(
            hyde_vector,
            q.to(dtype),
            hyp.to(dtype),
            normalise=False,
            want=mean.to(dtype),
            rtol=1e-4,
            atol=1e-5,
            why="the mean of the query and N documents",
        )
        check(
            hyde_vector,
            q.to(dtype),
            hyp.to(dtype),
            want=(mean / math.sqrt(sum(x * x for x in mean.tolist()))).to(dtype),
            rtol=1e-4,
            atol=1e-5,
            why="with include_query and normalise by default",
        )
g = torch.Generator().manual_seed(9)
wide = torch.randn(6, 4, generator=g)
check(
    hyde_vector,
    wide[:, 1],
    wide.T[2:],
    True,
    False,
    want=(wide[:, 1] + wide[:, 2] + wide[:, 3]) / 3,
    why="non-contiguous vectors are valid input",
)
### END HIDDEN TESTS

# %% graded="hyde_vector__switches" points=2
# Looks at the two switches, each alone and together.
q, hyp = torch.tensor([3.0, 0.0]), torch.tensor([[0.0, 2.0], [2.0, 0.0]])
check(
    hyde_vector,
    q,
    hyp,
    False,
    False,
    want=torch.tensor([1.0, 1.0]),
    why="without the query the mean is over the two documents",
    mistakes={
        "include_query is ignored": torch.tensor([5 / 3, 2 / 3]),
        "divided by N + 1 although the query is out": torch.tensor([2 / 3, 2 / 3]),
    },
)
check(
    hyde_vector,
    q,
    hyp,
    False,
    True,
    want=torch.tensor([0.5**0.5, 0.5**0.5]),
    why="scaled to length 1",
    mistakes={"normalise is ignored": torch.tensor([1.0, 1.0])},
)
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
q, hyp = torch.randn(7, generator=g), torch.randn(4, 7, generator=g) + 0.5
for include in (True, False):
    rows = [r.double() for r in ([q] if include else []) + list(hyp)]
    mean = sum(rows) / len(rows)
    check(
        hyde_vector,
        q,
        hyp,
        include_query=include,
        normalise=False,
        want=mean.float(),
        why=f"include_query = {include}",
    )
    check(
        hyde_vector,
        q,
        hyp,
        include_query=include,
        normalise=True,
        want=(mean / mean.pow(2).sum().sqrt()).float(),
        why=f"include_query = {include}",
    )
half = (q * 40).half(), (hyp * 40).half()
want = (half[0].double() + half[1].double().sum(0)) / 5
check(hyde_vector, *half, normalise=False, want=want.half(), why="half precision in, half precision out")
check(hyde_vector, *half, want=(want / want.pow(2).sum().sqrt()).half(), why="half precision in, half precision out")
check(
    hyde_vector,
    torch.full((4,), 4e4).half(),
    torch.full((2, 4), 4e4).half(),
    want=torch.full((4,), 0.5).half(),
    why="the sum, and the length 80,000, do not fit into float16: compute in float32",
)
for dtype, big in [(torch.float16, 2048.0), (torch.bfloat16, 256.0)]:
    q, hyp = torch.tensor([big, big]).to(dtype), torch.tensor([[1.0, 1.0], [-big, 1 - big]]).to(dtype)
    check(
        hyde_vector,
        q,
        hyp,
        normalise=False,
        want=torch.tensor([1 / 3, 2 / 3]).to(dtype),
        why=f"{big:g} + 1 is {big:g} in {dtype}: add up in float32",
    )
    check(
        hyde_vector,
        q,
        hyp,
        want=torch.tensor([0.2**0.5, 0.8**0.5]).to(dtype),
        why=f"{big:g} + 1 is {big:g} in {dtype}: add up in float32",
    )
short = torch.tensor([0.03, 0.0]), torch.tensor([[0.0, 0.04], [0.03, 0.04]])
check(hyde_vector, *short, want=torch.tensor([0.6, 0.8]), why="a short mean is scaled up to length 1")
### END HIDDEN TESTS

# %% graded="hyde_vector__no_documents" points=1
# Looks at a query without any made-up document.
q, none = torch.tensor([3.0, 4.0]), torch.zeros(0, 2)
check(hyde_vector, q, none, True, False, want=q, why="without documents the query stands alone")
check(
    hyde_vector,
    q,
    none,
    want=torch.tensor([0.6, 0.8]),
    why="and is scaled like any other result",
    mistakes={"the query comes back unscaled": q, "the mean of nothing": torch.full((2,), torch.nan)},
)
### BEGIN HIDDEN TESTS
check(
    hyde_vector,
    q,
    none,
    False,
    False,
    want=q,
    why="with N = 0 the query stands alone even where include_query is False",
)
check(
    hyde_vector,
    q,
    none,
    False,
    True,
    want=torch.tensor([0.6, 0.8]),
    why="with N = 0 the query stands alone even where include_query is False",
)
### END HIDDEN TESTS

# %% graded="hyde_vector__inplace" points=1
# Looks at the vectors afterwards.
q, hyp = torch.tensor([1.0, 2.0, 2.0]), torch.tensor([[3.0, 0.0, 0.0], [-1.0, 1.0, 4.0]])
unchanged(hyde_vector, q, hyp, True, False, want=torch.tensor([1.0, 1.0, 2.0]))
unchanged(hyde_vector, q, hyp, False, False, want=torch.tensor([1.0, 0.5, 2.0]))
unchanged(hyde_vector, q, torch.zeros(0, 3), want=torch.tensor([1 / 3, 2 / 3, 2 / 3]))

# %% tags=["picture"]
advanced_rag.mean_of_samples(hyde_vector)

# %% [markdown]
# ## 6 · Hypothetical questions: pay at index time
#
# The mirror image. For each chunk a language model writes questions that the chunk **answers**, once, when the index
# is built. At query time the user's question is compared with those questions, and the chunk behind the best match is
# returned. No model call per query; in return the index has several entries for each chunk, and questions nobody
# thought of are not found. The idea is older than LLMs: doc2query (Nogueira et al., 2019, arXiv 1904.08375) appends
# predicted queries to the document for BM25.
#
# | | HyDE | hypothetical questions (HQE) |
# |---|---|---|
# | what is made up | answers, at query time | questions, at index time |
# | cost | one LLM call per query, on the critical path | one LLM call per chunk, again when the chunk or the model changes |
# | compares | answer with passage | question with question |
# | index | as it was | more vectors (number of questions per chunk) |
#
# "Question matches question better than question matches passage" is **not** a law. An encoder that was trained on
# pairs of question and passage has its geometry made for exactly that pair. The experiment below measures it.
#
# **The catch:** a chunk owns several entries. Score a chunk by its **best** question, and count chunks, not entries:
# the $k$ best questions may all belong to one chunk.
#
# ### Exercise 20.5 · hqe_retrieve
#
# The k chunks with the best matching question, best first.
#
# - `query_vec`: vector of the query, of length 1
# - `question_vecs`: vectors of the M questions, of length 1; similarity is the dot product
# - `chunk_of`: for each question the id of its chunk; ids are any ints, a chunk has one question or many, in any
#   order
# - `k`: >= 1; where there are fewer chunks, all of them come back
# - A chunk scores the maximum over its questions. Every id comes at most once. The order of exact ties is free.
#
# Source: Nogueira et al. 2019 (doc2query, arXiv 1904.08375) for predicted questions; the maximum over them is what an
# index of questions does.

# %% stub="hqe_retrieve"
def hqe_retrieve(
    query_vec: Float[Tensor, "D"], question_vecs: Float[Tensor, "M D"], chunk_of: Sequence[int], k: int
) -> list[int]:
    """The k chunks with the best matching question, best first.

    >>> hqe_retrieve(torch.tensor([1.0, 0.0]), torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8]]), [7, 7, 3], 2)
    [7, 3]
    """
    ### BEGIN SOLUTION
    best = {}
    for chunk, score in zip(chunk_of, (question_vecs @ query_vec).tolist()):
        best[chunk] = max(score, best.get(chunk, -math.inf))
    return sorted(best, key=best.get, reverse=True)[:k]
    ### END SOLUTION
    raise NotImplementedError("hqe_retrieve")

# %% [markdown] hints="hqe_retrieve"
# <details><summary>Hint 1: a question</summary>
#
# If the three best questions all belong to chunk 7 and k is 3, what should come back, and what would "top k, then
# unique" give?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# Similarities 0.9, 0.8, 0.7, 0.3 with chunks 7, 7, 5, 3 and k = 2. Best per chunk: 7 has 0.9, 5 has 0.7, 3 has 0.3.
# Answer: 7, 5. By the mean, chunk 7 has 0.85; with a third question at 0.0 it would fall to 0.57, below 5, although
# nothing about its best question changed.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# best = {}
# for chunk, s in zip(chunk_of, question_vecs @ query_vec):
#     best[chunk] = max(s, best[chunk] if there, else -infinity)
# return the k keys with the largest values, largest first
# ```
#
# </details>

# %% graded="hqe_retrieve__unique" points=2
# Looks at chunks with several questions.
q = torch.tensor([1.0, 0.0])
vecs = torch.tensor([[1.0, 0.0], [0.96, 0.28], [0.8, 0.6], [0.6, 0.8]])
check(
    hqe_retrieve,
    q,
    vecs,
    [7, 7, 5, 3],
    2,
    want=[7, 5],
    why="the two best questions belong to chunk 7; two chunks were asked for",
    mistakes={
        "the top k questions, then duplicates dropped": [7],
        "row numbers of questions in place of chunk ids": [0, 1],
    },
)
### BEGIN HIDDEN TESTS
angles = torch.tensor([2.0, 5.0, 9.0, 11.0, 14.0, 16.0, 21.0, 30.0, 41.0, 47.0, 60.0, 85.0]).deg2rad()
vecs = torch.stack([angles.cos(), angles.sin()], dim=1)
check(
    hqe_retrieve,
    q,
    vecs,
    [40, 40, 40, 40, 40, 40, 40, 6, 6, 40, 911, 6],
    3,
    want=[40, 6, 911],
    why="one chunk owns the seven best questions",
)
check(
    hqe_retrieve,
    q,
    vecs,
    [40, 6, 40, 6, 40, 6, 40, 6, 40, 6, 911, 6],
    2,
    want=[40, 6],
    why="chunks take turns; each comes once",
)
check(
    hqe_retrieve,
    q,
    vecs,
    [40, 6, 40, 6, 40, 6, 40, 6, 40, 6, 911, 6],
    3,
    want=[40, 6, 911],
    why="chunks take turns; each comes once",
)
check(hqe_retrieve, q, vecs[:4], [8, 2, 8, 5], 10, want=[8, 2, 5], why="three chunks are all there are")
check(hqe_retrieve, q, vecs[:3], [1, 0, 2], 1, want=[1], why="k = 1")
### END HIDDEN TESTS

# %% graded="hqe_retrieve__max" points=2
# Looks at the order of the chunks.
angles = torch.tensor([10.0, 90.0, 30.0, 35.0, 50.0]).deg2rad()
vecs = torch.stack([angles.cos(), angles.sin()], dim=1)
check(
    hqe_retrieve,
    torch.tensor([1.0, 0.0]),
    vecs,
    [4, 4, 9, 9, 2],
    3,
    want=[4, 9, 2],
    why="chunk 4 has the best question of all; its other question, about something else, does not matter",
    mistakes={"mean over the questions of a chunk": [9, 2, 4], "sum over the questions of a chunk": [9, 4, 2]},
)
### BEGIN HIDDEN TESTS
q = torch.tensor([1.0, 0.0])
behind = torch.tensor([[-1.0, 0.0], [-0.6, 0.8], [-0.8, -0.6], [-0.28, 0.96]])
check(
    hqe_retrieve,
    q,
    behind,
    [5, 5, 1, 3],
    3,
    want=[3, 5, 1],
    why="all similarities are negative, and the least negative is the best",
    mistakes={"the best of a chunk starts at 0, not at -inf, or the sign is dropped": [5, 1, 3]},
)
for seed in range(20):
    g = torch.Generator().manual_seed(seed)
    M, d = 14 + seed, 6
    vecs = F.normalize(torch.randn(M, d, generator=g), dim=1)
    query = F.normalize(torch.randn(d, generator=g), dim=0)
    chunk_of = [[50, -3, 7, 1000, 12, 8][i] for i in torch.randint(0, 6, (M,), generator=g).tolist()]
    if seed % 2:
        query = F.normalize(-vecs.sum(0), dim=0)  # mostly negative similarities
        keep = ((vecs @ query) < 0).nonzero().flatten().tolist() if seed % 4 == 1 else list(range(M))
        vecs, chunk_of = vecs[keep], [chunk_of[i] for i in keep]
    sims = [math.fsum(a * b for a, b in zip(v, query.tolist())) for v in vecs.tolist()]
    best = {c: max(s for s, o in zip(sims, chunk_of) if o == c) for c in set(chunk_of)}
    ordered = sorted(best.values())
    if any(b - a < 1e-4 for a, b in zip(ordered, ordered[1:])):
        continue
    want = sorted(best, key=lambda c: -best[c])
    for k in (1, 3, 6):
        check(
            hqe_retrieve,
            query,
            vecs,
            chunk_of,
            k,
            want=want[:k],
            why="maximum over a chunk's questions, best chunk first",
        )
### END HIDDEN TESTS

# %% graded="hqe_retrieve__inplace" points=1
# Looks at the arguments afterwards.
unchanged(
    hqe_retrieve,
    torch.tensor([0.6, 0.8]),
    torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.8, 0.6]]),
    [2, 4, 2],
    2,
    want=[2, 4],
)

# %% tags=["picture"]
advanced_rag.best_question(hqe_retrieve)

# %% [markdown]
# ## 7 · Late interaction: MaxSim
#
# One vector for a whole passage is a strong compression. **ColBERT** (Khattab and Zaharia, 2020, arXiv 2004.12832)
# keeps one vector per **token** and lets query and document interact late, after both were encoded on their own:
#
# $$\text{score}(Q, D) = \sum_{i \in Q} \; \max_{j \in D} \; \cos(q_i, d_j)$$
#
# Every query token looks for its best partner; the partners' similarities are added. Documents can be encoded in
# advance, which a cross-encoder (query and passage go through one model together) cannot offer. With $n_q$ and $n_d$
# tokens of width $d$ the work is $n_q \cdot n_d \cdot d$ multiplications for each scored document: bilinear, with $n_q$
# small and fixed (ColBERT pads queries to 32 with `[MASK]` tokens that **do** take part; document tokens that are
# punctuation are dropped).
#
# **The catch, three times.** The snippet that goes round (`einsum`, `max`, `sum`) is wrong in three ways:
#
# 1. It takes dot products and calls them cosines. With $Q$ the 2 x 2 identity, $D_1 = ((0.9, 0.1), (0.1, 0.9))$ and
#    $D_2 = ((5, 5), (0, 0))$ it gives 1.8 and 10.0; with cosines $D_1$ wins by 1.988 to 1.414.
# 2. It has no mask for **documents**. Where padding is zero vectors, its similarity is 0, and 0 beats every negative
#    similarity; where it is what the encoder put out there, it may win outright. Multiplying by the mask does the same
#    harm as zeros: the mask has to be $-\infty$ **before** the maximum.
# 3. It has no mask for **queries**: an encoder's output at padding is not zero, and its best similarity is added to the
#    sum. (ColBERT's `[MASK]` tokens are meant to count: for them `q_mask` is True.)
#
# ### Exercise 20.6 · maxsim
#
# MaxSim of B pairs: query b with document b, cosine similarity, for real tokens only.
#
# - `Q, D`: token vectors of any length; a zero vector has similarity 0 with everything
# - `q_mask, d_mask`: True = real token; padding may stand anywhere and hold any finite numbers
# - A query token that is padding adds nothing. A document without any real token scores -inf (for a query that has
#   one).
# - Returns B scores in the dtype of Q. Half precision (float16, bfloat16): compute in float32.
# - `Fast`: operations on the whole batch, no loop over pairs. Do not write out B x nq x nd x d numbers on the way.
#
# Source: Khattab and Zaharia 2020 (ColBERT, arXiv 2004.12832).

# %% stub="maxsim"
def maxsim(
    Q: Float[Tensor, "B nq d"], D: Float[Tensor, "B nd d"], q_mask: Bool[Tensor, "B nq"], d_mask: Bool[Tensor, "B nd"]
) -> Float[Tensor, "B"]:
    """MaxSim of B pairs: query b with document b, cosine similarity, for real tokens only.

    >>> q = torch.eye(2)[None]
    >>> yes = torch.ones(1, 2, dtype=torch.bool)
    >>> maxsim(q, torch.tensor([[[5.0, 5.0], [0.0, 0.0]]]), yes, yes)
    tensor([1.4142])
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(Q.dtype, torch.float32)
    q, d = F.normalize(Q.to(wide), dim=-1), F.normalize(D.to(wide), dim=-1)
    sims = q @ d.transpose(1, 2)
    best = sims.masked_fill(~d_mask[:, None, :], -torch.inf).amax(-1)
    return best.masked_fill(~q_mask, 0).sum(-1).to(Q.dtype)
    ### END SOLUTION
    raise NotImplementedError("maxsim")

# %% [markdown] hints="maxsim"
# <details><summary>Hint 1: a question</summary>
#
# All similarities of a real query token with the document are negative. What must padding look like so that it does
# not win the maximum? And what is $0 \cdot (-\infty)$?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# Query token (1, 0). Document tokens (-3, 4) and padding (0, 0). Cosine with the real token: $-0.6$. The score is
# $-0.6$; with padding as zero it would be 0. If both document tokens are padding, the maximum of nothing is
# $-\infty$.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# q, d = vectors divided by their lengths (zero vectors stay zero)
# sims = q @ d transposed              # (B, nq, nd)
# sims[padding of the document] = -inf
# best = maximum over nd               # (B, nq)
# best[padding of the query] = 0       # replace, do not multiply: -inf * 0 is NaN
# return sum over nq
# ```
#
# </details>

# %% graded="maxsim__cosine" points=2
# Looks at the scores, against the definition.
eye, yes = torch.eye(2)[None].repeat(2, 1, 1), torch.ones(2, 2, dtype=torch.bool)
D = torch.tensor([[[0.9, 0.1], [0.1, 0.9]], [[5.0, 5.0], [0.0, 0.0]]])
check(
    maxsim,
    eye,
    D,
    yes,
    yes,
    want=torch.tensor([2 * 0.9 / 0.82**0.5, 2**0.5]),
    why="cosines: the length of a vector does not matter",
    mistakes={
        "dot product in place of cosine": torch.tensor([1.8, 10.0]),
        "the mean over query tokens": torch.tensor([0.9 / 0.82**0.5, 0.5**0.5]),
        "maximum over the query, sum over the document": torch.tensor([2 * 0.9 / 0.82**0.5, 0.5**0.5]),
        "a zero vector was divided by its length": torch.tensor([2 * 0.9 / 0.82**0.5, torch.nan]),
    },
)
### BEGIN HIDDEN TESTS
check(
    maxsim,
    torch.tensor([[[2.0, 0.0]]]),
    torch.tensor([[[3.0, 0.0]]]),
    yes[:1, :1],
    yes[:1, :1],
    want=torch.tensor([1.0]),
    why="parallel vectors have cosine 1",
    mistakes={
        "queries were not normalised": torch.tensor([2.0]),
        "documents were not normalised": torch.tensor([3.0]),
    },
)


def by_loops(Q, D, q_mask, d_mask):
    def cos(a, b):
        dot, la, lb = (math.fsum(x * y for x, y in zip(u, v)) for u, v in ((a, b), (a, a), (b, b)))
        return dot / math.sqrt(la * lb) if la * lb else 0.0

    scores = []
    for q, d, qm, dm in zip(Q.tolist(), D.tolist(), q_mask.tolist(), d_mask.tolist()):
        real = [v for v, m in zip(d, dm) if m]
        scores.append(sum(max((cos(u, v) for v in real), default=-math.inf) for u, m in zip(q, qm) if m))
    return torch.tensor(scores, dtype=torch.float64)


for seed, (B, nq, nd, d) in enumerate([(1, 1, 1, 1), (3, 2, 5, 4), (4, 6, 3, 7), (2, 5, 9, 3)]):
    g = torch.Generator().manual_seed(seed)
    Q = (
        torch.randn(B, nq, d, generator=g, dtype=torch.float64)
        * 10 ** torch.randint(-2, 3, (B, nq, 1), generator=g).double()
    )
    D = (
        torch.randn(B, nd, d, generator=g, dtype=torch.float64)
        * 10 ** torch.randint(-2, 3, (B, nd, 1), generator=g).double()
    )
    everything = torch.ones(B, nq, dtype=torch.bool), torch.ones(B, nd, dtype=torch.bool)
    for dtype in (torch.float64, torch.float32):
        check(
            maxsim,
            Q.to(dtype),
            D.to(dtype),
            *everything,
            want=by_loops(Q, D, *everything).to(dtype),
            rtol=1e-4,
            atol=1e-5,
            why="sum over the query of the best cosine in the document",
        )
g = torch.Generator().manual_seed(20)
Q, D = torch.randn(3, 4, 5, generator=g), torch.randn(3, 6, 5, generator=g)
Q[0, 1], D[1, 2], D[2] = 0, 0, -Q[2, 0]
yes = torch.ones(3, 4, dtype=torch.bool), torch.ones(3, 6, dtype=torch.bool)
check(
    maxsim,
    Q,
    D,
    *yes,
    want=by_loops(Q, D, *yes).float(),
    why="a real token whose vector is zero has similarity 0; negative similarities count as they are",
)
### END HIDDEN TESTS

# %% graded="maxsim__masks" points=3
# Looks at padding, in queries and in documents.
Q, D = torch.tensor([[[1.0, 0.0], [7.0, 7.0]]]), torch.tensor([[[-3.0, 4.0], [0.0, 0.0], [9.0, 1.0]]])
q_mask, d_mask = torch.tensor([[True, False]]), torch.tensor([[True, False, False]])
check(
    maxsim,
    Q,
    D,
    q_mask,
    d_mask,
    want=torch.tensor([-0.6]),
    why="one real query token, one real document token, cosine -0.6",
    mistakes={
        "padding of the document counts as similarity 0": torch.tensor([0.0]),
        "the mask of the document is ignored": torch.tensor([9 / 82**0.5]),
        "the mask of the query is ignored": torch.tensor([-0.6 + 1 / 50**0.5]),
    },
)


### BEGIN HIDDEN TESTS
def by_loops(Q, D, q_mask, d_mask):
    scores = []
    for q, d, qm, dm in zip(Q.double(), D.double(), q_mask, d_mask):
        real = [v for v, m in zip(d, dm) if m]
        scores.append(
            sum(
                max((float(u @ v / (u.norm() * v.norm())) for v in real), default=-math.inf)
                for u, m in zip(q, qm)
                if m
            )
        )
    return torch.tensor(scores, dtype=torch.float64)


for seed in range(6):
    g = torch.Generator().manual_seed(100 + seed)
    B, nq, nd, d = [(5, 3, 7, 4), (4, 6, 2, 5), (7, 4, 8, 3)][seed % 3]
    Q, D = torch.randn(B, nq, d, generator=g), torch.randn(B, nd, d, generator=g)
    if seed >= 3:  # documents that point away from the query
        Q, D = Q.abs() + 0.1, -D.abs() - 0.1
    q_mask, d_mask = torch.rand(B, nq, generator=g) < 0.6, torch.rand(B, nd, generator=g) < 0.5
    q_mask[:, seed % nq], d_mask[:, seed % nd] = True, True
    q_mask[0], d_mask[1] = True, True
    Q[~q_mask], D[~d_mask] = 50.0, 50.0
    check(
        maxsim,
        Q,
        D,
        q_mask,
        d_mask,
        want=by_loops(Q, D, q_mask, d_mask).float(),
        why="padding may stand anywhere and hold anything; it takes part in nothing",
    )
    Q[~q_mask], D[~d_mask] = 0.0, 0.0
    check(
        maxsim,
        Q,
        D,
        q_mask,
        d_mask,
        want=by_loops(Q, D, q_mask, d_mask).float(),
        why="padding with zeros must not win the maximum either",
    )
### END HIDDEN TESTS

# %% graded="maxsim__empty_document" points=1
# Looks at a document without a real token.
Q, D = (
    torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]).repeat(2, 1, 1),
    torch.tensor([[[0.0, 0.0], [0.0, 0.0]], [[-1.0, 0.0], [0.0, 0.0]]]),
)
q_mask, d_mask = torch.tensor([[True, False]] * 2), torch.tensor([[False, False], [True, False]])
check(
    maxsim,
    Q,
    D,
    q_mask,
    d_mask,
    want=torch.tensor([-torch.inf, -1.0]),
    why="a document without real tokens has no similarity to offer, and comes last",
    mistakes={
        "-inf was multiplied by 0, which is NaN: replace in place of multiplying": torch.tensor([torch.nan, -1.0]),
        "the empty document scores 0 and beats the real one": torch.tensor([0.0, -1.0]),
    },
)
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(7)
Q, D = torch.randn(3, 5, 4, generator=g), torch.randn(3, 6, 4, generator=g)
q_mask, d_mask = torch.ones(3, 5, dtype=torch.bool), torch.ones(3, 6, dtype=torch.bool)
q_mask[:, 3:], d_mask[1] = False, False
cos = F.cosine_similarity(Q.double()[:, :, None], D.double()[:, None], dim=-1).amax(-1)[:, :3].sum(-1)
cos[1] = -torch.inf
check(maxsim, Q, D, q_mask, d_mask, want=cos.float(), why="the second document has no real token")
check(
    maxsim,
    Q.double(),
    D.double(),
    q_mask,
    d_mask,
    want=cos,
    rtol=1e-4,
    atol=1e-5,
    why="the second document has no real token",
)
### END HIDDEN TESTS

# %% graded="maxsim__layouts" points=2
# Looks at half precision, float64 and tensors that are not contiguous.
g = torch.Generator().manual_seed(5)
query, docs = torch.randn(4, 6, generator=g), torch.randn(3, 6, 5, generator=g)
Q, D = query.expand(3, 4, 6), docs.transpose(1, 2)
yes = torch.ones(3, 4, dtype=torch.bool), torch.ones(3, 5, dtype=torch.bool)
want = torch.stack([F.cosine_similarity(query[:, None], d[None], dim=-1).amax(1).sum() for d in D])
check(
    maxsim,
    Q,
    D,
    *yes,
    want=want,
    why="one query against three documents by expand, and documents that are a transposed view",
)
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(6)
Q, D = torch.randn(4, 3, 32, generator=g), torch.randn(4, 7, 32, generator=g)
q_mask, d_mask = (
    torch.arange(3) < torch.tensor([[1], [2], [3], [2]]),
    torch.arange(7) < torch.tensor([[7], [1], [4], [5]]),
)
for scale in (1.0, 200.0):  # the squares of 32 numbers around 200 add up to more than float16 can hold
    for dtype in (torch.float16, torch.bfloat16):
        q, d = (Q * scale).to(dtype), (D * scale).to(dtype)
        cos = F.cosine_similarity(q.double()[:, :, None], d.double()[:, None], dim=-1).masked_fill(
            ~d_mask[:, None], -torch.inf
        )
        want = torch.where(q_mask, cos.amax(-1), 0.0).sum(-1)
        check(
            maxsim,
            q,
            d,
            q_mask,
            d_mask,
            want=want.to(dtype),
            why="half precision in, float32 inside, half precision out",
        )
for dtype in (torch.float16, torch.bfloat16):  # two cosines that nearly cancel show every rounding on the way
    q, d = torch.randn(40, 1, 32, generator=g).to(dtype), torch.randn(40, 1, 32, generator=g).to(dtype)
    q = torch.cat([q, -q + 0.01 * torch.randn(40, 1, 32, generator=g).to(dtype)], dim=1)
    yes = torch.ones(40, 2, dtype=torch.bool), torch.ones(40, 1, dtype=torch.bool)
    want = F.cosine_similarity(q.double(), d.double(), dim=-1).sum(1).to(dtype)
    check(
        maxsim,
        q,
        d,
        *yes,
        want=want,
        rtol=2 * torch.finfo(dtype).eps,
        atol=1e-5,
        why="lengths, products and sums in float32, rounded once at the end",
    )
wide = torch.randn(4, 7, 64, generator=g)
strided = wide[:, :, ::2]
cos = F.cosine_similarity(Q.double()[:, :, None], strided.double()[:, None], dim=-1).masked_fill(
    ~d_mask[:, None], -torch.inf
)
check(
    maxsim,
    Q,
    strided,
    q_mask,
    d_mask,
    want=torch.where(q_mask, cos.amax(-1), 0.0).sum(-1).float(),
    why="every other column of a wider tensor",
)
### END HIDDEN TESTS

# %% graded="maxsim__inplace" points=1
# Looks at the tensors afterwards.
Q, D = torch.tensor([[[3.0, 0.0], [2.0, 2.0]]]), torch.tensor([[[0.0, 5.0], [4.0, 4.0], [6.0, 8.0]]])
unchanged(
    maxsim, Q, D, torch.tensor([[True, False]]), torch.tensor([[True, True, False]]), want=torch.tensor([0.5**0.5])
)

# %% graded="maxsim__speed" points=2 tags=["timed"]
# Looks at the time on many short documents.
def draw(rng: np.random.Generator):
    "800 documents of up to 32 tokens, queries of up to 16, width 32."
    B, nq, nd, d = 800, 16, 32, 32
    Q, D = (torch.from_numpy(rng.standard_normal((B, n, d), dtype=np.float32)) for n in (nq, nd))
    masks = (torch.arange(n) < torch.from_numpy(rng.integers(1, n + 1, (B, 1))) for n in (nq, nd))
    return Q, D, *masks


advise(maxsim, draw, yardstick=lambda Q, D, q_mask, d_mask: Q @ D.transpose(1, 2), usual=4.0)
### BEGIN HIDDEN TESTS
duel(maxsim, draw, reference='''
import torch
import torch.nn.functional as F

def maxsim(Q, D, q_mask, d_mask):
    sims = F.normalize(Q, dim=-1) @ F.normalize(D, dim=-1).transpose(1, 2)
    best = sims.masked_fill(~d_mask[:, None, :], -torch.inf).amax(-1)
    return best.masked_fill(~q_mask, 0).sum(-1)
''', limit=5.0)
### END HIDDEN TESTS

# %% tags=["picture"]
advanced_rag.token_by_token(maxsim)

# %% [markdown]
# The score comes with its own explanation: which token of the query was satisfied, and by how much. Two limits to know.
# The sum has no weights such as idf: every query token can add at most 1, filler as much as the word that matters.
# (What limits the harm is that filler adds about the same for every document.) And it is the token-level match that
# helps, not a better view of long documents: ColBERT truncates those.
#
# ## 8 · Cascades
#
# Scorers differ in cost by orders of magnitude: BM25 or a bi-encoder (one vector a text) with an index looks at
# everything, MaxSim or a cross-encoder at a few. So one lays them in a row, and each stage scores only what the one
# before let through:
#
# *retrieve 1000 → late interaction keeps 100 → cross-encoder keeps 10*
#
# Stage $i$ with $n_i$ candidates at a cost of $c_i$ each makes $\sum_i n_i c_i$ in all. And there is a law: survivors
# are subsets, so **recall never rises along the way. The recall of the first stage bounds everything after it.** A
# reranker can only reorder. (MacAvaney and Tonellotto, 2024, arXiv 2404.14989, find just this for ColBERTv2:
# reranking BM25 candidates is the better deal at low latency, and cannot reach the quality of full search, because
# BM25 did not return the passages.)
#
# ### Exercise 20.7 · cascade
#
# `cascade`: Run the stages one after the other; stage i keeps the keep[i] candidates that score_fns[i] likes best.
#
# - `score_fns`: each takes a list of ids and gives one score for each, in that order; larger is better
# - `keep`: as many numbers as stages, each >= 1; a stage with fewer candidates keeps all of them
# - `ids`: the candidates of the first stage, all different; any sequence
# - `A stage asks only for scores of what the stage before let through`: that is where the saving is.
# - Returns the survivors of every stage, best first. Which of equal scores go first is free.
#
# `stage_recall`: For every stage the share of all relevant ids that are still there; 0.0 for each where nothing is
# relevant.
#
# Source: Wang, Lin and Metzler 2011 for cascades of rankers.

# %% stub="cascade"
def cascade(score_fns: Sequence[Callable[[list], Sequence[float]]], keep: Sequence[int], ids: Sequence) -> list[list]:
    """Run the stages one after the other; stage i keeps the keep[i] candidates that score_fns[i] likes best.

    >>> cascade([lambda ids: [-i for i in ids], lambda ids: list(ids)], [3, 1], [5, 1, 4, 2])
    [[1, 2, 4], [4]]
    """
    ### BEGIN SOLUTION
    survivors = []
    for score_fn, n in zip(score_fns, keep):
        scores = dict(zip(ids, score_fn(list(ids))))
        ids = sorted(ids, key=scores.get, reverse=True)[:n]
        survivors.append(ids)
    return survivors
    ### END SOLUTION
    raise NotImplementedError("cascade")


def stage_recall(survivors: Sequence[Sequence], relevant: Sequence) -> list[float]:
    """For every stage the share of all relevant ids that are still there; 0.0 for each where nothing is relevant."""
    ### BEGIN SOLUTION
    relevant = set(relevant)
    return [len(relevant.intersection(stage)) / len(relevant) if relevant else 0.0 for stage in survivors]
    ### END SOLUTION
    raise NotImplementedError("stage_recall")

# %% [markdown] hints="cascade"
# <details><summary>Hint 1: a question</summary>
#
# Which list does the second score function get? And of which set is the recall of the third stage a share: of the
# second stage's survivors, or of everything relevant?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# ids 5, 1, 4, 2. Stage 1 likes small numbers and keeps 3: 1, 2, 4. Stage 2 likes large numbers and keeps 1: 4, and
# not 5, which is gone. With 5 and 4 relevant, recall is 0.5 after stage 1 and 0.5 after stage 2.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# for score_fn, n in zip(score_fns, keep):
#     scores = score_fn(candidates)
#     candidates = the n with the largest scores, largest first
#     remember candidates
# recall of a stage = |relevant and survivors| / |relevant|
# ```
#
# </details>

# %% graded="cascade__stages" points=2
# Looks at the survivors of each stage.
def small(ids):
    return [-i for i in ids]


def large(ids):
    return list(ids)


expect(
    cascade([small, large], [3, 1], [5, 1, 4, 2]),
    [[1, 2, 4], [4]],
    on="cascade([small, large], [3, 1], [5, 1, 4, 2])",
    why="the first stage keeps 1, 2, 4; the second chooses among those",
    mistakes={
        "the second stage scored the whole corpus": [[1, 2, 4], [5]],
        "only the last stage came back": [[4]],
        "the lowest scores survived": [[5, 4, 2], [2]],
        "survivors are not sorted": [[1, 4, 2], [4]],
    },
)
### BEGIN HIDDEN TESTS
for seed in range(6):
    rng = np.random.default_rng(seed)
    names = [f"doc{i}" for i in rng.permutation(30)]
    tables = [dict(zip(names, rng.permutation(30) * (10.0**s) - 15)) for s in range(3)]
    keep = [[20, 9, 4], [5, 12, 3], [40, 30, 7]][seed % 3]
    alive, want = list(names), []
    for table, n in zip(tables, keep):
        alive = [d for d in names if d in alive]
        alive = sorted(alive, key=lambda d: -table[d])[:n]
        want.append(alive)
    fns = [lambda ids, t=t: [float(t[d]) for d in ids] for t in tables]
    expect(
        cascade(fns, keep, names),
        want,
        on=f"cascade of three stages with keep = {keep} on 30 ids (seed {seed})",
        why="every stage has its own scores and its own keep; a stage with fewer candidates than keep passes all of them on",
    )


def picky(ids):
    "Scores as an array; takes nothing but a list, as promised."
    assert isinstance(ids, list), f"a score function takes a list of ids, and was given a {type(ids).__name__}"
    return np.array([float(len(i)) for i in ids])


expect(
    cascade([picky, picky], [2, 1], ("aa", "a", "aaa")),
    [["aaa", "aa"], ["aaa"]],
    on='cascade([length, length], [2, 1], ("aa", "a", "aaa"))',
    why="ids may be a tuple; score functions get a list and may give an array",
)
expect(
    cascade([small], [2], [3, 1, 2]),
    [[1, 2]],
    on="cascade([small], [2], [3, 1, 2])",
    why="one stage is a plain top-k",
)
### END HIDDEN TESTS

# %% graded="cascade__cost" points=2
# Looks at how many candidates each stage is asked to score.
asked = []


def first(ids):
    asked.append(("first", sorted(ids)))
    return [-i for i in ids]


def second(ids):
    asked.append(("second", sorted(ids)))
    return [i % 3 for i in ids]


result = cascade([first, second], [3, 1], [4, 8, 1, 5])
expect(result, [[1, 4, 5], [5]], on="cascade([first, second], [3, 1], [4, 8, 1, 5])")
seen = sorted(i for name, ids in asked if name == "second" for i in ids)
assert seen == [1, 4, 5], (
    f"expected the second stage to score 1, 4 and 5, the survivors of the first, once each; it was asked for {seen}"
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(3)
table = rng.permutation(60)
count = [0, 0, 0]


def counting(stage):
    def score(ids):
        count[stage] += len(ids)
        return [float(table[i] * (-1) ** stage) for i in ids]

    return score


got = cascade([counting(0), counting(1), counting(2)], [30, 10, 5], list(range(60)))
assert count == [60, 30, 10], f"expected 60, 30 and 10 ids to be scored by the three stages, got {count}"
order = sorted(range(60), key=lambda i: -table[i])[:30]
expect(
    [list(s) for s in got],
    [order, order[::-1][:10], order[-10:][:5]],
    on="a cascade 60 -> 30 -> 10 -> 5",
    why="the stages' order alternates here",
)
### END HIDDEN TESTS

# %% graded="cascade__ties" points=1
# Looks at candidates with equal scores.
got = cascade([lambda ids: [1.0 for _ in ids], lambda ids: [2.0 for _ in ids]], [3, 2], [10, 20, 30, 40])
assert [len(s) for s in got] == [3, 2], (
    f"all scores are equal: expected 3 and then 2 survivors, got {[len(s) for s in got]}; keep decides, not a threshold"
)
assert set(got[1]) <= set(got[0]) <= {10, 20, 30, 40}, (
    f"expected each stage to be a subset of the one before, got {got}"
)
### BEGIN HIDDEN TESTS
score = {1: 5.0, 2: 3.0, 3: 3.0, 4: 3.0, 5: 0.0, 6: 7.0}
for n in (3, 4):
    (got,) = cascade([lambda ids: [score[i] for i in ids]], [n], [1, 2, 3, 4, 5, 6])
    assert len(set(got)) == n, f"expected {n} survivors of scores {score}, got {got}"
    assert [score[i] for i in got] == sorted(score.values(), reverse=True)[:n], (
        f"expected the {n} largest of {score}, best first, got {got}"
    )
### END HIDDEN TESTS

# %% graded="cascade__recall" points=2
# Looks at the recall of each stage.
check(
    stage_recall,
    [[1, 2, 3, 4], [4, 2], [4]],
    [4, 3, 9],
    want=[2 / 3, 1 / 3, 1 / 3],
    why="the denominator is always the number of all relevant ids: 9 was lost before",
    mistakes={
        "divided by the number of survivors": [0.5, 0.5, 1.0],
        "measured against the stage before": [2 / 3, 0.5, 1.0],
        "1 as soon as one is left": [1.0, 1.0, 1.0],
    },
)
### BEGIN HIDDEN TESTS
check(
    stage_recall,
    [["a", "b"], ["c"], []],
    ["b", "a"],
    want=[1.0, 0.0, 0.0],
    why="a stage that holds nothing relevant has recall 0",
)
check(stage_recall, [[1, 2], [2]], [], want=[0.0, 0.0], why="nothing is relevant: 0.0 for each stage")
check(
    stage_recall,
    [[7, 8, 9, 1, 2], [9, 2, 1], [2, 9]],
    [1, 2, 3, 4, 5, 9, 11, 12],
    want=[3 / 8, 3 / 8, 2 / 8],
    why="shares of eight relevant ids",
)
check(stage_recall, [], [1], want=[], why="no stages, no numbers")
check(
    stage_recall,
    [[1, 2, 3, 4, 5], [5, 1, 2], [1, 5], [5, 1]],
    [5, 6, 7],
    want=[1 / 3] * 4,
    why="four stages, one denominator",
)
### END HIDDEN TESTS

# %% graded="cascade__inplace" points=1
# Looks at the arguments afterwards.
ids, keep, survivors, relevant = [5, 1, 4, 2], [3, 1], [[1, 2, 4], [4]], [4, 5]
got = cascade([lambda ids: [-i for i in ids], lambda ids: list(ids)], keep, ids)
assert (ids, keep) == ([5, 1, 4, 2], [3, 1]), (
    f"expected ids and keep to stay [5, 1, 4, 2] and [3, 1], they became {ids} and {keep}: sort a copy"
)
expect(got, [[1, 2, 4], [4]], on="cascade([small, large], [3, 1], [5, 1, 4, 2])")
unchanged(stage_recall, survivors, relevant, want=[0.5, 0.5])

# %% tags=["picture"]
advanced_rag.bound_of_stage_1(cascade, stage_recall)

# %% [markdown]
# **Latency does not add up the way cost does.** A popular design sheet adds the p99 of its stages and calls the sum the
# p99 of the request. Quantiles do not add. The picture draws four independent stages with a median of 100 ms each and
# long (log-normal, $\sigma = 0.6$) tails: the sum of the four p99 is 1.62 s, the p99 of the sum is 0.97 s; the sum of
# medians is 0.40 s, the median of the sum 0.45 s. Stages that are slow **together** (one overloaded host) come close to
# the sum. And the sum is no upper bound: if each of four stages hangs in 0.9 % of its calls, independently, no p99
# shows it, and 3.6 % of all requests hang. So measure the whole request. And count what such sheets forget: encoding
# the query, and the generator itself.

# %% tags=["picture"]
advanced_rag.quantiles_of_a_sum()

# %% [markdown]
# ## 9 · What does the index weigh?
#
# The first question of every design round, and it is one multiplication: vectors times bytes per vector.
#
# - Plain: $d$ numbers of 4 (float32), 2 (float16) or 1 (int8) byte.
# - **Product quantisation** (Jégou, Douze and Schmid, 2011): the vector is cut into $m$ sub-vectors, and each is
#   replaced by the number of its nearest codeword out of $2^{nbits}$. A vector then takes $m \cdot nbits$ bits.
# - Late interaction: one vector for each **token**. That is the price of MaxSim.
#
# Both int8 and product quantisation lose accuracy: measure recall against the exact search, and rescore the best with
# full vectors.
#
# Around the codes stand smaller things, which we leave out here: codebooks ($4 d\,2^{nbits}$ bytes in all, whatever
# $n$), ids, and for HNSW, a graph of neighbours that the search walks, its links ($2M$ for each vector at 4 bytes; the
# faiss wiki counts $4d + 8M$ bytes a vector in all). HNSW search is often called $O(\log n)$: that is an empirical
# scaling of an approximate method, and its memory is what one pays for it.
#
# ### Exercise 20.8 · index_bytes
#
# Bytes that the vectors of an index take: codes only, no codebooks, no ids, no graph.
#
# - `n, d`: documents, and numbers in a vector
# - `dtype`: "float32", "float16" or "int8"; not used when pq_m is given
# - `pq_m, nbits`: product quantisation: pq_m codes of nbits bits for each vector, packed; pq_m * nbits is a multiple
#   of 8; without pq_m, nbits is not used
# - `tokens_per_doc`: vectors for each document: 1 for a bi-encoder, the number of tokens for late interaction
# - `Returns bytes, not GB and not bits`: a whole number.
#
# Source: Jégou, Douze and Schmid 2011 for product quantisation; Santhanam et al. 2021 (arXiv 2112.01488) for codes of
# late interaction.

# %% stub="index_bytes"
def index_bytes(
    n: int, d: int, dtype: str = "float32", pq_m: int | None = None, tokens_per_doc: int = 1, nbits: int = 8
) -> int:
    """Bytes that the vectors of an index take: codes only, no codebooks, no ids, no graph.

    >>> index_bytes(1_000_000, 768)
    3072000000
    """
    ### BEGIN SOLUTION
    bits = {"float32": 32, "float16": 16, "int8": 8}[dtype] * d if pq_m is None else pq_m * nbits
    return n * tokens_per_doc * bits // 8
    ### END SOLUTION
    raise NotImplementedError("index_bytes")

# %% [markdown] hints="index_bytes"
# <details><summary>Hint 1: a question</summary>
#
# How many vectors are there in the index of a million documents with 75 tokens each? How many bits has one vector of
# 128 numbers when every number is kept in 2 bits?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# A million vectors of 768 float32: $10^6 \cdot 768 \cdot 4 = 3.07 \cdot 10^9$ bytes = 3.07 GB. The same with 64 codes
# of 8 bits: $10^6 \cdot 64$ = 64 MB.
#
# </details>
#
# <details><summary>Hint 3: pseudocode</summary>
#
# ```
# bits of a vector = pq_m * nbits               if pq_m is given
#                    d * bits of the dtype      otherwise
# return n * tokens_per_doc * bits / 8, as an int
# ```
#
# </details>

# %% graded="index_bytes__plain" points=1
# Looks at one vector a document.
check(
    index_bytes,
    1_000_000,
    768,
    want=3_072_000_000,
    why="a million vectors of 768 numbers of 4 bytes",
    mistakes={"bits in place of bytes": 24_576_000_000, "GB in place of bytes": 3.072},
)
### BEGIN HIDDEN TESTS
for dtype, size in (("float32", 4), ("float16", 2), ("int8", 1)):
    check(index_bytes, 10_007, 384, dtype, want=10_007 * 384 * size, why=f"{dtype} takes {size} bytes a number")
    check(
        index_bytes,
        123_456_789,
        1537,
        dtype,
        want=123_456_789 * 1537 * size,
        why="exact to the byte, also for large numbers and wide vectors",
    )
    check(
        index_bytes,
        10_007,
        384,
        dtype,
        nbits=4,
        want=10_007 * 384 * size,
        why="nbits belongs to product quantisation",
    )
### END HIDDEN TESTS

# %% graded="index_bytes__late_interaction" points=1
# Looks at one vector a token.
check(
    index_bytes,
    1_000_000,
    128,
    "float16",
    None,
    75,
    want=19_200_000_000,
    why="ColBERT's first version: 75 tokens for each of a million passages, 128 numbers of 2 bytes",
    mistakes={"one vector for each document": 256_000_000},
)
### BEGIN HIDDEN TESTS
check(index_bytes, 333, 96, "int8", tokens_per_doc=41, want=333 * 96 * 41, why="every token has its vector")
check(index_bytes, 333, 96, tokens_per_doc=41, want=333 * 96 * 41 * 4, why="every token has its vector")
### END HIDDEN TESTS

# %% graded="index_bytes__quantised" points=2
# Looks at product quantisation.
check(
    index_bytes,
    10_000_000,
    768,
    pq_m=64,
    want=640_000_000,
    why="64 codes of 8 bits for each of ten million vectors",
    mistakes={"product quantisation is ignored": 30_720_000_000},
)
check(
    index_bytes,
    1_000_000,
    128,
    pq_m=128,
    tokens_per_doc=75,
    nbits=2,
    want=2_400_000_000,
    why="128 numbers of 2 bits are 32 bytes for each token",
    mistakes={"every code takes a byte": 9_600_000_000, "one vector for each document": 32_000_000},
)
### BEGIN HIDDEN TESTS
for n, d, m, nbits, tokens in [
    (1001, 96, 24, 8, 1),
    (77, 128, 16, 4, 3),
    (5, 64, 32, 2, 10),
    (13, 48, 12, 6, 7),
    (9, 64, 8, 1, 5),
    (3, 64, 8, 16, 2),
    (7, 1536, 12, 10, 3),
    (987_654_321, 128, 48, 8, 1),
]:
    check(
        index_bytes,
        n,
        d,
        pq_m=m,
        nbits=nbits,
        tokens_per_doc=tokens,
        want=n * tokens * ((m * nbits) // 8),
        why=f"{m} codes of {nbits} bits, packed, for each vector",
    )
    check(
        index_bytes,
        n,
        d,
        "float16",
        m,
        tokens,
        nbits,
        want=n * tokens * ((m * nbits) // 8),
        why="the dtype plays no part when vectors are quantised",
    )
### END HIDDEN TESTS

# %% tags=["picture"]
advanced_rag.index_sizes(index_bytes)

# %% [markdown]
# So a table that gives DPR 1.8 GB and ColBERT 1.2 GB for a million passages compares unlike things at best: float16
# vectors with an HNSW graph (M = 32) against residuals of 1 bit without their centroid numbers. At equal precision
# ColBERT takes 75 · 128 / 768 = 12.5 times as much, as a vector for each token would lead one to expect. ColBERTv2
# (Santhanam et al., 2021, arXiv 2112.01488) stores the number of the nearest centroid (another 4 bytes a token, 0.3 GB
# here) and the residual in 1 or 2 bits for each dimension: its abstract puts the saving at 6 to 10 times.
#
# ## 10 · The experiment: which retriever wins on which query?
#
# Your functions, the real encoder, 92 passages, 48 queries. Six systems: **BM25**; **dense** (one vector a passage);
# **RRF** of these two; **HyDE** (two hypothetical answers and the query); **HQE** (two hypothetical questions for
# each passage); **MaxSim** over the token vectors of the same encoder, which was never trained for it. BM25 returns
# only passages that share a word with the query; lists are cut at 50.
#
# **Predict first.** On the 16 **paraphrase** queries: which of three has the best mean nDCG@10, and which the worst? Put
# `"BM25"`, `"dense"` and `"HyDE"` in order, best first: one point for committing, one for being right. The experiment takes
# about 20 s.

# %% stub="prediction"
prediction = None  # such as ["BM25", "dense", "HyDE"], best first
### BEGIN SOLUTION
prediction = ["HyDE", "dense", "BM25"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# Looks whether a prediction stands in the cell above.
committed(prediction, order_of=["BM25", "dense", "HyDE"])

# %% graded="prediction__right" points=1
# Looks whether it is what the experiment measures.
committed(prediction, order_of=["BM25", "dense", "HyDE"])
### BEGIN HIDDEN TESTS
from course.check import predicted

predicted(prediction, ["HyDE", "dense", "BM25"], "Look at the column of the paraphrases: what shares no word with the "
          "answer, what was trained to do without, and what searches with an answer?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def retrieve(corpus, asked):
    "The ids of the 50 best passages by each system, and MaxSim's score of every passage."
    lexical = corpus.best(bm25_scores(asked.words, corpus.words), above=0)
    dense = corpus.best(corpus.vectors @ asked.vector)
    late = maxsim(asked.tokens.expand(len(corpus.ids), -1, -1), corpus.tokens,
                  asked.mask.expand(len(corpus.ids), -1), corpus.mask)
    return {"BM25": lexical, "dense": dense, "RRF": [d for d, _ in rrf([lexical, dense])],
            "HyDE": corpus.best(corpus.vectors @ hyde_vector(asked.vector, asked.answers)),
            "HQE": [corpus.ids[c] for c in hqe_retrieve(asked.vector, corpus.questions, corpus.chunk_of, 50)],
            "MaxSim": corpus.best(late)}, late


results = advanced_rag.compare(retrieve, ndcg_at_k, mrr_at_k, recall_at_k, prediction=prediction)

# %% [markdown]
# **What to see**, with the reference solution:
#
# | nDCG@10 | identifier | mixed | paraphrase | all 48 | MRR@10, all 48 |
# |---|---|---|---|---|---|
# | BM25 | 0.836 | 0.870 | 0.275 | 0.660 | 0.722 |
# | dense | 0.813 | 0.835 | 0.596 | 0.748 | 0.791 |
# | RRF of the two | 0.912 | 0.902 | 0.429 | 0.748 | 0.816 |
# | HyDE | 0.866 | 0.867 | 0.790 | 0.841 | 0.890 |
# | HQE | 0.815 | 0.807 | 0.562 | 0.728 | 0.773 |
# | MaxSim | 0.909 | 0.908 | 0.718 | 0.845 | 0.906 |
#
# - **Fusion beats each part where both parts have something to say**: on the 32 identifier and mixed queries it is
#   ahead of both. On paraphrases BM25 ranks by accidental words, and a fusion that cannot know this gives its list
#   half of the vote: -0.167 against dense, though on 16 queries the interval of that, in the next cell, reaches 0.
#   Over all queries the two effects cancel in nDCG. How much the fusion loses there hangs on $k$: see the sweep
#   below.
# - **Dense is not lost on identifiers** (0.813, BM25 0.836): most such queries carry other words too. The two fail on
#   different ones; otherwise fusion would not gain.
# - **Question to question did not beat question to passage** here (HQE 0.728, dense 0.748).
# - **MaxSim** is ahead of the single vector on every kind, with an encoder that was never trained for it.
# - **How sure is that?** 48 queries are few. The next cell resamples them: a difference whose interval spans 0 is not
#   a finding. RRF against either part without the paraphrases, and HyDE and MaxSim against dense, are clear of 0; HQE
#   against dense is not.

# %% tags=["experiment"]
def interval(differences, rng):
    "Where 95 % of the means lie when the queries are drawn 10,000 times anew, with replacement."
    n = len(differences)
    return np.quantile(differences[rng.integers(0, n, (10_000, n))].mean(1), (0.025, 0.975))


advanced_rag.differences(results, interval)

# %% [markdown]
# **RRF is sensitive to k.** With $k = 60$ the first place counts 1/61 and the tenth 1/70: both lists have the same
# say, however sure they are. With $k = 1$ first places decide. The next cell sweeps $k$ with your `rrf`, and the
# weight of a convex combination of scores (each list's scores scaled to 0 to 1). A tuned combination often beats RRF
# (Bruch et al. 2022, arXiv 2210.11934); but it must be tuned on judged queries, and 48 are few: the best of twelve
# rows on the same queries flatters itself.

# %% tags=["experiment"]
swept = advanced_rag.sweep(results, rrf, ndcg_at_k)

# %% [markdown]
# **Read the red arrows.** `LM-2042`: no model that has not seen the handbook can know the code, so it invents an
# expired licence and a network timeout, and the search follows. *A service was kicked out because its twin started*:
# the query said it well, and the invented answer talks of ports and sessions. The long blue ones are vague or in the
# wrong vocabulary (*how do we learn from outages without pointing fingers*), and there even an invented answer speaks
# the language of the handbook. It is no law either way: `LM-4023` gained, because its wrong answers happen to sound
# like error messages about a request.
#
# **Take the size of HyDE's gain with a grain of salt.** Passages and hypothetical answers were written by the same
# author, and both in the style of a language model; the answers were written without looking anything up, but an author
# remembers. Here it is an upper estimate.
#
# **And the law of cascades, on real lists**: how much recall does each first stage allow, and how much is left after
# MaxSim has kept 5?

# %% tags=["experiment"]
def two_stages(ranking, late, n):
    "The first n of a ranking, then those 5 of them that MaxSim scores best."
    place = {d: -rank for rank, d in enumerate(ranking)}
    return cascade([lambda ids: [place[d] for d in ids], lambda ids: [late[d] for d in ids]], [n, 5], ranking)


advanced_rag.first_stages(results, two_stages, stage_recall)

# %% tags=["widget"]
advanced_rag.widget()

# %% [markdown]
# **Try**: *LM-2042* with weight 0 (BM25 alone) and 1 (dense alone). *What happens to our stuff when we stop paying*
# at weight 0.5: why does the right passage fall, although dense has it first? Turn $k$ down to 1: what happens to a
# passage that one list has on top?

# %% [markdown]
# ## 11 · Say it
#
# A person reads this answer (in a study group, you do, with the marking scheme). Ten sentences are enough.

# %% [markdown] question="review_a_design"
# **Question (4 points).** You are handed this design for 10 million passages of 75 tokens. "Query expansion 50 ms,
# hybrid search 100 ms, RRF 10 ms, ColBERT rerank 150 ms, cross-encoder on 5 documents 100 ms: 410 ms, so p99 < 500 ms
# holds. The index is 18 GB for the single-vector part (768 x float32), and ColBERT needs less than that. If quality
# is short we put a larger cross-encoder at the end." Review it: what is wrong with the latency argument, with the
# sizes, and with the plan for quality, and what would you measure before you build anything?
#
# === BEGIN MARK SCHEME ===
#
# One point each:
#
# 1. Latency: quantiles of stages do not add up to the quantile of the request (and it is not said which quantile the
#    numbers are); encoding of the query and generation are missing, or the answer asks to measure the request end to
#    end. One of the two named and explained is enough.
# 2. Sizes: 10M x 768 x 4 bytes = 30.7 GB, not 18; late interaction has a vector per token, so 10M x 75 x 128 x 2 bytes
#    = 192 GB in float16 or about 24 GB at 2 bits for each dimension (27 GB with centroid ids). Both parts with the
#    right order of magnitude. An answer that says ColBERT can be smaller only when compressed to 1 or 2 bits, against
#    single vectors left as they are, is right too.
# 3. Quality: a reranker only reorders; recall of the first stage bounds everything. A cross-encoder on 5 documents
#    can do very little: give it more candidates or mend the first stage.
# 4. A measurement plan: judged queries split by kind, recall@k of the first stage, nDCG or MRR after each stage,
#    p50/p99 of the whole request under load (with caches cold), cost per query. At least recall of the first stage
#    and an end-to-end latency must be there.
#
# === END MARK SCHEME ===

# %% [markdown] written="review_a_design" points=4
# ### BEGIN SOLUTION
# The latency argument adds numbers of stages as if quantiles were additive. If they are medians, the sum says nothing
# about p99; if they are p99s, the sum is too high for independent stages with smooth tails, about right if they are
# slow together, and too low if each hangs rarely. The encoding of the query and the generator's time are missing, and
# RRF of a few hundred ids takes well under a millisecond, so nobody has measured this. The sizes are wrong: 10 million
# times 768 times 4 bytes are 30.7 GB. ColBERT keeps a vector for each token, 10 million times 75 times 128 times 2
# bytes are 192 GB in float16, and about 24 GB at 2 bits for each dimension, so it needs compression or has to be
# computed for the candidates only. A larger cross-encoder at the end reorders five documents; whatever the first stage
# did not return is lost, since recall never rises along a cascade. I would measure recall@200 of BM25, dense and their
# fusion on judged queries, by kind of query, then nDCG@10 after each stage against candidates per stage, and p50 and
# p99 of whole requests under realistic load. If recall@200 is low, I mend chunking, encoder or analyser first. If it is
# high, I move budget from the expansion to more candidates for the reranker.
# ### END SOLUTION

# %% [markdown] card="20.1" level="basic"
# <details><summary>What is HyDE (Hypothetical Document Embeddings)?</summary>
#
# A language model writes one or several hypothetical answers to the query; their vectors **and the query's** are
# averaged, and the mean is searched with (Gao et al., 2022). It moves the search from "looks like the question" to
# "looks like an answer". The answer may be wrong in details: what counts is that it lands near real answers, and the
# encoder drops much of the detail. Price: one LLM call on the critical path of every query. The headline gains are over
# an unsupervised encoder; with a supervised one measure first.
#
# </details>

# %% [markdown] card="20.2" level="basic"
# <details><summary>What is HQE (hypothetical question embedding)?</summary>
#
# At index time a language model writes questions that each chunk answers; their vectors point to the chunk. At query
# time question meets question. A chunk scores by its best question, and results are counted in chunks. No LLM call
# per query, several vectors for each chunk, regeneration when chunks change. It can only find what somebody thought
# of asking. As early as 2019 doc2query did this for BM25. That question-question always beats question-passage is not
# so: an encoder trained on question-passage pairs may prefer the latter.
#
# </details>

# %% [markdown] card="20.3" level="basic"
# <details><summary>HyDE or HQE: what is the difference, and when do you take which?</summary>
#
# HyDE makes up answers online: cost per query, latency of an LLM call, no change of the index, helps where users'
# words are vague or foreign to the corpus. HQE makes up questions offline: cost per chunk, a larger index, no
# latency, good for corpora like a list of frequent questions, whose questions can be foreseen, poor for corpora that
# change hourly or for rare questions. Both are query-document gap fillers and compete with a better encoder or a
# reranker: compare them with those, at equal cost.
#
# </details>

# %% [markdown] card="20.4" level="medium"
# <details><summary>What is late interaction (ColBERT), and what is wrong with the usual snippet?</summary>
#
# One vector per token; the score is the sum over query tokens of the largest cosine with any document token.
# Documents are encoded in advance, as in a bi-encoder, and matching is per token, as in a cross-encoder but without
# attention between the two. Cost per scored document $n_q n_d d$, bilinear. The price is the index: a vector per
# token, which ColBERTv2 compresses to a centroid number and 1 or 2 bits per dimension, with an engine of its own for
# the search (Santhanam et al., 2022) searches by centroids first, up to 7 times faster on GPU and 45 times on CPU
# than plain ColBERTv2. The usual snippet forgets to normalise (dot product, not cosine), to mask document padding
# with $-\infty$ before the maximum, and to leave query padding out of the sum. It is not "better for long documents":
# ColBERT truncates them.
#
# </details>

# %% [markdown] card="20.5" level="medium"
# <details><summary>ColBERT, bi-encoder or cross-encoder?</summary>
#
# **Bi-encoder**: one vector each, nearest-neighbour search over everything, cheapest, one comparison decides. **Late
# interaction**: vectors per token, more exact, explains itself, index larger by an order of magnitude before
# compression; works as reranker and, with an engine for it, as retriever. **Cross-encoder**: query and passage
# go through the model together, most exact, nothing can be prepared, one forward pass per pair, so only for tens to a
# few hundred candidates. They are stages: bi-encoder (with BM25) → late interaction → cross-encoder. Compare
# published numbers only within one benchmark and metric: MS MARCO has MRR@10, BEIR has nDCG@10.
#
# </details>

# %% [markdown] card="20.6" level="medium"
# <details><summary>What is GraphRAG, and when is it worth its price?</summary>
#
# Microsoft's GraphRAG (Edge et al., 2024, arXiv 2404.16130): an LLM extracts entities and relations from chunks, the
# graph is split into hierarchical communities (Leiden), an LLM writes a summary of each. **Global search** is a
# map-reduce over community summaries: partial answers, rated, merged. No graph traversal. **Local search** starts
# from entities near the query and collects their neighbourhood. Its evaluated strength is questions about the whole
# corpus ("what are the main themes?"), which no single chunk answers. That it wins at multi-hop questions is often
# claimed and not a given: there are comparisons in which plain RAG is ahead. Price: LLM calls over the whole corpus
# at indexing, again as it changes. For single facts vector search with a reranker is cheaper.
#
# </details>

# %% [markdown] card="20.7" level="medium"
# <details><summary>Which reranking strategies are there?</summary>
#
# **Cross-encoder**: the usual choice for 20 to 200 candidates. **Late interaction**: cheaper, token vectors stored.
# **LLM**: pointwise ("rate from 1 to 10") is simple and weak, with many ties and poor calibration; the logit of "yes"
# is finer; pairwise and listwise (order these 20, sliding window) work better and need care for position bias.
# **Cascade** of these, cheap to expensive. All of them only reorder: check the recall of the candidates before you tune
# the reranker, and put its cost down as candidates times cost per candidate.
#
# </details>

# %% [markdown] card="20.8" level="killer"
# <details><summary>Design RAG for 10 million documents with answers in under 500 ms.</summary>
#
# **Ask first**: 500 ms to the first token or to the full answer? Generation alone can take more than that. Queries
# per second, update rate, access rights, language, and what a wrong answer costs. **Size**: 10M x 768 float32 are
# 30.7 GB, product quantisation with 64 bytes 0.64 GB, the HNSW graph with M = 32 adds 2.6 GB; one vector per token
# (75 x 128 at 2 bits) 24 GB. With several chunks per document multiply. **Pipeline**: encode the query (once, cached)
# → BM25 and an approximate vector index in parallel, 200 each, filters inside the search → RRF (well under a
# millisecond) → reranker on 50 in one batch on a GPU → 5 to 8 passages. **Budget**: measure p99 of the whole, with
# timeouts per stage and a way to go on without the reranker; p99s do not add up. **Quality**: judged queries, recall
# of the 50 fused candidates as the reranker's bound (and recall@200 of each list before it), nDCG@10 after reranking,
# by kind of query; recall of the index itself against exact search, as product quantisation and HNSW lose some.
# **Operations**: exact-match route for identifiers, index versioned with its encoder, re-embedding planned, result
# cache keyed by rights. An embedding costs next to nothing against the LLM call.
#
# </details>

# %% [markdown] card="20.9" level="killer"
# <details><summary>When does HyDE help, and when does it hurt?</summary>
#
# It **helps** when the query is short, vague or in another vocabulary than the documents, the model knows the field,
# and the encoder is weak at question-answer matching. It **hurts** when the query is an identifier or a product name
# the model cannot know, when it is well formed already, when facts change (a made-up share price of 150 pulls in old
# documents about 150), in fields where a fluent wrong answer points to the wrong passage (medicine, law), and when
# latency matters. **Guard it**: keep the query in the mean, several samples, fuse with BM25, route (identifiers skip
# HyDE), show the made-up text to nobody and never cite it. In our experiment it was better on 21, worse on 6 of 48
# queries.
#
# </details>
