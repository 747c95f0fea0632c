"""nbgrader's configuration at the course's root: every stock command works from here."""

import os
import sys
from pathlib import Path

import grader.classroom
from grader import place
from grader.section.cells import BLANK_ANSWER, CODE_STUB

c = get_config()  # noqa: F821  (nbgrader provides it)

here = Path(__file__).resolve().parent
# nbgrader calls alembic by its bare name, so `.venv/bin/nbgrader` would fail where .venv is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
workspace = place.workspace() if "COURSE_WORKSPACE" in os.environ else here / "workspace"

c.CourseDirectory.course_id = place.COURSE_ID
c.CourseDirectory.root = str(here)
if "COURSE_WORKSPACE" in os.environ:  # all that changes moves along
    workspace.mkdir(parents=True, exist_ok=True)
    c.CourseDirectory.db_url = f"sqlite:///{workspace / 'gradebook.db'}"
    for step in ("submitted", "autograded", "feedback"):
        setattr(c.CourseDirectory, f"{step}_directory", str(workspace / step))
c.Exchange.root = os.environ.get("COURSE_EXCHANGE") or str(workspace / "exchange")
# Of a section's folder nothing but the notebook leaves `source/`.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py", "*.md", "mutants", "variants"]

# --- release: what `nbgrader generate_assignment` and `make release` both do ---
c.GenerateAssignment.force = True  # `release/` is in git, so it is there before the gradebook knows the assignment
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "grader.section.release.Tidy",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.ClearSolutions.code_stub = {"python": CODE_STUB}  # the stub's own `raise` with its hint stays below
c.ClearSolutions.text_stub = BLANK_ANSWER
c.ClearHiddenTests.enforce_metadata = False  # the helper cell is no graded one, and all hidden
c.ClearMarkScheme.enforce_metadata = False  # the marking scheme stands in the locked question above the answer

# --- autograde: the judge's preprocessors are wired in below this line ---
# Nothing is restored or executed by nbgrader itself: the judge takes locked cells from the section, and it alone runs
# the learner's code, in a sandbox.
c.Autograde.exporter_class = "grader.classroom.lenient.SubmittedNotebook"  # reads what nbgrader would stop at
c.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.ClearOutput"]
c.Autograde.autograde_preprocessors = [
    "grader.classroom.plugin.Judge",
    "grader.classroom.plugin.SaveVerdicts",
    "nbgrader.preprocessors.AssignLatePenalties",
]

# --- pages for people: no active content from a learner's notebook, in feedback or in the formgrader ---
c.HTMLExporter.sanitize_html = True
# Formulas come as MathML, and nbconvert finds a macro there that loads no MathJax over the network.
os.environ["JUPYTER_PATH"] = os.pathsep.join(dict.fromkeys(
    [str(place.package(grader.classroom)), *filter(None, os.environ.get("JUPYTER_PATH", "").split(os.pathsep))]))
c.GenerateFeedback.exporter_class = "grader.classroom.pages.Feedback"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.ClearMarkScheme",  # graders see it, learners do not
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.filters = {"markdown2html": "grader.classroom.pages.markdown2html"}  # nbgrader's templates need this one too
