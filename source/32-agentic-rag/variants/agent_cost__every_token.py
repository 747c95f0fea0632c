"""Contexts as lists of marked tokens, compared one by one."""


def agent_cost(base, outputs, observations, prices, keep=None, stub=10):
    def context(i):
        tokens = [("base", t) for t in range(base)]
        for j in range(i):
            tokens += [("out", j, t) for t in range(outputs[j])]
            if keep is None or j >= i - keep:
                tokens += [("obs", j, t) for t in range(observations[j])]
            else:
                tokens += [("stub", j, t) for t in range(stub)]
        return tokens

    inputs, cached, before = [], [], []
    for i in range(len(outputs)):
        now = context(i)
        same = 0
        for a, b in zip(before, now):
            if a != b:
                break
            same += 1
        inputs.append(len(now))
        cached.append(same)
        before = now
    new = [a - b for a, b in zip(inputs, cached)]
    dollars = (sum(new) * prices["input"] + sum(cached) * prices["cached"] + sum(outputs) * prices["output"]) / 1_000_000
    return {"input": inputs, "cached": cached, "dollars": float(dollars)}
