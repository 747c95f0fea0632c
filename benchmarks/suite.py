"""What a section adds to `make test`, and what 33 of them would: core-seconds, measured section by section.

    python -m benchmarks.suite            print the table
    python -m benchmarks.suite --write    put it into docs/benchmarks.md too

Core-seconds are those of the whole machine, as the kernel counts them: nobody adds up the times of sandboxed children.
So nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean

from grader import place
from grader.section.load import names

WHOLE_COURSE, CORES, LIMIT, MINUTES = 33, 2, 45, 30
PROOF, NOTEBOOKS = "tests/grader/test_prove.py", "tests/test_notebooks.py"
TITLE = "## The test suite at the size of the course\n"


def busy() -> float:
    """Seconds that all cores of this machine have worked so far."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text(encoding="utf-8").split()[1:8])
    return (user + nice + system + irq + softirq) / 100


def pytest(*args: str) -> tuple[float, float]:
    """Core-seconds and seconds of a run of tests that have to pass."""
    work, start = busy(), time.monotonic()
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", *args], cwd=place.root(), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"pytest {' '.join(args)}\n{done.stdout[-3000:]}")
    return busy() - work, time.monotonic() - start


def cost(*args: str) -> float:
    """Core-seconds of these tests, without the start of pytest and what it imports: that is paid once, not by each section."""
    return pytest(*args)[0] - pytest(*args, "--collect-only")[0]


def costs(section: str) -> dict[str, float]:
    """What one section adds. The oracles use what the notebooks found, so both are one run."""
    return {"proof": cost(PROOF, "-k", section),
            "notebooks and oracles": cost(NOTEBOOKS, f"source/{section}", "-k", section),
            "all else": cost("tests", "-k", section, "--ignore", PROOF, "--ignore", NOTEBOOKS)}


def table() -> str:
    sections = {name: costs(name) for name in names()}
    house, seconds = pytest("-n", "3", "--dist", "loadgroup", "-k", " and ".join(f"not {name}" for name in sections))
    lines = ["| section | " + " | ".join(next(iter(sections.values()))) + " | together |", "|---|---|---|---|---|"]
    for name, parts in sections.items():
        lines.append(f"| {name} | " + " | ".join(f"{x:.1f}" for x in [*parts.values(), sum(parts.values())]) + " |")
    average = mean(sum(parts.values()) for parts in sections.values())
    whole = house + WHOLE_COURSE * average
    return "\n".join([*lines, "", f"""\
What belongs to no section takes {house:.0f} core-seconds, in {seconds / 60:.1f} minutes with three workers. At the average of
{average:.1f} core-seconds {WHOLE_COURSE} sections add {WHOLE_COURSE * average:.0f}. Together that is {whole:.0f}, or \
{whole / CORES / 60:.1f} minutes of {CORES} cores that never wait."""])


def section_of_the_page(table: str) -> str:
    return f"""{TITLE}
Core-seconds that a section adds to `make test`, by `python -m benchmarks.suite`. With at most {LIMIT} each,
{WHOLE_COURSE} sections stay within {MINUTES} minutes on {CORES} idle cores.

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
