"""roots sorted by time, rows filled afterwards"""
from collections import defaultdict


def watch(spans, window, alpha, settings):
    traces = defaultdict(list)
    for s in spans:
        traces[s["trace"]].append(dict(s))
    good, bad = [], []
    for trace, members in traces.items():
        tree = span_tree(members)
        roots = [s for s in members if s["parent"] is None]
        ok = len(roots) == 1 and len(tree["order"]) == len(members) and not tree["orphans"]
        (good if ok else bad).append((trace, roots, members, tree))
    numbers = [roots[0]["end"] // window for _, roots, _, _ in good]
    rows = []
    if numbers:
        for number in range(min(numbers), max(numbers) + 1):
            rows.append({"window": number, "n": 0, "failed": 0, "p50": [], "p99": None, "slowest": {}, "firing": None})
    for number, (_, roots, members, tree) in zip(numbers, good):
        row = rows[number - min(numbers)]
        row["n"] += 1
        row["failed"] += 1 if roots[0]["error"] else 0
        row["p50"].append((roots[0]["end"] - roots[0]["start"]) / 1e9)
        for s in members:
            row["slowest"][s["name"]] = row["slowest"].get(s["name"], 0) + tree["self"][s["id"]]
    alert = Alert(*settings)
    for row in rows:
        counts = sketch(row["p50"], alpha)
        row["p50"], row["p99"] = quantile(counts, 0.5), quantile(counts, 0.99)
        most = max(row["slowest"].values(), default=None)
        row["slowest"] = min((name for name, own in row["slowest"].items() if own == most), default=None)
        row["firing"] = alert.step(row["failed"], row["n"])
    return rows, sorted(trace for trace, *_ in bad)
