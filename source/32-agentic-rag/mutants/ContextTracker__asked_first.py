"""What was asked for stands before its neighbours."""
from collections.abc import Callable, Mapping, Sequence


class ContextTracker:

    def __init__(self, documents: Mapping[str, Sequence[str]], count: Callable[[str], int]):
        self.places = {f"{name}:{i}": (name, i) for name, texts in documents.items() for i in range(len(texts))}
        self.texts = {id: documents[name][i] for id, (name, i) in self.places.items()}
        self.count, self.given, self.total = count, {}, 0

    def read(self, ids: Sequence[str], neighbours: int = 0) -> list[tuple[str, str, int]]:
        wanted = []
        for id in ids:
            if id in self.places:
                name, i = self.places[id]
                around = [f"{name}:{j}" for j in sorted(range(i - neighbours, i + neighbours + 1), key=lambda j: j != i)]
                wanted += [other for other in around if other in self.texts]
            else:
                wanted.append(id)
        return [self._give(id) for id in dict.fromkeys(wanted)]

    def _give(self, id):
        if id not in self.texts:
            return id, UNKNOWN, 0
        if id in self.given:
            return id, ALREADY, 0
        self.given[id] = self.count(self.texts[id])
        self.total += self.given[id]
        return id, self.texts[id], self.given[id]

    def seen(self) -> list[str]:
        return list(self.given)

    def spent(self) -> int:
        return self.total
