"""By the sigmoid of the difference."""
import torch


def selfcheck_nli(logits, labels):
    columns = {name: i for i, name in enumerate(labels)}
    if logits.shape[1] == 0 or len(columns) != logits.shape[2] or "entailment" not in columns or "contradiction" not in columns:
        raise ValueError("unusable")
    x = logits.to(torch.float64)
    return torch.sigmoid(x[:, :, columns["contradiction"]] - x[:, :, columns["entailment"]]).mean(dim=1).to(logits.dtype)
