"""An ended sequence that is forked counts as ended anew."""
from collections import deque


class Engine:
    def __init__(self, model, num_blocks, block_size, slots, eos=None):
        self.model, self.slots, self.eos, self.room = model, slots, eos, num_blocks * block_size
        self.blocks = BlockAllocator(num_blocks, block_size)
        self.queue = deque()
        self.left = []
        self.running = {}
        self.cached = {}
        self.ended = []

    def submit(self, prompt, max_new):
        if len(prompt) + max_new - 1 > self.room:
            raise ValueError("never fits")
        self.left.append(max_new)
        self.queue.append((len(self.left) - 1, list(prompt)))
        return len(self.left) - 1

    def busy(self):
        return bool(self.queue or self.running)

    def drop_ended(self):
        name = self.ended.pop(0)
        self.blocks.free(name)
        del self.cached[name]

    def add_token(self, name, copies):
        while True:
            try:
                block, _, old = self.blocks.append(name)
            except RuntimeError:
                if not self.ended:
                    return False
                self.drop_ended()
                continue
            if old is not None:
                copies.append((old, block))
            return True

    def preempt(self, name):
        self.blocks.free(name)
        del self.cached[name]
        self.queue.appendleft((name, self.running.pop(name)))

    def grow(self, copies):
        for name in sorted(self.running):
            while name in self.running and not self.add_token(name, copies):
                victim = max(self.running)
                self.preempt(victim)

    def best(self, text):
        source, most = None, 0
        for name, known in self.cached.items():
            n = min(common_prefix(known, text), len(text) - 1)
            if n > most:
                source, most = name, n
        return source, most

    def admit(self, copies):
        fresh = {}
        while self.queue and len(self.running) + len(fresh) < self.slots:
            name, text = self.queue[0]
            source, n = self.best(text)
            if source is None:
                self.blocks.alloc(name)
            else:
                self.blocks.fork(source, name, n)
                if source in self.ended:
                    self.ended.remove(source)
                    self.ended.append(source)
            mine = []
            if not all(self.add_token(name, mine) for _ in range(len(text) - n)):
                self.blocks.free(name)
                break
            copies += mine
            self.queue.popleft()
            fresh[name] = (text, n)
        return fresh

    def step(self):
        copies, rows, names = [], [], []
        self.grow(copies)
        fresh = self.admit(copies)
        for name, text in self.running.items():
            names.append(name)
            rows.append((text[-1:], self.blocks.table(name), len(text) - 1))
        for name, (text, n) in fresh.items():
            names.append(name)
            rows.append((text[n:], self.blocks.table(name), n))
            self.running[name] = text
        if not rows:
            return []
        out = []
        for name, token in zip(names, self.model(rows, copies)):
            text = self.running[name]
            self.cached[name] = list(text)
            text.append(token)
            self.left[name] -= 1
            out.append((name, token))
            if self.left[name] == 0 or token == self.eos:
                del self.running[name]
                self.ended.append(name)
        return out
