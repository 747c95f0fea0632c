"""Section 16: who sees whom, what a block does to the stream, where parameters are, what a latent saves; SmolLM2 in parts."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import ipywidgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from .. import figures
from ..data.corpus import help_texts
from ..models.language import one_thread
from ..models.shapes import SHAPES, Shape
from ..models.transformer import Config, Transformer

# --- pictures: who may see whom --------------------------------------------------------------------------------------


@figures.picture
def four_kinds() -> Figure:
    """The masks of the four kinds of transformer, six tokens each."""
    i, j = np.mgrid[:6, :6]
    masks = {"encoder": i >= 0, "decoder: causal": j <= i, "encoder-decoder: cross": (i >= 0)[:, :4],
             "prefix-LM, prefix 3": (j <= i) | (j < 3)}
    figure, axes = figures.subplots(1, 4, figsize=(9, 2.6))
    for ax, (title, mask) in zip(axes, masks.items()):
        _grid(ax, mask, title)
    axes[0].set(ylabel="query")
    return figure


@figures.picture
def your_masks(make_mask: Callable) -> Figure:
    """The learner's masks for a row of seven places, of which the first two are padding."""
    real, source = torch.arange(7)[None] >= 2, torch.tensor([[True] * 4 + [False]])
    figure, axes = figures.subplots(1, 4, figsize=(9, 2.6))
    for ax, (kind, *more) in zip(axes, [["bidirectional"], ["causal"], ["cross", None, source], ["prefix", torch.tensor([3])]]):
        mask = make_mask(kind, real, *more)[0]
        _grid(ax, np.where(real[0][:, None], mask, np.nan), kind)
    axes[0].set(ylabel="query (two are padding)")
    return figure


def _grid(ax, mask, title: str) -> None:
    ax.imshow(np.asarray(mask, dtype=float), cmap="Blues", vmin=-0.2, vmax=1.3)
    ax.set(title=title, xlabel="key", xticks=[], yticks=[])
    ax.grid(False)


@figures.picture
def moved_middle(fim_transform: Callable, fim_restore: Callable) -> Figure:
    """A sentence whose middle moves to the end, in both orders, and back."""
    words = "the cache of a decoder keeps what never changes".split()
    a, b, marks = 3, 6, (100, 101, 102)
    names = dict(enumerate(words)) | dict(zip(marks, ("PRE", "SUF", "MID")))
    rows = {"text": list(range(len(words)))}
    rows |= {mode: fim_transform(rows["text"], a, b, mode, marks) for mode in ("PSM", "SPM")}
    rows["restored"] = fim_restore(rows["SPM"], marks)
    figure, ax = figures.subplots(figsize=(9, 2.4))
    for y, ids in enumerate(rows.values()):
        for x, i in enumerate(ids):
            part = 3 if i in marks else 0 if i < a else 1 if i < b else 2
            ax.barh(y, 0.95, left=x, color=[*figures.PALETTE[:3], figures.CUT][part])
            ax.text(x + 0.47, y, names.get(i, i), ha="center", va="center", fontsize=8, color="white")
    ax.set(yticks=range(len(rows)), yticklabels=rows, xticks=[], title="Prefix, middle (orange), suffix, and the marks")
    ax.invert_yaxis()
    ax.grid(False)
    return figure


# --- pictures: the block ---------------------------------------------------------------------------------------------

@figures.picture
def norm_and_gate(rms_norm: Callable, swiglu: Callable) -> Figure:
    """What the norm does to a cloud of vectors, and what the gate lets pass."""
    cloud = torch.randn(300, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([2.0, 0.7]) + 0.5
    normed, one = rms_norm(cloud, torch.tensor([1.0, 0.5])), torch.ones(1, 1)
    figure, (left, right) = figures.subplots(1, 2, figsize=(8, 3))
    left.scatter(*cloud.T, s=4, color=figures.CUT, label="x")
    left.scatter(*normed.T, s=4, color=figures.KEPT, label="your rms_norm(x, [1, 0.5])")
    left.set(title="Direction stays, length goes", aspect="equal")
    left.legend(loc="lower right", fontsize=8)
    g = torch.linspace(-5, 5, 101)
    for up, color in zip((2.0, 1.0, -1.0), figures.PALETTE):
        # x = (g, u): one channel is the gate's, the other the value's
        y = swiglu(torch.stack([g, torch.full_like(g, up)], -1), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]),
                   one.expand(2, 1))[:, 0]
        right.plot(g, y, color=color, label=f"up = {up:g}")
    right.set(xlabel="gate", title="Your swiglu: what passes of `up`")
    right.legend(fontsize=8)
    return figure


@figures.picture
def stream_by_depth(block: Callable) -> Figure:
    """The length of the stream by depth, and the gradient of the last block by the number of blocks, under each order."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(8.5, 3))
    depths = [2, 4, 8, 16, 32]
    for order, color in zip(("pre", "post", "parallel"), figures.PALETTE):
        left.plot(stream(block, order, 32)[0], color=color, label=order)
        right.loglog(depths, [stream(block, order, depth)[1] for depth in depths], "o-", color=color)
    left.set(xlabel="after block", title="Length of a token's vector")
    right.set(xlabel="number of blocks", title="Length of the last block's gradient")
    right.set_xticks(depths, [str(depth) for depth in depths])
    right.minorticks_off()
    left.legend()
    return figure


def stream(block: Callable, order: str, depth: int, seed: int = 0) -> tuple[list[float], float]:
    """So many random blocks: the mean length of the stream after each, and of the gradient of the last one's down matrix."""
    c = Config(2, width=48, heads=4, kv_heads=2, head_dim=12, hidden=128, eps=1e-5)
    g = torch.Generator().manual_seed(seed)
    shapes = {"q": (48, 48), "k": (24, 48), "v": (24, 48), "out": (48, 48)}
    shapes |= {"gate": (128, 48), "up": (128, 48), "down": (48, 128)}
    norms = dict.fromkeys(["norm1", "norm2"], torch.ones(48))
    x, probe = torch.randn(1, 16, 48, generator=g), torch.randn(1, 16, 48, generator=g)
    lengths, mask = [x.norm(dim=-1).mean().item()], torch.ones(1, 16, 16).tril().bool()
    for _ in range(depth):
        w = norms | {n: torch.randn(s, generator=g) / s[1] ** 0.5 for n, s in shapes.items()}
        last = w["down"].requires_grad_()
        x = block(x, w, c, mask, order)
        lengths.append(x.detach().norm(dim=-1).mean().item())
    # the loss reads directions alone, as a head behind a norm does
    loss = (F.rms_norm(x, (48,)) * probe).sum()
    return lengths, torch.autograd.grad(loss, last)[0].norm().item()


# --- pictures: parameters and latents --------------------------------------------------------------------------------

def parts(count_params: Callable, shape: Shape) -> dict[str, int]:
    """Where a model's parameters are: table and head, attention and norms, the MLPs a token uses, those it does not."""
    total, active = count_params(shape)
    without, _ = count_params(replace(shape, hidden=0, expert_hidden=0))  # routers stay: they are small
    table = shape.vocab * shape.width * (1 if shape.tied else 2)
    return {"embedding and head": table, "attention": without - table, "MLP, used": active - without,
            "MLP, asleep": total - active}


@figures.picture
def where_they_are(count_params: Callable) -> Figure:
    """The shares of a model's parameters, by the learner's counts."""
    figure, ax = figures.subplots(figsize=(8.5, 3.6))
    colors = [figures.PALETTE[4], figures.PALETTE[0], figures.PALETTE[1], "#d9762b55"]
    for y, shape in enumerate(SHAPES.values()):
        found, left = parts(count_params, shape), 0.0
        total = sum(found.values())
        for (part, n), color in zip(found.items(), colors):
            ax.barh(y, n / total, left=left, color=color, label=part if y == 0 else None)
            left += n / total
        ax.text(1.01, y, f"{total / 1e9:,.2f}B" if total > 1e9 else f"{total / 1e6:,.0f}M", va="center")
    ax.set(yticks=range(len(SHAPES)), yticklabels=SHAPES, xlim=(0, 1.12), xlabel="share of all parameters")
    ax.grid(axis="y", visible=False)
    ax.invert_yaxis()
    ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.45, 1.0), fontsize=8)
    return figure


@figures.picture
def bytes_a_token() -> Figure:
    """The cache of one token under four schemes at DeepSeek-V3's depth, 128 heads of 128."""
    schemes = {"MHA, 128 heads": 2 * 128 * 128, "GQA, 8 heads": 2 * 8 * 128, "MLA, 512 + 64": 576, "MQA, 1 head": 2 * 128}
    figure, ax = figures.subplots(figsize=(7, 2.4))
    bars = ax.barh(list(schemes), [61 * 2 * n for n in schemes.values()], color=figures.PALETTE[:4])
    ax.bar_label(bars, [f"{61 * 2 * n:,} bytes" for n in schemes.values()], padding=4, color=figures.INK)
    ax.set(xscale="log", xlim=(10_000, 40_000_000), xlabel="bytes a token, 61 layers, BF16 (log scale)",
           title="DeepSeek-V3's cache, and what it might have been")
    ax.grid(axis="y", visible=False)
    ax.invert_yaxis()
    return figure


def naive_attention(q: Tensor, c: Tensor, k_rope: Tensor, w_uk: Tensor, w_uv: Tensor) -> Tensor:
    """Latent attention with keys and values of every cached token spelt out."""
    H, S = len(q), len(c)
    keys = torch.cat([torch.einsum("sc,hnc->hsn", c, w_uk), k_rope.expand(H, S, -1)], -1)
    weights = (torch.einsum("hn,hsn->hs", q, keys) / math.sqrt(q.shape[-1])).softmax(-1)
    return torch.einsum("hs,hsv->hv", weights, torch.einsum("sc,hvc->hsv", c, w_uv))


def multiplications(H: int, S: int, N: int, R: int, C: int, V: int) -> dict[str, int]:
    """Multiplications of one query token in one layer: spelt out, and absorbed."""
    return {"spelt out": S * H * (C * (N + V) + N + R + V), "absorbed": H * C * (N + V) + S * H * (2 * C + R)}


@figures.picture
@one_thread()
def absorbed_against_naive(mla_attention: Callable) -> Figure:
    """Milliseconds by the length of the cache; and counted multiplications."""
    H, N, R, C = 16, 32, 16, 128
    lengths, g, times = [64, 256, 1024, 4096], torch.Generator().manual_seed(0), {naive_attention: [], mla_attention: []}
    q, uk, uv = (torch.randn(s, generator=g) for s in [(H, N + R), (H, N, C), (H, N, C)])
    for S in lengths:
        given = q, torch.randn(S, C, generator=g), torch.randn(S, R, generator=g), uk, uv
        for call, row in times.items():
            row.append(min(_seconds(call, given) for _ in range(4)) * 1e3)
    figure, (left, right) = figures.subplots(1, 2, figsize=(8.5, 2.8))
    for (label, row), color in zip([("spelt out", times[naive_attention]), ("yours", times[mla_attention])],
                                   [figures.WRONG, figures.KEPT]):
        left.loglog(lengths, row, "o-", color=color, label=label)
    left.set(xlabel="cached tokens", ylabel="ms", title="One token, 16 heads")
    left.legend()
    counts = multiplications(128, 4096, 128, 64, 512, 128)
    bars = right.barh(list(counts), [n / 1e9 for n in counts.values()], color=[figures.WRONG, figures.KEPT])
    right.bar_label(bars, [f"{n / 1e9:.2f}" for n in counts.values()], padding=4, color=figures.INK)
    right.grid(axis="y", visible=False)
    right.set(xlabel="billions of multiplications", title="DeepSeek-V3's sizes", xlim=(0, 1.2 * max(counts.values()) / 1e9))
    return figure


def _seconds(call: Callable, given: tuple) -> float:
    start = time.perf_counter()
    call(*given)
    return time.perf_counter() - start


@figures.picture
def who_learns_from_what(mtp_loss: Callable) -> Figure:
    """Which positions' states get a gradient from which depth, in a text of ten tokens."""
    g = torch.Generator().manual_seed(0)
    h, embed, head = (torch.randn(s, generator=g) for s in [(1, 10, 6), (9, 6), (9, 6)])
    ids, joins = torch.randint(9, (1, 10), generator=g), [torch.randn(6, 12, generator=g) for _ in range(3)]

    def summed(k: int) -> Tensor:
        """The gradient of L_1 + … + L_k for the states; for k = 0 that of L_0."""
        x = h.clone().requires_grad_()
        loss = mtp_loss(x, ids, embed, head, joins[:k], float(k)) - (mtp_loss(x, ids, embed, head, []) if k else 0)
        return torch.autograd.grad(loss, x)[0]
    sums = [summed(k) for k in range(4)]
    rows = [sums[0], sums[1], sums[2] - sums[1], sums[3] - sums[2]]
    figure, ax = figures.subplots(figsize=(6, 2.4))
    ax.imshow(torch.stack([r[0].norm(dim=-1) > 1e-6 for r in rows]), cmap="Blues", vmin=-0.2, vmax=1.3)
    ax.set(xlabel="position", ylabel="depth", yticks=range(4), xticks=range(10), title="Who learns from your mtp_loss")
    ax.grid(False)
    return figure


# --- the real model --------------------------------------------------------------------------------------------------

@torch.no_grad()
@one_thread()
def your_smollm(language_model: Callable, model: Transformer, tokenizer, prompt: list[int], tokens: int = 12) -> float:
    """SmolLM2's weights in the learner's function: the logits beside the model's own, and a few greedy words."""
    weights, ids = dict(model.state_dict()), torch.tensor([prompt])
    yours, (own, _) = language_model(ids, weights, model.config), model(ids)
    apart = (yours - own).abs().max().item()
    count = sum(w.numel() for n, w in weights.items() if n != "head.weight")
    print(f"{count:,} parameters in {model.config.layers} of your blocks")
    print(f"largest difference of a logit from the model's own: {apart:.1e} (logits reach {own.abs().max():.0f})")
    for _ in range(tokens):
        ids = torch.cat([ids, language_model(ids, weights, model.config)[:, -1:].argmax(-1)], 1)
    print("it goes on:", tokenizer.decode(ids[0, len(prompt):].tolist()).split("<|im_end|>")[0])
    return apart


@torch.no_grad()
@one_thread()
def without_a_piece(block: Callable, rms_norm: Callable, make_mask: Callable, model: Transformer, tokenizer,
                    tokens: int = 160) -> dict[str, float]:
    """Nats per token of a help text under the trained model with one piece changed; {change: nats}."""
    c, weights = model.config, model.state_dict()
    ids = torch.tensor([tokenizer.encode(help_texts()[20_000:24_000])[:tokens]])
    layers = [{n.split(".")[-2]: w for n, w in weights.items() if n.startswith(f"blocks.{i}.")} for i in range(c.layers)]
    real = torch.ones_like(ids, dtype=torch.bool)
    causal = make_mask("causal", real)
    ones = {"q_norm": torch.ones(c.head_dim), "k_norm": torch.ones(c.head_dim)}

    def nats(order="pre", cap=None, mask=causal, shape=c, more=None, last=True) -> float:
        x = weights["embed.weight"][ids]
        for w in layers:
            x = block(x, w | (more or {}), shape, mask, order, cap)
        x = rms_norm(x, weights["norm.weight"], c.eps) if last else x
        return F.cross_entropy((x[0, :-1] @ weights["embed.weight"].T), ids[0, 1:]).item()

    changes = {"as trained": {}, "scores capped at 50": {"cap": 50.0}, "scores capped at 5": {"cap": 5.0},
               "QK-norm added, weights 1": {"more": ones}, "parallel instead of pre-norm": {"order": "parallel"},
               "rotary base 100 times larger": {"shape": replace(c, base=100 * c.base)},
               "no norm before the head": {"last": False}}
    found = {name: nats(**change) for name, change in changes.items()}
    print(f"{'nats per token of a help text, ' + str(tokens) + ' tokens':44}")
    for name, value in found.items():
        print(f"  {name:34}{value:7.2f}")
    print(f"  {'a uniform guess':34}{math.log(c.vocab):7.2f}")
    return found


# --- the experiment: numbers in the cache against quality ------------------------------------------------------------

ATTRIBUTES, ITEMS, VALUES, WIDTH = 4, 6, 6, 48


class Recall(nn.Module):
    """One attention layer that answers, for each attribute, which value the item with the asked key had."""

    def __init__(self, cached: int, spelt: Callable, heads: int, head_dim: int):
        super().__init__()
        self.heads, self.head_dim, self.spelt = heads, head_dim, spelt
        self.key, self.value = (nn.Parameter(torch.randn(ATTRIBUTES, n, WIDTH) / ATTRIBUTES ** 0.5) for n in (ITEMS, VALUES))
        self.down, self.query = nn.Linear(WIDTH, cached, bias=False), nn.Linear(WIDTH, heads * head_dim, bias=False)
        self.out = nn.Linear(heads * head_dim, ATTRIBUTES * VALUES)

    def forward(self, keys: Tensor, values: Tensor, asked: Tensor) -> Tensor:
        """keys, values (B, items, attributes), asked (B, attributes) -> logits (B, attributes, VALUES)."""
        x = F.rms_norm(summed(self.key, keys) + summed(self.value, values), (WIDTH,))
        q = self.query(F.rms_norm(summed(self.key, asked), (WIDTH,))).unflatten(-1, (self.heads, 1, self.head_dim))
        k, v = self.spelt(self.down(x))
        return self.out(F.scaled_dot_product_attention(q, k, v).flatten(1)).unflatten(-1, (ATTRIBUTES, VALUES))


def summed(table: Tensor, symbols: Tensor) -> Tensor:
    """The sum over attributes of each one's row of its own table: (attributes, n, D), (…, attributes) -> (…, D)."""
    return F.one_hot(symbols, table.shape[1]).flatten(-2).to(table.dtype) @ table.flatten(0, 1)


def lists(batch: int, g: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random lists: keys (a permutation for each attribute), values, what is asked, the right answers."""
    keys = torch.rand(batch, ITEMS, ATTRIBUTES, generator=g).argsort(1)
    values = torch.randint(VALUES, keys.shape, generator=g)
    asked = torch.randint(ITEMS, (batch, ATTRIBUTES), generator=g)
    place = (keys == asked[:, None]).int().argmax(1)
    return keys, values, asked, values.gather(1, place[:, None])[:, 0]


def taught(cached: int, spelt: Callable, heads: int, head_dim: int, seed: int, steps: int) -> Recall:
    """A model after so many steps on fresh lists."""
    g = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Recall(cached, spelt, heads, head_dim)
    adam = torch.optim.Adam(model.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 1e-2, total_steps=steps, pct_start=0.2)
    for _ in range(steps):
        *given, answers = lists(64, g)
        loss = F.cross_entropy(model(*given).flatten(0, 1), answers.flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
    return model


@torch.no_grad()
def accuracy(model: Recall, seed: int = 99, batch: int = 1000) -> tuple[float, float]:
    """(share of right answers on fresh lists, half of its 95 % interval over the lists)."""
    *given, answers = lists(batch, torch.Generator().manual_seed(seed))
    right = (model(*given).argmax(-1) == answers).double().mean(-1)
    return right.mean().item(), 1.96 * right.std().item() / batch ** 0.5


@figures.experiment
@one_thread()
def recall(kinds: dict[str, int], numbers: Callable, spelt: Callable, heads: int, head_dim: int,
           prediction: str | None = None, seed: int = 0, steps: int = 1000) -> dict[str, float]:
    """Train one small model a scheme on the same lists and show accuracy against numbers cached per token.

    kinds:   scheme -> its key/value heads
    numbers: key/value heads -> what a token leaves in the cache; spelt(cached) gives keys and values for all query heads
    Returns {scheme: accuracy}.
    """
    table, shown = {}, {}
    for name, kind in kinds.items():
        model = taught(numbers(kind), spelt, heads, head_dim, seed, steps)
        table[name], shown[name] = accuracy(model)
        print(f"{name:8} {numbers(kind):4} numbers a token   {table[name]:6.1%} ± {shown[name]:.1%} right")
    figure, ax = figures.subplots(figsize=(7, 3))
    for (name, kind), color in zip(kinds.items(), figures.PALETTE):
        ax.errorbar(numbers(kind), table[name], shown[name], fmt="o", color=color)
        ax.annotate(name, (numbers(kind), table[name]), textcoords="offset points", xytext=(7, -4), color=color)
    ax.axhline(1 / VALUES, color=figures.INK, ls="--", lw=1)
    ax.set(xscale="log", xlabel="numbers cached per token (log scale)", ylabel="right answers", ylim=(0, 1.05),
           title="Four questions about six items, one attention layer (dashed: a guess)")
    ax.set_xticks([16, 32, 64], ["16", "32", "64"])
    ax.minorticks_off()
    figures.show(figure)
    if prediction:
        print(f"\nat least 95 % right, you predicted: {prediction}")
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(count_params: Callable) -> ipywidgets.Widget:
    """Sizes of a model in hand: its parameters by the learner's count, and a token's cache under four schemes."""
    def steps(*values: int, at: int, name: str) -> ipywidgets.SelectionSlider:
        return ipywidgets.SelectionSlider(options=[(f"{v:,}", v) for v in values], value=at, description=name)
    return figures.board({
        "layers": ipywidgets.IntSlider(32, 1, 128, description="Layers"),
        "width": steps(512, 1024, 2048, 3072, 4096, 6144, 8192, 16384, at=4096, name="Width"),
        "heads": steps(8, 16, 32, 48, 64, 128, at=32, name="Query heads"),
        "kv_heads": steps(1, 2, 4, 8, at=8, name="KV heads"),
        "head_dim": steps(32, 64, 128, 256, at=128, name="Head size"),
        "hidden": ipywidgets.FloatSlider(3.5, min=0.25, max=8, step=0.25, description="Hidden / width"),
        "experts": steps(0, 8, 16, 64, 128, 256, at=0, name="Experts"),
        "chosen": steps(1, 2, 4, 8, at=2, name="Chosen"),
        "vocab": steps(32_000, 128_256, 262_144, at=128_256, name="Vocabulary"),
        "tied": ipywidgets.Checkbox(False, description="Tied"),
    }, lambda **at: sizes(count_params, **at))


def sizes(count_params: Callable, layers: int, width: int, heads: int, kv_heads: int, head_dim: int, hidden: float,
          experts: int, chosen: int, vocab: int, tied: bool) -> tuple[Figure, str]:
    """Parameters by their place, the bytes that a token leaves in the cache, and a sentence of HTML."""
    size = round(hidden * width)
    shape = Shape(vocab, layers, width, heads, kv_heads, head_dim, size, tied=tied, experts=experts,
                  chosen=min(chosen, experts), expert_hidden=size if experts else 0)
    found = parts(count_params, shape)
    total = sum(found.values())
    figure, (top, below) = figures.subplots(2, 1, figsize=(8, 3.8))
    left = 0.0
    for (part, n), color in zip(found.items(), [figures.PALETTE[4], figures.PALETTE[0], figures.PALETTE[1], "#d9762b55"]):
        top.barh(0, n / 1e9, left=left / 1e9, color=color, label=f"{part} {n / 1e9:,.2f}B")
        left += n
    top.set(yticks=[], xlabel="billions of parameters")
    top.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8)
    kept = {"MHA": 2 * heads * head_dim, f"GQA, K = {kv_heads}": 2 * kv_heads * head_dim, "MQA": 2 * head_dim,
            "MLA, 512 + 64": 576}
    bars = below.barh(list(kept), [2 * layers * n / 1024 for n in kept.values()], color=figures.PALETTE[:4])
    below.bar_label(bars, [f"{2 * layers * n / 1024:,.1f} KiB" for n in kept.values()], padding=4, color=figures.INK)
    below.set(xlabel="KiB of BF16 cache a token", xlim=(0, 1.25 * 2 * layers * max(kept.values()) / 1024))
    below.invert_yaxis()
    asleep = found["MLP, asleep"]
    return figure, (f"<b>{total / 1e9:,.2f}B</b> parameters, {(total - asleep) / 1e9:,.2f}B of them active; "
                    f"{2 * total / 1e9:,.1f} GB in BF16. Attention is {found['attention'] / total:.0%}, "
                    f"embedding and head {found['embedding and head'] / total:.0%}.")
