"""Each block knows the names of its owners."""


class BlockAllocator:
    def __init__(self, num_blocks, block_size):
        self.holders = [set() for _ in range(num_blocks)]
        self.size, self.seqs = block_size, {}

    def _free(self):
        return [b for b, who in enumerate(self.holders) if not who]

    def alloc(self, seq, n=0):
        need, free = (n + self.size - 1) // self.size, self._free()
        if len(free) < need:
            raise RuntimeError("out of blocks")
        for b in free[:need]:
            self.holders[b].add(seq)
        self.seqs[seq] = [free[:need], n]

    def append(self, seq):
        blocks, n = self.seqs[seq]
        offset, old = n % self.size, None
        shared = offset > 0 and len(self.holders[blocks[-1]]) > 1
        if offset == 0 or shared:
            free = self._free()
            if not free:
                raise RuntimeError("out of blocks")
            if shared:
                old = blocks.pop()
                self.holders[old].remove(seq)
            blocks.append(free[0])
            self.holders[free[0]].add(seq)
        self.seqs[seq][1] += 1
        return blocks[-1], offset, old

    def fork(self, parent, child, n=None):
        blocks, length = self.seqs[parent]
        n = length if n is None else n
        blocks = blocks[:(n + self.size - 1) // self.size]
        for b in blocks:
            self.holders[b].add(child)
        self.seqs[child] = [blocks, n]

    def free(self, seq):
        for b in self.seqs.pop(seq)[0]:
            self.holders[b].remove(seq)

    def table(self, seq):
        return self.seqs[seq][0][:]

    def length(self, seq):
        return self.seqs[seq][1]

    def free_blocks(self):
        return len(self._free())
