# %% [markdown]
# # 33 · Misconceptions: the course in numbers
#
# After this last section you can answer, with numbers and with code that you wrote:
#
# - Quantization "just makes a model smaller": what does it change, when is rounding after training enough, and how
#   does a gradient pass through `round`?
# - How many requests does a GPU hold, how fast are they served, and what does a million tokens cost?
# - Which of the guide's worst claims are wrong, by how much, and in which setting would each be right?
# - "Design a service for this model and this load": an answer in ten minutes, with units.
#
# Six exercises. The last is a function that designs a whole service. It takes about three hours; the end of part 2
# is a good place to stop. It builds on sections 08, 12 and 14; what it needs of the others stands in the setup.
#
# The first two misconceptions of the guide need no code. "Interviews ask only about API calls and prompting": the
# cards of 32 sections are the answer. They ask for shapes, bytes, gradients (DPO's loss of section 06 is the classic)
# and failure modes. "One framework is enough": a framework is a set of defaults (a chunk size, a prompt, a retry). It
# changes; what a vector index, a cache or a loss *computes* does not. Know one well, and be able to say what each of
# its calls does without it. The third, on quantization, is where this section begins.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** w are weights, s a scale, b bits. B is a batch, T tokens, L layers, K KV heads, E their size. TP is
# tensor parallelism: one model spread over several GPUs. GB is 10⁹ bytes, GiB 2³⁰. FLOP are floating-point
# operations, 1 TFLOP/s is 10¹² of them a second. Seconds everywhere, unless it says ms. Prices are dollars.

# %% setup
import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from course.check import (check, committed, expect, fresh, precise, predicted, raises, unchanged,
                          value_and_grad)
from course.models.sizes import GPU, GPUS, MODELS, Model

torch.set_num_threads(1)
Case = dict


# Tools that earlier sections built, for exercise 33.5.
def kv_cache_bytes(layers: int, kv_heads: int, head_dim: int, tokens: int, batch: int = 1,
                   size: float = 2):
    "Section 14: bytes of a KV cache."
    return 2 * layers * kv_heads * head_dim * tokens * batch * size


def speculative_tokens(alpha: float, k: int) -> float:
    "Section 17: expected tokens of a verification of k drafts, each accepted with probability alpha < 1."
    return (1 - alpha ** (k + 1)) / (1 - alpha)


def average_precision(relevant: list[int]) -> float:
    "Section 21: of a ranking, best first; 1 is relevant, 0 is not."
    hits = [sum(relevant[:i + 1]) / (i + 1) for i, r in enumerate(relevant) if r]
    return sum(hits) / len(hits) if hits else 0.0


def zero_traffic(stage: int) -> float:
    "Section 10: what a rank sends a step under ZeRO, plain data parallelism being 1."
    return 1.5 if stage == 3 else 1.0


# A service of exercise 33.6: Llama-3-8B in BF16 on one H100. Prices are made up.
H100 = {"gpu": GPUS["H100 80 GB"], "flops": 989e12, "price": 2.5, "bits": 16, "group": None,
        "kv_size": 2, "overhead": 0.003}
SPEC = {"model": MODELS["Llama-3-8B"], "moe": (8.03e9, 0, 0, 0), "kept": 0,
        "load": {"peak": 20, "mean": 6, "prompt": 2000, "answer": 300, "shared": 0},
        "ttft": 1.0, "tpot": 0.03, "mfu": 0.4, "headroom": 0.25, "spare": 1,
        "options": [{**H100, "gpus": 1}]}

# %% tags=["picture"]
from course.sections import misconceptions

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(shape, generator=torch.Generator().manual_seed(seed),
                               dtype=torch.float64)).to(dtype)


def clear(v):
    "Numbers in units of the scale that are not close to a tie."
    return torch.where(((v - v.floor()) - 0.5).abs() < 0.02, v + 0.05, v)


def on_grid(x, scale, bits):
    "The oracle of fake_quant, in float64, with its gradients: values, of x, of the scale one entry at a time."
    v = x.double() / scale.double()
    lo, hi = -2.0 ** (bits - 1), 2.0 ** (bits - 1) - 1
    q = v.round()
    q = torch.where(v < lo, torch.full_like(q, lo), torch.where(v > hi, torch.full_like(q, hi), q))
    inside = (v >= lo) & (v <= hi)
    return q.clamp(lo, hi) * scale.double(), inside.double(), torch.where(inside, q - v, q)


def stepped(w, scale, x, y, bits, lr):
    "The oracle of qat_step: the gradient written out."
    q, inside, _ = on_grid(w, scale, bits)
    off = x.double() @ q.T - y.double()
    return (w.double() - lr * 2 / off.numel() * (off.T @ x.double()) * inside).to(w.dtype), float((off ** 2).mean())


def plan_of(spec):
    "The oracle of design_service, on one page and with another search."
    load, best = spec["load"], None
    dense, expert, n, k = spec["moe"]
    expert, m = expert if n else 0, spec["model"]
    for i, o in enumerate(spec["options"]):
        g, tp = o["gpu"], o["gpus"]
        rest = m.params - spec["kept"]
        w = 2 * spec["kept"] + -(-rest * o["bits"] // 8) + (2 * -(-rest // o["group"]) if o["group"] else 0)
        per = m.layers * (sum(m.mla) if m.mla else 2 * m.head_dim * -(-m.kv_heads // tp)) * o["kv_size"]
        room = 0.9 * g.memory - w / tp
        if room < 0:
            continue
        whole = load["shared"] // 16
        slots = max(0, (int(room // (16 * per)) - whole) // (-(-(load["prompt"] + load["answer"]) // 16) - whole))

        def step(b):
            seen = n * (1 - (1 - k / n) ** b) if n else 0
            data = (dense + seen * expert) * w / m.params + b * (load["prompt"] + load["answer"] / 2) * per * tp
            return max(data / (g.bandwidth * tp), 2 * b * (dense + k * expert) / (o["flops"] * tp)) + o["overhead"]
        low, high = 0, slots
        while low < high:
            mid = (low + high + 1) // 2
            low, high = (mid, high) if step(mid) <= spec["tpot"] else (low, mid - 1)
        prefill = 2 * (dense + k * expert) * (load["prompt"] - 16 * whole) / (o["flops"] * tp * spec["mfu"])
        if low == 0 or prefill > spec["ttft"]:
            continue
        rate = 1 / (prefill + load["answer"] * step(low) / low)
        replicas = math.ceil(load["peak"] / rate / (1 - spec["headroom"]) - 1e-9) + spec["spare"]
        cost = replicas * tp * o["price"] / 3600 / (load["mean"] * load["answer"]) * 1e6
        if best is None or cost < best["cost"]:
            best = {"option": i, "slots": slots, "batch": low, "step": step(low), "prefill": prefill, "rate": rate,
                    "replicas": replicas, "cost": cost}
    return best


def variation(seed):
    "A service of one option, drawn."
    rng = np.random.default_rng(seed)
    name = ["Llama-3-8B", "Llama-3-70B", "Mixtral-8x7B", "DeepSeek-V3", "Llama-2-7B"][seed % 5]
    model = MODELS[name]
    moe = {"Mixtral-8x7B": (1.606e9, 5.637e9, 8, 2), "DeepSeek-V3": (17.1e9, 2.554e9, 256, 8)}.get(
        name, (0.97 * model.params, 1e9 * (seed % 2), 0, seed % 3))
    gpu = list(GPUS.values())[seed % 3]
    prompt = int(rng.integers(100, 9000))
    option = {"gpu": gpu, "gpus": {"Llama-3-8B": 1, "Llama-2-7B": 3, "DeepSeek-V3": 16}.get(name, 4),
              "flops": float(rng.uniform(3e14, 1e15)), "price": float(rng.uniform(1, 6)), "bits": (16, 8, 4)[seed % 3],
              "group": (None, 128, 32)[seed % 3], "kv_size": (2, 1)[seed // 3 % 2], "overhead": 0.001 * (seed % 4)}
    return {"model": model, "moe": moe, "kept": int(rng.integers(0, 10 ** 9)),
            "load": {"peak": float(rng.uniform(5, 500)), "mean": float(rng.uniform(1, 5)), "prompt": prompt,
                     "answer": int(rng.integers(1, 3000)), "shared": int(rng.integers(0, prompt + 1)) * (seed % 2)},
            "ttft": 100.0, "tpot": float(rng.uniform(0.012, 0.08)), "mfu": float(rng.uniform(0.2, 0.7)),
            "headroom": float(rng.uniform(0, 0.6)), "spare": seed % 3, "options": [option]}


def near(plan, spec):
    "Whether the count of replicas, or the batch, is close to a border."
    if plan is None:
        return False
    x = spec["load"]["peak"] / plan["rate"] / (1 - spec["headroom"])
    return abs(x - round(x)) < 1e-4


def settled(settle, claim, right, **case):
    "Both answers, for a guide that is far off, a little off, and nearly right."
    limit = claim in ("S4.4", "SU1.15", "S18.19", "S28.11")
    for factor in (0.2, 0.97, 0.9802, 0.99, 1.0, 1.015, 1.0202, 1.03, 5.0):
        says = factor * right if right else factor - 1
        holds = says >= right if limit else abs(factor - 1) <= 0.02
        if limit and factor == 1.0:
            continue
        check(settle, claim, {"says": says, **case}, want=(right, holds), rtol=1e-6, atol=0,
              why=f"{claim}: right {right:.6g}; the guide says {says:.6g}")


odd = Model("odd", 10 ** 9, 31, 14, 7, 100, "")
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · PTQ against QAT
#
# **PTQ**, post-training quantization, rounds a finished model. Section 05 has its ways. GPTQ and AWQ are two of them:
# both round weights alone, both look at the activations of calibration samples, and both store the same kind of
# numbers. **QAT**, quantization-aware training, goes on training while every forward pass sees rounded weights, so
# that the weights settle where rounding hurts least.
#
# Rounding to a signed grid of b bits with a scale s > 0 (and no zero point z, which section 05 adds to x / s):
#
# $$\hat x = s \cdot \text{round}(\text{clamp}(x / s,\; lo,\; hi)), \qquad lo = -2^{b-1}, \quad hi = 2^{b-1} - 1.$$
#
# **Fake quantization** rounds numbers to a grid of b bits and keeps them in floating point: it simulates, and no
# byte is saved in training.
#
# The derivative of `round` is 0 almost everywhere, so no gradient arrives. The **straight-through estimator** (STE;
# Bengio et al. 2013, arXiv 1308.3432) pretends, in the backward pass alone, that `round` is the identity. All else
# keeps its true derivative, the clamp too. What follows for x:
#
# $$\frac{\partial \hat x}{\partial x} \approx 1 \;\text{ where } lo \le x / s \le hi, \quad \text{else } 0,$$
#
# and for the scale, by the product rule (this is LSQ's rule, Esser et al. 2019, 1902.08153):
#
# $$\frac{\partial \hat x}{\partial s} \approx \text{round}(x / s) - x / s \;\text{ inside}, \quad lo \text{ below},
# \quad hi \text{ above}.$$
#
# **The catch: a gradient of 1 everywhere.** The popular line `x + (quant(x) - x).detach()` also passes a gradient
# to a number that was clipped. That number is pushed on and on, and its rounded value never answers.
#
# ### Exercise 33.1 · fake_quant
#
# The rounded numbers, with straight-through gradients for `x` and `scale`.
#
# - `x` has any shape. `scale` is a tensor of positive numbers whose shape broadcasts to that of `x`: () for one
#   scale, (out, 1) for one a row. The answer has the shape and dtype of `x`.
# - `bits` is an int of at least 2; fewer are a `ValueError`. The grid is that of the formula: 2 bits have the
#   integers −2, −1, 0, 1.
# - Ties round to the even integer, as `torch.round` does.
# - Gradients as above, for both arguments, whichever of them asks. The ends count as inside for `x`; for the scale no
#   test lies on one. The scale's gradient is added up over all numbers that share it.
# - In half precision compute in float32 and round to the dtype once, at the end. Float64 stays float64.
# - The arguments stay as they are.
#
# Source: arXiv 1308.3432; 1902.08153, section 2 (the paper also scales the gradient of s; here it is not).

# %% stub="fake_quant"
def fake_quant(x: Float[Tensor, "*shape"], scale: Float[Tensor, "*scale"], bits: int) -> Float[Tensor, "*shape"]:
    """Numbers on the grid, gradients straight through.

    x = [0.9, -3.0], scale 0.5, 2 bits: [0.5, -1.0]; both were clipped, so their gradients are 0.
    """
    ### BEGIN SOLUTION
    if bits < 2:
        raise ValueError("a signed grid has 2 bits or more")
    wide = torch.promote_types(x.dtype, torch.float32)
    s = scale.to(wide)
    v = (x.to(wide) / s).clamp(-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    whole = v + (v.round() - v).detach()
    return (whole * s).to(x.dtype)
    ### END SOLUTION
    raise NotImplementedError("fake_quant")

# %% [markdown] hints="fake_quant"
# <details><summary>Hint 1: a question</summary>
#
# Which single operation of the formula has a useless derivative? What must autograd see in its place?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# s = 0.5, 3 bits: the integers −4 … 3. x = 0.6: x/s = 1.2, rounded 1, x̂ = 0.5. The gradient of x is 1, that of s 1
# − 1.2 = −0.2. x = 7: x/s = 14, clipped to 3, x̂ = 1.5. The gradient of x is 0, that of s is 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Where the trick is put around the rounding alone, clamp, division and product give their derivatives by
# themselves. Around the whole function they are lost.
#
# </details>

# %% graded="fake_quant__grid" points=2
# Looks at the grid, its unequal ends, ties, scales a row.
check(fake_quant, torch.tensor([0.6, 7.0, -9.0, 0.0]), torch.tensor(0.5), 3, want=torch.tensor([0.5, 1.5, -2.0, 0.0]),
      why="x / s is 1.2, 14, -18, 0; the grid goes from -4 to 3",
      mistakes={"the grid is symmetric": torch.tensor([0.5, 1.5, -1.5, 0.0]),
                "nothing is clipped": torch.tensor([0.5, 7.0, -9.0, 0.0])})
check(fake_quant, torch.tensor([0.5, 1.5, 2.5, -0.5]), torch.tensor(1.0), 4, want=torch.tensor([0.0, 2.0, 2.0, 0.0]),
      why="ties go to the even integer", mistakes={"ties go up": torch.tensor([1.0, 2.0, 3.0, 0.0])})
raises(ValueError, fake_quant, torch.ones(2), torch.tensor(1.0), 1, why="fewer than 2 bits")
### BEGIN HIDDEN TESTS
for seed, (shape, narrow, bits) in enumerate([((5, 300), (5, 1), 2), ((7,), (), 3), ((2, 3, 4), (3, 1), 4),
                                              ((1, 1200), (1, 1200), 8), ((), (), 5), ((0, 4), (), 4),
                                              ((9, 11), (1, 11), 12)]):
    for dtype in (torch.float32, torch.float64):
        s = drawn(*narrow, seed=seed + 50, dtype=torch.float64).abs() * 10 ** (seed - 3) + 1e-4
        v = clear(drawn(*shape, seed=seed, dtype=torch.float64, size=2.0 ** (bits - 1)))
        x, s = (v * s).to(dtype), s.to(dtype)
        check(fake_quant, x, s, bits, want=on_grid(x, s, bits)[0].to(dtype), why="the nearest number of the grid",
              rtol=1e-5 if dtype == torch.float32 else 1e-12, atol=0)
x = torch.arange(-9, 9, dtype=torch.float64) + 0.5
check(fake_quant, x, torch.tensor(1.0, dtype=torch.float64), 4, want=on_grid(x, torch.tensor(1.0), 4)[0],
      why="ties go to the even integer; the ends are -8 and 7")
x = clear(drawn(6, 8, seed=3, size=3.0)).T
check(fake_quant, x, torch.tensor(1.0), 3, want=on_grid(x, torch.tensor(1.0), 3)[0].float(), why="strided input")
for bits in (1, 0, -3):
    raises(ValueError, fake_quant, torch.ones(2), torch.tensor(1.0), bits, why="fewer than 2 bits")
### END HIDDEN TESTS

# %% graded="fake_quant__gradient_x" points=2
# Looks at the gradient of x: inside, outside, at the ends.
value, (got,) = value_and_grad(fake_quant, torch.tensor([0.6, 7.0, -9.0, 0.0]), torch.tensor(0.5), 3)
expect(got, torch.tensor([1.0, 0.0, 0.0, 1.0]), on="the gradient of fake_quant([0.6, 7, -9, 0], 0.5, 3)",
       why="1 inside, 0 where it was clipped",
       mistakes={"round lets no gradient through": torch.zeros(4), "clipped numbers have a gradient": torch.ones(4)})
### BEGIN HIDDEN TESTS
for dtype in (torch.float32, torch.float64):
    x = torch.tensor([-4.0, 3.0, -4.25, 3.25, 3.75, -4.5, 2.75, 0.5, 100.0, -0.25], dtype=dtype) / 4
    value, (got,) = value_and_grad(fake_quant, x, torch.tensor(0.25, dtype=dtype), 3)
    expect(got, torch.tensor([1.0, 1, 0, 0, 0, 0, 1, 1, 0, 1], dtype=dtype), on=f"the gradient at x / s = {(4 * x).tolist()}",
           why="the ends -4 and 3 are inside; what lies beyond is outside, also where it rounds to an end")
for seed, (shape, narrow, bits) in enumerate([((5, 300), (5, 1), 2), ((2, 3, 4), (3, 1), 4), ((9, 11), (), 7)]):
    s = drawn(*narrow, seed=seed + 50).abs() + 0.1
    x = (clear(drawn(*shape, seed=seed, size=2.0 ** (bits - 1))) * s)
    want = on_grid(x, s, bits)
    above = drawn(*shape, seed=seed + 90)
    value, (got,) = value_and_grad(fake_quant, x, s, bits, upstream=above)
    expect(got, want[1].float() * above, on="the gradient of x", why="what arrives from above passes, times 1 or 0", rtol=1e-5)
    for leaf in (0, (0, 1)):
        value, got = value_and_grad(fake_quant, x, s, bits, wrt=leaf)
        expect(value, want[0].float(), on="fake_quant, asked for gradients", rtol=1e-5, atol=0)
        expect(got[0], want[1].float(), on="the gradient of x", why="1 inside, 0 outside, whatever the scale")
### END HIDDEN TESTS

# %% graded="fake_quant__gradient_scale" points=2
# Looks at the gradient of the scale, one scale and one a row.
value, (got,) = value_and_grad(fake_quant, torch.tensor([0.625, 7.0, -9.0]), torch.tensor(0.5), 3, wrt=1)
expect(got, torch.tensor(1 - 1.25 + 3 - 4), on="the gradient of the scale of fake_quant([0.625, 7, -9], 0.5, 3)",
       why="round(x/s) - x/s inside, 3 above, -4 below, added",
       mistakes={"the rounding was taken for a constant": torch.tensor(1.0 + 3 - 4),
                 "only clipped numbers count": torch.tensor(-1.0)})
### BEGIN HIDDEN TESTS
for seed, (shape, narrow, bits) in enumerate([((5, 30), (5, 1), 2), ((7,), (), 3), ((2, 3, 4), (3, 1), 4),
                                              ((6, 11), (1, 11), 8)]):
    for dtype in (torch.float32, torch.float64):
        s = drawn(*narrow, seed=seed + 50, dtype=torch.float64).abs() + 0.1
        v = clear(drawn(*shape, seed=seed, dtype=torch.float64, size=2.0 ** (bits - 1)))
        x, s = (v * s).to(dtype), s.to(dtype)
        each = on_grid(x, s, bits)[2]
        want = torch.zeros(narrow, dtype=torch.float64)
        want = each.sum_to_size(narrow) if narrow else each.sum()
        for wrt in (1, (0, 1)):
            value, got = value_and_grad(fake_quant, x, s, bits, wrt=wrt)
            expect(got[-1], want.to(dtype), on="the gradient of the scale", why="LSQ's rule, added over all that share it",
                   rtol=1e-3 if dtype == torch.float32 else 1e-9, atol=1e-3 if dtype == torch.float32 else 1e-9)
    above = drawn(*shape, seed=seed + 90, dtype=torch.float64)
    want = (each * above).sum_to_size(narrow) if narrow else (each * above).sum()
    value, (got,) = value_and_grad(fake_quant, x, s, bits, wrt=1, upstream=above)
    expect(got, want, on="the gradient of the scale", why="each number's share, times what arrives from above, added",
           rtol=1e-9, atol=1e-9)
### END HIDDEN TESTS

# %% graded="fake_quant__precision" points=1
# Looks at half precision, at memory, at the arguments after the call.
unchanged(fake_quant, torch.tensor([0.6, 7.0]), torch.tensor(0.5), 3, want=torch.tensor([0.5, 1.5]))
### BEGIN HIDDEN TESTS
for seed in range(4):
    precise(fake_quant, drawn(5, 24, seed=seed, size=3.0), drawn(5, 1, seed=seed + 9).abs() + 0.07, 8,
            oracle=lambda x, s, b: on_grid(x, s, b)[0])
for dtype in (torch.float16, torch.bfloat16):
    x, s = drawn(3, 200, seed=5, size=3.0).to(dtype), drawn(3, 1, seed=6).abs() + 0.013
    check(fake_quant, x, s, 6, want=on_grid(x, s, 6)[0].to(dtype), rtol=torch.finfo(dtype).eps, atol=0,
          why="a float32 scale beside x in half precision is not rounded")
for dtype, bits, seed in ((torch.float16, 14, 0), (torch.float16, 14, 2), (torch.bfloat16, 12, 0), (torch.bfloat16, 12, 5)):
    x = drawn(3, 400, seed=seed, size=3.0).to(dtype)
    s = drawn(3, 1, seed=seed + 6).abs() * 2.0 ** (3 - bits) + 0.013 * 2.0 ** (6 - bits)
    check(fake_quant, x, s, bits, want=on_grid(x, s, bits)[0].to(dtype), rtol=torch.finfo(dtype).eps, atol=0,
          why="integers of the grid that the dtype does not hold: round once, after the scale is multiplied")
fine = torch.tensor([3 * (1 + 2.0 ** -40)], dtype=torch.float64)
check(fake_quant, fine, fine[0] / 3, 5, want=fine, rtol=1e-15, atol=0, why="float64 stays float64")
fresh(fake_quant, torch.tensor([1.0, 2.0, -3.0]), torch.tensor(1.0), 8, want=torch.tensor([1.0, 2.0, -3.0]))
### END HIDDEN TESTS

# %% tags=["picture"]
misconceptions.staircase(fake_quant)

# %% [markdown]
# The stairs are the forward pass, the straight line below is what the backward pass believes. At the clipped ends
# it is flat.
#
# **One step of QAT.** There are two sets of weights. In QAT the **latent weights** are in full precision and take
# the updates. The rounded weights are made from them anew in every forward pass, and only these will be shipped.
# Why both? One update is much smaller than half a grid step. A weight that is stored rounded forgets each of them;
# a latent weight adds them up until the rounded one flips.
#
# The loss is that of the model that will be shipped. So the gradient is taken **at the rounded weights** and then
# applied to the latent ones.
#
# **The catch: what is measured.** The loss of the latent weights says nothing about what ships. And near a tie a
# weight may flip to and fro at every step (it oscillates): let the learning rate fall to zero.
#
# ### Exercise 33.2 · qat_step
#
# One step of gradient descent for a linear layer without bias under fake quantization.
#
# - `w` (out, in) are the latent weights, in float32 or float64; `scale` as in `fake_quant`, and fixed; `x` (B, in)
#   inputs and `y` (B, out) targets, maybe in half precision. Compute in the dtype of w.
# - The loss is the **mean** over all B · out numbers of $(x \hat w^\top - y)^2$, with ŵ the rounded weights.
# - Returns `(new_w, loss)`: the latent weights after one step of size `lr` along the straight-through gradient,
#   and the loss **before** the step, a number. `new_w` is not rounded, is in memory of its own also for `lr` 0, and
#   belongs to no graph.
# - All arguments stay as they are, `w.grad` too. B is at least 1.
#
# Source: Jacob et al. 2017, arXiv 1712.05877, section 3 (fake quantization in training; it
# rounds activations too, here only weights are).

# %% stub="qat_step"
def qat_step(w: Float[Tensor, "out in"], scale: Tensor, x: Float[Tensor, "B in"], y: Float[Tensor, "B out"],
             bits: int, lr: float) -> tuple[Float[Tensor, "out in"], float]:
    """Latent weights after one step, and the loss before it.

    w = [[0.75]], scale 1, x = [[2.]], y = [[0.]], 4 bits, lr 0.125: rounded 1, loss 4, gradient 8: ([[-0.25]], 4.0).
    """
    ### BEGIN SOLUTION
    latent = w.detach().clone().requires_grad_()
    with torch.enable_grad():
        loss = ((x.to(w.dtype) @ fake_quant(latent, scale.detach(), bits).T - y.to(w.dtype)) ** 2).mean()
        gradient, = torch.autograd.grad(loss, latent)
    return latent.detach() - lr * gradient, loss.item()
    ### END SOLUTION
    raise NotImplementedError("qat_step")

# %% [markdown] hints="qat_step"
# <details><summary>Hint 1: a question</summary>
#
# Which weights does the loss see, and which take the step?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# w = 0.75, s = 1, x = 2, y = 0. Rounded: 1. Output 2, loss 4. Derivative: 2 · (2 − 0) · 2 = 8, straight through. With
# lr = 0.01 the latent weight is 0.67 and still rounds to 1. At the unrounded 0.75 the gradient would be 6.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A mean over B · out numbers, not over B. The caller's tensor must neither get a gradient nor be written into.
#
# </details>

# %% graded="qat_step__step" points=2
# Looks at the new latent weights.
w, x, y = torch.tensor([[0.75, 9.0]]), torch.tensor([[2.0, 0.5]]), torch.tensor([[1.0]])
got, loss = qat_step(w, torch.tensor(1.0), x, y, 3, 0.125)
expect(got, torch.tensor([[-0.5, 9.0]]), on="the weights of qat_step([[0.75, 9]], 1, [[2, 0.5]], [[1]], 3, 0.125)",
       why="rounded [1, 3], output 3.5, gradient 2 * 2.5 * 2 = 10 for the first; the second was clipped",
       mistakes={"the rounded weights were stored": torch.tensor([[-0.25, 3.0]]),
                 "the clipped weight was moved": torch.tensor([[-0.5, 8.6875]]),
                 "the gradient was taken at the latent weights": torch.tensor([[-1.75, 9.0]])})
### BEGIN HIDDEN TESTS
for seed, (out, n, rows, bits, lr) in enumerate([(3, 5, 7, 4, 0.1), (1, 1, 1, 2, 0.5), (10, 65, 40, 2, 0.03),
                                                 (4, 300, 9, 3, 1.0), (2, 3, 600, 8, 0.01), (3, 4, 5, 5, 1e-4),
                                                 (1, 6, 8, 4, 0.2), (5, 1, 1, 3, 0.2)]):
    for dtype in (torch.float32, torch.float64):
        for narrow in ((), (out, 1)):
            s = drawn(*narrow, seed=seed + 50, dtype=torch.float64).abs() + 0.05
            w = (clear(drawn(out, n, seed=seed, dtype=torch.float64, size=2.0 ** (bits - 2))) * s).to(dtype)
            s = s.to(dtype)
            x, y = drawn(rows, n, seed=seed + 1, dtype=dtype), drawn(rows, out, seed=seed + 2, dtype=dtype)
            want, _ = stepped(w, s, x, y, bits, lr)
            got, _ = qat_step(w, s, x, y, bits, lr)
            expect(got, want, on=f"the weights of qat_step, {bits} bits, lr {lr}",
                   why="w - lr * the gradient of the mean, taken at the rounded weights",
                   rtol=1e-4 if dtype == torch.float32 else 1e-10, atol=1e-4 if dtype == torch.float32 else 1e-10)
w, x, y = torch.tensor([[3.0, -4.0, 3.25, -4.25]]), torch.tensor([[1.0, 0.5, 2.0, 0.25]]), torch.tensor([[1.0]])
check(qat_step, w, torch.tensor(1.0), x, y, 3, 0.125, want=stepped(w, torch.tensor(1.0), x, y, 3, 0.125),
      why="weights exactly at an end are inside and move, those beyond do not")
w, s = torch.tensor([[0.75]]), torch.tensor(1.0)
for step in range(20):
    w, _ = qat_step(w, s, torch.tensor([[1.0]]), torch.tensor([[0.0]]), 4, 0.01)
expect(w, torch.tensor([[0.75 - 13 * 0.02]]), on="20 steps of lr 0.01 from 0.75", rtol=1e-4,
       why="thirteen steps of 0.02 lead from 0.75 below 0.5, where the rounded weight is 0 and the loss too")
### END HIDDEN TESTS

# %% graded="qat_step__loss" points=2
# Looks at the loss that comes back.
_, loss = qat_step(torch.tensor([[0.75], [0.25]]), torch.tensor(1.0), torch.tensor([[2.0]]), torch.zeros(1, 2), 4, 0.1)
expect(loss, 2.0, on="the loss of qat_step([[0.75], [0.25]], 1, [[2]], [[0, 0]], 4, 0.1)",
       why="outputs 2 and 0 of the rounded weights: the mean of 4 and 0",
       mistakes={"the loss of the latent weights": 1.25, "a sum, not a mean": 4.0, "the loss after the step": 0.5})
### BEGIN HIDDEN TESTS
for seed, (out, n, rows, bits) in enumerate([(3, 5, 7, 4), (10, 65, 40, 2), (2, 3, 600, 8), (1, 6, 8, 4)]):
    s = drawn(out, 1, seed=seed + 50).abs() + 0.05
    w = clear(drawn(out, n, seed=seed, size=2.0 ** (bits - 2))) * s
    x, y = drawn(rows, n, seed=seed + 1), drawn(rows, out, seed=seed + 2)
    _, loss = qat_step(w, s, x, y, bits, 10.0)
    expect(loss, stepped(w, s, x, y, bits, 10.0)[1], on="the loss of qat_step", rtol=1e-4,
           why="the mean over B * out numbers, at the rounded weights, before the step")
    w, s, x, y = w.double(), s.double(), x.double(), y.double()
    expect(qat_step(w, s, x, y, bits, 0.1)[1], stepped(w, s, x, y, bits, 0.1)[1], on="the loss of qat_step in float64",
           rtol=1e-12, atol=0)
### END HIDDEN TESTS

# %% graded="qat_step__memory" points=2
# Looks at dtypes, at memory, at the arguments after the call.
w, s, x, y = torch.tensor([[0.75]]), torch.tensor(1.0), torch.tensor([[2.0]]), torch.tensor([[0.0]])
unchanged(qat_step, w, s, x, y, 4, 0.125, want=(torch.tensor([[-0.25]]), 4.0))
fresh(qat_step, w, s, x, y, 4, 0.0, want=(torch.tensor([[0.75]]), 4.0), why="lr 0 gives a copy")
asking, s = torch.tensor([[0.75, 0.3]], requires_grad=True), torch.tensor(1.0, requires_grad=True)
got, loss = qat_step(asking, s, torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0]]), 4, 0.125)
expect(got.detach(), torch.tensor([[-0.25, 0.3]]), on="qat_step of weights and a scale that ask for gradients")
assert not got.requires_grad, "the new weights belong to no graph: detach them"
assert asking.grad is None and s.grad is None, "the caller's w and scale got a gradient: differentiate a copy"
### BEGIN HIDDEN TESTS
value, (got,) = value_and_grad(qat_step, torch.tensor([[0.75]]), torch.tensor(1.0), torch.tensor([[2.0]]),
                               torch.tensor([[0.0]]), 4, 0.125, output=0)
expect(value[0], torch.tensor([[-0.25]]), on="qat_step of weights that ask for gradients")
assert got is None, f"the new weights belong to no graph, and so pass no gradient to w; got {got!r}"
for dtype in (torch.float16, torch.bfloat16):
    w = clear(drawn(3, 24, seed=1, size=2.0)) * 0.3
    x, y = drawn(7, 24, seed=2).to(dtype), drawn(7, 3, seed=3).to(dtype)
    check(qat_step, w, torch.tensor(0.3), x, y, 4, 0.1, want=stepped(w, torch.tensor(0.3), x, y, 4, 0.1), rtol=1e-5,
          atol=1e-5, why="inputs in half precision: everything is computed in the dtype of w")
fine = torch.tensor([[1 + 2.0 ** -40]], dtype=torch.float64)
check(qat_step, fine, torch.ones(1, 1, dtype=torch.float64), x=torch.ones(1, 1), y=torch.ones(1, 1), bits=4, lr=0.5,
      want=(fine, 0.0), rtol=1e-15, atol=0, why="float64 latent weights stay float64")
w = clear(drawn(3, 24, seed=1, size=2.0)) * 0.3
x, y = drawn(7, 24, seed=2), drawn(7, 3, seed=3)
want = stepped(w, torch.tensor(0.3), x.half(), y, 4, 0.1)
check(qat_step, w, torch.tensor(0.3), x.half(), y, 4, 0.1, want=want, rtol=1e-5, atol=1e-5,
      why="inputs in half precision beside targets in float32")
check(qat_step, w.T.contiguous().T, torch.tensor(0.3), x.half().T.contiguous().T, y.T.contiguous().T, 4, 0.1, want=want,
      rtol=1e-5, atol=1e-5, why="strided arguments")
s = drawn(1, 24, seed=4).abs() + 0.1
check(qat_step, w, s, x, y, 4, 0.1, want=stepped(w, s, x, y, 4, 0.1), rtol=1e-4, atol=1e-4, why="a scale a column")
s = torch.tensor([[1.0], [0.5]])
for lr in (0.0, 0.3):
    w, x, y = torch.tensor([[0.75], [0.3]]), torch.tensor([[2.0], [1.0]]), torch.tensor([[0.0, 1.0], [1.0, 1.0]])
    unchanged(qat_step, w, s, x, y, 4, lr, want=stepped(w, s, x, y, 4, lr))
    fresh(qat_step, w, s, x, y, 4, lr, want=stepped(w, s, x, y, 4, lr))
### END HIDDEN TESTS

# %% tags=["picture"]
misconceptions.latent(qat_step, fake_quant)

# %% [markdown]
# One weight of a trained layer. The latent one (line) creeps; the rounded one (stairs) waits and flips. Where the
# line stays near the border between two steps, the stairs flip to and fro: that is noise, and a falling learning rate
# ends it.
#
# **When which?** PTQ costs minutes to hours, and some calibration samples or none. It is the default at 8 bits, and
# at 4 with a method of section 05 and groups. QAT costs training: data, a pipeline, memory for latent weights,
# gradients and the optimizer (section 08's count). It is worth it at 2 or 3 bits, for a small model on a device, or
# where the maker has the training data anyway. (gpt-oss was post-trained with its experts in MXFP4, says its model
# card, arXiv 2508.10925.) The scale is a decision of its own, in both. Part 6 asks what each is worth.
#
# So what does quantization change besides size? Speed, in either direction: less to read when decoding, more to
# compute while unpacking. W8A8 (weights and activations in 8 bits) also multiplies in 8 bits, so it gains where
# compute is the limit. Quality, and not evenly: an average perplexity hides a task that broke. The choice of the
# kernel, the hardware, and what must not be rounded. "INT4 loses under 1 %" is no law; no source of the guide
# decides it. Measure it, on your own tasks.
#
# ## 2 · What fits
#
# A capacity plan has three questions. What fits? How fast is it? What does it cost? The guide goes wrong in the
# first most often, so the planner holds each trap of the course:
#
# | trap | right |
# |---|---|
# | 8B at INT4 is 2 GB | half a byte each, scales, and embeddings in 16 bits |
# | cache from the hidden size | KV heads · head size |
# | cache ÷ GPUs | KV heads are whole: copies beyond K GPUs |
# | MLA (section 14's compressed cache) divided by TP | every GPU needs the whole compressed vector |
# | GB and GiB | a card of 80 GB is counted as 80 · 10⁹ bytes: 74.5 GiB |
# | room to the last byte | a reserve for activations |
# | a prefix counted per request | whole blocks are shared |
# | tokens | blocks, rounded up |
#
# A weight of b bits in groups of g with a scale of 16 bits costs b/8 + 2/g bytes. For 4 bits and groups of 128 that
# is 4.125 bits.
#
# **The catch: parameters that stay.** Embeddings and head are usually not quantized. Of Llama-3-8B they are 1.05 of
# 8.03 billion, and in 16 bits 2.1 GB of 5.7 GB.
#
# ### Exercise 33.3 · request_slots
#
# Three functions. All sizes are ints of at least 0, unless it says otherwise.
#
# - `weight_bytes(params, bits=16, group=None, kept=0)` → bytes, an int. Of `params` parameters `kept` stay in 16
#   bits. The others have `bits` each (an int of at least 1; all codes together are rounded up to a whole byte) and,
#   if `group` is not None, one scale of 2 bytes for each group of `group` weights, the last one maybe not full.
#   Exact, also beyond 10¹² parameters.
# - `cache_per_token(model, gpus=1, kv_size=2)` → bytes that one token takes on **each** of `gpus` GPUs. A GPU holds
#   ⌈K / gpus⌉ of the K = `model.kv_heads` heads, keys and values, in every one of `model.layers` layers; with
#   `model.mla`, a pair of element counts, the sum of the pair. `kv_size` bytes an element, maybe 0.5. Windows play no
#   part here: a windowed layer counts like any other (section 14 has the difference).
# - `request_slots(model, gpu, weights, prompt, answer, gpus=1, shared=0, kv_size=2, block=16, reserve=0.1)` → how
#   many requests fit at once, an int; **−1** if not even the weights fit, 0 if they fit and no request does.
#   - Each GPU has `gpu.memory` bytes, of which the share `reserve` is kept free, and holds `weights / gpus` bytes of
#     weights (`weights` is their total). The rest is cut into whole blocks of `block` tokens' cache.
#   - A request has `prompt + answer` tokens (prompt ≥ 0, answer ≥ 1), in blocks, the last one maybe not full. The
#     first `shared` tokens (≤ prompt) are the same for all: **full** blocks of them are stored once for all requests.
#   - Weights, or blocks, that fill the room exactly fit. Where a test is that exact, all numbers are whole and
#     `reserve` is 0, 0.25 or 0.5; elsewhere no answer is within 1e-6 of the next.
#
# Source: for paging, Kwon et al. 2023, arXiv 2309.06180. `Model` and `GPU` are those of `course.models.sizes`.

# %% stub="request_slots"
def weight_bytes(params: int, bits: int = 16, group: int | None = None, kept: int = 0) -> int:
    """Bytes of quantized weights: weight_bytes(100, 4, 32, kept=20) is 40 + 40 + 2 * 3 = 86."""
    ### BEGIN SOLUTION
    rest = params - kept
    codes = (rest * bits + 7) // 8
    scales = 0 if group is None else 2 * ((rest + group - 1) // group)
    return 2 * kept + codes + scales
    ### END SOLUTION
    raise NotImplementedError("weight_bytes")


def cache_per_token(model: Model, gpus: int = 1, kv_size: float = 2) -> float:
    """Bytes a token on each GPU: cache_per_token(MODELS["Llama-3-70B"], 4) is 2 * 80 * 2 * 128 * 2 = 81920."""
    ### BEGIN SOLUTION
    if model.mla is not None:
        return model.layers * sum(model.mla) * kv_size
    return 2 * model.layers * -(-model.kv_heads // gpus) * model.head_dim * kv_size
    ### END SOLUTION
    raise NotImplementedError("cache_per_token")


def request_slots(model: Model, gpu: GPU, weights: float, prompt: int, answer: int, gpus: int = 1, shared: int = 0,
                  kv_size: float = 2, block: int = 16, reserve: float = 0.1) -> int:
    """Requests that fit at once; -1 if the weights do not.

    request_slots(MODELS["Llama-3-8B"], GPUS["H100 80 GB"], 16.06e9, 4000, 500)  is  94
    """
    ### BEGIN SOLUTION
    room = gpu.memory * (1 - reserve) - weights / gpus
    if room < 0:
        return -1
    blocks = math.floor(room / (block * cache_per_token(model, gpus, kv_size)))
    common = shared // block
    own = -(-(prompt + answer) // block) - common
    return max(0, (blocks - common) // own)
    ### END SOLUTION
    raise NotImplementedError("request_slots")

# %% [markdown] hints="request_slots"
# <details><summary>Hint 1: a question</summary>
#
# A prefix of 20 tokens in blocks of 16: what do two requests share, and what does each write for itself?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Blocks of 16, prompt 40, answer 10, shared 20. 50 tokens are 4 blocks, of which 1 is shared; the tokens 17 to 20
# lie in a block that goes on differently. 3 own blocks a request: with 100 blocks (100 − 1) // 3 = 33 requests. With
# 8 KV heads on 3 GPUs each block has 3 of 8 heads.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Three roundings: heads up, a request's blocks up, shared blocks down. The shared ones are taken from the room once,
# and from the need of every request.
#
# </details>

# %% graded="request_slots__weights" points=2
# Looks at weight_bytes.
check(weight_bytes, 100, 4, 32, 20, want=86, why="20 in 16 bits, 40 bytes of codes, 3 scales",
      mistakes={"the scales were forgotten": 80, "the last scale was forgotten": 84, "all were quantized": 58})
check(weight_bytes, MODELS["Llama-3-8B"].params, 4, 128, 2 * 128_256 * 4096, want=5_700_196_416,
      why="Llama-3-8B at 4 bits in groups of 128, embedding and head kept")
check(weight_bytes, 7, want=14, why="16 bits unless told otherwise")
### BEGIN HIDDEN TESTS
for params, bits, group, kept in [(0, 4, 32, 0), (1, 1, 1, 0), (1, 3, None, 0), (3, 3, 2, 1), (129, 4, 128, 0),
                                  (1000, 5, 7, 13), (1000, 8, None, 1000), (64, 4, 64, 64), (10 ** 12 + 1, 3, 100, 7),
                                  (671_026_404_352, 4, 32, 10 ** 9 + 1), (2 ** 60 + 1, 7, 3, 0), (256, 2, 64, 0),
                                  (2 ** 62 + 3, 11, 5, 3), (1000, 16, 64, 100), (50, 20, 7, 3)]:
    rest = params - kept
    want = 2 * kept + -(-rest * bits // 8) + (2 * -(-rest // group) if group else 0)
    check(weight_bytes, params, bits, group, kept, want=want, rtol=0, atol=0, why="exact, codes and groups rounded up")
    got = weight_bytes(params, bits, group, kept)
    assert isinstance(got, int), f"weight_bytes gives an int; got {got!r}"
### END HIDDEN TESTS

# %% graded="request_slots__cache" points=2
# Looks at cache_per_token.
llama, deepseek = MODELS["Llama-3-70B"], MODELS["DeepSeek-V3"]
check(cache_per_token, llama, want=327_680, why="80 layers, 8 heads of 128, keys and values, 2 bytes",
      mistakes={"query heads were counted": 2_621_440, "keys only": 163_840})
check(cache_per_token, llama, 16, want=40_960, why="16 GPUs, 8 heads: each GPU still holds one whole head",
      mistakes={"half a head": 20_480})
check(cache_per_token, deepseek, 8, want=70_272, why="MLA: 61 * 576 * 2 on every GPU",
      mistakes={"the latent was divided": 8_784, "a factor 2 for keys and values": 140_544})
### BEGIN HIDDEN TESTS
for name, model in MODELS.items():
    for gpus, size in [(1, 2), (3, 1), (5, 0.5), (8, 2), (12, 4)]:
        heads = math.ceil(model.kv_heads / gpus)
        want = model.layers * size * (sum(model.mla) if model.mla else 2 * heads * model.head_dim)
        check(cache_per_token, model, gpus, size, want=want, why=f"{name} on {gpus} GPUs, {size} bytes an element")
for gpus in range(1, 10):
    check(cache_per_token, odd, gpus, want=2 * 31 * math.ceil(7 / gpus) * 100 * 2, why=f"7 heads on {gpus} GPUs")
### END HIDDEN TESTS

# %% graded="request_slots__slots" points=3
# Looks at request_slots: blocks, prefixes, what does not fit.
tiny, card = Model("tiny", 100, 2, 4, 2, 5, ""), GPU("card", 2000.0, 1.0, "")
check(request_slots, tiny, card, 200, 7, 2, kv_size=1, block=4, reserve=0.25, want=2,
      why="1300 bytes; a block takes 160: 8 blocks; 9 tokens are 3 blocks",
      mistakes={"tokens were not rounded up to blocks": 3, "the reserve was forgotten": 3})
check(request_slots, tiny, card, 200, 10, 3, shared=7, kv_size=1, block=4, reserve=0.25, want=2,
      why="one full block of 7 shared tokens; 3 own blocks: (8 - 1) // 3",
      mistakes={"a block that is not full was shared": 3})
check(request_slots, MODELS["Llama-3-70B"], GPUS["H100 80 GB"], 141.1e9, 4000, 500, want=-1,
      why="141 GB of weights on one card")
### BEGIN HIDDEN TESTS
def fit(model, gpu, weights, prompt, answer, gpus, shared, size, block, reserve):
    "By counting up."
    per = model.layers * size * (sum(model.mla) if model.mla else 2 * math.ceil(model.kv_heads / gpus) * model.head_dim)
    room = gpu.memory * (1 - reserve) - weights / gpus
    if room < 0:
        return -1
    blocks, n, common = int(room // (block * per)), 0, shared // block
    while common + (n + 1) * (math.ceil((prompt + answer) / block) - common) <= blocks:
        n += 1
    return n


for model in (MODELS["Llama-3-8B"], MODELS["Llama-3-70B"], MODELS["DeepSeek-V3"], MODELS["Llama-2-7B"], odd):
    for gpu in GPUS.values():
        for gpus, prompt, answer, shared, size, block, reserve in [
                (1, 4001, 503, 0, 2, 16, 0.1), (8, 30_000, 999, 20_010, 1, 32, 0.2), (3, 5000, 17, 33, 2, 1, 0.15),
                (12, 9000, 4000, 8999, 0.5, 64, 0.07), (2, 100_000, 8000, 17, 2, 16, 0.1)]:
            for bits in (16, 4.25):
                args = (model, gpu, model.params * bits / 8, prompt, answer, gpus, shared, size, block, reserve)
                check(request_slots, *args, want=fit(*args), why="blocks of the fullest GPU; the prefix once")
got = request_slots(MODELS["Llama-3-8B"], GPUS["H100 80 GB"], 16.06e9, 4000, 500)
assert isinstance(got, int) and got == 94, f"94 requests, as an int; got {got!r}"
for memory, weights, want in [(400.0, 200, 1), (199.0, 200, -1), (200.0, 200, 0), (359.0, 200, 0), (360.0, 200, 1),
                              (520.0, 200, 2), (519.0, 200, 1)]:
    check(request_slots, tiny, GPU("g", memory, 1.0, ""), weights, 1, 3, kv_size=1, block=4, reserve=0.0,
          want=want, why="exactly full fits; one byte less does not")
check(request_slots, tiny, GPU("g", 840.0, 1.0, ""), 200, 8, 4, shared=8, kv_size=1, block=4, reserve=0.0, want=2,
      why="4 blocks: two for the prefix, one for each request")
check(request_slots, tiny, GPU("g", 400.0, 1.0, ""), 200, 8, 4, shared=8, kv_size=1, block=4, reserve=0.0, want=0,
      why="not even the prefix fits: 0, not a negative number")
check(request_slots, tiny, GPU("g", 800.0, 1.0, ""), 200, 4, 4, 2, kv_size=1, block=4, reserve=0.5, want=1,
      why="two GPUs: 100 bytes of weights and 80 a block on each: 3 blocks, 2 a request")
for memory, reserve, want in [(240.0, 0.25, -1), (399.0, 0.5, -1), (400.0, 0.5, 0), (480.0, 0.25, 1)]:
    check(request_slots, tiny, GPU("g", memory, 1.0, ""), 200, 1, 3, kv_size=1, block=4, reserve=reserve, want=want,
          why="the weights must fit beside the reserve, too")
for bad in (-1, 0):
    got = request_slots(tiny, GPU("g", 200.0 + bad, 1.0, ""), 200, 1, 1, reserve=0.0)
    assert isinstance(got, int) and got == bad, f"-1 when the weights do not fit, 0 when no request does; got {got!r}"
### END HIDDEN TESTS

# %% tags=["picture"]
misconceptions.memory(weight_bytes, cache_per_token)

# %% [markdown]
# One H100 and Llama-3-8B: weights, and the cache of 8,192 tokens a request, in BF16 and at 4 bits. Quantizing the
# weights makes room for more requests; quantizing the cache makes each of them smaller.
#
# ## 3 · How fast, for how much
#
# A decode step reads every weight it needs once for the whole batch, and each request's own cache. It computes 2
# FLOP per active parameter and request. The longer of the two times counts (section 12), and a fixed overhead for
# launches and all-reduce comes on top:
#
# $$t = \max\left(\frac{\text{bytes read}}{\text{bandwidth}}, \frac{\text{FLOP}}{\text{peak}}\right) + \text{overhead}.$$
#
# In a **mixture of experts** two counts differ. Each token *computes* with k of N experts. What is *read* are all
# experts that anybody in the batch chose. If every token chooses k of N at random, an expert is missed by B tokens
# with probability $(1 - k/N)^B$, so the expected number read is
#
# $$N \left(1 - (1 - k/N)^B\right).$$
#
# **The catch: "13B active, so as fast as a 13B".** True at batch 1. At batch 8 Mixtral reads 7.2 of its 8 experts a
# layer. And it needs the memory of all 8 always.
#
# ### Exercise 33.4 · step_seconds
#
# `step_seconds(batch, tokens, moe, weight_size, cache_token, bandwidth, flops, overhead=0.0)` returns `(seconds,
# regime)` of one decode step.
#
# - `moe` is `(dense, expert, experts, chosen)`: parameters that every token uses; parameters of **one** expert,
#   added over all layers; N and k. A dense model has `experts` 0, and the other two then say nothing.
# - Bytes: `weight_size` for each parameter that is read (a fraction is possible), expected experts as above, and for
#   each of the `batch` requests the cache of `tokens` tokens, `cache_token` bytes each.
# - FLOP: 2 for each parameter that a token uses, for each request (attention's own left out).
# - regime is `"memory"` or `"compute"`, after the longer of the two times, `"memory"` where they are equal. The
#   overhead in seconds is added and decides nothing.
# - batch ≥ 1; `tokens` may be 0 or a fraction. A relative 1e-9 is tolerated.
#
# Source: Williams et al. 2009 (roofline); the count of experts is elementary.

# %% stub="step_seconds"
def step_seconds(batch: int, tokens: float, moe: tuple[float, float, int, int], weight_size: float,
                 cache_token: float, bandwidth: float, flops: float, overhead: float = 0.0) -> tuple[float, str]:
    """Seconds and regime of a decode step.

    step_seconds(2, 10, (100, 40, 4, 2), 1, 5, 10, 100)  is  (32.0, "memory"): 100 + 3 * 40 + 2 * 10 * 5 bytes
    """
    ### BEGIN SOLUTION
    dense, expert, experts, chosen = moe
    read = used = dense
    if experts:
        read = dense + expert * experts * (1 - (1 - chosen / experts) ** batch)
        used = dense + expert * chosen
    reading = (read * weight_size + batch * tokens * cache_token) / bandwidth
    computing = 2 * used * batch / flops
    return max(reading, computing) + overhead, "memory" if reading >= computing else "compute"
    ### END SOLUTION
    raise NotImplementedError("step_seconds")

# %% [markdown] hints="step_seconds"
# <details><summary>Hint 1: a question</summary>
#
# Two tokens choose 2 of 4 experts each. At least how many different ones are read, at most how many, and how many
# on average?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# N = 4, k = 2, batch 2: 4 · (1 − 0.5²) = 3. Dense 100 and expert 40, a byte each: 100 + 120 = 220 bytes. Two caches
# of 10 tokens of 5 bytes: 100 more. At 10 bytes a second 32 s. Computing: 2 · 2 · (100 + 80) = 720 FLOP.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# What grows with the batch: FLOP and caches in proportion, experts up to N, dense weights not at all.
#
# </details>

# %% graded="step_seconds__dense" points=2
# Looks at dense models: weights once, caches each, both regimes.
check(step_seconds, 4, 10, (100, 0, 0, 0), 2, 5, 10, 100, want=(40.0, "memory"), why="200 + 4 * 50 bytes",
      mistakes={"the weights were read for each request": (100.0, "memory"), "one cache": (25.0, "memory")})
check(step_seconds, 4, 0, (100, 0, 0, 0), 2, 5, 100, 100, 0.5, want=(8.5, "compute"),
      why="2 * 100 * 4 FLOP and the overhead")
check(step_seconds, 1, 0, (100, 0, 0, 0), 2, 5, 100, 100, 0.5, want=(2.5, "memory"), why="equal times: memory")
### BEGIN HIDDEN TESTS
for batch, tokens, dense, size, per, band, peak, extra in [
        (1, 4096, 8e9, 2, 131_072, 3.35e12, 989e12, 0.0), (900, 100.5, 8e9, 0.5, 131_072, 3.35e12, 989e12, 0.002),
        (3, 0, 7, 0.75, 9, 2, 5, 100.0), (64, 4000.25, 70.5e9, 4.125 / 8, 81_920, 4.8e12, 1e15, 0.01)]:
    for junk in ((0, 0, 0), (123.0, 0, 7)):
        reading, computing = (dense * size + batch * tokens * per) / band, 2 * dense * batch / peak
        check(step_seconds, batch, tokens, (dense, *junk), size, per, band, peak, extra, rtol=1e-9, atol=0,
              want=(max(reading, computing) + extra, "memory" if reading >= computing else "compute"),
              why="the longer of reading and computing, and the overhead; a dense model has no experts")
### END HIDDEN TESTS

# %% graded="step_seconds__experts" points=2
# Looks at mixtures: what is read, what is computed.
check(step_seconds, 2, 10, (100, 40, 4, 2), 1, 5, 10, 100, want=(32.0, "memory"), why="3 of 4 experts are expected",
      mistakes={"only active parameters are read": (28.0, "memory"), "all are read": (36.0, "memory"),
                "each token reads experts of its own": (36.0, "memory")})
check(step_seconds, 2, 0, (100, 40, 4, 2), 1, 5, 1e9, 10, want=(72.0, "compute"), why="2 * 2 * (100 + 80) FLOP",
      mistakes={"all experts compute": (104.0, "compute")})
### BEGIN HIDDEN TESTS
for batch in (1, 2, 3, 8, 33, 400):
    for dense, expert, n, k in [(1.6e9, 5.637e9, 8, 2), (17e9, 2.55e9, 256, 8), (5e9, 7e9, 3, 3), (2e9, 9e9, 5, 1),
                                (0, 1e9, 16, 2)]:
        for band, peak in ((3.35e12, 1e15), (1e15, 1e12)):
            read = dense + expert * sum(1 - (1 - k / n) ** batch for _ in range(n))
            reading, computing = (0.5 * read + batch * 70 * 3.5) / band, 2 * batch * (dense + k * expert) / peak
            check(step_seconds, batch, 70, (dense, expert, n, k), 0.5, 3.5, band, peak, 0.25, rtol=1e-9, atol=0,
                  want=(max(reading, computing) + 0.25, "memory" if reading >= computing else "compute"),
                  why=f"batch {batch}, {k} of {n} experts")
### END HIDDEN TESTS

# %% tags=["picture"]
misconceptions.speed(step_seconds)

# %% [markdown]
# Mixtral-8x7B and dense models of its active and of its whole size, on two H100s at BF16. At batch 1 the mixture
# stands on the small model; it moves to the large one within a dozen requests, as all experts are read. (The dashed
# line without caches shows what the cache adds.)
#
# ## 4 · The guide's worst claims
#
# The course checked about 500 claims of the guide in its 33 sections; the index of claims in the course's docs lists
# the 50 worst. Here you settle twenty of those, with your own functions. For each: the **right number** in a given
# case, and whether what the guide says **holds** there. A wrong claim is seldom wrong everywhere. Knowing *when it
# would be right* is the better half of an interview answer.
#
# **The catch: the setting decides.** "MQA saves 8 times" is right for a model with 8 heads. "The weights fit" is no
# equation, it is "at most".
#
# ### Exercise 33.5 · settle
#
# `settle(claim, case)` → `(right, holds)`: a number and a bool. `case` is a dict; its `"says"` is the guide's
# number, or one that stands for its words; the other keys are the setting. Another claim is a `ValueError`.
#
# `holds` is |says − right| ≤ 0.02 · |right|; for the four claims marked **≤** it is right ≤ says. (No test lies
# within a part in a million of a border.) Numbers are compared at a relative 1e-6.
#
# | claim | the guide | right is |
# |---|---|---|
# | S14.2 | cache from the hidden size | bytes of the cache: `layers, kv_heads, head_dim, tokens, batch, size` |
# | S14.1 | a step with a cache is O(1) | attention's bytes at `late` tokens over those at `early` |
# | S14.12 | MQA saves 8 times | cache of MHA with `heads` heads over that of MQA (one) |
# | S14.7 | linear scaling: position × factor | the position that the model sees: `position, factor` |
# | S10.2 | mixed precision halves memory | share of FP32's bytes a parameter: lists `mixed` and `full` |
# | S10.6 | traffic grows with each stage | traffic of ZeRO `stage` over that of stage 1 |
# | S4.4 ≤ | QLoRA 70B on 24 GB | GB of weights: `params, bits, group, kept` |
# | S23.16 | 8B at INT4 is 2 GB | GB of weights: the same keys |
#
# | claim | the guide | right is |
# |---|---|---|
# | SU1.9 | at most k tokens a step | tokens expected of one verification: `alpha, k` |
# | SU1.15 ≤ | INT4 loses less than INT8 | error at `bits` over error at `other` (see below) |
# | SU2.2 | PPO: policy over reference | PPO's ratio: `new, old, reference`, log-probabilities |
# | S16.13 | 8x22B has 176B | parameters in all: `dense, expert, experts, chosen` |
# | S17.10 | least when f = P | the balancing loss of lists `f` and `p`: $N \sum_i f_i P_i$ |
# | S17.29 | weights with the bias | weight of the expert that is chosen first (see below) |
# | S18.10 | a million vectors in 1.8 GB | GB of the bare vectors: `vectors, dim, size` (bytes a number) |
# | S18.19 ≤ | p99s added stay under 500 ms | p99 of the sum: `stages`, a list of lists (see below) |
# | S19.2 | context precision is TP/(TP+FP) | average precision of `relevant`, best first |
# | S15.6 | cost per quality is price / score | dollars a right answer: `price, share, loss` (see below) |
# | S27.12 | the judge's rate is the rate | the true rate: `observed, sensitivity, specificity` (see below) |
# | S28.11 ≤ | 0.95 protects the cache | share of false hits among hits (see below) |
#
# - **S14.7**: linear scaling squeezes positions by the factor into the trained range. **S10.2**: the sum of `mixed`
#   over that of `full`.
# - **SU2.2**: the ratio of the new policy's probability to that of the policy that sampled, the old one.
# - **S16.13**: `dense` and all `experts`, `expert` parameters each (over all layers).
# - **SU1.15**: round the list `values` (as float64) by your `fake_quant`, once with `bits` and once with `other`
#   bits, each with the scale max|value| / (2^(bits − 1) − 1) of its own; divide the two sums of squared errors.
# - **S17.29**: of `scores` (positive) the `k` with the largest score + `bias` are chosen (no ties). Their weights
#   are their *scores*, divided by the sum of the chosen ones' scores. Wanted: that of the largest score + bias.
# - **S15.6**: an answer costs `price` dollars, and `loss` dollars more where it is wrong; a `share` of the answers
#   (over 0) is right. Wanted: what all answers cost, divided by the number of right ones.
# - **S27.12**: a judge marks the share `observed` of all answers as faulty. Of those that are faulty it marks the share
#   `sensitivity`, of the sound ones it passes the share `specificity` (the two add up to more than 1). Wanted: the
#   share that is faulty, as it comes out, below 0 or above 1 too.
# - **S18.19**: `stages[i][j]` is the time that request j spent in stage i. The p99 is `np.quantile(…, 0.99)`.
# - **S28.11**: `similarity` and `same` are lists; a hit is a similarity ≥ `threshold`, a false one has `same` False.
#   Without hits the share is 0.
# - GB is 10⁹ bytes. `weight_bytes`, `fake_quant` and the setup's four tools are there to be called.
#
# Sources: each claim's row in its section's `claims.md`. The ids are the guide's: S4, S10, S14, S15 and S16 belong to
# the sections of that number, SU1 to 17, SU2 to 18, S17 to 19, S18 to 20, S19 to 21, S23 to 25, S27 to 30, S28 to 31.

# %% stub="settle"
def settle(claim: str, case: Case) -> tuple[float, bool]:
    """The right number, and whether the guide's holds.

    settle("S14.12", {"says": 8, "heads": 64})  is  (64.0, False)
    """
    ### BEGIN SOLUTION
    c = case

    def error(bits):
        x = torch.tensor(c["values"], dtype=torch.float64)
        return float(((x - fake_quant(x, x.abs().max() / (2 ** (bits - 1) - 1), bits)) ** 2).sum())

    def first_weight():
        order = sorted(range(len(c["scores"])), key=lambda i: -(c["scores"][i] + c["bias"][i]))[:c["k"]]
        return c["scores"][order[0]] / sum(c["scores"][i] for i in order)

    def false_hits():
        hits = [same for s, same in zip(c["similarity"], c["same"]) if s >= c["threshold"]]
        return hits.count(False) / len(hits) if hits else 0.0
    answers = {
        "S14.2": lambda: kv_cache_bytes(c["layers"], c["kv_heads"], c["head_dim"], c["tokens"], c["batch"], c["size"]),
        "S14.1": lambda: kv_cache_bytes(1, 1, 1, c["late"]) / kv_cache_bytes(1, 1, 1, c["early"]),
        "S14.12": lambda: kv_cache_bytes(1, c["heads"], 1, 1) / kv_cache_bytes(1, 1, 1, 1),
        "S14.7": lambda: c["position"] / c["factor"],
        "S10.2": lambda: sum(c["mixed"]) / sum(c["full"]), "S10.6": lambda: zero_traffic(c["stage"]) / zero_traffic(1),
        "S23.16": lambda: weight_bytes(c["params"], c["bits"], c["group"], c["kept"]) / 1e9,
        "SU1.9": lambda: speculative_tokens(c["alpha"], c["k"]),
        "S15.6": lambda: (c["price"] + (1 - c["share"]) * c["loss"]) / c["share"],
        "S27.12": lambda: (c["observed"] + c["specificity"] - 1) / (c["sensitivity"] + c["specificity"] - 1),
        "SU1.15": lambda: error(c["bits"]) / error(c["other"]),
        "SU2.2": lambda: math.exp(c["new"] - c["old"]),
        "S16.13": lambda: c["dense"] + c["expert"] * c["experts"],
        "S17.10": lambda: len(c["f"]) * sum(f * p for f, p in zip(c["f"], c["p"])),
        "S17.29": first_weight,
        "S18.10": lambda: c["vectors"] * c["dim"] * c["size"] / 1e9,
        "S18.19": lambda: float(np.quantile(np.sum(c["stages"], 0), 0.99)),
        "S19.2": lambda: average_precision(c["relevant"]),
        "S28.11": false_hits,
    }
    answers["S4.4"] = answers["S23.16"]
    if claim not in answers:
        raise ValueError(f"no claim {claim!r}")
    right = answers[claim]()
    if claim in ("S4.4", "SU1.15", "S18.19", "S28.11"):
        return right, bool(right <= c["says"])
    return right, bool(abs(c["says"] - right) <= 0.02 * abs(right))
    ### END SOLUTION
    raise NotImplementedError("settle")

# %% [markdown] hints="settle"
# <details><summary>Hint 1: a question</summary>
#
# Which of the twenty need a loop, which one call of a tool, which a single product? Sort them before you write.
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# S14.12 with 64 heads: MHA keeps 64 heads, MQA one: right is 64, says 8, holds False. With 8 heads: (8, True). S4.4
# with a need of 39.5 GB and says 24: 39.5 ≤ 24 is False; with says 48 True.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# In four claims the guide's number is a limit. There a *smaller* right number makes the claim hold, however far off
# it is.
#
# </details>

# %% graded="settle__memory" points=3
# Looks at the eight claims of the first table.
check(settle, "S14.12", {"says": 8, "heads": 64}, want=(64.0, False), why="64 heads against one",
      mistakes={"that is GQA": (8.0, True)})
check(settle, "S14.12", {"says": 8, "heads": 8}, want=(8.0, True), why="with 8 heads the guide is right")
check(settle, "S14.2", {"says": 343.6e9, "layers": 80, "kv_heads": 8, "head_dim": 128, "tokens": 131_072, "batch": 1,
                        "size": 2}, want=(42_949_672_960.0, False), why="Llama-3-70B at 128K: 42.9 GB")
check(settle, "S4.4", {"says": 48, "params": 70_553_706_496, "bits": 4, "group": 128, "kept": 0},
      want=(36.379254912, True), rtol=1e-6, atol=0, why="36.4 GB fit 48: the claim is 'at most'",
      mistakes={"'at most' taken for 'equal'": (36.379254912, False)})
raises(ValueError, settle, "S99.1", {"says": 1}, why="no such claim")
### BEGIN HIDDEN TESTS
settled(settle, "S14.2", 2 * 3 * 5 * 7 * 11 * 13 * 0.5, layers=3, kv_heads=5, head_dim=7, tokens=11, batch=13, size=0.5)
settled(settle, "S14.2", 131_072 * 32768.0, layers=32, kv_heads=8, head_dim=128, tokens=32768, batch=1, size=2)
for late, early in ((1000, 10), (7, 7), (300, 1000)):
    settled(settle, "S14.1", late / early, late=late, early=early)
for heads in (1, 32, 71):
    settled(settle, "S14.12", float(heads), heads=heads)
for position, factor in ((8000, 4), (0.5, 3), (17, 1.0)):
    settled(settle, "S14.7", position / factor, position=position, factor=factor)
settled(settle, "S10.2", 1.0, mixed=[2, 2, 4, 8], full=[4, 4, 8])
settled(settle, "S10.2", 18 / 16, mixed=[2, 4, 4, 8], full=[4, 4, 8])
settled(settle, "S10.2", 10 / 12, mixed=[2, 2, 4, 2], full=[4, 8])
for stage, want in ((1, 1.0), (2, 1.0), (3, 1.5)):
    settled(settle, "S10.6", want, stage=stage)
for params, bits, group, kept, want in [(1000, 4, 64, 100, 200 + 450 + 30), (10 ** 9 + 7, 3, None, 0, 375_000_003),
                                        (70_553_706_496, 4, 64, 2_101_346_304, None)]:
    rest = params - kept
    want = want or 2 * kept + rest // 2 + 2 * -(-rest // 64)
    settled(settle, "S4.4", want / 1e9, params=params, bits=bits, group=group, kept=kept)
    settled(settle, "S23.16", want / 1e9, params=params, bits=bits, group=group, kept=kept)
for claim in ("S14.3", "", "14.2", "SU1.1"):
    raises(ValueError, settle, claim, {"says": 1}, why="no such claim")
### END HIDDEN TESTS

# %% graded="settle__serving" points=3
# Looks at the twelve claims of the second table.
check(settle, "SU1.9", {"says": 2.95, "alpha": 0.8, "k": 4}, want=(3.3616, False), rtol=1e-6, atol=0,
      why="the bonus token", mistakes={"without the bonus": (2.9520, True)})
check(settle, "S19.2", {"says": 0.5, "relevant": [1, 0, 1, 0]}, want=((1 + 2 / 3) / 2, False), rtol=1e-6, atol=0,
      why="average precision, not the share", mistakes={"the share of relevant ones": (0.5, True)})
check(settle, "S28.11", {"says": 0.5, "threshold": 0.95, "similarity": [0.99, 0.95, 0.96, 0.2], "same": [True, False,
                         True, False]}, want=(1 / 3, True), rtol=1e-6, atol=0, why="one of three hits is false: at most 0.5",
      mistakes={"a similarity of exactly the threshold is no hit": (0.0, True), "false hits among all": (0.25, True)})
### BEGIN HIDDEN TESTS
for alpha, k in ((0.8, 4), (0.0, 3), (0.5, 1), (0.95, 12)):
    settled(settle, "SU1.9", sum(alpha ** j for j in range(k + 1)), alpha=alpha, k=k)
for price, right, wrong, loss in ((0.05, 26, 74, 20.0), (5.0, 90, 10, 20.0), (3.0, 1, 1, 0.0), (0.0, 3, 5, 7.5), (2, 4, 0, 9)):
    settled(settle, "S15.6", ((right + wrong) * price + wrong * loss) / right, price=price, loss=loss,
            share=right / (right + wrong))
for rate, found, passed in ((0.03, 0.8, 0.9), (0.5, 1.0, 1.0), (0.7, 0.6, 0.55), (1.0, 0.75, 0.5), (-0.02, 0.9, 0.8),
                            (1.2, 0.75, 0.9)):
    settled(settle, "S27.12", rate, observed=rate * found + (1 - rate) * (1 - passed), sensitivity=found, specificity=passed)
for seed, bits, other in ((0, 4, 8), (1, 8, 4), (2, 3, 5), (3, 2, 3)):
    values = torch.tensor([round(v, 3) for v in drawn(300, seed=seed, size=2.0).tolist()], dtype=torch.float64)
    errors = [float(((values - on_grid(values, values.abs().max() / (2 ** (b - 1) - 1), b)[0]) ** 2).sum())
              for b in (bits, other)]
    settled(settle, "SU1.15", errors[0] / errors[1], bits=bits, other=other, values=values.tolist())
for new, old, reference in ((-1.0, -1.0, -3.0), (-2.0, -1.5, -2.0), (-0.1, -4.0, -1.0)):
    settled(settle, "SU2.2", math.exp(new) / math.exp(old), new=new, old=old, reference=reference)
settled(settle, "S16.13", 140_620_634_112, dense=5_329_164_288, expert=16_911_433_728, experts=8, chosen=2)
settled(settle, "S16.13", 17, dense=2, expert=5, experts=3, chosen=1)
for f, p in (([1.0, 0, 0, 0], [1.0, 0, 0, 0]), ([0.25] * 4, [0.25] * 4), ([0.5, 0.5, 0.0], [0.2, 0.3, 0.5])):
    settled(settle, "S17.10", len(f) * math.fsum(a * b for a, b in zip(f, p)), f=f, p=p)
settled(settle, "S17.29", 0.2 / 0.5, scores=[0.3, 0.2, 0.9, 0.1], bias=[0.0, 0.5, -0.8, 0.0], k=2)
settled(settle, "S17.29", 0.9 / 1.2, scores=[0.3, 0.2, 0.9], bias=[0.1, 0.0, 0.0], k=2)
settled(settle, "S17.29", 1.0, scores=[0.3, 0.25], bias=[0.0, 1.0], k=1)
settled(settle, "S17.29", 0.1 / 1.5, scores=[0.3, 0.2, 0.9, 0.1], bias=[0, 0, 0, 2.0], k=4)
for vectors, dim, size in ((10 ** 6, 768, 4), (10 ** 6, 768, 2), (75 * 10 ** 6, 128, 2), (999, 17, 0.125)):
    settled(settle, "S18.10", vectors * dim * size / 1e9, vectors=vectors, dim=dim, size=size)
for seed, (stages, n) in enumerate([(4, 500), (2, 37), (1, 101), (3, 5)]):
    times = np.exp(0.6 * np.random.default_rng(seed).standard_normal((stages, n))) * 100
    together = sorted(times.sum(0).tolist())
    at = 0.99 * (n - 1)
    low = int(at)
    want = together[low] + (at - low) * (together[min(low + 1, n - 1)] - together[low])
    settled(settle, "S18.19", want, stages=times.tolist())
for relevant, want in (([1, 1, 0, 0], 1.0), ([0, 0, 1, 1], (1 / 3 + 1 / 2) / 2), ([0, 0], 0.0), ([0, 1, 0, 0, 1], 0.45)):
    if want:
        settled(settle, "S19.2", want, relevant=relevant)
    else:
        check(settle, "S19.2", {"says": 0.5, "relevant": relevant}, want=(0.0, False), why="nothing relevant: 0")
pairs = {"similarity": [0.2, 0.95, 0.949, 0.96, 0.99, 0.97], "same": [True, False, True, False, False, False]}
settled(settle, "S28.11", 1.0, threshold=0.95, **pairs)
pairs = {"similarity": [0.99, 0.95, 0.96, 0.2, 0.949, 0.97], "same": [True, False, True, False, False, False]}
settled(settle, "S28.11", 0.5, threshold=0.95, **pairs)
settled(settle, "S28.11", 4 / 6, threshold=0.1, **pairs)
check(settle, "S28.11", {"says": 0.0, "threshold": 0.999, **pairs}, want=(0.0, True), why="no hits, no false ones")
### END HIDDEN TESTS

# %% graded="settle__arguments" points=1
# Looks at types, and at the case after the call.
check(settle, "S14.12", {"says": 8, "heads": 8}, want=(8.0, True))
unchanged(settle, "S18.19", {"says": 500.0, "stages": [[1.0, 2.0], [3.0, 5.0]]}, want=(6.97, True), rtol=1e-6, atol=0)
### BEGIN HIDDEN TESTS
unchanged(settle, "SU1.15", {"says": 1.0, "values": [0.3, 1.0, -2.0], "bits": 4, "other": 8}, rtol=1e-6, atol=0,
          want=(settle("SU1.15", {"says": 1.0, "values": [0.3, 1.0, -2.0], "bits": 4, "other": 8})[0], False))
unchanged(settle, "S17.29", {"says": 0.4, "scores": [0.3, 0.2, 0.9], "bias": [0.0, 0.5, -0.8], "k": 2}, rtol=1e-6,
          atol=0, want=(0.4, True))
unchanged(settle, "S28.11", {"says": 0.5, "threshold": 0.9, "similarity": [0.5, 0.99, 0.95], "same": [True, False, True]},
          want=(0.5, True), rtol=1e-6, atol=0)
for claim, case in (("S18.19", {"says": 1.0, "stages": [[1.0, 2.0]]}), ("S4.4", {"says": 1, "params": 8, "bits": 4,
                    "group": None, "kept": 0}), ("S28.11", {"says": 1, "threshold": 0, "similarity": [1.0], "same": [True]})):
    assert settle(claim, case)[1] in (True, False), f"holds is a bool; got {settle(claim, case)[1]!r}"
### END HIDDEN TESTS

# %% tags=["picture"]
misconceptions.verdicts(settle)

# %% [markdown]
# Each claim in the setting that the guide has in mind: the guide's number over the right one, on a scale of factors.
# The printed list has the numbers. None of the twenty holds there. Change one number of a case and some do: 8 heads
# in S14.12, a card of 48 GB in S4.4, errors that cost nothing in S15.6. S18.10 compares unlike things: in float16, with
# the links of a search graph (section 20), a million vectors are 1.79 GB.
#
# ## 5 · A design with numbers
#
# "Design a service for this model: 20 requests a second at peak, 2,000 tokens in, 300 out, first token within a
# second." A good answer walks one line: **load → memory → batch → rate → replicas → cost**, and says at each step
# which limit binds. It names what it left out. The order matters: the batch is limited by memory *and* by the time
# per token that was promised, and the rate follows from the batch.
#
# - **Slots** are what memory allows. The **batch** is the largest that also keeps the promise for TPOT (time per
#   output token). More would be faster in tokens a second, and too slow for each reader.
# - The first token comes after the prefill: **TTFT**, the time to it, is promised too.
# - A request keeps a replica busy with its prefill, and with its share of the decode steps. Prefill is compute-bound:
#   2 FLOP per active parameter and prompt token, at a share of the peak, the **MFU**. The shared prefix is in the
#   cache already.
# - Replicas are sized for the **peak**, with headroom for what the averages hide (arrivals come in bursts), and one or
#   more spare ones for failures and deployments.
# - Cost per token is paid for the **mean**: idle GPUs cost the same. Who divides by the peak's tokens finds a cost that
#   is too low by the factor of peak over mean.
#
# **The catch: who prefills.** `rate` pays for the prefills, `step` does not wait for them. That is true where prefills
# run on GPUs of their own (**disaggregation**, section 12), and the replicas are shared out between the two as a
# request's time is. On one machine batch / answer prefills fall between two steps, on average, and a token takes
#
# $$\text{step} + \frac{\text{batch}}{\text{answer}} \cdot \text{prefill},$$
#
# for the setup's service 23 + 50 = 73 ms where 30 were promised. Cutting prompts into pieces that run inside the steps
# (chunked prefill) makes the waits even and hides reading behind computing, but the 50 ms of computing stay. Who has one
# kind of machine takes a smaller batch, and more replicas.
#
# Queueing, unequal lengths and attention's own FLOP are left out as well. The plan is where measuring begins;
# section 12's engine and a load test decide.
#
# ### Exercise 33.6 · design_service
#
# The cheapest option that keeps its promises, as a dict, or None if none does. `spec` has:
#
# - `"model"` (a `Model`), `"moe"` as in `step_seconds`, `"kept"` parameters in 16 bits;
# - `"load"`: a dict of `"peak"` and `"mean"` requests a second (over 0), `"prompt"`, `"answer"` and `"shared"` tokens;
# - `"ttft"` and `"tpot"` in seconds, `"mfu"`, `"headroom"` (0 ≤ h < 1), `"spare"` replicas (an int);
# - `"options"`: a list of dicts with `"gpu"` (a `GPU`), `"gpus"` of a replica, `"flops"` of a GPU, `"price"` of a GPU
#   in dollars an hour, `"bits"`, `"group"`, `"kv_size"`, `"overhead"` of a step in seconds.
#
# For each option, with your own functions and their default block of 16 and reserve of 0.1:
#
# 1. `slots` = `request_slots` for the whole weights of `weight_bytes`.
# 2. A step at batch B: `step_seconds` for `prompt + answer / 2` tokens (the mean over an answer's life);
#    `weight_size` is the weight bytes divided by `model.params`; bandwidth, FLOP/s and cache bytes per token are those of all
#    `gpus` GPUs **together**. So a copied head is read by each.
# 3. `batch` = the largest B from 1 to `slots` with `step` ≤ `tpot`. (A step never becomes shorter with B.) Without
#    such a B the option falls out.
# 4. `prefill` = 2 · active parameters (those that one token uses) · (prompt − shared tokens in full blocks of 16) /
#    (FLOP/s of all GPUs · mfu). Over `ttft` the option falls out.
# 5. `rate` = 1 / (prefill + answer · step / batch), requests a second of one replica.
# 6. `replicas` = peak / (rate · (1 − headroom)), rounded up, plus `spare`. (No test lies near a whole number.)
# 7. `cost` = dollars for 10⁶ output tokens: all GPUs of all replicas, running always, over the **mean** load's
#    output tokens.
#
# The answer: `{"option": its place in the list (from 0), "slots", "batch", "step", "prefill", "rate", "replicas",
# "cost"}` of the option with the lowest cost; of equal ones the first. `"slots"`, `"batch"` and `"replicas"` are
# ints. Numbers are compared at a relative 1e-6. Where a step takes exactly `tpot`, or a prefill exactly `ttft`, all
# numbers are such that rounding plays no part. `spec` stays as it is. `slots` may be 20,000.
#
# Source: the pieces of sections 08, 12, 14 and 27, in one line.

# %% stub="design_service"
def design_service(spec: dict) -> dict | None:
    """The cheapest option that keeps its promises, with its numbers; None if there is none."""
    ### BEGIN SOLUTION
    model, moe, load = spec["model"], spec["moe"], spec["load"]
    active = moe[0] + (moe[1] * moe[3] if moe[2] else 0)
    plans = []
    for place, o in enumerate(spec["options"]):
        gpus = o["gpus"]
        weights = weight_bytes(model.params, o["bits"], o["group"], spec["kept"])
        slots = request_slots(model, o["gpu"], weights, load["prompt"], load["answer"], gpus, load["shared"],
                              o["kv_size"])

        def step(batch):
            return step_seconds(batch, load["prompt"] + load["answer"] / 2, moe, weights / model.params,
                                cache_per_token(model, gpus, o["kv_size"]) * gpus, o["gpu"].bandwidth * gpus,
                                o["flops"] * gpus, o["overhead"])[0]
        batch = 0
        while batch < slots and step(batch + 1) <= spec["tpot"]:
            batch += 1
        fresh_tokens = load["prompt"] - load["shared"] // 16 * 16
        prefill = 2 * active * fresh_tokens / (o["flops"] * gpus * spec["mfu"])
        if batch < 1 or prefill > spec["ttft"]:
            continue
        rate = 1 / (prefill + load["answer"] * step(batch) / batch)
        replicas = math.ceil(load["peak"] / (rate * (1 - spec["headroom"]))) + spec["spare"]
        cost = replicas * gpus * o["price"] / (load["mean"] * load["answer"] * 3600) * 1e6
        plans.append({"option": place, "slots": slots, "batch": batch, "step": step(batch), "prefill": prefill,
                      "rate": rate, "replicas": replicas, "cost": cost})
    return min(plans, key=lambda plan: plan["cost"], default=None)
    ### END SOLUTION
    raise NotImplementedError("design_service")

# %% [markdown] hints="design_service"
# <details><summary>Hint 1: a question</summary>
#
# Which of the numbers belong to one GPU, which to a replica, which to the service?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Prefill 0.1 s, answer 200 tokens, step 0.02 s at batch 20: 0.1 + 200 · 0.02 / 20 = 0.3 s of a replica for each
# request, so 3.33 a second. Peak 10, headroom 0.25: 10 / 2.5 = 4 replicas, and one spare. At 2 dollars and 4 GPUs a
# replica: 40 dollars an hour. Mean 5 a second: 3.6 million output tokens an hour, 11.11 dollars a million.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A dense model's `moe` may hold anything behind its first number. And the cheapest GPU by the hour is often not the
# cheapest by the token.
#
# </details>

# %% graded="design_service__plan" points=3
# Looks at one option, number by number.
plan = design_service(SPEC)
assert isinstance(plan, dict), f"expected a dict: one H100 serves Llama-3-8B; got {plan!r}"
expect(plan["slots"], 185, on="the slots of one H100", why="26,674 blocks, 144 a request")
expect(plan["batch"], 185, on="the batch", why="a step of 185 requests takes less than 30 ms: memory binds")
expect(plan["step"], 0.02336, on="the step", rtol=1e-3, why="weights and 185 caches of 2,150 tokens, and 3 ms",
       mistakes={"the cache of whole answers": 0.02445, "the overhead was forgotten": 0.02036})
expect(plan["replicas"], 5, on="the replicas", why="20 / (8.4 * 0.75) is 3.2, so 4, and one spare",
       mistakes={"sized for the mean": 2, "no spare one": 4})
### BEGIN HIDDEN TESTS
for seed in range(25):
    s = variation(seed)
    want = plan_of(s)
    if not near(want, s):
        check(design_service, s, want=want, rtol=1e-6, atol=0, why=f"{s['model'].name} on {s['options'][0]['gpus']} GPUs")
for key in ("slots", "batch", "replicas"):
    assert isinstance(plan[key], int), f"{key} is an int; got {plan[key]!r}"
### END HIDDEN TESTS

# %% graded="design_service__promises" points=2
# Looks at the promises: TPOT limits the batch, TTFT and memory sort options out.
slow = {**SPEC, "tpot": 0.015}
expect((design_service(slow) or {}).get("batch"), 85, on="the batch with a TPOT of 15 ms",
       why="85 requests step in 15 ms, 86 do not", mistakes={"TPOT was forgotten": 185})
check(design_service, {**SPEC, "ttft": 0.05}, want=None, why="a prefill takes 81 ms: too long")
check(design_service, {**SPEC, "model": MODELS["Llama-3-70B"], "moe": (70.5e9, 0, 0, 0)}, want=None,
      why="141 GB of weights on one card")
check(design_service, {**SPEC, "tpot": 0.007}, want=None, why="not even one request steps in 7 ms")
### BEGIN HIDDEN TESTS
for seed in range(25, 40):
    s = variation(seed)
    for tpot in (0.006, 0.009, 0.014, 0.02):
        tight = {**s, "tpot": tpot + 1e-7 * seed}
        want = plan_of(tight)
        if not near(want, tight):
            check(design_service, tight, want=want, rtol=1e-6, atol=0, why="the largest batch that steps within tpot")
    whole = plan_of(s)
    if whole:
        check(design_service, {**s, "ttft": whole["prefill"] * 0.999}, want=None, why="prefill longer than ttft")
        if not near(whole, s):
            check(design_service, {**s, "ttft": whole["prefill"] * 1.001}, want=whole, rtol=1e-6, atol=0,
                  why="prefill shorter than ttft")
even = {"model": Model("even", 2 ** 20, 2, 2, 1, 8, ""), "moe": (2 ** 20, 0, 0, 0), "kept": 0, "tpot": 2 + 7 / 256,
        "load": {"peak": 3, "mean": 1, "prompt": 48, "answer": 32, "shared": 0}, "ttft": 0.1875, "mfu": 0.5,
        "headroom": 0.25, "spare": 0, "options": [{"gpu": GPU("even", 2.0 ** 23, 2.0 ** 20, ""), "gpus": 1, "flops": 2.0 ** 30,
                                                   "price": 1.0, "bits": 16, "group": None, "kv_size": 2, "overhead": 0.0}]}
check(design_service, even, want=plan_of(even), rtol=1e-6, atol=0,
      why="7 requests step in exactly tpot and a prefill takes exactly ttft: both keep the promise")
check(design_service, {**SPEC, "options": []}, want=None, why="no options")
full = {**SPEC, "load": {**SPEC["load"], "prompt": 300_000, "answer": 300_000}}
check(design_service, full, want=None, why="weights fit, no request does")
### END HIDDEN TESTS

# %% graded="design_service__choice" points=2
# Looks at several options: the lowest cost, ties, the arguments after the call.
two = {**SPEC, "options": [{**H100, "gpus": 2}, {**H100, "gpus": 1}, {**H100, "gpus": 1, "price": 2.5}]}
expect((design_service(two) or {}).get("option"), 1, on="the choice among two cards, one, and one again",
       why="one card costs less a token; of equal costs the first", mistakes={"the first that fits": 0,
                                                                              "the last of equal ones": 2})
unchanged(design_service, {**two, "tpot": 0.007}, want=design_service({**two, "tpot": 0.007}), rtol=1e-6, atol=0)
### BEGIN HIDDEN TESTS
late = {**SPEC, "ttft": 0.5, "options": [{**H100, "gpus": 1, "flops": 1e14}, {**H100, "gpus": 2}, {**H100, "gpus": 1}]}
check(design_service, late, want=plan_of(late), rtol=1e-6, atol=0, why="what falls out for its prefill does not end the search")
for seed in range(40, 55):
    s = variation(seed)
    o = s["options"][0]
    gpus = list(GPUS.values())
    s["options"] = [{**o, "gpus": 1, "bits": 16, "group": None}, {**o, "gpu": gpus[(seed + 1) % 3], "price": o["price"] * 1.3},
                    {**o, "gpus": o["gpus"] * 2, "price": o["price"] * 0.9}, {**o, "kv_size": 1, "bits": 8}, o,
                    {**o, "overhead": 0.2, "price": 0.01}]
    want = plan_of(s)
    if not any(near(plan_of({**s, "options": [x]}), s) for x in s["options"]):
        check(design_service, s, want=want, rtol=1e-6, atol=0, why="the lowest cost of those that keep the promises")
        unchanged(design_service, s, want=want, rtol=1e-6, atol=0)
        again = {**s, "options": s["options"] + s["options"]}
        check(design_service, again, want=want, rtol=1e-6, atol=0, why="of equal costs the first")
### END HIDDEN TESTS

# %% tags=["picture"]
misconceptions.frontier(design_service)

# %% [markdown]
# Llama-3-70B for the load of the setup's `SPEC`, on one to eight H100s a replica, by bits of the weights (FP8
# cache). Where it says so, the weights do not fit. From 4 to 8 bits little changes: nine tenths of a request's time are
# its prefill, and that computes in BF16 whatever the weights are stored in. Where weights *and* activations are FP8,
# the H100 multiplies at twice the rate (1,979 TFLOP/s), and that saves more than bits do. What the bars leave out: at 4
# bits a kernel must unpack, which at large batch costs compute; and quality, which only your evaluation knows.
#
# ## 6 · The experiment: training, or a better scale?
#
# A linear classifier of 8 × 8 digits (65 inputs, 10 outputs, fitted by least squares) is rounded to **2 bits**, one
# scale a row. Four ways:
#
# | name | scale | training |
# |---|---|---|
# | `"PTQ, largest"` | the largest absolute weight of the row fits | none |
# | `"PTQ, searched"` | of 37 candidates the one with the least squared error of the weights | none |
# | `"QAT, largest"` | as in the first | 300 of your `qat_step`, the best weights on the way are kept |
# | `"QAT, searched"` | as in the second | the same |
#
# The measure is the mean squared error on 899 images that nobody learned from. About a second. **Predict before you run
# it**: order the four, the smallest error first. One point for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the smallest error first
### BEGIN SOLUTION
prediction = ["QAT, searched", "PTQ, searched", "QAT, largest", "PTQ, largest"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["PTQ, largest", "PTQ, searched", "QAT, largest", "QAT, searched"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["PTQ, largest", "PTQ, searched", "QAT, largest", "QAT, searched"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["QAT, searched", "PTQ, searched", "QAT, largest", "PTQ, largest"],
          "With 2 bits and the scale of the largest weight, how many weights of a row round to 0?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def searched_scale(w, largest, bits):
    "The candidate with the least squared error of each row."
    candidates = torch.linspace(0.1, 1.0, 37)[:, None, None] * largest
    errors = torch.stack([((fake_quant(w, s, bits) - w) ** 2).sum(1) for s in candidates])
    return candidates[errors.argmin(0), torch.arange(len(w))]


def train(w, scale, x, y, bits, lr, steps=300):
    "QAT with a falling learning rate. Weights flip to and fro, so those of the smallest training loss are kept."
    best, kept = math.inf, w
    for i in range(steps):
        after, loss = qat_step(w, scale, x, y, bits, lr * (1 - i / steps))
        if loss < best:  # the loss of w, before the step
            best, kept = loss, w
        w = after
    return kept


table = misconceptions.two_bits(searched_scale, train, fake_quant, prediction=prediction)

# %% [markdown]
# - Read off four differences: what the search gains without and with training, and what training gains on either
#   grid. Which would you do first, and which is cheaper?
# - The printed share of weights that round to 0: how does it explain what you saw?
# - The straight-through gradient is an approximation, so training lowers the error of the rounded model on average,
#   not at every step, and the last weights need not be the best. So `train` keeps those that were best on the
#   training images; the error above is of new ones. The last line is the error of the best one's latent weights,
#   unrounded. It is another model, and nobody ships it.
# - What this does not show: large networks, where layers can make up for each other, and scales that are trained too
#   (LSQ). There QAT may gain more.
#
# ## 7 · Feel it: a service in your hand
#
# Move load, bits and the promise for TPOT, and watch which limit binds, and what a token would take on one machine.

# %% tags=["widget"]
misconceptions.widget(design_service)

# %% [markdown]
# ## 8 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="design"
# An interviewer says: "Serve **Llama-3-70B** to our customers: 20 requests a second at peak, 6 on average, 2,000
# tokens in, 300 out, first token within a second, 30 ms for each further token. You have H100s of 80 GB (3.35 TB/s,
# 989 TFLOP/s dense in BF16, 1,979 in FP8) at 2.50 dollars an hour." Use `design_service` for the numbers, and write, in
# about 15 lines:
#
# 1. Weights and cache per request in GB, in BF16 and in a format that you propose. Which options do not fit?
# 2. Your choice: GPUs a replica, batch, what binds it, what a request's time is spent on, replicas, dollars for a
#    million output tokens. What would the cost be if one divided by the peak?
# 3. Three things that the plan leaves out, which way each pushes the answer, and how you would measure it.
# 4. A colleague says: "4 bits only make the model smaller; QAT is always better than PTQ; and AWQ is faster than
#    GPTQ since it looks at activations." Answer each.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Memory**: 141 GB of weights in BF16, 38 to 40 GB at 4 bits with scales and 16-bit embeddings, 71 to 73 in FP8
#   (half a point without scales and embeddings); 327,680 bytes a token, 0.75 GB for 2,300 tokens in BF16, half of that
#   in FP8. BF16 fits on no single card, FP8 neither; on two BF16 leaves a handful of requests.
# - **Choice**: any option of the planner with its own numbers, consistently (one H100 with 4 bits and an FP8 cache:
#   batch 86 bound by memory, 23 replicas, 8.87 dollars; two with 4 bits: 12 replicas, 9.26; two that compute in FP8: 7
#   replicas, 5.40). Eight or nine tenths of a request's time are prefill. The prefill of 0.71 s on one card leaves no
#   room for a queue: who says so and takes two gets the point as well. Divided by the peak the cost would be 6/20 of
#   it: 2.66 of 8.87. (Half a point without the share of the prefill.)
# - **Left out** (three, with direction): prefills between the steps (on one machine a token takes a tenth of a second and
#   more, so separate GPUs or a much smaller batch), queueing and bursts (more replicas), unequal lengths, unpacking
#   of 4 bits at large batch (slower), quality of the format, prefix caching (cheaper), kernels below the roofline.
#   Measured by a load test with real traffic, p99 of TTFT and TPOT.
# - **Colleague**: bits change speed, quality, hardware and kernels as well; PTQ is enough at 8 and mostly at 4 bits,
#   QAT costs training and data, and a good scale comes first; both AWQ and GPTQ use calibration activations, storage
#   is the same, and speed belongs to the kernel. (Half a point for two.)
#
# === END MARK SCHEME ===

# %% [markdown] written="design" points=4
# ### BEGIN SOLUTION
# 1. 70.6 billion parameters: 141 GB in BF16. With embedding and head in 16 bits 72.7 GB in FP8, 39.5 GB at 4 bits in
#    groups of 128. A token's cache is 2 * 80 * 8 * 128 * 2 = 327,680 bytes: 0.75 GB for 2,300 tokens, 0.38 GB in FP8.
#    Of one card 72 GB are usable: only 4 bits fit. On two, BF16 leaves room for 3 requests (7 with an FP8 cache).
# 2. In BF16 arithmetic the cheapest is one H100 at 4 bits with an FP8 cache: 86 slots, all used, since a step takes 24
#    ms: memory binds. 22 replicas and a spare: 8.87 dollars. But its prefill takes 0.71 of the 1 s, so any queue breaks
#    the promise, and it is nine tenths of a request's time: compute is what we pay for. So I take two cards with
#    weights, activations and cache in FP8: prefill 0.18 s, batch 188, 7 replicas, 14 GPUs, 5.40 dollars a million at
#    the mean. Divided by the peak it would seem 1.62.
# 3. Prefills between decode steps: on one machine a token would take 24 + 188/300 · 178 = 135 ms, so prefill gets GPUs
#    of its own, most of them. Queueing and bursts: more replicas, worse p99. Quality of the FP8 model on our own tasks,
#    first. I replay real traffic in a load test and look at p99 of TTFT and TPOT.
# 4. Fewer bits also change the speed (faster while memory-bound, slower where unpacking dominates), the quality, and
#    which kernels and GPUs serve it. PTQ is cheap and suffices at 8 bits and mostly at 4; QAT needs training and
#    data, and repairs no bad grid. AWQ and GPTQ both look at activations; their storage is the same, so the kernel
#    decides the speed.
# ### END SOLUTION

# %% [markdown]
# ## 9 · Say it: interview cards
#
# Say your answer aloud, then unfold. This was the last section: `course interview --minutes 45` mixes the cards of
# all of them from now on, and `course cards` brings back what you missed.

# %% [markdown] card="33.1" level="basic"
# <details><summary>"LLM engineer interviews only ask about API calls and prompting." What is wrong with this claim?</summary>
#
# - They ask for arithmetic: bytes of a cache, FLOP of a prefill, GPUs for a load.
# - For mechanisms: GQA and MLA, RoPE scaling, routing in a mixture, the DPO loss.
# - For code: a sampler, attention, a metric; for failure modes: ties, −inf, half precision.
# - For design with numbers: load → memory → batch → rate → replicas → cost, and what was left out.
# - Prompting is asked too: injection, evaluation, cost.
#
# </details>

# %% [markdown] card="33.2" level="medium"
# <details><summary>"It is enough to know one framework, LangChain or LlamaIndex." What is wrong with this claim?</summary>
#
# - A framework is defaults: chunk size, prompt, top-k, retries. Each is a decision, made for you.
# - Interfaces change; inverted index, embeddings, fusion, caches, metrics stay.
# - Debugging needs the layer below: what was retrieved, what stood in the prompt, what was cut off.
# - Good answer: know one well, and name what each of its calls does without it, and when you would leave it out.
#
# </details>

# %% [markdown] card="33.3" level="killer"
# <details><summary>"Quantization just makes a model smaller." What is wrong with this claim?</summary>
#
# - **How**: q = round(x/s) + z on a grid (z a zero point, or 0); a scale for a tensor, a row or a group; scales cost
#   bytes (4 bits in groups of 128: 4.125).
# - **PTQ** rounds a finished model with some calibration data; **QAT** trains with fake quantization and a
#   straight-through gradient.
# - **Speed**: faster while memory-bound. At large batch unpacking costs; W8A8 or FP8 also computes faster.
# - **AWQ, GPTQ**: both are weight-only PTQ and use activations; the kernel sets the speed, not the method.
# - **Quality**: uneven. "Under 1 %" is no law; measure your tasks, long contexts, small models.
# - Not everything is rounded: embeddings, norms, outliers. The KV cache is a quantization of its own.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What is the straight-through estimator, and what does it do at a clipped number?</summary>
#
# - `round` has derivative 0; backward it is taken for the identity. Clamp and scale keep theirs.
# - Inside the range 1, outside 0. For the scale: round(x/s) − x/s inside, the end of the grid outside.
# - `x + (quant(x) - x).detach()` gives clipped numbers a gradient: the slip.
# - Latent weights in full precision add up steps too small to flip a rounded one.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>PTQ or QAT?</summary>
#
# - 8 bits: PTQ. 4 bits: PTQ with groups and a method of section 05. 2 or 3 bits, or small models on devices: QAT.
# - QAT costs data, a pipeline, and the memory of training.
# - The grid is a decision in both: scale by the largest weight or searched, groups, outliers. Name what you tried.
# - What counts is the rounded model's loss; the latent weights are not shipped.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Design a service for a 70B model, with numbers.</summary>
#
# - **Load**: requests a second at peak and mean, tokens in and out, shared prefix, TTFT and TPOT.
# - **Memory**: 141 GB in BF16, about 40 GB at 4 bits; 327,680 bytes a token; slots in blocks, with a reserve.
# - **Batch**: the largest within slots and TPOT; step = bytes / bandwidth or FLOP / peak, and overhead.
# - **Rate**: 1 / (prefill + answer · step / batch). With long prompts prefill is most of it: FP8 arithmetic and prefix
#   caching save more than bits.
# - On one machine a token takes step + prefill · batch / answer: else prefill on GPUs of its own.
# - **Replicas**: peak / (rate · (1 − headroom)), up, and a spare. **Cost**: all GPUs over the mean's tokens.
# - Say what binds, what is left out (queues, bursts, unequal lengths), and how you would test it.
# - Slips: hidden size for KV heads, GiB, active for total parameters, cost at the peak.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>A mixture has 13B of 47B parameters active. How fast is it, beside a dense 13B?</summary>
#
# - Batch 1: nearly the same; it reads what it uses.
# - Batch B: it reads N(1 − (1 − k/N)^B) experts: 7.2 of 8 at batch 8 with k = 2. It reads like the 47B, computes like
#   the 13B.
# - Large batch, compute-bound: like the 13B again.
# - Memory: always 47B. The cache is that of its attention, no larger.
#
# </details>

# %% [markdown]
# ## 10 · Sources
#
# Straight-through: Bengio et al. 2013, arXiv 1308.3432. Fake quantization in training: Jacob et al. 2017, 1712.05877.
# LSQ: Esser et al. 2019, 1902.08153. AWQ: Lin et al. 2023, 2306.00978. GPTQ: Frantar et al. 2022, 2210.17323.
# gpt-oss: 2508.10925. PagedAttention: Kwon et al. 2023, 2309.06180. Roofline: Williams, Waterman and Patterson 2009.
# The claims of exercise 33.5 have their sources in the `claims.md` of their sections. Sizes of models and GPUs:
# `course/models/sizes.py`; 989 and 1,979 TFLOP/s: NVIDIA's H100 datasheet (SXM), halved, since it counts with sparsity.
# Prices in this section are made up.
