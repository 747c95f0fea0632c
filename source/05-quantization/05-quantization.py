# %% [markdown]
# # 05 · Quantization
#
# **After this notebook you can answer, with numbers:**
#
# - How many bits does "4-bit" really cost, in INT4 with groups, NF4, Q4_1, MXFP4? How are they laid out in bytes?
# - What do GPTQ, AWQ and SmoothQuant each do, what do they need from calibration data, and when does plain rounding do?
# - When does quantising make inference faster, when only smaller, and when slower?
# - What do 8, 4, 3 and 2 bits do to a real model, and how can a measurement fool you?
#
# You build eight exercises; the last packs a linear layer into nibbles and swaps it into a transformer: first a small
# random one, then SmolLM2. It takes about 200 minutes; the end of part 3 is a good place to stop. It builds on linear
# layers and on `quant_sym` of section 14, which is given here; no other section is needed.

# %% [markdown] house_rules

# %% [markdown]
# **Letters** used everywhere: `out` and `in` are the outputs and inputs of a linear layer, y = x Wᵀ with W (out, in); g
# is the size of a group of neighbours in a row that share a scale, b the bits, N the calibration tokens, X (N, in)
# their inputs to the layer. **Units:** bits per weight count scales and zero points too; 1 GB is 10⁹ bytes, 1 TB/s is
# 10¹² bytes a second. Indices begin with 0.

# %% setup
import copy
import math
import struct

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int8, UInt8
from torch import Tensor, nn

from course.check import check, committed, expect, precise, predicted, raises, unchanged
from course.duel import advise, duel
from course.models.rounding import quant_sym, rtn  # both given: 14.8, and W after it and back
from course.models.transformer import Config, Transformer

torch.set_num_threads(1)  # the matrices are small: more threads would wait for each other
NF4 = torch.tensor([-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
                    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
                    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
                    0.7229568362236023, 1.0])  # the 16 levels of QLoRA


def layer_with_outliers(seed: int, factor: float):
    """W (16, 24) and inputs X (60, 24) of which two channels are `factor` times as large as the others."""
    g = torch.Generator().manual_seed(seed)
    W, X = torch.randn(16, 24, generator=g), torch.randn(60, 24, generator=g)
    X[:, [3, 17]] *= factor
    return W, X


def weights_in(linear, packed, size: int) -> Tensor:
    """The weights that a layer computes with: what it makes of unit vectors."""
    return linear(torch.eye(size), packed).T


class Swapped(nn.Module):
    """A linear layer without a bias that keeps what `pack` made of its weight, and asks `linear` for its outputs."""

    def __init__(self, packed, linear):
        super().__init__()
        self.packed, self.linear = packed, linear

    def forward(self, x):
        return self.linear(x, self.packed).contiguous()


MATRICES = ("q", "k", "v", "out", "gate", "up", "down")


def swapped(transformer: Transformer, pack, linear, g: int, kinds=MATRICES) -> Transformer:
    """A copy of the transformer whose matrices of these kinds are `pack(weight, g)`, multiplied by `linear(x, packed)`.

    Embedding, norms and head stay as they are. You need it in part 5.
    """
    model = copy.deepcopy(transformer)
    for block in model.blocks:
        for part in (block.attention, block.mlp):
            for name, layer in list(part.named_children()):
                if name in kinds:
                    setattr(part, name, Swapped(pack(layer.weight.detach(), g), linear))
    return model

# %% tags=["picture"]
from course.sections import quantization

# %% helper
### BEGIN HIDDEN TESTS
def tie(values):
    "How close the nearest of the values lies to a half, where rounding could go either way."
    values = torch.as_tensor(values).double()
    return (values - values.floor() - 0.5).abs().min().item()


def asym_oracle(W, bits, g):
    "quant_asym in float64, group by group, and how close the nearest value came to a tie."
    out, inn = W.shape
    q = torch.zeros(out, inn, dtype=torch.uint8)
    scale = torch.ones(out, inn // g, dtype=torch.float64)
    zero, near = torch.zeros(out, inn // g, dtype=torch.uint8), 0.5
    for r in range(out):
        for c in range(inn // g):
            w = [float(v) for v in W[r, c * g:(c + 1) * g].double()]
            low, high = min(0.0, *w), max(0.0, *w)
            if low == high:
                continue
            s = (high - low) / (2 ** bits - 1)
            z = round(-low / s)
            near = min(near, tie([-low / s] + [v / s for v in w]))
            scale[r, c], zero[r, c] = s, z
            q[r, c * g:(c + 1) * g] = torch.tensor([min(max(round(v / s) + z, 0), 2 ** bits - 1) for v in w])
    return q, scale.to(torch.promote_types(W.dtype, torch.float32)), zero, near


def until(make, oracle, g, margin=1e-3):
    "Arguments drawn until no rounding of theirs lies near a tie, and the oracle's answer: (arguments, answer)."
    while True:
        args = make(g)
        *want, near = oracle(*args)
        if near > margin:
            return args, tuple(want)


def sharing(W, bits, run):
    "Symmetric rounding in float64, one scale for each run of neighbours: (rounded weights, distance to a tie)."
    rows, top = W.double().reshape(-1, run), 2 ** (bits - 1) - 1
    scale = rows.abs().amax(1, keepdim=True) / top
    scale[scale == 0] = 1
    return ((rows / scale).round().clamp(-top - 1, top) * scale).reshape(W.shape), tie(rows / scale)


def gptq_oracle(W, X, bits, damp=0.01, act_order=False):
    "Optimal brain quantisation in a fixed order, float64: the inverse shrinks by one column at a time."
    back = torch.promote_types(W.dtype, torch.float32)
    W, X, top = W.double().clone(), X.double(), 2 ** (bits - 1) - 1
    scale = W.abs().amax(1) / top
    scale[scale == 0] = 1
    H = 2 * X.T @ X
    dead = (H.diagonal() == 0).nonzero().flatten()
    W[:, dead], H[dead, dead] = 0, 1
    H += damp * H.diagonal().mean() * torch.eye(len(H)).double()
    todo = sorted(range(len(H)), key=lambda i: -H[i, i].item()) if act_order else list(range(len(H)))
    inverse, q, near = torch.linalg.inv(H), torch.zeros_like(W), 0.5
    while todo:
        i, *todo = todo
        near = min(near, tie(W[:, i] / scale))
        q[:, i] = (W[:, i] / scale).round().clamp(-top - 1, top)
        error = (W[:, i] - scale * q[:, i]) / inverse[i, i]
        W[:, todo] -= error[:, None] * inverse[i, todo]
        inverse = inverse - torch.outer(inverse[:, i], inverse[i]) / inverse[i, i]
    return q.to(torch.int8), scale.to(back), near


def inputs(N, size, seed, outliers=2, factor=8.0):
    "Correlated inputs with a few large channels in the middle."
    g = torch.Generator().manual_seed(seed)
    rank = max(size // 4, 1)
    X = torch.randn(N, rank, generator=g) @ torch.randn(rank, size, generator=g) / rank ** 0.5
    X = X + 0.4 * torch.randn(N, size, generator=g)
    X[:, torch.randperm(size, generator=g)[:outliers]] *= factor
    return X


def off(X, W, rounded):
    "Mean square of what the outputs moved by."
    return ((X.double() @ (W.double() - rounded.double()).T) ** 2).mean().item()


def awq_oracle(W, X, bits, g):
    "Every ratio of the grid in float64: (s, ratio, how far the second best error lies above the best, relatively)."
    m, tried = X.double().abs().mean(0), []
    for k in range(20):
        s = (m ** (k / 20)).clamp(min=1e-4)
        s = s / math.sqrt(s.max().item() * s.min().item())
        tried.append((off(X, W, sharing(W.double() * s, bits, g)[0] / s), k, s))
    tried.sort(key=lambda t: t[:2])
    (best, k, s), (second, *_) = tried[:2]
    return s.to(torch.promote_types(W.dtype, torch.float32)), k / 20, (second - best) / max(best, 1e-300)


def w8a8_oracle(X, W, s=None):
    "8-bit integers by loops over tokens, float64: (Y, distance to a tie)."
    s = torch.ones(W.shape[1]).double() if s is None else s.double()
    (rounded, near), rows = sharing(W.double() * s, 8, W.shape[1]), X.double().reshape(-1, X.shape[-1]) / s
    done = [sharing(row[None], 8, len(row)) for row in rows]
    Y = torch.cat([x for x, _ in done]) @ rounded.T
    return Y.reshape(*X.shape[:-1], -1).to(X.dtype), min([near] + [t for _, t in done])


def between(g, n):
    "Numbers of a block whose largest is 1, none near the middle of two levels, and their codes."
    low = torch.randint(15, (n,), generator=g)
    share = torch.rand(n, generator=g) * 0.9
    share = torch.where(share > 0.45, share + 0.1, share)
    levels = NF4.double()
    x = levels[low] + share * (levels[low + 1] - levels[low])
    codes = low + (share > 0.5)
    x[0], codes[0] = 1.0, 15
    return x, codes.byte()


def stored(seed, rows, cols):
    "Random bytes of a matrix and its weights, by a loop."
    rng = np.random.default_rng(seed)
    raw, weights = b"", []
    for _ in range(rows * cols // 32):
        d, m = (float(np.float16(v)) for v in (rng.choice([-1, 1, 1]) * 10 ** rng.uniform(-4, 1), rng.normal()))
        levels = rng.integers(0, 16, 32).tolist()
        raw += struct.pack("<ee", d, m) + bytes(levels[i] | levels[i + 16] << 4 for i in range(16))
        weights += [d * level + m for level in levels]
    return raw, torch.tensor(weights, dtype=torch.float64).float().reshape(rows, cols)


def strided(g, *shape):
    "Random numbers whose leading dimensions lie the other way round in memory."
    lead = len(shape) - 1
    return torch.randn(*shape[:-1][::-1], shape[-1], generator=g).permute(*reversed(range(lead)), lead)


def small(out, size, N, bits, damp=0.01, dtype=torch.float32):
    "A layer and inputs that are clearly correlated; many tokens, so that float32 is good enough."
    def make(g):
        W = torch.randn(size, out, generator=g).T * torch.logspace(-1, 1, out)[:, None]
        X = torch.randn(N, size, generator=g) @ (torch.eye(size) + 0.8 * torch.randn(size, size, generator=g)) + 0.7
        return W.to(dtype), X.to(dtype), bits, damp
    return make


def with_dead(out, size, dead):
    "As small(), but these channels never had an input, and row 0 is zero."
    def make(g):
        W, X, *rest = small(out, size, 30, 4)(g)
        X, W = X.clone(), W.clone()
        X[:, dead], W[0] = 0, 0
        W[:, dead] *= 3
        return W, X, *rest
    return make
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Integers, a scale, a zero point
#
# A weight is stored as a small integer q; what the layer computes with is ŵ = scale · q. The step between two levels is
# the scale, so rounding moves a weight by at most scale / 2. Everything else follows from one question: **which
# weights share a scale, and what is the largest among them?** A single large weight makes all the steps of its
# neighbours large.
#
# Quantising a *finished* model so is **PTQ**, post-training quantisation. **QAT**, quantisation-aware training, rounds
# in the forward pass of training and passes the gradient straight through the rounding; section 33 does a step of it.
#
# **Bits per weight**, with everything counted, and the factor against BF16's 16 bits:
#
# | format | a block holds | bits | factor |
# |---|---|---|---|
# | INT8, a scale a row | 8-bit integers; a row of 4,096 shares 16 bits | 8.004 | 2.0 |
# | INT4, g = 128 | 4-bit integers, FP16 scale, 4-bit zero point | 4.156 | 3.85 |
# | NF4, g = 64 | 4-bit codes, FP32 scale | 4.5 | 3.6 |
# | NF4, double quantisation | the same, the scales in 8 bits | 4.127 | 3.9 |
# | MXFP4, g = 32 | 4-bit floats, an 8-bit power of two | 4.25 | 3.8 |
# | NVFP4, g = 16 | 4-bit floats, an FP8 scale | 4.5 | 3.6 |
# | Q4_1 of GGUF, g = 32 | 4-bit integers, FP16 scale and minimum | 5.0 | 3.2 |
#
# So "2 to 8 times smaller" needs a footnote. From BF16, 8 bits give 2 and 4 bits **less than 4**; 8 holds only against
# FP32 and without metadata. And embeddings and norms are usually left alone: the file of SmolLM2 has its matrices in
# Q4_1 and its embedding in 8.5 bits (Q8_0), so it takes 5.8 bits a parameter.
#
# **Floats of 8 and 4 bits.** Integers have even steps; floats have steps that grow with the number.
#
# - FP8 comes as **E4M3** (4 bits of exponent, 3 of mantissa, up to 448) for weights and activations, and as **E5M2**
#   (up to 57,344, coarser) for gradients. Two neighbours of E4M3 differ by 1/8 to 1/16 of their size, whatever that
#   is, so an outlier hurts its neighbours less than in INT8. A scale per tensor or row is still needed.
# - FP4 (**E2M1**) has the magnitudes 0, 0.5, 1, 1.5, 2, 3, 4, 6. **MXFP4** (OCP microscaling, arXiv 2310.10537) gives
#   32 of them a power of two as scale; gpt-oss ships its experts so. **NVFP4** gives 16 of them an FP8 scale, and the
#   tensor an FP32 one. Even the nearest power of two can miss the scale that one wants by a factor of √2, up or down:
#   NVFP4's finer scale is what its 0.25 extra bits buy.
#
# **Symmetric or with a zero point?** Symmetric grids are centred: levels −7 … 7 times the scale (−8 exists, and
# rounding never reaches it). Where all numbers of a group lie on one side (activations after a SiLU, keys of a cache),
# half of the levels would go unused. An **asymmetric** grid moves: w ≈ scale · (q − zero), with an unsigned q. KV
# caches are quantised so (KIVI; section 14 has it).

# %% tags=["picture"]
quantization.grids(NF4)

# %% [markdown]
# ### Exercise 05.1 · quant_asym
#
# Two functions. `quant_asym(W, bits, g)` returns `(q, scale, zero)`; `dequant_asym(q, scale, zero)` goes back.
#
# - W is (out, in), bits from 2 to 8, and g divides in. Each run of g neighbours in a row is a group.
# - The range of a group **always includes 0**: low = min(0, smallest), high = max(0, largest). So 0.0 comes back as
#   exactly 0.0 (padding and ReLU need that), and the zero point always fits into b bits.
#
# $$\text{scale} = \frac{\text{high} - \text{low}}{2^b - 1}, \qquad \text{zero} = \mathrm{round}\Big(
# \frac{-\text{low}}{\text{scale}}\Big), \qquad q = \mathrm{clamp}\big(\mathrm{round}(w / \text{scale}) +
# \text{zero},\; 0,\; 2^b - 1\big)$$
#
# - q (out, in) and zero (out, in / g) are `torch.uint8`; scale (out, in / g) is float32, or float64 where W is.
# - A group of zeros has scale 1, zero 0 and q = 0. No other group is treated apart: no epsilon, no threshold.
# - Half precision: float32 inside. float64: float64 inside. Exact ties of rounding may go either way.
# - `dequant_asym` gives scale · (q − zero), of q's shape and scale's dtype; it finds g in the shapes. It is timed, on
#   512 rows of 2,048: a loop over groups is too slow.
#
# Source: `FakeQuantize` and its observers in PyTorch, which include 0 as well (llm-awq's `pseudo_quantize_tensor` does
# not, and clamps the zero point instead); Jacob et al. 2017, arXiv 1712.05877.

# %% stub="quant_asym"
def quant_asym(W: Float[Tensor, "out in"], bits: int,
               g: int) -> tuple[UInt8[Tensor, "out in"], Float[Tensor, "out in/g"], UInt8[Tensor, "out in/g"]]:
    """Quantise with a zero point, each run of g neighbours apart: (q, scale, zero), W ≈ scale * (q - zero).

    quant_asym(tensor([[-1., 0., 2., 14.]]), 4, 4) == (tensor([[0, 1, 3, 15]]), tensor([[1.]]), tensor([[1]]))
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(W.dtype, torch.float32)
    groups = W.to(wide).reshape(W.shape[0], -1, g)
    low, high = groups.amin(-1).clamp(max=0), groups.amax(-1).clamp(min=0)
    scale = (high - low) / (2 ** bits - 1)
    scale = torch.where(scale == 0, 1, scale)
    zero = (-low / scale).round()
    q = ((groups / scale[..., None]).round() + zero[..., None]).clamp(0, 2 ** bits - 1)
    return q.to(torch.uint8).reshape(W.shape), scale, zero.to(torch.uint8)
    ### END SOLUTION
    raise NotImplementedError("quant_asym")


def dequant_asym(q: UInt8[Tensor, "out in"], scale: Float[Tensor, "out in/g"],
                 zero: UInt8[Tensor, "out in/g"]) -> Float[Tensor, "out in"]:
    """scale * (q - zero): dequant_asym(tensor([[0, 3]]), tensor([[2.]]), tensor([[1]])) == tensor([[-2., 4.]])."""
    ### BEGIN SOLUTION
    groups = q.reshape(*scale.shape, -1)
    steps = groups.to(scale.dtype) - zero[..., None].to(scale.dtype)
    return (steps * scale[..., None]).reshape(q.shape)
    ### END SOLUTION
    raise NotImplementedError("dequant_asym")


# %% [markdown] hints="quant_asym"
# <details><summary>Hint 1: a question</summary>
#
# All numbers of a group lie between 3 and 5. Which zero point would the plain minimum ask for, and does it fit into
# 4 bits? What changes when the range begins at 0?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# [−1, 0, 2, 14] at 4 bits: low −1, high 14, scale 15 / 15 = 1, zero = 1, q = [0, 1, 3, 15]. Back: 1 · ([0, 1, 3, 15] −
# 1) = [−1, 0, 2, 14]. And [3, 5]: low 0, high 5, scale 1/3, zero 0, q = [9, 15].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# q and zero are *unsigned*. What is 0 − 1 in uint8? And a scale has one number for g weights: it needs an axis to meet
# them.
#
# </details>

# %% graded="quant_asym__values" points=2
# Looks at q, scale and zero of groups with numbers on both sides.
check(quant_asym, torch.tensor([[-1.0, 0.0, 2.0, 14.0]]), 4, 4,
      want=(torch.tensor([[0, 1, 3, 15]]).byte(), torch.tensor([[1.0]]), torch.tensor([[1]]).byte()),
      why="low = -1, high = 14: scale 15 / 15, zero 1",
      mistakes={"2 ** bits steps instead of 2 ** bits - 1": (
          torch.tensor([[0, 1, 3, 15]]).byte(), torch.tensor([[15 / 16]]), torch.tensor([[1]]).byte())})
check(quant_asym, torch.tensor([[-2.0, 1.0, -3.2, 26.8]]), 4, 2,
      want=(torch.tensor([[0, 15, 0, 15]]).byte(), torch.tensor([[0.2, 2.0]]), torch.tensor([[10, 2]]).byte()),
      why="two groups of g = 2, each with a scale and a zero point of its own")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for rows, columns, bits, run in [(3, 8, 4, 4), (2, 12, 8, 3), (5, 6, 3, 6), (1, 10, 2, 5), (4, 9, 5, 9), (2, 264, 4, 132),
                                 (7, 4, 6, 2), (3, 5, 7, 5)]:
    def make(g):
        W = torch.randn(columns, rows, generator=g).T * torch.logspace(-2, 2, rows)[:, None]  # not contiguous
        return W + W.abs().mean() * torch.randn(rows, 1, generator=g), bits, run
    args, want = until(make, asym_oracle, g, 5e-4)
    check(quant_asym, *args, want=want, why=f"{bits} bits, groups of {run}: every group by the formulas")
args, want = until(lambda g: (torch.randn(8, 3, generator=g).T, 4, 4), asym_oracle, g)
check(quant_asym, *args, want=want, why="a transposed view is a valid W")
args, want = until(lambda g: (torch.randn(3, 8, generator=g, dtype=torch.float64), 8, 4), asym_oracle, g)
check(quant_asym, *args, want=want, rtol=1e-12, atol=0, why="float64 weights: float64 inside, float64 scales")
### END HIDDEN TESTS

# %% graded="quant_asym__one_sided" points=2
# Looks at groups that are all positive, all negative, constant or zero.
check(quant_asym, torch.tensor([[3.0, 5.0]]), 4, 2,
      want=(torch.tensor([[9, 15]]).byte(), torch.tensor([[1 / 3]]), torch.tensor([[0]]).byte()),
      why="the range includes 0: low = 0, high = 5",
      mistakes={"the range begins at the minimum 3; the zero point -22 was clamped to 0": (
          torch.tensor([[15, 15]]).byte(), torch.tensor([[2 / 15]]), torch.tensor([[0]]).byte())})
check(quant_asym, torch.tensor([[0.0, 0.0]]), 4, 2,
      want=(torch.tensor([[0, 0]]).byte(), torch.tensor([[1.0]]), torch.tensor([[0]]).byte()),
      why="a group of zeros has scale 1, not 0 / 0")
### BEGIN HIDDEN TESTS
for bits in (2, 4, 8):
    top = 2 ** bits - 1
    check(quant_asym, torch.tensor([[5.0, 5.0, -7.0, -7.0, 0.0, 0.0, 1e-6, -2e-6]]), bits, 2,
          want=(torch.tensor([[top, top, 0, 0, 0, 0, round(top / 3) + round(2 * top / 3), 0]]).byte(),
                torch.tensor([[5 / top, 7 / top, 1.0, 3e-6 / top]]), torch.tensor([[0, top, 0, round(2 * top / 3)]]).byte()),
          rtol=1e-4, atol=0, why="constant groups are exact, zeros have scale 1, small numbers are not zeros")
for size, dtype in [(1e-9, torch.float32), (1e-30, torch.float32), (1e-200, torch.float64)]:
    check(quant_asym, (size * torch.tensor([[3.0, -12.0, 0.0, 1.0]]).double()).to(dtype), 4, 4,
          want=(torch.tensor([[15, 0, 12, 13]]).byte(), torch.tensor([[size]], dtype=dtype), torch.tensor([[12]]).byte()),
          rtol=1e-5, atol=0, why=f"weights of {size:g}: no epsilon and no threshold")
g = torch.Generator().manual_seed(1)
for sign in (1, -1):
    for bits, run in [(4, 3), (8, 6), (3, 2)]:
        args, want = until(lambda g: (sign * (2 + torch.rand(4, 6, generator=g)), bits, run), asym_oracle, g)
        check(quant_asym, *args, want=want, why="all on one side: the range begins or ends at 0")
### END HIDDEN TESTS

# %% graded="quant_asym__back" points=2
# Looks at dequant_asym: unsigned integers, who meets which scale, dtypes.
check(dequant_asym, torch.tensor([[0, 3, 15, 7]]).byte(), torch.tensor([[2.0, 0.5]]), torch.tensor([[1, 9]]).byte(),
      want=torch.tensor([[-2.0, 4.0, 3.0, -1.0]]), why="2 * (0 - 1), 2 * (3 - 1), 0.5 * (15 - 9), 0.5 * (7 - 9)",
      mistakes={"uint8 cannot be negative: 0 - 1 became 255": torch.tensor([[510.0, 4.0, 3.0, 127.0]]),
                "scales alternate instead of standing for neighbours": torch.tensor([[-2.0, -3.0, 28.0, -1.0]])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for rows, columns, run, dtype in [(3, 8, 4, torch.float32), (4, 10, 5, torch.float64), (1, 6, 1, torch.float32),
                                  (2, 7, 7, torch.float32), (5, 300, 150, torch.float64), (6, 6, 2, torch.float32)]:
    q = torch.randint(256, (columns, rows), generator=g).byte().T
    scale = torch.rand(rows, columns // run, generator=g, dtype=torch.float64).add(0.01).to(dtype)
    zero = torch.randint(256, (rows, columns // run), generator=g).byte()
    want = [[scale[r, c // run].item() * (int(q[r, c]) - int(zero[r, c // run])) for c in range(columns)]
            for r in range(rows)]
    check(dequant_asym, q, scale, zero, want=torch.tensor(want, dtype=torch.float64).to(dtype), rtol=0,
          atol=512 * torch.finfo(dtype).eps,  # scale * q - scale * zero is right, too
          why=f"groups of {run} in rows of {columns}; q - zero lies between -255 and 255")
### END HIDDEN TESTS

# %% graded="quant_asym__bound" points=2
# Looks at the error (half a step at most), at exact zeros, and at half precision.
W = torch.tensor([[0.3, -1.7, 0.0, 2.2, 0.9, 0.0]])
back = dequant_asym(*quant_asym(W.clone(), 4, 3))
assert ((back - W).abs() <= torch.tensor([[2.0, 2.0, 2.0, 2.2, 2.2, 2.2]]) / 15 * 0.501).all(), (
    f"{W.tolist()} at 4 bits in groups of 3 came back as {back.tolist()}: no weight may move by more than scale / 2")
assert back[0, 2] == back[0, 5] == 0, f"a weight of 0.0 comes back as exactly 0.0; got {back[0, [2, 5]].tolist()}"
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
for bits in (2, 3, 4, 8):
    for shift in (0.0, 1.5, -4.0):
        W = torch.randn(6, 24, generator=g) + shift
        W[:, ::7] = 0
        for run in (4, 24):
            q, scale, zero = quant_asym(W.clone(), bits, run)
            moved = ((dequant_asym(q, scale, zero) - W).abs().reshape(6, -1, run) / scale[..., None]).max().item()
            assert moved <= 0.501, f"{bits} bits, groups of {run}, weights around {shift}: one moved by {moved:.3f} scale"
            zeros = dequant_asym(q, scale, zero)[:, ::7]
            assert (zeros == 0).all(), f"{bits} bits: weights of exactly 0.0 came back as {zeros[0].tolist()}"
for bits in (4, 8):  # the range is -1.5 … top - 1.5: with both ends at a tie, 2 and top - 1 add up to one level too many
    top = 2 ** bits - 1
    q, scale, zero = quant_asym(torch.tensor([[-1.5, top - 1.5]]), bits, 2)
    assert int(q[0, 0]) <= 1 and top - 1 <= int(q[0, 1]) <= top, f"levels from 0 to {top} were expected, got {q.tolist()}"
for dtype in (torch.float16, torch.bfloat16):
    for bits, run in [(8, 12), (4, 6)]:
        args, want = until(lambda g: (torch.randn(5, 12, generator=g).to(dtype), bits, run), asym_oracle, g)
        check(quant_asym, *args, want=want, rtol=1e-5, atol=0,
              why=f"{dtype}: range, scale and quotient in float32; in half precision q moves by a level or more")
### END HIDDEN TESTS

# %% graded="quant_asym__inplace" points=1
# Looks at the arguments afterwards.
unchanged(quant_asym, torch.tensor([[-2.0, 1.0, -3.2, 26.8]]), 4, 2,
          want=(torch.tensor([[0, 15, 0, 15]]).byte(), torch.tensor([[0.2, 2.0]]), torch.tensor([[10, 2]]).byte()))
unchanged(dequant_asym, torch.tensor([[0, 3]]).byte(), torch.tensor([[2.0]]), torch.tensor([[1]]).byte(),
          want=torch.tensor([[-2.0, 4.0]]))

# %% graded="quant_asym__speed" points=2 tags=["timed"]
# Looks at the time of dequant_asym on 512 rows of 2,048 in groups of 64.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    return (torch.from_numpy(rng.integers(0, 256, (512, 2048), dtype=np.uint8)),
            torch.from_numpy(rng.random((512, 32), dtype=np.float32)),
            torch.from_numpy(rng.integers(0, 256, (512, 32), dtype=np.uint8)))

advise(dequant_asym, draw, yardstick=lambda q, scale, zero: q.float() * 2, usual=3.0)
### BEGIN HIDDEN TESTS
duel(dequant_asym, draw, reference='''
def dequant_asym(q, scale, zero):
    g = q.shape[1] // scale.shape[1]
    return scale.repeat_interleave(g, 1) * (q.to(scale.dtype) - zero.to(scale.dtype).repeat_interleave(g, 1))
''', limit=4.0)
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.moved_grid(quant_asym, dequant_asym, rtn)

# %% [markdown]
# ## 2 · Codes and bytes
#
# **Why should levels be evenly spaced?** Weights of a trained layer look roughly normal: many small, few large.
# **NF4** (QLoRA, Dettmers et al. 2023, arXiv 2305.14314) puts its 16 levels at quantiles of a normal distribution.
# Were weights divided by 1.85 standard deviations, each level would be used about equally often (6 or 7 % each); they
# are divided by the largest of a block, and the picture shows what is left of that. 16 levels cannot be symmetric and
# contain 0. NF4 has 7 negative ones, an exact 0 and 8 positive, from −1 to 1. Its decoder is a table of 16 numbers;
# there is no arithmetic on codes, which is why NF4 is a format for storage: for the product the weights go back to
# BF16.
#
# The catch: the mean absolute error falls against INT4 at equal block size, by how much the picture after the exercise
# shows. It does nothing about outliers; the block does.
#
# ### Exercise 05.2 · nf4_quant
#
# `nf4_quant(x, block=64)` returns `(codes, scale)`.
#
# - x has any shape. Its numbers, in row-major order, are cut into blocks of `block`; the last may be shorter. Blocks do
#   not care where a row ends.
# - scale holds one number per block, shape (blocks,): the largest absolute value in it; 1 where all are zero. It is
#   float32, or float64 where x is.
# - A code is the index, 0 to 15, of the level of `NF4` that is nearest to x / scale: `torch.uint8`, of x's shape. Exact
#   ties may go either way. A number of 0.0 has code 7.
# - Half precision: float32 inside. float64: float64 inside.
#
# Source: QLoRA, arXiv 2305.14314, appendix E; bitsandbytes has the same table.

# %% stub="nf4_quant"
def nf4_quant(x: Float[Tensor, "..."], block: int = 64) -> tuple[UInt8[Tensor, "..."], Float[Tensor, "blocks"]]:
    """Codes of the nearest NF4 levels and one scale a block: x ≈ NF4[codes] * (its block's scale).

    nf4_quant(tensor([[2., -1.], [0., 4.]]), block=2) == (tensor([[15, 2], [7, 15]]), tensor([2., 4.]))
    """
    ### BEGIN SOLUTION
    flat = x.to(torch.promote_types(x.dtype, torch.float32)).reshape(-1)
    blocks = F.pad(flat, (0, -len(flat) % block)).reshape(-1, block)
    scale = blocks.abs().amax(1)
    scale = torch.where(scale == 0, 1, scale)
    codes = ((blocks / scale[:, None])[..., None] - NF4.to(x.device)).abs().argmin(-1)
    return codes.reshape(-1)[:len(flat)].reshape(x.shape).to(torch.uint8), scale
    ### END SOLUTION
    raise NotImplementedError("nf4_quant")


# %% [markdown] hints="nf4_quant"
# <details><summary>Hint 1: a question</summary>
#
# A tensor of 3 × 7 numbers and blocks of 4: how many blocks are there, and which of them hold numbers of two rows?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# [2, −1] in one block: scale 2, normalised [1, −0.5]. The level nearest to −0.5 is −0.525 (code 2), not −0.395 (code
# 3). So [15, 2], and back comes [2, −1.05].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Fill the last block up with something that cannot be its largest number, and cut the filling off again afterwards. The
# level exactly 0 has code 7, so no rounding formula gives the codes: compare with the table.
#
# </details>

# %% graded="nf4_quant__levels" points=2
# Looks at the codes inside one block: uneven levels, an exact zero.
check(nf4_quant, torch.tensor([2.0, -1.0, 0.0, 0.04, -2.0]), 8,
      want=(torch.tensor([15, 2, 7, 7, 0]).byte(), torch.tensor([2.0])), why="nearest of the 16 levels, after division by 2",
      mistakes={"evenly spaced levels": (torch.tensor([15, 4, 8, 8, 0]).byte(), torch.tensor([2.0]))})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for n, size in [(16, 3.0), (64, 0.02), (33, 700.0), (200, 1e-6)]:
    x, codes = between(g, n)
    check(nf4_quant, (x * size).float(), max(n, 64), want=(codes, torch.tensor([size])), rtol=1e-5, atol=0,
          why="the nearest level of the table")
x, codes = between(g, 40)
x[1], codes[1] = -1.0, 0
check(nf4_quant, x * 5.1, 64, want=(codes, torch.tensor([5.1], dtype=torch.float64)), rtol=1e-12, atol=0,
      why="float64 has a float64 scale")
every = NF4.flip(0) * 8
check(nf4_quant, every, 16, want=(torch.arange(15, -1, -1).byte(), torch.tensor([8.0])), why="every level is its own code")
middle = (NF4.double()[1:] + NF4.double()[:-1]) / 2
for dtype, step, size in [(torch.float32, 2e-6, 8.0), (torch.float64, 1e-7, 8.0), (torch.float64, 1e-7, 2.0 ** -600)]:
    x = size * torch.cat([torch.ones(1).double(), middle - step, middle + step])
    want = torch.tensor([15, *range(15), *range(1, 16)]).byte(), torch.tensor([size], dtype=dtype)
    check(nf4_quant, x.to(dtype), 64, want=want, rtol=1e-6, atol=0,
          why=f"{step:g} below and above the middle of two levels, times {size:g}, in {dtype}")
x, codes = between(g, 24)
x[0], codes[0] = -1.0, 0
check(nf4_quant, x.float(), 24, want=(codes, torch.tensor([1.0])), why="the largest absolute value may be a negative number")
### END HIDDEN TESTS

# %% graded="nf4_quant__blocks" points=2
# Looks at who shares a scale: blocks across rows, a short last one, several shapes.
check(nf4_quant, torch.tensor([[2.0, -1.0], [0.0, 4.0]]), 2,
      want=(torch.tensor([[15, 2], [7, 15]]).byte(), torch.tensor([2.0, 4.0])), why="a scale for each block of 2",
      mistakes={"one scale for all": (torch.tensor([[12, 4], [7, 15]]).byte(), torch.tensor([4.0]))})
check(nf4_quant, torch.tensor([[8.0, 0.0, 0.0], [4.0, 0.0, 2.0]]), 4,
      want=(torch.tensor([[15, 7, 7], [12, 7, 15]]).byte(), torch.tensor([8.0, 2.0])),
      why="6 numbers are a block of 4, over the end of the row, and one of 2",
      mistakes={"blocks begin anew in every row": (torch.tensor([[15, 7, 7], [15, 7, 12]]).byte(), torch.tensor([8.0, 4.0]))})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for shape, block in [((3, 7), 4), ((2, 3, 5), 7), ((130,), 64), ((9, 20), 64), ((1, 5), 1), ((300,), 150), ((4, 6), 24),
                     ((), 3)]:
    n = math.prod(shape)
    parts = [between(g, min(block, n - i)) for i in range(0, n, block)]
    sizes = torch.logspace(-2, 2, len(parts)).double()
    x = torch.cat([part * size for (part, _), size in zip(parts, sizes)]).float().reshape(shape)
    codes = torch.cat([c for _, c in parts]).reshape(shape)
    check(nf4_quant, x, block, want=(codes, sizes.float()), rtol=1e-5, atol=0, why=f"shape {shape} in blocks of {block}")
x, codes = between(g, 64 + 64)
x[64:], codes[64:] = between(g, 64)
check(nf4_quant, x.float().view(16, 8), want=(codes.view(16, 8), torch.ones(2)), why="a block is 64 unless one says otherwise")
turned = x.float().view(8, 16).T  # not contiguous: row-major order is that of the tensor, not of the memory
flat = turned.flatten()
want = ((flat[:, None].double() / 1 - NF4.double()).abs().argmin(-1).byte().view(16, 8), torch.ones(1))
check(nf4_quant, turned, 128, want=want, why="a transposed tensor in its own order")
### END HIDDEN TESTS

# %% graded="nf4_quant__edges" points=2
# Looks at blocks of zeros, tiny numbers, half precision, and the argument afterwards.
check(nf4_quant, torch.tensor([0.0, 0.0, -3.0]), 2,
      want=(torch.tensor([7, 7, 0]).byte(), torch.tensor([1.0, 3.0])), why="a block of zeros has scale 1 and codes 7")
unchanged(nf4_quant, torch.tensor([[2.0, -1.0], [0.0, 4.0]]), 2,
          want=(torch.tensor([[15, 2], [7, 15]]).byte(), torch.tensor([2.0, 4.0])))
### BEGIN HIDDEN TESTS
check(nf4_quant, torch.tensor([2e-9, -1e-9, 0.0, 0.0, 1e-30, 0.0]), 2,
      want=(torch.tensor([15, 2, 7, 7, 15, 7]).byte(), torch.tensor([2e-9, 1.0, 1e-30])), rtol=1e-5, atol=0,
      why="small numbers are not zeros: no threshold, no epsilon")
g = torch.Generator().manual_seed(2)
for dtype in (torch.float16, torch.bfloat16):
    x = (torch.randn(6, 40, generator=g) * 3).to(dtype)
    scale = x.double().reshape(-1, 24).abs().amax(1)
    away = ((x.double().reshape(-1, 24) / scale[:, None])[..., None] - NF4.double()).abs()
    nearest = away.sort(-1)
    x = torch.where(((nearest.values[..., 1] - nearest.values[..., 0]) > 1e-4).reshape(6, 40), x, 0)  # clear of ties
    scale = x.double().reshape(-1, 24).abs().amax(1)
    codes = ((x.double().reshape(-1, 24) / scale[:, None])[..., None] - NF4.double()).abs().argmin(-1)
    check(nf4_quant, x, 24, want=(codes.byte().reshape(6, 40), scale.float()), rtol=1e-6, atol=0,
          why=f"{dtype}: quotient and levels in float32, a float32 scale")
x = torch.randn(5, 30, generator=g)
before = nf4_quant(x, 11)
unchanged(nf4_quant, x, 11, want=tuple(before))
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.normal_levels(nf4_quant, NF4, rtn)

# %% [markdown]
# **Nibbles.** No machine addresses half a byte. Two 4-bit numbers share a byte: one in the *low* nibble (byte & 15),
# one in the *high* (byte >> 4). Which of the two is whose is a convention, and formats differ. A tensor packed in one
# order and read in another has the right size, the right distribution of values, and makes a model that babbles.
#
# ### Exercise 05.3 · pack_int4
#
# `pack_int4(q)` and `unpack_int4(packed)`.
#
# - q (R, C) is int8 with values from −8 to 7. Each is stored as q + 8, from 0 to 15.
# - Byte c of a row holds column 2c in its **low** nibble and column 2c + 1 in its **high** one. packed is
#   `torch.uint8`, (R, C / 2).
# - `pack_int4` raises `ValueError` where C is odd, and where a value lies outside −8 … 7.
# - `unpack_int4` goes back to int8 (R, C).
# - `pack_int4` is timed on 256 × 1,024 numbers.
#
# Source: the order is that of ONNX's INT4, low nibble first (it stores two's complement, not q + 8). torchao's layout
# for tensor cores puts the first number into the *high* nibble; GGUF and GPTQ kernels use other orders still.

# %% stub="pack_int4"
def pack_int4(q: Int8[Tensor, "R C"]) -> UInt8[Tensor, "R C/2"]:
    """Two signed 4-bit numbers a byte, low nibble first: pack_int4(tensor([[-8, 7]])) == tensor([[240]])."""
    ### BEGIN SOLUTION
    if q.shape[1] % 2:
        raise ValueError(f"an even number of columns is needed, not {q.shape[1]}")
    if ((q < -8) | (q > 7)).any():
        raise ValueError("4 bits hold numbers from -8 to 7")
    levels = (q + 8).to(torch.uint8)
    return levels[:, ::2] | levels[:, 1::2] << 4
    ### END SOLUTION
    raise NotImplementedError("pack_int4")


def unpack_int4(packed: UInt8[Tensor, "R C/2"]) -> Int8[Tensor, "R C"]:
    """The inverse: unpack_int4(tensor([[240]])) == tensor([[-8, 7]])."""
    ### BEGIN SOLUTION
    levels = torch.stack([packed & 15, packed >> 4], dim=-1).flatten(1)
    return levels.to(torch.int8) - 8
    ### END SOLUTION
    raise NotImplementedError("unpack_int4")


# %% [markdown] hints="pack_int4"
# <details><summary>Hint 1: a question</summary>
#
# Which columns become low nibbles, and can one slice pick all of them at once?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# [−8, 7, 0, −1] + 8 = [0, 15, 8, 7]. First byte: 0 low, 15 high: 15 · 16 + 0 = 240. Second: 7 · 16 + 8 = 120.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# On the way back the low and the high nibbles must alternate again: [low, high, low, high], not all low ones and then
# all high ones. And the 8 comes off in a *signed* type.
#
# </details>

# %% graded="pack_int4__pack" points=2
# Looks at the bytes.
check(pack_int4, torch.tensor([[-8, 7, 0, -1]]).to(torch.int8), want=torch.tensor([[240, 120]]).byte(),
      why="[0, 15, 8, 7] after + 8: 15 * 16 + 0 and 7 * 16 + 8",
      mistakes={"high nibble first": torch.tensor([[15, 135]]).byte(),
                "two's complement instead of + 8": torch.tensor([[120, 240]]).byte(),
                "columns 0 and C/2 share a byte, as in GGUF": torch.tensor([[128, 127]]).byte()})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for R, C in [(1, 2), (3, 6), (7, 10), (5, 130), (2, 514)]:
    q = torch.randint(-8, 8, (C, R), generator=g).to(torch.int8).T  # not contiguous
    want = torch.tensor([[(int(row[c]) + 8) + 16 * (int(row[c + 1]) + 8) for c in range(0, C, 2)] for row in q]).byte()
    check(pack_int4, q, want=want, why=f"{R} rows of {C}: even columns are low nibbles, odd ones high")
every = torch.tensor([[a, b] for a in range(-8, 8) for b in range(-8, 8)]).to(torch.int8)
check(pack_int4, every, want=torch.tensor([[(a + 8) + 16 * (b + 8)] for a, b in every.tolist()]).byte(), why="all 256 bytes")
unchanged(pack_int4, torch.tensor([[-8, 7, 0, -1]]).to(torch.int8), want=torch.tensor([[240, 120]]).byte())
### END HIDDEN TESTS

# %% graded="pack_int4__unpack" points=2
# Looks at the way back.
check(unpack_int4, torch.tensor([[240, 120]]).byte(), want=torch.tensor([[-8, 7, 0, -1]]).to(torch.int8),
      why="240 is 15 * 16 + 0, so -8 and then 7",
      mistakes={"all low nibbles, then all high ones": torch.tensor([[-8, 0, 7, -1]]).to(torch.int8),
                "high nibble first": torch.tensor([[7, -8, -1, 0]]).to(torch.int8),
                "the offset 8 was forgotten": torch.tensor([[0, 15, 8, 7]]).to(torch.int8)})
### BEGIN HIDDEN TESTS
check(unpack_int4, torch.arange(256).byte()[:, None],
      want=torch.tensor([[b % 16 - 8, b // 16 - 8] for b in range(256)]).to(torch.int8), why="all 256 bytes")
g = torch.Generator().manual_seed(1)
for R, C in [(1, 2), (4, 6), (3, 130), (6, 22)]:
    packed = torch.randint(256, (C // 2, R), generator=g).byte().T
    want = torch.tensor([[v for b in row for v in (b % 16 - 8, b // 16 - 8)] for row in packed.tolist()]).to(torch.int8)
    check(unpack_int4, packed, want=want, why=f"{R} rows of {C // 2} bytes")
    unchanged(unpack_int4, packed, want=want)
### END HIDDEN TESTS

# %% graded="pack_int4__errors" points=1
# Looks at odd widths and at values that do not fit.
raises(ValueError, pack_int4, torch.zeros(2, 3, dtype=torch.int8), why="3 columns do not fill bytes")
check(pack_int4, torch.zeros(3, 2, dtype=torch.int8), want=torch.full((3, 1), 136).byte(), why="3 rows are fine: 8 * 16 + 8")
### BEGIN HIDDEN TESTS
for bad in (8, -9, 127, -128, 15):
    for place in (0, 3):
        q = torch.zeros(2, 4, dtype=torch.int8)
        q[1, place] = bad
        raises(ValueError, pack_int4, q, why=f"{bad} does not fit into 4 bits")
raises(ValueError, pack_int4, torch.zeros(1, 1, dtype=torch.int8), why="1 column")
raises(ValueError, pack_int4, torch.zeros(4, 129, dtype=torch.int8), why="129 columns")
check(pack_int4, torch.tensor([[-8, -8], [7, 7]]).to(torch.int8), want=torch.tensor([[0], [255]]).byte(),
      why="-8 and 7 themselves fit")
### END HIDDEN TESTS

# %% graded="pack_int4__speed" points=2 tags=["timed"]
# Looks at the time that pack_int4 takes on 256 rows of 1,024.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    return (torch.from_numpy(rng.integers(-8, 8, (256, 1024), dtype=np.int8)),)

advise(pack_int4, draw, yardstick=lambda q: q.float() * 2, usual=5.0)
### BEGIN HIDDEN TESTS
duel(pack_int4, draw, reference='''
def pack_int4(q):
    if q.shape[1] % 2 or ((q < -8) | (q > 7)).any():
        raise ValueError
    levels = (q + 8).byte()
    return levels[:, ::2] | levels[:, 1::2] << 4
''', limit=5.0)
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.two_in_a_byte(pack_int4)

# %% [markdown]
# **A real format.** GGUF is the file format of llama.cpp. Its kind `Q4_1` stores 32 neighbours of a row in 20 bytes:
#
# | bytes | what |
# |---|---|
# | 0, 1 | the scale d, float16, little-endian |
# | 2, 3 | the minimum m, float16, little-endian |
# | 4 … 19 | 32 levels of 4 bits: byte 4 + i holds weight **i** in its low nibble, weight **i + 16** in its high one |
#
# w = d · level + m, with levels 0 … 15. 160 bits for 32 weights are 5 bits a weight. There is no integer zero point: m
# is a float, so 0.0 need not be on the grid. The order of the nibbles suits SIMD registers (one instruction, many
# numbers), which mask out 16 low nibbles at once, and not the eye. `Q4_0` has no m (w = d · (level − 8), 4.5 bits),
# and the `_K` kinds quantise the scales themselves in super-blocks of 256.
#
# ### Exercise 05.4 · dequantize_q4_1
#
# `dequantize_q4_1(raw, rows, cols)` turns the stored `bytes` of a matrix into a float32 tensor (rows, cols). Blocks
# follow each other along a row, rows follow each other.
#
# - cols is a multiple of 32, and raw has exactly rows · cols / 32 · 20 bytes; otherwise `ValueError`.
# - d and m are float16 in the file; w is computed in float32. d may be negative, 0 or subnormal.
# - What comes back is ordinary memory: one may write into it.
#
# Source: `ggml-quants.c` of llama.cpp, `dequantize_row_q4_1`; the package `gguf` decodes it the same way, and
# `course/models/gguf.py` is the course's own reader.

# %% stub="dequantize_q4_1"
def dequantize_q4_1(raw: bytes, rows: int, cols: int) -> Float[Tensor, "rows cols"]:
    """The weights of a matrix in GGUF's Q4_1: blocks of 20 bytes (scale, minimum, 32 nibbles) for 32 weights.

    struct.pack("<ee", 0.5, -1.0) + bytes([0x21] * 16) is sixteen times -0.5, then sixteen times 0.0.
    """
    ### BEGIN SOLUTION
    if cols % 32 or len(raw) != rows * cols // 32 * 20:
        raise ValueError(f"{len(raw)} bytes are no {rows} x {cols} weights in Q4_1")
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, 20)
    d, m = blocks[:, :4].copy().view("<f2").astype(np.float32).T[..., None]
    levels = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    return torch.from_numpy(d * levels + m).reshape(rows, cols)
    ### END SOLUTION
    raise NotImplementedError("dequantize_q4_1")


# %% [markdown] hints="dequantize_q4_1"
# <details><summary>Hint 1: a question</summary>
#
# If you look at the bytes as a table with one block a row, which columns hold the scale, and which weights come from
# byte 4?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# d = 0.5, m = −1, first nibble byte 0x21: its low nibble is 1, so weight 0 is 0.5 · 1 − 1 = −0.5; its high nibble is 2,
# so weight **16** is 0.5 · 2 − 1 = 0.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `np.frombuffer` and `view("<f2")` read floats from bytes, but the two floats of a block do not lie beside those of the
# next: copy the four bytes of every block together first. Then widen before you multiply.
#
# </details>

# %% graded="dequantize_q4_1__block" points=2
# Looks at one block: scale, minimum, the order of the nibbles.
raw = struct.pack("<ee", 0.5, -1.0) + bytes(i + 16 * (15 - i) for i in range(16))
check(dequantize_q4_1, raw, 1, 32, want=torch.tensor([[0.5 * i - 1 for i in [*range(16), *range(15, -1, -1)]]]),
      why="low nibbles are weights 0 to 15, high nibbles 16 to 31",
      mistakes={"neighbours share a byte, as in pack_int4": torch.tensor(
          [[0.5 * v - 1 for i in range(16) for v in (i, 15 - i)]]),
          "high nibbles first": torch.tensor([[0.5 * i - 1 for i in [*range(15, -1, -1), *range(16)]]]),
          "8 was subtracted: that is Q4_0": torch.tensor([[0.5 * (i - 8) - 1 for i in [*range(16), *range(15, -1, -1)]]]),
          "the minimum was multiplied by the scale": torch.tensor([[0.5 * (i - 1) for i in [*range(16), *range(15, -1, -1)]]])})
### BEGIN HIDDEN TESTS
for seed in range(4):
    raw, want = stored(seed, 1, 32)
    check(dequantize_q4_1, raw, 1, 32, want=want, rtol=1e-6, atol=1e-6, why="w = d * level + m, in float32")
for d, m in [(0.0, 3.0), (6e-8, 0.0), (-2.0, 0.0), (65504.0, -65504.0), (0.1, 1000.0)]:
    raw = struct.pack("<ee", d, m) + bytes(range(0, 256, 16))
    wide = [float(np.float16(v)) for v in (d, m)]
    check(dequantize_q4_1, raw, 1, 32, want=torch.tensor([[wide[0] * v + wide[1] for v in [0] * 16 + list(range(16))]]),
          rtol=1e-6, atol=0, why=f"d = {d:g}, m = {m:g}: the float16 numbers, then float32")
### END HIDDEN TESTS

# %% graded="dequantize_q4_1__matrix" points=2
# Looks at matrices of several blocks and rows.
raw = b"".join(struct.pack("<ee", 1.0, 100.0 * i) + bytes([0x10 * i + i] * 16) for i in range(4))
check(dequantize_q4_1, raw, 2, 64, want=torch.tensor([[101.0 * i for i in (a, a + 1) for _ in range(32)] for a in (0, 2)]),
      why="two rows of two blocks, one after the other")
### BEGIN HIDDEN TESTS
for seed, (rows, cols) in enumerate([(3, 32), (1, 96), (5, 64), (2, 320), (7, 160), (40, 32)]):
    raw, want = stored(10 + seed, rows, cols)
    check(dequantize_q4_1, raw, rows, cols, want=want, rtol=1e-6, atol=1e-6,
          why=f"{rows} rows of {cols // 32} blocks, each with its own scale and minimum")
### END HIDDEN TESTS

# %% graded="dequantize_q4_1__errors" points=1
# Looks at sizes that do not fit.
raises(ValueError, dequantize_q4_1, bytes(20), 1, 16, why="16 columns are no whole block")
raises(ValueError, dequantize_q4_1, bytes(40), 1, 32, why="40 bytes are two blocks, 32 weights are one")
check(dequantize_q4_1, bytes(40), 2, 32, want=torch.zeros(2, 32), why="two rows of one block")
### BEGIN HIDDEN TESTS
for length, rows, cols in [(20, 2, 32), (19, 1, 32), (21, 1, 32), (60, 2, 48), (0, 1, 32), (40, 1, 33), (30, 1, 48)]:
    raises(ValueError, dequantize_q4_1, bytes(length), rows, cols, why=f"{length} bytes for {rows} x {cols} weights")
check(dequantize_q4_1, bytes(120), 3, 64, want=torch.zeros(3, 64), why="six blocks")
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.nibble_orders(dequantize_q4_1)

# %% [markdown]
# The same reader on a real file: the first matrix of SmolLM2, straight from its bytes. It takes a second.

# %% tags=["real"]
from course.models.smollm import attempt, weights

with attempt():
    name = "blk.0.attn_q.weight"
    blocks = weights().blocks(name)  # (rows, blocks in a row, 20)
    yours = dequantize_q4_1(blocks.tobytes(), len(blocks), 32 * blocks.shape[1])
    print("the same numbers as the course's reader:", torch.equal(yours, weights().tensor(name)))
    print("different values in a block of 32, at most:", max(len(b.unique()) for b in yours.reshape(-1, 32)[:2000]))

# %% [markdown]
# ## 3 · Rounding with the inputs in view
#
# Rounding to the nearest level (**RTN**) makes every *weight* as good as it can be. But a layer is judged by its
# *outputs*: what counts is ‖XWᵀ − XŴᵀ‖², with the inputs X that really arrive. Two facts about inputs help.
#
# - **Inputs are correlated.** If two channels rise and fall together, an error in one weight can be made good in the
#   other. That is GPTQ.
# - **Inputs differ in size.** A weight whose input is twenty times larger matters four hundred times as much. That is
#   AWQ.
#
# So **both look at activations**, GPTQ through H = 2XᵀX and AWQ through the mean size of each channel. Both work at
# any number of bits, though 4 and 3 are the usual ones. Both quantise weights alone, one layer after the other, from
# some ten thousand to a few hundred thousand calibration tokens, in minutes to hours. Both end in the same storage:
# small integers and scales. So neither makes inference faster than the other: that is the kernel's doing, and the
# same kernels (Marlin, arXiv 2408.11743) serve both. One difference is left: with `act_order` GPTQ's columns have
# been quantised in another order than they are stored in, and with *groups* neighbours then have different scales,
# which costs a kernel a lookup.
#
# **GPTQ** (Frantar et al. 2022, arXiv 2210.17323) goes through the columns from left to right. Column i is rounded; the
# error that this makes is spread over the columns not yet rounded, in the best way there is for a quadratic loss:
#
# $$\delta_F = -\,\frac{w_i - \hat w_i}{[H_F^{-1}]_{ii}} \; [H_F^{-1}]_{i,F}$$
#
# F are the columns not yet done, i included. With U the *upper* Cholesky factor of H⁻¹ (H⁻¹ = UᵀU), row i of U holds
# exactly what is needed for every F, so nothing is inverted twice: err = (w_i − ŵ_i) / U_ii, then W[:, j] −= err · U_ij
# for all j > i.
#
# **The catch is the sign.** The interview guide that this course follows prints the formula with the sign turned.
# Component i of w + δ must come out as ŵ_i: try it. What the wrong sign costs, the experiment of part 7 measures.
#
# ### Exercise 05.5 · gptq_quantize
#
# `gptq_quantize(W, X, bits, damp=0.01, act_order=False)` returns `(q, scale)`: q int8 (out, in), and one scale a row
# (out,), float32 or, where W is, float64.
#
# 1. The scale is that of `quant_sym(W, bits, "channel")`, taken **once** from W as it was given: amax / (2^(b−1) − 1),
#    and 1 for a row of zeros. Levels are −2^(b−1) … 2^(b−1) − 1.
# 2. H = 2XᵀX. A channel with H_ii = 0 is *dead*, it never had an input: its weights become 0 and H_ii becomes 1.
# 3. Then damp · mean(diag H) is added to the diagonal (damp ≥ 0; with fewer tokens than channels H is singular
#    without).
# 4. Columns are rounded as above, each with the weights that the columns before it have left behind. `act_order=True`
#    takes them by falling H_ii (the largest inputs first), while there is most freedom left, and q comes back **in the
#    order of W**.
#
# X (N, in) has W's dtype. Half precision: float32 inside; float64: float64 inside. Both arguments stay as they are.
# Tests accept whatever float32 gives, and inputs on which a rounding could go either way are compared by the error of
# the outputs.
#
# Source: arXiv 2210.17323 and its code, `gptq.py`, `fasterquant`.

# %% stub="gptq_quantize"
def gptq_quantize(W: Float[Tensor, "out in"], X: Float[Tensor, "N in"], bits: int, damp: float = 0.01,
                  act_order: bool = False) -> tuple[Int8[Tensor, "out in"], Float[Tensor, "out"]]:
    """GPTQ with one scale a row: (q, scale), W ≈ scale[:, None] * q.

    X: the layer's inputs on N calibration tokens
    Without correlation, X = identity: what quant_sym(W, bits, "channel") gives.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(W.dtype, torch.float32)
    W, X, top = W.to(wide, copy=True), X.to(wide), 2 ** (bits - 1) - 1
    scale = W.abs().amax(1) / top
    scale = torch.where(scale == 0, 1, scale)
    H = 2 * X.T @ X
    dead = H.diagonal() == 0
    W[:, dead] = 0
    H.diagonal()[dead] = 1
    H.diagonal().add_(damp * H.diagonal().mean())
    order = H.diagonal().argsort(descending=True) if act_order else torch.arange(len(H), device=H.device)
    W, H = W[:, order], H[order][:, order]
    U = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(H)), upper=True)
    q = torch.zeros_like(W)
    for i in range(len(H)):
        q[:, i] = (W[:, i] / scale).round().clamp(-top - 1, top)
        error = (W[:, i] - scale * q[:, i]) / U[i, i]
        W[:, i + 1:] -= error[:, None] * U[i, i + 1:]
    return q[:, order.argsort()].to(torch.int8), scale
    ### END SOLUTION
    raise NotImplementedError("gptq_quantize")


# %% [markdown] hints="gptq_quantize"
# <details><summary>Hint 1: a question</summary>
#
# Two inputs are always equal, x₁ = x₂, and w₁ was rounded *down* by 0.4. Which way must w₂ move so that the output
# stays?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# One row [0.4, 0.3, 7] at 4 bits: scale 1. X = [[1, 0.8, 0], [0, 0.6, 0], [0, 0, 1]], damp = 0: XᵀX has 0.8 between
# columns 0 and 1. RTN gives [0, 0, 7]. GPTQ: w₀ = 0.4 becomes 0; U₀₁ / U₀₀ = −0.8, so w₁ becomes 0.3 + 0.4 · 0.8 =
# 0.62 and then 1. [0, 1, 7] has output error 0.202, RTN's 0.442.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `torch.linalg.cholesky` gives a *lower* factor unless told otherwise, and it is the *inverse* of H that is factored.
# In another column order, W and both sides of H change places together, and q must be put back. With fewer tokens
# than channels a large H is nearly singular: `torch.cholesky_inverse` of H's own factor gives float32 an inverse that
# can be factored, where `torch.linalg.inv` may not.
#
# </details>

# %% graded="gptq_quantize__update" points=3
# Looks at the integers: errors go into later columns, with the right sign and weight.
W, X = torch.tensor([[0.4, 0.3, 7.0]]), torch.tensor([[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.0]])
check(gptq_quantize, W, X, 4, 0.0, want=(torch.tensor([[0, 1, 7]]).to(torch.int8), torch.tensor([1.0])),
      why="w0 was rounded down by 0.4, so w1 rises by 0.8 * 0.4 to 0.62",
      mistakes={"plain rounding, or the sign of the update is turned": (
          torch.tensor([[0, 0, 7]]).to(torch.int8), torch.tensor([1.0]))})
check(gptq_quantize, torch.tensor([[0.4, 0.3, 7.0]]), torch.eye(3), 4,
      want=(torch.tensor([[0, 0, 7]]).to(torch.int8), torch.tensor([1.0])), why="without correlation GPTQ is plain rounding")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for out, size, N, bits, damp in [(1, 2, 9, 4, 0.01), (3, 5, 20, 4, 0.01), (4, 7, 30, 3, 0.01), (2, 9, 40, 2, 0.01),
                                 (5, 6, 25, 8, 0.01), (3, 8, 40, 4, 0.5), (3, 8, 40, 4, 0.05)]:
    for _ in range(3):
        args, want = until(small(out, size, N, bits, damp), gptq_oracle, g, 2e-3)
        check(gptq_quantize, *args, want=want, why=f"{bits} bits, damp {damp}: every column with what the earlier ones left")
def undamped(g):
    while True:
        W, X, *_ = small(4, 6, 60, 4)(g)
        if not torch.equal(*(gptq_oracle(W, X, 4, damp)[0] for damp in (0.0, 0.01))):
            return W, X, 4, 0.0

args, want = until(undamped, gptq_oracle, g, 2e-3)
check(gptq_quantize, *args, want=want, why="damp = 0 is no damping, not the default")
args, want = until(small(3, 6, 30, 4, dtype=torch.float64), gptq_oracle, g, 2e-3)
check(gptq_quantize, *args, want=want, rtol=1e-12, atol=0, why="float64 weights: float64 inside, float64 scales")
X, _ = torch.linalg.qr(torch.randn(50, 12, generator=g))
W = torch.randn(5, 12, generator=g)
while sharing(W, 4, 12)[1] < 2e-3:
    W = torch.randn(5, 12, generator=g)
check(gptq_quantize, W, 3 * X, 4, want=tuple(quant_sym(W, 4, "channel")), why="orthogonal inputs: plain rounding")
### END HIDDEN TESTS

# %% graded="gptq_quantize__order" points=2
# Looks at act_order: large inputs first, and q in W's own order.
W, X = torch.tensor([[0.3, 0.4, 7.0]]), torch.tensor([[1.0, 0.0, 0.0], [1.6, 2.0, 0.0], [0.0, 0.0, 1.0]])
for order, q in [(False, [0, 1, 7]), (True, [1, 0, 7])]:
    got, _ = gptq_quantize(W.clone(), X.clone(), 4, 0.0, order)
    expect(got, torch.tensor([q]).to(torch.int8), on=f"q of gptq_quantize({W.tolist()}, {X.tolist()}, 4, 0.0, {order})",
           why="diag(XᵀX) = [3.56, 4, 1]: with act_order column 1 comes first and column 0 makes good for it",
           mistakes={"q came back in the order of the inputs": torch.tensor([[q[1], q[0], q[2]]]).to(torch.int8)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for out, size, N, bits in [(3, 5, 20, 4), (2, 8, 40, 3), (4, 7, 30, 4), (1, 6, 30, 2), (3, 9, 40, 4)]:
    make = small(out, size, N, bits)
    args, want = until(lambda g: (*make(g), True), gptq_oracle, g, 2e-3)
    check(gptq_quantize, *args, want=want, why="columns by falling H_ii; q in the order of W")
for out, size, dead in [(3, 6, [0, 3]), (4, 5, [1, 2])]:
    make = with_dead(out, size, dead)
    args, want = until(lambda g: (*make(g), True), gptq_oracle, g, 2e-3)
    check(gptq_quantize, *args, want=want, why=f"columns by falling H_ii; channels {dead} never had an input")
### END HIDDEN TESTS

# %% graded="gptq_quantize__edges" points=2
# Looks at dead channels, rows of zeros, fewer tokens than channels.
W, X = torch.tensor([[9.0, 0.4, 7.0], [0.0, 0.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
check(gptq_quantize, W, X, 4, want=(torch.tensor([[0, 0, 5], [0, 0, 0]]).to(torch.int8), torch.tensor([9 / 7, 1.0])),
      why="channel 0 is dead: its weights become 0, the scale is still that of W as given; a row of zeros has scale 1",
      mistakes={"the dead weight was kept": (torch.tensor([[7, 0, 5], [0, 0, 0]]).to(torch.int8), torch.tensor([9 / 7, 1.0])),
                "the scale was taken without the dead channel": (
                    torch.tensor([[0, 0, 7], [0, 0, 0]]).to(torch.int8), torch.tensor([1.0, 1.0]))})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for out, size, dead in [(3, 6, [0, 3]), (2, 7, [6]), (4, 5, [1, 2])]:
    args, want = until(with_dead(out, size, dead), gptq_oracle, g, 2e-3)
    check(gptq_quantize, *args, want=want, why=f"channels {dead} never had an input; row 0 is zero")
def tiny_inputs(g):
    W, X, *rest = small(3, 6, 30, 4)(g)
    X = 0.003 * X
    X[:, 2] = 0
    return W, X, *rest

for _ in range(3):
    args, want = until(tiny_inputs, gptq_oracle, g, 2e-3)
    check(gptq_quantize, *args, want=want, why="dead channels became 1 before the mean of the diagonal is taken")
def adds_up_to_zero(g):
    W, X, *rest = small(3, 6, 30, 4)(g)
    X = X.clone()
    X[:, 4] = torch.tensor([2.0, -2.0] * 15)
    return W, X, *rest

args, want = until(adds_up_to_zero, gptq_oracle, g, 2e-3)
check(gptq_quantize, *args, want=want, why="a channel whose inputs add up to 0 is not dead: H_ii is a sum of squares")
W, X = torch.tensor([[-0.45, -7.0, 0.3], [0.45, 7.0, 0.3]]), torch.tensor([[8.0, 1.0, 0.0], [0.0, 0.5, 0.4], [0.0, 0.0, 1.0]])
*want, near = gptq_oracle(W, X, 4, 0.0)
check(gptq_quantize, W, X, 4, 0.0, want=tuple(want),
      why="what column 0 leaves behind pushes -7 to -9.88 and 7 to 9.88: levels end at -8 and 7, and the rest goes on")
for N, size in [(3, 8), (1, 5), (6, 20)]:
    def make(g):
        return torch.randn(3, size, generator=g), torch.randn(N, size, generator=g), 4, 0.1
    args, want = until(make, gptq_oracle, g, 2e-3)
    check(gptq_quantize, *args, want=want, why=f"{N} tokens for {size} channels: the damping makes H invertible")
check(gptq_quantize, 1e-6 * torch.tensor([[0.4, 0.3, 7.0]]), 1e-3 * torch.tensor(
    [[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.0]]), 4, want=(torch.tensor([[0, 1, 7]]).to(torch.int8),
    torch.tensor([1e-6])), rtol=1e-4, atol=0, why="small weights and small inputs are not dead")
check(gptq_quantize, 1e6 * torch.tensor([[0.4, 0.3, 7.0]]), 1e6 * torch.tensor(
    [[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.0]]), 4, want=(torch.tensor([[0, 1, 7]]).to(torch.int8),
    torch.tensor([1e6])), rtol=1e-4, atol=0, why="large weights and inputs: half precision would overflow")
for dtype in (torch.float16, torch.bfloat16):
    def make(g):
        X = torch.randn(60, 1, generator=g) + 0.05 * torch.randn(60, 8, generator=g)
        return torch.randn(12, 8, generator=g).to(dtype), X.to(dtype), 4
    for _ in range(4):
        args, want = until(make, gptq_oracle, g, 2e-3)
        check(gptq_quantize, *args, want=want, why=f"{dtype}: the Hessian and all updates in float32")
### END HIDDEN TESTS

# %% graded="gptq_quantize__better" points=2
# Looks at the outputs' error on correlated inputs, against plain rounding.
g = torch.Generator().manual_seed(3)
W = torch.randn(16, 48, generator=g)
X = torch.randn(200, 12, generator=g) @ torch.randn(12, 48, generator=g) + 0.5 * torch.randn(200, 48, generator=g)
q, scale = gptq_quantize(W.clone(), X.clone(), 4)
mine, plain = (((X @ (W - other).T) ** 2).mean().item() for other in (q * scale[:, None], rtn(W, 4)))
assert mine < 0.7 * plain, (f"on correlated inputs GPTQ's error is {mine:.4f}, that of plain rounding {plain:.4f}; "
                            "a right solution stays below half")
### BEGIN HIDDEN TESTS
for seed, (out, size, N, bits) in enumerate([(12, 40, 160, 4), (5, 150, 300, 3), (10, 33, 90, 2), (8, 48, 200, 8)]):
    W, X = torch.randn(out, size, generator=g) * torch.logspace(-1, 1, out)[:, None], inputs(N, size, seed)
    want_q, want_scale, _ = gptq_oracle(W, X, bits, 0.01)
    q, scale = gptq_quantize(W.clone(), X.clone(), bits)
    assert q.dtype == torch.int8 and q.shape == W.shape, f"q: int8 of shape {tuple(W.shape)} expected, got {q.dtype}"
    mine, best, plain = (off(X, W, w) for w in (q.double() * torch.as_tensor(scale).double()[:, None],
                                                want_q * want_scale[:, None], sharing(W, bits, size)[0]))
    assert mine <= 1.06 * best and (mine < plain or bits == 2), (
        f"{out} x {size}, {bits} bits: output error {mine:.3g}; the recursion in float64 reaches "
        f"{best:.3g}, plain rounding {plain:.3g}")
### END HIDDEN TESTS

# %% graded="gptq_quantize__inplace" points=1
# Looks at the arguments afterwards.
unchanged(gptq_quantize, torch.tensor([[0.4, 0.3, 7.0]]), torch.tensor([[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.0]]),
          4, 0.0, want=(torch.tensor([[0, 1, 7]]).to(torch.int8), torch.tensor([1.0])),
          why="the weights are still needed, to see what the quantised ones cost")
### BEGIN HIDDEN TESTS
unchanged(gptq_quantize, torch.tensor([[9.0, 0.4, 7.0]]).double(), torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).double(),
          4, want=(torch.tensor([[0, 0, 5]]).to(torch.int8), torch.tensor([9 / 7]).double()))
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.gptq_against_rounding(gptq_quantize, rtn)

# %% [markdown]
# **AWQ**, activation-aware weight quantisation (Lin et al. 2023, arXiv 2306.00978), moves no error about. It makes
# important columns *finer*: column j of W is multiplied by s_j before rounding and divided by it after, in real layers
# by folding 1 / s into what stands before:
#
# $$x\,W^\top = (x / s)\,(W \cdot s)^\top$$
#
# As long as s_j does not raise the largest weight of a group, the step stays and the error of column j shrinks by s_j.
# Raise too many columns and all steps grow. So it is a trade, and AWQ settles it by trying: s = m^r with m the mean
# size of each input channel, for r = 0, 0.05, … 0.95, and keeps the r whose *outputs* are best. r = 0 is plain
# rounding, so on its calibration data AWQ is never worse than that.
#
# The mean, not the maximum: one wild token does not make a channel important. And compared are outputs, not weights:
# the weights' own error says nothing about which inputs are large.
#
# ### Exercise 05.6 · awq_scale
#
# `awq_scale(W, X, bits, g)` returns `(s, ratio)`.
#
# - m_j is the mean over the tokens of |X[:, j]|.
# - For k = 0 … 19: ratio = k / 20, s = m^ratio, no element below 10⁻⁴ (a dead channel has 0 there; 0⁰ is 1, as in
#   torch), then s / √(max s · min s), which centres it around 1.
# - The rounded weights are `rtn(W · s, bits, "group", g) / s`; the error is the mean of the squared differences of X
#   Wᵀ.
# - The smallest error wins; among equal ones the smallest ratio. ratio is a float, s (in,) the scale that goes with it,
#   float32, or float64 where W is. Half precision: float32 inside; float64: float64 inside.
#
# `rtn` is given, and keeps float64. Tests use layers on which the best ratio is clear. Source: arXiv 2306.00978;
# `auto_scale.py` in llm-awq.

# %% stub="awq_scale"
def awq_scale(W: Float[Tensor, "out in"], X: Float[Tensor, "N in"], bits: int,
              g: int) -> tuple[Float[Tensor, "in"], float]:
    """AWQ's factor for each input channel, and the ratio of the grid it came from: (s, ratio).

    rtn(W * s, bits, "group", g) / s are the rounded weights whose outputs on X are nearest to X @ W.T.
    With inputs of equal size in all channels s is 1 for every ratio, and ratio is 0.0.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(W.dtype, torch.float32)
    W, X = W.to(wide), X.to(wide)
    mean, best = X.abs().mean(0), (math.inf, None, None)
    for k in range(20):
        s = (mean ** (k / 20)).clamp(min=1e-4)
        s = s / (s.max() * s.min()).sqrt()
        rounded = rtn(W * s, bits, "group", g) / s
        error = (X @ (W - rounded).T).square().mean().item()
        if error < best[0]:
            best = error, s, k / 20
    return best[1:]
    ### END SOLUTION
    raise NotImplementedError("awq_scale")


# %% [markdown] hints="awq_scale"
# <details><summary>Hint 1: a question</summary>
#
# For which ratio is nothing scaled at all, and why must it be in the list?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Mean sizes [4, 1] and ratio 0.5: s = [2, 1], √(2 · 1) = 1.414, so s = [1.414, 0.707]. Column 0 is stored 1.414 times
# larger and its error comes back 1.414 times smaller; column 1 pays for it.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The rounded weights are divided by s again before they meet X as it is. Multiplying W *and* comparing without the
# division compares two different layers.
#
# </details>

# %% graded="awq_scale__search" points=3
# Looks at the ratio and the factors.
W, X = layer_with_outliers(0, 25.0)
s, ratio = awq_scale(W, X, 4, 8)
plain, mine = (((X @ (W - w).T) ** 2).mean().item() for w in (rtn(W, 4, "group", 8), rtn(W * s, 4, "group", 8) / s))
assert mine < 0.7 * plain, f"two channels 25 times as large: the error fell from {plain:.4f} to {mine:.4f} only"
check(awq_scale, torch.tensor([[7.0, 0.3], [0.2, 7.0]]), torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), 4, 2,
      want=(torch.ones(2), 0.0), why="channels of equal size: every ratio gives s = 1, and the smallest one wins")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for out, size, N, bits, run, outliers, factor in [(8, 24, 50, 4, 8, 2, 20.0), (12, 40, 90, 3, 20, 3, 10.0),
        (6, 36, 70, 4, 12, 1, 60.0), (10, 32, 40, 2, 16, 2, 8.0), (5, 48, 120, 8, 24, 4, 15.0), (7, 264, 300, 4, 132, 5, 20.0)]:
    for attempt_no in range(3):
        def make(g):
            W = torch.randn(size, out, generator=g).T * torch.logspace(-1, 1, out)[:, None]
            X = torch.randn(N, size, generator=g) + 0.3
            X[:, torch.randperm(size, generator=g)[:outliers]] *= factor
            X[torch.randint(N, (2,), generator=g)] *= 6  # two wild tokens: the mean is not the maximum
            return W, X, bits, run
        args, want = until(make, awq_oracle, g, 0.03)
        check(awq_scale, *args, want=want, rtol=1e-4, atol=1e-6,
              why=f"{bits} bits, groups of {run}: the best ratio of the grid, {want[1]}")
def make(g):
    m = torch.logspace(0, 3, 24)[torch.randperm(24, generator=g)]
    return torch.randn(10, 24, generator=g) / m ** 1.4, m * torch.randn(60, 24, generator=g), 4, 12

args, want = until(make, awq_oracle, g, 0.03)
check(awq_scale, *args, want=want, rtol=1e-4, atol=1e-6, why="weights are small where inputs are large: the grid ends at 0.95")
def make(g):
    W, X = layer_with_outliers(int(torch.randint(99, (), generator=g)), 30.0)
    return W.double(), X.double(), 4, 8

args, want = until(make, awq_oracle, g, 0.03)
check(awq_scale, *args, want=want, rtol=1e-9, atol=0, why="float64 inside for float64")
### END HIDDEN TESTS

# %% graded="awq_scale__never_worse" points=2
# Looks at the outputs' error on the calibration data: never above plain rounding.
for seed, factor in [(1, 1.0), (2, 5.0), (3, 0.1)]:
    W, X = layer_with_outliers(seed, factor)
    s, _ = awq_scale(W, X, 3, 12)
    plain, mine = (((X @ (W - w).T) ** 2).mean().item() for w in (rtn(W, 3, "group", 12), rtn(W * s, 3, "group", 12) / s))
    assert mine <= plain * 1.0001, (f"layer({seed}, {factor}) at 3 bits: AWQ's error is {mine:.4f}, plain rounding's "
                                    f"{plain:.4f}; ratio 0 is plain rounding, so it can never be worse")
### BEGIN HIDDEN TESTS
for seed in range(6):
    (W, X), bits, run = layer_with_outliers(seed + 9, 1.0 + seed), (2, 3, 4)[seed % 3], (6, 12, 24)[seed % 3]
    s, ratio = awq_scale(W, X, bits, run)
    s = torch.as_tensor(s)
    assert s.shape == (24,) and s.dtype == torch.float32, f"s: float32 of shape (24,) expected, got {s.dtype}, {tuple(s.shape)}"
    want, wanted, _ = awq_oracle(W, X, bits, run)
    mine, best, plain = (off(X, W, sharing(W.double() * f.double(), bits, run)[0] / f.double())
                         for f in (s, want, torch.ones(24)))
    assert mine <= 1.004 * best and mine <= 1.001 * plain, (
        f"layer({seed + 9}, {1 + seed}), {bits} bits: error {mine:.4f}, the best of the grid has {best:.4f}, plain "
        f"rounding {plain:.4f}")
    centre = (s.max() * s.min()).item()
    assert abs(centre - 1) < 1e-3, f"max(s) * min(s) = {centre:.3f}; s is divided by the root of that, so it is 1"
### END HIDDEN TESTS

# %% graded="awq_scale__edges" points=1
# Looks at dead channels, half precision, and the arguments afterwards.
W, X = layer_with_outliers(4, 25.0)
X[:, 5] = 0
want = awq_scale(W, X, 4, 8)
assert bool(torch.isfinite(torch.as_tensor(want[0])).all()), "channel 5 has no input at all: s must still be finite"
unchanged(awq_scale, torch.tensor([[7.0, 0.3], [0.2, 7.0]]), torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), 4, 2,
          want=(torch.ones(2), 0.0))
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(5)
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    def make(g):
        W, X = torch.randn(8, 24, generator=g), torch.randn(50, 24, generator=g)
        X[:, [2, 9]] *= 12
        X[:, [0, 23]] = 0
        W[3, 12:] = 0  # a whole group
        return W.to(dtype), X.to(dtype), 4, 12
    args, want = until(make, awq_oracle, g, 0.03)
    check(awq_scale, *args, want=want, rtol=1e-3, atol=1e-6,
          why=f"{dtype}, dead channels: s is not below 1e-4 before it is centred")
    unchanged(awq_scale, *args, want=want, rtol=1e-3, atol=1e-6)
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.awq_grid(awq_scale, rtn)

# %% [markdown]
# ## 4 · Activations too, and what is faster when
#
# **Outliers and where they sit.** In transformers from about 6.7 billion parameters on, a handful of *channels* of
# the activations are up to 20 times larger than the rest, in most tokens and at the same places (LLM.int8(), Dettmers
# et al. 2022, arXiv 2208.07339). Size is not the whole cause: how a model was trained makes or prevents them
# (Ahmadian et al. 2023, arXiv 2305.19268). They sit in the residual stream, so they reach the inputs of q, k, v, gate
# and up; and the product inside the MLP (multilayer perceptron) makes some of its own before down. Separately,
# *massive activations* (Sun et al. 2024, arXiv 2402.17762) appear at the first token or at delimiters, in very few
# dimensions. A cell of part 6 looks for both in SmolLM2. Weights have far milder outliers. That is why weights go to
# 4 bits and activations stop at 8.
#
# An outlier *channel* is the worst case for activations: int8 kernels allow one scale per **token** (a row of X) and
# one per **output** (a row of W), for these two can be taken out of the sum over the inputs:
#
# $$y_{no} \approx \sum_j a_n\,q^x_{nj} \; b_o\,q^w_{oj} = a_n\,b_o \underbrace{\sum_j q^x_{nj}\,q^w_{oj}}_{
# \text{integers}}$$
#
# A scale per input channel j cannot leave the sum. **SmoothQuant** (Xiao et al. 2022, arXiv 2211.10438) therefore moves
# the outlier from X, where it hurts, into W, which can bear it, by the same identity as AWQ: (X / s)(W · s)ᵀ. With
# xmax_j and wmax_j the largest absolute values of channel j in the calibration inputs and in W:
#
# $$s_j = \frac{\text{xmax}_j^{\,\alpha}}{\text{wmax}_j^{\,1-\alpha}}$$
#
# α = 1 moves all of the difficulty into the weights, α = 0 all into the activations; 0.5 is usual. LLM.int8() solves
# the same problem otherwise: it computes the outlier channels apart in 16 bits.
#
# ### Exercise 05.7 · w8a8_linear
#
# Two functions: `smoothquant_scale(xmax, wmax, alpha)` gives s, `w8a8_linear(X, W, s=None)` the layer in 8-bit
# integers.
#
# - xmax, wmax and s are (in,), alpha from 0 to 1. Where xmax or wmax is 0, s = 1. s has the dtype of xmax.
# - X is (…, in) with any number of leading dimensions (also none), W (out, in), the answer (…, out) in X's dtype. s =
#   None is no smoothing.
# - X / s gets one symmetric 8-bit scale per **token**, found now, from the values that are there (*dynamic*): amax /
#   127, and 1 where a token is all zeros. W · s gets one per **output**. Both are `quant_sym(…, 8, "channel")` of the
#   matrix.
# - The sum of products is taken over integers, without overflow, and then multiplied by both scales. (float32 holds
#   integers up to 2²⁴ only.)
# - Half precision: float32 inside, the scales too, and one rounding at the end. float64: float64 inside.
#
# Source: arXiv 2211.10438; the int8 kernels of CUTLASS and vLLM take scales per token and per output in this way.

# %% stub="w8a8_linear"
def smoothquant_scale(xmax: Float[Tensor, "in"], wmax: Float[Tensor, "in"], alpha: float) -> Float[Tensor, "in"]:
    """Factor by which each input channel is divided in X and multiplied in W: smoothquant_scale([16.], [4.], 0.5) == [2.]."""
    ### BEGIN SOLUTION
    wide = torch.promote_types(xmax.dtype, torch.float32)
    x, w = xmax.to(wide), wmax.to(wide)
    s = torch.where((x > 0) & (w > 0), x ** alpha / w ** (1 - alpha), 1.0)
    return s.to(xmax.dtype)
    ### END SOLUTION
    raise NotImplementedError("smoothquant_scale")


def w8a8_linear(X: Float[Tensor, "... in"], W: Float[Tensor, "out in"],
                s: Float[Tensor, "in"] | None = None) -> Float[Tensor, "... out"]:
    """X @ W.T in 8-bit integers: a scale for each token and each output; s smooths X / s and W * s before.

    w8a8_linear(tensor([[127., -3.]]), tensor([[254., 2.]])) == tensor([[32252.]]): (127 * 127 - 3 * 1) * 1 * 2
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(X.dtype, torch.float32)
    x, w = X.to(wide).reshape(-1, X.shape[-1]), W.to(wide)
    if s is not None:
        x, w = x / s.to(wide), w * s.to(wide)
    (qx, a), (qw, b) = quant_sym(x, 8, "channel"), quant_sym(w, 8, "channel")
    y = (qx.int() @ qw.int().T) * a[:, None] * b
    return y.reshape(*X.shape[:-1], -1).to(X.dtype)
    ### END SOLUTION
    raise NotImplementedError("w8a8_linear")


# %% [markdown] hints="w8a8_linear"
# <details><summary>Hint 1: a question</summary>
#
# How large can the product of two int8 numbers be, and how large the sum of a thousand of them? Which type holds that?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# One token [127, −3], scale 127 / 127 = 1: q = [127, −3]. One output [254, 2], scale 2: q = [127, 1]. Sum 127 · 127 − 3
# · 1 = 16,126, times 1 · 2 = 32,252. Exact would be 32,252 as well: nothing was rounded here.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# X is *divided* and W *multiplied* along the same axis, the inputs; the scales of the integers belong to the other two
# axes. And a product of int8 tensors in torch is int8 again: 127 · 2 = −2.
#
# </details>

# %% graded="w8a8_linear__smooth" points=1
# Looks at smoothquant_scale.
check(smoothquant_scale, torch.tensor([16.0, 9.0, 0.0, 2.0]), torch.tensor([4.0, 1.0, 3.0, 0.0]), 0.5,
      want=torch.tensor([2.0, 3.0, 1.0, 1.0]), why="16 ** 0.5 / 4 ** 0.5, 9 ** 0.5 / 1; 1 where one of the two is 0")
check(smoothquant_scale, torch.tensor([16.0]), torch.tensor([4.0]), 0.75, want=torch.tensor([8 / 2 ** 0.5]),
      why="16 ** 0.75 / 4 ** 0.25", mistakes={"the exponents are exchanged": torch.tensor([2 / 8 ** 0.5])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for alpha in (0.0, 0.25, 0.5, 0.8, 1.0):
    for dtype in (torch.float32, torch.float64):
        xmax, wmax = 50 * torch.rand(2, 9, generator=g, dtype=dtype) ** 3 + 1e-3
        xmax, wmax = xmax.clone(), wmax.clone()
        xmax[2], wmax[[4, 5]], xmax[5] = 0, 0, 0
        want = [x ** alpha / w ** (1 - alpha) if x and w else 1.0 for x, w in zip(xmax.tolist(), wmax.tolist())]
        unchanged(smoothquant_scale, xmax, wmax, alpha, want=torch.tensor(want, dtype=dtype), rtol=1e-5, atol=0)
check(smoothquant_scale, torch.tensor([1e-12, 1.0]), torch.tensor([1.0, 1e-12]), 1.0, want=torch.tensor([1e-12, 1.0]),
      rtol=1e-5, atol=0, why="small is not 0: no epsilon")
for dtype in (torch.float16, torch.bfloat16):
    xmax, wmax = (50 * torch.rand(2, 40, generator=g) + 0.1).to(dtype)
    want = xmax.double() ** 0.7 / wmax.double() ** 0.3
    check(smoothquant_scale, xmax, wmax, 0.7, want=want.to(dtype), rtol=torch.finfo(dtype).eps, atol=0,
          why=f"{dtype}: powers and quotient in float32")
### END HIDDEN TESTS

# %% graded="w8a8_linear__integers" points=3
# Looks at the product without smoothing: two kinds of scales, sums that overflow small types.
check(w8a8_linear, torch.tensor([[127.0, -3.0]]), torch.tensor([[254.0, 2.0]]), want=torch.tensor([[32252.0]]),
      why="(127 * 127 - 3 * 1) * 1 * 2", mistakes={"int8 overflowed": torch.tensor([[-4.0]]),
                                                   "the token's or the output's scale is missing": torch.tensor([[16126.0]])})
check(w8a8_linear, torch.tensor([[127.0, 1.0], [0.127, 0.001], [0.0, 0.0]]), torch.tensor([[1.0, 127.0], [100.0, 12700.0]]),
      want=torch.tensor([[254.0, 25400.0], [0.254, 25.4], [0.0, 0.0]]),
      why="each token and each output has a scale of its own, so small ones keep their digits; a token of zeros gives 0")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for shape, out in [((4, 6), 3), ((2, 3, 9), 5), ((7,), 4), ((1, 2, 2, 5), 1), ((3, 40), 11), ((2, 300), 3), ((1, 1), 2)]:
    def make(g):
        X = strided(g, *shape)
        X = X * torch.logspace(-2, 2, shape[0])[(...,) + (None,) * (len(shape) - 1)] if len(shape) > 1 else X
        return X, torch.randn(shape[-1], out, generator=g).T * torch.logspace(1, -2, out)[:, None]
    (X, W), (want,) = until(make, w8a8_oracle, g, 3e-4)
    unit = X.abs().amax(-1, keepdim=True) * W.abs().amax(1) / 127 ** 2  # what a sum of integers is multiplied by
    expect(w8a8_linear(X, W) / unit, want / unit, rtol=1e-5, atol=0.05,
           on=f"w8a8_linear of X of shape {shape} and W of shape {tuple(W.shape)}, divided by the scales",
           why="integers times the token's and the output's scale")
check(w8a8_linear, 1e-9 * torch.tensor([[127.0, -3.0]]), 1e-9 * torch.tensor([[254.0, 2.0]]),
      want=torch.tensor([[3.2252e-14]]), rtol=1e-4, atol=0, why="small tokens and outputs have small scales: no epsilon")
check(w8a8_linear, torch.tensor([[127.0, -3.0], [0.0, 0.0]]), torch.tensor([[254.0, 2.0], [0.0, 0.0]]),
      want=torch.tensor([[32252.0, 0.0], [0.0, 0.0]]), why="an output whose weights are all zeros gives 0, for each token")
X, W = 127 * torch.ones(2, 1500), 127 * torch.ones(3, 1500)
check(w8a8_linear, X, W, want=torch.full((2, 3), 127.0 * 127 * 1500), why="1,500 products of 127 * 127 need more than 16 bits")
X, W = 127 * torch.ones(2, 1301).double(), 127 * torch.ones(3, 1301).double()
X[:, 7] = W[:, 7] = 1
check(w8a8_linear, 0.3 * X, 0.7 * W, want=torch.full((2, 3), 0.21 * 20_967_701, dtype=torch.float64), rtol=1e-12, atol=0,
      why="1,300 * 127 * 127 + 1 is odd and more than 2 ** 24: float32 cannot hold it")
args, (want,) = until(lambda g: (torch.randn(3, 8, generator=g).double(), torch.randn(2, 8, generator=g).double()),
                      w8a8_oracle, g)
check(w8a8_linear, *args, want=want, rtol=1e-9, atol=1e-9, why="float64 in, float64 inside, float64 out")
### END HIDDEN TESTS

# %% graded="w8a8_linear__smoothed" points=2
# Looks at the product with smoothing: which of the two is divided.
check(w8a8_linear, torch.tensor([[1270.0, 1.0]]), torch.tensor([[1.0, 127.0]]), torch.tensor([1270.0, 1.0]),
      want=torch.tensor([[1400.0]]), rtol=1e-4,
      why="X / s = [1, 1] with q = [127, 127]; W * s = [1270, 127] has scale 10 and q = [127, 13]: 127 * 140 * 10 / 127",
      mistakes={"no smoothing": torch.tensor([[1270.0]]), "X was multiplied and W divided": torch.tensor([[1270.0]])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
for shape, out, channel in [((4, 6), 3, 0), ((2, 3, 9), 5, 4), ((7,), 4, 6), ((3, 40), 11, 17)]:
    def make(g):
        X, W = torch.randn(*shape, generator=g), torch.randn(out, shape[-1], generator=g)
        X[..., channel] *= 60
        s = 0.2 + 3 * torch.rand(shape[-1], generator=g)
        s[channel] = 20
        return X, W, s
    args, (want,) = until(make, w8a8_oracle, g, 3e-4)
    unchanged(w8a8_linear, *args, want=want, rtol=1e-4, atol=1e-5 * want.abs().max().item(),
              why="X / s and W * s are new tensors: the caller's stay as they are")
args, (want,) = until(lambda g: tuple(x.double() for x in make(g)), w8a8_oracle, g, 3e-4)
check(w8a8_linear, *args, want=want, rtol=1e-9, atol=1e-9 * want.abs().max().item(), why="float64 inside for float64")
### END HIDDEN TESTS

# %% graded="w8a8_linear__half" points=2
# Looks at half precision, and at the arguments afterwards.
unchanged(w8a8_linear, torch.tensor([[127.0, -3.0]]), torch.tensor([[254.0, 2.0]]), torch.tensor([1.0, 1.0]),
          want=torch.tensor([[32252.0]]))
check(w8a8_linear, torch.tensor([[127.0, -3.0]]).half(), torch.tensor([[2.54, 0.02]]).half(),
      want=torch.tensor([[322.5]]).half(), why="16,126 = 127 * 127 - 3 * 1 first, the scales after")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(3)
for dtype in (torch.float16, torch.bfloat16):
    for smooth in (False, True):
        def make(g):
            X, W = (torch.randn(n, 24, generator=g).to(dtype) for n in (6, 5))
            return X, W, (0.3 + torch.rand(24, generator=g)).to(dtype) if smooth else None
        args, (want,) = until(make, w8a8_oracle, g, 1e-3)
        unchanged(w8a8_linear, *args, want=want, rtol=torch.finfo(dtype).eps, atol=2.0 ** -18 * want.abs().max().item())
        precise(w8a8_linear, *args, oracle=lambda *a: w8a8_oracle(*a)[0], dtypes=(dtype,), eps=0.52,
                why="integers and scales in float32, rounded once: that is half an eps, scales kept in half cost as much again")
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.smoothing(smoothquant_scale, w8a8_linear)

# %% [markdown]
# **When is it faster?** A layer must read its weights once and make 2 FLOPs (a multiplication and an addition) per
# weight and token. On an H100 (3.35 TB/s; 989 TFLOP/s in BF16, 1,979 in FP8 or INT8), for B tokens in a step, time per
# weight is the larger of bytes / bandwidth and 2B / peak:
#
# | | bytes a weight | arithmetic | waits for memory up to |
# |---|---|---|---|
# | BF16 | 2 | 16 bits | B = 295 |
# | **W4A16**: 4-bit weights, 16-bit activations | 0.52 | 16 bits: weights are widened first | B = 77 |
# | **W8A8**, FP8 or INT8 | 1 | 8 bits, twice as fast | B = 295 |
#
# - Real kernels come close: Marlin reports nearly the full factor up to 16 to 32 tokens, and less and less up to 128.
# - One user (B = 1): W4A16 is 3.85 times faster than BF16, W8A8 2 times. Bytes are all that counts.
# - From B = 77 on W4A16 waits for 16-bit arithmetic; from B = **148** on W8A8 overtakes it. At B = 295 W4A16 has lost
#   all of its lead over BF16, and in practice it is then *slower*: widening is work, too. The same holds for prefill,
#   where thousands of tokens come at once.
# - So: W4A16 (GPTQ, AWQ) for few users and small memory, W8A8 or FP8 for throughput. "Quantisation speeds up inference"
#   needs a batch size to be true.
#
# This is the best that kernels could do; the picture draws it. An A100 has INT8 but no FP8 arithmetic; of NVIDIA's GPUs
# Blackwell is the first with FP4 arithmetic, elsewhere NVFP4 and MXFP4 are storage formats. The **KV cache** is another
# matter: it is read once per sequence, so 8 or 4 bits there help long contexts at any batch. Keys go per channel,
# values per token; section 14 builds that.

# %% tags=["picture"]
quantization.regimes()

# %% [markdown]
# ## 5 · A layer that keeps nibbles
#
# Now assemble: a linear layer that *stores* 4-bit numbers and computes like a linear layer. This is what W4A16 means:
# the weights are small in memory and are widened just before the product. A real kernel does it tile by tile in
# registers; here it is one line.
#
# ### Exercise 05.8 · quant_linear
#
# `pack_linear(W, g)` makes what is stored, `quant_linear(x, packed, bias=None)` computes.
#
# - W is (out, in); g is even and divides in. `pack_linear` returns a dict of tensors with names of your choice.
#   Together they take **at most out · in / 2 + 3 · out · in / g bytes**: nibbles, and 3 bytes per group of g. Nothing
#   else goes along, not even g: it can be read off the shapes.
# - 4 bits with a zero point, per group of g neighbours in a row: with the range of exercise 05.1, which includes 0, no
#   weight moves by more than **0.51** · (high − low) / 15. (The 0.01 is for scales in float16. In the tests they are
#   between 10⁻⁴ and 10⁴, or the group is all zeros; that comes back as zeros.)
# - `quant_linear` gives x Ŵᵀ, plus bias (out,) where there is one, with Ŵ the stored weights. x is (…, in) with any
#   number of leading dimensions; the answer is (…, out) in **x's dtype**. In half precision Ŵ, product and bias are
#   float32, rounded once; for float64 they are float64.
# - Nothing is kept between calls: the same `quant_linear` serves many layers.
#
# Use `quant_asym`, `dequant_asym`, `pack_int4` and `unpack_int4`. In the tests your layer replaces all matrices of a
# small transformer, by `swapped` of the first cell. Source: `course/models/transformer.py`; the layout of AWQ's
# `WQLinear` in llm-awq is the same idea.

# %% stub="quant_linear"
def pack_linear(W: Float[Tensor, "out in"], g: int) -> dict[str, Tensor]:
    """4-bit weights with a scale and a zero point per group of g: tensors of at most out * in * (1 / 2 + 3 / g) bytes."""
    ### BEGIN SOLUTION
    q, scale, zero = quant_asym(W, 4, g)
    return {"nibbles": pack_int4(q.to(torch.int8) - 8), "scale": scale.half(), "zero": zero}
    ### END SOLUTION
    raise NotImplementedError("pack_linear")


def quant_linear(x: Float[Tensor, "... in"], packed: dict[str, Tensor],
                 bias: Float[Tensor, "out"] | None = None) -> Float[Tensor, "... out"]:
    """x @ W.T + bias with the weights that pack_linear stored; quant_linear(eye(in), packed).T shows them."""
    ### BEGIN SOLUTION
    wide = torch.promote_types(x.dtype, torch.float32)
    q = (unpack_int4(packed["nibbles"]) + 8).to(torch.uint8)
    W = dequant_asym(q, packed["scale"].to(wide), packed["zero"])
    y = x.to(wide) @ W.T
    return (y if bias is None else y + bias.to(wide)).to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("quant_linear")


# %% [markdown] hints="quant_linear"
# <details><summary>Hint 1: a question</summary>
#
# `quant_asym` gives numbers from 0 to 15 in uint8, `pack_int4` takes numbers from −8 to 7 in int8. What lies between
# the two?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# One row of 8 weights, g = 4: 4 bytes of nibbles, two scales in float16 (4 bytes), two zero points in uint8 (2 bytes):
# 10 bytes, exactly 8 / 2 + 3 · 8 / 4. In float32 the scales alone would be 8.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The scale is *stored* in float16 and *used* in float32 (or float64): a product of float16 weights with float32 inputs
# has no dtype to agree on, and in half precision it is rounded at every step.
#
# </details>

# %% graded="quant_linear__stored" points=2
# Looks at the bytes of what is stored, and at the weights that come back.
def looks_right(W, g):
    "Bytes within the budget, every weight within 0.51 steps."
    packed, (out, size) = pack_linear(W.clone(), g), W.shape
    assert isinstance(packed, dict) and all(isinstance(t, Tensor) for t in packed.values()), "a dict of tensors was expected"
    taken, budget = sum(t.numel() * t.element_size() for t in packed.values()), out * size // 2 + 3 * out * size // g
    assert taken <= budget, f"{out} x {size} weights, g = {g}: {taken} bytes are stored, at most {budget} are allowed"
    groups = W.double().reshape(out, -1, g)
    step = (groups.amax(-1).clamp(min=0) - groups.amin(-1).clamp(max=0)) / 15
    moved = (weights_in(quant_linear, packed, size).double() - W.double()).reshape(out, -1, g).abs()
    moved = moved / step.clamp(min=1e-30)[..., None]
    assert moved.max() <= 0.511, (f"{out} x {size} weights, g = {g}: one moved by {moved.max().item():.3g} steps "
                                  "of its group, 0.51 are allowed")

looks_right(torch.tensor([[-1.0, 0.0, 2.0, 14.0, 3.0, 5.0, 4.0, 3.5]]), 4)
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(0)
for out, size, run, dtype in [(3, 8, 4, torch.float32), (5, 12, 2, torch.float32), (2, 40, 20, torch.float64),
                              (1, 6, 6, torch.float32), (7, 300, 150, torch.float32), (6, 24, 12, torch.bfloat16),
                              (4, 10, 10, torch.float16)]:
    W = torch.randn(size, out, generator=g).T * torch.logspace(-1.5, 1.5, out)[:, None]
    looks_right(W.to(dtype), run)
    looks_right((W + 3 * W.abs().max()).repeat(2, 1).to(dtype), run)  # all on one side
W = torch.rand(6, 256, generator=g) - torch.tensor([[0.5, 0.0, 1.0]]).T.repeat(2, 1)
W = W / (W.amax(1).clamp(min=0) - W.amin(1).clamp(max=0))[:, None]
looks_right(W * 15 * torch.tensor([[1.1e-4, 2e-4, 1e-3, 10.0, 2e3, 9e3]]).T, 128)  # scales from 1e-4 to 1e4
W = torch.randn(4, 8, generator=g)
W[1], W[0, 4:] = 0, 0
looks_right(W, 4)
back = weights_in(quant_linear, pack_linear(W.clone(), 4), 8)
assert (back[W == 0] == 0).all(), "groups of zeros must come back as zeros"
unchanged(pack_linear, W, 4, want=pack_linear(W.clone(), 4))
### END HIDDEN TESTS

# %% graded="quant_linear__computes" points=2
# Looks at the outputs: any leading dimensions, a bias, dtypes.
W = torch.tensor([[-1.0, 0.0, 2.0, 14.0], [0.0, 15.0, 3.0, 1.0]])  # on the grid of 4 bits: nothing is lost
packed = pack_linear(W, 4)
check(quant_linear, torch.tensor([[1.0, 2.0, 0.0, -1.0]]), packed, want=torch.tensor([[-15.0, 29.0]]), rtol=1e-3,
      why="[1, 2, 0, -1] times the two rows")
check(quant_linear, torch.tensor([1.0, 2.0, 0.0, -1.0]), packed, torch.tensor([100.0, -1.0]),
      want=torch.tensor([85.0, 28.0]), rtol=1e-3, why="one vector, and a bias")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(1)
for shape, out, run in [((5, 8), 3, 4), ((2, 3, 12), 7, 2), ((24,), 4, 12), ((2, 1, 3, 6), 5, 6), ((3, 260), 2, 130),
                        ((4, 8), 4, 4)]:
    W, x, bias = torch.randn(out, shape[-1], generator=g), strided(g, *shape), torch.randn(out, generator=g)
    packed = pack_linear(W, run)
    kept = weights_in(quant_linear, packed, shape[-1]).double()
    for b in (None, bias):
        want = x.double() @ kept.T + (0 if b is None else b.double())
        unchanged(quant_linear, x, pack_linear(W, run), b, want=want.float(), rtol=1e-4, atol=1e-4)
        check(quant_linear, x.double(), packed, None if b is None else b.double(), want=want, rtol=1e-9, atol=1e-9,
              why="float64 in, float64 inside, float64 out")
    for dtype in (torch.float16, torch.bfloat16):
        exact = x.to(dtype).double() @ kept.T + bias.to(dtype).double()
        check(quant_linear, x.to(dtype), packed, bias.to(dtype), want=exact.to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-4,
              why=f"{dtype}: weights, product and bias in float32, rounded once")
        exact = x.to(dtype).double() @ kept.T + bias.double()
        check(quant_linear, x.to(dtype), packed, bias, want=exact.to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-4,
              why="the answer has x's dtype, whatever that of the bias")
W, x = torch.randn(6, 8, generator=g), torch.randn(3, 8, generator=g)
expect(quant_linear(x, pack_linear(W.flip(0), 4)), quant_linear(x, pack_linear(W, 4)).flip(-1), rtol=1e-5, atol=1e-5,
       on="quant_linear for W and for its rows the other way round", why="nothing is kept between calls")
### END HIDDEN TESTS

# %% graded="quant_linear__in_a_transformer" points=3
# Looks at a small transformer with all of its matrices swapped for your layer.
tiny = Transformer(Config(vocab=61, layers=2, width=48, heads=6, kv_heads=2, head_dim=8, hidden=96), 3)
ids = torch.tensor([[3, 14, 15, 9, 26]])
with torch.no_grad():
    logits, _ = swapped(tiny, pack_linear, quant_linear, 12)(ids)
    exact, _ = tiny(ids)
moved = F.kl_div(logits.log_softmax(-1), exact.log_softmax(-1), log_target=True, reduction="batchmean").item() / 5
assert moved < 0.002, f"the next-token distributions moved by {moved:.4f} nats (KL); 4 bits in groups of 12 cost under 0.002"
### BEGIN HIDDEN TESTS
for seed, (config, run, kinds) in enumerate([
        (Config(31, layers=1, width=20, heads=4, kv_heads=4, head_dim=6, hidden=36), 4, MATRICES),
        (Config(43, layers=3, width=36, heads=9, kv_heads=3, head_dim=8, hidden=60), 12, ("q", "down")),
        (Config(61, layers=2, width=48, heads=6, kv_heads=2, head_dim=8, hidden=96), 48, MATRICES)]):
    model = Transformer(config, seed)
    ids = torch.randint(config.vocab, (2, 7), generator=torch.Generator().manual_seed(seed))
    rounded = copy.deepcopy(model)
    with torch.no_grad():
        for name, p in rounded.named_parameters():
            if name.split(".")[-2] in kinds and "blocks" in name:
                p.copy_(weights_in(quant_linear, pack_linear(p.detach().clone(), run), p.shape[1]))
        want, got = rounded(ids)[0], swapped(model, pack_linear, quant_linear, run, kinds)(ids)[0]
        before = model(ids)[0]
    expect(got, want, on=f"the logits of a transformer of {config.layers} layers with {', '.join(kinds)} swapped, g = {run}",
           rtol=1e-3, atol=1e-3, why="each layer computes with the weights it stored; nothing is kept between calls")
    assert (got - before).abs().max() > 1e-4, "the logits did not move at all: 4 bits are not exact"
    assert (got - before).abs().mean() < 0.35 * before.std(), "the logits moved far more than 4 bits would do"
### END HIDDEN TESTS

# %% tags=["picture"]
quantization.swapped_error(swapped, pack_linear, quant_linear)

# %% [markdown]
# ## 6 · A real model
#
# SmolLM2-135M-Instruct, with its 210 matrices in your layer: 106 million weights in nibbles, unpacked anew at every
# product. The text is the Larkmoor handbook, which was written for this course. About 10 seconds.

# %% tags=["real"]
from course.models.smollm import attempt

with attempt():
    quantization.smollm_in_nibbles(swapped, pack_linear, quant_linear, g=32)

# %% [markdown]
# Two numbers say what quantising did. **Perplexity** is e to the mean loss, in nats, on a text. The **KL divergence**
# (Kullback–Leibler), Σ p · ln(p / p̂), compares the two next-token distributions at every place, the original's p with
# the quantised model's p̂. KL is 0 only where nothing changed. Perplexity averages losses that rise and fall: a model
# can change its mind at a tenth of all places and keep its perplexity. Report KL, or the share of places where the
# first choice changed, and then the tasks that you care about.
#
# **Where are the outliers?** About 3 seconds. "largest / median" compares channels, by mean size over 555 tokens, in
# that layer where it is most extreme; "weights of it" does the same with the weights that this channel meets. The first
# token of each text is left out there and stands in the last line.

# %% tags=["real"]
with attempt():
    quantization.smollm_outliers()

# %% [markdown]
# Such a small model has them, too: 6.7 billion was a threshold of the models that LLM.int8() looked at.
#
# **The ladder.** Rounding to nearest, symmetric, by granularity; embedding, norms and head stay. The text is half as
# long again as the one above, so that the first line differs. About 20 seconds.
# "changed" is the share of places at which the most likely next token is another one.

# %% tags=["real"]
with attempt():
    ladder = quantization.smollm_ladder(rtn)

# %% [markdown]
# Read it down and then across. How many bits is going from one scale per tensor to one per row worth, and from rows to
# groups? At which setting does perplexity still look harmless while first choices have changed? The guide's ladder says
# "<1 % loss: GPTQ, AWQ; <5 % loss: post-training INT8", and promises "INT4 with <1 % perplexity increase". Which rung
# of it holds here, and can "INT8" and "INT4" be compared at all without naming the granularity?
#
# Three things this does **not** show. It is one small model, and small models suffer more. It is plain rounding. And
# the weights had been quantised before:
#
# **The trap.** What you load from the file *is* 4-bit already (exercise 05.4). Round it again, at "4 bits", on three
# grids of blocks of 32. About 8 seconds.

# %% tags=["real"]
with attempt():
    quantization.smollm_trap(rtn, quant_asym, dequant_asym)

# %% [markdown]
# On the very grid of the file next to nothing changes, and "4 bits are free" would be the conclusion. It is an
# artefact: those numbers were on the grid before. (What is left comes from bfloat16, in which model and grid are
# computed. Take it for the noise of this measurement, and look at the 8-bit rows of the ladder again.) The other two
# rows are a *second* rounding, which nobody would do. **Before you believe a quantisation benchmark, ask what the
# baseline was stored in.** Neither row says what the first rounding cost; for that one needs the original weights.
#
# **GPTQ and AWQ on two real layers**, at 3 bits: calibrated on 896 tokens of the handbook, judged on 333 others. GPTQ
# gets float64 here: with fewer tokens than the 1,536 channels of the second layer, H is nearly singular. About 15
# seconds.

# %% tags=["real"]
with attempt():
    quantization.smollm_two_layers(rtn, gptq_quantize, awq_scale)

# %% [markdown]
# ## 7 · The experiment: which method, at 4 bits?
#
# A layer of 128 × 256. Its rows differ tenfold in size, its inputs are correlated, three input channels are twenty
# times larger than the rest. Five ways to round it at **4 bits**, judged by the outputs' relative error on inputs that
# were *not* used for calibration:
#
# - `"channel"`, `"group"`: plain rounding, a scale per row or per 64 neighbours;
# - `"gptq"`: your GPTQ, a scale per row; `"awq"`: your AWQ, groups of 64;
# - `"flipped"`: GPTQ with the sign of its update turned, as the guide prints it.
#
# **Predict before you run it**: order the five names by their error, the lowest first. One point for committing, one
# for being right. It takes about 5 seconds.

# %% stub="prediction"
prediction: list[str] | None = None  # the five names, lowest error first
### BEGIN SOLUTION
prediction = ["awq", "gptq", "group", "channel", "flipped"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["channel", "group", "gptq", "awq", "flipped"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["channel", "group", "gptq", "awq", "flipped"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["awq", "gptq", "group", "channel", "flipped"],
          "Who sees the inputs at all, who sees three of them to be large, and who pushes errors the wrong way?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def by_gptq(W, X, bits):
    q, scale = gptq_quantize(W, X, bits)
    return q * scale[:, None]


def by_awq(W, X, bits):
    s, _ = awq_scale(W, X, bits, 64)
    return rtn(W * s, bits, "group", 64) / s


ways = {"channel": lambda W, X, bits: rtn(W, bits), "group": lambda W, X, bits: rtn(W, bits, "group", 64),
        "gptq": by_gptq, "awq": by_awq, "flipped": quantization.turned_sign}
table = quantization.compare(ways, prediction=prediction)

# %% [markdown]
# Read curves and tables with these questions:
#
# - How many bits is GPTQ worth against plain rounding with the same scales? Look along a horizontal line.
# - Where did the turned sign land, compared with doing nothing at all? What does an update do to the output's error if
#   its sign is wrong?
# - The second table has the same layers without outliers. Who leads in which, and on what does each method live? What
#   is "AWQ preserves quality better" then a statement about?
#
# The two also combine: scale first, then run GPTQ on the scaled weights. The numbers in brackets are the least and the
# most of five layers; GPTQ has no groups here, so "gptq" and "channel" are the fair pair, "awq" and "group" the other.

# %% [markdown]
# ## 8 · Feel it: outliers, groups, bits
#
# One layer, your functions. Raise the outliers and watch which bar grows; shrink the groups and watch what that costs
# in bits. Find a setting where GPTQ wins and one where AWQ does, and one where 3 bits with AWQ beat 4 bits with plain
# rounding.

# %% tags=["widget"]
quantization.widget(rtn, gptq_quantize, awq_scale)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="two_fleets"
# You serve **Llama-3-70B** (70.55 billion parameters) to two kinds of users: an assistant, one to four conversations at
# once on **one H100** (80 GB, 3.35 TB/s; 989 TFLOP/s in BF16, 1,979 in FP8), and a nightly batch job at 256 sequences a
# step on as many H100 as it takes. Write, in about 15 lines:
#
# 1. The weights in BF16, FP8 and INT4 (g = 128, FP16 scale, 4-bit zero point). What fits on one card?
# 2. The least time per token of the assistant at batch 1, by format.
# 3. Which format for the batch job, and why not the same one? Give the time per step that weights and arithmetic cost,
#    as if one card held it all.
# 4. A colleague says: "AWQ, because it is activation-aware and faster than GPTQ; perplexity went up by 0.4 % only, so
#    we are safe." Answer each part, and say what you would measure.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Memory**: BF16 141 GB, FP8 70.6 GB, INT4 at 4.156 bits 36.7 GB. BF16 does not fit; FP8 leaves 9.4 GB for cache and
#   activations, tight; INT4 leaves 43 GB.
# - **Assistant**: bytes / 3.35 TB/s: FP8 21.1 ms, INT4 10.9 ms (BF16 would be 42.1 ms, on a card that held it). Bound
#   by memory, so W4A16.
# - **Batch**: 2 · 70.55e9 · 256 = 3.6e13 FLOPs: 36.5 ms in BF16 arithmetic, which W4A16 needs too; FP8 (W8A8) 18.3 ms
#   of arithmetic against 21.1 ms of reading. So about 21 ms against 36.5: FP8. W4A16's advantage ends at a batch of 77,
#   and FP8 overtakes it at 148.
# - **Colleague**: GPTQ is activation-aware too (H = 2XᵀX); speed is the kernel's, the storage is the same; 0.4 %
#   perplexity can hide changed answers: KL or the share of changed first choices, own tasks, long contexts, a
#   calibration set of one's own domain and evaluation on other data. (Half a point for two of three.)
#
# === END MARK SCHEME ===

# %% [markdown] written="two_fleets" points=4
# ### BEGIN SOLUTION
# 1. BF16: 70.55e9 * 2 = 141 GB. FP8: 70.6 GB. INT4: 4 + (16 + 4) / 128 = 4.156 bits, 36.7 GB. One card of 80 GB holds
#    FP8 with 9.4 GB to spare, which is little for caches, or INT4 with 43 GB.
# 2. At batch 1 every token reads all weights: 70.6 / 3.35 = 21.1 ms in FP8, 36.7 / 3.35 = 10.9 ms in INT4 (BF16 42.1 ms
#    if it fitted). Arithmetic is negligible: 2 * 70.55e9 FLOPs are 0.14 ms. So INT4 weights, 16-bit activations.
# 3. 256 tokens a step: 2 * 70.55e9 * 256 = 3.6e13 FLOPs. W4A16 computes in BF16: 36.5 ms, however small its weights
#    are. FP8 weights and activations: 18.3 ms of arithmetic, 21.1 ms of reading, so about 21 ms. FP8. The border is at
#    148 sequences; W4A16 stops gaining at 77.
# 4. GPTQ uses activations as well, through H = 2 X^T X; AWQ through the mean size of each channel. Speed is the
#    kernel's, both store integers and scales. Perplexity is an average of rises and falls: I would report KL against
#    the BF16 model and the share of places where the first choice changes, then our own tasks with intervals,
#    calibrating on our own traffic and evaluating on other data.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="5.1" level="basic"
# <details><summary>Why quantize a model?</summary>
#
# - **Memory**: from BF16, INT8 halves it, INT4 with groups of 128 divides by 3.85 (4.156 bits), NF4 by 3.6. Eight times
#   is against FP32, scales not counted. Llama-3-70B: 141 GB become 36.7.
# - **Speed, sometimes.** Decoding for few users waits for bytes, so fewer bits are faster (up to 3.85 times). From some
#   77 tokens in a step W4A16 on an H100 waits for 16-bit arithmetic; in prefill it can be *slower*. W8A8 and FP8 speed
#   up arithmetic, too.
# - **More room**: a larger cache or batch on the same card.
# - The price: quality, which depends on granularity as much as on bits. Measure KL and tasks.
#
# </details>

# %% [markdown] card="5.2" level="medium"
# <details><summary>How do GPTQ and AWQ compare?</summary>
#
# - Both: post-training, weights only, any number of bits (mostly 4 and 3), from a small calibration set. Same storage,
#   so the same kernels and the same speed.
# - **Both use activations.** GPTQ through H = 2XᵀX: it rounds column by column and pushes each error into the columns
#   still to come, −(w − ŵ) / [H⁻¹]_ii · [H⁻¹]_i. AWQ through the mean size of each channel: it scales important columns
#   up before rounding, s = m^r, r by grid search on the outputs.
# - GPTQ solves a problem per layer (Cholesky, damping 1 %); AWQ tries 20 ratios and moves nothing between columns, so
#   it overfits its calibration data less. Calibrate on text like that which will be served.
# - Which is better depends on the inputs: AWQ lives on channels that tower above the rest, GPTQ on correlation.
#   Reported gaps are small and depend on the model. They combine.
# - GPTQ with act_order and groups costs a lookup, unless groups are static.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>W4A16 or W8A8: which, when?</summary>
#
# - W4A16 (GPTQ, AWQ): 0.52 bytes a weight, arithmetic in 16 bits. Best at small batch: bytes are all that counts.
# - W8A8 (FP8, INT8 with SmoothQuant): 1 byte, arithmetic twice as fast. Best at large batch and in prefill.
# - On an H100 by the roofline: W4A16 stops gaining at 77 tokens a step, W8A8 overtakes it at 148, at 295 W4A16 is no
#   faster than BF16.
# - INT8 activations want a scale per token and smoothed outliers; FP8 bears outliers better, its steps grow with the
#   number.
# - A100: INT8 yes, FP8 arithmetic no.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>FP8, MXFP4, NVFP4, NF4: what is in them?</summary>
#
# - FP8: E4M3 (up to 448) for weights and activations, E5M2 (up to 57,344) for gradients; a scale per tensor or row.
# - MXFP4: E2M1 (0, 0.5, 1, 1.5, 2, 3, 4, 6) in blocks of 32 with a power of two: 4.25 bits. NVFP4: blocks of 16 with an
#   FP8 scale, 4.5 bits, and an FP32 one per tensor.
# - NF4: a table of 16 quantiles of the normal distribution, blocks of 64 with an FP32 scale, 4.5 bits, 4.127 with
#   double quantisation. For storage (QLoRA); products are in BF16.
# - Arithmetic: FP8 from Hopper and Ada on, FP4 from Blackwell on.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Where do outliers sit, and what does each method do about them?</summary>
#
# - In *activations*, in a few channels, the same in most tokens, up to 20 times the rest (LLM.int8()); besides,
#   massive activations at the first token and delimiters. Weights are far milder.
# - A scale per input channel cannot leave the sum over the inputs, so kernels offer tokens and outputs only.
# - LLM.int8(): outlier channels apart in 16 bits. SmoothQuant: s = xmax^α / wmax^(1−α) moves them into the weights.
#   AWQ: the same identity, for the weights' sake. Rotations (QuaRot, arXiv 2404.00456): an orthogonal matrix spreads
#   them over all channels. FP8 and small blocks: one outlier spoils fewer neighbours.
# - KV cache: key channels have them, so keys per channel, values per token.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>"Our 4-bit model has the same perplexity." What could be wrong?</summary>
#
# - The baseline was stored in 4 bits already: re-rounding on the same grid changes nothing.
# - Perplexity averages: gains and losses cancel. KL per token, and the share of first choices that changed, do not.
# - Evaluated on the calibration text, or on text that is too easy.
# - Only the matrices were counted: embedding and head in 16 bits, scales forgotten in "4 bits".
# - Long contexts, rare languages, arithmetic and tool calls break first; test those.
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# Affine quantisation: Jacob et al., arXiv 1712.05877. GPTQ: Frantar et al., 2210.17323. AWQ: Lin et al., 2306.00978.
# SmoothQuant: Xiao et al., 2211.10438. LLM.int8(): Dettmers et al., 2208.07339. Outliers and training: Ahmadian et
# al., 2305.19268. QLoRA and NF4: Dettmers et al., 2305.14314. Microscaling formats: Rouhani et al., 2310.10537. FP8:
# Micikevicius et al., 2209.05433. Marlin: Frantar et al., 2408.11743. Massive activations: Sun et al., 2402.17762.
# QuaRot: Ashkboos et al., 2404.00456. KIVI: Liu et al., 2402.02750. GGUF:
# https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. H100: NVIDIA's datasheet (SXM, dense).
