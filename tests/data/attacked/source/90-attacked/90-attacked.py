# %% [markdown]
# # Attacked
#
# `softmax` is checked as the course checks, and with bare asserts as most graders do; `greedy` gets a function of the
# judge's to call; `power` is timed.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
import torch

from course.check import check, expect, unchanged, value_and_grad
from course.duel import duel

LOGITS = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))

# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(logits: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """Probabilities of the last dimension."""
    ### BEGIN SOLUTION
    return (logits / temperature).softmax(-1)
    ### END SOLUTION
    raise NotImplementedError("softmax: divide by the temperature, exponentiate, normalise")

# %% nbgrader={"grade": true, "grade_id": "softmax__values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(softmax, torch.zeros(2), want=torch.tensor([0.5, 0.5]), why="equal logits are equally likely")
### BEGIN HIDDEN TESTS
check(softmax, torch.tensor([[0.0, 2.0, 1.0]]), 2.0, want=torch.tensor([[0.18632, 0.50648, 0.30720]]), atol=1e-4)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "softmax__asserts", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
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

# %% nbgrader={"grade": true, "grade_id": "softmax__rows", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
want = torch.exp(LOGITS) / torch.exp(LOGITS).sum(-1, keepdim=True)
assert all(map(torch.allclose, map(softmax, LOGITS), want)), "wrong row by row"

# %% nbgrader={"grade": true, "grade_id": "softmax__unchanged", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
unchanged(softmax, torch.tensor([0.0, 1.0986123]), want=torch.tensor([0.25, 0.75]))

# %% nbgrader={"grade": true, "grade_id": "softmax__gradient", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
value, (gradient,) = value_and_grad(softmax, torch.zeros(2))
expect(value, torch.tensor([0.5, 0.5]), on="softmax([0, 0])")
expect(gradient, torch.zeros(2), on="the gradient of its sum")

# %% nbgrader={"grade": false, "grade_id": "greedy", "locked": false, "schema_version": 3, "solution": true, "task": false}
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

# %% nbgrader={"grade": true, "grade_id": "greedy__tokens", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def step(token: int) -> list[float]:
    return [float((7 * token + 3) % 10 == i) for i in range(10)]

got = greedy(step, 1, 4)
assert got == [0, 3, 4, 1], f"expected [0, 3, 4, 1], got {got}"
### BEGIN HIDDEN TESTS
assert greedy(step, 2, 2) == [7, 2], "wrong after 2"
assert len(greedy(step, 5, 6)) == 6, "wrong length"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "greedy__numbers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def step(token: int) -> list[float]:
    return [float((7 * token + 3) % 10 == i) for i in range(10)]

token = greedy(step, 5, 1)[0]
assert token == 8, "the token after 5 is 8"
### BEGIN HIDDEN TESTS
assert abs(token - 8) < 1e-9 and not token != 8, "the token after 5 is 8"
assert str(token) == "8" and sum(greedy(step, 1, 4)) == 8, "wrong tokens"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "power", "locked": false, "schema_version": 3, "solution": true, "task": false}
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

# %% tags=["timed"] nbgrader={"grade": true, "grade_id": "power__speed", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
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
''', limit=2.0, rtol=1e-3, atol=1e-4)
### END HIDDEN TESTS
