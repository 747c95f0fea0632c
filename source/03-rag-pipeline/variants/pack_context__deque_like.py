"""The edges are filled alternately from both sides."""


def pack_context(chunks, budget, separator=2, order="edges"):
    if order not in {"score", "document", "edges"}:
        raise ValueError(order)
    ranked, used, kept = sorted(enumerate(chunks), key=lambda pair: pair[1][0], reverse=True), 0, []
    for i, (_, tokens) in ranked:
        if used + tokens + separator * bool(kept) <= budget:
            used += tokens + separator * bool(kept)
            kept.append(i)
    if order == "score":
        return tuple(kept)
    if order == "document":
        return tuple(sorted(kept))
    front, back = [], []
    for rank, i in enumerate(kept):
        (back if rank % 2 else front).append(i)
    return tuple(front + back[::-1])
