"""What of a learner's notebook is still as it was given out."""

from __future__ import annotations

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from ..section.cells import BLANK_ANSWER, CODE_STUB, SOLUTION, grade_id
from ..section.model import Section


def untouched(stub: NotebookNode, section: Section) -> bool:
    """Has nobody written into this stub?"""
    given = SOLUTION.sub("", section.stubs[grade_id(stub)].source)
    return squashed(stub.source.replace(CODE_STUB, "")) == squashed(given)


def by_its_checksum(cell: NotebookNode) -> bool:
    """Is this cell what some release of the course gave out, perhaps an earlier one? By nbgrader's mark, which anybody
    could forge: nothing but a sentence to people depends on it."""
    try:
        return cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):  # its metadata may be anything
        return False


def blank(answer: NotebookNode) -> bool:
    """Has nobody written this answer?"""
    return answer.source.strip() in ("", BLANK_ANSWER)


def squashed(source: str) -> str:
    """Without the white space, which editors change."""
    return "".join(source.split())
