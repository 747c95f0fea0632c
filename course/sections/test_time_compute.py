"""Section 22: votes, verifiers, forced thoughts and searches with more samples; who gets them; a verifier that is fooled."""

import itertools
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure

from .. import figures

NS = (1, 4, 16, 64, 256)

# --- votes -----------------------------------------------------------------------------------------------------------

SAMPLES = ["42", None, "36", "42", "7", "36", "42", None, "42", "36", "36", "6", "42", "36", None, "36"]
SCORES = [0.9, 0.3, 0.4, 0.8, 0.2, 0.5, 0.9, 0.1, 0.7, 0.4, 0.3, 0.1, 0.8, 0.6, 0.2, 0.4]


@figures.picture
def votes(majority_vote: Callable, weighted_vote: Callable) -> Figure:
    """What each answer of one question gets, by count and by a verifier's scores."""
    names = list(dict.fromkeys(a for a in SAMPLES if a is not None))
    figure, axes = figures.subplots(1, 2, figsize=(8, 2.5))
    for ax, title, weights, (answer, share) in [
            (axes[0], "majority vote", [1.0] * 16, majority_vote(SAMPLES)),
            (axes[1], "weighted vote", SCORES, weighted_vote(SAMPLES, SCORES))]:
        sums = [sum(w for a, w in zip(SAMPLES, weights) if a == name) for name in names]
        ax.bar(names, sums, color=[figures.KEPT if name == answer else figures.CUT for name in names])
        ax.set(title=f"{title}: {answer}, share {share:.2f}", xlabel="answer", ylabel="sum of weights")
        ax.grid(axis="x", visible=False)
    return figure


CURVES = {"0.4, ten wrong of 0.06": (0.4, [0.06] * 10), "0.4, wrong 0.3, 0.3": (0.4, [0.3, 0.3]),
          "0.4, wrong 0.39, 0.21": (0.4, [0.39, 0.21]), "0.4, wrong 0.5, 0.1": (0.4, [0.5, 0.1]),
          "0.4, wrong 0.6": (0.4, [0.6])}


@figures.picture
def rise_or_fall(majority_accuracy: Callable) -> Figure:
    """The accuracy of a vote against N for questions with the same p and other wrong answers."""
    ns = [1, 2, 3, 5, 9, 15, 25, 40]
    figure, ax = figures.subplots(figsize=(8, 3.2))
    for (label, (p, wrong)), color in zip(CURVES.items(), figures.PALETTE):
        ax.plot(ns, [majority_accuracy(p, n, wrong) for n in ns], "o-", ms=4, color=color, label=label)
    ax.set(xlabel="samples N", ylabel="the vote is right", ylim=(0, 1.02), title="The same p = 0.4, five questions")
    ax.legend(title="p, wrong answers", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


# --- verifiers, one trace, a search ----------------------------------------------------------------------------------

def by_length(trace_scores: Callable, seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """(lengths, scores) by aggregate for a hundred right traces whose steps are all equally good."""
    g = torch.Generator().manual_seed(seed)
    lengths = torch.randint(2, 41, (100,), generator=g)
    steps = 0.9 + 0.1 * torch.rand(100, 40, generator=g)
    return {agg: (lengths.numpy(), trace_scores(steps, lengths, agg).numpy()) for agg in ("prod", "min", "geo", "mean")}


@figures.picture
def length_bias(trace_scores: Callable) -> Figure:
    """Scores against the number of steps, by aggregate."""
    figure, axes = figures.subplots(1, 4, figsize=(9, 2.4), sharey=True)
    for ax, (agg, (lengths, scores)), color in zip(axes, by_length(trace_scores).items(), figures.PALETTE):
        ax.plot(lengths, scores, "o", ms=3, color=color)
        ax.set(title=agg, xlabel="steps", ylim=(0, 1.02))
    axes[0].set_ylabel("score of the trace")
    return figure


def scripted(prompt: list[int], every: int) -> Callable[[list[int]], int]:
    """A model that wants to stop (0) after each `every` tokens of its own (1); an inserted wait is 2."""
    def next_token(ids: list[int]) -> int:
        own = 0
        for token in reversed(ids[len(prompt):]):
            if token == 2:
                break
            own += 1
        return 0 if own >= every else 1
    return next_token


@figures.picture
def forced_traces(budget_force: Callable) -> Figure:
    """The thought of one scripted model under four settings, token by token."""
    rows = {"no minimum": (6, 0, 40, 9), "minimum 15": (6, 15, 40, 9), "minimum 30, two ignores": (6, 30, 40, 2),
            "maximum 20, never stops": (99, 0, 20, 9)}
    figure, ax = figures.subplots(figsize=(8, 2.4))
    for y, (every, low, high, ignores) in enumerate(rows.values()):
        got = budget_force(scripted([9, 9], every), [9, 9], 0, [2, 2], low, high, ignores, [3])
        for x, token in enumerate(got["thought"]):
            ax.barh(y, 0.85, left=x, height=0.6, color=figures.KEPT if token == 1 else figures.PALETTE[1])
        ax.plot([high, high], [y - 0.4, y + 0.4], "--", color=figures.INK)
        ax.text(len(got["thought"]) + 0.6, y, "closed from outside" if got["capped"] else "stopped by itself", va="center",
                fontsize=8)
    ax.set(yticks=range(4), yticklabels=rows, xlabel="tokens of the thought", xlim=(0, 50))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return figure


LEVELS, GOOD = 10, 0.75


def solved_by_search(beam_search_steps: Callable, width: int, beam: int, noise: float, seed: int) -> bool:
    """Whether a search finds a right trace: ten steps, each right with probability 0.75, a PRM with noise."""
    g = np.random.default_rng(seed)
    count = itertools.count()
    right: dict[tuple, bool] = {(): True}

    def expand(path: tuple, n: int) -> list[str]:
        return [f"{'r' if g.random() < GOOD else 'w'}{next(count)}" for _ in range(n)]

    def prm(path: tuple) -> float:
        right[path] = right[path[:-1]] and path[-1].startswith("r")
        return float(np.clip(0.5 + 0.3 * (1 if right[path] else -1) + noise * g.standard_normal(), 0, 1))
    path, _ = beam_search_steps(expand, prm, lambda path: len(path) == LEVELS, width, beam, LEVELS)
    return path is not None and right[path]


def searches(beam_search_steps: Callable, ns: Sequence[int] = (1, 4, 16), tries: int = 40, noise: float = 0.3
             ) -> tuple[list[float], list[float]]:
    """Share solved by a beam search and by best of N that write the same number of steps, N traces' worth."""
    beam, best = [], []
    for n in ns:
        width = max(1, n // 4)
        beam.append(float(np.mean([solved_by_search(beam_search_steps, width, n // width, noise, s) for s in range(tries)])))
        g = np.random.default_rng(n)
        right = g.random((20 * tries, n, LEVELS)) < GOOD
        so_far = np.cumprod(right, axis=2)
        seen = np.clip(0.5 + 0.3 * (2 * so_far - 1) + noise * g.standard_normal(right.shape), 0, 1).min(2)
        picked = seen.argmax(1)
        best.append(float(so_far[np.arange(len(so_far)), picked, -1].mean()))
    return beam, best


@figures.picture
def search_against_best_of(beam_search_steps: Callable) -> Figure:
    """Share of toy problems solved, by the number of traces' worth of steps."""
    ns = (1, 4, 16)
    beam, best = searches(beam_search_steps, ns)
    figure, ax = figures.subplots(figsize=(8.5, 2.8))
    ax.plot(ns, beam, "o-", color=figures.KEPT, label="your beam search: N / 4\ntraces, four proposals each")
    ax.plot(ns, best, "o-", color=figures.WRONG, label="best of N, weakest step")
    ax.set(xscale="log", xlabel="budget: traces' worth of steps N", ylabel="share solved", ylim=(0, 1.02))
    ax.set_xticks(ns, [str(n) for n in ns])
    ax.minorticks_off()
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


# --- costs -----------------------------------------------------------------------------------------------------------

@figures.picture
def crossover(tts_flops: Callable, largest_n: Callable) -> Figure:
    """The cost of n samples of a small model beside one answer of a large one; the n that it pays for."""
    ns = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    verifiers = {"no verifier": 0, "1B": 10**9, "7B": 7 * 10**9, "72B": 72 * 10**9}
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.9))
    for (name, prm), color in zip(verifiers.items(), figures.PALETTE):
        left.loglog(ns, [tts_flops(10**9, 200, 600, n, prm) / 1e12 for n in ns], color=color, label=name)
    left.axhline(tts_flops(405 * 10**9, 200, 600) / 1e12, color=figures.WRONG, ls="--", label="one answer of 405B")
    left.set(xlabel="samples of 1B", ylabel="TFLOPs")
    left.legend(fontsize=8)
    counts = [largest_n(10**9, 405 * 10**9, 200, 600, 600, prm) for prm in verifiers.values()]
    bars = right.barh(list(verifiers), counts, color=figures.PALETTE[:4])
    right.bar_label(bars, [str(c) for c in counts], padding=4, color=figures.INK)
    right.set(xscale="log", xlim=(1, 3000), xlabel="samples for one answer of 405B")
    right.invert_yaxis()
    return figure


# --- who gets the samples --------------------------------------------------------------------------------------------

KINDS = ((8.0, 1.0), (3.0, 3.0), (1.0, 6.0), (0.3, 12.0))


def questions(seed: int, count: int = 200) -> tuple[np.random.Generator, list[tuple[float, float]], np.ndarray]:
    """(generator, priors, true p) of questions of four kinds."""
    g = np.random.default_rng(seed)
    priors = [KINDS[k] for k in g.integers(0, 4, count)]
    return g, priors, np.array([g.beta(a, b) for a, b in priors])


def expected(p: Sequence[float] | np.ndarray, given: Sequence[int]) -> float:
    return float(sum(1 - (1 - q) ** n for q, n in zip(p, given)))


def divisions(allocate_budget: Callable, p: np.ndarray, total: int) -> dict[str, list[int]]:
    """Ways to divide a total of samples over questions with known p."""
    def in_proportion(weights: np.ndarray) -> list[int]:
        share = weights / weights.sum() * total
        given = np.floor(share).astype(int)
        given[np.argsort(given - share)[:total - given.sum()]] += 1
        return given.tolist()
    return {"your allocation": allocate_budget(p.tolist(), total, 64), "the same for each": in_proportion(np.ones(len(p))),
            "in proportion to p": in_proportion(p), "in proportion to 1 − p": in_proportion(1 - p)}


@figures.picture
def shares_of_budget(allocate_budget: Callable) -> Figure:
    """Samples against p, and the expected number solved beside other divisions."""
    _, _, p = questions(0)
    ways = divisions(allocate_budget, p, 8 * len(p))
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    left.plot(p, ways["your allocation"], "o", ms=4, color=figures.KEPT)
    left.axhline(8, color=figures.WRONG, ls="--", lw=1)
    left.set(xlabel="p of the question", ylabel="samples", title="Your allocation, 8 on average")
    solved = [expected(p, given) for given in ways.values()]
    bars = right.barh(list(ways), solved, color=[figures.KEPT] + [figures.CUT] * 3)
    right.bar_label(bars, [f"{s:.1f}" for s in solved], padding=4, color=figures.INK)
    right.set(xlim=(0, 200), xlabel="expected to be solved, of 200")
    right.invert_yaxis()
    return figure


class World:
    """Questions with a sampler and a verifier that passes every right answer (0) and a share of the wrong ones."""

    def __init__(self, seed: int, fooled: float, count: int = 200):
        self.g, self.priors, self.p = questions(seed, count)
        self.fooled, self.seed = fooled, seed

    def sample(self, q: int) -> int:
        return 0 if self.g.random() < self.p[q] else int(self.g.integers(1, 1000))

    def verify(self, q: int, answer: int) -> bool:
        """The same verdict each time: a gap in a test stays where it is."""
        return answer == 0 or (q * 7919 + answer * 104_729 + self.seed * 31) % 10_007 / 10_007 < self.fooled

    def plan(self, given: Sequence[int]) -> float:
        """The share solved when every question gets its number of draws and the first that passes is the answer."""
        firsts = [next((a for a in (self.sample(q) for _ in range(n)) if self.verify(q, a)), None)
                  for q, n in enumerate(given)]
        return float(np.mean([a == 0 for a in firsts]))


def equal_cost(spend: Callable, allocate_budget: Callable, seed: int, each: int = 4) -> dict[str, float]:
    """The share of questions solved by the same number of draws, divided in three ways; an honest verifier."""
    total = each * 200
    world = World(seed, 0.0)
    found = {"the same\nfor each": world.plan([each] * 200)}
    world = World(seed, 0.0)
    found["planned from\nthe kind"] = world.plan(allocate_budget([a / (a + b) for a, b in world.priors], total, 64))
    world = World(seed, 0.0)
    got = spend(world.sample, world.verify, world.priors, total, 64)
    assert sum(got["draws"]) <= total
    found["the loop\nclosed"] = float(np.mean([a == 0 for a in got["answers"]]))
    return found


def fooled_by(spend: Callable, confirm: int, seed: int, each: int = 8, fooled: float = 0.1) -> tuple[float, float, int]:
    """(share accepted, share right, draws) with a verifier that passes a share of the wrong answers."""
    world = World(seed, fooled)
    got = spend(world.sample, world.verify, world.priors, each * 200, 64, confirm)
    return (float(np.mean(got["accepted"])), float(np.mean([a == 0 for a in got["answers"]])), sum(got["draws"]))


@figures.picture
def at_equal_cost(spend: Callable, allocate_budget: Callable) -> Figure:
    """Left: equal cost, an honest verifier. Right: one that is fooled: what it says, what is right, by confirmations."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3.0))
    runs = [equal_cost(spend, allocate_budget, seed) for seed in range(3)]
    names = list(runs[0])
    for x, name in enumerate(names):
        shares = [run[name] for run in runs]
        left.bar(x, np.mean(shares), color=figures.KEPT if x == 2 else figures.CUT, width=0.6)
        left.plot([x] * 3, shares, "o", ms=3, color=figures.INK)
        left.text(x, max(shares) + 0.03, f"{np.mean(shares):.2f}", ha="center")
    left.set(title="800 draws, 200 questions", ylabel="share solved", ylim=(0, 1))
    left.set_xticks(range(3), names)
    for x, confirm in enumerate((1, 2, 3)):
        says, is_right, draws = np.mean([fooled_by(spend, confirm, seed) for seed in range(2)], axis=0)
        for dx, value, color in [(-0.2, says, figures.CUT), (0.2, is_right, figures.KEPT)]:
            right.bar(x + dx, value, 0.38, color=color)
            right.text(x + dx, value + 0.02, f"{value:.2f}", ha="center", fontsize=9)
        right.text(x, 1.14, f"{draws:.0f} draws", ha="center", fontsize=8)
    right.set(title="Every tenth wrong answer passes", ylim=(0, 1.25), xlabel="confirmations asked")
    right.set_xticks(range(3), ["1", "2", "3"])
    return figure


# --- the experiment --------------------------------------------------------------------------------------------------

def drawn(seed: int, a: float = 1.2, b: float = 2.0, sigma: float = 1.0, fooled: float = 0.02, count: int = 400
          ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(answers (count, 256), 0 is right; scores of three verifiers): sharp, noisy, fooled."""
    g = np.random.default_rng(seed)
    p, wrong = g.beta(a, b, count), g.dirichlet(np.full(6, 0.5), count)
    edges = np.concatenate([p[:, None], (1 - p)[:, None] * wrong], 1).cumsum(1)[:, None, :-1]
    answers = (g.random((count, NS[-1]))[:, :, None] > edges).sum(2)
    right = (answers == 0).astype(float)
    sharp = right + 0.3 * g.standard_normal(answers.shape)
    noisy = right + sigma * g.standard_normal(answers.shape)
    hit = (answers > 0) & (g.random(answers.shape) < fooled)
    return answers, {"sharp": sharp, "noisy": noisy, "fooled": sharp + 5 * hit}


def squeezed(scores: np.ndarray) -> np.ndarray:
    """Scores as numbers between 0 and 1, in the same order."""
    return 1 / (1 + np.exp(-2 * (scores - 0.5)))


def accuracies(vote: Callable, best: Callable, weighted: Callable, seed: int, ns: Sequence[int] = NS, count: int = 400
               ) -> dict[str, list[float]]:
    """The share of questions that each selector answers right, by N."""
    answers, scores = drawn(seed, count=count)
    tensors = {name: torch.from_numpy(squeezed(s)) for name, s in scores.items()}
    lists = answers.tolist()

    def share(select: Callable, name: str) -> list[float]:
        return [float(np.mean([select(row[:n], tensors[name][i, :n]) == 0 for i, row in enumerate(lists)])) for n in ns]
    return {"pass@N": [float((answers[:, :n] == 0).any(1).mean()) for n in ns], "majority vote": share(vote, "sharp"),
            "best of N, sharp": share(best, "sharp"), "best of N, noisy": share(best, "noisy"),
            "best of N, fooled": share(best, "fooled"), "weighted vote, noisy": share(weighted, "noisy"),
            "weighted vote, fooled": share(weighted, "fooled")}


@figures.experiment
def over_n(vote: Callable, best: Callable, weighted: Callable, prediction: list[str] | None) -> dict[str, list[float]]:
    """Accuracy against N for six selectors and pass@N; the prediction beside it."""
    table = accuracies(vote, best, weighted, seed=0)
    figure, ax = figures.subplots(figsize=(8, 3.4))
    styles = dict(zip(table, [("--", figures.INK), ("-", figures.PALETTE[1]), ("-", figures.PALETTE[2]),
                              ("-", figures.PALETTE[0]), ("-", figures.WRONG), (":", figures.PALETTE[0]),
                              (":", figures.WRONG)]))
    for name, shares in table.items():
        ax.plot(NS, shares, styles[name][0], marker="o", ms=4, color=styles[name][1], label=name)
    ax.set(xscale="log", xlabel="samples N", ylabel="share right", ylim=(0, 1.03))
    ax.set_xticks(NS, [str(n) for n in NS])
    ax.minorticks_off()
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figures.show(figure)
    print(f"{'N':24}" + "".join(f"{n:>8}" for n in NS) + "   best at N =")
    for name, shares in table.items():
        print(f"{name:24}" + "".join(f"{s:8.3f}" for s in shares) + f"{NS[int(np.argmax(shares))]:>10}")
    print("Each number is a share of 400 questions: its 95 % interval is at most 0.05 to each side.")
    found = sorted((n for n in table if n.startswith(("majority", "best"))), key=lambda n: -table[n][-1])
    print(f"At N = 256, best first: {', '.join(found)}.\nYou predicted:           {', '.join(prediction or [])}.")
    print("A wrong trace fools the third verifier with probability 0.02. Among 256 traces, half of them\n"
          f"wrong, at least one does with probability {1 - 0.98 ** 128:.2f}, and the maximum takes it. Noise of 1 has\n"
          "a maximum, too, but right traces share in it. The vote sees no scores: it ends at the share of\n"
          "questions whose mode is right.")
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

def curves(sigma: float, fooled: float, a: float) -> dict[str, list[float]]:
    """Accuracy by N of a vote, best of N and a bounded weighted vote; 300 questions, own implementation."""
    answers, scores = drawn(1, a=a, sigma=sigma, fooled=0.0, count=300)
    g = np.random.default_rng(2)
    score = scores["noisy"] + 5 * ((answers > 0) & (g.random(answers.shape) < fooled))
    rows = np.arange(len(answers))
    found: dict[str, list[float]] = {n: [] for n in ("pass@N", "majority vote", "best of N", "weighted vote")}
    for n in NS:
        seen = answers[:, :n]
        one_hot = seen[:, :, None] == np.arange(7)
        found["pass@N"].append(float((seen == 0).any(1).mean()))
        found["majority vote"].append(float((one_hot.sum(1).argmax(1) == 0).mean()))
        found["best of N"].append(float((seen[rows, score[:, :n].argmax(1)] == 0).mean()))
        found["weighted vote"].append(float(((one_hot * squeezed(score[:, :n])[:, :, None]).sum(1).argmax(1) == 0).mean()))
    return found


@figures.widget
def widget() -> ipywidgets.Widget:
    """Noise, fooling and difficulty in your hand."""
    def draw(noise: float, fooled: float, ability: float) -> tuple[Figure, str]:
        table = curves(noise, fooled / 100, ability)
        figure, ax = figures.subplots(figsize=(6, 3))
        for (name, shares), style, color in zip(table.items(), ("--", "-", "-", ":"),
                                                (figures.INK, figures.PALETTE[1], figures.PALETTE[0], figures.PALETTE[0])):
            ax.plot(NS, shares, style, marker="o", ms=4, color=color, label=name)
        ax.set(xscale="log", xlabel="samples N", ylabel="share right", ylim=(0, 1.03))
        ax.set_xticks(NS, [str(n) for n in NS])
        ax.minorticks_off()
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        peak = NS[int(np.argmax(table["best of N"]))]
        return figure, (f"One sample is right in {100 * table['pass@N'][0]:.0f} % of cases. Best of N is best at N = {peak}: "
                        f"{100 * max(table['best of N']):.0f} %; at 256 it is {100 * table['best of N'][-1]:.0f} %, "
                        f"the vote {100 * table['majority vote'][-1]:.0f} %.")
    return figures.board({"noise": ipywidgets.FloatSlider(0.5, min=0, max=3, step=0.1, description="noise"),
                          "fooled": ipywidgets.FloatSlider(0.5, min=0, max=5, step=0.25, description="fooled, %"),
                          "ability": ipywidgets.FloatSlider(1.2, min=0.3, max=4, step=0.1, description="ability")}, draw)
