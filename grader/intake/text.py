"""Text from anywhere, made fit to be shown: on a terminal, in a page, in a message."""

from __future__ import annotations

import re

_SPACE = str.maketrans("", "", "\t\n\xa0")  # not printable, and welcome all the same
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")


def clean(text: str, limit: int = 2000) -> str:
    """Plain printable text: no terminal codes, no direction marks, not endless."""
    text = _TERMINAL.sub("", text[:4 * limit])
    if not text.translate(_SPACE).isprintable():
        text = "".join(c for c in text if c.isprintable() or ord(c) in _SPACE)
    return text if len(text) <= limit else text[:limit - 3] + "..."


def shown(name: str) -> str:
    """A file's name for a message: one line, no control characters."""
    return " ".join(clean(name, 80).split())
