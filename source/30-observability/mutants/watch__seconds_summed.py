"""self times are added up in seconds, as floats"""
from collections import defaultdict


def watch(spans, window, alpha, settings):
    traces = defaultdict(list)
    for s in spans:
        traces[s["trace"]].append(s)
    windows, incomplete = defaultdict(list), []
    for key, group in traces.items():
        tree = span_tree(group)
        roots = [s for s in group if s["parent"] is None]
        if len(roots) != 1 or tree["orphans"] or tree["cyclic"]:
            incomplete.append(key)
        else:
            windows[roots[0]["end"] // window].append((roots[0], group, tree["self"]))
    rows, alert = [], Alert(*settings)
    for w in range(min(windows), max(windows) + 1) if windows else ():
        own, durations, failed = defaultdict(int), [], 0
        for root, group, times in windows.get(w, ()):
            durations.append((root["end"] - root["start"]) / 1e9)
            failed += bool(root["error"])
            for s in group:
                own[s["name"]] += times[s["id"]] / 1e9
        n = len(durations)
        counted = sketch(durations, alpha)
        rows.append({"window": w, "n": n, "failed": failed, "p50": quantile(counted, 0.5), "p99": quantile(counted, 0.99),
                     "slowest": min(own, key=lambda name: (-own[name], name)) if own else None,
                     "firing": alert.step(failed, n)})
    return rows, sorted(incomplete)
