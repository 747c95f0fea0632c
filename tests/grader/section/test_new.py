"""`grader new` makes a section that is built and proven as it stands."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course.data.questions import of_section
from grader.section.load import load
from grader.section.skeleton import skeleton
from tests.conftest import ROOT

GRADER = str(Path(sys.executable).parent / "grader")


@pytest.fixture
def grader(tmp_path, monkeypatch):
    """The command line on a course without sections."""
    (tmp_path / "source").mkdir()
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "syllabus.toml").write_text("", encoding="utf-8")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    return lambda *args: subprocess.run([GRADER, *args], capture_output=True, text=True, cwd=ROOT)


def test_the_skeleton_is_proven_at_once(grader, tmp_path, warm):
    assert grader("new", "40-thing").returncode == 0
    assert grader("build", "40-thing").returncode == 0
    assert skeleton(load("40-thing", tmp_path)) == []
    assert grader("lint", "40-thing").returncode == 0
    assert json.loads(grader("prove", "40-thing", "--json").stdout)["ok"]
    again = grader("new", "40-thing")
    assert again.returncode == 2 and "is there already" in again.stderr
    bad = grader("new", "Thing")
    assert bad.returncode == 2 and "no name for a section" in bad.stderr and "Traceback" not in bad.stderr


def test_a_section_for_the_guide_brings_its_questions(grader, tmp_path):
    grader("new", "04-lora", "--title", "LoRA")
    assert grader("lint", "04-lora").returncode == 0
    text = (tmp_path / "source" / "04-lora" / "04-lora.py").read_text(encoding="utf-8")
    assert all(f'card="{q.id}" level="{q.level}"' in text and q.text in text for q in of_section("04-lora"))


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ("# # 40 · Thing", "# # Thing", "the first line is '# 40 · Thing'"),
    ("It builds on", "It rests on", "what it builds on"),
    ("# %% [markdown] house_rules\n\n", "", "house_rules"),
    ("# ## 2 · An experiment", "# ## An experiment", "is called '## 2 · …'"),
    ("# ### Exercise 40.1 · scale", "# ### scale", "stands the heading '### Exercise 40.1 · scale'"),
    ("# Source: a paper with its number on arXiv, or a library with its version.", "#", "names a source"),
    ('NotImplementedError("scale")', 'NotImplementedError("scale: multiply")', "with its name alone"),
    ('    """x times s: scale', '    """' + "x times s.\n" * 20 + "scale", "the docstring of scale has"),
    ("# Looks at the numbers, for several shapes, dtypes and factors.\n", "", "begins with a comment"),
    ("# %% tags=[\"picture\"]\nthing.line(scale)", "# %% tags=[\"picture\"]\n" + "thing.line(scale)\n" * 9, "more than a call"),
    ("It takes less than 1 s.", "It is quick.", "announces how many seconds"),
    ("prediction=prediction", "prediction='infinite'", "so that it waits for one"),
    ("prediction__right", "prediction__measured", "prediction__committed and prediction__right"),
    ('# %% tags=["widget"]', '# %% tags=["picture"]', "there is no widget"),
    ('level="killer"', 'level="medium"', "there is no killer card"),
    ('card=""', 'card="2.1"', "the card '2.1' answers no question of this section"),
    ("# - The answer as a list, with numbers.", "# - TTFT is what counts.", "TTFT is asked"),
    ("# The idea, the formula, the picture, the catch.", "# " + "long " * 30, "at most 128"),
    ("# The idea, the formula, the picture, the catch.", "# It costs \\$5 here.", "a price is written in words"),
    ("# The idea, the formula, the picture, the catch.", "# It costs $5 here.", "a price is written in words"),
])
def test_the_form_is_asked_for(grader, tmp_path, old, new, complaint):
    grader("new", "40-thing")
    py = tmp_path / "source" / "40-thing" / "40-thing.py"
    text = py.read_text(encoding="utf-8")
    assert old in text
    py.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = grader("lint", "40-thing")
    assert done.returncode == 1 and complaint in done.stdout and "Traceback" not in done.stderr, done.stdout + done.stderr
    assert grader("build", "40-thing").returncode == 0, "a half-written section can be looked at"


def test_too_few_or_broken_cases_are_no_proof(grader, tmp_path, warm):
    grader("new", "40-thing")
    folder = tmp_path / "source" / "40-thing"
    (folder / "variants" / "scale__mul.py").unlink()
    (folder / "mutants" / "scale__zeros.py").write_text('"""Zeros."""\ndef scale(:\n', encoding="utf-8")
    for name in ("added", "float32"):
        (folder / "mutants" / f"scale__{name}.py").unlink()
    done = grader("prove", "40-thing", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1 and not document["ok"]
    assert document["complaints"] == [
        "mutants/scale__zeros.py was skipped: line 2 is not Python: invalid syntax.",
        "scale has 4 mutants, at least 6 are needed.", "scale has 1 variants, at least 2 are needed."]
