"""The characters that the recogniser reads. Class 0 is the blank, class k is ALPHABET[k - 1]."""
import unicodedata

ASCII = ''.join(chr(code) for code in range(0x20, 0x7F))

# Accents and marks without a letter are left out: a single line of print cannot tell them apart.
LATIN_1 = ''.join(chr(code) for code in range(0xA1, 0x100) if chr(code) not in '\xad¤¦¨¯´¸')

# Left out: digraphs, letters of no living alphabet, and T with a cedilla, which fonts draw as T with a
# comma below.
EXTENDED_A = ''.join(chr(code) for code in range(0x100, 0x180) if chr(code) not in 'ĲĳĸĿŀŉſŢţ')

VIETNAMESE = 'ƠơƯư' + ''.join(chr(code) for code in range(0x1EA0, 0x1EFA))

MORE_LETTERS = 'ȘșȚțẞƏə'

SIGNS = '–—‘’“”„…•†‡‰‹›€™№₫₺₽₴₹≤≥≈≠→'

ALPHABET = ASCII + LATIN_1 + EXTENDED_A + VIETNAMESE + MORE_LETTERS + SIGNS
KNOWN = frozenset(ALPHABET)
CLASS_OF = {character: k for k, character in enumerate(ALPHABET, 1)}
assert len(CLASS_OF) == len(ALPHABET)

# What is printed alike, or as good as alike, is one character.
_SAME = str.maketrans({
    '\u00a0': ' ', '\u202f': ' ', '\u2009': ' ', '\t': ' ', '\u00ad': None, '\u200b': None,
    '‐': '-', '‑': '-', '−': '-', '‚': ',', 'ʼ': '’', '´': '’', '‟': '“', 'Ţ': 'Ț', 'ţ': 'ț',
    'Ŀ': 'L·', 'ŀ': 'l·', 'Ĳ': 'IJ', 'ĳ': 'ij', 'ŉ': '’n', 'ﬁ': 'fi', 'ﬂ': 'fl', '₤': '£',
})

_PLAIN = {
    'ß': 's', 'ẞ': 'B', 'æ': 'a', 'Æ': 'A', 'œ': 'o', 'Œ': 'O', 'ø': 'o', 'Ø': 'O', 'ł': 'l', 'Ł': 'L',
    'đ': 'd', 'Đ': 'D', 'ð': 'd', 'Ð': 'D', 'þ': 'p', 'Þ': 'P', 'ħ': 'h', 'Ħ': 'H', 'ŧ': 't', 'Ŧ': 'T',
    'ŋ': 'n', 'Ŋ': 'N', 'ı': 'i', 'ə': 'e', 'Ə': 'E', 'ơ': 'o', 'Ơ': 'O', 'ư': 'u', 'Ư': 'U',
}


def normal(text):
    """The text in composed form, with characters printed alike made one."""
    return unicodedata.normalize('NFC', text).translate(_SAME)


def plain(character):
    """The letter without its accents, else the character itself."""
    base = unicodedata.normalize('NFD', character)[0]
    return _PLAIN.get(base, base)


if __name__ == '__main__':
    print(ALPHABET)
