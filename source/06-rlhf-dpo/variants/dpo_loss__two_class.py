"""Two-class cross-entropy with probabilities as the target."""
import torch
import torch.nn.functional as F
def dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, label_smoothing=0.0):
    rewards = beta * torch.stack([pi_w - ref_w.detach(), pi_l - ref_l.detach()], 1)
    target = torch.tensor([1 - label_smoothing, label_smoothing], dtype=rewards.dtype).expand_as(rewards)
    return F.cross_entropy(rewards, target), rewards[:, 0] - rewards[:, 1]
