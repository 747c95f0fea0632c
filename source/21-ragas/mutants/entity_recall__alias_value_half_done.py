"""What an alias gives is casefolded and stripped, and no more."""
import math
import unicodedata


def entity_recall(reference, context, aliases=None):
    def key(name):
        return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    table = {key(a): b.casefold().strip() for a, b in (aliases or {}).items()}
    table.pop("", None)
    def keys(names):
        out = {table.get(key(n), key(n)) for n in names}
        return out - {""}
    ref, ctx = keys(reference), keys(context)
    return len(ref & ctx) / len(ref) if ref else math.nan
