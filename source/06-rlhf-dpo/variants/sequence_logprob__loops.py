"""Plain loops over rows and tokens."""
import torch


def sequence_logprob(logits, labels, ignore=-100):
    sums, counts = [], []
    for row, tokens in zip(logits, labels.tolist()):
        total, n = row.new_zeros(()), 0
        for t, token in enumerate(tokens[1:]):
            if token != ignore:
                total, n = total + row[t, token] - torch.logsumexp(row[t], 0), n + 1
        sums.append(total)
        counts.append(n)
    return torch.stack(sums), torch.tensor(counts)
