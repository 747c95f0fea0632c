"""Messages by hand: shapes, strides, sizes and buffer numbers that do not fit."""
# says: no plain value
import itertools

import grader.sandbox.values

lies = itertools.cycle([
    {"tensor": 0, "dtype": "float32", "shape": [2**40], "stride": [0]},
    {"tensor": -1, "dtype": "float32", "shape": [-1], "stride": None},
    {"tensor": 10**9, "dtype": "float32", "shape": [2], "stride": [10**18]},
    {"tensor": 0, "dtype": "float32", "shape": "22", "stride": None},
    {"array": 0, "dtype": "object", "shape": [2], "order": "C"},
    {"array": {}, "dtype": [], "shape": {}, "order": 7},
    {"scalar": 0, "dtype": "f8", "shape": [2**62, 2**62], "order": "C"},
    {"dict": [[[], 1]]}, {"dict": 5}, {"set": [[1]]}, {"complex": [1, 2, 3]}, {"range": [0, 10**30]}, {"float": {}}, {},
    {"dataclass": "course.duel:Outcome", "fields": 5}, {"dataclass": "os:system", "fields": {}}, {"bytes": -5},
    {"ref": "x"}, {"ref": 1}, {"own": -1}, {"own": "a"}, {"int": 5}, {"dtype": []}, {"unknown": None},
])
grader.sandbox.values.Encoder.encode = lambda self, x, depth=0: next(lies)


def answer(*args, **kwargs):
    return 0
