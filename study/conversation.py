"""What is talked through on a terminal: a mock interview, the review of a peer's answer."""

from __future__ import annotations

import re
import time

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape

from grader.classroom import reviews
from grader.errors import WorkspaceError
from grader.maths import in_unicode

from . import desk, exchange, workspace
from .interview import GOOD_ENOUGH, Answer, Plan, Question, conclude


def hold(plan: Plan, out: Console) -> None:
    """Ask until the questions or the minutes are over, then write the report."""
    end = time.monotonic() + 60 * plan.minutes
    what = f"{len(plan.questions)} questions{' and some code' if plan.task else ''}"
    out.print(f"{plan.minutes} minutes, {what}. Write each answer as you would say it; a line with a full stop alone ends it. "
              "Ctrl+C ends the interview.", style="dim", soft_wrap=True)
    answers: list[Answer] = []
    task, waiting = None, list(plan.questions)
    try:
        while waiting and time.monotonic() < end:
            question = waiting.pop(0)
            answers.append(_ask(question, out, end))
            if question.follow_up and answers[-1].share >= GOOD_ENOUGH and time.monotonic() < end:
                answers.append(_ask(question.follow_up, out, end))
        if plan.task and time.monotonic() < end:
            task = _code(*plan.task, out)
    except (KeyboardInterrupt, EOFError):
        out.print()
    if answers or task:
        path = conclude(answers, task, len(waiting))
        out.print(Markdown(in_unicode(path.read_text(encoding="utf-8"))))
        out.print(f"\nThe report is in {path}.", soft_wrap=True)


def _ask(question: Question, out: Console, end: float) -> Answer:
    start = time.monotonic()
    out.rule(f"[dim]{max(0, end - start) / 60:.0f} minutes left · {question.card.section} · {question.card.level}[/]")
    out.print(f"\n[bold]{escape(in_unicode(question.card.question))}[/]\n")
    lines: list[str] = []
    while (line := out.input()) != ".":
        lines.append(line)
    answer = Answer(question.card, "\n".join(lines), seconds=time.monotonic() - start)
    for number, point in enumerate(question.points, 1):
        out.print(f"\n[bold]{number}[/]  {escape(in_unicode(point))}", soft_wrap=True)
    said = out.input("\n[dim]Which of these did you say? Numbers, as 1 3:[/] ")
    answer.said = [int(n) - 1 for n in re.findall(r"\d+", said) if 0 < int(n) <= len(question.points)]
    return answer


def _code(section: str, exercise: str, out: Console) -> dict | None:
    """From an empty stub to a verdict, in the learner's own notebook."""
    out.rule("[dim]code[/]")
    path = exchange.fetch(section)
    kept, _ = desk.reset(section, exercise)
    out.print(f"\nWrite [bold]{exercise}[/] of {section}: its stub in {path} is empty now (before: {kept}).", soft_wrap=True)
    out.input("[dim]Press Enter when the notebook is saved; Ctrl+C leaves it out.[/]")
    judged = desk.verdict(section, workspace.notebook(section), exercise)["exercises"][0]
    out.print(f"{judged['score']:g} of {judged['max_score']:g} points")
    return {"section": section, "exercise": exercise, "score": judged["score"], "max_score": judged["max_score"]}


def review(found: list[reviews.Asked], student: str, out: Console) -> None:
    """The scheme, then the answer, then points and a comment; each is kept at once."""
    for number, asked in enumerate(found, 1):
        out.rule(f"[dim]{number} of {len(found)} · {asked.section}[/]")
        out.print(Markdown(in_unicode(desk.scheme(asked.section, asked.question))))
        out.print("\n[bold]The answer[/]\n")
        out.print(asked.answer, markup=False)
        try:
            said = out.input(f"\n0 to {asked.points:g}, and why (Enter passes, Ctrl+C ends): ").strip()
        except (KeyboardInterrupt, EOFError):
            out.print()
            return
        points, _, comment = said.partition(" ")
        if not points:
            continue
        try:
            reviews.say(asked.id, student, float(points.replace(",", ".")), comment)
        except WorkspaceError as error:
            out.print(f"{error} This one waits.", markup=False)
        except ValueError:
            out.print(f"{points!r} is no number of points. This one waits.", markup=False)
