# %% [markdown]
# # 17 · Inference optimization
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - Why is a decode step slow while most of the chip does nothing, and from which batch on does that change?
# - Why is exact attention quicker when it computes some things twice, and what does it never write down?
# - How can a small model write most of the text and the result still be, in distribution, the large model's?
# - When does speculation cost more than it gains?
# - What do kernel fusion, CUDA graphs and `torch.compile` remove, and what can they not remove?
#
# Six exercises. The last is a speculative decoder whose output distribution is the target's; then your drafts run
# on SmolLM2. It takes about three hours; the end of part 2 is a good place to stop. It builds on softmax, attention
# and sampling from a distribution, and needs no other section. The KV cache is section 14's matter, number formats
# are section 05's, batching and paging section 12's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** B batch, H heads, N queries, S keys, E head size, V vocabulary, k drafted tokens. $p$ is the target's
# distribution, $q$ the draft's. **Units.** 1 GB is 10⁹ bytes; a FLOP is one multiplication or one addition of
# floating-point numbers; 1 TFLOP/s is 10¹² of them a second. HBM (high-bandwidth memory) is the GPU's large memory,
# SRAM (static memory on the chip) the small one beside its arithmetic. KV stands for keys and values.

# %% setup
import math
from collections.abc import Callable
from fractions import Fraction

import torch
from jaxtyping import Float
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, predicted, raises, unchanged

torch.set_num_threads(1)
Probs = Float[Tensor, "rows V"]  # one distribution a row

# %% tags=["picture"]
from course.sections import inference_optimization

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).to(dtype)


def attended(q, k, v, causal=False, scale=None):
    "The oracle of flash_attention: the whole matrix of scores, in float64, row by row."
    q, k, v = q.double(), k.double(), v.double()
    N, S = q.shape[-2], k.shape[-2]
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    out = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=torch.float64)
    for i in range(N):
        seen = min(S, max(0, i + S - N + 1)) if causal else S
        if seen:
            out[..., i, :] = (scores[..., i, None, :seen].softmax(-1) @ v[..., :seen, :])[..., 0, :]
    return out


def inverse(weights, u):
    "The smallest index whose running total exceeds u times the total."
    total, mark = 0.0, u * sum(weights)
    for i, w in enumerate(weights):
        total += w
        if total > mark:
            return i


def verified(p, q, draft, u, u_next):
    "The oracle of speculative_verify, in Python floats."
    p, q = p.double().tolist(), q.double().tolist()
    for i, d in enumerate(draft):
        if not u[i] * q[i][d] < p[i][d]:
            rest = [max(a - b, 0.0) for a, b in zip(p[i], q[i])]
            return [*draft[:i], inverse(rest if sum(rest) else p[i], u_next)], i
    return [*draft, inverse(p[len(draft)], u_next)], len(draft)


def rows(n, V, seed, dtype=torch.float64, sharp=2.0):
    "Random distributions."
    return drawn(n, V, seed=seed, dtype=torch.float64, size=sharp).softmax(-1).to(dtype)
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · The roofline: what is a step waiting for?
#
# A GPU does arithmetic and it moves bytes, both at once. So a kernel takes about
#
# $$\text{seconds} = \max\!\left(\frac{\text{FLOP}}{\text{peak}},\; \frac{\text{bytes}}{\text{bandwidth}}\right).$$
#
# Where the first is larger it is *compute-bound*, where the second is, *memory-bound*. FLOP/bytes is its *arithmetic
# intensity*; peak/bandwidth is the chip's *ridge*. An A100 (80 GB) does 312 TFLOP/s in BF16 (bfloat16, 2 bytes) and
# moves 2.0 TB/s: its ridge is 156 FLOP a byte. An H100 SXM: 989 TFLOP/s and 3.35 TB/s, 295.
#
# A linear layer of a decode step multiplies B rows by a weight (in, out). Each weight is read once and used B times:
# 2B FLOP for 2 bytes. At B = 1 that is 1 FLOP a byte, and 155 of the A100's 156 parts of arithmetic wait. A 7B model
# has 14 GB of weights: 7 ms a token at 2.0 TB/s, whatever the arithmetic could do.
#
# **What follows.** Until the ridge, more rows a step are free: more users (batching), or more *positions of one text*
# (speculation). Fewer bytes a weight (quantisation) help at small batch. Faster arithmetic helps only beyond.
#
# **The catch: attention is not like that.** Every sequence has keys and values of its own. A batch of B brings B
# times the FLOP *and* B times the bytes: intensity stays where it was. Query heads that share a KV head, several
# queries a step or a cache in fewer bytes raise it; a larger batch does not.

# %% tags=["picture"]
inference_optimization.roofline_picture()

# %% [markdown]
# Dots are decode steps of one linear layer of 4096 × 4096 in BF16 on an A100, at batches 1 to 1,024. They climb the
# memory slope, then they meet the roof.
#
# **Kernels between kernels.** A block of a transformer is dozens of kernels. Each reads its input from HBM, writes
# its output there, and takes some microseconds to launch. *Fusion* (by hand, or by `torch.compile`) makes one kernel
# of several, so what is in between is never written. *CUDA graphs* record a step's launches and replay them as one,
# so the CPU's work a launch disappears; shapes and addresses must stay the same, which is why engines pad batches to
# recorded sizes. Neither reads fewer weights: at batch 1 the slope stays.
#
# **The guide's memory table mixes chips.** Level-1 cache of 128 KB is a V100's. An A100 has 40 MB of level-2 cache
# and 192 KB of level-1 cache or shared memory *per* multiprocessor, an H100 50 MB and 256 KB; registers are 256 KB
# per multiprocessor on both. An A100 has 108 multiprocessors, so its registers together are 27 MiB (of 256 KiB
# each), more than all its shared memory. No single bandwidth is true for "the registers".
#
# ### Exercise 17.1 · critical_batch
#
# Three functions. All sizes are ints of at least 1, bytes may be fractions of a byte such as 0.5.
#
# - `linear_cost(B, n_in, n_out, weight_bytes, act_bytes)` → `(flop, bytes)` of B rows through a linear layer without
#   bias: 2 FLOP for each of its multiplications. Bytes: weights read once, `weight_bytes` each; inputs read and
#   outputs written once, `act_bytes` each.
# - `attention_cost(B, queries, context, heads, kv_heads, head_dim, act_bytes)` → `(flop, bytes)` of the two products
#   of attention, scores and weighted values, for all query heads, no mask, 2 FLOP a multiplication; the softmax
#   counts nothing. Bytes: queries read, keys and values read once for each **KV** head, output written once. Scores
#   are never written.
# - `critical_batch(n_in, n_out, weight_bytes, act_bytes, peak, bandwidth)` → the smallest whole B ≥ 1 at which the
#   linear layer is no longer memory-bound: FLOP/peak ≥ bytes/bandwidth. **None** where no batch is enough: each row
#   brings bytes too, and these alone can outweigh its FLOP.
#
# The first two return numbers (int or float, compared at a relative 1e-9). `critical_batch` returns an int or None
# and is **exact**, ties included, where a float may be off by one at the last digit. `peak` and `bandwidth` are
# ints (FLOP/s and bytes/s), `weight_bytes` and `act_bytes` are multiples of 1/8; `Fraction` is imported for you.
# Searching B = 1, 2, 3 … is too slow: some answers have nine digits.
#
# Source: Williams, Waterman, Patterson 2009, "Roofline"; NVIDIA's data sheets of A100 and H100 (dense BF16).

# %% stub="critical_batch"
def linear_cost(B: int, n_in: int, n_out: int, weight_bytes: float, act_bytes: float) -> tuple[float, float]:
    """FLOP and bytes of B rows through a linear layer: (1, 2, 3, 2, 4) gives (12, 32)."""
    ### BEGIN SOLUTION
    return 2 * B * n_in * n_out, n_in * n_out * weight_bytes + B * (n_in + n_out) * act_bytes
    ### END SOLUTION
    raise NotImplementedError("linear_cost")


def attention_cost(B: int, queries: int, context: int, heads: int, kv_heads: int, head_dim: int,
                   act_bytes: float) -> tuple[float, float]:
    """FLOP and bytes of attention that never writes its scores: (1, 1, 10, 2, 1, 4, 2) gives (320, 192)."""
    ### BEGIN SOLUTION
    flop = 2 * 2 * B * queries * context * heads * head_dim
    numbers = 2 * context * kv_heads * head_dim + 2 * queries * heads * head_dim
    return flop, B * numbers * act_bytes
    ### END SOLUTION
    raise NotImplementedError("attention_cost")


def critical_batch(n_in: int, n_out: int, weight_bytes: float, act_bytes: float, peak: int,
                   bandwidth: int) -> int | None:
    """The smallest batch at which a linear layer is not memory-bound, or None; (2, 2, 2, 0.5, 3, 1) gives 12."""
    ### BEGIN SOLUTION
    weights = Fraction(weight_bytes) * n_in * n_out * peak
    gain = 2 * n_in * n_out * bandwidth - Fraction(act_bytes) * (n_in + n_out) * peak  # of every row
    if gain <= 0:
        return None
    return max(1, math.ceil(weights / gain))
    ### END SOLUTION
    raise NotImplementedError("critical_batch")

# %% [markdown] hints="critical_batch"
# <details><summary>Hint 1: a question</summary>
#
# Which of the bytes does a second row bring with it, and which were there for the first?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# A layer of 2 × 2 at 2 bytes a weight and 0.5 an activation: B rows have 8B FLOP and 8 + 2B bytes. With a ridge of 3
# FLOP a byte one needs 8B ≥ 24 + 6B, so B ≥ 12. With a ridge of 4 it is 8B ≥ 32 + 8B: never.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# After you have solved for B: a tie belongs to compute, so the bound itself may be the answer. Round a fraction up,
# not a float.
#
# </details>

# %% graded="critical_batch__linear" points=1
# Looks at FLOP and bytes of a linear layer.
check(linear_cost, 1, 2, 3, 2, 4, want=(12, 32), why="6 multiplications; 6 weights of 2 bytes, 5 activations of 4",
      mistakes={"1 FLOP a multiplication": (6, 32), "outputs are written too": (12, 20),
                "activations have bytes of their own": (12, 22)})
### BEGIN HIDDEN TESTS
for B, i, o, w, a in [(1, 1, 1, 1, 1), (7, 300, 1100, 0.5, 2), (2000, 4096, 11008, 2, 2), (3, 5, 4, 4, 0.125)]:
    check(linear_cost, B, i, o, w, a, want=(2.0 * B * i * o, i * o * w + B * i * a + B * o * a), rtol=1e-9, atol=0)
### END HIDDEN TESTS

# %% graded="critical_batch__attention" points=1
# Looks at FLOP and bytes of attention, with fewer KV heads than query heads.
check(attention_cost, 1, 1, 10, 2, 1, 4, 2, want=(320, 192), why="2 products of 80 multiplications; 96 numbers move",
      mistakes={"one product only": (160, 192), "keys and values once for each query head": (320, 352),
                "keys without values": (320, 112)})
### BEGIN HIDDEN TESTS
for B, n, s, h, g, e, a in [(3, 1, 700, 8, 2, 64, 2), (2, 5, 33, 6, 6, 24, 0.5), (64, 300, 300, 32, 8, 128, 1),
                            (1, 9, 1, 12, 1, 7, 4), (1, 1, 2, 1, 1, 1, 0.125)]:
    check(attention_cost, B, n, s, h, g, e, a, rtol=1e-9, atol=0,
          want=(4.0 * B * n * s * h * e, (B * s * g * e * 2 + B * n * h * e * 2) * a))
### END HIDDEN TESTS

# %% graded="critical_batch__critical" points=2
# Looks at the smallest batch that is compute-bound: ties, None, whole numbers.
check(critical_batch, 2, 2, 2, 0.5, 3, 1, want=12, why="8 B >= 3 (8 + 2 B); a tie is no longer memory-bound",
      mistakes={"a tie counts as memory-bound": 13, "activations move too": 3, "2 FLOP a multiplication": None})
check(critical_batch, 2, 2, 2, 0.5, 4, 1, want=None, why="8 B >= 32 + 8 B: never")
### BEGIN HIDDEN TESTS
for sizes in [(4096, 4096, 2, 2), (4096, 11008, 0.5, 2), (300, 700, 1, 1), (8, 8, 2, 2), (5, 7, 0.125, 4),
              (1, 1, 0.5, 0.125), (64, 64, 2, 0.25), (64, 64, 2, 1), (16384, 16384, 4, 0.125)]:
    for peak, bandwidth in [(312 * 10 ** 12, 2 * 10 ** 12), (989 * 10 ** 12, 335 * 10 ** 10), (7, 3), (64, 1), (32, 1),
                            (10 ** 12, 10 ** 12), (1, 1000)]:
        n_in, n_out, w, a = sizes
        ridge, want = Fraction(peak, bandwidth), None
        enough = lambda B: 2 * B * n_in * n_out >= ridge * (n_in * n_out * Fraction(w) + B * (n_in + n_out) * Fraction(a))
        high = 1
        while high < 2 ** 80 and not enough(high):
            high *= 2
        if enough(high):
            low = high // 2
            while high - low > 1:
                mid = (low + high) // 2
                low, high = (low, mid) if enough(mid) else (mid, high)
            want = high
        check(critical_batch, n_in, n_out, w, a, peak, bandwidth, want=want)
for n in (3, 49, 10 ** 9 + 7):  # ties: 2 B n >= ridge (n w + 2 B a) at a whole B
    check(critical_batch, 64, 64, n, 1, 32, 1, want=32 * n, why="an exact tie")
    check(critical_batch, 6, 3, n, 0.5, 7, 1, want=28 * n, why="an exact tie: 36 B >= 7 (18 n + 4.5 B)")
for sizes in [(1, 1, 2, 2), (4, 12, 0.5, 1.5), (3, 6, 0.125, 0.25)]:  # a tie at the first row
    n_in, n_out, w, a = sizes
    ridge = Fraction(2 * n_in * n_out) / (n_in * n_out * Fraction(w) + (n_in + n_out) * Fraction(a))
    check(critical_batch, *sizes, ridge.numerator, ridge.denominator, want=1, why="an exact tie at one row")
for sizes, want in [((1, 1, 1, 0.125, 7, 1), 28), ((1, 1, 0.5, 0.125, 15, 2), 30), ((1, 3, 2, 0.25, 59, 10), 354)]:
    check(critical_batch, *sizes, want=want, why="each row brings a hair more FLOP than its bytes ask for")
for eighths in (1, 3, 5, 7, 9, 21):  # 80 B >= ridge (40 w + 13 a)
    check(critical_batch, 5, 8, eighths / 8, 0.125, 40, 1, want=-(-40 * 40 * eighths // (8 * 80 - 40 * 13)),
          why=f"{eighths}/8 of a byte a weight, 1/8 an activation")
for n, many in [(3, 10 ** 12 + 39), (49, 10 ** 12 + 39), (3, 10 ** 17 + 3), (7, 10 ** 18 + 9)]:  # 32 n many / (many - 2)
    check(critical_batch, 64, 64, n, 1, 32 * many, many - 1, want=32 * n + 1, why="a hair above a whole number")
    check(critical_batch, 64, 64, n, 1, 32 * many, many, want=32 * n, why="an exact tie")
    check(critical_batch, 64, 64, n, 1, 32 * many, many + 1, want=32 * n, why="a hair below a whole number")
got = critical_batch(64, 64, 3, 1, 32, 1)
assert type(got) is int, f"critical_batch gives an int, not a {type(got).__name__}"
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · FlashAttention: exact, and never N × N
#
# Standard attention writes the scores to HBM, reads them for the softmax, writes the weights, reads them for the
# product with V. For 32 heads and 8,192 tokens the scores alone are 2.1 billion numbers, 4.3 GB in BF16, of which
# not one is wanted in the end.
#
# FlashAttention (Dao et al. 2022, arXiv 2205.14135) computes the same numbers tile by tile. A block of queries stays
# in SRAM, and blocks of keys and values pass by. The trouble is the softmax: its denominator is known only after the
# last key. So each query carries three things: the largest score so far $m$, the sum $\ell = \sum_j e^{s_j - m}$, and
# $o = \sum_j e^{s_j - m} v_j$. A new block with scores $s$ brings
#
# $$m' = \max(m, \max_j s_j), \qquad \ell' = e^{m - m'} \ell + \sum_j e^{s_j - m'}, \qquad
# o' = e^{m - m'} o + \sum_j e^{s_j - m'} v_j,$$
#
# and $o/\ell$ is the answer at the end. Nothing is approximated.
#
# **What is saved, and what is not.** FLOP: the same $O(N^2 E)$, a few more. Extra memory: $O(N)$ instead of $O(N^2)$.
# HBM traffic: $O(N^2 E^2 / M)$ with an SRAM of M numbers, instead of $O(N E + N^2)$. So it is *fewer* bytes for less
# memory, not "no bytes". Its authors report 2 to 4 times the speed of unfused PyTorch and 10 times less memory at
# 2,048 tokens, 20 times at 4,096. FlashAttention-2 divides the work better between warps (about twice as fast),
# FlashAttention-3 is for Hopper chips with FP8 (8-bit floats).
#
# **Find the fault.** The guide's snippet says `output += attention_block(...)` for each block of keys: each block
# with its own softmax, and the sum of all. With 8 blocks every answer is a sum of eight averages, about eight times
# too large; the average of the eight would still be wrong, since a block with small scores weighs as much as any.

# %% tags=["picture"]
inference_optimization.guides_sum()

# %% [markdown]
# **Causal, when there are more keys than queries.** With a KV cache the last N of S positions ask. The first query
# sits at position S − N. So the mask is aligned at the *bottom right*: query i sees keys 0 … i + S − N. PyTorch's
# `scaled_dot_product_attention(is_causal=True)` aligns top left: a single decode query would see one key only.
#
# ### Exercise 17.2 · flash_attention
#
# `flash_attention(q, k, v, block, causal=False, scale=None)` → (B, H, N, Ev), for q (B, H, N, E), k (B, H, S, E),
# v (B, H, S, Ev), all of one dtype.
#
# - Queries and keys are taken in blocks of `block`; the last block of each may be shorter. `block` may exceed both.
# - **Never a tensor of N × S numbers**, for no head: a hidden call has N = S = 12,500, and the judge's memory is less
#   than scores and weights of that size take in float64. Not checked: less memory than `block` × S for a block of
#   queries, and a causal mask of N × S, though it is the same fault.
# - `scale` multiplies the scores; None means $1/\sqrt E$. It may be 0 or negative.
# - `causal`: query i sees key j where j ≤ i + S − N. Where a query sees nothing (N > S), or S = 0, its output is 0.
#   Blocks that nobody sees may be skipped; that is not checked.
# - Scores may be as large as 10⁵ and as small as −10⁵. Numbers are finite.
# - Half precision: all inside in float32, rounded once at the end. float64 stays float64. The output has q's dtype.
# - No gradient is asked. New memory; the arguments stay as they are.
#
# In float32 tolerances are a relative 1e-4 and an absolute 1e-4 where scores are small, 2e-2 at scores of 10⁵, where
# float32 numbers lie 0.008 apart. Source: Dao et al. 2022, algorithm 1; Dao 2023, arXiv 2307.08691.

# %% stub="flash_attention"
def flash_attention(q: Float[Tensor, "B H N E"], k: Float[Tensor, "B H S E"], v: Float[Tensor, "B H S Ev"],
                    block: int, causal: bool = False, scale: float | None = None) -> Float[Tensor, "B H N Ev"]:
    """softmax(scale q k^T) v, tile by tile, with a running maximum and sum.

    Two keys with the same scores and values 1 and 3 give 2, whatever the block.
    """
    ### BEGIN SOLUTION
    N, S = q.shape[2], k.shape[2]
    wide = torch.promote_types(q.dtype, torch.float32)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    out = torch.zeros(*q.shape[:3], v.shape[-1], dtype=q.dtype)
    for a in range(0, N, block):
        rows = q[:, :, a:a + block].to(wide) * scale
        n = rows.shape[2]
        last = torch.arange(a, a + n)[:, None] + S - N  # the last key that each query sees
        m = torch.full((*rows.shape[:3], 1), -torch.inf, dtype=wide)
        total, o = torch.zeros_like(m), torch.zeros(*rows.shape[:3], v.shape[-1], dtype=wide)
        for b in range(0, S, block):
            if causal and b > a + n - 1 + S - N:
                break
            scores = rows @ k[:, :, b:b + block].to(wide).transpose(-1, -2)
            if causal:
                scores = scores.masked_fill(torch.arange(b, b + scores.shape[-1]) > last, -torch.inf)
            new = torch.maximum(m, scores.amax(-1, keepdim=True))
            safe = new.masked_fill(new == -torch.inf, 0.0)  # a query that has seen nothing yet
            weights, old = (scores - safe).exp(), (m - safe).exp()
            total = old * total + weights.sum(-1, keepdim=True)
            o, m = old * o + weights @ v[:, :, b:b + block].to(wide), new
        out[:, :, a:a + n] = (o / total.masked_fill(total == 0, 1.0)).to(q.dtype)
    return out
    ### END SOLUTION
    raise NotImplementedError("flash_attention")

# %% [markdown] hints="flash_attention"
# <details><summary>Hint 1: a question</summary>
#
# When a larger score arrives, all earlier weights were taken against a maximum that is too small. By which one
# factor are they all wrong?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Scores 0 | ln 3 in blocks of one, values 1 and 5. After the first: m = 0, sum 1, o = 1. The second has m' = ln 3,
# the factor is 1/3: sum 1/3 + 1, o = 1/3 + 5. The answer is 5.333 / 1.333 = 4, which is 1/4 · 1 + 3/4 · 5.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A query that has seen no key yet has the maximum −∞, and −∞ − (−∞) is NaN. When N > S some queries stay so to the
# end; and if you take the keys' blocks in another order than from the first on, more of them are so on the way.
#
# </details>

# %% graded="flash_attention__values" points=2
# Looks at uneven blocks, batch and heads, unlike head sizes, scales.
one = torch.tensor([[[[1.0]]]])
check(flash_attention, one, torch.tensor([[[[0.0], [3.0 ** 0.5], [-1.0]]]]), torch.tensor([[[[1.0], [5.0], [9.0]]]]), 2,
      False, 0.0, want=torch.tensor([[[[5.0]]]]), why="with scale 0 all three keys weigh the same",
      mistakes={"each block's own softmax, summed": torch.tensor([[[[12.0]]]]),
                "the average of each block's average": torch.tensor([[[[6.0]]]]),
                "the last block, which is shorter, was left out": torch.tensor([[[[3.0]]]])})
check(flash_attention, one, torch.tensor([[[[0.0], [math.log(3.0)]]]]), torch.tensor([[[[1.0], [5.0]]]]), 1,
      want=torch.tensor([[[[4.0]]]]), why="weights 1/4 and 3/4",
      mistakes={"earlier blocks were not rescaled": torch.tensor([[[[3.0]]]])})
### BEGIN HIDDEN TESTS
for seed, (B, H, N, S, E, Ev, block) in enumerate([(1, 1, 1, 1, 1, 1, 1), (2, 3, 7, 11, 5, 4, 3), (3, 1, 33, 70, 24, 9, 16),
                                                   (1, 2, 5, 300, 6, 6, 64), (2, 1, 40, 9, 8, 3, 100), (1, 2, 13, 13, 4, 7, 1),
                                                   (2, 2, 150, 290, 3, 2, 128)]):
    for dtype in (torch.float32, torch.float64):
        q, k, v = (drawn(*s, seed=10 * seed + i, dtype=dtype, size=z) for i, (s, z) in enumerate(
            [((B, H, N, E), 2.0), ((B, H, S, E), 2.0), ((B, H, S, Ev), 1.0)]))
        room = dict(rtol=1e-4, atol=1e-4) if dtype == torch.float32 else dict(rtol=1e-9, atol=1e-9)
        for scale in (None, 0.3, -0.7):
            check(flash_attention, q, k, v, block, False, scale, want=attended(q, k, v, False, scale).to(dtype), **room)
q, k, v = (drawn(9, 2, 3, 5, seed=i).permute(1, 2, 0, 3) for i in range(3))  # nothing is contiguous
check(flash_attention, q, k, v, 4, want=attended(q, k, v).float(), rtol=1e-4, atol=1e-4)
apart = [drawn(2, 9, 3, 5, seed=i).transpose(1, 2) for i in range(3)]  # heads as a projection leaves them
check(flash_attention, *apart, 4, want=attended(*apart).float(), rtol=1e-4, atol=1e-4)
check(flash_attention, q, k[:, :, :0], v[:, :, :0], 4, want=torch.zeros(2, 3, 9, 5), why="no keys: 0")
check(flash_attention, q, k[:, :, :0], v[:, :, :0], 4, True, want=torch.zeros(2, 3, 9, 5), why="no keys: 0")
### END HIDDEN TESTS

# %% graded="flash_attention__causal" points=2
# Looks at the mask: aligned at the bottom right, N below, at and above S.
q, k, v = torch.zeros(1, 1, 2, 1), torch.zeros(1, 1, 4, 1), torch.tensor([[[[0.0], [3.0], [6.0], [9.0]]]])
check(flash_attention, q, k, v, 3, True, want=torch.tensor([[[[3.0], [4.5]]]]),
      why="the two queries are the last two of four positions: they see 3 and 4 keys",
      mistakes={"the mask is aligned at the top left": torch.tensor([[[[0.0], [1.5]]]]),
                "no mask": torch.full((1, 1, 2, 1), 4.5),
                "a query does not see its own position": torch.tensor([[[[1.5], [3.0]]]])})
check(flash_attention, torch.zeros(1, 1, 3, 1), k[:, :, :1], v[:, :, 1:2], 2, True,
      want=torch.tensor([[[[0.0], [0.0], [3.0]]]]), why="three queries, one key: two see nothing, their output is 0",
      mistakes={"NaN where a query sees nothing": torch.tensor([[[[torch.nan], [torch.nan], [3.0]]]])})
### BEGIN HIDDEN TESTS
for seed, (B, H, N, S, E, Ev, block) in enumerate([(2, 1, 1, 9, 4, 3, 4), (1, 3, 12, 12, 5, 2, 5), (2, 2, 7, 40, 6, 4, 8),
                                                   (3, 1, 40, 7, 3, 5, 6), (1, 2, 150, 280, 4, 3, 64),
                                                   (1, 1, 300, 290, 2, 3, 1000), (1, 2, 9, 11, 3, 2, 1)]):
    for dtype in (torch.float32, torch.float64):
        q, k, v = (drawn(B, H, n, e, seed=10 * seed + i, dtype=dtype, size=2.0)
                   for i, (n, e) in enumerate([(N, E), (S, E), (S, Ev)]))
        room = dict(rtol=1e-4, atol=1e-4) if dtype == torch.float32 else dict(rtol=1e-9, atol=1e-9)
        for scale in (None, 0.6):
            check(flash_attention, q, k, v, block, True, scale, want=attended(q, k, v, True, scale).to(dtype), **room)
### END HIDDEN TESTS

# %% graded="flash_attention__large_scores" points=1
# Looks at scores of 100,000 and of -100,000, one block far above the other.
one = torch.tensor([[[[1.0]]]])
check(flash_attention, one, torch.tensor([[[[-1e5], [-1e5], [-2e5]]]]), torch.tensor([[[[1.0], [3.0], [9.0]]]]), 2,
      want=torch.tensor([[[[2.0]]]]), rtol=2e-2, atol=2e-2, why="the maximum is subtracted: only differences count",
      mistakes={"exp(-100000) is 0, and 0/0": torch.tensor([[[[torch.nan]]]])})
### BEGIN HIDDEN TESTS
for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1]):
    for shift in (0.0, 1e5, -1e5):
        k = (torch.tensor([-200.0, -50.0, 0.0, -1.0, 30.0]) + shift)[order].reshape(1, 1, 5, 1)
        v = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0])[order].reshape(1, 1, 5, 1)
        for block in (1, 2, 3):
            for causal in (False, True):
                q = torch.ones(1, 1, 3, 1)
                check(flash_attention, q, k, v, block, causal, want=attended(q, k, v, causal).float(), rtol=2e-2, atol=2e-2)
k = torch.tensor([-1e5, -1e5, -1e5, 0.0]).double().reshape(1, 1, 4, 1)  # the mask is below every score
v = torch.tensor([1.0, 2.0, 6.0, 50.0]).double().reshape(1, 1, 4, 1)
check(flash_attention, torch.ones(1, 1, 2, 1).double(), k, v, 2, True, want=attended(torch.ones(1, 1, 2, 1), k, v, True))
q, k, v = drawn(2, 2, 9, 4, seed=1) * 100, drawn(2, 2, 30, 4, seed=2) * 100, drawn(2, 2, 30, 3, seed=3)
q[0] *= 1e-4  # rows of very different scale
for causal in (False, True):
    check(flash_attention, q, k, v, 7, causal, want=attended(q, k, v, causal).float(), rtol=2e-2, atol=2e-2)
### END HIDDEN TESTS

# %% graded="flash_attention__half" points=2
# Looks at float16 and bfloat16 against float64, and at float64 itself.
precise(flash_attention, torch.ones(1, 1, 1, 24), torch.ones(1, 1, 300, 24) / 7, torch.full((1, 1, 300, 1), 0.3), 32,
        oracle=lambda q, k, v, block: v[:, :, :1], why="300 equal weights: sums belong in float32")
### BEGIN HIDDEN TESTS
for seed, (N, S, E, block) in enumerate([(5, 70, 24, 16), (9, 300, 40, 64), (33, 20, 12, 7)]):
    q, k = drawn(1, 2, N, E, seed=seed, size=1.5), drawn(1, 2, S, E, seed=seed + 20, size=1.5)
    v = drawn(1, 2, S, 5, seed=seed + 40).abs() + 0.3
    for causal in (False, True):
        precise(lambda q, k, v: flash_attention(q, k, v, block, causal), q, k, v,
                oracle=lambda q, k, v: attended(q, k, v, causal))
for seed in range(4):  # few keys, large scores: scores and weights in half precision show
    q, k = drawn(1, 2, 60, 24, seed=seed).abs() + 0.5, drawn(1, 2, 5, 24, seed=seed + 20).abs() + 0.5
    v = drawn(1, 2, 5, 4, seed=seed + 40, size=3.0).clamp(max=6).exp()
    precise(lambda q, k, v: flash_attention(q, k, v, 2), q, k, v, oracle=attended)
for seed in range(3):  # values that nearly cancel: rounded queries, scores and weights show many times enlarged
    q, k = drawn(1, 2, 20, 24, seed=seed, size=0.7), drawn(1, 2, 6, 24, seed=seed + 100, size=0.7)
    v = drawn(1, 2, 6, 4, seed=seed + 200, size=0.1) + torch.tensor([1.0, -0.9] * 3)[:, None]
    precise(lambda q, k, v: flash_attention(q, k, v, 2), q, k, v, oracle=attended)
for sign in (1.0, -1.0):  # scores of 100,000, more than float16 holds
    q, k = torch.full((1, 1, 2, 1), 400.0), torch.tensor([250.0, 250.0, 125.0, -125.0, -250.0]).reshape(1, 1, 5, 1)
    q, k, v = q.half(), k.half(), torch.arange(1.0, 6.0).reshape(1, 1, 5, 1).half()
    check(flash_attention, q, k, v, 2, False, sign, want=attended(q, k, v, False, sign).half(), rtol=2e-2, atol=2e-2)
### END HIDDEN TESTS

# %% graded="flash_attention__memory" points=2
# Looks at the arguments afterwards, the answer's memory, and a call without room for N x N.
one = torch.tensor([[[[1.0]]]])
unchanged(flash_attention, one, one, 2 * one, 1, True, want=2 * one)
fresh(flash_attention, one, one, 2 * one, 1, want=2 * one)
### BEGIN HIDDEN TESTS
q, k, v = drawn(2, 1, 5, 3, seed=1), drawn(2, 1, 6, 3, seed=2), drawn(2, 1, 6, 2, seed=3)
for causal in (False, True):
    unchanged(flash_attention, q, k, v, 2, causal, -2.0, want=attended(q, k, v, causal, -2.0).float(), rtol=1e-4, atol=1e-4)
    fresh(flash_attention, q, k, v, 9, causal, 1.0, want=attended(q, k, v, causal, 1.0).float(), rtol=1e-4, atol=1e-4)
n = 12_500
q, v = torch.zeros(1, 1, n, 1).double(), torch.arange(n).double().reshape(1, 1, n, 1) / n
got = flash_attention(q, torch.zeros(1, 1, n, 1).double(), v, 300)  # no mask: it would take three times as long
expect(got, v.mean(2, keepdim=True).expand(1, 1, n, 1), on="12,500 queries, 12,500 equal scores, in float64", rtol=1e-4,
       atol=1e-4)
### END HIDDEN TESTS

# %% tags=["picture"]
inference_optimization.memory_of_scores()

# %% [markdown]
# The scores of one head beside what your function holds: m, ℓ and o of the queries and one tile. On a GPU the tile
# must fit into SRAM; that decides the block.

# %% [markdown]
# ## 3 · Speculative decoding: check many tokens for the price of one
#
# At batch 1 a forward pass over five tokens costs about what it costs over one: the weights are read once. But the
# five tokens must be known. So a cheap *draft* proposes k tokens, and the target scores all of them in **one** pass,
# which gives k + 1 distributions $p_1 \dots p_{k+1}$: one for each drafted place, and one for the place after.
#
# Which drafts may stay? "Accept until the first mismatch" is right for greedy decoding only. For sampling (Leviathan
# et al. 2022, arXiv 2211.17192; Chen et al. 2023, 2302.01318):
#
# - Draft $d \sim q$ is accepted with probability $\min(1,\, p(d)/q(d))$.
# - At the first rejection, sample instead from the **residual** $\max(p - q, 0)$, normalised, and drop the rest.
# - If all k were accepted, the target's $p_{k+1}$ gives one more token, the **bonus**, for free.
#
# **Why it is exact.** Token x comes out as an accepted draft with probability $q(x) \min(1, p(x)/q(x)) = \min(p, q)$.
# All that is rejected, together $1 - \sum \min(p, q) = \sum \max(p - q, 0)$, goes to the residual, which adds exactly
# $\max(p - q, 0)$. And $\min(p, q) + \max(p - q, 0) = p$. So the rate of acceptance is $\sum_x \min(p, q)$, which is 1
# less the total variation distance of p and q.
#
# Each shortcut gives another distribution. Replacing a rejected draft by a sample of $p$ counts twice what the draft
# likes. Accepting where $p \ge q$, else never, does the reverse: what the draft likes too much is never written.
#
# **Find the fault.** The guide's function returns at most k tokens: it has no bonus. It reads `main_probs[i]`, as if
# row 0 belonged to draft 0, but a forward over prompt and drafts has draft i's distribution at row
# `len(prompt) - 1 + i`. And it keeps only $q(d)$ of each draft, from which no residual can be made.
#
# ### Exercise 17.3 · speculative_verify
#
# `speculative_verify(p, q, draft, u, u_next)` → `(tokens, accepted)`: a list of ints and an int. Chance comes in as
# numbers, so the answer is exact.
#
# - `p` (k + 1, V) and `q` (k, V): whole distributions, float32 or float64, each row sums to 1 up to rounding;
#   take them as they are. `draft`: a list of k ids. `u`: a list of k floats in [0, 1). `u_next`: one more. k may be 0
#   (`q` is then (0, V)).
# - Draft i is accepted where `u[i] * q[i, d] < p[i, d]`. At equality it is rejected.
# - The first rejected draft is replaced by one sampled from its residual, by `u_next`. Without a rejection the bonus
#   is sampled from the last row of `p`, by `u_next`.
# - *Sampled by u from weights w*: the smallest index i with $w_0 + \dots + w_i > u \sum w$. An id of weight 0 is
#   never chosen.
# - By rounding a residual can be 0 everywhere though a draft was rejected. Then sample from $p_i$ itself.
# - A draft that q cannot have made (`q[i, d] == 0`) is a bug of the caller: ValueError, for any i, even behind a
#   rejection.
# - Compute in float64. Hidden data keep away from the edges by a relative 1e-6, except where the numbers are exact.
#
# `tokens` has `accepted + 1` entries. Source: Leviathan et al. 2022, algorithm 1; transformers 5.23.0,
# `_speculative_sampling`.

# %% stub="speculative_verify"
def speculative_verify(p: Probs, q: Probs, draft: list[int], u: list[float], u_next: float) -> tuple[list[int], int]:
    """The drafts that stay and one token more, and how many stayed.

    p = [[.5, .5], [0, 1]], q = [[1, 0]], draft [0]: u = [.4] gives ([0, 1], 1), u = [.6] gives ([1], 0).
    """
    ### BEGIN SOLUTION
    p, q = p.double(), q.double()
    if any(q[i, d] == 0 for i, d in enumerate(draft)):
        raise ValueError("a draft of probability 0")
    weights, accepted = p[len(draft)], len(draft)
    for i, d in enumerate(draft):
        if not u[i] * q[i, d] < p[i, d]:
            rest = (p[i] - q[i]).clamp(min=0)
            weights, accepted = (rest if rest.sum() > 0 else p[i]), i
            break
    running = weights.cumsum(0)
    token = int((running > u_next * running[-1]).int().argmax())
    return [*map(int, draft[:accepted]), token], accepted
    ### END SOLUTION
    raise NotImplementedError("speculative_verify")

# %% [markdown] hints="speculative_verify"
# <details><summary>Hint 1: a question</summary>
#
# The draft says a token twice as often as the target wants it. How often must you let it pass, and who should get
# the share that you took from it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# p = [1/8, 3/8, 4/8], q = [5/8, 1/8, 2/8], draft 0. It is accepted with probability 1/5. Else the residual is
# [0, 2, 2]/8: its sum is 1/2, so u_next = 0.4 marks 0.2, and the running sums 0, 1/4, 1/2 first exceed it at id 1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Divide by q or multiply by it: a draft whose p is 0 must be rejected even when its u is 0. And the running sums
# must exceed the mark, not only reach it, else id 0 can be chosen with weight 0.
#
# </details>

# %% graded="speculative_verify__rules" points=3
# Looks at acceptance, residual and bonus, one rule at a time.
p, q = torch.tensor([[0.125, 0.375, 0.5], [0.0, 0.25, 0.75]]), torch.tensor([[0.625, 0.125, 0.25]])
check(speculative_verify, p, q, [0], [0.1], 0.3, want=([0, 2], 1), why="0.1 * 5/8 < 1/8: accepted; then the bonus from p[1]",
      mistakes={"no bonus": ([0], 1), "rejected": ([1], 0), "the bonus is drawn from p[0]": ([0, 1], 1)})
check(speculative_verify, p, q, [0], [0.3], 0.4, want=([1], 0), why="rejected; the residual is [0, 1/4, 1/4]",
      mistakes={"the residual is not normalised: u times 1": ([2], 0), "p - q without the clamp": ([0], 0)})
check(speculative_verify, p, q, [0], [0.3], 0.05, want=([1], 0), why="id 0 has no weight in the residual",
      mistakes={"sampled from p": ([0], 0)})
check(speculative_verify, p, q, [1], [0.999], 0.0, want=([1, 1], 1), why="p >= q is always accepted; weight 0 is never chosen",
      mistakes={"an id of weight 0 was chosen": ([1, 0], 1)})
### BEGIN HIDDEN TESTS
for seed in range(70):
    k, V = seed % 6, [2, 3, 5, 11, 300, 1500][seed % 5 + (seed % 11 == 0)]
    rng = torch.Generator().manual_seed(seed)
    dtype = torch.float32 if seed % 3 else torch.float64
    p, q = rows(k + 1, V, seed, dtype), rows(k, V, seed + 500, dtype)
    if seed % 2 and k:
        q = 0.7 * p[:k] + 0.3 * q  # close: most are accepted
    draft = [int(torch.multinomial(row, 1, generator=rng)) for row in q]
    *u, u_next = torch.rand(k + 1, generator=rng, dtype=torch.float64).tolist()
    check(speculative_verify, p, q, draft, u, u_next, want=verified(p, q, draft, u, u_next))
for u_next in (0.0, 0.3, 0.99):
    row = rows(1, 40, 7)
    check(speculative_verify, row, torch.zeros(0, 40), [], [], u_next, want=verified(row, row[:0], [], [], u_next),
          why="nothing drafted: one token of the target")
### END HIDDEN TESTS

# %% graded="speculative_verify__edges" points=2
# Looks at ties, zeros, a residual that rounding emptied, impossible drafts, types, arguments.
check(speculative_verify, torch.tensor([[0.25, 0.75], [0.5, 0.5]]), torch.tensor([[0.5, 0.5]]), [0], [0.5], 0.5,
      want=([1], 0), why="0.5 * 0.5 is 0.25: at equality the draft is rejected",
      mistakes={"accepted at equality": ([0, 1], 1)})
raises(ValueError, speculative_verify, torch.tensor([[0.5, 0.5], [0.5, 0.5]]), torch.tensor([[1.0, 0.0]]), [1], [0.5], 0.5,
       why="q cannot have drafted id 1")
### BEGIN HIDDEN TESTS
half = torch.tensor([[0.5, 0.5]])
check(speculative_verify, torch.tensor([[0.0, 1.0], [0.5, 0.5]]), half, [0], [0.0], 0.0, want=([1], 0),
      why="p = 0: never accepted, not even with u = 0")
check(speculative_verify, torch.tensor([[0.5, 0.5], [0.5, 0.5]]), half, [1], [0.99999], 0.0, want=([1, 0], 1), why="p = q")
check(speculative_verify, torch.tensor([[0.5, 0.5], [0.25, 0.75]]), half, [1], [0.5], 0.25, want=([1, 1], 1),
      why="the running total must exceed u, not reach it")
empty = torch.tensor([[0.5, 0.5 - 2.0 ** -20], [0.5, 0.5]])
for u_next, want in [(0.3, 0), (0.7, 1)]:
    check(speculative_verify, empty, half, [1], [1 - 2.0 ** -24], u_next, want=([want], 0),
          why="the residual is 0 everywhere: sample from p")
check(speculative_verify, torch.tensor([[0.0, 0.5, 0.5], [0.0, 0.0, 1.0]]), torch.tensor([[2.0 ** -20, 0.5, 0.5]]), [0], [0.5],
      0.0, want=([1], 0), why="the residual is 0 everywhere: sample from p of the rejected place, where id 0 has weight 0")
close = torch.tensor([[0.25, 0.75], [0.5, 0.5]], dtype=torch.float64)
check(speculative_verify, close, torch.tensor([[0.25 + 2.0 ** -30, 0.75 - 2.0 ** -30]], dtype=torch.float64), [0],
      [1 - 2.0 ** -40], 0.1, want=([1], 0), why="the residual is [0, 2**-30]: float32 does not see it")
tiny = torch.tensor([[1e-9, 1 - 1e-9, 0.0], [1.0, 0.0, 0.0]], dtype=torch.float64)
for u, want in [(0.4, ([0, 0], 1)), (0.6, ([1], 0))]:
    check(speculative_verify, tiny, torch.tensor([[2e-9, 1 - 3e-9, 1e-9]], dtype=torch.float64), [0], [u], 0.5, want=want,
          why="probabilities of 1e-9 count")
odd = torch.tensor([[0.5, 2.0 ** -25, 0.5]])  # the sum is 1 + 2**-25, in float32 it is 1
for row, draft in ((odd, []), (torch.cat([odd, odd]), [0])):
    check(speculative_verify, row, row[:-1], draft, [0.5] * len(draft), 0.5 - 2.0 ** -28, want=([*draft, 1], len(draft)),
          why="the mark lies above 0.5: the sum of the weights in float64")
steady = torch.tensor([[0.125, 0.375, 0.5]] * 4)
rare = torch.tensor([[1e-13, 1 - 1e-13]], dtype=torch.float64)
check(speculative_verify, half.repeat(2, 1), rare, [0], [0.9], 0.7, want=([0, 1], 1), why="1e-13 is not 0")
raises(ValueError, speculative_verify, steady, torch.tensor([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]),
       [0, 0, 0], [0.999, 0.5, 0.5], 0.5, why="the third draft is impossible, wherever the first rejection is")
tokens, accepted = speculative_verify(rows(3, 5, 2), rows(2, 5, 2)[:2], [1, 4], [0.1, 0.2], 0.5)
assert [type(x) for x in tokens] + [type(accepted)] == [int] * 4, "tokens and the count are Python ints"
p, q = rows(3, 9, 4).T.contiguous().T, rows(2, 9, 5).T.contiguous().T
for u in ([0.3, 0.9], [1 - 1e-9, 0.5], [0.0, 1 - 1e-9]):  # all accepted or not: draft and u stay as they are
    for draft in ([3, 4], [int((q[0] - p[0]).argmax()), int((q[1] - p[1]).argmax())]):
        unchanged(speculative_verify, p, q, draft, u, 0.6, want=verified(p, q, draft, u, 0.6))
### END HIDDEN TESTS

# %% graded="speculative_verify__distribution" points=2
# Looks at the distribution of what comes out, over a grid of all chances: it must be p.
def comes_out(p, q, n=12):
    "The distribution of the first token: every draft by its probability, every chance on a grid of midpoints."
    out = torch.zeros(p.shape[1], dtype=torch.float64)
    for d in range(q.shape[1]):
        for i in range(n):
            for j in range(n):
                tokens, _ = speculative_verify(p, q, [d], [(i + 0.5) / n], (j + 0.5) / n)
                out[tokens[0]] += q[0, d].double() / n ** 2
    return out

p, q = torch.tensor([[0.25, 0.75], [0.5, 0.5]]), torch.tensor([[0.75, 0.25]])
expect(comes_out(p, q, 6), p[0].double(), on="the distribution of the first token", why="drafts come from q, tokens from p",
       mistakes={"a rejected draft was replaced by a sample of p": torch.tensor([0.375, 0.625]).double(),
                 "every draft was accepted": torch.tensor([0.75, 0.25]).double()})
### BEGIN HIDDEN TESTS
p = torch.tensor([[1, 3, 2, 2], [2, 2, 2, 2]]) / 8.0
expect(comes_out(p, torch.tensor([[5, 1, 1, 1]]) / 8.0, 10)[[0]], p[0, :1].double(), on="how often id 0 comes out")
expect(comes_out(p, torch.tensor([[4, 1, 2, 1]]) / 8.0, 12), p[0].double(), on="the distribution of the first token")
### END HIDDEN TESTS

# %% tags=["picture"]
inference_optimization.shares(speculative_verify)

# %% [markdown]
# 20,000 verifications each. Your rule comes out at p. The two shortcuts do not, though each "uses the target".
#
# ## 4 · When does it pay?
#
# Say each draft is accepted with the same chance α, independently. Then a step gives, on average,
#
# $$E = 1 + \alpha + \alpha^2 + \dots + \alpha^k = \frac{1 - \alpha^{k+1}}{1 - \alpha}$$
#
# tokens, the bonus among them. α = 0.8, k = 4: 3.36, without the bonus 2.95. A step costs k drafts, c each (in units
# of a target step), and one pass over k + 1 tokens. At batch 1 that pass costs about 1. Near the ridge each further
# token costs something, `extra`: then
#
# $$\text{speed-up} = \frac{E}{1 + k\,(c + \text{extra})}.$$
#
# The large gains are advertised at batch 1. At a batch beyond the ridge `extra` tends to 1, and every rejected draft
# is arithmetic taken from another user. **Speculation is a way to spend idle arithmetic; a full server has none.**
#
# **The catch: α is not one number.** Acceptance depends on the context: easy stretches and hard ones alternate. If half
# of all steps have α = 0.95 and half 0.25, k = 8 gives 4.36 tokens a step on average. The formula with the mean, α =
# 0.6, says 2.47. A power is not a straight line, so measure tokens a step, not α alone.
#
# **Drafts of other kinds.** *Prompt lookup* copies (part 5). *Medusa* trains extra heads on the target that each
# guess a later token; *EAGLE* drafts with one small layer on the target's own hidden states. Both draft *trees*: many
# continuations share a prefix and are verified in one pass, with a mask in which each node sees its ancestors only.
# More branches mean more accepted, and more arithmetic a step. A mixture of experts gains less: k + 1 tokens touch
# more experts, so more weights are read.
#
# ### Exercise 17.4 · best_k
#
# - `expected_tokens(alpha, k)` → E, for alpha in [0, 1], both ends included, and k from 0 to 1,000. Right to a
#   relative 1e-11, also for alpha just below 1, where the quotient has lost half of its digits.
# - `speedup(alpha, k, c, extra=0.0)` → the formula above, a float.
# - `best_k(alpha, c, extra=0.0, most=16)` → the k from 0 to `most`, inclusive, with the largest speed-up: an int.
#   k = 0 is "do not speculate", with a speed-up of 1. Speed-ups within a relative 1e-9 of the largest count as equal,
#   and the smallest such k wins.
#
# `c` and `extra` are at least 0. Source: Leviathan et al. 2022, equation 1 and theorem 3.8.

# %% stub="best_k"
def expected_tokens(alpha: float, k: int) -> float:
    """Tokens a step with k drafts, each accepted with chance alpha: (0.5, 2) gives 1.75."""
    ### BEGIN SOLUTION
    return math.fsum(alpha ** i for i in range(k + 1))
    ### END SOLUTION
    raise NotImplementedError("expected_tokens")


def speedup(alpha: float, k: int, c: float, extra: float = 0.0) -> float:
    """How many times as fast as without drafts: (0.5, 2, 0.25, 0.125) gives 1.0."""
    ### BEGIN SOLUTION
    return expected_tokens(alpha, k) / (1 + k * (c + extra))
    ### END SOLUTION
    raise NotImplementedError("speedup")


def best_k(alpha: float, c: float, extra: float = 0.0, most: int = 16) -> int:
    """How many tokens to draft; 0 where drafting does not pay."""
    ### BEGIN SOLUTION
    gains = [speedup(alpha, k, c, extra) for k in range(most + 1)]
    return next(k for k, gain in enumerate(gains) if gain >= max(gains) * (1 - 1e-9))
    ### END SOLUTION
    raise NotImplementedError("best_k")

# %% [markdown] hints="best_k"
# <details><summary>Hint 1: a question</summary>
#
# The first draft counts only if it is accepted. When does the third count? And what comes even if none is?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# α = 1/2, c = 1/2: k = 1 gives 1.5 tokens for 1.5, a speed-up of 1; k = 2 gives 1.75 for 2. So the best is 1 and k =
# 0 has it too: do not draft.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# At α = 1 the quotient is 0/0, and at α = 1 − 10⁻⁹ and k = 8 it is off by 4·10⁻⁹: eight of sixteen digits are right.
# The sum has all of them.
#
# </details>

# %% graded="best_k__tokens" points=1
# Looks at the expected tokens, at both ends and just below 1.
check(expected_tokens, 0.5, 2, want=1.75, why="1 + 1/2 + 1/4",
      mistakes={"without the bonus": 1.5, "one term too many": 1.875})
check(expected_tokens, 1.0, 4, want=5.0, why="all accepted, and the bonus")
### BEGIN HIDDEN TESTS
for alpha in (0.0, 0.01, 0.3, 0.8, 0.97, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1.0):
    for k in (0, 1, 2, 5, 17, 300, 1000):
        want = float(sum((Fraction(alpha) ** i for i in range(k + 1)), Fraction(0))) if k < 20 else \
            (k + 1.0 if alpha == 1 else 1.0 if alpha == 0 else -math.expm1((k + 1) * math.log(alpha)) / (1 - alpha))
        check(expected_tokens, alpha, k, want=want, rtol=1e-11, atol=0)
### END HIDDEN TESTS

# %% graded="best_k__speedup" points=1
# Looks at the speed-up.
check(speedup, 0.5, 2, 0.25, 0.125, want=1.0, why="1.75 / 1.75",
      mistakes={"extra was left out": 1.75 / 1.5, "c was left out": 1.75 / 1.25, "the target's pass was left out": 1.75 / 0.75,
                "without the bonus": 1.5 / 1.75})
check(speedup, 0.9, 0, 0.25, want=1.0, why="k = 0: nothing changes")
### BEGIN HIDDEN TESTS
for alpha, k, c, extra in [(0.8, 4, 0.05, 0.0), (0.8, 4, 0.05, 0.3), (0.3, 16, 0.2, 0.01), (1.0, 7, 0.0, 1.0),
                           (0.0, 3, 0.1, 0.0), (0.95, 40, 2.0, 0.5)]:
    check(speedup, alpha, k, c, extra, rtol=1e-9, atol=0,
          want=float(sum(Fraction(alpha) ** i for i in range(k + 1)) / (1 + k * (Fraction(c) + Fraction(extra)))))
check(speedup, 0.8, 4, 0.05, want=sum(0.8 ** i for i in range(5)) / 1.2, rtol=1e-9, atol=0, why="extra is 0 if not given")
### END HIDDEN TESTS

# %% graded="best_k__best" points=2
# Looks at the choice of k: ties, the limit, not drafting.
check(best_k, 0.5, 0.5, want=0, why="k = 1 gives exactly 1, as k = 0 does: the smallest wins",
      mistakes={"the largest of equals": 1})
check(best_k, 1.0, 0.1, 0.0, 5, want=5, why="every draft is accepted: as many as are allowed",
      mistakes={"k stops before most": 4})
### BEGIN HIDDEN TESTS
for alpha in (0.0, 0.1, 0.35, 0.6, 0.8, 0.9, 0.99, 1.0):
    for c in (0.0, 0.02, 0.1, 0.5, 1.0):
        for extra in (0.0, 0.05, 0.6):
            for most in (0, 1, 3, 16, 40):
                exact = [math.fsum(alpha ** i for i in range(k + 1)) / (1 + k * (c + extra)) for k in range(most + 1)]
                top = max(exact)
                bounds = [next(k for k, g in enumerate(exact) if g >= top * (1 - room)) for room in (1e-7, 1e-9, 1e-11)]
                if len(set(bounds)) == 1:
                    check(best_k, alpha, c, extra, most, want=bounds[0])
for alpha, c in [(0.8, 0.02), (0.95, 0.01), (0.3, 0.4)]:
    gains = [sum(alpha ** i for i in range(k + 1)) / (1 + k * c) for k in range(17)]
    check(best_k, alpha, c, want=gains.index(max(gains)), why="extra is 0 and most is 16 if not given")
for alpha, most, want in [(0.7, 100, 58), (0.8, 150, 92)]:  # alpha ** (k + 1) falls below 1e-9 there
    check(best_k, alpha, 0.0, 0.0, most, want=want, why="within 1e-9 of the largest, not of the one before")
check(best_k, 0.5, 0.495, want=1, why="1.5 / 1.495: a small gain is one")
for alpha, c, extra in [(0.8, 0.7, 0.1), (0.3, 0.1, 0.2), (0.6, 0.6, 0.0), (0.9, 0.4, 0.5)]:
    check(best_k, alpha, c, extra, want=0, why="alpha = c + extra: k = 1 gives exactly 1, up to rounding")
assert type(best_k(0.8, 0.1)) is int, "best_k gives an int"
### END HIDDEN TESTS

# %% tags=["picture"]
inference_optimization.gains_by_k(speedup)

# %% [markdown]
# Left at batch 1, right on a fuller server. At α = 0.7 six drafts give 2.35 times the speed on the left, and 0.83 on
# the right: a loss.

# %% [markdown]
# ## 5 · A draft without a model: prompt lookup
#
# A summary quotes. A correction repeats. Code uses its names again. There the next tokens often stand in the text
# already: find an earlier place that ends as the text ends now, and draft what followed it. That costs no model at
# all, c = 0 (Saxena 2023, "prompt lookup decoding"; it is in transformers and vLLM as n-gram speculation).
#
# Three decisions. **How long a match?** Long ones are rarer and better: try the longest first. **Which of several?**
# The latest: text resembles its neighbourhood. (transformers takes the first it finds.) **What if the followers run
# out?** After `a b a b` the suffix `a b` matched at the start is followed by `a b` and then by the end. As LZ77, the
# algorithm of zip files, does: go on copying, out of the copy itself. A loop of period 2 then drafts as many tokens
# as one likes.
#
# ### Exercise 17.5 · prompt_lookup
#
# `prompt_lookup(ids, k, longest=3, shortest=1)` → a list of k ids, or `[]`.
#
# - For n = longest, longest − 1, …, shortest: the suffix is the last n ids. Find the **latest** start i below
#   len(ids) − n with ids[i : i + n] equal to it; it may overlap the suffix. The first n that has one decides.
# - The draft copies from ids[i + n] on. Where ids end, it continues with the draft's own ids, as if they had been
#   appended to ids. So it has k ids, always.
# - No match for any n, or k = 0: `[]`. `longest` may exceed the text; `shortest` is at least 1 and at most `longest`.
#   The text may be empty or of one id. Ids are ints, 0 too; `ids` stays as it is.
#
# Source: Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding; Ziv and Lempel 1977.

# %% stub="prompt_lookup"
def prompt_lookup(ids: list[int], k: int, longest: int = 3, shortest: int = 1) -> list[int]:
    """The k ids that followed the latest earlier place which ends as the text ends.

    prompt_lookup([5, 6, 7, 8, 5, 6], 3) is [7, 8, 5]; of [5, 6, 5, 6], k = 5, it is [5, 6, 5, 6, 5].
    """
    ### BEGIN SOLUTION
    end = len(ids)
    for n in range(min(longest, end - 1), shortest - 1, -1):
        suffix = ids[end - n:]
        for i in range(end - n - 1, -1, -1):
            if ids[i:i + n] == suffix:
                text = list(ids)
                for j in range(k):
                    text.append(text[i + n + j])
                return text[end:]
    return []
    ### END SOLUTION
    raise NotImplementedError("prompt_lookup")

# %% [markdown] hints="prompt_lookup"
# <details><summary>Hint 1: a question</summary>
#
# The suffix always matches itself, at the very end. What follows there?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 4 9 9 9, longest = 2: the suffix is 9 9, and it stands at 1, overlapping itself. What follows is the last 9, at
# place 3, then the first drafted id, a 9, and so on.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A match of length n needs one id more than n in the text. And copying past the end reads what you appended a moment
# ago, so a slice taken once is too short.
#
# </details>

# %% graded="prompt_lookup__match" points=2
# Looks at which match decides: the longest, then the latest; overlaps; the limits.
check(prompt_lookup, [1, 2, 3, 9, 2, 3, 8, 1, 2, 3], 1, want=[9], why="1 2 3 is longer than 2 3, though 2 3 stands later",
      mistakes={"the latest match, however short": [8]})
check(prompt_lookup, [1, 5, 1, 6, 1], 1, want=[6], why="the latest of two", mistakes={"the first of two": [5]})
check(prompt_lookup, [1, 2, 3], 4, want=[], why="no match")
### BEGIN HIDDEN TESTS
def looked_up(ids, k, longest, shortest):
    "The oracle: all starts, then the best by (length, place); the copy goes round by its period."
    end = len(ids)
    found = [(n, i) for n in range(shortest, longest + 1) for i in range(end - n) if ids[i:i + n] == ids[end - n:]]
    if not found:
        return []
    n, i = max(found)
    period = end - n - i
    return [ids[i + n + j % period] for j in range(k)]


rng = torch.Generator().manual_seed(3)
for case in range(60):
    ids = torch.randint(0, 2 + case % 5, (case % 9 + 12 * (case % 4),), generator=rng).tolist()
    for longest, shortest in [(3, 1), (2, 2), (7, 3), (1, 1), (50, 1)]:
        check(prompt_lookup, ids, 1 + case % 6, longest, shortest, want=looked_up(ids, 1 + case % 6, longest, shortest))
for ids in ([0, 0], [0, 1, 0], [0, 7, 0, 0], [3, 0, 0, 0]):
    for longest in (1, 2, 3, 9):
        check(prompt_lookup, ids, 2, longest, want=looked_up(ids, 2, longest, 1),
              why="id 0 is an id; the default shortest is 1")
long = torch.randint(0, 40, (3000,), generator=rng).tolist()
check(prompt_lookup, [77, 78, 79, 80] + long + [77, 78, 79], 9, want=[80] + long[:8], why="the match is 3,000 ids back")
many = list(range(6000))
check(prompt_lookup, many, 5, want=[], why="6,000 ids, no match")
check(prompt_lookup, many + [0], 2, want=[1, 2], why="the match is 6,000 ids back")
check(prompt_lookup, [11, 2, 9, 2, 8, 1, 2], 1, want=[8], why="1 2 does not stand in 11 2")
check(prompt_lookup, [70000, 5, 4464, 6, 70000], 1, want=[5], why="ids may be large")
check(prompt_lookup, [1, 2, 3, 4, 5, 9, 2, 3, 4, 5, 8, 1, 2, 3, 4, 5], 1, want=[8], why="longest is 3 if not given")
check(prompt_lookup, [1, 2, 3, 4, 5, 9, 2, 3, 4, 5, 8, 1, 2, 3, 4, 5], 1, 5, want=[9])
check(prompt_lookup, [2, 3, 4, 5, 9, 3, 4, 5, 8, 2, 3, 4, 5], 1, want=[8], why="longest is 3 if not given: of 3 4 5 the latest")
check(prompt_lookup, [3, 4, 5, 9, 4, 5, 8, 3, 4, 5], 1, want=[9], why="longest is 3 if not given: 3 4 5 before 4 5")
### END HIDDEN TESTS

# %% graded="prompt_lookup__copy" points=2
# Looks at how many ids come, past the end of the text too, and at the arguments.
check(prompt_lookup, [5, 6, 5, 6], 5, want=[5, 6, 5, 6, 5], why="past the end, the copy reads itself",
      mistakes={"the copy stops where the text ends": [5, 6]})
unchanged(prompt_lookup, [4, 9, 9, 9], 3, 2, want=[9, 9, 9])
### BEGIN HIDDEN TESTS
for ids in ([], [7], [7, 7], [1, 2, 1], [0, 0, 0]):
    check(prompt_lookup, ids, 0, want=[], why="k = 0")
check(prompt_lookup, [], 3, want=[], why="no text")
check(prompt_lookup, [7], 3, want=[], why="one id has nothing before it")
for period in (1, 2, 3, 5, 8):
    base = list(range(10, 10 + period))
    for k in (1, 4, 30, 400):
        unchanged(prompt_lookup, base * 2, k, want=(base * (k + 1))[:k])
        unchanged(prompt_lookup, [1] + base + [2] + base, k, 2, 1, want=(([2] + base) * (k + 1))[:k])
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · The whole: a speculative decoder
#
# One loop for every kind of draft. The target is a function of ids, the drafter another. Greedy decoding is the same
# loop: there p puts all its mass on one token, so min(1, p/q) is 0 or 1, and the residual is that token.
#
# ### Exercise 17.6 · speculative_generate
#
# `speculative_generate(target, drafter, prompt, max_new, k, rand, end=None)` → `(new_ids, calls)`.
#
# - `target(ids)` takes a list of T ids and returns (T, V) probabilities: row t is the distribution of the token
#   *after* `ids[t]`. `drafter(ids, n)` returns `(draft, q)`: at most n ids, **perhaps fewer, perhaps none**, and
#   their (len(draft), V) distributions, for your `speculative_verify`.
# - A round: ask the drafter for n = min(k, left − 1) ids, where `left` of `max_new` are still to come: one token
#   comes from the target anyway. Where n is 0 the drafter is **not** asked. Then **one** call of the target with all
#   ids and the draft. Then `rand()`, which gives a float in [0, 1): once for each drafted id in order, and once more
#   for the next token, always, in this order.
# - `end`: an id. Everything after its first appearance among the new ids is dropped, itself stays, and it is over.
#   An `end` in the prompt ends nothing.
# - Returns the new ids, ints, at most `max_new`, and the number of calls of the target, an int. `max_new` = 0: `([], 0)`,
#   and nothing is called. k = 0 is ordinary sampling.
# - The prompt has at least one id and stays as it is. The functions leave the lists alone that you give them.
#
# Source: Leviathan et al. 2022, algorithm 1; transformers 5.23.0, `_assisted_decoding`.

# %% stub="speculative_generate"
def speculative_generate(target: Callable[[list[int]], Probs],
                         drafter: Callable[[list[int], int], tuple[list[int], Probs]], prompt: list[int],
                         max_new: int, k: int, rand: Callable[[], float],
                         end: int | None = None) -> tuple[list[int], int]:
    """New ids, distributed as the target's own samples, and how often the target was asked."""
    ### BEGIN SOLUTION
    ids, calls = list(prompt), 0
    while (left := max_new - (len(ids) - len(prompt))) > 0:
        n = min(k, left - 1)
        draft, q = drafter(list(ids), n) if n > 0 else ([], None)
        draft = list(draft)
        rows = target(ids + draft)[len(ids) - 1:]  # the first row judges the first draft
        calls += 1
        u = [rand() for _ in draft]
        tokens, _ = speculative_verify(rows, rows[:0] if not draft else q, draft, u, rand())
        ids += tokens
        if end in tokens:
            ids = ids[:len(ids) - len(tokens) + tokens.index(end) + 1]
            break
    return ids[len(prompt):], calls
    ### END SOLUTION
    raise NotImplementedError("speculative_generate")

# %% [markdown] hints="speculative_generate"
# <details><summary>Hint 1: a question</summary>
#
# Before the first draft stand T ids. Which row of the target's answer judges it: T, or T − 1?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Prompt of 2 ids, k = 4, max_new = 3. The drafter is asked for 2. The target sees 4 ids; rows 1, 2, 3 are used. Three
# numbers are drawn, although a rejection may need only some.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `end` may be an accepted draft in the middle of a round; the bonus behind it must go. And an id `end` of 0 is an id.
#
# </details>

# %% graded="speculative_generate__small" points=1
# Looks at one round by hand: rows, chances, the count of calls.
def clock(ids):
    "A target of three ids that always counts on: after i comes i + 1, modulo 3."
    return torch.eye(3)[[(i + 1) % 3 for i in ids]]

check(speculative_generate, clock, lambda ids, n: ([1, 2, 0, 1][:n], torch.full((n, 3), 1 / 3)), [2, 0], 5, 4, lambda: 0.5,
      want=([1, 2, 0, 1, 2], 1), why="four drafts are accepted, the fifth token is the bonus: one call",
      mistakes={"no bonus": ([1, 2, 0, 1, 2], 2), "a row too late": ([2, 0, 1, 2, 0], 5)})
check(speculative_generate, clock, lambda ids, n: ([1, 1, 1][:n], torch.full((min(n, 3), 3), 1 / 3)), [0], 4, 3,
      lambda: 0.5, want=([1, 2, 0, 1], 3), why="round 1: 1 stays, then 2 for 1; round 2: 0 for 1; round 3 asks no drafter",
      mistakes={"rejected drafts were kept": ([1, 1, 1, 2], 1)})
check(speculative_generate, clock, None, [1], 3, 0, lambda: 0.5, want=([2, 0, 1], 3), why="k = 0: ordinary sampling")
### BEGIN HIDDEN TESTS
check(speculative_generate, None, None, [1], 0, 4, None, want=([], 0), why="max_new = 0: nothing is called")
check(speculative_generate, clock, None, [1], 1, 4, lambda: 0.5, want=([2], 1), why="one token left: no draft")
check(speculative_generate, clock, lambda ids, n: ([], torch.zeros(0, 3)), [1], 3, 2, lambda: 0.5, want=([2, 0, 1], 3),
      why="a drafter may have nothing")
near = torch.tensor([[0.25, 0.75]] * 2, dtype=torch.float64)
check(speculative_generate, lambda ids: near[[0] * len(ids)], lambda ids, n: ([0] * n, near[[0] * n] + 2.0 ** -30 *
      torch.tensor([1.0, -1.0], dtype=torch.float64)), [0], 2, 1, lambda: 1 - 2.0 ** -40, want=([1, 1], 2),
      why="0.25 + 2 ** -30 is more than 0.25: float32 does not see it")
got = speculative_generate(clock, lambda ids, n: ([2] * n, torch.full((n, 3), 1 / 3)), [0], 4, 2, lambda: 0.2)
assert [type(x) for x in got[0]] + [type(got[1])] == [int] * 5, "ids and the number of calls are Python ints"
### END HIDDEN TESTS

# %% graded="speculative_generate__random" points=3
# Looks at random models against the judge's own loop: tokens, calls, what was asked in which order.
def scene(V, seed, few=False):
    "A target, a drafter and a source of chance, which write down what they are asked."
    rng, log = torch.Generator().manual_seed(seed), []
    P, Q = (torch.softmax(1.5 * torch.randn(V * V, V, generator=rng, dtype=torch.float64), -1) for _ in range(2))
    Q = 0.6 * P + 0.4 * Q

    def target(ids):
        log.append(("target", *ids))
        return P[[V * a + b for a, b in zip([0, *ids], ids)]]

    def drafter(ids, n):
        log.append(("drafter", n, *ids))
        ids, draft, q, m = list(ids), [], [], (len(ids) % (n + 1) if few else n)
        for _ in range(m):
            q.append(Q[V * ([0, *ids][-2]) + ids[-1]])
            draft.append(int(torch.multinomial(q[-1], 1, generator=rng)))
            ids.append(draft[-1])
        return draft, torch.stack(q) if q else torch.zeros(0, V, dtype=torch.float64)

    def rand():
        log.append(("rand",))
        return float(torch.rand(1, generator=rng, dtype=torch.float64))

    return target, drafter, rand, log

target, drafter, rand, log = scene(4, 0)
new, calls = speculative_generate(target, drafter, [1, 2], 9, 3, rand)
asked = [entry[0] for entry in log]
expect(len(new), 9, on="how many ids came")
expect(calls, asked.count("target"), on="the number of calls of the target")
expect(log[0], ("drafter", 3, 1, 2), on="what was asked first")
### BEGIN HIDDEN TESTS
def spoken(target, drafter, prompt, max_new, k, rand, end):
    "The oracle: one new id at a time."
    new, calls, over = [], 0, False
    while len(new) < max_new and not over:
        n = min(k, max_new - len(new) - 1)
        draft, q = drafter([*prompt, *new], n) if n else ([], torch.zeros(0, 1))
        p = target([*prompt, *new, *draft])
        calls += 1
        u = [rand() for _ in range(len(draft) + 1)]
        for token in verified(p[len(prompt) + len(new) - 1:], q, draft, u[:-1], u[-1])[0]:
            if not over:
                new.append(token)
            over = over or token == end
    return new, calls


for seed, (V, prompt, max_new, k, end, few) in enumerate([
        (3, [1], 1, 5, None, False), (5, [4, 0, 2], 23, 4, None, False), (4, [0], 30, 1, None, True),
        (6, [5, 5], 17, 7, None, True), (4, [3, 1], 40, 4, 0, False), (5, [2, 0], 40, 6, 2, True),
        (30, [29, 3, 0], 40, 5, 29, False), (3, [0], 12, 0, 1, False), (4, [0, 1], 5, 30, None, False),
        (7, [6] * 300, 11, 3, None, False), (4, [1], 60, 5, 3, False), (12, [1], 150, 4, None, False),
        (6, [2, 3], 30, 0, None, False)]):
    *parts, log = scene(V, seed, few)
    want = spoken(parts[0], parts[1], prompt, max_new, k, parts[2], end)
    *mine, own = scene(V, seed, few)
    given = list(prompt)
    got = speculative_generate(mine[0], mine[1], given, max_new, k, mine[2], end)
    where = f"seed {seed}: V = {V}, max_new = {max_new}, k = {k}, end = {end}"
    expect(given, prompt, on=f"the prompt afterwards, {where}")
    expect(tuple(got), want, on=where)
    expect(own, log, on=f"what was asked and drawn, in order, {where}")
### END HIDDEN TESTS

# %% tags=["picture"]
inference_optimization.two_histograms(speculative_generate)

# %% [markdown]
# 3,000 texts of three ids, all 27 of them: the target's exact probabilities, and how often your decoder wrote each.
# The whiskers are two standard deviations of chance.
#
# **Lossless, in which sense?** In exact arithmetic the distribution is the target's. On a real chip a pass over
# k + 1 positions sums in another order than a pass over one, so probabilities differ in their last digits, and a
# near-tie can go the other way. In float32 that is rare, in bfloat16 it is seen.
#
# ### On the real model
#
# SmolLM2 (135 million parameters) runs in float32 on your processor with a KV cache, greedily, once plainly and once
# with your `prompt_lookup`, on three prompts: one that copies, one that corrects, one that talks freely. About 15
# seconds.

# %% tags=["real"]
from course.models.smollm import attempt, load

with attempt():
    inference_optimization.lookup_on_smollm(*load(), prompt_lookup)

# %% [markdown]
# What to look for: tokens a call where the output repeats its prompt, and on free text. Whether the ids are the same.
# And what the "correction" corrected: a copy is easily drafted, a wrong copy too, so a high acceptance is no praise.
# One processor, one small model, three prompts: no speed-up of another machine follows from these.
#
# ## 7 · The experiment: does heat cost acceptance?
#
# Python's help texts: the target is a trigram model (it sees two words), the draft a bigram (it sees one), both at
# temperature T (probabilities to the power 1/T, normalised). Your decoder writes with k = 4, and we count tokens a
# call of the target, at `"T=0.5"`, `"T=1"` and `"T=2"`. Both models are smoothed: each gives every word of its
# vocabulary some probability.
#
# **Predict before you run it**: order the three by tokens a call, the most first. One point for committing, one for
# being right. It takes about 6 seconds.

# %% stub="prediction"
prediction: list[str] | None = None  # the three names, the most tokens a call first
### BEGIN SOLUTION
prediction = ["T=2", "T=1", "T=0.5"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["T=0.5", "T=1", "T=2"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["T=0.5", "T=1", "T=2"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["T=2", "T=1", "T=0.5"],
          "Acceptance is the overlap of two distributions. What do two sharpened guesses share, and what two flat ones?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def write(target, drafter, prompt, rand):
    "One text of 24 ids by your decoder, with four drafts a round: the ids, and the calls of the target."
    return speculative_generate(target, drafter, prompt, 24, 4, rand)


table = inference_optimization.tokens_per_call(write, expected_tokens, prediction=prediction)

# %% [markdown]
# - **Acceptance is overlap, not confidence.** For each line, ask what Σ min(p, q) is at that temperature: where lies
#   the mass of a smoothed trigram, where that of a smoothed bigram, and how much of it do they share?
# - Each line ends with the share of first drafts accepted, Σ min(p, q) on average, and what the formula makes of it.
# - What this does not show: a law of temperature. Another pair, such as a target and the draft distilled from it, can
#   give another order; at T → 0 all that counts is whether both have the *same* favourite. Measure it for your pair,
#   your traffic and your temperature. And tokens a call say nothing about what the text is worth.
#
# ## 8 · Feel it: a speed-up, or a loss
#
# Move α, the draft's cost c and `extra`, what a further token costs in the target's pass. From which `extra` on is
# every k a loss?

# %% tags=["widget"]
inference_optimization.widget(speedup, best_k)

# %% [markdown]
# ## 9 · Numbers for the cards: quantisation and the choice
#
# The guide puts quantisation into this chapter too. Section 05 has the exercises; here is what a choice needs.
#
# - **Scales.** Symmetric b-bit: $s = \max|w| / (2^{b-1} - 1)$, $w_q = \mathrm{clamp}(\mathrm{round}(w/s))$, back:
#   $s\,w_q$. The guide's snippet has no clamp and no dequantisation, and a row of zeros gives 0/0, NaN. One scale a
#   tensor lets one outlier coarsen every row; one a channel (output row) is the habit for INT8 (8-bit integers);
#   for 4 bits one a *group* of 32 to 128 along the input. Activations need scales a token, made as they come.
# - **GPTQ** (post-training quantisation by second-order updates; Frantar et al. 2022, arXiv 2210.17323) uses the
#   Hessian of the *layer's reconstruction error* $\lVert WX - W'X \rVert^2$, $H = 2XX^\top$, the same for every row
#   of W. No gradient of the language model's loss is taken. Rounding weight q is paid back by the others:
#   $\delta = -\frac{w_q - \mathrm{quant}(w_q)}{[H^{-1}]_{qq}} (H^{-1})_{:,q}$. Check the sign on component q itself: $w_q +
#   \delta_q$ must be $\mathrm{quant}(w_q)$. The guide's sign gives $2w_q - \mathrm{quant}(w_q)$.
# - **Quality.** "INT4 loses less than 1 %" is true of OPT-175B (8.34 to 8.37, +0.4 %) and not of LLaMA: 7B 5.68 to
#   6.09 (+7.2 %), 65B 3.53 to 3.84 (+8.8 %), a channel a scale; groups win most of it back (GPTQ's repository).
#   The guide's decision tree sends "less than 1 % loss" to INT4 and "less than 5 %" to INT8: upside down. INT8 loses
#   *less* than INT4 (LLM.int8: Dettmers et al. 2022, arXiv 2208.07339). AutoGPTQ and GPTQ-for-LLaMa are archived;
#   GPTQModel and llm-compressor are their heirs.
# - **Which latency?** Time to first token (TTFT) is prefill: compute-bound. Time per output token (TPOT) is decode:
#   memory-bound at small batch. "Under 50 ms" says nothing until one says which.
# - **Other chips.** A CPU (50 to 100 GB/s with the two memory channels of a desktop, several hundred with the eight or
#   twelve of a server) is bound by memory even more: a 7B model at 4 bits, 3.5 GB, takes at least 35 ms a token at 100
#   GB/s. TPUs (tensor processing units) are systolic
#   arrays with HBM: large static shapes, compiled by XLA (Accelerated Linear Algebra), padding instead of dynamic
#   sizes. TFLite is called LiteRT now.
#
# ## 10 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="why"
# A 70B model in BF16 serves on four H100s (together 4 · 3.35 TB/s and 4 · 989 TFLOP/s). A colleague proposes
# speculative decoding with a 7B draft, k = 5; a trial at batch 1 on code showed an acceptance of α = 0.8. Write, in
# about 15 lines:
#
# 1. The least time of a decode step at batch 1, and from which batch on its linear layers are no longer
#    memory-bound (activations neglected).
# 2. The expected tokens a step and the speed-up with c = 0.1; then with `extra` = 0.5 a token, on a full server.
# 3. Why the output distribution does not change, and what would change it.
# 4. What FlashAttention, CUDA graphs and INT8 weights would each do for this decode step at batch 1.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Roofline**: 140 GB over 13.4 TB/s is 10.4 ms; ridge 3,956/13.4 = 295 FLOP a byte, 1 FLOP a byte a row: batch
#   296 (about 300).
# - **Numbers**: E = (1 − 0.8⁶)/0.2 = 3.69; 3.69/1.5 = 2.46; with extra 3.69/4 = 0.92, a loss.
# - **Exactness**: min(p, q) + max(p − q, 0) = p; changed by resampling from p, by a deterministic threshold, by a
#   draft's q that is not what the draft sampled from (another temperature, a cut), by other rounding. (Half without
#   an example of what changes it.)
# - **Others**: FlashAttention little at short context, since weights dominate and the scores of one query are small;
#   CUDA graphs remove launches, not bytes; INT8 halves the bytes, so up to twice as fast. (Half for two of three.)
#
# === END MARK SCHEME ===

# %% [markdown] written="why" points=4
# ### BEGIN SOLUTION
# 1. Weights: 140 GB; bandwidth 13.4 TB/s: 10.4 ms at least. Ridge: 3,956 TFLOP/s over 13.4 TB/s = 295 FLOP a byte. A
#    row brings 2 FLOP for each weight of 2 bytes, so from batch 296 on arithmetic is the limit.
# 2. E = (1 - 0.8^6) / 0.2 = 3.69 tokens. Batch 1: 3.69 / (1 + 5 * 0.1) = 2.46 times as fast. Full server: 3.69 / (1 +
#    5 * 0.6) = 0.92: slower than without. I would switch it by load.
# 3. A token comes out accepted with min(p, q), and else from the residual with max(p - q, 0); the sum is p. It would
#    change if I resampled from p, accepted by p >= q alone, or if q were not the distribution that the draft
#    really sampled from (temperature, top-p). In bfloat16 near-ties may fall otherwise.
# 4. FlashAttention: little at short context; one query has no N x N. CUDA graphs: hundreds of launches of some
#    microseconds become one, weights are still read. INT8 weights: half the bytes, up to twice as fast at batch 1.
# ### END SOLUTION

# %% [markdown]
# ## 11 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="17.1" level="basic"
# <details><summary>What is the difference between per-tensor and per-channel quantization?</summary>
#
# - One scale for the whole weight, or one for each output row: $s = \max|w| / (2^{b-1} - 1)$.
# - Per tensor, one outlier coarsens all rows. Per channel, only its own. The scales cost next to nothing.
# - Per channel is the habit for INT8; for 4 bits a group of 32 to 128 along the input has its own scale.
# - Activations: a scale a token, dynamic. A scale for each *input* channel cannot be pulled out of the product.
# - Slips: no clamp; a row of zeros gives NaN; the axis depends on how the weight is stored.
#
# </details>

# %% [markdown] card="17.2" level="medium"
# <details><summary>How does GPTQ work?</summary>
#
# - Layer by layer, it minimises $\lVert WX - W'X \rVert^2$ over calibration inputs. $H = 2XX^\top$; no gradient of
#   the model's loss.
# - Column by column: round weight q, then move the weights not yet rounded by $\delta = -\frac{w_q -
#   \mathrm{quant}(w_q)}{[H^{-1}]_{qq}} (H^{-1})_{:,q}$.
# - H is the same for all rows, so all rows go in the same order; a Cholesky factor, damping and blocks make it fast.
# - Slip: the sign. Component q must land on quant(w_q).
# - 4 bits a channel: OPT-175B +0.4 % perplexity, LLaMA-7B +7.2 %. Groups recover most.
#
# </details>

# %% [markdown] card="17.3" level="medium"
# <details><summary>What is speculative decoding, and how does it work?</summary>
#
# - A cheap draft proposes k tokens, the target scores them in one pass: k + 1 distributions.
# - Accept d with min(1, p/q); at the first rejection sample the residual max(p − q, 0), normalised; if none, a bonus
#   token.
# - Exact: min(p, q) + max(p − q, 0) = p. Acceptance is Σ min(p, q) = 1 − total variation distance.
# - E = (1 − α^(k+1))/(1 − α): 3.36 at α = 0.8, k = 4. Speed-up E / (1 + k (c + extra)); it can be below 1.
# - "Until the first mismatch" is the greedy case. Slip: no bonus; row i instead of row len(prompt) − 1 + i; only q(d)
#   kept.
#
# </details>

# %% [markdown] card="17.4" level="medium"
# <details><summary>How does hardware-specific optimization differ between CPU, GPU and TPU?</summary>
#
# - Ask each for peak, bandwidth, and the size of its fast memory; the roofline does the rest.
# - GPU: A100 312 TFLOP/s, 2.0 TB/s, ridge 156; H100 989, 3.35, 295. Fused kernels, tiles in shared memory, CUDA
#   graphs, FP8 on Hopper.
# - TPU: systolic arrays and XLA: static shapes, large batches, padding.
# - CPU: memory-bound at once: 3.5 GB of a 4-bit 7B at 100 GB/s is 35 ms a token. Quantise; small models; locality.
# - Slip: numbers of several chips in one table (128 KB of level-1 cache is a V100's).
#
# </details>

# %% [markdown] card="17.5" level="killer"
# <details><summary>How do you choose an optimization technique for LLM inference?</summary>
#
# - Name the number first: TTFT (compute-bound prefill) or TPOT (memory-bound decode), throughput, memory, quality.
# - Measure the regime: batch against ridge, cache against weights, launches against kernels.
# - Memory-bound: fewer bytes (INT8, FP8, then INT4 with groups), more rows (batching), speculation at low load.
# - Compute-bound: FP8 arithmetic, prefix caching, more chips. Not speculation, not weight-only INT4.
# - Long prompts: FlashAttention, KV cache in fewer bits. Many launches: fusion, CUDA graphs.
# - Quality ladder: BF16, then FP8 or INT8, then INT4. The guide's tree has INT4 for the *stricter* bound: upside
#   down. Evaluate on your task.
#
# </details>

# %% [markdown] card="17.6" level="medium"
# <details><summary>How does FlashAttention differ from standard attention?</summary>
#
# - Same result, same O(N² E) FLOP. Scores stay in SRAM, tile by tile: O(N) extra memory.
# - Running m, ℓ, o; a new block rescales by exp(m − m'); divide by ℓ at the end.
# - HBM traffic O(N² E²/M) instead of O(N E + N²). The backward pass recomputes the scores.
# - 2 to 4 times as fast as unfused PyTorch, by its authors; memory 10 times less at 2,048 tokens, 20 at 4,096.
# - Slip: summing the softmax of each block. Slip: a causal mask at the top left when S > N.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Medusa, EAGLE, prompt lookup: what drafts, and why trees?</summary>
#
# - Medusa: extra heads on the target, each for a later position, independent of each other. EAGLE: a small layer that
#   runs on the target's hidden states, token after token. Prompt lookup: copies, c = 0.
# - A tree verifies many continuations in one pass; each node sees only its ancestors.
# - More nodes, more accepted, more `extra`: wide trees at batch 1, none on a full server.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What do kernel fusion, CUDA graphs and torch.compile remove?</summary>
#
# - Fusion: intermediate results' way through HBM. CUDA graphs: the CPU's launches. `torch.compile` does the first,
#   and with `mode="reduce-overhead"` the second too.
# - None reads fewer weights: a memory-bound product stays where it was.
# - Graphs want fixed shapes and addresses, so engines record several batch sizes and pad. A new shape recompiles.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Speculation doubled the speed in the demo and slows the server down. Why, and what do you do?</summary>
#
# - Demo: batch 1, idle arithmetic, `extra` near 0. Server: near or beyond the ridge, each drafted token costs nearly
#   a full one: E / (1 + k (c + extra)) with extra = 0.5, c = 0.1, k = 5, α = 0.8 is 0.92.
# - Also: α of the demo's prompts (code, low temperature) is not α of the traffic; the draft takes memory from the
#   cache; a mixture of experts reads more experts.
# - Do: k by load, 0 when busy; measure acceptance by place, not one α; free drafts where text copies.
#
# </details>

# %% [markdown]
# ## 12 · Sources
#
# Speculative decoding: Leviathan et al. 2022, arXiv 2211.17192; Chen et al. 2023, 2302.01318. FlashAttention: Dao et
# al. 2022, 2205.14135; Dao 2023, 2307.08691. Medusa: Cai et al. 2024, 2401.10774. EAGLE: Li et al. 2024, 2401.15077.
# GPTQ: Frantar et al. 2022, 2210.17323. LLM.int8: Dettmers et al. 2022, 2208.07339. Roofline: Williams, Waterman and
# Patterson 2009. Prompt lookup: Saxena 2023. Code: transformers 5.23.0; the course's own tests compare with PyTorch.
