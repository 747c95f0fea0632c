"""Read a learner's notebook, however damaged, into plain cells.

What matters of a cell is its source, whether it is code, its grade_id and its tags; all else is left behind, so nothing
that a learner's file says elsewhere can disturb what comes after. `repair.py` puts the cells right.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..errors import Unreadable
from .text import shown

MAX_FILE = 256 << 20   # bytes with outputs
MAX_TEXT = 16 << 20    # bytes without: even the most hostile JSON of this size takes 0.5 GB when parsed
MAX_CELLS = 5000
MAX_DAMAGE = 100       # cells that do not parse
OUTPUTS = re.compile(rb'([ \t]*)"outputs": \[\s*$')
CELL = re.compile(r'\{\s*"(?:cell_type|id|metadata|attachments|execution_count|collapsed|input)"\s*:')
CONFLICT = {"<<<<<<<": ("ours",), "|||||||": (), "=======": ("theirs",), ">>>>>>>": ("ours", "theirs")}


def read(raw: bytes, name: str) -> NotebookNode:
    """The notebook in a file's bytes. `metadata.grader.repairs` says what had to be put right to read it.

    Raises Unreadable, as `from_text` does.
    """
    if len(raw) > MAX_TEXT:
        raw = without_outputs(raw)
    text, repair = decode(raw)
    return from_text(text, name, [repair] if repair else [])


def from_text(text: str, name: str, repairs: Sequence[str] = ()) -> NotebookNode:
    """Parse a notebook leniently: any format version, cut off, with both sides of a merge conflict."""
    if not text.strip("\ufeff\0 \t\r\n"):
        raise Unreadable(f"{name} is empty")
    if len(text) > MAX_TEXT:
        raise Unreadable(f"{name} has more than {MAX_TEXT >> 20} MiB even without outputs, so it was not read")
    cells, repair = parse(text.lstrip("\ufeff"), name)
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"{name} has {len(cells)} cells; more than {MAX_CELLS} are not read")
    notebook = new_notebook([_cell(raw, f"cell-{i}") for i, raw in enumerate(cells)])
    notebook.metadata.grader = {"repairs": [*repairs, *([repair] if repair else [])]}
    return notebook


# --- bytes -----------------------------------------------------------------------------------------------------------

def read_bytes(path: Path, limit: int = MAX_FILE) -> bytes:
    """The bytes of a plain file; links are not followed, and a pipe or device is not waited for."""
    name = shown(path.name)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(fd).st_mode
            if not stat.S_ISREG(mode):
                raise Unreadable(f"{name} is a {'folder' if stat.S_ISDIR(mode) else 'pipe or a device'}, not a file")
            if os.fstat(fd).st_size > limit:
                raise Unreadable(f"{name} has more than {limit >> 20} MiB; clear its outputs and save it again")
            with open(fd, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(fd)
    except OSError as e:
        raise Unreadable({errno.ELOOP: f"{name} is a symbolic link, and links are not followed",
                          errno.ENOENT: f"{name} was not handed in"}.get(e.errno or 0) or
                         f"{name} cannot be read: {e.strerror}") from None


def without_outputs(raw: bytes) -> bytes:
    """Drop the outputs from a notebook as Jupyter writes it, line by line: parsed they could take all memory."""
    kept, end = [], None
    for line in io.BytesIO(raw):
        if end is None and (match := OUTPUTS.match(line)):
            end = match[1] + b"]"
        elif end is not None:
            if not line.startswith(end):
                continue
            end = None
        kept.append(line)
    return b"".join(kept)


def decode(raw: bytes) -> tuple[str, str | None]:
    """Text in whatever encoding, and what was wrong with it."""
    encoding = json.detect_encoding(raw)  # UTF-8, -16 or -32, by the first bytes
    utf8 = encoding.startswith("utf-8")
    try:
        return raw.decode(encoding), None if utf8 else f"the file was in {encoding.upper()} instead of UTF-8"
    except UnicodeDecodeError:
        text = raw.decode(encoding, "replace")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if utf8 and 2 * text.count("\ufffd") > foreign:  # not a few damaged characters, but another encoding
        text = raw.decode("cp1252", "replace")
    return text, "the file was not in UTF-8; letters beyond plain ASCII may have changed"


# --- JSON ------------------------------------------------------------------------------------------------------------

def parse(text: str, name: str) -> tuple[list[dict], str | None]:
    """The cells in a notebook's text, as they stand there, and what was wrong with it."""
    try:
        return _cells(json.loads(text, strict=False), name), None
    except (ValueError, RecursionError) as e:
        if "\n=======" in text and ">>>>>>>" in text:
            ours, theirs = (_parse_or_salvage(side, name) for side in conflict_sides(text))
            cells, repair = united(ours, theirs), "the file held a git merge conflict; both sides were read"
        else:
            cells, repair = salvage(text), "the file was damaged or cut off; the cells that are whole were read"
        if not cells:
            raise Unreadable(f"{name} is not JSON ({e}); was it cut off or edited by hand?") from None
        return cells, repair


def _cells(data, name: str) -> list[dict]:
    if isinstance(data, dict):
        sheets = [data] if "cells" in data else data.get("worksheets")  # worksheets: before format 4
        lists = [s.get("cells") for s in sheets if isinstance(s, dict)] if isinstance(sheets, list) else []
        if lists and all(isinstance(cells, list) for cells in lists):
            return [cell for cells in lists for cell in cells if isinstance(cell, dict)]
    raise Unreadable(f"{name} is JSON, but no notebook: it has no list of cells")


def _parse_or_salvage(text: str, name: str) -> list[dict]:
    try:
        return _cells(json.loads(text, strict=False), name)
    except (ValueError, RecursionError, Unreadable):
        return salvage(text)


def salvage(text: str) -> list[dict]:
    """The cells that are whole in a damaged notebook. What was parsed in vain is limited, for the sake of time."""
    decoder, cells, at, damage, vain = json.JSONDecoder(strict=False), [], 0, 0, 0
    while damage < MAX_DAMAGE and vain <= 2 * len(text) and (start := CELL.search(text, at)):
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError) as e:
            at, damage, vain = start.end(), damage + 1, vain + getattr(e, "pos", len(text)) - start.start()
            continue
        if "cell_type" in value and ("source" in value or "input" in value):
            cells.append(value)
    return cells


def conflict_sides(text: str) -> tuple[str, str]:
    """Both versions of a file that git left with conflict markers."""
    sides: dict[str, list[str]] = {"ours": [], "theirs": []}
    where: tuple[str, ...] = ("ours", "theirs")
    for line in io.StringIO(text):
        if line[:7] in CONFLICT:
            where = CONFLICT[line[:7]]
            continue
        for side in where:
            sides[side].append(line)
    return "".join(sides["ours"]), "".join(sides["theirs"])


def united(ours: list[dict], theirs: list[dict]) -> list[dict]:
    """All cells of ours, and after each the cells that only theirs have there: of two versions ours runs last."""
    sources = {_source(cell) for cell in ours}
    only_theirs: dict[str | None, list[dict]] = {}
    after = None
    for cell in theirs:
        if _source(cell) in sources:
            after = _source(cell)
        else:
            only_theirs.setdefault(after, []).append(cell)
    return only_theirs.pop(None, []) + [c for cell in ours for c in (cell, *only_theirs.pop(_source(cell), []))]


# --- cells -----------------------------------------------------------------------------------------------------------

def _cell(raw: dict, id: str) -> NotebookNode:
    return new_cell(_source(raw), id, _metadata(raw.get("metadata")), code=raw.get("cell_type") == "code")


def new_notebook(cells: Sequence[NotebookNode] = (), metadata: dict | None = None) -> NotebookNode:
    """A notebook without nbformat's check of its schema, which would take longer than all the rest."""
    metadata = NotebookNode() if metadata is None else nbformat.from_dict(metadata)
    return NotebookNode(nbformat=4, nbformat_minor=5, metadata=metadata, cells=list(cells))


def new_cell(source: str, id: str, metadata: dict, code: bool = True) -> NotebookNode:
    """A cell, unchecked like the notebook."""
    cell = {"cell_type": "code" if code else "markdown", "id": id, "metadata": metadata, "source": source}
    return nbformat.from_dict(cell | ({"execution_count": None, "outputs": []} if code else {}))


def _source(raw: dict) -> str:
    source = raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        source = ("" if any(line.endswith("\n") for line in lines) else "\n").join(lines)
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""  # no lone surrogates


def _metadata(raw) -> dict:
    """nbgrader's own entry and the tags, where they are what they should be."""
    raw = raw if isinstance(raw, dict) else {}
    about, tags = raw.get("nbgrader"), raw.get("tags")
    metadata: dict[str, dict | list] = {}
    if isinstance(about, dict) and isinstance(about.get("grade_id"), str):
        metadata["nbgrader"] = {k: v for k, v in about.items() if isinstance(v, (str, bool, int, float))}
    if isinstance(tags, list):
        metadata["tags"] = list(dict.fromkeys(t for t in tags if isinstance(t, str) and t and "," not in t))
    return metadata
