"""Section 12: schedules, blocks, rooflines, an engine at work; waiting times by load; SmolLM2 with a paged memory."""

import time
from collections.abc import Callable

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure

from .. import figures
from ..models.language import one_thread
from ..models.sizes import GPUS, MODELS
from ..models.transformer import Transformer

LENGTHS = [7, 2, 3, 2, 5, 1, 4, 2]  # of the eight requests in the first pictures
SPREADS = ("constant", "uniform", "exponential", "lognormal")


def lengths_of(spread: str, n: int, rng: np.random.Generator, mean: int = 100) -> list[int]:
    """Answer lengths of about this mean, at least 1."""
    x = {"constant": lambda: np.full(n, mean), "uniform": lambda: rng.uniform(1, 2 * mean, n),
         "exponential": lambda: rng.exponential(mean, n),
         "lognormal": lambda: rng.lognormal(np.log(mean) - 0.5 * 1.2**2, 1.2, n)}[spread]()
    return np.maximum(np.round(x), 1).astype(int).tolist()


# --- pictures: batching ----------------------------------------------------------------------------------------------

def schedule(lengths: list[int], slots: int, continuous: bool) -> list[tuple[int, int, int]]:
    """(slot, start, end) of each request, all there at time 0."""
    free, placed = [0] * slots, []
    for first in range(0, len(lengths), slots):
        for i in range(first, min(first + slots, len(lengths))):
            slot = min(range(slots), key=free.__getitem__) if continuous else i - first
            placed.append((slot, free[slot], free[slot] + lengths[i]))
            free[slot] += lengths[i]
        if not continuous:
            free = [max(free)] * slots
    return placed


@figures.picture
def two_schedules() -> Figure:
    """Eight requests on three slots, in both ways."""
    figure, axes = figures.subplots(1, 2, figsize=(8, 2.4), sharey=True, sharex=True)
    for ax, continuous in zip(axes, (False, True)):
        placed = schedule(LENGTHS, 3, continuous)
        for i, (slot, start, end) in enumerate(placed):
            ax.barh(slot, end - start, left=start, color=figures.PALETTE[i % 6], height=0.8)
            ax.text((start + end) / 2, slot, str(i), color="white", ha="center", va="center")
        last = max(end for *_, end in placed)
        ax.axvline(last, color=figures.WRONG, lw=1.5)
        ax.set(title=f"{'continuous' if continuous else 'static'}: all have ended after {last} steps", xlabel="step",
               yticks=range(3), xticks=range(0, 17, 4))
        ax.grid(False)
    axes[0].set_ylabel("slot")
    return figure


@figures.picture
def slots_in_use(simulate_static: Callable, simulate_continuous: Callable) -> Figure:
    """How many times as fast continuous batching is, by the spread of answer lengths and the number of slots."""
    slots, rng = (2, 8, 32, 128), np.random.default_rng(0)
    figure, ax = figures.subplots(figsize=(7, 3))
    for spread, color in zip(SPREADS, figures.PALETTE):
        lengths = lengths_of(spread, 2048, rng)
        gain = [simulate_static(lengths, s)[0] / simulate_continuous(lengths, s)[0] for s in slots]
        ax.plot(slots, gain, "o-", color=color, label=f"{spread}: {gain[-2]:.1f} at 32 slots")
    ax.set(xscale="log", xticks=slots, xticklabels=slots, xlabel="slots", ylabel="static time / continuous time",
           title="2,048 requests, 100 tokens on average (your simulations)")
    ax.legend()
    return figure


@figures.picture
def goodput_against_throughput(simulate_continuous: Callable, latency_metrics: Callable) -> Figure:
    """Throughput and goodput by the number of slots, where a step takes 20 ms and 1 ms more for each slot."""
    rng, slots = np.random.default_rng(1), (4, 8, 16, 32, 64, 128, 256)
    n, limits = 3000, (2.0, 0.1)
    lengths, seconds = lengths_of("uniform", n, rng), np.cumsum(rng.exponential(1 / 6, n))
    throughput, goodput = [], []
    for s in slots:
        step = 0.02 + 0.001 * s
        arrivals = np.ceil(seconds / step).astype(int)
        _, latency = simulate_continuous(lengths, s, arrivals.tolist())
        end = (arrivals + latency) * step
        table = latency_metrics(seconds, end - (np.array(lengths) - 1) * step, end, lengths, limits)
        throughput.append(table["throughput"])
        goodput.append(table["goodput"])
    figure, ax = figures.subplots(figsize=(7, 3))
    ax.plot(slots, np.array(throughput) / max(throughput), "o-", label=f"throughput, at most {max(throughput):.0f} tokens/s")
    ax.plot(slots, np.array(goodput) / max(goodput), "o-", label=f"goodput, at most {max(goodput):.1f} requests/s")
    ax.set(xscale="log", xticks=slots, xticklabels=slots, xlabel="slots", ylabel="share of the best", ylim=(-0.05, 1.4),
           title="6 requests a second; limits: TTFT 2 s, TPOT 0.1 s (your metrics)")
    ax.legend()
    return figure


# --- pictures: blocks ------------------------------------------------------------------------------------------------

@figures.picture
def block_tables() -> Figure:
    """Two sequences in a memory of ten blocks."""
    figure, ax = figures.subplots(figsize=(7, 2.2))
    tables = {"A": ([7, 2, 4], 10), "B": ([1, 8], 5)}
    ax.barh([0] * 10, [0.94] * 10, left=np.arange(10) + 0.03, color="none", edgecolor=figures.INK, height=0.7)
    for (name, (table, n)), color in zip(tables.items(), figures.PALETTE):
        for i in range(n):
            block, offset = table[i // 4], i % 4
            ax.barh(0, 0.2, left=block + 0.06 + 0.22 * offset, color=color, height=0.6)
            ax.text(block + 0.16 + 0.22 * offset, 0, str(i), color="white", ha="center", va="center", fontsize=8)
        ax.text(5, 0.75 if name == "A" else -0.75, f"{name}: {n} tokens, block table {table}", color=color, ha="center",
                va="center")
    ax.set(xticks=np.arange(10) + 0.5, xticklabels=range(10), yticks=[], xlabel="block (4 tokens each)", ylim=(-1, 1),
           xlim=(0, 10), title="Token t stands in block table[t // 4], at offset t % 4")
    ax.grid(False)
    return figure


@figures.picture
def memory_map(allocator_class: Callable) -> Figure:
    """Who holds which block: eight answers to one prompt of 26 tokens, in blocks of 4, as they grow."""
    allocator, shared, alone, copied = allocator_class(120, 4), [], [], 0
    allocator.alloc("prompt", 26)
    for child in range(7):
        allocator.fork("prompt", child)
    names = ["prompt", *range(7)]
    for n in range(24):
        shared.append(120 - allocator.free_blocks())
        alone.append(8 * -(-(26 + n) // 4))
        copied += sum(allocator.append(name)[2] is not None for name in names)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.plot(alone, color=figures.WRONG, label="each with blocks of its own")
    ax.plot(shared, color=figures.KEPT, label=f"your allocator: {copied} blocks copied in all")
    ax.set(xlabel="tokens of each of eight answers", ylabel="blocks held", ylim=(0, None),
           title="Eight answers to one prompt of 26 tokens, blocks of 4")
    ax.legend()
    return figure


@figures.picture
def prompt_order(prefix_cache_hits: Callable) -> Figure:
    """The share of prompt tokens that a prefix cache saves, by where the changing part stands."""
    rng = np.random.default_rng(0)
    system = rng.integers(0, 1000, 256).tolist()
    orders: dict[str, list[list[int]]] = {
        "system, then conversation, time last": [], "system, then time, then conversation": [], "time first": []}
    said = rng.integers(0, 1000, (6, 400)).tolist()  # what six people and the model say to each other, 40 tokens a turn
    for i in range(60):
        user, now = said[i % 6][:40 * (i // 6 + 1)], [2000 + i]
        orders["system, then time, then conversation"].append(system + now + user)
        orders["system, then conversation, time last"].append(system + user + now)
        orders["time first"].append(now + system + user)
    saved = {name: sum(prefix_cache_hits(r, 16)) / sum(map(len, r)) for name, r in orders.items()}
    figure, ax = figures.subplots(figsize=(7, 2.2))
    bars = ax.barh(list(saved), list(saved.values()), color=[figures.KEPT, figures.CUT, figures.WRONG])
    ax.bar_label(bars, [f"{x:.0%}" for x in saved.values()], padding=4, color=figures.INK)
    ax.set(xlim=(0, 1.1), xlabel="share of prompt tokens out of the cache (yours)",
           title="Six conversations, ten turns each")
    ax.invert_yaxis()
    return figure


@figures.picture
def roofline(roofline_decode: Callable) -> Figure:
    """Tokens per second of Llama-3-8B on an H100 by batch and context."""
    model, gpu = MODELS["Llama-3-8B"], GPUS["H100 80 GB"]
    batches = np.unique(np.round(np.logspace(0, np.log10(1500), 60)).astype(int))
    figure, ax = figures.subplots(figsize=(7, 3.2))
    for context, color in zip((0, 200, 1000, 8000), figures.PALETTE):
        cache = model.cache_bytes(context)
        fits = [b for b in batches if model.weight_bytes() + b * cache <= gpu.memory]
        points = [roofline_decode(int(b), model.params, 2, cache, gpu.bandwidth, 989e12) for b in fits]
        ax.plot(fits, [rate for rate, _ in points], color=color, label=f"{context:,} tokens of cache each")
    ax.set(xscale="log", yscale="log", xlabel="batch", ylabel="tokens per second, at most",
           title="Llama-3-8B, BF16, one H100 (your roofline)")
    for axis, ticks in ((ax.xaxis, (1, 10, 100, 1000)), (ax.yaxis, (300, 1000, 3000, 10_000, 30_000))):
        axis.set_ticks(ticks, [f"{tick:,}" for tick in ticks])
        axis.set_ticks([], minor=True)
    ax.legend()
    return figure


@figures.picture
def timeline(engine_class: Callable, toy_model: Callable) -> Figure:
    """Ten requests through the learner's engine, with much memory and with little."""
    figure, axes = figures.subplots(1, 2, figsize=(8, 3), sharey=True, sharex=True)
    for ax, blocks in zip(axes, (60, 11)):
        rng, engine, came, made, step = np.random.default_rng(3), engine_class(toy_model(4), blocks, 4, slots=4), {}, {}, 0
        todo = [(int(t), rng.integers(0, 90, 6).tolist(), int(rng.integers(4, 13))) for t in np.sort(rng.integers(0, 9, 10))]
        while step < 200 and (todo or engine.busy()):
            while todo and todo[0][0] <= step:
                _, prompt, n = todo.pop(0)
                came[engine.submit(prompt, n)] = step
            for name, _ in engine.step():
                made.setdefault(name, []).append(step)
            step += 1
        for row, (name, start) in enumerate(came.items()):
            waited = [t for t in range(start, max(made[name])) if t not in made[name]]
            ax.plot(waited, [row] * len(waited), ".", color=figures.CUT, ms=3)
            ax.plot(made[name], [row] * len(made[name]), "s", color=figures.KEPT, ms=4)
        ax.set(title=f"{blocks} blocks of 4 tokens, 4 slots", xlabel="step", yticks=range(10))
    axes[0].set_ylabel("request")
    axes[0].invert_yaxis()
    return figure


# --- the experiment: what warns you? ---------------------------------------------------------------------------------

LOADS = (0.5, 0.7, 0.8, 0.9, 0.95)


@figures.experiment
def waits_by_load(waits: Callable, prediction: str | None = None, seeds: int = 5, mean: int = 50) -> dict[str, list[float]]:
    """p99 wait, in mean answer times, and the share of slots in use at each load, over several runs of traffic.

    Returns {"p99": mean over the runs for each load, "use": likewise, "ratios": p99 at 0.95 over p99 at 0.7 in each run}.
    """
    p99, use = np.zeros((2, len(LOADS), seeds))
    for i, load in enumerate(LOADS):
        for seed in range(seeds):
            steps, use[i, seed] = waits(load, seed)
            p99[i, seed] = np.percentile(steps, 99) / mean
    half = 2.776 * p99.std(1, ddof=1) / seeds ** 0.5  # 95 %, by Student's t with four degrees of freedom
    figure, ax = figures.subplots(figsize=(7, 3))
    ax.errorbar(LOADS, p99.mean(1), half, fmt="o-", color=figures.WRONG, label="p99 wait, in mean answer times", capsize=3)
    ax.plot(LOADS, use.mean(1), "o-", color=figures.KEPT, label="share of slots in use")
    ax.set(xlabel="load", ylim=(0, None), title="16 slots, Poisson arrivals, geometric lengths")
    ax.legend()
    figures.show(figure)
    print(f"{'load':>6}{'slots in use':>16}{'p99 wait / mean answer':>28}")
    for load, u, w, h in zip(LOADS, use.mean(1), p99.mean(1), half):
        print(f"{load:6.2f}{u:16.3f}{w:20.2f} ± {h:.2f}")
    ratio = p99.mean(1)[-1] / p99.mean(1)[1]
    if prediction:
        print(f"\nfrom 0.70 to 0.95: slots in use {use.mean(1)[-1] / use.mean(1)[1]:.2f}-fold, p99 wait {ratio:.1f}-fold; "
              f"your prediction: {prediction}")
    return {"p99": p99.mean(1).tolist(), "use": use.mean(1).tolist(), "ratios": (p99[-1] / p99[1]).tolist()}


# --- SmolLM2 with a paged memory -------------------------------------------------------------------------------------

def paged(model: Transformer, num_blocks: int, block_size: int, paged_gather: Callable,
          count: list[int] | None = None) -> Callable:
    """A transformer as the engine wants it, (rows, copies) -> one greedy token for each row, its cache in blocks.

    Rows of one new token and longer ones run apart, so that nobody is padded to a prompt. `count` notes tokens computed.
    """
    c = model.config
    memory = torch.zeros(2 * c.layers, num_blocks, block_size, c.kv_heads, c.head_dim, dtype=model.embed.weight.dtype)

    def model_of(rows, copies=()):
        for old, new in copies:
            memory[:, new] = memory[:, old]
        tokens: dict[int, int] = {}
        for short in (True, False):
            part = [i for i, (ids, _, _) in enumerate(rows) if (len(ids) == 1) == short]
            if part:
                tokens |= dict(zip(part, run([rows[i] for i in part])))
        return [tokens[i] for i in range(len(rows))]

    @one_thread()
    @torch.no_grad()
    def run(rows):
        T = max(len(ids) for ids, _, _ in rows)
        ids = torch.tensor([[*ids, *[0] * (T - len(ids))] for ids, _, _ in rows])  # filled up on the right, where nobody looks
        past, wide = torch.tensor([p for _, _, p in rows]), max(len(table) for _, table, _ in rows)
        tables = torch.tensor([[*table, *[-1] * (wide - len(table))] for _, table, _ in rows])
        cache, seen = None, torch.zeros(len(rows), 0, dtype=torch.bool)
        if past.max() > 0:
            parts = [paged_gather(layer, tables, past) for layer in memory]
            seen = parts[0][1]
            cache = [tuple(x.transpose(1, 2) for x, _ in parts[i:i + 2]) for i in range(0, len(parts), 2)]
        mask = torch.cat([seen, torch.ones(len(rows), T, dtype=torch.bool)], 1)
        hidden, new = model.body(ids, past[:, None] + torch.arange(T), mask, cache)
        for b, (own, table, start) in enumerate(rows):
            at = torch.arange(start, start + len(own))
            block, offset = torch.tensor(table)[at // block_size], at % block_size
            for i, pair in enumerate(new):
                for j, x in enumerate(pair):
                    memory[2 * i + j, block, offset] = x[b, :, x.shape[2] - T:x.shape[2] - T + len(own)].transpose(0, 1)
        if count is not None:
            count.append(sum(len(own) for own, _, _ in rows))
        last = torch.stack([hidden[b, len(own) - 1] for b, (own, _, _) in enumerate(rows)])
        return model.head(last).float().argmax(-1).tolist()

    return model_of


def one_by_one_and_together(engine_class: Callable, paged_gather: Callable, latency_metrics: Callable, model: Transformer,
                            prompts: list[list[int]], max_new: int) -> list[list[int]]:
    """Serves the prompts with one slot, then with a slot for each; prints both tables, returns the texts of the second."""
    both, blocks = {}, sum(-(-(len(p) + max_new) // 16) for p in prompts)
    for name, slots in (("one slot", 1), (f"{len(prompts)} slots", len(prompts))):
        count: list[int] = []
        engine = engine_class(paged(model, blocks, 16, paged_gather, count), blocks, 16, slots)
        start = time.perf_counter()
        ids = [engine.submit(prompt, max_new) for prompt in prompts]
        texts, when = {i: [] for i in ids}, {i: [] for i in ids}
        while engine.busy():
            made = engine.step()
            now = time.perf_counter() - start
            for i, token in made:
                texts[i].append(token)
                when[i].append(now)
        table = latency_metrics([0.0] * len(ids), [when[i][0] for i in ids], [when[i][-1] for i in ids],
                                [len(texts[i]) for i in ids], (3.0, 1.0))
        computed, asked = sum(count), sum(map(len, prompts)) + len(prompts) * (max_new - 1)
        both[name] = [texts[i] for i in ids], table, computed, asked - computed
    print(f"{'':24}" + "".join(f"{name:>12}" for name in both))
    for label, key, size in [("TTFT p50, s", "ttft_p50", 1), ("TTFT p99, s", "ttft_p99", 1), ("TPOT p50, ms", "tpot_p50", 1e3),
                             ("throughput, tokens/s", "throughput", 1), ("goodput, requests/s", "goodput", 1)]:
        print(f"{label:24}" + "".join(f"{table[key] * size:12.2f}" for _, table, _, _ in both.values()))
    print(f"{'tokens computed':24}" + "".join(f"{n:12}" for _, _, n, _ in both.values()))
    print(f"{'tokens shared':24}" + "".join(f"{n:12}" for _, _, _, n in both.values()))
    (first, *_), (second, *_) = both.values()
    print("the same texts both ways:", first == second)
    return second


# --- the board -------------------------------------------------------------------------------------------------------

@figures.widget
def widget(simulate_static: Callable, simulate_continuous: Callable) -> ipywidgets.Widget:
    """Arrival rate, slots and spread of lengths against waiting and running requests."""
    def draw(rate: float, slots: int, spread: str) -> tuple[Figure, str]:
        rng, n = np.random.default_rng(0), 300
        lengths = lengths_of(spread, n, rng, mean=50)
        arrivals = np.cumsum(rng.exponential(1 / rate, n)).astype(int).tolist()
        figure, ax = figures.subplots(figsize=(7, 3))
        words = []
        ways = [("static", simulate_static, figures.WRONG), ("continuous", simulate_continuous, figures.KEPT)]
        for name, simulate, color in ways:
            makespan, latency = simulate(lengths, slots, arrivals)
            inside = np.zeros(makespan + 1)
            for a, x in zip(arrivals, latency):
                inside[a:a + x] += 1
            ax.plot(inside, color=color, label=f"{name}: requests in the system")
            words.append(f"{name}: {sum(lengths) / makespan:.1f} tokens a step, mean latency {np.mean(latency):.0f} steps")
        ax.axhline(slots, color=figures.INK, ls="--", lw=1)
        ax.set(xlabel="step", ylabel="requests", ylim=(0, None), title="Above the dashed line requests wait")
        ax.legend()
        return figure, "<br>".join(words) + f"<br>load: {rate * np.mean(lengths) / slots:.2f} of the slots"
    return figures.board({
        "rate": ipywidgets.FloatSlider(0.15, min=0.02, max=0.6, step=0.02, description="arrivals a step", readout_format=".2f"),
        "slots": ipywidgets.IntSlider(8, min=1, max=32, description="slots"),
        "spread": ipywidgets.Dropdown(options=SPREADS, value="exponential", description="lengths")}, draw)
