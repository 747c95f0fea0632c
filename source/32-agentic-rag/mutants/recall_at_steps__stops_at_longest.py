"""Curves as long as the longest run."""


def recall_at_steps(trajectories, gold, n):
    rows = []
    n = min(n, max(map(len, trajectories), default=0))
    for path, wanted in zip(trajectories, gold):
        wanted = set(wanted)
        if wanted:
            rows.append([len(wanted & {id for step in path[:s] for id in step}) / len(wanted) for s in range(1, n + 1)])
    if not rows:
        raise ValueError("no gold")
    return {"recall": [sum(r[s] for r in rows) / len(rows) for s in range(n)],
            "complete": [sum(r[s] == 1 for r in rows) / len(rows) for s in range(n)]}
