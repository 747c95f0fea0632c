"""Mentions of sections as links: "section 14" in a notebook's text leads to that section's notebook.

Authors write plain words; lint refuses a section that the course does not have. Code, formulas, HTML
and links stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import course

from .. import place
from ..maths import FORMULA
from .load import syllabus

NUMBER = r"\d\d(?:-[a-z][a-z-]*[a-z])?(?!\.?\d)"
MENTION = (rf"\b[Ss]ection\s+{NUMBER}(?!\s+of\s+the\s+guide)"
           rf"|\b[Ss]ections\s+{NUMBER}(?:(?:,\s+|,?\s+and\s+|,?\s+or\s+){NUMBER})+")
ASIDE = rf"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|{FORMULA.pattern}|\[[^\]]*\]\([^)]*\)|^<.*?$"
TEXT = re.compile(rf"(?P<aside>{ASIDE})|(?P<mention>{MENTION})", re.DOTALL | re.MULTILINE)


def linked(text: str) -> str:
    """The Markdown with a link at every mention of a section; links lead from one notebook to another beside it."""
    known = numbered()

    def link(words: re.Match[str]) -> str:
        name = known.get(words[0].split()[-1][:2])
        return f"[{words[0]}](../{name}/{name}.ipynb)" if name else words[0]

    def each(found: re.Match[str]) -> str:
        if found["aside"]:
            return found[0]
        return re.sub(NUMBER if found[0][:8].lower() == "sections" else MENTION, link, found[0])
    return TEXT.sub(each, text)


def mentioned(text: str) -> Iterator[str]:
    """What a text calls sections: "14" or "14-kv-cache"."""
    for found in TEXT.finditer(text):
        yield from re.findall(NUMBER, found["mention"] or "")


def numbered() -> dict[str, str]:
    """Number -> name of every section of the course that has a place in the guide."""
    return {name[:2]: name for name in syllabus(place.package(course).parent)}
