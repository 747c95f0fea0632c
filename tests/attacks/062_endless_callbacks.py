"""The judge's function is called without end."""
# attacks: greedy
# says: out of time
def answer(step, token, n):
    while True:
        step(token)
