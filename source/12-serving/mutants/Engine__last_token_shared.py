"""The last token of an ended request is taken for one that has keys."""
from collections import deque


class Engine:

    def __init__(self, model, num_blocks, block_size, slots, eos=None):
        self.model, self.slots, self.eos, self.room = (model, slots, eos, num_blocks * block_size)
        self.blocks = BlockAllocator(num_blocks, block_size)
        self.queue = deque()
        self.left = []
        self.running = {}
        self.cached = {}

    def submit(self, prompt, max_new):
        if len(prompt) + max_new - 1 > self.room:
            raise ValueError(f'{len(prompt)} + {max_new} tokens never fit into {self.room}')
        self.left.append(max_new)
        self.queue.append((len(self.left) - 1, list(prompt)))
        return len(self.left) - 1

    def busy(self):
        return bool(self.queue or self.running)

    def forget(self, name):
        self.blocks.free(name)
        del self.cached[name]
        return self.running.pop(name, None)

    def step(self):
        copies, made = ([], [])
        for name in list(self.running):
            while name in self.running and (not self._grow(name, copies)):
                youngest = max(self.running)
                self.queue.appendleft((youngest, self.forget(youngest)))
        while self.queue and len(self.running) < self.slots and self._admit(*self.queue[0], copies):
            self.queue.popleft()
        rows = [(text[past:], self.blocks.table(name), past) for name, text in self.running.items() for past in [len(self.cached[name])]]
        for (name, text), token in zip(list(self.running.items()), self.model(rows, copies) if rows else []):
            del self.cached[name]
            text.append(token)
            self.cached[name] = list(text)
            made.append((name, token))
            self.left[name] -= 1
            if self.left[name] == 0 or token == self.eos:
                del self.running[name]
        return made

    def _admit(self, name, text, copies):
        common = {other: common_prefix(self.cached[other], text[:-1]) for other in self.cached}
        parent = max(common, key=common.get, default=None)
        self.blocks.fork(parent, name, common[parent]) if common else self.blocks.alloc(name)
        self.running[name], self.cached[name] = (text, text[:self.blocks.length(name)])
        fits = self._grow(name, copies)
        if not fits:
            self.forget(name)
        return fits

    def _grow(self, name, copies):
        while self.blocks.length(name) < len(self.running[name]):
            try:
                block, _, old = self.blocks.append(name)
                copies += [(old, block)] if old is not None else []
            except RuntimeError:
                ended = [other for other in self.cached if other not in self.running]
                if not ended:
                    return False
                self.forget(ended[0])
        return True
