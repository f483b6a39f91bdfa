"""Sentences and words by language, split by hash into training, development and test.

    python3 corpus.py ROOT OUT      ROOT: where the Debian packages of README.md are unpacked

Writes OUT/corpus.json: {language: {part: {"sentences": [...], "words": [...]}}}.
"""
import glob
import gzip
import gettext
import hashlib
import html
import json
import os
import random
import re
import sys

from alphabet import KNOWN, OWN, normal
from params import SCRIPT

# Locales of each language, as its packages name them. The first 22 of Latin script are the ones averaged.
LOCALES = {'latin': {
    'de': ['de'], 'fr': ['fr'], 'es': ['es'], 'pt': ['pt_BR', 'pt'], 'it': ['it'], 'nl': ['nl'],
    'sv': ['sv'], 'da': ['da'], 'nb': ['nb', 'no'], 'fi': ['fi'], 'pl': ['pl'], 'cs': ['cs'],
    'hu': ['hu'], 'ro': ['ro'], 'tr': ['tr'], 'sk': ['sk'], 'hr': ['hr'], 'is': ['is'], 'lv': ['lv'],
    'lt': ['lt'], 'et': ['et'], 'ca': ['ca'],
    'vi': ['vi'], 'sl': ['sl'], 'en': ['en'],
}, 'cyrillic': {
    'ru': ['ru'], 'uk': ['uk'], 'bg': ['bg'], 'sr': ['sr'], 'be': ['be'], 'mk': ['mk'], 'en': ['en'],
}, 'greek': {
    'el': ['el'], 'en': ['en'],
}}[SCRIPT]
AVERAGED = list(LOCALES)[:22] if SCRIPT == 'latin' else list(LOCALES)[:-1]

DICTIONARIES = {
    'de': 'dict/ngerman', 'fr': 'dict/french', 'es': 'dict/spanish', 'pl': 'dict/polish',
    'pt': 'dict/portuguese', 'it': 'dict/italian', 'nl': 'dict/dutch', 'sv': 'dict/swedish',
    'da': 'dict/danish', 'nb': 'dict/bokmaal', 'ca': 'dict/catalan', 'en': 'dict/british-english',
    'cs': 'hunspell/cs_CZ.dic', 'hu': 'hunspell/hu_HU.dic', 'tr': 'hunspell/tr_TR.dic',
    'ro': 'hunspell/ro_RO.dic', 'hr': 'hunspell/hr_HR.dic', 'sk': 'hunspell/sk_SK.dic',
    'sl': 'hunspell/sl_SI.dic', 'lt': 'hunspell/lt_LT.dic', 'lv': 'hunspell/lv_LV.dic',
    'et': 'hunspell/et_EE.dic', 'is': 'hunspell/is_IS.dic', 'vi': 'hunspell/vi_VN.dic',
    'ru': 'hunspell/ru_RU.dic', 'uk': 'dict/ukrainian', 'bg': 'dict/bulgarian', 'sr': 'hunspell/sr_RS.dic',
    'be': 'hunspell/be_BY.dic', 'el': 'hunspell/el_GR.dic',
}
CODINGS = {'el': 'iso8859-7', 'lt': 'iso8859-13', 'sl': 'iso8859-2', 'et': 'iso8859-15'}

FORTUNES = {
    'de': ['de/*.u8'], 'cs': ['cs/*.u8', 'cz/*.u8'], 'es': ['es/*.u8'], 'pl': ['pl/*.u8'],
    'it': ['*italia*', 'formiche*', 'leggi*', 'luttazzi*', 'lercio*', 'definizioni*'],
    'en': ['literature', 'humorists', 'fortunes', 'wisdom', 'science', 'people', 'law', 'news', 'cookie'],
    'ru': ['ru/*.u8'], 'bg': ['bg/*.u8'],
}

MOST_SENTENCES = {'train': 12000, 'dev': 800, 'test': 800}
MOST_WORDS = {'train': 40000, 'dev': 2000, 'test': 2000}

# How a sentence may begin.
CAPITALS = {'latin': 'A-ZÀ-ŽƠƯẠ-Ỹ', 'cyrillic': 'A-ZЀ-ЯҐ', 'greek': 'A-ZΆ-Ϋ'}[SCRIPT]

# Words that tell an untranslated English sentence.
ENGLISH = set('the is of and are with this for by to be or from that you not when can print which'.split())


def part_of(text):
    """Of each hundred texts 8 are for development, 8 for the test."""
    share = int(hashlib.md5(text.encode()).hexdigest()[:8], 16) % 100
    return 'test' if share < 8 else 'dev' if share < 16 else 'train'


def own(text):
    """Whether most letters are of the script, and no word mixes it with Latin (as misspellings do)."""
    words = re.findall(r'[^\W\d_]+', text)
    if any(OWN.intersection(w) and not OWN.issuperset(w) for w in words):
        return False
    return 10 * sum(len(w) for w in words if w[0] in OWN) >= 7 * sum(map(len, words)) > 0


class Corpus:
    def __init__(self):
        self.sentences = {language: {part: {} for part in MOST_SENTENCES} for language in LOCALES}

    def add(self, language, text, part):
        """Adds the sentences of a paragraph that the alphabet can write."""
        text = re.sub(r'\s+', ' ', normal(text)).strip()
        for sentence in re.split(rf'(?<=[.!?…])\s+(?=["„«“»¿¡{CAPITALS}])', text):
            if self.fits(language, sentence):
                self.sentences[language][part][sentence] = None

    @staticmethod
    def fits(language, sentence):
        if not 12 <= len(sentence) <= 300 or not KNOWN.issuperset(sentence):
            return False
        if sum(c.isalpha() for c in sentence) < 0.6 * len(sentence):
            return False
        if re.search(r'[|=<>{}\\]|\w_\w|%[sd]', sentence):
            return False
        words = re.findall(r'[^\W\d_]+', sentence)
        if len([w for w in words if len(w) > 1]) < 3:
            return False
        if SCRIPT != 'latin' and language != 'en' and not own(sentence):
            return False
        return language == 'en' or sum(w.lower() in ENGLISH for w in words) < 2


ROFF = {
    'aq': "'", 'oq': '‘', 'cq': '’', 'lq': '“', 'rq': '”', 'em': '—', 'en': '–', 'co': '©', 'Fo': '«',
    'Fc': '»', 'Bq': '„', 'bu': '•', 'dq': '"', 'ti': '~', 'rs': '\\', 'Eu': '€', 'de': '°', 'hy': '-',
}


def plain_roff(line):
    """A line of a manual page without its markup; what is not understood becomes NUL."""
    line = re.sub(r'\\f(\[[^\]]*\]|\(..|.)|\\s[-+]?\d+', '', line)
    line = re.sub(r'\\\((..)|\\\[(..)\]', lambda m: ROFF.get(m[1] or m[2], '\0'), line)
    line = re.sub(r'\\\[u([0-9A-F]{4,5})\]', lambda m: chr(int(m[1], 16)), line)
    line = re.sub(r'\\\*(\(..|\[[^\]]*\]|.)', '\0', line)
    line = line.replace('\\-', '-').replace('\\ ', ' ').replace('\\~', ' ')
    line = re.sub(r'\\[&:|^%c/,]', '', line)
    return line.replace('\\', '\0')


def manual_pages(root, corpus):
    folders = [(language, locale) for language, names in LOCALES.items() for locale in names]
    folders = [(language, '' if locale == 'en' else locale) for language, locale in folders]
    for language, folder in folders:
        for path in sorted(glob.glob(f'{root}/man/{folder}/man*/*.gz')):
            if os.path.islink(path):
                continue
            with gzip.open(path) as file:
                lines = file.read().decode('utf8', 'replace').split('\n')
            part = part_of(os.path.basename(path))
            held, code = [], False
            for line in lines:
                code = (code or line.startswith(('.nf', '.EX', '.TS'))) and \
                    not line.startswith(('.fi', '.EE', '.TE'))
                styled = re.match(r'\.(?:B|I|BR|IR|RB|BI|IB|RI|SM)\s+(.*)', line)
                if code:
                    continue
                if styled:
                    held.append(plain_roff(styled[1]).replace('" "', '').replace('"', ''))
                elif line.startswith(('.', "'")) or not line.strip():
                    corpus.add(language, ' '.join(held), part)
                    held = []
                else:
                    held.append(plain_roff(line))
            corpus.add(language, ' '.join(held), part)


def fortunes(root, corpus):
    for language, patterns in FORTUNES.items():
        if language not in LOCALES:
            continue
        for path in [p for pattern in patterns for p in glob.glob(f'{root}/games/fortunes/{pattern}')]:
            if path.endswith('.dat') or not os.path.isfile(path):
                continue
            with open(path, encoding='utf8', errors='replace') as file:
                text = re.sub('.\x08|\x1b\\[[0-9;]*m', '', file.read())
            for saying in re.split(r'\n%\n?', text):
                corpus.add(language, saying, part_of(saying[:60]))


def messages(root, corpus):
    """Translated messages of programs: accounting, countries, currencies, an office."""
    folders = [f'{root}/locale', f'{root}/../lib/libreoffice/program/resource']
    for language, locales in LOCALES.items():
        for path in [p for name in locales for f in folders for p in glob.glob(f'{f}/{name}/LC_MESSAGES/*.mo')]:
            keys = '[_&~]' if 'libreoffice' in path else '[_&]'
            with open(path, 'rb') as file:
                catalogue = gettext.GNUTranslations(file)._catalog
            for source, text in catalogue.items():
                source = source[0] if isinstance(source, tuple) else source
                if not source or text == source or not isinstance(text, str):
                    continue
                corpus.add(language, re.sub(rf'{keys}(?=\w)|<[^>]*>', '', text), part_of(source))


def help_pages(root, corpus):
    for language, locales in LOCALES.items():
        for name in locales + (['C'] if language == 'en' else []):
            paths = glob.glob(f'{root}/help/{name}/**/*.page', recursive=True)
            paths += glob.glob(f'{root}/../lib/libreoffice/help/{name}/text/**/*.html', recursive=True)
            paths += glob.glob(f'{root}/libreoffice/help/{name}/text/**/*.html', recursive=True)
            for path in sorted(paths)[:1500]:
                with open(path, encoding='utf8', errors='replace') as file:
                    text = file.read()
                part = part_of(os.path.basename(path))
                for paragraph in re.findall(r'<p\b[^>]*>(.*?)</p>', text, re.S):
                    corpus.add(language, html.unescape(re.sub(r'<[^>]*>', '', paragraph)), part)


def dictionary(root, language):
    path = f'{root}/{DICTIONARIES[language]}'
    with open(path, 'rb') as file:
        raw = file.read()
    try:
        text = raw.decode(CODINGS.get(language, 'utf8'))
    except UnicodeDecodeError:
        text = raw.decode('latin1')
    words = (normal(re.split(r'[/\t]', line)[0].strip()) for line in text.split('\n'))
    words = {w for w in words if 2 <= len(w) <= 16 and KNOWN.issuperset(w) and re.sub("['’]", '', w).isalpha()}
    return words if SCRIPT == 'latin' or language == 'en' else {w for w in words if own(w)}


def main(root, out):
    root += '/usr/share'
    corpus = Corpus()
    for source in (manual_pages, fortunes, messages, help_pages):
        source(root, corpus)
    random.seed(1)
    result = {}
    for language in LOCALES:
        parts = corpus.sentences[language]
        for part in ('dev', 'test'):
            for sentence in parts['train'].keys() & parts[part].keys():
                del parts[part][sentence]
        words = dictionary(root, language) if language in DICTIONARIES else set()
        if len(words) < 3000:
            found = {w for s in parts['train'] for w in re.findall(r'[^\W\d_]{2,16}', s)}
            words |= found if SCRIPT == 'latin' or language == 'en' else {w for w in found if own(w)}
        result[language] = {}
        for part in MOST_SENTENCES:
            sentences = sorted(parts[part])
            held = sorted(w for w in words if part_of(w.lower()) == part)
            random.shuffle(sentences)
            random.shuffle(held)
            result[language][part] = {
                'sentences': sentences[:MOST_SENTENCES[part]],
                'words': held[:MOST_WORDS[part]],
            }
        counts = ' '.join(f'{p} {len(v["sentences"])}/{len(v["words"])}' for p, v in result[language].items())
        print(f'{language}: sentences/words {counts}', flush=True)
    os.makedirs(out, exist_ok=True)
    with open(f'{out}/corpus.json', 'w') as file:
        json.dump(result, file, ensure_ascii=False)


if __name__ == '__main__':
    main(*sys.argv[1:])
