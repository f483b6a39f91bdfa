"""Scenes and crops to train on, made once and kept in a folder."""

import multiprocessing
import os

import numpy as np
import torch
from torch.nn import functional as F

import scenes
import sources

SCENES = 12_000
# Detectors see so many of them; all give crops.
DETECTED = 5_000
CROP = 48
# Of each kind of crop, so many are trained on.
MOST = 80_000
TAG_HEIGHT, TAG_WIDTH = 24, 72
PLACES = 4
GREY = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
# Room around a box, as a share of its sides: as `crop.margin` in pipeline.json.
MARGIN = 0.05


def _crop(image, box, height, width, contain, random):
    """Grey [height, width] of a box that a detector might have found there."""
    x0, y0, x1, y1 = box
    wide, tall = x1 - x0, y1 - y0
    slips = random.normal(0, 0.035, 4) * [wide, tall, wide, tall]
    x0, x1 = x0 - MARGIN * wide + slips[0], x1 + MARGIN * wide + slips[2]
    y0, y1 = y0 - MARGIN * tall + slips[1], y1 + MARGIN * tall + slips[3]
    x0, y0 = max(0, round(x0)), max(0, round(y0))
    part = image[:, y0:max(y0 + 4, round(y1)), x0:max(x0 + 4, round(x1))]
    rows, columns = height, width
    if contain:
        scale = min(height / part.shape[1], width / part.shape[2])
        rows, columns = (max(1, min(height, round(side * scale))) for side in part.shape[1:])
    small = F.interpolate(part[None], (rows, columns), mode="bilinear", antialias=True)[0]
    out = torch.zeros(height, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    out[top:top + rows, left:left + columns] = (small * GREY).sum(0)
    return (out * 255 + 0.5).clamp(0, 255).byte().numpy()


_studio = None


def _make(index):
    global _studio
    torch.set_num_threads(1)
    _studio = _studio or scenes.Studio(test=False)
    image, things = _studio.scene(index)
    random = np.random.default_rng([index, 1])
    pixels = torch.from_numpy(image).permute(2, 0, 1).float() / 255
    garments, names, tags, prices, boxes = [], [], [], [], []
    for kind, what, box in things:
        boxes.append([*box, kind])
        for _ in range(2):
            if kind == sources.TAG:
                tags.append(_crop(pixels, box, TAG_HEIGHT, TAG_WIDTH, False, random))
                prices.append([int(d) for d in what] + [10] * (PLACES - len(what)))
            else:
                garments.append(_crop(pixels, box, CROP, CROP, True, random))
                names.append(sources.GARMENTS.index(what))
    return image if index < DETECTED else None, boxes, garments, names, tags, prices


def load(folder, *names):
    file = f"{folder}/data.npz"
    if not os.path.exists(file):
        os.makedirs(folder, exist_ok=True)
        with multiprocessing.Pool(2) as pool:
            made = pool.map(_make, range(SCENES), chunksize=50)
        seen = [m for m in made if m[0] is not None]
        most = max(len(m[1]) for m in seen)
        boxes = np.full((len(seen), most, 5), -1, np.float32)
        for row, m in zip(boxes, seen):
            row[: len(m[1])] = m[1]
        together = lambda part, kind: np.array([x for m in made for x in m[part]], kind)
        np.savez(
            f"{folder}/part.npz",
            scenes=np.stack([m[0] for m in seen]),
            boxes=boxes,
            garments=together(2, np.uint8),
            names=together(3, np.int64),
            tags=together(4, np.uint8),
            prices=together(5, np.int64),
        )
        os.rename(f"{folder}/part.npz", file)
    data = np.load(file)
    return [torch.from_numpy(data[name][:MOST]) for name in names]


if __name__ == "__main__":
    import sys

    load(sys.argv[1])
