"""A cell that never ends, so that the others wait."""
# says: out of time
# danger: stock nbgrader waits for its own time limit
while True:
    pass
