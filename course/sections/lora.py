"""Section 04: what thin products save, where QLoRA's memory goes, what rank can express; a real model that learns a tone."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import ipywidgets
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.corpus import help_texts
from ..data.tone import pirate
from ..models.language import generate, one_thread, score
from ..models.linears import CONFIG, Weights, logits, named
from ..models.smollm import END, chat
from ..models.transformer import Transformer

Adapters = dict[str, tuple[Tensor, Tensor]]

# --- pictures: thin products, scales, merging ------------------------------------------------------------------------


def fastest(call: Callable, times: int = 5) -> float:
    """Seconds of the fastest of some calls."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def orders(n: int = 256, width: int = 512, r: int = 8) -> dict[str, float]:
    """Seconds of the update of n rows by three orders of the products."""
    g = torch.Generator().manual_seed(0)
    x, A, B = (torch.randn(*s, generator=g) for s in [(n, width), (r, width), (width, r)])
    return {"two thin products": fastest(lambda: (x @ A.T) @ B.T),
            "BA once, then x": fastest(lambda: x @ (B @ A).T),
            "BA anew for each row": fastest(lambda: torch.stack([(B @ A) @ row for row in x]), times=2)}


@figures.picture
def three_orders() -> Figure:
    """The time of the same update by three orders of the products, for 256 rows and for one."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.2))
    for ax, n in zip(axes, (256, 1)):
        with one_thread():
            taken = orders(n)
        best = taken["two thin products"]
        bars = ax.barh(list(taken), [1e3 * t for t in taken.values()],
                       color=[figures.KEPT, figures.PALETTE[1], figures.WRONG])
        ax.bar_label(bars, [f"{1e3 * t:.3g} ms, {t / best:.0f}×" for t in taken.values()], padding=4, color=figures.INK)
        ax.set(xscale="log", xlim=(5e2 * best, 1e5 * max(taken.values())), xlabel="ms",
               title=f"{n} row{'s' if n > 1 else ''} of 512 numbers, r = 8")
        ax.invert_yaxis()
    axes[1].set_yticks([])
    return figure


def first_gains(lora_forward: Callable, ranks: tuple[int, ...], root: bool, seeds: int = 10) -> tuple[list[float], list[float]]:
    """How fast the loss falls at the first step from B = 0, at each rank, per unit of learning rate; alpha is 16.

    Under gradient descent that is the squared length of B's gradient; under Adam, whose first step is its sign, the sum of
    its absolute values. (At the first step A gets no gradient.)
    """
    plain, adam = [0.0] * len(ranks), [0.0] * len(ranks)
    for i, r in enumerate(ranks):
        for seed in range(seeds):
            g = torch.Generator().manual_seed(seed)
            x, W, way = (torch.randn(*s, generator=g) for s in [(32, 64), (64, 64), (32, 64)])
            A = (torch.rand(r, 64, generator=g) * 2 - 1) / 8  # peft's own start: uniform within 1 / sqrt(in)
            B = torch.zeros(64, r, requires_grad=True)
            step, = torch.autograd.grad((lora_forward(x, W, A, B, 16.0, None, root) * way).mean(), B)
            plain[i] += step.square().sum().item() / seeds
            adam[i] += step.abs().sum().item() / seeds
    return plain, adam


@figures.picture
def first_step(lora_forward: Callable) -> Figure:
    """What the first step gains, by rank, under both scales and both ways to step."""
    ranks = (1, 2, 4, 8, 16, 32, 64)
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for root, name, color in [(False, "α / r", figures.WRONG), (True, "α / √r", figures.KEPT)]:
        for ax, gains in zip(axes, first_gains(lora_forward, ranks, root)):
            ax.loglog(ranks, [x / gains[0] for x in gains], "o-", color=color, label=name)
    for ax, title in zip(axes, ("gradient descent", "Adam")):
        ax.set(xlabel="rank r", title=f"First step of {title}")
        ax.set_xticks(ranks, [str(r) for r in ranks])
        ax.minorticks_off()
    axes[0].set_ylabel("the loss falls by, r = 1 is 1")
    axes[0].legend()
    return figure


def not_back(merge: Callable, size: float, dtype: torch.dtype, seed: int = 0) -> float:
    """The share of weights that an adapter leaves changed after it was merged and taken out again; size as below."""
    g = torch.Generator().manual_seed(seed)
    W, A, B = (torch.randn(*s, generator=g) for s in [(128, 96), (4, 96), (128, 4)])
    W, adapter = W.to(dtype), (A, B * size / 2, 4.0)
    return (merge(merge(W, [adapter]), [adapter], [-1.0]) != W).double().mean().item()


@figures.picture
def merged_and_rounded(merge: Callable) -> Figure:
    """What rounding does to a merged update, and to a weight from which it is taken out again."""
    sizes = [10.0 ** (-k / 4) for k in range(0, 21)]
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    for dtype, color in [(torch.float32, figures.KEPT), (torch.float16, figures.PALETTE[2]),
                         (torch.bfloat16, figures.WRONG)]:
        moved = []
        for size in sizes:
            before, after = merged_error(merge, size, dtype)
            moved.append(after / before)
        left.semilogx(sizes, moved, color=color, label=str(dtype).removeprefix("torch."))
        right.semilogx(sizes, [100 * not_back(merge, s, dtype) for s in sizes], color=color)
    left.set(xlabel="size of the update / size of the weights", ylabel="error / update", ylim=(0, 1.5),
             title="Merged: error beside the update")
    right.set(xlabel="size of the update / size of the weights", ylabel="% of the weights",
              title="Merged and taken out: not what they were")
    left.legend()
    return figure


def merged_error(merge: Callable, size: float, dtype: torch.dtype, seed: int = 0) -> tuple[float, float]:
    """(length of an update, length of what its merged weight is off by); size: of its numbers beside those of the weight."""
    g = torch.Generator().manual_seed(seed)
    W, A, B = (torch.randn(*s, generator=g) for s in [(128, 96), (4, 96), (128, 4)])
    W, B = W.to(dtype), B * size / 2
    want = B.double() @ A.double()
    return want.norm().item(), (merge(W, [(A, B, 4.0)]).double() - W.double() - want).norm().item()


# --- pictures: memory, DoRA, VeRA ------------------------------------------------------------------------------------

@figures.picture
def memory_by_parts(qlora_memory: Callable, shapes: dict[str, dict]) -> Figure:
    """QLoRA's memory by parts, at r = 64 on all seven matrices, beside two cards."""
    every = ["q", "k", "v", "out", "gate", "up", "down"]
    parts = {name: qlora_memory(shape, 64, every) for name, shape in shapes.items()}
    figure, ax = figures.subplots(figsize=(8, 2.8))
    left = dict.fromkeys(parts, 0.0)
    names = {"weights": "4-bit weights", "constants": "constants", "other": "embedding, head, norms",
             "adapters": "adapters", "gradients": "gradients",
             "optimizer": "optimiser"}
    for (key, label), color in zip(names.items(), figures.PALETTE):
        widths = [p[key] / 1e9 for p in parts.values()]
        ax.barh(list(parts), widths, left=list(left.values()), color=color, label=label)
        left = {name: left[name] + w for name, w in zip(left, widths)}
    for y, total in enumerate(left.values()):
        ax.text(total + 0.7, y, f"{total:.1f} GB", va="center")
    for size in (24, 48):
        ax.axvline(size, color=figures.WRONG, lw=1)
        ax.text(size + 0.2, -0.75, f"{size} GB", color=figures.WRONG, fontsize=9)
    ax.set(xlabel="GB, without activations", xlim=(0, 60), ylim=(2.6, -1.0))
    ax.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.35), fontsize=8)
    return figure


@figures.picture
def lengths_and_directions(dora_weight: Callable) -> Figure:
    """How lengths and directions of 40 rows move under one random update: LoRA, and DoRA with the lengths left alone."""
    g = torch.Generator().manual_seed(0)
    W0, A, B = (torch.randn(*s, generator=g) for s in [(40, 60), (4, 60), (40, 4)])
    B = B / 4
    figure, ax = figures.subplots(figsize=(6, 2.8))
    for name, W, color in [("LoRA", W0 + B @ A, figures.WRONG), ("your DoRA, m as it began",
                                                                 dora_weight(W0, A, B, 4.0), figures.KEPT)]:
        turned = F.cosine_similarity(W, W0, dim=1).clamp(-1, 1).acos().rad2deg()
        ax.plot(turned, W.norm(dim=1) / W0.norm(dim=1), "o", color=color, ms=4, label=name)
    ax.set(xlabel="turned by, degrees", ylabel="length, before = 1", title="Forty rows after one update")
    ax.legend()
    return figure


@figures.picture
def parameters_by_method(lora_params: Callable, shape: dict) -> Figure:
    """Trainable parameters on q and v, by method."""
    matrices, width = 2 * shape["layers"], shape["width"]
    counts = {"VeRA r = 256": matrices * (width + 256), "LoRA r = 1": lora_params(shape, 1, ["q", "v"]),
              "LoRA r = 8": lora_params(shape, 8, ["q", "v"]),
              "LoRA r = 16": lora_params(shape, 16, ["q", "v"]), "DoRA r = 16": lora_params(shape, 16,
                                                                                            ["q", "v"]) + matrices * width,
              "all of q and v": matrices * width * width}
    figure, ax = figures.subplots(figsize=(7, 2.6))
    bars = ax.barh(list(counts), list(counts.values()), color=figures.KEPT)
    ax.bar_label(bars, [f"{c:,}" for c in counts.values()], padding=4, color=figures.INK)
    ax.set(xscale="log", xlim=(1e5, 3e10), xlabel="trainable parameters (log scale)", title="q and v of Llama-2-7B")
    ax.invert_yaxis()
    return figure


# --- pictures: AdaLoRA, many adapters --------------------------------------------------------------------------------

RANKS = (1, 5, 2, 4, 0, 6)  # of the six targets


def budget(step: int, begin: int, end: int, warm: int, last: int, total: int) -> int:
    """AdaLoRA's cubic schedule: how many triplets may stay after a step, as peft's RankAllocator counts."""
    if step <= warm:
        return begin
    if step > total - last:
        return end
    left = 1 - (step - warm) / (total - last - warm)
    return int((begin - end) * left ** 3 + end)


@one_thread()
def found_ranks(importance: Callable, allocate: Callable, seed: int = 0, steps: int = 300) -> list[int]:
    """How many triplets each of six layers keeps, of 48, when as many may stay as the targets have ranks."""
    g = torch.Generator().manual_seed(seed)
    targets = [torch.randn(24, k, generator=g) @ torch.randn(k, 24, generator=g) / max(k, 1) ** 0.5 for k in RANKS]
    n = len(RANKS)
    targets = torch.stack(targets)
    P, lam, Q = params = [torch.randn(n, 24, 8, generator=g) / 5, torch.zeros(n, 8), torch.randn(n, 8, 24, generator=g) / 5]
    adam = torch.optim.Adam([p.requires_grad_() for p in params], lr=0.02)
    states: list = [None] * n
    masks = [torch.ones(8, dtype=torch.bool)] * n
    for step in range(1, steps + 1):
        x = torch.randn(n, 48, 24, generator=g)
        off = x @ ((P * lam[:, None]) @ Q - targets).mT
        orth = (P.mT @ P - torch.eye(8)).square().sum() + (Q @ Q.mT - torch.eye(8)).square().sum()
        adam.zero_grad()
        (off.square().mean((1, 2)).sum() + 0.1 * orth).backward()
        scores = []
        for i in range(n):
            states[i], now = importance(states[i], tuple(p.detach()[i] for p in params), tuple(p.grad[i] for p in params))
            scores.append(now)
        adam.step()
        if step % 10 == 0:
            masks = allocate(scores, budget(step, 48, sum(RANKS), 50, 100, steps))
        with torch.no_grad():
            lam.mul_(torch.stack(masks))
    return [int(m.sum()) for m in masks]


@figures.picture
def ranks_found(importance: Callable, allocate: Callable) -> Figure:
    """The ranks that a budget of 18 triplets is given to, beside those of the targets."""
    found = found_ranks(importance, allocate)
    figure, ax = figures.subplots(figsize=(6, 2.6))
    at = range(len(RANKS))
    ax.bar([i - 0.2 for i in at], RANKS, 0.4, color=figures.CUT, label="rank of the target")
    ax.bar([i + 0.2 for i in at], found, 0.4, color=figures.KEPT, label="triplets kept (yours)")
    ax.axhline(sum(RANKS) / len(RANKS), color=figures.WRONG, lw=1, ls="--", label="the same for every layer")
    ax.set(xlabel="layer", xticks=list(at), ylabel="rank")
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8)
    return figure


def row_by_row(y: Tensor, x: Tensor, idx: Tensor, adapters: list) -> Tensor:
    """Every row by itself, as one would write it first."""
    rows = []
    for y_row, x_row, i in zip(y, x, idx.tolist()):
        if i >= 0:
            A, B, alpha = adapters[i]
            y_row = y_row + alpha / A.shape[0] * (B @ (A @ x_row))
        rows.append(y_row)
    return torch.stack(rows)


@figures.picture
def throughput(batched_multi_lora: Callable) -> Figure:
    """Rows a second against how many adapters the batch holds: the learner's function, and row by row."""
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 512, 256, generator=g)
    counts = (1, 2, 4, 8, 16, 32, 64, 128)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    with one_thread():
        for name, call, color in [("your groups", batched_multi_lora, figures.KEPT),
                                  ("row by row", row_by_row, figures.WRONG)]:
            speeds = []
            for k in counts:
                adapters = [(torch.randn(16, 256, generator=g), torch.randn(256, 16, generator=g), 16.0)
                            for _ in range(k)]
                idx = torch.arange(512) % k
                speeds.append(512 / fastest(partial(call, y, x, idx, adapters), times=3))
            ax.loglog(counts, speeds, "o-", color=color, label=name)
    ax.set(xlabel="adapters in a batch of 512 rows", ylabel="rows a second",
           title="One layer of 256 × 256, r = 16, measured here")
    ax.set_xticks(counts, [str(k) for k in counts])
    ax.minorticks_off()
    ax.legend()
    return figure


# --- the whole: two voices -------------------------------------------------------------------------------------------

def encode(text: str) -> Tensor:
    """Printable ASCII and the line feed as 96 ids."""
    return torch.tensor([95 if c == "\n" else ord(c) - 32 for c in text if c == "\n" or 32 <= ord(c) < 127])


def decode(ids: list[int]) -> str:
    return "".join("\n" if i == 95 else chr(i + 32) for i in ids)


def windows(text: Tensor, n: int, length: int, g: torch.Generator) -> Tensor:
    return text[torch.randint(len(text) - length, (n, 1), generator=g) + torch.arange(length)]


@one_thread()
def pretrained(steps: int = 250, seed: int = 0) -> Weights:
    """The small transformer after some steps on Python's help texts."""
    model, g, text = Transformer(CONFIG, seed), torch.Generator().manual_seed(seed), encode(help_texts())
    adam = torch.optim.AdamW(model.parameters(), lr=1.5e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 1.5e-2, total_steps=steps)
    for _ in range(steps):
        ids = windows(text, 12, 33, g)
        loss = F.cross_entropy(model(ids[:, :-1])[0].mT, ids[:, 1:])
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
    return named(model)


def fresh_adapters(weights: Weights, r: int, g: torch.Generator) -> Adapters:
    """Adapters on every linear layer of the blocks, B = 0."""
    return {name: (torch.randn(r, W.shape[1], generator=g) / W.shape[1] ** 0.5, torch.zeros(W.shape[0], r))
            for name, W in weights.items() if "attention" in name or "mlp" in name}


VOICES = {"capitals": str.upper, "underscores": lambda text: text.lower().replace(" ", "_")}
ALPHA = 16.0


@one_thread()
def trained_voices(lora_step: Callable, weights: Weights, steps: int = 100, lr: float = 0.15,
                   seed: int = 1) -> dict[str, Adapters]:
    """One set of adapters for each voice, by the learner's steps."""
    voices = {}
    for voice, change in VOICES.items():
        text, g = encode(change(help_texts())), torch.Generator().manual_seed(seed)
        adapters = fresh_adapters(weights, 8, g)
        for _ in range(steps):
            adapters, _ = lora_step(weights, adapters, windows(text, 8, 33, g), ALPHA, lr)
        voices[voice] = adapters
    return voices


def written(serve: Callable, weights: Weights, many: list[Adapters], idx: Tensor, prompt: str, n: int,
            seed: int = 0) -> list[str]:
    """What each row of one batch writes after the same prompt, sampled at temperature 0.7."""
    ids, g = encode(prompt).repeat(len(idx), 1), torch.Generator().manual_seed(seed)
    for _ in range(n):
        probs = (serve(weights, many, idx, ids[:, -48:], ALPHA)[:, -1] / 0.7).softmax(-1)
        ids = torch.cat([ids, torch.multinomial(probs, 1, generator=g)], 1)
    return [decode(row) for row in ids.tolist()]


def voice_losses(serve: Callable, weights: Weights, many: list[Adapters], seed: int = 5) -> list[list[float]]:
    """Nats per letter of base and adapters (rows) on plain text, capitals and underscores (columns)."""
    g, table = torch.Generator().manual_seed(seed), []
    held = help_texts()[-60_000:]
    texts = [windows(encode(change(held)), 24, 49, g) for change in (str, *VOICES.values())]
    for i in range(-1, len(many)):
        rows = [serve(weights, many, torch.full((len(ids),), i), ids, ALPHA) for ids in texts]
        table.append([F.cross_entropy(out[:, :-1].mT, ids[:, 1:]).item() for out, ids in zip(rows, texts)])
    return table


@figures.picture
def two_voices(lora_step: Callable, serve: Callable, merge: Callable) -> Figure:
    """Two adapters trained by the learner's steps and served in one batch beside the base model."""
    ids = torch.zeros(1, 3, dtype=torch.long)
    start = named(Transformer(CONFIG))
    one = fresh_adapters(start, 1, torch.Generator())
    lora_step(start, one, ids, 1.0, 0.0), serve(start, [one], torch.tensor([0]), ids, 1.0),
    whole(merge, start, one)  # are they written?
    weights = pretrained()
    voices = trained_voices(lora_step, weights)
    many = list(voices.values())
    with one_thread():
        for name, text in zip(["base", *voices], written(serve, weights, many, torch.tensor([-1, 0, 1]),
                                                         "The value of", 60)):
            print(f"{name:>12}: {text!r}")
        table = voice_losses(serve, weights, many)
        ids = encode(help_texts()[:48])[None]
        apart = max((logits(whole(merge, weights, a), ids) - serve(weights, many, torch.tensor([i]), ids,
                                                                   ALPHA)).abs().max().item()
                    for i, a in enumerate(many))
    print(f"\nmerged and served logits differ by {apart:.1e} at most")
    figure, ax = figures.subplots(figsize=(6, 2.6))
    ax.imshow(table, cmap="Blues_r", aspect="auto")
    for i, row in enumerate(table):
        for j, nats in enumerate(row):
            ax.text(j, i, f"{nats:.2f}", ha="center", va="center", color="black" if nats > 2.5 else "white")
    ax.set(title="Nats per letter, one batch", xlabel="text", ylabel="adapter")
    ax.set_xticks(range(3), ["plain", *VOICES])
    ax.set_yticks(range(3), ["none", *VOICES])
    ax.grid(False)
    return figure


def whole(merge: Callable, weights: Weights, adapters: Adapters) -> Weights:
    """The weights with adapters merged in."""
    return {name: merge(W, [(*adapters[name], ALPHA)]) if name in adapters else W for name, W in weights.items()}


# --- the real model learns a tone ------------------------------------------------------------------------------------

FROM, TONE_RANK, TONE_ALPHA = 22, 8, 16.0  # the first adapted layer of 30; rank and alpha
QUESTIONS = ("What is a computer?", "How do I bake a cake?", "What is the ocean?", "Why do leaves fall?",
             "What is a hospital?", "How do I learn French?")


@contextmanager
def beside(model: Transformer, adapters: Adapters, lora_forward: Callable) -> Iterator[None]:
    """Inside `with`, the named linear layers of the model run through `lora_forward`."""
    layers = {name: model.get_submodule(name) for name in adapters}

    def through(layer, pair):
        return lambda x: lora_forward(x, layer.weight, *pair, TONE_ALPHA)
    try:
        for name, layer in layers.items():
            layer.forward = through(layer, adapters[name])
        yield
    finally:
        for layer in layers.values():
            layer.__dict__.pop("forward", None)


@contextmanager
def inside(model: Transformer, adapters: Adapters, merge: Callable) -> Iterator[None]:
    """Inside `with`, the adapters are merged into the model's weights; then the old weights are back, bit for bit."""
    kept = {name: model.get_submodule(name).weight for name in adapters}
    try:
        for name, (A, B) in adapters.items():
            together = merge(kept[name].detach(), [(A, B, TONE_ALPHA)])
            model.get_submodule(name).weight = torch.nn.Parameter(together, requires_grad=False)
        yield
    finally:
        for name, weight in kept.items():
            model.get_submodule(name).weight = weight


def tone_examples(tokenizer) -> tuple[Tensor, Tensor]:
    """All conversations as ids (N, T), padded on the right, and labels, -100 where nothing of the answer stands."""
    rows = [(chat(tokenizer, q), tokenizer.encode(a) + tokenizer.encode(END, special=True)) for q, a in pirate()]
    T = max(len(q) + len(a) for q, a in rows)
    ids, labels = torch.zeros(len(rows), T, dtype=torch.long), torch.full((len(rows), T), -100)
    for i, (q, a) in enumerate(rows):
        ids[i, :len(q) + len(a)] = torch.tensor(q + a)
        labels[i, len(q):len(q) + len(a)] = torch.tensor(a)
    return ids, labels


def turning(model: Transformer, T: int, rows: int) -> Tensor:
    """The rotary turns that `Transformer.body` gives its blocks."""
    turn = torch.polar(torch.tensor(model.attention_factor), torch.arange(T)[:, None].float() * model.inv_freq)
    return turn.expand(rows, T, -1)[:, None]


def through_blocks(model: Transformer, x: Tensor, blocks) -> Tensor:
    turn = turning(model, x.shape[1], len(x))
    for block in blocks:
        x, _ = block(x, turn, None, None)
    return x


@one_thread()
def learn_tone(model: Transformer, tokenizer, lora_forward: Callable, steps: int = 15, batch: int = 8, lr: float = 3e-3,
               seed: int = 0, show: bool = True) -> tuple[Adapters, Callable]:
    """Adapters on q and v of the last layers, trained on the pirate's answers; (adapters, the function they run through).

    The layers below are frozen, so their output is computed once for every text that is going to be used.
    """
    g = torch.Generator().manual_seed(seed)
    first = min(FROM, len(model.blocks) - 1)
    leaves = {}
    for i in range(first, len(model.blocks)):
        for matrix in ("q", "v"):
            out, n_in = model.blocks[i].attention.get_submodule(matrix).weight.shape
            A, B = torch.randn(TONE_RANK, n_in, generator=g) / n_in ** 0.5, torch.zeros(out, TONE_RANK)
            leaves[f"blocks.{i}.attention.{matrix}"] = (A.requires_grad_(), B.requires_grad_())
    lora_forward(torch.zeros(1, 4), torch.zeros(4, 4), torch.zeros(2, 4), torch.zeros(4, 2), 1.0)  # is it written?
    ids, labels = tone_examples(tokenizer)
    order = torch.cat([torch.randperm(len(ids), generator=g)
                       for _ in range(1 + steps * batch // len(ids))])[:steps * batch].view(steps, batch)
    begin = time.perf_counter()
    with torch.no_grad():
        below = torch.cat([through_blocks(model, model.embed(part), model.blocks[:first]) for part in ids.split(25)])
    frozen = time.perf_counter() - begin
    adam, losses = torch.optim.AdamW([p for pair in leaves.values() for p in pair], lr=lr, weight_decay=0.0), []
    with beside(model, leaves, lora_forward):
        for rows in order:
            length = int((labels[rows] != -100).any(0).nonzero().max()) + 1
            hidden = model.norm(through_blocks(model, below[rows, :length], model.blocks[first:]))
            asked = labels[rows, 1:length] != -100
            loss = F.cross_entropy(model.head(hidden[:, :-1][asked]), labels[rows, 1:length][asked])
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
    adapters = {name: (A.detach(), B.detach()) for name, (A, B) in leaves.items()}
    if show:
        numbers = sum(p.numel() for pair in adapters.values() for p in pair)
        trained = time.perf_counter() - begin - frozen
        print(f"{numbers:,} trainable numbers; frozen layers {frozen:.0f} s, {steps} steps {trained:.0f} s")
        print("nats per token of the answers:", *(f"{x:.2f}" for x in losses))
    return adapters, lora_forward


def compare_tone(model: Transformer, tokenizer, voice: tuple[Adapters, Callable] | None, merge: Callable,
                 questions=QUESTIONS, tokens: int = 24,
                 other_tokens: int = 250) -> dict:
    """New questions before and after; what the adapters weigh; what other text costs; the merged model's words."""
    if voice is None:
        raise NotImplementedError("lora_forward")
    adapters, lora_forward = voice
    prompts = [chat(tokenizer, q) for q in questions]
    other = tokenizer.encode(help_texts()[2000:6000])[:other_tokens]

    def now() -> tuple[list[str], float]:
        said = generate(model, tokenizer, prompts, max_tokens=tokens)
        return said, score(model, tokenizer, other).mean().neg().exp().item()

    before, perplexity = now()
    with beside(model, adapters, lora_forward):
        after, worse = now()
    with inside(model, adapters, merge):
        same = generate(model, tokenizer, prompts[:2], max_tokens=tokens)
    for question, a, b in zip(questions, before, after):
        print(f"{question}\n    before: {a!r}\n    after:  {b!r}")
    arr = [sum("arr" in text.lower() or "matey" in text.lower() for text in texts) for texts in (before, after)]
    file = io.BytesIO()
    torch.save(adapters, file)
    size, base = len(file.getvalue()), sum(p.numel() * p.element_size() for p in model.parameters())
    print(f"\nanswers that say Arr or matey: {arr[0]} of {len(questions)} before, {arr[1]} after")
    print(f"adapters on disk: {size / 1e6:.2f} MB; the model's weights: {base / 1e6:.0f} MB, {base / size:,.0f} times as much")
    print(f"perplexity of {len(other)} tokens of other text: {perplexity:.1f} before, {worse:.1f} after")
    print(f"merged, the first two answers are the same: {same == after[:2]}")
    return {"arr": arr, "bytes": size, "perplexity": (perplexity, worse), "merged": same == after[:2]}


# --- the experiment: what can r numbers express? ---------------------------------------------------------------------

STRONG, FAINT, WIDTH = (4, 3, 2, 1.5, 1, 0.75, 0.4, 0.3), 0.05, 64
WAYS = {"LoRA r=1": ("LoRA", 1), "LoRA r=2": ("LoRA", 2), "LoRA r=4": ("LoRA", 4), "LoRA r=8": ("LoRA", 8),
        "VeRA r=16": ("VeRA", 16),
        "VeRA r=64": ("VeRA", 64), "VeRA r=256": ("VeRA", 256)}


def target(g: torch.Generator) -> tuple[Tensor, Tensor]:
    """(D, its singular values): strong ones, and a faint rest, in random directions."""
    values = torch.tensor([*STRONG, *[FAINT] * (WIDTH - len(STRONG))])
    U, V = (torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=g)).Q for _ in range(2))
    return U * values @ V.T, values


def fit(start: Callable, method: str, r: int, D: Tensor, seed: int, steps: int) -> tuple[float, int]:
    """(final squared distance, trained numbers) of one adapter fitted to D."""
    params, update = start(method, r, torch.Generator().manual_seed(seed))
    params = [p.detach().clone().requires_grad_() for p in params]
    adam = torch.optim.Adam(params, lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        loss = (update(*params) - D).square().sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
    with torch.no_grad():
        return (update(*params) - D).square().sum().item(), sum(p.numel() for p in params)


@figures.experiment
def fit_all(start: Callable, prediction: list[str] | None = None, seed: int = 0, steps: int = 600) -> dict[str, float]:
    """Every adapter fitted to the same D; {name: final squared distance}, shown beside the bound of the singular values."""
    torch.set_num_threads(1)
    D, values = target(torch.Generator().manual_seed(100 + seed))
    results = {name: fit(start, *way, D, seed, steps) for name, way in WAYS.items()}
    figures.show(_distances(results, values))
    print(f"{'adapter':12}{'trained numbers':>17}{'distance':>10}    singular values left out")
    for name, (distance, numbers) in results.items():
        method, r = WAYS[name]
        bound = f"{values[r:].square().sum():.3f}" if method == "LoRA" else "–"
        print(f"{name:12}{numbers:17,}{distance:10.3f}{bound:>14}")
    print(f"{'nothing':12}{0:17}{values.square().sum():10.3f}")
    table = {name: distance for name, (distance, _) in results.items()}
    if prediction:
        print(f"\nsmallest distance first, measured: {', '.join(sorted(prediction, key=table.__getitem__))}"
              f"\n                  your prediction: {', '.join(prediction)}")
    return table


def _distances(results: dict[str, tuple[float, int]], values: Tensor) -> Figure:
    figure, ax = figures.subplots(figsize=(7, 3.2))
    ranks = torch.arange(1, 17)
    ax.loglog(2 * WIDTH * ranks, [values[r:].square().sum() for r in ranks], color=figures.INK, lw=1,
              label="no matrix of this rank is closer")
    for method, color in [("LoRA", figures.KEPT), ("VeRA", figures.WRONG)]:
        points = [(numbers, distance, name) for name, (distance, numbers) in results.items() if name.startswith(method)]
        ax.plot([p[0] for p in points], [p[1] for p in points], "o", color=color, label=method)
        for numbers, distance, name in points:
            ax.annotate(name.split()[1], (numbers, distance), xytext=(4, 4), textcoords="offset points", fontsize=8)
    ax.set(xlabel="trained numbers", ylabel="squared distance to D", title="Numbers alone do not decide")
    ax.legend()
    return figure


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget() -> ipywidgets.Widget:
    """The spectrum of an update, and what an adapter of some rank can catch of it."""
    return figures.board({
        "decay": ipywidgets.FloatSlider(0.7, min=0.5, max=1.0, step=0.01, description="decay"),
        "r": ipywidgets.IntSlider(8, min=0, max=64, description="rank r"),
        "width": ipywidgets.SelectionSlider(options=[64, 1024, 4096, 8192], value=4096, description="width"),
    }, caught)


def caught(decay: float, r: int, width: int) -> tuple[Figure, str]:
    """64 singular values that fall by `decay` from one to the next; the share that rank r catches; the price at this width."""
    values = decay ** torch.arange(64).double()
    share = (values[:r].square().sum() / values.square().sum()).item()
    figure, ax = figures.subplots(figsize=(7, 2.8))
    figures.token_bars(ax, values.tolist(), [i < r for i in range(64)])
    ax.set(xlabel="singular value", ylabel="size", ylim=(0, 1.05))
    return figure, (f"Rank {r} catches <b>{100 * share:.1f} %</b> of the squared length of the update and leaves "
                    f"{100 * (1 - share):.1f} %. On one {width:,} × {width:,} matrix it trains {2 * width * r:,} numbers, "
                    f"{200 * r / width:.2g} % of the matrix.")
