"""`grader watch`: for whoever hosts a study group. Grade each submission as it arrives, send feedback, keep the board.

Everything goes through nbgrader's own exchange: collect, then the judge, then generate and release feedback. What was
done is remembered beside each judged notebook, so that a watch that was stopped goes on where it was.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from nbgrader.apps import NbGraderAPI

from .. import place
from ..errors import CourseError, WorkspaceError
from ..intake.text import clean
from ..pool.jobs import Judges
from ..section.load import load, names
from . import board, kept, members, peers, reviews
from .course import Course, timestamp_of
from .grade import grade

SENT = "feedback-sent.json"  # which verdict, on work handed in when, the learner has feedback for
BATCH = 20                   # submissions judged beside each other before their feedback is sent
SETTLE = 1.0                 # seconds in which a submission that is being copied changes again
EXCEPTION = re.compile(r"(\w+\.)*\w*(Error|Exception|Denied)\b.*: ")
Say = Callable[[str], None]
clock = time.monotonic       # of pauses


class Watch:
    """Looks into the exchange.

    sections:   those to grade
    with_board: keep the group's board in the exchange
    with_peers: have written answers reviewed by peers
    pause:      seconds from one verdict to the next for the same member and section
    """

    def __init__(self, root: Path, sections: list[str], judges: Judges, say: Say, with_board: bool = False,
                 with_peers: bool = False, pause: float = 0.0):
        self.root, self.sections, self.judges, self.say, self.pause = root, sections, judges, say, pause
        self.course = Course(root)
        self.api = NbGraderAPI(self.course.directory, config=self.course.config)
        exchange = Path(self.course.config.Exchange.root)
        self.with_board, self.with_peers = with_board, with_peers
        self.failed = False  # whether the last look left something undone
        self.judged: dict[tuple[str, str], float] = {}  # (section, student) -> when, by the clock
        self.names: dict[str, str] | None = None  # on the board, as it was last written
        self.inbound = exchange / self.course.directory.course_id / "inbound"
        if not self.inbound.is_dir():
            raise WorkspaceError(f"There is no exchange at {self.inbound}: `make lab` makes it, or "
                                 "`nbgrader release_assignment` for one section.")
        if with_board:
            members.open_to_members()
        if with_peers:
            reviews.open_to_members()

    def run(self, interval: float, once: bool = False) -> None:
        """Look again and again, or once; ends with KeyboardInterrupt."""
        seen = None
        while True:
            now = self.settled(), self.with_board and members.known(), self.with_peers and _changes(reviews.folder("said"))
            if now != seen:
                self.failed = False
                if not self.look() and not self.failed and seen is None:
                    self.say(f"Nothing new in {self.inbound}: learners submit in JupyterLab's Assignment List, or with "
                             "`nbgrader submit`.")
                if not self.failed:  # else it looks again, till all is done
                    seen = now
            if once:
                return
            time.sleep(interval)

    def settled(self) -> dict[str, int]:
        """What lies in the exchange, by name and time of change, once nobody is writing there any more."""
        now = _changes(self.inbound)
        while now:
            time.sleep(SETTLE)
            now, before = _changes(self.inbound), now
            if now == before:
                break
        return now

    def look(self) -> int:
        """Collect, grade, give feedback; returns how many were new."""
        new = 0
        self._refuse_what_is_anothers()
        for section in self.sections:
            if any(f"+{section}+" in name for name in _changes(self.inbound)):
                new += self._section(section)
        self._keep_board(new)
        if self.with_peers:
            for section, student in peers.look(self.course, self.sections):
                self.say(f"{time.strftime('%H:%M')} {clean(student, 60)} {section}: the written answer was settled by peers")
                self._send_feedback(section, student, anew=True)
        return new

    def _keep_board(self, new: int) -> None:
        if self.with_board and (new or members.known() != self.names):
            self.names = members.known()  # who joins while it is written is seen at the next look
            board.write(self.course, self.sections, self.judges)

    def _refuse_what_is_anothers(self) -> None:
        """nbgrader takes in what a user hands in under another's name, and warns. Here it is put aside, and said.

        What the host hands in counts, and what JupyterHub's one user does for all: there names come from the hub.
        """
        for entry in self.inbound.iterdir():
            try:
                uid = entry.stat().st_uid
            except OSError:
                continue
            owner, student = place.user(uid), entry.name.split("+")[0]
            if "+" in entry.name and owner not in (student, "jovyan") and uid != os.getuid():
                aside = entry.with_name(f"refused-{entry.name.replace('+', '_')}")  # no name that nbgrader collects
                entry.rename(aside)
                self.say(f"{clean(owner, 60)} handed something in as {clean(student, 60)}: it was put aside as "
                         f"{clean(aside.name, 200)}.")

    def _section(self, name: str) -> int:
        collected = self.api.collect(name, update=True)
        if not collected["success"]:
            self._complain(f"{name}: could not be collected: {_reason(collected)}")
        new = 0
        for batch in batched([h.student for h in self.course.handed_in(load(name)) if self._may_ask(name, h.student)], BATCH):
            try:
                new += self._batch(name, batch)
            except CourseError as e:  # the next section may be fine
                self._complain(f"{name}: {e}")
                break
            except OSError as e:  # a full disk, say; what was not written is done again at the next look
                self._complain(f"{name}: {e.filename or self.root} cannot be read or written: {e.strerror}.")
                break
        return new

    def _complain(self, sentence: str) -> None:
        self.failed = True
        self.say(sentence)

    def _may_ask(self, name: str, student: str) -> bool:
        if clock() - self.judged.get((name, student), -self.pause) < self.pause:
            self.failed = True  # it is looked at again
            return False
        return True

    def _batch(self, name: str, students: tuple[str, ...]) -> int:
        document = grade(name, self.root, self.judges, students=students)
        for submission in document["submissions"]:
            student = submission["student"]
            if student in document["judged"]:
                self.judged[name, student] = clock()
                self.say(_line(name, submission))
            self._send_feedback(name, student)
        return document["graded"]

    def _send_feedback(self, name: str, student: str, anew: bool = False) -> None:
        folder = self.course.folder(self.course.directory.autograded_directory, student, name)
        about = f"{kept.read(folder)['key']} {timestamp_of(folder)}"  # the same work handed in again is answered again
        sent = folder / SENT
        if not anew and sent.is_file() and sent.read_text(encoding="utf-8") == about:
            return
        for step in (self.api.generate_feedback, self.api.release_feedback):
            result = step(name, student)
            if not result["success"]:
                self._complain(f"{student}: no feedback on {name} could be sent: {_reason(result)}")
                return
        place.replace(sent, about)


def sections_to_watch(section: str | None) -> list[str]:
    return [load(section).name] if section else names()


def batched(students: list[str], size: int) -> Iterator[tuple[str, ...]]:
    """As itertools has it from Python 3.12 on."""
    left = iter(students)
    while batch := tuple(islice(left, size)):
        yield batch


def _changes(folder: Path) -> dict[str, int]:
    """Name -> time of the last change of each entry."""
    found = {}
    for entry in folder.iterdir():
        try:
            found[entry.name] = max(entry.stat().st_mtime_ns, entry.stat().st_ctime_ns)
        except OSError:
            continue
    return found


def _line(section: str, submission: dict) -> str:
    lost = [c["grade_id"] for c in kept.lost(submission)]
    more = f", lost points in {', '.join(lost[:3])}{' and more' if len(lost) > 3 else ''}" if lost else ""
    score = f"{submission['score']:g} of {submission['max_score']:g}"
    return f"{time.strftime('%H:%M')} {clean(submission['student'], 60)} {section}: {score}{more}"


def _reason(result: dict) -> str:
    """What nbgrader says of a failure: the line of the exception, or its last."""
    lines = (result.get("error") or result.get("log") or "nbgrader gave no reason").strip().splitlines()
    return clean(next((line for line in reversed(lines) if EXCEPTION.match(line)), lines[-1]), 300)
