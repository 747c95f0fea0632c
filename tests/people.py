"""Commands as other users of this machine run them: real ids, no rights of root's, the course and its Python in sight."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Python or the checkout may lie in a folder that only root may enter. In a mount namespace of its own it lies open.
IN_SIGHT = """
set -e
mount --make-rprivate /
test -z "$PASSWD" || mount --bind $PASSWD /etc/passwd
stage=$(mktemp -d); i=0
for path in $SEEN; do mkdir $stage/$i; mount --bind $path $stage/$i; i=$((i+1)); done
for path in $SHUT; do mount -t tmpfs -o mode=755 tmpfs $path; done
i=0
for path in $SEEN; do mkdir -p $path; mount --bind $stage/$i $path; i=$((i+1)); done
exec setpriv --reuid=$WHO --regid=$WHO --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs env -i "$@"
"""


def can_be_others() -> bool:
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"):
        return False
    return subprocess.run(["unshare", "-m", "mount", "--make-rprivate", "/"], capture_output=True).returncode == 0


class Person:
    """A user with this id and a home of its own; one without a name where `home` is None.

    passwd: a file to stand for the system's, in which it has a name
    """

    def __init__(self, uid: int, home: Path | None, passwd: Path | None = None, **environment: str):
        self.uid, self.home, self.passwd = uid, home, passwd
        if home is not None:
            home.mkdir(mode=0o700)
            os.chown(home, uid, uid)
        self.environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", **environment}
        if home is not None:
            self.environment["HOME"] = str(home)

    def command(self, *command: str) -> list[str]:
        """What root runs to have this user run it."""
        seen = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT}
        shut = {parent for path in seen for parent in path.parents if not parent.stat().st_mode & 0o001}
        outer = {top for top in shut if not set(top.parents) & shut}
        below = [path for path in seen if set(path.parents) & outer]
        told = [f"{k}={v}" for k, v in self.environment.items()]
        script = f"SEEN={shlex.quote(' '.join(map(str, below)))}; SHUT={shlex.quote(' '.join(map(str, outer)))}; " \
                 f"PASSWD={self.passwd or ''}; WHO={self.uid}; {IN_SIGHT}"
        return ["unshare", "-m", "sh", "-c", script, "sh", *told, *command]

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        done = subprocess.run(self.command(*command), capture_output=True, text=True, timeout=300,
                              cwd=cwd or self.home or "/tmp")
        assert "Traceback" not in done.stderr, done.stderr
        return done


others = pytest.mark.skipif(not can_be_others(), reason="needs root, unshare and setpriv")
