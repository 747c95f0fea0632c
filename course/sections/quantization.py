"""Section 05: grids and what they cost, bytes and nibbles, methods that look at the inputs; SmolLM2 at 8 to 2 bits."""

import copy
import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.corpus import passages
from ..models.language import one_thread
from ..models.smollm import load, weights
from ..models.transformer import Config, Transformer

E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]  # the magnitudes of a 4-bit float
BANDWIDTH, BF16_PEAK, FP8_PEAK = 3.35e12, 989e12, 1979e12  # an H100 (SXM), dense; NVIDIA's datasheet
INT4_BYTES = (4 + (16 + 4) / 128) / 8  # a weight, with an FP16 scale and a 4-bit zero point for 128 of them


# --- pictures: grids and bytes ---------------------------------------------------------------------------------------

@figures.picture
def grids(NF4: Tensor) -> Figure:
    """The levels of four 4-bit formats, scaled to end at 1, over the weights they are for."""
    rows = {"INT4, symmetric": torch.arange(-8, 8) / 7, "INT4, range −0.3 … 1": (torch.arange(16) - 3) / 12,
            "NF4": NF4, "FP4 (E2M1)": torch.tensor([s * v for s in (-1, 1) for v in E2M1]) / 6}
    figure, ax = figures.subplots(figsize=(8, 2.8))
    x = torch.linspace(-1.2, 1.2, 200)
    ax.fill_between(x, 3.6, 3.6 - 3.9 * torch.exp(-(3 * x) ** 2 / 2), color=figures.CUT, alpha=0.18, lw=0)
    for i, (levels, color) in enumerate(zip(rows.values(), figures.PALETTE)):
        ax.plot(levels, [i] * len(levels), "|", ms=18, mew=2, color=color)
    ax.set(yticks=range(4), yticklabels=list(rows), xlabel="weight / largest in its group", ylim=(3.6, -0.6),
           title="Sixteen levels, four ways to spend them (grey: normal weights)")
    ax.grid(False)
    return figure


@figures.picture
def moved_grid(quant_asym: Callable, dequant_asym: Callable, rtn: Callable) -> Figure:
    """The error of a symmetric and of a moved grid as the weights leave the middle."""
    W, shifts, bits = torch.randn(64, 64, generator=torch.Generator().manual_seed(0)), [0, 0.5, 1, 1.5, 2, 3, 4], 4
    moved = [dequant_asym(*quant_asym(W + s, bits, 32)) - (W + s) for s in shifts]
    centred = [rtn(W + s, bits, "group", 32) - (W + s) for s in shifts]
    figure, ax = figures.subplots()
    for errors, name, color in [(centred, "symmetric", figures.WRONG), (moved, "your zero point", figures.KEPT)]:
        ax.plot(shifts, [e.square().mean().sqrt() for e in errors], "o-", color=color, label=name)
    ax.set(xlabel="mean of the numbers, in their standard deviations", ylabel="root mean square error", ylim=(0, None),
           title="4 bits, groups of 32: what one-sided numbers cost")
    ax.legend()
    return figure


@figures.picture
def normal_levels(nf4_quant: Callable, NF4: Tensor, rtn: Callable) -> Figure:
    """How often each NF4 level is used, and the error against INT4, by the size of a block."""
    x = torch.randn(1024, 64, generator=torch.Generator().manual_seed(0))
    codes, _ = nf4_quant(x, 64)
    figure, (left, right) = figures.subplots(1, 2, figsize=(8.5, 2.8))
    left.bar(range(16), torch.bincount(codes.flatten().long(), minlength=16) / x.numel(), color=figures.KEPT)
    left.set(xlabel="code", ylabel="share", xticks=range(0, 16, 3), title="Normal weights: your codes, blocks of 64")
    blocks, nf4, int4 = [16, 32, 64, 128, 256, 1024], [], []
    for block in blocks:
        rows = x.reshape(-1, block)
        codes, scale = nf4_quant(rows, block)
        nf4.append((NF4[codes.long()] * scale[:, None] - rows).abs().mean())
        int4.append((rtn(rows, 4) - rows).abs().mean())
    right.semilogx(blocks, int4, "o-", color=figures.WRONG, label="INT4, symmetric")
    right.semilogx(blocks, nf4, "o-", color=figures.KEPT, label="your NF4")
    right.set_xticks(blocks, [str(b) for b in blocks])
    right.minorticks_off()
    right.set(xlabel="block", ylabel="mean absolute error", title="Smaller blocks help both", ylim=(0, None))
    right.legend()
    return figure


@figures.picture
def two_in_a_byte(pack_int4: Callable) -> Figure:
    """The bits of four packed bytes, coloured by the column that they came from."""
    q = torch.tensor([[-8, 7, 0, -1, 3, -5, 6, 1]], dtype=torch.int8)
    packed = pack_int4(q)[0].tolist()
    figure, ax = figures.subplots(figsize=(8.5, 1.9))
    for i, byte in enumerate(packed):
        for bit in range(8):
            x = 9 * i + 7 - bit
            ax.add_patch(_box(x, figures.PALETTE[0] if bit < 4 else figures.PALETTE[1]))
            ax.text(x + 0.5, 0.5, byte >> bit & 1, ha="center", va="center", color="white")
        ax.text(9 * i + 2, 1.25, f"high: {(byte >> 4) - 8}", ha="center", color=figures.PALETTE[1])
        ax.text(9 * i + 6, 1.25, f"low: {(byte & 15) - 8}", ha="center", color=figures.PALETTE[0])
    ax.set(xlim=(-0.3, 9 * len(packed)), ylim=(-0.2, 1.8), xticks=[], yticks=[],
           title=f"{q[0].tolist()} in {len(packed)} bytes: {packed}")
    ax.grid(False)
    for side in ax.spines.values():
        side.set_visible(False)
    return figure


def _box(x: float, color: str):
    from matplotlib.patches import Rectangle
    return Rectangle((x, 0), 0.95, 1, color=color)


@figures.picture
def nibble_orders(dequantize_q4_1: Callable) -> Figure:
    """A smooth row of 32 weights, stored in GGUF's order, read in it and in the order of neighbours."""
    levels = [round(7.5 + 7.5 * math.sin(i / 5)) for i in range(32)]
    raw = struct.pack("<ee", 0.125, -0.9375) + bytes(levels[i] | levels[i + 16] << 4 for i in range(16))
    right = dequantize_q4_1(raw, 1, 32)[0]
    wrong = torch.stack([right[:16], right[16:]], 1).flatten()
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.plot(right, "o-", color=figures.KEPT, label="your reader")
    ax.plot(wrong, ".:", color=figures.WRONG, label="nibbles taken for neighbours")
    ax.set(xlabel="weight", ylim=(-1.1, 1.9), title="The same 20 bytes, two orders: same values, another matrix")
    ax.legend()
    return figure


# --- pictures: methods that look at the inputs -----------------------------------------------------------------------

def layer(seed: int = 0, outliers: int = 3, size: float = 20.0, out: int = 128, inn: int = 256, N: int = 512,
          ) -> tuple[Tensor, Tensor, Tensor]:
    """A layer's weights, its inputs for calibration and as many others; correlated, a few channels `size` times larger."""
    g = torch.Generator().manual_seed(seed)
    W = torch.randn(out, inn, generator=g) * torch.logspace(-0.5, 0.5, out)[:, None]
    mix = torch.randn(inn // 4, inn, generator=g) / (inn // 4) ** 0.5
    large = torch.randperm(inn, generator=g)[:outliers]

    def inputs() -> Tensor:
        X = torch.randn(N, inn // 4, generator=g) @ mix + 0.5 * torch.randn(N, inn, generator=g)
        X[:, large] *= size
        return X
    return W, inputs(), inputs()


def relative_error(W: Tensor, rounded: Tensor, X: Tensor) -> float:
    """Mean square of what the outputs moved by, relative to the outputs."""
    exact = X @ W.T
    return ((X @ rounded.T - exact).square().mean() / exact.square().mean()).item()


@figures.picture
def gptq_against_rounding(gptq_quantize: Callable, rtn: Callable) -> Figure:
    """Output error of GPTQ and of rounding, by how much the inputs are correlated."""
    g = torch.Generator().manual_seed(0)
    W = torch.randn(32, 64, generator=g)
    shared = torch.randn(400, 8, generator=g) @ torch.randn(8, 64, generator=g) / 8 ** 0.5
    own, shares = torch.randn(400, 64, generator=g), [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97]
    lines = {"round to nearest": [], "your GPTQ": []}
    for share in shares:
        X = share ** 0.5 * shared + (1 - share) ** 0.5 * own
        q, scale = gptq_quantize(W, X, 4)
        for line, rounded in zip(lines.values(), (rtn(W, 4), q * scale[:, None])):
            line.append(relative_error(W, rounded, X))
    figure, ax = figures.subplots()
    for (name, errors), color in zip(lines.items(), (figures.WRONG, figures.KEPT)):
        ax.plot(shares, errors, "o-", color=color, label=name)
    ax.set(xlabel="share of the inputs' variance that 64 channels have in common", ylabel="relative output error",
           ylim=(0, None), title="4 bits: correlation is what GPTQ lives on")
    ax.legend()
    return figure


@figures.picture
def awq_grid(awq_scale: Callable, rtn: Callable) -> Figure:
    """The error over AWQ's ratios, for three sizes of outliers, with the learner's choice."""
    figure, ax = figures.subplots()
    for size, color in zip((1.0, 5.0, 30.0), figures.PALETTE):
        W, X, _ = layer(1, 3, size, 48, 128, 256)
        mean, errors = X.abs().mean(0), []
        for k in range(20):
            s = (mean ** (k / 20)).clamp(min=1e-4)
            errors.append(relative_error(W, rtn(W * s, 4, "group", 32) / s, X))
        _, ratio = awq_scale(W, X, 4, 32)
        ax.semilogy([k / 20 for k in range(20)], errors, color=color, label=f"outliers × {size:g}")
        ax.plot(ratio, errors[round(20 * ratio)], "o", color=color, ms=9)
    ax.set(xlabel="ratio", ylabel="relative output error", title="A trade: too much scaling hurts the rest (dot: your choice)")
    ax.legend()
    return figure


@figures.picture
def smoothing(smoothquant_scale: Callable, w8a8_linear: Callable) -> Figure:
    """The error of 8-bit weights and activations over alpha, with and without outlier channels."""
    figure, ax = figures.subplots()
    alphas = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    for size, color in zip((100.0, 20.0, 1.0), figures.PALETTE):
        W, X, other = layer(2, 3, size, 48, 128, 256)
        exact = other @ W.T
        of = [w8a8_linear(other, W, smoothquant_scale(X.abs().amax(0), W.abs().amax(0), a)) for a in alphas]
        plain = w8a8_linear(other, W)
        errors = [((y - exact).square().mean() / exact.square().mean()).item() for y in [*of, plain]]
        ax.semilogy(alphas, errors[:-1], "o-", color=color, label=f"outliers × {size:g}")
        ax.axhline(errors[-1], color=color, ls=":", lw=1)
    ax.set(xlabel="alpha", ylabel="relative output error", title="W8A8 with your smoothing (dotted: without)")
    ax.legend()
    return figure


@figures.picture
def regimes() -> Figure:
    """The least time a weight costs in a step of B tokens on an H100, by format."""
    B = np.logspace(0, 3.3, 200)
    figure, ax = figures.subplots(figsize=(7, 3.2))
    for (name, (size, peak)), color in zip(formats().items(), figures.PALETTE):
        ax.loglog(B, 1e12 * step(size, peak, B), color=color, label=name)
    ax.set(xlabel="tokens in a step, B", ylabel="time per weight, 10⁻¹² s", title="H100, the best that kernels can do")
    ax.legend()
    return figure


def formats() -> dict[str, tuple[float, float]]:
    """Bytes per weight and FLOP/s of three formats on an H100."""
    return {"BF16": (2, BF16_PEAK), "W4A16": (INT4_BYTES, BF16_PEAK), "W8A8 / FP8": (1, FP8_PEAK)}


def step(size: float, peak: float, B):
    """Seconds that a weight costs in a step of B tokens: reading it, or computing with it, whichever is more."""
    return np.maximum(size / BANDWIDTH, 2 * B / peak)


@figures.picture
def swapped_error(swapped: Callable, pack_linear: Callable, quant_linear: Callable) -> Figure:
    """How far a small transformer's next-token distributions move when one kind of matrix is swapped, or all."""
    model = Transformer(Config(vocab=61, layers=2, width=64, heads=8, kv_heads=4, head_dim=8, hidden=192), 0)
    ids = torch.randint(61, (4, 24), generator=torch.Generator().manual_seed(0))
    kinds = ("q", "k", "v", "out", "gate", "up", "down")
    with torch.no_grad():
        exact = model(ids)[0].log_softmax(-1)
        moved = {name: _kl(exact, swapped(model, pack_linear, quant_linear, 32, some)(ids)[0].log_softmax(-1)).mean()
                 for name, some in [*((k, (k,)) for k in kinds), ("all", kinds)]}
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.bar(list(moved), list(moved.values()), color=[figures.KEPT] * 7 + [figures.PALETTE[1]])
    ax.set(ylabel="KL, nats per token", title="A random transformer with your layer at 4 bits, g = 32")
    return figure


def _kl(logp: Tensor, logq: Tensor) -> Tensor:
    """KL(p ‖ q) at every place, from log-probabilities (…, V)."""
    return (logp.exp() * (logp - logq)).sum(-1)


# --- the experiment --------------------------------------------------------------------------------------------------

def turned_sign(W: Tensor, X: Tensor, bits: int) -> Tensor:
    """GPTQ as the interview guide prints it: each error is pushed into the later columns with the wrong sign."""
    W, top = W.clone(), 2 ** (bits - 1) - 1
    scale = W.abs().amax(1) / top
    H = 2 * X.T @ X
    H.diagonal().add_(0.01 * H.diagonal().mean())
    U = torch.linalg.cholesky(torch.linalg.inv(H), upper=True)
    q = torch.zeros_like(W)
    for i in range(len(H)):
        q[:, i] = (W[:, i] / scale).round().clamp(-top - 1, top)
        W[:, i + 1:] += ((W[:, i] - scale * q[:, i]) / U[i, i])[:, None] * U[i, i + 1:]
    return q * scale[:, None]


@figures.experiment
def compare(ways: dict[str, Callable], prediction: list[str] | None = None, seeds: int = 5) -> dict[str, list[float]]:
    """Each way's error on inputs it was not calibrated on: {way: its relative error at 4 bits for each seed}.

    Shows error against bits with three outlier channels, and prints 4 bits with them and without.
    """
    torch.set_num_threads(1)
    bits = [8, 6, 5, 4, 3, 2]
    curves = {name: [[] for _ in bits] for name in ways}
    flat = {name: [] for name in ways}
    for seed in range(seeds):
        for size in (20.0, 1.0):
            W, X, other = layer(seed, size=size)
            for name, way in ways.items():
                for b, column in zip(bits, curves[name]) if size > 1 else [(4, flat[name])]:
                    column.append(relative_error(W, way(W, X, b), other))
    figure, ax = figures.subplots(figsize=(8, 3.6))
    for (name, columns), color in zip(curves.items(), figures.PALETTE):
        ax.semilogy(bits, [np.mean(c) for c in columns], "o-", color=color, label=name)
    ax.set(xlabel="bits", ylabel="relative output error", title="Three outlier channels, inputs not used for calibration")
    ax.invert_xaxis()
    ax.legend()
    figures.show(figure)
    table = {name: columns[bits.index(4)] for name, columns in curves.items()}
    print(f"relative output error at 4 bits, mean of {seeds} layers [least, most]")
    print(f"{'':10}{'three outlier channels':>28}{'no outliers':>28}")
    for name in ways:
        print(f"{name:10}" + "".join(f"{np.mean(e):10.4f} [{min(e):.4f}, {max(e):.4f}]" for e in (table[name], flat[name])))
    if prediction:
        print(f"\nlowest first, measured: {', '.join(sorted(table, key=lambda name: np.mean(table[name])))}"
              f"\n       your prediction: {', '.join(prediction)}")
    return table


# --- SmolLM2 ---------------------------------------------------------------------------------------------------------

def handbook(tokenizer, rows: int, tokens: int = 112, skip: int = 0) -> Tensor:
    """Ids (rows, tokens) of the Larkmoor handbook, which was written for this course."""
    ids = tokenizer.encode(" ".join(p.text for p in passages()))
    assert len(ids) >= (skip + rows) * tokens
    return torch.tensor(ids[skip * tokens:(skip + rows) * tokens]).view(rows, tokens)


@torch.no_grad()
def next_tokens(model: Transformer, ids: Tensor) -> Tensor:
    """Log-probabilities (rows, tokens − 1, V) of the next token at every place but the last, in float32."""
    return model.head(model.body(ids)[0][:, :-1]).float().log_softmax(-1)


def judged(exact: Tensor, logp: Tensor, ids: Tensor) -> tuple[float, float, float]:
    """Perplexity, KL(exact ‖ quantised) in nats per token, share of places whose first choice changed."""
    loss = -logp.gather(-1, ids[:, 1:, None]).mean()
    changed = (logp.argmax(-1) != exact.argmax(-1)).float().mean()
    return loss.exp().item(), _kl(exact, logp).mean().item(), changed.item()


def _matrices(model: Transformer) -> Iterator[tuple[str, torch.nn.Linear]]:
    """The linear layers of the blocks, with their names: `29.mlp.down`."""
    for name, part in model.blocks.named_modules():
        if isinstance(part, torch.nn.Linear):
            yield name, part


def _rounded(model: Transformer, rounding: Callable[[Tensor], Tensor]) -> Transformer:
    """A copy whose matrices went through `rounding` in float32."""
    other = copy.deepcopy(model)
    for _, part in _matrices(other):
        part.weight.data = rounding(part.weight.data.float()).to(part.weight.dtype)
    return other


def _line(name: str, numbers: tuple[float, float, float]) -> str:
    perplexity, kl, changed = numbers
    shown = f"{perplexity:10.1f}" if perplexity < 1e5 else f"{perplexity:10.0e}"
    return f"{name:34}{shown}{kl:9.4f}{changed:10.1%}"


HEADER = f"{'':34}{'perplexity':>10}{'KL, nats':>9}{'changed':>10}"


@one_thread()
def smollm_in_nibbles(swapped: Callable, pack_linear: Callable, quant_linear: Callable, g: int) -> tuple[float, float, float]:
    """SmolLM2 with all matrices in the learner's layer: what it takes and what it does to the next token."""
    model, tokenizer = load(torch.bfloat16)
    ids = handbook(tokenizer, 2)
    exact, small = next_tokens(model, ids), swapped(model, pack_linear, quant_linear, g)
    layers = [part for part in small.modules() if hasattr(part, "packed")]
    taken = sum(t.numel() * t.element_size() for part in layers for t in part.packed.values())
    numbers = sum(part.weight.numel() for _, part in _matrices(model))
    print(f"{len(layers)} matrices, {numbers:,} weights: {2 * numbers / 1e6:.0f} MB in BF16, {taken / 1e6:.0f} MB in your "
          f"layer, {8 * taken / numbers:.2f} bits a weight")
    found = judged(exact, next_tokens(small, ids), ids)
    print(HEADER, _line("as it was", judged(exact, exact, ids)), _line(f"your layer, g = {g}", found), sep="\n")
    prompt = torch.tensor([tokenizer.encode("The capital of France is Paris. The capital of Italy is")])
    with torch.no_grad():
        print("The capital of Italy is" + tokenizer.decode([small(prompt)[0][0, -1].argmax()]))
    return found


@contextmanager
def _watching(model: Transformer, seen: dict[str, Tensor], only: tuple[str, ...] = ()) -> Iterator[None]:
    """Keeps the inputs (tokens, in) of the matrices, float32, by their names."""
    hooks = [part.register_forward_pre_hook(lambda _, args, name=name: seen.__setitem__(name, args[0].float().flatten(0, 1)))
             for name, part in _matrices(model) if not only or name in only]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@one_thread()
def smollm_outliers() -> dict[str, tuple[float, int]]:
    """Where channels stand out: {what: (largest / median channel, in which layer)}; the first tokens are shown apart."""
    model, tokenizer = load(torch.bfloat16)
    ids, seen = handbook(tokenizer, 5), {}
    with _watching(model, seen), torch.no_grad():
        model.body(ids)
    first = {name: x.view(*ids.shape, -1)[:, 0] for name, x in seen.items()}
    seen = {name: x.view(*ids.shape, -1)[:, 1:].flatten(0, 1) for name, x in seen.items()}
    print(f"{'inputs of':20}{'largest / median':>18}{'in layer':>10}{'channel':>9}{'weights of it':>15}")
    found = {}
    for names in (("attention.q", "q, k and v"), ("attention.out", "out"), ("mlp.gate", "gate and up"), ("mlp.down", "down")):
        sizes = {i: seen[f"{i}.{names[0]}"].abs().mean(0) for i in range(len(model.blocks))}
        ratios = {i: (m.max() / m.median()).item() for i, m in sizes.items()}
        at = max(ratios, key=ratios.get)
        columns = model.blocks.get_submodule(f"{at}.{names[0]}").weight.float().abs().mean(0)
        found[names[1]] = ratios[at], at
        print(f"{names[1]:20}{ratios[at]:18.1f}{at:10}{sizes[at].argmax().item():9}"
              f"{(columns.max() / columns.median()).item():15.1f}")
    times = {i: (first[f"{i}.mlp.down"].abs().amax(-1).median() / seen[f"{i}.mlp.down"].abs().amax(-1).median()).item()
             for i in range(len(model.blocks))}
    at = max(times, key=times.get)
    print(f"\nfirst token of each text, its largest input of down: {times[at]:,.0f} times that of other tokens in layer {at}, "
          f"{np.median(list(times.values())):.1f} times in the median layer")
    return found


@one_thread()
def smollm_ladder(rtn: Callable, rows: int = 3, all_bits: tuple[int, ...] = (8, 4, 3, 2)) -> dict[tuple[int, str], tuple]:
    """Perplexity, KL and changed first choices by bits and granularity: {(bits, granularity): the three}."""
    model, tokenizer = load(torch.bfloat16)
    ids = handbook(tokenizer, rows)
    exact = next_tokens(model, ids)
    print(HEADER, _line("as loaded", judged(exact, exact, ids)), sep="\n")
    found = {}
    for bits in all_bits:
        for name, mode, g in [("one scale a tensor", "tensor", None)] * (bits > 3) + [
                ("one a row", "channel", None), ("groups of 64", "group", 64)]:
            small = _rounded(model, partial(rtn, bits=bits, mode=mode, g=g))
            found[bits, mode] = judged(exact, next_tokens(small, ids), ids)
            print(_line(f"{bits} bits, {name}", found[bits, mode]))
    return found


def _q4_1_grid(W: Tensor) -> Tensor:
    """Rounding to 16 levels between minimum and maximum of each 32 neighbours: the grid of the file."""
    blocks = W.reshape(-1, 32)
    low = blocks.amin(1, keepdim=True)
    d = (blocks.amax(1, keepdim=True) - low) / 15
    d = torch.where(d == 0, 1, d)
    return (((blocks - low) / d).round() * d + low).reshape(W.shape)


@one_thread()
def smollm_trap(rtn: Callable, quant_asym: Callable, dequant_asym: Callable) -> dict[str, tuple]:
    """Three 4-bit grids in blocks of 32 on weights that were stored on the first of them: {grid: the three numbers}."""
    model, tokenizer = load(torch.bfloat16)
    ids = handbook(tokenizer, 3)
    exact = next_tokens(model, ids)
    blocks = weights().tensor("blk.0.attn_q.weight").reshape(-1, 32)
    print(f"different values in a block of 32, at most: {max(len(b.unique()) for b in blocks[:2000])} (4 bits: 16)")
    print(HEADER, _line("as loaded", judged(exact, exact, ids)), sep="\n")
    found = {}
    for name, rounding in [("minimum and scale (the file's own)", _q4_1_grid),
                           ("your zero point", lambda W: dequant_asym(*quant_asym(W, 4, 32))),
                           ("symmetric", lambda W: rtn(W, 4, "group", 32))]:
        found[name] = judged(exact, next_tokens(_rounded(model, rounding), ids), ids)
        print(_line(name, found[name]))
    return found


@one_thread()
def smollm_two_layers(rtn: Callable, gptq_quantize: Callable, awq_scale: Callable, bits: int = 3,
                      names: tuple[str, ...] = ("0.attention.v", "29.mlp.down")) -> dict[str, dict[str, tuple[float, float]]]:
    """Relative output error on held-out text, and the model's KL with this matrix alone rounded: {layer: {way: both}}."""
    model, tokenizer = load(torch.bfloat16)
    text, others = handbook(tokenizer, 8), handbook(tokenizer, 3, skip=8)
    calibration, held_out = {}, {}
    for seen, ids in ((calibration, text), (held_out, others)):
        with _watching(model, seen, names), torch.no_grad():
            model.body(ids)
    exact, found = next_tokens(model, others), {}
    for name in names:
        part, X = model.blocks.get_submodule(name), calibration[name]
        W = part.weight.data.float()
        q, scale = gptq_quantize(W.double(), X.double(), bits)  # fewer tokens than channels: nearly singular in float32
        scale = scale.float()
        s, ratio = awq_scale(W, X, bits, 64)
        print(f"\n{name}, {W.shape[0]} × {W.shape[1]}, {bits} bits, {len(X)} tokens of calibration; AWQ's ratio {ratio:g}"
              f"\n{'':20}{'output error':>14}{'KL, nats':>10}")
        found[name] = {}
        ways = {"nearest, rows": rtn(W, bits), "GPTQ, rows": q * scale[:, None],
                "nearest, groups": rtn(W, bits, "group", 64), "AWQ, groups": rtn(W * s, bits, "group", 64) / s}
        for way, rounded in ways.items():
            small = copy.deepcopy(model)
            small.blocks.get_submodule(name).weight.data = rounded.to(part.weight.dtype)
            found[name][way] = (relative_error(W, rounded, held_out[name]),
                                _kl(exact, next_tokens(small, others)).mean().item())
            print("{:20}{:14.4f}{:10.4f}".format(way, *found[name][way]))
    return found


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(rtn: Callable, gptq_quantize: Callable, awq_scale: Callable) -> ipywidgets.Widget:
    """Outliers, group and bits against the output error of four ways, with the bits that each really takes."""
    return figures.board({
        "outliers": ipywidgets.SelectionSlider(options=[0, 1, 3, 6, 12], value=3, description="Outlier channels"),
        "size": ipywidgets.SelectionSlider(options=[1, 2, 5, 10, 20, 50, 100], value=20, description="How large"),
        "g": ipywidgets.SelectionSlider(options=[8, 16, 32, 64, 128], value=64, description="Group"),
        "bits": ipywidgets.IntSlider(value=4, min=2, max=8, description="Bits"),
    }, lambda **at: bars(rtn, gptq_quantize, awq_scale, **at))


def bars(rtn: Callable, gptq_quantize: Callable, awq_scale: Callable, outliers: int, size: float, g: int,
         bits: int) -> tuple[Figure, str]:
    """The output error of four ways on one layer, and a sentence of HTML on their bits."""
    W, X, other = layer(7, outliers, float(size), 64, 128, 300)
    q, scale = gptq_quantize(W, X, bits)
    s, ratio = awq_scale(W, X, bits, g)
    rounded = {"nearest, a scale a row": rtn(W, bits), "nearest, groups": rtn(W, bits, "group", g),
               "GPTQ, a scale a row": q * scale[:, None], "AWQ, groups": rtn(W * s, bits, "group", g) / s}
    errors = {name: relative_error(W, r, other) for name, r in rounded.items()}
    figure, ax = figures.subplots(figsize=(7, 2.6))
    shown = ax.barh(list(errors), list(errors.values()), color=figures.PALETTE[:4])
    ax.bar_label(shown, [f"{e:.2e}" for e in errors.values()], padding=4, color=figures.INK)
    ax.set(xscale="log", xlim=(1e-6, 10), xlabel="relative output error (log scale)")
    ax.invert_yaxis()
    best = min(errors, key=errors.get)
    return figure, (f"Least error: <b>{best}</b>. AWQ chose ratio {ratio:g}. Bits a weight with FP16 scales: "
                    f"{bits + 16 / W.shape[1]:.2f} with one a row of {W.shape[1]}, {bits + 16 / g:.2f} in groups of {g}.")
