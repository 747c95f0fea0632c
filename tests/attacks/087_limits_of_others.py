"""The limits of other processes of the same user are lowered (prlimit), until they die or cannot open a file."""
# says: expected
# danger: breaks the grader and the session around it
import os
import resource


def answer(*args, **kwargs):
    return 0


for pid in (int("{pid}") if "{pid}".isdigit() else 1, os.getppid(), *range(1, 200)):
    if pid == os.getpid():
        continue
    for what in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS):
        try:
            resource.prlimit(pid, what, (0, 0))
        except (OSError, ValueError):
            pass
