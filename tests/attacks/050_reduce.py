"""An object that runs a command when it is unpickled."""
# says: expected
import os


class Bomb:
    def __reduce__(self):
        return os.system, ("echo pickled >> {file}",)

    __reduce_ex__ = lambda self, protocol: self.__reduce__()
    __deepcopy__ = __copy__ = lambda self, *args: self


def answer(*args, **kwargs):
    return Bomb()
