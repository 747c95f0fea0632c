"""A class on one page, and work that looks alike."""

import re
import subprocess
from pathlib import Path

import nbformat
import pytest

from grader.cases import find_cases
from grader.classroom.alike import alike, fingerprints, tokens
from grader.classroom.classpage import page
from grader.errors import WorkspaceError
from grader.section.cells import SOLUTION, grade_id
from grader.section.load import load
from tests.conftest import ROOT
from tests.grader.classroom.test_grade import GRADER, SECTION, course, grade  # noqa: F401  (fixtures)

LONG = "def double(x: torch.Tensor) -> torch.Tensor:\n    kept = []\n" + "".join(
    f"    for i{k} in range({k} + len(kept)):\n        kept.append(i{k} * {k} - len(kept) ** 2 if i{k} % 3 else -i{k})\n"
    for k in range(6)) + "    return x * 2 + 0 * len(kept[:1])\n"


def renamed(code: str) -> str:
    return re.sub(r"\bi(\d)\b", r"step\1", code.replace("kept", "seen")).replace("    seen = []", "    seen = []  # mine")


def test_a_page_says_what_to_do_and_what_went_wrong(course, grade):  # noqa: F811
    section = load(SECTION, course)
    with pytest.raises(WorkspaceError, match="Nobody was graded"):
        page(section, course)
    inbound = course.parent / "workspace" / "submitted"
    for who, code in {"same": LONG, "<b>bo": renamed(LONG)}.items():
        source = inbound / "right" / SECTION / f"{SECTION}.ipynb"
        notebook = nbformat.read(source, 4)
        next(c for c in notebook.cells if grade_id(c) == "double").source = code
        (inbound / who / SECTION).mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, inbound / who / SECTION / f"{SECTION}.ipynb")
    grade()
    text = page(section, course)
    assert "6 submissions" in text and "answers wait to be read" in text
    assert "&lt;b&gt;bo and same: double" in text and "<b>bo" not in text, "names of people are text"
    assert "1 × double ended its process" in text
    assert not re.search(r"(src|href)=|<script|@import|url\(", text), "nothing comes from elsewhere"


def test_misconceptions_are_counted_by_name(course, grade):  # noqa: F811
    path = course.parent / "workspace" / "submitted" / "same" / SECTION / f"{SECTION}.ipynb"
    notebook = nbformat.read(path, 4)
    next(c for c in notebook.cells if grade_id(c) == "double").source = "def double(x):\n    return x ** 2\n"
    nbformat.write(notebook, path)
    grade()
    assert "1 × x was squared" in page(load(SECTION, course), course)


def test_the_command_writes_it(course, grade):  # noqa: F811
    grade()
    done = subprocess.run([GRADER, "report", SECTION], capture_output=True, text=True, cwd=course)
    assert done.returncode == 0 and Path(done.stdout.removeprefix("Written: ").strip()).is_file(), done.stderr


def test_spaces_names_and_literals_do_not_hide_a_copy():
    assert tokens(LONG) == tokens(renamed(LONG)) and fingerprints(LONG)
    pair, = alike("double", {"a": LONG, "b": renamed(LONG), "c": "def double(x):\n    return 2 * x\n", "d": "no python("})
    assert (pair.one, pair.other, pair.share) == ("a", "b", 1.0)
    assert not alike("double", {"a": LONG, "b": renamed(LONG)}, known=[LONG]), "what everybody was given says nothing"
    crowd = {f"{i}": LONG for i in range(20)}
    assert not alike("double", crowd), "nor what everybody writes"


def test_other_right_solutions_do_not_look_alike():
    """The further right solutions of a section, written by people who did not copy."""
    section = load("04-lora", ROOT)
    by_exercise: dict[str, dict[str, str]] = {}
    for case in find_cases(section, section.path)[0]:
        if not case.mutant:
            by_exercise.setdefault(case.exercise, {})[case.name] = case.source
    known = {e: [s.source, SOLUTION.sub("", s.source)] for e, s in section.stubs.items()}
    assert not [p for exercise, codes in by_exercise.items() for p in alike(exercise, codes, known[exercise])]
