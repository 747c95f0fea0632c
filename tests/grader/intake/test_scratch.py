"""A learner's play beside the answers: it costs no answer, it has a budget, and what answers stand on is no play."""

import pytest

from grader.intake.notebook import from_text
from grader.intake.repair import Step
from grader.intake.scratch import idle
from grader.judge.bench import judge
from grader.judge.session import Session
from grader.sandbox.limits import Limits
from tests.broken.damage import at, plain, text
from tests.broken.test_broken import SECTION, solved

STUB = Step("stub", "def answer(x):\n    y = helper(x)\n    return torch.exp(y) * SCALE", stub="answer")
BUSY = "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass\n"


@pytest.mark.parametrize(("needed", "source"), [
    (False, "z = answer(3)\nprint(z)"),
    (False, "y = 5; x = [y]\nx.append(2)"),           # the stub's own y and x are others
    (False, "import torch\ntorch.ones(3).sum()"),
    (False, "for i in range(10**9): total = i"),
    (False, "check(answer, 3, want=9)"),
    (True, "def helper(x): return x"),
    (True, "helper = lambda x: x"),
    (True, "SCALE = 3"),
    (True, "SCALE[0] = 3"),
    (True, "SCALE.mul_(2)"),
    (True, "def f():\n    global SCALE\n    SCALE = 2\nf()"),
    (True, "fill(SCALE)"),
    (True, "import torch\ntorch.set_default_dtype(torch.float64)"),
    (True, "import torch\ntorch.exp = None"),
    (True, "import torch\ntorch.manual_seed(0)"),
    (True, "def answer(x): return 0"),                # what is judged, once more
    (True, "exec('SCALE = 3')"),
    (True, "globals()['SCALE'] = 3"),
    (True, "%%writefile mine.py\nSCALE = 3"),
    (True, "with open('a', 'w') as f: f.write('1')"),
    (True, "from mine import *"),
    (True, "this is no Python"),
])
def test_what_answers_stand_on(needed, source):
    steps = [Step("free", source, free=True), Step("setup", "import torch\nfrom course.check import check"), STUB]
    assert (idle(steps, {"answer"}) == frozenset()) == needed


def test_through_other_cells():
    steps = [Step("a", "BASE = 2", free=True), Step("b", "def helper(x): return x + BASE", free=True),
             Step("c", "other = BASE", free=True), STUB]
    assert idle(steps, {"answer"}) == {"c"}


def with_play(*sources: str, double: str = ""):
    """A whole notebook with these cells before its first exercise, which is solved in this way."""
    notebook = solved()
    here = at(notebook, "double")
    notebook["cells"][here]["source"] = double or notebook["cells"][here]["source"]
    notebook["cells"][here:here] = map(plain, sources)
    return from_text(text(notebook), "play.ipynb")


def test_play_has_a_budget_and_costs_no_answer(warm):
    played = with_play(*[BUSY] * 6)
    result = judge(SECTION, played, warm, limits=Limits(scratch=0.7))
    assert all(c.verdict in ("pass", "manual") for c in result.cells) and result.status == "graded"
    passed_over = [ran for ran in result.outputs.values() if "passed over" in ran.error]
    assert len(passed_over) == 4 and "4 of your own cells" in result.repairs[0]
    assert not judge(SECTION, played, warm, limits=Limits(scratch=9)).repairs


def test_what_answers_stand_on_has_no_such_budget(warm):
    played = with_play(BUSY, BUSY, "sum(range(10**7)); factor = 2", "def twice(x): return x * factor",
                       double="def double(x):\n    return twice(x)\n")
    result = judge(SECTION, played, warm, limits=Limits(scratch=0.1))
    assert all(c.verdict in ("pass", "manual") for c in result.cells) and "1 of your own cells" in result.repairs[0]


def test_play_is_not_played_again(warm):
    session = Session(warm, Limits())
    session.run("play", "x = 1", again=False), session.run("work", "y = 2")
    assert (session.get("x"), session.get("y")) == (1, 2)
    assert "ended its process" in session.run("deadly", "import os; os._exit(0)").error
    with pytest.raises(NameError):
        session.get("x")
    assert session.get("y") == 2
    session.close()
