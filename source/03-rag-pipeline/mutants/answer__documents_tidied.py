"""White space is tidied in the documents that were passed in."""
import re


def answer(question, documents, reader, terms, weigh, write, size=40, overlap=10, k=8, budget=120):
    texts, owner = [], []
    for d in documents:
        if reader in d["readers"]:
            d["text"] = " ".join(d["text"].split())
            words = d["text"].split()
            for a, b in chunk(len(words), size, overlap):
                texts.append(" ".join(words[a:b]))
                owner.append(d["id"])
    packed = []
    if texts:
        index = InvertedIndex()
        for i, w in enumerate(weigh([terms(t) for t in texts])):
            index.add(i, w)
        hits = index.search(terms(question), k)
        places = pack_context([(s, len(texts[i].split())) for i, s in hits], budget, 1, "edges")
        packed = [hits[p][0] for p in places]
    if not packed:
        return {"text": ABSTAIN, "sources": [], "problems": []}
    passages = [texts[i] for i in packed]
    said = write(grounded_prompt(question, passages))
    report = check_citations(said, passages)
    sources = list(dict.fromkeys(owner[packed[c - 1]] for c in report["cited"]))
    return {"text": said, "sources": sources, "problems": [p for p in ("unknown", "uncited", "unsupported") if report[p]]}
