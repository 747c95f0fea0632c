"""Recursion without end, with the interpreter's limit lifted: the C stack overflows."""
# says: ended its process|out of memory
import sys

sys.setrecursionlimit(10**9)


def answer(*args, **kwargs):
    return max([1], key=lambda _: answer())
