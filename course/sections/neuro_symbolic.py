"""Section 29: rounds and proofs, neighbourhoods, slopes of fuzzy logic, shared atoms; digits that are learnt from sums."""

import heapq
import itertools
from collections.abc import Callable, Sequence

import ipywidgets
import matplotlib.colors
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.digits import images
from ..models.language import one_thread

Params = list[Tensor]

# --- rules -----------------------------------------------------------------------------------------------------------

FAMILY = {("parent", "ann", "bob"), ("parent", "bob", "cid"), ("parent", "cid", "dot")}
ANCESTORS = [(("ancestor", "?x", "?y"), [("parent", "?x", "?y")]),
             (("ancestor", "?x", "?z"), [("parent", "?x", "?y"), ("ancestor", "?y", "?z")])]


def tried(links: int) -> tuple[list[int], list[int]]:
    """Pairs of facts that each round tries for the second rule, on a chain: (naive, semi-naive)."""
    naive, semi, paths, new = [], [], 0, links
    while new:
        paths += new
        naive.append(links * paths)
        semi.append(links * new)
        new -= 1
    return naive, semi


def tree(fact: tuple, proof: dict, depth: int = 0) -> list[str]:
    """A proof as indented lines."""
    line = "    " * depth + " ".join(fact)
    if fact not in proof:
        return [line + "   (given)"]
    rule, premises = proof[fact]
    return [f"{line}   by rule {rule}", *(s for p in premises for s in tree(tuple(p), proof, depth + 1))]


@figures.picture
def rounds_and_work(forward_chain: Callable) -> Figure:
    """What each round tries, naive and semi-naive; and a proof tree of the learner's."""
    _, proof = forward_chain(set(FAMILY), [(h, list(b)) for h, b in ANCESTORS])
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    naive, semi = tried(40)
    for counts, name, color in [(naive, "naive", figures.WRONG), (semi, "semi-naive", figures.KEPT)]:
        left.plot(range(1, len(counts) + 1), counts, color=color, label=f"{name}: {sum(counts):,} in all")
    left.set(xlabel="round", ylabel="pairs of facts tried", title="A chain of 40 links")
    left.legend()
    lines = tree(("ancestor", "ann", "dot"), proof)
    right.axis("off")
    right.text(0, 1, "\n".join(lines), va="top", family="monospace", fontsize=9, transform=right.transAxes)
    right.set(title="Why is ann an ancestor of dot?")
    return figure


# --- a graph with hubs -----------------------------------------------------------------------------------------------

def hubs(entities: int = 20_000, links: int = 3, seed: int = 0) -> list[list[int]]:
    """Neighbours of each entity; who has many links gets more (preferential attachment)."""
    drawn = np.random.default_rng(seed).random((entities, links)).tolist()
    near: list[list[int]] = [[] for _ in range(entities)]
    ends = [0, 1]
    for new in range(1, entities):
        for old in {ends[int(u * len(ends))] for u in drawn[new]} - {new}:
            near[new].append(old)
            near[old].append(new)
            ends += [new, old]
    return near


def reached(near: list[list[int]], start: int, depth: int) -> list[int]:
    """How many entities lie within 1, 2, … depth steps."""
    seen, edge, counts = {start}, {start}, []
    for _ in range(depth):
        edge = {y for x in edge for y in near[x]} - seen
        seen |= edge
        counts.append(len(seen) - 1)
    return counts


@figures.picture
def neighbourhoods() -> Figure:
    """Entities within depth 1 to 3 of a usual entity and of the largest hub."""
    near = hubs()
    order = heapq.nlargest(len(near), range(len(near)), key=lambda i: len(near[i]))
    figure, ax = figures.subplots(figsize=(7, 2.6))
    for shift, (name, start, color) in zip((-0.2, 0.2), [("a usual entity", order[len(order) // 2], figures.KEPT),
                                                         ("the largest hub", order[0], figures.WRONG)]):
        counts = reached(near, start, 3)
        bars = ax.bar([d + shift for d in (1, 2, 3)], counts, 0.4, color=color, label=name)
        ax.bar_label(bars, [f"{c:,}" for c in counts], color=figures.INK, fontsize=9)
    ax.set(yscale="log", ylim=(1, 1e5), xticks=[1, 2, 3], xlabel="depth", ylabel="entities", title="20,000 entities")
    ax.legend(loc="upper left")
    return figure


# --- fuzzy logic, probabilities --------------------------------------------------------------------------------------

KINDS = {"godel": figures.PALETTE[2], "product": figures.KEPT, "lukasiewicz": figures.WRONG}


def conjunction(tnorm: Callable, kind: str, degrees: Tensor, n: int = 10) -> tuple[Tensor, Tensor]:
    """And of n atoms of one degree, and its slope in that degree."""
    a = degrees.detach().clone().requires_grad_()
    value = a
    for _ in range(n - 1):
        value = tnorm(kind, value, a)
    slope, = torch.autograd.grad(value.sum(), a)
    return value.detach(), slope


@figures.picture
def slopes(tnorm: Callable) -> Figure:
    """And of ten atoms by three t-norms, and what gradient they get."""
    a = torch.linspace(0.0, 0.999, 400, dtype=torch.float64)
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    for kind, color in KINDS.items():
        value, slope = conjunction(tnorm, kind, a)
        left.plot(a, value, color=color, label=kind)
        right.plot(a, slope, color=color)
    left.set(xlabel="degree a of each atom", ylabel="their conjunction", title="And of ten atoms")
    right.set(xlabel="degree a of each atom", ylabel="slope", title="The gradient they get together")
    left.legend()
    return figure


@figures.picture
def shared_atoms(wmc: Callable) -> Figure:
    """P(A or (A and B1) or (A and B2) …), exactly, and by multiplying along the formula."""
    parts = range(0, 9)
    probs = torch.full((9,), 0.5, dtype=torch.float64)
    exact = [float(wmc(("or", 0, *(("and", 0, i + 1) for i in range(n))), probs)) for n in parts]
    along = [1 - 0.5 * 0.75 ** n for n in parts]
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.plot(parts, exact, "o-", color=figures.KEPT, label="your wmc")
    ax.plot(parts, along, "o-", color=figures.CUT, label="multiplied along the formula")
    ax.set(xlabel="parts (A and Bᵢ), all atoms at 0.5", ylabel="probability", ylim=(0, 1.05))
    ax.legend(loc="lower right")
    return figure


# --- digits from sums ------------------------------------------------------------------------------------------------

RULES: dict[str, Callable[[int, int], int]] = {
    "the sum": lambda a, b: a + b, "the larger": max, "the absolute\ndifference": lambda a, b: abs(a - b),
    "the parity\nof the sum": lambda a, b: (a + b) % 2}


def readings(rule: Callable[[int, int], int], digits: int = 5) -> int:
    """How many maps from true to read digits leave every label of every pair right."""
    pairs = list(itertools.product(range(digits), repeat=2))
    return sum(all(rule(m[a], m[b]) == rule(a, b) for a, b in pairs) for m in itertools.product(range(digits), repeat=digits))


@figures.picture
def shortcuts() -> Figure:
    """How many readings of the digits 0 to 4 explain all labels, by rule."""
    counts = [readings(rule) for rule in RULES.values()]
    figure, ax = figures.subplots(figsize=(7, 2.6))
    bars = ax.bar(list(RULES), counts, color=[figures.KEPT if c == 1 else figures.WRONG for c in counts])
    ax.bar_label(bars, [str(c) for c in counts], color=figures.INK)
    ax.set(yscale="log", ylim=(0.7, 600), ylabel="readings", title="Readings that explain every label")
    return figure


def network(g: torch.Generator, pixels: int, hidden: int, classes: int, undecided: bool = True) -> Params:
    """Weights to begin with: all classes alike, or a random opinion."""
    first, last = torch.randn(hidden, pixels, generator=g), torch.randn(classes, hidden, generator=g)
    return [first * (2 / pixels) ** 0.5, torch.zeros(hidden), last * (0 if undecided else hidden ** -0.5),
            torch.zeros(classes)]


def examples(n: int, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """n pairs of images to learn from (n, 2, 64), and their digits (n, 2)."""
    x, y, _, _ = images()
    rows = torch.randint(len(y), (n, 2), generator=g)
    return x[rows], y[rows]


def new_pairs(n: int = 2000) -> tuple[Tensor, Tensor]:
    """Pairs of images that nobody learnt from, always the same."""
    _, _, x, y = images()
    rows = torch.randint(len(y), (n, 2), generator=torch.Generator().manual_seed(99))
    return x[rows], y[rows]


def batches(n: int, steps: int, g: torch.Generator) -> list[Tensor]:
    return [torch.randint(n, (64,), generator=g) for _ in range(steps)]


@one_thread()
def read_digits(learn: Callable, perceive: Callable, n: int, noise: float = 0.0, rule: str = "sum", steps: int = 600,
                undecided: bool = True, seed: int = 0) -> tuple[Tensor, float]:
    """(counts of shown against read digits on images that nobody learnt from, mean loss of the last fifty steps)."""
    g = torch.Generator().manual_seed(seed)
    pictures, digits = examples(n, g)
    labels = digits.sum(1) if rule == "sum" else digits[:, 0] - digits[:, 1] + 9
    wrong = torch.rand(n, generator=g) < noise
    labels = torch.where(wrong, torch.randint(19, (n,), generator=g), labels)
    params, losses = learn(network(g, 64, 64, 10, undecided), pictures, labels, batches(n, steps, g), 3e-3)
    _, _, x, y = images()
    counts = torch.zeros(10, 10, dtype=torch.long)
    counts.index_put_((y, perceive(params, x).argmax(-1)), torch.ones(1, dtype=torch.long), accumulate=True)
    return counts, sum(losses[-50:]) / len(losses[-50:])


def confusion(counts: Tensor, title: str) -> Figure:
    figure, ax = figures.subplots(figsize=(4.6, 3.8))
    shares = (counts / counts.sum(1, keepdim=True)).numpy()
    strong = shares > 0.15  # opaque, so that white stands out on a light and on a dark page
    pale, deep = (np.array(matplotlib.colors.to_rgb(c)) for c in ("#5b8bbd", "#1f5a94"))
    ax.imshow(np.dstack([pale + shares[..., None] * (deep - pale), np.where(strong, 1, shares)]))
    for i, j in itertools.product(range(10), repeat=2):
        if counts[i, j]:
            ax.text(j, i, int(counts[i, j]), ha="center", va="center", fontsize=7,
                    color="white" if strong[i, j] else figures.INK)
    ax.grid(visible=False)
    ax.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="shows", title=title)
    return figure


@figures.picture
def digits_from_sums(learn: Callable, perceive: Callable) -> Figure:
    """The digits that a network reads after it saw 300 pairs with their sums."""
    counts, _ = read_digits(learn, perceive, 300)
    right = counts.diagonal().sum().item() / counts.sum().item()
    return confusion(counts, f"{right:.1%} of 899 new digits read rightly")


# --- the experiment --------------------------------------------------------------------------------------------------

WAYS = {"rule, 100": ("rule", 100), "rule, 300": ("rule", 300), "alone, 300": ("alone", 300), "alone, 1000": ("alone", 1000)}


@one_thread()
def sums_found(train: Callable, n: int, seed: int = 0, steps: int = 600) -> float:
    """The share of new pairs whose sum a system finds, after n pairs."""
    g = torch.Generator().manual_seed(seed)
    pictures, digits = examples(n, g)

    def start(pixels: int, hidden: int, classes: int) -> Params:
        return network(g, pixels, hidden, classes)
    answer = train(start, pictures, digits.sum(1), batches(n, steps, g))
    new, truth = new_pairs()
    return (answer(new) == truth.sum(1)).double().mean().item()


@figures.experiment
def sample_efficiency(with_rule: Callable, alone: Callable, prediction: Sequence[str] | None = None,
                      seed: int = 0) -> dict[str, float]:
    """The share of sums that each of the four finds; {name: share}, shown with its 95 % interval over the new pairs."""
    kinds = {"rule": with_rule, "alone": alone}
    table = {name: sums_found(kinds[kind], n, seed) for name, (kind, n) in WAYS.items()}
    half = {name: 1.96 * (p * (1 - p) / len(new_pairs()[1])) ** 0.5 for name, p in table.items()}
    figure, ax = figures.subplots(figsize=(7, 2.6))
    for kind, color in [("rule", figures.KEPT), ("alone", figures.WRONG)]:
        some = [(n, table[name], half[name]) for name, (k, n) in WAYS.items() if k == kind]
        ax.errorbar([s[0] for s in some], [s[1] for s in some], [s[2] for s in some], fmt="o-", capsize=3, color=color,
                    label="with the rule" if kind == "rule" else "alone")
    ax.set(xscale="log", xlabel="pairs with their sums", ylabel="new sums found", ylim=(0, 1))
    ax.set_xticks([100, 300, 1000], ["100", "300", "1,000"])
    ax.minorticks_off()
    ax.legend(loc="lower left")
    figures.show(figure)
    print(f"{'system':14}{'sums found':>12}   95 % interval over 2,000 new pairs")
    for name, share in table.items():
        print(f"{name:14}{share:12.3f}   {share - half[name]:.3f} to {share + half[name]:.3f}")
    if prediction:
        print(f"\nbest first, measured: {'; '.join(sorted(table, key=lambda name: -table[name]))}"
              f"\n     your prediction: {'; '.join(prediction)}")
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(learn: Callable, perceive: Callable) -> ipywidgets.Widget:
    """How many pairs, how many wrong labels, whether the rule is the right one, and how the network begins."""
    def draw(n: int, noise: float, rule: str, undecided: bool, seed: int) -> tuple[Figure, str]:
        counts, loss = read_digits(learn, perceive, n, noise, rule, 300, undecided, seed)
        right = counts.diagonal().sum().item() / counts.sum().item()
        return confusion(counts, f"{n} pairs, labels: {rule}"), (
            f"<b>{100 * right:.1f} %</b> of 899 new digits read rightly; loss at the end {loss:.2f} "
            f"(guessing all digits alike costs {guess(rule):.2f}).")
    return figures.board({
        "n": ipywidgets.SelectionSlider(options=[30, 100, 300, 1000], value=300, description="pairs"),
        "noise": ipywidgets.FloatSlider(0.0, min=0.0, max=1.0, step=0.1, description="wrong labels"),
        "rule": ipywidgets.Dropdown(options=["sum", "difference"], value="sum", description="labels are"),
        "undecided": ipywidgets.Checkbox(True, description="begins undecided"),
        "seed": ipywidgets.IntSlider(0, min=0, max=9, description="seed"),
    }, draw)


def guess(rule: str) -> float:
    """The loss of a network that finds all digits alike, on labels of all pairs; the two rules give the same."""
    a, b = torch.arange(10)[:, None], torch.arange(10)
    labels = (a + b if rule == "sum" else a - b + 9).flatten()
    ways = torch.bincount((a + b).flatten(), minlength=19)
    return -(ways[labels] / 100).log().mean().item()
