"""intervals merged first, roots by walking upwards"""
from collections import defaultdict


def union(pairs):
    total, upto = 0, None
    for a, b in sorted(pairs):
        if upto is None or a > upto:
            total, upto = total + b - a, b
        elif b > upto:
            total, upto = total + b - upto, b
    return total


def span_tree(spans):
    known = {}
    for s in spans:
        if s["id"] in known or s["start"] > s["end"]:
            raise ValueError("a broken list")
        known[s["id"]] = s
    below = defaultdict(list)
    for s in spans:
        below[s["parent"]].append(s)
    tops = sorted([s for s in spans if s["parent"] is None or s["parent"] not in known], key=lambda s: s["start"])
    order, own, stack = [], {}, [(0, s) for s in tops[::-1]]
    while stack:
        depth, s = stack.pop()
        i, kids = s["id"], below[s["id"]]
        order.append((i, depth))
        inner = [(max(c["start"], s["start"]), min(c["end"], s["end"])) for c in kids]
        own[i] = s["end"] - s["start"] - union([(a, b) for a, b in inner if a < b])
        stack.extend((depth + 1, c) for c in sorted(kids, key=lambda c: c["start"])[::-1])
    return {"order": order, "self": own, "orphans": [s["id"] for s in spans if s in tops and s["parent"] is not None],
            "cyclic": [i for i in known if i not in own],
            "outside": [s["id"] for s in spans if s["id"] in own and s["parent"] is not None and s["parent"] in known
                        and not known[s["parent"]]["start"] <= s["start"] <= s["end"] <= known[s["parent"]]["end"]]}
