"""`make real`: every cell on the real language model, run as in its author's notebook, and the date noted in the ledger.

    python -m grader.real                 all sections that have such cells
    python -m grader.real 02-decoding     only this one

Such a cell is tagged `real`. It takes too long to run with every test, so this is run by hand before a section lands.
"""

from __future__ import annotations

import ast
import copy
import datetime
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from . import ledger
from .errors import CourseError
from .section.cells import bound_names, kind, tags
from .section.lint import free_names
from .section.load import load, names

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from .section.model import Section

LIMIT = 30.0  # seconds that a cell may take on one thread


@dataclass(frozen=True)
class Run:
    """What became of one real cell."""
    heading: str  # the last one above it
    seconds: float  # on the clock, or of computing where that is less: the machine may be busy
    text: str  # all that it printed
    error: str  # empty where there was none

    @property
    def ok(self) -> bool:
        return not self.error and self.seconds <= LIMIT


def real_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and "real" in tags(cell)]


def needed(notebook: NotebookNode) -> list[NotebookNode]:
    """The real cells and, in order, those before the last that make the names they use, directly or not; no graded cell."""
    end = max((i for i, c in enumerate(notebook.cells, 1) if "real" in tags(c)), default=0)
    cells = [c for c in notebook.cells[:end] if c.cell_type == "code" and kind(c) != "graded" and _parses(c.source)]
    chosen = [kind(c) == "setup" or "real" in tags(c) for c in cells]
    while True:
        wanted = set().union(*(free_names(c.source) for c, yes in zip(cells, chosen) if yes))
        more = [yes or bool(bound_names(c.source) & wanted) for c, yes in zip(cells, chosen)]
        if more == chosen:
            return [c for c, yes in zip(cells, chosen) if yes]
        chosen = more


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:  # a line for IPython, which makes no name
        return False
    return True


def run(notebook: NotebookNode, folder: Path) -> list[Run]:
    """Run a notebook's real cells, and what they need, in a kernel on one thread. The notebook stays as it is."""
    import psutil
    from nbclient import NotebookClient
    headings, chosen = _headings(notebook), needed(notebook)
    cells = copy.deepcopy(chosen)  # running writes outputs into them
    client = NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=600, kernel_name="python3", allow_errors=True,
                            skip_cells_with_tag="", resources={"metadata": {"path": str(folder)}})
    runs = []
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with client.setup_kernel(env=alone, stderr=subprocess.DEVNULL):  # there the kernel only speaks of its own transport
        kernel = psutil.Process(client.km.provisioner.pid)
        for i, cell in enumerate(cells):
            clock, used = time.perf_counter(), sum(kernel.cpu_times()[:2])
            client.execute_cell(cell, i)
            seconds = min(time.perf_counter() - clock, sum(kernel.cpu_times()[:2]) - used)
            error = "; ".join(f"{o.ename}: {o.evalue}" for o in cell.outputs if o.output_type == "error")
            if "real" in tags(cell):
                text = "".join(o.get("text", "") for o in cell.outputs)
                runs.append(Run(headings[id(chosen[i])], seconds, text, error))
            elif error:
                raise CourseError(f"A cell that a real cell needs fails, {cell.source[:60]!r}: {error}")
    return runs


def _headings(notebook: NotebookNode) -> dict[int, str]:
    """id(cell) -> the last heading above it."""
    headings, last = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            last = next((line.lstrip("# ") for line in reversed(cell.source.splitlines()) if line.startswith("#")), last)
        headings[id(cell)] = last
    return headings


def main(sections: Sequence[str]) -> int:
    """Run, report, note in the ledger. 0 when every cell ran within its limit, 1 when one did not, 2 without the model."""
    from course.models.smollm import ModelMissing, weights
    well = True
    try:
        weights()
        for section in map(load, sections or names()):
            if real_cells(section.notebook):
                well &= _report(section)
    except (CourseError, ModelMissing) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if well else 1


def _report(section: Section) -> bool:
    runs = run(section.notebook, section.path)
    for r in runs:
        slow = "" if r.seconds <= LIMIT else f"  OVER {LIMIT:g} s"
        print(f"{section.name}  {r.seconds:5.1f} s  {r.heading}{slow}{r.error and f'  FAILS: {r.error}'}", flush=True)
    ok = all(r.ok for r in runs)
    ledger.note_real(section.name, datetime.date.today().isoformat() if ok else "FAILED")
    return ok


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
