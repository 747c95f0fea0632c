"""Who gave way and comes back shares its prompt at most, and computes its answer again."""
from collections import deque


class Engine:
    def __init__(self, model, num_blocks, block_size, slots, eos=None):
        self.model, self.slots, self.eos, self.room = model, slots, eos, num_blocks * block_size
        self.queue = deque()
        self.left = []
        self.running = {}
        self.cached = {}
        self.blocks = BlockAllocator(num_blocks, block_size)

    def submit(self, prompt, max_new):
        if len(prompt) + max_new - 1 > self.room:
            raise ValueError(f"{len(prompt)} + {max_new} tokens never fit into {self.room}")
        self.left.append(max_new)
        self.prompts = [*getattr(self, "prompts", []), len(prompt)]
        self.queue.append((len(self.left) - 1, list(prompt)))
        return len(self.left) - 1

    def busy(self):
        return bool(self.queue or self.running)

    def forget(self, name):
        self.blocks.free(name)
        del self.cached[name]
        return self.running.pop(name, None)

    def ended(self):
        return next((n for n in self.order if n in self.cached and n not in self.running), None)

    order = ()

    def append(self, name, copies, preempt):
        while True:
            try:
                block, _, old = self.blocks.append(name)
                if old is not None:
                    copies.append((old, block))
                return True
            except RuntimeError:
                gone = self.ended()
                if gone is not None:
                    self.forget(gone)
                elif preempt:
                    last = max(self.running)
                    self.queue.appendleft((last, self.forget(last)))
                    if last == name:
                        return False
                else:
                    return False

    def step(self):
        copies, rows, new = [], [], {}
        for name in sorted(self.running):
            if name in self.running:
                self.append(name, copies, True)
        while self.queue and len(self.running) < self.slots:
            name, text = self.queue[0]
            best, shared = None, 0
            for other, keys in self.cached.items():
                n = min(common_prefix(keys, text), len(text) - 1, self.prompts[name] if self.prompts[name] < len(text) else len(text))
                if n > shared:
                    best, shared = other, n
            if best is None:
                self.blocks.alloc(name)
            else:
                self.blocks.fork(best, name, shared)
            mine, ok = [], True
            while ok and self.blocks.length(name) < len(text):
                ok = self.append(name, mine, False)
            if not ok:
                self.blocks.free(name)
                break
            copies += mine
            self.queue.popleft()
            self.running[name] = text
            new[name] = shared
            self.cached[name] = text[:shared]
        if not self.running:
            return []
        names = list(self.running)
        for name in names:
            text, past = self.running[name], len(self.cached[name])
            rows.append((text[past:], self.blocks.table(name), past))
        out = []
        for name, token in zip(names, self.model(rows, copies)):
            text = self.running[name]
            self.cached[name] = list(text)
            text.append(token)
            self.left[name] -= 1
            out.append((name, token))
            if self.left[name] == 0 or token == self.eos:
                del self.running[name]
                self.order = (*self.order, name)
        return out
