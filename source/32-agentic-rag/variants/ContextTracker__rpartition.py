"""Ids are taken apart from behind and put together again."""


class ContextTracker:
    def __init__(self, documents, count):
        self.documents = {name: list(texts) for name, texts in documents.items()}
        self.count, self.order, self.total = count, [], 0

    def place(self, id):
        name, colon, i = id.rpartition(":")
        if colon and name in self.documents and i in map(str, range(len(self.documents[name]))):
            return name, int(i)
        return None

    def read(self, ids, neighbours=0):
        answers, done = [], set()
        for id in ids:
            at = self.place(id)
            if at is None:
                if id not in done:
                    answers.append([id, UNKNOWN, 0])
                    done.add(id)
                continue
            name, i = at
            for j in range(max(0, i - neighbours), min(len(self.documents[name]), i + neighbours + 1)):
                other = f"{name}:{j}"
                if other in done:
                    continue
                done.add(other)
                if other in self.order:
                    answers.append([other, ALREADY, 0])
                else:
                    text = self.documents[name][j]
                    tokens = self.count(text)
                    self.order.append(other)
                    self.total += tokens
                    answers.append([other, text, tokens])
        return answers

    def seen(self):
        return self.order[:]

    def spent(self):
        return self.total
