"""The record of what a learner did: nothing that stands in it is ever lost."""

import json
import multiprocessing
import os
import resource
import signal

import pytest

from grader.errors import WorkspaceError
from study import events, workspace
from study.progress import Progress

HINT = {"event": "hint", "section": "01-doubling", "exercise": "double", "rung": 1}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))


def line(**changes) -> str:
    return json.dumps({"v": events.VERSION, "at": "2026-01-02T03:04:05+00:00", **HINT, **changes})


def write(*lines: str) -> None:
    workspace.state()
    events.path().write_text("".join(lines))


def test_what_is_written_is_read_in_the_order_of_time():
    events.append(HINT, {**HINT, "rung": 2})
    events.append({**HINT, "rung": 3})
    found, lost = events.read()
    assert [e["rung"] for e in found] == [1, 2, 3] and lost == 0
    write(line(at="2026-02-01T00:00:00+00:00", rung=2) + "\n", line(at="2026-01-31T23:59:00-05:00", rung=3) + "\n")
    assert [e["rung"] for e in events.read()[0]] == [2, 3], "whatever zone it was written in"


@pytest.mark.parametrize("bad", [
    "{", "[]", "null", "7", '"x"', "\x00\x00", "[" * 100_000, line(v=2), line(event="unheard"), line(at="yesterday"),
    line(at="2026-01-02T03:04:05"), line(section=7), line(exercise=None), line(rung="two"), line(rung=True),
    json.dumps({"v": 1, "event": "hint"})], ids=lambda text: text[:20])
def test_a_line_that_is_no_event_costs_no_other(bad):
    write(line() + "\n", bad + "\n", line(rung=2) + "\n")
    before = events.path().read_bytes()
    found, lost = events.read()
    assert [e["rung"] for e in found] == [1, 2] and lost == 1
    assert Progress().of("01-doubling", "double").hints == 2
    events.append({**HINT, "rung": 3})
    assert events.path().read_bytes().startswith(before), "what cannot be read is kept"


def test_a_line_that_somebody_was_stopped_in_does_not_swallow_the_next():
    write(line() + "\n", line()[:30])
    events.append({**HINT, "rung": 2})
    found, lost = events.read()
    assert [e["rung"] for e in found] == [1, 2] and lost == 1


def test_bytes_that_are_no_text_cost_no_other_line():
    workspace.state()
    events.path().write_bytes(line().encode() + b"\n\xff\xfe\x00\n" + line(rung=2).encode() + b"\n")
    assert [e["rung"] for e in events.read()[0]] == [1, 2]


def many(count: int) -> None:
    for i in range(count):
        events.append({**HINT, "rung": i})


def test_two_windows_at_once_lose_nothing():
    writers = [multiprocessing.get_context("fork").Process(target=many, args=(100,)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found, lost = events.read()
    assert len(found) == 400 and lost == 0


def fill_the_disk(sender) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(events.path()) + 20, resource.RLIM_INFINITY))
    try:
        events.append(HINT)
        sender.send("written")
    except WorkspaceError as error:
        sender.send(str(error))


def test_a_full_disk_is_one_sentence_and_leaves_no_half_line():
    events.append(HINT)
    before = events.path().read_bytes()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    writer = multiprocessing.get_context("fork").Process(target=fill_the_disk, args=(sender,))
    writer.start()
    writer.join()
    assert "cannot be written" in (said := receiver.recv()) and "not remembered" in said
    assert events.path().read_bytes() == before


def test_events_of_another_machine_come_in_once_and_in_their_place(tmp_path):
    theirs = tmp_path / "theirs.jsonl"
    theirs.write_text(line(rung=3, at="2020-01-01T00:00:00+00:00") + "\n" + "{\n" + line(rung=1) + "\n" + line(rung=1) + "\n")
    events.append({**HINT, "rung": 2})
    assert [events.merge(theirs), events.merge(theirs)] == [2, 0]
    assert [e["rung"] for e in events.read()[0]] == [3, 1, 2]


def test_a_pass_with_the_solution_is_marked_until_it_is_done_alone():
    def heard(*kinds):
        each = {"checked": {"score": 2, "max_score": 2, "passed": True, "attempt": "a"}}
        return Progress([{**HINT, "event": kind, **each.get(kind, {})} for kind in kinds]).of("01-doubling", "double")

    assert heard("checked").solo
    assert heard("checked", "solution", "checked").solo, "a look afterwards costs nothing"
    assert (found := heard("solution", "checked")).passed and not found.solo
    assert not heard("solution", "checked", "checked").solo
    assert heard("solution", "checked", "reset", "checked").solo
    assert not heard("solution", "reset", "solution", "checked").solo


def test_the_best_ratio_is_kept():
    judged = {"event": "checked", "section": "s", "exercise": "e", "score": 1, "max_score": 1, "passed": True, "attempt": ""}
    ratios = [{"speed": 1.5}, {"speed": 0.8, "odd": "x"}, {"speed": 2.0}, 7]
    assert Progress([{**judged, "ratios": r} for r in ratios]).of("s", "e").ratios == {"speed": 0.8}
