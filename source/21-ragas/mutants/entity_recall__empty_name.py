"""The empty key is a name."""
import math
import unicodedata


def entity_recall(reference, context, aliases=None):
    def key(name):
        return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

    instead = {key(a): key(b) for a, b in (aliases or {}).items()}
    wanted, there = ({instead.get(key(n), key(n)) for n in names} for names in (reference, context))
    return len(wanted & there) / len(wanted) if wanted else math.nan
