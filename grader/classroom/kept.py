"""Verdicts kept beside judged notebooks, so that what is decided is not judged again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..intake.submissions import fingerprint
from ..judge.key import version
from ..judge.verdict import Result
from ..place import replace
from ..section.model import Section

FILE = "verdict.json"


def keep(folder: Path, section: Section, result: Result) -> None:
    """Write a verdict down, with the key by which it is believed again."""
    replace(folder / FILE, json.dumps({"key": key(section, result.digest), "submission": result.to_json()}))


def still_good(folder: Path, section: Section, submitted: Path) -> dict | None:
    """The document of an earlier verdict, if it is decided and nothing that decides the grade has changed since."""
    try:
        kept = read(folder)
        decided = all(c["verdict"] != "undecided" for c in kept["submission"]["cells"])
        return kept["submission"] if decided and kept["key"] == key(section, fingerprint(submitted, section)) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read(folder: Path) -> dict:
    """{"key": …, "submission": …} as it was kept; raises OSError or ValueError where it was not."""
    return json.loads((folder / FILE).read_text(encoding="utf-8"))


def verdict(folder: Path) -> dict | None:
    """The document of the verdict that is kept there; None where there is none, or it cannot be read."""
    try:
        return read(folder)["submission"]
    except (OSError, ValueError, KeyError):
        return None


def lost(document: dict) -> list[dict]:
    """The cells of a verdict's document that earned less than a pass."""
    return [c for c in document["cells"] if c["verdict"] not in ("pass", "manual")]


def key(section: Section, digest: str) -> str:
    """Of a submission with this digest, the section, and the code that judges."""
    return hashlib.sha256(version(section) + digest.encode()).hexdigest()
