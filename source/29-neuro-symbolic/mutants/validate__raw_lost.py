"""The record holds the final decision as the raw one."""
import hashlib
import hmac
import json


def validate(decision, facts, rules, key):
    now, checked, fired = decision, [], []
    for rule in sorted(rules, key=lambda r: (-r["priority"], r["id"])):
        checked.append(rule["id"])
        applies = rule["decisions"] is None or now in rule["decisions"]
        if not applies or not set(rule["needs"]) <= set(facts) or set(rule["unless"]) & set(facts):
            continue
        fired.append(rule["id"])
        if rule["override"] is not None:
            now = rule["override"]
        if rule["stop"]:
            break
    seal = hmac.new(key, json.dumps(sorted(facts)).encode("utf-8"), hashlib.sha256).hexdigest()
    return now, fired, {"raw": now, "final": now, "checked": checked, "fired": list(fired), "input": seal}
