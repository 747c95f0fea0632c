"""windows first, an own trace of names"""
from collections import Counter


def watch(spans, window, alpha, settings):
    groups = {}
    for s in spans:
        groups.setdefault(s["trace"], []).append(s)
    broken, windows = [], {}
    for trace in sorted(groups):
        roots = [s for s in groups[trace] if s["parent"] is None]
        tree = span_tree(groups[trace])
        if len(roots) == 1 and not tree["orphans"] and not tree["cyclic"]:
            windows.setdefault(roots[0]["end"] // window, []).append((roots[0], tree))
        else:
            broken.append(trace)
    if not windows:
        return [], broken
    alert, rows = Alert(*settings), []
    for number in range(min(windows), max(windows) + 1):
        here = windows.get(number, [])
        seconds = [(root["end"] - root["start"]) / 1e9 for root, _ in here]
        names = Counter()
        for root, tree in here:
            called = {s["id"]: s["name"] for s in groups[root["trace"]]}
            for i, own in tree["self"].items():
                names[called[i]] += own
        counts = merge_sketches([sketch([x], alpha) for x in seconds] or [sketch([], alpha)])
        bad = len([1 for root, _ in here if root["error"]])
        rows.append(dict(window=number, n=len(here), failed=bad, p50=quantile(counts, 0.5), p99=quantile(counts, 0.99),
                         slowest=sorted(names, key=lambda name: (-names[name], name))[0] if here else None,
                         firing=alert.step(bad, len(here))))
    return rows, broken
