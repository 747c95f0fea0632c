"""Index -1 is the last chunk."""


class ContextTracker:
    def __init__(self, documents, count):
        self.documents, self.count, self.given, self.total = dict(documents), count, {}, 0

    def read(self, ids, neighbours=0):
        out = {}
        for id in ids:
            name, _, i = id.rpartition(":")
            texts = self.documents.get(name)
            if texts is None or not i.isdigit() or str(int(i)) != i or int(i) >= len(texts):
                out.setdefault(id, (id, UNKNOWN, 0))
                continue
            for j in range(int(i) - neighbours, min(int(i) + neighbours + 1, len(texts))):
                other = f"{name}:{j % len(texts)}"
                if other not in out:
                    out[other] = self._give(other, texts[j % len(texts)])
        return list(out.values())

    def _give(self, id, text):
        if id in self.given:
            return id, ALREADY, 0
        self.given[id] = self.count(text)
        self.total += self.given[id]
        return id, text, self.given[id]

    def seen(self):
        return list(self.given)

    def spent(self):
        return self.total
