"""heapq.nlargest, tuples and a done flag."""
import heapq
import math


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    beams = [(0.0, (bos,), False)]
    for _ in range(max_len):
        if all(done for _, _, done in beams):
            break
        grown = []
        for logp, ids, done in beams:
            if done:
                grown.append((logp, ids, True))
                continue
            for token, lp in enumerate(step(list(ids))):
                if lp != float("-inf"):
                    grown.append((logp + float(lp), ids + (token,), token == eos))
        beams = heapq.nlargest(beam, grown)
    finished = [b for b in beams if b[2]]
    score, ids = max((logp / math.pow(len(ids) - 1, alpha), ids) for logp, ids, _ in finished or beams)
    return list(ids), score
