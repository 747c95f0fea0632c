"""Two stable sorts; facts asked one by one."""


import hmac
import json


def validate(decision, facts, rules, key):
    order = sorted(sorted(rules, key=lambda r: r["id"]), key=lambda r: r["priority"], reverse=True)
    audit = {"raw": decision, "final": decision, "checked": [], "fired": []}
    for r in order:
        audit["checked"] += [r["id"]]
        if r["decisions"] is not None and audit["final"] not in r["decisions"]:
            continue
        if any(n not in facts for n in r["needs"]) or any(u in facts for u in r["unless"]):
            continue
        audit["fired"] += [r["id"]]
        audit["final"] = audit["final"] if r["override"] is None else r["override"]
        if r["stop"]:
            break
    audit["input"] = hmac.digest(key, json.dumps(sorted(facts)).encode(), "sha256").hex()
    return audit["final"], audit["fired"][:], audit
