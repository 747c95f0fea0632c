"""Counts what is lacking before it takes anything; a text that cannot fit frees nobody."""
from collections import deque


class Engine:
    def __init__(self, model, num_blocks, block_size, slots, eos=None):
        self.model, self.total, self.size, self.slots, self.eos = model, num_blocks, block_size, slots, eos
        self.pool, self.waiting, self.run, self.ended = BlockAllocator(num_blocks, block_size), deque(), [], deque()
        self.text, self.keys, self.todo = {}, {}, {}

    def submit(self, prompt, max_new):
        if -(-(len(prompt) + max_new - 1) // self.size) > self.total:
            raise ValueError("too long for this memory")
        name = len(self.text)
        self.text[name], self.keys[name], self.todo[name] = list(prompt), 0, max_new
        self.waiting.append(name)
        return name

    def busy(self):
        return len(self.waiting) > 0 or len(self.run) > 0

    def _extend(self, name, copies):
        while self.pool.length(name) < len(self.text[name]):
            try:
                block, _, old = self.pool.append(name)
                if old is not None:
                    copies.append((old, block))
            except RuntimeError:
                if not self.ended:
                    return False
                self.pool.free(self.ended.popleft())
        return True

    def _possible(self, name, best):
        held = {b for other in self.run for b in self.pool.table(other)}
        shared = set(self.pool.table(best[1])[:best[0] // self.size]) & held if best[1] is not None else set()
        return -(-len(self.text[name]) // self.size) - len(shared) <= self.total - len(held)

    def step(self):
        copies, i = [], 0
        while i < len(self.run):
            if self._extend(self.run[i], copies):
                i += 1
                continue
            loser = self.run.pop()
            self.pool.free(loser)
            self.keys[loser] = 0
            self.waiting.appendleft(loser)
        while self.waiting and len(self.run) < self.slots:
            name = self.waiting[0]
            text, best = self.text[name], (0, None)
            for other in [*self.run, *self.ended]:
                n = common_prefix(self.text[other][:self.keys[other]], text[:-1])
                best = (n, other) if n > best[0] else best
            if not self._possible(name, best):
                break
            self.pool.alloc(name, 0) if best[1] is None else self.pool.fork(best[1], name, best[0])
            self.keys[name] = best[0]
            if not self._extend(name, copies):
                self.pool.free(name)
                self.keys[name] = 0
                break
            self.run.append(self.waiting.popleft())
        if not self.run:
            return []
        rows = [(self.text[n][self.keys[n]:], self.pool.table(n), self.keys[n]) for n in self.run]
        made = list(zip(self.run, self.model(rows, copies)))
        for name, token in made:
            self.keys[name] = len(self.text[name])
            self.text[name].append(token)
            self.todo[name] -= 1
            if not self.todo[name] or token == self.eos:
                self.run.remove(name)
                self.ended.append(name)
        return made
