"""Every section's tests are proven: the reference earns all, the stub nothing, mutants die, variants live."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.section.load import names
from tests.conftest import ROOT

GRADER = str(Path(sys.executable).parent / "grader")


def grader(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run([GRADER, *args], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("section", names(ROOT))
def test_the_section_is_proven(section, warm):
    done = grader("prove", section, "--json")
    document = json.loads(done.stdout)
    assert set(document) >= {"section", "ok", "exercises"}
    for exercise in document["exercises"]:
        assert exercise["reference"] == exercise["points"], exercise["messages"]
        assert exercise["stub"] == 0
        assert [m["name"] for m in exercise["mutants"] if not m["killed"]] == []
        assert [(v["name"], v["lost"]) for v in exercise["variants"] if not v["accepted"]] == []
        if exercise["id"] != "prediction":
            assert len(exercise["mutants"]) >= 6 and len(exercise["variants"]) >= 2, exercise["id"]
    assert document["ok"] and not document["skipped"] and done.returncode == 0


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
