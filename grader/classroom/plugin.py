"""nbgrader's pipeline with the judge in it: `nbgrader autograde` and the formgrader's button use these.

Wired in by nbgrader_config.py in place of nbgrader's Execute and SaveAutoGrades, which run tests inside the learner's
process and read the score from its output.
"""

from __future__ import annotations

import atexit
import functools
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from ..intake.submissions import Received
from ..judge.bench import judge_received
from ..sandbox.host import Warm
from ..section.load import load
from .gradebook import record
from .kept import keep
from .report import report


@functools.cache
def warm() -> Warm:
    """One warm parent for all submissions that this process grades."""
    parent = Warm()
    atexit.register(parent.close)
    return parent


class Judge(NbGraderPreprocessor):
    """Judge the notebook and put a verdict under each graded cell; the verdicts go on in `resources`."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        section = load(about["assignment"])
        read = nb.metadata.get("grader", {})  # the words of lenient.py
        reason = read.get("unreadable", "")
        received = Received(None if reason else nb, reason, read.get("digest", ""))
        result = judge_received(section, received, warm(), student=about["student"])
        self.log.info("Judged %s in %.1f s, isolation %s", result.student, result.seconds, warm().isolation)
        resources["verdicts"] = result
        return report(section, result), resources


class SaveVerdicts(NbGraderPreprocessor):
    """Write the judge's verdicts into the gradebook, and beside the judged notebook for `grader grade`."""

    def preprocess(self, nb, resources):
        about, result = resources["nbgrader"], resources["verdicts"]
        with Gradebook(about["db_url"]) as gradebook:
            record(gradebook, result, about["assignment"], about["student"])
        keep(Path(resources["metadata"]["path"]), load(about["assignment"]), result)
        return nb, resources
