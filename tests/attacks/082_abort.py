"""os.abort."""
# says: ended its process
import os


def answer(*args, **kwargs):
    os.abort()
