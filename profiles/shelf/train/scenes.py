"""A photo of a shelf: garments on boards, price tags, clutter; seeded, so that each can be made again."""

import colorsys

import numpy as np
from scipy import ndimage

import sources

WIDTH, HEIGHT = 320, 240


class Studio:
    """Draws scenes from the garments and digits of one part of the data."""

    def __init__(self, test):
        self.pictures, self.numbers = sources.garments(test)
        self.digits = sources.digits(test)

    def scene(self, seed):
        """Pixels [240, 320, 3] and what is on them: (kind, name, box), box as x0, y0, x1, y1."""
        random = np.random.default_rng(seed)
        image = _wall(random)
        things = []
        rows = 2 if random.random() < 0.7 else 3
        pitch = HEIGHT / rows
        for row in range(rows):
            floor = int((row + 1) * pitch - random.uniform(0.17, 0.24) * pitch)
            _board(image, floor, random)
            _clutter(image, random, int(row * pitch), floor, int(random.integers(0, 4)))
            self._row(image, random, floor, pitch, things)
        _clutter(image, random, 0, HEIGHT, int(random.integers(0, 3)), thin=True)
        return _camera(image, random), things

    def _row(self, image, random, floor, pitch, things):
        x = random.uniform(2, 40)
        while True:
            size = random.uniform(0.56, 0.84) * pitch
            index = int(random.integers(len(self.numbers)))
            light, alpha = _turned(*sources.cutout(self.pictures[index]), size, random)
            if alpha is None:
                continue
            height, width = alpha.shape
            if x + width > WIDTH - 2:
                return
            y = floor - height + int(random.integers(-2, 4))
            if random.random() < 0.82:
                _blend(image, x, y, light[..., None] * _tint(random), alpha)
                number = int(self.numbers[index])
                box = _clip(int(x), y, int(x) + width, y + height)
                things.append((sources.KIND_OF[number], sources.GARMENTS[number], box))
                if random.random() < 0.74:
                    self._tag(image, random, x + width / 2, floor, pitch, things)
            x += width * random.uniform(0.84, 1.3) + random.uniform(0, 0.55) * pitch

    def _tag(self, image, random, centre, floor, pitch, things):
        price = "".join(str(d) for d in random.integers(0, 10, int(random.integers(2, 5))))
        price = str(random.integers(1, 10)) + price[1:]
        tall = random.uniform(9.5, 15)
        wide = tall * random.uniform(0.62, 0.8)
        margin = random.uniform(1.5, 4, 2)
        height = int(tall + 2 * margin[1])
        width = int(wide * len(price) + 2 * margin[0])
        ink = np.zeros((height, width))
        for i, digit in enumerate(price):
            drawn = self.digits[int(digit)]
            drawn = drawn[int(random.integers(len(drawn)))]
            at = np.array([margin[1], margin[0] + i * wide])
            scale = np.array([8 / tall, 8 / wide])
            slant = random.normal(0, 0.08)
            matrix = np.array([[scale[0], 0], [slant, scale[1]]])
            ink += ndimage.affine_transform(
                drawn, matrix, -matrix @ at, output_shape=(height, width), order=1
            )
        paper = np.array(colorsys.hsv_to_rgb(random.random(), random.uniform(0, 0.45), 1))
        paper = paper * random.uniform(0.78, 1)
        dark = np.array(colorsys.hsv_to_rgb(random.random(), random.random(), random.uniform(0, 0.4)))
        ink = np.clip(ink * 1.25, 0, 1)[..., None]
        look = paper * (1 - ink) + dark * ink
        look[[0, -1]] *= 0.8
        look[:, [0, -1]] *= 0.8
        x = int(np.clip(centre - width / 2 + random.uniform(-10, 10), 1, WIDTH - width - 1))
        # On the board's edge, or stuck on the garment's foot.
        y = int(floor + random.uniform(-0.9 if random.random() < 0.25 else 0, 0.3) * height)
        y = min(y, HEIGHT - height - 1)
        box = (x, y, x + width, y + height)
        for kind, _, other in things:
            if kind == sources.TAG and _overlap(box, other) > 0.05:
                return
        _blend(image, x - 2, y + 2, np.zeros((height, width, 3)), np.full((height, width), 0.3))
        _blend(image, x, y, look, np.ones((height, width)))
        things.append((sources.TAG, price, box))


def _wall(random):
    hue, full = random.random(), random.uniform(0, 0.5)
    base = np.array(colorsys.hsv_to_rgb(hue, full, random.uniform(0.25, 0.9)))
    shade = np.linspace(*random.uniform(0.75, 1.15, 2), HEIGHT)[:, None, None]
    shade = shade * np.linspace(*random.uniform(0.85, 1.1, 2), WIDTH)[None, :, None]
    rough = ndimage.zoom(random.normal(0, 0.035, (13, 17)), (HEIGHT / 13, WIDTH / 17), order=1)
    return base * shade + rough[..., None]


def _board(image, floor, random):
    thick = int(random.integers(5, 16))
    colour = np.array(colorsys.hsv_to_rgb(random.uniform(0.03, 0.16), random.uniform(0.1, 0.7), 1))
    colour = colour * random.uniform(0.25, 0.95)
    grain = 1 + random.normal(0, 0.03, (1, WIDTH, 1))
    image[floor:floor + thick] = colour * grain
    image[floor:floor + 2] *= 1.15
    shadow = image[floor + thick:floor + thick + 7]
    shadow *= np.linspace(0.55, 1, 7)[: len(shadow), None, None]


def _clutter(image, random, top, bottom, count, thin=False):
    for _ in range(count):
        colour = np.array(colorsys.hsv_to_rgb(random.random(), random.random(), random.random()))
        if thin:
            length, wide = random.uniform(30, 140), random.uniform(1, 3.5)
        else:
            length, wide = random.uniform(10, 46), random.uniform(8, 34)
        angle = random.uniform(0, np.pi) if thin else random.choice([0, np.pi / 2])
        x, y = random.uniform(0, WIDTH), bottom - wide / 2
        if thin or random.random() < 0.4:
            y = random.uniform(top, bottom)
        rows = slice(max(0, int(y - length)), min(HEIGHT, int(y + length)))
        columns = slice(max(0, int(x - length)), min(WIDTH, int(x + length)))
        v, u = np.mgrid[rows, columns]
        a = (u - x) * np.cos(angle) + (v - y) * np.sin(angle)
        b = (v - y) * np.cos(angle) - (u - x) * np.sin(angle)
        if random.random() < 0.6:
            inside = (abs(a) < length / 2) & (abs(b) < wide / 2)
        else:
            inside = (a / length) ** 2 + (b / wide) ** 2 < 0.25
        stripes = 1 + 0.25 * np.sign(np.sin(a * random.uniform(0.2, 1.5))) * (random.random() < 0.4)
        image[rows, columns][inside] = (colour * stripes[..., None])[inside]


def _turned(light, alpha, size, random):
    """Scaled, turned, perhaps mirrored, cut to where there is something; None where too little is."""
    if random.random() < 0.5:
        light, alpha = light[:, ::-1], alpha[:, ::-1]
    angle = random.normal(0, 0.07)
    scale = 28 / size
    side = int(size * 1.15)
    stretch = random.uniform(0.9, 1.12)
    matrix = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix[:, 1] /= stretch
    offset = 13.5 - matrix @ np.array([side / 2, side / 2])
    light, alpha = (
        ndimage.affine_transform(part, matrix, offset, output_shape=(side, side), order=1)
        for part in (light, alpha)
    )
    rows, columns = np.flatnonzero(alpha.max(1) > 0.4), np.flatnonzero(alpha.max(0) > 0.4)
    if len(rows) < 12 or len(columns) < 8:
        return None, None
    cut = np.s_[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    return light[cut], alpha[cut]


def _tint(random):
    colour = colorsys.hsv_to_rgb(random.random(), random.uniform(0, 0.75), random.uniform(0.6, 1.1))
    return np.array(colour)


def _blend(image, x, y, look, alpha):
    x, y = int(x), int(y)
    height, width = alpha.shape
    x0, y0, x1, y1 = _clip(x, y, x + width, y + height)
    if x1 <= x0 or y1 <= y0:
        return
    part = np.s_[y0 - y:y1 - y, x0 - x:x1 - x]
    a = np.clip(alpha[part], 0, 1)[..., None]
    image[y0:y1, x0:x1] = image[y0:y1, x0:x1] * (1 - a) + look[part] * a


def _clip(x0, y0, x1, y1):
    return max(0, x0), max(0, y0), min(WIDTH, x1), min(HEIGHT, y1)


def _overlap(a, b):
    wide = min(a[2], b[2]) - max(a[0], b[0])
    tall = min(a[3], b[3]) - max(a[1], b[1])
    least = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(0, wide) * max(0, tall) / least


def _camera(image, random):
    image = np.clip(image, 0, 1) ** random.uniform(0.75, 1.35)
    blur = random.uniform(0, 0.85)
    if blur > 0.25:
        image = ndimage.gaussian_filter(image, (blur, blur, 0))
    image = image * random.uniform(0.7, 1.1) + random.uniform(-0.03, 0.06)
    image = image + random.normal(0, random.uniform(0.008, 0.055), image.shape)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
