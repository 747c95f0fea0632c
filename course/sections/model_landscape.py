"""Section 27: what its pictures, its experiment and its widget show. Models and traffic in the pictures are made up."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from statistics import NormalDist

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.model_snapshot import snapshot
from ..models.sizes import GPUS, MODELS

# --- pictures: snapshot, intervals, ranks ----------------------------------------------------------------------------

FIELDS = [("Claude Opus 4.6", "input above 200K"), ("Claude Opus 4.6", "input"), ("GPT-5.1", "input"),
          ("Gemini 3 Flash", "input")]


@figures.picture
def price_history(read_snapshot: Callable) -> Figure:
    """What the file knew of some prices, day by day."""
    days = [date(2025, 10, 1) + timedelta(days=i) for i in range(0, 280, 3)]
    known = [read_snapshot(snapshot(), d.isoformat()) for d in days]
    figure, ax = figures.subplots(figsize=(8, 3))
    for (name, field), color, width in zip(FIELDS, figures.PALETTE, (3.0, 1.5, 2.0, 2.0)):
        values = [k[name, field][0] if (name, field) in k else math.nan for k in known]
        ax.step(days, values, where="post", color=color, lw=width, label=f"{name}: {field}")
    ax.set(ylabel="dollars per million tokens", ylim=(0, 11), xlabel="as of")
    ax.legend(fontsize=8, loc="upper left")
    figure.autofmt_xdate(rotation=0, ha="center")
    return figure


def binomial(k: int, n: int, p: float) -> float:
    """The probability of k of n."""
    return math.comb(n, k) * p ** k * (1 - p) ** (n - k)


def wald(k: int, n: int) -> tuple[float, float]:
    """The plain interval."""
    half = 1.96 * math.sqrt(k / n * (1 - k / n) / n)
    return k / n - half, k / n + half


def covered(interval: Callable, n: int, p: float) -> float:
    """How often the interval of k of n holds the true share p."""
    ends = [interval(k, n) for k in range(n + 1)]
    return sum(binomial(k, n, p) for k, (low, high) in enumerate(ends) if low <= p <= high)


@figures.picture
def coverage(wilson: Callable) -> Figure:
    """Coverage of Wilson's and Wald's interval against the true share, for 40 items."""
    n, shares = 40, np.linspace(0.5, 0.99, 99)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for name, interval, color in [("your wilson", wilson, figures.KEPT), ("Wald", wald, figures.WRONG)]:
        ends = [interval(k, n) for k in range(n + 1)]
        ax.plot(shares, [covered(lambda k, _n, ends=ends: ends[k], n, p) for p in shares], color=color, label=name)
    ax.axhline(0.95, color=figures.INK, lw=1, ls="--")
    ax.set(xlabel="true share", ylabel="holds the truth", ylim=(0.3, 1.02))
    ax.legend(loc="lower left")
    return figure


def board(rng: np.random.Generator, m: int, n: int, low: float = 0.80, high: float = 0.92, shared: float = 1.0) -> Tensor:
    """Right answers (m, n) of models with evenly spread true accuracies, the best first, on items of shared difficulty."""
    skill = np.array([NormalDist().inv_cdf(p) for p in np.linspace(high, low, m)]) * math.sqrt(1 + shared ** 2)
    return torch.from_numpy(skill[:, None] + rng.standard_normal((m, n)) > shared * rng.standard_normal(n))


@figures.picture
def forest(wilson: Callable, rank_ranges: Callable) -> Figure:
    """Scores with intervals, and ranges of ranks, of twelve made-up models on 198 items."""
    m, n = 12, 198
    correct = board(np.random.default_rng(4), m, n)
    best, worst = rank_ranges(correct)
    counts = correct.sum(1).tolist()
    order = sorted(range(m), key=lambda i: -counts[i])
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3.4))
    for y, i in enumerate(order):
        low, high = wilson(counts[i], n)
        left.plot([low, high], [y, y], color=figures.KEPT, lw=2)
        left.plot(counts[i] / n, y, "o", color=figures.KEPT)
        left.plot(np.linspace(0.92, 0.80, m)[i], y, "x", color=figures.WRONG)
        right.plot([int(best[i]), int(worst[i])], [y, y], color=figures.KEPT, lw=4)
        right.plot(i + 1, y, "x", color=figures.WRONG)
    for ax in (left, right):
        ax.set_yticks(range(m), [f"model {'ABCDEFGHIJKL'[i]}" for i in order])
        ax.invert_yaxis()
    left.set(title="Score, 95 % interval; cross: truth", xlabel="share right")
    right.set(title="Ranks that are possible; cross: truth", xlabel="rank", xticks=range(1, m + 1))
    return figure


# --- pictures: cost, memory, shortlist -------------------------------------------------------------------------------

@figures.picture
def cost_of_length(request_cost: Callable, launch: list[dict]) -> Figure:
    """Dollars of a request against its length, with the tier and after it was dropped, with and without a cache."""
    lengths = np.unique(np.concatenate([np.arange(2_000, 400_001, 2_000), [200_001]])).tolist()
    figure, ax = figures.subplots(figsize=(7, 3))
    for name, price, color in [("with the tier (February 2026)", launch, figures.WRONG),
                               ("without it (April 2026)", launch[:1], figures.KEPT)]:
        for share, style in [(0.0, "-"), (0.9, "--")]:
            dollars = [request_cost(n, 2_000, price, int(share * n)) for n in lengths]
            ax.plot([n / 1e3 for n in lengths], dollars, style, color=color,
                    label=name + (", 90 % cached" if share else ""))
    ax.set(xlabel="thousand input tokens (and 2,000 out)", ylabel="dollars a request")
    ax.legend(fontsize=8)
    return figure


@figures.picture
def fit_table(memory_fit: Callable) -> Figure:
    """How many requests of 8,192 tokens fit, by model and number of GPUs, weights in 8 bits."""
    counts, gpu = (1, 2, 4, 8, 16), GPUS["H100 80 GB"]
    table = [[memory_fit(model, gpu, 8192, 8.0, g) for g in counts] for model in MODELS.values()]
    figure, ax = figures.subplots(figsize=(7, 3.2))
    for y, row in enumerate(table):
        for x, fits in enumerate(row):
            ax.barh(y, 0.92, left=x, height=0.85, color=figures.KEPT if fits > 0 else figures.CUT)
            ax.text(x + 0.46, y, "–" if fits < 0 else f"{fits:,}", ha="center", va="center", color="white", fontsize=8)
    ax.set_xticks([x + 0.46 for x in range(len(counts))], [f"{g} GPU{'s' if g > 1 else ''}" for g in counts])
    ax.set_yticks(range(len(MODELS)), list(MODELS))
    ax.grid(visible=False)
    ax.invert_yaxis()
    return figure


def made_up(seed: int = 3, n: int = 300) -> list[dict]:
    """Ten models with a price and a score on n items, and its interval."""
    rng, models = np.random.default_rng(seed), []
    for i in range(10):
        cost = float(np.round(0.2 * 1.55 ** i, 2))
        k = int(rng.binomial(n, min(0.97, 0.62 + 0.035 * i + 0.05 * rng.standard_normal())))
        p, z = k / n, 1.96
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        models.append({"name": "ABCDEFGHIJ"[i], "cost": cost, "low": middle - half, "quality": p, "high": middle + half,
                       "context": 128_000, "open": i % 3 == 0})
    return models


@figures.picture
def front(shortlist: Callable) -> Figure:
    """Ten models by cost and quality: on the list by intervals, on the front of point estimates."""
    models = made_up()
    sure, points = shortlist(models), shortlist(models, sure=False)
    figure, ax = figures.subplots(figsize=(7, 3.2))
    for m in models:
        color = figures.KEPT if m["name"] in sure else figures.CUT
        ax.plot([m["cost"]] * 2, [m["low"], m["high"]], color=color, lw=2)
        ax.plot(m["cost"], m["quality"], "o", color=color)
        if m["name"] in points:
            ax.plot(m["cost"], m["quality"], "o", ms=13, mfc="none", mec=figures.PALETTE[1], mew=2)
        ax.annotate(m["name"], (m["cost"], m["high"]), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9,
                    color=figures.INK)
    ax.set(xscale="log", xlabel="dollars per thousand requests (log)", ylabel="share right, 95 % interval",
           ylim=(0.5, 1.03))
    return figure


# --- pictures: cascade, outage, router -------------------------------------------------------------------------------

def traffic(knows: float, n: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Confidence, small right, big right; the confidence knows from nothing (0) to when the small model is right (1)."""
    rng = np.random.default_rng(seed)
    ease = rng.standard_normal(n)
    margin = ease + 0.6 * rng.standard_normal(n) + 0.6
    big = ease + 0.6 * rng.standard_normal(n) > -1.8
    confidence = knows * margin + (1 - knows) * rng.standard_normal(n)
    return torch.from_numpy(confidence), torch.from_numpy(margin > 0), torch.from_numpy(big)


def curve(cascade: Callable, sample: tuple, big: float) -> list[tuple[float, float]]:
    """(cost, quality) at thresholds that send 0, 5, …, 100 % up."""
    confidence = sample[0]
    taus = [torch.quantile(confidence, q).item() for q in np.linspace(0, 1, 21)[:-1]]
    return [cascade(*sample, tau, 1.0, big) for tau in [*taus, math.inf]]


@figures.picture
def cascade_curve(cascade: Callable, choose_tau: Callable) -> Figure:
    """Cost and quality of cascades with confidences that know nothing, half and all; where choose_tau stops."""
    figure, ax = figures.subplots(figsize=(7, 3.2))
    for knows, name, color in [(0.0, "knows nothing", figures.CUT), (0.5, "knows half", figures.PALETTE[1]),
                               (1.0, "knows when small is right", figures.KEPT)]:
        sample = traffic(knows, 2000, 0)
        ax.plot(*zip(*curve(cascade, sample, 10.0)), ".-", color=color, label=f"confidence {name}")
        small = tuple(x[:300] for x in sample)
        tau = choose_tau(*small, 1.0, 10.0, 0.88, 1.96)
        if tau is not None:
            ax.plot(*cascade(*sample, tau, 1.0, 10.0), "*", ms=14, color=color)
    ax.plot(10.0, sample[2].double().mean().item(), "s", color=figures.WRONG, label="big alone")
    ax.axhline(0.88, color=figures.INK, lw=1, ls="--")
    ax.set(xlabel="cost a request (small 1, big 10); star: your choose_tau on 300, z = 1.96", ylabel="share right")
    ax.legend(fontsize=8, loc="lower right")
    return figure


def outage_waits(Fallback: Callable, plain: bool = False) -> tuple[list[float], list[float], list[str]]:
    """(times, seconds waited, states of a) of requests every 5 s; a is down from 100 to 400 s, a timeout takes 30 s."""
    clock, cost = {"now": 0.0}, {"waited": 0.0}

    def a(request):
        if 100 <= clock["now"] < 400:
            cost["waited"] += 30.0
            raise TimeoutError("a is down")
        cost["waited"] += 1.0
        return "A"

    def b(request):
        cost["waited"] += 2.0
        return "B"

    chain = Fallback([("a", a), ("b", b)], 10 ** 9 if plain else 3, 60.0)
    times, waits, states = [], [], []
    for i in range(100):
        clock["now"], cost["waited"] = 5.0 * i, 0.0
        states.append(chain.state("a", clock["now"]))
        chain.call(i, clock["now"])
        times.append(clock["now"])
        waits.append(cost["waited"])
    return times, waits, states


@figures.picture
def outage(Fallback: Callable) -> Figure:
    """What requests waited during an outage, with a breaker and without; and the breaker's state."""
    times, waits, states = outage_waits(Fallback)
    _, plain, _ = outage_waits(Fallback, plain=True)
    figure, (top, bottom) = figures.subplots(2, 1, figsize=(8, 3.6), sharex=True, height_ratios=[3, 1])
    top.plot(times, plain, ".", color=figures.WRONG, label=f"try a, then b: {sum(plain):,.0f} s in all")
    top.plot(times, waits, "o", color=figures.KEPT, ms=4, label=f"with your breaker: {sum(waits):,.0f} s in all")
    top.set(ylabel="seconds waited", ylim=(-2, 48))
    top.legend(fontsize=8, loc="upper left", ncols=2)
    names = ["closed", "half-open", "open"]
    bottom.step(times, [names.index(s) for s in states], where="post", color=figures.INK)
    bottom.set_yticks(range(3), names)
    bottom.set(xlabel="seconds", ylim=(-0.4, 2.4))
    return figure


def day(Router: Callable) -> tuple[list[tuple[str, str]], list[float]]:
    """((kind, who answered or why not), what is left) of 120 requests."""
    clock = {"now": 0.0}

    def provider(name: str, tokens: int) -> Callable:
        def call(request):
            if name == "small" and 40 <= clock["now"] < 70:
                raise ConnectionError("down")
            return name.upper(), tokens
        return call

    def flat(dollars: float) -> list[dict]:
        return [{"above": 0, "input": dollars, "output": 4 * dollars}]
    models = [{"name": "small", "price": flat(2.0), "scores": {"sql": (180, 200), "law": (120, 200)},
               "call": provider("small", 400)},
              {"name": "middle", "price": flat(4.0), "scores": {"sql": (184, 200)}, "call": provider("middle", 500)},
              {"name": "large", "price": flat(10.0), "scores": {"sql": (190, 200), "law": (186, 200)},
               "call": provider("large", 600)}]
    router, rows, money = Router(models, 2.0, 0.8, 3, 10.0), [], []
    for i in range(120):
        clock["now"], kind = float(i), "law" if i % 3 == 0 else "sql"
        try:
            rows.append((kind, router.ask(kind, f"request {i}", 2000, 1000, clock["now"])[0]))
        except NotImplementedError:
            raise
        except RuntimeError:
            rows.append((kind, "no money"))
        except ConnectionError:
            rows.append((kind, "all down"))
        money.append(router.left())
    return rows, money


@figures.picture
def routed(Router: Callable) -> Figure:
    """Who answered each request of a made-up day, and what was left of the budget."""
    rows, money = day(Router)
    names = ["no money", "all down", "large", "middle", "small"]
    figure, ax = figures.subplots(figsize=(8, 3.2))
    for kind, mark, color in [("sql", "o", figures.KEPT), ("law", "^", figures.PALETTE[1])]:
        at = [i for i, (k, _) in enumerate(rows) if k == kind]
        ax.plot(at, [names.index(rows[i][1]) for i in at], mark, color=color, ms=5, label=kind)
    ax.axvspan(40, 70, color=figures.WRONG, alpha=0.15)
    ax.text(55, 4.35, "small is down", ha="center", fontsize=8, color=figures.INK)
    ax.set_yticks(range(5), names)
    ax.set(xlabel="request", ylim=(-0.5, 4.8))
    ax.legend(fontsize=8, loc="lower left")
    right = ax.twinx()
    right.plot(money, color=figures.INK, lw=1.5)
    right.set(ylabel="dollars left", ylim=(-0.2, 2.1))
    right.grid(visible=False)
    return figure


# --- the experiment --------------------------------------------------------------------------------------------------

def kept_promises(promise: Callable, z: float, seed: int, times: int = 100) -> list[tuple[float, float] | None]:
    """What the promises of some samples became."""
    rng = np.random.default_rng(seed)
    return [promise(rng, z) for _ in range(times)]


@figures.experiment
def promises(promise: Callable, prediction: str | None = None) -> dict[float, list[tuple[float, float] | None]]:
    """How often fresh traffic keeps the floor that a sample promised, by either rule; {z: what became of each sample}."""
    found = {z: kept_promises(promise, z, 0) for z in (0.0, 1.645)}
    figure, ax = figures.subplots(figsize=(7, 2.8))
    print(f"{'rule':24}{'promised':>9}{'kept':>7}{'95 % interval':>16}{'cost':>7}")
    for (z, rows), color in zip(found.items(), (figures.WRONG, figures.KEPT)):
        made = [r for r in rows if r is not None]
        k, n = sum(q >= 0.88 for _, q in made), len(made)
        middle, half = (k + 1.92) / (n + 3.84), 1.96 * math.sqrt(k * (n - k) / n + 0.96) / (n + 3.84)
        name = f"lower end, z = {z}" if z else "share itself, z = 0"
        print(f"{name:24}{n:9}{k / n:7.2f}{f'{middle - half:.2f} to {middle + half:.2f}':>16}"
              f"{sum(c for c, _ in made) / n:7.2f}")
        ax.hist([q for _, q in made], bins=np.arange(0.78, 0.96, 0.01), color=color, alpha=0.6, label=name)
    ax.axvline(0.88, color=figures.INK, lw=1)
    ax.set(xlabel="share right on fresh traffic (line: the floor)", ylabel="samples")
    ax.legend(fontsize=8, loc="upper left")
    figures.show(figure)
    if prediction:
        print(f"your prediction for the first row: {prediction}")
    return found


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(cascade: Callable, choose_tau: Callable) -> ipywidgets.Widget:
    """A cascade: what its confidence knows, prices, floor and sample."""
    return figures.board({
        "knows": ipywidgets.FloatSlider(0.6, min=0.0, max=1.0, step=0.05, description="it knows"),
        "big": ipywidgets.FloatSlider(10.0, min=1.0, max=30.0, step=0.5, description="big costs"),
        "floor": ipywidgets.FloatSlider(0.88, min=0.6, max=0.97, step=0.01, description="floor"),
        "n": ipywidgets.IntSlider(150, min=20, max=600, step=10, description="sample"),
        "lower": ipywidgets.Checkbox(False, description="lower end"),
    }, partial(balance, cascade, choose_tau))


def balance(cascade: Callable, choose_tau: Callable, knows: float, big: float, floor: float, n: int,
            lower: bool) -> tuple[Figure, str]:
    """The cascade's curve on fresh traffic, the chosen point there and in the sample, the big model alone."""
    sample, fresh = traffic(knows, n, 1), traffic(knows, 4000, 2)
    tau = choose_tau(*sample, 1.0, big, floor, 1.645 if lower else 0.0)
    alone = fresh[2].double().mean().item()
    figure, ax = figures.subplots(figsize=(6, 3))
    ax.plot(*zip(*curve(cascade, fresh, big)), ".-", color=figures.KEPT, label="cascade, fresh traffic")
    ax.plot(big, alone, "s", color=figures.WRONG, label="big alone")
    ax.axhline(floor, color=figures.INK, lw=1, ls="--")
    words = "No threshold is admitted: nothing can be promised."
    if tau is not None:
        seen, true = cascade(*sample, tau, 1.0, big), cascade(*fresh, tau, 1.0, big)
        ax.plot(*seen, "o", ms=9, mfc="none", mew=2, color=figures.PALETTE[1], label="chosen, in the sample")
        ax.plot(*true, "*", ms=13, color=figures.PALETTE[1], label="chosen, on fresh traffic")
        words = (f"In the sample {seen[1]:.3f} right, on fresh traffic <b>{true[1]:.3f}</b>. "
                 f"A request costs <b>{true[0]:.2f}</b>; big alone costs {big:.2f} and has "
                 f"{alone:.3f} right. {(true[0] - 1) / big:.0%} go up; "
                 + (f"below {1 - 1 / big:.0%} the cascade saves." if big > 1 else "at this price no cascade saves."))
    ax.set(xlabel="cost a request", ylabel="share right", ylim=(0.6, 1.0))
    ax.legend(fontsize=8, loc="lower right")
    return figure, words
