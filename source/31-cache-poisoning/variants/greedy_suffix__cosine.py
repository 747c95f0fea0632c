"""torch's cosine, a flag instead of break."""
import torch.nn.functional as F


def greedy_suffix(embed, target, payload, vocab, max_len):
    def cosines(texts):
        v = embed(texts).double()
        return F.cosine_similarity(v, target.double()[None], dim=1, eps=1e-20)

    text, cosine, asked, going = payload, cosines([payload])[0].item(), 1, len(vocab) > 0
    while going and max_len > 0:
        found = cosines([text + " " + w for w in vocab])
        max_len, asked = max_len - 1, asked + len(vocab)
        going = found.max().item() > cosine + 1e-12
        if going:
            text, cosine = text + " " + vocab[int(found.argmax())], found.max().item()
    return text, cosine, asked
