# %% [markdown]
# # 06 · From preferences to a policy: RLHF, DPO, steering
#
# After this section you can answer, at a whiteboard and with code:
#
# - What do the three stages of RLHF learn, and which of them does DPO skip?
# - Where does the DPO loss come from, and what does $\beta$ really do?
# - Why can the **chosen** answers become *less* likely while the DPO loss falls?
# - What changes with label smoothing, and with IPO?
# - How do you steer a model without training it, and when is steering a few dimensions better?
#
# - How do KTO, ORPO and SimPO differ from DPO, and what does each of them need?
#
# It takes about two and a half hours. It builds on log-softmax and autograd alone; section 02 is a good warm-up. PPO,
# GAE, GRPO and KL estimators have a section of their own, 18-alignment.

# %% [markdown] house_rules

# %% [markdown]
# **Letters and units.** B pairs or sequences, T tokens, V vocabulary, K candidate answers, D model width, N and M
# examples. All logarithms are natural, so log-probabilities are in **nats**. The *policy* $\pi(y \mid x)$ is the
# model's probability of answer $y$ to prompt $x$ (which is often left out); $y_w$ is the chosen answer, the winner,
# $y_l$ the rejected one, the loser. $\mathrm{KL}(p \,\|\, q) = \sum_y p(y) \log\frac{p(y)}{q(y)}$ is 0 where $p = q$
# and positive otherwise.

# %% setup
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, unchanged, value_and_grad
from course.models.policy import policy_logits

torch.set_num_threads(1)

# %% tags=["picture"]
from course.sections import rlhf_dpo

# %% [markdown]
# ## 1 · What a preference says about a reward
#
# RLHF as InstructGPT did it (Ouyang et al. 2022, arXiv 2203.02155) has three stages.
#
# 1. **SFT**: imitate good answers. The result is also the reference $\pi_\text{ref}$ of what follows.
# 2. **Reward model**: people rank answers to the same prompt; a model learns a number per answer from the pairs.
# 3. **RL**: the policy samples answers and is pushed towards high reward, with a KL penalty that holds it near
#    $\pi_\text{ref}$.
#
# Two things are often said wrong. The clipped term of PPO, $\min(\rho_t A_t, \text{clip}(\rho_t) A_t)$ (with $\rho_t$
# the new over the old probability of token $t$, and $A_t$ its advantage: how much better it did than expected), is an
# **objective to maximise**; the loss is its negative. The KL penalty is not in that formula: InstructGPT subtracts it
# from the reward, so it acts through $A_t$; others add it as a term. And GRPO does **not** do without rewards: it drops
# the *critic*, the network that predicts what to expect, and takes the group's mean as the baseline. The reward still
# comes from a reward model (DeepSeekMath, arXiv 2402.03300, which also divides by the group's standard deviation) or
# from a rule that checks the answer (DeepSeek-R1, arXiv 2501.12948). The clip holds $\rho_t$ within
# $1 - \epsilon$ and $1 + \epsilon$, often with $\epsilon = 0.2$.
#
# Stage 2 rests on the **Bradley-Terry model**: the answer $y_w$ beats $y_l$ with probability
#
# $$P(y_w \succ y_l) = \sigma(r_w - r_l), \qquad \sigma(x) = \frac{1}{1 + e^{-x}}.$$
#
# Its negative log-likelihood is the reward model's loss. Only **differences** count: add 100 to every reward of a
# prompt and nothing changes. A reward has no zero; comparing raw rewards across prompts or models means nothing.
#
# A **margin** $m$ asks for more than winning: $r_w$ must beat $r_l + m$. Llama 2 (arXiv 2307.09288) used larger margins
# for pairs that people found clearly different.

# %% tags=["picture"]
rlhf_dpo.bradley_terry()

# %% [markdown]
# ### Exercise 06.1 · bt_loss
#
# $$L = \frac1B \sum_{i=1}^{B} -\log \sigma\big(r_w^{(i)} - r_l^{(i)} - m^{(i)}\big)$$
#
# - `r_w`, `r_l`: rewards of chosen and rejected answers, shape (B,). `margin`: one number, or a tensor (B,) with a
#   margin per pair.
# - Returns a tensor without dimensions, in the rewards' dtype, that can be differentiated with respect to **both**
#   rewards.
# - At equal rewards and margin 0 the gradient of each pair is $-1/(2B)$ for the chosen and $+1/(2B)$ for the rejected
#   reward. A formula pieced together from `abs` and `clamp` has the right value there and the wrong gradient.
# - It must be exact at differences of $\pm 10^4$: the loss is then $10^4$ or 0, and the gradient of each pair is $-1/B$
#   or 0. An infinity or a NaN in one pair would spoil the whole batch.
# - Arguments stay as they are.
#
# Source: Ouyang et al. 2022, section 3.5; margin: Touvron et al. 2023 (Llama 2), section 3.2.2.

# %% stub="bt_loss"
def bt_loss(r_w: Float[Tensor, "B"], r_l: Float[Tensor, "B"],
            margin: float | Float[Tensor, "B"] = 0.0) -> Float[Tensor, ""]:
    """Mean negative log-likelihood of the preferences under Bradley-Terry: chosen beats rejected by `margin`.

    bt_loss(tensor([1.0]), tensor([1.0])) is log 2 = 0.6931: a coin flip.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(r_w.dtype, torch.float32)
    return -F.logsigmoid(r_w.to(wide) - r_l.to(wide) - margin).mean().to(r_w.dtype)
    ### END SOLUTION
    raise NotImplementedError("bt_loss")

# %% [markdown] hints="bt_loss"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# In float32, what is `sigmoid(-200)`? And its logarithm? Which function of PyTorch computes the two steps as one?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# Rewards 3 and 1, margin 0.5: the difference is 1.5, $\sigma(1.5) = 0.8176$, the loss is $-\log 0.8176 = 0.2014$.
# With a margin of 2 the difference is 0 and the loss $\log 2$: winning by exactly the margin is a coin flip.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Take sigmoid and logarithm as one function, and the margin off the difference **before** it. The mean comes last.
#
# </details>

# %% graded="bt_loss__value" points=2
# Looks at the value against log(1 + exp(-(r_w - r_l - margin))), margins as a number and per pair.
check(bt_loss, torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0]), want=torch.tensor(0.4100374),
      why="mean over pairs of -log sigmoid(r_w - r_l): here (0.1269 + 0.6931) / 2",
      mistakes={"chosen and rejected are swapped": torch.tensor(1.4100374),
                "sum over pairs instead of the mean": torch.tensor(0.8200748),
                "a sigmoid for each reward alone": torch.tensor(1.4941542)})
check(bt_loss, torch.tensor([3.0]), torch.tensor([1.0]), 0.5, want=torch.tensor(0.2014133),
      why="the margin raises the bar: sigmoid(3 - 1 - 0.5)",
      mistakes={"the margin is added instead of subtracted": torch.tensor(0.0788897),
                "the margin is ignored": torch.tensor(0.1269280)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(61)
for B in (1, 5, 64):
    w, l = 3 * torch.randn(B, generator=g), 3 * torch.randn(B, generator=g)
    for margin in (0.0, -1.5, 2, torch.rand(B, generator=g) * 4):
        d = (w.double() - l.double() - margin).numpy()
        check(bt_loss, w, l, margin, want=torch.tensor(np.logaddexp(0, -d).mean(), dtype=torch.float32),
              why="compare with mean(log(1 + exp(-(r_w - r_l - margin))))")
    check(bt_loss, w.double() / 3, l.double() / 3, 0.25,
          want=torch.tensor(np.logaddexp(0, 0.25 - (w.double() - l.double()).numpy() / 3).mean()), rtol=1e-5, atol=1e-6,
          why="float64 rewards give a float64 loss")
    check(bt_loss, w.double() + 100, l.double() + 100, want=F.softplus(-(w.double() - l.double())).mean(), rtol=1e-4,
          why="a shift common to both rewards changes nothing")
pairs = torch.randn(7, 2, generator=g)
check(bt_loss, pairs[:, 0], pairs[:, 1], want=F.softplus(pairs[:, 1] - pairs[:, 0]).mean(),
      why="strided rewards are valid")
half = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float16)
check(bt_loss, half, -half, want=torch.tensor(np.logaddexp(0, [-4.0, 2.0, -1.0]).mean(), dtype=torch.float16),
      why="the loss keeps the rewards' dtype")
### END HIDDEN TESTS

# %% graded="bt_loss__stable" points=1
# Looks at differences far out, value and gradient.
check(bt_loss, torch.tensor([-200.0]), torch.tensor([0.0]), want=torch.tensor(200.0),
      why="far out the loss is a straight line",
      mistakes={"sigmoid underflowed to 0 before the logarithm: use logsigmoid": torch.tensor(torch.inf),
                "an epsilon inside the logarithm cuts the loss off": torch.tensor(18.420681)})
### BEGIN HIDDEN TESTS
for dtype in (torch.float32, torch.float64):
    far = torch.tensor([1e4, -1e4, 50.0, -50.0], dtype=dtype)
    zero = torch.zeros_like(far)
    check(bt_loss, far, zero, want=torch.tensor(10050 / 4, dtype=dtype), why="no pair may overflow or saturate")
    check(bt_loss, zero, far, 0.0, want=torch.tensor(10050 / 4, dtype=dtype), why="no pair may overflow or saturate")
    _, (grad,) = value_and_grad(bt_loss, far, zero)
    expect(grad, torch.tensor([0.0, -0.25, 0.0, -0.25], dtype=dtype),
           on="the gradient of bt_loss at differences 1e4, -1e4, 50, -50",
           why="a settled pair gives 0, a very wrong one -1/B; never NaN")
check(bt_loss, torch.tensor([30.0], dtype=torch.float64), torch.zeros(1, dtype=torch.float64),
      want=torch.tensor(0.0, dtype=torch.float64), rtol=0, atol=5e-9, why="at +30 next to nothing is left")
### END HIDDEN TESTS

# %% graded="bt_loss__gradient" points=2
# Looks at the gradient with respect to both rewards.
value, grads = value_and_grad(bt_loss, torch.tensor([0.0, 0.0]), torch.tensor([0.0, 0.0]), wrt=(0, 1))
expect(value, torch.tensor(0.6931472), on="bt_loss at equal rewards")
expect(grads[0], torch.tensor([-0.25, -0.25]), on="the gradient with respect to r_w at equal rewards, B = 2",
       why="-sigmoid(0) / B: keep the graph, and take the mean")
expect(grads[1], torch.tensor([0.25, 0.25]), on="the gradient with respect to r_l at equal rewards, B = 2",
       why="what pushes r_w up pushes r_l down: do not detach it")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(62)
for B in (1, 6):
    w, l, m = (2 * torch.randn(B, generator=g) for _ in range(3))
    for margin in (0.0, 1.5, m):
        _, grads = value_and_grad(bt_loss, w, l, margin, wrt=(0, 1))
        weight = 1 / (1 + np.exp((w.double() - l.double() - margin).numpy())) / B
        for grad, sign, name in ((grads[0], -1, "r_w"), (grads[1], 1, "r_l")):
            expect(grad, torch.from_numpy(sign * weight).float(), on=f"the gradient of bt_loss with respect to {name}",
                   why="each pair's weight is sigmoid(-(r_w - r_l - margin)) / B")
### END HIDDEN TESTS

# %% graded="bt_loss__inplace" points=1
# Looks at the arguments after the call.
unchanged(bt_loss, torch.tensor([2.0, 1.0]), torch.tensor([1.0, 2.0]), 1.0, want=torch.tensor(1.4100374))
### BEGIN HIDDEN TESTS
unchanged(bt_loss, torch.tensor([2.0, 1.0]), torch.tensor([1.0, 2.0]), torch.tensor([1.0, -1.0]),
          want=torch.tensor(0.6931472))
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.margins(bt_loss)

# %% [markdown]
# ## 2 · The log-probability of an answer
#
# Everything below needs $\log \pi(y \mid x) = \sum_t \log \pi(y_t \mid x, y_{<t})$: the **sum** over the answer's
# tokens. Three slips spoil it, mostly without an error message:
#
# - **The shift.** The logits at position $t$ predict token $t + 1$. The first token is predicted by nothing, the last
#   row of logits predicts nothing that we have.
# - **The mask.** Prompt and padding do not belong to the answer. Their labels hold a mark, often -100.
# - **The mean.** DPO wants the sum. It makes long answers matter more: their log-ratios are larger. Keep that in mind
#   for IPO.
#
# ### Exercise 06.2 · sequence_logprob
#
# - `logits` (B, T, V), `labels` (B, T) integer token ids, aligned with the input: `labels[b, t]` is the token **at** t.
# - A label equal to `ignore` does not count, wherever it stands: in the prompt, in the padding, in the middle (a tool's
#   output). `ignore` may be any integer, a valid token id too. (Many tokenizers pad with the end token; with that as
#   `ignore` the answer's own end is not scored either, so in real work mark padding by position.)
# - Returns `(logp, count)`: the sum of the log-probabilities (B,) in the dtype of `logits`, and the number of tokens
#   that went into it (B,), integers.
# - T = 1, or a row with nothing to score, gives 0 and 0.
# - Very unlikely tokens have finite log-probabilities ($-200$, say). A logit of $-\infty$ at an ignored position must
#   not matter (a vocabulary mask may have put it there); at a token that is scored it makes the sum $-\infty$.
# - Differentiable with respect to `logits`; arguments stay as they are.
#
# Source: `_get_batch_logps` in the authors' code of DPO (Rafailov et al. 2023, arXiv 2305.18290;
# eric-mitchell/direct-preference-optimization), with `ignore` and the count added.

# %% stub="sequence_logprob"
def sequence_logprob(logits: Float[Tensor, "B T V"], labels: Int[Tensor, "B T"],
                     ignore: int = -100) -> tuple[Float[Tensor, "B"], Int[Tensor, "B"]]:
    """Sum of log-probabilities of the labels that are not `ignore`, and how many they are.

    The logits at t predict labels[:, t + 1]. With all logits equal, V = 4 and labels [[7, 7, 1, 2]], ignore = 7:
    the sum is 2 * log(1/4) = -2.7726 and the count 2.
    """
    ### BEGIN SOLUTION
    targets = labels[:, 1:]
    scored = targets != ignore
    logp = logits[:, :-1].to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(-1)
    picked = logp.gather(-1, targets.masked_fill(~scored, 0).unsqueeze(-1)).squeeze(-1)
    return picked.masked_fill(~scored, 0).sum(-1).to(logits.dtype), scored.sum(-1)
    ### END SOLUTION
    raise NotImplementedError("sequence_logprob")

# %% [markdown] hints="sequence_logprob"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# For T = 5, how many tokens can be scored at most? Which rows of the logits predict them? What happens to
# `gather` when an index is -100, and what is $0 \cdot (-\infty)$?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# `labels = [[-100, -100, 4, 9, -100]]`: the prompt has two tokens, the answer is 4, 9, then padding. Token 4 stands at
# t = 2 and is predicted by `logits[0, 1]`; token 9 by `logits[0, 2]`. The answer's log-probability is
# `log_softmax(logits[0, 1])[4] + log_softmax(logits[0, 2])[9]`, the count is 2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A label that does not count must not be used as an index: put a harmless id in its place, and **replace** what was
# picked there by 0. Multiplying by a mask turns $-\infty$ into NaN.
#
# </details>

# %% graded="sequence_logprob__shift" points=2
# Looks at which row of logits predicts which token; shapes, strides and dtypes.
logits = torch.log(torch.tensor([[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]]))
logp, count = sequence_logprob(logits, torch.tensor([[0, 2, 1]]))
expect(logp, torch.log(torch.tensor([0.7 * 0.3])), on="the sum of sequence_logprob for labels [[0, 2, 1]]",
       why="the row at t = 0 predicts token 2 (0.7), the row at t = 1 predicts token 1 (0.3)",
       mistakes={"no shift: the row at t was read as predicting token t": torch.log(torch.tensor([0.1 * 0.2 * 0.2])),
                 "shifted the wrong way": torch.log(torch.tensor([0.5 * 0.6])),
                 "mean over tokens instead of the sum": torch.log(torch.tensor([0.7 * 0.3])) / 2})
expect(count.tolist(), [2], on="the count of sequence_logprob for labels [[0, 2, 1]]",
       why="nothing predicts the first token")
### BEGIN HIDDEN TESTS
def oracle(logits, labels, ignore):
    x, sums, counts = logits.double().numpy(), [], []
    for row, tokens in zip(x, labels.tolist()):
        terms = [row[t - 1, tokens[t]] - np.logaddexp.reduce(row[t - 1])
                 for t in range(1, len(tokens)) if tokens[t] != ignore]
        sums.append(sum(terms))
        counts.append(len(terms))
    return torch.tensor(sums, dtype=torch.float64).to(logits.dtype), counts

g = torch.Generator().manual_seed(63)
for B, T, V in ((1, 2, 5), (3, 7, 11), (4, 6, 3), (2, 12, 50)):
    logits, labels = 3 * torch.randn(B, T, V, generator=g), torch.randint(0, V, (B, T), generator=g)
    want, counts = oracle(logits, labels, -100)
    logp, count = sequence_logprob(logits, labels)
    expect(logp, want, on=f"the sum of sequence_logprob at B, T, V = {B}, {T}, {V}",
           why="every token but the first, summed")
    assert not count.is_floating_point(), f"expected an integer count, got {count.dtype}"
    expect(count.tolist(), counts, on=f"the count of sequence_logprob at B, T, V = {B}, {T}, {V}")
for B, T in ((3, 2), (1, 3), (2, 6)):  # two tokens: one is scored
    logits, labels = torch.randn(B, T, 5, generator=g, dtype=torch.float64), torch.randint(0, 5, (B, T), generator=g)
    logp, count = sequence_logprob(logits, labels)
    expect(logp, oracle(logits, labels, -100)[0], on=f"the sum of sequence_logprob for float64 logits, B, T = {B}, {T}",
           rtol=1e-5, atol=1e-6, why="shape (B,) in the dtype of the logits, whatever T is")
    expect(count.tolist(), [T - 1] * B, on=f"the count of sequence_logprob, B, T = {B}, {T}")
logits = torch.randn(11, 7, 3, generator=g).permute(2, 1, 0)  # strided
labels = torch.randint(0, 11, (7, 3), generator=g).T
expect(sequence_logprob(logits, labels)[0], oracle(logits, labels, -100)[0], on="sequence_logprob of strided arguments")
half = torch.randn(2, 6, 9, generator=g).half()
labels = torch.randint(0, 9, (2, 6), generator=g)
expect(sequence_logprob(half, labels)[0], oracle(half, labels, -100)[0], on="sequence_logprob of float16 logits",
       why="the sum keeps the logits' dtype")
### END HIDDEN TESTS

# %% graded="sequence_logprob__mask" points=2
# Looks at prompt, padding and gaps that do not count, for several values of ignore.
labels = torch.tensor([[-100, -100, 4, 9, -100], [-100, 3, 1, 0, 2]])
logp, count = sequence_logprob(torch.zeros(2, 5, 10), labels)
expect(logp, torch.tensor([2, 4]) * torch.log(torch.tensor(0.1)),
       on="the sum for equal logits, V = 10, with prompt and padding masked",
       why="2 and 4 tokens at log(1/10) each",
       mistakes={"ignored positions were scored as token 0": torch.tensor([4, 4]) * torch.log(torch.tensor(0.1)),
                 "mean over tokens instead of the sum": torch.tensor([1, 1]) * torch.log(torch.tensor(0.1)),
                 "summed over the batch too": 6 * torch.log(torch.tensor(0.1))})
expect(count.tolist(), [2, 4], on="the count with prompt and padding masked", why="only tokens that were scored count")
### BEGIN HIDDEN TESTS
def oracle(logits, labels, ignore):
    x, sums, counts = logits.double().numpy(), [], []
    for row, tokens in zip(x, labels.tolist()):
        terms = [row[t - 1, tokens[t]] - np.logaddexp.reduce(row[t - 1])
                 for t in range(1, len(tokens)) if tokens[t] != ignore]
        sums.append(sum(terms))
        counts.append(len(terms))
    return torch.tensor(sums, dtype=torch.float64).to(logits.dtype), counts

g = torch.Generator().manual_seed(64)
for ignore in (-100, -1, 0, 7, 12, 5000):
    for B, T, V in ((3, 8, 13), (5, 4, 13)):
        logits, labels = 2 * torch.randn(B, T, V, generator=g), torch.randint(0, V, (B, T), generator=g)
        labels[torch.rand(B, T, generator=g) < 0.4] = ignore  # also in the middle
        labels[0] = ignore
        want, counts = oracle(logits, labels, ignore)
        logp, count = sequence_logprob(logits, labels, ignore)
        expect(logp, want, on=f"the sum with ignore={ignore}, labels {labels.tolist()}",
               why=f"positions with label {ignore} do not count, all others do")
        expect(count.tolist(), counts, on=f"the count with ignore={ignore}, labels {labels.tolist()}")
### END HIDDEN TESTS

# %% graded="sequence_logprob__edges" points=1
# Looks at a lone token, very unlikely tokens, logits of minus infinity.
logp, count = sequence_logprob(torch.zeros(2, 1, 4), torch.tensor([[1], [2]]))
expect(logp, torch.zeros(2), on="the sum for T = 1", why="nothing predicts a lone token")
expect(count.tolist(), [0, 0], on="the count for T = 1")
logits = torch.tensor([[[0.0, -200.0], [0.0, 0.0]]])
expect(sequence_logprob(logits, torch.tensor([[0, 1]]))[0], torch.tensor([-200.0]),
       on="the sum for logits [0, -200] and token 1",
       why="softmax underflows in float32 before the logarithm sees it: use log_softmax",
       mistakes={"log of a softmax that underflowed": torch.tensor([-torch.inf])})
### BEGIN HIDDEN TESTS
logits = torch.zeros(1, 4, 5)
logits[0, 0, [0, 1, 3, 4]] = -torch.inf  # predicts the token at 1, which is ignored
logits[0, 3, 0] = -torch.inf  # predicts nothing
for ignore in (-100, 0, 3):
    logp, count = sequence_logprob(logits, torch.tensor([[1, ignore, 2, 4]]), ignore)
    expect(logp, torch.tensor([2.0]) * torch.log(torch.tensor(0.2)),
           on=f"the sum with -inf logits at an ignored position, ignore={ignore}",
           why="replace what is ignored by 0; multiplying -inf by 0 gives NaN")
    expect(count.tolist(), [2], on="the count with -inf logits at an ignored position")
_, (grad,) = value_and_grad(sequence_logprob, logits, torch.tensor([[1, 0, 2, 4]]), 0, output=0)
expect(grad[0, [0, 3]], torch.zeros(2, 5), on="the gradient in the rows of logits that score nothing and hold -inf",
       why="what does not count gets a gradient of 0, and no NaN")
logits = torch.tensor([[[1e4, 0.0, -1e4], [0.0, 500.0, 0.0]]])
expect(sequence_logprob(logits, torch.tensor([[0, 2]]))[0], torch.tensor([-2e4]),
       on="the sum at logits of 1e4 and token 2")
banned = torch.tensor([[[0.0, 0.0, 0.0], [0.0, 0.0, -torch.inf], [0.0, 0.0, 0.0]]])
expect(sequence_logprob(banned, torch.tensor([[1, 0, 2]]))[0], torch.tensor([-torch.inf]),
       on="the sum where a scored token has logit -inf", why="an impossible token makes the answer impossible")
logp, count = sequence_logprob(logits, torch.tensor([[0, 0]]))
expect(logp, torch.tensor([0.0]), on="the sum at logits of 1e4 and token 0")
expect(count.tolist(), [1], on="the count at logits of 1e4 and token 0",
       why="a token that is certain adds 0 to the sum, and 1 to the count")
logp, count = sequence_logprob(torch.randn(3, 6, 4), torch.full((3, 6), -100))
expect(logp, torch.zeros(3), on="the sum where every label is ignored", why="an empty sum is 0, not NaN")
expect(count.tolist(), [0, 0, 0], on="the count where every label is ignored")
### END HIDDEN TESTS

# %% graded="sequence_logprob__gradient" points=2
# Looks at the gradient with respect to the logits.
_, (grad,) = value_and_grad(sequence_logprob, torch.zeros(1, 3, 4), torch.tensor([[-100, 2, -100]]), output=0)
expect(grad, torch.tensor([[[-0.25, -0.25, 0.75, -0.25], [0.0] * 4, [0.0] * 4]]),
       on="the gradient of the sum with respect to equal logits, labels [[-100, 2, -100]]",
       why="one-hot minus softmax in the row that predicts the token, 0 in all others: keep the graph")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(65)
for ignore in (-100, 4):
    for B, T, V in ((2, 5, 7), (3, 4, 6)):
        logits, labels = torch.randn(B, T, V, generator=g), torch.randint(0, V, (B, T), generator=g)
        labels[torch.rand(B, T, generator=g) < 0.3] = ignore
        want = torch.zeros(B, T, V, dtype=torch.float64)
        for b in range(B):
            for t in range(1, T):
                if labels[b, t] != ignore:
                    want[b, t - 1] -= logits[b, t - 1].double().softmax(0)
                    want[b, t - 1, labels[b, t]] += 1
        value, (grad,) = value_and_grad(sequence_logprob, logits, labels, ignore, output=0)
        expect(grad, want.float(), on=f"the gradient of sequence_logprob, labels {labels.tolist()}, ignore={ignore}",
               why="one-hot minus softmax where a token is scored, 0 elsewhere")
### END HIDDEN TESTS

# %% graded="sequence_logprob__inplace" points=1
# Looks at the arguments after the call.
labels = torch.tensor([[-100, 1, -100]])
before = labels.clone()
logits = torch.zeros(1, 3, 4)
logp, count = sequence_logprob(logits, labels)
expect(labels, before, on="the labels after sequence_logprob",
       why="work on a copy: the caller still needs what it passed in")
expect(logits, torch.zeros(1, 3, 4), on="the logits after sequence_logprob", why="work on a copy")
expect(logp, torch.log(torch.tensor([0.25])), on="the sum for equal logits, V = 4, one token scored")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(66)
logits, labels = torch.randn(2, 5, 4, generator=g), torch.tensor([[3, 3, 1, 2, 3], [0, 3, 3, 1, 1]])
kept = logits.clone(), labels.clone()
logp, count = sequence_logprob(logits, labels, 3)
expect(logits, kept[0], on="the logits after sequence_logprob with ignore=3", rtol=0, atol=0)
expect(labels, kept[1], on="the labels after sequence_logprob with ignore=3")
expect(count.tolist(), [2, 2], on="the count with ignore=3")
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.sums_grow(sequence_logprob)

# %% [markdown]
# ## 3 · From the KL-constrained optimum to the DPO loss
#
# Stage 3 of RLHF maximises, for each prompt, expected reward (called $u$ from here on) minus a price for leaving the
# reference:
#
# $$J(\pi) = \mathbb E_{y \sim \pi}[u(y)] - \beta\, \mathrm{KL}(\pi \,\|\, \pi_\text{ref}).$$
#
# Put $\pi^*(y) = \pi_\text{ref}(y)\, e^{u(y)/\beta} / Z$ with $Z = \sum_y \pi_\text{ref}(y)\, e^{u(y)/\beta}$. Then, by
# writing both terms as one logarithm,
#
# $$J(\pi) = \beta \log Z - \beta\, \mathrm{KL}(\pi \,\|\, \pi^*),$$
#
# and since a KL divergence is never negative, $\pi^*$ **is** the optimum. Three things to read off. $\beta$ is the
# price of a nat of KL: large $\beta$ stays home, small $\beta$ chases reward. An answer that the reference cannot give
# stays impossible, however large its reward. And for a language model nobody can evaluate it: $Z$ sums over all
# possible answers.
#
# ### Exercise 06.3 · dpo_closed_form
#
# For a prompt with K possible answers, compute $\pi^*$.
#
# - `ref_logp`: log-probabilities of the reference, `u`: rewards, both (..., K): leading dimensions are a batch of
#   prompts. `beta` > 0, a number.
# - Returns **probabilities** (..., K) that sum to 1 along the last axis, in the dtype of `ref_logp`.
# - `ref_logp` may hold $-\infty$ (at least one entry per prompt is finite): probability 0, whatever the reward.
# - Stable down to `beta = 0.005` with rewards of size 10, and for reference log-probabilities down to $-1000$:
#   $u/\beta$ and `ref_logp` can cancel, so add them **before** you exponentiate.
#
# Source: Rafailov et al. 2023, equation 4 and appendix A.1.

# %% stub="dpo_closed_form"
def dpo_closed_form(ref_logp: Float[Tensor, "*batch K"], u: Float[Tensor, "*batch K"],
                    beta: float) -> Float[Tensor, "*batch K"]:
    """The policy that maximises E[u] - beta * KL(policy || reference), as probabilities.

    A fair coin as the reference, rewards [1, 0], beta = 1: [e, 1] / (e + 1) = [0.7311, 0.2689].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(ref_logp.dtype, torch.float32)
    return (ref_logp.to(wide) + u.to(wide) / beta).softmax(-1).to(ref_logp.dtype)
    ### END SOLUTION
    raise NotImplementedError("dpo_closed_form")

# %% [markdown] hints="dpo_closed_form"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# Which familiar function exponentiates a vector, divides by the sum, and never overflows while doing so?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# Reference [0.8, 0.2], rewards [0, 1], beta = 0.5: weights $0.8 \cdot e^0 = 0.8$ and $0.2 \cdot e^2 = 1.478$, so
# $\pi^* = [0.351, 0.649]$. With beta = 0.005 the second weight is $0.2\, e^{200}$: too large for float32, but its
# logarithm is a harmless 198.4.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Add the two logarithms first. Whatever you subtract for stability is one number per prompt, not per batch.
#
# </details>

# %% graded="dpo_closed_form__value" points=2
# Looks at the policy against the formula, prompt by prompt.
check(dpo_closed_form, torch.log(torch.tensor([0.8, 0.2])), torch.tensor([0.0, 1.0]), 0.5,
      want=torch.tensor([0.3512149, 0.6487851]), why="0.8 * exp(0) against 0.2 * exp(1 / 0.5), divided by their sum",
      mistakes={"u was multiplied by beta": torch.tensor([0.7081248, 0.2918752]),
                "not normalised: divide by Z": torch.tensor([0.8, 1.4778112]),
                "the reference is left out": torch.tensor([0.1192029, 0.8807971]),
                "log-probabilities instead of probabilities": torch.tensor([-1.0463571, -0.4326538]),
                "beta tempers the reference too": torch.tensor([0.6840921, 0.3159079])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(67)
for shape in ((2,), (6,), (4, 4), (3, 7), (2, 5, 3), (3, 70)):
    for beta in (0.1, 0.7, 1, 3.0):
        ref, u = torch.randn(shape, generator=g).log_softmax(-1), torch.randn(shape, generator=g)
        weight = ref.double().exp() * (u.double() / beta).exp()
        want = (weight / weight.sum(-1, keepdim=True)).float()
        check(dpo_closed_form, ref, u, beta, want=want,
              why=f"ref * exp(u / beta) / Z at beta = {beta}, each prompt on its own")
        check(dpo_closed_form, ref, u + 5, beta, want=want, why="a reward shift common to all answers cancels in Z",
              atol=1e-4)
        check(dpo_closed_form, ref.double(), u.double(), beta, want=weight / weight.sum(-1, keepdim=True),
              rtol=1e-4, atol=1e-5, why="float64 in, float64 out")
ref = torch.randn(5, 3, generator=g).T.log_softmax(-1)
u = torch.randn(3, 10, generator=g)[:, ::2]
weight = ref.double().exp() * (u.double() / 0.5).exp()
check(dpo_closed_form, ref, u, 0.5, want=(weight / weight.sum(-1, keepdim=True)).float(),
      why="strided arguments are valid")
check(dpo_closed_form, torch.tensor([0.25, 0.75]).log().half(), torch.tensor([1.0, 0.0]).half(), 1.0,
      want=torch.tensor([0.4754, 0.5246]).half(), why="the dtype of ref_logp stays")
### END HIDDEN TESTS

# %% graded="dpo_closed_form__stable" points=2
# Looks at small beta, large rewards, answers that the reference cannot give.
check(dpo_closed_form, torch.log(torch.tensor([0.5, 0.5])), torch.tensor([5.0, 4.0]), 0.005,
      want=torch.tensor([1.0, 0.0]),
      why="exp(5 / 0.005) overflows: stay with logarithms until the end",
      mistakes={"exp(u / beta) overflowed": torch.tensor([torch.nan, torch.nan])})
check(dpo_closed_form, torch.tensor([0.0, -torch.inf]), torch.tensor([0.0, 10.0]), 0.1, want=torch.tensor([1.0, 0.0]),
      why="what the reference cannot say stays impossible, however large its reward")
### BEGIN HIDDEN TESTS
for dtype in (torch.float32, torch.float64):
    ref = torch.tensor([[-800.0, 0.0, -torch.inf], [-1000.0, -1000.0, 0.0]], dtype=dtype)  # entries of 1 up to rounding
    u = torch.tensor([[4.0, 0.0, 9.0], [5.0, 5.0, 0.0]], dtype=dtype)
    check(dpo_closed_form, ref, u, 0.005, want=torch.tensor([[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]], dtype=dtype),
          rtol=2e-3,
          why="exp(ref_logp) underflows although u / beta makes up for it: add first, exponentiate last")
    low = torch.tensor([-10.0, -9.0, -10.0], dtype=dtype)
    check(dpo_closed_form, torch.full((3,), -1.0986123, dtype=dtype), low, 0.005,
          want=torch.tensor([0.0, 1.0, 0.0], dtype=dtype),
          why="very negative rewards are as harmless as very positive ones")
    hole = torch.tensor([-torch.inf, -0.6931472, -torch.inf, -0.6931472], dtype=dtype)
    u = torch.tensor([10.0, 1.0, -10.0, 1.0], dtype=dtype)
    check(dpo_closed_form, hole, u, 0.05, rtol=1e-4, want=torch.tensor([0.0, 0.5, 0.0, 0.5], dtype=dtype),
          why="-inf is a probability of 0")
    got = dpo_closed_form(hole, u, 0.05)
    assert not got[[0, 2]].any(), f"expected exactly 0 where ref_logp is -inf, got {got.tolist()}"
    far = torch.tensor([[0.0, -1.0], [-900.0, -901.0], [-torch.inf, -700.0]], dtype=dtype)
    u = torch.tensor([[9.0, 9.0], [-9.0, -9.0], [0.0, 0.0]], dtype=dtype)
    row = [0.7310586, 0.2689414]
    check(dpo_closed_form, far, u, 0.005, want=torch.tensor([row, row, [0.0, 1.0]], dtype=dtype), rtol=2e-3,
          why="each prompt has a scale of its own: one maximum over the batch, or a floor, spoils the others")
check(dpo_closed_form, torch.tensor([-0.6931472, -0.6931472]), torch.tensor([3.0, -3.0]), 1e6,
      want=torch.tensor([0.5, 0.5]),
      why="a huge beta stays at the reference", atol=1e-4)
### END HIDDEN TESTS

# %% graded="dpo_closed_form__inplace" points=1
# Looks at the arguments after the call.
unchanged(dpo_closed_form, torch.log(torch.tensor([0.5, 0.5])), torch.tensor([1.0, 0.0]), 1.0,
          want=torch.tensor([0.7310586, 0.2689414]))
### BEGIN HIDDEN TESTS
unchanged(dpo_closed_form, torch.log(torch.tensor([[0.5, 0.5], [0.8, 0.2]])), torch.tensor([[1.0, 0.0], [0.0, 0.5]]),
          0.5,
          want=torch.tensor([[0.8807971, 0.1192029], [0.5953903, 0.4046097]]))
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.optimal_policies(dpo_closed_form)

# %% [markdown]
# ### Now turn it around
#
# Solve the optimum for the reward: $u(y) = \beta \log \frac{\pi^*(y)}{\pi_\text{ref}(y)} + \beta \log Z$. Every policy
# is the optimum of **some** reward, so read the policy itself as a reward model. In a Bradley-Terry pair only the
# difference of two rewards counts, and $\beta \log Z$, which depends on the prompt alone, drops out:
#
# $$L_\text{DPO} = -\log \sigma(m), \qquad
# m = \beta\Big[\log\tfrac{\pi(y_w)}{\pi_\text{ref}(y_w)} - \log\tfrac{\pi(y_l)}{\pi_\text{ref}(y_l)}\Big].$$
#
# That is the reward model's loss with an *implicit reward* $\beta \log(\pi / \pi_\text{ref})$. No reward model, no
# critic, no sampling. What stays: a frozen reference (its log-probabilities can be computed once and stored),
# preference data that does not follow the policy as it moves, and the belief in Bradley-Terry.
#
# **The gradient** for one pair is $-\beta\, \sigma(-m)\, [\nabla\log\pi(y_w) - \nabla\log\pi(y_l)]$. The weight
# $\sigma(-m)$ is the probability that Bradley-Terry with the implicit reward gives to the wrong order. At the start
# policy and reference are equal: $m = 0$, the loss is $\log 2 = 0.693$, and the weight is one half. So the gradient is
# **not** zero there: with respect to each $\log\pi(y_w)$ in a batch of B it is $-\beta/(2B)$.
#
# **Label smoothing** $\varepsilon$ says that a label is wrong with probability $\varepsilon$ (conservative DPO, a note
# by Eric Mitchell, 2023): $(1-\varepsilon)\,[-\log\sigma(m)] + \varepsilon\,[-\log\sigma(-m)]$. The weight becomes
# $1 - \varepsilon - \sigma(m)$, which vanishes at $m = \log\frac{1-\varepsilon}{\varepsilon}$: a finite target instead
# of a push without end.
#
# **What TRL does now** (read in its source): in 0.11.4 `label_smoothing` acted on the standard `sigmoid` loss as above;
# in 1.16.0 that loss ignores it, and only `robust`, `exo_pair`, `aot` and `aot_unpaired` read it. `robust` (arXiv
# 2403.00409) *subtracts* the flipped term and divides by $1 - 2\varepsilon$: unbiased under flipped labels, but without
# a lower bound as $m \to \infty$.

# %% tags=["picture"]
rlhf_dpo.smoothed_losses()

# %% [markdown]
# ### Exercise 06.4 · dpo_loss
#
# $$\frac1B\sum_i (1-\varepsilon)\,[-\log\sigma(m_i)] + \varepsilon\,[-\log\sigma(-m_i)], \qquad
# m_i = \beta\,[(\log\pi_w - \log\pi_l) - (\log\pi_{\text{ref},w} - \log\pi_{\text{ref},l})]_i$$
#
# - `pi_w`, `pi_l`, `ref_w`, `ref_l`: log-probabilities of whole answers (sums, in nats), each (B,). `beta` > 0 and
#   `0 <= label_smoothing < 0.5` are numbers.
# - Returns `(loss, margins)`: the mean over pairs, a tensor without dimensions, and $m$, shape (B,). Both in the dtype
#   of `pi_w`.
# - The loss can be differentiated with respect to **both** `pi_w` and `pi_l`. **No gradient reaches the reference**,
#   even if the caller forgot `torch.no_grad()`. Whether `margins` carries a graph is up to you.
# - Stable at $|m| = 10^4$. Arguments stay as they are.
#
# Source: Rafailov et al. 2023, equation 7.

# %% stub="dpo_loss"
def dpo_loss(pi_w: Float[Tensor, "B"], pi_l: Float[Tensor, "B"], ref_w: Float[Tensor, "B"], ref_l: Float[Tensor, "B"],
             beta: float, label_smoothing: float = 0.0) -> tuple[Float[Tensor, ""], Float[Tensor, "B"]]:
    """Mean DPO loss of the pairs, and their margins (differences of implicit rewards).

    Where policy and reference agree, the margins are 0 and the loss is log 2.
    """
    ### BEGIN SOLUTION
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    margins = beta * ((pi_w - pi_l) - (ref_w - ref_l).detach())
    losses = -(1 - label_smoothing) * F.logsigmoid(margins) - label_smoothing * F.logsigmoid(-margins)
    return losses.mean().to(dtype), margins.to(dtype)
    ### END SOLUTION
    raise NotImplementedError("dpo_loss")

# %% [markdown] hints="dpo_loss"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# Which two of the four numbers may receive a gradient? What is the loss, and what the gradient, before the first step?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# `pi_w = -10, pi_l = -12, ref_w = -11, ref_l = -11`, beta = 0.5. The policy prefers the chosen answer by 2 nats, the
# reference by 0: m = 0.5 * (2 - 0) = 1, the loss is $-\log\sigma(1) = 0.3133$. With smoothing 0.1 it is
# $0.9 \cdot 0.3133 + 0.1 \cdot 1.3133 = 0.4133$.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The reference's difference goes in without a graph. The flipped term of the smoothing has a logarithm of its own:
# $\log\sigma(-m)$, not $\log(1 - \sigma(m))$.
#
# </details>

# %% graded="dpo_loss__value" points=2
# Looks at loss and margins, without smoothing.
check(dpo_loss, torch.tensor([-10.0]), torch.tensor([-12.0]), torch.tensor([-11.0]), torch.tensor([-11.5]), 0.5,
      want=(torch.tensor(0.3868732), torch.tensor([0.75])), why="margin = 0.5 * ((-10 + 12) - (-11 + 11.5)) = 0.75",
      mistakes={"the reference terms are swapped": (torch.tensor(0.2519290), torch.tensor([1.25])),
                "the reference is left out": (torch.tensor(0.3132617), torch.tensor([1.0])),
                "beta stands outside the sigmoid": (torch.tensor(0.1007066), torch.tensor([0.75])),
                "margins must include beta": (torch.tensor(0.3868732), torch.tensor([1.5]))})
same = torch.tensor([-3.0, -7.0])
check(dpo_loss, same, same - 1, same, same - 1, 0.1, want=(torch.tensor(0.6931472), torch.zeros(2)),
      why="where policy and reference agree the loss is log 2",
      mistakes={"sum over pairs instead of the mean": (torch.tensor(1.3862944), torch.zeros(2))})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(68)
for B in (1, 4, 33):
    for beta in (0.01, 0.1, 0.5, 1, 2.5):
        pw, pl, rw, rl = ((-40 * torch.rand(B, generator=g) * 64).round() / 64 for _ in range(4))
        m = beta * ((pw - rw).double() - (pl - rl).double())
        want = torch.tensor(np.logaddexp(0, -m.numpy()).mean(), dtype=torch.float32)
        check(dpo_loss, pw, pl, rw, rl, beta, want=(want, m.float()),
              why=f"mean of log(1 + exp(-margin)) at beta = {beta}")
        check(dpo_loss, pw, pl, rw, rl, beta, label_smoothing=0.0, want=(want, m.float()))
        check(dpo_loss, pw.double() / 7, pl.double() / 7, rw.double() / 7, rl.double() / 7, beta,
              want=(torch.tensor(np.logaddexp(0, -m.numpy() / 7).mean()), m / 7), rtol=1e-4, atol=1e-5,
              why="float64 in, float64 out")
columns = (-20 * torch.rand(6, 4, generator=g) * 64).round() / 64
m = 0.3 * (columns[:, 0] - columns[:, 1] - columns[:, 2] + columns[:, 3]).double()
check(dpo_loss, *columns.unbind(1), 0.3, want=(F.softplus(-m).mean().float(), m.float()),
      why="strided arguments are valid")
for dtype in (torch.float16, torch.float64):
    args = [torch.tensor(x, dtype=dtype) for x in ([-8.0, -20.0], [-10.0, -16.0], [-9.0, -18.0], [-9.5, -18.0])]
    m = 0.5 * torch.tensor([1.5, -4.0], dtype=torch.float64)
    check(dpo_loss, *args, 0.5, want=(F.softplus(-m).mean().to(dtype), m.to(dtype)),
          why="loss and margins keep the dtype", rtol=5e-3 if dtype == torch.float16 else 1e-6)
### END HIDDEN TESTS

# %% graded="dpo_loss__smoothing" points=1
# Looks at loss and gradient with label smoothing.
args = [torch.tensor([x]) for x in (-10.0, -12.0, -11.0, -11.0)]
check(dpo_loss, *args, 0.5, 0.1, want=(torch.tensor(0.4132617), torch.tensor([1.0])),
      why="0.9 * -log sigmoid(1) + 0.1 * -log sigmoid(-1)",
      mistakes={"label_smoothing is ignored": (torch.tensor(0.3132617), torch.tensor([1.0])),
                "that is the robust loss: the flipped term is added here, and nothing is divided":
                    (torch.tensor(0.1882617), torch.tensor([1.0])),
                "1 - eps and eps are swapped": (torch.tensor(1.2132617), torch.tensor([1.0])),
                "smoothing mixes two losses, it does not shrink the margin":
                    (torch.tensor(0.3711007), torch.tensor([1.0]))})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(69)
for B in (1, 5):
    for eps in (0.0, 0.05, 0.2, 0.45):
        pw, pl, rw, rl = ((-30 * torch.rand(B, generator=g) * 64).round() / 64 for _ in range(4))
        m = 0.2 * ((pw - rw).double() - (pl - rl).double())
        want = ((1 - eps) * np.logaddexp(0, -m.numpy()) + eps * np.logaddexp(0, m.numpy())).mean()
        check(dpo_loss, pw, pl, rw, rl, 0.2, eps, want=(torch.tensor(want, dtype=torch.float32), m.float()),
              why=f"(1 - eps) * loss of the label + eps * loss of the flipped label, eps = {eps}")
        _, grads = value_and_grad(dpo_loss, pw, pl, rw, rl, 0.2, eps, wrt=(0, 1, 2, 3), output=0)
        for grad, sign, name in ((grads[0], -1, "pi_w"), (grads[1], 1, "pi_l")):
            expect(grad, (sign * 0.2 / B * (1 - eps - torch.sigmoid(m))).float(),
                   on=f"the gradient with respect to {name} at label_smoothing={eps}",
                   why="the weight of a pair is 1 - eps - sigmoid(margin)")
        for grad, name in zip(grads[2:], ("ref_w", "ref_l")):
            assert grad is None or not grad.any(), \
                f"expected no gradient for {name} at label_smoothing={eps}, got {grad.tolist()}: detach the reference"
### END HIDDEN TESTS

# %% graded="dpo_loss__gradient" points=3
# Looks at whom the gradient reaches, and how large it is.
same = torch.tensor([-3.0, -7.0])
_, grads = value_and_grad(dpo_loss, same, same - 1, same, same - 1, 0.1, wrt=(0, 1, 2, 3), output=0)
expect(grads[0], torch.tensor([-0.025, -0.025]),
       on="the gradient with respect to pi_w where policy = reference, beta = 0.1, B = 2",
       why="-beta / (2 B): the first step is not a standstill")
expect(grads[1], torch.tensor([0.025, 0.025]), on="the gradient with respect to pi_l where policy = reference",
       why="the rejected answer is pushed down with the same force: do not detach it")
for grad, name in zip(grads[2:], ("ref_w", "ref_l")):
    assert grad is None or not grad.any(), f"expected no gradient for {name}, got {grad.tolist()}: detach the reference"
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(70)
for B in (1, 3, 8):
    for beta in (0.05, 0.1, 1.0):
        args = [(-30 * torch.rand(B, generator=g) * 64).round() / 64 for _ in range(4)]
        m = beta * (args[0] - args[1] - args[2] + args[3]).double().numpy()
        weight = torch.from_numpy(beta / B / (1 + np.exp(m))).float()
        _, grads = value_and_grad(dpo_loss, *args, beta, wrt=(0, 1, 2, 3), output=0)
        expect(grads[0], -weight,
               on=f"the gradient with respect to pi_w, margins {np.round(m, 3).tolist()}, beta = {beta}",
               why="-beta * sigmoid(-margin) / B")
        expect(grads[1], weight,
               on=f"the gradient with respect to pi_l, margins {np.round(m, 3).tolist()}, beta = {beta}",
               why="+beta * sigmoid(-margin) / B")
        for grad, name in zip(grads[2:], ("ref_w", "ref_l")):
            assert grad is None or not grad.any(), \
                f"expected no gradient for {name}, got {grad.tolist()}: detach the reference"
### END HIDDEN TESTS

# %% graded="dpo_loss__stable" points=1
# Looks at margins of ten thousand.
zero = torch.zeros(1)
check(dpo_loss, torch.tensor([-2000.0]), zero, zero, zero, 0.5, want=(torch.tensor(1000.0), torch.tensor([-1000.0])),
      why="log(sigmoid(-1000)) underflows: use logsigmoid",
      mistakes={"sigmoid underflowed to 0 before the logarithm": (torch.tensor(torch.inf), torch.tensor([-1000.0]))})
### BEGIN HIDDEN TESTS
far, zero = torch.tensor([-2e4, 2e4, 0.0, 0.0]), torch.zeros(4)
m = torch.tensor([-1e4, 1e4, 0.0, 0.0])
check(dpo_loss, far, zero, zero, zero, 0.5, want=(torch.tensor((1e4 + 2 * 0.6931472) / 4), m),
      why="no pair may overflow")
check(dpo_loss, zero, -far, zero, zero, 0.5, 0.25, want=(torch.tensor((1e4 + 2 * 0.6931472) / 4), m),
      why="no pair may overflow")
_, (grad,) = value_and_grad(dpo_loss, far, zero, zero, zero, 0.5, output=0)
expect(grad, torch.tensor([-0.125, 0.0, -0.0625, -0.0625]), on="the gradient at margins -1e4, 1e4, 0, 0",
       why="finite everywhere")
_, (grad,) = value_and_grad(dpo_loss, far, zero, zero, zero, 0.5, 0.25, output=0)
expect(grad, torch.tensor([-0.09375, 0.03125, -0.03125, -0.03125]),
       on="the gradient at margins -1e4, 1e4, 0, 0 with label_smoothing 0.25", why="finite everywhere")
### END HIDDEN TESTS

# %% graded="dpo_loss__inplace" points=1
# Looks at the arguments after the call.
unchanged(dpo_loss, *[torch.tensor([x]) for x in (-10.0, -12.0, -11.0, -11.0)], 0.5,
          want=(torch.tensor(0.3132617), torch.tensor([1.0])))
### BEGIN HIDDEN TESTS
unchanged(dpo_loss, *[torch.tensor([x, x]) for x in (-10.0, -12.0, -11.0, -11.5)], 0.5, 0.1,
          want=(torch.tensor(0.4618732), torch.tensor([0.75, 0.75])))
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.satisfied_late(dpo_loss)

# %% [markdown]
# ## 4 · IPO: a target instead of an endless push
#
# Preferences collected once per pair are **deterministic**: $y_w$ always wins. DPO's loss then falls for ever as
# $m \to \infty$, at **any** $\beta$: with finite data nothing in the loss stops $\pi(y_l)$ from going to 0. The KL term
# that the derivation began with is there in name only. IPO (Azar et al. 2023, arXiv 2310.12036) replaces the logistic
# loss by a square:
#
# $$L_\text{IPO} = \Big(\Delta - \tfrac{1}{2\beta}\Big)^2.$$
#
# The log-ratio difference $\Delta$ has a target, $1/(2\beta)$, and a pair that overshoots is pulled back. (The paper
# writes $\tau$ for this $\beta$.) In the paper $\Delta$ is a difference of whole-answer log-ratios. Summed over tokens
# it grows with length while the target does not, so TRL 1.16.0 divides each log-ratio by its answer's token count; its
# source says that the authors confirmed this as what they ran. Then $1/(2\beta)$ is in nats **per token**: 5 at
# $\beta = 0.1$, so pick $\beta$ anew.
#
# ### Exercise 06.5 · ipo_loss
#
# $$\frac1B \sum_i \Big(\frac{[\log\pi_w - \log\pi_{\text{ref},w}]_i}{n_{w,i}}
# - \frac{[\log\pi_l - \log\pi_{\text{ref},l}]_i}{n_{l,i}} - \frac{1}{2\beta}\Big)^2$$
#
# - `pi_w`, `pi_l`, `ref_w`, `ref_l` (B,): **summed** log-probabilities. `len_w`, `len_l` (B,): token counts, integers
#   $\ge 1$, as `sequence_logprob` gives them. `beta` > 0.
# - Returns the mean over pairs, without dimensions, in the dtype of `pi_w`, differentiable with respect to **both**
#   `pi_w` and `pi_l`. The reference is frozen: no gradient reaches it.
# - Arguments stay as they are.
#
# Source: Azar et al. 2023, equation 17, with TRL's length average.

# %% stub="ipo_loss"
def ipo_loss(pi_w: Float[Tensor, "B"], pi_l: Float[Tensor, "B"], ref_w: Float[Tensor, "B"], ref_l: Float[Tensor, "B"],
             len_w: Int[Tensor, "B"], len_l: Int[Tensor, "B"], beta: float) -> Float[Tensor, ""]:
    """Mean squared distance of the length-averaged log-ratio difference from 1 / (2 beta).

    Where policy and reference agree it is 1 / (2 beta) squared: 25 at beta = 0.1.
    """
    ### BEGIN SOLUTION
    dtype, wide = pi_w.dtype, torch.promote_types(pi_w.dtype, torch.float32)
    pi_w, pi_l, ref_w, ref_l = (x.to(wide) for x in (pi_w, pi_l, ref_w, ref_l))
    gap = (pi_w - ref_w.detach()) / len_w - (pi_l - ref_l.detach()) / len_l
    return (gap - 1 / (2 * beta)).square().mean().to(dtype)
    ### END SOLUTION
    raise NotImplementedError("ipo_loss")

# %% [markdown] hints="ipo_loss"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# Chosen has 4 tokens, rejected 20. Which number divides which log-ratio? At which difference is the loss 0?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# Chosen: `pi_w - ref_w = 2` over 4 tokens, 0.5 per token. Rejected: `pi_l - ref_l = -3` over 6 tokens, -0.5 per token.
# The gap is 1. With beta = 0.25 the target is 2 and the loss $(1 - 2)^2 = 1$.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Divide before you subtract, each log-ratio by its own count. And mind the parentheses: `1 / 2 * beta` is something
# else.
#
# </details>

# %% graded="ipo_loss__value" points=2
# Looks at the value where all answers have the same length.
same = torch.tensor([-3.0, -7.0])
count = torch.tensor([2, 2])
check(ipo_loss, same, same, same, same, count, count, 0.1, want=torch.tensor(25.0),
      why="at policy = reference: (1 / (2 * 0.1)) squared",
      mistakes={"the target is 1 / (2 beta), not 1 / beta": torch.tensor(100.0),
                "1 / 2 * beta is beta / 2 in Python": torch.tensor(0.0025),
                "sum over pairs instead of the mean": torch.tensor(50.0),
                "absolute value instead of the square": torch.tensor(5.0)})
one = torch.ones(1, dtype=torch.int64)
check(ipo_loss, torch.tensor([-1.0]), torch.tensor([-4.0]), torch.tensor([-1.5]), torch.tensor([-2.0]), one, one, 0.2,
      want=torch.tensor(0.0), atol=1e-6, why="gap (0.5 - -2) = 2.5 is the target at beta = 0.2",
      mistakes={"the reference terms are swapped": torch.tensor(1.0)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(71)
for B in (1, 2, 9):
    for beta in (0.05, 0.3, 1.0, 4):
        pw, pl, rw, rl = ((-12 * torch.rand(B, generator=g) * 64).round() / 64 for _ in range(4))
        n = torch.full((B,), 4)
        gap = (pw - rw).double().numpy() / 4 - (pl - rl).double().numpy() / 4
        check(ipo_loss, pw, pl, rw, rl, n, n, beta,
              want=torch.tensor(((gap - 0.5 / beta) ** 2).mean(), dtype=torch.float32),
              why=f"mean of (gap - 1 / (2 beta)) squared, beta = {beta}, all answers 4 tokens long")
zero = torch.zeros(4)
n = torch.ones(4, dtype=torch.int64)
check(ipo_loss, torch.tensor([1.0, 2.0, 3.0, 4.0]), zero, zero, zero, n, n, 0.5, want=torch.tensor((0 + 1 + 4 + 9) / 4),
      why="a pair beyond the target is pulled back; each pair is squared on its own")
check(ipo_loss, zero.double(), zero.double(), zero.double(), zero.double(), n, n, 0.5,
      want=torch.tensor(1.0, dtype=torch.float64),
      why="the dtype of pi_w stays")
### END HIDDEN TESTS

# %% graded="ipo_loss__lengths" points=2
# Looks at answers of different lengths.
args = [torch.tensor([x]) for x in (-8.0, -12.0, -10.0, -9.0)]
check(ipo_loss, *args, torch.tensor([4]), torch.tensor([6]), 0.25, want=torch.tensor(1.0),
      why="2 nats over 4 tokens minus -3 nats over 6 tokens is 1; the target is 2",
      mistakes={"sums are used: divide each log-ratio by its own length": torch.tensor(9.0),
                "both log-ratios were divided by the chosen length": torch.tensor(0.5625),
                "each log-ratio was divided by the other answer's length": torch.tensor(0.8402778),
                "divided by the total length": torch.tensor(2.25)})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(72)
for B in (1, 3, 17):
    for beta in (0.1, 0.8):
        pw, pl, rw, rl = ((-60 * torch.rand(B, generator=g) * 64).round() / 64 for _ in range(4))
        nw, nl = torch.randint(1, 30, (B,), generator=g), torch.randint(1, 30, (B,), generator=g)
        gap = (pw - rw).double().numpy() / nw.numpy() - (pl - rl).double().numpy() / nl.numpy()
        check(ipo_loss, pw, pl, rw, rl, nw, nl, beta,
              want=torch.tensor(((gap - 0.5 / beta) ** 2).mean(), dtype=torch.float32),
              why="each log-ratio is divided by its own answer's number of tokens", rtol=1e-3)
        check(ipo_loss, pw.double() / 7, pl.double() / 7, rw.double() / 7, rl.double() / 7, nw, nl, beta,
              want=torch.tensor(((gap / 7 - 0.5 / beta) ** 2).mean()), rtol=1e-3, why="float64 in, float64 out")
for dtype in (torch.float16, torch.bfloat16):  # every step is exact
    check(ipo_loss, *(x.to(dtype) for x in args), torch.tensor([4]), torch.tensor([6]), 0.25,
          want=torch.tensor(1.0, dtype=dtype), why="the dtype of pi_w stays, whatever that of the counts")
### END HIDDEN TESTS

# %% graded="ipo_loss__gradient" points=2
# Looks at whom the gradient reaches, and how large it is.
zero = torch.zeros(1)
_, grads = value_and_grad(ipo_loss, zero, zero, zero, zero, torch.tensor([2]), torch.tensor([4]), 0.5, wrt=(0, 1, 2, 3))
expect(grads[0], torch.tensor([-1.0]), on="the gradient with respect to pi_w at gap 0, target 1, lengths 2 and 4",
       why="2 * (gap - target) / len_w")
expect(grads[1], torch.tensor([0.5]), on="the gradient with respect to pi_l at gap 0, target 1, lengths 2 and 4",
       why="-2 * (gap - target) / len_l: do not detach the rejected answer")
for grad, name in zip(grads[2:], ("ref_w", "ref_l")):
    assert grad is None or not grad.any(), \
        f"expected no gradient for {name}, got {grad.tolist()}: the reference is frozen"
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(73)
for B in (1, 6):
    for beta in (0.1, 0.5):
        args = [(-30 * torch.rand(B, generator=g) * 64).round() / 64 for _ in range(4)]
        nw, nl = torch.randint(1, 12, (B,), generator=g), torch.randint(1, 12, (B,), generator=g)
        miss = (args[0] - args[2]).double() / nw - (args[1] - args[3]).double() / nl - 0.5 / beta
        _, grads = value_and_grad(ipo_loss, *args, nw, nl, beta, wrt=(0, 1, 2, 3))
        expect(grads[0], (2 * miss / nw / B).float(), on=f"the gradient with respect to pi_w, beta = {beta}", rtol=1e-3,
               atol=1e-4,
               why="2 * (gap - target) / (len_w * B); it changes sign beyond the target")
        expect(grads[1], (-2 * miss / nl / B).float(), on=f"the gradient with respect to pi_l, beta = {beta}",
               rtol=1e-3, atol=1e-4)
        for grad, name in zip(grads[2:], ("ref_w", "ref_l")):
            assert grad is None or not grad.any(), \
                f"expected no gradient for {name}, got {grad.tolist()}: the reference is frozen"
### END HIDDEN TESTS

# %% graded="ipo_loss__inplace" points=1
# Looks at the arguments after the call.
args = [torch.tensor([x]) for x in (-8.0, -12.0, -10.0, -9.0)]
unchanged(ipo_loss, *args, torch.tensor([4]), torch.tensor([6]), 0.25, want=torch.tensor(1.0))
### BEGIN HIDDEN TESTS
args = [torch.tensor([x, x]) for x in (-8.0, -12.0, -10.0, -9.0)]
unchanged(ipo_loss, *args, torch.tensor([4, 2]), torch.tensor([6, 3]), 0.5, want=torch.tensor(0.5))
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.targets(ipo_loss)

# %% [markdown]
# ## 5 · Likelihood displacement
#
# The DPO loss sees a **difference**. It falls when the chosen answer rises, and also when both fall and the rejected
# one falls faster. That this happens is well known; when it happens can be worked out on the back of an envelope.
#
# Take a one-word answer. The hidden state is $h$, token $y$ has the output embedding $e_y$ and the logit $e_y \cdot h$.
# In $\log\pi(w) - \log\pi(l) = (e_w - e_l)\cdot h$ the softmax's normaliser **cancels**, so a gradient step on $h$ goes
# along $e_w - e_l$. A step of length $\eta$ moves the logit of *every* token $y$ by $\eta\, e_y \cdot (e_w - e_l)$. To
# first order
#
# $$\Delta \log\pi(w) = \eta\, (e_w - \bar e)\cdot(e_w - e_l), \qquad \bar e = \sum_y \pi(y)\, e_y.$$
#
# Let all embeddings have length 1 and let chosen and rejected have cosine similarity $s$. The chosen logit gains
# $1 - s$. A bystander $z$ in a random direction of D dimensions gains $e_z\cdot(e_w - e_l)$, of typical size
# $\sqrt{2(1-s)/D}$. The first goes to 0 linearly, the second like a **square root**: when the two answers are alike,
# some bystander gains more than the chosen answer does.
#
# The first step does not show it. While the pair holds all the probability, $\bar e = (e_w + e_l)/2$, and the formula
# gives the chosen answer $+\eta\,(1-s)$. But logits add up. The difference within the pair grows by $2(1-s)$ per unit
# of step, so when it has grown by $\Delta$ nats, the chosen logit has gained $\Delta/2$, and a bystander with gain $g$
# has gained $\Delta\, g / (2(1-s))$. At $s = 0.95$, $D = 32$ the best of 128 bystanders has $g \approx 0.14$:
# $1.4\,\Delta$. Once that makes up for its low start, $\bar e$ moves towards $e_z$, and **both** answers lose.
#
# Razin et al. (2024, arXiv 2410.08847) call it likelihood displacement, tie it to similar hidden embeddings, and show a
# refusal rate falling when the mass goes to harmful answers.

# %% tags=["picture"]
rlhf_dpo.bystanders()

# %% [markdown]
# ### A prediction, before you run anything
#
# The experiment trains a tiny policy (`TinyPolicy` in `course/models/policy.py`) with **your** `sequence_logprob`,
# `dpo_loss` and `ipo_loss`. It takes about 15 seconds.
#
# - 64 pairs of one-word answers, $D = 32$, embeddings of length 1, 128 further words. Supervised warm-up on both
#   answers: chosen and rejected start with probability about one half each.
# - 150 steps of DPO (Adam, $\beta = 0.1$) at similarity 0 and at similarity **0.95**. The loss falls in both.
# - Then, at 0.95, remedies that are commonly named. Measured is the share of pairs whose *chosen* answer ends **less**
#   likely than it began.
#
# **Write down** the order of these three, from the one that leaves most pairs displaced to the one that leaves fewest:
# `"IPO 0.1"` (your `ipo_loss`, $\beta = 0.1$), `"SFT term 0.05"` (DPO minus 0.05 times the mean chosen
# log-probability),
# `"smoothing 0.1"` (DPO with label smoothing 0.1). Ask of each what it holds fixed, and after how many nats it stops.

# %% stub="prediction"
prediction: list[str] | None = None  # the three names, before you run the experiment
### BEGIN SOLUTION
prediction = ["smoothing 0.1", "IPO 0.1", "SFT term 0.05"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# Looks at whether the three stand in an order.
committed(prediction, order_of=["IPO 0.1", "SFT term 0.05", "smoothing 0.1"])

# %% graded="prediction__right" points=1
# Looks at whether the order is the measured one.
committed(prediction, order_of=["IPO 0.1", "SFT term 0.05", "smoothing 0.1"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["smoothing 0.1", "IPO 0.1", "SFT term 0.05"],
          "Work out at how many nats each loss stops pushing the two answers apart, and which one looks at the chosen "
          "answer alone.")
### END HIDDEN TESTS

# %% tags=["experiment"]
def train_step(policy, optimizer, data, ref_w, ref_l, objective):
    "One step on all pairs. The reference is two rows of numbers, computed once."
    pi_w, _ = sequence_logprob(policy(data.chosen), data.chosen_labels)
    pi_l, _ = sequence_logprob(policy(data.rejected), data.rejected_labels)
    loss = objective(pi_w, pi_l, ref_w, ref_l)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach(), pi_w.detach(), pi_l.detach()


runs = rlhf_dpo.displacement(train_step, sequence_logprob, dpo_loss, (0.0, 0.95), prediction=prediction)

# %% [markdown]
# At similarity 0.95 the loss falls from 0.693 to about 0.20. Loss and margins look healthy, and the words that people
# asked for have lost most of their probability: **the margin grew because the rejected answers fell faster**. At
# similarity 0 the same procedure does what one expects. So **watch** the chosen log-probability, not only loss and
# margins (TRL logs it as `logps/chosen`). Now the remedies, each measured over three seeds of 64 pairs.
#
# One of them, DPOP, comes from Smaug (Pal et al. 2024, arXiv 2402.13228): it takes $\lambda$ times
# $\max(0, \log\pi_\text{ref}(y_w) - \log\pi(y_w))$, what the chosen answer has lost, off the log-ratio difference.

# %% tags=["experiment"]
def dpop(pi_w, pi_l, ref_w, ref_l, penalty=5.0):
    gap = (pi_w - pi_l) - (ref_w - ref_l) - penalty * (ref_w - pi_w).clamp(min=0)
    return -F.logsigmoid(0.1 * gap).mean()


remedies = {"DPO alone": lambda *a: dpo_loss(*a, 0.1)[0], "beta 0.3": lambda *a: dpo_loss(*a, 0.3)[0],
            "beta 1": lambda *a: dpo_loss(*a, 1.0)[0], "smoothing 0.1": lambda *a: dpo_loss(*a, 0.1, 0.1)[0],
            "smoothing 0.3": lambda *a: dpo_loss(*a, 0.1, 0.3)[0],
            "smoothing 0.4": lambda *a: dpo_loss(*a, 0.1, 0.4)[0],
            "IPO 0.1": lambda *a: ipo_loss(*a, torch.ones(64).long(), torch.ones(64).long(), 0.1),
            "SFT term 0.05": lambda *a: dpo_loss(*a, 0.1)[0] - 0.05 * a[0].mean(), "DPOP": dpop}
measured = rlhf_dpo.remedies(train_step, sequence_logprob, remedies, prediction=prediction)

# %% [markdown]
# Read the two columns together. What looks at the chosen answer **alone** (the SFT term, DPOP) keeps nearly all of them
# up, at a gap of 11 to 13 nats, not far below DPO's 15. The others displace less because they **separate less**:
# $\beta = 1$, IPO, smoothing 0.4 and stopping at step 50 end at a gap of 4 to 5 nats. Label smoothing stops at
# $\log\frac{1-\varepsilon}{\varepsilon}/\beta$ nats: 22 at $\varepsilon = 0.1$, more than the run reaches, so it
# hardly helps; 4 at 0.4. What the experiment does not try: dropping pairs that are nearly the same, and pairs sampled
# from the current policy (*on-policy* or online DPO), so that the mass that moves is looked at again.
#
# ### DPO's relatives, side by side
#
# | method | data | reference | what it changes |
# |---|---|---|---|
# | DPO | pairs | frozen | $-\log\sigma(\beta\Delta)$ with sums |
# | IPO | pairs | frozen | a finite target, $(\Delta - 1/(2\beta))^2$ |
# | KTO (Kahneman-Tversky) | answers, good or bad | frozen | no pairs needed |
# | ORPO (odds ratio) | pairs | none | imitation and preference in one stage |
# | SimPO | pairs | none | length-averaged, with a margin $\gamma$ |
#
# - **KTO** (arXiv 2402.01306): with $\rho$ the answer's log-ratio and $z$ an estimate of the KL, a good answer costs
#   $\lambda_g\,[1 - \sigma(\beta(\rho - z))]$, a bad one $\lambda_b\,[1 - \sigma(\beta(z - \rho))]$.
# - **ORPO** (arXiv 2403.07691): the SFT loss minus $\lambda\log\sigma(\log\frac{o_w}{o_l})$, with the odds
#   $o = \frac{p}{1-p}$ of the length-averaged probability $p$.
# - **SimPO** (arXiv 2405.14734): $-\log\sigma(\frac{\beta}{n_w}\log\pi_w - \frac{\beta}{n_l}\log\pi_l - \gamma)$.
#   No reference model has to be kept in memory.
#
# **Length bias**: people and judges often prefer the longer answer, and with sums a longer answer moves by more nats
# for the same change per token, so DPO tends to lengthen answers (Park et al. 2024, arXiv 2403.19159). Averages, as in
# SimPO, are one remedy.

# %% [markdown]
# ## 6 · Steering: change the activations, not the weights
#
# Preference tuning changes weights. **Activation steering** changes a hidden state while the model runs:
# $h' = h + \alpha v$. Nothing is trained, but it is not free of data: $v$ comes from examples, and layer and $\alpha$
# must be searched for. The usual $v$ is the **difference of means** of the activations of contrasting prompts: one pair
# in ActAdd (arXiv 2308.10248), hundreds in contrastive activation addition (CAA, arXiv 2312.06681), which adds it at
# all positions *after* the prompt. Its counterpart is **directional ablation** (Arditi et al. 2024, arXiv 2406.11717):
# $h' = h - (h\cdot\hat v)\,\hat v$ removes what lies along the direction, at every layer, and has no $\alpha$.
#
# ### Exercise 06.6 · diff_of_means
#
# - `pos` (N, D) and `neg` (M, D): activations with and without the behaviour. N and M may differ; both are at least 1.
# - Returns mean of `pos` minus mean of `neg`, shape (D,), in the dtype of `pos`; with `normalize=True` scaled to
#   Euclidean length 1. (A difference of exactly zero is not tested with `normalize=True`.)
# - Half precision is what activations come in: float16 ends at 65504, so neither a sum of many activations nor a sum of
#   squares may be stored in it. Arguments stay as they are.
#
# Source: Rimsky et al. 2023 (CAA, arXiv 2312.06681), section 3.

# %% stub="diff_of_means"
def diff_of_means(pos: Float[Tensor, "N D"], neg: Float[Tensor, "M D"], normalize: bool = False) -> Float[Tensor, "D"]:
    """The steering vector that points from the mean of `neg` to the mean of `pos`.

    pos [[1, 0], [3, 2]], neg [[0, 1]]: [2, 1] - [0, 1] = [2, 0].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(pos.dtype, torch.float32)
    v = pos.to(wide).mean(0) - neg.to(wide).mean(0)
    return (v / v.norm() if normalize else v).to(pos.dtype)
    ### END SOLUTION
    raise NotImplementedError("diff_of_means")

# %% [markdown] hints="diff_of_means"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# Which axis is left over? If one set is three times as large as the other, should the answer change?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# `pos = [[2, 0], [4, 0]]`, `neg = [[0, 4]]`: means [3, 0] and [0, 4], difference [3, -4], length 5, normalised [0.6,
# -0.8].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The length is taken of the difference, not of the means. In float16 what you *store* on the way overflows.
#
# </details>

# %% graded="diff_of_means__value" points=2
# Looks at sets of different sizes, and the direction of the vector.
check(diff_of_means, torch.tensor([[1.0, 0.0, 5.0], [3.0, 2.0, 5.0]]), torch.tensor([[0.0, 1.0, 1.0]]),
      want=torch.tensor([2.0, 0.0, 4.0]),
      why="mean over the examples of each set, positive minus negative",
      mistakes={"negative minus positive": torch.tensor([-2.0, 0.0, -4.0]),
                "sums instead of means": torch.tensor([4.0, 1.0, 9.0]),
                "rows were paired up and the rest dropped": torch.tensor([1.0, -1.0, 4.0])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(74)
for N, M, D in ((1, 1, 4), (7, 3, 5), (2, 9, 6), (40, 40, 8)):
    pos, neg = torch.randn(N, D, generator=g), torch.randn(M, D, generator=g) + 1
    want = torch.from_numpy(pos.double().numpy().mean(0) - neg.double().numpy().mean(0)).float()
    check(diff_of_means, pos, neg, want=want, why="all examples of both sets count alike", atol=1e-4)
    check(diff_of_means, pos, neg, normalize=False, want=want, atol=1e-4)
pos = torch.randn(6, 5, generator=g)
check(diff_of_means, pos.T, pos.T[::2], want=(pos.T.double().mean(0) - pos.T[::2].double().mean(0)).float(),
      why="strided activations are valid", atol=1e-4)
### END HIDDEN TESTS

# %% graded="diff_of_means__normalize" points=1
# Looks at vectors scaled to length 1, and those that are not.
check(diff_of_means, torch.tensor([[2.0, 0.0], [4.0, 0.0]]), torch.tensor([[0.0, 4.0]]), True,
      want=torch.tensor([0.6, -0.8]),
      why="[3, -4] has length 5",
      mistakes={"normalize is ignored": torch.tensor([3.0, -4.0]),
                "divided by the sum of absolute values": torch.tensor([3 / 7, -4 / 7]),
                "each mean was scaled to length 1, not their difference": torch.tensor([1.0, -1.0])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(75)
for N, M, D in ((1, 2, 3), (5, 4, 16)):
    pos, neg = 3 * torch.randn(N, D, generator=g) + 1, torch.randn(M, D, generator=g)
    v = pos.double().numpy().mean(0) - neg.double().numpy().mean(0)
    check(diff_of_means, pos, neg, normalize=True, want=torch.from_numpy(v / np.sqrt((v * v).sum())).float(),
          why="Euclidean length 1", atol=1e-4)
    check(diff_of_means, pos, neg, want=torch.from_numpy(v).float(), why="not normalised unless asked", atol=1e-4)
    check(diff_of_means, pos.double(), neg.double(), want=torch.from_numpy(v), rtol=1e-4, atol=1e-4,
          why="float64 in, float64 out")
for length in (1e-8, 1e-3, 0.5, 40.0):
    check(diff_of_means, torch.tensor([[3.0, 0.0, 0.0]]) * length, torch.tensor([[0.0, 4.0, 0.0]]) * length, True,
          want=torch.tensor([0.6, -0.8, 0.0]), rtol=1e-3, why="a short difference is scaled to length 1 as well")
### END HIDDEN TESTS

# %% graded="diff_of_means__half" points=1
# Looks at many large activations in float16.
pos, neg = torch.full((80, 4), 1000.0, dtype=torch.float16), torch.full((70, 4), 700.0, dtype=torch.float16)
check(diff_of_means, pos, neg, want=torch.full((4,), 300.0, dtype=torch.float16),
      why="80 * 1000 does not fit into float16: let mean() do the summing, or go through float32",
      mistakes={"a sum overflowed in float16": torch.full((4,), torch.nan, dtype=torch.float16)})
### BEGIN HIDDEN TESTS
check(diff_of_means, pos, neg, True, want=torch.full((4,), 0.5, dtype=torch.float16),
      why="300 squared does not fit into float16 either")
check(diff_of_means, pos.double(), neg.double(), want=torch.full((4,), 300.0, dtype=torch.float64),
      why="the dtype of pos stays")
### END HIDDEN TESTS

# %% graded="diff_of_means__inplace" points=1
# Looks at the arguments after the call.
unchanged(diff_of_means, torch.tensor([[1.0, 0.0], [3.0, 2.0]]), torch.tensor([[0.0, 1.0]]),
          want=torch.tensor([2.0, 0.0]))
### BEGIN HIDDEN TESTS
unchanged(diff_of_means, torch.tensor([[2.0, 0.0], [4.0, 0.0]]), torch.tensor([[0.0, 4.0]]), normalize=True,
          want=torch.tensor([0.6, -0.8]))
for dtype in (torch.float16, torch.float64):
    for normalize, want in ((False, [3.0, -4.0]), (True, [0.6, -0.8])):
        unchanged(diff_of_means, torch.tensor([[2.0, 0.0], [4.0, 0.0]], dtype=dtype),
                  torch.tensor([[0.0, 4.0]], dtype=dtype), normalize, want=torch.tensor(want, dtype=dtype))
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.steering_vector(diff_of_means)

# %% [markdown]
# ### Exercise 06.7 · steer
#
# Add $\alpha v$ to the hidden states at chosen time positions.
#
# - `h` (B, T, D), `v` (D,), `alpha` any number; negative steers away. `positions`: a list of distinct time indices,
#   $0 \le t < T$, in any order. `None` means every position. `[]` means **none**: the answer equals `h`.
# - Returns a **new** tensor (B, T, D) in the dtype of `h`, also where `v` is float32 and `h` half precision: one
#   promoted activation and the next layer fails, or the whole stream turns float32. `h` and `v` stay
#   as they are; the caller runs the same activations without steering to compare. New memory also where nothing changes.
#
# Source: Turner et al. 2023 (ActAdd, arXiv 2308.10248).

# %% stub="steer"
def steer(h: Float[Tensor, "B T D"], v: Float[Tensor, "D"], alpha: float,
          positions: list[int] | None = None) -> Float[Tensor, "B T D"]:
    """h plus alpha * v at the given time positions (None: all, []: none), in a new tensor.

    h zeros (1, 2, 2), v = [1, 2], alpha = 3, positions = [1]: [[[0, 0], [3, 6]]].
    """
    ### BEGIN SOLUTION
    out = h.clone()
    where = slice(None) if positions is None else positions
    out[:, where] += alpha * v.to(torch.promote_types(h.dtype, torch.float32))  # added in float32, then rounded
    return out
    ### END SOLUTION
    raise NotImplementedError("steer")

# %% [markdown] hints="steer"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# What is `not []`, and what is `not None`? Which of them should steer? What is the dtype of a float16 tensor plus a
# float32 tensor?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# h of shape (2, 3, 2), all zeros, v = [1, 0], alpha = -2, positions = [2, 0]. In both sequences the rows at t = 0
# and t = 2 become [-2, 0]; the row at t = 1 stays [0, 0].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Only `None` means everywhere. Adding **into** a copy keeps the copy's dtype; `h + alpha * v` may promote.
#
# </details>

# %% graded="steer__value" points=2
# Looks at every position steered, for several strengths.
h = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [5.0, 5.0]]])
check(steer, h, torch.tensor([1.0, -2.0]), 0.5,
      want=torch.tensor([[[1.5, 1.0], [3.5, 3.0]], [[0.5, -1.0], [5.5, 4.0]]]),
      why="alpha * v is added at every position of every sequence",
      mistakes={"alpha is ignored": torch.tensor([[[2.0, 0.0], [4.0, 2.0]], [[1.0, -2.0], [6.0, 3.0]]]),
                "only the first sequence was steered":
                    torch.tensor([[[1.5, 1.0], [3.5, 3.0]], [[0.0, 0.0], [5.0, 5.0]]])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(76)
for B, T, D in ((1, 1, 3), (2, 5, 3), (4, 3, 7)):
    for alpha in (2.0, -1.5, 0.0, 3):
        h, v = torch.randn(B, T, D, generator=g), torch.randn(D, generator=g)
        want = torch.from_numpy(h.double().numpy() + alpha * v.double().numpy()).float()
        check(steer, h, v, alpha, want=want, why=f"h + alpha * v with alpha = {alpha}")
        check(steer, h, v, alpha, None, want=want, why="None means every position")
h = torch.randn(3, 5, 2, generator=g).permute(2, 1, 0)
check(steer, h, torch.arange(3.0), 2.0, want=h + 2 * torch.arange(3.0), why="strided activations are valid")
### END HIDDEN TESTS

# %% graded="steer__positions" points=2
# Looks at some positions, all, none.
v = torch.tensor([1.0, 2.0])
check(steer, torch.zeros(2, 3, 2), v, 1.0, [2], want=torch.tensor([[[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]]] * 2),
      why="only t = 2, in both sequences",
      mistakes={"positions is ignored": torch.tensor([[[1.0, 2.0]] * 3] * 2),
                "one position early": torch.tensor([[[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]] * 2)})
check(steer, torch.ones(1, 2, 2), v, 1.0, [], want=torch.ones(1, 2, 2),
      why="an empty list steers nothing; only None means all",
      mistakes={"[] was treated like None": torch.tensor([[[2.0, 3.0]] * 2])})
### BEGIN HIDDEN TESTS
check(steer, torch.zeros(1, 4, 1), torch.ones(1), 2.0, [0, 2], want=torch.tensor([[[2.0], [0.0], [2.0], [0.0]]]),
      why="t = 0 and t = 2, and nothing between or after them",
      mistakes={"everything from the first to the last position": torch.tensor([[[2.0], [2.0], [2.0], [0.0]]]),
                "everything from the first position on": torch.tensor([[[2.0]] * 4]),
                "position 0 was taken for False": torch.tensor([[[0.0], [0.0], [2.0], [0.0]]])})
g = torch.Generator().manual_seed(77)
for B, T, D, positions in ((2, 6, 3, [4, 1]), (3, 4, 2, [0]), (1, 5, 4, [3, 0, 4]), (5, 3, 2, [0, 1, 2]),
                           (2, 7, 3, []), (4, 2, 5, [1]), (3, 3, 2, [1])):
    h, v = torch.randn(B, T, D, generator=g), torch.randn(D, generator=g)
    want = h.clone()
    for t in positions:
        want[:, t] = h[:, t] - 2 * v
    check(steer, h, v, -2.0, positions, want=want,
          why=f"the time positions {positions} of every sequence, and no others")
    check(steer, h, v, -2.0, positions=positions, want=want)
### END HIDDEN TESTS

# %% graded="steer__dtype" points=1
# Looks at the dtype of the answer.
check(steer, torch.ones(1, 2, 2, dtype=torch.float16), torch.tensor([0.5, 2.0]), 2.0, [0],
      want=torch.tensor([[[2.0, 5.0], [1.0, 1.0]]], dtype=torch.float16),
      why="the answer has the dtype of h, whatever that of v",
      mistakes={"the float32 vector promoted the activations": torch.tensor([[[2.0, 5.0], [1.0, 1.0]]])})
### BEGIN HIDDEN TESTS
for dtype in (torch.float16, torch.float32, torch.float64):
    h, v = torch.tensor([[[1.0, 4.0, 2.0], [8.0, 0.5, 1.0]]]).to(dtype), torch.tensor([1.0, 2.0, 0.5])
    for positions in (None, [1], []):
        want = h.clone()
        want[:, slice(None) if positions is None else positions] += torch.tensor([4.0, 8.0, 2.0]).to(dtype)
        check(steer, h, v, 4.0, positions, want=want, why="the answer has the dtype of h, whatever that of v")
        check(steer, h, v.to(dtype), 4.0, positions, want=want)
### END HIDDEN TESTS

# %% graded="steer__inplace" points=1
# Looks at the arguments after the call, and whose memory the answer is.
unchanged(steer, torch.zeros(1, 2, 2), torch.tensor([1.0, 2.0]), 3.0, [1],
          want=torch.tensor([[[0.0, 0.0], [3.0, 6.0]]]))
### BEGIN HIDDEN TESTS
unchanged(steer, torch.zeros(2, 2, 2), torch.tensor([1.0, 2.0]), 3.0, want=torch.tensor([[[3.0, 6.0]] * 2] * 2))
unchanged(steer, torch.ones(1, 2, 2), torch.tensor([1.0, 2.0]), 3.0, [], want=torch.ones(1, 2, 2))
h = torch.arange(12.0).view(2, 3, 2)
for alpha, positions in ((3.0, []), (0.0, None), (0, [1]), (-0.0, [0, 2])):
    fresh(steer, h, torch.tensor([1.0, 2.0]), alpha, positions, want=h, why="nothing changes, but the memory is new")
for positions in (None, [1, 0]):
    unchanged(steer, torch.zeros(1, 2, 2, dtype=torch.float16), torch.tensor([1.0, 2.0], dtype=torch.float16), 3.0,
              positions, want=torch.tensor([[[3.0, 6.0]] * 2], dtype=torch.float16))
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.where_steered(steer)

# %% [markdown]
# ### On a real model
#
# SmolLM2-135M-Instruct has 30 blocks. Below, your `diff_of_means` takes the activations after block 19 of twelve sentences
# about the sea and of twelve matched ones about anything else, each the mean over its tokens **without the first**, whose
# norm is huge. Your `steer` adds the difference at every position, prompt included, while the model answers eight
# everyday questions. An answer counts as "about the sea" where more than 2 % of its words come from a list of sea words
# ("water" and "island" are on it, so an unsteered answer can count too). It takes about 20 seconds.

# %% tags=["real"]
from course.models.language import hidden_states
from course.models.smollm import attempt, load

layer = 19
with attempt():
    smollm, tokenizer = load()
    sea, land = (torch.stack([h[1:].mean(0) for h in hidden_states(smollm, tokenizer, texts, layer)])
                 for texts in (rlhf_dpo.SEA, rlhf_dpo.LAND))
    v = diff_of_means(sea, land)
    print(f"norm of v: {v.norm():.0f}, of the activations: {torch.cat([sea, land]).norm(dim=1).mean():.0f}\n")
    rlhf_dpo.steered_answers(smollm, tokenizer, lambda alpha: lambda block, args, out: (steer(out[0], v, alpha), out[1]),
                             layer, alphas=(0, 1.5, 5))

# %% [markdown]
# Read the rows in turn. Without steering an answer or two is about the sea, as chance has it. At $\alpha = 1.5$ most are, and
# they are still sentences. At $\alpha = 5$ the words break and loop. The last number is what the **unsteered** model thinks
# of the answer, in nats per token: it falls with every dose, so fluency is what you pay with.
#
# **The catch**: $\alpha$ means nothing by itself, and no $\alpha$ carries over to another vector or another layer. Compare
# $\alpha\|v\|$ with the norm of the activations that it is added to: here $1.5 \cdot 26$ against 190, a fifth, works, and two
# thirds break.
#
# ### Fewer dimensions: what AUSteer is about
#
# A steering vector touches every dimension of the stream. Most of its entries are noise, some do harm. AUSteer (arXiv
# 2602.04428) steers single dimensions: it calls a slice of a block's weight matrix an **atomic unit** (not "activation
# unit", as one can read); the unit's activation is one dimension of the block's. It picks discriminative units by their
# *activation momenta* on contrasting samples and gives each its own, input-dependent strength. The gain is reported
# with at most 100 dimensions in all, against thousands for methods that steer whole blocks. These are *activations*; no
# parameter is changed by any of them.
#
# What follows is generic dimension steering, not AUSteer's exact procedure: pick the k largest differences, and scale
# those dimensions by $1 + s_i$, so that the strength adapts to the activation.
#
# ### Exercise 06.8 · steer_dims
#
# `steer_dims(h, idx, strengths)`
# - `h` (..., D) with **any** leading shape; `idx` a list of int, $0 \le i < D$; `strengths` a list of float, one for
#   each.
# - Dimension $i$ becomes $h_i + s_i h_i$; all others stay. New tensor, in the dtype of `h`.
# - A dimension that appears twice, or lists of unequal length: `ValueError`. Empty lists: a copy of `h`.
#
# `topk_dims(delta, k)`
# - `delta` (D,), `1 <= k <= D`: the k dimensions with the largest **absolute** value, largest first, as an int64 tensor
#   (k,). Among exact ties any choice and any order is right.
#
# A snippet that goes around writes `steered[:, au_idx] += strength * h[:, au_idx]`. On (B, T, D) that steers **time
# position** `au_idx` in all dimensions. Source: after AUSteer, arXiv 2602.04428.

# %% stub="steer_dims"
def steer_dims(h: Float[Tensor, "*batch D"], idx: list[int], strengths: list[float]) -> Float[Tensor, "*batch D"]:
    """A copy of h in which dimension idx[j] of the last axis is scaled by 1 + strengths[j].

    h = [1, 2, 3], idx = [2, 0], strengths = [1.0, -0.5]: [0.5, 2, 6].
    """
    ### BEGIN SOLUTION
    if len(set(idx)) != len(idx) or len(idx) != len(strengths):
        raise ValueError("each dimension once, and one strength for each")
    out = h.clone()
    for i, s in zip(idx, strengths):
        out[..., i] *= 1 + s
    return out
    ### END SOLUTION
    raise NotImplementedError("steer_dims")


def topk_dims(delta: Float[Tensor, "D"], k: int) -> Int[Tensor, "k"]:
    """The k dimensions with the largest |delta|, largest first: topk_dims([0.1, -3, 2], 2) is [1, 2]."""
    ### BEGIN SOLUTION
    return delta.abs().topk(k).indices
    ### END SOLUTION
    raise NotImplementedError("topk_dims")

# %% [markdown] hints="steer_dims"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# Which axis does `h[:, i]` index when h is (B, T, D)? Which notation means "the last axis, whatever comes before"? Is a
# dimension that the behaviour turns *off* less telling than one that it turns on?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# h = [[2, 4], [6, 8]] (two rows, D = 2), idx = [1], strengths = [0.5]: the second column becomes 6 and 12.
#
# topk_dims of [1, -5, 2] with k = 2 is [1, 2]: |-5| is the largest.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Index the last axis, whatever stands before it. Compare absolute values as they are, without squaring.
#
# </details>

# %% graded="steer_dims__value" points=2
# Looks at chosen dimensions scaled, for several leading shapes.
h = torch.arange(1.0, 13.0).reshape(2, 2, 3)
check(steer_dims, h, [1], [1.0],
      want=torch.tensor([[[1.0, 4.0, 3.0], [4.0, 10.0, 6.0]], [[7.0, 16.0, 9.0], [10.0, 22.0, 12.0]]]),
      why="dimension 1 of the last axis doubles, at every time position",
      mistakes={"[:, idx] steers time position 1 in all dimensions: index the last axis":
                    torch.tensor([[[1.0, 2.0, 3.0], [8.0, 10.0, 12.0]], [[7.0, 8.0, 9.0], [20.0, 22.0, 24.0]]]),
                "the strength itself was added":
                    torch.tensor([[[1.0, 3.0, 3.0], [4.0, 6.0, 6.0]], [[7.0, 9.0, 9.0], [10.0, 12.0, 12.0]]]),
                "scaled by s instead of 1 + s": h})
check(steer_dims, torch.tensor([1.0, 2.0, 3.0]), [2, 0], [1.0, -0.5], want=torch.tensor([0.5, 2.0, 6.0]),
      why="any leading shape, none at all too")
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(78)
for shape, idx, strengths in (((7,), [6, 0, 3], [0.5, -1.0, 2.0]), ((4, 5), [4, 1], [-2.0, 0.25]),
                              ((2, 3, 6), [5, 0, 2], [1.5, -0.5, 0.0]), ((2, 6, 6), [3], [-0.75]),
                              ((2, 3, 2, 4), [3, 2, 1, 0], [0.5, 1.0, 1.5, -3.0]), ((3, 4, 5), [], []),
                              ((2, 5), [1, 0, 4], [0.3, -1.37, 0.01]), ((2, 7), [5, 0, 3, 1], [0.5] * 4)):
    h = torch.randn(shape, generator=g)
    factor = np.ones(shape[-1])
    for i, s in zip(idx, strengths):
        factor[i] += s
    want = torch.from_numpy(h.double().numpy() * factor).float()
    check(steer_dims, h, idx, strengths, want=want,
          why="each chosen dimension of the last axis times 1 + its own strength")
    want = torch.from_numpy(h.half().double().numpy() * factor).half()
    check(steer_dims, h.half(), idx, strengths, want=want, why="the dtype of h stays", rtol=5e-3, atol=5e-3)
h = torch.randn(4, 3, 2, generator=g).permute(1, 2, 0)
check(steer_dims, h, [3, 1], [1.0, -1.0], want=h * torch.tensor([1.0, 0.0, 1.0, 2.0]),
      why="strided activations are valid")
### END HIDDEN TESTS

# %% graded="steer_dims__errors" points=1
# Looks at what must raise ValueError.
raises(ValueError, steer_dims, torch.ones(1, 2, 3), [1, 1], [0.5, 0.5],
       why="dimension 1 appears twice: scaled once or twice?")
check(steer_dims, torch.ones(2, 3), [1, 2], [0.5, 0.5], want=torch.tensor([[1.0, 1.5, 1.5]] * 2),
      why="two dimensions with one strength each are fine")
### BEGIN HIDDEN TESTS
raises(ValueError, steer_dims, torch.ones(4), [0, 3, 0], [0.5, 1.0, 0.5], why="dimension 0 appears twice")
raises(ValueError, steer_dims, torch.ones(2, 4), [0, 3], [0.5], why="two dimensions, one strength")
raises(ValueError, steer_dims, torch.ones(2, 4), [3], [0.5, 1.0], why="one dimension, two strengths")
raises(ValueError, steer_dims, torch.ones(2, 4), [], [0.5], why="no dimension, one strength")
check(steer_dims, torch.ones(2, 4), [], [], want=torch.ones(2, 4), why="empty lists change nothing")
### END HIDDEN TESTS

# %% graded="steer_dims__topk" points=2
# Looks at which dimensions topk_dims picks, and in which order.
check(topk_dims, torch.tensor([0.5, -3.0, 2.0, -0.1]), 2, want=torch.tensor([1, 2]),
      why="|-3| and |2| are the largest, in this order",
      mistakes={"by value instead of by absolute value": torch.tensor([2, 0]),
                "the smallest instead of the largest": torch.tensor([3, 0]),
                "the magnitudes instead of their positions": torch.tensor([3.0, 2.0])})
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(79)
for D in (1, 5, 40):
    delta = (torch.randperm(D, generator=g) + 1.0) * torch.where(torch.rand(D, generator=g) < 0.5, -1.0,
             1.0) / 8  # no ties
    order = sorted(range(D), key=lambda i: -abs(delta[i].item()))
    for k in {1, (D + 1) // 2, D}:
        check(topk_dims, delta, k, want=torch.tensor(order[:k]), why="largest magnitude first, exactly k of them")
ties = torch.tensor([1.0, -2.0, 2.0, 0.0, -2.0])
for k in (1, 2, 3, 4, 5):
    got = topk_dims(ties, k)
    assert got.dtype == torch.int64 and got.shape == (k,), f"expected {k} int64 dimensions, got {got}"
    picked = got.tolist()
    assert len(set(picked)) == k, f"expected {k} different dimensions, got {picked}"
    expect(ties[picked].abs().tolist(), [2.0, 2.0, 2.0, 1.0, 0.0][:k],
           on=f"the magnitudes that topk_dims picks from {ties.tolist()}, k = {k}",
           why="any choice among exact ties, but k in all")
for delta in (torch.tensor([300.0, -400.0, 350.0], dtype=torch.float16), torch.tensor([1e-30, -3e-30, 2e-30]),
              torch.tensor([0.001, -0.003, 0.002]), 3 - torch.tensor([2.0, 0, 1]) * 2**-20):
    check(topk_dims, delta, 3, want=torch.tensor([1, 2, 0]),
          why="compare absolute values as they are: a square overflows or vanishes, rounding makes ties")
strided = torch.tensor([[1.0, 9.0], [-4.0, 9.0], [2.0, 9.0]])[:, 0]
check(topk_dims, strided, 2, want=torch.tensor([1, 2]), why="a strided delta is valid")
### END HIDDEN TESTS

# %% graded="steer_dims__inplace" points=1
# Looks at the arguments after the call, and whose memory the answer is.
unchanged(steer_dims, torch.ones(2, 2), [0], [1.0], want=torch.tensor([[2.0, 1.0], [2.0, 1.0]]))
unchanged(topk_dims, torch.tensor([1.0, -2.0]), 1, want=torch.tensor([1]))
### BEGIN HIDDEN TESTS
unchanged(steer_dims, torch.ones(2, 2, 3), [2, 0], [1.0, -1.0],
          want=torch.tensor([0.0, 1.0, 2.0]).expand(2, 2, 3).contiguous())
unchanged(topk_dims, torch.tensor([-1.0, 5.0, -2.0]), 3, want=torch.tensor([1, 2, 0]))
h = torch.arange(12.0).view(2, 2, 3)
for idx, strengths in (([], []), ([1], [0.0]), ([2, 0], [0.0, 0.0])):
    fresh(steer_dims, h, idx, strengths, want=h, why="nothing changes, but the memory is new")
unchanged(steer_dims, torch.ones(2, 3, dtype=torch.float16), [2, 0], [1.0, -1.0],
          want=torch.tensor([[0.0, 1.0, 2.0]] * 2, dtype=torch.float16))
unchanged(topk_dims, torch.tensor([-1.0, 5.0, -2.0], dtype=torch.float16), 2, want=torch.tensor([1, 2]))
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.top_dimensions(diff_of_means, topk_dims, steer_dims)

# %% [markdown]
# ### Steer less, disturb less: when it is true
#
# Synthetic activations, D = 256. A behaviour shifts the mean of 10 dimensions by 1, everything else is unit noise; 400
# examples with it, 400 without. Split a steering vector into its part along the true direction (*on target*) and the
# rest (the *disturbance*). The full difference of means carries the noise of all dimensions: each entry has the
# variance $1/400 + 1/400$, so the disturbance is about $\sqrt{255 \cdot 2/400} = 1.13$. Keep the ten largest entries,
# and only ten noises are left. (Either vector is *added*, as in `steer`. `steer_dims` scales, and where the activations
# without the behaviour have mean 0, as here, scaling moves no mean. Which of the two fits depends on the activations.)
#
# That is the claim. Now the catch, which the claim rests on: the behaviour lives in **single dimensions**. Rotate the
# same data by a random rotation, and no dimension stands out any more; the full vector does not care, the ten
# dimensions lose most of the target.

# %% tags=["experiment"]
def keep_top(v, k):
    "v with all but its k largest entries, by size, set to 0."
    few, keep = torch.zeros_like(v), topk_dims(v, k)
    few[keep] = v[keep]
    return few


parts = rlhf_dpo.few_dimensions(diff_of_means, keep_top)

# %% [markdown]
# ## 7 · The whole: a step that learns preferences
#
# Now put the pieces together. `policy_logits(params, table, ids)` of `course/models/policy.py` is a tiny language
# model as a plain function: (B, T) ids to (B, T, V) logits, from the trainable `params["embed"]` (V, D) and
# `params["mix"]` (D, D) and the fixed output embeddings `table` (V, D). The notebook has imported it.
#
# ### Exercise 06.9 · dpo_step
#
# One step of gradient descent on the DPO loss.
#
# - `params`, `ref_params`: dicts with the tensors `"embed"` and `"mix"`, of the policy and of the reference. At the
#   first step the caller may pass **the same dict** for both; the step must move the policy all the same.
# - `table` (V, D), fixed. `pairs`: a dict with `"chosen"`, `"chosen_labels"` (B, T) and `"rejected"`,
#   `"rejected_labels"` (B, T'), where T' may differ from T; labels that are -100 do not count.
# - Returns `(new_params, loss)`: a **new** dict with both tensors after `p - lr * gradient`, plain gradient descent,
#   free of any graph; and the mean DPO loss **before** the step, without dimensions and without a graph.
# - Neither dict, nor a tensor in one, changes. With `lr = 0` the tensors are equal and still new memory.
#
# Source: Rafailov et al. 2023, section 4.

# %% stub="dpo_step"
def dpo_step(params: dict[str, Tensor], ref_params: dict[str, Tensor], table: Float[Tensor, "V D"],
             pairs: dict[str, Tensor], beta: float = 0.1,
             lr: float = 0.1) -> tuple[dict[str, Tensor], Float[Tensor, ""]]:
    """The parameters after one step of gradient descent on the DPO loss, and the loss before it.

    Where params equal ref_params the loss is log 2, and the step is not zero.
    """
    ### BEGIN SOLUTION
    def logprobs(p):
        return [sequence_logprob(policy_logits(p, table, pairs[side]), pairs[f"{side}_labels"])[0]
                for side in ("chosen", "rejected")]

    leaves = {name: p.detach().clone().requires_grad_() for name, p in params.items()}
    with torch.no_grad():
        reference = logprobs(ref_params)
    loss, _ = dpo_loss(*logprobs(leaves), *reference, beta)
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return {name: p.detach() - lr * g for (name, p), g in zip(leaves.items(), grads)}, loss.detach()
    ### END SOLUTION
    raise NotImplementedError("dpo_step")

# %% [markdown] hints="dpo_step"
# <details><summary>Hint 1: a question to ask yourself</summary>
#
# Four log-probabilities go into the loss. Which two depend on what you train? What happens to your answer when the
# caller hands you one dict twice?
#
# </details>
# <details><summary>Hint 2: a worked micro-example</summary>
#
# One parameter $\theta$ with $\log\pi(y_w) - \log\pi(y_l) = 2\theta$, reference at the same $\theta$, $\beta = 0.1$:
# the loss is 0.693, its gradient $-0.1 \cdot \frac12 \cdot 2 = -0.1$, and with lr = 1 the step adds 0.1 to $\theta$.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Copy the policy's tensors, detached, and ask for the gradient of the copies. An optimiser would write into what it is
# given.
#
# </details>

# %% graded="dpo_step__value" points=3
# Looks at loss and parameters after one step, for several batches, betas and learning rates.
def small_world(seed, V=9, D=4, B=3, T=6, T2=5, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    table = torch.randn(V, D, generator=g, dtype=dtype)
    one, other = ({name: torch.randn(shape, generator=g, dtype=dtype)
                   for name, shape in (("embed", (V, D)), ("mix", (D, D)))} for _ in range(2))
    pairs = {}
    for side, length in (("chosen", T), ("rejected", T2)):
        ids = torch.randint(0, V, (B, length), generator=g)
        labels = ids.clone()
        labels[:, :2] = -100          # the prompt
        labels[0, -1] = -100          # padding
        pairs |= {side: ids, f"{side}_labels": labels}
    return one, other, table, pairs

def step_by_hand(params, ref_params, table, pairs, beta, lr):
    def logp(p, side):
        ids, labels = pairs[side], pairs[f"{side}_labels"]
        logits = policy_logits(p, table, ids)[:, :-1]
        return -F.cross_entropy(logits.transpose(1, 2), labels[:, 1:], reduction="none").sum(-1)
    leaves = {k: v.clone().requires_grad_() for k, v in params.items()}
    m = logp(leaves, "chosen") - logp(leaves, "rejected")
    m = m - (logp(ref_params, "chosen") - logp(ref_params, "rejected"))
    loss = F.softplus(-beta * m).mean()
    grads = torch.autograd.grad(loss, [leaves["embed"], leaves["mix"]])
    return {k: params[k] - lr * g for k, g in zip(("embed", "mix"), grads)}, loss.detach()

one, other, table, pairs = small_world(0)
check(dpo_step, one, other, table, pairs, 0.5, 0.2, want=step_by_hand(one, other, table, pairs, 0.5, 0.2),
      why="p - lr * gradient of the mean DPO loss, and the loss before the step",
      rtol=1e-6, atol=1e-8)
### BEGIN HIDDEN TESTS
for seed, shape in ((1, {}), (2, {"V": 30, "D": 5, "B": 1, "T": 4, "T2": 9}),
                    (3, {"V": 70, "D": 7, "B": 6, "T": 8, "T2": 8})):
    for beta, lr in ((0.1, 1.0), (1.5, 0.03), (0.3, 0.0)):
        one, other, table, pairs = small_world(seed, **shape)
        check(dpo_step, one, other, table, pairs, beta, lr, want=step_by_hand(one, other, table, pairs, beta, lr),
              why="the mean over pairs of -log sigmoid(margin), prompt and padding left out", rtol=1e-6, atol=1e-8)
one, other, table, pairs = small_world(4)
check(dpo_step, one, other, table, pairs, want=step_by_hand(one, other, table, pairs, 0.1, 0.1), rtol=1e-6, atol=1e-8,
      why="beta and lr are 0.1 unless given")
one, other, table, pairs = small_world(5, dtype=torch.float32)
for beta in (0.2, 3.0):
    check(dpo_step, one, other, table, pairs, beta, 0.5, want=step_by_hand(one, other, table, pairs, beta, 0.5), rtol=1e-3,
          atol=1e-4, why="float32 in, float32 out")
### END HIDDEN TESTS

# %% graded="dpo_step__reference" points=2
# Looks at the first step, where policy and reference are the same dict.
g = torch.Generator().manual_seed(6)
same = {"embed": torch.randn(5, 3, generator=g), "mix": torch.eye(3)}
table = torch.randn(5, 3, generator=g)
pairs = {"chosen": torch.tensor([[4, 1]]), "chosen_labels": torch.tensor([[-100, 1]]),
         "rejected": torch.tensor([[4, 2]]), "rejected_labels": torch.tensor([[-100, 2]])}
new, loss = dpo_step(same, same, table, pairs, 0.5, 1.0)
expect(loss, torch.tensor(0.6931472), on="the loss of dpo_step where policy and reference are the same dict")
h = torch.tanh(same["embed"][4])
expect(new["mix"], torch.eye(3) + 0.25 * torch.outer(h, table[1] - table[2]), on="the new mix after the first step",
       why="the gradient is -beta / 2 times that of the difference of log-probabilities: the reference gets none, "
           "and the step is not zero", rtol=1e-4, atol=1e-5)
### BEGIN HIDDEN TESTS
want = torch.zeros(5, 3)
want[4] = 0.25 * (1 - h * h) * (table[1] - table[2])
expect(new["embed"], same["embed"] + want, on="the new embed after the first step", rtol=1e-4, atol=1e-5,
       why="only the embedding of the token that was read moves")
new, _ = dpo_step(same, {k: v.clone() for k, v in same.items()}, table, pairs, 0.5, 1.0)
expect(new["embed"], same["embed"] + want, on="the new embed where the reference is an equal copy", rtol=1e-4,
       atol=1e-5)
### END HIDDEN TESTS

# %% graded="dpo_step__learns" points=1
# Looks at forty steps in a row: the loss falls, and every pair ends in the right order.
g = torch.Generator().manual_seed(7)
start = {"embed": 0.3 * torch.randn(12, 8, generator=g), "mix": torch.eye(8)}
table = F.normalize(torch.randn(12, 8, generator=g), dim=-1)
prompt = torch.tensor([[8, 9], [9, 10], [10, 11], [11, 8]])
pairs = {}
for side, word in (("chosen", torch.arange(4)), ("rejected", torch.arange(4, 8))):
    pairs[side] = torch.cat([prompt, word[:, None]], 1)
    pairs[f"{side}_labels"] = torch.cat([torch.full((4, 2), -100), word[:, None]], 1)
params, losses = start, []
for _ in range(40):
    params, loss = dpo_step(params, start, table, pairs, 0.5, 2.0)
    losses.append(float(loss))
assert losses[-1] < 0.3, f"expected a loss below 0.3 after forty steps from {losses[0]:.3f}, got {losses[-1]:.3f}"
logits = policy_logits(params, table, prompt)[:, -1]
won = logits[range(4), range(4)] > logits[range(4), range(4, 8)]
assert won.all(), f"expected every chosen word above its rejected one after forty steps, got {won.tolist()}"

# %% graded="dpo_step__inplace" points=1
# Looks at the arguments after the call, and whose memory the new parameters are.
g = torch.Generator().manual_seed(8)
params = {"embed": torch.randn(5, 3, generator=g), "mix": torch.eye(3)}
ref_params = {"embed": torch.randn(5, 3, generator=g), "mix": torch.eye(3) / 2}
table, kept = torch.randn(5, 3, generator=g), {k: v.clone() for k, v in params.items()}
pairs = {"chosen": torch.tensor([[4, 1]]), "chosen_labels": torch.tensor([[-100, 1]]),
         "rejected": torch.tensor([[4, 2]]), "rejected_labels": torch.tensor([[-100, 2]])}
new, loss = dpo_step(params, ref_params, table, pairs, 0.5, 1.0)
expect(params, kept, on="params after dpo_step", rtol=0, atol=0, why="the caller still needs what it passed in")
assert (new["mix"] - kept["mix"]).abs().max() > 1e-4, "expected new parameters that have moved"
### BEGIN HIDDEN TESTS
margin = float(loss)
unchanged(dpo_step, params, ref_params, table, pairs, 0.5, 0.0, want=(kept, torch.tensor(margin)))
fresh(dpo_step, params, ref_params, table, pairs, 0.5, 0.0, want=(kept, torch.tensor(margin)),
      why="with lr = 0 nothing moves, but the memory is new")
### END HIDDEN TESTS

# %% tags=["picture"]
rlhf_dpo.learning(dpo_step)

# %% [markdown]
# ## 8 · Feel it
#
# Above: the displacement experiment. Raise the similarity and watch the chosen curve; then raise beta and say why it
# helps: the sigmoid is satisfied after fewer nats, so everything moves less. Below: $\alpha$ against target and
# disturbance, for the full vector and for the top k dimensions. A negative $\alpha$ steers away; a rotation of the
# space spoils one of the two pictures.

# %% tags=["widget"]
rlhf_dpo.widget(sequence_logprob, dpo_loss, diff_of_means, steer, topk_dims)

# %% [markdown] question="displacement"
# ## 9 · In your own words (4 points)
#
# A colleague fine-tunes with DPO. After one epoch: loss 0.69 to 0.20, reward accuracy (the share of pairs with $m > 0$)
# 97 %, mean **chosen** log-probability down by 13 nats, and the model answers worse than before. "The optimiser is
# broken," says your colleague, "a chosen answer cannot become less likely when we train on it."
#
# Answer in at most 250 words: (a) show from the loss that this is possible; (b) say for which pairs it is most likely,
# and why; (c) name two measurements that you would add to the log; (d) name two remedies, with what each costs.
#
# === BEGIN MARK SCHEME ===
#
# One point each:
#
# 1. The loss depends on the difference of log-ratios only; it falls if both fall and the rejected one falls faster.
# 2. Similar chosen and rejected answers (embeddings, or small edit distance); the step along e_w - e_l helps the chosen
#    answer by 1 - s only, third answers by the order of sqrt(1 - s), so mass leaves both. Naming the cancelled
#    normaliser, or the first-order formula, counts.
# 3. Two of: chosen and rejected log-probability separately, KL from the reference on fresh samples, total mass of the
#    pair, similarity of each pair, length, quality of samples.
# 4. Two of: filter or rewrite similar pairs (fewer data), supervised term on the chosen answers (one more weight to
#    tune, pulls to the data), IPO or label smoothing (new beta or epsilon, smaller margins), larger beta, smaller
#    learning rate or early stop (less separated), on-policy pairs (sampling and labelling cost). Each with a cost.
#
# Take off 1 point for a false claim such as "a larger beta makes the policy move further from the reference".
#
# === END MARK SCHEME ===

# %% [markdown] written="displacement" points=4
# ### BEGIN SOLUTION
# (a) The DPO loss is -log sigmoid(beta * [(log-ratio of chosen) - (log-ratio of rejected)]). It contains the difference
# only. If the chosen answer loses 13 nats and the rejected one 27, the difference grows by 14 nats, the loss falls and
# the accuracy rises. Nothing in the loss asks the chosen answer to stay where it was.
#
# (b) Pairs that are alike. In the difference of log-probabilities the softmax's normaliser cancels, so a step moves the
# hidden state along e_w - e_l. With similarity s the chosen logit gains 1 - s; a third token gains its product with
# that difference, of the order of sqrt(1 - s), which is larger when s is near 1. So probability leaves both answers for
# a third one.
#
# (c) Mean log-probability of chosen and of rejected answers separately, and the KL from the reference on fresh samples
# (with a look at the samples).
#
# (d) Drop or rewrite pairs that are nearly equal: costs data, and perhaps the fine distinctions we wanted. Add a
# supervised term on the chosen answers: holds them up, costs a weight to tune and pulls towards imitation. (Also: IPO
# or smoothing with early stopping; on-policy pairs, at the price of sampling and labelling.)
# ### END SOLUTION

# %% [markdown]
# ## 10 · Interview cards

# %% [markdown] card="6.1" level="basic"
# <details><summary>What are the stages of RLHF?</summary>
#
# (1) **SFT** on demonstrations; its result is the start and the reference. (2) A **reward model** on comparisons with
# the Bradley-Terry loss $-\log\sigma(r_w - r_l)$; only reward differences within a prompt mean anything. (3) **RL**:
# sample from the policy, maximise reward minus $\beta\,\mathrm{KL}(\pi\|\pi_\text{ref})$, classically with PPO. PPO's
# clipped expression is maximised; the loss is its negative. The KL penalty is part of the reward (InstructGPT) or a
# term of its own (GRPO); the critic has its own loss. GRPO replaces the *critic* by the group's mean reward; rewards
# still come from a reward model or a rule.
#
# </details>

# %% [markdown] card="6.2" level="basic"
# <details><summary>Why is DPO simpler than PPO-based RLHF, and what do you give up?</summary>
#
# The optimum of reward minus $\beta$ KL is $\pi_\text{ref}\, e^{u/\beta}/Z$. Solve for $u$:
# $\beta\log(\pi/\pi_\text{ref})$ up to a term that cancels in a pair. So the reward model's loss becomes a loss on the
# policy: supervised learning on pairs, with no reward model, critic or sampling. You still need a frozen reference (its
# log-probabilities can be stored). You give up on-policy data: the pairs do not follow the policy, nothing scores what
# it says now, and the loss sees only differences.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What does beta do in DPO, and how does IPO differ when a pair always has the same winner?</summary>
#
# $\beta$ is the price of a nat of KL: the optimum is the reference tilted by $e^{u/\beta}$, so a *small* beta lets the
# policy go far. In the loss it scales the log-ratio difference: with a small beta the sigmoid is satisfied late. For a
# deterministic pair the DPO loss has no minimum at any beta, it falls as the difference goes to infinity; the KL anchor
# has no force. IPO's square has its minimum at $1/(2\beta)$ and pulls back beyond. Label smoothing has the same effect
# within DPO: the optimum is $m = \log\frac{1-\varepsilon}{\varepsilon}$.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Summed or averaged log-probabilities: which loss uses which, and why?</summary>
#
# DPO uses sums: the log-probability of the whole answer. Averages there would be another loss (TRL 1.16.0 has it as
# `sigmoid_norm`). IPO as TRL implements it averages each log-ratio over its own answer, because a fixed target
# $1/(2\beta)$ against sums would depend on length. In both, prompt and padding must be masked and labels shifted by
# one. A wrong shift, a scored prompt and a mean for a sum all train without an error message.
#
# </details>

# %% [markdown] card="6.3" level="killer"
# <details><summary>What is activation steering, how does it differ from RLHF, and what does AUSteer add?</summary>
#
# It adds a vector to hidden states while the model runs, $h' = h + \alpha v$, with $v$ for example the difference of
# mean activations on contrasting prompts. No weight changes, there is no reward model, and it can be switched off per
# request; but it needs data, access to activations, a search over layer and $\alpha$, and it moves everything that
# shares the direction. AUSteer (arXiv 2602.04428) works on **atomic units**, slices of a weight matrix whose
# activations are single dimensions: it ranks them by activation momenta on contrasting samples and gives each an
# input-dependent strength. It reports better results with at most 100 dimensions than block-level methods with
# thousands. The reasoning is that a block mixes helpful, irrelevant and harmful dimensions. The assumption to question:
# that the behaviour is aligned with single dimensions. Under a rotation of the basis, full-vector steering is unchanged
# and top-k steering is not.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>The DPO loss falls, margins grow, and the model gets worse. What do you look at first?</summary>
#
# At the *chosen* log-probability. The loss sees a difference, so both answers may fall while the margin grows; the mass
# goes to answers that nobody compared. It is worst for pairs that are alike, because then the difference of their
# output embeddings, $e_w - e_l$, is small and some third answer gains more from a step than the chosen one does. Then:
# KL from the reference, answer length (a common shortcut), samples read by a person, and pairs with a high similarity.
# Remedies: a small supervised term on the chosen answers or DPOP hold them up at the same gap; a larger beta, IPO and
# early stopping displace less because they separate less; smoothing only where $\log\frac{1-\varepsilon}{\varepsilon}
# /\beta$ is a few nats. Also: filter such pairs, fresh on-policy pairs.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>KTO, ORPO, SimPO: what does each do without, and when would you take it?</summary>
#
# - **KTO** does without *pairs*: single answers marked good or bad, as thumbs from users come. It keeps the reference.
# - **ORPO** does without *reference and separate SFT stage*: SFT loss plus a log odds-ratio term on the pair.
# - **SimPO** does without *reference*: length-averaged log-probabilities and a margin $\gamma$. Less memory, against
#   the length bias of sums; nothing anchors it but learning rate and early stopping.
# - DPO and IPO need pairs and the reference, whose log-probabilities can be stored once.
#
# </details>
