"""Where things are. Everything else asks here, so that a file may move without anybody losing the way.

    root/                 the checkout; the environment variable COURSE_ROOT names another one
        workspace/        git-ignored; COURSE_WORKSPACE moves it
            exchange/     nbgrader's exchange: released assignments, submissions, feedback; COURSE_EXCHANGE moves it
            home/         the learner's JupyterLab root (study.workspace)

Whoever works in another user's checkout has a workspace in the own home, and shares the checkout's exchange.
"""

from __future__ import annotations

import copy
import functools
import getpass
import os
import pwd
import re
from pathlib import Path
from typing import TYPE_CHECKING

import course

from .errors import SectionError

if TYPE_CHECKING:
    from traitlets.config import Config

COURSE_ID = "llm-engineering"
CONFIGURATION = "nbgrader_config.py"
NAME = re.compile(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*")  # of a section


def root() -> Path:
    """The course's checkout: `$COURSE_ROOT`, else the one that the packages stand in, else the one around the cwd."""
    if told := os.environ.get("COURSE_ROOT"):
        if is_checkout(named := Path(told).resolve()):
            return named
        raise SectionError(f"COURSE_ROOT names {named}, where the course does not stand (there is no course/syllabus.toml, or "
                           "no source/): set it to the checkout, or unset it.")
    cwd = Path.cwd()
    for folder in [package(course).parent, cwd, *cwd.parents]:
        if is_checkout(folder):
            return folder
    raise SectionError("The course's checkout was not found: run this command inside it, or set COURSE_ROOT to it.")


def is_checkout(folder: Path) -> bool:
    return (folder / "course" / "syllabus.toml").is_file() and (folder / "source").is_dir()


def package(module) -> Path:
    """The folder of a package, by the package itself and not by who asks."""
    return Path(module.__path__[0]).resolve()


def workspace() -> Path:
    if told := os.environ.get("COURSE_WORKSPACE"):
        return Path(told).resolve()
    shared = root() / "workspace"
    ours = os.access(shared if shared.exists() else root(), os.W_OK)
    return shared if ours else Path.home() / COURSE_ID


def exchange() -> Path:
    if told := os.environ.get("COURSE_EXCHANGE"):
        return Path(told).resolve()
    told = os.environ.get("COURSE_WORKSPACE")
    return (Path(told).resolve() if told else root() / "workspace") / "exchange"


def be_somebody() -> None:
    """Containers run as users whom no passwd knows, with no HOME: Jupyter and nbgrader would stop at that."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(workspace())
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["USER"] = user(os.getuid())


def user(uid: int) -> str:
    """The name of a user of this machine, also of one whom no passwd knows."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user{uid}"


def student() -> str:
    """The name under which nbgrader knows whoever runs this: the user's, on JupyterHub the hub's."""
    name = user(os.getuid())
    return os.environ.get("JUPYTERHUB_USER", name) if name == "jovyan" else name


def configuration(where: Path | None = None) -> Config:
    """nbgrader's configuration, as its commands read it at the checkout `where`."""
    where = Path(where or root())
    path = where / CONFIGURATION
    told = os.environ.get("COURSE_WORKSPACE"), os.environ.get("COURSE_EXCHANGE")
    return copy.deepcopy(_loaded(where, path.stat().st_mtime_ns, told))


@functools.lru_cache(maxsize=4)
def _loaded(where: Path, changed: int, told: tuple[str | None, str | None]) -> Config:
    from traitlets.config import PyFileConfigLoader
    return PyFileConfigLoader(CONFIGURATION, path=str(where)).load_config()


def bring_up_to_date(path: Path, text: str) -> None:
    """Write a file where it says something else; who only reads it sees it unchanged."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        replace(path, text)


def replace(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(path.name + ".new")
    try:
        new.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(new, path)
    except BaseException:  # Ctrl-C too
        new.unlink(missing_ok=True)
        raise
