"""Ids are taken out of the caller's list."""


class ContextTracker:
    def __init__(self, documents, count):
        self.where = {f"{name}:{i}": (name, i) for name, texts in documents.items() for i in range(len(texts))}
        self.documents = {name: list(texts) for name, texts in documents.items()}
        self.count = count
        self.order, self.total = [], 0

    def read(self, ids, neighbours=0):
        answer = []
        given = set()
        while ids:
            one = ids.pop(0)
            if one not in self.where:
                if one not in given:
                    given.add(one)
                    answer.append((one, UNKNOWN, 0))
                continue
            name, i = self.where[one]
            texts = self.documents[name]
            for j in range(max(0, i - neighbours), min(len(texts), i + neighbours + 1)):
                cid = f"{name}:{j}"
                if cid in given:
                    continue
                given.add(cid)
                if cid in self.order:
                    answer.append((cid, ALREADY, 0))
                else:
                    tokens = self.count(texts[j])
                    self.order.append(cid)
                    self.total += tokens
                    answer.append((cid, texts[j], tokens))
        return answer

    def seen(self):
        return list(self.order)

    def spent(self):
        return self.total
