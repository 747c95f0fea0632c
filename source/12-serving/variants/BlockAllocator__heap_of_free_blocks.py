"""The lowest free block first; counts in a numpy array."""
import heapq
import math
import numpy as np


class BlockAllocator:
    def __init__(self, num_blocks, block_size):
        self.n, self.size = num_blocks, block_size
        self.count = np.zeros(num_blocks, dtype=int)
        self.free_list = list(range(num_blocks))
        self.where = {}

    def _new(self):
        block = heapq.heappop(self.free_list)
        self.count[block] = 1
        return block

    def _let_go(self, block):
        self.count[block] -= 1
        if not self.count[block]:
            heapq.heappush(self.free_list, block)

    def alloc(self, seq, n=0):
        if math.ceil(n / self.size) > len(self.free_list):
            raise RuntimeError("full")
        self.where[seq] = {"table": [self._new() for _ in range(math.ceil(n / self.size))], "n": n}

    def append(self, seq):
        s = self.where[seq]
        room = s["n"] < len(s["table"]) * self.size
        if room and self.count[s["table"][-1]] == 1:
            s["n"] += 1
            return s["table"][-1], (s["n"] - 1) % self.size, None
        if not self.free_list:
            raise RuntimeError("full")
        old = s["table"].pop() if room else None
        s["table"].append(self._new())
        if old is not None:
            self._let_go(old)
        s["n"] += 1
        return s["table"][-1], (s["n"] - 1) % self.size, old

    def fork(self, parent, child, n=None):
        p = self.where[parent]
        n = p["n"] if n is None else n
        self.where[child] = {"table": p["table"][:math.ceil(n / self.size)], "n": n}
        self.count[self.where[child]["table"]] += 1

    def free(self, seq):
        s = self.where.pop(seq)
        for block in s["table"]:
            self._let_go(block)

    def table(self, seq):
        return list(self.where[seq]["table"])

    def length(self, seq):
        return self.where[seq]["n"]

    def free_blocks(self):
        return int((self.count == 0).sum())
