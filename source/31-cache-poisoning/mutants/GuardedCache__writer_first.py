"""The writer is noted before the entry is refused."""

import torch


class GuardedCache:
    def __init__(self, threshold, ttl, max_size, slots):
        self.cache, self.threshold, self.slots = SemanticCache(threshold, ttl, max_size), threshold, slots
        self.writers, self.spaces, self.barred = {}, [], set()

    def put(self, request, text, vec, answer, now, scope="user", verified=False):
        space = partition_key(request, scope)
        writer = None if verified else (request["tenant"], request["user"])
        self.writers[space, text] = writer
        if not verified and (scope != "user" or writer in self.barred):
            return False
        self.cache.put(space, text, vec, answer, now)
        if space not in self.spaces:
            self.spaces.append(space)
        return True

    def get(self, request, text, vec, now):
        for scope in ("user", "tenant", "public"):
            try:
                space = partition_key(request, scope)
            except ValueError:
                continue
            found = self.cache.get(space, vec, now, lambda cached: same_slots(text, cached, self.slots))
            if found is not None:
                return found[1]
        return None

    def audit(self, golden, canaries, now):
        rows = [(space, *entry) for space in self.spaces for entry in self.cache.entries(space, now)]
        if not rows:
            return []
        writers = [self.writers[space, text] for space, text, _, _ in rows]
        keys, answers = torch.stack([r[2] for r in rows]), [r[3] for r in rows]
        alerts, blocked = audit(keys, answers, writers, golden, canaries, self.threshold)
        self.barred |= {writers[j] for kind, _, j in alerts if kind == "canary"}
        for j in blocked:
            self.cache.drop(*rows[j][:2])
        return sorted(rows[j][1] for j in blocked)
