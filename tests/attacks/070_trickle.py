"""An answer that comes one byte at a time and never ends."""
# says: out of time
import gc
import struct
import time

from grader.sandbox.learner import Answerer


def answer(*args, **kwargs):
    child = next(x for x in gc.get_objects() if isinstance(x, Answerer))
    child.wire.sock.send(struct.pack("<I", 1000))
    while True:
        child.wire.sock.send(b" ")
        time.sleep(0.01)
