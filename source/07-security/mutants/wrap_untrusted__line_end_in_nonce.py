"""A nonce with a line end behind it passes."""
import re


def wrap_untrusted(data, nonce):
    if not re.match('^[0-9a-f]{8,}$', nonce):
        raise ValueError('a nonce has 8 or more characters of 0-9a-f')
    body = data.replace('\\', '\\\\')
    body = re.sub(f'(?i)(?={nonce})([0-9a-f])', '\\1\\\\.', body)
    return f'<data {nonce}>\n{body}\n</data {nonce}>'
