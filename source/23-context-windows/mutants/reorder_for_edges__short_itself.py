"""A list of one or none is handed back itself."""
from collections.abc import Sequence


def reorder_for_edges(docs: Sequence, scores: Sequence[float], strong: str = "start") -> list:
    if len(docs) != len(scores) or strong not in ("start", "end"):
        raise ValueError("one score a document; strong is 'start' or 'end'")
    if len(docs) < 2:
        return docs
    ranked = [docs[i] for i in sorted(range(len(docs)), key=lambda i: scores[i], reverse=True)]
    ordered = ranked[::2] + ranked[1::2][::-1]
    return ordered if strong == "start" else ordered[::-1]
