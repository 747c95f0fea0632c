"""An answer that comes one byte at a time and never ends."""
# says: out of time
import gc
import struct
import time

from grader.sandbox.learner import Child


def answer(*args, **kwargs):
    child = next(x for x in gc.get_objects() if isinstance(x, Child))
    child.wire.sock.send(struct.pack("<I", 1000))
    while True:
        child.wire.sock.send(b" ")
        time.sleep(0.01)
