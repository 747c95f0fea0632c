"""torch Parameters, reduce over the images, nll_loss."""


from functools import reduce

import torch
import torch.nn.functional as F


def learn(params, images, totals, batches, lr):
    weights = torch.nn.ParameterList([torch.nn.Parameter(p.detach().clone()) for p in params])
    optimiser = torch.optim.Adam(weights.parameters(), lr)
    losses = []
    for rows in batches:
        optimiser.zero_grad(set_to_none=False)
        found = reduce(sum_distribution, perceive(list(weights), images[rows]).unbind(1))
        loss = F.nll_loss(found, totals[rows])
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return [w.detach().clone() for w in weights], losses
