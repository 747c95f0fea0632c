"""With torch's own padding."""

import torch


def sft_batch(examples, max_len, open_id, close_id, eos_id, pad_id):
    ids, labels, kept = [], [], []
    for i, (prompt, thought, answer) in enumerate(examples):
        row = list(prompt) + [open_id] + list(thought) + [close_id] + list(answer) + [eos_id]
        if len(row) > max_len:
            continue
        row = torch.tensor(row)
        ids.append(row)
        label = row.clone()
        label[:len(prompt)] = -100
        labels.append(label)
        kept.append(i)
    if not kept:
        return torch.empty(0, 0, dtype=torch.long), torch.empty(0, 0, dtype=torch.long), []
    pad = torch.nn.utils.rnn.pad_sequence
    return pad(ids, batch_first=True, padding_value=pad_id), pad(labels, batch_first=True, padding_value=-100), kept
