"""The KD term is divided by B alone."""
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def kd_loss(student: Float[Tensor, "B S V"], teacher: Float[Tensor, "B S V"], labels: Int[Tensor, "B S"],
            T: float = 2.0, alpha: float = 0.5, ignore_index: int = -100) -> Float[Tensor, ""]:
    wide, valid = torch.promote_types(student.dtype, torch.float32), labels != ignore_index
    if not valid.any():
        return (student[valid].to(wide).sum()).to(student.dtype)  # of nothing: 0
    s, t = student[valid].to(wide), teacher.detach()[valid].to(wide)
    kl = F.kl_div(F.log_softmax(s / T, -1), F.softmax(t / T, -1), reduction="batchmean")  # rows: valid positions
    kl = kl * len(s) / len(labels)
    ce = F.cross_entropy(s, labels[valid].long(), ignore_index=-1)
    return (alpha * T * T * kl + (1 - alpha) * ce).to(student.dtype)
