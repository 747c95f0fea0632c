"""A judge that stays ready, so that nobody waits for the same imports at every `course check`.

The first check judges by itself and leaves this process behind, which has everything imported and a sandbox at hand; it
ends after ten minutes without work, or when the course has changed. COURSE_STANDBY=0 does without it.

    python -m study.standby
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from grader import place
from grader.errors import SectionError
from grader.judge import key
from grader.section.load import load, names

from . import workspace
from .check import judge_notebook

IDLE = 600.0     # seconds without a request
LONGEST = 100    # bytes that the path of a Unix socket may have
SWITCH = "COURSE_STANDBY"


def check(section: str, path: Path, exercise: str | None = None) -> dict:
    """The document of `course check`: the verdict on the notebook at `path`, all of it or one exercise.

    Raises SectionError for an unknown section or exercise, SandboxError where no sandbox works.
    """
    document = ask({"version": version(), "section": section, "path": str(path.resolve()), "exercise": exercise})
    if document is None:
        document = judge_notebook(section, path, exercise).to_json()
        leave_one_behind()
    if "error" in document:
        raise SectionError(document["error"])
    return document


def ask(request: dict) -> dict | None:
    """What the judge that stays ready says; None where there is none, or one of another version of the course."""
    if os.environ.get(SWITCH) == "0":
        return None
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(address()))
            connection.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(connection.makefile().read())
    except (OSError, ValueError):
        return None


def leave_one_behind() -> None:
    if os.environ.get(SWITCH) != "0" and len(str(address())) <= LONGEST:
        nowhere = subprocess.DEVNULL
        subprocess.Popen([sys.executable, "-P", "-m", "study.standby"], stdin=nowhere, stdout=nowhere, stderr=nowhere,
                         cwd="/", start_new_session=True)


def address() -> Path:
    return workspace.state() / "judge.sock"


def version() -> list:
    """Of the course and its code: who has another one must not judge."""
    return [str(place.root()), key.stamp()]


def serve() -> None:
    """Answer requests, each in a fork of its own, until none comes or one is from another version."""
    mine, children = version(), set()
    from grader.judge.bench import setup_namespace
    from grader.pool.local import single_threaded
    from grader.sandbox.host import Warm
    with Warm() as warm, socket.socket(socket.AF_UNIX) as listener:
        for name in names():
            with contextlib.suppress(Exception):  # whoever checks that section hears of it
                setup_namespace(load(name))
        warm.wait()
        single_threaded()
        if not _bind(listener):
            return
        listener.settimeout(IDLE)
        with contextlib.suppress(TimeoutError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError, ValueError):
                    request = json.loads(connection.makefile().readline())
                    if request.pop("version") != mine:
                        break
                    children.add(os.fork() or _answer(connection, request, warm))
                children = {child for child in children if os.waitpid(child, os.WNOHANG) == (0, 0)}
        address().unlink(missing_ok=True)


def _bind(listener: socket.socket) -> bool:
    """Listen where only this user can ask; False when another one does so already."""
    with socket.socket(socket.AF_UNIX) as other:
        if other.connect_ex(str(address())) == 0:
            return False
    address().unlink(missing_ok=True)
    os.umask(0o077)
    listener.bind(str(address()))
    listener.listen()
    return True


def _answer(connection: socket.socket, request: dict, warm) -> None:
    """Judge and say what came out. Never returns; what cannot be judged here gets no answer, and its owner judges it."""
    try:
        try:
            document = judge_notebook(request["section"], Path(request["path"]), request["exercise"], warm=warm).to_json()
        except SectionError as error:
            document = {"error": str(error)}
        connection.sendall(json.dumps(document).encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    serve()
