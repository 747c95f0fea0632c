"""The learner's command line: `course check`, `fetch`, `progress`, `hint`, `solution`, `reset`, `cards`, `ready`, …

Exit codes: 0 done, 1 something was found failing (or is not open yet), 2 wrong use.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from grader import place, version
from grader.classroom import members, reviews
from grader.errors import CourseError, NotYet, WorkspaceError
from grader.maths import in_unicode
from grader.section.load import names, source
from grader.section.model import Section

from . import STARTED, conversation, desk, events, submission, workspace
from .exchange import fetch as fetch_assignment
from .folds import Card
from .folds import cards as read_cards
from .interview import plan
from .outline import outline, section_of
from .progress import Progress
from .readiness import Readiness, day_of, readiness
from .repetition import Memory, exercise_id
from .repetition import review as answered

cli = typer.Typer(help="LLM engineering: check your work, get hints, keep what you learned.", no_args_is_help=True,
                  add_completion=False, pretty_exceptions_enable=False, callback=version.callback)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

SectionName = Annotated[str, typer.Argument(help="for example 02-decoding")]
ExerciseName = Annotated[str, typer.Argument(help="for example top_p_mask")]
InSection = Annotated[str | None, typer.Option("--section", help="where several sections have such an exercise")]
AFile = Annotated[Path, typer.Argument(help="for example my-course.jsonl")]
MARK = {"pass": "[green]pass[/]", "manual": "[dim]by hand[/]", "undecided": "[yellow]undecided[/]"}
RATINGS = {"1": "not known", "2": "hard", "3": "good", "4": "easy"}


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
    with err.status(f"Judging {path.name} …"):  # shown on a terminal alone
        result = desk.verdict(section, path, exercise)
    if as_json:
        print(json.dumps(result))
    else:
        _show_verdicts(result)
        waited = time.monotonic() - STARTED
        out.print(f"\n{result['score']:g} of {result['max_score']:g} points in {waited:.1f} s, "
                  f"for the notebook as it was saved at {result['saved']}")
    if result["forgotten"]:
        err.print(result["forgotten"], markup=False, soft_wrap=True)
    judged = [cell for e in result["exercises"] for cell in e["cells"]]
    raise typer.Exit(0 if all(c["verdict"] in ("pass", "manual") for c in judged) else 1)


@cli.command()
def progress() -> None:
    """Your map: points, checks and hints per exercise, and the cards that are due."""
    heard, unread = events.read()
    done, memory, today = Progress(heard), Memory(heard), desk.today()
    for name in names():
        section = outline(name)
        out.print(_map_of(section, done, memory, today))
        fetched = (workspace.home() / name / f"{name}.ipynb").is_file()
        cards = memory.today([card.id for card in read_cards(section)], today)
        asked = f"{len(cards.due)} cards are due, {len(cards.new)} new ones wait for today."
        out.print(asked if fetched else f"Not fetched yet: course fetch {name}", "\n", style="dim")
    if unread:
        out.print(f"{unread} line{'s' * (unread > 1)} of {events.path()} could not be read and count{'s' * (unread == 1)} for "
                  "nothing; the rest is whole.", style="yellow", soft_wrap=True)


@cli.command()
def hint(exercise: ExerciseName, section: InSection = None,
         rung: Annotated[int | None, typer.Option(help="one that you have opened before")] = None) -> None:
    """The next hint for an exercise: a question, then an example, then the step that people miss."""
    found = desk.hint(section_of(exercise, section).name, exercise, rung)
    out.print(f"[bold]{found['title']}[/]  [dim]({found['rung']} of {found['of']})[/]\n")
    out.print(Markdown(in_unicode(found["text"])))


@cli.command()
def solution(exercise: ExerciseName, section: InSection = None) -> None:
    """The reference solution: opens after a pass or three honest attempts."""
    found = desk.solution(section_of(exercise, section).name, exercise)
    if "text" in found:
        out.print(Markdown(in_unicode(found["text"])))
    elif out.is_terminal:  # elsewhere there is no width to keep to
        out.print(Syntax(found["code"], "python", background_color="default", word_wrap=True))
    else:
        print(found["code"])


@cli.command()
def reset(section: SectionName, exercise: Annotated[str | None, typer.Argument(help="only this one")] = None) -> None:
    """Back to the empty stub, to solve it again; your notebook as it was is kept."""
    source(section)
    kept, empty = desk.reset(section, exercise)
    what = f"The stub{'s' * (len(empty) > 1)} of {', '.join(empty)} {'are' if len(empty) > 1 else 'is'} empty again."
    out.print(f"{what} Your notebook as it was: {kept}", soft_wrap=True)
    out.print("If it is open in JupyterLab, reload it there: File → Reload Notebook from Disk.", style="dim", soft_wrap=True)


@cli.command()
def cards(section: Annotated[str | None, typer.Argument(help="only this section")] = None,
          listing: Annotated[bool, typer.Option("--list", help="print the cards and when they are due")] = False,
          ) -> None:
    """Interview questions, asked again just before you would forget them."""
    deck = desk.deck(section)
    if listing:
        _list_cards(deck)
    elif not sys.stdin.isatty():
        raise WorkspaceError("Cards are asked on a terminal: run this in one, or add --list to print them.")
    else:
        _ask_cards(deck)


@cli.command()
def ready(on: Annotated[str, typer.Argument(metavar="DATE", help="of your interview, as 2026-12-14")]) -> None:
    """How ready you will be on the day of an interview, by theme, and what it takes daily until then."""
    today = desk.today()
    _show_readiness(readiness(day_of(on, today), today))


@cli.command()
def interview(minutes: Annotated[int, typer.Option(min=5, max=180, help="how long it takes")] = 30,
              theme: Annotated[str | None, typer.Option(help="only this one, as `course ready` names it")] = None,
              level: Annotated[str | None, typer.Option(help="basic, medium or killer")] = None) -> None:
    """A mock interview: weakest topics first, your answer before the points, a coding task, a report."""
    planned = plan(minutes, theme, level)
    if not sys.stdin.isatty():
        raise WorkspaceError("An interview is held on a terminal: run this in one, or open it in JupyterLab's panel.")
    conversation.hold(planned, out)


@cli.command()
def submit(section: SectionName, yes: Annotated[bool, typer.Option("--yes", help="without asking")] = False) -> None:
    """Hand in your notebook, after a look at what changed since the last time; prints a receipt."""
    source(section)
    changed, again = submission.changes(section), submission.last(section) is not None
    for change in changed:
        out.print(f"\n[bold]{change.exercise}[/]")
        out.print(Syntax("\n".join(change.lines), "diff", background_color="default", word_wrap=True))
    since = "since you handed it in last" if again else "in it yet"
    out.print(f"\n{len(changed)} answer{'s' * (len(changed) != 1)} changed." if changed else f"Nothing was written {since}.")
    if not yes and not sys.stdin.isatty():
        raise WorkspaceError(f"{section} was not handed in, since there is no terminal to ask on: add --yes.")
    if not yes and not typer.confirm("Hand it in?"):
        return
    receipt = submission.submit(section)
    out.print(f"Handed in: {section}, {receipt.when}\nSHA-256 {receipt.digest}", soft_wrap=True)


@cli.command()
def review(listing: Annotated[bool, typer.Option("--list", help="only say how many wait")] = False) -> None:
    """Answers of your study group that wait for your points; nobody's name is on them."""
    me = place.student()
    found = reviews.waiting(me)
    if listing or not found:
        out.print(f"{len(found)} answer{'s wait' if len(found) != 1 else ' waits'} for your review.")
    elif not sys.stdin.isatty():
        raise WorkspaceError("Answers are reviewed on a terminal: run this in one, or in JupyterLab's panel.")
    else:
        conversation.review(found, me, out)


@cli.command("board")
def board_(name: Annotated[str | None, typer.Option("--as", help="stand on it, under this name")] = None,
           leave: Annotated[bool, typer.Option("--leave", help="stand on it no longer")] = False) -> None:
    """Your group's board: weekly effort and the ladders of timed exercises. Nobody stands on it unasked."""
    me = place.student()
    if leave:
        members.leave(me)
    elif name is not None:
        members.join(me, name)
    if leave or name is not None:
        out.print("Done. The page changes when the host's `grader watch` looks again.", soft_wrap=True)
    there, none = f"The board: {members.page()}", "There is no board yet: the host starts one with `grader watch --board`."
    out.print(there if members.page().is_file() else none, soft_wrap=True)


@cli.command("export")
def export_(file: AFile) -> None:
    """Write down all that the course remembers of you, for another machine."""
    if file.exists():
        raise WorkspaceError(f"{file} is there already: name another file.")
    here = events.path()
    try:
        file.write_bytes(here.read_bytes() if here.is_file() else b"")
    except OSError as error:
        raise WorkspaceError(f"{file} cannot be written: {error.strerror}.") from None
    out.print(f"{len(events.read()[0])} events are in {file}. On the other machine: course import {file.name}", soft_wrap=True)


@cli.command("import")
def import_(file: AFile) -> None:
    """Take in what `course export` wrote on another machine; nothing that is here is lost or counted twice."""
    out.print(f"{events.merge(file)} new events.")


# --- showing ---------------------------------------------------------------------------------------------------------

def _show_verdicts(result: dict) -> None:
    for repair in result["repairs"]:
        out.print(f"mended: {repair}", style="yellow", markup=False)
    for exercise in result["exercises"]:
        out.print(f"\n[bold]{exercise['id']}[/]")
        for cell in exercise["cells"]:
            _show_cell(cell)


def _show_cell(cell: dict) -> None:
    score = "" if cell["verdict"] == "manual" else f"{cell['score']:g} / {cell['points']:g}"
    verdict = MARK.get(cell["verdict"]) or f"[red]{cell['verdict'].replace('_', ' ')}[/]"
    timed = cell["verdict"] == "pass" and cell["ratio"] is not None
    ratio = f"  [dim]{cell['ratio']:.2g} times the reference's time[/]" if timed else ""
    out.print(f"  {verdict}  {cell['aspect']}  {score}{ratio}")
    if cell["message"] and cell["verdict"] not in ("pass", "manual"):
        message = "\n".join(f"      {line}" for line in cell["message"].splitlines())
        out.print(message, markup=False, soft_wrap=True)


def _map_of(section: Section, done: Progress, memory: Memory, today: date) -> Table:
    table = Table(title=f"{section.name}  {section.title}", title_justify="left", box=None, header_style="dim")
    for column in ("exercise", "points", "attempts", "hints", ""):
        table.add_column(column, justify="left" if column in ("exercise", "") else "right")
    for exercise in section.exercises.values():
        record, best = done.of(section.name, exercise.id), exercise.judged_points
        points = f"{record.score:g} / {best:g}" if best else "by hand"
        due = memory.is_due(exercise_id(section.name, exercise.id), today)
        helped = "with its solution" if record.passed and not record.solo else ""
        table.add_row(exercise.id, points, str(len(record.attempts)), f"{record.hints} / 3",
                      "solve it again" if due else helped, style="green" if record.passed else None)
    return table


def _show_readiness(found: Readiness) -> None:
    table = Table("theme", "ready", "asked", box=None, header_style="dim")
    for theme, part in found.themes.items():
        table.add_row(theme, f"{part.ready:.0%}", f"{part.asked} of {part.cards} cards")
    out.print(table)
    out.print(f"\n{found.ready:.0%} of all cards you would know on {found.day}, if you did nothing until then.")
    out.print(f"To have asked all of them by then, and again when they are due: about {found.minutes:.0f} minutes a day.",
              soft_wrap=True)


# --- cards -----------------------------------------------------------------------------------------------------------

def _list_cards(deck: dict[str, Card]) -> None:
    table = Table("section", "level", "due", "question", box=None, header_style="dim")
    memory, today = Memory(), desk.today()
    for card in deck.values():
        due = memory.due(card.id)
        when = "new" if due is None else "now" if memory.is_due(card.id, today) else f"{due}"
        table.add_row(card.section, card.level, when, in_unicode(card.question))
    out.print(table)


def _ask_cards(deck: dict[str, Card]) -> None:
    memory = Memory()
    today = memory.today(deck, desk.today())
    asked = [*today.due, *today.new]
    if not asked:
        out.print("No card is due. Come back tomorrow.")
    if today.waiting:
        out.print(f"Welcome back. {today.waiting} more are due; they come in portions of {len(today.due)} a day, those first "
                  "that you are likeliest to forget.", style="dim", soft_wrap=True)
    try:
        for i, name in enumerate(asked, 1):  # which grows while it is gone through
            rating = _ask(deck[name], f"{i} of {len(asked)}")
            due = answered(name, int(rating), memory)
            again = rating == "1"
            asked += [name] * again
            out.print(f"[dim]{'again at the end' if again else f'again on {due}'}[/]\n")
    except (KeyboardInterrupt, EOFError):
        out.print("\nSaved. See you.")


def _ask(card: Card, count: str) -> str:
    out.rule(f"[dim]{count} · {card.section} · {card.level}[/]")
    out.print(f"\n[bold]{escape(in_unicode(card.question))}[/]\n")
    out.input("[dim]Answer aloud, then press Enter.[/]")
    out.print(Markdown(in_unicode(card.answer)))
    rating = ""
    while rating not in RATINGS:
        choices = "   ".join(f"{number} {word}" for number, word in RATINGS.items())
        rating = out.input(f"\n[dim]{choices}   (Ctrl+C ends):[/] ").strip()
    return rating


# --- helpers ---------------------------------------------------------------------------------------------------------

def _fail(message: str, code: int = 2) -> None:
    err.print(message, markup=False, soft_wrap=True)
    raise SystemExit(code)


def app() -> None:
    """The console script: every expected error is one sentence on stderr."""
    try:
        place.be_somebody()
        cli()
    except NotYet as error:
        _fail(str(error), code=1)
    except CourseError as error:
        _fail(str(error))
    except PermissionError as error:
        _fail(f"{error.filename} is another user's, or its folder is: set COURSE_WORKSPACE to a folder of your own.")
    except ModuleNotFoundError as error:
        _fail(f"A part of the course is not installed ({error.name}): run `make setup`.")


if __name__ == "__main__":
    app()
