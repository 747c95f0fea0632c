"""A detached process that is to live on after the grading, and a thread that does so in the loop's place."""
# says: expected
# danger: leaves a process behind
import os
import subprocess
import sys
import threading
import time


def answer(*args, **kwargs):
    return 0


threading.Thread(target=time.sleep, args=(10**6,)).start()
for start in (lambda: subprocess.Popen(["sleep", "1000"], start_new_session=True), os.fork,
              lambda: os.posix_spawn(sys.executable, ["python", "-c", "import time; time.sleep(1000)"], {})):
    try:
        if start() == 0:
            os.setsid()
            time.sleep(1000)
    except OSError:
        pass
