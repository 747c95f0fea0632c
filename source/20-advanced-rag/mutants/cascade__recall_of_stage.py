"""stage_recall measures each stage against the one before it, so that losses do not add up."""
def stage_recall(survivors, relevant):
    out, alive = [], set(relevant)
    for s in survivors:
        left = alive & set(s)
        out.append(len(left) / len(alive) if alive else 0.0)
        alive = left
    return out
