# %% [markdown]
# # 23 · Context windows
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - Why does a window of a million tokens not mean a million tokens *used*? What margin must a needle have in
#   100,000 tokens of hay?
# - How do positions decide how far a model can look, and what does ALiBi really do?
# - How is one exact attention computed over parts that lie on different GPUs?
# - How does one measure the effective length, and what does a green needle grid not show?
# - What goes into the prompt of turn 300 of a conversation, in which order, and what does compaction cost?
#
# Eight exercises. The last one is a context manager that runs over a long scripted chat; before it SmolLM2 looks
# for needles. It takes about three hours; the end of part 3 is a good place to stop. It builds on softmax and
# attention. How positions are rotated and scaled, and how many bytes a cache takes, is section 14's matter; how
# retrieved passages are packed, section 03's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters and units.** T queries, S keys, H heads, n distractors (keys that do not matter), D depths, L lengths. A
# *margin* is a difference of logits, in nats. A length or a budget is in tokens, a depth a fraction: 0 is the very
# beginning, 1 the end.

# %% setup
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, unchanged

torch.set_num_threads(1)
Message = tuple[str, str]  # role and text, such as ("user", "Hello")
Turn = list[Message]  # what belongs together: a question, its answer, tool calls between them

# %% tags=["picture"]
from course.sections import context_windows

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).to(dtype)


def slope(h, heads):
    "The slope of head h, by the two rules of the statement; a plain float."
    p = 1
    while 2 * p <= heads:
        p *= 2
    return 2.0 ** (-8 * (h + 1) / p) if h < p else 2.0 ** (-8 * (2 * (h - p) + 1) / (2 * p))


def biased(heads, queries, keys):
    "The oracle of alibi_bias, entry by entry, in float64."
    want = torch.full((heads, queries, keys), -math.inf, dtype=torch.float64)
    for h in range(heads):
        for i in range(queries):
            at = keys - queries + i
            want[h, i, : at + 1] = torch.tensor([-slope(h, heads) * (at - j) for j in range(at + 1)], dtype=torch.float64)
    return want


def margins(scores, needle):
    "The oracle of needle_margin, row by row, in Python's floats."
    S, flat, places = scores.shape[-1], scores.double().reshape(-1, scores.shape[-1]).tolist(), needle.reshape(-1)
    out = []
    for row, j in zip(flat, places.tolist()):
        hay = [x for i, x in enumerate(row) if i != j and x > -math.inf]
        if not hay:
            out.append((math.inf, 1.0))
            continue
        if row[j] == -math.inf:
            out.append((-math.inf, 0.0))
            continue
        top = max(hay)
        level = top + math.log(math.fsum(math.exp(x - top) for x in hay) / len(hay))
        peak = max(*hay, row[j])
        out.append((row[j] - level,
                    math.exp(row[j] - peak) / math.fsum([math.exp(x - peak) for x in hay] + [math.exp(row[j] - peak)])))
    assert all(0 <= j < S for j in places.tolist())
    both = torch.tensor(out, dtype=torch.float64).reshape(-1, 2)
    return both[:, 0].reshape(needle.shape).to(scores.dtype), both[:, 1].reshape(needle.shape).to(scores.dtype)


def attention(scores, v):
    "(out, lse) of one softmax over all keys, in float64; rows without a key give 0 and -inf."
    scores, v = scores.double(), v.double()
    lse = scores.logsumexp(-1)
    weights = torch.where(torch.isinf(lse)[..., None], 0.0, (scores - lse[..., None]).exp())
    return weights @ v, lse


def packed(system, memory, summary, turns, query, budget, reserve, count):
    "The oracle of pack_context, by recursion over the turns."
    first, last = ("system", system), ("user", query)
    room = budget - reserve - count(first) - count(last)
    if room < 0:
        raise ValueError("too long")
    middle = []
    for m in [("memory", text) for text in memory] + ([("summary", summary)] if summary != "" else []):
        if count(m) <= room:
            room -= count(m)
            middle.append(m)

    def newest(k, room):
        "The messages of the turns before k that go in."
        price = sum(count(m) for m in turns[k - 1]) if k else 0
        return [] if k == 0 or price > room else newest(k - 1, room - price) + list(turns[k - 1])

    return [first, *middle, *newest(len(turns), room), last]


def words(message):
    "A price: the words of a text and three for the frame."
    return len(message[1].split()) + 3


def by_role(message):
    "Another price, by role and letters."
    return len(message[1]) + {"system": 0, "memory": 2, "summary": 5, "user": 1, "assistant": 7}.get(message[0], 11)
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · What a window is, and how far a position reaches
#
# The **context window** is the number of tokens that a model can have before it at once: prompt and answer
# *together*. A model with 8,192 tokens and a prompt of 8,000 can write 192. (Hosted models often cap the answer
# separately.)
#
# Three lengths are easily taken for one:
#
# | length | decided by |
# |---|---|
# | what fits | memory for the cache (section 14), and the vendor |
# | what positions the model has seen | training, and extension training afterwards |
# | what it *uses* | to be measured, task by task: part 4 |
#
# So a window is not just a "runtime capacity". It is a runtime limit above a trained one, above a useful one.
#
# **Positions decide the second.** Learned positions are a table: row 8,192 does not exist. Sinusoidal ones exist
# for every position, but a model that never saw the sums they form does badly there. RoPE (rotary position
# embedding) turns query and key by angles that grow with the distance. Beyond the trained length slow pairs reach
# angles that no training step ever met. "Scaling stretches the embedding space" is said of the remedy. It does not.
# Position interpolation (PI) *divides positions* by a factor s, so that angles stay in the trained range; NTK-aware
# scaling raises the base, so that the fastest pair stays as it is and the slowest is divided by s; YaRN mixes both
# per wavelength and multiplies queries and keys by 0.1 ln s + 1 each (1.1386 at s = 4, so scores by its square,
# 1.30). Code and numbers are in section 14; part 7 tries the first two in miniature.
#
# **ALiBi** (attention with linear biases; Press et al. 2021, arXiv 2108.12409) has no position in the embeddings at
# all. Head h subtracts a penalty from the attention score that grows with the distance:
#
# $$\text{score}_{h}(i, j) = \frac{q_i \cdot k_j}{\sqrt{E}} - m_h\,(i - j), \qquad m_h = 2^{-8h/H}, \quad h = 1 \dots H$$
#
# for H a power of two. For eight heads the slopes are 1/2, 1/4, … 1/256. "No limit on the length" is said of it,
# and perplexity does stay level far beyond the trained length. Look at why. A key whose penalty is ln 10,000 = 9.21
# has its weight divided by 10,000. For eight heads that is so from a distance of 18.4, 36.8, 73.7 … and, in the
# widest, 2,358 tokens. Each head has a soft window. Perplexity stays level because the model goes on using the
# last two thousand tokens. It says nothing of finding a fact at distance 50,000.
#
# ### Exercise 23.1 · alibi_bias
#
# Two functions. Models have 12 or 40 heads, too, and decode with a cache.
#
# - `alibi_slopes(heads)`: float32 (heads,), `heads` at least 1. Let p be the largest power of two with p ≤ heads.
#   The first p slopes are $2^{-8i/p}$, i = 1 … p. If heads are left over, take the slopes that 2p heads would have,
#   $2^{-8i/(2p)}$, and of these every second one from the first on (i = 1, 3, 5 …) until there are enough. They
#   stand behind the first p, in this order. So they fall between the others; nothing is sorted. Each number is the
#   exact one rounded to float32.
# - `alibi_bias(heads, queries, keys, dtype=torch.float32)`: the bias (heads, queries, keys), to be added to the
#   scores. The queries are the **last** ones of the keys: query i stands at position keys − queries + i, key j at
#   position j. Where j is not after the query the bias is −slope · distance; where it is after, exactly −inf.
#   `queries` ≤ `keys`; 0 queries are allowed.
# - `dtype` is float16, bfloat16, float32 or float64. In half precision every number is the product computed in
#   float32 or wider and rounded once: at most 0.6 eps off. (In the wide types 1e-6 is tolerated, so that slopes may
#   be float32.)
#
# Source: `get_slopes` of https://github.com/ofirpress/attention_with_linear_biases; `build_alibi_tensor` in
# transformers 5.23.0, `models/bloom/modeling_bloom.py`.

# %% stub="alibi_bias"
def alibi_slopes(heads: int) -> Float[Tensor, "H"]:
    """The slope of every head: alibi_slopes(3) is [2**-4, 2**-8, 2**-2]."""
    ### BEGIN SOLUTION
    p = 2 ** (heads.bit_length() - 1)
    first = [2.0 ** (-8 * i / p) for i in range(1, p + 1)]
    between = [2.0 ** (-4 * i / p) for i in range(1, 2 * p, 2)]
    return torch.tensor((first + between)[:heads], dtype=torch.float32)
    ### END SOLUTION
    raise NotImplementedError("alibi_slopes")


def alibi_bias(heads: int, queries: int, keys: int, dtype: torch.dtype = torch.float32) -> Float[Tensor, "H T S"]:
    """What is added to the scores of the last `queries` of `keys` tokens.

    alibi_bias(1, 2, 3) is [[[-1/256, 0, -inf], [-2/256, -1/256, 0]]].
    """
    ### BEGIN SOLUTION
    distance = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    bias = -alibi_slopes(heads).double()[:, None, None] * distance
    return bias.masked_fill(distance < 0, -torch.inf).to(dtype)
    ### END SOLUTION
    raise NotImplementedError("alibi_bias")

# %% [markdown] hints="alibi_bias"
# <details><summary>Hint 1: a question</summary>
#
# With a cache of 9 keys the model decodes one token. At which position does this query stand?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Six heads: p = 4 gives 1/4, 1/16, 1/64, 1/256. Eight heads would have 1/2, 1/4, 1/8, 1/16 …; every second one from
# the first is 1/2, 1/8, …. So the six are 1/4, 1/16, 1/64, 1/256, 1/2, 1/8.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Half precision cannot count: bfloat16 has no 257. Distances and products want a wider type, and one rounding at
# the end.
#
# </details>

# %% graded="alibi_bias__slopes" points=2
# Looks at the slopes for powers of two and for all other head counts.
check(alibi_slopes, 8, want=torch.tensor([2.0 ** -i for i in range(1, 9)]), why="2^(-8 i / 8)",
      mistakes={"counted from i = 0": torch.tensor([2.0 ** -i for i in range(8)])})
check(alibi_slopes, 12, want=torch.tensor([2.0 ** -i for i in range(1, 9)] + [2.0 ** -(i + 0.5) for i in range(4)]),
      why="eight slopes of 8 heads, then every second one of 16: 0.7071, 0.3536, 0.1768, 0.0884",
      mistakes={"2^(-8 i / H) for any H": torch.tensor([2.0 ** (-8 * i / 12) for i in range(1, 13)]),
                "every second one from the second on": torch.tensor([2.0 ** -i for i in [*range(1, 9), *range(1, 5)]])})
### BEGIN HIDDEN TESTS
for heads in [*range(1, 42), 63, 64, 65, 71, 96, 100, 127, 128, 130]:
    check(alibi_slopes, heads, want=torch.tensor([slope(h, heads) for h in range(heads)], dtype=torch.float64).float(),
          rtol=3e-7, atol=0, why="the slopes of the largest power of two, then every second one of twice as many")
### END HIDDEN TESTS

# %% graded="alibi_bias__values" points=2
# Looks at the bias for all queries and for the last ones alone.
check(alibi_bias, 1, 2, 3, want=torch.tensor([[[-1.0, 0.0, -256 * math.inf], [-2.0, -1.0, 0.0]]]) / 256,
      why="the two queries stand at positions 1 and 2",
      mistakes={"the queries stand at 0 and 1":
                torch.tensor([[[0.0, -math.inf, -math.inf], [-1.0, 0.0, -math.inf]]]) / 256})
check(alibi_bias, 2, 1, 4,
      want=torch.tensor([[[-3 / 16, -2 / 16, -1 / 16, 0.0]], [[-3 / 256, -2 / 256, -1 / 256, 0.0]]]),
      why="one new token at the end of a cache of four")
### BEGIN HIDDEN TESTS
for heads, queries, keys in [(1, 1, 1), (3, 5, 5), (4, 1, 300), (6, 7, 40), (12, 33, 33), (5, 0, 4), (2, 0, 0),
                             (2, 2, 1100), (40, 2, 3), (7, 19, 70)]:
    for dtype in (torch.float32, torch.float64):
        check(alibi_bias, heads, queries, keys, dtype, want=biased(heads, queries, keys).to(dtype), rtol=1e-6, atol=0,
              why="-slope * (keys - queries + i - j), and -inf after the query")
check(alibi_bias, 5, 6, 9, want=biased(5, 6, 9).float(), rtol=1e-6, atol=0, why="float32 unless a dtype is given")
### END HIDDEN TESTS

# %% graded="alibi_bias__half" points=1
# Looks at bfloat16 and float16 at distances that they cannot count.
got = alibi_bias(3, 1, 260, torch.bfloat16)
assert got.dtype == torch.bfloat16, f"expected bfloat16, got {got.dtype}"
exact = torch.arange(-259, 1, dtype=torch.float64) * torch.tensor([[2.0 ** -4], [2.0 ** -8], [2.0 ** -2]])
expect(got.double(), exact[:, None], on="alibi_bias(3, 1, 260, torch.bfloat16), in float64", rtol=0.6 * 2 ** -7,
       why="multiply in a wide type and round once")
### BEGIN HIDDEN TESTS
for heads, queries, keys in [(12, 2, 700), (3, 1, 4500), (6, 3, 2100), (40, 1, 999)]:
    want = biased(heads, queries, keys)
    for dtype in (torch.float16, torch.bfloat16):
        got = alibi_bias(heads, queries, keys, dtype)
        assert got.dtype == dtype, f"expected {dtype}, got {got.dtype}"
        expect(got.double(), want, on=f"alibi_bias({heads}, {queries}, {keys}, {dtype}), in float64",
               rtol=0.6 * torch.finfo(dtype).eps, atol=1e-7, why="multiply in a wide type and round once")
### END HIDDEN TESTS

# %% tags=["picture"]
context_windows.reach(alibi_slopes)

# %% [markdown]
# Left: the weight that is left of a key, by distance, if its score is otherwise the same. Right: the distance at
# which that weight is 1/10,000. Twelve heads do not look further than eight; the four extra ones are near-sighted.
#
# ## 2 · Dilution: a fixed margin drowns in a long context
#
# One key matters, the *needle*; its score is m above that of n others, the hay. Softmax gives it
#
# $$p = \frac{e^m}{e^m + n} = \frac{1}{1 + n\,e^{-m}}.$$
#
# The hay's share grows with n, though not one score has changed. That is **dilution**. With m = 8 the needle has 75
# % of the weight among 1,000 others, 23 % among 10,000, 2.9 % among 100,000 and 0.3 % among a million. Turn it
# round: for 90 % the margin must be ln(9n), which is 9.1, 11.4, 13.7, 16.0 for n = 10³ … 10⁶. Each factor of ten
# costs 2.3 nats.
#
# The hay is not flat. If its scores scatter with deviation σ around their mean, what counts is not their mean but
# the logarithm of their mean *exponential*, and for normal scores that lies σ²/2 higher. With σ = 2 the hay gains 2
# nats, as if there were seven times as much. So an honest margin of a row of real scores is
#
# $$m = s_\text{needle} - \ln\Big(\frac1n \sum_{j \ne \text{needle}} e^{s_j}\Big), \qquad p = \frac{1}{1 + n\,e^{-m}}.$$
#
# What helps: fewer distractors (retrieval before the model, part 5); heads that see only a window, so that n is
# small; several layers, which may narrow the search step by step; and scores that grow with the length. Scalable
# softmax (Nakanishi 2025, arXiv 2501.19399) multiplies them by s · ln n: then $p = 1 / (1 + n^{1 - s m})$, which
# goes to 1 once s·m > 1. YaRN's factor is a small step of the same kind. **Linear attention** has no
# softmax and no such n; but it keeps a state of fixed size, and what that cannot hold is gone.
#
# **The catch.** Dilution is one proposed cause of what people see in long contexts; the behaviour is measured in
# part 4. One does not prove the other.
#
# ### Exercise 23.2 · needle_margin
#
# Two functions.
#
# - `needle_margin(scores, needle)`: `scores` (…, S) are the attention scores of any number of queries, `needle` (…)
#   the index of the key that matters, in 0 … S − 1, one for each query. Returns `(margin, mass)`, both (…), in the
#   dtype of `scores`: m of the formula above, and the needle's weight after softmax.
# - A score of −inf is a masked key. It is **no distractor**: it does not count in n. (+inf and NaN do not occur.)
# - With no distractor at all: margin +inf, mass 1, whatever the needle's score. Else, with the needle itself at
#   −inf: margin −inf, mass 0.
# - Scores of ±10,000 are valid and must not overflow. A very small mass is wanted with its digits (1e-30, not 0),
#   and so is a margin in front of it. In half precision compute in float32 and round once; float64 stays float64.
# - `margin_for(n, p)`: the margin at which a needle among n distractors gets mass p; a Python float. n ≥ 0 and
#   0 < p < 1; anything else raises `ValueError` (NaN does not occur). n = 0 gives −inf. Accurate to 1e-9 for p of
#   1e-300 as well as for 1 − 1e-12.
#
# Source: the two formulas above; softmax alone.

# %% stub="needle_margin"
def needle_margin(scores: Float[Tensor, "*lead S"], needle: Int[Tensor, "*lead"]) -> tuple[Tensor, Tensor]:
    """How far the needle stands above the hay, and the attention that it gets.

    scores [2, 0, 0], needle 0: margin 2, mass e^2 / (e^2 + 2) = 0.787.
    """
    ### BEGIN SOLUTION
    wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
    own = wide.gather(-1, needle[..., None])
    hay = wide.scatter(-1, needle[..., None], -torch.inf)
    n = (hay > -torch.inf).sum(-1).to(wide.dtype)
    own, level = own[..., 0], hay.logsumexp(-1)
    mass = (own - torch.logaddexp(own, level)).exp()
    margin = own - level + n.log()
    alone = n == 0
    return (margin.masked_fill(alone, torch.inf).to(scores.dtype), mass.masked_fill(alone, 1.0).to(scores.dtype))
    ### END SOLUTION
    raise NotImplementedError("needle_margin")


def margin_for(n: float, p: float) -> float:
    """The margin that gives a needle the share p among n distractors: margin_for(1000, 0.9) = ln 9000 = 9.105."""
    ### BEGIN SOLUTION
    if n < 0 or not 0 < p < 1:
        raise ValueError("n must be 0 or more and p between 0 and 1")
    return -math.inf if n == 0 else math.log(n) + math.log(p) - math.log1p(-p)
    ### END SOLUTION
    raise NotImplementedError("margin_for")

# %% [markdown] hints="needle_margin"
# <details><summary>Hint 1: a question</summary>
#
# If you take the mean of the other *scores* as the level of the hay: what does a single distractor at +9 among a
# thousand at 0 change in it, and what in the softmax?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Scores [3, 1, −inf, 0], needle 0. Two distractors: e + 1 = 3.718, half of it 1.859, its logarithm 0.620. The
# margin is 2.380, the mass 1 / (1 + 2 · e^−2.380) = 0.844.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# −inf − (−inf) is NaN. It meets you wherever a row has nothing but its needle, or not even that. And n is a count:
# kept in half precision it stops at 2,048 or 256.
#
# </details>

# %% graded="needle_margin__values" points=2
# Looks at margin and mass, with uneven hay and with masked keys.
check(needle_margin, torch.tensor([2.0, 0.0, 0.0]), torch.tensor(0), want=(torch.tensor(2.0), torch.tensor(0.78699)),
      rtol=1e-4, why="e^2 / (e^2 + 2)")
check(needle_margin, torch.tensor([[3.0, 1.0, -math.inf, 0.0]]), torch.tensor([0]), rtol=1e-3,
      want=(torch.tensor([2.3799]), torch.tensor([0.84380])),
      why="the level of the hay is ln((e^1 + e^0) / 2) = 0.6201",
      mistakes={"the level is the mean of the scores": (torch.tensor([2.5]), torch.tensor([0.84380])),
                "the masked key was counted": (torch.tensor([2.7853]), torch.tensor([0.84380])),
                "the level is the sum, not the mean": (torch.tensor([1.6867]), torch.tensor([0.84380])),
                "the needle was counted as hay": (torch.tensor([0.9289]), torch.tensor([0.84380]))})
### BEGIN HIDDEN TESTS
for seed, (shape, size) in enumerate([((5,), 1.0), ((3, 7), 2.0), ((2, 3, 40), 3.0), ((4, 1100), 1.5), ((1, 2), 1.0),
                                      ((3, 2, 4, 9), 5.0), ((2, 5000), 1.0)]):
    for dtype in (torch.float32, torch.float64):
        scores = drawn(*shape, seed=seed, dtype=dtype, size=size)
        g = torch.Generator().manual_seed(seed)
        needle = torch.randint(shape[-1], shape[:-1], generator=g)
        scores[torch.rand(shape, generator=g) < 0.2] = -math.inf
        height = size + 0.1 * torch.randn(needle.shape, generator=g).to(dtype)  # each needle has its own
        scores.scatter_(-1, needle[..., None], height[..., None])
        scores[..., :2] = torch.where(scores[..., :2] == -math.inf, 0.0, scores[..., :2])
        tight = dict(rtol=1e-10, atol=1e-10) if dtype == torch.float64 else dict(rtol=3e-5, atol=3e-5)
        check(needle_margin, scores, needle, want=margins(scores, needle), **tight,
              why="n counts the unmasked keys beside the needle; the level is the logarithm of their mean exponential")
scores, needle = drawn(6, 4, seed=20).T, torch.tensor([[1, 0], [2, 3], [5, 0], [0, 4]]).T[0]
check(needle_margin, scores, needle, want=margins(scores, needle), rtol=3e-5, why="strided arguments are valid")
### END HIDDEN TESTS

# %% graded="needle_margin__edges" points=2
# Looks at lone needles, masked needles, ties, and scores that overflow.
inf = math.inf
check(needle_margin, torch.tensor([[0.0, -inf], [-inf, 1.0], [-inf, -inf]]), torch.tensor([0, 0, 1]),
      want=(torch.tensor([inf, -inf, inf]), torch.tensor([1.0, 0.0, 1.0])),
      why="no distractor: +inf and 1; a masked needle beside hay: -inf and 0")
### BEGIN HIDDEN TESTS
big = torch.tensor([[1e4, 1e4, 1e4], [-1e4, 1e4, 0.0], [1e4, -1e4, -inf], [-1e4, -1e4, -9990.0], [0.0, 0.0, -inf]])
for dtype in (torch.float32, torch.float64):
    check(needle_margin, big.to(dtype), torch.tensor([1, 0, 0, 2, 1]),
          want=margins(big.to(dtype), torch.tensor([1, 0, 0, 2, 1])),
          **(dict(rtol=2e-3, atol=2e-3) if dtype == torch.float32 else dict(rtol=1e-9, atol=1e-9)),
          why="subtract the largest score before any exponential")
    check(needle_margin, torch.tensor([[5.0]], dtype=dtype), torch.tensor([0]), why="a key alone",
          want=(torch.tensor([inf], dtype=dtype), torch.tensor([1.0], dtype=dtype)))
    tiny = torch.tensor([[-60.0, 0.0, 1.0, 0.5], [-30.0, 10.0, -inf, 12.0]], dtype=dtype)
    check(needle_margin, tiny, torch.tensor([0, 0]), want=margins(tiny, torch.tensor([0, 0])), rtol=5e-5, atol=0,
          why="a small mass keeps its digits")
check(needle_margin, torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), want=(torch.zeros(0), torch.zeros(0)),
      why="no queries, no margins")
### END HIDDEN TESTS

# %% graded="needle_margin__half" points=1
# Looks at half precision, at long rows too; at arguments and memory.
scores = torch.zeros(1, 3000, dtype=torch.bfloat16)
scores[0, 7] = 8.0
check(needle_margin, scores, torch.tensor([7]),
      want=(torch.tensor([8.0]).bfloat16(), torch.tensor([0.4985]).bfloat16()),
      why="2,999 keys at 0: bfloat16 cannot count them")
### BEGIN HIDDEN TESTS
for seed in range(6):
    g = torch.Generator().manual_seed(seed)
    for dtype in (torch.float16, torch.bfloat16):
        scores = drawn(3, 2169, seed=seed, size=2.0).to(dtype)
        needle = torch.randint(2169, (3,), generator=g)
        for height in (9.0, 2.75, -5.0, -9.0):  # a margin near 0 tells a rounded ln n, a small mass a rounded gap
            scores.scatter_(-1, needle[..., None], height)
            want = margins(scores.double(), needle)
            got = needle_margin(scores.clone(), needle.clone())
            for name, a, b in zip(["margin", "mass"], got, want):
                assert a.dtype == dtype, f"the {name}: expected {dtype}, got {a.dtype}"
                expect(a.double(), b, on=f"the {name} of 2,169 scores in {dtype}", rtol=0.6 * torch.finfo(dtype).eps,
                       atol=2e-6 if name == "margin" else 4e-8 if dtype == torch.float16 else 0,
                       why="compute in float32 and round once")
for scores, needle in [(torch.tensor([[1.0, 4.0, 2.0]]), torch.tensor([1])),
                       (torch.tensor([[1.0]]), torch.tensor([0]))]:
    for probe in (unchanged, fresh):
        probe(needle_margin, scores.clone(), needle.clone(), want=margins(scores, needle), rtol=1e-5)
### END HIDDEN TESTS

# %% graded="needle_margin__needed" points=1
# Looks at margin_for: values, extremes, errors.
for n, want in [(10 ** 3, 9.104980), (10 ** 4, 11.407565), (10 ** 5, 13.710150), (10 ** 6, 16.012735)]:
    check(margin_for, n, 0.9, want=want, rtol=1e-6, why="ln(9 n)", mistakes={"ln n": math.log(n)})
raises(ValueError, margin_for, 10, 1.0, why="no margin gives the needle everything")
### BEGIN HIDDEN TESTS
for n, p, want in [(1, 0.5, 0.0), (7, 0.2, math.log(7 / 4)), (3, 1e-300, math.log(3) + math.log(1e-300)),
                   (10 ** 15, 0.75, math.log(3e15)), (2.5, 0.5, math.log(2.5)),
                   (0.25, 0.5, math.log(0.25)), (12, 0.01, math.log(12 / 99)),
                   (10, 1 - 2.0 ** -40, math.log(10) + math.log(2.0 ** 40 - 1)), (0, 0.5, -math.inf)]:
    check(margin_for, n, p, want=want, rtol=1e-9, atol=1e-12, why="ln n + ln(p / (1 - p))")
for n, p in [(5, 0.0), (5, -0.1), (5, 1.5), (-1, 0.5), (0, 1.0), (0, 0)]:
    raises(ValueError, margin_for, n, p, why="n is 0 or more, p lies between 0 and 1")
### END HIDDEN TESTS

# %% tags=["picture"]
context_windows.dilution(needle_margin, margin_for)

# %% [markdown]
# Left: the needle's mass at a fixed margin, for flat hay and for hay that scatters with σ = 2, both computed by
# your function. Right: the margin that 50 %, 90 % and 99 % take.
#
# ## 3 · One attention over many machines
#
# A million tokens of keys and values may not fit on one GPU. Ring attention (Liu et al. 2023, arXiv 2310.01889)
# gives each GPU a part of the sequence and passes the parts round. The result is **exact**, no approximation; the
# sending hides behind the computing. The same joint holds flash decoding together, which cuts one long cache into
# parts that are computed side by side. Section 14 folds raw shards into a running state. Here the other form:
# kernels have already *finished* each part, and give back two things:
#
# $$o_p = \frac{\sum_{j \in p} e^{s_j} v_j}{\sum_{j \in p} e^{s_j}}, \qquad
# \ell_p = \ln \sum_{j \in p} e^{s_j}, \qquad
# o = \sum_p \frac{e^{\ell_p}}{\sum_r e^{\ell_r}}\, o_p, \qquad \ell = \ln \sum_p e^{\ell_p}.$$
#
# $\ell$ is the LSE (log-sum-exp), one number a query. With it the joint is a softmax over parts. Without it no mean
# of the $o_p$ is right: a part with one strong key must weigh more than a part with a thousand weak ones. And
# because the result is again a pair $(o, \ell)$, joints can be joined: in a ring, in a tree, in any order.
#
# **The catch.** With a causal mask many parts hold no key for a query at all: $\ell = -\infty$, and $o$ is 0/0, NaN
# from many a kernel.
#
# ### Exercise 23.3 · merge_attention
#
# `merge_attention(parts)`: a list (or tuple) of pairs `(out, lse)` of equal shapes, `out` (…, q, d) and `lse` (…,
# q). Returns the pair `(out, lse)` of the whole.
#
# - Where a part has lse = −inf, it holds no key for that query. Its `out` there may be **anything, NaN and inf
#   too**, and counts nothing.
# - Where all parts have −inf: `out` is 0 and `lse` −inf.
# - lse of ±10,000 must not overflow (in float32 an error of 0.2 % is tolerated there, since its numbers lie 0.001
#   apart). (+inf and NaN in lse do not occur.)
# - Results have the dtypes of the parts: `out` that of the outs, `lse` that of the lses; all parts agree. `out` may
#   be in half precision while `lse` is float32. Inside, compute in float32, or in float64 where either is float64,
#   and round once.
# - New memory, also for a single part. An empty list raises `ValueError`.
# - Merging merged parts gives what merging all at once gives, up to rounding.
#
# Source: Liu et al. 2023, section 3; `lse` as FlashAttention gives it back (Dao 2023, arXiv 2307.08691).

# %% stub="merge_attention"
def merge_attention(parts: Sequence[tuple[Float[Tensor, "*lead q d"], Float[Tensor, "*lead q"]]]
                    ) -> tuple[Float[Tensor, "*lead q d"], Float[Tensor, "*lead q"]]:
    """One attention out of finished parts.

    out [[1.]] with lse [0.], and out [[5.]] with lse [ln 3]: out [[4.]], lse [ln 4].
    """
    ### BEGIN SOLUTION
    if len(parts) == 0:
        raise ValueError("no parts")
    o_type, l_type = parts[0][0].dtype, parts[0][1].dtype
    wide = torch.promote_types(torch.promote_types(o_type, l_type), torch.float32)
    outs = torch.stack([o for o, _ in parts]).to(wide)
    lses = torch.stack([lse for _, lse in parts]).to(wide)
    total = lses.logsumexp(0)
    empty = lses == -torch.inf
    weights = lses.softmax(0).masked_fill(empty, 0.0)[..., None]
    out = (weights * outs.masked_fill(empty[..., None], 0.0)).sum(0)
    return out.to(o_type), total.to(l_type)
    ### END SOLUTION
    raise NotImplementedError("merge_attention")

# %% [markdown] hints="merge_attention"
# <details><summary>Hint 1: a question</summary>
#
# Two parts, one with a single key at score 10, the other with a thousand keys at score 0. Which has the larger sum
# of exponentials, and what is the ratio of their weights?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Part 1: lse ln 1, out 1. Part 2: lse ln 3, out 5. Weights 1/4 and 3/4: out 4, lse ln 4 = 1.386. The mean of the
# outs would be 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# 0 · NaN is NaN: a weight of zero does not silence a part that holds NaN.
#
# </details>

# %% graded="merge_attention__as_full" points=2
# Looks at parts of unlike sizes against one softmax over all keys.
check(merge_attention,
      [(torch.tensor([[1.0]]), torch.tensor([0.0])), (torch.tensor([[5.0]]), torch.tensor([math.log(3)]))],
      want=(torch.tensor([[4.0]]), torch.tensor([math.log(4)])), why="weights 1/4 and 3/4",
      mistakes={"the mean of the parts": (torch.tensor([[3.0]]), torch.tensor([math.log(4)])),
                "the lse is the largest one": (torch.tensor([[4.0]]), torch.tensor([math.log(3)])),
                "the weights are the lses, not their exponentials":
                (torch.tensor([[5.0]]), torch.tensor([math.log(4)]))})
### BEGIN HIDDEN TESTS
for seed, (lead, q, d, sizes) in enumerate([((), 3, 4, [5, 2]), ((2,), 5, 3, [1, 7, 30]),
                                            ((2, 3), 4, 6, [9, 1, 1, 40, 300]), ((3,), 1, 8, [6]), ((), 2, 5, [1] * 70),
                                            ((4,), 33, 2, [17, 2])]):
    for dtype in (torch.float32, torch.float64):
        scores, v = drawn(*lead, q, sum(sizes), seed=seed, size=3.0), drawn(*lead, sum(sizes), d, seed=seed + 50)
        parts = [tuple(x.to(dtype) for x in attention(s, w))
                 for s, w in zip(scores.split(sizes, -1), v.split(sizes, -2))]
        want = tuple(x.to(dtype) for x in attention(scores, v))
        tight = dict(rtol=1e-11, atol=1e-11) if dtype == torch.float64 else dict(rtol=2e-5, atol=2e-5)
        check(merge_attention, parts, want=want, **tight, why="a softmax over the parts' lse, which weighs their outs")
        check(merge_attention, tuple(reversed(parts)), want=want, **tight, why="the order of the parts does not matter")
parts = [tuple(x.float() for x in attention(drawn(6, 3, seed=s), drawn(3, 4, seed=s + 9))) for s in range(3)]
want = merge_attention([(o.clone(), e.clone()) for o, e in parts])
check(merge_attention, [(o.T.contiguous().T, torch.stack([e, e], 1)[:, 0]) for o, e in parts], want=want, rtol=1e-5,
      atol=1e-6, why="strided arguments are valid")
left = merge_attention([(o.clone(), e.clone()) for o, e in parts[:2]])
check(merge_attention, [left, parts[2]], want=want, rtol=1e-5, atol=1e-6, why="a merged part is a part")
### END HIDDEN TESTS

# %% graded="merge_attention__masked" points=2
# Looks at parts without a key, which may hold NaN, and at queries without any.
nan, inf = math.nan, math.inf
check(merge_attention, [(torch.tensor([[nan, nan], [1.0, 2.0], [nan, nan]]), torch.tensor([-inf, 0.0, -inf])),
                        (torch.tensor([[3.0, 4.0], [9.0, 9.0], [7.0, 7.0]]), torch.tensor([1.0, -inf, -inf]))],
      want=(torch.tensor([[3.0, 4.0], [1.0, 2.0], [0.0, 0.0]]), torch.tensor([1.0, 0.0, -inf])),
      why="a part with lse = -inf counts nothing, whatever it holds")
### BEGIN HIDDEN TESTS
for seed in range(4):
    g = torch.Generator().manual_seed(seed)
    for dtype in (torch.float32, torch.float64):
        sizes = [4, 1, 9, 3]
        scores, v = drawn(2, 6, 17, seed=seed, size=2.0), drawn(2, 17, 3, seed=seed + 9)
        block = torch.rand(4, 2, 6, generator=g) < 0.5
        block[:, :, 2] = True  # a query without a key
        block[:, :, 3] = False
        for i, s in enumerate(scores.split(sizes, -1)):
            s[block[i]] = -inf  # a view
        parts = []
        for i, (s, w) in enumerate(zip(scores.split(sizes, -1), v.split(sizes, -2))):
            out, lse = attention(s, w)
            out[block[i]] = [nan, inf, -inf, 7.0][(seed + i) % 4]
            parts.append((out.to(dtype), lse.to(dtype)))
        check(merge_attention, parts, want=tuple(x.to(dtype) for x in attention(scores, v)), rtol=2e-5, atol=2e-5,
              why="what stands where lse is -inf is no number of yours")
parts = [(drawn(3, 2, seed=s), drawn(3, seed=s + 5)) for s in range(3)]
parts[1][1][2] = -inf  # one part has no key for one query, and keys for the others
lses = torch.stack([e for _, e in parts]).double()
weights = (lses - lses.logsumexp(0)).exp()
check(merge_attention, parts, rtol=2e-5, atol=2e-5, why="a part without a key for one query counts for the others",
      want=((weights[..., None] * torch.stack([o for o, _ in parts]).double()).sum(0).float(), lses.logsumexp(0).float()))
check(merge_attention, [(torch.full((2, 3), nan), torch.full((2,), -inf))],
      want=(torch.zeros(2, 3), torch.full((2,), -inf)), why="one part, no key: 0 and -inf")
check(merge_attention, [(torch.zeros(0, 3), torch.zeros(0))] * 2, want=(torch.zeros(0, 3), torch.zeros(0)),
      why="no queries")
### END HIDDEN TESTS

# %% graded="merge_attention__stable" points=2
# Looks at large lses, half precision, arguments and memory, and the empty list.
check(merge_attention,
      [(torch.tensor([[1.0]]), torch.tensor([10000.0])), (torch.tensor([[2.0]]), torch.tensor([10000.0]))],
      want=(torch.tensor([[1.5]]), torch.tensor([10000.6931])), rtol=1e-3,
      why="two equal parts: their mean, however large the lse")
raises(ValueError, merge_attention, [], why="there is nothing to merge")
### BEGIN HIDDEN TESTS
for dtype in (torch.float32, torch.float64):
    outs = drawn(5, 3, 2, 4, seed=3, dtype=dtype)
    for level in (-1e4, -800.0, 800.0, 1e4):
        lses = (level + torch.tensor([0.0, 1.0, -2.0, 0.5, -40.0])[:, None, None] + torch.zeros(5, 3, 2)).to(dtype)
        lses[:, 1] = -level + torch.arange(5.0).to(dtype)[:, None]  # rows of very different scale
        weights = (lses.double() - lses.double().logsumexp(0)).exp()
        check(merge_attention, list(zip(outs, lses)),
              **(dict(rtol=2e-3, atol=2e-3) if dtype == torch.float32 else dict(rtol=1e-9, atol=1e-9)),
              want=((weights[..., None] * outs.double()).sum(0).to(dtype), lses.double().logsumexp(0).to(dtype)),
              why="subtract the largest lse of each query")
for seed in range(5):
    for dtype in (torch.float16, torch.bfloat16):
        outs, lses = drawn(9, 6, 5, seed=seed).to(dtype), drawn(9, 6, seed=seed + 40, size=2.0)
        total = lses.double().logsumexp(0)
        want = ((lses.double() - total).exp()[..., None] * outs.double()).sum(0)
        got, lse = merge_attention(list(zip(outs.clone(), lses.clone())))
        assert got.dtype == dtype and lse.dtype == torch.float32, (
            f"expected out in {dtype} and lse in float32, got {got.dtype} and {lse.dtype}")
        expect(got.double(), want, on=f"merge_attention of nine parts in {dtype}", rtol=0.6 * torch.finfo(dtype).eps,
               atol=2e-6, why="weights and sums in float32; round once")
        expect(lse, total.float(), on="their lse", rtol=1e-5)
        both = (outs.clone(), lses.to(dtype))
        got, lse = merge_attention(list(zip(*both)))
        expect(lse.double(), both[1].double().logsumexp(0), on=f"the lse in {dtype}", rtol=0.6 * torch.finfo(dtype).eps,
               atol=2e-6)
        assert lse.dtype == dtype, f"expected the lse in {dtype}, got {lse.dtype}"
apart = torch.tensor([[-1e4, 0.0, -math.inf], [1e4, 200.0, 1e4], [1e4, 200.0, -1e4]])  # far apart in one query
outs = torch.tensor([[[1.0]] * 3, [[2.0]] * 3, [[4.0]] * 3])
for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
    check(merge_attention, [(outs[i].clone(), apart[i].clone()) for i in order], rtol=2e-3,
          want=(torch.tensor([[3.0], [3.0], [2.0]]), torch.tensor([1e4 + math.log(2), 200 + math.log(2), 1e4])),
          why="subtract the largest lse of each query, wherever it stands")
outs, lses = drawn(4, 3, 2, seed=8, dtype=torch.float64), drawn(4, 3, seed=9)
weights = (lses.double() - lses.double().logsumexp(0)).exp()
check(merge_attention, list(zip(outs, lses)), rtol=1e-10, atol=1e-10, why="float64 inside where the outs are float64",
      want=((weights[..., None] * outs).sum(0), lses.double().logsumexp(0).float()))
got, lse = merge_attention([(drawn(2, 3, seed=1), torch.zeros(2, dtype=torch.float64))] * 3)
assert got.dtype == torch.float32 and lse.dtype == torch.float64, (
    f"expected float32 and float64, got {got.dtype}, {lse.dtype}"
)
expect(lse, torch.full((2,), math.log(3), dtype=torch.float64), on="a float64 lse", rtol=1e-13)
one, two = ([(drawn(3, 2, seed=s), drawn(3, seed=s + 5)) for s in range(n)] for n in (1, 2))
for parts in (one, two):
    want = (merge_attention([(o.clone(), e.clone()) for o, e in parts]))
    for probe in (unchanged, fresh):
        probe(merge_attention, [(o.clone(), e.clone()) for o, e in parts], want=want, rtol=1e-5)
check(merge_attention, one, want=one[0], rtol=1e-5, atol=1e-6, why="a single part is the whole")
hollow = [(torch.tensor([[nan_, 1.0], [2.0, 3.0]]), torch.tensor([-math.inf, 0.5])) for nan_ in (math.nan, math.inf)]
unchanged(merge_attention, hollow, rtol=1e-5, why="what an empty part holds is not yours to overwrite",
          want=(torch.tensor([[0.0, 0.0], [2.0, 3.0]]), torch.tensor([-math.inf, 0.5 + math.log(2)])))
### END HIDDEN TESTS

# %% tags=["picture"]
context_windows.joints(merge_attention)

# %% [markdown]
# The error against one softmax over all keys, in float64, as the sequence is cut into more parts: by your function,
# and by the plain mean of the parts.
#
# ## 4 · What a model uses: needles and the effective length
#
# **Lost in the middle** (Liu et al. 2023, arXiv 2307.03172) is a finding about *behaviour*: several models answered
# best when the passage with the answer stood at the beginning or the end of the prompt, worse when it stood in the
# middle; the curve of accuracy over position is a U. It is not a finding about attention weights. That middle
# tokens "get less attention" is one proposed cause; a causal mask and training on texts whose beginning and end
# matter are others. And it depends on model and task. Measure yours.
#
# **Context rot** is the newer word (a report by Chroma, 2025, https://research.trychroma.com/context-rot): with the
# task held equal, answers of all 18 models tried got worse as the input grew, unevenly, and more so with
# distractors that look like the answer.
#
# **The needle test**, NIAH (needle in a haystack): hide one sentence at a depth of a long text, ask for it, and
# paint the grid of length and depth. It is a *test*, no training method: a model trained on needles learns to match
# words. What a green grid does not show:
#
# - *No literal match.* NoLiMa (Modarressi et al. 2025, arXiv 2502.05167) asks so that question and needle share
#   hardly a word: at 32K tokens 11 of 13 models fall below half of their own score at short lengths.
# - *More than one step.* RULER (Hsieh et al. 2024, arXiv 2404.06654) has 13 tasks of four kinds: retrieval with
#   many needles, tracing of variables over several hops, aggregation (the commonest words), question answering. Of
#   17 models that claimed 32K or more, about half held a satisfactory level at 32K.
# - *Real work.* LongBench and LooGLE ask about real long documents. There models may know the answer anyway: run
#   the questions without the document, too.
#
# **Effective length**: the longest length *up to which* a model stays above a threshold. NoLiMa takes 85 % of the
# model's own short score, RULER one fixed score. One good length behind a bad one does not count: nobody can rely
# on it.
#
# ### Exercise 23.4 · niah_grid
#
# Texts are lists of token ids here, so that lengths are exact.
#
# - `haystack(filler, needle, length, depth)`: a new list of exactly `length` ids, in which the whole needle stands
#   at one place. The filler is read from its beginning, and from its beginning again as often as needed; the needle
#   interrupts it and replaces nothing of it. With room = length − len(needle), ⌊depth · room + ½⌋ ids of filler
#   come before the needle. So depth 0 is the very beginning and depth 1 the end. (No test has depth · room within
#   0.01 of a half, unless it is exactly a half.)
# - A needle longer than `length`, a depth outside 0 … 1, and an empty filler where room > 0 raise `ValueError`. An
#   empty needle is allowed.
# - `niah_grid(filler, needles, lengths, depths, ask)`: an int64 tensor (L, D) of how many needles are found. For
#   every length, depth and needle, `ask(tokens, k)` is called exactly once, in any order: `tokens` is the haystack
#   with `needles[k]`, k its number. It says True or False. If `haystack` raises, so does the grid.
#
# Source: Kamradt 2023, https://github.com/gkamradt/LLMTest_NeedleInAHaystack.

# %% stub="niah_grid"
def haystack(filler: Sequence[int], needle: Sequence[int], length: int, depth: float) -> list[int]:
    """A text of `length` ids with the needle at this depth: haystack([1, 2, 3], [9], 5, 0.5) is [1, 2, 9, 3, 1]."""
    ### BEGIN SOLUTION
    room = length - len(needle)
    if room < 0 or not 0 <= depth <= 1 or (room > 0 and len(filler) == 0):
        raise ValueError("the needle must fit, the depth lie in 0 … 1, and there must be filler")
    before = math.floor(depth * room + 0.5)
    hay = [filler[i % len(filler)] for i in range(room)]
    return hay[:before] + list(needle) + hay[before:]
    ### END SOLUTION
    raise NotImplementedError("haystack")


def niah_grid(filler: Sequence[int], needles: Sequence[Sequence[int]], lengths: Sequence[int], depths: Sequence[float],
              ask: Callable[[list[int], int], bool]) -> Int[Tensor, "L D"]:
    """How many of the needles are found, by length and depth."""
    ### BEGIN SOLUTION
    found = [[sum(bool(ask(haystack(filler, needle, length, depth), k)) for k, needle in enumerate(needles))
              for depth in depths] for length in lengths]
    return torch.tensor(found, dtype=torch.int64).reshape(len(lengths), len(depths))
    ### END SOLUTION
    raise NotImplementedError("niah_grid")

# %% [markdown] hints="niah_grid"
# <details><summary>Hint 1: a question</summary>
#
# At depth 1, which index does the needle's *first* token have, if the needle has 5 tokens and the text 100?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# filler 1 2 3, needle 8 9, length 7, depth 0.5: room is 5, half of it 2.5, plus ½ and rounded down 3. So 1 2 3,
# then 8 9, then the filler goes on: 1 2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Python's `round` takes halves to the even neighbour: 2.5 to 2 and 3.5 to 4.
#
# </details>

# %% graded="niah_grid__haystack" points=2
# Looks at length, depth and filler of one haystack.
check(haystack, [1, 2, 3], [8, 9], 7, 0.5, want=[1, 2, 3, 8, 9, 1, 2], why="room 5; 3 before the needle",
      mistakes={"halves rounded to even": [1, 2, 8, 9, 3, 1, 2],
                "the needle came on top of the length": [1, 2, 3, 1, 8, 9, 2, 3, 1],
                "the needle replaced filler": [1, 2, 3, 8, 9, 3, 1]})
for depth, want in [(0.0, [8, 9, 1, 2, 3]), (1.0, [1, 2, 3, 8, 9]), (1, [1, 2, 3, 8, 9])]:
    check(haystack, [1, 2, 3, 4, 5], [8, 9], 5, depth, want=want, why="depth 0 is the beginning, 1 the end")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(0)
for size, n, length in [(3, 2, 7), (50, 6, 40), (1, 1, 30), (400, 9, 1500), (7, 0, 20), (5, 4, 4), (0, 3, 3),
                        (11, 3, 12), (2000, 4, 1200)]:
    filler, needle = rng.integers(0, 90, size).tolist(), rng.integers(90, 99, n).tolist()
    for depth in (0.0, 0.25, 0.5, 0.75, 1.0, 0.1234, 0.9, 0.03):
        room = length - n
        if abs(depth * room % 1 - 0.5) < 0.01 and depth * room % 1 != 0.5:
            continue
        at, hay = int(depth * room + 0.5), (filler * (room // max(size, 1) + 1))[:room]
        want = [*hay[:at], *needle, *hay[at:]]
        check(haystack, filler, needle, length, depth, want=want, why="filler from its beginning, the needle whole")
check(haystack, [7, 1, 8, 2], [8, 7], 9, 0.5, want=[7, 1, 8, 2, 8, 7, 7, 1, 8], why="filler may hold the needle's ids")
for args, want in [(([1, 2], [3], 4, 0.5), [1, 2, 3, 1]), (([1, 2, 3], [], 3, 0.5), [1, 2, 3]),
                   (([], [4, 5], 2, 1.0), [4, 5]), (([6, 7], [5], 3, 1.0), [6, 7, 5])]:
    for probe in (unchanged, fresh):
        probe(haystack, *args, want=want)
### END HIDDEN TESTS

# %% graded="niah_grid__errors" points=1
# Looks at needles that do not fit, depths outside, missing filler.
check(haystack, [], [7, 8], 2, 0.3, want=[7, 8], why="no room, no filler needed")
raises(ValueError, haystack, [1, 2], [7, 8, 9], 2, 0.5, why="the needle is longer than the text")
raises(ValueError, haystack, [1, 2], [7], 9, 1.5, why="a depth lies between 0 and 1")
### BEGIN HIDDEN TESTS
raises(ValueError, haystack, [1, 2], [7], 9, -0.01, why="a depth lies between 0 and 1")
raises(ValueError, haystack, [], [7], 2, 0.0, why="there is no filler for the room")
raises(ValueError, haystack, [], [], 1, 1.0, why="there is no filler for the room")
raises(ValueError, haystack, [1], [7, 7], 1, 0.0, why="the needle is longer than the text")
check(haystack, [], [], 0, 0.5, want=[], why="nothing in nothing")
### END HIDDEN TESTS

# %% graded="niah_grid__grid" points=2
# Looks at the counts, and at what `ask` was asked.
def near(tokens, k):
    "Finds a needle only in the first six or the last six ids."
    at = tokens.index(100 + k)
    return at < 6 or at >= len(tokens) - 6

check(niah_grid, [1, 2, 3], [[100], [101]], [8, 40], [0.0, 0.5, 1.0], near, want=torch.tensor([[2, 2, 2], [2, 0, 2]]),
      why="two needles, two lengths, three depths",
      mistakes={"rates, not counts": torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]),
                "rows are depths": torch.tensor([[2, 2], [2, 0], [2, 2]])})
### BEGIN HIDDEN TESTS
def odd(tokens, k):
    "An answer that depends on every argument."
    at, size = next(i for i, t in enumerate(tokens) if t >= 100), len(tokens)
    answer = (3 * at + 5 * size + 7 * k + tokens[at] + sum(tokens[:3])) % 3 > 0
    return answer

rng = np.random.default_rng(1)
for n_needles, lengths, depths in [(1, [9, 30, 301], [0.5]), (5, [40, 12], [0.0, 0.25, 0.75, 1.0]),
                                   (300, [20], [0.5, 0.0]), (3, [8, 8], [1.0, 1.0]),
                                   (4, [64, 32, 16, 17], [0.0, 0.5, 1.0])]:
    filler = rng.integers(0, 50, 23).tolist()
    needles = [[100 + int(t) for t in rng.integers(0, 50, 1 + k % 4)] for k in range(n_needles)]
    asked = []

    def note(tokens, k, asked=asked):
        asked.append((tuple(tokens), k))
        return odd(tokens, k)

    def place(length, depth, needle, filler=filler):
        room = length - len(needle)
        at = int(depth * room + 0.5)
        hay = (filler * 20)[:room]
        return hay[:at] + needle + hay[at:]

    texts = [[[place(a, d, x) for x in needles] for d in depths] for a in lengths]
    want = torch.tensor([[sum(odd(list(t), k) for k, t in enumerate(cell)) for cell in row] for row in texts])
    got = niah_grid(list(filler), [list(x) for x in needles], list(lengths), list(depths), note)
    expect(got, want, on=f"niah_grid of {n_needles} needles, lengths {lengths}, depths {depths}",
           why="how many were found")
    once = sorted((tuple(t), k) for row in texts for cell in row for k, t in enumerate(cell))
    assert sorted(asked) == once, (
        "expected ask(tokens, k) exactly once for every length, depth and needle, with its haystack"
    )
raises(ValueError, niah_grid, [1, 2], [[100], [101, 102, 103]], [5, 2], [0.5], odd, why="a needle is longer than a text")
check(niah_grid, [1], [], [5, 6, 7], [0.0, 1.0], odd, want=torch.zeros(3, 2, dtype=torch.long), why="no needles: zeros")
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 23.5 · effective_length
#
# `effective_length(lengths, right, trials, threshold, by="mean")`: `lengths` are whole numbers, all different, **in
# any order**; `right` (L, D) counts the right answers for each length and depth, out of `trials` each, as
# `niah_grid` gives them (any integer or floating dtype).
#
# - The score of a length is, with `by="mean"`, the share of right answers over all its depths; with `by="worst"`,
#   the share at its worst depth. Anything else for `by` raises `ValueError`.
# - The answer is the largest length L such that L **and every shorter length of the list** have a score of at least
#   `threshold`. It is an `int`; 0, if the shortest one fails or there are no lengths.
# - A score that misses the threshold by less than 1e-9 reaches it: 0.1 + 0.2 must not decide.
#
# Source: the definition in Modarressi et al. 2025, arXiv 2502.05167, with the threshold left to the caller; "for
# all shorter" made explicit.

# %% stub="effective_length"
def effective_length(lengths: Sequence[int], right: Int[Tensor, "L D"], trials: int, threshold: float,
                     by: str = "mean") -> int:
    """The length up to which all scores reach the threshold.

    lengths [100, 200, 400], right [[4], [1], [4]], 4 trials, threshold 0.5: 100.
    """
    ### BEGIN SOLUTION
    if by not in ("mean", "worst"):
        raise ValueError("by is 'mean' or 'worst'")
    best = 0
    for length, row in sorted(zip(lengths, right.double()), key=lambda pair: pair[0]):
        score = (row.mean() if by == "mean" else row.min()).item() / trials
        if score < threshold - 1e-9:
            break
        best = int(length)
    return best
    ### END SOLUTION
    raise NotImplementedError("effective_length")

# %% [markdown] hints="effective_length"
# <details><summary>Hint 1: a question</summary>
#
# A model scores 0.9 at 8K, 0.4 at 16K and 0.85 at 32K. Someone sends it 12K tokens. What would you promise?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# lengths [64, 16, 32], right [[1, 1], [4, 4], [4, 2]], 4 trials, threshold 0.75. Sorted: 16 has 1.0, 32 has 0.75 in
# the mean and 0.5 at its worst depth, 64 has 0.25. By mean 32, by worst 16.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Sort before you walk, and stop at the first failure instead of skipping it.
#
# </details>

# %% graded="effective_length__walk" points=2
# Looks at failures between good lengths, and at lengths in any order.
for lengths, rows, want in [([100, 200, 400], [[4], [1], [4]], 100), ([400, 100, 200], [[4], [4], [1]], 100),
                            ([8, 16], [[0], [4]], 0)]:
    check(effective_length, lengths, torch.tensor(rows), 4, 0.5, want=want, why="every shorter length must pass, too",
          mistakes={"a good length behind a bad one was counted": max(a for a, r in zip(lengths, rows) if r[0] >= 2)})
### BEGIN HIDDEN TESTS
for seed in range(60):
    rng = np.random.default_rng(seed)
    n, depths, trials = int(rng.integers(1, 9)), int(rng.integers(1, 6)), int(rng.integers(1, 12))
    lengths = rng.permutation(5000)[:n].tolist()
    rows = np.minimum(rng.integers(0, 2 * trials + trials * 3, (n, depths)), trials)
    threshold = float(rng.choice([0.0, 0.3, 0.5, 0.7, 0.85, 0.9, 1.0]))
    for by in ("mean", "worst"):
        from fractions import Fraction
        score = {a: Fraction(int(r.sum()), trials * depths) if by == "mean" else Fraction(int(r.min()), trials)
                 for a, r in zip(lengths, rows)}
        good = [
            a for a in lengths if all(score[b] >= Fraction(threshold) - Fraction(1, 10**9) for b in lengths if b <= a)
        ]
        got = effective_length(list(lengths), torch.tensor(rows), trials, threshold, by)
        expect(got, max(good, default=0),
               on=f"effective_length({lengths}, {rows.tolist()}, {trials}, {threshold}, {by!r})",
               why="the largest length up to which all reach the threshold")
        assert type(got) is int, f"expected an int, got {got!r}"
low = torch.tensor([[8, 8], [7, 8], [8, 7], [6, 8], [8, 8], [7, 7], [8, 8]])  # never all of ten
check(effective_length, [10, 20, 30, 40, 50, 60, 70], low, 10, 0.75, want=30, why="the threshold is no share of the best score")
check(effective_length, [10, 20, 30, 40, 50, 60, 70], low, 10, 0.65, "worst", want=30,
      why="the threshold is no share of the best score")
many = list(range(300, 0, -1))
check(effective_length, many, torch.tensor([[1] if a != 201 else [0] for a in many]), 1, 1.0, want=200,
      why="any number of lengths")
### END HIDDEN TESTS

# %% graded="effective_length__scores" points=2
# Looks at mean against worst, at ties with the threshold, dtypes and errors.
rows = torch.tensor([[1, 1], [4, 4], [4, 2]])
check(effective_length, [64, 16, 32], rows, 4, 0.75, want=32, why="by the mean, 32 has exactly 0.75: that reaches it",
      mistakes={"the threshold must be passed, not reached": 16})
check(effective_length, [64, 16, 32], rows, 4, 0.75, "worst", want=16, why="at its worst depth 32 has 0.5")
raises(ValueError, effective_length, [16], torch.tensor([[4]]), 4, 0.5, "best", why="by is 'mean' or 'worst'")
### BEGIN HIDDEN TESTS
check(effective_length, [10, 20], torch.tensor([[1, 1, 1], [3, 3, 3]]), 10, 0.1 + 0.2 - 0.2, want=20,
      why="0.1 reaches 0.1")
check(effective_length, [10], torch.tensor([[3, 3, 3]]), 10, 0.1 + 0.2, want=10, why="0.3 reaches 0.30000000000000004")
check(effective_length, [10], torch.tensor([[7, 8, 9]]), 10, 0.8, want=10, why="their mean is 0.8")
check(effective_length, [10], torch.tensor([[3, 3, 3]]), 10, 0.3001, want=0, why="0.3 does not reach 0.3001")
check(effective_length, [10], torch.tensor([[3, 3, 3]]), 10, 0.3 + 1.2e-9, want=0, why="0.3 misses it by more than 1e-9")
check(effective_length, [10], torch.tensor([[3, 3, 3]]), 10, 0.3 + 9e-10, want=10, why="0.3 misses it by less than 1e-9")
raises(ValueError, effective_length, [], torch.zeros(0, 3), 5, 0.5, "median", why="by is 'mean' or 'worst'")
check(effective_length, [], torch.zeros(0, 3, dtype=torch.long), 5, 0.5, want=0, why="no lengths")
for dtype in (torch.uint8, torch.int8, torch.int32, torch.float16, torch.float64):
    check(effective_length, [5, 9], torch.full((2, 7), 100).to(dtype), 100, 1.0, want=9, why="counts in any dtype")
    check(effective_length, [5, 9], torch.full((2, 7), 99).to(dtype), 100, 1.0, want=0, why="counts in any dtype")
check(effective_length, [7, 3], torch.tensor([[0, 0], [1, 0]]), 2, 0.0, want=7, why="everything reaches 0")
check(effective_length, [7, 3], torch.tensor([[2, 5, 9], [9, 9, 9]]).T.contiguous().T, 9, 0.5, "worst", want=3,
      why="strided counts")
for dtype in (torch.int64, torch.float32, torch.float64):
    unchanged(effective_length, [9, 4], torch.tensor([[2, 1], [2, 2]], dtype=dtype), 2, 0.5, want=9)
### END HIDDEN TESTS

# %% [markdown]
# **Now on a model that reads.** SmolLM2-135M has a window of 8,192 tokens. We hide ` The secret code is 4711. `
# (with random digits) in Python's help texts, at three depths in 128, 256 and 512 tokens, with your functions;
# three codes for each. The question comes after the text. It takes about 10 seconds.

# %% tags=["real"]
from course.models.smollm import attempt, load

with attempt():  # without the model, or without your functions, it says so
    smollm, tokenizer = load(torch.bfloat16)
    found = context_windows.needles(smollm, tokenizer, niah_grid, effective_length)

# %% [markdown]
# What to look for, and what not:
#
# - At 512 tokens, a sixteenth of its window, the needle at the *beginning* is the one that gets lost. In a frozen
#   run with 8 codes, depth 0 of 1,024 tokens gave 1 of 8 and depth 1 gave 8 of 8; the 95 % intervals, [0.02, 0.47]
#   and [0.68, 1.0], do not meet. Neighbouring cells of your grid differ by chance: 3 of 3 has the interval [0.44,
#   1.0].
# - This is **not** lost in the middle: the middle is fine here. And depth 0 is both the furthest and the very first
#   text; the test does not tell the two apart.
# - It is one needle, with the words of the question in it: the easiest test there is.
#
# ## 5 · What goes in, and where
#
# A long window invites one to put everything into it. Four reasons against it: cost (each token is paid for on
# every turn), time to the first token, dilution, and distractors: wrong things that look right. With RAG
# (retrieval-augmented generation) more passages raise the chance that the answer is among them, and the number of
# convincing wrong ones; accuracy may rise first and then fall (Jin et al. 2024, arXiv 2410.05983). In Liu et al. 50
# passages instead of 20 gained GPT-3.5 some 1.5 points. So long context does not make chunks coarse and rerankers
# idle: retrieval decides *what* enters, the window *how much* may.
#
# **Order.** If a model reads the edges best, put the best passages there: ranks 1, 3, 5 … from the front, 2, 4, 6 …
# from the back, so that the weakest meet in the middle. If one edge is stronger, as the end was for SmolLM2, rank 1
# goes there. It costs nothing and gains nothing where a model has no such bias: measure.
#
# ### Exercise 23.6 · reorder_for_edges
#
# `reorder_for_edges(docs, scores, strong="start")`: a new list of the same documents.
#
# - Rank them by score, the highest first; of equal scores the one that stands earlier in `docs` comes first. Scores
#   are numbers (floats, −inf too, no NaN, or ints up to 2⁵³), in any order.
# - `strong="start"`: rank 1 becomes the first, rank 2 the last, rank 3 the second, rank 4 the second to last, and
#   so on.
# - `strong="end"`: rank 1 becomes the last, rank 2 the first, rank 3 the second to last, and so on.
# - Any number of documents, none too; documents may be equal, and of any kind. Unequal numbers of documents and
#   scores, or another word for `strong`, raise `ValueError`.
#
# Source: the idea of Liu et al. 2023, arXiv 2307.03172; `LongContextReorder` of LangChain does the like with a list
# already ranked.

# %% stub="reorder_for_edges"
def reorder_for_edges(docs: Sequence, scores: Sequence[float], strong: str = "start") -> list:
    """The best at the edges, the weakest in the middle.

    docs "a" to "e" with scores 5, 4, 3, 2, 1: a c e d b.
    """
    ### BEGIN SOLUTION
    if len(docs) != len(scores) or strong not in ("start", "end"):
        raise ValueError("one score a document; strong is 'start' or 'end'")
    ranked = [docs[i] for i in sorted(range(len(docs)), key=lambda i: scores[i], reverse=True)]
    ordered = ranked[::2] + ranked[1::2][::-1]
    return ordered if strong == "start" else ordered[::-1]
    ### END SOLUTION
    raise NotImplementedError("reorder_for_edges")

# %% [markdown] hints="reorder_for_edges"
# <details><summary>Hint 1: a question</summary>
#
# Write ranks 1 to 6 in their places. Which two stand next to each other in the middle?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Scores a 1, b 9, c 5, d 9. Ranking: b, d (the tie, b stands earlier), c, a. From the start: b c a d. From the end:
# d a c b.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Sorting ascending and then reversing the list turns ties round, too.
#
# </details>

# %% graded="reorder_for_edges__places" points=2
# Looks at even and odd numbers of documents, unsorted, from both edges.
check(reorder_for_edges, list("abcde"), [5, 4, 3, 2, 1], want=list("acedb"),
      why="1, 3, 5 from the front, 2, 4 from the back",
      mistakes={"only sorted": list("abcde"), "the middle is the best": list("dbace")})
check(reorder_for_edges, list("abcd"), [0.1, 0.9, 0.5, 0.7], want=list("bcad"), why="ranked b, d, c, a")
check(reorder_for_edges, list("abcd"), [0.1, 0.9, 0.5, 0.7], "end", want=list("dacb"), why="b last, d first")
### BEGIN HIDDEN TESTS
def placed(docs, scores, strong):
    "Place by place."
    left = sorted(zip([-s for s in scores], range(len(docs))))
    line, front, back = [None] * len(docs), 0, len(docs) - 1
    for rank, (_, i) in enumerate(left):
        if (rank % 2 == 0) == (strong == "start"):
            line[front], front = docs[i], front + 1
        else:
            line[back], back = docs[i], back - 1
    return line

for seed, n in enumerate([0, 1, 2, 3, 4, 5, 6, 7, 10, 33, 300, 501]):
    rng = np.random.default_rng(seed)
    docs = [f"d{i % 40}" for i in range(n)]
    for scores in (rng.standard_normal(n).tolist(), (rng.integers(0, 3, n) / 7).tolist(),
                   rng.integers(-2, 2, n).tolist(),
                   np.where(rng.random(n) < 0.4, -math.inf, rng.random(n) / 1e9).tolist()):
        for strong in ("start", "end"):
            check(reorder_for_edges, docs, scores, strong, want=placed(docs, scores, strong), why="ties keep their order")
### END HIDDEN TESTS

# %% graded="reorder_for_edges__edges" points=1
# Looks at ties, odd documents, errors, arguments and memory.
check(reorder_for_edges, list("abc"), [1, 1, 1], want=list("acb"),
      why="of equal scores the earlier one is ranked first")
raises(ValueError, reorder_for_edges, list("abc"), [1, 2], why="one score a document")
### BEGIN HIDDEN TESTS
docs = [("a", 1), {"b": 2}, None, "", 0, [3]]
check(reorder_for_edges, docs, [0.0, 2, -1, 0.0, 1e-12, -math.inf], want=[{"b": 2}, ("a", 1), None, [3], "", 0],
      why="documents of any kind")
check(reorder_for_edges, list("abc"), [1.0, 1.0 + 1e-12, 1.0 - 1e-12], want=list("bca"), why="near scores are no ties")
raises(ValueError, reorder_for_edges, list("ab"), [1, 2], "middle", why="strong is 'start' or 'end'")
raises(ValueError, reorder_for_edges, [], [1], why="one score a document")
raises(ValueError, reorder_for_edges, [], [], "", why="strong is 'start' or 'end'")
for docs in ([], ["a"], ["a", "b"], ["a", "b", "c"]):
    for strong in ("start", "end"):
        want = docs[::-1][:1] + docs[:-2] + docs[::-1][1:2]  # scores rise: c a b
        want = want if strong == "start" else want[::-1]
        for probe in (unchanged, fresh):
            probe(reorder_for_edges, list(docs), [0.5, 0.7, 0.75][:len(docs)], strong, want=want)
### END HIDDEN TESTS

# %% [markdown]
# **A conversation** has no memory beyond its prompt: on every turn the client sends everything again. What may
# stand in it, from the stable to the fleeting:
#
# | part | what it is |
# |---|---|
# | system | who the model is, tools, rules |
# | memory | facts kept for good: "allergic to peanuts" |
# | summary | what happened before the turns that are still there |
# | turns | the last ones, word for word |
# | query | what is asked now |
#
# Two rules that people learn from bug reports. **Leave room for the answer**: prompt and answer share the window,
# and a prompt that fills it gets an answer of one token. **A turn is whole or absent**: a tool's result without its
# call, or an answer without its question, confuses a model more than a gap does (and some APIs refuse it).
#
# ### Exercise 23.7 · pack_context
#
# `pack_context(system, memory, summary, turns, query, budget, reserve, count)` returns the messages of one request,
# a new list of `(role, text)` tuples. `count(message)` gives the price of one whole message in tokens: a whole
# number, 0 or more, and *any* function of role and text. A sum of messages costs the sum of their prices.
#
# 1. The room is `budget − reserve`; the messages may cost exactly that much. `("system", system)` comes first and
#    `("user", query)` last, always. If these two alone cost more, raise `ValueError`.
# 2. `memory` is a list of texts, the most important first. One after the other, each goes in as `("memory", text)`
#    if it still fits; one that does not fit is passed over, and the next is tried.
# 3. Then the summary, as `("summary", summary)`, if it fits. `""` means that there is none.
# 4. Then the turns, from the newest back. `turns` is a list of turns, the oldest first, and each a list of
#    messages. A turn goes in whole. **The first that does not fit ends it**: no older one is tried, so that no gap
#    arises. A turn without messages costs nothing.
#
# The order in the result: system, memory (in its order), summary, the turns from the oldest kept to the newest,
# query. Texts may be empty or equal. Nothing is changed in place.
#
# Source: practice; the order is that of prefix caches, part 6.

# %% stub="pack_context"
def pack_context(system: str, memory: Sequence[str], summary: str, turns: Sequence[Turn], query: str, budget: int,
                 reserve: int, count: Callable[[Message], int]) -> list[Message]:
    """The messages of one request, within budget - reserve tokens.

    With two turns of which only the newer fits: [("system", …), *turns[1], ("user", query)].
    """
    ### BEGIN SOLUTION
    first, last = ("system", system), ("user", query)
    room = budget - reserve - count(first) - count(last)
    if room < 0:
        raise ValueError("system and query alone are too long")
    stable = []
    for message in [*(("memory", text) for text in memory), *([("summary", summary)] if summary else [])]:
        if (price := count(message)) <= room:
            stable.append(message)
            room -= price
    kept: list[Message] = []
    for turn in reversed(turns):
        room -= sum(count(message) for message in turn)
        if room < 0:
            break
        kept = [*turn, *kept]
    return [first, *stable, *kept, last]
    ### END SOLUTION
    raise NotImplementedError("pack_context")

# %% [markdown] hints="pack_context"
# <details><summary>Hint 1: a question</summary>
#
# The newest turn costs 50, the one before 900, the one before that 20, and 100 are left. Which may go in, and what
# would the model make of the 20 without the 900?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Budget 100, reserve 20: room 80. System 10 and query 10 leave 60. Memory items of 40, 30, 15: the first goes in
# (20 left), the second not, the third does (5 left). No turn of more than 5 fits any more.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Memory passes over what does not fit; turns stop at it. And you choose turns from the newest, but they are read
# from the oldest.
#
# </details>

# %% graded="pack_context__turns" points=3
# Looks at which turns are kept, whole and in order. The price of a message is the number of its letters.
def letters(message):
    "One token a letter."
    return len(message[1])

turns = [[("user", "a" * 9), ("assistant", "b" * 2)],
         [("user", "c" * 30), ("assistant", "d" * 31)],
         [("user", "e" * 5), ("tool", "f" * 6), ("assistant", "g" * 4)],
         [("user", "h" * 3), ("assistant", "i" * 7)]]
ends = [("system", "s" * 10), ("user", "q" * 5)]
whole = [message for turn in turns for message in turn]
for budget, kept in [(200, whole), (112, whole), (111, whole[2:]), (100, whole[4:]), (40, whole[4:]), (39, whole[7:]),
                     (24, []), (15, [])]:
    check(pack_context, "s" * 10, [], "", turns, "q" * 5, budget, 0, letters, want=[ends[0], *kept, ends[1]],
          why="the newest turns, each whole, until the first that does not fit; they stand in order",
          mistakes={"the oldest turns were kept": [ends[0], *whole[:2], ends[1]],
                    "a turn was cut, or one behind a gap taken": [ends[0], *whole[:2], *kept, ends[1]],
                    "the newest turn stands first": [ends[0], *[m for t in reversed(turns) for m in t], ends[1]]})
### BEGIN HIDDEN TESTS
for seed in range(40):
    rng = np.random.default_rng(seed)
    n = [0, 1, 3, 8, 70][seed % 5]
    turns = [[(str(rng.choice(["user", "assistant", "tool"])), "xy " * int(rng.integers(0, 9)))
              for _ in range(rng.integers(0, 4))] for _ in range(n)]
    price = words if seed % 2 else by_role
    cost = price(("system", "be brief")) + price(("user", "and now?"))
    total = cost + sum(price(m) for t in turns for m in t)
    budget = int(rng.integers(cost, total + 4))
    check(pack_context, "be brief", [], "", turns, "and now?", budget, 0, price,
          why="whole turns from the newest back, no gaps",
          want=packed("be brief", [], "", turns, "and now?", budget, 0, price))
### END HIDDEN TESTS

# %% graded="pack_context__stable_parts" points=2
# Looks at memory and summary: what goes in, and in which order.
def letters(message):
    "One token a letter."
    return len(message[1])

check(pack_context, "s" * 10, ["m" * 40, "n" * 30, "o" * 15], "z" * 4, [[("user", "u")]], "q" * 10, 100, 20, letters,
      why="room 80: 40 and 15 of the memory, the summary, the turn",
      want=[("system", "s" * 10), ("memory", "m" * 40), ("memory", "o" * 15), ("summary", "z" * 4), ("user", "u"),
            ("user", "q" * 10)],
      mistakes={"the memory stopped at the first that did not fit":
                [("system", "s" * 10), ("memory", "m" * 40), ("summary", "z" * 4), ("user", "u"), ("user", "q" * 10)]})
### BEGIN HIDDEN TESTS
for seed in range(60):
    rng = np.random.default_rng(seed)
    turns = [[("user", "ab " * int(rng.integers(0, 5))), ("assistant", "c " * int(rng.integers(0, 6)))]
             for _ in range(rng.integers(0, 5))]
    memory = ["m " * int(k) for k in rng.integers(0, 12, rng.integers(0, 6))]
    summary = "" if seed % 4 == 0 else "s " * int(rng.integers(1, 15))
    system, query = "t " * int(rng.integers(0, 5)), "q" * int(rng.integers(0, 4))
    price = [
        words,
        by_role,
        lambda message: 4,
        lambda message: 0 if message[0] == "memory" else 1 + len(message[1]),
    ][seed % 4]
    everything = [("system", system), ("user", query), *(("memory", m) for m in memory), ("summary", summary),
                  *(m for t in turns for m in t)]
    least = price(everything[0]) + price(everything[1])
    reserve = int(rng.integers(0, 30))
    budget = reserve + int(rng.integers(least, sum(map(price, everything)) + 5))
    check(pack_context, system, memory, summary, turns, query, budget, reserve, price,
          want=packed(system, memory, summary, turns, query, budget, reserve, price),
          why="system, memory that fits, the summary, the newest turns, query")
### END HIDDEN TESTS

# %% graded="pack_context__room" points=2
# Looks at the reserve, at the error, and at exactly full prompts.
def letters(message):
    "One token a letter."
    return len(message[1])

check(pack_context, "sys", [], "", [[("user", "1234")]], "ask", 20, 10, letters,
      want=[("system", "sys"), ("user", "1234"), ("user", "ask")], why="3 + 4 + 3 is exactly 20 - 10")
check(pack_context, "sys", [], "", [[("user", "1234")]], "ask", 20, 11, letters,
      want=[("system", "sys"), ("user", "ask")], why="with 11 reserved the turn does not fit",
      mistakes={"the reserve was not taken off": [("system", "sys"), ("user", "1234"), ("user", "ask")]})
raises(ValueError, pack_context, "sys", [], "", [], "ask", 10, 5, letters, why="system and query alone cost 6")
### BEGIN HIDDEN TESTS
for budget, reserve in [(6, 0), (106, 100), (10 ** 9 + 6, 10 ** 9)]:
    check(pack_context, "sys", ["m"], "s", [[("user", "u")], []], "ask", budget, reserve, letters,
          want=[("system", "sys"), ("user", "ask")], why="system and query fill the room exactly")
    raises(ValueError, pack_context, "sys", [], "", [], "ask", budget - 1, reserve, letters, why="one token too few")
check(pack_context, "", [""], "", [[], [("user", "")], []], "", 0, 0, letters, why="empty texts are messages, too",
      want=[("system", ""), ("memory", ""), ("user", ""), ("user", "")])
check(pack_context, " ", ["0", " "], " ", [], "0", 9, 1, letters, why="blank texts are texts: only \"\" means no summary",
      want=[("system", " "), ("memory", "0"), ("memory", " "), ("summary", " "), ("user", "0")])
check(pack_context, "sys", [], "", [[("user", "ask"), ("assistant", "no")], [("user", "ask")]], "ask", 30, 0, letters,
      want=[("system", "sys"), ("user", "ask"), ("assistant", "no"), ("user", "ask"), ("user", "ask")],
      why="a turn may say what the query says")
raises(ValueError, pack_context, "", [], "", [], "", 5, 6, letters, why="even a prompt without a letter costs more than -1")
args = ("sys", ["m", "n"], "s", [[("user", "t")], [("user", "u"), ("assistant", "v")]], "ask")
want = [("system", "sys"), ("memory", "m"), ("memory", "n"), ("summary", "s"), ("user", "t"), ("user", "u"),
        ("assistant", "v"), ("user", "ask")]
assert all(type(message) is tuple for message in pack_context(*args, 50, 9, letters)), "expected (role, text) tuples"
unchanged(pack_context, *args, 50, 9, letters, want=want)
fresh(pack_context, *args, 50, 9, letters, want=want)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · The whole: a conversation that goes on
#
# Dropping old turns is easy, and loses what was in them. **Compaction** folds them into a summary before they go.
# It raises two questions: how often, and what does it cost?
#
# **The prefix cache decides how often.** A server keeps keys and values of earlier prompts and reuses them for the
# longest common *beginning* (section 12 builds such a cache; vendors bill its tokens at a fraction of the price).
# The first changed token ends the common part: everything behind it is computed anew. Hence the order of a prompt:
#
# - What never changes comes first: system, tools, memory. What changes on each turn comes last. A clock in the
#   system prompt ("It is 14:03:27") makes everything behind it new, on every request.
# - Append; do not rewrite. Sliding the window by one turn each time changes the beginning each time. Then nothing
#   but what stands before the turns is ever reused.
# - So compact **rarely and deeply**: go on appending until the window is full, then fold until it is, say, half
#   empty. Between two compactions every request continues the last one. A high mark and a low mark: hysteresis.
#
# **What is lost.** A summary of summaries forgets, each time a little. Hence facts that must last go to memory, as
# they are, and never through a summary. And keep the transcript outside the window: what was dropped can be
# searched (that is RAG over one's own conversation). Evicting or quantising cache entries (H2O, SnapKV, section 14)
# is something else: it makes the *cache* smaller and forgets keys, not words. "Memory tokens" and "dual caches" are
# names of many things; ask what is stored, and who decides.
#
# ### Exercise 23.8 · ContextManager
#
# `ContextManager(system, budget, reserve, count, summarise, low=0.5)`; room = budget − reserve, `0 ≤ low ≤ 1`.
#
# - `remember(text)` appends to the memory, unless exactly this text is in it already. Returns None.
# - `add(turn)` appends a turn, a list of messages. Returns None.
# - `request(query)` returns the messages to send, in this way:
#   1. If `("system", system)` and `("user", query)` alone cost more than the room: `ValueError`, and nothing has
#      changed.
#   2. If system, all memory, the summary (if it is not `""`), **all** turns and the query together cost more than
#      the room, and there are turns: **compact once**. Fold the oldest turns: the smallest number k ≥ 1 for which
#      system, all memory, query and the remaining turns, *without any summary*, cost at most low · room; if no k is
#      enough, all turns. Call `summarise(old_summary, folded)` once; `folded` is the list of the k turns, the
#      oldest first. What it returns, a `str`, is the new summary. The folded turns are gone. (A summary is a request
#      to a model and can fail: if `summarise` raises, so does `request`, and nothing has changed.)
#   3. Return `pack_context` of what there is now (it has the last word if the new summary is too long).
#
# `request` adds nothing to the turns: the caller does that when the answer is there. No turn is lost without
# `summarise` having had it, also where `pack_context` leaves one out; and once folded it is not passed again. Two
# managers share nothing. Use your `pack_context`. `low · room` is compared without rounding.
#
# Source: practice; hysteresis as in any cache with a high and a low mark.

# %% stub="ContextManager"
class ContextManager:
    """Keeps a conversation within a budget.

    m = ContextManager("Be brief.", 1000, 200, count, summarise); m.add([("user", "Hi"), ("assistant", "Hello")])
    m.request("And?") is [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "And?")]
    """

    def __init__(self, system: str, budget: int, reserve: int, count: Callable[[Message], int],
                 summarise: Callable[[str, list[Turn]], str], low: float = 0.5):
        ### BEGIN SOLUTION
        self.system, self.budget, self.reserve, self.low = system, budget, reserve, low
        self.count, self.summarise = count, summarise
        self.memory: list[str] = []
        self.summary = ""
        self.turns: list[Turn] = []
        return
        ### END SOLUTION
        raise NotImplementedError("ContextManager")

    def remember(self, text: str) -> None:
        """Keep a fact for good."""
        ### BEGIN SOLUTION
        if text not in self.memory:
            self.memory.append(text)
        return
        ### END SOLUTION
        raise NotImplementedError("ContextManager")

    def add(self, turn: Turn) -> None:
        """Append what was said."""
        ### BEGIN SOLUTION
        self.turns.append(list(turn))
        return
        ### END SOLUTION
        raise NotImplementedError("ContextManager")

    def request(self, query: str) -> list[Message]:
        """The messages to send; compacts first, where they would not fit."""
        ### BEGIN SOLUTION
        room, count = self.budget - self.reserve, self.count
        ends = count(("system", self.system)) + count(("user", query))
        stable = ends + sum(count(("memory", text)) for text in self.memory)
        prices = [sum(map(count, turn)) for turn in self.turns]
        summary = count(("summary", self.summary)) if self.summary else 0
        if ends <= room < stable + summary + sum(prices) and prices:
            k = 1
            while k < len(prices) and stable + sum(prices[k:]) > self.low * room:
                k += 1
            self.summary = self.summarise(self.summary, self.turns[:k])
            self.turns = self.turns[k:]
        return pack_context(self.system, self.memory, self.summary, self.turns, query, self.budget, self.reserve, count)
        ### END SOLUTION
        raise NotImplementedError("ContextManager")

# %% [markdown] hints="ContextManager"
# <details><summary>Hint 1: a question</summary>
#
# If you fold only as much as makes the next request fit, when is the next compaction, and how much of the prefix
# cache survives it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Room 100, low 0.5, system and query 5 each, no memory; six turns of 16 each. Together 106: compact. With k turns
# folded 10 + 16 · (6 − k) must be at most 50: k = 4 leaves 42. The next request of this size fits until three or so
# turns later.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Check system and query before anything is folded, and let go of turns only when their summary is there: after an
# error nobody may find that turns have gone.
#
# </details>

# %% graded="ContextManager__appends" points=2
# Looks at requests before any compaction: each continues the last; memory; what a manager owns.
def letters(message):
    "One token a letter."
    return len(message[1])

def names(summary, folded):
    "A summary that shows what was folded."
    return summary + "".join(turn[0][1][:1] for turn in folded)

manager = ContextManager("sys", 1000, 100, letters, names)
said = [("user", "Hi"), ("assistant", "Hello")]
manager.add(said)
manager.remember("likes tea")
manager.remember("likes tea")
for query in ("And?", "Or?"):
    check(manager.request, query, why="system, memory once, the turn, the query",
          want=[("system", "sys"), ("memory", "likes tea"), ("user", "Hi"), ("assistant", "Hello"), ("user", query)],
          mistakes={"the query became a turn": [("system", "sys"), ("memory", "likes tea"), *said, ("user", "And?"),
                                                ("user", query)]})
other = ContextManager("sys", 1000, 100, letters, names)
check(other.request, "And?", want=[("system", "sys"), ("user", "And?")], why="two managers share nothing")
### BEGIN HIDDEN TESTS
manager = ContextManager("s", 300, 0, words, names)
for fact in ("b", "a", "b", "c", "a", "a ", "A"):
    expect(manager.remember(fact), None, on=f"what remember({fact!r}) returns")
facts = [("memory", fact) for fact in ("b", "a", "c", "a ", "A")]
expect(manager.request("q"), [("system", "s"), *facts, ("user", "q")],
       on="a request after remember(b), (a), (b), (c), (a), (a ), (A)",
       why="each text once, in the order in which it first came")
manager = ContextManager("", 300, 0, words, names)
want = [("system", "")]
for i in range(30):
    turn = [("user", f"q {i}"), ("assistant", f"a {i % 3}")][:1 + i % 2]
    manager.add(list(turn))
    want += turn
    expect(manager.request("now"), [*want, ("user", "now")], on=f"request after {i + 1} turns",
           why="nothing but appended")
expect(manager.add([]), None, on="what add([]) returns")
expect(manager.request(""), [*want, ("user", "")], on="a request after an empty turn")
got = manager.request("now")
got.clear()
expect(manager.request("now"), [*want, ("user", "now")], on="the same request, after its answer was emptied",
       why="new memory each time")
### END HIDDEN TESTS

# %% graded="ContextManager__compacts" points=3
# Looks at when it compacts, at how many turns it folds, and at what summarise is given.
def letters(message):
    "One token a letter."
    return len(message[1])

def names(summary, folded):
    "A summary that shows what was folded."
    return summary + "".join(turn[0][1][:1] for turn in folded)

def spoken(which):
    "The messages of some turns; each turn has 16 letters."
    return [m for letter in which for m in [("user", letter * 10), ("assistant", letter * 6)]]

manager = ContextManager("s" * 5, 120, 20, letters, names)
for letter in "abcdef":
    manager.add(spoken(letter))
for query in ("q" * 5, "r" * 5):
    check(manager.request, query, want=[("system", "sssss"), ("summary", "abcd"), *spoken("ef"), ("user", query)],
          why="106 > 100: fold four turns, so that 10 + 2 * 16 is at most 0.5 * 100; then nothing more to fold",
          mistakes={"folded only until it fits":
                    [("system", "sssss"), ("summary", "a"), *spoken("bcdef"), ("user", query)]})
### BEGIN HIDDEN TESTS
class Model:
    "The statement, once more: a plain list of what should happen."

    def __init__(self, system, budget, reserve, count, low):
        self.system, self.room, self.count, self.low = system, budget - reserve, count, low
        self.memory, self.summary, self.turns, self.log = [], "", [], []

    def request(self, query):
        price = lambda messages: sum(self.count(m) for m in messages)  # noqa: E731
        ends = [("system", self.system), ("user", query)]
        facts = [("memory", t) for t in self.memory]
        summary = [("summary", self.summary)] if self.summary != "" else []
        if price(ends) > self.room:
            raise ValueError("too long")
        if self.turns and price(ends + facts + summary + sum(self.turns, [])) > self.room:
            fits = [k for k in range(1, len(self.turns) + 1)
                    if price(ends + facts + sum(self.turns[k:], [])) <= self.low * self.room]
            k = min(fits, default=len(self.turns))
            self.log.append((self.summary, self.turns[:k]))
            self.summary, self.turns = self.told(self.summary, self.turns[:k]), self.turns[k:]
        return packed(self.system, self.memory, self.summary, self.turns, query, self.room, 0, self.count)

    @staticmethod
    def told(summary, folded):
        "Sometimes long, sometimes nothing."
        text = (summary + " " + " ".join(m[1][:4] for t in folded for m in t))[-40:]
        return "" if len(folded) % 5 == 4 else text

for seed, (budget, reserve, low, price, n) in enumerate([(150, 30, 0.5, words, 40), (90, 0, 0.25, words, 30),
                                                         (300, 100, 0.9, by_role, 40), (60, 10, 0.0, words, 20),
                                                         (80, 5, 1.0, words, 30), (40, 0, 0.5, by_role, 15),
                                                         (700, 77, 0.33, by_role, 60)]):
    rng = np.random.default_rng(seed)
    model, asked = Model("be kind", budget, reserve, price, low), []

    def told(summary, folded, asked=asked):
        asked.append((summary, [[tuple(m) for m in t] for t in folded]))
        return Model.told(summary, folded)

    manager = ContextManager("be kind", budget, reserve, price, told, low)
    for i in range(n):
        turn = [("user", f"q{i} " * int(rng.integers(0, 4))), ("assistant", f"a{i} " * int(rng.integers(0, 5)))]
        turn = [] if i % 9 == 5 else turn
        manager.add(list(turn))
        model.turns.append(turn)
        if i % 7 == 3 and i < 25:
            manager.remember(f"fact {i}")
            model.memory.append(f"fact {i}")
        query = "what " * int(rng.integers(0, 3))
        expect(manager.request(query), model.request(query),
               on=f"request {i} of run {seed}: budget {budget}, reserve {reserve}, low {low}",
               why="compact once when all together do not fit; fold down to low * room without the summary; then pack")
    expect(asked, model.log, on=f"what summarise was given in run {seed}",
           why="the old summary and the folded turns, each turn once")
### END HIDDEN TESTS

# %% graded="ContextManager__errors" points=2
# Looks at a query that is too long and at a summary that fails: an error, and nothing lost.
calls = []

def noted(summary, folded):
    "Counts its calls."
    calls.append(len(folded))
    return "brief"

def letters(message):
    "One token a letter."
    return len(message[1])

manager = ContextManager("sys", 60, 10, letters, noted)
for text in ("a" * 20, "b" * 20):
    manager.add([("user", text)])
raises(ValueError, manager.request, "q" * 48, why="system and query alone cost 51 of 50")
assert not calls, "expected no compaction where the request fails: nothing may change"
check(manager.request, "q", want=[("system", "sys"), ("user", "a" * 20), ("user", "b" * 20), ("user", "q")],
      why="nothing was lost")
### BEGIN HIDDEN TESTS
check(manager.request, "q" * 47, want=[("system", "sys"), ("user", "q" * 47)],
      why="exactly full: both turns folded, no room for a summary")
expect(calls, [2], on="the turns folded", why="if no number is enough, all turns")
check(manager.request, "q", want=[("system", "sys"), ("summary", "brief"), ("user", "q")],
      why="the summary comes back when there is room")
manager.remember("m" * 60)
check(manager.request, "q", want=[("system", "sys"), ("summary", "brief"), ("user", "q")],
      why="too much memory and no turns: nothing to fold, and pack_context decides")
expect(calls, [2], on="the turns folded", why="without turns nothing is summarised")
manager.remember("")
check(manager.request, "q", want=[("system", "sys"), ("memory", ""), ("summary", "brief"), ("user", "q")],
      why="an empty fact is a fact")
manager.add([("user", "c")])
check(manager.request, "q", want=[("system", "sys"), ("memory", ""), ("summary", "brief"), ("user", "q")],
      why="a fact that does not fit is remembered all the same: all memory counts")
expect(calls, [2, 1], on="the turns folded", why="memory alone is over the room, so the turn is folded")

def failing(summary, folded):
    "Fails on its first two calls."
    calls.append([m for turn in folded for m in turn])
    if len(calls) < 3:
        raise ValueError("no answer")
    return "ab"

calls = []
manager = ContextManager("sys", 60, 10, letters, failing)
said = [("user", "a" * 20), ("assistant", "b" * 8), ("user", "c" * 20)]
for message in said:
    manager.add([message])
for _ in range(2):
    raises(ValueError, manager.request, "q", why="summarise raised")
check(manager.request, "q", want=[("system", "sys"), ("summary", "ab"), ("user", "c" * 20), ("user", "q")],
      why="after two errors the same turns are folded: nothing had changed")
expect(calls, [said[:2]] * 3, on="the turns that summarise was given, three times", why="an error changes nothing")

def long(summary, folded):
    "A summary that leaves no room for turns."
    calls.append([m for turn in folded for m in turn])
    return "s" * 46

calls = []
manager = ContextManager("sys", 60, 10, letters, long)
for message in said:
    manager.add([message])
check(manager.request, "q", want=[("system", "sys"), ("summary", "s" * 46), ("user", "q")], why="pack_context decides")
check(manager.request, "q" * 5, want=[("system", "sys"), ("user", "q" * 5)], why="the summary does not fit, either")
expect(calls, [said[:2], said[2:]], on="what was folded by two requests", why="a turn that was left out is not lost")
manager = ContextManager("", 75, 0, letters, lambda summary, folded: f"{len(folded)}", 0.5)
for n in (38, 19, 19):
    manager.add([("user", "x" * n)])
check(manager.request, "", want=[("system", ""), ("summary", "2"), ("user", "x" * 19), ("user", "")],
      why="38 is more than 0.5 * 75 = 37.5: the mark is not rounded")
### END HIDDEN TESTS

# %% [markdown]
# Now a long chat: 60 turns about a house move, written out in `course/sections/context_windows.py`, with eight
# facts dropped here and there that matter at the end. The summary is a poor man's: it keeps the user's sentences
# that hold a name or a number, and of those the newest 30 words. Words stand for tokens. Three managers see the
# same chat under the same budget of 600, a sixth of the chat:
#
# - **sliding**: your `pack_context` alone, no summary;
# - **compacting**: your `ContextManager`;
# - **compacting with memory**: the same, and what begins with "Please remember" goes to `remember`.
#
# It takes less than a second.

# %% tags=["picture"]
context_windows.long_chat(ContextManager, pack_context)

# %% [markdown]
# - Left: the size of each request. The sliding window stays full; the others fill up, compact, and
#   fill up again.
# - Right: the words that a prefix cache cannot serve, summed up. Each request is compared with the one before.
#   Sliding changes the beginning on each turn once the window is full. Here it computes four times as much.
# - The table says which facts the last request still holds. Sliding has the newest alone. The summary saved some;
#   it passes through itself at each compaction and lets the old ones go. What was *remembered* is there; each new
#   fact costs one miss, since memory stands near the front.
#
# **And does the model use what is there?** SmolLM2 gets the last request of each manager, and five questions that
# the chat answered long ago. "There" says whether the fact stands in the request; bold is a right answer. It takes
# about 10 seconds.

# %% tags=["real"]
with attempt():
    smollm, tokenizer = load(torch.bfloat16)
    right = context_windows.ask_later(smollm, tokenizer, ContextManager, pack_context)

# %% [markdown]
# What is not there is invented, fluently. And "there" is not "used": look for a fact that stands somewhere in the
# request and that the model nevertheless misses. Five questions are an example, no measurement; the words differ a
# little from machine to machine.
#
# ## 7 · The experiment: positions that no one has trained
#
# Position interpolation in miniature (after figure 2 of Chen et al. 2023, arXiv 2306.15595). Under RoPE a score is
# a sum of waves of the distance s, $\sum_j a_j \cos(s\,\omega_j) + b_j \sin(s\,\omega_j)$, with 32 frequencies of
# base 10,000. We fit the 64 coefficients to 64 random scores at distances below 256, as training would, and then
# read the same function at distances 256 to 1,023, in three ways:
#
# - `"as it is"`: at those distances, which it has never seen;
# - `"interpolated"`: all distances divided by 4 (PI);
# - `"NTK-aware"`: with the base raised to $10{,}000 \cdot 4^{64/62}$, so that the fastest wave is the same and the
#   slowest is four times as slow.
#
# **Predict before you run it** (it takes about 1 second): in which of the three does the largest score beyond 256
# exceed *ten times* the largest one in the trained range (median over five seeds)? `"none"`, `"as it is"` (it
# alone), `"as it is and NTK-aware"`, or `"all three"`.

# %% stub="prediction"
prediction: str | None = None  # "none", "as it is", "as it is and NTK-aware" or "all three"
### BEGIN SOLUTION
prediction = "as it is and NTK-aware"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to one of the four.
committed(prediction, options=["none", "as it is", "as it is and NTK-aware", "all three"])

# %% graded="prediction__right" points=1
# It is the one that the experiment shows.
committed(prediction, options=["none", "as it is", "as it is and NTK-aware", "all three"])
### BEGIN HIDDEN TESTS
predicted(prediction, "as it is and NTK-aware",
          "Ask of each way, and of the fast waves, too: has the fit seen the angles that it reads, together?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def waves(distance, base):
    "cos and sin of every pair's angle at every distance: (distances, 64)."
    angles = distance[:, None] * base ** (-torch.arange(0, 64, 2, dtype=torch.float64) / 64)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def fitted(distance, scores, ridge=None):
    "The coefficients of least squares; with ridge, tamed ones."
    X = waves(distance, 1e4)
    return torch.linalg.pinv(X, rtol=1e-6) @ scores if ridge is None else torch.linalg.solve(
        X.T @ X + ridge * torch.eye(64, dtype=X.dtype), X.T @ scores)


table = context_windows.positions(waves, fitted, prediction=prediction)

# %% [markdown]
# Ask of each line, in the grey and beyond it: which angle does each wave have at the distances that are read here, the
# fast ones too, and has the fit seen such angles together? Then ask what each way costs. With PI, for one,
# neighbours come to stand a quarter of a step apart, and a model must be trained on for a while to tell them apart.
#
# **The catch.** 64 coefficients through 64 points are an over-fitted function; what it says elsewhere is a property
# of the fit, too. The second half of the table repeats the experiment with a ridge penalty of 0.01, which keeps
# coefficients small. Compare the factors of the two halves before you say how much better one method is.
# What a trained transformer does under each scaling, and what that costs it in loss, you see in section 14.
#
# **A million tokens** takes more than positions. What such systems put together: positions that were scaled and
# then trained at length; most layers with a sliding window or a linear state (SSM, state space model), and few with
# full attention; a cache made small by GQA (grouped-query attention), MLA (multi-head latent attention) and few
# bits (section 14); sparse attention that picks blocks; the sequence spread over GPUs (part 3); prefix caching,
# since reading a million tokens anew on each turn is what costs most. Linear attention costs O(n) instead of O(n²),
# with a state of fixed size. Full attention stays where exact recall is wanted.
#
# ## 8 · Feel it: dilution
#
# Move the margin, the scatter of the hay and the number of distractors. At σ = 2 and 100,000 distractors, which
# margin over the *mean* of the hay gives the needle 90 %? And what does scalable softmax change?

# %% tags=["widget"]
context_windows.widget(needle_margin)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="assistant"
# You build an assistant that works for one person over **months**. The model has a window of **128,000** tokens; in
# your own tests its score over depths is 0.95 at 8K, 0.92 at 16K, 0.86 at 32K, 0.61 at 64K and 0.88 at 128K (that
# one with 12 questions). The system prompt with tools takes 6,000 tokens, an answer up to 2,000, a turn about 700.
# Write, in about 15 lines:
#
# 1. The effective length at a threshold of 0.85, and what you say of the 0.88.
# 2. Budget, reserve, the order in the prompt, and what is kept where.
# 3. When you compact and how deeply; what that means for the prefix cache, against a window that slides on each
#    turn.
# 4. A colleague: "The needle grid is all green at 128K, and ALiBi has no limit anyway. Let us put all the months
#    into the prompt, the most important in the middle." Answer each point.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Effective length**: 32K: the longest up to which *all* reach 0.85. 64K fails, so 128K does not count; with 12
#   questions 0.88 is uncertain, too (a 95 % interval of roughly 0.6 to 1). (Half a point without the second part.)
# - **Parts**: a budget of about 32K, not 128K; 2,000 reserved; system, memory, summary, turns, query; 24,000 minus
#   memory and summary hold some 30 turns; whole turns; lasting facts in memory, word for word; the transcript
#   outside, searchable.
# - **Compaction**: at the full budget, down to about half (low mark), so every 15 to 20 turns; between them each
#   request continues the last and only new tokens are computed. Sliding changes the beginning on each turn:
#   everything behind the system prompt anew. Nothing that changes (a clock) at the front. (Half a point for one of
#   two.)
# - **Colleague**: a needle with the question's words is the easiest task; RULER and NoLiMa show falls behind green
#   grids. ALiBi: soft windows, perplexity and not retrieval. Distractors and dilution: a margin of ln(9n).
#   Important things to an edge, after measuring which. (Half a point for two of four.)
#
# === END MARK SCHEME ===

# %% [markdown] written="assistant" points=4
# ### BEGIN SOLUTION
# 1. 32K. At 64K it falls to 0.61, so nothing beyond counts, whatever 128K says: I cannot promise a length whose
#    shorter ones fail. And 0.88 of 12 questions may be anything from about 0.6 to 1.
# 2. Budget 32,000, reserve 2,000. System and tools (6,000) first, then memory (short lasting facts, word for word),
#    the summary, the last turns whole, the query last. 24,000 are left: 30 turns, if memory and summary take 3,000.
#    The whole transcript lies in a store that can be searched.
# 3. I append until the budget is full, then fold the oldest turns into the summary until it is half full: some 10
#    turns stay, and the next compaction is about 20 turns later. In between every request is the last one and more,
#    so the cache serves all but some 700 new tokens. A window that slides each turn changes what stands right behind
#    the memory, and more than 20,000 tokens are computed anew each time. No clock in the system prompt.
# 4. The grid asks for one sentence in the question's words. With other words (NoLiMa) or several hops (RULER) the
#    same models fall early; our own numbers say 32K. ALiBi's heads are soft windows: level perplexity, no evidence
#    of retrieval. Months of text bring distractors, and for 90 % of attention the margin must grow with ln(9n). The
#    middle is the worst place in many models: the best goes to the edge that our tests find stronger.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="23.1" level="basic"
# <details><summary>What is the context window of an LLM?</summary>
#
# - The number of tokens that it can have before it at once: prompt *and* answer share it. Vendors often cap the
#   answer separately.
# - A runtime limit (memory for the cache), above a trained one (positions seen), above a useful one (effective
#   length).
# - Not a memory: what is not in the prompt of this request does not exist for the model.
# - Slip: filling it with the prompt and leaving one token for the answer.
#
# </details>

# %% [markdown] card="23.2" level="basic"
# <details><summary>Why does the context window matter?</summary>
#
# - It bounds what one request can draw on: documents, code, the conversation, tool results.
# - It decides the design: retrieve, summarise, split, or put everything in.
# - It costs: every token is read on every turn; attention in prefill grows with n², the cache with n.
# - A larger one is an option, no quality: accuracy may fall long before it is full.
#
# </details>

# %% [markdown] card="23.3" level="medium"
# <details><summary>What problems arise with very large context windows?</summary>
#
# - Compute and memory: prefill O(n²) in attention, cache O(n), time to the first token.
# - Dilution: at a fixed margin of 8 the needle has 75 % of the weight among 1,000 others and 0.3 % among a million;
#   for 90 % it takes ln(9n): 9.1 and 16.0.
# - Positions: distances never trained. Remedies scale positions or frequencies (PI, NTK-aware, YaRN), and train on.
# - Behaviour: context rot, position bias, distractors. More passages raise recall and noise.
# - Security and privacy: more foreign text in the prompt, more injected instructions.
#
# </details>

# %% [markdown] card="23.4" level="medium"
# <details><summary>How does the "lost in the middle" phenomenon work?</summary>
#
# - The finding is behavioural: accuracy over the position of the evidence is a U (Liu et al. 2023, several models,
#   question answering over many documents, and key-value lookup).
# - Causes are proposed, not settled: causal masks favour the beginning, position encodings the end, training texts
#   both.
# - It depends on model and task. SmolLM2 in part 4 loses the beginning, not the middle.
# - What to do: fewer passages, reranked; the best at the edge that your test finds stronger; the question at the
#   end; measure by depth.
# - Slip: "middle tokens get less attention" as *the* explanation.
#
# </details>

# %% [markdown] card="23.5" level="medium"
# <details><summary>How do you manage long conversations without losing information?</summary>
#
# - Order: system, memory, summary, last turns, query. Reserve room for the answer. Turns whole or absent.
# - Memory for facts that last, word for word; a summary for the rest. Summaries of summaries forget.
# - Compact rarely and deeply: at the high mark down to a low mark. Between them every request continues the last,
#   and the prefix cache serves it.
# - The transcript stays outside, searchable: "without losing" is only true of what can be fetched again.
# - Test it: plant facts early, ask late, count.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>In which order do you write a prompt so that the cache serves it?</summary>
#
# - Reuse is by the longest common beginning. So: what never changes, what changes rarely, what changes each turn.
# - Tools and system, memory, summary, turns, query. Nothing volatile (time, request id, shuffled tools) at the
#   front.
# - Append, do not rewrite. A window that slides each turn pays for everything behind the system prompt, each time.
# - One compaction is one miss; many small ones are many.
# - Conflict: the best place for the model may not be the best for the cache. A stable front and the fresh evidence
#   at the end satisfies both.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Needle test or RULER: what does each show?</summary>
#
# - NIAH: one sentence, literal match, any depth. A model that fails it is broken; one that passes it is not proven.
# - RULER: 13 tasks: many needles, several hops, aggregation, question answering, at set lengths. Of 17 models
#   claiming 32K, about half were satisfactory there.
# - NoLiMa: no literal match; at 32K, 11 of 13 models below half of their short score.
# - Effective length: the longest up to which *every* length reaches a threshold.
# - Counts are small: 3 of 3 is [0.44, 1.0].
#
# </details>

# %% [markdown] card="23.6" level="killer"
# <details><summary>How does RAG interact with context windows?</summary>
#
# - They are not rivals. Retrieval decides what enters; the window how much may. A reranker raises the margin, a
#   short list lowers n.
# - More passages: recall rises, distractors too; accuracy can rise and fall (Jin et al. 2024). 50 instead of 20
#   gained GPT-3.5 about 1.5 points in Liu et al.
# - Long context instead of retrieval: for one bounded corpus that is asked often (prefix cached), or where the
#   question needs *all* of it (aggregation). Retrieval: large or changing corpora, access rights, citations, cost.
# - Order for edges; chunk sizes by measurement, not "coarser is fine now".
# - Evaluate both with the same questions, by number of passages and by position.
#
# </details>

# %% [markdown] card="23.7" level="killer"
# <details><summary>How do positional encodings affect long-context ability?</summary>
#
# - Learned: a table that ends. Sinusoidal: defined everywhere, extrapolates badly.
# - RoPE: relative by rotation; beyond the trained length slow pairs reach unseen angles. PI divides positions by s;
#   NTK-aware raises the base to $b\,s^{d/(d-2)}$; YaRN mixes per wavelength, with a factor 0.1 ln s + 1 on q and
#   on k. All want some training after. Nothing "stretches the embedding space".
# - ALiBi: −m·distance, m = 2^(−8h/H), every second slope of 2p for other head counts. Soft windows: weight 1/10,000
#   at 18 to 2,358 tokens for 8 heads. Perplexity extrapolates, retrieval is not shown.
# - Say what your experiment printed, and its catch: a fit in miniature is no trained model.
# - Encoding is necessary, not sufficient: data at length and attention's margin decide, too.
#
# </details>

# %% [markdown] card="23.8" level="killer"
# <details><summary>How do you evaluate the quality of a long-context model?</summary>
#
# - A ladder: NIAH by length and depth; many needles and distractors; no literal match (NoLiMa); hops and
#   aggregation (RULER); real tasks (LongBench, LooGLE, your own).
# - Controls: the same question without the text (does it know the answer?), with the evidence alone (upper bound).
# - Report effective length with its threshold, mean and worst depth, and intervals.
# - Perplexity at length says little of retrieval: a soft window keeps it level.
# - Measure latency and cost per length beside it. No training on needles: it overfits the match.
#
# </details>

# %% [markdown] card="23.9" level="killer"
# <details><summary>What architectural innovations make a million-token context possible?</summary>
#
# - Exact attention that is cheap in memory: blocks (flash), parts on many GPUs (ring), joined by LSE: weights
#   $e^{\ell_p}/\sum e^{\ell_r}$. Empty parts: −∞, never NaN.
# - A small cache: GQA, MLA, few bits; eviction (H2O, SnapKV) is another thing, it forgets.
# - Fewer full layers: sliding windows, linear attention or SSM with O(n) and a fixed state (recall is bounded),
#   hybrids.
# - Positions: scaled, then trained at length. Data: real long texts, not concatenated short ones.
# - Serving: prefix caching, chunked prefill. Dilution: scores that scale with ln n.
# - And still: measure the effective length.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>An agent runs for hours and its answers get worse. What is context rot, and what do you do?</summary>
#
# - The same task with a longer input gets worse answers, unevenly, and more so with distractors that look right
#   (Chroma 2025, 18 models). It starts long before the window is full.
# - Causes are proposed: dilution, positions that were rare in training, distractors. Test: pad a task that it solves.
# - Budget = effective length on your tasks, not the vendor's window.
# - First goes what can be fetched again: old tool results shrink to a line with a name or a path. Then compaction, at
#   a high mark down to a low one. The plan and lasting facts go to memory, word for word.
# - A subtask with much reading gets a context of its own and returns its result alone.
# - Slip: cleaning up a little on each turn. Every rewrite costs the prefix cache; so rarely and deeply.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Two GPUs each hold half of the keys. Merge their attention outputs.</summary>
#
# - Outputs alone cannot be merged: each lost its denominator. Pass $\ell$ = log-sum-exp along, one float32 a query.
# - $o = \sum_p \mathrm{softmax}(\ell)_p\, o_p$, $\ell = \mathrm{logsumexp}(\ell_p)$. Subtract the largest first.
# - The result is again a pair: any tree or ring works.
# - A part without a key for a query has ℓ = −∞ and perhaps NaN in o: set it aside, do not multiply by 0.
# - Float32 for weights and sums, though outputs are in half precision.
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# Lost in the middle: Liu et al. 2023, arXiv 2307.03172. RULER: Hsieh et al. 2024, 2404.06654. NoLiMa: Modarressi et
# al. 2025, 2502.05167. Context rot: Hong, Troynikov and Huber 2025, https://research.trychroma.com/context-rot.
# ALiBi: Press et al. 2021, 2108.12409. Position interpolation: Chen et al. 2023, 2306.15595. YaRN: Peng et al.
# 2023, 2309.00071. Scalable softmax: Nakanishi 2025, 2501.19399. Ring attention: Liu et al. 2023, 2310.01889.
# FlashAttention-2: Dao 2023, 2307.08691. Long context and RAG: Jin et al. 2024, 2410.05983.
