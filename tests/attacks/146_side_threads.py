"""Threads that compute while it is the reference's turn, to slow it down."""
# attacks: power
# says: too slow|out of time|close to the limit
# danger: takes all cores
import hashlib
import threading

data = bytes(1 << 20)


def spin():
    while True:
        hashlib.sha256(data).digest()


for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()


def answer(a, n):
    out = a
    for _ in range(n - 1):
        out = out @ a
    return out
