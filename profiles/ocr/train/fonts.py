"""Font files by family, and the characters that each can draw."""
import glob
import os
import re

from fontTools.ttLib import TTFont
from PIL import ImageFont

from params import SCRIPT

# The families of the project's own pages and their kin: the test draws with them, training never does.
TEST_FAMILIES = {'EBGaramond', 'Merriweather', 'OpenSans', 'Roboto', 'SourceCodePro'}
KIN = re.compile(r'garamond|cormorant|merriweather|opensans|noto|droid|roboto|heebo|source|hasklig', re.I)

# Drawn with in development only.
DEV_FAMILIES = {'Lora', 'WorkSans', 'JetBrainsMono', 'Vollkorn', 'Saira', 'PTSerif'}
if SCRIPT == 'greek':
    DEV_FAMILIES |= {'OldStandard', 'Manrope'}

# A font without these characters is not of the script.
SAMPLE = set({'latin': 'aZ0é', 'cyrillic': 'aZ0жЯ', 'greek': 'aZ0ωΔώ'}[SCRIPT])

# Too thin or too heavy to be text; mathematical, swash and small-capital cuts.
UNUSED = re.compile(
    r'100Thin|200ExtraLight|800ExtraBold|900Black|Math|chorus|Keyboard|Initials|Outline|Slanted|Tiltet|'
    r'SC[-_.]|Caps|[-_]VF|Dings|D050000L|StandardSymbols|Z003|dunhil|LinLibertine_(DR|I|M|K)|Unslanted|Unicase|'
    r'cmunui|cmunvi|cmunoti|cmunobi|cmunorm|TT2020Base|^PT[A-Z]\d',
    re.I,
)


# Makers that call every cut of one face a family.
ONE_FAMILY = re.compile(r'^(cmun|lm[rs]|lmmono|monof|texgyre[a-z]|Cascadia|Free[MS][a-z]{3}|TT2020|3270|RomandeADF|DejaVuS[a-z]{3}|GFS[A-Z][a-z]{4}|GalSIL)')


class Fonts:
    def __init__(self, folders, role='train'):
        """role: 'train', 'dev' or 'test'."""
        self.families = {}
        for folder in folders:
            for path in sorted(glob.glob(f'{folder}/**/*.[to]tf', recursive=True)):
                name = os.path.basename(path)
                family = re.split(r'[-_.]', name)[0]
                alike = ONE_FAMILY.match(family)
                if UNUSED.search(name) or self.role(family) != role:
                    continue
                characters = self.characters(path)
                if SAMPLE <= characters:
                    self.families.setdefault(alike[1] if alike else family, []).append((path, characters))
        self.names = sorted(self.families)
        self.opened = {}

    @staticmethod
    def role(family):
        if family in TEST_FAMILIES:
            return 'test'
        if KIN.search(family):
            return 'none'
        return 'dev' if family in DEV_FAMILIES else 'train'

    @staticmethod
    def characters(path):
        """Characters with a glyph that draws something."""
        try:
            font = TTFont(path, lazy=True)
            names = font.getBestCmap() or {}
            if 'glyf' in font:
                glyphs = font['glyf']
                return frozenset(
                    chr(code) for code, name in names.items()
                    if code == 0x20 or (name in glyphs.glyphs and font['loca'][glyphs.getGlyphID(name)] !=
                                        font['loca'][glyphs.getGlyphID(name) + 1])
                )
            return frozenset(map(chr, names))
        except Exception:  # a file that cannot be read is a font less
            return frozenset()

    def pick(self, rng, text):
        """A path of a font that has every character of the text, or None."""
        need = set(text) - {' '}
        for _ in range(60):
            path, characters = rng.choice(self.families[rng.choice(self.names)])
            if need <= characters:
                return path
        return None

    def open(self, path, size):
        if (path, size) not in self.opened:
            if len(self.opened) > 1500:
                self.opened.clear()
            self.opened[path, size] = ImageFont.truetype(path, size)
        return self.opened[path, size]
