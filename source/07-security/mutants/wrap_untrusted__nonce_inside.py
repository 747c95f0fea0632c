"""unwrap does not look for the nonce in the body."""
import re


def unwrap(block, nonce):
    first, last = (f'<data {nonce}>\n', f'\n</data {nonce}>')
    body = block[len(first):len(block) - len(last)]
    if len(block) < len(first + last) or block != first + body + last:
        raise ValueError('not a block of this nonce')
    return re.sub('\\\\(.)', lambda m: '\\' if m[1] == '\\' else '', body)
