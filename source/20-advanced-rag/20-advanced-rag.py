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
# - What does an approximate index give away for its speed, what does a filter do to it, and where do SPLADE,
#   cross-encoders, contextual chunks and query rewriting stand?
#
# You build nine exercises of at most 20 lines each; the last puts them together into a search that answers questions on
# a handbook. It takes about four hours, two evenings; the end of part 6 is a good place to stop. It builds on section
# 03-rag-pipeline (what RAG is, embeddings, chunks); a refresher is in the text.
#
# Everything is measured on a knowledge base of 92 passages with 48 judged queries that was written for this course,
# and on a real embedding model (all-MiniLM-L6-v2) that runs on your CPU. Nothing is downloaded.

# %% [markdown] house_rules

# %% [markdown]
# **Letters** used everywhere: N documents, M questions, B pairs, D the width of a vector ($d$ in formulas of cost), $n_q$
# and $n_d$ tokens of a query and of a document; $q$ a query, $d$ a document. $k$ is two things, as everywhere in the
# field: the cut of a metric (nDCG@k) and the constant of rank fusion. **Units:** scores have none; sizes are in bytes, 1 GB
# is $10^9$ bytes; 1 µs (`us` where it is printed) is $10^{-6}$ s. Ranks begin with 1, ids and rows with 0.

# %% setup
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, unchanged
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
# such pieces. If the two fail on different queries, both together find more than each: that is the whole hope of hybrid
# search, and part 11 measures it.
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
# <details><summary>Hint 3: the step that people miss</summary>
#
# A document without the term adds nothing: leave it out, rather than compute 0 / 0 for one that is empty. Two counts look
# alike and are not: $|d|$ counts every token, $n_t$ counts a document once however often it has the term. And the mean
# length is taken over all $N$ documents, the empty ones too.
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
    n = {t: sum(1 for d in docs if t in d) for t in query}
    total = []
    for d in docs:
        parts = [0.0]
        for t in query:
            f = sum(1 for w in d if w == t)
            if f:
                parts.append(
                    math.log((len(docs) + 1) / (n[t] + 0.5)) * f * (k1 + 1) / (f + k1 * (1 - b + b * len(d) / mean))
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
rng = np.random.default_rng(77)
docs = [[f"w{i}" for i in rng.integers(0, 40, n)] for n in rng.integers(0, 90, 307)]
query = [f"w{i}" for i in rng.integers(0, 45, 9)]
check(
    bm25_scores,
    query,
    docs,
    want=by_definition(query, docs, 1.5, 0.75),
    why="307 documents, a query of nine terms",
    rtol=1e-6,
    atol=1e-6,
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
for query, n in [(["cat"], 2), (["LM-2041"], 1), (["ca"], 0), (["LM"], 0), (["2041"], 0)]:
    hit = math.log(1 + (3 - n + 0.5) / (n + 0.5)) * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 2 * 3 / 7))
    got = np.asarray(bm25_scores(query, docs), dtype=np.float64)
    expect(
        got,
        np.array([hit if query[0] in d else 0.0 for d in docs]),
        on=f"bm25_scores({query}, {docs})",
        rtol=1e-6,
        atol=1e-6,
        why="terms are compared whole and as they are: 'cat' is not in 'cats', 'LM-2041' is neither 'lm-2041' nor 'LM'",
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
words = ("c", "c++", ".net", "net", "drain_timeout_ms_default", "drain_timeout_ms_maximum")
docs = (("c++",) * 30 + ("x",), ("c", "net"), (".net", "drain_timeout_ms_default"), ("drain_timeout_ms_maximum",), ("x", "c"))
for term in words:
    n = sum(term in d for d in docs)
    hit = [math.log(1 + (5.5 - n) / (n + 0.5)) * d.count(term) * 2.5 / (d.count(term) + 1.5 * (0.25 + 0.75 * len(d) * 5 / 38))
           for d in docs]
    got = np.asarray(bm25_scores((term, "nowhere"), docs), dtype=np.float64)
    expect(
        got,
        np.array(hit),
        on=f"bm25_scores(({term!r}, 'nowhere'), {docs})",
        rtol=1e-6,
        atol=1e-6,
        why="every term is compared whole: one letter, punctuation and long names too; tuples are documents, and thirty "
        "occurrences are thirty",
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
# - `ranking`: ids, best first, each at most once, as a list or tuple; may be shorter than k
# - `qrels`: id -> grade, an int >= 0; ids that are not listed have grade 0
#
# `recall_at_k`: share of all relevant documents (grade > 0) that are among the first k; 0.0 if nothing is relevant.
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
# <details><summary>Hint 3: the step that people miss</summary>
#
# The best possible ranking is made from the judgements alone: all grades, sorted, cut at the same $k$, whether they were
# found or not. So it is this number, not what was found, that decides whether the answer is 0.0 by definition.
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
check(mrr_at_k, list(range(500)), {321: 2, 400: 1}, 450, want=1 / 322, why="k = 450: rank 322 counts")
check(mrr_at_k, [7, 0, 3], {0: 1, 3: 2}, want=1 / 2, why="0 is an id like any other")
check(mrr_at_k, ("x", "a"), {"a": 1}, want=1 / 2, why="the ranking may be a tuple")
check(mrr_at_k, list(range(20)), {7: 1}, want=1 / 8, why="k is 10 unless told otherwise: rank 8 counts")
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
check(recall_at_k, list(range(500)), {0: 1, 150: 1, 321: 2, 480: 1}, 450, want=0.75, why="0 is an id, and k = 450")
check(recall_at_k, ("x", "a"), {"a": 1, "b": 1}, want=0.5, why="the ranking may be a tuple")
check(recall_at_k, list(range(30)), {3: 1, 7: 1, 9: 2, 99: 1}, want=0.75, why="k is 10 unless told otherwise: rank 10 counts")
check(recall_at_k, [], {"a": 1}, want=0.0, why="nothing was retrieved")
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
far = {7: 2, 150: 1, 321: 3}
check(
    ndcg_at_k,
    list(range(500)),
    far,
    450,
    want=(3 / math.log2(9) + 1 / math.log2(152) + 7 / math.log2(323)) / discounted([7, 3, 1]),
    why="k = 450: ranks 8, 151 and 322 count",
)
check(ndcg_at_k, ("x", "a"), {"a": 1}, want=1 / math.log2(3), why="the ranking may be a tuple")
check(ndcg_at_k, [4, 0], {0: 3, 4: 1}, want=discounted([1, 7]) / discounted([7, 1]), why="0 is an id like any other")
check(
    ndcg_at_k,
    ["a", "b", "c"],
    {"a": 4, "b": 9, "c": 6, "d": 5},
    3,
    want=discounted([15, 511, 63]) / discounted([511, 63, 31]),
    why="grades may be larger than 3",
)
for nothing in ([], ()):
    check(ndcg_at_k, nothing, {"a": 2, "b": 1}, want=0.0, why="nothing was retrieved")
check(
    ndcg_at_k,
    ["a", "b"],
    {"a": 31, "b": 40},
    want=discounted([2**31 - 1, 2**40 - 1]) / discounted([2**40 - 1, 2**31 - 1]),
    why="a grade is any int: gains can be larger than 32 bits",
)
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
# **The catch:** fusion is a hedge. It can pay where the lists fail on different queries, and costs where one of them is
# noise: it does not know which. How much, and what $k$ has to do with it, is measured in part 11.
#
# ### Exercise 20.3 · rrf
#
# Reciprocal rank fusion of any number of rankings.
#
# - `rankings`: lists or tuples of ids, best first; they may differ in length and content. Where an id stands twice in
#   one of them, its first place counts and the others are dropped before ranks are given: a, a, b has ranks a = 1, b = 2.
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
# <details><summary>Hint 3: the step that people miss</summary>
#
# Drop repeats **before** ranks are given. And the sort falls in one key and rises in the other: reversing it as a whole
# turns the ids round too. `topn` is cut off last, and 0 is not None.
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
check(rrf, (("b", "a"), ["a"]), want=[("a", 1 / 62 + 1 / 61), ("b", 1 / 61)], why="rankings may be tuples")
check(
    rrf,
    [list(range(70)), list(range(69, -1, -1))][:1],
    want=[(i, 1 / (61 + i)) for i in range(70)],
    why="one list alone keeps its order and all of its documents",
)
long = [[int(d) for d in np.random.default_rng(5 + i).permutation(900)[: 620 + 31 * i]] for i in range(3)]
for k in (60, 3.5):
    want = {}
    for ranking in long:
        for rank, doc in enumerate(ranking, 1):
            want[doc] = want.get(doc, 0.0) + 1 / (k + rank)
    got = rrf(long, k)
    expect(len(got), len(want), on="the length of rrf of three lists of 620 to 682 ids", why="every id comes back")
    expect(
        {doc: score for doc, score in got},
        want,
        on="rrf of three lists of 620 to 682 ids",
        why="the last place of a long list counts too",
    )
    assert all(a >= b for (_, a), (_, b) in zip(got, got[1:])), "expected the largest score first, also of 900 ids"
check(rrf, [[0, 5], [5, 0, 7]], want=[(0, 1 / 61 + 1 / 62), (5, 1 / 61 + 1 / 62), (7, 1 / 63)], why="0 is an id")
twelve = [[f"d{(i * j) % 13:02d}" for j in range(1, 9)] for i in range(1, 13)]
want = {doc: math.fsum(1 / (61 + r.index(doc)) for r in twelve if doc in r) for doc in {d for r in twelve for d in r}}
expect({doc: score for doc, score in rrf(twelve)}, want, on=f"rrf({twelve})", why="all twelve lists have a vote")
near = [list(range(1, 215)), list(range(301, 515))]
near[0][190], near[0][200], near[1][213], near[1][202] = 0, 999, 0, 999
got = [pair for pair in rrf(near) if pair[0] in (0, 999)]
want = [(999, 1 / 261 + 1 / 263), (0, 1 / 251 + 1 / 274)]
expect([tuple(pair) for pair in got], want, on="ids 0 and 999 in rrf of two lists of 214 ids: ranks 191 and 214, 201 and 203",
       why="1/261 + 1/263 is larger than 1/251 + 1/274 by 2e-10: no tie, in float64")
deep = rrf([[f"d{i}" for i in range(2300)], ["d2299", "d2200"]])
expect(
    {d: s for d, s in deep if d in ("d1500", "d2200", "d2299")},
    {"d1500": 1 / 1561, "d2200": 1 / 2261 + 1 / 62, "d2299": 1 / 2360 + 1 / 61},
    on="three ids in rrf of a list of 2,300 and a list of 2",
    why="rank 2,300 has a vote too",
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
# - Returns a new tensor of q_vec's dtype, with memory of its own. Half precision (float16, bfloat16): compute in
#   float32. A mean of length 0 is not asked for.
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
# <details><summary>Hint 3: the step that people miss</summary>
#
# Widen before the first addition, come back to the dtype once, at the end: the length of a mean in float16 can overflow
# where the mean does not. Without documents and without scaling the answer equals the query, and must still be a tensor
# of its own.
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
wide = torch.randn(211, 384, generator=g, dtype=torch.float64)
for normalise in (True, False):
    mean = wide.sum(0) / 211
    check(
        hyde_vector,
        wide[0],
        wide[1:],
        normalise=normalise,
        want=mean / mean.pow(2).sum().sqrt() if normalise else mean,
        why="210 documents of width 384, in float64",
        rtol=1e-5,
        atol=1e-6,
    )
check(hyde_vector, torch.tensor([2.0]), torch.tensor([[4.0]]), normalise=False, want=torch.tensor([3.0]), why="width 1")
for rows in ([[0.0, 3.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 6.0]], [[0.0, 6.0], [3.0, 0.0]]):
    q, rows = torch.tensor([3.0, 0.0]), torch.tensor(rows)
    check(
        hyde_vector,
        q,
        rows,
        normalise=False,
        want=(q + rows[0] + rows[1]) / 3,
        why="every vector has its vote: equal ones, a zero vector and one that equals the query too",
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
for scale in (1.0, 0.01):
    check(
        hyde_vector,
        *(scale * x for x in short),
        want=torch.tensor([0.6, 0.8]),
        why="a short mean is scaled up to length 1, and by nothing but its length",
        rtol=1e-4,
        atol=1e-5,
    )
def by_rows(q, hyp, include_query=True, normalise=True):
    mean = sum(([q] if include_query else []) + list(hyp)) / (len(hyp) + include_query)
    return mean / mean.pow(2).sum().sqrt() if normalise else mean


for include in (True, False):
    for normalise in (True, False):
        q, hyp = torch.randn(24, generator=g) + 1, 3 * torch.randn(13, 24, generator=g) + 1
        precise(hyde_vector, q, hyp, oracle=by_rows, eps=0.55, include_query=include, normalise=normalise)
for nearly in (1.01, 0.997, 1.0005):
    q = torch.tensor([0.6, -0.8]) * nearly
    check(hyde_vector, q, q[None] * 1.0, want=torch.tensor([0.6, -0.8]), why=f"a mean of length {nearly} is scaled too")
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
# Looks at the vectors afterwards, and at the memory of the answer.
q, hyp = torch.tensor([1.0, 2.0, 2.0]), torch.tensor([[3.0, 0.0, 0.0], [-1.0, 1.0, 4.0]])
unchanged(hyde_vector, q, hyp, True, False, want=torch.tensor([1.0, 1.0, 2.0]))
unchanged(hyde_vector, q, hyp, False, False, want=torch.tensor([1.0, 0.5, 2.0]))
unchanged(hyde_vector, q, torch.zeros(0, 3), want=torch.tensor([1 / 3, 2 / 3, 2 / 3]))
fresh(hyde_vector, q, torch.zeros(0, 3), True, False, want=torch.tensor([1.0, 2.0, 2.0]), why="a new tensor was promised")
### BEGIN HIDDEN TESTS
one = torch.tensor([[0.6, 0.0, 0.8]])
for dtype in (torch.float64, torch.float32, torch.float16):
    for normalise in (True, False):
        fresh(hyde_vector, q.to(dtype), one.to(dtype), False, normalise, want=one[0].to(dtype), rtol=2e-3,
              why="a new tensor was promised")
        fresh(hyde_vector, one[0].to(dtype), one[:0].to(dtype), False, normalise, want=one[0].to(dtype), rtol=2e-3,
              why="a new tensor was promised")
fresh(hyde_vector, one[0], one, want=one[0], why="a new tensor was promised")
### END HIDDEN TESTS

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
# - `query_vec`: vector of the query, of length 1, in float32 or float64
# - `question_vecs`: vectors of the M questions, of length 1; similarity is the dot product
# - `chunk_of`: for each question the id of its chunk; ids are any ints, a chunk has one question or many, in any
#   order
# - `k`: >= 1; where there are fewer chunks, all of them come back
# - A chunk scores the maximum over its questions, whatever its sign. Every id comes at most once. The order of exact
#   ties is free.
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
# <details><summary>Hint 3: the step that people miss</summary>
#
# First one score for each chunk, over all M questions; cut at k last. No number of extra questions, 2k or 5k, is enough:
# one chunk may own them all. And 0 is an id like any other, 0.0 a score like any other: ask whether a chunk is *there*,
# not whether its value is true.
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
# One chunk owns far more of the best questions than any multiple of k.
angles = torch.cat([torch.linspace(1, 40, 400), torch.tensor([50.0, 60.0, 70.0])]).deg2rad()
vecs = torch.stack([angles.cos(), angles.sin()], dim=1)
check(hqe_retrieve, q, vecs, [8] * 400 + [3, 11, 5], 3, want=[8, 3, 11], why="one chunk owns the 400 best questions")
check(hqe_retrieve, q, vecs, [8] * 400 + [3, 11, 5], 2, want=[8, 3], why="one chunk owns the 400 best questions")
check(
    hqe_retrieve,
    q,
    vecs.flip(0),
    [5, 11, 3] + [i % 7 + 20 for i in range(400)],
    9,
    want=[(399 - i) % 7 + 20 for i in range(7)] + [3, 11],
    why="seven chunks share the 400 best questions",
)
check(hqe_retrieve, q, vecs[[0, 80, 200, 320]], [4, 0, 4, 9], 3, want=[4, 0, 9], why="0 is an id like any other")
check(hqe_retrieve, q, vecs[[0, 80]], [0, 0], 2, want=[0], why="0 is an id like any other")
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
cross = torch.tensor([[0.0, 1.0], [-0.6, 0.8], [-0.28, 0.96], [-1.0, 0.0]])
check(
    hqe_retrieve,
    q,
    cross,
    [6, 6, 2, 9],
    3,
    want=[6, 2, 9],
    why="the best of chunk 6 is exactly 0.0, which is more than -0.28",
    mistakes={"a best score of 0.0 is taken for none at all, and the next question replaces it": [2, 6, 9]},
)
check(hqe_retrieve, q, cross[[3, 0, 1]], [1, 7, 1], 1, want=[7], why="0.0 is more than every negative similarity")
g = torch.Generator().manual_seed(99)
table = F.normalize(torch.randn(9, 150, generator=g, dtype=torch.float64), dim=0)
query = F.normalize(torch.randn(9, generator=g, dtype=torch.float64), dim=0)
owners = [(7 * i) % 31 for i in range(150)]
sims = (query[:, None] * table).sum(0).tolist()
best = {c: max(s for s, o in zip(sims, owners) if o == c) for c in owners}
check(
    hqe_retrieve,
    query,
    table.T,
    tuple(owners),
    25,
    want=sorted(best, key=lambda c: -best[c])[:25],
    why="31 chunks, float64, vectors that are a transposed view, owners as a tuple",
)
far = [2**40, -(2**40), 7, 2**40 + 2**32, 2**33]
angles = torch.tensor([50.0, 20.0, 70.0, 80.0, 35.0]).deg2rad()
check(
    hqe_retrieve,
    q,
    torch.stack([angles.cos(), angles.sin()], dim=1),
    far,
    5,
    want=[-(2**40), 2**33, 2**40, 7, 2**40 + 2**32],
    why="ids are any ints, far beyond 32 bits too",
)
close = torch.tensor([0.8, 0.8000004, 0.8000008])
close = torch.stack([close, (1 - close.double() ** 2).sqrt().float()], dim=1)
check(hqe_retrieve, q, close, [3, 1, 2], 3, want=[2, 1, 3], why="similarities that differ by 4e-7 are different in float32")
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
# - `Q, D`: token vectors of any length from 1e-7 up; a real token may also be a zero vector, which has similarity 0 with
#   everything
# - `q_mask, d_mask`: True = real token, and nothing but the mask says so; padding may stand anywhere and hold any
#   finite numbers
# - A query token that is padding adds nothing, so a query of padding alone scores 0. A document without any real token
#   scores -inf (for a query that has one).
# - Returns B scores in the dtype of Q. Half precision (float16, bfloat16): compute in float32.
# - Fast: operations on the whole batch, no loop over pairs. Do not write out B x nq x nd x d numbers on the way.
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
# <details><summary>Hint 3: the step that people miss</summary>
#
# The masks alone say what is padding: a real token whose vector is zero is no padding. Where padding goes, numbers are
# *replaced*, before the maximum by one value and after it by another; multiplying fails, since $0 \cdot (-\infty)$ is
# NaN.
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
        check(
            maxsim,
            Q.to(dtype) * 1e-3,
            D.to(dtype) * 1e-3,
            *everything,
            want=by_loops(Q, D, *everything).to(dtype),
            rtol=5e-3,
            atol=5e-3,
            why="the length of a vector does not matter, however short it is",
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
check(
    maxsim,
    torch.tensor([[[1.0, 0.0]], [[0.0, 2.0]]]),
    torch.tensor([[[-1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.6, -0.8]]]),
    torch.ones(2, 1, dtype=torch.bool),
    torch.ones(2, 2, dtype=torch.bool),
    want=torch.tensor([0.0, 0.0]),
    why="a real token whose vector is zero has similarity 0, and 0 is more than every negative cosine",
    mistakes={"a zero vector was taken for padding, although the mask says that it is real": torch.tensor([-1.0, -0.8])},
)
check(
    maxsim,
    torch.tensor([[[0.0, 0.0], [1.0, 0.0]]]),
    torch.zeros(1, 3, 2),
    torch.ones(1, 2, dtype=torch.bool),
    torch.ones(1, 3, dtype=torch.bool),
    want=torch.tensor([0.0]),
    why="a document of zero vectors has real tokens: it scores 0, not -inf",
)
g = torch.Generator().manual_seed(41)
Q, D = torch.randn(37, 35, 19, generator=g), torch.randn(37, 150, 19, generator=g)
yes = torch.ones(37, 35, dtype=torch.bool), torch.ones(37, 150, dtype=torch.bool)
check(
    maxsim,
    Q,
    D,
    *yes,
    want=torch.einsum("bqd,bnd->bqn", F.normalize(Q.double(), dim=-1), F.normalize(D.double(), dim=-1))
    .amax(-1)
    .sum(-1)
    .float(),
    why="37 pairs of 35 and 150 tokens",
    rtol=2e-5,
)
short = torch.tensor([[[3e-7, 0.0], [0.0, 2e-7]]]), torch.tensor([[[3e-7, 4e-7], [0.0, -5e-7]]])
yes = torch.ones(1, 2, dtype=torch.bool)
for dtype in (torch.float32, torch.float64):
    check(
        maxsim,
        *(x.to(dtype) for x in short),
        yes,
        yes,
        want=torch.tensor([1.4], dtype=dtype),
        why="the length of a vector does not matter, down to 1e-7",
        rtol=1e-4,
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
nothing, real = torch.zeros(B, nq, dtype=torch.bool), torch.ones(B, nd, dtype=torch.bool)
for there in (real, ~real):
    check(maxsim, Q, D, nothing, there, want=torch.zeros(B), why="a query of padding alone: the sum over nothing is 0")
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
Q, D = torch.tensor([[[0.0, 0.0], [3.0, 1.0]]] * 2), torch.tensor([[[1.0, 2.0]], [[1.0, 3.0]]])
check(
    maxsim,
    Q,
    D,
    torch.tensor([[True, False]] * 2),
    torch.tensor([[False], [True]]),
    want=torch.tensor([-torch.inf, 0.0]),
    why="a real token whose vector is zero is a real token: a document without one scores -inf for it",
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
def looped(Q, D, q_mask, d_mask):
    cos = F.cosine_similarity(Q[:, :, None], D[:, None], dim=-1).masked_fill(~d_mask[:, None], -torch.inf)
    return torch.where(q_mask, cos.amax(-1), 0.0).sum(-1)


Q, D = torch.randn(5, 41, 24, generator=g), torch.randn(5, 70, 24, generator=g)
masks = torch.rand(5, 41, generator=g) < 0.9, torch.rand(5, 70, generator=g) < 0.8
precise(maxsim, Q, D, *masks, oracle=looped)
### END HIDDEN TESTS

# %% graded="maxsim__inplace" points=1
# Looks at the tensors afterwards.
Q, D = torch.tensor([[[3.0, 0.0], [2.0, 2.0]]]), torch.tensor([[[0.0, 5.0], [4.0, 4.0], [6.0, 8.0]]])
unchanged(
    maxsim, Q, D, torch.tensor([[True, False]]), torch.tensor([[True, True, False]]), want=torch.tensor([0.5**0.5])
)

# %% graded="maxsim__speed" points=2 tags=["timed", "gpu"]
# Looks at the time on many short documents; on the GPU, where the judge has one.
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
''', limit=5.0, gpu_limit=8.0)
### END HIDDEN TESTS

# %% tags=["picture"]
advanced_rag.token_by_token(maxsim)

# %% [markdown]
# The score comes with its own explanation: which token of the query was satisfied, and by how much. Two limits to know.
# The sum has no weights such as idf: every query token can add at most 1, filler as much as the word that matters.
# (Look at the columns of filler in the picture: they differ little from row to row, which limits the harm.) And where it
# helps, it is by matching tokens, not by a better view of long documents: ColBERT truncates those.
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
# - `score_fns`: each takes a list of ids and gives one score for each, in that order, as a list or an array; larger is
#   better. Scores are any real numbers or −inf: cosines, for one, which differ behind the point only
# - `keep`: as many numbers as stages, each >= 1; a stage with fewer candidates keeps all of them
# - `ids`: the candidates of the first stage, all different; any sequence, an empty one too. Nothing says that two ids can be
#   compared
# - A stage asks only for scores of what the stage before let through: that is where the saving is.
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
# <details><summary>Hint 3: the step that people miss</summary>
#
# The second function gets the survivors, so its third score belongs to the third *survivor*, not to the third id of the
# corpus: tie each score to its id before you sort. And leave scores as they are: cosines all lie between −1 and 1, and
# whoever rounds them has ties only.
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
cosines = {i: float(c) for i, c in enumerate(np.random.default_rng(9).permutation(700) / 1000 - 0.31)}
order = sorted(cosines, key=lambda i: -cosines[i])
expect(
    cascade(
        [lambda ids: [cosines[i] for i in ids], lambda ids: [-0.02 * cosines[i] - 5 for i in ids]],
        [450, 130],
        list(range(700)),
    ),
    [order[:450], order[449:319:-1]],
    on="cascade of 700 ids, with cosines between -0.31 and 0.39 as scores",
    why="scores are compared as they are: two that differ behind the point are different",
)
expect(
    cascade([lambda ids: [{0: 0.0, 3: -torch.inf, 5: -0.4, 8: 0.3}[i] for i in ids]], [4], [3, 0, 5, 8]),
    [[8, 0, 5, 3]],
    on="cascade of ids 3, 0, 5, 8 with scores -inf, 0.0, -0.4 and 0.3",
    why="0 is an id, 0.0 and -inf are scores: all four are kept, best first",
)
expect(
    cascade([small, large, small], [3, 1, 1], [5, 1, 4, 2]),
    [[1, 2, 4], [4], [4]],
    on="cascade([small, large, small], [3, 1, 1], [5, 1, 4, 2])",
    why="every stage has its survivors, also one that has a single candidate",
)
expect(
    [list(stage) for stage in cascade([small, large], [3, 1], [])],
    [[], []],
    on="cascade([small, large], [3, 1], [])",
    why="no candidates, no survivors, in every stage",
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
for table in ({1: 0.5, 2: 0.25, 3: 0.75}, {1: 0.5, 2: 1.0, 3: -1.0}):
    expect(
        cascade([lambda ids: [table[i] for i in ids], lambda ids: [-table[i] for i in ids]], [3, 1], [1, 2, 3]),
        [sorted(table, key=lambda i: -table[i]), [min(table, key=table.get)]],
        on=f"cascade([score, minus score], [3, 1], [1, 2, 3]) with scores {table}",
        why="every stage of every call asks its own function",
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
mixed = [3, "b", None, 2.5]
((*got,),) = cascade([lambda ids: [0.5 for _ in ids]], [3], mixed)
assert len(got) == 3 and all(got.count(i) <= 1 for i in mixed) and all(i in mixed for i in got), (
    f"expected three of the ids {mixed}, which have equal scores, got {got}"
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
check(stage_recall, [[0, 1], [0]], [0, 5], want=[0.5, 0.5], why="0 is an id like any other")
check(stage_recall, [list(range(400)), list(range(150, 300))], list(range(100, 350)), want=[1.0, 0.6], why="shares of 250")
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
# **Latency does not add up the way cost does.** A popular design sheet adds the p99 of its stages (the time that 99 %
# of calls stay below) and calls the sum the p99 of the request. Quantiles do not add. The picture draws four
# independent stages with a median of 100 ms each and long (log-normal, $\sigma = 0.6$) tails: the sum of the four p99
# is 1.62 s, the p99 of the sum is 0.97 s; the sum of medians is 0.40 s, the median of the sum 0.45 s. Stages that are
# slow **together** (one overloaded host) come close to the sum. And the sum is no upper bound: if each of four stages
# hangs in 0.9 % of its calls, independently, no p99 shows it, and 3.6 % of all requests hang. So measure the whole
# request. And count what such sheets forget: encoding the query, and the generator itself.

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
# `index_bytes`: bytes that the vectors of an index take: codes only, no codebooks, no ids, no graph.
#
# - `n, d`: documents, and numbers in a vector
# - `dtype`: "float32", "float16" or "int8"; not used when pq_m is given
# - `pq_m, nbits`: product quantisation: pq_m codes of nbits bits for each vector, packed; pq_m * nbits is a multiple
#   of 8; without pq_m, nbits is not used
# - `tokens_per_doc`: vectors for each document: 1 for a bi-encoder, the number of tokens for late interaction
# - Returns bytes, not GB and not bits: a whole number.
#
# `choose_layout`: the layout to build when memory is given: the one with the highest recall among those that fit.
#
# - `layouts`: (name, options, recall) each: options are keyword arguments of `index_bytes` other than n (always with d),
#   recall is what was measured with it
# - `n`: documents; `budget`: bytes for the codes; a layout that takes exactly the budget fits
# - Of equal recall the one with fewer bytes, of equal bytes too the one that stands first. None where nothing fits.
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


def choose_layout(layouts: Sequence[tuple[str, dict, float]], n: int, budget: int) -> str | None:
    """The name of the layout with the highest recall among those that fit into budget bytes, or None.

    >>> choose_layout([("plain", dict(d=768), 0.99), ("small", dict(d=768, pq_m=64), 0.91)], 10**7, 8 * 10**9)
    'small'
    """
    ### BEGIN SOLUTION
    sized = [(recall, -index_bytes(n, **options), name) for name, options, recall in layouts]
    fitting = [row for row in sized if -row[1] <= budget]
    return max(fitting, key=lambda row: row[:2])[2] if fitting else None
    ### END SOLUTION
    raise NotImplementedError("choose_layout")

# %% [markdown] hints="index_bytes"
# <details><summary>Hint 1: a question</summary>
#
# How many vectors are there in the index of a million documents with 75 tokens each? How many bits has one vector of
# 128 numbers when every number is kept in 2 bits? And by what two things, in which order, do you compare layouts that
# fit?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# A million vectors of 768 float32: $10^6 \cdot 768 \cdot 4 = 3.07 \cdot 10^9$ bytes = 3.07 GB. The same with 64 codes
# of 8 bits: $10^6 \cdot 64$ = 64 MB. With $10^9$ bytes to spend the second is the only one that fits, whatever the
# recall of the first.
#
# </details>
#
# <details><summary>Hint 3: the step that people miss</summary>
#
# Bits become bytes once, at the end, and packed: codes of 2 bits do not take a byte each. And a choice by two keys that
# run against each other (much recall, few bytes) needs one of them negated; `max` gives the first of equals.
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
check(index_bytes, 7, 96, tokens_per_doc=8200, want=7 * 96 * 8200 * 4, why="every token of a long document has its vector")
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

# %% graded="index_bytes__choice" points=2
# Looks at the layout that is chosen for a budget.
layouts = [
    ("float32", dict(d=768), 0.95),
    ("int8", dict(d=768, dtype="int8"), 0.94),
    ("pq", dict(d=768, pq_m=64), 0.88),
    ("tokens", dict(d=128, pq_m=128, nbits=2, tokens_per_doc=75), 0.98),
]
for budget, want in [(25 * 10**9, "tokens"), (24 * 10**9 - 1, "int8"), (10**9, "pq"), (10**8, None)]:
    check(
        choose_layout,
        layouts,
        10_000_000,
        budget,
        want=want,
        why="ten million documents: 30.72, 7.68, 0.64 and 24 GB; the highest recall that fits",
    )
### BEGIN HIDDEN TESTS
check(choose_layout, layouts, 10_000_000, 24 * 10**9, want="tokens", why="exactly the budget fits")
check(choose_layout, layouts, 100, 10**9, want="tokens", why="n is an argument: all of them fit")
check(choose_layout, layouts[:3], 100, 100 * 768 * 4, want="float32", why="all fit: the highest recall")
check(choose_layout, layouts[:3], 100, 100 * 768 * 4 - 1, want="int8", why="one byte too many does not fit")
check(choose_layout, [], 5, 10**9, want=None, why="no layouts, no choice")
check(choose_layout, layouts, 1, 0, want=None, why="nothing fits into 0 bytes")
equal = [("a", dict(d=96), 0.5), ("b", dict(d=96, dtype="float16"), 0.5), ("c", dict(d=48), 0.5), ("d", dict(d=200), 0.5)]
check(choose_layout, equal, 7, 10**6, want="b", why="equal recall: fewer bytes, and the first of equals")
check(choose_layout, equal[::-1], 7, 10**6, want="c", why="equal recall: fewer bytes, and the first of equals")
check(choose_layout, [("z", dict(d=8), 0.0), ("y", dict(d=9), 0.0)], 3, 10**6, want="z", why="a recall of 0.0 is a recall")
check(
    choose_layout,
    [("wide", dict(d=64), 0.801), ("narrow", dict(d=8), 0.8), ("half", dict(d=64, dtype="float16"), 0.8009)],
    11,
    10**6,
    want="wide",
    why="bytes decide between equal recalls only",
)
unchanged(choose_layout, [("a", dict(d=8), 0.5), ("b", dict(d=4), 0.7)], 3, 60, want="b")
check(
    choose_layout,
    [("small", dict(d=8), 0.91231), ("large", dict(d=64), 0.91234)],
    11,
    10**6,
    want="large",
    why="bytes decide between equal recalls only",
)
check(choose_layout, layouts, 10**9, 10**12, want="int8", why="a billion documents: 3,072, 768, 64 and 2,400 GB")
check(choose_layout, layouts, 20_000_000_000, 2 * 10**12, want="pq", why="twenty billion documents: only 1,280 GB fit")
### END HIDDEN TESTS

# %% tags=["picture"]
advanced_rag.index_sizes(index_bytes)

# %% [markdown]
# So a table that gives DPR 1.8 GB and ColBERT 1.2 GB for a million passages compares unlike things at best: float16
# vectors with an HNSW graph (M = 32) against residuals of 1 bit without their centroid numbers. At equal precision
# ColBERT takes 75 · 128 / 768 = 12.5 times as much, as a vector for each token would lead one to expect. ColBERTv2
# (Santhanam et al., 2021, arXiv 2112.01488) stores the number of the nearest centroid (another 4 bytes a token, 0.3 GB
# here) and the residual in 1 or 2 bits for each dimension: its abstract puts the saving at 6 to 10 times.

# %% [markdown]
# ## 10 · A search that runs
#
# All pieces are there: two retrievers that fail on different queries, a fusion, a cascade, and a scorer that is dearer
# and, one hopes, better. Now they become one function that somebody can type a question into.
#
# *retrievers by words and by meaning → weighted fusion of ranks → the best `pool` → token by token → the best `topn`*
#
# **The catch** is in the small print: which ids are candidates at all, in what order equals stand, and what happens when a
# retriever finds nothing.
#
# ### Exercise 20.9 · search
#
# The `topn` best documents for a query: two lists are fused, the best `pool` of the fusion are scored anew.
#
# - `lexical, dense`: functions of the query that give ids, best first, as a list or tuple. They may differ in length, be
#   empty, and name an id twice: its first place counts, as in `rrf`
# - `rerank`: a function (query, list of ids) that gives one score for each id, in that order, as a list or an array;
#   larger is better. It is expensive: call it at most once, with a list of ids that are all different, and not at all
#   where there are no candidates
# - `weight` (0 to 1) is dense's share: the fused score of an id is
#   $\frac{1 - \text{weight}}{k + \text{rank}_{lexical}} + \frac{\text{weight}}{k + \text{rank}_{dense}}$ with ranks
#   from 1, and a list that lacks the id adds nothing. A list of weight 0 brings in no candidates,
#   whether its function is called or not
# - `k` (> 0) is that of reciprocal rank fusion
# - `pool` (>= 1): as many of the fusion's best go to `rerank`, all of them where there are fewer; equal fused scores in
#   ascending order of id
# - `topn` (>= 1): how many to return; fewer where the pool holds fewer
# - Returns (id, score) pairs, best first; the score is that of `rerank`. Equal scores of `rerank` stand in the order of
#   the fusion. Any score is a score, 0.0, negative ones and −inf too: no candidate is dropped for it.
#
# All ids of one search can be compared with each other. Use `rrf` and `cascade` or not, as you like; what comes back
# counts.
#
# Source: the cascade of Wang, Lin and Metzler 2011 behind the fusion of Cormack, Clarke and Büttcher 2009.

# %% stub="search"
def search(query: str, lexical: Callable[[str], Sequence], dense: Callable[[str], Sequence],
           rerank: Callable[[str, list], Sequence[float]], weight: float = 0.5, k: float = 60, pool: int = 20,
           topn: int = 5) -> list[tuple]:
    """Fuse the rankings of two retrievers, score the best of the fusion anew, and return (id, score), best first.

    >>> search("?", lambda q: ["a", "b"], lambda q: ["c"], lambda q, ids: [len(ids)] * len(ids), pool=2)
    [('a', 2), ('c', 2)]
    """
    ### BEGIN SOLUTION
    fused = defaultdict(float)
    for retriever, share in ((lexical, 1 - weight), (dense, weight)):
        if share > 0:
            for doc, score in rrf([retriever(query)], k):
                fused[doc] += share * score
    order = sorted(fused, key=lambda doc: (-fused[doc], doc))[:pool]
    if not order:
        return []
    scores = {}

    def second(ids):
        scores.update(zip(ids, rerank(query, list(ids))))
        return [scores[doc] for doc in ids]

    place = {doc: i for i, doc in enumerate(order)}
    survivors = cascade([lambda ids: [-place[doc] for doc in ids], second], [pool, pool], order)[-1]
    best = sorted(survivors, key=lambda doc: (-scores[doc], place[doc]))[:topn]
    return [(doc, scores[doc]) for doc in best]
    ### END SOLUTION
    raise NotImplementedError("search")

# %% [markdown] hints="search"
# <details><summary>Hint 1: a question</summary>
#
# `rrf` knows no weights. What does it give for one list alone, and what is left to do with two such answers? And which
# ids should go to the expensive scorer when `weight` is 0 and `pool` is larger than what the words have found?
#
# </details>
#
# <details><summary>Hint 2: a worked example</summary>
#
# By words: b, a. By meaning: c, b. With $k = 60$ and weight 0.5: b has $0.5/61 + 0.5/62$, c has $0.5/61$, a has
# $0.5/62$. With `pool = 2` b and c are scored anew, say 0.2 and 0.7: the answer is c, b. With `weight = 0` it is b and
# a that are scored, and c is never seen.
#
# </details>
#
# <details><summary>Hint 3: the step that people miss</summary>
#
# `cascade` returns ids without scores and leaves ties open. So the second stage notes its scores down while it runs
# (asking twice costs double), it keeps the whole pool, and the last sort, by score and then by place in the fusion, is
# yours; `topn` is cut after it. To a first stage whose scores are *places* there are no ties.
#
# </details>

# %% graded="search__pipeline" points=3
# Looks at a whole search: fusion, pool, second scores.
def by_words(query):
    return ["b", "a", "d"] if query == "who" else ["d"]


def by_meaning(query):
    return ["c", "b"] if query == "who" else ["a", "c"]


def judge(query, ids):
    table = {"a": 0.9, "b": 0.2, "c": 0.7, "d": -0.4} if query == "who" else {"a": -0.5, "b": 1.5, "c": -0.25, "d": -3.5}
    return [table[i] for i in ids]


check(
    search,
    "who",
    by_words,
    by_meaning,
    judge,
    pool=2,
    want=[("c", 0.7), ("b", 0.2)],
    why="b and c are the two best of the fusion; the second scores put c first",
    mistakes={
        "the whole list went to the second stage": [("a", 0.9), ("c", 0.7), ("b", 0.2), ("d", -0.4)],
        "the order of the fusion came back": [("b", 0.2), ("c", 0.7)],
        "the scores of the fusion came back": [("b", 0.5 / 61 + 0.5 / 62), ("c", 0.5 / 61)],
    },
)
check(
    search,
    "who",
    by_words,
    by_meaning,
    judge,
    topn=3,
    want=[("a", 0.9), ("c", 0.7), ("b", 0.2)],
    why="pool = 20 holds all four, and the three best come back",
)
check(
    search,
    "what",
    by_words,
    by_meaning,
    judge,
    want=[("c", -0.25), ("a", -0.5), ("d", -3.5)],
    why="all three functions are asked with the query that was given",
)


### BEGIN HIDDEN TESTS
def slow_search(lists, table, weight, k, pool, topn):
    lists = [list(dict.fromkeys(ids)) for ids in lists]
    shares = [1 - weight, weight]
    fused = {}
    for doc in {d for ids, share in zip(lists, shares) if share > 0 for d in ids}:
        fused[doc] = sum(s / (k + ids.index(doc) + 1) for ids, s in zip(lists, shares) if doc in ids)
    if len({round(x, 12) for x in fused.values()}) < len(fused):
        return None  # a tie by accident: not what is tested
    order = sorted(fused, key=lambda d: -fused[d])[:pool]
    return [(d, table[d]) for d in sorted(order, key=lambda d: -table[d])[:topn]]


tried = 0
for seed in range(40):
    rng = np.random.default_rng(seed)
    N = 30 + 17 * (seed % 4)
    lists = [[int(d) for d in rng.permutation(N)[:n]] for n in rng.integers(3, N, 2)]
    table = dict(enumerate((rng.permutation(N) / N - 0.6).tolist()))
    weight, k = [0.5, 0.3, 0.85, 0.11][seed % 4], [60, 1, 7.5, 200][seed // 4 % 4]
    pool, topn = int(rng.integers(1, 25)), int(rng.integers(1, 12))
    want = slow_search(lists, table, weight, k, pool, topn)
    if want is None:
        continue
    tried += 1
    check(
        search,
        f"query {seed}",
        lambda query: lists[0],
        lambda query: lists[1],
        lambda query, ids: [table[d] for d in ids],
        weight,
        k,
        pool,
        topn,
        want=want,
        why="weighted fusion of ranks, the best of it scored anew, the best of those returned",
    )
assert tried >= 15, f"expected at least 15 cases without ties, got {tried}"
lists = [[*range(0, 600, 2)], [*range(1, 800, 2)]]
check(
    search,
    "far down",
    lambda query: lists[0],
    lambda query: lists[1],
    lambda query, ids: np.array([d / 7 for d in ids]),
    0.5,
    60,
    500,
    140,
    want=[(d, d / 7) for d in range(499, 359, -1)],
    why="lists of 300 and 400 ids, a pool of 500",
)
got = search("numbers", lambda query: (4, 2), lambda query: (2,), lambda query, ids: np.array([d / 4 for d in ids]))
expect([list(pair) for pair in got], [[4, 1.0], [2, 0.5]], on="search with tuples and an array of scores")
assert [len(pair) for pair in got] == [2, 2], f"expected pairs (id, score), got {got}"
asked = " Who is LM-2042 "
for weight in (0.0, 0.5, 1.0):
    check(
        search,
        asked,
        lambda query: ["a", "b"] if query == asked else ["no"],
        lambda query: ["b", "a"] if query == asked else ["no"],
        lambda query, ids: [{"a": 2.0, "b": 3.0}[i] if query == asked else 0.0 for i in ids],
        weight,
        want=[("b", 3.0), ("a", 2.0)],
        why="all three functions get the query as it was typed",
    )
### END HIDDEN TESTS

# %% graded="search__weight" points=2
# Looks at weight and k, at their ends too.
def constant(query, ids):
    return [1.0 for _ in ids]


lists = [["a", "b", "c"], ["c", "d"]]
for weight, want in [
    (0.0, ["a", "b", "c"]),
    (1.0, ["c", "d"]),
    (0.5, ["c", "a", "b", "d"]),
]:
    check(
        search,
        "q",
        lambda query: lists[0],
        lambda query: lists[1],
        constant,
        weight,
        want=[(d, 1.0) for d in want],
        why=f"weight = {weight} is dense's share; all second scores are equal, so the order of the fusion stands",
        mistakes={"the weights are the wrong way round": [(d, 1.0) for d in lists[weight < 0.5]]},
    )
### BEGIN HIDDEN TESTS
lists = [["x", "a", "b", "both"], ["y", "c", "both"]]
for weight, k, want in [
    (0.5, 60, ["both", "x", "y", "a", "c", "b"]),
    (0.5, 0.5, ["x", "y", "both", "a", "c", "b"]),
    (0.9, 0.5, ["y", "c", "both", "x", "a", "b"]),
    (0.05, 4, ["x", "a", "b", "both", "y", "c"]),
    (0.0, 60, ["x", "a", "b", "both"]),
    (1, 3, ["y", "c", "both"]),
]:
    check(
        search,
        "q",
        lambda query: lists[0],
        lambda query: lists[1],
        constant,
        weight,
        k,
        topn=9,
        want=[(d, 1.0) for d in want],
        why=f"weight = {weight}, k = {k}: a list of weight 0 brings in nothing, and k says how much first places count",
    )
for k, lists, want in [
    (0.5, [["a", "both"], ["c", "both"]], ["both", "a", "c"]),
    (0.75, [["w", "t", "both"], ["z", "u", "both"]], ["w", "z", "both", "t", "u"]),
]:
    check(
        search,
        "q",
        lambda query: lists[0],
        lambda query: lists[1],
        constant,
        k=k,
        want=[(d, 1.0) for d in want],
        why=f"k = {k}: it need not be whole",
    )
check(
    search,
    "q",
    lambda query: [],
    lambda query: ["m", "n"],
    constant,
    0.0,
    want=[],
    why="the only list with a weight is empty: nothing is found",
)
lists = [["x", *[f"a{i:02d}" for i in range(18)], "both"], ["y", *[f"h{i:02d}" for i in range(18)], "both"]]
check(
    search,
    "q",
    lambda query: lists[0],
    lambda query: lists[1],
    constant,
    want=[(d, 1.0) for d in ("both", "x", "y", "a00", "h00")],
    why="k is 60 and topn 5 unless told otherwise: rank 20 twice beats rank 1 once",
)
many = [list(range(0, 80, 2)), list(range(1, 81, 2))]
check(
    search,
    "q",
    lambda query: many[0],
    lambda query: many[1],
    lambda query, ids: [float(d) for d in ids],
    want=[(d, float(d)) for d in (19, 18, 17, 16, 15)],
    why="pool is 20 and topn 5 unless told otherwise",
)
### END HIDDEN TESTS

# %% graded="search__cost" points=2
# Looks at what the second stage is asked to score, and how often.
asked = []


def noting(query, ids):
    asked.append((query, list(ids)))
    return [-abs(i - 4.5) for i in ids]


got = search("q", lambda query: [3, 9, 3, 1], lambda query: [9, 5, 5, 7], noting, pool=3, topn=2)
expect(got, [(5, -0.5), (3, -1.5)], on="search with a pool of 3: 9, 3 and 5")
assert len(asked) == 1, f"expected rerank to be called once, it was called {len(asked)} times"
assert sorted(asked[0][1]) == [3, 5, 9], (
    f"expected rerank to score 3, 5 and 9, the best three of the fusion, once each; it was asked for {asked[0][1]}"
)
### BEGIN HIDDEN TESTS
calls = []


def strict(query, ids):
    "Scores as an array; takes nothing but a full list of different ids, as promised."
    assert isinstance(ids, list), f"rerank takes a list of ids, and was given a {type(ids).__name__}"
    assert len(ids) == len(set(ids)), f"rerank was given an id twice: {ids}"
    assert ids, "rerank was called although there were no candidates"
    calls.append((query, len(ids)))
    return np.array([0.001 * i for i in ids])


for pool, topn in [(17, 4), (150, 9), (1, 3), (40, 40)]:
    calls.clear()
    by_words, by_meaning = (lambda query: [*range(0, 90)] * 2), (lambda query: [*range(200, 140, -1), 200, 3])
    got = search("how often", by_words, by_meaning, strict, 0.5, 60, pool, topn)
    assert calls == [("how often", pool)], (
        f"pool = {pool} of 150 candidates: expected one call with {pool} ids, got calls with {[n for _, n in calls]}"
    )
    assert len(got) == min(pool, topn), f"pool = {pool}, topn = {topn}: expected {min(pool, topn)} pairs, got {len(got)}"
    fused = {d: 0.5 / (61 + d) for d in range(90)}
    for rank, d in enumerate([*range(200, 140, -1), 3], 1):
        fused[d] = fused.get(d, 0) + 0.5 / (60 + rank)
    into = sorted(fused, key=lambda d: (-fused[d], d))[:pool]
    expect(
        [d for d, _ in got],
        sorted(into, reverse=True)[:topn],
        on=f"ids of a search with pool = {pool}, topn = {topn}",
        why="of equal fused scores the smaller id enters the pool first",
    )
calls.clear()
expect(search("none", lambda query: [], lambda query: (), strict), [], on="a search in which both retrievers find nothing")
assert not calls, "expected rerank not to be called where there are no candidates"
### END HIDDEN TESTS

# %% graded="search__ties" points=2
# Looks at equal scores, in the fusion and behind it.
check(
    search,
    "q",
    lambda query: ["d", "b"],
    lambda query: ["a", "c"],
    lambda query, ids: [0.5 for _ in ids],
    topn=3,
    want=[("a", 0.5), ("d", 0.5), ("b", 0.5)],
    why="a and d tie in the fusion: ascending id; all second scores are equal: the order of the fusion",
    mistakes={"equal second scores were sorted by id": [("a", 0.5), ("b", 0.5), ("c", 0.5)]},
)
### BEGIN HIDDEN TESTS
check(
    search,
    "q",
    lambda query: [10],
    lambda query: [9],
    lambda query, ids: [1.0 for _ in ids],
    want=[(9, 1.0), (10, 1.0)],
    why="9 and 10 tie in the fusion: ascending id, and 9 is less than 10",
)
check(
    search,
    "q",
    lambda query: [*range(30, 0, -1)],
    lambda query: [],
    lambda query, ids: [1.0 for _ in ids],
    k=9000,
    pool=30,
    topn=30,
    want=[(d, 1.0) for d in range(30, 0, -1)],
    why="k = 9000: fused scores lie close together and are not equal",
)
check(
    search,
    "q",
    lambda query: [1, 2, 3, 4],
    lambda query: [],
    lambda query, ids: [0.7 + 1e-5 * d for d in ids],
    want=[(d, 0.7 + 1e-5 * d) for d in (4, 3, 2, 1)],
    why="second scores that differ behind the point are different",
)
check(
    search,
    "q",
    lambda query: [9, 0, 4],
    lambda query: [2, 7, 1],
    lambda query, ids: [float(i > 3) for i in ids],
    pool=5,
    topn=9,
    want=[(9, 1.0), (7, 1.0), (2, 0.0), (0, 0.0), (1, 0.0)],
    why="the fusion is 2, 9, 0, 7, 1, 4 with three pairs of equals; the fifth place belongs to the smaller id",
)
flat = [f"d{i:02d}" for i in (5, 31, 2, 17, 8, 40, 11, 23, 1, 36, 19, 28, 14, 3)]
check(
    search,
    "q",
    lambda query: flat,
    lambda query: flat[:6],
    lambda query, ids: [-1.0 for _ in ids],
    topn=14,
    want=[(d, -1.0) for d in flat],
    why="all second scores are equal: the order of the fusion stands, however many there are",
)
halves = [f"d{i:03d}" for i in np.random.default_rng(1).permutation(90)]
check(
    search,
    "q",
    lambda query: halves,
    lambda query: [],
    lambda query, ids: [float(int(i[1:]) % 3) for i in ids],
    pool=70,
    topn=60,
    want=[(d, float(r)) for r in (2, 1, 0) for d in halves[:70] if int(d[1:]) % 3 == r][:60],
    why="three classes of equal scores, each in the order of the fusion",
)
check(
    search,
    "q",
    lambda query: [1, 2, 3, 4],
    lambda query: [1, 2],
    lambda query, ids: [1e-7 * d for d in ids],
    want=[(d, 1e-7 * d) for d in (4, 3, 2, 1)],
    why="the second scores alone decide, however close they are; the fusion stands between exact equals",
)
### END HIDDEN TESTS

# %% graded="search__few_or_none" points=2
# Looks at repeats, at lists that are short or empty, and at scores that look like nothing.
check(
    search,
    "q",
    lambda query: ["a", "a", "b"],
    lambda query: [],
    lambda query, ids: [{"a": -1.0, "b": 0.0}[i] for i in ids],
    want=[("b", 0.0), ("a", -1.0)],
    why="two candidates are all there are; 0.0 and negative scores are scores",
)
check(
    search, "q", lambda query: [], lambda query: [], lambda query, ids: [1.0 / len(ids) for _ in ids], want=[],
    why="nothing was found, so nothing is scored and nothing comes back"
)
### BEGIN HIDDEN TESTS
table = {0: -math.inf, 3: 0.0, 5: -0.2, 8: -0.7, 6: 0.4}
check(
    search,
    "q",
    lambda query: [8, 0, 8, 8, 5],
    lambda query: (3, 3, 6, 0),
    lambda query, ids: [table[i] for i in ids],
    topn=20,
    want=[(6, 0.4), (3, 0.0), (5, -0.2), (8, -0.7), (0, -math.inf)],
    why="id 0 and a score of -inf belong to the answer like any other",
)
check(
    search,
    "q",
    lambda query: ["x", "x", "x", "b"],
    lambda query: ["a"],
    lambda query, ids: [0.5 for _ in ids],
    0.35,
    1,
    3,
    want=[("x", 0.5), ("b", 0.5), ("a", 0.5)],
    why="after repeats are dropped b has rank 2: 0.65 / 3 = 0.217, more than a's 0.35 / 2 = 0.175",
)
check(
    search,
    "",
    lambda query: [""] if query == "" else ["no"],
    lambda query: [],
    lambda query, ids: [0.0 for _ in ids],
    want=[("", 0.0)],
    why="an empty query is a query, an empty string an id, 0.0 a score",
)
for topn, pool in [(1, 1), (5, 2), (2, 5)]:
    check(
        search,
        "q",
        lambda query: ["c", "a", "e", "b"],
        lambda query: [],
        lambda query, ids: [ord(i) / 3 for i in ids],
        pool=pool,
        topn=topn,
        want={1: [("c", 33.0)], 2: [("c", 33.0), ("a", 97 / 3)], 5: [("e", 101 / 3), ("c", 33.0)]}[pool],
        why="topn and pool each set a limit",
    )
### END HIDDEN TESTS

# %% [markdown]
# Now it runs on the handbook, with your `bm25_scores` and the encoder as retrievers and your `maxsim` over the token
# vectors as second stage. Embedding the handbook takes about 5 s.

# %% tags=["picture"]
advanced_rag.ask(search, bm25_scores, maxsim)

# %% [markdown]
# **Read the places.** *What happens to our stuff when we stop paying* shares hardly a word with its answer: by meaning it is
# first, the fusion puts it at place 20, the very edge of the pool, and the second stage takes it back to the top. With a pool
# of 19 it would be lost. *The same order* is one that a customer placed, and is answered with the order of messages: the
# passage that answers ends at place 5. A search that runs is the beginning of measuring it.

# %% [markdown]
# ## 11 · The experiment: which retriever wins on which query?
#
# Your functions, the real encoder, 92 passages, 48 queries. Six systems: **BM25**; **dense** (one vector a passage);
# **RRF** of these two; **HyDE** (two hypothetical answers and the query); **HQE** (two hypothetical questions for
# each passage); **MaxSim** over the token vectors of the same encoder, which was never trained for it. BM25 returns
# only passages that share a word with the query; lists are cut at 50.
#
# **Predict first.** On the 16 **paraphrase** queries: which of three has the best mean nDCG@10, and which the worst? Put
# `"BM25"`, `"dense"` and `"HyDE"` in order, best first: one point for committing, one for being right. The experiment takes
# about 10 s, more than half of it for embedding where that was not done yet.

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
# Read the table with these questions:
#
# - **How wide are the brackets?** A mean over 16 queries is known to about ±0.15. Most neighbours in a column overlap.
#   That does not yet mean that they are equal: both have met the same queries, and the next cell compares them query by
#   query.
# - **Where does the fusion beat both of its parts, and where does it stand between them?** What does the list of BM25
#   hold where a query shares no word with its answer?
# - **Is dense lost on identifiers?** Most such queries carry other words too.
# - **Is "question to question" better than "question to passage"?** Compare HQE with dense, row by row.
# - **MaxSim** uses the same encoder, which was never trained for it.

# %% tags=["experiment"]
def interval(differences, rng):
    "Where 95 % of the means lie when the queries are drawn 10,000 times anew, with replacement."
    n = len(differences)
    return np.quantile(differences[rng.integers(0, n, (10_000, n))].mean(1), (0.025, 0.975))


advanced_rag.differences(results, interval)

# %% [markdown]
# A difference whose interval spans 0 is not a finding. RRF is ahead of both of its parts without the paraphrases, clear
# of 0; what it loses on the paraphrases reaches 0, on 16 queries. HyDE and MaxSim against dense are clear of 0, HQE
# against dense is not.
#
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
# **Which part of HyDE is it, and which entries should an index have?** The next cell takes HyDE apart: one made-up
# answer or two, with and without the query. And it puts passages and made-up questions into one index, with your
# `hqe_retrieve`: a passage then owns three entries, its own vector and two questions, and scores by the best.

# %% tags=["experiment"]
def made_up(corpus, asked):
    "What is searched with, and what is searched in: with and without what a model made up."
    q, answers, none = asked.vector, asked.answers, asked.answers[:0]
    vectors = {"query": hyde_vector(q, none), "answer 1": hyde_vector(q, answers[:1], include_query=False),
               "answer 2": hyde_vector(q, answers[1:], include_query=False),
               "both answers": hyde_vector(q, answers, include_query=False),
               "query, answer 1": hyde_vector(q, answers[:1]), "query, both answers": hyde_vector(q, answers)}
    runs = {name: corpus.best(corpus.vectors @ v) for name, v in vectors.items()}
    entries, owners = torch.cat([corpus.vectors, corpus.questions]), [*range(len(corpus.ids)), *corpus.chunk_of]
    for name, rows, of in (("questions", corpus.questions, corpus.chunk_of), ("passages, questions", entries, owners)):
        runs[name] = [corpus.ids[c] for c in hqe_retrieve(q, rows, of, 50)]
    return runs


made = advanced_rag.ablation(made_up, ndcg_at_k)

# %% [markdown]
# Read it row by row.
#
# - **One made-up answer is a draw from a bag.** The first reaches 0.842, the second 0.743, no better than the query alone;
#   between the two lie +0.099 [+0.03, +0.17].
# - **Averaging guards against the bad draw.** Both together have 0.841: +0.098 [+0.05, +0.15] over the second, and nothing
#   lost against the first that could be shown.
# - **Keeping the query** is a guard of the same kind. With one answer it lifts identifiers from 0.837 to 0.889, in an
#   interval that touches 0; with both answers it changes nothing that could be shown. So several samples and the query are
#   an insurance here and no gain over the best sample; only, nobody knows beforehand which one that is.
# - **Passages and questions in one index** reach 0.799, +0.071 [+0.01, +0.13] over the questions alone and +0.051 over the
#   passages alone, in an interval that begins at 0.00. Two kinds of entries that miss on different queries are worth more
#   than either. The price is three vectors a passage.
#
# **And with a real writer?** SmolLM2-135M-Instruct has never seen the handbook, and it is small: the answers below are its
# own, greedy, 40 tokens each. That takes about 20 s.

# %% tags=["real"]
from course.models.language import generate
from course.models.smollm import attempt, chat, load

with attempt():  # without the model, or without your functions, it says so
    smollm, tokenizer = load()
    task = "Answer in two sentences, as the handbook of a message broker would: "
    advanced_rag.hyde_by_a_model(
        lambda texts: generate(smollm, tokenizer, [chat(tokenizer, task + text) for text in texts], 40), hyde_vector, ndcg_at_k)

# %% [markdown]
# Read the answers before the numbers. **HyDE is as good as its writer.** Greedy, a model of this size runs in circles; its
# answer alone finds far less than the query alone, and with the query in the mean most of that comes back. Here the guard
# earns its keep. (A larger model, or another prompt, is another measurement.)
#
# **How much say for each list?** With $k = 60$ the first place counts 1/61 and the tenth 1/70: both lists have the same
# say, however sure they are. With $k = 1$ the first counts 1/2 and the tenth 1/11. The next cell sweeps $k$ with your
# `rrf`, and the weight of a **convex combination of scores** (each list's scores scaled to 0 to 1, then averaged).

# %% tags=["experiment"]
swept = advanced_rag.sweep(results, rrf, ndcg_at_k)

# %% [markdown]
# **RRF is sensitive to k here**: k = 1 in place of 60 gives +0.050 [+0.01, +0.09] on all queries. A k of 1000 does what 60
# does. Of all fusions in the table only the convex ones with a small weight for BM25 are clear of dense alone: 0.2 has
# 0.790, +0.042 [+0.02, +0.08]. A tuned combination often beats RRF (Bruch et al. 2022, arXiv 2210.11934). But it must be
# tuned on judged queries, and 48 are few: the best of eight rows, chosen and reported on the same queries, flatters itself.
# RRF needs no judgements at all.
#
# **And the law of cascades, on real lists**: how much recall does each first stage allow, and how much is left after
# MaxSim has kept 5? (No query has more than three relevant passages, so 5 are room enough.)

# %% tags=["experiment"]
def two_stages(ranking, late, n):
    "The first n of a ranking, then those 5 of them that MaxSim scores best."
    place = {d: -rank for rank, d in enumerate(ranking)}
    return cascade([lambda ids: [place[d] for d in ids], lambda ids: [late[d] for d in ids]], [n, 5], ranking)


staged = advanced_rag.first_stages(results, two_stages, stage_recall)

# %% [markdown]
# **Read it aloud as it is.** Behind BM25 recall ends at 0.736, however many candidates it lets through: the words are not
# there, and no reranker brings them back. That is the law. Behind dense it is the other way round: 50 candidates hold 0.976
# of what is relevant, and MaxSim keeps 0.750. Here the *second* stage loses more than the first, and 50 candidates in place
# of 10 change what is left from 0.743 to 0.750. The law says which losses nobody can repair. It does not say which stage is
# the weak one: measure both lines.
#
# **Last, your `search` as a whole**, MaxSim as its second stage: what do weight and pool still decide?

# %% tags=["experiment"]
def answer(query, lists, late, weight, pool):
    "The ten best ids of your search."
    found = search(query, lambda _: lists[0], lambda _: lists[1], lambda _, ids: [late[d] for d in ids], weight,
                   pool=pool, topn=10)
    return [d for d, _ in found]


whole = advanced_rag.assembled(results, answer, ndcg_at_k)

# %% [markdown]
# - **A large pool makes the fusion unimportant.** With 50 candidates the weights from 0.25 to 1 all have 0.845: nearly
#   everything relevant gets in, and the second stage has the last word. With 10 the weight decides, from 0.720 to 0.839.
# - **A pool of 20** at weight 0.5 is +0.070 [+0.02, +0.14] over one of 10, and as good as MaxSim on all 92 passages, for
#   about a fifth of its work.
# - **Weight 0** stays behind whatever the pool: what the words have not found is not there.
# - (A pool of 5 returns five results, so that its nDCG@10 has less to gain.)

# %% tags=["widget"]
advanced_rag.widget()

# %% [markdown]
# **Try**: *LM-2042* with weight 0 (BM25 alone) and 1 (dense alone). *What happens to our stuff when we stop paying*
# at weight 0.5: why does the right passage fall, although dense has it first? Turn $k$ down to 1: what happens to a
# passage that one list has on top?
#
# ## 12 · When there are too many vectors to compare
#
# Ninety-two passages are compared in no time; 750 million token vectors are not. An **approximate index** looks at a
# part of them. Two families carry nearly all systems:
#
# - **IVF** (inverted file): k-means cuts the vectors into cells. A query is compared with the centroids, and then only
#   with the vectors in the cells of the nearest few (`probes`). PLAID, the engine of ColBERTv2, begins like this.
# - **HNSW** (Malkov and Yashunin, 2016, arXiv 1603.09320): a graph of near neighbours with a few long links, walked
#   greedily towards the query; `ef` says how many candidates the walk keeps. Faster at high recall, and it pays with
#   the memory of its links.
#
# Both have one knob, and the only honest report is a **curve**: recall of the exact answer against time. The core of
# IVF is short enough to read. The vectors are real: every token of the handbook; and every second token of the 48
# queries looks for its ten nearest. It takes about 2 s.

# %% tags=["experiment"]
def build(vectors, cells, rounds=8):
    "k-means on the sphere: the centroids, and of every cell the rows and, in one piece, their vectors."
    centroids = vectors[torch.randperm(len(vectors), generator=torch.Generator().manual_seed(0))[:cells]]
    for _ in range(rounds):
        nearest = (vectors @ centroids.T).argmax(1)
        centroids = F.normalize(torch.zeros_like(centroids).index_add_(0, nearest, vectors), dim=1)
    nearest = (vectors @ centroids.T).argmax(1)
    rows = [(nearest == c).nonzero().flatten() for c in range(cells)]
    return centroids, rows, [vectors[r] for r in rows]


def look(query, centroids, rows, blocks, probes, k=10):
    "Compares the query with what lies in the nearest cells, and with nothing else."
    near = (centroids @ query).topk(probes).indices.tolist()
    scores = torch.cat([blocks[c] @ query for c in near])
    return torch.cat([rows[c] for c in near])[scores.topk(min(k, len(scores))).indices]


probed = advanced_rag.recall_against_latency(build, look)

# %% [markdown]
# With 8 of the 64 cells 15 % of the vectors are compared and 0.90 of the ten nearest are found; with 32 of the 64 cells it
# is 55 % and 0.99 of the ten nearest. **The last tenth is the dear part**: neighbours lie in many cells, and most of those
# looked into hold none. The microseconds are those of your machine. With all cells the detour is slower than plain
# comparison: many small products cost more than one large one. A real index has far more vectors and far more cells, and
# looks into a far smaller share of them.
#
# **Smaller numbers instead of fewer vectors.** The other half of every large index: a coarse copy of the vectors is
# searched, and the exact ones *rescore* its best; these may lie on disk, since they are read for the pool alone. Two
# kinds of coarse copies of the same 384 numbers:
#
# - **signs**: one bit a dimension, 32 times smaller, compared by counting the bits that agree.
# - **a prefix**: the first numbers only. An encoder trained for it, a **Matryoshka** model (Kusupati et al., 2022,
#   arXiv 2205.13147), puts what matters most first, so that one may cut; MiniLM was not trained so.

# %% tags=["experiment"]
def coarse_then_fine(vectors, queries, coarse, pool, k=10):
    "A cheap score of every vector chooses the pool, the full one the ten best of it."
    chosen = (coarse(queries) @ coarse(vectors).T).topk(pool).indices
    full = (queries @ vectors.T).gather(1, chosen)
    return chosen.gather(1, full.topk(k).indices)


smaller = advanced_rag.smaller_vectors(coarse_then_fine, {
    "signs, 48 bytes": torch.sign, "first 12, 48 bytes": lambda x: x[:, :12], "first 96, 384 bytes": lambda x: x[:, :96],
    "first 192, 768 bytes": lambda x: x[:, :192]})

# %% [markdown]
# **At equal size, 48 bytes, signs keep far more than a prefix**: with the best 30 rescored 0.885 of the ten nearest against
# 0.181. Even 96 numbers, eight times the bytes of the signs, stay behind them there (0.799). MiniLM was not trained to be
# cut; of Matryoshka models this says nothing. And rescoring works: signs go from 0.664 to 0.968 as the pool grows from 10 to
# 100, with full vectors read for 2 % of the index.
#
# **Filters** (a tenant, a date, what this user may see) can undo all of this:
#
# - *After* the search: take the best k, drop what the filter forbids. With a filter that passes a share $s$ at random,
#   $k\,s$ of them are left: 10 results and a filter of 1 % leave one in ten queries with anything at all.
#   Fetching $k / s$ repairs the mean and not the bad cases, where the forbidden are near and the allowed are far.
# - *Before*: the allowed ids first, then the search among them. Exact and simple where few are allowed. A graph such as
#   HNSW loses its paths when most of its nodes are forbidden; engines walk through the forbidden and return the allowed,
#   or compare exhaustively below some size.
# - Rights are never filtered behind the generator: what it has read it can repeat.
#
# ## 13 · Where the rest stands
#
# | | what it keeps for each passage | cost per query | its place |
# |---|---|---|---|
# | BM25 | counts of its own words | some postings | first stage, identifiers |
# | **SPLADE** | weights on a vocabulary of ~30,000, most of them 0 | one encoder pass, longer postings | first stage |
# | dense (bi-encoder) | one vector | one encoder pass, an approximate index | first stage |
# | late interaction | one vector for each token | bilinear in tokens | second stage; first with an engine of its own |
# | **cross-encoder** | nothing | one pass of a transformer for each pair | last stage, 20 to 200 candidates |
#
# - **SPLADE** (Formal, Piwowarski and Clinchant, 2021, arXiv 2107.05720) is *learned sparse* retrieval: the head of a
#   masked language model gives every passage a weight for every word of the vocabulary, $\log(1 + \text{ReLU}(\cdot))$,
#   the largest over its tokens (in the second version, arXiv 2109.10086), with a penalty that keeps most of them 0. So
#   it expands (a passage on *brokers* gets some weight for *server*) and still lives in an inverted index (for each
#   word its *postings*, the passages that have it), where one can read why a passage was found. It closes part of the
#   gap of words; a code such as `LM-2042` it cuts into pieces, as every model with that vocabulary does.
# - A **cross-encoder** (Nogueira and Cho, 2019, arXiv 1901.04085) reads query and passage together, every token with
#   attention to every other. Nothing can be prepared; 100 candidates are 100 passes, in a batch. In `search` it would
#   simply be another `rerank`. A language model that is asked for an order is the same idea at a higher price.
# - **Contextual chunks.** A chunk loses what stood around it: *"it was raised to 8"*. Before embedding and before BM25
#   one puts a sentence of context in front, written by a language model that has seen the whole document (Anthropic,
#   *Introducing Contextual Retrieval*, 2024), or one encodes the whole document and pools the token vectors of each chunk
#   (*late chunking*, Günther et al., 2024, arXiv 2409.04701). Both are paid at index time.
# - **Query rewriting.** In a conversation "and on the small plan?" finds nothing: a model first writes it out. Several
#   rewordings, or the parts of a composite question, are searched each by itself and fused (with `rrf`). It costs a call
#   on the critical path, as HyDE does, and can lose the identifier: keep the original among them.
# - **Training the encoder** on pairs of your own: a question and its passage are pulled together, the other passages of
#   the batch pushed away, and with them *hard negatives*, which BM25 ranks high and which do not answer (DPR, Karpukhin et
#   al., 2020, arXiv 2004.04906). Some do answer and nobody marked them: a cross-encoder sorts these *false negatives* out
#   (RocketQA, Qu et al., 2020, arXiv 2010.08191). A new encoder is a new index: every passage is embedded again.
# - **Diversity.** Five near-duplicates are one answer and four lost places. MMR (maximal marginal relevance, Carbonell
#   and Goldstein, 1998) takes what is relevant and unlike what was taken; section 03-rag-pipeline builds it.
# - **GraphRAG** extracts a graph and summarises its communities when it indexes: for questions on the whole corpus. See
#   its card.
#
# ## 14 · Say it
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
# - A language model writes one or several **hypothetical answers** to the query; their vectors **and the query's** are
#   averaged, and the mean is searched with (Gao et al., 2022). One answer in place of the query is a special case.
# - **Why it can work**: the search moves from "looks like the question" to "looks like an answer". The answer may be wrong
#   in details: what counts is that it lands near real answers, and the encoder drops much of the detail.
# - **Price**: one LLM call on the critical path of every query.
# - **The catch**: the headline gains are over an unsupervised encoder; with a supervised one measure first, and by kind of
#   query.
#
# </details>

# %% [markdown] card="20.2" level="basic"
# <details><summary>What is HQE (hypothetical question embedding)?</summary>
#
# - **At index time** a language model writes questions that each chunk answers; their vectors point to the chunk.
# - **At query time** question meets question. A chunk scores by its best question, and results are counted in chunks: the
#   k best questions may all belong to one.
# - **Price**: no LLM call per query; several vectors for each chunk; new questions when chunks change. It can only find
#   what somebody thought of asking.
# - As early as 2019 doc2query did this for BM25. That question-question always beats question-passage is not so: an encoder
#   trained on question-passage pairs may prefer the latter. In our experiment questions alone
#   had nDCG@10 0.728, passages 0.748 (no difference that could be shown), both in one index 0.799.
#
# </details>

# %% [markdown] card="20.3" level="basic"
# <details><summary>HyDE or HQE: what is the difference, and when do you take which?</summary>
#
# - **HyDE** makes up answers, online: cost and latency of an LLM call per query, the index stays. It helps where users'
#   words are vague or foreign to the corpus.
# - **HQE** makes up questions, offline: cost per chunk, a larger index, no latency. Good for a corpus whose questions can be
#   foreseen; poor for one that changes hourly, or for rare questions.
# - Both fill the gap between query and document, and compete with a better encoder or a reranker: compare them with those,
#   at equal cost.
# - They can be combined, and HQE's entries can stand beside those of the passages.
#
# </details>

# %% [markdown] card="20.4" level="medium"
# <details><summary>What is late interaction (ColBERT), and what is wrong with the usual snippet?</summary>
#
# - One vector **per token**; the score is the sum over query tokens of the largest cosine with any document token.
# - Documents are encoded in advance, as in a bi-encoder; matching is per token, as in a cross-encoder, but without attention
#   between the two. Cost per scored document $n_q n_d d$: bilinear.
# - **Price**: the index. 75 tokens of 128 float16 are 19.2 kB a passage, against 3.1 kB for one vector of 768 float32.
#   ColBERTv2 stores a centroid number and 1 or 2 bits a dimension; its engine PLAID (Santhanam et al., 2022, arXiv
#   2205.09707) goes by centroids first: up to 7 times faster on GPU and 45 on CPU than plain ColBERTv2, by its abstract.
# - **The usual snippet** forgets to normalise (dot product, not cosine), to mask document padding with $-\infty$ before the
#   maximum, and to leave query padding out of the sum.
# - It is not "better for long documents": ColBERT truncates them.
#
# </details>

# %% [markdown] card="20.5" level="medium"
# <details><summary>ColBERT, bi-encoder or cross-encoder?</summary>
#
# - **Bi-encoder**: one vector each, nearest-neighbour search over everything, cheapest; one comparison decides.
# - **Late interaction**: vectors per token, more exact, explains itself; an index larger by an order of magnitude before
#   compression. Works as reranker and, with an engine for it, as retriever.
# - **Cross-encoder**: query and passage go through the model together; most exact, nothing can be prepared, one forward pass
#   per pair, so only for tens to a few hundred candidates.
# - They are **stages**: bi-encoder (with BM25) → late interaction → cross-encoder.
# - Compare published numbers within one benchmark and metric only: MS MARCO has MRR@10, BEIR has nDCG@10.
#
# </details>

# %% [markdown] card="20.6" level="medium"
# <details><summary>What is GraphRAG, and when is it worth its price?</summary>
#
# - Microsoft's GraphRAG (Edge et al., 2024, arXiv 2404.16130): an LLM extracts entities and relations from chunks, the graph
#   is split into hierarchical communities (Leiden), an LLM writes a summary of each.
# - **Global search** is a map-reduce over community summaries: partial answers, rated, merged. No graph traversal. **Local
#   search** starts from entities near the query and collects their neighbourhood.
# - **Its evaluated strength**: questions about the whole corpus ("what are the main themes?"), which no single chunk answers.
# - That it wins at multi-hop questions is often claimed and not a given: there are comparisons in which plain RAG is ahead.
# - **Price**: LLM calls over the whole corpus at indexing, again as it changes. For single facts vector search with a
#   reranker is cheaper.
#
# </details>

# %% [markdown] card="20.7" level="medium"
# <details><summary>Which reranking strategies are there?</summary>
#
# - **Cross-encoder**: the usual choice for 20 to 200 candidates. **Late interaction**: cheaper, token vectors stored.
# - **LLM**: pointwise ("rate from 1 to 10") is simple and weak, with many ties and poor calibration; the logit of "yes" is
#   finer; pairwise and listwise (order these 20, sliding window) work better and need care for position bias.
# - **Cascade** of these, cheap to expensive: $\sum_i n_i c_i$.
# - All of them only reorder: check the recall of the candidates before you tune the reranker.
# - Then check what the reranker itself throws away. In our experiment dense handed over 0.98 of the
#   relevant passages, and MaxSim, keeping 5 of 50, left 0.75.
#
# </details>

# %% [markdown] card="20.8" level="killer"
# <details><summary>Design RAG for 10 million documents with answers in under 500 ms.</summary>
#
# - **Ask first**: 500 ms to the first token or to the full answer? Generation alone can take more than that. Queries per
#   second, update rate, access rights, language, and what a wrong answer costs.
# - **Size**: 10M x 768 float32 are 30.7 GB, product quantisation with 64 bytes 0.64 GB, the HNSW graph with M = 32 adds 2.6 GB;
#   one vector per token (75 x 128 at 2 bits) 24 GB. With several chunks per document multiply.
# - **Pipeline**: encode the query (once, cached) → BM25 and an approximate vector index in parallel, 200 each, filters
#   inside the search → RRF (well under a millisecond) → reranker on 50 in one batch on a GPU → 5 to 8 passages.
# - **Budget**: measure p99 of the whole, with timeouts per stage and a way to go on without the reranker; p99s do not add up.
# - **Quality**: judged queries, recall of the 50 fused candidates as the reranker's bound (and recall@200 of each list
#   before it), nDCG@10 after reranking, by kind of query; recall of the index itself against exact search, as product
#   quantisation and HNSW lose some.
# - **Operations**: exact-match route for identifiers, index versioned with its encoder, re-embedding planned, result cache
#   keyed by rights. An embedding costs next to nothing against the LLM call.
#
# </details>

# %% [markdown] card="20.9" level="killer"
# <details><summary>When does HyDE help, and when does it hurt?</summary>
#
# - It **helps** when the query is short, vague or in another vocabulary than the documents, the model knows the field, and
#   the encoder is weak at question-answer matching.
# - It **hurts** when the query is an identifier or a product name the model cannot know, when it is well formed already,
#   when facts change (a made-up share price of 150 pulls in old documents about 150), in fields where a fluent wrong answer
#   points to the wrong passage (medicine, law), and when latency matters.
# - **Guard it**: keep the query in the mean, several samples, fuse with BM25, route (identifiers skip HyDE), show the
#   made-up text to nobody and never cite it.
# - In our experiment it was better on 21, worse on 6 of 48 queries, with answers by the author of the passages; and one
#   made-up answer alone reached nDCG@10 0.842 or 0.743, according to which.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What does k do in reciprocal rank fusion, and how do you choose it?</summary>
#
# - $\text{RRF}(d) = \sum 1 / (k + \text{rank})$: $k$ sets how much a first place is worth against a tenth: 1/61 against
#   1/70 with $k = 60$, 1/2 against 1/11 with $k = 1$.
# - **Large k rewards agreement**: place $x$ in both of two lists beats the first place of one while $x < k + 2$. **Small
#   k trusts each list's top**: good where one of the lists is noise on some queries.
# - 60 comes from one paper of 2009 and is a default, no optimum. Sweep it on judged queries, by kind of query, with
#   intervals; on our 48
#   k = 1 was ahead of 60 by 0.050 [0.01, 0.09].
# - The alternative is a convex combination of scaled scores: it keeps what ranks throw away, by how much the first is
#   ahead, and often wins when its weight is tuned (Bruch et al., 2022). RRF needs no judgements at all.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What is SPLADE, and where does it stand between BM25 and embeddings?</summary>
#
# - **What**: a language model's head gives every passage (and query) a weight for each word of the vocabulary, about
#   30,000 numbers, nearly all 0; scored by dot product in an inverted index. Learned sparse retrieval.
# - **Against BM25**: learned weights, and expansion with words that the text does not contain. Price: an encoder pass per
#   query (some versions need none), longer postings, training.
# - **Against one dense vector**: exact words stay visible, one can read why something was found, the infrastructure of
#   text search goes on working; codes and names are cut into pieces in both.
# - It is a **first stage**; late interaction and cross-encoder come behind it.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you train an embedding model for your own search, and what decides?</summary>
#
# - **Loss**: contrastive. The passage of a question against all others of the batch, $-\log \frac{e^{s(q, d^+) / \tau}}
#   {\sum_d e^{s(q, d) / \tau}}$; a larger batch has more negatives.
# - **Negatives decide.** Those of the batch are easy. Hard ones: what BM25, or the encoder itself, ranks high and does not
#   answer. Many of those do answer (*false negatives*): sort them out with a cross-encoder, or learn its scores instead of 0
#   and 1 (distillation).
# - **Pairs**: clicks, tickets with the page that closed them; or questions that a language model writes for each passage, kept
#   where they find their own passage.
# - **Price**: every passage is embedded again, and queries and index must be of one version.
# - **Measure** on held-out queries, by kind, against BM25 and a reranker at equal cost. Codes and names hardly gain: keep the
#   words beside it.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>IVF or HNSW: how does each save work, and how do you report it?</summary>
#
# - **IVF**: k-means cells; the query looks into the `probes` nearest ones. Knob: `probes`. Small memory, easy to fill and
#   to shard, goes well with product quantisation; misses neighbours behind a border.
# - **HNSW**: a graph walked greedily. Knob: `ef`. Better recall at the same time, links of $8M$ bytes a vector (2.6 GB
#   for ten million with $M = 32$), deletions and strict filters are its weak side.
# - **Report a curve**, recall@k of the exact search against p50/p99 latency, on your own queries, at your own filter; one
#   point proves nothing, and recall of the index is not recall of the answer.
# - Below some ten thousand vectors compare them all: exact, and fast enough.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you make a vector index 10 to 30 times smaller without losing the answers?</summary>
#
# - **Coarse copy in memory, fine copy for rescoring**: search the coarse one for 3 to 10 times as many as you need, score
#   those with the full vectors, from disk if need be.
# - **Coarse copies**: int8 (4 times smaller than float32), product quantisation (768 float32 to 64 bytes: 48 times), signs
#   (32 times), a prefix of the vector (only with an encoder trained for it: Matryoshka).
# - **Measure** recall of the exact top k by pool size, then nDCG; pick by budget. On our token vectors signs alone found 0.66
#   of the ten nearest, with 100 of 5,253 rescored 0.97.
# - Fewer vectors help too: better chunks, no duplicates.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>A search with a tenant filter returns two results or none. Why, and what do you change?</summary>
#
# - **Why**: the filter runs *behind* the approximate search: of the best k only the share $s$ that the filter passes is
#   left, on average $k\,s$. With $k = 10$ and $s = 1\,\%$ that is 0.1, and 90 % of the queries see nothing.
# - **Not** simply a larger k: $k / s$ repairs the mean; small tenants, whose passages are far from the query, still get
#   nothing, and the reranker pays for what is thrown away.
# - **Change**: filter inside the search. Few allowed: compare exactly those. Many: an index that knows the filter (a
#   partition for each tenant, or a graph walk that passes through the forbidden and returns the allowed).
# - **Measure** recall against exact search *under the filter*, by selectivity; a benchmark without filters says nothing.
# - **Rights** are a filter before anything reads the text: reranker, cache and generator included; cache keys carry them.
#
# </details>
