"""The last touch on a notebook before learners get it: what only its author's tools need is taken off."""

from nbgrader.preprocessors import NbGraderPreprocessor


class Tidy(NbGraderPreprocessor):
    """Remove jupytext's pairing (a learner's save would write a `.py`) and its notes on blank lines."""

    def preprocess(self, nb, resources):
        nb.metadata.pop("jupytext", None)
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, cell_index):
        cell.source = cell.source.rstrip()  # cut regions leave blank lines behind
        for key in [k for k in cell.metadata if k.startswith("lines_to_")]:
            del cell.metadata[key]
        return cell, resources
