"""By partition, without patterns."""


def parse(text):
    text = text.strip()
    for tag in ('<think>', '</think>', '<answer>', '</answer>'):
        if len(text.split(tag)) != 2:
            return None
    if not text.startswith('<think>') or not text.endswith('</answer>'):
        return None
    middle = text[len('<think>'):-len('</answer>')]
    thoughts, closed, rest = middle.partition('</think>')
    between, opened, answer = rest.partition('<answer>')
    if not closed or not opened or between.strip() or ('<answer>' in thoughts):
        return None
    return answer.strip() if answer.strip() else None


def verify(text, gold, form=0.1):
    found = parse(text)
    if found is None:
        return 0.0
    if found == gold.strip():
        return 1.0
    return float(form)
