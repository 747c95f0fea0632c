# %% [markdown]
# # Doubling

# %% setup
import torch

from course.check import check

# %% stub="double"
def double(x: torch.Tensor) -> torch.Tensor:
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION
    raise NotImplementedError("double: add x to itself")

# %% [markdown] hints="double"
# <details><summary>Hint 1: a question</summary>
#
# What is `x` plus `x`?
#
# </details>
# <details><summary>Hint 2: an example</summary>
#
# 3 becomes 6.
#
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
# return the sum
#
# </details>

# %% graded="double__values" points=2
check(double, torch.tensor([1.0, 2.0]), want=torch.tensor([2.0, 4.0]))
### BEGIN HIDDEN TESTS
check(double, torch.tensor([[-3.0]]), want=torch.tensor([[-6.0]]))
### END HIDDEN TESTS

# %% graded="double__dtype" points=1
got = double(torch.tensor([1], dtype=torch.int16))
assert got.dtype == torch.int16, f"expected int16, got {got.dtype}"

# %% tags=["picture"]
print(double(torch.arange(3)))

# %% [markdown] card="" level="basic"
# <details><summary>What is twice two?</summary>
#
# Four.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Is doubling a float exact?</summary>
#
# Yes, unless it overflows.
#
# </details>

# %% [markdown] question="why"
# Why is doubling exact?
#
# === BEGIN MARK SCHEME ===
# 4 points: only the exponent changes.
# === END MARK SCHEME ===

# %% [markdown] written="why" points=4
# ### BEGIN SOLUTION
# Only the exponent changes.
# ### END SOLUTION
