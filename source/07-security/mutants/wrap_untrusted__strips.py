"""unwrap strips white space."""
import re


def unwrap(block, nonce):
    first, last = (f'<data {nonce}>\n', f'\n</data {nonce}>')
    body = block[len(first):len(block) - len(last)]
    if len(block) < len(first + last) or block != first + body + last or nonce in body.lower():
        raise ValueError('not a block of this nonce')
    return re.sub('\\\\(.)', lambda m: '\\' if m[1] == '\\' else '', body).strip()
