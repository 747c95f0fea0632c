"""The judge's function is called with what must not break it: hostile types, negative numbers, other functions."""
# attacks: greedy
# says: stopped with ValueError: all refused
import gc

from grader.sandbox.learner import Answerer


def answer(step, token, n):
    for argument in (10**400, "x" * 1000, [[[]]], None, float("nan"), answer, object()):
        try:
            step(argument)
        except Exception:
            pass
    child = next(x for x in gc.get_objects() if isinstance(x, Answerer))
    for target in (-1, 10**30, "0", None, [0], True):
        child.wire.send({"op": "callback", "target": target, "args": {}})
        child.wire.receive()
    raise ValueError("all refused")
