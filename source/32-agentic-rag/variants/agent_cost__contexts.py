"""Every context as a list of pieces, compared from the front."""


def agent_cost(base, outputs, observations, prices, keep=None, stub=10):
    contexts = []
    for i in range(len(outputs)):
        pieces = [("base", base)]
        for j in range(i):
            whole = keep is None or j >= i - keep
            pieces += [(f"turn {j}", outputs[j]), (f"obs {j}", observations[j]) if whole else (f"stub {j}", stub)]
        contexts.append(pieces)
    cached = []
    for before, now in zip([[]] + contexts, contexts):
        same = 0
        for a, b in zip(before, now):
            if a != b:
                break
            same += a[1]
        cached.append(same)
    inputs = [sum(n for _, n in pieces) for pieces in contexts]
    dollars = sum((a - c) * prices["input"] + c * prices["cached"] + o * prices["output"]
                  for a, c, o in zip(inputs, cached, outputs))
    return {"input": inputs, "cached": cached, "dollars": dollars / 1_000_000}
