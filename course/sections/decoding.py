"""Section 02: what each cut leaves over, whether likelier text is better text, and a board with all knobs."""

import itertools
import math
import re
from collections.abc import Callable
from functools import cache

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import inf

from .. import figures
from ..data.corpus import help_texts
from ..models.ngram import NGram, RandomModel, batched, distinct, help_words

TWO = ["the __init__", "in the"]  # contexts after which the model is sure, and unsure


@cache
def model() -> NGram:
    """The trigram model of Python's help texts."""
    return NGram(help_words())


def logprobs(context: str) -> torch.Tensor:
    """(V,) log-probabilities of the next token after these words."""
    return model().logprobs(model().encode(context.split()))


# --- pictures --------------------------------------------------------------------------------------------------------

@figures.picture
def next_tokens() -> Figure:
    """The likeliest tokens after two contexts; those that hold 0.9 of the mass in colour."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8))
    for ax, context in zip(axes, TWO):
        probs, tokens = logprobs(context).exp().sort(descending=True)
        nucleus = int((probs.cumsum(0) - probs < 0.9).sum())
        figures.token_bars(ax, probs[:15].tolist(), [i < nucleus for i in range(15)],
                           [model().vocab[i] for i in tokens[:15].tolist()],
                           f"after '{context}': 0.9 of the mass in {nucleus} token{'s' * (nucleus > 1)}")
    axes[0].set_ylabel("probability")
    return figure


@figures.picture
def temperature_curves(softmax_t: Callable) -> Figure:
    """Probabilities of six tokens, and their entropy, over the temperature."""
    logits = torch.tensor([3.0, 2.2, 1.5, 1.0, 0.2, -0.5])
    temperatures = np.geomspace(0.1, 20, 60)
    curves = np.array([softmax_t(logits, float(T)).tolist() for T in temperatures])
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    left.semilogx(temperatures, curves)
    left.set(title="your probabilities", xlabel="temperature", ylabel="probability")
    right.semilogx(temperatures, -(curves * np.log(np.maximum(curves, 1e-300))).sum(-1))
    right.axhline(math.log(6), color=figures.CUT, linestyle="--", label="ln 6: uniform over 6 tokens")
    right.set(title="their entropy never falls", xlabel="temperature", ylabel="nats")
    right.legend()
    return figure


@figures.picture
def kept_by_top_k(top_k_mask: Callable) -> Figure:
    """What k = 5 keeps where the model is sure and where it is not."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8))
    for ax, context in zip(axes, TWO):
        logits = logprobs(context).sort(descending=True).values[None]
        kept = top_k_mask(logits, 5)[0] > -inf
        probs = logits[0].softmax(-1)
        figures.token_bars(ax, probs[:15].tolist(), kept[:15].tolist(),
                           title=f"after '{context}', k = 5 keeps {probs[kept].sum():.2f} of the mass")
    return figure


@figures.picture
def nucleus_sizes(top_p_mask: Callable) -> Figure:
    """How many tokens the nucleus holds after six contexts."""
    contexts = ["the __init__", "as follows", "the value of", "if the", "in the", "a"]
    sizes = (top_p_mask(torch.stack([logprobs(c) for c in contexts]), 0.9) > -inf).sum(-1).tolist()
    figure, ax = figures.subplots(figsize=(7, 2.8))
    figures.token_bars(ax, sizes, labels=contexts, title="how many tokens your nucleus holds at p = 0.9")
    ax.bar_label(ax.containers[0])
    ax.set_ylabel("tokens")
    return figure


@figures.picture
def survivors_in_the_heat(top_p_mask: Callable, min_p_mask: Callable) -> Figure:
    """How many tokens top-p and min-p keep as the temperature rises; the legend has the numbers at T = 1, 2 and 3."""
    logits = logprobs("in the")[None]
    temperatures = np.geomspace(0.3, 5, 25)
    cuts = {"top-p 0.9": lambda x: top_p_mask(x, 0.9), "min-p 0.1": lambda x: min_p_mask(x, 0.1)}
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for label, cut in cuts.items():
        def kept(T, cut=cut):
            return (cut(logits / float(T)) > -inf).sum().item()
        at = ", ".join(f"{kept(T):,}" for T in (1, 2, 3))
        ax.loglog(temperatures, [kept(T) for T in temperatures], label=f"{label}: {at} at T = 1, 2, 3")
    ax.set(title="survivors after 'in the', as the temperature rises", xlabel="temperature", ylabel="tokens")
    ax.set_xticks([0.3, 0.5, 1, 2, 5], ["0.3", "0.5", "1", "2", "5"])
    ax.minorticks_off()
    ax.legend()
    return figure


@figures.picture
def penalised(repetition_penalty: Callable) -> Figure:
    """The same penalty on the same logits, and on logits that are all 6 lower."""
    logits = torch.tensor([[3.0, 2.0, 1.0, 0.5, -0.5, -1.0]])
    figure, axes = figures.subplots(1, 3, figsize=(9, 2.6), sharey=True)
    for ax, (r, shift) in zip(axes, [(1.0, 0.0), (1.5, 0.0), (1.5, -6.0)]):
        probs = repetition_penalty(torch.tensor([[0, 4]]), logits + shift, r).softmax(-1)[0].tolist()
        figures.token_bars(ax, probs, [i not in (0, 4) for i in range(6)], title=f"r = {r}, logits {shift:+g}")
    axes[0].set_ylabel("probability (grey: seen)")
    return figure


@figures.picture
def shares_drawn(sample_inverse_cdf: Callable) -> Figure:
    """3,000 draws against the probabilities they were drawn with."""
    probs = torch.tensor([0.30, 0.05, 0.20, 0.0, 0.35, 0.10])
    u = torch.rand(3000, generator=torch.Generator().manual_seed(0))
    share = torch.bincount(sample_inverse_cdf(probs.expand(3000, 6), u), minlength=6) / 3000
    figure, ax = figures.subplots(figsize=(7, 2.6))
    figures.token_bars(ax, share.tolist(), title="3,000 draws of yours (bars) and the probabilities (marks)")
    ax.plot(range(6), probs, "_", color=figures.PALETTE[1], markersize=30, markeredgewidth=2)
    ax.set(xlabel="token", ylabel="share")
    return figure


@figures.picture
def wider_beams(beam_search: Callable) -> Figure:
    """The log-probability that beams of 1 to 40 find in 30 random models."""
    beams = [1, 2, 3, 5, 10, 20, 40]
    best = [[beam_search(RandomModel(6, seed, 1.0), 1, 0, beam, 6, 0.0)[1] for beam in beams] for seed in range(30)]
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.semilogx(beams, np.array(best).T, color=figures.CUT, linewidth=0.6)
    ax.semilogx(beams, np.mean(best, 0), marker="o", label="mean of 30 random models")
    ax.set(title="what a wider beam finds", xlabel="beam", ylabel="log-probability of the answer")
    ax.legend()
    return figure


@figures.picture
def temperature_first_or_last(decode_pipeline: Callable, top_p_mask: Callable) -> Figure:
    """What survives T = 2 and p = 0.5, in the order of the exercise and in the other."""
    logits = logprobs("in the").sort(descending=True).values
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.6), sharey=True)
    heat_last = torch.softmax(top_p_mask(logits[None], 0.5)[0] / 2, -1)
    for ax, probs, title in zip(axes, [decode_pipeline(logits, 2.0, len(logits), 0.5), heat_last],
                                ["temperature first", "temperature last"]):
        figures.token_bars(ax, probs[:25].tolist(), title=f"T = 2, p = 0.5, {title}: {int((probs > 0).sum())} tokens")
    axes[0].set_ylabel("probability")
    return figure


@figures.picture
def masked_is_not_conditioned(grammar_mask: Callable) -> Figure:
    """The three valid texts of a small grammar: the model's own shares among valid texts, and what token-wise masking gives."""
    given, masked = valid_texts(grammar_mask)
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.6), sharey=True)
    titles = ["the model, given that the text is valid", "with your mask at each step"]
    for ax, shares, title in zip(axes, [given, masked], titles):
        figures.token_bars(ax, list(shares.values()), labels=list(shares), title=title)
        ax.bar_label(ax.containers[0], fmt="%.3f")
        ax.margins(y=0.15)
    axes[0].set_ylabel("probability of the text")
    return figure


def valid_texts(grammar_mask: Callable) -> tuple[dict[str, float], dict[str, float]]:
    """(shares of the valid texts under the model, probabilities under the masked model), by enumeration.

    Two letters, then the end. Valid: a or b, then c, and after b also d. The model likes to begin with a and then to write d.
    """
    names = ["end", "a", "b", "c", "d"]
    table = torch.tensor([[-1, 1, 2, -1, -1], [-1, -1, -1, 3, -1], [-1, -1, -1, 3, 3], [-1] * 5])
    accepting = torch.tensor([False, False, False, True])
    model = torch.tensor([[0, 0.9, 0.1, 0, 0], [0, 0, 0, 0.01, 0.99], [0, 0, 0, 0.5, 0.5]]).log()
    masked = [grammar_mask(model[q:q + 1], torch.tensor([q]), table, accepting, 0, left)[0].softmax(-1)
              for q, left in enumerate([3, 2, 2])]
    own, under_mask = {}, {}
    for first, second in itertools.product([1, 2], [3, 4]):
        q = int(table[0, first])
        if table[q, second] >= 0:
            text = names[first] + names[second]
            own[text] = (model[0, first] + model[q, second]).exp().item()
            under_mask[text] = (masked[0][first] * masked[q][second]).item()
    return {text: share / sum(own.values()) for text, share in own.items()}, under_mask


@figures.picture
def rows_that_end(generate: Callable) -> Figure:
    """A batch of 12 rows: the prompt, what your loop wrote, and the filler behind each stop id."""
    u = torch.rand(12, 40, generator=torch.Generator().manual_seed(0))
    prompts = torch.arange(1, 13)[:, None] % 11 + 1
    text = generate(batched(RandomModel(12, 0, 1.0)), prompts, u, 1.0, 12, 1.0, 1.0, stop=[0], pad=0)
    new = text[:, 1:]
    part = torch.where((new == 0).cumsum(1) - (new == 0).int() > 0, 2, 1)
    part = torch.cat([torch.zeros(12, 1).int(), part], 1).numpy()
    figure, ax = figures.subplots(figsize=(9, 2.8))
    for value, colour, label in [(0, figures.PALETTE[1], "prompt"), (1, figures.KEPT, "written"), (2, figures.CUT, "filler")]:
        rows, columns = np.nonzero(part == value)
        ax.scatter(columns, rows, color=colour, s=26, marker="s", label=label)
    ax.set(title="twelve rows, each up to its own stop id", xlabel="token", ylabel="row")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


GAPS = [2.0 ** -n for n in range(26, 1, -1)]


def changed_winners(one: Callable, other: Callable, dtype: torch.dtype, pairs: int = 400, width: int = 1024) -> list[float]:
    """For each gap, the share of pairs of logits of which two ways to add up the same products choose different winners.

    one, other: (pairs, width) -> (pairs,), two orders of adding. The second logit's products are the first's in another
    order, and the gap, a power of 2, is one of them: so the true gap is known to the last bit.
    """
    rng = torch.Generator().manual_seed(0)
    first = (torch.randn(pairs, width - 1, generator=rng) / 8).to(dtype)
    order = torch.stack([torch.randperm(width - 1, generator=rng) for _ in range(pairs)])
    second = first.gather(1, order)
    zero, shares = torch.zeros(pairs, 1, dtype=dtype), []
    a = torch.cat([zero, first], 1)
    for gap in GAPS:
        b = torch.cat([zero + gap, second], 1)
        shares.append(((one(b) > one(a)) != (other(b) > other(a))).float().mean().item())
    return shares


@figures.picture
def two_orders(one: Callable, other: Callable) -> Figure:
    """How often two orders of adding choose different winners, over the true gap between two logits."""
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for dtype, label in [(torch.float32, "float32"), (torch.bfloat16, "bfloat16")]:
        shares = changed_winners(one, other, dtype)
        widest = max((gap for gap, share in zip(GAPS, shares) if share), default=0)
        ax.semilogx(GAPS, shares, marker=".", label=f"{label}: up to a gap of {widest:.2g}")
    ax.set(title="the same products, added in two orders", xlabel="true gap between the two logits",
           ylabel="another token wins")
    ax.legend()
    return figure


# --- on the real model -----------------------------------------------------------------------------------------------

def dates(tokenizer) -> tuple[torch.Tensor, torch.Tensor]:
    """The automaton of YYYY-MM-DD over a vocabulary: (table (11, V), accepting (11,)); state q: q letters stand."""
    form = "dddd-dd-dd"
    table = torch.full((len(form) + 1, len(tokenizer.vocab)), -1)
    for token, i in tokenizer.vocab.items():
        if set(token) <= set("0123456789-"):
            kinds = re.sub(r"\d", "d", token)
            for q in range(len(form)):
                if form.startswith(kinds, q):
                    table[q, i] = q + len(token)
    return table, torch.arange(len(form) + 1) == len(form)


def paragraphs(tokenizer, n: int, tokens: int) -> list[str]:
    """n paragraphs of the help texts from all over them: plain prose of at least so many tokens."""
    found = [" ".join(text.split()) for text in help_texts().split("\n\n")]
    prose = [text for text in dict.fromkeys(found) if len(text) > 5 * tokens and sum(
        c.isalpha() or c in " ,." for c in text) > 0.97 * len(text) and text[0].isupper()]
    long = [text for text in prose if len(tokenizer.encode(text)) >= tokens]
    return [long[i * len(long) // n] for i in range(n)]


@figures.picture
def on_the_real_model(tokenizer, groups: dict[str, tuple[list[torch.Tensor], list[list[int]]]]) -> Figure:
    """Log-probability per token against distinct-4, as in the experiment; one text of each group is printed.

    groups: name -> (log-probabilities of the tokens of each text, ids of each text)
    """
    figure, ax = figures.subplots(figsize=(7, 3.4))
    for name, (scores, ids) in groups.items():
        likelihood, variety = np.array([x.mean().item() for x in scores]), [distinct(row) for row in ids]
        spread = 1.96 * likelihood.std(ddof=1) / math.sqrt(len(likelihood))
        ax.scatter(likelihood, variety, label=f"{name}: {likelihood.mean():.2f} ± {spread:.2f} nats, "
                                              f"distinct-4 {np.mean(variety):.2f}")
        print(f"{name:>10}: {' '.join(tokenizer.decode(ids[0]).split())[:160]} …")
    ax.set(xlabel="log-probability per token, nats (right: likelier)", ylabel="distinct-4 (down: repeats)",
           title="SmolLM2: what maximising picks, and what people write")
    ax.legend(fontsize=8)
    return figure


# --- the experiment --------------------------------------------------------------------------------------------------

def continuations(search: Callable, sample: Callable, starts: int = 10, length: int = 200, seed: int = 0):
    """Texts of five strategies, from places in the tenth of the help texts that the model has not seen, and human ones that
    it has.

    search(model, prompt, beam, length) and sample(model, prompt, p, us) give the prompt's ids with `length` more.
    Returns {strategy: [(log-probability per token in nats, distinct-4) of each text]} and one text of each strategy.
    """
    words = help_words()
    cut = len(words) * 9 // 10
    model = NGram(words[:cut], vocab=words)
    trained, held_out = model.encode(words[:cut]), model.encode(words[cut:])
    u = torch.rand(2, starts, length, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    results, texts = {}, {}
    for n in range(starts):
        at = n * (len(held_out) // starts)
        prompt = held_out[at:at + 2]
        known = n * (len(trained) // starts)
        for name, ids in {"human": held_out[at:at + 2 + length], "human, training part": trained[known:known + 2 + length],
                          "greedy": search(model, prompt, 1, length), "beam 5": search(model, prompt, 5, length),
                          "sampling": sample(model, prompt, 1.0, u[0, n]),
                          "top-p 0.9": sample(model, prompt, 0.9, u[1, n])}.items():
            results.setdefault(name, []).append((model.score(ids, 2), distinct(ids[2:])))
            texts[name] = model.decode(ids[:40])
    return results, texts


@figures.experiment
def likelihood_against_variety(search: Callable, sample: Callable, prediction: str):
    """Run the five strategies, show how likely their texts are and how much they repeat; returns the results."""
    torch.set_num_threads(1)
    results, texts = continuations(search, sample)
    figure, ax = figures.subplots(figsize=(7, 3.4))
    for name, points in results.items():
        likelihood, variety = np.array(points).T
        ax.scatter(likelihood, variety, label=f"{name}: {likelihood.mean():.2f} nats, distinct-4 {variety.mean():.2f}")
    ax.set(xlabel="log-probability per token, nats (right: likelier)", ylabel="distinct-4 (down: repeats)",
           title="maximising loops, sampling does not")
    ax.legend(fontsize=8)
    figures.show(figure)
    for name, text in texts.items():
        print(f"{name:>20}: {text} ...")
    print(f"your prediction for beam search's distinct-4: {prediction}")
    return results


# --- the widget: it has its own masks, one row at a time, so that it works before any exercise is solved -------------

CONTEXTS = ["in the", "the value of", "returns the", "raise an", "the __init__"]
SHOWN = 30  # tokens in the chart; the masks see the whole vocabulary


def survivors(logp: np.ndarray, T: float = 1.0, k: int = 0, p: float = 1.0, min_p: float = 0.0):
    """(probabilities after temperature, which tokens survive): the order is T, top-k, top-p, min-p. k = 0 is no top-k."""
    logits = np.asarray(logp, dtype=np.float64) / T
    probs = np.exp(logits - logits.max())
    probs /= probs.sum()
    order = np.argsort(-probs, kind="stable")
    kept = probs >= (np.sort(probs)[-min(k, len(probs))] if k else 0)  # ties with the k-th stay, as in the exercise
    ranked = np.where(kept, probs, 0)[order] / probs[kept].sum()
    if p < 1:
        kept[order[max(1, int((np.cumsum(ranked) - ranked < p).sum())):]] = False
    return probs, kept & (probs >= min_p * probs.max())


def chart(context: str, T: float, k: int, p: float, min_p: float) -> Figure:
    """The likeliest tokens in order, the survivors in colour with the probability they are sampled with."""
    words, logp = model().vocab, logprobs(context).numpy()
    probs, kept = survivors(logp, T, k, p, min_p)
    shown = np.argsort(-logp, kind="stable")[:SHOWN]
    sampled = np.where(kept, probs, 0) / probs[kept].sum()
    entropy = -(sampled[kept] * np.log(sampled[kept])).sum()
    figure, ax = figures.subplots(figsize=(9, 3.4))
    figures.token_bars(ax, np.where(kept, sampled, probs)[shown], kept[shown],
                       [words[i].replace("$", r"\$") for i in shown],
                       f"{kept.sum()} of {len(words)} tokens survive; they hold {probs[kept].sum():.1%} of the mass; "
                       f"entropy of what is sampled {entropy:.2f} nats")
    ax.set_ylabel("probability")
    return figure


@figures.widget
def widget() -> ipywidgets.Widget:
    """Turn temperature, top-k, top-p and min-p, and watch which next tokens survive."""
    return figures.board({
        "context": ipywidgets.Dropdown(options=CONTEXTS, description="after the words"),
        "T": ipywidgets.FloatLogSlider(1.0, base=10, min=-1, max=1, step=0.05, description="temperature"),
        "k": ipywidgets.IntSlider(0, 0, 50, description="k (0: off)"),
        "p": ipywidgets.FloatSlider(0.9, min=0, max=1, step=0.01, description="p"),
        "min_p": ipywidgets.FloatSlider(0.0, min=0, max=1, step=0.01, description="min-p"),
    }, chart)
