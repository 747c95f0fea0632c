"""Place by place."""


def reorder_for_edges(docs, scores, strong="start"):
    if strong not in {"start", "end"}:
        raise ValueError(strong)
    if len(docs) != len(scores):
        raise ValueError("lengths")
    pairs = sorted(enumerate(docs), key=lambda pair: -scores[pair[0]])
    out, low, high = [None] * len(docs), 0, len(docs) - 1
    front = strong == "start"
    for _, doc in pairs:
        if front:
            out[low] = doc
            low += 1
        else:
            out[high] = doc
            high -= 1
        front = not front
    return out
