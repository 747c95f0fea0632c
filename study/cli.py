"""The learner's command line: `course check`, `fetch`, `progress`, `hint`, `solution`, `cards`.

Exit codes: 0 done, 1 something was found failing (or is not open yet), 2 wrong use.
"""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from grader import place
from grader.errors import CourseError, WorkspaceError
from grader.maths import in_unicode
from grader.section.cells import BLANK_ANSWER, exercise_of, grade_id
from grader.section.load import load, names, source
from grader.section.model import Section

from . import STARTED, standby, workspace
from .cards import RATINGS, Deck
from .exchange import fetch as fetch_assignment
from .folds import cards as read_cards
from .folds import hints as read_hints
from .outline import outline, section_of
from .progress import HONEST_ATTEMPTS, Progress

if TYPE_CHECKING:
    from nbformat import NotebookNode

cli = typer.Typer(help="LLM engineering: check your work, get hints, keep what you learned.", no_args_is_help=True,
                  add_completion=False, pretty_exceptions_enable=False)
out = Console(highlight=False)

SectionName = Annotated[str, typer.Argument(help="for example 02-decoding")]
ExerciseName = Annotated[str, typer.Argument(help="for example top_p_mask")]
InSection = Annotated[str | None, typer.Option("--section", help="where several sections have such an exercise")]
MARKS = re.compile(r"(BEGIN|END) (SOLUTION|MARK SCHEME)")
MARK = {"pass": "[green]pass[/]", "manual": "[dim]by hand[/]", "undecided": "[yellow]undecided[/]"}


@cli.command()
def fetch(section: SectionName) -> None:
    """Copy an assignment into your workspace; what you already have there stays as it is."""
    path = fetch_assignment(section)
    out.print(f"{section} is in {path.parent}. Open it with `make lab`.", soft_wrap=True)


@cli.command()
def check(section: SectionName, exercise: Annotated[str | None, typer.Argument(help="only this one")] = None,
          as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False) -> None:
    """Judge your notebook, hidden tests included, as your instructor would."""
    source(section)  # or it says that there is no such section
    path = workspace.notebook(section)
    saved = datetime.fromtimestamp(path.stat().st_mtime)
    with Console(stderr=True).status(f"Judging {path.name} …"):  # shown on a terminal alone
        result = standby.check(section, path, exercise)
    Progress().log_check(section, result["exercises"])
    if as_json:
        print(json.dumps(result))
    else:
        _show_verdicts(result)
        waited = time.monotonic() - STARTED
        out.print(f"\n{result['score']:g} of {result['max_score']:g} points in {waited:.1f} s, "
                  f"for the notebook as it was saved at {saved:%H:%M:%S}")
    raise typer.Exit(0 if all(c["verdict"] in ("pass", "manual") for c in result["cells"]) else 1)


@cli.command()
def progress() -> None:
    """Your map: points, checks and hints per exercise, and the cards that are due."""
    memory = Progress()
    for name in names():
        section = outline(name)
        table = Table(title=f"{name}  {section.title}", title_justify="left", box=None, header_style="dim")
        for column, justify in [("exercise", "left"), ("points", "right"), ("attempts", "right"), ("hints", "right")]:
            table.add_column(column, justify=justify)
        for exercise in section.exercises.values():
            record = memory.of(name, exercise.id)
            best = [g.points for g in exercise.graded if not g.manual]
            points = f"{record['score']:g} / {sum(best):g}" if best else "by hand"
            style = "green" if record["passed"] else None
            table.add_row(exercise.id, points, str(len(record["attempts"])), f"{record['hints']} / 3", style=style)
        out.print(table)
        fetched = (workspace.home() / name / f"{name}.ipynb").is_file()
        due = len(Deck(read_cards(section)).due())
        out.print(f"{due} cards to ask." if fetched else f"Not fetched yet: course fetch {name}", "\n", style="dim")


@cli.command()
def hint(exercise: ExerciseName, section: InSection = None) -> None:
    """The next hint for an exercise: a question, then an example, then pseudocode."""
    found = section_of(exercise, section)
    ladder = read_hints(found, exercise)
    if not ladder:
        raise WorkspaceError(f"There are no hints for {exercise}.")
    memory = Progress()
    record = memory.of(found.name, exercise)
    record["hints"] = min(record["hints"] + 1, len(ladder))
    memory.save()
    title, text = ladder[record["hints"] - 1]
    out.print(f"[bold]{title}[/]  [dim]({record['hints']} of {len(ladder)})[/]\n")
    out.print(Markdown(in_unicode(text)))


@cli.command()
def solution(exercise: ExerciseName, section: InSection = None) -> None:
    """The reference solution: opens after a pass or three honest attempts."""
    found = load(section_of(exercise, section).name)
    if exercise not in found.stubs:
        _show_model_answer(found, exercise)
        return
    memory = Progress()
    if not memory.solution_open(found.name, exercise):
        left = HONEST_ATTEMPTS - len(memory.of(found.name, exercise)["attempts"])
        _fail(f"The solution of {exercise} opens after a pass, or after {left} more honest attempt{'s' * (left > 1)}: "
              f"change your code, then `course check {found.name} {exercise}`. `course hint {exercise}` helps.", code=1)
    code = _reference(found.stubs[exercise].source)
    if out.is_terminal:  # elsewhere there is no width to keep to
        out.print(Syntax(code, "python", background_color="default", word_wrap=True))
    else:
        print(code)


@cli.command()
def cards(section: Annotated[str | None, typer.Argument(help="only this section")] = None,
          listing: Annotated[bool, typer.Option("--list", help="print the cards and when they are due")] = False,
          ) -> None:
    """Interview questions, asked again just before you would forget them."""
    sections = [outline(name) for name in ([section] if section else names())]
    deck = Deck([card for s in sections for card in read_cards(s)])
    if listing:
        _list_cards(deck)
    elif not sys.stdin.isatty():
        raise WorkspaceError("Cards are asked on a terminal: run this in one, or add --list to print them.")
    else:
        _ask_cards(deck)


def _show_model_answer(section: Section, exercise: str) -> None:
    """Marking scheme and model answer of a written question, once the learner has written an own answer."""
    own = {grade_id(c): c.source.strip() for c in (_notebook(workspace.notebook(section.name)) or {"cells": []})["cells"]}
    for graded in section.exercises[exercise].graded:
        if own.get(graded.grade_id, "") in ("", BLANK_ANSWER):
            _fail(f"Write your own answer in the cell {graded.grade_id} and save the notebook first: the marking scheme "
                  "and a model answer open then.", code=1)
        schemes = [c.source for c in section.notebook.cells
                   if str(grade_id(c)).startswith(graded.grade_id) and "MARK SCHEME" in c.source]
        for text in [*schemes, graded.source]:
            out.print(Markdown(in_unicode("\n".join(line for line in text.splitlines() if not MARKS.search(line)))))


# --- showing ---------------------------------------------------------------------------------------------------------

def _show_verdicts(result: dict) -> None:
    exercise = None
    for repair in result["repairs"]:
        out.print(f"mended: {repair}", style="yellow", markup=False)
    for cell in result["cells"]:
        if (this := exercise_of(cell["grade_id"])) != exercise:
            exercise = this
            out.print(f"\n[bold]{exercise}[/]")
        score = "" if cell["verdict"] == "manual" else f"{cell['score']:g} / {cell['points']:g}"
        aspect = cell["grade_id"].partition("__")[2] or cell["grade_id"]
        verdict = MARK.get(cell["verdict"]) or f"[red]{cell['verdict'].replace('_', ' ')}[/]"
        out.print(f"  {verdict}  {aspect}  {score}")
        if cell["message"] and cell["verdict"] not in ("pass", "manual"):
            message = "\n".join(f"      {line}" for line in cell["message"].splitlines())
            out.print(message, markup=False, soft_wrap=True)


def _list_cards(deck: Deck) -> None:
    table = Table("section", "level", "due", "question", box=None, header_style="dim")
    now = datetime.now(UTC)
    for card in deck.cards:
        when = deck.when(card)
        due = "new" if when is None else "now" if when <= now else f"{when.astimezone():%Y-%m-%d}"
        table.add_row(card.section, card.level, due, in_unicode(card.question))
    out.print(table)


def _ask_cards(deck: Deck) -> None:
    due = deck.due()
    if not due:
        out.print("No card is due. Come back tomorrow.")
    try:
        for i, card in enumerate(due, 1):
            out.rule(f"[dim]{i} of {len(due)} · {card.section} · {card.level}[/]")
            out.print(f"\n[bold]{escape(in_unicode(card.question))}[/]\n")
            out.input("[dim]Answer aloud, then press Enter.[/]")
            out.print(Markdown(in_unicode(card.answer)))
            rating = ""
            while rating not in RATINGS:
                rating = out.input("\n[dim]1 not known   2 hard   3 good   4 easy   (Ctrl+C ends):[/] ").strip()
            out.print(f"[dim]again on {deck.review(card, RATINGS[rating]).astimezone():%Y-%m-%d %H:%M}[/]\n")
    except (KeyboardInterrupt, EOFError):
        out.print("\nSaved. See you.")


# --- helpers ---------------------------------------------------------------------------------------------------------

def _notebook(path: Path) -> NotebookNode | None:
    import nbformat  # after `grader`, which makes it light

    try:
        return nbformat.read(path, as_version=4)
    except Exception:  # whatever is wrong with it, the judge has said so
        return None


def _reference(stub: str) -> str:
    """A stub without the marks and without what stands behind its solution for the unsolved case."""
    marked = re.sub(r"( *### END SOLUTION\n)\s*raise NotImplementedError\((?:[^()]|\([^()]*\))*\)", r"\1", stub)
    return "\n".join(line for line in marked.splitlines() if "## BEGIN SOL" not in line and "## END SOL" not in line)


def _fail(message: str, code: int = 2) -> None:
    Console(stderr=True, highlight=False).print(message, markup=False, soft_wrap=True)
    raise SystemExit(code)


def app() -> None:
    """The console script: every expected error is one sentence on stderr."""
    try:
        place.be_somebody()
        cli()
    except CourseError as error:
        _fail(str(error))
    except PermissionError as error:
        _fail(f"{error.filename} is another user's, or its folder is: set COURSE_WORKSPACE to a folder of your own.")
    except ModuleNotFoundError as error:
        _fail(f"A part of the course is not installed ({error.name}): run `make setup`.")


if __name__ == "__main__":
    app()
