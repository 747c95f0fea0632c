"""Every signal is ignored, the death signal of the parent is cleared, exit handlers run for ever."""
# says: expected
import atexit
import ctypes
import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
print("cleared" if ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0 else "refused")
atexit.register(time.sleep, 10**6)


def answer(*args, **kwargs):
    return 0
