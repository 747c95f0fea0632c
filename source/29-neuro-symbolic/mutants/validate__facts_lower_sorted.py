"""Facts are sorted without case."""
import hashlib
import hmac
import json


def validate(decision, facts, rules, key):
    raw, fired, checked = decision, [], []
    for rule in sorted(rules, key=lambda r: (-r["priority"], r["id"])):
        checked.append(rule["id"])
        if not all(f in facts for f in rule["needs"]) or any(f in facts for f in rule["unless"]):
            continue
        if rule["decisions"] is not None and decision not in rule["decisions"]:
            continue
        fired.append(rule["id"])
        if rule["override"] is not None:
            decision = rule["override"]
        if rule["stop"]:
            break
    seal = hmac.new(key, json.dumps(sorted(facts, key=str.lower)).encode("utf-8"), hashlib.sha256).hexdigest()
    return decision, fired, {"raw": raw, "final": decision, "checked": checked, "fired": list(fired), "input": seal}
