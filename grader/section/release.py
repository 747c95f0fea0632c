"""The last touch on a notebook on its way to learners."""

from nbgrader.preprocessors import NbGraderPreprocessor

from .cells import kind
from .links import linked


class Tidy(NbGraderPreprocessor):
    """Remove jupytext's notes on blank lines, link other sections, and fold the checks away: their first line says what they
    look at.

    Of the helper an empty cell stays: by it plain nbgrader finds the place where to put the oracles back.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        cell.source = cell.source.rstrip()  # cut regions leave blank lines behind
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source)
        if kind(cell) in ("graded", "helper"):
            cell.metadata.jupyter = {"source_hidden": True}
        for key in [k for k in cell.metadata if k.startswith("lines_to_")]:
            del cell.metadata[key]
        return cell, resources
