"""A section's reference solution, as a namespace, for the tests that compare it with libraries."""

from importlib import import_module
from pathlib import Path

from grader.section.load import load

ROOT = Path(__file__).resolve().parent.parent


def cells(section: str, tag: str) -> list[str]:
    """The sources of the section's cells that carry `tag`."""
    return [cell.source for cell in _notebook(section) if tag in cell.metadata.get("tags", [])]


def graded(section: str) -> dict[str, str]:
    """grade_id -> source of the section's graded code cells, hidden tests included."""
    return {cell.metadata["nbgrader"]["grade_id"]: cell.source for cell in _notebook(section)
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")}


def shown_module(section: str) -> str:
    """14-kv-cache -> kv_cache, the section's module in course/sections/."""
    return section[3:].replace("-", "_")


def reference(section: str) -> dict:
    """The names that setup and reference solution define, and the section's module of the shown side."""
    module = shown_module(section)
    namespace: dict = {"__name__": section, module: import_module(f"course.sections.{module}")}
    for cell in _notebook(section):
        meta = cell.metadata.get("nbgrader", {})
        stub = cell.cell_type == "code" and meta.get("solution") and not meta.get("grade")
        if stub or "setup" in cell.metadata.get("tags", []):
            exec(compile(cell.source, f"<{section} {meta.get('grade_id')}>", "exec"), namespace)
    return namespace


def _notebook(section: str):
    return load(section, ROOT).notebook.cells
