"""By a regular expression and loops."""
import unicodedata
import re


def _key(name):
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()


def entity_recall(reference, context, aliases=None):
    table = {}
    for name, other in (aliases or {}).items():
        table[_key(name)] = _key(other)

    table.pop("", None)

    def names(given):
        found = set()
        for name in given:
            k = _key(name)
            k = table[k] if k in table else k
            if k:
                found.add(k)
        return found

    mine, other = names(reference), names(context)
    return sum(k in other for k in mine) / len(mine) if mine else float("nan")
