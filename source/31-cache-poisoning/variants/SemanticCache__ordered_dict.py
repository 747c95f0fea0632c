"""OrderedDict and move_to_end; nothing is deleted before it must be."""
import torch


class SemanticCache:
    def __init__(self, threshold, ttl, max_size):
        from collections import OrderedDict, defaultdict
        self.args, self.spaces = (threshold, ttl, max_size), defaultdict(OrderedDict)

    def put(self, space, text, vec, answer, now):
        box = self.spaces[space]
        for old in list(box):
            if now - box[old][2] >= self.args[1]:
                box.pop(old)
        box[text] = (vec + 0, answer, now)
        box.move_to_end(text)
        while len(box) > self.args[2]:
            box.popitem(last=False)

    def get(self, space, vec, now, accept=None):
        box, refused = self.spaces[space], set()
        alive = [t for t, e in box.items() if now - e[2] < self.args[1]]
        while True:
            left = [t for t in alive if t not in refused]
            hit = best_match(vec, torch.stack([box[t][0] for t in left]), self.args[0]) if left else None
            if hit is None:
                return None
            text = left[hit[0]]
            if accept is None or accept(text):
                box.move_to_end(text)
                return text, box[text][1], hit[1]
            refused.add(text)

    def entries(self, space, now):
        return [(t, v, a) for t, (v, a, at) in self.spaces[space].items() if now - at < self.args[1]]

    def drop(self, space, text):
        if text in self.spaces[space]:
            del self.spaces[space][text]
