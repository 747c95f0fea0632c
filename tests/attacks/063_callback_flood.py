"""Callbacks are sent by the thousand, and their answers never read."""
# attacks: greedy
# says: out of time
import gc

from grader.sandbox.learner import Answerer


def answer(step, token, n):
    child = next(x for x in gc.get_objects() if isinstance(x, Answerer))
    while True:
        child.wire.send({"op": "callback", "target": 0, "args": {"tuple": [{"tuple": [1]}, {"dict": []}]}})
