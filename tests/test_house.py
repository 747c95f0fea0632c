"""The house: imports go one way, whoever moves a file is told, and what is generated says so."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

LINT = Path(sys.executable).parent / "lint-imports"
TURNED_ROUND = {  # a module and what it must not import
    "course/check.py": "grader.place", "course/duel.py": "study.workspace", "grader/pool/local.py": "study.workspace",
    "grader/errors.py": "grader.place", "grader/section/cells.py": "grader.intake.text",
    "grader/sandbox/limits.py": "grader.judge.clock", "grader/intake/text.py": "grader.judge.verdict",
    "grader/judge/verdict.py": "grader.pool.jobs", "grader/pool/jobs.py": "grader.classroom.kept",
    "grader/classroom/kept.py": "grader.cli", "grader/section/model.py": "grader.section.load",  # a circle in a room
    "grader/judge/bench.py": "course.figures", "course/models/ngram.py": "course.sections.decoding"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    house = tmp_path_factory.mktemp("house")
    for package in ("course", "grader", "study"):
        shutil.copytree(ROOT / package, house / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", house)
    return house


def arrows(house: Path) -> subprocess.CompletedProcess:
    return subprocess.run([LINT, "--no-logo", "--no-cache"], cwd=house, env={"PYTHONPATH": str(house), "PATH": "/usr/bin:/bin"},
                          capture_output=True, text=True)


def test_imports_go_one_way(copy):
    done = arrows(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", TURNED_ROUND)
def test_an_arrow_turned_round_is_found(copy, module):
    path = copy / module
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(f"{text}\nimport {TURNED_ROUND[module]}\n", encoding="utf-8")
        done = arrows(copy)
    finally:
        path.write_text(text, encoding="utf-8")
    assert done.returncode == 1 and re.search(r"[1-9] broken", done.stdout), done.stdout


def test_every_room_says_what_is_in_it():
    for package in ("course", "grader", "study"):
        for folder in {p.parent for p in (ROOT / package).rglob("*.py")}:
            page = (folder / "__init__.py").read_text(encoding="utf-8")
            assert page.startswith('"""'), folder
            if folder.parts[-1] in ("sections", "pool", "data"):
                continue  # as many as sections, or said in words
            for module in folder.glob("[a-z]*.py"):
                assert module.name in page, f"{folder.relative_to(ROOT)}/__init__.py does not name {module.name}"


@pytest.mark.parametrize("module", ["grader.classroom.grade", "grader.pool.local", "grader.pool.cluster"])
def test_who_may_find_nothing_to_judge_does_not_wait_for_torch(module):
    asked = subprocess.run([sys.executable, "-c", f"import sys, {module}; print('torch' in sys.modules)"], cwd=ROOT,
                           capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"
