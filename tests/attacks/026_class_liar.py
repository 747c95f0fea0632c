"""An object that says it is a Tensor: __class__, isinstance and the duck's attributes."""
# says: expected
import torch


class Liar:
    __class__ = property(lambda self: torch.Tensor)
    __torch_function__ = classmethod(lambda cls, *args, **kwargs: True)
    __eq__ = lambda self, other: True
    __getattr__ = lambda self, name: getattr(torch.zeros(3, 5), name)


def answer(*args, **kwargs):
    return Liar()
