"""What a learner can ask for, however it is then shown: a verdict, a hint, the solution, an empty stub, the map.

Each of these writes down in the events that it was asked for; wherever it is asked, it counts.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from grader import place
from grader.errors import NotYet, WorkspaceError
from grader.section.cells import BLANK_ANSWER, CODE_STUB, SOLUTION, aspect_of, exercise_of, grade_id
from grader.section.load import load, names, syllabus

from . import events, standby, workspace
from .folds import Card
from .folds import cards as read_cards
from .folds import hints as read_hints
from .outline import outline
from .progress import Progress, log_check
from .repetition import Memory, exercise_id, study_day

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEPT = "Earlier work"  # folder of the learner's home


# --- a verdict -------------------------------------------------------------------------------------------------------

def verdict(section: str, path: Path, exercise: str | None = None, judge=standby.check) -> dict:
    """Judge the notebook at `path`, remember what came of it, and group it for a reader.

    judge: as study.standby.check
    Returns {"section", "score", "max_score", "repairs", "saved", "exercises": [{"id", "score", "max_score", "passed", "cells":
    [{"grade_id", "aspect", "verdict", "score", "points", "message", "ratio"}]}], "forgotten"}; `forgotten` is the sentence
    that says why this is not remembered, else "".
    """
    saved = datetime.fromtimestamp(path.stat().st_mtime)
    document = judge(section, path, exercise)
    shown: dict[str, dict] = {}
    for cell in document["cells"]:
        name = exercise_of(cell["grade_id"])
        known = {"score": 0, "max_score": 0, "passed": False} | document["exercises"].get(name, {})
        shown.setdefault(name, {"id": name, "cells": []} | {k: known[k] for k in ("score", "max_score", "passed")})
        shown[name]["cells"].append(cell | {"aspect": aspect_of(cell["grade_id"])})
    forgotten = ""
    try:
        log_check(section, document["exercises"])
    except WorkspaceError as error:
        forgotten = str(error)
    return {"section": section, "saved": f"{saved:%H:%M:%S}", "exercises": list(shown.values()), "forgotten": forgotten,
            **{k: document[k] for k in ("score", "max_score", "repairs")}}


# --- hints and solution ----------------------------------------------------------------------------------------------

def hint(section: str, exercise: str, rung: int | None = None) -> dict:
    """A rung of an exercise's ladder, the next one unless told: {"title", "text" (Markdown), "rung", "of"}.

    Any rung that was opened before can be opened again; a higher one is the next.
    """
    ladder = read_hints(outline(section), exercise)
    if not ladder:
        raise WorkspaceError(f"There are no hints for {exercise}.")
    seen = Progress().of(section, exercise).hints
    following = min(seen + 1, len(ladder))
    rung = following if rung is None else max(1, min(rung, following))
    if rung > seen:
        events.append({"event": "hint", "section": section, "exercise": exercise, "rung": rung})
    title, text = ladder[rung - 1]
    return {"title": title, "text": text, "rung": rung, "of": len(ladder)}


def solution(section: str, exercise: str) -> dict:
    """The reference, {"code"}; of a written question scheme and model answer, {"text"} in Markdown.

    Raises NotYet before a pass or three honest attempts, or an answer of one's own.
    """
    found = load(section)
    if exercise not in found.exercises:
        raise WorkspaceError(f"{section} has no exercise {exercise!r}; it has {', '.join(found.exercises)}.")
    if exercise not in found.stubs:
        return {"text": _model_answer(section, exercise)}
    record = Progress().of(section, exercise)
    if not record.solution_open:
        left = record.attempts_left
        raise NotYet(f"The solution of {exercise} opens after a pass, or after {left} more honest attempt{'s' * (left > 1)}: "
                     f"change your code, then check it (`course check {section} {exercise}`). "
                     f"`course hint {exercise}` helps.")
    events.append({"event": "solution", "section": section, "exercise": exercise})
    return {"code": _reference(found.stubs[exercise].source)}


def _model_answer(section: str, exercise: str) -> str:
    notebook = read_notebook(workspace.notebook(section))
    own = {grade_id(c): c.source.strip() for c in (notebook.cells if notebook else [])}
    asked = [g.grade_id for g in load(section).exercises[exercise].graded]
    for name in asked:
        if own.get(name, "") in ("", BLANK_ANSWER):
            raise NotYet(f"Write your own answer in the cell {name} and save the notebook first: the marking scheme "
                         "and a model answer open then.")
    return "\n\n".join(scheme(section, name) for name in asked)


def scheme(section: str, question: str) -> str:
    """Question, marking scheme and model answer of a written question, in Markdown."""
    found = load(section)
    if question not in found.graded:
        raise WorkspaceError(f"{section} has no question {question!r}.")
    return "\n\n".join(found.scheme(found.graded[question]))


def _reference(stub: str) -> str:
    """A stub without the marks and without what stands behind its solution for the unsolved case."""
    marked = re.sub(r"( *### END SOLUTION\n)\s*raise NotImplementedError\((?:[^()]|\([^()]*\))*\)", r"\1", stub)
    return "\n".join(line for line in marked.splitlines() if "## BEGIN SOL" not in line and "## END SOL" not in line)


# --- from an empty stub ----------------------------------------------------------------------------------------------

def reset(section: str, exercise: str | None = None) -> tuple[Path, dict[str, str]]:
    """Put the stub of an exercise, or all of them, back into the learner's notebook.

    Returns where the notebook as it was is kept, and {exercise: empty stub}.
    """
    path = workspace.notebook(section)
    notebook, released = read_notebook(path), outline(section)
    if notebook is None:
        raise WorkspaceError(f"{path} cannot be read as a notebook: put it aside, then `course fetch {section}`.")
    if exercise is not None and exercise not in released.stubs:
        raise WorkspaceError(f"{section} has no exercise {exercise!r} with a stub; it has {', '.join(released.stubs)}.")
    empty = {e: _empty(stub.source) for e, stub in released.stubs.items() if exercise in (None, e)}
    kept = workspace.home() / KEPT / f"{section} {datetime.now():%Y-%m-%d %H.%M.%S}.ipynb"
    kept.parent.mkdir(exist_ok=True)
    place.replace(kept, path.read_bytes())
    for cell in notebook.cells:
        if grade_id(cell) in empty and cell.cell_type == "code":
            cell.source, cell.outputs, cell.execution_count = empty[grade_id(cell)], [], None
    import nbformat
    place.replace(path, nbformat.writes(notebook) + "\n")
    events.append(*({"event": "reset", "section": section, "exercise": e} for e in empty))
    return kept, empty


def _empty(stub: str) -> str:
    """The stub as it is released, also where the outline is that of the source."""
    return SOLUTION.sub(lambda m: m[0][:len(m[0]) - len(m[0].lstrip())] + CODE_STUB + "\n", stub)


def read_notebook(path: Path) -> NotebookNode | None:
    import nbformat  # after `grader`, which makes it light

    try:
        return nbformat.read(path, as_version=4)
    except Exception:  # whatever is wrong with it, the judge has said so
        return None


# --- cards -----------------------------------------------------------------------------------------------------------

def deck(section: str | None = None) -> dict[str, Card]:
    """Id -> card, of one section or of all: those that were begun first, since new cards come in this order."""
    begun = Progress().begun()
    chosen = [section] if section else sorted(names(), key=lambda name: name not in begun)
    return {card.id: card for name in chosen for card in read_cards(outline(name))}


def today() -> date:
    return study_day(datetime.now().astimezone())


# --- the map ---------------------------------------------------------------------------------------------------------

def overview(day: date | None = None) -> dict:
    """All sections and where the learner stands: what the panel shows.

    {"sections": [{"name", "title", "theme", "minutes", "needs" (sections), "worked" (seconds), "fetched", "points",
    "max_points", "exercises": [{"id", "score", "max_score", "passed", "solo", "hints", "due", "ratios"}], "cards", "due"}],
    "next": {...}, "today": {...}}
    """
    heard, lost = events.read()
    progress, memory, known = Progress(heard), Memory(heard), syllabus()
    day = day or today()
    sections = [_row(name, known.get(name, {}), progress, memory, day) for name in names()]
    cards = [card for s in sections for card in s.pop("card_ids")]
    ask = memory.today(cards, day)
    return {"sections": sections, "next": _next(sections),
            "today": {"due": len(ask.due), "new": len(ask.new), "waiting": ask.waiting,
                      "again": [{"section": s["name"], "exercise": e["id"]}
                                for s in sections for e in s["exercises"] if e["due"]]},
            "unread": lost}


def _row(name: str, entry: dict, progress: Progress, memory: Memory, day: date) -> dict:
    section = outline(name)
    exercises = []
    for exercise in section.exercises.values():
        record = progress.of(name, exercise.id)
        exercises.append({"id": exercise.id, "score": record.score, "max_score": exercise.judged_points,
                          "passed": record.passed, "solo": record.solo, "hints": record.hints, "ratios": record.ratios,
                          "due": memory.is_due(exercise_id(name, exercise.id), day)})
    ids = [card.id for card in read_cards(section)]
    coded = [e for e in exercises if e["max_score"]]
    return {"name": name, "title": section.title, "theme": entry.get("theme", ""), "minutes": entry.get("minutes"),
            "worked": progress.worked[name], "needs": entry.get("needs", []),
            "fetched": (workspace.home() / name / f"{name}.ipynb").is_file(), "exercises": exercises,
            "points": sum(e["max_score"] for e in coded if e["passed"]), "max_points": sum(e["max_score"] for e in coded),
            "passed": sum(e["passed"] for e in coded), "coded": len(coded), "cards": len(ids), "card_ids": ids,
            "due": len(memory.today(ids, day).due)}


def _next(sections: list[dict]) -> dict | None:
    """The exercise to do next: the first open one of a section that was begun, else the first of all."""
    begun = [s for s in sections if 0 < s["passed"] < s["coded"] or s["fetched"] and s["passed"] < s["coded"]]
    for section in [*begun, *(s for s in sections if s["passed"] < s["coded"])]:
        for exercise in section["exercises"]:
            if exercise["max_score"] and not exercise["passed"]:
                return {"section": section["name"], "exercise": exercise["id"]}
    return None

