"""An alias is looked up again and again."""
import math
import unicodedata


def entity_recall(reference, context, aliases=None):
    def key(name):
        return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

    instead = {key(a): key(b) for a, b in (aliases or {}).items()} | {"": ""}
    def last(k, seen=()):
        return last(instead[k], (*seen, k)) if k in instead and k not in seen else k

    wanted, there = ({last(key(n)) for n in names} - {""} for names in (reference, context))
    return len(wanted & there) / len(wanted) if wanted else math.nan
