"""Broken notebooks are graded, or get 0 with a reason; what is honest in them keeps its points; nothing raises."""

import functools
import json
import os
import random
import re
from pathlib import Path

import pytest

from grader.errors import Unreadable
from grader.intake.notebook import from_text
from grader.intake.repair import mend, plan
from grader.intake.submissions import find_submission, receive
from grader.judge.bench import judge, judge_received
from grader.section.build import release_notebook
from grader.section.cells import SOLUTION, grade_id
from grader.section.load import load
from tests.broken.damage import DAMAGES, NAME, cell, put, text
from tests.conftest import ROOT

SECTION = load("90-mini", ROOT / "tests" / "data" / "mini")


def solved(section=SECTION) -> dict:
    """The notebook of a learner who solved everything, as plain JSON with sources as strings."""
    return json.loads(_solved(section.name))


@functools.cache
def _solved(name: str) -> str:
    section = SECTION if name == SECTION.name else load(name)
    notebook = release_notebook(section)
    for c in notebook.cells:
        if grade_id(c) in section.stubs:
            c.source = re.sub(r"[^\n]*(BEGIN|END) SOLUTION[^\n]*\n?", "", section.stubs[grade_id(c)].source)
        elif grade_id(c) == "written__why":
            c.source = "Because the square roots cancel."
    return json.dumps(notebook)


def submit(damage, folder: Path, notebook: dict) -> Path:
    folder.mkdir()
    damage.hand_in(folder, notebook)
    return folder


def verdict(folder: Path, warm):
    return judge_received(SECTION, receive(folder, SECTION), warm)


def is_sentence(message: str) -> bool:
    """One line, of readable length, no traceback and no control characters."""
    return bool(message) and message.isprintable() and len(message) < 300 and "Traceback" not in message


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.name)
def test_damage(damage, warm, tmp_path):
    submission = verdict(submit(damage, tmp_path / "submitted", solved()), warm)
    earned = {c.grade_id: c.score for c in submission.cells}
    expected = {g.grade_id: (None if g.manual else g.points) if g.exercise in damage.keeps else 0.0
                for g in SECTION.graded.values()}
    assert (submission.status, earned) == (damage.status, expected), submission
    assert (submission.status == "graded") == (not submission.repairs)
    assert all(map(is_sentence, submission.repairs)), submission.repairs
    assert all(c.verdict == "pass" or is_sentence(c.message) for c in submission.cells), submission.cells
    json.dumps(submission.to_json()).encode()


def test_names_are_unique():
    names = [damage.name for damage in DAMAGES]
    assert len(names) == len(set(names)) >= 30


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    put(tmp_path / NAME, solved())
    (tmp_path / NAME).chmod(0)
    received = receive(tmp_path, SECTION)
    assert received.notebook is None and "cannot be read: Permission denied" in received.reason


def test_the_reference_of_a_whole_section_survives(warm):
    """The first section upside down, every cell twice, stubs as raw text, cut off and in the wrong encoding."""
    section = load("02-decoding")
    notebook = solved(section)
    for c in notebook["cells"]:
        if c["metadata"].get("nbgrader", {}).get("grade_id") in section.stubs:
            c["cell_type"] = "raw"
    notebook["cells"] = notebook["cells"][::-1] * 2
    whole = json.dumps(notebook).encode("utf-16").decode("utf-16")[:-2]
    submission = judge(section, from_text(whole, "x.ipynb"), warm, timed=False)
    assert submission.status == "repaired"
    manual = {g.grade_id for g in section.graded.values() if g.manual}
    own = {g.grade_id for g in section.graded.values() if g.exercise == "prediction"}  # the learner's own number
    lost = [c for c in submission.cells if c.score != c.points and c.grade_id not in manual | own]
    assert not lost


# --- without the sandbox: reading and planning only ------------------------------------------------------------------

def test_cut_off_anywhere():
    whole = text(solved())
    for end in range(0, len(whole), 37):
        try:
            steps = plan(SECTION, mend(SECTION, from_text(whole[:end], NAME))[0])
        except Unreadable as e:
            assert is_sentence(str(e))
        else:
            assert {s.graded.grade_id for s in steps if s.graded} == set(SECTION.graded)


@pytest.mark.parametrize("seed", range(200))
def test_cells_in_any_state(seed):
    """Random damages upon damages: each graded cell is judged once, after setup and after the stubs that it needs."""
    rng, notebook = random.Random(seed), solved()
    for _ in range(rng.randint(1, 12)):
        cells = notebook["cells"]
        i = rng.randrange(len(cells))
        match rng.choice(["delete", "copy", "move", "retype", "strip", "swap"]):
            case "delete" if len(cells) > 1:
                del cells[i]
            case "copy":
                cells.insert(rng.randrange(len(cells)), json.loads(json.dumps(cells[i])))
            case "move":
                cells.insert(rng.randrange(len(cells)), cells.pop(i))
            case "retype":
                cells[i]["cell_type"] = rng.choice(["raw", "markdown", "code"])
            case "strip":
                cells[i]["metadata"] = {}
            case "swap":
                j = rng.randrange(len(cells))
                cells[i]["metadata"], cells[j]["metadata"] = cells[j]["metadata"], cells[i]["metadata"]
    read = from_text(json.dumps(notebook), NAME)
    mended, repairs = mend(SECTION, read)
    steps = plan(SECTION, mended)
    assert sorted(s.graded.grade_id for s in steps if s.graded) == sorted(SECTION.graded)
    assert steps[0].source == SECTION.setup[0].source
    assert all(map(is_sentence, repairs))
    again, repeated = mend(SECTION, mended)
    assert [c.source for c in again.cells] == [c.source for c in mended.cells]
    assert len({c.id for c in mended.cells}) == len(mended.cells)


def test_what_is_said():
    notebook = solved()
    del notebook["cells"][-1]
    cell(notebook, "double")["cell_type"] = "raw"
    cell(notebook, "double__values")["metadata"]["nbgrader"]["points"] = 9
    _, repairs = mend(SECTION, from_text(text(notebook), NAME))
    assert repairs == ["the cell double was no code any more and was run as code all the same",
                       "the cell double__values had other points than the course gives; the course's own were used",
                       "the cell written__why was missing and was put back"]


def test_what_is_said_of_a_folder(tmp_path):
    put(tmp_path / "90-mini (1).ipynb", solved())
    (tmp_path / "other.ipynb").write_text("{}")
    (tmp_path / NAME).symlink_to("other.ipynb")
    assert find_submission(tmp_path, SECTION) == (tmp_path / "90-mini (1).ipynb", [
        "90-mini.ipynb is a symbolic link, and links are not followed",
        "90-mini (1).ipynb was graded; left aside: other.ipynb",
        "90-mini (1).ipynb was taken for 90-mini.ipynb"])


def test_solutions_are_cut():
    assert "BEGIN SOLUTION" not in text(solved()) and SOLUTION.search(SECTION.stubs["double"].source)
