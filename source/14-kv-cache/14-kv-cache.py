# %% [markdown]
# # 14 · Long context and the KV cache
#
# **After this notebook you can answer, with numbers:**
#
# - How many bytes does one token of context cost, for MHA, GQA, MQA, MLA and sliding windows? What fits on which GPU?
# - What does a KV cache save, and what does it *not* save? What do prefill and decode cost in FLOPs and in bytes?
# - How does RoPE work, why does it fail beyond its training length, and what do linear scaling, NTK-aware, YaRN and
#   Llama 3.1's scaling change?
# - How do you make the cache smaller (evict, window, quantise), and how do you spread it over devices (ring
#   attention)?
#
# You build eleven exercises of at most 20 lines each. The last puts your rotary embedding, your cache and your
# attention into a transformer and lets it write: first a small random one, then SmolLM2. It takes about four hours,
# two evenings; the end of part 3 is a good place to stop. It builds on softmax and plain attention, and needs no other
# section.

# %% [markdown] house_rules

# %% [markdown]
# **Letters** used everywhere: B batch, T new tokens, S all tokens so far, H query heads, K key/value heads, E head
# size, L layers, D model width, w a window, s a factor of extension. **Units:** 1 GB is 10⁹ bytes, 1 GiB is 2³⁰ bytes,
# 1 TB/s is 10¹² bytes a second, and "128K tokens" is 131,072 tokens. Indices begin with 0.

# %% setup
import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Int8
from torch import Tensor

from course.check import check, committed, expect, folds, precise, predicted, unchanged, value_and_grad
from course.duel import advise, duel
from course.models.transformer import Config, Transformer


def tiny_model(seed: int = 0):
    """A random transformer as a plain function: (ids, pos, mask, cache) -> (logits, cache)."""
    transformer = Transformer(Config(vocab=61, layers=2, width=48, heads=6, kv_heads=2, head_dim=12), seed)

    @torch.no_grad()
    def model(ids, pos=None, mask=None, cache=None):
        return transformer(ids, pos, mask, cache)
    return model


def generate_uncached(model, ids: Int[Tensor, "B T"], n: int) -> Int[Tensor, "B T+n"]:
    """Greedy decoding without a cache: the whole text goes through the model for every new token."""
    for _ in range(n):
        logits, _ = model(ids)
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], dim=1)
    return ids


def with_layer(transformer, layer):
    """A transformer for one text, (ids, pos, mask, cache) -> (logits, cache): a prompt (no cache yet) goes through the
    transformer itself, every later token through `layer` instead of its attention. You need it in part 6."""
    @torch.no_grad()
    def model(ids, pos=None, mask=None, cache=None):
        if cache is None:
            return transformer(ids, pos, mask)
        at = cache[0][0].shape[2] if pos is None else int(pos[0, 0])
        x, new = transformer.embed(ids[0, 0]), []
        for block, (k, v) in zip(transformer.blocks, cache):
            weights = {name: getattr(block.attention, name).weight.detach() for name in ("q", "k", "v", "out")}
            y, (k, v) = layer(block.norm1(x), at, weights, (k[0], v[0]), transformer.config.base)
            x = x + y
            x = x + block.mlp(block.norm2(x))
            new.append((k[None], v[None]))
        return transformer.head(transformer.norm(x))[None, None], new
    return model

# %% tags=["picture"]
from course.sections import kv_cache

# %% helper
### BEGIN HIDDEN TESTS
def softmax_attention(q, k, v, seen=True):
    "softmax(q k / sqrt(E)) v in float64, over the keys that are seen."
    scores = q.double() @ k.double().mT / math.sqrt(q.shape[-1])
    return scores.masked_fill(~torch.as_tensor(seen), -torch.inf).softmax(-1) @ v.double()


def one_query(q, k, v):
    "The oracle of attention_decode: every key/value head repeated for its group."
    k, v = (x.repeat_interleave(len(q) // len(k), 0) for x in (k, v))
    return softmax_attention(q[:, None], k, v)[:, 0]


def apart(H, K, E, g):
    "Queries and keys with scores of about 200 that lie close: a rounded scale or score shows in the weights."
    q, k = 14 * torch.randn(H, E, generator=g), 14 * torch.randn(K, 2 * H, E, generator=g)
    for h in range(H):  # two keys of its own for each head, with nearly equal scores; the others far below
        a, b = k[h // (H // K), 2 * h], k[h // (H // K), 2 * h + 1]
        a += q[h] * (1000 - q[h] @ a) / (q[h] @ q[h])
        b += q[h] * (1000 - q[h] @ b) / (q[h] @ q[h])
    return q, k


def band(T, w):
    "Query i sees keys i - w < j <= i."
    i, j = torch.arange(T)[:, None], torch.arange(T)
    return (j <= i) & (j > i - w)


def turned(x, pos, base=10000.0, layout="half"):
    "Rotary positions in float64 by complex numbers; the last two axes are tokens and channels."
    angle = pos[:, None] * base ** (-torch.arange(0, x.shape[-1], 2).double() / x.shape[-1])
    a, b = x.double().chunk(2, -1) if layout == "half" else (x[..., ::2].double(), x[..., 1::2].double())
    z = torch.complex(a, b) * torch.polar(torch.tensor(1.0).double(), angle)
    return torch.cat([z.real, z.imag], -1) if layout == "half" else torch.view_as_real(z).flatten(-2)


def absolute(seed, V=37, D=16):
    "A model with absolute positions whose cache is a dict: positions and cache handling show at once."
    g = torch.Generator().manual_seed(seed)
    token, place, head = (torch.randn(*s, generator=g, dtype=torch.float64) for s in [(V, D), (99, D), (D, V)])

    def model(ids, pos=None, mask=None, cache=None):
        pos = torch.arange(ids.shape[1]) if pos is None else pos
        x = token[ids] + place[pos % 99]  # a padding token may have any position, 10,000 or -1
        keys = x if cache is None else torch.cat([cache["keys"], x], dim=1)
        T, S = x.shape[1], keys.shape[1]
        own = torch.arange(S - T, S)[:, None] == torch.arange(S)
        see = torch.ones(T, S).tril(S - T).bool() & (True if mask is None else mask.bool()[:, None])
        weights = (x @ keys.mT / 4).masked_fill(~(see | own), -torch.inf).softmax(-1)
        return torch.tanh(x + weights @ keys) @ head, {"keys": keys}
    return model


def layer_weights(H, K, E, D, seed, dtype=torch.float32):
    "Random projections of one attention layer."
    g = torch.Generator().manual_seed(seed)
    shapes = {"q": (H * E, D), "k": (K * E, D), "v": (K * E, D), "out": (D, H * E)}
    return {name: (torch.randn(shape, generator=g, dtype=torch.float64) / shape[1] ** 0.5 * 2).to(dtype)
            for name, shape in shapes.items()}


def whole_layer(x, pos, weights, K, E, base=10000.0, window=None):
    "The oracle of decode_layer: all tokens x (T, D) at once, in float64; (outputs (T, D), keys, values (K, T, E))."
    q, k, v = ((x.double() @ weights[n].double().T).unflatten(-1, (-1, E)).transpose(0, 1) for n in ("q", "k", "v"))
    q, k = (turned(y, pos, base, "interleaved") for y in (q, k))
    y = softmax_attention(q, *(a.repeat_interleave(len(q) // K, 0) for a in (k, v)), band(len(x), window or len(x)))
    return y.transpose(0, 1).flatten(1) @ weights["out"].double().T, k, v
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · What is cached, and what it costs
#
# A decoder produces one token at a time. In each layer the new token's query looks at the keys and values of *all*
# tokens so far. Under a causal mask the keys and values of old tokens never change: token 7 does not see token 8. So
# we compute them once and keep them. That is the **KV cache**.
#
# | for one new token, at n tokens of context | without cache | with cache |
# |---|---|---|
# | projections and MLP | O(n): all tokens again | **O(1)**: one token |
# | attention | O(n²) | **O(n)**: one query, n keys |
# | bytes read | weights | weights **and the whole cache**, O(n) |
#
# The catch, and a favourite interview trap: *a cached step is not O(1)*. It still reads n keys and values. Over a
# whole generation of n tokens, attention costs O(n²) with the cache and O(n³) without.
#
# ### Prefill and decode, FLOPs and bytes
#
# Serving has two phases. **Prefill** runs all n tokens of the prompt through the model at once and fills the cache.
# **Decode** then makes one token after the other. To estimate either, count two things.
#
# - **FLOPs** (floating-point operations; a multiplication and an addition are two). A token uses every weight once, for
#   2 · parameters FLOPs. Attention: a score takes 2 · E, its share of the values 2 · E more, so a prompt of n tokens
#   costs 4 · n² · L · H · E, and half of that where causality leaves half of the scores out. A GPU's peak is given in
#   TFLOP/s, 10¹² FLOPs a second.
# - **Bytes.** Every decode step reads all weights and the whole cache of every sequence.
#
# Time is at least FLOPs / peak and at least bytes / bandwidth, whichever is more. An H100 makes about 989 TFLOP/s in
# BF16 and reads 3.35 TB/s: 295 FLOPs for every byte. Prefill uses each weight for all n tokens, so it waits for
# arithmetic. Decode at batch 1 uses each weight of two bytes for 2 FLOPs, so it waits for memory. A larger batch shares
# the reading of the weights, while every sequence has a cache of its own to read.
#
# So a decode step takes a + b · n, not b · n: weights, then cache. For Llama-3-70B (141 GB in BF16, 320 KiB a token) at
# batch 1 the cache is 0.2 % of what is read at 1K tokens of context, 30 % of the weights at 128K, and equals them at
# 430K.
#
# **Over several GPUs.** *Tensor parallelism* cuts every matrix, and the attention by its heads, over N GPUs. Each reads
# its share, so memory and bandwidth add up; the price is two sums over all GPUs (all-reduces) per layer. With 8
# key/value heads it splits the cache 8 ways at most; beyond that the sequence itself is cut (part 5). Moving the cache
# to the computer's own memory (*offloading*) is no way out for dense attention: 328 GB over 25 GB/s of PCIe (Peripheral
# Component Interconnect Express, the bus between the two) are 13 s for every token.
#
# **Paging.** A server does not know how long an answer will be. PagedAttention (Kwon et al. 2023, arXiv 2309.06180)
# cuts the cache into blocks of, say, 16 tokens and keeps a *block table* per sequence: no gaps between sequences, at
# most one part-filled block wasted in each, and sequences with the same beginning share its blocks (*prefix caching*).
# Section 12 builds this. A long prompt is prefilled in *chunks*, so that the decode steps of others need not wait for
# all of it.
#
# ### Four ways to keep a token
#
# Numbers (elements) that one token leaves in one layer:
#
# | attention | keys and values | elements |
# |---|---|---|
# | MHA, multi-head | H heads each | 2 · H · E |
# | GQA, grouped-query | K < H heads, each shared by H / K query heads | 2 · K · E |
# | MQA, multi-query | one head | 2 · E |
# | MLA, multi-head latent (DeepSeek-V2, V3) | one latent vector for both, one key for the position | c_kv + d_rope |
#
# In MLA all heads share the latent (c_kv numbers) and the rotary key (d_rope numbers; part 3 says what that is). In
# decoding the up-projections of the latent are *absorbed* into the query and output projections, so that keys are never
# spelt out; section 16 builds both forms.
#
# MQA therefore saves a factor H, not a fixed 8; "8 times" is what GQA with K = 8 saves in a model with H = 64. And
# hidden size does not appear: 2 · L · hidden · 2 bytes is right for MHA with E = hidden / H only. In gpt-oss hidden
# is 2880 while H · E is 64 · 64 = 4096.
#
# None of this is a switch at inference. The GQA paper turns a trained MHA model into GQA by averaging the heads of each
# group and training on, for 5 % of the pretraining compute.

# %% tags=["picture"]
kv_cache.four_schemes()

# %% [markdown]
# ### Exercise 14.1 · kv_cache_bytes
#
# The bytes of the cache of a whole model with `layers` layers:
#
# - one token in one layer leaves the elements of the table above, with K = `n_kv` and E = `head_dim`; an element takes
#   `bytes` bytes: 2 for BF16, 1 for FP8, 4 for FP32;
# - there are `batch` sequences of `seq` tokens each;
# - `window=w`: every layer keeps only the last w tokens; for MLA too;
# - `mla=(c_kv, d_rope)`: a latent cache; `n_kv` and `head_dim` do not count then.
#
# The answer is a whole number of bytes. Sources: GQA, Ainslie et al. 2023, arXiv 2305.13245; MLA, DeepSeek-V2, arXiv
# 2405.04434.

# %% stub="kv_cache_bytes"
def kv_cache_bytes(layers: int, n_kv: int, head_dim: int, seq: int, batch: int = 1, bytes: int = 2,
                   window: int | None = None, mla: tuple[int, int] | None = None) -> int:
    """Bytes of the KV cache of a model with `layers` layers.

    seq: tokens per sequence; window: tokens that a layer keeps at most (None: all)
    bytes: size of one element; mla: (c_kv, d_rope), elements per token and layer of a latent cache

    kv_cache_bytes(2, 3, 4, seq=5)            2 layers * (2 * 3 * 4) elements * 5 tokens * 2 bytes = 480
    kv_cache_bytes(2, 3, 4, seq=5, window=1)  = 96
    """
    ### BEGIN SOLUTION
    tokens = seq if window is None else min(seq, window)
    elements = 2 * n_kv * head_dim if mla is None else sum(mla)  # one token in one layer
    return layers * elements * tokens * batch * bytes
    ### END SOLUTION
    raise NotImplementedError("kv_cache_bytes")


# %% [markdown] hints="kv_cache_bytes"
# <details><summary>Hint 1: a question</summary>
#
# Which of the eight arguments change what *one token in one layer* keeps, and which only multiply it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Llama-3-70B: 80 layers, 8 key/value heads of 128. One token in one layer: 2 · 8 · 128 = 2,048 elements, 4,096 bytes
# in BF16. All layers: 327,680 bytes, that is 320 KiB for a single token. Its 64 query heads appear nowhere.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A window is a limit, not a size: a text shorter than it keeps all of itself and no more. And a latent is one vector
# for keys and values together, so there is no factor 2.
#
# </details>

# %% graded="kv_cache_bytes__heads" points=1
# Llama-3-70B and smaller shapes: heads, tokens, batch, bytes per element.
check(kv_cache_bytes, 2, 3, 4, 5, want=480, why="2 layers * (2 * 3 * 4) elements * 5 tokens * 2 bytes",
      mistakes={"a factor 2 is missing: keys and values, or bytes per element": 240})
check(kv_cache_bytes, 80, 8, 128, 131_072, want=42_949_672_960, why="Llama-3-70B at 128K: 42.9 GB, exactly 40 GiB",
      mistakes={"heads were multiplied in twice": 343_597_383_680})
### BEGIN HIDDEN TESTS
for args in [(1, 1, 1, 1, 1, 1), (7, 3, 5, 11, 2, 1), (7, 3, 5, 11, 13, 4), (126, 8, 128, 1_000_000, 3, 2),
             (32, 32, 80, 2048, 1, 2), (36, 8, 64, 4097, 9, 1), (5, 2, 96, 0, 4, 2)]:
    check(kv_cache_bytes, *args, want=2 * math.prod(args), why="2 * layers * n_kv * head_dim * seq * batch * bytes")
### END HIDDEN TESTS

# %% graded="kv_cache_bytes__window" points=1
# A window shorter and longer than the text.
check(kv_cache_bytes, 2, 3, 4, 5, window=1, want=96, why="a window of 1 keeps one token per layer",
      mistakes={"the window was ignored": 480})
check(kv_cache_bytes, 2, 3, 4, 5, window=8, want=480, why="a window wider than the text keeps the text, no more",
      mistakes={"the cache was taken as large as the window": 768})
### BEGIN HIDDEN TESTS
for seq in (0, 1, 127, 128, 129, 5000):
    check(kv_cache_bytes, 6, 2, 24, seq, batch=3, bytes=1, window=128, want=6 * 2 * 2 * 24 * min(seq, 128) * 3)
    check(kv_cache_bytes, 3, 1, 10, seq, window=100, want=3 * 2 * 10 * min(seq, 100) * 2,
          why="one sequence, one head, a window of 100")
### END HIDDEN TESTS

# %% graded="kv_cache_bytes__mla" points=1
# A latent cache, with and without a window.
check(kv_cache_bytes, 61, 128, 128, 1, mla=(512, 64), want=70_272, why="DeepSeek-V3: 61 * (512 + 64) * 2 bytes a token",
      mistakes={"a factor 2: the latent already holds keys and values": 140_544,
                "the cache of plain multi-head attention": 3_997_696,
                "the rotary key was forgotten": 62_464})
### BEGIN HIDDEN TESTS
for layers, seq, batch, size, window, c, r in [(61, 131_072, 1, 2, None, 512, 64), (3, 17, 5, 1, None, 7, 4),
                                               (3, 17, 5, 4, 6, 7, 4), (4, 9, 2, 2, 30, 10, 3), (2, 6, 3, 2, 6, 5, 0)]:
    tokens = seq if window is None else min(seq, window)
    check(kv_cache_bytes, layers, 16, 192, seq, batch=batch, bytes=size, window=window, mla=(c, r),
          want=layers * (c + r) * tokens * batch * size, why="layers * (c_kv + d_rope) * tokens * batch * bytes")
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.known_models(kv_cache_bytes)

# %% [markdown]
# (It is arithmetic only: some of these models were trained for 4K or 8K tokens.) Llama-2-7B,
# with plain multi-head attention, needs more cache than Llama-3.1-405B, a model sixty times its size. DeepSeek-V3 keeps
# 61 layers in less than Llama-3-8B keeps 32. And the often quoted "about 100 GB for a 70B model at 128K" matches
# neither GQA (42.9 GB) nor plain MHA (343.6 GB).

# %% [markdown]
# ## 2 · Decoding with a cache
#
# One decode step of grouped-query attention: H queries, K key/value heads. Query head h reads key/value head `h // (H
# / K)`: with H = 4 and K = 2, heads 0 and 1 share the first, heads 2 and 3 the second.
#
# The common mistake is to repeat the heads in the wrong order: `k.repeat` gives 0 1 0 1, `k.repeat_interleave` gives
# 0 0 1 1. Both have the right shape, and on MHA both are right. You need neither: reshape the *queries* into K groups
# and no key is copied at all. That is the point of GQA: fewer bytes to read.
#
# A second trap: `F.scaled_dot_product_attention(..., is_causal=True)` aligns its mask to the **top left**. With one
# query and n keys it lets the query see only the first key. One query over an unpadded cache needs no mask: everything
# there is the past. Padding needs one, and so do several new tokens at once, which must not see each other's future.
#
# ### Exercise 14.2 · attention_decode
#
# For every query head h, with g = h // (H / K):
#
# $$o_h = \sum_{s} \mathrm{softmax}_s\!\left(\frac{q_h \cdot k_{g,s}}{\sqrt{E}}\right) v_{g,s}$$
#
# - q is (H, E), k and v are (K, S, E), S ≥ 1, and K divides H. The result is (H, E) in q's dtype.
# - Scores may be large (thousands) and far apart from head to head: the softmax must not overflow.
#
# Half precision is tested closely: a scale, a score or a sum that was rounded on the way shows.
# Source: GQA, Ainslie et al. 2023, arXiv 2305.13245.

# %% stub="attention_decode"
def attention_decode(q: Float[Tensor, "H E"], k: Float[Tensor, "K S E"],
                     v: Float[Tensor, "K S E"]) -> Float[Tensor, "H E"]:
    """Attention of one new token over its cache; query head h reads key/value head h // (H / K).

    H = 2, K = 1, S = 2, E = 1: q = [[0], [0]], k = [[[3], [5]]], v = [[[1], [2]]] gives [[1.5], [1.5]].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(q.dtype, torch.float32)
    groups = q.to(wide).unflatten(0, (len(k), -1))  # (K, H/K, E): the queries of each key/value head
    scores = groups @ k.to(wide).mT / math.sqrt(q.shape[-1])  # (K, H/K, S)
    return (scores.softmax(-1) @ v.to(wide)).flatten(0, 1).to(q.dtype)
    ### END SOLUTION
    raise NotImplementedError("attention_decode")


# %% [markdown] hints="attention_decode"
# <details><summary>Hint 1: a question</summary>
#
# If you reshape q from (H, E) to (K, H / K, E), which query heads end up in row 0?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# H = 4, K = 2. Reshaped queries: row 0 holds heads 0 and 1, row 1 holds heads 2 and 3. A batched matrix product of
# (2, 2, E) with the transposed keys (2, E, S) gives scores (2, 2, S): every group against its own keys.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Half precision: float32 not only for the scores. Softmax weights rounded to bfloat16 keep three digits, and a sum of
# 300 of them keeps fewer. And the largest score to subtract is each head's own.
#
# </details>

# %% graded="attention_decode__scaled" points=1
# One head: the scale, and scores that overflow.
check(attention_decode, torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([[[1.0, 0, 0, 0], [0, 0, 0, 0]]]),
      torch.tensor([[[1.0, 0, 0, 0], [0, 1, 0, 0]]]), want=torch.tensor([[0.7310586, 0.2689414, 0, 0]]),
      why="scores are q.k / sqrt(4) = [1, 0], and softmax([1, 0]) = [0.731, 0.269]",
      mistakes={"no division by sqrt(E)": torch.tensor([[0.8807971, 0.1192029, 0, 0]]),
                "division by E instead of sqrt(E)": torch.tensor([[0.6224593, 0.3775407, 0, 0]])})
### BEGIN HIDDEN TESTS
check(attention_decode, torch.tensor([[1000.0]]), torch.tensor([[[1.0], [0.0]]]), torch.tensor([[[1.0], [3.0]]]),
      want=torch.tensor([[1.0]]),
      why="exp(1000) overflows: subtract the largest score first, as torch.softmax does")
g = torch.Generator().manual_seed(1)
for S, E, size in [(1, 4, 1), (5, 3, 1), (9, 16, 1), (6, 24, 30), (33, 8, 200)]:  # the last: scores in the thousands
    q, k, v = (torch.randn(1, *shape, E, generator=g) for shape in [(), (S,), (S,)])
    want = F.scaled_dot_product_attention(q.double()[None] * size, k.double(), v.double())[0].float()
    check(attention_decode, q * size, k, v, want=want, rtol=1e-2, atol=5e-3, why="softmax(q.k / sqrt(E)) @ v")
### END HIDDEN TESTS

# %% graded="attention_decode__groups" points=2
# Which key/value head a query head reads; heads whose scores lie far apart.
check(attention_decode, torch.zeros(4, 1), torch.zeros(2, 1, 1), torch.tensor([[[1.0]], [[2.0]]]),
      want=torch.tensor([[1.0], [1.0], [2.0], [2.0]]), why="query head h reads key/value head h // (H / K)",
      mistakes={"key/value heads tiled (repeat) instead of grouped (repeat_interleave)":
                torch.tensor([[1.0], [2.0], [1.0], [2.0]]),
                "only the first key/value head was used": torch.ones(4, 1)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for H, K, S, E in [(8, 2, 7, 5), (6, 3, 1, 4), (4, 1, 9, 16), (5, 5, 3, 2), (12, 4, 31, 6), (6, 2, 6, 6),
                   (4, 2, 1500, 3)]:
    q = torch.randn(H, E, generator=g)
    k, v = torch.randn(2, S, K, E, generator=g).transpose(1, 2)  # as a cache often lies: not contiguous
    q = q.T.contiguous().T if S % 2 else q
    want = F.scaled_dot_product_attention(q.double()[None, :, None], k.double()[None], v.double()[None],
                                          enable_gqa=True)[0, :, 0].float()
    check(attention_decode, q, k, v, want=want, why=f"{H} query heads over {K} key/value heads, {S} keys")
far = torch.tensor([[1000.0], [-1000.0]])  # scores about 1000 in one head, about -1000 in the other
check(attention_decode, far, torch.tensor([[[1.0], [1.0]]]), torch.tensor([[[1.0], [3.0]]]),
      want=torch.full((2, 1), 2.0),
      why="every head has its own maximum: with one for all heads the others underflow to 0 / 0")
check(attention_decode, far, torch.ones(2, 2, 1), torch.tensor([[[1.0], [3.0]]] * 2), want=torch.full((2, 1), 2.0),
      why="every head has its own maximum, over key/value heads too")
near = torch.tensor([[[1.0], [1.001]]])  # scores [1000, 1001], [-1000, -1001], and the same ten times as large
for size, unit in [(1, 1.0), (10, 10.0)]:
    high = 1 / (1 + math.exp(-unit))
    check(attention_decode, size * far, near, torch.tensor([[[1.0], [3.0]]]), rtol=2e-2,
          want=torch.tensor([[1 + 2 * high], [3 - 2 * high]]), why="scores may be large: none is cut off at a limit")
### END HIDDEN TESTS

# %% graded="attention_decode__half" points=2
# float16 and bfloat16 against float64; the dtype that comes back.
check(attention_decode, torch.tensor([[300.0] * 4]).half(), torch.tensor([[[300.0] * 4, [0.0] * 4]]).half(),
      torch.tensor([[[1.0] * 4, [2.0] * 4]]).half(), want=torch.tensor([[1.0] * 4]).half(),
      why="300 * 300 does not fit into float16 (at most 65,504): compute in float32, return float16")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
for dtype, S in [(torch.bfloat16, 1021), (torch.float16, 8189)]:  # 1 / S lies well between two of the dtype's numbers
    check(attention_decode, torch.zeros(4, 3).to(dtype), torch.ones(2, S, 3).to(dtype), torch.ones(2, S, 3).to(dtype),
          want=torch.ones(4, 3).to(dtype), rtol=torch.finfo(dtype).eps / 8, atol=0,
          why=f"{S} equal weights sum to 1, unless each was rounded to half precision before it met its value")
for H, K in [(6, 2), (3, 3), (5, 1)]:
    q, k = apart(H, K, 24, g)
    precise(attention_decode, q, k, torch.rand(K, k.shape[1], 24, generator=g) + 0.5, oracle=one_query)
q, k, v = (torch.randn(*shape, 4, generator=g, dtype=torch.float64) for shape in [(4,), (2, 3), (2, 3)])
check(attention_decode, q, k, v, want=one_query(q, k, v), rtol=1e-4, atol=1e-5, why="the result has the dtype of q")
### END HIDDEN TESTS

# %% graded="attention_decode__inplace" points=1
# The cache stays as it is.
unchanged(attention_decode, torch.zeros(2, 1), torch.tensor([[[3.0], [5.0]]]), torch.tensor([[[1.0], [2.0]]]),
          want=torch.tensor([[1.5], [1.5]]), why="the cache is needed again for the next token")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(4)
q, k, v = (torch.randn(*shape, 5, generator=g) for shape in [(6,), (3, 4), (3, 4)])
unchanged(attention_decode, q, k, v, want=F.scaled_dot_product_attention(
    q.double()[None, :, None], k.double()[None], v.double()[None], enable_gqa=True)[0, :, 0].float())
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.shared_heads(attention_decode)

# %% [markdown]
# ### Exercise 14.3 · generate_cached
#
# Greedy generation with a cache, in a batch whose prompts have different lengths. It must give, **token for token**,
# what uncached generation gives for each prompt alone.
#
# The model is a function `model(ids, pos, mask, cache) -> (logits, cache)`:
#
# | argument | shape | meaning |
# |---|---|---|
# | `ids` | (B, T) | the tokens that are new to the model |
# | `pos` | (B, T) | their positions |
# | `mask` | (B, S), bool | True = real token, over **all** tokens so far: those in the cache, then the new ones |
# | `cache` | whatever the model returned last | `None` at first. Hand it back; do not look inside |
# | `logits` | (B, T, V) | one row per new token; the last one predicts the next token |
#
# The model adds the causal mask itself.
#
# - `ids` (B, T) are the prompts, padded **on the left** to one length. `mask` (B, T) marks the real tokens; each row
#   has at least one. `mask=None` means no padding.
# - **Positions count real tokens only**: the first real token of each row has position 0. What position a padding
#   token gets does not matter (the tests' models take any).
# - Return (B, T + n): the padded prompts, then n new tokens, each the argmax of the logits. There is no stop token. n
#   = 0 returns the prompts.
# - Every call begins anew: the same model may be asked again, with other prompts.
# - **Work**: the model sees every position once, so at most B · (T + n) tokens in all. This is counted, by a model
#   that counts; a count is more honest than a clock.
#
# Source: `model.generate` with left padding in Hugging Face's transformers, https://huggingface.co/docs/transformers
# (padding side).

# %% stub="generate_cached"
def generate_cached(model, ids: Int[Tensor, "B T"], n: int,
                    mask: Bool[Tensor, "B T"] | None = None) -> Int[Tensor, "B T+n"]:
    """Greedy decoding with a KV cache: the prompts (padded on the left), then n new tokens.

    model: (ids, pos, mask, cache) -> (logits, cache), see above
    A row with mask [False, True, True] has positions [any, 0, 1]; its first new token has position 2.
    """
    ### BEGIN SOLUTION
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    pos = (mask.cumsum(1) - 1).clamp(min=0)
    new, cache = ids, None
    for _ in range(n):
        logits, cache = model(new, pos, mask, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
        pos = mask.sum(1, keepdim=True)
        mask = torch.cat([mask, torch.ones_like(new, dtype=torch.bool)], dim=1)
    return ids
    ### END SOLUTION
    raise NotImplementedError("generate_cached")


# %% [markdown] hints="generate_cached"
# <details><summary>Hint 1: a question</summary>
#
# After the prompt went through the model, which tokens does the model not know yet? How many real tokens does each
# row have at that moment, and what does that say about the position of its next token?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two prompts, [7, 8, 9] and [5], padded: ids = [[7, 8, 9], [0, 0, 5]], mask = [[1, 1, 1], [0, 0, 1]]. First call: pos
# = [[0, 1, 2], [0, 0, 0]]. Second call: one new token per row, pos = [[3], [1]], mask = [[1, 1, 1, 1], [0, 0, 1, 1]],
# and the cache of the first call.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# At the second call the mask covers prompt *and* new token, the position is the number of real tokens so far (so it
# differs from row to row), and `ids` holds one column. Take the position before you make the mask longer.
#
# </details>

# %% graded="generate_cached__as_uncached" points=2
# Token for token what generation without a cache gives; the same model asked twice.
model = tiny_model(0)
prompts = torch.tensor([[3, 14, 15, 9, 26], [5, 35, 8, 9, 7]])
check(generate_cached, model, prompts, 6, want=generate_uncached(model, prompts, 6),
      why="token for token what generate_uncached gives")
### BEGIN HIDDEN TESTS
for seed, (B, T, n) in enumerate([(1, 1, 9), (3, 4, 7), (2, 7, 1), (2, 3, 0)]):
    prompts = torch.randint(37, (B, T), generator=torch.Generator().manual_seed(seed))
    for model in (tiny_model(seed + 1), absolute(seed)):
        check(generate_cached, model, prompts, n, want=generate_uncached(model, prompts, n),
              why="positions go on from the prompt, and no token enters the cache twice")
def machine(step):
    "A model whose next token depends on the last one and on the length of the text; its cache is that length."
    def model(ids, pos=None, mask=None, cache=None):
        length = torch.arange(1, 1 + ids.shape[1]) + (cache or 0)
        return F.one_hot(step(ids, length.expand_as(ids)), 7).float(), length[-1].item()
    return model

prompts = torch.tensor([[5, 1, 0], [2, 2, 6]])
for step in (lambda t, n: t, lambda t, n: 0 * t, lambda t, n: (t + 1) % 7, lambda t, n: n // 5 % 7):
    check(generate_cached, machine(step), prompts, 70, want=generate_uncached(machine(step), prompts, 70),
          why="no token ends the text, not 0, not one that repeats, and n tokens come however large n is")
prompts = torch.arange(12).view(4, 3).T  # not contiguous
check(generate_cached, absolute(9), prompts, 5, want=generate_uncached(absolute(9), prompts, 5),
      why="without a mask nothing is padding: id 0 is a token like any other")
def adding(ids, pos=None, mask=None, cache=None):
    "Its next token is the sum of all tokens so far, modulo 31; its cache is that sum: no token is forgotten."
    total = ids.cumsum(1) + (0 if cache is None else cache)
    return F.one_hot(total % 31, 31).float(), total[:, -1:]

for model in (adding, absolute(10), tiny_model(10)):  # one model, four requests: shorter, longer, as long as before
    for prompt in ([[3, 1, 4, 1, 5]], [[9, 2]], [[6, 5, 3, 5, 8, 9, 7]], [[3, 1, 4, 1, 6]]):
        prompt = torch.tensor(prompt)
        check(generate_cached, model, prompt, 4, want=generate_uncached(model, prompt, 4),
              why="the same model is asked again, about another text: nothing of the first may stay")
### END HIDDEN TESTS

# %% graded="generate_cached__left_padding" points=3
# Prompts of different lengths in one batch.
model = tiny_model(1)
ids, mask = torch.tensor([[3, 14, 15], [0, 0, 9]]), torch.tensor([[True, True, True], [False, False, True]])
alone = generate_uncached(model, torch.tensor([[9]]), 5)[:, 1:]
want = torch.cat([generate_uncached(model, ids[:1], 5), torch.cat([ids[1:], alone], dim=1)])
check(generate_cached, model, ids, 5, mask, want=want,
      why="a padded prompt must continue as it does alone: mask the padding, count positions of real tokens only",
      mistakes={"the mask was not used": generate_uncached(model, ids, 5)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for seed, lengths in enumerate([(5, 2, 1), (1, 4), (6,), (3, 6, 4, 2)]):
    T = max(lengths) + seed % 2  # sometimes every row is padded
    ids = torch.randint(37, (len(lengths), T), generator=g)  # padding holds arbitrary, valid ids
    mask = torch.arange(T) >= T - torch.tensor(lengths)[:, None]
    for model in (absolute(seed), tiny_model(seed)):
        want = torch.stack([torch.cat([row[:T - m], generate_uncached(model, row[None, T - m:], 7)[0]])
                            for row, m in zip(ids, lengths)])
        check(generate_cached, model, ids, 7, mask, want=want, why="each row must continue as it does alone")
### END HIDDEN TESTS

# %% graded="generate_cached__speed" points=2
# How many tokens go through the model: counted, not timed.
model, pushed = tiny_model(2), []

def counting(ids, pos=None, mask=None, cache=None):
    "The model, with a record of how many tokens went through it."
    pushed.append(ids.numel())
    return model(ids, pos, mask, cache)

prompts = torch.arange(20).view(2, 10)
check(generate_cached, counting, prompts, 12, want=generate_uncached(model, prompts, 12),
      why="being fast counts only with the right tokens")
assert sum(pushed) <= 2 * (10 + 12), (
    f"2 prompts of 10 tokens, n = 12: {sum(pushed)} tokens went through the model. With a cache at most 2 * (10 + 12) "
    "= 44: the prompts once, then only the new tokens. Without one it is 2 * (10 + 11 + … + 21) = 372")
### BEGIN HIDDEN TESTS
mask, keys = torch.ones(2, 10, dtype=torch.bool), []
padded = torch.arange(10) >= torch.tensor([[3], [7]])

def watching(ids, pos=None, mask=None, cache=None):
    "Counts and sees to it that the old cache really comes back."
    pushed.append(ids.numel())
    keys.append(0 if cache is None else cache[0][0].shape[2])
    return model(ids, pos, mask, cache)

for n, m in [(1, None), (2, mask), (30, mask), (9, padded)]:
    pushed.clear(), keys.clear()
    lengths = [10, 10] if m is None else m.sum(1).tolist()
    want = torch.cat([torch.cat([row[:10 - T], generate_uncached(model, row[None, 10 - T:], n)[0]])[None] for row,
                      T in zip(prompts, lengths)])
    check(generate_cached, watching, prompts, n, m, want=want)
    assert sum(pushed) <= 2 * (10 + n), (
        f"{sum(pushed)} tokens went through the model, for 2 rows of at most 10 + {n} positions")
    assert n == 1 or max(keys) >= min(lengths), "the cache was never handed back to the model"
### END HIDDEN TESTS

# %% graded="generate_cached__inplace" points=1
# The prompts and their mask stay as they are.
ids, mask = torch.tensor([[0, 7, 8], [4, 5, 6]]), torch.tensor([[False, True, True], [True, True, True]])
model = tiny_model(3)
want = torch.cat([torch.cat([ids[:1, :1], generate_uncached(model, ids[:1, 1:], 3)], dim=1),
                  generate_uncached(model, ids[1:], 3)])
unchanged(generate_cached, model, ids, 3, mask, want=want, why="the caller's prompts and mask stay as they are")

# %% tags=["picture"]
kv_cache.time_and_work(generate_cached, generate_uncached, tiny_model)

# %% [markdown]
# ## 3 · Rotary positions
#
# RoPE (Su et al. 2021, arXiv 2104.09864) takes the numbers of a query or key in pairs, reads each pair as a complex
# number, and turns pair i by the angle m · θ_i, where m is the token's position:
#
# $$z_i \mapsto z_i \, e^{\,\mathrm{i}\, m\, \theta_i}, \qquad
# \theta_i = \text{base}^{-2i/E}, \quad i = 0 \dots E/2 - 1$$
#
# A turn keeps lengths. And the scalar product of a query at m with a key at n depends on m − n only, because the two
# turns partly cancel. The values v are not turned. Fast pairs (i = 0: one radian per token) tell near neighbours
# apart, slow pairs carry long distances.
#
# **Two layouts** are in use, and mixing them up ruins a model without any error message:
#
# - `"interleaved"`, the paper's: pairs are neighbours, (x₀, x₁), (x₂, x₃), …
# - `"half"`, also "rotate-half", in GPT-NeoX and Hugging Face code: pairs are (x₀, x_{E/2}), (x₁, x_{E/2+1}), …
#
# They differ by a fixed permutation of the channels. Converting weights between code bases means permuting the rows
# of the query and key projections.
#
# "No learned parameters" is true of RoPE, but of sinusoidal encodings too. What sets it apart is that relative
# position enters *inside* the scalar product. What it does **not** do is extrapolate: see the experiment of part 7.

# %% tags=["picture"]
kv_cache.rotations()

# %% [markdown]
# ### Exercise 14.4 · rope
#
# - x is (B, H, T, E) with E even; `pos` (T,) holds the integer position of each token, in any order (a decode step
#   has T = 1 and pos = [57]).
# - Pair (a, b) turned by angle φ = pos · θ_i becomes (a cos φ − b sin φ, a sin φ + b cos φ), at the places where it
#   was.
# - `layout` is `"half"` or `"interleaved"`.
# - The result has x's shape and dtype. In half precision the angles, cos, sin and the turn are float32, and only the
#   result is rounded: bfloat16 cannot even count beyond 256. (Hugging Face's code turns in bfloat16: it rounds cos and
#   sin, the products and the sum, where one rounding would do.)
# - Gradients flow through to x. float64 comes back as float64; turning it in float32 is good enough here.
#
# Source: Su et al. 2021, arXiv 2104.09864; `apply_rotary_pos_emb` in transformers.

# %% stub="rope"
def rope(x: Float[Tensor, "B H T E"], pos: Int[Tensor, "T"], base: float = 10000.0,
         layout: str = "half") -> Float[Tensor, "B H T E"]:
    """Turn every pair of channels of x by position * base ** (-2 i / E).

    rope([[[[1, 0]]]], pos=[1]) is [[[[cos 1, sin 1]]]] in both layouts: with E = 2 there is one pair.
    """
    ### BEGIN SOLUTION
    E, wide = x.shape[-1], torch.promote_types(x.dtype, torch.float32)
    theta = base ** (-torch.arange(0, E, 2, dtype=torch.float64, device=x.device) / E)
    angle = pos.double()[:, None] * theta  # (T, E/2)
    cos, sin = angle.cos().to(wide), angle.sin().to(wide)
    pairs = x.to(wide).unflatten(-1, (2, -1) if layout == "half" else (-1, 2))
    a, b = pairs.unbind(-2 if layout == "half" else -1)
    turned = torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-2 if layout == "half" else -1)
    return turned.flatten(-2).to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("rope")


# %% [markdown] hints="rope"
# <details><summary>Hint 1: a question</summary>
#
# With E = 4, which two channels form pair 0 in each layout, and how fast does pair 1 turn?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# E = 4, base = 10000: θ = [1, 10000^(−2/4)] = [1, 0.01]. At position 3 the angles are [3, 0.03]. In "half" layout x =
# [x0, x1, x2, x3] becomes [x0 cos 3 − x2 sin 3, x1 cos 0.03 − x3 sin 0.03, x0 sin 3 + x2 cos 3, x1 sin 0.03 + x3 cos
# 0.03].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Both new channels are made from both *old* ones: overwriting a before b is computed turns b by the wrong a. And the
# angles have shape (T, E/2): they meet the last two axes of x, whatever H is.
#
# </details>

# %% graded="rope__half" points=2
# Layout 'half': pairs, frequencies, positions in any order.
c, s = math.cos(1), math.sin(1)
check(rope, torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([1]), want=torch.tensor([[[[c, s]]]]),
      why="one pair at position 1 turns by one radian",
      mistakes={"turned the wrong way": torch.tensor([[[[c, -s]]]]), "not turned": torch.tensor([[[[1.0, 0.0]]]])})
check(rope, torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]]), torch.tensor([1]), want=torch.tensor([[[[c, 0, s, 0]]]]),
      why="in layout 'half' channel 0 is paired with channel E/2 = 2",
      mistakes={"neighbours were paired: that is 'interleaved'": torch.tensor([[[[c, s, 0, 0]]]])})
### BEGIN HIDDEN TESTS
c, s, c10, s10 = math.cos(1), math.sin(1), math.cos(10), math.sin(10)
check(rope, torch.tensor([[[[0.0, 1.0, 0.0, 0.0]]]]), torch.tensor([100]), want=torch.tensor([[[[0, c, 0, s]]]]),
      rtol=1e-4, atol=1e-4,
      why="E = 4: pair 1 turns by 10000 ** (-2 / 4) = 0.01 a token, by 1 radian in 100 tokens",
      mistakes={"the exponent lacks its 2: i / E": torch.tensor([[[[0, c10, 0, s10]]]])})
g = torch.Generator().manual_seed(0)
for (B, H, T, E), base, dtype in [((2, 3, 5, 8), 1e4, torch.float32), ((1, 2, 4, 6), 5e5, torch.float64),
                                  ((3, 1, 1, 64), 1e4, torch.float32), ((1, 4, 7, 2), 1e6, torch.float32)]:
    x = torch.randn(B, T, H, E, generator=g, dtype=dtype).transpose(1, 2)  # as attention code has it: not contiguous
    pos = torch.randint(4096, (T,), generator=g)
    turn = torch.polar(torch.tensor(1.0).double(), pos[:, None] * base ** (-torch.arange(0, E, 2).double() / E))
    z = torch.complex(x[..., :E // 2].double(), x[..., E // 2:].double()) * turn
    check(rope, x, pos, base, want=torch.cat([z.real, z.imag], -1).to(dtype), rtol=1e-3, atol=6e-3,
          why=f"layout 'half' is the default; base {base:g}, E = {E}, positions {pos.tolist()}")
x = torch.randn(1, 1, 6, 10, generator=g)
near = torch.polar(torch.tensor(1.0).double(), torch.arange(6)[:,
                                                               None] * 1e4 ** (-torch.arange(0, 10, 2).double() / 10))
z = torch.complex(x[..., :5].double(), x[..., 5:].double()) * near
check(rope, x, torch.arange(6), 10000.0, "half", want=torch.cat([z.real, z.imag], -1).float(), rtol=1e-4, atol=1e-4)
for layout in ("half", "interleaved"):
    x, pos = torch.randn(1, 2, 3, 4, generator=g), torch.tensor([131_071, 5, 70_000])
    check(rope, x, pos, 10000.0, layout, want=turned(x, pos, layout=layout).float(), rtol=1e-3, atol=6e-3,
          why="positions have no upper bound: a table of a few thousand ends too early")
# same shape, one thing different at a time
for base, pos in [(10.0, [4, 2, 9]), (100.0, [4, 2, 9]), (100.0, [0, 7, 1])]:
    x = torch.randn(2, 3, 3, 4, generator=g)  # as many heads as tokens
    angle = torch.tensor(pos)[:, None] * base ** torch.tensor([0, -0.5], dtype=torch.float64)
    z = torch.complex(x[..., :2].double(), x[..., 2:].double()) * torch.polar(torch.tensor(1.0).double(), angle)
    check(rope, x, torch.tensor(pos), base, want=torch.cat([z.real, z.imag], -1).float(), rtol=1e-4, atol=1e-4,
          why="angles depend on base and positions of this call, and positions belong to axis T, not H")
### END HIDDEN TESTS

# %% graded="rope__interleaved" points=2
# Layout 'interleaved'.
c, s = math.cos(1), math.sin(1)
check(rope, torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]]), torch.tensor([1]), 10000.0, "interleaved",
      want=torch.tensor([[[[c, s, 0, 0]]]]), why="in layout 'interleaved' channel 0 is paired with channel 1",
      mistakes={"halves were paired: that is 'half'": torch.tensor([[[[c, 0, s, 0]]]])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for (B, H, T, E), base in [((2, 3, 5, 8), 1e4), ((1, 2, 4, 6), 5e5), ((3, 1, 1, 64), 100.0)]:
    x = torch.randn(B, T, H, E, generator=g).transpose(1, 2)
    pos = torch.randint(4096, (T,), generator=g)
    turn = torch.polar(torch.tensor(1.0).double(), pos[:, None] * base ** (-torch.arange(0, E, 2).double() / E))
    z = torch.complex(x[..., ::2].double(), x[..., 1::2].double()) * turn
    check(rope, x, pos, base, "interleaved", want=torch.view_as_real(z).flatten(-2).float(), rtol=1e-3, atol=6e-3,
          why=f"pairs are neighbours; base {base:g}, E = {E}, positions {pos.tolist()}")
x, pos = torch.randn(2, 3, 3, 6, generator=g), torch.tensor([4, 2, 9])  # as many heads as tokens
z = torch.complex(x[..., ::2].double(), x[..., 1::2].double()) * torch.polar(
    torch.tensor(1.0).double(), pos[:, None] * 50.0 ** (-torch.arange(0, 6, 2).double() / 6))
check(rope, x, pos, 50.0, "interleaved", want=torch.view_as_real(z).flatten(-2).float(), rtol=1e-4, atol=1e-4,
      why="positions belong to axis T, not H")
### END HIDDEN TESTS

# %% graded="rope__half_precision" points=1
# float16 and bfloat16, at late positions too.
check(rope, torch.tensor([[[[1.0, 0.0]]]]).bfloat16(), torch.tensor([1001]),
      want=torch.tensor([[[[math.cos(1001), math.sin(1001)]]]]).bfloat16(), rtol=0.02, atol=0.03,
      why="angles belong in float32: bfloat16 rounds position 1001 to 1000")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for dtype in (torch.bfloat16, torch.float16):
    for layout in ("half", "interleaved"):
        x, pos = torch.randn(2, 2, 3, 6, generator=g).to(dtype), torch.tensor([3, 517, 4093])
        turn = torch.polar(torch.tensor(1.0).double(), pos[:, None] * 1e4 ** (-torch.arange(0, 6, 2).double() / 6))
        a, b = x.double().chunk(2, -1) if layout == "half" else (x[..., ::2].double(), x[..., 1::2].double())
        z = torch.complex(a, b) * turn
        want = torch.cat([z.real, z.imag], -1) if layout == "half" else torch.view_as_real(z).flatten(-2)
        check(rope, x, pos, 10000.0, layout, want=want.to(dtype), rtol=0.02, atol=0.04, why="half in, half out")
# Float32 inside is right to one unit in the last place, even where a cos and b sin nearly cancel.
pos = torch.arange(1, 41)
for dtype, unit in [(torch.bfloat16, 2**-7), (torch.float16, 2**-10)]:
    x = torch.randn(2, 3, 40, 16, generator=g).to(dtype)
    turn = torch.polar(torch.tensor(1.0).double(), pos[:, None] * 1e4 ** (-torch.arange(0, 16, 2).double() / 16))
    z = torch.complex(*x.double().chunk(2, -1)) * turn
    check(rope, x, pos, want=torch.cat([z.real, z.imag], -1).to(dtype), rtol=1.01 * unit, atol=1e-4,
          why="angles and turn in float32, rounded once at the end: cos and sin in half precision cost digits")
### END HIDDEN TESTS

# %% graded="rope__gradient" points=1
# Training needs the gradient of x.
value, (grad,) = value_and_grad(rope, torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([1]), wrt=0)
c, s = math.cos(1), math.sin(1)
assert grad is not None, "rope([[[[1, 0]]]], [1]): no gradient reaches x; training would not move the projections"
expect(grad, torch.tensor([[[[c + s, c - s]]]]), on="the gradient of rope([[[[1, 0]]]], [1]).sum()",
       why="the gradient is turned back by the same angle")
### BEGIN HIDDEN TESTS
x, pos = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(3)), torch.tensor([5, 0, 19, 2])
for layout in ("half", "interleaved"):
    value, (grad,) = value_and_grad(rope, x, pos, 100.0, layout, wrt=0)
    assert grad is not None, f"layout {layout}: no gradient reaches x"
    angle = pos[:, None] * 100.0 ** (-torch.arange(0, 6, 2).double() / 6)
    both = [angle.cos() + angle.sin(), angle.cos() - angle.sin()]
    want = torch.cat(both, -1) if layout == "half" else torch.stack(both, -1).flatten(-2)
    expect(grad, want.float().expand(2, 3, 4, 6), on=f"the gradient of rope(x, pos, 100, {layout!r}).sum()", atol=1e-4)
    for dtype in (torch.bfloat16, torch.float16):
        value, (grad,) = value_and_grad(rope, x.to(dtype), pos, 100.0, layout, wrt=0)
        assert grad is not None, f"layout {layout}, {dtype}: no gradient reaches x"
        expect(grad, want.to(dtype).expand(2, 3, 4, 6),
               on=f"the gradient of rope(x, pos, 100, {layout!r}).sum() in {dtype}",
               rtol=0.03, atol=0.03)
### END HIDDEN TESTS

# %% graded="rope__inplace" points=1
# x stays as it is.
x = torch.tensor([[[[1.0, 0.0], [0.0, 2.0]]]])
want = torch.tensor([[[[math.cos(1), math.sin(1)], [-2 * math.sin(3), 2 * math.cos(3)]]]])
for layout in ("half", "interleaved"):
    unchanged(rope, x, torch.tensor([1, 3]), 10000.0, layout, want=want, why="turn a copy, not x itself")

# %% tags=["picture"]
kv_cache.distance_alone(rope)

# %% [markdown]
# ### Longer contexts: which frequencies to change
#
# Beyond the training length L₀ the slow pairs reach angles that the model never saw, and attention breaks. Every
# remedy changes the frequencies, for an extension by a factor s (4K to 128K: s = 32):
#
# | method | inverse frequencies | attention factor |
# |---|---|---|
# | `default` | θ_i = base^(−2i/E) | 1 |
# | `linear` (position interpolation, 2306.15595) | θ_i **/ s**: positions are *divided* by s | 1 |
# | `ntk` (NTK-aware) | base · s^(E/(E−2)) for base: pair 0 stays, the last is divided by exactly s | 1 |
# | `yarn` (2309.00071) | fast pairs stay, slow pairs are divided by s, a ramp in between | 0.1 ln s + 1 |
# | `llama3` | the same three zones, the ramp measured in turns | 1 |
#
# The **attention factor** multiplies cos and sin, so the attention scores grow by its square.
#
# **YaRN's ramp**, as in `transformers`. A pair makes r = L₀ θ_i / 2π turns over the training length. Solve this for the
# (real) pair index with r = β: $\;d(\beta) = \dfrac{E \ln (L_0 / 2\pi\beta)}{2 \ln \text{base}}$. Then low =
# max(⌊d(beta_fast)⌋, 0), high = min(⌈d(beta_slow)⌉, E − 1), rounded *outwards*; where low = high, take high + 0.001.
# (The bound E − 1 is that of the code, although there are only E / 2 pairs.) For pair i let ρ = clamp((i − low) / (high
# − low), 0, 1); its frequency is (1 − ρ) θ_i + ρ θ_i / s. (Some models, gpt-oss among them, switch the rounding off.
# The paper writes the ramp linearly in the turns r, not in i.)
#
# **Llama 3.1's ramp** (`llama3`) is linear in the turns: with r as above, κ = clamp((r − low_freq_factor) /
# (high_freq_factor − low_freq_factor), 0, 1), the frequency is κ θ_i + (1 − κ) θ_i / s. That is the YaRN paper's
# "NTK-by-parts" with other bounds; YaRN is NTK-by-parts plus the attention factor.
#
# LongRoPE (2402.13753) goes further: it *searches* a rescaling factor for every pair and leaves the first tokens
# alone.
#
# **And the training?** After rescaling a model is trained on long texts. Papers that extend a finished model need
# little: position interpolation and LongRoPE report at most 1,000 steps, YaRN 400. Models that are *built* for long
# context spend a stage of pretraining on it: Llama 3.1 some 800 billion tokens, its context raised in six steps to 128K
# (2407.21783). The commonest recipe today is the plainest: raise the base (500,000 or more), then go on pretraining on
# longer texts.
#
# ### Exercise 14.5 · rope_inv_freq
#
# Return `(inv_freq, attention_factor)`: E/2 frequencies as a float tensor and a number. `dim` is E (even, at least
# 4), s ≥ 1, `L0` the training length. `default` ignores s and L0. `beta_fast`, `beta_slow` belong to `yarn`,
# `low_freq_factor`, `high_freq_factor` to `llama3`. Sources: the papers of the table; transformers'
# `modeling_rope_utils.py`.

# %% stub="rope_inv_freq"
def rope_inv_freq(dim: int, base: float, method: str, s: float, L0: int, beta_fast: float = 32, beta_slow: float = 1,
                  low_freq_factor: float = 1, high_freq_factor: float = 4) -> tuple[Float[Tensor, "dim/2"], float]:
    """Rotary frequencies for a context s times the training length L0, and the factor for cos and sin.

    method: "default", "linear", "ntk", "yarn" or "llama3"
    rope_inv_freq(4, 10000.0, "linear", 4.0, 2048) = ([0.25, 0.0025], 1.0)
    """
    ### BEGIN SOLUTION
    exponent = -torch.arange(0, dim, 2, dtype=torch.float64) / dim
    freq = base ** exponent
    if method == "linear":
        return freq / s, 1.0
    if method == "ntk":
        return (base * s ** (dim / (dim - 2))) ** exponent, 1.0
    if method == "yarn":
        low, high = (dim * math.log(L0 / (2 * math.pi * beta)) / (2 * math.log(base)) for beta in (beta_fast,
                                                                                                   beta_slow))
        low, high = max(math.floor(low), 0), min(math.ceil(high), dim - 1)
        slow = ((torch.arange(dim // 2) - low) / max(high - low, 0.001)).clamp(0, 1)
        return freq * (1 - slow) + freq / s * slow, 0.1 * math.log(s) + 1.0
    if method == "llama3":
        turns = L0 * freq / (2 * math.pi)
        fast = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0, 1)
        return freq * fast + freq / s * (1 - fast), 1.0
    return freq, 1.0
    ### END SOLUTION
    raise NotImplementedError("rope_inv_freq")


# %% [markdown] hints="rope_inv_freq"
# <details><summary>Hint 1: a question</summary>
#
# A pair that made 500 turns in training has seen every angle. A pair that made a tenth of a turn has not. Which of
# the two needs rescaling, and what would rescaling do to the other?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# dim = 8, base = 10000, s = 4, L0 = 64: θ = [1, 0.1, 0.01, 0.001]; turns L0 θ / 2π = [10.2, 1.02, 0.1, 0.01]. YaRN:
# d(32) = −0.50, low = max(−1, 0) = 0; d(1) = 1.008, high = 2; ρ = [0, 0.5, 1, 1]; frequencies [1, 0.0625, 0.0025,
# 0.00025]; attention factor 0.1 ln 4 + 1 = 1.1386.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The two ramps count differently: YaRN's in the *index* of the pair, upwards from fast to slow (1 means divided by s),
# Llama's in *turns*, which fall from fast to slow (1 means kept). And beta_fast gives YaRN's lower index, beta_slow the
# higher.
#
# </details>

# %% graded="rope_inv_freq__linear_ntk" points=2
# default, linear and ntk.
def compare(want, factor, *args, why, mistakes=None, **more):
    "The frequencies may come in any float dtype."
    inv_freq, got = rope_inv_freq(*args, **more)
    on = f"rope_inv_freq{args}"
    expect(torch.as_tensor(inv_freq).double(), torch.tensor(want).double(), on=on, why=why, rtol=2e-4, atol=0,
           mistakes={name: torch.tensor(wrong).double() for name, wrong in (mistakes or {}).items()})
    expect(got, factor, on=f"the attention factor of {on}", rtol=1e-5, atol=0)

compare([1.0, 0.01], 1.0, 4, 10000.0, "default", 4.0, 2048, why="base ** (-2 i / dim)",
        mistakes={"the exponent lacks its 2: i / dim": [1.0, 0.1]})
compare([0.25, 0.0025], 1.0, 4, 10000.0, "linear", 4.0, 2048, why="all frequencies are divided by s",
        mistakes={"multiplied by s: positions would spread out further": [4.0, 0.04]})
compare([1.0, 0.0025], 1.0, 4, 10000.0, "ntk", 4.0, 2048, why="the first pair stays, the last is divided by exactly s",
        mistakes={"base * s without the exponent dim / (dim - 2)": [1.0, 0.005],
                  "the exponent is upside down": [1.0, 0.01 / 4 ** 0.25]})
### BEGIN HIDDEN TESTS
for dim in (4, 6, 64, 128):
    for base, s, L0 in [(10000.0, 8.0, 512), (500000.0, 2.5, 8192), (100.0, 32.0, 64), (10000.0, 1.0, 128)]:
        theta = [base ** (-2 * i / dim) for i in range(dim // 2)]
        compare(theta, 1.0, dim, base, "default", s, L0, why="default ignores s")
        compare([t / s for t in theta], 1.0, dim, base, "linear", s, L0, why="every frequency / s")
        last = dim // 2 - 1
        compare([t * s ** (-i / last) for i, t in enumerate(theta)], 1.0, dim, base, "ntk", s, L0,
                why="pair 0 is unchanged, the last is divided by s, evenly (in logarithms) in between",
                mistakes={"base * s: the exponent dim / (dim - 2) is left out, or is 1 by integer division":
                          [t * s ** (-2 * i / dim) for i, t in enumerate(theta)]} if dim > 4 else None)
### END HIDDEN TESTS

# %% graded="rope_inv_freq__yarn" points=3
# YaRN's ramp, its bounds and its attention factor.
inv_freq, factor = rope_inv_freq(8, 10000.0, "yarn", 4.0, 64)
expect(torch.as_tensor(inv_freq).double(), torch.tensor([1, 0.0625, 0.0025, 0.00025]).double(), rtol=2e-4, atol=0,
       on='rope_inv_freq(8, 10000.0, "yarn", 4.0, 64)', why="the ramp is [0, 0.5, 1, 1]: see hint 2",
       mistakes={"the ramp is upside down: fast pairs must stay": torch.tensor([0.25, 0.0625, 0.01, 0.001]).double(),
                 "low and high were not rounded": torch.tensor([1, 0.0255952, 0.0025, 0.00025]).double(),
                 "low and high were rounded inwards": torch.tensor([1, 0.025, 0.0025, 0.00025]).double(),
                 "all pairs were divided by s": torch.tensor([0.25, 0.025, 0.0025, 0.00025]).double()})
expect(factor, 1.138629436, on='the attention factor of rope_inv_freq(8, 10000.0, "yarn", 4.0, 64)', rtol=1e-5,
       atol=0, why="0.1 * ln(s) + 1", mistakes={"the attention factor was forgotten": 1.0})
### BEGIN HIDDEN TESTS
for dim, base, s, L0, fast, slow in [(64, 10000.0, 16.0, 2048, 32, 1), (128, 500000.0, 4.0, 8192, 32, 1),
                                     (128, 10000.0, 32.0, 4096, 32, 1), (64, 150000.0, 32.0, 4096, 32, 1),
                                     (96, 10000.0, 8.0, 1024, 16, 2), (32, 10000.0, 2.0, 4096, 64, 4),
                                     (16, 1000.0, 4.0, 100_000, 32, 1), (16, 1000.0, 4.0, 20_000, 32, 1),
                                     (64, 10000.0, 1.0, 2048, 32, 1), (16, 1000.0, 4.0, 5_000_000, 8192, 1),
                                     (8, 10000.0, 4.0, 150, 32, 24), (40, 10000.0, 6.0, 777, 9.5, 1.5)]:
    bounds = [dim / 2 * math.log(L0 / (beta * 2 * math.pi), base) for beta in (fast, slow)]
    low, high = max(math.floor(bounds[0]), 0), min(math.ceil(bounds[1]), dim - 1)
    want = []
    for i in range(dim // 2):
        rho = min(max((i - low) / (high - low if high > low else 0.001), 0.0), 1.0)
        want.append(base ** (-2 * i / dim) * (1 - rho + rho / s))
    for extra in [(fast, slow)] + [()] * ((fast, slow) == (32, 1)):
        args = (dim, base, "yarn", s, L0, *extra)
        inv_freq, factor = rope_inv_freq(*args)
        expect(torch.as_tensor(inv_freq).double(), torch.tensor(want).double(), on=f"rope_inv_freq{args}", rtol=2e-4,
               atol=0, why=f"the ramp goes from pair {low} to pair {high}")
        expect(factor, 0.1 * math.log(s) + 1, on=f"the attention factor of rope_inv_freq{args}", rtol=1e-5, atol=0)
### END HIDDEN TESTS

# %% graded="rope_inv_freq__llama3" points=2
# Llama 3.1's ramp.
inv_freq, factor = rope_inv_freq(8, 10000.0, "llama3", 4.0, 128)
expect(torch.as_tensor(inv_freq).double(), torch.tensor([1, 0.1 * (0.25 + 0.75 * 0.34573), 0.0025, 0.00025]).double(),
       rtol=2e-4, atol=0, on='rope_inv_freq(8, 10000.0, "llama3", 4.0, 128)',
       why="turns in 128 tokens: [20.4, 2.04, 0.20, 0.02]; above 4 keep, below 1 divide by s, in between a ramp")
expect(factor, 1.0, on="the attention factor of llama3", rtol=1e-6, atol=0)
### BEGIN HIDDEN TESTS
for dim, base, s, L0, low, high in [(128, 500000.0, 8.0, 8192, 1, 4), (64, 500000.0, 32.0, 8192, 1, 4),
                                    (64, 10000.0, 4.0, 2048, 1, 8), (96, 10000.0, 16.0, 4096, 2, 6.5),
                                    (16, 100.0, 1.0, 64, 1, 4), (32, 10000.0, 2.0, 300, 0.5, 3)]:
    want = []
    for i in range(dim // 2):
        theta = base ** (-2 * i / dim)
        wavelength = 2 * math.pi / theta
        if wavelength < L0 / high:
            want.append(theta)
        elif wavelength > L0 / low:
            want.append(theta / s)
        else:
            smooth = (L0 / wavelength - low) / (high - low)
            want.append((1 - smooth) * theta / s + smooth * theta)
    more = {} if (low, high) == (1, 4) else {"low_freq_factor": low, "high_freq_factor": high}
    inv_freq, factor = rope_inv_freq(dim, base, "llama3", s, L0, **more)
    on = f"rope_inv_freq({dim}, {base}, 'llama3', {s}, {L0}, {more})"
    expect(torch.as_tensor(inv_freq).double(), torch.tensor(want).double(), on=on, rtol=2e-4, atol=0,
           why="short wavelengths stay, long ones are divided by s, a ramp in between")
    expect(factor, 1.0, on=f"the attention factor of {on}", rtol=1e-6, atol=0)
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.slowed_down(rope_inv_freq)

# %% [markdown]
# ## 4 · A smaller cache
#
# Three ways to keep less: fewer tokens (eviction), fewer tokens by design (windows), fewer bits.
#
# **StreamingLLM** (Xiao et al. 2023, arXiv 2309.17453) found that models park much of their attention on the first few
# tokens, whatever these say: *attention sinks*. A plain sliding window evicts them and the model falls apart. Keep 4
# sinks plus a recent window, give positions **within the cache** (0, 1, 2, … of what is kept; with RoPE, keys are
# therefore stored unturned and turned anew at every step), and the model stays fluent over millions of tokens. But it
# does not *remember* more: what was evicted is gone. It is a policy by place; no score is looked at.
#
# **H2O**, the heavy-hitter oracle (Zhang et al. 2023, arXiv 2306.14048), keeps recent tokens plus those that have
# gathered the most attention so far. That is a policy by score. Its bet: what was needed will be needed again. A fact
# in the prompt that nobody asked about yet loses this bet.
#
# H2O decides in every layer and head apart, as each gathers its own sums. And it needs those sums: a fused kernel such
# as FlashAttention never writes the attention weights down, so they have to be computed once more.
#
# ### Exercise 14.6 · streaming_keep
#
# The indices, of n tokens, that stay: the first `sinks` and the last `window`. Sorted, each once, as a list of ints.
# With n ≤ sinks + window all stay. `sinks` and `window` may be 0. Source: Xiao et al. 2023, arXiv 2309.17453.

# %% stub="streaming_keep"
def streaming_keep(n: int, sinks: int, window: int) -> list[int]:
    """Indices of the tokens that StreamingLLM keeps of n: the first `sinks` and the last `window`, sorted.

    streaming_keep(10, 2, 3) == [0, 1, 7, 8, 9]
    """
    ### BEGIN SOLUTION
    return [i for i in range(n) if i < sinks or i >= n - window]
    ### END SOLUTION
    raise NotImplementedError("streaming_keep")


# %% [markdown] hints="streaming_keep"
# <details><summary>Hint 1: a question</summary>
#
# For a single index i, which two conditions let it stay? What happens to an index for which both hold?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# n = 4, sinks = 2, window = 3: the first two are 0, 1, the last three 1, 2, 3. Index 1 is in both; the answer is [0,
# 1, 2, 3].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A slice with −window means *everything* when window is 0. Count from the front instead: n − window.
#
# </details>

# %% graded="streaming_keep__places" points=1
# The first and the last tokens of a long text.
check(streaming_keep, 10, 2, 3, want=[0, 1, 7, 8, 9], why="two sinks and the last three",
      mistakes={"the sinks were evicted: a plain window": [7, 8, 9], "the window is short by one": [0, 1, 8, 9],
                "positions within the cache instead of indices of tokens": [0, 1, 2, 3, 4]})
### BEGIN HIDDEN TESTS
for n, sinks, window in [(20, 4, 6), (7, 1, 5), (9, 5, 1), (1000, 4, 60), (1030, 4, 60), (70, 3, 10), (100, 3, 96),
                         (12, 4, 4)]:
    check(streaming_keep, n, sinks, window, want=[*range(sinks), *range(n - window, n)],
          why="the first sinks, then the last window")
### END HIDDEN TESTS

# %% graded="streaming_keep__edges" points=1
# Overlaps, short texts, counts of 0.
check(streaming_keep, 4, 2, 3, want=[0, 1, 2, 3], why="first and last may overlap; every index counts once",
      mistakes={"an index in both parts was listed twice": [0, 1, 1, 2, 3]})
check(streaming_keep, 2, 4, 8, want=[0, 1], why="fewer tokens than the budget: all stay, and there are no others")
### BEGIN HIDDEN TESTS
check(streaming_keep, 5, 2, 0, want=[0, 1], why="window = 0 keeps the sinks only",
      mistakes={"a slice [-0:] is everything, not nothing": [0, 1, 2, 3, 4]})
for n in range(8):
    for sinks, window in [(0, 0), (0, 2), (3, 0), (2, 3), (1, 1), (4, 4), (0, 7)]:
        check(streaming_keep, n, sinks, window, want=sorted({*range(min(sinks, n)), *range(max(n - window, 0), n)}),
              why="sinks and window may be 0, may overlap, and may exceed n")
kept = streaming_keep(9, 2, 3)
assert not any(isinstance(i, (bool, float)) for i in kept), f"indices are ints, which can index; got {kept}"
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.kept_by_streaming(streaming_keep)

# %% [markdown]
# ### Exercise 14.7 · h2o_keep
#
# `scores` (S,) holds, for each cached token, the attention it has received so far (never negative). Keep the last
# `recent` tokens, and of the **older** ones the `heavy` with the highest scores. Return a sorted list of ints. With S
# ≤ heavy + recent all stay. Heavy hitters are chosen among tokens that are not recent, so exactly min(S, heavy +
# recent) tokens stay. Among equal scores any choice is right. `heavy` and `recent` may be 0. Source:
# Zhang et al. 2023, arXiv 2306.14048.

# %% stub="h2o_keep"
def h2o_keep(scores: Float[Tensor, "S"], heavy: int, recent: int) -> list[int]:
    """Indices of the tokens that H2O keeps: the last `recent`, and of the others the `heavy` best scored; sorted.

    h2o_keep(tensor([5., 1., 9., 2., 7.]), heavy=1, recent=2) == [2, 3, 4]
    """
    ### BEGIN SOLUTION
    old = max(len(scores) - recent, 0)
    hitters = scores[:old].topk(min(heavy, old)).indices
    return sorted(hitters.tolist()) + list(range(old, len(scores)))
    ### END SOLUTION
    raise NotImplementedError("h2o_keep")


# %% [markdown] hints="h2o_keep"
# <details><summary>Hint 1: a question</summary>
#
# If the best scored token is among the recent ones, should it use up one of the `heavy` places? And what is
# `scores[-0:]`?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# scores = [5, 1, 9, 2, 7], heavy = 1, recent = 2. Recent: 3 and 4. Older: [5, 1, 9], the best is token 2. Kept: [2,
# 3, 4]. The 7 of token 4 does not compete.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Take the recent tokens out *before* you rank, and rank no more tokens than there are. A score of 0 is a score.
#
# </details>

# %% graded="h2o_keep__heavy" points=2
# Heavy hitters among the older tokens.
check(h2o_keep, torch.tensor([5.0, 1, 9, 2, 7]), 1, 2, want=[2, 3, 4],
      why="token 2 is the best of the tokens that are not recent",
      mistakes={"the lowest score was kept": [1, 3, 4], "heavy hitters were ignored": [3, 4],
                "recent tokens were ignored": [2]})
check(h2o_keep, torch.tensor([5.0, 1, 3, 2, 7]), 1, 2, want=[0, 3, 4],
      why="a recent token does not use up a heavy place",
      mistakes={"a recent token took the place of a heavy hitter": [3, 4]})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for n, heavy, recent in [(12, 3, 4), (40, 7, 5), (9, 1, 1), (100, 20, 30), (15, 6, 8)]:
    scores = (1 + torch.randperm(2 * n, generator=g)[::2]) / n  # distinct, not contiguous
    old = sorted(range(n - recent), key=lambda i: -scores[i].item())[:heavy]
    check(h2o_keep, scores, heavy, recent, want=sorted(old) + list(range(n - recent, n)),
          why="the best of the tokens that are not recent, then the recent ones, sorted")
scores = torch.tensor([0.5, 3, 0.25, 4, 8, 16]).half()
check(h2o_keep, scores, 2, 2, want=[1, 3, 4, 5], why="half precision scores")
check(h2o_keep, torch.tensor([1e-9, 3e-9, 2e-9, 0, 5]), 2, 1, want=[1, 2, 4],
      why="scores count by their order, however small")
check(h2o_keep, torch.tensor([0.0, 0, 0, 9]), 3, 1, want=[0, 1, 2, 3], why="a token with score 0 is a token")
### END HIDDEN TESTS

# %% graded="h2o_keep__edges" points=2
# Counts of 0, short texts, equal scores.
check(h2o_keep, torch.tensor([3.0, 1, 2]), 1, 0, want=[0], why="recent = 0 keeps heavy hitters only",
      mistakes={"scores[-0:] is everything, not nothing": [0, 1, 2]})
check(h2o_keep, torch.tensor([3.0, 1, 2]), 4, 1, want=[0, 1, 2], why="fewer tokens than the budget: all stay")
### BEGIN HIDDEN TESTS
for n in range(6):
    scores = torch.tensor([2.0, 5, 1, 4, 3])[:n]
    for heavy, recent in [(0, 0), (0, 2), (2, 0), (1, 1), (2, 3), (3, 9), (9, 1)]:
        old = max(n - recent, 0)
        best = sorted(range(old), key=lambda i: -scores[i].item())[:heavy]
        check(h2o_keep, scores, heavy, recent, want=sorted(best) + list(range(old, n)),
              why="counts may be 0 or exceed S")
for heavy, recent in [(2, 1), (3, 0), (1, 4)]:
    kept = h2o_keep(torch.ones(8), heavy, recent)
    assert isinstance(kept,
        (list, tuple)) and list(kept) == sorted(set(kept)), f"ties: a sorted list was expected, got {kept}"
    assert len(kept) == heavy + recent and set(kept) >= set(range(8 - recent, 8)), (
        f"h2o_keep of eight equal scores, heavy={heavy}, recent={recent}: exactly {heavy + recent} stay, got {kept}")
scores = 3 + 2.0**-20 * torch.tensor([0.0, 2, -1, 1, 7])
check(h2o_keep, scores, 2, 1, want=[1, 3, 4], why="scores that differ by 1e-6: none is rounded first")
kept = h2o_keep(scores, 2, 1)
assert not any(isinstance(i, (bool, float)) for i in kept), f"indices are ints, which can index; got {kept}"
scores = torch.tensor([0.0, 0, 0.5, 0, 0, 0, 0])
for heavy, recent in [(2, 2), (3, 1), (1, 3), (2, 4)]:
    kept = h2o_keep(scores, heavy, recent)
    assert isinstance(kept, (list, tuple)) and list(kept) == sorted(set(kept)) and len(kept) == heavy + recent, (
        f"h2o_keep({scores.tolist()}, {heavy}, {recent}): exactly {heavy + recent} stay, sorted, "
        f"also where scores are 0; got {kept}")
    assert {2, *range(7 - recent, 7)} <= set(kept), (
        f"h2o_keep({scores.tolist()}, {heavy}, {recent}): token 2 and the last {recent} must stay, got {kept}")
### END HIDDEN TESTS

# %% graded="h2o_keep__inplace" points=1
# The scores stay as they are.
unchanged(h2o_keep, torch.tensor([5.0, 1, 9, 2, 7]), 1, 2, want=[2, 3, 4],
          why="the scores go on growing with the next token")
### BEGIN HIDDEN TESTS
unchanged(h2o_keep, torch.tensor([5.0, 1, 9, 2, 7, 0.5]), 2, 3, want=[0, 2, 3, 4, 5])
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.kept_by_h2o(h2o_keep)

# %% [markdown]
# Note what accumulated scores do: old tokens had more time to gather attention than young ones. One can correct for
# that, or score over a recent stretch of queries only.
#
# A third way: the same tokens in fewer bits.
#
# ### Exercise 14.8 · quant_sym
#
# Symmetric integer quantisation stores small integers q and a scale: x ≈ scale · q. With b bits and amax the largest
# absolute value of the numbers that share a scale:
#
# $$\text{scale} = \frac{\text{amax}}{2^{b-1} - 1}, \qquad q = \mathrm{clamp}\big(
# \mathrm{round}(x / \text{scale}),\, -2^{b-1},\, 2^{b-1} - 1\big)$$
#
# - x is (out, in), b from 2 to 8; round half to even, as `torch.round` does. q is int8 of x's shape.
# - `mode` says which numbers share a scale: `"tensor"` all of them, scale of shape (); `"channel"` each row, scale
#   (out,); `"group"` each run of g neighbours in a row, scale (out, in / g), where g divides in. Other modes ignore
#   g.
# - Numbers that are all zero get scale 1 and q = 0.
# - The scale comes in x's dtype or in float32.
#
# **The error bound.** Rounding moves a number by at most half a step: |x − scale · q| ≤ scale / 2. Let a key k share
# one scale, let k̂ = scale · (its integers), and call the query u, as q is taken. The attention score then moves by at
# most
# |u·k − u·k̂| ≤ ‖u‖₁ · scale / 2, before the division by √E, where ‖u‖₁ is the sum of the |u_i|.
#
# **Which numbers should share a scale?** In a cache, one row is one token's key (or value) in one head. KIVI (Liu et
# al. 2024, arXiv 2402.02750) found a few key channels with large values in all tokens. A scale per token is then
# dictated by the outlier, and the other channels lose their bits. So: keys per *channel*, values per *token*. The
# catch: a scale per channel cannot be made one token at a time, since the next token may exceed it. KIVI therefore
# keeps the most recent tokens in full precision until a group of them is complete, and quantises group by group,
# *asymmetrically*, with a scale and a zero point, which serves a channel whose values all lie on one side. The picture
# below shows all three.
#
# FP8, at one byte, halves a BF16 cache; an A100 can store it but has no FP8 arithmetic.

# %% stub="quant_sym"
def quant_sym(x: Float[Tensor, "out in"], bits: int, mode: str = "tensor",
              g: int | None = None) -> tuple[Int8[Tensor, "out in"], Float[Tensor, "..."]]:
    """Symmetric quantisation: (q, scale) with x ≈ scale * q.

    mode: "tensor" (scale ()), "channel" (one scale a row) or "group" (one scale for each g neighbours in a row)
    quant_sym(tensor([[7., -3.4, 0.]]), 4) == (tensor([[7, -3, 0]]), tensor(1.))
    """
    ### BEGIN SOLUTION
    shape = {"tensor": (), "channel": (x.shape[0],), "group": (x.shape[0], -1)}[mode]
    sharing = {"tensor": (1, -1), "channel": x.shape, "group": (-1, g)}[mode]
    rows = x.to(torch.promote_types(x.dtype, torch.float32)).reshape(sharing)  # one row per scale
    top = 2 ** (bits - 1) - 1
    scale = rows.abs().amax(1, keepdim=True) / top
    scale = torch.where(scale == 0, 1, scale)
    q = (rows / scale).round().clamp(-top - 1, top)
    return q.to(torch.int8).reshape(x.shape), scale.reshape(shape)
    ### END SOLUTION
    raise NotImplementedError("quant_sym")


# %% [markdown] hints="quant_sym"
# <details><summary>Hint 1: a question</summary>
#
# Can you reshape x so that in all three modes each *row* shares one scale?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# x = [[1, −2.1, 10, 21]], 4 bits, mode "group" with g = 2: amax = [2.1, 21], divided by 2³ − 1 = 7: scale = [[0.3,
# 3]]. x / scale = [3.33, −7, 3.33, 7], so q = [[3, −7, 3, 7]].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# amax = 0 would divide 0 by 0: the scale is 1 there, and *only* there. A threshold or an epsilon in the scale turns
# small numbers into zeros.
#
# </details>

# %% graded="quant_sym__modes" points=2
# Who shares a scale, in the three modes.
def compare(x, bits, mode, g, want_q, want_scale, why, mistakes=None):
    "q exactly; the scale in the dtype of x or in float32."
    q, scale = quant_sym(x, bits, mode, g)
    shown = [[round(v, 3) for v in row] for row in x.tolist()] if x.numel() < 10 else tuple(x.shape)
    on = f"quant_sym({shown}, bits={bits}, mode={mode!r}, g={g})"
    expect(q, want_q, on=f"q of {on}", why=why,
           mistakes={name: torch.tensor(wrong).to(torch.int8) for name, wrong in (mistakes or {}).items()})
    scale = torch.as_tensor(scale)
    assert scale.dtype in (x.dtype, torch.float32), f"{on}: the scale's dtype is {scale.dtype}"
    expect(scale.double(), want_scale.double(), on=f"scale of {on}", why=why, rtol=1e-5, atol=0)

compare(torch.tensor([[7.0, -3.4, 0.0], [3.5, 1.0, 14.0]]), 4, "tensor", None,
        torch.tensor([[4, -2, 0], [2, 0, 7]]).to(torch.int8), torch.tensor(2.0), why="one scale for all: 14 / 7 = 2",
        mistakes={"halves were rounded up or away from zero: 1 / 2 rounds to the even 0": [[4, -2, 0], [2, 1, 7]],
                  "cut off, not rounded": [[3, -1, 0], [1, 0, 7]],
                  "the divisor is 2 ** (bits - 1)": [[4, -2, 0], [2, 1, 8]]})
compare(torch.tensor([[7.0, -3.4, 0.0], [3.5, 1.0, 14.0]]), 4, "channel", None,
        torch.tensor([[7, -3, 0], [2, 0, 7]]).to(torch.int8), torch.tensor([1.0, 2.0]),
        why="one scale a row: 7 / 7 and 14 / 7",
        mistakes={"one scale for all": [[4, -2, 0], [2, 0, 7]], "one scale a column": [[7, -7, 0], [4, 2, 7]]})
compare(torch.tensor([[2.0, 7.0, 2.6, 14.0, 5.0, 28.0]]), 4, "group", 2,
        torch.tensor([[2, 7, 1, 7, 1, 7]]).to(torch.int8),
        torch.tensor([[1.0, 2.0, 4.0]]), why="groups of g = 2 neighbours: 7 / 7, 14 / 7 and 28 / 7",
        mistakes={"g is the size of a group, not the number of groups": [[2, 7, 3, 4, 1, 7]]})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for rows, columns, bits, group in [(3, 8, 8, 4), (5, 6, 4, 3), (2, 12, 3, 2), (7, 10, 2, 5), (1, 4, 6, 1),
                                   (4, 16, 5, 16)]:
    top = 2 ** (bits - 1) - 1
    for mode, size, shape in [("tensor", rows * columns, ()), ("channel", columns, (rows,)),
                              ("group", group, (rows, columns // group))]:
        whole = torch.randint(-top, top + 1, (rows * columns // size, size), generator=g)
        whole[:, 0] = torch.where(torch.rand(len(whole), generator=g) < 0.5, top, -top)  # the largest, of either sign
        part = (torch.rand(whole.shape, generator=g) - 0.5) * 0.7 * (whole.abs() < top)  # clear of the halves
        scale = torch.rand(len(whole), 1, generator=g) * 3 + 0.1
        x = ((whole + part) * scale).reshape(rows, columns)
        x = x if rows % 2 else x.T.contiguous().T
        compare(x, bits, mode, group if mode == "group" or bits % 2 else None,
                whole.reshape(rows, columns).to(torch.int8),
                scale.reshape(shape), why="scale = amax / (2 ** (bits - 1) - 1), q = round(x / scale)")
### END HIDDEN TESTS

# %% graded="quant_sym__edges" points=2
# Rows of zeros, ties, tiny numbers, 2 to 8 bits.
q, scale = quant_sym(torch.tensor([[0.0, 0.0], [-7.0, 2.0]]), 4, "channel", None)
expect(q, torch.tensor([[0, 0], [-7, 2]]).to(torch.int8), on="q of quant_sym([[0, 0], [-7, 2]], 4, 'channel')",
       why="a row of zeros must not divide 0 by 0; amax is the largest absolute value, here 7")
expect(torch.as_tensor(scale).double(), torch.tensor([1.0, 1.0]).double(), rtol=1e-6, atol=0,
       on="scale of quant_sym([[0, 0], [-7, 2]], 4, 'channel')", why="all zero: scale 1")
### BEGIN HIDDEN TESTS
q, scale = quant_sym(torch.tensor([[127.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.5]]), 8, "tensor", None)
expect(q, torch.tensor([[127, 0, 2, 2, 0, -2, -2, 4]]).to(torch.int8),
       on="q of [127, 0.5, 1.5, 2.5, …] at 8 bits, scale 1",
       why="round half to even, as torch.round does: not up, not away from zero, not cut off")
for mode, group, shape in [("tensor", None, ()), ("channel", None, (2,)), ("group", 2, (2, 3))]:
    q, scale = quant_sym(torch.zeros(2, 6), 8, mode, group)
    expect(q, torch.zeros(2, 6, dtype=torch.int8), on=f"q of zeros, mode {mode!r}")
    expect(torch.as_tensor(scale).double(), torch.ones(shape).double(), on=f"scale of zeros, mode {mode!r}",
           why="all zero: scale 1")
for bits in range(2, 9):
    top = 2.0 ** (bits - 1) - 1
    q, scale = quant_sym(torch.tensor([[-top, top, 0.0]]), bits, "channel", None)
    expect(q, torch.tensor([[-top, top, 0]]).to(torch.int8), on=f"q of [-{top:g}, {top:g}, 0] at {bits} bits",
           why="the scale is 1")
for unit in (1e-6, 1e-30):
    tiny = unit * torch.tensor([[7.0, -3.4, 0.0, 2.2], [0.0, 0.0, 0.0, 0.0]])
    for mode, g, want in [("tensor", None, unit), ("channel", None, [unit, 1.0]), ("group", 4, [[unit], [1.0]])]:
        q, scale = quant_sym(tiny, 4, mode, g)
        on = f"{unit:g} * [[7, -3.4, 0, 2.2], [0, 0, 0, 0]], 4 bits, mode {mode!r}"
        expect(q, torch.tensor([[7, -3, 0, 2], [0, 0, 0, 0]]).to(torch.int8), on=f"q of {on}",
               why="small numbers are not zeros: no threshold and no epsilon in the scale, however small")
        expect(torch.as_tensor(scale).double(), torch.tensor(want, dtype=torch.float64), rtol=1e-4, atol=0,
               on=f"scale of {on}", why="amax / 7, and 1 only where all are zero")
x = torch.randn(6, 8, generator=torch.Generator().manual_seed(4)).double()
q, scale = quant_sym(x, 8, "channel", None)
want = x.abs().amax(1) / 127
expect(torch.as_tensor(scale).double(), want, on="scale of float64 input", rtol=1e-5, atol=0)
### END HIDDEN TESTS

# %% graded="quant_sym__bound" points=2
# The error is at most half a step, in half precision too.
def worst(x, bits, mode, g):
    "Largest |x - scale * q| in units of its scale."
    q, scale = quant_sym(x, bits, mode, g)
    scale = torch.as_tensor(scale).double()
    scale = scale.repeat_interleave(g, dim=1) if mode == "group" else scale[:, None] if mode == "channel" else scale
    return ((x.double() - scale * torch.as_tensor(q).double()).abs() / scale).max().item()

x = torch.randn(4, 12, generator=torch.Generator().manual_seed(0))
for mode, g in [("tensor", None), ("channel", None), ("group", 3)]:
    error = worst(x, 4, mode, g)
    assert 0 < error <= 0.5001, f"mode {mode!r}, 4 bits: the error reaches {error:.3f} scale, the bound is 0.5"
### BEGIN HIDDEN TESTS
rng = torch.Generator().manual_seed(1)
for bits in (2, 3, 4, 8):
    for dtype, slack in [(torch.float32, 1e-3), (torch.float16, 0.01 + 2 ** bits * 2 ** -11),
                         (torch.bfloat16, 0.01 + 2 ** bits * 2 ** -8)]:
        x = (torch.randn(6, 24, generator=rng) * torch.logspace(-1, 1, 6)[:, None]).to(dtype)
        for mode, g in [("tensor", None), ("channel", None), ("group", 4), ("group", 24)]:
            error = worst(x, bits, mode, g)
            assert 0 < error <= 0.5 + slack, f"{dtype}, mode {mode!r}, {bits} bits: the error reaches {error:.3f} scale"
        q, scale = quant_sym(x, bits, "channel", None)
        want = x.double().abs().amax(1) / (2 ** (bits - 1) - 1)
        expect(torch.as_tensor(scale).double(), want, on=f"scale of {dtype}, {bits} bits, by row",
               rtol=1e-4 + 2 * torch.finfo(dtype).eps,
               atol=0, why="amax of the row / (2 ** (bits - 1) - 1)")
# scale = amax / 127 in float32, or rounded to the dtype; then the division in float32
for dtype in (torch.float16, torch.bfloat16):
    x = torch.randn(32, 64, generator=rng).to(dtype)
    q, _ = quant_sym(x, 8, "channel", None)
    exact = x.double().abs().amax(1, keepdim=True) / 127
    off = torch.stack([(x.double() / s - torch.as_tensor(q).double()).abs() for s in (exact,
        exact.to(dtype).double())]).amin(0).max().item()
    assert off <= 0.502, (f"{dtype}, 8 bits: x / scale lies {off:.3f} away from q, rounding moves it by at most 0.5. "
                          "Divide in float32: in half precision the quotient is rounded twice")
x = torch.randn(16, 64, generator=rng)
query = torch.randn(64, generator=rng).double()
q, scale = quant_sym(x, 4, "channel", None)
moved = (x.double() @ query - (torch.as_tensor(scale).double()[:, None] * q.double()) @ query).abs()
bound = query.abs().sum() * torch.as_tensor(scale).double() / 2
assert (moved <= bound * 1.001).all(), "attention scores moved by more than the bound ||q||_1 * scale / 2"
### END HIDDEN TESTS

# %% graded="quant_sym__inplace" points=1
# x stays as it is.
x = torch.tensor([[7.0, -3.4, 0.0, 2.2]])
want = torch.tensor([[7, -3, 0, 2]]).to(torch.int8)
for mode in ("tensor", "channel"):
    unchanged(lambda values: quant_sym(values, 4, mode, None)[0], x, want=want, why="the caller still needs x")
### BEGIN HIDDEN TESTS
unchanged(lambda values: quant_sym(values, 4, "group", 4)[0], x, want=want)
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.who_shares_a_scale(quant_sym)

# %% [markdown]
# ### Exercise 14.9 · sliding_window_attention
#
# Some layers are *trained* to see only the last w tokens (Mistral 7B v0.1: w = 4,096; gpt-oss: every second layer, w
# = 128; Gemma 3: five of six). Their cache stops growing at w tokens, and L layers still carry information over about
# L · w tokens. In such a *hybrid* stack the few full layers make up most of the cache at long context, and they alone
# see the distant past directly.
#
# Causal attention in which query i sees the w keys with **i − w < j ≤ i**, its own included:
#
# $$o_i = \sum_{j} \mathrm{softmax}_{\,i-w<j\le i}\!\left(\frac{q_i \cdot k_j}{\sqrt{E}}\right) v_j$$
#
# - q, k, v are (B, H, T, E), all of one shape; w ≥ 1 may exceed T, and T need not be a multiple of w.
# - Scores may be as large as 10⁵ in size; there a weight may be off by 2 %, as float32 numbers lie 0.01 apart.
# - Same answer as full attention under a band mask. But the full T × T score matrix is almost empty: T · w of T²
#   entries count. Work **in blocks**: cut the queries into blocks of w; a block's queries need only the keys of its own
#   block and of the one before. The timed aspect allows three times the time of a block-wise solution at T = 2,048, w =
#   64. A masked T × T matrix is too slow, and so is a copy of w keys for every query: T · w · E numbers to write and
#   to read where the blocks need 2 · T · E.
#
# Source: Mistral 7B, Jiang et al. 2023, arXiv 2310.06825.

# %% stub="sliding_window_attention"
def sliding_window_attention(q: Float[Tensor, "B H T E"], k: Float[Tensor, "B H T E"], v: Float[Tensor, "B H T E"],
                             w: int) -> Float[Tensor, "B H T E"]:
    """Causal attention over the last w keys, the query's own included, without the full T x T matrix.

    w = 1: every token sees itself only, the result is v.
    """
    ### BEGIN SOLUTION
    T, E, dtype = q.shape[2], q.shape[3], q.dtype
    wide = torch.promote_types(dtype, torch.float32)
    w = min(w, T)
    pad = -T % w  # tokens that fill up the last block
    q = F.pad(q.to(wide), (0, 0, 0, pad)).unflatten(2, (-1, w))  # (B, H, N, w, E): N blocks of queries
    # (B, H, N, E, 2w): block before, own block
    k, v = (F.pad(x.to(wide), (0, 0, w, pad)).unfold(2, 2 * w, w) for x in (k, v))
    scores = q @ k / math.sqrt(E)
    device = q.device
    i, j = torch.arange(w, device=device)[:, None], torch.arange(-w, w, device=device)  # from the start of the block
    block = torch.arange(scores.shape[2], device=device)[:, None, None]
    seen = (j > i - w) & (j <= i) & (block * w + j >= 0)  # the last: nothing lies before the first token
    out = scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v.mT
    return out.flatten(2, 3)[:, :, :T].to(dtype)
    ### END SOLUTION
    raise NotImplementedError("sliding_window_attention")


# %% [markdown] hints="sliding_window_attention"
# <details><summary>Hint 1: a question</summary>
#
# With blocks of w tokens: from which blocks can the keys of query i come, if it sees i − w + 1 … i?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# w = 2, T = 4, blocks {0, 1} and {2, 3}. Block 1 against keys {0, 1, 2, 3}: query 2 sees 1, 2; query 3 sees 2, 3.
# Block 0 has no block before it: put w dummy keys in front and mask them. Query 0 then sees only key 0.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# In block 0 the w dummy keys in front lie *inside* the band of the first queries, with a score of 0: mask them by their
# place, before the first token, and mask with −∞, not with a large negative number.
#
# </details>

# %% graded="sliding_window_attention__band" points=2
# Which keys a query sees, for many lengths and windows.
zeros, v = torch.zeros(1, 1, 4, 1), torch.tensor([[[[1.0], [2.0], [4.0], [8.0]]]])
check(sliding_window_attention, zeros, zeros, v, 2, want=torch.tensor([[[[1.0], [1.5], [3.0], [6.0]]]]),
      why="equal scores: each output is the mean of the last two values",
      mistakes={"one key too many": torch.tensor([[[[1.0], [1.5], [7 / 3], [14 / 3]]]]),
                "one key too few": v, "the window was ignored": torch.tensor([[[[1.0], [1.5], [7 / 3], [3.75]]]]),
                "the future was seen": torch.tensor([[[[1.5], [3.0], [6.0], [8.0]]]])})
### BEGIN HIDDEN TESTS
q, k = torch.tensor([[[[0.0] * 4, [2.0, 0, 0, 0]]]]), torch.tensor([[[[0.0] * 4, [1.0, 0, 0, 0]]]])
check(sliding_window_attention, q, k, q, 2, want=torch.tensor([[[[0.0] * 4, [2 * 0.7310586, 0, 0, 0]]]]),
      why="scores are q.k / sqrt(4) = [0, 1], and softmax([0, 1]) = [0.269, 0.731]",
      mistakes={"no division by sqrt(E)": torch.tensor([[[[0.0] * 4, [2 * 0.8807971, 0, 0, 0]]]]),
                "division by E instead of sqrt(E)": torch.tensor([[[[0.0] * 4, [2 * 0.6224593, 0, 0, 0]]]])})
g = torch.Generator().manual_seed(0)
for B, H, T, E, w in [(2, 3, 12, 4, 4), (1, 2, 13, 5, 4), (3, 1, 9, 2, 3), (1, 2, 31, 8, 7), (2, 1, 16, 3, 15),
                      (1, 1, 64, 16, 5),
                      (1, 2, 200, 7, 70), (2, 1, 200, 5, 150), (1, 1, 333, 6, 129), (1, 1, 900, 3, 700)]:
    q, k, v = torch.randn(3, B, T, H, E, generator=g).transpose(2, 3)  # not contiguous
    check(sliding_window_attention, q, k, v, w, want=softmax_attention(q, k, v, band(T, w)).float(),
          why=f"T = {T}, w = {w}: keys i - w < j <= i")
### END HIDDEN TESTS

# %% graded="sliding_window_attention__edges" points=2
# Windows of 1 and beyond T; very large scores.
zeros, v = torch.zeros(1, 1, 3, 1), torch.tensor([[[[1.0], [2.0], [6.0]]]])
check(sliding_window_attention, zeros, zeros, v, 1, want=v, why="w = 1: every token sees itself only")
check(sliding_window_attention, zeros, zeros, v, 10, want=torch.tensor([[[[1.0], [1.5], [3.0]]]]),
      why="w beyond T: plain causal attention")
### BEGIN HIDDEN TESTS
far = torch.full((1, 1, 5, 4), 300.0)
check(sliding_window_attention, far, -far, torch.arange(5.0)[:, None].expand(1, 1, 5, 4), 2, rtol=2e-2,
      want=torch.tensor([0, 0.5, 1.5, 2.5, 3.5])[:, None].repeat(1, 1, 1, 4),
      why="scores of -180,000 are still above a mask of -inf, and below one of -10,000")
g = torch.Generator().manual_seed(1)
for T, w, size in [(1, 1, 1), (1, 5, 1), (5, 5, 1), (5, 6, 1), (6, 5, 1), (7, 1, 1), (8, 3, 60), (6, 100, 60)]:
    q, k, v = torch.randn(3, 2, 2, T, 6, generator=g)
    i, j = torch.arange(T)[:, None], torch.arange(T)
    want = F.scaled_dot_product_attention((q * size).double(), k.double(), v.double(),
                                          attn_mask=(j <= i) & (j > i - w)).float()
    check(sliding_window_attention, q * size, k, v, w, want=want, rtol=1e-2, atol=5e-3, why=f"T = {T}, w = {w}")
k, v = torch.tensor([[[[1.0], [1.001], [1.002]]]]), torch.tensor([[[[1.0], [3.0], [7.0]]]])
for size in (1000.0, -1000.0, 10_000.0, 50_000.0):  # scores 1000 and 1001, and as far apart as that at larger sizes
    q = torch.full((1, 1, 3, 1), size)
    check(sliding_window_attention, q, k, v, 2, want=softmax_attention(q, k, v, band(3, 2)).float(), rtol=2e-2,
          atol=1e-3,
          why="scores may be large: none is cut off at a limit")
q, k, v = (-30 * torch.ones(1, 1, 9, 4), 30 * torch.ones(1, 1, 9, 4), torch.randn(1, 1, 9, 4, generator=g))
i, j = torch.arange(9)[:, None], torch.arange(9)
want = F.scaled_dot_product_attention(q.double(), k.double(), v.double(), attn_mask=(j <= i) & (j > i - 4)).float()
check(sliding_window_attention, q, k, v, 4, want=want,
      why="all scores are -1800: a masked key must still weigh nothing (not score 0)")
### END HIDDEN TESTS

# %% graded="sliding_window_attention__half" points=1
# float16 and bfloat16 against float64.
q, v = torch.full((1, 1, 2, 4), 300.0).half(), torch.tensor([[[[1.0] * 4, [3.0] * 4]]]).half()
check(sliding_window_attention, q, q, v, 2, want=torch.tensor([[[[1.0] * 4, [2.0] * 4]]]).half(),
      why="300 * 300 does not fit into float16: float32 inside, float16 out")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
x = torch.ones(1, 1, 1100, 3).bfloat16()
check(sliding_window_attention, 0 * x, x, x.clone(), 1021, want=x.clone(), rtol=1e-3, atol=0,
      why="1,021 equal weights sum to 1, unless each was rounded to half precision before it met its value")
for T, E in [(50, 24), (131, 40)]:
    q, k, v = 14 * torch.randn(3, 1, 2, T, E, generator=g)
    step = k[..., 1:, :] - k[..., :-1, :]
    q[..., 1:, :] -= step * (q[..., 1:, :] * step).sum(-1, keepdim=True) / step.square().sum(-1, keepdim=True)
    precise(sliding_window_attention, q, k, v.abs() + 0.5, 2,
            oracle=lambda q, k, v, w: softmax_attention(q, k, v, band(q.shape[-2], w)))
### END HIDDEN TESTS

# %% graded="sliding_window_attention__inplace" points=1
# The arguments stay as they are.
zeros, v = torch.zeros(1, 1, 4, 1), torch.tensor([[[[1.0], [2.0], [4.0], [8.0]]]])
unchanged(sliding_window_attention, zeros, zeros.clone(), v, 2, want=torch.tensor([[[[1.0], [1.5], [3.0], [6.0]]]]))
### BEGIN HIDDEN TESTS
q, k, v = torch.randn(3, 1, 2, 5, 3, generator=torch.Generator().manual_seed(3))
i, j = torch.arange(5)[:, None], torch.arange(5)
unchanged(sliding_window_attention, q, k, v, 3, want=F.scaled_dot_product_attention(
    q.double(), k.double(), v.double(), attn_mask=(j <= i) & (j > i - 3)).float())
### END HIDDEN TESTS

# %% graded="sliding_window_attention__speed" points=2 tags=["timed", "gpu"]
# 2,048 tokens against a block-wise solution. Here advice only; the judge times it, on the GPU where it has one.
def draw(rng: np.random.Generator):
    "Queries, keys and values for one call: (1, 1, 2048, 64), window 64."
    q, k, v = (torch.from_numpy(rng.standard_normal((1, 1, 2048, 64), dtype=np.float32)) for _ in range(3))
    return q, k, v, 64

def one_block(q, k, v, w):
    "A yardstick: one product of queries and keys as large as the block-wise way needs."
    return q[..., :w, :].repeat(1, 1, 32, 1) @ k[..., :w, :].mT

advise(sliding_window_attention, draw, yardstick=one_block, usual=10.0)
### BEGIN HIDDEN TESTS
def long_text(rng):
    "32,768 tokens, window 1,024: all scores are 4.3 GB, those of the blocks 268 MB."
    q, k, v = (torch.from_numpy(rng.standard_normal((1, 1, 32_768, 16), dtype=np.float32)) for _ in range(3))
    return q, k, v, 1024

duel(sliding_window_attention, draw, reference='''
import math
import torch
import torch.nn.functional as F

def sliding_window_attention(q, k, v, w):
    T, E = q.shape[2:]
    w = min(w, T)
    pad = -T % w
    q = F.pad(q, (0, 0, 0, pad)).unflatten(2, (-1, w))
    k, v = (F.pad(x, (0, 0, w, pad)).unfold(2, 2 * w, w) for x in (k, v))
    scores = q @ k / math.sqrt(E)
    i, j = torch.arange(w, device=q.device)[:, None], torch.arange(-w, w, device=q.device)
    block = torch.arange(scores.shape[2], device=q.device)[:, None, None]
    seen = (j > i - w) & (j <= i) & (block * w + j >= 0)
    return (scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v.mT).flatten(2, 3)[:, :, :T]
''', limit=3.0, gpu_limit=5.0, gpu_draw=long_text)
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.band(sliding_window_attention)

# %% [markdown]
# ## 5 · Over several devices: ring attention
#
# When one device cannot hold the keys of a million tokens, cut the *sequence*: N devices hold one shard each of
# queries, keys and values. The key/value shards travel around a ring; each device meets them one after the other and
# never holds more than two. (Liu et al. 2023, arXiv 2310.01889.)
#
# How can one softmax over all keys be computed in pieces? By keeping, for each query, three things: the largest score
# so far **m**, the sum **l** of the exponentials $e^{s_j - m}$ of its scores $s_j$, and the sum **o** of the values
# weighted by these same exponentials. At the start m = −∞, l = 0, o = 0. When a new shard brings a larger maximum, old
# sums are rescaled:
#
# $$m' = \max(m, \max_j s_j), \quad l' = l\, e^{m - m'} + \sum_j e^{s_j - m'}, \quad
# o' = o\, e^{m - m'} + \sum_j e^{s_j - m'} v_j, \quad \text{at the end } o / l$$
#
# This is the *online softmax*. It is exact: averaging the shards' own attention outputs is not. The same three numbers
# appear in three places:
#
# - inside one GPU, *FlashAttention* folds tile after tile and never writes the T × T scores. It does not shrink the
#   cache. (Version 2 runs on an A100; version 3 is written for Hopper GPUs, the H100 and H200.)
# - in decoding, *split-K* kernels (Flash-Decoding) cut the cache of one query among the cores of a GPU, which would
#   otherwise idle, and merge the (m, l, o) of the parts;
# - over GPUs, the ring. Under a causal mask the device with the first shard would be done at once and the last would
#   work N times as long, so each device takes one shard from the front and its mirror image from the back (*zigzag*),
#   or every Nth token (*striped*).
#
# ### Exercise 14.10 · ring_attention
#
# Three functions. `ring_fold` takes in one shard, `ring_finish` divides, `ring_attention` is the ring made of them.
#
# - `ring_fold(state, q, k, v)` gives the next state. `state` is None at first, then whatever you returned. q is (…, T,
#   E), k and v are (…, T_i, E), T_i ≥ 1; the leading dimensions are the same. What a state is, is yours to decide: a
#   tensor, or a tuple, list or dict of tensors and numbers. But it **holds at most 2 · T · (E + 2) numbers** (for each
#   leading index), however many shards came: a device has no room for the keys it has seen. The caller feeds the shards
#   one at a time and may be in the middle of several rings at once, so everything that matters stands in the state.
# - `ring_finish(state)` gives the output (…, T, E) in float32, or float64 for float64 queries: rounding to half
#   precision is left to the end of the ring.
# - `ring_attention(q_shards, k_shards, v_shards)`: lists of N shards (…, T_i, E) of lengths that may differ. Every
#   query attends to the keys of **all** shards (not causal), scaled by 1/√E. Returns a list of N outputs (…, T_i, E) in
#   the dtype of the queries.
# - Scores may be as large as 10⁶ in size; there a weight may be off by 2 %, as float32 numbers lie 0.06 apart.
#
# Source: Liu et al. 2023, arXiv 2310.01889; the recurrence: Milakov and Gimelshein 2018, arXiv 1805.02867.

# %% stub="ring_attention"
def ring_fold(state, q: Float[Tensor, "... T E"], k: Float[Tensor, "... T_i E"], v: Float[Tensor, "... T_i E"]):
    """The state after one more shard of keys and values; None before the first.

    With q = 0 all keys weigh alike: values 1, 3 and 8 in three shards end in the mean 4.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(q.dtype, torch.float32)
    scores = q.to(wide) / math.sqrt(q.shape[-1]) @ k.to(wide).mT
    m, l, o = state or (torch.full_like(scores[..., :1], -torch.inf), 0.0, 0.0)
    top = torch.maximum(m, scores.amax(-1, keepdim=True))
    weights, shrink = (scores - top).exp(), (m - top).exp()
    return top, l * shrink + weights.sum(-1, keepdim=True), o * shrink + weights @ v.to(wide)
    ### END SOLUTION
    raise NotImplementedError("ring_fold")


def ring_finish(state) -> Float[Tensor, "... T E"]:
    """The attention over all shards that were folded in, in float32 (float64 for float64)."""
    ### BEGIN SOLUTION
    _, l, o = state
    return o / l
    ### END SOLUTION
    raise NotImplementedError("ring_finish")


def ring_attention(q_shards: list[Float[Tensor, "... T_i E"]], k_shards: list[Float[Tensor, "... T_i E"]],
                   v_shards: list[Float[Tensor, "... T_i E"]]) -> list[Float[Tensor, "... T_i E"]]:
    """Full (not causal) attention over a sequence cut into shards, one key/value shard at a time.

    With q = 0 all scores are equal: every output is the mean of all values of all shards.
    """
    ### BEGIN SOLUTION
    outputs = []
    for device, q in enumerate(q_shards):
        state = None
        for step in range(len(k_shards)):  # what arrives over the ring
            source = (device - step) % len(k_shards)
            state = ring_fold(state, q, k_shards[source], v_shards[source])
        outputs.append(ring_finish(state).to(q.dtype))
    return outputs
    ### END SOLUTION
    raise NotImplementedError("ring_attention")


# %% [markdown] hints="ring_attention"
# <details><summary>Hint 1: a question</summary>
#
# Shard 1 has scores [0, 0], shard 2 has [5]. What weight must shard 1's values finally get, relative to shard 2's,
# and what does a plain average of the two shards' outputs give them?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Scores [0, 0] with values [1, 3]: m = 0, l = 2, o = 4. Then score [5] with value [10]: m' = 5, shrink = e^(−5) =
# 0.0067, l' = 2 · 0.0067 + 1 = 1.0135, o' = 4 · 0.0067 + 10 = 10.027; o' / l' = 9.894. That is the softmax of [0, 0,
# 5] applied to [1, 3, 10].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# m is the old maximum when the old sums shrink, and the new one afterwards: store it last. Start it at −∞, not at 0 or
# −10,000: all scores may lie below. Then e^(m − m') is e^(−∞) = 0, which is right, as there is nothing to rescale yet.
#
# </details>

# %% graded="ring_attention__as_full" points=2
# The ring against attention in one piece, shards of any length.
q, k = [torch.tensor([[1.0]])] * 2, [torch.tensor([[0.0]]), torch.tensor([[5.0]])]
v = [torch.tensor([[1.0]]), torch.tensor([[10.0]])]
full = torch.tensor([[(1 + 10 * math.exp(5)) / (1 + math.exp(5))]])
check(ring_attention, q, k, v, want=[full, full],
      why="one softmax over the keys of all shards: scores [0, 5], values [1, 10]",
      mistakes={"the outputs of the shards were averaged": [torch.tensor([[5.5]])] * 2,
                "the outputs of the shards were added": [torch.tensor([[11.0]])] * 2,
                "each device used its own shard only": [torch.tensor([[1.0]]), torch.tensor([[10.0]])]})
### BEGIN HIDDEN TESTS
q, k = [torch.tensor([[2.0, 0, 0, 0]] * 2)], [torch.tensor([[0.0] * 4, [1.0, 0, 0, 0]])]
v = [torch.tensor([[0.0] * 4, [1.0, 2, 3, 4]])]
check(ring_attention, q, k, v, want=[0.7310586 * v[0][[1, 1]]],
      why="scores are q.k / sqrt(4) = [0, 1], and softmax([0, 1]) = [0.269, 0.731]",
      mistakes={"no division by sqrt(E)": [0.8807971 * v[0][[1, 1]]],
                "division by E instead of sqrt(E)": [0.6224593 * v[0][[1, 1]]]})
g = torch.Generator().manual_seed(0)
for lead, lengths, E in [((2, 3), (4, 4, 4), 5), ((), (3, 1, 5), 4), ((2,), (7,), 3), ((1, 2), (2, 6, 1, 3, 2), 8),
                         ((3,), (5, 2), 16),
                         ((2,), (3, 3, 3, 3), 6)]:
    q, k, v = torch.randn(3, *lead, sum(lengths), E, generator=g)
    want = F.scaled_dot_product_attention(*(x.double().view(-1, *x.shape[-2:]) for x in (q, k, v))).float().view_as(q)
    check(ring_attention, *(list(x.split(lengths, -2)) for x in (q, k, v)), want=list(want.split(lengths, -2)),
          why=f"shards of {lengths} tokens, not causal")
q, k, v = torch.randn(3, 2, 6, 3, 4, generator=g).transpose(1, 2)  # not contiguous, heads after tokens
want = F.scaled_dot_product_attention(q.double(), k.double(), v.double()).float()
check(ring_attention, *([x[:, :, :2], x[:, :, 2:]] for x in (q, k, v)), want=[want[:, :, :2], want[:, :, 2:]])
### END HIDDEN TESTS

# %% graded="ring_attention__stable" points=2
# Scores in the thousands and in the millions.
one, far = torch.tensor([[1.0]]), torch.tensor([[1000.0]])
check(ring_attention, [one, one], [one, far], [one, 3 * one], want=[3 * one, 3 * one],
      why="exp(1000) overflows: subtract the running maximum, and rescale what was summed before")
check(ring_attention, [one, one], [-far, -far], [one, 3 * one], want=[2 * one, 2 * one],
      why="exp(-1000) is 0 in both shards: only relative to the maximum does something remain")
### BEGIN HIDDEN TESTS
check(ring_attention, [far, far], [-far, -far], [one, 3 * one], want=[2 * one, 2 * one], rtol=2e-2,
      why="scores of -1,000,000: the running maximum starts at -inf, not at some large negative number")
g = torch.Generator().manual_seed(1)
for size in (50, 400):
    for order in (1, -1):
        q, k, v = torch.randn(3, 2, 9, 6, generator=g)
        q = q * size
        k = k + torch.linspace(-2, 2, 9)[::1 if order == 1 else -1][:, None] if order == 1 else k - torch.linspace(-2,
            2, 9)[:, None]
        want = F.scaled_dot_product_attention(q.double(), k.double(), v.double()).float()
        check(ring_attention, *(list(x.split((4, 2, 3), -2)) for x in (q, k, v)), want=list(want.split((4, 2, 3), -2)),
              rtol=2e-2, atol=1e-2,
              why="scores in the hundreds and thousands, the maximum in the first or in the last shard")
### END HIDDEN TESTS

# %% graded="ring_attention__half" points=1
# float16 and bfloat16: round once, at the end.
x = torch.full((1, 4), 300.0).half()
check(ring_attention, [x, x], [x, x], [x / 300, x / 100], want=[torch.full((1, 4), 2.0).half()] * 2,
      why="300 * 300 does not fit into float16: float32 inside, float16 out")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for E, lengths, size in [(16, (20, 37, 3), 3), (24, (1, 150, 99), 1), (40, (7,) * 12, 0.5)]:
    q, k, v = (size * torch.randn(3, 2, sum(lengths), E, generator=g)).unbind()
    precise(lambda q, k, v: torch.cat(ring_attention(*(list(x.split(lengths, -2)) for x in (q, k, v))), -2), q, k, v,
            oracle=softmax_attention)
for dtype in (torch.float16, torch.bfloat16):
    v = torch.randn(30, 4, generator=g).to(dtype)
    v = torch.cat([v, -v, v[:4]])  # values that cancel: what is left is small, and shows every rounding on the way
    zeros = [torch.zeros(1, 4, dtype=dtype)] * 64
    want = (v.double().sum(0, keepdim=True) / 64).to(dtype)
    check(ring_attention, zeros, zeros, list(v.split(1)), want=[want] * 64, rtol=2 * torch.finfo(dtype).eps, atol=1e-5,
          why="64 shards of one token: the running sums stay in float32, rounded once at the end")
### END HIDDEN TESTS

# %% graded="ring_attention__folds" points=3
# Shards fed one at a time to ring_fold, by a caller that keeps several rings going; how much a state holds.
one = torch.ones(1, 1)
folds(ring_fold, None, [(0 * one, 0 * one, one), (0 * one, 0 * one, 3 * one), (0 * one, 0 * one, 8 * one)],
      want=4 * one, finish=ring_finish, why="three shards of one key, equal scores: the mean of the three values")


def numbers(state):
    "How many numbers a state holds, whatever it is made of."
    if isinstance(state, dict):
        state = list(state.values())
    if isinstance(state, (list, tuple)):
        return sum(map(numbers, state))
    return state.numel() if isinstance(state, Tensor) else np.size(state)


state = None
for _ in range(9):
    state = ring_fold(state, one, one, one)
assert numbers(state) <= 6, (f"after 9 shards of one key, T = 1 and E = 1, the state holds {numbers(state)} numbers; "
                             "2 * T * (E + 2) = 6 are allowed. A device has no room for the keys it has seen")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(5)
for lead, T, lengths, E, dtype in [((2, 3), 4, (4, 4, 4), 5, torch.float32),
                                   ((), 3, (3, 1, 5, 70, 2), 4, torch.float32),
                                   ((2,), 1, (7,), 3, torch.float64),
                                   ((1, 2), 6, (2, 6, 1, 130, 2), 24, torch.float64)]:
    rings = []  # two rings at once: what is not in the state gets mixed up
    for _ in range(2):
        q, k, v = (torch.randn(*lead, n, E, generator=g, dtype=dtype) for n in (T, sum(lengths), sum(lengths)))
        rings.append((q, list(zip(k.split(lengths, -2), v.split(lengths, -2))), softmax_attention(q, k, v).to(dtype)))
    states = [None, None]
    for i in range(len(lengths)):
        for ring, (q, shards, _) in enumerate(rings):
            states[ring] = ring_fold(states[ring], q, *shards[i])
    room = 2 * math.prod(lead) * T * (E + 2)
    for state, (q, shards, want) in zip(states, rings):
        on = f"ring_finish after shards of {lengths}, {T} queries, E = {E}"
        expect(ring_finish(state), want, on=on, why="two rings were fed in turn: all that matters stands in the state",
               rtol=1e-9 if dtype == torch.float64 else None, atol=1e-10 if dtype == torch.float64 else None)
        assert numbers(state) <= room, f"{on}: the state holds {numbers(state)} numbers, {room} are allowed"
x = torch.full((2, 4), 300.0).half()
folds(ring_fold, None, [(x, x, x / 300), (x, x, x / 100)], want=torch.full((2, 4), 2.0), finish=ring_finish, rtol=2e-2,
      why="float16 queries: float32 inside and in the answer; it is rounded at the end of the ring")
far = torch.tensor([[1000.0]])
folds(ring_fold, None, [(far, -far, one), (far, -far, 3 * one)], want=2 * one, finish=ring_finish, rtol=2e-2,
      why="scores of -1,000,000: the running maximum starts at -inf")
q, k, v = (torch.randn(2, n, 3, generator=g) for n in (2, 5, 5))
unchanged(lambda q, k, v: ring_finish(ring_fold(ring_fold(None, q, k, v), q, k, v)), q, k, v,
          want=softmax_attention(q, k, v).float(), why="the shard travels on to the next device")
state = ring_fold(None, q, k, v)
first = ring_finish(state)
ring_fold(state, q, 2 * k, v)
expect(ring_finish(state), first, on="ring_finish of a state after it was folded on from", rtol=0, atol=0,
       why="a state is an argument, too: the next one is new")
### END HIDDEN TESTS

# %% graded="ring_attention__inplace" points=1
# The shards stay as they are.
one = torch.ones(1, 1)
unchanged(ring_attention, [one, 2 * one], [0 * one, 0 * one], [one, 3 * one], want=[2 * one, 2 * one])
### BEGIN HIDDEN TESTS
q, k, v = torch.randn(3, 2, 5, 4, generator=torch.Generator().manual_seed(3))
want = F.scaled_dot_product_attention(q.double(), k.double(), v.double()).float()
unchanged(ring_attention, *(list(x.split((2, 3), -2)) for x in (q, k, v)), want=list(want.split((2, 3), -2)))
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.ring_against_average(ring_attention)

# %% [markdown]
# ## 6 · Your cache drives a transformer
#
# All pieces are there: rotary positions, grouped attention over a cache, a loop that feeds one token at a time. What
# joins them is one attention layer in one decode step. Everything else of a transformer (embedding, norms, MLP, head)
# knows no other token, and stays as it is.
#
# ### Exercise 14.11 · decode_layer
#
# `decode_layer(x, pos, weights, cache, base=10000.0, window=None)` returns `(y, cache)`.
#
# - x (D,) is what the layer reads of the new token, y (D,) what it adds. `pos` is the token's position, an int.
# - `weights` holds four matrices: `"q"` (H·E, D), `"k"` and `"v"` (K·E, D), `"out"` (D, H·E). The queries are
#   `weights["q"] @ x`, the first E numbers those of head 0, and so on; the heads' outputs are joined in the same order.
# - `cache` is (k, v), each (K, S, E), oldest token first, with keys **already turned**. S is 0 before the first token.
#   What comes back has the new token at its end; the caller's own stays as it is.
# - Rotary layout `"interleaved"`, with this `base`.
# - The new token attends to all kept tokens and to itself.
# - `window=w` (w ≥ 1): the layer keeps and sees the last w tokens only, the new one included.
# - `pos` is given because it cannot be read off the cache: a windowed cache is shorter than the text.
# - y and the cache have x's dtype. In half precision each piece rounds its own result, so the tests are wide there.
#
# Use your own `rope` and `attention_decode`; a short solution has eight lines. Source: `Attention` in
# `course/models/transformer.py`, which does the same for whole texts; Llama 3, arXiv 2407.21783.

# %% stub="decode_layer"
def decode_layer(x: Float[Tensor, "D"], pos: int, weights: dict[str, Tensor],
                 cache: tuple[Float[Tensor, "K S E"], Float[Tensor, "K S E"]], base: float = 10000.0,
                 window: int | None = None) -> tuple[Float[Tensor, "D"], tuple[Tensor, Tensor]]:
    """One attention layer in one decode step: what it adds to the new token, and the cache with that token.

    With S = 0 the token sees itself only: y = weights["out"] @ (its values, once for each query head).
    """
    ### BEGIN SOLUTION
    k, v = cache
    E, at = k.shape[-1], torch.tensor([pos], device=x.device)
    q, new_k, new_v = ((weights[name] @ x).unflatten(0, (-1, 1, E)) for name in ("q", "k", "v"))  # (heads, 1, E)
    q, new_k = (rope(heads[None], at, base, "interleaved")[0] for heads in (q, new_k))
    k, v = torch.cat([k, new_k], dim=1), torch.cat([v, new_v], dim=1)
    if window is not None:
        k, v = k[:, -window:], v[:, -window:]
    return weights["out"] @ attention_decode(q[:, 0], k, v).flatten(), (k, v)
    ### END SOLUTION
    raise NotImplementedError("decode_layer")


# %% [markdown] hints="decode_layer"
# <details><summary>Hint 1: a question</summary>
#
# Of q, k and v of the new token: which are turned, which are stored, and in which state must the old keys be so that
# nothing has to be turned twice?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# D = E = 2, H = K = 1, all four matrices the identity, x = [1, 0], pos = 1, an empty cache. The key is turned to [cos
# 1, sin 1], the value stays [1, 0]. One key, so its weight is 1 whatever the score: y = [1, 0], and the cache that
# comes back is k = [[[cos 1, sin 1]]], v = [[[1, 0]]].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The order: turn, append, drop what lies outside the window, and only then attend. Attending first leaves the token
# itself out; dropping first keeps w + 1 tokens. And `rope` wants (B, H, T, E): here B = 1, T = 1.
#
# </details>

# %% graded="decode_layer__step" points=2
# One layer, token by token, against the same layer run over the whole text at once.
eye = torch.eye(2)
check(decode_layer, torch.tensor([1.0, 0.0]), 1, dict.fromkeys(["q", "k", "v", "out"], eye),
      (torch.zeros(1, 0, 2),) * 2,
      want=(torch.tensor([1.0, 0.0]), (torch.tensor([[[math.cos(1), math.sin(1)]]]), torch.tensor([[[1.0, 0.0]]]))),
      why="an empty cache: the token sees itself alone; its key is stored turned, its value as it is")
### BEGIN HIDDEN TESTS
for seed, (H, K, E, D, T, base, gap) in enumerate([(1, 1, 4, 3, 6, 1e4, 0), (4, 2, 6, 10, 9, 500.0, 0),
                                                   (6, 2, 8, 5, 7, 1e4, 40),
                                                   (3, 3, 2, 7, 5, 5e5, 3), (8, 1, 4, 9, 70, 100.0, 0)]):
    weights, g = layer_weights(H, K, E, D, seed), torch.Generator().manual_seed(seed)
    x = torch.randn(T, D, generator=g)
    pos = torch.arange(T) + gap * (torch.arange(T) > 1)  # with a gap, as where tokens were evicted
    y, k, v = whole_layer(x, pos, weights, K, E, base)
    cache = (torch.zeros(K, 0, E), torch.zeros(K, 0, E))
    for t in range(T):
        got, cache = decode_layer(x[t], int(pos[t]), weights, cache, base)
        on = f"decode_layer of token {t} at position {pos[t]}, H = {H}, K = {K}, E = {E}, D = {D}, base {base:g}"
        expect(got, y[t].float(), on=f"y of {on}", rtol=1e-3, atol=1e-3,
               why="the token attends to all kept tokens and to itself; queries and keys are turned, values are not",
               mistakes={"the token itself was left out": y[t - 1].float()} if t else None)
        expect(tuple(cache), (k[:, :t + 1].float(), v[:, :t + 1].float()), on=f"the cache after {on}", rtol=1e-3,
               atol=1e-3,
               why="old tokens as they were, then the new key, turned once, and the new value, not turned")
### END HIDDEN TESTS

# %% graded="decode_layer__in_a_transformer" points=3
# Your layer inside a small random transformer, driven by a greedy loop of the course's.
def written(model, ids, n):
    logits, cache = model(ids)
    for _ in range(n):
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], 1)
        logits, cache = model(ids[:, -1:], None, None, cache)
    return ids

transformer = Transformer(Config(vocab=61, layers=2, width=48, heads=6, kv_heads=2, head_dim=12), 5)
prompt = torch.tensor([[3, 14, 15, 9, 26]])
expect(written(with_layer(transformer, decode_layer), prompt, 6), generate_uncached(tiny_model(5), prompt, 6),
       on="six tokens that a transformer writes with your decode_layer",
       why="token for token what the transformer writes with its own attention and without a cache")
### BEGIN HIDDEN TESTS
for seed, config in enumerate([Config(31, layers=1, width=20, heads=4, kv_heads=4, head_dim=6, base=100.0),
                               Config(43, layers=3, width=36, heads=9, kv_heads=3, head_dim=8, base=5e5)]):
    transformer = Transformer(config, seed)
    ids = torch.randint(config.vocab, (1, 14), generator=torch.Generator().manual_seed(seed))
    model = with_layer(transformer, decode_layer)
    with torch.no_grad():
        want, _ = transformer(ids)
    logits, cache = model(ids[:, :4 - seed])  # the prefill is the transformer's own
    for t in range(4 - seed, 14):
        logits, cache = model(ids[:, t:t + 1], None, None, cache)
        expect(logits[0, 0], want[0, t],
               on=f"the logits after token {t} of a transformer with {config.layers} layers, base "
               f"{config.base:g}", rtol=1e-3, atol=1e-3,
               why="every layer with its own cache must add what attention over all adds")
for seed, n in [(6, 9), (7, 12)]:
    transformer = Transformer(Config(vocab=61, layers=2, width=48, heads=6, kv_heads=2, head_dim=12), seed)
    prompt = torch.tensor([[seed, 0, 33]])
    expect(written(with_layer(transformer, decode_layer), prompt, n), generate_uncached(tiny_model(seed), prompt, n),
           on=f"{n} tokens that a transformer writes with your decode_layer")
### END HIDDEN TESTS

# %% graded="decode_layer__window" points=2
# A layer with a window: what it keeps, what it sees, and positions that go on.
weights = dict.fromkeys(["q", "k", "v", "out"], torch.eye(2))
cache = (torch.zeros(1, 0, 2), torch.zeros(1, 0, 2))
for pos in range(5):
    y, cache = decode_layer(torch.tensor([0.0, float(pos)]), pos, weights, cache, 10000.0, 2)
    assert tuple(cache[0].shape) == tuple(cache[1].shape) == (1, min(pos + 1, 2), 2), (
        f"window 2, after {pos + 1} tokens: keys of shape {(1, min(pos + 1, 2), 2)} expected, "
        f"got {tuple(cache[0].shape)}")
### BEGIN HIDDEN TESTS
for seed, (H, K, E, D, T, w) in enumerate([(4, 2, 6, 10, 9, 3), (2, 1, 4, 3, 7, 1), (3, 3, 8, 5, 6, 6),
                                           (6, 2, 4, 7, 140, 70),
                                           (2, 2, 4, 6, 5, 9)]):
    weights, x = layer_weights(H, K, E, D, seed), torch.randn(T, D, generator=torch.Generator().manual_seed(seed))
    y, k, v = whole_layer(x, torch.arange(T), weights, K, E, 1000.0, w)
    cache = (torch.zeros(K, 0, E), torch.zeros(K, 0, E))
    for t in range(T):
        got, cache = decode_layer(x[t], t, weights, cache, 1000.0, w)
        on, start = f"token {t} with window {w}", max(t + 1 - w, 0)
        expect(got, y[t].float(), on=f"y of decode_layer, {on}", rtol=1e-3, atol=1e-3,
               why="it sees the last w tokens, itself included")
        expect(tuple(cache), (k[:, start:t + 1].float(), v[:, start:t + 1].float()), on=f"the cache after {on}",
               rtol=1e-3,
               atol=1e-3, why="the last w tokens, oldest first; keys keep the positions that they had")
### END HIDDEN TESTS

# %% graded="decode_layer__inplace" points=1
# The caller's x, weights and cache stay as they are; dtypes.
weights = dict.fromkeys(["q", "k", "v", "out"], torch.eye(2))
kept = (torch.tensor([[[math.cos(2), math.sin(2)]]]), torch.tensor([[[5.0, 7.0]]]))
unchanged(decode_layer, torch.zeros(2), 3, weights, kept, want=(torch.tensor([2.5, 3.5]), (
    torch.tensor([[[math.cos(2), math.sin(2)], [0, 0]]]), torch.tensor([[[5.0, 7.0], [0, 0]]]))),
    why="another continuation of the same text may still need the old cache")
### BEGIN HIDDEN TESTS
for dtype, tolerance, start in [(torch.float64, 1e-5, 0), (torch.bfloat16, 0.15, 997), (torch.float16, 0.03, 4097)]:
    weights, g = layer_weights(4, 2, 6, 10, 3, dtype), torch.Generator().manual_seed(3)
    x, pos = torch.randn(5, 10, generator=g).to(dtype), torch.arange(start, start + 5)
    y, k, v = (a.to(dtype) for a in whole_layer(x, pos, weights, 2, 6))
    for window in (None, 3):
        if window:
            y = whole_layer(x, pos, weights, 2, 6, window=3)[0].to(dtype)
        cache = (k[:, :4], v[:, :4]) if window is None else (k[:, 1:4], v[:, 1:4])  # views, not contiguous
        whole = (k, v) if window is None else (k[:, 2:], v[:, 2:])
        unchanged(decode_layer, x[4], start + 4, weights, cache, 10000.0, window, want=(y[4], whole), rtol=tolerance,
                  atol=tolerance)
### END HIDDEN TESTS

# %% tags=["picture"]
kv_cache.window_stays_small(decode_layer, kv_cache_bytes)

# %% [markdown]
# **And now with a model that speaks.** SmolLM2-135M-Instruct has 30 layers, 9 query and 3 key/value heads of 64: the
# cache costs 22.5 KiB a token in BF16, twice that in the float32 used here. The prompt goes through the model's own
# attention, every further token through *your* rotary embedding, cache and attention. Each of the two cells takes about
# 10 seconds.

# %% tags=["real"]
from course.models.smollm import attempt, chat, load

with attempt():  # without the model, or without your functions, it says so
    smollm, tokenizer = load()
    prompt = torch.tensor([chat(tokenizer, "Write one sentence about the sea.")])
    yours = generate_cached(with_layer(smollm, decode_layer), prompt, 36)
    its_own = generate_cached(torch.no_grad()(lambda *args: smollm(*args)), prompt, 36)
    print(tokenizer.decode(yours[0, prompt.shape[1]:].tolist()).split("<|im_end|>")[0])
    print("the same tokens as with the model's own attention:", torch.equal(yours, its_own))

# %% tags=["real"]
with attempt():
    kv_cache.seconds_by_context(smollm, tokenizer, with_layer(smollm, decode_layer))

# %% [markdown]
# Recomputing grows with the context. The cached step hardly changes: beside 540 MB of weights, 45 MB of cache at 1,024
# tokens are little. In a + b · n you see the a; by the bytes, b · n would equal it at about 12,000 tokens.

# %% [markdown]
# ## 7 · The experiment: does RoPE extrapolate?
#
# We train a tiny character model (2 layers, width 64, RoPE) on the Python documentation, at a context of **64**
# characters. Then we read it texts of **256** characters and look at the loss by position, with the frequencies of
# your `rope_inv_freq` for s = 4 and no fine-tuning. It takes about 10 seconds.
#
# **Predict before you run it.** Long positions are one question. The other is the price: what does each method do to
# positions 32 to 63, *inside* the training length, where nothing needed mending? Order the four by their loss there,
# the lowest first, under their names of exercise 14.5: `"default"`, `"linear"`, `"ntk"`, `"yarn"`. One point for
# committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, lowest loss at positions 32 to 63 first
### BEGIN SOLUTION
prediction = ["default", "ntk", "yarn", "linear"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["default", "linear", "ntk", "yarn"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["default", "linear", "ntk", "yarn"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["default", "ntk", "yarn", "linear"],
          "Near neighbours are told apart by the fast pairs: what does each method do to those?")
### END HIDDEN TESTS

# %% tags=["experiment"]
ways = {"default": ("default", 4.0), "linear": ("linear", 4.0), "ntk": ("ntk", 4.0), "yarn": ("yarn", 4.0),
        "multiplied": ("linear", 1 / 4)}


def frequencies(method, s):
    return rope_inv_freq(16, 10000.0, method, s, 64)  # trained at 64 characters


@torch.no_grad()
def losses(model, rows, inv_freq, factor):
    "Nats at each position: the trained model with other frequencies and nothing else changed."
    model.set_rope(torch.as_tensor(inv_freq), factor)
    return F.cross_entropy(model(rows[:, :-1])[0].mT, rows[:, 1:], reduction="none")


table = kv_cache.extrapolation(ways, frequencies, losses, prediction=prediction)

# %% [markdown]
# Read the table from left to right, one line at a time, with these questions:
#
# - What happens to the unchanged model beyond 64, and where does each of the others break?
# - Which methods pay at short range, and which pairs did they touch there? Which of them were published as a
#   preparation for more training?
# - `multiplied` is a mistake that circulates in interview notes: positions times s, not divided by it. Look at the
#   first column above all.
# - YaRN's attention factor: leave it out and the losses of this experiment change by less than 0.02 nats, in each of
#   four training runs. The paper found it to help larger models; nothing here shows that.
#
# The intervals are 95 % over the 180 texts, for one training run. One caveat, said aloud: a model this small re-learns
# long positions in a few dozen steps even without any scaling. That says nothing about a 70B.

# %% [markdown]
# ## 8 · Feel it: what fits?
#
# Choose a model, context, batch and number format. The bar is weights plus cache (your `kv_cache_bytes`), the line is
# the memory of your GPUs. The text below gives the least time a decode step can take: everything read once, at full
# memory bandwidth. Find the context at which the cache overtakes the weights of Llama-3-70B at batch 1, and at batch
# 16.

# %% tags=["widget"]
kv_cache.widget(kv_cache_bytes)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="million_tokens"
# You are asked to serve **Llama-3.1-405B** (126 layers, 128 query heads, 8 key/value heads of size 128, 405.9 billion
# parameters) with **2²⁰ = 1,048,576 tokens** of context on one node of **eight H200** (141 GB and 4.8 TB/s each;
# about 989 TFLOP/s dense BF16). Write, in about 15 lines:
#
# 1. The memory budget: weights and cache of one sequence in BF16. Does it fit? What would you change first, and what
#    does it save?
# 2. The least time per generated token at batch 1, from memory bandwidth.
# 3. The cost of the prefill in FLOPs, weights and attention apart. Which dominates, and what follows for the time to
#    the first token?
# 4. A colleague proposes: "add GQA with 8 heads, saves 8 times; FlashAttention-3 halves the cache; StreamingLLM gives
#    us the million tokens". Answer each.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Memory**: 2 · 126 · 8 · 128 · 2 = 516,096 bytes a token, 541 GB at 2²⁰; weights 812 GB; together 1,353 GB
#   against 1,128 GB: no. A first step that suffices, with its number (FP8 weights: 406 GB, together 947 GB; or FP8
#   cache: 271 GB, together 1,082 GB, which leaves little room for activations).
# - **Bandwidth**: bytes read / (8 · 4.8 TB/s = 38.4 TB/s): FP8 weights and BF16 cache 947 GB / 38.4 TB/s = 25 ms
#   (other choices in proportion). Says that the cache is read at every step.
# - **Prefill**: weights 2 · 405.9e9 · 2²⁰ = 8.5e17; attention 2 · 126 · 128 · 128 · (2²⁰)² = 4.5e18 (causal; twice
#   that without) FLOPs. Attention dominates, about 5 to 1; 5.4e18 / (8 · 989e12) = 680 s at full peak: more than ten
#   minutes, so prefix caching and chunked or sequence-parallel prefill matter.
# - **Proposals**: GQA-8 is already in the model, so it saves nothing more (against MHA it is 128 / 8 = 16 times, not 8;
#   it is an architecture choice, converting needs training); FlashAttention avoids the score matrix but keeps all keys
#   and values; StreamingLLM keeps generating but forgets what it evicts, so it does not give a million usable tokens.
#   (Half a point for two of three.)
#
# === END MARK SCHEME ===

# %% [markdown] written="million_tokens" points=4
# ### BEGIN SOLUTION
# 1. Cache: 2 (K and V) * 126 layers * 8 heads * 128 * 2 bytes = 516,096 bytes a token, times 2^20 = 541 GB. Weights:
#    405.9e9 * 2 bytes = 812 GB. Together 1,353 GB against 8 * 141 = 1,128 GB: does not fit. First FP8 weights: 406 GB,
#    together 947 GB, 181 GB left for activations and fragmentation. Then an FP8 cache: 271 GB more saved, which allows
#    a second sequence.
# 2. Every step reads all weights and the whole cache: 947 GB / (8 * 4.8 TB/s) = 25 ms a token, so at most 40 tokens/s
#    for one user; batching shares the weights but not the caches.
# 3. Weights: 2 * 405.9e9 * 2^20 = 8.5e17 FLOPs. Attention, causal: 2 * n^2 * layers * heads * head size
#    = 2 * (2^20)^2 * 126 * 128 * 128 = 4.5e18. Attention dominates, 5 to 1. At full peak, 8 * 989 TFLOP/s, 5.4e18 FLOPs
#    take 680 s; in practice more. So the first token comes after ten minutes or more: cache common prefixes, prefill in
#    chunks, spread the sequence over devices (ring attention).
# 4. GQA-8 is already in: 128 query heads share 8, which saves 16 times, not 8, and is counted above. It is trained into
#    the model, not switched on. FlashAttention-3 is exact and avoids the n x n scores; all keys and values stay.
#    StreamingLLM keeps sinks and a window: it stays fluent, but evicted tokens are gone, so questions about the middle
#    of the text cannot be answered.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="14.1" level="basic"
# <details><summary>What is a KV cache, and what is it for?</summary>
#
# - In causal attention the keys and values of past tokens do not change. They are stored, and each new token computes
#   only its own.
# - Without a cache every step runs the whole text again: O(n) for projections and MLP, O(n²) for attention, per token.
#   With it: O(1) in n, and one query over n keys, O(n).
# - The price is memory: 2 · layers · kv_heads · head_dim · bytes per token. Llama-3-70B: 320 KiB, so 40 GiB at 128K
#   tokens.
# - And time: every step reads weights *and* cache, a + b · n.
# - The two classic slips: "O(1) per token", and hidden size in the formula.
#
# </details>

# %% [markdown] card="14.2" level="basic"
# <details><summary>What does RoPE do better than absolute position encodings?</summary>
#
# - It turns each pair of query and key channels by an angle proportional to the position, so a score depends on the
#   *distance*. It acts inside attention, leaves the values alone, and keeps norms.
# - No parameters (sinusoidal encodings have none either), and it suits a cache: keys are stored already turned.
# - It does **not** extrapolate: beyond the training length slow pairs reach unseen angles and the loss rises sharply.
# - Its gift for long context: frequencies can be rescaled after training.
# - The trap: two layouts, neighbours and halves. Mixed up, a model is ruined without an error message.
#
# </details>

# %% [markdown] card="14.3" level="medium"
# <details><summary>How do you take a model from 4K to 128K of context?</summary>
#
# - Rescale the rotary frequencies, s = 32, then train on long texts:
#   - *linear* (position interpolation): positions divided by s; squeezes the fast pairs too, so it needs its training;
#   - *NTK-aware*: base · s^(d/(d−2)); the fastest pair stays, the slowest is divided by s;
#   - *YaRN*: pairs that turn often stay, slow ones are divided, a ramp between, cos and sin times 0.1 ln s + 1;
#   - *Llama 3.1*: by parts as well, without that factor; *LongRoPE*: a factor searched for every pair.
# - How much training? To stretch a finished model: 400 to 1,000 steps in the papers. To build one: a stage of
#   pretraining (Llama 3.1: some 800 billion tokens), most often with nothing cleverer than a larger base.
# - Test retrieval at all depths, not perplexity alone, and short tasks for damage.
# - Serving: the cache grows 32-fold as well.
#
# </details>

# %% [markdown] card="14.4" level="medium"
# <details><summary>MHA, MQA, GQA (and MLA): what is the difference?</summary>
#
# - How many key/value heads H query heads share. MHA: H. MQA: one, the cache shrinks H-fold, quality suffers. GQA: K
#   groups, H/K-fold smaller, quality close to MHA.
# - Llama-3-70B: H = 64, K = 8, so 8-fold; MQA would be 64-fold.
# - MLA: one latent (512 numbers in DeepSeek-V3) and a shared rotary key (64) per token and layer; up-projections
#   absorbed into the query and output projections. 70,272 bytes a token for DeepSeek-V3, 327,680 for Llama-3-70B.
# - All are architecture: an MHA checkpoint becomes GQA by mean-pooling heads and training on (5 % of the pretraining
#   compute in the paper), not by a switch at inference.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Prefill and decode: which is limited by what, and what follows?</summary>
#
# - Prefill: all n tokens share one reading of the weights, 2 · parameters · n FLOPs and 2 · n² · L · H · E for causal
#   attention. Limited by arithmetic. It sets the time to the first token.
# - Decode: 2 FLOPs per weight of two bytes at batch 1; an H100 could make 295 FLOPs per byte. Limited by memory
#   bandwidth: (weights + caches) / bandwidth.
# - So batching helps decode until the caches outweigh the weights, and hardly helps a long prefill.
# - What shortens decode: fewer bytes (quantised weights and cache, GQA, windows), more GPUs that read in parallel. What
#   shortens prefill: not doing it (prefix caching), or more arithmetic.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>How can exact attention be computed when no device holds all the keys?</summary>
#
# - Fold shard by shard: keep m (largest score), l (sum of exponentials) and o (weighted values) per query; a new
#   maximum rescales l and o by e^(m − m'); at the end o / l. E + 2 numbers per query, however many keys. In float32,
#   rounded once.
# - Averaging the shards' outputs is wrong: each is normalised by its own sum. Outputs *with* their log-sum-exp can be
#   merged.
# - The same merge: FlashAttention over tiles, split-K decoding over cores, ring attention over GPUs.
# - Causal rings are unbalanced: give every device a piece from the front and one from the back (zigzag), or every Nth
#   token.
# - Sending a shard must take no longer than computing with it, or the ring waits for its links.
#
# </details>

# %% [markdown] card="14.5" level="killer"
# <details><summary>Design memory-efficient inference for a context of 1M tokens (70B model, 8 × A100 80 GB).</summary>
#
# - **Budget first.** Llama-3-70B: 327,680 bytes a token, 328 GB at 10⁶ tokens in BF16, not 500. Weights 141 GB. Eight
#   A100: 640 GB. One sequence *fits* without offloading, with 171 GB to spare; an FP8 cache (164 GB; an A100 stores FP8
#   but computes in BF16) makes room for a second. (The model must be extended first: Llama 3 was trained at 8K, 3.1 at
#   128K.)
# - **Then time.** A token reads weights and cache: 469 GB over 8 × 2.0 TB/s = 29 ms, of it 20 ms for the cache.
#   Prefill: 2 · 70.6e9 · 10⁶ = 1.4e17 FLOPs for the weights and 2 · n² · 80 · 8192 = 1.3e18 for causal attention:
#   nearly ten minutes at the full peak of 8 × 312 TFLOP/s. *That* is the real problem: prefix caching, prefill in
#   chunks, ring attention.
# - **Exact levers.** Tensor parallelism (one of the 8 KV heads per GPU), paged allocation (at most one part-filled
#   block wasted per sequence), FlashAttention-2 (version 3 needs Hopper GPUs; neither shrinks the cache).
# - **Nearly exact.** FP8 or 4-bit cache, keys per channel, values per token.
# - **Lossy.** Eviction: H2O by score, StreamingLLM by place, which forgets. Test retrieval in the middle.
# - **Built in at training.** GQA (already there), windowed layers, MLA.
# - And ask first whether retrieval over a shorter context would answer the need.
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# RoPE: Su et al., arXiv 2104.09864. Position interpolation: Chen et al., 2306.15595. YaRN: Peng et al., 2309.00071.
# LongRoPE: Ding et al., 2402.13753. GQA: Ainslie et al., 2305.13245. DeepSeek-V2 (MLA): 2405.04434. StreamingLLM:
# Xiao et al., 2309.17453. H2O: Zhang et al., 2306.14048. KIVI: Liu et al., 2402.02750. PagedAttention: Kwon et al.,
# 2309.06180. FlashAttention-3: Shah et al., 2407.08608. Ring attention: Liu et al., 2310.01889. Model configurations:
# `course/models/sizes.py`, each with its source.
