"""`grader mutate` changes a solution in one place at a time and shows what no test notices."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.errors import SectionError
from grader.mutate import changes, mutate, slips_of
from grader.section.load import load

GRADER = str(Path(sys.executable).parent / "grader")


def changed(code: str) -> set[str]:
    return {ast.unparse(tree) for tree in changes(ast.parse(code))}


def test_each_change_is_one_slip_of_a_hurried_hand():
    assert changed("def f(x, k):\n    return x[:k]") == {"def f(x, k):\n    return x[:]", "def f(x, k):\n    return x[:k]"}
    found = changed("def f(x):\n    return max(abs(x) + 1, 0.5)")
    assert {f"def f(x):\n    return {e}" for e in (
        "min(abs(x) + 1, 0.5)", "max(x + 1, 0.5)", "max(abs(x) - 1, 0.5)", "max(abs(x), 0.5)", "max(1, 0.5)",
        "max(abs(x) + 2, 0.5)", "max(abs(x) + 0, 0.5)", "max(abs(x) + 1, 1.5)", "max(abs(x) + 1, 0.25)")} == found
    assert "def f(x):\n    pass\n    return x" in changed("def f(x):\n    x.sort()\n    return x")


def test_what_is_no_slip_stays():
    code = 'def f(x: Float[T, "B 1"], k: int=2) -> Int[T, "3"]:\n    """4."""\n    raise ValueError("k is not " + str(5))'
    assert changed(code) == set()
    assert changed("LIMIT = 3 + 4") == set()  # only what stands in a function


CHANGE = """\
-    return (x + x).to(x.dtype) if x.numel() >= 0 else x
+    return (x + x).to(x.dtype) if x.numel() > 0 else x"""


def without_the_second_check(tiny: Path):
    """The tiny section, whose tests no longer ask for the dtype."""
    file = tiny / "source" / "01-doubling" / "01-doubling.py"
    text = file.read_text(encoding="utf-8").replace("return x + x", "return (x + x).to(x.dtype) if x.numel() >= 0 else x")
    file.write_text(text, encoding="utf-8")
    return load("01-doubling", tiny)


def test_what_survives_is_shown_as_what_changed(tiny, warm):
    document = mutate(without_the_second_check(tiny), warm)
    survivors = document["survivors"]["double"]
    assert {"of": "reference", "change": CHANGE} in survivors
    assert not any("x - x" in slip["change"] for slip in survivors)  # a test notices that
    assert document["tried"] > len(survivors) and document["survivors"].keys() == {"double"}
    assert mutate(load("01-doubling", tiny), warm, at_most=3)["tried"] == 3


def test_variants_are_changed_too(tiny):
    folder = tiny / "source" / "01-doubling" / "variants"
    folder.mkdir()
    (folder / "double__product.py").write_text('"""A product."""\ndef double(x):\n    return x * 2\n', encoding="utf-8")
    (folder / "double__fast.py").write_text('"""timed: fast"""\ndef double(x):\n    return x * 2\n', encoding="utf-8")
    tried = slips_of(load("01-doubling", tiny), "double", 60, seed=0)
    assert {slip.of for slip in tried} == {"reference", "double__product"}
    assert "-    return x * 2\n+    return x * 3" in {slip.change for slip in tried}


def test_an_unknown_exercise_is_named(tiny, warm):
    with pytest.raises(SectionError, match="no exercise 'halve' to change; there is double"):
        mutate(load("01-doubling", tiny), warm, ["halve"])


def test_the_command_prints_survivors_and_how_many(tiny):
    without_the_second_check(tiny)
    done = subprocess.run([GRADER, "mutate", "01-doubling"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"double, reference\n{CHANGE}\n" in done.stdout and "passed all tests." in done.stdout
    done = subprocess.run([GRADER, "mutate", "01-doubling", "--at-most", "2", "--json"], capture_output=True, text=True)
    assert json.loads(done.stdout)["tried"] == 2
    done = subprocess.run([GRADER, "mutate", "01-doubling", "halve"], capture_output=True, text=True)
    assert done.returncode == 2 and "no exercise 'halve'" in done.stderr and "Traceback" not in done.stderr
