"""The key of a kept verdict: what judges changes it, wherever it stands; what is only shown does not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.judge import key
from grader.sandbox import gpu
from grader.section.load import load
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A copy of the packages, at another place than the checkout."""
    house = tmp_path_factory.mktemp("elsewhere")
    for package in ("course", "grader"):
        shutil.copytree(ROOT / package, house / package, ignore=shutil.ignore_patterns("__pycache__"))
    return house


def code(house: Path) -> str:
    """The hash of the judging code, asked from an unrelated directory."""
    done = subprocess.run([sys.executable, "-c", "from grader.judge import key; print(key.code().hex(), key.stamp())"],
                          cwd="/", env={"PYTHONPATH": str(house)}, capture_output=True, text=True, check=True)
    return done.stdout


def edited(house: Path, path: str) -> str:
    file = house / path
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\n# edited\n", encoding="utf-8")
    try:
        return code(house)
    finally:
        file.write_text(text, encoding="utf-8")


def test_it_is_the_same_wherever_the_packages_stand(house):
    assert code(house).split()[0] == code(ROOT).split()[0] == key.code().hex()


@pytest.mark.parametrize("path", [
    "course/check.py", "course/duel.py", "course/models/transformer.py", "course/data/larkmoor_queries.toml",
    "course/data/python_topics.txt", "course/syllabus.toml", "grader/place.py", "grader/errors.py", "grader/section/cells.py",
    "grader/sandbox/learner.py", "grader/sandbox/wire.py", "grader/intake/repair.py", "grader/judge/session.py",
    "grader/pool/local.py", "grader/classroom/report.py"])
def test_editing_what_judges_changes_it(house, path):
    before = code(house)
    after = edited(house, path)
    assert all(a != b for a, b in zip(after.split(), before.split(), strict=True))


@pytest.mark.parametrize("path", ["course/figures.py", "course/sections/kv_cache.py", "course/sections/__init__.py"])
def test_editing_a_picture_does_not(house, path):
    assert edited(house, path).split()[0] == code(house).split()[0]


def test_every_room_is_covered():
    covered = {p.relative_to(ROOT).as_posix() for p in key.files()}
    shown = {p.relative_to(ROOT).as_posix() for p in [ROOT / "course/figures.py", *(ROOT / "course/sections").rglob("*.py")]}
    judging = {p.relative_to(ROOT).as_posix() for room in ("course", "grader") for p in (ROOT / room).rglob("*.py")}
    assert {p for p in covered if p.endswith(".py")} == judging - shown


def edited_section(tiny: Path, old: str, new: str) -> bytes:
    py = tiny / "source" / "01-doubling" / "01-doubling.py"
    text = py.read_text(encoding="utf-8")
    assert old in text
    py.write_text(text.replace(old, new, 1), encoding="utf-8")
    return key.version(load("01-doubling", tiny))


def test_of_a_section_the_cells_that_decide_count(tiny):
    before = key.version(load("01-doubling", tiny))
    assert edited_section(tiny, "# # Doubling", "# # Doubling, told better") == before, "prose decides nothing"
    assert edited_section(tiny, "return x + x", "return 2 * x") != before, "the reference is part of the truth"


@pytest.mark.parametrize(("section", "differs"), [("20-advanced-rag", True), ("02-decoding", False)], ids=["gpu", "cpu"])
def test_a_gpu_changes_it_where_the_section_is_timed_on_one(section, differs, monkeypatch):
    key.version.cache_clear()
    without = key.version(load(section))
    monkeypatch.setattr(gpu, "nodes", lambda: ["/dev/nvidiactl"])
    key.version.cache_clear()
    assert (key.version(load(section)) != without) == differs
    key.version.cache_clear()
