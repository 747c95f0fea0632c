"""Nothing that a learner can read holds a line of a hidden test, a solution or a marking scheme."""

import json
import re

import pytest

from grader.cases import find_cases
from grader.classroom.report import report
from grader.intake.notebook import from_text
from grader.judge.bench import judge
from grader.section.cells import HIDDEN, SCHEME, SOLUTION, grade_id
from grader.section.load import load, names
from grader.section.model import Section
from tests.conftest import ROOT

TELLING = 24  # characters from which on a line of code says something


def lines(text: str) -> set[str]:
    return {re.sub(r"\s+", " ", line.strip()) for line in text.splitlines()}


def flat(text: str) -> str:
    """Text from inside JSON, on one line."""
    return re.sub(r"\s+", " ", text.replace("\\n", " ").replace('\\"', '"'))


def secrets(section: Section, *marks: re.Pattern) -> list[str]:
    """The lines between these marks that the section says nowhere else."""
    sources = [cell.source for cell in section.notebook.cells]
    hidden = {line for source in sources for mark in marks for m in mark.finditer(source) for line in lines(m[0])}
    for mark in (HIDDEN, SOLUTION, SCHEME):
        sources = [mark.sub("", source) for source in sources]
    told = " ".join(map(flat, sources))
    found = [line for line in hidden if len(line) >= TELLING and not line.startswith(("### ", "=== ")) and line not in told]
    assert len(found) > 10, "there is something to look for"
    return found


@pytest.mark.parametrize("name", names(ROOT))
def test_a_release_holds_none(name):
    section = load(name, ROOT)
    given = flat(section.release_path.read_text(encoding="utf-8"))
    assert not [line for line in secrets(section, HIDDEN, SOLUTION, SCHEME) if line in given]


@pytest.mark.parametrize("name", ["02-decoding"])
def test_a_judged_notebook_holds_none(name, warm):
    """That of somebody who made a mistake in each exercise: it becomes the feedback. The scheme in it is for graders."""
    section = load(name, ROOT)
    notebook = from_text(section.release_path.read_text(encoding="utf-8"), "x.ipynb")
    wrong = {c.exercise: c.source for c in find_cases(section, section.path)[0] if c.mutant and not c.timed}
    for cell in notebook.cells:
        cell.source = wrong.get(grade_id(cell), cell.source)
    result = judge(section, notebook, warm, timed=False)
    assert sum(c.verdict in ("fail", "error") for c in result.cells) > len(wrong) / 2
    shown = flat(json.dumps([report(section, result), result.to_json()], ensure_ascii=False))
    theirs = flat("\n".join(wrong.values()))
    assert not [line for line in secrets(section, HIDDEN, SOLUTION) if line in shown and line not in theirs]


def test_a_line_that_got_out_is_found():
    section = load("02-decoding", ROOT)
    secret = secrets(section, HIDDEN)[0]
    assert secret in flat(json.dumps(f"x\n    {secret}\n"))
