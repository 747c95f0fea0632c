"""What a learner's process can and cannot do, tried from the inside of a real one."""

import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from grader.judge.session import Session
from grader.sandbox.limits import Limits
from tests.conftest import ROOT


@pytest.fixture
def session(warm):
    running = Session(warm, Limits(cell=20, memory=1 << 30, disk=8 << 20))
    yield running
    running.close()


def outcome(session, source: str) -> str:
    """What a cell printed, and the error that ended it."""
    ran = session.run("cell", source)
    return ran.stdout + ran.error


def test_runs_cells_like_a_notebook(session):
    assert outcome(session, "import torch\nx = torch.ones(3)\nprint(x.sum())") == "tensor(3.)\n"
    assert outcome(session, "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')") == "awaited\n"
    drawing = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1]); print('drawn')"
    assert outcome(session, drawing).startswith("drawn\n")
    assert "ZeroDivisionError: division by zero (line 2: y / 0)" in outcome(session, "y = 1\ny / 0")
    assert "SyntaxError" in outcome(session, "def f(:\n    pass")
    assert outcome(session, "import course.models.ngram; print('imported')") == "imported\n"


def test_uses_more_than_one_thread_without_hanging(session):
    assert "tensor" in outcome(session, "torch = __import__('torch'); torch.set_num_threads(2)\n"
                                        "print((torch.ones(600, 600) @ torch.ones(600, 600)).sum())")


@pytest.mark.parametrize("path", [ROOT / "source", ROOT / "docs" / "authoring.md", "/etc/passwd", "/root", "/home", "/"])
def test_sees_no_files_but_its_own(session, path):
    answer = outcome(session, f"import os\nprint(os.listdir({str(path)!r}) if os.path.isdir({str(path)!r}) "
                              f"else open({str(path)!r}).read())")
    assert "PermissionError" in answer or "FileNotFoundError" in answer


def test_writes_only_at_home_and_only_so_much(session):
    assert outcome(session, "open('own', 'w').write('x'); print('written')") == "written\n"
    assert "Error" in outcome(session, "open('/tmp/elsewhere', 'w')")
    assert "Error" in outcome(session, "for i in range(100): open(f'big{i}', 'wb').write(bytes(1 << 20))")


def test_two_children_share_nothing(warm, session):
    outcome(session, "open('mark', 'w').write('x'); open('/dev/shm/mark', 'w')")
    with_other = Session(warm, Limits())
    try:
        answer = outcome(with_other, "import os; print(os.path.exists('mark'), os.path.exists('/dev/shm/mark'))")
        assert "True" not in answer
    finally:
        with_other.close()


def test_has_no_network(session):
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    assert "PermissionError" in outcome(session, f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
    server.close()


@pytest.mark.parametrize("source", [
    "import os; os.fork()", "import subprocess; subprocess.run(['/bin/true'])", "import os; os.execv('/bin/true', ['true'])",
    "import multiprocessing as m; p = m.get_context('spawn').Process(); p.start()",
])
def test_starts_no_processes(session, source):
    assert "PermissionError" in outcome(session, source)
    assert outcome(session, "print('alive')") == "alive\n"


def test_signals_nobody(session):
    canary = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    answer = outcome(session, f"import os\nfor pid in ({canary.pid}, {os.getpid()}, 1, -1):\n"
                              "    try:\n        os.kill(pid, 9); print('killed', pid)\n"
                              "    except (PermissionError, ProcessLookupError): pass")
    assert "killed" not in answer
    assert canary.poll() is None
    canary.communicate(b"\n")


def test_knows_nothing_of_the_outside(session):
    assert str(ROOT) not in outcome(session, "import os; print(os.environ)")
    listed = outcome(session, "import os\ntry: print(*os.listdir('/proc'))\nexcept OSError: pass")
    assert not [name for name in listed.split() if name.isdigit()]


def test_memory_ends_in_words(session):
    assert "MemoryError" in outcome(session, "x = bytearray(30 << 30)")
    assert "allocate memory" in outcome(session, "import torch; x = torch.zeros(8_000_000_000)")
    assert outcome(session, "print('alive')") == "alive\n"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the rules are glibc's")
def test_arguments_of_a_timed_call_take_their_pages_once(session):
    """Else, of two children that do the same, one may take them anew in every call: several times the work."""
    call = "def call():\n    held = [bytearray(6 << 20) for _ in range(4)]\n"
    count = "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
    answer = outcome(session, f"import resource\n{call}{count}call()\nbefore = call()\nfor _ in range(9): after = call()\n"
                              "print(after - before)")
    assert int(answer) < 1000, f"{answer.strip()} pages of 4 KiB taken anew by nine calls with 24 MiB"


def test_output_is_cut_not_stored(session):
    assert len(outcome(session, "for i in range(10**5): print('x' * 20_000)")) <= Limits().output  # twice its memory


def test_an_endless_loop_ends(warm):
    looping = Session(warm, Limits(cell=1))
    start = time.monotonic()
    try:
        assert "ran out of time" in looping.run("cell", "while True: pass").error
        assert time.monotonic() - start < 5
        assert looping.run("next", "print('a new process')").stdout == "a new process\n"
    finally:
        looping.close()


def test_a_killed_child_leaves_no_process_behind(warm):
    session = Session(warm, Limits())
    session.run("cell", "import threading, time\n"
                        "for _ in range(20): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()")
    pid = session.child.pid
    session.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.01)
    pytest.fail("the child is still there")


def test_everything_dies_with_the_grader():
    code = ("from grader.sandbox.host import Warm; from grader.sandbox.limits import Limits; import time\n"
            "w = Warm(); c = w.fork(Limits()); print(c.pid, flush=True); time.sleep(600)")
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    pid = int(grader.stdout.readline())
    os.kill(pid, 0)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.01)
    pytest.fail("the child outlived its grader")


def test_refuses_to_grade_without_any_isolation(monkeypatch):
    from grader.sandbox import host
    from grader.sandbox.probe import Isolation
    monkeypatch.setattr(host, "probe", lambda: Isolation("none", frozenset(), None))
    with pytest.raises(host.SandboxError, match="install bubblewrap"):
        host.Warm()


def test_without_bubblewrap_landlock_and_namespaces_still_hold(monkeypatch):
    from grader.sandbox import host
    from grader.sandbox.probe import Isolation, probe
    here = probe()
    if not {"landlock", "seccomp"} <= here.layers:
        pytest.skip("this kernel has no Landlock")
    monkeypatch.setattr(host, "probe", lambda: Isolation("good", frozenset({"landlock", "seccomp"}), None))
    with host.Warm() as bare:
        session = Session(bare, Limits())
        try:
            assert "PermissionError" in outcome(session, f"open({str(ROOT / 'docs' / 'authoring.md')!r})")
            assert "PermissionError" in outcome(session, "import socket; socket.socket()")
            assert outcome(session, "open('own', 'w').write('x'); print('written')") == "written\n"
        finally:
            session.close()


def test_namespaces_that_are_refused_inside_bubblewrap_are_done_without():
    from grader.sandbox import host

    class Refusing(host.Warm):
        def _fork(self, limits):
            if "namespaces" in self.isolation.layers:
                raise host.SandboxError("refused")
            return super()._fork(limits)

    with Refusing() as warm:
        session = Session(warm, Limits())
        try:
            assert outcome(session, "print('it runs')") == "it runs\n"
            assert warm.isolation.level != "strong"
        finally:
            session.close()


def test_what_a_killed_grader_leaves_is_removed_by_the_next():
    from grader.sandbox.packages import Packages, sweep
    code = "from grader.sandbox.packages import Packages; p = Packages(); print(p.path, flush=True); input()"
    grader = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              cwd=ROOT)
    left, mine = grader.stdout.readline().strip(), Packages()
    home = f"{left}-home-7"
    os.mkdir(home)
    for path in (left, home, mine.path):
        os.utime(path, (0, 0))
    sweep()
    assert all(map(os.path.exists, (left, home, mine.path)))
    grader.kill()
    grader.communicate()
    sweep()
    assert [os.path.exists(path) for path in (left, home, mine.path)] == [False, False, True]
    mine.remove()
    assert not os.path.exists(mine.path)
