"""The first and the last touch on a notebook on its way to learners."""

from nbgrader.preprocessors import NbGraderPreprocessor

from .cells import kind


class DropHelper(NbGraderPreprocessor):
    """Remove the helper cell, which is all hidden; nbgrader cuts hidden tests out of graded cells only."""

    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if kind(cell) != "helper"]
        return nb, resources


class Tidy(NbGraderPreprocessor):
    """Remove jupytext's notes on blank lines, and fold the checks away: their first line says what they look at."""

    def preprocess_cell(self, cell, resources, cell_index):
        cell.source = cell.source.rstrip()  # cut regions leave blank lines behind
        if kind(cell) == "graded":
            cell.metadata.jupyter = {"source_hidden": True}
        for key in [k for k in cell.metadata if k.startswith("lines_to_")]:
            del cell.metadata[key]
        return cell, resources
