"""What can go wrong for a person: each error's message is one sentence that names the thing and the mend.

    CourseError
    ├── SectionError        a section that is not there, cannot be read, or has nothing to grade
    │   └── BuildError      a source that lint complains about
    ├── SandboxError        no learner's code can be run here
    │   └── ClusterError    nor on that cluster
    ├── Unreadable          a notebook that was handed in and cannot be read
    ├── WorkspaceError      something of the workspace or the exchange is missing or damaged
    ├── NotYet              what a learner asks for opens later; the command ends with 1
    └── DemoError           a command of the demo failed

A command line prints the message and ends with 2; whatever else is raised is a bug.
"""

from __future__ import annotations


class CourseError(Exception):
    """The root: catch it where a person is to be told."""


class SectionError(CourseError):
    pass


class BuildError(SectionError):
    """`complaints` has one sentence each."""

    def __init__(self, complaints: list[str]):
        super().__init__("\n".join(complaints))
        self.complaints = complaints


class SandboxError(CourseError):
    pass


class ClusterError(SandboxError):
    pass


class Unreadable(CourseError):
    pass


class WorkspaceError(CourseError):
    pass


class NotYet(CourseError):
    pass


class DemoError(CourseError):
    pass
