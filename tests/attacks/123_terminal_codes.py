"""Terminal codes: colours, a cleared screen, a window title, hidden text, a link."""
# says: stopped with
def answer(*args, **kwargs):
    raise ValueError("\x1b[2J\x1b[1;1H\x1b]0;owned\x07\x1b[8mhidden\x1b[0m\x9b31m \x1b]8;;http://x\x1b\\link\r100 points\b\b")


# %% after
print("\x1b[2J\x1b]0;owned\x07\x1bP+q544e\x1b\\")
