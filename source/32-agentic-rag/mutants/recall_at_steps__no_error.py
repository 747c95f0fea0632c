"""0.0 where no question has gold."""


def recall_at_steps(trajectories, gold, n):
    rows = []
    for path, wanted in zip(trajectories, gold):
        wanted = set(wanted)
        if wanted:
            rows.append([len(wanted & {id for step in path[:s] for id in step}) / len(wanted) for s in range(1, n + 1)])
    if not rows:
        return {"recall": [0.0] * n, "complete": [0.0] * n}
    return {"recall": [sum(r[s] for r in rows) / len(rows) for s in range(n)],
            "complete": [sum(r[s] == 1 for r in rows) / len(rows) for s in range(n)]}
