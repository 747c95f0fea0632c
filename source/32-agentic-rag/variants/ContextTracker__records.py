"""A list of records, the sum taken when it is asked for."""


from dataclasses import dataclass


@dataclass
class Record:
    id: str
    document: str
    text: str
    tokens: int | None = None


class ContextTracker:
    def __init__(self, documents, count):
        self.records = [Record(f"{d}:{i}", d, t) for d, ts in documents.items() for i, t in enumerate(ts)]
        self.at = {r.id: p for p, r in enumerate(self.records)}
        self.count, self.log = count, []

    def read(self, ids, neighbours=0):
        answers = {}
        for id in ids:
            if id not in self.at:
                answers.setdefault(id, (id, UNKNOWN, 0))
                continue
            p = self.at[id]
            for r in self.records[max(p - neighbours, 0):p + neighbours + 1]:
                if r.document != self.records[p].document or r.id in answers:
                    continue
                if r.tokens is None:
                    r.tokens = self.count(r.text)
                    self.log.append(r)
                    answers[r.id] = (r.id, r.text, r.tokens)
                else:
                    answers[r.id] = (r.id, ALREADY, 0)
        return list(answers.values())

    def seen(self):
        return [r.id for r in self.log]

    def spent(self):
        return sum(r.tokens for r in self.log)
