"""Attack by attack, what stock nbgrader gives and what we give: the table in docs/security.md.

    python -m tests.attacks.scoreboard [ATTACK ...]

Without a name it rewrites the table. What stock nbgrader gave to an attack stands in stock.json and is measured again
when the attack, the section or nbgrader's version has changed, or the file is gone: that takes many minutes.
Stock nbgrader runs with its own defaults in a temporary course, as a plain subprocess with a home of its own. An honest
submission is graded beside each group of attacks: when it loses points there, the machine is too busy to say anything.
What could hurt the machine does not run there: "not run".
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from grader.judge.bench import judge
from grader.sandbox.host import Warm
from grader.sandbox.limits import Limits
from grader.section.model import Section

from tests.attacks import Attack, attacks, notebook, section

PAGE = Path(__file__).parent.parent.parent / "docs" / "security.md"
BEGIN, END = "<!-- scoreboard: python -m tests.attacks.scoreboard -->", "<!-- end of scoreboard -->"
KNOWN = Path(__file__).parent / "stock.json"
GROUP = 6       # submissions that nbgrader grades in one run
PATIENCE = 600  # seconds for that; a submission takes three to forty
HONEST = Attack("0-honest", "", "", [])
HANGS = "hangs"
ALONE = {"044_gradebook", "049_read_the_socket", "060_garbage_on_the_socket", "102_inherited_descriptors"}  # harm others


def main(names: list[str]) -> None:
    course = section()
    chosen = [a for a in attacks() if not names or a.name in names]
    ours = under_us(course, chosen)
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    todo = [a for a in chosen if not a.danger and known.get(a.name, {}).get("of") != fingerprint(course, a)]
    groups = [[a] for a in todo if a.name in ALONE]
    rest = [a for a in todo if a.name not in ALONE]
    groups += [rest[i:i + GROUP] for i in range(0, len(rest), GROUP)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(under_nbgrader, course, group) for group in groups]
        for done in concurrent.futures.as_completed(futures):
            for attack, score in done.result():
                known[attack.name] = {"of": fingerprint(course, attack), "points": score}
            KNOWN.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    text = table(course, chosen, {a.name: known[a.name]["points"] for a in chosen if not a.danger}, ours)
    if names:
        print(text)
    else:
        page = PAGE.read_text()
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def fingerprint(course: Section, attack: Attack) -> str:
    text = repr((importlib.metadata.version("nbgrader"), nbformat.writes(course.notebook), attack))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def under_us(course: Section, chosen: list[Attack]) -> dict[str, float]:
    limits = Limits(cell=1.5, cell_again=0.3, notebook=20)
    with Warm() as warm:
        return {a.name: judge(course, notebook(course, a), warm, limits=limits, only={a.attacks}).score for a in chosen}


def under_nbgrader(course: Section, chosen: list[Attack]) -> list[tuple[Attack, float | str | None]]:
    """Each attack's points for its exercise; None when the submission was left without a grade, or HANGS."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        canaries = {"secret": root / "canaries" / "secret", "file": root / "canaries" / "in" / "file", "port": 9}
        canaries["file"].parent.mkdir(parents=True)
        write(root / "source" / course.name / f"{course.name}.ipynb", course.notebook)
        write(root / "submitted" / HONEST.name / course.name / f"{course.name}.ipynb", course.notebook)
        for attack in chosen:
            write(root / "submitted" / attack.name / course.name / f"{course.name}.ipynb",
                  notebook(course, attack, canaries))
        nbgrader(root, "generate_assignment", course.name, "--create")
        ended = nbgrader(root, "autograde", course.name, "--create")
        scores = [(a, points(root, course.name, a)) for a in chosen]
        control = points(root, course.name, HONEST)
    if ended and control is not None and control >= course.exercises[HONEST.attacks].points:
        return scores
    if ended:
        raise SystemExit(f"Honest work beside {chosen[0].name} got {control} points from nbgrader: is the machine busy?")
    if len(chosen) == 1:
        return [(chosen[0], HANGS)]
    return [pair for attack in chosen for pair in under_nbgrader(course, [attack])]  # one of them stops the others


def write(path: Path, book: nbformat.NotebookNode) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)


def nbgrader(root: Path, *command: str) -> bool:
    """Run a command of nbgrader's; False when it has to be killed."""
    home = root / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
                   "PYTHONPATH": str(PAGE.parent.parent), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, "-m", "nbgrader", *command, "--CourseDirectory.course_id=stock"], cwd=root,
                          env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            process.wait(PATIENCE)
            return True
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return False


def points(root: Path, assignment: str, attack: Attack) -> float | None:
    from nbgrader.api import Gradebook, MissingEntry
    graded = root / "autograded" / attack.name / assignment / f"{assignment}.ipynb"
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        try:
            grades = book.find_submission_notebook(assignment, assignment, attack.name).grades
        except MissingEntry:
            return None
        if not graded.exists():
            return None
        return float(sum(g.score for g in grades if g.name.startswith(f"{attack.attacks}__")))


def table(course: Section, chosen: list[Attack], stock: dict, ours: dict) -> str:
    version = importlib.metadata.version("nbgrader")
    lines = [f"| attack | idea | of | nbgrader {version} | ours |", "|---|---|---|---|---|"]
    for a in chosen:
        his = "not run" if a.danger else shown(stock[a.name])
        lines.append(f"| `{a.name[4:]}` | {a.idea} | {course.exercises[a.attacks].points:g} | "
                     f"{bold(his)} | {bold(f'{ours[a.name]:g}')} |")
    results = [stock[a.name] for a in chosen if not a.danger]
    earning = sum(type(x) is float and x > 0 for x in results)
    lines += ["", f"{len(chosen)} attacks. Stock nbgrader ran {len(results)} of them: {earning} earned points, "
              f"{results.count(None)} were left without a grade, {results.count(HANGS)} stopped the run for good. "
              f"Ours: {sum(map(bool, ours.values()))} earned points."]
    return "\n".join(lines)


def shown(score: float | str | None) -> str:
    return "no grade" if score is None else score if score == HANGS else f"{score:g}"


def bold(x: str) -> str:
    return x if x in ("0", "not run") else f"**{x}**"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(sys.argv[1:])
