"""Section 21: what order is worth, where false claims come from, what a judge's error does; four systems on Larkmoor."""

import itertools
import math
import re
from collections.abc import Callable, Sequence
from functools import cache

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.corpus import Query, passages, queries, words

RANKERS = ("good", "random", "reversed")

# --- pictures: one metric each ---------------------------------------------------------------------------------------


@figures.picture
def same_share(context_precision_batch: Callable) -> Figure:
    """The context precision of all 120 orders of three helpful chunks among ten."""
    rows = [[int(k in places) for k in range(10)] for places in itertools.combinations(range(10), 3)]
    scores = context_precision_batch(torch.tensor(rows)).tolist()
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8), width_ratios=(2, 1))
    left.hist(scores, bins=25, color=figures.KEPT)
    left.axvline(0.3, color=figures.WRONG)
    left.set_ylim(0, 1.2 * left.get_ylim()[1])
    left.text(0.31, left.get_ylim()[1] * 0.9, "share of helpful chunks", color=figures.WRONG)
    left.set(xlabel="context precision", ylabel="orders", title="120 orders of the same ten chunks")
    right.plot(range(1, 11), context_precision_batch(torch.eye(10, dtype=torch.int64)).tolist(), "o-")
    right.set(xlabel="rank of the only helpful chunk", title="One helpful chunk: 1 / rank", ylim=(0, 1.05))
    return figure


@figures.picture
def one_lie(faithfulness: Callable) -> Figure:
    """An answer of ten facts, one of them false, split into one, two and ten statements."""
    facts = [f"fact {i}" for i in range(9)] + ["a false number"]
    ways = {"one statement": [facts], "two statements": [facts[:5], facts[5:]], "ten statements": [[f] for f in facts]}

    def judge(premise: str, statements: list[str]) -> list[int]:
        return [int(all(f in premise for f in s.split("; "))) for s in statements]

    scores = [faithfulness("", facts[:9], lambda text, parts=parts: ["; ".join(p) for p in parts], judge)
              for parts in ways.values()]
    figure, ax = figures.subplots(figsize=(7, 1.9))
    bars = ax.barh(list(ways), scores, color=figures.KEPT)
    ax.bar_label(bars, [f"{s:.1f}" for s in scores], padding=4, color=figures.INK)
    ax.set(xlim=(0, 1.1), xlabel="your faithfulness", title="The same answer with the same lie")
    ax.invert_yaxis()
    return figure


def answers(rng: np.random.Generator, irrelevant: int, n: int = 200) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Verdicts on n answers of a model that reads one relevant chunk, and believes an irrelevant one in three of ten cases."""
    made = []
    for _ in range(n):
        believed = [0, *(c for c in range(1, irrelevant + 1) if rng.random() < 0.3), None]  # None: it adds a claim of its own
        r2a = torch.zeros(len(believed), irrelevant + 1, dtype=torch.bool)
        true = torch.zeros(len(believed), dtype=torch.bool)
        for i, c in enumerate(believed):
            if c is not None:
                r2a[i, c] = True
            true[i] = rng.random() < (0.9 if c == 0 else 0.7 if c is None else 0.0)
        made.append((torch.arange(irrelevant + 1)[None] == 0, r2a, true))
    return made


@figures.picture
def origins(noise_sensitivity: Callable) -> Figure:
    """The share of false claims by origin, as irrelevant chunks are added."""
    modes, counts = ("relevant", "irrelevant", "unsupported"), range(0, 11, 2)
    drawn = [answers(np.random.default_rng(1), c, 60) for c in counts]
    shares = {m: [float(np.mean([noise_sensitivity(*a, m) for a in group])) for group in drawn] for m in modes}
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.stackplot(list(counts), *shares.values(), labels=modes, colors=[figures.KEPT, figures.WRONG, figures.CUT], alpha=0.85)
    ax.set(xlabel="irrelevant chunks beside one relevant", ylabel="share of all claims", ylim=(0, 1),
           title="False claims by origin")
    ax.legend(loc="upper left")
    return figure


def width(corrected_interval: Callable, m: int, golden: int, rate: float = 0.8, sens: float = 0.8, spec: float = 0.8) -> float:
    """high − low for a true share, with m verdicts and a golden set of which half is good."""
    good = round((rate * sens + (1 - rate) * (1 - spec)) * m)
    half = golden // 2
    a, b = round(sens * half), round(spec * half)
    judged = [1] * a + [0] * (half - a) + [0] * b + [1] * (half - b)
    _, low, high = corrected_interval([1] * good + [0] * (m - good), [1] * half + [0] * half, judged)
    return high - low


@figures.picture
def corrected(judge_corrected_rate: Callable, corrected_interval: Callable) -> Figure:
    """What a judge reports and what it becomes; and the width of the interval by verdicts and golden samples."""
    true = np.linspace(0, 1, 21)
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    judges = [((0.95, 0.95), figures.PALETTE[2]), ((0.8, 0.8), figures.KEPT), ((0.9, 0.6), figures.PALETTE[1])]
    for (sens, spec), color in judges:
        seen = true * sens + (1 - true) * (1 - spec)
        left.plot(true, seen, color=color, label=f"reported, sens {sens}, spec {spec}")
        left.plot(true, [judge_corrected_rate(p, sens, spec) for p in seen], "o", color=color, ms=3)
    left.plot(true, true, color=figures.INK, lw=1)
    left.set(xlabel="true share of good answers", ylabel="share", title="Lines: reported. Dots: corrected")
    left.legend(fontsize=8)
    verdicts = [50, 100, 200, 500, 1000, 2000, 5000]
    for golden, color in [(100, figures.WRONG), (400, figures.KEPT), (2000, figures.PALETTE[2])]:
        right.semilogx(verdicts, [width(corrected_interval, m, golden) for m in verdicts], "o-", ms=3, color=color,
                       label=f"{golden:,} golden samples")
    right.set(xlabel="verdicts on the system", ylabel="width", ylim=(0, None), title="Width of the 95 % interval")
    right.legend(fontsize=8)
    return figure


def release_of(seed: int = 0, n: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Scores of an old and a new version on n questions of unlike difficulty; new is better by 0.02 on average."""
    rng = np.random.default_rng(seed)
    old = rng.uniform(0.1, 0.9, n)
    return old, old + 0.02 + 0.04 * rng.standard_normal(n)


def apart(old: np.ndarray, new: np.ndarray, times: int = 4000, seed: int = 1) -> np.ndarray:
    """Differences of means when both samples are resampled apart."""
    rng, n = np.random.default_rng(seed), len(old)
    return new[rng.integers(0, n, (times, n))].mean(1) - old[rng.integers(0, n, (times, n))].mean(1)


@figures.picture
def paired(gate: Callable) -> Figure:
    """Pairs of scores; the means of resampled pairs, beside those of two samples resampled apart."""
    old, new = release_of()
    passes, bound = gate(old.tolist(), new.tolist(), 0.03, 0.05, 2000)
    wide = apart(old, new)
    rng = np.random.default_rng(2)
    narrow = (new - old)[rng.integers(0, len(old), (4000, len(old)))].mean(1)
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8), width_ratios=(1, 2))
    left.plot([0, 1], [old, new], color=figures.KEPT, lw=0.7)
    left.set_xticks([0, 1], ["old", "new"])
    left.set(title="48 questions", ylabel="score")
    bins = np.linspace(-0.2, 0.24, 90)
    right.hist(wide, bins, color=figures.CUT, density=True, label="resampled apart")
    right.hist(narrow, bins, color=figures.KEPT, density=True, label="resampled in pairs")
    right.axvline(-0.03, color=figures.WRONG, label="−max_drop")
    right.set(xlabel="mean of new − old", title=f"your bound {bound:+.3f}: {'passes' if passes else 'blocked'}; "
              f"apart {np.quantile(wide, 0.05):+.3f}: {'passes' if np.quantile(wide, 0.05) >= -0.03 else 'blocked'}")
    right.set_yticks([])
    right.legend(fontsize=8)
    return figure


# --- Larkmoor: answer relevancy on real embeddings, and four systems -------------------------------------------------

TWINS = [  # a question; what a true and a false answer say; the question that one would write from either
    ("How many replicas does a partition have by default?", "It has three replicas.", "It has nine replicas.",
     "How many replicas does a partition have?"),
    ("Can I delete the lock file of the ledger?", "No, two brokers would destroy the ledger.", "Yes, that is safe.",
     "Is it safe to delete the lock file of the ledger?"),
]


@cache
def vectors() -> tuple[Tensor, Tensor, list[Tensor]]:
    """Embeddings of the passages, of the queries, and of the questions of each passage."""
    from ..models.embeddings import embed
    asked = embed([q for p in passages() for q in p.questions])
    sizes = [len(p.questions) for p in passages()]
    return embed([p.text for p in passages()]), embed([q.text for q in queries()]), list(asked.split(sizes))


def rated(answer_relevancy: Callable) -> dict[str, list[float]]:
    """The relevancy of four kinds of answers to every query: right, nearest wrong, random and an echo."""
    texts, asked, written = vectors()
    place = {p.id: i for i, p in enumerate(passages())}
    rng = np.random.default_rng(0)
    table: dict[str, list[float]] = {"right": [], "nearest wrong": [], "random": [], "echo": []}
    for q, query in zip(asked, queries()):
        wrong = [i for i, p in enumerate(passages()) if p.id not in query.qrels]
        kinds = {"right": written[place[best(query)]], "nearest wrong": written[max(wrong, key=lambda i: float(texts[i] @ q))],
                 "random": written[int(rng.choice(wrong))], "echo": q[None]}
        for name, G in kinds.items():
            table[name].append(answer_relevancy(q, G, torch.zeros(len(G), dtype=torch.bool)))
    return table


def best(query: Query) -> str:
    """The passage that answers it."""
    return max(query.qrels, key=lambda i: query.qrels[i])


def relevancy_on_larkmoor(answer_relevancy: Callable) -> dict[str, list[float]]:
    """Scores of the four kinds, how often the right one wins, and two false answers."""
    from ..models.embeddings import embed
    table = rated(answer_relevancy)
    print(f"{'answer':16}{'mean':>8}   {'95 % interval':16}{'right one scores higher':>24}")
    for name, scores in table.items():
        low, high = interval(scores)
        wins = np.mean([r > s for r, s in zip(table["right"], scores)])
        print(f"{name:16}{np.mean(scores):8.3f}   [{low:.3f}, {high:.3f}]" + (f"{wins:22.0%}" if name != "right" else ""))
    for question, true, false, written in TWINS:
        a, b = embed([question, written])
        score = answer_relevancy(a, b[None], torch.zeros(1, dtype=torch.bool))
        print(f"\n{question}\n  {score:.3f}  {true}\n  {score:.3f}  {false}\n         from either one would write: {written}")
    return table


def interval(scores: Sequence[float], times: int = 2000) -> tuple[float, float]:
    """The 95 % interval of a mean by bootstrap."""
    x, rng = np.array(scores), np.random.default_rng(0)
    low, high = np.quantile(x[rng.integers(0, len(x), (times, len(x)))].mean(1), [0.025, 0.975])
    return float(low), float(high)


def by_words(query: str) -> list[int]:
    """Places of all passages, by the weight of the words that they share with the query; rare ones weigh more."""
    texts = [set(words(p.text)) for p in passages()]
    weight = {w: math.log(1 + len(texts) / sum(w in t for t in texts)) for w in set(words(query)) if any(w in t for t in texts)}
    return sorted(range(len(texts)), key=lambda i: -sum(weight[w] for w in weight if w in texts[i]))


def by_meaning() -> list[list[int]]:
    """Places of all passages, by cosine, for every query."""
    texts, asked, _ = vectors()
    return (asked @ texts.T).argsort(1, descending=True).tolist()


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text)


def word_judge(premise: str, statements: list[str]) -> list[int]:
    """Supported is a sentence of which 70 % of the words stand in the premise."""
    there = set(words(premise))
    return [int(np.mean([w in there for w in words(s)] or [False]) >= 0.7) for s in statements]


def useful(question: str, chunk: str, reference: str) -> int:
    """What people judged."""
    query = next(q for q in queries() if q.text == question)
    return int(next(p.id for p in passages() if p.text == chunk) in query.qrels)


def samples(orders: list[list[int]], chunks: int, silent: int = 0) -> list[dict]:
    """What a system answers to all queries: two sentences of its best passage; every silent-th time nothing at all."""
    text = {p.id: p.text for p in passages()}
    made = []
    for i, (query, order) in enumerate(zip(queries(), orders)):
        found = [passages()[k].text for k in order[:chunks]]
        said = "" if silent and i % silent == 0 else " ".join(sentences(found[0])[:2])
        made.append({"question": query.text, "answer": said, "reference": text[best(query)], "contexts": found})
    return made


def systems() -> dict[str, list[dict]]:
    old, new = [by_words(q.text) for q in queries()], by_meaning()
    return {"old: shared words": samples(old, 4), "embeddings": samples(new, 4), "twelve chunks": samples(new, 12),
            "says nothing": samples(new, 4, silent=3)}


LIMITS = {"faithfulness": 0.03, "context_recall": 0.03, "context_precision": 0.03}


@figures.picture
def four_systems(evaluate: Callable, report: Callable, release: Callable) -> Figure:
    """Scores with intervals of four systems, missing ones, and which of three releases pass against the first."""
    scores = {name: evaluate(s, sentences, word_judge, useful) for name, s in systems().items()}
    old = next(iter(scores.values()))
    print(f"{'system':18}" + "".join(f"{m:>24}" for m in LIMITS))
    tables, verdicts = {}, []
    for name, mine in scores.items():
        tables[name] = report(mine)
        cells = [f"{mean:.3f} [{low:.2f}, {high:.2f}]" + (f" −{gone}" if gone else "").ljust(4)
                 for mean, low, high, gone in tables[name].values()]
        passed = release(old, mine, LIMITS)
        failed = ", ".join(metric for metric in LIMITS if not passed[metric])
        if mine is not old:
            verdicts.append(f"{name:18}{'passes' if passed['release'] else f'blocked by {failed}'}")
        print(f"{name:18}" + "".join(f"{c:>24}" for c in cells))
    print("−n: so many scores are missing.\n\nThe gate, against the old system: limits of 0.03 each, one-sided 95 %.")
    print("\n".join(verdicts))
    figure, ax = figures.subplots(figsize=(8, 2.8))
    for j, (name, table) in enumerate(tables.items()):
        at = np.arange(len(LIMITS)) + 0.18 * (j - 1.5)
        mean, low, high = np.array([table[m][:3] for m in LIMITS]).T
        ax.errorbar(at, mean, yerr=[mean - low, high - mean], fmt="o", capsize=3, label=name)
    ax.set_xticks(range(len(LIMITS)), list(LIMITS))
    ax.set(ylim=(0, 1.05), title="48 queries, 95 % intervals")
    ax.legend(fontsize=8, loc="lower left")
    return figure


# --- the experiment: a judge that flips verdicts ---------------------------------------------------------------------

def rankings(rng: np.random.Generator, n: int = 500, chunks: int = 10, helpful: int = 3) -> dict[str, Tensor]:
    """Verdicts without error on the rankings of three rankers."""
    row = np.array([1] * helpful + [0] * (chunks - helpful))
    return {"good": torch.from_numpy(np.tile(row, (n, 1))),
            "random": torch.from_numpy(rng.permuted(np.tile(row, (n, 1)), axis=1)),
            "reversed": torch.from_numpy(np.tile(row[::-1], (n, 1)))}


RATES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)


def under_flips(context_precision_batch: Callable, flipped: Callable, seed: int = 0) -> dict[str, dict[str, list[float]]]:
    """{ranker: {"precision" or "share": the mean at each rate}}."""
    rng = np.random.default_rng(seed)
    table: dict[str, dict[str, list[float]]] = {name: {"precision": [], "share": []} for name in RANKERS}
    for name, V in rankings(rng).items():
        for rate in RATES:
            seen = flipped(V, rate, rng)
            table[name]["precision"].append(context_precision_batch(seen).mean().item())
            table[name]["share"].append(seen.double().mean().item())
    return table


@figures.experiment
def flips(context_precision_batch: Callable, flipped: Callable, judge_corrected_rate: Callable,
          prediction: str | None = None, seed: int = 0) -> dict[str, dict[str, list[float]]]:
    """Context precision and share of three rankers by the flip rate, and the share corrected."""
    table = under_flips(context_precision_batch, flipped, seed)
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3), sharey=True)
    for name, color in zip(RANKERS, (figures.KEPT, figures.CUT, figures.WRONG)):
        left.plot(RATES, table[name]["precision"], "o-", ms=3, color=color, label=name)
        right.plot(RATES, table[name]["share"], "o-", ms=3, color=color, label=name)
        true = [judge_corrected_rate(s, 1 - r, 1 - r) for s, r in zip(table[name]["share"], RATES)]
        right.plot(RATES, true, "--", color=color)
    left.set(xlabel="flip rate", title="mean context precision", ylim=(0, 1.05))
    right.set(xlabel="flip rate", title="share of helpful chunks (dashed: corrected)")
    left.legend()
    figures.show(figure)
    at = RATES.index(0.2)
    print(f"{'ranker':10}{'precision':>11}{'with flips':>12}{'share':>9}{'with flips':>12}{'corrected':>11}")
    for name in RANKERS:
        p, s = table[name]["precision"], table[name]["share"]
        print(f"{name:10}{p[0]:11.2f}{p[at]:12.2f}{s[0]:9.2f}{s[at]:12.2f}{judge_corrected_rate(s[at], 0.8, 0.8):11.2f}")
    gap = [table["good"]["precision"][i] - table["reversed"]["precision"][i] for i in (0, at)]
    print(f"good − reversed: {gap[0]:.2f}, with flips {gap[1]:.2f}: {gap[1] / gap[0]:.0%} of it")
    if prediction:
        print(f"your prediction: {prediction}")
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(context_precision_batch: Callable) -> ipywidgets.Widget:
    """Three rankers under a judge whose two error rates are in your hand."""
    def draw(chunks: int, helpful: int, up: float, down: float) -> tuple[Figure, str]:
        rng, helpful = np.random.default_rng(0), min(helpful, chunks)
        figure, ax = figures.subplots(figsize=(6, 2.8))
        for name, V in rankings(rng, 300, chunks, helpful).items():
            seen = torch.where(torch.from_numpy(rng.random(V.shape)) < torch.where(V == 1, down, up), 1 - V, V)
            at = RANKERS.index(name)
            for side, given, what, color in [(-0.2, V, "true", figures.CUT), (0.2, seen, "seen", figures.KEPT)]:
                ax.bar(at + side, context_precision_batch(given).mean().item(), 0.35, color=color, label="" if at else what)
        ax.set_xticks(range(3), RANKERS)
        ax.set(ylim=(0, 1.05), ylabel="mean context precision")
        ax.legend()
        share = helpful / chunks
        seen_share = share * (1 - down) + (1 - share) * up
        return figure, (f"Share of helpful chunks: {share:.2f}, seen as {seen_share:.2f}. "
                        f"Sens + spec − 1 = {1 - up - down:.2f}: differences of shares shrink to that.")

    return figures.board({
        "chunks": ipywidgets.IntSlider(10, min=1, max=30, description="chunks"),
        "helpful": ipywidgets.IntSlider(3, min=0, max=30, description="helpful"),
        "up": ipywidgets.FloatSlider(0.2, min=0, max=0.5, step=0.05, description="0 seen as 1"),
        "down": ipywidgets.FloatSlider(0.2, min=0, max=0.5, step=0.05, description="1 seen as 0")}, draw)
