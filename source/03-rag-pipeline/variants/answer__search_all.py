"""Through search_all, with chunks in a dict."""


def answer(question, documents, reader, terms, weigh, write, size=40, overlap=10, k=8, budget=120):
    pieces = {}
    for document in documents:
        if reader not in document["readers"]:
            continue
        words = document["text"].split()
        for a, b in chunk(len(words), size, overlap):
            pieces[len(pieces)] = (" ".join(words[a:b]), b - a, document["id"])
    weights = weigh([terms(text) for text, _, _ in pieces.values()]) if pieces else []
    hits, = search_all(dict(enumerate(weights)), [terms(question)], k)
    places = pack_context([(score, pieces[i][1]) for i, score in hits], budget, 1)
    if len(places) == 0:
        return {"text": ABSTAIN, "sources": [], "problems": []}
    passages = [pieces[hits[p][0]] for p in places]
    text = write(grounded_prompt(question, [t for t, _, _ in passages]))
    report = check_citations(text, [t for t, _, _ in passages])
    sources = {passages[n - 1][2]: None for n in report["cited"]}
    return {"text": text, "sources": list(sources), "problems": [p for p in ["unknown", "uncited", "unsupported"] if len(report[p])]}
