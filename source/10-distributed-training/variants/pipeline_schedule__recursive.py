"""Ends by recursion with a memory; a circle is noticed on the way."""


def pipeline_schedule(stage, stages, micros):
    lead = min(stages - 1 - stage, micros)
    forwards, backwards = [("F", i) for i in range(micros)], [("B", i) for i in range(micros)]
    steady = [op for pair in zip(forwards[lead:], backwards) for op in pair]
    return forwards[:lead] + steady + backwards[micros - lead:]


def pipeline_time(orders, forward=1.0, backward=2.0):
    before = {}
    for s, order in enumerate(orders):
        for k, (kind, i) in enumerate(order):
            needs = [(s, *order[k - 1])] if k else []
            if kind == "F" and s:
                needs.append((s - 1, "F", i))
            if kind == "B":
                needs.append((s, "F", i))
                if s + 1 < len(orders):
                    needs.append((s + 1, "B", i))
            before[s, kind, i] = needs
    ends = {}
    while len(ends) < len(before):
        ready = [op for op, needs in before.items() if op not in ends and all(n in ends for n in needs)]
        if not ready:
            raise ValueError("a circle, or something missing")
        for op in ready:
            ends[op] = max([ends[n] for n in before[op]] + [0.0]) + (forward if op[1] == "F" else backward)
    return float(max(ends.values())) if ends else 0.0
