"""Section 03: how a text is cut, what a filter hides, how scores mix; a handbook that answers, a small model beside it."""

import html
import math
import re
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.corpus import Passage, Query, passages, queries, words
from ..models.embeddings import embed
from ..models.language import generate
from ..models.smollm import Tokenizer, chat
from ..models.transformer import Transformer

KINDS = ("identifier", "mixed", "paraphrase")

# --- what the pictures search in -------------------------------------------------------------------------------------


def bm25_weights(texts: Sequence[Sequence[str]], k1: float = 1.5, b: float = 0.75) -> list[dict[str, float]]:
    """Of each text, what each of its terms weighs by BM25 (section 20 builds it): a score is the sum over a query's terms."""
    mean = sum(map(len, texts)) / max(len(texts), 1)
    having = Counter(term for text in texts for term in set(text))
    idf = {term: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for term, n in having.items()}
    return [{term: idf[term] * f * (k1 + 1) / (f + k1 * (1 - b + b * len(text) / mean)) for term,
             f in Counter(text).items()}
            for text in texts]


@cache
def lexical() -> Tensor:
    """(48, 92) BM25 of every passage for every query; -inf where they share no word."""
    weights = bm25_weights([words(p.text) for p in passages()])
    rows = [[sum(w[t] for t in words(q.text) if t in w) if any(t in w for t in words(q.text)) else -math.inf
             for w in weights]
            for q in queries()]
    return torch.tensor(rows)


@cache
def dense() -> Tensor:
    """(48, 92) cosine of every passage for every query; the first call takes about four seconds."""
    return embed([q.text for q in queries()]) @ vectors().T


def vectors() -> Tensor:
    return embed([p.text for p in passages()])


CHAPTERS = {"err": "error codes", "set": "settings", "rel": "releases", "con": "concepts", "run": "runbooks",
            "plan": "plans", "bill": "billing",
            "lim": "limits", "sec": "security", "inc": "incidents", "cli": "commands", "dev": "development",
            "ops": "operations"}


@cache
def chapters() -> dict[str, tuple[Passage, ...]]:
    """The handbook by chapters: the passages of one kind, in their order."""
    found = defaultdict(list)
    for p in passages():
        found[CHAPTERS[p.id.split("-")[0]]].append(p)
    return {name: tuple(ps) for name, ps in found.items()}


def handbook(readers: Sequence[str] = ("everybody",)) -> list[dict]:
    """Its chapters as the documents of a pipeline."""
    return [{"id": name, "text": "\n".join(p.text for p in ps), "readers": list(readers)} for name,
            ps in chapters().items()]


# --- pictures: chunks, filters, mixtures -----------------------------------------------------------------------------

def whole_share(chunk: Callable, n: int, size: int, overlap: int, starts: Sequence[int], length: int) -> float:
    """The share of facts, `length` tokens from each start, that stand whole in one chunk."""
    spans = chunk(n, size, overlap)
    return sum(any(a <= s and s + length <= b for a, b in spans) for s in starts) / len(starts)


@figures.picture
def cut_facts(chunk: Callable) -> Figure:
    """What overlap saves and what it costs."""
    n, size, length = 3000, 60, 12
    starts = np.random.default_rng(0).integers(0, n - length, 1000).tolist()
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.6))
    overlaps = range(0, 56, 2)
    left.plot(overlaps, [whole_share(chunk, n, size, o, starts, length) for o in overlaps], ".-")
    left.axvline(length - 1, color=figures.INK, lw=1, ls=":")
    left.set(xlabel="overlap", ylim=(0.7, 1.02), title="share of facts that stand whole")
    right.plot(overlaps, [sum(b - a for a, b in chunk(n, size, o)) / n for o in overlaps], ".-",
               color=figures.WRONG)
    right.set(xlabel="overlap", ylim=(0, None), title="tokens in the index, per token of text")
    return figure


def left_after(index, allowed: list[str], question: Sequence[str], k: int = 10) -> tuple[int, int]:
    """How many of k hits are left: (filter inside the search, filter after the cut)."""
    return len(index.search(question, k, allowed)), sum(i in set(allowed) for i, _ in index.search(question, k))


@figures.picture
def filtered_before_and_after(InvertedIndex: type) -> Figure:
    """How many of ten wanted hits a reader gets, by the share of passages that he may read."""
    index = InvertedIndex()
    for p, weights in zip(passages(), bm25_weights([words(p.text) for p in passages()])):
        index.add(p.id, weights)
    rng, shares = np.random.default_rng(0), (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
    means = []
    for share in shares:
        counts = []
        for q in queries():
            allowed = rng.choice([p.id for p in passages()], round(share * len(passages())), replace=False).tolist()
            counts.append(left_after(index, allowed, words(q.text)))
        means.append(np.mean(counts, 0))
    inside, after = np.transpose(means)
    figure, ax = figures.subplots(figsize=(6, 2.6))
    ax.plot(shares, inside, "o-", color=figures.KEPT, label="filter inside the search")
    ax.plot(shares, after, "o-", color=figures.WRONG, label="filter after the cut")
    ax.set(xlabel="share of passages that the reader may read", ylabel="hits of 10, mean", ylim=(0, 10.5),
           title="Where the filter stands")
    ax.legend()
    return figure


@figures.picture
def mixed_scores(hybrid: Callable) -> Figure:
    """One question, the best passages of either retriever, their mixed scores over alpha."""
    row = next(i for i, q in enumerate(queries()) if "greedy customer" in q.text)
    query, alphas = queries()[row], np.linspace(0, 1, 21)
    mixed = torch.stack([hybrid(lexical()[row:row + 1], dense()[row:row + 1], float(a))[0] for a in alphas])
    best = set(mixed[0].topk(4).indices.tolist()) | set(mixed[-1].topk(4).indices.tolist())
    figure, ax = figures.subplots(figsize=(7.5, 3))
    place = math.inf
    for i in sorted(best, key=lambda i: -mixed[-1, i].item()):
        right = query.qrels.get(passages()[i].id, 0) == 2
        place = min(place - 0.06, mixed[-1, i].item())  # names that would cover each other move down
        ax.plot(alphas, mixed[:, i], color=figures.KEPT if right else figures.CUT, lw=2.5 if right else 1.2)
        ax.text(1.01, place, passages()[i].id, va="center", fontsize=8, color=figures.KEPT if right else figures.INK)
    ax.set(xlabel="α: words on the left, vectors on the right", ylabel="mixed score", title=query.text[:80])
    return figure


@cache
def with_copies(copies: int = 30) -> tuple[Tensor, tuple[int, ...]]:
    """(vectors of the 92 passages and of 30 copies with other words in front, the passage that each one is)."""
    texts = [p.text for p in passages()[:copies]]
    again = embed([f"From the older edition of the handbook. {t}" for t in texts])
    return torch.cat([vectors(), again]), (*range(len(passages())), *range(copies))


def six_chosen(mmr: Callable, lam: float, row: int) -> tuple[float, float, int]:
    """Of six chosen: the mean cosine between two of them, the mean cosine to the question, how many different passages."""
    docs, whose = with_copies()
    query = embed([q.text for q in queries()])[row]
    taken = mmr(query, docs, 6, lam)
    like = (docs[taken] @ docs[taken].T)[~torch.eye(6, dtype=torch.bool)].mean().item()
    return like, (docs[taken] @ query).mean().item(), len({whose[i] for i in taken})


@figures.picture
def relevance_against_variety(mmr: Callable) -> Figure:
    """Likeness, relevance and the number of different passages of six chosen, over lambda; means over twelve questions."""
    lams = (0.0, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    asked = [i for i, q in enumerate(queries()) if any(d.startswith(("err", "set")) for d in q.qrels)][:12]
    means = np.array([np.mean([six_chosen(mmr, lam, i) for i in asked], 0) for lam in lams])
    figure, axes = figures.subplots(1, 3, figsize=(9.5, 2.5))
    for ax, values, title in zip(axes, means.T, ("likeness among the six", "relevance of the six",
                                                 "different passages of six")):
        ax.plot(lams, values, "o-")
        ax.set(xlabel="λ", title=title)
    axes[2].set_ylim(2.5, 6.2)
    return figure


# --- pictures: packing, citations, the whole -------------------------------------------------------------------------

@figures.picture
def packed_context(pack_context: Callable) -> Figure:
    """Which of twelve chunks fit into three budgets, and where they stand in the three orders."""
    rng = np.random.default_rng(3)
    chunks = sorted(((round(float(s), 2), int(n)) for s, n in zip(rng.random(12), rng.integers(10, 90, 12))),
                    key=lambda c: c[1] % 7)
    best = max(s for s, _ in chunks)
    figure, axes = figures.subplots(1, 3, figsize=(9.5, 2.4), sharey=True)
    for ax, budget in zip(axes, (80, 200, 400)):
        for row, order in enumerate(("score", "document", "edges")):
            x = 0
            for i in pack_context(chunks, budget, 2, order):
                score, n = chunks[i]
                ax.barh(row, n, left=x, height=0.7, color=figures.KEPT, alpha=0.15 + 0.85 * score / best)
                ax.text(x + n / 2, row, str(i), ha="center", va="center", fontsize=8,
                        color="white" if score > 0.4 * best else figures.INK)
                x += n + 2
        ax.axvline(budget, color=figures.WRONG, lw=1)
        ax.set(title=f"budget {budget}", xlabel="tokens")
        ax.grid(visible=False)
    axes[0].set_yticks(range(3), ["score", "document", "edges"])
    axes[0].invert_yaxis()
    return figure


DRAIN = ("drain_timeout_ms: how long a broker that shuts down waits for its partitions to move to other brokers. "
         "Default 45000. Raise it on brokers with more than two thousand partitions.")
POLL = "poll_deadline_ms: a consumer that does not ask for messages within this time is taken for dead. Default 300000."
SAID = ["A broker waits 45000 ms by default [1]. Large brokers need more [1].",
        "A broker waits 300000 ms by default [1].",
        "A broker waits 45000 ms by default. Large brokers need more [3].",
        "Lower it on brokers with very many partitions [1]."]


@figures.picture
def what_the_check_sees(check_citations: Callable) -> Figure:
    """Four answers, and the report on each."""
    for number, text in enumerate((DRAIN, POLL), 1):
        print(textwrap.fill(f"[{number}] {text}", 95, subsequent_indent="    "))
    print()
    keys = ("cited", "unknown", "uncited", "unsupported")
    reports = [check_citations(text, [DRAIN, POLL]) for text in SAID]
    figure, ax = figures.subplots(figsize=(9, 2.2))
    for row, (text, report) in enumerate(zip(SAID, reports)):
        ax.text(-0.6, row, text, ha="right", va="center", fontsize=9)
        for column, key in enumerate(keys):
            bad = key != "cited" and report[key]
            ax.text(column, row, str(report[key] or "–"), ha="center", va="center",
                    color=figures.WRONG if bad else figures.INK)
    ax.set(xlim=(-6.5, 3.6), ylim=(3.5, -0.8), yticks=[])
    ax.set_xticks(range(4), keys)
    ax.xaxis.tick_top()
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    return figure


def extract(prompt: str) -> str:
    """In place of a model: from each passage the two neighbouring sentences that share most words with the question, cited."""
    *lines, question = prompt.splitlines()
    asked, said = set(words(question.removeprefix("Question: "))), []
    for number, text in re.findall(r"^\[(\d+)\] (.*)$", "\n".join(lines), re.MULTILINE):
        parts = re.split(r"(?<=[.!?])\s+", text)
        pairs = [f"{one.rstrip('.!?')}; {two}" for one, two in zip(parts, parts[1:])]
        best = max(pairs, key=lambda p: len(asked & set(words(p))), default="")
        if len(asked & set(words(best))) >= 2:
            said.append(f"{best.rstrip('.!?')} [{number}].")
    return " ".join(said[:3]) or "The passages do not say."


HANDBOOK_QUESTIONS = ("What is the default of drain_timeout_ms?",
                      "How long are moves of a rebalance limited, and to how many MB/s per broker?",
                      "Who won the football match?")


def print_answer(question: str, got: dict) -> None:
    text = textwrap.fill(got["text"], 100, initial_indent="    ", subsequent_indent="    ")
    sources, problems = (", ".join(got[key]) or "–" for key in ("sources", "problems"))
    print(f"{question}\n{text}\n    sources: {sources};  problems: {problems}\n")


@figures.picture
def ask_the_handbook(answer: Callable) -> Figure:
    """Print three answers; draw how long an answer takes by part of the way. The third question has no passage."""
    seconds = {}
    for question in HANDBOOK_QUESTIONS:
        begin = time.perf_counter()
        got = answer(question, handbook(), "everybody", words, bm25_weights, extract)
        seconds[question] = time.perf_counter() - begin
        print_answer(question, got)
    figure, ax = figures.subplots(figsize=(7, 1.6))
    ax.barh([textwrap.shorten(q, 45, placeholder=" …") for q in seconds], [1e3 * s for s in seconds.values()])
    ax.invert_yaxis()
    ax.set(xlabel="ms, most of them for building the index anew")
    return figure


# --- the experiment: words, vectors, and how much of each ------------------------------------------------------------

ALPHAS = tuple(i / 10 for i in range(11))


def reciprocal_ranks(order: Tensor) -> np.ndarray:
    """1 / rank of the first passage that answers, for each query; order: (48, 92) rows of passages, best first."""
    ids = [p.id for p in passages()]
    return np.array([1 / next(rank for rank, i in enumerate(row, 1) if q.qrels.get(ids[i], 0) == 2)
                     for q, row in zip(queries(), order.tolist())])


def of(kind: str) -> np.ndarray:
    return np.array([q.kind == kind for q in queries()])


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and 95 % interval, by drawing the queries again 2,000 times."""
    drawn = np.random.default_rng(0).choice(values, (2000, len(values))).mean(1)
    return values.mean(), *np.quantile(drawn, [0.025, 0.975])


@figures.experiment
def sweep(mixed: Callable, prediction: object = None) -> dict[str, list[float]]:
    """The mean reciprocal rank by the weight of the vectors, for each kind of question; a few seconds, for the embeddings."""
    ranks = {a: reciprocal_ranks(mixed(lexical(), dense(), a)) for a in ALPHAS}
    figure, ax = figures.subplots(figsize=(7, 3))
    for kind, color in zip(KINDS, figures.PALETTE):
        means = [ranks[a][of(kind)].mean() for a in ALPHAS]
        ax.plot(ALPHAS, means, "o-", color=color, label=f"{kind} ({of(kind).sum()})")
    ax.set(xlabel="α, the weight of the vectors", ylabel="mean of 1 / rank", ylim=(0, 1.05),
           title="How much of which retriever?")
    ax.legend()
    figures.show(figure)
    print(f"{'':12s}" + "".join(f"   α = {a:g}".ljust(26) for a in (0.0, 0.5, 1.0)))
    for kind in KINDS:
        print(f"{kind:12s}" + "".join("   {:.2f} [{:.2f}, {:.2f}]".format(*interval(ranks[a][of(kind)])).ljust(26)
                                      for a in (0.0, 0.5, 1.0)))
    return {kind: [float(ranks[a][of(kind)].mean()) for a in ALPHAS] for kind in KINDS}


SIZES = (15, 30, 60, 120, 240)


@figures.experiment
def chunk_sizes(found: Callable, budget: int = 240) -> dict[str, list[float]]:
    """By size of the chunks: how often the context of one budget holds a whole passage that answers, or half of it."""
    whole, half = [], []
    for size in SIZES:
        contexts = found([q.text for q in queries()], handbook(), size, budget)
        shares = np.array([best_share(q, context) for q, context in zip(queries(), contexts)])
        whole.append([(shares[of(kind)] >= 0.99).mean() for kind in KINDS])
        half.append([(shares[of(kind)] >= 0.5).mean() for kind in KINDS])
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for ax, values, title in zip(axes, (half, whole), ("at least half of an answering passage",
                                                       "all of an answering passage")):
        for kind, line, color in zip(KINDS, np.transpose(values), figures.PALETTE):
            ax.plot(SIZES, line, "o-", color=color, label=kind)
        ax.set(xscale="log", xlabel="size of a chunk, words", title=title, ylim=(-0.03, 1.05))
        ax.set_xticks(SIZES, [str(s) for s in SIZES])
        ax.minorticks_off()
    axes[1].legend(loc="upper left")
    figures.show(figure)
    for name, values in (("half of it", half), ("all of it", whole)):
        print(f"{name:12s}" + "".join(f"{size:>8d}: {np.mean(v):.2f}" for size, v in zip(SIZES, values)))
    return {"half": [float(np.mean(v)) for v in half], "whole": [float(np.mean(v)) for v in whole]}


def best_share(query: Query, context: Sequence[str]) -> float:
    """The largest share of the word pairs of an answering passage that stand in the context."""
    def pairs(text: str) -> set[tuple[str, str]]:
        parts = text.split()
        return set(zip(parts, parts[1:]))
    seen = {pair for text in context for pair in pairs(text)}
    texts = {p.id: p.text for p in passages()}
    return max(len(pairs(texts[d]) & seen) / len(pairs(texts[d])) for d, grade in query.qrels.items() if grade == 2)


# --- the real model --------------------------------------------------------------------------------------------------

# question, passage that answers, accepted, a passage of the same kind that does not
ASKED = [
    ("What is the default of drain_timeout_ms?", "set-drain", ("45000",), "set-poll"),
    ("What is the default of max_inflight?", "set-inflight", ("5", "five"), "set-gateway"),
    ("What is the default of linger_ms?", "set-linger", ("2", "two"), "set-gateway"),
    ("What is the default of poll_deadline_ms?", "set-poll", ("300000",), "set-inflight"),
    ("What is the default of gateway_wait_ms?", "set-gateway", ("10000",), "set-linger"),
    ("What is the default of ack_level?", "set-ack", ("majority",), "set-fetch"),
    ("For how many days is the audit log kept?", "sec-audit", ("400",), "sec-sso"),
    ("How long do service tokens live?", "sec-tokens", ("one hour", "1 hour"), "sec-network"),
    ("How many members may a group have?", "lim-message", ("1000",), "lim-sla"),
    ("Which command explains why a permission was refused?", "sec-acl", ("lark acl explain",), "cli-tail"),
    ("After how many failures is a message moved to the dead-letter topic?", "con-deadletter", ("five", "5"),
     "con-lag"),
    ("Which command starts a broker on a laptop?", "dev-local", ("lark dev up",), "cli-bench"),
]


def is_right(text: str, accepted: Sequence[str]) -> bool:
    """Whether an accepted answer stands in a text as a whole word or number."""
    plain = text.lower().replace(",", "").replace("`", "")
    return any(re.search(rf"(?<![\w.]){re.escape(a)}(?!\w|\.\d)", plain) for a in accepted)


def wilson(k: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    middle, half = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return max(0.0, middle - half), min(1.0, middle + half)


@figures.experiment
def three_books(model: Transformer, tokenizer: Tokenizer, asked: Sequence[tuple] = ASKED,
                tokens: int = 24) -> dict[str, list[str]]:
    """Print what the model answers without a passage, with the right one and with a wrong one."""
    texts, answers = {p.id: p.text for p in passages()}, {}
    for book in ("closed", "open", "wrong"):
        prompts = []
        for question, gold, _, other in asked:
            passage = {"open": gold, "wrong": other}.get(book)
            prompts.append(f"{texts[passage]}\n\nAnswer from the text above, in a few words. {question}" if passage
                           else f"Answer in a few words. {question}")
        answers[book] = list(generate(model, tokenizer, [chat(tokenizer, p) for p in prompts], tokens))
    for row, (question, _, accepted, _) in enumerate(asked):
        print(f"{question}  ({accepted[0]})")
        for book, said in answers.items():
            print(f"    {book:6s} {'+' if is_right(said[row], accepted) else '-'}  {' '.join(said[row].split())[:80]}")
    print()
    for book, said in answers.items():
        k = sum(is_right(text, accepted) for text, (_, _, accepted, _) in zip(said, asked))
        print("{:6s} {} of {} right, 95 % interval {:.2f} to {:.2f}".format(book, k, len(asked),
                                                                            *wilson(k, len(asked))))
    return answers


@figures.experiment
def answered_by_a_model(model: Transformer, tokenizer: Tokenizer, answer: Callable, tokens: int = 40) -> list[dict]:
    """Print the pipeline's answers with a real model in it, their sources and problems."""
    def write(prompt: str) -> str:
        return str(generate(model, tokenizer, chat(tokenizer, prompt), tokens)).strip()

    got = []
    for question, _, accepted, _ in (ASKED[0], ASKED[6], ASKED[11]):
        got.append(answer(question, handbook(), "everybody", words, bm25_weights, write))
        print_answer(f"{question}  ({accepted[0]})", got[-1])
    return got


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(chunk: Callable, search_all: Callable, pack_context: Callable) -> ipywidgets.Widget:
    """Choose a question and move size, overlap and budget: the packed context, the answering passage in colour."""
    asked = [q for q in queries() if q.kind != "identifier"]
    return figures.board({
        "query": ipywidgets.Dropdown(options=[(q.text[:60], q) for q in asked], description="question"),
        "size": ipywidgets.IntSlider(60, min=10, max=240, step=10, description="size, words"),
        "overlap": ipywidgets.IntSlider(20, min=0, max=80, step=10, description="overlap, %"),
        "budget": ipywidgets.IntSlider(240, min=40, max=600, step=20, description="budget"),
    }, lambda query, size, overlap, budget: context(chunk, search_all, pack_context, query, size, overlap, budget))


def context(chunk: Callable, search_all: Callable, pack_context: Callable, query: Query, size: int, overlap: int,
            budget: int) -> tuple[Figure, str]:
    """(bars of the packed chunks, the share of the answering passage that stands there, in words)."""
    texts = [" ".join(cut[a:b]) for d in handbook() for cut in [d["text"].split()] for a,
             b in chunk(len(cut), size, size * overlap // 100)]
    weights = bm25_weights([words(t) for t in texts])
    hits, = search_all(dict(enumerate(weights)), [words(query.text)], 60)
    packed = [texts[hits[p][0]] for p in pack_context([(s, len(texts[i].split())) for i, s in hits], budget, 0,
                                                      "score")]
    figure, ax = figures.subplots(figsize=(6.5, 2.6))
    for row, text in enumerate(packed):
        share = best_share(query, [text])
        ax.barh(row, len(text.split()), color=figures.CUT)
        ax.barh(row, share * len(text.split()), color=figures.KEPT)
    ax.invert_yaxis()
    ax.set(xlabel="words of the chunk; blue: the share of the answering passage that it holds", ylabel="rank",
           title=f"{len(texts)} chunks in the index")
    ax.set_yticks(range(len(packed)), [str(i + 1) for i in range(len(packed))])
    share = best_share(query, packed)
    size_of_all = sum(len(t.split()) for t in packed)
    return figure, (f"{html.escape(query.text)}<br>{len(packed)} chunks, {size_of_all} words; "
                    f"{share:.0%} of an answering passage.")
