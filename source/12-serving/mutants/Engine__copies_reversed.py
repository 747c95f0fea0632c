"""The copies of a step are handed over in reverse order."""
from collections import deque


class Engine:
    """Continuous batching over a paged memory with shared beginnings.

    e = Engine(model, 8, 4, slots=2); a = e.submit([1, 2], 3); e.step() gives [(a, first token)].
    """

    def __init__(self, model, num_blocks: int, block_size: int, slots: int,
                 eos: int | None = None):
        self.model, self.slots, self.eos, self.room = model, slots, eos, num_blocks * block_size
        self.queue: deque = deque()  # (name, text so far), first come first
        self.left: list[int] = []  # of each request, by its name: tokens still to make
        self.running: dict[int, list[int]] = {}  # name -> text so far
        self.cached: dict[int, list[int]] = {}  # running or ended: name -> tokens that have keys
        # and self.blocks, your allocator
        self.blocks = BlockAllocator(num_blocks, block_size)
        return

    def submit(self, prompt: list[int], max_new: int) -> int:
        if len(prompt) + max_new - 1 > self.room:
            raise ValueError(f"{len(prompt)} + {max_new} tokens never fit into {self.room}")
        self.left.append(max_new)
        self.queue.append((len(self.left) - 1, list(prompt)))
        return len(self.left) - 1

    def busy(self) -> bool:
        return bool(self.queue or self.running)

    def forget(self, name: int) -> list[int] | None:
        """Frees the blocks of a sequence, running or ended; gives its text, where it was running."""
        self.blocks.free(name)
        del self.cached[name]
        return self.running.pop(name, None)

    def step(self) -> list[tuple[int, int]]:
        copies, made = [], []
        for name in list(self.running):
            while name in self.running and not self._grow(name, copies):
                self.queue.appendleft((max(self.running), self.forget(max(self.running))))
        while self.queue and len(self.running) < self.slots and self._admit(*self.queue[0], copies):
            self.queue.popleft()
        rows = [(text[past:], self.blocks.table(name), past) for name, text in self.running.items()
                for past in [len(self.cached[name])]]
        for (name, text), token in zip(list(self.running.items()), self.model(rows, copies[::-1]) if rows else []):
            del self.cached[name]
            self.cached[name] = list(text)  # at the end: who ended first stands before who ended later
            text.append(token)
            made.append((name, token))
            self.left[name] -= 1
            if self.left[name] == 0 or token == self.eos:
                del self.running[name]
        return made

    def _admit(self, name, text, copies):
        common = {other: common_prefix(self.cached[other], text[:-1]) for other in self.cached}
        parent = max(common, key=common.get, default=None)
        self.blocks.fork(parent, name, common[parent]) if common else self.blocks.alloc(name)
        self.running[name], self.cached[name] = text, text[:self.blocks.length(name)]
        if not (fits := self._grow(name, copies)):
            self.forget(name)
        return fits

    def _grow(self, name, copies):
        while self.blocks.length(name) < len(self.running[name]):
            try:
                block, _, old = self.blocks.append(name)
                copies += [(old, block)] if old is not None else []
            except RuntimeError:
                ended = next((other for other in self.cached if other not in self.running), None)
                if ended is None:
                    return False
                self.forget(ended)
        return True
