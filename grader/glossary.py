"""`docs/glossary.md`: the letters and the terms of all sections, each in the words of the section that introduces it.

    python -m grader.glossary    write it anew; part of `make release`

The terms of a section stand in `course/syllabus.toml`; each is in bold somewhere in its notebook, and the sentence there is
its entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import place
from .errors import SectionError
from .section.cells import tags
from .section.load import load, names, syllabus
from .section.model import Section

HEAD = """# Glossary

Terms first, then the letters that formulas and shapes use. Each entry is the sentence with which a section introduces the
term; the number leads to its notebook.

"""
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*`$])")
PARAGRAPH = re.compile(r"\n\s*\n")
ENTRY = re.compile(rf"{PARAGRAPH.pattern}|\n(?=\s*(?:[-*]|\d+\.) |\|)")  # a paragraph, an item of a list, a row of a table
NO_PROSE = {"house_rules", "hints", "card"}
LETTERS = re.compile(r"\*\*Letters(?: and units)?[.:]?\*\*:?\s*(?:used everywhere: )?")
SHORT = 55  # characters; what is shorter leans on its neighbour


def document() -> str:
    sections = [load(name) for name in names()]
    entries = sorted(((term, text, s.name) for s in sections for term, text in terms(s)),
                     key=lambda e: re.sub(r"^(the|an?) ", "", e[0].lower()))
    lines = [f"- **{term[0].upper()}{term[1:]}** · {text} {_link(name)}" for term, text, name in entries]
    table = [f"| {_link(s.name)} | {text} |" for s in sections if (text := letters(s))]
    return "\n".join([f"{HEAD}## Terms", "", *lines, "", "## Letters", "", "| section | letters and units |", "|---|---|",
                      *table, ""])


def terms(section: Section) -> Iterator[tuple[str, str]]:
    """(term, the sentence that introduces it). Raises SectionError for one that is in bold nowhere."""
    paragraphs = list(_paragraphs(section, ENTRY))
    for term in syllabus(section.root).get(section.name, {}).get("terms", ()):
        marks = (f"**{term}**", f"**{term}.**")
        found = next((p for p in paragraphs if any(m in p for m in marks)), None)
        if found is None:
            raise SectionError(f"{section.name} has the term {term!r} in the syllabus, and in bold nowhere in its notebook.")
        yield term, _sentence(found, marks)


def letters(section: Section) -> str:
    """The paragraph on letters and units, on one line; "" where there is none."""
    found = next((m for p in _paragraphs(section, PARAGRAPH) if (m := LETTERS.search(p))), None)
    return found.string[found.end():].replace("|", "\\|") if found else ""


def _paragraphs(section: Section, split: re.Pattern) -> Iterator[str]:
    for cell in section.notebook.cells:
        if cell.cell_type == "markdown" and not NO_PROSE & set(tags(cell)):
            yield from (re.sub(r"\s+", " ", part).strip(" -") for part in split.split(cell.source))


def _sentence(paragraph: str, marks: tuple[str, ...]) -> str:
    """The sentence with the mark; with the one before or after it where it is too short to stand alone."""
    sentences = SENTENCE.split(paragraph)
    at = next(i for i, s in enumerate(sentences) if any(m in s for m in marks))
    text = sentences[at]
    if len(text) < SHORT:
        begins = at == 0 or any(text.find(m) in range(5) for m in marks)
        text = " ".join(sentences[at:at + 2] if begins else sentences[max(0, at - 1):at + 1])
    return text.replace("**", "").strip("| ").replace(" | ", ": ", 1).replace(" | ", "; ")


def _link(name: str) -> str:
    return f"[{name[:2]}](../release/{name}/{name}.ipynb)"


if __name__ == "__main__":
    (place.root() / "docs" / "glossary.md").write_text(document(), encoding="utf-8")
