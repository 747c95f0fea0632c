"""Section 28: five experts on digits that began at one base, or each at its own; what merging makes of them."""

import functools
from collections.abc import Callable

import ipywidgets
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..models.language import one_thread

Weights = dict[str, Tensor]
QUESTIONS = {"even": (0, 2, 4, 6, 8), "above 4": (5, 6, 7, 8, 9), "prime": (2, 3, 5, 7), "a loop": (0, 6, 8, 9),
             "a square": (0, 1, 4, 9)}

# --- digits ----------------------------------------------------------------------------------------------------------


@functools.cache
def images() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """8 × 8 digits of scikit-learn: 898 to learn from, 899 to judge by; five yes-or-no answers on each."""
    from sklearn.datasets import load_digits
    x, digit = load_digits(return_X_y=True)
    order = torch.randperm(len(digit), generator=torch.Generator().manual_seed(0))
    x, digit = torch.tensor(x, dtype=torch.float32)[order] / 16, torch.tensor(digit)[order]
    y = torch.stack([torch.isin(digit, torch.tensor(yes)) for yes in QUESTIONS.values()], 1).float()
    return x[:898], y[:898], x[898:], y[898:]


def logits(w: Weights, head: Tensor, x: Tensor) -> Tensor:
    """Two layers with ReLU, and a head with a row for each question."""
    return ((x @ w["w1"].T + w["b1"]).relu() @ w["w2"].T + w["b2"]).relu() @ head.T


def start(seed: int, hidden: int = 256, width: int = 64) -> Weights:
    g = torch.Generator().manual_seed(seed)
    return {"w1": torch.randn(hidden, 64, generator=g) * (2 / 64) ** 0.5, "b1": torch.zeros(hidden),
            "w2": torch.randn(width, hidden, generator=g) * (2 / hidden) ** 0.5, "b2": torch.zeros(width)}


def fit(w: Weights, head: Tensor, tasks: list[int], steps: int, lr: float, seed: int, fit_head: bool = False,
        ) -> tuple[Weights, Tensor]:
    """The encoder after `steps` of Adam on these questions, and the head, which stays as it is unless `fit_head`."""
    x, y, _, _ = images()
    g = torch.Generator().manual_seed(seed)
    w = {k: v.clone().requires_grad_() for k, v in w.items()}
    head = head.clone().requires_grad_(fit_head)
    adam = torch.optim.Adam([*w.values(), *([head] if fit_head else [])], lr=lr, fused=True)
    for _ in range(steps):
        rows = torch.randint(len(x), (64,), generator=g)
        adam.zero_grad()
        F.binary_cross_entropy_with_logits(logits(w, head, x[rows])[:, tasks], y[rows][:, tasks]).backward()
        adam.step()
    return {k: v.detach() for k, v in w.items()}, head.detach()


@functools.cache
@one_thread()
def family(seed: int, own_bases: bool = False) -> tuple[Weights, Tensor, tuple[Weights, ...]]:
    """Base, frozen head and five experts, one a question; with `own_bases` each expert began at a base of its own."""
    g = torch.Generator().manual_seed(seed)
    everything = list(range(len(QUESTIONS)))
    base, head = fit(start(seed), torch.randn(len(QUESTIONS), 64, generator=g) / 64 ** 0.5, everything, 30, 1e-3, seed, True)
    bases = [fit(start(1000 + 10 * seed + i), head, everything, 30, 1e-3, seed)[0] if own_bases else base for i in everything]
    return base, head, tuple(fit(b, head, [i], 150, 5e-4, 10 + seed)[0] for i, b in enumerate(bases))


def rights(w: Weights, head: Tensor) -> list[float]:
    """Share of right answers on the 899 new images, question by question."""
    _, _, x, y = images()
    return ((logits(w, head, x) > 0).float() == y).double().mean(0).tolist()


def mean(w: Weights, head: Tensor) -> float:
    return sum(rights(w, head)) / len(QUESTIONS)


def margin(w: Weights, head: Tensor) -> float:
    """Half of a 95 % interval of the mean: over images, since the five answers on one image hang together."""
    _, _, x, y = images()
    each = ((logits(w, head, x) > 0).float() == y).double().mean(1)
    return float(1.96 * each.std() / len(each) ** 0.5)


# --- pictures --------------------------------------------------------------------------------------------------------

@functools.cache
@one_thread()
def pair(own_starts: bool, seed: int = 0) -> tuple[Weights, Tensor, list[Weights]]:
    """Base, head and two models that learned all questions on other batches: from the base, or each from random weights."""
    base, head, _ = family(seed)
    steps, lr = (120, 1e-3) if own_starts else (90, 5e-4)
    return base, head, [fit(start(500 + 10 * seed + i) if own_starts else base, head, list(range(len(QUESTIONS))), steps, lr,
                            20 + i)[0] for i in (0, 1)]


def along(task_arithmetic: Callable, own_starts: bool, seed: int = 0) -> list[float]:
    """Right answers on the straight line from one model of a pair to the other."""
    base, head, ends = pair(own_starts, seed)
    return [mean(task_arithmetic(base, ends, [1 - t, t]), head) for t in torch.linspace(0, 1, 11).tolist()]


@figures.picture
def lines(task_arithmetic: Callable) -> Figure:
    """Between two models: from one base, and from two random starts."""
    figure, ax = figures.subplots(figsize=(7, 2.8))
    at = torch.linspace(0, 1, 11)
    for own, color, name in ((False, figures.KEPT, "one base"), (True, figures.WRONG, "two starts")):
        found = along(task_arithmetic, own)
        ax.plot(at, found, "o-", color=color, label=name)
        print(f"{name:10}  ends {found[0]:.3f} and {found[-1]:.3f}, halfway {found[5]:.3f}")
    ax.set(xlabel="t", ylabel="right answers")
    ax.legend()
    return figure


@figures.picture
def what_trimming_keeps(trim: Callable) -> Figure:
    """Share of a task vector's squared length, and of its task's accuracy, that the largest entries keep."""
    base, head, experts = family(0)
    tau = {k: experts[0][k] - base[k] for k in base}
    length = sum((t.double() ** 2).sum() for t in tau.values())
    shares, squares, right = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0), [], []
    for keep in shares:
        kept = trim(tau, keep)
        squares.append(float(sum((t.double() ** 2).sum() for t in kept.values()) / length))
        right.append(rights({k: base[k] + kept[k] for k in base}, head)[0])
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.plot(shares, squares, "o-", color=figures.CUT, label="squared length")
    ax.plot(shares, right, "o-", color=figures.KEPT, label="right answers on even")
    ax.set(xlabel="share of the entries that is kept", ylim=(0, 1.05))
    ax.legend()
    print(f"base: {rights(base, head)[0]:.3f} right; the top 20 % keep {squares[3]:.0%} of the squared length and give "
          f"{right[3]:.3f}, the whole expert {right[-1]:.3f}")
    return figure


def conflicts(trim: Callable, keep: float, seed: int = 0) -> list[float]:
    """Of the entries that at least one expert keeps: the share kept by 1, 2, … 5; then the share with both signs."""
    base, _, experts = family(seed)
    rows = [trim({k: e[k] - base[k] for k in base}, keep) for e in experts]
    signs = torch.stack([torch.cat([t.flatten() for t in r.values()]) for r in rows]).sign()
    count = (signs != 0).sum(0)
    any_, both = count > 0, ((signs > 0).any(0) & (signs < 0).any(0))
    return [float((count == k).sum() / any_.sum()) for k in range(1, 6)] + [float(both.sum() / any_.sum())]


@figures.picture
def sign_conflicts(trim: Callable) -> Figure:
    """How often the experts disagree about a sign, against what trimming leaves."""
    shares = (0.05, 0.1, 0.2, 0.5, 1.0)
    found = [conflicts(trim, keep) for keep in shares]
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.plot(shares, [f[-1] for f in found], "o-", color=figures.WRONG, label="both signs")
    ax.plot(shares, [f[0] for f in found], "o-", color=figures.KEPT, label="kept by one expert alone")
    ax.set(xlabel="share of each task vector that is kept", ylabel="share of kept places", ylim=(0, 1.05))
    ax.legend()
    print("both signs:", ", ".join(f"{f[-1]:.0%} at {keep:.0%} kept" for keep, f in zip(shares, found)))
    return figure


def noise(dare: Callable, p: float, size: float = 1.0, seed: int = 0) -> float:
    """Relative error of a random layer's update after dropping."""
    g = torch.Generator().manual_seed(seed)
    tau, x = torch.randn(200, 400, generator=g) * size, torch.randn(50, 400, generator=g)
    kept = dare({"W": tau}, p, seed)["W"]
    return float((x @ (kept - tau).T).norm() / (x @ tau.T).norm())


@figures.picture
def dropped(dare: Callable) -> Figure:
    """One expert alone, with most of its task vector dropped: rescaled and not."""
    base, head, experts = family(0)
    tau = {k: experts[0][k] - base[k] for k in base}
    shares = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    print(f"{'p':25}" + "".join(f"{p:8g}" for p in shares) + f"    (base {rights(base, head)[0]:.3f})")
    for rescale, color, name in ((True, figures.KEPT, "rescaled"), (False, figures.WRONG, "not rescaled")):
        found = [sum(rights({k: base[k] + d[k] for k in base}, head)[0]
                     for d in (dare(tau, p, seed, rescale) for seed in range(3))) / 3 for p in shares]
        left.plot(range(len(shares)), found, "o-", color=color, label=name)
        print(f"{name:25}" + "".join(f"{f:8.3f}" for f in found))
    left.set_xticks(range(len(shares)), [f"{p:g}" for p in shares])
    left.set(xlabel="p", ylabel="right answers on even")
    left.legend()
    measured = [noise(dare, p) for p in shares[1:]]
    right.plot(range(1, len(shares)), measured, "o-", color=figures.WRONG)
    right.set_xticks(range(1, len(shares)), [f"{p:g}" for p in shares[1:]])
    right.set(xlabel="p", title="Error of a random update, of its own length")
    print(f"{'error of a random update':33}" + "".join(f"{m:8.2f}" for m in measured))
    return figure


@figures.picture
def arcs(slerp: Callable) -> Figure:
    """Two vectors, the straight line and the arc between them."""
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([-0.5, 3 ** 0.5 / 2])
    at = torch.linspace(0, 1, 21)
    figure, (left, right) = figures.subplots(1, 2, figsize=(8, 2.8))
    for points, color, name in ((torch.stack([slerp(a, b, t) for t in at.tolist()]), figures.KEPT, "slerp"),
                                (torch.stack([(1 - t) * a + t * b for t in at]), figures.WRONG, "line")):
        left.plot(*points.T, "o-", ms=3, color=color, label=name)
        right.plot(at, points.norm(dim=1), color=color, label=name)
    left.set(aspect="equal", xlim=(-1.1, 1.1), ylim=(-0.1, 1.2))
    right.set(xlabel="t", ylabel="length", ylim=(0, 1.1))
    right.legend()
    return figure


@figures.picture
def wrong_sums(merge_lora: Callable) -> Figure:
    """Two adapters of rank 4: the error of the merged adapter by its rank, and that of summing As and Bs."""
    g = torch.Generator().manual_seed(0)
    pairs = [(torch.randn(4, 48, generator=g), torch.randn(32, 4, generator=g), 4.0) for _ in range(2)]
    want = sum(B @ A for A, B, _ in pairs)
    ranks, found = range(1, 9), []
    for r in ranks:
        A, B = merge_lora(pairs, [1.0, 1.0], r)
        found.append(float((B @ A - want).norm() / want.norm()))
    wrong = float(((pairs[0][1] + pairs[1][1]) @ (pairs[0][0] + pairs[1][0]) - want).norm() / want.norm())
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.plot(ranks, found, "o-", color=figures.KEPT, label="your merge_lora")
    ax.axhline(wrong, color=figures.WRONG, ls="--", label="(sum of Bs)(sum of As)")
    ax.set(xlabel="rank of the merged adapter", ylabel="relative error", ylim=(0, 1.2))
    ax.legend()
    print(f"rank 4: {found[3]:.2f}, rank 8: {found[7]:.2f}, factors summed: {wrong:.2f}")
    return figure


# --- the experiment --------------------------------------------------------------------------------------------------

def untuned(recipes: dict[str, dict], merge: Callable, seed: int) -> dict[str, float]:
    """Mean over the five questions: the best of five experts, and each recipe."""
    base, head, experts = family(seed)
    return {"the best expert": max(mean(e, head) for e in experts)} | {
        name: mean(merge(base, list(experts), recipe), head) for name, recipe in recipes.items()}


@figures.experiment
@one_thread()
def five_experts(recipes: dict[str, dict], merge: Callable, prediction: list[str] | None = None, seed: int = 0,
                 ) -> dict[str, float]:
    """Mean accuracy of each recipe at its own λ, then over many λ; the same with experts of five bases."""
    found = untuned(recipes, merge, seed)
    base, head, experts = family(seed)
    each = [rights(e, head) for e in experts]
    print(f"{'':18}" + "".join(f"{name:>10}" for name in QUESTIONS) + f"{'mean':>8}")
    models = {name: merge(base, list(experts), recipe) for name, recipe in recipes.items()}
    for name, got in [("base", rights(base, head)), *((f"expert: {n}", e) for n, e in zip(QUESTIONS, each)),
                      *((n, rights(w, head)) for n, w in models.items())]:
        print(f"{name:18}" + "".join(f"{v:10.3f}" for v in got) + f"{sum(got) / len(got):8.3f}")
    print()
    models["the best expert"] = max(experts, key=lambda e: mean(e, head))
    for name, value in found.items():
        print(f"{name:18} {value:.3f}  ± {margin(models[name], head):.3f}")
    lams = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
    figure, ax = figures.subplots(figsize=(7, 3))
    swept = {name: recipe for name, recipe in recipes.items() if name != "average"}
    for (name, recipe), color in zip(swept.items(), (figures.PALETTE[2], figures.WRONG, figures.KEPT)):
        curve = [mean(merge(base, list(experts), recipe | {"lam": lam}), head) for lam in lams]
        ax.plot(lams, curve, "o-", color=color, label=name)
        print(f"{name:18} best λ of these: {lams[curve.index(max(curve))]:g}, {max(curve):.3f}")
    strangers = family(seed, True)[2]
    curve = [mean(merge(base, list(strangers), {"method": "arithmetic", "lam": lam}), head) for lam in lams]
    ax.plot(lams, curve, "o:", color=figures.CUT, label="sum, five bases")
    average = {k: torch.stack([e[k] for e in strangers]).mean(0) for k in base}
    alone = [mean(e, head) for e in strangers]
    print(f"{'five bases':18} experts {min(alone):.3f} to {max(alone):.3f}, their average {mean(average, head):.3f}")
    ax.axhline(found["the best expert"], color=figures.INK, lw=1, ls="--")
    ax.set(xlabel="λ (dashed: the best expert)", ylabel="mean of five questions")
    ax.legend(loc="lower left", ncols=2)
    figures.show(figure)
    if prediction:
        print(f"\nbest first, measured: {', '.join(sorted(prediction, key=lambda n: -found[n]))}"
              f"\n     your prediction: {', '.join(prediction)}")
    return found


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
@one_thread()
def widget(merge: Callable) -> ipywidgets.Widget:
    """A recipe in your hand, on the five digit experts."""
    base, head, experts = family(0)
    own = [rights(e, head)[i] for i, e in enumerate(experts)]

    def draw(method: str, lam: float, keep: float, p: float, count: int) -> tuple[Figure, str]:
        recipe = {"method": method, "lam": lam, "keep": keep, "p": p, "seed": 0}
        got = rights(merge(base, list(experts[:count]), recipe), head)
        figure, ax = figures.subplots(figsize=(6.5, 2.6))
        ax.bar(list(QUESTIONS), got, color=[figures.KEPT if i < count else figures.CUT for i in range(5)], width=0.6)
        ax.plot(range(5), own, "_", ms=30, color=figures.WRONG)
        ax.set(ylim=(min(0.4, min(got) - 0.05), 1), ylabel="right (line: its expert)")
        return figure, f"<b>{sum(got) / 5:.3f}</b> on average over the five; grey: a question whose expert was left out."
    return figures.board({
        "method": ipywidgets.Dropdown(options=["arithmetic", "ties", "dare", "dare_ties"], description="method"),
        "lam": ipywidgets.FloatSlider(0.5, min=-1, max=2, step=0.1, description="λ"),
        "keep": ipywidgets.FloatSlider(0.2, min=0.05, max=1, step=0.05, description="keep (TIES)"),
        "p": ipywidgets.FloatSlider(0.5, min=0, max=0.95, step=0.05, description="p (DARE)"),
        "count": ipywidgets.IntSlider(5, min=1, max=5, description="experts"),
    }, draw)
