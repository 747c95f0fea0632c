"""Stock `nbgrader autograde`, the real command, over submissions that it would stop at without our exporter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader.sandbox.probe import probe
from grader.section.build import source_notebook
from tests.broken.damage import DAMAGES, NAME, put
from tests.broken.test_broken import SECTION, solved, submit
from tests.conftest import ROOT, require

STUDENTS = ["nothing", "script", "cut_off_late", "utf_16", "outputs_of_wrong_types", "metadata_of_wrong_types",
            "graded_copied", "schema_1", "name_of_its_own", "name_of_a_browser", "own_name_damaged_but_a_copy_whole",
            "nothing_handed_in", "link", "link_to_nowhere", "linked_folder",
            "folder_in_its_place", "pipe_in_its_place", "half_characters"]
chosen = [damage for damage in DAMAGES if damage.name in STUDENTS]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    require(probe().level != "none", "a sandbox (bubblewrap, Landlock or seccomp)")
    root = tmp_path_factory.mktemp("lenient") / "course"
    shutil.copytree(ROOT / "tests" / "data" / "mini", root)
    nbformat.write(source_notebook(SECTION), root / "source" / "90-mini" / NAME)
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(
        f'{config}\nc.Autograde.exporter_class = "grader.classroom.lenient.SubmittedNotebook"\n')
    for damage in chosen:
        (root / "submitted" / damage.name).mkdir(parents=True)
        submit(damage, root / "submitted" / damage.name / "90-mini", solved())
    spoil(root / "submitted" / "spoiler" / "90-mini")
    nbgrader(root, "generate_assignment")
    return root


def spoil(folder):
    """A right notebook among files that cannot be copied, or should not be."""
    put(folder.parent / "x", {})
    folder.mkdir()
    put(folder / NAME, solved())
    (folder / "timestamp.txt").write_text("yesterday, about noon")
    (folder / "nowhere").symlink_to("nothing")
    (folder / "secret.txt").symlink_to(ROOT / "pyproject.toml")
    os.mkfifo(folder / "pipe")
    (folder / "huge").touch()
    os.truncate(folder / "huge", 10 << 30)
    (folder / "[data].csv").write_text("1,2\n")


def nbgrader(root, command):
    # PYTHONPATH: the course folder of the fixture must not pass for the package of that name.
    environment = {**os.environ, "COURSE_ROOT": str(root), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    environment.pop("COURSE_WORKSPACE", None)
    done = subprocess.run([Path(sys.executable).parent / "nbgrader", command, SECTION.name], cwd=root, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr


def test_every_submission_is_graded(course):
    log = nbgrader(course, "autograde")
    assert "Traceback" not in log
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "llm-engineering") as gradebook:
        scores = {s.student.id: s.auto_score if hasattr(s, "auto_score") else s.score
                  for s in gradebook.assignment_submissions(SECTION.name)}
    points = {exercise.id: sum(g.points for g in exercise.graded if not g.manual)
              for exercise in SECTION.exercises.values()}
    assert scores == {d.name: sum(points[e] for e in d.keeps) for d in chosen} | {"spoiler": sum(points.values())}
    judged = course / "autograded"
    assert all((judged / student / "90-mini" / NAME).is_file() for student in scores)
    assert sorted(p.name for p in (judged / "spoiler" / "90-mini").iterdir()) == [NAME, "[data].csv", "verdict.json"]
