# %% [markdown]
# # 25 · Compression: pruning, low rank, distillation
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What is there besides quantisation, and what does each really save, indices and scales counted?
# - How does the distillation loss work, which way round is its divergence, and what is T² for?
# - Why does Wanda beat magnitude on language models, what is 2:4, and what does a GPU make of it?
# - How do you take heads out of a model with grouped queries without breaking it?
# - When does low rank pay? In which order do prune, distil and quantise go under a byte budget, and why?
#
# Seven exercises. The last prunes, distils and quantises a network under a budget of bytes; after it SmolLM2 loses
# layers and weights. It takes about two and a half hours; the end of part 3 is a good place to stop. It builds on
# matrix products, softmax and gradients. The quantiser is that of section 05, given here; no other section is
# needed.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** A linear layer has a weight $W$ of shape (out, in) and gives $y = x W^\top$; X (n, in) are
# calibration inputs to it. B sequences, S positions, V vocabulary, T a temperature, H query heads, K key/value
# heads, E head size. *Sparsity* is the share of weights that are 0. **Units.** 1 GB is 10⁹ bytes; a number in BF16
# (bfloat16) or FP16 (float16) takes 2 bytes. Indices begin with 0.

# %% setup
import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import (check, committed, expect, fresh, precise, predicted, raises, unchanged,
                          value_and_grad)
from course.models.rounding import quant_sym

torch.set_num_threads(1)
TOY = dict(layers=1, width=8, heads=2, kv_heads=1, head_dim=3, hidden=5, vocab=7, tied=False)
LLAMA_3_8B = dict(layers=32, width=4096, heads=32, kv_heads=8, head_dim=128, hidden=14336,
                  vocab=128256, tied=False)
LLAMA_3_70B = dict(layers=80, width=8192, heads=64, kv_heads=8, head_dim=128, hidden=28672,
                   vocab=128256, tied=False)

# %% tags=["picture"]
from course.sections import compression

# %% helper
### BEGIN HIDDEN TESTS
from functools import cache


def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).to(dtype)


def kept(scores, cut):
    "True where a number stays: `cut` of a list go, the smallest first, among equals the earlier."
    order = sorted(range(len(scores)), key=lambda i: (scores[i], i))
    gone = set(order[:cut])
    return [i not in gone for i in range(len(scores))]


def distilled(s, t, labels, T, alpha, ignore):
    "The oracle of kd_loss, position by position, in float64."
    kl = ce = 0.0
    count = 0
    for b in range(s.shape[0]):
        for i in range(s.shape[1]):
            if labels[b, i].item() == ignore:
                continue
            count += 1
            q = (s[b, i].double() / T).log_softmax(-1)
            p = (t[b, i].double() / T).softmax(-1)
            kl = kl + torch.special.xlogy(p, p).sum() - (p * q).sum()
            ce = ce - s[b, i].double().log_softmax(-1)[labels[b, i]]
    return (alpha * T * T * kl + (1 - alpha) * ce) / count


def wanda_rows(W, X, s):
    "The oracle of wanda_mask, row by row."
    norms = X.double().reshape(-1, W.shape[1]).square().sum(0).sqrt()
    return torch.tensor([kept((row.double().abs() * norms).tolist(), round(s * W.shape[1])) for row in W])


def nm_rows(W, n, m, X=None):
    "The oracle of nm_sparsify, group by group."
    norms = torch.ones(W.shape[1]).double() if X is None else X.double().reshape(-1, W.shape[1]).square().sum(0).sqrt()
    new = torch.zeros_like(W)
    for i in range(W.shape[0]):
        for a in range(0, W.shape[1], m):
            scores = (W[i, a:a + m].double().abs() * norms[a:a + m]).tolist()
            for j, stays in enumerate(kept(scores, len(scores) - min(n, len(scores)))):
                if stays:
                    new[i, a + j] = W[i, a + j]
    return new


def attend(Wq, Wk, Wv, Wo, heads, kv_heads, x, off=()):
    "Causal attention with grouped queries, head by head; the heads of `off` say nothing."
    E = Wq.shape[0] // heads
    parts = []
    for h in range(heads):
        j = h // (heads // kv_heads)
        q, k, v = x @ Wq[h * E:(h + 1) * E].T, x @ Wk[j * E:(j + 1) * E].T, x @ Wv[j * E:(j + 1) * E].T
        scores = (q @ k.mT / E ** 0.5).masked_fill(torch.ones(x.shape[-2], x.shape[-2]).triu(1).bool(), -torch.inf)
        parts.append(scores.softmax(-1) @ v * (0.0 if h in off else 1.0))
    return torch.cat(parts, -1) @ Wo.T


def squeezed(W1, W2, X, budget, bits, steps, lr, T):
    "The oracle of compress, in float64: (width, q1, s1, q2, s2, bytes)."
    a, b, x = W1.double(), W2.double(), X.double()
    def size(h):
        return -(-h * a.shape[1] * bits // 8) + -(-h * b.shape[0] * bits // 8) + 2 * (h + b.shape[0])
    h = max(i for i in range(1, len(a) + 1) if size(i) <= budget)
    acts = (x @ a.T).clamp(min=0)
    scores = (acts.norm(dim=0) * b.norm(dim=0)).tolist()
    keep = [i for i, stays in enumerate(kept(scores, len(a) - h)) if stays]
    p = (acts @ b.T / T).softmax(-1)
    c, d = a[keep], b[:, keep]
    for _ in range(steps):
        z = x @ c.T
        hidden = z.clamp(min=0)
        g = T * ((hidden @ d.T / T).softmax(-1) - p) / len(x)  # of the logits
        gd, gc = g.T @ hidden, ((g @ d) * (z > 0)).T @ x
        c, d = c - lr * gc, d - lr * gd
    top = 2 ** (bits - 1) - 1
    out = [h]
    for w in (c, d):
        s = w.abs().amax(1) / top
        s = torch.where(s == 0, 1.0, s)
        out += [(w / s[:, None]).round(), s]
    return (*out, size(h))


def counted(cfg, bits, group=None, keep_embeddings=True, nm=None):
    "Run by run, layer by layer; matrices of one shape take the same."
    @cache
    def matrix(out, n_in, nm):
        row = n_in
        if nm:
            row = sum(min(nm[0], len(range(a, min(a + nm[1], n_in)))) for a in range(0, n_in, nm[1]))
        total = (out * row * bits + 7) // 8
        if nm:
            width = 0
            while 2 ** width < nm[1]:
                width += 1
            total += (out * row * width + 7) // 8
        if bits < 16:
            total += 2 * out * (len(range(0, n_in, group)) if group else 1)
        return total
    D, E = cfg["width"], cfg["head_dim"]
    total = 2 * D
    for _ in range(cfg["layers"]):
        total += 4 * D + matrix(cfg["heads"] * E, D, nm) + 2 * matrix(cfg["kv_heads"] * E, D, nm)
        total += matrix(D, cfg["heads"] * E, nm) + 2 * matrix(cfg["hidden"], D, nm) + matrix(D, cfg["hidden"], nm)
    for _ in range(1 if cfg["tied"] else 2):
        total += 2 * cfg["vocab"] * D if keep_embeddings else matrix(cfg["vocab"], D, None)
    return total

SHAPES = [TOY, TOY | dict(tied=True),
          dict(layers=3, width=37, heads=6, kv_heads=2, head_dim=5, hidden=301, vocab=11, tied=False),
          dict(layers=2, width=45, heads=5, kv_heads=5, head_dim=9, hidden=13, vocab=1001, tied=True), LLAMA_3_8B, LLAMA_3_70B]
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Distillation: learn from what the teacher says, not only from what is right
#
# "The capital of France is …": a label says *Paris*. A teacher says Paris 92 %, Lyon 5 %, Marseille 3 %. The small
# numbers tell the student what resembles what. Knowledge distillation (KD; Hinton et al. 2015, arXiv 1503.02531)
# pulls the student's distribution towards the teacher's, both softened by a temperature T:
#
# $$L = \alpha\, T^2\, \mathrm{KL}\!\left(p \,\Vert\, q\right) + (1 - \alpha)\, \mathrm{CE}(z_s, y), \qquad
# p = \mathrm{softmax}(z_t / T), \quad q = \mathrm{softmax}(z_s / T).$$
#
# KL is the Kullback–Leibler divergence, $\sum_v p_v \log (p_v / q_v)$; CE, the cross-entropy, is at T = 1.
#
# **Which way round?** The teacher comes first: KL(p ∥ q) is the cross-entropy with soft labels, up to a constant.
# It punishes a student that gives little where the teacher gives much. The guide's formula has the student first,
# its code the teacher: `F.kl_div(log q, p)` computes KL(p ∥ q). Both directions exist: the reverse, KL(q ∥ p),
# punishes a student that gives much where the teacher gives little, so it may settle on one of the teacher's modes
# (MiniLLM, arXiv 2306.08543, on the student's own texts). They are different numbers.
#
# **Why T²?** Softening makes gradients small: the gradient of KL falls like 1/T². The factor keeps the weight of
# the two terms as it is when T changes. With KD alone it only scales the loss.
#
# **Does a higher T carry more?** No. As T grows, T²·KL becomes a squared error between centred logits (the picture
# below): the tail of the vocabulary, mostly noise, then counts as much as the head. Which T is best has to be tried;
# over a large vocabulary, begin at 1 or 2. What one gets: DistilBERT (arXiv 1910.01108) is 40 % smaller than its
# teacher and keeps 97 % of its score on GLUE, a set of language tasks.
#
# **Catch: the mean.** `reduction="batchmean"` divides by the first dimension alone. With logits of shape (B, S, V)
# the KD term comes out S times too large. And padding must count in neither term.
#
# ### Exercise 25.1 · kd_loss
#
# The loss above, each of the two terms **averaged over the valid positions**: those whose label is not
# `ignore_index`.
#
# - Logits (B, S, V); labels (B, S) are aligned: `labels[b, i]` is the token that the logits at i predict. No shift.
# - `ignore_index` may be any number, an id of the vocabulary too. What the logits hold at an ignored position does
#   not matter, not even NaN, neither for the value nor for the gradient (0 there).
# - No valid position: the loss is 0.0. T > 0 and `alpha` from 0 to 1 are given; at `alpha = 1` labels still say
#   what is valid.
# - A **teacher's** logit may be −inf, a forbidden token: its p is 0 and so is its term. A student's is finite.
# - Gradients flow to the student and **none to the teacher**. Both have one dtype, and so has the loss, a scalar
#   tensor; in half precision, float32 inside.
#
# Source: Hinton et al. 2015, section 2; the direction and `ignore_index` as in torch's `kl_div` and
# `cross_entropy`.

# %% stub="kd_loss"
def kd_loss(student: Float[Tensor, "B S V"], teacher: Float[Tensor, "B S V"],
            labels: Int[Tensor, "B S"], T: float = 2.0, alpha: float = 0.5,
            ignore_index: int = -100) -> Float[Tensor, ""]:
    """alpha T² KL(teacher ∥ student) + (1 - alpha) cross-entropy, each a mean over valid positions.

    student = teacher = [[[0, 0]]], labels = [[1]], alpha = 0.5: 0.5 * 0 + 0.5 * log 2 = 0.3466.
    """
    ### BEGIN SOLUTION
    wide, valid = torch.promote_types(student.dtype, torch.float32), labels != ignore_index
    if not valid.any():
        return (student[valid].to(wide).sum()).to(student.dtype)  # of nothing: 0
    s, t = student[valid].to(wide), teacher.detach()[valid].to(wide)
    kl = F.kl_div(F.log_softmax(s / T, -1), F.softmax(t / T, -1), reduction="batchmean")  # rows: valid positions
    ce = F.cross_entropy(s, labels[valid].long(), ignore_index=-1)
    return (alpha * T * T * kl + (1 - alpha) * ce).to(student.dtype)
    ### END SOLUTION
    raise NotImplementedError("kd_loss")

# %% [markdown] hints="kd_loss"
# <details><summary>Hint 1: a question</summary>
#
# How many numbers does each of the two means divide by, if half of the positions are padding?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# V = 2, T = 1, teacher probabilities (0.75, 0.25), student (0.5, 0.5): KL = 0.75 log 1.5 + 0.25 log 0.5 = 0.1308.
# The other way round it is 0.5 log(0.5/0.75) + 0.5 log(0.5/0.25) = 0.1438. A second position with the label −100
# changes neither.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# NaN times 0 is NaN: an ignored position must be left out before anything is computed, not weighted away. And
# 0 · log 0 has to be 0.
#
# </details>

# %% graded="kd_loss__values" points=2
# Looks at both terms for several T and alpha, against position by position.
even, sure = torch.zeros(1, 1, 2), torch.tensor([[[math.log(3.0), 0.0]]])
check(kd_loss, even, sure, torch.tensor([[0]]), 1.0, 1.0, want=torch.tensor(0.1308), rtol=1e-3,
      why="0.75 log 1.5 + 0.25 log 0.5",
      mistakes={"KL(student ∥ teacher): the teacher comes first": torch.tensor(0.1438),
                "the sign is turned": torch.tensor(-0.1308)})
check(kd_loss, even, 2 * sure, torch.tensor([[0]]), 2.0, 0.5, want=torch.tensor(0.6082), rtol=1e-3,
      why="0.5 * 4 * 0.1308 + 0.5 * log 2", mistakes={"T² is missing": torch.tensor(0.4120)})
### BEGIN HIDDEN TESTS
for seed, (B, S, V, T, alpha) in enumerate([(1, 1, 5, 1.0, 1.0), (2, 7, 11, 2.0, 0.3), (3, 5, 300, 4.0, 0.9),
                                            (4, 60, 7, 0.5, 0.0), (2, 3, 1100, 7.5, 0.5), (5, 3, 9, 1.3, 1)]):
    for dtype in (torch.float32, torch.float64):
        s, t = drawn(B, S, V, seed=seed, dtype=dtype, size=3), drawn(B, S, V, seed=seed + 50, dtype=dtype, size=4)
        labels = torch.randint(0, V, (B, S), generator=torch.Generator().manual_seed(seed))
        tolerance = dict(rtol=1e-4, atol=1e-5) if dtype == torch.float32 else dict(rtol=1e-10, atol=1e-12)
        check(kd_loss, s, t, labels, T, alpha, want=distilled(s, t, labels, T, alpha, -100).to(dtype), **tolerance)
s, t = (drawn(6, 4, 5, seed=i, dtype=torch.float64).permute(2, 1, 0) for i in (1, 2))
labels = torch.randint(0, 6, (4, 5), generator=torch.Generator().manual_seed(3)).T
check(kd_loss, s, t, labels, want=distilled(s, t, labels, 2.0, 0.5, -100), rtol=1e-10, why="the defaults; strides")
unchanged(kd_loss, s, t, labels, 3.0, 0.2, want=distilled(s, t, labels, 3.0, 0.2, -100), rtol=1e-10)
big = drawn(2, 3, 6, seed=9, size=200)
check(kd_loss, big, big.flip(0), torch.ones(2, 3).long(), 1.0, 0.5, rtol=1e-4,
      want=distilled(big, big.flip(0), torch.ones(2, 3).long(), 1.0, 0.5, -100).float(), why="logits of some hundred")
### END HIDDEN TESTS

# %% graded="kd_loss__padding" points=2
# Looks at ignored positions, NaN there, none left, and a teacher's -inf.
s, t = torch.tensor([[[0.0, 0.0], [9.0, 1.0]]]), torch.tensor([[[math.log(3.0), 0.0], [0.0, 2.0]]])
check(kd_loss, s, t, torch.tensor([[0, -100]]), 1.0, 1.0, want=torch.tensor(0.1308), rtol=1e-3,
      why="one valid position: its mean is itself",
      mistakes={"divided by all positions": torch.tensor(0.0654),
                "padding counts in the KD term": torch.tensor(3.6163)})
check(kd_loss, s, t, torch.full((1, 2), -100), want=torch.tensor(0.0), why="nothing valid: 0.0")
### BEGIN HIDDEN TESTS
for seed, (B, S, V, T, alpha, ignore) in enumerate([(2, 7, 11, 2.0, 0.3, -100), (3, 50, 13, 1.0, 1.0, 0),
                                                    (4, 6, 9, 3.0, 0.6, 5), (1, 12, 40, 1.5, 0.0, -1)]):
    s, t = drawn(B, S, V, seed=seed, dtype=torch.float64), drawn(B, S, V, seed=seed + 50, dtype=torch.float64)
    labels = torch.randint(0, V, (B, S), generator=torch.Generator().manual_seed(seed))
    labels[:, ::3] = ignore
    labels[0, 1] = 1
    t[:, S // 2:, 2] = -torch.inf
    want = distilled(s, t, labels, T, alpha, ignore)
    s[labels == ignore], t[labels == ignore] = torch.nan, torch.inf
    check(kd_loss, s, t, labels, T, alpha, ignore, want=want, rtol=1e-9, atol=1e-12,
          why="an ignored position does not matter, whatever its logits; a teacher's -inf is a term of 0")
    check(kd_loss, s, t, torch.full((B, S), ignore), T, alpha, ignore, want=torch.zeros((), dtype=torch.float64))
### END HIDDEN TESTS

# %% graded="kd_loss__gradient" points=2
# Looks at the student's gradient, and that the teacher gets none.
s, t, y = torch.zeros(1, 1, 2), torch.tensor([[[math.log(3.0), 0.0]]]), torch.tensor([[0]])
_, (g, none) = value_and_grad(kd_loss, s, t, y, 1.0, 1.0, wrt=(0, 1))
expect(g, torch.tensor([[[-0.25, 0.25]]]), on="the student's gradient: q - p", rtol=1e-4)
assert none is None or not none.any(), "the teacher got a gradient: it is a constant here"
### BEGIN HIDDEN TESTS
for seed, (T, alpha) in enumerate([(1.0, 0.0), (2.0, 0.4), (4.0, 1.0)]):
    s, t = drawn(2, 5, 8, seed=seed, dtype=torch.float64), drawn(2, 5, 8, seed=seed + 9, dtype=torch.float64)
    labels = torch.tensor([[1, 2, -100, 7, 0], [-100, -100, 3, 3, 4]])
    n, hard = (labels != -100).sum(), F.one_hot(labels.clamp(min=0), 8).double()
    want = (alpha * T * ((s / T).softmax(-1) - (t / T).softmax(-1)) + (1 - alpha) * (s.softmax(-1) - hard)) / n
    want[labels == -100] = 0
    s[labels == -100] = torch.nan
    _, (g, none) = value_and_grad(kd_loss, s, t, labels, T, alpha, wrt=(0, 1))
    expect(g, want, on="the student's gradient", rtol=1e-9, atol=1e-12)
    assert none is None or not none.any(), "the teacher got a gradient"
### END HIDDEN TESTS

# %% graded="kd_loss__half" points=1
# Looks at float16 and bfloat16 against float64.
s, t = torch.tensor([[[8.0, 1.0]]]).half(), torch.tensor([[[1.0, 8.0]]]).half()
check(kd_loss, s, t, torch.tensor([[1]]), 1.0, 0.0, want=torch.tensor(7.0).half(),
      why="the answer has the student's dtype")
### BEGIN HIDDEN TESTS
for seed in range(3):
    labels = torch.randint(0, 90, (3, 70), generator=torch.Generator().manual_seed(seed))
    labels[:, 5:9] = -100
    precise(kd_loss, drawn(3, 70, 90, seed=seed, size=3), drawn(3, 70, 90, seed=seed + 5, size=3), labels, 3.0, 0.7,
            oracle=lambda s, t, y, T, a: distilled(s, t, y, T, a, -100))
for dtype, rtol in ((torch.float16, 2e-3), (torch.bfloat16, 1.6e-2)):
    s, t = ((400 + drawn(2, 3, 9, seed=i, size=8)).to(dtype) for i in (1, 2))
    labels = torch.tensor([[1, 2, -100], [3, 0, 8]])
    check(kd_loss, s, t, labels, 3.0, 1.0, want=distilled(s, t, labels, 3.0, 1.0, -100).to(dtype), rtol=rtol,
          why="logits far from 0: the softening too in float32")
### END HIDDEN TESTS

# %% tags=["picture"]
compression.temperature(kd_loss)

# %% [markdown]
# Left: the cosine between the gradient of your loss (KD alone) and that of a squared error on centred logits. As T
# grows they become one. Right: without T² the gradient falls away.

# %% [markdown]
# ## 2 · Zeros: magnitude, Wanda, 2:4
#
# *Unstructured* pruning sets single weights to 0, those that matter least. The oldest score is the magnitude, |W|.
#
# **What the guide's loop does wrong**, each worth an interview question: it prunes every tensor with "weight" in
# its name, so norms and embeddings too (a norm of ones has only ties: "smaller or equal to the threshold" zeroes
# *all* of it); it cuts one fraction in every tensor though it speaks of a global one; at sparsity 0 it asks for the
# 0th smallest number and fails; and nothing keeps the zeros at 0 when training goes on. "Pruning without
# retraining, iteratively" is a contradiction: iterative pruning alternates with training.
#
# **Local or global?** Local cuts the same share from each matrix. Global ranks all weights in one list: a layer
# that has many small weights gives more. The experiment shows what it is worth.
#
# ### Exercise 25.2 · magnitude_masks
#
# For `params`, a dict from names to tensors of any shape, masks of the same shapes: bool, True where the weight
# stays.
#
# - `scope="local"`: of each tensor of n numbers, **exactly** `round(sparsity * n)` go (Python's `round`), the
#   smallest magnitudes first. `scope="global"`: the same of all tensors together, n being the sum of their sizes.
# - Ties: among equal magnitudes the earlier goes first: in a tensor by its index in row-major order; globally by
#   the dict's order, then by index.
# - `skip(name, tensor)` says which tensors are left alone: a mask of True, and not counted in n. None: none is.
# - `sparsity` from 0 to 1, both allowed; else ValueError, as for another scope. An empty dict gives an empty dict.
# - Tensors may differ in dtype; magnitudes are compared exactly, as the numbers that they are.
#
# Source: `l1_unstructured` and `global_unstructured` of `torch.nn.utils.prune`, which count with `round` too.

# %% stub="magnitude_masks"
def magnitude_masks(params: dict, sparsity: float, scope: str = "local", skip=None) -> dict:
    """Masks that cut the smallest magnitudes, an exact count, in each tensor or in all together.

    params = {"a": [3, -1], "b": [0.5, 2]}, sparsity = 0.5: a [True, False], b [False, True].
    """
    ### BEGIN SOLUTION
    if not 0 <= sparsity <= 1 or scope not in ("local", "global"):
        raise ValueError("sparsity lies between 0 and 1, scope is local or global")
    masks = {name: torch.ones(W.shape, dtype=torch.bool, device=W.device) for name, W in params.items()}
    names = [name for name, W in params.items() if skip is None or not skip(name, W)]
    for group in ([names] if scope == "global" else [[name] for name in names]):
        if not group:
            continue
        sizes = torch.cat([params[name].detach().reshape(-1).double().abs() for name in group])  # exact for every dtype
        flat = torch.ones(len(sizes), dtype=torch.bool, device=sizes.device)
        flat[sizes.sort(stable=True).indices[:round(sparsity * len(sizes))]] = False
        for name, part in zip(group, flat.split([params[name].numel() for name in group])):
            masks[name] = part.view(params[name].shape).clone()
    return masks
    ### END SOLUTION
    raise NotImplementedError("magnitude_masks")

# %% [markdown] hints="magnitude_masks"
# <details><summary>Hint 1: a question</summary>
#
# How many weights fall to "everything up to the k-th smallest magnitude" if all of them are equal?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# [2, −2, 2, 1] at 0.5: two go. The 1 is the smallest; of the three twos the first goes: [False, True, True, False].
# With a second tensor [9, 9, 9, 9] and scope "global" four of eight go: all of the first tensor.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Torch's `sort` and `topk` promise no order among equals, unless `sort` is asked to be stable.
#
# </details>

# %% graded="magnitude_masks__local" points=2
# Looks at the exact count in each tensor; ties; sparsity 0 and 1.
params = {"a": torch.tensor([[2.0, -2.0], [2.0, 1.0]]), "b": torch.tensor([-5.0, 4.0])}
check(magnitude_masks, params, 0.5,
      want={"a": torch.tensor([[False, True], [True, False]]), "b": torch.tensor([True, False])},
      why="|W| decides, among equals the earlier goes",
      mistakes={"without the absolute value": {"a": torch.tensor([[True, False], [True, False]]),
                                               "b": torch.tensor([False, True])},
                "all that equals the threshold goes": {"a": torch.zeros(2, 2).bool(),
                                                       "b": torch.tensor([True, False])}})
check(magnitude_masks, {"norm": torch.ones(4)}, 0.0, want={"norm": torch.ones(4).bool()},
      why="sparsity 0 cuts nothing")
### BEGIN HIDDEN TESTS
for seed, s in enumerate([0.0, 0.1, 0.25, 0.3, 0.5, 0.77, 0.9, 1.0, 1]):
    for dtype in (torch.float32, torch.float64, torch.float16):
        params = {"x": drawn(7, 5, seed=seed, dtype=dtype), "y": drawn(3, 2, 5, seed=seed + 1, dtype=dtype).transpose(0, 2),
                  "z": torch.randint(-2, 3, (23, 61), generator=torch.Generator().manual_seed(seed)).to(dtype),
                  "one": torch.tensor([0.0], dtype=dtype), "scalar": torch.tensor(-0.5, dtype=dtype),
                  "ties": torch.full((3, 3), -1.0, dtype=dtype),
                  "": drawn(5, seed=seed + 2, dtype=dtype), "none": torch.zeros(0, 3, dtype=dtype)}
        want = {k: torch.tensor(kept(w.double().abs().flatten().tolist(), round(s * w.numel()))).bool().view(w.shape)
                for k, w in params.items()}
        check(magnitude_masks, params, s, want=want, why=f"exactly round({s} n) of each tensor")
close = torch.tensor([1.0 + 2e-12, 1.0 + 1e-12, 1.0], dtype=torch.float64)
check(magnitude_masks, {"w": close}, 1 / 3, want={"w": torch.tensor([True, True, False])}, why="float64 stays float64")
raises(ValueError, magnitude_masks, {"w": close}, 1.01, why="sparsity above 1")
raises(ValueError, magnitude_masks, {"w": close}, -0.1, why="negative sparsity")
raises(ValueError, magnitude_masks, {"w": close}, math.nan, why="NaN does not lie from 0 to 1")
ties = torch.tensor([[1, -2, 1, 0, 2], [2, 1, -1, 1, 0], [0, 1, 1, 2, 1]], dtype=torch.float32)
for w in (ties.T, ties.T.contiguous().T, ties.repeat(2, 2)[::2, 1::2], ties.flip(1)[None].expand(2, 3, 5)):
    for s in (0.2, 0.45, 0.7):
        want = torch.tensor(kept(w.abs().flatten().tolist(), round(s * w.numel()))).view(w.shape)
        check(magnitude_masks, {"w": w}, s, want={"w": want}, why="ties by the index in row-major order, whatever the strides")
        check(magnitude_masks, {"w": w}, s, "global", want={"w": want})
raises(ValueError, magnitude_masks, {"w": close}, 0.5, "row", why="an unknown scope")
unchanged(magnitude_masks, {"w": torch.tensor([-1.0, 2.0])}, 0.5, want={"w": torch.tensor([False, True])})
check(magnitude_masks, {}, 0.5, want={})
### END HIDDEN TESTS

# %% graded="magnitude_masks__global" points=2
# Looks at one ranking of all tensors, of unlike dtypes too.
params = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([[-3.0, 9.0, 8.0, 7.0]])}
check(magnitude_masks, params, 0.5, "global",
      want={"a": torch.tensor([False, False]), "b": torch.tensor([[False, True, True, True]])},
      why="three of six go, wherever they stand")
### BEGIN HIDDEN TESTS
for seed, s in enumerate([0.0, 0.13, 0.5, 0.61, 0.95, 1.0]):
    params = {"b": drawn(4, 9, seed=seed), "a": drawn(1100, seed=seed + 1, size=3, dtype=torch.float64),
              "h": drawn(6, 5, seed=seed + 2, dtype=torch.float16).T, "bf": drawn(31, seed=seed, dtype=torch.bfloat16),
              "t": torch.ones(4, 4), "e": torch.zeros(0), "f": -torch.ones(9, dtype=torch.float64)}
    flat = torch.cat([w.double().abs().reshape(-1) for w in params.values()]).tolist()
    parts = torch.tensor(kept(flat, round(s * len(flat)))).split([w.numel() for w in params.values()])
    check(magnitude_masks, params, s, "global", want={k: p.view(params[k].shape) for k, p in zip(params, parts)})
mixed = {"f": torch.tensor([0.1], dtype=torch.float64), "h": torch.tensor([0.1]).half(), "s": torch.tensor([0.1])}
check(magnitude_masks, mixed, 1 / 3, "global", want={"f": torch.tensor([True]), "h": torch.tensor([False]),
                                                   "s": torch.tensor([True])}, why="0.1 in float16 is 0.09998")
near = {"h": torch.tensor([1.0, 0.5]).half(), "f": torch.tensor([1 + 1e-9, 1 - 1e-9, 1e5], dtype=torch.float64)}
check(magnitude_masks, near, 0.4, "global", want={"h": torch.tensor([True, False]), "f": torch.tensor([True, False, True])},
      why="the first tensor is float16, the magnitudes are compared exactly")
same = {"b": torch.ones(3), "a": -torch.ones(2, 2), "c": torch.ones(1)}
check(magnitude_masks, same, 0.5, "global", why="among equals by the order of the dict, then by index",
      want={"b": torch.zeros(3).bool(), "a": torch.tensor([[False, True], [True, True]]), "c": torch.tensor([True])})
check(magnitude_masks, {}, 0.5, "global", want={})
### END HIDDEN TESTS

# %% graded="magnitude_masks__skip" points=1
# Looks at what is left alone, and not counted.
params = {"norm": torch.tensor([0.1, 0.1]), "w": torch.tensor([1.0, 3.0])}
check(magnitude_masks, params, 0.5, "global", lambda name, W: name == "norm",
      want={"norm": torch.ones(2).bool(), "w": torch.tensor([False, True])},
      why="one of two goes: what is skipped is not counted")
### BEGIN HIDDEN TESTS
params = {"norm": torch.ones(6), "w.weight": drawn(5, 7, seed=1), "embed": drawn(11, 3, seed=2) / 9, "b": drawn(4, seed=3),
          "wide": drawn(3, 5, seed=4, dtype=torch.float64)}
for scope in ("local", "global"):
    for rule in (lambda name, W: W.dim() < 2, lambda name, W: name != "w.weight", lambda name, W: True,
                 lambda name, W: W.dtype == torch.float64):
        on = [k for k, w in params.items() if not rule(k, w)]
        want = {k: torch.ones(w.shape).bool() for k, w in params.items()}
        for group in ([on] if scope == "global" else [[k] for k in on]):
            flat = [x for k in group for x in params[k].abs().flatten().tolist()]
            parts = torch.tensor(kept(flat, round(0.6 * len(flat)))).bool().split([params[k].numel() for k in group])
            want |= {k: p.view(params[k].shape) for k, p in zip(group, parts)} if group else {}
        check(magnitude_masks, params, 0.6, scope, rule, want=want, why="skip decides by name and tensor")
### END HIDDEN TESTS

# %% [markdown]
# **Wanda** (Sun et al. 2023, arXiv 2306.11695) multiplies a weight by the size of what it meets:
#
# $$\text{score}_{ij} = |W_{ij}| \cdot \lVert X_j \rVert_2,$$
#
# with $X_j$ the j-th input over all calibration tokens. Language models have a few inputs that are many times as
# large as the rest; a small weight on one of them does more than a large weight on a quiet one. And Wanda compares
# within each **output row**: every output keeps the same number of inputs. No gradient, no retraining, one pass over
# a few calibration texts. SparseGPT (arXiv 2301.00774), which also corrects the weights that stay, reports 50 % of
# zeros in one shot at minimal loss, and on the largest models (OPT-175B, BLOOM-176B) 60 % with hardly more
# perplexity; Wanda reports to be competitive. That is 2 to 2.5 times fewer numbers: the guide's "10 to 20 times" for
# unstructured pruning is not true of language models.
#
# **N:M.** A dense kernel gains nothing from zeros that lie anywhere. GPUs from Ampere on multiply **2:4** sparse
# matrices at up to twice the rate: of every 4 neighbours *along the input dimension*, at most 2 are not 0. Stored
# are 2 values and 2 indices of 2 bits. Decoding at batch 1 waits for bytes, not for multiplications: there it gains
# what it saves in bytes (part 5).
#
# ### Exercise 25.3 · wanda_mask
#
# **`wanda_mask(W, X, sparsity)`**: a bool mask (out, in), True where the weight stays. In each row exactly
# `round(sparsity * in)` go, the smallest scores first; among equals the smaller index goes first. X is (…, in),
# with any leading shape. Half precision: scores in float32; float64 in, float64 inside. Sparsity as in 25.2,
# ValueError too.
#
# **`nm_sparsify(W, n=2, m=4, X=None)`**: a *new matrix* of W's dtype, with W's own numbers, in which every group of
# m neighbours of a row (0 to m − 1, m to 2m − 1, …) keeps its n best and has 0 elsewhere. Scores are |W|, or
# Wanda's if X is given; ties and precision as above. If m does not divide `in`, the last group is shorter and keeps
# n as well (all, if it has no more). 0 ≤ n ≤ m and m ≥ 1, else ValueError.
#
# In the tests, scores are equal or differ by more than rounding. Sources: Wanda, section 3; NVIDIA, "Accelerating
# Sparse Deep Neural Networks", arXiv 2104.08378.

# %% stub="wanda_mask"
def wanda_mask(W: Float[Tensor, "out in"], X: Float[Tensor, "*lead in"],
               sparsity: float) -> Bool[Tensor, "out in"]:
    """True where a weight stays: per row, the largest |W_ij| * ‖X_j‖.

    W = [[3, 1]], X = [[1, 4]], sparsity = 0.5: scores [3, 4], so [[False, True]].
    """
    ### BEGIN SOLUTION
    if not 0 <= sparsity <= 1:
        raise ValueError("sparsity lies between 0 and 1")
    wide = torch.promote_types(W.dtype, torch.float32)
    lengths = X.detach().to(torch.promote_types(X.dtype, wide)).reshape(-1, W.shape[1]).norm(dim=0)
    scores, mask = W.detach().to(wide).abs() * lengths, torch.ones(W.shape, dtype=torch.bool, device=W.device)
    gone = scores.sort(dim=1, stable=True).indices[:, :round(sparsity * W.shape[1])]
    return mask.scatter(1, gone, False)
    ### END SOLUTION
    raise NotImplementedError("wanda_mask")


def nm_sparsify(W: Float[Tensor, "out in"], n: int = 2, m: int = 4,
                X: Float[Tensor, "*lead in"] | None = None) -> Float[Tensor, "out in"]:
    """A copy of W in which every m neighbours of a row keep their n best.

    W = [[1, -3, 2, 0.5]], n = 2, m = 4: [[0, -3, 2, 0]].
    """
    ### BEGIN SOLUTION
    if m < 1 or not 0 <= n <= m:
        raise ValueError("0 <= n <= m and m >= 1")
    wide = torch.promote_types(W.dtype, torch.float32)
    scores, new = W.detach().to(wide).abs(), W.detach().clone()
    if X is not None:
        scores = scores * X.detach().to(torch.promote_types(X.dtype, wide)).reshape(-1, W.shape[1]).norm(dim=0)
    for start in range(0, W.shape[1], m):
        part = scores[:, start:start + m]
        gone = part.sort(dim=1, stable=True).indices[:, :max(part.shape[1] - n, 0)]
        new[:, start:start + m] = new[:, start:start + m].scatter(1, gone, 0.0)
    return new
    ### END SOLUTION
    raise NotImplementedError("nm_sparsify")

# %% [markdown] hints="wanda_mask"
# <details><summary>Hint 1: a question</summary>
#
# An input that is −5 in half of the texts and 5 in the other: what is its mean, and what is its length?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# W = [[4, 1], [1, 1]], X = [[1, 3], [0, 4]]: lengths 1 and 5, scores [[4, 5], [1, 5]]. At 0.5 each row loses its
# first. Ranked over the whole matrix, the same two go here; with W = [[9, 9], [1, 1]] they would be those of row 1
# alone, and that output would be dead.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The short last group: it keeps n numbers, not n/m of them. And X may have more than two dimensions.
#
# </details>

# %% graded="wanda_mask__scores" points=2
# Looks at lengths of inputs, rows by themselves, exact counts and ties.
W, X = torch.tensor([[9.0, 1.0], [1.0, 1.0]]), torch.tensor([[1.0, 3.0], [0.0, -4.0]])
check(wanda_mask, W, X, 0.5, want=torch.tensor([[True, False], [False, True]]),
      why="lengths 1 and 5: scores [[9, 5], [1, 5]], each row by itself",
      mistakes={"the mean of the inputs": torch.tensor([[True, False], [True, False]]),
                "one ranking for the whole matrix": torch.tensor([[True, True], [False, False]])})
### BEGIN HIDDEN TESTS
for seed, (out, n_in, lead, s) in enumerate([(3, 7, (5,), 0.5), (5, 11, (2, 3), 0.3), (9, 30, (1,), 0.77), (2, 6, (4,), 0.0),
                                             (70, 131, (2, 3, 5), 0.6), (4, 5, (3,), 1.0), (2, 1030, (3,), 0.25),
                                             (3, 9, (4,), 0.5), (4, 6, (7,), 0.75)]):
    for dtype in (torch.float32, torch.float64):
        W, X = drawn(out, n_in, seed=seed, dtype=dtype), drawn(*lead, n_in, seed=seed + 20, dtype=dtype)
        X[..., ::4] *= 20
        X[..., 1] = 0
        check(wanda_mask, W, X, s, want=wanda_rows(W, X, s), why="exactly round(s in) of each row, a half to the even one")
W, X = torch.randint(-3, 4, (6, 50), generator=torch.Generator().manual_seed(1)).double(), torch.ones(4, 50).double()
check(wanda_mask, W, X, 0.5, want=wanda_rows(W, X, 0.5), why="among equals the smaller index goes")
check(wanda_mask, W.T.contiguous().T, X.T.contiguous().T, 0.7, want=wanda_rows(W, X, 0.7), why="strided input")
unchanged(wanda_mask, W[:2, :5], X[:, :5], 0.4, want=wanda_rows(W[:2, :5], X[:, :5], 0.4))
W = torch.tensor([[1 + 1e-11, 1.0, 1 + 2e-11, 1 - 1e-11]], dtype=torch.float64)
check(wanda_mask, W, torch.ones(1, 4).double(), 0.5, want=torch.tensor([[True, False, True, False]]), why="float64 inside")
raises(ValueError, wanda_mask, W, torch.ones(1, 4).double(), 1.5, why="sparsity above 1")
raises(ValueError, wanda_mask, W, torch.ones(1, 4).double(), -0.5, why="negative sparsity")
### END HIDDEN TESTS

# %% graded="wanda_mask__half" points=1
# Looks at half precision, where scores need float32.
W, X = torch.tensor([[1.0, 2.0]]).half(), torch.tensor([[300.0, 1.0], [300.0, 1.0]]).half()
check(wanda_mask, W, X, 0.5, want=torch.tensor([[True, False]]),
      why="300 squared is beyond float16")
### BEGIN HIDDEN TESTS
for seed in range(4):
    for dtype in (torch.float16, torch.bfloat16):
        W, X = drawn(3, 23, seed=seed, dtype=dtype), drawn(90, 23, seed=seed + 9, dtype=dtype, size=300)
        check(wanda_mask, W, X, 0.5, want=wanda_rows(W, X, 0.5), why="scores in float32")
        check(nm_sparsify, W, 2, 4, X, want=nm_rows(W, 2, 4, X), why="scores in float32")
for dtype in (torch.float16, torch.bfloat16):
    W, X = torch.ones(1, 2, dtype=dtype), torch.ones(4, 2, dtype=dtype)
    X[3, 0] += torch.finfo(dtype).eps
    check(wanda_mask, W, X, 0.5, want=torch.tensor([[True, False]]), why="lengths in float32: the first is longer by a hair")
W = torch.tensor([[1.0, 1.0, 1.0, 1.0]]).bfloat16()
X = torch.tensor([[1.001, 1.002, 1.003, 1.0]])
check(wanda_mask, W, X, 0.5, want=torch.tensor([[False, True, True, False]]), why="inputs in float32 beside bfloat16 weights")
### END HIDDEN TESTS

# %% graded="wanda_mask__nm" points=3
# Looks at n of every m along the inputs, a short last group, Wanda's scores, fresh memory.
check(nm_sparsify, torch.tensor([[1.0, -3.0, 2.0, 0.5, 4.0, 6.0], [1.0, 1.0, 1.0, 1.0, 0.5, -0.1]]),
      want=torch.tensor([[0.0, -3.0, 2.0, 0.0, 4.0, 6.0], [0.0, 0.0, 1.0, 1.0, 0.5, -0.1]]),
      why="two of every four in a row; the last group has two and keeps them",
      mistakes={"half of the last group was kept": torch.tensor([[0.0, -3.0, 2.0, 0.0, 0.0, 6.0],
                                                                 [0.0, 0.0, 1.0, 1.0, 0.5, 0.0]])})
check(nm_sparsify, torch.tensor([[3.0, 1.0]]), 1, 2, torch.tensor([[1.0, 4.0]]),
      want=torch.tensor([[0.0, 1.0]]), why="with X, Wanda's scores decide")
### BEGIN HIDDEN TESTS
for seed, (out, n_in, n, m) in enumerate([(4, 8, 2, 4), (8, 4, 2, 4), (5, 13, 2, 4), (3, 9, 1, 4), (2, 22, 4, 8),
                                          (3, 11, 3, 5), (6, 7, 0, 3), (2, 6, 4, 4), (3, 5, 1, 1), (2, 3, 2, 8),
                                          (3, 270, 5, 16), (2, 1027, 2, 4)]):
    for dtype in (torch.float32, torch.float64):
        W, X = drawn(out, n_in, seed=seed, dtype=dtype), drawn(2, 3, n_in, seed=seed + 20, dtype=dtype)
        X[..., ::3] *= 9
        check(nm_sparsify, W, n, m, want=nm_rows(W, n, m), why=f"{n} of every {m}", rtol=0, atol=0)
        check(nm_sparsify, W, n, m, X, want=nm_rows(W, n, m, X), why=f"{n} of every {m} by Wanda", rtol=0, atol=0)
ties = torch.randint(-2, 3, (7, 45), generator=torch.Generator().manual_seed(1)).float()
check(nm_sparsify, ties, 3, 7, want=nm_rows(ties, 3, 7), why="among equals the smaller index goes")
check(nm_sparsify, ties.T, want=nm_rows(ties.T, 2, 4), why="strided input")
check(nm_sparsify, torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, -6.0]]), 2, 4, torch.tensor([[1.0, 1.0, 1.0, 1.0, 0.0, 0.0]]),
      want=torch.tensor([[0.0, 0.0, 3.0, 4.0, 5.0, -6.0]]), rtol=0, atol=0,
      why="the last group has two weights and keeps two, though their channels are dead: nothing competes with them")
fresh(nm_sparsify, ties[:2], 4, 4, want=ties[:2], why="n = m: a copy")
unchanged(nm_sparsify, ties[:2], 1, 4, want=nm_rows(ties[:2], 1, 4))
for n, m in ((5, 4), (-1, 4), (0, 0), (0, -4)):
    raises(ValueError, nm_sparsify, ties, n, m, why=f"n = {n}, m = {m}")
### END HIDDEN TESTS

# %% tags=["picture"]
compression.outliers(wanda_mask, magnitude_masks, nm_sparsify)

# %% [markdown]
# One layer of 512 inputs, five of them 20 times as large as the rest. The error of its outputs, relative to their
# size, mean over five seeds.

# %% [markdown]
# ## 3 · Structures: neurons and heads
#
# *Structured* pruning takes out whole rows and columns. What remains is a smaller dense model: faster on every
# device, no format, no index. The price: whole structures are a coarse choice, and training has to repair the loss.
# LLM-Pruner (arXiv 2305.11627) repairs it with LoRA (small low-rank updates, section 04) in three hours; Minitron
# (arXiv 2407.14679) made Nemotron-4 models 2 to 4 times smaller, in depth and width, and retrained them by
# distillation on less than 3 % of the original data.
#
# A hidden **neuron** of a gated MLP (multilayer perceptron) is one row of `gate`, one row of `up` and one
# **column** of `down`. All three or the model breaks.
#
# A **head** is E rows of `Wq` and E columns of `Wo`. With grouped-query attention (GQA), query head h reads key/value
# head $\lfloor h / g \rfloor$, $g = H / K$. So "remove any head" is not available: whoever drops one query head out
# of a group of eight has a model in which this mapping points elsewhere. Every key/value head that stays must keep
# the same number of query heads; one that loses all of its readers goes as well, with its rows of `Wk` and `Wv`, and
# takes the cache along.
#
# ### Exercise 25.4 · prune_heads
#
# **`prune_ffn(W_gate, W_up, W_down, keep)`**: the three matrices (hidden', width), (hidden', width), (width,
# hidden') of the neurons in `keep`.
#
# **`prune_heads(Wq, Wk, Wv, Wo, keep, heads, kv_heads)`**: `(Wq', Wk', Wv', Wo', heads', kv_heads')` with the query
# heads in `keep`. Wq is (heads · E, width), Wk and Wv (kv_heads · E, width), Wo (width, heads · E). Only those
# key/value heads stay that a kept head reads. **ValueError** where they would not all be read by equally many.
#
# For both: `keep` is a list of whole numbers in any order; the result stands in **ascending** order, a number named
# twice counts once. An empty `keep`, or a number that is negative or too large, raises ValueError. Numbers are
# those of the input bit for bit, in fresh memory. No scaling.
#
# Source: grouped heads as in transformers' `repeat_kv`; Muralidharan et al. 2024 (Minitron), arXiv 2407.14679.

# %% stub="prune_heads"
def prune_ffn(W_gate: Float[Tensor, "hidden width"], W_up: Float[Tensor, "hidden width"],
              W_down: Float[Tensor, "width hidden"],
              keep: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """A gated MLP with the neurons in `keep` alone, in ascending order.

    W_gate = W_up = [[1], [2], [3]], W_down = [[4, 5, 6]], keep = [2, 0]:
    [[1], [3]] twice, and [[4, 6]].
    """
    ### BEGIN SOLUTION
    stay = sorted(set(keep))
    if not stay or stay[0] < 0 or stay[-1] >= len(W_gate):
        raise ValueError("keep names no neuron, or one that is not there")
    idx = torch.tensor(stay, device=W_gate.device)
    return W_gate[idx], W_up[idx], W_down[:, idx]
    ### END SOLUTION
    raise NotImplementedError("prune_ffn")


def prune_heads(Wq: Tensor, Wk: Tensor, Wv: Tensor, Wo: Tensor, keep: list[int], heads: int,
                kv_heads: int) -> tuple[Tensor, Tensor, Tensor, Tensor, int, int]:
    """Attention with the query heads in `keep` alone and the key/value heads that they read.

    heads = 4, kv_heads = 2, keep = [3, 2]: heads 2 and 3 and key/value head 1;
    heads' = 2, kv_heads' = 1.
    """
    ### BEGIN SOLUTION
    group, E = heads // kv_heads, Wq.shape[0] // heads
    stay = sorted(set(keep))
    if not stay or stay[0] < 0 or stay[-1] >= heads:
        raise ValueError("keep names no head, or one that is not there")
    readers = [h // group for h in stay]
    read = sorted(set(readers))
    if len({readers.count(j) for j in read}) > 1:
        raise ValueError("every key/value head that stays is read by equally many query heads")
    q, kv = (torch.tensor([h * E + e for h in hs for e in range(E)], device=Wq.device) for hs in (stay, read))
    return Wq[q], Wk[kv], Wv[kv], Wo[:, q], len(stay), len(read)
    ### END SOLUTION
    raise NotImplementedError("prune_heads")

# %% [markdown] hints="prune_heads"
# <details><summary>Hint 1: a question</summary>
#
# The pruned layer must give what the whole one gives with the dropped heads silenced. Which of the four matrices
# know about a query head, and along which side?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Six heads on two key/value heads: 0, 1, 2 read 0 and 3, 4, 5 read 1. Keeping [0, 2, 4, 5] works: two readers each,
# new group 2, and new head 2 (once 4) reads new 1. Keeping [0, 1, 3] does not: head 3 would be third and read 0 or
# 1, depending on who divides.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Key/value heads are found by their readers, not by cutting the same share from the end.
#
# </details>

# %% graded="prune_heads__ffn" points=2
# Looks at rows and columns of the three matrices, order, and errors.
gate, up = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[7.0], [8.0], [9.0]])
check(prune_ffn, gate, up, torch.tensor([[4.0, 5.0, 6.0]]), [2, 0],
      want=(torch.tensor([[1.0], [3.0]]), torch.tensor([[7.0], [9.0]]), torch.tensor([[4.0, 6.0]])),
      why="rows of gate and up, columns of down, ascending",
      mistakes={"in the order of keep": (torch.tensor([[3.0], [1.0]]), torch.tensor([[9.0], [7.0]]),
                                         torch.tensor([[6.0, 4.0]]))})
### BEGIN HIDDEN TESTS
for seed, (hidden, width, keep) in enumerate([(5, 5, [4, 1]), (7, 3, [0]), (300, 4, list(range(0, 300, 7))),
                                              (9, 9, [3, 3, 8, 0]),
                                              (6, 2, [5, 4, 3, 2, 1, 0]), (4, 6, [0, 3])]):
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        g, u = (drawn(width, hidden, seed=seed + i, dtype=dtype).T for i in (0, 50))
        d, stay = drawn(width, hidden, seed=seed + 90, dtype=dtype), sorted(set(keep))
        want = tuple(torch.stack([w[i] for i in stay]) for w in (g, u)) + (torch.stack([d[:, i] for i in stay], 1),)
        check(prune_ffn, g, u, d, keep, want=want, rtol=0, atol=0)
        fresh(prune_ffn, g, u, d, keep, want=want, rtol=0, atol=0)
unchanged(prune_ffn, g, u, d, [3, 0], want=want, rtol=0, atol=0)
for bad in ([], [4], [-1], [0, 7]):
    raises(ValueError, prune_ffn, g, u, d, bad, why=f"keep = {bad} of 4 neurons")
### END HIDDEN TESTS

# %% graded="prune_heads__function" points=3
# Looks at what the pruned attention computes: the whole one with the other heads silenced.
def attention(Wq, Wk, Wv, Wo, heads, kv_heads, x, off=()):
    "Causal attention head by head; those of `off` say nothing."
    E, parts = len(Wq) // heads, []
    for h in range(heads):
        j = h // (heads // kv_heads)
        q, k, v = (x @ w[i * E:(i + 1) * E].T for w, i in ((Wq, h), (Wk, j), (Wv, j)))
        later = torch.ones(len(x), len(x)).triu(1).bool()
        scores = (q @ k.mT / E ** 0.5).masked_fill(later, -torch.inf)
        parts.append(scores.softmax(-1) @ v * (h not in off))
    return torch.cat(parts, -1) @ Wo.T

g = torch.Generator().manual_seed(0)
shapes = [(12, 5), (6, 5), (6, 5), (5, 12)]  # E = 2, six heads on three
four = [torch.randn(s, generator=g) for s in shapes]
x = torch.randn(4, 5, generator=g)
*new, heads, kv_heads = prune_heads(*[w.clone() for w in four], [5, 0, 1, 4], 6, 3)
expect((heads, kv_heads), (4, 2),
       on="prune_heads of 6 heads on 3, keep [5, 0, 1, 4]: heads and key/value heads")
expect(attention(*new, heads, kv_heads, x), attention(*four, 6, 3, x, off=(2, 3)),
       rtol=1e-4, atol=1e-4,
       on="the pruned attention, against the whole with heads 2 and 3 silenced")
### BEGIN HIDDEN TESTS
CASES = [(6, 2, 3, 7, [0, 2, 4, 5]), (6, 2, 3, 12, [5, 4, 3]), (6, 2, 3, 7, [1, 3]), (4, 4, 2, 9, [3, 1]), (4, 4, 5, 6, [2]),
         (8, 1, 3, 5, [7, 2, 2, 0]), (12, 4, 2, 24, [11, 9, 3, 5, 0, 2]), (6, 3, 4, 3, [0, 1, 2, 3, 4, 5]), (6, 3, 2, 8, [2]),
         (64, 8, 3, 11, [h for h in range(64) if h % 8 not in (1, 6) and h // 8 not in (0, 5)])]
for seed, (heads, kv, E, width, keep) in enumerate(CASES):
    for dtype in (torch.float32, torch.float64):
        shapes = [(heads * E, width), (kv * E, width), (kv * E, width), (width, heads * E)]
        W = [drawn(*s, seed=seed + 10 * i, dtype=dtype) for i, s in enumerate(shapes)]
        stay, g = sorted(set(keep)), heads // kv
        read = sorted({h // g for h in stay})
        def rows(w, hs):
            return torch.cat([w[h * E:(h + 1) * E] for h in hs])
        want = (rows(W[0], stay), rows(W[1], read), rows(W[2], read), rows(W[3].T, stay).T, len(stay), len(read))
        check(prune_heads, *W, keep, heads, kv, want=want, rtol=0, atol=0, why=f"heads {stay}, key/value heads {read}")
        fresh(prune_heads, *W, keep, heads, kv, want=want, rtol=0, atol=0)
        if seed < 5:
            unchanged(prune_heads, *W, keep, heads, kv, want=want, rtol=0, atol=0)
            x = drawn(2, 5, width, seed=99, dtype=dtype)
            *new, h, k = prune_heads(*W, keep, heads, kv)
            off = [i for i in range(heads) if i not in stay]
            expect(attend(*new, h, k, x), attend(*W, heads, kv, x, off), on="the pruned attention", rtol=1e-3, atol=1e-3)
### END HIDDEN TESTS

# %% graded="prune_heads__groups" points=2
# Looks at what would break the groups, and at numbers that name no head.
q, k, o = torch.ones(8, 3), torch.ones(4, 3), torch.ones(3, 8)  # E = 2, four heads on two
raises(ValueError, prune_heads, q, k, k, o, [0, 1, 2], 4, 2,
       why="two readers of head 0 and one of head 1")
check(prune_heads, q, k, k, o, [1, 2], 4, 2, want=(q[:4], k, k, o[:, :4], 2, 2),
      why="one reader each is fine")
### BEGIN HIDDEN TESTS
q, k, o = (drawn(*s, seed=1) for s in [(24, 5), (8, 5), (5, 24)])  # E = 2, twelve heads on four
for bad in ([], [12], [-1], [0, 1, 2, 3], [0, 3, 6, 9, 10], [0, 1, 2, 3, 4, 5, 6], [-1, 0], [0, 1, 3]):
    raises(ValueError, prune_heads, q, k, k, o, bad, 12, 4, why=f"keep = {bad} of 12 heads on 4")
rows = [i for h in (0, 3, 9) for i in (2 * h, 2 * h + 1)]
check(prune_heads, q, k, k, o, [9, 0, 3, 3], 12, 4,
      want=(q[rows], k[[0, 1, 2, 3, 6, 7]], k[[0, 1, 2, 3, 6, 7]], o[:, rows], 3, 3))
### END HIDDEN TESTS

# %% tags=["picture"]
compression.groups(prune_heads)

# %% [markdown]
# Which keys and values a GQA layer can drop. Red: a choice that your function refuses.
#
# ## 4 · Low rank: when do two thin matrices pay?
#
# $W \approx B A$, with $A$ (r, in) and $B$ (out, r). By Eckart and Young the best $BA$ in squared error is the
# singular value decomposition (SVD), cut after r terms; what is lost is $\sqrt{\sum_{i > r} \sigma_i^2}$. It saves
# parameters only while $r\,(\text{in} + \text{out}) < \text{in} \cdot \text{out}$: for a square matrix r below
# **half** its width, so at half the rank nothing is gained. Weights of language models have long tails of singular
# values: alone, low rank is weak here. It is at its best where the *difference* is small (LoRA, section 04) or the
# model was built so (the latent of MLA, multi-head latent attention, section 14).
#
# **Look at the outputs, not at the weights.** What must stay is $X W^\top$. Let $Y = X W^\top$, and let $V_r$ (out,
# r) hold its first r right singular vectors. Then $B = V_r$, $A = V_r^\top W$ gives $X (BA)^\top = Y V_r V_r^\top$:
# the best that any rank r can do for these inputs. The picture shows the gain.
#
# ### Exercise 25.5 · lowrank
#
# **`lowrank(W, r, X=None)`** gives `(A, B)`, A (r, in) and B (out, r), in W's dtype. Without X, $BA$ is a best
# approximation of W in the Frobenius norm; with X (…, in), one whose outputs $X(BA)^\top$ are closest to $X W^\top$
# in that norm. Which of the many equal pairs is yours to choose; only errors are checked, to 0.1 % (float32) or
# 1e-6 (float64), and 1e-4 or 1e-8 of the largest singular value. r = 0 gives empty matrices; 0 ≤ r ≤ min(out, in),
# else ValueError. Half precision: decompose in float32.
#
# **`break_even(out, n_in)`**: the largest whole r with $r\,(\text{out} + \text{in}) < \text{out} \cdot \text{in}$,
# an int, exact for large numbers too.
#
# Source: Eckart and Young 1936; activation-aware forms in ASVD (arXiv 2312.05821) and SVD-LLM (arXiv 2403.07378).

# %% stub="lowrank"
def lowrank(W: Float[Tensor, "out in"], r: int,
            X: Float[Tensor, "*lead in"] | None = None) -> tuple[Tensor, Tensor]:
    """A (r, in) and B (out, r): BA closest to W, or X (BA)ᵀ closest to X Wᵀ.

    W = [[3, 0], [0, 1]], r = 1: BA = [[3, 0], [0, 0]]; with X = [[1, 9]]: X Wᵀ = [[3, 9]] exactly.
    """
    ### BEGIN SOLUTION
    if not 0 <= r <= min(W.shape):
        raise ValueError("r lies between 0 and the smaller side")
    w = W.detach().to(torch.promote_types(W.dtype, torch.float32))
    y = w.T if X is None else X.detach().to(w.dtype).reshape(-1, W.shape[1]) @ w.T  # (rows, out)
    V = torch.linalg.svd(y, full_matrices=True).Vh[:r].T  # (out, r)
    return (V.T @ w).to(W.dtype), V.to(W.dtype).contiguous()
    ### END SOLUTION
    raise NotImplementedError("lowrank")


def break_even(out: int, n_in: int) -> int:
    """The largest rank at which two factors have fewer numbers than the matrix.

    8 × 8: 3, since 4 * 16 = 64 saves nothing.
    """
    ### BEGIN SOLUTION
    return (out * n_in - 1) // (out + n_in)
    ### END SOLUTION
    raise NotImplementedError("break_even")

# %% [markdown] hints="lowrank"
# <details><summary>Hint 1: a question</summary>
#
# The SVD gives three factors, you return two. How often may the singular values appear in the product?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# W = diag(3, 1), X = [[1, 9]]: outputs [[3, 9]], a single direction. The best rank 1 for W keeps the 3 and gives
# [3, 0]; the best for these outputs projects onto (3, 9)/√90 and loses nothing.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# X may have fewer rows than r: then even r directions of its own it does not have, and any completion will do, but
# the shapes stay. And "smaller than" is not "at most".
#
# </details>

# %% graded="lowrank__weights" points=2
# Looks at the error of BA against the singular values that are left out.
A, B = lowrank(torch.tensor([[3.0, 0.0], [0.0, 1.0]]), 1)
expect((A.shape, B.shape), ((1, 2), (2, 1)), on="the shapes of A (r, in) and B (out, r)")
expect(B @ A, torch.tensor([[3.0, 0.0], [0.0, 0.0]]), on="BA of lowrank(diag(3, 1), 1)", atol=1e-5,
       mistakes={"the singular values appear twice": torch.tensor([[9.0, 0.0], [0.0, 0.0]]),
                 "the singular values are missing": torch.tensor([[1.0, 0.0], [0.0, 0.0]])})
### BEGIN HIDDEN TESTS
for seed, (out, n_in, r) in enumerate([(5, 9, 3), (9, 5, 2), (6, 6, 6), (70, 33, 20), (4, 7, 0), (1, 5, 1), (3, 130, 2)]):
    for dtype in (torch.float32, torch.float64):
        W = drawn(n_in, out, seed=seed, dtype=dtype).T * 2.0 ** torch.arange(out).clamp(max=6).to(dtype)[:, None]
        before = W.clone()
        A, B = lowrank(W, r)
        expect((A.shape, B.shape, A.dtype, B.dtype), ((r, n_in), (out, r), dtype, dtype), on=f"shapes and dtypes, r = {r}")
        s = torch.linalg.svdvals(before.double())
        error, best = (before.double() - B.double() @ A.double()).norm(), s[r:].norm()
        slack = (1e-3, 1e-4) if dtype == torch.float32 else (1e-6, 1e-8)
        assert error <= best * (1 + slack[0]) + s[0] * slack[1], f"‖W - BA‖ is {error:.6g} at rank {r}, the best is {best:.6g}"
unchanged(lambda W: [list(x.shape) for x in lowrank(W, 2)], drawn(3, 4, seed=1), want=[[2, 4], [3, 2]])
unchanged(lambda W, X: [list(x.shape) for x in lowrank(W, 2, X)], drawn(3, 4, seed=1), drawn(2, 5, 4, seed=2),
          want=[[2, 4], [3, 2]])
for r in (-1, 4):
    raises(ValueError, lowrank, drawn(3, 5, seed=1), r, why=f"rank {r} of a 3 × 5 matrix")
W = drawn(12, 17, seed=4)
for dtype in (torch.float16, torch.bfloat16):
    A, B = lowrank(W.to(dtype), 5)
    error, s = (W.to(dtype).double() - B.double() @ A.double()).norm(), torch.linalg.svdvals(W.to(dtype).double())
    assert A.dtype == B.dtype == dtype, "the factors have W's dtype"
    assert error <= s[5:].norm() * 1.01, f"in {dtype} the error is {error:.4g}, the best {s[5:].norm():.4g}"
### END HIDDEN TESTS

# %% graded="lowrank__outputs" points=3
# Looks at the error of the outputs for given inputs.
A, B = lowrank(torch.tensor([[3.0, 0.0], [0.0, 1.0]]), 1, torch.tensor([[1.0, 9.0]]))
expect(torch.tensor([[1.0, 9.0]]) @ (B @ A).T, torch.tensor([[3.0, 9.0]]),
       on="X (BA)ᵀ for X = [[1, 9]]", atol=1e-4,
       mistakes={"the best for the weights, not for the outputs": torch.tensor([[3.0, 0.0]])})
### BEGIN HIDDEN TESTS
for seed, (out, n_in, lead, r) in enumerate([(5, 9, (30,), 3), (9, 5, (4, 6), 2), (6, 8, (3,), 5), (40, 33, (2, 3, 20), 11),
                                             (4, 4, (50,), 0), (7, 6, (1,), 1), (5, 5, (60,), 5)]):
    for dtype in (torch.float32, torch.float64):
        W, X = drawn(out, n_in, seed=seed, dtype=dtype), drawn(n_in, *lead, seed=seed + 9, dtype=dtype).movedim(0, -1)
        X = X * torch.logspace(1.3, -0.5, n_in).to(dtype)
        A, B = lowrank(W, r, X)
        expect((A.shape, B.shape, A.dtype, B.dtype), ((r, n_in), (out, r), dtype, dtype), on=f"shapes and dtypes, r = {r}")
        Y = X.double().reshape(-1, n_in) @ W.double().T
        error, s = (Y - X.double().reshape(-1, n_in) @ (B.double() @ A.double()).T).norm(), torch.linalg.svdvals(Y)
        slack = (1e-3, 1e-4) if dtype == torch.float32 else (1e-6, 1e-8)
        best = s[r:].norm()
        said = f"‖XWᵀ - X(BA)ᵀ‖ is {error:.6g} at rank {r}, the best is {best:.6g}"
        assert error <= best * (1 + slack[0]) + s[0] * slack[1], said
for dtype in (torch.float16, torch.bfloat16):
    W, X = drawn(12, 17, seed=4).to(dtype), drawn(60, 17, seed=5, size=15_000).to(dtype)
    A, B = lowrank(W, 5, X)
    assert A.dtype == B.dtype == dtype, "the factors have W's dtype"
    Y = X.double() @ W.double().T
    error, s = (Y - X.double() @ (B.double() @ A.double()).T).norm(), torch.linalg.svdvals(Y)
    said = f"in {dtype} the outputs' error is {error:.4g}, the best {s[5:].norm():.4g}: X Wᵀ in float32"
    assert error <= s[5:].norm() * 1.01, said
### END HIDDEN TESTS

# %% graded="lowrank__break_even" points=1
# Looks at the rank below which two factors are smaller.
check(break_even, 8, 8, want=3, why="at 4 the factors have 64 numbers, as many as the matrix",
      mistakes={"at most instead of fewer": 4})
check(break_even, 4096, 14336, want=3185, why="3185 * 18432 < 4096 * 14336")
### BEGIN HIDDEN TESTS
for out, n_in in [(1, 1), (1, 9), (2, 2), (3, 6), (6, 3), (4, 12), (12, 4), (10, 15), (100, 7), (8192, 28672),
                  (10**10 + 1, 10**10 + 1), (2 * 10**17 + 2, 2 * 10**17 + 2),
                  (2 * 10**12, 2 * 10**12),
                  (64, 64), (3 * 10**9, 6 * 10**9)]:
    got = break_even(out, n_in)
    assert type(got) is int, f"break_even({out}, {n_in}) is a whole number, not {got!r}"
    assert got * (out + n_in) < out * n_in <= (got + 1) * (out + n_in), f"break_even({out}, {n_in}) is not {got}"
### END HIDDEN TESTS

# %% tags=["picture"]
compression.ranks(lowrank, break_even)

# %% [markdown]
# Dashed: where two factors stop being smaller than the matrix.

# %% [markdown]
# ## 5 · Bytes: what is really saved?
#
# "8B at INT4 is 2 GB" says the guide. Half a byte times 8.03 billion is 4.02 GB; 2 GB would be 2 bits. And nobody
# ships that: scales take room, and the embedding is mostly kept in 16 bits. With groups of 128, FP16 scales and a
# BF16 embedding and head it is 5.70 GB, with 4-bit zero points in addition 5.73 GB. Count before you promise.
#
# **Zeros are not free either.** A bitmap costs 1 bit a weight. At 50 % and 16 bits: (0.5 · 16 + 1) / 16 = 56 %, not
# 50 %. At 4 bits: (0.5 · 4 + 1) / 4 = 75 %. 2:4 costs 2 bits for every value that is kept: at 4 bits again 75 %. So
# the lower the bits, the less sparsity adds. Sparse *attention*, which the guide lists as compression, saves
# computing and reads of the cache; the parameters stay what they are.
#
# **The guide's pipeline**, checked: Llama-3-70B has 70.55 billion parameters. Dropping 30 % of its query heads and
# 25 % of its hidden neurons leaves 53.2 billion, 52.8 if keys and values shrink too: 25 % fewer, not "40B, 2×". And
# 30 % of 8 query heads a group is no whole number. The pruned model is not the teacher either: that is the
# original.
#
# **Speed.** Decoding at batch 1 reads all weights once a token, of the embedding one row. Going from 70.55 to 8.03
# billion parameters (8.8 times fewer) reads 9.3 times less; four bits in groups of 128 a further 3.2 times less with
# the head in 16 bits, 3.9 with the head in 4 bits too. That bounds what one can gain. The guide's table of MMLU
# scores (a multiple-choice exam) for such a pipeline, 79 → 77.2 → 73.5 → 72.8, has no source: Llama-3-8B itself
# stands near 66. Pruning in a format that nobody's kernel reads gains nothing.
#
# ### Exercise 25.6 · model_bytes
#
# Bytes of a Llama-like model on disk, a whole number. `cfg` has the keys of `TOY`. A block has the matrices (out ×
# in)
#
# | | out | in |
# |---|---|---|
# | q | heads · head_dim | width |
# | k, v | kv_heads · head_dim | width |
# | out | width | heads · head_dim |
# | gate, up | hidden | width |
# | down | width | hidden |
#
# besides them two norms a block and one at the end, `width` numbers each, and an embedding (vocab × width). The
# head is a second matrix like it, or, if `tied`, the same one, stored once.
#
# - Norms: 2 bytes a number, always. Embedding and head: 2 bytes a number if `keep_embeddings`, else stored like the
#   block's matrices.
# - A matrix at `bits` = 16: 2 bytes a number and no scales. Below: all its values one after the other, `bits` bits
#   each, **rounded up to whole bytes for the matrix**; and scales of 2 bytes each: one for every run of `group`
#   numbers of a row, a shorter run at the row's end having its own, one per row for `group=None`.
# - `nm=(n, m)`: of every m neighbours of a row n values are stored (of a shorter last group the smaller of n and
#   its length), and for each an index of ⌈log₂ m⌉ bits. Indices of a matrix lie in a stream of their own, rounded
#   up to whole bytes. Scales do not change. This concerns the block's matrices, at 16 bits too; never embedding and
#   head.
#
# Everything in whole numbers: no floats inside, exact beyond 2⁵³ too; no loop over all rows or columns (a test has 10¹⁷ of
# them).
#
# Source: parameter counts as in transformers' `LlamaForCausalLM` (the course's tests build it); 2:4 as in arXiv
# 2104.08378.

# %% stub="model_bytes"
def model_bytes(cfg: dict, bits: int, group: int | None = None, keep_embeddings: bool = True,
                nm: tuple[int, int] | None = None) -> int:
    """Bytes of a Llama-like model: packed values, indices, scales, norms, embedding and head.

    A 3 × 5 matrix at 4 bits with group 2: 8 bytes of values and 3 * 3 scales of 2 bytes, 26 in all.
    """
    ### BEGIN SOLUTION
    def matrix(out, n_in, nm):
        stored, index = out * n_in, 0
        if nm is not None:
            n, m = nm
            stored = out * (n_in // m * n + min(n, n_in % m))
            index = -(-stored * (m - 1).bit_length() // 8)
        scales = 0 if bits == 16 else 2 * out * -(-n_in // (group or n_in))
        return -(-stored * bits // 8) + index + scales

    D, q, kv, hidden = cfg["width"], cfg["heads"] * cfg["head_dim"], cfg["kv_heads"] * cfg["head_dim"], cfg["hidden"]
    shapes = [(q, D), (kv, D), (kv, D), (D, q), (hidden, D), (hidden, D), (D, hidden)]
    ends = 1 if cfg["tied"] else 2
    embedding = 2 * cfg["vocab"] * D if keep_embeddings else matrix(cfg["vocab"], D, None)
    return cfg["layers"] * sum(matrix(*s, nm) for s in shapes) + ends * embedding + 2 * D * (2 * cfg["layers"] + 1)
    ### END SOLUTION
    raise NotImplementedError("model_bytes")

# %% [markdown] hints="model_bytes"
# <details><summary>Hint 1: a question</summary>
#
# Where does rounding up happen: at the matrix, at the row, or at the end? For values, and for scales?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 3 × 5 at 4 bits, nm = (2, 4), group None: a row stores 2 of its first four and 1 of 1, three values. Nine values
# are 36 bits, 5 bytes; nine indices of 2 bits 18 bits, 3 bytes; three scales 6 bytes. 14 in all.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# ⌈log₂ m⌉ is 3 for m = 5 and 0 for m = 1. A float's logarithm is no place to look that up.
#
# </details>

# %% graded="model_bytes__dense" points=2
# Looks at values, scales, norms, embedding and head.
check(model_bytes, TOY, 16, want=800,
      why="400 numbers of 2 bytes: 264 in matrices, 112 at the ends, 24 in norms",
      mistakes={"the head was forgotten": 688, "the norms were forgotten": 752,
                "the last norm was forgotten": 784})
check(model_bytes, LLAMA_3_8B, 4, 128, want=5_700_591_616,
      why="3.49 GB of values, 0.11 of scales, 2.10 of embedding and head")
### BEGIN HIDDEN TESTS
for cfg in SHAPES:
    for bits, group in [(16, None), (8, None), (4, None), (4, 32), (3, 7), (2, 64), (5, 1000000), (16, 32), (1, 1),
                        (12, 32)]:
        for keep in (True, False):
            got, want = model_bytes(dict(cfg), bits, group, keep), counted(cfg, bits, group, keep)
            assert type(got) is int, f"a whole number of bytes, not {got!r}"
            assert got == want, f"{bits} bits, group {group}, keep_embeddings={keep}, {cfg}: expected {want}, got {got}"
for huge in (TOY | dict(hidden=10**17 + 1), TOY | dict(vocab=10**17 + 3)):
    check(model_bytes, huge, 3, 7, False, want=counted(huge, 3, 7, False), rtol=0, atol=0, why="whole numbers are exact")
### END HIDDEN TESTS

# %% graded="model_bytes__sparse" points=2
# Looks at N:M: stored values, indices, short last groups.
check(model_bytes, TOY, 16, None, True, (2, 4), want=596,
      why="of every four numbers two and their indices", mistakes={"no room for the indices": 560})
### BEGIN HIDDEN TESTS
for cfg in SHAPES[:5]:
    for bits, group, keep, nm in [(4, None, True, (2, 4)), (4, 32, False, (2, 4)), (8, 7, True, (1, 4)), (3, 5, True, (3, 5)),
                                  (16, 4, False, (4, 8)), (2, None, True, (1, 1)),
                                  (4, 16, False, (5, 9)), (4, 9, True, (2, 2))]:
        got, want = model_bytes(dict(cfg), bits, group, keep, nm), counted(cfg, bits, group, keep, nm)
        assert type(got) is int, f"a whole number of bytes, not {got!r}"
        assert got == want, f"{bits} bits, group {group}, keep_embeddings={keep}, nm={nm}, {cfg}: expected {want}, got {got}"
for m in (8, 9, 2 ** 29, 2 ** 55 + 1, 2 ** 60 - 1):
    got, want = model_bytes(dict(TOY), 4, None, True, (3, m)), counted(TOY, 4, None, True, (3, m))
    assert got == want, f"nm=(3, {m}): expected {want}, got {got}; an index takes {(m - 1).bit_length()} bits"
### END HIDDEN TESTS

# %% tags=["picture"]
compression.sizes(model_bytes, LLAMA_3_8B)

# %% [markdown]
# ## 6 · All together: prune, distil, quantise
#
# **In which order?** Each step changes what the next one sees.
#
# - **Prune first.** It needs the weights at full precision to see what matters, and what it breaks training can
#   mend.
# - **Distil second**, from the *original* model, not from the pruned one.
# - **Quantise last.** Training moves weights off the grid: whoever quantises before has to quantise again. What
#   rounding took out of the student, later steps cannot bring back.
#
# One paper measured the orders, on Qwen2.5-3B alone (arXiv 2511.19495): prune, distil, quantise was best, at 3.68
# times smaller, and quantising early did harm. That is no theorem. Quantisation-aware training (QAT) puts the grid
# into the training step; QLoRA trains *above* a quantised base.
#
# ### Exercise 25.7 · compress
#
# A network $f(x) = \mathrm{relu}(x W_1^\top) W_2^\top$, W1 (H, in), W2 (out, H), must fit into `budget` bytes. A
# network of h neurons at `bits` bits takes
#
# $$\lceil h \cdot \text{in} \cdot b / 8 \rceil + \lceil \text{out} \cdot h \cdot b / 8 \rceil + 2\,(h + \text{out})$$
#
# bytes: values of the two matrices, and a scale of 2 bytes for each row. Do this:
#
# 1. **Prune.** h is the largest width, at most H, that fits. If not even one neuron fits: ValueError. Neuron j
#    scores $\lVert \mathrm{relu}(X W_1^\top)_j \rVert_2 \cdot \lVert W_{2,\cdot j} \rVert_2$ (length over all rows
#    of X; length of its column). The smallest go first, among equals the smaller index; the rest keep their order.
# 2. **Distil.** `steps` steps of plain gradient descent with rate `lr`, on both matrices at once, each on all of X
#    (n, in): the loss is your `kd_loss` at temperature T with `alpha = 1`, averaged over the n rows, the teacher
#    being the **original** network. No labels.
# 3. **Quantise** both with the given `quant_sym(W, bits)`: a scale for each row.
#
# Return `((q1, s1), (q2, s2), size)`, as `quant_sym` gives them, and the bytes. float32 and float64 inputs; nothing
# of the caller's gets a gradient. `steps` may be 0.
#
# Source: prune, then distil from the unpruned model, as Minitron (arXiv 2407.14679) does; all three in the order of
# arXiv 2511.19495.

# %% stub="compress"
def compress(W1: Float[Tensor, "H in"], W2: Float[Tensor, "out H"], X: Float[Tensor, "n in"],
             budget: int, bits: int = 4, steps: int = 50, lr: float = 0.5,
             T: float = 2.0) -> tuple[tuple, tuple, int]:
    """Prune to the budget, distil from the original, quantise: ((q1, s1), (q2, s2), bytes).

    in = 8, out = 2, H = 6, bits = 4, budget = 24: h neurons take 4h + h + 2h + 4 bytes,
    so two stay and 18 are used.
    """
    ### BEGIN SOLUTION
    (H, n_in), out = W1.shape, W2.shape[0]

    def size(h):
        return -(-h * n_in * bits // 8) + -(-h * out * bits // 8) + 2 * (h + out)

    h = max((h for h in range(1, H + 1) if size(h) <= budget), default=None)
    if h is None:
        raise ValueError("not one neuron fits")
    with torch.no_grad():
        hidden = (X @ W1.T).relu()
        scores = hidden.norm(dim=0) * W2.norm(dim=0)
        keep = scores.sort(stable=True).indices[H - h:].sort().values
        teacher = hidden @ W2.T
    a, b = W1.detach()[keep].requires_grad_(), W2.detach()[:, keep].requires_grad_()
    labels = torch.zeros(len(X), 1, dtype=torch.long)
    for _ in range(steps):
        loss = kd_loss(((X.detach() @ a.T).relu() @ b.T)[:, None], teacher[:, None], labels, T, 1.0)
        steps_of = torch.autograd.grad(loss, [a, b])
        a, b = ((w - lr * g).detach().requires_grad_() for w, g in zip((a, b), steps_of))
    return quant_sym(a.detach(), bits), quant_sym(b.detach(), bits), size(h)
    ### END SOLUTION
    raise NotImplementedError("compress")

# %% [markdown] hints="compress"
# <details><summary>Hint 1: a question</summary>
#
# Which network's logits belong into `teacher`: those before or after pruning? And how often must they be computed?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# in = 8, out = 2, bits = 4, budget = 24. One neuron: 4 + 1 + 2 · 3 = 11 bytes. Two: 8 + 2 + 8 = 18. Three: 12 + 3 +
# 10 = 25, one too many. Two stay, and 6 bytes are left over.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `kd_loss` wants (B, S, V) and labels: rows without labels still need some that are valid. Both gradients belong to
# the same point: take them before either matrix moves.
#
# </details>

# %% graded="compress__budget" points=2
# Looks at width and bytes, and at a budget that fits nothing.
g = torch.Generator().manual_seed(0)
W1, W2, X = (torch.randn(s, generator=g) for s in [(6, 8), (2, 6), (9, 8)])
for budget, width, used in [(24, 2, 18), (25, 3, 25), (1000, 6, 46)]:
    (q1, s1), (q2, s2), size = compress(W1.clone(), W2.clone(), X.clone(), budget, 4, 1)
    expect((tuple(q1.shape), tuple(q2.shape), size), ((width, 8), (2, width), used),
           on=f"shapes and bytes, budget {budget}")
raises(ValueError, compress, W1, W2, X, 10, why="one neuron takes 11 bytes")
### BEGIN HIDDEN TESTS
for seed, (n_in, H, out, bits) in enumerate([(7, 5, 3, 4), (13, 40, 5, 3), (64, 300, 10, 8), (5, 9, 7, 2), (3, 4, 1, 5)]):
    W1, W2, X = drawn(H, n_in, seed=seed), drawn(out, H, seed=seed + 9), drawn(6, n_in, seed=seed + 19)
    for part in (0.12, 0.37, 0.5, 0.93, 1.0, 1.5):
        full = -(-H * n_in * bits // 8) + -(-H * out * bits // 8) + 2 * (H + out)
        budget = int(part * full)
        fits = [h for h in range(1, H + 1) if -(-h * n_in * bits // 8) + -(-h * out * bits // 8) + 2 * (h + out) <= budget]
        if not fits:
            raises(ValueError, compress, W1, W2, X, budget, bits, why="not one neuron fits")
            continue
        h = fits[-1]
        used = -(-h * n_in * bits // 8) + -(-h * out * bits // 8) + 2 * (h + out)
        (q1, s1), (q2, s2), size = compress(W1.clone(), W2.clone(), X.clone(), budget, bits, 0)
        expect((tuple(q1.shape), tuple(s1.shape), tuple(q2.shape), tuple(s2.shape), size),
               ((h, n_in), (h,), (out, h), (out,), used), on=f"shapes and bytes, budget {budget}")
        assert type(size) is int, f"a whole number of bytes, not {size!r}"
### END HIDDEN TESTS

# %% graded="compress__pruned" points=2
# Looks at which neurons stay, and at their numbers, before any step of distillation.
one, two = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[9.0, 1.0, 1.0]])
(q1, s1), _, _ = compress(one.clone(), two.clone(), torch.tensor([[1.0], [1.0]]), 10, 8, 0)
expect(q1 * s1[:, None], torch.tensor([[1.0], [3.0]]), rtol=1e-3,
       on="W1 of the two neurons that stay, scores 9√2, 2√2, 3√2")
### BEGIN HIDDEN TESTS
for seed, (n_in, H, out, n, bits, budget) in enumerate([(7, 9, 3, 20, 4, 50), (13, 70, 5, 30, 3, 200), (6, 300, 4, 11, 8, 1500),
                                                        (5, 8, 6, 9, 5, 70), (4, 7, 7, 9, 5, 60)]):
    W1, W2, X = (drawn(*s, seed=seed + 9 * i, dtype=torch.float64) for i, s in enumerate([(H, n_in), (out, H), (n, n_in)]))
    W2 = W2 * torch.linspace(0.2, 3, H).double()
    W1[2] = 0
    if seed == 0:
        W1, W2 = W1.T.contiguous().T, W2.T.contiguous().T
    h, q1, s1, q2, s2, size = squeezed(W1, W2, X, budget, bits, 0, 0.5, 2.0)
    check(compress, W1, W2, X, budget, bits, 0, rtol=1e-10, atol=0,
          want=((q1.to(torch.int8), s1), (q2.to(torch.int8), s2), size), why="the neurons with the largest scores, in order")
    unchanged(compress, W1, W2, X, budget, bits, 0, rtol=1e-10, atol=0,
              want=((q1.to(torch.int8), s1), (q2.to(torch.int8), s2), size))
W1 = torch.eye(6).double()[[0, 1, 2, 3, 4, 5]] * 2
check(compress, W1, torch.ones(1, 6).double(), torch.eye(6).double(), 30, 8, 0,
      want=((torch.eye(6)[3:].mul(127).to(torch.int8), torch.full((3,), 2 / 127).double()),
            (torch.full((1, 3), 127).to(torch.int8), torch.full((1,), 1 / 127).double()), 29),
      why="among equals the smaller index goes")
### END HIDDEN TESTS

# %% graded="compress__distilled" points=3
# Looks at gradient descent towards the original network.
g = torch.Generator().manual_seed(1)
W1, W2, X = (torch.randn(s, generator=g) for s in [(12, 5), (4, 12), (50, 5)])
whole, found = (X @ W1.T).relu() @ W2.T, []
for n in (0, 200):
    (q1, s1), (q2, s2), _ = compress(W1.clone(), W2.clone(), X.clone(), 66, 6, n, 0.1, 2.0)
    out = (X @ (q1 * s1[:, None]).T).relu() @ (q2 * s2[:, None]).T
    found.append(F.kl_div(out.log_softmax(-1), whole.softmax(-1), reduction="batchmean").item())
said = f"KL to the original network: {found[0]:.3f} before and {found[1]:.3f} after 200 steps"
assert found[1] < 0.5 * found[0], said
### BEGIN HIDDEN TESTS
for seed, (n_in, H, out, n, bits, budget, steps, lr, T) in enumerate([
        (7, 9, 3, 20, 6, 60, 3, 0.5, 2.0),
        (6, 9, 4, 70, 8, 90, 1, 0.3, 1.0), (5, 30, 6, 25, 8, 300, 12, 0.05, 4.0), (9, 6, 2, 7, 7, 1000, 5, 0.2, 3.0)]):
    for dtype in (torch.float64, torch.float32):
        W1, W2, X = (drawn(*s, seed=seed + 9 * i, dtype=dtype) for i, s in enumerate([(H, n_in), (out, H), (n, n_in)]))
        h, q1, s1, q2, s2, size = squeezed(W1, W2, X, budget, bits, steps, lr, T)
        (a, c), (b, d), used = compress(W1.clone(), W2.clone(), X.clone(), budget, bits, steps, lr, T)
        tolerance = dict(rtol=1e-9) if dtype == torch.float64 else dict(rtol=2e-4)
        expect((c, d, used), (s1.to(dtype), s2.to(dtype), size), on=f"scales and bytes after {steps} steps", **tolerance,
               why="T² KL(original ∥ student), the mean over the rows, both matrices at once")
        for name, got, want in (("q1", a, q1), ("q2", b, q2)):
            assert got.dtype == torch.int8 and got.shape == want.shape, f"{name}: int8 of shape {tuple(want.shape)}"
            off = (got.double() - want).abs().max().item()
            assert off <= (0 if dtype == torch.float64 else 1), f"{name} is off by {off} after {steps} steps"
        if dtype == torch.float64:
            h, q1, s1, q2, s2, size = squeezed(W1, W2, X, 5000, bits, steps, lr, T)  # nothing is pruned
            unchanged(compress, W1, W2, X, 5000, bits, steps, lr, T, rtol=1e-9, atol=0,
                      want=((q1.to(torch.int8), s1), (q2.to(torch.int8), s2), size))
for budget in (30, 60):  # half of the neurons, and all: then nothing is to be learnt
    defaults = compress(W1.double(), W2.double(), X.double(), budget)
    h, q1, s1, q2, s2, size = squeezed(W1, W2, X, budget, 4, 50, 0.5, 2.0)
    expect(defaults, ((q1.to(torch.int8), s1), (q2.to(torch.int8), s2), size), on=f"the defaults, budget {budget}", rtol=1e-7)
### END HIDDEN TESTS

# %% tags=["picture"]
compression.orders(compress, quant_sym)

# %% [markdown]
# A classifier of 8 × 8 digits (64-256-10) under falling budgets, right answers on 899 digits it never saw, mean of
# three trained networks. *Rounded first*: the network was rounded to 4 bits before it was pruned and taught, by its
# rounded self. *No distilling*: pruned and rounded.
#
# ## 7 · The real model
#
# First SmolLM2 without one of its 30 blocks: what does each cost? *Block influence* (arXiv 2403.03853) is 1 − cos
# of a block's input and output: how far it turns the residual stream. About 10 seconds.

# %% tags=["real"]
from course.models.smollm import attempt

with attempt():
    compression.smollm_layers()

# %% [markdown]
# What to look for: the first block and the last are far away from the rest. Block influence finds the cheap middle,
# and it misses a block that hardly turns the stream and still cannot go. "Deep layers are useless" this is not.
#
# Next, half of the weights of ten of the blocks become zeros, by your functions: every third block, then the ten in the
# middle. Calibration texts and scored texts are different ones. About 15 seconds.

# %% tags=["real"]
with attempt():
    compression.smollm_zeros(wanda_mask, magnitude_masks, nm_sparsify)

# %% [markdown]
# What to look for:
#
# - Every third block, the first among them: Wanda is far ahead of magnitude, and 2:4 costs more than free zeros at the
#   same sparsity.
# - The ten in the middle: the interval of the difference holds 0. Whoever saw the two perplexities alone would have named
#   a winner. So "Wanda beats magnitude" is no law of every block. Two suspects, neither tested here: how much the inputs
#   of a layer differ in size, and the calibration set, which is tiny.
# - A model of 135 million parameters has less to spare than the large ones of the papers. The intervals take tokens for
#   independent; those of one text are not, so they are rather too narrow.
#
# ## 8 · The experiment: how many zeros?
#
# A network of 64-256-256-10 knows digits (8 × 8 pixels; trained in two seconds). Zeros by your `magnitude_masks`;
# then its accuracy on digits that it never saw:
#
# | name | what is done |
# |---|---|
# | `"global 90%"` | 90 % of all weights, one ranking |
# | `"random 90%"` | 90 % of each matrix, drawn at random |
# | `"global 90% + KD"` | the first, then 300 steps with your `kd_loss`, without labels, zeros held at 0 |
# | `"random 90% + KD"` | the second, then the same 300 steps |
#
# It takes about 5 seconds. **Predict before you run it**: order the four by accuracy, the best first. One point for
# committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the best first
### BEGIN SOLUTION
prediction = ["global 90% + KD", "random 90% + KD", "global 90%", "random 90%"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["global 90%", "global 90% + KD", "random 90%", "random 90% + KD"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["global 90%", "global 90% + KD", "random 90%", "random 90% + KD"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["global 90% + KD", "random 90% + KD", "global 90%", "random 90%"],
          "What can training do with the weights that are left, and what can a ranking do without it?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def masks_of(weights, sparsity, how, g):
    "Which weights stay."
    if how == "random":
        return {k: torch.rand(w.shape, generator=g) >= sparsity for k, w in weights.items()}
    return magnitude_masks(weights, sparsity, how)


def heal(student, logits, masks, optimizer, x, T=2.0):
    "One step towards the teacher, without labels; what is 0 stays 0."
    loss = kd_loss(student(x)[:, None], logits[:, None], torch.zeros(len(x), 1).long(), T, 1.0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for k, m in masks.items():
            student.weights[k].mul_(m)


table = compression.digits(masks_of, heal, prediction=prediction)

# %% [markdown]
# Read the table with these questions:
#
# - Which mattered more here: where the zeros were put, or whether the network was taught afterwards? What does the
#   choice of the zeros still do after teaching?
# - "90 % of the weights are superfluous": for which rows of the table may one say so, and under which condition? How
#   many labels did that take?
# - `local` stands beside `global`: one ranking beat a share for each matrix in five of six networks that we trained.
#   That is a habit, no law.
# - What this does not show: language models. Small images, a network far larger than it has to be. For large language
#   models in one shot, part 2 has the numbers of the papers; part 7 shows a small one.
#
# ## 9 · Feel it: bytes
#
# At which bits does 2:4 stop paying? Which of the models fits on which card? (KV cache and activations come on
# top.)

# %% tags=["widget"]
compression.widget(model_bytes, {"Llama-3-8B": LLAMA_3_8B, "Llama-3-70B": LLAMA_3_70B})

# %% [markdown]
# ## 10 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="pipeline"
# **Llama-3-70B** (70.55 billion parameters, 64 query heads on 8 key/value heads, hidden 28,672) is to serve from
# **one card of 24 GB**, at some loss of quality. You have its weights, unlabelled text and a training cluster.
# Write, in about 15 lines:
#
# 1. Bytes: the model in BF16 and at 4 bits. Which method alone gets there, and which does not?
# 2. A pipeline: the steps, their order, the teacher, the loss. Why that order?
# 3. A colleague proposes: "Drop 30 % of the heads and 25 % of the hidden neurons, that is 40B; then 50 %
#    unstructured zeros, twice as fast; then distil from the pruned model." Answer each.
# 4. How would you measure what was lost?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Bytes**: 141 GB in BF16; at 4 bits 35 GB bare, 39.5 GB with scales and a 16-bit embedding: 4 bits alone
#   does not fit into 24 GB; 2 bits would, at a heavy loss. A smaller student at 4 bits fits.
# - **Pipeline**: structured pruning (or a smaller student), distillation from the *original* with T² KL(teacher ∥
#   student) over valid tokens, then quantisation last, with a check after each. Reasons: importance needs precise
#   weights, training mends pruning, training moves weights off a grid. (Half a point without reasons.)
# - **Proposals**: 53.2 billion, 25 % fewer; 30 % of 8 heads a group is not whole. Unstructured zeros are no faster
#   without a kernel; 2:4 has one; indices cost bytes. The teacher is the original. (Half a point for two of three.)
# - **Measuring**: held-out text and tasks that calibration never saw, KL or changed first choices beside
#   perplexity, with intervals; latency and memory on the card itself.
#
# === END MARK SCHEME ===

# %% [markdown] written="pipeline" points=4
# ### BEGIN SOLUTION
# 1. 70.55 billion × 2 bytes = 141 GB; at 4 bits 35.3 GB bare, 39.5 GB with scales and the embedding in BF16. 4
#    bits alone does not fit into 24 GB. 2 bits would, at 17.6 GB bare, but rounding to 2 bits breaks models. So the
#    student must be smaller: some 30 billion parameters at 4 bits are about 16 GB, which leaves room for the cache.
# 2. Score heads, neurons and layers on calibration text; prune structures to about 30 billion, in one or two
#    rounds; distil after each from the original, T² KL(teacher ∥ student), a mean over valid tokens, T about 1 to
#    2; quantise at the end with calibration. Pruning needs precise scores; training mends what pruning broke and
#    would leave the grid if rounding came first.
# 3. It leaves 53.2 billion, 25 % fewer, not 40; in groups of 8 heads 30 % is no whole number: 2 of 8. Zeros
#    anywhere give no speed without a kernel that skips them, and cost a bitmap; 2:4 is the format with hardware.
#    The teacher must be the original: the pruned model hands its damage on.
# 4. On held-out text and tasks that neither calibration nor distillation saw: perplexity, KL to the original and
#    changed first choices, task scores with intervals; memory and tokens a second on the card.
# ### END SOLUTION

# %% [markdown]
# ## 11 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="25.1" level="basic"
# <details><summary>What compression methods are there besides quantisation?</summary>
#
# - **Distillation**: a smaller network learns from a larger one. DistilBERT: 40 % smaller, 97 % of the score on
#   GLUE (a set of language tasks).
# - **Unstructured pruning**: zeros anywhere. Language models in one shot: 50 %, the largest 60 % (SparseGPT).
# - **Semi-structured**: 2:4, with hardware behind it.
# - **Structured**: neurons, heads, layers; training has to repair it. Minitron: 2 to 4 times smaller.
# - **Low rank**: two thin matrices; pays below r = in · out / (in + out).
# - Sharing weights (tied embedding, tied layers).
# - Not one of them: sparse attention. It saves computing and cache, no parameters.
#
# </details>

# %% [markdown] card="25.2" level="basic"
# <details><summary>What is knowledge distillation?</summary>
#
# - A student learns a teacher's whole distribution, not the label alone: "Paris 92 %, Lyon 5 %" says what is like
#   what.
# - Needs no labels, only inputs; with soft labels each of them says more than one class.
# - Variants: on logits (this loss), on hidden states, on texts that the teacher wrote (sequence level; all that is
#   left if the teacher is an API without logits), on the student's own texts (on-policy, often with the reverse KL).
# - Costs: the teacher's forward pass, and the same vocabulary for logits.
#
# </details>

# %% [markdown] card="25.3" level="medium"
# <details><summary>How does the knowledge distillation loss work?</summary>
#
# - $\alpha T^2\, \mathrm{KL}(p_t \Vert p_s) + (1 - \alpha)\, \mathrm{CE}$, both softened by T in the KL, CE at T =
#   1.
# - Teacher first. `F.kl_div(log q, p)` is KL(p ∥ q).
# - T²: gradients of the softened KL fall like 1/T².
# - A higher T is not "more information": towards squared error on logits, the noisy tail counts.
# - Means: over valid tokens in both terms. "batchmean" on (B, S, V) is S times too large.
# - The teacher is in eval mode, its graph cut.
#
# </details>

# %% [markdown] card="25.4" level="medium"
# <details><summary>How do structured and unstructured pruning compare?</summary>
#
# - Unstructured: finest choice, least loss at a given share; no speed without a kernel, and indices: at 4 bits and
#   50 % a bitmap leaves 75 % of the bytes.
# - 2:4: along the input dimension, up to twice the matrix rate on Ampere and later; 2 bits an index.
# - Structured: a smaller dense model, faster everywhere, cache too if key/value heads go; more loss, training
#   needed.
# - Grouped queries: every key/value head keeps equally many readers.
# - A neuron is a row of gate and up and a column of down.
#
# </details>

# %% [markdown] card="25.5" level="medium"
# <details><summary>What is magnitude-based pruning?</summary>
#
# - The smallest |W| go; an exact count, ties by index, norms and embeddings left alone.
# - Local: the same share in each matrix. Global: one ranking; in the section's experiment
#   ahead in five of six networks at 90 %.
# - Its weakness: it does not see inputs. With 5 of 512 inputs 20 times as large, 50 % cost 0.26 of the outputs,
#   Wanda's |W| · ‖X‖ 0.12.
# - Masks must be held at 0 if training goes on. Iterative pruning alternates with training.
# - Slip: threshold with "smaller or equal": a norm of ones vanishes whole.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>When does a low-rank factorisation pay?</summary>
#
# - r (out + in) < out · in: below half of the width for a square matrix; 4096 × 14336: r up to 3,185.
# - Best in squared error: the cut SVD; loss $\sqrt{\sum_{i > r} \sigma_i^2}$.
# - Better target: the outputs $X W^\top$, whose right singular vectors give $B$, and $A = B^\top W$.
# - Trained weights have long tails: alone, weak. Good for updates (LoRA) and for latents that were trained so
#   (MLA).
#
# </details>

# %% [markdown] card="25.6" level="killer"
# <details><summary>Design a compression pipeline for Llama-3 70B.</summary>
#
# - Target first: card, latency, loss that is allowed. 141 GB in BF16; 4 bits 39.5 GB: one 48 GB card holds it,
#   done without training. Only below that does pruning earn its keep.
# - Structures by importance on calibration text; whole numbers: 6 of 8 query heads a group, 25 % of the neurons
#   leave about 53.8 billion, not 40.
# - Distil from the **original** (the guide's pruned teacher hands its damage on); repeat in rounds.
# - Quantise last, 4 bits in groups with calibration; check outliers.
# - Promise with arithmetic: decoding at batch 1 is bound by bytes; 70.55 → 8.03 billion reads 9.3 times less, 4 bits
#   3.2 to 3.9 times less again. The guide's table of MMLU scores has no source.
# - 8B at 4 bits is 5.7 GB with scales and embedding, not 2.
#
# </details>

# %% [markdown] card="25.7" level="killer"
# <details><summary>In what order are compression techniques best applied?</summary>
#
# - Prune, distil, quantise: importance from precise weights; training repairs; rounding last, because training
#   leaves the grid.
# - Evidence: one paper, Qwen2.5-3B (2511.19495), 3.68 times smaller. No theorem.
# - Quantising early is not bad for "limiting the teacher" (the teacher is the original): it takes information out
#   of the student for good.
# - Exceptions: QAT trains with the grid; QLoRA trains above it.
# - In the section's own digits the distilling mattered far more than whether rounding came first, and that only where
#   the budget was small.
#
# </details>

# %% [markdown] card="25.8" level="killer"
# <details><summary>When would you use distillation, when pruning, and when quantisation?</summary>
#
# - **Quantisation** first, nearly always: no training, 4 bits on any large model, memory and decoding speed at
#   once.
# - **Structured pruning** when a size between two models of a family is wanted and some training budget exists
#   (Minitron).
# - **2:4** when compute is the limit (large batches, prefill) and the kernel exists.
# - **Distillation** when the student is much smaller, the task narrow, text plenty, or to repair pruning.
# - **Low rank** for adapters and caches, seldom for whole weights.
# - Small models have less to spare: measure, on text that calibration did not see.
#
# </details>

# %% [markdown]
# ## 12 · Sources
#
# Distillation: Hinton et al. 2015, arXiv 1503.02531; DistilBERT 1910.01108; MiniLLM 2306.08543. Pruning: SparseGPT
# 2301.00774, Wanda 2306.11695, 2:4 2104.08378, LLM-Pruner 2305.11627, Minitron 2407.14679, ShortGPT (block
# influence) 2403.03853. Low rank: ASVD 2312.05821, SVD-LLM 2403.07378. Order: 2511.19495. Code: torch's
# `nn.utils.prune` and `kl_div`, which the course's own tests compare with.
