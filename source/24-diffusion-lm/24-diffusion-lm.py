# %% [markdown]
# # 24 · Diffusion language models
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - How does a model write without going from left to right? What is the noise, and why does its loss need 1/t?
# - What does "remasking" decide, and why is a threshold on the confidence no substitute for it?
# - What does it cost to commit several tokens at once, even for a model that makes no mistakes?
# - How is the likelihood of such a model measured, and may it be compared with a perplexity?
# - When is it slower than a cached autoregressive model, when faster, and what do its approximate caches do?
#
# Eight exercises. The last is a whole sampler that fills in holes and writes block by block, on a language whose
# every probability is known. It takes about three hours; the end of part 3 is a good place to stop. It builds on
# softmax, cross-entropy and a little probability; no other section is needed. (The KV cache, keys and values of all
# tokens so far, is section 14's matter; sampling with a temperature, section 02's.)

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** B rows in a batch, L positions, V tokens in the vocabulary, A positions that belong to the answer,
# $x_0$ the clean text, $x_t$ the same with masks, M the mask, t the masking level between 0 and 1. AR means
# autoregressive, from left to right. **Units.** Likelihoods are in nats (natural logarithm). A TFLOP is 10¹²
# floating-point operations. Positions, rows and steps are counted from 0.

# %% setup
import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import (check, committed, expect, fresh, precise, predicted, raises, unchanged,
                          value_and_grad)
from course.models.markov import Markov

torch.set_num_threads(1)
CHAIN = Markov.two_successors(8, seed=0)  # a language of 8 tokens; the mask is id 8
LLAMA_3_8B = 8_030_261_248  # parameters
H100 = dict(bandwidth=3.35e12, flops=989e12)  # bytes/s; FLOP/s in BF16


def three(x):
    "A toy model: the surest token is always 3, and surer the further to the right."
    return torch.arange(1.0, x.shape[1] + 1)[None, :, None] * F.one_hot(torch.full(x.shape, 3), 9)

# %% tags=["picture"]
from course.sections import diffusion_lm

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).to(dtype)


def uniform(*shape, seed, dtype=torch.float32):
    "Numbers in [0, 1) of a seed of their own."
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def ids(*shape, V, seed):
    "Token ids of a seed of their own."
    return torch.randint(V, shape, generator=torch.Generator().manual_seed(seed))


def schedule(count, steps):
    "How many tokens each step commits, one row."
    return [count // steps + (k < count % steps) for k in range(steps)]


def committed_row(logits, x, open_, n, order=None, T=0.0, noise=None):
    "The oracle of unmask_step for one row of lists: (new x, new open). No ties, please."
    tokens, scores, rows = {}, {}, logits.double().tolist()
    for i, free in enumerate(open_):
        if free:
            row = rows[i]
            heard = [v + T * float(noise[i, k]) for k, v in enumerate(row)] if T else row
            tokens[i] = max(range(len(row)), key=heard.__getitem__)
            top = max(row)
            total = math.fsum(math.exp(v - top) for v in row)
            scores[i] = math.exp(row[tokens[i]] - top) / total if order is None else float(order[i])
    best = sorted(scores, key=lambda i: -scores[i])[:n]
    x, open_ = list(x), list(open_)
    for i in best:
        x[i], open_[i] = tokens[i], False
    return x, open_


def committed_rows(logits, x, open_, n, order=None, T=0.0, noise=None):
    "The oracle of unmask_step."
    rows = [committed_row(logits[b], x[b].tolist(), open_[b].tolist(), int(n[b]), None if order is None else order[b],
                          T, None if noise is None else noise[b]) for b in range(len(x))]
    return torch.tensor([r[0] for r in rows]).view(x.shape), torch.tensor([r[1] for r in rows]).view(x.shape)


def guided(model, x, start, mask_id, w):
    "The oracle of cfg_logits, in float64: two calls."
    cond = model(x.clone()).double()
    if w == 0:
        return cond
    bare = x.clone()
    bare[:, :start] = mask_id
    free = model(bare).double()
    return torch.where(cond == -torch.inf, cond, free + (w + 1) * (cond - free))


def written(model, x, start, steps, block_len, mask_id, w=0.0, order=None, T=0.0, noise=None):
    "The oracle of generate."
    x, L = x.clone(), x.shape[1]
    blocks = (L - start) // block_len
    for b in range(blocks):
        here = torch.zeros(x.shape, dtype=torch.bool)
        here[:, start + b * block_len:start + (b + 1) * block_len] = True
        free = here & (x == mask_id)
        plan = [schedule(int(c), steps // blocks) for c in free.sum(1)]
        for i in range(steps // blocks):
            n = [p[i] for p in plan]
            if any(n):
                k = b * (steps // blocks) + i
                x, free = committed_rows(guided(model, x, start, mask_id, w), x, free, n, order, T,
                                         noise(k) if T else None)
    return x


def bound(logits, x0, m, t, prompt_len, eps=1e-3):
    "In float64, token by token."
    total = 0.0
    for b, i in m.nonzero().tolist():
        p = (1 - eps) * float(t[b]) + eps
        nll = -logits[b, i].double().log_softmax(-1)[x0[b, i]]
        total = total + nll / (p * (x0.shape[1] - int(prompt_len[b])))
    return torch.as_tensor(total, dtype=torch.float64) / len(x0)


def sent(prompt, gen, method, steps, block):
    "Pass by pass, simulating what is still masked."
    block, done = block or gen, []
    for first in range(0, gen, block):
        left = block
        for i, n in enumerate(schedule(block, steps // (gen // block))):
            if n == 0:
                break
            whole = method == "full" or i == 0
            done.append(prompt + gen if whole else gen - first if method == "prefix" else block)
            left -= n
    return done


def tilted(L):
    "The chain without its many exact ties."
    push = drawn(L, 8, seed=L, dtype=torch.float64, size=0.1)
    return lambda x: CHAIN(x) + push


def mixing(V, L, seed, dtype=torch.float64):
    "A little bidirectional model: every position hears all others, masks too. (B, L) -> (B, L, V)."
    table, place = drawn(3 * V + 40, V, seed=seed, dtype=torch.float64), drawn(L, L, seed=seed + 1, dtype=torch.float64)

    def model(x):
        heard = torch.einsum("ij,bjv->biv", place[:x.shape[1], :x.shape[1]], table[x])
        return (1.5 * heard / x.shape[1] ** 0.5 + table[x.roll(1, 1)]).to(dtype)
    return model
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Masks instead of noise
#
# An AR model factorises a text from left to right and learns one conditional per position. A **masked diffusion
# model** (LLaDA: Nie et al. 2025, arXiv 2502.09992, 8 billion parameters) learns to undo a destruction.
#
# - **Forward process.** Draw t uniformly from [0, 1]. Every token becomes the mask M with probability t, each by
#   itself. At t = 1 nothing is left. Images get Gaussian noise; a token cannot be a little noisy, so it is hidden.
# - **Mask predictor.** One transformer *without a causal mask* sees $x_t$ and gives, at every mask, a distribution
#   over tokens. It is not told t: the share of masks says it.
# - **Reverse process.** Begin with masks only, predict, commit a few tokens, predict again (part 3).
#
# BERT was trained with a fixed share, 15 %. A varying share is what turns a fill-in model into a generative one:
# between them the levels of t train *every* conditional P(some tokens | some others).
#
# **Fine-tuning on pairs** masks the answer alone; the prompt stays clean. Answers of different lengths are padded
# with the end token, and that padding **is masked and trained on**: from it the model learns where to stop.
#
# **The catch: a probability is no quota.** Each token is masked independently, so the *number* of masks is random.
# "Mask exactly tL tokens" is another process, with another weight (part 4 uses one like it on purpose). And t is drawn anew
# for each row: one level for a whole batch makes noisier gradients.
#
# **Our language.** So that one can see what is right, `CHAIN` is a Markov chain with 8 tokens: each has a likely
# successor (0.8) and another (0.2). `CHAIN(x)` is an *exact* mask predictor: the log-probabilities of every token
# given all that stand, on both sides. A trained model would approximate them.

# %% tags=["picture"]
diffusion_lm.both_sides(CHAIN)

# %% [markdown]
# Eleven positions, three tokens stand; the columns show what the exact predictor believes of each mask. It draws on
# both sides, and a mask between two near neighbours is nearly certain.
#
# ### Exercise 24.1 · forward_mask
#
# `forward_mask(x0, t, u, prompt_len, mask_id, eps=1e-3)` returns `(xt, m)`. (LLaDA's own training code masks with
# probability $p = (1 - \varepsilon)\, t + \varepsilon$, so that p is never 0 and 1/p stays finite.)
#
# - `x0` (B, L) ids, int64. `t` (B,) in [0, 1], `u` (B, L) in [0, 1), both float32 or both float64: uniform random
#   numbers that the caller has drawn, so that the answer is determined.
# - Row b has a prompt of `prompt_len[b]` tokens, int64, from 0 to L; all that follows is its answer.
# - Position i of row b is masked exactly if it belongs to the answer and $u_{bi} < p_b$.
# - `xt` is `x0` with `mask_id` there. `m` (B, L), boolean, says where *this call* masked. The clean text may hold
#   `mask_id` itself, say where somebody typed it; that alone is no masked position.
# - `eps` may be 0. Float64 stays float64: neither p nor the comparison is rounded to float32.
#
# Source: Nie et al. 2025, section 2; `forward_process` in GUIDELINES.md of github.com/ML-GSAI/LLaDA.

# %% stub="forward_mask"
def forward_mask(x0: Int[Tensor, "B L"], t: Float[Tensor, "B"], u: Float[Tensor, "B L"],
                 prompt_len: Int[Tensor, "B"], mask_id: int,
                 eps: float = 1e-3) -> tuple[Int[Tensor, "B L"], Bool[Tensor, "B L"]]:
    """Answers with each token masked by itself, and where that happened.

    x0 = [[3, 4, 5]], t = [0.5], u = [[0.1, 0.2, 0.9]], prompt_len = [1], mask_id = 9:
    ([[3, 9, 5]], [[False, True, False]]).
    """
    ### BEGIN SOLUTION
    p = (1 - eps) * t + eps
    answer = torch.arange(x0.shape[1], device=x0.device) >= prompt_len[:, None]
    m = answer & (u < p[:, None])
    return torch.where(m, mask_id, x0), m
    ### END SOLUTION
    raise NotImplementedError("forward_mask")

# %% [markdown] hints="forward_mask"
# <details><summary>Hint 1: a question</summary>
#
# `t` has shape (B,), `u` has (B, L). What does `u < t` compare if B and L happen to be equal?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two rows of two answer tokens, t = [0, 1], eps = 0.1: p = [0.1, 1]. With u = [[0.05, 0.2], [0.05, 0.99]] one token of
# the first row is masked and both of the second.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A position is masked because of what was drawn, not because of what stands there. Decide first, write afterwards.
#
# </details>

# %% graded="forward_mask__levels" points=2
# Looks at which tokens are masked: every row by its own level, every token by its own number.
check(forward_mask, torch.tensor([[3, 4, 5]]), torch.tensor([0.5]), torch.tensor([[0.1, 0.2, 0.9]]),
      torch.tensor([1]), 9, want=(torch.tensor([[3, 9, 5]]), torch.tensor([[False, True, False]])),
      why="0.2 < 0.5005; the first token is prompt",
      mistakes={"the prompt was masked": (torch.tensor([[9, 9, 5]]), torch.tensor([[True, True, False]]))})
check(forward_mask, torch.tensor([[1, 2], [3, 4]]), torch.tensor([0.0, 1.0]), torch.tensor([[0.05, 0.2], [0.05, 0.99]]),
      torch.tensor([0, 0]), 0, 0.1, want=(torch.tensor([[0, 2], [0, 0]]), torch.tensor([[True, False], [True, True]])),
      why="p = [0.1, 1.0], a level for each row; the mask may be id 0",
      mistakes={"the levels were laid along the positions":
                (torch.tensor([[1, 0], [3, 0]]), torch.tensor([[False, True], [False, True]]))})
### BEGIN HIDDEN TESTS
def masked(x0, t, u, prompt_len, mask_id, eps):
    "Token by token."
    xt, m = x0.clone(), torch.zeros(x0.shape, dtype=torch.bool)
    for b in range(x0.shape[0]):
        p = (1 - eps) * float(t[b]) + eps
        for i in range(int(prompt_len[b]), x0.shape[1]):
            if float(u[b, i]) < p:
                xt[b, i], m[b, i] = mask_id, True
    return xt, m

for seed, (B, L, mask_id, eps) in enumerate([(1, 1, 50, 1e-3), (3, 3, 0, 1e-3), (5, 7, 99, 0.2), (2, 300, 7, 0.0),
                                             (9, 4, 126336, 0.5)]):
    for dtype in (torch.float32, torch.float64):
        t, u = uniform(B, seed=seed, dtype=dtype), uniform(B, L, seed=seed + 50, dtype=dtype)
        x0, lengths = ids(B, L, V=50, seed=seed), ids(B, V=L // 2 + 1, seed=seed + 9)
        check(forward_mask, x0, t, u, lengths, mask_id, eps, want=masked(x0, t, u, lengths, mask_id, eps),
              why="masked where u < (1 - eps) t + eps, in the answer alone")
t = torch.tensor([0.0, 0.001, 0.3, 1.0])
u = torch.tensor([[0.0009, 0.0011, 0.002, 0.9]]).repeat(4, 1)
check(forward_mask, ids(4, 4, V=9, seed=1), t, u, torch.zeros(4, dtype=torch.long), 9,
      want=masked(ids(4, 4, V=9, seed=1), t, u, torch.zeros(4, dtype=torch.long), 9, 1e-3),
      why="eps is 0.001 unless given")
check(forward_mask, torch.tensor([[1, 2, 3]]), torch.tensor([0.0]), torch.tensor([[0.0, 0.5, 0.9]]), torch.tensor([0]),
      9, 0.0, want=(torch.tensor([[1, 2, 3]]), torch.zeros(1, 3, dtype=torch.bool)), why="p = 0: 0 < 0 is false")
near = torch.tensor([[0.5 - 1e-10, 0.5 + 1e-10]], dtype=torch.float64)
check(forward_mask, torch.tensor([[1, 2]]), torch.tensor([0.5], dtype=torch.float64), near, torch.tensor([0]), 9, 0.0,
      want=(torch.tensor([[9, 2]]), torch.tensor([[True, False]])), why="float64 numbers are compared in float64")
for level, eps in ((0.3, 1e-3), (0.7, 0.1), (1 / 3, 0.0)):
    p = (1 - eps) * level + eps
    near = torch.tensor([[p - 1e-13, p + 1e-13]], dtype=torch.float64)
    check(forward_mask, torch.tensor([[1, 2]]), torch.tensor([level], dtype=torch.float64), near, torch.tensor([0]), 9, eps,
          want=(torch.tensor([[9, 2]]), torch.tensor([[True, False]])), why="t, eps and p in float64, where t is")
### END HIDDEN TESTS

# %% graded="forward_mask__prompt" points=2
# Looks at prompts of different lengths, and at a text that holds the mask's id itself.
check(forward_mask, torch.tensor([[9, 9, 9]]), torch.tensor([0.5]), torch.tensor([[0.1, 0.2, 0.9]]),
      torch.tensor([1]), 9, want=(torch.tensor([[9, 9, 9]]), torch.tensor([[False, True, False]])),
      why="m says what was masked now; the others are text that happens to have the mask's id",
      mistakes={"m was read off xt": (torch.tensor([[9, 9, 9]]), torch.tensor([[True, True, True]]))})
### BEGIN HIDDEN TESTS
B, L = 8, 7
x0, u = ids(B, L, V=6, seed=4), uniform(B, L, seed=5) * 0.9
lengths = torch.tensor([0, 1, 2, 3, 4, 5, 6, 7])
for mask_id in (0, 3, 5):
    want_m = torch.arange(L) >= lengths[:, None]
    check(forward_mask, x0, torch.ones(B), u, lengths, mask_id, want=(torch.where(want_m, mask_id, x0), want_m),
          why="at t = 1 the whole answer is masked, and nothing of the prompt; a prompt may fill the row")
    t = uniform(B, seed=mask_id)
    want_m = want_m & (u < (0.999 * t + 0.001)[:, None])
    check(forward_mask, x0, t, u, lengths, mask_id, want=(torch.where(want_m, mask_id, x0), want_m))
### END HIDDEN TESTS

# %% graded="forward_mask__inplace" points=1
# Looks at the arguments after the call, the memory of the answer, strided inputs.
unchanged(forward_mask, torch.tensor([[3, 4, 5]]), torch.tensor([0.5]), torch.tensor([[0.1, 0.2, 0.9]]),
          torch.tensor([1]), 9, want=(torch.tensor([[3, 9, 5]]), torch.tensor([[False, True, False]])))
### BEGIN HIDDEN TESTS
nothing = (torch.tensor([[1, 2], [3, 4]]), torch.zeros(2, 2, dtype=torch.bool))
fresh(forward_mask, nothing[0], torch.tensor([0.0, 0.5]), torch.full((2, 2), 0.9), torch.tensor([0, 0]), 9, want=nothing)
fresh(forward_mask, nothing[0], torch.tensor([1.0, 0.5]), torch.zeros(2, 2), torch.tensor([2, 2]), 9, want=nothing)
x0, u = ids(6, 5, V=9, seed=1), uniform(6, 5, seed=2)
want_m = u.T < 0.5005
unchanged(forward_mask, x0.T, torch.full((5,), 0.5), u.T, torch.zeros(5, dtype=torch.long), 9,
          want=(torch.where(want_m, 9, x0.T), want_m))
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · The loss, and what 1/t is for
#
# $$\mathcal L = -\,\mathbb E_{t,\,x_0,\,x_t}\Big[\frac1t \sum_{i\,:\,x_t^i = M} \log p_\theta(x_0^i \mid x_t)\Big]
# \;\ge\; -\,\mathbb E\,[\log p_\theta(x_0)].$$
#
# Cross-entropy, on the masked tokens alone, divided by the masking level. The sum is an **upper bound on the negative
# log-likelihood** (NLL): equations 3 and 4 of the paper.
#
# Why 1/t? At level t about tL tokens are masked. Without the factor, full masks count much and light masks little;
# each token should count once, at every level. The guide's formula leaves 1/t out. So did MaskGIT (2202.04200), an
# image model, and the paper says what that costs: the tie to the likelihood.
#
# **Which normaliser?** Four are met, and only one is the bound (per token):
#
# | divide the sum of a row by | what it is |
# |---|---|
# | t · A, A the length of the answer | the bound per token |
# | the number of its masks | A/(A + 1) of the bound: rows without a mask count 0 |
# | A alone | no bound: light masks hardly count |
# | the masks of the whole batch | the same fault: rows with many masks outvote the rest |
#
# The second comes from a fact worth knowing: if t is uniform, the *number* of masks is uniform too, on 0, 1, …, A.
# (Part 4 builds on it.) Dividing by A rather than by something drawn gives every answer the same weight in the batch,
# whatever its length; the padded end tokens belong to it.

# %% [markdown]
# ### Exercise 24.2 · mdm_loss
#
# MDM stands for masked diffusion model. With $p_b = (1 - \varepsilon)\, t_b + \varepsilon$, as in 24.1, and $A_b = L -
# \text{prompt\_len}_b$:
#
# $$\frac1B \sum_b \frac{1}{p_b\,A_b} \sum_{i\,:\,m_{bi}} -\log \mathrm{softmax}(\text{logits}_{bi})[x_{0,bi}].$$
#
# - `logits` (B, L, V), `x0` (B, L) int64, `m` (B, L) boolean (masks of answers alone), `t` (B,) float32 or float64,
#   `prompt_len` (B,) int64. Returns a scalar in the dtype of `logits`; in half precision compute in float32 and round
#   once.
# - B counts every row. A row without a masked position adds 0, also one whose prompt fills it (A = 0). Every p is above 0.
# - What stands at positions that are not masked **does not matter**: logits there may be NaN or infinite, and ids of
#   `x0` there may be V or more (the mask's own id in a prompt, for one). Masked positions hold ids below V; logits may be
#   −inf there, and if that of the right token is, the loss is infinite.
# - Gradients flow to `logits`; they are 0 at positions that are not masked, whatever stands there, so 0 everywhere
#   where nothing is masked.
#
# Source: Nie et al. 2025, equations 3 and 5; GUIDELINES.md of github.com/ML-GSAI/LLaDA.

# %% stub="mdm_loss"
def mdm_loss(logits: Float[Tensor, "B L V"], x0: Int[Tensor, "B L"], m: Bool[Tensor, "B L"],
             t: Float[Tensor, "B"], prompt_len: Int[Tensor, "B"], eps: float = 1e-3) -> Float[Tensor, ""]:
    """The bound per token: cross-entropy at masked positions over p times the length of the answer.

    One row of 2 tokens, both logits 0 (V = 2), one masked, t = 0.5, eps = 0:
    log 2 / (0.5 * 2) = 0.6931.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(logits.dtype, torch.float32)
    weight = 1 / (((1 - eps) * t + eps) * (x0.shape[1] - prompt_len))
    rows = m.nonzero()[:, 0]
    ce = F.cross_entropy(logits[m].to(wide), x0[m], reduction="none")
    return ((ce * weight[rows]).sum() / len(x0)).to(logits.dtype)
    ### END SOLUTION
    raise NotImplementedError("mdm_loss")

# %% [markdown] hints="mdm_loss"
# <details><summary>Hint 1: a question</summary>
#
# 0 times NaN is NaN. How do you leave a position out of a sum without multiplying by 0?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two rows of 3 tokens, prompt_len = [0, 1], eps = 0, t = [0.5, 0.25]. Every cross-entropy is 1. Row 0 has two masks:
# 2 / (0.5 · 3) = 1.333. Row 1 has one: 1 / (0.25 · 2) = 2. The loss is 1.667.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Every masked token carries the weight of *its row*: level and length are the row's, and the mean over rows comes
# last.
#
# </details>

# %% graded="mdm_loss__values" points=3
# Looks at the weight of each masked token: level, length of the answer, rows.
zero = torch.zeros(1, 2, 2)
check(mdm_loss, zero, torch.tensor([[0, 1]]), torch.tensor([[False, True]]), torch.tensor([0.5]), torch.tensor([0]), 0.0,
      want=torch.tensor(math.log(2)), why="log 2 / (0.5 * 2)",
      mistakes={"1/t was forgotten": torch.tensor(math.log(2) / 2),
                "divided by t times the number of masks, not by the length": torch.tensor(2 * math.log(2)),
                "all tokens were scored": torch.tensor(2 * math.log(2))})
check(mdm_loss, torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.long),
      torch.tensor([[True, True, False], [False, False, True]]), torch.tensor([0.5, 0.25]), torch.tensor([0, 1]), 0.0,
      want=torch.tensor(math.log(4) * (2 / 1.5 + 1 / 0.5) / 2), why="(2 / (0.5 * 3) + 1 / (0.25 * 2)) / 2 times log 4",
      mistakes={"one mean over all masked tokens": torch.tensor(math.log(4)),
                "divided by L, not by the length of the answer": torch.tensor(math.log(4) * (2 / 1.5 + 1 / 0.75) / 2)})
### BEGIN HIDDEN TESTS
for seed, (B, L, V, eps) in enumerate([(1, 1, 3, 1e-3), (3, 5, 7, 1e-3), (7, 4, 2, 0.3), (2, 90, 300, 0.0),
                                       (5, 6, 11, 1e-3)]):
    for dtype in (torch.float32, torch.float64):
        logits, x0 = drawn(B, L, V, seed=seed, dtype=dtype, size=3.0), ids(B, L, V=V, seed=seed)
        t, lengths = uniform(B, seed=seed + 1, dtype=dtype) * 0.9 + 0.05, ids(B, V=L, seed=seed + 2)
        m = (uniform(B, L, seed=seed + 3) < 0.6) & (torch.arange(L) >= lengths[:, None])
        check(mdm_loss, logits, x0, m, t, lengths, eps, want=bound(logits, x0, m, t, lengths, eps).to(dtype),
              rtol=1e-4 if dtype == torch.float32 else 1e-10, why="each masked token over p and the length of its answer")
t, m, none = torch.tensor([0.0]), torch.tensor([[True, False]]), torch.tensor([0])
check(mdm_loss, torch.zeros(1, 2, 8), torch.zeros(1, 2, dtype=torch.long), m, t, none, rtol=1e-4,
      want=torch.tensor(math.log(8) / 0.001 / 2), why="t = 0: p is eps, 0.001 unless given")
for dtype, other in ((torch.float32, torch.float64), (torch.float64, torch.float32)):
    args = drawn(2, 5, 7, seed=6, dtype=dtype), ids(2, 5, V=7, seed=6), uniform(2, 5, seed=7) < 0.6
    t = torch.tensor([0.25, 0.8], dtype=other)
    check(mdm_loss, *args, t, torch.tensor([0, 0]), want=bound(*args, t, torch.tensor([0, 0])).to(dtype), rtol=1e-5,
          why="the dtype of the logits, whatever that of t")
rows = drawn(64, 2, 70, seed=1, dtype=torch.float64).permute(1, 0, 2)  # strided
x0, m = ids(2, 64, V=70, seed=2), uniform(2, 64, seed=3) < 0.5
check(mdm_loss, rows, x0, m, torch.tensor([0.3, 0.9], dtype=torch.float64), torch.tensor([0, 0]), rtol=1e-10,
      want=bound(rows, x0, m, torch.tensor([0.3, 0.9], dtype=torch.float64), torch.tensor([0, 0])),
      why="a transposed batch is valid")
### END HIDDEN TESTS

# %% graded="mdm_loss__left_out" points=2
# Looks at rows without masks, and at NaN, infinities and unknown ids where nothing is masked.
strange = torch.tensor([[[math.nan, 0.0], [0.0, 0.0]], [[math.inf, 1.0], [-math.inf, -math.inf]]])
check(mdm_loss, strange, torch.tensor([[2, 1], [9, 2]]), torch.tensor([[False, True], [False, False]]),
      torch.tensor([0.5, 0.5]), torch.tensor([1, 2]), 0.0, want=torch.tensor(math.log(2)),
      why="one masked token, log 2 / 0.5 / 1, over two rows; the second row adds 0")
### BEGIN HIDDEN TESTS
for seed, (B, L, V) in enumerate([(4, 5, 3), (3, 8, 20)]):
    for dtype in (torch.float32, torch.float64):
        logits, x0 = drawn(B, L, V, seed=seed, dtype=dtype), ids(B, L, V=V, seed=seed)
        m, t = uniform(B, L, seed=seed + 3) < 0.5, uniform(B, seed=seed, dtype=dtype) + 0.01
        m[1], lengths = False, torch.zeros(B, dtype=torch.long)
        lengths[1] = L
        want = bound(logits, x0, m, t, lengths).to(dtype)
        for junk in (math.nan, math.inf, -math.inf):
            spoilt, known = logits.clone(), x0.clone()
            spoilt[~m], known[~m] = junk, V + 5
            check(mdm_loss, spoilt, known, m, t, lengths, want=want, rtol=1e-4 if dtype == torch.float32 else 1e-10,
                  why="what stands where nothing is masked does not matter")
        impossible = logits.clone()
        impossible[..., 0] = -math.inf
        known = x0.clamp(min=1)
        check(mdm_loss, impossible, known, m, t, lengths, want=bound(impossible, known, m, t, lengths).to(dtype),
              rtol=1e-4, why="another token may be impossible")
low = drawn(2, 3, 5, seed=8, dtype=torch.float64, size=40.0) - 20_000
known, m, t = ids(2, 3, V=5, seed=1), torch.ones(2, 3, dtype=torch.bool), torch.tensor([0.4, 0.7], dtype=torch.float64)
check(mdm_loss, low, known, m, t, torch.tensor([0, 0]), want=bound(low, known, m, t, torch.tensor([0, 0])), rtol=1e-9,
      why="all logits of a position may be low; unlikely tokens cost what they cost")
low[0, 0, known[0, 0]] = -math.inf
check(mdm_loss, low, known, m, t, torch.tensor([0, 0]), want=torch.tensor(math.inf, dtype=torch.float64),
      why="the right token is impossible: -log 0")
far = torch.tensor([[[0.0, 200.0], [-150.0, 150.0]]])
check(mdm_loss, far, torch.tensor([[0, 0]]), torch.tensor([[True, True]]), torch.tensor([0.5]), torch.tensor([0]), 0.0,
      want=torch.tensor(500.0), why="(200 + 300) / (0.5 * 2): probabilities that a float32 cannot hold have logarithms")
check(mdm_loss, torch.zeros(3, 2, 4), torch.zeros(3, 2, dtype=torch.long), torch.zeros(3, 2, dtype=torch.bool),
      torch.full((3,), 0.5), torch.tensor([0, 1, 2]), want=torch.tensor(0.0), why="nothing masked: 0")
### END HIDDEN TESTS

# %% graded="mdm_loss__gradient" points=1
# Looks at the gradient: (softmax - one-hot) times the weight, and 0 where nothing is masked.
_, (grad,) = value_and_grad(mdm_loss, torch.zeros(1, 2, 2), torch.tensor([[0, 1]]), torch.tensor([[False, True]]),
                            torch.tensor([0.5]), torch.tensor([0]), 0.0)
expect(grad, torch.tensor([[[0.0, 0.0], [0.5, -0.5]]]), on="the gradient of the docstring's example")
### BEGIN HIDDEN TESTS
for seed, (B, L, V) in enumerate([(3, 5, 7), (2, 9, 4)]):
    logits, x0 = drawn(B, L, V, seed=seed, dtype=torch.float64), ids(B, L, V=V, seed=seed)
    m, t = uniform(B, L, seed=seed + 3) < 0.5, uniform(B, seed=seed, dtype=torch.float64) + 0.01
    lengths = torch.zeros(B, dtype=torch.long)
    leaf = logits.clone().requires_grad_()
    want, = torch.autograd.grad(bound(leaf, x0, m, t, lengths), leaf)
    _, (grad,) = value_and_grad(mdm_loss, logits, x0, m, t, lengths)
    expect(grad, want, on="the gradient of mdm_loss", rtol=1e-8, atol=1e-12)
    for junk in (math.nan, math.inf, -math.inf):
        _, (grad,) = value_and_grad(mdm_loss, torch.where(m[..., None], logits, junk), x0, m, t, lengths)
        expect(grad, want, on=f"the gradient of mdm_loss, logits {junk} where nothing is masked", rtol=1e-8, atol=1e-12,
               why="what stands there reaches neither the loss nor its gradient: leave it out before you compute with it")
    _, (grad,) = value_and_grad(mdm_loss, logits, x0, m & False, t, lengths)
    assert grad is not None, "nothing is masked: expected a gradient of zeros, got None, so backward() would fail"
    expect(grad, torch.zeros_like(logits), on="the gradient where nothing is masked", rtol=0, atol=0)
### END HIDDEN TESTS

# %% graded="mdm_loss__half" points=1
# Looks at half precision, and at the arguments after the call.
unchanged(mdm_loss, torch.zeros(1, 2, 2), torch.tensor([[0, 1]]), torch.tensor([[False, True]]), torch.tensor([0.5]),
          torch.tensor([0]), 0.0, want=torch.tensor(math.log(2)))
### BEGIN HIDDEN TESTS
for seed, (B, L, V) in enumerate([(3, 24, 30), (2, 70, 11), (5, 37, 90)]):
    logits, x0 = drawn(B, L, V, seed=seed, size=2.0), ids(B, L, V=V, seed=seed)
    m, t = uniform(B, L, seed=seed + 3) < 0.5, uniform(B, seed=seed) * 0.9 + 0.07
    lengths = torch.arange(B)
    m = m & (torch.arange(L) >= lengths[:, None])
    for dtype in (torch.float16, torch.bfloat16):
        given = logits.to(dtype)
        check(mdm_loss, given, x0, m, t, lengths, want=bound(given, x0, m, t, lengths).to(dtype),
              rtol=torch.finfo(dtype).eps, atol=0, why="float32 inside, rounded once, in the dtype of the logits")
    unchanged(mdm_loss, logits, x0, m, t, lengths, want=bound(logits, x0, m, t, lengths).float(), rtol=1e-4)
m = torch.arange(6) < torch.tensor([1, 2, 3])[:, None]
for dtype, V, levels in ((torch.float16, 15, (3, 10, 11, 15, 17, 25)), (torch.bfloat16, 11, (2, 7, 10, 15, 16, 22))):
    for a in levels:  # none of the losses is near a tie of the dtype
        t = torch.tensor([a / 64, (a + 11) / 64, (a + 27) / 64])
        loss = math.log(V) * sum(k / (0.999 * float(t[k - 1]) + 0.001) / 6 for k in (1, 2, 3)) / 3
        check(mdm_loss, torch.zeros(3, 6, V, dtype=dtype), ids(3, 6, V=V, seed=a), m, t, torch.tensor([0, 0, 0]),
              want=torch.tensor(loss, dtype=torch.float64).to(dtype), rtol=0, atol=0,
              why="rounded once: neither the cross-entropies nor the weighted terms are")
### END HIDDEN TESTS

# %% tags=["picture"]
diffusion_lm.bound(mdm_loss, CHAIN)

# %% [markdown]
# One text of 32 tokens, masked 4,000 times, scored with exact conditionals by your loss (times 32, so in nats for the
# whole text). The bars are means with their 95 % intervals, the line is the exact NLL. With 1/t the mean meets the
# line: **for exact conditionals the bound is tight**. Without it the mean lies far below: no likelihood, no bound.
# Divided by the number of masks it is 32/33 of the bound, which these draws cannot tell from it.

# %% [markdown]
# ## 3 · Writing: commit a few, keep the rest masked
#
# Begin with an answer of masks only. At each step the model predicts **all** masks at once. If all predictions were
# kept, one step would finish the text, and every further step would find nothing to do. So from level t to the next
# level s, a share s/t of the predictions is **masked again** ("remasked"), and the model looks once more, now with
# a few tokens on the table.
#
# **How many?** With uniform steps, as many at each: the masks divided by the steps. **Which?**
#
# - **Random** is what the mathematics of the process asks for.
# - **Low confidence** (LLaDA's default) masks the least certain predictions again. Confidence is the probability of
#   *the token that was chosen*, at this step, under the softmax without noise. It is a ranking among the masks that
#   are left; a token once committed is never taken back.
#
# **Find the fault.** The guide's version of the loop, and of "low confidence". Find three faults before you unfold.
#
# ```python
# def reverse_step(model, masked_tokens, num_steps):
#     for step in range(num_steps):
#         predictions = model(masked_tokens)
#         # replace masks with predictions
#         masked_tokens = apply_predictions(masked_tokens, predictions)
#     return masked_tokens
#
# def low_confidence_remasking(model, masked_input, confidence_threshold=0.5):
#     predictions, probs = model.predict_with_probs(masked_input)
#     low_conf_mask = probs.max(dim=-1) < confidence_threshold
#     return torch.where(low_conf_mask, MASK_TOKEN, predictions)
# ```
#
# <details><summary>The faults</summary>
#
# 1. Nothing is masked again: the first round fills all masks, the others do nothing. Number of steps: 1.
# 2. `probs.max(dim=-1)` is a pair (values, indices); comparing it with a number raises a TypeError.
# 3. A threshold is no count. It may commit nothing, and masks are left at the end; or all, and one step decides
#    everything. And it runs over *all* positions: prompt and committed tokens are replaced by predictions or masked.
#
# Fast-dLLM (2505.22618) does commit by a threshold, and its code shows what is missing here: only among masks, and
# **at least one token a step**. Then the number of steps is no longer known beforehand.
#
# </details>
#
# **The catch: tokens of one step do not see each other.** Each is drawn from its own marginal, as if the others were
# independent. "New York" and "Los Angeles" may become "New Angeles", though the model knows better. With one token a
# step this *factorisation error* is gone, and so is the speed. The experiment of part 8 measures it.
#
# **Precision.** Drawn in float32, tokens vary less than they should, as if the temperature were lower, and a score by
# perplexity flatters them (2409.02908). LLaDA's code draws in float64. Its ranking was in float64 until June 2025;
# Fast-dLLM's still is.

# %% [markdown]
# ### Exercise 24.3 · num_transfer
#
# `num_transfer(count, steps)`: how many tokens each step commits.
#
# - `count` (B,), an integer dtype: masks of each row, ≥ 0. `steps` ≥ 1, and may be larger than a count.
# - Returns (B, steps), int64. Each row sums to its count, its entries differ by at most 1, and the larger stand first:
#   10 tokens in 4 steps are [3, 3, 2, 2].
# - Counts may be large: whole numbers throughout.
#
# Source: `get_num_transfer_tokens` in generate.py of github.com/ML-GSAI/LLaDA.

# %% stub="num_transfer"
def num_transfer(count: Int[Tensor, "B"], steps: int) -> Int[Tensor, "B steps"]:
    """Tokens to commit at each step, as even as can be.

    count = [10, 1], steps = 4: [[3, 3, 2, 2], [1, 0, 0, 0]].
    """
    ### BEGIN SOLUTION
    count = count.long()[:, None]
    return count // steps + (torch.arange(steps, device=count.device) < count % steps)
    ### END SOLUTION
    raise NotImplementedError("num_transfer")

# %% [markdown] hints="num_transfer"
# <details><summary>Hint 1: a question</summary>
#
# Every step gets the quotient. Who gets what is left over?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 11 tokens in 4 steps: 11 = 4 · 2 + 3. Two for every step, and one more for three of them: [3, 3, 3, 2].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The remainder is a number of the row, not of the batch. And a comparison of two integers adds up well with an integer.
#
# </details>

# %% graded="num_transfer__even" points=2
# Looks at the sum, the evenness and the order of every row.
check(num_transfer, torch.tensor([10, 1]), 4, want=torch.tensor([[3, 3, 2, 2], [1, 0, 0, 0]]),
      mistakes={"the remainder was dropped": torch.tensor([[2, 2, 2, 2], [0, 0, 0, 0]]),
                "rounded up at every step": torch.tensor([[3, 3, 3, 3], [1, 1, 1, 1]]),
                "the larger stand last": torch.tensor([[2, 2, 3, 3], [0, 0, 0, 1]])})
### BEGIN HIDDEN TESTS
for counts, steps in [([0], 1), ([7], 1), ([0, 5, 12, 3], 5), ([1, 2, 3], 8), ([300, 299, 257], 128), ([128] * 9, 32),
                      ([1000], 7)]:
    for dtype in (torch.int64, torch.int32, torch.int16):
        check(num_transfer, torch.tensor(counts, dtype=dtype), steps,
              want=torch.tensor([schedule(c, steps) for c in counts]), why="quotient, and one more for the first few; int64")
check(num_transfer, torch.tensor([5, 100, 127], dtype=torch.int8), 200,
      want=torch.tensor([schedule(c, 200) for c in (5, 100, 127)]), why="more steps than an int8 can count")
check(num_transfer, torch.tensor([[9, 1], [8, 2], [4, 3]])[:, 0], 3, want=torch.tensor([[3, 3, 3], [3, 3, 2], [2, 1, 1]]),
      why="a strided count")
### END HIDDEN TESTS

# %% graded="num_transfer__large" points=1
# Looks at large counts, and at the argument after the call.
check(num_transfer, torch.tensor([2 ** 53 + 3]), 2, want=torch.tensor([[2 ** 52 + 2, 2 ** 52 + 1]]),
      why="a float64 has 53 bits: integers are divided as integers")
unchanged(num_transfer, torch.tensor([3]), 2, want=torch.tensor([[2, 1]]))
### BEGIN HIDDEN TESTS
big = torch.tensor([2 ** 62 + 1, 10 ** 15 + 7, 3])
for steps in (1, 3, 10):
    check(num_transfer, big, steps, want=torch.tensor([schedule(int(c), steps) for c in big]))
fresh(num_transfer, torch.tensor([4, 9]), 1, want=torch.tensor([[4], [9]]))
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 24.4 · unmask_step
#
# `unmask_step(logits, x, open, n, order=None, temperature=0.0, noise=None)` returns `(x, open)` after one step.
#
# - `logits` (B, L, V), float, −inf allowed; `x` (B, L) ids, int64; `open` (B, L), boolean: where a token may be committed
#   now. `n` (B,), an integer dtype, ≥ 0.
# - **The token** of an open position: the argmax of logits + temperature · noise. `noise` (B, L, V), float, are standard
#   Gumbel numbers (−ln(−ln u), u uniform), so this samples softmax(logits / temperature). At temperature 0 it plays no
#   part, whatever it holds, and may be None.
# - **The rank**, largest first: by confidence, the probability of *that token* under softmax(logits), without noise or
#   temperature. If `order` (B, L) is given, any finite numbers, then by those alone.
# - Row b commits its first `n[b]` open positions, or all if there are fewer. All else in `x` stays, whatever the logits
#   of closed positions are (NaN, too). `open` comes back without what was committed. Both are new tensors.
# - **In float64**, whatever comes in, temperature · noise and the sum too: confidences of 1 − 10⁻⁸ and of 1 − 10⁻¹²
#   are one number in float32. Exact ties may be broken either way.
#
# Source: `generate` in generate.py of github.com/ML-GSAI/LLaDA.

# %% stub="unmask_step"
def unmask_step(logits: Float[Tensor, "B L V"], x: Int[Tensor, "B L"], open: Bool[Tensor, "B L"],
                n: Int[Tensor, "B"], order: Float[Tensor, "B L"] | None = None,
                temperature: float = 0.0, noise: Float[Tensor, "B L V"] | None = None,
                ) -> tuple[Int[Tensor, "B L"], Bool[Tensor, "B L"]]:
    """Commit the n most confident tokens among the open positions of each row.

    logits = [[[0, 1], [3, 0]]], x = [[9, 9]], open = [[True, True]], n = [1]:
    ([[9, 0]], [[True, False]]).
    """
    ### BEGIN SOLUTION
    wide = logits.double()
    tokens = (wide if temperature == 0 else wide + temperature * noise.double()).argmax(-1)
    rank = wide.softmax(-1).gather(-1, tokens[..., None])[..., 0] if order is None else order.double()
    rank = rank.masked_fill(~open, -math.inf)
    place = rank.argsort(dim=-1, descending=True).argsort(dim=-1)
    now = open & (place < n[:, None])
    return torch.where(now, tokens, x), open & ~now
    ### END SOLUTION
    raise NotImplementedError("unmask_step")

# %% [markdown] hints="unmask_step"
# <details><summary>Hint 1: a question</summary>
#
# With noise, position 3 draws a token of probability 0.1, though another there has 0.9. How confident is position 3?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Four positions, the first closed. Probabilities of the chosen tokens: 0.99 (closed), 0.4, 0.9, 0.6. n = 2 commits
# positions 2 and 3. The 0.99 takes no place in the ranking.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# What do closed positions rank as? With an `order` of −1, −2, −3 neither 0 nor −1 is below them all. And there may be
# fewer open positions than n.
#
# </details>

# %% graded="unmask_step__confidence" points=3
# Looks at which positions are committed: the most confident of the open ones, row by row.
check(unmask_step, torch.tensor([[[0.0, 1.0], [3.0, 0.0], [0.0, 9.0]]]), torch.tensor([[7, 7, 5]]),
      torch.tensor([[True, True, False]]), torch.tensor([1]),
      want=(torch.tensor([[7, 0, 5]]), torch.tensor([[True, False, False]])),
      why="position 2 is closed; of the others position 1 is more certain",
      mistakes={"closed positions took part in the ranking": (torch.tensor([[7, 7, 5]]), torch.tensor([[True, True, False]])),
                "a closed position was overwritten": (torch.tensor([[7, 7, 1]]), torch.tensor([[True, True, False]])),
                "the least certain was committed": (torch.tensor([[1, 7, 5]]), torch.tensor([[False, True, False]]))})
### BEGIN HIDDEN TESTS
for seed, (B, L, V) in enumerate([(1, 1, 2), (3, 5, 4), (4, 9, 3), (2, 300, 7), (5, 6, 70)]):
    for dtype in (torch.float32, torch.float64):
        logits, x = drawn(B, L, V, seed=seed, dtype=dtype, size=2.0), ids(B, L, V=V, seed=seed)
        for share in (0.3, 0.8, 1.0):
            free = uniform(B, L, seed=seed + 7) < share
            for n in (ids(B, V=L + 1, seed=seed + 1), torch.zeros(B, dtype=torch.long), torch.full((B,), L + 3),
                      torch.arange(B, dtype=torch.int32)):
                check(unmask_step, logits, x, free, n, want=committed_rows(logits, x, free, n),
                      why="the n most confident of the open positions")
sizes = torch.tensor([[[0.0, 0.0, 100.0], [500.0, 499.0, 0.0], [-900.0, -899.0, -2000.0]]])
check(unmask_step, sizes, torch.tensor([[4, 4, 4]]), torch.ones(1, 3, dtype=torch.bool), torch.tensor([1]),
      want=(torch.tensor([[2, 4, 4]]), torch.tensor([[False, True, True]])), why="probabilities, not logits, are compared")
fine = torch.tensor([[[1.0, 1 + 1e-12], [1 + 1e-12, 1.0]]], dtype=torch.float64)
check(unmask_step, fine, torch.tensor([[7, 7]]), torch.ones(1, 2, dtype=torch.bool), torch.tensor([2]),
      want=(torch.tensor([[1, 0]]), torch.zeros(1, 2, dtype=torch.bool)), why="float64 logits are compared in float64")
check(unmask_step, torch.tensor([[[-math.inf, 2.0, 1.0], [0.0, 0.3, -math.inf]]]), torch.tensor([[4, 4]]),
      torch.ones(1, 2, dtype=torch.bool), torch.tensor([1]),
      want=(torch.tensor([[1, 4]]), torch.tensor([[False, True]])), why="0.73 against 0.57; -inf is probability 0")
### END HIDDEN TESTS

# %% graded="unmask_step__temperature" points=2
# Looks at tokens drawn with noise: their own probability is the confidence.
mixed = torch.tensor([[[3.0, 0.0], [0.5, 0.0]]])
push = torch.tensor([[[0.0, 4.0], [0.0, 0.0]]])
check(unmask_step, mixed, torch.tensor([[7, 7]]), torch.ones(1, 2, dtype=torch.bool), torch.tensor([1]), None, 1.0, push,
      want=(torch.tensor([[7, 0]]), torch.tensor([[True, False]])),
      why="position 0 drew its token of probability 0.05; position 1 has 0.62",
      mistakes={"the confidence is not that of the drawn token under softmax(logits)":
                (torch.tensor([[1, 7]]), torch.tensor([[False, True]])),
                "the noise was not used": (torch.tensor([[0, 7]]), torch.tensor([[False, True]]))})
check(unmask_step, mixed, torch.tensor([[7, 7]]), torch.ones(1, 2, dtype=torch.bool), torch.tensor([1]), None, 0.0, push,
      want=(torch.tensor([[0, 7]]), torch.tensor([[False, True]])), why="at temperature 0 noise plays no part")
### BEGIN HIDDEN TESTS
for junk in (-math.inf, math.nan):  # u = 0 gives a Gumbel number of -inf
    check(unmask_step, mixed, torch.tensor([[7, 7]]), torch.ones(1, 2, dtype=torch.bool), torch.tensor([1]), None, 0.0,
          torch.tensor([[[0.0, junk], [0.0, junk]]]), want=(torch.tensor([[0, 7]]), torch.tensor([[False, True]])),
          why="at temperature 0 noise plays no part, and 0 times infinity is NaN")
for T, a in ((0.7, 3.0), (0.1, 3.0), (1.3, -5.0)):  # T · a in float64 and in float32 are two numbers
    exact, rounded = T * a, (torch.tensor(a) * T).item()
    between = torch.tensor([[[0.0, (exact + rounded) / 2]]], dtype=torch.float64)
    check(unmask_step, between, torch.tensor([[7]]), torch.tensor([[True]]), torch.tensor([1]), None, T,
          torch.tensor([[[a, 0.0]]]), want=(torch.tensor([[int(exact < rounded)]]), torch.tensor([[False]])),
          why="temperature times noise is taken in float64")
check(unmask_step, torch.tensor([[[-math.inf, -3.0, -5.0]]]), torch.tensor([[7]]), torch.tensor([[True]]), torch.tensor([1]),
      None, 1.0, torch.tensor([[[9.0, 0.0, 1.0]]]), want=(torch.tensor([[1]]), torch.tensor([[False]])),
      why="a token of probability 0 is never drawn")
for seed, (B, L, V) in enumerate([(3, 5, 4), (2, 9, 11), (4, 40, 3)]):
    for dtype in (torch.float32, torch.float64):
        logits, x = drawn(B, L, V, seed=seed, dtype=dtype, size=2.0), ids(B, L, V=V, seed=seed)
        noise = -(-uniform(B, L, V, seed=seed + 2, dtype=torch.float64).log()).log()
        free, n = uniform(B, L, seed=seed + 7) < 0.8, ids(B, V=L, seed=seed + 1)
        for T in (0.0, 0.3, 1.0, 2.5):
            check(unmask_step, logits, x, free, n, None, T, noise.to(dtype),
                  want=committed_rows(logits, x, free, n, None, T, noise.to(dtype)),
                  why="argmax of logits + T * noise; confidence under softmax(logits)")
check(unmask_step, torch.tensor([[[2.0 ** 24, 2.0 ** 24, 0.0]]]), torch.tensor([[7]]), torch.tensor([[True]]),
      torch.tensor([1]), None, 1.0, torch.tensor([[[0.25, 0.75, 0.0]]]), why="float32 drops a noise of 0.75 beside 2^24",
      want=(torch.tensor([[1]]), torch.tensor([[False]])))
check(unmask_step, torch.zeros(1, 1, 2), torch.tensor([[7]]), torch.tensor([[True]]), torch.tensor([1]), None, 1.0,
      1 + torch.tensor([[[0.0, 1e-12]]], dtype=torch.float64), want=(torch.tensor([[1]]), torch.tensor([[False]])),
      why="noise in float64 is heard in float64, whatever the logits are")
rare = torch.tensor([[[60.0, 0.0], [70.0, 0.0], [50.0, 0.0]]])
pushed = torch.tensor([[[0.0, 100.0]] * 3])
check(unmask_step, rare, torch.tensor([[7, 7, 7]]), torch.ones(1, 3, dtype=torch.bool), torch.tensor([2]), None, 1.0, pushed,
      want=(torch.tensor([[1, 7, 1]]), torch.tensor([[False, True, False]])), why="e^-50 and e^-60 are above e^-70")
logits = torch.tensor([[[0.0, -math.inf], [0.0, -900.0], [5.0, 0.0]]])
noise = torch.tensor([[[0.0, 50.0], [0.0, 1000.0], [0.0, 0.0]]])
check(unmask_step, logits, torch.tensor([[7, 7, 7]]), torch.tensor([[False, True, False]]), torch.tensor([2]), None, 1.0,
      noise, want=(torch.tensor([[7, 1, 7]]), torch.zeros(1, 3, dtype=torch.bool)),
      why="a token whose probability underflows to 0 is committed all the same where no other position is open")
### END HIDDEN TESTS

# %% graded="unmask_step__order" points=2
# Looks at an order of the caller's, negative too, and at strange logits where nothing is open.
check(unmask_step, torch.zeros(1, 4, 2) + torch.tensor([0.0, 1.0]), torch.tensor([[5, 6, 7, 8]]),
      torch.tensor([[False, True, True, True]]), torch.tensor([2]), -torch.arange(4.0)[None],
      want=(torch.tensor([[5, 1, 1, 8]]), torch.tensor([[False, False, False, True]])),
      why="from left to right: -1 and -2 come before -3, and position 0 is closed")
### BEGIN HIDDEN TESTS
for seed, (B, L, V) in enumerate([(3, 5, 4), (2, 30, 6), (4, 7, 3)]):
    logits, x = drawn(B, L, V, seed=seed), ids(B, L, V=V, seed=seed)
    free, n = uniform(B, L, seed=seed + 7) < 0.6, ids(B, V=L, seed=seed + 1)
    for order in (drawn(B, L, seed=seed + 3) - 10, -torch.arange(1.0, L + 1).expand(B, L), drawn(B, L, seed=seed) * 1e6,
                  torch.arange(L).double().flip(0).repeat(B, 1)):
        check(unmask_step, logits, x, free, n, order, want=committed_rows(logits, x, free, n, order), why="by the order given")
        strange = logits.clone()
        strange[~free] = torch.tensor([math.nan, math.inf, -math.inf][seed])
        check(unmask_step, strange, x, free, n, order, want=committed_rows(logits, x, free, n, order),
              why="logits of closed positions do not matter")
        check(unmask_step, strange, x, free, n, want=committed_rows(logits, x, free, n),
              why="logits of closed positions do not matter, NaN among them")
noise = -(-uniform(2, 5, 3, seed=1, dtype=torch.float64).log()).log()
args = drawn(2, 5, 3, seed=2), ids(2, 5, V=3, seed=3), torch.ones(2, 5, dtype=torch.bool), torch.tensor([2, 3])
near = 1 + 1e-12 * torch.tensor([[3.0, 1.0, 4.0, 0.0, 2.0]], dtype=torch.float64).repeat(2, 1)
check(unmask_step, *args, near, want=committed_rows(*args, near), why="an order in float64 is compared in float64")
for deep in (-1e12, -1e300):  # a closed position ranks below them all
    half = torch.tensor([[False, True, True, False, True], [True, False, False, True, False]])
    order = deep * torch.tensor([[3.0, 1.0, 4.0, 2.0, 5.0]], dtype=torch.float64).repeat(2, 1)
    check(unmask_step, *args[:2], half, torch.tensor([2, 1]), order,
          want=committed_rows(*args[:2], half, torch.tensor([2, 1]), order), why="any finite order, however deep")
check(unmask_step, *args, drawn(2, 5, seed=4), 0.7, noise, want=committed_rows(*args, drawn(2, 5, seed=4), 0.7, noise),
      why="an order and a temperature together")
### END HIDDEN TESTS

# %% graded="unmask_step__precision" points=2
# Looks at confidences beyond float32, ties, half precision, and the arguments after the call.
sure = torch.tensor([[[19.0, 0.0], [28.0, 0.0], [22.0, 0.0]]])
check(unmask_step, sure, torch.tensor([[7, 7, 7]]), torch.ones(1, 3, dtype=torch.bool), torch.tensor([1]),
      want=(torch.tensor([[7, 0, 7]]), torch.tensor([[True, False, True]])),
      why="1 - 6e-9, 1 - 7e-13 and 1 - 3e-10 differ in float64")
unchanged(unmask_step, torch.tensor([[[0.0, 1.0], [3.0, 0.0]]]), torch.tensor([[9, 9]]), torch.tensor([[True, True]]),
          torch.tensor([1]), want=(torch.tensor([[9, 0]]), torch.tensor([[True, False]])))
### BEGIN HIDDEN TESTS
for seed in range(3):
    gaps = 18 + 14 * torch.randperm(9, generator=torch.Generator().manual_seed(seed))[None] / 8
    for dtype in (torch.float32, torch.float16, torch.float64):
        logits = torch.stack([gaps, torch.zeros(1, 9)], dim=-1).to(dtype)
        x, free, n = torch.full((1, 9), 50), torch.ones(1, 9, dtype=torch.bool), torch.tensor([4])
        check(unmask_step, logits, x, free, n, want=committed_rows(logits, x, free, n),
              why="confidences above 1 - 6e-8 are ranked in float64")
for dtype in (torch.float16, torch.bfloat16):
    logits = drawn(2, 6, 70, seed=3, dtype=dtype)
    x, free, n = ids(2, 6, V=9, seed=1), torch.ones(2, 6, dtype=torch.bool), torch.tensor([3, 2])
    check(unmask_step, logits, x, free, n, want=committed_rows(logits, x, free, n), why="half precision in, float64 inside")
for n in range(5):  # exact ties: any choice, but the number holds
    x, left = unmask_step(torch.zeros(2, 4, 3) + torch.tensor([1.0, 0.0, 0.0]), torch.full((2, 4), 8),
                          torch.tensor([[True] * 4, [True, False, True, True]]), torch.tensor([n, n]))
    got = [(x != 8).sum(1).tolist(), left.sum(1).tolist()]
    assert got == [[n, min(n, 3)], [4 - n, 3 - min(n, 3)]], (
        f"equal confidences, n = {n}: expected {n} and {min(n, 3)} committed, got {got[0]}, and {got[1]} left open")
args = drawn(3, 5, 4, seed=2).transpose(0, 1), ids(3, 5, V=4, seed=3).T, uniform(3, 5, seed=4).T < 0.7
unchanged(unmask_step, *args, torch.tensor([2, 1, 0, 9, 1]), want=committed_rows(*args, torch.tensor([2, 1, 0, 9, 1])))
fresh(unmask_step, *args, torch.zeros(5, dtype=torch.long), want=args[1:])
fresh(unmask_step, args[0], args[1], torch.zeros(5, 3, dtype=torch.bool), torch.ones(5, dtype=torch.long),
      want=(args[1], torch.zeros(5, 3, dtype=torch.bool)))
### END HIDDEN TESTS

# %% tags=["picture"]
diffusion_lm.steps_of_one_text(num_transfer, unmask_step, CHAIN)

# %% [markdown]
# One text of 24 tokens written in 8 steps of three, by confidence. A row is a step; what is committed in it stands in
# colour, red at both sides of a transition that the chain never makes. Pick a red pair: when was each of the two
# committed, and what did the model see then?

# %% [markdown]
# ## 4 · How likely is a text?
#
# Benchmarks with multiple choice ask for log P(answer | prompt). An AR model gives it in one pass. A masked diffusion
# model gives an *estimate*: mask, predict, weigh, and average over many masks. The paper's own form (equation 6) has
# no t:
#
# $$-\log P(r_0 \mid p_0) \;\le\; \mathbb E_{l,\,r_l}\Big[\frac{A}{l} \sum_{i\,:\,r_l^i = M} -\log p_\theta(r_0^i \mid
# p_0, r_l)\Big].$$
#
# Draw l uniformly from {1, …, A}; hide *exactly* l tokens of the answer, drawn without replacement. It has the
# expectation of part 2: with t uniform the number of masks is uniform, and given the number all sets are equally
# likely. What is gone is the randomness of the number around its level, and the empty masks.
#
# **Bound, not perplexity.** Perplexity is exp(NLL per token). From the bound one gets an *upper bound* on it, so a
# diffusion model's "perplexity" beside an AR model's exact one compares a ceiling with a value. (Where conditionals
# are exact, as here, the two meet.) Nie et al. quote an earlier scaling study (2410.18514): 16 times the compute for
# the same likelihood. They add that a bound is an indirect measure of what a model can do.
#
# **The catch: the variance.** A single draw says little: one with l = 1 weighs one token A times. LLaDA's evaluation
# makes 128 draws for each answer by default, where an AR model needs one pass. (An answer of one token, A = 1, needs a
# single draw.) Always report a standard error. LLaDA's code spreads the l of a batch evenly over 1 … A: less variance,
# but draws that depend on each other, so that the plain standard error no longer holds. Ours are independent.

# %% [markdown]
# ### Exercise 24.5 · cond_nll_mc
#
# `cond_nll_mc(model, x0, prompt_len, mask_id, n, seed, batch=64)`: a Monte Carlo (MC) estimate of the bound for one
# text, `(estimate, standard_error)`, two Python floats.
#
# - `x0` (L,) int64; the first `prompt_len` ids are the prompt, which stays. The other A ≥ 1 are the answer. Ids of the
#   prompt may be any, `mask_id` and ids ≥ V included; those of the answer are below V.
# - `model(xt)`: (R, L) ids to (R, L, V) *logits*, float32, float64 or half precision; they are not normalised. Use
#   them in float64. What they are at positions that are not masked plays no part (NaN, too), and tokens that are not
#   the right one may have −inf.
# - n ≥ 2 draws, each with an l and places of its own, independent of all others. Every draw is **one row of one call**:
#   each call has `batch` rows, the last may have fewer, n altogether.
# - `estimate` is the mean of the n values, `standard_error` their sample standard deviation (n − 1 below) over √n.
# - Draw from a generator of your own (torch or numpy), not the global one, that `seed` determines: the same seed
#   gives the same answer, another seed another.
#
# Tests compare with exact values within several standard errors, and look at the masks that the model is given: how
# often each number and each place comes, and whether draws of one call scatter as independent ones do.
#
# Source: Nie et al. 2025, equation 6; `get_log_likelihood.py` of github.com/ML-GSAI/LLaDA.

# %% stub="cond_nll_mc"
def cond_nll_mc(model, x0: Int[Tensor, "L"], prompt_len: int, mask_id: int, n: int, seed: int,
                batch: int = 64) -> tuple[float, float]:
    """An estimate of -log P(answer | prompt) by n random masks, and its standard error.

    A model that gives all of V = 4 tokens the same logit, an answer of 3: every draw is 3 log 4,
    so (4.1589, 0.0).
    """
    ### BEGIN SOLUTION
    g, A, values = torch.Generator().manual_seed(seed), len(x0) - prompt_len, []
    for begin in range(0, n, batch):
        rows = min(batch, n - begin)
        l = torch.randint(1, A + 1, (rows, 1), generator=g)
        places = torch.rand(rows, A, generator=g).argsort(dim=1).argsort(dim=1)
        m = F.pad(places < l, (prompt_len, 0))
        logp = model(torch.where(m, mask_id, x0)).double().log_softmax(-1)
        target = torch.where(m, x0, 0)
        nll = -logp.gather(-1, target[..., None])[..., 0]
        values.append(A / l[:, 0].double() * torch.where(m, nll, 0.0).sum(1))
    values = torch.cat(values)
    return values.mean().item(), values.std().item() / math.sqrt(n)
    ### END SOLUTION
    raise NotImplementedError("cond_nll_mc")

# %% [markdown] hints="cond_nll_mc"
# <details><summary>Hint 1: a question</summary>
#
# If you draw l positions one after the other and put them back, how many different ones do you have?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# An answer of 2 tokens. l = 1 hides the first (cross-entropy 0.5, given the second) or the second (0.7, given the
# first): values 2 · 0.5 = 1.0 or 1.4. l = 2 hides both (1.1 and 0.9): 2/2 · 2.0 = 2.0.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The last batch may be smaller. A mean of batch means then gives its rows too much weight.
#
# </details>

# %% graded="cond_nll_mc__exact" points=2
# Looks at models for which every draw has one value, and at answers of one token.
value, error = cond_nll_mc(lambda x: torch.zeros(*x.shape, 4) + 5.0, torch.tensor([9, 1, 2, 3]), 1, 9, 10, 0)
expect(value, 3 * math.log(4), on="the estimate for equal logits, an answer of 3 tokens, V = 4", rtol=1e-6,
       why="A / l times l log 4",
       mistakes={"prompt and answer were taken together": 4 * math.log(4),
                 "the logits were taken for log-probabilities": -15.0})
expect(error, 0.0, on="its standard error", atol=1e-6)
### BEGIN HIDDEN TESTS
for A, prompt_len, V, n, batch in [(1, 0, 3, 2, 64), (1, 4, 7, 9, 4), (5, 2, 3, 130, 64), (90, 3, 11, 33, 8), (7, 0, 5, 3, 1)]:
    for dtype, shift in ((torch.float64, 3.0), (torch.float32, -7.0), (torch.float16, 0.0)):
        value, error = cond_nll_mc(lambda x: torch.full((*x.shape, V), shift, dtype=dtype), ids(prompt_len + A, V=V, seed=A),
                                   prompt_len, V, n, 3, batch)
        expect(value, A * math.log(V), on=f"the estimate for equal logits, A = {A}, V = {V}, n = {n}", rtol=1e-6)
        expect(error, 0.0, on="its standard error", atol=1e-5 * A)
logits = torch.tensor([[[0.0, 2.0, -1.0]]], dtype=torch.float64)
value, error = cond_nll_mc(lambda x: logits.expand(*x.shape, 3), torch.tensor([3, 50, 0]), 2, 3, 5, 1)
expect(value, -logits[0, 0].log_softmax(-1)[0].item(), on="an answer of one token with id 0, after ids beyond V", rtol=1e-6)
expect(error, 0.0, on="its standard error", atol=1e-6)
lifted = 1e7 + torch.tensor([0.3, -0.2, 0.7], dtype=torch.float64)
value, error = cond_nll_mc(lambda x: lifted.expand(*x.shape, 3), torch.tensor([1, 1, 1]), 0, 3, 20, 1)
expect(value, -3 * lifted.log_softmax(-1)[1].item(), on="the estimate for logits near 1e7", rtol=1e-6,
       why="float64 logits are used in float64")
def silent(x):
    "Says something at masks alone."
    return torch.where((x == 3)[..., None], torch.zeros(3), torch.full((3,), math.nan))

value, error = cond_nll_mc(silent, torch.tensor([1, 0, 2, 2]), 1, 3, 20, 1)
expect((value, error), (3 * math.log(3), 0.0), on="the estimate for a model that gives NaN where nothing is masked",
       rtol=1e-6, atol=1e-6)
barred = torch.tensor([0.0, 0.0, -math.inf])
got = cond_nll_mc(lambda x: barred.expand(*x.shape, 3), torch.tensor([1, 0, 1]), 0, 3, 20, 1)
expect(got, (3 * math.log(2), 0.0), on="the estimate where another token is impossible", rtol=1e-6, atol=1e-6,
       why="0 times -inf is NaN: pick the right token's number, do not multiply by a one-hot row")
got = cond_nll_mc(lambda x: logits.expand(*x.shape, 3), torch.tensor([1, 1]), 0, 3, 4, 1)
assert [type(v) for v in got] == [float, float], f"expected two floats, got {got}"
### END HIDDEN TESTS

# %% graded="cond_nll_mc__masks" points=3
# Looks at what the model is given: rows, calls, prompts, and how the masks are spread.
def recorder(V, seen):
    "A model that keeps what it is asked."
    def model(x):
        seen.append(x.clone())
        return torch.zeros(*x.shape, V)
    return model

seen = []
done = cond_nll_mc(recorder(4, seen), torch.tensor([9, 1, 2, 3]), 1, 9, 70, 0)
rows = [len(x) for x in seen]
assert rows == [64, 6], f"n = 70, batch = 64: expected calls of [64, 6] rows, got {rows}"
counts = (torch.cat(seen)[:, 1:] == 9).sum(1)
assert (torch.cat(seen)[:, 0] == 9).all() and counts.min() >= 1, (
    f"expected the prompt as it was, and 1 to 3 masks in each row; the fewest are {int(counts.min())}")
### BEGIN HIDDEN TESTS
for A, prompt_len, n, batch in [(5, 2, 3000, 500), (3, 0, 2000, 999)]:
    seen, x0 = [], ids(prompt_len + A, V=6, seed=A)
    cond_nll_mc(recorder(6, seen), x0, prompt_len, 6, n, 7, batch)
    rows = [len(x) for x in seen]
    assert rows == [batch] * (n // batch) + [n % batch] * (n % batch > 0), (
        f"n = {n}, batch = {batch}: expected calls of {batch} rows, the last with the rest; got {rows}")
    x = torch.cat(seen)
    m = x != x0
    assert not m[:, :prompt_len].any() and (x[m] == 6).all(), "expected masks in the answer alone, and nothing else changed"
    share = torch.bincount(m.sum(1), minlength=A + 1)[1:].double() / n
    room = 5.5 * math.sqrt((1 / A) * (1 - 1 / A) / n)
    assert m.any(1).all() and (share - 1 / A).abs().max() < room, (
        f"masks of 1 to {A} tokens: expected a share of {1 / A:.3f} each, got {[round(v, 3) for v in share.tolist()]}")
    one = m[m.sum(1) == 1][:, prompt_len:].double().mean(0)
    assert (one - 1 / A).abs().max() < 5.5 * math.sqrt((1 / A) * (1 - 1 / A) / (n / A)), (
        f"rows with one mask: expected every position equally often, got {[round(v, 3) for v in one.tolist()]}")
    assert len(torch.unique(x[:200], dim=0)) > 4, "expected masks that differ from row to row"
    assert not torch.equal(seen[0], seen[1]), "expected new masks in every call"
    first = x
    again = []
    cond_nll_mc(recorder(6, again), x0, prompt_len, 6, n, 8, batch)
    assert not torch.equal(first, torch.cat(again)), "another seed: expected other masks"
uneven = 0.0
for seed in range(4):
    seen = []
    cond_nll_mc(recorder(6, seen), torch.tensor([1, 2, 3, 4]), 0, 6, 400, seed, 100)
    counts = torch.bincount((torch.cat(seen) == 6).sum(1), minlength=5)[1:].double()
    uneven += ((counts - 100) ** 2 / 100).sum().item()  # chi-square with 12 degrees of freedom: below 0.9 once in 10⁵
assert uneven > 0.9, (f"4 times 400 draws, l from 1 to 4: expected counts that scatter as independent draws do, "
                      f"got a chi-square of {uneven:.2f} where about 12 is usual")
seen, A, runs = [], 7, 100
for seed in range(runs):
    cond_nll_mc(recorder(9, seen), torch.arange(A), 0, 9, 4, seed, 4)
m = (torch.cat(seen) == 9).view(runs, 4, A)
assert (m[1:] != m[:-1]).flatten(1).any(1).all(), "seeds 0 to 99: expected other masks for every seed"
sign = torch.tensor([3.0, -3.0, 2.0, -2.0, 1.0, -1.0, 0.0])  # adds up to 0 over the answer
shares = sum(l * (A - l) / (A * (A - 1)) for l in range(1, A + 1)) / A
for what, values, variance in (("the numbers l", m.sum(-1) - (A + 1) / 2, (A ** 2 - 1) / 12),
                               ("the places", (m * sign).sum(-1), shares * (sign ** 2).sum().item())):
    ratio = (values.double().sum(1) ** 2).mean().item() / (4 * variance)  # 1 ± 0.14; outside 0.4 … 2 once in 10⁶
    assert 0.4 < ratio < 2, (f"{runs} estimates of 4 draws: expected {what} of a call to scatter as in independent draws, "
                             f"got {ratio:.2f} times as much (were they paired, copied or spread evenly?)")
inner = lambda x: cond_nll_mc(recorder(9, []), torch.arange(3), 0, 9, 4, 5, 4) and torch.zeros(*x.shape, 9)
once, twice = [], []
cond_nll_mc(recorder(9, once), torch.arange(A), 0, 9, 6, 3, 2)
cond_nll_mc(lambda x: twice.append(x.clone()) or inner(x), torch.arange(A), 0, 9, 6, 3, 2)
expect(twice, once, on="the masks of seed 3 where the model draws with a seed of its own in between",
       why="draw from a generator of your own, not from the one that all share")
### END HIDDEN TESTS

# %% graded="cond_nll_mc__chain" points=2
# Looks at the estimate on exact chains, at its standard error, and at the same seed twice.
text = CHAIN.sample(1, 6, seed=1)
value, error = cond_nll_mc(lambda x: CHAIN(x), text[0], 0, 8, 1500, 0, 500)
true = CHAIN.nll(text).item()
assert abs(value - true) < 6 * error and error < 0.1 * true, (
    f"a text of 6 tokens whose exact NLL is {true:.3f}: expected that within 6 standard errors, and less than "
    f"{0.1 * true:.2f} of error; got {value:.3f} ± {error:.3f}")
### BEGIN HIDDEN TESTS
def exact_errors(model, x0, prompt_len, mask_id):
    "Mean and variance of one draw, over all masks, in float64."
    A, values, weights = len(x0) - prompt_len, [], []
    for bits in range(1, 2 ** A):
        places = [i for i in range(A) if bits >> i & 1]
        xt = x0.clone()
        xt[[prompt_len + i for i in places]] = mask_id
        logp = model(xt[None])[0].double().log_softmax(-1)
        values.append(A / len(places) * -sum(logp[prompt_len + i, x0[prompt_len + i]].item() for i in places))
        weights.append(1 / A / math.comb(A, len(places)))
    v, w = np.array(values), np.array(weights)
    return (v * w).sum(), ((v - (v * w).sum()) ** 2 * w).sum()

for seed, (L, prompt_len, n, batch) in enumerate([(6, 0, 1200, 300), (8, 3, 1001, 250), (5, 1, 900, 900)]):
    chain = Markov.two_successors(5 + seed, first=0.7, seed=seed)
    x0, shift = chain.sample(1, L, seed=seed)[0], drawn(L, 1, seed=seed, dtype=torch.float64)
    model = lambda x: chain(x) + shift  # logits, not normalised
    mean, variance = exact_errors(model, x0, prompt_len, chain.mask_id)
    value, error = cond_nll_mc(model, x0, prompt_len, chain.mask_id, n, seed, batch)
    wanted = math.sqrt(variance / n)
    assert abs(value - mean) < 6 * wanted, f"expected {mean:.4f} within 6 · {wanted:.4f}, got {value:.4f}"
    assert 0.75 * wanted < error < 1.35 * wanted, f"a standard error: expected about {wanted:.4f}, got {error:.4f}"
    expect(cond_nll_mc(model, x0, prompt_len, chain.mask_id, n, seed, batch), (value, error), rtol=1e-12,
           on="the same seed again")
for seed, (A, prompt_len, n, batch) in enumerate([(5, 0, 2, 64), (4, 2, 21, 20), (6, 1, 7, 3), (3, 0, 40, 1)]):
    V, asked = 6, []
    table = mixing(V, prompt_len + A, seed)
    model = lambda x: asked.append(x.clone()) or table(x)  # no exact conditionals: every mask has a value of its own
    x0 = ids(prompt_len + A, V=V, seed=seed + 5)
    got = cond_nll_mc(model, x0, prompt_len, V, n, seed, batch)
    xt = torch.cat(asked)
    m = xt != x0
    nll = -table(xt).log_softmax(-1).gather(-1, x0.expand(len(xt), -1)[..., None])[..., 0]
    values = A / m.sum(1).double() * (nll * m).sum(1)
    expect(got, (values.mean().item(), values.std().item() / math.sqrt(n)), rtol=1e-6, atol=1e-6,
           on=f"estimate and standard error of the masks that the model was given, n = {n}, batch = {batch}",
           why="every draw has the same weight; sample standard deviation (n - 1 below) over the root of n")
x0 = torch.tensor([3, 1, 4, 1, 5])
unchanged(lambda x: round(cond_nll_mc(lambda y: torch.zeros(*y.shape, 6), x, 1, 6, 4, 0)[0], 6), x0,
          want=round(4 * math.log(6), 6))
### END HIDDEN TESTS

# %% tags=["picture"]
diffusion_lm.estimates(cond_nll_mc, CHAIN)

# %% [markdown]
# Left: your estimate of one text's NLL, with bars of two standard errors, against the number of draws. Right: the
# standard deviation of one draw by both forms, over ten texts. On this chain, whose conditionals are exact, the
# advantage of the second form is small; either way a single draw is off by more than the value itself. The paper
# calls the second form steadier with its own model.
#
# ## 5 · Guidance
#
# **Classifier-free guidance** (CFG) makes a model listen to its prompt more than it would. It needs a second
# prediction, without the prompt. A mask predictor has that for nothing: *mask the prompt*. With w ≥ 0,
#
# $$\text{logits} = u + (w + 1)\,(c - u), \qquad c \text{ with the prompt},\; u \text{ without},$$
#
# that is, up to a constant, $p \propto p_c\,(p_c/p_u)^w$: tokens that the prompt makes likelier gain. w = 0 is the
# model itself; some papers call w + 1 the scale, so say which you mean. LLaDA's headline numbers use none, to be
# fair to AR models.
#
# **The catch: it costs a second forward pass** each step. Put both into one batch: the weights are read once. And
# where a token is impossible, c and u are both −inf, and −inf − (−inf) is NaN.
#
# ### Exercise 24.6 · cfg_logits
#
# `cfg_logits(model, x, start, mask_id, w=0.0)` returns guided logits (B, L, V).
#
# - `x` (B, L) ids; positions before `start` are the prompt (0 ≤ start ≤ L). `model` maps (R, L) ids to (R, L, V)
#   logits.
# - w = 0: **one call with B rows**, and its answer as it is. w > 0: **one call with 2B rows**, `x` first and below it
#   the same with the prompt masked. What has been committed after `start` stays in both.
# - Where c is −inf, the answer is −inf. (u = −inf with c finite does not occur.) Everything else by the formula, not
#   normalised.
# - The answer has the dtype of the model's logits; in half precision it is computed in float32 and rounded once.
#
# Source: Nie et al. 2024, arXiv 2410.18514; `generate` in generate.py of github.com/ML-GSAI/LLaDA.

# %% stub="cfg_logits"
def cfg_logits(model, x: Int[Tensor, "B L"], start: int, mask_id: int,
               w: float = 0.0) -> Float[Tensor, "B L V"]:
    """Logits with the prompt's influence enlarged: u + (w + 1)(c - u).

    c = [2, 0], u = [1, 0] at some position, w = 1: [3, 0].
    """
    ### BEGIN SOLUTION
    if w == 0:
        return model(x)
    bare = x.clone()
    bare[:, :start] = mask_id
    logits = model(torch.cat([x, bare]))
    c, u = logits.to(torch.promote_types(logits.dtype, torch.float32)).chunk(2)
    return torch.where(c == -math.inf, c, u + (w + 1) * (c - u)).to(logits.dtype)
    ### END SOLUTION
    raise NotImplementedError("cfg_logits")

# %% [markdown] hints="cfg_logits"
# <details><summary>Hint 1: a question</summary>
#
# Half of the answer is committed. Which ids differ between the two rows that the model sees?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# c = [1, −1], u = [0.5, 0]. w = 0: [1, −1]. w = 1: [0.5 + 2 · 0.5, 0 + 2 · (−1)] = [1.5, −2]. w = 2: [2, −3].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Which entries must never go through the difference at all?
#
# </details>

# %% graded="cfg_logits__formula" points=2
# Looks at the guided logits for several w, and at a prompt without any tokens.
def leans(x):
    "Each position: [number of 5s in the row, 1]; the mask is 9."
    five = (x == 5).sum(1).float()[:, None].expand(x.shape)
    return torch.stack([five, torch.ones(x.shape)], dim=-1)

text = torch.tensor([[5, 5, 9, 5], [5, 1, 9, 9]])
check(lambda x, w: cfg_logits(leans, x, 2, 9, w), text, 1.0,
      want=torch.tensor([[5.0, 1.0], [2.0, 1.0]])[:, None].expand(2, 4, 2),
      why="row 0: c = 3, u = 1 (the 5 after start stays), 1 + 2 · 2; row 1: c = 1, u = 0",
      mistakes={"w instead of w + 1": torch.tensor([[3.0, 1.0], [1.0, 1.0]])[:, None].expand(2, 4, 2),
                "committed tokens were masked with the prompt":
                torch.tensor([[6.0, 1.0], [2.0, 1.0]])[:, None].expand(2, 4, 2)})
check(lambda x, w: cfg_logits(leans, x, 2, 9, w), text, 0.0, want=leans(text), why="w = 0 is the model itself")
### BEGIN HIDDEN TESTS
for seed, (B, L, V, start) in enumerate([(1, 3, 4, 1), (3, 7, 5, 4), (5, 6, 3, 0), (2, 5, 9, 5), (4, 40, 6, 17)]):
    for dtype in (torch.float32, torch.float64):
        x = ids(B, L, V=V, seed=seed)
        x[uniform(B, L, seed=seed + 1) < 0.4] = V
        for mask_id, w in [(V, 0.5), (V, 1.0), (V + 1, 3.0), (0, 0.1), (V, 0.0), (V, 7)]:
            model = mixing(V, L, seed, dtype)
            tolerance = 1e-4 if dtype == torch.float32 else 1e-9
            check(lambda x, w: cfg_logits(model, x, start, mask_id, w), x, w,
                  want=guided(model, x, start, mask_id, w).to(dtype), rtol=tolerance, atol=tolerance,
                  why="u + (w + 1)(c - u), the prompt alone masked in u")
check(lambda x: cfg_logits(leans, x, 2, 9), text, want=leans(text), why="w is 0 unless given")
wide = ids(9, 4, V=6, seed=3).T
check(lambda x: cfg_logits(mixing(6, 9, 1), x, 4, 6, 0.7), wide, want=guided(mixing(6, 9, 1), wide, 4, 6, 0.7), rtol=1e-9,
      why="a transposed batch is valid")
### END HIDDEN TESTS

# %% graded="cfg_logits__calls" points=2
# Looks at how often the model is called and with what, and at the argument after the call.
asked = []
def counted(x):
    "Keeps what it is asked."
    asked.append(x.clone())
    return torch.zeros(*x.shape, 3)

text = torch.tensor([[5, 5, 9, 5], [5, 1, 9, 9]])
unchanged(lambda x: cfg_logits(counted, x, 2, 9, 1.0), text, want=torch.zeros(2, 4, 3))
expect(asked, [torch.tensor([[5, 5, 9, 5], [5, 1, 9, 9], [9, 9, 9, 5], [9, 9, 9, 9]])], on="what the model was asked, w = 1",
       why="one call: the rows, and below them the rows with the prompt masked")
### BEGIN HIDDEN TESTS
asked.clear()
unchanged(lambda x: cfg_logits(counted, x, 2, 9, 0.0), text, want=torch.zeros(2, 4, 3))
expect(asked, [text], on="what the model was asked, w = 0", why="one call with B rows: guidance that is off costs nothing")
for start, w in ((0, 0.3), (4, 2.0), (1, 1e-6)):
    asked.clear()
    unchanged(lambda x: cfg_logits(counted, x, start, 7, w), text, want=torch.zeros(2, 4, 3))
    bare = text.clone()
    bare[:, :start] = 7
    expect(asked, [torch.cat([text, bare])], on=f"what the model was asked, start = {start}, w = {w}")
### END HIDDEN TESTS

# %% graded="cfg_logits__impossible" points=2
# Looks at impossible tokens, and at half precision.
def hard(x):
    "[1, -inf, 0] where the row begins with a 5, else [0, -inf, 2]."
    row = torch.where((x[:, :1, None] == 5), torch.tensor([1.0, -math.inf, 0.0]), torch.tensor([0.0, -math.inf, 2.0]))
    return row.expand(*x.shape, 3)

check(lambda x: cfg_logits(hard, x, 1, 9, 1.0), torch.tensor([[5, 9]]),
      want=torch.tensor([2.0, -math.inf, -2.0]).expand(1, 2, 3), why="an impossible token stays impossible",
      mistakes={"-inf minus -inf": torch.tensor([2.0, math.nan, -2.0]).expand(1, 2, 3)})
### BEGIN HIDDEN TESTS
def harder(x):
    "A prompt forbids a token that is possible without it."
    row = torch.where((x[:, :1, None] == 5), torch.tensor([1.0, -math.inf, 0.3]), torch.tensor([0.0, 4.0, 2.0]))
    return row.expand(*x.shape, 3)

check(lambda x: cfg_logits(harder, x, 1, 9, 0.5), torch.tensor([[5, 9], [4, 9]]),
      want=torch.tensor([[1.5, -math.inf, -0.55], [0.0, 4.0, 2.0]])[:, None].expand(2, 2, 3),
      why="what the prompt forbids is forbidden")
check(lambda x: cfg_logits(hard, x, 1, 9, 0.0), torch.tensor([[5, 9]]), want=hard(torch.tensor([[5, 9]])))
def far(x):
    "Very unlikely is not impossible."
    row = torch.where((x[:, :1, None] == 5), torch.tensor([1.0, -3e4, 0.5]), torch.tensor([0.0, -2e4, -3e30]))
    return row.expand(*x.shape, 3)

check(lambda x: cfg_logits(far, x, 1, 9, 25.0), torch.tensor([[5, 9]]), rtol=1e-5,
      want=torch.tensor([26.0, -2.8e5, 7.5e31]).expand(1, 2, 3), why="-30,000 is a logit like others; w may be large")
for seed, w in enumerate((0.7, 1.3, 3.1)):
    for dtype in (torch.float16, torch.bfloat16):
        model, x = mixing(7, 11, seed, dtype), ids(3, 11, V=8, seed=seed)
        want = guided(model, x, 5, 7, w)
        got = cfg_logits(model, x.clone(), 5, 7, w)
        assert got.dtype == dtype, f"expected {dtype}, got {got.dtype}"
        off = (got.double() - want).abs() / torch.finfo(dtype).eps / want.abs().clamp(min=1e-2)
        assert off.max() <= 1.0, (f"half precision: off by {off.max():.1f} eps; compute in float32, round once at the end")
### END HIDDEN TESTS

# %% tags=["picture"]
diffusion_lm.guidance(cfg_logits, CHAIN)

# %% [markdown]
# A prompt of one token, then eight masks. Left: the distribution right after the prompt, for several w. Right:
# how far the distribution at each position is from the one without a prompt (total variation, 0 to 1). The further
# from the prompt, the less there is to enlarge. Guidance sharpens: at w = 2 the 0.2-successor is all but gone.

# %% [markdown]
# ## 6 · What it costs
#
# "AR needs n steps, diffusion k" compares steps of different size. An AR step with a KV cache sends **one** token
# through the network. A diffusion step sends the **whole canvas**, prompt and answer, since with attention in both
# directions every key and value above the first layer changes when a mask becomes a token. So an *exact* KV cache
# is impossible.
#
# **Approximate caches** bet that they change little. Fast-dLLM (2505.22618) writes block by block; at the start of a
# block it runs the full canvas once and keeps keys and values. For the block's other steps it sends
#
# - `"prefix"`: the block and all that follows it (what stands before it is frozen), or
# - `"dual"`: the block alone (what follows, masks only, is frozen too).
#
# dLLM-Cache (2506.06295) refreshes the prompt seldom and, of the answer, the tokens that changed. **Block diffusion**
# (2503.09573) *trains* for it: causal between blocks, bidirectional within, so finished blocks have an exact cache.
# Fast-dLLM reports up to 27.6 times the throughput, cache and parallel commits together.
#
# **Tokens are not seconds.** A pass takes the longer of two times: reading the weights once, and computing about 2
# FLOPs per weight and token (such an estimate is called a *roofline*). On an H100 they are equal at 295 tokens in BF16
# (989/3.35); below, a token more costs nothing, above, every token is paid. An AR step at batch 1 sends one token and
# waits for the weights; at batch 64 it waits still. A diffusion step at batch 1 uses one reading for hundreds of
# tokens; at batch 64 it computes only.
#
# ### Exercise 24.7 · forward_passes
#
# Two functions.
#
# `forward_passes(prompt, gen, method, steps=1, block=None, guided=False)`: a list of whole numbers, the tokens that one
# sequence sends through the network in each pass. `prompt`, `gen`, `steps` and `block` are at least 1.
#
# - `"ar"`: the prompt in one pass, which gives the first token; then one token a pass. The last token is never sent.
#   `steps` and `block` play no part.
# - `"full"`, `"prefix"`, `"dual"`: the answer is cut into blocks of `block` tokens (None: one block), the steps are
#   shared out evenly among them. ValueError if `gen` is no multiple of `block`, or `steps` none of the number of blocks.
#   A block has nothing to commit after as many steps as it has tokens: further steps cost **no pass**.
# - `"full"`: each pass sends prompt + gen. `"prefix"` and `"dual"`: so does the first pass of each block; its others as
#   above.
# - `guided` (all methods): each pass sends twice as many.
# - Any other method is a ValueError.
#
# `roofline_seconds(passes, params, bandwidth, flops, batch=1, size=2)`: the sum over passes of max(params · size /
# bandwidth, 2 · params · tokens · batch / flops): `size` bytes a parameter, bytes and FLOPs per second. (Left out:
# reading the cache, attention's own FLOPs, sampling.)
#
# Source: `generate_with_prefix_cache` and `generate_with_dual_cache` in llada/generate.py of github.com/NVlabs/Fast-dLLM;
# NVIDIA's H100 data sheet (SXM).

# %% stub="forward_passes"
def forward_passes(prompt: int, gen: int, method: str, steps: int = 1, block: int | None = None,
                   guided: bool = False) -> list[int]:
    """Tokens in each forward pass.

    prompt 5, gen 4: "ar" is [5, 1, 1, 1]; 4 steps in blocks of 2: "full" [9, 9, 9, 9],
    "prefix" [9, 4, 9, 2].
    """
    ### BEGIN SOLUTION
    if method == "ar":
        passes = [prompt] + [1] * (gen - 1)
    elif method in ("full", "prefix", "dual"):
        block = gen if block is None else block
        if gen % block or steps % (gen // block):
            raise ValueError("gen must be a multiple of block, and steps of the number of blocks")
        passes = []
        for left in range(gen, 0, -block):
            others = {"full": prompt + gen, "prefix": left, "dual": block}[method]
            passes += [prompt + gen] + [others] * (min(steps // (gen // block), block) - 1)
    else:
        raise ValueError(f"unknown method {method!r}")
    return [n * (2 if guided else 1) for n in passes]
    ### END SOLUTION
    raise NotImplementedError("forward_passes")


def roofline_seconds(passes: list[int], params: float, bandwidth: float, flops: float,
                     batch: int = 1, size: float = 2) -> float:
    """Seconds, each pass by its bottleneck.

    passes [1, 10], 6 parameters, 3 bytes/s, 12 FLOP/s: max(4, 1) + max(4, 10) = 14.
    """
    ### BEGIN SOLUTION
    return sum(max(params * size / bandwidth, 2 * params * n * batch / flops) for n in passes)
    ### END SOLUTION
    raise NotImplementedError("roofline_seconds")

# %% [markdown] hints="forward_passes"
# <details><summary>Hint 1: a question</summary>
#
# Four tokens, written from left to right. How many of them does the network ever *see*?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# prompt 5, gen 4, blocks of 2, 4 steps, so 2 a block. "dual": block 0 sends 9, then its own 2; block 1 sends 9, then 2:
# [9, 2, 9, 2]. "prefix": block 0's second pass sends the block and the 2 after it: [9, 4, 9, 2].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The maximum is taken for each pass, not for the sums: a prompt may be bound by computing and what follows by reading.
# And 8 steps for a block of 2 are 2 passes.
#
# </details>

# %% graded="forward_passes__methods" points=3
# Looks at the tokens of each pass, for every method.
check(forward_passes, 5, 4, "ar", want=[5, 1, 1, 1], why="the last token is never sent",
      mistakes={"the last token was sent, too": [5, 1, 1, 1, 1]})
check(forward_passes, 5, 4, "full", 4, 2, want=[9, 9, 9, 9])
check(forward_passes, 5, 4, "prefix", 4, 2, want=[9, 4, 9, 2], why="the block and all after it",
      mistakes={"prompt and what follows": [9, 9, 9, 9], "the block alone": [9, 2, 9, 2]})
check(forward_passes, 5, 4, "dual", 4, 2, want=[9, 2, 9, 2])
### BEGIN HIDDEN TESTS
for prompt, gen, steps, block in [(1, 1, 1, None), (5, 4, 2, 2), (512, 128, 128, 32), (7, 12, 6, 4), (3, 12, 3, 12),
                                  (100, 24, 4, 6), (9, 6, 30, 2), (2, 5, 9, None), (11, 8, 16, 1), (300, 300, 60, 5)]:
    for method in ("full", "prefix", "dual"):
        check(forward_passes, prompt, gen, method, steps, block, want=sent(prompt, gen, method, steps, block),
              why="a full pass for each block, then what is not cached; no pass without a commit")
    check(forward_passes, prompt, gen, "ar", steps, block, want=[prompt] + [1] * (gen - 1))
check(forward_passes, 3, 6, "prefix", 4, want=[9, 6, 6, 6], why="without a block all is one block")
check(forward_passes, 3, 6, "full", want=[9], why="one step unless given")
for steps, block in ((4, 5), (5, 2), (1, 3)):
    check(forward_passes, 3, 6, "ar", steps, block, want=[3, 1, 1, 1, 1, 1], why="steps and block play no part in AR")
for method in ("ar", "full", "prefix", "dual"):
    got = forward_passes(3, 6, method, 6, 2)
    assert not any(isinstance(n, float) for n in got), f"expected whole numbers, got {got}"
### END HIDDEN TESTS

# %% graded="forward_passes__errors" points=2
# Looks at guidance, and at what cannot be shared out evenly.
check(lambda: forward_passes(5, 4, "dual", 4, 2, guided=True), want=[18, 4, 18, 4], why="twice as many in each pass")
raises(ValueError, forward_passes, 5, 4, "full", 4, 3, why="4 is no multiple of 3")
raises(ValueError, forward_passes, 5, 4, "full", 3, 2, why="3 steps for 2 blocks")
### BEGIN HIDDEN TESTS
for method in ("full", "prefix", "dual"):
    raises(ValueError, forward_passes, 8, 6, method, 6, 4, why="6 is no multiple of 4")
    raises(ValueError, forward_passes, 8, 6, method, 4, 2, why="4 steps for 3 blocks")
    raises(ValueError, forward_passes, 8, 6, method, 6, 12, why="6 is no multiple of 12")
    check(lambda: forward_passes(8, 6, method, 6, 2, True), want=[2 * n for n in sent(8, 6, method, 6, 2)])
    raises(ValueError, forward_passes, 8, 6, method, 1, 2, why="1 step for 3 blocks")
for method in ("cached", "AR", "Dual", ""):
    raises(ValueError, forward_passes, 8, 6, method, 6, 2, why="an unknown method")
check(lambda: forward_passes(8, 3, "ar", guided=True), want=[16, 2, 2], why="guided AR sends both, too")
### END HIDDEN TESTS

# %% graded="forward_passes__seconds" points=2
# Looks at the time of each pass: reading or computing, whichever takes longer.
check(roofline_seconds, [1, 10], 6, 3.0, 12.0, want=14.0, why="max(4, 1) + max(4, 10)",
      mistakes={"the maximum of the sums": 11.0, "both were added": 19.0})
check(roofline_seconds, forward_passes(512, 128, "ar"), LLAMA_3_8B, **H100, want=0.6172, rtol=1e-3,
      why="the prompt is bound by computing, each later token by reading the weights")
### BEGIN HIDDEN TESTS
for passes in ([], [7], [1] * 40, [640] * 3 + [1, 200], [3, 900, 2, 500]):
    for batch, size in ((1, 2), (64, 2), (7, 0.5), (300, 4)):
        read, each = 5e9 * size / 2e12, 2 * 5e9 * batch / 3e14
        want = math.fsum(read if read > each * n else each * n for n in passes)
        check(lambda p: roofline_seconds(p, 5e9, 2e12, 3e14, batch, size), passes, want=want, rtol=1e-9,
              why="the longer time of every pass")
check(roofline_seconds, [5], 1e9, 1e12, 1e14, want=2e-3, rtol=1e-9, why="batch 1 and 2 bytes unless given")
unchanged(lambda p: roofline_seconds(p, 6, 3.0, 12.0), [1, 10], want=14.0)
### END HIDDEN TESTS

# %% tags=["picture"]
diffusion_lm.costs(forward_passes, roofline_seconds, LLAMA_3_8B, H100)

# %% [markdown]
# 8 billion parameters, a prompt of 512 tokens, an answer of 128, blocks of 32, one H100; seconds for a whole batch.
# Read it in both directions. At batch 1 the full canvas, one token a step, sends 128 times the tokens of AR and takes
# 2.2 times as long; with 4 tokens a step it is *faster*. At batch 64 AR's 64 answers take 1.14 s instead of 0.62 for
# one, since its steps share each reading; diffusion computes every token, and without a cache it loses by a factor of
# 75. The guide's "parallel, so faster" and "no cache, so slower" are both half of it.
#
# ## 7 · A sampler
#
# Now all of it runs. The canvas holds the prompt, masks, and maybe tokens that were there before: whoever wants
# **infilling** puts the end of the text behind the masks. An AR model would need special training for that
# (fill-in-the-middle, FIM: section 16); a mask predictor was never asked anything else.
#
# **Semi-autoregressive** writing cuts the answer into blocks from left to right. Each block is finished before the
# next begins, but the model sees the whole canvas, later masks too. What it is good for: LLaDA-Instruct was fine-tuned
# on answers with long padding, so in one long block low confidence commits end tokens first, the surest of all, and
# the answer is cut short. Two remedies: commit end tokens last (their confidence set to −inf), as in the paper's
# tables, 69.4 on GSM8K (school mathematics); or blocks of 8, 78.6. Blocks help there and on MATH, and hurt elsewhere
# (EVAL.md in LLaDA's repository).
#
# ### Exercise 24.8 · generate
#
# `generate(model, x, start, steps, block_len, mask_id, w=0.0, order=None, temperature=0.0, noise=None)` returns a new
# canvas. Use your functions.
#
# - `x` (B, L) int64; 0 ≤ start < L. From `start` on, each `mask_id` is a hole. All else stays: tokens between and behind
#   the holes, and the prompt before `start`, even if it holds `mask_id`.
# - Blocks of `block_len` positions begin at `start`, each with the same number of steps. ValueError if L − start is no
#   multiple of `block_len`, or `steps` none of the number of blocks.
# - Blocks are filled from left to right. `num_transfer` shares out each row's holes in the block over its steps. A step
#   takes `cfg_logits` (with `w`) of the *whole* canvas as it is then, and commits by `unmask_step` (with `order` and
#   `temperature`) among the holes of *this* block.
# - A step in which no row commits anything is **passed over**. Any other calls the model exactly once.
# - At temperature > 0 a step uses `noise(k)`, Gumbel numbers (B, L, V). k counts *all* steps of all blocks from 0, but
#   `noise` is not called for steps that are passed over, and never at temperature 0.
# - The model never chooses `mask_id` (its logit is −inf, or there is none).
#
# Source: Nie et al. 2025, section 2.4 and appendix B.4; `generate` in generate.py of github.com/ML-GSAI/LLaDA.

# %% stub="generate"
def generate(model, x: Int[Tensor, "B L"], start: int, steps: int, block_len: int, mask_id: int,
             w: float = 0.0, order: Float[Tensor, "B L"] | None = None, temperature: float = 0.0,
             noise=None) -> Int[Tensor, "B L"]:
    """Fill the holes of a canvas, block by block.

    A model whose surest token is always 3: generate(model, [[5, 9, 9, 7]], 1, 3, 1, 9) is
    [[5, 3, 3, 7]], in 2 calls.
    """
    ### BEGIN SOLUTION
    blocks = (x.shape[1] - start) // block_len
    if blocks * block_len != x.shape[1] - start or steps % blocks:
        raise ValueError("the blocks must fill the answer, and share out the steps")
    at, holes, each = torch.arange(x.shape[1], device=x.device), x == mask_id, steps // blocks
    for b in range(blocks):
        first = start + b * block_len
        open = holes & (at >= first) & (at < first + block_len)
        for i, n in enumerate(num_transfer(open.sum(1), each).unbind(1)):
            if n.any():
                heard = noise(b * each + i) if temperature > 0 else None
                x, open = unmask_step(cfg_logits(model, x, start, mask_id, w), x, open, n, order, temperature, heard)
    return x.clone()
    ### END SOLUTION
    raise NotImplementedError("generate")

# %% [markdown] hints="generate"
# <details><summary>Hint 1: a question</summary>
#
# Which positions may `unmask_step` touch in block 2: all masks, or fewer? And which does the model see?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# start = 1, canvas [5, 9, 9, 7, 9], blocks of 2, 4 steps. Block 0 is positions 1 and 2: two holes in 2 steps, one each.
# Block 1 is positions 3 and 4: one hole in 2 steps, [1, 0]. The fourth step is passed over: three calls.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Rows may have different numbers of holes, in the same block. A step counts as empty when *every* row has nothing to
# commit.
#
# </details>

# %% graded="generate__greedy" points=3
# Looks at greedy writing: one block, several, one token a step, and a row by row oracle.
check(lambda x: generate(three, x, 1, 3, 1, 9), torch.tensor([[5, 9, 9, 7]]), want=torch.tensor([[5, 3, 3, 7]]),
      why="holes are filled, what stands stays")
begun = torch.tensor([[2] + [8] * 6, [5] + [8] * 6])
left_to_right = begun.clone()
for i in range(1, 7):  # the likeliest successor, from left to right
    left_to_right[:, i] = CHAIN.P[left_to_right[:, i - 1]].argmax(-1)
check(lambda x: generate(lambda y: CHAIN(y), x, 1, 6, 1, 8), begun, want=left_to_right,
      why="blocks of one token: from left to right, each time the likeliest")
### BEGIN HIDDEN TESTS
for seed, (B, L, V, start, steps, block_len) in enumerate([(1, 4, 3, 1, 3, 3), (3, 9, 5, 1, 4, 4), (2, 14, 6, 2, 6, 4),
                                                           (4, 13, 4, 3, 20, 5), (2, 12, 7, 0, 3, 12),
                                                           (3, 10, 5, 4, 6, 2), (1, 80, 4, 5, 15, 25)]):
    for dtype in (torch.float32, torch.float64):
        model, x = mixing(V, L, seed, dtype), ids(B, L, V=V, seed=seed)
        x[:, start:] = V
        check(lambda x: generate(model, x, start, steps, block_len, V), x, want=written(model, x, start, steps, block_len, V),
              why="the surest holes of the block first, shared out over its steps")
for seed, (L, start, steps, block_len) in enumerate([(17, 1, 8, 16), (17, 1, 8, 4), (12, 0, 6, 6)]):
    x = torch.full((3, L), 8)
    x[:, :start] = ids(3, start, V=8, seed=seed)
    x[:, L - 2] = ids(3, V=8, seed=seed + 1)  # something to look forward to
    order = drawn(3, L, seed=seed)
    check(lambda x: generate(tilted(L), x, start, steps, block_len, 8, order=order), x,
          want=written(tilted(L), x, start, steps, block_len, 8, order=order), why="by an order of the caller's")
### END HIDDEN TESTS

# %% graded="generate__holes" points=2
# Looks at infilling: holes of each row, tokens behind them, prompts that hold the mask's id.
check(lambda x: generate(three, x, 1, 4, 2, 9), torch.tensor([[9, 9, 1, 7, 9], [9, 2, 2, 9, 9]]),
      want=torch.tensor([[9, 3, 1, 7, 3], [9, 2, 2, 3, 3]]), why="position 0 is prompt, whatever stands there",
      mistakes={"the prompt was filled in": torch.tensor([[3, 3, 1, 7, 3], [3, 2, 2, 3, 3]])})
### BEGIN HIDDEN TESTS
for seed, (B, L, V, start, steps, block_len) in enumerate([(3, 9, 5, 1, 8, 4), (5, 14, 6, 2, 6, 4), (4, 13, 4, 3, 2, 5),
                                                           (6, 12, 7, 0, 12, 6), (2, 10, 3, 2, 80, 1)]):
    for share in (0.2, 0.6):
        model, x = mixing(V, L, seed + 20), ids(B, L, V=V, seed=seed)
        for mask_id in (V, 0):
            spoilt = x.clamp(min=1) if mask_id == 0 else x.clone()
            spoilt[uniform(B, L, seed=seed + 2) < share] = mask_id
            if mask_id == 0:
                never = torch.zeros(V, dtype=torch.float64)
                never[0] = -math.inf
                asked = lambda y: model(y) + never
            else:
                asked = model
            check(lambda x: generate(asked, x, start, steps, block_len, mask_id), spoilt,
                  want=written(asked, spoilt, start, steps, block_len, mask_id),
                  why="every row fills its own holes, block by block; all else stays")
### END HIDDEN TESTS

# %% graded="generate__calls" points=2
# Looks at the model's calls: one a step, none for empty steps, and the canvas that it sees.
seen = []
def watched(x):
    "Keeps what it is asked."
    seen.append(x.clone())
    return three(x)

check(lambda x: generate(watched, x, 1, 8, 2, 9), torch.tensor([[5, 9, 9, 7, 9]]), want=torch.tensor([[5, 3, 3, 7, 3]]))
expect(seen, [torch.tensor([[5, 9, 9, 7, 9]]), torch.tensor([[5, 9, 3, 7, 9]]), torch.tensor([[5, 3, 3, 7, 9]])],
       on="what the model was asked", why="three holes, 4 steps a block: two calls for block 0, one for block 1")
raises(ValueError, lambda: generate(three, torch.full((1, 6), 9), 1, 4, 2, 9), why="5 positions are no blocks of 2")
raises(ValueError, lambda: generate(three, torch.full((1, 7), 9), 1, 4, 2, 9), why="4 steps for 3 blocks")
### BEGIN HIDDEN TESTS
for L, start, steps, block_len in [(9, 1, 4, 4), (9, 1, 32, 4), (13, 1, 3, 4), (6, 0, 1, 6), (31, 1, 30, 30)]:
    seen.clear()
    x = torch.full((2, L), 9)
    x[1, L // 2:] = 4
    generate(watched, x, start, steps, block_len, 9)
    blocks = (L - start) // block_len
    calls, holes = 0, (x == 9)
    for b in range(blocks):
        counts = holes[:, start + b * block_len:start + (b + 1) * block_len].sum(1).tolist()
        calls += sum(any(n) for n in zip(*[schedule(c, steps // blocks) for c in counts]))
    assert len(seen) == calls, (f"{L - start} positions from {start} on, blocks of {block_len}, {steps} steps: "
                                f"expected {calls} calls of the model, got {len(seen)}")
    assert all(s.shape == x.shape for s in seen), "expected the whole canvas in every call"
    left = [int((s[:, start:] == 9).sum()) for s in seen]
    assert left == sorted(left, reverse=True) and len(set(left)) == len(left), f"expected fewer masks call by call, got {left}"
for L, start, steps, block_len in [(9, 2, 4, 4), (9, 1, 5, 4), (9, 1, 1, 4), (5, 1, 4, 8)]:
    raises(ValueError, lambda: generate(three, torch.full((1, L), 9), start, steps, block_len, 9),
           why=f"{L - start} positions, blocks of {block_len}, {steps} steps")
seen.clear()
check(lambda x: generate(watched, x, 1, 2, 2, 9, 0.5), torch.tensor([[5, 9, 9, 7, 9]]), want=torch.tensor([[5, 3, 3, 7, 3]]))
expect(seen, [torch.tensor([[5, 9, 9, 7, 9], [9, 9, 9, 7, 9]]), torch.tensor([[5, 3, 3, 7, 9], [9, 3, 3, 7, 9]])],
       on="what the model was asked, w = 0.5", why="guided or not, one call a step")
unchanged(lambda x: generate(three, x, 1, 4, 2, 9), torch.tensor([[5, 9, 9, 7, 9]]), want=torch.tensor([[5, 3, 3, 7, 3]]))
full = torch.tensor([[5, 1, 2, 7, 4]])
fresh(generate, three, full, 1, 4, 2, 9, want=full, why="nothing to fill: a copy")
### END HIDDEN TESTS

# %% graded="generate__sampled" points=3
# Looks at temperature, noise and its step numbers, and guidance.
def gumbel(k, shape, seed):
    "Gumbel numbers of step k."
    g = torch.Generator().manual_seed(1000 * seed + k)
    return -(-torch.rand(shape, generator=g, dtype=torch.float64).log()).log()

steps_asked = []
def heard(k):
    "Keeps the number of the step."
    steps_asked.append(k)
    return gumbel(k, (1, 5, 9), 0)

got = generate(three, torch.tensor([[5, 9, 7, 9, 9]]), 1, 4, 2, 9, temperature=1.0, noise=heard)
expect(steps_asked, [0, 2, 3], on="the steps for which noise was asked",
       why="two blocks of 2 steps; block 0 has one hole, so step 1 is passed over")
### BEGIN HIDDEN TESTS
for row, wanted in (([5, 7, 7, 9, 9], [2, 3]), ([5, 9, 9, 7, 7], [0, 1]), ([5, 7, 7, 7, 9], [2])):
    steps_asked.clear()
    generate(three, torch.tensor([row]), 1, 4, 2, 9, temperature=1.0, noise=heard)
    expect(steps_asked, wanted, on=f"the steps for which noise was asked, canvas {row}",
           why="a block without holes has its steps, too: they are passed over, and counted")
steps_asked.clear()
generate(three, torch.tensor([[5, 9, 7, 9, 9]]), 1, 4, 2, 9, temperature=0.0, noise=heard)
expect(steps_asked, [], on="the steps for which noise was asked at temperature 0", why="it is not called")
expect(got, written(three, torch.tensor([[5, 9, 7, 9, 9]]), 1, 4, 2, 9, T=1.0, noise=lambda k: gumbel(k, (1, 5, 9), 0)),
       on="the canvas")
for seed, (B, L, V, start, steps, block_len) in enumerate([(2, 9, 5, 1, 4, 4), (3, 14, 6, 2, 6, 4), (2, 13, 4, 3, 20, 5),
                                                           (1, 10, 3, 4, 2, 6)]):
    model, x = mixing(V, L, seed + 40), ids(B, L, V=V, seed=seed)
    x[:, start:][uniform(B, L - start, seed=seed + 2) < 0.7] = V
    order = drawn(B, L, seed=seed)
    for T, w, by in [(0.7, 0.0, None), (1.0, 1.5, None), (0.0, 0.8, None), (2.0, 0.5, order), (0.0, 3.0, order)]:
        noise = lambda k: gumbel(k, (B, L, V), seed)
        check(lambda x: generate(model, x, start, steps, block_len, V, w, by, T, noise), x,
              want=written(model, x, start, steps, block_len, V, w, by, T, noise),
              why=f"temperature {T}, w = {w}, {'by confidence' if by is None else 'by the order'}")
fine = torch.tensor([0.0, 1.0, 1 + 1e-11], dtype=torch.float64)
check(lambda x: generate(lambda y: fine.expand(*y.shape, 3), x, 0, 1, 2, 5), torch.tensor([[5, 5]]),
      want=torch.tensor([[2, 2]]), why="a model in float64 is heard in float64")
x = torch.full((3, 8), 8)
x[:, 0], x[:, 5] = torch.tensor([1, 4, 6]), torch.tensor([2, 2, 7])
noise = lambda k: gumbel(k, (3, 8, 8), 9)
for _ in range(2):
    check(lambda x: generate(tilted(8), x, 1, 7, 7, 8, 0.0, None, 1.0, noise), x,
          want=written(tilted(8), x, 1, 7, 7, 8, T=1.0, noise=noise), why="nothing is kept between two calls")
### END HIDDEN TESTS

# %% tags=["picture"]
diffusion_lm.infilling(generate, CHAIN)

# %% [markdown]
# Your sampler at work. Above: a hole between two fixed ends, eight samples; red is a transition that the chain does not
# make. Below: what an AR sampler makes of the same task. It writes from the left with the true conditionals and
# never looks at the end, so it misses it, except by luck.

# %% [markdown]
# ## 8 · Experiment: what do several tokens at once cost?
#
# 100 texts of 32 tokens, from nothing, at temperature 1, by your `generate` and the exact predictor. Three orders:
# `"confidence"` (your default), `"left to right"` and `"random"`. Steps from 1 (all 32 tokens at once) to 32 (one at
# a time). Two numbers are measured:
#
# - **impossible**: the share of transitions that the chain never makes. The predictor makes no mistakes, so they are the
#   factorisation error.
# - **likely**: of the possible transitions, the share of the likely kind. In the language itself it is 0.8.
#
# Before you run it: order the three by impossible transitions **at 4 steps**, eight tokens at once; the best, with the
# fewest, first. It takes about 3 s.

# %% stub="prediction"
prediction = None  # the three names in a list, fewest impossible transitions first
### BEGIN SOLUTION
prediction = ["random", "confidence", "left to right"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# Looks whether a prediction stands in the cell above.
committed(prediction, order_of=["confidence", "left to right", "random"])

# %% graded="prediction__right" points=1
# Looks whether it is what the experiment shows.
committed(prediction, order_of=["confidence", "left to right", "random"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["random", "confidence", "left to right"],
          "Compare the three rows of the first table, in the column of 4 steps.")
### END HIDDEN TESTS

# %% tags=["experiment"]
def order_of(name, shape, g):
    "Which position comes first: None leaves it to the confidence."
    if name == "confidence":
        return None
    left = -torch.arange(float(shape[1])).expand(shape)
    return torch.rand(shape, generator=g) if name == "random" else left


def texts(chain, name, steps, g, n=100, length=32):
    "Texts from nothing, sampled at temperature 1."
    x = torch.full((n, length), chain.mask_id)
    noise = lambda k: diffusion_lm.gumbel((n, length, chain.vocab), g)
    return generate(chain, x, 0, steps, length, chain.mask_id, order=order_of(name, x.shape, g),
                    temperature=1.0, noise=noise)


table = diffusion_lm.at_once(texts, prediction=prediction)

# %% [markdown]
# Read both tables with these questions:
#
# - The predictor is exact, and yet the first columns are bad. Which two positions of one step disturb each other most, and
#   what does each order do about that?
# - The same order does not win everywhere. Where does it change, and could you have chosen by looking at one column?
# - At 32 steps nothing is impossible any more. Which order then writes the language that it was given, and which one
#   writes something else? What does that mean for sampling with low-confidence remasking at temperature 1, and for
#   diversity?
# - What this does not show: a trained model. Its conditionals are wrong where it is unsure, and then it may pay to leave
#   the unsure for later, whatever that does to the distribution. That is why the heuristic is a default.
#
# ## 9 · Feel it
#
# Twelve texts of the chain. How does a block length of 1 compare with one step a token? Does a chain that is nearly
# deterministic (likely successor 0.95) forgive two tokens a step? And eight? Compare with an undecided one (0.55).

# %% tags=["widget"]
diffusion_lm.widget(generate)

# %% [markdown]
# ## 10 · Reading the results
#
# LLaDA 8B against LLaMA3 8B, both measured by LLaDA's authors (their tables 1 and 2). The guide's table of the same
# comparison has eight numbers; not one of them is the paper's, and three point the other way.
#
# | benchmark | LLaDA base | LLaMA3 base | LLaDA instruct | LLaMA3 instruct |
# |---|---|---|---|---|
# | MMLU (knowledge) | 65.9 | 65.4 | 65.5 | 68.4 |
# | GSM8K (school mathematics) | 70.3 | 48.7 | 69.4 | 78.3 |
# | MATH (competitions) | 31.4 | 16.0 | 31.9 | 29.6 |
# | HumanEval (code) | 35.4 | 34.8 | 49.4 | 59.8 |
# | MBPP (code) | 40.0 | 48.8 | 41.0 | 57.6 |
# | BBH (reasoning) | 49.7 | 62.1 | – | – |
# | CMMLU (Chinese) | 69.9 | 50.7 | – | – |
#
# - 2.3 trillion training tokens against 15. "More data-efficient" does not follow: the data differ in mix and quality
#   (see Chinese). On the *same* data LLaDA was about on par with their AR models at equal compute. An advantage where
#   data are few and repeated many times is a later, separate result (2507.15857).
# - Instruct: LLaDA had fine-tuning alone (4.5 million pairs, 3 epochs), LLaMA3 also reinforcement learning. Behind on
#   most. Its column is without blocks; with them GSM8K is 78.6 and MATH 42.2.
# - Training cost 0.13 million H800 hours, at length 4,096; 1 % of the data had a random length, so that the model knows
#   short texts.
#
# **The reversal curse** (2309.12288): a model trained on "A is B" fails at "B is A" (who is Tom Cruise's mother?
# Mary Lee Pfeiffer; whose mother is Mary Lee Pfeiffer?). An AR model learned P(B | A) alone; the other direction was
# never asked of it. The any-order loss asks for both. LLaDA's test: 496 pairs of lines of Chinese poems, the next line
# or the one before.
#
# | accuracy, % | forward | reversal |
# |---|---|---|
# | GPT-4o (2024-08-06) | 82.7 | 34.3 |
# | Qwen2.5-7B Instruct | 75.9 | 38.0 |
# | LLaDA-8B Instruct | 51.8 | 45.6 |
#
# So the gap is small, and it wins in reverse. Forward it is far behind: "solves" is too much.

# %% [markdown]
# ## 11 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="editor"
# A team serves an 8-billion-parameter AR model for two products: **code completion in an editor** (a hole of 32 tokens,
# 512 tokens around it, one user at a time on a local H100) and **chat** (batch 64, prompts of 512, answers of 128,
# shown as they are written). Somebody proposes to replace both by a masked diffusion model of the same size. Write,
# in about 15 lines:
#
# 1. How does it generate? What decides how many and which tokens each step commits?
# 2. The editor: passes, tokens and time for 32 and for 8 steps without a cache, against AR at 32 tokens. What speaks
#    for it beyond time, what is lost with 8 steps?
# 3. The chat: what happens at batch 64? What do approximate caches and blocks change, and what about streaming?
# 4. A colleague compares its "perplexity", from the training loss without 1/t, with the AR model's. Answer.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Generation**: masks only at first; all masks predicted at each step, as many committed as the schedule says, the
#   rest masked again; by confidence of the chosen token among the masks that are left, at random, or block by block.
#   No threshold without a minimum, nothing committed is taken back. (Half a point without the ranking.)
# - **Editor**: 544 tokens a pass. 32 passes 0.28 s, 8 passes 0.07 s, AR 0.16 s. It sees both sides of the hole
#   without special training. With 4 tokens a step there is a factorisation error. (Half a point for times alone.)
# - **Chat**: each diffusion pass is compute-bound, AR's steps share one reading of the weights; without a cache 128 ×
#   640 tokens a sequence against 639, some 75 times slower. Caches by block bring that to 6 to 11 times; they are
#   approximations. Streaming only block by block. AR stays.
# - **Perplexity**: without 1/t it is no bound at all. With it: an upper bound, and an estimate with a standard error;
#   the AR value is exact. Compare tasks, or bounds with bounds.
#
# === END MARK SCHEME ===

# %% [markdown] written="editor" points=4
# ### BEGIN SOLUTION
# 1. It starts from a canvas with masks in the hole. One forward pass predicts all masks; the schedule (masks divided by
#    steps, the remainder first) says how many are committed; the others are masked again. Which: those whose chosen
#    token has the highest probability among the masks left, or random ones, or block by block. Committed tokens stay.
# 2. Each pass sends 512 + 32 = 544 tokens, 8.8 ms on an H100, bound by computing. 32 steps: 0.28 s; 8 steps: 0.07 s. AR:
#    8.3 ms for the prompt and 31 · 4.8 ms, 0.16 s. So 8 steps are faster, 32 slower. It reads the code behind the hole
#    as it is, where AR needs fill-in-the-middle training. With 4 tokens at once, tokens of one step do not see
#    each other: mismatched names and brackets. So test 8, 16 and 32 steps for code that compiles.
# 3. At batch 64 diffusion computes every token, 81,920 a sequence against 639, while AR's steps still wait for the
#    weights and share each reading: about 75 times the time. Blocks of 32 with a cache of the prefix or of both sides
#    cut that to 11 or 6 times, at the price of stale keys. Text appears in blocks, not in tokens. I would keep AR for
#    chat, or look at block diffusion.
# 4. Without 1/t the sum is not a bound of anything; it is too low. With 1/t one has an upper bound on the NLL, estimated
#    with an error of its own. Comparing it with an exact perplexity is unfair to the diffusion model, and the number
#    without 1/t is unfair to the AR model. Compare on tasks.
# ### END SOLUTION

# %% [markdown]
# ## 12 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="24.1" level="basic"
# <details><summary>What is LLaDA, and how does it differ from autoregressive models?</summary>
#
# - Large Language Diffusion with mAsking (2502.09992), 8B, trained from scratch: a transformer *without a causal mask*
#   that predicts all masked tokens.
# - AR: one factorisation, left to right, exact likelihood, exact KV cache, one token a pass.
# - LLaDA: all conditionals of an any-order model, a *bound* on the likelihood, no exact cache, any number of tokens a
#   pass.
# - Cost: k passes over the *whole* canvas, not "O(k) against O(n)". Full quality at about one token a step.
# - For nothing: infilling, guidance (its second prediction needs no extra training: mask the prompt), both directions.
#
# </details>

# %% [markdown] card="24.2" level="basic"
# <details><summary>How does discrete masking diffusion work?</summary>
#
# - Forward: t uniform in [0, 1]; each token becomes a mask with probability t, independently; the count is random.
# - Predictor: sees $x_t$, not t; gives a distribution at each mask.
# - Reverse: from t to s predict all masks, mask a share s/t again. Without that, one step decides everything.
# - Loss: cross-entropy on masks, times 1/t; an upper bound on the NLL.
#
# </details>

# %% [markdown] card="24.3" level="medium"
# <details><summary>What is the remasking strategy in LLaDA?</summary>
#
# - Random (what the process asks for) or low confidence (the default): a *ranking*, not a threshold.
# - n of each step: masks / steps, remainder first. 10 in 4: 3, 3, 2, 2.
# - Confidence: probability of the chosen token, without noise; only among masks of the block. Draw in float64.
# - Committed tokens stay. (Remasking those is another method, 2503.00307.)
# - End tokens come first in one long block: commit them last (GSM8K 69.4, the paper's tables) or write in blocks from
#   left to right (78.6; better on MATH too, worse elsewhere).
# - At temperature 1 a ranking by confidence changes the distribution that is sampled: diversity falls.
#
# </details>

# %% [markdown] card="24.4" level="medium"
# <details><summary>Why does LLaDA solve the "reversal curse"?</summary>
#
# - The curse: trained on "A is B", fails at "B is A". AR training asks for one direction alone.
# - The any-order loss trains P(A | B) and P(B | A) alike. Bidirectional attention alone is not the reason, the
#   objective is.
# - Measured: 496 pairs of Chinese lines, forward/reversal: LLaDA 51.8/45.6, GPT-4o 82.7/34.3, Qwen2.5-7B 75.9/38.0.
# - So: a small gap, best in reverse, weakest forward. The guide's 91/89 is invented.
#
# </details>

# %% [markdown] card="24.5" level="medium"
# <details><summary>How is LLaDA trained?</summary>
#
# - 2.3T tokens, length 4,096 (1 % random lengths), 0.13 million H800 hours.
# - Per row t ~ U(0, 1), p = (1 − ε) t + ε with ε = 0.001, independent masks; loss: masked cross-entropy / p / length.
# - Fine-tuning: 4.5 million pairs, 3 epochs; prompt clean, answer masked; padded end tokens are trained on.
# - Slips: no 1/t; dividing by the masks of the batch; one t per batch; exact counts; masks read off the ids (LLaDA's
#   fine-tuning code does, so no text may hold the mask's id).
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Can a diffusion language model use a KV cache?</summary>
#
# - Not exactly: with attention both ways every commit changes all keys and values.
# - Approximately: Fast-dLLM refreshes once a block, prefix alone or both sides (up to 27.6 times the throughput with
#   parallel commits); dLLM-Cache refreshes the prompt seldom.
# - Exactly, if trained so: block diffusion, causal between blocks.
# - It matters most at large batches, where tokens are paid in FLOPs.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you measure a diffusion model's likelihood?</summary>
#
# - Monte Carlo on the bound: l uniform in 1 … A, l positions without replacement, (A/l) · summed NLL; 128 draws in
#   LLaDA's evaluation, with a standard error.
# - The same expectation as the 1/t form: with t uniform the number of masks is uniform.
# - An upper bound on the perplexity, no perplexity; tight only where the conditionals fit together.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Why not commit all tokens at once?</summary>
#
# - The tokens of one step are drawn from marginals, each as if the others were independent: "New Angeles". The model is
#   right about each and wrong about the pair. At one token a step this factorisation error is gone.
# - So quality falls with tokens a step even for a perfect predictor; most where tokens of one step depend on each other
#   and nothing near them stands yet. Where a neighbour has settled them, several at once cost next to nothing.
# - Remedies: commits by a threshold with at least one a step, short blocks, an AR model that verifies.
# - Measure it: quality against steps, never the speed alone.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you align a diffusion language model, when it has no exact likelihood?</summary>
#
# - Preference training (section 06) needs log P(answer | prompt), for the model and for its reference; here each is a
#   bound with noise, and the noise goes through a nonlinear loss: bias and variance.
# - LLaDA 1.5 (2505.19223): more draws, one mask for each level rather than several masks of few levels, and the *same*
#   levels and masks for the model and its reference, so that errors cancel. GSM8K + 4.7 over fine-tuning alone.
# - Also since LLaDA: block diffusion out of a finished AR model by about 1 billion tokens (Fast-dLLM v2, 2509.26328);
#   a mixture of experts; committed tokens that may be edited again (LLaDA2.1, 2602.08676).
#
# </details>

# %% [markdown] card="24.6" level="killer"
# <details><summary>Compare the performance of LLaDA and LLaMA3 8B.</summary>
#
# - Base: MMLU 65.9/65.4, GSM8K 70.3/48.7, MATH 31.4/16.0, HumanEval 35.4/34.8, MBPP 40.0/48.8, BBH 49.7/62.1,
#   CMMLU 69.9/50.7. Ahead in mathematics and Chinese, behind in BBH and MBPP.
# - Instruct: mostly behind (GSM8K 69.4/78.3, HumanEval 49.4/59.8, MMLU 65.5/68.4), ahead on MATH 31.9/29.6; it
#   had no reinforcement learning.
# - 2.3T against 15T tokens is no proof of data efficiency: other data. On the same data about on par at equal compute.
# - Equal likelihood took 16 times the compute in an earlier study, where a bound stands against a value.
# - All from the authors' own evaluation; the guide's numbers are not theirs.
#
# </details>

# %% [markdown] card="24.7" level="killer"
# <details><summary>When would you use a diffusion LLM, and when an autoregressive one?</summary>
#
# - Diffusion: infilling and editing; constraints at both ends; reversed questions; low latency at batch 1 where several
#   tokens a step are good enough; few data and many epochs.
# - AR: large batches (no cache: 128 × 640 tokens against 639), long contexts, token streaming, exact likelihoods,
#   tooling.
# - Code: no reason against it: HumanEval-FIM 73.8 against LLaMA3's 73.3.
# - Between them: block diffusion; drafting with diffusion and verifying with AR.
# - Decide by tokens a step at equal quality, your batch size and a roofline.
#
# </details>

# %% [markdown] card="24.8" level="killer"
# <details><summary>Design a production inference pipeline for LLaDA.</summary>
#
# - Canvas: prompt, masks up to a maximum; blocks of 32 from left to right; stop after the block that holds the end token.
# - Step: one batched pass (two rows each with guidance), in float64 choose and rank, commit n or all above a threshold,
#   *at least one*; skip empty steps. Afterwards no mask is left: assert it.
# - Steps: about one a token for quality (LLaDA's default: 128 for 128); fewer after measuring. Not "10 to 20".
# - Cache: refreshed at each block, prefix or both sides; compare with the exact run.
# - Serving: requests of one batch differ in holes; finished rows leave at block borders; stream by block.
# - The guide's class: a threshold from 0.9 to 0.6 leaves masks in the output, shapes do not fit, the prompt is joined
#   twice.
#
# </details>

# %% [markdown]
# ## 13 · Sources
#
# LLaDA: Nie et al. 2025, arXiv 2502.09992, and github.com/ML-GSAI/LLaDA. Masked diffusion: D3PM 2107.03006, MDLM
# 2406.07524, RADD (any-order view) 2406.03736, MaskGIT 2202.04200; scaling and guidance 2410.18514. Blocks and
# caches: 2503.09573, Fast-dLLM 2505.22618, dLLM-Cache 2506.06295. Remasking committed tokens: 2503.00307. Precision of
# sampling: 2409.02908. Alignment: LLaDA 1.5 2505.19223. Few data: 2507.15857. Reversal curse: 2309.12288.
