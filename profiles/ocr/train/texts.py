"""What the lines say: sentences, words, rare letters, names of files, prices."""
import json
import re

from alphabet import ALPHABET, ASCII, KNOWN, OWN, common, upper
from corpus import LOCALES
from params import SCRIPT

VARIANTS = {}
for letter in ALPHABET[len(ASCII):]:
    if letter.isalpha() and common(letter) != letter:
        VARIANTS.setdefault(common(letter), []).append(letter)

ASCII_SIGNS = [c for c in ASCII[1:] if not c.isalnum()]
# Letters put side by side at random. A Cyrillic or Greek one alone often looks like a Latin one.
ODD = ALPHABET[len(ASCII):] if SCRIPT == 'latin' else sorted(OWN)
ODD_LENGTHS = (1, 7) if SCRIPT == 'latin' else (3, 8)
OTHER_SIGNS = [c for c in ALPHABET[len(ASCII):] if not c.isalpha()]

QUOTES = [
    ('"', '"'), ('“', '”'), ('„', '“'), ('„', '”'), ('«', '»'), ('« ', ' »'), ('»', '«'), ('‘', '’'),
    ("'", "'"), ('(', ')'), ('[', ']'), ('¿', '?'), ('¡', '!'), ('‹', '›'), ('', ' –'), ('– ', ''),
    ('— ', ''), ('• ', ''), ('', '…'), ('', '™'), ('', '®'), ('© ', ''), ('- ', ''), ('', ':'), ('* ', ''),
]
# Of money.
UNITS = {
    'latin': ['Kč', 'zł', 'kr', 'Ft', 'lei', '€'],
    'cyrillic': ['руб.', 'грн', 'лв.', 'дин.', 'ден.', 'коп.', '₽', '₴', '€'],
    'greek': ['ευρώ', 'λεπτά', 'δρχ.', '€'],
}[SCRIPT]
MONTHS = 'January February March April May June July August September October November December'.split()
ENDINGS = 'pdf txt docx xlsx csv json png jpg tar.gz html ts py md xml log zip'.split()
DOMAINS = 'com org net eu de fr it pl cz vn io co.uk se fi es pt'.split()


class Texts:
    def __init__(self, path, part, rng):
        with open(path) as file:
            corpus = json.load(file)
        self.rng = rng
        self.words = {language: corpus[language][part]['words'] for language in LOCALES}
        self.sentences = {language: corpus[language][part]['sentences'] for language in LOCALES}
        self.foreign = [language for language in LOCALES if language not in ('en', 'vi')]

    def language(self):
        share = self.rng.random()
        if share < 0.17:
            return 'en'
        return 'vi' if share < 0.28 and SCRIPT == 'latin' else self.rng.choice(self.foreign)

    def line(self, length):
        """A text of about `length` characters, all of the alphabet."""
        while True:
            text = re.sub(' +', ' ', self.draft(length)).strip()
            if len(text) >= 1 and KNOWN.issuperset(text):
                return text

    def draft(self, length):
        rng = self.rng
        kind = rng.random()
        language = self.language()
        if kind < 0.36 and self.sentences[language]:
            text = self.window(rng.choice(self.sentences[language]), length)
            if rng.random() < 0.08:
                text = upper(text)
        elif kind < 0.66:
            text = self.join(length, lambda first: self.word_or_number(language, first))
            if rng.random() < 0.2:
                text += rng.choice('.?!:;…')
        elif kind < 0.80:
            text = self.join(length, lambda _: self.rare())
        elif kind < 0.90:
            text = self.join(length, lambda _: self.code())
        elif kind < 0.95:
            text = self.receipt(language)
        else:
            text = self.join(length, lambda _: self.number())
        if rng.random() < 0.12:
            text = self.quoted(text)
        if "'" in text and rng.random() < 0.3:
            text = text.replace("'", '’')
        elif '’' in text and rng.random() < 0.4:
            text = text.replace('’', "'")
        return text

    def window(self, sentence, length):
        words = sentence.split(' ')
        start = 0 if self.rng.random() < 0.4 else int(self.rng.random() * len(words) * 0.7)
        text = words[start]
        for word in words[start + 1:]:
            if len(text) >= length:
                break
            text += ' ' + word
        return text

    def join(self, length, make):
        text = make(True)
        while len(text) < length:
            text += ' ' + make(False)
        return text

    def styled(self, word, first):
        style = self.rng.random()
        if style < 0.09:
            return upper(word)
        return word[:1].upper() + word[1:] if style < 0.18 or (first and style < 0.5) else word

    def word(self, language, first=False):
        return self.styled(self.rng.choice(self.words[language]), first)

    def word_or_number(self, language, first):
        kind = self.rng.random()
        if kind < 0.06:
            return self.number()
        return self.word(language, first) + (',' if kind > 0.95 else '')

    def rare(self):
        """A word with accents put at random, or odd signs: letters that seldom stand in words."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.12:
            return ''.join(rng.choice(ODD) for _ in range(rng.randint(*ODD_LENGTHS)))
        if kind < 0.2:
            return rng.choice(OTHER_SIGNS)
        word = self.word(rng.choice(self.foreign))
        if rng.random() < 0.25:
            word = upper(word)
        letters = ((common(c), c) for c in word)
        return ''.join(
            rng.choice(VARIANTS[p]) if p in VARIANTS and rng.random() < 0.4 else c
            for p, c in letters
        )

    def code(self):
        """File names, addresses, codes, signs: all ASCII."""
        rng = self.rng
        word = lambda: self.word('en')
        number = lambda most: rng.randint(0, most)
        random = lambda low, high, of: ''.join(rng.choice(of) for _ in range(rng.randint(low, high)))
        upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
        return rng.choice([
            lambda: f'{word()}{rng.choice(["_", "-", "."])}{word()}.{rng.choice(ENDINGS)}',
            lambda: f'/{word().lower()}/{word().lower()}/{word()}',
            lambda: f'https://www.{word().lower()}.{rng.choice(DOMAINS)}/{word().lower()}?id={number(9999)}',
            lambda: f'www.{word().lower()}-{word().lower()}.{rng.choice(DOMAINS)}',
            lambda: f'{word().lower()}.{word().lower()}@{word().lower()}.{rng.choice(DOMAINS)}',
            lambda: random(4, 12, upper),
            lambda: f'{random(2, 3, upper)}-{number(99999):05d}-{random(1, 4, upper)}',
            lambda: f'DE{number(99):02d} {number(9999):04d} {number(9999):04d} {number(9999):04d}',
            lambda: random(2, 9, ASCII[1:]),
            lambda: random(1, 4, ASCII_SIGNS),
            lambda: f'{word().lower()}({word().lower()}, {number(99)})',
            lambda: f'{word()}_{word().lower()} = "{word()}"',
            lambda: f'#{random(6, 6, "0123456789abcdef")}',
            lambda: f'{number(255)}.{number(255)}.{number(255)}.{number(255)}',
            lambda: f'<{word().lower()}>', lambda: f'${word().upper()}', lambda: f'--{word().lower()}',
            lambda: f'{word()} & {word()}', lambda: f'{word()}/{word()}', lambda: f'{word()}+{number(99)}%',
            word, word,
        ])()

    def number(self):
        rng = self.rng
        n = rng.randint
        money = rng.choice('€€€€£$$¥¢₫₺₽₴₹')
        return rng.choice([
            lambda: f'{n(1, 31)}.{n(1, 12)}.{n(1950, 2029)}',
            lambda: f'{n(1, 31):02d}.{n(1, 12):02d}.{n(1950, 2029)}',
            lambda: f'{n(1, 28):02d}/{n(1, 12):02d}/{n(1950, 2029)}',
            lambda: f'{n(1950, 2029)}-{n(1, 12):02d}-{n(1, 28):02d}',
            lambda: f'{n(1, 28)} {rng.choice(MONTHS)} {n(1950, 2029)}',
            lambda: f'{rng.choice(MONTHS)} {n(1, 28)}, {n(1950, 2029)}',
            lambda: f'{n(1, 999)},{n(0, 99):02d} {money}', lambda: f'{n(1, 999)}.{n(0, 99):02d}',
            lambda: f'{money}{n(1, 9)},{n(100, 999)}.{n(0, 99):02d}', lambda: f'{money} {n(1, 9999)}',
            lambda: f'{n(1, 9)}.{n(100, 999)},{n(0, 99):02d}', lambda: f'{n(1, 999)}.000 {rng.choice("₫€")}',
            lambda: f'{n(1, 9)} {n(100, 999)},{n(0, 99):02d} {rng.choice(UNITS)}',
            lambda: f'{n(200, 999)}-{n(100, 999)}-{n(1000, 9999)}', lambda: f'+{n(10, 99)} {n(100, 999)} {n(10000, 99999)}',
            lambda: f'§ {n(1, 300)}', lambda: f'{n(1, 99)} %', lambda: f'{n(1, 99)}% of {n(10, 9999)}',
            lambda: f'No. {n(1000, 99999)}', lambda: f'№ {n(1, 999)}', lambda: f'n° {n(1, 99)}',
            lambda: f'{n(1, 40)} °C', lambda: f'{n(0, 23)}:{n(0, 59):02d}', lambda: f'({n(1, 99)})',
            lambda: f'{n(1900, 1990)}–{n(1991, 2030)}', lambda: f'{n(1, 99)} m{rng.choice("²³")}',
            lambda: f'{n(1, 9)}{rng.choice("½¼¾")}', lambda: f'{n(2, 99)}×{n(2, 99)}', lambda: f'±{n(1, 99)}',
            lambda: f'{rng.choice("≤≥≈≠→")} {n(1, 99)}', lambda: f'{n(1, 99)}‰', lambda: str(n(0, 99999)),
            lambda: f'{n(1, 9)}{rng.choice("ªº°¹²³")}', lambda: f'Total: {n(1, 999)}.{n(0, 99):02d}',
        ])()

    def receipt(self, language):
        rng = self.rng
        name = ' '.join(rng.choice(self.words[language]) for _ in range(rng.randint(1, 3)))
        name = upper(name) if rng.random() < 0.7 else name.capitalize()
        mark = rng.choice('.,')
        price = f'{rng.randint(0, 199)}{mark}{rng.randint(0, 99):02d}'
        gap = ' ' * rng.choice([1, 1, 1, 2])
        return rng.choice([
            f'{rng.randint(1, 9)}{rng.choice(["x ", " x ", " "])}{name}', f'{name}{gap}{price}',
            f'{name}{gap}{price} {rng.choice("ABC€*")}', f'{rng.choice("€$£")}{price}', price, name,
            f'{name}: {price}', f'{rng.randint(1, 9)} x {price}', f'{rng.randint(5, 25)}% {price}',
        ])

    def quoted(self, text):
        before, after = self.rng.choice(QUOTES)
        words = text.split(' ')
        first = self.rng.randrange(len(words))
        last = self.rng.randint(first, len(words) - 1)
        words[first] = before + words[first]
        words[last] += after
        return ' '.join(words)
