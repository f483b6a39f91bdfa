"""What a detector is to learn: a bump of score at each thing's centre, and the sides around it."""

import torch
from torch.nn import functional as F


def detector_loss(network, pictures, boxes):
    """`boxes` [N, M, 5] in pixels of the input: x0, y0, x1, y1, kind; kind -1 where there is none."""
    logits, sides = network.cells(pictures)
    count, kinds, rows, columns = logits.shape
    stride = network.stride
    y = (torch.arange(rows) + 0.5).view(1, 1, rows, 1) * stride
    x = (torch.arange(columns) + 0.5).view(1, 1, 1, columns) * stride
    x0, y0, x1, y1, kind = (part[..., None, None] for part in boxes.unbind(2))
    there = kind >= 0
    wide, tall = (x1 - x0).clamp(min=1), (y1 - y0).clamp(min=1)
    # Moved onto the nearest cell's centre, so that each thing has one cell that is it fully.
    cx = (((x0 + x1) / 2 / stride).floor() + 0.5) * stride
    cy = (((y0 + y1) / 2 / stride).floor() + 0.5) * stride
    spread = lambda side: (side / 7).clamp(min=0.55 * stride)
    bump = torch.exp(-0.5 * (((x - cx) / spread(wide)) ** 2 + ((y - cy) / spread(tall)) ** 2))
    bump = bump * there
    wanted = torch.zeros_like(logits)
    for k in range(kinds):
        wanted[:, k] = (bump * (kind == k)).amax(1)
    chance = logits.sigmoid()
    full = wanted > 0.999
    weight = torch.where(full, (1 - chance) ** 2, (1 - wanted) ** 4 * chance**2)
    score = F.binary_cross_entropy_with_logits(logits, full.float(), reduction="none") * weight
    things = there.sum().clamp(min=1)
    # Each cell near a centre answers for the thing whose bump is highest there.
    best, which = bump.max(1)
    mine = torch.stack([
        torch.gather(part.expand(-1, -1, rows, columns), 1, which[:, None])[:, 0]
        for part in (x0, y0, x1, y1)
    ], 1)
    near = best > 0.4
    left, top, right, bottom = sides.unbind(1)
    found = torch.stack([x[:, 0] - left, y[:, 0] - top, x[:, 0] + right, y[:, 0] + bottom], 1)
    fit = _giou(found, mine)[near]
    return score.sum() / things + 2 * (1 - fit).mean()


def _giou(a, b):
    area = lambda box: (box[:, 2] - box[:, 0]).clamp(min=0) * (box[:, 3] - box[:, 1]).clamp(min=0)
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    both = area(a) + area(b) - shared
    around = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(1)
    return shared / both.clamp(min=1) - (around - both) / around.clamp(min=1)


def reading_loss(network, pictures, labels):
    """Labels [N] or [N, places]."""
    logits = network(pictures)
    return F.cross_entropy(logits.flatten(0, -2), labels.flatten(), label_smoothing=0.03)
