"""Ours against stock nbgrader on the same submissions: seconds, and how both grow with the class.

    python -m benchmarks.throughput [--section 02-decoding] [--sizes 10,100,500] [--stock 10,100]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from grader import place
from grader.cases import compose, find_cases
from grader.section.load import load
from grader.section.model import Section

SECTION = "02-decoding"  # the example, here and where start-up is timed
STOCK = """c = get_config()
c.CourseDirectory.course_id = "llm-engineering"
c.CourseDirectory.ignore = ["*.py", "mutants", "variants", ".ipynb_checkpoints"]
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearHiddenTests.enforce_metadata = False  # the helper is no graded cell
c.ClearMarkScheme.enforce_metadata = False
c.ExecutePreprocessor.timeout = 120
"""


def make_course(folder: Path, section: str, submissions: int, stock: bool) -> None:
    """A course with honest submissions: the reference, and variants of it in turn."""
    root = place.root()
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "source").mkdir(parents=True)
    shutil.copytree(root / "source" / section, folder / "source" / section)
    (folder / "course").symlink_to(root / "course")
    (folder / "nbgrader_config.py").write_text(STOCK if stock else (root / "nbgrader_config.py").read_text())
    texts = variants_of(load(section))
    for i in range(submissions):
        path = folder / "submitted" / f"student{i:03d}" / section / f"{section}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(texts[i % len(texts)])


def variants_of(section: Section) -> list[str]:
    """Right solutions: the reference, then the section's variants."""
    variants = [compose(section, c) for c in find_cases(section, section.path)[0] if not c.mutant and not c.timed]
    return [nbformat.writes(section.notebook), *variants]


def run(folder: Path, program: str, *args: str) -> float:
    """Seconds of one command in a course."""
    programs = Path(sys.executable).parent  # nbgrader calls alembic by its bare name
    env = {**os.environ, "COURSE_ROOT": str(folder), "PATH": f"{programs}:{os.environ['PATH']}"}
    start = time.monotonic()
    subprocess.run([str(programs / program), *args], cwd=folder, env=env, check=True, capture_output=True)
    return time.monotonic() - start


def class_seconds(folder: Path, section: str, submissions: int, stock: bool) -> float:
    make_course(folder, section, submissions, stock)
    run(folder, "nbgrader", "generate_assignment", section, "--force")
    seconds = run(folder, "nbgrader", "autograde", section) if stock else run(folder, "grader", "grade", section)
    print(f"{submissions} submissions, {'stock' if stock else 'ours'}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return seconds


def scores(folder: Path, section: str) -> dict[str, dict[str, float]]:
    """Each student's points by machine, aspect by aspect, as the gradebook has them."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {s.student.id: {g.name: g.auto_score or 0 for n in s.notebooks for g in n.grades}
                for s in gradebook.assignment_submissions(section)}


def agreement(ours: dict[str, dict[str, float]], stock: dict[str, dict[str, float]]) -> str:
    """How many submissions both grade alike, and where they differ."""
    both = ours.keys() & stock.keys()
    differ = {aspect for student in both for aspect, score in ours[student].items() if score != stock[student].get(aspect)}
    same = sum(ours[student] == stock[student] for student in both)
    where = f" The others differ in {', '.join(sorted(differ))}." if differ else ""
    return f"{same} of {len(both)} submissions have the same score in both.{where}"


def table(section: str, sizes: list[int], stock_sizes: list[int]) -> str:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        stock = {n: class_seconds(folder / "stock", section, n, stock=True) for n in sorted(stock_sizes)}
        ours = {n: class_seconds(folder / "ours", section, n, stock=False) for n in sorted(sizes, reverse=True)}
        # of the smallest class here, of the largest there
        alike = agreement(scores(folder / "ours", section), scores(folder / "stock", section))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines = ["| submissions | ours, s | ours, s each | stock nbgrader, s | stock, s each | ratio |",
             "|---|---|---|---|---|---|"]
    for n in sorted({*ours, *stock}):
        a, b = ours.get(n), stock.get(n)
        lines.append(f"| {n} | {cell(a)} | {cell(a and a / n)} | {cell(b)} | {cell(b and b / n)} "
                     f"| {f'{b / a:.1f}' if a and b else 'not run'} |")
    return "\n".join([*lines, "", alike])


def cell(x: float | None) -> str:
    return f"{x:.2f}" if x else "not run"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--section", default=SECTION)
    parser.add_argument("--sizes", default="10,100,500")
    parser.add_argument("--stock", default="10,100")
    a = parser.parse_args()
    print(table(a.section, [int(n) for n in a.sizes.split(",")], [int(n) for n in a.stock.split(",")]))
