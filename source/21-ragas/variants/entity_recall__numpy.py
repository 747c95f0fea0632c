"""numpy's set routines."""
import math
import unicodedata

import numpy as np


def entity_recall(reference, context, aliases=None):
    def key(name):
        return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

    table = {key(a): key(b) for a, b in (aliases or {}).items() if key(a)}
    a, b = ([table.get(k, k) for k in map(key, names)] for names in (reference, context))
    mine = np.unique([k for k in a if k])
    return float(np.isin(mine, np.unique([k for k in b if k])).mean()) if mine.size else math.nan
