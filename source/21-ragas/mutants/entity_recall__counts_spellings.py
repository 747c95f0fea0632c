"""Every spelling of the reference counts."""
import math
import unicodedata


def entity_recall(reference, context, aliases=None):
    def key(name):
        return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

    instead = {key(a): key(b) for a, b in (aliases or {}).items()} | {"": ""}
    wanted, there = ({instead.get(key(n), key(n)) for n in names} - {""} for names in (reference, context))
    spelt = [n for n in reference if instead.get(key(n), key(n))]
    return sum(instead.get(key(n), key(n)) in there for n in spelt) / len(spelt) if wanted else math.nan
