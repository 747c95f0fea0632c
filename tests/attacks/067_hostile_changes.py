"""In-place changes by hand: of arguments that do not exist, by things that do not fit."""
# says: changes what was not passed
import itertools

from grader.sandbox.learner import Answerer

changes = itertools.cycle([5, "ab", [5], [[0]], [[7, 1]], [[-1, {}]], [["x", 1]], [[{}, 1]], [[None, None]], {"a": 1},
                           [[0, {"tensor": 0, "dtype": "float32", "shape": [3], "stride": None}]], [[0, "text"]]])
call = Answerer.call


def lie(self, head, buffers):
    reply, out = call(self, head, buffers)
    return {**reply, "changed": next(changes)}, out


for child in [x for x in __import__("gc").get_objects() if isinstance(x, Answerer)]:
    child.answers["call"] = lambda head, buffers, child=child: lie(child, head, buffers)


def answer(*args, **kwargs):
    return 0
