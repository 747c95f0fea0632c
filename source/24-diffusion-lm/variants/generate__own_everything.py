"""Plans and ranks by itself, row by row."""


def generate(model, x, start, steps, block_len, mask_id, w=0.0, order=None, temperature=0.0, noise=None):
    x = x.clone()
    B, L = x.shape
    if (L - start) % block_len != 0:
        raise ValueError
    nb = (L - start) // block_len
    if steps % nb != 0:
        raise ValueError
    per = steps // nb
    for j in range(nb):
        lo, hi = start + j * block_len, start + (j + 1) * block_len
        holes = [[i for i in range(lo, hi) if x[b, i] == mask_id] for b in range(B)]
        total = [len(h) for h in holes]
        for s in range(per):
            take = [total[b] // per + (s < total[b] % per) for b in range(B)]
            if max(take) == 0:
                continue
            z = cfg_logits(model, x.clone(), start, mask_id, w).double()
            sc = z if temperature == 0 else z + temperature * noise(j * per + s).double()
            tok = sc.argmax(-1)
            p = z.softmax(-1)
            for b in range(B):
                key = (lambda i: -float(p[b, i, tok[b, i]])) if order is None else (lambda i: -float(order[b, i]))
                chosen = sorted(holes[b], key=key)[:take[b]]
                for i in chosen:
                    x[b, i] = tok[b, i]
                holes[b] = [i for i in holes[b] if i not in chosen]
    return x
