"""mean() and F.normalize in the given dtype."""
import torch
import torch.nn.functional as F
def diff_of_means(pos, neg, normalize=False):
    v = torch.mean(pos, dim=0) - torch.mean(neg, dim=0)
    return F.normalize(v, dim=0) if normalize else v
