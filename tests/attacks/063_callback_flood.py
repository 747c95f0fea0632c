"""Callbacks are sent by the thousand, and their answers never read."""
# attacks: greedy
# says: out of time
import gc

from grader.sandbox.learner import Child


def answer(step, token, n):
    child = next(x for x in gc.get_objects() if isinstance(x, Child))
    while True:
        child.wire.send({"op": "callback", "target": 0, "args": {"tuple": [{"tuple": [1]}, {"dict": []}]}})
