"""The documents say what is: ledgers are current, links lead somewhere, commands exist, nothing speaks of a machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader import claims, glossary, ledger
from grader.errors import SectionError
from grader.section.load import load, names
from tests.conftest import ROOT

TRACKED = [ROOT / p for p in subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
           if p] or [p for p in ROOT.rglob("*.md") if ".venv" not in p.parts]
PAGES = [p for p in TRACKED if p.suffix == ".md" and p.is_file()]


def test_the_quality_ledger_is_current():
    path = ROOT / "docs" / "ledger.md"
    assert path.read_text() == ledger.ledger(ledger.dates(path)), "run `python -m grader.ledger`"
    assert "FAILED" not in path.read_text()


def test_the_page_of_claims_is_current():
    assert (ROOT / "docs" / "claims.md").read_text() == claims.document(), "run `python -m grader.claims`"
    known = [c.id for c in claims.claims()]
    assert len(known) == len(set(known)) and set(claims.WORST) <= set(known) and len(set(claims.WORST)) == 50
    assert all(c.verdict in ("wrong", "other") for c in claims.claims() if c.id in claims.WORST)


def test_the_glossary_is_current():
    text = (ROOT / "docs" / "glossary.md").read_text()
    assert text == glossary.document(), "run `python -m grader.glossary`"
    assert text.count("\n- **") > 100 and text.split("## Letters")[1].count("\n| [") == len(names(ROOT))


def test_a_term_that_is_nowhere_is_named(monkeypatch):
    section = load("02-decoding")
    monkeypatch.setattr(glossary, "syllabus", lambda root: {section.name: {"terms": ["Top-k", "a perpetual motion"]}})
    found = glossary.terms(section)
    assert next(found)[1].startswith("Top-k keeps the $k$ highest logits.")
    with pytest.raises(SectionError, match="'a perpetual motion' in the syllabus, and in bold nowhere"):
        list(found)


@pytest.mark.parametrize("name", names(ROOT))
def test_every_section_has_claims_with_sources(name):
    rows = re.findall(r"^\| S[A-Za-z\d.]+ .*", (ROOT / "source" / name / "claims.md").read_text(), re.M)
    assert rows
    for row in rows:
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) >= 5 and all(cells[:5]), row[:80]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_commands_in_the_readme_exist():
    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "instructors.md").read_text()
    tools = Path(sys.executable).parent
    for program in ("course", "grader"):
        helped = subprocess.run([tools / program, "--help"], capture_output=True, text=True).stdout
        for command in set(re.findall(rf"`{program} ([a-z]+)", text)):
            assert re.search(rf"\b{command}\b", helped), f"{program} {command}"
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), f"make {target}"


def test_the_readme_quotes_what_was_measured():
    measured = (ROOT / "docs" / "security.md").read_text()
    summary = r"(\d+) attacks\. Stock nbgrader ran (\d+) of them: (\d+) earned.*Ours: (\d+) earned"
    attacks, ran, earned, ours = re.search(summary, measured).groups()
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"{attacks} attacks: {earned} of the {ran} that could be tried on stock nbgrader score there, none here" in readme
    assert ours == "0"
    much, light = re.findall(r"^\| 100 \|.* ([\d.]+) \|$", (ROOT / "docs" / "benchmarks.md").read_text(), re.M)
    times = dict(enumerate("three four five six seven eight nine ten eleven twelve".split(), 3))
    assert f"graded {times[int(float(much))]} times as fast" in readme
    assert f"{times[int(float(light))]} times as fast where checks are light" in readme


def test_make_bench_starts():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "--burners" in done.stdout, done.stderr


def test_nothing_speaks_of_a_machine():
    elsewhere = re.compile(r"(^|[^A-Za-z0-9_.])/(work|root|farm)/[A-Za-z]")
    for path in TRACKED:
        if path.suffix in (".py", ".md", ".toml", ".yml", ".lock", "") and path.is_file() and path != Path(__file__):
            for i, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                assert not elsewhere.search(line), f"{path.relative_to(ROOT)}:{i}: {line.strip()[:80]}"
