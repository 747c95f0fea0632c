"""Requests as small dicts; free blocks are counted before anything is tried."""


class Engine:
    def __init__(self, model, num_blocks, block_size, slots, eos=None):
        self.model, self.n, self.size, self.slots, self.eos = model, num_blocks, block_size, slots, eos
        self.pool = BlockAllocator(num_blocks, block_size)
        self.waiting, self.active, self.old, self.next = [], [], [], 100

    def submit(self, prompt, max_new):
        if len(prompt) + max_new > self.n * self.size + 1:
            raise ValueError("never fits")
        self.next += 1
        self.waiting.append({"id": self.next, "text": prompt[:], "left": max_new, "written": 0})
        return self.next

    def busy(self):
        return len(self.waiting) + len(self.active) > 0

    def reserve(self, r):
        """Room for the whole text of r; the oldest of the ended go where it is lacking."""
        while self.pool.length(r["id"]) < len(r["text"]):
            try:
                block, _, old = self.pool.append(r["id"])
            except RuntimeError:
                if not self.old:
                    return False
                self.pool.free(self.old.pop(0)["id"])
            else:
                if old is not None:
                    self.copies.append((old, block))
        return True

    def step(self):
        self.copies = []
        grown = []
        while len(grown) < len(self.active):
            r = self.active[len(grown)]
            if self.reserve(r):
                grown.append(r)
            else:
                last = self.active.pop()
                self.pool.free(last["id"])
                last["written"] = 0
                self.waiting.insert(0, last)
        while self.waiting and len(self.active) < self.slots:
            r = self.waiting[0]
            best, parent = 0, None
            for other in self.active + self.old:
                n = common_prefix(other["text"][:other["written"]], r["text"][:len(r["text"]) - 1])
                if n > best:
                    best, parent = n, other
            if parent is None:
                self.pool.alloc(r["id"])
            else:
                self.pool.fork(parent["id"], r["id"], best)
            if not self.reserve(r):
                self.pool.free(r["id"])
                break
            r["written"] = best
            self.active.append(self.waiting.pop(0))
        if not self.active:
            return []
        rows = [(r["text"][r["written"]:], self.pool.table(r["id"]), r["written"]) for r in self.active]
        out, going = [], []
        for r, token in zip(self.active, self.model(rows, self.copies)):
            r["written"] = len(r["text"])
            r["text"].append(token)
            r["left"] -= 1
            out.append((r["id"], token))
            (self.old if r["left"] == 0 or token == self.eos else going).append(r)
        self.active = going
        return out
