"""What JupyterLab asks the course while one works in it: an extension of Jupyter's server, on top of the desk.

    POST course/verdict    {"path", "exercise"?}      the verdict on a notebook as it is saved
    POST course/notebook   {"path"}                   which section it is, and what stands of it
    POST course/warm       {"section"}                a judge stays ready for it from then on
    POST course/hint       {"section", "exercise", "rung"?}
    POST course/solution   {"section", "exercise"}
    POST course/reset      {"section", "exercise"?}
    POST course/fetch      {"section"}
    POST course/map        {}                         all sections
    POST course/cards      {"section"?}               what to ask today
    POST course/review     {"card", "rating"}
    POST course/worked     {"section", "seconds"}     time spent on it since the last time
    POST course/ready      {"day"}                    readiness for an interview
    POST course/interview  {"minutes", "theme"?, "level"?}   what to ask in a mock interview
    POST course/reviews    {}                         answers of peers that wait for one's review, with the scheme
    POST course/reviewed   {"id", "points", "comment"?}
    POST course/changes    {"section"}                what was written since the last submission
    POST course/submit     {"section"}                hand in; a receipt
    POST course/board      {"name"?, "leave"?}        the group's board, and under which name one stands on it
    POST course/report     {"answers": [{"card", "text", "said", "seconds"}], "task"?, "unasked"?}   how it went

Nobody is answered without the server's token or login; a path leads nowhere outside the learner's home. What goes wrong is
{"message": one sentence} with status 400, or 409 for what opens later.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from grader import place
from grader.classroom import members, reviews
from grader.errors import CourseError, NotYet, WorkspaceError
from grader.section.cells import LEVELS
from grader.section.load import names, source

from . import desk, events, exchange, interview, standby, submission, workspace
from .check import check_notebook
from .outline import outline
from .progress import Progress
from .readiness import day_of, readiness
from .repetition import Memory, review

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

AT_ONCE = 600  # seconds of work that the page may say in one go


class Ask(APIHandler):
    """One question, one answer; whatever takes time does so in a thread."""

    @web.authenticated
    async def post(self, what: str) -> None:
        try:
            body = self.get_json_body() or {}
            answer = await asyncio.to_thread(ANSWERS[what], Asked(body))
        except NotYet as error:
            self._refuse(409, str(error))
        except CourseError as error:
            self._refuse(400, str(error))
        except OSError as error:
            self._refuse(400, f"{error.filename or 'A file of the course'} cannot be read or written: {error.strerror}.")
        else:
            self.finish(json.dumps(answer))

    def _refuse(self, status: int, sentence: str) -> None:
        self.set_status(status)
        self.finish(json.dumps({"message": sentence}))


class Asked:
    """What the page sent, looked at before it is believed. Raises WorkspaceError for what is not what it should be."""

    def __init__(self, body: Any):
        self.body = body if isinstance(body, dict) else {}

    def text(self, name: str) -> str:
        value = self.body.get(name)
        if not isinstance(value, str) or not value or "\0" in value:
            raise WorkspaceError(f"The page asked without {name!r}: reload it.")
        return value

    def maybe(self, name: str) -> str | None:
        return self.text(name) if self.body.get(name) is not None else None

    def number(self, name: str) -> int:
        value = self.body.get(name)
        if type(value) is not int:
            raise WorkspaceError(f"The page asked with {name!r} that is no whole number: reload it.")
        return value

    def several(self, name: str) -> list:
        value = self.body.get(name)
        if not isinstance(value, list):
            raise WorkspaceError(f"The page asked with {name!r} that is no list: reload it.")
        return value

    def section(self) -> str:
        name = self.text("section")
        source(name)  # or it says that there is no such section
        return name

    def notebook(self) -> tuple[str, Path]:
        """(section, path) of a notebook in the folder of an assignment."""
        home = workspace.home().resolve()
        path = (home / self.text("path")).resolve()
        if not path.is_relative_to(home) or path.suffix != ".ipynb" or path.parent.parent != home \
                or path.parent.name not in names():
            raise WorkspaceError(f"{self.text('path')} is no notebook of an assignment.")
        if not path.is_file():
            raise WorkspaceError(f"There is no notebook {self.text('path')}: save it first.")
        return path.parent.name, path


# --- answers ---------------------------------------------------------------------------------------------------------

def verdict(asked: Asked) -> dict:
    section, path = asked.notebook()
    return desk.verdict(section, path, asked.maybe("exercise"), judged)


def judged(section: str, path: Path, exercise: str | None) -> dict:
    """As standby.check, in a process that has more to do: where no judge stays ready, a new one judges."""
    if document := standby.answer(section, path, exercise):
        return document
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(check_notebook, section, path, exercise).result()


def notebook(asked: Asked) -> dict:
    section, _ = asked.notebook()
    progress, found = Progress(), outline(section)
    return {"section": section, "title": found.title,
            "exercises": {e.id: asdict(progress.of(section, e.id)) | {"points": e.judged_points,
                                                                      "opens": progress.of(section, e.id).attempts_left}
                          for e in found.exercises.values()}}


def ready_for(asked: Asked) -> dict:
    """Asked apart from `notebook`, since it takes seconds where no judge stays ready."""
    standby.make_ready(asked.section())
    return {}


def hint(asked: Asked) -> dict:
    rung = asked.number("rung") if asked.body.get("rung") is not None else None
    return desk.hint(asked.section(), asked.text("exercise"), rung)


def solution(asked: Asked) -> dict:
    return desk.solution(asked.section(), asked.text("exercise"))


def reset(asked: Asked) -> dict:
    kept, empty = desk.reset(asked.section(), asked.maybe("exercise"))
    return {"kept": str(kept.relative_to(workspace.home())), "exercises": list(empty)}


def fetch(asked: Asked) -> dict:
    return {"path": str(exchange.fetch(asked.section()).relative_to(workspace.home()))}


def overview(_: Asked) -> dict:
    """Asked after every check, so all that the panel shows is one answer."""
    return desk.overview() | {"group": members.kept(), "reviews": len(reviews.waiting(place.student()))}


def cards(asked: Asked) -> dict:
    """Those to ask today, with question and answer; all sections, or one."""
    deck = desk.deck(asked.section() if asked.body.get("section") else None)
    today = Memory().today(deck, desk.today())
    return {"cards": [asdict(deck[name]) for name in [*today.due, *today.new]], "due": len(today.due), "waiting": today.waiting}


def answered(asked: Asked) -> dict:
    card, rating = asked.text("card"), asked.number("rating")
    if card not in desk.deck() or rating not in (1, 2, 3, 4):
        raise WorkspaceError(f"There is no card {card!r} to rate with {rating}: reload the page.")
    return {"due": str(review(card, rating, Memory()))}


def worked(asked: Asked) -> dict:
    seconds = asked.number("seconds")
    if not 0 < seconds <= AT_ONCE:
        raise WorkspaceError(f"The page says that {seconds} s were worked at once: reload it.")
    events.append({"event": "worked", "section": asked.section(), "seconds": seconds})
    return {}


def ready(asked: Asked) -> dict:
    today = desk.today()
    day = day_of(asked.text("day"), today)
    found = readiness(day, today)
    return asdict(found) | {"day": str(day), "ready": found.ready}


def planned(asked: Asked) -> dict:
    minutes = asked.number("minutes")
    if not 5 <= minutes <= 180:
        raise WorkspaceError("An interview takes 5 to 180 minutes.")
    found = interview.plan(minutes, asked.maybe("theme"), asked.maybe("level"))
    task = found.task and {"section": found.task[0], "exercise": found.task[1]}
    return asdict(found) | {"enough": interview.GOOD_ENOUGH, "task": task}


def themes(_: Asked) -> dict:
    return {"themes": interview.themes(), "levels": list(LEVELS)}


def reported(asked: Asked) -> dict:
    answers, task = [_answer(Asked(given)) for given in asked.several("answers")], asked.body.get("task")
    if task is not None:
        task = Asked(task)
        task = {"section": task.section(), "exercise": task.text("exercise"),
                "score": task.number("score"), "max_score": task.number("max_score")}
    path = interview.conclude(answers, task, asked.number("unasked"))
    return {"path": str(path.relative_to(workspace.home())), "text": path.read_text(encoding="utf-8")}


def _answer(given: Asked) -> interview.Answer:
    deck, card, said = desk.deck(), given.text("card"), given.several("said")
    if card not in deck or not all(type(n) is int for n in said):
        raise WorkspaceError(f"There is no card {card!r} with such points: reload the page.")
    text = given.body.get("text")
    return interview.Answer(deck[card], text if isinstance(text, str) else "", said, float(given.number("seconds")))


def board(asked: Asked) -> dict:
    me = place.student()
    if asked.body.get("leave") is True:
        members.leave(me)
    elif asked.body.get("name") is not None:
        members.join(me, asked.text("name"))
    page = members.page()
    return {"page": page.read_text(encoding="utf-8") if page.is_file() else "", "name": members.known().get(me, ""),
            "kept": members.kept()}


def changes(asked: Asked) -> dict:
    section = asked.section()
    return {"changes": [asdict(c) for c in submission.changes(section)], "again": submission.last(section) is not None}


def submit(asked: Asked) -> dict:
    return asdict(submission.submit(asked.section()))


def to_review(_: Asked) -> dict:
    found = []
    for a in reviews.waiting(place.student()):
        with contextlib.suppress(CourseError):  # a question of another version of the course
            found.append({"id": a.id, "section": a.section, "points": a.points, "answer": a.answer,
                          "scheme": desk.scheme(a.section, a.question)})
    return {"reviews": found}


def reviewed(asked: Asked) -> dict:
    points, comment = asked.body.get("points"), asked.body.get("comment")
    if type(points) not in (int, float):
        raise WorkspaceError("A review gives points, a number.")
    reviews.say(asked.text("id"), place.student(), points, comment if isinstance(comment, str) else "")
    return {}


ANSWERS: dict[str, Callable[[Asked], dict]] = {
    "verdict": verdict, "notebook": notebook, "warm": ready_for, "hint": hint, "solution": solution, "reset": reset,
    "fetch": fetch, "map": overview, "cards": cards, "review": answered, "ready": ready, "interview": planned, "themes": themes,
    "report": reported, "worked": worked, "board": board, "changes": changes, "submit": submit, "reviews": to_review,
    "reviewed": reviewed}


# --- as Jupyter's server loads it ------------------------------------------------------------------------------------

def _jupyter_server_extension_points() -> list[dict]:
    return [{"module": "study.server"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(".*$", [(url_path_join(base, f"course/({'|'.join(ANSWERS)})"), Ask)])
