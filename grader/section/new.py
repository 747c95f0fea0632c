"""`grader new NN-name`: the skeleton of a section, whole enough that `grader prove` passes on it from the first minute.

Its files are those of `template/`, with the name and the guide's questions filled in.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from string import Template

from course.data.questions import of_section

from .. import place
from ..errors import SectionError
from .load import syllabus

CASES = {
    "mutants/scale__zeros": ("Zeros.", "return x * 0"),
    "mutants/scale__added": ("s is added.", "return x + s"),
    "mutants/scale__inplace": ("x is changed in place.", "return x.mul_(s)"),
    "mutants/scale__itself": ("For s = 1 the argument itself comes back.", "return x if s == 1 else x * s"),
    "mutants/scale__hard_coded": ("s is hard-coded to the visible test's 3.", "return x * 3.0"),
    "mutants/scale__float32": ("The dtype is lost.", "return x.float() * s"),
    "mutants/scale__loop": ("timed: one number at a time.", "return torch.stack([v * s for v in x.flatten()]).view(x.shape)"),
    "variants/scale__mul": ("As a product with a tensor.", "return torch.mul(x, torch.tensor(s, dtype=x.dtype))"),
    "variants/scale__einsum": ("By einsum.", 'return torch.einsum("...,->...", x, torch.tensor(s, dtype=x.dtype))'),
}
OWN_CARDS = (("basic", "A question that interviewers ask first"), ("killer", "A question that few answer"))


def new(name: str, title: str, root: Path) -> list[Path]:
    """Write the skeleton; returns the files made. Raises SectionError when the name is no good or taken."""
    if not place.NAME.fullmatch(name):
        raise SectionError(f"{name!r} is no name for a section: it has two digits and words in lower case, "
                           "like 03-rag-pipeline.")
    folder, module = root / "source" / name, name[3:].replace("-", "_")
    if folder.exists():
        raise SectionError(f"source/{name} is there already: edit it, or remove it first.")
    about = {"name": name, "number": name[:2], "title": title, "module": module, "cards": _cards(name)}
    texts = {folder / f"{name}.py": _filled("section.py.txt", about), folder / "claims.md": _filled("claims.md", about),
             folder / "test_oracles.py": _filled("test_oracles.py.txt", about),
             root / "course" / "sections" / f"{module}.py": _filled("module.py.txt", about)}
    for case, (doc, body) in CASES.items():
        texts[folder / f"{case}.py"] = f'"""{doc}"""\nimport torch\n\n\ndef scale(x, s):\n    {body}\n'
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        place.replace(path, text)
    if name not in syllabus(root):
        with (root / "course" / "syllabus.toml").open("a", encoding="utf-8") as f:
            f.write(f'\n[[section]]\nname = "{name}"\ntitle = {json.dumps(title, ensure_ascii=False)}\n'
                    'theme = ""  # one of the list above\n' "minutes = 180\nneeds = []\n")
    return list(texts)


def _cards(name: str) -> str:
    """A card for each of the guide's questions, and those of our own that are missing to a basic and a killer one."""
    asked = [{"id": q.id, "level": q.level, "text": q.text} for q in of_section(name)]
    levels = {q["level"] for q in asked}
    ours = [{"id": "", "level": level, "text": text} for level, text in OWN_CARDS if level not in levels]
    return "".join(_filled("card.py.txt", card) for card in [*asked, *ours])


def _filled(name: str, about: dict[str, str]) -> str:
    return Template(files("grader.section").joinpath("template", name).read_text(encoding="utf-8")).substitute(about)
