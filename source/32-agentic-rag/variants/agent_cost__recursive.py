"""Recursive over the last call."""


def agent_cost(base, outputs, observations, prices, keep=None, stub=10):
    if len(outputs) == 0:
        return {"input": [], "cached": [], "dollars": 0.0}
    before = agent_cost(base, outputs[:-1], observations[:-1], prices, keep, stub)
    i = len(outputs) - 1
    gone = 0 if keep is None else max(i - keep, 0)
    size = base + sum(outputs[:i]) + gone * stub + sum(observations[gone:i])
    if i == 0:
        hit = 0
    elif gone == 0:
        hit = before["input"][-1]
    else:
        hit = base + sum(outputs[:gone]) + (gone - 1) * stub
    spent = ((size - hit) * prices["input"] + hit * prices["cached"] + outputs[-1] * prices["output"]) / 1e6
    return {"input": [*before["input"], size], "cached": [*before["cached"], hit], "dollars": before["dollars"] + spent}
