# %% [markdown]
# # 26 · Multilingual models
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What is a multilingual model, and why does what it learnt in one language work in another?
# - What does the same sentence cost in five scripts, and which measure of that cost lies?
# - How are a training mix and a vocabulary shared out between languages with a thousand times more text than
#   others?
# - What is a language adapter, why does it begin as the identity, and what does a generator of adapters add?
# - How does one search over documents in several languages, and how does one notice that it fails for one of them?
#
# Nine exercises; the last assembles a search over three languages with caps and a detour by translation. It takes
# about three hours; the end of part 4 is a good place to stop. It builds on Python and PyTorch alone. BPE itself is
# section 01's matter, LoRA section 04's, fusing ranked lists (RRF) and the rest of retrieval that of
# sections 03 and 20.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** N languages or documents; F features of a language; E width of a language's vector; L layers; D
# width of the model; m width of an adapter's bottleneck; n the size of a language's text. **Units.** Text is
# counted in words, characters (Unicode code points) or tokens, and it is always said which. Languages are named
# by strings.

# %% setup
import math
import unicodedata

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, predicted, raises, unchanged, value_and_grad
from course.data.parallel import LEXICON, PARALLEL, toy_embed, toy_translate

torch.set_num_threads(1)

# %% tags=["picture"]
from course.sections import multilingual

# %% helper
### BEGIN HIDDEN TESTS
def folded(text):
    "The oracle of fold: base by base."
    text = unicodedata.normalize("NFKC", "".join(c for c in text if c not in "\u00ad\u200b\ufeff")).casefold()
    groups = []
    for c in unicodedata.normalize("NFD", text):
        if groups and unicodedata.category(c)[0] == "M":
            groups[-1] += c
        else:
            groups.append(c)
    kept = [g[0] if unicodedata.name(g[0], "").split(" ")[0] in ("LATIN", "GREEK") else g for g in groups]
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def levels(counts, budget, epochs):
    "The oracle of unimax: bisection on the common share."
    caps = {k: n * epochs for k, n in counts.items()}
    if sum(caps.values()) <= budget:
        return {k: float(c) for k, c in caps.items()}
    low, high = 0.0, float(budget)
    for _ in range(300):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(min(c, middle) for c in caps.values()) <= budget else (low, middle)
    return {k: float(min(c, high)) for k, c in caps.items()}


def chosen(gains, weights, size, floor):
    "The oracle of allocate_vocab: repeated maxima."
    kept = set()
    for table in gains.values():
        left = dict(table)
        for _ in range(min(floor, len(table))):
            top = max(left.values())
            best = min(t for t in left if left[t] == top)
            kept.add(best)
            del left[best]
    totals = {t: math.fsum(weights[k] * g[t] for k, g in gains.items() if t in g) for g in gains.values() for t in g}
    rest = sorted((-v, t) for t, v in totals.items() if v > 0 and t not in kept)
    return sorted(kept | {t for _, t in rest[:size - len(kept)]})


def adapted(x, *weights):
    "The oracle of adapter_forward: einsums in float64."
    down, down_bias, up, up_bias = (w.double() for w in weights)
    h = torch.einsum("...d,md->...m", x.double(), down) + down_bias
    return torch.einsum("...m,dm->...d", h.clamp(min=0), up) + up_bias + x.double()


def generated(features, mean, project, layers, head, D, m):
    "The oracle of generate_adapters: language by language, layer by layer, cut by cut."
    N, L = len(features), len(layers)
    shapes = [(m, D), (m,), (D, m), (D,)]
    out = [torch.zeros(N, L, *s, dtype=torch.float64) for s in shapes]
    for n in range(N):
        known = torch.tensor([a if math.isnan(f) else f for f, a in zip(features[n].tolist(), mean.tolist())],
                             dtype=torch.float64)
        for layer in range(L):
            theta = head.double() @ torch.cat([project.double() @ known, layers[layer].double()])
            start = 0
            for part, s in zip(out, shapes):
                part[n, layer] = theta[start:start + math.prod(s)].reshape(s)
                start += math.prod(s)
    return tuple(out)


def cosines(query, query_lang, vecs, langs, centre):
    "The cosines of a query with all documents, one by one, with exact sums."
    query, rows = query.double().tolist(), vecs.double().tolist()
    if centre:
        sums = {}
        for lang in set(langs):
            of = [r for r, other in zip(rows, langs) if other == lang]
            sums[lang] = [math.fsum(c) / len(of) if len(of) > 1 else 0.0 for c in zip(*of)]
        rows = [[a - b for a, b in zip(r, sums[lang])] for r, lang in zip(rows, langs)]
        query = [a - b for a, b in zip(query, sums.get(query_lang, [0.0] * len(query)))]
    out = []
    for r in rows:
        size = math.sqrt(math.fsum(a * a for a in r)) * math.sqrt(math.fsum(a * a for a in query))
        out.append(math.fsum(a * b for a, b in zip(r, query)) / size if size else 0.0)
    return out


def found(scores, langs, k, cap):
    "The oracle of the rest of retrieve."
    order, taken = sorted(range(len(scores)), key=lambda i: (-scores[i], i)), {}
    out = []
    for i in order:
        if len(out) < k and (cap is None or taken.get(langs[i], 0) < cap):
            taken[langs[i]] = taken.get(langs[i], 0) + 1
            out.append((i, scores[i]))
    return out


def reported(scores, min_n):
    "The oracle of language_report."
    every = [s for v in scores.values() for s in v]
    thin = sorted(k for k, v in scores.items() if len(v) < max(min_n, 1))
    means = {k: math.fsum(v) / len(v) for k, v in scores.items() if k not in thin}
    low = min(means.values(), default=None)
    return {"micro": math.fsum(every) / len(every) if every else math.nan,
            "macro": math.fsum(means.values()) / len(means) if means else math.nan,
            "worst": min((k for k in means if means[k] == low), default=None),
            "gap": max(means.values()) - low if means else math.nan, "thin": thin}


def searched(query, lang, docs, embed, translate, k, cap, pivot):
    "The oracle of search: all scores in one table."
    if not docs:
        return []
    routes = [("direct", query)]
    if lang != pivot and (other := translate(query, lang, pivot)) is not None:
        routes.append(("pivot", other))
    vecs = embed(["passage: " + folded(t) for _, _, t in docs])
    table = [cosines(embed(["query: " + folded(q)])[0], None, vecs, [""] * len(docs), False) for _, q in routes]
    best = [max(range(len(routes)), key=lambda r: table[r][i]) for i in range(len(docs))]
    order = sorted(range(len(docs)), key=lambda i: (-table[best[i]][i], i))
    out, ids, taken = [], set(), {}
    for i in order:
        name, language, _ = docs[i]
        if name in ids:
            continue
        ids.add(name)
        if len(out) < k and (cap is None or taken.get(language, 0) < cap):
            taken[language] = taken.get(language, 0) + 1
            out.append((name, language, table[best[i]][i], routes[best[i]][0]))
    return out
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · One model, many languages, many scripts
#
# A **multilingual model** is one set of weights and one vocabulary, trained on the text of many languages at
# once. There is no switch for the language: nothing but the text says which one it is. mBERT (Wikipedia in 104
# languages) has 119,547 tokens, width 768 and 12 layers, which makes 178 million parameters, of which the table
# of tokens takes 92 million. A large vocabulary is what languages cost first.
#
# **Why does transfer work?** A classifier fine-tuned on English answers in German, too. The popular answer, "the
# languages share tokens and syntax", is at most half of it. Artetxe et al. (arXiv 1910.11856) froze the body of
# an English model, trained only a new table of embeddings for another language, with no shared vocabulary at all,
# and came close to mBERT. So the body learns something that is not English. How much carries over depends on how
# similar the languages are in structure, on how much text each had, and on capacity: at a fixed size, adding
# languages helps at first and then hurts all of them, the **curse of multilinguality** (Conneau et al., arXiv
# 1911.02116). "Meanings are universal" would be too strong: transfer is measured language by language, and it
# differs a lot.
#
# **Does it think in English?** Wendler et al. (arXiv 2402.10588) decoded the middle layers of Llama-2 for prompts
# in other languages. The right next word is there, but in its *English* form it is more probable, until the last
# layers move it to the language of the prompt. They read this as a space of concepts that lies closer to English
# than to other languages, not as a translation and back. A related fault is seen from outside: **language
# confusion**. A model asked in one language answers in another, or mixes in a word or a line (Marchisio et al.,
# arXiv 2406.20052): base models and those tuned on English do it more, complex prompts and a high temperature
# make it worse; examples in the prompt and multilingual tuning help. So the language of an answer is checked like
# its content.
#
# **Text first.** The same word comes in several codes. "é" is one character or two (e and a combining accent);
# "ﬁ" may be one character; a Turkish "İ" in lower case is an "i" with a dot above it. For *search* one wants one
# key. The popular recipe is: lower case, decompose, throw all marks away. For "Café" that is fine. Then look at
# what else is a mark:
#
# - In Hindi the **vowels** after a consonant are marks. Without them a word is a row of consonants.
# - Russian "й" decomposes into "и" and a breve: another letter. Japanese "が" (ga) decomposes into "か" (ka) and a
#   mark.
# - Korean syllables decompose into letters; who forgets to compose them again has another string.
# - The joiners U+200C and U+200D are invisible, and Persian and Hindi spelling uses them.
#
# So what may be folded depends on the **script**. Python's `unicodedata` knows: `name("é")` is "LATIN SMALL
# LETTER E WITH ACUTE", `category` begins with "M" for marks. NFC composes, NFD decomposes, NFKC also replaces
# compatibility forms such as full-width letters.
#
# ### Exercise 26.1 · fold
#
# `fold(text)` gives the search key of a text, by these steps:
#
# 1. Soft hyphens U+00AD, zero-width spaces U+200B and byte order marks U+FEFF are removed. Other invisible
#    characters, the joiners too, stay.
# 2. NFKC, then `casefold` (which is not `lower`: "ß" becomes "ss", a final "ς" becomes "σ").
# 3. Of the NFD form: a mark (category "M…") belongs to the nearest character before it that is no mark. It is
#    dropped where the name of that character begins with "LATIN " or "GREEK ", and stays everywhere else, also at
#    the beginning of the text.
# 4. NFC. Then each run of whitespace (what `str.split` splits at) becomes one space, none at the ends.
#
# Letters without a decomposition ("ø", "ł", "đ") stay as they are.
#
# Source: Unicode Standard Annex 15 (normal forms) and the Unicode Character Database; which scripts lose their
# marks is our choice; every search engine has to make one.

# %% stub="fold"
def fold(text: str) -> str:
    """The search key of a text: "  Café  Άλφα й " gives "cafe αλφα й"."""
    ### BEGIN SOLUTION
    text = text.translate(dict.fromkeys(map(ord, "\u00ad\u200b\ufeff")))
    text = unicodedata.normalize("NFKC", text).casefold()
    kept, folding = [], False
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.category(char).startswith("M"):
            folding = unicodedata.name(char, "").startswith(("LATIN ", "GREEK "))
        elif folding:
            continue
        kept.append(char)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    ### END SOLUTION
    raise NotImplementedError("fold")

# %% [markdown] hints="fold"
# <details><summary>Hint 1: a question</summary>
#
# A mark has no script of its own: the accent of "é" and the breve of "й" both come from a common block. Who tells
# you what the mark is worth?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# "Ế" is one character. After casefold and NFD: e, circumflex, acute. Both marks belong to the e, which is Latin:
# "e". "Й" gives и and a breve; и is Cyrillic: both stay, and NFC makes one "й" of them.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `unicodedata.name` raises for characters that have no name (a line feed), unless it gets a default. And what you
# took apart to look at it has to be put together again.
#
# </details>

# %% graded="fold__marks" points=2
# Looks at marks by script: Latin and Greek lose them, the others keep them.
check(fold, "Café", want="cafe", why="an accent on a Latin letter", mistakes={"nothing was folded": "café"})
check(fold, "Й é", want="й e", why="й is a letter of its own, é is an e with an accent",
      mistakes={"all marks were thrown away": "и e", "none was": "й é"})
check(fold, "हिन्दी", want="हिन्दी", why="the vowels of Hindi are marks",
      mistakes={"all marks were thrown away": "हनद", "only nonspacing marks were thrown away": "हिनदी"})
### BEGIN HIDDEN TESTS
for text in ("Ế ñ Ž ö", "Άλφα ώ ϊ", "ё Й ї ў", "がぎ パ", "한국어 한글", "รู้ ไม่", "مُحَمَّد", "שָׁלוֹם", "தமிழ்", "বাংলা ভাষা",
             "e\u0301\u0302x\u0301", "\u0301a", "1\u0302 a\u0302", "-\u0301e\u0301", "и\u0301 i\u0301", "Å Ω K", "ø ł đ",
             "ǖ ǭ", "ж\u0308 z\u0308", "a\u20dd ж\u20dd", "ʔ\u0301 ǀ\u0301",
             "\u0915\u0301 k\u0301", "क़ ड़", "ཀི", "℩\u0301 ɩ\u0301", "a\u0301" * 700 + "й" * 700):
    check(fold, text, want=folded(text), why="marks go with their base: Latin and Greek drop them, others keep them")
    check(fold, unicodedata.normalize("NFD", text), want=folded(text), why="two codes of one text have one key")
for rows in PARALLEL.values():
    for text in rows[::3]:
        check(fold, text, want=folded(text))
### END HIDDEN TESTS

# %% graded="fold__case" points=1
# Looks at case and compatibility forms: ß, ς, İ, ligatures, full width.
check(fold, "Straße", want="strasse", why="casefold, not lower", mistakes={"lower was taken": "straße"})
check(fold, "ﬁne Ａ１", want="fine a1", why="NFKC replaces compatibility forms")
### BEGIN HIDDEN TESTS
for text in ("ΟΔΟΣ οδος οδός", "İstanbul ISPARTA ıssız", "ﬀ ﬃ ǆ Ǆ", "ｶﾞ ガ", "№ ² ½ ™", "ẞ ŉ", "ＡＢＣ ａｂｃ", "Ⅷ ①", "ᾳ ᾼ",
             "µ μ", "STRASSE Straße", "ΐ", "ﬅ", "Ǆ\u030c"):
    check(fold, text, want=folded(text), why="NFKC, then casefold")
### END HIDDEN TESTS

# %% graded="fold__space" points=1
# Looks at whitespace and at what is invisible.
check(fold, "  a\n b\u3000 c ", want="a b c", why="runs of whitespace become one space, none at the ends")
check(fold, "auto\u00admat", want="automat", why="a soft hyphen is no letter")
### BEGIN HIDDEN TESTS
for text in ("", " ", "\n", "\u200b", "می\u200cخواهم", "क्\u200dष", "a\u200bb", "\ufeffa", "a\u00a0b\u2009c", "a\t\tb\r\nc",
             "a\ufeffb \ufeff c", "e\ufeff\u0301", "a\u2028b\u0085c\u1680d\x1fe",
             "a \u0301", "x\u00ad\u0301", "e\u200b\u0301", "a\u2060b", "e\n\u0301", "\ue000\u0301e\u0301",
             "👩\u200d👧 ok", "é\u200cé", " ".join(["ê"] * 1200)):
    check(fold, text, want=folded(text), why="U+00AD, U+200B and U+FEFF go, joiners stay")
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.removed_marks(fold)

# %% [markdown]
# Ten sentences in each of seven languages: how many characters of a hundred the popular recipe removes, and
# yours. It is lossy even where it is meant: Spanish "año" (year) and "ano" are one key. So a key is for
# *finding*; the text itself is kept beside it. **The catch**: never fold what a trained model reads. A model
# whose tokeniser keeps accents has never seen your folded words, and section 01 shows what another spelling
# costs.

# %% [markdown]
# ## 2 · What the same sentence costs
#
# A vocabulary trained mostly on English cuts English words whole and others into pieces. **Fertility** is tokens
# per word. It follows the vocabulary, and the language's idea of a word: Chinese has no spaces, Finnish writes a
# phrase as one word. So fertility compares vocabularies *within* a language. Between languages one compares
# **parallel** text:
#
# $$ \text{premium}(\ell) = \frac{\text{tokens of the text in } \ell}{\text{tokens of the same text in the reference}} $$
#
# A premium of 3 means: a third of the text in the same context window, three times the bill where tokens are
# billed, and three times the steps to write an answer. Petrov et al. (arXiv 2305.15425) found premiums up to 15
# in some tokenisers, and over 4 for characters or bytes alone. "Two to three times", as the guide has it, is the
# comfortable end.
#
# Where a vocabulary knows nothing, bytes are left. UTF-8 takes 1 byte for an ASCII letter, 2 for a Greek or
# Cyrillic one, 3 for a Georgian, a Devanagari or a Chinese one. So a **byte-level** model (no vocabulary to be
# unfair) is not fair either: the picture below counts bytes.
#
# **Find the faults.** The guide compares `len(tokenizer.encode(text))` of mBERT for three sentences and prints 12
# tokens for a Chinese one of 7 characters. First, `encode` adds [CLS] and [SEP], which are no text; in short texts
# they pull every ratio towards 1. Second, BERT's tokenisers put a space around *each* Chinese character, so seven
# characters give seven tokens, no matter what the vocabulary holds: 9 with the two special ones, not 12.
#
# Two decisions are left. **Sum, then divide**: the mean of the ratios of single sentences is another number, in
# which a short sentence weighs as much as a long one. And **only pairs count**: a sentence that lacks its
# translation must leave both sides.
#
# ### Exercise 26.2 · fertility
#
# Two functions. `tokenise(text)` gives a list of tokens (strings or ints); tokens in the collection `special` are
# not counted, anywhere.
#
# `fertility(tokenise, texts, special=(), spaceless=())` gives a dict language → float.
#
# - `texts` is a dict language → list of texts. A language's fertility is the number of its tokens over the number
#   of its words, both summed over its texts. Words: `text.split()`.
# - For a language in the collection `spaceless`, characters count instead of words: all but whitespace
#   (`str.isspace`).
# - A language without a word (or character): NaN.
#
# `premium(tokenise, parallel, ref, special=())` gives a dict language → float.
#
# - `parallel` is a dict language → list of texts of equal length; texts at one position are translations of each
#   other, None is a missing one. "" is a text of no words, and not missing.
# - For each language, over the positions where **both it and `ref`** have a text: the sum of its tokens over the
#   sum of `ref`'s. What a third language lacks does not matter. `ref` itself is in the dict.
# - No common position, or no token of `ref` there: NaN.
# - Lists of different lengths, or a `ref` that `parallel` does not have: ValueError.
#
# Source: Petrov et al. 2023, arXiv 2305.15425; Ahia et al. 2023, arXiv 2305.13707; Rust et al. 2021, arXiv
# 2012.15613 (fertility).

# %% stub="fertility"
def fertility(tokenise, texts: dict[str, list[str]], special=(), spaceless=()) -> dict[str, float]:
    """Tokens per word of each language, per character for those in `spaceless`.

    One token per letter, {"en": ["ab c"]}: {"en": 1.5} (if the space is no token).
    """
    ### BEGIN SOLUTION
    out = {}
    for lang, rows in texts.items():
        tokens = sum(t not in special for text in rows for t in tokenise(text))
        if lang in spaceless:
            units = sum(not c.isspace() for text in rows for c in text)
        else:
            units = sum(len(text.split()) for text in rows)
        out[lang] = tokens / units if units else math.nan
    return out
    ### END SOLUTION
    raise NotImplementedError("fertility")


def premium(tokenise, parallel: dict[str, list[str | None]], ref: str, special=()) -> dict[str, float]:
    """Tokens of each language over those of `ref`, over the sentences that both have.

    Tokens are letters, {"en": ["ab", "c"], "de": ["abc", None]}, ref "en": {"en": 1.0, "de": 1.5}.
    """
    ### BEGIN SOLUTION
    if ref not in parallel or len({len(rows) for rows in parallel.values()}) > 1:
        raise ValueError("a reference language, and one text or None for each position")
    counts = {lang: [None if text is None else sum(t not in special for t in tokenise(text)) for text in rows]
              for lang, rows in parallel.items()}
    out = {}
    for lang, row in counts.items():
        pairs = [(a, b) for a, b in zip(row, counts[ref]) if a is not None and b is not None]
        below = sum(b for _, b in pairs)
        out[lang] = sum(a for a, _ in pairs) / below if below else math.nan
    return out
    ### END SOLUTION
    raise NotImplementedError("premium")

# %% [markdown] hints="fertility"
# <details><summary>Hint 1: a question</summary>
#
# The German translation of sentence 3 is missing. Which English tokens may the German ones be divided by? And which
# the French ones?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Tokens are letters. English "a", "bbbb", "cc"; German "aa", None, "cccc". German over English: (2 + 4) / (1 + 2)
# = 2. With all of English below, it would be 6 / 7, and German would look cheaper than English.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The reference has gaps of its own, and a sentence of zero tokens is not a gap. `if not text` takes one for the
# other.
#
# </details>

# %% graded="fertility__per_word" points=2
# Looks at tokens per word: sums, special tokens, languages without spaces, none at all.
def letters(text):
    "One token a letter, in special ones as BERT has them."
    return ["[CLS]", *[c for c in text if c != " "], "[SEP]"]

check(fertility, letters, {"en": ["ab c", "defg"], "fi": ["abcdef"]}, ["[CLS]", "[SEP]"],
      want={"en": 7 / 3, "fi": 6.0}, why="7 letters over 3 words",
      mistakes={"the special tokens were counted": {"en": 11 / 3, "fi": 8.0},
                "the mean of each text's ratio": {"en": 2.75, "fi": 6.0}})
check(fertility, letters, {"zh": ["我们 喝", "茶"], "en": []}, ["[CLS]", "[SEP]"], ["zh"],
      want={"zh": 1.0, "en": math.nan}, why="four characters, the space is none; no words: NaN")
### BEGIN HIDDEN TESTS
def numbers(text):
    "Tokens are ints, 0 among them."
    return [1] + [ord(c) % 7 for c in text] + [0]

g = np.random.default_rng(1)
texts = {k: [" ".join("".join(g.choice(list("abcdé我。-"), g.integers(1, 9))) for _ in range(g.integers(0, 9)))
             for _ in range(n)] for k, n in [("a", 1), ("b", 7), ("c", 12), ("d", 3)]}
texts |= {"e": ["", " \n"], "g": ["einwort", "zwei worte", "nochein"]}
texts |= {"f": ["xx\u3000yz\tz  w"], "long": [" ".join(["wort"] * 1300)]}
for special in ((), [0], {1, 0}, (3, 5)):
    for spaceless in ((), {"a"}, ["c", "f", "e"]):
        want = {k: (sum(t not in special for x in v for t in numbers(x)),
                    sum(len("".join(x.split())) if k in spaceless else len(x.split()) for x in v))
                for k, v in texts.items()}
        unchanged(fertility, numbers, texts, special, spaceless,
                  want={k: a / b if b else math.nan for k, (a, b) in want.items()})
check(fertility, numbers, {"a": ["bcd e"]}, want={"a": 3.5}, why="special is empty unless given")
check(fertility, lambda text: [], {"a": ["b"]}, want={"a": 0.0}, why="no tokens over one word")
check(fertility, letters, {}, want={})
check(fertility, lambda text: text.split("-"), {"a": ["[CLS]-C-LS-CLS]-[cls]--[SEP]"]}, ["[CLS]", "[SEP]"], want={"a": 5.0},
      why="a piece of a special token is a token like any other")
check(fertility, lambda text: list(text), {"a": ["ab", "ab", "c", "ab"]}, want={"a": 1.75},
      why="a text that comes three times counts three times")
### END HIDDEN TESTS

# %% graded="fertility__premium" points=3
# Looks at premiums: sums over pairs, gaps on either side, the reference itself.
def chars(text):
    "One token a character."
    return list(text)

check(premium, chars, {"en": ["a", "bbbb", "cc"], "de": ["aa", None, "cccc"], "fr": ["aaa", "bbbb", "c"]}, "en",
      want={"en": 1.0, "de": 2.0, "fr": 8 / 7}, why="German: 6 letters over the 3 of the same two sentences",
      mistakes={"all of English stands below": {"en": 1.0, "de": 6 / 7, "fr": 8 / 7},
                "German's gap was taken from French too": {"en": 1.0, "de": 2.0, "fr": 4 / 3},
                "the mean of the ratios": {"en": 1.0, "de": 2.0, "fr": 1.5}})
raises(ValueError, premium, chars, {"en": ["a"], "de": ["a", "b"]}, "en", why="two lengths")
### BEGIN HIDDEN TESTS
def pairs(parallel, ref, special=()):
    "The oracle, position by position."
    out = {}
    for lang, rows in parallel.items():
        above, below = 0, 0
        for i in range(len(rows)):
            if rows[i] is not None and parallel[ref][i] is not None:
                above += len([c for c in rows[i] if c not in special])
                below += len([c for c in parallel[ref][i] if c not in special])
        out[lang] = above / below if below else math.nan
    return out

g = np.random.default_rng(2)
for n in (1, 5, 23):
    parallel = {k: [None if g.random() < 0.3 else "".join(g.choice(list("abcxyz"), g.integers(0, 12))) for _ in range(n)]
                for k in ("en", "de", "ru", "hi")}
    for ref in ("en", "ru"):
        for special in ((), ["a", "x"]):
            unchanged(premium, chars, parallel, ref, special, want=pairs(parallel, ref, special))
long = {"en": ["ab"] * 300, "de": ["abc", None] * 150}
check(premium, chars, long, "en", want=pairs(long, "en"))
gaps = {"en": [None, "", "ab"], "de": ["a", "abc", None], "fr": ["a", None, None], "it": [None] * 3, "es": ["", "", ""]}
check(premium, chars, gaps, "en", want=pairs(gaps, "en"), why="a text of no tokens is no gap")
check(premium, chars, gaps, "es", want=dict.fromkeys(gaps, math.nan), why="no token of the reference")
check(premium, chars, gaps, "it", want=dict.fromkeys(gaps, math.nan), why="a reference without a text")
full = {"en": ["ab", "", "c"], "de": ["abc", "xy", ""]}
check(premium, chars, full, "en", want={"en": 1.0, "de": 5 / 3}, why="empty texts are translations too")
check(premium, chars, {"en": []}, "en", want={"en": math.nan})
check(premium, lambda text: [0, *range(len(text)), 0], {"en": ["abc"], "de": ["abcde"]}, "en", [0],
      want={"en": 1.0, "de": 2.0}, why="token 0 is special here")
check(premium, lambda text: [0, "", *text], {"en": ["a", "a"], "de": ["abc", "b"]}, "en", want={"en": 1.0, "de": 4 / 3},
      why="tokens 0 and '' are tokens")
check(premium, lambda text: text.split("-"), {"en": ["[CLS]-a"], "de": ["[CLS]-CL-[-[cls]-"]}, "en", ["[CLS]"],
      want={"en": 1.0, "de": 4.0}, why="a piece of a special token is a token like any other")
blank = {"en": ["ab", "c"], "de": [" ", "xyz"]}
check(premium, chars, blank, "en", want={"en": 1.0, "de": 4 / 3}, why="a text of blanks is not missing")
raises(ValueError, premium, chars, {"en": ["a"]}, "de", why="no such reference")
raises(ValueError, premium, chars, {"en": ["a"], "de": []}, "en", why="two lengths")
raises(ValueError, premium, chars, {}, "en", why="no such reference")
raises(ValueError, premium, chars, {"en": ["a", None], "de": ["a"], "fr": ["a", "b"]}, "en", why="two lengths")
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.premiums_without_vocabulary(premium)

# %% [markdown]
# No vocabulary at all: the premium of seven languages over English where every character is a token, and where
# every UTF-8 byte is. Chinese is the cheapest in characters, Hindi the dearest in bytes.
#
# **Two real vocabularies.** SmolLM2's has 49,152 tokens of byte-level BPE, MiniLM's (part 9) 30,522 of WordPiece, both
# made for English. The next cell counts our ten sentences, specials left out: tokens per sentence, the premium
# and its range over single sentences, how many sentences fit into 8,192 tokens, and what the vocabulary could not
# read at all ([UNK]). It takes a second and needs no model, only the vocabularies.

# %% tags=["real"]
from course.models.smollm import attempt, tokenizer

with attempt():
    costs = multilingual.real_costs(premium, tokenizer())

# %% [markdown]
# Read the two last columns together. MiniLM seems to charge little for Chinese and Hindi, and the reason is not
# that it knows them: most Chinese characters are one [UNK] each, and it strips accents and vowel signs before it
# looks a word up. SmolLM2 gives every sentence back exactly. **The catch**: compare costs only between tokenisers
# that lose nothing. And a premium says nothing about quality: it is a price, of one set of translations.
#
# **What helps?** A larger vocabulary, shared out better (part 4); a mix that repeats small languages (part 3);
# for a model that exists: adding tokens, each beginning as the mean of the vectors of its old pieces, and
# training on. And asking the vendor for the premium of *your* languages before the price per token.

# %% [markdown]
# ## 3 · Who is heard how often
#
# The crawl mC4 holds 92,000 times more English than Yoruba (Chung et al., below). In proportion, a small language
# is drawn so rarely that the model (and the vocabulary, which is trained on the same mix) hardly meets it. All
# alike, it is repeated until it is learnt by heart. The usual compromise is an exponent:
#
# $$ q_\ell = \frac{n_\ell^{\alpha}}{\sum_k n_k^{\alpha}} \qquad 0 \le \alpha \le 1 $$
#
# α = 1 is in proportion, α = 0 all alike. mBERT took 0.7, XLM-R (100 languages, text from the web)
# 0.3. The same thing is called *temperature* T = 1/α in translation, so "larger is flatter" there and "smaller is
# flatter" here.
#
# **The guide is wrong here**: it lists "language-specific vocabularies (alpha in SentencePiece)". This α chooses
# what text is drawn; it makes no vocabularies. SentencePiece's own `alpha` is a third thing, the smoothing when
# it samples segmentations (subword regularisation).
#
# **The catch**: α knows nothing of repetition. Of three languages with 20,000, 2,000 and 200 words and α = 0.3,
# the smallest gets 3,182 of 22,200 draws: each of its words 16 times. **UniMax** (Chung et al., arXiv 2304.09151;
# umT5 was trained with it) asks the two questions that matter: how many characters will training read in all, and
# how often may one text be repeated? Then everybody gets the same share, but nobody more than that many passes
# over its own text; what the small ones cannot use goes to the others, in equal shares again.
#
# ### Exercise 26.3 · sampling_probs
#
# `sampling_probs(counts, alpha)` gives a dict language → probability (float, within 1e-9).
#
# - `counts`: dict language → size of its text, a number ≥ 0, up to 10¹⁵ and more. $q_\ell$ as above.
# - A language of size 0 has probability 0.0, **for every** α: nothing can be drawn from it.
# - ValueError: α outside [0, 1] or NaN; a negative or NaN size; no language with text.
#
# `unimax(counts, budget, max_epochs)` gives a dict language → how much of its text training reads (float, within a
# relative 1e-9), in the unit of `counts`.
#
# - Language ℓ gets $\min(c,\; \text{max\_epochs} \cdot n_\ell)$ with one common $c$, such that the sum is
#   `budget`. Where the budget exceeds the sum of all limits, everybody gets the limit, and the rest stays
#   unspent.
# - `max_epochs` may be a fraction. Size 0 gets 0.0; a budget of 0 gives 0.0 to all; no languages give an empty
#   dict.
# - ValueError: a negative or NaN budget, `max_epochs` or size.
#
# Source: Conneau et al. 2020, arXiv 1911.02116; Chung et al. 2023, arXiv 2304.09151.

# %% stub="sampling_probs"
def sampling_probs(counts: dict[str, float], alpha: float) -> dict[str, float]:
    """The probability to draw each language: its size to the power alpha, normalised.

    {"en": 16, "is": 4} with alpha 0.5: {"en": 2 / 3, "is": 1 / 3}.
    """
    ### BEGIN SOLUTION
    if not 0 <= alpha <= 1 or not all(n >= 0 for n in counts.values()) or not any(counts.values()):
        raise ValueError("alpha from 0 to 1, sizes of at least 0, one of them above")
    powers = {lang: n ** alpha if n else 0.0 for lang, n in counts.items()}
    total = math.fsum(powers.values())
    return {lang: p / total for lang, p in powers.items()}
    ### END SOLUTION
    raise NotImplementedError("sampling_probs")


def unimax(counts: dict[str, float], budget: float, max_epochs: float) -> dict[str, float]:
    """Equal shares of a budget, none above max_epochs times the language's size.

    {"en": 100, "is": 2}, budget 30, at most 4 epochs: {"en": 22.0, "is": 8.0}.
    """
    ### BEGIN SOLUTION
    if not (budget >= 0 and max_epochs >= 0 and all(n >= 0 for n in counts.values())):
        raise ValueError("nothing may be negative or NaN")
    out, left = dict.fromkeys(counts, 0.0), budget
    for i, lang in enumerate(sorted(counts, key=counts.__getitem__)):
        out[lang] = float(min(max_epochs * counts[lang], left / (len(counts) - i)))
        left -= out[lang]
    return out
    ### END SOLUTION
    raise NotImplementedError("unimax")

# %% [markdown] hints="sampling_probs"
# <details><summary>Hint 1: a question</summary>
#
# What is 0 to the power 0 in Python? And whose share can you settle for good, before you know any other?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Sizes 1, 5 and 100, budget 30, at most 3 epochs. Equal shares would be 10. The smallest takes 3 at most: 27 are
# left for two, 13.5 each. The next takes 13.5, below its limit of 15. The last takes 13.5, too.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# What a small language leaves over may lift the share above the limit of another one. One correction is not enough;
# the order in which you go through the languages decides.
#
# </details>

# %% graded="sampling_probs__alpha" points=2
# Looks at the exponent: its ends, sizes of 0, large sizes, what is no exponent.
check(sampling_probs, {"en": 16, "is": 4}, 0.5, want={"en": 2 / 3, "is": 1 / 3}, atol=1e-9, why="roots 4 and 2",
      mistakes={"the power was 1 / alpha": {"en": 16 / 17, "is": 1 / 17},
                "alpha was not used": {"en": 0.8, "is": 0.2}})
check(sampling_probs, {"en": 9, "is": 1, "xx": 0}, 0, want={"en": 0.5, "is": 0.5, "xx": 0.0}, atol=1e-9,
      why="alpha 0: all that have text, alike",
      mistakes={"0 to the power 0 was 1": {"en": 1 / 3, "is": 1 / 3, "xx": 1 / 3}})
raises(ValueError, sampling_probs, {"en": 9}, 1.5, why="alpha lies between 0 and 1")
### BEGIN HIDDEN TESTS
g = np.random.default_rng(3)
for counts in ({"a": 7}, {"a": 2e4, "b": 2e3, "c": 200}, {"a": 10 ** 18, "b": 3, "c": 0, "d": 10 ** 9},
               {f"l{i}": float(v) for i, v in enumerate(np.exp(g.uniform(-3, 30, 104)))}, {"a": 0.25, "b": 0, "c": 4}):
    for alpha in (0, 0.1, 0.3, 0.7, 1, 1.0):
        parts = {k: math.exp(alpha * math.log(n)) if n else 0.0 for k, n in counts.items()}
        unchanged(sampling_probs, counts, alpha, want={k: v / math.fsum(parts.values()) for k, v in parts.items()},
                  atol=1e-9, rtol=1e-9)
for counts, alpha in [({"a": 1}, -0.1), ({"a": 1}, math.nan), ({"a": 1, "b": 2}, 1.0001), ({"a": -1, "b": 3}, 0.5),
                      ({"a": math.nan, "b": 3}, 0.5), ({"a": 0, "b": 0.0}, 0.5), ({}, 0.5), ({"a": 0}, 0)]:
    raises(ValueError, sampling_probs, counts, alpha, why=f"sizes {counts}, alpha {alpha}")
### END HIDDEN TESTS

# %% graded="sampling_probs__unimax" points=3
# Looks at shares under a limit of epochs: one common share, what is left over, what stays.
check(unimax, {"en": 100, "mid": 5, "is": 1}, 30, 3, want={"en": 13.5, "mid": 13.5, "is": 3.0}, rtol=1e-9,
      why="3 at most for is; 27 for two, and mid may take 15",
      mistakes={"the rest was lost": {"en": 10.0, "mid": 10.0, "is": 3.0},
                "the rest went to the largest": {"en": 17.0, "mid": 10.0, "is": 3.0}})
check(unimax, {"en": 10, "is": 2}, 100, 4, want={"en": 40.0, "is": 8.0}, rtol=1e-9,
      why="52 of the budget stay unspent",
      mistakes={"the budget was spent all the same": {"en": 92.0, "is": 8.0}})
published = {"swe": 179955884499, "fas": 184595788282, "ekk": 42541080893, "isl": 10027573389, "fao": 549707867}
got = unimax(dict(published), 250_000_000_000, 4)
expect(got, {"swe": 207690874976 / 3, "fas": 207690874976 / 3, "ekk": 207690874976 / 3, "isl": 40110293556.0,
             "fao": 2198831468.0}, on="unimax on the sizes that the package unimax_sampling prints", rtol=1e-9)
### BEGIN HIDDEN TESTS
g = np.random.default_rng(4)
for n in (1, 2, 7, 107, 1100):
    counts = {f"l{i}": float(v) for i, v in enumerate(np.exp(g.uniform(0, 12, n)))}
    total = sum(counts.values())
    for share in (0.01, 0.5, 1.5, 20) if n < 500 else (0.5,):
        for epochs in (1, 4, 0.5) if n < 500 else (2.5,):
            unchanged(unimax, counts, share * total, epochs, want=levels(counts, share * total, epochs), rtol=1e-8,
                      atol=1e-9)
for counts, budget, epochs in [({"a": 1, "b": 2, "c": 40, "d": 0}, 20, 3), ({"c": 3, "b": 3, "a": 3}, 8, 1),
                               ({"b": 9, "a": 1}, 0, 4), ({"b": 9, "a": 1}, 5, 0), ({"a": 0, "b": 0.0}, 9, 2),
                               ({"a": 4, "b": 6, "c": 7, "d": 8}, 22, 1), ({}, 5, 3), ({"a": 5, "b": 5}, 10, 1),
                               ({"z": 1, "y": 2, "x": 3, "w": 500}, 40, 4)]:
    check(unimax, counts, budget, epochs, want=levels(counts, budget, epochs), rtol=1e-9, atol=1e-9)
for counts, budget, epochs in [({"a": 1}, -1, 2), ({"a": 1}, 1, -2), ({"a": -1, "b": 3}, 1, 2), ({"a": 1}, math.nan, 2),
                               ({"a": 1}, 1, math.nan), ({"a": math.nan}, 1, 2), ({}, -1, 2)]:
    raises(ValueError, unimax, counts, budget, epochs, why=f"sizes {counts}, budget {budget}, epochs {epochs}")
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.mixes(sampling_probs, unimax)

# %% [markdown]
# Five languages of 10¹² to 10⁸ characters, and a training run that reads 2 · 10¹². Left: the share of each by α,
# and by UniMax with at most 4 epochs (right edge). Right: how often each text is read; the line marks 4 epochs.
# Between α = 0.3 and "in proportion" the smallest language goes from 650 readings of each text to fewer than two.

# %% [markdown]
# ## 4 · Whose words get a place
#
# A vocabulary has V places. Trained on one mixed corpus, they go to the tokens that are frequent *in the mix*: to
# large languages, and to pieces that several languages of one script share. Two ways out. Draw the training text
# flatter (part 3; the experiment below measures it). Or share the places out on purpose: VoCap (Zheng et al.,
# arXiv 2109.07306) gives a language places as long as they pay for it, where XLM-R's 250,000 tokens had left at
# most about 2,500 of its own, on average, for each language.
#
# What a token is worth to a language can be counted: how many tokens of its text it saves, say per 1,000 words. A
# token that two languages use is worth the sum, and takes **one** place. With weights for the languages (how much
# text you expect to serve), the best vocabulary is then just the largest sums. Equal weights already help the
# small: gains are per 1,000 words of *each* language, not per corpus. A **floor** guards the rest: some places
# for every language, chosen by what *it* needs most, before the sums decide.
#
# ### Exercise 26.4 · allocate_vocab
#
# `allocate_vocab(gains, weights, size, floor=0)` gives the chosen tokens as a sorted list of strings.
#
# - `gains`: dict language → dict token → what the token saves in that language (a number, perhaps 0 or negative).
#   `weights`: dict language → number ≥ 0, for each language of `gains`.
# - First the floor: of each language the `floor` tokens with the largest gain **in that language** (all, where it
#   has fewer; also those whose gain is 0 or less). A token that two languages ask for takes one place. If these
#   alone are more than `size`: ValueError.
# - Then, up to `size` tokens in all, those with the largest **total**: the sum over the languages that list the
#   token of weight × gain. A token whose total is 0 or less gets no place here, even if places stay free.
# - All ties: the smaller string (as Python compares them) goes first.
#
# Source: the idea is Zheng et al. 2021, arXiv 2109.07306, who measure by log-likelihood; counting saved tokens, the
# weights and the floor are ours.

# %% stub="allocate_vocab"
def allocate_vocab(gains: dict[str, dict[str, float]], weights: dict[str, float], size: int,
                   floor: int = 0) -> list[str]:
    """The tokens with the largest weighted gains, after a floor for every language; sorted.

    {"en": {"the": 9, "s": 3}, "de": {"s": 4, "ß": 2}}, weights 1, size 2: ["s", "the"]; with floor 1: the same.
    """
    ### BEGIN SOLUTION
    kept = {t for table in gains.values() for t in sorted(table, key=lambda t: (-table[t], t))[:floor]}
    if len(kept) > size:
        raise ValueError("the floor alone is larger than the vocabulary")
    totals = {}
    for lang, table in gains.items():
        for token, gain in table.items():
            totals[token] = totals.get(token, 0.0) + weights[lang] * gain
    rest = sorted((t for t in totals if t not in kept and totals[t] > 0), key=lambda t: (-totals[t], t))
    return sorted(kept | set(rest[:size - len(kept)]))
    ### END SOLUTION
    raise NotImplementedError("allocate_vocab")

# %% [markdown] hints="allocate_vocab"
# <details><summary>Hint 1: a question</summary>
#
# Three languages list the token "on". How many places does it cost, and whose gain counts?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# en: the 9, on 5; fr: on 6, é 4; ka: ა 3. Size 3, no floor: on 11, the 9, then é 4. With a floor of 1: the, on
# and ა have their places, and nothing is left for é.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The floor knows no weights: a language of weight 0 has its floor all the same. And count the places after the
# duplicates have fallen together, not before.
#
# </details>

# %% graded="allocate_vocab__totals" points=2
# Looks at the sums: shared tokens, weights, ties, what is not worth a place.
three = {"en": {"the": 9, "on": 5}, "fr": {"on": 6, "é": 4}, "ka": {"ა": 3}}
check(allocate_vocab, three, {"en": 1, "fr": 1, "ka": 1}, 3, want=["on", "the", "é"], why="on 11, the 9, é 4",
      mistakes={"a shared token took two places": ["on", "the"], "the list is not sorted": ["on", "the", "ა"]})
check(allocate_vocab, three, {"en": 1, "fr": 1, "ka": 2}, 3, want=["on", "the", "ა"], why="ა counts 6 now",
      mistakes={"weights were not used": ["on", "the", "é"]})
check(allocate_vocab, {"en": {"b": 2, "a": 2, "c": 0}}, {"en": 1}, 1, want=["a"],
      why="a tie: the smaller string")
### BEGIN HIDDEN TESTS
check(allocate_vocab, {"en": {"b": 2, "a": 2, "c": 0, "d": -3}}, {"en": 1}, 9, want=["a", "b"],
      why="a total of 0 or less gets no place")
check(allocate_vocab, {"en": {"a": 2, "b": 5}, "de": {"a": 4, "b": -5}}, {"en": 1, "de": 1}, 9, want=["a"],
      why="b is worth 0 in all")
check(allocate_vocab, {"en": {"a": 2}, "de": {"b": 5}}, {"en": 1, "de": 0}, 9, want=["a"], why="weight 0")
check(allocate_vocab, {"en": {"a": 0.1, "b": 0.1 + 1e-12}}, {"en": 1}, 1, want=["b"], why="totals are float64")
check(allocate_vocab, {"en": {"a": 3, "B": 3, "é": 3, "Z": 1}}, {"en": 1}, 1, want=["B"],
      why="a tie: the smaller string as Python compares them, B before a")
check(allocate_vocab, {"en": {"a": 0.25, "b": 0.75}}, {"en": 0.5}, 1, want=["b"], why="fractions")
check(allocate_vocab, {"en": {"": 3, "a": 2}, "de": {"": 1}}, {"en": 1, "de": 1}, 1, want=[""], why="'' is a token too")
check(allocate_vocab, {"en": {"a": 3, "B": 3, "é": 3, "Z": 1}}, {"en": 1}, 3, want=["B", "a", "é"],
      why="sorted as Python compares strings")
for size in (0, 5):
    check(allocate_vocab, {}, {}, size, want=[])
check(allocate_vocab, {"en": {"a": 2}}, {"en": 1}, 0, want=[], why="a vocabulary without places")
g = np.random.default_rng(5)
for n, size in [(8, 5), (60, 40), (210, 330)]:
    gains = {k: {f"t{j}": float(g.integers(-2, 40)) for j in g.choice(3 * n, n, replace=False)} for k in "abcde"}
    for weights in (dict.fromkeys("abcde", 1), {"a": 4, "b": 0.5, "c": 0, "d": 1, "e": 0.25}):
        unchanged(allocate_vocab, gains, weights, size, want=chosen(gains, weights, size, 0))
### END HIDDEN TESTS

# %% graded="allocate_vocab__floor" points=2
# Looks at the floor: each language's own best, duplicates, room.
three = {"en": {"the": 9, "on": 5}, "fr": {"on": 6, "é": 4}, "ka": {"ა": 3}}
check(allocate_vocab, three, {"en": 1, "fr": 1, "ka": 0}, 3, 1, want=["on", "the", "ა"],
      why="one place for each",
      mistakes={"the floor was not used": ["on", "the", "é"]})
check(allocate_vocab, three, {"en": 1, "fr": 1, "ka": 1}, 4, 2, want=["on", "the", "é", "ა"],
      why="on is asked for twice and takes one place; ka has one token only")
raises(ValueError, allocate_vocab, three, {"en": 1, "fr": 1, "ka": 1}, 3, 2,
       why="the floor alone needs four places")
### BEGIN HIDDEN TESTS
check(allocate_vocab, {"en": {"b": 1, "a": 1, "c": 8}, "de": {"x": -1, "y": -2}}, {"en": 1, "de": 1}, 4, 2,
      want=["a", "c", "x", "y"], why="the floor takes what a language has, worth it or not")
check(allocate_vocab, {"en": {"a": 3, "B": 3}, "de": {"c": 0.1, "d": 0.1 + 1e-12}}, {"en": 1, "de": 1}, 2, 1,
      want=["B", "d"], why="B before a in a tie; d is larger than c")
check(allocate_vocab, {"en": {"a": 1}, "de": {"a": 3, "b": 2}}, {"en": 9, "de": 1}, 1, 1, want=["a"],
      why="both ask for a")
check(allocate_vocab, {"en": {"a": 1, "b": 1.5}, "de": {"a": 3, "b": 2}}, {"en": 1, "de": 1}, 1, 0, want=["a"])
g = np.random.default_rng(6)
for n, size in [(8, 22), (60, 170), (140, 410)]:
    gains = {k: {f"t{j}": float(g.integers(-2, 30)) for j in g.choice(4 * n, n, replace=False)} for k in "abcdefg"}
    gains["h"] = {"only": 1.0}
    weights = {k: float(w) for k, w in zip("abcdefgh", [1, 0, 8, 0.5, 2, 0.25, 1, 0])}
    for floor in (1, 3, n // 4):
        unchanged(allocate_vocab, gains, weights, size, floor, want=chosen(gains, weights, size, floor))
raises(ValueError, allocate_vocab, {"en": {"a": 1}, "de": {"b": 3}}, {"en": 1, "de": 1}, 1, 1, why="two places needed")
raises(ValueError, allocate_vocab, {"en": {"a": 1}}, {"en": 0}, 0, 1, why="no room for the floor")
check(allocate_vocab, {"en": {"a": 1}, "de": {"b": 3}}, {"en": 1, "de": 1}, 2, 50, want=["a", "b"], why="all they have")
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.places(allocate_vocab)

# %% [markdown]
# 300 places for the three invented languages of the experiment, with what every possible piece of a word would
# save. First the gains weighted by the size of the corpus, as mixed training does; then with equal weights; then
# by size with a floor of 60. The number of places is shown by the script of the pieces. Equal weights and a floor
# are two different promises: the first looks at use, the second at nobody left with nothing.
#
# **The catch**: a token in the vocabulary still has to be learnt. A place for a word that training meets twenty
# times is a vector of noise (section 01 shows such glitch tokens); text and places have to grow together.

# %% [markdown]
# ## 5 · A small part for each language
#
# **Adapters** (Houlsby et al., arXiv 1902.00751) put a small bottleneck into every layer of a frozen model:
#
# $$ \text{adapter}(x) = x + W_{up}\,\text{ReLU}(W_{down}\,x + b_{down}) + b_{up} $$
#
# With width D = 768 and m = 64 that is 2 D m + D + m = 99,136 numbers, 1.19 million over 12 layers: 0.67 % of
# mBERT. The guide's "2 % per language" fits wider ones: MAD-X's m = 384, half the width, makes 7.09 million, 2.6 %
# of XLM-R base (278 million).
#
# **MAD-X** (Pfeiffer et al., arXiv 2005.00052) stacks two. A *language* adapter is trained on plain text of that
# language, with the model frozen. A *task* adapter on top is trained on labelled English, with the English language
# adapter below it. To answer in Quechua, put the Quechua adapter under the same task adapter. No labelled Quechua.
# (A third, *invertible* adapter fits the embeddings to the language; it is left out here.)
#
# - **It begins as the identity**: W_up and both biases are zero, so at first the model is what it was. But only
#   W_up! With W_down zero as well, each matrix's gradient is multiplied by a zero of the other, and neither ever
#   moves.
# - **"No forgetting"** is half true. The base keeps every weight; take the adapter out, and the old model is
#   back. The model *with* adapter can well be worse at what it was good at.
# - Unlike LoRA (section 04) an adapter has a nonlinearity, so it cannot be merged into a weight: it costs a step of
#   latency in every layer.
#
# ### Exercise 26.5 · adapter_forward
#
# An adapter is a tuple of four tensors: `down` (m, D), `down_bias` (m,), `up` (D, m), `up_bias` (D,).
#
# - `init_adapter(D, m, seed)` gives a new one in float32: `up` and both biases zero; `down` normal with mean 0 and
#   standard deviation $1 / \sqrt{D}$, the same for the same seed, another for another.
# - `adapter_forward(x, down, down_bias, up, up_bias)` for `x` of shape (…, D), any number of leading axes, also
#   none: the formula, in a new tensor of x's shape and dtype. x and weights have one dtype.
# - `stacked(x, *adapters)` sends x through several adapters (tuples), the first one first, each with its own
#   residual. None at all: a copy of x.
# - Half precision: float32 inside, rounded **once**, at the end, for `stacked` too. float64 stays float64.
# - Gradients reach x and the four weights. No argument is changed.
#
# Source: Houlsby et al. 2019, arXiv 1902.00751 (near-identity start); Pfeiffer et al. 2020, arXiv 2005.00052.

# %% stub="adapter_forward"
def init_adapter(D: int, m: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A new adapter that does nothing yet, but can learn: down, down_bias, up, up_bias."""
    ### BEGIN SOLUTION
    g = torch.Generator().manual_seed(seed)
    return torch.randn(m, D, generator=g) / math.sqrt(D), torch.zeros(m), torch.zeros(D, m), torch.zeros(D)
    ### END SOLUTION
    raise NotImplementedError("init_adapter")


def adapter_forward(x: Float[Tensor, "... D"], down: Float[Tensor, "m D"], down_bias: Float[Tensor, "m"],
                    up: Float[Tensor, "D m"], up_bias: Float[Tensor, "D"]) -> Float[Tensor, "... D"]:
    """x plus what the bottleneck adds.

    D = 2, m = 1, x [1, 2], down [[1, 1]], up [[1], [-1]], no biases: [4, -1].
    """
    ### BEGIN SOLUTION
    return stacked(x, (down, down_bias, up, up_bias))
    ### END SOLUTION
    raise NotImplementedError("adapter_forward")


def stacked(x: Float[Tensor, "... D"],
            *adapters: tuple[Tensor, Tensor, Tensor, Tensor]) -> Float[Tensor, "... D"]:
    """x through one adapter after the other: a language's, then a task's."""
    ### BEGIN SOLUTION
    h = x.double() if x.dtype == torch.float64 else x.float()
    for down, down_bias, up, up_bias in adapters:
        inner = (h @ down.to(h.dtype).T + down_bias.to(h.dtype)).relu()
        h = h + inner @ up.to(h.dtype).T + up_bias.to(h.dtype)
    return h.clone().to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("stacked")

# %% [markdown] hints="adapter_forward"
# <details><summary>Hint 1: a question</summary>
#
# Which of the four tensors must not be zero at the start, and which must be, for the first step of training to be
# small but not nothing?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# x = [1, 2], down [[1, 1]] with bias −4: the inner number is −1, ReLU makes it 0, so x comes back plus `up_bias`.
# With bias 0: 3, and up [[1], [−1]] adds 3 and −3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# In half precision two adapters through your first function round twice. And with no adapter at all, the "result"
# may be the caller's own tensor.
#
# </details>

# %% graded="adapter_forward__values" points=2
# Looks at the formula, for several shapes and dtypes.
x, down, up = torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0], [-1.0]])
check(adapter_forward, x, down, torch.zeros(1), up, torch.zeros(2), want=torch.tensor([4.0, -1.0]),
      mistakes={"no residual": torch.tensor([3.0, -3.0])})
check(adapter_forward, x, down, torch.tensor([-4.0]), up, torch.tensor([0.5, 0.0]),
      want=torch.tensor([1.5, 2.0]),
      why="ReLU cuts −1 to 0; the bias stays", mistakes={"no ReLU": torch.tensor([0.5, 3.0])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for lead, D, m in [((), 5, 3), ((2, 3), 24, 7), ((4,), 11, 1), ((1, 2, 3), 6, 9), ((0, 2), 4, 2), ((3,), 300, 70)]:
    for dtype in (torch.float32, torch.float64):
        args = [torch.randn(*s, generator=g, dtype=dtype) for s in [(*lead, D), (m, D), (m,), (D, m), (D,)]]
        args[1] /= D ** 0.5
        unchanged(adapter_forward, *args, want=adapted(*args).to(dtype))
        fresh(adapter_forward, *args, want=adapted(*args).to(dtype))
        with torch.no_grad():
            check(adapter_forward, torch.stack([args[0]] * 2, -1)[..., 0], args[1].T.contiguous().T, args[2],
                  args[3].T.contiguous().T, args[4], want=adapted(*args).to(dtype), why="not contiguous")
            if len(lead) > 1:
                crossed = args[0].transpose(0, 1).contiguous().transpose(0, 1)
                check(adapter_forward, crossed, *args[1:], want=adapted(*args).to(dtype), why="crossed leading axes")
tiny = [torch.tensor(v, dtype=torch.float64) for v in ([[1.0 + 1e-12]], [[1.0]], [1e-13], [[1.0]], [0.0])]
check(adapter_forward, *tiny, want=adapted(*tiny), rtol=1e-15, why="float64 inside")
zero = [torch.randn(2, 6, generator=g), torch.randn(3, 6, generator=g), torch.zeros(3), torch.zeros(6, 3), torch.zeros(6)]
fresh(adapter_forward, *zero, want=zero[0])
### END HIDDEN TESTS

# %% graded="adapter_forward__start" points=2
# Looks at a new adapter: shapes, zeros, the spread of what is not zero, seeds.
got = init_adapter(48, 16, 0)
expect([tuple(t.shape) for t in got], [(16, 48), (16,), (48, 16), (48,)], on="the shapes of init_adapter(48, 16, 0)")
assert all(not t.any() for t in got[1:]), "expected up and both biases zero: a new adapter is the identity"
assert got[0].all(), "expected no zeros in down: with up and down both zero no gradient ever arrives"
### BEGIN HIDDEN TESTS
for D, m, seed in [(48, 16, 0), (320, 90, 7), (16, 500, 3), (1024, 30, 11)]:
    one, two, other = init_adapter(D, m, seed), init_adapter(D, m, seed), init_adapter(D, m, seed + 1)
    assert all(t.dtype == torch.float32 for t in one), f"expected float32, got {[t.dtype for t in one]}"
    expect([tuple(t.shape) for t in one], [(m, D), (m,), (D, m), (D,)], on=f"the shapes of init_adapter({D}, {m}, {seed})")
    expect(one[0], two[0], on="two adapters of one seed", rtol=0, atol=0)
    assert not torch.equal(one[0], other[0]), "expected another seed to give another down"
    assert not any(t.any() for t in one[1:]), "expected up and both biases to be zero"
    spread, middle = one[0].double().std().item() * D ** 0.5, one[0].double().mean().item() * D ** 0.5
    assert 0.88 < spread < 1.12 and abs(middle) < 0.16, f"expected mean 0 and deviation 1 / sqrt({D}), got {spread:.3f} of that"
    assert one[0].abs().max().item() * D ** 0.5 > 2.2, "expected a normal distribution, which has values beyond two deviations"
    x = torch.randn(3, D, generator=torch.Generator().manual_seed(seed))
    expect(adapter_forward(x, *one), x, on="a new adapter", rtol=0, atol=0)
### END HIDDEN TESTS

# %% graded="adapter_forward__stacked" points=2
# Looks at several adapters: their order, each residual, none at all.
one = (torch.tensor([[1.0, 0.0]]), torch.zeros(1), torch.tensor([[0.0], [1.0]]), torch.zeros(2))
two = (torch.tensor([[0.0, 1.0]]), torch.zeros(1), torch.tensor([[1.0], [0.0]]), torch.zeros(2))
check(stacked, torch.tensor([1.0, 2.0]), one, two, want=torch.tensor([4.0, 3.0]),
      why="[1, 2], then [1, 3], then [4, 3]",
      mistakes={"the last one was first": torch.tensor([3.0, 5.0]), "side by side": torch.tensor([3.0, 3.0])})
fresh(stacked, torch.tensor([1.0, 2.0]), want=torch.tensor([1.0, 2.0]), why="no adapter: a copy")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for count, D, m in [(1, 7, 3), (2, 24, 5), (3, 10, 13), (5, 6, 2), (12, 8, 4)]:
    for dtype in (torch.float32, torch.float64):
        parts = [[torch.randn(*s, generator=g, dtype=dtype) / (s[-1] + 1) for s in [(m, D), (m,), (D, m), (D,)]]
                 for _ in range(count)]
        x = torch.randn(2, 3, D, generator=g, dtype=dtype)
        want = x.double()
        for p in parts:
            want = adapted(want, *p)
        unchanged(stacked, x, *[tuple(p) for p in parts], want=want.to(dtype))
x = torch.randn(4, 5, generator=g, dtype=torch.float64)
fresh(stacked, x, want=x.clone())
fresh(stacked, x.half(), want=x.half())
### END HIDDEN TESTS

# %% graded="adapter_forward__half" points=1
# Looks at half precision: float32 inside, one rounding, through a stack as well.
small = [torch.tensor(v, dtype=torch.float16)
         for v in ([1.0, 2.0], [[1.0, 1.0]], [0.0], [[1.0], [-1.0]], [0.0, 0.0])]
check(adapter_forward, *small, want=torch.tensor([4.0, -1.0], dtype=torch.float16))
### BEGIN HIDDEN TESTS
def through(x, *adapters):
    "The oracle of a stack."
    for a in adapters:
        x = adapted(x, *a)
    return x

for seed in range(4):
    g = torch.Generator().manual_seed(seed)
    parts = [tuple(torch.randn(*s, generator=g) / s[-1] ** 0.5 for s in [(11, 24), (11,), (24, 11), (24,)])
             for _ in range(3)]
    x = torch.randn(3, 24, generator=g)
    precise(adapter_forward, x, *parts[0], oracle=adapted)
    precise(stacked, x, *parts, oracle=through)
    precise(stacked, x, *parts[:2], oracle=through)
wide = [torch.full(s, v).half() for s, v in [((2, 90), 30.0), ((40, 90), 30.0), ((40,), 0.0), ((90, 40), 0.0), ((90,), 1.0)]]
check(adapter_forward, *wide, want=torch.full((2, 90), 31.0).half(), why="81,000 inside is more than float16 holds")
### END HIDDEN TESTS

# %% graded="adapter_forward__gradients" points=1
# Looks at the gradients of x and of all four weights, and at those of a new adapter.
one = [torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 1.0]]), torch.zeros(1), torch.zeros(2, 1), torch.zeros(2)]
_, grads = value_and_grad(adapter_forward, *one, wrt=(0, 3))
expect(grads, (torch.tensor([[1.0, 1.0]]), torch.tensor([[3.0], [3.0]])),
       on="the gradients of x and up at the start")
### BEGIN HIDDEN TESTS
for seed, (D, m) in enumerate([(5, 3), (24, 7), (9, 12)]):
    g = torch.Generator().manual_seed(seed)
    args = [torch.randn(*s, generator=g, dtype=torch.float64) for s in [(2, 3, D), (m, D), (m,), (D, m), (D,)]]
    _, got = value_and_grad(adapter_forward, *args, wrt=(0, 1, 2, 3, 4))
    inner = torch.einsum("btd,md->btm", args[0], args[1]) + args[2]
    back = (inner > 0) * args[3].sum(0)
    want = (1 + back @ args[1], torch.einsum("btm,btd->md", back, args[0]), back.sum((0, 1)),
            inner.clamp(min=0).sum((0, 1)).expand(D, m), torch.full((D,), 6.0, dtype=torch.float64))
    expect(got, want, on="the gradients of x, down, down_bias, up, up_bias")
    _, (got,) = value_and_grad(stacked, args[0], tuple(args[1:]))
    expect(got, want[0], on="the gradient of x through stacked")
    parts = [tuple(args[1:]), tuple(t.flip(0) / 2 for t in args[1:]), tuple(args[1:])]
    leaf = args[0].clone().requires_grad_()
    out = leaf
    for p in parts:
        out = adapted(out, *p)
    _, (got,) = value_and_grad(stacked, args[0], *parts)
    expect(got, torch.autograd.grad(out.sum(), leaf)[0], on="the gradient of x through three adapters")
    _, (got,) = value_and_grad(stacked, args[0])
    expect(got, torch.ones_like(args[0]), on="the gradient of x through no adapter", why="the copy hangs on x")
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.three_starts(init_adapter, adapter_forward)

# %% [markdown]
# One adapter learns a small change of a frozen layer, from three starts. With `up` zero it begins where the model
# is and descends. With both zero, only `up_bias` can move, and the loss stops at what a constant can do. With
# both random it begins far away: the model is damaged before it learns.

# %% [markdown]
# ## 6 · Adapters from a description of the language
#
# One adapter a language needs text in each, and training for each. **MAD-G** (Ansell et al., Findings of EMNLP
# 2021, not 2025 as the guide has it) trains one *generator* for all: a network that reads what linguists know of a
# language and writes the adapter's weights. Languages share what they have in common, and a language without any
# text gets an adapter too, from its description alone. The paper reports results close to separately trained
# adapters at about 50 times less training.
#
# The description comes from **URIEL** (read with lang2vec): 103 features of syntax ("does the verb come before its
# object?"), 28 of phonology and 158 of the inventory of sounds, 289 in all; besides, family and geography. No
# morphology set and no lexical cognates, which the guide lists. Most entries are 0 or 1, and for most languages
# **many are unknown**.
#
# A generator in two linear steps (the idea is the paper's, the details are ours):
#
# $$ e = P\,f \qquad \theta_l = G\,[e;\, d_l] $$
#
# f are the F features of a language, e its vector of width E, $d_l$ a learnt vector for layer l, $\theta_l$ all
# numbers of layer l's adapter in one row. Without $d_l$ every layer would get the same adapter. **The catch of a
# hypernetwork** (a network that writes another one's weights): G has (2 D m + D + m) rows and E + E′ columns (E′:
# width of $d_l$). With D = 768, m = 64 and E + E′ = 32 + 32 it has 6.3 million numbers: more than five languages'
# own adapters. It pays from the sixth language on.
#
# ### Exercise 26.6 · generate_adapters
#
# `generate_adapters(features, mean, project, layers, head, D, m)` gives four tensors, the adapters of N languages
# in L layers: `down` (N, L, m, D), `down_bias` (N, L, m), `up` (N, L, D, m), `up_bias` (N, L, D).
#
# - `features` (N, F): NaN stands for unknown, and `mean` (F,) says what to take instead. The caller's tensor
#   stays as it is. A known 0 is known. A whole language may be unknown.
# - $e = P f$ with `project` P (E, F); `layers` (L, E′) holds the $d_l$ (E′ may differ from E); `head` G of shape
#   (2 D m + m + D, E + E′) is multiplied with e **above** $d_l$.
# - $\theta_l$ is cut in this order: m · D numbers `down`, **row by row**; m `down_bias`; D · m `up`, row by row; D
#   `up_bias`.
# - All tensors have one dtype, which the answer keeps; half precision: float32 inside, rounded once.
# - Gradients reach `project`, `layers`, `head`, `mean` (where it was used) and `features` (where they were
#   known), and none of them is NaN: at an unknown feature the gradient is 0.
# - A `head` with another number of rows: ValueError.
#
# Source: Ansell et al. 2021, aclanthology 2021.findings-emnlp.410, for the idea; the order of the cuts, the layer's
# vector and the filling are fixed here.

# %% stub="generate_adapters"
def generate_adapters(features: Float[Tensor, "N F"], mean: Float[Tensor, "F"], project: Float[Tensor, "E F"],
                      layers: Float[Tensor, "L K"], head: Float[Tensor, "P E+K"], D: int,
                      m: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """down, down_bias, up, up_bias for every language and layer, from features with gaps.

    One language, one layer, D = m = 1, theta [1, 2, 3, 4]: down [[1]], down_bias [2], up [[3]], up_bias [4].
    """
    ### BEGIN SOLUTION
    if head.shape[0] != 2 * D * m + D + m:
        raise ValueError("one row of head for each number of an adapter")
    inside = torch.float64 if features.dtype == torch.float64 else torch.float32
    known = torch.where(features.isnan(), mean, features).to(inside)
    language = known @ project.to(inside).T
    N, L = len(features), len(layers)
    both = torch.cat([language[:, None].expand(N, L, -1), layers.to(inside)[None].expand(N, L, -1)], -1)
    theta = (both @ head.to(inside).T).to(features.dtype)
    down, down_bias, up, up_bias = theta.split([m * D, m, D * m, D], -1)
    return down.reshape(N, L, m, D), down_bias, up.reshape(N, L, D, m), up_bias
    ### END SOLUTION
    raise NotImplementedError("generate_adapters")

# %% [markdown] hints="generate_adapters"
# <details><summary>Hint 1: a question</summary>
#
# What is 0 · NaN? Where in the sum would an unknown feature have to be stopped?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# D = 2, m = 1: an adapter has 2 + 1 + 2 + 2 = 7 numbers. θ = [1 … 7]: down [[1, 2]], down_bias [3], up [[4], [5]],
# up_bias [6, 7]. Two languages and three layers make six such rows.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `up` is (D, m), not (m, D): reading its numbers as (m, D) and turning it gives other places. And a mask that is
# *multiplied* leaves NaN in the gradient.
#
# </details>

# %% graded="generate_adapters__cuts" points=3
# Looks at the order and shape of the cuts, at languages and layers, and at the rows of head.
one = torch.arange(1.0, 13.0)[:, None]  # an adapter of D = 2, m = 2 has 12 numbers
args = torch.ones(1, 1), torch.zeros(1), torch.ones(1, 1), torch.zeros(1, 1), torch.cat([one, one], 1), 2, 2
check(generate_adapters, *args, want=(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), torch.tensor([[[5.0, 6.0]]]),
                                      torch.tensor([[[[7.0, 8.0], [9.0, 10.0]]]]), torch.tensor([[[11.0, 12.0]]])),
      mistakes={"up was read as (m, D) and turned": (
          torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), torch.tensor([[[5.0, 6.0]]]),
          torch.tensor([[[[7.0, 9.0], [8.0, 10.0]]]]), torch.tensor([[[11.0, 12.0]]]))})
raises(ValueError, generate_adapters, *args[:5], 3, 2,
       why="an adapter of D = 3, m = 2 has 17 numbers, head 12 rows")
### BEGIN HIDDEN TESTS
def draw(seed, N, F, E, L, K, D, m, dtype=torch.float32):
    "Arguments with gaps."
    g = torch.Generator().manual_seed(seed)
    features = torch.randint(0, 2, (N, F), generator=g).to(dtype)
    features[torch.rand(N, F, generator=g) < 0.3] = torch.nan
    shapes = [(F,), (E, F), (L, K), (2 * D * m + D + m, E + K)]
    return (features, *(torch.randn(*s, generator=g, dtype=torch.float64).to(dtype) / s[-1] ** 0.5 for s in shapes), D, m)

for seed, sizes in enumerate([(2, 5, 3, 4, 2, 6, 3), (1, 9, 2, 1, 5, 4, 7), (3, 289, 7, 2, 4, 5, 2), (5, 3, 1, 12, 1, 2, 5),
                              (2, 4, 6, 3, 6, 11, 9), (1, 2, 3, 2, 2, 90, 5)]):
    for dtype in (torch.float32, torch.float64):
        args = draw(seed, *sizes, dtype)
        unchanged(generate_adapters, *args, want=tuple(t.to(dtype) for t in generated(*args)))
        got = generate_adapters(*args)
        assert isinstance(got, (tuple, list)) and len(got) == 4, f"expected four tensors, got {type(got).__name__}"
args = draw(9, 3, 8, 4, 3, 2, 4, 3)
turned = [t.T.contiguous().T for t in args[:1]] + [args[1]] + [t.T.contiguous().T for t in args[2:5]]
check(generate_adapters, *turned, 4, 3, want=tuple(t.float() for t in generated(*args)), why="not contiguous")
fresh(generate_adapters, *args, want=tuple(t.float() for t in generated(*args)))
for D, m in [(4, 4), (4, 2), (5, 3)]:
    raises(ValueError, generate_adapters, *args[:5], D, m, why="another number of rows")
raises(ValueError, generate_adapters, *args[:4], torch.cat([args[4]] * 2), 4, 3, why="twice the rows are another number too")
### END HIDDEN TESTS

# %% graded="generate_adapters__unknown" points=2
# Looks at unknown features: filled by the mean, a known 0 kept, linear in what is known.
nan = torch.nan
args = (torch.tensor([[1.0, nan], [0.0, nan], [nan, 2.0]]), torch.tensor([0.5, 0.25]),
        torch.tensor([[1.0, 10.0]]), torch.zeros(1, 1), torch.tensor([[1.0, 0.0]] * 4), 1, 1)
want = torch.tensor([3.5, 2.5, 20.5])
check(generate_adapters, *args, want=tuple(want.view(3, 1, 1, *[1] * e) for e in (1, 0, 1, 0)),
      why="1 + 2.5, 0 + 2.5, 0.5 + 20", mistakes={"unknown was taken for 0": tuple(
          torch.tensor([1.0, 0.0, 20.0]).view(3, 1, 1, *[1] * e) for e in (1, 0, 1, 0))})
### BEGIN HIDDEN TESTS
for seed in range(4):
    g = torch.Generator().manual_seed(seed)
    features = torch.randn(4, 6, generator=g, dtype=torch.float64)
    features[features.abs() < 0.4] = 0.0
    features[torch.rand(4, 6, generator=g) < 0.4] = torch.nan
    features[1], features[2] = torch.nan, torch.zeros(6)
    rest = [torch.randn(*s, generator=g, dtype=torch.float64) for s in [(6,), (3, 6), (2, 4), (17, 7)]]
    unchanged(generate_adapters, features, *rest, 3, 2, want=generated(features, *rest, 3, 2))
    alone = [generate_adapters(features[i:i + 1], *rest, 3, 2) for i in range(4)]
    expect(tuple(torch.cat(parts) for parts in zip(*alone)), generated(features, *rest, 3, 2),
           on="four languages, one at a time", why="a language's adapter does not depend on who else is asked for")
### END HIDDEN TESTS

# %% graded="generate_adapters__precision" points=1
# Looks at half precision, and at numbers that only float64 holds.
half = [torch.tensor(v, dtype=torch.float16) for v in ([[1.0]], [0.0], [[2.0]], [[3.0]], [[1.0, 1.0]] * 4)]
check(generate_adapters, *half, 1, 1,
      want=tuple(torch.full((1, 1, *[1] * e), 5.0, dtype=torch.float16) for e in (2, 1, 2, 1)))
### BEGIN HIDDEN TESTS
for seed in range(3):
    g = torch.Generator().manual_seed(seed)
    args = [torch.randint(0, 2, (2, 29), generator=g).float()] + [
        torch.randn(*s, generator=g) / s[-1] ** 0.5 for s in [(29,), (7, 29), (3, 5), (2 * 15 + 8, 12)]]
    args[0][0, ::3] = torch.nan
    for i in range(4):
        precise(lambda *a, i=i: generate_adapters(*a)[i], *args, 5, 3, oracle=lambda *a, i=i: generated(*a)[i])
fine = [torch.tensor(v, dtype=torch.float64) for v in ([[1.0]], [0.0], [[1.0]], [[1e-12]], [[1.0, 1.0]] * 4)]
expect(generate_adapters(*fine, 1, 1)[0].item() - 1, 1e-12, on="1 + 1e-12 in float64", rtol=1e-3, atol=0)
### END HIDDEN TESTS

# %% graded="generate_adapters__gradients" points=1
# Looks at gradients: they arrive, and none is NaN.
args = (torch.tensor([[1.0, torch.nan]]), torch.tensor([0.5, 0.25]), torch.tensor([[1.0, 10.0]]),
        torch.ones(1, 1), torch.ones(4, 2))
_, grads = value_and_grad(generate_adapters, *args, 1, 1, wrt=(0, 1, 2, 3, 4), output=0)
expect(grads[:3], (torch.tensor([[1.0, 0.0]]), torch.tensor([0.0, 10.0]), torch.tensor([[1.0, 0.25]])),
       on="the gradients of features, mean and project",
       why="at an unknown feature 0, and mean takes its place")
### BEGIN HIDDEN TESTS
expect(grads[3:], (torch.tensor([[1.0]]), torch.tensor([[3.5, 1.0]] + [[0.0, 0.0]] * 3)), on="the gradients of layers and head")
for seed in range(3):
    g = torch.Generator().manual_seed(seed)
    args = [torch.randn(*s, generator=g, dtype=torch.float64) for s in [(3, 6), (6,), (3, 6), (2, 4), (17, 7)]]
    args[0][torch.rand(3, 6, generator=g) < 0.4] = torch.nan
    for output in range(4):
        leaves = [a.clone().requires_grad_() for a in args]
        filled = torch.where(leaves[0].isnan(), leaves[1], leaves[0])
        e, d = filled @ leaves[2].T, leaves[3]
        first = [0, 6, 8, 14, 17]
        rows = leaves[4][first[output]:first[output + 1]]
        want = torch.autograd.grad(2 * (e @ rows[:, :3].T).sum() + 3 * (d @ rows[:, 3:].T).sum(), leaves)
        _, got = value_and_grad(generate_adapters, *args, 3, 2, wrt=(0, 1, 2, 3, 4), output=output)
        expect(got, tuple(want), on=f"the gradients of the sum of output {output}")
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.generator(generate_adapters)

# %% [markdown]
# Left: numbers to store, for separate adapters and for one generator, by the number of languages (D = 768, m =
# 64, 12 layers, F = 289, E = E′ = 32). Right: forty pairs of invented languages: as a tendency, the fewer
# features differ, the nearer are the two generated adapters. That is the hope and the limit. Two languages with
# equal features get one adapter, whatever their words.

# %% [markdown]
# ## 7 · Searching across languages
#
# A user asks in Russian; the answer stands in a German document. RAG (retrieval-augmented generation: search, then
# let the model answer from what was found; section 03) fails or succeeds right here. The guide searches
# `self.indices[lang]`, the index of the *query's* language. Then the German document cannot be found at all: **one
# index for all languages** (or ask all, and fuse the lists), with an encoder trained to put translations side by
# side: by contrast on pairs that belong together (multilingual E5, arXiv 2402.05672), or as a student that gives a
# sentence *and* its translation the vector that an English teacher gives the sentence (Reimers and Gurevych, arXiv
# 2004.09813). A model trained on masked words alone serves badly here. Three things to know:
#
# - Encoders have their forms. The E5 family wants "query: " and "passage: " in front of every text, in any
#   language; without them results fall, silently.
# - They have a **language bias**. Part of a vector says which language the text is in, so a document in the user's
#   language beats a better one in another. One can **centre**: subtract from each vector the mean of its language.
# - Rerankers (cross-encoders: they read query and document together) are multilingual or they are not:
#   mmarco-mMiniLMv2-L12-H384-v1 and bge-reranker-v2-m3 are, the older bge-reranker-base reads Chinese and
#   English. Language identification (fastText's lid.176.bin) is unreliable on short queries, and on those that
#   mix two languages. One index needs it less.
#
# A **cap** limits how many results one language may fill, so that the ten best are not ten copies from the
# largest collection. It is applied going down the *ranked* list. Cutting each language to its first documents
# before ranking would throw away the best.
#
# ### Exercise 26.7 · retrieve
#
# `retrieve(query, vecs, langs, k, cap=None, query_lang=None, centre=False)` gives a list of pairs (index, score),
# best first.
#
# - `query` (D,), `vecs` (N, D), any floating dtype; `langs` a list of N strings. Everything is computed in
#   float64; the score is the **cosine** as a Python float, within 1e-9. Where one of the two vectors has length
#   0: 0.0 (one of length 1e-30 is short, not zero).
# - With `centre`: the mean of each language's rows is subtracted from them, and from the query the mean of the
#   rows of `query_lang`. A language with **one** row is left as it is (its document would become the zero vector,
#   which nobody finds), and so is a query whose language is None, has no row, or has one.
# - Going down the scores (equal ones: the smaller index first), a document is taken unless its language has `cap`
#   already, until `k` are taken. The cap is hard: there may be fewer than k. None: no cap; 0: nothing.
# - k from 0 on; N may be 0. No argument is changed.
#
# Source: the cap is ours; subtracting the language's mean: Libovický et al. 2020, arXiv 2004.05160.

# %% stub="retrieve"
def retrieve(query: Float[Tensor, "D"], vecs: Float[Tensor, "N D"], langs: list[str], k: int,
             cap: int | None = None, query_lang: str | None = None, centre: bool = False) -> list[tuple[int, float]]:
    """The k documents nearest to the query, whatever their language, at most `cap` of each.

    query [1, 0], vecs [1, 0], [3, 4], [2, 0] in en, de, en, k 3, cap 1: [(0, 1.0), (1, 0.6)].
    """
    ### BEGIN SOLUTION
    query, vecs = query.double().clone(), vecs.double().clone()
    if centre:
        for lang in set(langs):
            rows = [i for i, other in enumerate(langs) if other == lang]
            if len(rows) > 1:
                middle = vecs[rows].mean(0)
                vecs[rows] -= middle
                if lang == query_lang:
                    query -= middle
    sizes = vecs.norm(dim=1) * query.norm()
    scores = torch.where(sizes > 0, vecs @ query / sizes.where(sizes > 0, 1.0), 0.0).tolist()
    out, taken = [], {}
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if len(out) == k:
            break
        if cap is None or taken.get(langs[i], 0) < cap:
            taken[langs[i]] = taken.get(langs[i], 0) + 1
            out.append((i, scores[i]))
    return out
    ### END SOLUTION
    raise NotImplementedError("retrieve")

# %% [markdown] hints="retrieve"
# <details><summary>Hint 1: a question</summary>
#
# The three best documents are English and the cap is 2. Which document is the third of the answer?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# de has rows [1, 4] and [3, 0], mean [2, 2]: centred [−1, 2] and [1, −2]. A German query [2, 3] becomes [0, 1]:
# cosine 2/√5 with the first. fr has one row [5, 5]: it stays [5, 5].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The query moves with the mean of *its* language, which need not be that of the documents it is compared with.
#
# </details>

# %% graded="retrieve__ranking" points=2
# Looks at cosines across languages: order, ties, zero vectors, dtypes.
check(retrieve, torch.tensor([1.0, 0.0]),
      torch.tensor([[3.0, 4.0], [0.0, 0.0], [2.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]),
      ["de", "en", "ru", "en", "en"], 4, want=[(2, 1.0), (3, 1.0), (0, 0.6), (1, 0.0)], atol=1e-9,
      why="a tie goes to the smaller index; a zero vector scores 0",
      mistakes={"the dot product was taken": [(0, 3.0), (2, 2.0), (3, 1.0), (1, 0.0)]})
check(retrieve, torch.tensor([1.0, 0.0]), torch.tensor([[3.0, 4.0], [2.0, 0.0]]), ["de", "ru"], 9, None, "de",
      want=[(1, 1.0), (0, 0.6)], atol=1e-9, why="the query's language is no filter",
      mistakes={"only documents in the query's language": [(0, 0.6)]})
### BEGIN HIDDEN TESTS
for k in (0, 1, 5):
    check(retrieve, torch.ones(3), torch.zeros(0, 3), [], k, want=[])
    check(retrieve, torch.zeros(2), torch.tensor([[1.0, 2.0], [-3.0, 1.0]]), ["a", "b"], k,
          want=[(0, 0.0), (1, 0.0)][:k], why="a query of length 0")
close = torch.tensor([[1.0, 2e-4], [1.0, 1e-4], [1.0, 3e-4]], dtype=torch.float64)
check(retrieve, torch.tensor([1.0, 0.0], dtype=torch.float64), close, ["a"] * 3, 3,
      want=found(cosines(torch.tensor([1.0, 0.0]), None, close, ["a"] * 3, False), ["a"] * 3, 3, None), atol=1e-12,
      why="float64 tells them apart")
for seed, (N, D) in enumerate([(7, 3), (41, 24), (1100, 5)]):
    g = torch.Generator().manual_seed(seed)
    langs = [["en", "de", "ru", "ka"][i] for i in torch.randint(0, 4, (N,), generator=g).tolist()]
    for dtype in (torch.float32, torch.float64, torch.float16):
        vecs = (torch.randn(N, D, generator=g) * torch.rand(N, 1, generator=g) * 9).to(dtype)
        query = torch.randn(D, generator=g).to(dtype)
        for k in (1, 6, N, N + 3):
            unchanged(retrieve, query, vecs.T.contiguous().T, langs, k,
                      want=found(cosines(query, None, vecs, langs, False), langs, k, None), atol=1e-9)
hot = torch.eye(6)[[0, 2, 1, 0, 5, 1, 1, 0]]
check(retrieve, torch.tensor([0.0, 2.0, 0, 0, 0, 0]), hot, list("abababab"), 8,
      want=[(2, 1.0), (5, 1.0), (6, 1.0), (0, 0.0), (1, 0.0), (3, 0.0), (4, 0.0), (7, 0.0)], atol=1e-9, why="ties")
check(retrieve, torch.tensor([0.0, 2.0, 0, 0, 0, 0]), hot, list("abababab"), 5, None, "b",
      want=[(2, 1.0), (5, 1.0), (6, 1.0), (0, 0.0), (1, 0.0)], atol=1e-9,
      why="ties go to the smaller index, whatever language the query has")
wide = torch.tensor([[3e300, 4e300]], dtype=torch.float64) * 1e-160
check(retrieve, torch.tensor([1.0, 0.0]), wide, ["a"], 1, want=[(0, 0.6)], atol=1e-9, why="rows of any scale")
small = torch.tensor([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]], dtype=torch.float64) * 1e-30
check(retrieve, torch.tensor([1e-12, 0.0], dtype=torch.float64), small, ["a", "b", "a"], 3,
      want=[(2, 1.0), (0, 0.6), (1, 0.0)], atol=1e-9, why="a short vector is no zero vector")
### END HIDDEN TESTS

# %% graded="retrieve__cap" points=2
# Looks at the cap: applied down the ranked list, hard, for each language.
vecs = torch.tensor([[1.0, 0.5], [1.0, 0.0], [1.0, 0.25], [0.0, 1.0], [1.0, 2.0]])
got = [i for i, _ in retrieve(torch.tensor([1.0, 0.0]), vecs, ["en", "en", "en", "de", "de"], 3, 2)]
expect(got, [1, 2, 4], on="the indices with cap 2", why="1 and 2 fill en; the best of de is 4",
       mistakes={"cut to the first two of each language before ranking": [1, 0, 4], "no cap": [1, 2, 0]})
got = [i for i, _ in retrieve(torch.tensor([1.0, 0.0]), vecs, ["en", "en", "en", "de", "de"], 5, 1)]
expect(got, [1, 4], on="the indices with k = 5 and cap 1", why="the cap is hard",
       mistakes={"filled up beyond the cap": [1, 4, 2, 0, 3]})
### BEGIN HIDDEN TESTS
for seed in range(4):
    g = torch.Generator().manual_seed(seed)
    langs = [["en", "en-GB", "ru", "EN", ""][i] for i in (torch.rand(60, generator=g) ** 3 * 5).int().tolist()]
    query, vecs = torch.randn(7, generator=g), torch.randn(60, 7, generator=g)
    for k, cap in [(10, 1), (10, 3), (60, 7), (5, 0), (0, 2), (12, 100), (60, None)]:
        check(retrieve, query, vecs, langs, k, cap, want=found(cosines(query, None, vecs, langs, False), langs, k, cap),
              atol=1e-9, why=f"k {k}, cap {cap}")
        unchanged(retrieve, query, vecs, langs, k, cap, "ru", True,
                  want=found(cosines(query, "ru", vecs, langs, True), langs, k, cap), atol=1e-9)
### END HIDDEN TESTS

# %% graded="retrieve__centre" points=2
# Looks at centring: means by language, the query's own mean, languages with one row.
vecs = torch.tensor([[1.0, 4.0], [5.0, 5.0], [3.0, 0.0]])
check(retrieve, torch.tensor([2.0, 3.0]), vecs, ["de", "fr", "de"], 3, None, "de", True,
      want=[(0, 2 / 5 ** 0.5), (1, 0.5 ** 0.5), (2, -2 / 5 ** 0.5)], atol=1e-9,
      why="the query becomes [0, 1], the German rows [−1, 2] and [1, −2], the French one stays",
      mistakes={"the language with one row became zero": [(0, 2 / 5 ** 0.5), (1, 0.0), (2, -2 / 5 ** 0.5)]})
### BEGIN HIDDEN TESTS
for seed in range(4):
    g = torch.Generator().manual_seed(seed)
    langs = [["en", "de", "ru", "ka"][i] for i in torch.randint(0, 4, (30,), generator=g).tolist()] + ["yo"]
    offset = {k: 3 * torch.randn(6, generator=g) for k in sorted(set(langs))}
    dtype = torch.float64 if seed % 2 else torch.float32
    vecs = (torch.randn(31, 6, generator=g) + torch.stack([offset[k] for k in langs])).to(dtype)
    query = (torch.randn(6, generator=g) + offset["de"]).to(dtype)
    for lang in ("de", "en", "yo", "xx", None):
        for centre in (True, False):
            unchanged(retrieve, query, vecs, langs, 31, None, lang, centre,
                      want=found(cosines(query, lang, vecs, langs, centre), langs, 31, None), atol=1e-9)
check(retrieve, torch.tensor([1.0, 0.0]), torch.tensor([[1.0, 1.0], [1.0, 1.0]]), ["a", "a"], 2, None, None, True,
      want=[(0, 0.0), (1, 0.0)], atol=1e-9, why="two equal rows are zero after centring")
check(retrieve, torch.tensor([3.0, 1.0]), torch.tensor([[1.0, 0.0], [5.0, 2.0]]), ["a", "a"], 2, None, "a", True,
      want=[(0, 0.0), (1, 0.0)], atol=1e-9, why="a query at the mean has length 0")
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.language_bias(retrieve)

# %% [markdown]
# An invented encoder: 40 topics, each with a document in three languages, and a part of every vector that only
# says the language. Each query looks for its topic's documents in the *other* two languages. The share found
# among the first ten, by the size of that part: plain, with a cap of 4 for each language, and centred. Where the
# language speaks loudest, a plain search answers a Russian in Russian only. The cap makes room without knowing
# why; centring removes the cause. In real encoders the language is not one constant direction, and centring helps
# less than here.

# %% [markdown]
# ## 8 · The average hides a language
#
# A system answers 88 % of all questions, and nobody in Georgia can use it. The **micro** average is over
# questions, so it is the average of the languages that ask most. The **macro** average is over languages, each
# counted once. It still hides one bad language among ten good ones: with nine at 0.9 and one at 0.2 it is 0.83.
# So the **worst language** and the **gap** to the best belong into every report.
#
# One catch: the worst of many languages is often just the one with the fewest questions. Of twenty languages that
# are all right 80 % of the time, the worst of those with ten questions each looks like 0.54 on average (the
# picture below draws it). Languages below a minimum of questions are named as *thin*, instead of being ranked.
#
# ### Exercise 26.8 · language_report
#
# `language_report(scores, min_n=1)` gives a dict. `scores`: dict language → list of numbers, one a question (or
# bools).
#
# - `"thin"`: the sorted list of languages with fewer than `min_n` scores. A language without any score is always
#   thin.
# - `"micro"`: the mean of all scores of all languages, thin ones included; NaN where there is none.
# - `"macro"`: the mean of the means of the languages that are not thin; NaN without one.
# - `"worst"`: of these the language with the smallest mean, ties to the smaller string; None without one.
# - `"gap"`: the largest of these means minus the smallest; NaN without one.
#
# Means within 1e-9. Ties are tested where sums are exact.
#
# Source: this part; macro and micro averages as in section 11, over languages in place of classes.

# %% stub="language_report"
def language_report(scores: dict[str, list[float]], min_n: int = 1) -> dict:
    """Micro and macro average, the worst language, the gap, and who was asked too little.

    {"en": [1, 1, 1], "ka": [0]}: micro 0.75, macro 0.5, worst "ka", gap 1.0, thin [].
    """
    ### BEGIN SOLUTION
    every = [s for row in scores.values() for s in row]
    thin = sorted(lang for lang, row in scores.items() if len(row) < max(min_n, 1))
    means = {lang: math.fsum(row) / len(row) for lang, row in scores.items() if lang not in thin}
    return {"micro": math.fsum(every) / len(every) if every else math.nan,
            "macro": math.fsum(means.values()) / len(means) if means else math.nan,
            "worst": min(means, key=lambda lang: (means[lang], lang), default=None),
            "gap": max(means.values()) - min(means.values()) if means else math.nan, "thin": thin}
    ### END SOLUTION
    raise NotImplementedError("language_report")

# %% [markdown] hints="language_report"
# <details><summary>Hint 1: a question</summary>
#
# English has 1,000 questions, Georgian 10. How much does each Georgian answer weigh in the one average, and how
# much in the other?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# en [1, 1, 0, 0], is [0, 1, 1, 1], ka [0]; min_n 2. ka is thin. micro 5/9, macro (0.5 + 0.75) / 2, worst en, gap
# 0.25.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Thin languages leave three of the numbers, but not the micro average: their users are users.
#
# </details>

# %% graded="language_report__averages" points=2
# Looks at micro and macro averages, worst language and gap.
check(language_report, {"en": [1, 1, 1], "ka": [0]}, atol=1e-9,
      want={"micro": 0.75, "macro": 0.5, "worst": "ka", "gap": 1.0, "thin": []},
      mistakes={"micro for macro": {"micro": 0.75, "macro": 0.75, "worst": "ka", "gap": 1.0, "thin": []}})
check(language_report, {"ru": [0.5, 0.25], "de": [0.375], "en": [1.0]}, atol=1e-9,
      want={"micro": 0.53125, "macro": 1.75 / 3, "worst": "de", "gap": 0.625, "thin": []},
      why="a tie: de before ru")
### BEGIN HIDDEN TESTS
g = np.random.default_rng(8)
for n in (1, 3, 12, 110):
    scores = {f"l{i}": g.random(g.integers(1, 30)).tolist() for i in range(n)}
    unchanged(language_report, scores, want=reported(scores, 1), atol=1e-9)
big = {"en": (g.random(5000) < 0.9).tolist(), "yo": [False] * 7 + [True], "is": [0, 1, 1]}
check(language_report, big, want=reported(big, 1), atol=1e-9, why="bools and ints are scores")
check(language_report, {"a": [-1.5, 0.0], "b": [-0.75, -0.75], "c": [3.0]}, want=reported(
    {"a": [-1.5, 0.0], "b": [-0.75, -0.75], "c": [3.0]}, 1), atol=1e-9)
check(language_report, {"a": [0.0], "b": [0.0, 0.0]}, want={"micro": 0.0, "macro": 0.0, "worst": "a", "gap": 0.0, "thin": []})
near = {"a": [0.5041, 0.5049], "b": [0.5042], "c": [0.5043]}
check(language_report, near, want=reported(near, 1), atol=1e-9, why="means are compared as they are")
got = language_report({"a": [1, 1], "b": [1]})
assert type(got["thin"]) is list, f"expected a list of thin languages, got {type(got['thin']).__name__}"
### END HIDDEN TESTS

# %% graded="language_report__thin" points=2
# Looks at languages with few scores, and with none.
check(language_report, {"en": [1, 1, 0, 0], "is": [0, 1, 1, 1], "ka": [0]}, 2, atol=1e-9,
      want={"micro": 5 / 9, "macro": 0.625, "worst": "en", "gap": 0.25, "thin": ["ka"]},
      why="ka has one question of two asked for",
      mistakes={"thin ones left the micro average": {
          "micro": 5 / 8, "macro": 0.625, "worst": "en", "gap": 0.25, "thin": ["ka"]}})
check(language_report, {"en": [1], "xx": []}, atol=1e-9,
      want={"micro": 1.0, "macro": 1.0, "worst": "en", "gap": 0.0, "thin": ["xx"]},
      why="a language without a score is thin")
### BEGIN HIDDEN TESTS
g = np.random.default_rng(9)
for n in (4, 30):
    scores = {f"l{i}": g.random(g.integers(0, 12)).tolist() for i in range(n)}
    for min_n in (0, 1, 5, 11, 40):
        unchanged(language_report, scores, min_n, want=reported(scores, min_n), atol=1e-9)
for scores, min_n in [({}, 1), ({"b": [], "a": []}, 1), ({"b": [], "a": []}, 0), ({"b": [0.5], "a": [1, 0]}, 3),
                      ({"a": [0.5] * 300, "b": [0.25] * 299}, 300), ({"": [1], "z": [1, 1]}, 1)]:
    unchanged(language_report, scores, min_n, want=reported(scores, min_n), atol=1e-9)
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.worst_of_many(language_report)

# %% [markdown]
# Left: a system with languages of very different traffic, and the lines of both averages. Right: twenty languages
# that are all equally good, 80 %, and the worst of them in 200 drawn tests, by the number of questions for each.
# The fewer questions, the worse the worst, with nothing behind it.

# %% [markdown]
# ## 9 · Assembled: a search over three languages
#
# The toy encoder of this part, `toy_embed`, stands for a real one with a weak language. It knows twelve words in
# English, German and Russian, in their *folded* spelling. English and German words of one meaning have one
# direction; Russian ones share only 0.3 of theirs, keep 0.7 for themselves, and 0.5 more says nothing but
# "Russian". So a Russian query finds Russian documents, whatever they are about.
#
# It knows folded words only, so here texts are folded before they are embedded. A real encoder is given what it
# was trained on: most want the text as it stands, and the fold serves the keyword index beside it. (MiniLM's own
# tokeniser lower-cases and strips accents, so it may have either.)
#
# The remedy for a weak language is a **pivot**: translate the query into a language that the encoder knows well,
# search with both, and merge. It needs no training data; how good it is depends on the translation *for that
# language*, which is weakest where it is needed most. As both routes score with one measure in one index, the
# **larger cosine** of the two counts. (Scores of different measures, BM25 beside vectors, do not compare: ranks
# do, see RRF in section 20.)
#
# Two more things that a multilingual collection has: one article in three languages should not fill three places,
# and a cap that is applied to each route by itself lets through twice as many.
#
# ### Exercise 26.9 · search
#
# `search(query, lang, docs, embed, translate, k, cap=None, pivot="en")` gives a list of tuples `(id, language,
# score, route)`, best first.
#
# - `docs` is a list of tuples `(id, language, text)`. Translations of one document have the same id.
# - `embed(list of texts)` gives a tensor (n, D), one row a text. Documents are embedded as `"passage: " +
#   fold(text)`, queries as `"query: " + fold(query)`. A text's row does not depend on what else is in the list.
# - The direct route: cosines of the query with all documents, as `retrieve` computes them, not centred. If `lang`
#   is not `pivot`, `translate(query, lang, pivot)` is asked **once**, with the query as it was typed; it gives a
#   text or None (cannot). A text, "" too, is the query of a second route, "pivot". If `lang` is `pivot`, it is
#   not asked.
# - A document's score is the larger of its routes', route "direct" where they are equal.
# - By these scores (equal ones: the earlier in `docs`) the documents are gone through: of an id only the first is
#   looked at, its other versions never come back, not even if the first falls to the cap. At most `cap` results
#   have one language, at most `k` there are.
# - No documents: []. Scores within 1e-9. No argument is changed.
#
# Source: this part; prefixes as the E5 family has them.

# %% stub="search"
def search(query: str, lang: str, docs: list[tuple[str, str, str]], embed, translate, k: int,
           cap: int | None = None, pivot: str = "en") -> list[tuple[str, str, float, str]]:
    """The best k documents for a query in any language, by the query itself or by its translation.

    A Russian "ключ", one English document "the key" with id "a": [("a", "en", 1.0, "pivot")].
    """
    ### BEGIN SOLUTION
    if not docs:
        return []
    queries = [("direct", query)]
    if lang != pivot:
        translated = translate(query, lang, pivot)
        if translated is not None:
            queries.append(("pivot", translated))
    vecs = embed(["passage: " + fold(text) for _, _, text in docs])
    best = {}
    for route, text in queries:
        row = embed(["query: " + fold(text)])[0]
        for i, score in retrieve(row, vecs, [language for _, language, _ in docs], len(docs)):
            if i not in best or score > best[i][0]:
                best[i] = score, route
    out, seen, taken = [], set(), {}
    for i in sorted(best, key=lambda i: (-best[i][0], i)):
        name, language, _ = docs[i]
        if name in seen or len(out) == k:
            continue
        seen.add(name)
        if cap is None or taken.get(language, 0) < cap:
            taken[language] = taken.get(language, 0) + 1
            out.append((name, language, *best[i]))
    return out
    ### END SOLUTION
    raise NotImplementedError("search")

# %% [markdown] hints="search"
# <details><summary>Hint 1: a question</summary>
#
# A document is third on one route and first on the other. At which point do you know its place, and what must not
# happen before?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Article "a" in English 0.9 and in German 0.8, article "b" in English 0.7, cap 1, k 3. "a" (English) is taken. The
# German "a" is the same article: passed over. "b" meets the cap. One result.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `retrieve` can cap by itself, but here it must not: k and cap belong after the merge. Ask it for all documents.
#
# </details>

# %% graded="search__routes" points=3
# Looks at the two routes: whose score counts, what translate and embed are asked.
docs = [("a", "en", "The key is in the kitchen"), ("b", "de", "Schnee im Garten"), ("c", "ru", "Ключ"),
        ("d", "de", "Der Schlüssel")]
def rounded(*args):
    "search, with scores of three digits."
    return [(i, lang, round(s, 3), route) for i, lang, s, route in search(*args)]

expect(rounded("Schlüssel", "de", docs[:2], toy_embed, lambda *a: None, 2),
       [("a", "en", 0.697, "direct"), ("b", "de", 0.014, "direct")], on="a German query without a translation")
expect(rounded("ключ", "ru", docs, toy_embed, toy_translate, 3),
       [("c", "ru", 1.0, "direct"), ("d", "de", 0.99, "pivot"), ("a", "en", 0.711, "pivot")],
       on="a Russian query")
### BEGIN HIDDEN TESTS
asked, texts = [], []
def noted(text, source, target):
    "toy_translate in capitals, writing down what it was asked."
    asked.append((text, source, target))
    return toy_translate(text.strip(), source, target).upper()

def listening(rows):
    "toy_embed, writing down what it was given."
    texts.extend(rows)
    return toy_embed(list(rows))

expect(search("  КЛЮЧ ", "ru", list(docs), listening, noted, 4)[0][:2], ("c", "ru"), on="the best document")
expect(asked, [("  КЛЮЧ ", "ru", "en")], on="what translate was asked", why="once, the query as it was typed")
expect(sorted(set(texts)), sorted({"passage: the key is in the kitchen", "passage: schnee im garten", "passage: ключ",
                                   "passage: der schlussel", "query: ключ", "query: key"}), on="what embed was given")
texts.clear()
search("ключ", "ru", [("e", "en", ""), ("m", "ru", " \u0301й")], listening, lambda *a: "", 4)
expect(sorted(set(texts)), sorted({"passage: ", "passage: \u0301й", "query: ключ", "query: "}), on="what embed was given",
       why="the text alone is folded, and may be empty")
asked.clear()
search("key", "en", list(docs), toy_embed, noted, 4)
search("Schlüssel", "de", list(docs), toy_embed, noted, 4, None, "de")
expect(asked, [], on="what translate was asked for a query in the pivot language")
search("key", "en", list(docs), toy_embed, noted, 2, 1, "de")
expect(asked, [("key", "en", "de")], on="what translate was asked for the pivot de")

words = [w for forms in LEXICON for w in forms]
def collection(seed, n):
    "Documents of random known words, some of them versions of one another."
    g = np.random.default_rng(seed)
    out = []
    for _ in range(n):
        lang = int(g.integers(0, 3))
        out.append((f"id{g.integers(0, 2 * n // 3 + 1)}", ("en", "de", "ru")[lang],
                    " ".join(LEXICON[i][lang].upper() for i in g.integers(0, 12, g.integers(1, 5)))))
    return g, out

def judged(query, lang, docs, embed, translate, k, cap, pivot):
    "search against its oracle."
    got = search(query, lang, list(docs), embed, translate, k, cap, pivot)
    want = searched(query, lang, docs, embed, translate, k, cap, pivot)
    expect([tuple(r) for r in got], want, on=f"search({query!r}, {lang!r}, {len(docs)} documents, k {k}, cap {cap}, "
           f"pivot {pivot!r})", atol=1e-9, why="the larger cosine of the two routes")

def spread(rows):
    "An encoder without ties: a fixed random direction for each word, and the toy's meaning."
    out = torch.zeros(len(rows), 30, dtype=torch.float64)
    for i, row in enumerate(rows):
        for word in row.split():
            seed = sum(ord(c) * 31 ** j for j, c in enumerate(word)) % 2 ** 31
            out[i] += torch.randn(30, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return out + toy_embed(rows).repeat(1, 2)[:, :30]

for seed, (n, k, cap) in enumerate([(6, 4, None), (14, 5, 2), (25, 25, 3)]):
    g, many = collection(seed, n)
    many = [(f"id{i}", lang, text) for i, (_, lang, text) in enumerate(many)]
    for lang, pivot in [(0, "en"), (2, "en"), (1, "ru")]:
        query = " ".join(LEXICON[i][lang] for i in g.integers(0, 12, 2))
        judged(query, ("en", "de", "ru")[lang], many, spread, toy_translate, k, cap, pivot)
judged("", "en", many, spread, toy_translate, 5, 2, "en")
judged("???", "ru", many, spread, toy_translate, 5, None, "en")
judged("ключ", "ru", many, spread, lambda *a: "", 5, None, "en")
expect(rounded("ключ", "ru", docs, toy_embed, lambda *a: "ключ", 9)[0], ("c", "ru", 1.0, "direct"), on="two equal routes",
       why="equal: direct")
def low(rows):
    "Two queries and a document that is unlike both."
    known = {"query: x": [1.0, 0.0], "query: y": [0.0, 1.0]}
    return torch.tensor([known.get(r, [-3.0, -4.0]) for r in rows])

expect([tuple(r) for r in search("x", "de", [("p", "en", "t")], low, lambda *a: "y", 1)], [("p", "en", -0.6, "direct")],
       on="two negative cosines", why="-0.6 is larger than -0.8", atol=1e-9)
def near(rows):
    "Two orthogonal queries, documents at them and very near."
    known = {"query: x": [1.0, 0.0], "query: y": [0.0, 1.0], "passage: like x": [2.0, 0.0], "passage: like y": [0.0, 3.0],
             "passage: nearly x": [1.0, 1e-4]}
    return torch.tensor([known[r] for r in rows], dtype=torch.float64)

expect([tuple(r) for r in search("x", "de", [("p", "en", "like y"), ("q", "en", "like x")], near, lambda *a: "y", 2)],
       [("p", "en", 1.0, "pivot"), ("q", "en", 1.0, "direct")], on="two documents of score 1, each on a route of its own",
       why="equal scores: the earlier in docs, whatever its route")
expect([r[0] for r in search("x", "de", [("p", "en", "nearly x"), ("q", "en", "like x")], near, lambda *a: None, 2)],
       ["q", "p"], on="cosines of 1 - 5e-9 and 1", why="scores are compared as they are")
for args in (("x", "ru"), ("x", "en")):
    check(search, *args, [], toy_embed, toy_translate, 3, want=[])
### END HIDDEN TESTS

# %% graded="search__merge" points=3
# Looks at ids, cap and k, all after the merge.
docs = [("a", "en", "key"), ("a", "de", "schlussel kuche"), ("b", "en", "key garden"),
        ("c", "de", "schlussel schnee milch")]
got = [r[:2] for r in search("key", "en", docs, toy_embed, toy_translate, 9, 1)]
expect([tuple(r) for r in got], [("a", "en"), ("c", "de")], on="ids and languages with cap 1",
       why="the German a is the same article, b meets the cap",
       mistakes={"translations were not merged": [("a", "en"), ("a", "de")],
                 "no cap": [("a", "en"), ("b", "en"), ("c", "de")]})
### BEGIN HIDDEN TESTS
def spread(rows):
    "An encoder without ties: a fixed random direction for each word, and the toy's meaning."
    out = torch.zeros(len(rows), 30, dtype=torch.float64)
    for i, row in enumerate(rows):
        for j, word in enumerate(row.split()):
            seed = sum(ord(c) * 31 ** j for j, c in enumerate(word)) % 2 ** 31
            out[i] += torch.randn(30, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) / (j + 1)
    return out + toy_embed(rows).repeat(1, 2)[:, :30]

for seed, (n, k, cap) in enumerate([(9, 3, 1), (16, 16, 2), (30, 8, None), (30, 9, 3), (12, 0, 2), (12, 5, 0), (330, 200, 90)]):
    g = np.random.default_rng(seed)
    docs = []
    for i in range(n):
        lang = int(g.integers(0, 3))
        docs.append((f"id{g.integers(0, n // 2)}" if seed % 3 else int(g.integers(0, n // 2)), ("en", "de", "ru")[lang],
                     f"{LEXICON[g.integers(0, 12)][lang]} {LEXICON[g.integers(0, 12)][lang]} nr{i}"))
    for lang in ((0, 2) if n < 100 else (2,)):
        query = LEXICON[g.integers(0, 12)][lang]
        want = searched(query, ("en", "de", "ru")[lang], docs, spread, toy_translate, k, cap, "en")
        got = search(query, ("en", "de", "ru")[lang], list(docs), spread, toy_translate, k, cap)
        expect([tuple(r) for r in got], want, on=f"search of {query!r} in {n} documents, k {k}, cap {cap}", atol=1e-9)
same = [("x", "de", "Schlüssel"), ("y", "en", " Key"), ("x", "en", "key"), ("w", "de", "SCHLÜSSEL"), ("z", "en", "key")]
flat = lambda rows: torch.tensor([[1.0, 0.0]] * len(rows))  # noqa: E731
expect([r[0] for r in search("key", "en", list(same), flat, toy_translate, 5)], ["x", "y", "w", "z"], on="equal scores",
       why="the earlier in docs")
one = [("a", "en", "key"), ("b", "en", "key snow"), ("b", "de", "schlussel schnee milch"), ("c", "de", "schnee")]
expect([tuple(r[:2]) for r in search("key", "en", one, toy_embed, toy_translate, 5, 1)], [("a", "en"), ("c", "de")],
       on="an id whose best version falls to the cap", why="its other versions do not come back")
unchanged(lambda d: [r[0] for r in search("key", "en", d, flat, toy_translate, 5)], same, want=["x", "y", "w", "z"])
### END HIDDEN TESTS

# %% tags=["picture"]
multilingual.found_by_language(search)

# %% [markdown]
# 36 one-word queries in three languages over 36 documents of two words: of the first three results, the share
# that is about the word. Compare the two bars of the weak language, and look what the pivot does to the others.
#
# **A real encoder that knows one language.** all-MiniLM-L6-v2 was trained on English. The documents are ten
# English sentences that say in other words what our parallel ones say. Ask for them in every language: how often
# is the right one first, directly and with an English translation as a pivot (here a perfect one, the parallel
# sentence)? By chance it is 1 of 10. About 2 seconds.

# %% tags=["real"]
with attempt():
    hits = multilingual.english_encoder(search)

# %% [markdown]
# What an English vocabulary can share helps, by luck: French words that English borrowed, a few Chinese
# characters. In the languages at the bottom there is next to nothing, and no error tells you: the encoder gives
# vectors and cosines for every text. The pivot repairs it, **because this translation is perfect**. Ten sentences
# are few: read the direction, not the digit.

# %% [markdown]
# ## 10 · The experiment: who pays for the small language
#
# Three invented languages with an alphabet each: Latin with 20,000 words of text, Cyrillic with 2,000 and Georgian
# with 200 of them. One BPE vocabulary of 300 merges is trained for all three on 22,200 words, drawn by your
# `sampling_probs` with α = 1, 0.7, 0.3 and 0. Your `fertility` measures it on 1,000 new words of each language. (The
# BPE is that of the `tokenizers` library; section 01 has you write one.) About 1 second.
#
# From α = 1 to α = 0 the Georgian vocabulary gets better and the Latin one worse. **Predict before you run it**:
# for every token per word that the *largest* language pays more, how many does the *smallest* one save? `"less
# than 1"`, `"1 to 3"` or `"more than 3"`. One point for committing, one for being right.

# %% stub="prediction"
prediction: str | None = None  # "less than 1", "1 to 3" or "more than 3"
### BEGIN SOLUTION
prediction = "more than 3"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to a bucket.
committed(prediction, options=["less than 1", "1 to 3", "more than 3"])

# %% graded="prediction__right" points=1
# The bucket is the one that the experiment shows.
committed(prediction, options=["less than 1", "1 to 3", "more than 3"])
### BEGIN HIDDEN TESTS
predicted(prediction, "more than 3", "Think of the first and of the last of a language's merges: which are worth more?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def mixed(corpora: dict[str, list[str]], alpha: float) -> list[str]:
    "As many words as all corpora have, shared out by alpha; a small corpus is repeated."
    probs = sampling_probs({lang: len(words) for lang, words in corpora.items()}, alpha)
    total, out = sum(map(len, corpora.values())), []
    for lang, words in corpora.items():
        n = round(probs[lang] * total)
        out += (words * (n // len(words) + 1))[:n]
    return out

table = multilingual.over_alpha(mixed, fertility, prediction=prediction)

# %% [markdown]
# Read it with three questions. Who gets the merges that the Latin language loses, and what is a merge worth to each
# of the three? What happens to the language in the middle, from column to column? And the smallest corpus is read
# 37 times at α = 0: why does a *vocabulary* not mind that, where a model would?
#
# What this does not show: quality. A vocabulary's fertility is one part of a language's price; how well the model
# knows it depends on the text it read. And three scripts share nothing; within one script languages also help
# each other.
#
# ## 11 · Feel it: sizes, merges, α
#
# Move α, the number of merges and the size of the smallest corpus. The dots are tokens per word. With more
# merges, does α matter more or less? And from which size on does the smallest language need no help?

# %% tags=["widget"]
multilingual.widget(sampling_probs, fertility)

# %% [markdown]
# ## 12 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="low_resource"
# A public office wants an assistant for **a language with 3 million words of text**, a script of its own, 400
# labelled questions and answers, and a translation system that is mediocre. There is a good open model of 8B
# parameters whose tokeniser has hardly seen the script. Write, in about 15 lines:
#
# 1. What do you measure first, on which text, and which two numbers would be misleading?
# 2. Where does the language lose in the tokeniser, and what can you change about it in a model that exists?
# 3. Compare three ways to answer: translate the question and the answer (pivot); a language adapter; full
#    fine-tuning. What does each need, and what can each spoil?
# 4. How do you draw the training mix, and what guards against learning 3 million words by heart?
# 5. How do you report quality, so that a bad result for this language cannot hide?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Measure**: the premium on parallel text, lossless tokenisers only (count unknowns), beside the quality of
#   the plain model and of the pivot on the 400. Misleading: fertility across languages, ratios with special
#   tokens or by characters; a cheap tokeniser that drops text.
# - **Tokeniser**: bytes or single characters (3 bytes for many scripts), so context, price and steps. Add tokens
#   where they save most, begin each as the mean of its pieces, train on; a floor; not folding what the model
#   reads.
# - **Ways**: pivot: no training, errors of the translation twice, good baseline; adapter: plain text of the
#   language, base untouched, small (numbers), stacks with a task adapter; full tuning: most data, forgets. Not
#   "full fine-tuning with an adapter": one or the other.
# - **Mix**: flatter than in proportion (α), a limit of epochs (UniMax), other languages stay in the mix; held-out
#   text.
# - **Report**: this language by itself with its n, macro and worst beside micro, gap to English; thin languages
#   named; native readers for a sample.
#
# === END MARK SCHEME ===

# %% [markdown] written="low_resource" points=5
# ### BEGIN SOLUTION
# 1. The premium over English on a few hundred parallel sentences, special tokens left out, with a check that the
#    tokeniser gives every text back; and the 400 questions with the plain model and with the pivot, as baselines.
#    Misleading: fertility against English (words differ), and the tokens of a tokeniser that writes [UNK].
# 2. Each character of three bytes may become three tokens: a third of the context, three times the bill and the
#    steps. I add a few thousand tokens, those that save most per 1,000 words, each beginning as the mean of the
#    vectors of its old pieces, and continue training. Text stays as it is; folding is for the search index.
# 3. Pivot: nothing to train, but errors enter twice, and names and law terms suffer; it is my baseline and
#    fallback. Adapter: the 3 million words suffice to begin, the base is untouched, 1 to 3 % of the weights, and
#    a task adapter trained on English answers stacks on top; the combination can still be worse in English. Full
#    tuning: strongest with much text, forgets other languages. Either of the two, not both under one name. If the
#    language has typological features, a generated adapter is a start.
# 4. alpha near 0.3 to begin with, but with at most about 4 epochs of this text (UniMax); the rest is English and
#    related languages, which also keeps them. Held-out text shows when the loss there turns.
# 5. Its own line with n and an interval, beside macro, worst language and the gap to English. 400 questions split
#    by topic; topics under 30 are named thin. Native readers judge a sample, blind to the system.
# ### END SOLUTION

# %% [markdown]
# ## 13 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="26.1" level="basic"
# <details><summary>What is a multilingual LLM, and how does it work?</summary>
#
# - One set of weights, one vocabulary, trained on text of many languages; no switch, the text says which one.
# - mBERT: 104 languages, 178 million parameters, of which 92 million are its 119,547-token table.
# - The mix decides who is heard: $q \propto n^{\alpha}$ (mBERT 0.7, XLM-R 0.3), or equal shares under a limit of
#   epochs (UniMax).
# - Capacity is shared: at a fixed size more languages help first and then hurt (curse of multilinguality).
# - Slip: "it translates inside". Llama-2's middle layers lie closer to English (arXiv 2402.10588); that is a
#   finding about one model, not how it is built.
#
# </details>

# %% [markdown] card="26.2" level="basic"
# <details><summary>Why does cross-lingual transfer work?</summary>
#
# - Shared weights learn features that serve several languages; fine-tuned on English, used in German.
# - A shared vocabulary helps and is not needed: new embeddings on a frozen English body come close to mBERT (arXiv
#   1910.11856).
# - How much depends on similarity of structure, on text and on capacity. Measure it by language.
# - Slip: "semantics is universal" or "shared syntax", as an explanation of all of it.
#
# </details>

# %% [markdown] card="26.3" level="medium"
# <details><summary>What problems are there with multilingual tokenization?</summary>
#
# - Price: the same sentence takes up to 15 times the tokens (Petrov et al.); 2 to 3 is the comfortable end. It
#   costs context, money and steps.
# - Bytes are unfair too: 1 for ASCII, 2 for Cyrillic or Greek, 3 for Devanagari, Georgian, Chinese.
# - Lossy tokenisers look cheap: [UNK], accents and vowel signs stripped.
# - Measure: premium on parallel text, sums before the ratio, no special tokens; fertility within one language only.
# - Remedies: flatter mix for the vocabulary, places on purpose with a floor, added tokens with further training.
# - Slip: "alpha makes language-specific vocabularies". It is the exponent of language sampling, or SentencePiece's
#   smoothing when it samples segmentations.
#
# </details>

# %% [markdown] card="26.4" level="medium"
# <details><summary>How does a language-specific adapter work?</summary>
#
# - In each layer of a frozen model: x + W_up ReLU(W_down x + b) + b. D 768, m 64: 99,136 numbers a layer, 1.19
#   million in 12 layers, 0.67 % of mBERT; MAD-X's m = 384 is 2.6 % of XLM-R base.
# - Begins as the identity: W_up and biases zero, W_down not, or nothing learns.
# - MAD-X: language adapter from plain text, task adapter on top from labelled English; swap the language adapter
#   for another language. An invertible adapter at the embeddings comes with it.
# - The base forgets nothing; the model with the adapter can still be worse elsewhere. It adds latency: not
#   mergeable.
#
# </details>

# %% [markdown] card="26.5" level="medium"
# <details><summary>What is MAD-G (Multilingual Adapter Generation)?</summary>
#
# - Ansell et al., Findings of EMNLP 2021: one network writes adapters from a language's typological features
#   (URIEL: syntax, phonology, sounds; not morphology or cognates).
# - Zero-shot for languages without text; languages share; about 50 times less training than an adapter each.
# - Shape: features with gaps filled → language vector, with a layer's vector → all numbers of that layer's adapter.
# - Cost: the head is large; with 64 inputs it equals five languages' adapters at D 768, m 64.
# - Limit: equal features, equal adapter. With some text, train the generated adapter on.
#
# </details>

# %% [markdown] card="26.6" level="killer"
# <details><summary>Design a multilingual RAG system for 10 languages.</summary>
#
# - **One index**, a multilingual encoder (trained on pairs by contrast, or on translations from a teacher) with its
#   prefixes; never the index of the query's language only. Key beside the text: NFKC, casefold, marks by script.
# - **Query**: as typed, and translated into a pivot where the encoder is weak; merge by cosine (one measure) or
#   RRF. Identification of the language is a hint: short and mixed queries fool it.
# - **Language bias**: centre by language, or cap per language down the ranked list; versions of one document
#   count once.
# - **Rerank** with a multilingual cross-encoder (bge-reranker-v2-m3, mMiniLM on mMARCO), then context by the
#   premium: the same budget holds fewer passages in Hindi.
# - **Answer** in the user's language, citing the original; check that it did answer in it.
# - **Evaluate** by language *and* by direction (question language × document language): recall, macro, worst,
#   gap, thin ones named; alarms by language.
#
# </details>

# %% [markdown] card="26.7" level="killer"
# <details><summary>How do you choose a strategy for a low-resource language?</summary>
#
# - Baselines first: the plain model, and the translation pivot (no data, as good as the translation is for *that*
#   language; often strong).
# - No text: generated adapter from features, or a related language's. Some text: language adapter under a task
#   adapter. Much: continued pretraining with a mix that keeps the others. An adapter or full tuning, never
#   "both"; the border (the guide's 10,000 samples) is arbitrary: measure.
# - Tokeniser: premium; add tokens that save most.
# - Text: limit the epochs (UniMax), clean it, hold some out; α alone does not know repetition.
# - Labels: few, native, for evaluation before training. Own line in every report.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Your assistant costs three times as much in Hindi as in English. What do you do?</summary>
#
# - Premium first, on parallel text: bytes alone give Hindi over twice English, a vocabulary without its words more.
# - It multiplies input, output and latency; caches and limits count tokens as well.
# - Do: another model or tokeniser (lossless!), more places for the script, shorter prompts (instructions in
#   English, text in Hindi), retrieval that counts tokens by language, per-language budgets.
# - Do not: strip vowel signs, or compare with a tokeniser that writes [UNK].
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Your model answers a German question in English. Why, and what do you do?</summary>
#
# - Language confusion (arXiv 2406.20052): a whole answer, a line or a word in another language. More in base
#   models and those tuned on English; complex prompts and high temperature make it worse.
# - In retrieval the found passages are an invitation: English passages pull the answer into English.
# - Do: name the answer's language in the instruction, give an example in it, lower the temperature, tune on several
#   languages; check the language of each answer and count the misses by language.
# - Slip: measuring it with identification on three words; short answers fool it.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Macro average 0.83, micro 0.90. What may be wrong, and what do you look at?</summary>
#
# - A language with little traffic is bad: nine at 0.9 and one at 0.2 make a macro of 0.83.
# - Look at the worst language with its n: the worst of twenty equal ones looks bad with ten questions each.
# - Name thin languages, collect more questions there, give intervals, compare versions on the same questions.
# - Where do the questions come from? Translated tests also measure the translator, and ask what English speakers
#   ask. Native questions beside them; a judge model is checked per language before it is believed.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>α or UniMax: how do you set a language mix?</summary>
#
# - α: one number, smooth, blind to repetition: at 10⁸ to 10¹² characters and a run of 2 · 10¹², α = 0.3 reads the
#   smallest 650 times.
# - UniMax: equal shares, at most N epochs each; what is left over is shared again, smallest first.
# - Mixes for vocabulary and model may differ: a vocabulary does not mind repetition.
# - Slip: temperature T = 1/α turns the direction around.
#
# </details>

# %% [markdown]
# ## 14 · Sources
#
# Transfer: Artetxe et al. 2019, arXiv 1910.11856; Conneau et al. 2019, 1911.02116 (XLM-R, α, curse). English
# inside: Wendler et al. 2024, 2402.10588. Language confusion: Marchisio et al. 2024, 2406.20052. Price of tokens:
# Petrov et al. 2023, 2305.15425; Ahia et al. 2023, 2305.13707; Rust et al. 2021, 2012.15613. Mixes: Chung et al.
# 2023, 2304.09151. Vocabularies: Zheng et al. 2021, 2109.07306. Adapters: Houlsby et al. 2019, 1902.00751;
# Pfeiffer et al. 2020, 2005.00052; Ansell et al. 2021, aclanthology 2021.findings-emnlp.410; lang2vec's page at
# PyPI. Vectors and language: Libovický et al. 2020, 2004.05160; Wang et al. 2024, 2402.05672 (multilingual E5);
# Reimers and Gurevych 2020, 2004.09813. Normal forms: Unicode Standard Annex 15.
