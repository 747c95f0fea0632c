"""A subclass of str that equals everything."""
# attacks: greedy
# says: expected
class Equal(str):
    __eq__ = __contains__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = __abs__ = lambda self, *args: 0
    __radd__ = lambda self, other: 8
    __len__ = lambda self: 6
    __getitem__ = lambda self, i: self
    __str__ = lambda self: "8"
    __hash__ = str.__hash__


def answer(step, token, n):
    return Equal("8")
