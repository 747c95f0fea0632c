"""The panel and what stands under each stub, in a browser: from `make lab` to a first pass with one hint, by mouse and again
by keyboard; the cards of the day; an interview's date. Screenshots go to `shots/`, in both themes. Look at them.
"""

import re

import pytest

from grader.section.load import load
from study import events
from tests.lab import SECTION, Lab, Notebook, jupyterlab

pytestmark = pytest.mark.browser
WRONG = "def top_k_mask(logits, k):\n    return logits"


def solution(exercise):
    return load(SECTION).stubs[exercise].source


def test_a_newcomer_passes_by_mouse_and_then_by_keyboard(real_course, browser, shot):
    with jupyterlab(real_course, "-m", "study.lab") as address:
        lab = Lab(browser, address)
        asked: list[str] = []
        lab.page.on("request", lambda request: asked.append(request.url))
        lab.page.set_viewport_size({"width": 1280, "height": 720})
        panel = lab.page.locator(".course-panel")
        lab.page.get_by_role("heading", name="by building it").wait_for()
        panel.get_by_text("02 Decoding").click()
        shot(lab.page, "p1-panel")
        panel.get_by_role("button", name="softmax_t", exact=True).click()
        lab.page.locator(".course-box").first.wait_for()
        notebook = Notebook(lab, real_course)
        by_mouse(notebook, lab, shot)
        lab.expect(panel).to_contain_text("1 of 11 exercises passed")
        by_keyboard(notebook, lab, shot)
        everything(notebook, lab, shot)
        cards(panel, lab, shot)
        submit(panel, lab, shot)
        readiness(panel, lab, shot)
        interview(panel, lab, shot)
        assert not [url for url in asked if not url.startswith((address, "data:", "blob:", "ws://127.0.0.1"))]
    heard = [(e["event"], e.get("exercise") or e.get("card")) for e in events.read()[0]]
    assert ("hint", "softmax_t") in heard and ("reset", "softmax_t") in heard and ("reviewed", "02-decoding/2.1") in heard
    assert ("submitted", None) in heard


def box(notebook, exercise):
    return notebook.page.locator(f"[aria-label^='{exercise}:']")


def by_mouse(notebook, lab, shot):
    under = box(notebook, "softmax_t")
    under.get_by_role("button", name="Hint").click()
    lab.expect(under).to_contain_text("(1 of 3)")
    under.get_by_role("button", name="Next hint").click()
    lab.expect(under).to_contain_text("(2 of 3)")
    under.get_by_role("button", name="Back").click()
    lab.expect(under).to_contain_text("(1 of 3)")
    shot(lab.page, "p2-hint")
    under.get_by_role("button", name="Solution").click()
    lab.expect(under).to_contain_text("3 more honest attempts")
    notebook.write("softmax_t", solution("softmax_t").replace("(wide - top) / T", "(wide - top) * T"))
    under.get_by_role("button", name="Check").click()
    lab.expect(under).to_contain_text("likely cause: multiplied by T instead of divided")
    lab.expect(under).to_contain_text("was not tried")
    shot(lab.page, "p3-wrong")
    notebook.write("softmax_t", solution("softmax_t"))
    under.get_by_role("button", name="Check").click()
    lab.expect(under).to_contain_text("5 of 5 aspects pass: 6 of 6 points")
    lab.expect(under.locator(".course-state")).to_have_text("✓ passed")
    shot(lab.page, "p4-passed")
    under.get_by_role("button", name="Start over").click()
    lab.page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    lab.expect(notebook.go("softmax_t")).to_contain_text("YOUR CODE HERE")


def by_keyboard(notebook, lab, shot):
    """Without the mouse from an empty stub on; the shortcut judges the exercise in which one stands."""
    notebook.write("top_k_mask", WRONG)
    lab.page.keyboard.press("Control+Alt+Enter")
    under = box(notebook, "top_k_mask")
    lab.expect(under).to_contain_text("0 of 4 points")
    notebook.write("top_k_mask", solution("top_k_mask"))
    lab.page.keyboard.press("Control+Alt+Enter")
    lab.expect(under).to_contain_text("4 of 4 aspects pass")
    under.get_by_role("button", name="Hint").focus()
    lab.page.keyboard.press("Enter")
    lab.expect(under).to_contain_text("(1 of 3)")


def everything(notebook, lab, shot):
    lab.theme("JupyterLab Dark")
    notebook.panel.get_by_role("button", name="Check all").click()
    lab.expect(lab.page.locator(".jp-toastContainer")).to_contain_text("exercises pass")
    lab.expect(box(notebook, "top_k_mask")).to_contain_text("4 of 4 aspects pass")
    shot(lab.page, "p5-all-dark")


def cards(panel, lab, shot):
    panel.get_by_role("button", name="Cards of today").click()
    panel.get_by_role("button", name="Show the answer").press("Enter")
    shot(lab.page, "p6-card-dark")
    lab.page.keyboard.press("3")
    lab.expect(panel).to_contain_text("2 of 10")
    panel.get_by_role("button", name="End").click()
    lab.theme("JupyterLab Light")


def interview(panel, lab, shot):
    panel.get_by_role("button", name="Mock interview").click()
    page = lab.page.locator(".course-interview")
    page.get_by_label("minutes").select_option("15")
    page.get_by_role("button", name="Start").click()
    lab.expect(page.get_by_role("button", name="Show the points")).to_be_disabled()
    page.get_by_label("Your answer").fill("It depends, and I would measure.")
    page.get_by_role("button", name="Show the points").click()
    for point in page.get_by_role("checkbox").all():
        point.check()
    shot(lab.page, "p8-interview-points")
    page.get_by_role("button", name="Next", exact=True).click()
    lab.expect(page).to_contain_text("a follow-up")
    page.get_by_role("button", name="I do not know").click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="End the interview").click()
    lab.expect(page).to_contain_text("It depends, and I would measure.")
    lab.expect(page).to_contain_text("These come back as cards")
    shot(lab.page, "p9-interview-report")


def submit(panel, lab, shot):
    panel.get_by_role("button", name="Submit …").click()
    dialog = lab.page.get_by_role("dialog")
    lab.expect(dialog).to_contain_text("1 answer changed")
    lab.expect(dialog).to_contain_text("top_k_mask")
    shot(lab.page, "p6-submit")
    dialog.get_by_role("button", name="Hand in").click()
    lab.expect(panel).to_contain_text(f"Handed in: {SECTION}")
    panel.get_by_role("button", name="Close").click()


def readiness(panel, lab, shot):
    panel.get_by_role("button", name="Ready for").click()
    panel.get_by_label("Day of the interview").fill("2999-12-31")
    lab.expect(panel).to_contain_text(re.compile(r"you would know \d+ % of all cards"))
    shot(lab.page, "p7-interview")
    panel.get_by_role("button", name="By theme").click()
    lab.expect(panel.get_by_role("heading", name="Text and models")).to_be_visible()
