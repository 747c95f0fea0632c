"""Names are kept as text: 0 and '0' are one."""
class BlockAllocator:
    def __init__(self, num_blocks, block_size):
        self.size = block_size
        self.owners = [0] * num_blocks
        self.books = {}

    def _free(self):
        return [b for b, k in enumerate(self.owners) if k == 0]

    def _need(self, n):
        return -(-n // self.size)

    def alloc(self, seq, n=0):
        free, need = self._free(), self._need(n)
        if need > len(free):
            raise RuntimeError("no room")
        self.books[str(seq)] = (free[:need], n)
        for b in free[:need]:
            self.owners[b] += 1

    def append(self, seq):
        table, n = self.books[str(seq)]
        offset, old = n % self.size, None
        if offset and self.owners[table[-1]] == 1:
            self.books[str(seq)] = (table, n + 1)
            return table[-1], offset, None
        free = self._free()
        if not free:
            raise RuntimeError("no room")
        if offset:
            old = table[-1]
            self.owners[old] -= 1
            table = table[:-1]
        self.owners[free[0]] = 1
        self.books[str(seq)] = (table + [free[0]], n + 1)
        return free[0], offset, old

    def fork(self, parent, child, n=None):
        table, length = self.books[str(parent)]
        n = length if n is None else n
        part = table[:self._need(n)]
        for b in part:
            self.owners[b] += 1
        self.books[str(child)] = (part, n)

    def free(self, seq):
        table, _ = self.books.pop(str(seq))
        for b in table:
            self.owners[b] -= 1

    def table(self, seq):
        return list(self.books[str(seq)][0])

    def length(self, seq):
        return self.books[str(seq)][1]

    def free_blocks(self):
        return len(self._free())
