"""Column by column, with what is already filled as an offset."""
import torch


def dispatch_with_capacity(idx, w, E, cf):
    T, k = idx.shape
    room = -int(-(cf * T * k) // E)
    filled = torch.zeros(E, dtype=torch.int64)
    columns = []
    for j in range(k):
        hits = torch.nn.functional.one_hot(idx[:, j], E)
        columns.append((hits.cumsum(0) - 1 + filled)[torch.arange(T), idx[:, j]])
        filled = filled + hits.sum(0)
    slot = torch.stack(columns, 1)
    slot = torch.where(slot >= room, torch.full_like(slot, -1), slot)
    lost = (slot == -1)
    return slot, torch.where(lost, torch.zeros_like(w), w), lost.float().mean().item() if T > 0 else 0
