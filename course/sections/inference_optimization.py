"""Section 17: the roofline, what FlashAttention does not hold, what speculation gives and costs; prompt lookup on SmolLM2."""

import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import product

import ipywidgets
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..models.language import one_thread
from ..models.ngram import NGram, help_words
from ..models.smollm import chat

PEAK, BANDWIDTH = 312e12, 2.0e12  # A100, BF16: FLOP/s and bytes/s

# --- pictures: roofline and FlashAttention ---------------------------------------------------------------------------


@figures.picture
def roofline_picture() -> Figure:
    """The roof of an A100, and a linear layer of 4096 x 4096 at batches 1 to 1,024."""
    figure, ax = figures.subplots(figsize=(7, 3))
    line = torch.logspace(-1, 4, 200)
    ax.loglog(line, torch.minimum(line * BANDWIDTH, torch.tensor(PEAK)) / 1e12, color=figures.INK)
    beside = {64: (-8, 2, "right"), 256: (3, 7, "left"), 1024: (8, -12, "left")}  # the others stand below the slope
    for batch in (1, 4, 16, 64, 256, 1024):
        intensity = 2 * batch * 4096 ** 2 / (2 * 4096 ** 2 + 2 * batch * 2 * 4096)
        reached = min(intensity * BANDWIDTH, PEAK) / 1e12
        ax.plot(intensity, reached, "o", color=figures.KEPT)
        right, up, align = beside.get(batch, (6, -12, "left"))
        ax.annotate(f"B = {batch:,}", (intensity, reached), xytext=(right, up), textcoords="offset points", ha=align,
                    color=figures.INK)
    ax.set_ylim(0.1, 1500)
    ax.axvline(PEAK / BANDWIDTH, color=figures.WRONG, linestyle=":")
    ax.set(xlabel="FLOP a byte", ylabel="TFLOP/s at most", title="Roofline of an A100: the ridge is at 156")
    return figure


def summed(blocks: int, rescaled: bool, n: int = 64, seed: int = 0) -> Tensor:
    """Attention of one query over n keys in blocks: by a running softmax, or as the sum of each block's own."""
    g = torch.Generator().manual_seed(seed)
    scores, v = torch.randn(n, generator=g) * 2, torch.randn(n, 16, generator=g) + 1
    if rescaled:
        return scores.softmax(0) @ v
    return sum((s.softmax(0) @ w for s, w in zip(scores.chunk(blocks), v.chunk(blocks))), torch.zeros(16))


@figures.picture
def guides_sum() -> Figure:
    """The sum of the blocks' own softmax outputs, against the truth."""
    figure, ax = figures.subplots(figsize=(5, 2.8))
    truth = summed(1, True)
    for blocks, color in [(1, figures.KEPT), (2, figures.PALETTE[1]), (8, figures.WRONG)]:
        ax.plot(truth, summed(blocks, False), "o", color=color, label=f"{blocks} block{'s' if blocks > 1 else ''}")
    ax.axline((0, 0), slope=1, color=figures.INK, linewidth=1)
    ax.set(xlabel="attention", ylabel="sum of blocks", title="The guide's sum")
    ax.legend()
    return figure


@figures.picture
def memory_of_scores(head: int = 128, block: int = 128) -> Figure:
    """Numbers held for one head, by length: all scores, or the running state and one tile."""
    figure, ax = figures.subplots(figsize=(7, 2.8))
    lengths = torch.tensor([2.0 ** i for i in range(8, 18)])
    ax.loglog(lengths, 4 * lengths ** 2, "o-", color=figures.WRONG, label="N × N scores")
    ax.loglog(lengths, 4 * (lengths * (head + 2) + block * block), "o-", color=figures.KEPT, label="m, ℓ, o and one tile")
    ax.set(xlabel="tokens N", ylabel="bytes a head, float32", title="What attention holds beside q, k and v")
    ax.legend()
    return figure


# --- pictures: speculation -------------------------------------------------------------------------------------------

P = torch.tensor([0.05, 0.15, 0.3, 0.5], dtype=torch.float64)
Q = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)


def frequencies(verify: Callable, n: int = 20_000, seed: int = 0) -> Tensor:
    """How often each first token comes out of n verifications of one draft."""
    g = torch.Generator().manual_seed(seed)
    drafts = torch.multinomial(Q, n, replacement=True, generator=g).tolist()
    chances = torch.rand(n, 2, generator=g, dtype=torch.float64).tolist()
    p, q = torch.stack([P, P]), Q[None]
    came = Counter(verify(p, q, [d], [u], w)[0][0] for d, (u, w) in zip(drafts, chances))
    return torch.tensor([came[i] / n for i in range(len(P))])


def shortcut(kind: str) -> Callable:
    """Verification by a wrong rule: "resample" from p after a rejection, or accept by "threshold" p >= q alone."""
    running, left = P.cumsum(0), (P - Q).clamp(min=0).cumsum(0)

    def verify(p: Tensor, q: Tensor, draft: list[int], u: list[float], u_next: float) -> tuple[list[int], int]:
        d = draft[0]
        if (u[0] * Q[d] < P[d]) if kind == "resample" else P[d] >= Q[d]:
            return [d], 1
        sums = running if kind == "resample" else left
        return [int((sums > u_next * sums[-1]).int().argmax())], 0
    return verify


@figures.picture
def shares(speculative_verify: Callable) -> Figure:
    """What comes out: the learner's rule and two shortcuts, beside p and q."""
    figure, ax = figures.subplots(figsize=(8, 3))
    rules = [("p, the target", P, figures.INK), ("q, the draft", Q, figures.CUT),
             ("yours", frequencies(speculative_verify), figures.KEPT),
             ("resample from p", frequencies(shortcut("resample")), figures.PALETTE[1]),
             ("accept where p ≥ q", frequencies(shortcut("threshold")), figures.WRONG)]
    for i, (name, values, color) in enumerate(rules):
        ax.bar([x + 0.16 * (i - 2) for x in range(len(P))], values, width=0.15, color=color, label=name)
    ax.set(xlabel="token", ylabel="share", title="Who still writes like the target?")
    ax.set_xticks(range(len(P)))
    ax.set_ylim(0, 0.95)
    ax.legend(ncols=3, loc="upper left")
    return figure


@figures.picture
def gains_by_k(speedup: Callable) -> Figure:
    """Speed-up by k for several acceptances, at batch 1 and on a fuller server."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for ax, extra, title in zip(axes, (0.0, 0.4), ("batch 1: extra = 0", "fuller: extra = 0.4")):
        for alpha, color in zip((0.5, 0.7, 0.9), figures.PALETTE):
            ax.plot(range(13), [speedup(alpha, k, 0.05, extra) for k in range(13)], "o-", color=color, label=f"α = {alpha}")
        ax.axhline(1, color=figures.INK, linestyle=":")
        ax.set(xlabel="drafts k", title=title)
    axes[0].set_ylabel("speed-up, c = 0.05")
    axes[0].legend()
    return figure


@figures.picture
def two_histograms(speculative_generate: Callable, n: int = 3000) -> Figure:
    """All texts of three ids over three tokens: exact probabilities against how often the decoder wrote them."""
    g = torch.Generator().manual_seed(0)
    target, draft = (torch.softmax(0.6 * torch.randn(3, 3, generator=g, dtype=torch.float64), -1) for _ in range(2))

    def drafter(ids: list[int], k: int) -> tuple[list[int], Tensor]:
        out: list[int] = []
        for _ in range(k):
            out.append(int(torch.multinomial(draft[[*ids, *out][-1]], 1, generator=g)))
        return out, draft[[*ids, *out][len(ids) - 1:-1]]

    came = Counter(tuple(speculative_generate(lambda ids: target[ids], drafter, [0], 3, 2,
                                              lambda: float(torch.rand(1, generator=g)))[0]) for _ in range(n))
    texts = list(product(range(3), repeat=3))
    exact = [float(target[0, a] * target[a, b] * target[b, c]) for a, b, c in texts]
    figure, ax = figures.subplots(figsize=(9, 2.8))
    ax.bar(range(27), exact, color=figures.CUT, label="the target, exactly")
    ax.errorbar(range(27), [came[t] / n for t in texts], yerr=[2 * (p * (1 - p) / n) ** 0.5 for p in exact], fmt="o",
                color=figures.KEPT, label="your decoder")
    ax.set_xticks(range(27), ["".join(map(str, t)) for t in texts], rotation=90)
    ax.set(ylabel="share", title="Texts of three ids")
    ax.legend()
    return figure


# --- the real model --------------------------------------------------------------------------------------------------

TEXT = "The old lighthouse at Larkmoor was built of grey stone. Its keeper painted the door green every spring."
PROMPTS = {"copies": f"Repeat this text word for word: {TEXT}",
           "corrects": "Correct the spelling mistakes: " + TEXT.replace("lighthouse", "lighthuose").replace("spring", "sprnig"),
           "talks freely": "How do I learn to play the piano?"}


@torch.no_grad()
def greedy(model, ids: list[int], max_new: int, end: int, draft: Callable) -> tuple[list[int], int]:
    """(new ids, calls of the model): greedy decoding, each call checking a draft over the cache."""
    text, cache, known, calls = list(ids), None, 0, 0
    while (left := max_new - (len(text) - len(ids))) > 0:
        guess = draft(list(text), min(8, left - 1))
        hidden, cache = model.body(torch.tensor([[*text[known:], *guess]]), cache=cache)
        best = model.head(hidden[0, -len(guess) - 1:]).argmax(-1).tolist()
        calls += 1
        kept = next((i for i, g in enumerate(guess) if g != best[i]), len(guess))
        text += best[:kept + 1]
        known = len(text) - 1
        cache = [tuple(part[:, :, :known] for part in layer) for layer in cache]
        if end in best[:kept + 1]:
            return text[len(ids):text.index(end, len(ids)) + 1], calls
    return text[len(ids):], calls


@one_thread()
def lookup_on_smollm(model, tokenizer, prompt_lookup: Callable, max_new: int = 48) -> None:
    """Print tokens a call, seconds and the words, without and with prompt lookup."""
    end = tokenizer.special["<|im_end|>"]
    prompt_lookup([1, 1], 1)  # an empty stub says so before the model works
    for name, prompt in PROMPTS.items():
        ids, found = chat(tokenizer, prompt), []
        drafts: list[Callable] = [lambda ids, k: [], lambda ids, k: prompt_lookup(ids, k, 3, 2)]
        for draft in drafts:
            begin = time.perf_counter()
            new, calls = greedy(model, ids, max_new, end, draft)
            found.append((new, calls, time.perf_counter() - begin))
        (plain, _, slow), (new, calls, quick) = found
        print(f"{name}: {len(new)} tokens, plain {slow:.1f} s; lookup {quick:.1f} s, {len(new) / calls:.1f} tokens a call; "
              f"{'the same ids' if new == plain else 'other ids'}\n    {tokenizer.decode(new)[:150]!r}")


# --- the experiment --------------------------------------------------------------------------------------------------

SETTINGS = {"T=0.5": 0.5, "T=1": 1.0, "T=2": 2.0}
DRAFTS, TEXTS, WORDS = 4, 40, 40_000


@cache
def model(n: int) -> NGram:
    """An n-gram model of the first words of the help texts, counted once."""
    return NGram(help_words()[:WORDS], n)


def pair(T: float, g: torch.Generator) -> tuple[Callable, Callable]:
    """A trigram target and a bigram drafter at temperature T, as speculative_generate wants them."""
    def heated(model: NGram) -> Callable[[tuple[int, ...]], Tensor]:
        kept: dict[tuple[int, ...], Tensor] = {}

        def row(context: tuple[int, ...]) -> Tensor:
            if context not in kept:
                p = model.probs(list(context)) ** (1 / T)
                kept[context] = p / p.sum()
            return kept[context]
        return row

    large, small = heated(model(3)), heated(model(2))

    def target(ids: list[int]) -> Tensor:
        # the decoder looks at the last rows only; the others stay 0
        blank = torch.empty(0)
        rows = [blank] * len(ids)
        for t in range(max(0, len(ids) - DRAFTS - 1), len(ids)):
            rows[t] = large(tuple(ids[max(0, t - 1):t + 1]))
        width = rows[-1]
        return torch.stack([r if len(r) else torch.zeros_like(width) for r in rows])

    def drafter(ids: list[int], k: int) -> tuple[list[int], Tensor]:
        out: list[int] = []
        rows = []
        for _ in range(k):
            rows.append(small(tuple([*ids, *out][-1:])))
            out.append(int(torch.multinomial(rows[-1], 1, generator=g)))
        return out, torch.stack(rows)
    return target, drafter


def measure(write: Callable, T: float, seed: int) -> tuple[float, float, float]:
    """(tokens a call, its standard error over texts, acceptance at the first place) of texts that begin in the corpus."""
    g = torch.Generator().manual_seed(seed)
    target, drafter = pair(T, g)
    text = model(3).encode(help_words()[:WORDS])
    tokens, calls, agreed = [], [], []
    for _ in range(TEXTS):
        place = int(torch.randint(len(text) - 2, (1,), generator=g))
        prompt = text[place:place + 2]

        def asked(ids: list[int], n: int) -> tuple[list[int], Tensor]:
            draft, q = drafter(ids, n)
            agreed.append(torch.minimum(target(ids)[-1], q[0]).sum().item())
            return draft, q

        new, n = write(target, asked, prompt, lambda: float(torch.rand(1, generator=g, dtype=torch.float64)))
        tokens.append(len(new))
        calls.append(n)
    rate = sum(tokens) / sum(calls)
    off = torch.tensor([t - rate * c for t, c in zip(tokens, calls)])
    return rate, (off.std() * len(calls) ** 0.5 / sum(calls)).item(), sum(agreed) / len(agreed)


@figures.experiment
def tokens_per_call(write: Callable, expected_tokens: Callable, prediction: list[str], seed: int = 0) -> dict[str, float]:
    """Tokens a call of the target in three settings, beside the formula with one acceptance."""
    table = {}
    with one_thread():
        for name, T in SETTINGS.items():
            rate, error, alpha = measure(write, T, seed)
            table[name] = rate
            print(f"{name:5} {rate:.2f} tokens a call, 95 % in [{rate - 2 * error:.2f}, {rate + 2 * error:.2f}]; "
                  f"first place accepted {alpha:.2f}, formula {expected_tokens(alpha, DRAFTS):.2f}")
    print("Your prediction:", ", ".join(prediction))
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(speedup: Callable, best_k: Callable) -> ipywidgets.Widget:
    """The speed-up by k, in your hand."""
    def draw(alpha: float, c: float, extra: float) -> tuple[Figure, str]:
        figure, ax = figures.subplots(figsize=(6, 2.8))
        gains = [speedup(alpha, k, c, extra) for k in range(17)]
        ax.bar(range(17), gains, color=[figures.KEPT if gain > 1 else figures.WRONG for gain in gains])
        ax.axhline(1, color=figures.INK, linestyle=":")
        ax.set(xlabel="drafts k", ylabel="speed-up", title="Above 1 it pays")
        return figure, f"Your best_k: {best_k(alpha, c, extra)}"

    def slide(value: float, high: float, name: str) -> ipywidgets.FloatSlider:
        return ipywidgets.FloatSlider(value, min=0, max=high, step=0.01, description=name)
    return figures.board({"alpha": slide(0.8, 1, "α"), "c": slide(0.05, 1, "c"), "extra": slide(0, 1, "extra")}, draw)
