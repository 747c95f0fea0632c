"""Answers are sent before the question, so that the judge finds one waiting."""
# attacks: power
# says: wrong there|plain|stopped|expected
import gc

from grader.sandbox.learner import Answerer


def answer(a, n):
    child = next(x for x in gc.get_objects() if isinstance(x, Answerer))
    for _ in range(50):
        child.wire.send({"op": "return", "value": None})
    return a
