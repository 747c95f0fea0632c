"""the sum of the children, not their union"""
from collections import defaultdict
from collections.abc import Mapping, Sequence


def span_tree(spans: Sequence[Mapping]) -> dict[str, list | dict]:
    by_id = {s["id"]: s for s in spans}
    if len(by_id) < len(spans) or any(s["end"] < s["start"] for s in spans):
        raise ValueError("two spans with one id, or an end before its start")
    children = defaultdict(list)
    for s in sorted(spans, key=lambda s: s["start"]):  # stable: ties stay as they stood
        children[s["parent"] if s["parent"] in by_id else None].append(s)
    order, own = [], {}
    stack = [(s, 0) for s in reversed(children[None])]
    while stack:
        s, depth = stack.pop()
        order.append((s["id"], depth))
        reached, busy = s["start"], 0
        for c in children[s["id"]]:
            start, end = max(c["start"], s["start"]), min(c["end"], s["end"])
            busy += max(end - start, 0)
            reached = max(reached, end)
        own[s["id"]] = s["end"] - s["start"] - busy
        stack += [(c, depth + 1) for c in reversed(children[s["id"]])]
    inside = [s for s in spans if s["id"] in own and s["parent"] in by_id]
    return {"order": order, "self": own, "cyclic": [s["id"] for s in spans if s["id"] not in own],
            "orphans": [s["id"] for s in spans if s["parent"] is not None and s["parent"] not in by_id],
            "outside": [s["id"] for s in inside if s["start"] < by_id[s["parent"]]["start"]
                        or s["end"] > by_id[s["parent"]]["end"]]}
