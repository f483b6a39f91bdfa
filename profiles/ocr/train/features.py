"""Draws lines and keeps what the frozen convolutions make of them.

    python3 features.py PART SEED SECONDS OUT variant:rows ...
    python3 features.py crops CROPS SECONDS OUT variant:0 ...      CROPS: what crops.ts wrote

Each line of training is seen at two of the inputs, every other at all. Stops after SECONDS with what there is. Writes
OUT/<variant>.f16, `[rows, steps, CHANNELS]` float16, and OUT/<variant>.json: text, filled columns,
height of the crop and language of each row.
"""
import json
import os
import sys
import time

import numpy as np
from PIL import Image

import params
from backbone import convolutions, input_of
from corpus import LOCALES
from lines import Lines

BATCH = 8
# In line heights: wider crops are cut into pieces by the narrowest of the inputs.
WIDEST_PIECE = 12.5


class Rows:
    """The rows of one input, written as batches fill."""

    def __init__(self, variant, session, folder):
        self.variant, self.session = variant, session
        self.file = open(f'{folder}/{variant}.f16', 'wb')
        self.waiting, self.about, self.path = [], [], f'{folder}/{variant}.json'

    def add(self, picture, about):
        planes, filled = input_of(picture, self.variant)
        self.waiting.append(planes)
        self.about.append({**about, 'filled': filled, 'height': picture.height})
        if len(self.waiting) == BATCH:
            self.run()

    def run(self):
        if self.waiting:
            pooled, = self.session.run(None, {'x': np.stack(self.waiting)})
            self.file.write(pooled[:, :, 0].transpose(0, 2, 1).astype(np.float16).tobytes())
            self.waiting = []

    def close(self):
        self.run()
        self.file.close()
        with open(self.path, 'w') as file:
            json.dump(self.about, file, ensure_ascii=False)


def measured_lines(lines, per_language):
    """Lines of each language by turns: half of them sentences. And strings of ASCII."""
    rng = lines.rng
    for i in range(per_language):
        for language in [*LOCALES, 'ascii']:
            length = rng.uniform(18, 30) if rng.random() < 0.75 else rng.uniform(3, 17)
            if language == 'ascii':
                kind = rng.random()
                text = lines.texts.join(length, lambda first: lines.texts.code() if kind < 0.5 else
                                        lines.texts.word('en', first) if kind < 0.9 else str(rng.randint(0, 99999)))
            elif i % 2 and lines.texts.sentences[language]:
                text = lines.texts.window(rng.choice(lines.texts.sentences[language]), length)
            else:
                text = lines.texts.join(length, lambda first: lines.texts.word(language, first))
            drawn = lines.draw(text)
            yield language, *drawn


def drawn_crops(path):
    """The crops of crops.ts that are read in one piece."""
    with open(f'{path}.json') as file:
        about = json.load(file)
    pixels, at = np.memmap(f'{path}.rgb', np.uint8, 'r'), 0
    for crop in about:
        width, height = crop['width'], crop['height']
        picture = Image.fromarray(np.array(pixels[at:at + 3 * width * height]).reshape(height, width, 3))
        at += 3 * width * height
        if width <= WIDEST_PIECE * height:
            yield crop['language'], crop['text'], picture


def main(part, seed, seconds, out, *wanted):
    began = time.time()
    os.makedirs(out, exist_ok=True)
    left = {variant: int(count) for variant, count in (w.split(':') for w in wanted)}
    heights = {params.INPUTS[variant][0] for variant in left}
    sessions = {height: convolutions(height) for height in heights}
    rows = {variant: Rows(variant, sessions[params.INPUTS[variant][0]], out) for variant in left}
    lines = None if part == 'crops' else Lines(params.CORPUS, params.FONTS, part, int(seed))
    if part != 'train':
        given = measured_lines(lines, max(left.values())) if lines else drawn_crops(seed)
        for language, text, picture in given:
            for variant in left:
                rows[variant].add(picture, {'text': text, 'language': language})
            if time.time() - began > float(seconds):
                break
    else:
        total = sum(left.values())
        while any(left.values()) and time.time() - began < float(seconds):
            text, picture = lines.draw()
            open_ones = [variant for variant in left if left[variant] > 0]
            chosen = set(lines.rng.choices(open_ones, [left[v] for v in open_ones], k=2))
            for variant in chosen:
                rows[variant].add(picture, {'text': text})
                left[variant] -= 1
                if (total - sum(left.values())) % 2000 == 0:
                    print(total - sum(left.values()), 'rows', round(time.time() - began), 's', flush=True)
    for row in rows.values():
        row.close()
    print({v: len(r.about) for v, r in rows.items()}, round(time.time() - began), 's')


if __name__ == '__main__':
    main(*sys.argv[1:])
