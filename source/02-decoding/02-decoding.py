# %% [markdown]
# # 02 · Decoding strategies
#
# A language model does not write. It answers one question, again and again: how likely is each token to come next?
# **Decoding** is everything after that answer: how you bend the distribution, what you cut from it, and how you pick.
# The model stays the same; the text can go from a stuck record to a lively page.
#
# After this section you can answer, with code that you wrote:
#
# - What does temperature do, and what exactly happens at T = 0?
# - How do top-k, top-p and min-p differ, and what do they do with ties, rounding and the token that crosses the line?
# - Why does the order of temperature, top-k and top-p change the result?
# - Is greedy text poor because greedy search is short-sighted, and does a better search mend it?
# - How do you force a model to write valid JSON, and what does that cost?
# - Why does the same prompt at T = 0 not always give the same answer on a server?
#
# And at the end your own loop writes with a real language model.
#
# It takes about four hours. It builds on no other section; you need softmax, logarithms and a little PyTorch.

# %% [markdown] house_rules

# %% [markdown]
# **Letters and units.** $B$ is the batch, $V$ the vocabulary, $T$ in a shape the number of tokens so far. As a plain number
# in a formula $T$ is the temperature, as in the literature. Logits are any real numbers, one for each token; probabilities
# are never negative and sum to 1. All logarithms are natural, so log-probabilities are in nats. A logit of $-\infty$ means
# "impossible" and is a valid input.

# %% setup
import math
from collections.abc import Callable, Sequence
from math import inf

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, raises, unchanged
from course.duel import advise, duel
from course.models.ngram import RandomModel, TableModel, batched

# %% helper
### BEGIN HIDDEN TESTS
from course.models.ngram import RandomRows


def automaton(S, V, seed, legal=0.5, ends=0.4):
    "A random table and its accepting states; in the column of eos stands anything."
    g = torch.Generator().manual_seed(seed)
    table = torch.where(torch.rand(S, V, generator=g) < legal, torch.randint(S, (S, V), generator=g), -1)
    accepting = torch.rand(S, generator=g) < ends
    accepting[seed % S] = True
    return table, accepting

def shortest(table, accepting, eos):
    "The fewest tokens that finish the text from each state, eos counted: breadth first, backwards from where it may end."
    before = [set() for _ in accepting]
    for q, row in enumerate(table.tolist()):
        for i, after in enumerate(row):
            if i != eos and after >= 0:
                before[after].add(q)
    least, here, n = [inf] * len(before), {q for q, ends in enumerate(accepting.tolist()) if ends}, 1
    while here:
        for q in here:
            least[q] = n
        here, n = {q for after in here for q in before[after] if least[q] == inf}, n + 1
    return least

def masked(logits, state, table, accepting, eos, left):
    "What grammar_mask must give, token by token."
    least, ends, ways = shortest(table, accepting, eos), accepting.tolist(), table.tolist()
    may = [[ends[q] if i == eos else after >= 0 and least[after] < left for i, after in enumerate(ways[q])]
           for q in state.tolist()]
    return logits.masked_fill(~torch.tensor(may), -inf)

def chances(x, seen, T, k, p, r):
    "The probabilities of one step, from float64 logits and which ids each row has had, both (B, V)."
    x = np.where(seen, np.where(x > 0, x / r, x * r), x)
    q = np.exp((x - x.max(1, keepdims=True)) / T)
    q[q < np.sort(q, 1)[:, [-min(k, q.shape[1])]]] = 0
    order = np.argsort(-q, 1, kind="stable")
    sums = (np.take_along_axis(q, order, 1) / q.sum(1, keepdims=True)).cumsum(1)
    sums = np.roll(sums, 1, 1)  # of what stands before each token
    sums[:, 0] = -1
    kept = np.zeros(q.shape, dtype=bool)
    np.put_along_axis(kept, order, (sums < p) | (p == 1), 1)
    q[~kept] = 0
    return q / q.sum(1, keepdims=True)

def written(model, B, length, N, T, k, p, r, stop=(), pad=0, seed=0, edge=0.2):
    "Prompts, uniform numbers and the text that must come: each token is chosen first, then u falls inside its stretch."
    rng, V, rows = np.random.default_rng(seed), model.V, np.arange(B)
    ids, u = rng.integers(V, size=(B, length)), rng.random((B, N))
    text, seen, going = ids, np.zeros((B, V), dtype=bool), np.ones(B, dtype=bool)
    seen[rows[:, None], ids] = True
    for t in range(N):
        q = chances(model(torch.from_numpy(text)).double().numpy(), seen, T, k, p, r)
        sums, likely = q.cumsum(1), np.where(q > 0.3 / V, q, 0).cumsum(1)
        pick = (likely <= rng.random((B, 1)) * likely[:, -1:]).sum(1)
        inside = sums[rows, pick] - q[rows, pick] * rng.choice([edge, 1 - edge], B)
        u[:, t] = np.where(going, inside, u[:, t])
        text, seen[rows, pick] = np.c_[text, np.where(going, pick, pad)], True
        going &= ~np.isin(pick, stop)
        if not going.any():
            break
    return torch.from_numpy(ids), torch.from_numpy(u), torch.from_numpy(text)
### END HIDDEN TESTS

# %% tags=["picture"]
from course.sections import decoding

# %% [markdown]
# ## 1 · One model to play with
#
# To see decoding at work you need a model, not a large one. The course brings a **trigram model**: it looks at two
# tokens, and it has counted what followed them in the help texts of Python. It knows 3,724 different tokens
# and guesses badly, but it gives what every language model gives: a probability for each of them.
#
# The next picture asks it for the next token after two contexts. After *the \_\_init\_\_* it is sure. After *in the* it
# is not, and no single number of candidates suits both. Keep that in mind: it is the whole case for top-p.

# %% tags=["picture"]
decoding.next_tokens()

# %% [markdown]
# ## 2 · Feel it first
#
# Five contexts, four knobs. Blue tokens can be sampled, and their bars show the probability that they are sampled with;
# grey ones are cut. Three things to try:
#
# 1. Context *the \_\_init\_\_*, p = 0.9: one token. Now *in the*, same p: how many?
# 2. Switch p to 1 and set k to 8 for both. How does each of the two contexts suffer?
# 3. Raise the temperature to about 3 with p = 0.9, then with p = 1 and min-p = 0.1. Count what survives. Does either cut
#    hold against the heat?

# %% tags=["widget"]
decoding.widget()

# %% [markdown]
# ## 3 · Temperature
#
# The softmax with temperature divides the logits $s$ by $T$ before it exponentiates:
#
# $$P_T(i) = \frac{\exp(s_i / T)}{\sum_j \exp(s_j / T)}$$
#
# Three facts, each with its catch:
#
# - **The order of the tokens never changes.** The gap between two logits becomes a ratio of probabilities,
#   $P_T(i) / P_T(j) = \exp((s_i - s_j) / T)$. A small $T$ makes ratios larger, a large $T$ brings them towards 1.
# - **The entropy never falls as $T$ rises.** For $T \to \infty$ the distribution becomes uniform over the tokens with a
#   finite logit. The impossible ones stay impossible at any temperature.
# - **$T < 1$ sharpens; it does not make anything deterministic.** At $T = 0.5$ you still roll dice. Only the limit
#   $T \to 0$ puts all mass on the maximum, and where several logits share the maximum the limit is *uniform over all of
#   them*. $T = 0$ itself divides by zero. `transformers` refuses it with a `ValueError` and asks for
#   `do_sample=False`; servers that accept `temperature: 0` treat it as a special case. So does the function you write.
#
# One practical point: $\exp(1000)$ is infinite in any floating-point format you will meet. Adding a constant to all
# logits does not change the probabilities, so subtract the maximum first: the largest exponent is then $\exp(0)$.
#
# ### Exercise 02.1 · softmax_t
#
# - `logits` has any leading shape, `(..., V)`; the softmax runs over the last axis.
# - $T > 0$: the formula above, safe for logits of any finite size.
# - $T = 0$: the limit. Exact maxima of a row share the mass equally, everything else gets 0.
# - `ValueError` for $T < 0$, for a NaN anywhere in `logits`, and for a row that holds only $-\infty$ (nothing is
#   possible there), whatever $T$ is.
# - Not asked: logits of $+\infty$, infinite $T$, a $T$ so small that $s / T$ overflows.
#
# Source: Ackley, Hinton and Sejnowski 1985 for the temperature; `TemperatureLogitsWarper` in `transformers`.

# %% stub="softmax_t"
def softmax_t(logits: Float[Tensor, "... V"], T: float) -> Float[Tensor, "... V"]:
    """Probabilities at temperature T, in the dtype of `logits`.

    T = 0 is the limit: uniform over the exact maxima of each row.
    Raises ValueError for T < 0, a NaN logit, or a row of -inf only.

    >>> softmax_t(torch.tensor([1.0, 3.0, 3.0]), 0)
    tensor([0.0000, 0.5000, 0.5000])
    """
    ### BEGIN SOLUTION
    if T < 0 or logits.isnan().any() or (logits == -inf).all(-1).any():
        raise ValueError("softmax_t needs T >= 0, no NaN, and a finite logit in every row")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    top = wide.amax(-1, keepdim=True)
    weights = ((wide - top) / T).exp() if T > 0 else (wide == top).to(wide.dtype)
    return (weights / weights.sum(-1, keepdim=True)).to(logits.dtype)
    ### END SOLUTION
    raise NotImplementedError("softmax_t")

# %% [markdown] hints="softmax_t"
# <details><summary>Hint 1: a question</summary>
#
# Which of the steps (subtract the maximum, divide by T, exponentiate, normalise) would fail at T = 0, and what do you know
# about the answer without doing it?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Logits [0, 2, 1] at T = 2. Without the maximum: [-2, 0, -1]. Divided: [-1, 0, -0.5]. Exponentiated: [0.368, 1, 0.607],
# sum 1.975. Divided by it: [0.186, 0.506, 0.307]. At T = 0 only the question "equal to the maximum?" is left: [0, 1, 0].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The check for a row without any possible token comes before T is looked at, else T = 0 skips it. And at T = 0 compare the
# logits with the row's maximum *as they are*: rounding to float32, or an "almost equal", makes ties that are none. Whatever
# branch you take, the same last division makes the row sum to 1.
#
# </details>

# %% graded="softmax_t__temperature" points=2
# Looks at the probabilities, over temperatures, shapes and dtypes.
check(softmax_t, torch.tensor([1.0, 2.0, 3.0]), 0.5, want=torch.tensor([0.015876, 0.117310, 0.866813]),
      why="logits [1, 2, 3] at T = 0.5 are logits [2, 4, 6] at T = 1",
      mistakes={"multiplied by T instead of divided": torch.tensor([0.186324, 0.307196, 0.506480]),
                "T was not used": torch.tensor([0.090031, 0.244728, 0.665241])})
### BEGIN HIDDEN TESTS
def oracle(logits, T):
    x = logits.double().numpy() / T
    e = np.exp(x - x.max(-1, keepdims=True))
    return torch.from_numpy(e / e.sum(-1, keepdims=True)).to(logits.dtype)

rng = torch.Generator().manual_seed(1)
for i, shape in enumerate([(7,), (3, 5), (2, 3, 6), (4, 1, 2, 3), (5, 1)]):
    for j, T in enumerate([0.3, 1, 2.5, 1.0, 40.0]):
        x = torch.randn(shape, generator=rng, dtype=[torch.float32, torch.float64][(i + j) % 2]) * 3
        check(softmax_t, x, T, want=oracle(x, T), why="softmax over the last axis, each row on its own")
x = torch.randn(6, 4, generator=rng, dtype=torch.float64).T
check(softmax_t, x, 0.7, want=oracle(x, 0.7), why="the input is a transposed view, which is not contiguous")
x = torch.randn(3, 2000, generator=rng)
check(softmax_t, x, 1.7, want=oracle(x, 1.7), atol=1e-8)
x = torch.randn(3, 5, generator=rng, dtype=torch.float64)
check(softmax_t, x, 1.7, want=oracle(x, 1.7), rtol=1e-11, atol=0,
      why="float64 stays float64: the row sums to 1 to its last digits")
### END HIDDEN TESTS

# %% graded="softmax_t__zero" points=1
# Looks at T = 0: the limit, ties included.
check(softmax_t, torch.tensor([1.0, 3.0, 3.0, 0.0]), 0, want=torch.tensor([0.0, 0.5, 0.5, 0.0]),
      why="at T = 0 equal maxima share the mass equally",
      mistakes={"all mass on the first maximum: that is argmax, not the limit": torch.tensor([0.0, 1.0, 0.0, 0.0]),
                "T = 0 treated as T = 1": torch.tensor([0.061935, 0.457640, 0.457640, 0.022785])})
### BEGIN HIDDEN TESTS
x = torch.tensor([[1.0, 1.0 + 1e-12, 0.5, -inf], [-3.0, -3.0, -3.0, -3.0], [-inf, -inf, -7.0, -inf]], dtype=torch.float64)
want = torch.tensor([[0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0]], dtype=torch.float64)
check(softmax_t, x, 0.0, want=want, why="only exact maxima count, however close another logit is; -inf keeps 0")
check(softmax_t, x[:, None], 0, want=want[:, None], why="any leading shape is allowed")
check(softmax_t, x[0], 0, want=want[0])
for dtype in [torch.float16, torch.bfloat16, torch.float32]:
    check(softmax_t, torch.tensor([[2.0, 5.0], [4.0, 4.0]], dtype=dtype), 0.0,
          want=torch.tensor([[0.0, 1.0], [0.5, 0.5]], dtype=dtype))
check(softmax_t, torch.tensor([[900.0, -900.0, 900.0, 900.0]]).repeat(3, 1), 0, want=torch.tensor([[1, 0, 1, 1]] * 3) / 3)
### END HIDDEN TESTS

# %% graded="softmax_t__stable" points=1
# Looks at very large logits, at -inf, and at half precision.
check(softmax_t, torch.tensor([1000.0, 1001.0, 999.0]), 1.0, want=torch.tensor([0.244728, 0.665241, 0.090031]),
      why="exp(1000) overflows: subtract the row's maximum first",
      mistakes={"exp of the raw logits overflowed": torch.tensor([math.nan] * 3)})
check(softmax_t, torch.tensor([0.0, -inf]), 5.0, want=torch.tensor([1.0, 0.0]),
      why="an impossible token stays impossible at every temperature")
### BEGIN HIDDEN TESTS
def oracle(logits, T):
    x = logits.double().numpy() / T
    e = np.exp(x - x.max(-1, keepdims=True))
    return torch.from_numpy(e / e.sum(-1, keepdims=True)).to(logits.dtype)

x = torch.tensor([[1e4, -1e4, 1e4 - 1], [-1e4, -1e4 - 0.5, -1e4 + 0.25], [0.0, 1e4, 5.0]], dtype=torch.float64)
for T in [0.5, 1.0, 3.0, 1e3]:
    check(softmax_t, x, T, want=oracle(x, T), why="each row has its own maximum")
rng = torch.Generator().manual_seed(2)
x = torch.randn(5, 9, generator=rng)
x[torch.rand(5, 9, generator=rng) < 0.3] = -inf
x[:, 4] = -2.0
for T in [0.2, 1.0, 30.0]:
    check(softmax_t, x, T, want=oracle(x, T), why="-inf gives 0, the rest shares the mass")
x = torch.tensor([[0.0, 5e-8, 2e-8, -1e-7]], dtype=torch.float64)
check(softmax_t, x, 1e-7, want=oracle(x, 1e-7), why="T = 1e-7 is small, but it is not 0")
for dtype in [torch.float16, torch.bfloat16]:
    x = (torch.randn(16, 9, generator=rng) * 12 + 40).to(dtype)
    for T in [0.7, 1.3]:
        check(softmax_t, x, T, want=oracle(x, T), rtol=torch.finfo(dtype).eps, atol=1e-7,
              why="compute in float32 and round once, at the end: in half precision logits / T loses digits")
for T in [1.0, 5e3]:
    check(softmax_t, torch.tensor([[-1e4, -inf, -inf], [0.0, -inf, -50 * T]], dtype=torch.float64), T, rtol=1e-6, atol=0,
          want=torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, math.exp(-50)]], dtype=torch.float64),
          why="-inf gives exactly 0, a finite logit does not, however low it is")
for dtype in [torch.float32, torch.float64]:
    for T in [1e12, 5e37]:
        check(softmax_t, torch.tensor([[5.0, -inf, -3.0], [-inf, 0.0, 4.0]], dtype=dtype), T, rtol=1e-6, atol=0,
              want=torch.tensor([[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]], dtype=dtype),
              why="impossible at any temperature: a very low number instead of -inf is not")
for dtype in [torch.float16, torch.bfloat16]:
    x = torch.tensor([[9.0, 0.3, 0.7, -0.9], [1.1, 40.0, -0.2, 2.7]], dtype=dtype)
    for T in [10.0, 25.0]:
        check(softmax_t, x, T, want=oracle(x, T), rtol=torch.finfo(dtype).eps, atol=1e-7,
              why="go to float32 before you subtract the maximum: in half precision the difference is rounded already")
    x = (torch.randn(12, 15, generator=rng) * 2).to(dtype)
    q = oracle(x.double(), 1.3)
    sure = (q * (1 - 2e-5)).to(dtype) == (q * (1 + 2e-5)).to(dtype)  # no way in float32 rounds these apart
    expect(torch.where(sure, softmax_t(x.clone(), 1.3), q.to(dtype)), q.to(dtype), rtol=0, atol=0,
           on=f"softmax_t for 12 rows of 15 {dtype} logits at T = 1.3",
           why="round once, at the end: neither the numerators nor their sum are in half precision")
### END HIDDEN TESTS

# %% graded="softmax_t__errors" points=1
# Looks at what has no answer: T < 0, NaN, a row of -inf.
raises(ValueError, softmax_t, torch.tensor([1.0, 2.0]), -1.0, why="a negative temperature would turn the order around")
raises(ValueError, softmax_t, torch.tensor([[0.0, 1.0], [-inf, -inf]]), 1.0, why="the second row has no possible token")
check(softmax_t, torch.tensor([[0.0, -inf], [-inf, 0.0]]), 1.0, want=torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
      why="these rows are fine: each has one possible token")
### BEGIN HIDDEN TESTS
nan = math.nan
for T in [0, 0.0, 0.5, 2.0]:
    raises(ValueError, softmax_t, torch.tensor([0.0, nan, 1.0]), T, why="a NaN logit has no probability")
    raises(ValueError, softmax_t, torch.tensor([[[0.0, 1.0]], [[nan, 1.0]]]), T, why="a NaN in any row counts")
    raises(ValueError, softmax_t, torch.tensor([-inf, -inf, -inf]), T, why="no token is possible")
    raises(ValueError, softmax_t, torch.tensor([[[0.0, 1.0], [-inf, -inf]]]), T, why="one row without a possible token")
raises(ValueError, softmax_t, torch.tensor([1.0, 1.0]), -1e-3, why="T is negative")
check(softmax_t, torch.tensor([[-inf, 3.0], [1.0, -inf]]), 0, want=torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
### END HIDDEN TESTS

# %% graded="softmax_t__inplace" points=1
# Looks at the logits afterwards.
unchanged(softmax_t, torch.tensor([[1.0, 2.0], [0.0, 0.0]]), 1.0, want=torch.tensor([[0.268941, 0.731059], [0.5, 0.5]]))
### BEGIN HIDDEN TESTS
unchanged(softmax_t, torch.tensor([[4.0, 2.0], [3.0, 3.0]]), 0, want=torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
unchanged(softmax_t, torch.tensor([3.0, -inf, 3.0], dtype=torch.float64), 0.5,
          want=torch.tensor([0.5, 0.0, 0.5], dtype=torch.float64))
unchanged(softmax_t, torch.tensor([6.0, 2.0], dtype=torch.float16), 4.0,
          want=torch.tensor([0.731059, 0.268941], dtype=torch.float16))
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.temperature_curves(softmax_t)

# %% [markdown]
# ## 4 · Top-k: a fixed number of candidates
#
# Sampling from the full softmax has a weak spot: the tail. One token with probability 0.00002 hardly matters, but thousands
# of them together may hold a tenth of the mass, and one odd token derails a text. Truncation cuts the tail
# before the dice are rolled. **Top-k** keeps the $k$ highest logits.
#
# It masks logits rather than probabilities: a cut logit becomes $-\infty$, the survivors stay as they are, and the
# softmax that follows makes them sum to 1 again.
#
# ### Exercise 02.2 · top_k_mask
#
# - `logits` is `(B, V)`; each row is cut on its own.
# - A logit survives when it is **at least the k-th largest of its row**. So ties with the k-th all stay, and more than
#   $k$ tokens may survive: `[2, 2, 2, 0]` with $k = 2$ keeps three. This is what `transformers` does. It keeps the
#   result independent of the order of the vocabulary.
# - Survivors keep their logits bit for bit; the rest becomes $-\infty$.
# - $k \ge V$ gives a copy of the logits. $k < 1$ raises `ValueError`.
# - Not asked: rows that hold only $-\infty$.
#
# Source: Fan, Lewis and Dauphin 2018 (arXiv 1805.04833); `TopKLogitsWarper` in `transformers`.

# %% stub="top_k_mask"
def top_k_mask(logits: Float[Tensor, "B V"], k: int) -> Float[Tensor, "B V"]:
    """Keep the logits that reach the k-th largest of their row; the rest becomes -inf.

    Raises ValueError for k < 1; k >= V keeps everything.

    >>> top_k_mask(torch.tensor([[1.0, 4.0, 2.0, 3.0]]), 2)
    tensor([[-inf, 4., -inf, 3.]])
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    kth = logits.topk(min(k, logits.shape[-1])).values[:, -1:]
    return logits.masked_fill(logits < kth, -inf)
    ### END SOLUTION
    raise NotImplementedError("top_k_mask")

# %% [markdown] hints="top_k_mask"
# <details><summary>Hint 1: a question</summary>
#
# Is it easier to decide which *positions* survive, or which *value* a logit must reach? Which of the two treats ties as the
# statement asks?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Row [5, 1, 5, 3, 3], k = 3. In descending order: 5, 5, 3, 3, 1. The third value is 3, so everything below 3 goes and both
# threes stay: [5, -inf, 5, 3, 3].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Compare each logit with the k-th largest *value* of its own row, which needs the shape (B, 1). Indices of the k largest lose
# the ties. And ask for at most V of them.
#
# </details>

# %% graded="top_k_mask__keeps" points=1
# Looks at which logits stay, row by row, and that they stay bit for bit.
check(top_k_mask, torch.tensor([[1.0, 4.0, 2.0, 3.0]]), 2, want=torch.tensor([[-inf, 4.0, -inf, 3.0]]), rtol=0, atol=0,
      mistakes={"cut logits must become -inf; 0 is an ordinary logit": torch.tensor([[0.0, 4.0, 0.0, 3.0]]),
                "only k - 1 tokens were kept": torch.tensor([[-inf, 4.0, -inf, -inf]]),
                "k + 1 tokens were kept": torch.tensor([[-inf, 4.0, 2.0, 3.0]]),
                "the k lowest were kept": torch.tensor([[1.0, -inf, 2.0, -inf]])})
### BEGIN HIDDEN TESTS
def oracle(logits, k):
    x = logits.double().numpy()
    return torch.from_numpy(np.where(x >= np.sort(x, -1)[:, [-k]], x, -inf)).to(logits.dtype)

rng = torch.Generator().manual_seed(3)
for B, V in [(1, 5), (3, 7), (6, 4), (2, 130)]:
    for i, dtype in enumerate([torch.float32, torch.float64, torch.float16]):
        x = torch.stack([torch.randperm(V, generator=rng) for _ in range(B)]).to(dtype) / 8
        x = x - 20 * torch.arange(B, dtype=dtype)[:, None]
        for k in {i + 1, V - 1}:
            check(top_k_mask, x, k, want=oracle(x, k), rtol=0, atol=0, why="each row is cut on its own")
x = torch.randn(5, 3, generator=rng, dtype=torch.float64).T
check(top_k_mask, x, 2, want=oracle(x, 2), rtol=0, atol=0, why="the input is a transposed view, which is not contiguous")
x = torch.full((2, 60), 0.25) + torch.arange(60) * 2.0 ** -20
check(top_k_mask, x, 50, want=oracle(x, 50), rtol=0, atol=0, why="survivors keep every bit")
x = torch.tensor([[1.0, 1 + 1e-12, 0.5, 1 - 1e-12]], dtype=torch.float64)
for k in [1, 2]:
    check(top_k_mask, x, k, want=oracle(x, k), rtol=0, atol=0, 
          why="the logits differ by 1e-12: compare them as they are, in float64")
for k in [1, 2, 3]:
    x = torch.tensor([[-400.0, 0.0, -200.0, -300.0]])
    check(top_k_mask, x, k, want=oracle(x, k), rtol=0, atol=0, why="compare logits: far down all probabilities are 0")
### END HIDDEN TESTS

# %% graded="top_k_mask__ties" points=1
# Looks at logits that tie with the k-th.
check(top_k_mask, torch.tensor([[2.0, 2.0, 2.0, 0.0]]), 2, want=torch.tensor([[2.0, 2.0, 2.0, -inf]]), rtol=0, atol=0,
      why="whatever ties with the k-th largest stays too",
      mistakes={"exactly k were kept": torch.tensor([[2.0, 2.0, -inf, -inf]]),
                "the k-th largest of the different values: equal logits count one by one": torch.tensor([[2.0, 2.0, 2.0, 0.0]]),
                "what equals the k-th was cut": torch.tensor([[-inf] * 4])})
### BEGIN HIDDEN TESTS
check(top_k_mask, torch.tensor([[0.0, -0.0, 1.0, -1.0], [-0.0, 2.0, 0.0, -3.0]]), 2, rtol=0, atol=0,
      want=torch.tensor([[0.0, -0.0, 1.0, -inf], [-0.0, 2.0, 0.0, -inf]]), why="0.0 and -0.0 are equal numbers: they tie")
x = torch.tensor([[5.0, 1.0, 5.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0, 0.0], [-1.0, -inf, -2.0, -1.0, -inf]])
for k, want in [(1, [[5, -inf, 5, -inf, -inf], [0] * 5, [-1, -inf, -inf, -1, -inf]]),
                (2, [[5, -inf, 5, -inf, -inf], [0] * 5, [-1, -inf, -inf, -1, -inf]]),
                (3, [[5, -inf, 5, 3, 3], [0] * 5, [-1, -inf, -2, -1, -inf]]),
                (4, [[5, -inf, 5, 3, 3], [0] * 5, [-1, -inf, -2, -1, -inf]])]:
    for dtype in [torch.float32, torch.bfloat16]:
        check(top_k_mask, x.to(dtype), k, want=torch.tensor(want, dtype=dtype), rtol=0, atol=0)
### END HIDDEN TESTS

# %% graded="top_k_mask__edges" points=1
# Looks at k = 1, k beyond the vocabulary, and k < 1.
raises(ValueError, top_k_mask, torch.tensor([[1.0, 2.0]]), 0, why="k = 0 would leave nothing to sample")
check(top_k_mask, torch.tensor([[1.0, 2.0]]), 5, want=torch.tensor([[1.0, 2.0]]), rtol=0, atol=0, why="k > V keeps all")
### BEGIN HIDDEN TESTS
raises(ValueError, top_k_mask, torch.tensor([[1.0, 2.0], [0.0, 0.0]]), -1, why="k is negative")
x = torch.tensor([[0.5, -inf, 2.0], [7.0, -7.0, 0.0]], dtype=torch.float64)
for k in [3, 4, 1000]:
    check(top_k_mask, x, k, want=x.clone(), rtol=0, atol=0, why="k >= V keeps all")
check(top_k_mask, x, 1, want=torch.tensor([[-inf, -inf, 2.0], [7.0, -inf, -inf]], dtype=torch.float64))
check(top_k_mask, torch.tensor([[3.0], [-4.0]]), 1, want=torch.tensor([[3.0], [-4.0]]))
x = torch.stack([torch.arange(5000.0), torch.arange(5000.0).flip(0)])
check(top_k_mask, x, 4500, want=torch.where(x < 500, -inf, x), rtol=0, atol=0, why="k = 4,500 of 5,000: no k is too large")
### END HIDDEN TESTS

# %% graded="top_k_mask__inplace" points=1
# Looks at the logits afterwards.
unchanged(top_k_mask, torch.tensor([[1.0, 4.0, 2.0]]), 1, want=torch.tensor([[-inf, 4.0, -inf]]))
fresh(top_k_mask, torch.tensor([[1.0, 4.0]]), 5, want=torch.tensor([[1.0, 4.0]]), why="a copy, also where nothing is cut")
### BEGIN HIDDEN TESTS
unchanged(top_k_mask, torch.tensor([[1.0, 4.0, 2.0], [3.0, 2.0, 1.0]], dtype=torch.float64), 2,
          want=torch.tensor([[-inf, 4.0, 2.0], [3.0, 2.0, -inf]], dtype=torch.float64))
for dtype in [torch.float16, torch.bfloat16]:
    unchanged(top_k_mask, torch.tensor([[1.0, 4.0, 2.0]], dtype=dtype), 2,
              want=torch.tensor([[-inf, 4.0, 2.0]], dtype=dtype))
for dtype in [torch.float16, torch.float32, torch.float64]:
    for k in [2, 3]:
        x = torch.tensor([[1.0, 4.0], [2.0, 0.0]], dtype=dtype)
        fresh(top_k_mask, x, k, want=x.clone(), why="a copy, also where k is V and nothing is cut")
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.kept_by_top_k(top_k_mask)

# %% [markdown]
# ## 5 · Top-p: as many candidates as it takes
#
# **Top-p**, or nucleus sampling, fixes the mass instead of the number. Sort the tokens by probability, add up from the
# top, and stop as soon as the sum reaches $p$. What you have passed is the nucleus: the **smallest set whose
# probability is at least $p$**.
#
# The token that crosses the line belongs to the set. Leave it out and the sum is below $p$. The usual trick is to
# look at the sum *before* each token: a token stays while the mass before it is less than $p$.
#
# ### Exercise 02.3 · top_p_mask
#
# - `logits` is `(B, V)`; each row has its own nucleus. Survivors keep their logits bit for bit; the rest becomes
#   $-\infty$.
# - The probabilities are the softmax of the row (at $T = 1$).
# - $p = 0$ keeps one token, the likeliest. $p = 1$ keeps **every finite logit**, however small: mind that in floating
#   point the sum may reach 1 long before the last token. Here too the answer is a tensor of its own.
# - $p$ outside $[0, 1]$ raises `ValueError`.
# - Where exact ties stand at the edge, any smallest set is right.
# - In half precision compute in float32. Between 0.5 and 1 the numbers of float16 are 0.0005 apart and those of bfloat16
#   0.004: a cumulative sum rounded to such steps cannot tell many a token from none.
# - Not asked: rows of $-\infty$ only; a $p$ that equals a sum up to rounding, unless the sum is exact in binary.
#
# It must also be **fast**: one sort for the whole batch and no Python loop over tokens. A separate graded cell times it.
#
# Source: Holtzman et al. 2020 (arXiv 1904.09751). `TopPLogitsWarper` in `transformers` is close, with two traps: at
# $p = 1$ in float32 it can drop finite logits, and it sums in half precision when the logits are. Both bite only
# whoever calls it directly: `generate` leaves it out at $p = 1$ and casts the logits to float32 first.

# %% stub="top_p_mask"
def top_p_mask(logits: Float[Tensor, "B V"], p: float) -> Float[Tensor, "B V"]:
    """Keep the smallest set of tokens whose probability reaches p; the rest becomes -inf.

    p = 0 keeps one token, p = 1 every finite one. Raises ValueError for p outside [0, 1].

    >>> top_p_mask(torch.tensor([[2.0, 1.0, 0.0]]), 0.7)    # probabilities 0.665, 0.245, 0.090
    tensor([[2., 1., -inf]])
    """
    ### BEGIN SOLUTION
    if not 0 <= p <= 1:
        raise ValueError(f"p must lie in [0, 1], got {p}")
    if p == 1:
        return logits.clone()
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    probs, order = wide.softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= p  # the mass before a token has reached p already
    cut[:, 0] = False
    return logits.masked_fill(cut.scatter(-1, order, cut), -inf)
    ### END SOLUTION
    raise NotImplementedError("top_p_mask")

# %% [markdown] hints="top_p_mask"
# <details><summary>Hint 1: a question</summary>
#
# After sorting you know which *ranks* survive. How do you get from "rank 3 survives" back to the position that this token
# had before sorting?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Probabilities [0.1, 0.5, 0.15, 0.25], p = 0.7. Sorted: 0.5, 0.25, 0.15, 0.1 (positions 1, 3, 2, 0). Mass before each:
# 0, 0.5, 0.75, 0.9. Below 0.7: the first two. So positions 1 and 3 survive, with mass 0.75.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The mask that you get belongs to the *sorted* row. `order[b, r]` is the place in the vocabulary of the token with rank r, so
# the entry (b, r) of the sorted mask has to be *written to* place `order[b, r]`: a scatter. A gather with the same index
# permutes the wrong way round, and small examples do not always show it.
#
# </details>

# %% graded="top_p_mask__smallest_set" points=2
# Looks at the token that crosses p, and at the order in which tokens come back.
check(top_p_mask, torch.tensor([[3.0, 2.0, 1.0]]), 0.7, want=torch.tensor([[3.0, 2.0, -inf]]), rtol=0, atol=0,
      why="0.665 does not reach 0.7; with the second token it is 0.910",
      mistakes={"the token that crosses p was dropped": torch.tensor([[3.0, -inf, -inf]]),
                "one token too many was kept": torch.tensor([[3.0, 2.0, 1.0]]),
                "cut logits must become -inf; 0 is an ordinary logit": torch.tensor([[3.0, 2.0, 0.0]])})
check(top_p_mask, torch.tensor([[0.0, 2.0, 1.0], [3.0, -3.0, 0.0]]), 0.7, rtol=0, atol=0,
      want=torch.tensor([[-inf, 2.0, 1.0], [3.0, -inf, -inf]]), why="put the cut back in the order before sorting, row by row",
      mistakes={"the mask stayed in sorted order": torch.tensor([[0.0, 2.0, -inf], [3.0, -inf, -inf]])})
### BEGIN HIDDEN TESTS
def oracle(logits, p):
    rows = logits.double().numpy()
    out = np.full(rows.shape, -inf)
    for row, survivors in zip(rows, out):
        q = np.exp(row - row.max())
        order = np.argsort(-q, kind="stable")
        kept = order[:np.searchsorted(np.cumsum(q[order] / q.sum()), p) + 1]  # up to the first sum that reaches p
        survivors[kept] = row[kept]
    return torch.from_numpy(out).to(logits.dtype)

rng = torch.Generator().manual_seed(4)
for i, (B, V) in enumerate([(1, 6), (3, 11), (8, 5), (4, 200)]):
    for spread in [0.5, 2.0, 6.0]:
        for p in [(0.05, 0.5, 0.9), (0.3, 0.75, 0.97)][i % 2]:
            x = torch.randn(B, V, generator=rng, dtype=torch.float64) * spread
            check(top_p_mask, x, p, want=oracle(x, p), rtol=0, atol=0, why="the smallest set with mass at least p, in each row")
            check(top_p_mask, x.float() - 7, p, want=oracle(x.float() - 7, p), rtol=0, atol=0)
x = torch.randn(9, 4, generator=rng).T
check(top_p_mask, x, 0.6, want=oracle(x, 0.6), rtol=0, atol=0, why="the input is a transposed view, which is not contiguous")
x = torch.randn(4, 9, generator=rng)
x[torch.rand(4, 9, generator=rng) < 0.4] = -inf
x[:, 2] = 0.5
for p in [0.2, 0.8, 0.95]:
    check(top_p_mask, x, p, want=oracle(x, p), rtol=0, atol=0, why="-inf has no mass and stays -inf")
x = torch.tensor([[1000.0, 999.0, 998.0, 0.0], [-1000.0, -999.0, -1002.0, -998.0]])
check(top_p_mask, x, 0.8, want=oracle(x, 0.8), rtol=0, atol=0, why="large logits are logits too")
x = torch.tensor([[-6.0, 0.0, -20.0, -9.0, -3.0, -30.0]], dtype=torch.float64)
q = x.softmax(-1).sort(descending=True).values.cumsum(-1)[0]
for n in range(1, 5):  # p in the middle of a step, up to 1 - 1e-9
    p = float(q[n - 1] + q[n]) / 2
    check(top_p_mask, x, p, want=oracle(x, p), rtol=0, atol=0, why="a p close to 1 is not 1; float64 stays float64")
    if n < 4:  # these steps are wide enough for float32
        check(top_p_mask, x.float(), p, want=oracle(x.float(), p), rtol=0, atol=0, why="a p close to 1 is not 1")
### END HIDDEN TESTS

# %% graded="top_p_mask__edges" points=1
# Looks at p = 0, p = 1, ties at the edge, and p outside of [0, 1].
check(top_p_mask, torch.tensor([[0.0, -200.0, 1.0]]), 1.0, want=torch.tensor([[0.0, -200.0, 1.0]]), rtol=0, atol=0,
      why="p = 1 keeps every finite logit, also where rounding has brought the sum to 1 before it")
check(top_p_mask, torch.tensor([[0.0, 0.5, 1.0]]), 0.0, want=torch.tensor([[-inf, -inf, 1.0]]), rtol=0, atol=0,
      why="p = 0 keeps the likeliest token: there must be something to sample",
      mistakes={"nothing is left": torch.tensor([[-inf, -inf, -inf]])})
raises(ValueError, top_p_mask, torch.tensor([[0.0, 1.0]]), 1.5, why="no set has probability 1.5")
### BEGIN HIDDEN TESTS
for p in [-0.1, 1.01, 90.0]:
    raises(ValueError, top_p_mask, torch.tensor([[0.0, 1.0], [2.0, 3.0]]), p, why="p lies outside [0, 1]")
rng = torch.Generator().manual_seed(5)
for dtype in [torch.float16, torch.bfloat16, torch.float32, torch.float64]:
    x = (torch.randn(3, 300, generator=rng) * 20).to(dtype)
    x[1, 7], x[0, :200] = -inf, -inf
    for p in [1, 1.0]:
        check(top_p_mask, x, p, want=x.clone(), rtol=0, atol=0, why="p = 1 keeps every finite logit")
    x = torch.stack([torch.randperm(20, generator=rng) for _ in range(3)]).to(dtype)
    check(top_p_mask, x, 0, want=torch.where(x == 19, x, -inf), rtol=0, atol=0, why="p = 0 keeps one token")
for n in [2, 4, 8]:  # equal logits: all sums are exact, and any set of the right size is right
    for size in range(1, n + 1):
        for p in [size / n, (size - 0.5) / n]:
            x = torch.full((2, n + 3), 1.5)
            x[:, [0, 2, n + 1]] = -inf
            got = top_p_mask(x.clone(), p)
            on = f"the number of survivors of top_p_mask({n} equal logits, {p})"
            expect((got > -inf).sum(-1), torch.tensor([size, size]), on=on,
                   why=f"each has probability 1/{n}; a sum that is exactly p has reached p")
            expect(torch.where(got > -inf, got, x), x, on="survivors", rtol=0, atol=0, why="they keep their logits")
x = torch.tensor([[2.0, 2.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
expect((top_p_mask(x, 0.0) > -inf).sum(-1), torch.tensor([1, 1]), on="survivors at p = 0", why="one, also among ties")
### END HIDDEN TESTS

# %% graded="top_p_mask__dtypes" points=1
# Looks at half precision and at float64.
check(top_p_mask, torch.tensor([[0.5, 3.0, 1.5]], dtype=torch.float16), 0.9, rtol=0, atol=0,
      want=torch.tensor([[-inf, 3.0, 1.5]], dtype=torch.float16), why="the result has the dtype of the logits")
### BEGIN HIDDEN TESTS
rng = torch.Generator().manual_seed(6)
for dtype, V, step in [(torch.float16, 1500, 2 ** -9), (torch.bfloat16, 128, 2 ** -5), (torch.float32, 3000, 2 ** -10),
                       (torch.float64, 3000, 2 ** -10)]:
    order = torch.stack([torch.randperm(V, generator=rng) for _ in range(3)])
    x = ((V - 1 - order) * step).to(dtype)  # exact in dtype; the token of rank r is where order == r
    q = torch.softmax(x[0].double().sort(descending=True).values, -1).cumsum(0)
    for n in [V // 10, V // 3, V // 2]:
        p = float(q[n - 1] + q[n]) / 2  # the middle of a step: n + 1 tokens, with room for float32
        check(top_p_mask, x, p, want=torch.where(order <= n, x, -inf), rtol=0, atol=0,
              why="sum the probabilities in float32 at least: in half precision the sum of many small ones drifts")
x = torch.tensor([[0.1, 0.2, 0.3], [0.3, 0.1, 0.7]], dtype=torch.float64)
check(top_p_mask, x, 0.5, want=torch.tensor([[-inf, 0.2, 0.3], [0.3, -inf, 0.7]], dtype=torch.float64), rtol=0, atol=0)
for dtype in [torch.float16, torch.bfloat16]:
    left = (top_p_mask(torch.full((2, 4000), 1.5, dtype=dtype), 0.7507) > -inf).sum(-1)
    expect(left, torch.tensor([3003, 3003]), on=f"how many of 4,000 equal {dtype} logits survive p = 0.7507",
           why="3,002.8 of them hold 0.7507; with p rounded to half precision it is another number")
### END HIDDEN TESTS

# %% graded="top_p_mask__inplace" points=1
# Looks at the logits afterwards.
unchanged(top_p_mask, torch.tensor([[2.0, 1.0, 0.0]]), 0.5, want=torch.tensor([[2.0, -inf, -inf]]))
fresh(top_p_mask, torch.tensor([[1.0, 4.0]]), 1.0, want=torch.tensor([[1.0, 4.0]]), why="a copy, also where nothing is cut")
### BEGIN HIDDEN TESTS
unchanged(top_p_mask, torch.tensor([[0.0, 1.0, 2.0], [5.0, 0.0, 0.0]], dtype=torch.float64), 0.7,
          want=torch.tensor([[-inf, 1.0, 2.0], [5.0, -inf, -inf]], dtype=torch.float64))
unchanged(top_p_mask, torch.tensor([[0.0, 1.0]]), 1.0, want=torch.tensor([[0.0, 1.0]]))
for dtype in [torch.float16, torch.bfloat16]:
    unchanged(top_p_mask, torch.tensor([[2.0, 1.0, 0.0]], dtype=dtype), 0.5,
              want=torch.tensor([[2.0, -inf, -inf]], dtype=dtype))
### END HIDDEN TESTS

# %% graded="top_p_mask__speed" points=2 tags=["timed"]
# Looks at the time on large batches.
def draw(rng: np.random.Generator):
    "8 rows of 8,000 logits, all different, and a p in the middle of a step, so that there is one right answer."
    profile = np.linspace(0, 3, 8000, dtype=np.float32)
    steps = np.exp(profile[::-1].astype(np.float64)).cumsum()
    n = rng.integers(4000, 6000)
    p = (steps[n - 1] + steps[n]) / 2 / steps[-1]
    return torch.from_numpy(np.stack([rng.permutation(profile) for _ in range(8)])), float(p)

advise(top_p_mask, draw, yardstick=lambda logits, p: logits.sort(-1), usual=1.3)
### BEGIN HIDDEN TESTS
duel(top_p_mask, draw, reference='''
import torch

def top_p_mask(logits, p):
    probs, order = logits.softmax(-1).sort(-1, descending=True)
    cut = probs.cumsum(-1) - probs >= p
    cut[:, 0] = False
    return logits.masked_fill(cut.scatter(-1, order, cut), -torch.inf)
''', limit=2.5, rtol=0, atol=0)
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.nucleus_sizes(top_p_mask)

# %% [markdown]
# ## 6 · Min-p: relative to the favourite
#
# Top-p has a weak spot too. Heat the distribution up and the nucleus swells: at a high temperature 0.9 of the mass is
# spread over very many poor tokens. **Min-p** asks a different question: is this token at least a fraction $p$ as
# likely as the favourite?
#
# $$\text{keep } i \iff P(i) \ge p \cdot \max_j P(j)$$
#
# With a sure model the bar is high, with an unsure one it is low. Look at the ratio
# $P(i) / \max_j P(j) = \exp(s_i - \max_j s_j)$: the softmax's denominator drops out, and all you need from the rest of
# the row is its maximum. What does that say about the speed of min-p next to top-p?
#
# The catch: the ratio is raised to the power $1/T$, so heat lets more tokens over this bar too. The picture after the
# exercise counts them.
#
# ### Exercise 02.4 · min_p_mask
#
# - `logits` is `(B, V)`; each row is cut on its own; survivors keep their logits bit for bit, the rest becomes $-\infty$.
# - $p = 0$ gives a copy of the logits, $p = 1$ keeps exactly the maxima. $p$ outside $[0, 1]$ raises `ValueError`.
# - In half precision compute in float32. Not asked: rows of $-\infty$ only; a ratio that equals $p$ up to rounding.
#
# Source: Nguyen et al. 2024 (arXiv 2407.01082); `MinPLogitsWarper` in `transformers`.

# %% stub="min_p_mask"
def min_p_mask(logits: Float[Tensor, "B V"], p: float) -> Float[Tensor, "B V"]:
    """Keep the tokens that are at least p times as likely as the likeliest of their row; the rest becomes -inf.

    Raises ValueError for p outside [0, 1].

    >>> min_p_mask(torch.tensor([[2.0, 1.0, 0.0]]), 0.3)    # ratios to the best: 1, 0.368, 0.135
    tensor([[2., 1., -inf]])
    """
    ### BEGIN SOLUTION
    if not 0 <= p <= 1:
        raise ValueError(f"p must lie in [0, 1], got {p}")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    ratio = (wide - wide.amax(-1, keepdim=True)).exp()
    return logits.masked_fill(ratio < p, -inf)
    ### END SOLUTION
    raise NotImplementedError("min_p_mask")

# %% [markdown] hints="min_p_mask"
# <details><summary>Hint 1: a question</summary>
#
# Do you need the probabilities themselves, or only how each compares with the largest?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Probabilities [0.5, 0.3, 0.15, 0.05], p = 0.2. The bar is 0.2 times 0.5 = 0.1, so three tokens survive. With
# probabilities [0.9, 0.06, 0.03, 0.01] the bar is 0.18, and one survives.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The largest probability is that of the *row*, so the maximum keeps its axis. And the exponential of a difference to the
# maximum is the ratio itself: whoever computes two softmaxes and divides them meets 0 / 0 far down in half precision.
#
# </details>

# %% graded="min_p_mask__relative" points=1
# Looks at the threshold, which each row's favourite sets.
check(min_p_mask, torch.tensor([[2.0, 1.0, 0.0]]), 0.3, want=torch.tensor([[2.0, 1.0, -inf]]), rtol=0, atol=0,
      why="the ratios to the best are 1, 0.368 and 0.135",
      mistakes={"p was compared with the probability itself, not with its ratio to the largest":
                    torch.tensor([[2.0, -inf, -inf]])})
### BEGIN HIDDEN TESTS
check(min_p_mask, torch.tensor([[0.0, -1.0], [5.0, -5.0]]), 0.3, want=torch.tensor([[0.0, -1.0], [5.0, -inf]]), rtol=0, atol=0,
      why="each row has its own favourite",
      mistakes={"compared with the largest logit of the whole batch": torch.tensor([[-inf, -inf], [5.0, -inf]]),
                "compared with the largest probability of the whole batch": torch.tensor([[0.0, -inf], [5.0, -inf]])})

def oracle(logits, p):
    q = np.exp(logits.double().numpy())
    return torch.where(torch.from_numpy(q / q.max(-1, keepdims=True) >= p), logits, -inf)

rng = torch.Generator().manual_seed(7)
for B, V in [(1, 6), (4, 9), (7, 3), (2, 300)]:
    for p in [0.02, 0.1, 0.37, 0.8]:
        for dtype in [torch.float32, torch.float64]:
            x = torch.randn(B, V, generator=rng, dtype=dtype) * 2 + 5 * torch.arange(B, dtype=dtype)[:, None] - 8
            check(min_p_mask, x, p, want=oracle(x, p), rtol=0, atol=0, why="each row has its own favourite")
x = torch.randn(8, 5, generator=rng).T
check(min_p_mask, x, 0.25, want=oracle(x, 0.25), rtol=0, atol=0, why="the input is a transposed view, not contiguous")
x = torch.tensor([[1000.0, 999.0, 995.0], [-1000.0, -1003.0, -1001.0]])
want = torch.tensor([[1000.0, 999.0, -inf], [-1000.0, -inf, -1001.0]])
check(min_p_mask, x, 0.2, want=want, rtol=0, atol=0, why="large logits are logits too: subtract the maximum")
### END HIDDEN TESTS

# %% graded="min_p_mask__edges" points=1
# Looks at p = 0, p = 1, -inf, half precision, and p outside of [0, 1].
check(min_p_mask, torch.tensor([[1.0, -200.0, -inf]]), 0.0, want=torch.tensor([[1.0, -200.0, -inf]]), rtol=0, atol=0,
      why="p = 0 cuts nothing")
raises(ValueError, min_p_mask, torch.tensor([[0.0, 1.0]]), -0.1, why="p lies outside [0, 1]")
### BEGIN HIDDEN TESTS
for p in [1.5, -1.0, 20]:
    raises(ValueError, min_p_mask, torch.tensor([[0.0, 1.0], [1.0, 0.0]]), p, why="p lies outside [0, 1]")
for p in [1, 1.0]:
    check(min_p_mask, torch.tensor([[3.0, 2.9999, 3.0], [0.0, -5.0, -inf]]), p, rtol=0, atol=0,
          want=torch.tensor([[3.0, -inf, 3.0], [0.0, -inf, -inf]]), why="p = 1 keeps the maxima, all of them")
check(min_p_mask, torch.tensor([[3.0, 3 - 1e-9, 3.0]], dtype=torch.float64), 1, rtol=0, atol=0,
      want=torch.tensor([[3.0, -inf, 3.0]], dtype=torch.float64), why="float64 stays float64: the middle one is no maximum")
x = torch.tensor([[1.0, -inf, 0.0, 0.9], [-inf, 2.0, 2.0, -inf]])
check(min_p_mask, x, 0.5, want=torch.tensor([[1.0, -inf, -inf, 0.9], [-inf, 2.0, 2.0, -inf]]), rtol=0, atol=0,
      why="-inf stays -inf")
check(min_p_mask, torch.tensor([[0.0, -300.0, 5.0]]), 0, want=torch.tensor([[0.0, -300.0, 5.0]]), rtol=0, atol=0)
for dtype in [torch.float16, torch.bfloat16]:
    x = torch.tensor([[0.0, -13.0, -22.0, -3.0], [4.0, -20.0, 2.0, -8.0]], dtype=dtype)
    want = torch.tensor([[0.0, -13.0, -inf, -3.0], [4.0, -inf, 2.0, -8.0]], dtype=dtype)
    check(min_p_mask, x, 1e-9, want=want, rtol=0, atol=0, why="in float16 the smallest probabilities vanish: use float32")
    x = 1 + torch.arange(100, dtype=dtype) / 128  # exact in dtype; neighbours differ by 0.8 percent in probability
    for n in range(5, 95, 10):
        p = math.exp(-(n + 0.5) / 128)
        check(min_p_mask, x.repeat(2, 1), p, want=torch.where(x < x[99 - n], -inf, x).repeat(2, 1), rtol=0, atol=0,
              why="compare in float32: in half precision a probability has three digits at most")
    x = torch.tensor([[8.0, 6.0, 4.0]], dtype=dtype)
    check(min_p_mask, x, 0.1, want=torch.tensor([[8.0, 6.0, -inf]], dtype=dtype), rtol=0, atol=0)
    for low in [0.3, 0.7, 1.1, -2.3]:
        x = torch.tensor([[low, 8.0, -30.0]], dtype=dtype)
        exact, rounded = x[0, 0].item() - 8, (x[0, 0] - x[0, 1]).item()
        if exact != rounded:
            want = torch.where(torch.tensor([[exact > rounded, True, False]]), x, -inf)
            check(min_p_mask, x, math.exp((exact + rounded) / 2), want=want, rtol=0, atol=0,
                  why="go to float32 before you subtract the maximum: in half precision the difference is rounded already")
        for shift, kept in [(-1e-3, True), (1e-3, False)]:
            want = torch.where(torch.tensor([[kept, True, False]]), x, -inf)
            check(min_p_mask, x, math.exp(exact + shift), want=want, rtol=0, atol=0,
                  why="p and its logarithm are no half-precision numbers either")
x = torch.zeros(2, 5000, dtype=torch.float16)
x[1, :10] = -2.5
check(min_p_mask, x, 0.1, want=torch.where(x < 0, -inf, x), rtol=0, atol=0)
### END HIDDEN TESTS

# %% graded="min_p_mask__inplace" points=1
# Looks at the logits afterwards.
unchanged(min_p_mask, torch.tensor([[2.0, 1.0, 0.0]]), 0.5, want=torch.tensor([[2.0, -inf, -inf]]))
fresh(min_p_mask, torch.tensor([[1.0, 4.0]]), 0.0, want=torch.tensor([[1.0, 4.0]]), why="a copy, also where nothing is cut")
### BEGIN HIDDEN TESTS
unchanged(min_p_mask, torch.tensor([[0.0, 1.0], [3.0, 0.0]], dtype=torch.float64), 0.3,
          want=torch.tensor([[0.0, 1.0], [3.0, -inf]], dtype=torch.float64))
for dtype in [torch.float16, torch.bfloat16]:
    unchanged(min_p_mask, torch.tensor([[2.0, 1.0, 0.0]], dtype=dtype), 0.3,
              want=torch.tensor([[2.0, 1.0, -inf]], dtype=dtype))
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.survivors_in_the_heat(top_p_mask, min_p_mask)

# %% [markdown]
# **Neither cut holds.** After *in the*, top-p 0.9 keeps 117, 1,523 and 2,716 of 3,724 tokens at T = 1, 2 and 3, min-p 0.1
# keeps 26, 124 and 335. Min-p grows later and stays far smaller, but a sampler with 335 candidates is not a careful one.
# Whether its texts are *better* is contested: the paper reports higher quality and variety at high temperatures; a
# re-analysis of its data and benchmarks (Schaeffer et al. 2025, arXiv 2506.13681) finds no advantage once every
# sampler is tuned with equal effort. Take it as a cheap cut with a sensible scale, and measure on your own task.

# %% [markdown]
# ## 7 · Repetition penalty
#
# Truncation looks at one step. A **repetition penalty** looks back: tokens that have appeared already become less
# likely. The CTRL paper, which introduced it, divides the logit of a seen token by $r$. That is right for a positive
# logit only: dividing $-4$ by $2$ gives $-2$, a *reward*. So the common implementation divides positive logits and
# multiplies negative ones:
#
# $$s_i \leftarrow \begin{cases} s_i / r & s_i > 0 \\ s_i \cdot r & s_i \le 0 \end{cases} \qquad
# \text{for every } i \text{ among the ids so far}$$
#
# Once for each distinct token, however often it came. Note the catch: unlike the softmax this is not blind to a constant
# shift of the logits. A model whose logits are all negative is penalised in another way than its shifted twin.
#
# ### Exercise 02.5 · repetition_penalty
#
# - `ids` is `(B, T)`, int64, the tokens so far; `logits` is `(B, V)`; row $b$ of `ids` changes only row $b$ of `logits`.
# - Every id in the row counts, a padding id too: the function cannot know which it is.
# - $r > 0$ is given: $r > 1$ discourages, $r < 1$ encourages, $r = 1$ gives a copy of the logits.
#
# Source: Keskar et al. 2019 (CTRL, arXiv 1909.05858); `RepetitionPenaltyLogitsProcessor` in `transformers`.

# %% stub="repetition_penalty"
def repetition_penalty(ids: Int[Tensor, "B T"], logits: Float[Tensor, "B V"], r: float) -> Float[Tensor, "B V"]:
    """Make the tokens in `ids` less likely: logits above 0 are divided by r, the others multiplied, once per token.

    >>> repetition_penalty(torch.tensor([[0, 2, 2]]), torch.tensor([[4.0, 4.0, -4.0]]), 2.0)
    tensor([[ 2.,  4., -8.]])
    """
    ### BEGIN SOLUTION
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen > 0, seen / r, seen * r))
    ### END SOLUTION
    raise NotImplementedError("repetition_penalty")

# %% [markdown] hints="repetition_penalty"
# <details><summary>Hint 1: a question</summary>
#
# If an id stands twice in a row of `ids`, does your code penalise it twice? What if you compute the new values from the old
# logits first, and write them only then?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Logits [3, -1, 0.5], ids [1, 0, 1], r = 1.5. Token 0: 3 / 1.5 = 2. Token 1: -1 times 1.5 = -1.5, once. Token 2 was not
# seen. Result [2, -1.5, 0.5].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Read all old logits of the seen ids first, then write all new values into a copy. An id that stands twice is then read twice
# and written twice, with the same value, and that does no harm. Whoever divides in a loop over `ids` penalises it twice.
#
# </details>

# %% graded="repetition_penalty__sign" points=1
# Looks at logits on both sides of zero.
check(repetition_penalty, torch.tensor([[0, 1]]), torch.tensor([[4.0, -4.0, 1.0]]), 2.0,
      want=torch.tensor([[2.0, -8.0, 1.0]]), why="a penalty must lower the logit whatever its sign",
      mistakes={"a negative logit was divided too, which rewards it": torch.tensor([[2.0, -2.0, 1.0]]),
                "r was subtracted": torch.tensor([[2.0, -6.0, 1.0]]),
                "multiplied and divided the wrong way round": torch.tensor([[8.0, -2.0, 1.0]])})
### BEGIN HIDDEN TESTS
x = torch.tensor([[0.5, -0.25, 0.0, 3.0, -7.0]])
for r in [1.3, 0.5, 1.0, 4.0]:
    want = torch.tensor([[0.5 / r, -0.25 * r, 0.0, 3.0, -7.0 * r]])
    check(repetition_penalty, torch.tensor([[1, 4, 0, 2]]), x, r, want=want)
x = torch.tensor([[-inf, 2.0, -1.0]], dtype=torch.float64)
check(repetition_penalty, torch.tensor([[0, 2]]), x, 1.2, want=torch.tensor([[-inf, 2.0, -1.2]], dtype=torch.float64),
      why="an impossible token stays impossible; mind that 0 times -inf is NaN")
check(repetition_penalty, torch.tensor([[0, 2]]), x, 0.5, want=torch.tensor([[-inf, 2.0, -0.5]], dtype=torch.float64),
      why="an impossible token stays impossible, also where r < 1 encourages")
### END HIDDEN TESTS

# %% graded="repetition_penalty__once" points=1
# Looks at tokens that occur several times.
check(repetition_penalty, torch.tensor([[1, 1, 1]]), torch.tensor([[8.0, 8.0]]), 2.0, want=torch.tensor([[8.0, 4.0]]),
      why="once for each distinct token, however often it came",
      mistakes={"applied once per occurrence": torch.tensor([[8.0, 1.0]])})
### BEGIN HIDDEN TESTS
check(repetition_penalty, torch.tensor([[3, 0, 3, 0, 0, 2]]), torch.tensor([[1.0, 2.0, -3.0, 4.0]]), 1.5,
      want=torch.tensor([[1 / 1.5, 2.0, -4.5, 4 / 1.5]]))
check(repetition_penalty, torch.tensor([[0, 0, 2, 0], [2, 2, 1, 2]]), torch.tensor([[5.0, 5.0, -1.0], [5.0, 5.0, -1.0]]), 5.0,
      want=torch.tensor([[1.0, 5.0, -5.0], [5.0, 1.0, -5.0]]), why="every id counts, whatever its number")
### END HIDDEN TESTS

# %% graded="repetition_penalty__batched" points=1
# Looks at batches in which each row has its own past.
check(repetition_penalty, torch.tensor([[0], [1]]), torch.tensor([[2.0, 2.0], [2.0, 2.0]]), 2.0,
      want=torch.tensor([[1.0, 2.0], [2.0, 1.0]]), why="row b of ids changes row b of logits only",
      mistakes={"all rows were penalised for all ids": torch.tensor([[1.0, 1.0], [1.0, 1.0]])})
### BEGIN HIDDEN TESTS
def oracle(ids, logits, r):
    rows = [[(v / r if v > 0 else v * r) if i in seen else v for i, v in enumerate(row)]
            for seen, row in zip(map(set, ids.tolist()), logits.double().tolist())]
    return torch.tensor(rows, dtype=torch.float64).to(logits.dtype)

rng = torch.Generator().manual_seed(8)
for B, T, V in [(1, 4, 6), (3, 2, 9), (5, 12, 4), (2, 40, 300)]:
    for dtype in [torch.float32, torch.float64, torch.float16, torch.bfloat16]:
        for r in [1.2, 0.7]:
            ids = torch.randint(V, (B, T), generator=rng)
            x = (torch.randn(B, V, generator=rng) * 5).to(dtype)
            check(repetition_penalty, ids, x, r, want=oracle(ids, x, r), why="the result has the dtype of the logits")
ids, x = torch.randint(5, (7, 3), generator=rng).T, torch.randn(5, 3, generator=rng).T
check(repetition_penalty, ids, x, 1.7, want=oracle(ids, x, 1.7), why="both inputs are transposed views, not contiguous")
for T in [70, 150, 1100]:  # the first ids come once, long ago
    ids = torch.cat([torch.randperm(400, generator=rng)[:20].expand(2, 20), 400 + torch.randint(300, (2, T), generator=rng)], 1)
    x = torch.randn(2, 700, generator=rng) * 5
    check(repetition_penalty, ids, x, 1.3, want=oracle(ids, x, 1.3), why="every id of the row counts, however long ago it came")
ids, x = torch.tensor([[1, 2], [0, 2]]), torch.tensor([[0.1, -0.3, 0.7, 0.1], [0.2, 0.1, -0.1, 0.6]], dtype=torch.float64)
untouched = torch.ones(2, 4, dtype=torch.bool).scatter(1, ids, False)
expect(repetition_penalty(ids.clone(), x.clone(), 1.1)[untouched], x[untouched], rtol=1e-12, atol=0,
       on=f"the logits that repetition_penalty({ids.tolist()}, {x.tolist()}, 1.1) must leave alone",
       why="float64 stays float64 all the way: 0.1 must not come back as 0.10000000149")
for dtype in [torch.float16, torch.bfloat16]:
    ids, x = torch.arange(300)[None].repeat(2, 1), (torch.randn(2, 300, generator=rng) * 5).to(dtype)
    low, high = [oracle(ids, x.double() * (1 + e), 1.9).to(dtype) for e in (-1e-5, 1e-5)]
    x[low != high] = 2.0 ** -3  # no result lies where two ways of computing in float32 could round apart
    check(repetition_penalty, ids, x, 1.9, want=oracle(ids, x, 1.9), rtol=0, atol=0,
          why="compute in float32 and round once: a factor 1 / r in half precision is rounded already")
### END HIDDEN TESTS

# %% graded="repetition_penalty__inplace" points=1
# Looks at the logits afterwards.
unchanged(repetition_penalty, torch.tensor([[1, 0, 1]]), torch.tensor([[2.0, -2.0, 1.0]]), 2.0,
          want=torch.tensor([[1.0, -4.0, 1.0]]))
fresh(repetition_penalty, torch.tensor([[1, 0]]), torch.tensor([[2.0, -2.0, 1.0]]), 1.0, want=torch.tensor([[2.0, -2.0, 1.0]]),
      why="a copy, also where r = 1 changes nothing")
### BEGIN HIDDEN TESTS
unchanged(repetition_penalty, torch.tensor([[0, 0], [1, 1]]), torch.tensor([[1.0, 3.0], [-1.0, -3.0]], dtype=torch.float64),
          2.0, want=torch.tensor([[0.5, 3.0], [-1.0, -6.0]], dtype=torch.float64))
for dtype in [torch.float16, torch.bfloat16]:
    unchanged(repetition_penalty, torch.tensor([[1, 0, 1]]), torch.tensor([[2.0, -2.0, 1.0]], dtype=dtype), 2.0,
              want=torch.tensor([[1.0, -4.0, 1.0]], dtype=dtype))
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.penalised(repetition_penalty)

# %% [markdown]
# ## 8 · Rolling the dice: the inverse CDF
#
# How do you sample from probabilities when all you have is a uniform number $u \in [0, 1)$? Lay the probabilities end
# to end on the unit interval; token $i$ owns the stretch from $F_{i-1}$ to $F_i$, where $F_i = P_0 + \dots + P_i$ is
# the cumulative sum and $F_{-1} = 0$. Then see where $u$ falls:
#
# $$\text{sample}(u) = \min \{ i : F_i > u \}$$
#
# The sign is strict, and that matters at $u = 0$: a first token of probability 0 owns an empty stretch, and $F_0 = 0 > 0$
# is false, so it is passed over, as it should be. At the other end rounding bites: the sum of the probabilities may be
# 0.9999999, and $u$ may be larger. Then no $F_i$ exceeds $u$.
#
# (There is another way. Add to each logit its own random number $g_i = -\ln(-\ln u_i)$ and take the largest sum: token
# $i$ wins with probability $\text{softmax}(s)_i$. This **Gumbel-max trick** needs no softmax, no sum and no order, so a
# vocabulary can be split over several devices; and the $k$ largest sums are a sample of $k$ without replacement. It
# pays with $V$ uniform numbers for each token instead of one.)
#
# ### Exercise 02.6 · sample_inverse_cdf
#
# - `probs` is `(B, V)`, rows sum to 1 up to rounding: in float32 the sum may be off by a few millionths. `u` is `(B,)`
#   with $0 \le u < 1$, of any floating dtype. Whether you divide by the sum or not, both are right: the tests keep $u$
#   away from places that this moves.
# - Returns `(B,)`, int64: for each row the smallest $i$ with $F_i > u$.
# - Where no $F_i$ exceeds $u$: the **last token with positive probability**, however small it is. A token of probability 0
#   is never returned.
# - In half precision accumulate in float32.
#
# Source: Devroye 1986, *Non-Uniform Random Variate Generation*, the inversion method for discrete distributions.

# %% stub="sample_inverse_cdf"
def sample_inverse_cdf(probs: Float[Tensor, "B V"], u: Float[Tensor, "B"]) -> Int[Tensor, "B"]:
    """For each row the smallest i with probs[0] + ... + probs[i] > u, as int64; never a token of probability 0.

    >>> sample_inverse_cdf(torch.tensor([[0.25, 0.25, 0.5]]), torch.tensor([0.25]))
    tensor([1])
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(probs.dtype, torch.float32)
    cdf = probs.cumsum(-1, dtype=wide)
    first = (cdf <= u[:, None]).sum(-1)
    last = probs.shape[-1] - 1 - (probs > 0).flip(-1).int().argmax(-1)
    return torch.minimum(first, last)
    ### END SOLUTION
    raise NotImplementedError("sample_inverse_cdf")

# %% [markdown] hints="sample_inverse_cdf"
# <details><summary>Hint 1: a question</summary>
#
# The cumulative sum never falls. So how many of its entries are less than or equal to $u$, and what does that number say
# about the position you look for?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Probabilities [0, 0.5, 0, 0.5, 0]: cumulative [0, 0.5, 0.5, 1, 1]. u = 0 gives token 1 (one entry is at most 0). u = 0.5
# gives token 3 (three entries are at most 0.5). Did rounding leave the sum at 0.999999 and were u = 0.9999995, the count
# would say 5; the last token with positive probability is 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Counting the sums that are at most u gives V where none is above it, and a place of probability 0 where the row ends in
# zeros. Both are mended by one bound: the last place with a positive probability, which you find in the probabilities, not in
# the sums.
#
# </details>

# %% graded="sample_inverse_cdf__definition" points=1
# Looks at the token for each u, and at the dtype of the answer.
probs = torch.tensor([[0.25, 0.25, 0.5]]).repeat(4, 1)
check(sample_inverse_cdf, probs, torch.tensor([0.0, 0.25, 0.4, 0.75]), want=torch.tensor([0, 1, 1, 2]),
      why="the smallest i whose cumulative sum is above u",
      mistakes={"u on a boundary belongs to the next token: F > u, not F >= u": torch.tensor([0, 0, 1, 2]),
                "always the likeliest token": torch.tensor([2, 2, 2, 2])})
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(9)
for B, V in [(1, 4), (6, 3), (5, 40), (40, 5)]:
    for dtype in [torch.float32, torch.float64, torch.float16]:
        p = torch.from_numpy(rng.dirichlet(np.ones(V), B)).to(dtype)
        edges = np.concatenate([np.zeros((B, 1)), p.double().numpy().cumsum(-1)], 1)
        likely = p.double().numpy() * (p.double().numpy() > 0.6 / V)
        want = torch.tensor([rng.choice(V, p=row / row.sum()) for row in likely])
        rows = np.arange(B)
        u = torch.from_numpy((edges[rows, want] + edges[rows, want + 1]) / 2)  # the middle of a token's stretch
        check(sample_inverse_cdf, p, u, want=want, why="each row has its own u and its own cumulative sum")
        check(sample_inverse_cdf, p, u.float(), want=want)
eighths = torch.tensor([[1, 2, 1, 4], [4, 1, 1, 2], [2, 2, 2, 2]]) / 8
for j in range(8):  # every sum is exact
    want = torch.tensor([[0, 1, 1, 2, 3, 3, 3, 3][j], [0, 0, 0, 0, 1, 2, 3, 3][j], j // 2])
    check(sample_inverse_cdf, eighths, torch.full((3,), j / 8), want=want, why="u on a boundary belongs to the next token")
    if j:  # just below the boundary, which float32 cannot tell from it
        want = torch.tensor([[0, 1, 1, 2, 3, 3, 3, 3][j - 1], [0, 0, 0, 0, 1, 2, 3, 3][j - 1], (j - 1) // 2])
        check(sample_inverse_cdf, eighths.double(), torch.full((3,), j / 8 - 1e-12, dtype=torch.float64), want=want,
              why="float64 stays float64: u is below the boundary")
many = torch.full((6, 2048), 2.0 ** -11)  # exact in every dtype, the sums in float32 too
want = torch.tensor([3, 500, 1029, 1500, 2001, 2046])
for dtype in [torch.float16, torch.bfloat16, torch.float32]:
    check(sample_inverse_cdf, many.to(dtype), (want + 0.5) / 2048, want=want,
          why="accumulate in float32: half precision cannot tell these sums apart")
p, u = torch.tensor([[0.5, 0.1, 0.3], [0.25, 0.6, 0.1], [0.25, 0.3, 0.6]]).T, torch.tensor([0.3, 0.6, 0.95])
check(sample_inverse_cdf, p, u, want=torch.tensor([0, 1, 2]), why="the input is a transposed view, not contiguous")
probs = torch.tensor([[0.5, 0.4999, 0.0001], [0.0001, 0.4999, 0.5]])
check(sample_inverse_cdf, probs, torch.tensor([0.99985, 0.00005]), want=torch.tensor([1, 0]),
      why="near 1 and near 0 as elsewhere")
### END HIDDEN TESTS

# %% graded="sample_inverse_cdf__zero_mass" points=1
# Looks at tokens of probability 0, and at u near 1.
check(sample_inverse_cdf, torch.tensor([[0.0, 0.5, 0.5, 0.0]]), torch.tensor([0.0]), want=torch.tensor([1]),
      why="token 0 has probability 0 and must never be sampled", mistakes={"F >= u lets u = 0 hit it": torch.tensor([0])})
check(sample_inverse_cdf, torch.tensor([[0.5, 0.499999, 0.0, 0.0]]), torch.tensor([0.9999995]), want=torch.tensor([1]),
      why="the sum is 0.999999 and u is above it: the last token with positive probability",
      mistakes={"the last position, which has probability 0": torch.tensor([3]), "an index outside": torch.tensor([4]),
                "argmax of F > u is 0 where no F is above u": torch.tensor([0])})
### BEGIN HIDDEN TESTS
p = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]])
check(sample_inverse_cdf, p, torch.zeros(5), want=torch.tensor([2, 1, 0, 1, 0]), why="u = 0 with leading zeros")
check(sample_inverse_cdf, p, torch.full((5,), 0.5), want=torch.tensor([2, 1, 0, 2, 2]))
check(sample_inverse_cdf, p, torch.full((5,), 1 - 2 ** -24), want=torch.tensor([2, 1, 0, 2, 2]), why="u just below 1")
for dtype, near in [(torch.float64, 1 - 2 ** -53), (torch.float32, 1 - 2 ** -24)]:
    for tail in [0, 1, 3]:
        p = torch.cat([torch.full((2, 10), 0.1, dtype=dtype), torch.zeros(2, tail, dtype=dtype)], 1)
        p[1, 9], p[1, 8] = 0.0, 0.2 - torch.finfo(dtype).eps * 8
        check(sample_inverse_cdf, p, torch.full((2,), near, dtype=dtype), want=torch.tensor([9, 8]),
              why="rounding can leave the whole sum at or below u")
short = 1 - 2 ** -20  # a softmax in float32 can be off by as much
p = torch.tensor([[0.25, 0.0, 0.75 * short, 0.0], [short, 0.0, 0.0, 0.0], [0.625, 0.0, 0.375 * short, 0.0]])
check(sample_inverse_cdf, p, torch.tensor([0.2501, 1 - 2 ** -24, 1 - 2 ** -24]), want=torch.tensor([2, 0, 2]),
      why="the last token with positive probability, which is neither the first nor the likeliest")
for tiny, dtype in [(2 ** -21, torch.float32), (2 ** -23, torch.float32), (2 ** -24, torch.float32), (2 ** -45, torch.float64)]:
    p = torch.tensor([[0.5, 0.5 - tiny, tiny, 0.0], [0.0, tiny, 0.5 - tiny, 0.5], [tiny, 0.5 - tiny, 0.0, 0.5]], dtype=dtype)
    u = torch.tensor([1 - tiny, 0.0, tiny / 2], dtype=torch.float64)  # every sum is exact
    check(sample_inverse_cdf, p, u, want=torch.tensor([2, 1, 0]), why="a small probability is a probability, at both ends")
    check(sample_inverse_cdf, p, u.to(dtype), want=torch.tensor([2, 1, 0]))
    check(sample_inverse_cdf, p, torch.full((3,), tiny, dtype=dtype), want=torch.tensor([0, 2, 1]))
### END HIDDEN TESTS

# %% graded="sample_inverse_cdf__inplace" points=1
# Looks at the probabilities afterwards.
unchanged(sample_inverse_cdf, torch.tensor([[0.5, 0.5], [0.25, 0.75]]), torch.tensor([0.75, 0.1]), want=torch.tensor([1, 0]))
### BEGIN HIDDEN TESTS
unchanged(sample_inverse_cdf, torch.tensor([[0.2, 0.3, 0.5]], dtype=torch.float64), torch.tensor([0.4], dtype=torch.float64),
          want=torch.tensor([1]))
unchanged(sample_inverse_cdf, torch.tensor([[0.5, 0.5, 0.0]]), torch.tensor([0.75]), want=torch.tensor([1]))
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.shares_drawn(sample_inverse_cdf)

# %% [markdown]
# ## 9 · Beam search
#
# Sampling picks one token at a time. So does **greedy decoding**, which always takes the likeliest. Both decide before
# they have seen what follows. **Beam search** keeps the `beam` likeliest beginnings alive and lets them compete.
#
# Longer sequences have smaller probabilities, since every token multiplies by a number of at most 1. Compared by
# log-probability alone, short answers win. So the finished hypotheses are ranked by
#
# $$\text{score} = \frac{\log P}{\text{len}^{\alpha}}$$
#
# $\alpha = 0$ is the plain log-probability, $\alpha = 1$ the mean per token. (Log-probabilities are negative: dividing by
# a *larger* number makes a *better* score.)
#
# ### Exercise 02.7 · beam_search
#
# - `step(ids)` is the model: it takes the ids so far, a list of int that begins with `bos`, and gives the `(V,)`
#   log-probabilities of the next token as a tensor. Some may be $-\infty$: such a continuation is impossible, so drop it.
# - Start with `[bos]` and log-probability 0. In each round every unfinished hypothesis is extended by every token. A
#   hypothesis that ends with `eos` is **finished**: it stays in the beam as it is and is never extended.
# - Of all finished and extended hypotheses keep the `beam` with the highest **log-probability**; `len` plays no part here.
# - Stop when all hypotheses in the beam are finished, or after `max_len` rounds.
# - `len` counts generated tokens: `eos` counts, `bos` does not. `bos` and `eos` are different tokens.
# - Answer: the finished hypothesis of the beam with the best score. Only where none is finished: the unfinished one with
#   the best score. Return `(ids, score)`: a list of int with `bos` (and `eos`, where finished), and a float.
#
# With `beam = 1` this is greedy decoding: it ends where the likeliest token is `eos`. With a beam so wide that nothing is
# pruned it is exhaustive search.
#
# Libraries differ in where finished hypotheses wait. **Tolerated**: they may also be moved to a list of their own, whether
# the beam then has one place less or not; the answer is then chosen from that list. The tests avoid inputs on which
# these ways part, and exact ties. Not tolerated: dropping them, extending them, or stopping at the first.
#
# Source: Graves 2012 (arXiv 1211.3711) for beam search over sequences; `length_penalty` in `transformers` for the score;
# Wu et al. 2016 (arXiv 1609.08144) use $((5 + \text{len}) / 6)^\alpha$ instead.

# %% stub="beam_search"
def beam_search(step: Callable[[list[int]], Float[Tensor, "V"]], bos: int, eos: int, beam: int, max_len: int,
                alpha: float = 0.0) -> tuple[list[int], float]:
    """The best finished hypothesis (ids with bos, log-probability / len ** alpha); the best unfinished if none finished.

    >>> step = TableModel({(0,): {2: 0.6, 3: 0.4}, (0, 2): {1: 0.4, 2: 0.35, 3: 0.25}, (0, 3): {1: 0.9, 2: 0.1}}, V=4)
    >>> ids, score = beam_search(step, bos=0, eos=1, beam=2, max_len=2)
    >>> ids, round(score, 3)    # log 0.36; greedy finds [0, 2, 1] with log 0.24
    ([0, 3, 1], -1.022)
    """
    ### BEGIN SOLUTION
    def finished(hyp):
        return hyp[0][-1] == eos

    def score(hyp):
        return hyp[1] / (len(hyp[0]) - 1) ** alpha

    hyps = [([bos], 0.0)]
    for _ in range(max_len):
        pool = [hyp for hyp in hyps if finished(hyp)]
        for ids, logp in (hyp for hyp in hyps if not finished(hyp)):
            children = step(ids)
            best = children.topk(min(beam, len(children)))  # only its beam best children can survive
            pool += [(ids + [i], logp + lp) for lp, i in zip(best.values.tolist(), best.indices.tolist()) if lp > -inf]
        hyps = sorted(pool, key=lambda hyp: -hyp[1])[:beam]
        if all(map(finished, hyps)):
            break
    best = max([hyp for hyp in hyps if finished(hyp)] or hyps, key=score)
    return best[0], score(best)
    ### END SOLUTION
    raise NotImplementedError("beam_search")

# %% [markdown] hints="beam_search"
# <details><summary>Hint 1: a question</summary>
#
# What must you remember about a hypothesis? Two things are enough. How do you tell from them whether it is finished, and how
# long it is?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# beam = 2, tokens: 0 is bos, 1 is eos. Round 1: [0 2] with 0.6, [0 3] with 0.4. Round 2: candidates [0 2 1] 0.24,
# [0 2 2] 0.21, [0 2 3] 0.15, [0 3 1] 0.36, [0 3 2] 0.04. The two best are [0 3 1] and [0 2 1]; both are finished, so the
# search stops. Score of [0 3 1] with alpha = 1: log(0.36) / 2.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The finished hypotheses go into the same pool as the extended ones, with the log-probability that they have, and compete
# there. Length enters only once, at the very end. And two hypotheses that end with the same token are two hypotheses: only
# the whole list of ids says which is which.
#
# </details>

# %% graded="beam_search__greedy_trap" points=1
# Looks at a model that leads greedy search into a trap.
trap = {(0,): {2: 0.6, 3: 0.4}, (0, 2): {1: 0.4, 2: 0.35, 3: 0.25}, (0, 3): {1: 0.9, 2: 0.1}}
check(beam_search, TableModel(trap, 4), 0, 1, 1, 2, 0.0, rtol=1e-5, want=([0, 2, 1], math.log(0.24)), why="beam = 1 is greedy")
check(beam_search, TableModel(trap, 4), 0, 1, 2, 2, 0.0, rtol=1e-5, want=([0, 3, 1], math.log(0.36)),
      why="token 3 is the worse start and the better sentence",
      mistakes={"that is the greedy answer: the second beam was lost": ([0, 2, 1], math.log(0.24))})
### BEGIN HIDDEN TESTS
def wide_trap(bos, eos, a, b, c):
    def row(first, p):  # eos with probability p; the rest is shared so that no single token beats it
        rest = [t for t in range(7) if t != eos]
        weights = [1.0 + 0.01 * t for t in rest]
        return {eos: p, **{t: (1 - p) * w / sum(weights) for t, w in zip(rest, weights)}}
    return TableModel({(bos,): {a: 0.4, b: 0.35, c: 0.25}, (bos, a): row(a, 0.3), (bos, b): row(b, 0.4),
                       (bos, c): row(c, 0.95)}, 7)

for bos, eos, a, b, c in [(0, 1, 2, 3, 4), (6, 0, 5, 1, 3), (3, 6, 0, 5, 2)]:
    for beam, first, p in [(1, a, 0.4 * 0.3), (2, b, 0.35 * 0.4), (3, c, 0.25 * 0.95)]:
        check(beam_search, wide_trap(bos, eos, a, b, c), bos, eos, beam, 2, 0.0, rtol=1e-5,
              want=([bos, first, eos], math.log(p)), why=f"with beam = {beam} this is what survives")
        check(beam_search, wide_trap(bos, eos, a, b, c), bos, eos, beam, 2, 1.0, rtol=1e-5,
              want=([bos, first, eos], math.log(p) / 2),
              why="two tokens were generated: bos does not count, eos does")
# two beginnings that end with the same token, and the weaker one has the better end
twins = {(0,): {2: 0.52, 3: 0.48}, (0, 2): {4: 0.9, 3: 0.04, 2: 0.06}, (0, 3): {4: 0.85, 2: 0.1, 3: 0.05},
         (0, 2, 4): {1: 0.2, 2: 0.3, 3: 0.25, 4: 0.25}, (0, 3, 4): {1: 0.9, 2: 0.04, 3: 0.03, 4: 0.03}}
for alpha in [0.0, 1.0]:
    check(beam_search, TableModel(twins, 5), 0, 1, 2, 3, alpha, rtol=1e-5,
          want=([0, 3, 4, 1], math.log(0.48 * 0.85 * 0.9) / 3 ** alpha),
          why="[0, 2, 4] and [0, 3, 4] end alike and are two hypotheses: what follows depends on all ids")
# two beginnings of the same tokens in another order, and the weaker one has the better end
orders = {(0,): {2: 0.55, 3: 0.45}, (0, 2): {3: 0.9, 2: 0.1}, (0, 3): {2: 0.95, 3: 0.05},
          (0, 2, 3): {1: 0.3, 2: 0.27, 3: 0.23, 4: 0.2}, (0, 3, 2): {1: 0.9, 2: 0.04, 3: 0.03, 4: 0.03}}
for beam in [2, 3, 7]:
    check(beam_search, TableModel(orders, 5), 0, 1, beam, 3, 0.5, rtol=1e-5,
          want=([0, 3, 2, 1], math.log(0.45 * 0.95 * 0.9) / 3 ** 0.5),
          why="[0, 2, 3] and [0, 3, 2] hold the same tokens and are two hypotheses: what follows depends on their order")
# the third best of all beginnings ends best, and is one of the two best children of its parent
late = {(0,): {2: 0.6, 3: 0.4}, (0, 2): {2: 0.5, 3: 0.46, 4: 0.04}, (0, 3): {2: 0.6, 4: 0.4}, (0, 3, 2): {1: 1.0},
        (0, 2, 2): {1: 0.34, 2: 0.33, 3: 0.33}, (0, 2, 3): {1: 0.4, 2: 0.3, 3: 0.3}, (0, 3, 4): {1: 0.5, 2: 0.5}}
for beam, want in [(2, ([0, 2, 3, 1], 0.6 * 0.46 * 0.4)), (3, ([0, 3, 2, 1], 0.4 * 0.6))]:
    for alpha in [0.0, 1.0]:
        check(beam_search, TableModel(late, 5), 0, 1, beam, 3, alpha, rtol=1e-5,
              want=(want[0], math.log(want[1]) / 3 ** alpha),
              why="the beam best of all hypotheses together survive, however many each parent has: [0, 3, 2] is third")
# seven beginnings, and the least likely of them ends best
seven = {(0,): dict(zip(range(2, 9), [0.2, 0.18, 0.16, 0.15, 0.12, 0.1, 0.09])), (0, 8): {1: 1.0},
         **{(0, i): {1: 0.05, 2: 0.21, 3: 0.2, 4: 0.19, 5: 0.18, 6: 0.17} for i in range(2, 8)}}
check(beam_search, TableModel(seven, 9), 0, 1, 7, 2, 0.0, rtol=1e-5, want=([0, 8, 1], math.log(0.09)),
      why="with beam = 7 all seven tokens of the first round survive")
# greedy on random models: the likeliest token at each step
for seed, V, max_len in [(1, 5, 6), (2, 9, 4), (3, 4, 8), (4, 6, 7)]:
    step, ids, logp = RandomModel(V, seed), [1], 0.0
    while len(ids) <= max_len and ids[-1] != 0:
        logp += step(ids).max().item()
        ids = ids + [step(ids).argmax().item()]
    check(beam_search, step, 1, 0, 1, max_len, 0.0, rtol=1e-5, want=(ids, logp), why="beam = 1 is greedy")
### END HIDDEN TESTS

# %% graded="beam_search__exhaustive" points=2
# Looks at beams wide enough to search everything.
step = RandomModel(V=3, seed=0)
check(beam_search, step, 0, 2, 3 ** 3, 3, 0.0, rtol=1e-5, want=([0, 2], -0.45141108626188875),
      why="with 27 beams nothing is pruned: this is the best of all sequences of at most 3 tokens")
### BEGIN HIDDEN TESTS
def all_finished(step, ids, eos, max_len, logp=0.0):
    if len(ids) > 1 and ids[-1] == eos:
        yield ids, logp
    elif len(ids) <= max_len:
        for i, lp in enumerate(step(ids).tolist()):
            yield from all_finished(step, [*ids, i], eos, max_len, logp + lp)

for seed in range(8):
    V, max_len = [(3, 4), (4, 3), (2, 6), (5, 2)][seed % 4]
    bos, eos = seed % V, (seed + 1) % V
    step = RandomModel(V, seed, spread=1.0 + seed % 3)
    found = list(all_finished(step, [bos], eos, max_len))
    for alpha in [(0.0, 1.0), (0.6, 2.0)][seed // 4]:
        score, ids = max((logp / (len(ids) - 1) ** alpha, ids) for ids, logp in found)
        check(beam_search, step, bos, eos, V ** max_len, max_len, alpha, rtol=1e-5, want=(ids, score),
              why="nothing is pruned, so this must be the best finished sequence of all")
### END HIDDEN TESTS

# %% graded="beam_search__finished" points=2
# Looks at hypotheses that end, early or not at all.
early = {(0,): {1: 0.5, 2: 0.3, 3: 0.2}, (0, 1): {1: 1.0}, (0, 2): {2: 0.6, 3: 0.35, 1: 0.05}}
check(beam_search, TableModel(early, 4), 0, 1, 2, 2, 0.0, rtol=1e-5, want=([0, 1], math.log(0.5)),
      why="[0, 1] is finished after one round; it waits in the beam, unchanged, and wins",
      mistakes={"the finished hypothesis was lost": ([0, 2, 2], math.log(0.18)),
                "the finished hypothesis was extended": ([0, 1, 1], math.log(0.5))})
open_end = {(0,): {2: 0.9, 1: 0.1}, (0, 2): {2: 0.9, 1: 0.1}}
check(beam_search, TableModel(open_end, 3), 0, 1, 2, 2, 0.0, rtol=1e-5, want=([0, 1], math.log(0.1)),
      why="a finished hypothesis is preferred to any unfinished one",
      mistakes={"an unfinished hypothesis was returned although one is finished": ([0, 2, 2], math.log(0.81))})
### BEGIN HIDDEN TESTS
# after eos the table offers certainty: whoever extends finished hypotheses runs into it
for bos, eos, x, y in [(0, 1, 2, 3), (3, 0, 1, 2)]:
    lure = {(bos,): {eos: 0.4, x: 0.35, y: 0.25}, (bos, eos): {x: 1.0}, (bos, eos, x): {eos: 1.0},
            (bos, x): {eos: 0.2, x: 0.5, y: 0.3}, (bos, x, x): {eos: 0.9, x: 0.1},
            (bos, y): {eos: 0.3, x: 0.3001, y: 0.3999}}
    for alpha, ids, p in [(0.0, [bos, eos], 0.4), (1.0, [bos, x, x, eos], 0.35 * 0.5 * 0.9)]:
        want = (ids, math.log(p) / (len(ids) - 1) ** alpha)
        check(beam_search, TableModel(lure, 4), bos, eos, 3, 3, alpha, rtol=1e-5, want=want,
              why="the search goes on after the first finished hypothesis, and does not touch it")
# no hypothesis finishes: the best unfinished one
for V, bos, eos, max_len, alpha in [(4, 0, 3, 3, 1.0), (5, 2, 0, 4, 0.5), (5, 2, 0, 1, 2.0)]:
    def never(ids, V=V, eos=eos, inner=RandomModel(V, 5)):
        logp = inner(ids)
        logp[eos] = -inf
        return logp
    beam = {(bos,): 0.0}
    for _ in range(max_len):
        grown = {(*ids, i): s + lp for ids, s in beam.items() for i, lp in enumerate(never(list(ids)).tolist())}
        beam = {ids: grown[ids] for ids in sorted(grown, key=grown.get)[-(V - 1):]}
    ids = max(beam, key=beam.get)
    check(beam_search, never, bos, eos, V - 1, max_len, alpha, rtol=1e-5, want=(list(ids), beam[ids] / max_len ** alpha),
          why="eos is impossible, so after max_len tokens the best unfinished hypothesis is the answer")
    ids, logp = [bos], 0.0
    for _ in range(max_len):
        logp += never(ids).max().item()
        ids = ids + [never(ids).argmax().item()]
    check(beam_search, never, bos, eos, 1, max_len, alpha, rtol=1e-5, want=(ids, logp / max_len ** alpha),
          why="max_len tokens are generated, bos not counted")
# impossible continuations are dropped also where the beam has room for them, and a certain token costs nothing
narrow = {(0,): {2: 0.7, 3: 0.3}, (0, 2): {3: 1.0}, (0, 3): {2: 1.0}, (0, 2, 3): {2: 1.0}, (0, 3, 2): {3: 1.0}}
for beam in [1, 2, 9]:
    for alpha in [0.0, 1.0]:
        check(beam_search, TableModel(narrow, 4), 0, 1, beam, 3, alpha, rtol=1e-5, atol=1e-6,
              want=([0, 2, 3, 2], math.log(0.7) / 3 ** alpha),
              why="eos has probability 0 everywhere: no hypothesis can finish, and -inf is no log-probability to keep")
# a very small probability is not none
def lopsided(ids):
    return torch.tensor([-inf, -800.0, 0.0], dtype=torch.float64)

for eos, want in [(1, ([0, 1], -800.0)), (0, ([1, 2], 0.0)), (2, ([0, 2], 0.0))]:
    for beam in [2, 3, 5]:
        check(beam_search, lopsided, int(eos == 0), eos, beam, 1, 0.0, rtol=1e-5, atol=1e-6, want=want,
              why="log-probabilities are -inf, -800 and 0: the first is impossible, the second is not")
# pruning looks at log-probability, not at the score
crowd = {(0,): {1: 0.5, 2: 0.49, 3: 0.01}, (0, 2): {2: 0.5, 3: 0.4, 1: 0.02, 0: 0.08}}
for alpha in [0.0, 1.0, 2.0]:
    check(beam_search, TableModel(crowd, 4), 0, 1, 2, 2, alpha, rtol=1e-5, want=([0, 1], math.log(0.5)),
          why="prune by log-probability: ranked by logp / len ** alpha while pruning, longer ones would push [0, 1] out")
### END HIDDEN TESTS

# %% graded="beam_search__length" points=1
# Looks at the exponent that divides by length.
two = {(0,): {1: 0.3, 2: 0.7}, (0, 2): {1: 0.4, 2: 0.6}}
for alpha, want in [(0.0, ([0, 1], math.log(0.3))), (1.0, ([0, 2, 1], math.log(0.28) / 2))]:
    check(beam_search, TableModel(two, 3), 0, 1, 3, 2, alpha, rtol=1e-5, want=want, why=f"score = logp / len ** {alpha:g}",
          mistakes={"bos was counted": (want[0], want[1] * (len(want[0]) - 1) ** alpha / len(want[0]) ** alpha),
                    "the plain log-probability came back": ([0, 2, 1], math.log(0.28))})
_, score = beam_search(TableModel(two, 3), 0, 1, 3, 2, 1.0)
assert isinstance(score, float), f"expected the score as a float, got a {type(score).__name__}: {score!r}"
### BEGIN HIDDEN TESTS
for alpha in [-1.0, 3.0]:
    check(beam_search, TableModel({(0,): {2: 1.0}, (0, 2): {1: 0.6, 2: 0.4}}, 3), 0, 1, 2, 2, alpha, rtol=1e-5,
          want=([0, 2, 1], math.log(0.6) / 2 ** alpha), why=f"score = logp / len ** {alpha:g}")
# finished after 1, 2, 3 and 4 tokens, all of them in the beam; the power decides
p = [0.2, 0.16, 0.128, 0.1152]
chain = {(0,): {1: 0.2, 2: 0.8}, (0, 2): {1: 0.2, 2: 0.8}, (0, 2, 2): {1: 0.2, 2: 0.8}, (0, 2, 2, 2): {1: 0.225, 2: 0.775}}
for alpha in [0.0, 0.05, 0.1, 0.5, 1.0, 1.7]:
    scores = [math.log(q) / (n + 1) ** alpha for n, q in enumerate(p)]
    n = int(np.argmax(scores))
    check(beam_search, TableModel(chain, 3), 0, 1, 6, 4, alpha, rtol=1e-5, want=([0] + [2] * n + [1], scores[n]),
          why=f"score = logp / len ** {alpha:g}")
# alpha near the point where the answer turns: counting bos, or alpha * len, turns somewhere else
turn = math.log(math.log(0.16) / math.log(0.3)) / math.log(2)
pair = {(0,): {1: 0.3, 2: 0.7}, (0, 2): {1: 0.16 / 0.7, 2: 1 - 0.16 / 0.7}}
for alpha, ids, q in [(turn - 0.02, [0, 1], 0.3), (turn + 0.02, [0, 2, 1], 0.16)]:
    check(beam_search, TableModel(pair, 3), 0, 1, 3, 2, alpha, rtol=1e-5, want=(ids, math.log(q) / (len(ids) - 1) ** alpha),
          why="len counts generated tokens: eos counts, bos does not")
check(beam_search, TableModel(two, 3), 0, 1, 3, 2, rtol=1e-5, want=([0, 1], math.log(0.3)),
      why="alpha is 0 when it is not given")
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.wider_beams(beam_search)

# %% [markdown]
# ## 10 · The pipeline, and why its order matters
#
# In practice the knobs are used together. `transformers` applies them in this order: **temperature, then top-k, then
# top-p**, and samples from what is left. Each step sees the result of the one before:
#
# - Temperature first: top-p measures mass on the *tempered* distribution. With the temperature last, which is the default
#   in llama.cpp, top-p decides on the distribution at $T = 1$, and heat can no longer let bad tokens in. Both orders are
#   sensible; they are not the same sampler.
# - Top-k before top-p: top-p measures mass on what top-k has left, *renormalised*. Masking with $-\infty$ and taking the
#   softmax again does that by itself. Working out top-p on the old probabilities gives another set.
#
# ### Exercise 02.8 · decode_pipeline
#
# - `logits` is `(..., V)` with any leading shape; returns probabilities of the same shape that sum to 1 over the last
#   axis, 0 for whatever was cut. Use the functions that you have written.
# - $T > 0$, $k \ge 1$ and $0 \le p \le 1$ are given. $k \ge V$ and $p = 1$ switch their steps off.
# - In half precision go to float32 once, at the start, and back once, at the end.
#
# Source: `GenerationMixin._get_logits_processor` in `transformers` for this order; the sampler chain of llama.cpp, as its
# bindings document it (`CommonSamplerType` in the crate `llama-cpp-4`), for the other.

# %% stub="decode_pipeline"
def decode_pipeline(logits: Float[Tensor, "... V"], T: float, k: int, p: float) -> Float[Tensor, "... V"]:
    """Probabilities to sample from: temperature T, then top-k, then top-p, renormalised.

    >>> decode_pipeline(torch.tensor([0.4, 0.3, 0.2, 0.1]).log(), T=1.0, k=2, p=0.55)  # after top-k: 0.571, 0.429
    tensor([1., 0., 0., 0.])
    """
    ### BEGIN SOLUTION
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    rows = (wide / T).reshape(-1, logits.shape[-1])
    probs = softmax_t(top_p_mask(top_k_mask(rows, k), p), 1.0)
    return probs.reshape(logits.shape).to(logits.dtype)
    ### END SOLUTION
    raise NotImplementedError("decode_pipeline")

# %% [markdown] hints="decode_pipeline"
# <details><summary>Hint 1: a question</summary>
#
# Your masks take and give logits. At which point of the chain do you need probabilities for the first time?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Probabilities [0.4, 0.3, 0.2, 0.1], k = 2, p = 0.55. Top-k leaves 0.4 and 0.3, renormalised 0.571 and 0.429. The first
# reaches 0.55 alone: result [1, 0, 0, 0]. The other way round, top-p on the full row keeps two, and top-k both.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Your masks want (B, V), so the leading axes become one and come back at the end; `reshape` also takes a view that `view`
# refuses. And the dtype changes twice only: a mask that returns half precision in the middle has rounded already.
#
# </details>

# %% graded="decode_pipeline__order" points=2
# Looks at the order of the three steps.
four = torch.tensor([0.4, 0.3, 0.2, 0.1]).log()
check(decode_pipeline, four, 1.0, 2, 0.55, want=torch.tensor([1.0, 0.0, 0.0, 0.0]),
      why="after top-k the first token holds 0.571 of the mass, which reaches 0.55",
      mistakes={"top-p before top-k, or on probabilities that were not renormalised after it":
                    torch.tensor([0.571429, 0.428571, 0.0, 0.0])})
check(decode_pipeline, four, 2.0, 4, 0.65, want=torch.tensor([0.388631, 0.336565, 0.274804, 0.0]),
      why="T = 2 flattens first, so three tokens are needed for 0.65", mistakes={
          "temperature after top-p": torch.tensor([0.535898, 0.464102, 0.0, 0.0]),
          "temperature was not used": torch.tensor([0.571429, 0.428571, 0.0, 0.0])})
### BEGIN HIDDEN TESTS
def oracle(logits, T, k, p):
    rows = logits.double().reshape(-1, logits.shape[-1]).numpy()
    out = np.zeros(rows.shape)
    for row, probs in zip(rows, out):
        q = np.exp((row - row.max()) / T)
        q[q < np.sort(q)[::-1][min(k, len(q)) - 1]] = 0
        order = np.argsort(-q, kind="stable")
        kept = order if p == 1 else order[:np.searchsorted(np.cumsum(q[order] / q.sum()), p) + 1]
        probs[kept] = q[kept] / q[kept].sum()
    return torch.from_numpy(out).reshape(logits.shape).to(logits.dtype)

rng = torch.Generator().manual_seed(11)
for V in [5, 12, 60]:
    for T in [0.4, 1.0, 1.8]:
        for i, k in enumerate([1, 3, V // 2, V]):
            for p in [(0.3, 0.85), (0.6, 0.95)][i % 2]:
                x = torch.randn(4, V, generator=rng, dtype=torch.float64) * 1.5
                check(decode_pipeline, x, T, k, p, want=oracle(x, T, k, p), why="temperature, then top-k, then top-p")
for T, k, p in [(6.0, 8, 0.9), (0.05, 8, 0.999), (1.0, 8, 0), (2.0, 3, 0.0)]:
    x = torch.randn(3, 9, generator=rng, dtype=torch.float64)
    check(decode_pipeline, x, T, k, p, want=oracle(x, T, k, p), why=f"T = {T}, k = {k} and p = {p} are ordinary arguments")
check(decode_pipeline, torch.tensor([[2.0, 2.0, 0.0, 2.0]]), 1.0, 2, 1.0, want=torch.tensor([[1.0, 1.0, 0.0, 1.0]]) / 3,
      why="top-k keeps whatever ties with the k-th")
got = decode_pipeline(torch.tensor([[2.0, 0.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]]), 1.0, 4, 0.5)
expect(got.sort(-1, descending=True).values, torch.tensor([[0.5, 0.5, 0.0, 0.0]] * 2),
       on="decode_pipeline([[2, 0, 2, 2], [1, 1, 1, 1]], 1.0, 4, 0.5), sorted", why="two of the tied tokens are enough for 0.5")
### END HIDDEN TESTS

# %% graded="decode_pipeline__shapes" points=1
# Looks at any leading shape, half precision and float64.
check(decode_pipeline, torch.tensor([[[0.0, 0.0, -9.0]]]), 1.0, 2, 1.0, want=torch.tensor([[[0.5, 0.5, 0.0]]]),
      why="any leading shape; the rows sum to 1")
### BEGIN HIDDEN TESTS
def oracle(logits, T, k, p):
    rows = logits.double().reshape(-1, logits.shape[-1]).numpy()
    out = np.zeros(rows.shape)
    for row, probs in zip(rows, out):
        q = np.exp((row - row.max()) / T)
        q[q < np.sort(q)[::-1][min(k, len(q)) - 1]] = 0
        order = np.argsort(-q, kind="stable")
        kept = order if p == 1 else order[:np.searchsorted(np.cumsum(q[order] / q.sum()), p) + 1]
        probs[kept] = q[kept] / q[kept].sum()
    return torch.from_numpy(out).reshape(logits.shape).to(logits.dtype)

rng = torch.Generator().manual_seed(12)
for i, shape in enumerate([(6,), (3, 5), (2, 3, 7), (2, 1, 2, 4)]):
    for j, (T, k, p) in enumerate([(0.7, 3, 0.8), (2.0, 2, 1.0), (1, 1000, 0.5), (1.0, 10, 1)]):
        x = torch.randn(shape, generator=rng, dtype=[torch.float32, torch.float64][(i + j) % 2]) * 2
        check(decode_pipeline, x, T, k, p, want=oracle(x, T, k, p))
x = torch.randn(8, 3, generator=rng).T
check(decode_pipeline, x, 0.8, 4, 0.7, want=oracle(x, 0.8, 4, 0.7), why="the input is a transposed view, not contiguous")
x = torch.randn(5, 4, 3, generator=rng).permute(2, 1, 0)
check(decode_pipeline, x, 0.8, 4, 0.7, want=oracle(x, 0.8, 4, 0.7), why="three axes in another order, not contiguous")
x = torch.tensor([[0.0, -inf, 1.0, -inf], [-inf, 500.0, 499.0, 100.0]])
check(decode_pipeline, x, 1.0, 3, 1.0, want=oracle(x, 1.0, 3, 1.0), why="-inf has probability 0")
x = torch.tensor([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0], [0.5, 0.0, 0.0, 0.0]])
for k in [1, 2]:
    check(decode_pipeline, x, 0.7, k, 1.0, want=oracle(x, 0.7, k, 1.0),
          why=f"k = {k} keeps whatever ties with the k-th largest, k = 1 all maxima: your top_k_mask does")
for dtype in [torch.float16, torch.bfloat16]:
    x = torch.tensor([[40.0, 39.0, 38.5, 20.0], [3.0, 2.5, 2.0, 1.0]], dtype=dtype)
    check(decode_pipeline, x, 0.7, 3, 0.9, want=oracle(x, 0.7, 3, 0.9), why="the result has the dtype of the logits")
    x = (torch.randn(6, 9, generator=rng) * 2 + 30).to(dtype)
    check(decode_pipeline, x, 1.7, 9, 1.0, want=oracle(x, 1.7, 9, 1.0), rtol=torch.finfo(dtype).eps, atol=1e-7,
          why="go to float32 before you divide by T, and round once, at the end")
    V, step = (700, 2 ** -9) if dtype == torch.float16 else (128, 2 ** -5)
    order = torch.stack([torch.randperm(V, generator=rng) for _ in range(2)])
    x = ((V - 1 - order) * step).to(dtype)
    q = torch.softmax(x[0].double().sort(descending=True).values * 2, -1).cumsum(0)
    for n in [V // 8, V // 4]:
        got = decode_pipeline(x.clone(), 0.5, V, float(q[n - 1] + q[n]) / 2)
        expect(got.float() > 0, order <= n, on=f"which of {V} {dtype} tokens survive decode_pipeline",
               why="compute in float32 from the start")
### END HIDDEN TESTS

# %% graded="decode_pipeline__inplace" points=1
# Looks at the logits afterwards.
unchanged(decode_pipeline, torch.tensor([[0.0, 0.0, -1.0]]), 1.0, 2, 1.0, want=torch.tensor([[0.5, 0.5, 0.0]]))
### BEGIN HIDDEN TESTS
unchanged(decode_pipeline, torch.tensor([[4.0, 0.0, -4.0], [0.0, 1.0, 8.0]], dtype=torch.float64), 4.0, 2, 0.6,
          want=torch.tensor([[1.0, 0, 0], [0, 0, 1.0]], dtype=torch.float64))
unchanged(decode_pipeline, torch.tensor([2.0, 2.0]), 1.0, 2, 1.0, want=torch.tensor([0.5, 0.5]))
for dtype in [torch.float16, torch.bfloat16]:
    unchanged(decode_pipeline, torch.tensor([[4.0, 0.0, 4.0]], dtype=dtype), 2.0, 2, 1.0,
              want=torch.tensor([[0.5, 0.0, 0.5]], dtype=dtype))
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.temperature_first_or_last(decode_pipeline, top_p_mask)

# %% [markdown]
# ## 11 · Only what the grammar allows
#
# A program reads the answer, so it must be a date, one of five labels, or valid JSON. **Constrained decoding** does not ask
# the model nicely: before each step it sets the logits of all tokens that the grammar forbids to $-\infty$, and the softmax
# shares their probability among the rest.
#
# The grammar is a **finite automaton**: states, and a table that says which token leads from which state to which. (JSON
# nests, so it needs a stack of such states; the idea is the same.) The text is in one state at a time, and the state alone
# decides what may come. Two catches:
#
# - **Dead ends.** A token can be legal now and lead where the text can never be finished, or not before `max_tokens` cuts
#   it off: half a JSON object, and no program reads that. So one must look ahead: a token is allowed only where the text
#   can still be finished, with its end token, in the tokens that are left.
# - **Masking is not conditioning.** The mask acts token by token. Say that P(a) = 0.9 and P(b) = 0.1; after a, the model
#   gives only 0.01 to what the grammar wants there, after b all of its mass. Of the model's valid texts 92 percent begin
#   with b. The masked model begins with a, in 90 percent of all cases, and pays nothing for it. The picture after the
#   exercise works it out.
#
# ### Exercise 02.9 · grammar_mask
#
# - `logits` is `(B, V)`; `state` is `(B,)`, int64, one state for each row. `table` is `(S, V)`, int64: `table[q, i]` is the
#   state after token $i$ in state $q$, or $-1$ where the token is forbidden.
# - `eos` ends the text, and it may come exactly in the states where `accepting`, `(S,)` bool, is True. Column `eos` of the
#   table means nothing, whatever stands in it.
# - `left` $\ge 1$ is how many tokens may still come: the one that is chosen now, all after it, and `eos` itself.
# - A token other than `eos` survives where the table allows it **and the text can still be finished from there**: in at
#   most `left - 1` further tokens, the last of them `eos`. Nothing forces the text to end as soon as it can.
# - Survivors keep their logits bit for bit; the rest becomes $-\infty$. Where nothing is forbidden that is a copy.
# - `ValueError` where the grammar allows no token in some row. Not asked: logits of $-\infty$ on all allowed tokens; `left`
#   above 150.
#
# Source: Willard and Louf 2023 (arXiv 2307.09702) for the automaton over the vocabulary; Park et al. 2024 (arXiv 2405.21047)
# for what masking does to the distribution.

# %% stub="grammar_mask"
def grammar_mask(logits: Float[Tensor, "B V"], state: Int[Tensor, "B"], table: Int[Tensor, "S V"], accepting: Bool[Tensor, "S"],
                 eos: int, left: int) -> Float[Tensor, "B V"]:
    """Keep the tokens after which the text can still be finished in `left` tokens, this one and eos counted; else -inf.

    Raises ValueError where a row has none. State 0 wants token 1, state 1 may end (eos is 0) or take 2 and go back to 0:

    >>> table = torch.tensor([[-1, 1, -1], [-1, -1, 0]])
    >>> grammar_mask(torch.zeros(1, 3), torch.tensor([1]), table, torch.tensor([False, True]), eos=0, left=2)
    tensor([[0., -inf, -inf]])
    """
    ### BEGIN SOLUTION
    S, V = table.shape
    legal = (table >= 0) & (torch.arange(V) != eos)
    need = torch.where(accepting, 1, 10**9)  # tokens to the end of the text from each state, eos counted
    for _ in range(S):
        after = torch.where(legal, need[table.clamp(min=0)], 10**9)
        need = torch.minimum(need, 1 + after.amin(1))
    allowed = torch.where(legal, need[table.clamp(min=0)], 10**9) < left
    allowed[:, eos] = accepting
    if not allowed[state].any(-1).all():
        raise ValueError("a dead end: from here the grammar cannot be finished in the tokens that are left")
    return logits.masked_fill(~allowed[state], -inf)
    ### END SOLUTION
    raise NotImplementedError("grammar_mask")

# %% [markdown] hints="grammar_mask"
# <details><summary>Hint 1: a question</summary>
#
# For each state, how many tokens does the shortest way to the end of the text take? Which states do you know it of at
# once, and how do the others follow from them?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Tokens: 0 is eos, 1 is "(", 2 is ")". State 0 may end; "(" leads from 0 to 1 and from 1 to 2, ")" from 2 to 1 and from 1
# to 0. The shortest ends take 1, 2 and 3 tokens. In state 1 with 3 tokens left: ")" leads to state 0, which needs 1, so it
# is allowed; "(" leads to state 2, which needs 3, and only 2 would be left: forbidden. With 4 left both may come.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The token that you choose now is one of `left`, so the state behind it must reach its end in `left - 1`. State 0 is a state
# like any other, so "forbidden" is `< 0`, not "falsy". And no way may lead *through* eos: leave its column out of the
# search as well as out of the answer.
#
# </details>

# %% graded="grammar_mask__allowed" points=1
# Looks at what the table and the accepting states allow, row by row.
pairs = torch.tensor([[-1, 1, -1], [-1, 2, 0], [-1, -1, 1]])  # 0 is eos, 1 is "(", 2 is ")"; the state counts open ones
ends = torch.tensor([True, False, False])
check(grammar_mask, torch.tensor([[0.5, 0.0, 2.0]]).repeat(3, 1), torch.tensor([0, 1, 2]), pairs, ends, 0, 50, rtol=0, atol=0,
      want=torch.tensor([[0.5, 0.0, -inf], [-inf, 0.0, 2.0], [-inf, -inf, 2.0]]),
      why="eos only where nothing is open; ')' only where something is; at most two may be open",
      mistakes={"state 0 was taken for 'forbidden'": torch.tensor([[0.5, 0.0, -inf], [-inf, 0.0, -inf], [-inf, -inf, 2.0]]),
                "eos was never allowed": torch.tensor([[-inf, 0.0, -inf], [-inf, 0.0, 2.0], [-inf, -inf, 2.0]]),
                "the text was ended as soon as it could":
                    torch.tensor([[0.5, -inf, -inf], [-inf, 0.0, 2.0], [-inf, -inf, 2.0]])})
### BEGIN HIDDEN TESTS
rng = torch.Generator().manual_seed(20)
for seed, (S, V, eos) in enumerate([(2, 5, 4), (5, 3, 1), (9, 14, 0), (4, 200, 77)]):
    table, accepting = automaton(S, V, seed)
    able = torch.tensor([q for q, n in enumerate(shortest(table, accepting, eos)) if n <= 140])
    for dtype in [torch.float32, torch.float64, torch.float16]:
        state = able[torch.randint(len(able), (2 * S,), generator=rng)]
        x = (torch.randn(2 * S, V, generator=rng) * 3).to(dtype)
        x[torch.rand(2 * S, V, generator=rng) < 0.1] = -inf
        x[:, 0] = 0.0
        x[(masked(x, state, table, accepting, eos, 140) == -inf).all(1)] = 1.0
        want = masked(x, state, table, accepting, eos, 140)
        check(grammar_mask, x, state, table, accepting, eos, 140, want=want, rtol=0, atol=0,
              why="each row has its own state; survivors keep every bit")
x = torch.randn(14, 6, generator=rng).T
table, accepting = automaton(6, 14, 9, legal=0.9)
check(grammar_mask, x, torch.arange(6), table.T.contiguous().T, accepting, 3, 100, rtol=0, atol=0,
      want=masked(x, torch.arange(6), table, accepting, 3, 100), why="logits and table are transposed views, not contiguous")
### END HIDDEN TESTS

# %% graded="grammar_mask__look_ahead" points=2
# Looks at dead ends: ways that lead nowhere, and ways that are too long for what is left.
pairs = torch.tensor([[-1, 1, -1], [-1, 2, 0], [-1, -1, 1]])  # 0 is eos, 1 is "(", 2 is ")"; the state counts open ones
ends = torch.tensor([True, False, False])
fork = torch.tensor([[-1, 1, 2], [-1, 1, 1], [-1, -1, 3], [-1, -1, -1]])  # token 1 leads into a state without an exit
check(grammar_mask, torch.zeros(1, 3), torch.tensor([0]), fork, torch.tensor([False, False, False, True]), 0, 9, rtol=0, atol=0,
      want=torch.tensor([[-inf, -inf, 0.0]]), why="state 1 can only return to itself: nothing that enters it is ever finished",
      mistakes={"the table was obeyed one step deep": torch.tensor([[-inf, 0.0, 0.0]])})
for left, want in [(4, [-inf, 0.0, 0.0]), (3, [-inf, -inf, 0.0]), (2, [-inf, -inf, 0.0])]:
    check(grammar_mask, torch.zeros(1, 3), torch.tensor([1]), pairs, ends, 0, left, want=torch.tensor([want]), rtol=0, atol=0,
          why=f"one is open and {left} tokens are left: '(' needs '))' and eos after it, so it costs 4")
### BEGIN HIDDEN TESTS
rng = torch.Generator().manual_seed(21)
for seed in range(24):
    S, V = [(3, 4), (6, 5), (12, 7), (20, 4)][seed % 4]
    eos = seed % V
    table, accepting = automaton(S, V, 100 + seed, legal=0.25, ends=0.15)
    for left in [1, 2, 3, 4, 6, 11, 40]:
        able = [q for q, n in enumerate(shortest(table, accepting, eos)) if n <= left]
        if able:
            state = torch.tensor(able)[torch.randint(len(able), (S + 1,), generator=rng)]
            x = torch.randn(S + 1, V, generator=rng, dtype=torch.float64)
            check(grammar_mask, x, state, table, accepting, eos, left, rtol=0, atol=0,
                  want=masked(x, state, table, accepting, eos, left),
                  why=f"{left} tokens are left, this one and eos counted")
n = 149  # a long way: token 1 goes on, token 2 starts again from state 0
chain = torch.stack([torch.full((n,), 0), torch.arange(1, n + 1).clamp(max=n - 1), torch.zeros(n).long()], 1)
end = torch.arange(n) == n - 1
for q, left, want in [(0, n, [-inf, 0.0, -inf]), (0, n + 1, [-inf, 0.0, 0.0]), (60, n + 1, [-inf, 0.0, 0.0]),
                      (n - 1, 1, [0.0, -inf, -inf]), (n - 1, n, [0.0, 0.0, -inf]), (n - 1, n + 1, [0.0, 0.0, 0.0])]:
    check(grammar_mask, torch.zeros(1, 3), torch.tensor([q]), chain, end, 0, left, want=torch.tensor([want]), rtol=0, atol=0,
          why="the end can be far away, further than any number of steps that one would guess")
### END HIDDEN TESTS

# %% graded="grammar_mask__dead_end" points=1
# Looks at rows in which nothing is allowed.
pairs = torch.tensor([[-1, 1, -1], [-1, 2, 0], [-1, -1, 1]])  # 0 is eos, 1 is "(", 2 is ")"; the state counts open ones
ends = torch.tensor([True, False, False])
raises(ValueError, grammar_mask, torch.zeros(2, 3), torch.tensor([0, 2]), pairs, ends, 0, 2,
       why="in the second row two are open: '))' and eos are three tokens, and two are left")
check(grammar_mask, torch.zeros(2, 3), torch.tensor([0, 2]), pairs, ends, 0, 3, rtol=0, atol=0,
      want=torch.tensor([[0.0, 0.0, -inf], [-inf, -inf, 0.0]]), why="with three tokens left both rows can be finished")
### BEGIN HIDDEN TESTS
fork = torch.tensor([[-1, 1, 2], [-1, 1, 1], [-1, -1, 3], [-1, -1, -1]])  # token 1 leads into a state without an exit
for state in [[1], [0, 1], [1, 2, 0]]:
    raises(ValueError, grammar_mask, torch.zeros(len(state), 3), torch.tensor(state), pairs, ends, 0, 1,
           why="with one token left only eos can come, and it may not while something is open")
raises(ValueError, grammar_mask, torch.zeros(1, 3), torch.tensor([1]), fork, torch.tensor([False, False, False, True]), 0, 140,
       why="state 1 can only return to itself")
raises(ValueError, grammar_mask, torch.zeros(1, 3), torch.tensor([3]), fork, torch.tensor([True, False, True, False]), 0, 9,
       why="in state 3 nothing is legal and the text may not end")
check(grammar_mask, torch.zeros(1, 3), torch.tensor([3]), fork, torch.tensor([False, False, False, True]), 0, 1, rtol=0, atol=0,
      want=torch.tensor([[0.0, -inf, -inf]]), why="in state 3 the text may end, with the last token")
### END HIDDEN TESTS

# %% graded="grammar_mask__inplace" points=1
# Looks at logits, states and table afterwards.
pairs = torch.tensor([[-1, 1, -1], [-1, 2, 0], [-1, -1, 1]])  # 0 is eos, 1 is "(", 2 is ")"; the state counts open ones
ends = torch.tensor([True, False, False])
unchanged(grammar_mask, torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([1]), pairs, ends, 0, 9, rtol=0, atol=0,
          want=torch.tensor([[-inf, 2.0, 3.0]]))
fresh(grammar_mask, torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([1, 0]), pairs, ends, 0, 9, rtol=0, atol=0,
      want=torch.tensor([[-inf, 2.0, 3.0], [4.0, 5.0, -inf]]))
### BEGIN HIDDEN TESTS
everything = torch.zeros(2, 3).long()
for dtype in [torch.float16, torch.float32, torch.float64]:
    x = torch.tensor([[1.0, 2.0, 3.0]], dtype=dtype)
    unchanged(grammar_mask, x, torch.tensor([0]), everything, torch.tensor([True, False]), 1, 7, want=x.clone(), rtol=0, atol=0)
    fresh(grammar_mask, x, torch.tensor([0]), everything, torch.tensor([True, False]), 1, 7, want=x.clone(), rtol=0, atol=0,
          why="also where everything is allowed")
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.masked_is_not_conditioned(grammar_mask)

# %% [markdown]
# ## 12 · The loop that writes
#
# All pieces are there. A model is a function that takes the ids so far and gives the logits of the next token; **generation**
# is the loop around it: penalise, bend, cut, sample, append, ask again. It looks like five lines. The decisions hide at the
# edges, and each of those below has been somebody's bug:
#
# - **What ends a text?** A stop id that the model *writes*. The prompt of a chat holds the same ids (each earlier turn ends
#   with one), and they end nothing. (A stop *string* is harder: it can begin inside a token and end in
#   another, so servers search the decoded text, and hold back what may still become one.)
# - **What of the rest of the batch?** Rows end at different times. A finished row is filled up with a padding id while the
#   others go on. But the padding id is only a filler: a row that *writes* it, goes on.
# - **Which random numbers?** If a row's luck depends on who sits beside it, no answer can be reproduced. So each row has its
#   own uniform numbers, one for each of its tokens, and takes the t-th for its t-th new token.
#
# ### Exercise 02.10 · generate
#
# - `model(ids)` takes `(B, T)` int64, $T \ge 1$, and gives logits `(B, V)` of the next token, each row for itself. `ids` are
#   the prompts, all of one length. `u` is `(B, N)`, $0 \le u < 1$: at most $N$ new tokens.
# - One step: the repetition penalty `r` for all ids of the row so far, **prompt included**; then `T`, `k`, `p` as in
#   `decode_pipeline`; then `sample_inverse_cdf`. The t-th new token of row b is drawn with `u[b, t]` ($t$ from 0).
# - A row is **finished** when it draws an id of `stop`, a list or tuple that may be empty; this id is the last of its text. A
#   stop id in the prompt ends nothing. A row that is not finished goes on until it has $N$ new tokens.
# - Returns `(B, T + M)`, int64: the prompts, then the new tokens, where $M \le N$ is the number of new tokens of the
#   longest row. Shorter rows are filled up on the right with the id `pad`, which may be any id. $N = 0$ gives a copy of the
#   prompts.
# - **Work**: the model is asked at most $M$ times, each time about all rows that still need it at once, with all their ids
#   so far. Finished rows may stay in the question or be left out of it; the model takes `pad` like any other id.
# - In half precision go to float32 as soon as the logits arrive, before the penalty. $T > 0$, $k \ge 1$, $0 \le p \le 1$ and
#   $r > 0$ are given.
#
# Greedy decoding is $k = 1$ here, and $r = 1$ is no penalty. (Penalty and temperature may change places, since both multiply
# or divide; penalty and cuts may not. See why?)
#
# Source: `GenerationMixin._sample` in `transformers`, which differs in that all rows draw from one generator.

# %% stub="generate"
def generate(model: Callable[[Int[Tensor, "B T"]], Float[Tensor, "B V"]], ids: Int[Tensor, "B T"], u: Float[Tensor, "B N"],
             T: float, k: int, p: float, r: float, stop: Sequence[int] = (), pad: int = 0) -> Int[Tensor, "B T+M"]:
    """Prompts and what is written after them, each row up to its stop id or N tokens; finished rows are filled with `pad`.

    >>> step = batched(TableModel({(3,): {1: 0.5, 2: 0.5}}, V=4))
    >>> generate(step, torch.tensor([[3], [3]]), torch.tensor([[0.2, 0.9], [0.7, 0.9]]), 1.0, 4, 1.0, 1.0, stop=[1])
    tensor([[3, 1, 0],
            [3, 2, 3]])
    """
    ### BEGIN SOLUTION
    going = torch.ones(len(ids), dtype=torch.bool)
    text = ids.clone()
    for t in range(u.shape[1]):
        logits = model(text)
        wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
        probs = decode_pipeline(repetition_penalty(text, wide, r), T, k, p)
        new = torch.where(going, sample_inverse_cdf(probs, u[:, t]), pad)
        text = torch.cat([text, new[:, None]], 1)
        going = going & ~torch.isin(new, torch.tensor(list(stop), dtype=torch.long))
        if not going.any():
            break
    return text
    ### END SOLUTION
    raise NotImplementedError("generate")

# %% [markdown] hints="generate"
# <details><summary>Hint 1: a question</summary>
#
# What must you remember between two steps beside the ids? Could you read it from the ids, if the padding id is a token that
# the model may write, and the prompt holds stop ids?
#
# </details>
# <details><summary>Hint 2: a small example</summary>
#
# Two rows, N = 3, stop = [1], pad = 0. Step 0 draws 1 and 5: row 0 is finished. Step 1 draws something for row 0, which is
# thrown away, and 0 for row 1, which goes on. Step 2 draws 1 for row 1. New tokens: [1, 0, 0] and [5, 0, 1]. The zeros of
# row 0 are padding, that of row 1 is a token. Row 1 used u[1, 0], u[1, 1] and u[1, 2].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Keep one flag a row, set by the id that was just *drawn* and never by the text: a finished row's filler must not be asked
# whether it is a stop id, and not whether it is `pad`. And leave the loop right after the last row has finished, before
# the model is asked again.
#
# </details>

# %% graded="generate__greedy" points=1
# Looks at the loop itself: k = 1, so that nothing is random.
count = batched(lambda ids: torch.nn.functional.one_hot(torch.tensor((ids[-1] + len(ids)) % 7), 7).float())
check(generate, count, torch.tensor([[3, 5], [1, 1]]), torch.zeros(2, 4), 1.0, 1, 1.0, 1.0, [],
      want=torch.tensor([[3, 5, 0, 3, 0, 5], [1, 1, 3, 6, 3, 1]]), why="each new token is the likeliest after all ids so far",
      mistakes={"only the last token was shown to the model": torch.tensor([[3, 5, 6, 0, 1, 2], [1, 1, 2, 3, 4, 5]]),
                "only the prompt was shown to the model": torch.tensor([[3, 5, 0, 0, 0, 0], [1, 1, 3, 3, 3, 3]])})
check(generate, count, torch.tensor([[3, 5], [1, 1]]), torch.zeros(2, 0), 1.0, 1, 1.0, 1.0, [4],
      want=torch.tensor([[3, 5], [1, 1]]), why="N = 0: no new token")
### BEGIN HIDDEN TESTS
for B, T, N in [(1, 1, 9), (4, 3, 12), (2, 7, 40)]:
    ids = torch.randint(7, (B, T), generator=torch.Generator().manual_seed(B))
    want = ids
    for _ in range(N):
        want = torch.cat([want, count(want).argmax(1, keepdim=True)], 1)
    check(generate, count, ids, torch.rand(B, N, generator=torch.Generator().manual_seed(N)), 0.7, 1, 1.0, 1.0, [], want=want,
          why="with k = 1 the uniform numbers do not matter, and N counts the new tokens alone")
    check(generate, count, ids.T.contiguous().T, torch.zeros(N, B).T, 2.0, 7, 0.0, 1.0, want=want, why="p = 0 is greedy too")
fresh(generate, count, torch.tensor([[3, 5], [1, 1]]), torch.zeros(2, 0), 1.0, 1, 1.0, 1.0, [],
      want=torch.tensor([[3, 5], [1, 1]]), why="N = 0 gives a copy")
unchanged(generate, count, torch.tensor([[3, 5], [1, 1]]), torch.zeros(2, 3), 1.0, 1, 1.0, 1.0, [3],
          want=torch.tensor([[3, 5, 0, 3], [1, 1, 3, 0]]))
### END HIDDEN TESTS

# %% graded="generate__samples" points=2
# Looks at the tokens that are drawn: T, k, p and the right uniform number.
three = batched(lambda ids: torch.tensor([0.5, 0.3, 0.2]).log())
check(generate, three, torch.tensor([[0], [0]]), torch.tensor([[0.1, 0.6, 0.9], [0.9, 0.1, 0.6]]), 1.0, 3, 1.0, 1.0,
      want=torch.tensor([[0, 0, 1, 2], [0, 2, 0, 1]]), why="token t of row b is drawn with u[b, t]",
      mistakes={"all rows used the numbers of the first": torch.tensor([[0, 0, 1, 2], [0, 0, 1, 2]]),
                "the first number was used again and again": torch.tensor([[0, 0, 0, 0], [0, 2, 2, 2]])})
check(generate, three, torch.tensor([[0]]), torch.tensor([[0.55, 0.7]]), 1.0, 2, 1.0, 1.0, want=torch.tensor([[0, 0, 1]]),
      why="k = 2 leaves 0.625 and 0.375", mistakes={"the cut was not renormalised, or not made": torch.tensor([[0, 1, 1]])})
### BEGIN HIDDEN TESTS
for seed, (B, T, V, N) in enumerate([(1, 2, 5, 8), (3, 1, 9, 11), (5, 4, 40, 6), (2, 3, 150, 30)]):
    for i, (heat, k, p) in enumerate([(1.0, V, 1.0), (0.5, V, 0.8), (2.0, 4, 1.0), (1.4, 3, 0.7)]):
        model = RandomRows(V, seed, dtype=[torch.float32, torch.float64][(seed + i) % 2])
        ids, u, want = written(model, B, T, N if i == 0 else 6, heat, k, p, 1.0, seed=seed)
        check(generate, model, ids, u, heat, k, p, 1.0, want=want,
              why="temperature, top-k, top-p, then the token where u falls")
        if i == seed % 3:
            check(generate, model, ids, u.float(), heat, k, p, 1.0, [], 3, want=want)
ids, u, want = written(RandomRows(6, 9), 3, 2, 5, 1.3, 6, 0.9, 1.0, seed=9)
for b in range(3):
    check(generate, RandomRows(6, 9), ids[b:b + 1], u[b:b + 1], 1.3, 6, 0.9, 1.0, want=want[b:b + 1],
          why="a row is the same alone as it was in the batch")
model = RandomRows(5, 77, dtype=torch.float64)
ids, u, want = written(model, 3, 2, 8, 0.9, 5, 1.0, 1.0, seed=77, edge=1e-8)
check(generate, model, ids, u, 0.9, 5, 1.0, 1.0, want=want, why="float64 stays float64: u is very near to a boundary")
for dtype in [torch.float16, torch.bfloat16]:  # 700 tokens whose probabilities are small: half precision misplaces the sums
    model = RandomRows(700, 5, 1.0, dtype)
    ids, u, want = written(model, 4, 2, 12, 1.3, 700, 1.0, 1.4, seed=5, edge=0.03)
    check(generate, model, ids, u, 1.3, 700, 1.0, 1.4, want=want, why="go to float32 as soon as the logits arrive")
    model = RandomRows(6, 8, dtype=dtype)  # six tokens, soon all penalised: what is rounded there moves every boundary
    ids, u, want = written(model, 4, 3, 12, 1.1, 6, 1.0, 1.3, seed=8, edge=3e-4)
    check(generate, model, ids, u, 1.1, 6, 1.0, 1.3, want=want, why="the penalty too is worked out in float32")
for dtype in [torch.float32, torch.float64]:
    u = torch.tensor([[0.1, 0.6, 0.9], [0.9, 0.1, 0.6]], dtype=dtype)
    unchanged(generate, three, torch.tensor([[0, 1], [2, 0]]), u, 1.0, 3, 1.0, 1.0, [2], 1,
              want=torch.tensor([[0, 1, 0, 1, 2], [2, 0, 2, 1, 1]]))
### END HIDDEN TESTS

# %% graded="generate__penalty" points=1
# Looks at what is penalised, and when.
flat = batched(lambda ids: torch.tensor([1.5, 1.2, 1.0, -1.0]))
check(generate, flat, torch.tensor([[0, 3]]), torch.zeros(1, 3), 1.0, 1, 1.0, 2.0, want=torch.tensor([[0, 3, 1, 2, 0]]),
      why="token 0 stands in the prompt, so it is penalised from the start: 0.75; then 1 comes, then 2, then 0 again",
      mistakes={"the prompt was not penalised": torch.tensor([[0, 3, 0, 1, 2]]),
                "nothing was penalised": torch.tensor([[0, 3, 0, 0, 0]])})
### BEGIN HIDDEN TESTS
for seed, (B, T, V, N) in enumerate([(2, 3, 6, 9), (4, 2, 12, 7), (1, 90, 130, 5)]):
    for heat, k, p, r in [(1.0, V, 1.0, 1.8), (0.8, V // 2, 0.8, 1.3), (1.5, 3, 1.0, 0.6), (1.0, 1, 1.0, 3.0)]:
        model = RandomRows(V, seed + 30)
        ids, u, want = written(model, B, T, N, heat, k, p, r, seed=seed)
        check(generate, model, ids, u, heat, k, p, r, want=want, why="penalise every id of the row so far, before any cut")
for seed in range(4):  # most rows end early, and what they are filled with is an ordinary id for the others
    V, stop, pad, model = 30, [3, 5, 11, 17, 19, 23], 7 * seed, RandomRows(30, seed + 90)
    ids, u, want = written(model, 6, 2, 8, 1.0, V, 0.9, 3.0, stop, pad, seed=seed)
    check(generate, model, ids, u, 1.0, V, 0.9, 3.0, stop, pad, want=want,
          why="the filler of a finished row is no token of the others")
### END HIDDEN TESTS

# %% graded="generate__stop" points=2
# Looks at rows that end, each in its own time.
walk = batched(lambda ids: torch.nn.functional.one_hot(torch.tensor((ids[-1] + 1) % 6), 6).float())
check(generate, walk, torch.tensor([[5, 2], [5, 0]]), torch.zeros(2, 6), 1.0, 1, 1.0, 1.0, [4], 0,
      want=torch.tensor([[5, 2, 3, 4, 0, 0], [5, 0, 1, 2, 3, 4]]), why="row 0 ends two tokens earlier and is filled up",
      mistakes={"a finished row went on": torch.tensor([[5, 2, 3, 4, 5, 0], [5, 0, 1, 2, 3, 4]]),
                "all rows ended with the first": torch.tensor([[5, 2, 3, 4], [5, 0, 1, 2]]),
                "the stop id was left out": torch.tensor([[5, 2, 3, 0, 0], [5, 0, 1, 2, 3]]),
                "the answer was filled up to N": torch.tensor([[5, 2, 3, 4, 0, 0, 0, 0], [5, 0, 1, 2, 3, 4, 0, 0]])})
check(generate, walk, torch.tensor([[4, 4, 1]]), torch.zeros(1, 4), 1.0, 1, 1.0, 1.0, [4],
      want=torch.tensor([[4, 4, 1, 2, 3, 4]]), why="the stop ids of the prompt end nothing",
      mistakes={"ended by the prompt": torch.tensor([[4, 4, 1]]), "ended after one token": torch.tensor([[4, 4, 1, 2]])})
### BEGIN HIDDEN TESTS
for stop, pad, want in [([0], 5, [[1, 2, 3, 4, 5, 0], [4, 5, 0, 5, 5, 5]]), ([3, 1], 3, [[1, 2, 3, 3], [4, 5, 0, 1]]),
                        ([2, 5], 2, [[1, 2], [4, 5]]), ([9], 0, [[1, 2, 3, 4, 5, 0, 1], [4, 5, 0, 1, 2, 3, 4]]),
                        ((0, 3), 1, [[1, 2, 3], [4, 5, 0]]), ([5, 4], 0, [[1, 2, 3, 4], [4, 5, 0, 0]])]:
    check(generate, walk, torch.tensor([[1], [4]]), torch.zeros(2, 6), 1.0, 1, 1.0, 1.0, stop, pad, want=torch.tensor(want),
          why="any id of stop ends a row, 0 too; pad is only a filler, and a row that writes it goes on")
for seed, (B, T, V, N) in enumerate([(5, 2, 6, 20), (3, 4, 9, 70), (8, 1, 4, 9), (1, 3, 5, 30)]):
    for stop, pad in [([1], 0), ([0, V - 1], 2), ([], 1), ([2, 3], 3), ([V - 2], V - 1)]:
        model = RandomRows(V, seed + 60)
        ids, u, want = written(model, B, T, N if stop else 9, 1.2, V, 0.95, 1.1, stop, pad, seed=seed)
        check(generate, model, ids, u, 1.2, V, 0.95, 1.1, stop, pad, want=want,
              why="u[b, t] belongs to row b whether the others go on or not; finished rows stay finished")
### END HIDDEN TESTS

# %% graded="generate__work" points=1
# Looks at how often the model is asked.
asked = []

def counted(ids):
    "A model that writes down the shape of what it is asked about: 1, 2, 3, …, 5, 0, 1 after each other."
    asked.append(tuple(ids.shape))
    return torch.nn.functional.one_hot((ids[:, -1] + 1) % 6, 6).float()

check(generate, counted, torch.tensor([[2], [0]]), torch.zeros(2, 9), 1.0, 1, 1.0, 1.0, [4],
      want=torch.tensor([[2, 3, 4, 0, 0], [0, 1, 2, 3, 4]]), why="both rows end with 4")
assert len(asked) == 4, f"the longest row has 4 new tokens, so the model is asked 4 times, not {len(asked)}: {asked}"
### BEGIN HIDDEN TESTS
for prompts, N, stop, M in [([[0], [1], [2]], 12, [5], 5), ([[4]], 7, [5], 1), ([[4], [4]], 7, [5, 0], 1),
                            ([[1], [2]], 4, [], 4), ([[3], [1]], 3, [4, 9], 3), ([[3], [1]], 0, [4], 0)]:
    asked.clear()
    want = torch.tensor(prompts)
    for _ in range(M):
        want = torch.cat([want, (want[:, -1:] + 1) % 6], 1)
    for row in want:
        ends = [t for t in range(len(prompts[0]), len(row)) if row[t] in stop]
        row[ends[0] + 1 if ends else len(row):] = 0
    check(generate, counted, torch.tensor(prompts), torch.zeros(len(prompts), N), 1.0, 1, 1.0, 1.0, stop, want=want)
    assert len(asked) == M, f"the longest row has {M} new tokens, so the model is asked {M} times, not {len(asked)}: {asked}"
### END HIDDEN TESTS

# %% tags=["picture"]
decoding.rows_that_end(generate)

# %% [markdown]
# **Your loop writes.** It drives a real language model now, SmolLM2 with 135 million parameters: three beginnings, once
# greedily ($k = 1$) and once at $T = 0.8$, $p = 0.9$ with fixed uniform numbers. Below each text stands its distinct-4, the
# share of its runs of four tokens that are different from each other. `next_logits` makes of the model a function as the
# exercise asks for; it keeps a cache, so that no token is computed twice. This takes about 15 s.

# %% tags=["real"]
from course.models.language import next_logits
from course.models.ngram import distinct
from course.models.smollm import attempt, load

with attempt():  # without the model, or without your functions, it says so
    smollm, tokenizer = load(torch.bfloat16)
    V, control = len(tokenizer.vocab), tokenizer.special.values()
    beginnings = ["In the morning the city was quiet.", "The train was late again, so they",
                  "My grandmother always told me that the best"]
    prompts = torch.tensor([tokenizer.encode(text) for text in beginnings])
    u = torch.rand(3, 80, generator=torch.Generator().manual_seed(0))
    for name, (T, k, p) in {"greedy": (1.0, 1, 1.0), "T = 0.8, p = 0.9": (0.8, V, 0.9)}.items():
        print(f"--- {name}\n")
        text = generate(next_logits(smollm, banned=control), prompts, u, T, k, p, r=1.0)
        for beginning, ids in zip(beginnings, text[:, prompts.shape[1]:].tolist()):
            print(f"{beginning}{tokenizer.decode(ids)}\n[distinct-4 {distinct(ids):.2f}]\n")

# %% [markdown]
# **And within a grammar.** The same loop, the same model, the same question twice: once free, once with your `grammar_mask`
# around the model, which lets only a date of the form YYYY-MM-DD pass. Each token of the vocabulary is walked through the
# automaton letter by letter, so a token of several letters is one step of the table. Read the answers: the form is certain,
# as far as the automaton knows it (does it know how many months a year has?), and the truth is another matter. This
# takes about 7 s.

# %% tags=["real"]
from course.models.language import next_logits
from course.models.smollm import attempt, chat, load

with attempt():
    smollm, tokenizer = load(torch.bfloat16)
    end, N = tokenizer.special["<|im_end|>"], 24
    table, accepting = decoding.dates(tokenizer)  # state q: q letters of the date stand; state 10 may end
    for question in ["On which day did people first land on the Moon?", "When did the Second World War begin in Europe?"]:
        prompt = torch.tensor([chat(tokenizer, question)])

        def within(ids, ask=next_logits(smollm), P=prompt.shape[1]):
            state = 0
            for i in ids[0, P:].tolist():
                state = table[state, i].item()
            return grammar_mask(ask(ids), torch.tensor([state]), table, accepting, end, P + N - ids.shape[1])

        for name, model in {"free": next_logits(smollm), "within": within}.items():
            text = generate(model, prompt, torch.zeros(1, N), T=1.0, k=1, p=1.0, r=1.0, stop=[end])
            print(f"{name:>6}: {tokenizer.decode(text[0, prompt.shape[1]:].tolist())}")

# %% [markdown]
# ## 13 · Why T = 0 does not repeat itself
#
# Greedy decoding has no dice. Yet ask a server the same question at T = 0 a thousand times, and several different answers
# come back: Thinking Machines Lab (He 2025, *Defeating Nondeterminism in LLM Inference*) counted 80 among 1,000. Why?
#
# - **Floating-point addition is not associative.** (a + b) + c and a + (b + c) are rounded at different places. A logit is a
#   sum of hundreds of products, and each order of adding gives another last digit.
# - **The order depends on the batch.** A kernel cuts a sum into blocks to keep the device busy, and where it cuts depends
#   on the shapes: how many requests happen to share this step, how long their prompts are. The kernels themselves give
#   the same bits for the same shapes. It is the *load of the server* that changes.
# - **The largest logit wins, by however little.** Where two are nearly equal, the last digit decides, and every later token
#   builds on that one. A text forks at one place and never comes back.
#
# Below, the same products are added in two orders, for pairs of tokens whose true logits differ by a known gap. How often
# does another token win?

# %% tags=["picture"]
in_a_row = lambda x: x.cumsum(-1)[..., -1]  # one after the other
in_blocks = lambda x: x.unflatten(-1, (16, -1)).cumsum(-1)[..., -1].cumsum(-1)[..., -1]  # 16 blocks, then their sums
decoding.two_orders(in_a_row, in_blocks)

# %% [markdown]
# In bfloat16 the winner changes at gaps a thousand times wider than in float32. So higher precision makes forks rarer and does
# not forbid them. The mend is a kernel that adds in the same order whatever the batch is: **batch-invariant** kernels exist,
# and cost speed. What does not help: a fixed seed (there are no dice), or T = 0 itself.
#
# On the real model: four prompts, greedy, first each alone and then in a batch of eight (each stands in it twice). Your loop
# treats each row for itself, so whatever differs comes from the model. The cell prints how far the logits of the first new
# token are apart, and where the texts fork. On another machine it may be other rows, or none: the kernels decide, and
# that is the point. This takes about 20 s.

# %% tags=["real"]
from course.models.language import next_logits
from course.models.smollm import attempt, load

with attempt():
    smollm, tokenizer = load(torch.bfloat16)
    texts = ["In the morning the city was quiet.", "The train was late again, so they",
             "My grandmother always told me that the best", "The old map on the wall showed a"]
    prompts = torch.tensor([tokenizer.encode(text) for text in texts])
    eight, greedy = prompts.repeat(2, 1), dict(T=1.0, k=1, p=1.0, r=1.0)
    batch = generate(next_logits(smollm), eight, torch.zeros(8, 24), **greedy)
    first = next_logits(smollm)(eight)
    for row, together, prompt in zip(batch, first, prompts):
        alone = generate(next_logits(smollm), prompt[None], torch.zeros(1, 24), **greedy)[0]
        apart = (next_logits(smollm)(prompt[None])[0] - together).abs().max().item()
        forks = torch.nonzero(alone != row)[:, 0].tolist()
        at = f"the texts fork at new token {forks[0] - len(prompt)}" if forks else "the same 24 tokens"
        print(f"{tokenizer.decode(prompt.tolist())} … logits up to {apart:.2f} apart; {at}")
        for name, ids in {"alone": alone, "in the batch": row}.items() if forks else []:
            print(f"{name:>14}: …{tokenizer.decode(ids[forks[0] - 3:forks[0] + 9].tolist())!r}")

# %% [markdown]
# ## 14 · The experiment: is more likely text better text?
#
# You will often hear that greedy decoding is poor *because* it is short-sighted: it takes the best token now and misses the
# best sentence. If that were the reason, a better search would cure it. Beam search is a better search. Does it?
#
# The experiment trains the trigram model on the first 90 % of the help texts and takes ten places in the rest. At each it
# continues two words with 200 tokens: as the human author did, by greedy decoding, by beam search with 5 beams, by
# sampling, and by sampling from the nucleus at p = 0.9. Your functions do the decoding. Two numbers describe a text:
#
# - **log-probability per token** under the model, in nats: how likely is it?
# - **distinct-4**: the share of its runs of four tokens that are different from each other. 1 means that no run of four
#   comes twice; a loop brings it towards 0.
#
# **Predict first.** On average over the ten places, where is the distinct-4 of the *beam search* texts? `"below 0.3"`,
# `"0.3 to 0.7"` or `"above 0.7"`: one point for committing, one for being right. The experiment takes about 15 s.

# %% stub="prediction"
prediction = None  # "below 0.3", "0.3 to 0.7" or "above 0.7"
### BEGIN SOLUTION
prediction = "below 0.3"
### END SOLUTION

# %% graded="prediction__committed" points=1
# Looks whether a prediction stands in the cell above.
committed(prediction, options=["below 0.3", "0.3 to 0.7", "above 0.7"])

# %% graded="prediction__right" points=1
# Looks whether it is what the experiment measures.
committed(prediction, options=["below 0.3", "0.3 to 0.7", "above 0.7"])
### BEGIN HIDDEN TESTS
from course.check import predicted
predicted(prediction, "below 0.3", "Maximising likelihood leads into loops, and a better search finds loops that are even "
          "likelier: compare greedy and beam search in the legend.")
### END HIDDEN TESTS

# %% tags=["experiment"]
def search(model, prompt, beam, length):
    "The prompt, continued by your beam search; one beam is greedy."
    ids, _ = beam_search(lambda ids: model.logprobs(prompt[:-1] + ids), prompt[-1], -1, beam, length)
    return prompt[:-1] + ids


def sample(model, prompt, p, us):
    "The prompt, continued by your loop: one token for each of the uniform numbers us."
    return generate(batched(model.logprobs), torch.tensor([prompt]), us[None], 1.0, len(model.vocab), p, 1.0)[0].tolist()


results = decoding.likelihood_against_variety(search, sample, prediction=prediction)

# %% [markdown]
# **Read the legend**, one pair at a time.
#
# - *Greedy and beam search.* Which one finds the likelier texts, and by how much? Did the better search cure the loops? Read
#   the two texts below the picture as well.
# - *Sampling and the nucleus.* Sampling has -2.67 nats a token and hardly ever repeats a run of four (distinct-4 0.99).
#   Cutting the tail at p = 0.9 moves it to -2.12 and leaves the variety. (Both repeat less than people do, who have
#   0.85: a trigram model does not know that a text comes back to its subject.)
#
# How likely the human texts are says less than one thinks. Those that the model has never seen get -4.56 nats per token, far
# below everything else. Those from its own training part get -1.61, about as much as greedy decoding (-1.55), with a
# distinct-4 of 0.96. So likely text need not loop. What loops is the text that a search *maximises*.
#
# So the common answer has the causality wrong. Greedy decoding does miss the likeliest sequence, and it does repeat,
# but the second does not follow from the first: look at what the search does that finds likelier ones. *Maximising* is
# what degenerates. In a loop every token is easy to guess; people do not write what is easiest to guess at each step.
# Where the input all but fixes the answer (a translation, a number, a label) that is no problem, and greedy or beam
# search serve well.
#
# Mind how small this is: a trigram model, help texts, ten starts. A trigram model is poor at text that it has not seen, and
# the places of human text and of sampling do not carry over: for GPT-2, Holtzman et al. (2020, arXiv 1904.09751) found human
# text far less likely than beam search's, and pure sampling less likely than human text. That maximisation leads to loops
# does carry over: they found it too.
#
# **The same two numbers on SmolLM2.** Eight paragraphs of the help texts, their first 24 tokens as the prompt. The human
# author went on, and so does your loop: greedily, from the nucleus at p = 0.9, and from the full softmax. The model
# scores all four. Where does human text stand here, beside the trigram's picture? This takes about 25 s.

# %% tags=["real"]
from course.models.language import next_logits, score
from course.models.smollm import attempt, load

with attempt():
    smollm, tokenizer = load(torch.bfloat16)
    V, control = len(tokenizer.vocab), tokenizer.special.values()
    passages = torch.tensor([tokenizer.encode(text)[:72] for text in decoding.paragraphs(tokenizer, 8, 72)])
    prompts, u = passages[:, :24], torch.rand(8, 48, generator=torch.Generator().manual_seed(0))
    groups = {"human": passages}
    for name, (k, p) in {"greedy": (1, 1.0), "top-p 0.9": (V, 0.9), "sampling": (V, 1.0)}.items():
        groups[name] = generate(next_logits(smollm, banned=control), prompts, u, 1.0, k, p, 1.0)
    texts = {name: rows[:, 24:].tolist() for name, rows in groups.items()}
    decoding.on_the_real_model(tokenizer, {name: (score(smollm, tokenizer, rows, prompts.tolist()), rows)
                                           for name, rows in texts.items()})

# %% [markdown]
# Read the legend: each mean has its 95 % interval over the eight passages. Which group is the likeliest, and which repeats
# most? Does human text stand near what maximising picks, or near pure sampling? And where the nucleus? Two catches.
# Python's help texts were probably in this model's training data. And a likelihood near that of people is not quality:
# read what pure sampling wrote.

# %% [markdown]
# ## 15 · Say it
#
# A person reads this answer (in a study group, you do, with the marking scheme). Five to ten sentences are enough.

# %% [markdown] question="why_greedy"
# **Question (4 points).** Your team's story generator decodes greedily and falls into loops. A colleague says: "Greedy is
# short-sighted. We switch to beam search with 20 beams, and because it finds better sequences the loops will go." Explain
# what is right in this and what is wrong, say what you would expect to measure, and propose what to do instead, with one
# risk of your proposal.
#
# === BEGIN MARK SCHEME ===
#
# One point each:
#
# 1. Right part: greedy does not find the likeliest sequence, and beam search usually finds a likelier one.
# 2. Wrong part: repetition does not come from the search error; likely sequences are themselves repetitive, so maximising
#    better does not cure it (the causality is wrong). Naming the missing fit of the objective to open-ended text counts.
# 3. A measurement that could decide: likelihood per token against a repetition measure (distinct-n, share of repeated
#    n-grams) for greedy, beam, sampling and human text, with the expectation that beam gains likelihood and stays far below
#    human variety.
# 4. A sensible remedy (sampling with top-p, min-p or top-k, temperature; a repetition penalty as a patch) and a true risk of
#    it (incoherence from the tail, lost determinism, penalising needed words such as names).
#
# === END MARK SCHEME ===

# %% [markdown] written="why_greedy" points=4
# ### BEGIN SOLUTION
# It is right that greedy decoding is short-sighted: it commits to the likeliest token and can miss a likelier sentence, and
# beam search usually finds a sequence with a higher probability. It is wrong that this is why the text loops. A loop is very
# likely under the model, since after two rounds each next token is easy to guess. A search that maximises better is therefore
# drawn to repetition as well. I would continue the same prompts by greedy, beam 20, sampling and by the human author, and
# plot log-probability per token against distinct-4. I expect beam search to be the likeliest, with far less variety than
# people have. Instead I would sample, with top-p around 0.9 or min-p, and tune it against human text on that plot. The
# risk is incoherence when p or the temperature is too high: one odd token from the tail derails the rest. A repetition
# penalty may help as a patch, but it also punishes names that a story has to repeat.
# ### END SOLUTION

# %% [markdown] card="2.1" level="basic"
# <details><summary>What does temperature do? What happens at T = 0, and for T going to infinity?</summary>
#
# It divides the logits before the softmax. Ratios of probabilities become $\exp((s_i - s_j)/T)$, so $T < 1$ sharpens, $T > 1$
# flattens; the order of the tokens never changes and the entropy never falls with $T$. $T < 1$ is still random. In the limit
# $T \to 0$ all mass goes to the maximum, shared equally where several logits tie; $T = 0$ itself is a division by zero that
# libraries refuse (`transformers`) or treat as greedy. For $T \to \infty$ the distribution becomes uniform over the tokens
# with finite logits; masked ones stay at 0.
#
# </details>

# %% [markdown] card="2.2" level="basic"
# <details><summary>Top-k or top-p: what is the difference, and what are the edge cases?</summary>
#
# Top-k keeps a fixed number of tokens: too many when the model is sure, too few when it is not. Top-p keeps the
# smallest set whose probability reaches p, so the number follows the model's confidence. The token that crosses p is
# kept, and at least one token always is. Where the cut is a threshold, as in `transformers`, ties at the k-th logit all
# stay, so top-k may keep more than k.
#
# </details>

# %% [markdown] card="2.3" level="medium"
# <details><summary>Why is greedy decoding poor for open-ended text?</summary>
#
# It maximises, and maximising likelihood degenerates: it walks into loops, since in a loop every next token is easy to guess.
# That it may miss the globally likeliest sequence is true but is not the cause: beam search finds likelier sequences and
# loops too. Under GPT-2 human text is far less likely than either (Holtzman et al. 2020). For short closed-ended answers
# greedy is fine.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Temperature is 0, and the same prompt gives different answers in production. Why?</summary>
#
# - At T = 0 the largest logit wins, by however little. Near-ties are decided by the last digit.
# - A logit is a long sum, and floating-point addition is not associative: another order of adding, another last digit.
# - The order depends on how the kernel cuts the sums, and that on the batch: on who else asks at this moment. Same shapes,
#   same bits; the load changes the shapes.
# - One other token, and all that follows differs. He (Thinking Machines, 2025) counted 80 different answers to 1,000 equal
#   requests.
# - Mends: batch-invariant kernels (slower), a batch of fixed shape, higher precision (rarer, not never), a cache of answers. A
#   seed changes nothing. Look also for what is no arithmetic at all: another version of the model, another prompt template.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>You mask the logits by a JSON grammar. Output is cut off in mid-object, and quality falls. Why?</summary>
#
# - Cut off: the mask looked one token ahead. It must know how many tokens the shortest way to the end takes and forbid what
#   does not fit into `max_tokens`; with such a mask no dead end can be reached from a start that has room.
# - Quality: masking is not conditioning. The mask renormalises step by step, so a beginning keeps its probability even when
#   the model gives almost nothing to its valid continuations. Sampling many texts and keeping the valid ones would have
#   the right distribution; it is only too dear.
# - And the form may be foreign to the model: say in the prompt what the mask will enforce, leave room to think before it.
# - A valid form is no true content: validate the values too.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>How do you sample from logits without a softmax, a sum or a sort? What else does it give?</summary>
#
# Add to each logit its own Gumbel noise, $-\ln(-\ln u)$ with $u$ uniform, and take the largest: token $i$ wins with
# probability softmax$(s)_i$. The maximum over a vocabulary that is split over devices is cheap to combine. The $k$ largest
# sums are a sample of $k$ tokens without replacement. The price is $V$ uniform numbers a token; $u = 0$ must be avoided.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Your server applies temperature last, a colleague's first. Same T, p and seed: what differs?</summary>
#
# The candidate set. With temperature first, top-p measures mass on the tempered distribution, so T > 1 lets more tokens
# in and T < 1 fewer. With temperature last the set is chosen at T = 1 and the heat only redistributes inside it. Top-k
# does not care, as the order of the tokens never changes, and at T = 1 nothing differs at all. Min-p cares: the ratio
# to the best is raised to the power 1/T.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>On the same bfloat16 logits, two servers' top-p 0.9 keep different tokens. Where do you look?</summary>
#
# At the precision of the cumulative sum. Between 0.5 and 1 bfloat16 numbers are 0.004 apart, so a sum kept in bfloat16
# moves in steps that are larger than most tokens, and the place where it crosses p is blurred: on 32,000 normally
# distributed logits the tests of this section find it more than a hundred tokens off. Softmax, sort and sum belong in
# float32; the mask goes back to the logits, which stay as they are. Then at exact ties, which bfloat16 makes frequent:
# any smallest set is right, so two servers may differ. (At p = 1 there is one more suspect: without a shortcut the sum
# can reach 1 early, in float32 too, and finite logits are cut.)
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Why is dividing each seen logit by r a bad repetition penalty, and what is odd about the mend?</summary>
#
# Dividing a negative logit by r > 1 raises it, so a repeated unlikely token is rewarded. The mend multiplies negative ones.
# Odd is that the result depends on where zero is: softmax ignores a constant added to all logits, the penalty does not. It is
# also applied once per distinct token and does not grow with the count; presence and frequency penalties subtract instead,
# and are blind to such shifts.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>A sampler returns a masked token about once in ten million draws. What is wrong?</summary>
#
# Probably the end of the cumulative sum. In float32 the sum may end slightly below 1, and a uniform number may be above it.
# A search without a bound then gives index V, or after clamping the last position, which may be masked. Return the last token
# with positive probability instead. The other end has the same trap: with u = 0 and "first F at least u" a masked token at
# position 0 is hit; the comparison must be strict.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>You raise the beam from 5 to 50 and the translations become worse and shorter. Is the code wrong?</summary>
#
# Not necessarily. A wider beam finds hypotheses with higher model probability, and short ones have fewer factors below 1, so
# without length normalisation the search moves towards early ends. The fault is in the objective, which the narrow beam hid.
# Rank by log-probability divided by a power of the length, and check that finished hypotheses are frozen rather than extended.
#
# </details>
