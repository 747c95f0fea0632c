"""A judge that stays ready, so that nobody waits for the same imports at every `course check`.

The first check starts it and is already served by it, and so is every check that comes while it still starts: the client
listens on the socket before the judge's process is there, and the kernel keeps the questions until it answers. Where
none can be had, each check judges by itself. It ends after ten minutes without work, and when the course has changed.
COURSE_STANDBY=0 does without it.

    python -m study.standby FD IDLE     serve the socket that is open as FD, for that long after the last request
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import socket
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from grader import place
from grader.errors import SectionError
from grader.judge import key
from grader.sandbox.host import Warm, quick_imports
from grader.section.load import load

from . import workspace
from .check import check_notebook

IDLE = 600.0     # seconds without a request
PATIENCE = 5.0   # seconds that a request, one line, may take to arrive
LONGEST = 100    # bytes that the path of a Unix socket may have
SWITCH = "COURSE_STANDBY"


# --- who asks --------------------------------------------------------------------------------------------------------

def check(section: str, path: Path, exercise: str | None = None) -> dict:
    """The document of `course check`: the verdict on the notebook at `path`, all of it or one exercise.

    In a process that does nothing else from then on, since it judges here where no judge stays ready.
    Raises SectionError for an unknown section or exercise, SandboxError where no sandbox works.
    """
    return answer(section, path, exercise) or check_notebook(section, path, exercise)


def answer(section: str, path: Path, exercise: str | None = None) -> dict | None:
    """The same by the judge that stays ready; None where none can be had."""
    request = {"version": version(), "section": section, "path": str(path.resolve()), "exercise": exercise}
    document = ask(request)
    if document == {}:  # one of an older version has made room for a new one
        document = ask(request)
    if document and "error" in document:
        raise SectionError(document["error"])
    return document or None


def make_ready(section: str) -> None:
    """Have a judge ready that has this section set up, so that the first check is as quick as the next."""
    request = {"version": version(), "section": section, "path": "", "exercise": None}
    if ask(request) == {}:
        ask(request)


def ask(request: dict, start: bool = True) -> dict | None:
    """What the judge that stays ready says; {} when it was of another version of the course, None where none can be had.

    start: start one where there is none
    """
    if os.environ.get(SWITCH) == "0" or len(str(address())) > LONGEST:
        return None
    try:
        with _connected(start) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(connection.makefile().read())
    except (OSError, ValueError):
        return None


def address() -> Path:
    return workspace.state() / "judge.sock"


def version() -> list:
    """Of the course and its code: who has another one must not judge."""
    return [str(place.root()), key.stamp()]


def _connected(start: bool) -> socket.socket:
    """A connection to the judge. Nobody answers on a socket whose process has ended: then the next one starts."""
    with _one_at_a_time():
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(address()))
        except OSError:
            if not start:
                connection.close()
                raise
            _start()
            connection.connect(str(address()))
    return connection


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """So that two checks at once do not start two judges."""
    with open(address().with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(idle: float = IDLE) -> None:
    address().unlink(missing_ok=True)
    nowhere = subprocess.DEVNULL
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address()))
        address().chmod(0o600)  # only this user may ask; nobody can before it listens
        listener.listen()
        subprocess.Popen([sys.executable, "-P", "-m", "study.standby", str(listener.fileno()), str(idle)],
                         pass_fds=[listener.fileno()], cwd="/", start_new_session=True,
                         stdin=nowhere, stdout=nowhere, stderr=nowhere)


# --- who answers -----------------------------------------------------------------------------------------------------

class Judge(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Answers each request in a fork of its own, until none comes or one is from another version."""

    def __init__(self, fd: int, idle: float, warm: Warm):
        super().__init__(str(address()), socketserver.BaseRequestHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=fd)
        self.warm, self.timeout, self.version, self.request = warm, idle, version(), {}
        self.over = self.left = False

    def serve(self) -> None:
        while not self.over:
            self.handle_request()
            self.collect_children()
        self._make_room()
        self.server_close()  # when the last one has its answer

    def handle_timeout(self) -> None:
        self.over = True

    def verify_request(self, connection: socket.socket, _) -> bool:
        """Read the request, and set up its section here, where that stays for the next one."""
        try:
            connection.settimeout(PATIENCE)
            self.request = json.loads(connection.makefile().readline())
            connection.settimeout(None)
            if self.request["version"] != self.version:
                self.over = True
                self._make_room()
                connection.sendall(b"{}")
                return False
            self._set_up(self.request["section"])
            return True
        except (OSError, ValueError, TypeError, KeyError):
            return False

    def _make_room(self) -> None:
        """While this one still listens, so that the address is not another one's already."""
        if not self.left:
            address().unlink(missing_ok=True)
        self.left = True

    def _set_up(self, section: str) -> None:
        """On first use, before forking: read the section, and import what its graded cells use."""
        from grader.judge.bench import setup_namespace
        with contextlib.suppress(Exception):  # whoever checks it hears of it
            self.warm.revive()
            setup_namespace(load(section))
        gc.freeze()

    def finish_request(self, connection: socket.socket, _) -> None:
        """In the fork. What cannot be judged here gets no answer, and its owner judges it."""
        self.socket.close()  # nobody shall wait here when the one that answers is gone
        request = self.request
        if not request["path"]:  # it was only to get ready
            connection.sendall(b'{"ready": true}')
            return
        try:
            document = check_notebook(request["section"], Path(request["path"]), request["exercise"], warm=self.warm)
        except SectionError as error:
            document = {"error": str(error)}
        connection.sendall(json.dumps(document).encode())


def serve(fd: int, idle: float) -> None:
    with Warm() as warm:
        judge = Judge(fd, idle, warm)  # its version is that of before the imports
        with quick_imports():  # torch and the rest, while the warm parent imports them over there
            import jupytext  # noqa: F401  (that sections are read with)

            from grader.pool.worker import single_threaded
        single_threaded()
        warm.wait()
        judge.serve()


if __name__ == "__main__":
    serve(int(sys.argv[1]), float(sys.argv[2]))
