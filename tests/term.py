"""A term of a class: what `docs/instructors.md` promises, over eight assignments. `make term` runs it; `make test` does not.

Learners hand in through nbgrader's exchange and its `collect`, the instructor uses the commands of the page. At the end each
score is what a model of the term says, which knows nothing of the grader: who handed in what last, and when.
"""

from __future__ import annotations

import csv
import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI

from grader.classroom.answers import answers, mark, questions
from grader.classroom.course import Course
from grader.section import build
from grader.section.cells import grade_id
from grader.section.load import load
from tests.conftest import ROOT

LEARNERS = int(os.environ.get("TERM_LEARNERS", "200"))
NAMES = [f"9{i}-week" for i in range(1, 9)]
BIN = Path(sys.executable).parent
START = datetime(2026, 2, 2, 12)
RIGHT = {"double": "return x * 2", "hypotenuse": "return math.sqrt(a * a + b * b)",
         "chain": "return double(torch.tensor([hypotenuse(a, b)]))"}
# What a learner may write in place of the right answer, and the aspects that it costs.
MISTAKES = {"none": ({}, ()), "same": ({"double": "return x"}, ("double__values", "double__inplace", "chain__values")),
            "sum": ({"hypotenuse": "return a + b"}, ("hypotenuse__values", "chain__values")),
            "whole": ({"hypotenuse": "return float(int(math.sqrt(a * a + b * b)))"}, ()),  # till the test is corrected
            "in place": ({"double": "return x.mul_(2)"}, ("double__inplace",))}
POINTS = {"double__values": 2, "double__inplace": 1, "hypotenuse__values": 2, "chain__values": 3}
WRITTEN = 4


@dataclasses.dataclass
class Submission:
    mistake: str
    at: datetime
    written: str


class Term:
    """The class as it is, in files and commands, and as it ought to be, in `last`, `marks`, `late` and `points`."""

    def __init__(self, root: Path, seed: int):
        self.root, self.rng = root, random.Random(seed)
        self.course = Course(root)
        self.api = NbGraderAPI(self.course.directory, config=self.course.config)
        self.students = [f"learner-{i:03}" for i in range(LEARNERS)]
        self.last: dict[tuple[str, str], Submission] = {}   # (assignment, student) -> what counts
        self.marks: dict[tuple[str, str], float] = {}       # what a person gave
        self.extended: set[tuple[str, str]] = set()
        self.points = {name: dict(POINTS) for name in NAMES}
        self.corrected: set[str] = set()
        self.grade: Callable[[str], None] = self.run_grade

    # --- what people do -----------------------------------------------------------------------------------------------

    def due(self, name: str) -> datetime:
        return START + timedelta(weeks=NAMES.index(name))

    def release(self, name: str) -> None:
        assert self.api.generate_assignment(name)["success"] and self.api.release_assignment(name)["success"]
        with self.course.gradebook as gradebook:
            gradebook.update_or_create_assignment(name, duedate=f"{self.due(name)} UTC")

    def hand_in(self, name: str, student: str, mistake: str, at: datetime) -> None:
        """As `nbgrader submit` lays it into the exchange."""
        section, written = load(name, self.root), f"{student} thinks that the roots cancel ({at})."
        notebook = nbformat.read(section.release_path, as_version=4)
        bodies = {**RIGHT, **MISTAKES[mistake][0]}
        for cell in notebook.cells:
            key = grade_id(cell)
            if key in section.stubs:
                head = section.stubs[key].source.splitlines()[0]
                cell.source = f"{head}\n    {bodies[key]}"
            elif key == "written__why":
                cell.source = written
        stamp = f"{at:%Y-%m-%d %H:%M:%S.%f} UTC"
        folder = Path(self.course.config.Exchange.root) / "llm-engineering" / "inbound" / f"{student}+{name}+{stamp}+0"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{name}.ipynb")
        (folder / "timestamp.txt").write_text(stamp, encoding="utf-8")
        (folder / "submission_secret.txt").write_text(f"{self.rng.getrandbits(64):x}", encoding="utf-8")
        known = self.last.get((name, student))
        if known is None or at > known.at:
            self.last[name, student] = Submission(mistake, at, written)

    def everybody_hands_in(self, name: str) -> None:
        for student in self.students:
            if self.rng.random() < 0.9:
                late = self.rng.random() < 0.15
                at = self.due(name) + timedelta(hours=self.rng.uniform(1, 30) if late else -self.rng.uniform(1, 50))
                self.hand_in(name, student, self.rng.choice(list(MISTAKES)), at)

    def some_hand_in_again(self, name: str) -> None:
        for (assignment, student), before in list(self.last.items()):
            if assignment == name and self.rng.random() < 0.25:
                self.hand_in(name, student, self.rng.choice(["none", before.mistake]), before.at + timedelta(hours=3))

    def collect(self, name: str) -> None:
        done = self.api.collect(name, update=True)
        assert done["success"], done

    def run_grade(self, name: str) -> None:
        done = subprocess.run([BIN / "grader", "grade", name, "--json"], capture_output=True, text=True, cwd=self.root)
        assert done.returncode == 0, done.stderr

    def read_answers(self, name: str, only_unread: bool = True) -> None:
        """Two graders share the work; each gives what the text deserves in their eyes."""
        section = load(name, self.root)
        question = questions(section)[0]
        for i, answer in enumerate(answers(section, question, self.course)):
            if answer.unread or not only_unread:
                points = float((len(answer.text) + i % 2) % (WRITTEN + 1))
                mark(section, question, self.course, answer.student, points, f"read by {'ab'[i % 2]}")
                self.marks[name, answer.student] = points

    def extend(self, name: str, count: int) -> None:
        late = [s for (n, s), sub in self.last.items() if n == name and sub.at > self.due(name)]
        with self.course.gradebook as gradebook:
            for student in late[:count]:
                gradebook.grant_extension(name, student, days=7)
                self.extended.add((name, student))

    def correct_a_test(self, name: str) -> None:
        """It had let pass who cuts off the fraction."""
        self.edit(name, "check(hypotenuse, 5.0, 12.0, want=13.0)",
                  "check(hypotenuse, 5.0, 12.0, want=13.0)\ncheck(hypotenuse, 1.0, 1.0, want=1.4142135)")
        self.corrected.add(name)

    def change_points(self, name: str) -> None:
        self.edit(name, 'graded="double__values" points=2', 'graded="double__values" points=3')
        self.points[name]["double__values"] = 3

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / "source" / name / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        build.build([name])

    def leave(self, student: str) -> None:
        with self.course.gradebook as gradebook:
            gradebook.remove_student(student)
        shutil.rmtree(self.root.parent / "workspace" / "submitted" / student, ignore_errors=True)
        shutil.rmtree(self.root.parent / "workspace" / "autograded" / student, ignore_errors=True)
        for entry in (Path(self.course.config.Exchange.root) / "llm-engineering" / "inbound").glob(f"{student}+*"):
            shutil.rmtree(entry)
        self.students.remove(student)
        self.last = {key: s for key, s in self.last.items() if key[1] != student}

    def feedback(self, name: str, student: str) -> None:
        """Given twice: the second time changes nothing."""
        pages = []
        for _ in range(2):
            for step in (self.api.generate_feedback, self.api.release_feedback):
                done = step(name, student)
                assert done["success"], done
            found = sorted((self.root.parent / "workspace" / "feedback" / student).rglob("*.html"))
            pages.append([p.read_bytes() for p in found])
        assert pages[0] == pages[1] and pages[0]

    # --- what ought to be ---------------------------------------------------------------------------------------------

    def expected(self, name: str, student: str) -> tuple[float, float]:
        """(score, maximum)"""
        points = self.points[name]
        most = sum(points.values()) + WRITTEN
        submission = self.last.get((name, student))
        if submission is None:
            return 0.0, most
        lost = set(MISTAKES[submission.mistake][1])
        if submission.mistake == "whole" and name in self.corrected:
            lost.add("hypotenuse__values")
        score = sum(p for aspect, p in points.items() if aspect not in lost) + self.marks.get((name, student), 0.0)
        grace = timedelta(days=7) if (name, student) in self.extended else timedelta()
        return (0.0 if submission.at > self.due(name) + grace else score), most

    def check(self) -> None:
        subprocess.run([BIN / "nbgrader", "export", "--to", "grades.csv"], cwd=self.root, check=True, capture_output=True)
        with (self.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            held = {(row["assignment"], row["student_id"]): (float(row["score"]), float(row["max_score"]))
                    for row in csv.DictReader(file)}
        graded = {name for name, _ in self.last}
        wanted = {(name, s): self.expected(name, s) for name in graded for s in {s for _, s in self.last}}
        wrong = {key: (held.get(key), want) for key, want in wanted.items() if held.get(key) != want}
        assert not wrong, f"{len(wrong)} of {len(wanted)}: {list(wrong.items())[:5]}"


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A course of eight small assignments, with nbgrader's rule that late work earns nothing."""
    root = tmp_path / "course-root"
    mini = (ROOT / "tests" / "data" / "mini" / "source" / "90-mini" / "90-mini.py").read_text(encoding="utf-8")
    for name in NAMES:
        (root / "source" / name).mkdir(parents=True)
        (root / "source" / name / f"{name}.py").write_text(mini, encoding="utf-8")
    (root / "course").symlink_to(ROOT / "course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\nc.ExchangeCollect.check_owner = False\n')
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    (tmp_path / "workspace" / "exchange").mkdir(parents=True)
    (tmp_path / "workspace" / "exchange").chmod(0o777)
    build.build(root=root)
    return root


def live_through(term: Term) -> None:
    database = term.root.parent / "workspace" / "gradebook.db"
    joins_late, leaves = term.students[3], term.students[5]
    for week, name in enumerate(NAMES):
        here = list(term.students)
        if week < 4:
            term.students.remove(joins_late)
        term.release(name)
        term.everybody_hands_in(name)
        term.students = here
        term.collect(name)
        term.grade(name)
        if week == 5:
            shutil.copy(database, database.with_name("backup.db"))
        term.read_answers(name)
        term.some_hand_in_again(name)
        term.collect(name)
        term.grade(name)
        term.read_answers(name)
        if week == 1:
            term.extend(name, LEARNERS // 20)
        if week == 2:
            term.correct_a_test(name)
        if week == 3:
            term.change_points(name)
        if week == 4:
            term.leave(leaves)
        if week == 5:  # the disk fails: what was read since the backup is read again
            shutil.copy(database.with_name("backup.db"), database)
            term.grade(name)
            term.read_answers(name)
        term.grade(name)
        term.check()
        term.feedback(name, next(s for n, s in term.last if n == name))
    for name in NAMES:
        term.grade(name)
    term.check()


def test_every_score_is_right_at_the_end_of_the_term(root):
    live_through(Term(root, seed=1))


def test_and_when_grading_is_killed_again_and_again(root):
    term, kills = Term(root, seed=2), random.Random(3)
    left = [10]

    def grade(name: str) -> None:
        while left[0] and kills.random() < 0.8:
            run = subprocess.Popen([BIN / "grader", "grade", name, "--json"], cwd=root, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(kills.uniform(1.0, 8.0))
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                left[0] -= 1
            run.wait()
        term.run_grade(name)
    term.grade = grade
    live_through(term)
    assert left[0] == 0, "ten times"
