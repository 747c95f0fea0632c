"""The guide's questions as data."""

import re
import tomllib
from collections import Counter

from course.data.questions import of_section, questions
from tests.conftest import ROOT


def test_every_question_has_an_id_of_its_own_a_section_and_a_level():
    found = questions()
    assert len(found) == 167 and len({q.id for q in found}) == 167
    assert {q.level for q in found} == {"basic", "medium", "killer"}
    for q in found:
        assert re.fullmatch(r"\d+\.\d+[a-z]?", q.id) and re.fullmatch(r"\d\d-[a-z0-9-]+", q.section), q
        assert int(q.id.split(".")[0]) == int(q.section[:2]), q
        assert q.text.strip() == q.text != "" and q.text.isprintable(), q
    known = {q.id for q in found}
    assert all(q.same_as in known for q in found if q.same_as)
    assert len(Counter(q.section for q in found)) == 33


def test_a_section_finds_its_own():
    assert [q.id for q in of_section("02-decoding")] == ["2.1", "2.2", "2.3"]
    assert of_section("99-nothing") == ()


def test_every_section_belongs_to_a_theme():
    plan = tomllib.loads((ROOT / "course" / "syllabus.toml").read_text(encoding="utf-8"))
    assert {entry["theme"] for entry in plan["section"]} <= set(plan["themes"])
