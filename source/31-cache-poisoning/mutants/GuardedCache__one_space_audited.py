"""The audit looks into the space of the last put."""
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


class GuardedCache:

    def __init__(self, threshold: float, ttl: float, max_size: int, slots: dict[str, dict[str, str]]):
        self.cache, self.threshold, self.slots = SemanticCache(threshold, ttl, max_size), threshold, slots
        self.writers: dict[tuple[str, str], tuple | None] = {}  # (space, text) -> who wrote it
        self.barred: set[tuple] = set()
        return

    def put(self, request: dict, text: str, vec: Float[Tensor, "D"], answer: str, now: float, scope: str = "user",
            verified: bool = False) -> bool:
        space = partition_key(request, scope)
        writer = None if verified else (request["tenant"], request["user"])
        if writer in self.barred or (scope != "user" and not verified):
            return False
        self.cache.put(space, text, vec, answer, now)
        self.writers[space, text] = writer
        self.last = space
        return True

    def get(self, request: dict, text: str, vec: Float[Tensor, "D"], now: float) -> str | None:
        for scope in ("user", "tenant", "public"):
            try:
                space = partition_key(request, scope)
            except ValueError:
                continue
            hit = self.cache.get(space, vec, now, lambda cached: same_slots(text, cached, self.slots))
            if hit is not None:
                return hit[1]
        return None

    def audit(self, golden: Sequence[tuple[Float[Tensor, "D"], list[str]]], canaries: Float[Tensor, "C D"],
              now: float) -> list[str]:
        found = [(s, *entry) for s in ([self.last] if self.writers else []) for entry in self.cache.entries(s, now)]
        if not found:
            return []
        writers = [self.writers[s, text] for s, text, _, _ in found]
        alerts, blocked = audit(torch.stack([vec for _, _, vec, _ in found]), [answer for *_, answer in found], writers,
                                golden, canaries, self.threshold)
        self.barred |= {writers[j] for kind, _, j in alerts if kind == "canary"}
        for j in blocked:
            self.cache.drop(*found[j][:2])
        return sorted(found[j][1] for j in blocked)
