"""Variation selectors stay."""
import re
import unicodedata


def normalize_text(s):
    category, before = (unicodedata.category, None)
    while s != before:
        before, s = (s, unicodedata.normalize('NFKC', s))
        s = re.sub('\r\n|[\r\x85\u2028\u2029]', '\n', s)
        s = ''.join((c for c in s if c in '\n\t\u200d' or category(c) not in ('Cc', 'Cf')))
        s = re.sub('[︀-︎]', '', s)
        s = ''.join((c for i, c in enumerate(s) if c != '️' or (i > 0 and pictorial(s[i - 1]))))
        s = ''.join((c for i, (c, left, right) in enumerate(zip(s, ' ' + s, s[1:] + ' ')) if c != '\u200d' or ((pictorial(left) or left == '️') and pictorial(right))))
        s = ''.join((' ' if c == '\t' or category(c) == 'Zs' else c for c in s))
        s = re.sub('\n{3,}', '\n\n', re.sub(' *\n *', '\n', re.sub(' +', ' ', s))).strip(' \n')
    return s
