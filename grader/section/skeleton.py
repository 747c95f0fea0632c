"""The form that all sections share, so that a learner knows the way in the tenth: what `grader prove` and `make lint` ask
beyond `lint.py`, without which a section could not even be built.

A half-written section builds, so that its author can look at it; it is proven when nothing here complains.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from course.data.questions import of_section

from .cells import SCHEME, card_id, exercise_of, grade_id, kind, level, tags
from .lint import FREE_OF_STUB
from .model import Section

LINE = 128               # characters of a line in the source, as ruff has it
DOCSTRING = 12           # lines: the specification stands in the markdown
EXPERIMENT = 15          # lines of code: its frame stands in course/sections/
PICTURE = 4              # lines: an import and a call
COPIED = 0.5             # of a solution's lines, at most, may stand in its hints
SOURCE = re.compile(r"\bSources?:|arXiv|https?://|\b(?:19|20)\d\d\b")
SECONDS = re.compile(r"\d\s*(?:s|seconds?)\b")
ABBREVIATION = re.compile(r"\b[A-Z][A-Z0-9]*[A-Z][A-Z0-9]*s?\b")
EVERYBODYS = set("GPU CPU RAM AI API JSON HTTP SQL OK ID UTF ASCII PDF LLM KB MB GB TB".split())
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
MARK = re.compile(r"(BEGIN|END) [A-Z ]+")  # around solutions, schemes and hidden tests


def skeleton(section: Section) -> list[str]:
    """All complaints about a section's form, one sentence each; empty when it is whole."""
    rules = (_opening, _parts, _exercises, _pictures, _experiment, _closing, _terms, _money, _lines)
    return [f"{section.name}.py, {what}." for rule in rules for what in rule(section)]


def _opening(section: Section) -> Iterator[str]:
    first = section.notebook.cells[0]
    wanted = f"# {section.name[:2]} · {section.title}"
    if first.source.splitlines()[:1] != [wanted]:
        yield f"the first line is {wanted!r}, with the title of course/syllabus.toml"
    if "builds on" not in first.source.lower():
        yield "the first cell says how long the section takes and what it builds on ('It builds on …')"
    if sum("house_rules" in tags(c) for c in section.notebook.cells) != 1:
        yield "one cell '# %% [markdown] house_rules' brings in the rules that all sections share"


def _parts(section: Section) -> Iterator[str]:
    found = re.findall(r"^## (.*)$", "\n".join(_prose(section)), re.MULTILINE)
    for number, title in enumerate(found, 1):
        if not title.startswith(f"{number} · "):
            yield f"part '## {title}' is called '## {number} · …'"


def _exercises(section: Section) -> Iterator[str]:
    cells = section.notebook.cells
    stubs = [i for i, c in enumerate(cells) if kind(c) == "stub" and grade_id(c) not in FREE_OF_STUB]
    for number, (here, last) in enumerate(zip(stubs, [-1, *stubs]), 1):
        name = grade_id(cells[here])
        heading = f"### Exercise {section.name[:2]}.{number} · {name}"
        before = "\n".join(c.source for c in cells[last + 1:here] if c.cell_type == "markdown")
        if heading not in before.splitlines():
            yield f"before the stub of {name} stands the heading {heading!r}"
        elif not SOURCE.search(before.split(heading, 1)[1]):
            yield f"the specification of {name} names a source"
        yield from _stub(section, cells[here])
        yield from _after_stub(section, name, cells[here + 1:])


def _stub(section: Section, cell: NotebookNode) -> Iterator[str]:
    names = section.exercises[grade_id(cell)].names
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node):
            said = [a.value for a in getattr(node.exc, "args", []) if isinstance(a, ast.Constant)]
            if said not in [[n] for n in names]:
                yield (f"the stub of {grade_id(cell)} raises NotImplementedError with its name alone: the plan belongs to "
                       "the hints")
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names:
            lines = len((ast.get_docstring(node) or "").splitlines())
            if not 0 < lines <= DOCSTRING:
                yield (f"the docstring of {node.name} has {lines} lines: one sentence, the shapes and a small example; "
                       "the specification stands in the markdown")


def _after_stub(section: Section, name: str, after: list[NotebookNode]) -> Iterator[str]:
    graded = [c for c in section.notebook.cells if kind(c) == "graded" and exercise_of(grade_id(c)) == name]
    if not after or kind(after[0]) != "hints" or name not in tags(after[0]):
        yield f"the hints of {name} come right after its stub"
    elif [c.id for c in after[1:1 + len(graded)]] != [c.id for c in graded]:
        yield f"the graded cells of {name} come right after its hints"
    for cell in graded:
        if not re.match(r"# \S", cell.source):
            yield f"cell {grade_id(cell)} begins with a comment that says in one line what it looks at: it is folded"
    solution = _lines_of(section.stubs[name].source)
    if after and kind(after[0]) == "hints" and solution:
        copied = len(solution & _lines_of(after[0].source)) / len(solution)
        if copied > COPIED:
            yield (f"the hints of {name} hold {copied:.0%} of the solution's lines: the third gives the one step that "
                   "people miss")


def _lines_of(source: str) -> set[str]:
    """Lines of code that say something, without their spaces."""
    squashed = ("".join(line.split()) for line in source.splitlines())
    return {line for line in squashed if len(line) > 12 and "=" in line or line.startswith("return") and len(line) > 16}


def _pictures(section: Section) -> Iterator[str]:
    for cell in section.cells("picture"):
        if len(cell.source.splitlines()) > PICTURE:
            yield f"the picture {cell.source.splitlines()[0][:50]!r} is more than a call: draw it in course/sections/"


def _experiment(section: Section) -> Iterator[str]:
    cells = section.notebook.cells
    experiments = [i for i, c in enumerate(cells) if kind(c) == "experiment"]
    predictions = [i for i, c in enumerate(cells) if grade_id(c) == "prediction"]
    aspects = {g.grade_id: g.points for g in section.graded.values() if g.exercise == "prediction"}
    if not experiments or not predictions or predictions[0] > experiments[0]:
        yield "an experiment stands after its prediction"
        return
    if aspects != {"prediction__committed": 1, "prediction__right": 1}:
        yield "a prediction has two aspects of one point: prediction__committed and prediction__right"
    if not SECONDS.search("\n".join(c.source for c in cells[:experiments[0]][-4:] if c.cell_type == "markdown")):
        yield "the text before the experiment announces how many seconds it takes"
    if "prediction=prediction" not in cells[experiments[0]].source:
        yield "the experiment is called with prediction=prediction, so that it waits for one"
    for i in experiments:
        lines = [line for line in cells[i].source.splitlines() if line.strip()]
        if len(lines) > EXPERIMENT:
            yield f"the experiment has {len(lines)} lines, at most {EXPERIMENT}: its frame belongs into course/sections/"


def _closing(section: Section) -> Iterator[str]:
    cells = section.notebook.cells
    if not section.cells("widget"):
        yield "there is no widget"
    written = [i for i, c in enumerate(cells) if kind(c) == "written"]
    cards = [i for i, c in enumerate(cells) if kind(c) == "card"]
    if not written:
        yield "there is no written question"
    if written and cards and max(written) > min(cards):
        yield "the written question stands before the cards"
    known = {q.id for q in of_section(section.name)}
    given = [card_id(cells[i]) for i in cards]
    for unknown in sorted({i for i in given if i} - known):
        yield f"the card {unknown!r} answers no question of this section (course/data/questions.toml): ours have card=''"
    for missing in (q for q in of_section(section.name) if q.id not in given):
        yield f"no card answers question {missing.id}: {missing.text}"
    if "killer" not in {level(cells[i]) for i in cards}:
        yield "there is no killer card"


def _terms(section: Section) -> Iterator[str]:
    """What cards, question and scheme speak of was taught before."""
    taught = set(EVERYBODYS)
    asked: dict[str, NotebookNode] = {}
    for cell in section.notebook.cells:
        said = "\n".join(line for line in cell.source.splitlines() if not MARK.search(line))
        found = {m.removesuffix("s").upper() if m.endswith("s") else m for m in ABBREVIATION.findall(said)}
        if kind(cell) in ("card", "written") or SCHEME.search(cell.source):
            asked |= {term: cell for term in sorted(found - taught) if term not in asked}
        else:
            taught |= found
    for term in sorted(set(asked) - taught):
        first = asked[term].source.splitlines()[0][:50]
        yield f"{term} is asked ({first!r}) and taught nowhere before"


def _money(section: Section) -> Iterator[str]:
    """JupyterLab takes what stands between two dollar signs for a formula, also where they mean money."""
    for text in _prose(section):
        for paragraph in CODE.sub("", text).split("\n\n"):
            if "\\$" in paragraph or paragraph.count("$") % 2:
                yield f"a price is written in words, 5 dollars or 5 USD: {' '.join(paragraph.split())[:60]!r}"


def _lines(section: Section) -> Iterator[str]:
    for number, line in enumerate(section.py_path.read_text(encoding="utf-8").splitlines(), 1):
        if len(line) > LINE and "http" not in line:
            yield f"line {number} has {len(line)} characters, at most {LINE}"


def _prose(section: Section) -> list[str]:
    return [c.source for c in section.notebook.cells if c.cell_type == "markdown"]
