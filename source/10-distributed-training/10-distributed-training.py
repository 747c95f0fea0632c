# %% [markdown]
# # 10 · Distributed training
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What does mixed precision save, what does it not save, and why is there a float32 copy of the weights?
# - What is the loss scale for, and when is a step skipped?
# - What do the stages of ZeRO cut into pieces, what is left on each GPU, and which stage sends more?
# - How do tensor, pipeline and data parallelism share one model, and what does each of them wait for?
#
# Nine exercises. The last one assembles them into a training step of ZeRO stage 1, which then runs in two real
# processes and gives what one process gives. It takes about three and a half hours; the end of part 2 is a good
# place to stop. It builds on gradients and matrix products, and needs no other section.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** N *ranks*: processes, one a GPU, numbered from 0. P parameters, L layers, B sequences, T tokens, D
# width, H hidden width of an MLP (multilayer perceptron). S pipeline stages, M micro-batches. **Units.** 1 GB is
# 10⁹ bytes, 1 GiB is 2³⁰ bytes. FP32 (float32) takes 4 bytes a number, FP16 (float16) and BF16 (bfloat16) take 2.

# %% setup
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from course.check import check, committed, expect, folds, fresh, predicted, raises, unchanged, value_and_grad
from course.models.ranks import together

torch.set_num_threads(1)
State = tuple[Tensor, Tensor, Tensor, int]  # of Adam: weights, first moment, second moment, steps done
Part = tuple[float, list[Tensor], int]      # mean loss, its gradients, tokens that were averaged

# %% tags=["picture"]
from course.sections import distributed_training

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(shape, generator=torch.Generator().manual_seed(seed),
                               dtype=torch.float64)).to(dtype)


def adam(w, m, v, t, g, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    "The oracle of adamw_step in float64."
    w, m, v, g = (x.double() for x in (w, m, v, g))
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g ** 2
    up, down = m / (1 - betas[0] ** (t + 1)), (v / (1 - betas[1] ** (t + 1))) ** 0.5 + eps
    return w * (1 - lr * weight_decay) - lr * up / down, m, v, t + 1


def mean(parts):
    "In float64, token by token."
    total = sum(n for _, _, n in parts)
    live = [p for p in parts if p[2]]
    return (sum(loss * n for loss, _, n in live) / max(total, 1),
            [sum((p[1][i].double() * p[2] for p in live),
                 0 * parts[0][1][i].double().nan_to_num(0)) / max(total, 1)
             for i in range(len(parts[0][1]))], total)


def mlp(x, G, W, b):
    "The whole MLP in float64, unit by unit."
    x, G, W = x.double(), G.double(), W.double()
    y, H = torch.zeros(*x.shape[:-1], W.shape[0], dtype=torch.float64), W.shape[1]
    for u in range(H):
        g = x @ G[u]
        y = y + (g / (1 + torch.exp(-g)) * (x @ G[H + u]))[..., None] * W[:, u]
    return y if b is None else y + b.double()
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Numbers in sixteen bits
#
# A float has a sign, an exponent that says how large it is, and a mantissa that says how exact.
#
# | format | bits: sign, exponent, mantissa | largest | smallest above 0 | step just above 1 (eps) |
# |---|---|---|---|---|
# | FP32 | 1, 8, 23 | 3.4 · 10³⁸ | 1.4 · 10⁻⁴⁵ | 1.2 · 10⁻⁷ |
# | TF32 | 1, 8, 10 | 3.4 · 10³⁸ | 1.1 · 10⁻⁴¹ | 9.8 · 10⁻⁴ |
# | BF16 | 1, 8, 7 | 3.4 · 10³⁸ | 9.2 · 10⁻⁴¹ | 7.8 · 10⁻³ |
# | FP16 | 1, 5, 10 | 65,504 | 6.0 · 10⁻⁸ | 9.8 · 10⁻⁴ |
#
# TF32 (TensorFloat-32) is no type of its own: tensor cores read FP32 numbers as if they had ten mantissa bits. BF16
# is FP32 cut in half: the same range, eight times coarser than FP16.
#
# **What mixed precision is** (Micikevicius et al. 2017, arXiv 1710.03740). Weights, activations and gradients are
# kept in 16 bits, so the large products run on tensor cores. Sums, softmax, norms and the loss run in FP32. And the
# optimiser keeps an FP32 copy of the weights, the *master weights*.
#
# **Find the fault.** The guide says: "Mixed precision halves the memory." Count what Adam keeps for each parameter.
#
# <details><summary>The fault</summary>
#
# | bytes a parameter | weights | gradients | master weights | Adam's two moments | sum |
# |---|---|---|---|---|---|
# | all FP32 | 4 | 4 | – | 8 | **16** |
# | mixed | 2 | 2 | 4 | 8 | **16** |
# | mixed, gradients summed in FP32 | 2 | 4 | 4 | 8 | **18** |
#
# Nothing is saved on states. What halves: the *activations*, and the bytes that travel between GPUs.
#
# </details>
#
# "Twice as fast" depends on what one compares with. NVIDIA's A100 data sheet (2020) gives 312 TFLOP/s (10¹²
# floating point operations a second) for BF16 and FP16, 156 for TF32, 19.5 for FP32 without tensor cores: a factor
# of 2, or of 16, at the peak.
#
# **Why the copy?** Next to 1 BF16 goes in steps of 1/128. An update of 0.001 is rounded away, each time:

# %% tags=["picture"]
distributed_training.added_up()

# %% [markdown]
# The number 1, to which 0.001 is added a thousand times. FP32 gets to 2.000, FP16 to 1.977, BF16 never moves. Two
# remedies: keep the sum in FP32 (master weights), or round at random. **Stochastic rounding** goes up with a
# probability equal to the part that is cut off, so it is right on average. It needs no second copy.
#
# ### Exercise 10.1 · round_mantissa
#
# Round float32 numbers to the eight exponent bits that they have and `bits` of their 23 mantissa bits: `bits=7` is
# BF16, `bits=10` TF32. The answer is float32 again, with zeros where bits were dropped.
#
# - `x` is a float32 array of one dimension or more, empty too; 1 ≤ `bits` ≤ 23. With 23 nothing changes.
# - `noise=None`: to the nearest; at a tie the one whose last kept bit is 0 (round half to even).
# - `noise` an array of x's shape of whole numbers, dtype uint32, $0 \le \text{noise} < 2^{23-\text{bits}}$:
#   stochastic rounding. Add the noise to the bits of x read as an unsigned integer, then cut the dropped bits off.
#   (That works on the magnitude, for the sign is a bit of its own.) With uniform noise the magnitude goes up as
#   often as it should.
# - A carry may run from the mantissa into the exponent: that is right, and at the largest numbers gives an
#   infinity.
# - **NaN stays NaN** (which of the NaNs does not matter), an infinity stays itself, the sign stays, of 0 too.
#   Numbers below 1.2 · 10⁻³⁸ (subnormal ones) follow the same rule.
#
# Bits of an array without copying: `x.view(np.uint32)`, and back `.view(np.float32)`. Any way that gives these
# numbers is right. Source: IEEE 754-2019, section 4.3; `torch/headeronly/util/BFloat16.h` of PyTorch 2.13.

# %% stub="round_mantissa"
def round_mantissa(x: Float[np.ndarray, "..."], bits: int,
                   noise: np.ndarray | None = None) -> Float[np.ndarray, "..."]:
    """float32 numbers with only `bits` mantissa bits left.

    bits = 7: 1.00390625 lies between 1 and 1.0078125, a tie: 1. With noise 32768 it goes up, with 32767 it does not.
    """
    ### BEGIN SOLUTION
    u, drop = np.asarray(x).view(np.uint32), 23 - bits
    if noise is not None:
        add = noise.astype(np.uint32)
    elif drop:
        add = (u >> np.uint32(drop) & np.uint32(1)) + np.uint32((1 << drop - 1) - 1)  # odd: half, even: just below half
    else:
        add = np.zeros_like(u)
    rounded = u + add & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)
    return np.where(np.isfinite(x), rounded, u).view(np.float32)
    ### END SOLUTION
    raise NotImplementedError("round_mantissa")

# %% [markdown] hints="round_mantissa"
# <details><summary>Hint 1: a question</summary>
#
# To cut after the 16th bit rounds towards 0. What must be added before the cut, so that whatever is above the
# middle is carried over?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two kept bits, two dropped: 01.10 is a tie. Adding 10 gives 10.00, and 10 is even: right. 10.10 is a tie, too;
# adding 10 gives 11.00, and 11 is odd: wrong. Adding 01 there gives 10.11, cut to 10. So the odd one wants 10, the
# even one 01.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A NaN has all exponent bits set and any mantissa but 0. Cutting the mantissa can turn it into an infinity, and a
# carry can run through the exponent into the sign. An infinity passes unharmed: the cut takes the noise off again.
#
# </details>

# %% graded="round_mantissa__nearest" points=2
# Looks at rounding to the nearest, at ties, at carries, for several numbers of bits.
check(round_mantissa, np.float32([1.0, 1.00390625, 1.01171875, 1.005, -1.00390625]), 7,
      want=np.float32([1.0, 1.0, 1.015625, 1.0078125, -1.0]), rtol=0, atol=0,
      why="1.0039 is a tie between 1 and 1.0078: even is 1; 1.0117 is a tie, too: even is 1.0156",
      mistakes={"cut off": np.float32([1.0, 1.0, 1.0078125, 1.0, -1.0]),
                "ties go away from zero": np.float32([1.0, 1.0078125, 1.015625, 1.0078125, -1.0078125])})
check(round_mantissa, np.float32([1.999, 3.0]), 2, want=np.float32([2.0, 3.0]), rtol=0, atol=0,
      why="a carry may run into the exponent")
### BEGIN HIDDEN TESTS
def nearest(x, bits):
    "By arithmetic in float64, no bits."
    out = []
    for value in np.asarray(x, np.float64).ravel():
        if value == 0 or not np.isfinite(value):
            out.append(value)
            continue
        step = 2.0 ** (max(int(np.floor(np.log2(abs(value)))), -126) - bits)
        while abs(value) / step >= 2.0 ** (bits + 1):
            step *= 2
        near = np.round(value / step) * step  # numpy rounds half to even
        out.append(near if abs(near) < 2.0 ** 128 else np.copysign(np.inf, near))
    return np.array(out).astype(np.float32).reshape(np.shape(x))

rng = np.random.default_rng(0)
for bits in (7, 10, 1, 22, 23):
    for x in (rng.standard_normal((37, 11)).astype(np.float32),
              np.exp(rng.uniform(-80, 80, 301)).astype(np.float32) * rng.choice([-1, 1], 301).astype(np.float32),
              (1 + np.arange(300) * 2.0 ** -(bits + 2)).astype(np.float32),
              # every second one is a tie or close to one
              (rng.integers(1, 2 ** 24, 101) * 2.0 ** -149).astype(np.float32),
              rng.standard_normal((3, 4, 6)).astype(np.float32).transpose(2, 0, 1)[::2],
              np.zeros((0, 3), np.float32), np.full((1, 1), -7.77, np.float32)):
        check(round_mantissa, x, bits, want=nearest(x, bits), rtol=0, atol=0,
              why=f"the nearest with {bits} bits, ties to even")
x = rng.standard_normal(2000).astype(np.float32)
check(round_mantissa, x, 7, want=torch.tensor(x).bfloat16().float().numpy(), rtol=0, atol=0,
      why="seven bits are BF16")
### END HIDDEN TESTS

# %% graded="round_mantissa__special" points=2
# Looks at NaN, infinities, zeros, overflow and the smallest numbers, with and without noise.
top = np.finfo(np.float32).max
check(round_mantissa, np.float32([np.inf, -np.inf, 0.0, top, -top]), 7,
      want=np.float32([np.inf, -np.inf, 0.0, np.inf, -np.inf]),
      why="the largest float32 lies above the largest BF16")
check(round_mantissa, np.uint32([0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFFFFFFF]).view(np.float32), 7,
      want=np.full(4, np.nan, np.float32), why="a NaN is a NaN, whatever bits it carries",
      mistakes={"the carry or the cut made numbers of NaNs": np.float32([np.inf, -np.inf, -0.0, 0.0])})
### BEGIN HIDDEN TESTS
def signs(x, bits, noise=None):
    "Which answers have their sign bit set."
    return np.signbit(round_mantissa(x, bits, noise))

odd = np.uint32([0x7F800001, 0xFF80FFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00000, 0xFFBFFFFF,
                 0x7F808000]).view(np.float32)
for bits in (1, 7, 22, 23):
    for noise in (None, np.zeros(7, np.uint32), np.full(7, 2 ** (23 - bits) - 1, np.uint32)):
        check(round_mantissa, odd, bits, noise, want=np.full(7, np.nan, np.float32), why="NaN stays NaN")
        ends = np.float32([np.inf, -np.inf, 0, -0.0, 1, -2, 0.5])
        check(round_mantissa, ends, bits, noise, want=ends, rtol=0, atol=0,
              why="an infinity stays itself; numbers that fit stay")
        check(signs, np.float32([-0.0, 0.0, -3.0, 3.0, -np.inf, 5.0, -1e-45]), bits, noise,
              want=np.array([True, False, True, False, True, False, True]), why="the sign stays, of 0 too")
for bits in (7, 10, 3):
    drop = 23 - bits
    half = np.uint32([0x7F7FFFFF, 0x7F7FFFFF - (1 << drop - 1), 0xFF7FFFFF, 0x7F000000]).view(np.float32)
    kept = np.uint32([0x7F7FFFFF >> drop << drop]).view(np.float32)[0]
    check(round_mantissa, half, bits, want=np.float32([np.inf, kept, -np.inf, half[3]]), rtol=0, atol=0,
          why="below the middle to the largest number with so many bits, above it to infinity")
small = np.uint32([1, 0x8000, 0x8001, 0x18000, 0x807F8001, 0x007FFFFF]).view(np.float32)
check(round_mantissa, small, 7, want=torch.tensor(small).bfloat16().float().numpy(), rtol=0, atol=0,
      why="subnormal numbers follow the same rule")
### END HIDDEN TESTS

# %% graded="round_mantissa__noise" points=2
# Looks at stochastic rounding: given noise, and its mean over many draws.
check(round_mantissa, np.float32([1.00390625, 1.00390625, -1.00390625]), 7, np.uint32([32767, 32768, 32768]),
      want=np.float32([1.0, 1.0078125, -1.0078125]), rtol=0, atol=0,
      why="half a step is 32768 of the 65536 that were cut: from noise 32768 on it goes up",
      mistakes={"the noise was not used": np.float32([1.0, 1.0, -1.0])})
### BEGIN HIDDEN TESTS
for seed, bits in enumerate((7, 10, 22, 1, 23)):
    rng = np.random.default_rng(seed)
    for shape, most in (((41, 7), 2 ** (23 - bits)), ((300,), 2 ** (23 - bits)), ((2, 3, 5), 1)):  # the last: noise of 0
        x = (rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 6, shape)).astype(np.float32)
        noise = rng.integers(0, most, shape).astype(np.uint32)
        whole = [(int(u) + int(e)) >> (23 - bits) << (23 - bits)
                 for u, e in zip(x.view(np.uint32).ravel(), noise.ravel())]
        want = np.array(whole, np.uint32).view(np.float32).reshape(shape)
        check(round_mantissa, x, bits, noise, want=want, rtol=0, atol=0, why="bits plus noise, then the cut")
        check(round_mantissa, x.T, bits, noise.T, want=want.T, rtol=0, atol=0, why="strided arrays are valid")
### END HIDDEN TESTS

# %% graded="round_mantissa__memory" points=1
# Looks at the arguments after the call, and whose memory the answer is.
unchanged(round_mantissa, np.float32([1.005, 2.0]), 7, np.uint32([1, 2]), want=np.float32([1.0, 2.0]))
fresh(round_mantissa, np.float32([1.0, 2.0]), 23, want=np.float32([1.0, 2.0]), why="all bits kept: a copy")
### BEGIN HIDDEN TESTS
unchanged(round_mantissa, np.float32([[1.005, np.nan], [np.inf, 3.3]]), 7,
          want=np.float32([[1.0078125, np.nan], [np.inf, 3.296875]]))
fresh(round_mantissa, np.float32([1.5, 2.0]), 7, want=np.float32([1.5, 2.0]))
fresh(round_mantissa, np.float32([1.5, 2.0]), 7, np.uint32([0, 0]), want=np.float32([1.5, 2.0]))
### END HIDDEN TESTS

# %% tags=["picture"]
distributed_training.rounded(round_mantissa)

# %% [markdown]
# Left: what the nearest and the stochastic rounding make of numbers between 1 and 1.016 (mean of 400 draws). Right:
# the sum from above, 0.001 added a thousand times in BF16, once more with your function. Rounded to the nearest it
# never moves. Stochastically it drifts to about 2, a little different each time.
#
# ### Gradients that vanish
#
# "BF16 is better because FP16 overflows" is half of it. In training the smaller side hurts first: gradients are
# tiny, and below 3 · 10⁻⁸ FP16 rounds to 0. The remedy: multiply the **loss** by a large number, the *loss scale*.
# By the chain rule every gradient grows with it. Divide by it in FP32, before the step.

# %% tags=["picture"]
distributed_training.vanishing()

# %% [markdown]
# Simulated gradients, log-normal around 10⁻⁷. In FP16 a third of them become 0 (34.4 %), with a loss scale of 2¹²
# less than one in a thousand (0.08 %). In BF16 none does: it needs no loss scale, and needs master weights all the
# more.
#
# How large a scale? Start large and watch. If any gradient overflows, *skip the step* and halve the scale. After
# 2,000 good steps in a row, double it.
#
# ### Exercise 10.2 · loss_scale_step
#
# One step of a dynamic loss scale. `state` is `(scale, good)`: the scale by which the loss was multiplied, and how
# many good steps there were since the scale last changed or a step was skipped. `grads` is a list of tensors of any
# shapes, scaled, in any floating dtype; it may be empty.
#
# - **If any entry of any gradient is NaN or infinite**, the step is skipped: return
#   `((scale * backoff, 0), None)`.
# - Otherwise unscale: divide by `scale`, in float32 (float64 stays float64); the answers have that dtype.
# - Then, with `max_norm` given (> 0), clip: if the norm of *all unscaled gradients together* is larger than
#   `max_norm`, multiply them all by `max_norm / norm`. (An epsilon of 10⁻⁶ beside the norm, as PyTorch has it, is
#   tolerated.)
# - Then count: `good + 1`. If that reaches `growth_interval`, the scale is multiplied by `growth` and the count
#   starts again at 0. Return `((scale, good), grads)`.
#
# The scale is any number above 0, no power of 2 in general. Source: `torch.amp.GradScaler` and `clip_grad_norm_` of
# PyTorch 2.13; Micikevicius et al. 2017, section 3.2.

# %% stub="loss_scale_step"
def loss_scale_step(state: tuple[float, int], grads: list[Tensor], growth_interval: int = 2000,
                    growth: float = 2.0,
                    backoff: float = 0.5, max_norm: float | None = None,
                    ) -> tuple[tuple[float, int], list[Tensor] | None]:
    """The next (scale, good), and the gradients without the scale, or None when the step is skipped.

    state (8.0, 5), grads [[16.0]] give ((8.0, 6), [[2.0]]); grads [[inf]] give ((4.0, 0), None).
    """
    ### BEGIN SOLUTION
    scale, good = state
    if not all(bool(torch.isfinite(g).all()) for g in grads):
        return (scale * backoff, 0), None
    out = [g.to(torch.promote_types(g.dtype, torch.float32)) / scale for g in grads]
    if max_norm is not None and out:
        norm = torch.stack([g.double().square().sum() for g in out]).sum().sqrt().item()
        if norm > max_norm:
            out = [g * (max_norm / norm) for g in out]
    if good + 1 == growth_interval:
        return (scale * growth, 0), out
    return (scale, good + 1), out
    ### END SOLUTION
    raise NotImplementedError("loss_scale_step")

# %% [markdown] hints="loss_scale_step"
# <details><summary>Hint 1: a question</summary>
#
# The limit `max_norm` is meant for the true gradients. Which of dividing and clipping has to come first?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Scale 8, gradients [24] and [32]. Unscaled [3] and [4], their common norm is 5. With `max_norm=1` they become
# [0.6] and [0.8]. Clipping each by itself would give [1] and [1].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A finite gradient can have an infinite sum in FP16, and a tiny one divided in FP16 is 0 again: widen first. And a
# skipped step also resets the count.
#
# </details>

# %% graded="loss_scale_step__unscale" points=2
# Looks at unscaled gradients: dtypes, tiny and large ones.
check(loss_scale_step, (8.0, 5), [torch.tensor([16.0]), torch.tensor([[1.0, -4.0]])],
      want=((8.0, 6), [torch.tensor([2.0]), torch.tensor([[0.125, -0.5]])]))
check(loss_scale_step, (65536.0, 0), [torch.tensor([6e-5]).half()],
      want=((65536.0, 1), [torch.tensor([6e-5]).half().float() / 65536]), rtol=1e-4, atol=0,
      why="the unscaled gradient is below what float16 can hold: divide in float32",
      mistakes={"divided in float16": ((65536.0, 1), [torch.tensor([0.0])])})
### BEGIN HIDDEN TESTS
for seed, dtype in enumerate([torch.float16, torch.bfloat16, torch.float32, torch.float64]):
    for scale, size in ((65536.0, 1e-3), (65536.0, 2000.0), (3.0, 1.0), (0.5, 1e-3), (1e4 + 0.3, 2000.0), (1, 1.0)):
        grads = [drawn(*s, seed=seed * 10 + i, dtype=dtype, size=size) for i,
                 s in enumerate([(3, 5), (7,), (), (2, 1, 300)])]
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        check(loss_scale_step, (scale, 17), grads,
              want=((scale, 18), [(g.double() / scale).to(wide) for g in grads]),
              rtol=1e-12 if dtype == torch.float64 else 3e-6, atol=0, why="divided by the scale in float32")
for limit in (None, 1.0):
    check(loss_scale_step, (4.0, 2), [], max_norm=limit, want=((4.0, 3), []), why="no gradients at all: a good step")
for kinds in ((torch.float16, torch.float64, torch.bfloat16), (torch.float64, torch.float32)):
    grads = [drawn(5, seed=i, dtype=kind) for i, kind in enumerate(kinds)]
    check(loss_scale_step, (3.0, 0), grads, rtol=3e-6, atol=0, why="each gradient by its own dtype",
          want=((3.0, 1), [(g.double() / 3).to(torch.promote_types(g.dtype, torch.float32)) for g in grads]))
check(loss_scale_step, (4.0, 2), [torch.zeros(0, 3).half(), torch.zeros(2).half()],
      want=((4.0, 3), [torch.zeros(0, 3), torch.zeros(2)]))
check(loss_scale_step, (2.0, 0), [drawn(6, 4, seed=3).T], want=((2.0, 1), [drawn(6, 4, seed=3).T / 2]))
### END HIDDEN TESTS

# %% graded="loss_scale_step__skip" points=2
# Looks at NaN and infinities, in any entry; and at large finite gradients, which are no reason to skip.
check(loss_scale_step, (8.0, 5), [torch.tensor([1.0]), torch.tensor([[1.0, torch.inf]])], want=((4.0, 0), None),
      why="an infinity: halve the scale, start counting again, no step",
      mistakes={"the count went on": ((4.0, 6), None), "the count was kept": ((4.0, 5), None),
                "the scale stayed": ((8.0, 0), None)})
check(loss_scale_step, (1.0, 0), [torch.tensor([60000.0, 60000.0]).half()],
      want=((1.0, 1), [torch.tensor([60000.0, 60000.0]).half().float()]), rtol=1e-6, atol=0,
      why="their sum overflows float16, they themselves do not")
### BEGIN HIDDEN TESTS
for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
    for bad in (torch.inf, -torch.inf, torch.nan):
        for which, at in [(0, 0), (1, 3), (2, 299)][:3 if dtype in (torch.float16, torch.float32) else 1]:
            grads = [drawn(n, seed=i, dtype=dtype) for i, n in enumerate((5, 4, 300))]
            grads[which][at] = bad
            check(loss_scale_step, (1000.0, 1999), grads, 2000, 2.0, 0.3, want=((300.0, 0), None),
                  why=f"one entry is {bad}: skip, whatever the count")
        check(loss_scale_step, (64.0, 3), grads, max_norm=1.0, want=((32.0, 0), None),
              why="clipping does not heal it")
check(loss_scale_step, (8.0, 1), [torch.tensor([torch.inf]), torch.tensor([-torch.inf])], want=((4.0, 0), None),
      why="infinities of both signs")
check(loss_scale_step, (2.0, 1), [torch.tensor([65504.0]).half(), torch.tensor([-65504.0] * 50).half()],
      max_norm=1e9,
      want=((2.0, 2), [torch.tensor([32752.0]), torch.tensor([-32752.0] * 50)]), rtol=1e-6,
      why="large and finite")
check(loss_scale_step, (2.0, 1), [torch.tensor([3e38, 3e38])], want=((2.0, 2), [torch.tensor([1.5e38, 1.5e38])]),
      rtol=1e-6, why="their sum is beyond float32, they are not")
### END HIDDEN TESTS

# %% graded="loss_scale_step__growth" points=2
# Looks at the scale over many steps: growth, backoff, the count.
check(loss_scale_step, (8.0, 2), [torch.tensor([1.0])], 3, want=((16.0, 0), [torch.tensor([0.125])]),
      why="the third good step of three: the scale doubles for the next step, this one was scaled by 8",
      mistakes={"divided by the new scale": ((16.0, 0), [torch.tensor([0.0625])]),
                "the count was not reset": ((16.0, 3), [torch.tensor([0.125])])})
### BEGIN HIDDEN TESTS
for interval, up, down, pattern in [(3, 2.0, 0.5, "ggggbggbgggggg"), (1, 4.0, 0.25, "ggbg"),
                                    (4, 1.5, 0.7, "ggggggggbgggg"),
                                    (2000, 2.0, 0.5, "gbg")]:
    state, scale, good = (100.0, 0), 100.0, 0
    for n, letter in enumerate(pattern):
        bad = letter == "b"
        state, got = loss_scale_step(state, [torch.tensor([torch.nan if bad else 5.0])], interval, up, down)
        before = scale
        scale, good = (scale * down, 0) if bad else (scale * up, 0) if good + 1 == interval else (scale, good + 1)
        expect((state, got), ((scale, good), None if bad else [torch.tensor([5.0 / before])]), rtol=1e-6, atol=0,
               on=f"step {n + 1} of {pattern!r} (g good, b bad), interval {interval}, growth {up}, backoff {down}")
check(loss_scale_step, (2.0, 1999), [torch.tensor([1.0])], want=((4.0, 0), [torch.tensor([0.5])]),
      why="2,000 good steps, unless told otherwise, and doubled")
check(loss_scale_step, (3e9, 0), [torch.tensor([3.0])], 1, want=((6e9, 0), [torch.tensor([1e-9])]), rtol=1e-6, atol=0,
      why="the scale has no upper end")
check(loss_scale_step, (2.0, 1998), [torch.tensor([1.0])], want=((2.0, 1999), [torch.tensor([0.5])]),
      why="not yet")
### END HIDDEN TESTS

# %% graded="loss_scale_step__clip" points=2
# Looks at clipping: after unscaling, by the norm of all gradients together.
check(loss_scale_step, (8.0, 0), [torch.tensor([24.0]), torch.tensor([32.0])], max_norm=1.0,
      want=((8.0, 1), [torch.tensor([0.6]), torch.tensor([0.8])]), rtol=1e-5,
      why="unscaled [3] and [4], of norm 5",
      mistakes={"clipped before it was unscaled": ((8.0, 1), [torch.tensor([0.075]), torch.tensor([0.1])]),
                "each tensor was clipped by itself": ((8.0, 1), [torch.tensor([1.0]), torch.tensor([1.0])])})
check(loss_scale_step, (8.0, 0), [torch.tensor([24.0]), torch.tensor([32.0])], max_norm=7.0,
      want=((8.0, 1), [torch.tensor([3.0]), torch.tensor([4.0])]), why="5 is not above 7: nothing to clip",
      mistakes={"stretched to the limit": ((8.0, 1), [torch.tensor([4.2]), torch.tensor([5.6])])})
### BEGIN HIDDEN TESTS
for seed, (dtype, scale, size, limit) in enumerate([(torch.float16, 64.0, 300.0, 1.0),
                                                    (torch.float16, 1000.0, 1.0, 2.5),
                                                    (torch.bfloat16, 7.0, 1e3, 0.01),
                                                    (torch.float32, 0.1, 1.0, 30.0),
                                                    (torch.float64, 3.0, 5.0, 1.0),
                                                    (torch.float32, 5.0, 1.0, 1e4),
                                                    (torch.float32, 5.0, 0.0, 1.0)]):
    grads = [drawn(*s, seed=seed * 10 + i, dtype=dtype, size=size) for i,
             s in enumerate([(30, 20), (7,), (), (40,)])]
    out = [g.double() / scale for g in grads]
    norm = sum(g.square().sum() for g in out).sqrt()
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    out = [(g * min(1.0, limit / max(norm.item(), 1e-300))).to(wide) for g in out]
    check(loss_scale_step, (scale, 0), grads, max_norm=limit, want=((scale, 1), out),
          rtol=1e-4 if limit > 0.1 else 3e-4,
          atol=1e-12, why=f"one factor for all, of the norm {norm:.4g}")
grads = [drawn(30, 20, seed=91, dtype=torch.float64, size=5e5), drawn(7, seed=92, dtype=torch.float64, size=3e4)]
norm = sum((g / 3).square().sum() for g in grads).sqrt()
check(loss_scale_step, (3.0, 0), grads, max_norm=1.0, want=((3.0, 1), [g / 3 / norm for g in grads]), rtol=1e-9, atol=0,
      why="float64 gradients have a float64 norm")
### END HIDDEN TESTS

# %% graded="loss_scale_step__memory" points=1
# Looks at the arguments after the call, and whose memory the answer is.
unchanged(loss_scale_step, (4.0, 0), [torch.tensor([8.0])], max_norm=1.0, want=((4.0, 1), [torch.tensor([1.0])]),
          rtol=1e-5)
fresh(loss_scale_step, (1.0, 0), [torch.tensor([8.0])], want=((1.0, 1), [torch.tensor([8.0])]))
### BEGIN HIDDEN TESTS
for dtype in (torch.float64, torch.float32):
    grads = [drawn(4, 3, seed=1, dtype=dtype), drawn(5, seed=2, dtype=dtype)]
    unchanged(loss_scale_step, (3.0, 0), grads, want=((3.0, 1), [g / 3 for g in grads]))
    fresh(loss_scale_step, (1, 0), grads, want=((1, 1), grads))
    unchanged(loss_scale_step, (1.0, 4), [torch.tensor([torch.nan, 1.0], dtype=dtype)], want=((0.5, 0), None))
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · The step
#
# AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101) keeps two running means for each weight: $m$ of the gradient,
# $v$ of its square. Both begin at 0 and are too small at first; dividing by $1 - \beta^t$ corrects that:
#
# $$m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g^2,$$
#
# $$w_t = w_{t-1} - \eta \lambda\, w_{t-1} - \eta\, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \varepsilon},
# \qquad t = 1, 2, \dots$$
#
# **The catch: the decay $\lambda$ stands outside the fraction.** Adding $\lambda w$ to the gradient (L2
# regularisation) sends it through the division, and weights with large gradients hardly decay at all. That is what
# the W, for decoupled weight decay, mends.
#
# In mixed precision $w$, $m$, $v$ are FP32; the model computes with a BF16 copy of $w$ made after each step. $v$
# needs the range: a gradient of 300 has a square of 90,000, beyond FP16, and one of 10⁻⁵ a square of 10⁻¹⁰, below
# it.
#
# ### Exercise 10.3 · adamw_step
#
# One step of AdamW. `state` is `(w, m, v, t)`: weights and moments of one shape (any shape, no dimensions and no
# numbers too) and one dtype, float32 or float64, and the number t ≥ 0 of steps done so far. So the first step, of a
# state with t = 0, is the step with $t = 1$ in the formula.
#
# - `grad` has w's shape and may be in half precision: everything is computed in the dtype of w.
# - `lr` is $\eta$ and may differ from step to step; `betas`, `eps`, `weight_decay` as in the formula.
# - Returns the new state `(w, m, v, t + 1)`, in new tensors without a graph; the old one stays as it was.
#
# Source: Loshchilov and Hutter 2017, algorithm 2, with $\eta\lambda$ for its decay as in `torch.optim.AdamW` of
# PyTorch 2.13.

# %% stub="adamw_step"
def adamw_step(state: State, grad: Float[Tensor, "..."], lr: float, betas: tuple[float, float] = (0.9, 0.999),
               eps: float = 1e-8, weight_decay: float = 0.01) -> State:
    """The state after one more step.

    w = [2], m = v = [0], t = 0, grad [5], lr 0.1, weight_decay 0.5: 2 - 0.1 * 0.5 * 2 - 0.1 * 1 = 1.8.
    """
    ### BEGIN SOLUTION
    w, m, v, t = state
    w, m, v, g, t = w.detach(), m.detach(), v.detach(), grad.detach().to(w.dtype), t + 1
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g * g
    step = (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + eps)
    return w - lr * weight_decay * w - lr * step, m, v, t
    ### END SOLUTION
    raise NotImplementedError("adamw_step")

# %% [markdown] hints="adamw_step"
# <details><summary>Hint 1: a question</summary>
#
# Without decay, how far does the very first step move a weight, whatever its gradient is?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Gradient 5, betas 0.9 and 0.999, t = 1: m = 0.5, v = 0.025. Corrected: 0.5/0.1 = 5 and 0.025/0.001 = 25. 5/√25 =
# 1. With lr = 0.1 the weight moves by 0.1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Which w does the decay see: the one before the step. And which v does the root see: the corrected one, with ε
# added after the root.
#
# </details>

# %% graded="adamw_step__first" points=2
# Looks at the first step: bias correction, decay, epsilon.
one, zero = torch.tensor([2.0]), torch.tensor([0.0])
check(lambda state, *a, **k: adamw_step(state, *a, **k)[0], (one, zero, zero, 0), torch.tensor([5.0]), 0.1,
      weight_decay=0.5, want=torch.tensor([1.8]), rtol=1e-5, why="2 - 0.1 * 0.5 * 2 - 0.1 * 5 / sqrt(25)",
      mistakes={"no bias correction": torch.tensor([2 - 0.1 - 0.1 * 0.5 / 0.025 ** 0.5]),
                "the decay went into the gradient (L2)": torch.tensor([1.9]),
                "the decay came after the step": torch.tensor([1.805]),
                "the decay was not multiplied by lr": torch.tensor([0.9])})
check(adamw_step, (one, zero, zero, 0), torch.tensor([3.0]), 0.1, (0.5, 0.75), 1.0, 0.0,
      want=(torch.tensor([1.925]), torch.tensor([1.5]), torch.tensor([2.25]), 1), rtol=1e-5,
      why="m = 1.5, v = 2.25; corrected 3 and 9; 3 / (3 + 1) = 0.75",
      mistakes={"epsilon under the root": (torch.tensor([2 - 0.3 / 10 ** 0.5]), torch.tensor([1.5]),
                                           torch.tensor([2.25]), 1),
                "epsilon beside the uncorrected root": (torch.tensor([2 - 0.3 / 5]), torch.tensor([1.5]),
                                                        torch.tensor([2.25]), 1)})
### BEGIN HIDDEN TESTS
for seed, (shape, lr, betas, eps, decay) in enumerate([((3, 5), 0.01, (0.9, 0.999), 1e-8, 0.01),
                                                       ((), 0.5, (0.8, 0.95), 0.3, 0.2),
                                                       ((0,), 0.1, (0.9, 0.99), 1e-8, 0.0),
                                                       ((300,), 1e-3, (0.0, 0.5), 1e-2, 1.0),
                                                       ((2, 3, 4), 0.0, (0.9, 0.999), 1e-6, 0.1),
                                                       ((7,), 2.0, (0.5, 0.0), 1e-3, 0.0)]):
    for dtype, tolerance, counts in ((torch.float32, 2e-5, (0, 7)), (torch.float64, 1e-11, (0, 1, 5000))):
        for t in counts:
            w, m, g = (drawn(*shape, seed=10 * seed + i, dtype=dtype) for i in range(3))
            v = drawn(*shape, seed=10 * seed + 5, dtype=dtype).square()
            if t == 0:
                m, v = torch.zeros_like(w), torch.zeros_like(w)
            want = adam(w, m, v, t, g, lr, betas, eps, decay)
            check(adamw_step, (w, m, v, t), g, lr, betas, eps, decay,
                  want=(*(x.to(dtype) for x in want[:3]), t + 1),
                  rtol=tolerance, atol=tolerance, why=f"step {t + 1} of the formula")
w, g = drawn(6, 4, seed=1).T, drawn(4, 6, seed=2)
check(lambda *a: adamw_step(*a)[0], (w, 0 * w, 0 * w, 0), g, 0.1,
      want=adam(w, 0 * w, 0 * w, 0, g, 0.1)[0].float(), rtol=2e-5,
      atol=2e-5, why="strided weights, defaults 0.9, 0.999, 1e-8, 0.01")
for w, g in ((drawn(5, 3, seed=1), drawn(3, 5, seed=2).T), (drawn(4, 4, seed=3), drawn(4, 4, seed=4).T),
             (drawn(7, seed=5), drawn(21, seed=6)[::3])):
    check(adamw_step, (w, 0 * w, 0 * w, 0), g, 0.1, want=(*(x.float() for x in adam(w, 0 * w, 0 * w, 0, g, 0.1)[:3]), 1),
          rtol=2e-5, atol=2e-5, why="a strided gradient of weights that are not")
check(lambda *a: adamw_step(*a)[0], (torch.tensor([1.0, 2.0]), zero.repeat(2), zero.repeat(2), 0),
      torch.tensor([0.0, 1e-6]), 0.1,
      want=torch.tensor([0.999, 2 - 0.002 - 0.1 / 1.01]), rtol=1e-5,
      why="a gradient of 0 moves nothing but by decay; epsilon is 1e-8")
### END HIDDEN TESTS

# %% graded="adamw_step__many" points=2
# Looks at twenty steps in a row, with a learning rate that changes.
parts = [(torch.tensor([1.0, -2.0], dtype=torch.float64), 0.1),
         (torch.tensor([3.0, 1.0], dtype=torch.float64), 0.05)]
start = (torch.tensor([1.0, 1.0], dtype=torch.float64), *torch.zeros(2, 2, dtype=torch.float64), 0)
folds(adamw_step, start, parts, want=torch.tensor([0.852661445256, 1.111767351399], dtype=torch.float64), rtol=1e-8,
      finish=lambda state: state[0], why="t counts on from step to step, and each step has its own lr")
### BEGIN HIDDEN TESTS
for seed, (betas, eps, decay) in enumerate([((0.9, 0.999), 1e-8, 0.01), ((0.7, 0.9), 1e-2, 0.3),
                                            ((0.95, 0.98), 1e-6, 0.0)]):
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-4))[:2 if seed == 0 else 1]:
        w = drawn(5, 3, seed=seed, dtype=dtype)
        state = want = (w, torch.zeros_like(w), torch.zeros_like(w), 0)
        for n in range(20):
            g, lr = drawn(5, 3, seed=100 + n, dtype=dtype, size=10.0 ** (n % 4 - 2)), 0.1 / (n + 1)
            state, want = adamw_step(state, g, lr, betas, eps, decay), adam(*want, g, lr, betas, eps, decay)
        expect(state, (*(x.to(dtype) for x in want[:3]), 20), on=f"the state after twenty steps, betas {betas}",
               rtol=tolerance, atol=tolerance, why="each step by the formula")
### END HIDDEN TESTS

# %% graded="adamw_step__half" points=2
# Looks at gradients in half precision beside float32 weights.
check(lambda *a: adamw_step(*a)[2], (torch.ones(2), torch.zeros(2), torch.zeros(2), 0),
      torch.tensor([300.0, 1e-5]).half(), 0.1,
      want=torch.tensor([90.0, 0.001 * torch.tensor(1e-5).half().double().square().item()]), rtol=1e-4, atol=0,
      why="300 squared is beyond float16, the square of 0.00001 below it: square in float32")
### BEGIN HIDDEN TESTS
for seed, dtype in enumerate((torch.float16, torch.bfloat16)):
    for wide, tolerance in ((torch.float32, 2e-5), (torch.float64, 1e-11)):
        w = drawn(40, seed=seed, dtype=wide)
        g = drawn(40, seed=seed + 7, dtype=dtype) * (10.0 ** (torch.arange(40) % 7 - 4)).to(dtype)
        state = want = (w, torch.zeros_like(w), torch.zeros_like(w), 0)
        for n in range(3):
            state, want = adamw_step(state, g, 1e-3), adam(*want, g, 1e-3)
        expect(state[0], want[0].to(wide), on=f"weights after three steps with {dtype} gradients", rtol=tolerance,
               atol=tolerance,
               why="the master weights stay in their dtype")
        expect(state[2], want[2].to(wide), on=f"v after three steps with {dtype} gradients", rtol=2e-5, atol=0)
tiny = (torch.ones(3), torch.zeros(3), torch.zeros(3), 0)
expect(adamw_step(tiny, torch.ones(3).bfloat16(), 1e-4, weight_decay=0.0)[0], torch.full((3,), 0.9999), rtol=2e-7,
       atol=0,
       on="weights of 1 after a step of 0.0001", why="in bfloat16 they would not move")
### END HIDDEN TESTS

# %% graded="adamw_step__memory" points=1
# Looks at the old state after the call, and whose memory the new one is.
start = (torch.tensor([2.0]), torch.tensor([0.5]), torch.tensor([0.25]), 3)
unchanged(lambda *a: adamw_step(*a)[3], start, torch.tensor([5.0]), 0.1, want=4)
fresh(adamw_step, start, torch.tensor([5.0]), 0.0, rtol=1e-5, why="lr = 0: a copy",
      want=(torch.tensor([2.0]), torch.tensor([0.95]), torch.tensor([0.27475]), 4))
_, (graph,) = value_and_grad(adamw_step, start, torch.tensor([5.0]), 0.1, wrt=1, output=0)
assert graph is None, "the new weights hang on the gradient's graph: it would grow with every step"
### BEGIN HIDDEN TESTS
for place, name in ((1, "m"), (2, "v")):
    _, (graph,) = value_and_grad(adamw_step, start, torch.tensor([5.0]), 0.1, wrt=1, output=place)
    assert graph is None, f"the new {name} hangs on the gradient's graph: it would grow with every step"
w, m, v, g = (drawn(4, 3, seed=i, dtype=torch.float64) for i in range(4))
want = adam(w, m, v.square(), 5, g, 0.1)
unchanged(adamw_step, (w, m, v.square(), 5), g, 0.1, want=want)
fresh(adamw_step, (w, m, v.square(), 5), g, 0.0, want=adam(w, m, v.square(), 5, g, 0.0))
fresh(adamw_step, (w, m, v.square(), 5), g, 0.0, (1.0 - 1e-9, 1.0 - 1e-9), weight_decay=0.0,
      want=adam(w, m, v.square(), 5, g, 0.0, (1.0 - 1e-9, 1.0 - 1e-9), weight_decay=0.0), rtol=1e-6)
unchanged(lambda state, g: adamw_step(state, g, 0.1)[0].requires_grad, (w, m, v.square(), 1), g, want=False)
### END HIDDEN TESTS

# %% [markdown]
# ### Many micro-batches, one step
#
# The batch does not fit, so it is cut: run micro-batch after micro-batch, add up the gradients, step once. That is
# *gradient accumulation*; with N ranks every rank does the same and the sums of all are added up.
#
# **The catch: a mean of means is not the mean.** `F.cross_entropy` gives the mean over the tokens of a micro-batch.
# If one has 10 tokens and the next 1,000, the mean of the two weighs a token of the first a hundred times as much.
# Hugging Face's trainer had that fault until October 2024 (their post "Fixing Gradient Accumulation"), across ranks
# too. The right weight of a micro-batch is its share of the tokens. And a micro-batch in which every label is
# masked has a mean of 0/0: NaN.
#
# ### Exercise 10.4 · combine_means
#
# `parts` is a list of one or more `(loss, grads, tokens)`: the mean loss over the tokens of a micro-batch (a
# number), the gradients *of that mean* (a list of tensors of any shapes, as many and of the same shapes in each
# part, any floating dtype), and how many tokens were averaged (a whole number ≥ 0).
#
# Return one triple of the same form for all tokens together: the mean loss over all of them as a float, its
# gradients in float32 (float64 for float64) and the number of all tokens. So what comes out can go in again: ranks
# combine exactly as micro-batches do.
#
# - **A part with 0 tokens counts nothing**, even where its loss and gradients are NaN. A NaN or an infinity in a
#   part that has tokens must leave a NaN or an infinity in the answer.
# - No tokens at all: loss 0.0, gradients of zeros, 0.
# - Half precision is widened before anything is multiplied or added.
#
# Source: the definition of a mean; `Trainer.training_step` with `num_items_in_batch` in transformers since 4.46
# (2024).

# %% stub="combine_means"
def combine_means(parts: list[Part]) -> Part:
    """The mean over all tokens of all parts: (loss, gradients, tokens).

    [(2.0, [[1.0]], 1), (5.0, [[4.0]], 2)] gives (4.0, [[3.0]], 3).
    """
    ### BEGIN SOLUTION
    total = sum(tokens for _, _, tokens in parts)
    loss = 0.0
    grads = [torch.zeros_like(g, dtype=torch.promote_types(g.dtype, torch.float32)) for g in parts[0][1]]
    for part_loss, part_grads, tokens in parts:
        if tokens > 0:
            loss += float(part_loss) * (tokens / total)
            grads = [sum_ + g.detach().to(sum_.dtype) * (tokens / total) for sum_, g in zip(grads, part_grads)]
    return loss, grads, total
    ### END SOLUTION
    raise NotImplementedError("combine_means")

# %% [markdown] hints="combine_means"
# <details><summary>Hint 1: a question</summary>
#
# What is the sum of the losses of all tokens, if all you have are means and counts?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Mean 2 over 1 token and mean 5 over 2 tokens: the sum is 2 + 10 = 12 over 3 tokens, so 4. The mean of the means is
# 3.5.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# 0 · NaN is NaN. Leave a part without tokens out; do not give it the weight 0.
#
# </details>

# %% graded="combine_means__weighted" points=2
# Looks at losses and gradients of unequal parts; at parts that were combined before.
two = [(2.0, [torch.tensor([1.0])], 1), (5.0, [torch.tensor([4.0])], 2)]
check(combine_means, two, want=(4.0, [torch.tensor([3.0])], 3), why="(2 * 1 + 5 * 2) / 3 and (1 * 1 + 4 * 2) / 3",
      mistakes={"the mean of the means": (3.5, [torch.tensor([2.5])], 3),
                "the sum of the means": (7.0, [torch.tensor([5.0])], 3),
                "the sum over the tokens": (12.0, [torch.tensor([9.0])], 3),
                "the loss alone was weighted": (4.0, [torch.tensor([2.5])], 3)})
### BEGIN HIDDEN TESTS
for seed, counts in enumerate([[5], [1, 1000], [7, 3, 300, 12], [100_000, 1], [2, 2, 2], [1] * 70, [0, 4, 0], [2, 0, 0],
                               [2_000_000_000, 3_000_000_000]]):
    for dtype in (torch.float32, torch.float64)[seed > 2:]:
        parts = [(1.5 + i * 0.7 - seed, [drawn(*s, seed=seed * 100 + i, dtype=dtype) for s in ((3, 4), (), (5,))],
                  n)
                 for i, n in enumerate(counts)]
        loss, grads, total = mean(parts)
        tolerance = 1e-5 if dtype == torch.float32 else 1e-11
        check(combine_means, parts, want=(loss, [g.to(dtype) for g in grads], total), rtol=tolerance,
              atol=tolerance,
              why="each part by its share of the tokens")
        again = [combine_means(parts[:2]), *parts[2:]]
        check(combine_means, again, want=(loss, [g.to(dtype) for g in grads], total), rtol=tolerance,
              atol=tolerance,
              why="parts that were combined are parts")
check(combine_means, [(1.0, [], 3), (2.0, [], 1)], want=(1.25, [], 4), why="no gradients, too")
kinds = (torch.float32, torch.float64, torch.float16, torch.float64)
parts = [(1.0, [drawn(*s, seed=10 * i + j, dtype=kind) for j, (s, kind) in
                enumerate(zip([(4,), (0, 3), (2,), (5,)], kinds))], n) for i, n in enumerate((3, 4))]
check(combine_means, parts, rtol=1e-5, atol=1e-6, why="each gradient by its own dtype, empty ones in their place",
      want=(1.0, [g.to(torch.promote_types(kind, torch.float32)) for g, kind in zip(mean(parts)[1], kinds)], 7))
check(combine_means, [(1.0, [drawn(4, 3, seed=1).T], 3), (2.0, [drawn(3, 4, seed=2)], 1)],
      want=(1.25, [0.75 * drawn(4, 3, seed=1).T + 0.25 * drawn(3, 4, seed=2)], 4), rtol=1e-5, atol=1e-6)
### END HIDDEN TESTS

# %% graded="combine_means__empty" points=2
# Looks at parts without tokens, and at NaN.
nan = torch.nan
check(combine_means, [(nan, [torch.tensor([nan])], 0), (2.0, [torch.tensor([3.0])], 5)],
      want=(2.0, [torch.tensor([3.0])], 5),
      why="all labels of the first were masked: 0 tokens count nothing",
      mistakes={"0 times NaN is NaN": (nan, [torch.tensor([nan])], 5)})
check(combine_means, [(nan, [torch.tensor([nan, nan])], 0)], want=(0.0, [torch.tensor([0.0, 0.0])], 0))
### BEGIN HIDDEN TESTS
check(combine_means, [(nan, [torch.tensor([nan, 1.0])], 2), (1.0, [torch.ones(2)], 2)],
      want=(nan, [torch.tensor([nan, 1.0])], 4), why="a NaN among tokens that count must be seen")
for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
    check(lambda parts: torch.isfinite(combine_means(parts)[1][0]).tolist(),
          [[(1.0, [torch.tensor([torch.inf, 1.0])], 2), (3.0, [torch.ones(2)], 2), (nan, [torch.tensor([nan, nan])], 0)][i]
           for i in order], want=[False, True], why="an infinity, too, is infinite or NaN in the answer")
for dtype, wide in ((torch.float16, torch.float32), (torch.bfloat16, torch.float32),
                    (torch.float64, torch.float64)):
    check(combine_means, [(nan, [torch.full((2, 3), nan, dtype=dtype)], 0)] * 3,
          want=(0.0, [torch.zeros(2, 3, dtype=wide)], 0))
    check(combine_means, [(0.0, [torch.zeros(2, dtype=dtype)], 3), (nan, [torch.full((2,), nan, dtype=dtype)], 0),
                          (4.0, [torch.ones(2, dtype=dtype)], 1)],
          want=(1.0, [torch.full((2,), 0.25, dtype=wide)], 4))
### END HIDDEN TESTS

# %% graded="combine_means__half" points=2
# Looks at gradients in half precision.
check(combine_means, [(1.0, [torch.tensor([300.0]).half()], 1000), (1.0, [torch.tensor([100.0]).half()], 1000)],
      want=(1.0, [torch.tensor([200.0])], 2000), why="300 * 1000 is beyond float16: widen first")
### BEGIN HIDDEN TESTS
for seed, dtype in enumerate((torch.float16, torch.bfloat16)):
    for counts in ([3, 7, 90, 1], [1] * 90, [5]):
        parts = [(0.3 * i, [drawn(3, 40, seed=seed * 99 + i, dtype=dtype)], n) for i, n in enumerate(counts)]
        loss, grads, total = mean(parts)
        check(combine_means, parts, want=(loss, [g.float() for g in grads], total), rtol=2e-5, atol=2e-6,
              why="widened, weighted and summed in float32, and left in float32")
### END HIDDEN TESTS

# %% graded="combine_means__memory" points=1
# Looks at the arguments after the call, and whose memory the answer is.
two = [(2.0, [torch.tensor([1.0])], 1), (5.0, [torch.tensor([4.0])], 2)]
unchanged(combine_means, two, want=(4.0, [torch.tensor([3.0])], 3))
fresh(combine_means, [(2.0, [torch.tensor([1.0, 2.0])], 4)], want=(2.0, [torch.tensor([1.0, 2.0])], 4),
      why="one part: a copy")
### BEGIN HIDDEN TESTS
g = drawn(3, 4, seed=5, dtype=torch.float64)
unchanged(combine_means, [(1.0, [g.clone()], 2), (1.0, [g.clone()], 3)], want=(1.0, [g], 5))
fresh(combine_means, [(1.0, [g.clone()], 1)], want=(1.0, [g], 1))
fresh(combine_means, [(torch.nan, [0 * g], 0), (1.0, [g.clone()], 1)], want=(1.0, [g], 1))
### END HIDDEN TESTS

# %% tags=["picture"]
distributed_training.means_of_means(combine_means)

# %% [markdown]
# A regression whose micro-batches have 4 to 400 rows, and short ones follow another rule than long ones. Combined
# by tokens, training ends where the whole batch ends. The mean of means ends elsewhere: another objective was
# minimised.
#
# ## 3 · Many processes
#
# In *data parallelism* (DDP, distributed data parallel) every rank holds the whole model and a part of the batch.
# After the backward pass all ranks need the sum of all gradients: an **all-reduce**.
#
# | collective | each rank gives | each rank gets |
# |---|---|---|
# | all-reduce | a vector | the sum of all vectors |
# | reduce-scatter | a vector | its chunk of the sum |
# | all-gather | a chunk | all chunks |
#
# An all-reduce is a reduce-scatter followed by an all-gather. Sending all vectors to rank 0 would make rank 0
# receive (N − 1) vectors. The **ring** spreads the work: every rank talks to its right neighbour only, one chunk at
# a time.
#
# $$\text{sent per rank} = 2\,(N - 1)\,\frac{P}{N} \text{ numbers, in } 2\,(N-1) \text{ messages.}$$
#
# For large N that is 2P, whatever N is. What grows with N is the number of messages, and so the waiting: for small
# tensors trees are better (NCCL, NVIDIA's communication library, chooses).
#
# ### Ranks in one process
#
# You write the program of **one** rank. `together(program, args)`, of `course.models.ranks`, runs it for N ranks in
# this process and returns the N answers and what each rank sent. `comm.exchange(piece)` sends a tensor to the right
# neighbour (rank + 1, the last one to rank 0) and returns what the left neighbour sent. If one rank calls it and
# another does not, real processes would hang; here you get a sentence. The next picture runs the same function in
# two real processes.
#
# ### Exercise 10.5 · ring_allreduce
#
# `ring_allreduce(x, rank, size, exchange)`: what rank `rank` of `size` runs. `x` is its vector, of shape (n,), n ≥
# 0, float32, float64 or int64, the same n and dtype on all ranks. Returns the sum over all ranks, of x's shape and
# dtype.
#
# - `exchange(piece)` takes a tensor and gives the one that the left neighbour sent in its call of the same turn.
#   **All ranks call it equally often**, $2 (N - 1)$ times; with N = 1 not at all.
# - Cut x as `torch.tensor_split(x, size)` does: n need not be divisible, chunks may be empty, and empty ones are
#   sent, too. What a rank sends in one call is at most $\lceil n/N \rceil$ numbers. With which chunk a rank begins is
#   your choice.
# - It is a sum, not a mean. All ranks end with **bit for bit the same** answer: else their weights would drift
#   apart.
# - x stays as it was. Like any program of `together`, it is called several times and must keep no state between
#   calls.
#
# Source: Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms"; NCCL's `ring` algorithm.

# %% stub="ring_allreduce"
def ring_allreduce(x: Float[Tensor, "n"], rank: int, size: int, exchange) -> Float[Tensor, "n"]:
    """The sum of all ranks' x, by 2 (size - 1) exchanges of one chunk.

    Two ranks with [1, 2] and [10, 20]: rank 0 sends [1] and gets [20], so it has [22]; it sends that and gets [11].
    """
    ### BEGIN SOLUTION
    chunks = list(torch.tensor_split(x.clone(), size))
    for turn in range(size - 1):  # reduce-scatter: what comes in is added, and goes on in the next turn
        i = (rank - turn) % size
        chunks[(i - 1) % size] = exchange(chunks[i]) + chunks[(i - 1) % size]
    for turn in range(size - 1):  # all-gather: chunk rank + 1 is whole here
        i = (rank + 1 - turn) % size
        chunks[(i - 1) % size] = exchange(chunks[i])
    return torch.cat(chunks)
    ### END SOLUTION
    raise NotImplementedError("ring_allreduce")

# %% [markdown] hints="ring_allreduce"
# <details><summary>Hint 1: a question</summary>
#
# Rank r sends chunk r in the first turn. Which chunk does it get then, and which one should it send next, so that a
# sum travels round the circle?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# N = 3, ranks a, b, c. Turn 1: a sends a0, b sends b1, c sends c2. Turn 2: a got c2 and sends c2 + a2, b got a0 and
# sends a0 + b0, c sends b1 + c1. After it a holds chunk 1 whole, b chunk 2, c chunk 0. Two more turns hand these
# round.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# In the second half what comes in *replaces* a chunk. And the indices go round: −1 is the last chunk, `size` is
# chunk 0.
#
# </details>

# %% graded="ring_allreduce__sum" points=3
# Looks at the sums of one to five ranks; sizes that do not divide, and fewer numbers than ranks.
def ring(xs):
    "(answers of all ranks, what each rank sent)"
    return together(lambda comm, x: ring_allreduce(x, comm.rank, comm.size, comm.exchange), [(x,) for x in xs])

answers, _ = ring([torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])])
expect(answers, [torch.tensor([11.0, 22.0])] * 2, on="two ranks with [1, 2] and [10, 20]",
       mistakes={"a mean": [torch.tensor([5.5, 11.0])] * 2,
                 "no second half: each rank has one chunk of the sum": [torch.tensor([1.0, 22.0]), torch.tensor([11.0, 20.0])]})
expect(ring([torch.tensor([3.0, 4.0])])[0], [torch.tensor([3.0, 4.0])], on="one rank alone")
### BEGIN HIDDEN TESTS
for seed, (size, n, dtype) in enumerate([(1, 5, torch.int64), (2, 7, torch.float64), (3, 11, torch.int64),
                                         (4, 2, torch.float32), (5, 301, torch.float64), (2, 0, torch.float32)]):
    xs = [drawn(n, seed=seed * 10 + r, dtype=torch.float64, size=100.0).to(dtype) for r in range(size)]
    if dtype == torch.int64:
        xs = [x + 2 ** 55 for x in xs]  # exact in int64 alone
    want = sum(x.double() if dtype != torch.int64 else x for x in xs).to(dtype)
    answers, _ = ring(xs)
    expect(answers, [want] * size, on=f"{size} ranks of {n} numbers in {dtype}", why="the sum over all ranks",
           rtol=0 if dtype == torch.int64 else 1e-5 if dtype == torch.float32 else 1e-12,
           atol=0 if dtype == torch.int64 else 1e-3 if dtype == torch.float32 else 1e-11)
answers, _ = ring([drawn(24, seed=r)[::2] for r in range(3)])
expect(answers, [sum(drawn(24, seed=r)[::2] for r in range(3))] * 3, on="three ranks of strided vectors",
       atol=1e-5)
### END HIDDEN TESTS

# %% graded="ring_allreduce__traffic" points=2
# Looks at how often and how much each rank sends.
def ring(xs):
    "(answers of all ranks, what each rank sent)"
    return together(lambda comm, x: ring_allreduce(x, comm.rank, comm.size, comm.exchange), [(x,) for x in xs])

_, sent = ring([torch.arange(9.0)] * 3)
expect([[op for op, _ in rank] for rank in sent], [["exchange"] * 4] * 3, on="the calls of three ranks",
       why="2 * (3 - 1) each")
assert max(n for rank in sent for _,
           n in rank) == 3, f"9 numbers on 3 ranks: at most 3 in a message, got {sent[0]}"
### BEGIN HIDDEN TESTS
for size, n in [(1, 8), (2, 8), (4, 13), (3, 2), (3, 0)]:
    answers, sent = ring([drawn(n, seed=r) for r in range(size)])
    for rank, calls in enumerate(sent):
        assert len(calls) == 2 * (size - 1), f"rank {rank} of {size} exchanged {len(calls)} times, not {2 * (size - 1)}"
        assert all(k <= -(-n // size) for _,
                   k in calls), f"{n} numbers on {size} ranks: a message of more than {-(-n // size)}: {calls}"
    expect(answers, [sum(drawn(n, seed=r) for r in range(size))] * size, on=f"{size} ranks of {n} numbers",
           atol=1e-4)
### END HIDDEN TESTS

# %% graded="ring_allreduce__same" points=1
# Looks at whether all ranks have the same bits, and their arguments and memory to themselves.
def ring(xs):
    "(answers of all ranks, what each rank sent)"
    return together(lambda comm, x: ring_allreduce(x, comm.rank, comm.size, comm.exchange), [(x,) for x in xs])

answers, _ = ring([torch.tensor([0.1, 0.7]), torch.tensor([0.2, 1e8]), torch.tensor([0.3, -1e8])])
expect(answers[1:], answers[:1] * 2, rtol=0, atol=0, on="ranks 1 and 2 against rank 0",
       why="a sum travels; nobody adds it up anew")
expect(answers[0], torch.tensor([0.6, 0.7]), atol=8.0, on="rank 0")
unchanged(lambda x: ring_allreduce(x, 0, 2, lambda piece: torch.tensor([5.0])).sum(), torch.ones(2),
          want=torch.tensor(11.0),
          why="x stays as it was")
fresh(ring_allreduce, torch.tensor([1.0, 2.0]), 0, 1, None, want=torch.tensor([1.0, 2.0]), why="one rank: a copy")
### BEGIN HIDDEN TESTS
answers, _ = ring([drawn(50, seed=r) * 10.0 ** (r % 3 * 3) for r in range(4)])
expect(answers[1:], answers[:1] * 3, rtol=0, atol=0, on="the other ranks of 4 against rank 0")
expect(answers[0], sum(drawn(50, seed=r).double() * 10.0 ** (r % 3 * 3) for r in range(4)).float(),
       atol=1.0, rtol=1e-3, on="rank 0 of 4")
fresh(ring_allreduce, torch.tensor([5, 6, 7]), 0, 1, None, want=torch.tensor([5, 6, 7]))
### END HIDDEN TESTS

# %% tags=["picture"]
distributed_training.two_processes(ring_allreduce)

# %% [markdown]
# These were two real processes. They met over `torch.distributed` with its *gloo* backend on this machine's
# loopback, and `exchange` was a send and a receive at once. If both sent first and received afterwards, large
# messages would hang: each waits for the other to receive. (About 4 seconds, nearly all of it for starting Python;
# after 60 it gives up.)
#
# ## 4 · ZeRO: nobody keeps what others have
#
# Under plain data parallelism each of N ranks holds the same 16 bytes a parameter. ZeRO (Zero Redundancy Optimizer;
# Rajbhandari et al. 2019, arXiv 1910.02054) cuts them into N pieces, in three stages:
#
# | stage | cut into N pieces | bytes a parameter | N = 4 | N = 64 |
# |---|---|---|---|---|
# | 0 (DDP) | nothing | 16 | 16 | 16 |
# | 1 | optimiser states (master weights, $m$, $v$) | 4 + 12/N | 7 (2.29 times less) | 4.19 (3.82) |
# | 2 | and gradients | 2 + 14/N | 5.5 (2.91) | 2.22 (7.21) |
# | 3 | and weights | 16/N | 4 (4.00) | 0.25 (64) |
#
# "Stage 1 saves 4 times, stage 2 saves 8 times" are the limits for N → ∞. And **activations come on top**, in every
# stage.
#
# PyTorch's FSDP (fully sharded data parallel) with `FULL_SHARD` is stage 3, with `SHARD_GRAD_OP` about stage 2;
# with `HYBRID_SHARD` it shards inside a node and copies between nodes. FSDP2 (`fully_shard`) cuts each parameter by
# its first dimension instead of one flat vector.
#
# **What travels?** Writing $u = P (N-1)/N$ for one pass of a ring over all parameters:
#
# - Stages 0 and 1: gradients, reduced once a step. Stage 0 all-reduces them: $2u$. Stage 1 reduce-scatters them,
#   $u$, steps on its piece, and all-gathers the new weights, $u$. Together: $2u$ again.
# - Stage 2 never holds whole gradients. So after *each* micro-batch they are reduce-scattered: $M u$, and $u$ for
#   the weights. For M = 1 that is $2u$, again.
# - Stage 3 has no whole weights either: all-gather for the forward pass, again for the backward pass, and a
#   reduce-scatter of gradients, in each micro-batch: $3 M u$.
#
# **Find the fault.** The guide says: "The more is sharded, the more is communicated, stage by stage." For which
# stages, at M = 1?
#
# <details><summary>The fault</summary>
#
# Stages 1 and 2 send exactly what DDP sends (section 7 of the paper). Stage 3 sends 1.5 times as much.
# With gradient accumulation it is another matter: at M = 8 stage 2 sends 9u, and stage 3 sends 24u, against 2u.
#
# </details>
#
# **Overlap.** It matters less how much is sent than whether anybody waits. DDP reduces gradients in buckets (25 MB)
# while the backward pass still computes earlier layers; FSDP fetches the next layer's weights while this one
# computes.
#
# ### Exercise 10.6 · zero_memory
#
# - `zero_memory(params, ranks, stage, weight_bytes=2, grad_bytes=2, optimizer_bytes=12)`: the bytes, **a whole
#   number**, that the fullest rank holds. What is cut is cut by parameters, as evenly as possible: the fullest rank
#   has $\lceil P/N \rceil$ of them. Exact for any size, beyond 2⁵³, too.
# - `zero_traffic(params, ranks, stage, micro_batches=1)`: how many **numbers** a rank sends in one step, by the
#   rules above, with u as it stands there (as if pieces could be fractions); a float. With one rank nothing is
#   sent.
# - Stages are 0, 1, 2, 3; any other whole number raises ValueError, in both. `params` ≥ 0, `ranks` ≥ 1, `micro_batches` ≥ 1.
#
# Source: Rajbhandari et al. 2019, sections 5 and 7; the rule for micro-batches as DeepSpeed does it.

# %% stub="zero_memory"
def zero_memory(params: int, ranks: int, stage: int, weight_bytes: int = 2, grad_bytes: int = 2,
                optimizer_bytes: int = 12) -> int:
    """Bytes on the fullest rank: zero_memory(10, 4, 1) is 10 * (2 + 2) + 3 * 12 = 76."""
    ### BEGIN SOLUTION
    if stage not in (0, 1, 2, 3):
        raise ValueError(f"stage is 0, 1, 2 or 3, not {stage}")
    cut = -(-params // ranks)
    return ((cut if stage >= 3 else params) * weight_bytes + (cut if stage >= 2 else params) * grad_bytes
            + (cut if stage >= 1 else params) * optimizer_bytes)
    ### END SOLUTION
    raise NotImplementedError("zero_memory")


def zero_traffic(params: int, ranks: int, stage: int, micro_batches: int = 1) -> float:
    """Numbers that a rank sends in a step: zero_traffic(100, 4, 0) is 2 * 100 * 3/4 = 150."""
    ### BEGIN SOLUTION
    if stage not in (0, 1, 2, 3):
        raise ValueError(f"stage is 0, 1, 2 or 3, not {stage}")
    passes = {0: 2, 1: 2, 2: micro_batches + 1, 3: 3 * micro_batches}[stage]
    return passes * params * (ranks - 1) / ranks
    ### END SOLUTION
    raise NotImplementedError("zero_traffic")

# %% [markdown] hints="zero_memory"
# <details><summary>Hint 1: a question</summary>
#
# A stage cuts what it names *and* what the stages before it named. What is still whole in stage 2?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 10 parameters, 4 ranks: pieces of 3, 3, 2, 2. Stage 2: weights 10 · 2, gradients 3 · 2, states 3 · 12: 62 bytes.
# Traffic of stage 2 with 5 micro-batches: 6 · 10 · 3/4 = 45 numbers.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `math.ceil(P / N)` goes through a float, which has 53 bits. Whole-number division can round up, too.
#
# </details>

# %% graded="zero_memory__bytes" points=2
# Looks at bytes for all stages, formats and numbers of ranks.
check(zero_memory, 10, 4, 1, want=76, why="10 * 4 + 3 * 12",
      mistakes={"cut into fractions": 70, "the smallest piece": 64, "everything cut": 48,
                "the master copy forgotten": 64})
check(zero_memory, 7_000_000_000, 4, 1, want=49_000_000_000, why="4 + 12/4 = 7 bytes a parameter")
check(zero_memory, 70_000_000_000, 16, 3, want=70_000_000_000, why="16/16 = 1 byte a parameter")
### BEGIN HIDDEN TESTS
formats = ((2, 2, 12), (2, 4, 12), (4, 4, 8), (1, 2, 6))
for k, params in enumerate((3, 1000, 7_000_000_000, 0, 999_999_999_999_999_989)):
    for ranks in (1, 7, 64, 1000):
        for stage in range(4):
            w, g, o = formats[(k + stage) % 4]
            piece = params // ranks + (params % ranks > 0)
            want = sum(b * (piece if stage >= first else params) for first, b in ((3, w), (2, g), (1, o)))
            got = zero_memory(params, ranks, stage, w, g, o)
            expect(got, want, on=f"zero_memory({params}, {ranks}, {stage}, {w}, {g}, {o})",
                   why="what is cut counts with the largest piece")
            assert type(got) is int and got == want, f"expected the whole number {want}, got {got!r}"
for stage in range(4):
    check(zero_memory, 12_345, 1, stage, want=16 * 12_345, why="one rank: 16 bytes a parameter in every stage")
### END HIDDEN TESTS

# %% graded="zero_memory__traffic" points=2
# Looks at zero_traffic: the stages, the factor of the ring, micro-batches.
for stage, want in ((0, 150.0), (1, 150.0), (2, 150.0), (3, 225.0)):
    check(zero_traffic, 100, 4, stage, want=want, why="2, 2, 2 and 3 passes of 100 * 3/4",
          mistakes={"each stage sends more": 75.0 * (stage + 1), "without (N - 1)/N": want / 0.75,
                    "in bytes": 2 * want})
check(zero_traffic, 100, 4, 2, 5, want=450.0, why="five reduce-scatters and one all-gather",
      mistakes={"gradients were kept whole until the end": 150.0, "the weights were gathered five times": 750.0})
### BEGIN HIDDEN TESTS
for params, ranks in ((1, 2), (100, 1), (7_000_000_000, 64), (999_983, 1000)):
    for stage in range(4):
        for micro in (1, 2, 31):
            passes = (2, 2, 1 + micro, 3 * micro)[stage]
            check(zero_traffic, params, ranks, stage, micro, want=float(passes * params * (1 - 1 / ranks)), rtol=1e-9,
                  atol=1e-9, why=f"stage {stage}, {micro} micro-batches: {passes} passes of P (N - 1)/N")
### END HIDDEN TESTS

# %% graded="zero_memory__stages" points=1
# Looks at stages that do not exist.
for fn in (zero_memory, zero_traffic):
    raises(ValueError, fn, 10, 4, 4, why="there is no stage 4")
    expect(fn(0, 4, 3), 0, on=f"{'zero_memory' if fn is zero_memory else 'zero_traffic'}(0, 4, 3)")
### BEGIN HIDDEN TESTS
for stage in (-1, 5, 17):
    raises(ValueError, zero_memory, 10, 4, stage, why="stages are 0 to 3")
    raises(ValueError, zero_traffic, 10, 4, stage, why="stages are 0 to 3")
    raises(ValueError, zero_traffic, 10, 1, stage, why="with one rank, too")
check(zero_memory, 10, 4, 3, want=48)
check(zero_traffic, 10, 2, 3, want=15.0)
### END HIDDEN TESTS

# %% tags=["picture"]
distributed_training.bytes_by_stage(zero_memory, zero_traffic)

# %% [markdown]
# Left: a 70B model, bytes on each GPU by the number of GPUs; the line is an 80 GB card. Stages 1 and 2 never fit:
# the weights alone are 140 GB. Stage 3 on 8 GPUs would need 140 GB, on 16 70 GB with no room for activations; 32 is
# realistic (35 GB). A 7B model fits four cards in stage 1: 49 GB. Right: what one step sends, by micro-batches.
#
# **Activations: compute them twice.** With *activation checkpointing* (gradient checkpointing) only the input of
# every k-th layer is kept; the backward pass computes a segment of k layers again. L layers then hold about L/k + k
# layers' worth instead of L: least at k = √L, for L = 64 and k = 8 it is 16 instead of 64. It costs one more
# forward pass: 4 units instead of 3 (a backward pass is two), that is 33 % more time.
#
# **MFU** (model FLOPs utilisation; FLOPs: floating point operations) is $6 P \cdot \text{tokens per second}$ over
# the peak of all GPUs: 2P for the forward pass, 4P for the backward pass, attention's own share left out. The
# recomputed pass does not count. A 70B model at 24,000 tokens/s on 64 A100 (312 TFLOP/s each): $6 \cdot 70 \cdot
# 10^9 \cdot 24{,}000 / (64 \cdot 312 \cdot 10^{12})$ = 50 %.
#
# ## 5 · Cutting the model
#
# ### Tensor parallelism: inside a layer
#
# An MLP is $y = W_2\, f(W_1 x)$. Cut $W_1$ by *rows* of the (out, in) weight, so by hidden units (the literature
# says column parallel: it writes $xA$). Each rank has some hidden units whole, so it can apply $f$ by itself. Cut
# $W_2$ by the same hidden units (row parallel). Each rank gets a partial sum of *all* outputs, and **one
# all-reduce** at the end adds them up (Megatron-LM; Shoeybi et al. 2019, arXiv 1909.08053). Cutting $W_1$ the other
# way would give partial sums before $f$, and $f(a + b) \neq f(a) + f(b)$: two all-reduces.
#
# Attention goes the same way: by heads, then the output matrix. So a layer has two all-reduces forward and two
# backward, in the middle of everything: **tensor parallelism (TP) belongs inside a node**, where NVLink connects
# the GPUs. *Sequence parallelism* (Korthikanti et al. 2022, arXiv 2205.05198) splits each all-reduce into a
# reduce-scatter and an all-gather and cuts norms and dropout by tokens in between: the same bytes, and activations
# cut further.
#
# **The catch: fused weights.** Many models store gate and up as one matrix (2H, D), gate first. N equal slices of
# it give rank 0 of 2 all the gates and rank 1 all the ups.
#
# ### Exercise 10.7 · shard_mlp
#
# The MLP is $y = (\mathrm{silu}(x G^\top) \odot (x U^\top))\, W^\top + b$. `gate_up` (2H, D) holds $G$ in its first
# H rows and $U$ in its last H; `down` is $W$ (D, H), `bias` (D,) or None.
#
# - `shard_mlp(gate_up, down, bias, rank, size)` returns what one rank holds, a tuple `(gate_up, down, bias)` of the
#   same meaning: its own h hidden units, gates first, (2h, D) and (D, h). Hidden units are cut by the rule of
#   `torch.tensor_split`: contiguous pieces, the first ones larger by one where H is not divisible; a piece may be
#   empty. With `bias=None` its bias is None; else a (D,) or None, at your choice: see next line. Shards have the
#   dtype of what they were cut from, and are fresh memory: a rank keeps its shard when the whole weight is freed.
# - `mlp_part(x, gate_up, down, bias)`, with what a rank holds, gives its partial output for x (…, D): **the sum
#   over all ranks is y, with the bias once**. What your `shard_mlp` puts into the bias of each rank is your affair,
#   as long as that holds for your pair, and `shard_mlp(…, 0, 1)` gives weights and bias as they are.
# - Partial outputs are float32, or float64 where x is float64; x, weights and bias are brought to that first,
#   in whatever dtype each of them comes. Gradients flow through `mlp_part` to all four tensors.
#
# Source: Shoeybi et al. 2019, section 3; `SwiGLU` in Shazeer 2020 (arXiv 2002.05202).

# %% stub="shard_mlp"
def shard_mlp(gate_up: Float[Tensor, "two_hidden width"], down: Float[Tensor, "width hidden"],
              bias: Float[Tensor, "width"] | None, rank: int, size: int) -> tuple[Tensor, Tensor, Tensor | None]:
    """The rank's own hidden units.

    gate_up = [[1], [2], [3], [4]] on 2 ranks: rank 0 has [[1], [3]], rank 1 [[2], [4]].
    """
    ### BEGIN SOLUTION
    gate, up = gate_up.chunk(2)
    own = torch.cat([torch.tensor_split(gate, size)[rank], torch.tensor_split(up, size)[rank]])
    mine = bias.clone() if bias is not None and rank == 0 else None
    return own, torch.tensor_split(down, size, dim=1)[rank].clone(), mine
    ### END SOLUTION
    raise NotImplementedError("shard_mlp")


def mlp_part(x: Float[Tensor, "*lead width"], gate_up: Float[Tensor, "two_own width"],
             down: Float[Tensor, "width own"],
             bias: Float[Tensor, "width"] | None = None) -> Float[Tensor, "*lead width"]:
    """What a rank adds to the output.

    x = [1], gate_up = [[1], [2]], down = [[3]]: silu(1) * 2 * 3 = 4.386.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(x.dtype, torch.float32)
    gate, up = (x.to(wide) @ gate_up.to(wide).T).chunk(2, dim=-1)
    y = (F.silu(gate) * up) @ down.to(wide).T
    return y if bias is None else y + bias.to(wide)
    ### END SOLUTION
    raise NotImplementedError("mlp_part")

# %% [markdown] hints="shard_mlp"
# <details><summary>Hint 1: a question</summary>
#
# Which rows of `gate_up` does hidden unit 0 need? Are they neighbours?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# H = 3 on 2 ranks: units 0, 1 and unit 2. Of the rows g0 g1 g2 u0 u1 u2 rank 0 holds g0 g1 u0 u1, rank 1 holds g2
# u2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# After the all-reduce a bias that every rank has added is there N times. And a slice of a matrix keeps the whole
# matrix alive.
#
# </details>

# %% graded="shard_mlp__shards" points=2
# Looks at the shards: which rows and columns, uneven pieces, empty ones, memory of their own.
gate_up, down = torch.tensor([[1.0], [2.0], [3.0], [4.0]]), torch.tensor([[5.0, 6.0]])
for rank, want in enumerate([(torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0]])),
                             (torch.tensor([[2.0], [4.0]]), torch.tensor([[6.0]]))]):
    expect(shard_mlp(gate_up, down, None, rank, 2)[:2], want, on=f"the shard of rank {rank} of 2",
           why="unit 0 has gate row 0 and up row 2; unit 1 has rows 1 and 3",
           mistakes={"contiguous slices of the fused matrix": ((gate_up[:2], gate_up[2:])[rank], want[1])})
### BEGIN HIDDEN TESTS
for hidden, width, size in [(6, 4, 2), (7, 5, 3), (300, 3, 4), (2, 6, 3), (5, 2, 1), (9, 7, 8)]:
    for dtype in (torch.float32, torch.float64, torch.bfloat16)[2 * (hidden % 2):]:
        G, W, b = drawn(2 * hidden, width, seed=1,
                        dtype=dtype), drawn(width, hidden, seed=2, dtype=dtype), drawn(width, seed=3, dtype=dtype)
        at = 0
        for rank in range(size):
            h = hidden // size + (rank < hidden % size)
            units = list(range(at, at + h))
            at += h
            got = shard_mlp(G, W, b, rank, size)
            assert len(got) == 3, f"a shard is (gate_up, down, bias), got {len(got)} things"
            expect(got[:2], (G[units + [hidden + u for u in units]], W[:, units]), rtol=0, atol=0,
                   on=f"the shard of rank {rank} of {size}, {hidden} hidden units",
                   why=f"its units are {units[:3]}…")
for size in (1, 2):
    fresh(shard_mlp, drawn(2 * size, 3, seed=4), drawn(3, size, seed=5), None, 0, size,
          want=(drawn(2 * size, 3, seed=4)[::size], drawn(3, size, seed=5)[:, :1], None),
          why="a rank keeps a copy of its piece")
fresh(shard_mlp, drawn(4, 3, seed=4), drawn(3, 2, seed=5), drawn(3, seed=6), 0, 1,
      want=(drawn(4, 3, seed=4), drawn(3, 2, seed=5), drawn(3, seed=6)),
      why="one rank: a copy of all, the bias too")
unchanged(lambda G, W, b: shard_mlp(G, W, b, 1, 2)[1], drawn(8, 3, seed=4), drawn(3, 4, seed=5), drawn(3, seed=6),
          want=drawn(3, 4, seed=5)[:, 2:])
expect(shard_mlp(drawn(3, 8, seed=4).T, drawn(4, 3, seed=5).T, None, 1, 2)[:2],
       (drawn(3, 8, seed=4).T[[2, 3, 6, 7]], drawn(4, 3, seed=5).T[:, 2:]), on="a shard of strided weights")
### END HIDDEN TESTS

# %% graded="shard_mlp__sum" points=3
# Looks at the sum of the parts over all ranks: equal to the whole MLP, the bias once.
def through_ranks(x, gate_up, down, bias, size):
    "What one all-reduce of your parts gives."
    return torch.stack([mlp_part(x, *shard_mlp(gate_up, down, bias, rank, size)) for rank in range(size)]).sum(0)

gate_up, down = torch.tensor([[1.0], [2.0], [3.0], [4.0]]), torch.tensor([[5.0, 6.0]])
x, b = torch.tensor([[1.0], [-2.0]]), torch.tensor([10.0])
whole = torch.tensor([[5 * F.silu(torch.tensor(1.0)) * 3 + 6 * F.silu(torch.tensor(2.0)) * 4],
                      [5 * F.silu(torch.tensor(-2.0)) * -6 + 6 * F.silu(torch.tensor(-4.0)) * -8]])
check(mlp_part, torch.tensor([1.0]), torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0]]),
      want=torch.tensor([4.3863515]),
      rtol=1e-5, why="silu(1) * 2 * 3", mistakes={"silu of the second half": torch.tensor([5.2847824])})
for size in (1, 2):
    expect(through_ranks(x, gate_up, down, b, size), whole + 10, on=f"the sum over {size} ranks", rtol=1e-5,
           why="the bias once", mistakes={"the bias was added on every rank": whole + 20,
                                          "the bias is missing": whole})
### BEGIN HIDDEN TESTS
for seed, (lead, hidden, width, size) in enumerate([((3,), 6, 4, 2), ((), 7, 5, 3), ((2, 3), 40, 3, 4),
                                                    ((4,), 2, 6, 3), ((2, 1, 2), 5, 9, 1)]):
    for dtype in (torch.float32, torch.float64)[seed > 1:]:
        x, G = drawn(*lead, width, seed=seed, dtype=dtype), drawn(2 * hidden, width, seed=seed + 10, dtype=dtype)
        W, b = drawn(width, hidden, seed=seed + 20, dtype=dtype), drawn(width, seed=seed + 30, dtype=dtype)
        for bias in (b, None):
            expect(through_ranks(x, G, W, bias, size), mlp(x, G, W, bias).to(dtype),
                   on=f"the sum of {size} parts, {hidden} hidden units",
                   rtol=1e-4 if dtype == torch.float32 else 1e-10, atol=1e-4 if dtype == torch.float32 else 1e-10,
                   why="the parts add up to the whole, with the bias once")
x, G, W = drawn(2, 5, 3, seed=1).transpose(1, 2), drawn(5, 8, seed=2).T, drawn(4, 5, seed=3).T
expect(through_ranks(x, G, W, None, 2), mlp(x, G, W, None).float(), on="the sum of two parts, all strided",
       rtol=1e-4, atol=1e-4)
unchanged(mlp_part, drawn(2, 3, seed=1), drawn(4, 3, seed=2), drawn(3, 2, seed=3), drawn(3, seed=4),
          want=mlp(drawn(2, 3, seed=1), drawn(4, 3, seed=2), drawn(3, 2, seed=3), drawn(3, seed=4)).float(),
          rtol=1e-4, atol=1e-4)
### END HIDDEN TESTS

# %% graded="shard_mlp__half" points=1
# Looks at half precision and mixed dtypes: parts in float32 or float64, everything widened first.
def through_ranks(x, gate_up, down, bias, size):
    "What one all-reduce of your parts gives."
    return torch.stack([mlp_part(x, *shard_mlp(gate_up, down, bias, rank, size)) for rank in range(size)]).sum(0)

check(mlp_part, torch.tensor([1.0]).half(), torch.tensor([[300.0], [300.0]]).half(), torch.tensor([[0.5]]).half(),
      want=torch.tensor([45000.0]), why="300 * 300 is beyond float16; the part is float32")
### BEGIN HIDDEN TESTS
for dtype in (torch.float16, torch.bfloat16):
    x, G, W, b = (drawn(*s, seed=i, dtype=dtype) for i, s in enumerate([(3, 24), (20, 24), (24, 10), (24,)]))
    for size, bias in ((1, b), (3, None)):  # a share b / 3 of the bias would be rounded
        expect(through_ranks(x, G, W, bias, size), mlp(x, G, W, bias).float(), on=f"the sum of {size} parts in {dtype}",
               rtol=3e-5, atol=3e-4,
               why="float32 inside, and the parts leave as float32")
    check(mlp_part, x, G, W, b, want=mlp(x, G, W, b).float(), rtol=3e-5, atol=3e-4)
for kind, others in ((torch.bfloat16, torch.float32), (torch.float32, torch.float16), (torch.float64, torch.bfloat16),
                     (torch.float64, torch.float32), (torch.float32, torch.float64), (torch.float16, torch.float64)):
    x, G, W, b = (drawn(*s, seed=i, dtype=others if i else kind) for i, s in enumerate([(3, 24), (20, 24), (24, 10), (24,)]))
    wide, room = (torch.float64, 1e-10) if kind == torch.float64 else (torch.float32, 3e-4)
    check(mlp_part, x, G, W, b, want=mlp(x, G, W, b).to(wide), rtol=room / 10, atol=room,
          why=f"x in {kind}, weights in {others}: all is brought to {wide}")
### END HIDDEN TESTS

# %% graded="shard_mlp__gradient" points=2
# Looks at gradients of x and of the shard.
_, grads = value_and_grad(mlp_part, torch.tensor([[2.0]]), torch.tensor([[0.0], [1.0]]),
                          torch.tensor([[3.0]]), torch.tensor([1.0]), wrt=(0, 1, 2, 3))
expect(grads, (torch.tensor([[0.0]]), torch.tensor([[6.0], [0.0]]), torch.tensor([[0.0]]), torch.tensor([1.0])),
       on="the gradients for x = 2, gate 0, up 1, down 3", why="silu'(0) = 1/2: the gate gets 1/2 * 2 * 2 * 3")
### BEGIN HIDDEN TESTS
x, G, W, b = (drawn(*s, seed=i, dtype=torch.float64) for i, s in enumerate([(3, 4), (10, 4), (4, 5), (4,)]))
g, u = x @ G[:5].T, x @ G[5:].T
s = torch.sigmoid(g)
back = torch.ones(3, 4, dtype=torch.float64) @ W
dg, du = back * u * s * (1 + g * (1 - s)), back * g * s
_, grads = value_and_grad(mlp_part, x, G, W, b, wrt=(0, 1, 2, 3))
for name, grad, want in zip(["x", "gate_up", "down", "bias"], grads,
                            [dg @ G[:5] + du @ G[5:], torch.cat([dg.T @ x, du.T @ x]),
                             torch.ones(4, 3, dtype=torch.float64) @ (g * s * u),
                             torch.full((4,), 3.0, dtype=torch.float64)]):
    expect(grad, want, on=f"the gradient of mlp_part with respect to {name}", rtol=1e-8, atol=1e-9)
### END HIDDEN TESTS

# %% [markdown]
# ### Pipeline parallelism: along the layers
#
# Stage 0 holds the first layers, stage S − 1 the last. Between stages only activations travel, so it works between
# nodes. A batch is cut into M micro-batches that follow each other; at the ends stages stand idle, the *bubble*:
#
# $$\text{bubble} = \frac{S - 1}{M + S - 1} \text{ of the time, at equal stages.}$$
#
# - **GPipe** (Huang et al. 2018, arXiv 1811.06965): all forwards, then all backwards. Every stage keeps the
#   activations of M micro-batches.
# - **1F1B** (one forward, one backward; PipeDream-Flush, Narayanan et al. 2020, arXiv 2006.09503): as soon as a
#   micro-batch can go back it does. The **same bubble**, but stage s keeps at most S − s of them.
# - *Interleaved*: a GPU holds v separate groups of layers; the bubble gets v times shorter, and v times as much is
#   sent.
# - *Zero bubble* (Qi et al. 2023, arXiv 2401.10241) splits the backward pass: first the gradient of the input, for
#   which the stage before waits; that of the weights, for which nobody waits, fills the gaps.
#
# ### Exercise 10.8 · pipeline_schedule
#
# An operation is a tuple `("F", i)` or `("B", i)`: forward or backward of micro-batch i, from 0.
#
# - `pipeline_schedule(stage, stages, micros)`: the 1F1B order of one stage, a list of operations, each of the 2M
#   (M ≥ 1) once. First $\min(M, S - 1 - \text{stage})$ forwards; then, as long as there are forwards left, one forward and
#   one backward in turn; then the backwards that are left. Both kinds go up from micro-batch 0.
# - `pipeline_time(orders, forward=1.0, backward=2.0)`: the time at which the last operation ends, when stage s
#   works through `orders[s]` in that order, each operation as early as possible, from time 0. F of micro-batch i on
#   stage s needs F of i on stage s − 1; B of i on stage s needs F of i on stage s and B of i on stage s + 1 (the
#   last stage: its own F alone). Sending takes no time. Any orders are to be handled, of any schedule.
# - If the stages wait for each other for ever, or for something that is in nobody's order, raise ValueError. No
#   operations at all take 0.0. Nothing occurs twice in an order.
#
# Source: Narayanan et al. 2021 (arXiv 2104.04473), section 2.2.

# %% stub="pipeline_schedule"
def pipeline_schedule(stage: int, stages: int, micros: int) -> list[tuple[str, int]]:
    """The 1F1B order of a stage: stage 0 of 2 with 2 micro-batches does F0, F1, B0, B1."""
    ### BEGIN SOLUTION
    warm = min(micros, stages - 1 - stage)
    order = [("F", i) for i in range(warm)]
    for i in range(micros - warm):
        order += [("F", warm + i), ("B", i)]
    return order + [("B", i) for i in range(micros - warm, micros)]
    ### END SOLUTION
    raise NotImplementedError("pipeline_schedule")


def pipeline_time(orders: list[list[tuple[str, int]]], forward: float = 1.0, backward: float = 2.0) -> float:
    """When the last operation ends: two stages, one micro-batch: 1 + 1 + 2 + 2 = 6."""
    ### BEGIN SOLUTION
    ends: dict[tuple[int, str, int], float] = {}
    free, at = [0.0] * len(orders), [0] * len(orders)
    moved = True
    while moved:
        moved = False
        for s, order in enumerate(orders):
            while at[s] < len(order):
                kind, i = order[at[s]]
                needs = [(s - 1, "F", i)] if kind == "F" and s > 0 else []
                if kind == "B":
                    needs = [(s, "F", i)] + ([(s + 1, "B", i)] if s + 1 < len(orders) else [])
                if any(n not in ends for n in needs):
                    break
                free[s] = max([free[s], *(ends[n] for n in needs)]) + (forward if kind == "F" else backward)
                ends[s, kind, i] = free[s]
                at[s] += 1
                moved = True
    if any(at[s] < len(order) for s, order in enumerate(orders)):
        raise ValueError("the stages wait for each other for ever")
    return max(free, default=0.0)
    ### END SOLUTION
    raise NotImplementedError("pipeline_time")

# %% [markdown] hints="pipeline_schedule"
# <details><summary>Hint 1: a question</summary>
#
# How many micro-batches must a stage have sent on before the first one can have come back to it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# S = 3, M = 4. The last stage: F0 B0 F1 B1 F2 B2 F3 B3. The middle: F0 F1 B0 F2 B1 F3 B2 B3. The first: F0 F1 F2 B0
# F3 B1 B2 B3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# An operation starts when its stage is free *and* what it needs has arrived: the later of the two. Go round the
# stages until a whole round moves nothing.
#
# </details>

# %% graded="pipeline_schedule__order" points=2
# Looks at the 1F1B orders of all stages; fewer micro-batches than stages.
F0, F1, F2, F3, B0, B1, B2, B3 = ((kind, i) for kind in "FB" for i in range(4))
check(pipeline_schedule, 0, 3, 4, want=[F0, F1, F2, B0, F3, B1, B2, B3], why="two forwards first, then by turns",
      mistakes={"GPipe": [F0, F1, F2, F3, B0, B1, B2, B3],
                "the order of the last stage": [F0, B0, F1, B1, F2, B2, F3, B3],
                "one forward too many at the start": [F0, F1, F2, F3, B0, B1, B2, B3]})
check(pipeline_schedule, 2, 3, 2, want=[F0, B0, F1, B1], why="the last stage goes back at once")
### BEGIN HIDDEN TESTS
for stages in (1, 2, 3, 6):
    for micros in (1, 3, 4, 9, 300):
        for stage in range(stages):
            lead = min(micros, stages - stage)  # in flight at most
            want, f, b = [], 0, 0
            while b < micros:
                if f < micros and f - b < lead:
                    want.append(("F", f))
                    f += 1
                else:
                    want.append(("B", b))
                    b += 1
            if micros < 50 or stage in (0, stages - 1):
                check(pipeline_schedule, stage, stages, micros, want=want, why="warm-up, one and one, the rest")
### END HIDDEN TESTS

# %% graded="pipeline_schedule__time" points=3
# Looks at pipeline_time: 1F1B, GPipe, other orders, other durations.
one_f_one_b = [[("F", 0), ("F", 1), ("B", 0), ("B", 1)], [("F", 0), ("B", 0), ("F", 1), ("B", 1)]]
check(pipeline_time, one_f_one_b, want=9.0, why="(M + S - 1)(1 + 2) = 9",
      mistakes={"nobody waits": 6.0, "everybody waits for everybody": 12.0})
check(pipeline_time, [[("F", 0), ("B", 0)], [("F", 0), ("B", 0)]], 3.0, 0.5, want=7.0, why="3 + 3 + 0.5 + 0.5")
### BEGIN HIDDEN TESTS
def flight(stages, micros, gpipe):
    "Orders of all stages."
    out = []
    for s in range(stages):
        lead, order, f, b = micros if gpipe else min(micros, stages - s), [], 0, 0
        while b < micros:
            forward = f < micros and f - b < lead
            order.append(("F", f) if forward else ("B", b))
            f, b = f + forward, b + (not forward)
        out.append(order)
    return out

for stages, micros in [(1, 5), (2, 3), (4, 8), (6, 2), (5, 30)]:
    for f, b in [(1.0, 2.0), (0.9, 0.3), (0.0, 1.0)]:
        for gpipe in (False, True):
            check(pipeline_time, flight(stages, micros, gpipe), f, b, want=float((micros + stages - 1) * (f + b)),
                  rtol=1e-9, atol=1e-9,
                  why="(M + S - 1)(F + B), for GPipe as for 1F1B")

def waits(orders, f, b):
    "By small steps of time: what can start does."
    span = {"F": f, "B": b}
    ends, at, free, now = {}, [0] * len(orders), [0] * len(orders), 0
    while any(k < len(o) for k, o in zip(at, orders)):
        for s, o in enumerate(orders):
            if at[s] < len(o) and free[s] <= now:
                kind, i = o[at[s]]
                needs = ([(s - 1, "F",
                           i)] * (s > 0)) if kind == "F" else [(s, "F",
                                                                i)] + [(s + 1, "B", i)] * (s + 1 < len(orders))
                if all(ends.get(n, 1e9) <= now for n in needs):
                    free[s] = ends[s, kind, i] = now + span[kind]
                    at[s] += 1
        now += 1
    return float(max(free))

rng = np.random.default_rng(0)
for trial in range(12):  # odd schedules that do run: micro-batches in some order, each stage with its own lead
    stages, micros = int(rng.integers(1, 5)), int(rng.integers(1, 7))
    turn, leads = rng.permutation(micros).tolist(), sorted(rng.integers(1, micros + 1, stages).tolist(),
                                                           reverse=True)
    orders = []
    for s in range(stages):
        order, k, done = [], 0, 0
        while done < micros:
            if k < micros and k - done < max(leads[s], 1):
                order.append(("F", turn[k]))
                k += 1
            else:
                order.append(("B", turn[done]))
                done += 1
        orders.append(order)
    for f, b in ((3, 1), (2, 5)):
        check(pipeline_time, orders, float(f), float(b), want=waits(orders, f, b),
              why="as early as its stage and its needs allow")
check(pipeline_time, [[("F", 0), ("F", 1)], [("F", 1), ("F", 0)]], 1.0, 2.0, want=4.0,
      why="forwards alone, in another order on stage 1")
check(pipeline_time, [[("F", 0), ("F", 1), ("F", 2)], [("F", 0), ("F", 1), ("F", 2)], [("F", 0)]], want=4.0,
      why="here the middle stage ends last")
check(pipeline_time, [[], []], want=0.0)
check(pipeline_time, [], want=0.0)
check(pipeline_time, [[("F", 5)], []], 1.5, want=1.5, why="a stage may have nothing to do")
### END HIDDEN TESTS

# %% graded="pipeline_schedule__deadlock" points=1
# Looks at orders in which everybody waits for ever; and at the arguments after the call.
raises(ValueError, pipeline_time, [[("F", 0), ("B", 0)], [("B", 0), ("F", 0)]],
       why="stage 1 would go back before it went forward")
unchanged(pipeline_time, [[("F", 0), ("B", 0)], [("F", 0), ("B", 0)]], want=6.0)
### BEGIN HIDDEN TESTS
for orders in ([[("F", 0), ("B", 0), ("F", 1), ("B", 1)], [("F", 0), ("F", 1), ("B", 0), ("B", 1)]],
               [[("F", 0), ("B", 0)], [("F", 0)]], [[], [("F", 0), ("B", 0)]], [[("B", 0)]],
               [[("F", 0), ("F", 1), ("B", 1)], [("F", 0), ("F", 1), ("B", 0), ("B", 2)]],
               [[("F", 0), ("B", 0)], [("F", 0), ("B", 0)], []]):
    raises(ValueError, pipeline_time, orders, why="something waits for what never comes")
unchanged(pipeline_time, [[("F", 0), ("F", 1), ("B", 0), ("B", 1)], [("F", 0), ("B", 0), ("F", 1), ("B", 1)]],
          1.0, 3.0, want=12.0)
### END HIDDEN TESTS

# %% tags=["picture"]
distributed_training.pipelines(pipeline_schedule, pipeline_time)

# %% [markdown]
# Four stages, eight micro-batches. Both schedules end at the same time; 3/11 = 27 % of it is bubble. The numbers on
# the right are the micro-batches whose activations a stage must keep at once: 8 everywhere, or 4, 3, 2, 1.
#
# **Put together: a 70B model on 64 GPUs** (80 layers, width 8192, one sequence of 4,096 tokens a micro-batch,
# BF16).
#
# | | ZeRO stage 3 over 64 | 3D: TP 8 × PP 4 × DP 2, ZeRO-1 |
# |---|---|---|
# | states per GPU | 16/64 · 70 = 17.5 GB | 2.19 billion parameters · 10 bytes = 21.9 GB |
# | sent per GPU and micro-batch | 3 · 70 · 63/64 · 2 = 413 GB | TP: 20 layers · 4 all-reduces of 67 MB: 9.4 GB, in the node |
# | sent per GPU between nodes | the same 413 GB | DP: 4.4 GB a step; PP: 67 MB a micro-batch and boundary |
# | activations per GPU | 80 · 1.14 = 91 GB; checkpointed 6.5 GB | 20 layers · 1.14/8 GB · 4 micro-batches = 11.4 GB |
# | stands idle | – | bubble 3/(M + 3): 16 % at M = 16, 9 % at M = 32 |
#
# (PP is pipeline parallelism, DP data parallelism.) At 50 GB/s between nodes 413 GB take 8.3 s. Meanwhile an A100
# computes $6 \cdot 70 \cdot 10^9 \cdot 4{,}096$ operations, 11 s at half its peak: that can hide it, 1,024 tokens
# (2.8 s) could not.
#
# **Activations decide, too**: about 34 bytes a layer, token and unit of width, so 34 · 4,096 · 8192 = 1.14 GB a layer
# (Korthikanti et al. 2022; for an MLP of width 4D, and without the matrix of attention weights, which FlashAttention
# does not keep). Under ZeRO each GPU has those of all 80 layers, 91 GB. Checkpointed, 80 inputs of 67 MB and one
# layer whole are left. Tensor with sequence parallelism cuts them by 8, and the first stage keeps four micro-batches.
#
# Rule of thumb: TP as wide as a node at most, PP until it fits, DP with the rest. **What a checkpoint on disk costs**:
# master weights and moments, 12 bytes a parameter, 840 GB for 70B; at 10 GB/s 84 s, unless the ranks write their
# pieces side by side.
#
# ## 6 · Assemble: a step of ZeRO stage 1
#
# Every rank has run its micro-batches. It holds the whole gradient of each, and AdamW's state of **its own piece**
# of all parameters. What is left to do:
#
# 1. weigh: the gradient of the mean over *all tokens of all ranks*;
# 2. reduce-scatter, so that each rank has its piece of that gradient;
# 3. clip by the norm of the *whole* gradient, of which it only sees its piece;
# 4. step on the piece, and all-gather the new weights in the dtype in which the model computes.
#
# ### Exercise 10.9 · zero1_step
#
# `zero1_step(state, parts, rank, size, all_reduce, reduce_scatter, all_gather, lr, weight_decay=0.01,
# max_norm=None)`, what one rank runs. Calling what you wrote above is welcome.
#
# - The *flat vector*: all gradients of the list, each flattened, one behind the other, P numbers. Its pieces are
#   those of `torch.tensor_split(flat, size)`; with more ranks than numbers some are empty.
# - `state`: `(w, m, v, t)` as in 10.3, for this rank's piece, float32 or float64.
# - `parts`: this rank's micro-batches, one or more, as in 10.4: parts without tokens count nothing, and **a rank
#   may have no tokens at all** (then it still takes part). Some rank has tokens. Ranks have different numbers of
#   parts and tokens.
# - `all_reduce(t)` gives the sum of t over all ranks, for small tensors: **at most 8 numbers in a call**.
#   `reduce_scatter(t)`, for t of P numbers, gives this rank's piece of the sum; it is called **once**.
#   `all_gather(piece)` gives all pieces behind one another, P numbers; **once**, with the new weights in the dtype
#   of the gradients. All ranks make the same calls in the same order, also when `max_norm` does not bite.
# - Gradients are summed in the dtype of the state, over micro-batches and over ranks.
# - `max_norm` (> 0): where the norm of the whole mean gradient is larger, the gradient is multiplied by `max_norm /
#   norm` (an epsilon of 10⁻⁶ beside the norm is tolerated). Then AdamW with betas (0.9, 0.999) and eps 10⁻⁸.
# - Returns `(weights, state, loss)`: the list of new weights of the whole model, in the shapes and the dtype of the
#   gradients, the new state of the piece, and the mean loss over all tokens of all ranks, a float. Arguments stay
#   as they were.
#
# The oracle is one process with all micro-batches. Source: Rajbhandari et al. 2019, section 5.1.

# %% stub="zero1_step"
def zero1_step(state: State, parts: list[Part], rank: int, size: int, all_reduce, reduce_scatter, all_gather,
               lr: float,
               weight_decay: float = 0.01, max_norm: float | None = None) -> tuple[list[Tensor], State, float]:
    """One rank's share of a step: (weights of the whole model, its new state, mean loss of all ranks).

    With one rank: adamw_step on the flat gradient of combine_means, cut into the shapes again.
    """
    ### BEGIN SOLUTION
    loss, grads, tokens = combine_means([(a, [g.to(state[0].dtype) for g in b], n) for a, b, n in parts])
    sums = all_reduce(torch.tensor([loss * tokens, tokens], dtype=torch.float64)).tolist()
    piece = reduce_scatter(torch.cat([g.flatten() for g in grads]) * (tokens / sums[1]))
    if max_norm is not None:
        norm = all_reduce(piece.double().square().sum().reshape(1)).sqrt().item()
        piece = piece * min(1.0, max_norm / norm) if norm > 0 else piece
    state = adamw_step(state, piece, lr, weight_decay=weight_decay)
    flat = all_gather(state[0].to(parts[0][1][0].dtype))
    pieces = flat.split([g.numel() for g in grads])
    return [p.reshape(g.shape).clone() for p, g in zip(pieces, grads)], state, sums[0] / sums[1]
    ### END SOLUTION
    raise NotImplementedError("zero1_step")

# %% [markdown] hints="zero1_step"
# <details><summary>Hint 1: a question</summary>
#
# Rank 0 has 10 tokens, rank 1 has 30. What must each multiply its own mean gradient by, before it goes into the
# sum? What does it need to know from the other?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two ranks, gradients [3, 0] with 10 tokens and [3, 8] with 30: shares 1/4 and 3/4, the sum is [3, 6]. Rank 0 has
# the piece [3], rank 1 [6]. Norm of the whole: 9 + 36 = 45, its root is 6.71; neither rank can see that alone.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Squares of norms add up, norms do not. And what is gathered is the new master weight, *after* it was rounded to
# the model's dtype; the state keeps the exact one.
#
# </details>

# %% graded="zero1_step__equal" points=3
# Looks at two to five ranks against one process: weights, states, losses, over three steps.
def ranks(states, parts, *args):
    "Every rank's (weights, state, loss), and what it sent."
    return together(lambda comm, state, mine: zero1_step(state, mine, comm.rank, comm.size, comm.all_reduce,
                                                         comm.reduce_scatter,
                                                         comm.all_gather, *args), list(zip(states, parts)))

def at_zero(w):
    "The state before the first step."
    return w, torch.zeros_like(w), torch.zeros_like(w), 0

states = [at_zero(torch.tensor([1.0])), at_zero(torch.tensor([1.0]))]
parts = [[(2.0, [torch.tensor([3.0, 0.0])], 10)], [(6.0, [torch.tensor([3.0, 8.0])], 30)]]
answers, _ = ranks(states, parts, 0.1, 0.0)
for rank, (weights, (w, m, v, t), loss) in enumerate(answers):
    expect(weights, [torch.tensor([0.9, 0.9])], on=f"weights of rank {rank}", rtol=1e-5)
    expect(m, torch.tensor([[0.3], [0.6]][rank]), on=f"first moment of rank {rank}: its own piece", rtol=1e-5,
           why="the mean gradient is 1/4 [3, 0] + 3/4 [3, 8] = [3, 6]",
           mistakes={"the ranks were weighted equally": torch.tensor([[0.3], [0.4]][rank]),
                     "a sum of means": torch.tensor([[0.6], [0.8]][rank])})
    expect(loss, 5.0, on=f"loss of rank {rank}", why="(2 * 10 + 6 * 30) / 40")
### BEGIN HIDDEN TESTS
shapes = [(3, 4), (7,), (), (2, 1, 5)]
P = 12 + 7 + 1 + 10
both = (torch.float32, 2e-4), (torch.float64, 1e-9)
for seed, (size, counts, precisions) in enumerate([(1, [[3, 4, 70_001, 1, 6]], both[1:]), (2, [[5], [1, 90]], both[:1]),
                                                   (3, [[1000, 2], [0], [7, 0, 7]], both[1:]),
                                                   (5, [[10], [0, 0], [1], [0], [25, 5]], both[:1])]):
    for dtype, tolerance in precisions:
        start = drawn(P, seed=seed, dtype=dtype)
        states = [at_zero(w.clone()) for w in torch.tensor_split(start, size)]
        want = at_zero(start.double())
        for step in range(3):
            lr, decay, limit = (0.1, 0.03, 0.01)[step], (0.3, 0.0, 0.01)[step], (None, 0.5, 1e3)[step]
            room = tolerance if limit is None else max(tolerance, 3e-6)  # an epsilon beside the norm is tolerated
            parts = [[(1.0 + r + k, [drawn(*s, seed=1000 * step + 100 * r + 10 * k + i, dtype=dtype) + 1 for i,
                                     s in enumerate(shapes)], n)
                      if n else (torch.nan, [torch.full(s, torch.nan, dtype=dtype) for s in shapes], 0)
                      for k, n in enumerate(counts[r])] for r in range(size)]
            loss, grads, _ = mean([p for mine in parts for p in mine])
            flat = torch.cat([g.flatten() for g in grads])
            if limit and flat.norm() > limit:
                flat = flat * (limit / flat.norm())
            want = adam(*want, flat, lr, weight_decay=decay)
            answers, _ = ranks(states, parts, lr, decay, limit)
            states = [answer[1] for answer in answers]
            whole = [w.reshape(s).to(dtype) for w, s in zip(want[0].split([12, 7, 1, 10]), shapes)]
            for r, (weights, state, got) in enumerate(answers):
                on = f"of rank {r} of {size} after step {step + 1}, max_norm {limit}"
                expect(weights, whole, on=f"weights {on}", rtol=room, atol=room,
                       why="as one process with all micro-batches")
                expect(state, (*(torch.tensor_split(x, size)[r].to(dtype) for x in want[:3]), step + 1),
                       on=f"state {on}",
                       rtol=room, atol=room)
                expect(got, loss, on=f"loss {on}", rtol=1e-5, atol=1e-6)
### END HIDDEN TESTS

# %% graded="zero1_step__traffic" points=2
# Looks at what each rank sends.
def ranks(states, parts, *args):
    "Every rank's (weights, state, loss), and what it sent."
    return together(lambda comm, state, mine: zero1_step(state, mine, comm.rank, comm.size, comm.all_reduce,
                                                         comm.reduce_scatter,
                                                         comm.all_gather, *args), list(zip(states, parts)))

def at_zero(w):
    "The state before the first step."
    return w, torch.zeros_like(w), torch.zeros_like(w), 0

def frugal(sent, P, size):
    "One reduce-scatter of P numbers, one all-gather of a piece, small all-reduces."
    for rank, calls in enumerate(sent):
        big = [(op, n) for op, n in calls if op != "all_reduce"]
        assert big == [("reduce_scatter", P), ("all_gather", P // size + (rank < P % size))], (
            f"rank {rank} of {size} sent {calls}: expected one reduce_scatter of {P} numbers and one all_gather of its piece")
        assert all(n <= 8 for op,
                   n in calls if op == "all_reduce"), f"rank {rank} sent {calls}: all_reduce takes at most 8 numbers here"

parts = [[(1.0, [torch.ones(2, 5), torch.ones(11)], 4)]] * 2
answers, sent = ranks([at_zero(torch.ones(11)), at_zero(torch.ones(10))], parts, 0.1, 0.0, 0.5)
frugal(sent, 21, 2)
expect(answers[1][0], [torch.full((2, 5), 0.9), torch.full((11,), 0.9)], on="weights of rank 1", rtol=1e-4)
### BEGIN HIDDEN TESTS
one = 1.0, [torch.ones(2, 5), torch.ones(13)], 4
none = torch.nan, [torch.full((2, 5), torch.nan), torch.full((13,), torch.nan)], 0
for limit, parts in ((None, [[one] * 3]), (1e9, [[one] * 3] * 3), (1e-3, [[none], [none], [one]]),
                     (None, [[none], [one], [one] * 2])):
    size = len(parts)
    answers, sent = ranks([at_zero(w) for w in torch.tensor_split(torch.ones(23), size)], parts, 0.1, 0.0, limit)
    frugal(sent, 23, size)
    expect(answers[0][0], [torch.full((2, 5), 0.9), torch.full((13,), 0.9)],
           on=f"weights of rank 0 of {size}, max_norm {limit}", rtol=1e-3)
gradient = torch.cat([torch.zeros(8), torch.full((15,),
                                                 100.0)])  # the first rank's piece is 0, the norm of the whole is not
answers, sent = ranks([at_zero(w) for w in torch.tensor_split(torch.ones(23), 3)], [[(1.0, [gradient], 4)]] * 3, 0.1,
                      0.0, 1.0)
frugal(sent, 23, 3)
expect(answers[0][0], [torch.where(gradient == 0, 1.0, 0.9)], rtol=1e-3,
       on="weights of rank 0, whose piece of the gradient is 0")
few = [(1.0, [torch.tensor([3.0]), torch.tensor([[-4.0]])], 2)]
answers, sent = ranks([at_zero(w) for w in torch.tensor_split(torch.ones(2), 3)], [few] * 3, 0.1, 0.0, 1.0)
frugal(sent, 2, 3)
for rank, (weights, (w, m, _, t), _) in enumerate(answers):
    expect(weights, [torch.tensor([0.9]), torch.tensor([[1.1]])], on=f"two numbers on three ranks: weights of rank {rank}",
           rtol=1e-4)
    expect((m, t), ([torch.tensor([0.06]), torch.tensor([-0.08]), torch.zeros(0)][rank], 1), rtol=1e-4,
           on=f"two numbers on three ranks: first moment of rank {rank}", why="a piece may be empty")
### END HIDDEN TESTS

# %% graded="zero1_step__half" points=2
# Looks at gradients in BF16 and FP16: sums in float32, weights back in the model's dtype.
def ranks(states, parts, *args):
    "Every rank's (weights, state, loss), and what it sent."
    return together(lambda comm, state, mine: zero1_step(state, mine, comm.rank, comm.size, comm.all_reduce,
                                                         comm.reduce_scatter,
                                                         comm.all_gather, *args), list(zip(states, parts)))

def at_zero(w):
    "The state before the first step."
    return w, torch.zeros_like(w), torch.zeros_like(w), 0

answers, _ = ranks([at_zero(torch.ones(1)), at_zero(torch.ones(1))], [[(1.0, [torch.ones(2).bfloat16()], 3)]] * 2,
                   1e-3, 0.0)
expect(answers[0][0], [torch.ones(2).bfloat16()], on="weights of rank 0, a step of 0.001 from 1",
       why="BF16 goes in steps of 0.0039 below 1")
expect(answers[0][1][0], torch.tensor([0.999]), rtol=1e-6, on="its master weight",
       why="the state keeps the exact one")
### BEGIN HIDDEN TESTS
for seed, dtype in enumerate((torch.bfloat16, torch.float16)):
    for wide, limits in ((torch.float32, (None, 0.1)), (torch.float64, (None,))):
        for limit in limits[seed if wide == torch.float32 else 0:]:
            tolerance = 3e-5 if wide == torch.float32 else 1e-10 if limit is None else 1e-6
            start = drawn(50, seed=seed, dtype=wide)
            counts = [[3, 700], [90], [0, 1]]
            parts = [[(0.5 * k + r, [drawn(5, 9, seed=100 * r + k, dtype=dtype),
                                     200 * drawn(5, seed=100 * r + k + 50, dtype=dtype)], n)
                      for k, n in enumerate(counts[r])] for r in range(3)]
            loss, grads, _ = mean([p for mine in parts for p in mine])
            flat = torch.cat([g.flatten() for g in grads])
            if limit:
                flat = flat * (limit / flat.norm())
            want = adam(*at_zero(start), flat, 0.01)
            answers, _ = ranks([at_zero(w.clone()) for w in torch.tensor_split(start, 3)], parts, 0.01, 0.01,
                               limit)
            for r, (weights, state, got) in enumerate(answers):
                expect(state[1], torch.tensor_split(want[1], 3)[r].to(wide),
                       on=f"first moment of rank {r}, {dtype} gradients", rtol=tolerance,
                       atol=tolerance * flat.abs().max().item() / 10, why="summed in the dtype of the state")
                expect(weights, [w.reshape(s) for w,
                                 s in zip(torch.cat([a[1][0] for a in answers]).to(dtype).split([45, 5]),
                                          [(5, 9), (5,)])],
                       rtol=0, atol=0, on=f"weights of rank {r}",
                       why="all ranks' master weights, rounded to the model's dtype")
for dtype in (torch.bfloat16, torch.float32):
    kinds = []
    zero1_step(at_zero(torch.ones(3, dtype=torch.float64)), [(1.0, [torch.ones(3, dtype=dtype)], 3)], 0, 1, lambda t: t,
               lambda t: t, lambda t: kinds.append(str(t.dtype)) or t, 0.1)
    expect(kinds, [str(dtype)], on="the dtype of what all_gather was given", why="wider weights would take twice the bytes")
### END HIDDEN TESTS

# %% graded="zero1_step__memory" points=1
# Looks at the arguments after the call; at strided gradients, and at NaN.
def alone(state, parts, lr):
    "One rank: what comes of its collectives is what went in."
    return zero1_step(state, parts, 0, 1, lambda t: t, lambda t: t, lambda t: t, lr, 0.0)

start = (torch.tensor([1.0, 1.0]), torch.zeros(2), torch.zeros(2), 0)
unchanged(alone, start, [(2.0, [torch.tensor([5.0, -5.0])], 3)], 0.1, rtol=1e-5,
          want=([torch.tensor([0.9, 1.1])], (torch.tensor([0.9, 1.1]), torch.tensor([0.5, -0.5]),
                                             torch.tensor([0.025, 0.025]), 1), 2.0))
### BEGIN HIDDEN TESTS
w, g = drawn(6, seed=1, dtype=torch.float64), drawn(3, 2, seed=2, dtype=torch.float64).T  # strided
want = adam(w, 0 * w, 0 * w, 0, g.flatten(), 0.1, weight_decay=0.0)
unchanged(alone, (w, 0 * w, 0 * w, 0), [(2.0, [g.clone()], 3), (1.0, [g.clone()], 1)], 0.1,
          want=([want[0].reshape(2, 3)], want, 1.75))
def program(comm, state, mine):
    "With the default decay."
    return zero1_step(state, mine, comm.rank, comm.size, comm.all_reduce, comm.reduce_scatter, comm.all_gather, 0.1)

answers, _ = together(program, [((half, 0 * half, 0 * half, 0), [(2.0, [g], 3)]) for half in (w[:3], w[3:])])
expect(answers[0][0], [adam(w, 0 * w, 0 * w, 0, g.flatten(), 0.1)[0].reshape(2, 3)],
       on="weights, with the default decay of 0.01")
check(alone, (torch.ones(2), torch.zeros(2), torch.zeros(2), 0), [(1.0, [torch.tensor([torch.nan, 1.0])], 2)], 0.1,
      want=([torch.tensor([torch.nan, 0.9])], (torch.tensor([torch.nan, 0.9]), torch.tensor([torch.nan, 0.1]),
                                               torch.tensor([torch.nan, 0.001]), 1), 1.0), rtol=1e-4,
      why="a NaN among tokens that count must be seen")
def same(t):
    "What a collective of one rank gives."
    return t

check(lambda state, parts: torch.isnan(zero1_step(state, parts, 0, 1, same, same, same, 0.1, 0.0, 1.0)[0][0])[0].item(),
      (torch.ones(2), torch.zeros(2), torch.zeros(2), 0), [(1.0, [torch.tensor([torch.nan, 1.0])], 2)], want=True,
      why="a NaN among tokens that count must be seen, clipped or not")
start = torch.ones(2), torch.full((2,), 0.5), torch.full((2,), 0.25), 3
want = adam(*start, torch.zeros(2), 0.1, weight_decay=0.0)
check(alone, start, [(2.0, [torch.zeros(2)], 3)], 0.1, want=([want[0].float()], (*(x.float() for x in want[:3]), 4), 2.0),
      rtol=1e-5, why="gradients of 0 are a step, too: the moments move the weights on")
### END HIDDEN TESTS

# %% tags=["picture"]
distributed_training.two_trainers(zero1_step)

# %% [markdown]
# A small network, trained for 60 steps by your function: once in this process, which sees all micro-batches, and
# once in two real processes over gloo, each with its own micro-batches and half of the optimiser's numbers. Both
# ranks end with the same weights, bit for bit. From the single process they differ by rounding only: sums of floats
# in another order. (About 4 seconds; after 60 it gives up. Gloo has no reduce-scatter for uneven pieces: there the
# frame all-reduces and keeps its piece.)
#
# ## 7 · The experiment: where may sixteen bits stand?
#
# A regression of 32 weights by gradient descent, 400 steps. Its gradients are about 10⁻⁸, the true weights lie
# between 0.5 and 2. Four ways to train it:
#
# | name | gradients | weights |
# |---|---|---|
# | `"BF16 gradients, FP32 weights"` | BF16 | FP32 |
# | `"BF16 weights, nearest"` | BF16 | BF16, rounded to the nearest after each step |
# | `"BF16 weights, stochastic"` | BF16 | BF16, rounded stochastically |
# | `"FP16 gradients, FP32 weights"` | FP16, no loss scale | FP32 |
#
# It takes about 1 second. **Predict before you run it**: order the four by the final distance to the true weights,
# the closest first. One point for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the closest first
### BEGIN SOLUTION
prediction = ["BF16 gradients, FP32 weights", "BF16 weights, stochastic", "BF16 weights, nearest",
              "FP16 gradients, FP32 weights"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["BF16 gradients, FP32 weights", "BF16 weights, nearest",
                                "BF16 weights, stochastic",
                                "FP16 gradients, FP32 weights"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["BF16 gradients, FP32 weights", "BF16 weights, nearest",
                                "BF16 weights, stochastic",
                                "FP16 gradients, FP32 weights"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["BF16 gradients, FP32 weights", "BF16 weights, stochastic", "BF16 weights, nearest",
                       "FP16 gradients, FP32 weights"],
          "What is rounded away once, what each time, and what is zero from the start?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def update(way, w, grad, lr, noise):
    "One step of gradient descent with some of its numbers in sixteen bits."
    if way.startswith("FP16"):
        scale = np.float32(2 ** 12 if "scale" in way else 1)
        grad = (grad * scale).astype(np.float16).astype(np.float32) / scale
    else:
        grad = round_mantissa(grad, 7)
    w = w - lr * grad
    if "BF16 weights" in way:
        return round_mantissa(w, 7, noise if "stochastic" in way else None)
    return w


table = distributed_training.sixteen_bits(update, prediction=prediction)

# %% [markdown]
# - Rounded *gradients* hardly hurt: their errors are small beside them, and the next step mends them.
# - Rounded *weights* stop as soon as a step is smaller than half a unit of their last place. Stochastic rounding
#   goes on, on average in the right direction, and ends in noise ten times above the FP32 weights.
# - FP16 gradients without a loss scale: most are 0 or have one or two bits left, and the weights stop far away.
#   With a scale of 2¹² (dashed, not among the four) they do as well as BF16.
# - What this does not show: that every model suffers so much. Large gradients at the beginning of training survive
#   in FP16. It is at the end, when they are small, that bits are missing.
#
# ## 8 · Feel it: a model on a cluster
#
# Find three ways to put 70 billion parameters on 64 cards of 80 GB, and say what each of them pays.

# %% tags=["widget"]
distributed_training.widget(zero_memory)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="cluster"
# You are to train a **70B model** (80 layers, width 8192) on **64 GPUs of 80 GB**: eight nodes of eight, NVLink
# inside a node, 50 GB/s per GPU between nodes; BF16, AdamW with FP32 states. Write, in about 15 lines:
#
# 1. The bytes of states per GPU under plain data parallelism, ZeRO stage 1 and ZeRO stage 3. Which fit, and what is
#    not counted?
# 2. A 3D layout (tensor, pipeline, data): which way of cutting goes where and why, states per GPU, the bubble for
#    16 micro-batches.
# 3. What ZeRO stage 3 sends per step with one micro-batch, how long that takes between nodes, and when that can be
#    hidden.
# 4. A colleague says: "Mixed precision halves the memory, BF16 needs no master weights because it cannot overflow,
#    and ranks may each average their loss: the mean of the means is the mean." Answer each.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **States**: 16 · 70 = 1,120 GB; stage 1 on 64: 4.19 · 70 = 293 GB; stage 3: 17.5 GB. Only stage 3 fits.
#   Activations (and buffers) are not counted; checkpointing shrinks them for a third more time.
# - **Layout**: tensor 8 inside a node (two all-reduces a layer forward and two backward), pipeline 4 between nodes
#   (activations only), data 2; 2.19 billion parameters a GPU, 35 GB, or 21.9 GB with ZeRO-1 over the two; bubble
#   3/19 = 16 %. Another sensible layout with its numbers counts. (Half a point without reasons.)
# - **Traffic**: 3 · 70 billion · 63/64 numbers · 2 bytes = 413 GB, 8.3 s at 50 GB/s; hidden if computing a
#   micro-batch takes longer and weights are fetched ahead: so large micro-batches. (Gradient accumulation repeats
#   it.)
# - **The colleague**: 16 bytes a parameter either way, only activations and traffic halve; BF16 has a range like
#   FP32's but eps of 1/128, so small updates vanish: master weights or stochastic rounding; means are to be
#   weighted by tokens. (Half a point for two of three.)
#
# === END MARK SCHEME ===

# %% [markdown] written="cluster" points=4
# ### BEGIN SOLUTION
# 1. Plain: 2 + 2 + 12 = 16 bytes a parameter, 1,120 GB, no. Stage 1: 4 + 12/64 = 4.19 bytes, 293 GB, no. Stage 3:
#    16/64 = 0.25 bytes, 17.5 GB, yes. Activations and temporary buffers come on top; activation checkpointing cuts
#    them for one more forward pass, a third more time.
# 2. Tensor 8 inside the node, because it all-reduces activations several times a layer; pipeline 4 across nodes,
#    because only activations at three boundaries travel; data 2 with what is left. 70/32 = 2.19 billion parameters
#    a GPU, 35 GB; ZeRO-1 over the two replicas makes it 10 bytes, 21.9 GB. The bubble is 3/(16 + 3) = 16 %, 9 %
#    with 32 micro-batches.
# 3. Three passes of 70 billion numbers times 63/64, two bytes each: 413 GB per GPU, 8.3 s at 50 GB/s. It can be
#    hidden behind computing if the next layer is fetched while this one runs and the micro-batch is large enough to
#    take longer than that: 4,096 tokens take 11 s at half an A100's peak. With accumulation it is paid per
#    micro-batch.
# 4. States take 16 bytes a parameter in FP32 and mixed; activations and traffic halve. BF16 does not overflow, but
#    next to 1 it goes in steps of 1/128 and loses updates, so it needs master weights more than FP16 does. Means of
#    unequal numbers of tokens must be weighted by tokens, over micro-batches and over ranks.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="10.1" level="basic"
# <details><summary>What is mixed precision training?</summary>
#
# - Weights, activations and gradients in 16 bits; sums, softmax, norms and loss in FP32; FP32 master weights in the
#   optimiser.
# - Faster by tensor cores: on an A100 312 TFLOP/s in BF16 against 156 in TF32 and 19.5 in FP32, at the peak.
# - Memory of states does not halve: 16 bytes a parameter before and after. Activations and traffic halve.
# - FP16: gradients under 3 · 10⁻⁸ become 0, hence loss scaling: multiply the loss, divide before the step in FP32,
#   skip on infinities and halve, double after 2,000 good steps. Clip *after* unscaling.
# - BF16: FP32's range, eps 2⁻⁷. No loss scale; master weights (or stochastic rounding) all the more.
#
# </details>

# %% [markdown] card="10.2" level="medium"
# <details><summary>Explain the stages of DeepSpeed ZeRO.</summary>
#
# - Of the 16 bytes a parameter (2 weights, 2 gradients, 12 states) stage 1 cuts the states into N pieces, 4 + 12/N;
#   stage 2 gradients too, 2 + 14/N; stage 3 weights too, 16/N.
# - N = 4: 2.29, 2.91 and 4 times less; N = 64: 3.82, 7.21 and 64. "4 and 8 times" are limits.
# - Traffic at one micro-batch: 2u, 2u, 3u with u = P(N − 1)/N; DDP has 2u. With M micro-batches stage 2 sends (M +
#   1)u, stage 3 3Mu.
# - 7B on four A100: stage 1, 49 GB. 70B: only stage 3, 35 GB each on 32. Activations come on top.
# - FSDP: `FULL_SHARD` is stage 3, `SHARD_GRAD_OP` about stage 2.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How does a ring all-reduce work, and what does it cost?</summary>
#
# - Reduce-scatter (N − 1 turns: add what comes in, pass it on), then all-gather (N − 1 turns: replace).
# - Each rank sends 2(N − 1)/N of the vector, nearly 2P whatever N is; 2(N − 1) messages, so latency grows with N:
#   trees for small tensors.
# - All ranks get the same bits, because each chunk is added up along one way only.
# - Slips: mean instead of sum; everybody sends first and receives later (hangs for large messages).
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Why can gradient accumulation give another result than the large batch?</summary>
#
# - Mean of means: micro-batches have unlike numbers of tokens. Weight by tokens, over micro-batches and ranks.
# - A micro-batch without labels has mean NaN: leave it out, 0 · NaN is NaN.
# - Clip once, by the norm of the whole gradient; with ZeRO squares are all-reduced, since no rank sees all of it.
# - Sum in FP32. What remains is the order of sums.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What is the pipeline bubble, and what does 1F1B change?</summary>
#
# - (S − 1)/(M + S − 1) of the time: 4 stages, 8 micro-batches 27 %; 16 micro-batches 16 %.
# - 1F1B has the same bubble as GPipe; it keeps S − s micro-batches' activations on stage s instead of M.
# - Interleaving v groups of layers a GPU divides the bubble by v and multiplies what is sent by v.
# - Zero bubble: the gradient of the input first, that of the weights into the gaps.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Put a 70B model on 64 GPUs of 80 GB.</summary>
#
# - States 16 · 70 = 1,120 GB. ZeRO stage 3 over 64: 17.5 GB each; sends 413 GB a step and micro-batch, 8.3 s at 50
#   GB/s. Computing 4,096 tokens takes 11 s at half the peak, which hides it; 1,024 tokens, 2.8 s, do not.
# - Or TP 8 (inside the node: four all-reduces of activations a layer) × PP 4 × DP 2: 2.19 billion parameters, 21.9
#   GB with ZeRO-1; bubble 16 % at M = 16.
# - MLP: first matrix by hidden units, second the other way, one all-reduce; fused gate and up cut apart; bias once.
#   Attention by heads. Sequence parallelism cuts what is left of the activations.
# - Activations: 34 bytes a layer, token and unit of width, 1.14 GB for 4,096 tokens. All 80 layers 91 GB, so checkpoint;
#   or 11.4 GB in the 3D layout with sequence parallelism.
# - Activation checkpointing: L/k + k layers instead of L, 33 % more time. MFU, 6P · tokens/s over the peak: 24,000
#   tokens/s on 64 A100 is 50 %.
# - A checkpoint on disk is 840 GB, 84 s at 10 GB/s.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>A run on 64 GPUs hangs, or its loss differs from the run on one. Where do you look?</summary>
#
# - Hangs: a rank that skips a collective (no tokens, a branch on its own loss, an exception). All ranks make the
#   same calls in the same order. Set timeouts; ask every rank for its last collective.
# - Differs at step 1: weighting by tokens, a sum for a mean, bias or loss counted N times, data seen twice.
# - Drifts apart later: ranks whose weights are not the same bits, random seeds, clipping by a local norm.
# - By rounding only: order of sums. Check in float64 with a small model; the difference must fall to 10⁻¹².
# - NaN on one rank only: the skip must be decided together: all-reduce the flag.
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# Mixed precision: Micikevicius et al. 2017, arXiv 1710.03740. AdamW: Loshchilov and Hutter 2017, 1711.05101. ZeRO:
# Rajbhandari et al. 2019, 1910.02054. FSDP: Zhao et al. 2023, 2304.11277. Megatron-LM: Shoeybi et al. 2019,
# 1909.08053; 3D parallelism: Narayanan et al. 2021, 2104.04473; sequence parallelism: Korthikanti et al. 2022,
# 2205.05198. GPipe: Huang et al. 2018, 1811.06965. PipeDream-Flush, 1F1B: Narayanan et al. 2020, 2006.09503.
# Zero bubble: Qi et al. 2023, 2401.10241.
# Activation checkpointing: Chen et al. 2016, 1604.06174. Rings: Patarasuk and Yuan 2009. NVIDIA A100 data sheet,
# 2020. PyTorch 2.13, which the course's own tests compare with.
