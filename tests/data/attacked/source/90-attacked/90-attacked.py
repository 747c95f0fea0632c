# %% [markdown]
# # Attacked
#
# `softmax` is checked as the course checks, and with bare asserts as most graders do; `greedy` gets a function of the
# judge's to call; `power` is timed.

# %% setup
import numpy as np
import torch

from course.check import check, expect, unchanged, value_and_grad
from course.duel import duel

LOGITS = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))

# %% stub="softmax"
def softmax(logits: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """Probabilities of the last dimension."""
    ### BEGIN SOLUTION
    return (logits / temperature).softmax(-1)
    ### END SOLUTION
    raise NotImplementedError("softmax: divide by the temperature, exponentiate, normalise")

# %% graded="softmax__values" points=2
check(softmax, torch.zeros(2), want=torch.tensor([0.5, 0.5]), why="equal logits are equally likely")
### BEGIN HIDDEN TESTS
check(softmax, torch.tensor([[0.0, 2.0, 1.0]]), 2.0, want=torch.tensor([[0.18632, 0.50648, 0.30720]]), atol=1e-4)
### END HIDDEN TESTS

# %% graded="softmax__asserts" points=2
want = torch.exp(LOGITS) / torch.exp(LOGITS).sum(-1, keepdim=True)
got = softmax(LOGITS)
assert torch.allclose(got, want, atol=1e-5), "wrong probabilities"
### BEGIN HIDDEN TESTS
assert got.shape == want.shape, "wrong shape"
assert got.dtype == want.dtype, "wrong dtype"
assert got[0, 0] == got[0, 0], "NaN"
assert all(abs(row.sum().item() - 1) < 1e-4 for row in got), "rows must sum to 1"
assert softmax(LOGITS[0]).tolist() != softmax(LOGITS[1]).tolist(), "different logits, same probabilities"
### END HIDDEN TESTS

# %% graded="softmax__rows" points=1
want = torch.exp(LOGITS) / torch.exp(LOGITS).sum(-1, keepdim=True)
assert all(map(torch.allclose, map(softmax, LOGITS), want)), "wrong row by row"

# %% graded="softmax__unchanged" points=1
unchanged(softmax, torch.tensor([0.0, 1.0986123]), want=torch.tensor([0.25, 0.75]))

# %% graded="softmax__gradient" points=1
value, (gradient,) = value_and_grad(softmax, torch.zeros(2))
expect(value, torch.tensor([0.5, 0.5]), on="softmax([0, 0])")
expect(gradient, torch.zeros(2), on="the gradient of its sum")

# %% stub="greedy"
def greedy(step, token: int, n: int) -> list[int]:
    """The next n tokens; `step(token)` gives the logits of the next one."""
    ### BEGIN SOLUTION
    out = []
    for _ in range(n):
        token = int(torch.as_tensor(step(token)).argmax())
        out.append(token)
    return out
    ### END SOLUTION
    raise NotImplementedError("greedy: take the argmax of step(token), n times")

# %% graded="greedy__tokens" points=2
def step(token: int) -> list[float]:
    return [float((7 * token + 3) % 10 == i) for i in range(10)]

got = greedy(step, 1, 4)
assert got == [0, 3, 4, 1], f"expected [0, 3, 4, 1], got {got}"
### BEGIN HIDDEN TESTS
assert greedy(step, 2, 2) == [7, 2], "wrong after 2"
assert len(greedy(step, 5, 6)) == 6, "wrong length"
### END HIDDEN TESTS

# %% graded="greedy__numbers" points=1
def step(token: int) -> list[float]:
    return [float((7 * token + 3) % 10 == i) for i in range(10)]

token = greedy(step, 5, 1)[0]
assert token == 8, "the token after 5 is 8"
### BEGIN HIDDEN TESTS
assert abs(token - 8) < 1e-9 and not token != 8, "the token after 5 is 8"
assert str(token) == "8" and sum(greedy(step, 1, 4)) == 8, "wrong tokens"
### END HIDDEN TESTS

# %% stub="power"
def power(a: torch.Tensor, n: int) -> torch.Tensor:
    """The matrix product of n copies of a."""
    ### BEGIN SOLUTION
    out = None
    while n:
        if n & 1:
            out = a if out is None else out @ a
        a, n = a @ a, n >> 1
    return out
    ### END SOLUTION
    raise NotImplementedError("power: square, and multiply where the bit of n is 1")

# %% graded="power__speed" points=2 tags=["timed"]
def draw(rng: np.random.Generator):
    a = rng.standard_normal((256, 256), dtype=np.float32) / 16
    return torch.from_numpy(a), 63

### BEGIN HIDDEN TESTS
duel(power, draw, reference='''
def times(a, b):
    return a @ b if torch.is_tensor(b) else a * b

import torch

def power(a, n):
    out = None
    while n:
        if n & 1:
            out = a if out is None else times(out, a)
        a, n = times(a, a), n >> 1
    return out
''', limit=2.0, rtol=1e-2, atol=1e-2)
### END HIDDEN TESTS
