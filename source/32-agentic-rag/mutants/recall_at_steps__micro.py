"""All chunks of all questions in one pot."""


def recall_at_steps(trajectories, gold, n):
    rows = []
    for path, wanted in zip(trajectories, gold):
        wanted = set(wanted)
        if wanted:
            rows.append([len(wanted & {id for step in path[:s] for id in step}) / len(wanted) for s in range(1, n + 1)])
    if not rows:
        raise ValueError("no gold")
    sizes = [len(set(wanted)) for wanted in gold if set(wanted)]
    return {"recall": [sum(r[s] * w for r, w in zip(rows, sizes)) / sum(sizes) for s in range(n)],
            "complete": [sum(r[s] == 1 for r in rows) / len(rows) for s in range(n)]}
