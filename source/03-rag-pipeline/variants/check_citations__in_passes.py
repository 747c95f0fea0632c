"""One pass for each list."""
import re


CITATION = re.compile(r"\[([\d\s,]*)\]")


def grounded_prompt(question, passages):
    if not passages:
        raise ValueError("no passages")
    tidy = [re.sub(r"\s+", " ", text).strip().replace("[", "(").replace("]", ")") for text in [*passages, question]]
    return f"{RULES}\n\n" + "".join(f"[{i}] {text}\n" for i, text in enumerate(tidy[:-1], 1)) + f"\nQuestion: {tidy[-1]}"


def check_citations(answer, passages):
    def cites(text):
        return {int(n) for inside in CITATION.findall(text) if re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", inside) for n in inside.split(",")}

    def plain(text):
        return re.sub(r"\[\s*\d+\s*(,\s*\d+\s*)*\]", " ", text)

    all_sentences = [] if answer.strip() == ABSTAIN else sentences(answer)
    valid = set(range(1, len(passages) + 1))
    named = set().union(*map(cites, all_sentences))
    return {"cited": sorted(named & valid), "unknown": sorted(named - valid),
            "uncited": [i for i, s in enumerate(all_sentences) if not cites(s) & valid],
            "unsupported": [i for i, s in enumerate(all_sentences)
                            if any(all(n not in numbers(passages[c - 1]) for c in cites(s) & valid) for n in numbers(plain(s)))]}
