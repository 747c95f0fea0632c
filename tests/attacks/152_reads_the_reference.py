"""The reference's own function is looked for among all functions in the process and used."""
# attacks: power
# says: too slow|wrong there|stopped
import gc
import types


def answer(a, n):
    for f in gc.get_objects():
        if isinstance(f, types.FunctionType) and f.__name__ == "{name}" and f is not answer:
            return f(a, n)
    return a
