"""Documents walked with enumerate; a set beside a list."""


class ContextTracker:
    def __init__(self, documents, count):
        self.count = count
        self.ids = {}
        self.text = {}
        for name in documents:
            row = [f"{name}:{i}" for i in range(len(documents[name]))]
            for i, id in enumerate(row):
                self.ids[id] = (row, i)
                self.text[id] = documents[name][i]
        self.done, self.cost = [], []

    def read(self, ids, neighbours=0):
        result = []
        listed = set()
        for id in ids:
            row, i = self.ids.get(id, ([id], 0))
            for one in row[max(i - neighbours, 0):i + neighbours + 1]:
                if one in listed:
                    continue
                listed.add(one)
                if one not in self.text:
                    result.append((one, UNKNOWN, 0))
                elif one in self.done:
                    result.append((one, ALREADY, 0))
                else:
                    self.cost.append(self.count(self.text[one]))
                    self.done.append(one)
                    result.append((one, self.text[one], self.cost[-1]))
        return result

    def seen(self):
        return tuple(self.done)

    def spent(self):
        return sum(self.cost)
