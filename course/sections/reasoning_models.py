"""Section 13: what its pictures, its experiment and its widget show."""

import copy
import random
from collections.abc import Callable

import ipywidgets
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..models.transformer import Config, Transformer

THINK, CLOSE = "<think>", "</think>"
CONFIG = Config(vocab=6, layers=2, width=32, heads=2, kv_heads=2, head_dim=16, hidden=64)
NAMES = ("0", "1", THINK, CLOSE, "", ".")  # of the students' six tokens; the fifth is the end
BITS = 10


# --- thoughts and answers --------------------------------------------------------------------------------------------

OUTPUTS = (("tidy", [("<think>", None), ("3 + 4 is 7", True), ("</think>", None), ("7", False)]),
           ("cut off", [("<think>", None), ("3 + 4 is, let me", True)]),
           ("opened by template", [("3 + 4 is 7", True), ("</think>", None), ("7", False)]),
           ("two blocks", [("<think>", None), ("sum", True), ("</think>", None), ("7", False), ("<think>",
                                                                                                None), ("sure?", True),
                           ("</think>", None), (" yes", False)]))


@figures.picture
def four_outputs() -> Figure:
    """Four raw outputs, letter by letter: tags, thought, answer."""
    figure, ax = figures.subplots(figsize=(8, 2.2))
    for row, (name, parts) in enumerate(OUTPUTS):
        at = 0
        for text, thought in parts:
            color = figures.CUT if thought is None else figures.PALETTE[1] if thought else figures.KEPT
            ax.text(at, -row, text, family="monospace", fontsize=14.7, color=color, va="center")
            at += len(text)
        ax.text(-1.5, -row, name, ha="right", va="center", fontsize=9)
    ax.text(0, 0.9, "tag", color=figures.CUT, fontsize=9)
    ax.text(6, 0.9, "thought", color=figures.PALETTE[1], fontsize=9)
    ax.text(16, 0.9, "answer", color=figures.KEPT, fontsize=9)
    ax.set(xlim=(-17, 48), ylim=(-3.6, 1.4))
    ax.axis("off")
    return figure


@figures.picture
def streamed(ThinkStream: Callable) -> Figure:
    """A text in pieces of three characters, and where its letters come out."""
    text = "<think>is 2 < 3? yes</think>2 < 3."
    pieces = [text[i:i + 3] for i in range(0, len(text), 3)]
    stream = ThinkStream()
    out = [stream.feed(piece) for piece in pieces] + [stream.finish()]
    figure, ax = figures.subplots(figsize=(9, 1.9))
    for i, piece in enumerate([*pieces, "end"]):
        ax.text(i, 2, piece.replace(" ", "␣"), ha="center", family="monospace", fontsize=9)
        for side, color in enumerate((figures.PALETTE[1], figures.KEPT)):
            said = out[i][side].replace(" ", "␣")
            ax.text(i, 1 - side, said or ("·" if not any(out[i]) and side == 0 else ""), ha="center",
                    family="monospace",
                    fontsize=9, color=color)
    for y, name in enumerate(("answer", "thought", "piece")):
        ax.text(-1, y, name, ha="right", fontsize=9)
    ax.set(xlim=(-3, len(pieces) + 0.7), ylim=(-0.6, 2.7))
    ax.axis("off")
    return figure


# --- answers ---------------------------------------------------------------------------------------------------------

PAIRS = (("0.5", "1/2"), ("1,000", "1000"), (r"\boxed{\frac{1}{2}}", "50%"), ("0.333", "1/3"),
         ("9007199254740993", "9007199254740992"),
         ("New  York.", "new york"), ("", ""))


def near(got: str, want: str) -> bool:
    """As floats within a thousandth; as texts where they are none."""
    try:
        return abs(float(got) - float(want)) < 1e-3
    except ValueError:
        return got == want


@figures.picture
def judged(same_answer: Callable) -> Figure:
    """Pairs of answers under three checks."""
    figure, ax = figures.subplots(figsize=(8, 2.8))
    checks = (("yours", same_answer), ("texts", lambda a, b: a == b), ("floats", near))
    for x, name, side in ((1.9, "got", "right"), (2.2, "want", "left")):
        ax.text(x, 1, name, ha=side, fontsize=9)
    for i, (name, _) in enumerate(checks):
        ax.text(5 + i, 1, name, ha="center", fontsize=9)
    for row, (got, want) in enumerate(PAIRS):
        ax.text(1.9, -row, repr(got).replace("\\\\", "\\"), ha="right", va="center", family="monospace",
                fontsize=9)
        ax.text(2.2, -row, repr(want), ha="left", va="center", family="monospace", fontsize=9)
        for i, (_, same) in enumerate(checks):
            said = bool(same(got, want))
            ax.text(5 + i, -row, "same" if said else "not", ha="center", va="center", fontsize=9,
                    color=figures.KEPT if said else figures.CUT)
    ax.set(xlim=(-0.8, 7.6), ylim=(-len(PAIRS) + 0.4, 1.6))
    ax.axis("off")
    return figure


# --- steps -----------------------------------------------------------------------------------------------------------

@figures.picture
def running(scratchpad: Callable) -> Figure:
    """Twelve bits and their running parities: all, every second, every fourth."""
    bits = torch.randint(0, 2, (1, 12), generator=torch.Generator().manual_seed(3))
    figure, ax = figures.subplots(figsize=(7, 2.1))
    for i, bit in enumerate(bits[0].tolist()):
        ax.text(i, 3, str(bit), ha="center", va="center", family="monospace")
    for row, every in enumerate((1, 2, 4)):
        for j, p in enumerate(scratchpad(bits, every)[0].tolist()):
            x = min((j + 1) * every, 12) - 1
            ax.text(x, 2 - row, str(p), ha="center", va="center", family="monospace",
                    color=figures.PALETTE[1] if x < 11 else figures.KEPT)
    for y, name in enumerate(("every 4th step", "every 2nd step", "all steps", "bits")):
        ax.text(-0.8, y, name, ha="right", va="center", fontsize=9)
    ax.set(xlim=(-3.6, 11.6), ylim=(-0.5, 3.5))
    ax.axis("off")
    return figure


# --- what a filter lets through --------------------------------------------------------------------------------------

@figures.picture
def let_through(rejection_filter: Callable) -> Figure:
    """The share of wrong traces among the kept, by the chance of a guess; simulated and by the formula."""
    share, draws, guesses = 0.25, 4000, (1 / 2, 1 / 4, 1 / 10, 1 / 100, 1 / 1000)
    found = []
    for guess in guesses:
        rng, samples = random.Random(round(1 / guess)), []
        for i in range(draws):
            good = rng.random() < share
            samples.append(("q", f"{'good' if good else 'bad'} {i}", "right"
                            if good or rng.random() < guess else "wrong"))
        kept = rejection_filter(samples, lambda q, t, a: a == "right").get("q", [])
        found.append(sum(t.startswith("bad") for t, _ in kept) / max(len(kept), 1))
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.plot(guesses, [(1 - share) * g / (share + (1 - share) * g) for g in guesses], color=figures.INK, lw=1,
            label="formula")
    ax.plot(guesses, found, "o", color=figures.WRONG, label="your filter, 4,000 traces each")
    ax.set(xscale="log", ylim=(-0.03, 0.7), xlabel="chance that a wrong trace guesses the answer",
           ylabel="wrong among the kept",
           title="A right answer is no right trace")
    ax.set_xticks(guesses, ["1/2", "1/4", "1/10", "1/100", "1/1000"])
    ax.minorticks_off()
    ax.legend()
    return figure


# --- the price -------------------------------------------------------------------------------------------------------

H100 = dict(bandwidth=3.35e12, flops=5e14)


@figures.picture
def thinking_seconds(answer_time: Callable, models: dict) -> Figure:
    """Seconds until the answer begins, by tokens of thought."""
    figure, ax = figures.subplots(figsize=(7, 2.9))
    lengths = [0, 1000, 2000, 4000, 8000]
    answer_time([(1, 1, 8)], 1, 1, 1, 1.0, 1.0)  # is it written?
    print(f"{'':44}seconds to the answer after so many tokens of thought")
    print(f"{'model':18}{'GB in memory':>14}{'GB a token':>12}" + "".join(f"{t:>9,}" for t in lengths))
    for (name, parts), color in zip(models.items(), figures.PALETTE):
        rows = [answer_time(parts, 1000, t, 300, **H100) for t in lengths]
        read = sum(active * bits / 8 for _, active, bits in parts)
        print(f"{name:18}{rows[0][0] / 1e9:14.1f}{read / 1e9:12.1f}" + "".join(f"{row[1]:9.1f}" for row in rows))
        ax.plot(lengths, [first for _, first, _ in rows], "o-", color=color, label=name)
    ax.set(xlabel="tokens of thought", ylabel="seconds to the answer", title="The larger model reads less")
    ax.legend()
    return figure


# --- students of parity ----------------------------------------------------------------------------------------------

def draw_bits(count: int, g: torch.Generator) -> Tensor:
    return torch.randint(0, 2, (count, BITS), generator=g)


def learn(model: Transformer, batches, lr: float) -> Transformer:
    """Adam on batches of (ids, labels): next tokens, -100 passed over."""
    adam = torch.optim.Adam(model.parameters(), lr=lr)
    for ids, labels in batches:
        logits, _ = model(ids[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
    return model


@torch.no_grad()
def write(model: Transformer, bits: Tensor, tokens: int, g: torch.Generator | None = None) -> Tensor:
    """What the model writes after the bits: greedy, or drawn at temperature 1 with a generator."""
    out, new, cache = [], bits, None
    for _ in range(tokens):
        logits, cache = model(new, cache=cache)
        last = logits[:, -1]
        new = last.argmax(-1, keepdim=True) if g is None else torch.multinomial(last.softmax(-1), 1,
                                                                                generator=g)
        out.append(new)
    return torch.cat(out, 1)


def fresh(written: Callable, kind: str, count: int, g: torch.Generator):
    """Batches of new questions with what one kind of student writes; only that is learnt."""
    for _ in range(count):
        bits = draw_bits(32, g)
        text = written(kind, bits)
        yield torch.cat([bits, text], 1), torch.cat([torch.full_like(bits, -100), text], 1)


def student(written: Callable, kind: str, seed: int, count: int) -> list[float]:
    """Share of right answers at the start (chance) and after each quarter of the training."""
    g, model, shares = torch.Generator().manual_seed(seed), Transformer(CONFIG, seed), [0.5]
    new = draw_bits(400, torch.Generator().manual_seed(1000 + seed))
    want = written(kind, new)
    at = 0 if kind == "after" else want.shape[1] - 2
    for quarter in range(4):
        learn(model, fresh(written, kind, count // 4, g), 6e-3)
        some = len(new) if quarter == 3 else 100
        got = write(model, new[:some], at + 1)
        shares.append((got[:, at] == want[:some, at]).float().mean().item())
    return shares


@figures.experiment
def students(written: Callable, prediction: str | None = None, seed: int = 0, count: int = 140) -> dict[str,
                                                                                                        float]:
    """Five students of one size that write different things; {name: share of right answers on new questions}."""
    torch.set_num_threads(1)
    curves = {kind: student(written, kind, seed, count) for kind in ("answer", "filler", "after", "every 2nd",
                                                                     "steps")}
    table = {kind: shares[-1] for kind, shares in curves.items()}
    figures.show(_curves(curves, count))
    for kind, share in table.items():
        near = (400 * share + 2) / 404  # 2 right and 2 wrong are added: else 400 of 400 would be free of error
        print(f"{kind:10} {100 * share:5.1f} % of 400 new questions right (± {196 * (near * (1 - near) / 404) ** 0.5:.1f})")
    if prediction:
        above = [k for k in ("every 2nd", "filler", "after") if table[k] > 0.75]
        said = {0: "none", 2: "two of them", 3: "all three"}.get(len(above)) or above[0]
        print(f"\nabove 75 %, measured: {said}\n   your prediction: {prediction}")
    return table


def _curves(curves: dict[str, list[float]], count: int) -> Figure:
    figure, ax = figures.subplots(figsize=(7, 2.9))
    for kind, shares in curves.items():
        ax.plot([count * i // 4 for i in range(5)], shares, "o-", label=kind, ms=4)
    ax.axhline(0.5, color=figures.INK, lw=0.8, ls=":")
    ax.set(xlabel="batches of 32 questions", ylabel="right answers", ylim=(-0.03, 1.05),
           title="Parity of ten bits")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


# --- a student of its own traces -------------------------------------------------------------------------------------

def tokens_of(text: str) -> list[int]:
    return [int(c) for c in text if c in "01"]


def text_of(ids: list[int]) -> str:
    """The text up to the end."""
    return "".join(NAMES[i] for i in (ids[:ids.index(4)] if 4 in ids else ids))


def poor_start(sft_batch: Callable, scratchpad: Callable, seed: int, traces: int = 64,
               steps: int = 60) -> Transformer:
    """A student that saw a few full traces."""
    g = torch.Generator().manual_seed(seed)
    bits = draw_bits(traces, g)
    pads = scratchpad(bits)
    ids, labels, _ = sft_batch([(b, p, p[-1:]) for b, p in zip(bits.tolist(), pads.tolist())], 99, 2, 3, 4, 4)
    return learn(Transformer(CONFIG, seed), some_rows(ids, labels, steps, g), 5e-3)


def some_rows(ids: Tensor, labels: Tensor, steps: int, g: torch.Generator):
    for _ in range(steps):
        rows = torch.randint(0, len(ids), (32,), generator=g)
        yield ids[rows], labels[rows]


class School:
    """The poor student's problems and new questions; `teach` runs one loop with one check."""

    def __init__(self, sft_batch: Callable, scratchpad: Callable, seed: int, questions: int):
        self.sft_batch, self.scratchpad, self.seed = sft_batch, scratchpad, seed
        self.base = poor_start(sft_batch, scratchpad, seed)
        self.new = draw_bits(400, torch.Generator().manual_seed(500 + seed))
        bits = draw_bits(questions, torch.Generator().manual_seed(600 + seed))
        rows = zip(bits.tolist(), scratchpad(bits).tolist())
        self.pads = {"".join(map(str, b)): "".join(map(str, p)) for b, p in rows}
        self.problems = {q: pad[-1] for q, pad in self.pads.items()}
        self.checks = {"nothing": lambda q, t, a: a in ("0", "1") and set(t) <= set("01"),
                       "answer": None,
                       "steps": lambda q, t, a: t == self.pads[q] and a == self.problems[q]}
        self.start = self.marks(self.base)

    def marks(self, model: Transformer) -> tuple[float, float]:
        """(answers right, traces right in every step) on new questions, greedily."""
        got, want = write(model, self.new, BITS + 3), self.scratchpad(self.new)
        return ((got[:, -1] == want[:, -1]).float().mean().item(),
                (got[:, 1:-2] == want).all(1).float().mean().item())

    def teach(self, self_train: Callable, check: str, rounds: int, k: int) -> list[tuple[float, float, float,
                                                                                         int]]:
        """(answers right, traces right, wrong traces in the pool, size of the pool) at the start and after each round."""
        g, log = torch.Generator().manual_seed(self.seed), [(*self.start, float("nan"), 0)]

        def generate(model, asked, k):
            prompts = torch.tensor([tokens_of(q) for q in asked]).repeat_interleave(k, 0)
            texts = [text_of(row) for row in write(model, prompts, BITS + 4, g).tolist()]
            return [texts[i:i + k] for i in range(0, len(texts), k)]

        def train(start, pool):
            rows = [(tokens_of(q), tokens_of(t), tokens_of(a)) for q, some in pool.items() for t, a in some]
            ids, labels, _ = self.sft_batch(rows, 99, 2, 3, 4, 4)
            model = learn(copy.deepcopy(start), some_rows(ids, labels, 60, g), 4e-3)
            wrong = [t != self.pads[q] for q, some in pool.items() for t, _ in some]
            log.append((*self.marks(model), sum(wrong) / len(wrong), len(wrong)))
            return model

        self_train(self.base, generate, train, self.problems, rounds, k, 2, self.checks[check])
        return log


def taught_by_itself(self_train: Callable, sft_batch: Callable, scratchpad: Callable, seed: int = 2,
                     rounds: int = 2,
                     questions: int = 96, k: int = 4) -> dict[str, list]:
    """What `School.teach` gives, for each check."""
    school = School(sft_batch, scratchpad, seed, questions)
    return {check: school.teach(self_train, check, rounds, k) for check in school.checks}


@figures.picture
def own_traces(self_train: Callable, sft_batch: Callable, scratchpad: Callable) -> Figure:
    """The poor student taught by its own traces, under three checks."""
    torch.set_num_threads(1)
    self_train("m", lambda m, q, k: [["<think>a</think>b"]], lambda b, p: b, {"q": "b"}, 1, 1)  # is it written?
    results = taught_by_itself(self_train, sft_batch, scratchpad)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    print(f"{'check':9}{'round':>6}{'right answers':>15}{'right traces':>14}{'traces learnt':>15}{'of them wrong':>15}")
    for (name, log), color in zip(results.items(), (figures.CUT, figures.PALETTE[1], figures.KEPT)):
        for i, (answers, traces, wrong, size) in enumerate(log):
            print(f"{name:9}{i:6}{100 * answers:13.1f} %{100 * traces:12.1f} %" +
                  (f"{size:15}{100 * wrong:13.1f} %" if i else ""))
        ax.plot([row[1] for row in log], "o-", color=color, label=f"check: {name}")
    ax.set(xlabel="round", ylabel="traces right in every step", ylim=(-0.03, 1.05),
           title="What it learns from its own traces")
    ax.set_xticks(range(len(next(iter(results.values())))))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget() -> ipywidgets.Widget:
    """How many traces come out right, and what a check of the answer lets through."""
    return figures.board({
        "p": ipywidgets.FloatSlider(0.95, min=0.5, max=1.0, step=0.01, description="a step is right"),
        "n": ipywidgets.IntSlider(10, min=1, max=100, description="steps"),
        "k": ipywidgets.IntSlider(4, min=1, max=64, description="samples"),
    }, survivors)


def chances(p: float, n: int) -> tuple[float, float]:
    """(all n steps right, answer right): the answer of parity is right after an even number of wrong steps."""
    return p ** n, (1 + (2 * p - 1) ** n) / 2


def survivors(p: float, n: int, k: int) -> tuple[Figure, str]:
    """Right traces and right answers by length; the numbers at n."""
    figure, ax = figures.subplots(figsize=(6.5, 2.8))
    lengths = range(1, 101)
    both = [chances(p, i) for i in lengths]
    ax.plot(lengths, [a for _, a in both], color=figures.PALETTE[1], label="answer right")
    ax.plot(lengths, [t for t, _ in both], color=figures.KEPT, label="every step right")
    ax.axvline(n, color=figures.INK, lw=0.8, ls=":")
    ax.set(xlabel="steps", ylabel="share of samples", ylim=(-0.03, 1.05))
    ax.legend()
    trace, answer = chances(p, n)
    wrong = (answer - trace) / answer
    return figure, (f"{100 * trace:.1f} % of the traces are right in every step, {100 * answer:.1f} % of the answers are "
                    f"right: of what a check of answers keeps, <b>{100 * wrong:.0f} %</b> is wrong. At least one "
                    f"right trace among {k} samples: {100 * (1 - (1 - trace) ** k):.1f} % of the questions.")
