"""From the weakest outwards, as LangChain does."""
import numpy as np


def reorder_for_edges(docs, scores, strong="start"):
    if strong != "start" and strong != "end" or len(list(docs)) != len(list(scores)):
        raise ValueError("bad arguments")
    order = np.argsort(-np.array(scores, dtype=np.float64), kind="stable")
    out = []
    for rank in range(len(docs) - 1, -1, -1):
        doc = docs[order[rank]]
        out = [doc] + out if (rank % 2 == 0) == (strong == "start") else out + [doc]
    return out
