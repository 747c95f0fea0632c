"""Section 10: what sixteen bits lose, what ZeRO and pipelines cost; real processes over gloo that agree with one."""

import os
import time
from collections.abc import Callable

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..models.processes import processes

# --- numbers in sixteen bits -----------------------------------------------------------------------------------------


def sums(dtype: torch.dtype, term: float = 1e-3, times: int = 1000) -> list[float]:
    """1 and what it becomes as `term` is added again and again."""
    x, out = torch.ones((), dtype=dtype), [1.0]
    for _ in range(times):
        x = x + torch.tensor(term, dtype=dtype)
        out.append(x.item())
    return out


@figures.picture
def added_up() -> Figure:
    """1 + 1000 * 0.001 in three formats."""
    figure, ax = figures.subplots(figsize=(7, 2.6))
    for name, dtype, style in [("FP32", torch.float32, "-"), ("FP16", torch.float16, "--"), ("BF16", torch.bfloat16, "-")]:
        values = sums(dtype)
        ax.plot(values, style, label=f"{name}: {values[-1]:.3f}")
    ax.set(xlabel="additions of 0.001", ylabel="sum")
    ax.legend()
    return figure


def walk(round_mantissa: Callable, seed: int | None, times: int = 1000) -> list[float]:
    """The same sum with seven mantissa bits; with a seed it is rounded stochastically."""
    rng, x, out = np.random.default_rng(seed), np.ones(1, np.float32), [1.0]
    noise = rng.integers(0, 1 << 16, (times, 1)).astype(np.uint32)
    for n in range(times):
        x = round_mantissa(x + np.float32(1e-3), 7) if seed is None else round_mantissa(x + np.float32(1e-3), 7, noise[n])
        out.append(float(x[0]))
    return out


@figures.picture
def rounded(round_mantissa: Callable) -> Figure:
    """Both ways of rounding, between three neighbours of BF16 and in a sum."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    x = np.linspace(1, 1 + 2 / 128, 120, dtype=np.float32)
    noise = np.random.default_rng(0).integers(0, 1 << 16, (400, 120)).astype(np.uint32)
    left.plot(x, x, color=figures.INK, lw=1, label="exact")
    left.plot(x, round_mantissa(x, 7), label="nearest")
    left.plot(x, round_mantissa(np.tile(x, (400, 1)), 7, noise).mean(0), label="stochastic, mean")
    left.set(title="BF16 between 1 and 1.016", xlabel="x")
    right.plot(walk(round_mantissa, None), label="nearest")
    for seed in range(4):
        right.plot(walk(round_mantissa, seed), color=figures.PALETTE[1], lw=1, label="stochastic" if seed == 0 else None)
    right.set(title="1 + 0.001 + 0.001 + …", xlabel="additions")
    left.legend()
    right.legend()
    return figure


def simulated_gradients(n: int = 200_000) -> Tensor:
    """Log-normal sizes around 1e-7, three natural-log units wide."""
    return 1e-7 * torch.exp(torch.randn(n, generator=torch.Generator().manual_seed(0)) * 3)


def zeros(gradients: Tensor, dtype: torch.dtype, scale: float = 1.0) -> float:
    """The share that becomes 0 in this dtype, multiplied by the loss scale."""
    return (gradients * scale).to(dtype).eq(0).float().mean().item()


@figures.picture
def vanishing() -> Figure:
    """Gradients beside what formats can hold."""
    g = simulated_gradients()
    figure, ax = figures.subplots(figsize=(8, 2.8))
    bins, sizes = np.linspace(-14, 3, 120), np.log10(g.numpy())
    names = (f"as they are: {100 * zeros(g, torch.float16):.1f} % are 0 in FP16, "
             f"{100 * zeros(g, torch.bfloat16):.0f} % in BF16",
             f"times 2¹²: {100 * zeros(g, torch.float16, 2 ** 12):.2f} % are 0 in FP16")
    for name, shift, alpha in zip(names, (0, np.log10(2 ** 12)), (0.7, 0.5)):
        ax.stairs(np.histogram(sizes + shift, bins)[0], 10 ** bins, fill=True, alpha=alpha, label=name)
    ax.axvspan(1e-14, 2.0 ** -25, color=figures.WRONG, alpha=0.2)
    ax.text(2e-14, ax.get_ylim()[1] * 0.5, "FP16 rounds\nto 0", color=figures.WRONG, fontsize=9)
    ax.set(xscale="log", xlabel="size of a gradient", ylabel="how many", xlim=(1e-14, 1e3))
    ax.set_ylim(0, ax.get_ylim()[1] * 1.5)
    ax.legend(loc="upper right", fontsize=9)
    return figure


# --- unequal micro-batches -------------------------------------------------------------------------------------------

def descend(combine: Callable, steps: int = 60, seed: int = 0) -> tuple[list[float], float]:
    """(loss of the whole batch by step, the least that is possible) of a regression in unequal micro-batches."""
    g = torch.Generator().manual_seed(seed)
    X, y = [], []
    for rows in (4, 10, 30, 400):
        X.append(torch.randn(rows, 5, generator=g))
        way = torch.ones(5) if rows > 50 else -torch.ones(5)
        y.append(X[-1] @ way + 0.1 * torch.randn(rows, generator=g))
    w, losses = torch.zeros(5), []
    for _ in range(steps):
        parts = [(((x @ w - t) ** 2).mean().item(), [2 * x.T @ (x @ w - t) / len(x)], len(x)) for x, t in zip(X, y)]
        whole = sum(loss * n for loss, _, n in parts) / sum(n for _, _, n in parts)
        losses.append(whole)
        w = w - 0.05 * combine(parts)[1][0]
    every, truth = torch.cat(X), torch.cat(y)
    best = torch.linalg.lstsq(every, truth[:, None]).solution[:, 0]
    return losses, ((every @ best - truth) ** 2).mean().item()


def mean_of_means(parts):
    """What one should not do."""
    return (sum(p[0] for p in parts) / len(parts), [sum(gs) / len(parts) for gs in zip(*(p[1] for p in parts))],
            sum(p[2] for p in parts))


@figures.picture
def means_of_means(combine_means: Callable) -> Figure:
    """Training by tokens and by means of means."""
    figure, ax = figures.subplots(figsize=(7, 2.6))
    (mine, best), (theirs, _) = descend(combine_means), descend(mean_of_means)
    ax.plot(mine, label=f"combined by rows: ends at {mine[-1]:.2f}")
    ax.plot(theirs, color=figures.WRONG, label=f"mean of means: ends at {theirs[-1]:.2f}")
    ax.axhline(best, color=figures.INK, lw=1, ls=":", label=f"least possible: {best:.2f}")
    ax.set(xlabel="step", ylabel="loss of the whole batch", ylim=(0, None))
    ax.legend()
    return figure


# --- real processes --------------------------------------------------------------------------------------------------

def met(program: Callable, args: list[tuple]) -> list:
    """What real processes answer; where they fail, or cannot meet on this machine, one sentence and nothing."""
    try:
        return processes(program, args)
    except Exception as error:  # no loopback, a rank that failed or hangs, what cannot be sent to another process
        print(f"The two processes gave no answer: {error}. Your function is still graded in one process.")
        return []


@figures.experiment
def two_processes(ring_allreduce: Callable) -> None:
    """The learner's ring in two processes, beside gloo's own all-reduce and the sum in this process."""
    g = torch.Generator().manual_seed(0)
    xs = [torch.randn(100_001, generator=g) for _ in range(2)]
    ring_allreduce(xs[0][:2], 0, 1, lambda piece: piece)  # is it written?

    def program(comm, x):
        begin = time.perf_counter()
        mine = ring_allreduce(x, comm.rank, comm.size, comm.exchange)
        return os.getpid(), mine, comm.all_reduce(x), time.perf_counter() - begin
    for rank, (pid, mine, theirs, seconds) in enumerate(met(program, [(x,) for x in xs])):
        same = [isinstance(mine, Tensor) and torch.equal(mine, want) for want in (theirs, xs[0] + xs[1])]
        print(f"rank {rank}, process {pid}: {len(xs[0]):,} numbers in {1e3 * seconds:.0f} ms\n"
              f"        equal to gloo's all_reduce: {same[0]}; to the sum in this process: {same[1]}")


# --- ZeRO, pipelines -------------------------------------------------------------------------------------------------

@figures.picture
def bytes_by_stage(zero_memory: Callable, zero_traffic: Callable) -> Figure:
    """Bytes of a 70B model on each GPU, by stage; what a step sends, by micro-batches."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.9))
    gpus, P = [1, 2, 4, 8, 16, 32, 64, 128, 256], 70_000_000_000
    for stage in range(4):
        left.loglog(gpus, [zero_memory(P, n, stage) / 1e9 for n in gpus], marker="o", ms=3, label=f"stage {stage}")
        micro = range(1, 9)
        style = {0: "-", 1: ":"}.get(stage, "-")
        right.plot(micro, [2 * zero_traffic(P, 64, stage, m) / 1e12 for m in micro], style, marker="o", ms=3,
                   lw=3 if stage == 1 else 1.5,
                   label=f"stage {stage}")
    left.axhline(80, color=figures.INK, lw=1, ls="--")
    left.set(xlabel="GPUs", ylabel="GB on each", title="70B, without activations")
    left.set_xticks(gpus, [str(n) for n in gpus])
    right.set(xlabel="micro-batches a step", ylabel="TB sent by each of 64", title="in BF16")
    left.legend(fontsize=8)
    right.legend(fontsize=8)
    return figure


Order = list[tuple[str, int]]


def gpipe(stages: int, micros: int) -> list[Order]:
    return [[(kind, i) for kind in "FB" for i in range(micros)] for _ in range(stages)]


def _end(orders: list[Order], s: int, k: int, forward: float, backward: float,
         known: dict[tuple[int, int], float]) -> float:
    """When operation k of stage s ends: after the later of the stage's last operation and of what it needs."""
    if (s, k) not in known:
        kind, i = orders[s][k]
        needs = [(s, k - 1)] if k else []
        if kind == "F" and s:
            needs.append((s - 1, orders[s - 1].index(("F", i))))
        if kind == "B" and s + 1 < len(orders):
            needs.append((s + 1, orders[s + 1].index(("B", i))))
        known[s, k] = (max([0.0, *(_end(orders, *n, forward, backward, known) for n in needs)])
                       + (forward if kind == "F" else backward))
    return known[s, k]


@figures.picture
def pipelines(pipeline_schedule: Callable, pipeline_time: Callable, stages: int = 4, micros: int = 8) -> Figure:
    """GPipe and 1F1B on four stages, drawn in time."""
    figure, axes = figures.subplots(2, 1, figsize=(9, 3.8))
    ours = [[tuple(op) for op in pipeline_schedule(s, stages, micros)] for s in range(stages)]
    for ax, name, orders in zip(axes, ("GPipe", "1F1B"), (gpipe(stages, micros), ours)):
        whole = pipeline_time(orders, 1.0, 2.0)
        known: dict[tuple[int, int], float] = {}
        for s, order in enumerate(orders):
            held = most = 0
            for k, (kind, i) in enumerate(order):
                end, span = _end(orders, s, k, 1.0, 2.0, known), 1 if kind == "F" else 2
                ax.barh(s, span, left=end - span, color=figures.KEPT if kind == "F" else figures.PALETTE[2],
                        edgecolor="white", lw=0.5)
                ax.text(end - span / 2, s, str(i), ha="center", va="center", color="white", fontsize=7)
                held += 1 if kind == "F" else -1
                most = max(most, held)
            ax.text(whole + 0.4, s, str(most), va="center")
        bubble = 1 - 3 * micros / whole
        ax.set(yticks=range(stages), ylabel="stage", title=f"{name}: ends at {whole:g}, bubble {100 * bubble:.0f} %",
               xlim=(0, whole + 1.5))
        ax.invert_yaxis()
        ax.grid(visible=False)
    axes[1].set_xlabel("time: forward 1 (blue), backward 2 (green)")
    return figure


# --- one step of ZeRO 1 in two processes and in one ------------------------------------------------------------------

def batches(ranks: int, steps: int, seed: int = 0) -> list[list[list[tuple[Tensor, Tensor]]]]:
    """[rank][step] -> micro-batches (X, y) of unlike lengths."""
    g = torch.Generator().manual_seed(seed)
    out: list[list[list[tuple[Tensor, Tensor]]]] = [[] for _ in range(ranks)]
    for step in range(steps):
        for rank in range(ranks):
            sizes = torch.randint(3, 30, (1 + (step + rank) % 3,), generator=g).tolist()
            micro = []
            for n in sizes:
                X = torch.randn(n, 6, generator=g)
                micro.append((X, torch.sin(X[:, :1] * 2) + X[:, 1:2] * X[:, 2:3]))
            out[rank].append(micro)
    return out


def first_weights(seed: int = 0) -> list[Tensor]:
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(24, 6, generator=g) / 2, torch.zeros(24), torch.randn(1, 24, generator=g) / 5, torch.zeros(1)]


def gradients(weights: list[Tensor], X: Tensor, y: Tensor) -> tuple[float, list[Tensor], int]:
    """(mean loss, its gradients, rows) of a small network."""
    leaves = [w.detach().clone().requires_grad_() for w in weights]
    loss = (torch.tanh(X @ leaves[0].T + leaves[1]) @ leaves[2].T + leaves[3] - y).square().mean()
    return loss.item(), list(torch.autograd.grad(loss, leaves)), len(X)


def train(zero1_step: Callable, comm, mine: list[list[tuple[Tensor, Tensor]]]) -> tuple[list[Tensor], list[float], int]:
    """(weights, losses, numbers of optimiser state) of one rank after all its steps."""
    weights = first_weights()
    w = torch.tensor_split(torch.cat([p.flatten() for p in weights]), comm.size)[comm.rank].clone()
    state, losses = (w, torch.zeros_like(w), torch.zeros_like(w), 0), []
    for micro in mine:
        parts = [gradients(weights, X, y) for X, y in micro]
        weights, state, loss = zero1_step(state, parts, comm.rank, comm.size, comm.all_reduce, comm.reduce_scatter,
                                          comm.all_gather, 0.03, 0.01, 1.0)
        losses.append(loss)
    return weights, losses, sum(x.numel() for x in state[:3])


class Alone:
    """One rank: what comes of a collective is what went in."""

    rank, size = 0, 1

    def all_reduce(self, x: Tensor) -> Tensor:
        return x

    reduce_scatter = all_gather = all_reduce


@figures.experiment
def two_trainers(zero1_step: Callable, steps: int = 60) -> None:
    """The same training in two processes and in this one, and their largest differences."""
    data = batches(2, steps)
    merged = [a + b for a, b in zip(*data)]
    one, losses, numbers = train(zero1_step, Alone(), merged)
    found = met(lambda comm, mine: train(zero1_step, comm, mine), [(mine,) for mine in data])
    if not found:
        return
    (left, left_losses, left_numbers), (right, _, right_numbers) = found
    between = max((a - b).abs().max().item() for a, b in zip(left, right))
    apart = max((a - b).abs().max().item() for a, b in zip(left, one))
    loss = max(abs(a - b) for a, b in zip(left_losses, losses))
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.plot(losses, lw=4, alpha=0.4, label="one process, all micro-batches")
    ax.plot(left_losses, lw=1, color=figures.WRONG, label="two processes, ZeRO stage 1")
    ax.set(xlabel="step", ylabel="mean loss", ylim=(0, None))
    ax.legend()
    figures.show(figure)
    print(f"optimiser numbers: {numbers} in one process; {left_numbers} and {right_numbers} in two")
    print(f"largest difference of a weight after {steps} steps: rank 0 to rank 1 {between:.1e}, to one process {apart:.1e}")
    print(f"largest difference of a loss: {loss:.1e}")


# --- the experiment: where may sixteen bits stand? -------------------------------------------------------------------

WAYS = ("BF16 gradients, FP32 weights", "BF16 weights, stochastic", "BF16 weights, nearest", "FP16 gradients, FP32 weights",
        "FP16 gradients, loss scale 2¹²")


def regression(update: Callable, way: str, seed: int = 0, steps: int = 400) -> list[float]:
    """Relative distance to the true weights by step: least squares whose gradients are about 1e-8."""
    rng = np.random.default_rng(seed)
    true = (rng.choice([-1, 1], 32) * rng.uniform(0.5, 2, 32)).astype(np.float32)
    w, out = np.zeros(32, np.float32), []
    for _ in range(steps):
        X = rng.standard_normal((64, 32)).astype(np.float32)
        grad = (1e-8 * (X.T @ (X @ (w - true))) / 64).astype(np.float32)
        w = update(way, w, grad, np.float32(2e6), rng.integers(0, 1 << 16, 32).astype(np.uint32))
        out.append(float(np.linalg.norm(w - true) / np.linalg.norm(true)))
    return out


@figures.experiment
def sixteen_bits(update: Callable, prediction: list[str] | None = None, seed: int = 0) -> dict[str, float] | None:
    """Every way of training the same regression; {way: final relative distance}."""
    figure, ax = figures.subplots(figsize=(7, 3.2))
    table = {}
    for way in WAYS:
        curve = regression(update, way, seed)
        table[way] = curve[-1]
        ax.semilogy(curve, label=way, ls="--" if "scale" in way else "-")
    ax.set(xlabel="step", ylabel="relative distance")
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    figures.show(figure)
    for way, distance in table.items():
        print(f"{way:32}{distance:10.5f}")
    if prediction:
        print(f"\n{'closest first, measured':32}your prediction")
        for measured, yours in zip(sorted(prediction, key=table.__getitem__), prediction):
            print(f"{measured:32}{yours}")
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(zero_memory: Callable) -> ipywidgets.Widget:
    """A model on a cluster: what each GPU holds, by stage and by the three ways of cutting."""
    def draw(billions: float, stage: int, tensor: int, pipeline: int, data: int, micros: int) -> tuple[Figure, str]:
        return cluster(zero_memory, billions, stage, tensor, pipeline, data, micros)
    return figures.board({
        "billions": ipywidgets.SelectionSlider(options=[1, 7, 13, 70, 405], value=70, description="billions"),
        "stage": ipywidgets.IntSlider(1, min=0, max=3, description="ZeRO stage"),
        "tensor": ipywidgets.SelectionSlider(options=[1, 2, 4, 8], value=8, description="tensor"),
        "pipeline": ipywidgets.SelectionSlider(options=[1, 2, 4, 8, 16], value=4, description="pipeline"),
        "data": ipywidgets.SelectionSlider(options=[1, 2, 4, 8, 16, 32, 64], value=2, description="data"),
        "micros": ipywidgets.SelectionSlider(options=[1, 2, 4, 8, 16, 32, 64], value=16, description="micro-batches"),
    }, draw)


def cluster(zero_memory: Callable, billions: float, stage: int, tensor: int, pipeline: int, data: int,
            micros: int) -> tuple[Figure, str]:
    """Bars of weights, gradients and states on one GPU; what the pipeline wastes."""
    mine = round(billions * 1e9) // (tensor * pipeline)
    parts = [zero_memory(mine, data, stage, *b) / 1e9 for b in ((2, 0, 0), (0, 2, 0), (0, 0, 12))]
    figure, ax = figures.subplots(figsize=(7, 1.8))
    left = 0.0
    for value, name in zip(parts, ("weights", "gradients", "optimiser")):
        ax.barh(0, value, left=left, label=f"{name} {value:.1f}")
        left += value
    ax.axvline(80, color=figures.INK, ls="--", lw=1)
    ax.set(yticks=[], xlabel="GB on each GPU; the line is a card of 80", xlim=(0, max(100, 1.1 * left)), ylim=(-0.5, 1.2))
    ax.legend(loc="upper center", ncols=3, fontsize=8)
    bubble = (pipeline - 1) / (micros + pipeline - 1)
    return figure, (f"{tensor * pipeline * data} GPUs; <b>{left:.1f} GB</b> on each before activations"
                    f"{', too much' if left > 80 else ''}; bubble {100 * bubble:.0f} %.")
