"""Dead entries are asked, too."""

import torch


class SemanticCache:
    def __init__(self, threshold, ttl, max_size):
        self.threshold, self.ttl, self.max_size, self.spaces = threshold, ttl, max_size, {}

    def _live(self, space, now):
        rows = self.spaces.get(space, {})
        return {t: e for t, e in rows.items() if now - e[2] < self.ttl}

    def put(self, space, text, vec, answer, now):
        rows = self.spaces[space] = self._live(space, now)
        rows.pop(text, None)
        rows[text] = (vec.clone(), answer, now)
        while len(rows) > self.max_size:
            del rows[next(iter(rows))]

    def get(self, space, vec, now, accept=None):
        live = dict(self.spaces.get(space, {}))
        while live:
            texts = list(live)
            found = best_match(vec, torch.stack([live[t][0] for t in texts]), self.threshold)
            if found is None:
                return None
            text = texts[found[0]]
            if (accept is None or accept(text)) and now - live[text][2] < self.ttl:
                rows = self.spaces[space]
                rows[text] = rows.pop(text)
                return text, rows[text][1], found[1]
            del live[text]
        return None

    def entries(self, space, now):
        return [(t, e[0], e[1]) for t, e in self._live(space, now).items()]

    def drop(self, space, text):
        self.spaces.get(space, {}).pop(text, None)
