"""An entry of exactly `ttl` still takes room when another one is put."""
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


class SemanticCache:

    def __init__(self, threshold: float, ttl: float, max_size: int):
        self.threshold, self.ttl, self.max_size = threshold, ttl, max_size
        self.spaces: dict[str, dict[str, tuple[Tensor, str, float]]] = {}
        return

    def put(self, space: str, text: str, vec: Float[Tensor, "D"], answer: str, now: float) -> None:
        kept = {t: e for t, e in self.spaces.get(space, {}).items() if now - e[2] <= self.ttl}
        self.spaces[space] = kept
        kept.pop(text, None)  # a dict remembers the order of putting: oldest use first
        kept[text] = vec.clone(), answer, now
        if len(kept) > self.max_size:
            del kept[next(iter(kept))]
        return

    def get(self, space: str, vec: Float[Tensor, "D"], now: float,
            accept: Callable[[str], bool] | None = None) -> tuple[str, str, float] | None:
        found = self.entries(space, now)
        if not found:
            return None
        keys, live = torch.stack([v for _, v, _ in found]), torch.ones(len(found), dtype=torch.bool)
        while (hit := best_match(vec, keys, self.threshold, live)) is not None:
            text, _, answer = found[hit[0]]
            if accept is None or accept(text):
                self.spaces[space][text] = self.spaces[space].pop(text)
                return text, answer, hit[1]
            live[hit[0]] = False
        return None

    def entries(self, space: str, now: float) -> list[tuple[str, Tensor, str]]:
        kept = {t: e for t, e in self.spaces.get(space, {}).items() if now - e[2] < self.ttl}
        self.spaces[space] = kept
        return [(text, vec.clone(), answer) for text, (vec, answer, _) in kept.items()]

    def drop(self, space: str, text: str) -> None:
        self.spaces.get(space, {}).pop(text, None)
        return
