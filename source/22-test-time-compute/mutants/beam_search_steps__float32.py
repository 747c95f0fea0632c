"""Scores are kept in float32."""


def beam_search_steps(expand, prm, finished, width, beam, depth):
    live, best = [((), 1.0)], (None, 0.0)
    for _ in range(depth):
        kids = []
        for path, score in live:
            for step in dict.fromkeys(expand(path, beam)):
                child = path + (step,)
                s = float(__import__('struct').unpack('f', __import__('struct').pack('f', min(score, prm(child))))[0])
                if finished(child):
                    if best[0] is None or s > best[1]:
                        best = (child, s)
                else:
                    kids.append((child, s))
        live = sorted(kids, key=lambda c: -c[1])[:width]
        if not live:
            break
    return best
