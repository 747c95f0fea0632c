"""What each section costs in `make test`: core-seconds, from one run of the whole suite.

    python -m benchmarks.suite            print the table
    python -m benchmarks.suite --write    put it into docs/benchmarks.md too

Nobody adds up the times of sandboxed children, so core-seconds are those of the whole machine, as the kernel counts them,
shared out by how long each test took: nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from collections import Counter
from pathlib import Path
from statistics import mean

from grader import place
from grader.section.load import names

SUITE = ("-n", "3", "--dist", "loadgroup")  # as `make test` has it
LIMIT, MINUTES = 45, 30
PROOF, ORACLES, ELSE = "proof", "notebooks and oracles", "all else"
TITLE = "## The test suite at the size of the course\n"


def busy() -> float:
    """Seconds that all cores of this machine have worked so far."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text(encoding="utf-8").split()[1:8])
    return (user + nice + system + irq + softirq) / 100


def run(report: Path) -> tuple[float, float]:
    """Core-seconds and seconds of the suite, which has to pass; how long each test took stands in the report."""
    work, start = busy(), time.monotonic()
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", *SUITE, f"--junitxml={report}"], cwd=place.root(),
                          capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The suite does not pass, so there is nothing to measure:\n{done.stdout[-3000:]}")
    return busy() - work, time.monotonic() - start


def seconds(report: Path) -> Counter[tuple[str, str]]:
    """(section, part) -> how long its tests took; the section is "" where a test concerns none alone."""
    taken: Counter[tuple[str, str]] = Counter()
    sections = names()
    for test in xml.parse(report).iter("testcase"):
        name = f"{test.get('classname')}.{test.get('name')}"
        section = next((s for s in sections if s in name), "")
        taken[section, part(name)] += float(test.get("time", 0))
    return taken


def part(name: str) -> str:
    if "test_prove." in name:
        return PROOF
    return ORACLES if name.startswith("source.") or "test_notebooks." in name else ELSE


def table() -> str:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        work, took = run(report)
        taken = seconds(report)
    scale = work / taken.total()  # from seconds that a worker took to core-seconds
    rows = {s: [scale * taken[s, p] for p in (PROOF, ORACLES, ELSE)] for s in names()}
    costs = [sum(row) for row in rows.values()]
    lines = [f"| section | {PROOF} | {ORACLES} | {ELSE} | together |", "|---|---|---|---|---|"]
    lines += [f"| {name} | " + " | ".join(f"{x:.1f}" for x in [*row, sum(row)]) + " |" for name, row in rows.items()]
    return "\n".join([*lines, "", f"""\
The whole suite took {took / 60:.1f} minutes and {work:.0f} core-seconds. The {len(rows)} sections took {sum(costs):.0f} of \
them, {mean(costs):.0f} each; what belongs to none took {work - sum(costs):.0f}."""])


def section_of_the_page(table: str) -> str:
    return f"""{TITLE}
Core-seconds that a section adds to `make test`, by `python -m benchmarks.suite`: the work of the whole machine in one run
of the suite, shared out by how long each test took. The whole suite may take {MINUTES} minutes of 2 idle cores; a section was
planned at {LIMIT} core-seconds. "All else" is large where a test that one section is enough for takes this one.

{table}
"""


def write(table: str, page: Path) -> None:
    """Put the table into the page, in place of the one that was there."""
    text = page.read_text(encoding="utf-8")
    before = re.sub(rf"\n{re.escape(TITLE)}.*?(?=\n## |\Z)", "", text, flags=re.DOTALL).rstrip("\n")
    page.write_text(f"{before}\n\n{section_of_the_page(table)}", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    measured = table()
    if arguments.write:
        write(measured, place.root() / "docs" / "benchmarks.md")
    print(measured)
