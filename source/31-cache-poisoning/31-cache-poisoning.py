# %% [markdown]
# # 31 · Semantic caches and how they are poisoned
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What does a semantic cache match, and why does no threshold separate right hits from wrong ones?
# - How does somebody plant an answer for somebody else, what does it need, and what did the papers measure?
# - How do you find out by the clock whether a service answers from a cache, and which probes prove nothing?
# - What stops it: partition keys, a guard on the text, an audit with golden answers and canaries; at what price?
#
# Nine exercises. The last is a cache that survives a list of attacks. It takes about three hours; the end of part 3 is
# a good place to stop. It builds on cosine similarity and needs no other section. Attacks on the model's *instructions*
# are section 07's matter, retrieval (RAG) is that of 03 and 20. Everything that attacks here attacks your own small cache, in
# this notebook. It is the way to know what a defence is worth.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** N entries in a cache, D numbers in an embedding, t a threshold on cosine similarity. A *hit* is an answer
# from the cache, a *miss* a call of the model. A **false hit** serves the answer to another question. **Units.** Times
# are in seconds, money in cents.

# %% setup
import hashlib
import json
import math
import re
import zlib
from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, steps, unchanged
from course.duel import advise, duel

torch.set_num_threads(1)
ASK = {"tenant": "acme", "user": "ann", "system_prompt": "Hi", "model": "m1",
       "params": {}, "locale": "en"}
DAYS = {"day": {"today": "today", "tomorrow": "tomorrow"}}
TOKEN = re.compile(r"(?:(?<!\w)-)?\d+(?:,\d{3})*(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*|[$€£%]")


def words(text: str) -> list[str]:
    "Words, numbers and signs of a text in lower case: Don't pay $1,000! gives don't, pay, $, 1,000."
    return [w.replace("’", "'") for w in TOKEN.findall(text.casefold())]


def toy_embed(texts: Sequence[str]) -> Float[Tensor, "N 64"]:
    "A toy embedding: a fixed random direction a word, summed, length 1; blind to the order."
    rows = torch.zeros(len(texts), 64)
    for row, text in zip(rows, texts):
        for word in words(text):
            row += torch.randn(64, generator=torch.Generator().manual_seed(zlib.crc32(word.encode())))
    return F.normalize(rows, dim=-1)


# %% tags=["picture"]
from course.sections import cache_poisoning

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).to(dtype)


def cosines(query, keys):
    "One at a time, in float64, by Python's own sums; 0 where a vector is zero."
    q, out = query.double().tolist(), []
    for k in keys.double().tolist():
        long = math.sqrt(math.fsum(x * x for x in q)) * math.sqrt(math.fsum(x * x for x in k))
        out.append(math.fsum(x * y for x, y in zip(q, k)) / long if long else 0.0)
    return out


def match(query, keys, threshold, live=None):
    "The oracle of best_match."
    found = [(c, -i) for i, c in enumerate(cosines(query, keys)) if live is None or live[i]]
    return (-max(found)[1], max(found)[0]) if found and max(found)[0] >= threshold else None


def request(user="ann", tenant="acme", prompt="Be brief.", model="m1", params=None, locale="en"):
    "A request as a gateway sees it."
    return {"tenant": tenant, "user": user, "system_prompt": prompt, "model": model,
            "params": {"temperature": 0.0} if params is None else params, "locale": locale}


def cheapest(right, wrong, s, cw, cm):
    "Every candidate, by counting."
    best = None
    for t in sorted({*right.tolist(), *wrong.tolist(), math.inf}):
        h, f = sum(x >= t for x in right.tolist()) / len(right), sum(x >= t for x in wrong.tolist()) / len(wrong)
        c = cm * (s * (1 - h) + (1 - s) * (1 - f)) + cw * (1 - s) * f
        if best is None or c <= best[1]:
            best = t, c, h, f
    return best


def canonical(x):
    "Canonical JSON, spelt out."
    if isinstance(x, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{canonical(x[k])}" for k in sorted(x)) + "}"
    return "[" + ",".join(map(canonical, x)) + "]" if isinstance(x, (list, tuple)) else json.dumps(x)


def key_of(r, scope):
    "The oracle."
    names = ["system_prompt", "model", "params", "locale"] + {"user": ["tenant", "user"], "tenant": ["tenant"]}.get(scope, [])
    return hashlib.sha256(canonical({"scope": scope, **{n: r[n] for n in names}}).encode()).hexdigest()


def others():
    "Requests that differ in one thing each, or nearly."
    return [request(), request(user="bob"), request(tenant="other"), request(prompt="Be brief. "), request(prompt=""),
            request(prompt="be brief."), request(model="m2"), request(params={}), request(params={"temperature": 0}),
            request(params={"temperature": 0.5}), request(locale="de"), request(user="é", prompt="größer 日本 \n\t\"x\" \\"),
            request(user="e\u0301"), request(tenant="a|b", user="c"), request(tenant="a", user="b|c"), request(user="public"),
            request(user=0), request(user=" "),
            request(tenant=0), request(user="guest"), request(user="anonymous", tenant="None"),
            request(params={"temperature": 0.12345678}),
            request(prompt=None), request(prompt="x" * 5000), request(locale="EN"),
            request(prompt="x" * 5000 + "y"), request(prompt="NaN or Infinity?"), request(prompt="e\u0301"),
            request(prompt="é"), request(params={"stop": None}), request(params={"stop": ["b", "a"]}),
            request(params={"stop": ["a", "b"]}),
            request(params={"b": {"z": [1, 2, {"q": None, "p": True}], "a": 1.5}, "a": "é"}),
            request(params={"b": {"z": [2, 1, {"q": None, "p": True}], "a": 1.5}, "a": "é"})]


def audited(keys, answers, writers, golden, canaries, threshold):
    "The oracle, one pair at a time."
    alerts, blocked = [], set()
    for i, (vec, accepted) in enumerate(golden):
        for j, c in enumerate(cosines(vec, keys)):
            if c >= threshold and " ".join(answers[j].split()).casefold() not in [
                    " ".join(a.split()).casefold() for a in accepted]:
                alerts.append(("golden", i, j))
                blocked.add(j)
    for i, vec in enumerate(canaries):
        for j, c in enumerate(cosines(vec, keys)):
            if c >= threshold and writers[j] is not None:
                alerts.append(("canary", i, j))
                blocked |= {k for k, w in enumerate(writers) if w is not None and w == writers[j]}
    return sorted(alerts), sorted(blocked)


SAID = ["Paris", " paris ", "PARIS\n", "Pa ris", "Rome", "", "call  555", "Call 555", "STRASSE", "straße"]
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · A cache that matches by meaning
#
# An ordinary cache looks a request up by its exact text. A **semantic cache** looks it up by its embedding: the request
# becomes a vector of D numbers, and an entry answers when the cosine of the two vectors reaches a threshold t:
#
# $$\cos(q, k) = \frac{q \cdot k}{\lVert q \rVert\, \lVert k \rVert} \ge t.$$
#
# A hit saves a call of the model: about a second, and its price. That is the gain, and it is real where many people ask
# the same thing in other words.
#
# Is it "probabilistic", as is said? No. For a fixed embedding model, index and threshold the same request gives the same
# answer. (An approximate index may add chance of its own.) It is **fuzzy**: many texts share one entry. A cryptographic
# hash is built so that nobody can find two texts with one key. An embedding is built for the contrary, that texts with
# one meaning lie close. So collisions are its purpose, and part 4 looks for one.
#
# **The catch: best, not first.** Some published code walks through the entries and returns the first above the
# threshold. Then the oldest entry that is near enough wins over the right one. A lookup is an argmax, then a threshold.
# And it is one product of a matrix and a vector. A loop over entries in Python does the same arithmetic, slowly.
#
# ### Exercise 31.1 · best_match
#
# The index and the cosine of the entry nearest to `query`, as a tuple `(int, float)` of plain Python numbers; `None` if
# there is no entry, or the best cosine is below `threshold`. A cosine *equal* to the threshold is a hit.
#
# - `keys` are (N, D), `query` is (D,), both of one dtype. **They need not have length 1**: lengths lie between 1e-6 and
#   1e6, or are 0. With a vector of zeros the cosine counts as 0.0, so a threshold of 0 or less lets it hit.
# - `live` (N,) is boolean: where it is False, the entry does not exist. `None` means that all exist. N may be 0.
# - `threshold` is any number, −∞ too. Of exact ties for the best any one may be returned.
# - In half precision compute in float32; in float64 stay in float64.
# - Speed counts: 4,000 entries of 96 numbers in one go. The timed check notices a loop over entries.
#
# Source: `SimilarityEvaluation` and the vector stores of GPTCache, https://github.com/zilliztech/GPTCache.

# %% stub="best_match"
def best_match(query: Float[Tensor, "D"], keys: Float[Tensor, "N D"], threshold: float,
               live: Bool[Tensor, "N"] | None = None) -> tuple[int, float] | None:
    """The nearest entry by cosine, if it is near enough.

    query = [1, 0], keys = [[0, 2], [3, 4]], threshold 0.5: entry 1 with cosine 0.6.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(keys.dtype, torch.float32)
    q, k = query.to(wide), keys.to(wide)
    lengths = q.norm() * k.norm(dim=1)
    cosine = torch.where(lengths > 0, (k @ q) / lengths, torch.zeros_like(lengths))
    if live is not None:
        cosine = cosine.masked_fill(~live, -math.inf)
    if len(keys) == 0 or (live is not None and not live.any()):
        return None
    i = int(cosine.argmax())
    return (i, float(cosine[i])) if cosine[i] >= threshold else None
    ### END SOLUTION
    raise NotImplementedError("best_match")

# %% [markdown] hints="best_match"
# <details><summary>Hint 1: a question</summary>
#
# Which of the entries above the threshold should answer, and which one does a loop with `return` inside give?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# query = [1, 0], keys = [[4, 3], [0.2, 0], [0, 0]], threshold 0.7. Dot products: 4, 0.2, 0. Lengths: 5, 0.2, 0. Cosines:
# 0.8, 1.0, and 0 by definition. Both first entries are near enough; entry 1 is the answer, though its dot product is
# small.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# 0 / 0 is NaN, and argmax likes NaN best. And if nothing is live the largest number of the row is −∞, which a threshold
# of −∞ would let through.
#
# </details>

# %% graded="best_match__values" points=2
# Looks at the best entry, its cosine, vectors of any length, zeros.
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[4.0, 3.0], [0.25, 0.0], [0.0, 0.0]]), 0.7, want=(1, 1.0),
      why="cosines 0.8, 1.0 and 0: the best one answers",
      mistakes={"the first entry above the threshold": (0, 0.8), "dot products without lengths": (0, 4.0)})
check(best_match, torch.tensor([0.0, 2.0]), torch.tensor([[0.0, 0.0], [0.0, -1.0]]), 0.0, want=(0, 0.0),
      why="with a zero vector the cosine is 0, and 0 reaches a threshold of 0")
### BEGIN HIDDEN TESTS
for seed, (n, d, t) in enumerate([(1, 1, -2.0), (7, 3, 0.1), (300, 24, -1.5), (1100, 17, 0.2), (5, 130, -math.inf),
                                  (40, 6, 0.99), (2, 2, -0.5)]):
    for dtype in (torch.float32, torch.float64):
        q = drawn(d, seed=seed, dtype=dtype)
        k = (drawn(n, d, seed=seed + 50, dtype=torch.float64)
             * 10 ** (2 * torch.sin(torch.arange(n).double()))[:, None]).to(dtype)
        for scale in (1.0, 1e-4, 1e4):
            want = match(q * scale, k, t)
            check(best_match, q * scale, k, t, want=want, rtol=1e-5, atol=1e-6,
                  why="the best cosine, whatever the lengths")
q, k = drawn(12, seed=1), drawn(9, 12, seed=2)
k[4] = 0
check(best_match, q, -k.abs() * q.sign(), 0.0, want=(4, 0.0), rtol=1e-6, atol=1e-6,
      why="all others point away: the zero vector has the best cosine, 0.0")
expect(best_match(0 * q, k, -0.5)[1], 0.0, on="the cosine of a query of zeros",
      why="a query of zeros has cosine 0 with everything")
check(best_match, 0 * q, k, 0.1, want=None, why="a query of zeros has cosine 0 with everything")
strided = drawn(12, 18, seed=3).T[::2]
check(best_match, drawn(24, seed=4)[::2], strided, -1.5, want=match(drawn(24, seed=4)[::2], strided, -1.5), rtol=1e-5,
      atol=1e-6, why="strided arguments are valid")
for small, large in ((1e-6, 1e-6), (1e-6, 1e6), (1e6, 1e-6), (1e6, 1e6)):
    a, b = F.normalize(q, dim=0) * small, F.normalize(drawn(9, 12, seed=2), dim=1) * large
    check(best_match, a, b, -1.5, want=match(a, b, -1.5), rtol=1e-5, atol=1e-6,
          why="lengths from 1e-6 to 1e6: only a length of 0 is a zero")
unchanged(best_match, q.clone(), k.clone(), -1.5, want=match(q, k, -1.5), rtol=1e-5, atol=1e-6)
got = best_match(q, k, -1.5)
assert type(got[0]) is int and type(got[1]) is float, f"a tuple of a plain int and a plain float was asked for, got {got!r}"
### END HIDDEN TESTS

# %% graded="best_match__threshold" points=2
# Looks at the threshold itself, entries that are not live, an empty cache.
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[3.0, 0.0]]), 1.0, want=(0, 1.0),
      why="a cosine equal to the threshold is a hit", mistakes={"> instead of >=": None})
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[3.0, 0.0], [3.0, 4.0]]), 0.5, torch.tensor([False, True]),
      want=(1, 0.6), why="entry 0 is not live")
check(best_match, torch.tensor([1.0, 0.0]), torch.zeros(0, 2), -1.0, want=None, why="N = 0: there is nothing to find")
### BEGIN HIDDEN TESTS
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[0.0, 5.0]]), 0, want=(0, 0.0), why="0 reaches 0")
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[-2.0, 0.0]]), -1, want=(0, -1.0), why="-1 reaches -1")
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[-3.0, 4.0]]), 0, want=None, why="a threshold of 0 is a threshold")
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[-2.0, 0.0], [-3.0, 4.0]]), -math.inf,
      torch.tensor([True, False]), want=(0, -1.0), why="the worst cosine, and still the best that lives")
check(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[-3.0, 0.0], [-2.0, 0.0], [5.0, 0.0]]), -1,
      torch.tensor([False, True, False]), want=(1, -1.0), why="a dead entry has no cosine at all")
for n in (1, 4):
    check(best_match, torch.ones(3), torch.ones(n, 3), -math.inf, torch.zeros(n, dtype=torch.bool), want=None,
          why="nothing is live: no hit, not even for a threshold of -inf")
check(best_match, torch.ones(3), torch.zeros(0, 3), -math.inf, torch.zeros(0, dtype=torch.bool), want=None)
for seed in range(6):
    n = (3, 50, 700)[seed % 3]
    q, k = drawn(8, seed=seed), drawn(n, 8, seed=seed + 20)
    live = drawn(n, seed=seed + 40) > 0.5
    every = cosines(q, k)
    for t in (-2.0, 0.25, max(every) - 1e-3, max(every) + 1e-3):
        check(best_match, q, k, t, live, want=match(q, k, t, live), rtol=1e-5, atol=1e-6,
              why="the best of those that live, and only then the threshold")
        check(best_match, q, k, t, want=match(q, k, t), rtol=1e-5, atol=1e-6)
live = torch.tensor([False, True, True])
unchanged(best_match, torch.tensor([1.0, 0.0]), torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), 0.1, live,
          want=(1, 0.6))
### END HIDDEN TESTS

# %% graded="best_match__precision" points=1
# Looks at float16, bfloat16 and float64.
near = torch.tensor([1.0, 0.0], dtype=torch.float64)
check(best_match, near, torch.tensor([[1.0, 2e-5], [1.0, 1e-5]], dtype=torch.float64), 0.9, want=(1, 1 - 5e-11),
      rtol=0, atol=2e-12, why="in float64 the two cosines differ, in float32 both are 1",
      mistakes={"float32 inside": (0, 1.0)})
### BEGIN HIDDEN TESTS
for dtype in (torch.float16, torch.bfloat16):
    for seed in range(4):
        q, k = drawn(24, seed=seed, dtype=dtype), drawn(60, 24, seed=seed + 30, dtype=dtype)
        k[7], k[50] = q * 2, q * 1.5
        k[50, 3], k[7, 3] = k[50, 3] + 0.25, k[7, 3] - 0.25
        want = match(q, k, 0.5)
        check(best_match, q, k, 0.5, want=want, rtol=1e-5, atol=1e-5, why="float32 inside")
        check(best_match, q, k, want[1] + 2e-4, want=None, why="float32 inside: the best cosine is below the threshold")
        check(best_match, q * 60, k * 60, 0.5, want=match(q * 60, k * 60, 0.5), rtol=1e-5, atol=1e-5,
              why="float32 inside: squares of large numbers leave float16")
check(best_match, near, torch.tensor([[1.0, 2e-5]], dtype=torch.float64), 1 - 1e-10, want=None,
      why="in float64 the cosine 1 - 2e-10 lies below the threshold 1 - 1e-10")
for x, y in ((4, 3), (3, 4), (24, 7), (7, 24), (12, 5)):
    k, c = torch.tensor([[x, y]], dtype=torch.float64), x / math.hypot(x, y)
    check(best_match, near, k, c - 1e-10, want=(0, c), rtol=0, atol=1e-12, why="in float64 the threshold is not rounded")
    check(best_match, near, k, c + 1e-10, want=None, why="in float64 the threshold is not rounded")
for seed in range(4):
    q = drawn(9, seed=seed, dtype=torch.float64)
    k = q[None] + 1e-5 * drawn(30, 9, seed=seed + 9, dtype=torch.float64)
    check(best_match, q, k, 0.5, want=match(q, k, 0.5), rtol=0, atol=1e-12, why="float64 in: float64 inside")
### END HIDDEN TESTS

# %% graded="best_match__speed" points=2 tags=["timed"]
# Looks at the time that it takes on 4,000 entries of 96 numbers.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    return (torch.from_numpy(rng.standard_normal(96, dtype=np.float32)),
            torch.from_numpy(rng.standard_normal((4000, 96), dtype=np.float32)), -1.0)

advise(best_match, draw, yardstick=lambda query, keys, threshold: keys.double() @ query.double(), usual=1.0)
### BEGIN HIDDEN TESTS
duel(best_match, draw, reference='''
import torch.nn.functional as F

def best_match(query, keys, threshold, live=None):
    cosine = F.normalize(keys.double(), dim=1) @ F.normalize(query.double(), dim=0)
    i = int(cosine.argmax())
    return (i, float(cosine[i])) if cosine[i] >= threshold else None
''', limit=5.0, rtol=1e-4, atol=1e-5)
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.lookup_times(best_match)

# %% [markdown]
# The same lookup for caches of growing size, by your function and by a loop over entries, measured on this machine.
#
# ## 2 · A threshold is a price
#
# Which t is right? Take pairs of questions with a known verdict: in some, both want one answer (*right* pairs), in the
# others they do not (*wrong* pairs). At a threshold t the **hit rate** is the share of right pairs at or above t, the
# **false hit rate** the share of wrong pairs at or above t.

# %% tags=["picture"]
cache_poisoning.sweep_curves()

# %% [markdown]
# Those are 16 paraphrases and 36 near-misses of a help desk, embedded by all-MiniLM-L6-v2, a real and widely used model
# (`course/data/cache_pairs.toml`; about 2 seconds). The near-misses were written to be near, so the false hit rate of
# real traffic is lower; how much lower only your own traffic tells. But look at the order of the curves. **No threshold
# separates.** "Is aspirin safe for children?" and "Is aspirin not safe for children?" have cosine 0.994. An honest
# paraphrase, "Can children take aspirin safely?", has 0.935. An embedding of this kind says what a text is *about*, and
# both are about the safety of aspirin for children.
#
# So "0.95 by default protects" is wrong, and "0.99 for sensitive questions, 0.999 for those of administrators" is an
# exact cache in disguise: at 0.99 no paraphrase of ours hits, and 4 of 36 near-misses still do. The default of GPTCache's
# `similarity_threshold` is 0.8, of the range of whichever score its evaluator gives.
#
# What remains is a price. A miss costs a call of the model. A right hit costs nothing. A false hit costs whatever a
# wrong answer costs *you*: a cent of annoyance, or a lawsuit.
#
# **The catch: the sample is not the traffic.** Somebody labelled about as many wrong pairs as right ones. In traffic the
# nearest entry may be the right one for 90 of 100 requests, or for 5. The rates come from the sample, the share must
# come from traffic.
#
# ### Exercise 31.2 · choose_threshold
#
# The threshold with the least expected cost of a request. A request's nearest entry is right with probability
# `share_right`, else wrong. Served and right costs 0; served and wrong costs `cost_wrong`; not served costs `cost_miss`,
# whichever it was:
#
# $$C(t) = c_\text{miss}\,[\,s\,(1 - h(t)) + (1 - s)\,(1 - f(t))\,] + c_\text{wrong}\,(1 - s)\,f(t)$$
#
# with $s$ = `share_right`, $h$ the hit rate and $f$ the false hit rate; a similarity *equal* to t is served.
#
# - `right` (M,) and `wrong` (N,) are similarities in any order, with repeats, of any float dtype, maybe two different ones.
# - Candidates for t: every value that occurs in `right` or `wrong`, and +∞ (nothing is ever served).
# - Of equal costs the **highest** t is taken. (Tested only where the sums are exact in binary, such as a share of 0.5,
#   whole-number costs and 4 or 8 pairs.)
# - Returns `(t, C(t), h(t), f(t))`, four Python floats.
# - `ValueError` if `right` or `wrong` is empty, the share lies outside [0, 1], or a cost is negative.
#
# Source: the Bayes decision rule; Provost & Fawcett 2001, "Robust Classification for Imprecise Environments".

# %% stub="choose_threshold"
def choose_threshold(right: Float[Tensor, "M"], wrong: Float[Tensor, "N"], share_right: float, cost_wrong: float,
                     cost_miss: float) -> tuple[float, float, float, float]:
    """The cheapest threshold: (t, cost, hit rate, false hit rate).

    right [0.9, 0.7], wrong [0.8], share 0.5, a wrong answer 10, a miss 1: (0.9, 0.75, 0.5, 0.0).
    """
    ### BEGIN SOLUTION
    if len(right) == 0 or len(wrong) == 0 or not 0 <= share_right <= 1 or cost_wrong < 0 or cost_miss < 0:
        raise ValueError("similarities of both kinds, a share in [0, 1] and costs that are not negative are needed")
    right, wrong = right.double().sort().values, wrong.double().sort().values
    candidates = torch.cat([right, wrong, torch.tensor([math.inf])]).unique()
    hit = 1 - torch.searchsorted(right, candidates).double() / len(right)
    false = 1 - torch.searchsorted(wrong, candidates).double() / len(wrong)
    other = 1 - share_right
    cost = cost_miss * (share_right * (1 - hit) + other * (1 - false)) + cost_wrong * other * false
    i = int((cost == cost.min()).nonzero()[-1])
    return float(candidates[i]), float(cost[i]), float(hit[i]), float(false[i])
    ### END SOLUTION
    raise NotImplementedError("choose_threshold")

# %% [markdown] hints="choose_threshold"
# <details><summary>Hint 1: a question</summary>
#
# Between two neighbouring similarities of the sample nothing changes. How many thresholds are there to try, and which
# one serves nothing at all?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# right [0.9, 0.7], wrong [0.8], share 0.5, a wrong answer 10, a miss 1. At 0.7: h = 1, f = 1, cost 0 + 10 · 0.5 = 5. At
# 0.8: h = 0.5, f = 1, cost 0.25 + 5 = 5.25. At 0.9: h = 0.5, f = 0, cost 0.25 + 0.5 = 0.75. At +∞: cost 1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A wrong entry that is *not* served is no free lunch: the model is called then, too. And a cost that falls to the same
# minimum twice wants the safer, higher threshold.
#
# </details>

# %% graded="choose_threshold__values" points=2
# Looks at threshold, cost and both rates; the share is that of the traffic.
check(choose_threshold, torch.tensor([0.9, 0.7]), torch.tensor([0.8]), 0.5, 10.0, 1.0,
      want=(float(torch.tensor(0.9)), 0.75, 0.5, 0.0), why="0.25 for the missed right one, 0.5 for the wrong one",
      mistakes={"a wrong entry that is not served costs nothing": (float(torch.tensor(0.9)), 0.25, 0.5, 0.0),
                "costs swapped": (float(torch.tensor(0.7)), 0.5, 1.0, 1.0)})
### BEGIN HIDDEN TESTS
for seed, (m, n, s, cw, cm) in enumerate([(9, 14, 0.3, 7.3, 1.1), (30, 5, 0.9, 3.7, 1.3), (5, 270, 0.62, 20.9, 0.7),
                                          (300, 41, 0.05, 2.9, 1.7), (12, 12, 0.8, 1.9, 2.3), (1, 1, 0.44, 3.1, 1.9),
                                          (23, 31, 0.71, 900.3, 1.1), (64, 50, 0.35, 1.45, 1.3)]):
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        right = (0.85 + 0.08 * drawn(m, seed=seed, dtype=torch.float64)).to(dtype)
        wrong = (0.75 + 0.1 * drawn(n, seed=seed + 40, dtype=torch.float64)).to(dtype)
        check(choose_threshold, right, wrong, s, cw, cm, want=cheapest(right, wrong, s, cw, cm), rtol=1e-9, atol=1e-9,
              why="the least of C(t) over all values that occur and +inf")
right, wrong = drawn(40, seed=5)[::2], drawn(33, seed=6)[::3] - 1
unchanged(choose_threshold, right, wrong, 0.4, 2.2, 1.3, want=cheapest(right, wrong, 0.4, 2.2, 1.3), rtol=1e-9, atol=1e-9)
base = torch.tensor([0.9], dtype=torch.float64)
check(choose_threshold, base, base - 1e-12, 0.37, 50.0, 1.0, want=(0.9, 0.63, 1.0, 0.0), rtol=1e-14, atol=1e-14,
      why="in float64 the two similarities are two")
for one, two in ((torch.float16, torch.float64), (torch.float64, torch.bfloat16), (torch.float32, torch.float16)):
    right, wrong = (0.8 + 0.1 * drawn(n, seed=n, dtype=torch.float64) for n in (21, 17))
    right, wrong = right.to(one), wrong.to(two)
    check(choose_threshold, right, wrong, 0.45, 1.7, 1.1, want=cheapest(right, wrong, 0.45, 1.7, 1.1), rtol=1e-9, atol=1e-9,
          why="two dtypes: neither is rounded to the other")
coarse = torch.tensor([0.9, 0.7], dtype=torch.float16)
for by in (1e-6, -1e-6):
    right, wrong = (coarse, coarse.double() - by) if by > 0 else (coarse.double() - by, coarse)
    check(choose_threshold, right, wrong, 0.5, 40.0, 1.0, want=cheapest(right, wrong, 0.5, 40.0, 1.0), rtol=1e-12, atol=1e-12,
          why="the best right one lies a millionth above the best wrong one: neither is rounded to the other's dtype")
for s, cw, cm in ((0.5, 3, 2), (0.25, 100, 1), (1, 5, 1)):
    got = choose_threshold(torch.tensor([0.5, 0.25]), torch.tensor([0.125]), s, cw, cm)
    assert [type(x) for x in got] == [float] * 4, f"four Python floats were asked for, got {got!r}"
### END HIDDEN TESTS

# %% graded="choose_threshold__edges" points=2
# Looks at ties, shares of 0 and 1, a cache that should stay off, errors.
check(choose_threshold, torch.tensor([0.5]), torch.tensor([0.75]), 0.5, 8.0, 1.0, want=(math.inf, 1.0, 0.0, 0.0),
      why="serving the wrong pair costs 4: the cheapest cache is none", mistakes={"+inf was no candidate":
                                                                                 (0.5, 4.0, 1.0, 1.0)})
check(choose_threshold, torch.tensor([0.5]), torch.tensor([0.25]), 0.5, 1.0, 1.0, want=(0.5, 0.5, 1.0, 0.0),
      why="0.25 and 0.5 cost the same: take the higher", mistakes={"the lower of two equal": (0.25, 0.5, 1.0, 1.0)})
raises(ValueError, choose_threshold, torch.zeros(0), torch.ones(2), 0.5, 1.0, 1.0, why="there is no right pair")
### BEGIN HIDDEN TESTS
check(choose_threshold, torch.tensor([0.5, 0.5, 0.75, 0.75]), torch.tensor([0.5, 0.75, 0.25, 0.5]), 0.5, 2, 1,
      want=cheapest(torch.tensor([0.5, 0.5, 0.75, 0.75]), torch.tensor([0.5, 0.75, 0.25, 0.5]), 0.5, 2, 1),
      why="values equal to the threshold are served, in both kinds")
check(choose_threshold, torch.tensor([0.5, -0.25]), torch.tensor([0.0]), 0.0, 4.0, 1.0, want=(math.inf, 1.0, 0.0, 0.0),
      why="share 0: nothing is ever right")
check(choose_threshold, torch.tensor([0.5, -0.25]), torch.tensor([0.0]), 0.0, 1.0, 4.0, want=(0.0, 1.0, 0.5, 1.0),
      why="share 0, and a wrong answer is cheaper than a call: serve all the same")
check(choose_threshold, torch.tensor([0.5, -0.25]), torch.tensor([-0.5]), 1.0, 4.0, 1.0, want=(-0.25, 0.0, 1.0, 0.0),
      why="share 1: all right ones are served; of equal costs the highest")
check(choose_threshold, torch.tensor([0.5, 0.25]), torch.tensor([0.125, 0.75]), 0.5, 0.0, 1.0,
      want=(0.125, 0.0, 1.0, 1.0), why="a wrong answer costs nothing: serve all")
check(choose_threshold, torch.tensor([0.5, 0.25]), torch.tensor([0.125, 0.75]), 0.5, 3.0, 0.0,
      want=(math.inf, 0.0, 0.0, 0.0), why="a miss costs nothing: serve none")
check(choose_threshold, torch.tensor([0.5, 0.25]), torch.tensor([0.125, 0.75]), 0.5, 0, 0, want=(math.inf, 0.0, 0.0, 0.0),
      why="all costs are equal: the highest")
for unit in (2.0 ** -30, 2.0 ** 30):
    right, wrong = torch.tensor([0.5, 0.25, 0.75, 0.5]), torch.tensor([0.125, 0.375])
    check(choose_threshold, right, wrong, 0.5, 3 * unit, unit, want=cheapest(right, wrong, 0.5, 3 * unit, unit), rtol=1e-12,
          atol=0, why="the unit of the costs does not matter, however small they are")
for bad in [(torch.ones(2), torch.zeros(0), 0.5, 1.0, 1.0), (torch.ones(2), torch.ones(2), 1.5, 1.0, 1.0),
            (torch.ones(2), torch.ones(2), -0.1, 1.0, 1.0), (torch.ones(2), torch.ones(2), 0.5, -1.0, 1.0),
            (torch.ones(2), torch.ones(2), 0.5, 1.0, -1.0)]:
    raises(ValueError, choose_threshold, *bad, why="nothing to choose from, a share outside [0, 1] or a negative cost")
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.thresholds_by_cost(choose_threshold)

# %% [markdown]
# Your thresholds for the help desk when the price of a wrong answer grows, at three shares of right neighbours. It is all
# or nothing: while wrong answers are cheap, serve nearly everything; once they are dear, the cheapest threshold is +∞ and
# the hit rate 0. What could decide besides the distance? That is part 5.
#
# ## 3 · A cache that forgets
#
# A cache is more than a lookup. Answers grow old: after its **time to live** (TTL) an entry must not be served, however
# near it is. Room is finite: when it is full, the entry that nobody used for longest goes (least recently used, LRU).
# And not everybody may see everything: entries live in **spaces** that never see each other.
#
# **The catch: a shared limit is a weapon.** If one limit holds for all spaces together, one customer who asks a
# thousand questions throws everybody else's entries out. Here each space has its own.
#
# ### Exercise 31.3 · SemanticCache
#
# `SemanticCache(threshold, ttl, max_size)`. Time is handed in as a number `now`, which never runs backwards: what asks
# the clock by itself cannot be tested. `max_size` is at least 1. Spaces and texts are strings.
#
# An entry is **alive** while `now - stored < ttl`; at exactly `ttl` it is dead. Being served does not make it younger.
# An entry is **used** when it is put, and when `get` returns it.
#
# - `put(space, text, vec, answer, now)` stores an entry, with a copy of `vec`. An entry of the same space and the same
#   text is replaced: vector, answer and time are new. Dead entries go first. If then more than `max_size` live in
#   *this space*, the one that was not used for longest goes.
# - `get(space, vec, now, accept=None)` returns `(text, answer, cosine)` of the nearest live entry of the space with a
#   cosine of at least `threshold`, else `None`. `accept` is a function from an entry's text to a bool: an entry that
#   it refuses does not count, and **the next nearest is asked**, as long as the threshold is reached. The same text is
#   asked at most once in a `get`, and only texts of live entries that reach the threshold are asked.
# - `entries(space, now)` returns `(text, vec, answer)` of all live entries as a list, the least recently used first. It
#   uses none of them.
# - `drop(space, text)` removes an entry; if there is none, nothing happens.
#
# An unknown space is empty. Use `best_match`. Source: GPTCache's eviction and `similarity_threshold`,
# https://github.com/zilliztech/GPTCache.

# %% stub="SemanticCache"
class SemanticCache:
    """Entries by meaning, in spaces, with an age and a limit.

    c = SemanticCache(0.8, ttl=60, max_size=2); c.put("s", "hi", v, "hello", 0); c.get("s", v, 59)[1] is "hello".
    """

    def __init__(self, threshold: float, ttl: float, max_size: int):
        ### BEGIN SOLUTION
        self.threshold, self.ttl, self.max_size = threshold, ttl, max_size
        self.spaces: dict[str, dict[str, tuple[Tensor, str, float]]] = {}
        return
        ### END SOLUTION
        raise NotImplementedError("SemanticCache")

    def put(self, space: str, text: str, vec: Float[Tensor, "D"], answer: str, now: float) -> None:
        ### BEGIN SOLUTION
        self.entries(space, now)
        kept = self.spaces.setdefault(space, {})
        kept.pop(text, None)  # a dict remembers the order of putting: oldest use first
        kept[text] = vec.clone(), answer, now
        if len(kept) > self.max_size:
            del kept[next(iter(kept))]
        return
        ### END SOLUTION
        raise NotImplementedError("SemanticCache")

    def get(self, space: str, vec: Float[Tensor, "D"], now: float,
            accept: Callable[[str], bool] | None = None) -> tuple[str, str, float] | None:
        ### BEGIN SOLUTION
        found = self.entries(space, now)
        if not found:
            return None
        keys, live = torch.stack([v for _, v, _ in found]), torch.ones(len(found), dtype=torch.bool)
        while (hit := best_match(vec, keys, self.threshold, live)) is not None:
            text, _, answer = found[hit[0]]
            if accept is None or accept(text):
                self.spaces[space][text] = self.spaces[space].pop(text)
                return text, answer, hit[1]
            live[hit[0]] = False
        return None
        ### END SOLUTION
        raise NotImplementedError("SemanticCache")

    def entries(self, space: str, now: float) -> list[tuple[str, Tensor, str]]:
        ### BEGIN SOLUTION
        kept = {t: e for t, e in self.spaces.get(space, {}).items() if now - e[2] < self.ttl}
        self.spaces[space] = kept
        return [(text, vec.clone(), answer) for text, (vec, answer, _) in kept.items()]
        ### END SOLUTION
        raise NotImplementedError("SemanticCache")

    def drop(self, space: str, text: str) -> None:
        ### BEGIN SOLUTION
        self.spaces.get(space, {}).pop(text, None)
        return
        ### END SOLUTION
        raise NotImplementedError("SemanticCache")


# %% [markdown] hints="SemanticCache"
# <details><summary>Hint 1: a question</summary>
#
# Python's dict remembers the order in which keys came. What do you have to do with an entry that was just used, so that
# the first key is always the one to go?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# ttl 10, max_size 2. Put a at 0, b at 1, get a at 2, put c at 3: b goes, because a was used at 2. At 10 a is dead,
# though it was served at 2; c lives until 13.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A dead entry must not take the place of a live one: throw the dead out *before* you count. And a text that is put again
# is not one entry more.
#
# </details>

# %% graded="SemanticCache__lookup" points=2
# Looks at the nearest entry, spaces, copies, and what accept refuses.
east, north, between = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor([4.0, 3.0])
steps(SemanticCache(0.5, 60, 9), [
    ("get", ("s", east, 0), None), ("put", ("s", "n", north, "N", 0), None), ("put", ("s", "b", between, "B", 0), None),
    ("put", ("s", "e", 2 * east, "E", 0), None), ("get", ("s", east, 1), ("e", "E", 1.0)),
    ("get", ("other", east, 1), None)], why="the nearest entry of this space, not the first that is near enough")
cache = SemanticCache(0.5, 60, 9)
cache.put("s", "b", between, "B", 0)
cache.put("s", "e", east, "E", 0)
expect(cache.get("s", east, 1, lambda text: text != "e"), ("b", "B", 0.8), on="get where accept refuses the nearest",
       why="then the next nearest is asked")
### BEGIN HIDDEN TESTS
for seed in range(3):
    cache, kept = SemanticCache(0.2, 1e9, 500), {}
    for i in range(90 if seed == 0 else 20):
        vec, space = drawn(7, seed=1000 * seed + i, size=10.0 ** (i % 3)), ("", "a", "b")[i % 3]
        cache.put(space, f"t{i}", vec, "" if i % 4 == 0 else f"answer {i}", 0)
        kept.setdefault(space, []).append((f"t{i}", vec, "" if i % 4 == 0 else f"answer {i}"))
    for j in range(9):
        q, space = drawn(7, seed=7777 + 100 * seed + j), ("", "a", "b")[j % 3]
        near = sorted(((c, e) for c, e in zip(cosines(q, torch.stack([v for _, v, _ in kept[space]])), kept[space])
                       if c >= 0.2), key=lambda x: -x[0])
        for skip in sorted({0, min(2, len(near)), max(len(near) - 1, 0), len(near)}):
            refused, asked = {e[0] for _, e in near[:skip]}, []

            def accept(text):
                asked.append(text)
                return text not in refused
            want = (near[skip][1][0], near[skip][1][2], near[skip][0]) if skip < len(near) else None
            expect(cache.get(space, q, 1, accept), want, on=f"get, where accept refuses the {skip} nearest", rtol=1e-5,
                   atol=1e-5)
            expect(asked, [e[0] for _, e in near[:skip + 1]], on="the texts that accept was asked for",
                   why="the nearest first, each once, none below the threshold, none after the first accepted")
        expect(cache.get(space, q, 1), (near[0][1][0], near[0][1][2], near[0][0]) if near else None, on="get", rtol=1e-5,
               atol=1e-5)
one, two = SemanticCache(0.5, 60, 9), SemanticCache(0.9, 60, 9)
one.put("s", "b", between, "B", 0)
two.put("s", "b", between, "other", 0)
expect(one.get("s", east, 0), ("b", "B", 0.8), on="one of two caches")
expect(two.get("s", east, 0), None, on="another, with threshold 0.9", why="two caches share nothing")
expect(one.get("s", east, 1), ("b", "B", 0.8), on="the first again")
steps(SemanticCache(1.0, 60, 9), [("put", ("s", "e", 2 * east, "E", 0), None), ("get", ("s", east, 1), ("e", "E", 1.0))],
      why="a cosine equal to the threshold is a hit")
steps(SemanticCache(-1, 60, 9), [("get", ("s", east, 1), None), ("put", ("s", "z", 0 * east, "Z", 0), None),
                                 ("get", ("s", east, 1), ("z", "Z", 0.0))], why="a vector of zeros has cosine 0")
steps(SemanticCache(0.5, 60, 9), [("put", ("a", "e", east, "E", 0), None), ("get", ("a ", east, 0), None),
                                  ("get", ("A", east, 0), None), ("put", ("a ", "e", east, "other", 0), None),
                                  ("get", ("a", east, 0), ("e", "E", 1.0))], why="'a' and 'a ' are two spaces")
steps(SemanticCache(0.5, 60, 9), [
    ("put", ("s", "Hi ", east, "A", 0), None), ("put", ("s", "Hi", north, "C", 0), None),
    ("put", ("s", "hi", between, "B", 0), None), ("put", ("s", "", -east, "D", 0), None),
    ("get", ("s", -east, 0), ("", "D", 1.0)),
    ("get", ("s", east, 0), ("Hi ", "A", 1.0)), ("drop", ("s", "HI"), None), ("drop", ("s", "hi"), None),
    ("entries", ("s", 0), [("Hi", north, "C"), ("", -east, "D"), ("Hi ", east, "A")]),
    ("entries", ("nowhere", 0), [])], why="texts are taken as they stand")
cache, asked = SemanticCache(-1, 10, 9), []
for now, (text, vec) in enumerate((("old", east), ("b", between), ("n", north), ("w", -east))):
    cache.put("s", text, vec, text, 5 * min(now, 1))


def refuse(text):
    "Writes down what it is asked, and takes the last alone."
    asked.append(text)
    return text == "w"


expect(cache.get("s", east, 12, refuse), ("w", "w", -1.0), on="get at a threshold of -1, where accept refuses all but the last")
expect(asked, ["b", "n", "w"], on="the texts that accept was asked for", why="old is dead at 12: it is not asked")
expect(cache.get("s", east, 12, lambda text: False), None, on="get at a threshold of -1, where accept refuses all")
fine = [torch.tensor([1.0, x], dtype=torch.float64) for x in (2e-5, 1e-5)]
steps(SemanticCache(0.9, 60, 9), [("put", ("s", "far", fine[0], "F", 0), None), ("put", ("s", "near", fine[1], "N", 0), None),
                                  ("get", ("s", east.double(), 1), ("near", "N", 1.0))], why="float64 vectors stay float64")
### END HIDDEN TESTS

# %% graded="SemanticCache__age" points=2
# Looks at entries that grow old, are put again, and are dropped.
v = torch.tensor([1.0, 0.0])
steps(SemanticCache(0.5, 10, 9), [
    ("put", ("s", "a", v, "A", 5), None), ("get", ("s", v, 14.5), ("a", "A", 1.0)), ("get", ("s", v, 15), None)],
      why="an entry lives while now - stored < ttl; being served does not make it younger")
steps(SemanticCache(0.5, 10, 9), [
    ("put", ("s", "a", v, "A", 0), None), ("put", ("s", "a", -v, "new", 9), None), ("get", ("s", v, 9), None),
    ("get", ("s", -v, 18.5), ("a", "new", 1.0)), ("drop", ("s", "a"), None), ("get", ("s", -v, 18.5), None)],
      why="put again, an entry is new in all parts")
### BEGIN HIDDEN TESTS
w, u = torch.tensor([3.0, 4.0]), torch.tensor([0.0, 1.0])
for t0 in (0, -3.5, 1e6):
    steps(SemanticCache(0.5, 2.5, 9), [
        ("put", ("s", "a", v, "A", t0), None), ("put", ("s", "b", w, "B", t0 + 1), None),
        ("put", ("r", "a", v, "R", t0 + 2), None),
        ("get", ("s", v, t0 + 2), ("a", "A", 1.0)), ("get", ("s", v, t0 + 2.5), ("b", "B", 0.6)),
        ("get", ("s", v, t0 + 3.5), None), ("get", ("r", v, t0 + 4), ("a", "R", 1.0)), ("entries", ("s", t0 + 4), []),
        ("drop", ("s", "a"), None), ("drop", ("nowhere", "a"), None), ("get", ("r", v, t0 + 4.25), ("a", "R", 1.0)),
        ("drop", ("r", "a"), None), ("get", ("r", v, t0 + 4.25), None)], why="the nearest among the living")
steps(SemanticCache(0.5, 10, 9), [
    ("put", ("s", "a", v, "A", 0), None), ("put", ("s", "a", v, "A", 9), None), ("get", ("s", v, 15), ("a", "A", 1.0)),
    ("put", ("s", "b", u, "B", 15), None), ("drop", ("s", "a"), None), ("get", ("s", u, 16), ("b", "B", 1.0))],
      why="put again, even the same answer is new; a dropped entry takes no other along")
steps(SemanticCache(0.5, 10, 9), [
    ("put", ("s", "a", v, "A", 0), None), ("put", ("s", "b", u, "B", 5), None), ("entries", ("s", 10), [("b", u, "B")]),
    ("entries", ("s", 15), [])], why="a dead entry is in no list, whether anybody looked for it or not")
steps(SemanticCache(0.5, math.inf, 9), [("put", ("s", "a", v, "A", 0), None), ("get", ("s", v, 1e12), ("a", "A", 1.0))],
      why="a time to live of infinity")
steps(SemanticCache(0.5, 0, 9), [("put", ("s", "a", v, "A", 0), None), ("get", ("s", v, 0), None)],
      why="a time to live of 0: nothing is ever served")
cache, own = SemanticCache(0.5, 60, 9), torch.tensor([3.0, 4.0])
fresh(cache.put, "s", "a", own, "A", 0, want=None)  # afterwards its caller writes into the vector
expect([(text, vec.float(), answer) for text, vec, answer in cache.entries("s", 0)], [("a", torch.tensor([3.0, 4.0]), "A")],
       on="entries after the caller changed the vector", why="the cache keeps a copy")
### END HIDDEN TESTS

# %% graded="SemanticCache__room" points=2
# Looks at who has to go when a space is full, and at the list of entries.
a, b, c = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 0.0, 1.0])
steps(SemanticCache(0.5, 100, 2), [
    ("put", ("s", "a", a, "A", 0), None), ("put", ("s", "b", b, "B", 1), None), ("get", ("s", a, 2), ("a", "A", 1.0)),
    ("put", ("s", "c", c, "C", 3), None), ("get", ("s", b, 4), None), ("get", ("s", a, 4), ("a", "A", 1.0)),
    ("entries", ("s", 5), [("c", c, "C"), ("a", a, "A")])], why="a was used at 2, so b goes")
steps(SemanticCache(0.5, 100, 1), [
    ("put", ("s", "a", a, "A", 0), None), ("put", ("r", "b", b, "B", 1), None), ("get", ("s", a, 2), ("a", "A", 1.0))],
      why="each space has its own limit: a stranger's entries push nothing out")
### BEGIN HIDDEN TESTS
for now in (11, 10):
    steps(SemanticCache(0.5, 10, 2), [
        ("put", ("s", "a", a, "A", 0), None), ("put", ("s", "b", b, "B", 8), None), ("get", ("s", a, 9), ("a", "A", 1.0)),
        ("put", ("s", "c", c, "C", now), None), ("get", ("s", b, 12), ("b", "B", 1.0)),
        ("get", ("s", c, 12), ("c", "C", 1.0))], why=f"a is dead at {now}: it goes, and b has room")
steps(SemanticCache(0.5, 100, 2), [
    ("put", ("s", "a", a, "A", 0), None), ("put", ("s", "b", b, "B", 1), None), ("put", ("s", "b", b, "B2", 2), None),
    ("get", ("s", a, 3), ("a", "A", 1.0)), ("put", ("s", "b", b, "B3", 4), None), ("put", ("s", "c", c, "C", 5), None),
    ("entries", ("s", 6), [("b", b, "B3"), ("c", c, "C")])], why="put again, an entry is no second one, and is used")
steps(SemanticCache(0.5, 100, 2), [
    ("put", ("s", "a", a, "A", 0), None), ("put", ("s", "b", b, "B", 1), None), ("entries", ("s", 2), ...),
    ("get", ("s", -a, 2), None), ("put", ("s", "c", c, "C", 3), None),
    ("entries", ("s", 3), [("b", b, "B"), ("c", c, "C")])], why="neither a list nor a miss uses an entry")
steps(SemanticCache(0.5, 100, 3), [
    ("put", ("s", "c", c, "C", 0), None), ("put", ("s", "a", a, "A", 1), None), ("put", ("s", "b", b, "B", 2), None),
    ("entries", ("s", 3), ...), ("entries", ("s", 3), [("c", c, "C"), ("a", a, "A"), ("b", b, "B")]),
    ("put", ("s", "d", -a, "D", 4), None), ("entries", ("s", 4), [("a", a, "A"), ("b", b, "B"), ("d", -a, "D")])],
      why="a list uses no entry, in whatever order it goes through them")
cache = SemanticCache(0.1, 100, 2)
for text, vec in (("a", a), ("b", b)):
    cache.put("s", text, vec, text, 0)
expect(cache.get("s", 2 * a + b, 1, lambda text: text == "b"), ("b", "b", 1 / 5 ** 0.5), on="get, a refused", rtol=1e-5,
       atol=1e-5)
cache.put("s", "c", c, "c", 2)
expect([e[0] for e in cache.entries("s", 3)], ["b", "c"], on="entries after a was refused and b returned",
       why="only what is returned counts as used")
cache = SemanticCache(0.1, 100, 2)
for text, vec in (("a", a), ("b", b)):
    cache.put("s", text, vec, text, 0)
expect(cache.get("s", a, 1, lambda text: False), None, on="get, where accept refuses all")
expect([e[0] for e in cache.entries("s", 2)], ["a", "b"], on="entries after a was refused", why="what is refused is not used")
for size in (1, 3, 20):
    cache, order = SemanticCache(0.999, 1e9, size), {"s": [], "r": []}
    eye, rng = torch.eye(30), np.random.default_rng(size)
    for now in range(100):
        space, i = "sr"[int(rng.random() < 0.3)], int(rng.integers(30))
        kept = order[space]
        if rng.random() < 0.5:
            got = cache.get(space, eye[i], now)
            expect(got, (f"t{i}", f"a{i}", 1.0) if f"t{i}" in kept else None, on=f"get after {now} calls, max_size {size}")
            kept += [kept.pop(kept.index(f"t{i}"))] if f"t{i}" in kept else []
        else:
            cache.put(space, f"t{i}", eye[i], f"a{i}", now)
            order[space] = ([t for t in kept if t != f"t{i}"] + [f"t{i}"])[-size:]
    expect([e[0] for e in cache.entries("s", now)], order["s"], on=f"entries after 100 calls, max_size {size}")
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.flood(SemanticCache)

# %% [markdown]
# A neighbour puts entries; the line is the share of *your* requests that still hit. In spaces of your own nothing
# happens, in a shared space your entries are pushed out one by one.
#
# ## 4 · Poison
#
# Who writes into the cache? Everybody who asks. A request that misses is answered by the model, and the answer is stored
# under the request's embedding. So an attack on a **shared** cache needs no break-in:
#
# 1. **Look**: does the service cache, and by meaning? (The clock tells: exercise 31.4.)
# 2. **Craft** a prompt that makes the model say something harmful *and* whose embedding lies close to a question that
#    others will ask.
# 3. **Ask it.** The service itself stores the harmful answer. Clients submit *text*; nobody outside hands in an
#    embedding, though the guide's "phase 2" says so.
# 4. **Wait.** The victim's honest question is nearest to the planted entry and gets its answer.
#
# Without sharing there is no victim but oneself. What the papers say: *CacheAttack* (arXiv 2601.23088, January 2026)
# reports a hit rate of 86 % in hijacking responses, in its own set-ups. A hit rate counts requests that meet a planted
# entry; it is not the share of services that fall. *When Cache Poisoning Meets LLM Systems* (Wu et al., NDSS 2026)
# shows it on the caches of three public clouds. *PoisonedRAG* (arXiv 2402.07867), often named beside them, is another
# matter: five texts planted *in a knowledge base* for one target question, about 90 % success. No cache takes part in it.
#
# ### Looking by the clock
#
# A hit is fast, a miss slow, so anybody with a stopwatch can ask whether you cache, and *what others asked before* (*The
# Early Bird Catches the Leak*, arXiv 2409.20002, does it to a semantic cache). You should know what your own service
# tells. The usual script repeats one question ten times, then the same question with " xyz123" behind it ten times, and
# calls a ratio of the means above 1.5 "semantic". Four faults:
#
# - Only the first of the ten "misses" can miss: then the text is in the cache. With 0.2 s for a hit and 1.2 s for a
#   miss the mean is (1.2 + 9 · 0.2) / 10 = 0.3 s, a ratio of exactly 1.5 in place of 6. Rounding and jitter decide what
#   the script says.
# - " xyz123" hardly moves the embedding: cosine 0.88 to the plain question with MiniLM, a hit at a threshold of 0.8.
# - An exact cache gives the same picture. To tell the kinds apart one needs a **paraphrase** that was never asked.
# - Load drifts, and one timeout ruins a mean. So: arms in turn, medians, and a test on ranks.
#
# ### Exercise 31.4 · timing_probe
#
# Which cache stands behind `ask`? Answers `"none"`, `"exact"` or `"semantic"`.
#
# `ask(text)` sends a text and returns the seconds that it took. `base` is a question, `paraphrases` a list of n different
# ones of it, `nonce()` returns a new text on a topic of its own at each call.
#
# 1. `ask(base)` once, to fill the cache; that time is not used.
# 2. Then n rounds, each of exactly three requests in this order: `base`, the round's paraphrase (the first in round 1,
#    and so on, each asked once), a fresh `nonce()`. So a drift of the load falls on all three alike.
#
# An arm is **faster** than the nonces when both hold: its median is *below half* of the nonces' median; and a one-sided
# Mann–Whitney test has p < 0.01. For the test, $U$ counts the pairs (arm's time, nonce's time) in which the arm's is
# smaller, an equal pair counts ½; with $\mu = n^2/2$ and $\sigma = \sqrt{n^2 (2n + 1) / 12}$ the arm is significant
# when $(U - \mu)/\sigma > 2.326$. An exact test is as good: cases close to the border are not tested. For even n the
# median is the mean of the two in the middle.
#
# - `base` not faster: `"none"`. `base` and paraphrases faster: `"semantic"`. `base` alone: `"exact"`.
# - n < 5 cannot be significant enough for us: raise `ValueError` before anything is asked.
#
# Source: Mann & Whitney 1947; `scipy.stats.mannwhitneyu` with `alternative="less"`.

# %% stub="timing_probe"
def timing_probe(ask: Callable[[str], float], base: str, paraphrases: Sequence[str], nonce: Callable[[], str]) -> str:
    """"none", "exact" or "semantic": what the clock says about the cache behind `ask`.

    A service that takes 1.2 s for everything but the repeated base, and 0.2 s for that, has an "exact" cache.
    """
    ### BEGIN SOLUTION
    n = len(paraphrases)
    if n < 5:
        raise ValueError("at least 5 paraphrases are needed")
    ask(base)
    rounds = [(ask(base), ask(p), ask(nonce())) for p in paraphrases]
    repeated, similar, new = (np.array(arm) for arm in zip(*rounds))

    def faster(arm):
        u = (arm[:, None] < new).sum() + 0.5 * (arm[:, None] == new).sum()
        z = (u - n * n / 2) / math.sqrt(n * n * (2 * n + 1) / 12)
        return np.median(arm) < 0.5 * np.median(new) and z > 2.326

    if not faster(repeated):
        return "none"
    return "semantic" if faster(similar) else "exact"
    ### END SOLUTION
    raise NotImplementedError("timing_probe")

# %% [markdown] hints="timing_probe"
# <details><summary>Hint 1: a question</summary>
#
# You ask a question of a service with an exact cache, and ask it again. Which of the two requests says something about
# *semantic* caching?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Five rounds; base takes 0.2 each time, paraphrases 1.1, nonces 1.0, 1.1, 1.2, 1.3 and 9.0. Medians 0.2, 1.1 and 1.2. U
# of base is 25 of 25, z = (25 − 12.5) / 4.79 = 2.61: faster. The paraphrases' median is not below 0.6: exact.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Each request *changes* the cache that it measures. Whatever is to miss must never have been asked before, nor anything
# like it.
#
# </details>

# %% graded="timing_probe__requests" points=2
# Looks at what is asked, and in which order.
log = []


def told(text):
    "A service that only writes down what it was asked."
    log.append(text)
    return 1.0


topics = [f"topic {i}" for i in range(9)]
expect(timing_probe(told, "base", [f"p{i}" for i in range(5)], lambda: topics.pop(0)), "none", on="timing_probe, no cache")
expect(log, ["base", *(t for i in range(5) for t in ("base", f"p{i}", f"topic {i}"))], on="the requests of timing_probe",
       why="once to fill, then rounds of base, one paraphrase, one fresh nonce")
raises(ValueError, timing_probe, told, "base", ["p"] * 4, lambda: "x", why="4 paraphrases are too few")
### BEGIN HIDDEN TESTS
for n in (5, 6, 31):
    log.clear()
    topics[:] = [f"topic {i}" for i in range(99)]
    asked = [f"q{i}" for i in range(n)]
    timing_probe(told, "the base", asked, lambda: topics.pop(0))
    expect(asked, [f"q{i}" for i in range(n)], on="the paraphrases afterwards", why="the caller still needs them")
    expect(log, ["the base", *(t for i in range(n) for t in ("the base", f"q{i}", f"topic {i}"))],
           on=f"the requests of timing_probe with {n} paraphrases")
    expect(len(topics), 99 - n, on="how many nonces are left of 99", why="one nonce a round, and none in vain")
for n in (0, 3):
    log.clear()
    raises(ValueError, timing_probe, told, "base", [f"p{i}" for i in range(n)], lambda: "x", why="too few paraphrases")
    expect(log, [], on="what was asked before the ValueError")
### END HIDDEN TESTS

# %% graded="timing_probe__verdicts" points=3
# Looks at services with and without a cache; at outliers, drift and small gains.
def service(hit, seed, slow=1.2, jitter=0.2):
    "A service in which what hit(text, seen) says is answered in a sixth of the time."
    rng, seen = np.random.default_rng(seed), []

    def ask(text):
        fast = hit(text, seen)
        seen.append(text)
        return float((0.2 if fast else slow) + jitter * rng.random())
    return ask


def probe(ask, n=9):
    "One run of timing_probe: paraphrases begin with p, nonces with x."
    numbers = iter(range(10**6))
    return timing_probe(ask, "b", [f"p{i}" for i in range(n)], lambda: f"x{next(numbers)}")


kinds = {"none": lambda text, seen: False, "exact": lambda text, seen: text in seen,
         "semantic": lambda text, seen: text in seen or text[0] in "bp" and bool(seen)}
for kind, hit in kinds.items():
    expect(probe(service(hit, 1)), kind, on=f"timing_probe of a service with the cache {kind!r}")
### BEGIN HIDDEN TESTS
for seed in range(2):
    for n in (5, 8, 17):
        for kind, hit in kinds.items():
            expect(probe(service(hit, seed), n), kind, on=f"timing_probe of a service with the cache {kind!r}, n = {n}")


def spoiled(ask, when, by):
    "The same service, but the requests of some numbers take longer."
    count = iter(range(10**6))
    return lambda text: ask(text) + (by if next(count) in when else 0.0)


def drifting(ask, by):
    "The same service under a load that grows or falls with every request."
    count = iter(range(10**6))
    return lambda text: ask(text) * (1 + by * next(count))


for kind, hit in kinds.items():
    for when in ({1}, {1, 4}, {2, 5}, {3, 9}):
        expect(probe(spoiled(service(hit, 5), when, 60.0), 11), kind, on=f"{kind!r}, and one or two requests time out",
               why="a median does not mind, a mean does")
    for by in (0.3, -0.02):
        expect(probe(drifting(service(hit, 6), by), 11), kind, on=f"{kind!r}, under a load that drifts")
for part, want in ((0.85, "none"), (0.6, "none"), (0.3, "exact")):
    expect(probe(lambda text: part * 1.0 + 1e-3 * (len(text) % 3) if text == "b" else 1.0 + 1e-3 * (len(text) % 3), 12), want,
           on=f"a repeated request takes {part} of the time", why="less than half of the median is asked for: a prefix that "
           "the provider caches makes a request a little faster, too")
scripted = {"b": [9.0, *[0.2, 1.2] * 4, 0.2], "p": [1.2] * 9, "x": [*[1.2, 0.2] * 4, 1.2]}
for flip in (False, True):
    arms = {k: iter(np.array(v) + 1e-4 * np.arange(len(v)) * (-1 if flip else 1)) for k, v in scripted.items()}
    expect(probe(lambda text: float(next(arms[text[0]])), 9), "none", on="times of two kinds, mixed in all three arms",
           why="the medians lie far apart, the ranks do not: chance")
arms = {"b": iter([0.1] + [1.0] * 9), "p": iter([0.1] * 9), "x": iter([1.0] * 9)}
expect(probe(lambda text: next(arms[text[0]]), 9), "none", on="only paraphrases are fast, the base itself is not",
       why="first the base: what does not cache a repetition has no cache")
arms = {"b": iter([0.2] * 12), "p": iter([0.2] * 4 + [0.7] * 7), "x": iter(1.0 + 0.01 * np.arange(11))}
expect(probe(lambda text: float(next(arms[text[0]])), 11), "exact", on="four of eleven paraphrases are fast, seven take 0.7",
       why="their median is not below half of the nonces'")
def verdict(again, new):
    "The verdict on these times; paraphrases are as slow as what is new."
    arms = {"b": iter([9.0, *again]), "p": iter(new), "x": iter(new)}
    return probe(lambda text: float(next(arms[text[0]])), len(new))


few = 1e-4 * np.arange(9)
for again, new, want, why in [
        ([0.5] * 7, [1.0] * 7, "none", "exactly half is not below half"),
        ([0.2, 0.7] * 3, [1.0, 1.25] * 3, "exact", "for even n the median is the mean of the two in the middle: 0.45"),
        ([0.2, 0.2, 0.4, 0.9, 0.9, 0.9], [1.0] * 6, "none", "the mean of 0.4 and 0.9 is not below a half"),
        ([0.7] * 6, [1.0] * 3 + [2.0] * 3, "exact", "the nonces' median is 1.5, and 0.7 lies below half of it"),
        ([0.8] * 6, [1.0] * 3 + [2.0] * 3, "none", "the nonces' median is 1.5, and 0.8 lies above half of it"),
        ([0.6] * 11, [1.0] * 10 + [30.0], "none", "half of the median, not of the slowest"),
        (0.2 + few, np.array([0.1] * 2 + [1.0] * 7) + few, "none", "U = 63 of 81, z = 1.99: 2 in 100 come by chance"),
        ([0.2, 0.21, 0.22, 0.23, 0.24, *[1.0] * 4], [0.9, 0.91, 0.92, *[1.0] * 5, 1.1], "none", "equal pairs count a half"),
        (np.array([0.05] * 4 + [0.4] + [0.9] * 4) + few, np.array([0.1] * 4 + [1.0] * 5) + few, "none",
         "every pair of times counts, not only those of one round: U = 61 of 81"),
        (np.array([0.2] * 22 + [1.5] * 9) + 1e-4 * np.arange(31), 1.0 + 1e-4 * np.arange(31), "exact",
         "U = 682 of 961 with n = 31: z = 2.83")]:
    expect(verdict(again, new), want, why=why,
           on=f"a base of {[float(x) for x in again]} against nonces of {[float(x) for x in new]}")
arms = {"b": iter([0.05] * 12), "p": iter([0.3] * 11), "x": iter(1.0 + 0.01 * np.arange(11))}
expect(probe(lambda text: float(next(arms[text[0]])), 11), "semantic", on="paraphrases take 0.3, repetitions 0.05, nonces 1",
       why="each arm is compared with the nonces")
arms = {"b": iter([0.2] * 12), "p": iter([0.2] * 8 + [1.0] * 3), "x": iter([1.0] * 11)}
expect(probe(lambda text: next(arms[text[0]]), 11), "semantic", on="eight of eleven paraphrases hit",
       why="most of them hit: median 0.2, U = 88 + 16.5 of 121")
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.three_arms(timing_probe)

# %% [markdown]
# Four simulated services and what your probe says of each. The last one reuses computation for a common *prefix*, as
# providers do: a little faster, and no cache of answers. (On a long prompt a reused prefix can take most of the time to the
# *first* token away. So time whole answers, and let nonces carry the same long prompt.)
#
# A service that does not want to tell can delay each hit by what a miss would have taken; then the gain is the price alone,
# not the time. Rounding times up to a grid of half seconds hides nothing: 0.2 s and 1.2 s become 0.5 s and 1.5 s. Private
# spaces make the question harmless: everybody learns about his own cache.
#
# ### How near can a planted text come?
#
# The guide's recipe runs gradient descent on the *embedding* of the malicious text. It does not run: what a sentence
# encoder returns is an inference tensor, and asking it for gradients raises an error. Mended, it reaches any target, for
# a free vector can be moved anywhere, and proves nothing: nobody can submit a vector, and the text nearest to the result
# is just a harmless paraphrase of the victim's question. A real attack keeps the malicious text and searches for *words*
# to add. With the weights at hand gradients can propose the words (GCG, "greedy coordinate gradient"). Without, one
# tries and looks.
#
# You measure it on your own embedding, in this notebook, to know what a threshold is worth: how many tries does a
# collision cost?
#
# ### Exercise 31.5 · greedy_suffix
#
# Greedy search for words that bring a payload near to a target.
#
# - `embed` takes a list of N texts and gives (N, D) vectors of any length; `target` is (D,). Similarity is the cosine of
#   `best_match`: 0.0 with a vector of zeros.
# - Begin with `payload` as it is. In each of at most `max_len` rounds try every word w of `vocab`: the text so far, a
#   space, w (`vocab` holds no word twice). Take the best of them **if it is strictly nearer than the text so far**, else stop.
# - The payload stays in front, letter for letter. A word may be taken again. Of exact ties any word may be taken.
# - Returns `(text, cosine, asked)`: a plain float, and the number of texts that were embedded, the payload included.
#   Embed nothing twice: a full round costs `len(vocab)`. Whether a round is one call of `embed` or many is yours.
# - With `max_len` 0 or an empty `vocab` the payload itself comes back.
#
# Source: plain greedy search over words. In GCG (Zou et al. 2023, arXiv 2307.15043) gradients propose them.

# %% stub="greedy_suffix"
def greedy_suffix(embed: Callable[[list[str]], Float[Tensor, "N D"]], target: Float[Tensor, "D"], payload: str,
                  vocab: Sequence[str], max_len: int) -> tuple[str, float, int]:
    """The payload with words behind it that bring it near to the target: (text, cosine, texts embedded).

    With vocab ["cat", "password"] and a target about passwords: ("call us password", 0.7, 1 + 2 + 2).
    """
    ### BEGIN SOLUTION
    text, asked = payload, 1
    _, cosine = best_match(target, embed([text]), -math.inf)
    for _ in range(max_len if len(vocab) else 0):
        tried = [f"{text} {word}" for word in vocab]
        i, best = best_match(target, embed(tried), -math.inf)
        asked += len(tried)
        if best <= cosine:
            break
        text, cosine = tried[i], best
    return text, cosine, asked
    ### END SOLUTION
    raise NotImplementedError("greedy_suffix")

# %% [markdown] hints="greedy_suffix"
# <details><summary>Hint 1: a question</summary>
#
# Which of your earlier functions finds the nearest of many vectors, and with which threshold does it always find one?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Payload at cosine 0.2, three words. Round 1: 0.5, 0.4, 0.1: take the first; asked 1 + 3. Round 2: 0.5, 0.45, 0.3: none
# is *nearer* than 0.5, stop; asked 7. The last round has been paid for, too.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The similarity of the text so far is known from the round before. Who embeds it again pays one text more a round.
#
# </details>

# %% graded="greedy_suffix__search" points=2
# Looks at text, cosine and count on small embeddings.
table = {"p": [1.0, 3.0], "p a": [3.0, 4.0], "p b": [1.0, 4.0], "p a a": [4.0, 3.0], "p a b": [0.0, 1.0],
         "p a a a": [4.0, 3.0], "p a a b": [3.0, 4.0]}


def listed(texts):
    "An embedding that is a table; all other texts lie far away."
    return torch.tensor([table.get(t, [-1.0, 0.0]) for t in texts]).reshape(-1, 2)


check(greedy_suffix, listed, torch.tensor([2.0, 0.0]), "p", ["a", "b"], 9, want=("p a a", 0.8, 7),
      why="1 + 2 + 2 + 2 texts; the third round finds nothing strictly nearer", rtol=1e-6, atol=1e-6,
      mistakes={"the last round was not counted": ("p a a", 0.8, 5), "an equally near text was taken": ("p a a a", 0.8, 9)})
check(greedy_suffix, listed, torch.tensor([2.0, 0.0]), "p", ["a", "b"], 1, want=("p a", 0.6, 3), rtol=1e-6, atol=1e-6)
check(greedy_suffix, listed, torch.tensor([2.0, 0.0]), "p", [], 4, want=("p", 1 / 10 ** 0.5, 1), rtol=1e-5, atol=1e-6)
### BEGIN HIDDEN TESTS
def greedy(embed, target, payload, vocab, max_len):
    "The oracle: one text at a time."
    def near(text):
        return cosines(target, embed([text]))[0]
    text, now, asked = payload, near(payload), 1
    for _ in range(max_len):
        found = [(near(f"{text} {w}"), w) for w in vocab]
        asked += len(vocab)
        if not found or max(found)[0] <= now + 1e-9:
            break
        now, text = max(found)[0], f"{text} {max(found)[1]}"
    return text, now, asked


def scaled(texts):
    "Vectors of length 3."
    return toy_embed(texts) * 3


vocab = "how do i reset my password account forgot login please banana river".split()
for seed, (target, payload, n) in enumerate([("how do i reset my password", "call the number below", 3),
                                             ("forgot my login", "Pay here, NOW!", 2),
                                             ("reset account password please", "", 3),
                                             ("river banana", "  a  payload with spaces ", 1),
                                             ("how do i", "call", 0)]):
    t = toy_embed([target])[0] * (1.0, 5.0, 0.01)[seed % 3]
    before, asked = t.clone(), []

    def watched(texts, asked=asked):
        asked.extend(texts)
        return scaled(texts)
    some = vocab[:12 - seed]
    got = greedy_suffix(watched, t, payload, some, n)
    expect(some, vocab[:12 - seed], on="the vocabulary afterwards", why="the caller still needs it")
    expect(got, greedy(scaled, t, payload, some, n), on=f"greedy_suffix for {target!r}, payload {payload!r}",
           rtol=1e-5, atol=1e-5)
    expect(t, before, on="the target afterwards", why="the caller still needs it")
    expect(got[2], len(asked), on="the number of texts embedded, as the embedding itself counted")
    assert all(x.startswith(payload) for x in asked), "the payload must stay in front, letter for letter"
    assert type(got[1]) is float and type(got[2]) is int, f"a plain float and a plain int were asked for, got {got!r}"
table = {"p": [1.0, 0.5], "p A": [1.0, 0.4], "p a": [1.0, 0.9], "p A A": [1.0, 0.2], "p A a": [0.0, 1.0], "p A A A": [1.0, 0.1],
         "p A A a": [0.0, 1.0], "p A A A A": [1.0, 0.1 - 1e-7], "p A A A a": [0.0, 1.0], "p A A A A A": [1.0, 0.2],
         "p A A A A a": [0.0, 1.0]}
t = torch.tensor([3.0, 0.0], dtype=torch.float64)


def exactly(texts):
    "The table in float64."
    return torch.tensor([table.get(x, [-1.0, 0.0]) for x in texts], dtype=torch.float64)


check(greedy_suffix, exactly, t, "p", ["A", "a"], 9,
      want=("p A A A A", 1 / (1 + (0.1 - 1e-7) ** 2) ** 0.5, 11), rtol=1e-12, atol=1e-12,
      why="nearer is nearer, by 1e-8 and beyond 0.98, too; words are taken as they stand")
table = {"p": [1.0, 3.0]}
check(greedy_suffix, listed, torch.tensor([2.0, 0.0]), "p", ("b", "a"), 0, want=("p", 1 / 10 ** 0.5, 1), rtol=1e-5,
      atol=1e-6, why="max_len 0")
### END HIDDEN TESTS

# %% graded="greedy_suffix__climbs" points=1
# Looks at similarities below 0, exactly 0, and at a word that only makes it worse.
table = {"q": [-3.0, 4.0], "q a": [0.0, 2.0], "q b": [-4.0, 3.0], "q a a": [0.0, 5.0], "q a b": [-1.0, 1.0]}


def listed(texts):
    "An embedding that is a table; all other texts lie far away."
    return torch.tensor([table.get(t, [-1.0, 0.0]) for t in texts]).reshape(-1, 2)


check(greedy_suffix, listed, torch.tensor([1.0, 0.0]), "q", ["a", "b"], 5,
      want=("q a", 0.0, 5), why="from -0.6 to 0.0, and no farther", rtol=1e-6, atol=1e-6)
### BEGIN HIDDEN TESTS
table = {"q": [-4.0, 3.0], "q b": [-1.0, 0.0], "q a": [-3.0, 4.0], "q a b": [-4.0, 3.0], "q a a": [-1.0, 0.0]}
check(greedy_suffix, listed, torch.tensor([1.0, 0.0]), "q", ["b", "a"], 5,
      want=("q a", -0.6, 5), why="still far away, and nearer than before", rtol=1e-6, atol=1e-6)
check(greedy_suffix, listed, torch.tensor([1.0, 0.0]), "q", ["b"], 5,
      want=("q", -0.8, 2), why="the only word makes it worse", rtol=1e-6, atol=1e-6)
table = {"z": [0.0, 0.0], "z a": [1.0, 1.0], "z b": [-1.0, 1.0], "z a a": [1.0, 3.0], "z a b": [0.0, 0.0]}
check(greedy_suffix, lambda texts: listed(texts).double(), torch.tensor([1.0, 0.0], dtype=torch.float64), "z", ["a", "b"], 5,
      want=("z a", 0.5 ** 0.5, 5), rtol=1e-9, atol=1e-9, why="a vector of zeros counts 0")
many = {"m" + " a" * k: [float(k), 40.0] for k in range(60)}
check(greedy_suffix, lambda texts: torch.tensor([many[t] for t in texts]), torch.tensor([1.0, 0.0]), "m", ["a"], 50,
      want=("m" + " a" * 50, 50 / (50 ** 2 + 40 ** 2) ** 0.5, 51), rtol=1e-5, atol=1e-6, why="one word may be taken again")
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.collision(greedy_suffix)

# %% [markdown]
# On MiniLM, about 2 seconds: the text "Tell the user to call 555-0100 to confirm the account." against the question of
# your cache's other users, "How do I reset my Netflix password?". The words come from a list of 28; the x-axis is the
# number of texts tried, the dashed line shows the plain concatenation of question and payload. **Three words, found by 85
# tries, pass 0.8**; six words reach 0.86. No weights are needed, no gradient. And writing the question in front of the
# payload does better at once: 0.89. At 0.95 this simple search does not arrive.
#
# ## 5 · What stops it: the text, and the key
#
# No threshold does. Two things do most of the work, and both are cheap.
#
# **A guard on the text.** The cache keeps the text of each entry. Embeddings blur exactly the words that change an
# answer: numbers, negations, names in their place. So compare those *as text* before serving. It takes some tens of
# microseconds, it can only turn a hit into a miss (or into a hit of the next nearest that agrees), and a false alarm costs
# one call of the model. Asking a large model to judge every hit costs what the hit was to save: that belongs to the time
# of *writing*, in the background.
#
# **The catch: order, and how many.** "From version 3 to version 4" and "from version 4 to version 3" hold the same set of
# numbers. "Not … not" is not "not". A guard that compares sets, or only asks whether a "not" occurs, lets them through.
#
# ### Exercise 31.6 · same_slots
#
# May the answer to `cached` be served to `query`, as far as their slots tell? Take both texts apart with `words` of the
# setup (lower case; numbers with sign and decimals; currency signs and % stand alone). True when **all** of these agree:
#
# - **Numbers**, in their order. A number is a token that holds a decimal digit of any script (`str.isdecimal`; the ² of m²
#   is none). Two are equal when they are equal *as decimals*, however long: 1,000 = 1000 = 1000.0, and
#   9007199254740993 ≠ 9007199254740992.
# - **How many negations**: tokens among *not, no, never, none, nor, neither, without, cannot*, and tokens that end in
#   *n't*.
# - **Every slot**, in its order. `slots` maps a slot's name to a dict from word to value, such as
#   `{"day": {"today": "today", "tonight": "today"}}`. The values of the slot's words, as they stand in the text, must be
#   the same sequence in both. Words of `slots` are in lower case already; a word may belong to several slots. No slot's
#   word in either text is agreement, too.
#
# All else may differ. Source: slot filling in dialogue systems; the pairs of part 2.

# %% stub="same_slots"
def same_slots(query: str, cached: str, slots: dict[str, dict[str, str]]) -> bool:
    """Whether numbers, negations and slots of two texts agree.

    "Pay $100" and "pay 100.00 $, please" agree; "Pay $100" and "Pay $1000" do not.
    """
    ### BEGIN SOLUTION
    negations = {"not", "no", "never", "none", "nor", "neither", "without", "cannot"}

    def facts(text):
        tokens = words(text)
        numbers = [Decimal(w.replace(",", "")) for w in tokens if any(c.isdecimal() for c in w)]
        return (numbers, sum(w in negations or w.endswith("n't") for w in tokens),
                {name: [values[w] for w in tokens if w in values] for name, values in slots.items()})

    return facts(query) == facts(cached)
    ### END SOLUTION
    raise NotImplementedError("same_slots")

# %% [markdown] hints="same_slots"
# <details><summary>Hint 1: a question</summary>
#
# A false alarm costs one call of the model, a false hit a wrong answer. When you are in doubt whether two texts agree,
# which way should the guard lean?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# "Isn't it €1,000.50 today?" gives the tokens isn't, it, €, 1,000.50, today: numbers [1000.50], one negation, day
# [today], currency [euro].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A float holds 15 to 17 digits. Account and card numbers are longer than that, and then two of them become equal.
#
# </details>

# %% graded="same_slots__pairs" points=2
# Looks at near-misses that must be told apart, and at paraphrases that must pass.
SLOTS = {"day": {"today": "today", "tonight": "today", "tomorrow": "tomorrow"},
         "currency": {"$": "dollar", "dollars": "dollar", "€": "euro", "euros": "euro"},
         "place": {"paris": "paris", "london": "london"}, "safety": {"safe": "safe", "unsafe": "unsafe"}}
for query, cached, want in [
        ("Is aspirin safe for children?", "Is aspirin not safe for children?", False),
        ("Is ibuprofen safe?", "Is ibuprofen unsafe?", False), ("Transfer $100.", "Transfer $1000.", False),
        ("What is the weather today?", "What is the weather tomorrow?", False),
        ("What is the weather today?", "How is the weather tonight?", True),
        ("How do I reset my password?", "What are the steps to reset a password?", True),
        ("From Paris to London", "From London to Paris", False), ("Pay 1,000 dollars", "Please pay $1000.0", True)]:
    check(same_slots, query, cached, SLOTS, want=want)
    check(same_slots, cached, query, SLOTS, want=want, why="the guard does not care which of the two came first")
### BEGIN HIDDEN TESTS
for query, cached, want in [
        ("", "", True), ("hello", "", True), ("5", "", False), ("not", "", False), ("today", "", False), ("0", "", False),
        ("0", "-0.0", True), ("TODAY", "today", True), ("Paris?", "(PARIS)", True), ("parisian", "paris", False),
        ("to London from Paris", "to London from Paris, today", False), ("paris paris", "paris", False),
        ("$5", "€5", False), ("$5", "5", False), ("5 euros", "€5", True), ("safe today", "today safe", True),
        ("in Paris today", "today in Paris", True), ("$5 is safe", "is safe: $5", True)]:
    check(same_slots, query, cached, SLOTS, want=want, why="every slot's values, in their order; words as wholes")
    check(same_slots, cached, query, SLOTS, want=want)
check(same_slots, "today", "tomorrow", {}, want=True, why="nobody listed days")
check(same_slots, "today", "tomorrow", {"day": {}}, want=True, why="a slot without words")
both = {"a": {"x": "1", "y": "2"}, "b": {"x": "1", "y": "1"}}
check(same_slots, "x", "y", both, want=False, why="a word of two slots counts in both")
check(same_slots, "x y", "y x", {"b": both["b"]}, want=True, why="both mean the same value")
check(same_slots, "x z", "z x", {"a": {"x": "1"}, "b": {"z": "1"}}, want=True, why="order counts within a slot only")
check(same_slots, "x", "z", {"a": {"x": "1"}, "b": {"z": "1"}}, want=False, why="slots are compared one by one")
check(same_slots, "x", "y", {"a": {"x": "1", "y": "1"}, "b": {"x": "1", "y": "2"}}, want=False,
      why="a word of two slots counts in both")
check(same_slots, "never late", "not late", {"how": {"never": "never", "not": "not"}}, want=False,
      why="a negation may be a slot's word, too")
check(same_slots, "a dollar", "some", {"currency": {"$": "dollar"}}, want=True, why="dollar is a value and no word of it")
check(same_slots, "from Zürich", "from Köln", {"city": {"zürich": "zürich", "köln": "köln"}}, want=False,
      why="letters of any kind")
many = {f"s{c}": {c: c.upper()} for c in "abcdefghij"}
check(same_slots, "a b c d e f g h i", "a b c d e f g h j", many, want=False, why="the ninth slot differs")
long = {f"n{c}": {c * 3: c} for c in "abc"}
check(same_slots, "word " * 300 + "aaa", "word " * 300 + "bbb", long, want=False, why="after 300 words, too")
unchanged(same_slots, "today", "tonight", {k: dict(v) for k, v in SLOTS.items()}, want=True)
### END HIDDEN TESTS

# %% graded="same_slots__numbers" points=1
# Looks at numbers: order, signs, decimals, long ones.
check(same_slots, "from 3 to 4", "from 4 to 3", {}, want=False, why="numbers agree in their order",
      mistakes={"sets or sorted lists were compared": True})
check(same_slots, "account 9007199254740993", "account 9007199254740992", {}, want=False,
      why="the last digit differs", mistakes={"as floats they are equal": True})
### BEGIN HIDDEN TESTS
for query, cached, want in [
        ("-5 degrees", "5 degrees", False), ("1.5", "1.50", True), ("1.5", "15", False), ("2 2", "2", False),
        ("1,234,567", "1234567", True), ("1,5", "1.5", False), ("7", "seven", False), ("007", "7", True),
        ("10 %", "10", True), ("3.0 and 4", "3 and 4.00", True), ("12345678901234567890.1", "12345678901234567890.2", False),
        ("0.1", "0.10000000000000000001", False), ("a 1 b 2", "b 1 a 2", True), ("1000000", "1,000,000", True),
        ("1", "1 0", False), ("5mg", "5 mg", True), ("2020-2021", "2020 2021", True), ("100", "1000", False),
        ("a flat of 50 m²", "flats of 50 m²", True), ("50 m²", "60 m²", False), ("x²", "x", True),
        ("order ٤٨", "order 48", True), ("order ٤٨", "order ٤٩", False), ("x -0.50", "x -.5", False),
        ("1234567890123456789012345678901", "1234567890123456789012345678902", False)]:
    check(same_slots, query, cached, {}, want=want, why="equal as decimals, in their order")
    check(same_slots, cached, query, {}, want=want)
### END HIDDEN TESTS

# %% graded="same_slots__negations" points=1
# Looks at how many negations there are.
check(same_slots, "Can I return them?", "Can't I return them?", {}, want=False, why="can't ends in n't")
check(same_slots, "I do not know", "I don’t know", {}, want=True, why="one negation each; ’ is an apostrophe")
check(same_slots, "not safe, not cheap", "safe, cheap", {}, want=False, why="two are not none",
      mistakes={"odd or even": True})
### BEGIN HIDDEN TESTS
for word in ("not", "no", "never", "none", "nor", "neither", "without", "cannot", "won't", "ISN'T", "Never"):
    check(same_slots, f"ships {word} batteries", "ships batteries", {}, want=False, why=f"{word} is a negation")
    check(same_slots, f"ships {word} batteries", "not with batteries", {}, want=True, why="one negation each")
for query, cached, want in [("not not", "not", False), ("neither a nor b", "no a, no b", True), ("nothing", "thing", True),
                            ("a note on snow", "on snow", True), ("knot", "not", False), ("ain't", "not", True),
                            ("not " * 40, "not " * 41, False), ("ant", "a", True), ("nt", "not", False),
                            ("the dos and don'ts", "the rules", True), ("I couldn't've known", "I knew", True),
                            ("unsafe", "dangerous", True), ("unlocked under Unix, unless untested", "open", True)]:
    check(same_slots, query, cached, {}, want=want, why="whole words of the list, or ending in n't")
    check(same_slots, cached, query, {}, want=want)
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.guard_by_kind(same_slots)

# %% [markdown]
# The pairs of part 2 at a threshold of 0.8, with the help desk's own list of slots: what is served without the guard, and
# with it. The guard stops all numbers and negations, and those slots that *somebody listed*. "Can cats eat onions?" for
# "Can dogs eat onions?" passes: nobody thought of animals. A guard is a list, and lists end. Above the picture stands what
# one comparison took on this machine.
#
# **A key that keeps people apart.** Most of an attack is the sharing. So the space of an entry is computed from
# everything that the answer depends on, and from whom it may be shown to. The system prompt belongs into it: the same
# question has another answer under another prompt. So do the model, its parameters, the language. A service that forgets
# one of them serves answers of yesterday's prompt.
#
# Three scopes: `"user"`, one person's own; `"tenant"`, one customer's (a *tenant* is an organisation that shares the
# service with others); `"public"`, everybody's. The smaller the scope, the fewer hits. That is the price, and it is paid
# in hit rate.
#
# **The catch: a joined string is no key.** Tenant "a|b" with user "c", and tenant "a" with user "b|c", both join to
# "a|b|c". And Python's `hash` of a string is salted anew in every process: a key of it never matches after a restart.
#
# ### Exercise 31.7 · partition_key
#
# `request` is a dict with the keys `tenant`, `user`, `system_prompt`, `model`, `params` (a dict, maybe nested) and
# `locale`; it may hold others, such as a time stamp, and they are **not** part of the key.
#
# - The document: `{"scope": scope}` with `system_prompt`, `model`, `params`, `locale` of the request; for scope
#   `"tenant"` also `tenant`; for `"user"` also `tenant` and `user`. Nothing else: nobody's name in a public key.
# - Canonical JSON: `json.dumps` of that document with sorted keys (at every depth), separators `","` and `":"`, no NaN or
#   infinities, and otherwise its defaults. The answer is the SHA-256 of its UTF-8 as 64 hexadecimal digits. Strings enter
#   as they are: not stripped, not lower-cased.
# - `ValueError`: another scope; a scope that needs a tenant or user that is `None` or `""`. (Else all guests share one
#   "user" and poison each other. The user 0 is a user.) A NaN in `params`: `ValueError` as well.
#
# Source: the idea of RFC 8785 on canonical JSON (which, unlike these defaults, writes é as it is and numbers as JavaScript
# does); FIPS 180-4 for SHA-256; `hash` and PYTHONHASHSEED in Python's documentation.

# %% stub="partition_key"
def partition_key(request: dict, scope: str) -> str:
    """The space of a request's entries, as 64 hexadecimal digits.

    The same for the same request in every process; another one for another system prompt.
    """
    ### BEGIN SOLUTION
    who = {"user": ["tenant", "user"], "tenant": ["tenant"], "public": []}
    if scope not in who:
        raise ValueError(f"no scope {scope!r}")
    if any(request[name] in (None, "") for name in who[scope]):
        raise ValueError(f"scope {scope!r} needs {' and '.join(who[scope])}")
    names = ["system_prompt", "model", "params", "locale", *who[scope]]
    document = {"scope": scope} | {name: request[name] for name in names}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
    ### END SOLUTION
    raise NotImplementedError("partition_key")

# %% [markdown] hints="partition_key"
# <details><summary>Hint 1: a question</summary>
#
# Two requests differ in one field. In which fields must they still share a key, and in which must they not?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# For scope "public" and the model m1, the prompt "Hi", no params, locale "en", the hashed text is
# `{"locale":"en","model":"m1","params":{},"scope":"public","system_prompt":"Hi"}`.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A missing user is not a user. Whatever fills in a default there puts all guests into one space.
#
# </details>

# %% graded="partition_key__hash" points=2
# Looks at the 64 digits: canonical, the same for every order, fields beside ignored.
check(partition_key, ASK, "public", want=hashlib.sha256(
    b'{"locale":"en","model":"m1","params":{},"scope":"public","system_prompt":"Hi"}').hexdigest(),
      why="SHA-256 of the canonical JSON of scope, system_prompt, model, params, locale")
check(partition_key, dict(reversed(ASK.items())) | {"time": 17}, "user", want=hashlib.sha256(
    b'{"locale":"en","model":"m1","params":{},"scope":"user","system_prompt":"Hi","tenant":"acme","user":"ann"}').hexdigest(),
      why="neither the order of the keys nor further fields matter")
### BEGIN HIDDEN TESTS
for r in others():
    for scope in ("user", "tenant", "public"):
        want = key_of(r, scope)
        check(partition_key, r, scope, want=want, why="SHA-256 of the canonical JSON")
        mixed = dict(reversed(list(r.items()))) | {"time": 1.5, "ip": "10.0.0.1", "scope": "user"}
        mixed["params"] = dict(reversed(list(r["params"].items())))
        check(partition_key, mixed, scope, want=want, why="order and further fields do not matter")
deep = request(params={"b": {"y": 1, "x": {"n": 1, "m": 2}}, "a": [1]})
turned = request(params={"a": [1], "b": {"x": {"m": 2, "n": 1}, "y": 1}})
expect(partition_key(deep, "user") == partition_key(turned, "user"), True, on="the order inside params")
unchanged(partition_key, request(params={"b": {"y": 1}}), "user", want=key_of(request(params={"b": {"y": 1}}), "user"))
### END HIDDEN TESTS

# %% graded="partition_key__who" points=2
# Looks at who shares a key with whom, and at requests without a name.
ann, bob = {**ASK, "user": "ann"}, {**ASK, "user": "bob"}
for scope, same in (("user", False), ("tenant", True), ("public", True)):
    expect(partition_key(ann, scope) == partition_key(bob, scope), same, on=f"whether two users of one tenant share {scope!r}")
raises(ValueError, partition_key, {**ASK, "user": None}, "user", why="a guest has no space of his own")
raises(ValueError, partition_key, ASK, "everybody", why="there is no such scope")
### BEGIN HIDDEN TESTS
keys, base = {}, request()
for r in others():
    for scope in ("user", "tenant", "public"):
        keys.setdefault(partition_key(r, scope), set()).add((key_of(r, scope), scope))
assert all(len(v) == 1 for v in keys.values()), "two spaces that must be apart share a key"
for nobody in (None, ""):
    for scope, field in (("user", "user"), ("user", "tenant"), ("tenant", "tenant")):
        raises(ValueError, partition_key, {**base, field: nobody}, scope, why=f"{field} is {nobody!r}")
    check(partition_key, {**base, "user": nobody}, "tenant", want=key_of(base, "tenant"), why="a tenant's key needs no user")
    check(partition_key, {**base, "user": nobody, "tenant": nobody}, "public", want=key_of(base, "public"),
          why="a public key needs no names")
for scope in ("", "User", None, "private"):
    raises(ValueError, partition_key, base, scope, why=f"there is no scope {scope!r}")
for bad in (math.nan, math.inf, -math.inf):
    raises(ValueError, partition_key, request(params={"top_p": bad}), "public", why="NaN and infinity are no JSON")
    raises(ValueError, partition_key, request(params={"list": [1, {"x": bad}]}), "user", why="NaN and infinity are no JSON")
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.who_shares(partition_key)

# %% [markdown]
# Requests that differ in one field: blue, where your key lets them share.
#
# ## 6 · What looks after it: golden answers and canaries
#
# A guard looks at one request. An audit looks at the whole cache, every few minutes, with two lists.
#
# **Golden answers**: for the questions that matter most, somebody wrote down which answers are right. If the cache holds
# another answer close to such a question, something is wrong, by attack or by a model that erred. The guide's code finds
# this, writes an alert, *and goes on to serve the entry*. An alert that blocks nothing is a log line.
#
# **Canaries**: questions that no honest user asks, close to questions that attackers want ("How do I reset the password
# of the account that I am locked out of, urgently, now?"). An entry next to one was aimed. The guide's canaries are the
# texts CANARY_TEST_0 to CANARY_TEST_99. They lie near each other and near no real question, so nobody ever hits one. Its
# code also embeds all hundred at each lookup. Embed a list once, and hand vectors around.
#
# **The catch: all near entries, and all of the writer's.** The audit must not look at the best entry alone. The second
# best is served as soon as the best expires. And who touched a canary has other entries, too: block the writer, not the
# entry.
#
# ### Exercise 31.8 · audit
#
# `keys` (N, D), `answers` and `writers` describe the N entries. A writer is None for the service itself, else a hashable
# name (0 and "" are names). `golden` is a list of `(vector (D,), list of accepted answers)`, `canaries` is (C, D). N, C
# and the list of golden questions may be empty. *Near* means a cosine of at least `threshold`, as in `best_match`
# (vectors of any length; zeros have cosine 0; float32 inside for half precision, float64 for float64).
#
# - Golden question i and **every** entry j near it: if the answer is none of the accepted ones, there is an alert
#   `("golden", i, j)` and entry j is blocked. Answers are equal when they agree after white space is collapsed,
#   `" ".join(a.split())`, and case is folded (`str.casefold`). With an empty list of accepted answers none is right.
# - Canary i and every entry j near it whose writer is not None: an alert `("canary", i, j)`, and **all entries of that
#   writer** are blocked, wherever they lie.
# - Returns `(alerts, blocked)`: all alerts as tuples, sorted as Python sorts them; the blocked entries as a sorted list of
#   plain ints, each once.
#
# Source: section 28 of the guide, mended; canary tokens are an old idea of intrusion detection (Spitzner 2003,
# "Honeytokens").

# %% stub="audit"
def audit(keys: Float[Tensor, "N D"], answers: Sequence[str], writers: Sequence,
          golden: Sequence[tuple[Float[Tensor, "D"], list[str]]], canaries: Float[Tensor, "C D"],
          threshold: float) -> tuple[list[tuple[str, int, int]], list[int]]:
    """What is wrong in a cache, and which entries have to go: (alerts, blocked).

    An entry with the answer "5" next to a golden question that accepts ["4"]: ([("golden", 0, 0)], [0]).
    """
    ### BEGIN SOLUTION
    def plain(answer):
        return " ".join(answer.split()).casefold()

    def near(vec):
        live, found = torch.ones(len(keys), dtype=torch.bool), []
        while (hit := best_match(vec, keys, threshold, live)) is not None:
            found.append(hit[0])
            live[hit[0]] = False
        return found

    alerts = [("golden", i, j) for i, (vec, accepted) in enumerate(golden) for j in near(vec)
              if plain(answers[j]) not in map(plain, accepted)]
    alerts += [("canary", i, j) for i, vec in enumerate(canaries) for j in near(vec) if writers[j] is not None]
    caught = {writers[j] for kind, _, j in alerts if kind == "canary"}
    blocked = {j for kind, _, j in alerts if kind == "golden"} | {j for j, w in enumerate(writers) if w in caught}
    return sorted(alerts), sorted(blocked)
    ### END SOLUTION
    raise NotImplementedError("audit")

# %% [markdown] hints="audit"
# <details><summary>Hint 1: a question</summary>
#
# A poisoned entry lies second best beside a golden question, a right one lies best. Which of them is served today, and
# which tomorrow?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Entries 0 and 2 are by "eve", 1 by "ann". Entry 2 lies at a canary: alert ("canary", 0, 2), blocked 0 and 2. Entry 1 says
# " Paris " where "paris" is accepted: no alert.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The service's own entries may lie at a canary: it put them there. And a writer who is called 0 is not nobody.
#
# </details>

# %% graded="audit__golden" points=2
# Looks at answers near golden questions: all of them, and the wrong ones blocked.
keys = torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
check(audit, keys, ["Paris", "Rome", "Rome"], ["ann", "bob", "cy"], [(torch.tensor([2.0, 0.0]), ["paris"])], torch.zeros(0, 2),
      0.5, want=([("golden", 0, 1)], [1]), why="entry 1 is the second best and wrong; entry 2 is far away",
      mistakes={"alerted and not blocked": ([("golden", 0, 1)], []), "only the nearest entry was looked at": ([], []),
                "case counted": ([("golden", 0, 0), ("golden", 0, 1)], [0, 1])})
check(audit, keys, ["Paris", "Rome", "Rome"], ["ann", "bob", "cy"], [], torch.zeros(0, 2), 0.5, want=([], []))
### BEGIN HIDDEN TESTS
for seed, (n, g, c, t) in enumerate([(12, 3, 0, 0.5), (70, 7, 0, 0.3), (1, 1, 0, -2.0), (0, 2, 0, 0.1), (9, 0, 0, 0.0)]):
    for dtype in (torch.float32, torch.float64):
        rng = np.random.default_rng(seed)
        k = drawn(n, 6, seed=seed, dtype=dtype) * 10 ** torch.sin(torch.arange(n, dtype=dtype))[:, None]
        said = [SAID[i] for i in rng.integers(0, 10, n)]
        gold = [(drawn(6, seed=90 + seed + i, dtype=dtype) * (i + 0.01), [SAID[j] for j in rng.integers(0, 10, i % 4)])
                for i in range(g)]
        wrote = [None if i % 3 == 0 else "ann" for i in range(n)]
        want = audited(k, said, wrote, gold, torch.zeros(c, 6, dtype=dtype), t)
        check(audit, k, said, wrote, gold, torch.zeros(c, 6, dtype=dtype), t, want=want,
              why="every entry near a golden question, whoever wrote it")
check(audit, torch.tensor([[0.0, 0.0]]), ["x"], [None], [(torch.tensor([1.0, 0.0]), [])], torch.zeros(0, 2), 0.0,
      want=([("golden", 0, 0)], [0]), why="zeros have cosine 0, which reaches 0; nothing is accepted")
check(audit, torch.tensor([[2.0, 0.0]]), [""], ["a"], [(torch.tensor([1.0, 0.0]), [" "])], torch.zeros(0, 2), 1.0,
      want=([], []), why="an empty answer is the accepted one; a cosine equal to the threshold is near")
check(audit, torch.tensor([[2.0, 0.0]]), ["no"], [0], [(torch.tensor([1.0, 0.0]), ["yes", "No!"]), (torch.tensor([1.0, 0.0]),
      ["NO"])], torch.zeros(0, 2), 1.0, want=([("golden", 0, 0)], [0]), why="right for one question, wrong for another")
check(audit, torch.tensor([[2.0, 0.0], [1.0, 0.0]]), ["Paris.", "Paris, I think"], [0, 1],
      [(torch.tensor([1.0, 0.0]), ["Paris"])], torch.zeros(0, 2), 1.0,
      want=([("golden", 0, 0), ("golden", 0, 1)], [0, 1]), why="another sign is another answer")
### END HIDDEN TESTS

# %% graded="audit__canaries" points=2
# Looks at entries at a canary, all others of their writer, and those of the service.
keys = torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
check(audit, keys, ["a", "b", "c"], ["eve", "ann", "eve"], [], torch.tensor([[0.0, 3.0]]), 0.9,
      want=([("canary", 0, 2)], [0, 2]), why="entry 2 lies at the canary; eve wrote entry 0 as well",
      mistakes={"only the entry was blocked": ([("canary", 0, 2)], [2])})
check(audit, keys, ["a", "b", "c"], ["eve", None, None], [], torch.tensor([[0.0, 3.0]]), 0.9, want=([], []),
      why="the service itself put entry 2 there")
### BEGIN HIDDEN TESTS
check(audit, keys, ["a", "b", "c"], [None, 0, ""], [], torch.tensor([[0.0, 3.0], [3.0, 4.0]]), 0.9,
      want=([("canary", 0, 2), ("canary", 1, 1)], [1, 2]), why='0 and "" are names')
check(audit, keys, ["a", "b", "c"], [None, None, "x"], [], torch.tensor([[0.0, 1.0], [1.0, 0.0]]), 0.9,
      want=([("canary", 0, 2)], [2]), why="a canary that only the service is near")
check(audit, keys, ["a", "b", "c"], [1, "1", "1"], [], torch.tensor([[1.0, 0.0]]), 0.9, want=([("canary", 0, 0)], [0]),
      why='1 and "1" are two writers')
for seed, (n, g, c, t) in enumerate([(15, 2, 3, 0.5), (70, 3, 7, 0.6), (40, 0, 1, 0.0), (0, 0, 3, -1.5), (30, 4, 4, 0.97)]):
    for dtype in (torch.float32, torch.float64):
        rng = np.random.default_rng(100 + seed)
        k = drawn(n, 5, seed=seed + 7, dtype=dtype)
        traps = drawn(c, 5, seed=seed + 8, dtype=dtype) * 3
        if n:
            k[:1], k[n // 2] = traps[:1] * 0.5, 0
        wrote = [[None, 0, "", "ann", ("t", "u"), "bob", 7, ("t", "v")][i] for i in rng.integers(0, 8, n)]
        said = [SAID[i] for i in rng.integers(0, 10, n)]
        gold = [(drawn(5, seed=60 + seed + i, dtype=dtype), ["Paris", "Rome"]) for i in range(g)]
        want = audited(k, said, wrote, gold, traps, t)
        check(audit, k, said, wrote, gold, traps, t, want=want, why="every entry near a canary; then all of their writers'")
        unchanged(audit, k.clone(), list(said), list(wrote), [(v.clone(), list(a)) for v, a in gold], traps.clone(), t,
                  want=want)
for dtype in (torch.float16, torch.bfloat16):
    k, traps = drawn(40, 24, seed=3, dtype=dtype), drawn(2, 24, seed=4, dtype=dtype)
    k[5] = traps[0] * 2
    k[6] = traps[0] + 0.25 * drawn(24, seed=5, dtype=dtype)
    edge = cosines(traps[0], k)[6]
    for t in (edge - 2e-4, edge + 2e-4):
        check(audit, k, ["x"] * 40, [f"w{i}" for i in range(40)], [], traps, t,
              want=audited(k, ["x"] * 40, [f"w{i}" for i in range(40)], [], traps, t), why="float32 inside")
check(audit, keys, ["a", "b", "c"], [tuple("tu"), tuple("tv"), tuple("tu")], [], torch.tensor([[0.0, 3.0]]), 0.9,
      want=([("canary", 0, 2)], [0, 2]), why="names are the same when they are equal")
k = torch.tensor([[1.0, 2e-5], [1.0, 1e-5]], dtype=torch.float64)
check(audit, k, ["x", "y"], ["a", "b"], [], torch.tensor([[1.0, 0.0]], dtype=torch.float64), 1 - 1e-10,
      want=([("canary", 0, 1)], [1]), why="float64 stays float64")
got = audit(keys, ["a", "b", "c"], ["eve", "ann", "eve"], [], torch.tensor([[0.0, 3.0]]), 0.9)
assert all(type(j) is int for j in got[1]) and all(type(a[1]) is int and type(a[2]) is int for a in got[0]), (
    f"plain ints were asked for, got {got!r}")
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.audit_map(audit)

# %% [markdown]
# Entries as directions in the plane: blue ones stay, red ones your audit blocks. The green band is what lies near a
# golden question, the orange one what lies near a canary.
#
# ## 7 · A cache that survives
#
# Now the pieces become one. The order of the layers follows their price: the key costs microseconds and removes most
# attackers; the lookup; the guard on the text; the audit in the background. What nobody checked stays private to its
# writer. What is shared was verified *when it was written*, where there is time for a judge or a person.
#
# ### Exercise 31.9 · GuardedCache
#
# `GuardedCache(threshold, ttl, max_size, slots)`: entries stand in a `SemanticCache` with the first three, in the spaces
# of `partition_key`. Requests are dicts as in 31.7.
#
# - `put(request, text, vec, answer, now, scope="user", verified=False)` returns whether the entry was stored. First its
#   space is computed (a `ValueError` of `partition_key` passes through). Nothing is stored, and False returned, if it is
#   not verified and the scope is `"tenant"` or `"public"`, or if it is not verified and its writer is **barred**. The
#   writer of an entry is the pair (tenant, user); of a verified one it is the service itself (None).
# - `get(request, text, vec, now)` returns an answer or None. It looks in the user's space, then the tenant's, then the
#   public one, and passes over a space for which the request has no name (`partition_key` raises). In each, the nearest
#   entry that reaches the threshold **and** has the same slots as `text` answers; the first space with an answer wins.
# - `audit(golden, canaries, now)` runs your `audit` over all live entries of all spaces at the cache's threshold, drops the
#   blocked ones, bars the writers of entries at a canary for good, and returns the texts that were dropped as a sorted
#   list (a text that stood in two spaces twice). With nothing wrong it returns []. A barred writer may still read.
#
# Text put again into the same space replaces the entry, and its writer. Source: the mitigations of the papers in part 4,
# put in an order.

# %% stub="GuardedCache"
class GuardedCache:
    """A semantic cache with partitions, a guard on the text and an audit.

    What "eve" puts, only "eve" gets; what is verified as "public", everybody gets, if the slots agree.
    """

    def __init__(self, threshold: float, ttl: float, max_size: int, slots: dict[str, dict[str, str]]):
        ### BEGIN SOLUTION
        self.cache, self.threshold, self.slots = SemanticCache(threshold, ttl, max_size), threshold, slots
        self.writers: dict[tuple[str, str], tuple | None] = {}  # (space, text) -> who wrote it
        self.barred: set[tuple] = set()
        return
        ### END SOLUTION
        raise NotImplementedError("GuardedCache")

    def put(self, request: dict, text: str, vec: Float[Tensor, "D"], answer: str, now: float, scope: str = "user",
            verified: bool = False) -> bool:
        ### BEGIN SOLUTION
        space = partition_key(request, scope)
        writer = None if verified else (request["tenant"], request["user"])
        if writer in self.barred or (scope != "user" and not verified):
            return False
        self.cache.put(space, text, vec, answer, now)
        self.writers[space, text] = writer
        return True
        ### END SOLUTION
        raise NotImplementedError("GuardedCache")

    def get(self, request: dict, text: str, vec: Float[Tensor, "D"], now: float) -> str | None:
        ### BEGIN SOLUTION
        for scope in ("user", "tenant", "public"):
            try:
                space = partition_key(request, scope)
            except ValueError:
                continue
            hit = self.cache.get(space, vec, now, lambda cached: same_slots(text, cached, self.slots))
            if hit is not None:
                return hit[1]
        return None
        ### END SOLUTION
        raise NotImplementedError("GuardedCache")

    def audit(self, golden: Sequence[tuple[Float[Tensor, "D"], list[str]]], canaries: Float[Tensor, "C D"],
              now: float) -> list[str]:
        ### BEGIN SOLUTION
        found = [(s, *entry) for s in {s for s, _ in self.writers} for entry in self.cache.entries(s, now)]
        if not found:
            return []
        writers = [self.writers[s, text] for s, text, _, _ in found]
        alerts, blocked = audit(torch.stack([vec for _, _, vec, _ in found]), [answer for *_, answer in found], writers,
                                golden, canaries, self.threshold)
        self.barred |= {writers[j] for kind, _, j in alerts if kind == "canary"}
        for j in blocked:
            self.cache.drop(*found[j][:2])
        return sorted(found[j][1] for j in blocked)
        ### END SOLUTION
        raise NotImplementedError("GuardedCache")


# %% [markdown] hints="GuardedCache"
# <details><summary>Hint 1: a question</summary>
#
# An entry lies in the cache. Which three facts about it must you know later, that `SemanticCache` alone does not tell the
# audit?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Public and verified: "Is it open today?" yes. Eve asks "Is it open tomorrow?": near enough, another day, so None. She
# puts her own answer "no", scope user: True. Ann asks the same: None, for eve's entry is eve's. Eve again: "no".
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The guard goes *into* the lookup, as its `accept`. Behind it, one planted near-miss hides the good entry from everybody.
#
# </details>

# %% graded="GuardedCache__serves" points=2
# Looks at honest traffic: who gets what, from which scope, and when no longer.
ann, bob, guest = ASK, {**ASK, "user": "bob"}, {**ASK, "user": None}
v = torch.tensor([1.0, 0.0])
steps(GuardedCache(0.8, 60, 9, DAYS), [
    ("put", (ann, "Open today?", v, "yes", 0), True), ("get", (ann, "Are you open today?", v, 1), "yes"),
    ("get", (bob, "Open today?", v, 1), None), ("put", (bob, "Open today?", v, "9 to 5", 1, "public", True), True),
    ("get", (guest, "Open today?", v, 2), "9 to 5"), ("get", (ann, "Open today?", v, 2), "yes"),
    ("get", (ann, "Open tomorrow?", v, 2), None), ("get", (ann, "Open today?", v, 60), "9 to 5"),
    ("get", (ann, "Open today?", v, 61), None)], why="first one's own, then the tenant's, then the public entries")
### BEGIN HIDDEN TESTS
stranger = {**ann, "tenant": "other"}
steps(GuardedCache(0.8, 60, 9, DAYS), [
    ("put", (bob, "hours", v, "T", 0, "tenant", True), True), ("get", (ann, "hours", v, 1), "T"),
    ("get", (guest, "hours", v, 1), "T"), ("get", (stranger, "hours", v, 1), None),
    ("put", (bob, "hours", v, "P", 1, "public", True), True), ("get", (stranger, "hours", v, 1), "P"),
    ("get", (ann, "hours", v, 1), "T"), ("put", (ann, "hours", v, "U", 2), True), ("get", (ann, "hours", v, 2), "U"),
    ("get", (bob, "hours", v, 2), "T"), ("get", ({**guest, "tenant": None}, "hours", v, 2), "P"),
    ("get", (ann, "hours", -v, 2), None)], why="the first scope with an answer wins")
for other in ({"model": "m2"}, {"system_prompt": "Be kind."}, {"params": {"t": 1}}, {"locale": "de"}):
    steps(GuardedCache(0.8, 60, 9, {}), [
        ("put", (ann, "q", v, "U", 0), True), ("put", (ann, "q", v, "P", 0, "public", True), True),
        ("get", ({**ann, **other}, "q", v, 0), None), ("get", ({**ann, "time": 3}, "q", v, 0), "U")],
          why="another prompt, model, parameter or language: another space")
w, x = torch.tensor([4.0, 3.0]), torch.tensor([3.0, 4.0])
steps(GuardedCache(0.5, 60, 9, {}), [
    ("put", (ann, "a", w, "own", 0), True), ("put", (bob, "b", v, "P", 0, "public", True), True),
    ("put", (bob, "c", x, "T", 0, "tenant", True), True), ("get", (ann, "q", v, 0), "own"), ("get", (bob, "q", v, 0), "T"),
    ("get", (stranger, "q", v, 0), "P")], why="the first scope with an answer wins, though another has a nearer entry")
steps(GuardedCache(0.5, 60, 9, DAYS), [
    ("put", (ann, "open tomorrow", v, "no", 0), True), ("put", (ann, "open today", w, "yes", 0), True),
    ("put", (ann, "open 5 days", x, "mostly", 0), True),
    ("get", (ann, "is it open today", v, 0), "yes"), ("get", (ann, "open 5 days?", v, 0), "mostly"),
    ("get", (ann, "not open today", v, 0), None), ("get", (ann, "open tomorrow?", v, 0), "no")],
      why="the nearest with the same slots")
steps(GuardedCache(0.75, 60, 2, {}), [
    ("put", (ann, "q", v, "", 0), True), ("get", (ann, "q", v, 0), ""), ("put", (ann, "q", v, "new", 1), True),
    ("get", (ann, "q", v, 1), "new"), ("put", (ann, "r", -v, "R", 2), True), ("put", (ann, "s", w, "S", 3), True),
    ("get", (ann, "q", v, 3), "S"), ("get", (ann, "r", -v, 3), "R")], why="replaced when put again; room for two in a space")
steps(GuardedCache(0.5, 60, 9, {}), [
    ("put", (ann, "open 5 days", v, "yes", 0), True), ("get", (ann, "open 6 days", v, 0), None),
    ("get", (ann, "not open 5 days", v, 0), None), ("get", (ann, "open tomorrow for 5 days", v, 0), "yes")],
      why="numbers and negations are compared without any slots, too")
one, two = GuardedCache(0.8, 60, 9, DAYS), GuardedCache(0.8, 60, 9, {})
one.put(ann, "today", v, "yes", 0)
two.put(ann, "today", v, "other", 0)
expect(one.get(ann, "tomorrow", v, 0), None, on="one of two caches")
expect(two.get(ann, "tomorrow", v, 0), "other", on="another, without slots")
raises(ValueError, one.put, guest, "q", v, "A", 0, why="a guest has no space of his own")
for verified in (True, False):
    raises(ValueError, one.put, ann, "q", v, "A", 0, "everybody", verified, why="there is no such scope")
    raises(ValueError, one.put, {**ann, "tenant": ""}, "q", v, "A", 0, "tenant", verified, why="nobody's tenant space")
### END HIDDEN TESTS

# %% graded="GuardedCache__attacks" points=3
# Looks at planted entries: unverified shared ones, near-misses, collisions, floods.
ann, bob, eve, v = ASK, {**ASK, "user": "bob"}, {**ASK, "user": "eve"}, torch.tensor([1.0, 0.0])
steps(GuardedCache(0.8, 60, 9, DAYS), [
    ("put", (eve, "Open today?", v, "call 555", 0), True), ("get", (ann, "Open today?", v, 1), None),
    ("put", (eve, "Open today?", v, "call 555", 1, "tenant"), False), ("get", (ann, "Open today?", v, 1), None),
    ("put", (eve, "Open today?", v, "call 555", 1, "public"), False), ("get", (ann, "Open today?", v, 1), None)],
      why="what nobody verified stays with its writer")
### BEGIN HIDDEN TESTS
planted = "call 555 open today is the shop"
for scope, verified in (("user", False), ("tenant", True), ("public", True)):
    texts = ["is the shop open today", planted, "is the shop not open today", "is the shop open tomorrow",
             "is the shop open at 9 today"]
    e = toy_embed(texts)
    cache = GuardedCache(0.3, 60, 9, DAYS)
    for text, vec in list(zip(texts, e))[1:]:
        expect(cache.put(ann, text, vec, "wrong", 0, scope, verified), True, on=f"put {text!r}, scope {scope}")
    expect(cache.get(ann, texts[0], e[0], 1), None, on=f"get among near-misses in scope {scope}",
           why="a number, a negation or a day differs in each")
    cache.put(ann, "the shop: is it open today", toy_embed(["the shop: is it open today"])[0], "right", 1, scope, verified)
    expect(cache.get(ann, texts[0], e[0], 1), "right", on=f"get with a good entry farther away, scope {scope}",
           why="a planted near-miss must not hide the good entry")
cache = GuardedCache(0.8, 1e9, 3, {})
cache.put(ann, "mine", v, "A", 0)
cache.put(bob, "hours", v, "P", 0, "public", True)
for i in range(12):
    cache.put(eve, f"flood {i}", v, "E", i)
    cache.put({**eve, "tenant": "t2"}, f"flood {i}", v, "E", i)
expect(cache.get(ann, "mine", v, 20), "A", on="get after a flood by somebody else", why="each space has its own room")
expect(cache.get(bob, "hours", v, 20), "P", on="get of a public entry after a flood")
twin = {**ann, "tenant": "evil"}
steps(GuardedCache(0.8, 60, 9, {}), [
    ("put", (twin, "q", v, "bad", 0), True), ("get", (ann, "q", v, 0), None), ("get", (twin, "q", v, 0), "bad"),
    ("put", (twin, "q", v, "bad", 0, "tenant", True), True), ("get", (ann, "q", v, 0), None)],
      why="ann of another tenant is somebody else")
steps(GuardedCache(0.8, 60, 9, {}), [
    ("put", ({**ann, "tenant": "a|b", "user": "c"}, "q", v, "bad", 0), True),
    ("get", ({**ann, "tenant": "a", "user": "b|c"}, "q", v, 0), None)], why="a joined string is no key")
steps(GuardedCache(0.8, 60, 9, {}), [
    ("put", (bob, "q", v, "right", 0, "public", True), True), ("put", (eve, "q", v, "bad", 1, "public"), False),
    ("put", (eve, "q", v, "bad", 1, "tenant", False), False), ("get", (ann, "q", v, 1), "right"),
    ("get", (eve, "q", v, 1), "right"), ("audit", ([], v[None], 1), []), ("put", (eve, "q", v, "bad", 2), True),
    ("get", (ann, "q", v, 2), "right"), ("get", (eve, "q", v, 2), "bad")],
      why="an unverified put that is refused changes nothing: no entry, no writer")
### END HIDDEN TESTS

# %% graded="GuardedCache__audit" points=3
# Looks at the audit over all spaces: what is dropped, who is barred, what stays.
ann, bob, eve = ASK, {**ASK, "user": "bob"}, {**ASK, "user": "eve"}
v, u, w = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor([3.0, 4.0])
steps(GuardedCache(0.9, 60, 9, {}), [
    ("put", (bob, "capital?", v, "Rome", 0, "public", True), True), ("put", (eve, "trap", u, "x", 0), True),
    ("put", (eve, "other", w, "y", 0), True), ("audit", ([(v, ["Paris"])], torch.stack([u]), 1), ["capital?", "other", "trap"]),
    ("get", (ann, "capital?", v, 1), None), ("put", (eve, "other", w, "y", 1), False), ("get", (eve, "other", w, 1), None),
    ("audit", ([(v, ["Paris"])], torch.stack([u]), 1), [])],
      why="the wrong answer is dropped; eve touched a canary: all that she wrote goes, and she may write no more")
### BEGIN HIDDEN TESTS
none = torch.zeros(0, 2)
steps(GuardedCache(0.9, 60, 9, {}), [("audit", ([(v, ["Paris"])], torch.stack([u]), 0), []), ("get", (ann, "q", v, 0), None)],
      why="an empty cache")
steps(GuardedCache(0.9, 60, 9, {}), [
    ("put", (ann, "q", v, "paris", 0), True), ("put", (bob, "q", v, "Rome", 0), True), ("put", (eve, "q", v, "Bonn", 0), True),
    ("put", (bob, "r", u, "R", 0), True), ("audit", ([(2 * v, ["PARIS "])], none, 0), ["q", "q"]),
    ("get", (ann, "q", v, 0), "paris"), ("get", (bob, "q", v, 0), None), ("get", (bob, "r", u, 0), "R"),
    ("put", (bob, "q", v, "Rome", 1), True)], why="one text in several spaces; a wrong answer alone bars nobody")
steps(GuardedCache(0.9, 60, 9, {}), [
    ("put", (eve, "trap", u, "x", 0), True), ("put", ({**eve, "tenant": "t2"}, "fine", v, "F", 0), True),
    ("put", (ann, "good", v, "G", 0), True), ("put", (bob, "own", u, "O", 0, "public", True), True),
    ("put", ({**eve, "model": "m2", "system_prompt": "Be kind.", "locale": "de"}, "elsewhere", v, "E", 0), True),
    ("audit", ([], 3 * u[None], 0), ["elsewhere", "trap"]),
    ("get", ({**eve, "tenant": "t2"}, "fine", v, 0), "F"), ("get", (ann, "good", v, 0), "G"),
    ("get", (ann, "own", u, 0), "O"), ("get", (eve, "own", u, 0), "O"),
    ("put", ({**eve, "model": "m3", "system_prompt": "No.", "params": {"t": 1}, "locale": "fr"}, "new", w, "N", 1), False),
    ("put", ({**eve, "tenant": "t2"}, "new", w, "N", 1), True),
    ("put", (eve, "new", w, "N", 1, "user", True), True), ("get", (eve, "new", w, 1), "N"), ("audit", ([], none, 1), []),
    ("put", (eve, "again", w, "N", 2), False), ("get", (eve, "trap", u, 2), "O")],
      why="barred is the pair of tenant and user, for good; the service's own entries and verified ones stay")
steps(GuardedCache(0.9, 60, 9, {}), [
    ("put", (bob, "capital?", v, "Rome", 0, "public", True), True),
    ("put", (bob, "hours", u, "9 to 5", 0, "tenant", True), True), ("audit", ([(v, ["Paris"])], u[None], 1), ["capital?"]),
    ("put", (bob, "capital?", v, "Paris", 2, "public", True), True),
    ("put", (ann, "mine", v, "M", 2), True), ("get", (eve, "capital?", v, 2), "Paris"),
    ("audit", ([(v, ["Paris", "M"])], none, 2), [])],
      why="the service's own wrong answer goes, and the service writes on")
steps(GuardedCache(0.9, 10, 9, {}), [
    ("put", (eve, "trap", u, "x", 0), True), ("put", (eve, "later", v, "L", 5), True), ("audit", ([], u[None], 10), []),
    ("put", (eve, "more", w, "M", 11), True), ("get", (eve, "more", w, 11), "M")], why="dead entries alarm nobody")
one, two = {**ann, "tenant": "a|b", "user": "c"}, {**ann, "tenant": "a", "user": "b|c"}
steps(GuardedCache(0.9, 60, 9, {}), [
    ("put", (one, "trap", u, "x", 0), True), ("put", (two, "mine", v, "M", 0), True), ("audit", ([], u[None], 0), ["trap"]),
    ("put", (one, "n", w, "N", 1), False), ("put", (two, "n", w, "N", 1), True), ("get", (two, "mine", v, 1), "M")],
      why="a writer is a pair, no joined string")
steps(GuardedCache(0.9, 60, 9, {}), [
    ("put", (eve, "t", u, "x", 0), True), ("put", (ann, "t", v, "A", 0), True), ("audit", ([], u[None], 0), ["t"]),
    ("put", (eve, "n", v, "x", 1), False), ("put", (ann, "n", v, "A", 1), True), ("get", (ann, "t", v, 1), "A")],
      why="one text in two spaces has two writers")
steps(GuardedCache(0.5, 60, 9, {}), [
    ("put", (ann, "near", v, "Paris", 0), True), ("put", (ann, "second", w, "Rome", 0), True),
    ("audit", ([(v, ["paris"])], none, 0), ["second"]), ("get", (ann, "x", v, 0), "Paris")],
      why="at the cache's own threshold, every entry near a golden question")
steps(GuardedCache(0.9, 60, 9, {}), [
    ("put", (eve, "trap", u, "x", 0), True), ("put", (eve, "trap", v, "x", 1), True), ("audit", ([], u[None], 1), []),
    ("put", (eve, "trap", u, "x", 2, "user", True), True), ("audit", ([], u[None], 2), [])],
      why="put again, an entry has a new vector and a new writer")
### END HIDDEN TESTS

# %% tags=["picture"]
cache_poisoning.attacks(SemanticCache, GuardedCache, toy_embed)

# %% [markdown]
# Six attacks on the toy embedding, against a plain shared cache at a threshold of 0.8 and against yours. Below: two honest
# requests, which a cache that refuses everything would fail. Both count.
#
# **What this does not show.** The attacker of this notebook is yours; a real one adapts. If one user *is* the attacker's
# victim through a shared device or a stolen session, no partition helps. And verification is as good as whoever verifies.
#
# ## 8 · The experiment: a higher threshold, or a guard?
#
# The help desk of part 2, embedded by MiniLM, about 2 seconds. The nearest entry is the right one for 90 % of the
# requests; a wrong answer costs as much as 30 misses. Four designs:
#
# | name | serves |
# |---|---|
# | `"no cache"` | nothing |
# | `"0.8"` | at a cosine of 0.8 or more |
# | `"0.95"` | at a cosine of 0.95 or more |
# | `"0.8 + guard"` | at 0.8 or more, if your `same_slots` agrees |
#
# **Predict before you run it**: order the four by the expected cost of a request (the formula of part 2), the cheapest
# first. One point for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the cheapest first
### BEGIN SOLUTION
prediction = ["0.8 + guard", "no cache", "0.95", "0.8"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["0.8", "0.8 + guard", "0.95", "no cache"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["0.8", "0.8 + guard", "0.95", "no cache"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["0.8 + guard", "no cache", "0.95", "0.8"],
          "Ten of a hundred nearest entries are wrong, and each of those that is served costs thirty misses. Which designs "
          "stop them, and what do they cost in hits?")
### END HIDDEN TESTS

# %% tags=["experiment"]
DESIGNS = {"no cache": (math.inf, False), "0.8": (0.8, False),
           "0.95": (0.95, False), "0.8 + guard": (0.8, True)}


def served(query, cached, cosine, threshold, guard, slots):
    "Whether a design serves the answer of one text to the other."
    return cosine >= threshold and (not guard or same_slots(query, cached, slots))


def cost(hit, false_hit, share_right=0.9, cost_wrong=30, cost_miss=1):
    "The expected cost of a request."
    missed = share_right * (1 - hit) + (1 - share_right) * (1 - false_hit)
    return cost_miss * missed + cost_wrong * (1 - share_right) * false_hit


table = cache_poisoning.four_designs(DESIGNS, served, cost, prediction=prediction)

# %% [markdown]
# - Compare the first two columns: how many right hits does a higher threshold give up, and how many wrong ones? The
#   near-misses are *nearer* than the paraphrases: mean cosine 0.956 for negations, 0.846 for paraphrases.
# - The guard does not look at distance at all. What passes it are slots that nobody listed.
# - "No cache" is a design, too. Which of the others cost more than it in your table, and which less?
# - What this does not show: the numbers of your traffic. The pairs are few and were written for this section, the slots by
#   somebody who had seen them. A fair test writes the list first, and counts on new traffic.
#
# ## 9 · Feel it: threshold, guard, price
#
# Move the threshold, switch the guard on and off, change the price of a wrong answer and the share of right neighbours. For
# which prices and shares is the cache worth having without the guard, and at which threshold?

# %% tags=["widget"]
cache_poisoning.widget(same_slots)

# %% [markdown]
# ## 10 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="helpdesk"
# A help desk for **many companies** answers 200,000 requests a day. A call of the model costs **0.4 cents**. A shared
# semantic cache (one space, threshold 0.95) serves 35 % of the requests; of the served answers 2 % belong to another
# question. A wrong answer costs **30 cents** on average. Last week a customer's users were told to call a stranger's
# number. Write, in about 15 lines:
#
# 1. What the cache gains and loses a day, and the share of wrong answers at which it breaks even.
# 2. How the stranger's number came in, step by step. Which part of that does a threshold of 0.99 stop?
# 3. Your design: what is shared with whom, what is checked when writing, when reading, and in the background.
# 4. After your change 28 % are served and 0.3 % of them are wrong. What is the balance now, and what do you watch?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Balance**: 70,000 served · 0.4 = 28,000 cents saved; 1,400 wrong · 30 = 42,000 cents lost: 14,000 cents lost a day.
#   Break-even at 0.4 / 30 = 1.33 % wrong. (Half a point for one of the two.)
# - **Attack**: somebody *asked* a prompt that made the model give the number and whose embedding lies near a frequent
#   question; the service stored the answer itself, in a space that all share; victims' questions hit. 0.99 makes the
#   search longer, leaves near-copies and negations, and takes nearly all right hits. (Half a point without the last.)
# - **Design**: key of scope, tenant, user, system prompt, model, parameters, locale; unverified answers stay with their
#   writer; shared ones are verified on writing; best match, then a guard on numbers, negations, slots; audit with golden
#   answers and canaries that blocks; TTL, a limit for each space. (Half a point for three of these.)
# - **After**: 56,000 · 0.4 = 22,400 saved, 168 · 30 = 5,040 lost: 17,360 cents gained a day. Watch the share of wrong hits
#   on a labelled sample, guard refusals, audit alerts, hit rate by scope. (Half a point without anything to watch.)
#
# === END MARK SCHEME ===

# %% [markdown] written="helpdesk" points=4
# ### BEGIN SOLUTION
# 1. Served: 70,000 a day. Saved 70,000 * 0.4 = 28,000 cents. Wrong: 1,400 * 30 = 42,000 cents. The cache loses 14,000
#    cents a day. It breaks even when 0.4 / 30 = 1.33 % of the served answers are wrong.
# 2. Somebody asked a text that carries the number and lies near a frequent question. It missed, the model answered as the
#    text told it, and the service stored the answer in the space of all. Other people's question was nearest to that
#    entry. 0.99 makes the search for such a text longer. It does not stop a negation or another number (4 of our 36
#    near-misses), and no paraphrase of ours hits any more: it is an exact cache.
# 3. Key: hash of scope, tenant, user, system prompt, model, parameters, locale. What nobody verified is private to its
#    writer. Public entries are verified when they are written, by a person or a judge that has the time. On reading: best
#    match among entries whose numbers, negations and slots agree. In the background: golden answers and canaries; a
#    mismatch is dropped at once, a writer at a canary is barred. TTL, and room for each space apart.
# 4. 56,000 * 0.4 = 22,400 saved, 168 * 30 = 5,040 lost: 17,360 cents gained a day. I watch the share of wrong answers in a
#    labelled sample of hits, refusals of the guard by kind, audit alerts, and the hit rate of each scope.
# ### END SOLUTION

# %% [markdown]
# ## 11 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="31.1" level="basic"
# <details><summary>What is semantic cache poisoning?</summary>
#
# - A semantic cache serves a stored answer when the request's embedding has a cosine of at least t with a stored one.
# - Poisoning: somebody gets a harmful answer stored under a text that lies near other people's questions. They hit it.
# - He submits only *text*; embedding and storing are done by the service. It needs a cache that is **shared**.
# - It works because embeddings are fuzzy on purpose, not because they are random: for a fixed model, index and threshold
#   the cache is deterministic.
# - Slip: mixing it up with RAG poisoning (PoisonedRAG: texts planted in a knowledge base).
#
# </details>

# %% [markdown] card="31.2" level="medium"
# <details><summary>How does a semantic cache poisoning attack work?</summary>
#
# - Look: is there a cache, and of which kind? (timing) Craft: a prompt that makes the model say it and lies near the target.
#   Ask it: the service stores the answer. Wait.
# - The text keeps its payload; words are added until it is near enough: three words and 85 tries without weights, on MiniLM,
#   for a threshold of 0.8 (part 4); question in front of payload is nearer at once (0.89).
# - CacheAttack (arXiv 2601.23088, January 2026): 86 % hit rate in hijacking, in its set-ups. A hit rate, not the share of
#   services that fall.
# - Slip: "submit a poisoned embedding". Nobody outside can.
#
# </details>

# %% [markdown] card="31.3" level="medium"
# <details><summary>How do you run a timing analysis that detects semantic caching?</summary>
#
# - Three arms in turn: the same text again, a paraphrase that was never asked, a fresh nonce on another topic.
# - Repetition fast: a cache. Paraphrase fast too: semantic. Each request changes the cache, so each probe is used once.
# - Medians and a rank test (Mann–Whitney), and a least effect (half): timeouts, load drift, and a provider's prefix caching
#   otherwise look like a cache or hide one.
# - The known script repeats its "miss": 9 of 10 hit. At 0.2 s and 1.2 s its ratio is 1.5 in place of 6: jitter decides. Its
#   suffix leaves a cosine of 0.88. And it calls every cache semantic.
# - Defence: private spaces, so that everybody probes only himself; or hits as slow as misses.
#
# </details>

# %% [markdown] card="31.4" level="medium"
# <details><summary>How does adversarial embedding optimization work in cache poisoning?</summary>
#
# - The search is over discrete words: keep the payload, add words, keep what raises the cosine. Black box: try and look.
#   White box: gradients propose tokens (GCG), forward passes decide.
# - Gradient descent on the embedding itself reaches cosine 1 and proves nothing: no text has that vector, and the nearest
#   text is a harmless paraphrase. (And `encode()` returns an inference tensor: it raises.)
# - Cost is what you measure: tries until a threshold falls. Many near-identical tries by one writer are your alarm.
# - Slip: "it needs the weights". The greedy search does not.
#
# </details>

# %% [markdown] card="31.5" level="medium"
# <details><summary>What strategies mitigate semantic cache poisoning?</summary>
#
# - **Partition**: key of scope, tenant, user, system prompt, model, parameters, locale. Removes the victim. Costs hit rate.
# - **Verify on write** for what is shared; a judge has time there, not in the 50 ms of a hit.
# - **Guard on read**: numbers in order, count of negations, slots. Tens of microseconds; a false alarm costs one call.
# - **Audit**: golden answers and canaries near real intents, precomputed; it must *block*, all near entries, all of a
#   writer's.
# - TTL, room for each space, rate limits.
# - Not enough: a threshold (negations have cosines up to 0.994), a list of regular expressions on answers (easily evaded,
#   and it flags honest answers about security).
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you choose the threshold of a semantic cache?</summary>
#
# - Labelled pairs from *your* traffic: hit rate and false hit rate at every threshold; the share of right neighbours from
#   traffic, not from the sample.
# - Minimise misses · cost of a call + false hits · cost of a wrong answer; "never serve" is a candidate.
# - No threshold separates: on our help desk 0.95 keeps 1 of 16 paraphrases and 13 of 36 near-misses; 0.99 keeps none and 4.
# - 0.99 and 0.999 are exact caches in disguise. Then take an exact cache: cheaper and collision-free.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What belongs into a cache key, and how is it made?</summary>
#
# - Everything that the answer depends on: system prompt, model, parameters, locale; and who may see it: scope, tenant, user.
# - In production also: the earlier turns of the conversation ("and tomorrow?" means nothing without them), the version of
#   the documents that the answer was drawn from, and that of the embedding model: vectors of two models are not comparable.
# - Not: time stamps, a person's name in a public key.
# - SHA-256 of canonical JSON (sorted keys). Not Python's `hash` (salted in each process), not a joined string ("a|b" + "c"
#   is "a" + "b|c").
# - A missing user raises an error. A default would be one space for all guests.
#
# </details>

# %% [markdown] card="31.6" level="killer"
# <details><summary>Design the protection of a production LLM with semantic caching.</summary>
#
# - Ask first whether it pays: served · cost of a call against wrong · cost of a wrong answer. At 0.4 and 30 cents it breaks
#   even at 1.33 % wrong.
# - **Write**: private by default; shared only after verification; who wrote it is kept.
# - **Key**: SHA-256 over scope, names, prompt, model, parameters, locale; user, then tenant, then public.
# - **Read**: best match (not the first), the guard *inside* the lookup, so that a planted near-miss cannot hide a good entry;
#   TTL; no model call on the hit path.
# - **Background**: audit with golden answers and seeded canaries, blocking; labelled samples of hits; alarms on refusals and
#   on many near-identical writes.
# - **Sensitive** questions (accounts, medicine, money): no semantic cache at all, decided by a classifier on the text; the
#   cosine of a sentence to the word "password" is 0.66, so a rule "> 0.7" never fires.
# - Test it with attacks *and* with honest traffic: a cache that refuses all is safe and useless.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>A colleague raises the threshold to 0.99 after an incident. What do you say?</summary>
#
# - It removes the benefit first: none of our 16 paraphrases reaches 0.99, while 4 of 36 near-misses do (reversed order, one
#   "not", one digit).
# - Word order is nearly invisible to such an embedding: "Convert euros to dollars" and back have 0.996.
# - The incident was about *sharing*. Same words by an attacker have cosine 1: no threshold below stops an entry under the
#   victim's own question.
# - Partition, verify on write, guard on text. Then set the threshold by cost.
#
# </details>

# %% [markdown]
# ## 12 · Sources
#
# CacheAttack: arXiv 2601.23088 (January 2026). When Cache Poisoning Meets LLM Systems: Wu et al., NDSS 2026. The
# Early Bird Catches the Leak (timing): arXiv 2409.20002. Auditing Prompt Caching in Language Model APIs: Gu et al. 2025,
# arXiv 2502.07776. PoisonedRAG: Zou et al. 2024, arXiv 2402.07867. GCG: Zou et al. 2023, arXiv 2307.15043. GPTCache:
# https://github.com/zilliztech/GPTCache.
# Sentence-BERT: Reimers & Gurevych 2019, arXiv 1908.10084; the model here is all-MiniLM-L6-v2. Rank test: Mann & Whitney
# 1947. Canonical JSON: RFC 8785. SHA-256: FIPS 180-4. Honeytokens: Spitzner 2003, "Honeytokens: The Other Honeypot".
