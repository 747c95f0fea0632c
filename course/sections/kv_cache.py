"""Section 14: what a cache costs and saves, what rotary positions do, what can be thrown away; a board with real GPUs."""

import time
from collections.abc import Callable

import ipywidgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.corpus import help_texts
from ..models.language import one_thread
from ..models.sizes import GPUS, MODELS
from ..models.transformer import Config, Transformer

# --- pictures: what a cache costs, and what it saves -----------------------------------------------------------------


@figures.picture
def four_schemes() -> Figure:
    """Numbers kept per token and layer under MHA, GQA, MQA and MLA."""
    schemes = {"MHA, K = H = 64": 2 * 64 * 128, "GQA, K = 8": 2 * 8 * 128, "MQA, K = 1": 2 * 128,
               "MLA, 512 + 64": 512 + 64}
    figure, ax = figures.subplots(figsize=(7, 2.6))
    bars = ax.barh(list(schemes), list(schemes.values()), color=figures.PALETTE[:4])
    ax.bar_label(bars, [f"{v:,}" for v in schemes.values()], padding=4, color=figures.INK)
    ax.set(xscale="log", xlim=(100, 60_000), xlabel="numbers kept per token and layer (log scale)",
           title="64 query heads of size 128, four ways to cache them")
    ax.invert_yaxis()
    return figure


@figures.picture
def known_models(kv_cache_bytes: Callable) -> Figure:
    """The cache of one long sequence in models that everybody knows."""
    tokens = 131_072
    sizes = {m.name: sum(kv_cache_bytes(n, m.kv_heads, m.head_dim, tokens, window=w, mla=m.mla) for n, w in m.groups)
             for m in MODELS.values()}
    figure, ax = figures.subplots(figsize=(7, 3.2))
    bars = ax.barh(list(sizes), [b / 1e9 for b in sizes.values()], color=figures.KEPT)
    ax.bar_label(bars, [f"{b / 1e9:.2f} GB" for b in sizes.values()], padding=4, color=figures.INK)
    ax.axvline(80, color=figures.WRONG, lw=1)
    ax.text(81, len(sizes) - 0.6, "one 80 GB GPU", color=figures.WRONG, va="top")
    ax.set(xlim=(0, 105), xlabel="GB of BF16 cache", title="One sequence of 131,072 tokens (your numbers)")
    ax.invert_yaxis()
    return figure


@figures.picture
def shared_heads(attention_decode: Callable) -> Figure:
    """The attention of 6 query heads over 9 cached tokens, with 2 key/value heads."""
    g = torch.Generator().manual_seed(0)
    q, k = 2 * torch.randn(6, 9, generator=g), torch.randn(2, 9, 9, generator=g)
    weights = attention_decode(q, k, torch.eye(9).expand(2, 9, 9))  # with one-hot values the output *is* the attention
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.imshow(weights, cmap="Blues", vmin=0, aspect="auto")
    ax.axhline(2.5, color=figures.WRONG, lw=1.5)
    ax.set(xlabel="cached token", ylabel="query head", yticks=range(6), xticks=range(9),
           title="Your attention weights: heads 0-2 read one key/value head, heads 3-5 the other")
    ax.grid(False)
    return figure


@figures.picture
def time_and_work(generate_cached: Callable, generate_uncached: Callable, tiny_model: Callable) -> Figure:
    """Milliseconds for the next token, and tokens pushed through the model, with a cache and without."""
    torch.set_num_threads(1)
    contexts, news = [64, 128, 256, 512, 1024], [1, 8, 16, 32, 48]
    cached, recomputed = zip(*(_next_token_ms(n) for n in contexts))
    figure, (left, right) = figures.subplots(1, 2, figsize=(8, 3))
    left.loglog(contexts, recomputed, "o-", label="without cache", color=figures.WRONG)
    left.loglog(contexts, cached, "o-", label="with cache", color=figures.KEPT)
    left.set(xlabel="tokens of context", ylabel="ms for the next token", title="Time, measured here")
    left.legend()
    for generate, color in [(generate_uncached, figures.WRONG), (generate_cached, figures.KEPT)]:
        right.plot(news, [_tokens_pushed(generate, tiny_model(0), n) for n in news], "o-", color=color)
    right.set(xlabel="new tokens after a prompt of 16", ylabel="tokens pushed", title="Work (blue: your function)")
    return figure


@torch.no_grad()
def _next_token_ms(n: int) -> list[float]:
    """Milliseconds for one more token after n - 1 others, with their cache and without, mean of three."""
    model = Transformer(Config(vocab=61, layers=2, width=256, heads=8, kv_heads=2, head_dim=32, hidden=688))
    text = torch.randint(61, (1, n), generator=torch.Generator().manual_seed(0))
    _, cache = model(text[:, :-1])
    times = []
    for call in (lambda: model(text[:, -1:], cache=cache), lambda: model(text)):
        call()
        start = time.perf_counter()
        for _ in range(3):
            call()
        times.append((time.perf_counter() - start) / 3 * 1e3)
    return times


def _tokens_pushed(generate: Callable, model: Callable, n: int) -> int:
    """How many tokens the generation of n new ones sends through the model, after a prompt of 16."""
    pushed = []

    def counting(ids, pos=None, mask=None, cache=None):
        pushed.append(ids.shape[1])
        return model(ids, pos, mask, cache)

    generate(counting, torch.arange(16)[None], n)
    return sum(pushed)


# --- pictures: rotary positions --------------------------------------------------------------------------------------

@figures.picture
def rotations() -> Figure:
    """How fast three pairs turn, and how many turns each pair makes in 4,096 tokens."""
    m = np.arange(0, 129)
    figure, (left, right) = figures.subplots(1, 2, figsize=(8, 2.8))
    for i, color in zip([0, 8, 24], figures.PALETTE):
        left.plot(m, np.cos(m * 10000 ** (-2 * i / 64)), color=color, label=f"pair {i}")
    left.set(xlabel="position m", ylabel="cos(m θ)", title="Three of 32 pairs, E = 64", ylim=(-1.5, 1.1))
    left.legend(loc="lower right", ncols=3, fontsize=8, framealpha=0)
    turns = 4096 * 10000 ** (-2 * np.arange(32) / 64) / (2 * np.pi)
    right.bar(range(32), turns, color=[figures.KEPT if t > 1 else figures.WRONG for t in turns])
    right.set(yscale="log", xlabel="pair i", ylabel="full turns in 4,096 tokens",
              title="Red pairs never finish one turn in training")
    right.axhline(1, color=figures.INK, lw=1)
    return figure


@figures.picture
def distance_alone(rope: Callable) -> Figure:
    """The scores of one query and one key, moved about: they depend on the distance alone."""
    q, k = torch.randn(2, 1, 1, 1, 64, generator=torch.Generator().manual_seed(0))
    places = torch.arange(0, 40)
    turned_q, turned_k = (rope(x.expand(1, 1, 40, 64), places)[0, 0] for x in (q, k))
    scores = turned_q @ turned_k.T
    figure, (left, right) = figures.subplots(1, 2, figsize=(8, 3))
    left.imshow(scores, cmap="coolwarm")
    left.set(xlabel="position of the key", ylabel="position of the query", title="q·k after your rope")
    left.grid(False)
    for offset, color in zip([0, 3, 10], figures.PALETTE):
        right.plot(scores.diagonal(-offset), color=color, label=f"query {offset} after key")
    right.set(xlabel="position of the key", ylabel="q·k", title="Constant along diagonals: relative position")
    right.legend(loc="lower right")
    return figure


@figures.picture
def slowed_down(rope_inv_freq: Callable) -> Figure:
    """How much each of four methods slows each pair down, and what it multiplies the scores by."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(8, 3))
    plain, _ = rope_inv_freq(128, 500000.0, "default", 8.0, 8192)
    for method, color in zip(["linear", "ntk", "yarn", "llama3"], figures.PALETTE):
        freq, factor = rope_inv_freq(128, 500000.0, method, 8.0, 8192)
        left.plot(plain / freq, color=color, label=method)
        right.bar(method, factor ** 2, color=color)
    left.set(xlabel="pair i (fast to slow)", ylabel="slowed down by", title="s = 8, E = 128, base 500,000")
    left.legend()
    right.set(ylabel="attention scores multiplied by", ylim=(0.9, 1.6), title="Only YaRN rescales the scores")
    return figure


# --- the experiment: does RoPE extrapolate? --------------------------------------------------------------------------

L0, LONG, STEPS = 64, 256, 300  # characters in training, characters when reading, steps of training


def characters() -> tuple[Tensor, Tensor, int]:
    """Python's help texts as character ids: (training part, rows of LONG + 1 characters held out, vocabulary)."""
    text = help_texts()
    index = {c: i for i, c in enumerate(sorted(set(text)))}
    ids = torch.tensor([index[c] for c in text])
    train, held = ids[:len(ids) * 9 // 10], ids[len(ids) * 9 // 10:]
    return train, held[:len(held) // (LONG + 1) * (LONG + 1)].view(-1, LONG + 1), len(index)


def trained(train: Tensor, vocab: int, seed: int = 0, steps: int = STEPS) -> Transformer:
    """A tiny transformer after so many steps on windows of L0 characters."""
    model, g = Transformer(Config(vocab, hidden=170), seed), torch.Generator().manual_seed(seed)
    adam = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 1e-2, total_steps=steps)
    for _ in range(steps):
        start = torch.randint(len(train) - L0, (16, 1), generator=g)
        window = train[start + torch.arange(L0 + 1)]
        loss = F.cross_entropy(model(window[:, :-1])[0].mT, window[:, 1:])
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
    return model


@figures.experiment
def extrapolation(ways: dict[str, tuple[str, float]], frequencies: Callable, losses: Callable,
                  prediction: list[str] | None = None, seed: int = 0) -> dict[str, list[float]]:
    """One model, trained at L0 characters, read at LONG of them with the frequencies of each way.

    frequencies(method, s) gives (inv_freq, attention factor); losses(model, rows, inv_freq, factor) the nats at each
    position of each row. Returns {way: mean nats per character at 32-63, 64-127, 128-255}, and shows them with their 95 %
    intervals over the rows, beside the order that was predicted for 32-63.
    """
    torch.set_num_threads(1)
    turned = {name: frequencies(*way) for name, way in ways.items()}  # before the training: is the stub written?
    train, rows, vocab = characters()
    model = trained(train, vocab, seed)
    nats = {name: torch.cat([losses(model, part, *turn) for part in rows.split(32)]) for name, turn in turned.items()}
    parts = {name: [x[:, a:b].mean(1) for a, b in [(32, 64), (64, 128), (128, 256)]] for name, x in nats.items()}
    table = {name: [x.mean().item() for x in means] for name, means in parts.items()}
    figures.show(_by_position({name: x.mean(0) for name, x in nats.items()}))
    print(f"{'nats per character at':24}{'32-63':>14}{'64-127':>14}{'128-255':>14}")
    for name, means in parts.items():
        print(f"{name:24}", *(f"{x.mean():7.2f} ± {1.96 * x.std() / len(x) ** 0.5:.2f}" for x in means))
    if prediction:
        print(f"\nlowest first at 32-63, measured: {', '.join(sorted(prediction, key=lambda name: table[name][0]))}"
              f"\n                  your prediction: {', '.join(prediction)}")
    return table


def _by_position(curves: dict[str, Tensor]) -> Figure:
    figure, ax = figures.subplots(figsize=(8, 3.6))
    for (name, curve), color in zip(curves.items(), figures.PALETTE):
        ax.plot(F.avg_pool1d(curve[None], 9, 1, 4, count_include_pad=False)[0], color=color, label=name)
    ax.axvline(L0, color=figures.INK, ls="--", lw=1)
    ax.set(xlabel="position (trained up to the dashed line)", ylabel="nats per character", ylim=(1, 4.5),
           title="Trained at 64, read at 256, no fine-tuning")
    ax.legend(ncols=2, loc="upper left")
    return figure


# --- pictures: a smaller cache ---------------------------------------------------------------------------------------

@figures.picture
def kept_by_streaming(streaming_keep: Callable) -> Figure:
    """Which tokens stay in the cache as the text grows."""
    kept = np.zeros((60, 60))
    for n in range(1, 61):
        kept[n - 1, streaming_keep(n, 4, 12)] = 1
        kept[n - 1, n:] = np.nan
    figure, ax = figures.subplots(figsize=(6, 3.4))
    ax.imshow(kept, cmap="Blues", vmin=-0.3, vmax=1.2, aspect="auto")
    ax.set(xlabel="token", ylabel="tokens so far", title="What your policy keeps: 4 sinks, a window of 12")
    ax.grid(False)
    return figure


@figures.picture
def kept_by_h2o(h2o_keep: Callable) -> Figure:
    """Which of 60 tokens stay; in this made-up attention token 0 is a sink, token 14 a fact asked about all the time."""
    n, g = 60, torch.Generator().manual_seed(1)
    logits = torch.randn(n, n, generator=g) - 0.05 * (torch.arange(n)[:, None] - torch.arange(n)).abs()
    logits[:, 0] += 3
    logits[:, 14] += 2.5
    received = logits.masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf).softmax(-1).sum(0)
    kept = set(h2o_keep(received, 6, 10))
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.bar(range(n), received, color=[figures.KEPT if i in kept else figures.CUT for i in range(n)])
    ax.set(xlabel="token", ylabel="attention received", yscale="log",
           title="Blue: what your h2o_keep(heavy=6, recent=10) keeps")
    return figure


@figures.picture
def who_shares_a_scale(quant_sym: Callable) -> Figure:
    """How far attention moves when keys are quantised; two channels are large in every token, as KIVI found in caches."""
    g = torch.Generator().manual_seed(0)
    keys, query = torch.randn(256, 64, generator=g), torch.randn(64, generator=g)
    keys[:, [5, 40]] += 12
    exact = (keys @ query / 8).softmax(0)

    def moved(quantised: Tensor) -> float:
        """Half the sum of absolute changes of the attention weights (total variation)."""
        return 0.5 * ((quantised.float() @ query / 8).softmax(0) - exact).abs().sum().item()

    def asymmetric(x: Tensor, b: int) -> Tensor:
        """Per channel with a scale and a zero point, as KIVI does: all 2 ** b steps between smallest and largest."""
        low = x.amin(0)
        step = (x.amax(0) - low) / (2 ** b - 1)
        return ((x - low) / step).round() * step + low

    ways = {"one scale": [], "per token": [], "per channel": [], "per channel, zero point": []}
    bits = [8, 6, 5, 4, 3, 2]
    for b in bits:
        (a, s), (c, t), (d, u) = (quant_sym(x, b, mode, None) for x, mode in
                                  [(keys, "tensor"), (keys, "channel"), (keys.T, "channel")])
        for way, quantised in zip(ways.values(), [s * a, t[:, None] * c, (u[:, None] * d).T, asymmetric(keys, b)]):
            way.append(moved(quantised))
    figure, ax = figures.subplots()
    for (name, values), color in zip(ways.items(), figures.PALETTE):
        ax.plot(bits, values, "o-", color=color, label=name)
    ax.set(xlabel="bits per key element", ylabel="attention moved",
           title="Two outlier channels: who shares a scale matters")
    ax.invert_xaxis()
    ax.legend()
    return figure


@figures.picture
def band(sliding_window_attention: Callable) -> Figure:
    """The pattern of windowed attention: with zero scores and one-hot values the output is the pattern itself."""
    T, w = 24, 6
    zero = torch.zeros(1, 1, T, T)
    pattern = sliding_window_attention(zero, zero.clone(), torch.eye(T)[None, None], w)[0, 0]
    figure, ax = figures.subplots(figsize=(4.2, 3.6))
    ax.imshow(pattern, cmap="Blues", vmin=0, vmax=0.5)
    for edge in range(0, T + 1, w):
        ax.axhline(edge - 0.5, color=figures.INK, lw=0.6)
        ax.axvline(edge - 0.5, color=figures.INK, lw=0.6)
    ax.set(xlabel="key", ylabel="query", title="Your band: two blocks a row suffice")
    ax.grid(False)
    return figure


@figures.picture
def ring_against_average(ring_attention: Callable) -> Figure:
    """The same 48 tokens, cut into more and more shards: a ring is exact up to rounding, the mean of shards is not."""
    q, k, v = torch.randn(3, 48, 16, generator=torch.Generator().manual_seed(0))
    full = F.scaled_dot_product_attention(2 * q, k, v)
    counts, ring, average = [1, 2, 3, 4, 6, 8, 12, 16], [], []
    for n in counts:
        shards = [list(x.chunk(n)) for x in (2 * q, k, v)]
        mean = sum(F.scaled_dot_product_attention(2 * q, a, b) for a, b in zip(*shards[1:])) / n
        ring.append((torch.cat(ring_attention(*shards)) - full).abs().max().item())
        average.append((mean - full).abs().max().item())
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.semilogy(counts, [max(e, 1e-9) for e in ring], "o-", color=figures.KEPT, label="your ring")
    ax.semilogy(counts, [max(e, 1e-9) for e in average], "o-", color=figures.WRONG, label="average of shard outputs")
    ax.set(xlabel="shards", ylabel="largest error", title="Distance to attention in one piece")
    ax.legend(loc="center right")
    return figure


# --- the learner's layer in a transformer ----------------------------------------------------------------------------

@figures.picture
def window_stays_small(decode_layer: Callable, kv_cache_bytes: Callable) -> Figure:
    """Bytes that one layer keeps as the text grows, with windows and without: counted in what `decode_layer` returns."""
    K, E, D, T = 2, 8, 16, 96
    g = torch.Generator().manual_seed(0)
    weights = {name: torch.randn(shape, generator=g) / 4
               for name, shape in {"q": (4 * E, D), "k": (K * E, D), "v": (K * E, D), "out": (D, 4 * E)}.items()}
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for window, color in zip([None, 48, 16], figures.PALETTE):
        cache, kept = (torch.zeros(K, 0, E), torch.zeros(K, 0, E)), []
        for pos in range(T):
            _, cache = decode_layer(torch.randn(D, generator=g), pos, weights, cache, 10000.0, window)
            kept.append(sum(x.numel() * x.element_size() for x in cache))
        ax.plot(range(1, T + 1), kept, color=color, label="all tokens" if window is None else f"window {window}")
        ax.plot(T, kv_cache_bytes(1, K, E, T, 1, 4, window), "o", color=color)
    ax.set(xlabel="tokens of text", ylabel="bytes in one layer", title="What your layer keeps (dots: your kv_cache_bytes)")
    ax.legend()
    return figure


@torch.no_grad()
@one_thread()
def seconds_by_context(model: Transformer, tokenizer, cached: Callable, contexts: tuple[int, ...] = (64, 128, 256, 512, 1024),
                       steps: int = 6) -> dict[int, tuple[float, float]]:
    """Seconds for one more token after each context, recomputed and cached, as a picture and a table; {context: both}.

    cached: (ids, pos, mask, cache) -> (logits, cache) for one token at a time, over a cache that the model itself prefills
    """
    text = torch.tensor([tokenizer.encode(help_texts()[:20_000])[:max(contexts)]])
    taken = {}
    for n in contexts:
        start = time.perf_counter()
        hidden, cache = model.body(text[:, :n])  # what a model without a cache does for every token
        new = model.head(hidden[:, -1:]).argmax(-1)
        prefilled = time.perf_counter()
        for _ in range(steps):
            logits, cache = cached(new, None, None, cache)
            new = logits.argmax(-1)
        taken[n] = prefilled - start, (time.perf_counter() - prefilled) / steps
    figure, ax = figures.subplots(figsize=(7, 3))
    for i, (label, color) in enumerate([("recomputed", figures.WRONG), ("from your cache", figures.KEPT)]):
        ax.loglog(contexts, [taken[n][i] for n in contexts], "o-", color=color, label=label)
    ax.set(xlabel="tokens of context", ylabel="seconds for the next token", title="SmolLM2 on one thread, measured here")
    ax.set_xticks(contexts, [str(n) for n in contexts])
    shown = [t for t in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30) if ax.get_ylim()[0] <= t <= ax.get_ylim()[1]]
    ax.set_yticks(shown, [str(t) for t in shown])
    ax.minorticks_off()
    ax.legend()
    figures.show(figure)
    print("context   recomputed   cached   cache")
    for n, (slow, fast) in taken.items():
        size = n * sum(2 * k.shape[1] * k.shape[3] * k.element_size() for k, _ in cache) / 2 ** 20
        print(f"{n:7}   {slow:8.2f} s   {fast:.2f} s  {size:5.1f} MiB")
    return taken


# --- the widget ------------------------------------------------------------------------------------------------------

FORMATS = {"BF16 (2 bytes)": 2, "FP8 (1 byte)": 1}


@figures.widget
def widget(kv_cache_bytes: Callable[..., int]) -> ipywidgets.Widget:
    """Model, context, batch, formats and GPUs against the memory that weights and cache take.

    kv_cache_bytes(layers, n_kv, head_dim, seq, batch, bytes, window, mla) is the learner's own.
    """
    return figures.board({
        "model": ipywidgets.Dropdown(options=list(MODELS), value="Llama-3-70B", description="Model"),
        "context": ipywidgets.SelectionSlider(options=[(f"{2 ** i:,}", 2 ** i) for i in range(10, 21)], value=2 ** 17,
                                              description="Context"),
        "batch": ipywidgets.SelectionSlider(options=[1, 2, 4, 8, 16, 32, 64], value=1, description="Batch"),
        "cache": ipywidgets.ToggleButtons(options=FORMATS, description="Cache"),
        "weights": ipywidgets.ToggleButtons(options=FORMATS, description="Weights"),
        "gpu": ipywidgets.Dropdown(options=list(GPUS), value="H100 80 GB", description="GPU"),
        "count": ipywidgets.SelectionSlider(options=[1, 2, 4, 8, 16], value=8, description="How many"),
    }, lambda **at: memory(kv_cache_bytes, **at))


def memory(kv_cache_bytes: Callable[..., int], model: str, context: int, batch: int, cache: int, weights: int, gpu: str,
           count: int) -> tuple[Figure, str]:
    """Weights and cache as one bar against the GPUs' memory, and a sentence of HTML. Sizes in bytes per element."""
    m, g = MODELS[model], GPUS[gpu]
    kept = sum(kv_cache_bytes(layers, m.kv_heads, m.head_dim, context, batch, cache, window, m.mla)
               for layers, window in m.groups)
    held, room = m.weight_bytes(weights), g.memory * count
    figure, ax = figures.subplots(figsize=(8, 2.4))
    ax.barh([0], [held / 1e9], color=figures.PALETTE[2], label=f"weights {held / 1e9:,.1f} GB")
    ax.barh([0], [kept / 1e9], left=[held / 1e9], color=figures.PALETTE[0], label=f"cache {kept / 1e9:,.2f} GB")
    ax.axvline(room / 1e9, color=figures.WRONG, label=f"{count} × {gpu}: {room / 1e9:,.0f} GB")
    ax.set(yticks=[], xlabel="GB", xlim=(0, 1.15 * max(held + kept, room) / 1e9))
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    free = room - held - kept
    verdict = f"Fits, {free / 1e9:,.1f} GB to spare" if free >= 0 else f"<b>Does not fit</b>: {-free / 1e9:,.1f} GB short"
    step = (held + kept) / (g.bandwidth * count)
    return figure, (f"{verdict} (activations not counted). Cache: {kept / context / batch:,.0f} bytes per token "
                    f"of context. Reading weights and cache once takes at least {1e3 * step:.1f} ms; "
                    "a mixture of experts reads only part of its weights.")
