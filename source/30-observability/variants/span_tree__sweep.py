"""self time by a sweep over the marks, levels by a list"""


def span_tree(spans):
    ids = [s["id"] for s in spans]
    if len(set(ids)) != len(ids):
        raise ValueError("twice the same id")
    if any(s["end"] - s["start"] < 0 for s in spans):
        raise ValueError("negative duration")
    by_id, children, roots = dict(zip(ids, spans)), {i: [] for i in ids}, []
    for s in spans:
        (children[s["parent"]] if s["parent"] is not None and s["parent"] in by_id else roots).append(s)
    order, own, todo = [], {}, [(s["id"], 0) for s in sorted(roots, key=lambda s: s["start"])][::-1]
    while todo:
        i, depth = todo.pop()
        order.append((i, depth))
        a, b = by_id[i]["start"], by_id[i]["end"]
        marks = []
        for c in children[i]:
            start, end = max(a, c["start"]), min(b, c["end"])
            if start < end:
                marks += [(start, 1), (end, -1)]
        free, open_, last = 0, 0, a
        for x, step in sorted(marks):
            if open_ == 0:
                free += x - last
            open_, last = open_ + step, x
        own[i] = free + b - last
        todo.extend([(c["id"], depth + 1) for c in sorted(children[i], key=lambda s: s["start"])][::-1])
    out = {"order": order, "self": own, "orphans": [], "cyclic": [], "outside": []}
    for s in spans:
        parent = by_id.get(s["parent"])
        if s["id"] not in own:
            out["cyclic"].append(s["id"])
        elif parent is None and s["parent"] is not None:
            out["orphans"].append(s["id"])
        elif parent is not None and (s["start"] < parent["start"] or s["end"] > parent["end"]):
            out["outside"].append(s["id"])
    return out
