"""Two thousand notebooks that nobody thought of: each is graded or gets 0 with a reason, and nothing raises.

Damages of every kind are drawn upon one another: cells dropped, doubled, moved, retyped and rewritten, metadata of other
editors, wrong types anywhere, bytes flipped and cut.
"""

import copy
import functools
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.intake.submissions import receive
from grader.judge.bench import judge_received
from grader.sandbox.limits import Limits
from tests.broken.damage import NAME, plain
from tests.broken.test_broken import SECTION, is_sentence, solved

EXAMPLES, BATCH = 2000, 250
WRONG_TYPES = (None, 0, -1.5, True, "", "text", [], [None], {}, {"a": [1]}, "\x00", "\ud83d", 10**30)
EDITORS = ({"vscode": {"languageId": "python"}}, {"colab": {"base_uri": "x"}, "id": "aB3"}, {"deepnote_cell_type": "code"},
           {"collapsed": False, "scrolled": True}, {"nbgrader": {"grade_id": "double", "schema_version": 1}},
           {"slideshow": {"slide_type": "skip"}}, {"jupyter": {"source_hidden": True}}, {"tags": ["skip-execution", 3]})
CELLS = ("x = 1", "1 / 0", "def double(x): return x", "print('a' * 10)", "%matplotlib inline", "!ls", "while", "\t", "#" * 999,
         "import os; os._exit(1)", "raise SystemExit", "del double", "import torch\ntorch.set_default_dtype(torch.float64)")


def wrong(rng: random.Random):
    return copy.deepcopy(rng.choice(WRONG_TYPES))


def damage(rng: random.Random, notebook: dict) -> None:
    """One damage to a notebook that is still JSON."""
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not cells:
        notebook["cells"] = [plain(rng.choice(CELLS))]
        return
    i, j = rng.randrange(len(cells)), rng.randrange(len(cells))
    cell = cells[i] if isinstance(cells[i], dict) else plain("")
    match rng.randrange(13):
        case 0:
            del cells[i]
        case 1:
            cells.insert(j, json.loads(json.dumps(cell)))
        case 2:
            cells.insert(j, cells.pop(i))
        case 3:
            cell["cell_type"] = rng.choice(["raw", "markdown", "code", "heading", None, 5])
        case 4:
            cell["metadata"] = {**(cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}),
                                **copy.deepcopy(rng.choice(EDITORS))}
        case 5:
            cell[rng.choice(["source", "metadata", "outputs", "id", "cell_type", "execution_count"])] = wrong(rng)
        case 6:
            about = cell.get("metadata")
            if isinstance(about, dict) and isinstance(about.get("nbgrader"), dict):
                about["nbgrader"][rng.choice(["grade_id", "points", "locked", "grade", "checksum"])] = wrong(rng)
        case 7:
            cells.insert(j, plain(rng.choice(CELLS)))
        case 8:
            source = cell.get("source")
            cell["source"] = source.splitlines(True) if isinstance(source, str) else ["x", 3]
        case 9:
            notebook[rng.choice(["metadata", "nbformat", "nbformat_minor", "cells"])] = wrong(rng)
        case 10:
            source = cell.get("source") if isinstance(cell.get("source"), str) else "ab"
            at = rng.randrange(len(source) + 1)
            cell["source"] = source[:at] + rng.choice(["", "\n", "(", "'''", "é", "\u202e", "\r\n", "    "]) + source[at + 1:]
        case 11:
            cells[i] = wrong(rng)
        case 12:
            cells[:] = cells[::-1] if rng.random() < 0.2 else cells[i:] + cells[:i]


def bytes_of(rng: random.Random, notebook: dict) -> bytes:
    """The file, perhaps in another encoding, with bytes flipped, cut or put in."""
    raw = bytearray(json.dumps(notebook).encode(rng.choice(["utf-8"] * 6 + ["utf-16", "utf-8-sig"])))
    if rng.random() < 0.3:
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(raw))
            match rng.randrange(4):
                case 0:
                    raw[at] ^= 1 << rng.randrange(8)
                case 1:
                    del raw[at:at + rng.randint(1, 40)]
                case 2:
                    raw[at:at] = rng.randbytes(rng.randint(1, 5))
                case 3:
                    raw[at:at] = raw[at:at + 200]
            if not raw:
                return b""
        if rng.random() < 0.3:
            del raw[rng.randrange(len(raw)):]
    return bytes(raw)


def is_reason(message: str) -> bool:
    """A sentence, or the lines of a check: input, expected, got."""
    return bool(message) and all(line.isprintable() for line in message.splitlines()) and "Traceback" not in message


@functools.cache
def points() -> dict[str, float]:
    return {g.grade_id: g.points for g in SECTION.graded.values()}


@pytest.mark.parametrize("batch", range(EXAMPLES // BATCH))
def test_anything_is_graded(batch, warm, tmp_path):
    @settings(max_examples=BATCH, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(batch << 32, (batch + 1 << 32) - 1), damages=st.integers(1, 25))
    def run(seed, damages):
        rng, notebook = random.Random(seed), solved()
        for _ in range(damages):
            damage(rng, notebook)
        (tmp_path / NAME).write_bytes(bytes_of(rng, notebook))
        result = judge_received(SECTION, receive(tmp_path, SECTION), warm, limits=Limits(cell=1, cell_again=0.3))
        assert {c.grade_id: c.points for c in result.cells} == points()
        assert all(c.score in (None, 0.0, c.points) and (c.verdict == "pass" or is_reason(c.message)) for c in result.cells)
        assert all(map(is_sentence, result.repairs)) and (result.status == "graded") <= (not result.repairs)
        assert "Traceback" not in json.dumps(result.to_json())
    run()
