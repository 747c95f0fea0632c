# %% [markdown]
# # 28 · Model merging
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - Why can one add the weights of two fine-tuned models at all, and when does it end in noise?
# - What do task arithmetic, TIES, DARE, SLERP and Fisher merging do, entry by entry, and what does each one's
#   formula get wrong in many blog posts?
# - How are LoRA adapters merged, and into what rank?
# - When does one merged model beat each of its experts, and what must you measure before you serve it?
#
# Nine exercises. The last assembles the pieces into one function that merges five small experts by a recipe. It
# takes about three hours; the end of part 3 is a good place to stop. It builds on tensors and averages, and needs
# no other section. LoRA itself (training it, and adding adapters into the weights exactly) is section 04's matter;
# leaving weights out of *one* model, section 25's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** θ₀ are the weights of the base model, θᵢ those of expert i of N, both as a dict from names to
# tensors. A **task vector** is τᵢ = θᵢ − θ₀. λ (`lam`) scales it. n counts entries of a tensor, or of all tensors
# together. `p` is a probability, `keep` a share of the entries. BF16 is bfloat16, 2 bytes a number; 1 GB is 10⁹
# bytes.

# %% setup
import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, predicted, raises, unchanged
from course.duel import advise, duel

torch.set_num_threads(1)
Weights = dict[str, Tensor]
Adapter = tuple[Tensor, Tensor, float]  # A (r, in), B (out, r), alpha

# %% tags=["picture"]
from course.sections import model_merging

# %% helper
### BEGIN HIDDEN TESTS
def drawn(*shape, seed, dtype=torch.float32, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(shape, generator=torch.Generator().manual_seed(seed),
                               dtype=torch.float64)).to(dtype)


def model(seed, dtype=torch.float32, size=1.0):
    "Weights of unlike shapes."
    shapes = {"embed": (7, 3), "w": (5, 11), "b": (5,), "scalar": (), "conv": (2, 3, 4),
              "twin": (7, 3)}
    return {k: drawn(*s, seed=100 * seed + i, dtype=dtype, size=size) for i, (k, s) in enumerate(shapes.items())}


def summed(base, experts, lambdas):
    "The oracle of task_arithmetic, in float64."
    return {k: (b.double() + sum((lam * (e[k].double() - b.double()) for e, lam in zip(experts, lambdas)),
                                 torch.zeros(b.shape, dtype=torch.float64))).to(b.dtype)
            if b.is_floating_point() else b.clone() for k, b in base.items()}


def trimmed(tau, keep, scope="global"):
    "The oracle of trim: Python's own sort, which is stable."
    groups = [list(tau)] if scope == "global" else [[k] for k in tau]
    out = {}
    for names in groups:
        values = [v for k in names for v in tau[k].reshape(-1).tolist()]
        ranked = sorted(range(len(values)), key=lambda i: -abs(values[i]))
        for i in ranked[max(1, int(keep * len(values))):]:
            values[i] = 0.0
        left = iter(values)
        for k in names:
            numbers = [next(left) for _ in range(tau[k].numel())]
            out[k] = torch.tensor(numbers, dtype=tau[k].dtype).reshape(tau[k].shape)
    return out


def elected(taus):
    "The oracle of elect_sign, one entry at a time, summed exactly."
    flat = taus.reshape(len(taus), -1).double().T.tolist()
    sums = [math.fsum(row) for row in flat]
    return torch.tensor([float((s > 0) - (s < 0)) for s in sums]).reshape(taus.shape[1:]).to(taus.dtype)


def disjoint(taus, signs, weights=None):
    "The oracle of disjoint_merge, one entry at a time."
    weights = [1.0] * len(taus) if weights is None else weights
    columns, s = taus.reshape(len(taus), -1).double().T.tolist(), signs.reshape(-1).tolist()
    out = []
    for column, sign in zip(columns, s):
        agree = [(w, v) for w, v in zip(weights, column) if v * sign > 0]
        total = math.fsum(w for w, _ in agree)
        out.append(math.fsum(w * v for w, v in agree) / total if total > 0 else 0.0)
    return torch.tensor(out, dtype=torch.float64).reshape(taus.shape[1:])


def arc(a, b, t):
    "The oracle of slerp, in Python's float64."
    x, y = a.double().reshape(-1).tolist(), b.double().reshape(-1).tolist()
    long = math.sqrt(math.fsum(v * v for v in x)) * math.sqrt(math.fsum(v * v for v in y))
    cos = math.fsum(u * v for u, v in zip(x, y)) / long if long else 1.0
    first, second = 1 - t, t
    if abs(cos) <= 0.9995:
        omega = math.acos(cos)
        first, second = math.sin((1 - t) * omega) / math.sin(omega), math.sin(t * omega) / math.sin(omega)
    return torch.tensor([first * u + second * v for u, v in zip(x, y)], dtype=torch.float64).reshape(a.shape)


def fished(thetas, fishers, eps=1e-8):
    "The oracle of fisher_merge."
    return {k: sum((f[k].double() + eps) * t[k].double() for t, f in zip(thetas, fishers))
            / sum(f[k].double() + eps for f in fishers) for k in thetas[0]}


def best_rank(adapters, weights, r):
    "The best matrix of rank r, in float64."
    whole = sum(w * alpha / len(A) * (B.double() @ A.double()) for (A, B, alpha), w in zip(adapters, weights))
    u, s, v = torch.linalg.svd(whole, full_matrices=False)
    return (u[:, :r] * s[:r]) @ v[:r]


def deltas(base, expert):
    "A task vector, as wide as it must be."
    return {k: expert[k].to(torch.promote_types(b.dtype, torch.float32)) - b.to(torch.promote_types(b.dtype,
                                                                                                    torch.float32))
            for k, b in base.items() if b.is_floating_point()}


def tied(base, experts, keep, lam):
    "The oracle of TIES."
    rows = [trimmed(deltas(base, e), keep) for e in experts]
    out = {k: b.clone() for k, b in base.items()}
    for k in rows[0] if rows else []:
        stack = torch.stack([r[k] for r in rows])
        out[k] = (base[k].double() + lam * disjoint(stack, elected(stack))).to(base[k].dtype)
    return out
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Adding models
#
# Two people fine-tune the same base model, one for code, one for law. Can one file do both? **Model merging**
# builds new weights out of given ones, entry by entry, without gradients. Five models become one: a fifth of the
# storage, and one model to serve. (Averaging several runs of *one* task is called a **model soup**, Wortsman et al.
# 2022, 2203.05482.)
#
# Averaging two networks sounds absurd: swap two hidden units of one of them and it computes the same as before, but
# the average with its old self is another function. What saves it is the common start. Fine-tuning moves weights a
# little, and two models that left *one* base mostly stay in one basin: on the straight line between them the loss
# hardly rises. This is called **linear mode connectivity** (Frankle et al. 2019, arXiv 1912.05671; for fine-tuning
# Neyshabur et al. 2020, 2008.11687). Two models that began at different random weights have no such line: hidden
# unit 7 of one has nothing to do with hidden unit 7 of the other.
#
# **Task arithmetic** (Ilharco et al. 2022, 2212.04089) writes the move as a vector and adds moves:
#
# $$\tau_i = \theta_i - \theta_0, \qquad \theta = \theta_0 + \sum_i \lambda_i \tau_i.$$
#
# With all λ = 1/N it is the average of the experts. A negative λ takes a skill away. λ is no constant of nature: it
# is tuned on data of every task. So "merging needs no data" is true of the arithmetic alone: to choose λ, and to
# know whether it worked, you need validation data.
#
# Why not train one model on all tasks together? Where the data can be brought to one place, do: on eight image tasks
# with CLIP ViT-B/32, such a multitask model gets 88.6 percent right on average, a TIES merge 72.2 (FusionBench,
# 2406.03280). Merging is for when it cannot be done: data that may not leave their owner, experts that come ready
# made, no compute for another training.
#
# **The catch: λ scales the move, not the model.** $\sum_i \lambda_i \theta_i$ is something else unless all λ together
# make 1. And a move is small beside the weights: in half precision, a difference that is rounded, or a sum that is
# rounded after each expert, loses it.
#
# ### Exercise 28.1 · task_arithmetic
#
# $\theta_0 + \sum_i \lambda_i (\theta_i - \theta_0)$, for each name of `base`.
#
# - `lambdas` has one number for each expert: any real numbers, 0 and negative ones too. With no experts, the base
#   comes back.
# - Compute in the widest dtype of base and experts, float32 at least; round once, to the base tensor's own dtype.
#   (An expert may be in float32 beside a base in half precision, or the other way about.)
# - A tensor of `base` that is **not floating** (positions, counters) is not merged: the base's comes back.
# - All that comes back is in memory of its own, also where nothing changed.
# - `ValueError` if the numbers of experts and lambdas differ, or an expert has not the same names as the base, or a
#   tensor not the same shape. Nothing is broadcast. The order of an expert's names does not matter.
#
# Source: Ilharco et al. 2022, section 2.

# %% stub="task_arithmetic"
def task_arithmetic(base: Weights, experts: list[Weights], lambdas: list[float]) -> Weights:
    """The base plus scaled moves.

    base {"w": [1.]}, experts {"w": [3.]} and {"w": [0.]}, lambdas 0.5 and 2: 1 + 0.5 * 2 + 2 * -1 = {"w": [0.]}.
    """
    ### BEGIN SOLUTION
    if len(experts) != len(lambdas):
        raise ValueError("one lambda for each expert")
    for expert in experts:
        if expert.keys() != base.keys() or any(expert[k].shape != b.shape for k, b in base.items()):
            raise ValueError("experts must have the base's names and shapes")
    merged = {}
    for name, b in base.items():
        if not b.is_floating_point():
            merged[name] = b.clone()
            continue
        wide = torch.float32
        for weights in (base, *experts):
            wide = torch.promote_types(wide, weights[name].dtype)
        start = b.to(wide)
        move = torch.zeros_like(start)
        for expert, lam in zip(experts, lambdas):
            move = move + lam * (expert[name].to(wide) - start)
        merged[name] = (start + move).to(b.dtype)
    return merged
    ### END SOLUTION
    raise NotImplementedError("task_arithmetic")

# %% [markdown] hints="task_arithmetic"
# <details><summary>Hint 1: a question</summary>
#
# With every λ = 0 your formula must give the base. Does it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# base 10, experts 12 and 9, λ = 0.5 and −1. Moves: +2 and −1. Scaled: +1 and +1. The sum is 12. (The weighted sum
# of the models would be −3, their mean 10.5.)
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# In bfloat16 the number after 1 is 1.0078. Eight experts that each add an eighth of that step must end one step up:
# where do you round?
#
# </details>

# %% graded="task_arithmetic__values" points=2
# Looks at moves, scaled and added; no experts; negative lambdas.
check(task_arithmetic, {"w": torch.tensor([10.0])}, [{"w": torch.tensor([12.0])}, {"w": torch.tensor([9.0])}],
      [0.5, -1.0],
      want={"w": torch.tensor([12.0])}, why="10 + 0.5 * 2 - 1 * (-1)",
      mistakes={"lambda scales the models, not the moves": {"w": torch.tensor([7.0])},
                "a weighted sum of the models": {"w": torch.tensor([-3.0])},
                "the moves were averaged": {"w": torch.tensor([11.0])}})
check(task_arithmetic, {"w": torch.tensor([10.0])}, [], [], want={"w": torch.tensor([10.0])},
      why="no experts: the base")
### BEGIN HIDDEN TESTS
for seed, lambdas in enumerate([[1.0], [0.0, 0.0], [0.5, 0.25, -2.0], [-1.0], [0.2] * 5, [3, 1], [0.1] * 40]):
    for dtype in (torch.float32, torch.float64):
        base, experts = model(seed, dtype), [model(seed + 20 + i, dtype) for i in range(len(lambdas))]
        tolerance = dict(rtol=1e-4, atol=1e-4) if dtype == torch.float32 else dict(rtol=1e-10, atol=1e-10)
        check(task_arithmetic, base, experts, lambdas, want=summed(base, experts, lambdas),
              why="base + sum of lambda * move",
              **tolerance)
base, expert = {"w": drawn(4, 6, seed=1).T, "v": drawn(3, 5, 7, seed=2)[:, ::2]}, {"v": drawn(3, 3, 7,
                                                                                              seed=4),
                                                                                   "w": drawn(6, 4, seed=3)}
check(task_arithmetic, base, [expert, expert], [0.3, 0.5], want=summed(base, [expert, expert], [0.3, 0.5]),
      rtol=1e-5, atol=1e-5,
      why="strided tensors, names in another order, the same expert twice")
base, expert = model(8), model(9)
check(task_arithmetic, base, [dict(reversed(list(expert.items())))], [0.3], want=summed(base, [expert], [0.3]),
      rtol=1e-5, atol=1e-5, why="names in another order, two of them of one shape")
check(task_arithmetic, {}, [{}], [1.0], want={}, why="a model without tensors")
check(task_arithmetic, {"e": torch.zeros(0, 3)}, [{"e": torch.zeros(0, 3)}], [1.0],
      want={"e": torch.zeros(0, 3)}, why="empty tensors")
### END HIDDEN TESTS

# %% graded="task_arithmetic__precision" points=2
# Looks at half precision, at mixed dtypes, and at float64.
check(task_arithmetic, {"w": torch.ones(1).bfloat16()}, [{"w": torch.tensor([1.0078125]).bfloat16()}] * 8,
      [0.125] * 8,
      want={"w": torch.tensor([1.0078125]).bfloat16()}, rtol=0, atol=0,
      why="eight eighths of one step of bfloat16 are one step",
      mistakes={"the sum was rounded after each expert": {"w": torch.ones(1).bfloat16()}})
### BEGIN HIDDEN TESTS
check(task_arithmetic, {"w": torch.tensor([-1.0]).half()}, [{"w": torch.tensor([1.0009765625]).half()}], [1.0],
      want={"w": torch.tensor([1.0009765625]).half()}, rtol=0, atol=0,
      why="lambda 1 gives the expert, bit for bit: the move of 2.00098 "
      "is no number of float16")
check(task_arithmetic, {"w": torch.tensor([60000.0]).half()}, [{"w": torch.tensor([-60000.0]).half()}], [0.5],
      want={"w": torch.zeros(1).half()}, rtol=0, atol=0, why="a move of 120,000 is beyond float16")
for dtype in (torch.float16, torch.bfloat16):
    base = {k: v.abs() + 0.5 for k, v in model(3).items()}
    base = {k: v.to(dtype) for k, v in base.items()}
    experts = [{k: v.abs() + 0.5 for k, v in model(30 + i).items()} for i in range(3)]
    check(task_arithmetic, base, experts, [0.3, 0.25, 0.125], want=summed(base, experts, [0.3, 0.25, 0.125]),
          rtol=torch.finfo(dtype).eps, atol=0,
          why="float32 experts beside a base in half precision: the base's dtype comes back")
    experts = [{k: v.to(dtype) for k, v in e.items()} for e in experts]
    full = {k: v.float() for k, v in base.items()}
    check(task_arithmetic, full, experts, [0.3, 0.25, 0.125], want=summed(full, experts, [0.3, 0.25, 0.125]),
          rtol=1e-5, atol=1e-5,
          why="experts in half precision beside a float32 base: a float32 answer")
    check(task_arithmetic, base, experts, [0.3, 0.25, 0.125], want=summed(base, experts, [0.3, 0.25, 0.125]),
          rtol=torch.finfo(dtype).eps, atol=0, why="all in half precision")
    step = torch.finfo(dtype).eps
    check(task_arithmetic, {"w": torch.ones(1).to(dtype)}, [{"w": torch.tensor([1 + 1.3 * step])}], [2.0],
          want={"w": torch.tensor([1 + 3 * step]).to(dtype)}, rtol=0, atol=0,
          why="a float32 expert is not rounded first: 2 * 1.3 steps of the base's dtype are 2.6, rounded once 3")
check(task_arithmetic, {"w": torch.ones(1)}, [{"w": torch.tensor([1 + 2.0 ** -30], dtype=torch.float64)}], [1024.0],
      want={"w": torch.tensor([1 + 2.0 ** -20])}, rtol=0, atol=0,
      why="a float64 expert beside a float32 base: computed in float64")
check(task_arithmetic, {"w": torch.ones(1)},
      [{"w": torch.ones(1)}, {"w": torch.tensor([1 + 2.0 ** -30], dtype=torch.float64)}], [1.0, 1024.0],
      want={"w": torch.tensor([1 + 2.0 ** -20])}, rtol=0, atol=0, why="the second expert alone is in float64")
tiny = {"w": torch.tensor([1.0 + 2.0 ** -40], dtype=torch.float64)}
check(task_arithmetic, {"w": torch.ones(1, dtype=torch.float64)}, [tiny], [2.0], rtol=0, atol=0,
      want={"w": torch.tensor([1.0 + 2.0 ** -39], dtype=torch.float64)}, why="float64 stays float64")
check(task_arithmetic, {"a": torch.ones(2).half(), "b": torch.ones(2, dtype=torch.float64)},
      [{"a": torch.tensor([1.0, 2.0]).half(), "b": torch.tensor([1.0, 2.0], dtype=torch.float64)}], [0.5],
      want={"a": torch.tensor([1.0, 1.5]).half(), "b": torch.tensor([1.0, 1.5], dtype=torch.float64)},
      why="each tensor keeps its own dtype")
### END HIDDEN TESTS

# %% graded="task_arithmetic__edges" points=2
# Looks at tensors that are not floating, at memory, and at what does not fit.
whole = {"w": torch.tensor([1.0, 2.0]), "ids": torch.tensor([0, 1, 2])}
other = {"w": torch.tensor([3.0, 2.0]), "ids": torch.tensor([5, 6, 7])}
check(task_arithmetic, whole, [other], [0.5], want={"w": torch.tensor([2.0, 2.0]),
                                                    "ids": torch.tensor([0, 1, 2])},
      why="positions and counters are not merged",
      mistakes={"the positions were merged": {"w": torch.tensor([2.0, 2.0]), "ids": torch.tensor([2, 3, 4])}})
unchanged(task_arithmetic, whole, [other], [0.5], want={"w": torch.tensor([2.0, 2.0]),
                                                        "ids": torch.tensor([0, 1, 2])})
raises(ValueError, task_arithmetic, whole, [other], [0.5, 0.5], why="two lambdas for one expert")
### BEGIN HIDDEN TESTS
whole["seen"], other["seen"] = torch.tensor([True, False]), torch.tensor([False, False])
for experts, lambdas in (([other], [1.0]), ([other], [0.0]), ([], []), ([other, other], [0.5, 0.25])):
    fresh(task_arithmetic, whole, experts, lambdas, want=summed(whole, experts, lambdas))
    unchanged(task_arithmetic, whole, experts, lambdas, want=summed(whole, experts, lambdas))
    wide = {k: v.double() if v.is_floating_point() else v for k, v in whole.items()}
    fresh(task_arithmetic, wide, [wide] * len(lambdas), lambdas, want=wide)
for bad in ({"w": torch.ones(2)}, {"w": torch.ones(2), "ids": torch.zeros(3).long(), "seen": other["seen"],
                                   "more": torch.ones(1)},
            {**other, "w": torch.ones(1)}, {**other, "w": torch.ones(1, 2)}, {**other, "w": torch.ones(3)},
            {**other, "ids": torch.zeros(4).long()}):
    raises(ValueError, task_arithmetic, whole, [bad], [0.5],
           why="other names or other shapes; nothing is broadcast")
    raises(ValueError, task_arithmetic, whole, [other, bad], [0.5, 0.0],
           why="the second does not fit, whatever its lambda")
raises(ValueError, task_arithmetic, whole, [other, other], [0.5], why="one lambda for two experts")
raises(ValueError, task_arithmetic, whole, [], [0.5], why="a lambda without an expert")
### END HIDDEN TESTS

# %% tags=["picture"]
model_merging.lines(task_arithmetic)

# %% [markdown]
# Small networks that answer five yes-or-no questions about 8 × 8 digits. Two of them, trained on other batches of
# the same data, and the straight line between them, walked by your function with λ = 1 − t and t; the share of
# right answers. Blue: both left one base. The other: each began at random weights of its own, and is at least as
# good at its end. Only the first line stays level. (*Aligning* hidden units before merging lowers the hill: Git
# Re-Basin, Ainsworth et al. 2022, 2209.04836.) For the same reason a Llama and a Mistral do not merge: neither
# basins nor tokenizers nor shapes fit.
#
# ## 2 · TIES: less noise, one sign
#
# Two task vectors of one base interfere in two ways. Small entries, of which fine-tuning leaves many, are noise for
# the other task. And where two moves have **opposite signs**, their sum cancels what both wanted. TIES (Yadav et
# al. 2023, 2306.01708) has three steps: **trim** each task vector to its largest entries, **elect** one sign for
# each place, **merge** only those that have this sign.
#
# **Trim.** Of all n entries keep the k = keep · n largest by absolute value. In the paper the ranking runs over the
# *whole* task vector. mergekit, the usual tool, ranks within each tensor. These differ: a layer that hardly moved is
# emptied by the first and keeps its share by the second.
#
# **The catch: ties.** Half precision has few distinct numbers, so many entries have exactly the same absolute
# value. "All that reach the k-th largest" keeps more than k then, and `topk` promises nothing about which of the
# equal ones it takes.
#
# ### Exercise 28.2 · trim
#
# Zero all but the largest entries of a task vector, by absolute value.
#
# - `tau` is a dict from names to floating tensors of one dtype. `scope="global"` ranks all entries of all tensors
#   together, `scope="tensor"` each tensor by itself. Any other scope is a `ValueError`.
# - Of n entries that are ranked together **exactly** `max(1, int(keep * n))` stay, with n = 0 none. `keep` lies in
#   [0, 1], else `ValueError`.
# - Of equal absolute values the one that comes first stays: names in the dict's order, within a tensor row by row.
# - What stays is the entry itself, bit for bit, with sign and dtype; the rest is 0. The answer has the names in the
#   same order, and memory of its own.
#
# Source: 2306.01708, section 4; mergekit's `sparsify.py` for the ranking within a tensor.

# %% stub="trim"
def trim(tau: Weights, keep: float, scope: str = "global") -> Weights:
    """The largest entries of a task vector, the rest 0.

    {"a": [1., -4.], "b": [2., 3.]}, keep 0.5: {"a": [0., -4.], "b": [0., 3.]}; scope "tensor" the same here.
    """
    ### BEGIN SOLUTION
    if scope not in ("global", "tensor"):
        raise ValueError(f"no scope {scope!r}")
    if not 0 <= keep <= 1:
        raise ValueError("keep lies in [0, 1]")

    def largest(flat):
        out = torch.zeros_like(flat)
        if len(flat) > 0:
            at = flat.abs().argsort(descending=True, stable=True)[:max(1, int(keep * len(flat)))]
            out[at] = flat[at]
        return out
    flat = {name: t.reshape(-1) for name, t in tau.items()}
    if scope == "tensor" or not tau:
        return {name: largest(t).reshape(tau[name].shape) for name, t in flat.items()}
    kept = largest(torch.cat(list(flat.values()))).split([len(t) for t in flat.values()])
    return {name: part.reshape(t.shape).clone() for (name, t), part in zip(tau.items(), kept)}
    ### END SOLUTION
    raise NotImplementedError("trim")

# %% [markdown] hints="trim"
# <details><summary>Hint 1: a question</summary>
#
# A task vector [2, 2, 2, 2] and keep = 0.5: how many entries does a threshold keep?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# a = [1, −3], b = [3, 2, −3, 0], keep = 0.5. n = 6, so 3 stay. Three have absolute value 3: a = [0, −3], b = [3, 0,
# −3, 0]. By tensor: 1 of a and 2 of b stay: a = [0, −3], b = [3, 0, −3, 0]. With keep = 0.34 it is int(2.04) = 2: a
# = [0, −3], b = [3, 0, 0, 0].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A sort need not keep equal entries in their order, unless one asks it to.
#
# </details>

# %% graded="trim__largest" points=2
# Looks at which entries stay, over all tensors and by tensor.
tau = {"a": torch.tensor([1.0, -4.0]), "b": torch.tensor([[8.0, -5.0], [6.0, 7.0]])}
check(trim, tau, 0.5, want={"a": torch.tensor([0.0, 0.0]), "b": torch.tensor([[8.0, 0.0], [6.0, 7.0]])},
      why="three of six entries, ranked over all tensors",
      mistakes={"each tensor was ranked by itself": {"a": torch.tensor([0.0, -4.0]),
                                                     "b": torch.tensor([[8.0, 0.0], [0.0, 7.0]])}})
check(trim, tau, 0.5, "tensor", want={"a": torch.tensor([0.0, -4.0]),
                                      "b": torch.tensor([[8.0, 0.0], [0.0, 7.0]])},
      why="by tensor: one of two, two of four")
check(trim, {"a": torch.tensor([1.0, -4.0, 2.0])}, 0.34, want={"a": torch.tensor([0.0, -4.0, 0.0])},
      why="by absolute value")
### BEGIN HIDDEN TESTS
for seed, keep in enumerate([0.2, 0.5, 0.9, 0.03, 1, 0.29, 0.71]):
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        tau = model(seed, dtype) | {"more": drawn(41, 30, seed=seed + 900, dtype=dtype, size=0.5).T,
                                    "z": 0 * drawn(6, seed=1, dtype=dtype)}
        for scope in ("global", "tensor"):
            check(trim, tau, keep, scope, want=trimmed(tau, keep, scope), rtol=0, atol=0,
                  why=f"the largest of each ranking, scope {scope}")
fine = {"a": 1 + 2.0 ** -40 * torch.arange(9, dtype=torch.float64)}
check(trim, fine, 0.34, want=trimmed(fine, 0.34), rtol=0, atol=0, why="float64 is ranked in float64")
check(trim, {"a": torch.tensor([3e-9, -5e-9, 1e-9, 0.0])}, 0.5, want={"a": torch.tensor([3e-9, -5e-9, 0.0,
                                                                                         0.0])}, rtol=0, atol=0,
      why="small entries count as well")
check(trim, {"a": torch.tensor([1e-30, -3e-30, 2e-30])}, 0.67, want={"a": torch.tensor([0.0, -3e-30, 2e-30])},
      rtol=0, atol=0, why="a square of 1e-30 is 0 in float32")
check(trim, {"a": torch.tensor([4e4, -6e4, 5e4]).half()}, 0.67, want={"a": torch.tensor([0.0, -6e4, 5e4]).half()},
      rtol=0, atol=0,
      why="a square of 60,000 is beyond float16")
### END HIDDEN TESTS

# %% graded="trim__exact" points=2
# Looks at how many stay, and which of equal ones.
check(trim, {"a": torch.tensor([1.0, -3.0]), "b": torch.tensor([3.0, 2.0, -3.0, 0.0])}, 0.34,
      want={"a": torch.tensor([0.0, -3.0]), "b": torch.tensor([3.0, 0.0, 0.0, 0.0])},
      why="two of six; of equal ones the first",
      mistakes={"all that reach the threshold were kept": {"a": torch.tensor([0.0, -3.0]),
                                                           "b": torch.tensor([3.0, 0.0, -3.0, 0.0])}})
check(trim, {"a": torch.tensor([1.0, -3.0])}, 0.0, want={"a": torch.tensor([0.0, -3.0])},
      why="at least one stays")
### BEGIN HIDDEN TESTS
for seed, (n, keep) in enumerate([(1, 0.0), (2, 0.0), (100, 0.29), (7, 0.5), (300, 0.333), (2500, 0.1),
                                  (1030, 0.998), (9, 1.0), (3, 0.99)]):
    for dtype in (torch.float32, torch.bfloat16):
        tau = {"b": torch.randint(-2, 3, (n,), generator=torch.Generator().manual_seed(seed)).to(dtype),
               "a": torch.randint(-2, 3, (3, n), generator=torch.Generator().manual_seed(seed + 50)).to(dtype)}
        for scope in ("global", "tensor"):
            check(trim, tau, keep, scope, want=trimmed(tau, keep, scope), rtol=0, atol=0,
                  why="exactly max(1, int(keep * n)), of equal ones the first in the dict's order, then by row")
        same = {"a": -torch.ones(n, 2, dtype=dtype).T, "b": torch.ones(n, dtype=dtype)}
        check(trim, same, keep, want=trimmed(same, keep), rtol=0, atol=0, why="all are equal")
### END HIDDEN TESTS

# %% graded="trim__edges" points=1
# Looks at empty tensors, at memory, and at what is no share.
unchanged(trim, {"a": torch.tensor([1.0, -4.0])}, 0.5, want={"a": torch.tensor([0.0, -4.0])})
raises(ValueError, trim, {"a": torch.ones(2)}, 1.5, why="keep lies in [0, 1]")
### BEGIN HIDDEN TESTS
for scope in ("global", "tensor"):
    check(trim, {}, 0.5, scope, want={}, why="no tensors")
    check(trim, {"a": torch.zeros(0, 3)}, 0.5, scope, want={"a": torch.zeros(0, 3)}, why="no entries")
    check(trim, {"e": torch.zeros(0), "a": torch.tensor([1.0, 2.0])}, 0.5, scope,
          want={"e": torch.zeros(0), "a": torch.tensor([0.0, 2.0])},
          why="one tensor without entries")
    for keep in (0.0, 0.4, 1.0):
        tau = model(5)
        fresh(trim, tau, keep, scope, want=trimmed(tau, keep, scope))
        unchanged(trim, tau, keep, scope, want=trimmed(tau, keep, scope))
    for keep in (-0.1, 1.01, 20, -1):
        raises(ValueError, trim, {"a": torch.ones(4)}, keep, scope, why="keep lies in [0, 1]")
for scope in ("Global", "", "layer", None):
    raises(ValueError, trim, {"a": torch.ones(4)}, 0.5, scope, why="no such scope")
kept = trim({"z": torch.ones(2), "a": torch.ones(3), "m": torch.ones(1)}, 0.5)
assert list(kept) == ["z", "a", "m"], "the names keep their order"
### END HIDDEN TESTS

# %% tags=["picture"]
model_merging.what_trimming_keeps(trim)

# %% [markdown]
# One expert of the digits, trimmed more and less. "The top 20 % carry 95 % of the information" is said. The printed
# line tells two things apart: how much of the vector's squared length stays, and how much of what the expert
# learned. The paper claims the second (its accuracy hardly falls), not the first.
#
# **Elect.** At each place, add the trimmed entries of all experts. The sign of the sum wins: the side with the
# larger total, its *mass*. Not the majority of heads. Of +0.1, +0.1 and −0.5 two are positive, and the sign elected
# is minus. (mergekit offers the count as an option; the paper takes the mass.)
#
# ### Exercise 28.3 · elect_sign
#
# The elected sign of each entry.
#
# - `taus` is (N, …) with N ≥ 1: one trimmed task vector a row, of any shape, also without further dimensions. The
#   answer has the shape of one row and the dtype of `taus`, with values −1, 0 and +1.
# - The sign is that of the sum over the N. Where the sum is **exactly 0**, the answer is 0, whether nobody voted or
#   both sides weigh the same.
# - In half precision the sum is taken in float32, in float64 it stays in float64. However small the sum, it has a
#   sign.
#
# Source: 2306.01708, section 4, step 2.

# %% stub="elect_sign"
def elect_sign(taus: Float[Tensor, "N *shape"]) -> Float[Tensor, "*shape"]:
    """The sign of the side with the larger sum.

    [[1., 0.], [1., 0.], [-5., 0.]]: [-1., 0.].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(taus.dtype, torch.float32)
    return taus.to(wide).sum(0).sign().to(taus.dtype)
    ### END SOLUTION
    raise NotImplementedError("elect_sign")

# %% [markdown] hints="elect_sign"
# <details><summary>Hint 1: a question</summary>
#
# Three experts want +0.1, one wants −0.5. Who is heard?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Rows [2, 1, 0], [−1, 1, 0], [−1, −3, 0]. Sums: 0, −1, 0. Signs: 0, −1, 0. By heads the first would be minus and
# the second plus.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# In float16, 2048 + 1 is 2048. A small vote beside two large ones that cancel still decides.
#
# </details>

# %% graded="elect_sign__mass" points=2
# Looks at the side with the larger sum, at zero sums, at many shapes.
check(elect_sign, torch.tensor([[1.0, 0.0, 2.0], [1.0, 0.0, -1.0], [-5.0, 0.0, -1.0]]),
      want=torch.tensor([-1.0, 0.0, 0.0]),
      why="the sign of the sum; 0 where the sum is 0",
      mistakes={"heads were counted": torch.tensor([1.0, 0.0, -1.0]),
                "0 counts as plus": torch.tensor([-1.0, 1.0, 1.0])})
### BEGIN HIDDEN TESTS
for seed, shape in enumerate([(1, 5), (2, 3, 4), (3,), (7, 2, 3, 2), (300, 11), (40, 1300), (1,), (5, 0),
                              (9, 17, 23)]):
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        taus = drawn(*shape, seed=seed, dtype=dtype)
        taus = (taus * (drawn(*shape, seed=seed + 50) > 0)).mul(8).round().div(8)  # sums are exact in any order
        check(elect_sign, taus, want=elected(taus), rtol=0, atol=0,
              why="the sign of the sum over the first dimension")
taus = torch.cat([torch.full((100, 6), 1.0), torch.full((250, 6), -0.25), torch.zeros(3, 6)])
check(elect_sign, taus, want=torch.ones(6), why="100 against 62.5: the mass, not the 250 heads")
check(elect_sign, torch.tensor([[3.0], [-2.0], [-2.0]]), want=-torch.ones(1),
      why="the largest entry alone does not decide",
      mistakes={"the sign of the largest": torch.ones(1)})
check(elect_sign, torch.tensor([[-3.0], [2.0], [2.0]]), want=torch.ones(1),
      why="the largest entry alone does not decide")
strided = drawn(6, 9, 4, seed=3).mul(8).round().permute(2, 0, 1)
check(elect_sign, strided, want=elected(strided), why="strided input is valid")
### END HIDDEN TESTS

# %% graded="elect_sign__precision" points=2
# Looks at sums in half precision, in float64, and at very small ones.
check(elect_sign, torch.tensor([[2048.0], [1.0], [-2048.0]]).half(), want=torch.ones(1).half(), rtol=0, atol=0,
      why="2048 + 1 - 2048 is 1", mistakes={"the sum was taken in half precision": torch.zeros(1).half()})
### BEGIN HIDDEN TESTS
check(elect_sign, torch.tensor([[256.0], [0.5], [-256.0]]).bfloat16(), want=torch.ones(1).bfloat16(), rtol=0,
      atol=0,
      why="256 + 0.5 - 256 is 0.5")
check(elect_sign, torch.tensor([[6e4, -6e4], [6e4, -6e4], [-6e4, 6e4], [-6e4, 6e4], [-1, 1.0]]).half(),
      want=torch.tensor([-1.0, 1.0]).half(), rtol=0, atol=0, why="120,000 is beyond float16")
check(elect_sign, torch.tensor([[1 + 2.0 ** -40, -1.0], [-1.0, 1 - 2.0 ** -40]], dtype=torch.float64),
      want=torch.tensor([1.0, -1.0], dtype=torch.float64), rtol=0, atol=0, why="float64 stays float64")
check(elect_sign, torch.tensor([[1e-12, -1e-20, 0.0, 1e-30]]), want=torch.tensor([1.0, -1.0, 0.0, 1.0]),
      rtol=0, atol=0,
      why="however small the sum, it has a sign")
check(elect_sign, torch.tensor([[1e-45, 0.0], [0.0, -1e-45], [0.0, 0.0]]), want=torch.tensor([1.0, -1.0]),
      rtol=0, atol=0, why="a third of the smallest number of float32 is 0: the sum has a sign, the mean none")
check(elect_sign, torch.tensor([[1e30, 1e-30], [-2e30, 1e-30]]).bfloat16(), rtol=0, atol=0,
      want=torch.tensor([-1.0, 1.0]).bfloat16(), why="1e30 and 1e-30 are numbers of bfloat16")
for dtype in (torch.float32, torch.float64, torch.float16):
    taus = torch.tensor([[0.5, -0.25, 0.0], [-0.5, 1.0, 0.0]], dtype=dtype)
    fresh(elect_sign, taus, want=torch.tensor([0.0, 1.0, 0.0], dtype=dtype))
    unchanged(elect_sign, taus, want=torch.tensor([0.0, 1.0, 0.0], dtype=dtype))
    one = torch.tensor([[1.0, -1.0, 0.0]], dtype=dtype)
    fresh(elect_sign, one, want=one[0].clone())
### END HIDDEN TESTS

# %% tags=["picture"]
model_merging.sign_conflicts(trim)

# %% [markdown]
# The five digit experts: of all places that at least one of them keeps, how many carry both signs? Trimming lowers
# it, because the kept places overlap less. Where an expert stands alone, there is nothing to elect.
#
# **Merge.** At each place take the mean of the entries that have the elected sign. The mean divides by **how many
# agree**, not by N. Three experts with disjoint moves 1, 2, 3 merge to (1, 2, 3); divided by N it is (0.33, 0.67,
# 1): everything shrinks, unevenly, and no single λ repairs it. At last one λ scales the merged vector: $\theta_0 +
# \lambda\,\tau$.
#
# ### Exercise 28.4 · disjoint_merge
#
# The weighted mean of the entries that agree with the elected sign.
#
# - `taus` (N, …), `signs` of the shape of one row, with values −1, 0, +1, in the same dtype; N ≥ 1. `weights`: N
#   numbers ≥ 0 as a list, or `None` for all 1.
# - At a place, those **agree** whose entry is not 0 and has the sign that `signs` has there. Where `signs` is 0,
#   nobody does.
# - The answer there is $\sum w_i \tau_i / \sum w_i$ over those that agree; 0 where nobody does, or their weights
#   sum to 0.
# - In half precision compute in float32 and round once; float64 stays float64, the weights too.
# - Speed counts: 8 × 20,000 in one go. The timed check notices a loop over entries; one over the N experts is fine.
#
# Source: 2306.01708, section 4, step 3; mergekit's `generalized_task_arithmetic.py` for the weights.

# %% stub="disjoint_merge"
def disjoint_merge(taus: Float[Tensor, "N *shape"], signs: Float[Tensor, "*shape"],
                   weights: list[float] | None = None) -> Float[Tensor, "*shape"]:
    """The mean of those that agree.

    taus [[1., 0.], [3., -2.], [-9., 4.]], signs [1., 1.]: [2., 4.].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(taus.dtype, torch.float32)
    t = taus.to(wide)
    agree = (t.sign() == signs.to(wide)) & (t != 0)
    weights = [1.0] * len(t) if weights is None else weights
    w = torch.tensor(weights, dtype=wide, device=t.device)
    each = w.reshape(-1, *[1] * signs.dim()) * agree
    total = each.sum(0)
    return torch.where(total > 0, (each * t).sum(0) / total, torch.zeros_like(total)).to(taus.dtype)
    ### END SOLUTION
    raise NotImplementedError("disjoint_merge")

# %% [markdown] hints="disjoint_merge"
# <details><summary>Hint 1: a question</summary>
#
# Trimming left an expert a 0 at this place. Did it vote for a small move, or not at all?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Entries 2, 0, 6, −5 with weights 1, 1, 3, 1, elected plus. 2 and 6 agree: (1 · 2 + 3 · 6) / (1 + 3) = 5. Divided
# by N it would be 5 as well, by accident; with equal weights it is 4 against 2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# 0 / 0 at a place where nobody agrees is NaN, and NaN · 0 stays NaN.
#
# </details>

# %% graded="disjoint_merge__values" points=2
# Looks at who agrees, what divides, and where nobody does.
check(disjoint_merge, torch.tensor([[1.0, 0.0, 0.0], [3.0, -2.0, 0.0], [-9.0, 4.0, 0.0]]),
      torch.tensor([1.0, 1.0, 0.0]),
      want=torch.tensor([2.0, 4.0, 0.0]), why="(1 + 3) / 2, and 4 / 1, and nobody",
      mistakes={"divided by N": torch.tensor([4 / 3, 4 / 3, 0.0]),
                "zeros were counted": torch.tensor([2.0, 2.0, 0.0]),
                "the other sign was not left out": torch.tensor([-5 / 3, 1.0, 0.0])})
check(disjoint_merge, torch.eye(3) * torch.tensor([1.0, 2.0, 3.0]), torch.ones(3),
      want=torch.tensor([1.0, 2.0, 3.0]),
      why="disjoint moves stay what they are")
### BEGIN HIDDEN TESTS
for seed, shape in enumerate([(1, 5), (2, 3, 4), (3,), (7, 2, 3, 2), (300, 11), (5, 1300), (1,), (4, 0), (5, 5)]):
    for dtype in (torch.float32, torch.float64):
        taus = drawn(*shape, seed=seed, dtype=dtype) * (drawn(*shape, seed=seed + 50) > -0.3)
        taus = taus * 10 ** (3 * torch.sin(torch.arange(len(taus)).to(dtype))).reshape(-1,
                                                                                       *[1] * (len(shape) - 1))
        for signs in (drawn(*shape[1:], seed=seed + 90, dtype=dtype).sign() * (drawn(*shape[1:],
                                                                                     seed=seed + 91) > -1),
                      elected(taus)):
            tolerance = dict(rtol=1e-4, atol=1e-6) if dtype == torch.float32 else dict(rtol=1e-10, atol=1e-12)
            check(disjoint_merge, taus, signs, want=disjoint(taus, signs).to(dtype),
                  why="the mean of those that agree", **tolerance)
check(disjoint_merge, torch.tensor([[1e-20, -1e-9], [2e-20, 1e-9]]), torch.tensor([1.0, -1.0]),
      want=torch.tensor([1.5e-20, -1e-9]),
      rtol=1e-5, atol=0, why="small entries have a sign as well")
check(disjoint_merge, torch.tensor([[1.0, -2.0], [3.0, -4.0]]), torch.tensor([-1.0, 0.0]),
      want=torch.zeros(2), why="nobody agrees: 0")
strided = drawn(6, 9, 4, seed=3).permute(2, 0, 1)
check(disjoint_merge, strided, elected(strided), want=disjoint(strided, elected(strided)).float(), rtol=1e-4,
      atol=1e-6,
      why="strided input is valid")
### END HIDDEN TESTS

# %% graded="disjoint_merge__weights" points=2
# Looks at unequal weights, zeros among them.
check(disjoint_merge, torch.tensor([[2.0], [0.0], [6.0], [-5.0]]), torch.tensor([1.0]), [1.0, 1.0, 3.0, 1.0],
      want=torch.tensor([5.0]),
      why="(1 * 2 + 3 * 6) / (1 + 3)",
      mistakes={"the weights were normalised before those that disagree were left out": torch.tensor([20 / 6]),
                "divided by how many agree": torch.tensor([10.0])})
### BEGIN HIDDEN TESTS
for seed, (shape, weights) in enumerate([((3, 7), [0.5, 2, 0]), ((2, 3, 4), [0.0, 0.0]),
                                         ((4, 5), [1e-3, 10.0, 0.25, 7]), ((1, 6), [0.3]),
                                         ((5, 5), [1, 2, 3, 4, 5]), ((3,), [0.1, 0.2, 5.0]),
                                         ((20, 30), [0.05 * i for i in range(20)])]):
    for dtype in (torch.float32, torch.float64):
        taus = drawn(*shape, seed=seed, dtype=dtype) * (drawn(*shape, seed=seed + 50) > -0.3)
        tolerance = dict(rtol=1e-4, atol=1e-6) if dtype == torch.float32 else dict(rtol=1e-10, atol=1e-12)
        signs = elected(taus)
        check(disjoint_merge, taus, signs, weights, want=disjoint(taus, signs, weights).to(dtype), **tolerance,
              why="sum of w * tau over sum of w, of those that agree; 0 where these weigh nothing")
check(disjoint_merge, torch.tensor([[2.0], [-5.0], [4.0]]), torch.tensor([1.0]), [1e-6, 1e3, 3e-6],
      want=torch.tensor([3.5]), rtol=1e-4, atol=0, why="those that agree weigh little, but they alone count")
### END HIDDEN TESTS

# %% graded="disjoint_merge__precision" points=2
# Looks at half precision, at memory, at the arguments after the call.
unchanged(disjoint_merge, torch.tensor([[1.0, 0.0], [3.0, -2.0]]), torch.tensor([1.0, -1.0]),
          want=torch.tensor([2.0, -2.0]))
check(disjoint_merge, torch.full((300, 2), 3.0).bfloat16(), torch.ones(2).bfloat16(),
      want=torch.full((2,), 3.0).bfloat16(), rtol=0,
      atol=0, why="300 times 3 over 300: the sum and the count are beyond bfloat16's digits")
### BEGIN HIDDEN TESTS
check(disjoint_merge, torch.full((4, 2), 6e4).half(), torch.ones(2).half(), want=torch.full((2,), 6e4).half(),
      rtol=0, atol=0,
      why="240,000 is beyond float16")
check(disjoint_merge, torch.tensor([[1.0], [3.0]]).half(), torch.ones(1).half(), [1e5, 3e5],
      want=torch.tensor([2.5]).half(), rtol=0, atol=0, why="weights of 100,000 are beyond float16")
for seed in range(4):
    taus = drawn(7, 30, seed=seed) * (drawn(7, 30, seed=seed + 9) > -0.5)
    signs = drawn(30, seed=seed + 20).sign()
    precise(disjoint_merge, taus, signs, [0.3, 1.0, 2.0, 0.7, 0.1, 0.0, 5.0],
            oracle=lambda t, s, w: disjoint(t, s, w))
    precise(disjoint_merge, taus, signs, oracle=lambda t, s: disjoint(t, s))
    weights = [0.5] * 7
    fresh(disjoint_merge, taus[:1], taus[0].sign(), want=taus[0].clone())
    unchanged(disjoint_merge, taus, signs, weights, want=disjoint(taus, signs, weights).float(), rtol=1e-4,
              atol=1e-6)
fine = torch.tensor([[1 + 2.0 ** -40], [1 + 2.0 ** -39]], dtype=torch.float64)
check(disjoint_merge, fine, torch.ones(1, dtype=torch.float64), [1.0, 3.0], rtol=1e-15, atol=0,
      want=torch.tensor([1 + 1.75 * 2.0 ** -40], dtype=torch.float64), why="float64 stays float64")
### END HIDDEN TESTS

# %% graded="disjoint_merge__speed" points=2 tags=["timed"]
# Looks at the time for 8 experts of 20,000 entries.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    taus = torch.from_numpy(rng.standard_normal((8, 20000),
                                                dtype=np.float32)) * torch.from_numpy(rng.random((8,
                                                                                                  20000)) < 0.5)
    return taus, taus.sum(0).sign()

advise(disjoint_merge, draw, yardstick=lambda taus, signs: (taus * (taus.sign() == signs)).sum(0), usual=3.0)
### BEGIN HIDDEN TESTS
duel(disjoint_merge, draw, reference='''
import torch

def disjoint_merge(taus, signs, weights=None):
    agree = (taus.sign() == signs) & (taus != 0)
    total = agree.sum(0)
    return torch.where(total > 0, (agree * taus).sum(0) / total, torch.zeros_like(taus[0]))
''', limit=5.0)
### END HIDDEN TESTS

# %% [markdown]
# `trim`, `elect_sign` and `disjoint_merge` together are TIES; the last exercise puts them in a row. What does it
# gain? The paper reports, with settings tuned on validation data, about two points of accuracy over task arithmetic
# on average, not the "5 to 15 %" that is told. And a task arithmetic with a tuned λ is hard to beat.
#
# ## 3 · DARE: fewer entries by chance
#
# DARE (Yu et al. 2023, 2311.03099) drops entries of a task vector at random, each with probability p, and rescales
# the rest:
#
# $$\tilde\tau_j = \frac{m_j\, \tau_j}{1 - p}, \qquad m_j = 0 \text{ with probability } p, \text{ else } 1.$$
#
# The mean over the dice is $\tau_j$ again: what a linear layer gives is right *on average*. The price is variance,
# $\tau_j^2\, p / (1 - p)$. For a random update the error of the layer's output is $\sqrt{p/(1-p)}$ times the output
# of the update itself: once at p = 0.5, three times at 0.9, ten times at 0.99. Why does it work then? Because the
# update is tiny beside the base: three times almost nothing is still little. Where moves are large (long continued
# training), it fails.
#
# DARE resolves no conflict. It makes collisions rarer: two experts both keep a place with probability $(1 - p)^2$,
# **if their masks are drawn apart**. And it is no method of merging by itself: what it leaves goes into task
# arithmetic or TIES, with a λ.
#
# **The catch: which factor.** Dividing by p is the classic slip. At p = 0.5 nobody notices. (Newer versions of
# mergekit rescale to the original sum of absolute values instead; DAREx, 2410.09344, changes the factor for large
# p.)
#
# ### Exercise 28.5 · dare
#
# Drop each entry with probability p, divide the others by 1 − p.
#
# - `tau` is a dict from names to floating tensors of one dtype. Every entry of every tensor has dice of its own:
#   two tensors of one shape get two masks, and so do two rows of a tensor. How the dice are drawn is up to you.
# - **All dice come from `seed`** (an int ≥ 0): the same arguments give the same answer, another seed another mask,
#   in any order of calls. Neighbouring seeds will serve neighbouring experts, so no tensor's mask at one seed may
#   be that of any tensor at the next.
# - With `rescale=False` what stays, stays as it is. With p = 0 everything stays, bit for bit.
# - `ValueError` unless 0 ≤ p < 1.
# - In half precision divide in float32 and round once; float64 stays float64. The answer has memory of its own.
#
# Source: 2311.03099, section 3.

# %% stub="dare"
def dare(tau: Weights, p: float, seed: int, rescale: bool = True) -> Weights:
    """Drop at random and rescale.

    {"a": [1., 2., 3., 4.]} with p = 0.5 may give {"a": [2., 0., 0., 8.]}.
    """
    ### BEGIN SOLUTION
    if not 0 <= p < 1:
        raise ValueError("p lies in [0, 1)")
    generator = torch.Generator().manual_seed(seed)
    kept = {}
    for name, t in tau.items():
        stays = (torch.rand(t.shape, generator=generator, dtype=torch.float64) >= p).to(t.device)
        wide = t.to(torch.promote_types(t.dtype, torch.float32))
        scaled = (wide / (1 - p) if rescale else wide).to(t.dtype)
        kept[name] = torch.where(stays, scaled, torch.zeros_like(scaled))
    return kept
    ### END SOLUTION
    raise NotImplementedError("dare")

# %% [markdown] hints="dare"
# <details><summary>Hint 1: a question</summary>
#
# Nine of ten entries are gone. By which factor must the tenth grow so that the sum stays right on average?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# p = 0.8, entry 3: with probability 0.2 it becomes 3 / 0.2 = 15, else 0. The mean is 0.2 · 15 = 3, the variance 0.2
# · 15² − 3² = 36, which is 9 · 0.8 / 0.2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A generator that is made anew for each tensor throws the same dice each time.
#
# </details>

# %% graded="dare__mean" points=2
# Looks at the values that stay, how many, and the mean over many seeds.
got = dare({"a": torch.full((1000,), 2.0)}, 0.75, 3)["a"]
assert set(got.tolist()) <= {0.0, 8.0}, (
    f"with p = 0.75 an entry of 2 becomes 0 or 2 / 0.25 = 8; got {sorted(set(got.tolist()))[:4]}")
share = float((got != 0).float().mean())
assert 0.17 < share < 0.33, f"about 0.25 of 1,000 entries stay (p is the probability of dropping); got {share:.3f}"
### BEGIN HIDDEN TESTS
for seed, (p, dtype) in enumerate([(0.1, torch.float32), (0.9, torch.float32), (0.3, torch.float64),
                                   (0.99, torch.float32), (0.6, torch.bfloat16)]):
    tau = {"a": drawn(40, 50, seed=seed).abs().add(0.5).to(dtype),
           "b": -drawn(3000, seed=seed + 9).abs().sub(-0.5).to(dtype),
           "z": torch.zeros(4, dtype=dtype)}
    for rescale in (True, False):
        out = dare(tau, p, 40 + seed, rescale)
        for name in "ab":
            want = (tau[name].double() / (1 - p) if rescale else tau[name].double()).to(dtype)
            expect(out[name], torch.where(out[name] != 0, want, torch.zeros_like(want)),
                   on=f"dare, p = {p}, rescale={rescale}: what stays",
                   rtol=1e-6 if dtype == torch.float32 else 1e-12 if dtype == torch.float64 else 0.008, atol=0)
            n, count = want.numel(), int((out[name] != 0).sum())
            assert abs(count - (1 - p) * n) < 5 * (n * p * (1 - p)) ** 0.5, (
                f"of {n} entries about {(1 - p) * n:.0f} stay with p = {p}; got {count}")
        expect(out["z"], tau["z"], on="dare of zeros")
p, tau = 0.8, {"a": drawn(6, 5, seed=5)}
many = torch.stack([dare(tau, p, seed)["a"] for seed in range(300)])
off = (many.mean(0) - tau["a"]) / (tau["a"].abs() * (p / (1 - p) / 300) ** 0.5)
assert off.abs().max() < 5, (
    f"the mean over 300 seeds is tau; the farthest entry is {off.abs().max():.1f} standard errors away")
counts = (many != 0).double().sum((1, 2))
assert counts.var() > 1.5, "each entry throws its own dice: not always the same number of 30 stays (variance 4.8)"
### END HIDDEN TESTS

# %% graded="dare__dice" points=2
# Looks at seeds, and at the dice of two tensors, two rows, two calls.
tau = {"a": torch.ones(400), "b": torch.ones(400)}
one, again, other = dare(tau, 0.5, 7), dare(tau, 0.5, 7), dare(tau, 0.5, 8)
expect(again, one, on="dare, the same seed twice", why="all dice come from the seed")
assert not torch.equal(one["a"], other["a"]), "another seed gives another mask"
assert not torch.equal(one["a"],
                       one["b"]), "two tensors of one shape have dice of their own: these got the same mask"
### BEGIN HIDDEN TESTS
tau = {"a": torch.ones(60, 50), "b": torch.ones(60, 50), "c": torch.ones(3000), "d": torch.ones(12, 25, 10)}
for p, seed in ((0.5, 0), (0.3, 12345), (0.8, 3)):
    out = dare(tau, p, seed)
    masks = {k: (v != 0).double() for k, v in out.items()} | {"next seed": (dare(tau, p,
                                                                                 seed + 1)["a"] != 0).double()}
    same = p * p + (1 - p) ** 2
    limit = 6.5 * (same * (1 - same) / 3000) ** 0.5
    for x, y in (("a", "b"), ("a", "c"), ("a", "next seed"), ("b", "next seed"), ("c", "next seed")):
        agree = float((masks[x].reshape(-1) == masks[y].reshape(-1)).double().mean())
        assert abs(agree - same) < limit, (
            f"the masks of {x} and {y} agree at {agree:.3f} of the places; apart it would be {same:.3f}")
    for name, dim in (("a", 0), ("a", 1), ("d", 0), ("d", 1), ("d", 2)):
        m = masks[name]
        agree = float((m == m.roll(1, dim)).double().mean())
        assert abs(agree - same) < limit, (
            f"neighbours along dimension {dim} of {tuple(m.shape)} agree at {agree:.3f} of the places; apart {same:.3f}")
    m = masks["c"]
    agree = float((m == m.roll(len(m) // 2)).double().mean())
    # each pair is counted twice
    assert abs(agree - same) < 1.5 * limit, (
        f"entries half a tensor apart agree at {agree:.3f} of the places; apart {same:.3f}")
    expect(dare(tau, p, seed), out, on="dare, the same seed after others", why="all dice come from the seed")
for p in (0.0, 0.4, 0.9):
    a = dare({"x": drawn(50, seed=1)}, p, 2)["x"] != 0
    b = dare({"x": drawn(50, seed=1)}, p, 2, False)["x"] != 0
    expect(a, b, on="the masks with and without rescaling")
### END HIDDEN TESTS

# %% graded="dare__edges" points=2
# Looks at p = 0 and p = 1, half precision, memory.
check(dare, {"a": torch.tensor([1.0, -3.0])}, 0.0, 5, want={"a": torch.tensor([1.0, -3.0])}, rtol=0, atol=0,
      why="p = 0 drops nothing")
raises(ValueError, dare, {"a": torch.ones(2)}, 1.0, 5, why="p = 1 would drop all and divide by 0")
### BEGIN HIDDEN TESTS
for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
    tau = model(4, dtype) | {"e": torch.zeros(0, 2, dtype=dtype)}
    for seed, rescale in enumerate((True, False)):
        check(dare, tau, 0.0, seed, rescale, want=tau, rtol=0, atol=0, why="p = 0: bit for bit")
        fresh(dare, tau, 0.0, seed, rescale, want=tau)
        unchanged(dare, tau, 0.0, seed, rescale, want=tau)
        given = {k: v.clone() for k, v in tau.items()}
        dare(tau, 0.5, seed, rescale)
        expect(tau, given, on=f"tau after dare with rescale={rescale}", why="it belongs to the caller", rtol=0, atol=0)
for p in (-0.1, 1.0, 1.5, -1):
    for rescale in (True, False):
        raises(ValueError, dare, {"a": torch.ones(2)}, p, 5, rescale, why="p lies in [0, 1)")
check(dare, {}, 0.5, 1, want={}, why="no tensors")
for dtype in (torch.float16, torch.bfloat16):
    tau = {"a": drawn(500, seed=6).to(dtype)}
    out = dare(tau, 0.7, 11)["a"]
    want = (tau["a"].double() / 0.3).to(dtype)
    expect(out, torch.where(out != 0, want, torch.zeros_like(want)), on="dare in half precision",
           rtol=torch.finfo(dtype).eps, atol=0,
           why="divide in float32 and round once: 0.3 is no number of half precision")
    stay = out != 0
    assert 90 < int(stay.sum()) < 210, "about 150 of 500 entries stay"
    assert float((out == want)[stay].float().mean()) > 0.9, (
        "divide in float32 and round once: most entries are exact then")
for dtype, p, n in ((torch.bfloat16, 0.998, 30000), (torch.float16, 0.9997, 120000)):
    count, want = int((dare({"a": torch.ones(n).to(dtype)}, p, 8)["a"] != 0).sum()), (1 - p) * n
    assert abs(count - want) < 5 * want ** 0.5, (
        f"of {n} entries of {dtype} about {want:.0f} stay with p = {p}, got {count}: dice in half precision are coarse")
check(dare, {"a": torch.ones(20000)}, 0.0, 6, want={"a": torch.ones(20000)}, rtol=0, atol=0,
      why="p = 0 drops nothing")
third = {"a": torch.full((60,), 1 / 3, dtype=torch.float64)}
out = dare(third, 0.3, 4)["a"]
expect(out, torch.where(out != 0, third["a"] / 0.7, 0 * out), on="dare in float64", rtol=1e-15, atol=0,
       why="float64 stays float64")
strided = {"a": drawn(30, 40, seed=2).T}
out = dare(strided, 0.5, 9)["a"]
expect(out, torch.where(out != 0, strided["a"] * 2, 0 * strided["a"]), on="dare of a strided tensor")
### END HIDDEN TESTS

# %% tags=["picture"]
model_merging.dropped(dare)

# %% [markdown]
# Left: one expert of the digits, alone, with ever more of its task vector dropped; the mean of three seeds. Right:
# what dropping does to a random update, measured with your function: compare it with √(p/(1−p)). At p = 0.9 little
# is lost with the factor, and most of the gain without it. At 0.99 the factor itself hurts: it leaves noise of ten
# times the update, where without it nearly the base comes back.
#
# ## 4 · SLERP and Fisher: other averages
#
# **SLERP** (Shoemake 1985, for rotations) walks from one weight vector to another along an arc instead of the
# straight line. With ω the angle between them:
#
# $$\text{slerp}(a, b, t) = \frac{\sin((1-t)\,\omega)}{\sin \omega}\, a + \frac{\sin(t\,\omega)}{\sin \omega}\, b.$$
#
# If both have the same length, so has every point between. The mean of two *unlike* vectors is shorter than both,
# and shrunken moves are what merging suffers from. Two fine-tuned models are nearly parallel, though (the base is
# most of both), and there arc and line are the same. It is defined for two models.
#
# **The catch: nearly parallel.** The sines go to 0 together, and rounding can make the cosine 1.0000001, whose
# arccosine is NaN. So mergekit goes straight where |cos| is above 0.9995. Opposite vectors (cos = −1) have no
# shortest arc at all, and get the line too.
#
# ### Exercise 28.6 · slerp
#
# The formula above, for two tensors of the same shape and dtype, seen as two long vectors.
#
# - ω is the angle between the *whole* flattened tensors, not between rows. The vectors go into the sum as they are:
#   their lengths may differ.
# - Where |cos ω| > 0.9995, or one of the two is all zeros: $(1 - t)\,a + t\,b$.
# - t = 0 gives a, t = 1 gives b (within rounding). `t` lies in [0, 1], else `ValueError`.
# - Lengths lie between 1e-6 and 1e6, or are 0. In half precision compute in float32 and round once; float64 stays
#   float64. The answer has memory of its own.
#
# Source: mergekit's `merge_methods/slerp.py`.

# %% stub="slerp"
def slerp(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"], t: float) -> Float[Tensor, "*shape"]:
    """A point on the arc from a to b.

    a = [1, 0], b = [0, 1], t = 0.5: [0.7071, 0.7071].
    """
    ### BEGIN SOLUTION
    if not 0 <= t <= 1:
        raise ValueError("t lies in [0, 1]")
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = a.to(wide), b.to(wide)
    long = float(x.norm() * y.norm())
    cos = float((x * y).sum()) / long if long > 0 else 1.0
    first, second = 1 - t, t
    if abs(cos) <= 0.9995:
        omega = math.acos(cos)
        first, second = math.sin((1 - t) * omega) / math.sin(omega), math.sin(t * omega) / math.sin(omega)
    return (first * x + second * y).to(a.dtype)
    ### END SOLUTION
    raise NotImplementedError("slerp")

# %% [markdown] hints="slerp"
# <details><summary>Hint 1: a question</summary>
#
# What is ω for a = b, and what does the formula give?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# a = [2, 0], b = [0, 2], t = 1/3. ω = 90°. sin 60° = 0.866, sin 30° = 0.5: [1.732, 1], of length 2. The line gives
# [1.333, 0.667], of length 1.49.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Only the *angle* needs vectors of length 1. The sum takes a and b.
#
# </details>

# %% graded="slerp__arc" points=2
# Looks at points on the arc, ends, unequal lengths, tensors of several dimensions.
check(slerp, torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), 1 / 3, want=torch.tensor([3 ** 0.5, 1.0]),
      rtol=1e-5, atol=1e-6,
      why="60 degrees from b: 2 sin 60° and 2 sin 30°",
      mistakes={"the straight line": torch.tensor([4 / 3, 2 / 3]),
                "t runs from b to a": torch.tensor([1.0, 3 ** 0.5]),
                "the answer has length 1": torch.tensor([3 ** 0.5 / 2, 0.5])})
check(slerp, torch.eye(2), torch.eye(2).flip(0), 0.5, want=torch.full((2, 2), 0.5 ** 0.5), rtol=1e-5, atol=1e-6,
      why="one angle for the whole tensor")
### BEGIN HIDDEN TESTS
for seed, (shape, scale) in enumerate([((5,), 1.0), ((3, 4), 1e-3), ((2, 3, 5), 200.0), ((40, 30), 1.0),
                                       ((2,), 7.0), ((1300,), 0.1)]):
    for dtype in (torch.float32, torch.float64):
        a, b = drawn(*shape, seed=seed, dtype=dtype), scale * drawn(*shape, seed=seed + 50, dtype=dtype)
        tolerance = dict(rtol=1e-4,
                         atol=1e-4 * max(1.0, scale)) if dtype == torch.float32 else dict(rtol=1e-9,
                                                                                          atol=1e-10 * max(1,
                                                                                                           scale))
        for t in (0.0, 0.25, 0.5, 0.9, 1.0, 1):
            for other in (b, b + 2 * a, -b - scale * a):
                check(slerp, a, other, t, want=arc(a, other, t).to(dtype),
                      why="one angle, and the vectors as they are", **tolerance)
for degrees in (10, 60, 120, 170, 178):
    w = math.radians(degrees)
    a, b = torch.tensor([1.0, 0.0], dtype=torch.float64), torch.tensor([math.cos(w), math.sin(w)],
                                                                       dtype=torch.float64)
    if abs(math.cos(w)) <= 0.9995:
        check(slerp, a, b, 0.3, want=torch.tensor([math.cos(0.3 * w), math.sin(0.3 * w)],
                                                  dtype=torch.float64), rtol=1e-9, atol=1e-9,
              why=f"of {degrees} degrees, 0.3")
strided = drawn(6, 4, seed=3).T
check(slerp, strided, drawn(4, 6, seed=4), 0.4, want=arc(strided, drawn(4, 6, seed=4), 0.4).float(),
      rtol=1e-4, atol=1e-5,
      why="strided input is valid")
check(slerp, torch.tensor([1e-6, 0.0]), torch.tensor([0.0, 1e6]), 0.5,
      want=torch.tensor([1e-6, 1e6]) * 0.5 ** 0.5, rtol=1e-4, atol=1e-12,
      why="lengths of 1e-6 and 1e6")
check(slerp, torch.tensor([1e-6, 0.0]), torch.tensor([0.6e-6, 0.8e-6]), 0.3, rtol=1e-3, atol=0,
      want=arc(torch.tensor([1e-6, 0.0]), torch.tensor([0.6e-6, 0.8e-6]), 0.3).float(),
      why="an angle does not depend on lengths")
check(slerp, torch.tensor([1e-6, 0.0]), torch.tensor([0.0, 1e-6]), 0.5,
      want=torch.full((2,), 1e-6 * 0.5 ** 0.5), rtol=1e-4, atol=0,
      why="lengths of 1e-6")
### END HIDDEN TESTS

# %% graded="slerp__straight" points=2
# Looks at nearly parallel, opposite and zero vectors.
check(slerp, torch.tensor([0.1, 0.7, 0.3]), torch.tensor([0.1, 0.7, 0.3]), 0.5,
      want=torch.tensor([0.1, 0.7, 0.3]),
      why="the same vector twice: the straight line, no NaN")
check(slerp, torch.tensor([1.0, 0.0]), torch.tensor([-3.0, 0.0]), 0.5, want=torch.tensor([-1.0, 0.0]),
      why="opposite: the straight line")
### BEGIN HIDDEN TESTS
for seed in range(60):
    a = drawn(3 + seed, seed=seed)
    for factor in (1.0, 3.7, -1.0, -0.3):
        check(slerp, a, factor * a, 0.3, want=(0.7 + 0.3 * factor) * a, rtol=1e-4, atol=1e-5,
              why="parallel or opposite: the line")
for cos, straight in ((0.9999, True), (0.99951, True), (0.9994, False), (0.99, False), (-0.9999, True),
                      (-0.9994, False)):
    a = torch.tensor([1.0, 0.0], dtype=torch.float64)
    b = 2 * torch.tensor([cos, (1 - cos * cos) ** 0.5], dtype=torch.float64)
    for t in (0.3, 0.5):
        check(slerp, a, b, t, want=(1 - t) * a + t * b if straight else arc(a, b, t), rtol=1e-9, atol=1e-9,
              why=f"a cosine of {cos}: {'the line' if straight else 'the arc'}")
for a, b in ((torch.zeros(3), torch.ones(3)), (torch.ones(3), torch.zeros(3)), (torch.zeros(3), torch.zeros(3))):
    check(slerp, a, b, 0.25, want=0.75 * a + 0.25 * b, why="with a vector of zeros: the line")
### END HIDDEN TESTS

# %% graded="slerp__precision" points=1
# Looks at half precision, at memory, and at what t may be.
unchanged(slerp, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 0.5, want=torch.full((2,), 0.5 ** 0.5))
raises(ValueError, slerp, torch.ones(2), torch.zeros(2), 1.5, why="t lies in [0, 1]")
### BEGIN HIDDEN TESTS
for seed in range(3):
    a, b = drawn(33, seed=seed).abs() + 0.1, drawn(33, seed=seed + 9).abs() + 0.1
    precise(slerp, a, b, 0.37, oracle=arc)
    precise(slerp, 30 * a, 30 * b, 0.8, oracle=arc)
    precise(slerp, a, 0.2 * drawn(33, seed=seed + 18) - a, 0.45, oracle=arc,
            why="near 180 degrees the answer hangs on the angle: take it in float32")
for a, b in ((torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])), (torch.ones(2), torch.ones(2)),
             (torch.zeros(2), torch.ones(2))):
    for t in (0.0, 0.5, 1.0):
        fresh(slerp, a, b, t, want=arc(a, b, t).float())
        unchanged(slerp, a, b, t, want=arc(a, b, t).float())
a = torch.full((400,), 300.0).half()
b = torch.cat([a[:200], -a[200:]])
check(slerp, a, b, 0.5, want=arc(a, b, 0.5).half(), rtol=2e-3, atol=1e-3, why="the products are beyond float16")
for t in (-0.01, 1.01, 2, -1):
    raises(ValueError, slerp, torch.ones(2), torch.tensor([1.0, 0.0]), t, why="t lies in [0, 1]")
### END HIDDEN TESTS

# %% tags=["picture"]
model_merging.arcs(slerp)

# %% [markdown]
# Two vectors 120° apart, walked in equal steps of t. The arc keeps its length and its pace; the line dips to half.
#
# **Fisher merging** (Matena and Raffel 2021, 2111.09832) asks each expert how sure it is of each entry. The
# diagonal of its **Fisher information** is the mean of the *squared* gradients of the log-likelihood, over
# examples: large where a small change hurts. (Square each example's gradient, then average. The square of the
# average gradient is near 0 at a trained model. The labels are drawn from the model's own answers; with the data's
# labels it is called the *empirical* Fisher.) The merged entry is the average, weighted by that:
#
# $$\theta_j = \frac{\sum_i (F_{ij} + \varepsilon)\, \theta_{ij}}{\sum_i (F_{ij} + \varepsilon)}.$$
#
# It needs data, and as many numbers again as each model has.
#
# **The catch: entries of which nobody is sure.** Many Fisher values are 0, for one at units that never fire.
# Without ε they give 0 / 0; with ε only in the denominator they give 0: no opinion erases the weight. With ε in
# both places it is the plain mean. And ε must be tiny beside the values that count, else everything turns into the
# plain mean.
#
# ### Exercise 28.7 · fisher_merge
#
# The formula above, for each name and entry.
#
# - `thetas` and `fishers` are lists of N dicts with the same names and shapes, N ≥ 1; all tensors are floating,
#   Fisher values are ≥ 0. `eps` > 0. The lists must have the same length, else `ValueError`.
# - Dtypes may differ: Fisher values in float32 beside weights in half precision, one model in float64. Compute in
#   the widest dtype that all models and Fisher values have at this name, float32 at least, and round once to the
#   dtype of the first model's tensor. Fisher values lie below 1e6.
# - The order of the names in a dict does not matter; the answer has the first model's.
# - The answer has memory of its own.
#
# Source: 2111.09832, equation for the diagonal case; ε as in common code.

# %% stub="fisher_merge"
def fisher_merge(thetas: list[Weights], fishers: list[Weights], eps: float = 1e-8) -> Weights:
    """The average of models, each entry weighted by how sure each is of it.

    thetas {"w": [1., 1.]} and {"w": [4., 3.]}, fishers {"w": [2., 0.]} and {"w": [1., 0.]}: {"w": [2., 2.]}.
    """
    ### BEGIN SOLUTION
    if len(thetas) != len(fishers):
        raise ValueError("one Fisher for each model")
    merged = {}
    for name, first in thetas[0].items():
        wide = torch.float32
        for weights in (*thetas, *fishers):
            wide = torch.promote_types(wide, weights[name].dtype)
        sure = [f[name].to(wide) + eps for f in fishers]
        total = sum(s * t[name].to(wide) for s, t in zip(sure, thetas))
        merged[name] = (total / sum(sure)).to(first.dtype)
    return merged
    ### END SOLUTION
    raise NotImplementedError("fisher_merge")

# %% [markdown] hints="fisher_merge"
# <details><summary>Hint 1: a question</summary>
#
# Both experts have a Fisher value of 0 at an entry where both weights are 3. What must come out?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Weights 1 and 5, Fisher values 3 and 1: (3 · 1 + 1 · 5) / 4 = 2. The root would weigh them 1.73 to 1 and give
# 2.46.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# ε belongs to every weight of the average, above and below the line.
#
# </details>

# %% graded="fisher_merge__values" points=2
# Looks at the weighted average, entry by entry.
check(fisher_merge, [{"w": torch.tensor([1.0, 1.0])}, {"w": torch.tensor([5.0, 3.0])}],
      [{"w": torch.tensor([3.0, 0.0])}, {"w": torch.tensor([1.0, 0.0])}], want={"w": torch.tensor([2.0, 2.0])},
      why="(3 * 1 + 1 * 5) / 4; where nobody is sure the plain mean",
      mistakes={"eps in the denominator alone": {"w": torch.tensor([2.0, 0.0])},
                "the plain mean": {"w": torch.tensor([3.0, 2.0])}})
### BEGIN HIDDEN TESTS
for seed, n in enumerate([1, 2, 3, 7, 30]):
    for dtype in (torch.float32, torch.float64):
        thetas = [model(seed + 50 * i, dtype) for i in range(n)]
        fishers = [{k: v.abs() ** 2 * 10.0 ** ((i + seed) % 4 - 2) * (v > -1) for k,
                    v in model(seed + 50 * i + 7, dtype).items()}
                   for i in range(n)]
        tolerance = dict(rtol=1e-4, atol=1e-5) if dtype == torch.float32 else dict(rtol=1e-10, atol=1e-11)
        check(fisher_merge, thetas, fishers, want={k: v.to(dtype) for k,
                                                   v in fished(thetas, fishers).items()}, **tolerance,
              why="an average of entries, each with its own weight")
strided = [{"w": drawn(6, 4, seed=i).T} for i in range(2)]
thetas, fishers = [model(2), model(3)], [{k: v ** 2 for k, v in model(i).items()} for i in (4, 5)]
want = {k: v.float() for k, v in fished(thetas, fishers).items()}
mixed = [dict(reversed(list(d.items()))) for d in (thetas[1], *fishers)]
check(fisher_merge, [thetas[0], mixed[0]], [fishers[0], mixed[2]], want=want, rtol=1e-4, atol=1e-5,
      why="names in another order")
check(fisher_merge, thetas, mixed[1:], want=want, rtol=1e-4, atol=1e-5, why="names in another order")
kept = fisher_merge([mixed[0], thetas[0]], fishers)
assert list(kept) == list(mixed[0]), f"the first model's order of names, {list(mixed[0])}; got {list(kept)}"
sure = [{"w": drawn(6, 4, seed=i + 5).T ** 2} for i in range(2)]
check(fisher_merge, strided, sure, want={k: v.float() for k, v in fished(strided, sure).items()}, rtol=1e-4,
      atol=1e-5, why="strided input")
### END HIDDEN TESTS

# %% graded="fisher_merge__eps" points=2
# Looks at tiny Fisher values, at zeros, at other values of eps, at what does not fit.
check(fisher_merge, [{"w": torch.tensor([1.0])}, {"w": torch.tensor([5.0])}],
      [{"w": torch.tensor([3.0])}, {"w": torch.tensor([0.0])}], 1.0,
      want={"w": torch.tensor([1.8])}, why="(4 * 1 + 1 * 5) / 5",
      mistakes={"eps was ignored": {"w": torch.tensor([1.0])}})
raises(ValueError, fisher_merge, [{"w": torch.ones(1)}], [], why="one Fisher for each model")
### BEGIN HIDDEN TESTS
for seed, eps in enumerate([1e-8, 1e-12, 0.5, 3, 1e-20]):
    thetas = [model(seed + 50 * i) for i in range(3)]
    for scale in (1e-9, 1e-8, 0.0, 1.0, 1e5):
        fishers = [{k: v.abs() * scale * (v > -0.5) for k, v in model(seed + 50 * i + 7).items()}
                   for i in range(3)]
        if scale == 0.0 or eps > 1e-15:
            check(fisher_merge, thetas, fishers, eps, want={k: v.float() for k,
                                                            v in fished(thetas, fishers, eps).items()}, rtol=1e-4,
                  atol=1e-5, why=f"Fisher values around {scale:g} with eps = {eps:g}")
tiny = [{"w": torch.tensor([1e-7])}, {"w": torch.tensor([0.0])}]
check(fisher_merge, [{"w": torch.tensor([1.0])}, {"w": torch.tensor([0.0])}], tiny,
      want={"w": torch.tensor([11 / 12])}, rtol=1e-4, atol=0,
      why="by default eps is 1e-8")
unsure = {"w": torch.zeros(1, dtype=torch.float64)}
check(fisher_merge, [{"w": torch.ones(1, dtype=torch.float64)}, unsure],
      [{"w": torch.tensor([1e-7], dtype=torch.float64)}, unsure], 3e-8,
      want={"w": torch.tensor([13 / 16], dtype=torch.float64)}, rtol=1e-12, atol=0,
      why="(1e-7 + 3e-8) / (1e-7 + 6e-8), in float64")
for thetas, fishers in (([model(1), model(2)], [model(3)]), ([model(1)], [model(3), model(3)])):
    raises(ValueError, fisher_merge, thetas, fishers, why="one Fisher for each model")
### END HIDDEN TESTS

# %% graded="fisher_merge__precision" points=1
# Looks at half precision, mixed dtypes, memory.
unchanged(fisher_merge, [{"w": torch.tensor([1.0])}, {"w": torch.tensor([5.0])}],
          [{"w": torch.tensor([3.0])}, {"w": torch.tensor([1.0])}],
          want={"w": torch.tensor([2.0])})
### BEGIN HIDDEN TESTS
for dtype in (torch.float16, torch.bfloat16):
    thetas = [{k: (v.abs() + 0.5).to(dtype) for k, v in model(i).items()} for i in range(3)]
    fishers = [{k: v.abs() * 1e-6 for k, v in model(i + 9).items()} for i in range(3)]
    check(fisher_merge, thetas, fishers, want={k: v.to(dtype) for k, v in fished(thetas, fishers).items()},
          rtol=torch.finfo(dtype).eps,
          atol=0, why="float32 Fisher values of 1e-6 beside weights in half precision")
    halves = [{k: v.abs().to(dtype) for k, v in model(i + 9).items()} for i in range(3)]
    check(fisher_merge, thetas, halves, want={k: v.to(dtype) for k, v in fished(thetas, halves).items()},
          rtol=torch.finfo(dtype).eps,
          atol=0, why="all in half precision: float32 inside")
    zero = [{k: 0 * v for k, v in h.items()} for h in halves]
    check(fisher_merge, thetas, zero, want={k: v.to(dtype) for k, v in fished(thetas, zero).items()},
          rtol=torch.finfo(dtype).eps,
          atol=0, why="zeros in half precision: 1e-8 is no number of float16")
big = [{"w": torch.full((3,), 300.0 + i).half()} for i in range(4)]
check(fisher_merge, big, [{"w": torch.full((3,), 900.0).half()}] * 4,
      want={"w": torch.full((3,), 301.5).half()}, rtol=1e-3, atol=0,
      why="270,000 is beyond float16")
fine = [{"w": torch.tensor([1 + 2.0 ** -40 * i], dtype=torch.float64)} for i in range(2)]
check(fisher_merge, fine, [{"w": torch.ones(1, dtype=torch.float64)}] * 2,
      want={"w": torch.tensor([1 + 2.0 ** -41], dtype=torch.float64)},
      rtol=1e-15, atol=0, why="float64 stays float64")
check(fisher_merge, [{"w": torch.ones(1)}, {"w": torch.tensor([-1 - 2.0 ** -30], dtype=torch.float64)}],
      [{"w": torch.ones(1)}] * 2, want={"w": torch.tensor([-2.0 ** -31])}, rtol=1e-4, atol=0,
      why="a second model in float64: computed in float64, rounded to float32")
check(fisher_merge, [{"w": torch.ones(1)}, {"w": -torch.ones(1)}],
      [{"w": torch.ones(1, dtype=torch.float64)}, {"w": torch.tensor([1 - 2.0 ** -30], dtype=torch.float64)}],
      want={"w": torch.tensor([2.0 ** -31])}, rtol=1e-4, atol=0,
      why="Fisher values in float64 beside float32 weights: computed in float64")
fresh(fisher_merge, [model(1)], [{k: v ** 2 for k, v in model(2).items()}], want=model(1), rtol=1e-4, atol=1e-5)
unchanged(fisher_merge, [model(1), model(3)], [{k: v ** 2 for k, v in model(i).items()} for i in (2, 4)],
          rtol=1e-4, atol=1e-5,
          want={k: v.float() for k, v in fished([model(1), model(3)],
                                                [{k: v ** 2 for k, v in model(i).items()}
                                                 for i in (2, 4)]).items()})
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Merging adapters
#
# A LoRA adapter is a task vector in two factors: $\tau = \frac{\alpha}{r} B A$ (section 04). To merge several, add
# the **products**:
#
# $$\tau = \sum_i w_i \frac{\alpha_i}{r_i} B_i A_i.$$
#
# Adding the factors gives $(\sum B_i)(\sum A_i)$, which holds cross terms $B_1 A_2$ and $B_2 A_1$ that nobody
# trained. The true sum of N adapters of rank r has rank up to N · r. Put into the weights, that costs nothing
# (section 04 does it). To stay an **adapter**, the sum is factored again: exactly at rank N · r, or approximately
# at a smaller one. The best matrix of rank r comes from the singular value decomposition (SVD), by its r largest
# singular values (Eckart–Young).
#
# All of this merges task vectors, so TIES and DARE apply to the products as well; peft offers both for adapters. On
# the factors they mean something else: an entry of A has no sign of its own, since (−B)(−A) is the same adapter.
#
# ### Exercise 28.8 · merge_lora
#
# One adapter of rank r for the weighted sum of several.
#
# - `adapters` is a list of (A, B, alpha) with A (rᵢ, in), B (out, rᵢ), each rᵢ ≥ 1; their ranks may differ, their
#   in, out and dtype do not. `weights` has a number for each, 0 and negative ones too. `ValueError` if there are no
#   adapters, or not as many weights.
# - The answer is (A, B), shapes **(r, in) and (out, r) for any r ≥ 1**, of the adapters' dtype, to be used with
#   scale 1: $BA$ is a best approximation of rank r to the sum above, in the Frobenius norm. If the sum has a
#   smaller rank than r, $BA$ is the sum itself.
# - How BA is split in two is up to you; where several matrices are equally good, any of them.
# - In half precision compute in float32 and round A and B at the end; in float64 stay there.
#
# Source: Hu et al. 2021, 2106.09685, for the product; `add_weighted_adapter` with `combination_type="svd"` in peft
# 0.21.2.

# %% stub="merge_lora"
def merge_lora(adapters: list[Adapter], weights: list[float], r: int) -> tuple[Float[Tensor, "r in"],
                                                                               Float[Tensor, "out r"]]:
    """One adapter for a weighted sum.

    adapters ([[1., 0.]], [[2.]], 1.) and ([[0., 1.]], [[3.]], 1.), weights 1 and 2, r = 1: B @ A is [[2., 6.]].
    """
    ### BEGIN SOLUTION
    if not adapters or len(adapters) != len(weights):
        raise ValueError("one weight for each adapter, and at least one")
    dtype = adapters[0][0].dtype
    wide = torch.promote_types(dtype, torch.float32)
    whole = sum(w * alpha / len(A) * (B.to(wide) @ A.to(wide)) for (A, B, alpha), w in zip(adapters, weights))
    u, s, v = torch.linalg.svd(whole, full_matrices=False)
    k, root = min(r, len(s)), s.sqrt()
    A = torch.zeros(r, whole.shape[1], dtype=dtype, device=whole.device)
    B = torch.zeros(whole.shape[0], r, dtype=dtype, device=whole.device)
    A[:k], B[:, :k] = (root[:, None] * v)[:k], (u * root)[:, :k]
    return A, B
    ### END SOLUTION
    raise NotImplementedError("merge_lora")

# %% [markdown] hints="merge_lora"
# <details><summary>Hint 1: a question</summary>
#
# What is (B₁ + B₂)(A₁ + A₂), multiplied out?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# A₁ = [[1, 0]], B₁ = [[1], [0]] and A₂ = [[0, 1]], B₂ = [[0], [2]], α = r = 1, weights 1. The sum is [[1, 0], [0,
# 2]]. At rank 1 the best is [[0, 0], [0, 2]]; the product of the summed factors would be [[1, 1], [2, 2]].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A 4 × 6 layer has no more than four singular values, but r = 8 was asked for. And α/r of each adapter is part of
# the sum.
#
# </details>

# %% graded="merge_lora__sum" points=2
# Looks at B @ A where r is large enough: the exact sum.
pair = [(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0], [0.0]]), 1.0),
        (torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0], [2.0]]), 1.0)]
A, B = merge_lora(pair, [1.0, 1.0], 2)
expect(B @ A, torch.tensor([[1.0, 0.0], [0.0, 2.0]]), on="B @ A for two adapters, r = 2", why="B1 A1 + B2 A2",
       rtol=1e-4, atol=1e-5,
       mistakes={"the factors were summed": torch.tensor([[1.0, 1.0], [2.0, 2.0]])})
### BEGIN HIDDEN TESTS
for seed, (n_in, n_out, ranks, weights, alphas, r) in enumerate([(9, 7, [2, 3], [1.0, 1.0], [4.0, 8.0], 5),
                                                                 (5, 30, [1], [2.0], [3.0], 4),
                                                                 (33, 6, [2, 1, 4], [0.5, -1.0, 0.0],
                                                                  [1.0, 2.0, 16.0], 6),
                                                                 (4, 6, [3, 3], [1, 2], [3, 3], 9),
                                                                 (70, 90, [4, 4], [0.7, 0.3], [8.0, 8.0], 8),
                                                                 (6, 8, [2, 2], [0.0, 0.0], [2.0, 2.0], 3),
                                                                 (5, 4, [9], [1.0], [18.0], 4)]):
    for dtype in (torch.float32, torch.float64):
        adapters = [(drawn(k, n_in, seed=100 * seed + i, dtype=dtype),
                     drawn(n_out, k, seed=100 * seed + i + 50, dtype=dtype), alpha)
                    for i, (k, alpha) in enumerate(zip(ranks, alphas))]
        want = best_rank(adapters, weights, 1000)
        A, B = merge_lora(adapters, weights, r)
        assert (tuple(A.shape), tuple(B.shape)) == ((r, n_in), (n_out, r)), (
            f"A ({r}, {n_in}) and B ({n_out}, {r}) were asked for, got {tuple(A.shape)} and {tuple(B.shape)}")
        tolerance = 1e-4 if dtype == torch.float32 else 1e-9
        scale = float(want.abs().max()) + 1e-30
        expect(B @ A, want.to(dtype),
               on=f"B @ A for ranks {ranks}, weights {weights}, alphas {alphas}, r = {r}", rtol=0,
               atol=tolerance * scale + 1e-12,
               why="r reaches the rank of the sum: it is the sum itself")
### END HIDDEN TESTS

# %% graded="merge_lora__rank" points=2
# Looks at smaller ranks: the best that there is.
A, B = merge_lora([(torch.eye(2), torch.tensor([[3.0, 0.0], [0.0, 1.0]]), 2.0)], [1.0], 1)
expect(B @ A, torch.tensor([[3.0, 0.0], [0.0, 0.0]]), on="B @ A for the sum diag(3, 1), r = 1",
       why="the largest singular value stays",
       rtol=1e-4, atol=1e-5)
### BEGIN HIDDEN TESTS
for seed, (n_in, n_out, ranks, weights, r) in enumerate([(9, 7, [2, 3], [1.0, 1.0], 2),
                                                         (33, 20, [2, 1, 4], [0.5, -1.0, 3.0], 4),
                                                         (40, 60, [6, 6, 6], [0.3, 0.3, 0.4], 6),
                                                         (12, 5, [5, 5], [1.0, 1.0], 1)]):
    for dtype in (torch.float32, torch.float64):
        adapters = [(drawn(k, n_in, seed=100 * seed + i, dtype=dtype),
                     drawn(n_out, k, seed=100 * seed + i + 50, dtype=dtype), 2.0 * k + i)
                    for i, k in enumerate(ranks)]
        whole, best = best_rank(adapters, weights, 1000), best_rank(adapters, weights, r)
        A, B = merge_lora(adapters, weights, r)
        assert (tuple(A.shape), tuple(B.shape)) == ((r, n_in), (n_out, r)), (
            f"A ({r}, {n_in}) and B ({n_out}, {r}) were asked for, got {tuple(A.shape)} and {tuple(B.shape)}")
        assert A.dtype == B.dtype == dtype, (
            f"the adapters' dtype, {dtype}, was asked for; got {A.dtype} and {B.dtype}")
        off, least = float((B.double() @ A.double() - whole).norm()), float((best - whole).norm())
        assert off <= least + (1e-4 if dtype == torch.float32 else 1e-9) * float(whole.norm()), (
            f"rank {r} for ranks {ranks}: the distance to the sum is {off:.5f}, the least possible is {least:.5f}")
### END HIDDEN TESTS

# %% graded="merge_lora__edges" points=1
# Looks at half precision, the arguments after the call, and what does not fit.
raises(ValueError, merge_lora, [(torch.ones(1, 2), torch.ones(2, 1), 1.0)], [1.0, 1.0], 1,
       why="two weights for one adapter")
### BEGIN HIDDEN TESTS
raises(ValueError, merge_lora, [], [], 1, why="no adapters")
raises(ValueError, merge_lora, [(torch.ones(1, 2), torch.ones(2, 1), 1.0)] * 3, [1.0, 1.0], 1,
       why="two weights for three adapters")
one = torch.ones(1, 1).bfloat16()
A, B = merge_lora([(one * 1.0078125, one * 1.0078125, 1.0), (one, one * 1.015625, 1.0)], [1.0, -1.0], 1)
expect((B.double() @ A.double()), torch.full((1, 1), 2.0 ** -14, dtype=torch.float64),
       on="B @ A of two adapters in bfloat16 that nearly cancel",
       rtol=0.02, atol=0, why="products and sum in float32: 1.0078 squared is no number of bfloat16")
for dtype in (torch.float16, torch.bfloat16):
    adapters = [(drawn(3, 20, seed=i).to(dtype), drawn(12, 3, seed=i + 9).to(dtype), 3.0) for i in range(2)]
    A, B = merge_lora(adapters, [1.0, 0.5], 6)
    want = best_rank(adapters, [1.0, 0.5], 6)
    assert A.dtype == B.dtype == dtype, (
        f"the adapters' dtype, {dtype}, was asked for; got {A.dtype} and {B.dtype}")
    off = float((B.double() @ A.double() - want).norm() / want.norm())
    assert off < 4 * torch.finfo(dtype).eps, f"in {dtype} the sum is off by {off:.4f} of its length"
adapters = [(drawn(5, 2, seed=i).T, drawn(2, 6, seed=i + 9).T, 2.0) for i in range(2)]
kept = [(A.clone(), B.clone(), alpha) for A, B, alpha in adapters]
weights = [1.0, 2.0]
A, B = merge_lora(adapters, weights, 4)
expect(B @ A, best_rank(kept, [1.0, 2.0], 4).float(), on="B @ A of strided adapters", rtol=1e-4, atol=1e-4)
expect((adapters, weights), (kept, [1.0, 2.0]), on="the arguments after merge_lora",
       why="they belong to the caller")
### END HIDDEN TESTS

# %% tags=["picture"]
model_merging.wrong_sums(merge_lora)

# %% [markdown]
# Two random adapters of rank 4 on a layer of 32 × 48. They share no directions, so half the rank loses much; at
# rank 8 the sum is exact. Dashed: the summed factors. They have rank 4 as well, but their cross terms are nearly as
# large as the sum itself.
#
# Adapters need no merging at all to share a base: it stays in memory once, and in one batch each request takes its
# own adapter (section 04). Whole models can stand behind a **router**, which sends each request to one of them; that
# saves no memory.
#
# ## 6 · One recipe
#
# Now the pieces in a row. A **recipe** says how; `merge` does it. This is what mergekit's YAML file is: a method,
# its parameters, a base, a dtype. (One more of its keys is `normalize`, on by default for TIES: divide by the
# weights of those that agree, as `disjoint_merge` does. Off, it is their weighted sum.)
#
# ### Exercise 28.9 · merge
#
# Merge experts by a recipe, a dict with these keys (others are ignored; a method's own keys are always there):
#
# | `"method"` | what is added to the base | its keys |
# |---|---|---|
# | `"arithmetic"` | λ · the sum of the τᵢ | `"lam"` |
# | `"ties"` | λ · disjoint mean of the trimmed τᵢ, signs elected by these | `"lam"`, `"keep"` |
# | `"dare"` | λ · the sum of the dropped τᵢ | `"lam"`, `"p"`, `"seed"` |
# | `"dare_ties"` | λ · disjoint mean of the dropped τᵢ, signs elected by these | `"lam"`, `"p"`, `"seed"` |
#
# - Trimming is global over all floating tensors, in the base's order of names. Expert i (from 0) is dropped by
#   `dare(τᵢ, p, seed + i)`, with τᵢ holding the floating tensors in the base's order, always rescaled. All weights
#   are 1.
# - Any other method is a `ValueError`. What `task_arithmetic` refuses is a `ValueError` here too. With no experts,
#   the base comes back.
# - Dtypes as in `task_arithmetic`: task vectors, merging and adding in the widest dtype of base and experts,
#   float32 at least (here all floating tensors of a model have one dtype); one rounding, to the base's dtype.
#   Tensors that are not floating are the base's. All in memory of its own; nothing of the caller's changes.
#
# Source: 2306.01708 and 2311.03099 for the steps; mergekit's `docs/merge_methods.md` for recipes.

# %% stub="merge"
def merge(base: Weights, experts: list[Weights], recipe: dict) -> Weights:
    """One model out of several.

    base {"w": [0., 0.]}, experts {"w": [2., 1.]} and {"w": [4., -3.]}, ties with keep 1 and lam 0.5: the mean of
    2 and 4 and the -3 alone, halved: {"w": [1.5, -1.5]}.
    """
    ### BEGIN SOLUTION
    method, lam = recipe["method"], recipe["lam"]
    if method not in ("arithmetic", "ties", "dare", "dare_ties"):
        raise ValueError(f"no method {method!r}")
    plain = task_arithmetic(base, experts, [lam] * len(experts))  # refuses what does not fit
    if method == "arithmetic" or not experts:
        return plain
    taus = []
    for i, expert in enumerate(experts):
        tau = {}
        for name, b in base.items():
            if b.is_floating_point():
                wide = torch.float32
                for weights in (base, *experts):
                    wide = torch.promote_types(wide, weights[name].dtype)
                tau[name] = expert[name].to(wide) - b.to(wide)
        taus.append(trim(tau, recipe["keep"]) if method == "ties" else dare(tau, recipe["p"], recipe["seed"] + i))
    merged = {}
    for name, b in base.items():
        if not b.is_floating_point():
            merged[name] = b.clone()
            continue
        rows = torch.stack([tau[name] for tau in taus])
        move = rows.sum(0) if method == "dare" else disjoint_merge(rows, elect_sign(rows))
        merged[name] = (b.to(move.dtype) + lam * move).to(b.dtype)
    return merged
    ### END SOLUTION
    raise NotImplementedError("merge")

# %% [markdown] hints="merge"
# <details><summary>Hint 1: a question</summary>
#
# If the signs are elected before the trimming, who votes that should not?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Base 0, two moves [4, 1, 0] and [−1, 3, 2], keep = 0.34, so one entry each stays: [4, 0, 0] and [0, 3, 0]. Signs
# +, +, 0. Disjoint mean [4, 3, 0]. λ = 0.5: [2, 1.5, 0].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The recipe's λ comes last, after the merge, and scales the merged vector once. And two experts with the same seed
# drop the same places.
#
# </details>

# %% graded="merge__ties" points=3
# Looks at the three steps in their order, lambda last.
check(merge, {"w": torch.zeros(3)}, [{"w": torch.tensor([4.0, 1.0, 0.0])}, {"w": torch.tensor([-1.0, 3.0, 2.0])}],
      {"method": "ties", "keep": 0.34, "lam": 0.5}, want={"w": torch.tensor([2.0, 1.5, 0.0])},
      why="trim to [4, 0, 0] and [0, 3, 0], then merge",
      mistakes={"nothing was trimmed": {"w": torch.tensor([2.0, 1.0, 1.0])},
                "lambda was left out": {"w": torch.tensor([4.0, 3.0, 0.0])},
                "divided by N": {"w": torch.tensor([1.0, 0.75, 0.0])}})
### BEGIN HIDDEN TESTS
for seed, (n, keep, lam) in enumerate([(1, 0.2, 1.0), (2, 0.5, 0.7), (5, 0.2, 1), (3, 1.0, -0.5),
                                       (8, 0.0, 2.0), (4, 0.9, 0.0), (7, 0.05, 1.3)]):
    for dtype in (torch.float32, torch.float64):
        base = model(seed, dtype) | {"ids": torch.arange(4)}
        experts = [{k: v + 0.1 * (i + 1) * drawn(*v.shape, seed=1000 * seed + 10 * i + j, dtype=dtype)
                    if v.is_floating_point() else v + 1
                    for j, (k, v) in enumerate(base.items())} for i in range(n)]
        recipe = {"method": "ties", "keep": keep, "lam": lam}
        tolerance = dict(rtol=1e-4, atol=1e-5) if dtype == torch.float32 else dict(rtol=1e-10, atol=1e-11)
        want = tied(base, experts, keep, lam)
        check(merge, base, experts, recipe, want=want,
              why="trim over all tensors, elect, merge, scale", **tolerance)
        check(merge, base, experts[::-1], recipe, want=want,
              why="the order of the experts does not matter", **tolerance)
        mixed = [dict(reversed(list(e.items()))) for e in experts]
        check(merge, base, mixed, recipe, want=want,
              why="nor does the order of their names", **tolerance)
        move = trimmed(deltas(base, experts[0]), keep)
        same = {k: (v.double() + lam * move[k].double()).to(v.dtype)
                if v.is_floating_point() else v
                for k, v in base.items()}
        check(merge, base, [experts[0]] * 3, recipe, want=same,
              why="three times the same expert: base + lambda * its trimmed move", **tolerance)
order = {"b": torch.tensor([0.0, 0.0]), "a": torch.tensor([0.0, 0.0])}
check(merge, order, [{"a": torch.tensor([1.0, 1.0]), "b": torch.tensor([1.0, 1.0])}],
      {"method": "ties", "keep": 0.25, "lam": 1.0},
      want={"b": torch.tensor([1.0, 0.0]), "a": torch.tensor([0.0, 0.0])},
      why="of equal ones the first, in the base's order")
### END HIDDEN TESTS

# %% graded="merge__arithmetic" points=1
# Looks at the plain sum.
check(merge, {"w": torch.tensor([1.0])}, [{"w": torch.tensor([3.0])}, {"w": torch.tensor([2.0])}],
      {"method": "arithmetic", "lam": 0.5},
      want={"w": torch.tensor([2.5])}, why="1 + 0.5 * (2 + 1)",
      mistakes={"the mean of the moves": {"w": torch.tensor([1.75])}})
### BEGIN HIDDEN TESTS
for seed, (n, lam) in enumerate([(1, 1.0), (3, 0.3), (6, -0.5), (2, 0), (0, 1.0)]):
    for dtype in (torch.float32, torch.float64):
        base = model(seed, dtype) | {"ids": torch.arange(4)}
        experts = [model(seed + 30 + i, dtype) | {"ids": torch.arange(4) + 1} for i in range(n)]
        tolerance = dict(rtol=1e-4, atol=1e-4) if dtype == torch.float32 else dict(rtol=1e-10, atol=1e-10)
        check(merge, base, experts, {"method": "arithmetic", "lam": lam, "keep": 0.1, "p": 0.9, "seed": 1},
              want=summed(base, experts, [lam] * n),
              why="base + lambda * the sum of the moves; other keys are ignored", **tolerance)
### END HIDDEN TESTS

# %% graded="merge__dare" points=2
# Looks at dropping before the sum, and before TIES, with a seed for each expert.
def dropping(base, experts, p, seed, lam, signs):
    "What your dare leaves, summed or merged."
    rows = [dare({k: e[k] - b for k, b in base.items()}, p, seed + i) for i, e in enumerate(experts)]
    stack = {k: torch.stack([r[k] for r in rows]) for k in base}
    return {k: b + lam * (disjoint_merge(stack[k], elect_sign(stack[k])) if signs else stack[k].sum(0)) for k,
            b in base.items()}

start = {"w": torch.zeros(40), "v": torch.ones(3, 5)}
moved = [{"w": torch.ones(40), "v": torch.zeros(3, 5)}, {"w": torch.full((40,), -2.0),
                                                         "v": torch.full((3, 5), 4.0)}]
for method in ("dare", "dare_ties"):
    got = merge(start, moved, {"method": method, "p": 0.5, "seed": 3, "lam": 0.5})
    expect(got, dropping(start, moved, 0.5, 3, 0.5, method == "dare_ties"), on=f"merge by {method}, p = 0.5, seed 3",
           why="expert i is dropped by dare(tau_i, p, seed + i)")
### BEGIN HIDDEN TESTS
for i, (n, p, seed, lam) in enumerate([(1, 0.5, 0, 1.0), (3, 0.9, 11, 0.4), (5, 0.2, 4, -1.0),
                                       (2, 0.0, 9, 0.5), (4, 0.7, 100, 1)]):
    for dtype in (torch.float32, torch.float64):
        base, experts = model(i, dtype), [model(i + 40 + j, dtype) for j in range(n)]
        tolerance = dict(rtol=1e-4, atol=1e-4) if dtype == torch.float32 else dict(rtol=1e-9, atol=1e-9)
        for method in ("dare", "dare_ties"):
            recipe = {"method": method, "p": p, "seed": seed, "lam": lam, "keep": 0.2}
            want = dropping(base, experts, p, seed, lam, method == "dare_ties")
            check(merge, base, experts, recipe, want=want,
                  why="drop with seed + i, rescale, then sum or merge; no trimming", **tolerance)
            ids = {"ids": torch.arange(3)}
            check(merge, ids | base, [{"ids": torch.arange(3) + 5} | dict(reversed(list(e.items())))
                                      for e in experts], recipe, want=ids | want,
                  why="the task vectors hold the floating tensors alone, in the base's order", **tolerance)
### END HIDDEN TESTS

# %% graded="merge__edges" points=2
# Looks at dtypes, memory, the recipe after the call, and what is refused.
whole = {"w": torch.tensor([1.0, 2.0]), "ids": torch.tensor([0, 1])}
moved = {"w": torch.tensor([3.0, 2.5]), "ids": torch.tensor([5, 6])}
unchanged(merge, whole, [moved], {"method": "ties", "lam": 1.0, "keep": 0.5},
          want={"w": torch.tensor([3.0, 2.0]), "ids": torch.tensor([0, 1])})
raises(ValueError, merge, whole, [moved], {"method": "slerp", "lam": 1.0}, why="no such method")
### BEGIN HIDDEN TESTS
recipes = [{"method": "arithmetic", "lam": 0.5}, {"method": "ties", "lam": 0.5, "keep": 1.0},
           {"method": "dare", "lam": 0.5, "p": 0.0, "seed": 0},
           {"method": "dare_ties", "lam": 0.5, "p": 0.0, "seed": 5}]
for recipe in recipes:
    unchanged(merge, whole, [moved], recipe, want={"w": torch.tensor([2.0, 2.25]), "ids": torch.tensor([0, 1])})
    fresh(merge, whole, [moved], recipe, want={"w": torch.tensor([2.0, 2.25]), "ids": torch.tensor([0, 1])})
    fresh(merge, whole, [], recipe, want=whole)
    check(merge, whole, [moved], recipe | {"dtype": "float16"},
          want={"w": torch.tensor([2.0, 2.25]), "ids": torch.tensor([0, 1])}, why="other keys are ignored")
    more = {"seen": torch.tensor([True, False]), "steps": torch.tensor([7], dtype=torch.int32),
            "bytes": torch.tensor([3, 200], dtype=torch.uint8)}
    other = {"seen": torch.tensor([False, False]), "steps": torch.tensor([9], dtype=torch.int32),
             "bytes": torch.tensor([5, 1], dtype=torch.uint8)}
    check(merge, whole | more, [moved | other], recipe,
          want={"w": torch.tensor([2.0, 2.25]), "ids": torch.tensor([0, 1])} | more,
          why="whole numbers of every kind, and bools, are the base's")
    for bad in ({"w": torch.ones(2)}, {"w": torch.ones(1), "ids": torch.zeros(2).long()},
                {**moved, "ids": torch.zeros(3).long()},
                {**moved, "more": torch.ones(1)}):
        raises(ValueError, merge, whole, [moved, bad], recipe,
               why="other names or other shapes; nothing is broadcast")
    for dtype, near in ((torch.bfloat16, 1.0078125), (torch.float16, 1.0009765625)):
        one = {"w": torch.ones(3).to(dtype)}
        check(merge, one, [{"w": torch.full((3,), near).to(dtype)}] * 4,
              recipe | {"lam": 0.25 if recipe["method"] in ("arithmetic", "dare") else 1.0},
              want={"w": torch.full((3,), near).to(dtype)}, rtol=0, atol=0,
              why="four quarters of one step: rounded once")
        check(merge, {"w": -one["w"]}, [{"w": torch.full((3,), near).to(dtype)}], recipe | {"lam": 1.0},
              want={"w": torch.full((3,), near).to(dtype)},
              rtol=0, atol=0, why=f"the move of {1 + near} is no number of {dtype}")
        check(merge, one, [{"w": torch.full((3,), 1 + (near - 1) * 1.3)}], recipe | {"lam": 2.0},
              want={"w": torch.full((3,), 1 + (near - 1) * 3).to(dtype)},
              rtol=0, atol=0, why="a float32 expert beside a base in half precision is not rounded first")
    fine = {"w": torch.tensor([1 + 2.0 ** -40], dtype=torch.float64)}
    check(merge, {"w": torch.ones(1, dtype=torch.float64)}, [fine], recipe | {"lam": 2.0}, rtol=0, atol=0,
          want={"w": torch.tensor([1 + 2.0 ** -39], dtype=torch.float64)}, why="float64 stays float64")
    pair = [{"w": torch.ones(1)}, {"w": torch.tensor([1 + 2.0 ** -30], dtype=torch.float64)}]
    for experts in (pair, pair[::-1]):
        check(merge, {"w": torch.ones(1)}, experts, recipe | {"lam": 1024.0}, rtol=0, atol=0,
              want={"w": torch.tensor([1 + 2.0 ** -20])}, why="one expert in float64 beside float32: all in float64")
    check(merge, {"w": -torch.ones(1)}, [{"w": torch.tensor([1 + 2.0 ** -23])},
                                         {"w": -torch.ones(1, dtype=torch.float64)}], recipe | {"lam": 1.0},
          want={"w": torch.tensor([1 + 2.0 ** -23])}, rtol=0, atol=0,
          why="one expert in float64: the move of the other as well")
base, experts = model(6), [model(47), model(48), model(49)]
for recipe in ({"method": "arithmetic", "lam": 0.3}, {"method": "ties", "lam": 0.3, "keep": 0.4},
               {"method": "dare", "lam": 0.3, "p": 0.6, "seed": 2}, {"method": "dare_ties", "lam": 0.3, "p": 0.6,
                                                                     "seed": 2}):
    plain = merge(base, experts, recipe)
    more = {"scope": "tensor", "rescale": False, "weights": [1.0, 2.0, 5.0], "lambdas": [1.0, 2.0, 5.0],
            "normalize": False, "density": 0.1}
    check(merge, base, experts, recipe | more, want=plain, rtol=0, atol=0, why="other keys are ignored")
    for name, value in more.items():
        check(merge, base, experts, recipe | {name: value}, want=plain, rtol=0, atol=0, why="other keys are ignored")
for name in ("TIES", "", "average", None, "dare_linear"):
    raises(ValueError, merge, whole, [moved], {"method": name, "lam": 1.0, "keep": 0.5, "p": 0.5, "seed": 0},
           why="no such method")
    raises(ValueError, merge, whole, [], {"method": name, "lam": 1.0, "keep": 0.5, "p": 0.5, "seed": 0},
           why="no such method, experts or not")
### END HIDDEN TESTS

# %% [markdown]
# **Who finds the recipe?** λ for each expert, or for each layer and expert; densities; which layers from whom. That
# is a small search problem with an expensive question, so people use random search, Bayesian optimisation or
# **evolution** (Akiba et al. 2024, 2403.13187: CMA-ES over merging weights, and over the order in which layers of
# several models are run through). Each try needs one merge and one evaluation, no gradient. But each try looks at
# the validation set, so many tries fit it: keep a test set that no search has seen.
#
# ## 7 · The experiment: five experts, untuned
#
# Five experts on 8 × 8 digits, from one base, each trained on one yes-or-no question (even? above 4? prime? with a
# loop? a square?) with a frozen head, as the text half of CLIP (a model of pictures and captions) is in the
# papers. Every model is scored by its **mean over all five questions**. Nobody tunes λ:
#
# | name | what it is |
# |---|---|
# | `"the best expert"` | the one of the five with the highest mean |
# | `"average"` | task arithmetic with λ = 0.2, which is the average of the five |
# | `"sum"` | task arithmetic with λ = 1 |
# | `"DARE and sum"` | the same, each task vector dropped with p = 0.98 and rescaled |
#
# It takes about 6 seconds. **Predict before you run it**: order the four by their mean, the best first. One point
# for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the best first
### BEGIN SOLUTION
prediction = ["average", "the best expert", "sum", "DARE and sum"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["the best expert", "average", "sum", "DARE and sum"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["the best expert", "average", "sum", "DARE and sum"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["average", "the best expert", "sum", "DARE and sum"],
          "How far from the base does each of the four stand, and how much of that way did anybody train?")
### END HIDDEN TESTS

# %% tags=["experiment"]
recipes = {
    "average": {"method": "arithmetic", "lam": 0.2},
    "sum": {"method": "arithmetic", "lam": 1.0},
    "DARE and sum": {"method": "dare", "lam": 1.0, "p": 0.98, "seed": 0},
    "TIES": {"method": "ties", "lam": 1.0, "keep": 0.2},
}
table = model_merging.five_experts(recipes, merge, prediction=prediction)

# %% [markdown]
# - The first table: each expert is best at its own question, and pays with most others. That price is the room that
#   a merged model has. The average reaches no expert on that expert's own question.
# - The curves are the same recipes over many λ. Method and λ belong together: a comparison at one λ compares λ.
#   Read off each curve's best λ and how close the tops of "sum" and "TIES" lie. (These tops are picked on the very
#   images that report them, so they are a little too good. ± is a 95 % interval from 899 images; the five answers on
#   one image count together.)
# - The last line and the dotted curve: five experts that began at five bases. Their average is worse than the worst
#   of them. Merging needs the common base.
# - What p = 0.98 means for DARE: √(0.98/0.02) = 7, so the noise is seven times the update, from five experts at
#   once, and these moves are not tiny. The picture of part 3 shows what 0.9 does.
# - What this does not show: language models. There fine-tuning moves weights far less in relation to the base, and
#   dropping 90 % costs little (so the paper on DARE). It does show what to measure: base, each expert, the plain
#   average, a λ sweep; on all tasks, on data that chose nothing.
#
# ## 8 · Feel it: a recipe in your hand
#
# Set the method and move λ. Try λ = −1 with one expert: what is taken away? Try DARE with p = 0.95. Leave experts
# out: do the others gain?

# %% tags=["widget"]
model_merging.widget(merge)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="production"
# Your company has **five fine-tuned 7B models** (BF16): German support, SQL, summaries, and two from outside: a
# medical model from the **same base**, continued on 100 billion tokens, and a coding model from **another base** of
# the same shape. SQL and summaries are **LoRA adapters** of rank 16. Serving all five costs too much. Write, in
# about 15 lines:
#
# 1. Which of the five can be merged, how does each enter the merge, and what is saved in GB of weights?
# 2. Which method do you begin with, which do you try next, and what does each of TIES and DARE repair?
# 3. What do you measure before it ships, on which data, and against which baselines? When do you not merge?
# 4. A colleague proposes: "TIES takes the majority's sign and gains 5 to 15 %; drop 90 % of everything with DARE; λ
#    = 1; and merging needs no data." Answer each.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Who**: same base and shapes and tokenizer: German, SQL, summaries, with care the medical one (large moves:
#   small λ, no heavy dropping; measure it). The coding model from another base stays out. Adapters enter as
#   products (α/r)BA, not as factors. German and medical (14 GB each) and the adapters' base (14 GB, the adapters are
#   small already) become one: 42 GB to 14 GB, the coder remains. (56 GB to 14 GB if each adapter is served in a
#   whole model of its own: right as well where it is said. Half a point without the products.)
# - **Method**: task arithmetic with a tuned λ (or the average) first; then TIES (small entries trimmed, signs
#   elected by mass, mean over those that agree), DARE as a sparsifier before either. What is gained is measured.
# - **Measuring**: validation data of every task for λ, a test set that no search saw; base, each expert on its own
#   task and on all, average. Also what no task covers: safety, format, general ability. Not merging: one task is
#   lost, tasks contradict, moves are large or bases differ; then adapters in one batch, or a router.
# - **Colleague**: mass, not heads; about two points in the paper, tuned; dropping 90 % has an error of √(0.9/0.1) = 3
#   times a random update's output, harmless only where moves are tiny; λ is tuned; data are needed for λ and
#   evaluation. (Half a point for two.)
#
# === END MARK SCHEME ===

# %% [markdown] written="production" points=4
# ### BEGIN SOLUTION
# 1. Merging needs one base, one shape, one tokenizer. German, SQL and summaries qualify, SQL and summaries as task
#    vectors (alpha/r) B A, added as products. The medical model has the same base but moved far: I would try it
#    with a small lambda and expect trouble. The coder has another base: out. 7B in BF16 is 14 GB. German, medical
#    and one base for the two adapters are 42 GB, merged 14 GB. (Were each adapter put into a whole model of its own:
#    56 GB to 14 GB.) The coder's 14 GB stay.
# 2. First the plain average and task arithmetic with lambda swept from 0.1 to 1. Then TIES: it trims small entries,
#    elects a sign by the sum of the moves and averages those that agree, so opposite moves do not cancel. DARE
#    drops at random and rescales by 1/(1-p), so places collide less often; it goes before arithmetic or TIES.
# 3. Validation sets for each task choose lambda, keep, p; a test set that nothing chose reports. Baselines: base,
#    each expert on its own and on all tasks, average. Plus general ability, safety, format. I do not merge if a
#    task falls below what its users accept, or if two tasks contradict (concise against verbose gives something in
#    between). Then: one base with adapters in one batch, or a router.
# 4. The sign is the sum's, not the majority's. The paper reports about two points on average, tuned. At p = 0.9
#    the error of a random update is three times its output: fine if moves are tiny, not for the medical one. lambda
#    = 1 is a guess, and the sum of many full moves overshoots. The arithmetic needs no data; choosing and judging
#    do.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="28.1" level="basic"
# <details><summary>What is model merging, and what is it for?</summary>
#
# - New weights from several fine-tuned models of **one base**, entry by entry, without gradients.
# - For: one model to store and serve instead of N; adding or taking away a skill; soups of several runs of one
#   task.
# - It works because models from one base mostly lie in one basin (linear mode connectivity). From two bases it does
#   not, unless units are aligned first.
# - Needs the same shapes and the same tokenizer. No training data for the arithmetic, but validation data for λ,
#   and for knowing.
# - Judge it by the mean over all tasks and by each task; on its own task the expert usually stays ahead.
#
# </details>

# %% [markdown] card="28.2" level="basic"
# <details><summary>What is task arithmetic?</summary>
#
# - τ = θ_expert − θ_base; θ = θ₀ + Σ λᵢ τᵢ. λ = 1/N is the average, a negative λ takes away.
# - λ scales the move, not the model. With one λ for all it is tuned on validation data of all tasks.
# - Float32 inside, one rounding; integer buffers are not merged.
# - Slip: averaging the moves and calling it the sum. Slip: a λ from somebody else's models.
#
# </details>

# %% [markdown] card="28.3" level="medium"
# <details><summary>What is TIES-Merging, and how does it resolve interference?</summary>
#
# - **Trim**: the largest `keep` of each task vector by absolute value; the paper ranks over the whole vector,
#   mergekit within each tensor.
# - **Elect**: the sign of the *sum*, the heavier side. Of +0.1, +0.1, −0.5: minus. Not the majority.
# - **Merge**: mean over those that have this sign and are not 0. Disjoint moves 1, 2, 3 stay 1, 2, 3; dividing by N
#   gives 0.33, 0.67, 1.
# - Then θ₀ + λτ, λ tuned.
# - The paper: about two points of accuracy over task arithmetic on average, both tuned.
#
# </details>

# %% [markdown] card="28.4" level="medium"
# <details><summary>What is DARE, and how does it differ from TIES?</summary>
#
# - Each entry is dropped with probability p, the rest divided by 1 − p: right on average, variance τ² p/(1−p).
# - Error on a random update: √(p/(1−p)) of its output: 1 at 0.5, 3 at 0.9, 10 at 0.99. It works because moves are
#   tiny beside the base; not after long continued training.
# - TIES chooses by size and resolves signs. DARE chooses by dice and resolves nothing: two moves both stay with
#   probability (1 − p)².
# - It is a step before task arithmetic or TIES, not a method of its own. Own dice for each tensor and expert.
# - Slip: 1/p. Slip: one mask for all experts.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>SLERP, Fisher, evolution: when?</summary>
#
# - SLERP: two models, along an arc; keeps the length. Nearly parallel weights: the straight line, and no NaN.
# - Fisher: an average weighted by mean squared gradients; needs data and as many numbers as weights; ε above and
#   below the line.
# - Evolution: searches λ, densities, layers; one evaluation a try, and an unseen test set at the end.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you merge LoRA adapters?</summary>
#
# - Add the products (α/r)BA. Summed factors hold cross terms B₁A₂ that nobody trained.
# - Into the weights: exact. As an adapter: exact at the sum of the ranks, best at a smaller rank by SVD.
# - TIES and DARE act on products; signs of factor entries mean nothing.
#
# </details>

# %% [markdown] card="28.5" level="killer"
# <details><summary>How do you choose a merging method for production?</summary>
#
# - First: same base, shapes, tokenizer? Small moves? If not, don't: adapters in one batch, or a router.
# - Baselines: base, each expert on its own task and on all, the average. Then arithmetic with a λ sweep. It is hard
#   to beat.
# - Many experts with conflicts: TIES; very redundant moves: DARE before it. Two models: SLERP or the line.
# - Tune on validation data of each task, report on data that chose nothing; also safety and general ability.
# - In mergekit: `base_model`, `dtype`, and know that TIES normalises the weights by default.
# - Contradicting tasks (concise and verbose) give something in between, no error message.
# - Why not train on all tasks together? Where the data can meet, that stays ahead on these tasks; merging is for
#   where they cannot.
# - Slip: "TIES is the default for more than two." Measure it against a tuned sum.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Your merged model is worse than every expert. Where do you look?</summary>
#
# - Another base or another revision of it: the path between the models runs over a hill. Compare base weights,
#   tokenizer, special tokens.
# - λ too large: sweep it, down to 0, where the base must come back exactly.
# - Arithmetic: moves in half precision, a factor 1/p, factors of adapters summed, integer buffers merged.
# - Masks: one seed for all experts or all tensors.
# - Each expert alone through the same code with λ = 1 must give the expert.
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# Task arithmetic: Ilharco et al. 2022, arXiv 2212.04089. TIES: Yadav et al. 2023, 2306.01708. DARE: Yu et al. 2023,
# 2311.03099. DAREx: 2410.09344. Fisher: Matena and Raffel 2021, 2111.09832. Linear mode connectivity: Frankle et
# al. 2019, 1912.05671; Neyshabur et al. 2020, 2008.11687. Git Re-Basin: Ainsworth et al. 2022, 2209.04836.
# Evolutionary merging: Akiba et al. 2024, 2403.13187. Model soups: Wortsman et al. 2022, 2203.05482. Code: mergekit
# 0.1.5 (its source was read), peft 0.21.2, which the course's own tests compare with.
