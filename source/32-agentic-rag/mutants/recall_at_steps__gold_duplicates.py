"""Gold that stands twice is needed twice."""


def recall_at_steps(trajectories, gold, n):
    rows = []
    for path, wanted in zip(trajectories, gold):
        many, wanted = len(wanted), set(wanted)
        if wanted:
            rows.append([len(wanted & {id for step in path[:s] for id in step}) / many for s in range(1, n + 1)])
    if not rows:
        raise ValueError("no gold")
    return {"recall": [sum(r[s] for r in rows) / len(rows) for s in range(n)],
            "complete": [sum(r[s] == 1 for r in rows) / len(rows) for s in range(n)]}
