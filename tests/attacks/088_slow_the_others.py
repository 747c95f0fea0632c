"""Other processes are made slow: lowest priority, idle class, all on one core."""
# says: expected
# danger: slows the session around it
import os


def answer(*args, **kwargs):
    return 0


for pid in (int("{pid}") if "{pid}".isdigit() else 1, os.getppid(), *range(1, 200)):
    if pid == os.getpid():
        continue
    for slow in (lambda: os.setpriority(os.PRIO_PROCESS, pid, 19), lambda: os.sched_setaffinity(pid, {0}),
                 lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
                 lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19)):
        try:
            slow()
            print("SLOWED", pid)
        except OSError:
            pass
