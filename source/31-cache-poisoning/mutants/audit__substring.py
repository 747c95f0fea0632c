"""An answer that contains an accepted one is right."""
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def audit(keys: Float[Tensor, "N D"], answers: Sequence[str], writers: Sequence,
          golden: Sequence[tuple[Float[Tensor, "D"], list[str]]], canaries: Float[Tensor, "C D"],
          threshold: float) -> tuple[list[tuple[str, int, int]], list[int]]:
    def plain(answer):
        return " ".join(answer.split()).casefold()

    def near(vec):
        live, found = torch.ones(len(keys), dtype=torch.bool), []
        while (hit := best_match(vec, keys, threshold, live)) is not None:
            found.append(hit[0])
            live[hit[0]] = False
        return found

    alerts = [("golden", i, j) for i, (vec, accepted) in enumerate(golden) for j in near(vec)
              if not any(plain(a) in plain(answers[j]) for a in accepted)]
    alerts += [("canary", i, j) for i, vec in enumerate(canaries) for j in near(vec) if writers[j] is not None]
    caught = {writers[j] for kind, _, j in alerts if kind == "canary"}
    blocked = {j for kind, _, j in alerts if kind == "golden"} | {j for j, w in enumerate(writers) if w in caught}
    return sorted(alerts), sorted(blocked)
