"""The epsilon is added under the root."""

import torch


INF = float("inf")


def grpo_advantages(rewards, G, scale='group', eps=0.0001):
    if scale not in ('group', 'batch', 'none') or len(rewards) % G:
        raise ValueError(f'scale is group, batch or none, and G divides the batch: {scale}, {len(rewards)}, {G}')
    groups = rewards.detach().to(torch.promote_types(rewards.dtype, torch.float32)).view(-1, G)

    def std(x):
        squares = (x - x.nanmean(-1, keepdim=True)) ** 2
        return (squares.nansum(-1, keepdim=True) / ((~x.isnan()).sum(-1, keepdim=True) - 1).clamp(min=1)).sqrt()
    advantages = groups - groups.nanmean(1, keepdim=True)
    if scale == 'group':
        advantages = advantages / std(groups)
    elif scale == 'batch':
        advantages = advantages / std(groups.flatten())
    low, high = (groups.nan_to_num(nan=INF).amin(1, True), groups.nan_to_num(nan=-INF).amax(1, True))
    return advantages.masked_fill(groups.isnan() | (low >= high), 0.0).flatten().to(rewards.dtype)
