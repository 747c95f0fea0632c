# %% [markdown]
# # 04 · LoRA and its relatives
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What does LoRA train, what does it cost, and why must nobody form the product $BA$?
# - What do r, α, α/r and α/√r mean? Which matrices get an adapter, and where does the memory of QLoRA go?
# - What do DoRA, VeRA and AdaLoRA change, and which of the guide's formulas for them do not even run?
# - How are adapters merged, mixed, taken out again, and served side by side in one batch?
#
# Eight exercises. The last trains two adapters on a small transformer and serves both at once; after it SmolLM2
# learns a tone. It takes about three hours; the end of part 3 is a good place to stop. It builds on matrix products
# and gradients, and needs no other section. How numbers are quantised is section 05's matter; how whole models are
# merged, section 28's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** A linear layer has a weight $W$ of shape (out, in) and gives $y = x W^\top$. An adapter is a pair: $A$
# (r, in) and $B$ (out, r), with the number α (`alpha`); r is its *rank*. n rows, B sequences, T tokens, V vocabulary,
# L layers. **Units.** 1 GB is 10⁹ bytes, 1 GiB is 2³⁰ bytes; a parameter in BF16 (bfloat16) takes 2 bytes, in FP32
# (float32) 4.

# %% setup
import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, predicted, unchanged, value_and_grad
from course.duel import advise, duel
from course.models.linears import logits, random_weights

torch.set_num_threads(1)
MATRICES = ("q", "k", "v", "out", "gate", "up", "down")  # the linear layers of a block
TOY = dict(layers=1, width=4, heads=2, kv_heads=1, head_dim=3, hidden=5, vocab=7, tied=False)
LLAMA_2_7B = dict(layers=32, width=4096, heads=32, kv_heads=32, head_dim=128, hidden=11008, vocab=32000, tied=False)
LLAMA_3_8B = dict(layers=32, width=4096, heads=32, kv_heads=8, head_dim=128, hidden=14336, vocab=128256, tied=False)
LLAMA_3_70B = dict(layers=80, width=8192, heads=64, kv_heads=8, head_dim=128, hidden=28672, vocab=128256, tied=False)
Adapter = tuple[Tensor, Tensor, float]  # A (r, in), B (out, r), alpha

# %% tags=["picture"]
from course.sections import lora

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).to(dtype)


def adapter(n_in, n_out, r, seed, alpha=8.0, dtype=torch.float32):
    "A random adapter."
    return drawn(r, n_in, seed=seed, dtype=dtype), drawn(n_out, r, seed=seed + 1000, dtype=dtype), alpha


def delta(A, B, alpha, root=False):
    "The whole update (out, in), in float64."
    r = A.shape[0]
    if r == 0:
        return torch.zeros(B.shape[0], A.shape[1], dtype=torch.float64)
    return (alpha / (math.sqrt(r) if root else r)) * (B.double() @ A.double())


def adapted(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    "The oracle of lora_forward: with the update spelt out, in float64."
    y = x.double() @ (W.double() + delta(A, B, alpha, rank_stabilised)).T
    return y if bias is None else y + bias.double()


def merged(weights, adapters, alpha):
    "Weights with the updates of {name: (A, B)} added, in float64."
    return {k: w.double() + delta(*adapters[k], alpha) if k in adapters else w.double() for k, w in weights.items()}
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · A low-rank update
#
# Fine-tuning moves a weight from $W$ to $W + \Delta W$. LoRA (Hu et al. 2021, arXiv 2106.09685) freezes $W$ and
# writes the move as a product of two thin matrices:
#
# $$y = x W^\top + s\,(x A^\top) B^\top, \qquad \Delta W = s\,B A, \qquad s = \frac{\alpha}{r}.$$
#
# $A$ begins random, $B$ with zeros. So $\Delta W = 0$ and training begins at the base model, not near it. If both
# began with zeros, no gradient would ever reach either: the gradient of $A$ is $s B^\top G$ and that of $B$ is $s\,G
# A^\top$, where $G$ is the gradient of $W$. At the first step only $B$ moves.
#
# **Fewer what?** "100 to 1,000 times fewer parameters" is said of LoRA. It is true of the *trainable* ones: gradients
# and optimiser states shrink. The model itself grows a little, the forward pass does a little more, and the
# activations of the whole network are still needed for the backward pass. For Llama-2-7B (6.74 billion parameters):
#
# | adapters | trainable | fewer by |
# |---|---|---|
# | r = 8 on q, v (the paper's choice) | 4,194,304 | 1,607 |
# | r = 16 on all seven matrices of a block | 39,976,960 | 169 |
# | r = 64 on all seven | 159,907,840 | 42 |
#
# A block of these models has seven matrices: q, k, v and out of its attention; gate, up and down of its MLP
# (multilayer perceptron).
#
# **Which matrices?** LoRA's paper adapted the attention alone, mostly q and v, and found more matrices at a small r
# better than one at a large r (its section 7.1). QLoRA (arXiv 2305.14314, section 4, on LLaMA-7B) found that adapters
# on *all* linear layers of a block were needed to match full fine-tuning, and that r mattered little then. If the
# budget is fixed, spread it: small r everywhere before large r in two places.
#
# **What does r do to the scale?** The first step of gradient descent lowers the loss by about $\eta\, s^2 \lVert G
# A^\top \rVert^2$, with learning rate $\eta$, and that goes with $s^2 r$. Under $s = \alpha/r$ it goes with $1/r$: "a
# larger r did not help" may mean "a larger r learnt more slowly". So says rsLoRA (Kalajdzievski 2023, arXiv
# 2312.03732), and takes $s = \alpha/\sqrt r$, which keeps it level. Adam divides every gradient by its own size, so
# its first step goes with $s\, r$: level under α/r, growing with √r under α/√r. So α, r and the learning rate belong
# together. α = 2r, that is $s$ = 2 at every rank, is a habit, no law. LoRA+ (Hayou et al. 2024, arXiv 2402.12354)
# gives $B$ a larger learning rate than $A$. How many times as large depends on model and task, its authors write; 16
# is a common first try.
#
# **The catch: the order of the products.** $x A^\top$ is (n, r), thin. $(x A^\top) B^\top$ costs $n \cdot r \cdot
# (\text{in} + \text{out})$ multiplications. Forming $BA$ first costs $r \cdot \text{in} \cdot \text{out}$, whatever n
# is, and a matrix as large as $W$ in memory; forming it anew for each row is the worst.

# %% tags=["picture"]
lora.three_orders()

# %% [markdown]
# The same update three ways, for 256 rows of 512 numbers at r = 8, measured on this machine. With one row (decoding
# at batch 1) the last two do the same work: one product $BA$ for one row.
#
# ### Exercise 04.1 · lora_forward
#
# $y = x W^\top + s\,(x A^\top) B^\top + \text{bias}$, with $s = \alpha/r$, or $\alpha/\sqrt r$ where
# `rank_stabilised`.
#
# - `x` has any leading shape, (in,) alone too. r is read off A. `alpha` is a number; it may be 0 or negative. `bias`
#   (out,) or None.
# - r = 0 is allowed: no adapter, the base layer alone.
# - `A` and `B` may be in float32 while `x`, `W` and `bias` are in half precision, as in training. The answer has x's
#   dtype. In half precision compute all of it in float32 and round once: base and update are not rounded apart.
# - Gradients flow to x, A and B.
# - **No out × in matrix may be formed** besides W (and a float32 copy of it in half precision): the timed check
#   notices.
#
# Source: Hu et al. 2021, section 4.1; `Linear.forward` in peft 0.21.2, `tuners/lora/layer.py`.

# %% stub="lora_forward"
def lora_forward(x: Float[Tensor, "*lead in"], W: Float[Tensor, "out in"], A: Float[Tensor, "r in"],
                 B: Float[Tensor, "out r"], alpha: float, bias: Float[Tensor, "out"] | None = None,
                 rank_stabilised: bool = False) -> Float[Tensor, "*lead out"]:
    """A frozen linear layer with an adapter, through two thin products.

    x = [1, 2], W = [[1, 0]], A = [[1, 1]], B = [[2]], alpha = 3: 1 + 3/1 * (3 * 2) = [19].
    """
    ### BEGIN SOLUTION
    wide, r = torch.promote_types(x.dtype, torch.float32), A.shape[0]
    x_wide = x.to(wide)
    y = x_wide @ W.to(wide).T
    if r > 0:
        scale = alpha / (math.sqrt(r) if rank_stabilised else r)
        y = y + scale * (x_wide @ A.to(wide).T) @ B.to(wide).T  # (…, in) -> (…, r) -> (…, out)
    if bias is not None:
        y = y + bias.to(wide)
    return y.to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("lora_forward")

# %% [markdown] hints="lora_forward"
# <details><summary>Hint 1: a question</summary>
#
# `x @ A.T @ B.T` and `x @ (B @ A).T` are equal on paper. Python reads the first from left to right. How large is the
# matrix in the middle of each?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# x = [1, 2], A = [[1, 1], [0, 1]], so r = 2, B = [[1, 10]], alpha = 4. The thin middle is [3, 2], times B: 23. The
# scale is 4/2 = 2, so the update is 46; rank-stabilised the scale is 4/1.414 = 2.828 and the update 65.05.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# With r = 0 the scale divides by 0, before any matrix is empty. And in half precision it is the *sum* of base and
# update that gets rounded.
#
# </details>

# %% graded="lora_forward__values" points=2
# Looks at base, update and bias for many shapes and alphas; r = 0.
check(lora_forward, torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0], [0.0, 1.0]]),
      torch.tensor([[1.0, 10.0]]), 4.0, want=torch.tensor([47.0]), why="1 + 4/2 * (3 * 1 + 2 * 10)",
      mistakes={"the update is scaled by alpha, not by alpha / r": torch.tensor([93.0]),
                "the update is not scaled": torch.tensor([24.0]),
                "alpha / sqrt(r) though rank_stabilised is False": torch.tensor([1 + 23 * 8 ** 0.5]),
                "the base layer was forgotten": torch.tensor([46.0])})
check(lora_forward, torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.zeros(0, 2), torch.zeros(1, 0), 4.0,
      torch.tensor([5.0]), want=torch.tensor([[6.0]]), why="r = 0: the base layer alone, with its bias")
### BEGIN HIDDEN TESTS
for seed, (lead, n_in, n_out, r, alpha) in enumerate([((), 5, 3, 2, 1.0), ((1,), 7, 4, 1, 16.0),
                                                      ((3, 5), 9, 11, 4, 32.0),
                                                      ((2, 3, 2), 6, 6, 8, 8), ((4,), 130, 70, 3, 0.5),
                                                      ((6,), 8, 20, 5, -2.0),
                                                      ((2,), 6, 4, 3, 0.0), ((3,), 4, 5, 0, 2.0),
                                                      ((80,), 33, 17, 20, 7.5)]):
    for dtype in (torch.float32, torch.float64):
        x, W = drawn(*lead, n_in, seed=seed, dtype=dtype), drawn(n_out, n_in, seed=seed + 50, dtype=dtype)
        A, B, _ = adapter(n_in, n_out, r, seed, dtype=dtype)
        for bias in (None, drawn(n_out, seed=seed + 70, dtype=dtype)):
            tolerance = dict(rtol=1e-4, atol=1e-4) if dtype == torch.float32 else dict(rtol=1e-9, atol=1e-9)
            check(lora_forward, x, W, A, B, alpha, bias, want=adapted(x, W, A, B, alpha, bias).to(dtype), **tolerance,
                  why="x W^T + alpha / r (x A^T) B^T + bias")
x, W, A, B = (drawn(*s, seed=i).T for i, s in enumerate([(6, 4), (6, 5), (6, 3), (3, 5)]))  # nothing is contiguous
check(lora_forward, x, W, A, B, 3.0, want=adapted(x, W, A, B, 3.0).float(), rtol=1e-4, atol=1e-4,
      why="strided arguments are valid")
x = drawn(4, 3, 6, seed=11).transpose(0, 1)  # its leading dimensions cannot be viewed as one
check(lora_forward, x, W, A, B, 3.0, want=adapted(x, W, A, B, 3.0).float(), rtol=1e-4, atol=1e-4,
      why="strided arguments are valid, in every dimension")
check(lora_forward, drawn(2, 6, seed=1), drawn(5, 6, seed=2), drawn(3, 6, seed=3), torch.zeros(5, 3), 9.0,
      want=(drawn(2, 6, seed=1).double() @ drawn(5, 6, seed=2).double().T).float(), why="B = 0: exactly the base layer")
check(lora_forward, torch.tensor([[1.0, 2.0]]), torch.eye(2), torch.ones(1, 2), torch.ones(2, 1), 2.0,
      torch.tensor([1.0, -1.0]), want=torch.tensor([[8.0, 7.0]]), why="a bias whose numbers add up to 0 is a bias")
x, W, (A, B, _) = drawn(3, 12, seed=21), drawn(7, 12, seed=22), adapter(12, 7, 150, 23)
for root in (False, True):
    check(lora_forward, x, W, A, B, 5.0, None, root, want=adapted(x, W, A, B, 5.0, None, root).float(), rtol=1e-4, atol=1e-4,
          why="r = 150, larger than both sides of W: the scale still divides by r")
### END HIDDEN TESTS

# %% graded="lora_forward__rank_stabilised" points=1
# Looks at the scale alpha / sqrt(r).
check(lora_forward, torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 0.0]]), torch.ones(4, 2), torch.ones(1, 4), 2.0,
      None, True,
      want=torch.tensor([13.0]), why="1 + 2 / sqrt(4) * 12",
      mistakes={"alpha / r": torch.tensor([7.0]), "alpha": torch.tensor([25.0]),
                "alpha * sqrt(r)": torch.tensor([49.0])})
### BEGIN HIDDEN TESTS
for seed, (n_in, n_out, r, alpha) in enumerate([(5, 3, 2, 1.0), (7, 4, 1, 16.0), (9, 11, 7, 32), (6, 6, 0, 8.0),
                                                (8, 5, 12, -3.0)]):
    x, W, bias = drawn(2, 3, n_in, seed=seed), drawn(n_out, n_in, seed=seed + 50), drawn(n_out, seed=seed + 60)
    A, B, _ = adapter(n_in, n_out, r, seed)
    for root in (True, False):
        check(lora_forward, x, W, A, B, alpha, bias, root, want=adapted(x, W, A, B, alpha, bias, root).float(),
              rtol=1e-4, atol=1e-4,
              why=f"rank_stabilised={root}")
### END HIDDEN TESTS

# %% graded="lora_forward__gradient" points=2
# Looks at the gradients of x, A and B, at B = 0 too.
value, grads = value_and_grad(lora_forward, torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0]]),
                              torch.tensor([[1.0, 1.0]]),
                              torch.tensor([[0.0]]), 3.0, wrt=(0, 2, 3))
expect(value, torch.tensor([[1.0]]), on="lora_forward at B = 0")
for name, grad, want in zip(["x", "A", "B"], grads, [torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2),
                                                     torch.tensor([[9.0]])]):
    expect(grad, want, on=f"the gradient of {name} at B = 0, x = [1, 2], A = [1, 1], alpha = 3",
           why="at the start A gets a gradient of 0 and B does not: keep the graph through both products")
### BEGIN HIDDEN TESTS
for seed, (n, n_in, n_out, r, alpha, root) in enumerate([(1, 4, 3, 2, 5.0, False), (6, 7, 5, 3, 2.0, True),
                                                         (9, 3, 8, 1, 16.0, False)]):
    x, W = drawn(n, n_in, seed=seed, dtype=torch.float64), drawn(n_out, n_in, seed=seed + 50, dtype=torch.float64)
    A, B, _ = adapter(n_in, n_out, r, seed, dtype=torch.float64)
    s, ones = alpha / (r ** 0.5 if root else r), torch.ones(n, n_out, dtype=torch.float64)
    _, grads = value_and_grad(lora_forward, x, W, A, B, alpha, None, root, wrt=(0, 2, 3))
    for name, grad, want in zip(["x", "A", "B"], grads, [ones @ (W + s * B @ A), s * B.T @ ones.T @ x,
                                                         s * ones.T @ x @ A.T]):
        expect(grad, want, on=f"the gradient of lora_forward with respect to {name}, r = {r}", rtol=1e-8, atol=1e-8)
### END HIDDEN TESTS

# %% graded="lora_forward__half" points=2
# Looks at float16 and bfloat16 against float64, with half and with float32 adapters.
check(lora_forward, torch.tensor([256.0, 1.0]).bfloat16(), torch.tensor([[1.0, 1.0]]).bfloat16(),
      torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0]]),
      1.0, want=torch.tensor([258.0]).bfloat16(),
      why="the base gives 257, the update 1: next to 256 bfloat16 goes in steps of 2", rtol=0, atol=0,
      mistakes={"base and update were rounded apart": torch.tensor([256.0]).bfloat16()})
### BEGIN HIDDEN TESTS
check(lora_forward, torch.tensor([256.0]).bfloat16(), torch.tensor([[1.0]]).bfloat16(), torch.tensor([[1.0]]),
      torch.tensor([[0.00390625]]),
      1.0, torch.tensor([1.0]).bfloat16(), want=torch.tensor([258.0]).bfloat16(), rtol=0, atol=0,
      why="256 + 1 + 1: base, update and bias are one sum, rounded once")
check(lora_forward, torch.tensor([256.0]).bfloat16(), torch.ones(1, 1).bfloat16(), torch.tensor([[0.00390625]]),
      torch.tensor([[1.00390625]]), 1.0,
      want=torch.tensor([258.0]).bfloat16(), rtol=0, atol=0,
      why="256 + 1.0039: the update is not rounded before it is added")
check(lora_forward, torch.ones(1).bfloat16(), torch.zeros(1, 1).bfloat16(), torch.ones(3, 1),
      torch.full((1, 3), 1.003), 1.0, want=torch.ones(1).bfloat16(), rtol=0, atol=0,
      why="1/3 * 3.009 rounds to 1: the scale is no number of half precision")
for A, B in [([[1.00390625, 1.0]], [[1.0]]), ([[1.0, 0.0], [0.0, 1.0]], [[1.00390625, 1.0]])]:
    check(lora_forward, torch.tensor([1.0, -1.0]).bfloat16(), torch.zeros(1, 2).bfloat16(), torch.tensor(A),
          torch.tensor(B), float(len(A)),
          want=torch.tensor([0.00390625]).bfloat16(), rtol=0, atol=0,
          why="float32 adapters keep their digits: 1.0039 - 1 is not 0")
for seed, (n, n_in, n_out, r) in enumerate([(3, 24, 7, 5), (2, 70, 11, 3), (5, 40, 4, 12)]):
    x, W = drawn(n, n_in, seed=seed).abs() + 0.1, drawn(n_out, n_in, seed=seed + 50).abs()
    bias = drawn(n_out, seed=seed + 60).abs()
    A, B = drawn(r, n_in, seed=seed + 1).abs(), drawn(n_out, r, seed=seed + 2).abs()  # all positive: nothing cancels
    for root in (False, True):
        precise(lambda x, W, A, B, bias: lora_forward(x, W, A, B, 3.0, bias, root), x, W, A, B, bias,
                oracle=lambda x, W, A, B, bias: adapted(x, W, A, B, 3.0, bias, root))
    for dtype in (torch.float16, torch.bfloat16):  # adapters in float32 beside a half-precision layer
        xh, Wh = x.to(dtype), W.to(dtype)
        check(lora_forward, xh, Wh, A, B, 6.0, want=adapted(xh, Wh, A, B, 6.0).to(dtype), rtol=torch.finfo(dtype).eps,
              atol=0,
              why="A and B may be float32 while x is in half precision: the answer has x's dtype")
check(lora_forward, torch.tensor([1.0, 2 ** -8]).bfloat16(), torch.zeros(1, 2).bfloat16(), torch.ones(1, 2).bfloat16(),
      torch.tensor([[3.0]]).bfloat16(), 1.0,
      want=torch.tensor([3.015625]).bfloat16(), rtol=0, atol=0, why="the thin middle, 1.0039, is not rounded to 1")
x = torch.full((2, 8), 300.0).half()
check(lora_forward, x, torch.zeros(3, 8).half(), torch.full((2, 8), 100.0).half(), torch.full((3, 2), 0.001).half(),
      2.0,
      want=adapted(x, torch.zeros(3, 8), torch.full((2, 8), 100.0), torch.full((3, 2), 0.001).half(), 2.0).half(),
      rtol=2e-3, atol=0,
      why="x A^T is 240,000 here, beyond float16: float32 inside")
### END HIDDEN TESTS

# %% graded="lora_forward__inplace" points=1
# Looks at the arguments after the call.
unchanged(lora_forward, torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]]),
          torch.tensor([[2.0]]), 3.0,
          torch.tensor([1.0]), want=torch.tensor([20.0]))
### BEGIN HIDDEN TESTS
x, W, bias = drawn(2, 4, seed=1), drawn(3, 4, seed=2), drawn(3, seed=3)
A, B, _ = adapter(4, 3, 2, 5)
unchanged(lora_forward, x, W, A, B, 3.0, bias, want=adapted(x, W, A, B, 3.0, bias).float(), rtol=1e-4, atol=1e-4)
unchanged(lora_forward, x, W, A[:0], B[:, :0], 3.0, bias, want=adapted(x, W, A[:0], B[:, :0], 3.0, bias).float(),
          rtol=1e-4, atol=1e-4)
### END HIDDEN TESTS

# %% graded="lora_forward__speed" points=2 tags=["timed"]
# Looks at the time for 6 tokens through a layer of 1,536 × 1,024 with an adapter of rank 96.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    x, W, A, B = (torch.from_numpy(rng.standard_normal(s, dtype=np.float32))
                  for s in [(2, 3, 1024), (1536, 1024), (96, 1024), (1536, 96)])
    return x, W, A, B, 16.0

advise(lora_forward, draw, yardstick=lambda x, W, A, B, alpha: x @ W.T, usual=1.3)
### BEGIN HIDDEN TESTS
duel(lora_forward, draw, reference='''
import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    return x @ W.T + alpha / A.shape[0] * (x @ A.T) @ B.T
''', limit=2.5, rtol=1e-3, atol=5e-2)
### END HIDDEN TESTS

# %% tags=["picture"]
lora.first_step(lora_forward)

# %% [markdown]
# Ten random layers at each r, from $B = 0$, with your function and its gradients. Left: under α/r the first step
# gains 1/r of what it gains at r = 1; under α/√r the same at every rank. Right: under Adam it is α/r that stays
# level. Which scale is "right" depends on how you step, so tune the learning rate anew when you change r.

# %% [markdown]
# ## 2 · Merging, mixing, taking out
#
# An adapter can be added into the weight, $W' = W + sBA$, once. After that the layer costs what it cost before: no
# latency at all. That is what LoRA has over adapters that are layers of their own. The price: a merged model serves
# one task.
#
# - **Several adapters add.** $W + \sum_i w_i s_i B_i A_i$, with a weight $w_i$ for each (negative ones subtract a
#   behaviour). That is *not* what you get by averaging the $A$s and the $B$s: $\frac{B_1 + B_2}{2} \cdot \frac{A_1 +
#   A_2}{2}$ holds the cross terms $B_1 A_2$ and $B_2 A_1$, which nobody trained. The exact sum is again an adapter,
#   of rank $r_1 + r_2$. Whether the sum *works* is another matter: two tasks may pull one weight in opposite
#   directions (section 28).
# - **Merging rounds.** A bfloat16 number has 8 significant bits. A change below about 1/512 of a weight is rounded
#   away, and small changes are what fine-tuning makes. Sum all updates in float32 and round once.
# - **Taking out is not exact.** $(W + \Delta) - \Delta$ gives $W$ back up to rounding. After a hundred swaps on a
#   server it is another model. Keep the original, or do not merge.
# - **A 4-bit base.** An adapter trained on a quantised base belongs to *that* base. Merge into the dequantised
#   weights and keep 16 bits; quantising the result again makes new errors that the adapter never saw.
#
# ### Exercise 04.2 · merge
#
# Two functions. An adapter is a tuple `(A, B, alpha)`; its update is $\frac{\alpha}{r} B A$.
#
# - `combine(adapters, weights)` gives **one adapter** `(A, B, alpha)` whose update is $\sum_i w_i
#   \frac{\alpha_i}{r_i} B_i A_i$, exactly. Its rank is the sum $R = \sum_i r_i$: A (R, in), B (out, R). Its `alpha`
#   is a number. How the factors are shared out among A, B and alpha is up to you: the tests look at the ranks and at
#   the update. One adapter or more, each of rank 1 or more, of different ranks and alphas (any but 0), in float32 or
#   float64; the weights are numbers, 0 and negative ones too. A and B come back in the dtype they came in.
# - `merge(W, adapters, weights=None)` gives the merged weight, in W's dtype and in new memory. `weights=None` means 1
#   for each. No adapters: a copy of W. The adapters may be in float32 while W is in half precision: everything is
#   summed in float32 (float64 for a float64 W) and **rounded once**.
#
# Source: Hu et al. 2021, section 4.1; `add_weighted_adapter(combination_type="cat")` in peft 0.21.2.

# %% stub="merge"
def combine(adapters: list[Adapter], weights: list[float]) -> Adapter:
    """One adapter that does what all of them do together, each times its weight.

    combine([([[1]], [[2]], 3)], [0.5]) may be ([[1]], [[1]], 3) or ([[1]], [[3]], 1): the update is [[3]].
    """
    ### BEGIN SOLUTION
    scales = [w * alpha / A.shape[0] for (A, _, alpha), w in zip(adapters, weights)]
    A = torch.cat([A for A, _, _ in adapters])
    B = torch.cat([s * B for s, (_, B, _) in zip(scales, adapters)], dim=1)
    return A, B, float(A.shape[0])  # alpha / r = 1: the scales are in B
    ### END SOLUTION
    raise NotImplementedError("combine")


def merge(W: Float[Tensor, "out in"], adapters: list[Adapter],
          weights: list[float] | None = None) -> Float[Tensor, "out in"]:
    """W plus the weighted updates of all adapters, rounded once.

    merge([[1]], [([[1]], [[2]], 3)]) is [[7]].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(W.dtype, torch.float32)
    total = W.to(wide, copy=True)
    for (A, B, alpha), w in zip(adapters, weights or [1.0] * len(adapters)):
        total += w * alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    return total.to(W.dtype)
    ### END SOLUTION
    raise NotImplementedError("merge")

# %% [markdown] hints="merge"
# <details><summary>Hint 1: a question</summary>
#
# What is the product of $[B_1 \; B_2]$, side by side, with $A_1$ above $A_2$?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two adapters of a 1 × 1 layer: updates 3/1 · 2 · 1 = 6 and 4/2 · [1 1] · [1; 2] = 6, weights 1 and −0.5: the sum is
# 3. As one adapter of rank 3: A = [1; 1; 2], B = [6, −1, −1], alpha = 3, so alpha / R = 1 and B A = 6 − 1 − 2 = 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The new rank divides alpha, too: each old scale belongs into one of the two factors *before* they are put side by
# side. And `merge` may not come back to half precision between two adapters.
#
# </details>

# %% graded="merge__combine" points=2
# Looks at the update and the ranks of the combined adapter.
def update(adapter):
    "What an adapter adds to its weight, in float64."
    A, B, alpha = adapter
    return float(alpha) / A.shape[0] * (B.double() @ A.double())

one, two = (torch.tensor([[1.0]]), torch.tensor([[2.0]]), 3.0), (torch.tensor([[1.0], [2.0]]),
                                                                 torch.tensor([[1.0, 1.0]]), 4.0)
got = combine([one, two], [1.0, -0.5])
expect(update(got), torch.tensor([[3.0]]).double(), on="the update of combine([6 as rank 1, 6 as rank 2], [1, -0.5])",
       rtol=1e-5,
       why="1 * 6 - 0.5 * 6", mistakes={"the weights were ignored": torch.tensor([[12.0]]).double(),
                                        "alpha / r of the parts was lost": torch.tensor([[0.5]]).double()})
assert tuple(got[0].shape) == (3, 1) and tuple(got[1].shape) == (1, 3), (
    f"expected A (3, 1) and B (1, 3): ranks 1 and 2 make 3; got {tuple(got[0].shape)} and {tuple(got[1].shape)}")
### BEGIN HIDDEN TESTS
for seed, (n_in, n_out, ranks, mix) in enumerate([(5, 3, [2], [1.0]), (5, 3, [2], [-2.5]), (7, 9, [1, 4], [0.3, 0.7]),
                                                  (70, 66, [3, 3], [1, 1]), (4, 6, [5, 1, 2], [1.0, 0.0, -1.0]),
                                                  (3, 2, [4, 7, 1, 2], [0.25, 0.25, 0.25, 0.25])]):
    for dtype in (torch.float32, torch.float64):
        parts = [adapter(n_in, n_out, r, seed * 10 + i, alpha=[16.0, 2, -1.0, 5.5][i], dtype=dtype)
                 for i, r in enumerate(ranks)]
        got = combine(parts, mix)
        on, R = f"combine of ranks {ranks} with weights {mix}", sum(ranks)
        assert tuple(got[0].shape) == (R, n_in) and tuple(got[1].shape) == (n_out, R), (
            f"{on}: expected A ({R}, {n_in}) and B ({n_out}, {R}), got {tuple(got[0].shape)} and {tuple(got[1].shape)}")
        assert got[0].dtype == got[1].dtype == dtype, f"{on}: expected {dtype}, got {got[0].dtype} and {got[1].dtype}"
        want = sum(w * delta(*p) for w, p in zip(mix, parts))
        expect(update(got), want, on=f"the update of {on}", rtol=1e-4 if dtype == torch.float32 else 1e-9,
               atol=1e-4 if dtype == torch.float32 else 1e-9,
               why="the weighted sum of the updates, without cross terms")
parts = [(torch.ones(2, 3).T.contiguous().T, torch.ones(4, 2), 2.0)] * 2
expect(update(combine(parts, [1.0, -1.0])), torch.zeros(4, 3).double(), on="an adapter minus itself", atol=1e-6)
### END HIDDEN TESTS

# %% graded="merge__values" points=2
# Looks at merged weights: none, one and several adapters; taking one out again.
one, two = (torch.tensor([[1.0]]), torch.tensor([[2.0]]), 3.0), (torch.tensor([[1.0], [2.0]]),
                                                                 torch.tensor([[1.0, 1.0]]), 4.0)
check(merge, torch.tensor([[1.0]]), [one, two], want=torch.tensor([[13.0]]), why="1 + 6 + 6",
      mistakes={"alpha instead of alpha / r": torch.tensor([[19.0]]), "only the first adapter": torch.tensor([[7.0]])})
check(merge, torch.tensor([[1.0]]), [one, two], [0.5, -1.0], want=torch.tensor([[-2.0]]), why="1 + 3 - 6",
      mistakes={"the weights were ignored": torch.tensor([[13.0]])})
### BEGIN HIDDEN TESTS
for seed, (n_in, n_out, ranks, mix) in enumerate([(5, 3, [2], None), (7, 9, [1, 4], None),
                                                  (70, 66, [3, 8], [0.3, 0.7]), (4, 6, [5, 1, 2], [1.0, 0.0, -1.0]),
                                                  (4, 6, [], None), (4, 6, [], []), (3, 5, [2, 2], [0.0, 0.0]),
                                                  (3, 5, [2], [0.0])]):
    for dtype in (torch.float32, torch.float64):
        W = drawn(n_out, n_in, seed=seed, dtype=dtype)
        parts = [adapter(n_in, n_out, r, seed * 10 + i, alpha=[16.0, 2, -1.0][i], dtype=dtype)
                 for i, r in enumerate(ranks)]
        want = W.double() + sum(w * delta(*p) for w, p in zip(mix or [1] * len(parts), parts))
        tolerance = 1e-4 if dtype == torch.float32 else 1e-9
        check(merge, W, parts, mix, want=want.to(dtype), rtol=tolerance, atol=tolerance,
              why="W plus the weighted sum of alpha / r B A")
W, part = drawn(40, 30, seed=3), adapter(30, 40, 4, 9)
merged_once = merge(W, [part])
check(merge, merged_once, [part], [-1.0], want=W, rtol=1e-4, atol=1e-4,
      why="a weight of -1 takes the adapter out again, up to rounding")
check(merge, W.T, [adapter(40, 30, 2, 5)], want=(W.T.double() + delta(*adapter(40, 30, 2, 5))).float(), rtol=1e-4,
      atol=1e-4,
      why="a transposed weight is a weight")
W, parts = drawn(5, 4, seed=8, dtype=torch.float64), [adapter(4, 5, 2, 80 + i, a, torch.float64)
                                                      for i, a in enumerate((3.0, 1e-6, 2e-4))]
check(merge, W, parts, [2.5, 1.0, -40.0], rtol=1e-11, atol=1e-11,
      want=W + 2.5 * delta(*parts[0]) + delta(*parts[1]) - 40 * delta(*parts[2]),
      why="weights are any numbers, and the smallest update counts")
### END HIDDEN TESTS

# %% graded="merge__half" points=2
# Looks at weights in half precision: one rounding, after the last adapter.
tiny = (torch.tensor([[0.002]]), torch.tensor([[1.0]]), 1.0)
check(merge, torch.tensor([[1.0]]).bfloat16(), [tiny] * 8, want=torch.tensor([[1.015625]]).bfloat16(), rtol=0, atol=0,
      why="eight updates of 0.002 make 1.016; next to 1 bfloat16 goes in steps of 0.0078",
      mistakes={"rounded after every adapter: each one is lost": torch.tensor([[1.0]]).bfloat16()})
### BEGIN HIDDEN TESTS
for seed, (n_in, n_out, ranks) in enumerate([(9, 5, [3]), (24, 7, [5, 2]), (6, 40, [1, 1, 1, 7])]):
    W = drawn(n_out, n_in, seed=seed).abs() + 0.5
    parts = [tuple(a.abs() for a in adapter(n_in, n_out, r, seed * 10 + i)[:2]) + (0.11 * r,)
             for i, r in enumerate(ranks)]
    precise(merge, W, parts, [0.7, 1.3, 0.9, 0.3][:len(ranks)],
            oracle=lambda W, parts, mix: W + sum(w * delta(*p) for w, p in zip(mix, parts)))
    for dtype in (torch.float16, torch.bfloat16):  # float32 adapters beside a half-precision weight
        Wh = W.to(dtype)
        check(merge, Wh, parts, want=(Wh.double() + sum(delta(*p) for p in parts)).to(dtype),
              rtol=torch.finfo(dtype).eps, atol=0,
              why="summed in float32, rounded once, in the dtype of W")
check(merge, torch.ones(1, 1).bfloat16(), [(torch.tensor([[0.00392]]), torch.ones(1, 1), 1.0)],
      want=torch.tensor([[1.0078125]]).bfloat16(), rtol=0, atol=0,
      why="1.00392 rounds up; the update rounded by itself first would end at a tie, and at 1")
big = (torch.full((1, 1), 300.0).half(), torch.full((1, 1), 300.0).half(), 0.5)
check(merge, torch.zeros(1, 1).half(), [big], want=torch.tensor([[45000.0]]).half(),
      why="300 * 300 is beyond float16: float32 inside")
### END HIDDEN TESTS

# %% graded="merge__inplace" points=1
# Looks at the arguments after the call, and whose memory the answer is.
def update(adapter):
    "What an adapter adds to its weight, in float64."
    A, B, alpha = adapter
    return float(alpha) / A.shape[0] * (B.double() @ A.double())

unchanged(merge, torch.tensor([[1.0]]), [(torch.tensor([[1.0]]), torch.tensor([[2.0]]), 3.0)], [1.0],
          want=torch.tensor([[7.0]]), why="the base weight is needed again")
fresh(merge, torch.tensor([[1.0, 2.0]]), [], want=torch.tensor([[1.0, 2.0]]), why="no adapters: a copy")
### BEGIN HIDDEN TESTS
W, parts = drawn(4, 3, seed=1, dtype=torch.float64), [adapter(3, 4, 2, 5, dtype=torch.float64),
                                                      adapter(3, 4, 1, 6, dtype=torch.float64)]
want = W + delta(*parts[0]) + delta(*parts[1])
unchanged(merge, W, parts, want=want)
fresh(merge, W, parts, [0.0, 0.0], want=W)
fresh(merge, W.bfloat16(), [], want=W.bfloat16())
unchanged(lambda a, w: update(combine(a, w)), parts, [2.0, -1.0], want=2 * delta(*parts[0]) - delta(*parts[1]))
unchanged(lambda a, w: update(combine(a, w)), parts[:1], [1.0], want=delta(*parts[0]))
### END HIDDEN TESTS

# %% tags=["picture"]
lora.merged_and_rounded(merge)

# %% [markdown]
# Left: how far the merged weight is from what it should be, as a share of the update; at 1 as much is wrong as was
# added. With an update a thousandth as large as the weights, bfloat16's rounding is three quarters of it. Right:
# weights that are not what they were after an adapter was merged and taken out again.

# %% [markdown]
# ## 3 · QLoRA: where the memory goes
#
# QLoRA (Dettmers et al. 2023, arXiv 2305.14314) is LoRA on a base that is *stored* in 4 bits. It does not compute in
# 4 bits: each weight is turned back into BF16 for its product, in the forward pass and again in the backward pass.
# That costs time. What it saves is memory, so that one GPU can hold the base.
#
# - **NF4** (4-bit NormalFloat): 16 levels at the quantiles of a normal distribution. Each **block** of 64 weights is
#   divided by its largest absolute value, its *constant*.
# - **Constants cost.** One FP32 per 64 weights is 32/64 = 0.5 bits a weight. **Double quantisation** stores the
#   constants themselves in 8 bits, with one FP32 for each 256 of them: 8/64 + 32/(64 · 256) = 0.127 bits. So 4.127
#   bits a weight, not 4.
# - **What stays in BF16:** embedding, head, norms. With a vocabulary of 128,256 that is not small.
# - **Adapters**, their gradients and Adam's two moments. Here: adapters and gradients in BF16, moments in FP32. They
#   exist for the adapters alone; full fine-tuning needs them for all weights, 16 bytes a parameter in mixed
#   precision.
# - **Activations** come on top, and grow with batch and length; *gradient checkpointing* recomputes them. *Paged
#   optimisers* move states to the computer's own memory at peaks.
#
# **Find the fault.** The guide says: "QLoRA fits a 70B model on a 24 GB GPU." What does the simplest multiplication
# say?
#
# <details><summary>The fault</summary>
#
# 70.55 billion weights at 4 bits are 35.3 GB, before constants, embeddings, adapters and activations. The paper
# fine-tunes a 65B model on **one 48 GB** GPU. On 24 GB a 33B model fits. Your function gives the parts.
#
# </details>
#
# ### Exercise 04.3 · qlora_memory
#
# A model is a dict such as `LLAMA_3_70B` in the first code cell. Each of its `layers` blocks has seven matrices,
# given as (out, in): `q` (heads · head_dim, width), `k` and `v` (kv_heads · head_dim, width), `out` (width, heads ·
# head_dim), `gate` and `up` (hidden, width), `down` (width, hidden).
#
# - `lora_params(shape, r, targets)`: trainable parameters with an adapter of rank r on each matrix named in
#   `targets`, in all layers. `targets` is a list or tuple of names, each once; it may be empty. r ≥ 0.
# - `qlora_memory(shape, r, targets, block=64, dq_block=256)`: a dict of **bytes**, whole numbers, with these six
#   keys:
#
# | key | what |
# |---|---|
# | `"weights"` | all seven matrices of every layer, adapted or not: two weights a byte, rounded up for each matrix |
# | `"constants"` | 1 byte a block, and 4 bytes a group; without double quantisation (`dq_block=None`) 4 bytes a block |
# | `"other"` | 2 bytes for each weight of the embedding, the head (unless `tied`) and the norms |
# | `"adapters"`, `"gradients"` | 2 bytes for each trainable parameter |
# | `"optimizer"` | 8 bytes for each trainable parameter |
#
# - Every matrix by itself is cut into blocks of `block` weights, and its blocks into groups of `dq_block`; the last
#   block and the last group of a matrix may be shorter.
# - Embedding and head are vocab · width each. There are two norms a layer and one at the end, of width numbers.
#
# Source: Dettmers et al. 2023, sections 2 and 3; bitsandbytes' `quantize_4bit` (block 64, nested blocks of 256).
# Shapes: the models' config files, as in `course/models/sizes.py`.

# %% stub="qlora_memory"
def lora_params(shape: dict, r: int, targets: list[str]) -> int:
    """Trainable parameters: an adapter (out, r), (r, in) on each target of each layer.

    One layer, width 4, 2 heads and 1 key/value head of size 3: r = 1 on q and k is (6 + 4) + (3 + 4) = 17.
    """
    ### BEGIN SOLUTION
    q, kv, hidden = shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"], shape["hidden"]
    other_side = {"q": q, "k": kv, "v": kv, "out": q, "gate": hidden, "up": hidden, "down": hidden}  # one is the width
    return shape["layers"] * sum(r * (shape["width"] + other_side[name]) for name in targets)
    ### END SOLUTION
    raise NotImplementedError("lora_params")


def qlora_memory(shape: dict, r: int, targets: list[str], block: int = 64,
                 dq_block: int | None = 256) -> dict[str, int]:
    """Bytes by part: weights, constants, other, adapters, gradients, optimizer.

    A matrix of 3 × 50 weights: 75 bytes; its 3 blocks of 64 take 3 bytes and 4 for their group, or 12 without
    double quantisation.
    """
    ### BEGIN SOLUTION
    L, D, trained = shape["layers"], shape["width"], lora_params(shape, r, targets)
    q, kv, hidden = shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"], shape["hidden"]
    sizes = [D * side for side in (q, kv, kv, q, hidden, hidden, hidden)]
    blocks = [math.ceil(n / block) for n in sizes]
    constants = [4 * b if dq_block is None else b + 4 * math.ceil(b / dq_block) for b in blocks]
    other = shape["vocab"] * D * (1 if shape["tied"] else 2) + (2 * L + 1) * D
    return {"weights": L * sum((n + 1) // 2 for n in sizes), "constants": L * sum(constants), "other": 2 * other,
            "adapters": 2 * trained, "gradients": 2 * trained, "optimizer": 8 * trained}
    ### END SOLUTION
    raise NotImplementedError("qlora_memory")

# %% [markdown] hints="qlora_memory"
# <details><summary>Hint 1: a question</summary>
#
# In Llama-3-8B k is not square. Which two of the seven matrices does grouped-query attention make thinner, and on
# which side?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `TOY` of the first code cell: one layer, width 4, heads 2, kv_heads 1, head_dim 3, hidden 5. q (6, 4), k and v (3,
# 4), out (4, 6), gate and up (5, 4), down (4, 5): 24 + 12 + 12 + 24 + 20 + 20 + 20 = 132 weights, 66 bytes. Seven
# matrices of one block each: 7 bytes and 7 · 4 for the second level.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# All seven matrices are quantised, whichever get an adapter. And blocks do not run on from one matrix into the next:
# round up for each matrix, at both levels.
#
# </details>

# %% graded="qlora_memory__params" points=2
# Looks at lora_params: known models, grouped-query attention, each matrix alone.
check(lora_params, TOY, 1, ["q", "k"], want=17, why="(6 + 4) + (3 + 4)",
      mistakes={"k has as many heads as q": 20, "d · d for every matrix": 16})
check(lora_params, LLAMA_2_7B, 8, ["q", "v"], want=4_194_304, why="32 layers * 2 matrices * 8 * (4096 + 4096)",
      mistakes={"A or B was forgotten": 2_097_152})
### BEGIN HIDDEN TESTS
def shapes_of(s):
    "(out, in) of the seven matrices."
    D, E = s["width"], s["head_dim"]
    return dict(q=(s["heads"] * E, D), k=(s["kv_heads"] * E, D), v=(s["kv_heads"] * E, D), out=(D, s["heads"] * E),
                gate=(s["hidden"], D),
                up=(s["hidden"], D), down=(D, s["hidden"]))

odd = dict(layers=3, width=10, heads=5, kv_heads=1, head_dim=3, hidden=7, vocab=11, tied=True)
wide = dict(layers=36, width=2880, heads=64, kv_heads=8, head_dim=64, hidden=2880, vocab=201_088,
            tied=False)  # heads · head_dim is not the width
check(lora_params, LLAMA_2_7B, 16, list(MATRICES), want=39_976_960, why="Llama-2-7B, r = 16 on all seven")
for s in (TOY, odd, wide, LLAMA_3_8B, LLAMA_3_70B):
    for r, targets in [(1, ["q"]), (2, ["k"]), (3, ["v"]), (4, ["out"]), (5, ["gate"]), (64, ["up"]), (7, ["down"]),
                       (0, ["q", "v"]), (9, []),
                       (16, list(MATRICES)), (8, ("v", "q", "down"))]:
        check(lora_params, s, r, targets, want=s["layers"] * sum(r * sum(shapes_of(s)[t]) for t in targets),
              why="layers * r * (in + out), summed over the targets")
### END HIDDEN TESTS

# %% graded="qlora_memory__base" points=3
# Looks at weights, constants and other: blocks per matrix, double quantisation, tied heads.
got = qlora_memory(TOY, 1, ["q"])
expect({k: got[k] for k in ("weights", "constants", "other")}, {"weights": 66, "constants": 35, "other": 2 * (56 + 12)},
       on="weights, constants and other of TOY",
       why="66 bytes; 7 blocks and 7 second-level constants; 2 bytes for 2 * 28 + 3 * 4")
### BEGIN HIDDEN TESTS
def base_of(s, block, dq):
    parts = dict(weights=0, constants=0)
    for out, n_in in shapes_of(s).values():
        n = out * n_in
        parts["weights"] += s["layers"] * -(-n // 2)
        b = -(-n // block)
        parts["constants"] += s["layers"] * (4 * b if dq is None else b + 4 * -(-b // dq))
    norms = (2 * s["layers"] + 1) * s["width"]
    return parts | {"other": 2 * (s["vocab"] * s["width"] * (2 - s["tied"]) + norms)}

def shapes_of(s):
    "(out, in) of the seven matrices."
    D, E = s["width"], s["head_dim"]
    return dict(q=(s["heads"] * E, D), k=(s["kv_heads"] * E, D), v=(s["kv_heads"] * E, D), out=(D, s["heads"] * E),
                gate=(s["hidden"], D),
                up=(s["hidden"], D), down=(D, s["hidden"]))

odd = dict(layers=3, width=11, heads=5, kv_heads=1, head_dim=3, hidden=7, vocab=13, tied=True)
wide = dict(layers=36, width=2880, heads=64, kv_heads=8, head_dim=64, hidden=2880, vocab=201_088, tied=False)
for s in (TOY, odd, wide, LLAMA_2_7B, LLAMA_3_8B, LLAMA_3_70B, LLAMA_3_8B | {"tied": True}):
    for block, dq in [(64, 256), (64, None), (128, 256), (10, 2), (7, 3), (1, 1), (4096, None), (64, 1024)]:
        got = qlora_memory(s, 4, ["q", "down"], block, dq)
        expect({k: got[k] for k in ("weights", "constants", "other")}, base_of(s, block, dq),
               on=f"weights, constants and other of {s} with block {block} and dq_block {dq}",
               why="all seven matrices, each cut into blocks by itself")
expect(qlora_memory(LLAMA_3_70B, 0, [], dq_block=None)["constants"], base_of(LLAMA_3_70B, 64, None)["constants"],
       on="constants of Llama-3-70B without adapters",
       why="block is 64 unless given")
expect(qlora_memory(LLAMA_3_70B, 0, [])["weights"] + qlora_memory(LLAMA_3_70B, 0, [])["other"],
       34_225_520_640 + 4_205_330_432,
       on="weights and other of Llama-3-70B")
### END HIDDEN TESTS

# %% graded="qlora_memory__trained" points=1
# Looks at adapters, gradients and optimiser states; the keys.
check(qlora_memory, TOY, 1, ["q", "k"], want={"weights": 66, "constants": 35, "other": 136, "adapters": 34,
                                              "gradients": 34, "optimizer": 136},
      why="17 trainable parameters: 2, 2 and 8 bytes each")
### BEGIN HIDDEN TESTS
for s, r, targets in [(LLAMA_3_70B, 64, list(MATRICES)), (LLAMA_3_8B, 16, ["q", "v"]), (LLAMA_2_7B, 0, ["q"]),
                      (TOY, 3, []), (TOY, 5, ["down", "k"])]:
    p = s["layers"] * sum(r * sum(dict(q=(s["heads"] * s["head_dim"], s["width"]),
                                       k=(s["kv_heads"] * s["head_dim"], s["width"]),
                                       v=(s["kv_heads"] * s["head_dim"], s["width"]),
                                       out=(s["width"], s["heads"] * s["head_dim"]),
                                       gate=(s["hidden"], s["width"]), up=(s["hidden"], s["width"]),
                                       down=(s["width"], s["hidden"]))[t]) for t in targets)
    got = qlora_memory(s, r, targets)
    expect({k: got[k] for k in ("adapters", "gradients", "optimizer")},
           {"adapters": 2 * p, "gradients": 2 * p, "optimizer": 8 * p},
           on=f"adapters, gradients and optimizer of {s}, r = {r}, targets {targets}",
           why="moments exist for trainable parameters alone")
    assert set(got) == {"weights", "constants", "other", "adapters", "gradients",
                        "optimizer"}, f"expected the six keys, got {sorted(got)}"
new = dict(layers=2, width=6, heads=3, kv_heads=1, head_dim=2, hidden=9, vocab=10, tied=True)
unchanged(lora_params, dict(new), 2, ["up", "q"], want=2 * 2 * (15 + 12))
unchanged(qlora_memory, dict(new), 2, ["up", "q"],
          want={"weights": 2 * (18 + 6 + 6 + 18 + 3 * 27), "constants": 2 * 7 * 5, "other": 2 * (60 + 5 * 6), "adapters": 216,
                "gradients": 216, "optimizer": 864})
### END HIDDEN TESTS

# %% tags=["picture"]
lora.memory_by_parts(qlora_memory, {"Llama-2-7B": LLAMA_2_7B, "Llama-3-8B": LLAMA_3_8B, "Llama-3-70B": LLAMA_3_70B})

# %% [markdown]
# Without activations. At r = 64 on all seven matrices the adapters of a 70B model are 828 million parameters, and
# their optimiser states 6.6 GB: "adapters are free" is not true at every r. And with small models the BF16 embeddings
# weigh as much as all the rest of the saving.

# %% [markdown]
# ## 4 · DoRA and VeRA
#
# ### DoRA: length and direction apart
#
# DoRA (Liu et al. 2024, arXiv 2402.09353) writes each weight vector as its length times its direction, and lets a
# LoRA move the direction while a vector $m$ holds the lengths:
#
# $$W'_i = m_i \, \frac{V_i}{\lVert V_i \rVert}, \qquad V = W_0 + s B A, \qquad s = \alpha / r,$$
#
# for each **output** i, that is for each row of an (out, in) weight. (The paper stores weights as in × out and speaks
# of columns. peft takes `norm(dim=1)` of (out, in): the same vectors.) At the start $m_i = \lVert W_{0,i} \rVert$ and
# $B = 0$, so $W' = W_0$.
#
# **The catch: the norm is a constant in the backward pass** (section 4.3 of the paper, `weight_norm.detach()` in
# peft). The forward pass uses the current norm; no gradient flows through it. That saves memory, and it changes the
# gradient: with the norm in the graph, $V_i$ would get only what is perpendicular to itself.
#
# DoRA needs the whole $V$ to take its norms, out × in numbers in every forward pass. It is slower than LoRA until it
# is merged, which peft's documentation says, too. Its price in parameters is `out` a matrix: 3.4 % more than r = 16
# on all of Llama-2-7B. The paper reports its gains mostly at small r.
#
# ### VeRA: frozen random matrices, trained vectors
#
# VeRA (Kopiczko et al. 2023, arXiv 2310.11454) draws one random pair $A$ (r, in), $B$ (out, r) for **all layers**,
# never trains it, and learns two vectors a layer, $d$ (r) between the two matrices and $b$ (out) after them:
#
# $$\Delta W = \mathrm{diag}(b)\, B\, \mathrm{diag}(d)\, A.$$
#
# $b$ begins at 0, $d$ at 0.1. Layers have different shapes, so the shared pair is as large as the largest layer, and
# each layer uses its beginning: the first `in` columns of $A$, the first `out` rows of $B$. On q and v of Llama-2-7B:
# r = 256 costs 32 · 2 · (4096 + 256) = 278,528 parameters, a LoRA of r = 16 8,388,608: 30 times fewer, not "10". The
# random pair comes from a seed, so it need not be stored.
#
# **Find the fault.** The guide writes: "DoRA: $W' = m \cdot (W + \Delta V)/\lVert W + \Delta V \rVert$" and "VeRA:
# $\Delta W = d \circ (B_\text{frozen} A_\text{frozen})$, only d and b are learnable". What is missing in the first,
# what cannot be in the second?
#
# <details><summary>The faults</summary>
#
# The first does not say which norm. With the norm of the whole matrix, or of the columns of an (out, in) weight, $W'$
# is not $W_0$ at the start. In the second, $b$ does not occur, though it is "learnable"; $d$ has r numbers and cannot
# multiply an out × in matrix elementwise. The place of $d$ is *between* $B$ and $A$.
#
# </details>
#
# ### Exercise 04.4 · dora_weight
#
# - `W0` (out, in), `A` (r, in), `B` (out, r), r ≥ 1, `alpha` a number; `m` (out,), or None for the lengths of W0's
#   rows, with which training begins. Returns $W'$ (out, in) in W0's dtype.
# - The norm is the Euclidean norm of each row of $V$. No epsilon is added to it, and rows as short as 1e-6 count as
#   they are. **Where a norm is exactly 0, divide by 1 instead**: the row is 0, and no gradient is NaN or infinite (more is
#   not asked of the gradient that reaches such a row).
# - **Gradients** flow to A, B and m; the norm is a constant. So for a gradient $G$ of $W'$, $V$ gets
#   $\frac{m_i}{\lVert V_i \rVert} G_i$, and $m_i$ gets $G_i \cdot V_i / \lVert V_i \rVert$.
# - A, B and m may be in float32 while W0 is in half precision: float32 inside, rounded once.
#
# Source: Liu et al. 2024, section 4; `tuners/lora/dora.py` in peft 0.21.2.

# %% stub="dora_weight"
def dora_weight(W0: Float[Tensor, "out in"], A: Float[Tensor, "r in"], B: Float[Tensor, "out r"], alpha: float,
                m: Float[Tensor, "out"] | None = None) -> Float[Tensor, "out in"]:
    """Rows of length m in the direction of W0 + alpha / r * B A; the norm is a constant for the gradient.

    W0 = [[3, 0]], A = [[0, 4]], B = [[1]], alpha = 1: V = [3, 4], of length 5; with m = [10] it is [[6, 8]].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(W0.dtype, torch.float32)
    base = W0.to(wide)
    V = base + alpha / A.shape[0] * (B.to(wide) @ A.to(wide))
    norm = V.detach().norm(dim=1)
    norm = torch.where(norm == 0, 1.0, norm)
    lengths = base.norm(dim=1) if m is None else m.to(wide)
    return ((lengths / norm)[:, None] * V).to(W0.dtype)
    ### END SOLUTION
    raise NotImplementedError("dora_weight")

# %% [markdown] hints="dora_weight"
# <details><summary>Hint 1: a question</summary>
#
# With B = 0 and m = None the answer must be W0. For which of `norm()`, `norm(dim=0)`, `norm(dim=1)` is it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# V = [3, 4], m = 10: the row is [6, 8]. For the gradient G = [1, 1]: with the norm constant V gets 10/5 · [1, 1] =
# [2, 2]. With the norm in the graph it would get 2 · ([1, 1] − 1.4 · [0.6, 0.8]) = [0.32, −0.24].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `detach` what the norm is taken *of*, not the norm's result times V. And replace a norm of 0 before you divide:
# multiplying by 0 afterwards keeps the NaN.
#
# </details>

# %% graded="dora_weight__values" points=2
# Looks at the rows: lengths, directions, m = None, rows of very different size, a row of zeros.
check(dora_weight, torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]]), torch.tensor([[1.0]]), 1.0,
      torch.tensor([10.0]),
      want=torch.tensor([[6.0, 8.0]]), why="V = [3, 4] has length 5; the row gets length 10",
      mistakes={"divided by the length of W0's row": torch.tensor([[10.0, 40 / 3]]),
                "not divided at all": torch.tensor([[30.0, 40.0]]),
                "divided by each column's norm": torch.tensor([[10.0, 10.0]])})
check(dora_weight, torch.tensor([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 1.0]]), torch.zeros(3, 1),
      4.0,
      want=torch.tensor([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]]),
      why="at the start W' is W0, row by row; a row of zeros stays 0",
      mistakes={"one norm for the whole matrix": torch.tensor([[3.0, 4.0], [0.0, 0.0],
                                                               [1.0, 0.0]]) * torch.tensor([[5.0], [0.0],
                                                                                            [1.0]]) / 26 ** 0.5})
### BEGIN HIDDEN TESTS
def dora(W0, A, B, alpha, m=None):
    "In float64, row by row."
    V, rows = W0.double() + delta(A, B, alpha), []
    for i, v in enumerate(V):
        length = (W0[i].double() @ W0[i].double()).sqrt() if m is None else m[i].double()
        own = (v @ v).sqrt()
        rows.append(v * 0 if own == 0 else v / own * length)
    return torch.stack(rows)

for seed, (n_in, n_out, r, alpha) in enumerate([(5, 3, 2, 1.0), (3, 8, 1, 16.0), (90, 70, 4, 8.0), (6, 6, 5, -2.0),
                                                (4, 7, 2, 0.0), (1, 4, 1, 3.0)]):
    for dtype in (torch.float32, torch.float64):
        W0, m = drawn(n_out, n_in, seed=seed, dtype=dtype), drawn(n_out, seed=seed + 9,
                                                                  dtype=dtype)  # m may be negative after training
        A, B, _ = adapter(n_in, n_out, r, seed, dtype=dtype)
        sizes = 10.0 ** (torch.arange(n_out) % 7 - 5).to(dtype)[:, None]  # rows from 1e-5 to 10
        for start, low in [(W0, B), (W0 * sizes, B * sizes), (W0 * sizes / 10, 0 * B)]:
            for length in (m, None):
                check(dora_weight, start, A, low, alpha, length, want=dora(start, A, low, alpha, length).to(dtype),
                      rtol=1e-3 if dtype == torch.float32 else 1e-8,
                      atol=(1e-5 if dtype == torch.float32 else 1e-12) * (1 if length is m else 1e-6),
                      why="each row has its own norm, however small it is")
W0, (A, B, _) = drawn(4, 3, seed=1), adapter(3, 4, 2, 2)
W0[2], B[2] = 0, 0
check(dora_weight, W0, A, B, 3.0, torch.tensor([1.0, 2.0, 3.0, 4.0]),
      want=dora(W0, A, B, 3.0, torch.tensor([1.0, 2.0, 3.0, 4.0])).float(),
      why="a norm of 0: the row is 0, not NaN")
check(dora_weight, W0, A, B, 3.0, torch.zeros(4), want=torch.zeros(4, 3), why="lengths of 0 are given lengths")
check(dora_weight, W0.T, B.T, A.T, 3.0, want=dora(W0.T, B.T, A.T, 3.0).float(), rtol=1e-3,
      why="strided arguments are valid")
### END HIDDEN TESTS

# %% graded="dora_weight__gradient" points=2
# Looks at the gradients of A, B and m, the norm held constant.
_, grads = value_and_grad(dora_weight, torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]]), torch.tensor([[1.0]]),
                          1.0, torch.tensor([10.0]),
                          wrt=(1, 2, 4))
for name, grad, want, wrong in zip(["A", "B", "m"], grads, [torch.tensor([[2.0, 2.0]]), torch.tensor([[8.0]]),
                                                            torch.tensor([1.4])],
                                   [torch.tensor([[0.32, -0.24]]), torch.tensor([[-0.96]]), torch.zeros(1)]):
    expect(grad, want, on=f"the gradient of dora_weight with respect to {name}, for V = [3, 4], m = 10",
           why="the norm 5 is a constant: V gets 10 / 5 * [1, 1]",
           mistakes={"the norm is in the graph: detach it": wrong})
### BEGIN HIDDEN TESTS
_, grads = value_and_grad(dora_weight, torch.tensor([[3.0, 0.0]]), torch.tensor([[1.0, 2.0]]), torch.zeros(1, 1), 1.0,
                          wrt=(1, 2))
expect(grads[1], torch.tensor([[3.0]]), on="the gradient of B at the start, for W0 = [3, 0], A = [1, 2]",
       why="V gets 3 / 3 * [1, 1]: an entry of 0 has a gradient, too")
for seed, (n_in, n_out, r, alpha) in enumerate([(5, 3, 2, 1.0), (3, 8, 1, 16.0), (20, 11, 4, 8.0)]):
    W0, m = drawn(n_out, n_in, seed=seed, dtype=torch.float64), drawn(n_out, seed=seed + 9, dtype=torch.float64)
    A, B, _ = adapter(n_in, n_out, r, seed, dtype=torch.float64)
    if seed == 2:
        W0[3], B[3] = 0, 0  # a row of length 0: its norm is taken as 1
    V = W0 + delta(A, B, alpha)
    norm = V.norm(dim=1)
    norm[norm == 0] = 1
    for length, names in [(m, ["A", "B", "m"]), (None, ["A", "B"])]:
        scaled = ((W0.norm(dim=1) if length is None else m) / norm)[:, None].expand(n_out, n_in)
        args = (W0, A, B, alpha) if length is None else (W0, A, B, alpha, m)
        _, grads = value_and_grad(dora_weight, *args, wrt=(1, 2, 4)[:len(names)])
        for name, grad, want in zip(names, grads, [alpha / r * B.T @ scaled, alpha / r * scaled @ A.T,
                                                   (V / norm[:, None]).sum(1)]):
            if name == "B" and seed == 2 and grad is not None and grad[3].isfinite().all():
                grad[3] = want[3] = 0  # of a row of length 0 only a finite gradient is asked
            expect(grad, want, on=f"the gradient of {name}, r = {r}, m {'None' if length is None else 'given'}",
                   rtol=1e-7, atol=1e-9, why="V gets m / norm times the gradient, and nothing flows through the norm")
### END HIDDEN TESTS

# %% graded="dora_weight__half" points=1
# Looks at half precision against float64.
check(dora_weight, torch.tensor([[300.0, 400.0]]).half(), torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0]]), 1.0,
      want=torch.tensor([[300.0, 400.0]]).half(), why="300² is beyond float16: the norm is float32")
### BEGIN HIDDEN TESTS
check(dora_weight, torch.tensor([[256.0, 1.0]]).bfloat16(), torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0]]), 1.0,
      torch.tensor([1.0]),
      want=torch.tensor([[1.0, 255 / 65536]]).bfloat16(), rtol=0, atol=0,
      why="V = [257, 1] is not rounded to [256, 1] before its norm is taken")
for A, B in [([[1.00390625, 1.0]], [[1.0]]), ([[1.0, 1.0]], [[1.00390625]])]:
    V = torch.tensor([-1.0, 0.0]) + torch.tensor(A[0]) * B[0][0]
    check(dora_weight, torch.tensor([[-1.0, 0.0]]).bfloat16(), torch.tensor(A), torch.tensor(B), 1.0, torch.ones(1),
          want=(V.double() / V.double().norm())[None].bfloat16(), rtol=0, atol=0,
          why="float32 adapters keep their digits: 1.0039 - 1 is not 0")
check(dora_weight, torch.tensor([[4.0, 3.0]]).bfloat16(), torch.ones(1, 2), torch.zeros(1, 1), 1.0,
      torch.tensor([1.0036]), want=torch.tensor([[0.80288, 0.60216]]).bfloat16(), rtol=0, atol=0,
      why="a float32 m keeps its digits")
def dora(W0, A, B, alpha, m):
    V = W0 + delta(A, B, alpha)
    return V / V.norm(dim=1, keepdim=True) * m[:, None]

for seed, (n_in, n_out, r) in enumerate([(24, 7, 5), (70, 5, 3), (41, 9, 2)]):
    W0, m = drawn(n_out, n_in, seed=seed).abs() + 0.3, drawn(n_out, seed=seed + 9).abs() + 0.5
    A, B, _ = (a.abs() if isinstance(a, Tensor) else a for a in adapter(n_in, n_out, r, seed))
    precise(lambda W0, A, B, m: dora_weight(W0, A, B, 2.0, m), W0, A, B, m, oracle=lambda W0, A, B,
            m: dora(W0, A, B, 2.0, m))
    for dtype in (torch.float16, torch.bfloat16):
        Wh = W0.to(dtype)
        check(dora_weight, Wh, A, B, 2.0, m, want=dora(Wh.double(), A, B, 2.0, m.double()).to(dtype),
              rtol=torch.finfo(dtype).eps, atol=0,
              why="A, B and m may be float32 beside a half-precision W0: rounded once")
for dtype in (torch.float16, torch.bfloat16):  # m = None: the lengths of W0's rows, in float32 too
    W0 = drawn(40, 61, seed=31).to(dtype)
    check(dora_weight, W0, drawn(3, 61, seed=32), torch.zeros(40, 3), 4.0, want=W0, rtol=0, atol=0,
          why="at the start W' is W0, to the bit: lengths and norms are float32, and one rounding is left")
### END HIDDEN TESTS

# %% graded="dora_weight__inplace" points=1
# Looks at the arguments after the call.
unchanged(dora_weight, torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]]), torch.tensor([[1.0]]), 1.0,
          torch.tensor([10.0]), want=torch.tensor([[6.0, 8.0]]))
fresh(dora_weight, torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 4.0]]), torch.tensor([[0.0]]), 1.0,
      want=torch.tensor([[3.0, 4.0]]))
### BEGIN HIDDEN TESTS
W0, m = drawn(4, 3, seed=1, dtype=torch.float64), drawn(4, seed=3, dtype=torch.float64)
A, B, _ = adapter(3, 4, 2, 2, dtype=torch.float64)
V = W0 + delta(A, B, 5.0)
unchanged(dora_weight, W0, A, B, 5.0, m, want=V / V.norm(dim=1, keepdim=True) * m[:, None])
unchanged(dora_weight, W0, A, B, 5.0, want=V / V.norm(dim=1, keepdim=True) * W0.norm(dim=1, keepdim=True))
fresh(dora_weight, W0, A, 0 * B, 5.0, want=W0)
### END HIDDEN TESTS

# %% tags=["picture"]
lora.lengths_and_directions(dora_weight)

# %% [markdown]
# Every dot is a row of a random 40 × 60 layer after one random update. A LoRA moves length and direction together;
# DoRA with $m$ left alone turns the row and keeps its length. Whether that helps depends on the task: the picture
# shows a freedom, no gain.
#
# ### Exercise 04.5 · vera_forward
#
# $y = x W^\top + \big((x A'^\top) \cdot d\big)\, B'^\top \cdot b$, with $A'$ the first `in` columns of A and $B'$ the
# first `out` rows of B.
#
# - `x` (…, in) with any leading shape, `W` (out, in), `A` (r, ≥ in) and `B` (≥ out, r) shared by all layers, `d`
#   (r,), `b` (out,). There is no α. The answer has x's dtype; A, B, d and b may be float32 while x and W are in half
#   precision: float32 inside, rounded once.
# - A and B are frozen: **no gradient reaches them**, even if they ask for one. Gradients flow to x, d and b.
# - No out × in matrix besides W. (Not timed here: you know how by now.)
#
# Source: Kopiczko et al. 2023, section 3; `tuners/vera/layer.py` in peft 0.21.2.

# %% stub="vera_forward"
def vera_forward(x: Float[Tensor, "*lead in"], W: Float[Tensor, "out in"], A: Float[Tensor, "r in_max"],
                 B: Float[Tensor, "out_max r"], d: Float[Tensor, "r"],
                 b: Float[Tensor, "out"]) -> Float[Tensor, "*lead out"]:
    """A frozen layer with a VeRA adapter: shared frozen A and B, trained d and b.

    x = [1], W = [[1]], A = [[2, 9]], B = [[3], [9]], d = [5], b = [7]: 1 + 7 * 3 * 5 * 2 * 1 = [211].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(x.dtype, torch.float32)
    out, n_in = W.shape
    x_wide = x.to(wide)
    A, B = A[:, :n_in].detach().to(wide), B[:out].detach().to(wide)
    update = (x_wide @ A.T * d.to(wide)) @ B.T * b.to(wide)
    return (x_wide @ W.to(wide).T + update).to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("vera_forward")

# %% [markdown] hints="vera_forward"
# <details><summary>Hint 1: a question</summary>
#
# Follow the shapes: x A'ᵀ is (…, r). Which of the two vectors fits there, and which fits after B'ᵀ?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# x = [1, 1], A' = [[1, 2], [3, 4]], d = [1, 10], B' = [[1, 1]], b = [0.5]. x A'ᵀ = [3, 7], times d [3, 70], times B'ᵀ
# 73, times b 36.5.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# "Frozen" is a property of the graph, not of the optimiser. Cut A and B out of it, and leave x in.
#
# </details>

# %% graded="vera_forward__values" points=2
# Looks at base and update, shared matrices larger than the layer, leading shapes.
check(vera_forward, torch.tensor([1.0]), torch.tensor([[1.0]]), torch.tensor([[2.0, 9.0]]),
      torch.tensor([[3.0], [9.0]]), torch.tensor([5.0]),
      torch.tensor([7.0]), want=torch.tensor([211.0]), why="1 + 7 * 3 * 5 * 2",
      mistakes={"b was left out": torch.tensor([31.0]), "d was left out": torch.tensor([43.0]),
                "the base was left out": torch.tensor([210.0]),
                "the last columns and rows were taken, not the first": torch.tensor([2836.0])})
### BEGIN HIDDEN TESTS
def vera(x, W, A, B, d, b):
    out, n_in = W.shape
    A, B = A[:, :n_in].double(), B[:out].double()
    return x.double() @ (W.double() + torch.diag(b.double()) @ B @ torch.diag(d.double()) @ A).T

for seed, (lead, n_in, n_out, r, more_in, more_out) in enumerate([((), 5, 3, 2, 4, 2), ((4,), 3, 8, 8, 0, 0),
                                                                  ((2, 3), 9, 4, 70, 1, 0),
                                                                  ((1, 2, 2), 6, 6, 6, 0, 3),
                                                                  ((3,), 70, 90, 1, 20, 10)]):
    for dtype in (torch.float32, torch.float64):
        x, W = drawn(*lead, n_in, seed=seed, dtype=dtype), drawn(n_out, n_in, seed=seed + 50, dtype=dtype)
        A, B = drawn(r, n_in + more_in, seed=seed + 60, dtype=dtype), drawn(n_out + more_out, r, seed=seed + 70,
                                                                            dtype=dtype)
        d, b = drawn(r, seed=seed + 80, dtype=dtype), drawn(n_out, seed=seed + 90, dtype=dtype)
        tolerance = 2e-4 if dtype == torch.float32 else 1e-9
        for d, b in [(d, b), (torch.full_like(d, 0.1), torch.zeros_like(b)), (torch.full_like(d, 0.1), b), (0 * d, b)]:
            check(vera_forward, x, W, A, B, d, b, want=vera(x, W, A, B, d, b).to(dtype), rtol=tolerance,
                  atol=tolerance, why="diag(b) B' diag(d) A'")
x, W, A, B = (drawn(*s, seed=i).T for i, s in enumerate([(6, 4), (6, 5), (8, 3), (3, 9)]))
for x in (x, drawn(4, 3, 6, seed=11).transpose(0, 1)):  # the second cannot be viewed as one list of rows
    check(vera_forward, x, W, A, B, drawn(3, seed=7), drawn(5, seed=8),
          want=vera(x, W, A, B, drawn(3, seed=7), drawn(5, seed=8)).float(), rtol=2e-4, atol=2e-4,
          why="strided arguments are valid")
### END HIDDEN TESTS

# %% graded="vera_forward__gradient" points=2
# Looks at the gradients of x, d and b, and at A and B, which get none.
one = torch.ones(1, 1)
_, grads = value_and_grad(vera_forward, one, one, 2 * one, 3 * one, torch.tensor([5.0]), torch.tensor([7.0]),
                          wrt=(0, 2, 3, 4, 5))
for name, grad, want in zip(["x", "d", "b"], [grads[0], grads[3], grads[4]],
                            [torch.tensor([[211.0]]), torch.tensor([42.0]), torch.tensor([30.0])]):
    expect(grad, want, on=f"the gradient of vera_forward with respect to {name}, for 1 + 7 * 3 * 5 * 2 * x")
for name, grad in zip("AB", grads[1:3]):
    assert grad is None or not grad.any(), f"{name} is frozen: expected no gradient, or 0; got {grad.tolist()}"
### BEGIN HIDDEN TESTS
for seed, (n, n_in, n_out, r) in enumerate([(1, 4, 3, 2), (6, 7, 5, 9), (5, 3, 8, 1)]):
    x, W, A, B, d, b = (drawn(*s, seed=10 * seed + i, dtype=torch.float64)
                        for i, s in enumerate([(n, n_in), (n_out, n_in), (r, n_in + 2), (n_out + 1, r), (r,),
                                               (n_out,)]))
    b = b * (seed != 2)  # the last at the start: b = 0
    _, grads = value_and_grad(vera_forward, x, W, A, B, d, b, wrt=(0, 2, 3, 4, 5))
    A1, B1, ones = A[:, :n_in], B[:n_out], torch.ones(n, n_out, dtype=torch.float64)
    inner = x @ A1.T
    for name, grad, want in zip(["x", "d", "b"], [grads[0], grads[3], grads[4]],
                                [ones @ (W + b[:, None] * (B1 * d) @ A1), (inner * ((ones * b) @ B1)).sum(0),
                                 ((inner * d) @ B1.T).sum(0)]):
        expect(grad, want, on=f"the gradient of vera_forward with respect to {name}", rtol=1e-8, atol=1e-9)
    for name, grad in zip("AB", grads[1:3]):
        assert grad is None or not grad.any(), f"{name} is frozen: expected no gradient, or 0"
### END HIDDEN TESTS

# %% graded="vera_forward__half" points=1
# Looks at half precision, and at the arguments after the call.
unchanged(vera_forward, torch.tensor([1.0]), torch.tensor([[1.0]]), torch.tensor([[2.0, 9.0]]),
          torch.tensor([[3.0], [9.0]]), torch.tensor([5.0]),
          torch.tensor([7.0]), want=torch.tensor([211.0]))
check(vera_forward, torch.tensor([256.0, 1.0]).bfloat16(), torch.tensor([[1.0, 1.0]]).bfloat16(),
      torch.tensor([[0.0, 1.0]]), torch.ones(1, 1), torch.ones(1), torch.ones(1),
      want=torch.tensor([258.0]).bfloat16(), rtol=0, atol=0, why="257 + 1: the sum is rounded once, in x's dtype",
      mistakes={"base and update were rounded apart": torch.tensor([256.0]).bfloat16()})
### BEGIN HIDDEN TESTS
check(vera_forward, torch.tensor([256.0]).bfloat16(), torch.ones(1, 1).bfloat16(), torch.tensor([[0.00390625]]),
      torch.ones(1, 1), torch.ones(1), torch.tensor([1.00390625]),
      want=torch.tensor([258.0]).bfloat16(), rtol=0, atol=0,
      why="256 + 1.0039: the update is not rounded before it is added")
check(vera_forward, torch.tensor([1.0, -1.0]).bfloat16(), torch.zeros(1, 2).bfloat16(),
      torch.tensor([[1.00390625, 1.0]]), torch.ones(1, 1), torch.ones(1), torch.ones(1),
      want=torch.tensor([0.00390625]).bfloat16(), rtol=0, atol=0,
      why="float32 matrices keep their digits: 1.0039 - 1 is not 0")
check(vera_forward, torch.full((2, 8), 300.0).half(), torch.zeros(3, 8).half(), torch.full((2, 8), 100.0).half(),
      torch.ones(3, 2).half(), torch.full((2,), 0.001).half(),
      torch.ones(3).half(), want=torch.full((2, 3), 480.0).half(), rtol=3e-3, atol=0,
      why="x A^T is 240,000 here, beyond float16: float32 inside")
def vera(x, W, A, B, d, b):
    out, n_in = W.shape
    A, B = A[:, :n_in].double(), B[:out].double()
    return x.double() @ (W.double() + torch.diag(b.double()) @ B @ torch.diag(d.double()) @ A).T

for seed, (n, n_in, n_out, r) in enumerate([(3, 24, 7, 5), (2, 70, 11, 30)]):
    args = [drawn(*s, seed=10 * seed + i).abs() + 0.1 for i, s in enumerate([(n, n_in), (n_out, n_in), (r, n_in + 2),
                                                                             (n_out + 1, r), (r,), (n_out,)])]
    args[4] = args[4] / 50
    precise(vera_forward, *args, oracle=vera)
    for dtype in (torch.float16, torch.bfloat16):
        x, W = (a.to(dtype) for a in args[:2])
        check(vera_forward, x, W, *args[2:], want=vera(x, W, *args[2:]).to(dtype), rtol=torch.finfo(dtype).eps, atol=0,
              why="float32 adapters beside a half-precision layer: x's dtype comes back")
    unchanged(vera_forward, *args, want=vera(*args).float(), rtol=2e-4, atol=2e-4)
### END HIDDEN TESTS

# %% tags=["picture"]
lora.parameters_by_method(lora_params, LLAMA_2_7B)

# %% [markdown]
# Bars: trainable parameters on q and v of Llama-2-7B (log scale). VeRA's numbers do not contain its frozen pair, and
# its `r` is no rank to compare with LoRA's: it chooses among 256 random directions instead of learning 16. The
# experiment of part 8 shows what that costs.
#
# ## 5 · AdaLoRA: who deserves rank?
#
# A LoRA gives every matrix the same r. AdaLoRA (Zhang et al. 2023, arXiv 2303.10512) starts with more than it may
# keep and prunes. It writes the update in the form of a singular value decomposition (SVD),
#
# $$\Delta W = P \,\mathrm{diag}(\lambda)\, Q, \qquad P: (\text{out}, r), \quad \lambda: (r), \quad Q: (r, \text{in}),$$
#
# with $\lambda = 0$ at the start and $P$, $Q$ random. **No SVD is ever computed.** A penalty $\lVert P^\top P -
# I\rVert_F^2 + \lVert Q Q^\top - I\rVert_F^2$ pushes $P$ and $Q$ towards orthonormal vectors, so that the triplets
# $(P_{:i}, \lambda_i, Q_{i:})$ can be judged one by one. To prune triplet i is to set $\lambda_i = 0$; it may come
# back later.
#
# **Importance is not size.** For every single weight w with gradient g, $I = |w \cdot g|$ is a first guess of how
# much the loss would change without w. One batch is noisy, so there are two moving averages (EMA, exponential moving
# averages, both 0 at first), in this order:
#
# $$\bar I \leftarrow \beta_1 \bar I + (1 - \beta_1)\, I,$$
#
# $$\bar U \leftarrow \beta_2 \bar U + (1 - \beta_2)\, |I - \bar I|, \qquad s(w) = \bar I \cdot \bar U,$$
#
# where the second uses the *new* $\bar I$. $\bar I$ is sensitivity, $\bar U$ how much it fluctuates. A triplet's
# score is
#
# $$S_i = s(\lambda_i) + \frac{1}{\text{out}} \sum_j s(P_{ji}) + \frac{1}{\text{in}} \sum_j s(Q_{ij}).$$
#
# The means keep a large matrix from winning by its size.
#
# **The budget is global.** All triplets of all layers stand in one ranking, and the best `budget` are kept. Ranks of
# layers differ *because* nobody fixes them layer by layer. The budget falls on a cubic schedule: at step t of T, with
# a warm-up of $t_i$ and a last phase of $t_f$ steps, $b(t) = b_T + (b_0 - b_T)\big(1 - \frac{t - t_i}{T - t_i -
# t_f}\big)^3$ between the two.
#
# **What it saves.** The final number of triplets is what you asked for; "30 to 50 % fewer parameters" is no finding
# but a setting. During training the starting rank is in memory, with gradients and states.
#
# **Find the fault.** The guide's class, word for word. Find four faults before you unfold.
#
# ```python
# class AdaLoRALayer:
#     def __init__(self, base_rank=16, target_budget=0.5):
#         self.U = nn.Parameter(torch.randn(hidden_dim, base_rank))
#         self.S = nn.Parameter(torch.ones(base_rank))  # Learnable singular values
#         self.V = nn.Parameter(torch.randn(base_rank, hidden_dim))
#     def forward(self, x):
#         mask = self.S > self.importance_threshold
#         S_pruned = self.S * mask
#         delta_W = self.U @ torch.diag(S_pruned) @ self.V.T
#         return x @ (self.W + delta_W).T
# ```
#
# <details><summary>The faults</summary>
#
# 1. It does not run: V is (r, hidden) already, and `V.T` gives (64, 16) @ (16, 16) @ (64, 16) for hidden 64.
# 2. `self.W` and `self.importance_threshold` do not exist, and `target_budget` is never used: a threshold per layer
#    is no budget.
# 3. S begins with ones, so $\Delta W \neq 0$ before the first step.
# 4. `S > threshold` ranks by the signed value: every negative λ is pruned, however much it matters. Even |λ| is what
#    the paper compares against and finds worse.
#
# And it forms $\Delta W$ in every forward pass, for all rows.
#
# </details>
#
# ### Exercise 04.6 · allocate
#
# Two functions.
#
# - `importance(state, weights, grads, b1=0.85, b2=0.85)` takes one step of the two moving averages of **one**
#   adapter, and returns `(state, scores)`. `weights` and `grads` are tuples (P, λ, Q) of shapes (out, r), (r,), (r,
#   in). `state` is None at first; then it is what your function returned last. What it holds is up to you (dict,
#   list, tuple of tensors); it must not change when it is passed in: the caller may go on from an old one, and has
#   one for each adapter. `scores` (r,) are the $S_i$ after the step, in λ's dtype. Float32 or float64.
# - `allocate(scores, budget)`: `scores` is a list with a tensor (r_l,) for each adapter, of different lengths, 0
#   included. Returns a list of boolean tensors of the same shapes: True for the triplets that stay. Exactly `budget`
#   are True **over all adapters together**, those with the largest scores; all of them if there are no more than
#   `budget`; none if it is 0. Among exact ties any choice is right, but the number holds. Scores are finite and at
#   least 0; very small ones too.
#
# Source: Zhang et al. 2023, sections 3.1 to 3.3; `RankAllocator` in peft 0.21.2, `tuners/adalora/layer.py`.

# %% stub="allocate"
def importance(state, weights: tuple[Tensor, Tensor, Tensor], grads: tuple[Tensor, Tensor, Tensor], b1: float = 0.85,
               b2: float = 0.85) -> tuple[object, Float[Tensor, "r"]]:
    """One step of AdaLoRA's moving averages; the new state, and the score of each triplet.

    P = [[1]], λ = [2], Q = [[0]], all gradients 1, b1 = b2 = 0.5: I is 1, 2, 0; its mean 0.5, 1, 0; U 0.25, 0.5, 0;
    the score is 0.125 + 0.5 = [0.625].
    """
    ### BEGIN SOLUTION
    new, s = [], []
    for i, (w, g) in enumerate(zip(weights, grads)):
        mean, spread = (torch.zeros_like(w), torch.zeros_like(w)) if state is None else state[i]
        now = (w * g).abs()
        mean = b1 * mean + (1 - b1) * now
        spread = b2 * spread + (1 - b2) * (now - mean).abs()
        new.append((mean, spread))
        s.append(mean * spread)
    P, lam, Q = s
    return new, lam + P.mean(0) + Q.mean(1)
    ### END SOLUTION
    raise NotImplementedError("importance")


def allocate(scores: list[Float[Tensor, "r_l"]], budget: int) -> list[Bool[Tensor, "r_l"]]:
    """The best `budget` triplets of all adapters together: True where one stays.

    allocate([[3, 1], [2, 5]], 2) is [[True, False], [False, True]].
    """
    ### BEGIN SOLUTION
    flat = torch.cat(scores)
    keep = torch.zeros(len(flat), dtype=torch.bool)
    keep[flat.argsort(descending=True, stable=True)[:budget]] = True
    return list(keep.split([len(s) for s in scores]))
    ### END SOLUTION
    raise NotImplementedError("allocate")

# %% [markdown] hints="allocate"
# <details><summary>Hint 1: a question</summary>
#
# At the first step the old averages are 0. Is $|I - \bar I|$ then I, or (with the new $\bar I$) only $\beta_1 I$?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# One weight with I = 1 and then I = 3, b1 = 0.5, b2 = 0.9. Step 1: Ī = 0.5, Ū = 0.1 · |1 − 0.5| = 0.05, s = 0.025.
# Step 2: Ī = 0.25 + 1.5 = 1.75, Ū = 0.045 + 0.1 · 1.25 = 0.17, s = 0.2975.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A threshold keeps too many or too few where scores tie, and at the very first step, with λ = 0 everywhere, many do.
# Count places in a ranking instead. And the mean over P runs along `out`, that over Q along `in`.
#
# </details>

# %% graded="allocate__importance" points=2
# Looks at the scores of one and of several steps.
one = torch.ones(1, 1)
state, scores = importance(None, (one, torch.tensor([2.0]), 0 * one), (one, torch.ones(1), one), 0.5, 0.5)
expect(scores, torch.tensor([0.625]), on="the scores of the docstring's example",
       why="s(λ) = 1 * 0.5, s(P) = 0.5 * 0.25, s(Q) = 0",
       mistakes={"|I - the old mean|": torch.tensor([1.25]), "the sensitivity alone": torch.tensor([1.5]),
                 "the size of λ": torch.tensor([2.0]),
                 "the fluctuation was left out for P and Q": torch.tensor([1.0])})
### BEGIN HIDDEN TESTS
def by_hand(steps, b1, b2):
    "The scores after each of several steps, weight by weight."
    answers, mean, spread = [], None, None
    for weights, grads in steps:
        now = [np.abs(w.double().numpy() * g.double().numpy()) for w, g in zip(weights, grads)]
        mean = [b1 * m + (1 - b1) * i for m, i in zip(mean or [0, 0, 0], now)]
        spread = [b2 * u + (1 - b2) * np.abs(i - m) for u, i, m in zip(spread or [0, 0, 0], now, mean)]
        P, lam, Q = (m * u for m, u in zip(mean, spread))
        answers.append(torch.from_numpy(lam + P.sum(0) / P.shape[0] + Q.sum(1) / Q.shape[1]).to(weights[1].dtype))
    return answers

for seed, (n_out, r, n_in, n, b1, b2) in enumerate([(3, 2, 5, 1, 0.85, 0.85), (7, 4, 2, 4, 0.5, 0.9),
                                                    (70, 9, 66, 3, 0.9, 0.5), (2, 70, 3, 2, 0.0, 0.3), (4, 1, 4, 6,
                                                                                                        0.7, 0.0)]):
    for dtype in (torch.float32, torch.float64):
        steps = [tuple(tuple(drawn(*s, seed=100 * seed + 10 * t + 3 * k + i, dtype=dtype)
                             for i, s in enumerate([(n_out, r), (r,), (r, n_in)])) for k in (0, 1))
                 for t in range(n)]
        state = None
        for t, (step, want) in enumerate(zip(steps, by_hand(steps, b1, b2))):
            state, scores = importance(state, *step, b1, b2)
            expect(scores, want, on=f"the scores after step {t + 1}, b1 = {b1}, b2 = {b2}",
                   rtol=1e-3 if dtype == torch.float32 else 1e-9,
                   atol=1e-7 if dtype == torch.float32 else 1e-12,
                   why="the new mean goes into the fluctuation; means over P's rows and Q's columns")
steps = [tuple(tuple(drawn(*s, seed=7 + 10 * t + 3 * k + i) for i, s in enumerate([(5, 3), (3,), (3, 4)]))
               for k in (0, 1)) for t in range(2)]
state, _ = importance(None, *steps[0])
expect(importance(state, *steps[1])[1], by_hand(steps, 0.85, 0.85)[1],
       on="the scores after two steps with the default betas", rtol=1e-3, why="both betas are 0.85 unless given")
strided = [tuple(x.T.contiguous().T if x.dim() == 2 else x for x in part) for part in steps[0]]
expect(importance(None, *strided)[1], by_hand(steps[:1], 0.85, 0.85)[0], on="the scores of strided weights", rtol=1e-3)
### END HIDDEN TESTS

# %% graded="allocate__state" points=1
# Looks at two adapters fed in turn, at an old state gone on from, at the arguments.
weights = (torch.tensor([[1.0, -2.0]]), torch.tensor([2.0, 0.5]), torch.tensor([[1.0], [3.0]]))
grads = (torch.tensor([[0.5, 1.0]]), torch.tensor([-1.0, 4.0]), torch.tensor([[2.0], [0.0]]))
unchanged(lambda w, g: importance(None, w, g, 0.5, 0.5)[1], weights, grads,
          want=torch.tensor([0.03125 + 0.5 + 0.5, 0.5 + 0.5]))
### BEGIN HIDDEN TESTS
other = (torch.tensor([[0.5], [1.0], [2.0]]), torch.tensor([3.0]), torch.tensor([[1.0, 1.0]]))
ones = tuple(torch.ones_like(x) for x in other)
first, a = importance(None, weights, grads, 0.5, 0.75)
second, b = importance(None, other, ones, 0.5, 0.75)
third, a2 = importance(first, weights, weights, 0.5, 0.75)
_, b2 = importance(second, other, ones, 0.5, 0.75)
_, again = importance(first, weights, weights, 0.5, 0.75)
expect(again, a2, on="the scores of a state that was gone on from before",
       why="the state that is passed in does not change", rtol=0, atol=0)
i = np.array([0.5, 1.0, 2.0]), np.array([3.0]), np.array([1.0, 1.0])
want = sum(np.mean((0.75 * x) * (0.75 * 0.25 * 0.5 * x + 0.25 * 0.25 * x)) for x in i)
expect(b2, torch.tensor([want], dtype=torch.float32), on="the second scores of one of two adapters fed in turn",
       rtol=1e-3, why="all that matters stands in the state")
### END HIDDEN TESTS

# %% graded="allocate__global" points=2
# Looks at which triplets stay: one ranking over all adapters.
check(allocate, [torch.tensor([3.0, 1.0]), torch.tensor([2.0, 5.0, 4.0])], 3,
      want=[torch.tensor([True, False]), torch.tensor([False, True, True])],
      why="5, 4 and 3 are the largest of all five",
      mistakes={"as many for every adapter": [torch.tensor([True, True]), torch.tensor([False, True, False])],
                "the smallest stay": [torch.tensor([False, True]), torch.tensor([True, False, False])]})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for lengths in ([4], [3, 9, 1], [16] * 8, [2, 0, 5], [70, 130, 1]):
    for scale in (1.0, 1e-12, 1e6):
        for dtype in (torch.float32, torch.float64):
            total = sum(lengths)
            flat = (torch.randperm(total, generator=g) + 0.5).to(dtype) / total * scale
            for budget in sorted({0, 1, total // 2, total - 1, total, total + 5}):
                keep = (flat * total / scale > total - budget) if budget < total else torch.ones(total,
                                                                                                 dtype=torch.bool)
                check(allocate, list(flat.split(lengths)), budget, want=list(keep.split(lengths)),
                      why=f"the best {budget} of {total}")
check(allocate, [torch.tensor([9.0, 8.0, 7.0]), torch.tensor([1.0, 2.0])], 2,
      want=[torch.tensor([True, True, False]), torch.tensor([False, False])],
      why="an adapter may lose all its triplets")
close = torch.tensor([1.0, 1 + 1e-12, 1.0], dtype=torch.float64)
check(allocate, [close, close - 1e-3], 1, want=[torch.tensor([False, True, False]), torch.zeros(3, dtype=torch.bool)],
      why="float64 scores are ranked in float64")
column = torch.tensor([[3.0, 1.0], [9.0, 2.0]])
check(allocate, [column[:, 0], column[:, 1]], 2, want=[torch.tensor([True, True]), torch.tensor([False, False])],
      why="strided scores are valid")
### END HIDDEN TESTS

# %% graded="allocate__ties" points=1
# Looks at equal scores: the number that stays is the budget; the arguments.
def number(masks):
    return sum(int(m.sum()) for m in masks)

for budget in (0, 1, 3, 5, 9):
    kept = allocate([torch.zeros(2), torch.zeros(3)], budget)
    assert [m.dtype for m in kept] == [torch.bool] * 2 and [len(m) for m in kept] == [2, 3], (
        f"expected boolean masks of 2 and 3, got {kept}")
    assert number(kept) == min(budget, 5), (
        f"five scores of 0, budget {budget}: expected {min(budget, 5)} True, got {number(kept)}")
unchanged(allocate, [torch.tensor([3.0, 1.0]), torch.tensor([2.0])], 1,
          want=[torch.tensor([True, False]), torch.tensor([False])])
### BEGIN HIDDEN TESTS
scores = [torch.tensor([1.0, 2.0, 1.0, 0.0]), torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0, 1.0])]
for budget in range(11):
    kept = allocate([s.clone() for s in scores], budget)
    assert number(kept) == min(budget, 9), (
        f"scores with ties, budget {budget}: expected {min(budget, 9)} True, got {number(kept)}")
    flat, mask = torch.cat(scores), torch.cat(list(kept))
    assert not mask.any() or mask.all() or flat[mask].min() >= flat[~mask].max(), (
        f"budget {budget}: a smaller score stays while a larger one goes")
### END HIDDEN TESTS

# %% tags=["picture"]
lora.ranks_found(importance, allocate)

# %% [markdown]
# Six layers of a toy regression, each with a target of another rank (grey); they train at r = 8 each, and 18 of 48
# triplets may stay. Within a triplet or two, your functions find where the rank is needed. One share for every layer
# (dashed) would give three to each, to the one that needs none as well.
#
# ## 6 · Many adapters, one batch
#
# An adapter is small: r = 16 on all of Llama-2-7B is 80 MB in BF16, against 13.5 GB. So one server can hold hundreds
# and serve each request with its own. Merging is out of the question: requests of different adapters stand in *one*
# batch. (What then fills the memory is the KV cache, the keys and values of all tokens so far, which every request
# has to itself: section 14.) The base layer runs once for all rows; then each row gets the update of its adapter.
# Punica (arXiv 2310.18547) and S-LoRA (arXiv 2311.03285) write GPU kernels for that. The idea fits into a loop:
# **group the rows by adapter**, two thin products a group.
#
# Row by row is the naive way: as many little products as rows. Copying an adapter for every row (a gather) is
# another: it reads r · (in + out) numbers a row. Neither passes the clock.
#
# ### Exercise 04.7 · batched_multi_lora
#
# - `y` (n, out): what the base layer gave. `x` (n, in): what it was given. `adapters`: a list of `(A, B, alpha)`,
#   ranks ≥ 1 and alphas may all be different. `idx` (n,) int64: row i uses `adapters[idx[i]]`; **−1 means none**.
# - Returns a new tensor (n, out): $y_i + \frac{\alpha}{r} B A x_i$ with the row's own adapter. Rows with −1 are y's,
#   bit for bit.
# - The list may be empty (all rows −1), an adapter unused, n = 0.
# - The answer has y's dtype, which is x's. Adapters may be in float32 while x and y are in half precision: float32
#   inside, and the sum is rounded once.
# - Timed: 2,048 rows, 4 adapters.
#
# Source: Chen et al. 2023, arXiv 2310.18547; Sheng et al. 2023, arXiv 2311.03285.

# %% stub="batched_multi_lora"
def batched_multi_lora(y: Float[Tensor, "n out"], x: Float[Tensor, "n in"], idx: Int[Tensor, "n"],
                       adapters: list[Adapter]) -> Float[Tensor, "n out"]:
    """Base outputs plus, for each row, the update of its own adapter.

    y = [[1], [1]], x = [[2], [2]], idx = [0, -1], adapters = [([[3]], [[1]], 1.0)]: [[7], [1]].
    """
    ### BEGIN SOLUTION
    wide, out = torch.promote_types(y.dtype, torch.float32), y.clone()
    for i, (A, B, alpha) in enumerate(adapters):
        rows = (idx == i).nonzero()[:, 0]
        if len(rows):
            update = (x[rows].to(wide) @ A.to(wide).T) @ B.to(wide).T
            out[rows] = (y[rows].to(wide) + alpha / A.shape[0] * update).to(y.dtype)
    return out
    ### END SOLUTION
    raise NotImplementedError("batched_multi_lora")

# %% [markdown] hints="batched_multi_lora"
# <details><summary>Hint 1: a question</summary>
#
# How often does a good solution touch the A of adapter 3 if twenty rows ask for it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# idx = [2, 0, 2, −1]. Adapter 0: row 1. Adapter 2: rows 0 and 2, as one (2, in) matrix. Adapter 1: nobody. Row 3
# stays.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `adapters[-1]` is a valid expression in Python. It is the last adapter, not none.
#
# </details>

# %% graded="batched_multi_lora__rows" points=2
# Looks at every row's adapter: mixed ranks and alphas, unused adapters, -1.
check(batched_multi_lora, torch.tensor([[1.0], [1.0], [1.0]]), torch.tensor([[2.0], [2.0], [2.0]]),
      torch.tensor([0, -1, 1]),
      [(torch.tensor([[3.0]]), torch.tensor([[1.0]]), 1.0), (torch.ones(2, 1), torch.ones(1, 2), 4.0)],
      want=torch.tensor([[7.0], [1.0], [9.0]]),
      why="1 + 6, 1, 1 + 4/2 * 4", mistakes={"-1 picked the last adapter": torch.tensor([[7.0], [9.0], [9.0]]),
                                             "alpha, not alpha / r": torch.tensor([[7.0], [1.0], [17.0]]),
                                             "the base output was forgotten": torch.tensor([[6.0], [0.0], [8.0]])})
### BEGIN HIDDEN TESTS
def one_by_one(y, x, idx, adapters):
    "In float64, row by row."
    return torch.stack([b.double() + (0 if i < 0 else delta(*adapters[i]) @ a.double())
                        for b, a, i in zip(y, x, idx.tolist())])

for seed, (n, n_in, n_out, ranks, alphas) in enumerate([(5, 4, 3, [2], [8.0]), (9, 7, 11, [1, 5, 3], [16.0, 1, -2.0]),
                                                        (140, 20, 6, [4] * 9, [2.0] * 9),
                                                        (6, 3, 3, [7, 2, 2, 1], [1.0, 3.0, 0.0, 5.0]),
                                                        (70, 66, 70, [8, 16], [4, 32])]):
    for dtype in (torch.float32, torch.float64):
        adapters = [adapter(n_in, n_out, r, 30 * seed + i, a, dtype) for i, (r, a) in enumerate(zip(ranks, alphas))]
        y, x = drawn(n, n_out, seed=seed, dtype=dtype), drawn(n, n_in, seed=seed + 500, dtype=dtype)
        some = torch.randint(-1, len(ranks), (n,), generator=torch.Generator().manual_seed(seed))
        tolerance = 2e-4 if dtype == torch.float32 else 1e-9
        for idx in (some, torch.full((n,), -1), torch.zeros(n, dtype=torch.int64), torch.full((n,), len(ranks) - 1)):
            check(batched_multi_lora, y, x, idx, adapters, want=one_by_one(y, x, idx, adapters).to(dtype),
                  rtol=tolerance, atol=tolerance, why="each row by its own adapter")
y, x = drawn(3, 2, seed=1), drawn(3, 4, seed=2)
check(batched_multi_lora, y, x, torch.tensor([-1, -1, -1]), [], want=y, why="no adapters at all", rtol=0, atol=0)
check(batched_multi_lora, y[:0], x[:0], torch.zeros(0, dtype=torch.int64), [adapter(4, 2, 3, 1)], want=y[:0],
      why="no rows")
x[1] = torch.inf
pair, idx = [adapter(4, 2, 3, 1), adapter(4, 2, 2, 2)], torch.tensor([0, -1, 1])
check(batched_multi_lora, y, x, idx, pair, want=one_by_one(y, x, idx, pair).float(), rtol=2e-4, atol=2e-4,
      why="a row of -1 stays y's, whatever its x is")
y, x, A, B = (drawn(*s, seed=i).T for i, s in enumerate([(5, 6), (4, 6), (4, 3), (3, 5)]))
idx = torch.tensor([[0, 9], [-1, 9], [0, 9], [0, 9], [-1, 9], [0, 9]])[:, 0]
check(batched_multi_lora, y, x, idx, [(A, B, 2.0)], want=one_by_one(y, x, idx, [(A, B, 2.0)]).float(), rtol=2e-4,
      atol=2e-4, why="strided arguments are valid")
y, x, idx = drawn(2700, 3, seed=41), drawn(2700, 4, seed=42), torch.arange(2700) % 2 - 1
idx[1900:] = 0
check(batched_multi_lora, y, x, idx, [adapter(4, 3, 2, 43)], want=one_by_one(y, x, idx, [adapter(4, 3, 2, 43)]).float(),
      rtol=2e-4, atol=2e-4, why="1,750 of 2,700 rows ask for one adapter")
pair = [adapter(4, 3, 2, 44)] * 2
check(batched_multi_lora, y[:6], x[:6], torch.tensor([0, 1, -1, 1, 0, 1]), pair,
      want=one_by_one(y[:6], x[:6], torch.tensor([0, 1, -1, 1, 0, 1]), pair).float(), rtol=2e-4, atol=2e-4,
      why="the same adapter may stand in the list twice")
odd = torch.tensor([[0.0, torch.inf, 1.0], [torch.nan, -torch.inf, 1e-40], [0.5, 0.5, 0.5]])
got = batched_multi_lora(odd.clone(), x[:3], torch.tensor([-1, -1, 0]), pair)
expect(got[:2].view(torch.int32), odd[:2].view(torch.int32),
       on="the bits of two rows with -1: 0, inf, 1 and nan, -inf, 1e-40",
       why="rows with -1 are y's, bit for bit")
### END HIDDEN TESTS

# %% graded="batched_multi_lora__half" points=1
# Looks at half precision, with float32 adapters too; rows of -1 bit for bit.
check(batched_multi_lora, torch.tensor([[256.0], [0.1]]).bfloat16(), torch.tensor([[1.0], [1.0]]).bfloat16(),
      torch.tensor([0, -1]),
      [(torch.tensor([[1.0], [1.0]]), torch.tensor([[0.75, 0.75]]), 2.0)],
      want=torch.tensor([[258.0], [0.1]]).bfloat16(), rtol=0, atol=0,
      why="256 + 1.5 rounds to 258 in bfloat16; the other row stays")
### BEGIN HIDDEN TESTS
check(batched_multi_lora, torch.tensor([[256.0]]).bfloat16(), torch.tensor([[256.0]]).bfloat16(), torch.tensor([0]),
      [(torch.tensor([[0.00390625]]), torch.tensor([[1.00390625]]), 1.0)],
      want=torch.tensor([[258.0]]).bfloat16(), rtol=0, atol=0,
      why="256 + 1.0039: the update is not rounded before it is added")
check(batched_multi_lora, torch.zeros(1, 1).bfloat16(), torch.tensor([[1.0, -1.0]]).bfloat16(), torch.tensor([0]),
      [(torch.tensor([[1.00390625, 1.0]]), torch.ones(1, 1), 1.0)],
      want=torch.tensor([[0.00390625]]).bfloat16(), rtol=0, atol=0, why="float32 adapters keep their digits")
for seed, (n, n_in, n_out, ranks) in enumerate([(9, 24, 5, [3, 5]), (20, 70, 4, [2, 7, 1])]):
    adapters = [tuple(a.abs() for a in adapter(n_in, n_out, r, 30 * seed + i)[:2]) + (0.3 * r,)
                for i, r in enumerate(ranks)]
    y, x = drawn(n, n_out, seed=seed).abs() + 5, drawn(n, n_in, seed=seed + 500).abs()
    idx = torch.randint(-1, len(ranks), (n,), generator=torch.Generator().manual_seed(seed))
    def all_rows(y, x, adapters):
        return torch.stack([b if i < 0 else b + delta(*adapters[i]) @ a for b, a, i in zip(y, x, idx.tolist())])
    precise(lambda y, x, adapters: batched_multi_lora(y, x, idx, adapters), y, x, adapters, oracle=all_rows)
    for dtype in (torch.float16, torch.bfloat16):
        yh, xh = y.to(dtype), x.to(dtype)
        check(batched_multi_lora, yh, xh, idx, adapters, want=all_rows(yh.double(), xh.double(), adapters).to(dtype),
              rtol=torch.finfo(dtype).eps, atol=0,
              why="float32 adapters: y's dtype comes back, rounded once")
x = torch.full((2, 8), 300.0).half()
check(batched_multi_lora, torch.ones(2, 3).half(), x, torch.tensor([0, 0]),
      [(torch.full((2, 8), 100.0).half(), torch.full((3, 2), 0.001).half(), 2.0)],
      want=(1 + x.double() @ delta(torch.full((2, 8), 100.0), torch.full((3, 2), 0.001).half(), 2.0).T).half(),
      rtol=2e-3, atol=0, why="x A^T is beyond float16: float32 inside")
### END HIDDEN TESTS

# %% graded="batched_multi_lora__inplace" points=1
# Looks at the arguments after the call, and whose memory the answer is.
one = (torch.tensor([[3.0]]), torch.tensor([[1.0]]), 1.0)
unchanged(batched_multi_lora, torch.tensor([[1.0], [1.0]]), torch.tensor([[2.0], [2.0]]), torch.tensor([0, -1]), [one],
          want=torch.tensor([[7.0], [1.0]]))
fresh(batched_multi_lora, torch.tensor([[1.0]]), torch.tensor([[2.0]]), torch.tensor([-1]), [one],
      want=torch.tensor([[1.0]]))
### BEGIN HIDDEN TESTS
fresh(batched_multi_lora, torch.tensor([[1.0, 2.0]], dtype=torch.float64), torch.tensor([[2.0]], dtype=torch.float64),
      torch.tensor([-1]), [], want=torch.tensor([[1.0, 2.0]], dtype=torch.float64))
fresh(batched_multi_lora, torch.tensor([[1.0]]).half(), torch.tensor([[2.0]]).half(), torch.tensor([-1]), [one],
      want=torch.tensor([[1.0]]).half())
### END HIDDEN TESTS

# %% graded="batched_multi_lora__speed" points=2 tags=["timed"]
# Looks at the time for 2,048 rows and 4 adapters of rank 24.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    x, y = (torch.from_numpy(rng.standard_normal((2048, 192), dtype=np.float32)) for _ in range(2))
    adapters = [(torch.from_numpy(rng.standard_normal((24, 192), dtype=np.float32)),
                 torch.from_numpy(rng.standard_normal((192, 24), dtype=np.float32)), 16.0)
                for _ in range(4)]
    return y, x, torch.from_numpy(rng.integers(-1, 4, 2048)), adapters

advise(batched_multi_lora, draw, yardstick=lambda y, x, idx, adapters: y + x @ x[:192].T, usual=0.7)
### BEGIN HIDDEN TESTS
duel(batched_multi_lora, draw, reference='''
import torch


def batched_multi_lora(y, x, idx, adapters):
    out = y.clone()
    for i, (A, B, alpha) in enumerate(adapters):
        rows = (idx == i).nonzero()[:, 0]
        if len(rows):
            out[rows] = y[rows] + alpha / A.shape[0] * (x[rows] @ A.T) @ B.T
    return out
''', limit=3.3, rtol=1e-3, atol=5e-2)
### END HIDDEN TESTS

# %% tags=["picture"]
lora.throughput(batched_multi_lora)

# %% [markdown]
# Groups win by an order of magnitude as long as there is something to group. With a hundred adapters in 512 rows a
# group is four rows, and the loop over groups costs what the loop over rows did: that is where kernels for many small
# groups come in.
#
# ## 7 · The whole: train two, merge, serve both at once
#
# `course/models/linears.py` has a small transformer as a plain function: `logits(weights, ids)` takes a dict of
# weights and (B, T) ids, and gives (B, T, V) logits. What its linear layers do is up to you: `logits(weights, ids,
# linear)` calls `linear(name, x, W)` for each of them, with its name (such as `"blocks.0.attention.q"`), its input
# (B, T, in) and its weight (out, in), and takes what comes back. The notebook has imported it.
#
# ### Exercise 04.8 · serve
#
# Two functions. Adapters of a model are a dict `{layer name: (A, B)}`; it may name any of the linear layers, one or more
# (in `serve` none, too), each with its own rank. `alpha` is one number for all.
#
# - `lora_step(weights, adapters, ids, alpha, lr)`: one step of plain gradient descent on **all** A and B, at once.
#   The loss is the mean cross-entropy of the next token: the logits at t predict `ids[:, t + 1]`, over all rows and
#   all t but the last. Returns `(new_adapters, loss)`: a new dict of the same names, each with
#   `(A - lr * gradient, B - lr * gradient)`, new memory, free of any graph; and the loss **before** the step, without
#   dimensions and graph. Weights and adapters stay as they are.
# - `serve(weights, many, idx, ids, alpha)`: logits (B, T, V) of a batch in which row b runs with `many[idx[b]]`, and
#   with none at −1. `many` is a list of such dicts, which may name different layers with different ranks. **One**
#   pass through the model for the whole batch: no check counts the passes, but a server does. No graph.
#
# Both in float32 or float64. Source: Hu et al. 2021, section 4; Sheng et al. 2023, arXiv 2311.03285.

# %% stub="serve"
def lora_step(weights: dict[str, Tensor], adapters: dict[str, tuple[Tensor, Tensor]], ids: Int[Tensor, "B T"],
              alpha: float, lr: float) -> tuple[dict[str, tuple[Tensor, Tensor]], Float[Tensor, ""]]:
    """The adapters after one step of gradient descent on the next token's cross-entropy, and the loss before it.

    With B = 0 everywhere, the loss is the base model's, every B moves and no A does.
    """
    ### BEGIN SOLUTION
    leaves = {name: tuple(p.detach().clone().requires_grad_() for p in pair) for name, pair in adapters.items()}

    def linear(name, x, W):
        W = W.detach()
        return lora_forward(x, W, *leaves[name], alpha) if name in leaves else x @ W.T

    out = logits({name: w.detach() for name, w in weights.items()}, ids, linear)
    loss = F.cross_entropy(out[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    flat = [p for pair in leaves.values() for p in pair]
    moved = iter(p.detach() - lr * g for p, g in zip(flat, torch.autograd.grad(loss, flat)))
    return {name: (next(moved), next(moved)) for name in leaves}, loss.detach()
    ### END SOLUTION
    raise NotImplementedError("lora_step")


@torch.no_grad()
def serve(weights: dict[str, Tensor], many: list[dict[str, tuple[Tensor, Tensor]]], idx: Int[Tensor, "B"],
          ids: Int[Tensor, "B T"], alpha: float) -> Float[Tensor, "B T V"]:
    """Logits of a batch in which every row has an adapter of its own; -1 is the base model.

    With idx = [-1, -1] it is logits(weights, ids).
    """
    ### BEGIN SOLUTION
    def linear(name, x, W):
        y = x @ W.T
        have = [i for i, adapters in enumerate(many) if name in adapters]
        place = torch.full((len(many) + 1,), -1)  # the last is for -1
        place[have] = torch.arange(len(have))
        rows = place[idx].repeat_interleave(x.shape[1])
        here = [(*many[i][name], alpha) for i in have]
        return batched_multi_lora(y.flatten(0, 1), x.flatten(0, 1), rows, here).view_as(y)

    return logits(weights, ids, linear)
    ### END SOLUTION
    raise NotImplementedError("serve")

# %% [markdown] hints="serve"
# <details><summary>Hint 1: a question</summary>
#
# In `serve`, x is (B, T, in) and `idx` has B entries. How many rows does your `batched_multi_lora` see, and what is
# the index of each?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# many = [{q: …}, {q: …, up: …}], idx = [1, 0, −1], T = 2. At q: indices 1 1 0 0 −1 −1 into two adapters. At up only
# the second dict has one, so the list has one adapter, and the indices are 0 0 −1 −1 −1 −1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A layer that a row's dict does not name needs the index −1 *there*. And in `lora_step` all gradients are taken at
# the old adapters, before any of them moves.
#
# </details>

# %% graded="serve__step" points=3
# Looks at loss and adapters after one step, against the chain rule through merged weights.
def stepped(weights, adapters, ids, alpha, lr):
    "dA = s B^T G and dB = s G A^T, with the gradient G of the merged weight."
    full = {k: w.double() for k, w in weights.items()}
    for name, (A, B) in adapters.items():
        full[name] = (full[name] + alpha / A.shape[0] * B.double() @ A.double()).requires_grad_()
    out = logits(full, ids)[:, :-1]
    loss = F.cross_entropy(out.flatten(0, 1), ids[:, 1:].flatten())
    new = {}
    for (name, (A, B)), G in zip(adapters.items(), torch.autograd.grad(loss, [full[n] for n in adapters])):
        s = alpha / A.shape[0]
        new[name] = ((A.double() - lr * s * B.double().T @ G).to(A.dtype),
                     (B.double() - lr * s * G @ A.double().T).to(B.dtype))
    return new, loss.detach().to(next(iter(weights.values())).dtype)

def some_adapters(weights, names, ranks, seed, zero=False):
    "Random adapters for these layers."
    g, new = torch.Generator().manual_seed(seed), {}
    for name, r in zip(names, ranks):
        out, n_in = weights[name].shape
        A, B = torch.randn(r, n_in, generator=g) / 6, torch.randn(out, r, generator=g) / 6
        new[name] = (A.to(weights[name].dtype), (0 * B if zero else B).to(weights[name].dtype))
    return new

model = random_weights(seed=1)
ids = torch.tensor([[5, 17, 60, 2], [9, 9, 33, 80]])
two = some_adapters(model, ["blocks.0.attention.q", "blocks.1.mlp.down"], [2, 3], 0)
check(lora_step, model, two, ids, 4.0, 0.5, want=stepped(model, two, ids, 4.0, 0.5), rtol=1e-3, atol=1e-5,
      why="p - lr * gradient for every A and B, and the loss before the step")
### BEGIN HIDDEN TESTS
LAYERS = [f"blocks.{i}.{n}" for i in (0, 1) for n in ("attention.q", "attention.k", "attention.v", "attention.out",
                                                      "mlp.gate", "mlp.up", "mlp.down")]
for seed, (names, ranks, shape, alpha, lr, zero) in enumerate([(LAYERS, [1, 2, 3, 4, 5, 6, 7] * 2, (3, 9), 8.0, 0.1,
                                                                False), (LAYERS[2:3], [4], (1, 2), 16.0, 1.0, False),
                                                               (LAYERS[::-3], [2] * 5, (5, 40), 3.0, 2.0, True),
                                                               (LAYERS[:2], [3, 1], (2, 6), 1.0, 0.0, False)]):
    for dtype in (torch.float32, torch.float64):
        model = {k: w.to(dtype) for k, w in random_weights(seed=seed + 2).items()}
        ids = torch.randint(96, shape, generator=torch.Generator().manual_seed(seed))
        start = some_adapters(model, names, ranks, seed, zero)
        rtol, atol = (2e-3, 2e-5) if dtype == torch.float32 else (1e-4, 1e-6)  # rotary turns are float32
        check(lora_step, model, start, ids, alpha, lr, want=stepped(model, start, ids, alpha, lr),
              why="the mean over all rows and positions but the last", rtol=rtol, atol=atol)
model, ids = random_weights(seed=8), torch.randint(96, (2, 7), generator=torch.Generator().manual_seed(8))
start = some_adapters(model, LAYERS[:7], [2] * 7, 8)  # a whole block, and nothing in the other
check(lora_step, model, start, ids, 4.0, 0.5, want=stepped(model, start, ids, 4.0, 0.5), rtol=2e-3, atol=2e-5,
      why="a layer that is not named stays the base's, whatever its namesake in another block has")
### END HIDDEN TESTS

# %% graded="serve__rows" points=3
# Looks at a batch of mixed adapters, each row against its own merged model.
def alone(weights, many, idx, ids, alpha):
    "Row by row, each through its own merged weights."
    rows = []
    for i, row in zip(idx.tolist(), ids):
        full = {k: w.double() for k, w in weights.items()}
        for name, (A, B) in (many[i].items() if i >= 0 else []):
            full[name] = full[name] + alpha / A.shape[0] * B.double() @ A.double()
        rows.append(logits(full, row[None])[0])
    return torch.stack(rows).to(next(iter(weights.values())).dtype)

def some_adapters(weights, names, ranks, seed):
    "Random adapters for these layers."
    g, new = torch.Generator().manual_seed(seed), {}
    for name, r in zip(names, ranks):
        out, n_in = weights[name].shape
        new[name] = (torch.randn(r, n_in, generator=g).to(weights[name].dtype) / 6,
                     torch.randn(out, r, generator=g).to(weights[name].dtype) / 6)
    return new

model = random_weights(seed=1)
ids = torch.tensor([[5, 17, 60, 2], [9, 9, 33, 80], [1, 0, 2, 0]])
many = [some_adapters(model, ["blocks.0.attention.q"], [2], 0), some_adapters(model,
                                                                              ["blocks.0.attention.q",
                                                                               "blocks.1.mlp.down"], [1, 3], 1)]
for idx in (torch.tensor([1, -1, 0]), torch.tensor([-1, -1, -1])):
    check(serve, model, many, idx, ids, 4.0, want=alone(model, many, idx, ids, 4.0), rtol=1e-3, atol=1e-3,
          why="each row as if its own adapter were merged; -1 is the base model")
### BEGIN HIDDEN TESTS
LAYERS = [f"blocks.{i}.{n}" for i in (0, 1) for n in ("attention.q", "attention.k", "attention.v", "attention.out",
                                                      "mlp.gate", "mlp.up", "mlp.down")]
for seed, (n, shape, alpha) in enumerate([(3, (7, 5), 8.0), (1, (2, 1), 2.0), (5, (9, 20), 1.0)]):
    for dtype in (torch.float32, torch.float64):
        model = {k: w.to(dtype) for k, w in random_weights(seed=seed + 2).items()}
        g = torch.Generator().manual_seed(seed)
        ids, idx = torch.randint(96, shape, generator=g), torch.randint(-1, n, shape[:1], generator=g)
        many = [some_adapters(model, LAYERS[i::i + 2], [1 + (i + j) % 5 for j in range(14)], 10 * seed + i)
                for i in range(n)]
        tolerance = 2e-3 if dtype == torch.float32 else 1e-5
        check(serve, model, many, idx, ids, alpha, want=alone(model, many, idx, ids, alpha), rtol=tolerance,
              atol=tolerance, why="layers that a row's dict does not name are the base's")
model = random_weights(seed=9)
for many, idx in [([], torch.tensor([-1, -1])), ([{}, some_adapters(model, LAYERS[:1], [2], 4)], torch.tensor([0, 1]))]:
    check(serve, model, many, idx, ids[:2], 2.0, want=alone(model, many, idx, ids[:2], 2.0), rtol=1e-3, atol=1e-3,
          why="no adapters, or an empty dict: the base model")
### END HIDDEN TESTS

# %% graded="serve__learns" points=1
# Looks at thirty steps in a row: the loss falls by half, and the answer is served.
model = random_weights(seed=4)
ids = torch.tensor([[3, 14, 15, 92, 65, 35], [27, 18, 28, 18, 28, 45]])
g = torch.Generator().manual_seed(0)
adapters = {name: (torch.randn(4, model[name].shape[1], generator=g) / 7, torch.zeros(model[name].shape[0], 4))
            for name in model if "attention" in name or "mlp" in name}
start = {name: (A.clone(), B.clone()) for name, (A, B) in adapters.items()}
losses = []
for _ in range(30):
    adapters, loss = lora_step(model, adapters, ids, 8.0, 0.3)
    losses.append(float(loss))
assert losses[-1] < 0.5 * losses[0], (
    f"expected a loss below half of {losses[0]:.3f} after thirty steps, got {losses[-1]:.3f}")
served = serve(model, [start, adapters], torch.tensor([0, 1]), ids[:1].repeat(2, 1), 8.0)
both = F.cross_entropy(served[:, :-1].mT, ids[:1, 1:].repeat(2, 1), reduction="none").mean(1)
assert both[1] < 0.6 * both[0], (
    f"expected the trained row of the batch to be far better than the untrained one, got losses {both.tolist()}")

# %% graded="serve__inplace" points=1
# Looks at the arguments after the call, and whose memory the new adapters are.
model = random_weights(seed=5)
pair = {"blocks.1.attention.v": (torch.ones(1, 48) / 9, torch.ones(16, 1) / 9)}
ids = torch.tensor([[5, 17, 60], [8, 8, 9]])
kept, weights_kept = ({k: (A.clone(), B.clone()) for k, (A, B) in pair.items()},
                      {k: w.clone() for k, w in model.items()})
new, loss = lora_step(model, pair, ids, 2.0, 1.0)
expect(pair, kept, on="the adapters after lora_step", rtol=0, atol=0, why="the caller still needs what it passed in")
expect(model, weights_kept, on="the weights after lora_step", rtol=0, atol=0, why="the base is frozen")
moved = (new["blocks.1.attention.v"][0] - kept["blocks.1.attention.v"][0]).abs().max()
assert moved > 1e-7, "expected adapters that have moved"
### BEGIN HIDDEN TESTS
unchanged(lora_step, model, pair, ids, 2.0, 0.0, want=(kept, loss), rtol=1e-3, atol=1e-5)
fresh(lora_step, model, pair, ids, 2.0, 0.0, want=(kept, loss), rtol=1e-3, atol=1e-5,
      why="with lr = 0 nothing moves, but the memory is new")
full = merged(model, pair, 2.0)
unchanged(serve, model, [pair], torch.tensor([0, -1]), ids, 2.0, rtol=1e-3, atol=1e-3,
          want=torch.stack([logits(full, ids[:1])[0], logits({k: w.double() for k, w in model.items()},
                                                             ids[1:])[0]]).float())
### END HIDDEN TESTS

# %% [markdown]
# The next cell takes about 3 seconds. It trains the small transformer on Python's help texts, letter by letter, and
# then two adapters with your `lora_step`: one on the same texts IN CAPITALS, one on texts_with_underscores. Then both
# answer in one batch, beside the base model.

# %% tags=["picture"]
lora.two_voices(lora_step, serve, merge)

# %% [markdown]
# The table by rows: what an adapter gains on its own text it loses on the others'. Three rows, one batch, one pass a
# letter, three voices. (They write words that do not exist: the model has 45,000 parameters.) Merged, each adapter
# gives the same logits as served; the difference printed is rounding.
#
# **And now with a model that speaks.** SmolLM2-135M has 30 layers. We adapt q and v of the last eight with r = 8,
# through *your* `lora_forward`, on 200 lines of our own: 100 questions, each with the answer of a pirate
# (`course/data/pirate.txt`). Two things make that possible in half a minute on a CPU. The lower 22 layers are frozen,
# so what they give for a text is computed once. And fifteen steps of eight pairs suffice to learn a *tone*. The cell
# takes about 15 seconds.

# %% tags=["real"]
from course.models.smollm import attempt, load

with attempt():  # without the model, or without your functions, it says so
    smollm, tokenizer = load()
    voice = lora.learn_tone(smollm, tokenizer, lora_forward, steps=15)

# %% [markdown]
# Next: the same new questions before and after, the size of what was learnt on disk, and what it cost elsewhere.
# About 12 seconds.

# %% tags=["real"]
with attempt():
    lora.compare_tone(smollm, tokenizer, voice, merge)

# %% [markdown]
# What to look for:
#
# - **Form is quick.** After fifteen steps the answers speak like a pirate. What they *say* is not better than before;
#   often it is worse. A few hundred lines teach a tone or a format, not facts.
# - **Size.** The adapters are half a megabyte in FP32, the model more than a thousand times that.
# - **Forgetting.** The perplexity of other text (Python's help texts) rises. On code and mathematics LoRA forgot
#   *less* than full fine-tuning, and at the usual low ranks learnt less (Biderman et al. 2024, arXiv 2405.09673,
#   "LoRA Learns Less and Forgets Less"); it does not forget nothing. What helps: fewer steps, a smaller α, some
#   ordinary text mixed in, and switching the adapter off, which no full fine-tune can offer.
# - **Merged** into copies of the weights, the model writes what it wrote with the adapters beside it.
#
# ## 8 · The experiment: what can r numbers express?
#
# A frozen layer must become $W_0 + D$, where $D$ is 64 × 64 with eight strong singular values (4, 3, 2, 1.5, 1, 0.75,
# 0.4, 0.3) and a faint rest. We fit $\Delta W$ to $D$ by Adam, 600 steps, with four adapters:
#
# | name | trainable numbers |
# |---|---|
# | `"LoRA r=1"` | 128 |
# | `"LoRA r=4"` | 512 |
# | `"VeRA r=64"` | 128 |
# | `"VeRA r=256"` | 320 |
#
# It takes about 3 seconds. **Predict before you run it**: which comes closest to $D$? Order the four by their final
# squared distance $\lVert \Delta W - D \rVert_F^2$, the smallest first. One point for committing, one for being
# right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the smallest distance first
### BEGIN SOLUTION
prediction = ["LoRA r=4", "LoRA r=1", "VeRA r=256", "VeRA r=64"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["LoRA r=1", "LoRA r=4", "VeRA r=64", "VeRA r=256"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["LoRA r=1", "LoRA r=4", "VeRA r=64", "VeRA r=256"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["LoRA r=4", "LoRA r=1", "VeRA r=256", "VeRA r=64"],
          "Which of them can turn its directions towards D, and which can only scale directions that it was dealt?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def start(method, r, g):
    "What is trained, as it begins, and the update that it stands for."
    A, B = torch.randn(r, 64, generator=g) / 8, torch.randn(64, r, generator=g) / 8
    if method == "LoRA":
        return [A, 0 * B], lambda A, B: B @ A
    return [torch.full((r,), 0.1), torch.zeros(64)], lambda d, b: (b[:, None] * B) @ (d[:, None] * A)


table = lora.fit_all(start, prediction=prediction)

# %% [markdown]
# - LoRA of rank r ends at the sum of the squared singular values that r leaves out: the Eckart–Young theorem says
#   that no matrix of rank r comes closer, and gradient descent finds it here. One more rank buys exactly the next
#   singular value.
# - VeRA with 256 random directions and 320 trained numbers stays far behind a LoRA of rank 1 with 128. It can only
#   weigh directions that were drawn before it saw D.
# - So: rank must match the *spectrum* of the update, and the number of trained parameters is not what decides. What
#   this does not show: that updates of real tasks look like $D$. The papers' finding that small ranks suffice is
#   about real tasks; so is VeRA's that random directions may; and so is that of Biderman et al. 2024, that full
#   fine-tuning on code and mathematics moves weights by a rank 10 to 100 times the usual r.
#
# ## 9 · Feel it: rank against spectrum
#
# Move the decay of the singular values and the rank. The bars are the spectrum of $D$; the blue ones a LoRA of that
# rank can catch. At which decay does r = 8 leave more than it takes?

# %% tags=["widget"]
lora.widget()

# %% [markdown]
# ## 10 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="tenants"
# You run **Llama-3-8B** (8.03 billion parameters; 32 layers, width 4096, 8 key/value heads of 128, hidden 14336) for
# **400 customers**, each with a LoRA of r = 16 on all seven matrices, on one GPU of **80 GB**. New customers are
# trained on a card of **24 GB**. Write, in about 15 lines:
#
# 1. The memory of serving: base and all adapters in BF16. What is left for the KV cache (131,072 bytes a token)?
# 2. Would you merge? Say what a merged model gains and what it costs here, and how one batch serves many customers.
# 3. The memory of training one adapter by QLoRA on the 24 GB card, part by part, and what is not counted.
# 4. A colleague proposes: "Use AdaLoRA, its SVD finds the right ranks; or VeRA, ten times smaller at equal quality;
#    and merge each adapter into the 4-bit base, so that serving is fast." Answer each.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Serving**: 16 · 81,920 · 32 = 41.9 million parameters an adapter, 84 MB; 400 are 33.6 GB; base 16.1 GB; together
#   49.6 GB, so 30 GB are left, some 230,000 tokens of cache (before activations).
# - **Merging**: no extra cost a token, but one 16 GB model a customer: five fit at most, not 400. Instead: one base
#   pass for the whole batch, rows grouped by adapter, two thin products a group. Merging is for one dominant adapter.
#   (Half a point without the grouping.)
# - **Training**: 4-bit weights 3.49 GB, constants 0.11 GB, BF16 embedding, head and norms 2.10 GB, adapters and
#   gradients 0.08 GB each, Adam's moments 0.34 GB: 6.2 GB. Not counted: activations (batch and length), dequantised
#   buffers.
# - **Proposals**: AdaLoRA computes no SVD and ranks triplets by smoothed |w · g| times its fluctuation, globally; the
#   budget is the user's choice. VeRA: the factor depends on the setting (30 on q and v of a 7B), quality is a matter
#   of the task, frozen random directions cannot express every update. Merging into 4 bits rounds the update away or
#   makes new errors: merge into 16 bits. (Half a point for two of three.)
#
# === END MARK SCHEME ===

# %% [markdown] written="tenants" points=4
# ### BEGIN SOLUTION
# 1. One adapter: r * (in + out) summed over the seven matrices = 16 * 81,920 = 1,310,720 a layer, times 32 = 41.9
#    million, 84 MB in BF16. 400 of them: 33.6 GB. Base: 16.1 GB. 80 - 49.6 = 30.4 GB for the cache, about 230,000
#    tokens, less what activations take.
# 2. No. A merged model costs nothing extra a token, but is a whole model of 16 GB for one customer, and a batch could
#    hold one customer only. Keep the base frozen: it runs once for all rows of the batch, then rows are grouped by
#    adapter, and each group gets two thin products, x A^T and then B^T. I would merge only where one customer fills a
#    GPU.
# 3. 6.98 billion weights at 4 bits: 3.49 GB; constants 0.127 bits each: 0.11 GB; embedding, head and norms in BF16:
#    2.10 GB; adapters 84 MB, gradients 84 MB, Adam 336 MB: 6.2 GB. On top come activations, which grow with batch and
#    length (gradient checkpointing), and buffers for dequantised weights.
# 4. AdaLoRA computes no SVD: it trains P, lambda, Q and ranks triplets over all layers by a moving average of |w * g|
#    times its fluctuation. How many stay is my setting. VeRA: 30 times smaller on q and v of a 7B at r = 256 against
#    r = 16; whether quality is equal must be measured, since its random directions are never trained. Merging into
#    4-bit weights rounds again: the update is mostly smaller than a step. Merge into 16 bits or serve the adapter
#    beside the 4-bit base.
# ### END SOLUTION

# %% [markdown]
# ## 11 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="4.1" level="basic"
# <details><summary>What is LoRA?</summary>
#
# - W stays frozen; the update is a product of two thin matrices: $W' = W + \frac{\alpha}{r} B A$, $B$ (out, r) zero
#   at the start, $A$ (r, in) random.
# - Trainable parameters: r (in + out) a matrix. Llama-2-7B: 4.2 million at r = 8 on q and v (1,607 times fewer), 40
#   million at r = 16 on all seven matrices (169 times).
# - Fewer *trainable* ones: gradients and optimiser states shrink. The model does not, nor do the activations.
# - Merged, it costs nothing at inference; unmerged, adapters can be swapped and mixed in one batch.
# - Slip: forgetting α/r. Slip: forming BA in the forward pass.
#
# </details>

# %% [markdown] card="4.2" level="medium"
# <details><summary>What is the difference between LoRA and QLoRA?</summary>
#
# - The same adapters; the frozen base is *stored* in 4 bits (NF4, blocks of 64, double quantisation: 4.127 bits a
#   weight) and dequantised to BF16 for each product. Paged optimiser for peaks.
# - So: less memory, more time a step. Adapters stay in 16 or 32 bits. Plain LoRA keeps the base in BF16, 2 bytes a
#   weight.
# - Llama-3-70B: 34.2 GB of 4-bit weights, 1.1 GB of constants, 4.2 GB of embedding and head in BF16: 39.5 GB before
#   adapters and activations. **Not** on 24 GB. The paper: 65B on one 48 GB GPU.
# - After training: merge into 16-bit weights, or serve the adapter beside the 4-bit base it was trained on.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Which matrices, which r, which α? What are rsLoRA and LoRA+?</summary>
#
# - All linear layers of a block, MLP included, before a large r on q and v only (QLoRA's finding).
# - r by the rank that the update needs: 8 sufficed for a tone in part 7; a target of rank 8 in part 8 needed 8. Try a
#   larger one only with the scale in mind:
# - Under α/r the first step of gradient descent gains with 1/r; rsLoRA, α/√r, keeps it level. Under Adam it is the
#   other way about (s · r). Tune the learning rate anew for each r.
# - LoRA+: a larger learning rate for B than for A. The ratio depends on model and task; 16 is a common first try.
# - Compare methods at learning rates tuned for each, else you compare rates.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Does LoRA prevent forgetting?</summary>
#
# - No. On code and mathematics it forgot less than full fine-tuning, at the price of learning less (Biderman et al.
#   2024). In the section's run on SmolLM2 the perplexity of other text rises within fifteen steps.
# - What helps: fewer steps, smaller α or r, ordinary text mixed in, measuring old tasks beside the new one.
# - What only adapters offer: switch it off, and the base is back, bit for bit, if it was never merged.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you merge one adapter, and several?</summary>
#
# - $W + \sum_i w_i \frac{\alpha_i}{r_i} B_i A_i$, summed in float32 and rounded once. Rounding after each adapter
#   loses small updates: BF16 keeps 8 significant bits.
# - Averaging As and Bs is something else: cross terms. The exact sum is an adapter of rank $\sum r_i$: Bs side by
#   side, As stacked.
# - Unmerging by subtraction restores only up to rounding. Keep the original.
# - Not into a 4-bit base.
# - Whether two skills survive the sum is an empirical question: updates may collide.
#
# </details>

# %% [markdown] card="4.3" level="killer"
# <details><summary>Compare AdaLoRA, DoRA and VeRA. When would you use each?</summary>
#
# - **AdaLoRA**: $\Delta W = P\,\mathrm{diag}(\lambda)\,Q$, λ zero at the start, a penalty for orthogonality, a global
#   budget of triplets by importance. For tasks in which layers need unlike ranks and memory at inference counts. More
#   in training: it starts large, and keeps averages. "30 to 50 % fewer" is your own setting.
# - **DoRA**: $W' = m \cdot (W_0 + sBA) / \lVert W_0 + sBA \rVert$, one norm per output row, constant in the backward
#   pass. `out` more parameters a matrix (+3.4 % at r = 16 on a 7B). Slower than LoRA until merged. Gains reported
#   mostly at low r.
# - **VeRA**: $\Delta W = \mathrm{diag}(b) B\, \mathrm{diag}(d) A$, A and B random, frozen, shared by all layers; r +
#   out numbers a matrix. 30 times fewer on q and v of a 7B than LoRA at r = 16. For very many adapters on one base.
#   It cannot turn its directions: in the experiment it stays behind a LoRA of rank 1.
# - Default: LoRA on all linear layers with a tuned learning rate. The others are worth a comparison, not a belief.
# - The guide's formulas: no norm named for DoRA; $d \circ (BA)$ for VeRA does not even have the shapes.
#
# </details>

# %% [markdown] card="4.4" level="killer"
# <details><summary>How does AdaLoRA determine the importance scores by which it allocates rank?</summary>
#
# - Per weight: $I = |w \cdot \nabla w|$, smoothed: $\bar I$ (EMA, 0.85); its fluctuation $\bar U$, an EMA of $|I -
#   \bar I|$ with the new $\bar I$; $s = \bar I \cdot \bar U$.
# - Per triplet: $S_i = s(\lambda_i)$ + mean of s over P's column + mean of s over Q's row.
# - All triplets of all layers in one ranking; the best b(t) stay, the λ of the others is set to 0, and may come back.
# - b(t) falls on a cubic schedule between a warm-up and a last phase; peft's defaults start at r = 12 a matrix and
#   end at 8 on average.
# - Not: an SVD, a threshold, a rule per layer, |λ|. Magnitude is the paper's weaker baseline; a signed threshold
#   would prune all negative λ.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Serve 400 fine-tuned versions of an 8B model on one GPU.</summary>
#
# - One base in BF16, 16.1 GB, and 400 adapters: r = 16 on all matrices 84 MB each, 33.6 GB; 30 GB of 80 are left for
#   the cache. Rare ones wait in the computer's memory.
# - One batch over all customers: base once, then rows grouped by adapter, two thin products each (Punica, S-LoRA).
# - Not merged: 400 models of 16 GB. Not swapped by adding and subtracting in BF16: the base drifts.
# - Watch: ranks unlike in size (padding), prefixes cannot be shared between customers, because keys and values depend
#   on the adapter.
# - Isolation: the index is part of the request; −1 must mean none.
#
# </details>

# %% [markdown]
# ## 12 · Sources
#
# LoRA: Hu et al. 2021, arXiv 2106.09685. QLoRA: Dettmers et al. 2023, 2305.14314. AdaLoRA: Zhang et al. 2023,
# 2303.10512. DoRA: Liu et al. 2024, 2402.09353. VeRA: Kopiczko et al. 2023, 2310.11454. rsLoRA: Kalajdzievski 2023,
# 2312.03732. LoRA+: Hayou et al. 2024, 2402.12354. Learns less and forgets less: Biderman et al. 2024, 2405.09673.
# Punica: Chen et al. 2023, 2310.18547. S-LoRA: Sheng et al. 2023, 2311.03285. Code: peft 0.21.2, which the course's
# own tests compare with.
