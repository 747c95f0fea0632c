"""Section 24: what an exact mask predictor sees, what its loss bounds, what several tokens at once cost, when it is fast."""

import math
from collections.abc import Callable

import ipywidgets
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..models.markov import Markov

ORDERS = ("confidence", "left to right", "random")
STEPS = (1, 2, 4, 8, 16, 32)


def gumbel(shape: tuple[int, ...], g: torch.Generator) -> Tensor:
    """Standard Gumbel numbers."""
    return -(-torch.rand(shape, generator=g, dtype=torch.float64).log()).log()


def broken(chain: Markov, x: Tensor) -> Tensor:
    """(…, L - 1) booleans: the transitions that the chain never makes."""
    return ~chain.possible()[x[..., :-1], x[..., 1:]]


def token_grid(ax: Axes, chain: Markov, rows: Tensor, kept: Tensor | None = None, size: int = 9) -> None:
    """Texts as rows of numbers: red beside a transition that the chain never makes, grey where `kept` says so."""
    for y, row in enumerate(rows.tolist()):
        whole = all(v != chain.mask_id for v in row)
        bad = broken(chain, rows[y]).tolist() if whole else [
            a != chain.mask_id and b != chain.mask_id and not chain.possible()[a, b] for a, b in zip(row, row[1:])]
        for i, v in enumerate(row):
            wrong = (i > 0 and bad[i - 1]) or (i < len(bad) and bad[i])
            color = figures.WRONG if wrong else figures.CUT if kept is not None and bool(kept[y, i]) else figures.KEPT
            ax.text(i, y, "·" if v == chain.mask_id else str(v), ha="center", va="center", fontsize=size,
                    color=figures.CUT if v == chain.mask_id else color, weight="bold" if wrong else "normal")
    ax.set(xlim=(-0.7, rows.shape[1] - 0.3), ylim=(len(rows) - 0.4, -0.6))
    ax.set_xticks([])
    ax.grid(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


# --- pictures --------------------------------------------------------------------------------------------------------

@figures.picture
def both_sides(chain: Markov) -> Figure:
    """What the exact predictor believes at each mask of one text."""
    text = chain.sample(1, 11, seed=4)
    x = text.clone()
    x[0, [1, 2, 3, 5, 7, 8, 9, 10]] = chain.mask_id
    probs = chain(x)[0].exp()
    figure, ax = figures.subplots(figsize=(8, 2.8))
    for i in range(x.shape[1]):
        stands = bool(x[0, i] != chain.mask_id)
        sizes = [float(v == text[0, i]) for v in range(chain.vocab)] if stands else probs[i].tolist()
        ax.scatter([i] * chain.vocab, range(chain.vocab), s=[220 * p for p in sizes],
                   color=figures.PALETTE[1] if stands else figures.KEPT)
    ax.set(xlabel="position", ylabel="token", xticks=range(x.shape[1]), yticks=range(chain.vocab),
           ylim=(-0.7, chain.vocab - 0.3), title="Orange: stands. Blue: belief at a mask (area = probability)")
    return figure


def weighed(mdm_loss: Callable, chain: Markov, n: int = 4000, length: int = 32, seed: int = 0) -> tuple[float, dict]:
    """The exact NLL of one text, and (mean, 95 % half-width) of three sums over n random masks, in nats for the text."""
    g = torch.Generator().manual_seed(seed)
    x = chain.sample(1, length, seed=3)
    t = torch.rand(n, generator=g, dtype=torch.float64)
    m = torch.rand(n, length, generator=g, dtype=torch.float64) < (0.999 * t + 0.001)[:, None]
    x0, none = x.expand(n, -1), torch.zeros(n, dtype=torch.long)
    logp = chain(torch.where(m, chain.mask_id, x0))
    nll = -(logp.gather(-1, x0[..., None])[..., 0] * m).sum(1)
    groups = [slice(i, i + n // 40) for i in range(0, n, n // 40)]
    found = {"your loss": torch.stack([length * mdm_loss(logp[s], x0[s], m[s], t[s], none[s]) for s in groups]),
             "without 1/t": torch.stack([nll[s].mean() for s in groups]),
             "by the number of masks": torch.stack([(length * nll[s] / m[s].sum(1).clamp(min=1)).mean() for s in groups])}
    return chain.nll(x).item(), {k: (v.mean().item(), 1.96 * v.std().item() / math.sqrt(len(v))) for k, v in found.items()}


@figures.picture
def bound(mdm_loss: Callable, chain: Markov) -> Figure:
    """Three ways to weigh masked cross-entropies, beside the exact NLL."""
    true, found = weighed(mdm_loss, chain)
    figure, ax = figures.subplots(figsize=(7, 2.2))
    ax.barh(list(found), [v for v, _ in found.values()], xerr=[e for _, e in found.values()], height=0.6,
            color=[figures.KEPT, figures.WRONG, figures.CUT], error_kw={"ecolor": figures.INK})
    ax.axvline(true, color=figures.INK, ls="--")
    ax.set(xlabel="nats for the whole text", title=f"The dashed line: exact NLL, {true:.2f}")
    ax.invert_yaxis()
    print(f"exact NLL {true:.2f};", ", ".join(f"{k} {v:.2f} ± {e:.2f}" for k, (v, e) in found.items()))
    return figure


@figures.picture
def steps_of_one_text(num_transfer: Callable, unmask_step: Callable, chain: Markov) -> Figure:
    """One text of 24 tokens, three a step, by confidence at temperature 1."""
    g = torch.Generator().manual_seed(2)
    x = torch.full((1, 24), chain.mask_id)
    open_, rows, old = torch.ones(1, 24, dtype=torch.bool), [], []
    for n in num_transfer(open_.sum(1), 8).unbind(1):
        before = open_
        x, open_ = unmask_step(chain(x), x, open_, n, None, 1.0, gumbel((1, 24, chain.vocab), g))
        rows.append(x[0])
        old.append(~before[0])
    figure, ax = figures.subplots(figsize=(8, 2.8))
    token_grid(ax, chain, torch.stack(rows), torch.stack(old))
    ax.set(yticks=range(8), ylabel="step", title="Dots are masks; grey stood before this step; red breaks the chain's rule")
    return figure


def spreads(cond_nll_mc: Callable, chain: Markov, texts: int = 10, n: int = 1000) -> tuple[list[float], list[float]]:
    """Standard deviation of one draw, for each text: by t (independent masks), and by l (exact counts)."""
    by_t, by_l = [], []
    for seed, x in enumerate(chain.sample(texts, 32, seed=5)):
        g = torch.Generator().manual_seed(seed)
        t = torch.rand(n, 1, generator=g, dtype=torch.float64)
        m = torch.rand(n, 32, generator=g, dtype=torch.float64) < t
        logp = chain(torch.where(m, chain.mask_id, x)).gather(-1, x.expand(n, -1)[..., None])[..., 0]
        by_t.append((-(logp * m).sum(1) / t[:, 0]).std().item())
        by_l.append(cond_nll_mc(chain, x, 0, chain.mask_id, n, seed, n)[1] * math.sqrt(n))
    return by_t, by_l


@figures.picture
def estimates(cond_nll_mc: Callable, chain: Markov) -> Figure:
    """Estimates of one NLL by the number of draws; the spread of one draw by two forms."""
    x, draws = chain.sample(1, 32, seed=3), (4, 16, 64, 256, 1024)
    found = [cond_nll_mc(chain, x[0], 0, chain.mask_id, n, 0, 256) for n in draws]
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.7))
    left.errorbar(draws, [v for v, _ in found], yerr=[2 * e for _, e in found], fmt="o", color=figures.KEPT, capsize=3)
    left.axhline(chain.nll(x).item(), color=figures.INK, ls="--")
    left.set(xscale="log", xlabel="draws", ylabel="nats", title="Estimate ± 2 standard errors; dashed: exact")
    left.set_xticks(draws, [str(n) for n in draws])
    left.minorticks_off()
    by_t, by_l = spreads(cond_nll_mc, chain)
    right.plot(by_t, "o", color=figures.WRONG, label="t, independent masks")
    right.plot(by_l, "o", color=figures.KEPT, label="l, exact counts")
    right.set(xlabel="text", ylabel="nats", ylim=(0, 1.2 * max(by_t)), title="Standard deviation of one draw")
    right.legend()
    print(f"standard deviation of one draw, mean over ten texts: by t {sum(by_t) / 10:.1f}, by l {sum(by_l) / 10:.1f}; "
          f"their NLL: {chain.nll(chain.sample(10, 32, seed=5)).mean():.1f}")
    return figure


def prompted(cfg_logits: Callable, chain: Markov, w: float) -> Tensor:
    """(8, V) guided distributions at eight masks after a prompt of one token."""
    x = torch.full((1, 9), chain.mask_id)
    x[0, 0] = 2
    return cfg_logits(chain, x, 1, chain.mask_id, w)[0, 1:].softmax(-1)


@figures.picture
def guidance(cfg_logits: Callable, chain: Markov) -> Figure:
    """What guidance does right after the prompt, and how far it reaches."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.7))
    for i, w in enumerate((0.0, 1.0, 2.0)):
        probs = prompted(cfg_logits, chain, w)
        left.bar([v + 0.27 * (i - 1) for v in range(chain.vocab)], probs[0].tolist(), width=0.25, color=figures.PALETTE[i],
                 label=f"w = {w:g}")
        right.plot(range(1, 9), (0.5 * (probs - 1 / chain.vocab).abs().sum(-1)).tolist(), "o-", color=figures.PALETTE[i])
    left.set(xlabel="token", ylabel="probability", xticks=range(chain.vocab), title="Right after the prompt")
    left.legend()
    right.set(xlabel="positions after the prompt", ylabel="total variation", ylim=(0, 1), title="Distance from 'no prompt'")
    return figure


def seconds(forward_passes: Callable, roofline_seconds: Callable, params: int, card: dict, batch: int) -> dict[str, float]:
    """Seconds for a batch with prompts of 512 and answers of 128 tokens, by method."""
    ways = {"AR, cached": ("ar",), "full, 128 steps": ("full", 128, 32), "full, 32 steps": ("full", 32, 32),
            "prefix, 128 steps": ("prefix", 128, 32), "dual, 128 steps": ("dual", 128, 32), "dual, 32 steps": ("dual", 32, 32)}
    return {name: roofline_seconds(forward_passes(512, 128, *way), params, batch=batch, **card) for name, way in ways.items()}


@figures.picture
def costs(forward_passes: Callable, roofline_seconds: Callable, params: int, card: dict) -> Figure:
    """Seconds by method, at batch 1 and at batch 64."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.7), sharey=True)
    for ax, batch in zip(axes, (1, 64)):
        found = seconds(forward_passes, roofline_seconds, params, card, batch)
        bars = ax.barh(list(found), list(found.values()), color=[figures.PALETTE[1], *[figures.KEPT] * 5])
        ax.bar_label(bars, [f"{s:.2f} s, {s / found['AR, cached']:.2g}×" for s in found.values()], padding=4,
                     color=figures.INK, fontsize=9)
        ax.set(xscale="log", xlim=(min(found.values()) / 2, max(found.values()) * 30), xlabel="seconds",
               title=f"batch {batch}")
    axes[0].invert_yaxis()
    return figure


def filled(generate: Callable, chain: Markov, n: int = 8, seed: int = 0) -> tuple[Tensor, Tensor]:
    """n samples between two fixed ends: by the sampler, one token a step, and from the left without looking ahead."""
    g = torch.Generator().manual_seed(seed)
    x = torch.full((n, 12), chain.mask_id)
    x[:, 0], x[:, -1] = 1, 5
    both = generate(chain, x, 1, 11, 11, chain.mask_id, order=torch.rand(x.shape, generator=g), temperature=1.0,
                    noise=lambda k: gumbel((*x.shape, chain.vocab), g))
    left = x.clone()
    for i in range(1, 11):
        left[:, i] = torch.multinomial(chain.P[left[:, i - 1]], 1, generator=g)[:, 0]
    return both, left


@figures.picture
def infilling(generate: Callable, chain: Markov) -> Figure:
    """A hole between two fixed ends, filled with and without a look at the end."""
    figure, axes = figures.subplots(2, 1, figsize=(6, 4.4))
    titles = ("your sampler, one token a step", "from the left, blind to the end")
    for ax, rows, title in zip(axes, filled(generate, chain), titles):
        given = torch.zeros(rows.shape, dtype=torch.bool)
        given[:, [0, -1]] = True
        token_grid(ax, chain, rows, given)
        ax.set(yticks=[], title=title)
    return figure


# --- the experiment --------------------------------------------------------------------------------------------------

def measured(chain: Markov, x: Tensor) -> tuple[float, float]:
    """(share of impossible transitions, share of the likely kind among the possible ones)."""
    p = chain.P[x[:, :-1], x[:, 1:]]
    possible = p > 1e-4
    return 1 - possible.double().mean().item(), ((p > 0.5).sum() / possible.sum()).item()


def tables(texts: Callable, seed: int = 0) -> dict[str, dict[int, tuple[float, float]]]:
    """Both shares by order and steps."""
    chain = Markov.two_successors(8, seed=seed)
    found: dict[str, dict[int, tuple[float, float]]] = {}
    for name in ORDERS:
        g = torch.Generator().manual_seed(seed)
        found[name] = {steps: measured(chain, texts(chain, name, steps, g)) for steps in STEPS}
    return found


@figures.experiment
def at_once(texts: Callable, prediction: list[str]) -> dict[str, dict[int, tuple[float, float]]]:
    """What each order costs when several tokens are committed at once."""
    found = tables(texts)
    print(f"your prediction: {', '.join(prediction)}")
    for k, title in enumerate(("impossible transitions", "likely ones among the possible (0.8 in the language)")):
        print(f"\n{title}\n{'steps':>14}" + "".join(f"{s:>8}" for s in STEPS))
        for name, row in found.items():
            print(f"{name:>14}" + "".join(f"{row[s][k]:8.3f}" for s in STEPS))
    print("\n100 texts, 3,100 transitions: each share to about ± 0.02")
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.7))
    for k, (ax, title) in enumerate(zip(axes, ("Impossible transitions", "Likely among the possible"))):
        for name, color in zip(ORDERS, figures.PALETTE):
            ax.semilogx(STEPS, [found[name][s][k] for s in STEPS], "o-", color=color, label=name)
        ax.set(xlabel="steps for 32 tokens", ylabel="share", title=title)
        ax.set_xticks(STEPS, [str(s) for s in STEPS])
        ax.minorticks_off()
    axes[1].axhline(0.8, color=figures.CUT, ls="--")
    axes[0].legend()
    figures.show(figure)
    return found


# --- the board -------------------------------------------------------------------------------------------------------

@figures.widget
def widget(generate: Callable) -> ipywidgets.Widget:
    """Twelve texts by steps, blocks, order and chain."""
    def draw(steps: int, block: int, order: str, likely: float, temperature: float) -> tuple[Figure, str]:
        chain = Markov.two_successors(8, first=likely, seed=0)
        g = torch.Generator().manual_seed(0)
        taken = max(steps, 32 // block)
        x = torch.full((60, 32), chain.mask_id)
        by = {"random": torch.rand(x.shape, generator=g), "left to right": -torch.arange(32.0).expand(x.shape)}.get(order)
        x = generate(chain, x, 0, taken, block, chain.mask_id, order=by, temperature=temperature,
                     noise=lambda k: gumbel((60, 32, 8), g))
        figure, ax = figures.subplots(figsize=(7, 2.8))
        token_grid(ax, chain, x[:12], size=8)
        ax.set(yticks=[], title="Twelve texts; red breaks the chain's rule")
        p = chain.P[x[:, :-1], x[:, 1:]]
        kind = (p > 1e-4) & (p >= likely * 0.99)
        raised = "" if taken == steps else f" (a block needs a step: {taken})"
        return figure, (f"{32 / taken:g} token{'s' * (taken < 32)} a step{raised}. Of 60 texts: "
                        f"<b>{broken(chain, x).double().mean():.1%}</b> impossible transitions; "
                        f"of the possible ones {kind.sum() / (p > 1e-4).sum():.0%} of the likely kind.")

    powers = [1, 2, 4, 8, 16, 32]
    return figures.board({
        "steps": ipywidgets.SelectionSlider(options=powers, value=8, description="steps"),
        "block": ipywidgets.SelectionSlider(options=powers, value=32, description="block length"),
        "order": ipywidgets.Dropdown(options=["confidence", "random", "left to right"], description="order"),
        "likely": ipywidgets.FloatSlider(value=0.8, min=0.55, max=0.99, step=0.01, description="likely successor"),
        "temperature": ipywidgets.FloatSlider(value=1.0, min=0.0, max=1.5, step=0.1, description="temperature")}, draw)
