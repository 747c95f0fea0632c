"""sys.exit in a cell and in the function."""
# says: exit
import sys


def answer(*args, **kwargs):
    sys.exit(0)


# %% after
import sys
sys.exit(0)
