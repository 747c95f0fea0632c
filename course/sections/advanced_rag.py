"""Section 20: what each way of retrieving sees and misses, on the handbook of Larkmoor; a board that weighs two of them."""

import html
import math
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import ipywidgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.corpus import Query, passages, queries, words
from ..models.embeddings import embed, embed_tokens, word_pieces

KINDS = ("identifier", "mixed", "paraphrase")
LISTED = 50  # passages in a ranking

# --- pictures: lexical search, metrics, fusion -----------------------------------------------------------------------


@figures.picture
def vocabulary_gap() -> Figure:
    """Print a query of each kind; show for every query which share of its words its best answer contains."""
    for kind in ("identifier", "paraphrase", "mixed"):
        q = next(q for q in queries()[3:] if q.kind == kind)
        best = max(q.qrels, key=q.qrels.get)
        print(f"{kind:10s}  {q.text}")
        print(textwrap.fill(f"-> {best}: {next(p.text for p in passages() if p.id == best)[:150]}...", 96,
                            initial_indent=" " * 12, subsequent_indent=" " * 15), end="\n\n")
    texts = {p.id: set(words(p.text)) for p in passages()}
    figure, ax = figures.subplots(figsize=(7, 2.4))
    for row, kind in enumerate(KINDS):
        shares = []
        for q in (q for q in queries() if q.kind == kind):
            asked = set(words(q.text))
            shares.append(max(len(asked & texts[d]) / len(asked) for d, grade in q.qrels.items() if grade == 2))
        jitter = np.linspace(-0.25, 0.25, len(shares))
        ax.scatter(np.sort(shares), row + jitter, s=18, color=figures.PALETTE[row])
        ax.plot([np.mean(shares)] * 2, [row - 0.35, row + 0.35], color=figures.INK, lw=2)
    ax.set_yticks(range(3), KINDS)
    ax.set(xlabel="share of the query's words that the best answer contains (bar: mean)",
           title="The vocabulary gap: one dot is one query")
    return figure


@figures.picture
def saturation_and_length(bm25_scores: Callable) -> Figure:
    """BM25's score over the count of a term, and over the length of the document."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    counts, lengths = range(1, 21), range(1, 81, 4)
    for k1 in (0.5, 1.5, 5.0):
        left.plot(counts, [bm25_scores(["t"], [["t"] * n, ["other"]], k1=k1, b=0)[0] for n in counts], marker=".",
                  label=f"k1 = {k1}")
    left.set(xlabel="times the term stands in the document", ylabel="score", title="Repetition saturates (b = 0)",
             xticks=range(0, 21, 5))
    left.legend()
    for b in (0, 0.4, 0.75, 1):
        docs = [["t"] + ["filler"] * (n - 1) for n in lengths]
        right.plot(lengths, bm25_scores(["t"], docs, b=b), marker=".", label=f"b = {b}")
    right.set(xlabel="length of a document that has the term once", title="Length is discounted (mean length 39)")
    right.legend()
    return figure


@figures.picture
def metrics_by_rank(*metrics: Callable) -> Figure:
    """What each metric gives for one relevant document, over its rank."""
    places = range(1, 13)
    docs = [f"d{i}" for i in range(12)]
    rankings = [docs[:p - 1] + ["hit"] + docs[p - 1:] for p in places]
    figure, ax = figures.subplots()
    for metric in metrics:
        ax.plot(places, [metric(r, {"hit": 1}) for r in rankings], marker="o", ms=4, label=metric.__name__)
    ax.set(xlabel="rank of the only relevant document (k = 10)", ylabel="value", xticks=list(places),
           title="MRR cares about the top, recall about the edge, nDCG lies between")
    ax.legend()
    return figure


@figures.picture
def both_lists_against_one(rrf: Callable) -> Figure:
    """Where a document in both lists has the score of one at the top of a single list."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 3), sharey=True)
    filler = [[f"{side}{i:03d}" for i in range(100)] for side in "pq"]
    for ax, k in zip(axes, (10, 60)):
        both = []
        for x in range(1, 101):
            lists = [f[:x - 1] + ["both"] + f[x - 1:] for f in filler]
            both.append(dict(rrf(lists, k))["both"] * (k + 1))
        ax.plot(range(1, 101), both, label="rank x in both lists")
        ax.axhline(1, color=figures.PALETTE[1], label="rank 1 in one list")
        ax.axvline(k + 2, color=figures.INK, lw=1, ls=":")
        ax.set(title=f"k = {k}: they meet at x = {k + 2}", xlabel="x", ylim=(0, 2.1))
    axes[0].set_ylabel("score, in units of 1 / (k + 1)")
    axes[0].legend()
    return figure


# --- pictures: dense retrieval, late interaction ---------------------------------------------------------------------

@figures.picture
def mean_of_samples(hyde_vector: Callable) -> Figure:
    """The mean of query and made-up documents, where the samples agree and where one is wrong."""
    def unit(degrees: float) -> Tensor:
        return torch.tensor([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])

    figure, axes = figures.subplots(1, 2, figsize=(8, 3))
    for ax, angles, title in zip(axes, ((50, 75), (50, 150)), ("samples agree", "one sample is wrong")):
        q, hyp = unit(10), torch.stack([unit(a) for a in angles])
        mean = hyde_vector(q, hyp, normalise=False)
        arrows = [(q, "query", figures.PALETTE[0]), *((h, "made up", figures.PALETTE[1]) for h in hyp),
                  (mean, "mean", figures.PALETTE[2])]
        for v, name, colour in arrows:
            ax.annotate("", v.tolist(), (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
            x, y = ((0.55 * v + torch.tensor([0.05, -0.12])) if name == "mean" else 1.08 * v).tolist()
            ax.text(x, y, name, color=colour, ha="left" if name == "mean" else "center")  # beside its arrow, not at a sample's
        ax.set(xlim=(-1.2, 1.3), ylim=(-0.1, 1.25), aspect="equal",
               title=f"{title}: the mean has length {mean.norm():.2f}")
    return figure


@figures.picture
def best_question(hqe_retrieve: Callable) -> Figure:
    """Six chunks in the order of their best question."""
    g = torch.Generator().manual_seed(1)
    vecs, query = F.normalize(torch.randn(24, 4, generator=g), dim=1), F.normalize(torch.randn(4, generator=g), dim=0)
    chunk_of = [0] * 9 + [1] * 2 + [2] * 5 + [3] * 1 + [4] * 4 + [5] * 3
    order = hqe_retrieve(query, vecs, chunk_of, 6)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for row, chunk in enumerate(order):
        s = [float(v @ query) for v, c in zip(vecs, chunk_of) if c == chunk]
        ax.scatter(s, [row] * len(s), s=24, color=figures.CUT)
        ax.scatter([max(s)], [row], s=40, color=figures.KEPT)
    ax.set_yticks(range(6), [f"chunk {c}" for c in order])
    ax.invert_yaxis()
    ax.set(xlabel="similarity of query and question", title="A chunk is as good as its best question")
    return figure


@figures.picture
def token_by_token(maxsim: Callable) -> Figure:
    """The best similarity of every query token in five passages."""
    torch.set_num_threads(1)
    text = "old python client disconnects every hour with LM-4015"
    names = ["err-4015", "err-2041", "sec-tokens", "dev-clients", "bill-cancel"]
    Q, _ = embed_tokens([text])
    D, d_mask = embed_tokens([next(p.text for p in passages() if p.id == n) for n in names])
    pieces = word_pieces(text)
    one_token = torch.eye(len(pieces), dtype=torch.bool)  # the learner's function, one query token at a time
    table = torch.stack([maxsim(Q.expand(len(names), -1, -1), D, m.expand(len(names), -1), d_mask)
                         for m in one_token], dim=1)
    figure, ax = figures.subplots(figsize=(9, 2.8))
    image = ax.imshow(table, aspect="auto", cmap="viridis")
    ax.set_xticks(range(len(pieces)), pieces, rotation=60, ha="right")
    ax.set_yticks(range(len(names)), [f"{n}  ({s:.1f})" for n, s in zip(names, table.sum(1))])
    ax.set_title("Best similarity of every query token; in brackets their sum, the score")
    ax.grid(False)
    figure.colorbar(image)
    return figure


# --- pictures: cascades, latency, sizes ------------------------------------------------------------------------------

@figures.picture
def bound_of_stage_1(cascade: Callable, stage_recall: Callable) -> Figure:
    """Recall after a cheap and after a better stage, over the candidates that the cheap one lets through."""
    rng = np.random.default_rng(0)
    N, relevant = 2000, list(range(20))
    truth = np.zeros(N)
    truth[relevant] = 3
    cheap, better = truth + 1.6 * rng.standard_normal(N), truth + 0.7 * rng.standard_normal(N)
    stages = [lambda ids: cheap[ids].tolist(), lambda ids: better[ids].tolist()]
    firsts = [10, 20, 50, 100, 200, 500, 1000, 2000]
    recalls = [stage_recall(cascade(stages, [n, 20], list(range(N))), relevant) for n in firsts]
    figure, ax = figures.subplots()
    ax.plot(firsts, [r[0] for r in recalls], marker="o", label="after stage 1: the bound")
    ax.plot(firsts, [r[1] for r in recalls], marker="o", label="after stage 2, which keeps 20")
    ax.axhline(np.isin(np.argsort(-better)[:20], relevant).mean(), color=figures.INK, ls=":",
               label="stage 2 on the whole corpus")
    ax.set(xscale="log", xlabel="candidates that stage 1 lets through, of 2000", ylabel="recall of 20 relevant",
           title="A reranker cannot find what it is not shown")
    ax.legend()
    return figure


@figures.picture
def quantiles_of_a_sum() -> Figure:
    """Latency of four stages in a row: the p99 of the sum, and the sum of the p99."""
    stages = 0.1 * np.exp(0.6 * np.random.default_rng(0).standard_normal((200_000, 4)))
    total = stages.sum(1)
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.hist(total, bins=200, range=(0, 2), color=figures.CUT)
    for x, name, colour in [(np.quantile(total, 0.99), "p99 of the sum", figures.PALETTE[0]),
                            (np.quantile(stages, 0.99, axis=0).sum(), "sum of the p99", figures.WRONG)]:
        ax.axvline(x, color=colour, label=f"{name}: {x:.2f} s")
    ax.set(xlabel="seconds for the whole request", ylabel="requests in 10 ms", title="Four stages, median 100 ms each")
    ax.legend()
    return figure


@figures.picture
def index_sizes(index_bytes: Callable) -> Figure:
    """GB for a million passages: one vector a passage, and one vector a token."""
    rows = [("bi-encoder, 768 x float32", dict(d=768)), ("bi-encoder, 768 x float16", dict(d=768, dtype="float16")),
            ("bi-encoder, 768, PQ 64 x 8 bit", dict(d=768, pq_m=64)),
            ("ColBERT, 75 x 128 x float16", dict(d=128, dtype="float16", tokens_per_doc=75)),
            ("ColBERTv2, 75 x 128 x 2 bit", dict(d=128, pq_m=128, nbits=2, tokens_per_doc=75)),
            ("ColBERTv2, 75 x 128 x 1 bit", dict(d=128, pq_m=128, nbits=1, tokens_per_doc=75))]
    sizes = [index_bytes(1_000_000, **kwargs) / 1e9 for _, kwargs in rows]
    figure, ax = figures.subplots(figsize=(7.5, 2.8))
    bars = ax.barh([name for name, _ in rows], sizes, color=[figures.PALETTE[0]] * 3 + [figures.PALETTE[1]] * 3)
    ax.bar_label(bars, [f" {s:.2f} GB" for s in sizes], color=figures.INK)
    ax.invert_yaxis()
    ax.set(xlabel="GB (1e9 bytes) for a million passages", title="One vector a passage, and one vector a token",
           xlim=(0, 24))
    return figure


# --- the search that runs --------------------------------------------------------------------------------------------

ASKED = ("LM-2042", "why do we process the same order twice", "what happens to our stuff when we stop paying",
         "old python client disconnects every hour with LM-4015")
STAGES = ("words", "meaning", "fused", "token by token")


@figures.picture
def ask(search: Callable, bm25_scores: Callable, maxsim: Callable) -> Figure:
    """Four questions to the learner's search: what it answers, and the place of the best answer after every stage."""
    torch.set_num_threads(1)
    for stub in (lambda: bm25_scores(["a"], [["a"]]), lambda: search("", *[lambda *_: []] * 3)):
        stub()  # one that is still empty says so before anything is embedded
    corpus, asked = larkmoor()
    texts = {p.id: p.text for p in passages()}
    figure, ax = figures.subplots(figsize=(8, 2.8))
    for colour, q in zip(figures.PALETTE, (a for a in asked if a.query.text in ASKED)):
        by_words = corpus.best(bm25_scores(q.words, corpus.words), above=0)
        by_meaning = corpus.best(corpus.vectors @ q.vector)

        def rerank(_, ids, q=q):
            rows = [corpus.ids.index(d) for d in ids]
            return maxsim(q.tokens.expand(len(rows), -1, -1), corpus.tokens[rows], q.mask.expand(len(rows), -1),
                          corpus.mask[rows]).tolist()

        def lookup(score, topn, words=by_words, meaning=by_meaning, q=q):
            return search(q.query.text, lambda _: words, lambda _: meaning, score, pool=20, topn=topn)

        found = lookup(rerank, 20)
        fused = lookup(lambda _, ids: [0.0] * len(ids), 20)  # equal scores: the order of the fusion
        print(f"\n{q.query.text}")
        for d, score in found[:3]:
            print(f"   {score:6.2f}  {'*' * q.query.qrels.get(d, 0):2s} {d:14s} {texts[d][:62]}...")
        best = [d for d, grade in q.query.qrels.items() if grade == 2]
        places = [min((r.index(d) + 1 for d in best if d in r), default=21)
                  for r in (by_words, by_meaning, [d for d, _ in fused], [d for d, _ in found])]
        print("   first that answers: " + ", ".join(f"{n} {p}" for n, p in zip(STAGES, places)))
        ax.plot(range(4), np.minimum(places, 21), marker="o", color=colour, label=q.query.text)
    print("\n** answers the query, * helps")
    ax.set_xticks(range(4), STAGES)
    ax.set(ylabel="place", title="Place of the first passage that answers (21: not among 20)", ylim=(22, 0))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
    return figure


# --- the experiment: which retriever wins on which query? ------------------------------------------------------------

@dataclass
class Corpus:
    """What a retriever may look at: N passages and their hypothetical questions, embedded."""

    ids: list[str]
    words: list[list[str]]   # of each passage
    vectors: Tensor          # (N, D)
    tokens: Tensor           # (N, T, D)
    mask: Tensor             # (N, T) True = real token
    questions: Tensor        # (Q, D)
    chunk_of: list[int]      # the passage that each question belongs to

    def best(self, scores: Sequence[float] | Tensor, above: float = -math.inf) -> list[str]:
        """The ids of the 50 best passages, best first; those that score `above` or less are left out."""
        scores = scores.tolist() if isinstance(scores, Tensor) else list(scores)
        order = sorted(range(len(self.ids)), key=lambda i: -scores[i])
        return [self.ids[i] for i in order if scores[i] > above][:LISTED]


@dataclass
class Asked:
    """A query, embedded."""

    query: Query
    words: list[str]
    vector: Tensor   # (D,)
    answers: Tensor  # (2, D) its hypothetical answers
    tokens: Tensor   # (T, D)
    mask: Tensor     # (T,)


@dataclass
class Results:
    """Rankings of every system for every query, MaxSim's scores of every passage, nDCG@10 of each, and what was searched."""

    runs: dict[str, list[list[str]]]
    late: list[dict[str, float]]
    ndcg: dict[str, np.ndarray]
    corpus: Corpus
    asked: list[Asked]


@cache
def larkmoor() -> tuple[Corpus, list[Asked]]:
    """The handbook and its queries, embedded: about ten seconds, once."""
    docs, asked = passages(), queries()
    tokens, mask = embed_tokens([p.text for p in docs])
    corpus = Corpus([p.id for p in docs], [words(p.text) for p in docs], embed([p.text for p in docs]), tokens, mask,
                    embed([q for p in docs for q in p.questions]), [i for i, p in enumerate(docs) for _ in p.questions])
    vectors, answers = embed([q.text for q in asked]), embed([h for q in asked for h in q.hypothetical])
    parts = zip(asked, vectors, answers.view(len(asked), 2, -1), *embed_tokens([q.text for q in asked]))
    return corpus, [Asked(q, words(q.text), *(x.clone() for x in own)) for q, *own in parts]


def of_kind(metric: Callable, run: list[list[str]], kind: str | None = None) -> np.ndarray:
    """A metric's value for each query, or for each of one kind."""
    return np.array([metric(r, q.qrels) for r, q in zip(run, queries()) if kind in (None, q.kind)])


def mean(metric: Callable, run: list[list[str]], kind: str | None = None) -> float:
    """A metric's mean over all queries, or over those of one kind."""
    return of_kind(metric, run, kind).mean()


INTERVAL = "[in brackets: 95 % of the means, the queries drawn anew 4,000 times, with replacement]"


def span(values: np.ndarray) -> tuple[float, float, float]:
    """The mean, and the ends of its 95 % interval over queries."""
    values = np.asarray(values, dtype=np.float64)
    again = np.random.default_rng(0).integers(0, len(values), (4000, len(values)))
    low, high = np.quantile(values[again].mean(1), (0.025, 0.975))
    return float(values.mean()), float(low), float(high)


def said(values: np.ndarray, sign: str = "") -> str:
    """0.813 [0.71, 0.90]"""
    middle, low, high = span(values)
    return f"{middle:{sign}.3f} [{low:{sign}.2f}, {high:{sign}.2f}]"


@figures.experiment
def compare(retrieve: Callable, ndcg_at_k: Callable, mrr_at_k: Callable, recall_at_k: Callable,
            prediction: list[str]) -> Results:
    """Every system on every query, as a table and by kind.

    retrieve(corpus, asked) gives {system: ids of passages, best first} and MaxSim's score of each passage (N,).
    """
    torch.set_num_threads(1)
    corpus, asked = larkmoor()
    runs, late = defaultdict(list), []
    for q in asked:
        rankings, scores = retrieve(corpus, q)
        late.append(dict(zip(corpus.ids, scores.tolist())))
        for name, ranking in rankings.items():
            runs[name].append(ranking)

    print(f"{'nDCG@10':10s}" + "".join(f"{k:<20s}" for k in (*KINDS, "all 48")) + "\n")
    for name, run in runs.items():
        print(f"{name:10s}" + "".join(f"{said(of_kind(ndcg_at_k, run, k)):<20s}" for k in (*KINDS, None)))
    print(f"\n{'all 48':10s}{'MRR@10':20s}recall@10\n")
    for name, run in runs.items():
        print(f"{name:10s}{said(of_kind(mrr_at_k, run)):<20s}{said(of_kind(recall_at_k, run))}")
    best = sorted(prediction, key=lambda name: -mean(ndcg_at_k, runs[name], "paraphrase"))
    print(f"\n{INTERVAL}\nparaphrases, best first: {', '.join(best)}; your order: {', '.join(map(str, prediction))}")

    figure, ax = figures.subplots(figsize=(8, 3.2))
    for i, (name, run) in enumerate(runs.items()):
        spans = [span(of_kind(ndcg_at_k, run, k)) for k in KINDS]
        ends = np.array([(m - low, high - m) for m, low, high in spans]).T
        ax.bar(np.arange(3) + 0.13 * (i - 2.5), [m for m, _, _ in spans], width=0.12, label=name, yerr=ends,
               error_kw={"elinewidth": 0.8, "ecolor": figures.INK})
    ax.set_xticks(range(3), KINDS)
    ax.set(ylabel="nDCG@10", title="No system is best on every kind of query (thin lines: 95 %)")
    ax.legend(ncol=3, loc="lower left", bbox_to_anchor=(0, -0.42))
    figures.show(figure)
    return Results(dict(runs), late, {name: of_kind(ndcg_at_k, run) for name, run in runs.items()}, corpus, asked)


@figures.experiment
def sweep(results: Results | None, rrf: Callable, ndcg_at_k: Callable) -> dict[str, tuple[float, float]]:
    """nDCG@10 of fusions of BM25 and dense, on all queries and on paraphrases: {setting: (all, paraphrase)}."""
    lists = list(zip(_there(results).runs["BM25"], _there(results).runs["dense"]))
    scores = list(zip(*(_scores(name) for name in ("BM25", "dense"))))
    tried = {f"RRF, k = {k}": [[d for d, _ in rrf(list(pair), k)] for pair in lists] for k in (1, 10, 60, 1000)}
    tried |= {f"convex, BM25 {w}": [_convex(*pair, w) for pair in scores] for w in (0.1, 0.2, 0.3, 0.5)}
    tried = {"dense alone": results.runs["dense"], **tried}
    print(f"{'nDCG@10':>16}   {'all 48':20s}{'minus dense alone':23s}{'paraphrase':12s}minus dense alone\n")
    for name, run in tried.items():
        texts = []
        for kind in (None, "paraphrase"):
            values, dense = (of_kind(ndcg_at_k, r, kind) for r in (run, results.runs["dense"]))
            texts.append(f"{values.mean():<12.3f}" if kind else f"{said(values):20s}")
            texts.append(f"{said(values - dense, '+') if run is not results.runs['dense'] else '':23s}")
        print(f"{name:>16}   {''.join(texts).rstrip()}")
    sharp, flat = (of_kind(ndcg_at_k, tried[f"RRF, k = {k}"]) for k in (1, 60))
    print(f"\nRRF, k = 1 minus k = 60, all 48: {said(sharp - flat, '+')}\n{INTERVAL}")
    return {name: (mean(ndcg_at_k, run), mean(ndcg_at_k, run, "paraphrase")) for name, run in tried.items()}


def _scores(system: str) -> list[dict[str, float]]:
    """For each query {passage: score}, scaled to 0 to 1."""
    raw = [bm25_scores_of(q.text) if system == "BM25" else dense_scores_of(q.text) for q in queries()]
    ends = [(min(row.values(), default=0), max(row.values(), default=1)) for row in raw]
    return [{d: (s - low) / ((high - low) or 1) for d, s in row.items()} for row, (low, high) in zip(raw, ends)]


def _convex(lexical: dict[str, float], dense: dict[str, float], weight: float) -> list[str]:
    """The 50 best by weight * lexical + (1 - weight) * dense; who is in one list only has 0 in the other."""
    total = {d: weight * lexical.get(d, 0) + (1 - weight) * dense.get(d, 0) for d in {*lexical, *dense}}
    return sorted(total, key=lambda d: (-total[d], d))[:50]


@figures.experiment
def differences(results: Results | None, interval: Callable) -> None:
    """Which differences between systems are clear of 0, and which queries HyDE helps and hurts.

    interval(differences, rng) gives the ends of an interval for their mean.
    """
    ndcg, rng = _there(results).ndcg, np.random.default_rng(0)
    named = np.array([q.kind != "paraphrase" for q in queries()])
    groups = {"all": named | True, "not paraphrase": named, "paraphrase": ~named}
    for a, b in [("RRF", "BM25"), ("RRF", "dense"), ("HyDE", "dense"), ("HQE", "dense"), ("MaxSim", "dense")]:
        for kind in groups if a == "RRF" else ["all"]:
            difference = (ndcg[a] - ndcg[b])[groups[kind]]
            low, high = interval(difference, rng)
            print(f"{a:6s} - {b:5s} {kind:15s} {difference.mean():+.3f}   "
                  f"95 % of resamples in [{low:+.3f}, {high:+.3f}]")
    delta = ndcg["HyDE"] - ndcg["dense"]
    print(f"\nHyDE against dense: better on {(delta > 1e-9).sum()}, worse on {(delta < -1e-9).sum()}, "
          f"the same on {(abs(delta) <= 1e-9).sum()} queries")
    figures.show(_moved(ndcg["dense"], ndcg["HyDE"]))


def _moved(before: np.ndarray, after: np.ndarray) -> Figure:
    """An arrow for each query whose value changes."""
    delta = after - before
    moved = [i for i in np.argsort(delta) if abs(delta[i]) > 1e-9]
    figure, ax = figures.subplots(figsize=(9, 5.5))
    for row, i in enumerate(moved):
        colour = figures.KEPT if delta[i] > 0 else figures.WRONG
        ax.annotate("", (after[i], row), (before[i], row), arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.5})
    ax.set_yticks(range(len(moved)), [textwrap.shorten(queries()[i].text, 60, placeholder=" …") for i in moved], fontsize=8)
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.7, len(moved) - 0.3), xlabel="nDCG@10, from dense to HyDE",
           title="HyDE helps many queries and hurts some")
    return figure


APART = [("answer 1", "answer 2"), ("both answers", "answer 1"), ("both answers", "answer 2"),
         ("query, answer 1", "answer 1"), ("query, both answers", "both answers"), ("passages, questions", "questions")]


@figures.experiment
def ablation(made_up: Callable, ndcg_at_k: Callable) -> dict[str, np.ndarray]:
    """Every setting of made_up(corpus, asked) -> {setting: ids, best first}: nDCG@10 of each query.

    The first setting is what the others are held against.
    """
    corpus, asked = larkmoor()
    runs = defaultdict(list)
    for q in asked:
        for name, ranking in made_up(corpus, q).items():
            runs[name].append(ranking)
    base = next(iter(runs))
    print(f"{'nDCG@10':21s}{'all 48':21s}{f'minus {base}':24s}" + "".join(f"{k:12s}" for k in KINDS) + "\n")
    for name, run in runs.items():
        values = of_kind(ndcg_at_k, run)
        against = said(values - of_kind(ndcg_at_k, runs[base]), "+") if name != base else ""
        print(f"{name:21s}{said(values):21s}{against:24s}" + "".join(f"{mean(ndcg_at_k, run, k):<12.3f}" for k in KINDS))
    scores = {name: of_kind(ndcg_at_k, run) for name, run in runs.items()}
    named = np.array([q.kind == "identifier" for q in queries()])
    print(f"\n{'':44s}{'all 48':22s}identifier")
    for a, b in APART:
        difference = scores[a] - scores[b]
        print(f"{a:>20s} minus {b:15s}  {said(difference, '+'):22s}{said(difference[named], '+')}")
    print(f"\n{INTERVAL}")
    return scores


def hyde_by_a_model(write: Callable, hyde_vector: Callable, ndcg_at_k: Callable) -> dict[str, np.ndarray]:
    """HyDE with answers that write(questions) gives: three of them, and nDCG@10 with query, both, answer alone."""
    corpus, asked = larkmoor()
    answers = write([q.query.text for q in asked])
    for i in (0, 16, 32):
        print(f"{asked[i].query.text}\n   -> {' '.join(answers[i].split())}\n")
    runs: dict[str, list] = {"query": [], "query, its answer": [], "its answer": []}
    for q, made in zip(asked, embed(answers)):
        for name, v in zip(runs, (q.vector, hyde_vector(q.vector, made[None]), hyde_vector(q.vector, made[None], False))):
            runs[name].append(corpus.best(corpus.vectors @ v))
    print(f"{'nDCG@10':20s}" + "".join(f"{k:<20s}" for k in (*KINDS, "all 48")) + "\n")
    for name, run in runs.items():
        print(f"{name:20s}" + "".join(f"{said(of_kind(ndcg_at_k, run, k)):<20s}" for k in (*KINDS, None)))
    print(f"\n{INTERVAL}")
    return {name: of_kind(ndcg_at_k, run) for name, run in runs.items()}


@figures.experiment
def assembled(results: Results | None, answer: Callable, ndcg_at_k: Callable) -> dict[tuple[int, float], np.ndarray]:
    """answer(query, lists, late, weight, pool) gives ids, best first: nDCG@10 of each query, for weights and pools."""
    runs = _there(results).runs
    weights, pools = (0.0, 0.25, 0.5, 0.75, 1.0), (5, 10, 20, 50)
    found = {}
    print(f"{'nDCG@10':13s}" + "".join(f"{f'pool of {pool}':20s}" for pool in pools) + "\n")
    for w in weights:
        for pool in pools:
            run = [answer(q.text, (words, dense), late, w, pool) for q, words, dense, late
                   in zip(queries(), runs["BM25"], runs["dense"], results.late)]
            found[pool, w] = of_kind(ndcg_at_k, run)
        print(f"weight {w:<6}" + "".join(f"{said(found[pool, w]):20s}" for pool in pools))
    print("\nweight 0.5, pool of 20 minus")
    for name, other in [("pool of 10", found[10, 0.5]), ("pool of 50", found[50, 0.5]),
                        ("MaxSim on all 92", results.ndcg["MaxSim"])]:
        print(f"   {name:18s}{said(found[20, 0.5] - other, '+')}")
    print(f"\n{INTERVAL}")
    return found


@figures.experiment
def first_stages(results: Results | None, two_stages: Callable, stage_recall: Callable) -> dict[str, np.ndarray]:
    """Recall after stage 1 and after MaxSim, behind each of three first stages: {name: (queries, cuts, 2)}.

    two_stages(ranking, late, n) gives the ids after each stage, for n candidates.
    """
    runs, cuts = _there(results).runs, (5, 10, 20, 50)
    figure, axes = figures.subplots(1, 3, figsize=(9, 2.8), sharey=True)
    found = {}
    print(f"{'first stage':18s}{'recall after it':22s}after MaxSim has kept 5\n")
    for ax, name in zip(axes, ("BM25", "dense", "RRF")):
        recalls = [[stage_recall(two_stages(ranking, late, n), [d for d, g in q.qrels.items() if g > 0]) for n in cuts]
                   for q, ranking, late in zip(queries(), runs[name], results.late)]
        found[name] = np.array(recalls)
        for row, label in enumerate(("after stage 1", "after MaxSim keeps 5")):
            middle, low, high = np.transpose([span(found[name][:, i, row]) for i in range(len(cuts))])
            ax.plot(cuts, middle, marker="o", label=label)
            ax.fill_between(cuts, low, high, alpha=0.15)
        ax.set(xscale="log", xlabel="candidates", title=f"first stage: {name}", xticks=cuts, xticklabels=cuts)
        ax.minorticks_off()
        for i, n in enumerate(cuts):
            print(f"{name:6s}{n:3d} ids   " + "   ".join(said(found[name][:, i, row]) for row in (0, 1)))
    print(f"\n{INTERVAL}")
    axes[0].set_ylabel("recall")
    axes[0].legend()
    figures.show(figure)
    return found


# --- the experiment with an approximate index: real token vectors ----------------------------------------------------

@cache
def tokens() -> tuple[Tensor, Tensor, np.ndarray]:
    """The token vectors of the handbook (N, 384), those of the queries (M, 384), all of length 1, and whose each is (M,)."""
    corpus, asked = larkmoor()
    wanted = [q.tokens[q.mask] for q in asked]
    whose = np.repeat(np.arange(len(asked)), [len(w) for w in wanted])
    docs, ours = (F.normalize(x, dim=-1) for x in (corpus.tokens[corpus.mask], torch.cat(wanted)))
    return docs, ours, whose


def _by_query(hits: np.ndarray, whose: np.ndarray) -> np.ndarray:
    """The mean of each user's query over its tokens."""
    return np.array([hits[whose == q].mean() for q in np.unique(whose)])


@figures.experiment
def recall_against_latency(build: Callable, look: Callable, cells: int = 64, k: int = 10) -> dict[int, tuple]:
    """An inverted file over the token vectors of the handbook: {probes: (recall@10 of each query, share compared, us)}.

    build(vectors, cells) gives centroids, and the rows and the vectors of each cell; look(query, centroids, rows, blocks,
    probes) the ids of the ten best in the cells that it looks into.
    """
    torch.set_num_threads(1)
    vectors, ours, whose = (x[::step] for x, step in zip(tokens(), (1, 2, 2)))  # every second token of the queries will do
    exact, seconds = [], []
    for q in ours:
        start = time.thread_time()
        exact.append((vectors @ q).topk(k).indices)
        seconds.append(time.thread_time() - start)
    full = 1e6 * float(np.median(seconds))
    centroids, rows, blocks = build(vectors, cells)
    sizes = torch.tensor([len(r) for r in rows])
    near = (ours @ centroids.T).argsort(1, descending=True)
    print(f"{len(vectors)} token vectors in {cells} cells; every second token of 48 queries: {len(ours)}; "
          f"exact search {full:.0f} us\n")
    print(f"{'cells looked into':20s}{'recall@10':22s}{'vectors compared':20s}median time\n")
    found = {}
    for probes in (1, 2, 4, 8, 16, 32, cells):
        hits, seconds = [], []
        for q, want in zip(ours, exact):
            start = time.thread_time()
            got = look(q, centroids, rows, blocks, probes)
            seconds.append(time.thread_time() - start)
            hits.append(torch.isin(want, got).float().mean().item())
        share = float((sizes[near[:, :probes]].sum(1) + cells).double().mean() / len(vectors))
        found[probes] = _by_query(np.array(hits), whose), share, 1e6 * float(np.median(seconds))
        print(f"{probes:<20d}{said(found[probes][0]):22s}{share:<20.1%}{found[probes][2]:.0f} us")
    print(f"\n{INTERVAL}")
    figure, ax = figures.subplots(figsize=(7, 3))
    times = [us for _, _, us in found.values()]
    middle, low, high = np.transpose([span(hits) for hits, _, _ in found.values()])
    ax.plot(times, middle, marker="o")
    ax.fill_between(times, low, high, alpha=0.2)
    for probes, us, m in zip(found, times, middle):
        ax.annotate(str(probes), (us, m), xytext=(4, -12), textcoords="offset points", fontsize=8)
    ax.axvline(full, color=figures.INK, ls=":", label="exact search")
    ax.set(xscale="log", xlabel="microseconds of computing a query token (numbers: cells looked into)",
           ylabel="recall@10 of exact search", title="An approximate index sells recall for time")
    ticks = [n * 10**e for e in range(6) for n in (1, 2, 5) if min(times) / 1.2 < n * 10**e < 1.2 * max(times)]
    ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
    ax.minorticks_off()
    ax.legend()
    figures.show(figure)
    return found


@figures.experiment
def smaller_vectors(coarse_then_fine: Callable, coarse: dict[str, Callable], k: int = 10) -> dict[tuple[str, int], np.ndarray]:
    """Recall@10 of exact search by a cheap score and by the full one on its best: {(name, pool): recall of each query}."""
    torch.set_num_threads(1)
    vectors, ours, whose = tokens()
    exact = (ours @ vectors.T).topk(k).indices
    found, pools = {}, (10, 30, 100)
    print(f"{'recall@10':26s}" + "".join(f"{f'best {p} rescored':22s}" for p in pools) + "\n")
    for name, make in coarse.items():
        for pool in pools:
            got = coarse_then_fine(vectors, ours, make, pool)
            hits = torch.stack([torch.isin(want, g).double().mean() for want, g in zip(exact, got)])
            found[name, pool] = _by_query(hits.numpy(), whose)
        print(f"{name:26s}" + "".join(f"{said(found[name, p]):22s}" for p in pools))
    print(f"\n{INTERVAL}")
    return found


def _there(results: Results | None) -> Results:
    if results is None:
        raise NotImplementedError("the functions that the experiment above needs; run it again then")
    return results


# --- the widget: it has its own BM25 and its own fusion, so that it works before any exercise is solved --------------

SHOWN = 8  # places in the picture
GRADE = {2: figures.KEPT, 1: figures.PALETTE[2], 0: figures.CUT}


@cache
def bm25(query: str) -> list[str]:
    """Ids of the passages that share a word with the query, best first."""
    scores = bm25_scores_of(query)
    return [d for d in sorted((p.id for p in passages()), key=lambda d: -scores[d]) if scores[d] > 0][:LISTED]


def bm25_scores_of(query: str, k1: float = 1.5, b: float = 0.75) -> Counter:
    """The scores of the passages that share a word with the query."""
    bags = {p.id: Counter(words(p.text)) for p in passages()}
    mean_length = sum(bag.total() for bag in bags.values()) / len(bags)
    scores = Counter()
    for term in words(query):
        having = {d: bag[term] for d, bag in bags.items() if term in bag}
        idf = math.log(1 + (len(bags) - len(having) + 0.5) / (len(having) + 0.5))
        for d, f in having.items():
            scores[d] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * bags[d].total() / mean_length))
    return scores


@cache
def dense(query: str) -> list[str]:
    """Ids of the passages, the most similar first."""
    scores = dense_scores_of(query)
    return sorted(scores, key=scores.__getitem__, reverse=True)[:LISTED]


@cache
def dense_scores_of(query: str) -> dict[str, float]:
    """The cosine of every passage. The first call embeds the corpus, which takes about three seconds."""
    ids, asked = [p.id for p in passages()], [q.text for q in queries()]
    similarity = embed(asked) @ embed([p.text for p in passages()]).T
    return dict(zip(ids, similarity[asked.index(query)].tolist()))


def fuse(lexical: list[str], dense: list[str], weight: float, k: float) -> list[str]:
    """Weighted reciprocal rank fusion; weight 0 is BM25 alone, 1 is dense alone, 0.5 is plain RRF."""
    scores = Counter()
    for ranking, share in ((lexical, 1 - weight), (dense, weight)):
        for rank, d in enumerate(ranking, 1):
            scores[d] += share / (k + rank)
    return sorted((d for d in scores if scores[d] > 0), key=lambda d: (-scores[d], d))


@figures.widget
def widget() -> ipywidgets.Widget:
    """Choose a query, weigh BM25 against the dense retriever, and watch the fused ranking change."""
    return figures.board({
        "query": ipywidgets.Dropdown(options=[(f"{q.kind}: {q.text}", q) for q in queries()], description="query"),
        "weight": ipywidgets.FloatSlider(0.5, min=0, max=1, step=0.05, description="weight"),
        "k": ipywidgets.IntSlider(60, min=1, max=200, description="k"),
    }, lambda query, weight, k: (chart(query, weight, k), html.escape(query.text)))


def chart(query: Query, weight: float, k: float) -> Figure:
    """Three columns, BM25, fused, dense: the first places of each, joined by lines, coloured by grade."""
    lexical, semantic = bm25(query.text), dense(query.text)
    columns = [lexical, fuse(lexical, semantic, weight, k), semantic]
    figure, ax = figures.subplots(figsize=(9, 3.6))
    for x, ranking in enumerate(columns):
        for rank, d in enumerate(ranking[:SHOWN]):
            colour = GRADE[query.qrels.get(d, 0)]
            ax.text(x, rank, d, ha="center", va="center", color=colour,
                    weight="normal" if colour == figures.CUT else "bold")
    for left, right in ((0, 1), (1, 2)):
        for d in {*columns[left][:SHOWN], *columns[right][:SHOWN]}.intersection(columns[left], columns[right]):
            ends = [min(columns[x].index(d), SHOWN) for x in (left, right)]  # below the picture: the last line
            ax.plot([left + 0.25, right - 0.25], ends, color=GRADE[query.qrels.get(d, 0)], lw=1, alpha=0.7)
    found = [d for d in columns[1][:SHOWN] if query.qrels.get(d, 0)]
    ax.set(xlim=(-0.5, 2.5), ylim=(SHOWN + 0.3, -0.6), yticks=range(SHOWN), yticklabels=range(1, SHOWN + 1),
           title=f"{len(found)} of {len(query.qrels)}"
                 f" relevant passages in the first {SHOWN} (blue: answers, green: helps)")
    ax.set_xticks(range(3), ["BM25", f"fused, weight {weight:.2f}, k = {k}", "dense"])
    ax.grid(False)
    return figure
