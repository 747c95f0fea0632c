"""The documents are sorted in place."""
from collections.abc import Sequence


def reorder_for_edges(docs: Sequence, scores: Sequence[float], strong: str = "start") -> list:
    if len(docs) != len(scores) or strong not in ("start", "end"):
        raise ValueError("one score a document; strong is 'start' or 'end'")
    ranked = [docs[i] for i in sorted(range(len(docs)), key=lambda i: scores[i], reverse=True)]
    ordered = ranked[::2] + ranked[1::2][::-1]
    docs[:] = ranked
    return ordered if strong == "start" else ordered[::-1]
