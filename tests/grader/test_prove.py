"""Every section's tests are proven: the reference earns all, the stub nothing, mutants die, variants live."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cases import compose, find_cases, needed, steps_of
from grader.errors import SectionError
from grader.intake.repair import Step, plan
from grader.pool.jobs import Job
from grader.pool.worker import judge_job
from grader.prove import prove
from grader.section.load import load, names
from grader.section.model import Graded
from tests.conftest import ROOT

GRADER = str(Path(sys.executable).parent / "grader")


def grader(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run([GRADER, *args], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("section", names(ROOT))
def test_the_section_is_proven(section, warm):
    document = prove(load(section, ROOT), warm)
    assert set(document) >= {"section", "ok", "exercises"}
    for exercise in document["exercises"]:
        assert exercise["reference"] == exercise["points"], exercise["messages"]
        assert exercise["stub"] == 0
        assert [m["name"] for m in exercise["mutants"] if not m["killed"]] == []
        assert [(v["name"], v["lost"]) for v in exercise["variants"] if not v["accepted"]] == []
        if exercise["id"] != "prediction":
            assert len(exercise["mutants"]) >= 6 and len(exercise["variants"]) >= 2, exercise["id"]
    assert document["complaints"] == [] and document["ok"] and not document["skipped"]


@pytest.mark.parametrize("name", names(ROOT))
def test_the_short_way_of_a_case_is_a_beginning_of_its_whole_notebook_s(name, warm):
    """A mutant or variant gets the same verdicts with the same words; a dead mutant only gets fewer."""
    section = load(name, ROOT)
    cases = [c for c in find_cases(section, section.path)[0] if not c.timed and not re.search("rand|multinomial", c.source)]
    for case in random.Random(name).sample(cases, 6):
        whole, short, ended = (judge_job(job, warm).cells for job in ways(section, case))
        assert short == whole, case.key
        assert ended == whole[:len(ended)] and (len(ended) == len(whole) or ended[-1].verdict != "pass"), case.key
        assert [c.verdict for c in ended[:-1]] == ["pass"] * (len(ended) - 1), case.key


def ways(section, case) -> list[Job]:
    """A case as a whole notebook, the short way, and the short way until a point is lost."""
    how = {"only": frozenset({case.exercise}), "timed": False, "bare": True}
    steps = steps_of(section, case)
    return [Job(section.name, "whole", text=compose(section, case), **how), Job(section.name, "short", steps=steps, **how),
            Job(section.name, "ended", steps=steps, until="lost", **how)]


@pytest.mark.parametrize(("double", "halve", "needed_by_halve"), [
    ("def double(x):\n    return x * 2", "def halve(x):\n    return x / 2", {"halve"}),
    ("def double(x):\n    return x * 2", "def halve(x):\n    return double(x) / 4", {"double", "halve"}),
    ("def double(x):\n    return x * 2", "def halve(x):\n    from __main__ import double\n    return double(x) / 4",
     {"double", "halve"}),
    ("def double(x):\n    return x * 2", "def halve(x):\n    return globals()['dou' + 'ble'](x) / 4", {"double", "halve"}),
    ("import math\n\ndef double(x):\n    return x * 2", "def halve(x):\n    return math.ldexp(x, -1)", {"double", "halve"}),
    ("def double(x):\n    return x * 2\n\nHALVES.append(0.5)", "def halve(x):\n    return x * HALVES[0]", {"double", "halve"}),
])
def test_a_case_runs_the_cells_that_its_exercise_can_reach(double, halve, needed_by_halve):
    aspect = Step("halve__definition", graded=Graded("halve__definition", "assert halve(2) == 1", 1))
    steps = [Step("setup", "HALVES = []"), Step("double", double, stub="double"), Step("halve", halve, stub="halve"), aspect]
    assert needed("halve", steps) == needed_by_halve


def test_cases_from_outside(tmp_path, warm):
    for folder, name, body in [
        ("mutants", "softmax_t__argmax", '"""One-hot at the maximum."""\nimport torch\n\ndef softmax_t(logits, T):\n'
                                         "    hot = torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1])\n"
                                         "    return hot.to(logits.dtype)\n"),
        ("mutants", "softmax_t__right", '"""No mutant at all."""\nimport torch\n\ndef softmax_t(logits, T):\n'
                                        "    if T < 0 or logits.isnan().any() or (logits == -torch.inf).all(-1).any():\n"
                                        "        raise ValueError\n"
                                        "    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))\n"
                                        "    top = wide.amax(-1, keepdim=True)\n"
                                        "    w = ((wide - top) / T).exp() if T else (wide == top).to(wide.dtype)\n"
                                        "    return (w / w.sum(-1, keepdim=True)).to(logits.dtype)\n"),
        ("variants", "no_such__thing", '"""For another section."""\n\ndef no_such():\n    pass\n'),
        ("variants", "softmax_t__broken", '"""Not Python."""\n\ndef softmax_t(:\n'),
    ]:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.py").write_text(body)
    done = grader("prove", "02-decoding", "--cases", str(tmp_path), "--json")
    document = json.loads(done.stdout)
    softmax = document["exercises"][0]
    assert {m["name"]: m["killed"] for m in softmax["mutants"]} == {"softmax_t__argmax": True, "softmax_t__right": False}
    assert {s["name"] for s in document["skipped"]} == {"variants/no_such__thing", "variants/softmax_t__broken"}
    assert not document["ok"] and done.returncode == 1


@pytest.mark.parametrize(("args", "sentence"), [
    (["prove", "99-nothing"], "There is no section '99-nothing'"),
    (["prove", "02-decoding", "--cases", "/nowhere"], "has neither mutants/ nor variants/"),
    (["grade", "99-nothing"], "There is no section '99-nothing'"),
])
def test_wrong_use_is_one_sentence(args, sentence):
    done = grader(*args)
    assert done.returncode == 2 and sentence in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_section_that_is_edited_meanwhile_is_named(tiny, warm):
    section = load("01-doubling", tiny)
    steps = tuple(plan(section, section.notebook))
    file = section.path / "01-doubling.py"
    file.write_text(file.read_text(encoding="utf-8").replace("assert ", "assert 1 == 1 and ", 1), encoding="utf-8")
    with pytest.raises(SectionError, match="01-doubling was changed while it was being judged"):
        judge_job(Job(section.name, "reference", steps=steps), warm)
