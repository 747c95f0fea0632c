"""Section 23: how far ALiBi sees, dilution, joints, needles in a real model, a long chat, positions never trained."""

import math
import random
import re
from collections.abc import Callable, Sequence
from html import escape

import ipywidgets
import torch
from IPython.display import HTML, display
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.corpus import help_texts
from ..models.language import generate, one_thread, write
from ..models.smollm import Tokenizer
from ..models.transformer import Transformer

Message = tuple[str, str]

# --- pictures: ALiBi, dilution, joints -------------------------------------------------------------------------------


@figures.picture
def reach(alibi_slopes: Callable) -> Figure:
    """What is left of a key's weight by distance, and how far each head reaches."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    slopes = alibi_slopes(8).double()
    distance = torch.arange(0, 3001, dtype=torch.float64)
    for h, color in zip((0, 2, 4, 6, 7), figures.PALETTE):
        left.semilogx(distance + 1, (-slopes[h] * distance).exp(), color=color, label=f"slope 1/{1 / slopes[h]:.0f}")
    left.set(xlabel="distance + 1", ylabel="weight beside distance 0", title="Five of eight heads")
    left.legend(fontsize=8)
    for heads, color, dx in [(8, figures.KEPT, -0.2), (12, figures.WRONG, 0.2)]:
        far = math.log(1e4) / alibi_slopes(heads).double()
        right.bar(torch.arange(heads) + 1 + dx, far, width=0.4, color=color, label=f"{heads} heads")
    right.set(yscale="log", xlabel="head", ylabel="tokens", title="Distance at which 1/10,000 is left")
    right.legend()
    return figure


def hay(n: int, margin: float, sigma: float, seed: int = 0) -> Tensor:
    """Scores of n distractors around 0 with deviation sigma, and of the needle, the first, at `margin`."""
    scores = sigma * torch.randn(n + 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    scores[0] = margin
    return scores


@figures.picture
def dilution(needle_margin: Callable, margin_for: Callable) -> Figure:
    """The needle's mass against the number of distractors, and the margin that is needed."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    many = [10 ** (k / 3) for k in range(3, 19)]
    for margin, color in [(6, figures.PALETTE[1]), (8, figures.KEPT), (12, figures.PALETTE[2])]:
        for sigma, line in [(0.0, "-"), (2.0, "--")]:
            mass = [needle_margin(hay(int(n), margin, sigma), torch.tensor(0))[1].item() for n in many]
            left.semilogx(many, mass, line, color=color, label=f"{margin} above the mean" if sigma == 0 else None)
    left.set(xlabel="distractors", ylabel="weight of the needle", title="Flat hay (line), σ = 2 (dashes)", ylim=(-0.05, 1.5))
    left.set_yticks([0, 0.25, 0.5, 0.75, 1])
    left.legend(fontsize=8, ncols=2)
    for p, color in [(0.5, figures.PALETTE[1]), (0.9, figures.KEPT), (0.99, figures.PALETTE[2])]:
        right.semilogx(many, [margin_for(n, p) for n in many], color=color, label=f"{100 * p:.0f} %")
    right.set(xlabel="distractors", ylabel="margin in nats", title="Margin needed for")
    right.legend(fontsize=8)
    return figure


def joined(merge_attention: Callable, parts: int, seed: int = 0) -> tuple[float, float]:
    """Largest error of the merged attention and of the plain mean of the parts."""
    g = torch.Generator().manual_seed(seed)
    scores, v = (torch.randn(*shape, generator=g, dtype=torch.float64) for shape in [(16, 1024), (1024, 8)])
    scores = 3 * scores
    whole = scores.softmax(-1) @ v
    pieces = [(s.softmax(-1) @ w, s.logsumexp(-1)) for s, w in zip(scores.tensor_split(parts, -1), v.tensor_split(parts))]
    return ((merge_attention(pieces)[0] - whole).abs().max().item(),
            (torch.stack([o for o, _ in pieces]).mean(0) - whole).abs().max().item())


@figures.picture
def joints(merge_attention: Callable) -> Figure:
    """The error of two ways to put parts together."""
    figure, ax = figures.subplots(figsize=(6, 2.4))
    counts = [2, 4, 8, 16, 32, 64]
    merged, mean = zip(*(joined(merge_attention, n) for n in counts))
    ax.loglog(counts, mean, "o-", color=figures.WRONG, label="the plain mean of the parts")
    ax.loglog(counts, [max(x, 1e-17) for x in merged], "o-", color=figures.KEPT, label="your merge_attention")
    ax.set_xticks(counts, [str(n) for n in counts])
    ax.minorticks_off()
    ax.set(xlabel="parts of 1,024 keys", ylabel="largest error", ylim=(1e-17, 30))
    ax.legend(loc="center right")
    return figure


# --- needles in the real model ---------------------------------------------------------------------------------------

LENGTHS, DEPTHS, CODES = [128, 256, 512], [0.0, 0.5, 1.0], ["4711", "8203", "5694"]
QUESTION = "\n\nQuestion: What is the secret code?\nAnswer: The secret code is"


@figures.experiment
def needles(model: Transformer, tokenizer: Tokenizer, niah_grid: Callable, effective_length: Callable) -> Tensor:
    """The needle grid of the model: asked in batches of one length, then handed to the learner's grid."""
    filler = tokenizer.encode(help_texts()[:20000])
    hidden = [tokenizer.encode(f" The secret code is {code}. ") for code in CODES]
    texts: list[tuple[tuple[int, ...], int]] = []

    def collect(tokens: list[int], k: int) -> bool:
        texts.append((tuple(tokens), k))
        return False

    niah_grid(filler, hidden, LENGTHS, DEPTHS, collect)  # the first round only asks which texts there are
    question, answers = tokenizer.encode(QUESTION), {}
    for length in LENGTHS:
        batch = [text for text in texts if len(text[0]) == length]
        for text, ids in zip(batch, write(model, [[*text[0], *question] for text in batch], 6)):
            answers[text] = tokenizer.decode(ids)
    found = niah_grid(filler, hidden, LENGTHS, DEPTHS, lambda tokens, k: CODES[k] in answers[tuple(tokens), k].replace(" ", ""))
    figure, ax = figures.subplots(figsize=(4.5, 2.4))
    ax.imshow(found, cmap="RdYlGn", vmin=0, vmax=len(CODES), aspect="auto", alpha=0.7)
    for i, row in enumerate(found.tolist()):
        for j, n in enumerate(row):
            ax.text(j, i, f"{n}/{len(CODES)}", ha="center", va="center", color="black")
    ax.grid(visible=False)
    ax.set_xticks(range(len(DEPTHS)), [str(d) for d in DEPTHS])
    ax.set_yticks(range(len(LENGTHS)), [str(n) for n in LENGTHS])
    ax.set(xlabel="depth", ylabel="tokens", title="Needles found")
    figures.show(figure)
    for by in ("mean", "worst"):
        used = effective_length(LENGTHS, found, len(CODES), 0.85, by)
        print(f"effective length at 0.85, by {by}: {used} of a window of 8,192")
    for (_, k), said in answers.items():
        if CODES[k] not in said.replace(" ", ""):
            print(f"one that it missed: code {CODES[k]}, it wrote {said!r}")
            break
    return found


# --- a long chat -----------------------------------------------------------------------------------------------------

FACTS = {2: ("My flat in Leith must be empty by 14 March.", "14 March"),
         7: ("Please remember: my son Tom is allergic to peanuts.", "peanuts"),
         13: ("The new landlord is called Mr Okafor.", "Okafor"),
         19: ("Please remember: I can spend 1850 pounds on the whole move.", "1850"),
         28: ("The piano weighs 210 kilos.", "210 kilos"),
         37: ("Our new address is 9 Tansy Row.", "Tansy"),
         48: ("The van is booked at Harlow for Thursday.", "Harlow"),
         57: ("The keys are with Mrs Lindqvist.", "Lindqvist")}
TOPICS = ["the boxes", "the curtains", "the bookshelves", "the plants", "the fridge", "the bicycles", "the insurance",
          "the neighbours", "the carpet", "the lamps", "the post", "the kitchen table"]
ASKED = ["how should we pack {}", "can you tell me what people usually forget about {}", "is it too early to think about {}",
         "what would you do about {} if the weather is bad", "does it make sense to sell {} before the move"]
TOLD = ["Start early with {} and do a little every day, because the last evening is always shorter than one thinks.",
        "For {} a simple list helps: what stays, what goes, and who carries it down the stairs on the day.",
        "I would leave {} for the end, wrap what can break, and write on it in large letters where it belongs."]


def chat(turns: int = 60, seed: int = 0) -> list[list[Message]]:
    """A conversation about a house move; some of the user's messages hold a fact."""
    draw = random.Random(seed)
    said = []
    for i in range(turns):
        topic = draw.choice(TOPICS)
        question = draw.choice(ASKED).format(topic) + "?"
        said.append([("user", f"{FACTS[i][0]} And {question}" if i in FACTS else question.capitalize()),
                     ("assistant", draw.choice(TOLD).format(topic) + " " + draw.choice(TOLD).format(draw.choice(TOPICS)))])
    return said


def count(message: Message) -> int:
    """Words, and three for the frame of a message."""
    return len(message[1].split()) + 3


def extract(summary: str, folded: Sequence[Sequence[Message]]) -> str:
    """A poor man's summary: the user's sentences with a number or a name, the newest 30 words of them."""
    spoken = " ".join(text for turn in folded for role, text in turn if role == "user")
    sentences = re.split(r"(?<=[.?!])\s+", spoken)
    telling = [s for s in sentences if s.endswith(".") and re.search(r"\d| [A-Z][a-z]{2,}", s)]
    return " ".join(" ".join([summary, *telling]).split()[-30:])


def served(before: Sequence[Message], now: Sequence[Message]) -> int:
    """Tokens of a request that the cache of the one before does not hold: all behind the common beginning."""
    same = 0
    while same < min(len(before), len(now)) and before[same] == now[same]:
        same += 1
    return sum(map(count, now[same:]))


def run_chat(ContextManager: Callable, pack_context: Callable, way: str, budget: int = 600, seed: int = 0) -> dict:
    """Sizes of the requests, tokens computed, and the facts that the last request holds."""
    system, reserve = "You help with a house move. " * 8, 80
    manager = ContextManager(system, budget, reserve, count, extract)
    past: list[list[Message]] = []
    sizes, computed = [], []
    before: list[Message] = []
    for turn in chat(seed=seed):
        query = turn[0][1]
        if way == "compacting with memory" and query.startswith("Please remember"):
            manager.remember(query.split(".")[0])
        messages = (pack_context(system, [], "", past, query, budget, reserve, count) if way == "sliding"
                    else manager.request(query))
        sizes.append(sum(map(count, messages)))
        computed.append(served(before, messages))
        before = messages
        manager.add(turn)
        past.append(turn)
    text = " ".join(m[1] for m in before)
    return {"sizes": sizes, "computed": computed, "facts": [key in text for _, key in FACTS.values()], "last": before}


@figures.picture
def long_chat(ContextManager: Callable, pack_context: Callable) -> Figure:
    """Three ways to keep a chat within its budget: sizes, tokens computed, facts held."""
    ways = ["sliding", "compacting", "compacting with memory"]
    runs = {way: run_chat(ContextManager, pack_context, way) for way in ways}
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
    for (way, run), color in zip(runs.items(), [figures.WRONG, figures.KEPT, figures.PALETTE[2]]):
        left.plot(run["sizes"], color=color, label=way)
        right.plot([sum(run["computed"][:i + 1]) for i in range(len(run["computed"]))], color=color)
    left.set(xlabel="turn", ylabel="words", title="Size of the request", ylim=(0, None))
    left.legend(fontsize=8)
    right.set(xlabel="turn", ylabel="words", title="Computed anew, summed up")
    whole = sum(count(m) for turn in chat() for m in turn)
    print(f"the chat has {whole:,} words in {len(chat())} turns; words computed:")
    for way, run in runs.items():
        print(f"  {way:>22}: {sum(run['computed']):>6,}")
    rows = "".join(f"<tr><td>{i}</td><td style='text-align:left'>{escape(fact)}</td>"
                   + "".join(f"<td>{'yes' if runs[way]['facts'][k] else '–'}</td>" for way in ways) + "</tr>"
                   for k, (i, (fact, _)) in enumerate(FACTS.items()))
    display(HTML("<table><tr><th>turn</th><th>fact</th>" + "".join(f"<th>{w}</th>" for w in ways) + f"</tr>{rows}</table>"))
    return figure


LATER = [("What is my son Tom allergic to?", "My son Tom is allergic to", "peanut"),
         ("How much can I spend on the whole move?", "You can spend", "1850"),
         ("Who has the keys?", "The keys are with", "Lindqvist"),
         ("What is our new address?", "Our new address is", "Tansy"),
         ("When must the flat in Leith be empty?", "The flat in Leith must be empty by", "14 March")]


@figures.experiment
def ask_later(model: Transformer, tokenizer: Tokenizer, ContextManager: Callable, pack_context: Callable) -> dict[str, int]:
    """Five questions after the chat, answered by the model from the last request of each manager."""
    ways = ["sliding", "compacting", "compacting with memory"]
    columns, right = [], {}
    for way in ways:
        before = run_chat(ContextManager, pack_context, way)["last"][:-1]
        text = "\n".join(f"{role}: {said}" for role, said in before)
        wrote = generate(model, tokenizer, [f"{text}\nuser: {q}\nassistant: {begin}" for q, begin, _ in LATER], 8)
        columns.append([("there" if key in text else "not there", answer.split("\n")[0], key in answer)
                        for answer, (_, _, key) in zip(wrote, LATER)])
        right[way] = sum(good for _, _, good in columns[-1])
    rows = "".join(f"<tr><td style='text-align:left'>{escape(q)}</td>"
                   + "".join(f"<td>{column[i][0]}: {'<b>' if column[i][2] else ''}{escape(column[i][1])}"
                             f"{'</b>' if column[i][2] else ''}</td>" for column in columns) + "</tr>"
                   for i, (q, _, _) in enumerate(LATER))
    display(HTML("<table><tr><th>question</th>" + "".join(f"<th>{w}: {right[w]} of {len(LATER)}</th>" for w in ways)
                 + f"</tr>{rows}</table>"))
    return right


# --- positions never trained -----------------------------------------------------------------------------------------

READ = {"as it is": (1.0, 1e4), "interpolated": (4.0, 1e4), "NTK-aware": (1.0, 1e4 * 4 ** (64 / 62))}


def beyond(waves: Callable, fitted: Callable, seed: int, ridge: float | None = None) -> dict[str, float]:
    """The largest score at 256 to 1,023 over the largest below 256, by the three ways to read on."""
    g = torch.Generator().manual_seed(seed)
    at = torch.randperm(256, generator=g)[:64].double()
    c = fitted(at, 0.5 * torch.randn(64, generator=g, dtype=torch.float64), ridge)
    inside = (waves(torch.arange(256.0, dtype=torch.float64), 1e4) @ c).abs().max()
    far = torch.arange(256.0, 1024, dtype=torch.float64)
    return {way: ((waves(far / s, base) @ c).abs().max() / inside).item() for way, (s, base) in READ.items()}


@figures.experiment
@one_thread()
def positions(waves: Callable, fitted: Callable, prediction: str | None) -> dict[str, list[float]]:
    """Five fits of a RoPE score read beyond their range."""
    table = {}
    for ridge in (None, 0.01):
        runs = [beyond(waves, fitted, seed, ridge) for seed in range(5)]
        print("least squares" if ridge is None else f"with a ridge of {ridge}")
        for way in READ:
            values = sorted(run[way] for run in runs)
            table[way if ridge is None else f"{way}, ridge"] = values
            print(f"  {way:>12}: {values[2]:>10,.1f} times the trained range (median; {values[0]:,.1f} to {values[-1]:,.1f})")
    g = torch.Generator().manual_seed(0)
    at, y = torch.randperm(256, generator=g)[:64].double(), 0.5 * torch.randn(64, generator=g, dtype=torch.float64)
    c, line = fitted(at, y), torch.arange(0.0, 1024, 0.5, dtype=torch.float64)
    figure, ax = figures.subplots(figsize=(8, 2.6))
    for (way, (s, base)), color in zip(READ.items(), [figures.WRONG, figures.KEPT, figures.PALETTE[2]]):
        ax.plot(line, waves(line / s, base) @ c, color=color, lw=1, label=way)
    ax.plot(at, y, ".", color=figures.INK, label="what was fitted")
    ax.axvspan(0, 256, color=figures.CUT, alpha=0.15)
    ax.set_yscale("symlog", linthresh=10)
    ax.set(xlabel="distance", ylabel="score (logarithmic beyond ±10)", title="Seed 0; grey: the trained range",
           ylim=(-1e5, 1e7))
    ax.legend(fontsize=8, loc="upper left", ncols=4)
    figures.show(figure)
    over = [way for way in READ if table[way][2] > 10]
    print(f"you expected {prediction!r}; over ten times: {', '.join(over) or 'none'}")
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(needle_margin: Callable) -> ipywidgets.Widget:
    """The needle's weight by margin, scatter and length, with and without scores that scale with ln n."""
    def draw(margin: float, sigma: float, digits: float, scaled: float) -> tuple[Figure, str]:
        n = round(10 ** digits)
        scores = hay(n, margin, sigma)
        m, p = (x.item() for x in needle_margin(scores, torch.tensor(0)))
        figure, ax = figures.subplots(figsize=(5.5, 2.6))
        many = [int(10 ** (k / 2)) for k in range(2, 12)]
        for name, s, color in [("softmax", 0.0, figures.KEPT), ("scores times s · ln n", scaled, figures.PALETTE[1])]:
            if s or name == "softmax":
                rows = [hay(k, margin, sigma) * (s * math.log(k) if s else 1) for k in many]
                ax.semilogx(many, [needle_margin(row, torch.tensor(0))[1].item() for row in rows], color=color, label=name)
        ax.axvline(n, color=figures.CUT)
        ax.set(ylim=(0, 1.02), xlabel="distractors", ylabel="weight of the needle")
        ax.legend(fontsize=8)
        return figure, f"Among {n:,} distractors: real margin {m:.2f}, weight {100 * p:.2g} %. For 90 %: {math.log(9 * n):.2f}."
    return figures.board({"margin": ipywidgets.FloatSlider(8, min=0, max=20, step=0.5, description="above the mean"),
                          "sigma": ipywidgets.FloatSlider(0, min=0, max=3, step=0.25, description="σ of the hay"),
                          "digits": ipywidgets.FloatSlider(4, min=1, max=5.5, step=0.5, description="log₁₀ n"),
                          "scaled": ipywidgets.FloatSlider(0, min=0, max=1, step=0.05, description="s (0: off)")}, draw)
