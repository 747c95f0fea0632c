# %% [markdown]
# # 18 · Alignment by reward: PPO and GRPO
#
# After this section you can answer, at a whiteboard and with code that you wrote:
#
# - What is the ratio in PPO a ratio *of*, and when does its clip cut the gradient?
# - Why is the KL penalty in the reward in PPO and in the loss in GRPO, and what does each do to the gradient?
# - What does GRPO drop, what does it keep, and which biases do Dr. GRPO and DAPO take out?
# - Why does a rising reward not mean a better model, and how do you notice?
# - When reward training, when supervised fine-tuning, when retrieval?
#
# Nine exercises. The last puts them together into one GRPO step, and a tiny policy learns a task from nothing but a
# check. It takes about three and a half hours; the end of part 4 is a good place to stop. It builds on autograd and
# log-probabilities. Preferences, Bradley-Terry and DPO belong to section 06 and are not asked again here.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** N answers (rows), T token positions, P prompts, G answers for each prompt, V vocabulary, D width.
# $\pi_\theta$ is the *policy*, the model that is trained; $\pi_\text{old}$ the policy that sampled the answers;
# $\pi_\text{ref}$ the frozen *reference*, usually the model before this training. `lp` is $\log \pi_\theta$ of the
# token that was chosen. A `mask` is boolean, True at the tokens of the answer that the policy chose. **Units.**
# Logarithms are natural, so log-probabilities and KL are in nats. GB is 10⁹ bytes, B (of parameters) 10⁹.

# %% setup
import math
import re
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, precise, predicted, raises, unchanged, value_and_grad
from course.data.counting import END, counting, partial_reward, right, strict_reward
from course.duel import advise, duel
from course.models.policy import policy_logits, rollout

torch.set_num_threads(1)
NAN, INF = float("nan"), float("inf")

# %% tags=["picture"]
from course.sections import alignment

# %% helper
### BEGIN HIDDEN TESTS
import itertools


def drawn(*shape, seed, dtype=torch.float64, size=1.0):
    "Normal numbers of a seed of their own."
    return (size * torch.randn(shape, generator=torch.Generator().manual_seed(seed),
                               dtype=torch.float64)).to(dtype)


def answers(N, T, seed, full=False):
    "A mask as training has it: prompts and padding of unlike length, a tool's words inside; no empty row."
    g = torch.Generator().manual_seed(seed)
    mask = torch.zeros(N, T, dtype=torch.bool)
    for i in range(N):
        start = int(torch.randint(0, max(1, T // 2), (), generator=g))
        stop = int(torch.randint(start + 1, T + 1, (), generator=g))
        mask[i, start:stop] = True
        if not full and stop - start > 3:
            mask[i, start + 1] = False
    return mask


def logprobs(N, T, seed, near=0.3, dtype=torch.float64):
    "Three sets of log-probabilities that are near each other, as those of policy, old policy and reference are."
    base = -drawn(N, T, seed=seed).abs() * 2
    return [(base + near * drawn(N, T, seed=seed + 100 * i)).clamp(max=0).to(dtype) for i in (1, 2, 3)]


def by_token(lp, old, adv, lo, hi):
    "The clipped loss of one token, as plain numbers."
    r = math.exp(lp - old)
    return -min(r * adv, min(max(r, 1 - lo), 1 + hi) * adv)


def k3_of(lp, ref):
    "The third estimate of KL for one token, as plain numbers."
    return math.expm1(ref - lp) - (ref - lp)


def grpo_oracle(lp, old, ref, adv, mask, lo, hi, beta, agg, max_len=None):
    "The loss by loops over plain numbers."
    lp, old, adv, ref = lp.tolist(), old.tolist(), adv.tolist(), ref.tolist() if beta else None
    rows = []
    for i, where in enumerate(mask.tolist()):
        rows.append([by_token(lp[i][t], old[i][t], adv[i], lo, hi) + (beta * k3_of(lp[i][t], ref[i][t]) if beta else 0.0)
                     for t, yes in enumerate(where) if yes])
    if agg == "grpo":
        value = sum(sum(row) / len(row) if row else 0.0 for row in rows) / len(rows)
    elif agg == "dapo":
        value = sum(map(sum, rows)) / max(1, sum(map(len, rows)))
    else:
        value = sum(map(sum, rows)) / (len(rows) * max_len)
    return torch.tensor(value, dtype=torch.float64)


def slope(oracle, lp, h=1e-6):
    "The gradient of an oracle by central differences."
    grad = torch.zeros_like(lp)
    for i in np.ndindex(*lp.shape):
        up, down = lp.clone(), lp.clone()
        up[i] += h
        down[i] -= h
        grad[i] = (oracle(up) - oracle(down)) / (2 * h)
    return grad


def rewards_by_hand(rm, lp, ref, mask, beta):
    "The shaped rewards by a loop."
    want = torch.zeros(lp.shape, dtype=torch.float64)
    for i in range(lp.shape[0]):
        where = [t for t in range(lp.shape[1]) if mask[i, t]]
        for t in where:
            want[i, t] = -beta * (float(lp[i, t]) - float(ref[i, t])) + (float(rm[i]) if t == where[-1] else 0.0)
    return want


def gae_by_hand(rewards, values, dones, gamma, lam):
    "From the definition: for each step the sum of later deltas until the episode ends."
    rows = []
    for r, v, d in zip(rewards.tolist(), values.tolist(), dones.tolist()):
        delta = [r[t] + (0.0 if d[t] else gamma * v[t + 1]) - v[t] for t in range(len(r))]
        row = []
        for t in range(len(r)):
            total, factor = 0.0, 1.0
            for k in range(t, len(r)):
                total += factor * delta[k]
                if d[k]:
                    break
                factor *= gamma * lam
            row.append(total)
        rows.append(row)
    adv = torch.tensor(rows, dtype=torch.float64)
    return adv, adv + values[:, :-1].double()


def ppo_by_hand(lp, old, adv, mask, eps):
    "The three numbers by a loop."
    loss, clipped, kl, n = 0.0, 0, 0.0, 0
    for i, t in np.argwhere(mask.numpy()):
        a, r = float(adv[i, t]), math.exp(float(lp[i, t]) - float(old[i, t]))
        loss -= min(r * a, min(max(r, 1 - eps), 1 + eps) * a)
        clipped += (a > 0 and r > 1 + eps) or (a < 0 and r < 1 - eps)
        kl += r - 1 - math.log(r)
        n += 1
    return tuple(torch.tensor(x / n, dtype=torch.float64) for x in (loss, clipped, kl))


def advantages_by_hand(rewards, G, scale, eps):
    "By loops over plain numbers."
    r = [float(x) for x in rewards]
    def deviation(xs):
        xs = [x for x in xs if x == x]
        m = sum(xs) / max(1, len(xs))
        return math.sqrt(sum((x - m) ** 2 for x in xs) / max(1, len(xs) - 1))
    out = []
    for start in range(0, len(r), G):
        group = r[start:start + G]
        judged = [x for x in group if x == x]
        m = sum(judged) / max(1, len(judged))
        divisor = {"group": deviation(group) + eps, "batch": deviation(r) + eps, "none": 1.0}[scale]
        flat = len(judged) < 2 or min(judged) == max(judged)
        out += [0.0 if flat or x != x else (x - m) / divisor for x in group]
    return torch.tensor(out, dtype=torch.float64)


def by_listing(proxy, gold, n):
    "Best of n by listing all subsets."
    kept = []
    for subset in itertools.combinations(range(len(proxy)), n):
        top = max(float(proxy[i]) for i in subset)
        best = [float(gold[i]) for i in subset if float(proxy[i]) == top]
        kept.append(sum(best) / len(best))
    return sum(kept) / len(kept)


def no_gradient(fn, *args, wrt, output=None, why):
    "No gradient, or one of zeros, reaches these arguments."
    _, grads = value_and_grad(fn, *args, wrt=wrt, output=output)
    for i, grad in zip(wrt, grads):
        assert grad is None or not grad.any(), f"{why}: the gradient with respect to argument {i + 1} is {grad}"
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · What is pushed, and what holds it back
#
# A language model after pre-training continues text. **RLHF** (reinforcement learning from human feedback; Ouyang
# et al. 2022, arXiv 2203.02155) makes it answer as people want: helpful, honest, harmless. Three stages: supervised
# fine-tuning (SFT) on good answers; a *reward model* fitted to people's comparisons (section 06); then
# reinforcement learning (RL), in which the policy samples answers, gets a number for each, and is pushed towards
# high numbers. What it maximises is
#
# $$\mathbb E_{y \sim \pi_\theta}\big[\, r(x, y) \,\big] - \beta\, \mathrm{KL}(\pi_\theta \,\|\, \pi_\text{ref}).$$
#
# Why not only imitate? People compare two answers more easily than they write a perfect one; imitation never says
# what *not* to do; and the policy learns from its own mistakes instead of from another's good answers. Later kinds
# need fewer people. **RLAIF** lets a model compare. **Constitutional AI** (Bai et al. 2022, arXiv 2212.08073) is
# one of these: a model criticises and rewrites its answers by written principles, is fine-tuned on the rewritten
# ones, and a preference model trained on a model's comparisons gives the reward. It is no filter of rules on the
# output. **RLVR** (verifiable rewards) asks no model at all: a program checks the answer (part 7).
#
# **What it costs.** Four networks take part in PPO: policy, critic, reward model, reference. Two of them are
# trained, and training with Adam in mixed precision takes 16 bytes a parameter (weights and gradients in BF16, a
# master copy and two moments in FP32: 2 + 2 + 4 + 4 + 4); a frozen one takes 2. With all four the size of the
# policy:
#
# | method | trained | frozen | bytes a parameter | for 7 B parameters |
# |---|---|---|---|---|
# | PPO | policy, critic | reference, reward model | 36 | 252 GB |
# | GRPO with a reward model | policy | reference, reward model | 20 | 140 GB |
# | GRPO with a check, β = 0 | policy | – | 16 | 112 GB |
# | DPO | policy | reference | 18 | 126 GB |
#
# "PPO needs four models, DPO two" gives the right factor of two only because PPO has twice as many of *each* kind.
# Count bytes, not models: the trained ones count eight times as much, so GRPO with a reward model, three networks
# instead of PPO's four, takes not three quarters of the bytes but 56 %. On top come activations and, for all but
# DPO, generating the answers, which is most of the time of a run. What DPO's reference says can be computed once,
# and the reference thrown away.
#
# **The reward comes once, at the end.** For the RL algorithm every token is an action, so it wants a reward per
# token. In PPO for language models the answer's reward is added at its last token, and **the KL penalty is in the
# reward**, at every token:
#
# $$r_t = -\beta\,\big(\log \pi_\theta(y_t) - \log \pi_\text{ref}(y_t)\big) +
# [\,t \text{ is the last}\,]\; r(x, y).$$
#
# What stands in the reward is a *number*. Nothing is differentiated through it; it works through the advantage, and
# so a token is also charged for the KL of what comes after it. Part 4 puts KL into the loss instead, and compares.
#
# ### Exercise 18.1 · shaped_reward
#
# The reward of every token. `rm` (N,) holds each answer's reward, `lp` and `ref` (N, T) the log-probabilities of
# the chosen tokens under policy and reference, `mask` (N, T) is boolean.
#
# - At True: $-\beta\,(\text{lp} - \text{ref})$. At the **last True of the row**, `rm` is added. Exactly 0 at False.
# - False may stand anywhere: the prompt in front, padding on either side, and inside the answer (the output of a
#   tool that the policy called: it did not choose those tokens). What `lp` and `ref` hold there does not matter,
#   −inf and NaN included.
# - A row without any True is all 0.
# - The answer (N, T) has the dtype of `lp`. `rm` may be float32 beside half-precision log-probabilities; compute in
#   float32 and round each number once.
# - **No gradient** flows through the answer, to any argument.
#
# Source: Ouyang et al. 2022, on the per-token penalty of PPO; DeepSeekMath (Shao et al. 2024, arXiv 2402.03300),
# "From PPO to GRPO".

# %% stub="shaped_reward"
def shaped_reward(rm: Float[Tensor, "N"], lp: Float[Tensor, "N T"], ref: Float[Tensor, "N T"],
                  mask: Bool[Tensor, "N T"], beta: float) -> Float[Tensor, "N T"]:
    """The KL penalty at every token of the answer, and the answer's reward at its last.

    rm = [1], lp - ref = [[0.5, 0.25, 7]], mask = [[True, True, False]], beta = 2: [[-1, 0.5, 0]].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(lp.dtype, torch.float32)
    penalty = (-beta * (lp.detach().to(wide) - ref.detach().to(wide))).masked_fill(~mask, 0.0)
    last = mask & (mask.flip(-1).cumsum(-1).flip(-1) == 1)  # a True with no True after it
    return (penalty + last * rm.detach().to(wide)[:, None]).to(lp.dtype)
    ### END SOLUTION
    raise NotImplementedError("shaped_reward")

# %% [markdown] hints="shaped_reward"
# <details><summary>Hint 1: a question</summary>
#
# Where is the last token of the mask [False, True, False, True, False]? Do T − 1, the number of Trues, and the
# first False after a True find it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# rm = 1, β = 0.5, lp − ref = [9, 0.2, NaN, −0.4, −inf], mask as in hint 1. Rewards: [0, −0.1, 0, 0.2 + 1, 0].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# NaN times 0 is NaN: choose, don't multiply. And this is a reward: cut it off the graph.
#
# </details>

# %% graded="shaped_reward__values" points=2
# Looks at the penalty's sign and place, and at which token gets the reward.
check(shaped_reward, torch.tensor([1.0]), torch.tensor([[-1.0, -0.5, -2.0]]), torch.tensor([[-1.5, -0.75, -9.0]]),
      torch.tensor([[True, True, False]]), 2.0, want=torch.tensor([[-1.0, 0.5, 0.0]]),
      why="-2 * 0.5, then -2 * 0.25 + 1, then padding",
      mistakes={"the reward is at T - 1, on the padding": torch.tensor([[-1.0, -0.5, 1.0]]),
                "the reward is at every token": torch.tensor([[0.0, 0.5, 0.0]]),
                "the sign of the penalty: KL is a cost": torch.tensor([[1.0, 1.5, 0.0]]),
                "padding pays KL, too": torch.tensor([[-1.0, 0.5, -14.0]])})
### BEGIN HIDDEN TESTS
check(shaped_reward, torch.tensor([1.0]), torch.zeros(1, 5), -torch.tensor([[9.0, 0.2, 3.0, -0.4, 1.0]]),
      torch.tensor([[False, True, False, True, False]]), 0.5, want=torch.tensor([[0.0, -0.1, 0.0, 1.2, 0.0]]),
      why="a gap inside the answer, padding on both sides")
for seed, (N, T, beta) in enumerate([(1, 1, 0.1), (3, 7, 0.0), (5, 4, -0.5), (4, 300, 2.5), (70, 9, 0.05)]):
    for dtype in (torch.float32, torch.float64):
        lp, ref, _ = logprobs(N, T, seed, dtype=dtype)
        rm, mask = drawn(N, seed=seed + 9, dtype=dtype, size=3), answers(N, T, seed)
        check(shaped_reward, rm, lp, ref, mask, beta, want=rewards_by_hand(rm, lp, ref, mask, beta).to(dtype),
              rtol=1e-5 if dtype == torch.float32 else 1e-12, atol=1e-6 if dtype == torch.float32 else 1e-13,
              why="-beta (lp - ref) at each True, rm at the last")
lp, ref, _ = logprobs(6, 5, 40)
lp, ref, mask = lp.T, ref.T, answers(6, 5, 41).T.contiguous().T.T
check(shaped_reward, drawn(5, seed=3), lp, ref, mask, 0.3, want=rewards_by_hand(drawn(5, seed=3), lp, ref, mask,
                                                                                0.3),
      rtol=1e-12, atol=1e-13, why="strided arguments are valid")
check(shaped_reward, torch.zeros(2), torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.bool), 0.1,
      want=torch.zeros(2, 3), why="a reward of exactly 0.0 is a reward")
### END HIDDEN TESTS

# %% graded="shaped_reward__masked" points=2
# Looks at -inf and NaN outside the mask, and at rows without an answer.
check(shaped_reward, torch.tensor([1.0, 5.0]), torch.tensor([[NAN, -1.0], [-1.0, -1.0]]),
      torch.tensor([[-1.0, -2.0], [-INF, -1.0]]), torch.tensor([[False, True], [False, False]]), 1.0,
      want=torch.tensor([[0.0, 0.0], [0.0, 0.0]]), why="-1 * (-1 + 2) + 1 = 0; the second row has no answer")
### BEGIN HIDDEN TESTS
for seed in range(3):
    lp, ref, _ = logprobs(6, 11, seed)
    mask, rm = answers(6, 11, seed), drawn(6, seed=seed)
    mask[2] = False
    want = torch.where(mask, -0.7 * (lp - ref), 0.0)
    for i in (0, 1, 3, 4, 5):
        want[i, max(t for t in range(11) if mask[i, t])] += rm[i]
    for fill_lp, fill_ref in ((-INF, -INF), (NAN, 0.0), (0.0, -INF), (-INF, NAN)):
        check(shaped_reward, rm, lp.masked_fill(~mask, fill_lp), ref.masked_fill(~mask, fill_ref), mask, 0.7,
              want=want,
              rtol=1e-12, atol=1e-13, why="what stands outside the mask does not matter")
### END HIDDEN TESTS

# %% graded="shaped_reward__constant" points=1
# Looks at gradients (there are none), at the arguments afterwards and at half precision.
got, grads = value_and_grad(shaped_reward, torch.tensor([1.0]), torch.tensor([[-1.0, -0.5]]),
                            torch.tensor([[-1.5, -0.5]]), torch.tensor([[True, True]]), 2.0, wrt=(1,))
expect(got, torch.tensor([[-1.0, 1.0]]), on="shaped_reward with lp in a graph")
assert grads[0] is None or not grads[0].any(), f"a reward is a number: expected no gradient of lp, got {grads[0]}"
unchanged(shaped_reward, torch.tensor([1.0]), torch.tensor([[-1.0, -0.5]]), torch.tensor([[-1.5, -0.5]]),
          torch.tensor([[True, True]]), 2.0, want=torch.tensor([[-1.0, 1.0]]))
### BEGIN HIDDEN TESTS
lp, ref, _ = logprobs(4, 6, 5)
mask, rm = answers(4, 6, 5), drawn(4, seed=6)
no_gradient(shaped_reward, rm, lp, ref, mask, 0.3, wrt=(0, 1, 2), why="a reward is a number")
last = mask & (mask.flip(-1).cumsum(-1).flip(-1) == 1)
want = torch.where(mask, -0.3 * (lp - ref), 0.0) + last * rm[:, None]
unchanged(shaped_reward, rm, lp, ref, mask, 0.3, want=want, rtol=1e-12, atol=1e-13)
fresh(shaped_reward, rm, lp, lp, mask, 0.0, want=last * rm[:, None])
long_mask = torch.zeros(2, 700, dtype=torch.bool)
long_mask[0, 3:601], long_mask[1, :] = True, True
lp, ref, _ = logprobs(2, 700, 8)
rm = torch.tensor([2.0, -1.0], dtype=torch.float64)
last = torch.zeros(2, 700, dtype=torch.float64)
last[0, 600], last[1, 699] = 2.0, -1.0
precise(lambda lp, ref: shaped_reward(rm.float(), lp, ref, long_mask, 0.37), lp - 3, ref - 3,
        oracle=lambda lp, ref: torch.where(long_mask, -0.37 * (lp - ref), 0.0) + last)
check(shaped_reward, torch.tensor([1.00390625]), torch.tensor([[-1.0]]).bfloat16(),
      torch.tensor([[-2.0]]).bfloat16(),
      torch.tensor([[True]]), 1.0, want=torch.tensor([[0.00390625]]).bfloat16(), rtol=0, atol=0,
      why="a float32 reward is not rounded before it is added")
check(shaped_reward, torch.tensor([4.5]).bfloat16(), torch.tensor([[-0.1015625]]).bfloat16(),
      torch.tensor([[-4.625]]).bfloat16(), torch.tensor([[True]]), 1.0, want=torch.tensor([[-0.0234375]]).bfloat16(),
      rtol=0, atol=0, why="4.5 - 4.5234375: neither the difference nor the penalty is rounded on the way")
for dtype in (torch.float16, torch.bfloat16):
    for beta in (0.37, 0.043):
        lp, ref, _ = logprobs(3, 70, 9, dtype=dtype)
        want = -beta * (lp.double() - ref.double())
        sure = (want * (1 - 1e-6)).to(dtype) == (want * (1 + 1e-6)).to(dtype)  # no way in float32 rounds these apart
        got = shaped_reward(torch.zeros(3), lp.clone(), ref.clone(), torch.ones(3, 70, dtype=torch.bool), beta)
        expect(torch.where(sure, got, want.to(dtype)), want.to(dtype), rtol=0, atol=0,
               on=f"shaped_reward of rewards 0 and {dtype} log-probabilities, beta = {beta}",
               why="each number is rounded once: beta itself is not")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Advantages: how much better than expected?
#
# Pushing every token of a good answer up is noisy: an answer of reward 0.9 where 0.95 was usual is a bad one. The
# **advantage** of an action is its return minus what was to be expected. PPO trains a second network, the *critic*
# $V(s_t)$, to say what to expect from here on. One step tells how wrong it was:
#
# $$\delta_t = r_t + \gamma V_{t+1} - V_t.$$
#
# With λ = 0 the advantage is $\delta_t$: little noise, but as wrong as the critic. With λ = 1 it is the whole
# return to the end minus $V_t$: right on average, and noisy. **GAE** (generalised advantage estimation; Schulman et
# al. 2015, arXiv 1506.02438) is everything between:
#
# $$A_t = \sum_{k \ge 0} (\gamma\lambda)^k\, \delta_{t+k}, \qquad
# \text{backwards:}\quad A_t = \delta_t + \gamma\lambda\, A_{t+1}.$$
#
# For answers of a language model γ = 1 is usual: a token is not worth less for standing late. The critic's target,
# the *return*, is $A_t + V_t$.
#
# **The catch: the end of an episode.** Rows may hold several episodes, one after the other. Where an episode ends
# at t, $V_{t+1}$ belongs to somebody else's future, and so does $A_{t+1}$. *Both* are cut.
#
# ### Exercise 18.2 · gae
#
# `rewards` (N, T), `values` (N, T + 1) with the critic's value of every state and of the one after the last,
# `dones` (N, T) boolean: True where the episode ends with this step.
#
# - Returns `(advantages, returns)`, both (N, T), in the dtype of `rewards`; in half precision compute all in
#   float32 and round once. `values` has the dtype of `rewards`.
# - With $c_t = 0$ where `dones` is True, else 1: $\delta_t = r_t + \gamma c_t V_{t+1} - V_t$ and
#   $A_t = \delta_t + \gamma\lambda c_t A_{t+1}$, with $A_T = 0$: a row that does not end with True is cut off there
#   and leans on the last value.
# - `gamma` and `lam` lie in [0, 1], the ends included. All numbers are finite.
# - Both answers are constants: no gradient reaches the critic (or anything else) through them.
# - Timed: 3,000 rows of 40 tokens. A loop over the rows is too slow; a loop over the tokens is not.
#
# Source: Schulman et al. 2015; `returns` as in PPO implementations (Huang et al. 2022, "The 37 implementation
# details of PPO").

# %% stub="gae"
def gae(rewards: Float[Tensor, "N T"], values: Float[Tensor, "N T+1"], dones: Bool[Tensor, "N T"], gamma: float,
        lam: float) -> tuple[Float[Tensor, "N T"], Float[Tensor, "N T"]]:
    """Generalised advantages, and the returns that the critic should learn.

    rewards = [[0, 1]], values = [[0.5, 0.5, 9]], dones = [[False, True]], gamma = lam = 1: [[0.5, 0.5]], [[1, 1]].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(rewards.dtype, torch.float32)
    r, v, go = rewards.detach().to(wide), values.detach().to(wide), (~dones).to(wide)
    delta = r + gamma * go * v[:, 1:] - v[:, :-1]
    advantages, carry = torch.empty_like(delta), torch.zeros_like(delta[:, 0])
    for t in reversed(range(delta.shape[1])):
        carry = delta[:, t] + gamma * lam * go[:, t] * carry
        advantages[:, t] = carry
    return advantages.to(rewards.dtype), (advantages + v[:, :-1]).to(rewards.dtype)
    ### END SOLUTION
    raise NotImplementedError("gae")

# %% [markdown] hints="gae"
# <details><summary>Hint 1: a question</summary>
#
# Which of $A_t$ and $A_{t+1}$ must be known first? And which direction of your loop is independent, so that one
# tensor operation can do all of it at once?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# rewards [1, 0, 2], values [0, 1, 1, 5], the episode ends at the first step, γ = 1, λ = 0.5. δ = [1 + 0 − 0, 0 + 1
# − 1, 2 + 5 − 1] = [1, 0, 6]. Backwards: 6; 0 + 0.5 · 6 = 3; 1 + 0 = 1. Advantages [1, 3, 6], returns [1, 4, 7].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# An end cuts twice: the next value out of δ, and the next advantage out of the recursion.
#
# </details>

# %% graded="gae__values" points=3
# Looks at advantages and returns without ends, for many gammas and lambdas.
no_end = torch.tensor([[False, False, False]])
check(gae, torch.tensor([[1.0, 0.0, 2.0]]), torch.tensor([[0.0, 1.0, 1.0, 5.0]]), no_end, 1.0, 0.5,
      want=(torch.tensor([[3.5, 3.0, 6.0]]), torch.tensor([[3.5, 4.0, 7.0]])),
      why="deltas [2, 0, 6]; backwards 6, 0 + 0.5 * 6, 2 + 0.5 * 3",
      mistakes={"the recursion runs forwards": (torch.tensor([[2.0, 1.0, 6.5]]), torch.tensor([[2.0, 2.0, 7.5]])),
                "the returns are the advantages": (torch.tensor([[3.5, 3.0, 6.0]]), torch.tensor([[3.5, 3.0,
                                                                                                   6.0]])),
                "the values are off by one in the returns":
                    (torch.tensor([[3.5, 3.0, 6.0]]), torch.tensor([[4.5, 4.0, 11.0]]))})
### BEGIN HIDDEN TESTS
for seed, (N, T, gamma, lam) in enumerate([(1, 1, 0.9, 0.9), (2, 5, 1.0, 1.0), (3, 4, 1.0, 0.0), (4, 7, 0.0, 0.5),
                                           (2, 290, 0.99, 0.95), (35, 3, 0.7, 0.3)]):
    for dtype in (torch.float32, torch.float64):
        r, v = drawn(N, T, seed=seed, dtype=dtype), drawn(N, T + 1, seed=seed + 50, dtype=dtype)
        want = tuple(x.to(dtype) for x in gae_by_hand(r, v, torch.zeros(N, T, dtype=torch.bool), gamma, lam))
        check(gae, r, v, torch.zeros(N, T, dtype=torch.bool), gamma, lam, want=want,
              rtol=1e-4 if dtype == torch.float32 else 1e-5, atol=1e-4 if dtype == torch.float32 else 1e-5,
              why="the sum of (gamma lambda)^k delta, to the end of the row; returns are advantages plus values")
r, v = drawn(6, 4, seed=71).T, drawn(7, 4, seed=72).T
check(gae, r, v, torch.zeros(4, 6, dtype=torch.bool), 0.9, 0.8, rtol=1e-5, atol=1e-5,
      want=gae_by_hand(r, v, torch.zeros(4, 6, dtype=torch.bool), 0.9, 0.8), why="strided arguments are valid")
check(gae, torch.tensor([[1e9 + 0.25, 1e9]], dtype=torch.float64),
      torch.tensor([[1e9, 0.0, 0.0]]).double(), torch.tensor([[True, True]]), 1.0, 0.5, rtol=0, atol=1e-6,
      want=(torch.tensor([[0.25, 1e9]]).double(), torch.tensor([[1e9 + 0.25, 1e9]], dtype=torch.float64)),
      why="float64 stays float64, inside too")
### END HIDDEN TESTS

# %% graded="gae__dones" points=2
# Looks at episodes that end inside a row.
check(gae, torch.tensor([[1.0, 0.0, 2.0]]), torch.tensor([[0.0, 1.0, 1.0, 5.0]]), torch.tensor([[True, False,
                                                                                                 False]]),
      1.0, 0.5, want=(torch.tensor([[1.0, 3.0, 6.0]]), torch.tensor([[1.0, 4.0, 7.0]])),
      why="the first step ends an episode: neither the next value nor the next advantage is its own",
      mistakes={"the next value is cut, the next advantage is not":
                    (torch.tensor([[2.5, 3.0, 6.0]]), torch.tensor([[2.5, 4.0, 7.0]])),
                "the next advantage is cut, the next value is not":
                    (torch.tensor([[2.0, 3.0, 6.0]]), torch.tensor([[2.0, 4.0, 7.0]])),
                "ends are ignored": (torch.tensor([[3.5, 3.0, 6.0]]), torch.tensor([[3.5, 4.0, 7.0]]))})
### BEGIN HIDDEN TESTS
for seed, (N, T, gamma, lam) in enumerate([(3, 6, 1.0, 0.95), (5, 20, 0.9, 1.0), (2, 4, 1.0, 0.0), (4, 33, 0.8,
                                                                                                    0.6)]):
    r, v = drawn(N, T, seed=seed), drawn(N, T + 1, seed=seed + 50)
    dones = torch.rand(N, T, generator=torch.Generator().manual_seed(seed)) < 0.3
    dones[0, -1], dones[-1, -1], dones[1, 0] = True, False, True
    check(gae, r, v, dones, gamma, lam, want=gae_by_hand(r, v, dones, gamma, lam), rtol=1e-5, atol=1e-5,
          why="an end cuts value and advantage; the last step may end an episode or not")
every = torch.ones(2, 5, dtype=torch.bool)
r, v = drawn(2, 5, seed=9), drawn(2, 6, seed=10)
check(gae, r, v, every, 0.9, 0.9, want=(r - v[:, :5], r), rtol=1e-5, atol=1e-5,
      why="episodes of one step: the return is the reward")
### END HIDDEN TESTS

# %% graded="gae__constant" points=2
# Looks at gradients (there are none), at arguments and memory, and at half precision.
got, grads = value_and_grad(gae, torch.tensor([[1.0]]), torch.tensor([[0.5, 2.0]]), torch.tensor([[False]]), 1.0,
                            1.0,
                            wrt=(1,), output=0)
expect(got, (torch.tensor([[2.5]]), torch.tensor([[3.0]])), on="gae with values in a graph")
assert grads[0] is None or not grads[0].any(), f"advantages are constants: expected no gradient, got {grads[0]}"
unchanged(gae, torch.tensor([[1.0]]), torch.tensor([[0.5, 2.0]]), torch.tensor([[False]]), 1.0, 1.0,
          want=(torch.tensor([[2.5]]), torch.tensor([[3.0]])))
### BEGIN HIDDEN TESTS
r, v, dones = drawn(3, 5, seed=1), drawn(3, 6, seed=2), torch.zeros(3, 5, dtype=torch.bool)
dones[1, 2] = True
for output in (0, 1):
    no_gradient(gae, r, v, dones, 0.9, 0.7, wrt=(0, 1), output=output, why="advantages and returns are constants")
unchanged(gae, r, v, dones, 0.9, 0.7, want=gae_by_hand(r, v, dones, 0.9, 0.7), rtol=1e-5, atol=1e-5)
fresh(gae, r, torch.zeros(3, 6, dtype=torch.float64), dones, 0.0, 0.7, want=(r, r))
check(gae, torch.tensor([[0.5]]).bfloat16(), torch.tensor([[256.0, 0.0]]).bfloat16(), torch.tensor([[True]]), 1.0,
      1.0, want=(torch.tensor([[-256.0]]).bfloat16(), torch.tensor([[0.5]]).bfloat16()), rtol=0, atol=0,
      why="the advantage, -255.5, is not rounded before the return is taken")
r, v = drawn(2, 90, seed=3).abs() + 0.1, -drawn(2, 91, seed=4).abs()
v[:, 1:] = v[:, 1:].abs() / 50
for output in (0, 1):
    precise(lambda r, v: gae(r, v, torch.zeros(2, 90, dtype=torch.bool), 0.99, 0.97)[output], r, v,
            oracle=lambda r, v: gae_by_hand(r, v, torch.zeros(2, 90, dtype=torch.bool), 0.99, 0.97)[output])
### END HIDDEN TESTS

# %% graded="gae__speed" points=2 tags=["timed"]
# Looks at the time for 3,000 rows of 40 tokens.
def draw(rng: np.random.Generator):
    "Fresh arguments for one call."
    r, v = (torch.from_numpy(rng.standard_normal(s, dtype=np.float32)) for s in [(3000, 40), (3000, 41)])
    return r, v, torch.from_numpy(rng.random((3000, 40)) < 0.05), 1.0, 0.95

advise(gae, draw, yardstick=lambda r, v, d, g, lam: r.cumsum(1) + v[:, 1:].cumsum(1), usual=6.0)
### BEGIN HIDDEN TESTS
duel(gae, draw, reference='''
import torch


def gae(rewards, values, dones, gamma, lam):
    go = (~dones).to(rewards.dtype)
    delta = rewards + gamma * go * values[:, 1:] - values[:, :-1]
    advantages, carry = torch.empty_like(delta), torch.zeros_like(delta[:, 0])
    for t in reversed(range(delta.shape[1])):
        carry = delta[:, t] + gamma * lam * go[:, t] * carry
        advantages[:, t] = carry
    return advantages, advantages + values[:, :-1]
''', limit=5.0, rtol=1e-3, atol=1e-3)
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.credit(gae)

# %% [markdown]
# Twelve tokens, a reward of 1 at the last, and a critic that expects 0.5 until token 6 and 0.8 from there. With λ =
# 0 only the two surprises get credit: the step to the better state, and the end. With λ = 1 every token gets what
# the answer brought from there on, beyond what the critic expected. Between them credit fades with the distance to
# the surprise.

# %% [markdown]
# ## 3 · PPO: one batch, several steps
#
# Sampling answers is dear, so one wants several gradient steps from one batch. After the first, the answers come
# from a policy that is no longer the trained one. The **ratio** repairs that, as long as it stays near 1:
#
# $$\rho_t = \frac{\pi_\theta(y_t)}{\pi_\text{old}(y_t)}, \qquad
# L = -\,\text{mean}_t\, \min\big(\rho_t A_t,\ \text{clip}(\rho_t, 1 - \epsilon, 1 + \epsilon)\, A_t\big).$$
#
# That is PPO (proximal policy optimisation; Schulman et al. 2017, arXiv 1707.06347). Four things to read off.
#
# - **The ratio is to the policy that sampled**, $\pi_\text{old}$, not to the reference. $\pi_\text{old}$ is renewed
#   with every batch; $\pi_\text{ref}$ never. Mixed up, the clip would forbid all learning beyond 20 % of where it
#   began.
# - **At the first step ρ = 1 exactly**, and the loss is minus the mean advantage. Its value says nothing; its
#   gradient is $-A_t$ over the number of tokens, at each log-probability. A loss curve of PPO cannot be read like one
#   of SFT.
# - **The clip cuts the gradient on one side only.** A > 0 and ρ above 1 + ε: enough, gradient 0. A > 0 and ρ below
#   1 − ε: the token moved the *wrong* way, and the gradient is alive. The minimum does that; clipping alone would
#   not.
# - **It is no wall.** The gradient stops after ρ has crossed; a large step may overshoot, and other tokens move
#   shared weights. So one watches the share of clipped tokens and an estimate of
#   $\mathrm{KL}(\pi_\text{old} \| \pi_\theta)$, and stops the inner steps early when it grows.
#
# **Staleness.** The further $\pi_\text{old}$ lies behind, the more is clipped and the noisier the rest: many inner
# steps, or samplers that run asynchronously with weights a few updates old. Even fresh samples are a little
# off-policy: the serving engine computes other log-probabilities than the trainer (other kernels, other rounding).
# TRL 1.16.0 has a correction for it (`vllm_importance_sampling_correction`). On-policy data cannot be replaced by
# more clipping.
#
# ### Exercise 18.3 · ppo_loss
#
# `lp`, `old`, `adv` (N, T): log-probabilities of the chosen tokens under $\pi_\theta$ and $\pi_\text{old}$, and
# advantages. `mask` (N, T) boolean, at least one True. Returns `(loss, clipfrac, approx_kl)`, three tensors without
# dimensions (the last two may be plain numbers):
#
# - `loss`: the formula above, the mean over **all True positions of the batch** together.
# - `clipfrac`: the share of True positions where the clip wins the minimum and so cuts the gradient: A > 0 and ρ >
#   1 + ε, or A < 0 and ρ < 1 − ε. (ρ exactly at an edge is not tested.)
# - `approx_kl`: the mean over True positions of $(\rho_t - 1) - \log \rho_t$, which is never negative.
# - The gradient of the loss flows to `lp` **alone**: not to `old`, not to `adv`. `clipfrac` and `approx_kl` carry
#   none.
# - What stands at False does not matter, −inf and NaN included; the gradient of `lp` there is exactly 0.
# - In half precision compute in float32 and round each of the three once. At True |lp − old| stays below 20.
#
# Source: Schulman et al. 2017, "Clipped surrogate objective"; the estimate: Schulman 2020, "Approximating KL
# divergence".

# %% stub="ppo_loss"
def ppo_loss(lp: Float[Tensor, "N T"], old: Float[Tensor, "N T"], adv: Float[Tensor, "N T"], mask: Bool[Tensor,
                                                                                                        "N T"],
             eps: float = 0.2) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """PPO's clipped loss, the share of tokens that the clip cuts, and how far the policy has moved.

    Ratios [[2, 1]], adv [[1, -1]], both True, eps = 0.2: the loss is -(1.2 - 1) / 2 = -0.1, clipfrac 0.5.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(lp.dtype, torch.float32)
    log_ratio = lp[mask].to(wide) - old[mask].detach().to(wide)
    a, ratio = adv[mask].detach().to(wide), log_ratio.exp()
    free, held = ratio * a, ratio.clamp(1 - eps, 1 + eps) * a
    approx_kl = (log_ratio.expm1() - log_ratio).detach().mean()
    return tuple(x.to(lp.dtype) for x in (-torch.minimum(free, held).mean(), (held < free).to(wide).mean(),
                                          approx_kl))
    ### END SOLUTION
    raise NotImplementedError("ppo_loss")

# %% [markdown] hints="ppo_loss"
# <details><summary>Hint 1: a question</summary>
#
# With A = −1 and ρ = 0.5, ε = 0.2: which of ρA and clip(ρ)A is smaller, and has that one a gradient?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Four tokens, ε = 0.2: (ρ, A) = (2, 1), (0.5, 1), (2, −1), (0.5, −1). Minima: 1.2, 0.5, −2, −0.8. The loss is 1.1/4
# = 0.275; the first and the last are clipped: clipfrac 0.5. approx_kl: (2 · 0.307 + 2 · 0.193)/4 = 0.25.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Take the True positions out *before* you compute: a NaN behind a mask still spoils the backward pass.
#
# </details>

# %% graded="ppo_loss__values" points=3
# Looks at loss, share of clipped tokens and estimate of KL.
four = torch.tensor([[2.0, 0.5, 2.0, 0.5]]).log(), torch.zeros(1, 4), torch.tensor([[1.0, 1.0, -2.0, -1.0]])
loss, clipfrac, approx_kl = ppo_loss(*four, torch.ones(1, 4, dtype=torch.bool))
expect(loss, torch.tensor(0.775), on="the loss for ratios [2, 0.5, 2, 0.5] and advantages [1, 1, -2, -1]",
       why="-(1.2 + 0.5 - 4 - 0.8) / 4",
       mistakes={"the larger of the two was taken": torch.tensor(0.025), "only the clipped term": torch.tensor(0.3),
                 "the objective, not the loss: turn its sign": torch.tensor(-0.775),
                 "nothing is clipped": torch.tensor(0.5)})
expect(clipfrac, torch.tensor(0.5), on="clipfrac for ratios [2, 0.5, 2, 0.5] and advantages [1, 1, -2, -1]",
       why="the first and the last", mistakes={"every ratio outside counts": torch.tensor(1.0)})
expect(approx_kl, torch.tensor(0.25), on="approx_kl for ratios [2, 0.5, 2, 0.5]", why="mean of r - 1 - log r")
### BEGIN HIDDEN TESTS
for seed, (N, T, eps, near) in enumerate([(1, 1, 0.2, 0.5), (3, 5, 0.2, 0.5), (4, 9, 0.05, 0.3), (2, 300, 0.5, 0.9),
                                          (60, 7, 0.28, 0.0), (3, 4, 0.2, 3.0)]):
    for dtype in (torch.float32, torch.float64):
        lp, old, _ = logprobs(N, T, seed, near=near, dtype=dtype)
        adv, mask = drawn(N, T, seed=seed + 5, dtype=dtype), answers(N, T, seed)
        want = tuple(x.to(dtype) for x in ppo_by_hand(lp, old, adv, mask, eps))
        check(ppo_loss, lp, old, adv, mask, eps, want=want, rtol=2e-4 if dtype == torch.float32 else 1e-6,
              atol=2e-5 if dtype == torch.float32 else 1e-8, why=f"eps = {eps}, the mean over all tokens together")
lp, old, _ = logprobs(3, 6, 77, near=0.6)
adv, mask = drawn(3, 6, seed=78), answers(3, 6, 79)
check(ppo_loss, lp, old, adv, mask, want=ppo_by_hand(lp, old, adv, mask, 0.2), rtol=1e-6, atol=1e-8,
      why="eps is 0.2 unless given")
check(ppo_loss, lp.T, old.T, adv.T, mask.T, 0.1, want=ppo_by_hand(lp, old, adv, mask, 0.1), rtol=1e-6, atol=1e-8,
      why="strided arguments are valid")
adv[1], mask[1], lp[1] = 0.0, True, old[1] + torch.tensor([-1.0, 1.0, -0.5, 0.5, -2.0, 2.0])
check(ppo_loss, lp, old, adv, mask, 0.1, want=ppo_by_hand(lp, old, adv, mask, 0.1), rtol=1e-6, atol=1e-8,
      why="an advantage of exactly 0 is never clipped")
far, adv = torch.tensor([[-13.0, -19.5, -0.5, -0.25]]).double(), torch.tensor([[1.0, 2.0, -3.0, 1e-4]]).double()
check(ppo_loss, far, far.flip(1), adv, far < 0, 0.1, want=ppo_by_hand(far, far.flip(1), adv, far < 0, 0.1),
      rtol=1e-9, atol=0, why="lp - old of 12.75 and 19: nothing else is cut off")
small = torch.full((1, 40), 2.0 ** -10)
check(lambda *a: ppo_loss(*a)[2], small - 1.0, torch.full((1, 40), -1.0), torch.ones(1, 40),
      torch.ones(1, 40, dtype=torch.bool), want=torch.tensor(math.expm1(2.0 ** -10) - 2.0 ** -10), rtol=0.2, atol=0,
      why="r - 1 - log r of a ratio near 1 is tiny and positive")
check(lambda *a: ppo_loss(*a)[0], torch.tensor([[-1.0 + 1e-9, -1.0]], dtype=torch.float64),
      torch.tensor([[-1.0, -1.0]]).double(), torch.tensor([[1e9, -1e9]]).double(), torch.ones(1, 2,
                                                                                              dtype=torch.bool),
      want=torch.tensor(-0.5).double(), rtol=0, atol=1e-5, why="float64 stays float64, inside too")
### END HIDDEN TESTS

# %% graded="ppo_loss__gradient" points=3
# Looks at where the gradient is alive, where it is cut, and that it reaches lp alone.
four = torch.tensor([[2.0, 0.5, 2.0, 0.5]]).log(), torch.zeros(1, 4), torch.tensor([[1.0, 1.0, -1.0, -1.0]])
everywhere = torch.ones(1, 4, dtype=torch.bool)
_, (grad,) = value_and_grad(ppo_loss, *four, everywhere, wrt=(0,), output=0)
expect(grad, torch.tensor([[0.0, -0.125, 0.5, 0.0]]), on="the gradient of lp for ratios [2, 0.5, 2, 0.5] and "
       "advantages [1, 1, -1, -1]",
       why="-ratio * A / 4 where the clip does not cut: a token that moved the wrong way "
       "is pulled back", mistakes={"everything outside 1 - eps .. 1 + eps is cut": torch.zeros(1, 4)})
_, (grad,) = value_and_grad(ppo_loss, torch.tensor([[-1.0, -2.0]]), torch.tensor([[-1.0, -2.0]]),
                            torch.tensor([[3.0, -1.0]]), torch.ones(1, 2, dtype=torch.bool), wrt=(0,), output=0)
expect(grad, torch.tensor([[-1.5, 0.5]]), on="the gradient at the first step, where every ratio is 1", why="-A / 2")
### BEGIN HIDDEN TESTS
for seed, (N, T, eps) in enumerate([(2, 5, 0.2), (4, 6, 0.1), (1, 9, 0.5)]):
    lp, old, _ = logprobs(N, T, seed + 20, near=0.5)
    adv, mask = drawn(N, T, seed=seed + 25), answers(N, T, seed)
    ratio = (lp - old).exp()
    alive = mask & ~((adv > 0) & (ratio > 1 + eps)) & ~((adv < 0) & (ratio < 1 - eps))
    _, grads = value_and_grad(ppo_loss, lp, old, adv, mask, eps, wrt=(0,), output=0)
    expect(grads[0], torch.where(alive, -ratio * adv / mask.sum(), 0.0), on="the gradient of lp", rtol=1e-6,
           atol=1e-8,
           why="-ratio * A / count where it is not clipped")
    no_gradient(ppo_loss, lp, old, adv, mask, eps, wrt=(1, 2), output=0, why="old and adv are constants")
    for output in (1, 2):
        got = ppo_loss(lp, old, adv, mask, eps)[output]
        if isinstance(got, torch.Tensor):
            no_gradient(ppo_loss, lp, old, adv, mask, eps, wrt=(0, 1, 2), output=output,
                        why="clipfrac and approx_kl are for looking")
### END HIDDEN TESTS

# %% graded="ppo_loss__masked" points=2
# Looks at what stands outside the mask, in value and gradient.
inside = torch.tensor([[False, True, True], [False, True, False]])
args = [torch.tensor([[NAN, -1.0, -2.0], [-INF, -1.0, 0.0]]), torch.tensor([[0.0, -1.0, -2.0], [-INF, -1.0, NAN]]),
        torch.tensor([[1.0, 3.0, 0.0], [NAN, -9.0, 2.0]])]
value, (grad,) = value_and_grad(ppo_loss, *args, inside, wrt=(0,), output=0)
expect(value, (torch.tensor(2.0), torch.tensor(0.0), torch.tensor(0.0)), on="ppo_loss with NaN outside the mask",
       why="-(3 + 0 - 9) / 3: a mean over the three tokens, not over rows and not over padding",
       mistakes={"a mean of the rows' means": (torch.tensor(3.75), torch.tensor(0.0), torch.tensor(0.0)),
                 "a mean over padding, too": (torch.tensor(1.0), torch.tensor(0.0), torch.tensor(0.0))})
expect(grad, torch.tensor([[0.0, -1.0, 0.0], [0.0, 3.0, 0.0]]), on="its gradient", why="exactly 0 outside the mask")
### BEGIN HIDDEN TESTS
for seed, fills in enumerate([(NAN, -1.0, 1.0), (-INF, -INF, 0.0), (0.0, -INF, 1.0), (-INF, 0.0, NAN), (-1.0, NAN,
                                                                                                        INF)]):
    lp, old, _ = logprobs(5, 8, seed + 30, near=0.5)
    adv, mask = drawn(5, 8, seed=seed + 35), answers(5, 8, seed)
    mask[3] = False
    want = ppo_by_hand(lp, old, adv, mask, 0.2)
    alive = mask & ~((adv > 0) & ((lp - old).exp() > 1.2)) & ~((adv < 0) & ((lp - old).exp() < 0.8))
    slopes = torch.where(alive, -(lp - old).exp() * adv / mask.sum(), 0.0)
    value, grads = value_and_grad(ppo_loss, *(x.masked_fill(~mask, f) for x, f in zip((lp, old, adv), fills)),
                                  mask, 0.2,
                                  wrt=(0,), output=0)
    expect(value, want, on="ppo_loss", rtol=1e-6, atol=1e-8, why="what stands outside the mask does not matter")
    expect(grads[0], slopes, on="the gradient of lp", rtol=1e-6, atol=1e-8, why="0 outside the mask, and no NaN")
### END HIDDEN TESTS

# %% graded="ppo_loss__half" points=1
# Looks at half precision and at the arguments afterwards.
four = torch.tensor([[2.0, 0.5, 2.0, 0.5]]).log(), torch.zeros(1, 4), torch.tensor([[1.0, 1.0, -1.0, -1.0]])
everywhere = torch.ones(1, 4, dtype=torch.bool)
unchanged(ppo_loss, *four, everywhere, want=tuple(torch.tensor(x) for x in (0.275, 0.5, 0.25)), rtol=1e-4,
          atol=1e-5)
### BEGIN HIDDEN TESTS
lp, old, _ = logprobs(3, 200, 50, near=0.4)
mask, adv = answers(3, 200, 51), drawn(3, 200, seed=52).abs() + 0.2
for output in (0, 2):
    precise(lambda lp, old, adv: torch.as_tensor(ppo_loss(lp, old, adv, mask, 0.2)[output]).to(lp), lp - 4, old - 4, adv,
            oracle=lambda lp, old, adv: ppo_by_hand(lp, old, adv, mask, 0.2)[output])
check(lambda *a: ppo_loss(*a)[0], torch.tensor([[-1.0]]).bfloat16(), torch.tensor([[-1.25]]).bfloat16(),
      torch.tensor([[3.0]]).bfloat16(), torch.tensor([[True]]), 0.5, want=torch.tensor(-3.859375).bfloat16(),
      rtol=0, atol=0,
      why="-3 e^0.25 = -3.852; with the ratio rounded first it would be -3.84375")
def part(output):
    "One of the three numbers for two tokens, as a tensor of the dtype of lp; and by hand."
    both = torch.ones(1, 2, dtype=torch.bool)
    return (lambda lp, old, adv: torch.as_tensor(ppo_loss(lp, old, adv, both, 0.2)[output]).to(lp),
            lambda lp, old, adv: ppo_by_hand(lp, old, adv, both, 0.2)[output])

far = zip(-drawn(6, 1, 2, seed=53).abs() - 0.1, -drawn(6, 1, 2, seed=54).abs() - 8.1, [-1, 1] * 3)
for near, low, sign in far:
    for fn, oracle in map(part, (0, 2)):
        precise(fn, *((near, low) if sign < 0 else (low, near)), torch.tensor([[1.3, 0.4]]) * sign, oracle=oracle,
                why="lp - old in half precision has lost digits, and the exponential makes much of them")
fn, oracle = part(0)
precise(fn, torch.tensor([[-0.5, -1.0]]), torch.tensor([[-0.51171875, -1.0]]), torch.tensor([[1.0, -1.0]]), oracle=oracle,
        why="two terms that almost cancel: round the mean, not the terms")
lp, old, _ = logprobs(3, 200, 50, near=0.4)
unchanged(ppo_loss, lp, old, adv, mask, want=ppo_by_hand(lp, old, adv, mask, 0.2), rtol=1e-6, atol=1e-8)
wide_mask = torch.ones(2, 333, dtype=torch.bool)
check(lambda *a: torch.as_tensor(ppo_loss(*a)[1]).to(a[0]), torch.full((2, 333), -1.0).bfloat16(),
      torch.cat([torch.full((1, 333), -2.0), torch.full((1, 333), -1.0)]).bfloat16(), torch.ones(2, 333).bfloat16(),
      wide_mask, want=torch.tensor(0.5).bfloat16(), rtol=0, atol=0, why="333 of 666: counted without rounding")
check(lambda *a: ppo_loss(*a)[0], torch.tensor([[-1.0]]).bfloat16(), torch.tensor([[-2.0]]).bfloat16(),
      torch.tensor([[3.0]]).bfloat16(), torch.tensor([[True]]), 0.2, want=torch.tensor(-3.6).bfloat16(), rtol=0, atol=0,
      why="-3 * 1.2: the edge is not rounded to half precision")
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.clip_shape(ppo_loss)

# %% [markdown]
# The loss of one token against its ratio, with your function; dotted where its gradient is 0. Left A = 1, right A =
# −1.
#
# ## 4 · KL from samples: three estimates
#
# The KL between two language models is a sum over all answers, so it is estimated from the sampled ones. With
# $x = \log \pi_\text{ref} - \log \pi_\theta$ at a token that $\pi_\theta$ sampled (Schulman 2020):
#
# $$k_1 = -x, \qquad k_2 = \tfrac12 x^2, \qquad k_3 = e^{x} - 1 - x.$$
#
# All three estimate $\mathrm{KL}(\pi_\theta \| \pi_\text{ref})$. $k_1$ is unbiased and noisy: about half of its
# values are negative. $k_2$ is never negative and a little biased. $k_3$ is unbiased *and* never negative, because
# $e^x - 1$ has mean 0 under $\pi_\theta$ and moves against $-x$. The cell after the exercise prints it for two
# normal distributions.
#
# **The catch: a good estimate of a value is not a good loss.** What happens when autograd differentiates them at
# fixed samples?
#
# - $k_1$: its gradient is $\nabla \log \pi_\theta$, whose mean is 0. Pure noise: $k_1$ in the loss does *nothing*.
# - $k_2$: $(\log\pi_\theta - \log\pi_\text{ref})\,\nabla\log\pi_\theta$, whose mean is exactly the gradient of
#   $\mathrm{KL}(\pi_\theta \| \pi_\text{ref})$.
# - $k_3$: $(1 - \pi_\text{ref}/\pi_\theta)\,\nabla\log\pi_\theta$, whose mean is the gradient of the *other*
#   direction, $\mathrm{KL}(\pi_\text{ref} \| \pi_\theta)$. Near the reference both agree; far away they do not.
#
# **KL in the reward or in the loss?** In the reward (PPO, part 1) it is $k_1$, undifferentiated, and works as any
# reward does: that gives the right gradient, and each token answers for the KL of what follows. GRPO puts $k_3$
# into the loss: simple, no credit to earlier tokens, and the advantage stays a matter of the reward alone, which
# the group can normalise. On-policy, $k_2$ in the loss has the gradient that $k_1$ in the reward has (Liu et al.
# 2025, arXiv 2510.01555), if the whole answer counts as one action; token by token it, too, leaves out the credit
# for what follows. All of this is said of samples of $\pi_\theta$ itself; at later inner steps every
# estimate leans. DAPO (part 5) drops the term, and β = 0 is TRL 1.16.0's default: no reference to hold in memory,
# and in training for reasoning the policy is meant to move far.
#
# ### Exercise 18.4 · kl_estimates
#
# - `lp`, `ref`: log-probabilities of the chosen tokens, any shape, of the same dtype. Returns `(k1, k2, k3)`, each
#   of that shape and dtype. Nothing is averaged.
# - The direction is $\mathrm{KL}(\pi_\theta \| \pi_\text{ref})$ under samples of $\pi_\theta$.
# - Where `ref` is −inf all three are +inf. `lp` is finite.
# - **Small differences are the usual case**, and there $e^x - 1 - x \approx x^2/2$ is a tiny rest of large numbers.
#   In float32, $k_3$ must be within 1 % wherever |lp − ref| is at least 0.001. Half precision: float32 inside,
#   rounded once.
# - Gradients flow to `lp` alone, through all three.
#
# Source: Schulman 2020, "Approximating KL divergence" (joschu.net/blog/kl-approx.html).

# %% stub="kl_estimates"
def kl_estimates(lp: Float[Tensor, "*shape"], ref: Float[Tensor, "*shape"],
                 ) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """Three estimates of KL(policy || reference) at each sampled token.

    lp = [log 0.5], ref = [log 0.25]: k1 = 0.693, k2 = 0.240, k3 = 0.5 - 1 + 0.693 = 0.193.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(lp.dtype, torch.float32)
    x = ref.detach().to(wide) - lp.to(wide)
    return (-x).to(lp.dtype), (x * x / 2).to(lp.dtype), (x.expm1() - x).to(lp.dtype)
    ### END SOLUTION
    raise NotImplementedError("kl_estimates")

# %% [markdown] hints="kl_estimates"
# <details><summary>Hint 1: a question</summary>
#
# In float32, what is `torch.tensor(0.001).exp() - 1`, and how many of its digits are right? Which function gives it
# without the detour over 1.001?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# The policy gives the token 0.2, the reference 0.4: x = log 2. k1 = −0.693 (negative: the sample, not the KL), k2 =
# 0.240, k3 = 2 − 1 − 0.693 = 0.307.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The exponential holds reference over policy. Swapped, it estimates nothing under these samples.
#
# </details>

# %% graded="kl_estimates__values" points=2
# Looks at direction, factor and shape; at float64 and at -inf.
p, q, log2 = torch.tensor([0.5, 0.2]).log(), torch.tensor([0.25, 0.4]).log(), math.log(2)
k1, k2, k3 = kl_estimates(p, q)
expect(k1, torch.tensor([log2, -log2]), on="k1 for probabilities [0.5, 0.2] against [0.25, 0.4]",
       mistakes={"the direction is turned": torch.tensor([-log2, log2])})
expect(k2, torch.tensor([log2 ** 2 / 2] * 2), on="k2 for the same",
       mistakes={"one half is missing": torch.tensor([log2 ** 2] * 2)})
expect(k3, torch.tensor([log2 - 0.5, 1 - log2]), on="k3 for the same", why="ref/policy - 1 - log(ref/policy)",
       mistakes={"policy over reference in the exponential": torch.tensor([1 - log2, log2 - 0.5])})
### BEGIN HIDDEN TESTS
for seed, shape in enumerate([(), (5,), (3, 7), (2, 3, 4), (0,), (300,)]):
    for dtype in (torch.float32, torch.float64):
        lp, ref = (-2 * drawn(*shape, seed=seed + s, dtype=dtype).abs() for s in (0, 500))
        x = [float(r) - float(p) for r, p in zip(ref.flatten(), lp.flatten())]
        want = [torch.tensor(v, dtype=torch.float64).reshape(shape).to(dtype)
                for v in ([-v for v in x], [v * v / 2 for v in x], [math.expm1(v) - v for v in x])]
        check(kl_estimates, lp, ref, want=want, rtol=1e-4 if dtype == torch.float32 else 1e-9,
              atol=1e-6 if dtype == torch.float32 else 1e-12, why="x = ref - lp: -x, x^2 / 2, e^x - 1 - x")
lp, ref = -drawn(4, 6, seed=1).abs().T, -drawn(6, 4, seed=2).abs()
check(kl_estimates, lp, ref, want=(lp - ref, (lp - ref) ** 2 / 2, (ref - lp).expm1() - (ref - lp)), rtol=1e-9,
      atol=1e-12)
check(kl_estimates, torch.tensor([-1.0, -0.5]), torch.tensor([-INF, -0.5]),
      want=(torch.tensor([INF, 0.0]), torch.tensor([INF, 0.0]), torch.tensor([INF, 0.0])),
      why="what the reference forbids costs infinitely much; no difference costs exactly nothing")
lp, ref = torch.tensor([-31.0, -0.5, -14.0]).double(), torch.tensor([-1.0, -29.0, -2.5]).double()
check(kl_estimates, lp, ref, want=(lp - ref, (lp - ref) ** 2 / 2, (ref - lp).exp() - 1 - (ref - lp)), rtol=1e-9,
      atol=0, why="differences of 30, 28.5 and 11.5 are not cut off")
### END HIDDEN TESTS

# %% graded="kl_estimates__small" points=2
# Looks at policies that are almost the reference, and at half precision.
lp = torch.full((6,), -1.0)
ref = lp + torch.tensor([-0.0014, -0.0012, -0.0011, 0.0011, 0.0012, 0.0014])
gap = ref.double() - lp.double()
expect(kl_estimates(lp, ref)[2], (gap.expm1() - gap).float(), on="k3 for differences of 0.0011 to 0.0014",
       rtol=0.01, atol=0,
       why="e^x - 1 loses the digits that remain: there is a function for it")
### BEGIN HIDDEN TESTS
for seed, size in enumerate((0.00105, 0.002, 0.005, 0.02)):
    g = torch.Generator().manual_seed(seed)
    lp = -3 * torch.rand(50, generator=g) - 0.1
    sign = torch.where(torch.rand(50, generator=g) < 0.5, -1.0, 1.0)
    ref = lp + sign * size * (1 + torch.rand(50, generator=g))
    gap = ref.double() - lp.double()
    expect(kl_estimates(lp, ref)[2], (gap.expm1() - gap).float(), on=f"k3 for differences of {size} to {2 * size}",
           rtol=0.01,
           atol=0, why="within 1 % for differences of 0.001 and more")
lp, ref, _ = logprobs(5, 40, 3, near=0.5)
for which in range(3):
    precise(lambda lp, ref: kl_estimates(lp, ref)[which], lp, ref, oracle=lambda lp, ref: (
        lp - ref, (lp - ref) ** 2 / 2, (ref - lp).expm1() - (ref - lp))[which])
### END HIDDEN TESTS

# %% graded="kl_estimates__gradient" points=2
# Looks at the three gradients, and at the arguments afterwards.
p, q, log2 = torch.tensor([0.5, 0.2]).log(), torch.tensor([0.25, 0.4]).log(), math.log(2)
for which, want in enumerate([[1.0, 1.0], [log2, -log2], [0.5, -1.0]]):
    _, grads = value_and_grad(kl_estimates, p, q, wrt=(0, 1), output=which)
    expect(grads[0], torch.tensor(want), on=f"the gradient of k{which + 1} with respect to lp",
           why="1; lp - ref; 1 - ref/policy")
    assert grads[1] is None or not grads[1].any(), f"k{which + 1}: expected no gradient of ref, got {grads[1]}"
unchanged(kl_estimates, p, q, want=(torch.tensor([log2, -log2]), torch.tensor([log2 ** 2 / 2] * 2),
                                    torch.tensor([log2 - 0.5, 1 - log2])))
### BEGIN HIDDEN TESTS
for seed in range(3):
    lp, ref, _ = logprobs(4, 5, seed, near=0.8)
    for which, want in enumerate([torch.ones_like(lp), lp - ref, 1 - (ref - lp).exp()]):
        _, grads = value_and_grad(kl_estimates, lp, ref, wrt=(0, 1), output=which)
        expect(grads[0], want, on=f"the gradient of k{which + 1} with respect to lp", rtol=1e-8, atol=1e-10)
        assert grads[1] is None or not grads[1].any(), f"k{which + 1}: expected no gradient of ref"
lp, ref, _ = logprobs(3, 4, 9)
unchanged(kl_estimates, lp, ref, want=(lp - ref, (lp - ref) ** 2 / 2, (ref - lp).expm1() - (ref - lp)), rtol=1e-9,
          atol=1e-12)
fresh(kl_estimates, lp, torch.zeros_like(lp), want=(lp, lp ** 2 / 2, (-lp).expm1() + lp))
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.three_estimates(kl_estimates)

# %% [markdown]
# Left, a policy N(0, 1) against a reference N(0.1, 1), whose KL is 0.005: mean and spread of the three, each
# divided by that KL, over a million samples. Right: a policy over five tokens, far from its reference. Bars show
# the mean gradient that autograd gives for each estimate, computed exactly, beside the true gradients of both
# directions of KL. The bars of $k_1$ are missing: its mean gradient is 0 at every token.

# %% [markdown]
# ## 5 · GRPO: the group is the critic
#
# A critic is as large as the policy and hard to train when the reward comes once, at the end. **GRPO** (group
# relative policy optimisation) came with DeepSeekMath (Shao et al. 2024, arXiv 2402.03300), a year before
# DeepSeek-R1 made it famous. Sample G answers to *the same* prompt; the group's mean reward is what was to be
# expected:
#
# $$A_i = \frac{r_i - \text{mean}(r_1, \dots, r_G)}{\text{std}(r_1, \dots, r_G) + \varepsilon},$$
#
# the same number for every token of answer i. What it drops is the critic, not the reward, and not the reference.
# Unlike DPO it stays RL: it samples from the current policy. "93 % less compute than PPO", which the guide says, is
# in no paper that we know: a critic less is saved, while G samples for each prompt are the larger part of the work.
#
# - **The mean holds the answer itself.** That only shrinks: against the mean of the *other* answers (RLOO, leave one
#   out) the difference is G/(G − 1) times as large, the same factor for all.
# - **A group of equal rewards teaches nothing.** All right or all wrong: every advantage is 0. As training goes on,
#   more and more prompts fall silent so. DAPO (Yu et al. 2025, arXiv 2503.14476) samples on until enough groups are
#   mixed (*dynamic sampling*).
# - **Which deviation?** `torch.std` divides by G − 1, numpy's by G. For rewards [1, 0, 0, 0] the advantages are
#   1.50 and −0.50 with the first, 1.73 and −0.58 with the second. TRL 1.16.0 takes the first, and ε = 10⁻⁴.
# - **Difficulty bias.** Dividing by the deviation gives groups with a small one more weight: the very hard and the
#   very easy prompts. With G = 8 and one right answer the deviation is 0.354, with four right ones 0.535: the rare
#   success gets 2.47 instead of 0.875, the usual one 0.94 instead of 0.5. Dr. GRPO (Liu et al. 2025, arXiv
#   2503.20783) only subtracts the mean. A third choice divides by the deviation of the whole batch: one factor for
#   all.
#
# ### Exercise 18.5 · grpo_advantages
#
# `rewards` has length P · G: the G answers to the first prompt, then the G to the second, and so on.
#
# - `scale="group"`: minus the group's mean, divided by (the group's standard deviation + `eps`). `"batch"`: minus
#   the *group's* mean, divided by (the standard deviation of all rewards of the batch + `eps`). `"none"`: only
#   minus the group's mean.
# - Standard deviations divide by the count less 1.
# - **NaN** marks an answer that could not be judged. It counts in no mean and no deviation, and its advantage is 0.
# - A group with fewer than two judged answers gets 0 throughout. So does a group whose judged rewards are all
#   equal: **exactly** 0, not rounding noise divided by ε.
# - `eps` ≥ 0. An unknown `scale`, or a length that G does not divide, raises ValueError. The answer has the shape
#   and dtype of `rewards`; float32 inside for half precision. Rewards are otherwise finite; no gradient is asked
#   for.
#
# Source: Shao et al. 2024; `_generate_and_score_completions` in trl 1.16.0, `grpo_trainer.py`.

# %% stub="grpo_advantages"
def grpo_advantages(rewards: Float[Tensor, "PG"], G: int, scale: str = "group",
                    eps: float = 1e-4) -> Float[Tensor, "PG"]:
    """How much better each answer is than its group.

    rewards = [1, 0, 5, 5], G = 2, scale = "none": [0.5, -0.5, 0, 0].
    """
    ### BEGIN SOLUTION
    if scale not in ("group", "batch", "none") or len(rewards) % G:
        raise ValueError(f"scale is group, batch or none, and G divides the batch: {scale}, {len(rewards)}, {G}")
    groups = rewards.detach().to(torch.promote_types(rewards.dtype, torch.float32)).view(-1, G)

    def std(x: Tensor) -> Tensor:
        "Along the last dimension, NaN left out."
        squares = (x - x.nanmean(-1, keepdim=True)) ** 2
        return (squares.nansum(-1, keepdim=True) / ((~x.isnan()).sum(-1, keepdim=True) - 1).clamp(min=1)).sqrt()

    advantages = groups - groups.nanmean(1, keepdim=True)
    if scale == "group":
        advantages = advantages / (std(groups) + eps)
    elif scale == "batch":
        advantages = advantages / (std(groups.flatten()) + eps)
    low, high = groups.nan_to_num(nan=INF).amin(1, True), groups.nan_to_num(nan=-INF).amax(1, True)
    return advantages.masked_fill(groups.isnan() | (low >= high), 0.0).flatten().to(rewards.dtype)
    ### END SOLUTION
    raise NotImplementedError("grpo_advantages")

# %% [markdown] hints="grpo_advantages"
# <details><summary>Hint 1: a question</summary>
#
# Three rewards of 0.1 in float32: is their mean 0.1 to the last bit? What does the rest become when it is divided
# by 10⁻⁴?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# G = 4, rewards [1, 0, NaN, 0], ε = 0: three judged, mean 1/3, squares 4/9, 1/9, 1/9, deviation √(6/9 / 2) = 0.577.
# Advantages [1.155, −0.577, 0, −0.577].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# With `"batch"` only the divisor is the batch's; the mean is still the group's. And the first `G` numbers are one
# group: look twice at the shape that you view them in.
#
# </details>

# %% graded="grpo_advantages__values" points=3
# Looks at groups, deviations and the three scales.
check(grpo_advantages, torch.tensor([1.0, 0.0, 0.0, 0.0, 3.0, 1.0, 1.0, 3.0]), 4, "none",
      want=torch.tensor([0.75, -0.25, -0.25, -0.25, 1.0, -1.0, -1.0, 1.0]), why="minus the group's mean",
      mistakes={"the mean of the whole batch": torch.tensor([-0.125, -1.125, -1.125, -1.125, 1.875, -0.125, -0.125,
                                                             1.875]),
                "the mean runs over the prompts, not over a group":
                    torch.tensor([-1.0, -0.5, -0.5, -1.5, 1.0, 0.5, 0.5, 1.5]),
                "the groups are interleaved": torch.tensor([-0.25, -1.0, -1.25, -1.0, 1.75, 0.0, -0.25, 2.0])})
check(grpo_advantages, torch.tensor([1.0, 0.0, 0.0, 0.0]), 4, "group", 0.0, want=torch.tensor([1.5, -0.5, -0.5,
                                                                                               -0.5]),
      why="0.75 / 0.5", mistakes={"the deviation divides by G": torch.tensor([3 ** 0.5] + [-1 / 3 ** 0.5] * 3),
                                  "divided by the variance": torch.tensor([3.0, -1.0, -1.0, -1.0])})
### BEGIN HIDDEN TESTS
for seed, (P, G, eps) in enumerate([(1, 2, 1e-4), (5, 3, 1e-4), (3, 8, 0.0), (40, 7, 0.1), (2, 300, 1e-4), (4, 2,
                                                                                                            1.0)]):
    for dtype in (torch.float32, torch.float64):
        for scale in ("group", "batch", "none"):
            r = drawn(P * G, seed=seed, dtype=dtype) * 2.0 ** (seed - 2) + 1
            check(grpo_advantages, r, G, scale, eps, want=advantages_by_hand(r, G, scale, eps).to(dtype),
                  rtol=1e-3 if dtype == torch.float32 else 1e-8, atol=1e-4 if dtype == torch.float32 else 1e-9,
                  why=f"scale={scale!r}, eps={eps}")
r = drawn(12, seed=5)
check(grpo_advantages, r, 4, want=advantages_by_hand(r, 4, "group", 1e-4), rtol=1e-9, atol=1e-10,
      why="the scale is 'group' and eps 1e-4 unless given")
check(grpo_advantages, torch.stack([r, r], 1)[:, 1], 3, "batch", 0.5, want=advantages_by_hand(r, 3, "batch", 0.5),
      rtol=1e-9, atol=1e-10, why="strided rewards are valid")
check(grpo_advantages, torch.tensor([2000.0, 5000.0, -1000.0, 0.0]), 2, "none",
      want=torch.tensor([-1500.0, 1500.0, -500.0, 500.0]), why="rewards may be large")
for dtype in (torch.float16, torch.bfloat16):
    for how in ("group", "batch"):
        given = drawn(60, seed=71, dtype=dtype)
        want = advantages_by_hand(given, 5, how, 0.37)
        sure = (want - 1e-5).to(dtype) == (want + 1e-5).to(dtype)  # no way in float32 rounds these apart
        expect(torch.where(sure, grpo_advantages(given.clone(), 5, how, 0.37), want.to(dtype)), want.to(dtype), rtol=0, atol=0,
               on=f"grpo_advantages of 60 {dtype} rewards, G = 5, scale = {how!r}, eps = 0.37",
               why="round once, at the end: neither the deviation nor eps is in half precision")
### END HIDDEN TESTS

# %% graded="grpo_advantages__equal" points=2
# Looks at groups of equal rewards and of one answer: exactly 0.
check(grpo_advantages, torch.tensor([0.1, 0.1, 0.1, 0.7, 0.7, 0.7, 0.0, 1.0, 0.0]), 3, "none", rtol=0, atol=1e-6,
      want=torch.tensor([0.0] * 6 + [-1 / 3, 2 / 3, -1 / 3]))
check(grpo_advantages, torch.tensor([0.1] * 7), 7, want=torch.zeros(7), rtol=0, atol=0,
      why="equal rewards: exactly 0")
### BEGIN HIDDEN TESTS
for dtype in (torch.float32, torch.float64):
    for G in (1, 2, 3, 7, 11, 30):
        for eps in (1e-4, 1e-12, 0.0):
            r = torch.tensor([0.1, 0.7, 1.1, 0.3, -0.9, 1 / 3], dtype=dtype).repeat_interleave(G)
            for scale in ("group", "batch", "none"):
                check(grpo_advantages, r, G, scale, eps, want=torch.zeros_like(r), rtol=0, atol=0,
                      why=f"equal rewards in each group of {G}: exactly 0, scale={scale!r}")
check(grpo_advantages, torch.tensor([0.1, 0.2, 0.3]), 1, "none", want=torch.zeros(3), rtol=0, atol=0, why="G = 1")
check(grpo_advantages, torch.full((5,), 0.1), 5, "batch", 0.0, want=torch.zeros(5), rtol=0, atol=0)
check(grpo_advantages, torch.tensor([0.5]), 1, "batch", 0.0, want=torch.zeros(1), rtol=0, atol=0)
mixed = torch.tensor([0.1] * 3 + [0.1, 0.4, 0.1], dtype=torch.float64)
check(grpo_advantages, mixed, 3, "group", 0.0, want=advantages_by_hand(mixed, 3, "group", 0.0), rtol=1e-9, atol=0,
      why="one silent group beside one that speaks")
tiny = torch.tensor([0.1, 0.1, 0.1 + 1e-9], dtype=torch.float64)
check(grpo_advantages, tiny, 3, "group", 0.0, want=torch.tensor([-1.0, -1.0, 2.0], dtype=torch.float64) / 3 ** 0.5,
      rtol=1e-4, atol=0, why="almost equal is not equal")
### END HIDDEN TESTS

# %% graded="grpo_advantages__nan" points=2
# Looks at answers that could not be judged.
check(grpo_advantages, torch.tensor([1.0, 0.0, NAN, 0.0]), 4, "group", 0.0,
      want=torch.tensor([2.0, -1.0, 0.0, -1.0]) / 3 ** 0.5,
      why="three judged answers of mean 1/3; the fourth gets 0",
      mistakes={"NaN counts as a reward of 0": torch.tensor([1.5, -0.5, -0.5, -0.5]),
                "NaN counts as 0 and is zeroed later": torch.tensor([1.5, -0.5, 0.0, -0.5])})
### BEGIN HIDDEN TESTS
for seed, (P, G) in enumerate([(3, 4), (5, 6), (2, 9)]):
    r = drawn(P * G, seed=seed + 60)
    r[torch.rand(P * G, generator=torch.Generator().manual_seed(seed)) < 0.35] = NAN
    r[:G] = NAN
    r[G + 1:2 * G] = NAN
    for scale in ("group", "batch", "none"):
        for eps in (0.0, 0.3):
            check(grpo_advantages, r, G, scale, eps, want=advantages_by_hand(r, G, scale, eps), rtol=1e-9,
                  atol=1e-10,
                  why="NaN counts nowhere and gets 0; a group with one judged answer gets 0")
equal = torch.tensor([0.1, NAN, 0.1, 0.1, 2.0, 1.0, NAN, NAN])
check(grpo_advantages, equal, 4, "group", 1e-4, want=advantages_by_hand(equal, 4, "group", 1e-4).float(),
      rtol=1e-4, atol=1e-6)
for G in (4, 7, 12):
    for value in (0.1, 0.7, 1.1, -0.9, 1 / 3):
        equal = torch.full((2 * G,), value, dtype=torch.float64)
        equal[[0, G + 1, G + 2]] = NAN
        for scale in ("group", "batch", "none"):
            check(grpo_advantages, equal, G, scale, 1e-12, want=torch.zeros(2 * G).double(), rtol=0, atol=0,
                  why="the judged rewards of each group are equal: exactly 0")
check(grpo_advantages, torch.full((6,), NAN), 3, "batch", want=torch.zeros(6), rtol=0, atol=0,
      why="nothing was judged")
### END HIDDEN TESTS

# %% graded="grpo_advantages__errors" points=1
# Looks at what cannot be computed, and at the argument afterwards.
raises(ValueError, grpo_advantages, torch.tensor([1.0, 0.0, 1.0]), 2, why="three rewards are no groups of two")
raises(ValueError, grpo_advantages, torch.tensor([1.0, 0.0]), 2, "std", why="no such scale")
unchanged(grpo_advantages, torch.tensor([1.0, NAN, 0.0, 4.0]), 2, "none", want=torch.tensor([0.0, 0.0, -2.0, 2.0]))
### BEGIN HIDDEN TESTS
raises(ValueError, grpo_advantages, torch.zeros(12), 5, "group", why="5 does not divide 12")
for scale in ("Group", "g", "batches", "", "groups"):
    raises(ValueError, grpo_advantages, torch.tensor([1.0, 0.0, 0.0, 2.0]), 4, scale, why="no such scale")
r = drawn(12, seed=3)
unchanged(grpo_advantages, r, 4, want=advantages_by_hand(r, 4, "group", 1e-4), rtol=1e-9, atol=1e-10)
for scale in ("group", "batch", "none"):
    half = torch.tensor([3.0, 1.0, 2.0, 7.0, 2.0, 4.0, 1.0, 1.0, 0.5, 0.25, 3.0, 1.0, 1.0, 8.0])
    precise(lambda r: grpo_advantages(r, 7, scale, 1e-4), half, oracle=lambda r: advantages_by_hand(r, 7, scale,
                                                                                                    1e-4))
big = torch.tensor([300.0, -300.0, 200.0, 0.0]).half()
check(grpo_advantages, big, 4, want=advantages_by_hand(big, 4, "group", 1e-4).half(), rtol=2e-3, atol=0,
      why="300 squared is beyond float16: float32 inside")
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.bandit(grpo_advantages)

# %% [markdown]
# A toy of 32 prompts with 20 possible answers each, of which one is right; G = 8, plain gradient ascent. Left: the
# same learning rate for the three scales. Right: `"none"` with that and two larger ones. What the deviation does here is mainly
# the size of the step, and the rare success of the beginning gets a large one. Before you call one of them better,
# tune the learning rate of each.
#
# ## 6 · The loss of GRPO, and how it is averaged
#
# Each token has PPO's clipped term with its answer's advantage, and $+\beta k_3$ against the reference:
#
# $$\ell_{i,t} = -\min\big(\rho_{i,t} A_i,\
# \text{clip}(\rho_{i,t}, 1 - \epsilon_\text{lo}, 1 + \epsilon_\text{hi})\, A_i\big) + \beta\, k_3(i, t).$$
#
# How these become one number decides which answers matter. With $|y_i|$ tokens in answer i:
#
# | `agg` | loss | weight of one token |
# |---|---|---|
# | `"grpo"` | mean over answers of the mean over its tokens | 1 / (N · its own length) |
# | `"dapo"` | sum over all tokens / number of all tokens | the same for all tokens of the batch |
# | `"dr_grpo"` | sum over all tokens / (N · `max_len`) | the same for all tokens of all batches |
#
# - **Length bias.** Under `"grpo"` a wrong answer of 10 tokens is pushed down by 1/10 a token, one of 1,000 by
#   1/1,000. *If you are wrong, be long* costs less; and right answers are rewarded more for each token when short.
#   So wrong answers grow during training, and a rising length is no proof of deeper thought. Dr. GRPO divides by a
#   constant instead.
# - **Asymmetric clip.** ε = 0.2 lets a token of probability 0.01 keep its gradient until 0.012, one of probability
#   0.9 beyond 1. Rare tokens, the exploring ones, hit the upper edge first and the policy's entropy sinks. DAPO
#   raises only the upper edge: $\epsilon_\text{lo} = 0.2$, $\epsilon_\text{hi} = 0.28$. The lower edge stays: with a
#   larger $\epsilon_\text{lo}$ tokens could be pushed towards 0.
# - **One ratio for an answer.** The reward belongs to the whole answer, the ratio here to one token. GSPO (Zheng et
#   al. 2025, arXiv 2507.18071; Qwen3) takes the geometric mean of an answer's token ratios and clips that: all of
#   its tokens are in or out together. Its ε are far smaller, since the mean hardly leaves 1.
# - **Too long.** An answer that was cut off is no wrong one. DAPO either masks such answers or lowers their reward
#   little by little over the last stretch before the limit.
#
# ### Exercise 18.6 · grpo_loss
#
# `lp`, `old`, `ref`, `mask` (N, T) as before, `adv` (N,): one advantage for each answer. Returns the loss as a
# tensor without dimensions, in the dtype of `lp` (float32 inside for half precision, rounded once).
#
# - Ratio edges: 1 − `eps_lo` and 1 + `eps_hi`. KL: `beta` times $k_3$, added to the loss of each True position.
# - `beta` ≥ 0. With 0 `ref` is not looked at: it may be None or hold NaN.
# - `agg` as in the table. A row without any True adds 0 and still counts in N. No True at all: the loss is 0 for
#   every `agg`.
# - `max_len` is needed for `"dr_grpo"` alone, and there None raises ValueError; so does an unknown `agg`.
# - Gradients flow to `lp` alone. What stands at False does not matter, NaN and −inf included, and has gradient 0.
# - At True |lp − old| and |lp − ref| stay below 20.
#
# Source: Shao et al. 2024; Yu et al. 2025; Liu et al. 2025, arXiv 2503.20783; `_compute_loss` in trl 1.16.0.

# %% stub="grpo_loss"
def grpo_loss(lp: Float[Tensor, "N T"], old: Float[Tensor, "N T"], ref: Float[Tensor, "N T"] | None,
              adv: Float[Tensor, "N"], mask: Bool[Tensor, "N T"], eps_lo: float = 0.2, eps_hi: float = 0.2,
              beta: float = 0.0, agg: str = "grpo", max_len: int | None = None) -> Float[Tensor, ""]:
    """The clipped loss of all tokens, with KL, averaged in one of three ways.

    Ratios 1, adv = [1, -1], one token in the first row, three in the second: grpo 0, dapo 0.5, dr_grpo 1 / max_len.
    """
    ### BEGIN SOLUTION
    if agg not in ("grpo", "dapo", "dr_grpo") or (agg == "dr_grpo" and max_len is None):
        raise ValueError(f"agg is grpo, dapo or dr_grpo, and dr_grpo needs max_len: {agg}, {max_len}")
    wide = torch.promote_types(lp.dtype, torch.float32)
    row, _ = mask.nonzero(as_tuple=True)
    a, new = adv.detach().to(wide)[row], lp[mask].to(wide)
    ratio = (new - old[mask].detach().to(wide)).exp()
    loss = -torch.minimum(ratio * a, ratio.clamp(1 - eps_lo, 1 + eps_hi) * a)
    if beta != 0:
        loss = loss + beta * kl_estimates(new, ref[mask].to(wide))[2]
    lengths = mask.sum(1)
    weight = {"grpo": len(lp) * lengths[row], "dapo": lengths.sum(), "dr_grpo": len(lp) * (max_len or 1)}[agg]
    return (loss / weight).sum().to(lp.dtype)
    ### END SOLUTION
    raise NotImplementedError("grpo_loss")

# %% [markdown] hints="grpo_loss"
# <details><summary>Hint 1: a question</summary>
#
# All three ways are a weighted sum over tokens. What is the weight of the token at (i, t) in each?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two answers of 1 and 3 tokens, all ratios 1, advantages 2 and −1. Losses of the tokens: −2 | 1, 1, 1. `"grpo"`:
# (−2 + 1)/2 = −0.5. `"dapo"`: 1/4. `"dr_grpo"` with max_len = 10: 1/20.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# KL is part of each token's loss: it is masked, averaged and weighted as the rest is, and it is *added*.
#
# </details>

# %% graded="grpo_loss__aggregation" points=3
# Looks at the three ways to average, with rows of unlike length.
two, flat = torch.tensor([[True, False, False], [True, True, True]]), torch.full((2, 3), -1.0)
for how, want in {"grpo": -0.5, "dapo": 0.25, "dr_grpo": 0.05}.items():
    expect(grpo_loss(flat, flat, None, torch.tensor([2.0, -1.0]), two, 0.2, 0.2, 0.0, how, 10), torch.tensor(want),
           on=f"grpo_loss with agg={how!r}, max_len=10, answers of 1 and 3 tokens, advantages 2 and -1, ratios 1",
           why="tokens: -2 | 1, 1, 1", mistakes={"averaged as 'grpo'": torch.tensor(-0.5),
                                                 "averaged as 'dapo'": torch.tensor(0.25),
                                                 "padding counts": torch.tensor(1 / 6), "a sum": torch.tensor(1.0)})
raises(ValueError, grpo_loss, flat, flat, None, torch.tensor([2.0, -1.0]), two, 0.2, 0.2, 0.0, "dr_grpo",
       why="dr_grpo needs max_len")
### BEGIN HIDDEN TESTS
for max_len in (None, 10):
    raises(ValueError, grpo_loss, flat, flat, None, torch.tensor([2.0, -1.0]), two, 0.2, 0.2, 0.0, "mean", max_len,
           why="no such agg")
for seed, (N, T) in enumerate([(1, 1), (3, 7), (5, 4), (2, 280), (40, 6)]):
    for dtype in (torch.float32, torch.float64):
        lp, old, ref = logprobs(N, T, seed, near=0.2, dtype=dtype)
        adv, mask = drawn(N, seed=seed + 5, dtype=dtype), answers(N, T, seed)
        if N > 2:
            mask[1] = False
        for how in ("grpo", "dapo", "dr_grpo"):
            for max_len in (T, 1000) if how == "dr_grpo" else (None,):
                for beta in (0.0, 0.6):
                    want = grpo_oracle(lp, old, ref, adv, mask, 0.2, 0.2, beta, how, max_len).to(dtype)
                    check(grpo_loss, lp, old, ref, adv, mask, 0.2, 0.2, beta, how, max_len, want=want,
                          rtol=2e-4 if dtype == torch.float32 else 1e-6,
                          atol=2e-5 if dtype == torch.float32 else 1e-8,
                          why=f"agg={how!r}, beta={beta}; a row without an answer adds 0 and counts")
lp, old, ref = logprobs(8, 30, 7, near=0.4)
adv, mask = drawn(8, seed=8), answers(8, 30, 9)
check(grpo_loss, lp, old, ref, adv, mask, want=grpo_oracle(lp, old, ref, adv, mask, 0.2, 0.2, 0.0, "grpo"),
      rtol=1e-6,
      atol=1e-8, why="eps_lo = eps_hi = 0.2, beta = 0 and agg = 'grpo' unless given")
for how in ("grpo", "dapo", "dr_grpo"):
    check(grpo_loss, lp, old, ref, adv, mask & False, 0.2, 0.2, 0.5, how, 9, want=torch.tensor(0.0).double(),
          atol=0, rtol=0,
          why="no token at all: 0")
for how, want in {"grpo": -0.5, "dapo": -0.5, "dr_grpo": -0.1}.items():
    check(grpo_loss, torch.tensor([[-1.0 + 1e-9], [-1.0]], dtype=torch.float64), torch.full((2, 1), -1.0).double(),
          None,
          torch.tensor([1e9, -1e9]).double(), torch.ones(2, 1, dtype=torch.bool), 0.2, 0.2, 0.0, how, 5,
          want=torch.tensor(want).double(), rtol=0, atol=1e-5, why="float64 stays float64, inside too")
check(grpo_loss, torch.full((2, 3), -1.0), torch.full((2, 3), -1.0), None, torch.tensor([2.0, -1.0]),
      torch.tensor([[True, False, False], [True, True, True]]), 0.2, 0.2, 0.0, "dr_grpo", 2, want=torch.tensor(0.25),
      why="max_len is a constant to divide by: tokens beyond it count like the others")
### END HIDDEN TESTS

# %% graded="grpo_loss__clip" points=3
# Looks at the two edges and the KL, in value and gradient.
one = torch.ones(1, 4, dtype=torch.bool)
moved = torch.tensor([[1.25, 1.35, 0.75, 0.65]]).log()
_, (grad,) = value_and_grad(grpo_loss, moved, torch.zeros(1, 4), None, torch.tensor([4.0]), one, 0.2, 0.28,
                            wrt=(0,))
expect(grad, torch.tensor([[-1.25, 0.0, -0.75, -0.65]]),
       on="the gradient for ratios [1.25, 1.35, 0.75, 0.65], advantage "
       "4, eps_lo = 0.2, eps_hi = 0.28", why="only 1.35 is above 1.28")
_, (grad,) = value_and_grad(grpo_loss, moved, torch.zeros(1, 4), None, torch.tensor([-4.0]), one, 0.3, 0.1,
                            wrt=(0,))
expect(grad, torch.tensor([[1.25, 1.35, 0.75, 0.0]]),
       on="the gradient for the same ratios, advantage -4, eps_lo = 0.3, "
       "eps_hi = 0.1", why="only 0.65 is below 0.7")
### BEGIN HIDDEN TESTS
half, quarter = torch.tensor([[math.log(0.5)]]), torch.tensor([[math.log(0.25)]])
value, (grad,) = value_and_grad(grpo_loss, half, half, quarter, torch.tensor([0.0]), torch.ones(1, 1,
                                                                                                dtype=torch.bool),
                                                                                                0.2,
                                0.2, 3.0, wrt=(0,))
expect(value, torch.tensor(3 * (math.log(2) - 0.5)), on="grpo_loss with advantage 0, beta = 3: 3 * k3",
       why="the penalty is k3 of reference over policy, added")
expect(grad, torch.tensor([[1.5]]), on="its gradient", why="3 * (1 - 0.25 / 0.5)")
for seed, (lo, hi, beta, how) in enumerate([(0.2, 0.28, 0.0, "grpo"), (0.1, 0.4, 0.3, "dapo"), (0.3, 0.05, 1.7,
                                                                                                "dr_grpo"),
                                            (0.2, 0.2, 0.5, "grpo")]):
    lp, old, ref = logprobs(4, 6, seed + 60, near=0.5)
    adv, mask = drawn(4, seed=seed + 65), answers(4, 6, seed)
    oracle = lambda x: grpo_oracle(x, old, ref, adv, mask, lo, hi, beta, how, 17)  # noqa: E731
    value, grads = value_and_grad(grpo_loss, lp, old, ref, adv, mask, lo, hi, beta, how, 17, wrt=(0,))
    expect(value, oracle(lp), on=f"grpo_loss with eps {lo} and {hi}, beta = {beta}, agg={how!r}", rtol=1e-6,
           atol=1e-8)
    expect(grads[0], slope(oracle, lp), on="its gradient", rtol=1e-5, atol=1e-8)
    no_gradient(grpo_loss, lp, old, ref, adv, mask, lo, hi, beta, how, 17, wrt=(1, 2, 3),
                why="only the policy is trained")
far, adv = torch.tensor([[-13.0, -19.5, -0.5, -0.25]]).double(), torch.tensor([-2.0]).double()
check(grpo_loss, far, far.flip(1), None, adv, far < 0, 0.1, 0.1, want=grpo_oracle(
    far, far.flip(1), None, adv, far < 0, 0.1, 0.1, 0.0, "grpo"), rtol=1e-9, atol=0,
      why="lp - old of 12.75 and 19: nothing else is cut off")
check(grpo_loss, far, far, far.flip(1), adv, far < 0, 0.1, 0.1, 0.01, want=grpo_oracle(
    far, far, far.flip(1), adv, far < 0, 0.1, 0.1, 0.01, "grpo"), rtol=1e-9, atol=0,
      why="lp - ref of 12.75 and 19: nothing else is cut off")
lp, old, ref = logprobs(4, 4, 68, near=0.5)
adv, mask = drawn(4, seed=69), answers(4, 4, 70)
check(grpo_loss, lp, old, ref.fill_(NAN), adv, mask, want=grpo_oracle(lp, old, ref, adv, mask, 0.2, 0.2, 0.0, "grpo"),
      rtol=1e-6, atol=1e-8, why="beta = 0: ref is not looked at; as many answers as tokens: adv goes with the answers")
small = torch.full((1, 60), -1.0)
check(grpo_loss, small, small, small + 2.0 ** -9, torch.tensor([0.0]), torch.ones(1, 60, dtype=torch.bool), 0.2,
      0.2, 1.0,
      want=torch.tensor(math.expm1(2.0 ** -9) - 2.0 ** -9), rtol=0.02, atol=0, why="a KL that is small is not lost")
### END HIDDEN TESTS

# %% graded="grpo_loss__masked" points=2
# Looks at NaN outside the mask, at half precision and at the arguments afterwards.
two, flat = torch.tensor([[True, False, False], [True, True, True]]), torch.full((2, 3), -1.0)
value, (grad,) = value_and_grad(grpo_loss, torch.tensor([[-1.0, NAN]]), torch.tensor([[-1.0, -INF]]),
                                torch.tensor([[-1.0, NAN]]), torch.tensor([2.0]), torch.tensor([[True, False]]),
                                0.2, 0.2,
                                0.1, wrt=(0,))
expect(value, torch.tensor(-2.0), on="grpo_loss with NaN outside the mask")
expect(grad, torch.tensor([[-2.0, 0.0]]), on="its gradient", why="exactly 0 outside the mask")
unchanged(grpo_loss, flat, flat, flat, torch.tensor([2.0, -1.0]), two, 0.2, 0.2, 0.5, want=torch.tensor(-0.5))
### BEGIN HIDDEN TESTS
for seed, fills in enumerate([(NAN, -1.0, 1.0), (-INF, -INF, 0.0), (0.0, -INF, NAN), (-INF, NAN, -INF)]):
    lp, old, ref = logprobs(4, 7, seed + 80, near=0.4)
    adv, mask = drawn(4, seed=seed + 85), answers(4, 7, seed)
    for how in ("grpo", "dapo", "dr_grpo"):
        oracle = lambda x: grpo_oracle(x, old, ref, adv, mask, 0.2, 0.3, 0.4, how, 7)  # noqa: E731
        dirty = [x.masked_fill(~mask, f) for x, f in zip((lp, old, ref), fills)]
        value, grads = value_and_grad(grpo_loss, *dirty, adv, mask, 0.2, 0.3, 0.4, how, 7, wrt=(0,))
        expect(value, oracle(lp), on=f"grpo_loss, agg={how!r}", rtol=1e-6, atol=1e-8,
               why="False positions do not matter")
        expect(grads[0], slope(oracle, lp), on="its gradient", rtol=1e-5, atol=1e-8, why="0 at False, and no NaN")
check(grpo_loss, torch.tensor([[-2.0 ** -9]]).bfloat16(), torch.tensor([[-1.0]]).bfloat16(), None,
      torch.tensor([47.0]).bfloat16(), torch.tensor([[True]]), 0.2, 3.0, want=torch.tensor(-127.5).bfloat16(),
      rtol=0, atol=0, why="-47 e^(511/512) = -127.51; 511/512 is no number of bfloat16, so subtract in float32")
check(grpo_loss, torch.tensor([[-1.890625, -0.67578125, -0.75390625]]).bfloat16(),
      torch.tensor([[-2.015625, -0.6875, -0.87109375]]).bfloat16(), None, torch.tensor([3.65625]).bfloat16(),
      torch.ones(1, 3, dtype=torch.bool), want=torch.tensor(-3.984375).bfloat16(), rtol=0, atol=0,
      why="-3.98442: rounded once, after the mean, not at each token")
long = torch.full((1, 257), -1.0).bfloat16()
check(grpo_loss, long, long, None, torch.tensor([1.9921875]).bfloat16(), long < 0, want=torch.tensor(-1.9921875).bfloat16(),
      rtol=0, atol=0, why="257 tokens: bfloat16 cannot count them")
lp, old, ref = logprobs(3, 90, 95, near=0.3)
adv, mask = drawn(3, seed=96).abs() + 0.3, answers(3, 90, 97)
for how in ("grpo", "dapo", "dr_grpo"):
    precise(lambda lp, old, ref, adv: grpo_loss(lp, old, ref, adv, mask, 0.2, 0.3, 0.05, how, 90), lp - 4, old - 4,
            ref - 4,
            adv, oracle=lambda lp, old, ref, adv: grpo_oracle(lp, old, ref, adv, mask, 0.2, 0.3, 0.05, how, 90))
unchanged(grpo_loss, lp, old, ref, adv, mask, 0.2, 0.3, 0.4,
          want=grpo_oracle(lp, old, ref, adv, mask, 0.2, 0.3, 0.4, "grpo"), rtol=1e-6, atol=1e-8)
check(grpo_loss, lp[:, ::3], old[:, ::3], ref[:, ::3], adv, mask[:, ::3], 0.2, 0.3, 0.4,
      want=grpo_oracle(lp[:, ::3], old[:, ::3], ref[:, ::3], adv, mask[:, ::3], 0.2, 0.3, 0.4, "grpo"), rtol=1e-6,
      atol=1e-8,
      why="strided arguments are valid")
one = torch.tensor([[True]])
check(grpo_loss, torch.tensor([[-1.0]]).bfloat16(), torch.tensor([[-2.0]]).bfloat16(), None, torch.tensor([3.0]).bfloat16(),
      one, 0.2, 0.2, want=torch.tensor(-3.6).bfloat16(), rtol=0, atol=0,
      why="-3 * 1.2: the edge is not rounded to half precision")
check(grpo_loss, torch.tensor([[-1.0]]).bfloat16(), torch.tensor([[-1.0]]).bfloat16(), torch.tensor([[-3.0]]).bfloat16(),
      torch.tensor([0.0]).bfloat16(), one, 0.2, 0.2, 0.3, want=torch.tensor(0.3 * (math.exp(-2) + 1)).bfloat16(), rtol=0,
      atol=0, why="0.3 * (e^-2 - 1 + 2): beta is not rounded to half precision")
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.weight_of_a_token(grpo_loss)

# %% [markdown]
# The size of the gradient at one token of a wrong answer, against the answer's length, from your function. The
# batch holds one other answer of 100 tokens; `max_len` is 1,000.

# %% [markdown]
# ## 7 · Rewards that check
#
# Where an answer can be checked, no reward model is needed: the number is right, the tests pass. DeepSeek-R1-Zero
# (arXiv 2501.12948) was trained from the base model by GRPO with two such rewards, one for the right result and one
# for the form: thoughts between `<think>` tags, the result between `<answer>` tags. The often-told story has three
# errors.
#
# - *"R1 is pure RL."* That is R1-**Zero**. R1 itself began with SFT on thousands of long answers, then RL, then SFT
#   on 800,000 samples, most of them chosen by rejection, then RL again.
# - *"At step 8,200 it learned to reason."* There the longest allowed answer was raised from 32,768 to 65,536
#   tokens, and score and length jumped. The length had grown gradually before. (10,400 steps in all, each with 32
#   questions × 16 samples = 512 answers.)
# - *"A checked reward cannot be hacked."* It rewards right answers from wrong reasoning (with four choices, a guess
#   is right one time in four), and every gap of the checker. For *small* models the R1 report found distillation
#   from a large one better than RL of their own.
#
# **Reward hacking** means: the number rises, and what it was meant to measure does not. A checker is a program that
# an optimiser attacks for millions of samples, so write it strictly. Gaps to look for: the last number *anywhere*
# in the text; several answers, one of them right; the answer inside the thoughts; a substring ("142" holds "42");
# tests that the policy may edit.
#
# ### Exercise 18.7 · verify
#
# Two functions.
#
# - `parse(text)` gives the answer as a string, or None where the form is wrong. The form: after leading and
#   trailing whitespace is removed the text is `<think>` … `</think>`, then nothing but whitespace (or nothing),
#   then `<answer>` … `</answer>`, and nothing after. Each of the four tags stands in the text **exactly once**.
#   What is between them may hold line breaks and any other characters. The answer is stripped of whitespace and
#   must not be empty then; the thoughts may be. Tags are lower case, without spaces inside.
# - `verify(text, gold, form=0.1)` gives the reward as a float: 0.0 where the form is wrong; `form` where it is
#   right and the answer is not; 1.0 where the form is right and the answer **equals** `gold`, both stripped,
#   character by character. ("0.5" for "1/2" is wrong here; which answers mean the same is section 13's matter.)
#   `gold` is a string that is not blank.
#
# Source: DeepSeek-AI 2025, arXiv 2501.12948 (accuracy and format rewards).

# %% stub="verify"
def parse(text: str) -> str | None:
    """The answer of a text in the right form, else None.

    parse("<think>6 * 7</think> <answer> 42 </answer>") is "42".
    """
    ### BEGIN SOLUTION
    if any(text.count(tag) != 1 for tag in ("<think>", "</think>", "<answer>", "</answer>")):
        return None
    found = re.fullmatch(r"<think>.*</think>\s*<answer>(.*)</answer>", text.strip(), re.DOTALL)
    return (found[1].strip() or None) if found else None
    ### END SOLUTION
    raise NotImplementedError("parse")


def verify(text: str, gold: str, form: float = 0.1) -> float:
    """The reward of a text: 0 for a wrong form, `form` for a wrong answer, 1 for the right one.

    verify("<think></think><answer>41</answer>", "42") is 0.1.
    """
    ### BEGIN SOLUTION
    answer = parse(text)
    if answer is None:
        return 0.0
    return 1.0 if answer == gold.strip() else float(form)
    ### END SOLUTION
    raise NotImplementedError("verify")

# %% [markdown] hints="verify"
# <details><summary>Hint 1: a question</summary>
#
# A policy writes `<answer>1</answer><answer>2</answer>…` up to 99. Which of your two conditions refuses it: the
# pattern, or the count?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `"<think>a\nb</think>\n<answer>7</answer>\n"` gives "7". With `"So: "` in front: None. With `<answer></answer>`
# inside the thoughts as well: None.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A dot does not match a line break, and `$` matches before a last one. A greedy `.*` jumps over tags, unless they
# were counted.
#
# </details>

# %% graded="verify__form" points=2
# Looks at what has the right form, and at what has not.
for text, want in {"<think>6 * 7</think><answer>42</answer>": "42",
                   "\n <think>\n6 *\n 7</think>\n\n<answer>\n 42\n</answer>  \n": "42",
                   "<think></think><answer>a < b</answer>": "a < b",
                   "<think>so</think><answer>  </answer>": None,
                   "<think>so</think> hence <answer>42</answer>": None,
                   "<answer>42</answer><think>so</think>": None,
                   "<answer>42</answer>": None, "42": None}.items():
    check(parse, text, want=want)
### BEGIN HIDDEN TESTS
for text, want in {"": None, "<think>a</think><answer>1\n2</answer>": "1\n2",
                   "Sure! <think>a</think><answer>1</answer>": None, "<think>a</think><answer>1</answer>.": None,
                   "<think>a</think><answer>1</answer>\nDone": None, "<Think>a</Think><Answer>1</Answer>": None,
                   "<think >a</think><answer>1</answer>": None, "<think>a<answer>1</answer></think>": None,
                   "<think>a<answer></think>1</answer>": None, "<think>a</think><answer>1": None,
                   "a</think><answer>1</answer>": None, "<think>\ta\t</think>\t<answer>\t1\t</answer>": "1",
                   "<think>é < 3 & x</think><answer>π</answer>": "π",
                   "</think>a<think><answer>1</answer>": None,
                   "<think>" + "x\n" * 3000 + "</think><answer>1</answer>": "1",
                   "<think>a</think><answer>0</answer>": "0", "<think>a</think>\n\n\n<answer>None</answer>": "None",
                   "<think>a</think><answer></answer>": None, "<think>a</think><answer>\n</answer>": None,
                   "<think>a</think>,<answer>1</answer>": None,
                   "<think>a</think><answer>1</answer></answer >": None,
                   "x\n<think>a</think><answer>1</answer>": None,
                   "<think>a</think><answer><think>1</answer>": None,
                   "<think>a</think><answer>1</think></answer>": None,
                   "<think>a</think><answer>1 2  3</answer>": "1 2  3",
                   "</answer>1<answer></think>a<think>": None,
                   "<think>a<think/></think><answer>1</answer>": "1"}.items():
    check(parse, text, want=want)
### END HIDDEN TESTS

# %% graded="verify__exploits" points=2
# Looks at texts that want a reward that they did not earn.
for text in ("<think>a</think><answer>41</answer><answer>42</answer>", "<think>42</think> 42",
             "<think><answer>42</answer></think><answer>41</answer>",
             "<think>a</think><answer>41</answer> or <think>b</think><answer>42</answer>"):
    check(verify, text, "42", want=0.0, why="a second answer, or none, is a wrong form")
check(verify, "<think>42</think><answer>142</answer>", "42", want=0.1, why="142 is not 42",
      mistakes={"a substring is enough": 1.0})
### BEGIN HIDDEN TESTS
for text in ("<think>a</think><answer>42</answer><answer>42</answer>",
             "<think>a</think><answer><answer>42</answer></answer>",
             "<think>a</think><think>b</think><answer>42</answer>", "<think>a<think>b</think><answer>42</answer>",
             "<think>a</think></think><answer>42</answer>", "<think>a</think><answer>42</answer></answer>",
             "<think>a</think><answer>42</answer></think>", "<think>a</think><answer>7<answer>42</answer>",
             "<think>a</think>" + "".join(f"<answer>{i}</answer>" for i in range(99)), "The answer is 42",
             "\\boxed{42}"):
    check(verify, text, "42", want=0.0, why="each tag exactly once, nothing around")
for answer in ("41 42", "42 or 41", "-42", "42.0", "4 2", "042", "+42", "42%", "42.", "x = 42", "41, 42", "$42$",
               "\"42\"", "\uff14\uff12", "\\boxed{42}"):
    check(verify, f"<think>42</think><answer>{answer}</answer>", "42", want=0.1, why=f"{answer!r} is not '42'")
check(verify, "<think>a</think><answer>yes</answer>", "Yes", want=0.1, why="character by character")
check(verify, "<think>a</think><answer>1  2</answer>", "1 2", want=0.1, why="character by character")
### END HIDDEN TESTS

# %% graded="verify__reward" points=2
# Looks at the three rewards.
check(verify, "<think>6 * 7</think><answer> 42\n</answer>", "42", want=1.0)
check(verify, "<think>6 * 7</think><answer>43</answer>", "42", 0.25, want=0.25)
check(verify, "42", "42", 0.25, want=0.0, mistakes={"the form was not asked for": 1.0})
### BEGIN HIDDEN TESTS
for form in (0.0, 0.1, 0.5, 1.0):
    for text, gold, want in [("<think>a</think><answer>x y</answer>", " x y ", 1.0),
                             ("<think>a</think><answer>0</answer>", "0", 1.0),
                             ("<think>a</think>\n<answer>1/2</answer>", "0.5", form), ("<think>a</think>", "a",
                                                                                       0.0),
                             ("<think>a</think><answer>None</answer>", "None", 1.0), ("", "None", 0.0),
                             ("<think>a</think><answer>a\nb</answer>", "a\nb\n", 1.0),
                             ("<think></think><answer></answer>", "1", 0.0)]:
        check(verify, text, gold, form, want=want)
check(verify, "<think>a</think><answer>3</answer>", "4", want=0.1, why="form is 0.1 unless given")
for text in ("<think>a</think><answer>4</answer>", "<think>a</think><answer>3</answer>", "4"):
    got = verify(text, "4", 0.25)
    assert isinstance(got, float), f"verify({text!r}, '4', 0.25): expected a float, got {got!r}"
for answer, gold in [("1000", "1,000"), ("1x5", "1.5"), ("aab", "a+b"), ("&lt;", "<"), ("x" * 300 + "y", "x" * 300)]:
    for given, other in [(answer, gold), (gold, answer)]:
        check(verify, f"<think>so</think><answer>{given}</answer>", other, want=0.1, why="equal, character by character")
        check(verify, f"<think>so</think><answer>{given}</answer>", given, want=1.0, why="equal, whatever the characters are")
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.exploits(verify)

# %% [markdown]
# Seven texts and what they earn: from your `verify`, and from a lax checker that takes the form for granted and
# looks whether the gold answer stands anywhere in the text. Which texts would a policy learn to write under the lax
# one?
#
# ## 8 · Too much of a good proxy
#
# Every reward is a **proxy** for what one really wants, the **gold**. The simplest optimiser takes the best of n
# sampled answers by the proxy. It needs no training, so it shows what optimisation does to a proxy. How far has the
# policy moved?
#
# $$\mathrm{KL}(\text{best of } n \,\|\, \pi_\text{ref}) \le \log n - \frac{n - 1}{n},$$
#
# with equality where no two answers tie; for a policy that gives some answers often it is less (Beirami et al.
# 2024, arXiv 2401.01879). Best of 512 lies 5.24 nats away, and RL usually moves much further.
#
# Gao et al. 2022 (arXiv 2210.10760) trained policies against reward models and judged by a larger one. With
# $d = \sqrt{\mathrm{KL}}$ the gold reward followed $d(\alpha - \beta d)$ for best of n and
# $d(\alpha - \beta \log d)$ for RL: up first, then down, while the proxy goes on rising. It is **Goodhart's law**:
# a measure that becomes a target stops being a good measure. A larger reward model, or more preference data, moves
# the top further out. What helps, none of it a cure:
#
# - the KL penalty, and stopping early by a *gold* measure (people, held-out tests), not by the proxy;
# - an ensemble of reward models, taking the lowest or mean minus spread; answers with strange rewards read by a
#   person;
# - new preference data from the *current* policy; length, form and language controlled for; checkable rewards where
#   there are any.
#
# ### Exercise 18.8 · best_of_n_gold
#
# - `best_of_n_gold(proxy, gold, n)`: M answers have the scores `proxy` (M,) and `gold` (M,). n different ones are
#   drawn at random, all subsets equally likely, and the one with the highest proxy is kept. Returns **the expected
#   gold of the kept one**, exactly, as a float. No sampling: there is a formula.
# - If several of the drawn ones share the highest proxy, one of them is taken at random. 1 ≤ n ≤ M, else
#   ValueError. M may be some thousands, so subsets cannot be listed. Within 10⁻⁸ of the largest |gold|.
# - `bon_kl(n)`: the bound above, in nats, as a float; n ≥ 1.
# - `proxy` and `gold` are float32 or float64 tensors; compute in float64. Proxies may be any finite numbers.
#
# Source: Gao et al. 2022; the estimator without replacement: Nakano et al. 2021 (arXiv 2112.09332).

# %% stub="best_of_n_gold"
def best_of_n_gold(proxy: Float[Tensor, "M"], gold: Float[Tensor, "M"], n: int) -> float:
    """The expected gold score of the answer with the highest proxy among n of M.

    proxy = [1, 2, 3], gold = [0, 6, 3], n = 2: the pairs keep 6, 3 and 3, so 4.
    """
    ### BEGIN SOLUTION
    M = len(proxy)
    if not 1 <= n <= M:
        raise ValueError(f"n is between 1 and {M}, not {n}")
    scores, gold = proxy.double().numpy(), gold.double().numpy()
    values, group, count = np.unique(scores, return_inverse=True, return_counts=True)

    def below(c: int) -> float:
        "The chance that all n are among the c lowest."
        lg = math.lgamma
        return math.exp(lg(c + 1) - lg(c - n + 1) + lg(M - n + 1) - lg(M + 1)) if c >= n else 0.0

    chance = np.diff([below(c) for c in count.cumsum().tolist()], prepend=0.0)
    return float((chance * np.bincount(group, gold) / count).sum())
    ### END SOLUTION
    raise NotImplementedError("best_of_n_gold")


def bon_kl(n: int) -> float:
    """How far the best of n is from the policy at most, in nats: bon_kl(2) is 0.193."""
    ### BEGIN SOLUTION
    return math.log(n) - (n - 1) / n
    ### END SOLUTION
    raise NotImplementedError("bon_kl")

# %% [markdown] hints="best_of_n_gold"
# <details><summary>Hint 1: a question</summary>
#
# Sort by proxy. In how many of the subsets of size n is the i-th lowest answer the best one? Which others must the
# subset be made of?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# M = 4, n = 2, six pairs. The lowest is never kept; the second in 1 of 6, the third in 2, the highest in 3. If the
# two highest tie, the five pairs that hold one of them give each the same share: 5/12.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Binomials of thousands overflow a float: stay in whole numbers until the last division, use logarithms, or a
# recursion from one rank to the next.
#
# </details>

# %% graded="best_of_n_gold__values" points=3
# Looks at small cases that can be counted, and at the bound on KL.
check(best_of_n_gold, torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, 6.0, 3.0]), 2, want=4.0,
      why="the pairs keep 6, 3 and 3", mistakes={"drawn with replacement": (0 + 3 * 6 + 5 * 3) / 9,
                                                 "the highest gold": 5.0,
                                                 "the highest proxy of all": 3.0})
check(best_of_n_gold, torch.tensor([3.0, 1.0]), torch.tensor([-1.0, 5.0]), 1, want=2.0, why="n = 1: the mean")
expect(bon_kl(2), math.log(2) - 0.5, on="bon_kl(2)", mistakes={"log n": math.log(2)})
expect(bon_kl(1), 0.0, on="bon_kl(1)")
### BEGIN HIDDEN TESTS
for seed, M in enumerate([1, 2, 5, 9]):
    proxy, gold = drawn(M, seed=seed), drawn(M, seed=seed + 50) * 10 ** (seed - 1)
    for n in range(1, M + 1):
        check(best_of_n_gold, proxy, gold, n, want=by_listing(proxy, gold, n), rtol=1e-8,
              atol=1e-8 * float(gold.abs().max()))
        check(best_of_n_gold, proxy - 1e6, gold.float(), n, want=by_listing(proxy, gold.float(), n), rtol=1e-7,
              atol=1e-8 * float(gold.abs().max()), why="only the order of the proxies matters")
for n in (3, 16, 512, 100_000):
    expect(bon_kl(n), math.log(n) - 1 + 1 / n, on=f"bon_kl({n})", rtol=1e-9)
### END HIDDEN TESTS

# %% graded="best_of_n_gold__ties" points=2
# Looks at answers that share a proxy.
check(best_of_n_gold, torch.tensor([1.0, 2.0, 2.0]), torch.tensor([0.0, 6.0, 0.0]), 2, want=3.0,
      why="the pairs keep 6, 0, and one of both at random", mistakes={"the first of a tie wins": 4.0,
                                                                      "the last of a tie wins": 2.0})
### BEGIN HIDDEN TESTS
for seed, M in enumerate([4, 7, 9]):
    g = torch.Generator().manual_seed(seed)
    proxy, gold = torch.randint(0, 3, (M,), generator=g).double(), drawn(M, seed=seed + 50)
    for n in range(1, M + 1):
        check(best_of_n_gold, proxy, gold, n, want=by_listing(proxy, gold, n), rtol=1e-8, atol=1e-9)
        check(best_of_n_gold, torch.zeros(M), gold, n, want=float(gold.mean()), rtol=1e-8, atol=1e-8, why="all tie")
near = torch.tensor([1.0, 1.0 + 1e-12, 1.0 - 1e-12], dtype=torch.float64)
check(best_of_n_gold, near, torch.tensor([0.0, 5.0, 1.0], dtype=torch.float64), 3, want=5.0, why="near is no tie")
check(best_of_n_gold, torch.tensor([-0.0, 0.0, -1.0]), torch.tensor([4.0, 2.0, 1.0]), 3, want=3.0,
      why="-0.0 and 0.0 are equal")
binary = torch.tensor([0.0, 1.0] * 40)
check(best_of_n_gold, binary, torch.arange(80.0), 3, rtol=1e-8, atol=1e-7,
      want=40 - math.comb(40, 3) / math.comb(80, 3), why="mean gold 40 of the ones and 39 of the zeros")
### END HIDDEN TESTS

# %% graded="best_of_n_gold__large" points=2
# Looks at thousands of answers, at n out of range, and at the arguments afterwards.
ranks = torch.arange(4000, dtype=torch.float64)
check(best_of_n_gold, ranks, ranks, 512, want=512 * 4001 / 513 - 1, rtol=1e-8,
      why="the mean of the highest of 512 of 4,000 ranks")
raises(ValueError, best_of_n_gold, torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]), 3, why="three of two")
unchanged(best_of_n_gold, torch.tensor([2.0, 1.0]), torch.tensor([0.5, 1.0]), 2, want=0.5)
### BEGIN HIDDEN TESTS
raises(ValueError, best_of_n_gold, torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]), 0, why="none of two")
order = torch.randperm(3000, generator=torch.Generator().manual_seed(1))
for n in (1, 2, 77, 1500, 2999, 3000):
    check(best_of_n_gold, ranks[order], -ranks[order], n, want=-(n * 3001 / (n + 1) - 1), rtol=0, atol=2.9e-5,
          why=f"n = {n} of 3,000")
many = torch.arange(7000, dtype=torch.float64)
check(best_of_n_gold, many, many, 40, want=40 * 7001 / 41 - 1, rtol=1e-8,
      why="n = 40 of 7,000: drawn without replacement, exactly")
proxy, gold = drawn(5, 2, seed=4)[:, 0], drawn(2, 5, seed=5).T[:, 1]
unchanged(best_of_n_gold, proxy, gold, 2, want=by_listing(proxy, gold, 2), rtol=1e-8, atol=1e-9)
got = best_of_n_gold(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0]), 2)
assert isinstance(got, float), f"best_of_n_gold: expected a float, got {got!r}"
assert isinstance(bon_kl(4), float), f"bon_kl(4): expected a float, got {bon_kl(4)!r}"
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.one_exploit(best_of_n_gold, bon_kl)

# %% [markdown]
# 4,000 answers of which one in a hundred found a gap: its proxy is 4 higher, its gold 2 lower. Against √KL from
# your functions: proxy and gold of the best of n. Small n gains; a large n finds the gap almost every time.

# %% [markdown]
# ## 9 · The whole: one GRPO step
#
# A policy of 416 numbers, `policy_logits` of `course/models/policy.py`, and a task that is known by a check alone:
# after a number from 0 to 7 say the next one (after 7 comes 0), then the end token, nothing else.
# `rollout(params, table, prompts, length, end, seed)` from the same file samples answers: token ids (N, T +
# length), and a boolean mask that is True at the tokens that the policy chose, the end token included.
# `policy_logits(params, table, ids)` gives (N, T, V): the logits at position t are for the token at t + 1.
#
# ### Exercise 18.9 · grpo_step
#
# One batch of answers and `inner` steps of gradient descent on it.
#
# 1. Repeat each prompt G times in a row (all G of the first, then of the second, …) and call `rollout` once with
#    `params` and `seed`.
# 2. Call `reward(prompts, answers)` **once**: two lists with an entry for each answer; a prompt is the list of its
#    token ids (ints), an answer the list of the ids that the policy chose, up to and including the end token. It
#    gives a list of floats; NaN for what it cannot judge.
# 3. `grpo_advantages` with `scale` (ε = 10⁻⁴).
# 4. `inner` times: `p - lr * gradient` of `grpo_loss` on these same answers, for both tensors. **old** is the
#    policy that sampled, at every inner step. ref is `ref_params`. `max_len` is `length`.
#
# - `params`, `ref_params`: dicts with the tensors `"embed"` (V, D) and `"mix"` (D, D); they may be the same dict.
#   `table` (V, D), fixed. `prompts` (P, T) of token ids, all of one length T ≥ 1.
# - Returns `(new_params, mean_reward)`: a new dict with new tensors, free of any graph, and the mean of all rewards
#   that are not NaN, as a float (0.0 if there is none).
# - Neither dict nor a tensor in one changes. With `lr = 0` the tensors are equal and still new memory.
#
# Source: Shao et al. 2024, the algorithm of GRPO.

# %% stub="grpo_step"
def grpo_step(params: dict[str, Tensor], ref_params: dict[str, Tensor], table: Float[Tensor, "V D"],
              prompts: Int[Tensor, "P T"], reward: Callable, G: int, length: int, end: int, seed: int,
              lr: float = 1.0,
              inner: int = 1, eps_lo: float = 0.2, eps_hi: float = 0.2, beta: float = 0.0, scale: str = "group",
              agg: str = "grpo") -> tuple[dict[str, Tensor], float]:
    """Sample G answers a prompt, reward them, take `inner` steps of GRPO: new parameters and mean reward.

    With a reward that is the same for all answers and beta = 0 nothing moves.
    """
    ### BEGIN SOLUTION
    repeated = prompts.repeat_interleave(G, 0)
    ids, mask = rollout(params, table, repeated, length, end, seed)
    rewards = torch.tensor(reward(repeated.tolist(), [row[m].tolist() for row, m in zip(ids, mask)]),
                           dtype=torch.float64)
    adv = grpo_advantages(rewards, G, scale)

    def logprobs(p: dict[str, Tensor]) -> Tensor:
        "Of each token but the first, given those before it."
        return policy_logits(p, table, ids[:, :-1]).log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]

    with torch.no_grad():
        old, ref = logprobs(params), logprobs(ref_params)
    new = {name: p.detach().clone() for name, p in params.items()}
    for _ in range(inner):
        leaves = {name: p.requires_grad_() for name, p in new.items()}
        loss = grpo_loss(logprobs(leaves), old, ref, adv, mask[:, 1:], eps_lo, eps_hi, beta, agg, length)
        grads = torch.autograd.grad(loss, list(leaves.values()))
        new = {name: p.detach() - lr * g for (name, p), g in zip(leaves.items(), grads)}
    judged = rewards[~rewards.isnan()]
    return new, float(judged.mean()) if len(judged) else 0.0
    ### END SOLUTION
    raise NotImplementedError("grpo_step")

# %% [markdown] hints="grpo_step"
# <details><summary>Hint 1: a question</summary>
#
# Which of the three log-probabilities change from one inner step to the next? What is ρ in the first, and in the
# second?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Prompt [4], the policy chose 5 and the end 9, `length` 3: ids [4, 5, 9, 9], mask [False, True, True, False]. The
# logits at positions 0 and 1 judge the tokens 5 and 9; the answer for the reward is [5, 9].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The first token has no log-probability, so the mask moves with the ids. And `old` is taken once, before the loop.
#
# </details>

# %% graded="grpo_step__reward" points=2
# Looks at what the reward function is given, and at the mean reward.
world, seen = counting(3), []
def spy(prompts, answers):
    "Keeps what it was called with; each answer's reward is its length."
    seen.append((prompts, answers))
    return [float(len(a)) for a in answers]

_, mean = grpo_step(world.params, world.params, world.table, world.prompts[:2], spy, 3, 4, END, 7)
ids, mask = rollout(world.params, world.table, world.prompts[:2].repeat_interleave(3, 0), 4, END, 7)
want = [row[chosen].tolist() for row, chosen in zip(ids, mask)]
expect(len(seen), 1, on="how often the reward was called")
expect(list(seen[0]), [[[0], [0], [0], [1], [1], [1]], want],
       on="the prompts and answers that the reward was given",
       why="each prompt G times in a row; what the policy chose, the end included")
expect(mean, sum(map(len, want)) / 6, on="the mean reward", rtol=1e-5)
assert isinstance(mean, float), f"expected the mean reward as a float, got {mean!r}"
### BEGIN HIDDEN TESTS
for seed, (P, T, G, length) in enumerate([(1, 1, 5, 1), (3, 2, 4, 6), (5, 3, 2, 3)]):
    seen.clear()
    prompts = torch.randint(0, 9, (P, T), generator=torch.Generator().manual_seed(seed))
    _, mean = grpo_step(world.params, world.params, world.table, prompts, spy, G, length, END, seed + 20, 0.5, seed + 1)
    expect(len(seen), 1, on=f"how often the reward was called, with inner = {seed + 1}")
    ids, mask = rollout(world.params, world.table, prompts.repeat_interleave(G, 0), length, END, seed + 20)
    want = [row[chosen].tolist() for row, chosen in zip(ids, mask)]
    expect(list(seen[0]), [prompts.repeat_interleave(G, 0).tolist(),
                                                                        want],
           on=f"prompts and answers for P = {P}, T = {T}, G = {G}")
    expect(mean, sum(map(len, want)) / (P * G), on="the mean reward", rtol=1e-5)
_, mean = grpo_step(world.params, world.params, world.table, world.prompts, lambda p, a: [NAN, 0.25] * 8, 2, 3,
                    END, 0)
expect(mean, 0.25, on="the mean reward where half of the answers could not be judged", rtol=1e-5)
new, mean = grpo_step(world.params, world.params, world.table, world.prompts, lambda p, a: [NAN] * 16, 2, 3, END, 0)
expect(mean, 0.0, on="the mean reward where none could be judged")
expect(new, world.params, on="the parameters then", rtol=0, atol=1e-7)
_, mean = grpo_step(world.params, world.params, world.table, world.prompts, lambda p, a: [0.1, 0.7] * 8, 2, 3, END, 0)
expect(mean, 0.4, on="the mean of rewards 0.1 and 0.7", rtol=1e-5)
### END HIDDEN TESTS

# %% graded="grpo_step__step" points=3
# Looks at the new parameters, after one and after several inner steps.
world = counting(1)
new, mean = grpo_step(world.params, world.params, world.table, world.prompts, lambda p, a: [0.3] * 32, 4, 3, END, 0)
expect(new, world.params, on="the parameters after a step in which all rewards are equal", rtol=0, atol=1e-7,
       why="no answer is better than its group")
one_token = lambda prompts, answers: [float(a[0] == 5) for a in answers]  # noqa: E731
before = policy_logits(world.params, world.table, torch.tensor([[2]])).softmax(-1)[0, 0, 5].item()
new, mean = grpo_step(world.params, world.params, world.table, torch.tensor([[2]]), one_token, 64, 1, END, 0, 0.5)
after = policy_logits(new, world.table, torch.tensor([[2]])).softmax(-1)[0, 0, 5].item()
assert 0 < mean < 1 and after > before + 0.01, (
    f"64 answers of one token, reward for 5: expected its probability to rise from {before:.3f}, got {after:.3f}")
### BEGIN HIDDEN TESTS
def step_by_hand(params, ref_params, table, prompts, reward, G, length, end, seed, lr=1.0, inner=1, eps_lo=0.2,
                 eps_hi=0.2,
                 beta=0.0, scale="group", agg="grpo"):
    "The definition, with a weight for each token."
    ids, mask = rollout(params, table, prompts.repeat_interleave(G, 0), length, end, seed)
    r = torch.tensor(reward(prompts.repeat_interleave(G, 0).tolist(), [row[m].tolist() for row, m in zip(ids,
                                                                                                         mask)]))
    adv = advantages_by_hand(r.double(), G, scale, 1e-4)
    m = mask[:, 1:].double()
    n = m.sum(1, keepdim=True)
    weight = m / {"grpo": len(ids) * n, "dapo": n.sum(), "dr_grpo": len(ids) * length}[agg]
    def logp(p):
        return -F.cross_entropy(policy_logits(p, table, ids)[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    old, ref, new = logp(params).detach(), logp(ref_params).detach(), params
    for _ in range(inner):
        leaves = {k: v.detach().clone().requires_grad_() for k, v in new.items()}
        lp = logp(leaves)
        ratio, a = (lp - old).exp(), adv[:, None].to(lp.dtype)
        per = -torch.minimum(ratio * a, ratio.clamp(1 - eps_lo,
                                                    1 + eps_hi) * a) + beta * ((ref - lp).exp() - 1 - (ref - lp))
        grads = torch.autograd.grad((per * weight.to(lp.dtype)).sum(), [leaves["embed"], leaves["mix"]])
        new = {k: leaves[k].detach() - lr * g for k, g in zip(("embed", "mix"), grads)}
    return new, float(r[~r.isnan()].mean())

def uneven(prompts, answers):
    "Rewards without a pattern, some of them NaN."
    return [NAN if (sum(a) + i) % 11 == 0 else ((7 * a[0] + 3 * len(a) + p[0] + i) % 13) / 4 for i, (p, a) in
            enumerate(zip(prompts, answers))]

def doubled(world):
    return {k: v.double() for k, v in world.params.items()}, world.table.double()

for seed, options in enumerate([dict(), dict(lr=3.0, inner=4), dict(lr=0.5, inner=3, eps_lo=0.02, eps_hi=0.05),
                                dict(beta=0.7), dict(inner=2, beta=0.3, scale="none", agg="dr_grpo"),
                                dict(inner=3, scale="batch", agg="dapo", eps_lo=0.3, eps_hi=0.01),
                                dict(inner=2, lr=0.02, beta=40.0)]):
    params, table = doubled(counting(seed))
    other = {k: v + 0.1 * drawn(*v.shape, seed=seed) for k, v in params.items()}
    prompts = torch.randint(0, 9, (3, 2), generator=torch.Generator().manual_seed(seed))
    want = step_by_hand(params, other, table, prompts, uneven, 5, 4, END, seed, **options)
    check(grpo_step, params, other, table, prompts, uneven, 5, 4, END, seed, **options, want=want, rtol=1e-4,
          atol=1e-6,
          why=f"with {options or 'the defaults'}")
(params, table), prompts = doubled(counting(6)), torch.tensor([[2, 2, 2], [4, 2, 1], [0, 7, 2], [2, 2, 8]])
check(grpo_step, params, params, table, prompts, uneven, 5, 60, 2, 1, agg="dr_grpo", rtol=1e-4, atol=1e-7,
      want=step_by_hand(params, params, table, prompts, uneven, 5, 60, 2, 1, agg="dr_grpo"),
      why="max_len is `length`, however short the longest answer is")
world = counting(2)
given = (world.params, world.params, world.table, prompts, uneven, 6, 3, 2, 5, 0.3, 3)
check(grpo_step, *given, beta=2.0, want=step_by_hand(*given, beta=2.0), rtol=1e-3, atol=1e-4,
      why="in float32, with 2 as the end token: where it stands in a prompt nobody chose it")
### END HIDDEN TESTS

# %% graded="grpo_step__learns" points=2
# Looks at sixty steps in a row on the counting task.
world = counting(0)
params = world.params
for step in range(60):
    params, mean = grpo_step(params, world.params, world.table, world.prompts, partial_reward, 16, 3, END, step,
                             1.0, 2)
assert mean > 1.1, f"expected a mean reward above 1.1 (of 1.5) after sixty steps, got {mean:.2f}"
ids, mask = rollout(params, world.table, world.prompts.repeat_interleave(20, 0), 3, END, 1000)
share = sum(right(list(row[:1]), row[m].tolist()) for row, m in zip(ids, mask)) / 160
assert share > 0.6, f"expected more than 60 % right answers after sixty steps, got {share:.0%}"

# %% graded="grpo_step__inplace" points=1
# Looks at the arguments after the call, and whose memory the new parameters are.
world = counting(4)
kept = {name: p.clone() for name, p in world.params.items()}
new, mean = grpo_step(world.params, world.params, world.table, world.prompts, partial_reward, 8, 2, END, 3, 1.0, 2)
expect(world.params, kept, on="params after grpo_step", rtol=0, atol=0,
       why="the caller still needs them: they are the reference, too")
assert (new["mix"] - kept["mix"]).abs().max() > 1e-4, "expected new parameters that have moved"
### BEGIN HIDDEN TESTS
given = (kept, counting(5).params, world.table, world.prompts, partial_reward, 8, 2, END, 3)
_, mean = step_by_mean = grpo_step(*given)
unchanged(grpo_step, *given, 0.0, 3, 0.2, 0.2, 0.5, want=(kept, mean), rtol=0, atol=1e-6)
fresh(grpo_step, *given, 0.0, want=(kept, mean), rtol=0, atol=1e-6,
      why="with lr = 0 nothing moves, but the memory is new")
fresh(grpo_step, *given[:4], lambda prompts, answers: [0.5] * len(answers), 4, 2, END, 3, want=(kept, 0.5), rtol=0, atol=1e-6,
      why="with equal rewards nothing moves, but the memory is new")
### END HIDDEN TESTS

# %% tags=["picture"]
alignment.learning(grpo_step, strict_reward, partial_reward)

# %% [markdown]
# Your step, 100 times, from three random policies; about 3 seconds. Left, the reward is 1 for a right answer and 0
# for any other. Right, half a point more for the right number in front. Drawn is the share of right answers, and in
# grey the share of groups whose rewards were all equal. With the strict reward some prompts never see a right answer:
# their groups are silent, and while the others are learnt, the policy loses the variety by which it could have found
# one. On the right most groups are silent in the end because all their answers are right; a policy that stays below
# 100 % is left with a prompt after which it ends at once, silent at 0. **Reward that is too rare teaches nothing**:
# start from SFT, from easier prompts, or give credit for parts, and watch what the partial credit teaches.
#
# ## 10 · The experiment: which proxies break?
#
# Answers have a gold score, drawn from N(0, 1), and the proxy is gold plus an error of the reward model. Two reward
# models: one with **normal** errors, N(0, 1), and one with **heavy** ones, Student's t with two degrees of freedom:
# mostly as small, now and then very large. We take the best of 16 and the best of 512 by the proxy, with your
# `best_of_n_gold`. It takes about 2 seconds. **Predict before you run it**: order the four by the *gold* of what
# they keep, the highest first. One point for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # "normal 16", "normal 512", "heavy 16", "heavy 512", the highest gold first
### BEGIN SOLUTION
prediction = ["normal 512", "normal 16", "heavy 16", "heavy 512"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["normal 16", "normal 512", "heavy 16", "heavy 512"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["normal 16", "normal 512", "heavy 16", "heavy 512"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["normal 512", "normal 16", "heavy 16", "heavy 512"],
          "Is an answer with a very high proxy very good, or very wrongly judged? Ask that of both errors.")
### END HIDDEN TESTS

# %% tags=["experiment"]
def best_of(error: str, n: int, rng: np.random.Generator, M: int = 4096) -> tuple[float, float]:
    "Gold and proxy of the best of n by a proxy with this kind of error."
    gold = rng.standard_normal(M)
    proxy = gold + (rng.standard_normal(M) if error == "normal" else rng.standard_t(2, M))
    proxy, gold = torch.from_numpy(proxy), torch.from_numpy(gold)
    return best_of_n_gold(proxy, gold, n), best_of_n_gold(proxy, proxy, n)

table = alignment.two_proxies(best_of, bon_kl, prediction=prediction)

# %% [markdown]
# - Right: both proxies rise to the last n. Left: is that so of both golds? Could you have told from the right
#   picture alone?
# - Think of the *tail* of the error: among the answers with the very highest proxy, does gold or error explain the
#   height?
# - Two reward models have the same accuracy on pairs of answers. What else would you measure before you put one
#   under pressure, and on which answers?
# - What this does not show: RL, which moves further than best of n and shifts the answers themselves.
#
# ## 11 · Feel it: pressure on a proxy
#
# Choose the tail of the error (degrees of freedom of Student's t), its size, and how many answers to choose from.
# Where is the best n, and how does it move when the reward model gets twice as good?

# %% tags=["widget"]
alignment.widget(best_of_n_gold, bon_kl)

# %% [markdown]
# ## 12 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="run"
# You train a 7 B model on mathematics with GRPO: G = 16, rewards 1 for a right answer and 0.1 for the right form,
# symmetric clip of 0.2, β = 0, four inner steps a batch, `agg="grpo"`. After 300 steps the mean reward has risen
# from 0.2 to 0.6, the mean length of *wrong* answers has tripled, the entropy of the policy has collapsed, 70 % of
# the groups have equal rewards, and accuracy on held-out problems stands still since step 150. Write, in about 15
# lines:
#
# 1. Why a group of equal rewards teaches nothing, and what you do about the 70 %.
# 2. What makes wrong answers long, with the weight of a token, and which change you make.
# 3. What the clip has to do with the entropy, with numbers for a token of probability 0.01, and what the four inner
#    steps do to the ratio.
# 4. Reward up, held-out accuracy flat: name two explanations and how you would tell them apart. Which two of the
#    guards of part 8 do you add?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Silent groups**: advantage = reward minus the group's mean = 0 for all, so no gradient (unless KL). Sample on
#   until groups are mixed (dynamic sampling), choose prompts of medium difficulty, partial credit for those never
#   solved. (Half a point without a remedy.)
# - **Length**: a token weighs 1/(N · its answer's length), so a wrong answer of 1,000 tokens is pushed down a
#   hundred times more weakly a token than one of 10. Weight all tokens alike (`"dapo"`, `"dr_grpo"`); treat cut-off
#   answers apart.
# - **Clip**: upper edge 0.012 for 0.01; rare tokens lose their gradient first, so exploration dies. Raise the upper
#   edge alone (0.28: 0.0128). Inner steps: old stays fixed, ρ leaves 1, more is clipped and the rest is noisier;
#   fewer inner steps, watch clipfrac and KL to old. (Half a point for one of the two.)
# - **Hacking or memorising**: form points or gaps of the checker against training prompts learnt by heart. Tell
#   apart: read rewarded answers, a stricter or second checker, accuracy on training prompts by that checker against
#   held-out. Two guards: stop by held-out accuracy, KL penalty, fresh prompts, stricter checks, samples read by
#   people.
#
# === END MARK SCHEME ===

# %% [markdown] written="run" points=4
# ### BEGIN SOLUTION
# 1. The advantage is the reward minus the group's mean: if all 16 are right or all wrong it is 0 for each, and with
#    beta = 0 there is no gradient. So 70 % of the samples are paid for and unused. I would sample until enough
#    groups are mixed (dynamic sampling), drop prompts that are always solved, and give partial credit or easier
#    prompts where nothing is ever right.
# 2. Under agg = "grpo" a token of answer i weighs 1 / (N * length). A wrong answer of 1,000 tokens gets a hundredth
#    of the push a token of one with 10. Being long is cheap when wrong. I take "dapo" or "dr_grpo", where all
#    tokens weigh the same, and mask answers that were cut off.
# 3. With eps = 0.2 a token of probability 0.01 loses its gradient at 0.012, after a gain of 0.002; a token of 0.9
#    never meets the upper edge. Rare tokens cannot grow, so entropy falls. I raise the upper edge to 0.28 and leave
#    the lower. With four inner steps the ratio is 1 only in the first; later more tokens are clipped and stale. I
#    go to one or two and stop early by the KL to old.
# 4. Either the policy exploits the reward (form points, gaps in the checker) or it learns training problems by
#    heart. Run a second, stricter checker on training answers: if accuracy falls there, it is hacking; if it stays
#    high on training and flat on held-out, memorising. Guards: stop by held-out accuracy, read the answers of
#    highest reward, a small KL penalty, new problems.
# ### END SOLUTION

# %% [markdown]
# ## 13 · Say it: interview cards
#
# Say your answer aloud, then unfold. First a table for the last question.
#
# | you want | take first | because |
# |---|---|---|
# | facts that are new, change, or need a source | retrieval (RAG) | weights can be neither updated nor cited |
# | a format, a tone, a task with good examples | SFT, with adapters | some hundred examples may do |
# | what is easier to judge than to show | DPO on pairs (section 06) | offline, no sampling |
# | results that a program can check | GRPO with the check | the policy finds its own way to them |
# | a *small* model that reasons | distillation from a large one | the R1 report found it better than RL |
# | a judgement that shifts with the policy | RLHF: PPO or GRPO, fresh comparisons | on-policy, and dear |
#
# RAG is retrieval-augmented generation: text is fetched and put into the prompt. They combine, and prompting comes
# before all of them.

# %% [markdown] card="18.1" level="basic"
# <details><summary>What is RLHF, and why is it needed?</summary>
#
# - Three stages: SFT; a reward model from people's comparisons; RL that maximises reward minus
#   $\beta\,\mathrm{KL}(\pi_\theta \| \pi_\text{ref})$.
# - Why: pre-training continues text, it does not help. Comparing is easier than writing; imitation never says what
#   not to do; the policy learns from its own mistakes.
# - Reward comes once, at the answer's last token; PPO charges KL at each token, inside the reward.
# - Kin: RLAIF (a model compares), Constitutional AI (a model criticises by principles; no output filter), RLVR (a
#   program checks).
# - Slip: "the reward model is the goal". It is a proxy.
#
# </details>

# %% [markdown] card="18.2" level="medium"
# <details><summary>What is the difference between PPO and DPO?</summary>
#
# - **PPO**: on-policy. Samples, rewards, advantages by a critic (GAE), ratio $\pi_\theta/\pi_\text{old}$ clipped to
#   1 ± 0.2. Not $\pi_\theta/\pi_\text{ref}$: the reference is in the KL alone.
# - **DPO**: offline, a classification loss on pairs, no sampling, no reward model, no critic (section 06).
# - Memory with Adam: PPO 2 trained + 2 frozen networks, 36 bytes a parameter; DPO 18. 252 against 126 GB at 7 B,
#   before activations.
# - Quality: well-tuned PPO was ahead of DPO in one careful study (Xu et al. 2024, arXiv 2404.10719). On-policy
#   against offline explains more than the loss.
# - Slip: the clip is no wall, and it cuts on one side: a token that moved the wrong way keeps its gradient.
#
# </details>

# %% [markdown] card="18.3" level="medium"
# <details><summary>What is GRPO, the method from DeepSeek?</summary>
#
# - From DeepSeekMath (February 2024); R1 made it known. G answers a prompt; advantage = (reward − group mean) /
#   (group deviation + ε), the same for every token.
# - Drops the critic. Keeps the reward, PPO's clip and a KL penalty, $k_3$ in the loss.
# - Equal rewards in a group: no gradient.
# - Biases: length (1/|y| a token), difficulty (1/deviation). Dr. GRPO removes both; DAPO averages over tokens,
#   raises the upper clip to 0.28, samples until groups are mixed. GSPO: one ratio for the whole answer.
# - "93 % less compute": no source. It saves the critic's memory; sampling dominates.
#
# </details>

# %% [markdown] card="18.4" level="medium"
# <details><summary>What is reward hacking, and how do you avoid it?</summary>
#
# - The proxy rises, the gold does not: longer answers, flattery, gaps of the checker.
# - Gao et al.: gold $d(\alpha - \beta d)$ for best of n, $d = \sqrt{\mathrm{KL}}$: up, then down, while the proxy
#   rises on.
# - Against it: KL penalty, early stopping by a *gold* measure, ensembles, fresh comparisons from the current
#   policy, strict checkers, reading the answers of highest reward.
# - A checked reward removes the reward model's errors, not the checker's gaps, nor right answers from wrong
#   reasoning.
# - No single cure: measure gold beside the proxy, all along.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>KL in the reward or in the loss? Which estimator?</summary>
#
# - $k_1 = \log\pi_\theta - \log\pi_\text{ref}$: unbiased, noisy. $k_2 = k_1^2/2$: a little biased.
#   $k_3 = e^{-k_1} - 1 + k_1$: unbiased, never negative.
# - In the reward (PPO): $k_1$, a number; right gradient, with credit for what follows.
# - In the loss: $k_1$ does nothing (mean gradient 0); $k_2$ has the gradient of
#   $\mathrm{KL}(\pi_\theta\|\pi_\text{ref})$; $k_3$ (GRPO) that of the other direction.
# - In float32 take `expm1`: differences are small.
# - β = 0 saves the reference; DAPO does so, and it is TRL 1.16.0's default.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Your samples are four updates old. What happens, and what do you watch?</summary>
#
# - ρ = $\pi_\theta/\pi_\text{old}$ leaves 1: more tokens clipped, the rest noisier. At the first inner step ρ = 1
#   and the loss is minus the mean advantage.
# - Watch: clipfrac, KL to old ($\rho - 1 - \log\rho$), held-out accuracy. Stop inner steps early.
# - old must be the log-probabilities of what *sampled*: fixed for the batch. The serving engine's differ a little
#   from the trainer's; correct for it.
# - Asymmetric clip: 0.01 may go to 0.0128 instead of 0.012.
#
# </details>

# %% [markdown] card="18.5" level="killer"
# <details><summary>When would you use RLHF, when fine-tuning, and when RAG?</summary>
#
# - **RAG** for knowledge: new, private, changing, to be cited. Not for a skill or tone.
# - **SFT** (LoRA) for form and for tasks with good examples. DPO when pairs are what you have.
# - **RL** when judging is easier than showing: a program checks (GRPO), or people compare what the current policy
#   writes.
# - For a small model that should reason: distil first. "High stakes, so PPO" is no argument; measure.
# - In order of price: prompt, RAG, SFT, DPO, RL. 16 to 36 bytes a parameter for RL, and sampling on top.
# - They combine: SFT for the form of citing, RAG for the facts, RL on whether the citation holds.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>The mean reward rises and held-out quality does not. Find out why.</summary>
#
# - Read fifty answers of the highest reward. A pattern (length, repeated phrases, several answers) is a hack.
# - Judge training answers by a second, stricter measure: falls with it, hacking; holds, memorising.
# - Plot gold and proxy against √KL: where did gold turn? Go back to that checkpoint.
# - Share of silent groups, clipfrac, entropy, length of right and of wrong answers apart.
# - Then: mend the checker, average by tokens, KL or early stopping, new prompts. One change at a time.
#
# </details>

# %% [markdown]
# ## 14 · Sources
#
# InstructGPT: Ouyang et al. 2022, arXiv 2203.02155. PPO: Schulman et al. 2017, 1707.06347. GAE: Schulman et al.
# 2015, 1506.02438. KL estimates: Schulman 2020, joschu.net/blog/kl-approx.html; Liu et al. 2025, 2510.01555. GRPO:
# Shao et al. 2024, 2402.03300. Dr. GRPO: Liu et al. 2025, 2503.20783. DAPO: Yu et al. 2025, 2503.14476.
# DeepSeek-R1: 2501.12948 and Nature 645 (2025). Overoptimisation: Gao et al. 2022, 2210.10760. Best of n: Beirami
# et al. 2024, 2401.01879; Nakano et al. 2021, 2112.09332. Constitutional AI: Bai et al. 2022, 2212.08073. PPO
# against DPO: Xu et al. 2024, 2404.10719. GSPO: Zheng et al. 2025, 2507.18071. Code: trl 1.16.0, read as published.
