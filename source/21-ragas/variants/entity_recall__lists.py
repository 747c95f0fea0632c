"""With dicts as ordered sets."""
import math
import unicodedata


def entity_recall(reference, context, aliases=None):
    def key(name):
        words = unicodedata.normalize("NFKC", name).casefold().split()
        return " ".join(words)

    swap = dict((key(a), key(b)) for a, b in dict(aliases or {}).items() if key(a))
    wanted = dict.fromkeys(swap.get(k, k) for k in map(key, reference))
    wanted.pop("", None)
    there = [swap.get(k, k) for k in map(key, context)]
    if not wanted:
        return math.nan
    return len([k for k in wanted if k in there]) / len(wanted)
