"""Section 25: what zeros, ranks and bytes cost; digits under a budget; a real model that loses layers and weights."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ipywidgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.digits import images
from ..models.language import one_thread
from ..models.smollm import load

CARDS = {"RTX 4090, 24 GB": 24e9, "L40S, 48 GB": 48e9, "H100, 80 GB": 80e9}

# --- pictures --------------------------------------------------------------------------------------------------------


def gradients(kd_loss: Callable, T: float, seed: int = 0) -> tuple[float, float, float]:
    """At this T: cosine between the gradient of the KD loss and that of a squared error on centred logits; the gradient's
    length with T², and without."""
    g = torch.Generator().manual_seed(seed)
    s, t = (2 * torch.randn(8, 5, 50, generator=g) for _ in range(2))
    s.requires_grad_()
    grad, = torch.autograd.grad(kd_loss(s, t, torch.zeros(8, 5, dtype=torch.long), T, 1.0), s)
    off = (s - t).detach()
    off = off - off.mean(-1, keepdim=True)
    return F.cosine_similarity(grad.flatten(), off.flatten(), dim=0).item(), grad.norm().item(), grad.norm().item() / T ** 2


@figures.picture
def temperature(kd_loss: Callable) -> Figure:
    """What a higher temperature makes of the loss."""
    temperatures = (1.0, 2.0, 4.0, 8.0, 16.0)
    rows = [gradients(kd_loss, T) for T in temperatures]
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.6))
    left.semilogx(temperatures, [r[0] for r in rows], "o-", color=figures.KEPT)
    left.set(ylabel="cosine", ylim=(0, 1.05), title="KD beside a squared error on logits")
    right.loglog(temperatures, [r[1] for r in rows], "o-", color=figures.KEPT, label="T² · KL")
    right.loglog(temperatures, [r[2] for r in rows], "o-", color=figures.WRONG, label="KL")
    right.set(title="Length of the gradient")
    right.legend()
    for ax in (left, right):
        ax.set(xlabel="T")
        ax.set_xticks(temperatures, [f"{T:g}" for T in temperatures])
        ax.minorticks_off()
    return figure


def output_errors(wanda_mask: Callable, magnitude_masks: Callable, nm_sparsify: Callable, sparsity: float,
                  seed: int = 0) -> dict[str, float]:
    """Relative error of a layer's outputs, five of its 512 inputs being 20 times as large as the others."""
    g = torch.Generator().manual_seed(seed)
    W, X = torch.randn(256, 512, generator=g), torch.randn(300, 512, generator=g)
    X[:, torch.randperm(512, generator=g)[:5]] *= 20
    new = {"magnitude": W * magnitude_masks({"W": W}, sparsity)["W"], "Wanda": W * wanda_mask(W, X, sparsity)}
    if sparsity == 0.5:
        new |= {"2:4 by magnitude": nm_sparsify(W), "2:4 by Wanda": nm_sparsify(W, 2, 4, X)}
    return {name: ((X @ (w - W).T).norm() / (X @ W.T).norm()).item() for name, w in new.items()}


@figures.picture
def outliers(wanda_mask: Callable, magnitude_masks: Callable, nm_sparsify: Callable) -> Figure:
    """Output error against sparsity, magnitude and Wanda; 2:4 as points."""
    shares = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
    found: dict[str, dict[float, float]] = {}
    for s in shares:
        many = [output_errors(wanda_mask, magnitude_masks, nm_sparsify, s, seed) for seed in range(5)]
        for name in many[0]:
            found.setdefault(name, {})[s] = float(np.mean([m[name] for m in many]))
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for (name, values), color in zip(found.items(), [figures.WRONG, figures.KEPT, figures.WRONG, figures.KEPT]):
        ax.plot(list(values), list(values.values()), "^" if ":" in name else "o-", color=color, ms=8 if ":" in name else 5,
                label=name)
    ax.set(xlabel="sparsity", ylabel="relative error of the outputs")
    ax.legend()
    print("relative error at 50 %:", ", ".join(f"{name} {values[0.5]:.3f}" for name, values in found.items()))
    return figure


@figures.picture
def groups(prune_heads: Callable) -> Figure:
    """What is left of eight query heads on two key/value heads, for several choices."""
    choices = [[0, 1, 2, 4, 5, 6], [0, 3, 5, 6], [4, 5, 6, 7], [1, 6], [0, 1, 2, 3, 4]]
    shapes = [(16, 4), (4, 4), (4, 4), (4, 16)]
    figure, ax = figures.subplots(figsize=(8, 2.6))
    for y, keep in enumerate(choices):
        try:
            heads, kv = prune_heads(*(torch.ones(*s) for s in shapes), keep, 8, 2)[-2:]
            said, color = f"{heads} heads on {kv}: cache {kv / 2:.0%}", figures.KEPT
        except ValueError:
            said, color = "refused: unequal groups", figures.WRONG
        ax.scatter(range(8), [y] * 8, s=140, color=[color if h in keep else "none" for h in range(8)], edgecolor=figures.CUT)
        ax.text(8, y, said, va="center")
    ax.axvline(3.5, color=figures.CUT, lw=1)
    ax.set(xlim=(-0.5, 13), ylim=(4.6, -0.6), yticks=[], xticks=range(8), title="Query heads; the line parts the two groups")
    ax.grid(False)
    return figure


def rank_errors(lowrank: Callable, r: int, seed: int = 0) -> tuple[float, float]:
    """Relative error of a layer's outputs at rank r: factors of the weights, and of the outputs."""
    g = torch.Generator().manual_seed(seed)
    W = torch.randn(128, 128, generator=g)
    X = torch.randn(400, 128, generator=g) * torch.logspace(0.7, -0.7, 128)
    errors = []
    for given in (None, X):
        A, B = lowrank(W, r, given)
        errors.append(((X @ W.T - (X @ A.T) @ B.T).norm() / (X @ W.T).norm()).item())
    return errors[0], errors[1]


@figures.picture
def ranks(lowrank: Callable, break_even: Callable) -> Figure:
    """Output error against rank, with and without looking at the inputs."""
    at = (0, 8, 16, 32, 48, 64, 96, 128)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for values, name, color in zip(zip(*[rank_errors(lowrank, r) for r in at]), ("best for W", "best for X Wᵀ"),
                                   (figures.WRONG, figures.KEPT)):
        ax.plot(at, values, "o-", color=color, label=name)
    ax.axvline(break_even(128, 128), color=figures.CUT, ls="--")
    ax.set(xlabel="rank, of 128", ylabel="relative error of the outputs",
           title="A random layer whose inputs differ in size")
    ax.legend()
    return figure


@figures.picture
def sizes(model_bytes: Callable, cfg: dict) -> Figure:
    """Bytes of one model in several formats."""
    ways = {"BF16": (16,), "BF16, 2:4": (16, None, True, (2, 4)), "8 bits, a scale a row": (8,),
            "4 bits, groups of 128": (4, 128), "the same, 2:4": (4, 128, True, (2, 4)),
            "the same, dense, embedding too": (4, 128, False)}
    gb = {name: model_bytes(cfg, *way) / 1e9 for name, way in ways.items()}
    figure, ax = figures.subplots(figsize=(8, 2.8))
    ax.bar_label(ax.barh(list(gb), list(gb.values()), color=figures.KEPT), [f"{x:.2f} GB" for x in gb.values()], padding=4,
                 color=figures.INK)
    ax.set(xlabel="GB", xlim=(0, 19), title="Llama-3-8B")
    ax.invert_yaxis()
    return figure


# --- digits ----------------------------------------------------------------------------------------------------------

class Net:
    """Linear layers with ReLU between them, no biases; `weights` are its leaves by name."""

    def __init__(self, weights: dict[str, Tensor]):
        self.weights = {k: w.detach().clone().requires_grad_() for k, w in weights.items()}

    def __call__(self, x: Tensor) -> Tensor:
        *first, last = self.weights.values()
        for w in first:
            x = (x @ w.T).relu()
        return x @ last.T

    @torch.no_grad()
    def accuracy(self, x: Tensor, y: Tensor) -> float:
        return (self(x).argmax(1) == y).double().mean().item()


@functools.cache
@one_thread()
def trained(widths: tuple[int, ...], seed: int, steps: int = 400) -> dict[str, Tensor]:
    """A network that has learnt the digits."""
    g = torch.Generator().manual_seed(seed)
    net = Net({f"W{i}": torch.randn(o, n, generator=g) * (2 / n) ** 0.5 for i, (n, o) in enumerate(zip(widths, widths[1:]))})
    x, y, _, _ = images()
    adam = torch.optim.Adam(net.weights.values(), lr=2e-3)
    for _ in range(steps):
        rows = torch.randint(len(y), (64,), generator=g)
        adam.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        adam.step()
    return {k: w.detach() for k, w in net.weights.items()}


@one_thread()
def zeroed(masks_of: Callable, heal: Callable, seed: int) -> dict[str, float]:
    """Accuracy as it was and after each treatment."""
    start = trained((64, 256, 256, 10), seed)
    x, _, new_x, new_y = images()
    g, teacher = torch.Generator().manual_seed(seed), Net(start)
    found = {"as it was": teacher.accuracy(new_x, new_y)}
    for how in ("global", "local", "random"):
        masks = masks_of(start, 0.9, how, g)
        student = Net({k: w * masks[k] for k, w in start.items()})
        found[f"{how} 90%"] = student.accuracy(new_x, new_y)
        if how == "local":
            continue
        adam = torch.optim.Adam(student.weights.values(), lr=1e-3)
        for _ in range(300):
            rows = x[torch.randint(len(x), (64,), generator=g)]
            with torch.no_grad():
                logits = teacher(rows)
            heal(student, logits, masks, adam, rows)
        found[f"{how} 90% + KD"] = student.accuracy(new_x, new_y)
    return found


@figures.experiment
def digits(masks_of: Callable, heal: Callable, prediction: list[str] | None = None, seed: int = 0) -> dict[str, float]:
    """Accuracy of a network with most of its weights gone: {treatment: share of right answers}."""
    found = zeroed(masks_of, heal, seed)
    start = trained((64, 256, 256, 10), seed)
    _, _, x, y = images()
    shares, g = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95), torch.Generator().manual_seed(seed)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for how, color in [("global", figures.KEPT), ("local", figures.PALETTE[2]), ("random", figures.WRONG)]:
        ax.plot(shares, [Net({k: w * m for (k, w), m in zip(start.items(), masks_of(start, s, how, g).values())}).accuracy(x, y)
                         for s in shares], "o-", color=color, label=how)
    ax.plot(0.9, found["global 90% + KD"], "*", ms=14, color=figures.KEPT, label="global + KD")
    ax.plot(0.9, found["random 90% + KD"], "*", ms=14, color=figures.WRONG, label="random + KD")
    ax.set(xlabel="sparsity", ylabel="accuracy")
    ax.legend()
    figures.show(figure)
    room = max(map(len, found))
    for name, value in found.items():
        half = 1.96 * (value * (1 - value) / len(y)) ** 0.5
        print(f"{name:{room}}  {value:.3f}  ± {half:.3f}")
    if prediction:
        print(f"\nbest first, measured: {', '.join(sorted(prediction, key=lambda n: -found[n]))}"
              f"\n     your prediction: {', '.join(prediction)}")
    return found


def rounded(W: Tensor, bits: int, quant_sym: Callable) -> Tensor:
    q, scale = quant_sym(W, bits)
    return q * scale[:, None]


@one_thread()
def by_order(compress: Callable, quant_sym: Callable, budget: int, seed: int, steps: int = 50) -> dict[str, float]:
    """Accuracy of the 64-256-10 network in `budget` bytes, three ways."""
    W1, W2 = trained((64, 256, 10), seed).values()
    x, _, new_x, new_y = images()
    found = {}
    for name, (a, b, n) in {"prune, distil, quantise": (W1, W2, steps),
                            "rounded first": (rounded(W1, 4, quant_sym), rounded(W2, 4, quant_sym), steps),
                            "no distilling": (W1, W2, 0)}.items():
        (q1, s1), (q2, s2), _ = compress(a, b, x, budget, 4, n)
        found[name] = Net({"W1": q1 * s1[:, None], "W2": q2 * s2[:, None]}).accuracy(new_x, new_y)
    return found


BUDGETS = (250, 500, 1000, 2000)


@figures.picture
def orders(compress: Callable, quant_sym: Callable) -> Figure:
    """Accuracy against the budget, three ways."""
    figure, ax = figures.subplots(figsize=(7, 2.8))
    runs = [[by_order(compress, quant_sym, budget, seed) for seed in range(3)] for budget in BUDGETS]
    print(f"{'bytes':25}" + "".join(f"{b:8,}" for b in BUDGETS))
    for name, color in zip(runs[0][0], (figures.KEPT, figures.PALETTE[2], figures.WRONG)):
        means = [np.mean([r[name] for r in many]) for many in runs]
        ax.semilogx(BUDGETS, means, "o-", color=color, label=name)
        print(f"{name:25}" + "".join(f"{m:8.3f}" for m in means))
    ax.set(xlabel="budget, bytes (the network in float32: 75,776)", ylabel="accuracy")
    ax.set_xticks(BUDGETS, [f"{b:,}" for b in BUDGETS])
    ax.minorticks_off()
    ax.legend()
    return figure


# --- the real model --------------------------------------------------------------------------------------------------

CALIBRATION = [
    "The harbour was quiet when the ferry came in. Two men in yellow coats threw the ropes and waited "
    "for the cars to roll off.",
    "A budget is a plan for money that has not been spent yet. It says what comes in, what goes out, and what should be "
    "left at the end of the month.",
    "To bake bread you need flour, water, salt and time. Mix them, let the dough rest, fold it a few times and bake it hot.",
    "In biology, a cell is the smallest unit that can live by itself. It takes in food, gets rid of waste and can divide.",
    "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return total / len(values)",
]
SCORED = [
    "Glaciers move slowly downhill under their own weight. The ice at the bottom melts a little, and the water lets it slide. "
    "Where a glacier ends, it leaves a wall of stones that it carried along, and a lake may form behind it.",
    "When the library opened again after the summer, half of the shelves were empty. The books had been moved "
    "to the new building "
    "on the other side of the river, and nobody had told the readers where to find them.",
    "A computer stores numbers as rows of bits. A bit can be zero or one. With eight bits there are two hundred and "
    "fifty-six patterns, enough for the letters of most European languages, but not for all the signs that people write.",
    "The price of a house depends on its size, its age and, most of all, on where it stands. Two houses that look alike "
    "can cost very different sums if one is near a station and the other is not.",
]


def padded(tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids, filled up on the right, and which of them are scored: all of a text's but its first."""
    rows = [tokenizer.encode(t) for t in texts]
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    real = torch.zeros_like(ids, dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, :len(row)], real[i, 1:len(row)] = torch.tensor(row), True
    return ids, real


def losses(model, ids: Tensor, real: Tensor) -> Tensor:
    """Negative log-likelihood of each token, in nats."""
    with torch.no_grad():
        logits = model.head(model.body(ids)[0][:, :-1][real[:, 1:]]).float()
    return F.cross_entropy(logits, ids[:, 1:][real[:, 1:]], reduction="none")


def nll(model, ids: Tensor, real: Tensor) -> float:
    """Mean negative log-likelihood of the tokens, in nats."""
    return losses(model, ids, real).mean().item()


@contextmanager
def without(model, layer: int) -> Iterator[None]:
    """Inside `with`, one block gives its input."""
    block = model.blocks[layer]
    hook = block.register_forward_hook(lambda _, args, out: (args[0], out[1]))
    try:
        yield
    finally:
        hook.remove()


@one_thread()
def smollm_layers() -> dict[int, tuple[float, float]]:
    """Every block by itself: {block: (block influence, rise of the loss without it)}."""
    model, tokenizer = load(torch.bfloat16)
    ids, real = padded(tokenizer, SCORED[:3])
    some = real.clone()
    turned: dict[int, float] = {}
    hooks = [block.register_forward_hook(lambda _, args, out, i=i: turned.__setitem__(
        i, (1 - F.cosine_similarity(args[0].float(), out[0].float(), dim=-1))[some].mean().item()))
        for i, block in enumerate(model.blocks)]
    try:
        base = nll(model, ids, real)
    finally:
        for hook in hooks:
            hook.remove()
    found = {}
    for i in range(len(model.blocks)):
        with without(model, i):
            found[i] = turned[i], nll(model, ids, real) - base
    figure, axes = figures.subplots(2, 1, figsize=(8, 3.6), sharex=True)
    for ax, k, name in zip(axes, (0, 1), ("block influence", "rise of the loss")):
        ax.bar(list(found), [v[k] for v in found.values()], color=figures.KEPT)
        ax.set(ylabel=name, yscale="log")
    axes[1].set_xlabel("block that is taken out")
    figures.show(figure)
    a, b = (np.argsort(np.argsort([v[k] for v in found.values()])) for k in (0, 1))
    print(f"{int(real.sum())} tokens, loss of the whole model {base:.2f} nats; rank correlation {np.corrcoef(a, b)[0, 1]:.2f}")
    cost = sorted(found, key=lambda i: found[i][1])
    print("dearest:", ", ".join(f"block {i} +{found[i][1]:.2f} (influence {found[i][0]:.3f})" for i in cost[:-6:-1]))
    print("cheapest:", ", ".join(f"block {i} {found[i][1]:+.2f}" for i in cost[:5]))
    return found


@one_thread()
def smollm_zeros(wanda_mask: Callable, magnitude_masks: Callable, nm_sparsify: Callable) -> dict[str, float]:
    """Perplexity of SmolLM2 with half of the weights of ten of its blocks at 0: {which blocks and how: perplexity}."""
    model, tokenizer = load(torch.bfloat16)
    ids, real = padded(tokenizer, SCORED)
    given, on = padded(tokenizer, CALIBRATION)
    layers = {n: p for n, p in model.blocks.named_modules() if isinstance(p, torch.nn.Linear)}
    inputs: dict[str, Tensor] = {}
    hooks = [p.register_forward_pre_hook(lambda _, args, n=n: inputs.__setitem__(n, args[0][on].float()))
             for n, p in layers.items()]
    try:
        nll(model, given, on)
    finally:
        for hook in hooks:
            hook.remove()
    ways: dict[str, Callable[[str, Tensor], Tensor]] = {
        "magnitude": lambda n, W: W * magnitude_masks({n: W}, 0.5)[n],
        "Wanda": lambda n, W: W * wanda_mask(W, inputs[n], 0.5),
        "2:4 by Wanda": lambda n, W: nm_sparsify(W, 2, 4, inputs[n])}
    found = {"as it was": float(np.exp(nll(model, ids, real)))}
    print(f"{int(on.sum())} tokens of calibration, {int(real.sum())} tokens scored; perplexity as it was "
          f"{found['as it was']:.1f}\n")
    for blocks, hows in ((range(0, 30, 3), list(ways)), (range(10, 20), list(ways)[:2])):
        chosen = {n: p for n, p in layers.items() if int(n.split(".")[0]) in blocks}
        whole = {n: p.weight.detach().clone() for n, p in chosen.items()}
        each: dict[str, Tensor] = {}
        for how in hows:
            name = f"half of blocks {', '.join(map(str, blocks[:3]))} … {blocks[-1]}: {how}"
            try:
                with torch.no_grad():
                    for n, p in chosen.items():
                        p.weight.copy_(ways[how](n, whole[n]))
                each[how] = losses(model, ids, real)
                found[name] = each[how].mean().exp().item()
            finally:
                with torch.no_grad():
                    for n, p in chosen.items():
                        p.weight.copy_(whole[n])
            print(f"{name:50} {found[name]:8.1f}")
        off = each["Wanda"] - each["magnitude"]
        print(f"   Wanda less magnitude, token by token: {off.mean():+.2f} ± {1.96 * off.std() / len(off) ** 0.5:.2f} nats\n")
    return found


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(model_bytes: Callable, models: dict[str, dict]) -> ipywidgets.Widget:
    """A model's bytes by format, beside three cards."""
    def draw(model: str, bits: int, group: int, sparse: str, embedding: bool) -> tuple[Figure, str]:
        nm = None if sparse == "dense" else tuple(int(x) for x in sparse.split(":"))
        size, full = model_bytes(models[model], bits, group, embedding, nm), model_bytes(models[model], 16)
        figure, ax = figures.subplots(figsize=(7, 2.2))
        ax.barh(["BF16", "yours"], [full / 1e9, size / 1e9], color=[figures.CUT, figures.KEPT])
        for room in CARDS.values():
            ax.axvline(room / 1e9, color=figures.WRONG, lw=1)
        ax.set(xlabel="GB of weights (red: 24, 48, 80 GB)")
        fits = [name for name, room in CARDS.items() if size <= 0.9 * room]
        return figure, (f"<b>{size / 1e9:.2f} GB</b>, {full / size:.2f} times smaller. Leaves a tenth of it free: "
                        f"{', '.join(fits) or 'none of the three'}.")
    return figures.board({
        "model": ipywidgets.Dropdown(options=list(models), description="model"),
        "bits": ipywidgets.SelectionSlider(options=[2, 3, 4, 8, 16], value=4, description="bits"),
        "group": ipywidgets.SelectionSlider(options=[32, 64, 128], value=128, description="group"),
        "sparse": ipywidgets.Dropdown(options=["dense", "2:4", "1:4", "4:8"], description="N:M"),
        "embedding": ipywidgets.Checkbox(True, description="embedding in BF16"),
    }, draw)
