"""Secrets in the environment, from os.environ and from the process's own memory."""
# says: expected
import ctypes
import os

environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
found = [*(f"{k}={v}" for k, v in os.environ.items())]
for i in range(100):
    if not environ or not environ[i]:
        break
    found.append(environ[i].decode())
print("LEAK" if any("CANARY" in x for x in found) else "nothing", os.environ.get("{environment}"))


def answer(*args, **kwargs):
    return 0
