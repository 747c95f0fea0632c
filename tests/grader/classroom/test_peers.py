"""Written answers reviewed by peers: blind, by two, by a third where they differ, and nobody waits."""

import json
import os

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader.classroom import members, peers, reviews
from grader.classroom.answers import Answer, questions
from grader.classroom.course import Course
from grader.errors import WorkspaceError
from grader.section.cells import BLANK_ANSWER, grade_id
from grader.section.load import load
from tests.grader.classroom.test_grade import SECTION, WRONG, course, grade  # noqa: F401  (fixtures)

FOUR = ("ada", "bo", "cy", "di")


@pytest.fixture(autouse=True)
def owners(monkeypatch):
    """A file is whose its name says, or this table: one user runs the tests."""
    table: dict[str, str] = {}
    real = members.owner
    monkeypatch.setattr(reviews, "owner", lambda file: real(file) and table.get(file.name, file.stem.split("+")[-2]))
    return table


class Group:
    """Four members who wrote an answer, and one who did not; a dict for the gradebook."""

    def __init__(self, monkeypatch):
        self.section = load("01-doubling")
        (self.question,) = questions(self.section)
        self.texts = {who: f"Answer number {i}." for i, who in enumerate(FOUR)} | {"ed": BLANK_ANSWER}
        self.given: dict[str, tuple[float, str]] = {}
        monkeypatch.setattr(peers, "answers", lambda *_: [self.answer(who) for who in self.texts])
        monkeypatch.setattr(peers, "mark", lambda s, q, c, who, points, words: self.given.update({who: (points, words)}))

    def answer(self, who):
        return Answer(who, self.texts[who], self.given.get(who, (None, ""))[0], "", True)

    def look(self):
        return [who for _, who in peers.look(None, ["01-doubling"])]

    def asked(self, who):
        """What is asked about this member's answer; None where nothing is."""
        return reviews.asked().get(peers._id(self.section, self.question, self.answer(who)))

    def review(self, who, *points):
        """The first reviewers of this member's answer give these points."""
        about = self.asked(who)
        left = [r for r in about.reviewers if r not in reviews.said(about)]
        for reviewer, given in zip(left, points, strict=False):
            reviews.say(about.id, reviewer, given, f"{given:g} it is")


@pytest.fixture
def group(tiny, monkeypatch):
    return Group(monkeypatch)


def test_everybody_reviews_as_many_as_others_and_nobody_their_own(group):
    assert group.look() == []
    assert len(reviews.asked()) == 4, "who wrote nothing is not reviewed"
    for who in FOUR:
        assert len(set(group.asked(who).reviewers) - {who, "ed"}) == 2
        assert len(reviews.waiting(who)) == 2
    before = reviews.asked()
    group.look()
    assert reviews.asked() == before, "another look asks nobody else"


def test_no_order_gives_one_more_to_do_than_another(group):
    group.look()
    for secret in range(30):
        (peers.place.workspace() / "peers.key").write_text(f"{secret:064x}")
        group.look()  # asks anew and withdraws the old, for an answer has another id now
        assert {len(reviews.waiting(who)) for who in FOUR} == {2}, secret
        for id_ in reviews.asked():
            reviews.withdraw(id_)


def test_no_name_stands_on_what_is_asked(group):
    group.look()
    for file in reviews.folder("ask").iterdir():
        document = json.loads(file.read_text())
        author = next(who for who in FOUR if group.texts[who] == document["answer"])
        assert author not in document.pop("reviewers") and author not in json.dumps(document).split('"')
    assert (peers.place.workspace() / "peers.key").stat().st_mode & 0o777 == 0o600


def test_two_that_agree_settle_it(group):
    group.look()
    group.review("ada", 2)
    assert group.look() == [] and "ada" not in group.given, "one is not enough, and nothing waits for it"
    group.review("ada", 3)
    assert group.look() == ["ada"]
    points, words = group.given["ada"]
    assert points == 2.5 and "2 of your peers" in words and "3 it is" in words
    assert group.asked("ada") is None and group.look() == []


def test_two_that_differ_get_a_third_and_the_median_counts(group):
    group.look()
    group.review("bo", 0, group.question.points)
    assert group.look() == [] and len(group.asked("bo").reviewers) == 3
    group.review("bo", 1)
    assert group.look() == ["bo"] and group.given["bo"][0] == 1


def test_another_answer_is_reviewed_anew(group):
    group.look()
    group.review("cy", 2)
    before = group.asked("cy")
    group.texts["cy"] = "I have thought again."
    group.look()
    assert before.id not in reviews.asked() and not list(reviews.folder("said").iterdir())
    assert group.asked("cy").answer == "I have thought again."


def test_what_a_person_gave_stays(group):
    group.look()
    group.given["di"] = (4, "by hand")
    group.look()
    assert group.asked("di") is None and group.given["di"] == (4, "by hand")


def test_a_small_group_waits_for_nobody(group):
    for who in ("cy", "di"):
        del group.texts[who]
    assert group.look() == [] and [len(group.asked(w).reviewers) for w in ("ada", "bo")] == [1, 1]
    group.texts["cy"] = "I am late."
    group.look()
    assert [len(group.asked(w).reviewers) for w in ("ada", "bo", "cy")] == [2, 2, 2]


@pytest.mark.parametrize("text", ["{", "[]", '{"points": "4"}', '{"points": 99}', '{"points": -1}', '{"points": NaN}', "",
                                  "x" * 200_000], ids=lambda text: text[:20])
def test_what_is_no_review_counts_for_nothing(group, text):
    group.look()
    about = group.asked("ada")
    (reviews.folder("said") / f"{about.id}+{about.reviewers[0]}+1.json").write_text(text)
    assert reviews.said(about) == {} and reviews.waiting(about.reviewers[0])


def test_only_who_was_asked_is_heard(group, owners, tmp_path):
    group.look()
    about = group.asked("ada")
    outsider = next(who for who in FOUR if who not in about.reviewers)
    with pytest.raises(WorkspaceError, match="does not wait for your review"):
        reviews.say(about.id, outsider, 4)
    (reviews.folder("said") / f"{about.id}+{about.reviewers[0]}+0.json").write_text('{"points": 4}')
    owners[f"{about.id}+{about.reviewers[0]}+0.json"] = outsider  # who writes another's name on it
    (reviews.folder("said") / f"{about.id}+{about.reviewers[1]}+0.json").symlink_to(tmp_path / "review.json")
    (tmp_path / "review.json").write_text('{"points": 4}')
    assert reviews.said(about) == {}
    reviews.say(about.id, about.reviewers[0], 1)
    assert reviews.said(about) == {about.reviewers[0]: reviews.Review(1.0)}, "and nobody is kept from saying it"
    with pytest.raises(WorkspaceError, match="not between 0 and"):
        reviews.say(about.id, about.reviewers[1], 99)


def test_it_reaches_the_gradebook(course, grade):  # noqa: F811
    written = ("Because the square roots cancel.", "It is obvious.", "I do not know.")
    section = load(SECTION, course)
    submitted = course.parent / "workspace" / "submitted"
    third = next(s for s in sorted(WRONG) if s != "same")
    chosen = dict(zip(("right", "same", third), written, strict=True))
    for student, text in chosen.items():
        path = submitted / student / SECTION / f"{SECTION}.ipynb"
        notebook = nbformat.read(path, 4)
        next(c for c in notebook.cells if grade_id(c) == "written__why").source = text
        nbformat.write(notebook, path)
    grade()
    books = Course(course)
    assert peers.look(books, [SECTION]) == []
    about = next(a for a in reviews.asked().values() if a.answer == chosen["right"])
    for reviewer, points in zip(about.reviewers, (3, 4), strict=True):
        reviews.say(about.id, reviewer, points)
    assert peers.look(books, [SECTION]) == [(SECTION, "right")]
    with Gradebook(f"sqlite:///{os.environ['COURSE_WORKSPACE']}/gradebook.db", "llm-engineering") as gradebook:
        found = gradebook.find_grade(questions(section)[0].grade_id, SECTION, SECTION, "right")
        assert (found.manual_score, bool(found.needs_manual_grade)) == (3.5, False)
