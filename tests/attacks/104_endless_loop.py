"""A loop without end, in Python and in C where no signal handler gets a turn."""
# says: out of time
# danger: stock nbgrader waits for its own time limit
def answer(logits, *args):
    if logits.dim() == 2:
        sum(range(10**15))
    while True:
        pass
