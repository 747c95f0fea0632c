"""Build: `source/NN-name/NN-name.py` -> the source notebook beside it -> `release/NN-name/NN-name.ipynb`.

Both notebooks are made in memory and written only where they differ, so building twice changes nothing and `stale`
can compare bytes. The release goes through nbgrader's own preprocessors, as configured for `generate_assignment`.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

import course

from .. import place
from ..errors import BuildError, SectionError
from .lint import lint
from .load import load, names
from .model import Section

if TYPE_CHECKING:
    from traitlets.config import Config

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def source_notebook(section: Section) -> NotebookNode:
    """The instructor's notebook: every cell as its author wrote it, no outputs, fixed metadata."""
    notebook = copy.deepcopy(section.notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def release_notebook(section: Section) -> NotebookNode:
    """The learner's notebook: no solution, hidden test or marking scheme."""
    notebook, resources = source_notebook(section), dict[str, Any]()
    config, steps = release_steps()
    for step in steps:
        if step.__name__ != "SaveCells":  # that one writes the gradebook
            notebook, resources = step(config=config).preprocess(notebook, resources)
    return notebook


@functools.cache
def release_steps() -> tuple[Config, list[type]]:
    """nbgrader's configuration and its steps from source to release."""
    from nbgrader.converters import GenerateAssignment
    from traitlets.utils.importstring import import_item

    config = place.configuration(place.package(course).parent)  # the checkout's own, wherever the section lies
    steps = [import_item(s) if isinstance(s, str) else s for s in GenerateAssignment(config=config).preprocessors]
    return config, steps


def outputs(section: Section) -> dict[Path, bytes]:
    """The files that a section's source makes, path -> content."""
    def content(notebook: NotebookNode) -> bytes:
        return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
    return {section.source_path: content(source_notebook(section)),
            section.release_path: content(release_notebook(section))}


def build(section_names: Iterable[str] = (), root: Path | None = None) -> list[Path]:
    """Bring the notebooks of the named sections, or of all, up to date; returns the paths that changed."""
    root = root or place.root()
    changed = []
    for path, content in _outputs(section_names, root):
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            place.replace(path, content)
            changed.append(path)
    for path in leftovers(root):
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
        changed.append(path)
    return changed


def stale(section_names: Iterable[str] = (), root: Path | None = None) -> list[Path]:
    """What `build` would change."""
    root = root or place.root()
    return [path for path, content in _outputs(section_names, root)
            if not path.is_file() or path.read_bytes() != content] + leftovers(root)


def _outputs(section_names: Iterable[str], root: Path) -> Iterator[tuple[Path, bytes]]:
    sections = [load(name, root) for name in section_names or names(root)]
    if complaints := [c for section in sections for c in lint(section)]:
        raise BuildError(complaints)
    for section in sections:
        yield from outputs(section).items()


def leftovers(root: Path) -> list[Path]:
    """Files in `release/` that no section's source makes; Jupyter's checkpoints do not count."""
    made = {root / "release" / name / f"{name}.ipynb" for name in names(root)}
    found = (p for p in (root / "release").rglob("*") if p.is_file() and ".ipynb_checkpoints" not in p.parts)
    return sorted(set(found) - made)


def main(section_names: list[str], check: bool = False) -> int:
    """`make release`, `grader build`: print what changed (or, with check, what is stale); returns the exit code."""
    try:
        paths = (stale if check else build)(section_names)
    except BuildError as error:
        print(*error.complaints, sep="\n", file=sys.stderr)
        return 1
    except SectionError as error:
        print(error, file=sys.stderr)
        return 2
    root = place.root()
    for path in paths:
        print("stale:" if check else "built:" if path.exists() else "removed:", path.relative_to(root))
    if check and paths:
        print("Run `make release` to bring them up to date.")
    elif not paths:
        print("Everything is up to date.")
    return 1 if check and paths else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main([a for a in arguments if a != "--check"], check="--check" in arguments))
