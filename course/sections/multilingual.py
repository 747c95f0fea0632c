"""Section 26: marks by script, premiums, mixes, places in a vocabulary, adapters, search across languages."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure

from .. import figures
from ..data.parallel import LANGS, LEXICON, PARALLEL, REWORDED, SCRIPT, toy_embed, toy_translate

ENGLISH = "English"

# --- text and its price ----------------------------------------------------------------------------------------------

def without_marks(text: str) -> str:
    """The popular recipe: lower case, decompose, throw every mark away."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.category(c).startswith("M"))


def marks(text: str) -> int:
    return sum(unicodedata.category(c).startswith("M") for c in unicodedata.normalize("NFD", text))


def removed(recipe: Callable) -> dict[str, float]:
    """Marks that a recipe removes, of 100 characters, by language."""
    return {lang: 100 * sum(marks(t) - marks(recipe(t)) for t in rows) / sum(map(len, rows)) for lang, rows in PARALLEL.items()}


@figures.picture
def removed_marks(fold: Callable) -> Figure:
    """Marks of 100 characters that the popular recipe removes, and those that `fold` removes."""
    figure, ax = figures.subplots(figsize=(8, 2.8))
    for shift, name, recipe, color in [(-0.2, "all marks thrown away", without_marks, figures.WRONG),
                                       (0.2, "yours", fold, figures.KEPT)]:
        shares = list(removed(recipe).values())
        bars = ax.bar([i + shift for i in range(len(PARALLEL))], shares, 0.38, label=name, color=color)
        ax.bar_label(bars, [f"{s:.0f}" for s in shares], fontsize=8)
    ax.set_xticks(range(len(PARALLEL)), [f"{lang}\n{SCRIPT[lang]}" for lang in PARALLEL])
    ax.set(ylabel="of 100 characters")
    ax.grid(axis="x", visible=False)
    ax.legend()
    return figure


@figures.picture
def premiums_without_vocabulary(premium: Callable) -> Figure:
    """Premiums over English when tokens are characters, and when they are UTF-8 bytes."""
    figure, ax = figures.subplots(figsize=(8, 2.8))
    for shift, name, tokenise, color in [(-0.2, "characters", list, figures.CUT),
                                         (0.2, "UTF-8 bytes", lambda t: list(t.encode()), figures.KEPT)]:
        values = premium(tokenise, PARALLEL, ENGLISH)
        heights = [values[k] for k in PARALLEL]
        bars = ax.bar([i + shift for i in range(len(PARALLEL))], heights, 0.38, label=name, color=color)
        ax.bar_label(bars, [f"{values[k]:.1f}" for k in PARALLEL], fontsize=8)
    ax.set_xticks(range(len(PARALLEL)), [f"{lang}\n{SCRIPT[lang]}" for lang in PARALLEL])
    ax.set(ylabel="premium over English")
    ax.grid(axis="x", visible=False)
    ax.legend()
    return figure


def real_costs(premium: Callable, smollm, window: int = 8192) -> dict[str, dict[str, tuple]]:
    """By vocabulary and language: tokens per sentence, premium, lowest, highest, sentences in a window, unknown."""
    from ..models.embeddings import word_pieces
    out: dict[str, dict[str, tuple]] = {}
    for name, tokenise in [("SmolLM2", smollm.encode), ("MiniLM", word_pieces)]:
        values = premium(tokenise, PARALLEL, ENGLISH)
        lengths = {lang: [len(tokenise(t)) for t in rows] for lang, rows in PARALLEL.items()}
        print(f"{name:>7}         tokens   premium (range)    fit {window:,}   [UNK]")
        out[name] = {}
        for lang, row in lengths.items():
            ratios = [a / b for a, b in zip(row, lengths[ENGLISH])]
            unknown = sum(t == "[UNK]" for text in PARALLEL[lang] for t in tokenise(text))
            out[name][lang] = (np.mean(row), values[lang], min(ratios), max(ratios), int(window / np.mean(row)), unknown)
            mean, value, low, high, fit, unknown = out[name][lang]
            print(f"{lang:>9} {SCRIPT[lang]:>10} {mean:5.1f}  {value:5.2f} ({low:.1f}–{high:.1f}) {fit:10,} {unknown:7}")
        print()
    return out


# --- mixes and places ------------------------------------------------------------------------------------------------

SIZES = {f"10^{e}": 10.0 ** e for e in (12, 11, 10, 9, 8)}
READ, LIMIT = 2e12, 4


@figures.picture
def mixes(sampling_probs: Callable, unimax: Callable) -> Figure:
    """Shares of five languages by alpha and by UniMax, and how often each text is read."""
    alphas = [1.0, 0.7, 0.5, 0.3, 0.1, 0.0]
    shares = [sampling_probs(dict(SIZES), a) for a in alphas]
    fair = unimax(dict(SIZES), READ, LIMIT)
    total = sum(fair.values())
    shares.append({k: v / total for k, v in fair.items()})
    reads = [{k: s[k] * (READ if i < len(alphas) else total) / SIZES[k] for k in SIZES} for i, s in enumerate(shares)]
    labels = [f"{a:g}" for a in alphas] + ["Uni-\nMax"]
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    for (k, color) in zip(SIZES, figures.PALETTE):
        name = rf"$10^{{{k[3:]}}}$"
        left.plot(range(len(alphas)), [s[k] for s in shares[:-1]], "o-", ms=4, color=color)
        left.plot(len(alphas), shares[-1][k], "D", color=color)
        right.plot(range(len(alphas)), [r[k] for r in reads[:-1]], "o-", ms=4, color=color, label=name)
        right.plot(len(alphas), reads[-1][k], "D", color=color)
    right.axhline(LIMIT, color=figures.INK, ls="--", lw=1)
    right.set(yscale="log", title="how often each text is read")
    left.set(title="share of the training text")
    for ax in (left, right):
        ax.set_xticks(range(len(labels)), labels)
        ax.set_xlabel("alpha")
    right.legend(title="characters", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


ALPHABETS = {"Latin": "abcdefghijklmnopqrstuvwxyz", "Cyrillic": "".join(chr(0x430 + i) for i in range(32)),
             "Georgian": "".join(chr(0x10D0 + i) for i in range(33))}
WORDS = {"Latin": 20_000, "Cyrillic": 2000, "Georgian": 200}


def invented(g: np.random.Generator, alphabet: str, count: int = 2500) -> tuple[list[str], np.ndarray]:
    """Words of frequent and rare syllables with an ending, and Zipf's probabilities for them."""
    letters = np.array(list(alphabet))
    syllables = ["".join(g.choice(letters, g.integers(2, 4))) for _ in range(150)]
    endings = ["".join(g.choice(letters, g.integers(1, 4))) for _ in range(20)]
    words: dict[str, None] = {}
    while len(words) < count:
        stem = "".join(syllables[min(int(g.pareto(0.7) * 6), 149)] for _ in range(g.integers(1, 4)))
        words[stem + endings[min(int(g.pareto(1) * 2), 19)]] = None
    p = 1 / np.arange(1, count + 1)
    return g.permutation(list(words)).tolist(), p / p.sum()


@cache
def drawn(seed: int, small: int = WORDS["Georgian"]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(corpora, 1,000 words for testing) of the three languages."""
    g = np.random.default_rng(seed)
    corpora, tests = {}, {}
    for script, alphabet in ALPHABETS.items():
        words, p = invented(g, alphabet)
        corpora[script] = g.choice(words, small if script == "Georgian" else WORDS[script], p=p).tolist()
        tests[script] = g.choice(words, 1000, p=p).tolist()
    return corpora, tests


def bpe(words: Sequence[str], merges: int) -> Callable[[str], list[str]]:
    """A tokeniser of words between spaces, by the library's BPE trained on these words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    letters = sorted(set("".join(ALPHABETS.values())))
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trained.train_from_iterator(words, trainers.BpeTrainer(vocab_size=len(letters) + merges, show_progress=False,
                                                           initial_alphabet=letters))
    return lambda text: trained.encode(text).tokens


@figures.picture
def places(allocate_vocab: Callable, size: int = 300, floor: int = 60) -> Figure:
    """How many of 300 places each script gets, by three rules."""
    corpora, _ = drawn(0)
    gains: dict[str, dict[str, float]] = {}
    for script, words in corpora.items():
        pieces: Counter = Counter()
        for word, n in Counter(words).items():
            for i in range(len(word)):
                for j in range(i + 2, min(i + 6, len(word)) + 1):
                    pieces[word[i:j]] += n * (j - i - 1)
        gains[script] = {p: 1000 * c / len(words) for p, c in pieces.most_common(2000)}
    by_size = {k: v / 1000 for k, v in WORDS.items()}
    rules = {"weighted by size": (by_size, 0), "equal weights": (dict.fromkeys(WORDS, 1.0), 0),
             f"by size, floor {floor}": (by_size, floor)}
    figure, ax = figures.subplots(figsize=(8, 2.4))
    for y, (weights, least) in enumerate(rules.values()):
        chosen, left = allocate_vocab({k: dict(v) for k, v in gains.items()}, weights, size, least), 0
        for (script, alphabet), color in zip(ALPHABETS.items(), figures.PALETTE):
            n = sum(token[0] in alphabet for token in chosen)
            ax.barh(y, n, left=left, color=color, height=0.6, label=script if y == 0 else None)
            if n > 9:
                ax.text(left + n / 2, y, n, ha="center", va="center", color="white")
            left += n
    ax.set(yticks=range(3), yticklabels=rules, xlabel="places")
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


# --- adapters --------------------------------------------------------------------------------------------------------

def losses(init_adapter: Callable, adapter_forward: Callable, start: str, steps: int = 200, seed: int = 0) -> list[float]:
    """The loss of an adapter that learns a small change of a layer of width 24, from one of three starts."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(256, 24, generator=g)
    inner = (x @ torch.randn(24, 6, generator=g) / 24 ** 0.5).tanh()
    target = x + 0.5 * inner @ torch.randn(6, 24, generator=g) / 6 ** 0.5
    down, *rest = (t.clone() for t in init_adapter(24, 12, seed))
    if start == "all zero":
        down = torch.zeros_like(down)
    elif start == "both random":
        rest[1] = torch.randn(24, 12, generator=g)
    weights = [t.requires_grad_() for t in (down, *rest)]
    optimizer, out = torch.optim.SGD(weights, lr=0.3), []
    for _ in range(steps):
        loss = ((adapter_forward(x, *weights) - target) ** 2).mean()
        out.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return out


@figures.picture
def three_starts(init_adapter: Callable, adapter_forward: Callable) -> Figure:
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for start, color in [("up zero (yours)", figures.KEPT), ("all zero", figures.CUT), ("both random", figures.WRONG)]:
        ax.plot(losses(init_adapter, adapter_forward, start), color=color, label=start)
    ax.set(yscale="log", xlabel="steps", ylabel="loss")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def adapter_numbers(D: int, m: int) -> int:
    return 2 * D * m + D + m


def generator_numbers(D: int, m: int, layers: int, features: int, E: int, K: int) -> int:
    return E * features + layers * K + adapter_numbers(D, m) * (E + K)


@figures.picture
def generator(generate_adapters: Callable) -> Figure:
    """Numbers to store by languages; how far apart generated adapters are by shared features."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.9))
    ns = list(range(1, 41))
    left.plot(ns, [12 * adapter_numbers(768, 64) * n / 1e6 for n in ns], color=figures.CUT, label="an adapter each")
    left.axhline(generator_numbers(768, 64, 12, 289, 32, 32) / 1e6, color=figures.KEPT, label="one generator")
    left.set(xlabel="languages", ylabel="million numbers")
    left.legend()
    g = torch.Generator().manual_seed(0)
    features = torch.randint(0, 2, (40, 30), generator=g).float()
    other = features.clone()
    for i in range(40):
        turned = torch.randperm(30, generator=g)[:i % 20]
        other[i, turned] = 1 - other[i, turned]
    shapes = [(8, 30), (2, 4), (adapter_numbers(12, 3), 12)]
    rest = [torch.full((30,), 0.5), *(torch.randn(*s, generator=g) / s[-1] ** 0.5 for s in shapes)]
    one, two = (generate_adapters(f, *rest, 12, 3)[0].flatten(1) for f in (features, other))
    right.plot([i % 20 for i in range(40)], (one - two).norm(dim=1), "o", ms=4, color=figures.KEPT)
    right.set(xlabel="features that differ, of 30", ylabel="distance of adapters")
    right.set_xticks(range(0, 21, 5))
    return figure


# --- search ----------------------------------------------------------------------------------------------------------

def hits(retrieve: Callable, loud: float, how: str, topics: int = 40, seed: int = 0) -> float:
    """The share of the documents in the other two languages found among ten, at a strength of the language's part."""
    g = torch.Generator().manual_seed(seed)
    base = torch.randn(topics, 32, generator=g)
    tongue = torch.randn(3, 32, generator=g)

    def told(lang: int) -> torch.Tensor:
        return base + loud * tongue[lang] + 0.8 * torch.randn(topics, 32, generator=g)
    vecs, langs = torch.cat([told(lang) for lang in range(3)]), [name for name in LANGS for _ in range(topics)]
    queries, found = told(2), 0
    for t in range(topics):
        got = retrieve(queries[t], vecs, langs, 10, 4 if how == "cap 4" else None, "ru", how == "centred")
        found += sum(i in (t, topics + t) for i, _ in got)
    return found / (2 * topics)


@figures.picture
def language_bias(retrieve: Callable) -> Figure:
    figure, ax = figures.subplots(figsize=(7, 2.8))
    strengths = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]
    for how, color in [("plain", figures.CUT), ("cap 4", figures.PALETTE[1]), ("centred", figures.KEPT)]:
        ax.plot(strengths, [hits(retrieve, s, how) for s in strengths], "o-", ms=4, color=color, label=how)
    ax.set(xlabel="size of the language's part", ylabel="found in the others", ylim=(0, 1.03))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


TRAFFIC = {"en": (500, 0.92), "de": (200, 0.9), "ru": (120, 0.88), "hi": (60, 0.75), "el": (40, 0.7), "ka": (20, 0.25)}


def answers() -> dict[str, list[int]]:
    """Right and wrong answers of a lopsided system, by language."""
    return {k: [1] * round(n * p) + [0] * (n - round(n * p)) for k, (n, p) in TRAFFIC.items()}


@figures.picture
def worst_of_many(language_report: Callable) -> Figure:
    """Left: both averages of a lopsided system. Right: the worst of twenty equal languages by questions."""
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.9))
    traffic = TRAFFIC
    scores = answers()
    report = language_report(scores)
    colors = [figures.WRONG if k == report["worst"] else figures.KEPT for k in traffic]
    left.bar(list(traffic), [p for _, p in traffic.values()], color=colors)
    for name, style in [("micro", "-"), ("macro", "--")]:
        left.axhline(report[name], color=figures.INK, ls=style, label=f"{name} {report[name]:.2f}")
    left.set(ylabel="right", ylim=(0, 1.3), xlabel="language")
    left.set_yticks([0, 0.5, 1])
    left.legend(loc="upper right", ncols=2)
    for n in (10, 30, 100, 300):
        worst = worst_means(language_report, n)
        right.plot([n] * len(worst), worst, "o", ms=2, alpha=0.3, color=figures.CUT)
        right.plot(n, np.mean(worst), "D", color=figures.WRONG)
        right.annotate(f"{np.mean(worst):.2f}", (n, np.mean(worst)), textcoords="offset points", xytext=(8, -3))
    right.axhline(0.8, color=figures.KEPT, label="all are at 0.8")
    right.set(xscale="log", xlabel="questions for each language", ylabel="the worst of 20", xlim=(7, 600), ylim=(0, 1))
    right.set_xticks([10, 30, 100, 300], ["10", "30", "100", "300"])
    right.minorticks_off()
    right.legend(loc="lower right")
    return figure


def worst_means(language_report: Callable, n: int, tests: int = 200, seed: int = 0) -> list[float]:
    """The score of the worst of twenty languages that are all right 80 % of the time, in each of many tests."""
    g = np.random.default_rng(seed)
    out = []
    for _ in range(tests):
        means = (g.random((20, n)) < 0.8).mean(1)
        scores = {f"l{i:02}": [float(m)] for i, m in enumerate(means)}
        out.append(scores[language_report(scores)["worst"]][0])
    return out


@cache
def toy_collection(seed: int = 0) -> tuple[tuple[str, str, str], ...]:
    """Every meaning's word in a document of each language, with a second word of it; all under ids of their own."""
    g = np.random.default_rng(seed)
    docs = [(f"{lang}{i}", lang, f"{LEXICON[i][j]} {LEXICON[(i + int(g.integers(1, 12))) % 12][j]}")
            for j, lang in enumerate(LANGS) for i in range(12)]
    return tuple(docs[i] for i in g.permutation(len(docs)))


def shares_found(search: Callable, pivot: bool) -> dict[str, float]:
    """By the query's language: the share of the first three results that are about the word asked for."""
    out = {}
    translate = toy_translate if pivot else lambda *a: None
    texts = {name: text.split() for name, _, text in toy_collection()}
    for j, lang in enumerate(LANGS):
        found = 0
        for i in range(12):
            got = search(LEXICON[i][j], lang, list(toy_collection()), toy_embed, translate, 3)
            found += sum(any(word in texts[name] for word in LEXICON[i]) for name, *_ in got)
        out[lang] = found / 36
    return out


@figures.picture
def found_by_language(search: Callable) -> Figure:
    figure, ax = figures.subplots(figsize=(7, 2.6))
    for shift, name, pivot, color in [(-0.2, "direct only", False, figures.CUT),
                                      (0.2, "with a pivot", True, figures.KEPT)]:
        shares = shares_found(search, pivot)
        bars = ax.bar([i + shift for i in range(3)], list(shares.values()), 0.38, label=name, color=color)
        ax.bar_label(bars, [f"{s:.2f}" for s in shares.values()], fontsize=8)
    ax.set_xticks(range(3), ["English", "German", "Russian"])
    ax.set(ylabel="right of three", ylim=(0, 1.15), xlabel="language of the query")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.grid(axis="x", visible=False)
    return figure


def english_encoder(search: Callable) -> dict[str, tuple[int, int]]:
    """By language: how many of ten sentences find their English paraphrase, directly and by a translation; printed."""
    from ..models.embeddings import embed
    known: dict[str, torch.Tensor] = {}

    def once(texts: Sequence[str]) -> torch.Tensor:
        """`embed`, each text once."""
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, embed(new)))
        return torch.stack([known[text] for text in texts])
    docs = [(str(i), "en", text) for i, text in enumerate(REWORDED)]
    translation = {(lang, text): PARALLEL[ENGLISH][i] for lang, rows in PARALLEL.items() for i, text in enumerate(rows)}
    out = {}
    print("the right one of ten is first:      direct   pivot")
    for lang, rows in PARALLEL.items():
        if lang == ENGLISH:
            continue
        counts = []
        for translate in (lambda *a: None, lambda text, source, target: translation[source, text]):
            first = [search(text, lang, docs, once, translate, 1)[0][0] for text in rows]
            counts.append(sum(name == str(i) for i, name in enumerate(first)))
        out[lang] = (counts[0], counts[1])
        print(f"{lang:>24} {SCRIPT[lang]:>10} {counts[0]:6} {counts[1]:7}")
    return out


# --- the experiment --------------------------------------------------------------------------------------------------

ALPHAS = (1, 0.7, 0.3, 0)


def costs(mixed: Callable, fertility: Callable, seed: int = 0, merges: int = 300, small: int = WORDS["Georgian"],
          alphas: Sequence[float] = ALPHAS) -> dict[float, dict[str, float]]:
    """alpha -> tokens per word of each language, under one vocabulary trained on the mix."""
    corpora, tests = drawn(seed, small)
    texts, out = {script: [" ".join(words)] for script, words in tests.items()}, {}
    for alpha in alphas:
        words = mixed({k: list(v) for k, v in corpora.items()}, alpha)
        out[alpha] = fertility(bpe(words, merges), texts)
    return out


def saved_for_each(table: dict[float, dict[str, float]]) -> float:
    """Tokens per word that the smallest saves from alpha 1 to 0, for each that the largest pays more."""
    return (table[1]["Georgian"] - table[0]["Georgian"]) / (table[0]["Latin"] - table[1]["Latin"])


@figures.experiment
def over_alpha(mixed: Callable, fertility: Callable, prediction: str) -> dict[float, dict[str, float]]:
    """Tokens per word by alpha: a table, a picture, and the prediction beside what came out, for three draws."""
    table = costs(mixed, fertility)
    print(f"{'tokens per word':<23}" + "".join(f"{f'alpha {a:g}':>12}" for a in ALPHAS))
    for script in ALPHABETS:
        print(f"{script:>9} {WORDS[script]:7,} words " + "".join(f"{table[a][script]:12.2f}" for a in ALPHAS))
    ratios = [saved_for_each(table), *(saved_for_each(costs(mixed, fertility, seed, alphas=(1, 0))) for seed in (1, 2))]
    print("saved by Georgian for each token that Latin pays more, in three draws: " + ", ".join(f"{r:.1f}" for r in ratios))
    print(f"your prediction: {prediction}")
    figures.show(by_alpha(table))
    return table


def by_alpha(table: dict[float, dict[str, float]]) -> Figure:
    figure, ax = figures.subplots(figsize=(7, 2.6))
    for script, color in zip(ALPHABETS, figures.PALETTE):
        ax.plot(range(len(table)), [row[script] for row in table.values()], "o-", ms=4, color=color, label=script)
    ax.set_xticks(range(len(table)), [f"{a:g}" for a in table])
    ax.set(xlabel="alpha", ylabel="tokens per word", ylim=(0, None))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@figures.widget
def widget(sampling_probs: Callable, fertility: Callable) -> ipywidgets.Widget:
    """Tokens per word of the three languages by alpha, merges and the size of the smallest corpus."""
    def draw(alpha: float, merges: int, small: int) -> tuple[Figure, str]:
        def mixed(corpora: dict[str, list[str]], alpha: float) -> list[str]:
            probs, out = sampling_probs({k: len(v) for k, v in corpora.items()}, alpha), []
            for k, v in corpora.items():
                n = round(probs[k] * sum(map(len, corpora.values())))
                out += (v * (n // len(v) + 1))[:n]
            return out
        row = costs(mixed, fertility, merges=merges, small=small, alphas=(alpha,))[alpha]
        probs = sampling_probs({**WORDS, "Georgian": small}, alpha)
        figure, ax = figures.subplots(figsize=(6, 2.4))
        ax.hlines(range(3), 0, list(row.values()), color=figures.CUT)
        ax.plot(list(row.values()), range(3), "o", color=figures.KEPT)
        for y, value in enumerate(row.values()):
            ax.text(value + 0.15, y, f"{value:.2f}", va="center")
        ax.set(yticks=range(3), yticklabels=list(row), xlim=(0, 9), ylim=(2.5, -0.5), xlabel="tokens per word")
        return figure, "drawn: " + ", ".join(f"{k} {p:.1%}" for k, p in probs.items())
    return figures.board({"alpha": ipywidgets.FloatSlider(0.7, min=0, max=1, step=0.1, description="alpha"),
                          "merges": ipywidgets.IntSlider(300, min=50, max=1500, step=50, description="merges"),
                          "small": ipywidgets.IntSlider(200, min=50, max=5000, step=50, description="Georgian words")},
                         draw)
