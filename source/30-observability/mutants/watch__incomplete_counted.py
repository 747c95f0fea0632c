"""incomplete traces count with what is left of them"""
from collections import defaultdict
from collections.abc import Mapping, Sequence


def watch(spans: Sequence[Mapping], window: int, alpha: float,
          settings: tuple[float, float, int, float, int]) -> tuple[list[dict], list[int]]:
    traces, incomplete, seen = defaultdict(list), [], defaultdict(list)
    for s in spans:
        traces[s["trace"]].append(s)
    for trace, members in traces.items():
        tree, tops = span_tree(members), [s for s in members if s["parent"] is None]
        if len(tops) != 1 or tree["orphans"] or tree["cyclic"]:
            incomplete.append(trace)
        if tops:
            seen[tops[0]["end"] // window].append((tops[0], members, tree["self"]))
    alert, rows = Alert(*settings), []
    for number in range(min(seen), max(seen) + 1) if seen else ():
        found, work = seen.get(number, []), defaultdict(int)
        for _, members, own in found:
            for s in members:
                work[s["name"]] += own[s["id"]]
        durations = sketch([(root["end"] - root["start"]) / 1e9 for root, _, _ in found], alpha)
        failed = sum(bool(root["error"]) for root, _, _ in found)
        rows.append({"window": number, "n": len(found), "failed": failed, "p50": quantile(durations, 0.5),
                     "p99": quantile(durations, 0.99), "slowest": min(work, key=lambda w: (-work[w], w),
                                                                      default=None),
                     "firing": alert.step(failed, len(found))})
    return rows, sorted(incomplete)
