"""Mark written answers on a terminal: the scheme once, then one answer after the other."""

from __future__ import annotations

import random
from collections.abc import Sequence

from rich.console import Console
from rich.markdown import Markdown

from ..errors import WorkspaceError
from ..maths import in_unicode
from ..section.model import Graded, Section
from .answers import Answer, mark, scheme
from .course import Course


def mark_all(console: Console, section: Section, question: Graded, found: Sequence[Answer], course: Course,
             names: bool = False) -> int:
    """Ask for the points of each answer; returns how many were given. Each is written down at once.

    They come in another order each time, so that nobody is always the first that a grader meets.
    """
    console.print(Markdown(in_unicode(scheme(section, question))))
    if not found:
        console.print("\nNo answer waits.")
    given, order = 0, random.SystemRandom().sample(list(found), len(found))
    for number, answer in enumerate(order, 1):
        console.rule(f"{number} of {len(order)}" + (f" · {answer.student}" if names else ""))
        console.print(answer.text or "(nothing was written)", markup=False, highlight=False)
        if answer.points is not None:
            console.print(f"given before: {answer.points:g} {answer.comment}", style="dim", markup=False)
        while True:
            try:
                said = console.input(f"\n0 to {question.points:g}, a comment if you like (Enter passes, q ends): ").strip()
            except (KeyboardInterrupt, EOFError):
                said = "q"
            if said == "q":
                console.print(f"\n{given} marked; the others wait.")
                return given
            if not said:
                break
            points, _, comment = said.partition(" ")
            try:
                mark(section, question, course, answer.student, _number(points), comment.strip())
            except WorkspaceError as e:
                console.print(str(e), style="red", markup=False)
                continue
            given += 1
            break
    return given


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise WorkspaceError(f"{text!r} is no number of points.") from None
