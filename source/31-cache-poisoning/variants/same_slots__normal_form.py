"""Every token to a list of facts."""
import re
from decimal import Decimal


def same_slots(query, cached, slots):
    def found(text):
        facts = {"#": [], "!": 0}
        for token in words(text):
            if re.search(r"\d", token):
                facts["#"].append(Decimal(token.replace(",", "")))
            if re.fullmatch(r"not|no|never|none|nor|neither|without|cannot|.*n't", token):
                facts["!"] += 1
            for name in slots:
                if token in slots[name]:
                    facts.setdefault("slot " + name, []).append(slots[name][token])
        return facts
    return found(query) == found(cached)
