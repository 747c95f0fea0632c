"""Three ways through the course, and the README's table: real sections and hours, in an order in which they build."""

import re

import pytest

from grader.section.load import names, syllabus
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "paths.md").read_text(encoding="utf-8")
LEDGER = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
WAYS = dict(zip(("interview", "full", "semester"), PAGE.split("\n## ")[1:], strict=True))
STOP = r"\[(\d\d-[\w-]+)\]\(\S+\) \(([\d.]+) h\)"


@pytest.mark.parametrize("way", WAYS)
def test_hours_are_the_syllabus_and_nothing_comes_before_what_it_builds_on(way):
    stops, known = re.findall(STOP, WAYS[way]), syllabus(ROOT)
    assert stops and all(f"{round(known[name]['minutes'] / 60, 1):g}" == hours for name, hours in stops)
    order = [name for name, _ in stops]
    assert len(set(order)) == len(order)
    if way != "full":  # which goes by theme
        early = [(name, need) for name in order for need in known[name]["needs"] if need in order[order.index(name):]]
        assert not early


def test_the_whole_course_and_the_semester_have_every_section():
    for way in ("full", "semester"):
        assert {name for name, _ in re.findall(STOP, WAYS[way])} == set(names(ROOT))
    total = sum(syllabus(ROOT)[name]["minutes"] for name in names(ROOT)) / 60
    assert f"{len(names(ROOT))} sections, {total:.0f} hours" in WAYS["full"]
    minutes = [syllabus(ROOT)[name]["minutes"] for name, _ in re.findall(STOP, WAYS["interview"])]
    assert f"{len(minutes)} sections, {sum(minutes) / 60:.0f} hours" in WAYS["interview"]


def test_the_readme_has_the_whole_course():
    known, readme = syllabus(ROOT), (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z][a-z ]+) \| (\[\d\d .*) \|$", readme, re.M)
    found = {(theme, link) for theme, row in rows for link in row.split(" · ")}
    assert found == {(known[name]["theme"], f"[{name[:2]} {known[name]['title']}](release/{name}/{name}.ipynb)")
                     for name in names(ROOT)}
    exercises = sum(int(row.split("|")[3]) for row in re.findall(r"^\| \d\d-.*", LEDGER, re.M))
    hours = sum(known[name]["minutes"] for name in names(ROOT)) / 60
    assert f"{len(names(ROOT))} sections, {exercises} exercises and {len(names(ROOT))} predictions, {hours:.0f} hours" in readme


def test_the_map_is_the_syllabus():
    arrows = set(re.findall(r"(\d\d) --> (\d\d)", PAGE))
    assert arrows == {(need[:2], name[:2]) for name in names(ROOT) for need in syllabus(ROOT)[name]["needs"]}
