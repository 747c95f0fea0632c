"""Of two passages that say the same one is left out, and all after it move up."""
import re


CITATION = re.compile(r"\[ *[0-9]+ *(?:, *[0-9]+ *)*\]")


def grounded_prompt(question, passages):
    if not passages:
        raise ValueError("no passages")

    def clean(text):
        return " ".join(text.split()).replace("[", "(").replace("]", ")")
    passages = list(dict.fromkeys(passages))
    lines = [f"[{i}] {clean(p)}" for i, p in enumerate(passages, 1)]
    return "\n".join([RULES, "", *lines, "", f"Question: {clean(question)}"])


def check_citations(answer, passages):
    cited, unknown, uncited, unsupported = set(), set(), [], []
    if answer.strip() != ABSTAIN:
        for i, s in enumerate(sentences(answer)):
            found = {int(n) for c in CITATION.findall(s) for n in re.findall("[0-9]+", c)}
            known = {n for n in found if 1 <= n <= len(passages)}
            cited |= known
            unknown |= found - known
            if not known:
                uncited.append(i)
            held = set().union(*(numbers(passages[n - 1]) for n in known))
            if numbers(CITATION.sub(" ", s)) - held:
                unsupported.append(i)
    return {"cited": sorted(cited), "unknown": sorted(unknown), "uncited": uncited, "unsupported": unsupported}
