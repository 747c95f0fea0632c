# %% [markdown]
# # 19 · Mixture of experts
#
# **After this notebook you can answer, with numbers:**
#
# - What does a mixture-of-experts layer compute, and which of its conventions change the result (softmax or sigmoid,
#   renormalised or not)?
# - Why do routers collapse, and what do a balancing loss, a balancing bias, capacity and groups each do about it?
# - What do "46.7B total, 12.9B active" tell you about memory and about speed, at batch 1 and at batch 64?
# - What travels between devices under expert parallelism, and when is a dense model the better choice?
#
# You build eight exercises of at most 25 lines each. The last one is a whole layer that trains from a badly skewed
# start and does not collapse. It takes about three hours; the end of part 3 is a good place to stop. It builds on
# softmax and on the feed-forward layer of a transformer, and needs no other section.

# %% [markdown] house_rules

# %% [markdown]
# **Letters:** T tokens, D model width, F hidden width of one expert, E experts (this section has no attention heads,
# so E is free), k experts that a token uses, C capacity, B sequences that decode together. **Units:** 1 GB is 10⁹
# bytes, 1 GiB is 2³⁰ bytes, 1 TB/s is 10¹² bytes a second. Indices begin with 0. **float64** in means float64 all the
# way: the tests compare such answers to nine digits.
#
# **Words:** *MoE* is mixture of experts. *FFN* is the feed-forward network of a transformer layer, the two or three
# matrices after the attention. *Dense* is the ordinary model, in which every token uses every weight. A model is
# *sparse* when a token uses a part of them.

# %% setup
import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, predicted, raises, unchanged, value_and_grad
from course.duel import advise, duel

torch.set_num_threads(1)  # the matrices are small: more threads would wait for each other


def clusters(seed: int = 0, kinds: int = 16, D: int = 17):
    """A task for experts: `sample(T, seed) -> (x, y)`, both (T, D). Each of 16 kinds of token lies around a centre of its
    own and has a linear map of its own from x to y. The last channel of x is always 1."""
    g = torch.Generator().manual_seed(seed)
    centres = torch.randn(kinds, D - 1, generator=g)
    centres = 4 * centres / centres.norm(dim=1, keepdim=True)
    maps = torch.randn(kinds, D - 1, D, generator=g) / (D - 1) ** 0.5

    def sample(T: int, seed: int):
        g = torch.Generator().manual_seed(1_000_003 * seed + T)
        kind = torch.randint(kinds, (T,), generator=g)
        own = torch.randn(T, D - 1, generator=g)
        y = torch.einsum("td,tdo->to", own, maps[kind])
        return torch.cat([centres[kind] + own, torch.ones(T, 1)], 1), y
    return sample


def new_layer(D: int, E: int, F: int, shared: int, seed: int = 0, lead: float = 0.0) -> dict[str, Tensor]:
    """Random weights of one layer. `lead` is added to the router logits of experts 0 and 1, through the last channel."""
    g = torch.Generator().manual_seed(seed)
    shapes = {"router": (E, D), "w1": (E, D, F), "w2": (E, F, D), "shared1": (D, shared), "shared2": (shared, D)}
    layer = {name: torch.randn(shape, generator=g) / shape[-1 if name == "router" else -2] ** 0.5
             for name, shape in shapes.items()}
    layer["router"][:2, -1] += lead
    return {**layer, "bias": torch.zeros(E)}

# %% tags=["picture"]
from course.sections import mixture_of_experts

# %% helper
### BEGIN HIDDEN TESTS
def best(row, k):
    "The places of the k largest numbers, largest first, the lower index first where two are equal."
    return sorted(range(len(row)), key=row.__getitem__, reverse=True)[:k]  # a stable sort, in reverse too


def gate_oracle(logits, k, renorm=True):
    "topk_gate row by row in float64: (idx, w in float64)."
    p = logits.double().softmax(-1)
    idx = torch.tensor([best(row, k) for row in logits.double().tolist()], dtype=torch.int64).view(-1, k)
    w = p.gather(-1, idx)
    return idx, w / w.sum(-1, keepdim=True) if renorm else w


def experts_oracle(x, W1, W2, idx, w):
    "moe_forward in float64: every expert on every token, then the chosen ones."
    every = torch.einsum("tef,efd->ted", torch.einsum("td,edf->tef", x.double(), W1.double()).relu(), W2.double())
    return (w.double()[..., None] * every.gather(1, idx[..., None].expand(*idx.shape, x.shape[1]))).sum(1)


def loss_oracle(logits, k, mask=None):
    "load_balance_loss in float64, token by token."
    E, values, P = logits.shape[1], logits.tolist(), logits.double().softmax(-1)
    rows, f = list(range(len(values))) if mask is None else mask.nonzero()[:, 0].tolist(), [0] * E
    for t in rows:
        for e in best(values[t], k):
            f[e] += 1
    f = torch.tensor(f, dtype=torch.float64)
    return E * (f * P[rows].sum(0)).sum() / len(rows) ** 2, f / len(rows)


def route_oracle(scores, bias, k, scale=1.0, n_group=1, topk_group=1, renorm=True):
    "bias_free_route row by row in float64."
    chosen, size = [], scores.shape[1] // n_group
    for row in (scores.double() + bias.double()).tolist():
        groups = [row[i * size:(i + 1) * size] for i in range(n_group)]
        kept = best([sum(sorted(group)[-2:]) for group in groups], topk_group)
        chosen.append(best([v if i // size in kept else -math.inf for i, v in enumerate(row)], k))
    idx = torch.tensor(chosen, dtype=torch.int64).view(-1, k)
    w = scores.double().gather(-1, idx)
    return idx, scale * (w / w.sum(-1, keepdim=True) if renorm else w)


def on_grid(g, *shape, low=1, high=1024):
    "Random multiples of 1 / 1024 between low and high: their sums are exact, so ties are ties in every dtype."
    return torch.randint(low, high, shape, generator=g) / 1024


def dispatch_oracle(idx, w, C):
    "dispatch_with_capacity with a queue for each expert."
    slot, kept, filled = torch.full_like(idx, -1), w.clone(), {}
    for j in range(idx.shape[1]):
        for t in range(len(idx)):
            e = idx[t, j].item()
            if filled.get(e, 0) < C:
                slot[t, j] = filled.get(e, 0)
                filled[e] = filled.get(e, 0) + 1
            else:
                kept[t, j] = 0
    return slot, kept, (slot < 0).double().mean().item() if idx.numel() else 0.0


def different(g, T, E, k):
    "T rows of k different experts."
    return torch.rand(T, E, generator=g).argsort(-1)[:, :k].contiguous()


def layer_oracle(x, layer, k, scale=1.0):
    "moe_layer in the dtype of its arguments, every expert on every token: (y, counts); differentiable."
    scores = (x @ layer["router"].T).sigmoid()
    idx = (scores + layer["bias"]).detach().topk(k, -1).indices
    w = scores.gather(-1, idx)
    w = scale * w / w.sum(-1, keepdim=True)
    every = torch.einsum("tef,efd->ted", torch.einsum("td,edf->tef", x, layer["w1"]).relu(), layer["w2"])
    y = (w[..., None] * every.gather(1, idx[..., None].expand(*idx.shape, x.shape[1]))).sum(1)
    y = y + (x @ layer["shared1"]).relu() @ layer["shared2"]
    return y, torch.bincount(idx.flatten(), minlength=len(layer["bias"]))


def max_vio(counts):
    "How far the fullest expert lies over the mean."
    counts = counts.double()
    return (counts.max() / counts.mean() - 1).item()


WEIGHTS = ("router", "bias", "w1", "w2", "shared1", "shared2")
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · A layer of experts
#
# In each transformer layer, a dense model has one FFN. A mixture of experts has E of them and a **router**, a small
# matrix that scores the E experts for every token. Each token goes through its k best experts only:
#
# $$y = \sum_{i \in \text{top-}k} g_i(x)\, E_i(x)$$
#
# Attention, norms and embeddings stay as they are; all tokens share them. The choice is made anew in each layer, for
# each token. So parameters grow with E, and the arithmetic of a token grows with k.
#
# | model | experts per layer | chosen | always on | width F of one expert | parameters, total and active |
# |---|---|---|---|---|---|
# | Switch Transformer | up to 2,048 | 1 | – | that of the dense FFN | – |
# | Mixtral-8x7B | 8 | 2 | – | 14,336, that of the dense FFN | 46.7B, 12.9B |
# | DeepSeek-V3 | 256 (58 of 61 layers) | 8 | 1 shared | 2,048: *fine-grained* | 671B, 37B |
#
# "Small experts" is therefore no part of the definition. With many fine experts there are more ways to combine them.
# A **shared expert** is one that every token uses: it takes up what all tokens need, so that the routed ones need not
# all learn it. (DeepSeek-V3 has exactly one; DeepSeekMoE-16B and V2 had two.)
#
# Do experts become "the maths expert" and "the poetry expert"? Mixtral's authors looked and found no such pattern by
# topic. What they saw was syntax and place: the same kind of token, and neighbours in a text, go to the same experts.
#
# ### The gate
#
# From the router's logits one makes the k weights $g_i$, and there are several conventions:
#
# - softmax over all E experts, the k best probabilities as they are (Switch);
# - the same, divided by their sum (Mixtral). This equals a softmax over the k chosen logits alone;
# - sigmoid of each logit, divided by the sum of the chosen, times a constant of 2.5 (DeepSeek-V3; part 3).
#
# **The catch.** With k = 1 renormalised weights are always 1: no gradient reaches the router, and it never learns. So
# Switch does not renormalise. And a checkpoint of one convention, run with another, fails without any error message.
#
# ### Exercise 19.1 · topk_gate
#
# `topk_gate(logits, k, renorm=True)` returns `(idx, w)`, both of shape (T, k). 1 ≤ k ≤ E.
#
# - `idx`, int64: the k experts with the largest **logits**, the largest first. Of equal logits the lower index comes
#   first. Order by logits, not by probabilities: two small probabilities may round to the same number.
# - `w`: the softmax probabilities over **all** E experts of these k, in the order of `idx`. With `renorm=True` they
#   are divided by their sum, so a row sums to 1.
# - A logit may be −∞: that expert is switched off. Each row has at least k finite logits. Logits of ±10,000 give
#   finite weights.
# - T may be 0. `w` has the dtype of the logits, and gradients flow from `w` to the logits.
#
# Source: Mixtral, Jiang et al. 2024, arXiv 2401.04088; `MixtralTopKRouter` in transformers.

# %% stub="topk_gate"
def topk_gate(logits: Float[Tensor, "T E"], k: int,
              renorm: bool = True) -> tuple[Int[Tensor, "T k"], Float[Tensor, "T k"]]:
    """The k best experts of each token and their softmax weights, best first.

    topk_gate([[0, ln 2, ln 3]], 2) = ([[2, 1]], [[0.6, 0.4]]); with renorm=False the weights are [[1/2, 1/3]]
    """
    ### BEGIN SOLUTION
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    idx = logits.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = wide.softmax(-1).gather(-1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, w.to(logits.dtype)
    ### END SOLUTION
    raise NotImplementedError("topk_gate")


# %% [markdown] hints="topk_gate"
# <details><summary>Hint 1: a question</summary>
#
# Three logits give the probabilities 1/2, 1/3 and 1/6. Which two weights does k = 2 give, with and without
# renormalising, and what do they sum to?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# logits = [1, 5, 1, 5], k = 3. Experts 1 and 3 tie, and so do 0 and 2: idx = [1, 3, 0]. The probabilities are about
# [0.009, 0.491, 0.009, 0.491]; the weights [0.491, 0.491, 0.009] sum to 0.991, and renormalised they are [0.4955,
# 0.4955, 0.0091].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `topk` promises nothing about the order of equal numbers; a stable sort does. And each weight belongs to the expert
# at the same place of `idx`, whatever that expert's number is.
#
# </details>

# %% graded="topk_gate__choice" points=2
# Which experts, in which order, with which weights (renorm=True).
check(topk_gate, torch.tensor([[0.0, math.log(2), math.log(3)]]), 2,
      want=(torch.tensor([[2, 1]]), torch.tensor([[0.6, 0.4]])), why="probabilities 1/6, 1/3, 1/2; the best two are 3 to 2",
      mistakes={"the weights were not divided by their sum": (torch.tensor([[2, 1]]), torch.tensor([[1 / 2, 1 / 3]])),
                "the lowest expert first: order by logit": (torch.tensor([[1, 2]]), torch.tensor([[0.4, 0.6]]))})
check(topk_gate, torch.tensor([[0.0, 10_000.0, -10_000.0]]), 2,
      want=(torch.tensor([[1, 0]]), torch.tensor([[1.0, 0.0]])), why="exp(10,000) overflows, softmax does not")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for T, E, k, size in [(5, 7, 2, 1.0), (3, 4, 4, 3.0), (2, 33, 8, 1.0), (70, 9, 1, 2.0), (1, 1, 1, 1.0), (6, 300, 17, 50.0)]:
    for dtype, close in [(torch.float32, {"rtol": 1e-3, "atol": 1e-5}), (torch.float64, {"rtol": 1e-9, "atol": 1e-12})]:
        logits = size * torch.randn(E, T, generator=g, dtype=dtype).T  # not contiguous
        logits = logits * torch.linspace(0.1, 40, T, dtype=dtype)[:, None] + torch.linspace(-900, 900, T, dtype=dtype)[:, None]
        idx, w = gate_oracle(logits, k)
        check(topk_gate, logits, k, want=(idx, w.to(dtype)), why=f"{E} experts, k = {k}", **close)
logits = torch.tensor([[-math.inf, 0.0, -3.0, -math.inf, 1.0], [2.0, -math.inf, -math.inf, -math.inf, -90.0]])
idx, w = gate_oracle(logits, 2)
check(topk_gate, logits, 2, want=(idx, w.float()), why="a logit of -inf is never chosen, and the others share all weight")
logits = torch.tensor([[-math.inf, -10_000.0, -math.inf, -9_999.0]])
for k, renorm in [(2, False), (1, True)]:
    idx, w = gate_oracle(logits, k, renorm)
    check(topk_gate, logits, k, renorm, want=(idx, w.float()), rtol=1e-2, atol=1e-3,
          why="-inf is less than any number, and has no probability")
check(topk_gate, torch.zeros(0, 5), 2, want=(torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, 2)), why="no tokens")
### END HIDDEN TESTS

# %% graded="topk_gate__ties" points=1
# Equal logits, and logits whose probabilities round to the same number.
check(topk_gate, torch.tensor([[1.0, 5.0, 1.0, 5.0]]), 3,
      want=(torch.tensor([[1, 3, 0]]), torch.tensor([[0.4955, 0.4955, 0.0091]])), rtol=1e-2,
      why="of equal logits the lower index first")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for T, E, k in [(9, 40, 13), (4, 300, 40), (3, 6, 6)]:
    logits = torch.randint(-3, 2, (T, E), generator=g).float()
    idx, w = gate_oracle(logits, k)
    check(topk_gate, logits, k, want=(idx, w.float()), why="of equal logits the lower index first, however many experts")
for dtype in (torch.float32, torch.float64):
    logits = 1 + torch.finfo(dtype).eps * torch.tensor([[0.0, 1.0, 3.0, 2.0, 3.0]], dtype=dtype)
    check(topk_gate, logits, 3, want=(torch.tensor([[2, 4, 3]]), torch.full((1, 3), 1 / 3, dtype=dtype)),
          why="nearly equal is not equal")
check(topk_gate, torch.zeros(2, 65), 9, want=(torch.arange(9).expand(2, 9), torch.full((2, 9), 1 / 9)), why="all equal")
check(topk_gate, torch.tensor([[-400.0, -300.0, 0.0, -200.0]]), 3,
      want=(torch.tensor([[2, 3, 1]]), torch.tensor([[1.0, 0.0, 0.0]])),
      why="the probabilities of -200 and -400 are both 0 in float32; their logits still have an order")
### END HIDDEN TESTS

# %% graded="topk_gate__renorm" points=1
# renorm=False: the probabilities as they are.
check(topk_gate, torch.tensor([[0.0, math.log(2), math.log(3)]]), 2, False,
      want=(torch.tensor([[2, 1]]), torch.tensor([[1 / 2, 1 / 3]])), why="softmax over all three, then the best two",
      mistakes={"softmax over the chosen logits alone, or divided by their sum":
                (torch.tensor([[2, 1]]), torch.tensor([[0.6, 0.4]]))})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for T, E, k in [(5, 7, 2), (3, 4, 4), (2, 33, 8), (70, 9, 1)]:
    logits = 2 * torch.randn(T, E, generator=g) + torch.randn(T, 1, generator=g) * 50
    idx, w = gate_oracle(logits, k, False)
    check(topk_gate, logits, k, False, want=(idx, w.float()), why=f"{E} experts, k = {k}, not renormalised")
    check(topk_gate, logits, k, True, want=(idx, (w / w.sum(-1, keepdim=True)).float()))
### END HIDDEN TESTS

# %% graded="topk_gate__gradient" points=1
# What reaches the logits.
_, (grad,) = value_and_grad(topk_gate, torch.tensor([[0.0, math.log(2), math.log(3)]]), 1, False, wrt=0, output=1)
assert grad is not None, "topk_gate(…, k=1, renorm=False): no gradient reaches the logits, so the router cannot learn"
expect(grad, torch.tensor([[-1 / 12, -1 / 6, 1 / 4]]), on="the gradient of the one weight 1/2",
       why="p (1 - p) for the chosen expert, -p p_i for every other")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
for T, E, k in [(4, 6, 2), (3, 9, 5), (2, 5, 1)]:
    logits = torch.randn(T, E, generator=g)
    idx, w = gate_oracle(logits, k, False)
    p = logits.double().softmax(-1)
    want = p * (torch.zeros_like(p).scatter(-1, idx, 1.0) - w.sum(-1, keepdim=True))
    _, (grad,) = value_and_grad(topk_gate, logits, k, False, wrt=0, output=1)
    assert grad is not None, "renorm=False: no gradient reaches the logits"
    expect(grad, want.float(), on=f"the gradient of the sum of the weights, k = {k}, renorm=False")
    _, (grad,) = value_and_grad(topk_gate, logits, k, True, wrt=0, output=1)
    assert grad is not None, "renorm=True: no gradient reaches the logits"
    expect(grad, torch.zeros_like(logits), on=f"the gradient of the sum of the weights, k = {k}, renorm=True", atol=1e-5,
           why="renormalised weights sum to 1 whatever the logits are, so their sum has no slope")
### END HIDDEN TESTS

# %% graded="topk_gate__half" points=1
# float16 and bfloat16 against float64; the logits stay as they are.
unchanged(topk_gate, torch.zeros(1, 3).half(), 2,
          want=(torch.tensor([[0, 1]]), torch.tensor([[0.5, 0.5]]).half()), why="the caller still needs its logits")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(4)
for T, E, k in [(300, 24, 3), (90, 100, 7), (200, 6, 2)]:
    logits = 2 * torch.randn(T, E, generator=g)
    for renorm in (True, False):
        for dtype in (torch.float16, torch.bfloat16):
            idx, _ = gate_oracle(logits.to(dtype), k, renorm)
            check(lambda logits: topk_gate(logits, k, renorm)[0], logits.to(dtype), want=idx, why=f"the choice in {dtype}")
        precise(lambda logits: topk_gate(logits, k, renorm)[1], logits, eps=0.6,
                oracle=lambda x: gate_oracle(x, k, renorm)[1])
    idx, w = gate_oracle(logits, k)
    unchanged(topk_gate, logits, k, want=(idx, w.float()))
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.gates(topk_gate)

# %% [markdown]
# ### The layer itself
#
# Each token has chosen; now the experts must compute. Three ways to arrange that:
#
# | way | arithmetic | trouble |
# |---|---|---|
# | every expert on every token, then pick | E / k times too much | none but the cost, which a sparse model is there to avoid |
# | token by token | right | T · k products of one row each; every one reads whole matrices for it |
# | **grouped**: for each expert, the tokens that chose it | right | rows must be gathered, and added back in place |
#
# Real kernels (MegaBlocks, grouped matrix products) are the third way in one launch. The number of tokens per expert
# differs from step to step, and that is what all of parts 2 to 4 are about.
#
# ### Exercise 19.2 · moe_forward
#
# Expert e computes `relu(x @ W1[e]) @ W2[e]`. Return y (T, D): for each token t the sum over j of `w[t, j]` times the
# output of expert `idx[t, j]`.
#
# - x (T, D), W1 (E, D, F), W2 (E, F, D), idx (T, k) int64 with k different experts in a row, w (T, k). All floating
#   arguments have one dtype, and so has y.
# - The weights are used as they are: they need not sum to 1, and may be 0 or negative. The weight multiplies the
#   expert's output.
# - Some experts may have no token, and T may be 0.
# - Half precision: x, weights and all sums in float32 inside, one rounding at the end.
# - Gradients flow to x, W1, W2 and w.
# - **Work**: a token goes through its k experts and no others. This is timed: at 1,536 tokens, 64 experts and k = 2
#   your function may take 3 times as long as a grouped one. Copying matrices for each token (`W1[idx]`) is too slow
#   as well.
#
# Source: Shazeer et al. 2017, arXiv 1701.06538; MegaBlocks, Gale et al. 2022, arXiv 2211.15841.

# %% stub="moe_forward"
def moe_forward(x: Float[Tensor, "T D"], W1: Float[Tensor, "E D F"], W2: Float[Tensor, "E F D"],
                idx: Int[Tensor, "T k"], w: Float[Tensor, "T k"]) -> Float[Tensor, "T D"]:
    """The weighted sum of what each token's chosen experts make of it: relu(x W1[e]) W2[e].

    x = [[1]], W1 = [[[1]], [[2]], [[3]]], W2 = 1 everywhere, idx = [[2, 0]], w = [[0.5, 0.25]] gives [[1.75]]
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(x.dtype, torch.float32)
    y = torch.zeros_like(x, dtype=wide)
    for e in idx.unique().tolist():
        token, place = (idx == e).nonzero(as_tuple=True)
        hidden = (x[token].to(wide) @ W1[e].to(wide)).relu()
        y = y.index_add(0, token, w[token, place, None].to(wide) * (hidden @ W2[e].to(wide)))
    return y.to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("moe_forward")


# %% [markdown] hints="moe_forward"
# <details><summary>Hint 1: a question</summary>
#
# Expert 5 was chosen by tokens 0, 3 and 7, by some as their first choice, by others as their second. Which rows of x
# does it need, and which three of the T · k weights belong to them?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# idx = [[2, 0], [0, 1], [2, 1]]. Expert 0: token 0 at place 1, token 1 at place 0. Expert 1: tokens 1 and 2, both at
# place 1; expert 2: tokens 0 and 2, both at place 0. Two rows each: three products with two rows, where token by
# token needs six with one.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A token gets k contributions from different experts, so results are added to its row, never written over what is
# there. And the weight at [token, place] differs from token to token: it needs a last axis to meet rows of width D.
#
# </details>

# %% graded="moe_forward__grouped" points=3
# Which expert, which weight, which row; all k contributions.
W1, W2 = torch.tensor([[[1.0]], [[2.0]], [[3.0]]]), torch.ones(3, 1, 1)
check(moe_forward, torch.tensor([[1.0]]), W1, W2, torch.tensor([[2, 0]]), torch.tensor([[0.5, 0.25]]),
      want=torch.tensor([[1.75]]), why="0.5 * 3 from expert 2 plus 0.25 * 1 from expert 0",
      mistakes={"only the last contribution stayed: add, do not overwrite": torch.tensor([[1.5]]),
                "only one contribution stayed: add, do not overwrite": torch.tensor([[0.25]]),
                "weights in the order of the experts' numbers, not of idx": torch.tensor([[1.25]]),
                "the weights were not used": torch.tensor([[4.0]])})
check(moe_forward, torch.tensor([[1.0], [-1.0]]), -W1, W2, torch.tensor([[0], [1]]), torch.tensor([[1.0], [1.0]]),
      want=torch.tensor([[0.0], [2.0]]), why="relu lies between the two matrices: -1 becomes 0",
      mistakes={"relu is missing": torch.tensor([[-1.0], [2.0]])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for T, D, width, E, k in [(5, 3, 4, 6, 2), (1, 2, 7, 3, 3), (300, 5, 2, 4, 1), (40, 8, 6, 130, 5), (7, 1, 1, 9, 4),
                      (64, 64, 64, 8, 2)]:
    for dtype, close in [(torch.float32, {"rtol": 1e-3, "atol": 1e-4}), (torch.float64, {"rtol": 1e-9, "atol": 1e-11})]:
        x = torch.randn(D, T, generator=g, dtype=dtype).T * torch.linspace(0.01, 3, T, dtype=dtype)[:, None]
        W1 = torch.randn(E, width, D, generator=g, dtype=dtype).mT  # views, not contiguous
        W2, w = torch.randn(E, width, D, generator=g, dtype=dtype), torch.randn(k, T, generator=g, dtype=dtype).T
        idx = different(g, T, E, k).T.contiguous().T
        check(moe_forward, x, W1, W2, idx, w, want=experts_oracle(x, W1, W2, idx, w).to(dtype), **close,
              why=f"{T} tokens, {E} experts, k = {k}; weights of any sign that sum to anything")
x, W1, W2 = (torch.randn(*shape, generator=g) for shape in [(6, 4), (9, 4, 5), (9, 5, 4)])
for columns in ([[7, 1]] * 6, [[0, 8]] * 3 + [[8, 0]] * 3, [[3, 2], [2, 3], [3, 2], [2, 3], [2, 0], [0, 3]]):
    idx, w = torch.tensor(columns), torch.rand(6, 2, generator=g)
    check(moe_forward, x, W1, W2, idx, w, want=experts_oracle(x, W1, W2, idx, w).float(), atol=1e-4,
          why="all tokens at the same experts, and the same expert as first and as second choice")
w = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
check(moe_forward, x[:3], W1, W2, idx[:3], w, want=experts_oracle(x[:3], W1, W2, idx[:3], w).float(), atol=1e-4,
      why="a weight of exactly 0 adds nothing, and that alone")
check(moe_forward, x[:0], W1, W2, idx[:0], w[:0], want=torch.zeros(0, 4), why="no tokens: an answer of shape (0, D)")
### END HIDDEN TESTS

# %% graded="moe_forward__gradient" points=2
# What training needs: the gradients of x, both matrices and the weights.
args = torch.tensor([[1.0]]), torch.tensor([[[1.0]], [[2.0]], [[3.0]]]), torch.ones(3, 1, 1), torch.tensor([[2, 0]])
_, grads = value_and_grad(moe_forward, *args, torch.tensor([[0.5, 0.25]]), wrt=[0, 1, 2, 4])
want = (torch.tensor([[1.75]]), torch.tensor([[[0.25]], [[0.0]], [[0.5]]]), torch.tensor([[[0.25]], [[0.0]], [[1.5]]]),
        torch.tensor([[3.0, 1.0]]))
for name, got, right in zip(["x", "W1", "W2", "w"], grads, want):
    assert got is not None, f"no gradient reaches {name}"
    expect(got, right, on=f"the gradient of {name}", why="of the sum of y, for one token at experts 2 and 0")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for T, D, width, E, k in [(6, 3, 5, 4, 2), (9, 4, 2, 7, 3), (2, 5, 4, 3, 1)]:
    x, W1, W2 = (torch.randn(*shape, generator=g) for shape in [(T, D), (E, D, width), (E, width, D)])
    idx, w = different(g, T, E, k), torch.rand(T, k, generator=g)
    w[0, 0] = w[-1, -1] = 0  # a weight of 0 has a gradient too
    leaves = [a.double().requires_grad_() for a in (x, W1, W2, w)]
    want = torch.autograd.grad(experts_oracle(*leaves[:3], idx, leaves[3]).sum(), leaves)
    _, grads = value_and_grad(moe_forward, x, W1, W2, idx, w, wrt=[0, 1, 2, 4])
    for name, got, right in zip(["x", "W1", "W2", "w"], grads, want):
        assert got is not None, f"no gradient reaches {name}"
        expect(got, right.float(), on=f"the gradient of {name}", rtol=1e-3, atol=1e-4)
### END HIDDEN TESTS

# %% graded="moe_forward__half" points=1
# float16 and bfloat16 against float64.
check(moe_forward, torch.tensor([[300.0]]).half(), torch.tensor([[[300.0]]]).half(), torch.tensor([[[1 / 256]]]).half(),
      torch.tensor([[0]]), torch.tensor([[1.0]]).half(), want=torch.tensor([[351.5]]).half(),
      why="300 * 300 does not fit into float16 (at most 65,504): float32 inside, float16 out")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for T, D, width, E, k in [(7, 24, 40, 5, 3), (40, 6, 90, 11, 7)]:
    x, W1, W2, w = (torch.rand(*shape, generator=g) for shape in [(T, D), (E, D, width), (E, width, D), (T, k)])
    idx = different(g, T, E, k)
    for inner, weight in [(W1 / D, w), ((W1 - 0.5) / 3, w), (W1 / D, w - 0.5)]:
        precise(lambda x, W1, W2, w: moe_forward(x, W1, W2, idx, w), x, inner, W2 / width, weight, eps=0.6,
                oracle=lambda x, W1, W2, w: experts_oracle(x, W1, W2, idx, w))
### END HIDDEN TESTS

# %% graded="moe_forward__inplace" points=1
# All five arguments stay as they are.
unchanged(moe_forward, torch.tensor([[2.0]]), torch.ones(2, 1, 1), torch.ones(2, 1, 1), torch.tensor([[1]]),
          torch.tensor([[0.5]]), want=torch.tensor([[1.0]]), why="the residual stream needs x again")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
x, W1, W2 = (torch.randn(*shape, generator=g) for shape in [(6, 4), (5, 4, 3), (5, 3, 4)])
idx, w = different(g, 6, 5, 2), torch.rand(6, 2, generator=g)
unchanged(moe_forward, x, W1, W2, idx, w, want=experts_oracle(x, W1, W2, idx, w).float(), atol=1e-4)
### END HIDDEN TESTS

# %% graded="moe_forward__speed" points=2 tags=["timed"]
# 1,536 tokens, 64 experts, k = 2, against a grouped solution. Here advice only; the judge times it.
def draw(rng: np.random.Generator):
    "Tokens, experts and a balanced random choice for one call."
    x, W1, W2 = (torch.from_numpy(rng.standard_normal(shape, dtype=np.float32) / 8)
                 for shape in [(1536, 64), (64, 64, 128), (64, 128, 64)])
    idx = torch.from_numpy(rng.random((1536, 64)).argsort(1)[:, :2].copy())
    return x, W1, W2, idx, torch.from_numpy(rng.random((1536, 2), dtype=np.float32))

def two_experts_for_all(x, W1, W2, idx, w):
    "A yardstick: the arithmetic alone, as if all tokens had chosen the same two experts."
    return sum((x @ W1[e]).relu() @ W2[e] for e in (0, 1))

advise(moe_forward, draw, yardstick=two_experts_for_all, usual=9.0)
### BEGIN HIDDEN TESTS
duel(moe_forward, draw, reference='''
import torch

def moe_forward(x, W1, W2, idx, w):
    y = torch.zeros_like(x)
    for e in idx.unique().tolist():
        token, place = (idx == e).nonzero(as_tuple=True)
        y.index_add_(0, token, w[token, place, None] * ((x[token] @ W1[e]).relu() @ W2[e]))
    return y
''', limit=3.0, rtol=1e-3, atol=1e-4)
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.cost_by_experts(moe_forward)

# %% [markdown]
# The picture shows the promise of sparse layers, measured here: more experts, more parameters, nearly the same time.
# It also shows the small print: what does grow are the products, which get smaller and more numerous. Router cost
# grows with E as well (T · D · E multiplications), but stays small beside the experts.

# %% [markdown]
# ## 2 · Collapse, and a loss against it
#
# At the start the router's scores are nearly random, and some expert is chosen a little more often. So it gets more
# gradient, becomes better, and the router sends it more. The rich get richer: **collapse**. A few experts do all the
# work; the others are dead weight in memory, and under a fixed capacity (part 4) most tokens are dropped.
#
# The classic remedy adds a **balancing loss** to the training loss (Switch Transformer):
#
# $$L_\text{aux} = E \sum_{i=1}^{E} f_i P_i, \qquad f_i = \frac{\text{assignments to expert } i}{\text{tokens}},
# \qquad P_i = \text{mean of } p_i$$
#
# where $p_i$ is a token's softmax probability and the mean goes over tokens,
# times a coefficient α: 0.01 in Switch, 0.001 as the default in Hugging Face's Mixtral. $f$ counts, so it has no
# gradient. $P$ is smooth; with $f$ fixed, the gradient pushes probability away from experts that are chosen often.
#
# **Three catches.**
#
# - *Conventions.* Here, as in transformers, all k choices count, so $\sum f_i = k$: perfect balance gives k, collapse
#   on one expert (k = 1) gives E. Switch has k = 1. Others divide by k. Compare coefficients only within one
#   convention.
# - *Balance is not "f equal to P".* Under full collapse f equals P as well, and the loss is at its largest. What is
#   wanted is that both are uniform.
# - *Nor is the balanced value the least.* Two experts, k = 1: 30 % of the tokens with p = (1, 0), the rest with
#   (0.49, 0.51). The loss is 0.886, below 1. (The test below recomputes it.)
#
# Over which tokens is it computed? Over the whole global batch, if one can: a balance within every micro-batch of a
# few sequences keeps experts from specialising (arXiv 2501.11873). Padding tokens must not count: hundreds of equal
# tokens all go to the same expert.
#
# Two neighbours that are often listed as remedies and are something else. The **z-loss**, mean(logsumexp(logits)²)
# with a coefficient of 10⁻³ (ST-MoE, arXiv 2202.08906), keeps logits small for numerical stability; it does not
# balance. **Noise** on the logits helps to explore: Gaussian with a learned scale in Shazeer et al. 2017, a factor
# between 1 − ε and 1 + ε on the router's input in Switch. Neither is Gumbel noise.
#
# ### Exercise 19.3 · load_balance_loss
#
# `load_balance_loss(logits, k, mask=None)` returns the scalar $L_\text{aux}$ above, without α.
#
# - Each token's k assignments go to the experts with the largest logits, of equal ones to the lower index first.
# - `mask` (T,) bool: True marks a real token. Only real tokens count, in $f$, in $P$ and in the number of tokens.
#   There is at least one. Logits of padding tokens are finite, and may be anything.
# - A logit may be −∞ (an expert that is switched off; E counts it all the same); each row has at least k finite ones.
# - The gradient flows through $P$ alone, and is 0 at padding tokens.
# - A tensor without dimensions, in the dtype of the logits.
#
# Source: Fedus et al. 2021, arXiv 2101.03961, equations 4 to 6; `load_balancing_loss_func` in transformers.

# %% stub="load_balance_loss"
def load_balance_loss(logits: Float[Tensor, "T E"], k: int, mask: Bool[Tensor, "T"] | None = None) -> Float[Tensor, ""]:
    """E * sum over experts of f_i * P_i: share of assignments (they sum to k) times mean probability.

    With all logits equal it is k. With logits [[50, 0, 0, 0]] and k = 1 it is 4.
    """
    ### BEGIN SOLUTION
    real = logits if mask is None else logits[mask]
    p = real.to(torch.promote_types(logits.dtype, torch.float32)).softmax(-1)
    chosen = real.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    f = torch.bincount(chosen.flatten(), minlength=logits.shape[1]).to(p.dtype) / len(real)
    return (logits.shape[1] * (f * p.mean(0)).sum()).to(logits.dtype)
    ### END SOLUTION
    raise NotImplementedError("load_balance_loss")


# %% [markdown] hints="load_balance_loss"
# <details><summary>Hint 1: a question</summary>
#
# A batch has 100 tokens, of which 60 are padding. By which number does one divide to get f, and by which to get P?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two experts, k = 1, three tokens with probabilities (0.8, 0.2), (0.6, 0.4), (0.1, 0.9). Two of them choose expert 0:
# f = [2/3, 1/3]. P = [0.5, 0.5]. Loss: 2 · (1/3 + 1/6) = 1. With k = 2 both experts are always chosen: f = [1, 1],
# loss 2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# f is a count and P a mean of probabilities: two different things of the same shape. Only P carries a gradient, and
# counting does not take one along, so nothing needs detaching if f is really counted.
#
# </details>

# %% graded="load_balance_loss__values" points=2
# Balance, collapse, k = 1 and k = 2, and the value below 1.
check(load_balance_loss, torch.zeros(3, 4), 2, want=torch.tensor(2.0), why="all probabilities 1/4: 4 * 2 * 1/4",
      mistakes={"f was divided by k as well: here all k choices count": torch.tensor(1.0),
                "the factor E is missing": torch.tensor(0.5)})
check(load_balance_loss, torch.tensor([[50.0, 0, 0, 0]] * 3), 1, want=torch.tensor(4.0), why="collapse on one of 4: E")
p = torch.tensor([[1.0, 0.0]] * 3 + [[0.49, 0.51]] * 7)
check(load_balance_loss, p.log(), 1, want=torch.tensor(0.8856), why="f = [0.3, 0.7], P = [0.643, 0.357]")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for T, E, k, size in [(5, 7, 2, 1.0), (3, 4, 4, 3.0), (90, 33, 8, 1.0), (1, 9, 1, 2.0), (6, 300, 17, 5.0), (41, 2, 1, 90.0)]:
    for dtype, close in [(torch.float32, {}), (torch.float64, {"rtol": 1e-9, "atol": 1e-12})]:
        logits = size * torch.randn(E, T, generator=g, dtype=dtype).T + 30 * torch.randn(T, 1, generator=g, dtype=dtype)
        want, _ = loss_oracle(logits, k)
        check(load_balance_loss, logits, k, want=want.to(dtype), why=f"{T} tokens, {E} experts, k = {k}", **close)
logits = torch.randint(-1, 2, (7, 5), generator=g).float()
for k in (1, 2, 3):
    check(load_balance_loss, logits, k, want=loss_oracle(logits, k)[0].float(), why="equal logits: the lower index first")
logits = torch.tensor([[-math.inf, 0.5, 2.0, -1.0], [-math.inf, 3.0, -math.inf, 0.0], [1.0, -math.inf, 0.0, -2.0]])
check(load_balance_loss, logits, 2, want=loss_oracle(logits, 2)[0].float(), why="an expert at -inf has probability 0")
logits[2, 0] = -math.inf
check(load_balance_loss, logits, 2, want=loss_oracle(logits, 2)[0].float(), why="E counts an expert that is off for all tokens")
logits = torch.tensor([[-400.0, -300.0, 0.0, -200.0], [1.0, 2.0, 3.0, 0.0]])
check(load_balance_loss, logits, 2, want=loss_oracle(logits, 2)[0].float(), why="chosen by logits: 0 and 3 differ, e^-400 is 0")
### END HIDDEN TESTS

# %% graded="load_balance_loss__padding" points=2
# Padding tokens count nowhere.
logits = torch.tensor([[50.0, 0, 0, 0], [0, 50, 0, 0], [50.0, 0, 0, 0], [50.0, 0, 0, 0]])
check(load_balance_loss, logits, 1, torch.tensor([True, True, False, False]), want=torch.tensor(2.0),
      why="two real tokens, two experts: 4 * (1/2 * 1/2 + 1/2 * 1/2)",
      mistakes={"padding was counted": torch.tensor(2.5), "divided by all four tokens": torch.tensor(0.5),
                "one of f and P divided by all four tokens": torch.tensor(1.0)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for T, E, k, real in [(9, 5, 2, 4), (70, 12, 3, 1), (6, 3, 1, 6), (130, 8, 2, 100)]:
    logits = 2 * torch.randn(T, E, generator=g)
    mask = torch.zeros(T, dtype=torch.bool)
    mask[torch.randperm(T, generator=g)[:real]] = True
    logits[~mask] *= 300
    want, f = loss_oracle(logits, k, mask)
    check(load_balance_loss, logits, k, mask, want=want.float(), why=f"{real} of {T} tokens are real")
    _, (grad,) = value_and_grad(load_balance_loss, logits, k, mask, wrt=0)
    assert grad is not None, "no gradient reaches the logits when there is a mask"
    p = logits.double().softmax(-1)
    want = E / real * p * (f - (p * f).sum(-1, keepdim=True)) * mask[:, None]
    expect(grad, want.float(), on="the gradient of the logits, with a mask", atol=1e-6, why="nothing at padding tokens")
### END HIDDEN TESTS

# %% graded="load_balance_loss__gradient" points=2
# Through P alone.
_, (grad,) = value_and_grad(load_balance_loss, torch.tensor([[0.0, math.log(4)], [0.0, math.log(4)]]), 1, wrt=0)
assert grad is not None, "no gradient reaches the logits: the loss would balance nothing"
expect(grad, torch.tensor([[-0.16, 0.16]] * 2), on="the gradient of the logits for p = (1/5, 4/5), twice",
       why="f = [0, 1] is a constant: E / T * p_i * (f_i - sum of p f)",
       mistakes={"f was made of probabilities and took a gradient: it counts": torch.tensor([[-0.192, 0.192]] * 2)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for T, E, k, dtype, close in [(6, 5, 2, torch.float32, 1e-6), (11, 8, 3, torch.float64, 1e-12),
                              (2, 3, 1, torch.float32, 1e-6)]:
    logits = torch.randn(T, E, generator=g, dtype=dtype)
    _, f = loss_oracle(logits, k)
    p = logits.double().softmax(-1)
    want = E / T * p * (f - (p * f).sum(-1, keepdim=True))
    _, (grad,) = value_and_grad(load_balance_loss, logits, k, wrt=0)
    assert grad is not None, "no gradient reaches the logits"
    expect(grad, want.to(dtype), on=f"the gradient of the logits, k = {k}", rtol=1e-4 if close > 1e-9 else 1e-9, atol=close)
### END HIDDEN TESTS

# %% graded="load_balance_loss__half" points=1
# float16 and bfloat16 against float64; the arguments stay as they are.
unchanged(load_balance_loss, torch.zeros(2, 4).half(), 1, torch.tensor([True, False]), want=torch.tensor(1.0).half(),
          why="the caller still needs logits and mask")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
for T, E, k in [(700, 24, 3), (37, 100, 6), (2100, 3, 1), *[(90 + i, 2, 1) for i in range(12)]]:
    logits, mask = torch.randn(T, E, generator=g), torch.rand(T, generator=g) > 0.3
    for m in (None, mask):
        precise(lambda logits: load_balance_loss(logits, k, m), logits, oracle=lambda x: loss_oracle(x, k, m)[0], eps=0.6,
                why="float32 inside, rounded once: thousands of tokens are summed up")
    unchanged(load_balance_loss, logits, k, mask, want=loss_oracle(logits, k, mask)[0].float())
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.loss_by_skew(load_balance_loss)

# %% [markdown]
# ## 3 · Balance without a loss
#
# A balancing loss pulls at the same weights as the language-model loss, in another direction. With α too small there
# is no balance; too large, and tokens are sent where they do not belong. DeepSeek-V3 balances in another place (Wang
# et al. 2024, arXiv 2408.15664): each expert has a **bias** b that is added to its score *for the choice only*.
#
# $$\text{chosen} = \text{top-}k\,(s_i + b_i), \qquad g_i = \frac{s_i}{\sum_{j\ \text{chosen}} s_j} \cdot \text{scale},
# \qquad s_i = \text{sigmoid}(\text{logit}_i)$$
#
# The gate g knows nothing of b, and no gradient reaches b. After each training step a rule moves it: down for experts
# with more than the mean load, up for those with less (exercise 19.5). The language-model loss never meets it.
#
# **Catches.**
#
# - "router_logits = router(x) + bias" circulates in interview notes. Then the bias changes the *weights* of the
#   output too, and what was meant to steer traffic changes what the layer computes.
# - "DeepSeek-V3 uses no balancing loss" is nearly true: there is a small one within each sequence, α = 0.0001,
#   against extremes in single texts.
#
# ### Groups
#
# DeepSeek-V3 spreads 256 experts over many machines. To keep a token from visiting too many, experts form groups of
# neighbours; first the best groups are chosen, then the k best experts among these. In V3: 8 groups of 32, 4 groups
# chosen, k = 8. A group is scored by the **sum of its two best** $s + b$: one strong expert does not make a good
# group.
#
# ### Exercise 19.4 · bias_free_route
#
# `bias_free_route(scores, bias, k, scale=1.0, n_group=1, topk_group=1, renorm=True)` returns `(idx, w)`, both (T, k).
# The name is the method's: free of a loss, by a bias.
#
# - `scores` (T, E) are already sigmoids, between 0 and 1 and never exactly 0. `bias` (E,) has any sign and is
#   float32, or float64 beside float64 scores. `scores + bias` is computed in the wider of the two dtypes, and may be
#   negative.
# - The E experts form `n_group` groups of E / n_group neighbours. A group's score is the sum of its two highest
#   `scores + bias`, or the only one where a group has one expert. The `topk_group` best groups stay.
# - `idx`, int64: the k experts of these groups with the highest `scores + bias`, highest first. k ≤ topk_group · E /
#   n_group. **Ties**: among groups and among experts the lower index first.
# - `w`: the **scores** of these experts, in the order of `idx`; with `renorm=True` divided by their sum; then times
#   `scale`. In the dtype of the scores (for half precision in float32 inside, rounded once).
# - Gradients flow from w to the scores. None reaches the bias: none at all, or zeros.
#
# Source: DeepSeek-V3, arXiv 2412.19437, section 2.1.2; `DeepseekV3TopkRouter` in transformers. (Older versions of
# that code filled the groups that were left out with 0 instead of −∞: where all sums are negative, 0 wins.)

# %% stub="bias_free_route"
def bias_free_route(scores: Float[Tensor, "T E"], bias: Float[Tensor, "E"], k: int, scale: float = 1.0, n_group: int = 1,
                    topk_group: int = 1, renorm: bool = True) -> tuple[Int[Tensor, "T k"], Float[Tensor, "T k"]]:
    """Choose by scores + bias within the best groups; weigh by the scores alone.

    scores [[0.25, 0.5, 0.75]], bias [0.5, 0, -0.5], k = 2: idx [[0, 1]], weights 0.25 and 0.5 over 0.75
    """
    ### BEGIN SOLUTION
    T, E = scores.shape
    choice = (scores + bias).detach()
    groups = choice.view(T, n_group, E // n_group)
    value = groups.topk(min(2, E // n_group), -1).values.sum(-1)
    kept = value.sort(dim=-1, descending=True, stable=True).indices[:, :topk_group]
    out = torch.ones_like(value, dtype=torch.bool).scatter(1, kept, False)
    choice = groups.masked_fill(out[..., None], -torch.inf).view(T, E)
    idx = choice.sort(dim=-1, descending=True, stable=True).indices[:, :k]
    w = scores.to(torch.promote_types(scores.dtype, torch.float32)).gather(-1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, (w * scale).to(scores.dtype)
    ### END SOLUTION
    raise NotImplementedError("bias_free_route")


# %% [markdown] hints="bias_free_route"
# <details><summary>Hint 1: a question</summary>
#
# Two things come out: who is chosen, and with which weight. For which of the two is the bias there?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Four experts in two groups, scores + bias = [0.9, 0.1 | 0.6, 0.5], topk_group = 1. The groups have 1.0 and 1.1: the
# second stays, although the best single expert is in the first. With k = 2 the choice is [2, 3].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# An expert of a group that is out must lose against every expert that is in, also where all sums are negative. Which
# number is less than all others?
#
# </details>

# %% graded="bias_free_route__choice" points=2
# Chosen by scores + bias, weighed by scores; scale; one group.
check(bias_free_route, torch.tensor([[0.25, 0.5, 0.75]]), torch.tensor([0.5, 0.0, -0.5]), 2,
      want=(torch.tensor([[0, 1]]), torch.tensor([[1 / 3, 2 / 3]])), why="sums 0.75, 0.5, 0.25; weights 0.25 and 0.5 over 0.75",
      mistakes={"weights from scores + bias": (torch.tensor([[0, 1]]), torch.tensor([[0.6, 0.4]])),
                "the bias was not used": (torch.tensor([[2, 1]]), torch.tensor([[0.6, 0.4]])),
                "weights were not divided by their sum": (torch.tensor([[0, 1]]), torch.tensor([[0.25, 0.5]]))})
check(bias_free_route, torch.tensor([[0.25, 0.5, 0.75]]), torch.zeros(3), 1, 2.5, renorm=False,
      want=(torch.tensor([[2]]), torch.tensor([[1.875]])), why="0.75 * 2.5, not renormalised")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for T, E, k, scale, renorm in [(5, 7, 2, 1.0, True), (3, 4, 4, 2.5, True), (40, 33, 8, 0.5, True), (70, 130, 1, 2.5, False),
                               (1, 9, 3, 3.0, False), (2, 300, 40, 1.0, True), (1, 1, 1, 2.0, True)]:
    for dtype, close in [(torch.float32, {}), (torch.float64, {"rtol": 1e-9, "atol": 1e-12})]:
        scores = on_grid(g, E, T).T.to(dtype)  # not contiguous
        bias = on_grid(g, E, low=-400, high=400).to(dtype)
        idx, w = route_oracle(scores, bias, k, scale, renorm=renorm)
        check(bias_free_route, scores, bias, k, scale, renorm=renorm, want=(idx, w.to(dtype)), **close,
              why=f"{E} experts, k = {k}, scale {scale}, renorm={renorm}; of equal sums the lower index first")
scores = 0.5 + 1e-12 * torch.tensor([[0.0, 3.0, 1.0, 2.0]], dtype=torch.float64)
bias = 1e-12 * torch.tensor([2.5, 0.0, 0.0, -2.5], dtype=torch.float64)
check(bias_free_route, scores, bias, 2, want=(torch.tensor([[1, 0]]), torch.full((1, 2), 0.5, dtype=torch.float64)),
      why="float64 scores and bias are added in float64")
for offset in (-5.0, 5.0, -0.5):
    scores, bias = on_grid(g, 6, 9), on_grid(g, 9) + offset
    idx, w = route_oracle(scores, bias, 3)
    check(bias_free_route, scores, bias, 3, want=(idx, w.float()), why="what all experts have in common changes nothing")
check(bias_free_route, torch.zeros(0, 6), torch.zeros(6), 2,
      want=(torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, 2)), why="no tokens")
### END HIDDEN TESTS

# %% graded="bias_free_route__groups" points=3
# Groups: their score, and what happens to those that are out.
check(bias_free_route, torch.tensor([[0.9, 0.1, 0.6, 0.5]]), torch.zeros(4), 2, 1.0, 2, 1,
      want=(torch.tensor([[2, 3]]), torch.tensor([[6 / 11, 5 / 11]])), why="group sums 1.0 and 1.1",
      mistakes={"a group was scored by its best expert alone": (torch.tensor([[0, 1]]), torch.tensor([[0.9, 0.1]])),
                "groups were ignored": (torch.tensor([[0, 2]]), torch.tensor([[0.6, 0.4]]))})
check(bias_free_route, torch.tensor([[0.5, 0.25, 0.75, 0.5]]), torch.full((4,), -2.0), 2, 1.0, 2, 1,
      want=(torch.tensor([[2, 3]]), torch.tensor([[0.6, 0.4]])), why="all sums are negative; the second group is the better",
      mistakes={"experts that are out got the score 0, and 0 won": (torch.tensor([[0, 1]]), torch.tensor([[2 / 3, 1 / 3]]))})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for T, E, n, top, k in [(30, 12, 4, 2, 3), (20, 12, 3, 1, 4), (25, 64, 8, 4, 8), (9, 10, 10, 4, 3), (9, 10, 1, 1, 4),
                        (40, 30, 6, 3, 11), (12, 256, 8, 4, 8), (6, 8, 2, 2, 5), (30, 15, 3, 2, 10)]:
    for low, high in [(-300, 300), (-3000, -1500), (-30_000, -20_000)]:
        scores, bias = on_grid(g, T, E), on_grid(g, E, low=low, high=high)
        idx, w = route_oracle(scores, bias, k, 2.5, n, top)
        check(bias_free_route, scores, bias, k, 2.5, n, top, want=(idx, w.float()),
              why=f"{E} experts in {n} groups of which {top} stay, k = {k}")
scores = torch.randint(1, 4, (20, 18), generator=g) / 4
bias = torch.randint(-1, 2, (18,), generator=g) / 4
for n, top, k in [(6, 2, 4), (3, 2, 7), (9, 5, 3)]:
    idx, w = route_oracle(scores, bias, k, 1.0, n, top)
    check(bias_free_route, scores, bias, k, 1.0, n, top, want=(idx, w.float()), why="equal groups: the lower index first")
scores, bias = on_grid(g, 20, 12).double(), on_grid(g, 12, low=-2 * 10**15, high=-(10**15)).double()  # near -10^12
for n, top, k in [(4, 2, 3), (3, 1, 4)]:
    check(bias_free_route, scores, bias, k, 1.0, n, top, want=route_oracle(scores, bias, k, 1.0, n, top), rtol=1e-9,
          why="an expert that is out loses against every number, however low")
### END HIDDEN TESTS

# %% graded="bias_free_route__gradient" points=1
# What reaches the scores, and what must not reach the bias.
_, (to_scores, to_bias) = value_and_grad(bias_free_route, torch.tensor([[0.25, 0.5, 0.75]]), torch.tensor([0.5, 0.0, -0.5]),
                                         2, 2.5, renorm=False, wrt=[0, 1], output=1)
assert to_scores is not None, "no gradient reaches the scores: the router could not learn"
expect(to_scores, torch.tensor([[2.5, 2.5, 0.0]]), on="the gradient of the scores, renorm=False, scale 2.5")
if to_bias is not None:
    expect(to_bias, torch.zeros(3), on="the gradient of the bias", why="the bias is moved by a rule, not by gradients")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for T, E, k, n, top in [(4, 6, 2, 1, 1), (5, 12, 4, 4, 2)]:
    scores, bias = on_grid(g, T, E), on_grid(g, E, low=-300, high=300)
    idx, _ = route_oracle(scores, bias, k, 1.5, n, top)
    for renorm in (False, True):
        _, (to_scores, to_bias) = value_and_grad(bias_free_route, scores, bias, k, 1.5, n, top, renorm, wrt=[0, 1], output=1)
        assert to_scores is not None, f"renorm={renorm}: no gradient reaches the scores"
        want = torch.zeros_like(scores) if renorm else torch.zeros_like(scores).scatter(1, idx, 1.5)
        expect(to_scores, want, on=f"the gradient of the scores, renorm={renorm}", atol=1e-4,
               why="renormalised weights sum to scale, whatever the scores are" if renorm else "scale, for the chosen ones")
        if to_bias is not None:
            expect(to_bias, torch.zeros(E), on="the gradient of the bias", atol=1e-5)
### END HIDDEN TESTS

# %% graded="bias_free_route__half" points=1
# Half-precision scores beside a float32 bias; the arguments stay as they are.
unchanged(bias_free_route, torch.tensor([[0.5, 0.50390625]]).bfloat16(), torch.tensor([0.0, -0.003]), 1,
          want=(torch.tensor([[1]]), torch.ones(1, 1).bfloat16()),
          why="0.5009 is more than 0.5, but in bfloat16 both are 0.5: add in float32")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
for T, E, k, n, top in [(6, 24, 5, 1, 1), (9, 40, 7, 4, 2)]:
    for dtype in (torch.float16, torch.bfloat16):
        scores = on_grid(g, T, E).to(dtype)
        bias = on_grid(g, E, low=-30, high=30) / 4  # as fine as 1 / 4096: lost if added in half precision
        idx, w = route_oracle(scores, bias, k, 1.0, n, top)
        check(lambda *a: bias_free_route(*a)[0], scores, bias, k, 1.0, n, top, want=idx, why="choose in float32")
        check(bias_free_route, scores, bias, k, 1.0, n, top, want=(idx, w.to(dtype)), rtol=torch.finfo(dtype).eps, atol=0,
              why="weights in float32 inside, rounded once")
        idx, w = route_oracle(scores, bias, k, 2.5, n, top)
        check(bias_free_route, scores, bias, k, 2.5, n, top, want=(idx, w.to(dtype)), rtol=torch.finfo(dtype).eps, atol=0,
              why="scaled before the one rounding")
    scores, bias = on_grid(g, T, E), on_grid(g, E, low=-300, high=300)
    idx, w = route_oracle(scores, bias, k, 2.5, n, top)
    unchanged(bias_free_route, scores, bias, k, 2.5, n, top, want=(idx, w.float()))
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.bias_steers(bias_free_route)

# %% [markdown]
# Traffic follows the bias. The weight does not rise with it, it falls: a raised expert is also chosen where its score
# is low, and enters the output with just that score.
#
# ### Moving the bias
#
# The rule looks at the load of each expert, the number of assignments it got in one training step:
#
# $$b_i \leftarrow b_i + \gamma \cdot \text{sign}(\text{mean load} - \text{load}_i)$$
#
# - Once per training step, on the counts of the whole batch. The threshold is the mean load, not the capacity.
# - The **sign** alone: a step of γ, however far off the load is. γ = 0.001 in the paper, for scores between 0
#   and 1. (V3 set γ to 0 for its last 500 billion tokens.)
# - A small γ needs many steps, a large one makes the load swing. The paper reports **MaxVio** = max load / mean load
#   − 1: 0 is perfect balance, E / k − 1 is the worst.
# - The bias is kept in float32. In bfloat16 a step of 0.001 is lost as soon as the bias is 1: the next number is
#   1.0078.
#
# Data-parallel training gives each device counts of its own. What counts is their sum: one sequence may rightly want
# expert 3 all the time, as long as the others do not.
#
# ### Exercise 19.5 · update_bias
#
# `update_bias(bias, counts, gamma)` returns the new bias, a tensor of its own, in the dtype of `bias` (float32 or
# float64).
#
# - `counts`, int64: (E,), or (R, E) with one row for each of R devices. The load of an expert is the **sum** over the
#   rows; there is one step of size γ for all rows together.
# - An expert whose load is *exactly* the mean stays where it is. Counts may be as large as 10⁹: compare in float64 or
#   in whole numbers, because float32 is exact to 2²⁴ = 16,777,216 only.
# - γ ≥ 0 is a number. With γ = 0 nothing moves.
#
# Source: Wang et al. 2024, arXiv 2408.15664, algorithm 1.

# %% stub="update_bias"
def update_bias(bias: Float[Tensor, "E"], counts: Int[Tensor, "*R E"], gamma: float) -> Float[Tensor, "E"]:
    """The bias after one step of size gamma towards equal loads.

    update_bias([0, 0, 0], [5, 3, 1], 0.01) = [-0.01, 0, 0.01]
    """
    ### BEGIN SOLUTION
    load = counts.reshape(-1, len(bias)).sum(0)
    return bias + gamma * (load.sum() - len(bias) * load).sign().to(bias.dtype)
    ### END SOLUTION
    raise NotImplementedError("update_bias")


# %% [markdown] hints="update_bias"
# <details><summary>Hint 1: a question</summary>
#
# Two devices report [4, 0] and [0, 4]. Which of the two experts has too much to do?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# counts = [[4, 0, 2], [1, 1, 1]]: loads [5, 1, 3], mean 3, signs [−1, 1, 0]. With γ = 0.01 the bias [0.2, 0.2, 0.2]
# becomes [0.19, 0.21, 0.2].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Add up first, take the sign last. And "load equals mean" can be asked without dividing: E · load equals the total.
#
# </details>

# %% graded="update_bias__rule" points=2
# Direction, size of the step, and loads that equal the mean.
check(update_bias, torch.zeros(3), torch.tensor([5, 3, 1]), 0.01, want=torch.tensor([-0.01, 0.0, 0.01]),
      why="the mean is 3: the first has too much, the last too little",
      mistakes={"the wrong way round": torch.tensor([0.01, 0.0, -0.01]),
                "the step grows with the distance; the sign alone counts": torch.tensor([-0.02, 0.0, 0.02])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for E, gamma, dtype in [(5, 0.001, torch.float32), (8, 0.03, torch.float64), (300, 0.01, torch.float32),
                        (1, 0.1, torch.float32), (7, 0.0, torch.float64)]:
    for high in (3, 50, 10**9):
        bias, counts = torch.randn(E, generator=g, dtype=dtype), torch.randint(0, high, (E,), generator=g)
        total = counts.sum().item()
        want = torch.tensor([b + gamma * ((total > E * c) - (total < E * c)) for b, c in zip(bias.tolist(), counts.tolist())],
                            dtype=dtype)
        close = {"rtol": 1e-6, "atol": 1e-7} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-12}
        check(update_bias, bias, counts, gamma, want=want, **close, why=f"loads {counts[:6].tolist()} …")
for counts in ([0, 0, 0, 0], [6, 6, 6, 6], [10**9] * 4):
    check(update_bias, torch.tensor([0.5, -1.0, 0.0, 2.0]), torch.tensor(counts), 0.1,
          want=torch.tensor([0.5, -1.0, 0.0, 2.0]), why="all loads equal the mean: nothing moves")
check(update_bias, torch.zeros(3), torch.tensor([400_000_001, 400_000_000, 399_999_999]), 0.25,
      want=torch.tensor([-0.25, 0.0, 0.25]), why="float32 cannot tell 400,000,001 from 400,000,000")
check(update_bias, torch.zeros(3), torch.tensor([1, 1, 2]), 0.25, want=torch.tensor([0.25, 0.25, -0.25]),
      why="the mean, 4/3, is no whole number")
### END HIDDEN TESTS

# %% graded="update_bias__devices" points=1
# Counts of several devices.
check(update_bias, torch.tensor([0.2, 0.2, 0.2]), torch.tensor([[4, 0, 2], [1, 1, 1]]), 0.01,
      want=torch.tensor([0.19, 0.21, 0.2]), why="loads [5, 1, 3]")
check(update_bias, torch.zeros(2), torch.tensor([[4, 0], [0, 4]]), 0.5, want=torch.zeros(2),
      why="together the two are balanced")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for R, E, gamma in [(4, 6, 0.01), (9, 3, 0.2), (3, 3, 0.5), (6, 6, 0.1), (1, 5, 0.001), (2, 70, 0.1)]:
    bias, counts = torch.randn(E, generator=g), torch.randint(0, 9, (E, R), generator=g).T  # not contiguous
    load = counts.sum(0)
    want = bias + gamma * (load.sum() - E * load).sign()
    check(update_bias, bias, counts, gamma, want=want, why="one step for the sum of all devices")
### END HIDDEN TESTS

# %% graded="update_bias__balances" points=2
# In a loop with a router that starts skewed; the answer is in memory of its own.
fresh(update_bias, torch.tensor([0.5, -0.5]), torch.tensor([2, 2]), 0.1, want=torch.tensor([0.5, -0.5]),
      why="balanced: nothing moves, but the answer is a new tensor")
### BEGIN HIDDEN TESTS
fresh(update_bias, torch.tensor([0.5, -0.5, 1.0]), torch.tensor([[3, 1, 2]]), 0.0, want=torch.tensor([0.5, -0.5, 1.0]))
unchanged(update_bias, torch.tensor([0.5, -0.5, 1.0]), torch.tensor([[3, 1, 2], [0, 0, 3]]), 0.5,
          want=torch.tensor([0.5, 0.0, 0.5]))
for E, k, lead, gamma, steps in [(8, 2, 3.0, 0.01, 200), (16, 4, 1.5, 0.02, 120)]:
    g = torch.Generator().manual_seed(E)
    bias, skew, vio = torch.zeros(E), torch.zeros(E), []
    skew[:3] = lead
    for _ in range(steps):
        scores = (torch.randn(512, E, generator=g) + skew).sigmoid()
        counts = torch.bincount((scores + bias).topk(k, -1).indices.flatten(), minlength=E)
        vio.append(max_vio(counts))
        bias = update_bias(bias, counts.view(1, E), gamma)
    late = sum(vio[-20:]) / 20
    assert vio[0] > 1 and late < 0.35, (
        f"{E} experts, three of them {lead} ahead: after {steps} steps of gamma = {gamma} MaxVio is {late:.2f}, expected "
        f"below 0.35 (it began at {vio[0]:.2f})")
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.closed_loop(bias_free_route, update_bias)

# %% [markdown]
# γ = 0.1 swings between too much and too little for ever. γ = 0.01 is balanced after some ten steps, and γ = 0.001
# after some eighty, and then better: the smaller the last steps, the smaller what is left.

# %% [markdown]
# ## 4 · Capacity: who is dropped
#
# Compilers and fixed buffers like equal shapes. So GShard and Switch give every expert a buffer of
#
# $$C = \left\lceil \text{cf} \cdot \frac{T \cdot k}{E} \right\rceil$$
#
# tokens; cf is the **capacity factor**, 1.0 for exactly the mean load, 1.25 in many recipes. An assignment that finds
# the buffer full is **dropped**: this expert adds nothing for this token. A token that loses all its k assignments
# passes the layer through the residual connection alone.
#
# | | capacity | dropless (MegaBlocks, grouped products) |
# |---|---|---|
# | shapes | fixed, padded to C | ragged, as routed |
# | memory and time | known beforehand; cf above 1 computes padding | follow the fullest expert |
# | result | depends on the *other tokens of the batch* | each token's own |
#
# The last line is why serving is dropless: an answer must not change with the strangers in the batch. (It is an open
# door, too: somebody else's tokens can push yours out of a buffer, arXiv 2402.05526.) Capacity is a device of
# training; a server places copies of busy experts on several devices instead.
#
# ### Exercise 19.6 · dispatch_with_capacity
#
# `dispatch_with_capacity(idx, w, E, cf)` gives each assignment a place in its expert's buffer, or drops it. Returns
# `(slot, kept, dropped)`.
#
# - idx (T, k), int64, k different experts in a row, best first; w (T, k) their weights; E experts; cf > 0.
# - Each expert has room for C = ⌈cf · T · k / E⌉ assignments. (In the tests cf is a multiple of 1/8, so the product
#   is exact.)
# - **Order**: first the first choices (column 0) of all tokens, in the order of the tokens; then all second choices;
#   and so on. So a token's second choice never displaces anybody's first.
# - `slot` (T, k), int64: 0, 1, 2, … in the order in which assignments come to their expert; −1 where dropped.
# - `kept` (T, k): the weights, with 0 where dropped, in new memory, with the dtype of w. What is left is **not**
#   renormalised: a lost expert must not make the others louder. Gradients flow through the weights that stay.
# - `dropped`: the share of the T · k assignments that was dropped, a number; 0 for T = 0.
#
# With `moe_forward(x, W1, W2, idx, kept)` the dropped ones then add nothing. Source: GShard, Lepikhin et al. 2020,
# arXiv 2006.16668; Switch, arXiv 2101.03961.

# %% stub="dispatch_with_capacity"
def dispatch_with_capacity(idx: Int[Tensor, "T k"], w: Float[Tensor, "T k"], E: int,
                           cf: float) -> tuple[Int[Tensor, "T k"], Float[Tensor, "T k"], float]:
    """Places in buffers of ceil(cf * T * k / E): (slot or -1, weights with 0 where dropped, share dropped).

    idx [[0, 1], [0, 1], [0, 2]], E = 3, cf = 1 (C = 2): slot [[0, 0], [1, 1], [-1, 0]], one of six dropped
    """
    ### BEGIN SOLUTION
    T, k = idx.shape
    C = math.ceil(cf * T * k / E)
    queue = idx.T.reshape(-1)  # all first choices, then all second ones
    order = queue.sort(stable=True).indices
    counts = torch.bincount(queue, minlength=E)
    start = (counts.cumsum(0) - counts)[queue[order]]
    place = torch.empty_like(queue)
    place[order] = torch.arange(T * k, device=idx.device) - start
    slot = place.view(k, T).T.contiguous()
    lost = slot >= C
    dropped = lost.sum().item() / (T * k) if T else 0.0
    return slot.masked_fill(lost, -1), w.masked_fill(lost, 0.0), dropped
    ### END SOLUTION
    raise NotImplementedError("dispatch_with_capacity")


# %% [markdown] hints="dispatch_with_capacity"
# <details><summary>Hint 1: a question</summary>
#
# Token 0's second choice and token 9's first choice want the last place at expert 4. Who gets it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# idx = [[0, 1], [1, 0], [0, 1], [1, 0]], E = 2, cf = 0.75: C = 3. First choices: expert 0 gets tokens 0 and 2 (slots
# 0, 1), expert 1 tokens 1 and 3. Second choices: expert 1 takes token 0 (slot 2), expert 0 takes token 1 (slot 2);
# tokens 2 and 3 find both full. slot = [[0, 2], [0, 2], [1, −1], [1, −1]], dropped 0.25.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# T · k assignments share the room, not T, and the ceiling is taken once, at the end. Walking through the columns
# first and the rows inside gives the order; a loop is fast enough.
#
# </details>

# %% graded="dispatch_with_capacity__slots" points=3
# Who gets which place, who is dropped, what is left of the weights.
idx, w = torch.tensor([[0, 1], [0, 1], [0, 2]]), torch.tensor([[0.75, 0.25]] * 3)
check(dispatch_with_capacity, idx, w, 3, 1.0, rtol=1e-5, atol=1e-6,
      want=(torch.tensor([[0, 0], [1, 1], [-1, 0]]), torch.tensor([[0.75, 0.25], [0.75, 0.25], [0.0, 0.25]]), 1 / 6),
      why="C = 2: the third token finds expert 0 full",
      mistakes={"the weight that is left was renormalised":
                (torch.tensor([[0, 0], [1, 1], [-1, 0]]), torch.tensor([[0.75, 0.25], [0.75, 0.25], [0.0, 1.0]]), 1 / 6)})
idx, w = torch.tensor([[0, 1], [1, 0], [0, 1], [1, 0]]), torch.tensor([[0.5, 0.5]] * 4)
check(dispatch_with_capacity, idx, w, 2, 0.75,
      want=(torch.tensor([[0, 2], [0, 2], [1, -1], [1, -1]]), torch.tensor([[0.5, 0.5]] * 2 + [[0.5, 0.0]] * 2), 0.25),
      why="C = 3; all first choices come before all second ones",
      mistakes={"token by token: a second choice displaced a first":
                (torch.tensor([[0, 0], [1, 1], [2, 2], [-1, -1]]), torch.tensor([[0.5, 0.5]] * 3 + [[0.0, 0.0]]), 0.25)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for T, E, k, cf, skew in [(7, 5, 2, 1.0, 0.0), (40, 6, 3, 0.5, 1.0), (1, 3, 3, 1.0, 0.0), (90, 16, 1, 1.25, 2.0),
                          (33, 130, 4, 0.625, 1.0), (25, 4, 2, 0.875, 5.0), (150, 8, 2, 1.125, 1.0), (9, 9, 9, 0.375, 0.0)]:
    idx = (torch.rand(T, E, generator=g) - skew * (torch.arange(E) < 2)).argsort(-1)[:, :k]
    w = torch.rand(k, T, generator=g).T
    idx = idx.T.contiguous().T  # not contiguous
    want = dispatch_oracle(idx, w, math.ceil(cf * T * k / E))
    check(dispatch_with_capacity, idx, w, E, cf, want=want, rtol=1e-5, atol=1e-6, why=f"T = {T}, E = {E}, k = {k}, cf = {cf}")
check(dispatch_with_capacity, torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, 2), 4, 1.0,
      want=(torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, 2), 0.0), why="no tokens: nothing is dropped")
w = torch.tensor([[-1.0], [0.0], [2.0], [1e-30]], dtype=torch.float64)
check(dispatch_with_capacity, torch.tensor([[3], [3], [3], [0]]), w, 4, 1.5,
      want=(torch.tensor([[0], [1], [-1], [0]]), w * torch.tensor([[1.0], [1.0], [0.0], [1.0]]).double(), 0.25),
      why="C = 2; weights of any size keep their value and their dtype", rtol=0, atol=0)
### END HIDDEN TESTS

# %% graded="dispatch_with_capacity__capacity" points=2
# The size of the buffers.
idx, w = torch.tensor([[0], [0], [0], [0], [0]]), torch.ones(5, 1)
check(dispatch_with_capacity, idx, w, 2, 1.0, want=(torch.tensor([[0], [1], [2], [-1], [-1]]),
      torch.tensor([[1.0], [1.0], [1.0], [0.0], [0.0]]), 0.4), why="C = ceil(5 / 2) = 3", rtol=1e-5, atol=1e-6,
      mistakes={"rounded down": (torch.tensor([[0], [1], [-1], [-1], [-1]]),
                                 torch.tensor([[1.0], [1.0], [0.0], [0.0], [0.0]]), 0.6)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for T, E, k in [(12, 4, 2), (13, 4, 2), (64, 8, 3), (31, 5, 1), (100, 64, 2)]:
    everybody = torch.arange(k).expand(T, k).contiguous()  # all tokens want the same k experts
    for cf in (0.125, 0.5, 1.0, 1.25, 2.0, E / k, 3.0 * E):
        cf = math.ceil(8 * cf) / 8
        C = math.ceil(cf * T * k / E)
        slot, kept, dropped = dispatch_with_capacity(everybody, torch.ones(T, k), E, cf)
        expect(slot, torch.where(torch.arange(T) < C, torch.arange(T), -1)[:, None].expand(T, k),
               on=f"slot for {T} tokens that all want experts 0 to {k - 1} of {E}, cf = {cf}", why=f"C = {C}")
        expect(dropped, max(T - C, 0) / T, on="dropped", rtol=1e-5, atol=1e-6,
               why="with cf = E / k there is room for everybody at every expert")
for T, E, C in [(301, 300, 2), (1001, 1000, 2), (2500, 1, 2500)]:
    slot, _, dropped = dispatch_with_capacity(torch.zeros(T, 1, dtype=torch.int64), torch.ones(T, 1), E, 1.0)
    expect(slot, torch.where(torch.arange(T) < C, torch.arange(T), -1)[:, None],
           on=f"slot for {T} tokens at one of {E} experts", why=f"C = ceil({T} / {E}) = {C}")
### END HIDDEN TESTS

# %% graded="dispatch_with_capacity__gradient" points=1
# The weights that stay carry their gradient; dropped ones have none; arguments stay as they are.
idx, w = torch.tensor([[0, 1], [0, 1], [0, 2]]), torch.tensor([[0.75, 0.25]] * 3)
_, (grad,) = value_and_grad(dispatch_with_capacity, idx, w, 3, 1.0, wrt=1, output=1)
assert grad is not None, "no gradient reaches the weights: the router could not learn under a capacity"
expect(grad, torch.tensor([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]]), on="the gradient of the sum of the kept weights")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for T, E, k, cf in [(12, 4, 2, 0.75), (30, 5, 3, 0.5)]:
    idx, w = different(g, T, E, k), torch.rand(T, k, generator=g)
    slot, kept, dropped = dispatch_oracle(idx, w, math.ceil(cf * T * k / E))
    _, (grad,) = value_and_grad(dispatch_with_capacity, idx, w, E, cf, wrt=1, output=1)
    assert grad is not None, "no gradient reaches the weights"
    expect(grad, (slot >= 0).float(), on="the gradient of the sum of the kept weights")
    unchanged(dispatch_with_capacity, idx, w, E, cf, want=(slot, kept, dropped), rtol=1e-5, atol=1e-6)
    fresh(dispatch_with_capacity, idx, w, E, 8.0, want=dispatch_oracle(idx, w, T * 8))
    for dtype in (torch.float16, torch.bfloat16):
        check(lambda *args: dispatch_with_capacity(*args)[:2], idx, w.to(dtype), E, cf, want=(slot, kept.to(dtype)), rtol=0,
              atol=0, why="the weights keep their dtype and, bit for bit, their value")
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.dropped_by_capacity(dispatch_with_capacity)

# %% [markdown]
# ## 5 · What it costs to serve
#
# Mixtral-8x7B has 46,702,792,704 parameters, of which a token uses 12,879,925,248. Not 8 · 7 = 56 billion: attention,
# norms and embeddings exist once. One expert, three matrices of 4,096 × 14,336, has 176 million, and there are 8 in
# each of 32 layers.
#
# **Memory** follows the total. All experts must be resident: 93.4 GB (87.0 GiB) in BF16, two bytes a parameter. With
# one byte (INT8, or the 8-bit float FP8) it is 46.7 GB, which fits on one card of 80 GB; INT4 takes half a byte. FP8
# arithmetic exists on Hopper and Ada GPUs, not on an A100: there FP8 weights are unpacked before they are used.
#
# **Arithmetic** follows the active ones: about 2 · 12.9 billion FLOPs (floating-point operations) a token.
#
# **Time is neither.** A decode step at small batch waits for memory: it reads each weight that it needs once, and
# does little with it. At batch 1 it needs k experts per layer, so Mixtral reads as much as a dense 13B model. But B
# tokens choose for themselves, and the step reads every expert that *anybody* chose. With independent, uniform
# choices of k out of E the expected number of distinct experts per layer is
#
# $$E \left(1 - \left(1 - \tfrac{k}{E}\right)^{B}\right)$$
#
# | | B = 1 | 4 | 8 | 16 | 32 | 128 |
# |---|---|---|---|---|---|---|
# | E = 8, k = 2 | 2.0 | 5.5 | 7.2 | 7.9 | 8.0 | 8.0 |
# | E = 256, k = 8 | 8 | 31 | 57 | 102 | 163 | 252 |
#
# So at batch 16 Mixtral reads nearly all of its 93 GB, like a dense model of 47B, and computes like one of 13B. A
# third regime comes at large batches: each expert has enough tokens to be limited by arithmetic, and then the active
# parameters do count. In between, **active parameters are no measure of speed**. The same formula says why
# speculative decoding gains less: to verify several drafted tokens is a small batch, and touches more experts.
#
# ### One user alone
#
# At batch 1 the sparse model is at its best, and three things are different from what one expects.
#
# - Nothing is grouped: each chosen expert has one row to compute.
# - If experts lie on different devices, only those with a chosen expert work: 2 of 4 at most for Mixtral, and the
#   others wait. Memory bandwidth then does not add up; cutting each matrix over all devices (tensor parallelism) does
#   better.
# - Experts in the computer's own memory (*offloading*) are slow: which ones a layer needs is known only after its
#   router. Two experts in 32 layers are 22.5 GB a token; over a bus of 25 GB/s that is 0.9 s, unless some of them are
#   still on the GPU from the tokens before. (They often are: neighbouring tokens like the same experts.)
#
# ### Expert parallelism
#
# *Expert parallelism* (EP) puts different experts on different devices. The attention usually runs data-parallel:
# each device has tokens of its own. In each layer there are two *all-to-all* exchanges: **dispatch** sends each token
# to the devices of its experts, **combine** brings the results back.
#
# - A token's vector goes once to each *other device* that holds at least one of its experts, not once per expert.
#   With D numbers of two bytes, n such devices and both directions: 2 · n · 2 · D bytes per token and layer.
# - Mixtral on 4 devices, 2 experts each: the two chosen experts lie on 1.86 devices on average, 1.39 of them remote.
#   D = 4,096: 22.8 KB a layer, 730 KB for all 32 layers and each token.
# - DeepSeek-V3's groups bound n: a token goes to at most 4 nodes.
# - The step takes as long as its **fullest** device. With one expert per device, MaxVio = 1 means that the average
#   device waits half of the time. In training one balances; in serving one copies busy experts to several devices
#   and moves them now and then.
# - With *tensor parallelism* (TP), which cuts each matrix over the devices, every device has all tokens anyway. Then
#   no all-to-all is needed: each computes its own experts, and the all-reduce that adds up partial results adds these
#   too.
#
# ### Exercise 19.7 · moe_params
#
# Two functions. `moe_params(vocab, D, layers, attention, F, E, k, shared=0, dense_layers=0, dense_F=0)` returns
# `(total, active)`, two whole numbers (exact up to 10¹⁸: no floats), for a transformer made of these parts:
#
# - an input embedding and an output matrix of vocab · D each, and one last norm of D;
# - each of the `layers` layers: `attention` parameters for attention, two norms of D each, and
#   - in the first `dense_layers` layers a dense FFN of hidden width `dense_F`, no router;
#   - in all others a router of E · D, E routed experts of hidden width F of which a token uses k, and `shared`
#     experts of the same width that every token uses;
# - each FFN and each expert is a SwiGLU: three matrices between D and its hidden width, no biases.
# - Active is what one token uses: everything but the E − k routed experts of each layer that it did not choose. By
#   convention the whole embedding counts.
#
# `expected_distinct_experts(E, k, B)` returns the expected number of different experts in one layer that B tokens
# touch together, by the formula above; B ≥ 0, 1 ≤ k ≤ E, relative error at most 10⁻⁹ for E up to 1,000 and B up to
# 10⁶.
#
# Source: configurations of Mixtral (arXiv 2401.04088) and DeepSeek-V3 (arXiv 2412.19437) in transformers.

# %% stub="moe_params"
def moe_params(vocab: int, D: int, layers: int, attention: int, F: int, E: int, k: int, shared: int = 0,
               dense_layers: int = 0, dense_F: int = 0) -> tuple[int, int]:
    """(total, active) parameters of a mixture-of-experts transformer.

    moe_params(10, 2, 1, attention=5, F=3, E=4, k=1): 40 + 2 + 5 + 4 + 8 = 59 without experts of 18 each: (131, 77)
    """
    ### BEGIN SOLUTION
    sparse = layers - dense_layers
    always = 2 * vocab * D + D + layers * (attention + 2 * D) + dense_layers * 3 * D * dense_F + sparse * E * D
    expert = 3 * D * F
    return always + sparse * (E + shared) * expert, always + sparse * (k + shared) * expert
    ### END SOLUTION
    raise NotImplementedError("moe_params")


def expected_distinct_experts(E: int, k: int, B: int) -> float:
    """How many different experts of one layer B tokens touch, on average.

    expected_distinct_experts(8, 2, 1) = 2, (8, 2, 2) = 3.5
    """
    ### BEGIN SOLUTION
    return E * (1 - (1 - k / E) ** B)
    ### END SOLUTION
    raise NotImplementedError("expected_distinct_experts")


# %% [markdown] hints="moe_params"
# <details><summary>Hint 1: a question</summary>
#
# Of the seven kinds of weights in the list above, which does a token use only in part?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# vocab 10, D = 2, one layer, attention 5, F = 3, E = 4, k = 1. Embedding and output: 40. Last norm: 2. Attention 5,
# two norms 4, router 8. One expert: 3 · 2 · 3 = 18. Total 59 + 4 · 18 = 131, active 59 + 18 = 77, and not 131 / 4.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The router scores all E experts for every token, so all of it is active. A dense layer has neither router nor shared
# expert. And for the distinct experts: ask how likely it is that *nobody* of the B tokens chose a given expert.
#
# </details>

# %% graded="moe_params__mixtral" points=2
# Total and active, without shared experts and dense layers.
check(moe_params, 10, 2, 1, 5, 3, 4, 1, want=(131, 77), why="59 beside the experts, 18 for each of them",
      mistakes={"active is not total * k / E": (131, 32), "an expert has three matrices": (107, 71),
                "the router is used whole by every token": (131, 71), "input and output both count": (111, 57)})
mixtral = dict(vocab=32_000, D=4096, layers=32, attention=41_943_040, F=14_336, E=8, k=2)
check(moe_params, **mixtral, want=(46_702_792_704, 12_879_925_248), why="Mixtral-8x7B: 46.7 and 12.9 billion")
### BEGIN HIDDEN TESTS
for args in [(7, 3, 2, 11, 5, 6, 2), (100, 8, 5, 0, 1, 3, 3), (1, 1, 1, 1, 1, 1, 1), (50, 6, 9, 123, 17, 64, 6),
             (32_768, 6144, 56, 88_080_384, 16_384, 8, 2)]:
    vocab, D, layers, attention, width, E, k = args
    beside = vocab * D + vocab * D + D
    for _ in range(layers):
        beside += attention + D + D + E * D
    total, active = (beside + layers * n * (D * width + D * width + width * D) for n in (E, k))
    check(moe_params, *args, want=(total, active), why="vocab, D, layers, attention, F, E, k")
total, active = moe_params(3, 1001, 7, 10**17 + 1, 5, 4, 2)
beside = 2 * 3 * 1001 + 1001 + 7 * (10**17 + 1 + 2 * 1001 + 4 * 1001)
for name, got, n in [("total", total, 4), ("active", active, 2)]:
    right = beside + 7 * n * 3 * 1001 * 5
    assert int(got) == right, f"moe_params(3, 1001, 7, 10**17 + 1, 5, 4, 2): {name} is {int(got)}, not {right}; no floats"
### END HIDDEN TESTS

# %% graded="moe_params__shared" points=1
# Shared experts and dense layers.
check(moe_params, 10, 2, 3, 5, 3, 4, 1, 2, 1, 7, want=(343, 235),
      why="one dense layer (51), two sparse ones of 17 + 6 or 3 experts of 18, and 42 for embedding, output, last norm")
### BEGIN HIDDEN TESTS
for args in [(7, 3, 4, 11, 5, 6, 2, 1, 2, 9), (100, 8, 5, 2, 4, 3, 1, 2, 0, 0), (9, 2, 3, 4, 5, 6, 1, 0, 1, 10),
             (9, 2, 3, 4, 5, 6, 1, 3, 3, 10), (129_280, 7168, 61, 187_107_328, 2048, 256, 8, 1, 3, 18_432)]:
    vocab, D, layers, attention, width, E, k, shared, dense, wide = args
    parts = [(3 * D * wide, 3 * D * wide) if layer < dense else
             tuple(E * D + (n + shared) * 3 * D * width for n in (E, k)) for layer in range(layers)]
    want = tuple(2 * vocab * D + D + layers * (attention + 2 * D) + sum(p[i] for p in parts) for i in (0, 1))
    check(moe_params, *args, want=want, why="vocab, D, layers, attention, F, E, k, shared, dense_layers, dense_F")
### END HIDDEN TESTS

# %% graded="moe_params__distinct" points=2
# The experts that B tokens touch together.
check(expected_distinct_experts, 8, 2, 2, want=3.5, why="each expert is missed by both tokens with probability (3/4)^2",
      mistakes={"no two tokens would ever share an expert": 4.0})
check(expected_distinct_experts, 8, 2, 1, want=2.0, why="one token touches its k experts")
### BEGIN HIDDEN TESTS
for E, k in [(8, 2), (256, 8), (1000, 1), (5, 5), (128, 4), (1, 1), (60, 30)]:
    for B in (0, 1, 2, 3, 8, 33, 500, 10**6):
        missed = 1.0
        for _ in range(min(B, 100_000)):
            missed *= (E - k) / E
        check(expected_distinct_experts, E, k, B, want=E * (1 - missed), rtol=1e-9, atol=1e-12,
              why=f"E = {E}, k = {k}, B = {B}")
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.read_by_batch(moe_params, expected_distinct_experts)

# %% [markdown]
# ## 6 · Put together: a layer that does not collapse
#
# Everything is there: scores, a choice with bias, grouped experts, a shared expert, and a bias that moves. What is
# left is the order of things within one training step.
#
# ### Exercise 19.8 · moe_step
#
# Two functions, made of your own pieces. Use `bias_free_route` with one group, `moe_forward` and `update_bias`. Tests
# use float32 and float64 only.
#
# `moe_layer(x, router, bias, w1, w2, shared1, shared2, k, scale=1.0)` returns `(y, counts)`:
#
# - scores = sigmoid(x · routerᵀ), with router (E, D); choice and weights from `bias_free_route`;
# - y (T, D) is the weighted sum of the k experts, plus the shared expert relu(x · shared1) · shared2, which every
#   token uses with weight 1 (`scale` does not touch it). There is no residual connection here;
# - counts (E,), int64: how many assignments each expert got, also where it got none. T may be 0;
# - gradients flow from y to x, to the router and to all four matrices; none (or zeros) to the bias.
#
# `moe_step(layer, x, y, k, lr, gamma, scale=1.0)` returns `(new, loss, counts)` after one step of plain gradient
# descent:
#
# - `layer` is a dict with the keys router, bias, w1, w2, shared1, shared2; `new` is a dict with the same keys and new
#   tensors, in memory of their own and without a graph, also where nothing moves. `layer` and its tensors stay as
#   they are, `requires_grad` included.
# - The loss is the mean over all T · D numbers of (moe_layer(x) − y)², before the step, as a plain number or a tensor
#   without dimensions.
# - The five weights move by −lr times their gradient. The bias moves by `update_bias` with the counts of this batch.
#   So this step was routed with the **old** bias.
# - `counts` are those of this batch.
#
# A graded cell then trains such a layer for 150 steps, from a start in which two of eight experts are ahead. Source:
# the pieces above; DeepSeekMoE, arXiv 2401.06066, for the shared expert.

# %% stub="moe_step"
def moe_layer(x: Float[Tensor, "T D"], router: Float[Tensor, "E D"], bias: Float[Tensor, "E"], w1: Float[Tensor, "E D F"],
              w2: Float[Tensor, "E F D"], shared1: Float[Tensor, "D S"], shared2: Float[Tensor, "S D"], k: int,
              scale: float = 1.0) -> tuple[Float[Tensor, "T D"], Int[Tensor, "E"]]:
    """Routed experts plus a shared one, and how many assignments each expert got.

    x (T, D) gives y (T, D) and counts (E,), which sum to T * k
    """
    ### BEGIN SOLUTION
    idx, w = bias_free_route((x @ router.T).sigmoid(), bias, k, scale)
    y = moe_forward(x, w1, w2, idx, w) + (x @ shared1).relu() @ shared2
    return y, torch.bincount(idx.flatten(), minlength=len(bias))
    ### END SOLUTION
    raise NotImplementedError("moe_layer")


def moe_step(layer: dict[str, Tensor], x: Float[Tensor, "T D"], y: Float[Tensor, "T D"], k: int, lr: float, gamma: float,
             scale: float = 1.0) -> tuple[dict[str, Tensor], float, Int[Tensor, "E"]]:
    """One step of gradient descent on the weights, one of the balancing rule on the bias: (new layer, loss, counts).

    With lr = 0 and gamma = 0 the new layer equals the old one.
    """
    ### BEGIN SOLUTION
    names = ["router", "w1", "w2", "shared1", "shared2"]
    leaf = {name: layer[name].detach().clone().requires_grad_() for name in names}
    out, counts = moe_layer(x, **leaf, bias=layer["bias"], k=k, scale=scale)
    loss = (out - y).square().mean()
    grads = torch.autograd.grad(loss, list(leaf.values()))
    new = {name: layer[name] - lr * grad for name, grad in zip(names, grads)}
    return {**new, "bias": update_bias(layer["bias"], counts, gamma)}, loss.item(), counts
    ### END SOLUTION
    raise NotImplementedError("moe_step")


# %% [markdown] hints="moe_step"
# <details><summary>Hint 1: a question</summary>
#
# Which of the six tensors of a layer are moved by a gradient, which by a rule, and what does each of the two need to
# know?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# x = [[1]], router = [[0], [1]], bias = [0, −1], k = 1: the scores are [0.5, 0.731], the sums [0.5, −0.269], so
# expert 0 is chosen, with weight 0.5 / 0.5 = 1. With w1 = 1, w2 = [2], [3] and a shared expert of 1 · 4: y = 2 + 4 =
# 6, counts = [1, 0]. With γ = 0.1 the bias becomes [−0.1, −0.9].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The weights that come in are plain tensors without gradient: make copies that require one. The counts need room for
# experts that nobody chose. And what goes out must not drag the graph of this step into the next.
#
# </details>

# %% graded="moe_step__layer" points=2
# moe_layer: routed and shared experts, counts, scale.
args = (torch.tensor([[0.0], [1.0]]), torch.tensor([0.0, -1.0]), torch.ones(2, 1, 1), torch.tensor([[[2.0]], [[3.0]]]),
        torch.ones(1, 1), torch.tensor([[4.0]]))
check(moe_layer, torch.tensor([[1.0]]), *args, 1, want=(torch.tensor([[6.0]]), torch.tensor([1, 0])),
      why="expert 0 gives 2 with weight 1, the shared expert 4; nobody chose expert 1",
      mistakes={"the bias did not steer the choice": (torch.tensor([[7.0]]), torch.tensor([0, 1])),
                "the shared expert is missing": (torch.tensor([[2.0]]), torch.tensor([1, 0]))})
check(moe_layer, torch.tensor([[1.0]]), *args, 1, 2.5, want=(torch.tensor([[9.0]]), torch.tensor([1, 0])),
      why="scale multiplies the routed experts only: 2.5 * 2 + 4",
      mistakes={"scale multiplied the shared expert as well": (torch.tensor([[15.0]]), torch.tensor([1, 0]))})
### BEGIN HIDDEN TESTS
for seed, (T, D, E, width, S, k, scale) in enumerate([(9, 5, 6, 4, 3, 2, 1.0), (40, 7, 12, 3, 8, 5, 2.5),
                                                      (1, 4, 3, 2, 2, 1, 1.0), (70, 3, 40, 5, 1, 2, 0.5)]):
    layer, g = new_layer(D, E, width, S, seed), torch.Generator().manual_seed(seed)
    layer = {name: value.double() for name, value in layer.items()}
    layer["bias"] = 0.3 * torch.randn(E, generator=g, dtype=torch.float64)
    x = torch.randn(D, T, generator=g, dtype=torch.float64).T
    y, counts = layer_oracle(x, layer, k, scale)
    check(moe_layer, x, *(layer[n] for n in WEIGHTS), k, scale, want=(y, counts), rtol=1e-8, atol=1e-9,
          why=f"T = {T}, E = {E}, k = {k}, scale {scale}")
    check(moe_layer, x.float(), *(layer[n].float() for n in WEIGHTS), k, scale, want=(y.float(), counts), rtol=1e-3, atol=1e-4)
layer = {name: value.double() for name, value in new_layer(4, 5, 3, 2).items()}
layer["router"] = torch.tensor([[-12.0, 0, 0, 0], [-14, 1, 0, 0], [-13, 0, 1, 0], [-15, 0, 0, 0], [-16, 0, 0, 1]]).double()
x = torch.tensor([[1.0, 0.5, 0.2, -0.3], [1.2, -0.1, 0.0, 0.4]], dtype=torch.float64)
check(moe_layer, x, *(layer[n] for n in WEIGHTS), 3, want=layer_oracle(x, layer, 3), rtol=1e-8, atol=1e-9,
      why="scores as small as 1e-6 still decide, and are divided by their sum")
layer = new_layer(4, 5, 3, 2)
check(moe_layer, torch.zeros(0, 4), *(layer[n] for n in WEIGHTS), 2,
      want=(torch.zeros(0, 4), torch.zeros(5, dtype=torch.int64)), why="no tokens: y (0, D), counts of zero")
### END HIDDEN TESTS

# %% graded="moe_step__gradient" points=2
# moe_layer: gradients of everything but the bias.
layer, x = new_layer(3, 4, 2, 2), torch.tensor([[1.0, -0.5, 0.25], [0.5, 2.0, -1.0]])
_, grads = value_and_grad(moe_layer, x, *(layer[n] for n in ("router", "bias", "w1", "w2", "shared1", "shared2")), 2,
                          wrt=[0, 1, 3, 4, 5, 6], output=0)
for name, grad in zip(["x", "router", "w1", "w2", "shared1", "shared2"], grads):
    assert grad is not None and grad.abs().sum() > 0, f"moe_layer: no gradient reaches {name}"
### BEGIN HIDDEN TESTS
for seed, (T, D, E, width, S, k, scale) in enumerate([(9, 5, 6, 4, 3, 2, 1.0), (30, 7, 12, 3, 8, 5, 2.5),
                                                      (6, 4, 4, 3, 2, 3, 0.5)]):
    g = torch.Generator().manual_seed(seed)
    layer = {name: value.double() for name, value in new_layer(D, E, width, S, seed).items()}
    layer["bias"] = 0.3 * torch.randn(E, generator=g, dtype=torch.float64)
    x = torch.randn(T, D, generator=g, dtype=torch.float64)
    names = [n for n in WEIGHTS if n != "bias"]
    leaves = {n: layer[n].clone().requires_grad_() for n in names}
    inside = x.clone().requires_grad_()
    y, _ = layer_oracle(inside, {**leaves, "bias": layer["bias"]}, k, scale)
    want = torch.autograd.grad(y.sum(), [inside, *leaves.values()])
    _, grads = value_and_grad(moe_layer, x, *(layer[n] for n in WEIGHTS), k, scale, wrt=[0, 1, 3, 4, 5, 6, 2], output=0)
    for name, got, right in zip(["x", *names], grads, want):
        assert got is not None, f"moe_layer: no gradient reaches {name}"
        expect(got, right, on=f"the gradient of {name}", rtol=1e-7, atol=1e-8,
               why="through the weights w as well as through the experts")
    if grads[-1] is not None:
        expect(grads[-1], torch.zeros(E, dtype=torch.float64), on="the gradient of the bias", atol=1e-8)
### END HIDDEN TESTS

# %% graded="moe_step__one_step" points=3
# One step: loss, weights, bias, counts.
layer = {"router": torch.tensor([[0.0], [1.0]]), "bias": torch.tensor([0.0, -1.0]), "w1": torch.ones(2, 1, 1),
         "w2": torch.tensor([[[2.0]], [[3.0]]]), "shared1": torch.ones(1, 1), "shared2": torch.tensor([[4.0]])}
new, loss, counts = moe_step(layer, torch.tensor([[1.0]]), torch.tensor([[5.0]]), 1, 0.1, 0.1)
expect(loss, 1.0, on="the loss of moe_step", why="y is 6 where 5 is wanted")
expect(counts, torch.tensor([1, 0]), on="the counts of moe_step")
want = {"router": torch.tensor([[0.0], [1.0]]), "bias": torch.tensor([-0.1, -0.9]), "w1": torch.tensor([[[0.6]], [[1.0]]]),
        "w2": torch.tensor([[[1.8]], [[3.0]]]), "shared1": torch.tensor([[0.2]]), "shared2": torch.tensor([[3.8]])}
expect(new, want, on="the new layer", why="the slope of the loss in y is 2; lr = 0.1; the bias moves by 0.1, by the rule")
### BEGIN HIDDEN TESTS
for seed, (T, D, E, width, S, k, lr, gamma, scale) in enumerate([
        (9, 5, 6, 4, 3, 2, 0.1, 0.01, 1.0), (40, 7, 12, 3, 8, 5, 0.5, 0.2, 2.5), (5, 4, 3, 2, 2, 1, 1.0, 0.0, 1.0),
        (8, 3, 9, 5, 1, 2, 0.0, 0.05, 1.5)]):
    g = torch.Generator().manual_seed(seed)
    layer = {name: value.double() for name, value in new_layer(D, E, width, S, seed).items()}
    layer["bias"] = 0.3 * torch.randn(E, generator=g, dtype=torch.float64)
    for step in range(3):
        x, y = torch.randn(2, T, D, generator=g, dtype=torch.float64)
        leaves = {n: layer[n].clone().requires_grad_() for n in WEIGHTS if n != "bias"}
        out, count = layer_oracle(x, {**leaves, "bias": layer["bias"]}, k, scale)
        error = (out - y).square().mean()
        grads = dict(zip(leaves, torch.autograd.grad(error, list(leaves.values()))))
        want = {n: layer[n] - lr * grads[n] for n in leaves}
        want["bias"] = layer["bias"] + gamma * (count.sum() - E * count).sign().double()
        new, loss, counts = moe_step(layer, x, y, k, lr, gamma, scale)
        on = f"step {step + 1} with T = {T}, E = {E}, k = {k}, lr = {lr}, gamma = {gamma}, scale = {scale}"
        expect(counts, count, on=f"counts, {on}", why="those of this batch, routed with the old bias")
        expect(loss, error.item(), on=f"loss, {on}", rtol=1e-7, atol=1e-9, why="the mean square error before the step")
        expect(new, want, on=f"the new layer, {on}", rtol=1e-7, atol=2e-8)
        layer = new
### END HIDDEN TESTS

# %% graded="moe_step__inplace" points=1
# The layer that came in stays as it is.
layer = new_layer(3, 4, 2, 2)
before = {name: value.clone() for name, value in layer.items()}
new, loss, counts = moe_step(layer, torch.ones(2, 3), torch.zeros(2, 3), 2, 0.5, 0.1)
expect(layer, before, on="the layer that moe_step was given, after the call", rtol=0, atol=0)
assert (new["w1"] - before["w1"]).abs().sum() > 0, "with lr = 0.5 the experts must have moved"
assert not any(value.requires_grad for value in [*new.values(), *layer.values()]), (
    "requires_grad: the new tensors carry no graph, and those of the caller stay as they were")
### BEGIN HIDDEN TESTS
for lr, gamma in [(0.5, 0.0), (0.0, 0.1), (0.0, 0.0)]:
    layer = new_layer(5, 6, 3, 4, 1)
    before = {name: value.clone() for name, value in layer.items()}
    new, loss, counts = moe_step(layer, torch.ones(7, 5), torch.zeros(7, 5), 2, lr, gamma)
    expect(layer, before, on=f"the layer that moe_step was given (lr = {lr}, gamma = {gamma})", rtol=0, atol=0)
    still = [n for n in WEIGHTS if (gamma if n == "bias" else lr) == 0]
    expect({n: new[n] for n in still}, {n: before[n] for n in still}, on=f"what must not move with lr = {lr}, gamma = {gamma}")
    want = {n: new[n].detach().clone() for n in WEIGHTS}
    fresh(moe_step, layer, torch.ones(7, 5), torch.zeros(7, 5), 2, lr, gamma, want=(want, loss, counts))
    x, y = torch.ones(7, 5), torch.zeros(7, 5)
    moe_step(layer, x, y, 2, lr, gamma)
    expect((x, y), (torch.ones(7, 5), torch.zeros(7, 5)), on="x and y after the call", rtol=0, atol=0)
### END HIDDEN TESTS

# %% graded="moe_step__balanced" points=2
# 150 steps from a skewed start: the error falls and the load spreads.
sample, layer = clusters(0), new_layer(17, 8, 24, 16, seed=0, lead=4.0)
x, y = sample(256, 0)
_, counts = moe_layer(x, *(layer[n] for n in ("router", "bias", "w1", "w2", "shared1", "shared2")), 2)
assert counts[:2].sum() > 400, f"at the start experts 0 and 1 take nearly all of the 512 assignments, got {counts.tolist()}"
### BEGIN HIDDEN TESTS
for seed in (1,):
    sample, layer = clusters(seed), new_layer(17, 8, 24, 16, seed, lead=4.0)
    losses, vio = [], []
    for step in range(150):
        layer, loss, counts = moe_step(layer, *sample(256, step), 2, 1.0, 0.02)
        losses.append(float(loss))
        vio.append(max_vio(counts))
    late = sum(vio[-10:]) / 10
    assert vio[0] > 2 and late < 0.7, (f"two of 8 experts are ahead; after 150 steps with gamma = 0.02 MaxVio is {late:.2f}, "
                                       f"expected below 0.7 (it began at {vio[0]:.2f})")
    error = sum(losses[-10:]) / 10
    assert error < 0.93, f"after 150 steps with lr = 1 the loss is {error:.2f}, expected below 0.93 (zero would give 1.0)"
### END HIDDEN TESTS

# %% tags=["picture"]
mixture_of_experts.loads_in_training(moe_step, clusters, new_layer)

# %% [markdown]
# ## 7 · The experiment: collapse, seen and cured
#
# The task has 16 kinds of tokens, each with its own linear map (`clusters`, above). A layer of 8 experts with k = 2
# is trained on it, 200 steps of 256 tokens with Adam. The router starts badly: the logits of experts 0 and 1 are 8
# ahead. There is no shared expert here, so all the work falls to the routed ones. Four ways to balance, all with
# sigmoid scores:
#
# - `"none"`;
# - `"aux 0.001"` and `"aux 1"`: your balancing loss with α = 0.001 and with α = 1;
# - `"bias"`: your bias, γ = 0.01, and no balancing loss.
#
# Two seeds each; about 5 seconds on one thread.
#
# **Predict before you run it.** All three remedies will spread the load. Which of the four ways ends with the
# **smallest error** on fresh tokens? Write its name. One point for committing, one for being right.

# %% stub="prediction"
prediction: str | None = None  # "none", "aux 0.001", "aux 1" or "bias"
### BEGIN SOLUTION
prediction = "bias"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to one of the four.
committed(prediction, options=["none", "aux 0.001", "aux 1", "bias"])

# %% graded="prediction__right" points=1
# The way is the one with the smallest error.
committed(prediction, options=["none", "aux 0.001", "aux 1", "bias"])
### BEGIN HIDDEN TESTS
predicted(prediction, "bias", "Which of the four puts nothing but the error into the gradient of the router, and still "
          "spreads the load?")
### END HIDDEN TESTS

# %% tags=["experiment"]
arms = {"none": (0.0, 0.0), "aux 0.001": (0.001, 0.0), "aux 1": (1.0, 0.0), "bias": (0.0, 0.01)}  # alpha and gamma


def step(layer, x, y, alpha, gamma):
    "One batch: (what is minimised, the error alone, the next bias, the load of each expert)."
    logits = x @ layer["router"].T
    idx, w = bias_free_route(logits.sigmoid(), layer["bias"], 2)
    error = (moe_forward(x, layer["w1"], layer["w2"], idx, w) - y).square().mean()
    counts = torch.bincount(idx.flatten(), minlength=8)
    return error + alpha * load_balance_loss(logits, 2), error, update_bias(layer["bias"], counts, gamma), counts


table = mixture_of_experts.collapse(arms, step, clusters, new_layer, prediction=prediction)

# %% [markdown]
# Read the maps from left to right (one row for each expert, dark is a large load), then the table:
#
# - Without balance, how long do the two leaders keep the work? How many experts are in effect at the end (8 would be
#   all equal)?
# - Which way has the most even load, and which the smallest error? Is it the same one?
# - Under the bias the two leaders flicker. Their scores are near 1 for every token, so a step of γ admits or
#   dismisses them for nearly all tokens at once. What would a smaller γ change, and what would it cost?
# - Two of the ways put something into the loss, one does not. What does that do to the gradient that the router gets
#   from the error?
#
# Perhaps α was badly chosen? Put others into `arms`: we tried seven from 0.00001 to 5, and the first place did not
# change hands. What the experiment does *not* show is that its order holds in a large language model. Here is one
# small task, one learning rate and a start that was made bad on purpose. What was measured at up to 3 billion
# parameters stands in arXiv 2408.15664.

# %% [markdown]
# ## 8 · Feel it: what does a step cost?
#
# Choose a model, how many sequences decode together, a format and GPUs. Each bar is a lower bound for one decode
# step: the time to read the weights that the step needs, and the time for its arithmetic. Compare the sparse model
# with the two dense ones below it: the one of its active size, and the one of its total size. At which batch does
# Mixtral stop reading like a 13B? At which does arithmetic take over, and which of the two does it resemble then? Do
# the same for DeepSeek-V3.

# %% tags=["widget"]
mixture_of_experts.widget(moe_params, expected_distinct_experts)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="not_a_13b"
# Your team serves a dense 13B model and wants to replace it by **Mixtral-8x7B** (46.7B parameters in total, 12.9B
# active; 8 experts and k = 2 in each of 32 layers; D = 4,096; one expert has 176.2 million parameters) on **four A100
# of 80 GB** (2.0 TB/s each). "It has 13B active parameters, so it costs what we pay today." Write, in about 15 lines:
#
# 1. Memory: weights in BF16, what remains of the four cards, and what one of them holds under expert parallelism when
#    everything but the experts is replicated.
# 2. The weights that a decode step reads at batch 1 and at batch 16, in GB, and the least time of each with the four
#    cards reading in parallel. What would the dense 13B model (26 GB) read at batch 16?
# 3. What is exchanged between the cards under expert parallelism, and what does an uneven load do to the step?
# 4. A colleague says: "set a capacity factor of 1.0 in serving, then the load is even". Another: "add the balancing
#    bias to the router's logits". Answer both.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Memory**: 46.7e9 · 2 = 93.4 GB of 320 GB, 227 GB remain for caches and activations. Experts 90.2 GB / 4 = 22.5
#   GB a card, the rest 3.2 GB replicated: 25.8 GB a card.
# - **Reading**: batch 1: 12.9e9 · 2 = 25.8 GB, 25.8 / 8.0 TB/s = 3.2 ms. Batch 16: 8 · (1 − (3/4)^16) = 7.92 experts,
#   so 1.6 + 7.92 · 32 · 0.1762 = 46.3B parameters, 92.5 GB, 11.6 ms (within 5 %). The dense 13B reads 26 GB at any
#   batch. Says that the claim holds at batch 1 only (or again where arithmetic limits).
# - **Exchange**: two all-to-alls per layer; a token's 4,096 numbers (8 KB) to each remote card that holds one of its
#   experts, and back; 64 exchanges in a step, whose latency counts at small batch. The step waits for the fullest
#   card. Says one remedy (copies of busy experts, tensor parallelism instead).
# - **Colleagues**: a capacity drops tokens, so an answer depends on the others in the batch; serving is dropless, and
#   even load is trained, not enforced. A bias in the logits changes the weights of the output; it belongs into the
#   choice alone, and in training; at serving it stays frozen. (Half a point each.)
#
# === END MARK SCHEME ===

# %% [markdown] written="not_a_13b" points=4
# ### BEGIN SOLUTION
# 1. 46.7e9 * 2 bytes = 93.4 GB of 4 * 80 = 320 GB; 227 GB are left for caches and activations. Experts: 32 * 8 *
#    176.2e6 * 2 = 90.2 GB, over four cards 22.5 GB each; everything else is 1.6e9 * 2 = 3.2 GB, replicated: 25.8 GB a
#    card.
# 2. Batch 1: 2 experts per layer, 12.9e9 * 2 = 25.8 GB, over 4 * 2.0 = 8.0 TB/s at least 3.2 ms. Batch 16: 8 * (1 -
#    0.75^16) = 7.92 experts per layer on average; 1.6e9 + 32 * 7.92 * 176.2e6 = 46.3e9 parameters, 92.5 GB, at least
#    11.6 ms. The dense 13B model reads its 26 GB at any batch. So the claim holds at batch 1, and again at batches so
#    large that arithmetic is the limit; in between we pay for a 47B model.
# 3. Each layer has a dispatch and a combine, both all-to-all. A token's vector, 4,096 * 2 bytes = 8 KB, goes once to
#    every other card that holds one of its experts, and a result comes back. 64 exchanges in a step: at small batch
#    their latency counts more than their bytes. The step ends when the fullest card is done; copies of busy experts
#    help, or tensor parallelism, where an all-reduce is enough.
# 4. A capacity does not make the load even, it drops what is over: tokens lose experts, and an answer depends on the
#    strangers in the batch. Serve dropless. The bias belongs into the choice only; in the logits it would change the
#    weights of the output. And it is moved in training; at serving it is frozen.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="19.1" level="basic"
# <details><summary>What is a mixture of experts in an LLM?</summary>
#
# - The FFN of a layer is replaced by E FFNs (experts) and a router. For each token and in each layer, the router
#   picks k of them; the output is their weighted sum. Attention, norms and embeddings are shared.
# - Parameters grow with E, arithmetic per token with k. Mixtral-8x7B: E = 8, k = 2, 46.7B in total, 12.9B active.
# - Experts need not be small: Mixtral's have the full width of 14,336. DeepSeek-V3's are fine-grained: 256 of width
#   2,048, k = 8, plus one shared.
# - They are not experts for topics: what was found is mostly syntax and locality.
#
# </details>

# %% [markdown] card="19.2" level="basic"
# <details><summary>What is the main advantage of MoE over dense models?</summary>
#
# - More parameters at equal arithmetic per token, and so better quality for the same training compute. Switch reports
#   up to 7 times faster pretraining than T5-Base, DeepSeekMoE-16B about 40 % of the compute of LLaMA2-7B at similar
#   quality. There is no universal factor.
# - Compare fairly: at equal active parameters *and* at equal total parameters.
# - The price: all experts must be in memory; balance; communication.
# - Speed of inference is an advantage at batch 1 (k experts read) and at large batches (arithmetic counts), not in
#   between.
#
# </details>

# %% [markdown] card="19.3" level="basic"
# <details><summary>What is top-k gating?</summary>
#
# - The router, a matrix E · D, gives a score per expert; the k best are computed, and summed with weights.
# - Conventions: softmax over all, then the chosen divided by their sum (Mixtral; equal to a softmax over the chosen
#   logits). Not divided (Switch, k = 1). Sigmoid, divided by the sum, times 2.5 (DeepSeek-V3).
# - With k = 1 renormalised weights are 1, and no gradient reaches the router.
# - The choice itself has no gradient; the router learns through the weights of those that were chosen.
#
# </details>

# %% [markdown] card="19.4" level="medium"
# <details><summary>What is the problem of expert collapse, and how do you solve it?</summary>
#
# - Rich get richer: who is chosen more gets more gradient, becomes better and is chosen more. The others stay
#   untrained.
# - Balancing loss: E · Σ f_i P_i with a coefficient of 0.001 to 0.01. f counts, P carries the gradient. The aim is
#   uniform load, not "f equal to P": under collapse f equals P too, and the loss is largest, E for k = 1.
# - A bias on the scores for the choice alone, moved by a rule (DeepSeek-V3).
# - Noise for exploration: Gaussian (Shazeer), jitter on the input (Switch). A capacity bounds the damage by dropping.
# - The z-loss is for numerical stability; it does not balance.
# - Watch MaxVio = max load / mean load − 1, per layer, over the global batch and without padding.
#
# </details>

# %% [markdown] card="19.5" level="medium"
# <details><summary>Compare the MoE architectures of Mixtral and DeepSeek-V3.</summary>
#
# | | Mixtral-8x7B | DeepSeek-V3 |
# |---|---|---|
# | experts per layer, chosen | 8, 2 | 256, 8 (the first 3 of 61 layers are dense) |
# | shared experts | none | exactly 1 |
# | width of an expert | 14,336 | 2,048 |
# | total, active | 46.7B, 12.9B (3.6 to 1) | 671B, 37B (18 to 1) |
# | gate | softmax, renormalised | sigmoid, renormalised, times 2.5 |
# | balance | balancing loss | bias, plus a tiny loss within sequences (0.0001) |
# | where a token may go | anywhere | 4 of 8 groups |
#
# </details>

# %% [markdown] card="19.6" level="medium"
# <details><summary>How do you train MoE models, and what is special about it?</summary>
#
# - Balance first: loss or bias; statistics over the global batch, so large batches help.
# - Stability: router in float32, z-loss with 0.001, smaller initialisation (Switch: a tenth of the usual scale).
#   Gradient clipping at norm 1.0 is the ordinary default, nothing special.
# - Start: from scratch, or *upcycled*: the FFN of a dense model is copied into every expert.
# - Capacity with drops, or dropless kernels. Expert parallelism with its two all-to-alls per layer.
# - Fine-tuning on little data overfits more easily than a dense model of the same quality.
# - "A router learning rate ten times higher" and "gradient statistics per expert" are in no report of Switch, ST-MoE,
#   Mixtral or DeepSeek; Adam's moments are per parameter anyway.
#
# </details>

# %% [markdown] card="19.7" level="medium"
# <details><summary>What is expert parallelism?</summary>
#
# - Different experts on different devices; each device has tokens of its own. Per layer: dispatch (all-to-all),
#   compute, combine (all-to-all).
# - Bytes: a token's vector once to each *other* device that holds one of its experts, and back: 2 · n · 2 · D per
#   layer in BF16. Mixtral on 4 devices: n = 1.39 on average, 22.8 KB a layer.
# - The step takes as long as the fullest device. Training: balance, or drop over capacity. Serving: dropless, copies
#   of busy experts, moved now and then.
# - Groups (DeepSeek-V3: 4 of 8) bound how many nodes a token visits. Exchanges are hidden behind the computing of
#   another micro-batch.
# - With tensor-parallel attention every device has all tokens: local experts and an all-reduce suffice.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Capacity or dropless: which, and where?</summary>
#
# - Capacity C = ⌈cf · T · k / E⌉: fixed shapes, known memory. Over it assignments are dropped, and the token keeps
#   its residual (and its other experts, whose weights are not scaled up).
# - The result of a token then depends on the batch around it. Acceptable in training, not in serving.
# - Dropless: sort by expert, grouped matrix products, ragged sizes. Nothing lost; time and memory follow the fullest
#   expert.
# - With cf = E / k nothing can be dropped, and the buffers are as large as a dense computation of all experts.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Why are active parameters not speed?</summary>
#
# - Decode at small batch reads weights. One token reads k experts per layer; B tokens read E (1 − (1 − k/E)^B): for
#   Mixtral 2.0, 5.5, 7.2, 7.9 at B = 1, 4, 8, 16. From batch 16 it reads like a dense 47B.
# - Fine-grained experts spread further: 8 of 256 become 57 at B = 8, 252 at B = 128.
# - Arithmetic does follow active parameters: prefill and very large batches run like the small dense model, if each
#   expert has enough tokens. With E / k = 32, a batch of B gives an expert B / 32 tokens.
# - Memory follows the total. Expert parallelism adds exchanges and waits for the fullest device.
# - Speculative decoding gains less: verifying several tokens touches more experts.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What is special about routing at batch 1?</summary>
#
# - k experts per layer are read, so a step costs what a dense model of the active size costs: 25.8 GB for Mixtral,
#   not 93.
# - There is no load to balance within the step, and no token to drop.
# - Expert parallelism leaves devices idle: at most k of them work in a layer. Tensor parallelism uses the bandwidth
#   of all.
# - Offloading: the need is known only after the router, layer by layer. 22.5 GB of experts a token over 25 GB/s are
#   0.9 s; what saves it is that neighbouring tokens often choose the same experts.
# - Speculative decoding turns batch 1 into a small batch, and gives part of the advantage back.
#
# </details>

# %% [markdown] card="19.8" level="killer"
# <details><summary>Design an MoE inference system for Mixtral-8x7B on four A100 80GB GPUs.</summary>
#
# - **Memory.** 93.4 GB (87.0 GiB) of weights in BF16. Cache: 2 · 32 layers · 8 heads · 128 · 2 bytes = 131,072 bytes
#   a token (128 KiB, not 2 MB); 32K tokens are 4 GiB. Of 320 GB some 227 GB remain: 50 sequences of 32K tokens and
#   more.
# - **Placement.** Two experts per GPU: 22.5 GB of experts and 3.2 GB of everything else if replicated, 25.8 GB. Or
#   tensor parallelism over all four: each matrix cut, one all-reduce after attention and one after the experts, no
#   all-to-all and no imbalance. On one node with four GPUs that is the simple choice. EP pays with data-parallel
#   attention and many devices.
# - **Time.** Batch 1: 25.8 GB over 8 TB/s, 3.2 ms. Batch 16 and more: all 93 GB, 11.7 ms, so batch generously.
# - **Quantise.** One byte a parameter: 46.7 GB, which fits on *one* card. The A100 has no FP8 arithmetic: use INT8,
#   or INT4 weights.
# - **Engine.** Continuous batching, paged cache, dropless grouped kernels; measure the load per expert, copy busy
#   ones. Speculative decoding helps at small batch only, and less than for a dense model.
#
# </details>

# %% [markdown] card="19.9" level="killer"
# <details><summary>Why does DeepSeek-V3 not use an auxiliary loss for load balancing?</summary>
#
# - The loss pulls the router away from what is best for the text: large α hurts quality, small α does not balance.
# - Instead a bias per expert: idx = top-k(s + b), weights from s alone. No gradient to b. After each step b += γ ·
#   sign(mean load − load), on the counts of the whole batch, γ = 0.001; γ = 0 at the end of training.
# - Two classic slips: adding b to the *logits* (then the output changes), and comparing with the *capacity* instead
#   of the mean load.
# - "No loss at all" is not quite true: α = 0.0001 within each sequence remains.
# - Too large a γ makes loads swing. The measure is MaxVio.
#
# </details>

# %% [markdown] card="19.10" level="killer"
# <details><summary>When is MoE worse than a dense model?</summary>
#
# - Where memory is the limit (phones, one small GPU): all experts must be resident, whatever is active.
# - At middling batches, where nearly all experts are read and the arithmetic saved is not what one waits for.
# - Where latency counts and experts lie on several devices: two exchanges per layer, and the fullest device.
# - Fine-tuning on little data: overfits; often one trains attention only, or freezes the router.
# - Not the reasons: "below 7B" (OLMoE has 1B active of 7B and does well), "few-shot, since experts cannot specialise"
#   (experts do not change at inference), "total over 3 times active" (a rule without a source: 3.6 for Mixtral, 18
#   for DeepSeek-V3).
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# Sparsely gated MoE: Shazeer et al., arXiv 1701.06538. GShard: Lepikhin et al., 2006.16668. Switch: Fedus et al.,
# 2101.03961. ST-MoE (z-loss): Zoph et al., 2202.08906. MegaBlocks: Gale et al., 2211.15841. Sparse upcycling:
# Komatsuzaki et al., 2212.05055. DeepSeekMoE: Dai et al., 2401.06066. Mixtral: Jiang et al., 2401.04088. Bias
# balancing: Wang et al., 2408.15664. OLMoE: Muennighoff et al., 2409.02060. Buffer overflow: Hayes et al.,
# 2402.05526. DeepSeek-V3: 2412.19437. Balance over the global batch: Qiu et al., 2501.11873. Configurations and
# reference code: transformers 5.23.
