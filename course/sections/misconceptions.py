"""Section 33: rounding with a gradient, what fits and how fast, the guide's worst claims on one scale, a service by numbers."""

import functools
from collections.abc import Callable

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..check import value_and_grad
from ..models.language import one_thread
from ..models.sizes import GPUS, MODELS

ORANGE, GREEN = figures.PALETTE[1:3]

# --- rounding --------------------------------------------------------------------------------------------------------


@functools.cache
def digits(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, float]:
    """Centred 8 × 8 digits with a constant, one-hot targets, both twice: 898 to learn from, 899 to judge by.

    Then the classifier of least squares (10, 65), and the largest curvature of its loss.
    """
    from sklearn.datasets import load_digits
    x, digit = load_digits(return_X_y=True)
    order = torch.randperm(len(digit), generator=torch.Generator().manual_seed(seed))
    x = torch.tensor(x, dtype=torch.float32)[order] / 16
    x, y = torch.cat([x - x.mean(0), torch.ones(len(x), 1)], 1), torch.eye(10)[torch.tensor(digit)[order]]
    gram = x[:898].T @ x[:898]
    w = torch.linalg.solve(gram + torch.eye(65), x[:898].T @ y[:898]).T.contiguous()
    return x[:898], y[:898], x[898:], y[898:], w, 2 * float(torch.linalg.eigvalsh(gram / 8980).max())


def largest_scale(w: Tensor, bits: int) -> Tensor:
    """The scale of each row with which its largest weight fits."""
    return w.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)


@figures.picture
@one_thread()
def staircase(fake_quant: Callable) -> Figure:
    """What goes forward, and what comes back."""
    figure, (top, bottom) = figures.subplots(2, figsize=(7, 3.6), sharex=True)
    x = torch.linspace(-3, 3, 601)
    value, (gradient,) = value_and_grad(fake_quant, x, torch.tensor(0.5), 3)
    top.plot(x, x, color=figures.CUT, lw=1)
    top.plot(x, value, color=figures.KEPT)
    top.set(ylabel="rounded", title="3 bits, scale 0.5")
    bottom.plot(x, gradient, color=figures.KEPT)
    bottom.set(ylabel="gradient", xlabel="x", ylim=(-0.2, 1.2))
    return figure


@figures.picture
@one_thread()
def latent(qat_step: Callable, fake_quant: Callable) -> Figure:
    """One weight under QAT: the latent one and the rounded one."""
    x, y, _, _, w, steep = digits()
    scale = 0.5 * largest_scale(w, 3)
    paths = []
    for i in range(200):
        paths.append((w.clone(), fake_quant(w, scale, 3)))
        w, _ = qat_step(w, scale, x, y, 3, 0.05 * (1 - i / 200) / steep)
    rounded = torch.stack([r for _, r in paths])
    flips = (rounded[1:] != rounded[:-1]).sum(0)
    moved = (paths[-1][0] - paths[0][0]).abs() * ((flips >= 3) & (flips <= 20))
    row, column = divmod(int(moved.flatten().argmax()), w.shape[1])
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.plot([float(p[row, column]) for p, _ in paths], color=ORANGE, label="latent")
    ax.step(range(200), rounded[:, row, column], where="mid", color=figures.KEPT, label="rounded")
    ax.set(xlabel="step", ylabel="a weight")
    ax.legend()
    return figure


# --- capacity --------------------------------------------------------------------------------------------------------

@figures.picture
def memory(weight_bytes: Callable, cache_per_token: Callable) -> Figure:
    """One H100: weights and requests of 8,192 tokens, by bits of weights and cache."""
    model = MODELS["Llama-3-8B"]
    figure, ax = figures.subplots(figsize=(7, 2.6))
    rows = [("BF16, BF16 cache", 16, None, 2), ("4 bits, BF16 cache", 4, 128, 2), ("4 bits, FP8 cache", 4, 128, 1)]
    for at, (_, bits, group, size) in enumerate(rows):
        weights = weight_bytes(model.params, bits, group, 2 * 128_256 * 4096) / 1e9
        each = 8192 * cache_per_token(model, 1, size) / 1e9
        count = int((72 - weights) // each)
        ax.barh(at, weights, color=ORANGE, height=0.6)
        ax.barh([at] * count, [each * 0.85] * count, left=[weights + i * each for i in range(count)], color=figures.KEPT,
                height=0.6, linewidth=0, snap=False)
        ax.text(81, at, f"{count} requests", va="center")
    ax.axvline(72, color=figures.WRONG, lw=1)
    ax.set_yticks(range(len(rows)), [name for name, *_ in rows])
    ax.set(xlabel="GB on one H100 (line: 80 GB without the reserve)", xlim=(0, 100))
    ax.invert_yaxis()
    return figure


MIXTRAL = (1_605_636_096, 5_637_144_576, 8, 2)  # dense part, one expert over all layers, of 46.7 billion


@figures.picture
def speed(step_seconds: Callable) -> Figure:
    """Milliseconds of a step by batch: a mixture, and dense models of its active and of its whole size."""
    dense, expert, n, k = MIXTRAL
    batches = [2 ** i for i in range(11)]
    figure, ax = figures.subplots(figsize=(7, 3))
    for label, moe, tokens, style in [("dense, all parameters", (dense + n * expert, 0, 0, 0), 2000, figures.CUT),
                                      ("mixture", MIXTRAL, 2000, figures.KEPT), ("mixture, no cache", MIXTRAL, 0, figures.KEPT),
                                      ("dense, active parameters", (dense + k * expert, 0, 0, 0), 2000, ORANGE)]:
        ms = [1e3 * step_seconds(b, tokens, moe, 2, 131_072, 2 * 3.35e12, 2 * 989e12)[0] for b in batches]
        ax.plot(batches, ms, "--" if not tokens else "-", color=style, label=label)
    ax.set(xscale="log", yscale="log", xlabel="requests in the batch, 2,000 tokens each", ylabel="ms a step")
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    ax.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
    ax.minorticks_off()
    ax.legend()
    return figure


# --- claims ----------------------------------------------------------------------------------------------------------

def guide() -> dict[str, dict]:
    """Each claim of exercise 33.5 in the setting that the guide has in mind, with its number."""
    rng = np.random.default_rng(0)
    stages = np.exp(np.log(100) + 0.6 * rng.standard_normal((4, 20_000)))
    values = rng.standard_normal(2000).tolist()
    llama = {"params": 70_553_706_496, "bits": 4, "group": 128, "kept": 2_101_346_304}
    small = {"params": 8_030_261_248, "bits": 4, "group": 128, "kept": 1_050_673_152}
    return {
        "S14.2": {"says": 343.6e9, "layers": 80, "kv_heads": 8, "head_dim": 128, "tokens": 131_072, "batch": 1, "size": 2},
        "S14.1": {"says": 1, "late": 8000, "early": 100},
        "S14.12": {"says": 8, "heads": 64},
        "S14.7": {"says": 32_000, "position": 8000, "factor": 4},
        "S10.2": {"says": 0.5, "mixed": [2, 2, 4, 8], "full": [4, 4, 8]},
        "S10.6": {"says": 2, "stage": 2},
        "S4.4": {"says": 24, **llama},
        "S23.16": {"says": 2, **small},
        "SU1.9": {"says": 2.95, "alpha": 0.8, "k": 4},
        "SU1.15": {"says": 1, "bits": 4, "other": 8, "values": values},
        "SU2.2": {"says": float(np.exp(0.4)), "new": -1.0, "old": -1.0, "reference": -1.4},
        "S16.13": {"says": 176e9, "dense": 5_329_164_288, "expert": 16_911_433_728, "experts": 8, "chosen": 2},
        "S17.10": {"says": 1, "f": [1.0] + [0.0] * 7, "p": [1.0] + [0.0] * 7},
        "S17.29": {"says": 0.6, "scores": [0.2, 0.3, 0.5, 0.1], "bias": [0.4, 0.0, -0.1, 0.0], "k": 2},
        "S18.10": {"says": 1.8, "vectors": 10 ** 6, "dim": 768, "size": 4},
        "S18.19": {"says": 500, "stages": stages.tolist()},
        "S19.2": {"says": 0.5, "relevant": [1, 1, 0, 0]},
        "S15.6": {"says": 0.05 / 0.26, "price": 0.05, "share": 0.26, "loss": 20},
        "S27.12": {"says": 0.121, "observed": 0.121, "sensitivity": 0.8, "specificity": 0.9},
        "S28.11": {"says": 0.0, "threshold": 0.95, "similarity": [0.97] * 14, "same": [True] + [False] * 13},
    }


@figures.picture
@one_thread()
def verdicts(settle: Callable) -> Figure:
    """The guide's numbers over the right ones."""
    figure, ax = figures.subplots(figsize=(7, 4.6))
    for at, (claim, case) in enumerate(guide().items()):
        right, holds = settle(claim, case)
        says = case["says"]
        print(f"{claim:7} the guide {says:<12.6g} right {right:<12.6g} {'holds' if holds else ''}")
        ratio = float(np.clip(says / right, 1e-3, 1e3)) if says and right else 1e-3
        ax.plot([1, ratio], [at, at], color=figures.CUT, lw=1)
        ax.plot(ratio, at, "o", color=figures.CUT if holds else figures.WRONG)
    ax.axvline(1, color=figures.CUT, lw=1)
    ax.set_yticks(range(len(guide())), list(guide()), fontsize=8)
    ax.set(xscale="log", xlim=(5e-4, 2e3), xlabel="the guide's number over the right one (cut at 1,000)")
    ax.invert_yaxis()
    return figure


# --- a service -------------------------------------------------------------------------------------------------------

def service(bits: int, gpus: int, kv_size: float = 1, peak: float = 20, tpot: float = 0.03, prompt: int = 2000,
            ttft: float = 1.0, flops: float = 989e12) -> dict:
    """Llama-3-70B on H100s, for the load of the setup's SPEC."""
    return {"model": MODELS["Llama-3-70B"], "moe": (70_553_706_496, 0, 0, 0), "kept": 2_101_346_304,
            "load": {"peak": peak, "mean": 0.3 * peak, "prompt": prompt, "answer": 300, "shared": 0},
            "ttft": ttft, "tpot": tpot, "mfu": 0.4, "headroom": 0.25, "spare": 1,
            "options": [{"gpu": GPUS["H100 80 GB"], "gpus": gpus, "flops": flops, "price": 2.5, "bits": bits,
                         "group": 128 if bits == 4 else None, "kv_size": kv_size, "overhead": 0.003}]}


@figures.picture
def frontier(design_service: Callable) -> Figure:
    """Dollars for a million output tokens, by GPUs and bits."""
    figure, ax = figures.subplots(figsize=(7, 3))
    kinds = [("4 bits", 4, 989e12, figures.KEPT), ("8 bits", 8, 989e12, ORANGE), ("FP8, computed in FP8", 8, 1979e12, GREEN),
             ("16 bits", 16, 989e12, figures.CUT)]
    for shift, (name, bits, flops, colour) in enumerate(kinds):
        for at, gpus in enumerate((1, 2, 4, 8)):
            plan = design_service(service(bits, gpus, flops=flops))
            x = at + 0.22 * (shift - 1.5)
            ax.bar(x, plan["cost"] if plan else 0, 0.2, color=colour, label=name if at == 1 else None)
            ax.text(x, (plan["cost"] if plan else 0) + 0.3, f"{plan['replicas']} ×" if plan else "no fit", ha="center",
                    fontsize=8, rotation=0 if plan else 90)
    ax.set_xticks(range(4), ["1 H100", "2", "4", "8 a replica"])
    ax.set(ylabel="dollars a million tokens", title="the number on a bar: replicas", ylim=(0, 33))
    ax.legend()
    return figure


# --- experiment ------------------------------------------------------------------------------------------------------

def four_ways(searched_scale: Callable, train: Callable, fake_quant: Callable, seed: int = 0) -> dict[str, dict]:
    """Error on new images and share of zeros, of four ways to 2 bits; "latent" is the best one's unrounded error."""
    x, y, new_x, new_y, w, steep = digits(seed)
    largest = largest_scale(w, 2)
    scales = {"largest": largest, "searched": searched_scale(w, largest, 2)}

    def score(weights: Tensor) -> dict:
        out = new_x @ weights.T
        return {"error": float(((out - new_y) ** 2).mean()),
                "right": float((out.argmax(1) == new_y.argmax(1)).float().mean()),
                "zeros": float((weights == 0).float().mean())}
    found = {"float": score(w)}
    for name, scale in scales.items():
        found[f"PTQ, {name}"] = score(fake_quant(w, scale, 2))
        trained = train(w, scale, x, y, 2, 0.03 / steep)
        found[f"QAT, {name}"] = score(fake_quant(trained, scale, 2))
    found["latent"] = score(trained)
    return found


@figures.experiment
@one_thread()
def two_bits(searched_scale: Callable, train: Callable, fake_quant: Callable, prediction: list | None = None) -> dict:
    """The experiment: training, or a better scale?"""
    found = four_ways(searched_scale, train, fake_quant)
    names = [name for name in found if "," in name]
    for name in ("float", *sorted(names), "latent"):
        row = found[name]
        print(f"{name:14}  error {row['error']:.4f}   right {row['right']:.3f}   zeros {row['zeros']:.2f}")
    figure, ax = figures.subplots(figsize=(7, 2.4))
    ax.barh(sorted(names), [found[n]["error"] for n in sorted(names)], color=figures.KEPT, height=0.6)
    ax.axvline(found["float"]["error"], color=figures.CUT)
    ax.set(xlabel="mean squared error on new images (line: not rounded)")
    ax.invert_yaxis()
    figures.show(figure)
    return found


# --- widget ----------------------------------------------------------------------------------------------------------

@figures.widget
def widget(design_service: Callable) -> ipywidgets.Widget:
    """A service in your hand: Llama-3-70B on H100s."""
    def draw(bits: int, gpus: int, cache: str, peak: int, tpot: int, prompt: int) -> tuple[Figure, str]:
        figure, ax = figures.subplots(figsize=(6.5, 2.4))
        limits = list(range(8, 61, 4))
        plans = [design_service(service(bits, gpus, {"BF16": 2, "FP8": 1}[cache], peak, ms / 1e3, prompt)) for ms in limits]
        plan = design_service(service(bits, gpus, {"BF16": 2, "FP8": 1}[cache], peak, tpot / 1e3, prompt))
        shown = [(ms, p["cost"]) for ms, p in zip(limits, plans) if p]
        ax.plot([ms for ms, _ in shown], [cost for _, cost in shown], "o-", color=figures.KEPT)
        ax.axvline(tpot, color=figures.WRONG, lw=1)
        ax.set(xlabel="promised ms a token", ylabel="dollars a million", xlim=(6, 62))
        if plan is None:
            return figure, "<b>No plan</b>: the weights or a request do not fit, or a promise cannot be kept."
        binds = "memory" if plan["batch"] == plan["slots"] else "the promise for TPOT"
        mixed = 1e3 * (plan["step"] + plan["batch"] / 300 * plan["prefill"])
        return figure, (f"batch <b>{plan['batch']}</b> of {plan['slots']} slots: {binds} binds; prefill "
                        f"{plan['prefill']:.2f} s; <b>{plan['replicas']}</b> replicas; {plan['cost']:.2f} dollars a million. "
                        f"A step takes {1e3 * plan['step']:.0f} ms; with the prefills on the same machine a token "
                        f"would take {mixed:.0f}.")
    return figures.board({
        "bits": ipywidgets.Dropdown(options=[4, 8, 16], description="bits"),
        "gpus": ipywidgets.Dropdown(options=[1, 2, 4, 8], value=2, description="H100s a replica"),
        "cache": ipywidgets.Dropdown(options=["BF16", "FP8"], description="cache"),
        "peak": ipywidgets.IntSlider(20, min=1, max=100, description="requests a second"),
        "tpot": ipywidgets.IntSlider(30, min=8, max=60, description="ms a token"),
        "prompt": ipywidgets.IntSlider(2000, min=200, max=5000, step=200, description="prompt tokens"),
    }, draw)
