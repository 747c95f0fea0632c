"""A null pointer is read through ctypes."""
# says: ended its process
import ctypes


def answer(*args, **kwargs):
    ctypes.string_at(0)
