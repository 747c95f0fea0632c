"""What happens to notebooks on the way to the grader: one function, one damage; the docstring says what a learner did.

Each takes the notebook of a learner who solved everything, as plain JSON. `keeps` names the exercises whose points must
survive; all the others get 0. A damage of the cells changes the notebook in place or returns another one, a damage of
the file returns its bytes, and a damage of the folder puts there what it likes.
"""

from __future__ import annotations

import copy
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ALL = ("double", "hypotenuse", "chain", "written")
NAME = "90-mini.ipynb"


@dataclass(frozen=True)
class Damage:
    name: str
    hand_in: Callable[[Path, dict], None]  # puts a submission into a folder
    status: str
    keeps: tuple[str, ...]


DAMAGES: list[Damage] = []


def _kind(hand_in: Callable) -> Callable:
    """A decorator for one kind of damage."""
    def decorator(status: str, keeps: tuple[str, ...] = ALL):
        def register(change):
            keep = () if status == "unreadable" else keeps
            DAMAGES.append(Damage(change.__name__, lambda folder, nb: hand_in(change, folder, nb), status, keep))
            return change
        return register
    return decorator


@_kind
def cells(change, folder: Path, nb: dict) -> None:
    changed = change(nb)
    (folder / NAME).write_text(json.dumps(nb if changed is None else changed, indent=1))


@_kind
def file(change, folder: Path, nb: dict) -> None:
    (folder / NAME).write_bytes(change(nb))


@_kind
def directory(change, folder: Path, nb: dict) -> None:
    change(folder, nb)


# --- small words -----------------------------------------------------------------------------------------------------

def text(nb: dict) -> str:
    return json.dumps(nb, indent=1, ensure_ascii=False)


def at(nb: dict, grade_id: str) -> int:
    return next(i for i, c in enumerate(nb["cells"]) if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def cell(nb: dict, grade_id: str) -> dict:
    return nb["cells"][at(nb, grade_id)]


def about(nb: dict, grade_id: str) -> dict:
    return cell(nb, grade_id)["metadata"]["nbgrader"]


def plain(source: str) -> dict:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}


def untouched(stub: dict) -> dict:
    """The stub as it was given out."""
    blank = copy.deepcopy(stub)
    head, _, _ = blank["source"].partition('"""\n')
    hint = blank["source"].splitlines()[-1]
    blank["source"] = f'{head}"""\n    # YOUR CODE HERE\n{hint}'
    return blank


# --- cells copied, deleted, moved ------------------------------------------------------------------------------------

@cells("graded")
def nothing(nb):
    """Nothing: the control."""


@cells("repaired")
def graded_copied(nb):
    """Copied a graded cell to play with it."""
    i = at(nb, "double__values")
    nb["cells"].insert(i, copy.deepcopy(nb["cells"][i]))


@cells("repaired")
def graded_copied_and_changed(nb):
    """Copied a graded cell to the top and changed the copy."""
    extra = copy.deepcopy(cell(nb, "chain__values"))
    extra["source"] = "print(chain(1.0, 2.0))"
    nb["cells"].insert(0, extra)


@cells("repaired")
def notebook_pasted_twice(nb):
    """Selected all cells and pasted them below."""
    nb["cells"] += copy.deepcopy(nb["cells"])


@cells("repaired")
def graded_deleted(nb):
    """Deleted a graded cell that failed at first."""
    del nb["cells"][at(nb, "double__values")]


@cells("repaired")
def all_graded_deleted(nb):
    """Cleaned up: only own code and text were left."""
    nb["cells"] = [c for c in nb["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")
                   or c["metadata"]["nbgrader"]["solution"]]


@cells("repaired")
def graded_deleted_before_reuse_of_a_name(nb):
    """Deleted a graded cell, and used the name of a helper again further down."""
    cell(nb, "double")["source"] = "def _twice(x):\n    return 2 * x\n\ndef double(x):\n    return _twice(x)"
    cell(nb, "hypotenuse")["source"] += "\n\ndef _twice(x):\n    return None"
    cell(nb, "chain")["source"] = "def chain(a, b):\n    return torch.tensor([2 * hypotenuse(a, b)])"
    del nb["cells"][at(nb, "double__values")]


@cells("graded", keeps=("hypotenuse", "written"))
def stub_deleted(nb):
    """Deleted a stub; the last exercise builds on it."""
    del nb["cells"][at(nb, "double")]


@cells("repaired")
def setup_deleted(nb):
    """Deleted the imports."""
    del nb["cells"][at(nb, "setup")]


@cells("repaired", keeps=())
def everything_deleted(nb):
    """Deleted every cell and saved."""
    nb["cells"] = []


@cells("repaired")
def graded_above_its_stub(nb):
    """Dragged a graded cell above the stub."""
    moved = nb["cells"].pop(at(nb, "chain__values"))
    nb["cells"].insert(0, moved)


@cells("repaired")
def stub_at_the_end(nb):
    """Dragged a stub to the end of the notebook."""
    nb["cells"].append(nb["cells"].pop(at(nb, "double")))


@cells("repaired")
def cells_reversed(nb):
    """Turned the notebook upside down."""
    nb["cells"].reverse()


@cells("graded")
def setup_at_the_end(nb):
    """Dragged the imports to the end."""
    nb["cells"].append(nb["cells"].pop(at(nb, "setup")))


@cells("repaired")
def stub_copied(nb):
    """Kept a first, wrong attempt and improved a copy of the cell."""
    i = at(nb, "hypotenuse")
    nb["cells"].insert(i, {**copy.deepcopy(nb["cells"][i]), "source": "def hypotenuse(a, b):\n    return a + b"})


@cells("repaired")
def stub_saved_below(nb):
    """Kept an untouched copy of the stub below the solution."""
    i = at(nb, "hypotenuse")
    nb["cells"].insert(i + 1, untouched(nb["cells"][i]))


@cells("repaired")
def stub_saved_at_the_end(nb):
    """Kept an untouched copy of the stub at the end."""
    nb["cells"].append(untouched(cell(nb, "double")))


# --- cells split and merged ------------------------------------------------------------------------------------------

def split(nb, grade_id: str, marker: str) -> tuple[dict, dict]:
    """Split a cell as JupyterLab does: both halves keep the metadata."""
    i = at(nb, grade_id)
    first, second = nb["cells"][i], copy.deepcopy(nb["cells"][i])
    head, tail = first["source"].split(marker)
    first["source"], second["source"] = head.rstrip("\n"), marker + tail
    nb["cells"].insert(i + 1, second)
    return first, second


@cells("repaired")
def stub_split_inside_its_function(nb):
    """Split a stub between two lines of its function."""
    split(nb, "double", "    return")


@cells("repaired")
def stub_split_with_plain_half(nb):
    """Split a stub inside its function; the second half has no metadata."""
    split(nb, "double", "    return")[1]["metadata"] = {}


@cells("repaired")
def stub_split_with_plain_head(nb):
    """Split a stub inside its function; the first half has no metadata."""
    split(nb, "double", "    return")[0]["metadata"] = {}


@cells("repaired")
def stub_split_between_functions(nb):
    """Wrote a helper above the function and split the cell between them."""
    stub = cell(nb, "hypotenuse")
    own = stub["source"].replace("a * a + b * b", "square(a) + square(b)")
    stub["source"] = f"def square(x):\n    return x * x\n\n{own}"
    split(nb, "hypotenuse", "def hypotenuse")


@cells("repaired")
def stub_split_and_graded_deleted(nb):
    """Split a stub, lost the metadata of its second half, and deleted the graded cells."""
    split(nb, "double", "    return")[1]["metadata"] = {}
    del nb["cells"][at(nb, "double__values")], nb["cells"][at(nb, "double__inplace")]


@cells("repaired")
def graded_split(nb):
    """Split a graded cell in the middle of its call."""
    split(nb, "double__values", "want=")


@cells("repaired")
def graded_merged_into_stub(nb):
    """Merged a stub with the graded cell below it."""
    cell(nb, "double")["source"] += "\n\n" + nb["cells"].pop(at(nb, "double__values"))["source"]


@cells("repaired")
def stub_merged_into_graded(nb):
    """Merged a graded cell with the next exercise's stub; the graded cell's metadata stayed."""
    cell(nb, "double__inplace")["source"] += "\n\n" + nb["cells"].pop(at(nb, "hypotenuse"))["source"]


@cells("repaired")
def stub_merged_into_setup(nb):
    """Merged the imports with a stub."""
    cell(nb, "setup")["source"] += "\n\n" + nb["cells"].pop(at(nb, "double"))["source"]


@cells("repaired", keeps=("double", "hypotenuse", "chain"))
def merged_into_one_cell(nb):
    """Merged all code into one plain cell."""
    nb["cells"] = [plain("\n\n".join(c["source"] for c in nb["cells"] if c["cell_type"] == "code"))]


# --- cells retyped, renamed, edited ----------------------------------------------------------------------------------

@cells("repaired")
def stub_as_markdown(nb):
    """Pressed M on a stub."""
    cell(nb, "double")["cell_type"] = "markdown"


@cells("repaired")
def stub_as_raw(nb):
    """Pressed R on a stub."""
    cell(nb, "double")["cell_type"] = "raw"


@cells("repaired")
def graded_as_markdown(nb):
    """Pressed M on a graded cell."""
    cell(nb, "double__values")["cell_type"] = "markdown"


@cells("repaired")
def setup_as_raw(nb):
    """Pressed R on the imports."""
    cell(nb, "setup")["cell_type"] = "raw"


@cells("graded")
def answer_as_code(nb):
    """Pressed Y on the written answer."""
    cell(nb, "written__why")["cell_type"] = "code"


@cells("graded")
def text_of_an_unknown_type(nb):
    """Used an extension with cell types of its own."""
    nb["cells"].insert(1, {"cell_type": "sql", "metadata": {}, "source": "select 1"})


@cells("repaired")
def graded_renamed(nb):
    """Changed the grade_id of a graded cell."""
    about(nb, "double__values")["grade_id"] = "double_values"


@cells("graded")
def stub_renamed(nb):
    """Changed the grade_id of a stub."""
    about(nb, "double")["grade_id"] = "my_double"


@cells("repaired")
def stubs_swapped(nb):
    """Swapped the grade_ids of two stubs."""
    double, hypotenuse = about(nb, "double"), about(nb, "hypotenuse")
    double["grade_id"], hypotenuse["grade_id"] = "hypotenuse", "double"


@cells("repaired")
def stub_named_like_a_graded_cell(nb):
    """Gave a stub the grade_id of its graded cell."""
    about(nb, "double")["grade_id"] = "double__values"


@cells("repaired")
def points_changed(nb):
    """Gave more points."""
    about(nb, "double__values")["points"] = 100


@cells("repaired")
def points_not_a_number(nb):
    """Wrote words where the points stand."""
    about(nb, "double__values")["points"] = "all of them"


@cells("repaired")
def graded_emptied(nb):
    """Emptied every graded cell."""
    for c in nb["cells"]:
        if c["metadata"].get("nbgrader", {}).get("locked") and c["metadata"]["nbgrader"]["grade"]:
            c["source"] = ""


@cells("repaired")
def setup_extended(nb):
    """Added an import to the locked cell and used it."""
    cell(nb, "setup")["source"] += "\nfrom math import hypot"
    cell(nb, "hypotenuse")["source"] = "def hypotenuse(a, b):\n    return hypot(a, b)"


@cells("repaired")
def setup_spoiled(nb):
    """Left a typing error in the locked imports."""
    cell(nb, "setup")["source"] = "imp" + cell(nb, "setup")["source"]


@cells("graded", keeps=("double", "written"))
def syntax_error_in_a_stub(nb):
    """Left a syntax error in one stub."""
    cell(nb, "hypotenuse")["source"] = "def hypotenuse(a, b)\n    return 5.0"


@cells("graded")
def stub_tagged_as_skipped(nb):
    """Copied the tag of a picture to a stub."""
    cell(nb, "double")["metadata"]["tags"] = ["skip-execution"]


@cells("repaired", keeps=("double", "hypotenuse", "chain"))
def answer_deleted(nb):
    """Deleted the written answer's cell."""
    del nb["cells"][at(nb, "written__why")]


@cells("graded", keeps=("double", "hypotenuse", "chain"))
def answer_left_blank(nb):
    """Left the written answer alone."""
    cell(nb, "written__why")["source"] = "YOUR ANSWER HERE"


@cells("repaired")
def answer_copied_blank(nb):
    """Pasted an empty copy below the written answer."""
    nb["cells"].append({**copy.deepcopy(cell(nb, "written__why")), "source": ""})


# --- metadata, formats, kernels --------------------------------------------------------------------------------------

@cells("graded")
def stub_without_metadata(nb):
    """Copied a solution into a new cell and deleted the stub."""
    cell(nb, "double")["metadata"] = {}


@cells("repaired", keeps=("double", "hypotenuse", "chain"))
def no_metadata_at_all(nb):
    """Put the notebook through a tool that strips all metadata."""
    nb["metadata"] = {}
    for c in nb["cells"]:
        c["metadata"] = {}


@cells("repaired")
def metadata_of_wrong_types(nb):
    """Wrote metadata by hand, wrongly."""
    double__values, hypotenuse, chain = (cell(nb, g)["metadata"] for g in ("double__values", "hypotenuse", "chain"))
    double__values["nbgrader"] = None
    hypotenuse["nbgrader"] = ["hypotenuse"]
    chain["tags"] = [1, None, "a,b", {"x": 1}]
    nb["cells"][0]["metadata"] = {"nbgrader": "yes", "tags": 5}
    nb["cells"][2]["metadata"] = nb["metadata"] = None


@cells("repaired")
def grade_ids_of_wrong_types(nb):
    """Wrote grade_ids by hand, wrongly."""
    about(nb, "double__values")["grade_id"] = ["double__values"]
    about(nb, "hypotenuse")["grade_id"] = 7
    about(nb, "chain")["grade_id"] = None


@cells("graded")
def metadata_nested_deep(nb):
    """Used a tool that nests metadata without end."""
    deep: list = []
    for _ in range(400):
        deep = [deep]
    about(nb, "double")["history"] = deep
    nb["metadata"]["history"] = deep


@cells("graded")
def unlocked(nb):
    """Unlocked all cells and took off what marks them as graded."""
    for c in nb["cells"]:
        if "nbgrader" in c["metadata"]:
            c["metadata"]["nbgrader"] |= {"locked": False, "grade": False, "solution": False}


def _schema(nb, version):
    for c in nb["cells"]:
        if "nbgrader" in c["metadata"]:
            c["metadata"]["nbgrader"]["schema_version"] = version


@cells("graded")
def schema_1(nb):
    """Has metadata of nbgrader 0.4."""
    _schema(nb, 1)
    for c in nb["cells"]:
        c["metadata"].get("nbgrader", {}).pop("task", None)


@cells("graded")
def schema_2(nb):
    """Has metadata of nbgrader 0.5."""
    _schema(nb, 2)


@cells("graded")
def schema_from_the_future(nb):
    """Has metadata of an nbgrader to come."""
    _schema(nb, 99)


@cells("graded")
def schema_missing(nb):
    """Has metadata without a version."""
    for c in nb["cells"]:
        c["metadata"].get("nbgrader", {}).pop("schema_version", None)


@cells("graded")
def other_kernel(nb):
    """Opened the notebook with the R kernel and saved it."""
    nb["metadata"] = {"kernelspec": {"name": "ir", "display_name": "R"}, "language_info": {"name": "R"}}


@cells("graded")
def format_4_0(nb):
    """Used an old Jupyter: cells have no ids."""
    nb["nbformat_minor"] = 0
    for c in nb["cells"]:
        c.pop("id", None)


@cells("graded")
def format_3(nb):
    """Saved in format 3, as IPython 2 does."""
    for c in nb["cells"]:
        if c["cell_type"] == "code":
            c["input"], c["language"] = c.pop("source"), "python"
            c["prompt_number"] = c.pop("execution_count", None)
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""},
            "worksheets": [{"cells": nb["cells"][:3]}, {"cells": nb["cells"][3:]}]}


@cells("graded")
def format_missing(nb):
    """Lost the format's number."""
    del nb["nbformat"], nb["nbformat_minor"]


@cells("graded")
def format_from_the_future(nb):
    """Used a Jupyter to come."""
    nb["nbformat"], nb["nbformat_minor"] = 5, 99


@cells("graded")
def cell_ids_all_equal(nb):
    """Merged notebooks by hand: all cells have one id."""
    for c in nb["cells"]:
        c["id"] = "same"


@cells("graded")
def source_as_lists(nb):
    """Saved as Jupyter does, with lists of lines."""
    for c in nb["cells"]:
        c["source"] = c["source"].splitlines(keepends=True)


@cells("graded")
def source_as_lists_without_newlines(nb):
    """Used a tool that lost the ends of lines."""
    for c in nb["cells"]:
        c["source"] = c["source"].splitlines()


@cells("graded")
def newlines_of_windows(nb):
    """Used an editor that writes CRLF."""
    for c in nb["cells"]:
        c["source"] = c["source"].replace("\n", "\r\n")


@cells("graded", keeps=("hypotenuse", "written"))
def source_missing(nb):
    """Lost the source of a stub, and another cell became null."""
    del cell(nb, "double")["source"]
    nb["cells"][0] = None


@cells("graded")
def outputs_of_wrong_types(nb):
    """Wrote outputs by hand, wrongly."""
    cell(nb, "double")["outputs"] = None
    cell(nb, "double__values")["outputs"] = [5, {"output_type": "magic"}, {"output_type": "stream", "name": "stderr"}]
    cell(nb, "hypotenuse")["outputs"] = "none"


@cells("graded")
def half_characters(nb):
    """Pasted half an emoji, and a character that is none."""
    cell(nb, "double")["source"] += "\n# \ud83d \ufffe"
    cell(nb, "written__why")["source"] += " \udc00"


@cells("graded")
def shell_above_an_answer(nb):
    """Installs packages and asks for the GPU in the cell of an answer, in all the ways of IPython."""
    above = ("!pip install -q einops\n%pip install rich\n%conda install numpy\nfiles = !ls\n%sx date\n"
             "!nvidia-smi | head -3\n")
    cell(nb, "double")["source"] = above + cell(nb, "double")["source"]
    nb["cells"].insert(0, plain("%%bash\napt-get install -y vim\n"))


@cells("graded")
def a_helper_written_by_the_notebook(nb):
    """Writes a module, imports it and uses it in an answer."""
    nb["cells"].insert(at(nb, "double"), plain("%%writefile mine.py\ndef twice(x): return x * 2\n"))
    cell(nb, "double")["source"] = "import mine\ndef double(x):\n    return mine.twice(x)\n"


@cells("graded", keeps=("double", "written"))
def null_character_in_a_stub(nb):
    """Pasted a zero byte into a stub."""
    cell(nb, "hypotenuse")["source"] += "\0"


@file("graded")
def outputs_of_40_megabytes(nb):
    """Printed without end."""
    line = {"output_type": "stream", "name": "stdout", "text": ["x" * 999_999 + "\n"] * 40}
    cell(nb, "double")["outputs"] = [line]
    return text(nb).encode()


# --- the file --------------------------------------------------------------------------------------------------------

@file("repaired", keeps=("double", "hypotenuse"))
def cut_off_late(nb):
    """Ran out of disk while saving: the last exercise is cut off."""
    whole = text(nb)
    return whole[:whole.index("return double(torch")].encode()


@file("repaired", keeps=("double",))
def cut_off_early(nb):
    """Ran out of disk while saving, in the middle."""
    whole = text(nb)
    return whole[:whole.index("return math.sqrt")].encode()


@file("unreadable")
def cut_off_at_once(nb):
    """Ran out of disk at the first cell."""
    return text(nb)[:60].encode()


@file("repaired")
def cut_off_inside_a_letter(nb):
    """The file ends in the middle of a letter that takes two bytes."""
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "voilà"})
    whole = text(nb).encode()
    return whole[:whole.index("à".encode()) + 1]


@file("repaired")
def end_missing(nb):
    """The last brackets are missing."""
    return text(nb)[:text(nb).rindex("]")].encode()


@file("repaired")
def comma_too_many(nb):
    """Edited the JSON by hand and left a comma."""
    whole = text(nb)
    end = whole.rindex("]")
    return (whole[:end] + "," + whole[end:]).encode()


@file("repaired", keeps=("hypotenuse", "written"))
def quote_missing_in_a_cell(nb):
    """Edited the JSON by hand and lost a quote."""
    return text(nb).replace('"source": "def double', '"source": def double').encode()


@file("graded")
def line_ends_inside_strings(nb):
    """Edited the JSON by hand, with real line ends and tabs inside strings."""
    return text(nb).replace("\\n", "\n").encode()


def _conflict(nb, ours: str, theirs: str, base: str = "") -> bytes:
    """The file with a conflict where it says `MINE`."""
    base = f"||||||| base\n{base}\n" if base else ""
    whole = text(nb)
    line = next(x for x in whole.splitlines(keepends=True) if '"MINE"' in x)
    ours, theirs = (line.replace('"MINE"', json.dumps(source)) for source in (ours, theirs))
    return whole.replace(line, f"<<<<<<< Upstream\n{ours}{base}=======\n{theirs}>>>>>>> Stashed\n").encode()


@file("repaired")
def conflict_with_the_release(nb):
    """Pulled a new version and left git's conflict markers: the work is on the other side."""
    solved = cell(nb, "double")["source"]
    given, cell(nb, "double")["source"] = untouched(cell(nb, "double"))["source"], "MINE"
    return _conflict(nb, given, solved)


@file("repaired")
def conflict_of_three(nb):
    """As before, with git showing the common base, and the work on this side."""
    solved = cell(nb, "double")["source"]
    given, cell(nb, "double")["source"] = untouched(cell(nb, "double"))["source"], "MINE"
    return _conflict(nb, solved, given, base="   nothing that parses")


@cells("graded", keeps=("hypotenuse", "written"))
def conflict_inside_a_source(nb):
    """Left the markers of a merge inside a stub."""
    cell(nb, "double")["source"] = "<<<<<<< A\ndef double(x):\n=======\ndef double(y):\n>>>>>>> B\n    return 2 * x"


@file("repaired")
def saved_twice_into_one_file(nb):
    """Two saves ended up in one file."""
    return (text(nb) + text(nb)).encode()


@file("graded")
def byte_order_mark(nb):
    """Saved with Notepad."""
    return text(nb).encode("utf-8-sig")


@file("repaired")
def utf_16(nb):
    """Redirected the notebook in PowerShell."""
    return text(nb).encode("utf-16")


@file("repaired")
def utf_16_without_mark(nb):
    """Saved as UTF-16 without a mark."""
    return text(nb).encode("utf-16-le")


@file("repaired")
def utf_32(nb):
    """Saved as UTF-32."""
    return text(nb).encode("utf-32")


@file("repaired")
def latin_1(nb):
    """Saved as Latin-1, with letters beyond ASCII."""
    cell(nb, "double")["source"] += "\n# très élégant"
    return text(nb).encode("latin-1")


@file("repaired")
def damaged_byte(nb):
    """Copied the file from a failing disk: a letter in a comment is damaged, other letters beyond ASCII are whole."""
    cell(nb, "hypotenuse")["source"] = "def hypotenuse(α, β):\n    # длина\n    return math.sqrt(α * α + β * β)"
    return text(nb).encode().replace("на".encode(), b"\xff\xfe", 1)


@file("unreadable")
def empty(nb):
    """Saved on a full disk: nothing was written."""
    return b""


@file("unreadable")
def blank(nb):
    """A file of blank lines."""
    return b"\n  \n"


@file("unreadable")
def zeros(nb):
    """The machine lost power: the file is all zeros."""
    return bytes(5000)


@file("unreadable")
def script(nb):
    """Renamed a Python script."""
    return b"def double(x):\n    return 2 * x\n"


@file("unreadable")
def web_page(nb):
    """Saved the page that shows the notebook."""
    return b"<!DOCTYPE html><html><body>" + text(nb).replace('"', "&quot;").encode() + b"</body></html>"


@file("unreadable")
def zip_file(nb):
    """Renamed an archive."""
    return b"PK\x03\x04" + os.urandom(4000)


@file("unreadable")
def a_number(nb):
    """JSON, but a number."""
    return b"42"


@file("unreadable")
def a_list(nb):
    """JSON, but a list."""
    return json.dumps(nb["cells"]).encode()


@file("unreadable")
def no_cells(nb):
    """JSON without cells."""
    return b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}'


@file("unreadable")
def cells_no_list(nb):
    """JSON whose cells are no list."""
    return b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": {"0": {}}}'


@file("unreadable")
def brackets_without_end(nb):
    """Brackets in brackets in brackets."""
    return b"[" * 200_000


@file("unreadable")
def starts_of_cells_without_end(nb):
    """Half a million cells that begin and never end."""
    return b'{"cell_type": ' * 500_000


@file("unreadable")
def more_cells_than_anyone_reads(nb):
    """Made a notebook of 6000 cells."""
    nb["cells"] += [plain("1")] * 6000
    return json.dumps(nb).encode()


# --- the folder ------------------------------------------------------------------------------------------------------

def put(path: Path, nb: dict) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text(nb), encoding="utf-8")


@directory("repaired")
def name_of_a_download(folder, nb):
    """Downloaded it twice."""
    put(folder / "90-mini (1).ipynb", nb)


@directory("repaired")
def name_in_capitals(folder, nb):
    """Renamed it."""
    put(folder / "90-Mini.IPYNB", nb)


@directory("repaired")
def name_of_a_browser(folder, nb):
    """Saved it with a browser that adds an ending."""
    put(folder / "90-mini.ipynb.txt", nb)


@directory("repaired")
def name_of_its_own(folder, nb):
    """Called it homework."""
    put(folder / "homework.ipynb", nb)


@directory("repaired")
def name_no_one_can_type(folder, nb):
    """Used a name with control characters and bytes that are no text."""
    put(folder / os.fsdecode(b"\x1b[31mred\n\xff.ipynb"), nb)


@directory("repaired")
def worked_in_the_copy(folder, nb):
    """Worked in Jupyter's copy and left the original as it was given out."""
    given = copy.deepcopy(nb)
    for stub in ("double", "hypotenuse", "chain"):
        given["cells"][at(given, stub)] = untouched(cell(nb, stub))
    cell(given, "written__why")["source"] = "YOUR ANSWER HERE"
    put(folder / NAME, given)
    put(folder / "90-mini-Copy1.ipynb", nb)


@directory("repaired")
def in_a_folder_of_its_own(folder, nb):
    """Unpacked an archive: the notebook lies one folder deeper."""
    put(folder / "90-mini" / NAME, nb)


@directory("repaired")
def extra_notebooks(folder, nb):
    """Handed in scratch notebooks too."""
    put(folder / NAME, nb)
    put(folder / "Untitled.ipynb", {**nb, "cells": []})
    (folder / "broken.ipynb").write_text("{")


@directory("repaired")
def two_names_one_with_the_work(folder, nb):
    """Handed in two notebooks with other names, one of them scratch."""
    put(folder / "a.ipynb", {**nb, "cells": [plain("print(1)")]})
    put(folder / "work.ipynb", nb)


@directory("repaired")
def own_name_damaged_but_a_copy_whole(folder, nb):
    """The notebook is empty; a copy beside it is whole."""
    (folder / NAME).touch()
    put(folder / "90-mini-Copy1.ipynb", nb)


@directory("graded")
def checkpoints_beside(folder, nb):
    """Handed in Jupyter's checkpoints, and other files."""
    put(folder / NAME, nb)
    put(folder / ".ipynb_checkpoints" / "90-mini-checkpoint.ipynb", nb)
    (folder / "notes.txt").write_text("hello")


@directory("unreadable")
def checkpoints_only(folder, nb):
    """Handed in nothing but a checkpoint."""
    put(folder / ".ipynb_checkpoints" / "90-mini-checkpoint.ipynb", nb)


@directory("unreadable")
def nothing_handed_in(folder, nb):
    """Handed in an empty folder."""


@directory("unreadable")
def folder_is_missing(folder, nb):
    """Handed in nothing at all."""
    folder.rmdir()


@directory("unreadable")
def link(folder, nb):
    """Put a link in the notebook's place, to somebody else's."""
    put(folder.parent / "elsewhere.ipynb", nb)
    (folder / NAME).symlink_to(folder.parent / "elsewhere.ipynb")


@directory("unreadable")
def link_to_nowhere(folder, nb):
    """Put a link in the notebook's place that leads nowhere."""
    (folder / NAME).symlink_to("nowhere.ipynb")


@directory("unreadable")
def linked_folder(folder, nb):
    """Put a link in the folder's place."""
    put(folder.parent / "other" / NAME, nb)
    folder.rmdir()
    folder.symlink_to(folder.parent / "other")


@directory("repaired")
def link_beside_the_real_one(folder, nb):
    """Keeps the notebook under another name, and a link to it under the right one."""
    put(folder / "work.ipynb", nb)
    (folder / NAME).symlink_to("work.ipynb")


@directory("unreadable")
def folder_in_its_place(folder, nb):
    """Made a folder with the notebook's name."""
    (folder / NAME).mkdir()


@directory("unreadable")
def pipe_in_its_place(folder, nb):
    """Made a pipe with the notebook's name: whoever opens it waits."""
    os.mkfifo(folder / NAME)


@directory("unreadable")
def socket_in_its_place(folder, nb):
    """Made a socket with the notebook's name."""
    here = os.getcwd()
    os.chdir(folder)  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(NAME)
    finally:
        os.chdir(here)


@directory("unreadable")
def far_too_large(folder, nb):
    """Handed in a file of 10 GB."""
    put(folder / NAME, nb)
    os.truncate(folder / NAME, 10 << 30)


@directory("unreadable")
def too_large_without_outputs(folder, nb):
    """Pasted 40 MB into a cell."""
    cell(nb, "double")["source"] = "#" * (40 << 20)
    put(folder / NAME, nb)
