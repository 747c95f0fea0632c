"""Two loops."""


def stage_recall(survivors, relevant):
    out = []
    for stage in survivors:
        hits = 0
        for d in stage:
            if d in relevant:
                hits += 1
        out.append(hits / max(1, len(relevant)))
    return out
