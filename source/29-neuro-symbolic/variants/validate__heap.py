"""A heap instead of a sort."""


import heapq
import hmac
import json


def validate(decision, facts, rules, key):
    heap = [(-r["priority"], r["id"], i) for i, r in enumerate(rules)]
    heapq.heapify(heap)
    facts, final, checked, fired, done = frozenset(facts), decision, [], [], False
    while heap and not done:
        _, name, i = heapq.heappop(heap)
        r = rules[i]
        checked.append(name)
        if (r["decisions"] is None or final in r["decisions"]) and facts.issuperset(r["needs"]) and facts.isdisjoint(r["unless"]):
            fired.append(name)
            if r["override"] is not None:
                final = r["override"]
            done = r["stop"]
    mac = hmac.new(key, digestmod="sha256")
    mac.update(json.dumps(sorted(facts)).encode("utf-8"))
    return final, fired, {"input": mac.hexdigest(), "raw": decision, "final": final, "checked": checked, "fired": list(fired)}
