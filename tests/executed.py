"""A section's two notebooks, run once in a real kernel, for all tests that look at what comes of it.

First the release, as a learner who did nothing has it; then, in the same kernel with its names taken away, the author's.
So torch is imported once, and the experiment, the longest cell of all, runs once: what it found is kept for the oracles.
"""

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cloudpickle
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from grader.section.build import release_notebook, source_notebook
from grader.section.cells import bound_names, tags
from grader.section.load import load
from tests.conftest import ROOT

CLOCKS = "import time; print(time.perf_counter(), time.process_time())"  # its own computing too: others keep the machine busy
FORGET = "import matplotlib.pyplot; matplotlib.pyplot.close('all'); get_ipython().run_line_magic('reset', '-f')"
KEEP = """
import cloudpickle

def kept(x):
    try:
        return cloudpickle.dumps(x) if not type(x).__module__.startswith("matplotlib") else None
    except Exception:  # no value: a generator, an open file
        return None

with open({path!r}, "wb") as file:
    cloudpickle.dump({{n: kept(globals()[n]) for n in {names!r} if n in globals()}}, file)
"""


@dataclass(frozen=True)
class Executed:
    """Both notebooks with their outputs.

    seconds:    that the author's took, on the clock or of computing, the less of both; `experiment`: that its experiment did
    found:      names that the experiment's cells bound -> value, pickled
    """

    release: NotebookNode
    source: NotebookNode
    seconds: float
    experiment: float
    found: dict[str, bytes]


@functools.cache
def executed(name: str) -> Executed:
    """Run the cells of both, those that grading skips too, but for those on the real model."""
    section = load(name, ROOT)
    release, source = release_notebook(section), source_notebook(section)
    names = sorted({n for c in section.notebook.cells if is_experiment(c) for n in bound_names(c.source)})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found"
        steps = [("release", c) for c in release.cells] + [("", code(FORGET)), ("start", code(CLOCKS))]
        for c in source.cells:
            around = [("experiment", code(CLOCKS))] if is_experiment(c) else []
            steps += [*around, ("source", c), *around]
        steps += [("end", code(CLOCKS)), ("", code(KEEP.format(path=str(path), names=names)))]
        whole = nbformat.from_dict({**source, "cells": [c for _, c in steps]})
        NotebookClient(whole, timeout=600, kernel_name="python3", allow_errors=True, skip_cells_with_tag="real",
                       resources={"metadata": {"path": str(ROOT / "release" / name)}}).execute()
        found = cloudpickle.loads(path.read_bytes())

    def ran(role: str) -> list[NotebookNode]:
        return [c for (r, _), c in zip(steps, whole.cells) if r == role]
    release.cells, source.cells = ran("release"), ran("source")
    clocks = ran("experiment")
    return Executed(release, source, between(*ran("start"), *ran("end")), sum(map(between, clocks[::2], clocks[1::2])),
                    {k: v for k, v in found.items() if v is not None})


def code(source: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source)


def is_experiment(cell: NotebookNode) -> bool:
    return "experiment" in tags(cell)


def between(*clocks: NotebookNode) -> float:
    """Seconds from one cell of clocks to another, by the clock that counts fewer."""
    first, last = (map(float, c.outputs[0].text.split()) for c in clocks)
    return min(b - a for a, b in zip(first, last))


def experiment(name: str) -> dict:
    """What the experiment of a section found with the reference solution: its names, as the author's notebook has them."""
    run = executed(name)
    stopped = [o.evalue for c in run.source.cells if is_experiment(c) for o in c.outputs if o.output_type == "error"]
    assert not stopped, stopped
    return {name: cloudpickle.loads(value) for name, value in run.found.items()}
