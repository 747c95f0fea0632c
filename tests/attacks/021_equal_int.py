"""A subclass of int that equals every number, is always near, and prints as the answer."""
# attacks: greedy
# says: wrong|expected
class Equal(int):
    __eq__ = __ge__ = __le__ = lambda self, other: True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __sub__ = __rsub__ = lambda self, other: 0
    __radd__ = __add__ = lambda self, other: Equal(8)
    __str__ = __repr__ = __format__ = lambda self, *args: "8"
    __hash__ = int.__hash__


def answer(step, token, n):
    return [Equal(5)] * n
