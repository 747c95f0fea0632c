"""Reports on cells by hand: their output and error are of the wrong type."""
# says: stopped with an exception|stopped:
import gc

from grader.sandbox.learner import Answerer


def answer(*args, **kwargs):
    return 0


def lie(head, buffers):
    return {"op": "raise", "stdout": {"a": [1]}, "error": "boo", "value": {}}, []


for child in [x for x in gc.get_objects() if isinstance(x, Answerer)]:
    child.answers["exec"] = child.answers["call"] = lie
# %% after
1
# %% after
2
