"""The host's side of peer review: who reviews whose written answer, and what comes of it.

Each answer goes to two others who have answered the same question, without a name; where the two are far apart, to a third.
The median settles. Nobody waits: grades and feedback come as always, and the answer's points later. What a person gave by
hand stays.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import statistics
from collections import Counter

from .. import place
from ..errors import SectionError
from ..section.cells import BLANK_ANSWER
from ..section.load import load
from ..section.model import Graded, Section
from . import reviews
from .answers import Answer, answers, mark, questions
from .course import Course
from .reviews import Asked, Review

PEERS = 2
APART = 0.5  # of the points: reviews that differ by more than this want a third


def look(course: Course, sections: list[str]) -> list[tuple[str, str]]:
    """Ask for what is to be reviewed, settle what was; returns (section, student) of those settled now."""
    reviews.open_to_members()
    posted, current, settled = reviews.asked(), set(), []
    load_of = Counter(who for a in posted.values() for who in a.reviewers if who not in reviews.said(a))
    for section in map(load, sections):
        for question in _questions(section):
            given = [a for a in answers(section, question, course) if a.text.strip() not in ("", BLANK_ANSWER)]
            peers = [a.student for a in given]
            for number, answer in enumerate(given):
                if answer.points is not None:
                    continue
                id_ = _id(section, question, answer)
                current.add(id_)
                before = posted.get(id_, Asked(id_, section.name, question.grade_id, question.points, answer.text))
                if _settle(section, question, course, answer, before):
                    settled.append((section.name, answer.student))
                else:
                    reviews.ask(_with_reviewers(before, peers[:number], peers[number + 1:], load_of))
    for id_ in set(posted) - current:
        reviews.withdraw(id_)
    return settled


def _questions(section: Section) -> list[Graded]:
    try:
        return questions(section)
    except SectionError:
        return []


def _settle(section: Section, question: Graded, course: Course, answer: Answer, about: Asked) -> bool:
    """Give the median of what was said, if that is enough."""
    said = list(reviews.said(about).values())
    if len(said) < PEERS or len(said) == PEERS and _apart(said, about.points):
        return False
    words = [f"- {review.comment}" for review in said if review.comment]
    comment = "\n".join([f"{len(said)} of your peers have read this answer.", *words])
    mark(section, question, course, answer.student, statistics.median(r.points for r in said), comment)
    reviews.withdraw(about.id)
    return True


def _apart(said: list[Review], points: float) -> bool:
    return max(r.points for r in said) - min(r.points for r in said) > APART * points


def _with_reviewers(about: Asked, before: list[str], after: list[str], load_of: Counter) -> Asked:
    """With as many as are needed: of those who have the least to do, in an order that nobody can foresee.

    Those whose own answer comes after this one go first: there they cannot help, and others would have to do more.
    """
    said = reviews.said(about)
    wanted = PEERS + (len(said) >= PEERS)
    chosen = [*about.reviewers]
    free = sorted({*before, *after} - set(chosen), key=lambda who: (load_of[who], who in before, _secret(about.id, who)))
    for who in free[:max(0, wanted - len(chosen))]:
        chosen.append(who)
        load_of[who] += 1
    return Asked(about.id, about.section, about.question, about.points, about.answer, tuple(chosen))


def _id(section: Section, question: Graded, answer: Answer) -> str:
    """Of this answer; who knows all names and texts cannot tell whose it is."""
    return _secret(section.name, question.grade_id, answer.student, answer.text)[:20]


def _secret(*parts: str) -> str:
    return hmac.new(_key(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    path = place.workspace() / "peers.key"
    if not path.is_file():
        path.touch(mode=0o600)
        place.replace(path, secrets.token_hex(32))
        path.chmod(0o600)
    return path.read_bytes()
