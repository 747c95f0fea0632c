"""The list holds dead entries that nobody asked for."""
import math
import torch
import torch.nn.functional as F
import numpy as np


class SemanticCache:
    def __init__(self, threshold, ttl, max_size):
        self.threshold, self.ttl, self.max_size, self.spaces = threshold, ttl, max_size, {}

    def _live(self, space, now):
        room = self.spaces.setdefault(space, {})
        for text in [t for t, e in room.items() if now - e[2] >= self.ttl]:
            del room[text]
        return room

    def put(self, space, text, vec, answer, now):
        room = self._live(space, now)
        room.pop(text, None)
        room[text] = (vec.clone(), answer, now)
        if len(room) > self.max_size:
            del room[next(iter(room))]

    def get(self, space, vec, now, accept=None):
        room = self._live(space, now)
        texts = list(room)
        if not texts:
            return None
        keys = torch.stack([room[t][0] for t in texts])
        live = torch.ones(len(texts), dtype=torch.bool)
        while (found := best_match(vec, keys, self.threshold, live)) is not None:
            i, cos = found
            if accept is None or accept(texts[i]):
                room[texts[i]] = room.pop(texts[i])
                return texts[i], room[texts[i]][1], cos
            live[i] = False
        return None

    def entries(self, space, now):
        return [(t, e[0].clone(), e[1]) for t, e in self.spaces.get(space, {}).items()]

    def drop(self, space, text):
        self.spaces.get(space, {}).pop(text, None)
