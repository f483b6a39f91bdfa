"""The characters that the recogniser reads. Class 0 is the blank, class k is ALPHABET[k - 1]."""
import unicodedata

from params import SCRIPT

ASCII = ''.join(chr(code) for code in range(0x20, 0x7F))

# Accents and marks without a letter are left out: a single line of print cannot tell them apart.
LATIN_1 = ''.join(chr(code) for code in range(0xA1, 0x100) if chr(code) not in '\xad¤¦¨¯´¸')

# Left out: digraphs, letters of no living alphabet, and T with a cedilla, which fonts draw as T with a
# comma below.
EXTENDED_A = ''.join(chr(code) for code in range(0x100, 0x180) if chr(code) not in 'ĲĳĸĿŀŉſŢţ')

VIETNAMESE = 'ƠơƯư' + ''.join(chr(code) for code in range(0x1EA0, 0x1EFA))

MORE_LETTERS = 'ȘșȚțẞƏə'

SIGNS = '–—‘’“”„…•†‡‰‹›€™№₫₺₽₴₹≤≥≈≠→'

# Signs of the scripts other than Latin.
FEWER_SIGNS = '£¥§©«®°±²³¶·»¼½¾×÷' + ''.join(c for c in SIGNS if c not in '₫₺₹')

# Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian.
CYRILLIC = ''.join(chr(code) for code in range(0x400, 0x460)) + 'Ґґ'

# Modern Greek, with one accent.
GREEK = 'ΆΈΉΊΌΎΏΐ' + ''.join(chr(code) for code in range(0x391, 0x3CF) if code != 0x3A2)

ALPHABET = ASCII + {
    'latin': LATIN_1 + EXTENDED_A + VIETNAMESE + MORE_LETTERS + SIGNS,
    'cyrillic': CYRILLIC + FEWER_SIGNS,
    'greek': GREEK + FEWER_SIGNS,
}[SCRIPT]
# The script's own letters.
OWN = frozenset(c for c in ALPHABET[len(ASCII):] if c.isalpha())
KNOWN = frozenset(ALPHABET)
CLASS_OF = {character: k for k, character in enumerate(ALPHABET, 1)}
assert len(CLASS_OF) == len(ALPHABET)

# What is printed alike, or as good as alike, is one character.
_SAME = str.maketrans({
    '\u00a0': ' ', '\u202f': ' ', '\u2009': ' ', '\t': ' ', '\u00ad': None, '\u200b': None,
    '‐': '-', '‑': '-', '−': '-', '‚': ',', 'ʼ': '’', '´': '’', '‟': '“', 'Ţ': 'Ț', 'ţ': 'ț',
    'Ŀ': 'L·', 'ŀ': 'l·', 'Ĳ': 'IJ', 'ĳ': 'ij', 'ŉ': '’n', 'ﬁ': 'fi', 'ﬂ': 'fl', '₤': '£',
})
if SCRIPT == 'greek':
    _SAME |= str.maketrans({'µ': 'μ', '΄': '’'})

_PLAIN = {
    'ß': 's', 'ẞ': 'B', 'æ': 'a', 'Æ': 'A', 'œ': 'o', 'Œ': 'O', 'ø': 'o', 'Ø': 'O', 'ł': 'l', 'Ł': 'L',
    'đ': 'd', 'Đ': 'D', 'ð': 'd', 'Ð': 'D', 'þ': 'p', 'Þ': 'P', 'ħ': 'h', 'Ħ': 'H', 'ŧ': 't', 'Ŧ': 'T',
    'ŋ': 'n', 'Ŋ': 'N', 'ı': 'i', 'ə': 'e', 'Ə': 'E', 'ơ': 'o', 'Ơ': 'O', 'ư': 'u', 'Ư': 'U',
}

# What a letter of another script resembles, of Latin script or of the network's own dictionary.
_LOOKS = dict(zip(
    'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ'
    'абвгдежзийклмнопрстуфхцчшщъыьэюя'
    'ЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏҐ'
    'ѐёђѓєѕіїјљњћќѝўџґ'
    'ΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫ'
    'άέήίόύώαβγδεζηθικλμνξοπρςστυφχψωϊϋΐΰ',
    'A6BFAEX3ИЙKΛMHOПPCTYΦXU4WWbbb3OЯ'
    'a6BrAex3uŭknMHonpcTyΦxu4wwbbb3oR'
    'ÈËĦŔESIÏJbHĦKÙŬUF'
    'èëħŕesiïjbHħkùŭur'
    'ÁÉHÍÓÝΩABFAEZHθIKΛMNEOПPETYΦXWΩÏŸ'
    'áéńíóúẃαβyδεcnθıkAμvEoπpcotuΦxwwïüïü',
))
# Letters of another script by the commoner letter that they vary.
_VARIES = dict(zip('ЂЄЅІЈЉЊЋЏҐЪЫЭђєѕіјљњћџґъыэς', 'ЋЕСИИЛНТЦГЬЬЕћесиилнтцгььеσ'))


def normal(text):
    """The text in composed form, with characters printed alike made one."""
    return unicodedata.normalize('NFC', text).translate(_SAME)


def plain(character):
    """The Latin letter without accents that looks like the character, else the character itself."""
    if character in _LOOKS:
        return _LOOKS[character]
    base = unicodedata.normalize('NFD', character)[0]
    return _PLAIN.get(base, base)


def common(character):
    """The letter of the same script that the given one varies by an accent or the like."""
    if SCRIPT == 'latin':
        return plain(character)
    base = unicodedata.normalize('NFD', character)[0]
    return _VARIES.get(base, base)


def upper(text):
    """In capitals, which bear no accent in Greek."""
    if SCRIPT == 'greek':
        text = unicodedata.normalize('NFD', text).replace('\u0301', '')
    return unicodedata.normalize('NFC', text.upper()) if SCRIPT == 'greek' else text.upper()


if __name__ == '__main__':
    print(ALPHABET)
