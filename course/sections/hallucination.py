"""Section 09: samples that contradict, words that nobody else says, meanings, documents, curves; SmolLM2 on what it knows."""

import re
from collections.abc import Callable, Sequence
from functools import cache

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from .. import figures
from ..models.embeddings import embed
from ..models.language import one_thread, padded_left
from ..models.smollm import load

# --- pictures: one score each ----------------------------------------------------------------------------------------


@figures.picture
def sentences(selfcheck_nli: Callable) -> Figure:
    """Five sentences against twelve samples, with made-up logits: each sample's share, and the score."""
    rng = np.random.default_rng(0)
    names = ["1 · it is a queue", "2 · it has brokers", "3 · founded in 1987", "4 · a topic is split", "5 · not mentioned"]
    centre = np.array([[4.0, 0.0, -3.0], [3.0, 1.0, -2.0], [-1.5, 1.0, 1.5], [1.5, 1.0, -1.0], [-2.0, 5.0, -2.0]])
    logits = torch.from_numpy(centre[:, None] + rng.normal(0, [2.0, 1.0, 1.0], (5, 12, 3)))
    labels = ("entailment", "neutral", "contradiction")
    scores = selfcheck_nli(logits, labels).tolist()
    figure, ax = figures.subplots(figsize=(7.5, 2.6))
    ax.barh(names, scores, color=[figures.WRONG if i == 2 else figures.KEPT for i in range(5)], alpha=0.6)
    for i in range(5):
        single = [float(selfcheck_nli(logits[i:i + 1, n:n + 1], labels)[0]) for n in range(12)]
        ax.plot(single, i + rng.uniform(-0.25, 0.25, 12), "o", ms=4, color=figures.INK)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.02), xlabel="share of contradiction; bar: your score", title="Five sentences, twelve samples")
    return figure


SHOWN = "the broker was founded by Edda Vorlund in 1987 and keeps messages in a log".split()
OTHERS = [
    "the broker was founded by Tom Hale in 1991 and keeps messages in a log",
    "the broker keeps messages in a log and was established by Ines Kade in 1994",
    "it was founded by Tom Hale in 1990 and the broker keeps all messages in a log",
    "the broker was founded in 1992 and it keeps messages in a log",
    "the broker keeps messages in a log", "the broker was founded by Rolf Ames and keeps a log",
    "the broker was founded by Tom Hale and keeps messages in a log on disk",
    "founded in 1987 the broker keeps messages in a log"]


@figures.picture
def word_surprise(ngram_selfcheck: Callable) -> Figure:
    """Each word of a shown answer as a sentence of its own would be scored: its surprise."""
    samples = [text.split() for text in OTHERS]
    together = ngram_selfcheck([SHOWN], samples)[0]
    # a word alone in a sentence, the others in a second one: the counts are the same, so this is the word's own surprise
    alone = [ngram_selfcheck([[w], SHOWN[:i] + SHOWN[i + 1:]], samples)[0][0] for i, w in enumerate(SHOWN)]
    figure, ax = figures.subplots(figsize=(8, 2.8))
    figures.token_bars(ax, alone, [a < together[1] - 1e-9 for a in alone], SHOWN, "Surprise of each word (grey: the largest)")
    ax.axhline(together[0], color=figures.PALETTE[1], label="mean")
    ax.set_ylabel("nats")
    ax.legend()
    return figure


FILLER = {"it", "is", "the", "answer", "of", "course", "i", "think", "that", "would", "be"}


@cache
def content(text: str) -> frozenset[str]:
    """The words of an answer that say something."""
    return frozenset(re.findall(r"\w+", text.lower())) - FILLER


def entails(premise: str, hypothesis: str) -> bool:
    """A stand-in for an NLI model: every word of weight in the hypothesis stands in the premise."""
    return content(hypothesis) <= content(premise)


WORDINGS = ("{}", "It is {}.", "{}, of course", "I think that it is {}", "The answer is {}.")


def worded(names: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each name in a wording of its own."""
    return [WORDINGS[int(rng.integers(len(WORDINGS)))].format(name) for name in names]


@figures.picture
def strings_and_meanings(cluster_answers: Callable, semantic_entropy: Callable) -> Figure:
    """Three questions: the entropy over strings and over meanings of ten samples each."""
    rng = np.random.default_rng(1)
    asked = {"known, one wording": ["Paris"] * 10, "known, many wordings": worded(["Paris"] * 10, rng),
             "not known": worded(["Lyon", "Paris", "Nice", "Rome", "Bonn", "Lyon", "Cork", "Oslo", "Bern", "Riga"], rng)}
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for j, (how, same) in enumerate({"strings": lambda a, b: a == b, "meanings": entails}.items()):
        values = [semantic_entropy(cluster_answers(samples, same)) for samples in asked.values()]
        bars = ax.bar(np.arange(3) + 0.36 * (j - 0.5), values, 0.33, label=f"over {how}")
        ax.bar_label(bars, [f"{v:.2f}" for v in values], color=figures.INK, fontsize=8)
    ax.axhline(np.log(10), color=figures.INK, ls="--")
    ax.text(-0.45, np.log(10) + 0.05, "ln 10", color=figures.INK)
    ax.set_xticks(range(3), list(asked))
    ax.set(ylabel="entropy (nats)", ylim=(0, 2.9), title="Ten samples a question")
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


def claims_and_documents(rng: np.random.Generator, C: int = 400, D: int = 30) -> Tensor:
    """Probabilities of an NLI model that errs now and then: claim c is about document 0; the others are about other things."""
    P = rng.dirichlet([0.08, 4.0, 0.05], (C, D))
    kind = rng.choice(3, C, p=[0.65, 0.2, 0.15])
    P[kind == 0, 0] = rng.dirichlet([8.0, 1.5, 0.3], int((kind == 0).sum()))
    P[kind == 2, 0] = rng.dirichlet([0.3, 1.5, 8.0], int((kind == 2).sum()))
    return torch.from_numpy(P)


@figures.picture
def more_documents(claim_support: Callable) -> Figure:
    """Verdicts as irrelevant documents are added, and what the mean over documents would say."""
    P = claims_and_documents(np.random.default_rng(0))
    counts = (1, 2, 4, 8, 16, 30)
    verdicts = [claim_support(P[:, :d])[1] for d in counts]
    figure, ax = figures.subplots(figsize=(7.5, 2.8))
    below = np.zeros(len(counts))
    for kind, color in zip(("supported", "contradicted", "unverified"), (figures.KEPT, figures.WRONG, figures.CUT)):
        share = np.array([v.count(kind) / len(v) for v in verdicts])
        ax.bar(range(len(counts)), share, bottom=below, color=color, label=kind, alpha=0.85)
        below += share
    ax.plot(range(len(counts)), [float((P[:, :d, 0].mean(1) >= 0.5).double().mean()) for d in counts], "o-",
            color=figures.PALETTE[1], label="supported, by the mean")
    ax.set_xticks(range(len(counts)), [str(d) for d in counts])
    ax.set(xlabel="documents, one of them relevant", ylabel="share of 400 claims", ylim=(0, 1))
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


def entropy_of(shares: np.ndarray) -> float:
    """In nats, of shares that sum to 1."""
    shares = shares[shares > 0]
    return float(max(0.0, -(shares * np.log(shares)).sum()))


def marked(rng: np.random.Generator, n: int = 200, samples: int = 5) -> tuple[Tensor, Tensor]:
    """Entropies of a few samples of n answers, and which answers are wrong."""
    wrong = rng.random(n) < 0.4
    shares = [rng.dirichlet([0.6] * 6 if w else [6.0, *[0.3] * 5]) for w in wrong]
    scores = [entropy_of(rng.multinomial(samples, p) / samples) for p in shares]
    return torch.tensor([round(s, 9) for s in scores], dtype=torch.float64), torch.from_numpy(wrong)


def curve(order: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rate as answers are flagged in this order."""
    hit = wrong[order]
    return np.r_[0, (~hit).cumsum() / (~hit).sum()], np.r_[0, hit.cumsum() / hit.sum()]


@figures.picture
def tied_curve(auroc: Callable) -> Figure:
    """One detector with ties: three curves; and precision by threshold."""
    scores, wrong = marked(np.random.default_rng(4))
    s, w = scores.numpy(), wrong.numpy()
    figure, (left, right) = figures.subplots(1, 2, figsize=(8.5, 3.1))
    for name, nudge, color in [("wrong first", 1e-7, figures.PALETTE[2]), ("wrong last", -1e-7, figures.PALETTE[1])]:
        x, y = curve(np.argsort(-(s + nudge * w), kind="stable"), w)
        left.plot(x, y, color=color, lw=1, label=f"{name}: {auroc(torch.from_numpy(s + nudge * w), wrong):.3f}")
    values = np.unique(s)[::-1]
    left.plot(np.r_[0, [(s[~w] >= v).mean() for v in values]], np.r_[0, [(s[w] >= v).mean() for v in values]], "o-", ms=3,
              color=figures.KEPT, label=f"ties are half: {auroc(scores, wrong):.3f}")
    left.plot([0, 1], [0, 1], "--", color=figures.INK, lw=1)
    left.set(xlabel="right answers flagged", ylabel="wrong answers flagged", title="200 answers of five samples")
    left.legend(fontsize=8, loc="lower right")
    s, w = (x.numpy() for x in marked(np.random.default_rng(4), 80, 10))
    values = np.unique(s)[::-1]
    right.plot(values, [w[s >= v].mean() for v in values], "o-", ms=4, label="precision")
    right.plot(values, [(s[w] >= v).mean() for v in values], "o-", ms=4, label="recall")
    right.set(xlabel="threshold (nats)", ylim=(0, 1.05), title="80 answers of ten samples")
    right.legend(fontsize=8)
    return figure


@figures.picture
def reliability(ece: Callable) -> Figure:
    """A detector that is too sure; and the ECE of perfect ones by bins and answers."""
    rng = np.random.default_rng(0)
    conf = rng.beta(4, 1.2, 2000)
    right = rng.random(2000) < conf**1.7
    figure, (a, b) = figures.subplots(1, 2, figsize=(8.5, 3))
    at = np.clip(np.ceil(conf * 10).astype(int) - 1, 0, 9)
    seen = [i for i in range(10) if (at == i).any()]
    a.bar([i / 10 + 0.05 for i in seen], [right[at == i].mean() for i in seen], 0.09, color=figures.KEPT)
    a.plot([0, 1], [0, 1], "--", color=figures.INK)
    value = ece(torch.from_numpy(conf), torch.from_numpy(right))
    a.set(xlabel="confidence", ylabel="accuracy", title=f"Too sure: ECE {value:.3f}", xlim=(0, 1))
    bins = (2, 5, 10, 20, 50)
    for n in (200, 2000, 20_000):
        b.plot(bins, perfect(ece, n, bins), "o-", ms=4, label=f"{n:,} answers")
    b.set(xlabel="bins", title="Your ECE of perfect detectors", ylim=(0, None))
    b.legend(fontsize=8)
    return figure


def perfect(ece: Callable, n: int, bins: Sequence[int], runs: int = 5) -> list[float]:
    """The mean ECE of detectors that are right as often as they say."""
    rng = np.random.default_rng(n)
    found = []
    for _ in range(runs):
        conf = rng.beta(4, 1.2, n)
        right = torch.from_numpy(rng.random(n) < conf)
        found.append([ece(torch.from_numpy(conf), right, b) for b in bins])
    return np.mean(found, 0).tolist()


# --- a world of questions with samples -------------------------------------------------------------------------------

NAMES = "Paris Lyon Nice Rome Bonn Cork Oslo Bern Riga Graz Kiel Bath".split()


def questions(rng: np.random.Generator, n: int, systematic: float = 0.12, samples: int = 10,
              ) -> tuple[list[str], list[list[str]], Tensor]:
    """(shown answers, their samples, which of them are wrong) for n questions: known, unknown, or learned wrongly."""
    shown, sampled, wrong = [], [], []
    for _ in range(n):
        names = rng.permutation(NAMES)  # the first is the truth
        kind = rng.choice(3, p=[0.6, 0.4 - systematic, systematic])
        sure = rng.beta(8, 2)
        shares = np.r_[sure, np.full(11, (1 - sure) / 11)] if kind != 1 else rng.dirichlet([0.5] * 12)
        if kind == 2:
            shares = np.roll(shares, 1)
        favourite = int(shares.argmax())
        shown.append(str(names[favourite]))
        sampled.append(worded([str(names[i]) for i in rng.choice(12, samples, p=shares)], rng))
        wrong.append(favourite != 0)
    return shown, sampled, torch.tensor(wrong)


def held_out(fit_flag: Callable, abstain: Callable, marked: int, fresh: int, seed: int, precision: float = 0.8,
             ) -> dict[str, float]:
    """Fit on `marked` questions, used on `fresh` ones: what came of it."""
    rng = np.random.default_rng(seed)
    shown, sampled, wrong = questions(rng, marked)
    threshold, area = fit_flag(sampled, wrong, entails, precision)
    result = {"threshold": threshold, "area": area}
    for name, (answers, samples, bad) in {"marked": (shown, sampled, wrong), "fresh": questions(rng, fresh)}.items():
        decided = [abstain(a, s, entails, threshold) for a, s in zip(answers, samples)]
        silent = np.array([text != a for (text, _, _), a in zip(decided, answers)])
        flagged, b = np.array([h >= threshold for _, h, _ in decided]), bad.numpy()
        result |= {f"{name} precision": float(b[flagged].mean()) if flagged.any() else np.nan,
                   f"{name} flagged": float(flagged.mean()), f"{name} answered": float((~silent).mean()),
                   f"{name} right": float((~b)[~silent].mean()), f"{name} right before": float((~b).mean())}
    return result


@figures.picture
def selective(fit_flag: Callable, abstain: Callable) -> Figure:
    """Accuracy by how much is answered; the fitted threshold on marked and on fresh questions."""
    shown, sampled, wrong = questions(np.random.default_rng(100), 400)
    judged = [abstain(a, s, entails, float("inf")) for a, s in zip(shown, sampled)]
    entropy, w = np.array([h for _, h, _ in judged]), wrong.numpy()
    values = np.unique(entropy)
    figure, ax = figures.subplots(figsize=(6.5, 2.9))
    ax.plot([(entropy <= v).mean() for v in values], [(~w[entropy <= v]).mean() for v in values], "o-", ms=3,
            label="by entropy")
    ax.axhline((~w).mean(), color=figures.INK, ls="--", label="everything answered")
    runs = [held_out(fit_flag, abstain, 60, 400, seed) for seed in range(6)]
    ax.plot([r["fresh answered"] for r in runs], [r["fresh right"] for r in runs], "s", color=figures.WRONG,
            label="fitted on 60, fresh questions")
    ax.set(xlabel="share of questions answered", ylabel="right among answered", title="Say less, and be right more often")
    ax.legend(fontsize=8)
    print(f"{'fitted on 60':>14}{'threshold':>11}{'AUROC':>8}{'precision':>11}{'fresh precision':>17}{'answered':>10}"
          f"{'right before':>14}{'right after':>13}")
    for i, r in enumerate(runs):
        print(f"{'run ' + str(i + 1):>14}{r['threshold']:11.2f}{r['area']:8.2f}{r['marked precision']:11.2f}"
              f"{r['fresh precision']:17.2f}{r['fresh answered']:10.2f}{r['fresh right before']:14.2f}{r['fresh right']:13.2f}")
    for n, found in ((60, runs), (300, [held_out(fit_flag, abstain, 300, 400, seed) for seed in range(6)])):
        mean = {k: float(np.nanmean([r[k] for r in found])) for k in found[0]}
        print(f"mean of 6, fitted on {n}: precision {mean['marked precision']:.2f} marked, "
              f"{mean['fresh precision']:.2f} fresh; answered {mean['fresh answered']:.2f}; "
              f"right {mean['fresh right before']:.2f}, then {mean['fresh right']:.2f}")
    return figure


# --- the experiment: how many samples, how many systematic errors ----------------------------------------------------

SETTINGS = {"A": (2, 0.0), "B": (19, 0.3), "C": (9, 0.6)}  # samples, share of the errors that are systematic
SAMPLES = (1, 2, 4, 9, 19)


def claims(rng: np.random.Generator, systematic: float, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """(how likely a sample repeats each claim, which claims are wrong): half are wrong."""
    wrong = rng.random(n) < 0.5
    learned = wrong & (rng.random(n) < systematic)
    return np.where(wrong & ~learned, rng.beta(1.2, 5, n), rng.beta(8, 2, n)), wrong


def areas(auroc: Callable, unsupported: Callable, systematic: float, samples: int, seed: int = 0, runs: int = 5) -> list[float]:
    """The AUROC of the learner's score, once for each run."""
    found = []
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        repeat, wrong = claims(rng, systematic)
        found.append(auroc(unsupported(repeat, samples, rng), torch.from_numpy(wrong)))
    return found


@figures.experiment
def more_samples(auroc: Callable, unsupported: Callable, prediction: list[str] | None = None, seed: int = 0,
                 ) -> dict[str, float]:
    """AUROC by the number of samples for three shares of systematic errors; and the three settings of the prediction."""
    figure, ax = figures.subplots(figsize=(7, 3))
    print(f"{'systematic':>10}" + "".join(f"{f'N = {n}':>9}" for n in SAMPLES))
    for share in (0.0, 0.3, 0.6):
        row = [float(np.mean(areas(auroc, unsupported, share, n, seed))) for n in SAMPLES]
        ax.plot(SAMPLES, row, "o-", label=f"{share:.0%} of the errors systematic")
        print(f"{share:>10.0%}" + "".join(f"{v:9.2f}" for v in row))
    ax.set(xlabel="samples", ylabel="AUROC", ylim=(0.5, 1.02), xticks=SAMPLES,
           title="2,000 claims, half of them wrong; mean of 5 draws")
    ax.legend(fontsize=8)
    figures.show(figure)
    table = {}
    for name, (n, share) in SETTINGS.items():
        found = areas(auroc, unsupported, share, n, seed)
        table[name] = float(np.mean(found))
        print(f"{name}: {n} samples, {share:.0%} systematic: AUROC {table[name]:.3f} "
              f"(from {min(found):.3f} to {max(found):.3f})")
    if prediction:
        print("your prediction:", " > ".join(prediction))
    return table


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(auroc: Callable) -> ipywidgets.Widget:
    """Support among N samples as a detector, its ROC curve and its flags, in your hand."""
    def draw(samples: int, systematic: float, base: float, need: int) -> tuple[Figure, str]:
        rng = np.random.default_rng(0)
        repeat, wrong = claims(rng, systematic, 40_000)
        keep = rng.random(40_000) < np.where(wrong, min(1.0, base / (1 - base)), min(1.0, (1 - base) / base))
        repeat, wrong = repeat[keep], wrong[keep]
        support = rng.binomial(samples, repeat)
        area = auroc(torch.from_numpy(-support / samples), torch.from_numpy(wrong))
        figure, (left, right) = figures.subplots(1, 2, figsize=(8, 2.9))
        width = np.arange(samples + 2) - 0.5
        left.hist([support[~wrong], support[wrong]], bins=width, color=[figures.KEPT, figures.WRONG], label=["right", "wrong"])
        left.axvline(min(need, samples + 1) - 0.5, color=figures.INK, ls="--")
        left.set(xlabel="samples that repeat the claim", title="flagged: left of the line")
        left.legend(fontsize=8)
        left.xaxis.set_major_locator(MaxNLocator(integer=True))
        steps = range(samples + 2)
        right.plot([(support[~wrong] < k).mean() for k in steps], [(support[wrong] < k).mean() for k in steps], "o-", ms=3)
        flagged = support < need
        right.plot([flagged[~wrong].mean()], [flagged[wrong].mean()], "s", color=figures.WRONG, ms=8)
        right.set(xlabel="right claims flagged", ylabel="wrong claims flagged", title=f"AUROC {area:.2f}",
                  xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        precision = f"{wrong[flagged].mean():.0%}" if flagged.any() else "none"
        return figure, (f"Flagged: {flagged.mean():.0%} of the claims. Precision: {precision}; "
                        f"recall: {flagged[wrong].mean():.0%}.")

    return figures.board({
        "samples": ipywidgets.IntSlider(4, min=1, max=20, description="samples N"),
        "systematic": ipywidgets.FloatSlider(0.3, min=0, max=1, step=0.05, description="systematic"),
        "base": ipywidgets.FloatSlider(0.3, min=0.02, max=0.9, step=0.02, description="share wrong"),
        "need": ipywidgets.IntSlider(2, min=0, max=21, description="support needed")}, draw)


# --- the real model --------------------------------------------------------------------------------------------------

SHOTS = [("What is the capital of Greece?", "Athens"), ("Who wrote Hamlet?", "William Shakespeare"),
         ("What is the chemical symbol for iron?", "Fe"), ("In which year did Columbus reach America?", "1492")]
KNOWN = {
    "What is the capital of France?": "paris", "What is the capital of Japan?": "tokyo",
    "What is the capital of Italy?": "rome", "What is the capital of Russia?": "moscow",
    "What is the capital of Germany?": "berlin", "What is the capital of Spain?": "madrid",
    "What is the capital of China?": "beijing", "What is the capital of England?": "london",
    "What is the largest planet of the solar system?": "jupiter", "Who wrote Romeo and Juliet?": "shakespeare",
    "What is the chemical formula of water?": "h2o", "Who painted the Mona Lisa?": "leonardo|vinci"}
INVENTED = [
    "What is the capital of Velmoria?", "Who is the mayor of Quillhaven?", "Who wrote The Salt Parliament?",
    "What is the chemical symbol for dravinium?", "In which year was the Treaty of Osmark signed?",
    "What is the largest city of Tarnovia?", "Who painted The Grey Ferryman of Holm?", "What is the currency of Ostrelia?",
    "Who invented the Harlan coupling?", "In which year did King Aldric the Ninth die?",
    "What is the highest mountain of Velmoria?", "Who discovered the Brannock comet?"]
HARDER = {
    "What is the capital of Australia?": "canberra", "What is the capital of Turkey?": "ankara",
    "What is the capital of Kenya?": "nairobi", "What is the capital of Canada?": "ottawa",
    "What is the capital of Brazil?": "brasilia|brasília", "What is the capital of Peru?": "lima",
    "What is the capital of Switzerland?": "bern|berne", "What is the capital of New Zealand?": "wellington",
    "What is the capital of Norway?": "oslo", "What is the capital of Nigeria?": "abuja",
    "What is the capital of Vietnam?": "hanoi", "What is the capital of Egypt?": "cairo", "Who wrote Faust?": "goethe",
    "Who wrote Don Quixote?": "cervantes", "Who wrote War and Peace?": "tolstoy", "Who wrote Moby Dick?": "melville",
    "Who painted Guernica?": "picasso", "Who painted The Night Watch?": "rembrandt",
    "What is the chemical symbol for gold?": "au", "What is the chemical symbol for sodium?": "na",
    "What is the chemical symbol for lead?": "pb", "In which year did the Second World War end?": "1945",
    "In which year did the Berlin Wall fall?": "1989", "What is the largest ocean?": "pacific"}


@one_thread()
@torch.no_grad()
def drawn(asked: Sequence[str], samples: int = 10, tokens: int = 8, seed: int = 0) -> list[list[str]]:
    """For each question the greedy answer and then samples at temperature 1: the first line of what SmolLM2 writes.

    The questions are read once, six at a time, and what was read is repeated for every sample.
    """
    model, tokenizer = load(torch.bfloat16)
    generator = torch.Generator().manual_seed(seed)
    shots = "".join(f"Question: {q}\nAnswer: {a}\n\n" for q, a in SHOTS)
    rows, answers = samples + 1, []
    for start in range(0, len(asked), 6):
        prompts = [tokenizer.encode(f"{shots}Question: {q}\nAnswer:") for q in asked[start:start + 6]]
        ids, mask = padded_left(prompts)
        pos = (mask.cumsum(1) - 1).clamp(min=0)
        hidden, cache = model.body(ids, pos, None if mask.all() else mask)
        logits = model.head(hidden[:, -1]).float().repeat_interleave(rows, 0)
        cache = [(k.repeat_interleave(rows, 0), v.repeat_interleave(rows, 0)) for k, v in cache]
        mask, pos = mask.repeat_interleave(rows, 0), pos[:, -1:].repeat_interleave(rows, 0)
        written = []
        for _ in range(tokens):
            new = torch.multinomial(logits.softmax(-1), 1, generator=generator)
            new[::rows] = logits[::rows].argmax(-1, keepdim=True)
            written.append(new)
            pos, mask = pos + 1, torch.nn.functional.pad(mask, (0, 1), value=True)
            hidden, cache = model.body(new, pos, mask, cache)
            logits = model.head(hidden[:, -1]).float()
        texts = [re.split(r"\n|<\|", tokenizer.decode(row))[0].strip() for row in torch.cat(written, 1).tolist()]
        answers += [texts[i:i + rows] for i in range(0, len(texts), rows)]
    return answers


def normal(text: str) -> str:
    """Words in small letters, nothing else."""
    return " ".join(re.findall(r"\w+", text.lower()))


def is_right(answer: str, accepted: str) -> bool:
    """Whether one of the accepted words stands in the answer."""
    return any(re.search(rf"\b{word}\b", answer.lower()) for word in accepted.split("|"))


@cache
def vectors(text: str) -> Tensor:
    """The embedding of one answer."""
    return embed([text or "nothing"])[0]


SAME = {"normalised string": lambda a, b: normal(a) == normal(b),
        "MiniLM, cosine above 0.7": lambda a, b: float(vectors(a) @ vectors(b)) > 0.7}


def area_error(area: float, n1: int, n0: int) -> float:
    """The standard error of an AUROC by Hanley and McNeil; 0 at an AUROC of 1, which is too little."""
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area) + (n1 - 1) * (q1 - area * area) + (n0 - 1) * (q2 - area * area)
    return float(np.sqrt(max(0.0, spread) / (n1 * n0)))


PAIRS = (("Istanbul", "Ankara"), ("1989", "1990"), ("Goethe", "Johann Wolfgang von Goethe"), ("Au", "Gold"))


def cosines(pairs: Sequence[tuple[str, str]] = PAIRS) -> list[float]:
    """How near MiniLM sees two answers."""
    return [float(vectors(a) @ vectors(b)) for a, b in pairs]


def compared(answers: list[list[str]], wrong: list[bool], cluster_answers: Callable, semantic_entropy: Callable,
             auroc: Callable) -> dict[str, list[float]]:
    """{way of clustering: the entropies}; prints the AUROC of each."""
    table = {}
    for name, same in SAME.items():
        table[name] = [round(semantic_entropy(cluster_answers(a[1:], same)), 9) for a in answers]
        area = auroc(torch.tensor(table[name], dtype=torch.float64), torch.tensor(wrong))
        error = area_error(area, sum(wrong), len(wrong) - sum(wrong))
        good, bad = (np.mean([h for h, w in zip(table[name], wrong) if w == which]) for which in (False, True))
        print(f"{name:26} AUROC {area:.2f}, standard error {error:.2f}; mean entropy {good:.2f} right, {bad:.2f} wrong")
    return table


def smollm_known(cluster_answers: Callable, semantic_entropy: Callable, auroc: Callable) -> None:
    """Twelve questions that the model knows and twelve that nobody knows."""
    asked = [*KNOWN, *INVENTED]
    answers = drawn(asked)
    wrong = [not is_right(a[0], KNOWN[q]) if q in KNOWN else True for q, a in zip(asked, answers)]
    print(f"right among the {len(KNOWN)} real ones: {sum(not w for w in wrong)}\n")
    table = compared(answers, wrong, cluster_answers, semantic_entropy, auroc)["normalised string"]
    figure, ax = figures.subplots(figsize=(7, 2.2))
    for i, (name, part) in enumerate({"real": slice(0, 12), "invented": slice(12, 24)}.items()):
        ax.plot(table[part], i + np.random.default_rng(0).uniform(-0.2, 0.2, 12), "o", label=name)
    ax.set_yticks([0, 1], ["real", "invented"])
    ax.set(xlim=(-0.1, 2.4), ylim=(-0.5, 1.5), xlabel="entropy of ten samples (nats), clusters by string")
    figures.show(figure)
    for i in (0, 1, 12, 14):
        print(f"{asked[i]} → {answers[i][0]!r}, then {', '.join(repr(a) for a in answers[i][1:4])}, …")


def smollm_harder(cluster_answers: Callable, semantic_entropy: Callable, auroc: Callable) -> None:
    """Questions of medium difficulty, all of them real: which errors the entropy sees."""
    asked = list(HARDER)
    answers = drawn(asked)
    wrong = [not is_right(a[0], HARDER[q]) for q, a in zip(asked, answers)]
    print(f"wrong: {sum(wrong)} of {len(wrong)}\n")
    table = compared(answers, wrong, cluster_answers, semantic_entropy, auroc)["normalised string"]
    order = sorted(range(len(asked)), key=lambda i: table[i])
    print("\nsurest of the wrong answers:")
    for i in [i for i in order if wrong[i]][:3]:
        print(f"  {table[i]:.2f}  {asked[i]} → {answers[i][0]}")
    print("least sure of the right answers:")
    for i in [i for i in order[::-1] if not wrong[i]][:3]:
        print(f"  {table[i]:.2f}  {asked[i]} → {answers[i][0]}")
    print("\nMiniLM's cosines:")
    for (a, b), c in zip(PAIRS, cosines()):
        print(f"  {c:.2f}  {a} – {b}")
