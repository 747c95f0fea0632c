"""Capitals in the data are overlooked."""
import re


def wrap_untrusted(data, nonce):
    if not re.fullmatch('[0-9a-f]{8,}', nonce):
        raise ValueError('a nonce has 8 or more characters of 0-9a-f')
    body = data.replace('\\', '\\\\')
    body = re.sub(f'(?={nonce})([0-9a-f])', '\\1\\\\.', body)
    return f'<data {nonce}>\n{body}\n</data {nonce}>'
