"""Freeing an unknown sequence is silently accepted."""
from collections import Counter


class BlockAllocator:

    def __init__(self, num_blocks, block_size):
        self.size, self.unused, self.owners = (block_size, list(range(num_blocks)), Counter())
        self.tables, self.lengths = ({}, {})

    def alloc(self, seq, n=0):
        need = -(-n // self.size)
        if need > len(self.unused):
            raise RuntimeError(f'{need} blocks are needed, {len(self.unused)} are free')
        self.tables[seq], self.lengths[seq] = ([self.unused.pop() for _ in range(need)], n)
        self.owners.update(self.tables[seq])

    def append(self, seq):
        table, offset = (self.tables[seq], self.lengths[seq] % self.size)
        old = table[-1] if offset and self.owners[table[-1]] > 1 else None
        if offset == 0 or old is not None:
            if not self.unused:
                raise RuntimeError('no block is free')
            if old is not None:
                self.owners[table.pop()] -= 1
            table.append(self.unused.pop())
            self.owners[table[-1]] = 1
        self.lengths[seq] += 1
        return (table[-1], offset, old)

    def fork(self, parent, child, n=None):
        n = self.lengths[parent] if n is None else n
        self.tables[child], self.lengths[child] = (self.tables[parent][:-(-n // self.size)], n)
        self.owners.update(self.tables[child])

    def free(self, seq):
        blocks = self.tables.pop(seq, [])
        self.lengths.pop(seq, None)
        self.owners.subtract(blocks)
        self.unused += [block for block in blocks if self.owners[block] == 0]

    def table(self, seq):
        return list(self.tables[seq])

    def length(self, seq):
        return self.lengths[seq]

    def free_blocks(self):
        return len(self.unused)
