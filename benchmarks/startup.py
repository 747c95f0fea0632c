"""How long people wait before anything happens, in a course of 33 sections: `make lab`, `course …`, `grader grade`, a click.

    python -m benchmarks.startup [--sections 33] [--runs 3] [--only lab,course,click,grade]

The sections are copies of the checkout's own under other names, in a temporary folder. The smallest of the runs counts,
for a machine has other things to do; what happens once (the first start) is measured in a fresh workspace each time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from grader import place
from grader.section.load import load, names

from .throughput import SECTION, variants_of

PROGRAMS = Path(sys.executable).parent
CLICKS = 50
ROWS: dict[str, float] = {}


def make_root(folder: Path, sections: int) -> Path:
    """A checkout of so many sections, built; exercises of the copies are renamed, so that each stands in one section."""
    here, root = place.root(), folder / "root"
    (root / "course").mkdir(parents=True)
    shutil.copy(here / "nbgrader_config.py", root)
    own = names()
    entries = []
    for number in range(max(sections, len(own))):
        model = own[number % len(own)]
        copy = model if number < len(own) else f"{40 + number}-copy-of-{model[3:]}"
        stubs = "|".join(set(load(model).stubs) - {"prediction"}) if copy != model else ""
        for kind, suffixes in (("source", ("py", "ipynb")), ("release", ("ipynb",))):
            (root / kind / copy).mkdir(parents=True)
            for suffix in suffixes:
                text = (here / kind / model / f"{model}.{suffix}").read_text(encoding="utf-8")
                text = re.sub(rf"\b({stubs})(?=\b|__)", rf"\1_{number}", text) if stubs else text
                (root / kind / copy / f"{copy}.{suffix}").write_text(text, encoding="utf-8")
        entries.append(f'[[section]]\nname = "{copy}"\ntitle = "{copy}"\nminutes = 90\n')
    (root / "course" / "syllabus.toml").write_text("\n".join(entries), encoding="utf-8")
    return root


def environment(folder: Path, root: Path, workspace: str) -> dict[str, str]:
    """Of a person whose workspace is this one, and whose Jupyter has no settings."""
    jupyter = {f"JUPYTER_{kind}_DIR": str(folder / f"jupyter-{kind.lower()}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    return {**os.environ, **jupyter, "COURSE_ROOT": str(root), "COURSE_WORKSPACE": str(folder / workspace),
            "COURSE_STANDBY": "1", "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}


def seconds(command: list[str], env: dict[str, str], fine: tuple[int, ...] = (0,)) -> float:
    start = time.monotonic()
    done = subprocess.run([str(PROGRAMS / command[0]), *command[1:]], env=env, capture_output=True, text=True)
    taken = time.monotonic() - start
    if done.returncode not in fine:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return taken


def note(what: str, taken: float) -> None:
    ROWS[what] = min(taken, ROWS.get(what, taken))
    print(f"{taken:6.2f} s  {what}", file=sys.stderr, flush=True)


# --- make lab --------------------------------------------------------------------------------------------------------

def measure_lab(env: dict[str, str]) -> None:
    for which in ("first", "later"):
        with lab(env) as (ready, answers):
            note(f"make lab, {which}: prepared", ready)
            note(f"make lab, {which}: JupyterLab answers", answers)


@contextlib.contextmanager
def lab(env: dict[str, str]) -> Iterator[tuple[float, float]]:
    """Seconds until everything is prepared, and until the address answers."""
    with tempfile.TemporaryFile("a+", encoding="utf-8") as log:
        start = time.monotonic()
        server = subprocess.Popen([sys.executable, "-m", "study.lab", "--no-browser", "--port=28877", "--port-retries=0",
                                   "--IdentityProvider.token=x"], env=env, stdout=log, stderr=subprocess.STDOUT,
                                  start_new_session=True)
        try:
            ready = wait_until(lambda: "Starting JupyterLab" in read_all(log), server, start, log)
            answers = wait_until(lambda: answered("http://127.0.0.1:28877/lab?token=x"), server, start, log)
            yield ready, answers
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def read_all(log) -> str:
    log.seek(0)
    return log.read()


def answered(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=30).status == 200
    except urllib.error.URLError:
        return False


def wait_until(condition: Callable[[], bool], process: subprocess.Popen, start: float, log) -> float:
    while not condition():
        if process.poll() is not None or time.monotonic() - start > 300:
            raise RuntimeError(read_all(log))
        time.sleep(0.02)
    return time.monotonic() - start


# --- course ----------------------------------------------------------------------------------------------------------

def measure_course(env: dict[str, str], root: Path) -> None:
    seconds(["course", "fetch", SECTION], env)
    last = sorted(p.name for p in (root / "source").iterdir())[-1]
    exercise = next(iter(load(last, root).stubs))
    for which in ("first", "second, at once", "third, at once"):
        note(f"course check, {which}", seconds(["course", "check", SECTION, "softmax_t"], env, (0, 1)))
    time.sleep(15)
    note("course check, the judge is ready", seconds(["course", "check", SECTION, "softmax_t"], env, (0, 1)))
    note("course hint", seconds(["course", "hint", exercise], env))
    note("course progress", seconds(["course", "progress"], env))
    note("course cards --list", seconds(["course", "cards", "--list"], env))
    end_standby(env)


def end_standby(env: dict[str, str]) -> None:
    code = "from study import standby; standby.ask({'version': 'that ends it'})"
    subprocess.run([sys.executable, "-c", code], env=env, capture_output=True)


# --- a click in JupyterLab -------------------------------------------------------------------------------------------

def measure_clicks(env: dict[str, str]) -> None:
    """What the server takes to answer the page; drawing comes on top. p95 of CLICKS clicks, the judge being ready."""
    seconds(["course", "fetch", SECTION], env)
    questions: dict[str, dict] = {"verdict": {"path": f"{SECTION}/{SECTION}.ipynb", "exercise": "softmax_t"}, "map": {},
                 "review": {"card": "02-decoding/2.1", "rating": 3}}
    with lab(env):
        ask("verdict", questions["verdict"])  # starts the judge
        for what, body in questions.items():
            taken = sorted(ask(what, body) for _ in range(CLICKS))
            note(f"a click in JupyterLab: {what}, p95", taken[int(0.95 * CLICKS) - 1])
    end_standby(env)


def ask(what: str, body: dict) -> float:
    request = urllib.request.Request(f"http://127.0.0.1:28877/course/{what}", json.dumps(body).encode(),
                                     {"Authorization": "token x", "Content-Type": "application/json"})
    start = time.monotonic()
    urllib.request.urlopen(request, timeout=120).read()
    return time.monotonic() - start


# --- grader ----------------------------------------------------------------------------------------------------------

def measure_grade(folder: Path, root: Path, run: int) -> None:
    texts = variants_of(load(SECTION))
    for submissions in (1, 10):
        env = environment(folder, root, f"class-{submissions}-{run}")
        for i in range(submissions):
            path = folder / f"class-{submissions}-{run}" / "submitted" / f"student{i:03d}" / SECTION / f"{SECTION}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(texts[i % len(texts)], encoding="utf-8")
        note(f"grader grade, {submissions} submission{'s' * (submissions > 1)}", seconds(["grader", "grade", SECTION], env))
        note(f"grader grade, {submissions} again, unchanged", seconds(["grader", "grade", SECTION], env))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", type=int, default=33)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="lab,course,click,grade")
    a = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="startup-"))
    try:
        root = make_root(folder, a.sections)
        for run in range(a.runs):
            env = environment(folder, root, f"w{run}")
            if "lab" in a.only:
                measure_lab(env)
            if "course" in a.only:
                measure_course(env, root)
            if "click" in a.only:
                measure_clicks(env)
            if "grade" in a.only:
                measure_grade(folder, root, run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"| {a.sections} sections | s |\n|---|---|")
    for what, taken in ROWS.items():
        print(f"| {what} | {taken:.2f} |")


if __name__ == "__main__":
    main()
