"""A list of entries with a counter of uses."""
import torch


class SemanticCache:
    def __init__(self, threshold, ttl, max_size):
        self.threshold, self.ttl, self.max_size, self.clock, self.rows = threshold, ttl, max_size, 0, []

    def _mine(self, space, now):
        self.rows = [r for r in self.rows if now - r["stored"] < self.ttl or r["space"] != space]
        return sorted((r for r in self.rows if r["space"] == space), key=lambda r: r["used"])

    def put(self, space, text, vec, answer, now):
        self.drop(space, text)
        self.clock += 1
        self.rows.append({"space": space, "text": text, "vec": vec.detach().clone(), "answer": answer, "stored": now,
                          "used": self.clock})
        mine = self._mine(space, now)
        for row in mine[:max(0, len(mine) - self.max_size)]:
            self.drop(space, row["text"])

    def get(self, space, vec, now, accept=None):
        mine = self._mine(space, now)
        while mine:
            hit = best_match(vec, torch.stack([r["vec"] for r in mine]), self.threshold)
            if hit is None:
                return None
            row = mine.pop(hit[0])
            if accept is None or accept(row["text"]):
                self.clock += 1
                row["used"] = self.clock
                return row["text"], row["answer"], hit[1]
        return None

    def entries(self, space, now):
        return [(r["text"], r["vec"], r["answer"]) for r in self._mine(space, now)]

    def drop(self, space, text):
        self.rows = [r for r in self.rows if (r["space"], r["text"]) != (space, text)]
