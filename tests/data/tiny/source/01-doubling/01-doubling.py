# %% [markdown]
# # Doubling

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

from course.check import check

# %% nbgrader={"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(x: torch.Tensor) -> torch.Tensor:
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION
    raise NotImplementedError("double: add x to itself")

# %% [markdown] tags=["hints", "double"]
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

# %% nbgrader={"grade": true, "grade_id": "double__values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(double, torch.tensor([1.0, 2.0]), want=torch.tensor([2.0, 4.0]))
### BEGIN HIDDEN TESTS
check(double, torch.tensor([[-3.0]]), want=torch.tensor([[-6.0]]))
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "double__dtype", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
got = double(torch.tensor([1], dtype=torch.int16))
assert got.dtype == torch.int16, f"expected int16, got {got.dtype}"

# %% tags=["picture", "skip-execution"]
print(double(torch.arange(3)))

# %% [markdown] tags=["card", "basic"]
# <details><summary>What is twice two?</summary>
#
# Four.
#
# </details>

# %% [markdown] tags=["card", "killer"]
# <details><summary>Is doubling a float exact?</summary>
#
# Yes, unless it overflows.
#
# </details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "why", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Why is doubling exact?
#
# === BEGIN MARK SCHEME ===
# 4 points: only the exponent changes.
# === END MARK SCHEME ===

# %% [markdown] nbgrader={"grade": true, "grade_id": "written__why", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# Only the exponent changes.
# ### END SOLUTION
