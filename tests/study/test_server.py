"""What the course's part of Jupyter's server answers, and whom: a real server, asked over HTTP."""

import getpass
import json
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

from grader.classroom import members, reviews
from grader.section.cells import grade_id
from study import events, exchange, workspace
from tests.conftest import require_a_sandbox, set_up_tiny
from tests.lab import jupyterlab, token

pytestmark = pytest.mark.xdist_group("server")  # one for all
NOTEBOOK = "01-doubling/01-doubling.ipynb"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of `make lab` on the tiny course."""
    require_a_sandbox()
    folder = tmp_path_factory.mktemp("s")
    with pytest.MonkeyPatch.context() as patch:
        course = set_up_tiny(folder, patch)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(folder / name))
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
        with jupyterlab(course, "-m", "study.lab") as address:
            exchange.fetch("01-doubling")
            yield address


def ask(server, what, body=None, status=200, signed=True, data=None):
    """The answer to a question; its status has to be this one."""
    headers = {"Authorization": token().replace("=", " ", 1)} if signed else {}
    data = json.dumps(body or {}).encode() if data is None else data
    request = urllib.request.Request(f"{server}/course/{what}", data, {**headers, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            code, text = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        code, text = error.code, error.read().decode()
    assert code == status, text
    return json.loads(text) if text.startswith("{") else {}


def write(code):
    path = workspace.notebook("01-doubling")
    notebook = nbformat.read(path, as_version=4)
    next(c for c in notebook.cells if grade_id(c) == "double").source = code
    nbformat.write(notebook, path)


def test_a_verdict_with_hidden_tests_and_what_is_remembered_of_it(server):
    write("def double(x):\n    return x * 3")
    first = ask(server, "verdict", {"path": NOTEBOOK, "exercise": "double"})
    (double,) = first["exercises"]
    assert double["id"] == "double" and not double["passed"] and double["score"] < double["max_score"] == 3
    assert any("expected" in cell["message"] for cell in double["cells"])
    write("def double(x):\n    return x + x")
    whole = ask(server, "verdict", {"path": NOTEBOOK})
    assert {e["id"]: e["passed"] for e in whole["exercises"]}["double"] and whole["forgotten"] == ""
    record = ask(server, "notebook", {"path": NOTEBOOK})["exercises"]["double"]
    assert record["passed"] and record["solo"] and len(record["attempts"]) == 2 and record["points"] == 3
    (section,) = ask(server, "map")["sections"]
    assert section["passed"] == 1 and section["points"] == 3 and section["fetched"]
    assert "return x + x" in ask(server, "solution", {"section": "01-doubling", "exercise": "double"})["code"]


def test_hints_go_up_one_at_a_time_and_back(server):
    def rung(n=None):
        return ask(server, "hint", {"section": "01-doubling", "exercise": "double", "rung": n})["rung"]

    assert [rung(3), rung(3), rung(1), rung(), rung(2)] == [1, 2, 1, 3, 2]
    counted = [e["rung"] for e in events.read()[0] if e["event"] == "hint"]
    assert counted == [1, 2, 3], "what was opened before costs nothing"


def test_cards_are_asked_and_answered(server):
    deck = ask(server, "cards")
    assert [c["id"] for c in deck["cards"]] == ["01-doubling/own1", "01-doubling/own2"] and deck["due"] == 0
    due = ask(server, "review", {"card": deck["cards"][0]["id"], "rating": 3})["due"]
    assert due > "2026" and [c["id"] for c in ask(server, "cards")["cards"]] == ["01-doubling/own2"]
    assert ask(server, "ready", {"day": "2999-01-01"})["minutes"] > 0


def test_time_is_added_up(server):
    for _ in range(2):
        ask(server, "worked", {"section": "01-doubling", "seconds": 60})
    for seconds in (0, -60, 601, 10**9, 1.5, "60", None):
        ask(server, "worked", {"section": "01-doubling", "seconds": seconds}, status=400)
    ask(server, "worked", {"section": "99-none", "seconds": 60}, status=400)
    (section,) = ask(server, "map")["sections"]
    assert section["worked"] == 120


def test_answers_of_peers_wait_for_a_review(server):
    assert ask(server, "reviews")["reviews"] == []
    reviews.open_to_members()
    me = getpass.getuser()
    reviews.ask(reviews.Asked("a1", "01-doubling", "written__why", 4.0, "Because.", (me, "bo")))
    (waiting,) = ask(server, "reviews")["reviews"]
    assert waiting["answer"] == "Because." and "SOLUTION" not in waiting["scheme"] and len(waiting["scheme"]) > 20
    assert "a number" in ask(server, "reviewed", {"id": "a1", "points": None}, status=400)["message"]
    ask(server, "reviewed", {"id": "a1", "points": 2.5, "comment": "Name a number."})
    assert reviews.said(reviews.asked()["a1"]) == {me: reviews.Review(2.5, "Name a number.")}
    assert "does not wait" in ask(server, "reviewed", {"id": "a1", "points": 1}, status=400)["message"]
    reviews.withdraw("a1")
    reviews.ask(reviews.Asked("a2", "01-doubling", "written__gone", 4.0, "So.", (me,)))
    assert ask(server, "reviews")["reviews"] == [], "a question that is no more asks nobody"
    reviews.withdraw("a2")


def test_an_interview_is_planned_and_reported(server):
    assert ask(server, "themes")["levels"] == ["basic", "medium", "killer"]
    planned = ask(server, "interview", {"minutes": 15, "level": "killer"})
    (question,) = planned["questions"]
    assert question["points"] and planned["task"] is None and 0 < planned["enough"] <= 1
    answer = {"card": question["card"]["id"], "text": "So.", "said": [0], "seconds": 30}
    done = ask(server, "report", {"answers": [answer], "unasked": 0, "task": None})
    assert "> So." in done["text"] and (workspace.home() / done["path"]).read_text() == done["text"]


def test_the_board_of_a_group_and_ones_own_name_on_it(server):
    assert ask(server, "board") == {"page": "", "name": "", "kept": False}
    assert "grader watch --board" in ask(server, "board", {"name": "Ada"}, status=400)["message"]
    members.open_to_members()
    members.page().write_text("<h1>The board</h1>")
    assert ask(server, "board", {"name": "Ada"}) == {"page": "<h1>The board</h1>", "name": "Ada", "kept": True}
    assert ask(server, "board", {"leave": True})["name"] == ""


def test_an_empty_stub_again_keeps_the_work(server):
    write("def double(x):\n    return 7")
    kept = ask(server, "reset", {"section": "01-doubling", "exercise": "double"})["kept"]
    assert "return 7" in (workspace.home() / kept).read_text()
    assert "return 7" not in workspace.notebook("01-doubling").read_text()


@pytest.mark.parametrize("what", ["verdict", "map", "solution", "cards"])
def test_nobody_is_answered_without_the_token(server, what):
    before = events.path().read_bytes()
    ask(server, what, {"path": NOTEBOOK, "section": "01-doubling", "exercise": "double"}, status=403, signed=False)
    assert events.path().read_bytes() == before


@pytest.mark.parametrize("path", [
    "../../../etc/passwd", "/etc/passwd", "../outside.ipynb", "01-doubling/../../outside.ipynb", "Welcome.md", "outside.ipynb",
    ".course/x.ipynb", "01-doubling/link.ipynb", "01-doubling/none.ipynb", "", None, 7, ["x"], "01-doubling/\0.ipynb"])
def test_no_path_leads_outside_the_assignments(server, path, tmp_path):
    outside = tmp_path / "outside.ipynb"
    outside.write_text("{}")
    (workspace.home().parent / "outside.ipynb").write_text("{}")
    (workspace.home() / "outside.ipynb").write_text("{}")
    link = workspace.home() / "01-doubling" / "link.ipynb"
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    for what in ("verdict", "notebook"):
        said = ask(server, what, {"path": path}, status=400)["message"]
        assert said.count("\n") == 0 and said.endswith("."), said


@pytest.mark.parametrize("what, body, part", [
    ("hint", {"section": "01-doubling", "exercise": "triple"}, "no hints for triple"),
    ("hint", {"section": "../source", "exercise": "double"}, "no section"),
    ("hint", {"section": "01-doubling", "exercise": "double", "rung": "1"}, "no whole number"),
    ("solution", {"section": "01-doubling", "exercise": "triple"}, "no exercise 'triple'"),
    ("solution", {"section": "nowhere", "exercise": "double"}, "no section 'nowhere'"),
    ("reset", {"section": "01-doubling", "exercise": "triple"}, "no exercise 'triple'"),
    ("fetch", {"section": "nowhere"}, "no section 'nowhere'"),
    ("verdict", {"path": NOTEBOOK, "exercise": "triple"}, "no exercise 'triple'"),
    ("review", {"card": "nothing", "rating": 3}, "no card"),
    ("review", {"card": "01-doubling/own1", "rating": 9}, "rate with 9"),
    ("interview", {"minutes": 1}, "5 to 180"), ("interview", {"minutes": 30, "theme": "Cooking"}, "no theme"),
    ("report", {"answers": "x", "unasked": 0}, "no list"),
    ("report", {"answers": [{"card": "none", "said": []}], "unasked": 0}, "no card"),
    ("ready", {"day": "soon"}, "no date"), ("ready", {"day": "2001-01-01"}, "is past"), ("ready", {}, "without 'day'"),
])
def test_wrong_questions_get_one_sentence(server, what, body, part):
    said = ask(server, what, body, status=400)["message"]
    assert part in said and "\n" not in said


def test_what_is_no_question_harms_nobody(server):
    ask(server, "map", data=b"{", status=400)
    ask(server, "nothing", status=404)
    assert ask(server, "map", data=b"[1, 2]")["sections"]


def test_a_solution_that_is_not_open_yet_is_told_apart(server):
    before = events.path().read_text()
    events.path().write_text("")
    try:
        refused = ask(server, "solution", {"section": "01-doubling", "exercise": "double"}, status=409)
        assert "3 more honest attempts" in refused["message"]
    finally:
        events.path().write_text(before)
