"""Exceptions by hand: kinds that end interpreters, loops and threads, and fields of the wrong type."""
# says: stopped with
import gc
import itertools

from grader.sandbox.learner import Answerer

errors = itertools.cycle([
    {"kind": "StopIteration"}, {"kind": "KeyboardInterrupt"}, {"kind": "GeneratorExit"}, {"kind": "SystemExit"},
    {"kind": "BaseException"}, {"kind": "exec", "message": {}}, {"kind": ["a"], "type": {}, "line": 5}, 5, "text", [], None,
    {"kind": "UnicodeDecodeError"}, {"kind": "BaseExceptionGroup"}, {"kind": "ExceptionGroup", "message": "x"},
    {"kind": "StopAsyncIteration"}, {"kind": "AssertionError"}, {"kind": "Warning", "message": 10**100},
])
for child in [x for x in gc.get_objects() if isinstance(x, Answerer)]:
    child.answers["call"] = child.answers["grad"] = lambda *args: ({"op": "raise", "error": next(errors)}, [])


def answer(*args, **kwargs):
    return 0
