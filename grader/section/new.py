"""`grader new NN-name`: the skeleton of a section, whole enough that `grader prove` passes on it from the first minute."""

from __future__ import annotations

from pathlib import Path

from .. import place
from ..errors import SectionError
from .load import syllabus

NOTEBOOK = '''# %% [markdown]
# # {title}
#
# What you will be able to answer after this section, with code that you wrote:
#
# - …
#
# It takes about … hours and builds on ….

# %% tags=["setup"] nbgrader={{"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}}
import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from torch import Tensor

from course import figures
from course.check import check, expect, raises, unchanged

figures.style()

# %% [markdown]
# ## 1. The first idea
#
# The formula, the picture, the catch.
#
# ### Exercise: `scale`
#
# Definition, shapes, units, edge cases, source.

# %% nbgrader={{"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}}
def scale(x: Float[Tensor, "... D"], s: float) -> Float[Tensor, "... D"]:
    """x times s, as a new tensor of the same dtype."""
    ### BEGIN SOLUTION
    return x * s
    ### END SOLUTION
    raise NotImplementedError("scale: multiply, and leave x alone")

# %% [markdown] tags=["hints", "scale"]
# <details><summary>Hint 1: a question</summary>
#
# A question to ask yourself.
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# The smallest numbers that show the idea.
#
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
# The steps.
#
# </details>

# %% nbgrader={{"grade": true, "grade_id": "scale__values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}}
check(scale, torch.tensor([1.0, 2.0]), 3.0, want=torch.tensor([3.0, 6.0]),
      mistakes={{"s was added": torch.tensor([4.0, 5.0])}})
### BEGIN HIDDEN TESTS
rng = torch.Generator().manual_seed(0)
for dtype in (torch.float32, torch.float64):
    x = torch.randn(2, 3, 5, generator=rng, dtype=dtype)
    for s in (0.5, -2.0, 0.0):
        check(scale, x.transpose(0, 1), s, want=torch.stack([row * s for row in x.transpose(0, 1)]))
### END HIDDEN TESTS

# %% nbgrader={{"grade": true, "grade_id": "scale__inplace", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}}
unchanged(scale, torch.tensor([1.0, 2.0]), 3.0, want=torch.tensor([3.0, 6.0]))

# %% tags=["picture", "skip-execution"]
try:
    xs = torch.linspace(0, 1, 50)
    plt.plot(xs, scale(xs, 2.0))
    plt.show()
except NotImplementedError:
    print("The picture is drawn from your own scale: write it first.")

# %% [markdown] tags=["card", "basic"]
# <details><summary>A question of the interview guide</summary>
#
# A right answer.
#
# </details>
'''
CASES = {
    "mutants/scale__identity": ("Identity.", "return x.clone()"),
    "mutants/scale__zeros": ("Zeros.", "return x * 0"),
    "mutants/scale__added": ("s is added.", "return x + s"),
    "mutants/scale__inplace": ("x is changed in place.", "return x.mul_(s)"),
    "mutants/scale__hard_coded": ("s is hard-coded to the visible test's 3.", "return x * 3.0"),
    "mutants/scale__float32": ("The dtype is lost.", "return x.float() * s"),
    "variants/scale__sum": ("As a product with a tensor.", "return torch.mul(x, torch.tensor(s, dtype=x.dtype))"),
    "variants/scale__einsum": ("By einsum.", 'return torch.einsum("...,->...", x, torch.tensor(s, dtype=x.dtype))'),
}
CLAIMS = """# {title}: claims of the guide, checked

| id | claim | verdict | correct statement | source | where the course shows it |
|---|---|---|---|---|---|
"""


def new(name: str, title: str, root: Path) -> list[Path]:
    """Write the skeleton; returns the files made. Raises SectionError when the name is no good or taken."""
    if not place.NAME.fullmatch(name):
        raise SectionError(f"{name!r} is no name for a section: it has two digits and words in lower case, like 03-rag-pipeline.")
    folder = root / "source" / name
    if folder.exists():
        raise SectionError(f"source/{name} is there already: edit it, or remove it first.")
    files = {folder / f"{name}.py": NOTEBOOK.format(title=title),
             folder / "claims.md": CLAIMS.format(title=title)}
    for case, (doc, body) in CASES.items():
        files[folder / f"{case}.py"] = f'"""{doc}"""\nimport torch\n\n\ndef scale(x, s):\n    {body}\n'
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if name not in syllabus(root):
        with (root / "course" / "syllabus.toml").open("a", encoding="utf-8") as f:
            f.write(f'\n[[section]]\nname = "{name}"\ntitle = "{title}"\nminutes = 180\nneeds = []\n')
    return list(files)
