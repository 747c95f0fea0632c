"""A subclass of SemanticCache."""
import torch


class GuardedCache(SemanticCache):
    def __init__(self, threshold, ttl, max_size, slots):
        super().__init__(threshold, ttl, max_size)
        self.near, self.listed, self.who, self.closed = threshold, slots, {}, set()

    def put(self, request, text, vec, answer, now, scope="user", verified=False):
        space = partition_key(request, scope)
        name = (request["tenant"], request["user"])
        if not verified and (scope != "user" or name in self.closed):
            return False
        SemanticCache.put(self, space, text, vec, answer, now)
        self.who[space, text] = None if verified else name
        return True

    def get(self, request, text, vec, now):
        names = ["user"] if request["tenant"] not in (None, "") and request["user"] not in (None, "") else []
        names += ["tenant"] if request["tenant"] not in (None, "") else []
        for scope in [*names, "public"]:
            hit = SemanticCache.get(self, partition_key(request, scope), vec, now,
                                    lambda cached: same_slots(text, cached, self.listed))
            if hit is not None:
                return hit[1]
        return None

    def audit(self, golden, canaries, now):
        gone = []
        rows = []
        for space in sorted({s for s, _ in self.who}):
            rows += [(space, *e) for e in self.entries(space, now)]
        if rows:
            writers = [self.who[r[0], r[1]] for r in rows]
            alerts, blocked = audit(torch.stack([r[2] for r in rows]), [r[3] for r in rows], writers, golden, canaries, self.near)
            self.closed.update(writers[a[2]] for a in alerts if a[0] == "canary")
            for j in blocked:
                gone.append(rows[j][1])
                self.drop(rows[j][0], rows[j][1])
        return sorted(gone)
