"""Section 11: how scores come about, how wide they are, who is on top by luck; a small model on forty questions."""

import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from statistics import NormalDist

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.quiz import quiz
from ..models.language import score

NORMS = ("none", "tokens", "bytes")

# --- pictures: how a score comes about -------------------------------------------------------------------------------


def over_counts(estimate: Callable[[int, int, int], float], n: int, k: int, p: float = 0.1) -> tuple[float, float]:
    """Mean and standard deviation of an estimate of pass@k over all counts of right programs."""
    weights = np.array([math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)])
    values = np.array([estimate(n, c, k) for c in range(n + 1)])
    mean = float(weights @ values)
    return mean, float(max(0.0, weights @ values**2 - mean**2) ** 0.5)


def tempting(n: int, c: int, k: int) -> float:
    """The estimate that puts each program back."""
    return 1 - (1 - c / n) ** k


@figures.picture
def pass_curves(pass_at_k: Callable) -> Figure:
    """Two estimates of pass@k beside the truth; the scatter of one by the number of programs."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.9))
    ks = list(range(1, 21))
    left.plot(ks, [1 - 0.9**k for k in ks], color=figures.INK, lw=4, alpha=0.4, label="truth")
    left.plot(ks, [over_counts(pass_at_k, 20, k)[0] for k in ks], color=figures.KEPT, label="yours, on average")
    left.plot(
        ks, [over_counts(tempting, 20, k)[0] for k in ks], color=figures.WRONG, label="1 − (1 − c/n)ᵏ, on average"
    )
    left.set(xlabel="k", ylabel="pass@k", title="20 programs a task, each right with 0.1", ylim=(0, 1.02))
    left.set_xticks([1, 5, 10, 15, 20])
    left.legend(fontsize=8)
    ns = [10, 15, 20, 30, 50, 100, 200]
    right.plot(ns, [over_counts(pass_at_k, n, 10)[1] for n in ns], "o-", color=figures.KEPT)
    right.set(
        xlabel="programs n", ylabel="standard deviation", title="Scatter of your pass@10 on one task", ylim=(0, None)
    )
    return figure


ANSWERS = [
    ("The answer is 7.", "7"),
    ("7", "7"),
    ("**7** apples", "7"),
    ("In all, 1,200 people.", "1200"),
    ("#### 1,200", "1200"),
    (r"So \boxed{\frac{1}{2}}.", "1/2"),
    ("It is 0.5.", "1/2"),
    ("1/2 of them", "1/2"),
    ("x = -3", "-3"),
    ("It is −3 degrees.", "-3"),
    (r"\boxed{12} (10 of the 20 were red.)", "12"),
    ("3 + 4 = 7, so 7.00", "7"),
]


def same(a: str | None, b: str) -> bool:
    """Whether a reader's answer equals the truth, as strings or as decimal numbers."""
    try:
        return a == b or a is not None and float(a) == float(b)
    except ValueError:
        return False


def first_number(text: str) -> str | None:
    """The first digits of a text."""
    found = re.search(r"\d+", text)
    return found and found[0]


def last_digits(text: str) -> str | None:
    """The last digits of a text."""
    return (re.findall(r"\d+", text) or [None])[-1]


def last_decimal(text: str) -> str | None:
    """The last decimal number, its commas taken out."""
    return (re.findall(r"-?\d+(?:\.\d+)?", text.replace(",", "")) or [None])[-1]


@figures.picture
def readers(extract_answer: Callable) -> Figure:
    """How many of twelve right answers four readers read as right."""
    ways = {
        "first digits": first_number,
        "last digits": last_digits,
        "last decimal": last_decimal,
        "yours": extract_answer,
    }
    right = [sum(same(read(text), want) for text, want in ANSWERS) for read in ways.values()]
    figure, ax = figures.subplots(figsize=(7, 2.1))
    bars = ax.barh(list(ways), right, color=[figures.CUT] * 3 + [figures.KEPT])
    ax.bar_label(bars, [f"{r} of 12" for r in right], padding=4, color=figures.INK)
    ax.set(xlim=(0, 14), xlabel="read as right", title="One model, twelve right answers")
    ax.invert_yaxis()
    return figure


def made_up(right_tokens: int, given: bool, items: int = 400) -> list[tuple[list[Tensor], list[str], int]]:
    """Items whose right option costs 1.6 nats a token, the wrong ones of six tokens 2.1; a token has four bytes.

    given: from the fourth on a token of any option costs 0.3, as at the end of a phrase that everybody knows.
    """
    rng, made = np.random.default_rng(0), []
    for i in range(items):
        sizes = [6, 6, 6]
        sizes.insert(i % 4, right_tokens)
        costs = [np.full(size, 1.6 if j == i % 4 else 2.1) for j, size in enumerate(sizes)]
        for cost in costs:
            cost[3:] = 0.3 if given else cost[3:]
        made.append(([torch.from_numpy(-rng.exponential(cost)) for cost in costs], ["word" * n for n in sizes], i % 4))
    return made


def by_length(mcq_loglik: Callable) -> dict[str, list[float]]:
    """Accuracies by norm, for right options of three, six and nine tokens."""
    ways = {"none": ("none", False), "by length": ("tokens", False), "by length, ends nearly given": ("tokens", True)}
    return {name: [float(np.mean([mcq_loglik(logps, texts, norm) == answer for logps, texts, answer in made_up(size, given)]))
                   for size in (3, 6, 9)] for name, (norm, given) in ways.items()}


@figures.picture
def lengths(mcq_loglik: Callable) -> Figure:
    """Accuracy by norm, for right options that are short, equal and long."""
    found = by_length(mcq_loglik)
    figure, ax = figures.subplots(figsize=(7.5, 2.9))
    for j, name in enumerate(("3 tokens", "6, as the others", "9 tokens")):
        got = [accuracies[j] for accuracies in found.values()]
        bars = ax.bar(np.arange(3) + 0.27 * (j - 1), got, width=0.25, color=figures.PALETTE[j], label=name)
        for bar, share in zip(bars, got):  # in the bar where there is room, else above: never on the dashed line
            inside = 0.16 <= share < 0.3
            ax.annotate(f"{share:.2f}", (bar.get_x() + bar.get_width() / 2, share), (0, -3 if inside else 2),
                        textcoords="offset points", ha="center", va="top" if inside else "bottom", fontsize=8,
                        color="white" if inside else figures.INK)
    ax.axhline(0.25, color=figures.INK, lw=1, ls="--")
    ax.text(2.45, 0.26, "guessing", color=figures.INK, fontsize=8, va="bottom")
    ax.set_xticks(range(3), list(found))
    ax.set(ylabel="accuracy", xlim=(-0.5, 2.85), ylim=(0, 1.1), title="The same knowledge, right options of three lengths")
    ax.legend(title="right option", fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    return figure


# --- pictures: intervals, pairs, copies ------------------------------------------------------------------------------


def texts_of_answers(rng: np.random.Generator, size: int, n: int = 240) -> np.ndarray:
    """n answers, right with 0.7 over all; the texts, with `size` questions each, are of very unlike difficulty."""
    shared, own = rng.standard_normal(n // size).repeat(size), rng.standard_normal(n)
    return (0.8 * shared + 0.6 * own < NormalDist().inv_cdf(0.7)).astype(float)


def coverage(bootstrap_ci: Callable, size: int, times: int = 200, n_boot: int = 300) -> tuple[list[float], list[float]]:
    """(mean half-widths, shares of intervals that hold 0.7) when items and when groups are drawn."""
    labels = np.arange(240) // size
    half, holds = np.zeros(2), np.zeros(2)
    for seed in range(times):
        x = texts_of_answers(np.random.default_rng(seed), size)
        for j, groups in enumerate((None, labels)):
            _, low, high = bootstrap_ci(x, None, groups, 0.05, n_boot, seed)
            half[j] += (high - low) / 2
            holds[j] += low <= 0.7 <= high
    return (half / times).tolist(), (holds / times).tolist()


@figures.picture
def group_widths(bootstrap_ci: Callable) -> Figure:
    """Intervals by items and by groups, and how often they hold the truth."""
    sizes = (1, 4, 12)
    found = [coverage(bootstrap_ci, size) for size in sizes]
    figure, (top, below) = figures.subplots(1, 2, figsize=(9, 2.7))
    for j, (color, name) in enumerate([(figures.CUT, "items drawn"), (figures.KEPT, "groups drawn")]):
        at = np.arange(3) + 0.36 * (j - 0.5)
        bars = top.bar(at, [100 * f[0][j] for f in found], width=0.34, color=color, label=name)
        top.bar_label(bars, [f"{100 * f[0][j]:.1f}" for f in found], color=figures.INK, fontsize=8)
        bars = below.bar(at, [100 * f[1][j] for f in found], width=0.34, color=color)
        for bar, share in zip(bars, [100 * f[1][j] for f in found]):  # beyond the line where a label would touch it
            room = (0, 8 if 85 < share <= 95 else 2)
            below.annotate(f"{share:.0f}", (bar.get_x() + bar.get_width() / 2, share), room, ha="center", va="bottom",
                           textcoords="offset points", color=figures.INK, fontsize=8)
    below.axhline(95, color=figures.WRONG, lw=1)
    for ax in (top, below):
        ax.set_xticks(range(3), [f"{size} a text" for size in sizes])
    top.set(ylabel="points", title="Half the width, on average", ylim=(0, 1.15 * max(100 * f[0][1] for f in found)))
    top.legend(fontsize=8, loc="upper left")
    below.set(ylabel="% of intervals", title="How many hold the true 70 %", ylim=(0, 118))
    below.set_yticks([0, 25, 50, 75, 95])
    return figure


def items_needed(gap: float, discordant: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """About how many items show a gap, by the normal approximation."""
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    return z * z * discordant / gap**2


@figures.picture
def how_many(mcnemar_exact: Callable) -> Figure:
    """p of 20 discordant items by two tests; items needed by gap."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.9))
    wins = list(range(10, 21))
    exact = [mcnemar_exact([1] * w + [0] * (20 - w), [0] * w + [1] * (20 - w))[2] for w in wins]
    chi = [2 * (1 - NormalDist().cdf(abs(2 * w - 20) / 20**0.5)) for w in wins]
    left.semilogy(wins, exact, "o-", color=figures.KEPT, ms=4, label="yours")
    left.semilogy(wins, chi, "o-", color=figures.CUT, ms=4, label="chi-square form")
    left.axhline(0.05, color=figures.WRONG, lw=1)
    left.set(xlabel="of 20 discordant items, A has", ylabel="p", title="Exact and approximate")
    left.legend(fontsize=8)
    gaps = np.linspace(0.01, 0.1, 40)
    for d, color in zip((0.3, 0.2, 0.1), figures.PALETTE):
        right.semilogy(100 * gaps, [items_needed(g, max(d, g)) for g in gaps], color=color, label=f"{d:.0%} discordant")
    right.axhline(164, color=figures.INK, lw=1, ls="--")
    right.text(1, 180, "HumanEval: 164", color=figures.INK, fontsize=8)
    right.set(xlabel="gap, points", ylabel="items", title="Items for 80 % power")
    right.legend(fontsize=8)
    return figure


def a_corpus() -> tuple[list[str], list[str], list[str]]:
    """(questions, their kinds, a training text): copied, with every fourth word replaced, turned round, absent."""
    questions = [item["question"] for item in quiz()]
    kinds = [("copied", "every 4th word new", "turned round", "absent")[i % 4] for i in range(40)]
    texts = []
    for question, kind in zip(questions, kinds):
        parts = question.rstrip("?.").split()
        if kind == "every 4th word new":
            parts = ["whatever" if i % 4 == 3 else p for i, p in enumerate(parts)]
        if kind != "absent":
            texts.append("As we know: " + " ".join(parts[::-1] if kind == "turned round" else parts) + ", and so on.")
    return questions, kinds, texts


@figures.picture
def copies(contamination_overlap: Callable) -> Figure:
    """The overlap of each question with a training text, by how it stands there, for three n."""
    questions, kinds, texts = a_corpus()
    names = list(dict.fromkeys(kinds))
    figure, axes = figures.subplots(1, 3, figsize=(9, 2.5), sharey=True)
    for ax, n in zip(axes, (13, 3, 2)):
        shares = contamination_overlap(questions, texts, n)
        for y, name in enumerate(names):
            own = [s for s, kind in zip(shares, kinds) if kind == name]
            jitter = np.linspace(-0.25, 0.25, len(own))
            ax.plot(own, y + jitter, "o", ms=4, color=figures.PALETTE[y], clip_on=False)
        ax.set(xlabel="share of words", title=f"n = {n}", xlim=(-0.03, 1.03))
        ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
        ax.set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    return figure


def made_model(knows: float, seed: int) -> tuple[Callable[[str, str], Tensor], Callable[[str], str]]:
    """(loglik, generate) of a made-up model that knows an item with a probability; what two models know goes together."""
    items = {item["question"]: item for item in quiz()}

    def knowing(question: str) -> bool:
        subject = items[question]["subject"] if question in items else "sums"
        shared = np.random.default_rng(sum(map(ord, question))).standard_normal()
        own = np.random.default_rng(seed + sum(map(ord, question))).standard_normal()
        taste = np.random.default_rng(seed + sum(map(ord, subject))).standard_normal()
        return 0.75 * shared + 0.5 * own + 0.45 * taste < NormalDist().inv_cdf(knows)

    def asked(prompt: str) -> str:
        return prompt.rsplit("Question: ", 1)[1].removesuffix("\nAnswer:")

    def loglik(prompt: str, option: str) -> Tensor:
        item = items[asked(prompt)]
        wanted = item["answer"] if knowing(item["question"]) else (item["answer"] + 1) % 4
        return torch.full((2,), (-0.05 if option == " " + item["options"][wanted] else -0.5) * len(option))

    def generate(prompt: str) -> str:
        a, b = map(int, re.findall(r"\d+", asked(prompt)))
        return f" That is {a + b if knowing(asked(prompt)) else a - b}.\n\nQuestion: 1 + 1?\nAnswer: 2"

    return loglik, generate


def sums() -> list[dict]:
    """Twenty additions."""
    return [
        {
            "question": f"What is {37 * i % 50 + 3} + {13 * i + 8}?",
            "answer": str(37 * i % 50 + 13 * i + 11),
            "subject": "sums",
        }
        for i in range(20)
    ]


@figures.picture
def a_board(run_benchmark: Callable, summary: Callable) -> Figure:
    """Two made-up models on sixty items: accuracy by subject, and the paired comparison."""
    items = quiz() + sums()
    subjects = [item["subject"] for item in items]
    a, b = (run_benchmark(items, items[:2], *made_model(knows, seed), "bytes") for knows, seed in ((0.8, 1), (0.6, 2)))
    got = summary(a, b, subjects)
    names = list(dict.fromkeys(subjects))
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3), width_ratios=(3, 2))
    for right_ones, marker, color, name, at in [(a, "o", figures.KEPT, "A", -0.15), (b, "s", figures.PALETTE[1], "B", 0.15)]:
        shares = [np.mean([r for r, s in zip(right_ones, subjects) if s == n]) for n in names]
        left.plot(shares, np.arange(len(names)) + at, marker, color=color, label=name, ms=5)
    left.set_yticks(range(len(names)), names)
    left.set(xlabel="accuracy", title="By subject", xlim=(-0.03, 1.03))
    left.legend(loc="lower left")
    estimate, low, high = got["interval"]
    right.errorbar(
        [100 * estimate],
        [0],
        xerr=[[100 * (estimate - low)], [100 * (high - estimate)]],
        fmt="o",
        color=figures.KEPT,
        capsize=4,
    )
    right.axvline(0, color=figures.WRONG, lw=1)
    right.set_yticks([])
    right.set(xlabel="A − B, points", ylim=(-1, 1), title=f"p = {got['p']:.3f}, better: {got['better']}")
    right.text(
        0.5,
        0.86,
        f"micro {got['micro'][0]:.2f} / {got['micro'][1]:.2f}   macro {got['macro'][0]:.2f} / {got['macro'][1]:.2f}",
        transform=right.transAxes,
        ha="center",
        fontsize=9,
    )
    return figure


# --- the experiment: luck on a leaderboard ---------------------------------------------------------------------------

TRUTH = np.linspace(0.80, 0.86, 20)


def top_share(boards: Callable, n: int, times: int, seed: int) -> float:
    """How often the truly best model tops the board; a shared first place counts in parts."""
    rng, hits = np.random.default_rng(seed), 0.0
    for _ in range(times):
        scores = np.asarray(boards(rng, TRUTH, n)).sum(1)
        best = scores == scores.max()
        hits += best[-1] / best.sum()
    return hits / times


@figures.experiment
def leaderboard(boards: Callable, bootstrap_ci: Callable, prediction: str) -> dict[str, list[float]]:
    """Boards of 20 models: how often the best is on top, by items; one board with its intervals; pairs against singles."""
    shares = {}
    for n, times in ((164, 500), (1000, 200), (4000, 60)):
        share = top_share(boards, n, times, 1)
        error = 1.96 * math.sqrt(share * (1 - share) / times)
        shares[f"{n} items"] = [share, error]
        print(
            f"{n:5,} items: the truly best of 20 models tops {share:.0%} ± {100 * error:.0f} points of {times} boards"
        )
    print(f"your prediction for 164 items: {prediction}")
    right = np.asarray(boards(np.random.default_rng(3), TRUTH, 164)).astype(float)
    rows = [bootstrap_ci(row, n_boot=1000) for row in right]
    order = np.argsort([row[0] for row in rows])
    leader = order[-1]
    pairs = [bootstrap_ci(right[leader], right[i], n_boot=1000) for i in order[:-1]]
    singles = np.mean([math.hypot(rows[leader][2] - rows[leader][1], rows[i][2] - rows[i][1]) / 2 for i in order[:-1]])
    paired = np.mean([(high - low) / 2 for _, low, high in pairs])
    shares["half-widths"] = [float(singles), float(paired)]
    tied = sum(low <= 0 for _, low, _ in pairs)
    print(
        f"one board of 164 items: half-width of a difference {100 * singles:.1f} points as two samples, "
        f"{100 * paired:.1f} as pairs"
    )
    print(f"of the 19 others, {tied} cannot be told from the leader by a paired 95 % interval")
    figure, ax = figures.subplots(figsize=(7, 4))
    for place, i in enumerate(order):
        estimate, low, high = rows[i]
        ax.plot([100 * low, 100 * high], [place, place], color=figures.KEPT, lw=2, alpha=0.5)
        ax.plot(100 * estimate, place, "o", color=figures.KEPT, label="score, interval" if place == 0 else None)
        ax.plot(100 * TRUTH[i], place, "|", color=figures.WRONG, ms=12, mew=2, label="truth" if place == 0 else None)
    ax.set_yticks(range(20), [f"model {i + 1}" for i in order], fontsize=7)
    ax.set(xlabel="accuracy, %", title="One board of 164 items; model 20 is truly the best")
    ax.legend(loc="lower right", fontsize=8)
    figures.show(figure)
    return shares


# --- the real model --------------------------------------------------------------------------------------------------


def lettered(item: dict) -> str:
    """The prompt of the other format: options with letters."""
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", item["options"]))
    return f"Question: {item['question']}\n{listed}\nAnswer:"


def scorer(model, tokenizer, pairs: Sequence[tuple[str, str]], batch: int = 40) -> Callable[[str, str], Tensor]:
    """loglik(prompt, option), computed for all these pairs at once."""
    table: dict[tuple[str, str], Tensor] = {}
    for i in range(0, len(pairs), batch):
        some = pairs[i : i + batch]
        table.update(zip(some, score(model, tokenizer, [option for _, option in some], [prompt for prompt, _ in some])))
    return lambda prompt, option: table[prompt, option]


def quiz_by_norm(
    model,
    tokenizer,
    few_shot: Callable,
    run_benchmark: Callable,
    bootstrap_ci: Callable,
    items: list[dict] | None = None,
) -> dict[str, list[int]]:
    """The forty questions by three norms: 1 or 0 for each item, printed with intervals."""
    items = quiz() if items is None else items
    loglik = scorer(
        model, tokenizer, [(few_shot(item, []), " " + option) for item in items for option in item["options"]]
    )
    results = {norm: run_benchmark(items, [], loglik, lambda prompt: "", norm) for norm in NORMS}
    for norm, right in results.items():
        line(f"norm {norm}", right, bootstrap_ci)
    differ = [i for i in range(len(items)) if len({right[i] for right in results.values()}) > 1]
    print(f"items on which the norms disagree: {len(differ)}")
    for i in differ[:4]:
        print(
            f"  {items[i]['question']} (right: {items[i]['options'][items[i]['answer']]}): "
            + ", ".join(f"{norm} {'right' if right[i] else 'wrong'}" for norm, right in results.items())
        )
    return results


def line(name: str, right: Sequence[int], bootstrap_ci: Callable) -> None:
    """One result with its interval."""
    estimate, low, high = bootstrap_ci(right)
    print(f"{name:16} {sum(right):2} of {len(right)}: {estimate:.0%} [{low:.0%}, {high:.0%}]")


def quiz_by_letter(
    model, tokenizer, mcq_loglik: Callable, bootstrap_ci: Callable, items: list[dict] | None = None
) -> list[int]:
    """The same questions with lettered options, of which the likeliest letter is taken."""
    items = quiz() if items is None else items
    loglik = scorer(model, tokenizer, [(lettered(item), " " + letter) for item in items for letter in "ABCD"], 20)
    chosen = [mcq_loglik([loglik(lettered(item), " " + letter) for letter in "ABCD"], list("ABCD")) for item in items]
    right = [int(c == item["answer"]) for c, item in zip(chosen, items)]
    line("letters", right, bootstrap_ci)
    print("letters chosen: " + ", ".join(f"{letter} {chosen.count(j)}" for j, letter in enumerate("ABCD")))
    return right


# --- the widget ------------------------------------------------------------------------------------------------------


@cache
def differences(n: int, gap: int, spread: float, times: int = 400) -> tuple[np.ndarray, float, float]:
    """(differences of two accuracies, share of discordant items, width without pairs) for 80 % against 80 % + gap."""
    rng = np.random.default_rng(0)
    a, b = (NormalDist().inv_cdf(p) * math.sqrt(1 + spread**2) for p in (0.8, 0.8 + gap / 100))
    hard = spread * rng.standard_normal((times, n))
    x, y = rng.standard_normal((times, n)) + a > hard, rng.standard_normal((times, n)) + b > hard
    width = 1.96 * math.sqrt((0.16 + (0.8 + gap / 100) * (0.2 - gap / 100)) / n)
    return y.mean(1) - x.mean(1), float((x != y).mean()), width


@figures.widget
def widget(mcnemar_exact: Callable) -> ipywidgets.Widget:
    """Items, gap and shared difficulty: how often does the worse model win, how often is the gap shown?"""

    def draw(n: int, gap: int, spread: float) -> tuple[Figure, str]:
        d, discordant, width = differences(n, gap, spread)
        figure, ax = figures.subplots(figsize=(6.5, 2.8))
        step = 100 / n * math.ceil(max(np.ptp(d) * n, 1) / 41)  # gaps are multiples of 1/n: each bar holds equally many
        first = 100 * d.min() - 50 / n
        edges = first + step * np.arange(math.ceil((100 * d.max() - first) / step) + 1)
        ax.hist(100 * d, bins=edges, color=figures.KEPT, alpha=0.8)
        ax.axvline(0, color=figures.WRONG)
        ax.axvspan(100 * (gap / 100 - width), 100 * (gap / 100 + width), color=figures.CUT, alpha=0.2)
        ax.set(xlabel="measured gap, points", ylabel="benchmarks of 400",
               title=f"True gap {gap} point{'s' if gap > 1 else ''}, {n} items")
        wins = round((discordant + gap / 100) / 2 * n)
        losses = max(0, round(discordant * n) - wins)
        p = mcnemar_exact([1] * wins + [0] * losses, [0] * wins + [1] * losses)[2]
        tiny = "below 0.001" * (p < 0.001)
        return figure, (
            f"The worse model ties or wins in <b>{(d <= 1e-12).mean():.0%}</b> of the benchmarks. {discordant:.0%} of the "
            f"items are discordant; at the expected counts, {wins} to {losses}, your p is <b>{tiny or f'{p:.3f}'}</b>. "
            f"Grey: ±1.96 standard errors "
            f"as for two separate samples."
        )

    return figures.board(
        {
            "n": ipywidgets.SelectionSlider(options=[30, 100, 164, 500, 1000, 2000], value=164, description="items"),
            "gap": ipywidgets.IntSlider(3, min=1, max=10, description="true gap, points"),
            "spread": ipywidgets.FloatSlider(1.0, min=0, max=3, step=0.5, description="difficulty"),
        },
        draw,
    )
