"""Upper and lower case differ."""

import re
from collections.abc import Sequence


def contamination_overlap(items: Sequence[str], corpus: Sequence[str], n: int = 13) -> list[float]:
    """For each item the share of its words inside runs of n words that a document has too.

    "a b c d" against ["x a b c"] at n = 3: the run a b c is shared, three of four words: [0.75].
    """
    if n < 1:
        raise ValueError("n is 1 at least")
    own = [re.findall(r"\w+", item) for item in items]
    documents = [re.findall(r"\w+", text) for text in corpus]
    lengths = {min(n, len(item)) for item in own if item}
    seen = {tuple(doc[i:i + m]) for m in lengths for doc in documents for i in range(len(doc) - m + 1)}
    shares = []
    for item in own:
        m = min(n, len(item))
        starts = [i for i in range(len(item) - m + 1) if item and tuple(item[i:i + m]) in seen]
        inside = {i + j for i in starts for j in range(m)}
        shares.append(len(inside) / len(item) if item else 0.0)
    return shares
