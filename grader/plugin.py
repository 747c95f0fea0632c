"""nbgrader's pipeline with the judge in it: `nbgrader autograde` and the formgrader's button use these.

Wired in by nbgrader_config.py in place of nbgrader's Execute and SaveAutoGrades, which run tests inside the learner's
process and read the score from its output.
"""

from __future__ import annotations

import atexit
import functools

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from .gradebook import record
from .judge import judge, unreadable
from .report import report
from .sandbox.host import Warm
from .section import load


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
        reason = nb.metadata.get("grader", {}).get("unreadable")  # the words of grader.lenient's exporter
        student = about["student"]
        submission = unreadable(section, student, reason) if reason else judge(section, nb, warm(), student=student)
        self.log.info("Judged %s in %.1f s, isolation %s", student, submission.seconds, warm().isolation)
        resources["verdicts"] = submission
        return report(section, nb, submission), resources


class SaveVerdicts(NbGraderPreprocessor):
    """Write the judge's verdicts into the gradebook."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            record(gradebook, resources["verdicts"], about["assignment"], about["student"])
        return nb, resources
