"""Section 19: gates and loads, collapse and its cures, capacity, and what a decode step of a sparse model reads."""

import time
from collections.abc import Callable

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..models.language import one_thread
from ..models.sizes import GPUS

# --- pictures: gates, experts, the balancing loss --------------------------------------------------------------------


@figures.picture
def gates(topk_gate: Callable) -> Figure:
    """The weights of 14 tokens over 8 experts, and how much probability the best k hold."""
    logits = 1.5 * torch.randn(14, 8, generator=torch.Generator().manual_seed(3))
    idx, w = topk_gate(logits, 2)
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    left.imshow(torch.zeros(14, 8).scatter(1, idx, w).T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    left.set(xlabel="token", ylabel="expert", title="Your weights, k = 2, renormalised")
    left.grid(False)
    mass = [topk_gate(logits, k, False)[1].sum(-1).mean() for k in range(1, 9)]
    right.plot(range(1, 9), mass, "o-")
    right.set(xlabel="k", ylabel="mean sum of weights", ylim=(0, 1.05), title="Not renormalised: what the best k hold")
    return figure


@figures.picture
@one_thread()
def cost_by_experts(moe_forward: Callable) -> Figure:
    """Milliseconds for 512 tokens as the number of experts grows: the learner's function, and all experts on all tokens."""
    counts, taken = [2, 4, 8, 16, 32], {"yours, k = 2": [], "every expert on every token": []}
    g = torch.Generator().manual_seed(0)
    x, w = torch.randn(512, 64, generator=g), torch.rand(512, 2, generator=g)
    for E in counts:
        W1, W2 = torch.randn(E, 64, 128, generator=g) / 8, torch.randn(E, 128, 64, generator=g) / 8
        idx = torch.rand(512, E, generator=g).argsort(-1)[:, :2]
        taken["yours, k = 2"].append(_best_ms(lambda: moe_forward(x, W1, W2, idx, w)))  # noqa: B023
        taken["every expert on every token"].append(_best_ms(lambda: ((x @ W1).relu() @ W2)))  # noqa: B023
    figure, ax = figures.subplots(figsize=(7, 3))
    for (name, times), color in zip(taken.items(), [figures.KEPT, figures.WRONG]):
        ax.loglog(counts, times, "o-", color=color, label=name)
    ax.set_xticks(counts, [str(n) for n in counts])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set(xlabel="experts", ylabel="ms", title="512 tokens, D = 64, F = 128, measured here on one thread")
    ax.legend()
    return figure


def _best_ms(call: Callable) -> float:
    """The least of three runs, in milliseconds."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return min(times)


@figures.picture
def loss_by_skew(load_balance_loss: Callable) -> Figure:
    """The balancing loss of 2,000 tokens over 8 experts, of which one is more and more ahead."""
    noise = torch.randn(2000, 8, generator=torch.Generator().manual_seed(0))
    leads = np.linspace(0, 8, 33)
    figure, ax = figures.subplots(figsize=(7, 3))
    for k, color in zip((1, 2, 4), figures.PALETTE):
        ax.plot(leads, [load_balance_loss(noise + torch.tensor([lead, *[0.0] * 7]), k) for lead in leads], color=color,
                label=f"k = {k}")
        ax.axhline(k, color=color, lw=1, ls=":")
    ax.set(xlabel="lead of expert 0 (added to its logit)", ylabel="your load_balance_loss", ylim=(0, 8.5),
           title="From balance (dotted: k) to collapse, E = 8")
    ax.legend()
    return figure


# --- pictures: bias, capacity, what is read --------------------------------------------------------------------------

@figures.picture
def bias_steers(bias_free_route: Callable) -> Figure:
    """What the bias of expert 0 does to its traffic, and to the weight with which it enters the output."""
    scores = torch.randn(3000, 8, generator=torch.Generator().manual_seed(0)).sigmoid()
    biases, share, weight = np.linspace(-0.5, 0.5, 21), [], []
    for b in biases:
        idx, w = bias_free_route(scores, torch.tensor([b, *[0.0] * 7], dtype=torch.float32), 2)
        chosen = idx == 0
        share.append(chosen.any(1).float().mean().item())
        weight.append(w[chosen].mean().item() if chosen.any() else np.nan)
    figure, ax = figures.subplots(figsize=(7, 3))
    ax.plot(biases, share, label="share of tokens that choose expert 0")
    ax.plot(biases, weight, label="its mean weight where it is chosen")
    ax.set(xlabel="bias of expert 0", ylim=(0, 1.02), title="The bias steers the traffic; 8 experts, k = 2")
    ax.legend()
    return figure


@figures.picture
def closed_loop(bias_free_route: Callable, update_bias: Callable) -> Figure:
    """MaxVio over 300 steps of a router that starts skewed, for three sizes of step."""
    figure, ax = figures.subplots(figsize=(7, 3))
    for gamma, color in zip((0.001, 0.01, 0.1), figures.PALETTE):
        ax.plot(np.maximum(vio_by_step(bias_free_route, update_bias, gamma), 0.01), color=color, label=f"γ = {gamma}")
    ax.set(xlabel="step", ylabel="MaxVio", yscale="log", ylim=(0.05, 12),
           title="Three of 16 experts start ahead; k = 2, 1,024 tokens a step")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
    ax.legend(ncols=3, loc="upper right")
    return figure


def vio_by_step(bias_free_route: Callable, update_bias: Callable, gamma: float, steps: int = 300, E: int = 16, k: int = 2,
                lead: float = 1.5, seed: int = 0) -> list[float]:
    """MaxVio at each step of a router whose first three experts are ahead, while the rule moves the bias."""
    g, bias, found = torch.Generator().manual_seed(seed), torch.zeros(E), []
    ahead = torch.tensor([lead] * 3 + [0.0] * (E - 3))
    for _ in range(steps):
        idx, _ = bias_free_route((torch.randn(1024, E, generator=g) + ahead).sigmoid(), bias, k)
        counts = torch.bincount(idx.flatten(), minlength=E)
        found.append(max_vio(counts))
        bias = update_bias(bias, counts, gamma)
    return found


def max_vio(counts: Tensor) -> float:
    """How far the fullest expert lies over the mean load."""
    return (counts.max() / counts.double().mean() - 1).item()


@figures.picture
def dropped_by_capacity(dispatch_with_capacity: Callable) -> Figure:
    """The share of assignments that is dropped, by capacity factor, for a balanced and two skewed routers."""
    factors, g = np.arange(2, 25) / 8, torch.Generator().manual_seed(0)
    noise = torch.randn(256, 8, generator=g)
    figure, ax = figures.subplots(figsize=(7, 3))
    for lead, color in zip((0.0, 1.0, 4.0), figures.PALETTE):
        w, idx = (noise + torch.tensor([lead] * 2 + [0.0] * 6)).topk(2)
        vio = max_vio(torch.bincount(idx.flatten(), minlength=8))
        ax.plot(factors, [dispatch_with_capacity(idx, w.softmax(-1), 8, float(cf))[2] for cf in factors], color=color,
                label=f"MaxVio {vio:.2f}")
    ax.set(xlabel="capacity factor", ylabel="share dropped", ylim=(0, 0.9), title="256 tokens, 8 experts, k = 2")
    ax.legend()
    return figure


SERVED = {  # arguments of moe_params; attention: the parameters of one layer's attention, counted in test_oracles.py
    "Mixtral-8x7B": dict(vocab=32_000, D=4096, layers=32, attention=41_943_040, F=14_336, E=8, k=2),
    "DeepSeek-V3": dict(vocab=129_280, D=7168, layers=61, attention=187_107_328, F=2048, E=256, k=8, shared=1,
                        dense_layers=3, dense_F=18_432),
}


def parameters_read(moe_params: Callable, expected_distinct_experts: Callable, model: str,
                    batch: int) -> tuple[float, int, int]:
    """(parameters that one decode step of so many sequences reads, on average; active; total)."""
    about = SERVED[model]
    total, active = moe_params(**about)
    one_expert = (total - active) / (about["E"] - about["k"])  # of every layer together
    return active + (expected_distinct_experts(about["E"], about["k"], batch) - about["k"]) * one_expert, active, total


@figures.picture
def read_by_batch(moe_params: Callable, expected_distinct_experts: Callable) -> Figure:
    """What a decode step reads as the batch grows, as a share of all weights."""
    batches = 2 ** np.arange(0, 10)
    figure, ax = figures.subplots(figsize=(7, 3))
    for model, color in zip(SERVED, figures.PALETTE):
        read = [parameters_read(moe_params, expected_distinct_experts, model, int(b)) for b in batches]
        ax.plot(batches, [r / total for r, _, total in read], "o-", color=color, label=f"{model}: read")
        ax.axhline(read[0][1] / read[0][2], color=color, lw=1, ls=":")
    ax.set(xscale="log", ylim=(0, 1.05), xlabel="sequences that decode together", ylabel="share of all weights",
           title="Read in one decode step (dotted: the active parameters)")
    ax.set_xticks(batches, [str(b) for b in batches])
    ax.minorticks_off()
    ax.legend()
    return figure


@figures.picture
def loads_in_training(moe_step: Callable, clusters: Callable, new_layer: Callable) -> Figure:
    """The load of each expert over 150 steps of the learner's moe_step, with and without balancing."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for ax, gamma in zip(axes, (0.0, 0.02)):
        sample, layer, loads = clusters(0), new_layer(17, 8, 24, 16, seed=0, lead=4.0), []
        for step in range(150):
            layer, _, counts = moe_step(layer, *sample(256, step), 2, 1.0, gamma)
            loads.append(counts / counts.sum())
        _heat(ax, loads, f"γ = {gamma:g}: MaxVio at the end {max_vio(counts):.2f}")
    axes[0].set(ylabel="expert")
    return figure


def _heat(ax, loads: list[Tensor], title: str) -> None:
    """Loads as a map: a row for each expert, steps to the right."""
    ax.imshow(torch.stack(list(loads)).T, cmap="Blues", vmin=0, vmax=0.5, aspect="auto", interpolation="nearest")
    ax.set(xlabel="step", title=title)
    ax.grid(False)


# --- the experiment: collapse, seen and cured ------------------------------------------------------------------------

STEPS, TOKENS, SEEDS = 200, 256, (0, 1)


def trained(step: Callable, arm: tuple[float, float], clusters: Callable, new_layer: Callable, seed: int,
            steps: int = STEPS) -> tuple[float, Tensor, list[Tensor]]:
    """One training: (error on 4,000 fresh tokens, their load of each expert, the load at each step)."""
    sample, layer, loads = clusters(seed), new_layer(17, 8, 24, 1, seed, lead=8.0), []
    weights = [layer[name].requires_grad_() for name in ("router", "w1", "w2")]
    adam = torch.optim.Adam(weights, 1e-2)
    for n in range(steps):
        loss, _, layer["bias"], counts = step(layer, *sample(TOKENS, n), *arm)
        adam.zero_grad()
        loss.backward()
        adam.step()
        loads.append(counts / counts.sum())
    with torch.no_grad():
        _, error, _, counts = step(layer, *sample(4000, steps), *arm)
    return error.item(), counts, loads


@figures.experiment
def collapse(arms: dict[str, tuple[float, float]], step: Callable, clusters: Callable, new_layer: Callable,
             prediction: object = None, seeds: tuple[int, ...] = SEEDS) -> dict[str, list[tuple[float, float, float]]]:
    """Train one layer for each way of balancing and seed; shows loads and a table.

    Returns {arm: [(error, experts in effect, MaxVio) for each seed]}.
    """
    torch.set_num_threads(1)
    table: dict[str, list[tuple[float, float, float]]] = {}
    figure, axes = figures.subplots(1, len(arms), figsize=(11, 2.6), sharey=True)
    for ax, (name, arm) in zip(axes, arms.items()):
        table[name] = []
        for seed in seeds:
            error, counts, loads = trained(step, arm, clusters, new_layer, seed)
            table[name].append((error, in_effect(counts), max_vio(counts)))
            if seed == seeds[0]:
                _heat(ax, loads, name)
    axes[0].set(ylabel="expert")
    figures.show(figure)
    print(f"{'mean (least to most) of ' + str(len(seeds)) + ' seeds':28}{'error':>22}{'experts in effect':>24}{'MaxVio':>22}")
    for name, rows in table.items():
        print(f"{name:28}" + "".join(f"{np.mean(c):8.3f} ({min(c):.3f} to {max(c):.3f})" for c in zip(*rows)))
    print(f"\nyour prediction: {prediction}")
    return table


def in_effect(counts: Tensor) -> float:
    """exp of the entropy of the loads: E when all are equal, 1 when one expert does everything."""
    p = counts.double() / counts.sum()
    return (-(p * p.clamp(min=1e-12).log()).sum()).exp().item()


# --- the widget ------------------------------------------------------------------------------------------------------

FORMATS = {"BF16 (2 bytes)": 2.0, "INT8 (1 byte)": 1.0, "INT4 (half a byte)": 0.5}
PEAK = {"A100 80 GB": 312e12, "H100 80 GB": 989e12, "H200 141 GB": 989e12}  # dense BF16 FLOP/s, NVIDIA's datasheets


@figures.widget
def widget(moe_params: Callable, expected_distinct_experts: Callable) -> ipywidgets.Widget:
    """Model, batch, format and GPUs against the least time of a decode step, beside dense models of both sizes."""
    return figures.board({
        "model": ipywidgets.Dropdown(options=list(SERVED), description="Model"),
        "batch": ipywidgets.SelectionSlider(options=[2 ** i for i in range(13)], value=1, description="Sequences"),
        "size": ipywidgets.ToggleButtons(options=FORMATS, description="Weights"),
        "gpu": ipywidgets.Dropdown(options=list(GPUS), value="A100 80 GB", description="GPU"),
        "count": ipywidgets.SelectionSlider(options=[1, 2, 4, 8, 16], value=4, description="How many"),
    }, lambda **at: step_time(moe_params, expected_distinct_experts, **at))


def step_time(moe_params: Callable, expected_distinct_experts: Callable, model: str, batch: int, size: float, gpu: str,
              count: int) -> tuple[Figure, str]:
    """Least milliseconds of a decode step, reading and arithmetic, of the model and of dense ones; and words in HTML."""
    read, active, total = parameters_read(moe_params, expected_distinct_experts, model, batch)
    bandwidth, peak = GPUS[gpu].bandwidth * count, PEAK[gpu] * count
    rows = {model: (read, active)} | {f"dense, {n / 1e9:.0f}B": (n, n) for n in (active, total)}
    figure, ax = figures.subplots(figsize=(8, 2.6))
    for i, (reads, uses) in enumerate(rows.values()):
        ax.barh(i - 0.2, 1e3 * reads * size / bandwidth, 0.38, color=figures.PALETTE[0], label="reading" if not i else None)
        ax.barh(i + 0.2, 1e3 * 2 * uses * batch / peak, 0.38, color=figures.PALETTE[1], label="arithmetic" if not i else None)
    ax.set(xlabel="ms for one decode step, at least", yticks=range(3), yticklabels=list(rows))
    ax.invert_yaxis()
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    about, room = SERVED[model], GPUS[gpu].memory * count
    distinct = expected_distinct_experts(about["E"], about["k"], batch)
    fits = "fits" if total * size < room else "<b>does not fit</b>"
    return figure, (f"{distinct:.1f} of {about['E']} experts per layer are read: {read * size / 1e9:,.1f} GB of "
                    f"{total * size / 1e9:,.1f} GB. The weights {fits} into {room / 1e9:,.0f} GB. Caches, exchanges between "
                    "GPUs and uneven loads are not counted; arithmetic at the BF16 peak.")
