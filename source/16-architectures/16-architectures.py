# %% [markdown]
# # 16 · Architectures: from one block to DeepSeek-V3
#
# **After this notebook you can answer, with numbers:**
#
# - Encoder, decoder, encoder-decoder, prefix-LM: what differs but the mask? Why are today's LLMs decoder-only, and how
#   can such a model still fill a gap in the middle?
# - What is in a block of Llama, Qwen or Gemma, and what does each piece buy: RMSNorm, pre-norm, SwiGLU, GQA, QK-norm,
#   soft-capping, tied embeddings?
# - How many parameters has a model, to the last digit, and how many does a token use? Why is 8 × 22B not 176B?
# - What is new in DeepSeek-V3: latent attention in its naive and its absorbed form, multi-token prediction, many small
#   experts? Which numbers about it are misquoted?
#
# You build eight exercises of at most 25 lines each. The last stacks your own blocks into a language model that runs
# SmolLM2's weights. It takes about three and a half hours; the end of part 3 is a good place to stop. It builds on
# softmax attention and matrix products; rotary positions and the cache are section 14's and are given here.

# %% [markdown] house_rules

# %% [markdown]
# **Letters** used everywhere: B batch, T tokens, S tokens of another sequence or of a cache, V vocabulary, D width, H
# query heads, K key/value heads, E head size, F hidden size of the MLP, L layers, C size of a latent. **Units:** 1 GB is
# 10⁹ bytes; "671B" is 671 · 10⁹ parameters. **Weights** are stored as PyTorch's `nn.Linear` stores them: a matrix from D
# to F is (F, D), and it acts as `x @ w.T`. Indices begin with 0.

# %% setup
import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Complex64, Float, Int
from torch import Tensor

from course.check import check, committed, expect, precise, predicted, raises, unchanged, value_and_grad
from course.duel import advise, duel
from course.models.shapes import SHAPES, Shape
from course.models.transformer import Config, Transformer


def turned(x: Float[Tensor, "B H T E"], base: float) -> Float[Tensor, "B H T E"]:
    """Rotary positions 0, 1, 2, … for queries or keys: neighbours turned together, as section 14 builds it."""
    T, E = x.shape[-2:]
    angle = torch.arange(T)[:, None] * base ** (-torch.arange(0, E, 2, dtype=torch.float64) / E)
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2).to(x.dtype)


TINY = Config(vocab=9, width=2, heads=1, kv_heads=1, head_dim=2, hidden=2, eps=1e-5)


def still(**other) -> dict[str, Tensor]:
    """Weights of a block of the shape TINY whose branches add zeros, but for the `other` weights."""
    eye, one, zero = torch.eye(2), torch.ones(2), torch.zeros(2, 2)
    return dict(norm1=one, norm2=one, q=eye, k=eye, v=eye, out=zero, gate=eye, up=eye, down=zero) | other

# %% tags=["picture"]
from course.sections import architectures

# %% helper
### BEGIN HIDDEN TESTS
def mask_of(kind, real, prefix=None, source=None):
    "The oracle of make_mask, pair by pair; rows of padding queries are left False."
    (B, T), S = real.shape, len((real if source is None else source)[0])
    want = torch.zeros(B, T, S, dtype=torch.bool).tolist()
    real, source = real.tolist(), source if source is None else source.tolist()
    for b in range(B):
        words = [j for j in range(T) if real[b][j]]
        start = set(words[:int(prefix[b])] if kind == "prefix" else [])
        for i in words:
            for j in range(S) if kind == "cross" else words:
                want[b][i][j] = source[b][j] if kind == "cross" else kind == "bidirectional" or j <= i or j in start
    want = torch.tensor(want)
    return want


def mask_is(fn, kind, real, prefix=None, source=None, why=""):
    "make_mask gives what the oracle gives to real queries, and no empty row to anybody."
    want, given = mask_of(kind, real, prefix, source), [a for a in (prefix, source) if a is not None]
    on = f"make_mask({kind!r}, real, …) with real = {real.int().tolist()}, {[a.int().tolist() for a in given]}"
    got = fn(kind, real.clone(), None if prefix is None else prefix.clone(), None if source is None else source.clone())
    shape, dtype = tuple(getattr(got, "shape", ())), str(getattr(got, "dtype", type(got).__name__))
    expect((shape, dtype), (tuple(want.shape), "torch.bool"), on=f"shape and dtype of {on}", why="a bool tensor (B, T, S)")
    rows = real & want.any(-1)
    expect(got[rows], want[rows], on=f"the rows of real tokens of {on}", why=why)
    expect(bool(got.any(-1).all()), True, on=f"a True in every row of {on}",
           why="a row without any True becomes softmax of -inf alone: NaN, and NaN spreads")


def norm64(x, weight, eps):
    "RMSNorm in float64, straight from its formula."
    x = x.double()
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * weight.double()


def mlp64(x, gate, up, down):
    "SwiGLU in float64."
    x, g = x.double(), x.double() @ gate.double().T
    return (g * torch.sigmoid(g) * (x @ up.double().T)) @ down.double().T


def block64(x, w, c, mask, order="pre", cap=None):
    "The oracle of block, in float64, one query head after the other."
    x, w, E = x.double(), {n: a.double() for n, a in w.items()}, c.head_dim

    def attend(y):
        outs = []
        for h in range(c.heads):
            g = h // (c.heads // c.kv_heads)
            q, k, v = (y @ w[n][i * E:(i + 1) * E].T for n, i in [("q", h), ("k", g), ("v", g)])
            if "q_norm" in w:
                q, k = norm64(q, w["q_norm"], c.eps), norm64(k, w["k_norm"], c.eps)
            q, k = (turned(a[:, None], c.base)[:, 0] for a in (q, k))
            scores = q @ k.mT / math.sqrt(E)
            scores = scores if cap is None else cap * torch.tanh(scores / cap)
            outs.append(scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v)
        return torch.cat(outs, -1) @ w["out"].T

    def mlp(y):
        return mlp64(y, w["gate"], w["up"], w["down"])

    def norm(i, y):
        return norm64(y, w[f"norm{i}"], c.eps)

    if order == "parallel":
        return x + attend(norm(1, x)) + mlp(norm(1, x))
    if order == "post":
        x = norm(1, x + attend(x))
        return norm(2, x + mlp(x))
    x = x + attend(norm(1, x))
    return x + mlp(norm(2, x))


def block_weights(c, seed, qk_norm=False, size=1.0):
    "Random weights of one block, the norms' away from 1."
    g = torch.Generator().manual_seed(seed)
    D, E, hidden = c.width, c.head_dim, c.hidden
    shapes = {"q": (c.heads * E, D), "k": (c.kv_heads * E, D), "v": (c.kv_heads * E, D), "out": (D, c.heads * E),
              "gate": (hidden, D), "up": (hidden, D), "down": (D, hidden)}
    w = {n: size * torch.randn(s, generator=g) / s[1] ** 0.5 for n, s in shapes.items()}
    names = ["norm1", "norm2"] + ["q_norm", "k_norm"] * qk_norm
    return w | {n: 0.5 + torch.rand(E if n[0] in "qk" else D, generator=g) for n in names}


def seen(B, T, seed=0):
    "A causal mask with some keys left out at random, never a query's own."
    m = torch.rand(B, T, T, generator=torch.Generator().manual_seed(seed)) > 0.3
    return (m | torch.eye(T).bool()) & torch.ones(T, T).tril().bool()


def latent64(q, c, k_rope, w_uk, w_uv):
    "The oracle of mla_attention: keys and values spelt out, head after head, in float64."
    q, c, k_rope, w_uk, w_uv = (a.double() for a in (q, c, k_rope, w_uk, w_uv))
    outs = []
    for h in range(len(q)):
        keys = torch.cat([c @ w_uk[h].T, k_rope], -1)
        outs.append((keys @ q[h] / math.sqrt(q.shape[-1])).softmax(0) @ (c @ w_uv[h].T))
    return torch.stack(outs)


def latent_inputs(H, S, N, R, C, V, seed, size=1.0, dtype=torch.float32):
    "Random q, c, k_rope, w_uk, w_uv for mla_attention."
    g = torch.Generator().manual_seed(seed)
    q, c, k, uk, uv = (torch.randn(s, generator=g, dtype=torch.float64)
                       for s in [(H, N + R), (S, C), (S, R), (H, N, C), (H, V, C)])
    return tuple(a.to(dtype) for a in (size * q, c, k, uk / C ** 0.5, uv / C ** 0.5))


def latent_ties(H, N, R, V, seed):
    "Inputs of mla_attention where two tokens of each head have large and nearly equal scores and very different values."
    g = torch.Generator().manual_seed(seed)
    C, S = 24, 2 * H + 3
    q, uk = 60 * torch.randn(H, N + R, generator=g), torch.randn(H, N, C, generator=g) / C ** 0.5
    uv = torch.rand(H, V, C, generator=g)
    c, k = torch.randn(S, C, generator=g), torch.randn(S, R, generator=g)
    uk[..., 20:], uv[..., :20] = 0, 0  # the last four numbers of a latent are for values, the others for keys
    c[:, 20:] = 0.2
    for h in range(H):
        carried = q[h, :N] @ uk[h]
        for s in (2 * h, 2 * h + 1):
            score = carried @ c[s] + q[h, N:] @ k[s]
            c[s] += carried * (250 * (N + R) ** 0.5 + s % 2 - score) / (carried @ carried)
        c[2 * h, 20:] = 4 + 4 * torch.rand(4, generator=g)
    return q, c, k, uk, uv


def mtp64(h, ids, embed, head, joins, weight=0.3, real=None):
    "The oracle of mtp_loss, in float64, one position after the other."
    h, embed, head, joins = h.double(), embed.double(), head.double(), [j.double() for j in joins]
    B, T = ids.shape
    ones, parts = torch.ones(h.shape[-1]).double(), []
    for k in range(len(joins) + 1):
        terms = []
        for b in range(B):
            for i in range(T - 1 - k):
                if real is None or real[b, i + k + 1]:
                    state = h[b, i]
                    for d in range(1, k + 1):
                        both = [norm64(state, ones, 1e-6), norm64(embed[ids[b, i + d]], ones, 1e-6)]
                        state = joins[d - 1] @ torch.cat(both)
                    logits = head @ state
                    terms.append(logits.logsumexp(0) - logits[ids[b, i + k + 1]])
        parts.append(torch.stack(terms).mean() if terms else torch.zeros(()).double())
    return parts[0] + (weight / len(joins) * sum(parts[1:]) if joins else 0)


def mtp_inputs(B, T, D, V, depth, seed, dtype=torch.float32):
    "Random h, ids, embed, head, joins for mtp_loss."
    g = torch.Generator().manual_seed(seed)
    h, embed, head = (torch.randn(s, generator=g, dtype=torch.float64) for s in [(B, T, D), (V, D), (V, D)])
    joins = [(torch.randn(D, 2 * D, generator=g, dtype=torch.float64) / D ** 0.5).to(dtype) for _ in range(depth)]
    return h.to(dtype), torch.randint(V, (B, T), generator=g), embed.to(dtype), (head / D ** 0.5).to(dtype), joins


def language64(ids, weights, c, real=None):
    "The oracle of language_model, in float64."
    mask = mask_of("causal", torch.ones_like(ids).bool() if real is None else real)
    mask = mask | ~mask.any(-1, keepdim=True)
    x = weights["embed.weight"].double()[ids]
    for i in range(c.layers):
        w = {n: weights[f"blocks.{i}.{where}.weight"] for n, where in
             [("norm1", "norm1"), ("norm2", "norm2"), *((n, f"attention.{n}") for n in ("q", "k", "v", "out")),
              *((n, f"mlp.{n}") for n in ("gate", "up", "down"))]}
        x = block64(x, w, c, mask)
    head = weights["embed.weight" if c.tied else "head.weight"].double()
    return norm64(x, weights["norm.weight"], c.eps) @ head.T


def checkpoint(c, seed):
    "The weights of a random transformer under their names, norms away from 1; without a head's where it is tied."
    g, weights = torch.Generator().manual_seed(seed), {}
    for name, w in Transformer(c, seed).state_dict().items():
        if w.dim() == 1:
            weights[name] = 0.5 + torch.rand(w.shape, generator=g)
        elif not (c.tied and name == "head.weight"):
            weights[name] = 1.5 * w
    return weights
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Who may see whom
#
# A transformer is a stack of blocks. In each, attention moves information between tokens, and a small network, the MLP,
# works on every token alone. What makes it an encoder or a decoder is not the blocks. It is the **mask**: which query
# may look at which key.
#
# | kind | mask | trained to | known models |
# |---|---|---|---|
# | encoder-only | bidirectional: everybody sees everybody | fill in masked tokens | BERT, embedding models |
# | decoder-only | causal: token i sees tokens 0 … i | predict the next token | GPT, Llama, DeepSeek |
# | encoder-decoder | bidirectional source, causal target, and **cross** | write the target | T5, BART, Whisper |
# | prefix-LM | bidirectional over a prefix, causal after it | continue the prefix | one mode of UL2 |
#
# **Cross** attention: every token of the target sees all of the source.
#
# An encoder suits a text that is there already: every token's vector has read all of it. It does not write from left to
# right. (Masked diffusion models do write with a bidirectional mask: section 24.)
#
# **Why decoder-only?** Not because encoder-decoders are complicated. Four reasons carry:
#
# - *Every token is a training example*: T predictions from one pass over T tokens. BERT's classic recipe predicts 15 %.
# - *The cache can be kept.* Under a causal mask, old tokens never change, so their keys and values are computed once,
#   over all turns of a conversation (section 14). A bidirectional encoder reads everything anew when a line is added.
# - *One objective, one stack.* Any task is "continue this text", with examples in the context.
# - *Scaling habit.* Tools, kernels and recipes were built for it. At equal compute, encoder-decoders stay competitive:
#   UL2 (Tay et al. 2022, arXiv 2205.05131) compared them.
#
# The catch of all masks is the empty row. A softmax over nothing but −inf is 0 / 0, NaN. A padding token's NaN then
# becomes a key of the next layer, and from there 0 · NaN reaches everybody.

# %% tags=["picture"]
architectures.four_kinds()

# %% [markdown]
# ### Exercise 16.1 · make_mask
#
# `make_mask(kind, real, prefix=None, source=None)` says who may see whom in a padded batch: a bool tensor (B, T, S),
# True where query i may see key j. For all kinds but `"cross"`, S = T.
#
# - `real` (B, T), bool: True for a token, False for padding. Padding may stand on the left, on the right, or between.
# - `"causal"`: query i sees the real keys j ≤ i.
# - `"bidirectional"`: every query sees all real keys.
# - `"prefix"`: as causal, and besides every query sees the prefix. The prefix of row b is its first `prefix[b]` **real**
#   tokens; `prefix` is (B,), whole numbers ≥ 0. 0 means causal; more than there are tokens means bidirectional.
# - `"cross"`: `source` (B, S), bool, marks the real tokens of the *other* sequence; every query sees all of these.
# - Any other kind raises `ValueError`.
# - **No row is empty.** A padding query may have nothing to see, and so may a query whose source is all padding. Their
#   output is never used, so give them any keys you like, but at least one True. What a *padding* query sees is not
#   tested beyond that.
#
# Source: T5, Raffel et al. 2020, arXiv 1910.10683, section 3.2.1, which compares the masks.

# %% stub="make_mask"
def make_mask(kind: str, real: Bool[Tensor, "B T"], prefix: Int[Tensor, "B"] | None = None,
              source: Bool[Tensor, "B S"] | None = None) -> Bool[Tensor, "B T S"]:
    """True where query i may see key j; no row without a True. Kinds: causal, bidirectional, prefix, cross.

    make_mask("causal", torch.tensor([[True, True]]))  is  [[[True, False], [True, True]]]
    """
    ### BEGIN SOLUTION
    B, T = real.shape
    i = torch.arange(T, device=real.device)
    if kind == "cross":
        see = source[:, None].expand(B, T, -1)
    elif kind in ("causal", "bidirectional", "prefix"):
        early = (i <= i[:, None]).expand(B, T, T)  # key j, query i
        if kind == "bidirectional":
            early = torch.ones_like(early)
        if kind == "prefix":
            early = early | (real.cumsum(1) <= prefix[:, None])[:, None]
        see = early & real[:, None]
    else:
        raise ValueError(f"unknown kind of mask: {kind!r}")
    return see | ~see.any(-1, keepdim=True)
    ### END SOLUTION
    raise NotImplementedError("make_mask")


# %% [markdown] hints="make_mask"
# <details><summary>Hint 1: a question</summary>
#
# In a tensor (B, T, S), which axis is the query's and which the key's? Padding forbids keys: along which axis does
# `real` (B, T) have to be laid?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# One row, padded on the left: real = [F, T, T, T], prefix = 2. The prefix is tokens 1 and 2. Token 1 sees 1 and 2 (2 lies
# in its future, but in the prefix); token 2 sees 1 and 2; token 3 sees 1, 2, 3. Token 0 is padding: any row with a True.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The number of a token among the real ones is a running count of `real`, not its index. And repair the empty rows at
# the very end, after every other rule, or the repair is masked away again.
#
# </details>

# %% graded="make_mask__causal" points=1
# A causal mask without padding, and which axis is the query's.
check(make_mask, "causal", torch.ones(1, 3).bool(), want=torch.tensor([[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]).bool(),
      why="row i is query i: it sees keys 0 … i",
      mistakes={"transposed: keys along the rows": torch.tensor([[[1, 1, 1], [0, 1, 1], [0, 0, 1]]]).bool(),
                "the query does not see itself": torch.tensor([[[1, 1, 1], [1, 0, 0], [1, 1, 0]]]).bool()})
### BEGIN HIDDEN TESTS
for B, T in [(1, 1), (2, 5), (3, 70)]:
    mask_is(make_mask, "causal", torch.ones(B, T).bool(), why="query i sees keys j <= i")
mask_is(make_mask, "causal", torch.tensor([[1, 1, 0], [1, 1, 1]]).bool(), why="padding is no key for anybody")
for kind in ("diagonal", "Causal", "padding", "prefixed", "cros", ""):
    raises(ValueError, make_mask, kind, torch.ones(1, 3).bool(), torch.tensor([1]), why="there is no such kind of mask")
raises(ValueError, make_mask, "crossed", torch.ones(1, 3).bool(), torch.tensor([1]), torch.ones(1, 3).bool(),
       why="no such kind, whatever else is given")
### END HIDDEN TESTS

# %% graded="make_mask__both_ways" points=1
# Bidirectional, and cross attention from T target tokens to S source tokens.
check(make_mask, "bidirectional", torch.ones(1, 2).bool(), want=torch.ones(1, 2, 2).bool(), why="everybody sees everybody")
check(make_mask, "cross", torch.ones(1, 2).bool(), None, torch.tensor([[True, True, False]]),
      want=torch.tensor([[[True, True, False]] * 2]), why="both targets see the two real tokens of the source")
### BEGIN HIDDEN TESTS
for seed, (B, T, S) in enumerate([(1, 4, 7), (3, 6, 2), (2, 5, 5), (2, 9, 80)]):
    g = torch.Generator().manual_seed(seed)
    real, source = torch.rand(B, T, generator=g) > 0.3, torch.rand(B, S, generator=g) > 0.4
    source[:, seed % S] = True
    mask_is(make_mask, "cross", real, None, source, why="every query sees all real tokens of the source, no others")
    mask_is(make_mask, "bidirectional", real, why="every query sees all real keys")
### END HIDDEN TESTS

# %% graded="make_mask__prefix" points=2
# A prefix that is seen from everywhere, of its own length in every row; padding before it.
check(make_mask, "prefix", torch.ones(1, 3).bool(), torch.tensor([2]),
      want=torch.tensor([[[1, 1, 0], [1, 1, 0], [1, 1, 1]]]).bool(), why="tokens 0 and 1 see each other, token 2 sees all",
      mistakes={"the prefix is causal too": torch.tensor([[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]).bool(),
                "the whole text is bidirectional": torch.ones(1, 3, 3).bool()})
### BEGIN HIDDEN TESTS
mask_is(make_mask, "prefix", torch.tensor([[0, 1, 1, 1], [0, 0, 1, 1]]).bool(), torch.tensor([2, 1]),
        why="the prefix counts real tokens, not places")
for seed, (B, T) in enumerate([(1, 6), (4, 7), (3, 12), (2, 75)]):
    g = torch.Generator().manual_seed(seed)
    left = torch.arange(T) >= torch.randint(T - 1, (B, 1), generator=g)
    for real in (left, left.flip(1), torch.rand(B, T, generator=g) > 0.3, torch.ones(B, T).bool()):
        for prefix in (torch.randint(T + 1, (B,), generator=g), torch.zeros(B).long(), torch.full((B,), T + 3)):
            mask_is(make_mask, "prefix", real, prefix, why="as causal, and the first prefix[b] real tokens for everybody")
### END HIDDEN TESTS

# %% graded="make_mask__padding" points=2
# Padding on the left, on the right and between; no row without a True.
real = torch.tensor([[False, True, True]])
mask = make_mask("causal", real.clone())
assert mask[0, 1:].tolist() == [[False, True, False], [False, True, True]], (
    f"token 0 is padding, so no token may see it; got rows {mask[0, 1:].int().tolist()} for tokens 1 and 2")
assert mask[0, 0].any(), "row 0, a padding query, has no True: its softmax would be NaN"
### BEGIN HIDDEN TESTS
for seed, (B, T) in enumerate([(2, 4), (3, 9), (2, 71)]):
    g = torch.Generator().manual_seed(seed)
    for real in (torch.arange(T) >= torch.randint(1, T, (B, 1), generator=g), torch.rand(B, T, generator=g) > 0.5,
                 torch.arange(T) < torch.randint(1, T, (B, 1), generator=g), torch.zeros(B, T).bool()):
        mask_is(make_mask, "causal", real)
        mask_is(make_mask, "prefix", real, torch.randint(T, (B,), generator=g))
        mask_is(make_mask, "bidirectional", real)
source = torch.tensor([[True, False], [False, False]])
mask_is(make_mask, "cross", torch.ones(2, 3).bool(), None, source, why="row 1's source is all padding: still no empty row")
### END HIDDEN TESTS

# %% graded="make_mask__inplace" points=1
# The arguments stay as they are.
unchanged(make_mask, "causal", torch.tensor([[True, True]]), want=torch.tensor([[[True, False], [True, True]]]))
### BEGIN HIDDEN TESTS
source = torch.tensor([[True, True, False], [False, True, True]])
unchanged(make_mask, "cross", torch.ones(2, 2).bool(), None, source, want=source[:, None].repeat(1, 2, 1))
unchanged(make_mask, "prefix", torch.ones(2, 3).bool(), torch.tensor([1, 2]),
          want=mask_of("prefix", torch.ones(2, 3).bool(), torch.tensor([1, 2])))
for kind in ("causal", "bidirectional", "prefix", "cross"):
    given = torch.tensor([[0, 0, 0], [0, 1, 0]]).bool(), torch.tensor([0, 2]), torch.tensor([[0, 0], [0, 1]]).bool()
    kept = tuple(a.clone() for a in given)
    make_mask(kind, *given)
    expect(given, kept, on=f"real, prefix and source after make_mask({kind!r}, …)", why="repair the mask, not what came in")
wide = torch.ones(3, 2).bool().T  # not contiguous
mask_is(make_mask, "causal", wide)
### END HIDDEN TESTS

# %% tags=["picture"]
architectures.your_masks(make_mask)

# %% [markdown]
# ### Filling a gap with a decoder
#
# A code editor knows the text before *and* after the cursor. A causal model reads only what comes before. Asking it
# nicely in the prompt does not mend that: it was never trained to end its text where a given suffix begins.
#
# **Fill-in-the-middle** (FIM) mends it in the *data*. Cut a training document in three, move the middle to the end, mark
# the seams with three special tokens, and train as ever on the next token. Two orders are in use, and a training run
# mixes them:
#
# - **PSM**, prefix, suffix, middle: `PRE prefix SUF suffix MID middle`
# - **SPM**, suffix first, in the form that real training code uses: `PRE SUF suffix MID prefix middle`
#
# In SPM, prefix and middle are one running text, so what the user typed last stands right before what is generated. And
# while the user types on, suffix and old prefix stay cached; in PSM every new letter of the prefix moves all that follows.
# To *ask* a model, send the same with an empty middle and let it write until its end token.
#
# ### Exercise 16.2 · fim_transform
#
# Two functions.
#
# `fim_transform(tokens, a, b, mode, marks)` with `marks = (pre, suf, mid)`, three different ids, gives a new list of ids:
#
# - prefix `tokens[:a]`, middle `tokens[a:b]`, suffix `tokens[b:]`; each of the three may be empty;
# - `mode` is `"PSM"` or `"SPM"`, in the orders above.
#
# `fim_restore(ids, marks)` gives the original tokens back, a new list. It is **not told the mode**.
#
# `ValueError` for wrong input:
#
# - `fim_transform`: unless 0 ≤ a ≤ b ≤ len(tokens); for another mode; where `tokens` holds one of the marks (a text must
#   not forge a seam);
# - `fim_restore`: unless each mark stands exactly once, pre is the very first token, and suf comes before mid.
#
# Source: Bavarian et al. 2022, arXiv 2207.14255 (its SPM has a second form, without the leading `PRE`).

# %% stub="fim_transform"
def fim_transform(tokens: list[int], a: int, b: int, mode: str, marks: tuple[int, int, int]) -> list[int]:
    """The document with its middle tokens[a:b] at the end; marks = (pre, suf, mid).

    fim_transform([1, 2, 3, 4], 1, 3, "PSM", (97, 98, 99))  is  [97, 1, 98, 4, 99, 2, 3]
    """
    ### BEGIN SOLUTION
    pre, suf, mid = marks
    if not 0 <= a <= b <= len(tokens) or mode not in ("PSM", "SPM") or set(marks) & set(tokens):
        raise ValueError("a gap outside the text, an unknown mode, or a mark inside the text")
    prefix, middle, suffix = tokens[:a], tokens[a:b], tokens[b:]
    if mode == "PSM":
        return [pre, *prefix, suf, *suffix, mid, *middle]
    return [pre, suf, *suffix, mid, *prefix, *middle]
    ### END SOLUTION
    raise NotImplementedError("fim_transform")


def fim_restore(ids: list[int], marks: tuple[int, int, int]) -> list[int]:
    """The original document, from either order.

    fim_restore([97, 1, 98, 4, 99, 2, 3], (97, 98, 99))  is  [1, 2, 3, 4]
    """
    ### BEGIN SOLUTION
    pre, suf, mid = marks
    if any(ids.count(m) != 1 for m in marks) or ids[0] != pre or ids.index(suf) > ids.index(mid):
        raise ValueError("each mark once, pre first, suf before mid")
    s, m = ids.index(suf), ids.index(mid)
    return ids[1:s] + ids[m + 1:] + ids[s + 1:m]  # between pre and suf nothing stands in SPM
    ### END SOLUTION
    raise NotImplementedError("fim_restore")


# %% [markdown] hints="fim_transform"
# <details><summary>Hint 1: a question</summary>
#
# The marks cut the rearranged list into three pieces. For each order, what stands in each piece? In which sequence
# must the pieces be read?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Text 1 2 3 4, gap 2 3. PSM: `PRE 1 SUF 4 MID 2 3`, pieces [1], [4], [2, 3]. SPM: `PRE SUF 4 MID 1 2 3`, pieces [], [4],
# [1, 2, 3]. In both, first piece, then third, then second is the text.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# With an empty prefix both orders give the same list, so no code can tell the mode from it. It need not: see hint 2.
# And an empty middle still has its mark, at the very end.
#
# </details>

# %% graded="fim_transform__order" points=2
# Both orders.
check(fim_transform, [1, 2, 3, 4], 1, 3, "PSM", (97, 98, 99), want=[97, 1, 98, 4, 99, 2, 3],
      why="PRE prefix SUF suffix MID middle", mistakes={"the middle stayed in the middle": [97, 1, 99, 2, 3, 98, 4]})
check(fim_transform, [1, 2, 3, 4], 1, 3, "SPM", (97, 98, 99), want=[97, 98, 4, 99, 1, 2, 3],
      why="PRE SUF suffix MID prefix middle", mistakes={"the paper's first form": [98, 4, 97, 1, 99, 2, 3],
                                                        "PSM in spite of the mode": [97, 1, 98, 4, 99, 2, 3]})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for n, a, b in [(9, 2, 5), (12, 7, 11), (300, 40, 250), (7, 3, 4)]:
    text, marks = torch.randint(1000, (n,), generator=g).tolist(), (5000, 1001, 3000)
    check(fim_transform, text, a, b, "PSM", marks, want=[5000] + text[:a] + [1001] + text[b:] + [3000] + text[a:b])
    check(fim_transform, text, a, b, "SPM", marks, want=[5000, 1001] + text[b:] + [3000] + text[:b])
check(fim_transform, [5, 5, 5], 1, 2, "SPM", (0, 1, 2), want=[0, 1, 5, 2, 5, 5], why="a mark may be id 0")
### END HIDDEN TESTS

# %% graded="fim_transform__empty" points=1
# Empty prefix, middle, suffix, text.
check(fim_transform, [1, 2], 1, 1, "PSM", (97, 98, 99), want=[97, 1, 98, 2, 99], why="an empty middle keeps its mark")
check(fim_transform, [1, 2], 0, 2, "SPM", (97, 98, 99), want=[97, 98, 99, 1, 2], why="nothing but middle")
### BEGIN HIDDEN TESTS
for n in (0, 1, 3):
    text = list(range(n))
    for a, b in [(a, b) for a in range(n + 1) for b in range(a, n + 1)]:
        check(fim_transform, text, a, b, "PSM", (7, 8, 9), want=[7] + text[:a] + [8] + text[b:] + [9] + text[a:b])
        check(fim_transform, text, a, b, "SPM", (7, 8, 9), want=[7, 8] + text[b:] + [9] + text[:b])
### END HIDDEN TESTS

# %% graded="fim_transform__restore" points=2
# The text comes back, from either order, also where the order cannot be told.
check(fim_restore, [97, 1, 98, 4, 99, 2, 3], (97, 98, 99), want=[1, 2, 3, 4], why="PSM: first piece, third, second")
check(fim_restore, [97, 98, 4, 99, 1, 2, 3], (97, 98, 99), want=[1, 2, 3, 4], why="SPM: nothing, third piece, second",
      mistakes={"the pieces in the order in which they stand": [4, 1, 2, 3]})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for n in (0, 1, 2, 5, 8, 120):
    text = torch.randint(50, (n,), generator=g).tolist()
    for a, b in sorted({(0, 0), (n, n), (0, n), (n // 3, n // 2), (n // 2, n), (0, n // 2)}):
        for marks in [(90, 91, 92), (70, 60, 50)]:
            psm = [marks[0]] + text[:a] + [marks[1]] + text[b:] + [marks[2]] + text[a:b]
            check(fim_restore, psm, marks, want=text, why="restoring is the inverse of PSM")
            check(fim_restore, [marks[0], marks[1]] + text[b:] + [marks[2]] + text[:b], marks, want=text,
                  why="restoring is the inverse of SPM")
check(fim_restore, [2, 0, 0, 1, 0, 3, 0, 0, 0], (2, 1, 3), want=[0] * 6, why="ids of 0 are tokens like others")
### END HIDDEN TESTS

# %% graded="fim_transform__errors" points=1
# Gaps outside the text, unknown modes, forged marks, broken lists.
raises(ValueError, fim_transform, [1, 2, 98, 4], 1, 2, "PSM", (97, 98, 99), why="98 is a mark: the text forges a seam")
raises(ValueError, fim_restore, [97, 1, 98, 4], (97, 98, 99), why="the mark of the middle is missing")
check(fim_transform, [1], 0, 0, "PSM", (97, 98, 99), want=[97, 98, 1, 99], why="nothing is wrong here")
check(fim_restore, [97, 98, 1, 99], (97, 98, 99), want=[1], why="nothing is wrong here")
### BEGIN HIDDEN TESTS
for a, b in [(-1, 2), (2, 1), (0, 4), (4, 4)]:
    raises(ValueError, fim_transform, [1, 2, 3], a, b, "PSM", (7, 8, 9), why="0 <= a <= b <= len(tokens)")
for mode in ("MSP", "psm", ""):
    raises(ValueError, fim_transform, [1, 2, 3], 1, 2, mode, (7, 8, 9), why="there are two modes")
for text in ([7, 1, 2], [1, 8, 2], [1, 2, 9], [0, 1, 2]):
    raises(ValueError, fim_transform, text, 1, 2, "SPM", (7, 8, 9) if text[0] else (0, 8, 9), why="a mark in the text")
for ids in ([], [7], [8, 1, 7, 2, 9, 3], [7, 1, 9, 2, 8, 3], [7, 1, 8, 2, 9, 3, 9], [7, 7, 8, 9], [1, 7, 8, 2, 9, 3],
            [7, 8, 8, 1, 9], [7, 1, 9, 2]):
    raises(ValueError, fim_restore, ids, (7, 8, 9), why="each mark once, pre first, suf before mid")
check(fim_restore, [7, 1, 8, 9], (7, 8, 9), want=[1])
check(fim_transform, [1, 2, 3], 3, 3, "SPM", (7, 8, 9), want=[7, 8, 9, 1, 2, 3])
### END HIDDEN TESTS

# %% graded="fim_transform__inplace" points=1
# The text stays as it is.
unchanged(fim_transform, [1, 2, 3], 1, 2, "PSM", (97, 98, 99), want=[97, 1, 98, 3, 99, 2])
unchanged(fim_restore, [97, 1, 98, 3, 99, 2], (97, 98, 99), want=[1, 2, 3])
### BEGIN HIDDEN TESTS
unchanged(fim_transform, [4, 5, 6, 7], 0, 3, "SPM", (97, 98, 99), want=[97, 98, 7, 99, 4, 5, 6])
unchanged(fim_restore, [97, 98, 7, 99, 4, 5, 6], (97, 98, 99), want=[4, 5, 6, 7])
### END HIDDEN TESTS

# %% tags=["picture"]
architectures.moved_middle(fim_transform, fim_restore)

# %% [markdown]
# ## 2 · The block of today
#
# The block of 2017 was: attention, add, LayerNorm; MLP with ReLU, add, LayerNorm. Five things changed, and almost every
# open model has all five: RMSNorm for LayerNorm, the norm moved *before*, SwiGLU for ReLU, rotary positions, and fewer
# key/value heads (section 14).
#
# **RMSNorm** divides a vector by its root mean square and multiplies each channel by a learned weight:
#
# $$y_d = \frac{x_d}{\sqrt{\frac1D \sum_e x_e^2 + \varepsilon}} \; w_d$$
#
# LayerNorm also subtracts the mean and adds a bias. In the paper's experiments quality stayed without them, and the
# running time fell by 7 to 64 %.
#
# **SwiGLU** is the MLP with a gate: one projection decides how much of another passes.
#
# $$y = W_{down}\left(\mathrm{silu}(W_{gate}\,x) \odot W_{up}\,x\right), \qquad \mathrm{silu}(g) = g \cdot \sigma(g)$$
#
# **Why 8/3?** The old MLP has two matrices with F = 4D: 8 D² weights. SwiGLU has three, 3 D F. For the same count F = 8/3 D
# ≈ 2.67 D, then rounded up so that the GPU likes it: Llama-2-7B has D = 4096, 8/3 · 4096 = 10,923, rounded to a multiple
# of 256: 11,008. It is a rule for a fair comparison, not a law. Llama-3-8B takes 3.5 D, SmolLM2 2.67 D, Mixtral-8x7B's
# experts 3.5 D, DeepSeek-V3's small experts 0.29 D.
#
# ### Exercise 16.3 · rms_norm
#
# Two small functions that everything later calls.
#
# `rms_norm(x, weight, eps=1e-5)`: the formula above over the last axis; x (…, D), weight (D,), both of one dtype; the
# result has x's shape and dtype.
#
# - ε stands **inside** the root, added to the mean of squares. A zero vector gives zeros.
# - Half precision is tested closely: compute in float32. Rounding once, at the end, is best; a second rounding before
#   the weight, as in transformers' Llama, is tolerated. Squares of float16 numbers may be beyond 65,504, float16's limit.
#
# `swiglu(x, gate, up, down)`: the formula above; x (…, D), gate and up (F, D), down (D, F), all of one dtype. The result
# (…, D) has x's dtype. (In half precision a matrix product rounds in between; the tests of it are wide.)
#
# Source: RMSNorm, Zhang and Sennrich 2019, arXiv 1910.07467; SwiGLU, Shazeer 2020, arXiv 2002.05202.

# %% stub="rms_norm"
def rms_norm(x: Float[Tensor, "*any D"], weight: Float[Tensor, "D"], eps: float = 1e-5) -> Float[Tensor, "*any D"]:
    """x over its root mean square along the last axis, times the weight.

    rms_norm(torch.tensor([3.0, 4.0]), torch.ones(2), 0.0)  is  [3, 4] / sqrt(12.5) = [0.849, 1.131]
    """
    ### BEGIN SOLUTION
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps) * weight).to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("rms_norm")


def swiglu(x: Float[Tensor, "*any D"], gate: Float[Tensor, "F D"], up: Float[Tensor, "F D"],
           down: Float[Tensor, "D F"]) -> Float[Tensor, "*any D"]:
    """The gated MLP; with D = F = 1 and all weights 1, swiglu([2.]) is silu(2) * 2 = [3.523]."""
    ### BEGIN SOLUTION
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T
    ### END SOLUTION
    raise NotImplementedError("swiglu")


# %% [markdown] hints="rms_norm"
# <details><summary>Hint 1: a question</summary>
#
# A float16 vector [300, 400]: what is 400², and what is float16's largest number? In which dtype must the squares live,
# and the root, and the product with the weight?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# x = [3, 4], weight [1, 2], ε = 0: mean of squares (9 + 16) / 2 = 12.5, root 3.536, so [0.849, 1.131], and with the
# weight [0.849, 2.263]. And swiglu of 2 with all weights 1: g = 2, σ(2) = 0.881, silu = 1.762, times up = 2: 3.523.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The mean is over D of *each* token alone, and its axis must be kept so that it divides the right rows. In SwiGLU only
# one of the two branches goes through the non-linearity.
#
# </details>

# %% graded="rms_norm__formula" points=2
# Values: every token alone, the weight per channel, eps inside the root.
check(rms_norm, torch.tensor([3.0, 4.0]), torch.tensor([1.0, 2.0]), 0.0, want=torch.tensor([0.8485281, 2.2627417]),
      why="[3, 4] / sqrt(12.5), then the weight", mistakes={
          "the sum of squares instead of their mean": torch.tensor([0.6, 1.6]),
          "the mean was subtracted, as in LayerNorm": torch.tensor([-1.0, 2.0])})
check(rms_norm, torch.tensor([[0.3, 0.4]]), torch.ones(2), 0.375, want=torch.tensor([[0.4242641, 0.5656854]]),
      why="mean of squares 0.125, plus eps 0.375, root 0.7071",
      mistakes={"eps was added outside the root": torch.tensor([[0.4117749, 0.5490332]])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for shape, eps, size in [((7,), 1e-5, 1), ((2, 3, 5), 1e-6, 1), ((4, 1, 24), 0.1, 1e-3), ((3, 90), 1e-5, 1e4),
                         ((2, 2, 3, 6), 1.0, 1), ((5, 4), 1e-12, 1e-5)]:
    x, weight = size * torch.randn(shape, generator=g), torch.randn(shape[-1], generator=g)
    check(rms_norm, x, weight, eps, want=norm64(x, weight, eps).float(), why="x / sqrt(mean(x^2) + eps) * weight")
    check(rms_norm, x.double(), weight.double(), eps, want=norm64(x, weight, eps), rtol=1e-9, atol=1e-11)
x, weight = torch.randn(6, 4, generator=g) * 10.0 ** torch.arange(-3, 3)[:, None], torch.randn(4, generator=g)
check(rms_norm, x, weight, want=norm64(x, weight, 1e-5).float(), rtol=1e-4, atol=1e-7, why="eps is 1e-5 where not given")
check(rms_norm, x.T.contiguous().T, weight, want=norm64(x, weight, 1e-5).float(), why="not contiguous")
check(rms_norm, torch.zeros(2, 3), torch.ones(3), want=torch.zeros(2, 3), why="a zero vector stays zero")
### END HIDDEN TESTS

# %% graded="rms_norm__half" points=2
# float16 and bfloat16 against float64; squares beyond 65,504.
check(rms_norm, torch.tensor([300.0, 400.0]).half(), torch.ones(2).half(), want=torch.tensor([0.8485, 1.1314]).half(),
      why="400 * 400 does not fit into float16: square in float32")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for shape, eps, size in [((3, 5, 24), 1e-5, 1), ((2, 600), 1e-6, 30), ((40, 7), 1e-5, 0.01)]:
    precise(rms_norm, size * torch.randn(shape, generator=g), torch.rand(shape[-1], generator=g) + 0.5, eps,
            oracle=norm64, eps=1.25)
precise(rms_norm, 3 * torch.randn(60, 24, generator=g), torch.ones(24), 1e-5, oracle=norm64, eps=0.75,
        why="with weights of 1 there is one rounding, at the end: the root stays in float32")
check(rms_norm, torch.tensor([[3e-4, -4e-4]]).half(), torch.ones(2).half(), 1e-5, rtol=5e-3, atol=1e-4,
      want=norm64(torch.tensor([[3e-4, -4e-4]]).half(), torch.ones(2), 1e-5).half(),
      why="in float16, squares of 0.0003 vanish")
### END HIDDEN TESTS

# %% graded="rms_norm__swiglu" points=2
# The gated MLP: which branch is activated, several leading axes, dtypes.
check(swiglu, torch.tensor([2.0]), torch.tensor([[1.0]]), torch.tensor([[0.5]]), torch.tensor([[1.0]]),
      want=torch.tensor([1.7615942]), why="silu(2) * 1 = 1.762",
      mistakes={"the other branch was activated": torch.tensor([1.4621172]),
                "sigmoid instead of silu": torch.tensor([0.8807971]),
                "relu instead of silu": torch.tensor([2.0]), "both branches were activated": torch.tensor([1.2878285])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for lead, D, hidden in [((), 3, 5), ((2, 3), 4, 4), ((5,), 7, 2), ((2, 1, 4), 6, 90)]:
    x = torch.randn(*lead, D, generator=g)
    gate, up, down = (torch.randn(s, generator=g) for s in [(hidden, D), (hidden, D), (D, hidden)])
    want = mlp64(x, gate, up, down)
    check(swiglu, x, gate, up, down, want=want.float(), rtol=1e-3, atol=1e-4, why="down(silu(gate x) * up x)")
    check(swiglu, x.double(), gate.double(), up.double(), down.double(), want=want)
    check(swiglu, x, gate.T.contiguous().T, up, down, want=want.float(), rtol=1e-3, atol=1e-4, why="not contiguous")
x, w = torch.randn(3, 8, generator=g), [torch.randn(8, 8, generator=g) / 3 for _ in range(3)]
for dtype, tolerance in [(torch.bfloat16, 0.06), (torch.float16, 0.01)]:
    halves = [a.to(dtype) for a in (x, *w)]
    check(swiglu, *halves, want=mlp64(*halves).to(dtype), rtol=tolerance, atol=tolerance, why="the dtype of x comes back")
### END HIDDEN TESTS

# %% graded="rms_norm__inplace" points=1
# The arguments stay as they are.
unchanged(rms_norm, torch.tensor([[3.0, 4.0]]), torch.tensor([1.0, 2.0]), 0.0, want=torch.tensor([[0.8485281, 2.2627417]]))
unchanged(swiglu, torch.tensor([2.0]), torch.tensor([[1.0]]), torch.tensor([[0.5]]), torch.tensor([[1.0]]),
          want=torch.tensor([1.7615942]))
### BEGIN HIDDEN TESTS
x = torch.tensor([[1.0, -2.0, 2.0], [0.0, 0.0, 5.0]])
unchanged(rms_norm, x, torch.ones(3), want=norm64(x, torch.ones(3), 1e-5).float())
unchanged(rms_norm, x.double(), torch.ones(3).double(), want=norm64(x, torch.ones(3), 1e-5))
### END HIDDEN TESTS

# %% tags=["picture"]
architectures.norm_and_gate(rms_norm, swiglu)

# %% [markdown]
# ### Where the norm stands
#
# Write f for attention or for the MLP. Three orders are in use:
#
# | order | formula | known from |
# |---|---|---|
# | post-norm | x ← norm(x + f(x)) | the 2017 transformer, BERT |
# | pre-norm | x ← x + f(norm(x)) | GPT-2, Llama, Qwen, DeepSeek |
# | parallel | x ← x + attention(norm(x)) + mlp(norm(x)), one norm for both | GPT-J, PaLM, Command R |
#
# **Pre-norm** leaves an open road: the *residual stream* x runs from the embedding to the head, and every layer only
# adds. So a gradient reaches the first layer unchanged, beside what passes through the layers. In **post-norm** each norm
# rescales the road itself. At the start of training its gradients are large near the output, so it needs a slow warm-up
# of the learning rate (Xiong et al. 2020, arXiv 2002.04745). The price of pre-norm: the stream grows with depth, so a
# late layer changes the direction of x ever less, and one more norm is needed before the head. OLMo 2 and Gemma 2 and 3
# therefore put a norm on the *output* of f as well, or there alone: x ← x + norm(f(x)).
#
# A **parallel** block computes attention and MLP from the same input, so that their matrix products can be merged into
# larger ones. PaLM's authors report 15 % more training speed at large scale, with a small loss of quality at 8B and none
# at 62B (arXiv 2204.02311).
#
# ### Keeping scores small
#
# Attention scores can grow during training until the softmax is a hard maximum and the loss jumps. Two remedies:
#
# - **QK-norm**: an RMSNorm over the E numbers of each head's query, and one over each key, *before* the rotation; each has
#   a weight (E,), shared by all heads of the layer. Then |q · k| / √E is at most √E times the weights. Qwen 3 and
#   Gemma 3; OLMo 2 norms the numbers of all heads as one vector.
# - **Soft-capping**: s ← cap · tanh(s / cap). Gemma 2 caps scores at 50 and the final logits at 30. It stands in the
#   middle of the attention kernel, so a fused kernel must know it; Gemma 3 replaced it by QK-norm.
#
# The catch is the order of cap and mask. tanh(−∞) = −1: a masked score of −∞ comes out of the cap as −cap, and the future
# leaks.
#
# ### Exercise 16.4 · block
#
# `block(x, w, c, mask, order="pre", cap=None)`: one block over whole texts. x (B, T, D) in, (B, T, D) out.
#
# - `c` is a `Config` of `course/models/transformer.py`. You need `c.heads` (H), `c.kv_heads` (K, divides H),
#   `c.head_dim` (E, **not** always D / H), `c.base` for the rotation and `c.eps` for every norm (a number here).
# - `w` holds the weights: `"norm1"`, `"norm2"` (D,); `"q"` (H·E, D), `"k"`, `"v"` (K·E, D), `"out"` (D, H·E); `"gate"`,
#   `"up"` (F, D), `"down"` (D, F). Where `w` also has `"q_norm"` and `"k_norm"` (E,), queries and keys are normed as above.
# - Attention: the first E rows of `w["q"]` make head 0, and so on. Queries and keys are rotated with the given
#   `turned(heads, c.base)`, which takes (B, heads, T, E). Query head h reads key/value head h // (H / K). Scores are
#   q · k / √E, then capped where `cap` is not None, then masked. `mask` (B, T, T) is yours of exercise 16.1: True may be
#   seen, no row is empty. The heads' outputs are joined in order and go through `w["out"]`.
# - MLP: your `swiglu`. `order` is `"pre"`, `"post"` or `"parallel"`: norm1 belongs to attention, norm2 to the MLP; in a
#   parallel block norm1 serves both. Another order raises `ValueError`.
# - The result has x's dtype; float64 is float64 throughout. Half precision rounds between the pieces, so the tests of it
#   are wide.
#
# Source: Llama, arXiv 2302.13971; QK-norm, Henry et al. 2020, arXiv 2010.04245; capping, Gemma 2, arXiv 2408.00118.

# %% stub="block"
def block(x: Float[Tensor, "B T D"], w: dict[str, Tensor], c: Config, mask: Bool[Tensor, "B T T"], order: str = "pre",
          cap: float | None = None) -> Float[Tensor, "B T D"]:
    """One transformer block, attention and MLP, with its residual connections; order: pre, post or parallel.

    With w["out"] and w["down"] all zeros, pre and parallel give x itself, post gives norm2(norm1(x)).
    """
    ### BEGIN SOLUTION
    def norm(y, name):
        return rms_norm(y, w[name], c.eps)

    def attend(y):
        q, k, v = ((y @ w[name].T).unflatten(-1, (-1, c.head_dim)).transpose(1, 2) for name in ("q", "k", "v"))
        if "q_norm" in w:
            q, k = norm(q, "q_norm"), norm(k, "k_norm")
        q, k = turned(q, c.base), turned(k, c.base)
        k, v = (a.repeat_interleave(c.heads // c.kv_heads, 1) for a in (k, v))
        scores = q @ k.mT / math.sqrt(c.head_dim)
        if cap is not None:
            scores = cap * torch.tanh(scores / cap)
        weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return (weights @ v).transpose(1, 2).flatten(2) @ w["out"].T

    def mlp(y):
        return swiglu(y, w["gate"], w["up"], w["down"])

    if order == "pre":
        x = x + attend(norm(x, "norm1"))
        return x + mlp(norm(x, "norm2"))
    if order == "post":
        x = norm(x + attend(x), "norm1")
        return norm(x + mlp(x), "norm2")
    if order == "parallel":
        return x + attend(norm(x, "norm1")) + mlp(norm(x, "norm1"))
    raise ValueError(f"unknown order: {order!r}")
    ### END SOLUTION
    raise NotImplementedError("block")


# %% [markdown] hints="block"
# <details><summary>Hint 1: a question</summary>
#
# (B, T, H·E) must become (B, H, T, E). Which of the two is right: reshape straight to that shape, or split the last axis
# first and then move one? And what does the E of a head have to do with D?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Capping: scores [100, 3], cap 5, the first masked. Cap first: [5.0, 2.69]; then mask: [−∞, 2.69]; weights [0, 1]. Mask
# first: [−∞, 3] becomes [−5, 2.69], and the masked key gets a weight of e^(−7.69) = 0.05 %. Small, and a leak.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# In pre-norm the second half starts from the *new* x, and the norm is on the branch alone: what is added to is the plain
# stream. And the values are neither normed nor rotated.
#
# </details>

# %% graded="block__pre" points=3
# A pre-norm block: heads, groups, rotation, mask, the two residual sums.
check(block, torch.tensor([[[3.0, 4.0]]]), still(), TINY, torch.ones(1, 1, 1).bool(), want=torch.tensor([[[3.0, 4.0]]]),
      why="both branches add zeros: the stream passes unchanged",
      mistakes={"the norm was put on the stream itself": torch.tensor([[[0.8485281, 1.1313708]]])})
check(block, torch.tensor([[[3.0, 4.0]]]), still(out=torch.eye(2)), TINY, torch.ones(1, 1, 1).bool(),
      want=torch.tensor([[[3.8485281, 5.1313708]]]), why="one token sees itself: x + norm(x)")
### BEGIN HIDDEN TESTS
configs = [Config(9, width=12, heads=4, kv_heads=2, head_dim=6, hidden=7, base=100.0, eps=1e-5),
           Config(9, width=10, heads=6, kv_heads=3, head_dim=4, hidden=30, base=1e4, eps=1e-6),
           Config(9, width=9, heads=3, kv_heads=1, head_dim=8, hidden=5, base=5e5, eps=1e-2),
           Config(9, width=8, heads=2, kv_heads=2, head_dim=2, hidden=16, base=50.0, eps=1e-5)]
for seed, (c, B, T) in enumerate(zip(configs, (2, 3, 1, 2), (5, 8, 70, 1))):
    w, x = block_weights(c, seed, size=1.5), torch.randn(B, T, c.width, generator=torch.Generator().manual_seed(seed))
    mask = seen(B, T, seed)
    want = block64(x, w, c, mask)
    check(block, x, w, c, mask, want=want.float(), rtol=1e-3, atol=1e-3, why="x + attention(norm1 x), then + mlp(norm2 x)",
          mistakes={"post-norm": block64(x, w, c, mask, "post").float(), "parallel": block64(x, w, c, mask, "parallel").float(),
                    "the mask was ignored": block64(x, w, c, torch.ones_like(mask)).float()})
    check(block, x.transpose(0, 1).contiguous().transpose(0, 1), w, c, mask, "pre", want=want.float(), rtol=1e-3, atol=1e-3)
w, x = block_weights(configs[0], 9), torch.randn(2, 6, 12, generator=torch.Generator().manual_seed(9))
both = torch.ones(2, 6, 6).bool()
check(block, x, w, configs[0], both, want=block64(x, w, configs[0], both).float(), rtol=1e-3, atol=1e-3,
      why="the mask alone decides: here everybody sees everybody")
### END HIDDEN TESTS

# %% graded="block__order" points=2
# Post-norm and parallel.
check(block, torch.tensor([[[3.0, 4.0]]]), still(norm1=torch.tensor([1.0, 2.0])), TINY, torch.ones(1, 1, 1).bool(),
      "parallel", want=torch.tensor([[[3.0, 4.0]]]), why="nothing is added, and no norm stands on the stream")
check(block, torch.tensor([[[3.0, 4.0]]]), still(), TINY, torch.ones(1, 1, 1).bool(), "post",
      want=torch.tensor([[[0.8485281, 1.1313708]]]), rtol=1e-3, atol=1e-3, why="norm2(norm1(x)), of length sqrt(2)",
      mistakes={"pre-norm in spite of the order": torch.tensor([[[3.0, 4.0]]])})
### BEGIN HIDDEN TESTS
for seed, (c, B, T) in enumerate([(Config(9, width=12, heads=4, kv_heads=2, head_dim=6, hidden=7, base=100.0, eps=1e-5), 2, 5),
                                  (Config(9, width=5, heads=3, kv_heads=3, head_dim=4, hidden=11, eps=0.1), 3, 4)]):
    w, x = block_weights(c, seed, size=1.5), 2 * torch.randn(B, T, c.width, generator=torch.Generator().manual_seed(seed))
    mask = seen(B, T, seed)
    for order in ("post", "parallel", "pre"):
        check(block, x, w, c, mask, order, want=block64(x, w, c, mask, order).float(), rtol=1e-3, atol=1e-3,
              why=f"the order {order!r}, by the table")
    raises(ValueError, block, x, w, c, mask, "sandwich", why="an order that the table does not have")
### END HIDDEN TESTS

# %% graded="block__scores" points=3
# QK-norm before the rotation; capping before the mask.
c = Config(vocab=9, width=2, heads=1, kv_heads=1, head_dim=2, hidden=2, base=1e12, eps=1e-5)
keys = still(q=50 * torch.eye(2), k=50 * torch.eye(2), out=torch.eye(2))
x, mask = torch.tensor([[[1.0, 1.0], [-1.0, 1.0]]]), torch.tensor([[[True, False], [True, True]]])
got = block(x.clone(), keys, c, mask, "pre", 1.0)
assert (got[0, 0] - torch.tensor([2.0, 2.0])).abs().max() < 1e-3, (
    f"token 0 sees itself alone, so its row is x + norm(x) = [2, 2]; got {got[0, 0].tolist()}. "
    "A capped score of -inf is -cap: mask after the cap")
### BEGIN HIDDEN TESTS
c = Config(9, width=12, heads=4, kv_heads=2, head_dim=6, hidden=7, base=100.0, eps=1e-3)
for seed, (size, cap) in enumerate([(1.0, 2.0), (4.0, 5.0), (4.0, 50.0), (0.3, 0.25)]):
    w, plain = block_weights(c, seed, size=size), block_weights(c, seed)
    w |= {"out": plain["out"], "down": plain["down"] / size}
    x, mask = torch.randn(2, 7, 12, generator=torch.Generator().manual_seed(seed)), seen(2, 7, seed)
    check(block, x, w, c, mask, "pre", cap, want=block64(x, w, c, mask, "pre", cap).float(), rtol=2e-3, atol=2e-3,
          why="cap * tanh(score / cap), before the mask",
          mistakes={"no cap": block64(x, w, c, mask).float()})
w = still(q=1e6 * torch.eye(2), k=-1e6 * torch.eye(2), out=torch.eye(2))
x, mask = torch.tensor([[[1.0, 1.0], [-1.0, -1.0]]]), torch.tensor([[[True, False], [True, True]]])
check(block, x, w, Config(9, width=2, heads=1, kv_heads=1, head_dim=2, hidden=2, base=1e12, eps=1e-12), mask,
      want=torch.tensor([[[2.0, 2.0], [0.0, 0.0]]]), rtol=1e-3, atol=1e-3,
      why="token 0 sees itself alone, though its own score is -10^12 and that of the masked key 10^12")
for seed, c in enumerate([Config(9, width=12, heads=4, kv_heads=2, head_dim=6, hidden=7, base=100.0, eps=1e-3),
                          Config(9, width=7, heads=6, kv_heads=2, head_dim=8, hidden=5, base=20.0, eps=0.5)]):
    w, x = block_weights(c, seed, True, 1.5), torch.randn(3, 6, c.width, generator=torch.Generator().manual_seed(seed))
    for order, cap in [("pre", None), ("post", None), ("parallel", 1.5)]:
        check(block, x, w, c, seen(3, 6), order, cap, want=block64(x, w, c, seen(3, 6), order, cap).float(), rtol=2e-3,
              atol=2e-3, why="RMSNorm over the E numbers of each head's query and key, before the rotation")
### END HIDDEN TESTS

# %% graded="block__dtypes" points=1
# float64 in, float64 out; half precision, widely; arguments stay.
def tiny_block(x, w, mask):
    "block in the shape TINY: what may change is the tensors."
    return block(x, w, TINY, mask)

unchanged(tiny_block, torch.tensor([[[3.0, 4.0]]]), still(), torch.ones(1, 1, 1).bool(), want=torch.tensor([[[3.0, 4.0]]]))
### BEGIN HIDDEN TESTS
c = Config(9, width=12, heads=4, kv_heads=2, head_dim=6, hidden=7, base=100.0, eps=1e-5)
for dtype, tolerance in [(torch.float64, 1e-9), (torch.bfloat16, 0.12), (torch.float16, 0.02)]:
    w = {n: a.to(dtype) for n, a in block_weights(c, 3, True).items()}
    x = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(3)).to(dtype)
    for order in ("pre", "post", "parallel"):
        want = block64(x, w, c, seen(2, 5), order, 3.0).to(dtype)
        unchanged(lambda x, w, mask: block(x, w, c, mask, order, 3.0), x, w, seen(2, 5), want=want, rtol=tolerance,
                  atol=tolerance)
### END HIDDEN TESTS

# %% tags=["picture"]
architectures.stream_by_depth(block)

# %% [markdown]
# Random blocks, before any training. Left: the length of a token's vector after each of 32 blocks. Under pre-norm it
# grows about with the root of the depth; post-norm keeps it. Right: the gradient of the last block's `down` matrix, in
# stacks of 2 to 32 blocks. Under pre-norm the last block's say, and its gradient, shrink with the depth. Under post-norm
# they do not, which is why a deep post-norm model wants a warm-up.

# %% [markdown]
# ## 3 · Counting: where the parameters are
#
# An interviewer who says "so how many parameters is that?" wants to see you know what is in the model. Everything is a
# matrix but the norms.
#
# - **Embedding** V · D, and a **head** of the same size, unless the two are **tied**: one matrix used twice. Tying pays
#   in small models. SmolLM2-135M: 28 of 135 million are the table, a second one would be 21 % more. In Llama-3-70B the
#   two together are 3 %, and untied is better, since reading a word and predicting it are different jobs.
# - **Attention** 2 · D · H · E for queries and output, 2 · D · K · E for keys and values.
# - **MLP** 3 · D · F, the largest part of most models.
# - **Mixture of experts** (MoE): instead of one MLP, N small ones and a router that sends each token to k of them. So
#   there are two counts: **total**, which you store, and **active**, which a token uses. Section 19 builds it.
#
# **"8 × 22B" is not 176B.** The experts are copies of the MLP alone; attention, embedding and norms are there once.
# Mixtral-8x22B has 140.6 billion parameters and uses 39.2 billion for a token; 8x7B has 46.7 and uses 12.9, not 14.
#
# Nor is an expert a specialist for a domain. Routing is by token and by layer, and Mixtral's authors looked for experts
# of biology or philosophy and found none; what they saw follows syntax more than subject (arXiv 2401.04088, section 5).
#
# **DeepSeek-V3** has many small experts: 256 routed ones and 1 shared in each layer but the first three, which are dense.
# A token goes to 8 of the 256, from at most 4 of 8 groups, so that it visits few machines. Scores are sigmoids. For
# balance each expert has a *bias* that is added to its score for the **choice** alone; the gate uses the raw score. An
# overloaded expert's bias falls a little after each step. That replaces the usual auxiliary loss almost wholly: a
# small one, weight 0.0001, against extremes within one text remains.
# Most of its matrix products ran in FP8, an 8-bit number format. **Its price** of 5.576 million dollars is 2.788 million
# GPU hours at 2 dollars, of the final run alone; Llama-3.1-405B's 30.84 million hours are 62 million by the same count.
#
# **Chain-of-Experts** (CoE; Wang et al. 2025, arXiv 2506.18945) runs one MoE layer in rounds: x⁽ᵗ⁾ = x⁽ᵗ⁻¹⁾ + Σ g⁽ᵗ⁾ᵢ
# Eᵢ(x⁽ᵗ⁻¹⁾), with a router of its own for each round and K / C experts in each of C rounds. So the second round's experts read
# what the first's have written; in MoE experts of one layer never hear of each other. At equal compute, in small
# pretraining runs on mathematics, the loss fell from 1.20 to 1.12; two rounds did as well as three times the chosen experts,
# with 17.6 to 42 % less memory. Nobody has shown it at V3's size, and rounds come one after the other: they cost latency.
#
# **Cards count differently.** Is the embedding table active? A token reads one row of it. With it DeepSeek-V3 uses 37.6
# billion parameters, without it 36.6; its paper says 37. Say which you mean.
#
# ### Exercise 16.5 · count_params
#
# `count_params(shape)` gives `(total, active)`, two whole numbers (no floats: exact up to 10¹⁸), of a `Shape`, whose fields
# `course/models/shapes.py` explains. Parameters of the whole model:
#
# - the embedding, V · D; the head, another V · D unless `tied`; one norm before the head, D;
# - in each of the `layers` layers: two norms of D, and attention:
#   - `latent` is None: queries and output H · E · D each, keys and values K · E · D each. `qkv_bias`: a bias for each output
#     of the query, key and value projections, none for the output projection. `qk_norm`: E weights for queries, E for keys;
#   - `latent = (q_rank, kv_rank, nope, rope, value)`: latent attention, where `kv_heads` and `head_dim` do not count.
#     Keys and values: D → kv_rank + rope, a norm of kv_rank, then kv_rank → H · (nope + value). Queries: D → q_rank, a norm
#     of q_rank, then q_rank → H · (nope + rope); **where q_rank is 0**, straight D → H · (nope + rope) without a norm. Output:
#     H · value → D. (`qkv_bias` and `qk_norm` are never set together with it.)
# - the MLP of each layer: a SwiGLU of hidden size `hidden`, if `experts` is 0 or the layer is one of the first `dense_layers`.
#   Else a router, D → `experts`, without bias, and `experts` + `shared` SwiGLUs of hidden size `expert_hidden`.
#
# **Active** is the total without the routed experts that a token does not choose. The whole embedding and the whole
# router count. A dense model: active equals total.
#
# Source: the checkpoints themselves. Your numbers for nine known models must be right to the last digit.

# %% stub="count_params"
def count_params(shape: Shape) -> tuple[int, int]:
    """(total, active) parameters.

    count_params(Shape(vocab=10, layers=1, width=2, heads=1, kv_heads=1, head_dim=2, hidden=3)):
    embedding and head 40, norms 2 + 4, attention 4 * 4, MLP 3 * 6: 80, and 80 active
    """
    ### BEGIN SOLUTION
    s, D = shape, shape.width
    if s.latent is None:
        q, kv = s.heads * s.head_dim, s.kv_heads * s.head_dim
        attention = 2 * D * (q + kv) + s.qkv_bias * (q + 2 * kv) + s.qk_norm * 2 * s.head_dim
    else:
        q_rank, kv_rank, nope, rope, value = s.latent
        q = s.heads * (nope + rope)
        attention = D * q_rank + q_rank + q_rank * q if q_rank else D * q
        attention += D * (kv_rank + rope) + kv_rank + kv_rank * s.heads * (nope + value) + s.heads * value * D
    dense = s.dense_layers if s.experts else s.layers
    common = s.vocab * D * (1 if s.tied else 2) + D + s.layers * (attention + 2 * D) + dense * 3 * D * s.hidden

    def with_experts(n):
        return common + (s.layers - dense) * (D * s.experts + (n + s.shared) * 3 * D * s.expert_hidden)
    return with_experts(s.experts), with_experts(s.chosen)
    ### END SOLUTION
    raise NotImplementedError("count_params")


# %% [markdown] hints="count_params"
# <details><summary>Hint 1: a question</summary>
#
# Which parts does the model have once, which once per layer, which once per *sparse* layer, and which once per expert?
# Which of these is the only one where active and total differ?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Mixtral-8x7B, one layer: attention 2 · 4096 · 4096 + 2 · 4096 · 1024 = 41.9 million; an expert 3 · 4096 · 14336 = 176.2
# million; router 32,768; norms 8,192. Eight experts: 1,409.3 million. Times 32, plus 262.1 million for embedding and
# head and one norm: 46,702,792,704. Active: two experts instead of eight.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# H · E need not be D (Qwen3-0.6B: 16 · 128 = 2048, D = 1024). The router is as wide as there are experts, not as a token
# chooses. And a shared expert is used by every token, on top of the chosen ones.
#
# </details>

# %% graded="count_params__dense" points=2
# SmolLM2, Llama 3, Qwen: grouped heads, tied or not, biases, QK-norm.
check(count_params, Shape(10, 1, 2, 1, 1, 2, 3), want=(80, 80), why="40 + 6 + 16 + 18",
      mistakes={"norms, or one matrix of the MLP, are missing": (74, 74), "the head was forgotten": (60, 60)})
check(count_params, SHAPES["SmolLM2-135M"], want=(134_515_008, 134_515_008), why="tied: the table counts once",
      mistakes={"tied weights counted twice": (162_826_560, 162_826_560)})
### BEGIN HIDDEN TESTS
for name, want in [("Qwen3-0.6B", 596_049_920), ("Qwen2.5-7B", 7_615_616_512), ("Llama-3-8B", 8_030_261_248),
                   ("Llama-3-70B", 70_553_706_496), ("Llama-3.1-405B", 405_853_388_800)]:
    check(count_params, SHAPES[name], want=(want, want), why=name)
for s in [Shape(11, 3, 5, 7, 1, 4, 9, tied=True, qkv_bias=True), Shape(13, 2, 6, 4, 2, 10, 3, qk_norm=True, qkv_bias=True),
          Shape(7, 4, 8, 2, 2, 3, 5, dense_layers=2, chosen=3, shared=1, expert_hidden=9)]:
    q, kv = s.heads * s.head_dim, s.kv_heads * s.head_dim
    layer = 2 * s.width + 2 * s.width * q + 2 * s.width * kv + 3 * s.width * s.hidden
    layer += (q + 2 * kv if s.qkv_bias else 0) + (2 * s.head_dim if s.qk_norm else 0)
    want = s.vocab * s.width * (2 - s.tied) + s.width + s.layers * layer
    check(count_params, s, want=(want, want), why="embedding, head, norm, and layers times (norms, attention, MLP)")
total, active = count_params(Shape(10**9 + 7, 3, 10**8 + 1, 3, 1, 2, 10**7 + 9))
assert total == active == 209_000_017_090_000_150, (  # a float would be 10 too large
    f"count_params of a shape of 2 * 10^17 parameters: expected 209000017090000150 twice, got {total!r} and {active!r}; "
    "whole numbers are exact, a float keeps 16 digits")
### END HIDDEN TESTS

# %% graded="count_params__experts" points=2
# Mixtral: total and active.
check(count_params, SHAPES["Mixtral-8x7B"], want=(46_702_792_704, 12_879_925_248), why="experts share all but the MLP",
      mistakes={"every expert is active": (46_702_792_704, 46_702_792_704),
                "an active router as wide as the chosen": (46_702_792_704, 12_879_138_816)})
### BEGIN HIDDEN TESTS
check(count_params, SHAPES["Mixtral-8x22B"], want=(140_620_634_112, 39_152_031_744), why="Mixtral-8x22B")
for experts, chosen, shared, dense, tied in [(5, 2, 0, 0, False), (6, 3, 2, 1, True), (9, 1, 1, 3, False), (4, 4, 0, 2, False)]:
    s = Shape(17, 4, 6, 3, 1, 5, 11, tied=tied, experts=experts, chosen=chosen, shared=shared, expert_hidden=7,
              dense_layers=dense)
    rest = 17 * 6 * (2 - tied) + 6 + 4 * (12 + 2 * 6 * 15 + 2 * 6 * 5) + dense * 3 * 6 * 11 + (4 - dense) * 6 * experts
    total, active = (rest + (4 - dense) * (n + shared) * 3 * 6 * 7 for n in (experts, chosen))
    check(count_params, s, want=(total, active), why=f"{experts} experts, {chosen} chosen, {shared} shared, the first "
          f"{dense} layers dense")
### END HIDDEN TESTS

# %% graded="count_params__latent" points=2
# DeepSeek-V3: latent attention, a shared expert, three dense layers.
check(count_params, SHAPES["DeepSeek-V3"], want=(671_026_404_352, 37_552_282_624), why="DeepSeek-V3",
      mistakes={"the shared expert was forgotten": (668_472_073_216, 34_997_951_488),
                "all layers are sparse": (703_797_812_224, 37_557_787_648)})
### BEGIN HIDDEN TESTS
for q_rank, kv_rank, nope, rope, value in [(5, 3, 4, 2, 6), (0, 3, 4, 2, 6), (2, 9, 1, 4, 3), (0, 1, 8, 2, 1)]:
    s = Shape(13, 3, 8, 4, 2, 10, 5, latent=(q_rank, kv_rank, nope, rope, value))
    queries = 8 * q_rank + q_rank + q_rank * 4 * (nope + rope) if q_rank else 8 * 4 * (nope + rope)
    rest = 8 * (kv_rank + rope) + kv_rank + kv_rank * 4 * (nope + value) + 4 * value * 8
    want = 2 * 13 * 8 + 8 + 3 * (16 + queries + rest + 3 * 8 * 5)
    check(count_params, s, want=(want, want), why=f"latent attention with {s.latent}")
    s = Shape(13, 3, 8, 4, 2, 10, 5, latent=(q_rank, kv_rank, nope, rope, value), experts=6, chosen=2, shared=2,
              expert_hidden=3, dense_layers=1)
    both = [2 * 13 * 8 + 8 + 3 * (16 + queries + rest) + 3 * 8 * 5 + 2 * (8 * 6 + (n + 2) * 3 * 8 * 3) for n in (6, 2)]
    check(count_params, s, want=tuple(both), why=f"latent attention with {s.latent} and experts")
### END HIDDEN TESTS

# %% tags=["picture"]
architectures.where_they_are(count_params)

# %% [markdown]
# Bars are shares of the total. The embedding fades as models grow, attention is under a third, and in a mixture of
# experts nearly everything sleeps: the pale part is what one token does not use.

# %% [markdown]
# ## 4 · Latent attention, naive and absorbed
#
# Grouped-query attention shrinks the cache by having fewer heads. **Multi-head latent attention** (MLA, DeepSeek-V2 and
# V3) has all heads and shrinks what they are made from. A token leaves one **latent** c (C numbers) for keys *and* values
# of all heads. Head h gets its key and value by its own up-projections:
#
# $$k_{h,s} = W^{UK}_h c_s \quad (N), \qquad v_{h,s} = W^{UV}_h c_s \quad (V)$$
#
# Cached per token and layer: C numbers, not the 2 · H · E of plain multi-head attention (MHA) or 2 · K · E of grouped-query
# attention (GQA). In DeepSeek-V3 C = 512, against 128 heads.
#
# **Absorbed.** Spelling out keys and values for all cached tokens, at every step, would cost more than it saves. But
#
# $$q_h \cdot (W^{UK}_h c_s) = (W^{UK\top}_h q_h) \cdot c_s$$
#
# Carry the *query* into the space of the latents, once, instead of every key out of it. The scores are dot products with
# c itself. Likewise for the values: average the latents first, and project the average, once.
#
# **Why the rotary key is apart.** With a rotation R between, q · R(m − n) · W c: the matrix depends on the distance, so
# nothing can be absorbed once for all tokens. So MLA splits each head: N numbers without position, from the latent, and R
# numbers with it. The rotary key (R numbers) is computed from the token directly, turned, cached beside the latent, and
# **shared by all heads**. That makes C + R = 512 + 64 = 576 numbers a token and layer, 70,272 bytes over V3's 61 layers
# in BF16.
#
# **Absorbed is for decoding.** For each pair of query and key a head then multiplies C + R numbers for the score and C
# for the value, 1,088 in V3, where the naive form needs N + R + V = 320. In prefill every spelt-out key serves many
# queries, so there the naive form is cheaper. Real servers keep both.
#
# **The 93 %.** "MLA cuts the cache by 93 %" is from the paper of DeepSeek-**V2** and compares it with DeepSeek 67B, another
# model (95 layers, GQA with 8 heads), *with* a cache quantised to 6 bits on V2's side. At equal bits it is 82 %. V3
# against plain multi-head attention of its own size: 98 % less. Against GQA with 8 heads at equal depth: 72 %. A
# reduction without its baseline says nothing.

# **Layers without a growing cache.** A state-space model (SSM) such as Mamba, or a linear attention such as Gated DeltaNet,
# folds the past into a state of fixed size. Memory per sequence is constant and work linear, but the state forgets: copying
# an exact name from 50,000 tokens ago is what it does worst. **Hybrids** keep a few attention layers for that. In Jamba
# one layer of eight attends, in Qwen3-Next one of four; the cache shrinks by the same factor.

# %% tags=["picture"]
architectures.bytes_a_token()

# %% [markdown]
# ### Exercise 16.6 · mla_attention
#
# `mla_attention(q, c, k_rope, w_uk, w_uv)`: one query token, S cached tokens.
#
# - q (H, N + R): of each head first N numbers without position, then R numbers, already turned.
# - c (S, C): the cached latents. k_rope (S, R): the cached rotary keys, already turned, shared by all heads. S ≥ 1.
# - w_uk (H, N, C): head h's key for token s is `w_uk[h] @ c[s]`, N numbers, followed by `k_rope[s]`.
# - w_uv (H, V, C): its value is `w_uv[h] @ c[s]`. V need not be N.
# - Scores are the dot products of query and key over √(N + R); softmax over s; the result is (H, V), in q's dtype.
#
# Half precision is tested closely: float32 inside. The naive form earns every point but the timed ones: **never spell
# out keys or values of the cached tokens**, (S, H, N) or (S, H, V) numbers. The timed aspect has H = 32, S = 2,048,
# N = V = 64, R = 16, C = 128. All heads read the same latents, so let one matrix product serve all: a loop over heads
# reads the cache H times and may be too slow.
#
# Source: DeepSeek-V2, arXiv 2405.04434, section 2.1 and appendix C.

# %% stub="mla_attention"
def mla_attention(q: Float[Tensor, "H N+R"], c: Float[Tensor, "S C"], k_rope: Float[Tensor, "S R"],
                  w_uk: Float[Tensor, "H N C"], w_uv: Float[Tensor, "H V C"]) -> Float[Tensor, "H V"]:
    """Latent attention of one token over a cache of latents and shared rotary keys, absorbed.

    With S = 1 the result is w_uv @ c[0], whatever the query is.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(q.dtype, torch.float32)
    dtype, N = q.dtype, w_uk.shape[1]
    q, c, k_rope, w_uk, w_uv = (a.to(wide) for a in (q, c, k_rope, w_uk, w_uv))
    carried = torch.einsum("hn,hnc->hc", q[:, :N], w_uk)  # the queries, in the space of the latents
    scores = (carried @ c.T + q[:, N:] @ k_rope.T) / math.sqrt(q.shape[-1])
    mean = scores.softmax(-1) @ c  # (H, C)
    return torch.einsum("hc,hvc->hv", mean, w_uv).to(dtype)
    ### END SOLUTION
    raise NotImplementedError("mla_attention")


# %% [markdown] hints="mla_attention"
# <details><summary>Hint 1: a question</summary>
#
# Σ_s p_s (W c_s): which of the two, the sum or the matrix, may be done first? How many multiplications does either order
# cost for S tokens?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# H = 1, N = 1, R = 1, C = 2; w_uk = [[[1, 2]]], q = [[3, 1]]. The carried query is 3 · [1, 2] = [3, 6]. For c = [1, 1] and
# k_rope = [4] the score is (3 + 6 + 1 · 4) / √2 = 9.19. Naive: key [1 + 2, 4] = [3, 4], q · key = 9 + 4 = 13, the same.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The scale belongs to the key that is never spelt out: its length is N + R, whatever C is. And w_uk carries the query
# with its N axis summed over, so it is used the other way round than for a key.
#
# </details>

# %% graded="mla_attention__equal" points=2
# The same as keys and values spelt out.
check(mla_attention, torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 1.0]]), torch.tensor([[4.0]]),
      torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 0.0], [0.0, 5.0], [1.0, 1.0]]]), want=torch.tensor([[1.0, 5.0, 2.0]]),
      why="one token: its value is w_uv @ c")
check(mla_attention, torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.0], [1.0]]),
      torch.tensor([[[1.0, 3.0]]]), torch.tensor([[[1.0, 0.0]]]), want=torch.tensor([[0.1070418]]),
      why="scores [1, 3 + 1] / sqrt(2); the first token's weight is its value's weight",
      mistakes={"the rotary part was left out": torch.tensor([[0.1955703]]),
                "no division, or division by the root of N alone": torch.tensor([[0.0474259]])})
### BEGIN HIDDEN TESTS
for seed, (H, S, N, R, C, V) in enumerate([(1, 1, 2, 2, 3, 4), (4, 7, 6, 2, 10, 3), (3, 33, 5, 4, 8, 8), (6, 5, 3, 8, 40, 2),
                                           (5, 5, 5, 2, 5, 5), (2, 300, 4, 4, 6, 7), (16, 9, 8, 4, 3, 6)]):
    given = latent_inputs(H, S, N, R, C, V, seed, size=2)
    check(mla_attention, *given, want=latent64(*given).float(), rtol=1e-3, atol=1e-4,
          why=f"softmax(q [w_uk c; k_rope] / sqrt({N + R})) over {S} tokens, times w_uv c",
          mistakes={"a scale of sqrt(C + R)": latent64(given[0] * math.sqrt((N + R) / (C + R)), *given[1:]).float(),
                    "a scale of sqrt(N)": latent64(given[0] * math.sqrt((N + R) / N), *given[1:]).float()})
    q, c, k, uk, uv = given
    check(mla_attention, q.T.contiguous().T, c.T.contiguous().T, k, uk.mT.contiguous().mT, uv.mT.contiguous().mT,
          want=latent64(*given).float(), rtol=1e-3, atol=1e-4, why="not contiguous")
### END HIDDEN TESTS

# %% graded="mla_attention__large" points=1
# Scores in the thousands; heads far apart; float64.
check(mla_attention, torch.tensor([[3000.0, 0.0], [-3000.0, 0.0]]), torch.tensor([[1.0], [2.0]]), torch.zeros(2, 1),
      torch.ones(2, 1, 1), torch.ones(2, 1, 1), want=torch.tensor([[2.0], [1.0]]), why="every head has its own maximum")
### BEGIN HIDDEN TESTS
for seed, size in enumerate([30, 200, 1000]):
    given = latent_inputs(4, 12, 6, 2, 10, 5, seed, size, torch.float64)
    check(mla_attention, *given, want=latent64(*given), rtol=1e-6, atol=1e-8, why="float64 in, float64 out")
### END HIDDEN TESTS

# %% graded="mla_attention__half" points=2
# float16 and bfloat16 against float64; arguments stay.
q, c, k, uk, uv = (torch.tensor(a) for a in ([[1.0, 1.0]], [[1.0], [1.0]], [[0.0], [0.0]], [[[1.0]]], [[[2.0]]]))
unchanged(mla_attention, q, c, k, uk, uv, want=torch.tensor([[2.0]]))
### BEGIN HIDDEN TESTS
for seed, (H, S, N, R, C, V) in enumerate([(3, 50, 16, 8, 24, 4), (2, 700, 5, 2, 48, 6)]):
    q, c, k, uk, uv = latent_inputs(H, S, N, R, C, V, seed, size=6)
    precise(mla_attention, q, c.abs() + 0.5, k, uk, uv.abs() + 0.1, oracle=latent64)
for seed, (H, N, R, V) in enumerate([(3, 16, 8, 5), (5, 11, 4, 3)]):
    precise(mla_attention, *latent_ties(H, N, R, V, seed), oracle=latent64)
for dtype, S in [(torch.bfloat16, 1021), (torch.float16, 8189)]:  # 1 / S lies well between two of the dtype's numbers
    ones = (torch.ones(s).to(dtype) for s in [(S, 4), (S, 2), (2, 3, 4)])
    check(mla_attention, torch.zeros(2, 5).to(dtype), *ones, torch.full((2, 3, 4), 0.25).to(dtype), atol=0,
          want=torch.ones(2, 3).to(dtype), rtol=torch.finfo(dtype).eps / 8, why=f"{S} equal weights sum to 1, unless rounded")
g = torch.Generator().manual_seed(8)
c = torch.randint(90, 110, (37, 6), generator=g).float() / 2  # values that are small differences of large latents
uv = torch.tensor([[[1.0, -1, 1, -1, 2, -2], [1, 1, -2, 3, -3, 0]]])
q, k, uk = (torch.randn(s, generator=g) for s in [(1, 6), (37, 2), (1, 4, 6)])
precise(mla_attention, q, c, k, uk / 9, uv, oracle=latent64)
g = torch.Generator().manual_seed(16)
for N, R in [(8, 4), (10, 4), (50, 8)]:  # neither the root of N + R nor its inverse is near a number of a half precision
    q, uk = torch.rand(3, N + R, generator=g) + 0.5, torch.zeros(3, N, 2)
    q, uk[..., 0] = q * 9 * (N + R) ** 0.5 / q[:, :N].sum(1, keepdim=True), 1.0  # scores 9 and 0; the value is the latter's
    uv = torch.rand(3, 5, 2, generator=g) + 0.5
    precise(mla_attention, q, torch.tensor([[1.0, 0.0], [0.0, 200.0]]), torch.zeros(2, R), uk, uv * torch.tensor([0.0, 1.0]),
            oracle=latent64, why="the scale, too, is not rounded to half precision")
q, c, k, uk, uv = (a.half() for a in latent_inputs(2, 6, 8, 4, 12, 3, 9))
want = latent64(100 * q, 10 * c, k, uk, uv).half()
check(mla_attention, 100 * q, 10 * c, k, uk, uv, want=want, rtol=2e-2, atol=2e-2, why="scores beyond 65,504: float32")
unchanged(mla_attention, *latent_inputs(2, 6, 8, 4, 12, 3, 10), want=latent64(*latent_inputs(2, 6, 8, 4, 12, 3, 10)).float(),
          rtol=1e-3, atol=1e-4)
### END HIDDEN TESTS

# %% graded="mla_attention__speed" points=2 tags=["timed"]
# The time it takes for 32 heads over 2,048 cached tokens: absorbed, not spelt out.
def draw(rng):
    "Fresh arguments for one call."
    return tuple(torch.from_numpy(rng.standard_normal(s, dtype="float32") / 8)
                 for s in [(32, 80), (2048, 128), (2048, 16), (32, 64, 128), (32, 64, 128)])

advise(mla_attention, draw, yardstick=lambda q, c, k, uk, uv: (c @ c[:64].T).softmax(0).T @ c, usual=1.2)
### BEGIN HIDDEN TESTS
duel(mla_attention, draw, reference='''
import math
import torch

def mla_attention(q, c, k_rope, w_uk, w_uv):
    N = w_uk.shape[1]
    carried = torch.einsum("hn,hnc->hc", q[:, :N], w_uk)
    scores = (carried @ c.T + q[:, N:] @ k_rope.T) / math.sqrt(q.shape[-1])
    return torch.einsum("hc,hvc->hv", scores.softmax(-1) @ c, w_uv)
''', limit=3.0)
### END HIDDEN TESTS

# %% tags=["picture"]
architectures.absorbed_against_naive(mla_attention)

# %% [markdown]
# Red spells out keys and values of all cached tokens, blue is your function, both timed here. The bars on the right are
# counted, not measured: multiplications for one query in one layer of DeepSeek-V3's sizes over 4,096 cached tokens.

# %% [markdown]
# ## 5 · More than the next token
#
# **Multi-token prediction** (MTP) asks each position for more than one future token while training. Two designs:
#
# - *parallel heads* (Gloeckle et al. 2024, arXiv 2404.19737): n heads, four in the paper, each guesses its own token from
#   the same state;
# - *sequential modules* (DeepSeek-V3): module k reads the state of depth k − 1 **and the embedding of the next true token**,
#   and predicts one token further. So every depth keeps the chain of causes.
#
# $$h^k_i = W_k\,[\mathrm{rms}(h^{k-1}_i)\,;\ \mathrm{rms}(e_{i+k})], \qquad \text{logits}^k_i = W_{head}\,h^k_i$$
#
# predict token i + k + 1; h⁰ is the state of the model itself, whose logits predict token i + 1. (V3 puts a whole
# transformer block around this; we leave it out.) Embedding and head are the main model's own.
#
# **What V3 does.** One module: the next token and *one* more, not four. Its weight in the loss is 0.3, later 0.1. The gain
# is a denser signal and better results, not a faster training step: a step costs more. At inference the module may be
# thrown away, or it drafts: the report gives 85 to 90 % accepted second tokens and 1.8 times the tokens per second. The
# checkpoint on Hugging Face counts 685B because of the module; the model has 671B.
#
# ### Exercise 16.7 · mtp_loss
#
# `mtp_loss(h, ids, embed, head, joins, weight=0.3, real=None)` is the whole training loss, a scalar:
#
# $$\mathcal L = L_0 + \frac{\text{weight}}{K} \sum_{k=1}^{K} L_k$$
#
# - h (B, T, D): the model's final states. ids (B, T). embed (V, D), head (V, D). `joins` is a list of K matrices
#   $W_k$ (D, 2 · D), acting on the state first, then the embedding. K = 0: the loss is L₀.
# - $L_k$ is the mean cross-entropy, in nats, of depth k's logits. Position i of depth k has the target ids[i + k + 1], so
#   depth k has T − 1 − k positions in each row; nothing wraps around. T ≥ K + 2. (V3's report divides by T at each depth;
#   we take the mean over what there is.)
# - `rms` is your `rms_norm` with a weight of ones and eps = 1e-6. The states h⁰ go to the head *without* it.
# - `real` (B, T), bool: False for padding, which stands on the right. A position counts at depth k only if its target is
#   real; $L_k$ is one mean over all counting positions of the batch. Where none counts, $L_k$ = 0. None: everything counts.
# - Gradients reach h, embed, head and the joins. The tests use float32 and float64.
#
# Source: DeepSeek-V3, arXiv 2412.19437, section 2.2.

# %% stub="mtp_loss"
def mtp_loss(h: Float[Tensor, "B T D"], ids: Int[Tensor, "B T"], embed: Float[Tensor, "V D"], head: Float[Tensor, "V D"],
             joins: list[Float[Tensor, "D 2*D"]], weight: float = 0.3, real: Bool[Tensor, "B T"] | None = None,
             ) -> Float[Tensor, ""]:
    """The loss of next-token prediction plus weight / K times that of K further depths.

    With a head of zeros every prediction is uniform: L_k = log V at all depths, (1 + weight) log V in all.
    """
    ### BEGIN SOLUTION
    real = torch.ones_like(ids, dtype=torch.bool) if real is None else real
    ones, total = torch.ones_like(head[0]), 0.0
    for k in range(len(joins) + 1):
        if k:
            ahead = embed[ids[:, k:]]  # position i meets token i + k
            h = torch.cat([rms_norm(h[:, :-1], ones, 1e-6), rms_norm(ahead, ones, 1e-6)], -1) @ joins[k - 1].T
        nats = F.cross_entropy((h[:, :-1] @ head.T).flatten(0, 1), ids[:, k + 1:].flatten(), reduction="none")
        counts = real[:, k + 1:].flatten()
        mean = torch.where(counts, nats, 0.0).sum() / counts.sum().clamp(min=1)
        total = total + (weight / len(joins) if k else 1.0) * mean
    return total
    ### END SOLUTION
    raise NotImplementedError("mtp_loss")


# %% [markdown] hints="mtp_loss"
# <details><summary>Hint 1: a question</summary>
#
# The state at position 0 of depth 1 has seen which tokens? Which is the first that it has not seen? What are the last
# positions to do, whose target lies beyond the text?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# T = 5, K = 2, tokens t0 … t4. Depth 0: positions 0–3, targets t1–t4. Depth 1: position i joins its state with t(i+1),
# predicts t(i+2): positions 0–2. Depth 2: joins the state *of depth 1* at i with t(i+2), predicts t(i+3): positions 0, 1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Cutting one position off at each depth (states from the right, embeddings from the left) keeps all shapes aligned. And
# the weight is shared by the depths: weight / K each, while L₀ has weight 1.
#
# </details>

# %% graded="mtp_loss__targets" points=3
# Which token each depth joins and which it predicts.
check(mtp_loss, torch.zeros(1, 4, 2), torch.tensor([[0, 1, 2, 0]]), torch.ones(3, 2), torch.zeros(3, 2),
      [torch.zeros(2, 4)], want=torch.tensor(1.3 * math.log(3)), why="uniform predictions: log 3 at both depths",
      mistakes={"the mean of the depths": torch.tensor(math.log(3)), "no weight": torch.tensor(2 * math.log(3))})
check(mtp_loss, torch.zeros(1, 3, 1), torch.tensor([[0, 1, 2]]), torch.tensor([[9.0], [-2.0], [9.0]]),
      torch.tensor([[0.0], [0.0], [1.0]]), [torch.tensor([[0.0, 1.0]])], 1.0,
      want=torch.tensor(math.log(3) + math.log(2 + math.exp(-1)) + 1), rtol=1e-4, atol=1e-4,
      why="depth 1: position 0 joins token 1 (rms(-2) = -1) and predicts token 2",
      mistakes={"depth 1 joined the position's own token": torch.tensor(math.log(3) + math.log(2 + math.e) - 1)})
### BEGIN HIDDEN TESTS
for seed, (B, T, D, V, depth, weight) in enumerate([(1, 3, 4, 5, 1, 0.3), (2, 7, 6, 11, 1, 0.1), (3, 6, 5, 7, 2, 0.3),
                                                    (2, 9, 3, 80, 4, 2.0), (2, 5, 4, 6, 3, 0.5), (1, 40, 8, 9, 1, 1.0)]):
    given = mtp_inputs(B, T, D, V, depth, seed)
    check(mtp_loss, *given, weight, want=mtp64(*given, weight).float(), rtol=1e-4, atol=1e-4,
          why=f"L_0 + {weight} / {depth} * the sum of {depth} depths")
    given = mtp_inputs(B, T, D, V, depth, seed + 20, torch.float64)
    check(mtp_loss, *given, weight, want=mtp64(*given, weight), rtol=1e-7, atol=1e-7, why="float64 in, float64 out")
given = mtp_inputs(3, 6, 5, 7, 2, 30)
check(mtp_loss, *given, want=mtp64(*given, 0.3).float(), rtol=1e-4, atol=1e-4, why="the weight is 0.3 where not given")
check(mtp_loss, given[0].transpose(0, 1).contiguous().transpose(0, 1), given[1].T.contiguous().T, *given[2:],
      want=mtp64(*given).float(), rtol=1e-4, atol=1e-4, why="not contiguous")
### END HIDDEN TESTS

# %% graded="mtp_loss__edges" points=1
# No module at all; large logits.
check(mtp_loss, torch.tensor([[[1.0], [5.0]]]), torch.tensor([[0, 1]]), torch.ones(2, 1), torch.tensor([[0.0], [1.0]]), [],
      want=torch.tensor(math.log(1 + math.exp(-1))), why="K = 0: plain next-token prediction")
### BEGIN HIDDEN TESTS
for seed, (B, T) in enumerate([(1, 2), (3, 5), (2, 31)]):
    given = mtp_inputs(B, T, 4, 6, 0, seed)
    check(mtp_loss, *given, want=mtp64(*given).float(), rtol=1e-4, atol=1e-4, why="K = 0")
h, ids, embed, head, joins = mtp_inputs(2, 5, 4, 6, 2, 7)
check(mtp_loss, 1000 * h, ids, embed, 100 * head, joins, 0.3, want=mtp64(1000 * h, ids, embed, 100 * head, joins).float(),
      rtol=1e-4, atol=1e-2, why="logits in the hundred thousands: log-softmax, not the log of a softmax")
### END HIDDEN TESTS

# %% graded="mtp_loss__padding" points=2
# Rows of different length: the mean over counting positions, and depths where none counts.
check(mtp_loss, torch.zeros(1, 3, 1), torch.tensor([[0, 1, 1]]), torch.ones(2, 1), torch.zeros(2, 1), [torch.zeros(1, 2)],
      0.5, torch.tensor([[True, True, False]]), want=torch.tensor(math.log(2)),
      why="depth 1 would predict token 2, which is padding: nothing counts, L_1 = 0")
### BEGIN HIDDEN TESTS
for seed, lengths in enumerate([(7, 4, 2), (5, 7, 1), (7, 7, 7), (3, 2, 2), (1, 1, 1)]):
    real = torch.arange(7) < torch.tensor(lengths)[:, None]
    for depth in (1, 2, 4):
        given = mtp_inputs(3, 7, 4, 9, depth, seed)
        check(mtp_loss, *given, 0.7, real, want=mtp64(*given, 0.7, real).float(), rtol=1e-4, atol=1e-4,
              why=f"lengths {lengths}: one mean over all positions whose target is real, at each of {depth} depths")
### END HIDDEN TESTS

# %% graded="mtp_loss__gradients" points=2
# Gradients for states, embedding and head; arguments stay.
given = (torch.tensor([[[1.0], [5.0]]]), torch.tensor([[0, 1]]), torch.ones(2, 1), torch.tensor([[0.0], [1.0]]), [])
value, (grad,) = value_and_grad(mtp_loss, *given, wrt=[0])
expect(grad, torch.tensor([[[-0.2689414], [0.0]]]), on="the gradient of mtp_loss for h", why="softmax minus the target")
### BEGIN HIDDEN TESTS
short = torch.tensor([[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0]]).bool()
for seed, (depth, real) in enumerate([(1, None), (3, None), (2, short)]):
    h, ids, embed, head, joins = mtp_inputs(2, 6, 4, 7, depth, seed, torch.float64)
    leaves = [a.clone().requires_grad_() for a in (h, embed, head)]
    want = torch.autograd.grad(mtp64(leaves[0], ids, *leaves[1:], joins, 0.3, real), leaves)
    _, got = value_and_grad(mtp_loss, h, ids, embed, head, joins, 0.3, real, wrt=[0, 2, 3])
    for name, g, w in zip(("h", "embed", "head"), got, want):
        expect(g, w, on=f"the gradient of mtp_loss for {name}, {depth} modules", rtol=1e-5, atol=1e-7,
               why="every depth learns, and through it the embedding and the head")
given = mtp_inputs(2, 6, 4, 7, 2, 5)
unchanged(mtp_loss, *given, want=mtp64(*given).float(), rtol=1e-4, atol=1e-4)
### END HIDDEN TESTS

# %% tags=["picture"]
architectures.who_learns_from_what(mtp_loss)

# %% [markdown]
# Rows are depths, columns are positions; a dark cell has a gradient, so it learns. Each depth loses one position at the
# end, and none learns from the last token.
#
# ## 6 · Your block runs a language model
#
# What is missing between a block and a language model: an embedding before, a norm and a head after, a mask, and the
# names under which a checkpoint keeps its weights.
#
# ### Exercise 16.8 · language_model
#
# `language_model(ids, weights, c, real=None)` gives the logits (B, T, V) after each token of ids (B, T).
#
# - `weights` is a flat dict of tensors, as `Transformer(c).state_dict()` in `course/models/transformer.py` gives it:
#   `"embed.weight"` (V, D); for every layer i from 0 to `c.layers` − 1 `"blocks.{i}.norm1.weight"` and `norm2`,
#   `"blocks.{i}.attention.q.weight"` and `k`, `v`, `out`, `"blocks.{i}.mlp.gate.weight"` and `up`, `down`; at last
#   `"norm.weight"` (D,) and `"head.weight"` (V, D). Where `c.tied`, the head is the embedding; `"head.weight"` may
#   then be missing, and is not used where it is there. The dict may hold more layers than `c.layers`; they are not used.
# - Embed, run the blocks in pre-norm order, norm with `c.eps`, head. The embedding is **not** scaled.
# - The mask is causal over the real tokens: `real` (B, T), bool, False for padding, on either side; None: all are real.
#   Logits after padding tokens are not tested. Positions are 0, 1, 2, … in every row, padding included: rotary scores
#   depend on distances alone, so padding on the left shifts nothing.
# - The tests use float32 and float64.
#
# Use your own `make_mask`, `rms_norm` and `block`; a short solution has ten lines. Source: `Transformer` in
# `course/models/transformer.py`, which you rebuild; SmolLM2, arXiv 2502.02737.

# %% stub="language_model"
def language_model(ids: Int[Tensor, "B T"], weights: dict[str, Tensor], c: Config,
                   real: Bool[Tensor, "B T"] | None = None) -> Float[Tensor, "B T V"]:
    """Logits after each token: embedding, c.layers pre-norm blocks, norm, head.

    With c.layers = 0 it is rms_norm(embed[ids]) @ head.T.
    """
    ### BEGIN SOLUTION
    mask = make_mask("causal", torch.ones_like(ids, dtype=torch.bool) if real is None else real)
    x = weights["embed.weight"][ids]
    for i in range(c.layers):
        start = f"blocks.{i}."
        x = block(x, {name.split(".")[-2]: w for name, w in weights.items() if name.startswith(start)}, c, mask)
    head = weights["embed.weight" if c.tied else "head.weight"]
    return rms_norm(x, weights["norm.weight"], c.eps) @ head.T
    ### END SOLUTION
    raise NotImplementedError("language_model")


# %% [markdown] hints="language_model"
# <details><summary>Hint 1: a question</summary>
#
# Your block wants the names norm1, q, gate …; the checkpoint says `blocks.7.attention.q.weight`. Which part of the
# name picks the layer, and which one names the matrix?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `"blocks.1.mlp.gate.weight".split(".")` is `["blocks", "1", "mlp", "gate", "weight"]`: index 1 is the layer, index −2 the
# name. And `"blocks.1."` with its final dot does not begin `"blocks.12.mlp.gate.weight"`.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A pre-norm stream is never normed on its way, so one norm is needed at the end. And a tied head is used as it is: the
# embedding is (V, D), just as a head is.
#
# </details>

# %% graded="language_model__logits" points=3
# A small random model of the same kind as SmolLM2, against the course's own transformer.
c = Config(vocab=23, layers=2, width=12, heads=4, kv_heads=2, head_dim=6, hidden=20, eps=1e-5)
transformer = Transformer(c, 1)
ids = torch.tensor([[3, 14, 0, 9, 2, 6]])
with torch.no_grad():
    want, _ = transformer(ids)
check(language_model, ids, {n: w.detach() for n, w in transformer.state_dict().items()}, c, want=want, rtol=1e-3, atol=1e-3,
      why="the logits of the transformer whose weights these are")
### BEGIN HIDDEN TESTS
for seed, (c, B, T) in enumerate([
        (Config(31, 1, 9, 3, 1, 4, 14, base=50.0, eps=1e-6), 2, 5), (Config(17, 12, 8, 2, 2, 6, 5, eps=1e-5), 1, 4),
        (Config(41, 3, 10, 6, 3, 2, 30, base=1e5, eps=1e-2), 3, 70), (Config(19, 2, 12, 4, 2, 6, 20, eps=0.3), 2, 1),
        (Config(11, 0, 6, 2, 1, 4, 3, eps=1e-5), 2, 3)]):
    weights = checkpoint(c, seed)
    ids = torch.randint(c.vocab, (B, T), generator=torch.Generator().manual_seed(seed))
    want = language64(ids, weights, c)
    check(language_model, ids, weights, c, want=want.float(), rtol=2e-3, atol=2e-3, why=f"{c.layers} layers, eps {c.eps:g}")
    check(language_model, ids, {n: w.double() for n, w in weights.items()}, c, want=want, rtol=1e-5, atol=1e-5)
c, weights = Config(23, 2, 12, 4, 2, 6, 20, eps=1e-5), checkpoint(Config(23, 13, 12, 4, 2, 6, 20, eps=1e-5), 8)
ids = torch.tensor([[1, 0, 22, 7]])
check(language_model, ids, weights, c, want=language64(ids, weights, c).float(), rtol=2e-3, atol=2e-3,
      why="a dict of 13 layers, of which c.layers = 2 are used")
### END HIDDEN TESTS

# %% graded="language_model__tied" points=1
# The head is the embedding where the weights are tied.
c = Config(vocab=13, layers=1, width=8, heads=2, kv_heads=1, head_dim=4, hidden=6, eps=1e-5, tied=True)
weights = {n: w.detach() for n, w in Transformer(c, 2).state_dict().items() if n != "head.weight"}
with torch.no_grad():
    want, _ = Transformer(c, 2)(torch.tensor([[5, 0, 12]]))
check(language_model, torch.tensor([[5, 0, 12]]), weights, c, want=want, rtol=1e-3, atol=1e-3,
      why="there is no head.weight: the embedding serves twice")
### BEGIN HIDDEN TESTS
for seed in range(3):
    c = Config(29, 1 + seed, 10, 5, 1 + 4 * (seed % 2), 4, 7, base=200.0, eps=1e-4, tied=True)
    weights, ids = checkpoint(c, seed), torch.randint(29, (2, 6), generator=torch.Generator().manual_seed(seed))
    want = language64(ids, weights, c).float()
    check(language_model, ids, weights, c, want=want, rtol=2e-3, atol=2e-3, why="tied")
    check(language_model, ids, weights | {"head.weight": 1 - weights["embed.weight"]}, c, want=want, rtol=2e-3, atol=2e-3,
          why="tied: the head is the embedding, whatever else the dict holds")
c = Config(29, 2, 10, 5, 1, 4, 7, base=200.0, eps=1e-4)
weights = checkpoint(c, 9)
check(language_model, ids, weights, c, want=language64(ids, weights, c).float(), rtol=2e-3, atol=2e-3, why="not tied")
### END HIDDEN TESTS

# %% graded="language_model__padding" points=2
# A padded batch gives each row what it gets alone.
c = Config(vocab=23, layers=2, width=12, heads=4, kv_heads=2, head_dim=6, hidden=20, eps=1e-5)
weights = {n: w.detach() for n, w in Transformer(c, 1).state_dict().items()}
with torch.no_grad():
    alone, _ = Transformer(c, 1)(torch.tensor([[3, 14, 9]]))
got = language_model(torch.tensor([[0, 0, 3, 14, 9], [1, 2, 3, 4, 5]]), weights, c,
                     torch.tensor([[False, False, True, True, True], [True] * 5]))
expect(got[:1, 2:].detach(), alone, on="the logits of a row padded on the left with two tokens", rtol=1e-3, atol=1e-3,
       why="padding is seen by nobody")
### BEGIN HIDDEN TESTS
for seed, (B, T, right) in enumerate([(3, 6, False), (3, 6, True), (2, 9, False), (4, 5, True)]):
    c = Config(23, 2 + seed % 2, 12, 4, 2, 6, 20, base=100.0, eps=1e-5, tied=bool(seed % 2))
    g, weights = torch.Generator().manual_seed(seed), checkpoint(c, seed)
    ids, lengths = torch.randint(23, (B, T), generator=g), torch.randint(1, T + 1, (B,), generator=g)
    place = torch.arange(T).flip(0) if not right else torch.arange(T)
    real = place < lengths[:, None]
    got = language_model(ids.clone(), dict(weights), c, real.clone())
    for b in range(B):
        want = language64(ids[b:b + 1, real[b]], weights, c).float()
        expect(got[b:b + 1, real[b]].detach(), want, on=f"row {b} of lengths {lengths.tolist()}, padded on the "
               f"{'right' if right else 'left'}", rtol=2e-3, atol=2e-3, why="what the row gets alone")
### END HIDDEN TESTS

# %% graded="language_model__inplace" points=1
# Ids and weights stay as they are.
c = Config(vocab=7, layers=1, width=4, heads=2, kv_heads=1, head_dim=2, hidden=3, eps=1e-5)
weights = {n: w.detach() for n, w in Transformer(c, 3).state_dict().items()}
with torch.no_grad():
    want, _ = Transformer(c, 3)(torch.tensor([[5, 0, 2]]))

def in_this_shape(ids, weights, real=None):
    "language_model in the shape c: what may change is the tensors."
    return language_model(ids, weights, c, real)

unchanged(in_this_shape, torch.tensor([[5, 0, 2]]), weights, want=want, rtol=1e-3, atol=1e-3)
### BEGIN HIDDEN TESTS
c = Config(vocab=7, layers=2, width=4, heads=2, kv_heads=1, head_dim=2, hidden=3, eps=1e-5, tied=True)
weights, ids, real = checkpoint(c, 4), torch.tensor([[5, 0, 2], [1, 1, 6]]), torch.tensor([[True] * 3, [True] * 3])
unchanged(in_this_shape, ids, weights, real, want=language64(ids, weights, c).float(), rtol=2e-3, atol=2e-3)
unchanged(in_this_shape, ids.T.contiguous().T, weights, want=language64(ids, weights, c).float(), rtol=2e-3, atol=2e-3)
### END HIDDEN TESTS

# %% [markdown]
# **And now the true weights.** SmolLM2-135M-Instruct has 30 of your blocks. The first cell compares your logits with the
# model's own and lets your model write, without a cache, so every token runs the whole text again. The second asks what
# each piece is worth: it leaves one out of the trained model, without retraining, and measures the loss on a text. That
# shows what this model has come to rely on, not which architecture is better. Both together take about 20 seconds.

# %% tags=["real"]
from course.models.smollm import attempt, chat, load

with attempt():  # without the model, or without your functions, it says so
    smollm, tokenizer = load()
    architectures.your_smollm(language_model, smollm, tokenizer, chat(tokenizer, "What is the capital of Spain?"))

# %% tags=["real"]
with attempt():
    architectures.without_a_piece(block, rms_norm, make_mask, smollm, tokenizer)

# %% [markdown]
# Which changes leave the model nearly as it was, and which are worse than a uniform guess? A cap far above the scores
# that occur is free; a low one is not. The order of a block, and the last norm, cannot be exchanged after training: the
# weights were learned for the stream that they met. So "same size, parallel blocks" is a decision before pretraining.

# %% [markdown]
# ## 7 · The experiment: what do fewer numbers cost?
#
# A token's cache is all that later tokens can know of it. How far may it shrink? We train small models, one attention
# layer each, on lists of six items. Each item has four attributes, each attribute a key and a value; a query asks, for
# each attribute, for the value of the item with a given key. There are four query heads, one for each question. Only the
# cache differs:
#
# | scheme | key/value heads of size 8 | numbers a token |
# |---|---|---|
# | MHA | 4 | 64 |
# | GQA | 2 | 32 |
# | MQA (multi-query) | 1 | 16 |
#
# It takes about 15 seconds on one thread. A guess is right in one case of six.
#
# **Predict before you run it.** MHA learns the task perfectly. Who of the others answers at least 95 % of the questions
# right: `"neither"`, `"only GQA"`, or `"both"`? One point for committing, one for being right.

# %% stub="prediction"
prediction: str | None = None  # "neither", "only GQA" or "both"
### BEGIN SOLUTION
prediction = "only GQA"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to one of the three.
committed(prediction, options=["neither", "only GQA", "both"])

# %% graded="prediction__right" points=1
# It is what the experiment shows.
committed(prediction, options=["neither", "only GQA", "both"])
### BEGIN HIDDEN TESTS
predicted(prediction, "only GQA", "A head of 8 numbers has to tell apart the keys of every attribute that it serves.")
### END HIDDEN TESTS

# %% tags=["experiment"]
H, E = 4, 8  # query heads, head size
kinds = {"MHA": 4, "GQA": 2, "MQA": 1}  # key/value heads


def numbers(K):  # that a token leaves in the cache
    return 2 * K * E


def spelt(cached):
    "Keys and values (B, H, T, E) from what is cached (B, T, numbers)."
    k, v = cached.unflatten(-1, (2, -1, E)).permute(2, 0, 3, 1, 4)
    return [a.repeat_interleave(H // a.shape[1], 1) for a in (k, v)]


table = architectures.recall(kinds, numbers, spelt, H, E, prediction=prediction)

# %% [markdown]
# - Where does quality fall: gently, or at one step? What did the first halving cost?
# - Count for MQA: one key of 8 numbers has to tell apart six symbols of *each* of four attributes, and one value of 8
#   has to carry four answers. What do two heads have instead?
# - With a task that asks for one thing at a time you would hardly see a difference. That is why perplexity on plain text
#   says little about a smaller cache, and recall over long contexts says more.
#
# The intervals are 95 % over 1,000 fresh lists, for one training run. The lesson has a limit: training matters too.
# Stopped halfway, results scatter from seed to seed, since each head must first find its attribute. And a head size of 8
# is chosen so that something breaks; real heads have 64 to 256 numbers.

# %% [markdown]
# ## 8 · Feel it: sizes of a model
#
# Turn a dense model into a mixture of experts and watch what sleeps. Make the width small and the vocabulary large: when
# does tying pay? Change the number of key/value heads: which bar moves, and how little does it do for the parameters?

# %% tags=["widget"]
architectures.widget(count_params)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme). For the third part you need that a
# **decode** step at batch 1 reads every weight that its token uses once, so its time is at least bytes over bandwidth;
# and for the fourth that a final training run is often priced as GPU hours times a rent.

# %% [markdown] question="three_models"
# A blog compares three models: *"Llama-3.1-405B: dense. Mixtral-8x22B: 176B parameters, 44B active. DeepSeek-V3: 671B, 37B
# active; its Multi-Latent Attention cuts the cache by 93 % against standard attention; it predicts four tokens at once,
# which makes training faster; it cost 5 million dollars, Llama 100 million."* Configurations: 405B: 126 layers, 128 query
# and 8 key/value heads of 128. 8x22B: V = 32,000, 56 layers, D = 6144, 48 and 8 heads of 128, F = 16,384, 2 of 8 experts.
# V3: 61 layers, 128 heads, latent 512 + 64. Write, in about 15 lines:
#
# 1. Total and active parameters of Mixtral-8x22B, from its configuration. Where does the 176B come from?
# 2. The BF16 cache of 131,072 tokens for each of the three. What is V3's saving, against which baseline?
# 3. Bytes of weights that a decode step reads at batch 1 in BF16 for 405B and for V3. What changes at batch 256?
# 4. Correct the sentences on prediction and on cost.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Parameters**: layer: attention 2 · 6144 · (6144 + 1024) = 88.1 million, expert 3 · 6144 · 16,384 = 302.0 million. 56 ·
#   (88.1 + 8 · 302.0) million plus 0.39 billion for embedding and head: 140.6 billion; active with 2 experts 39.15
#   billion. 176 = 8 · 22 counts attention and embedding eight times. (Rounding is fine.)
# - **Cache**: 516,096, 229,376 and 70,272 bytes a token: 67.6, 30.1 and 9.2 GB. V3's saving with its baseline: 98 % against
#   MHA of its own size, or 86 % against Llama-405B. The 93 % is V2's, against DeepSeek 67B and with 6-bit quantisation.
#   (Half a point without a baseline.)
# - **Decode**: 812 GB against about 75 GB (37.6 billion · 2; 73 without the embedding table, of which a token reads
#   one row). At a large batch nearly every expert is chosen by some token, so almost all 1,342 GB are read, shared by 256
#   tokens; caches, which are not shared, then matter.
# - **Corrections**: one extra token (depth 1), a denser signal and not a faster step; optional speculative decoding at
#   inference. The 5.6 million dollars are the final run's 2.788 million H800 hours at 2 dollars, without research and
#   trials; by the same count Llama's 30.84 million H100 hours are 62 million. (Half a point for one of the two.)
#
# === END MARK SCHEME ===

# %% [markdown] written="three_models" points=4
# ### BEGIN SOLUTION
# 1. One layer: attention 2 * 6144 * (48 + 8) * 128 = 88.1M, one expert 3 * 6144 * 16384 = 302.0M. Total 56 * (88.1M + 8 *
#    302.0M) + 2 * 32000 * 6144 = 140.6B; active 56 * (88.1M + 2 * 302.0M) + 0.39B = 39.15B. 176 is 8 * 22, which counts
#    attention, embedding and norms once per expert; only the MLP is copied.
# 2. Per token: 405B 2 * 126 * 8 * 128 * 2 = 516,096 bytes, 8x22B 2 * 56 * 8 * 128 * 2 = 229,376, V3 61 * 576 * 2 = 70,272.
#    Times 131,072: 67.6, 30.1, 9.2 GB (Mixtral was trained for 65,536 only). V3 saves 98 % against MHA with its own 128 heads
#    and 86 % against Llama-405B. The 93 % is DeepSeek-V2 against DeepSeek 67B, with a 6-bit cache on one side.
# 3. Llama reads all 405.9B weights, 812 GB. V3 reads its active 37.6B, 75 GB, eleven times less. At batch 256 the tokens
#    together choose nearly all experts: V3 reads close to its whole 1,342 GB, but once for all 256.
# 4. V3's MTP has depth 1: the next token and one more. It densifies the signal, a step gets no faster; at inference it can
#    draft for speculative decoding. 5.576M dollars is 2.788M H800 hours * 2 dollars for the final run alone. By the same
#    count Llama's 30.84M H100 hours are 62M dollars. Neither includes research, failed runs, data or people.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="16.1" level="basic"
# <details><summary>How do encoder-only, decoder-only and encoder-decoder models differ?</summary>
#
# - In the mask, and so in what they are trained to do.
# - Encoder-only (BERT): everybody sees everybody; trained to fill masked tokens; gives vectors, for search and
#   classification.
# - Decoder-only (GPT, Llama): causal; trained on the next token; writes.
# - Encoder-decoder (T5, Whisper): bidirectional over the source, causal over the target, cross attention between;
#   translation, speech.
# - Between them: a prefix-LM, bidirectional over the prompt only.
# - "Encoders cannot generate" holds for left-to-right writing; masked diffusion models do generate.
#
# </details>

# %% [markdown] card="16.2" level="basic"
# <details><summary>Why are modern LLMs decoder-only?</summary>
#
# - Every token is a training example; BERT's recipe uses 15 %.
# - Causality lets keys and values be cached and shared: turns of a chat, common prefixes.
# - One objective and one stack for all tasks; examples in the context take the place of task heads.
# - Tools and scaling experience grew around it. Not because encoder-decoders are weak: at equal compute they stay
#   competitive.
# - A decoder can even fill gaps, if trained on rearranged text (fill-in-the-middle); a prompt alone does not do it.
#
# </details>

# %% [markdown] card="16.3" level="medium"
# <details><summary>Explain mixture of experts (MoE).</summary>
#
# - The MLP of a layer becomes N experts; a router scores them for each token, the top k run, their outputs are summed
#   with the gate's weights. Attention stays shared.
# - k = 2 of 8 is Mixtral; DeepSeek-V3 takes 8 of 256 and a shared one, Kimi K2 8 of 384, gpt-oss-120b 4 of 128.
# - Total parameters are stored, active ones computed: Mixtral-8x7B 46.7 and 12.9 billion, not 56 and 14.
# - Experts are not subject specialists: routing follows tokens and syntax more than domains.
# - Prices: all weights in memory, balance of load, traffic between machines. At large batch every expert is read anyway.
#
# </details>

# %% [markdown] card="16.4" level="medium"
# <details><summary>What are the architectural innovations of DeepSeek-V3?</summary>
#
# - **Multi-head latent attention** (from V2): a latent of 512 and a shared rotary key of 64 per token and layer, 70,272
#   bytes a token; absorbed in decoding.
# - **Fine-grained experts**: 256 routed, 8 chosen from at most 4 of 8 groups, 1 shared; 671 billion parameters, 37 active.
# - **Balance by bias**: added for the choice, not in the gate; a tiny balance loss (1e-4) remains.
# - **Multi-token prediction**, depth 1: one further token, denser signal; drafts at inference (85 to 90 % accepted).
# - Trained in FP8, an 8-bit number format. And two misquotations: "93 % less cache" is V2's, "four tokens" is another
#   paper.
#
# </details>

# %% [markdown] card="" level="basic"
# <details><summary>Why is SwiGLU's hidden size 8/3 of the width, and is it always?</summary>
#
# - It has three matrices, the old MLP two. 3 · D · F = 8 · D² gives F = 8/3 D: same parameters, same work.
# - Then rounded: Llama-2-7B 10,923 → 11,008, a multiple of 256.
# - Only a rule for fair comparison: Llama-3-8B takes 3.5 D, small experts 0.3 D.
# - silu(gate) · up: one branch decides how much of the other passes. Only one is activated.
#
# </details>

# %% [markdown] card="" level="basic"
# <details><summary>When does one tie the embedding and the head?</summary>
#
# - In small models. SmolLM2-135M: the table is 21 % of all parameters, a second one would add 21 %.
# - In large ones it is small change (3 % for both in Llama-3-70B), and two matrices may learn two jobs.
# - Count it once; load it twice. The bug: training moves one copy when the tie was lost on loading.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Pre-norm or post-norm? And what is a parallel block?</summary>
#
# - Post: x ← norm(x + f(x)); pre: x ← x + f(norm(x)). Pre leaves the stream untouched, so gradients reach early layers
#   and training is stable without a long warm-up.
# - Its price: the stream grows with depth, late layers change little, and a last norm is needed before the head.
# - Newer: a norm on the branch's output (OLMo 2), or on both sides (Gemma 2 and 3).
# - Parallel: x ← x + attention(norm(x)) + mlp(norm(x)): matrix products can be merged, one all-reduce (sum over GPUs)
#   instead of two under tensor parallelism. PaLM: 15 % faster, no loss at 62B.
# - An order is a property of the weights: another order at inference breaks the model.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>QK-norm and logit soft-capping: what are they for?</summary>
#
# - Against scores that grow until softmax is a hard maximum and the loss jumps.
# - QK-norm: RMSNorm over each head's query and key, before the rotation; E weights each per layer. Qwen 3, Gemma 3
#   (OLMo 2: one norm over all heads' numbers).
# - Soft-capping: cap · tanh(s / cap); Gemma 2: scores at 50, final logits at 30. Needs support in the fused kernel.
# - Cap, then mask. The other way round a masked score becomes −cap, and the future leaks.
# - QK-norm does not fit MLA directly: the full keys never exist. DeepSeek norms the latents instead.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How does a decoder-only model fill in the middle of a file?</summary>
#
# - By training on rearranged documents: PSM `PRE prefix SUF suffix MID middle`, SPM `PRE SUF suffix MID prefix middle`.
#   Not by a prompt.
# - To ask: the same with an empty middle; stop at the end token.
# - SPM keeps prefix and middle together, and its cache survives while the user types.
# - The usual bugs: sentinel order, forged sentinels in user text, cutting inside a token, no end token.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Why mix attention with state-space layers?</summary>
#
# - Attention: exact recall, a cache that grows, work per token that grows.
# - SSM or linear attention: a state of fixed size, constant memory and work, but it forgets; exact copying is its weakness.
# - Hybrids keep few attention layers for recall: Jamba one of eight, Qwen3-Next one of four. The cache shrinks likewise.
# - What to ask of one: recall at long range, not perplexity alone; kernels; prefix caching of a state is harder, since a
#   state cannot be cut back to an earlier token.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>How is MLA absorbed, and why must the rotary key stand apart?</summary>
#
# - q · (W_UK c) = (W_UKᵀ q) · c: carry the query into the latent space once; scores are products with the cached latents.
#   Values: average the latents, then project the average.
# - The scale stays √(N + R) = √192 in V3, that of the key which is never spelt out.
# - A rotation between q and W_UK depends on the distance, so the product could not be formed once. Hence R = 64 numbers
#   computed from the token itself, turned, cached, shared by all heads.
# - Decode absorbed: 2 C + R = 1,088 multiplications a pair and head, but no spelling out. Prefill naive: 320 a pair.
# - Absorbed, it is attention with **one** key/value head of 576 numbers and 128 query heads: it cannot be split over GPUs
#   by key/value heads; each GPU keeps the whole latent.
#
# </details>

# %% [markdown] card="16.5" level="killer"
# <details><summary>Compare the architectures of Llama 3.1, Mixtral and DeepSeek-V3.</summary>
#
# - **Llama-3.1-405B**: dense, 405.9 billion, 126 layers, GQA 8 of 128 heads, 128K; 516,096 bytes of cache a token.
# - **Mixtral-8x22B**: 140.6 billion, 39.2 active (not 176 and 44), 56 layers, GQA 8 of 48, 2 of 8 experts, 64K; 229,376
#   bytes.
# - **DeepSeek-V3**: 671 billion, 37 active, 61 layers, MLA 512 + 64, 8 of 256 experts and a shared one, MTP of depth 1, 128K;
#   70,272 bytes.
# - A decode step at batch 1 in BF16 reads 812, 78 and 75 GB of weights. To *store* them: 812, 281 and 1,342 GB.
# - So: dense is simplest to serve, tune and quantise, and the dearest per token. MoE trades memory and traffic for work.
# - Cost claims: V3's 5.576 million dollars is the final run at 2 an hour; Llama by the same count 62 million; Mixtral
#   has published nothing.
#
# </details>

# %% [markdown] card="16.6" level="killer"
# <details><summary>What is Chain-of-Experts (CoE), and how does it differ from MoE?</summary>
#
# - MoE: the chosen experts of a layer read the same input, in parallel. CoE: the layer runs in C rounds, each with its
#   own router and a residual; later experts read what earlier ones wrote.
# - Equal compute: K / C experts a round. Reported: loss 1.20 → 1.12 on mathematics; two rounds match three times the chosen
#   experts, 17.6 to 42 % less memory.
# - "MoE assigns tokens statically" is not the difference: MoE routes each token in each layer anew.
# - Price: rounds are sequential (latency, twice the all-to-all traffic between machines), and the evidence is small-scale.
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# Masks and T5: Raffel et al., arXiv 1910.10683; UL2: Tay et al., 2205.05131. FIM: Bavarian et al., 2207.14255. RMSNorm:
# Zhang and Sennrich, 1910.07467. Gated MLPs: Shazeer, 2002.05202. Pre-norm: Xiong et al., 2002.04745. PaLM: 2204.02311.
# QK-norm: Henry et al., 2010.04245. Gemma 2: 2408.00118; Gemma 3: 2503.19786. OLMo 2: 2501.00656. Mixtral: 2401.04088.
# DeepSeek-V2: 2405.04434; V3: 2412.19437. Multi-token heads: Gloeckle et al., 2404.19737. Chain-of-Experts: Wang et al.,
# 2506.18945. Jamba: Lieber et al., 2403.19887. SmolLM2: 2502.02737. Configurations: `course/models/shapes.py`, each
# counted again by building the model without memory.
