"""A writer is barred under the prompt of his entry alone."""
import torch


class GuardedCache:
    def __init__(self, threshold, ttl, max_size, slots):
        self.cache = SemanticCache(threshold, ttl, max_size)
        self.threshold, self.slots = threshold, slots
        self.writers, self.barred = {}, set()

    def put(self, request, text, vec, answer, now, scope="user", verified=False):
        space = partition_key(request, scope)
        who = None if verified else (request["tenant"], request["user"], request["system_prompt"])
        if not verified and (scope != "user" or who in self.barred):
            return False
        self.cache.put(space, text, vec, answer, now)
        self.writers[space, text] = who
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
        spaces = dict.fromkeys(space for space, _ in self.writers)
        rows = [(space, *entry) for space in spaces for entry in self.cache.entries(space, now)]
        if not rows:
            return []
        writers = [self.writers[space, text] for space, text, _, _ in rows]
        alerts, blocked = audit(torch.stack([r[2] for r in rows]), [r[3] for r in rows], writers, golden, canaries,
                                self.threshold)
        self.barred |= {writers[j] for kind, _, j in alerts if kind == "canary"}
        for j in blocked:
            self.cache.drop(rows[j][0], rows[j][1])
        return sorted(rows[j][1] for j in blocked)
