"""`grader`: the instructor's and the author's command line."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from . import place, version
from .errors import CourseError, WorkspaceError

if TYPE_CHECKING:
    from .pool.jobs import Judges

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, callback=version.callback,
                  help="Judge submissions, prove that tests are good, build notebooks.")
out, err = Console(), Console(stderr=True)
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Jobs = Annotated[int, typer.Option("--jobs", min=0, help="Processes; 0 for one per core.")]
Insecure = Annotated[bool, typer.Option("--insecure", help="Grade even where no sandbox works.")]


@app.command()
def prove(section: str,
          cases: Annotated[Path | None, typer.Option(help="Take DIR/mutants and DIR/variants instead.")] = None,
          full: Annotated[bool, typer.Option("--full", help="Judge each mutant to its end, with all that it loses.")] = False,
          as_json: JsonFlag = False, jobs: Jobs = 0, insecure: Insecure = False) -> None:
    """Prove a section's tests: reference, untouched release, mutants, variants."""
    from .section.load import load
    loaded = load(section)
    if cases is not None and not (cases / "mutants").is_dir() and not (cases / "variants").is_dir():
        fail(f"{cases} has neither mutants/ nor variants/.")
    from .sandbox.host import Warm
    with Warm(insecure) as warm:
        from . import prove as proving  # what it needs is imported here while the warm parent imports torch there
        with progress("proving", quiet=as_json) as report:
            document = proving.prove(loaded, warm, cases, jobs or None, report, full)
    if as_json:
        print(json.dumps(document, indent=1))
    else:
        show_proof(document)
    raise typer.Exit(0 if document["ok"] else 1)


def show_proof(document: dict) -> None:
    table = Table(title=f"{document['section']}: {'proven' if document['ok'] else 'NOT proven'} in {document['seconds']} s; "
                        f"isolation {document['isolation']}", title_justify="left")
    for column in ("exercise", "points", "reference", "stub", "mutants killed", "variants accepted"):
        table.add_column(column, justify="left" if column == "exercise" else "right")
    for e in document["exercises"]:
        killed, accepted = sum(m["killed"] for m in e["mutants"]), sum(v["accepted"] for v in e["variants"])
        table.add_row(e["id"], f"{e['points']:g}", f"{e['reference']:g}", f"{e['stub']:g}",
                      f"{killed}/{len(e['mutants'])}", f"{accepted}/{len(e['variants'])}")
    out.print(table)
    for e in document["exercises"]:
        for aspect, message in e["messages"].items():
            out.print(f"reference loses {aspect}: {message}", style="red", markup=False)
        for m in e["mutants"]:
            if not m["killed"]:
                out.print(f"mutant lives: {m['name']} passes every aspect of {e['id']}", style="red", markup=False)
        for v in e["variants"]:
            for aspect, message in v["lost"].items():
                out.print(f"variant {v['name']} loses {aspect}: {message}", style="red", markup=False)
    for case in document["skipped"]:
        out.print(f"skipped {case['name']}: {case['reason']}", style="yellow", markup=False)
    for complaint in document["complaints"]:
        out.print(complaint, style="red", markup=False, soft_wrap=True)


@app.command()
def mutate(section: str, exercises: Annotated[list[str] | None, typer.Argument(help="All when left out.")] = None,
           at_most: Annotated[int, typer.Option(min=1, help="Slips of one exercise.")] = 60,
           seed: Annotated[int, typer.Option(help="Draws other slips.")] = 0,
           as_json: JsonFlag = False, jobs: Jobs = 0, insecure: Insecure = False) -> None:
    """Change right solutions in one place at a time, and show which changes the section's tests do not notice."""
    from .section.load import load
    loaded = load(section)
    from .sandbox.host import Warm
    with Warm(insecure) as warm:
        from . import mutate as mutating  # as above
        with progress("changing", quiet=as_json) as report:
            document = mutating.mutate(loaded, warm, exercises or (), at_most, seed, jobs or None, report)
    if as_json:
        print(json.dumps(document, indent=1))
        return
    for exercise, survivors in document["survivors"].items():
        for slip in survivors:
            out.print(f"{exercise}, {slip['of']}\n{slip['change']}\n", markup=False, soft_wrap=True)
    alive = sum(map(len, document["survivors"].values()))
    out.print(f"{document['tried']} slips in {document['seconds']} s: {alive or 'none'} passed all tests.", highlight=False)


@app.command()
def grade(section: str, student: Annotated[str | None, typer.Option(help="Grade this student only.")] = None,
          jobs: Jobs = 0, force: Annotated[bool, typer.Option(help="Grade again what has not changed.")] = False,
          scheduler: Annotated[str | None, typer.Option(help="Grade on the Dask cluster at this address.")] = None,
          timed: Annotated[bool, typer.Option(help="--no-timed: timed checks stay undecided till a later run.")] = True,
          as_json: JsonFlag = False, insecure: Insecure = False) -> None:
    """Judge all submissions of a section and write the grades into nbgrader's gradebook."""
    from .section.load import load
    with judges(section, scheduler, jobs, timed, insecure) as where:
        load(section)  # before what takes seconds to import
        from .sandbox.host import quick_imports
        with quick_imports():
            from .classroom.grade import grade as grade_section
        if not as_json:
            err.print(f"isolation: {where.isolation}", style="dim", markup=False, highlight=False, soft_wrap=True)
        with progress("grading", quiet=as_json) as report:
            document = grade_section(section, place.root(), where, students=None if student is None else [student], force=force,
                                     timed=timed, progress=report)
    if as_json:
        print(json.dumps(document, indent=1))
    else:
        show_grades(document)


@contextlib.contextmanager
def judges(section: str, scheduler: str | None, jobs: int, timed: bool, insecure: bool) -> Iterator[Judges]:
    """Where the judging is done: on this machine, or on a cluster."""
    if scheduler is None:
        from .sandbox.host import Warm, quick_imports
        with Warm(insecure) as warm:
            with quick_imports():  # while the warm parent imports torch there; here nobody does before it is needed
                from .pool.local import Local
            yield Local(warm, jobs or None)
    else:
        from .pool.cluster import Cluster
        with Cluster(scheduler, section, timed, insecure) as cluster:
            yield cluster


def show_grades(document: dict) -> None:
    """One row a student, with the score that nbgrader exports; below, whose grades changed and why."""
    again = f" ({len(document['restored'])} of them written into the gradebook again)" if document["restored"] else ""
    table = Table(title=f"{document['section']}: {document['graded']} graded, {document['kept']} unchanged{again}, "
                        f"{document['seconds']} s", title_justify="left")
    for column in ("student", "score", "of", "status", "lost points in"):
        table.add_column(column, justify="right" if column in ("score", "of") else "left")
    for s in document["submissions"]:
        held = document["gradebook"][s["student"]]
        status = s["status"] + (f", late: -{held['late_penalty']:g}" if held["late_penalty"] else "") \
            + (", to be read" if held["unread"] else "")
        lost = [f"{c['grade_id']} ({c['verdict'].replace('_', ' ')})" for c in s["cells"]
                if c["verdict"] not in ("pass", "manual")]
        table.add_row(s["student"], f"{held['total']:g}", f"{s['max_score']:g}", status,
                      ", ".join(lost[:4]) + (f" and {len(lost) - 4} more" if len(lost) > 4 else ""))
    out.print(table)
    for student, changes in document["changes"].items():
        for aspect, change in changes.items():
            out.print(f"changed: {student} {aspect} {change['from']} -> {change['to']} {change['why']}", markup=False)


@app.command()
def show(student: str, as_json: JsonFlag = False) -> None:
    """Tell a learner's whole story: each submission, what it earned, and where and why points were lost."""
    from .classroom.story import story
    document = story(student, place.root())
    if as_json:
        print(json.dumps(document, indent=1))
        return
    out.print(f"{student}  {document['name']}".strip(), style="bold", markup=False, highlight=False)
    for s in document["submissions"]:
        late = f", late: -{s['late_penalty']:g}" if s["late_penalty"] else ""
        out.print(f"\n{s['section']}  {max(0.0, s['score'] - s['late_penalty']):g} of {s['max_score']:g}{late}"
                  f"{', an answer to be read' if s['unread'] else ''}  {s['handed_in'] or ''}", markup=False, highlight=False)
        lost = (f"{c['grade_id']}  {c['score'] or 0:g} of {c['points']:g}  {c['verdict'].replace('_', ' ')}: "
                f"{c['message'].partition(chr(10))[0]}" for c in s["lost"])
        for line in [*s["repairs"], *lost]:
            out.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if not document["submissions"]:
        out.print("Nothing was handed in yet.")


@app.command()
def read(section: str, again: Annotated[bool, typer.Option(help="Also those that somebody has read.")] = False,
         names: Annotated[bool, typer.Option(help="Say whose answer it is.")] = False,
         listing: Annotated[bool, typer.Option("--list", help="Print who waits, and what was given.")] = False) -> None:
    """Grade a written question across all learners, without their names, by its marking scheme."""
    from .classroom import answers as written
    from .classroom.course import Course
    from .section.load import load
    loaded, course = load(section), Course(place.root())
    for question in written.questions(loaded):
        found = written.answers(loaded, question, course)
        if listing:
            for a in found:
                points = "waits" if a.unread or a.points is None else f"{a.points:g} of {question.points:g}"
                line = f"{a.student}  {question.grade_id}  {points}  {a.comment}"
                out.print(line, markup=False, highlight=False, soft_wrap=True)
            continue
        if not sys.stdin.isatty():
            raise WorkspaceError("Answers are read on a terminal: run this in one, or add --list to print who waits.")
        from .classroom.marking import mark_all
        mark_all(out, loaded, question, [a for a in found if again or a.unread], course, names)


@app.command()
def report(section: str, to: Annotated[Path | None, typer.Option(help="The page to write.")] = None) -> None:
    """Write a page about a class: what is to do first, where points are lost and why, who is far off, what looks alike."""
    from .classroom.classpage import page
    from .section.load import load
    path = to or place.workspace() / "reports" / f"{section}.html"
    text = page(load(section), place.root())
    path.parent.mkdir(parents=True, exist_ok=True)
    place.replace(path, text)
    out.print(f"Written: {path}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def export(sections: Annotated[list[str], typer.Argument()],
           to: Annotated[Path, typer.Option(help="The file to write.")],
           canvas: Annotated[Path | None, typer.Option(help="Fill in this export of Canvas's gradebook.")] = None,
           moodle: Annotated[bool, typer.Option("--moodle", help="As Moodle's grade import takes it.")] = False,
           percent: Annotated[bool, typer.Option("--percent", help="For Moodle: of 100.")] = False) -> None:
    """Write scores into a file: a plain table, Canvas's own export filled in, or what Moodle imports."""
    from .classroom import export as exporting
    from .classroom.course import Course
    from .section.load import load
    names, course = [load(name).name for name in sections], Course(place.root())
    if canvas and moodle:
        fail("Either --canvas or --moodle: each writes a file of its own.")
    done = (exporting.canvas(course, names, canvas) if canvas else exporting.moodle(course, names, percent) if moodle
            else exporting.table(course, names))
    place.replace(to, done.text)
    for note in done.notes:
        err.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)
    out.print(f"Written: {to}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def lint(sections: Annotated[list[str] | None, typer.Argument(help="All when left out.")] = None) -> None:
    """Say what a section's source or form lacks."""
    from .section.lint import lint as complaints_of
    from .section.load import load, names
    from .section.skeleton import skeleton
    loaded = [load(name) for name in sections or names()]
    complaints = [c for section in loaded for c in complaints_of(section) or skeleton(section)]
    for complaint in complaints:
        out.print(complaint, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if complaints else 0)


@app.command()
def build(sections: Annotated[list[str] | None, typer.Argument()] = None,
          check: Annotated[bool, typer.Option(help="Only say what is stale.")] = False) -> None:
    """Build the source and release notebooks from the .py files."""
    from .section import build as building
    raise typer.Exit(building.main(sections or [], check))


@app.command()
def new(section: str, title: Annotated[str, typer.Option(help="Its title for people.")] = "") -> None:
    """Make the skeleton of a section."""
    from .section.new import new as make
    root = place.root()
    for path in make(section, title or section[3:].replace("-", " ").capitalize(), root):
        out.print(path.relative_to(root), markup=False, highlight=False)
    out.print(f"Next: edit source/{section}/{section}.py, `make release`, `grader prove {section}`.",
              markup=False, soft_wrap=True)


@app.command()
def demo(section: str = "02-decoding") -> None:
    """A class in small: three learners submit, are graded, and get feedback."""
    from .demo import demo as run_demo
    from .demo import feedback_pages
    folder = place.workspace() / "demo"
    document = run_demo(section, folder, lambda line: err.print(f"$ {line}", style="dim", markup=False, highlight=False,
                                                                soft_wrap=True))
    show_grades(document)
    for page in feedback_pages(folder):
        out.print(f"feedback: {page}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def watch(section: Annotated[str | None, typer.Argument(help="This section only; all when left out.")] = None,
          interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 5.0,
          once: Annotated[bool, typer.Option(help="Look once and end.")] = False,
          board: Annotated[bool, typer.Option(help="Keep the board of those who asked for it, in the exchange.")] = False,
          peers: Annotated[bool, typer.Option(help="Have written answers reviewed by two peers each.")] = False,
          pause: Annotated[float, typer.Option(min=0, help="Seconds from one verdict to the next of the same member.")] = 30.0,
          insecure: Insecure = False) -> None:
    """Host a study group: grade each submission as it arrives, send feedback; Ctrl-C ends it."""
    from .classroom.watch import Watch, sections_to_watch
    sections = sections_to_watch(section)
    from .pool.local import Local
    from .sandbox.host import Warm
    with Warm(insecure) as warm, contextlib.suppress(KeyboardInterrupt):
        def say(line: str) -> None:
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        Watch(place.root(), sections, Local(warm), say, board, peers, pause).run(interval, once)


class progress:
    """A bar on a terminal, nothing elsewhere. Gives a function (done, total)."""

    def __init__(self, what: str, quiet: bool = False):
        self.bar = Progress(console=err, transient=True, disable=quiet or not err.is_terminal)
        self.task = self.bar.add_task(what, total=None)

    def __enter__(self):
        self.bar.start()
        return lambda done, total: self.bar.update(self.task, completed=done, total=total)

    def __exit__(self, *_):
        self.bar.stop()


def fail(message: str, code: int = 2) -> None:
    err.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def main() -> None:
    """Entry point: every error that a user can meet is one sentence."""
    try:
        place.be_somebody()
        app()
    except CourseError as e:
        err.print(str(e), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
