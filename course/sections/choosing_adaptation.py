"""Section 08: what each way to adapt costs, who is right over four weeks, and a soft prompt beside a LoRA on a real model."""

import math
import time
from collections.abc import Callable, Mapping

import ipywidgets
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import StrMethodFormatter
from torch import Tensor

from .. import figures
from ..models.language import one_thread
from ..models.shapes import Shape
from ..models.transformer import Transformer, causal
from .lora import tone_examples

LLAMA_8B, LLAMA_70B = 8_030_261_248, 70_553_706_496  # parameters: course/models/sizes.py
LORA_7B, LORA_8B, LORA_70B = 39_976_960, 41_943_040, 207_093_760  # r = 16 on all seven matrices: section 04 counts them
A100 = 312e12
ONCE = 75.0  # dollars of a fine-tune in the pictures

# --- pictures: proposals, virtual tokens -----------------------------------------------------------------------------

COUNTS = (10, 100, 1000, 10_000, 100_000, 1_000_000)


@figures.picture
def proposals(choose_methods: Callable) -> Figure:
    """What is proposed by money and examples, for facts beyond the room and a domain's style."""
    figure, ax = figures.subplots(figsize=(8, 2.6))
    colors = {"soft prompt": figures.PALETTE[4], "lora": figures.KEPT, "full": figures.WRONG}
    for y, budget in enumerate(("low", "medium", "high")):
        for x, examples in enumerate(COUNTS):
            case = {"fact_tokens": 9000, "room": 2000, "style": "domain", "examples": examples, "budget": budget,
                    "hardware": True}
            chosen = choose_methods(case)
            tuned = next((name for name in colors if name in chosen), None)
            ax.add_patch(field(x, y, colors.get(tuned or "", figures.CUT)))
            words = [w for w in ("rag", tuned) if w and w in chosen]
            ax.text(x, y, "prompt\n+ " + "\n+ ".join(words) if words else "prompt", ha="center", va="center",
                    fontsize=8)
    ax.set(xlim=(-0.5, 5.5), ylim=(-0.5, 2.5), xlabel="training examples", ylabel="budget",
           title="9,000 tokens of facts, room for 2,000")
    ax.set_xticks(range(6), [f"{n:,}" for n in COUNTS])
    ax.set_yticks(range(3), ["low", "medium", "high"])
    ax.grid(False)
    return figure


def field(x: float, y: float, color: str):
    """A field of the table of proposals."""
    return Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=color, alpha=0.16, edgecolor=color)


@figures.picture
def virtual_tokens(soft_params: Callable, shape: Shape, n: int = 20, hidden: int = 512) -> Figure:
    """Trained and stored numbers of the four methods, and bytes of cache by n."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8), width_ratios=[3, 2])
    found = {method: soft_params(method, shape, n, hidden) for method in ("prompt", "p-tuning", "prefix",
                                                                          "prefix-mlp")}
    names = [*found, "LoRA, r = 16"]
    trained = [*(f["trained"] for f in found.values()), LORA_7B]
    stored = [*(f["stored"] for f in found.values()), LORA_7B]
    left.barh(names, trained, color=figures.CUT)
    left.barh(names, stored, color=figures.KEPT)
    for y, (all_of_it, kept) in enumerate(zip(trained, stored)):
        left.text(all_of_it * 1.3, y, f"{all_of_it:,}" + (f"\nkept {kept:,}" if kept < all_of_it else ""),
                  va="center", fontsize=8)
    left.set(xscale="log", xlim=(1e4, 2e10), xlabel="numbers (log scale)",
             title=f"Llama-2-7B, n = {n}, network of {hidden}")
    left.invert_yaxis()
    counts = [1, 5, 10, 20, 50, 100, 200]
    right.plot(counts, [soft_params("prefix", shape, k)["cache"] / 1e6 for k in counts], "o-",
               color=figures.WRONG, ms=4)
    right.set(xlabel="virtual tokens n", ylabel="MB of cache a sequence", ylim=(0, None), title="At use")
    return figure


# --- pictures: training ----------------------------------------------------------------------------------------------

@figures.picture
def equal_tokens(train_flop: Callable, train_cost: Callable, tokens: int = 40_000_000) -> Figure:
    """Dollars for equal tokens, and tokens for the guide's dollars."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.4))
    per_token = {"LoRA": train_flop(LLAMA_70B, 80, 1, 1, "adapters"), "all weights": train_flop(LLAMA_70B, 80, 1)}
    dollars = {name: train_cost(flop * tokens, 8, A100, 0.4, 2.0)[1] for name, flop in per_token.items()}
    bars = left.barh(list(dollars), list(dollars.values()), color=[figures.KEPT, figures.WRONG])
    left.bar_label(bars, [f"{d:.0f}" for d in dollars.values()], padding=4, color=figures.INK)
    left.set(xlabel="dollars", xlim=(0, 100), title=f"{tokens / 1e6:.0f} million tokens, 70B")
    for y, (name, (low, high)) in enumerate({"LoRA": (50, 100), "all weights": (5000, 10_000)}.items()):
        one = train_cost(per_token[name], 8, A100, 0.4, 2.0)[1]
        right.plot([low / one, high / one], [y, y], lw=8, solid_capstyle="butt",
                   color=[figures.KEPT, figures.WRONG][y])
        right.text(high / one * 1.5, y, f"{low / one / 1e6:,.0f} to {high / one / 1e6:,.0f} million", va="center",
                   fontsize=9)
    right.set(xscale="log", xlim=(1e7, 3e12), ylim=(-0.6, 1.6), xlabel="tokens (log scale)",
              title="What the guide's dollars buy")
    right.set_yticks([0, 1], ["LoRA, 50–100", "all, 5,000–10,000"])
    return figure


WAYS = {"all weights": {}, "LoRA": {"base": "bf16"}, "LoRA on NF4": {"base": "nf4"}}


@figures.picture
def what_fits(train_memory: Callable, largest_model: Callable) -> Figure:
    """Memory by parts of two models under three ways, and the largest model for each card."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3), width_ratios=[3, 2])
    rows = [(f"{size}, {way}", train_memory(params, None if way == "all weights" else adapters, **how))
            for size, params, adapters in [("8B", LLAMA_8B, LORA_8B), ("70B", LLAMA_70B, LORA_70B)] for way,
            how in WAYS.items()]
    edge = [0.0] * len(rows)
    for part, color in zip(("base", "weights", "gradients", "states"), figures.PALETTE):
        sizes = [found[part] / 1e9 for _, found in rows]
        left.barh([name for name, _ in rows], sizes, left=edge, color=color, label=part)
        edge = [a + b for a, b in zip(edge, sizes)]
    for y, total in enumerate(edge):
        left.text(total + 15, y, f"{total:,.1f} GB", va="center", fontsize=8)
    left.set(xlabel="GB, without activations", xlim=(0, 1500))
    left.invert_yaxis()
    left.legend(fontsize=8, loc="upper right")
    cards = (16, 24, 48, 80)
    for i, (way, how) in enumerate(WAYS.items()):
        fits = [largest_model(card * 10**9, None if way == "all weights" else 40_000_000, activations=4 * 10**9,
                              **how) / 1e9 for card in cards]
        right.semilogy(cards, fits, "o-", color=figures.PALETTE[i], label=way, ms=4)
        right.text(82, fits[-1], f"{fits[-1]:.1f}", va="center", fontsize=8)
    right.set(xlabel="memory of the card, GB", ylabel="billion parameters", xlim=(10, 95))
    right.set_xticks(cards, [str(c) for c in cards])
    right.legend(fontsize=8, loc="lower right")
    return figure


# --- pictures: break-even --------------------------------------------------------------------------------------------

def replaced(query_cost: Callable, breakeven_queries: Callable, prices: Mapping, prefix: int,
             hit: float) -> float:
    """From how many queries on a fine-tune pays that cuts a prefix to 200 tokens."""
    plan = {"prefix": prefix, "hit": hit, "fresh": 300, "output": 300, "extra": 0.0}
    return breakeven_queries(0.0, query_cost(plan, prices), ONCE, query_cost(plan | {"prefix": 200}, prices))


@figures.picture
def cached_breakeven(query_cost: Callable, breakeven_queries: Callable, prices: Mapping) -> Figure:
    """The break-even of a fine-tune against how often the prefix is in the cache."""
    figure, ax = figures.subplots(figsize=(7, 2.8))
    hits = [i / 20 for i in range(21)]
    for prefix, color in zip((1100, 3000, 10_000), figures.PALETTE):
        ax.semilogy([100 * h for h in hits], [replaced(query_cost, breakeven_queries, prices, prefix,
                                                       h) for h in hits],
                    color=color, label=f"{prefix:,} tokens")
    ax.set(xlabel="queries that hit the cache, %", ylabel="break-even, queries",
           title=f"A fine-tune for {ONCE:.0f} dollars replaces a prefix")
    ax.legend(title="prefix of", fontsize=8)
    return figure


def five_plans(query_cost: Callable, prices: Mapping) -> dict[str, tuple[float, float]]:
    """(dollars a month, dollars a query) of five plans."""
    def each(prefix: int, passages: int) -> float:
        return query_cost({"prefix": prefix, "hit": 0.9, "fresh": 200 + passages, "output": 200, "extra": 0.0},
                          prices)
    return {"long prompt": (0.0, each(9000, 0)), "RAG": (60.0, each(1200, 1200)),
            "RAG, reranked": (150.0, each(1200, 500)),
            "LoRA, shared": (500.0, each(200, 0)), "LoRA, own GPU": (1440.0, 0.0004)}


@figures.picture
def lower_envelope(query_cost: Callable, cheapest_by_volume: Callable, prices: Mapping) -> Figure:
    """The lines of five plans and the lowest of them."""
    plans = five_plans(query_cost, prices)
    path = cheapest_by_volume(plans)
    figure, ax = figures.subplots(figsize=(8, 3))
    top = 600_000
    colors = dict(zip(plans, figures.PALETTE))
    for name, (once, each) in plans.items():
        ax.plot([0, top], [once, once + each * top], color=colors[name], label=name)
    for (start, name), (end, _) in zip(path, [*path[1:], (top, "")]):
        ax.axvspan(start, end, color=colors[name], alpha=0.13, lw=0)
    a, b = plans["RAG"], plans["long prompt"]
    ax.axvline((a[0] - b[0]) / (b[1] - a[1]), color=figures.INK, ls=":", lw=2)
    ax.set(xlabel="queries a month", ylabel="dollars a month", xlim=(0, top), ylim=(0, 3500))
    ax.set_xticks(range(0, top + 1, 100_000), [f"{x:,}" for x in range(0, top + 1, 100_000)])
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    print("\n".join(f"from {start:9,.0f} queries a month: {name}" for start, name in path))
    return figure


@figures.picture
def refresh_curves(mean_fresh: Callable, best_refresh: Callable) -> Figure:
    """Dollars a day against the interval of refreshes, and the best one, at three paces of change."""
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for change, color in zip((0.002, 0.02, 0.1), figures.PALETTE):
        curve = [75 / r + 50 * (1 - mean_fresh(change, r)) for r in range(1, 91)]
        ax.semilogy(range(1, 91), curve, color=color, label=f"{100 * change:g} %")
        best = best_refresh(change, 75.0, 0.05, 1000, 90)
        ax.plot(best, curve[best - 1], "o", color=color)
        ax.annotate(f"{best}", (best, curve[best - 1]), xytext=(0, 5), textcoords="offset points", fontsize=9)
    ax.set(xlabel="days between refreshes, R", ylabel="dollars a day", xlim=(0, 91))
    ax.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
    ax.minorticks_off()
    ax.legend(title="facts that change a day", fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


# --- the whole: a support desk ---------------------------------------------------------------------------------------

CASE = {"needs": ["facts", "style"], "memory": 80 * 10**9, "change": 0.03, "floor": 0.85, "queries": 2000,
        "days": 90, "budget": 5000.0}


def desk_plans(query_cost: Callable, train_flop: Callable, train_cost: Callable, train_memory: Callable,
               prices: Mapping) -> dict[str, dict]:
    """Six plans for the support desk, an 8B model: 3 million tokens, three times; 300 dollars of people a training."""
    def each(prefix: int, passages: int) -> float:
        return query_cost({"prefix": prefix, "hit": 0.9, "fresh": 200 + passages, "output": 200,
                           "extra": 0.0005 if passages else 0.0}, prices)

    def training(trained: str) -> float:
        return 300 + train_cost(train_flop(LLAMA_8B, 32, 3_000_000, 3, trained), 1, A100, 0.4, 2.0)[1]
    lora, full = sum(train_memory(LLAMA_8B, LORA_8B).values()), sum(train_memory(LLAMA_8B).values())
    both = ["facts", "style"]
    index = {"daily": 1.0, "refresh": 2.0, "every": 1, "miss": 0.08}
    return {
        "RAG": {"gives": ["facts"], "memory": 0, "setup": 20.0, "per_query": each(300, 2000)} | index,
        "RAG, examples in the prompt": {"gives": both, "memory": 0, "setup": 20.0,
                                        "per_query": each(3000, 2000)} | index,
        "RAG and LoRA for the form": {"gives": both, "memory": lora, "setup": 20 + training("adapters"),
                                      "per_query": each(200, 2000)}
        | index | {"daily": 25.0},
        "LoRA on the facts, once": {"gives": both, "memory": lora, "setup": training("adapters"), "daily": 24.0,
                                    "refresh": 0.0, "every": None,
                                    "per_query": each(200, 0), "miss": 0.1},
        "LoRA on the facts, every 2 days": {"gives": both, "memory": lora, "setup": training("adapters"),
                                            "daily": 24.0,
                                            "refresh": training("adapters"), "every": 2,
                                            "per_query": each(200, 0), "miss": 0.1},
        "all weights, every 2 days": {"gives": both, "memory": full, "setup": training("all"), "daily": 48.0,
                                      "refresh": training("all"),
                                      "every": 2, "per_query": 0.0, "miss": 0.05},
    }


@figures.picture
def support_desk(recommend: Callable, query_cost: Callable, train_flop: Callable, train_cost: Callable,
                 train_memory: Callable,
                 prices: Mapping) -> Figure:
    """The written use case: all plans, their numbers, the reasons; and how the cost of what is left goes with the traffic."""
    plans = desk_plans(query_cost, train_flop, train_cost, train_memory, prices)
    found = recommend(CASE, plans)
    print(f"{'plan':33}{'GB':>6}{'dollars':>9}{'right':>7}  verdict")
    for name, plan in plans.items():
        flip = found["flips"].get(name)
        if name in found["rejected"]:
            verdict = f"fails: {found['rejected'][name]}"
        elif name == found["choice"]:
            verdict = "CHOSEN"
        else:
            verdict = "dearer at any traffic" if flip is None else f"equal at {flip:,.0f} a day"
        print(f"{name:33}{plan['memory'] / 1e9:6.1f}{found['cost'][name]:9,.0f}{found['share'][name]:7.1%}  {verdict}")
    figure, ax = figures.subplots(figsize=(8, 2.8))
    traffic = [0, 10_000, 20_000, 30_000, 40_000, 50_000]
    for name, color in zip((n for n in plans if n not in found["rejected"]), figures.PALETTE):
        ax.plot(traffic, [recommend(CASE | {"queries": max(q, 1e-9)}, plans)["cost"][name] / 1e3
                          for q in traffic], "o-", ms=3, color=color, label=name)
    ax.axvline(CASE["queries"], color=figures.CUT, ls="--")
    ax.axhline(CASE["budget"] / 1e3, color=figures.INK, ls=":")
    ax.set(xlabel="queries a day (dashed: today)", ylabel="thousand dollars in 90 days", ylim=(0, None))
    ax.set_xticks(traffic, [f"{q:,}" for q in traffic])
    ax.legend(fontsize=8)
    return figure


# --- the experiment: four weeks --------------------------------------------------------------------------------------

PLANS = {"index daily": (False, 1), "index weekly": (False, 7), "tuned weekly": (True, 7),
         "tuned once": (True, 28)}
FACTS, KEY, VALUES, CHANGE, NOISE = 300, 256, 12, 0.05, 3.5


def world(seed: int) -> tuple[Tensor, list[Tensor], Tensor]:
    """Keys, the values of each of 28 days, and the house's own names for the values."""
    g = torch.Generator().manual_seed(seed)
    keys, values = torch.randn(FACTS, KEY, generator=g), torch.randint(0, VALUES, (FACTS,), generator=g)
    days = [values]
    for _ in range(27):
        other = (values + torch.randint(1, VALUES, (FACTS,), generator=g)) % VALUES
        values = torch.where(torch.rand(FACTS, generator=g) < CHANGE, other, values)
        days.append(values)
    return keys, days, (torch.arange(VALUES) + 5) % VALUES


@one_thread()
def measured(index: Callable, fine_tune: Callable, seed: int) -> dict[str, tuple[list[float], list[float]]]:
    """(share right, share right in the house's form) of each day, by plan; the last: an index and a layer for the form."""
    keys, days, house = world(seed)
    g = torch.Generator().manual_seed(1000 + seed)
    form = fine_tune(torch.eye(VALUES), house)  # trained once
    rows: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in [*PLANS, "index daily + form tuned once"]}
    copies: dict[str, tuple[Callable, Callable]] = {}
    for day, now in enumerate(days):
        for name, (tuned, every) in PLANS.items():
            if day % every == 0:
                copies[name] = (fine_tune(keys, now),
                                fine_tune(keys, house[now])) if tuned else (index(keys, now),) * 2
        asked = keys + NOISE * torch.randn(FACTS, KEY, generator=g)
        for name, (tuned, _) in PLANS.items():
            for place, want, copy in zip(rows[name], (now, house[now]), copies[name]):
                place.append((copy(keys if tuned else asked) == want).double().mean().item())
        raw = copies["index daily"][0](asked)
        named = form(torch.eye(VALUES)[raw])
        rows["index daily + form tuned once"][0].append((raw == now).double().mean().item())
        rows["index daily + form tuned once"][1].append((named == house[now]).double().mean().item())
    return rows


@figures.experiment
def four_weeks(index: Callable, fine_tune: Callable, mean_fresh: Callable, prediction: list[str] | None = None,
               seed: int = 0) -> dict[str, float]:
    """Four ways to know 300 facts of which 5 % change a night; {name: mean share of right answers}."""
    mean_fresh(0.1, 2)  # is it written?
    rows = measured(index, fine_tune, seed)
    figure, ax = figures.subplots(figsize=(8, 3))
    for (name, (_, every)), color in zip(PLANS.items(), figures.PALETTE):
        right = rows[name][0]
        ax.plot(range(28), right, "o", color=color, ms=3, label=name)
        first = sum(right[::every]) / len(right[::every])
        ax.plot(range(28), [first * mean_fresh(CHANGE, 1, day % every) for day in range(28)], color=color, lw=0.8)
    ax.set(xlabel="day", ylabel="share right", ylim=(0, 1.04))
    ax.legend(fontsize=8, loc="lower left")
    figures.show(figure)
    print(f"{'mean of 28 days':32}{'right':>8}{'right, in form':>17}")
    for name, (right, in_form) in rows.items():
        print(f"{name:32}{sum(right) / 28:8.1%}{sum(in_form) / 28:17.1%}")
    table = {name: sum(rows[name][0]) / 28 for name in PLANS}
    if prediction:
        print(f"\nbest first, measured: {', '.join(sorted(table, key=table.__getitem__, reverse=True))}"
              f"\n     your prediction: {', '.join(prediction)}")
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(query_cost: Callable, mean_fresh: Callable) -> ipywidgets.Widget:
    """Cost of 90 days and share of right facts: RAG against a fine-tune that is renewed now and then."""
    def draw(queries: int, passages: int, price: float, hit: float, training: float, every: int, change: float,
             miss: float) -> tuple[Figure, str]:
        prices = {"input": price, "cached": price / 10, "output": 4 * price}
        base = {"hit": hit, "output": 200, "extra": 0.0}
        rag = query_cost(base | {"prefix": 1500, "fresh": 200 + passages}, prices)
        tuned = query_cost(base | {"prefix": 200, "fresh": 200}, prices)
        trainings = math.ceil(90 / every)
        days = range(91)
        figure, (left, right) = figures.subplots(1, 2, figsize=(8, 2.7))
        left.plot(days, [rag * queries * d for d in days], color=figures.KEPT, label="RAG")
        left.plot(days, [training * (1 + max(d - 1, 0) // every) + tuned * queries * d for d in days],
                  color=figures.WRONG, label="fine-tune")
        left.set(xlabel="day", ylabel="dollars", ylim=(0, None))
        left.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        left.legend(fontsize=8)
        shares = {"RAG": (1 - miss) * mean_fresh(change, 1), "fine-tune": mean_fresh(change, min(every, 90))}
        bars = right.barh(list(shares), list(shares.values()), color=[figures.KEPT, figures.WRONG])
        right.bar_label(bars, [f"{s:.0%}" for s in shares.values()], padding=3, color=figures.INK)
        right.set(xlim=(0, 1.15), xlabel="right facts, mean")
        right.invert_yaxis()
        cost = {"RAG": rag * queries * 90, "fine-tune": training * trainings + tuned * queries * 90}
        return figure, (f"90 days: RAG <b>{cost['RAG']:,.0f}</b> dollars, fine-tune <b>{cost['fine-tune']:,.0f}</b> dollars in "
                        f"{trainings} training{'s' if trainings > 1 else ''}.")
    return figures.board({
        "queries": ipywidgets.SelectionSlider(options=[10, 100, 1000, 10_000, 100_000], value=1000,
                                              description="queries a day"),
        "passages": ipywidgets.SelectionSlider(options=[500, 1000, 2000, 5000, 20_000], value=2000,
                                               description="tokens found"),
        "price": ipywidgets.SelectionSlider(options=[0.1, 0.5, 2.0, 10.0], value=2.0, description="input, $ per M"),
        "hit": ipywidgets.FloatSlider(0.9, min=0, max=1, step=0.05, description="cache hits"),
        "training": ipywidgets.SelectionSlider(options=[5, 75, 300, 2000], value=300, description="a training, $"),
        "every": ipywidgets.SelectionSlider(options=[1, 2, 7, 14, 30, 90], value=30, description="renewed, days"),
        "change": ipywidgets.SelectionSlider(options=[0.0, 0.001, 0.01, 0.03, 0.1], value=0.01,
                                             description="change a day"),
        "miss": ipywidgets.FloatSlider(0.08, min=0, max=0.5, step=0.02, description="search misses"),
    }, draw)


# --- the real model: a soft prompt, and a LoRA with as many numbers --------------------------------------------------

VIRTUAL, STEPS, ROWS, HELD = 10, 10, 4, 12
INSTRUCTION = "Answer like an old pirate, in one short sentence."


def turned(model: Transformer, pos: Tensor) -> Tensor:
    """The rotary turns at these positions (B, S)."""
    return torch.polar(torch.tensor(model.attention_factor), pos[..., None].float() * model.inv_freq)[:, None]


def through(model: Transformer, x: Tensor, pos: Tensor, mask: Tensor, first: int = 0,
            last: int | None = None) -> Tensor:
    """Vectors through some of the blocks."""
    turn, see = turned(model, pos), causal(x.shape[1], x.shape[1], mask)
    for block in model.blocks[first:last]:
        x, _ = block(x, turn, see, None)
    return x


def lines(tokenizer, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor, list[Tensor]]:
    """(ids, mask, labels, rows held out, rows of each step) of the pirate's lines."""
    ids, labels = tone_examples(tokenizer)
    lengths = torch.tensor([int((row != -100).nonzero().max()) + 1 for row in labels])
    mask = torch.arange(ids.shape[1]) < lengths[:, None]
    order = torch.randperm(len(ids), generator=torch.Generator().manual_seed(seed))
    train = order[HELD:]
    return ids, mask, labels, order[:HELD], [train[torch.arange(i * ROWS, (i + 1) * ROWS) % len(train)]
                                             for i in range(STEPS)]


def asked_only(model: Transformer, hidden: Tensor, labels: Tensor, soft_loss: Callable) -> Tensor:
    """The loss, with the head applied from just before the first asked place on."""
    first = max(int((labels != -100).any(0).nonzero().min()) - 1, 0)
    return soft_loss(model.head(model.norm(hidden[:, first:])), labels[:, first:])


@one_thread()
def learn_soft(model: Transformer, tokenizer, with_soft_prompt: Callable, soft_loss: Callable, lr: float = 0.1,
               show: bool = True) -> dict:
    """Ten virtual tokens trained on the pirate's lines; losses on lines held out, seconds a step."""
    ids, mask, labels, held, steps = lines(tokenizer)
    words = tokenizer.encode(INSTRUCTION)
    P = model.embed(torch.tensor([words[i % len(words)]
                                  for i in range(VIRTUAL)])).detach().float().clone().requires_grad_()

    def loss(rows: Tensor, prompt: Tensor) -> Tensor:
        T = int(mask[rows].any(0).nonzero().max()) + 1
        x, seen, pos, asked = with_soft_prompt(model.embed(ids[rows, :T]).detach(), prompt, mask[rows, :T],
                                               labels[rows, :T])
        return asked_only(model, through(model, x, pos, seen), asked, soft_loss)
    with torch.no_grad():
        plain, before = loss(held, P[:0]).item(), loss(held, P).item()
    adam, begin = torch.optim.Adam([P], lr=lr), time.perf_counter()
    for rows in steps:
        adam.zero_grad()
        loss(rows, P).backward(inputs=[P])
        adam.step()
    seconds = (time.perf_counter() - begin) / len(steps)
    with torch.no_grad():
        after = loss(held, P).item()
    found = {"numbers": P.numel(), "plain": plain, "before": before, "after": after, "seconds": seconds}
    if show:
        print(f"{P.numel():,} trained numbers, {len(steps)} steps of {ROWS} lines, {seconds:.2f} s a step")
        print(f"nats per token on {HELD} lines held out: {plain:.2f} without, {before:.2f} with the ten tokens, "
              f"{after:.2f} trained")
    return found


@one_thread()
def learn_lora(model: Transformer, tokenizer, soft_loss: Callable, soft: dict | None, lr: float = 0.02,
               show: bool = True) -> dict:
    """A LoRA of rank 1 on the queries of the last five layers, with the same steps; beside what the soft prompt reached."""
    ids, mask, labels, held, steps = lines(tokenizer)
    first, g = max(len(model.blocks) - 5, 0), torch.Generator().manual_seed(0)
    names = [f"blocks.{i}.attention.q" for i in range(first, len(model.blocks))]
    sizes = [model.get_parameter(f"{name}.weight").shape for name in names]
    pairs = [(torch.randn(1, n_in, generator=g).div(n_in ** 0.5).requires_grad_(), torch.zeros(out, 1, requires_grad=True))
             for out, n_in in sizes]
    soft_loss(torch.zeros(1, 2, 3), torch.zeros(1, 2, dtype=torch.long))  # is it written?
    begin = time.perf_counter()
    wanted = torch.cat([held, *steps]).unique()
    place = {int(row): i for i, row in enumerate(wanted)}
    everywhere = torch.arange(ids.shape[1]).expand(len(ids), -1)
    with torch.no_grad():
        below = torch.cat([through(model, model.embed(ids[part]), everywhere[part], mask[part], 0,
                                   first) for part in wanted.split(16)])

    def loss(rows: Tensor) -> Tensor:
        at = torch.tensor([place[int(row)] for row in rows])
        T = int(mask[rows].any(0).nonzero().max()) + 1
        hidden = through(model, below[at, :T], everywhere[rows, :T], mask[rows, :T], first)
        return asked_only(model, hidden, labels[rows, :T], soft_loss)
    kept = time.perf_counter() - begin
    hooks = [model.get_submodule(name).register_forward_hook(
        lambda layer, inputs, out, A=A, B=B: out + 16.0 * (inputs[0] @ A.T) @ B.T) for name, (A, B) in zip(names, pairs)]
    leaves = [p for pair in pairs for p in pair]
    try:
        with torch.no_grad():
            plain = loss(held).item()
        adam, begin = torch.optim.Adam(leaves, lr=lr), time.perf_counter()
        for rows in steps:
            adam.zero_grad()
            loss(rows).backward(inputs=leaves)
            adam.step()
        seconds = (time.perf_counter() - begin) / len(steps)
        with torch.no_grad():
            after = loss(held).item()
    finally:
        for hook in hooks:
            hook.remove()
    found = {"numbers": sum(p.numel() for p in leaves), "plain": plain, "after": after, "seconds": seconds,
             "kept": kept}
    if show:
        print(f"frozen layers once: {kept:.1f} s\n\n{'':24}{'numbers':>9}{'s a step':>10}{'nats before':>13}{'after':>8}")
        for name, row in (("soft prompt", soft), ("LoRA, r = 1, 5 layers", found)):
            if row is not None:
                print(f"{name:24}{row['numbers']:9,}{row['seconds']:10.2f}{row['plain']:13.2f}{row['after']:8.2f}")
    return found
