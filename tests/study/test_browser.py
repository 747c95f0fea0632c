"""JupyterLab in a browser, from the welcome page to the feedback: what a learner and an instructor do and see.

Screenshots of every stop go to `shots/` (git-ignored; the environment variable COURSE_SHOTS moves it). Look at them.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from grader.section.load import load
from tests.lab import PATIENCE, SECTION, Lab, Notebook, jupyterlab, token

pytestmark = pytest.mark.browser

COURSE_ID, SCRIPTS = "llm-engineering", Path(sys.executable).parent
ANSWER = "Beam search finds likelier sequences, and those loop. I would measure distinct-4 and sample with top-p."


def test_a_learner_and_an_instructor_meet(real_course, browser, shot):
    course = real_course
    with jupyterlab(course, "-m", "study.lab") as address:
        lab = Lab(browser, address)
        lab.page.get_by_role("heading", name="by building it").wait_for()
        shot(lab.page, "01-welcome")
        fetch(lab, shot)
        notebook = Notebook(lab, course)
        fill_a_stub(notebook, shot)
        move_a_slider(notebook, shot)
        answer_the_question(notebook, shot)
        look_in_the_dark(notebook, shot)
        validate(notebook, shot)
        submit(lab, shot)
        nbgrader(course, "collect", SECTION)
        nbgrader(course, "autograde", SECTION)
        with jupyterlab(course, "-m", "jupyterlab", "--allow-root") as desk:
            grade_by_hand(browser, desk, course, shot)
        fetch_feedback(lab, shot)
        read_feedback(lab, shot)


# --- the learner -----------------------------------------------------------------------------------------------------

def fetch(lab, shot):
    lab.menu("Nbgrader", "Assignment List")
    lab.page.locator("#released_assignments_list").get_by_role("button", name="Fetch").click()
    fetched = lab.page.locator("#fetched_assignments_list")
    fetched.get_by_role("button", name=SECTION).click()
    shot(lab.page, "02-fetched")
    fetched.get_by_role("link", name=SECTION, exact=True).click()


def fill_a_stub(notebook, shot):
    shot(notebook.page, "03-notebook")
    notebook.run(notebook.index["setup"])
    notebook.run(notebook.first("picture"))  # what pictures are drawn with
    notebook.run("softmax_t")
    untouched = notebook.run("softmax_t__temperature")
    notebook.expect(untouched).to_contain_text("not written yet: softmax_t")
    untouched.locator(".jp-OutputArea-output").scroll_into_view_if_needed()
    shot(notebook.page, "04-not-written-yet")
    notebook.write("softmax_t", load(SECTION).stubs["softmax_t"].source.replace("(wide - top) / T", "(wide - top) * T"))
    wrong = notebook.run("softmax_t__temperature")
    notebook.expect(wrong).to_contain_text("likely cause: multiplied by T instead of divided")
    wrong.locator(".jp-OutputArea-output").scroll_into_view_if_needed()
    shot(notebook.page, "05-a-misconception-named")
    notebook.write("softmax_t", load(SECTION).stubs["softmax_t"].source)
    right = notebook.run("softmax_t__temperature")
    notebook.expect(right.locator(".jp-OutputArea-output")).to_have_count(0)
    shot(notebook.page, "06-passed")
    picture = notebook.run(notebook.index["softmax_t__inplace"] + 1)
    image = picture.locator(".jp-OutputArea-output img")
    image.scroll_into_view_if_needed()
    notebook.expect(image).not_to_have_class(re.compile("background"))  # no card behind it: it suits both themes
    shot(notebook.page, "07-picture")
    hints = notebook.go(notebook.index["softmax_t"] + 1)
    hints.get_by_role("group").nth(1).locator("summary").click()
    notebook.expect(hints).to_contain_text("Exponentiated")
    shot(notebook.page, "08-hint")


def move_a_slider(notebook, shot):
    widget = notebook.run(notebook.first("widget"))
    picture = widget.locator("img")
    picture.wait_for()
    shot(notebook.page, "09-widget")
    before, source = picture.screenshot(), picture.get_attribute("src")
    widget.get_by_role("slider").first.press("ArrowRight")
    notebook.expect(picture).not_to_have_attribute("src", source)
    assert picture.screenshot() != before
    shot(notebook.page, "10-widget-moved")


def answer_the_question(notebook, shot):
    notebook.write("written__why_greedy", ANSWER)
    notebook.expect(notebook.go("written__why_greedy")).to_contain_text(ANSWER)
    card = notebook.go(notebook.first("card"))
    card.locator("summary").click()
    shot(notebook.page, "11-card")


def look_in_the_dark(notebook, shot):
    notebook.lab.theme("JupyterLab Dark")
    for name, where in {"12-dark-widget": notebook.first("widget"), "15-dark-card": notebook.first("card"),
                        "13-dark-picture": notebook.index["softmax_t__inplace"] + 1,
                        "14-dark-hint": notebook.index["softmax_t"] + 1}.items():
        notebook.go(where).evaluate("cell => cell.scrollIntoView({block: 'end'})")
        shot(notebook.page, name)
    notebook.lab.theme("JupyterLab Light")


def validate(notebook, shot):
    notebook.panel.get_by_role("button", name="Validate").click()
    dialog = notebook.page.get_by_role("dialog")
    notebook.expect(dialog).to_contain_text("The following cell failed")
    notebook.expect(dialog).to_contain_text("check(top_k_mask")
    notebook.expect(dialog).not_to_contain_text("check(softmax_t")
    shot(notebook.page, "16-validated")
    dialog.get_by_role("button", name="Ok").click()


def submit(lab, shot):
    lab.menu("File", "Save Notebook")
    lab.expect(lab.page.locator(".jp-mod-dirty")).to_have_count(0)
    lab.menu("Nbgrader", "Assignment List")
    lab.page.locator("#fetched_assignments_list").get_by_role("button", name="Submit").click()
    lab.page.locator("#submitted_assignments_list .list_item").first.wait_for()
    shot(lab.page, "17-submitted")


def fetch_feedback(lab, shot):
    lab.page.locator("#refresh_assignments_list").click()
    submitted = lab.page.locator("#submitted_assignments_list")
    submitted.get_by_role("button", name="Fetch Feedback").click()
    submitted.get_by_text("view feedback").first.wait_for()
    shot(lab.page, "21-feedback-fetched")


def read_feedback(lab, shot):
    lab.page.get_by_text("view feedback").first.click()
    lab.page.get_by_role("listitem", name=re.compile(f"{SECTION}.html")).dblclick()
    feedback = lab.page.frame_locator(".jp-HTMLViewer iframe")
    feedback.get_by_role("heading", name=SECTION).first.wait_for()
    shot(lab.page, "22-feedback")
    text = feedback.locator("body").inner_text()
    assert "softmax_t__temperature: pass, 2 of 2 points" in text
    assert feedback.locator("math").count() > 10 and not feedback.locator("script[src^=http]").count()
    assert "top_k_mask is not written yet" in text
    feedback.get_by_role("link", name="smallest set").wait_for()
    assert "Name one risk, too." in text, "what the instructor wrote"
    assert "HIDDEN TESTS" not in text and "def oracle" not in text and "MARK SCHEME" not in text
    for name, words in {"23-feedback-passed": "softmax_t__temperature: pass",
                        "24-feedback-not-written": "is not written yet", "25-feedback-comment": "Name one risk, too."}.items():
        feedback.get_by_text(words).first.scroll_into_view_if_needed()
        shot(lab.page, name)


# --- the instructor --------------------------------------------------------------------------------------------------

def grade_by_hand(browser, address, course, shot):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/lab?{token()}")  # this is where one logs in
    page.get_by_role("menubar").wait_for()
    page.goto(f"{address}/formgrader/gradebook/{SECTION}/{SECTION}")
    page.get_by_role("link", name="Submission #1").click()
    page.wait_for_function("window.formgrader?.grades?.loaded && formgrader.comments?.loaded")  # it hears no key before
    shot(page, "18-formgrader")
    assert page.locator("math").count() > 10, "formulas are drawn without MathJax"
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))], "nothing comes from elsewhere"
    points = page.locator("#written__why_greedy")
    points.scroll_into_view_if_needed()
    with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
        points.fill("3")
        points.press("Tab")
    comment = page.locator("#written__why_greedy-comment")
    with page.expect_response(lambda r: "/api/comment/" in r.url and r.request.method == "PUT"):
        comment.fill("Name one risk, too.")
        comment.press("Tab")
    shot(page, "19-graded-by-hand")
    with Gradebook(f"sqlite:///{course / 'workspace' / 'gradebook.db'}", COURSE_ID) as gradebook:
        student = gradebook.assignment_submissions(SECTION)[0].student.id
        grade = gradebook.find_grade("written__why_greedy", SECTION, SECTION, student)
        assert (grade.manual_score, grade.needs_manual_grade) == (3, False)
    page.goto(f"{address}/formgrader/manage_submissions/{SECTION}")
    for step in ("generate-feedback", "release-feedback"):
        page.locator(f".{step} a").click()
        page.get_by_text(re.compile("Successfully (generated|released) feedback")).wait_for()
        shot(page, f"20-{step}")
        page.locator(".modal.in button.close, .modal.in .btn-primary").first.click()
        page.locator(".modal-backdrop").wait_for(state="detached")
    page.close()


def nbgrader(course, *arguments):
    done = subprocess.run([SCRIPTS / "nbgrader", *arguments], cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
