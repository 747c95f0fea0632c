"""Labels by a mask of places."""

import torch


def sft_batch(examples, max_len, open_id, close_id, eos_id, pad_id):
    rows = [[*p, open_id, *t, close_id, *a, eos_id] for p, t, a in examples]
    kept = [i for i, row in enumerate(rows) if len(row) <= max_len]
    wide = max([len(rows[i]) for i in kept], default=0)
    ids = torch.tensor([rows[i] + [pad_id] * (wide - len(rows[i])) for i in kept], dtype=torch.int64).reshape(-1, wide) \
        if kept else torch.zeros((0, 0), dtype=torch.int64)
    place = torch.arange(wide)[None]
    first = torch.tensor([len(examples[i][0]) for i in kept]).reshape(-1, 1)
    last = torch.tensor([len(rows[i]) for i in kept]).reshape(-1, 1)
    labels = ids.masked_fill((place < first) | (place >= last), -100) if kept else ids.clone()
    return ids, labels, kept
