"""The mean over runs that are still going."""


def recall_at_steps(trajectories, gold, n):
    rows = []
    for path, wanted in zip(trajectories, gold):
        wanted = set(wanted)
        if wanted:
            rows.append([len(wanted & {id for step in path[:s] for id in step}) / len(wanted) for s in range(1, n + 1)])
    if not rows:
        raise ValueError("no gold")
    lengths = [len(path) for path, wanted in zip(trajectories, gold) if set(wanted)]

    def going(s):
        return [r for r, length in zip(rows, lengths) if length > s]

    return {"recall": [sum(r[s] for r in going(s)) / max(len(going(s)), 1) for s in range(n)],
            "complete": [sum(r[s] == 1 for r in rows) / len(rows) for s in range(n)]}
