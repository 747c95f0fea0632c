"""Who comes back: due cards, an exercise to solve again, time spent, the group's board, answers to review. Every text in the
panel and under the stubs has a contrast of 4.5:1 in both themes, measured as drawn. Screenshots go to `shots/`: look at them.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader import place
from grader.classroom import board, members, reviews
from grader.classroom.answers import questions
from grader.classroom.course import Course
from grader.section.load import load
from study import events, exchange
from tests.lab import SECTION, Lab, Notebook, jupyterlab

pytestmark = pytest.mark.browser
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
READABLE = 4.5
MINUTES = """{  // what waits for a minute to end waits for the test
  const real = setInterval;
  window.minutes = [];
  window.setInterval = (f, ms, ...more) => ms === 60_000 ? minutes.push(f) : real(f, ms, ...more);
}"""


def remember(days_ago, **event):
    at = datetime.now(UTC) - timedelta(days=days_ago)
    with events.path().open("a", encoding="utf-8") as file:
        file.write(json.dumps({"v": 1, "at": at.isoformat(timespec="microseconds"), **event}) + "\n")


@pytest.fixture
def months_later(real_course):
    """A learner who passed an exercise with one hint, asked one card, worked for an hour and a half, and stayed away."""
    exchange.release(SECTION)
    remember(61, event="worked", section=SECTION, seconds=5400)
    remember(61, event="hint", section=SECTION, exercise="softmax_t", rung=1)
    remember(60, event="checked", section=SECTION, exercise="softmax_t", score=6, max_score=6, passed=True, attempt="a")
    remember(60, event="reviewed", card="02-decoding/2.1", rating=3)
    return real_course


def test_a_learner_comes_back(months_later, browser, shot):
    with jupyterlab(months_later, "-m", "study.lab") as address:
        lab = Lab(browser, address)
        lab.page.set_viewport_size({"width": 1280, "height": 720})
        lab.page.get_by_role("heading", name="by building it").wait_for()  # which takes the focus when it opens
        panel = lab.page.locator(".course-panel").first
        lab.expect(panel).to_contain_text("1 of 11 exercises passed")
        lab.expect(panel).to_contain_text("1.5 of 4 h")
        shot(lab.page, "r1-back")
        a_link_in_the_text(lab)
        a_due_card(panel, lab)
        solve_again(panel, lab, months_later, shot)
        stay_a_while(panel, lab)
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            lab.theme(theme)
            readable(lab, theme)
    heard = [e for e in events.read()[0] if e["event"] in ("reviewed", "worked")]
    assert [e.get("card") for e in heard].count("02-decoding/2.1") == 2
    assert sum(e.get("seconds", 0) for e in heard) == 5400 + 60


def a_link_in_the_text(lab):
    """It leads to a notebook that is not there yet."""
    assert not (lab.home / SECTION).exists()
    lab.page.get_by_role("link", name=SECTION).click()
    lab.page.locator(".course-box").first.wait_for()


def a_due_card(panel, lab):
    panel.get_by_role("button", name="Cards of today (11)").click()
    panel.get_by_role("button", name="Show the answer").press("Enter")
    lab.page.keyboard.press("3")
    lab.expect(panel).to_contain_text("2 of 11")
    panel.get_by_role("button", name="End").click()


def solve_again(panel, lab, course, shot):
    lab.expect(panel).to_contain_text("Solve again: softmax_t")
    panel.get_by_title(f"{SECTION}: from an empty stub").click()
    lab.page.locator(".course-box").first.wait_for()
    notebook = Notebook(lab, course)
    under = lab.page.locator("[aria-label^='softmax_t:']")
    under.get_by_role("button", name="Hint").click()
    under.get_by_role("button", name="Check").click()
    lab.expect(under).to_contain_text("not written yet")
    shot(lab.page, "r2-again")
    return notebook


def stay_a_while(panel, lab):
    """A minute in which something was touched counts, and one after ten in which nothing was does not."""
    lab.page.add_init_script(MINUTES)
    lab.page.reload()
    lab.page.locator(".course-box").first.wait_for()
    lab.page.locator(".jp-Cell").first.click()
    with lab.page.expect_response(re.compile("/course/worked")):
        lab.page.evaluate("minutes.forEach(end => end())")
    lab.page.evaluate("Date.now = (now => () => now() + 600_000)(Date.now); minutes.forEach(end => end())")
    panel.get_by_role("button", name="By theme").click()
    panel.get_by_role("button", name="In the guide's order").click()


def readable(lab, theme):
    texts = lab.page.evaluate(CONTRAST, ".course-panel, .course-box")
    assert len(texts) > 20
    assert not [t for t in texts if t["ratio"] < READABLE], theme


def test_the_groups_board_and_an_answer_to_review(real_course, browser, shot):
    exchange.release(SECTION)
    members.open_to_members()
    board.write(Course(real_course), [SECTION], judges=None)  # there is nobody on it to be compared with
    reviews.open_to_members()
    (question, *_) = questions(load(SECTION))
    answer = "Because the largest is not the likeliest text."
    reviews.ask(reviews.Asked("a1", SECTION, question.grade_id, question.points, answer, (place.student(),)))
    with jupyterlab(real_course, "-m", "study.lab") as address:
        lab = Lab(browser, address)
        lab.page.set_viewport_size({"width": 1280, "height": 720})
        lab.page.get_by_role("heading", name="by building it").wait_for()  # which takes the focus when it opens
        panel = lab.page.locator(".course-panel").first
        panel.get_by_role("button", name="Review answers (1)").click()
        page = lab.page.locator(".course-interview")
        lab.expect(page).to_contain_text(answer)
        page.get_by_label("Points").fill("99")
        page.get_by_role("button", name="Give").click()
        lab.expect(page).to_contain_text("99 is not between 0 and")
        page.get_by_label("Points").fill("2")
        page.get_by_label("Why").fill("It names the cause.")
        shot(lab.page, "g1-review")
        readable(lab, "light")
        lab.theme("JupyterLab Dark")
        readable(lab, "dark")
        page.get_by_role("button", name="Give").click()
        lab.expect(page).to_contain_text("No answer waits for your review.")
        panel.get_by_role("button", name="Group").click()
        page_of_the_host = lab.page.frame_locator("iframe[title=\"The group's board\"]").locator("body")
        lab.expect(page_of_the_host).to_contain_text("Nobody stands here yet")
        lab.page.get_by_label("Your name on the board").fill("The Countess")
        lab.page.get_by_role("button", name="Stand on it").click()
        lab.expect(lab.page.locator(".course-board")).to_contain_text("The page changes when the host looks again.")
        shot(lab.page, "g2-board-dark")
    assert reviews.said(reviews.asked()["a1"]) == {place.student(): reviews.Review(2.0, "It names the cause.")}
    assert members.known() == {place.student(): "The Countess"}
