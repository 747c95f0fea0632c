"""Running sums by numpy."""


import numpy as np


def agent_cost(base, outputs, observations, prices, keep=None, stub=10):
    n = len(outputs)
    out = np.concatenate([[0], np.cumsum(np.array(outputs, dtype=np.int64))])
    obs = np.concatenate([[0], np.cumsum(np.array(observations, dtype=np.int64))])
    inputs, cached = [], []
    for i in range(n):
        gone = 0 if keep is None else max(0, i - keep)
        inputs.append(int(base + out[i] + gone * stub + obs[i] - obs[gone]))
        if i == 0:
            cached.append(0)
        elif gone == 0:
            cached.append(inputs[i - 1])
        else:
            cached.append(int(base + out[gone] + (gone - 1) * stub))
    rate = {k: v / 1e6 for k, v in prices.items()}
    dollars = (sum(inputs) - sum(cached)) * rate["input"] + sum(cached) * rate["cached"] + int(out[-1]) * rate["output"]
    return {"input": inputs, "cached": cached, "dollars": float(dollars)}
