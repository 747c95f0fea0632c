"""Breadth first from the accepting states, over reversed edges."""
from collections import deque
import torch


def grammar_mask(logits, state, table, accepting, eos, left):
    S, V = table.shape
    before = [set() for _ in range(S)]
    for q in range(S):
        for i in range(V):
            n = int(table[q, i])
            if i != eos and n >= 0:
                before[n].add(q)
    steps = {q: 1 for q in range(S) if accepting[q]}
    queue = deque(steps)
    while queue:
        q = queue.popleft()
        for prior in before[q]:
            if prior not in steps:
                steps[prior] = steps[q] + 1
                queue.append(prior)
    mask = torch.ones_like(logits, dtype=torch.bool)
    for b in range(len(state)):
        q = int(state[b])
        for i in range(V):
            n = int(table[q, i])
            if i == eos:
                mask[b, i] = not accepting[q]
            elif n >= 0 and n in steps and steps[n] <= left - 1:
                mask[b, i] = False
        if mask[b].all():
            raise ValueError("no token is allowed")
    return logits.masked_fill(mask, float("-inf"))
