"""Where things are: found from anywhere, and nowhere by counting a file's parents."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import place
from grader.errors import CourseError, SectionError
from tests.conftest import ROOT


def asked(code: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, env={"PYTHONPATH": str(ROOT), **environment},
                          capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_the_checkout_is_found_from_anywhere(tmp_path):
    assert asked("from grader import place; print(place.root())", tmp_path) == str(ROOT)
    assert asked("from grader import place; print(place.root())", Path("/")) == str(ROOT)


def test_the_environment_has_the_last_word(tiny, tmp_path):
    assert place.root() == tiny and place.workspace() == tmp_path / "workspace"
    assert place.exchange() == tmp_path / "workspace" / "exchange"
    assert asked("from grader import place; print(place.workspace())", tmp_path) == str(ROOT / "workspace")


@pytest.mark.parametrize("command", ["grader lint", "grader grade anything", "course progress", "course check anything"])
def test_a_root_without_a_course_is_named_in_a_sentence(command, tmp_path):
    program, *arguments = command.split()
    done = subprocess.run([Path(sys.executable).parent / program, *arguments], env={**os.environ, "COURSE_ROOT": str(tmp_path)},
                          capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"COURSE_ROOT names {tmp_path}" in " ".join(done.stderr.split())


def test_the_configuration_is_the_checkouts_own(tiny, tmp_path):
    with (tiny / place.CONFIGURATION).open("a", encoding="utf-8") as config:
        config.write('\nc.CourseDirectory.course_id = "another"\n')
    assert place.configuration().CourseDirectory.course_id == "another"
    assert place.configuration(ROOT).CourseDirectory.course_id == place.COURSE_ID
    place.configuration().CourseDirectory.course_id = "changed by a caller"
    assert place.configuration().CourseDirectory.course_id == "another"


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.json"
    place.replace(path, "old")
    with pytest.raises(UnicodeEncodeError):
        place.replace(path, "\udc80 cannot be written")
    assert path.read_text(encoding="utf-8") == "old"


def test_nobody_counts_parents():
    """`Path(__file__).parent.parent` holds until the file moves, and then nothing says so."""
    for package in ("course", "grader", "study"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in ("parent", "parents"):
                    assert "Path(__file__)" not in ast.unparse(node) or path.parent.name == "data", path.relative_to(ROOT)


def test_errors_are_one_tree():
    assert issubclass(SectionError, CourseError)
    for path in (*(ROOT / "grader").rglob("*.py"), *(ROOT / "study").rglob("*.py")):
        if path.name == "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and {ast.unparse(b) for b in node.bases} & {"Exception", "CourseError"}:
                assert path.parent.name == "sandbox", f"{path.relative_to(ROOT)}: {node.name} belongs into grader/errors.py"
