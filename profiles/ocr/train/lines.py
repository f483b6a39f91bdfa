"""Lines of print as the pipeline's crops show them, and as scanners and cameras spoil them.

    python3 lines.py FOLDER    writes 60 lines of training to FOLDER, to look at
"""
import io
import math
import os
import random
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from fonts import Fonts
from texts import Texts

# Highest crop, as in the pipeline's `crop`.
CROP_HEIGHT = 48
# Widest line in line heights: pieces beyond are cut before they are read.
WIDEST = 13.4
# Font sizes of the pipeline's own pages, px.
SMALLEST, LARGEST = 12, 56
# Fonts for programmers draw '!=' as another sign: not here.
PLAIN_FORMS = ['-calt', '-liga', '-dlig', '-clig']


class Lines:
    def __init__(self, corpus, folders, part, seed):
        self.rng = random.Random(seed)
        self.noise = np.random.default_rng(seed)
        self.texts = Texts(corpus, part, self.rng)
        self.fonts = Fonts(folders, part)

    def draw(self, given=None):
        """A text and its picture, RGB. A `given` text may be cut to what one row can show."""
        while True:
            drawn = self.attempt(given)
            if drawn is not None:
                return drawn

    def attempt(self, given):
        rng = self.rng
        length = rng.uniform(21, 33) if rng.random() < 0.78 else rng.uniform(1, 20)
        text = given or self.texts.line(length)
        path = self.fonts.pick(rng, text)
        if path is None:
            if given is not None:
                raise ValueError(f'Cannot draw {given!r}: no font has all its characters')
            return None
        size = round(SMALLEST * (LARGEST / SMALLEST) ** rng.random())
        # A scan: drawn large and reduced, as the grid of a scanner does.
        finer = rng.choice([2, 3]) if rng.random() < 0.45 else 1
        font = self.fonts.open(path, size * finer)
        measure = lambda: font.getbbox(text, anchor='ls', features=PLAIN_FORMS)
        box = measure()
        while len(text) > 1 and box[2] - box[0] > WIDEST * 0.95 * max(box[3] - box[1], size * finer * 0.75):
            at = text.rfind(' ')
            text = (text[:at] if at > 0 and rng.random() < 0.8 else text[:-1]).strip()
            box = measure()
        if not text or box[2] <= box[0] or box[3] <= box[1]:
            return None
        if len(text) == 1 and rng.random() < 0.6 and given is None:
            return None
        return self.render(text, font, box, size, finer)

    def render(self, text, font, box, size, finer):
        """Draws ink (0 none, 1 full) on a canvas with a wide margin, then paper, wear and the crop."""
        rng = self.rng
        left, top, right, bottom = box
        margin = int(size * finer * 0.95) + 5 * finer
        width = right - left + 2 * margin
        height = bottom - top + 2 * margin
        ink = Image.new('L', (width, height), 0)
        pen = ImageDraw.Draw(ink)
        origin = (margin - left + rng.random(), margin - top + rng.random())
        pen.text(origin, text, font=font, fill=255, anchor='ls', features=PLAIN_FORMS)
        if rng.random() < 0.12:
            self.neighbours(pen, font, origin, size * finer)
        if rng.random() < 0.05:
            y = origin[1] + size * finer * rng.uniform(0.1, 0.2)
            pen.line((margin * 0.6, y, width - margin * 0.6, y), fill=255, width=max(1, round(size * finer * 0.05)))
        if rng.random() < 0.04:
            x = rng.choice([margin - size * finer * 0.2, width - margin + size * finer * 0.2])
            pen.line((x, 0, x, height), fill=rng.randint(90, 255), width=finer)
        if finer > 1:
            ink = self.print_wear(ink, finer)
        turn = rng.uniform(-8, 8) if rng.random() < 0.3 else 0
        turned = ink
        if turn:
            wide, high = self.turned_size(width, height, turn)
            turned = Image.new('L', (wide, high), 0)
            turned.paste(ink, ((wide - width) // 2, (high - height) // 2))
            turned = turned.rotate(turn, Image.BICUBIC)
        if finer > 1:
            turned = turned.resize((max(1, turned.width // finer), max(1, turned.height // finer)), Image.BOX)
        picture = self.on_paper(np.asarray(turned, np.float32) / 255, finer > 1)
        back = -turn + (rng.uniform(-0.5, 0.5) if rng.random() < 0.4 else 0)
        edge = tuple(int(v) for v in np.median(np.asarray(picture)[[0, -1]].reshape(-1, 3), 0))
        if back:
            picture = picture.rotate(back, Image.BILINEAR, fillcolor=edge)
        if rng.random() < 0.12:
            picture = self.skewed(picture, edge)
        return self.crop(text, picture, (right - left) / finer, (bottom - top) / finer, size)

    @staticmethod
    def turned_size(width, height, turn):
        sine = abs(math.sin(math.radians(turn)))
        return int(width + height * sine) + 4, int(height + width * sine) + 4

    def neighbours(self, pen, font, origin, size):
        """The lines above and below: what stands near the crop's edges."""
        for side in (-1, 1):
            if self.rng.random() < 0.7:
                pen.text(
                    (origin[0] - self.rng.random() * size, origin[1] + side * size * self.rng.uniform(1.2, 1.5)),
                    self.texts.line(30), font=font, fill=255, anchor='ls', features=PLAIN_FORMS,
                )

    def print_wear(self, ink, finer):
        """Ink that spread or wore off, ragged edges, dropouts, as of printers and copiers."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.2:
            ink = ink.filter(ImageFilter.MaxFilter(3))
        elif kind < 0.32:
            ink = Image.blend(ink, ink.filter(ImageFilter.MinFilter(3)), rng.uniform(0.3, 0.8))
        if rng.random() < 0.35:
            values = np.asarray(ink.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.5) * finer)), np.float32) / 255
            rough = self.noise.normal(0, rng.uniform(0.05, 0.3), values.shape).astype(np.float32)
            values = 1 / (1 + np.exp(-(values - rng.uniform(0.38, 0.6) + rough) * rng.uniform(6, 14)))
            ink = Image.fromarray((values * 255).astype(np.uint8))
        return ink

    def on_paper(self, ink, scanned):
        """Colours, texture and light of the paper; then blur, noise and JPEG."""
        rng = self.rng
        height, width = ink.shape
        paper, pigment = self.colours()
        if scanned and rng.random() < 0.3:
            ink = ink * (1 - rng.uniform(0, 0.5) * self.clouds(height, width, rng.randint(3, 10)))
        ink = ink[..., None]
        picture = paper * (1 - ink) + pigment * ink
        if rng.random() < 0.25:
            across = np.linspace(0, 1, width)[None, :, None] * rng.uniform(-40, 40)
            down = np.linspace(0, 1, height)[:, None, None] * rng.uniform(-20, 20)
            picture = picture + across + down
        if scanned and rng.random() < 0.35:
            picture = picture + (self.clouds(height, width, rng.randint(2, 30))[..., None] - 0.5) * rng.uniform(5, 45)
        if scanned and rng.random() < 0.08:
            through = np.asarray(Image.fromarray((ink[::-1, ::-1, 0] * 255).astype(np.uint8))
                                 .filter(ImageFilter.GaussianBlur(1.2)), np.float32)[..., None] / 255
            picture = picture + (pigment - paper) * np.roll(through, rng.randint(1, 9), 1) * rng.uniform(0.04, 0.15)
        picture = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
        if rng.random() < 0.42:
            picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.95)))
        if rng.random() < 0.12:
            # Resampled once before: a screenshot or a photo made smaller or larger.
            share = rng.uniform(0.65, 1.5)
            small = (max(1, round(width * share)), max(1, round(height * share)))
            picture = picture.resize(small, Image.BILINEAR).resize((width, height), Image.BICUBIC)
        if rng.random() < 0.5:
            values = np.asarray(picture, np.float32)
            shift = self.noise.normal(0, rng.uniform(2, 18), (height, width, 1))
            if rng.random() < 0.25:
                shift = self.noise.normal(0, rng.uniform(2, 12), (height, width, 3))
            picture = Image.fromarray(np.clip(values + shift, 0, 255).astype(np.uint8))
        if rng.random() < 0.85:
            file = io.BytesIO()
            picture.save(file, 'JPEG', quality=rng.randint(35, 92))
            picture = Image.open(file).convert('RGB')
        return picture

    def clouds(self, height, width, cell):
        """Smooth noise, 0..1, with spots of about `cell` pixels."""
        small = self.noise.random((max(2, height // cell + 1), max(2, width // cell + 1))) * 255
        return np.asarray(Image.fromarray(small.astype(np.uint8)).resize((width, height), Image.BICUBIC), np.float32) / 255

    def colours(self):
        rng = self.rng
        light = rng.uniform(200, 255)
        dark = light - rng.uniform(70, 130) if rng.random() < 0.3 else rng.uniform(0, 80)
        if rng.random() < 0.22:
            light, dark = 255 - light, 255 - dark
        tint = 8 if rng.random() < 0.75 else 45
        make = lambda value: np.clip([value + rng.uniform(-tint, tint) for _ in 'rgb'], 0, 255).astype(np.float32)
        return make(light), make(dark)

    def skewed(self, picture, edge):
        """A slight slant and perspective, as of a photo not taken straight from above."""
        rng = self.rng
        width, height = picture.size
        slant = rng.uniform(-0.12, 0.12)
        keystone = rng.uniform(-0.00012, 0.00012)
        terms = (1, slant, -slant * height / 2, 0, 1, 0, keystone, 0)
        return picture.transform(picture.size, Image.PERSPECTIVE, terms, Image.BILINEAR, fillcolor=edge)

    def crop(self, text, picture, wide, high, size):
        """The box of the text and a little more or less, at most `CROP_HEIGHT` high."""
        rng = self.rng
        middle_x, middle_y = picture.width / 2, picture.height / 2
        if rng.random() < 0.3:
            # Single letters and the like keep the height of a line around them.
            above, below = rng.uniform(0.05, 0.5) * size, rng.uniform(0.05, 0.35) * size
        else:
            above, below = rng.uniform(-0.02, 0.26) * size, rng.uniform(-0.02, 0.26) * size
        before, after = (rng.uniform(0.0, 0.32) * size for _ in 'ab')
        box = (
            round(middle_x - wide / 2 - before), round(middle_y - high / 2 - above),
            round(middle_x + wide / 2 + after), round(middle_y + high / 2 + below),
        )
        box = (max(0, box[0]), max(0, box[1]), min(picture.width, box[2]), min(picture.height, box[3]))
        picture = picture.crop(box)
        if picture.height > CROP_HEIGHT:
            width = max(1, round(picture.width * CROP_HEIGHT / picture.height))
            picture = picture.resize((width, CROP_HEIGHT), Image.BOX)
        if picture.height < 6 or picture.width < 3 or picture.width / picture.height > WIDEST:
            return None
        return text, picture


if __name__ == '__main__':
    import glob
    import params
    lines = Lines(params.CORPUS, params.FONTS, 'train', 1)
    os.makedirs(sys.argv[1], exist_ok=True)
    sheet = Image.new('RGB', (1300, 30 * 62), 'white')
    pen = ImageDraw.Draw(sheet)
    for i in range(60):
        text, picture = lines.draw()
        sheet.paste(picture, (650 * (i % 2), 62 * (i // 2)))
        print(i, text)
    sheet.save(f'{sys.argv[1]}/lines.png')
