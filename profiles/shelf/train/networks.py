"""The networks of the shelf pipeline: plain convolutions, of several widths, depths and input sides."""

from torch import cat, nn, stack, arange, meshgrid
from torch.nn import functional as F


def conv(inputs, outputs, stride=1, side=3):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = conv(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x):
        return F.relu(x + self.second(self.first(x)))


class Detector(nn.Module):
    """[N, 3, H, W] in 0..1 to [N, 4 + kinds, cells]: centre, size in pixels of the input, scores."""

    def __init__(self, height, width, stem, body, depth, stride, kinds):
        super().__init__()
        self.height, self.width, self.stride, self.kinds = height, width, stride, kinds
        layers, inputs, reached = [], 3, 1
        while reached < stride:
            reached *= 2
            outputs = body if reached == stride else stem * reached // 2
            layers.append(conv(inputs, outputs, 2))
            inputs = outputs
        self.down = nn.Sequential(*layers, *[Residual(body) for _ in range(depth)])
        # What lies around: coarser, and laid over the cells again.
        self.around = nn.Sequential(conv(body, body, 2), *[Residual(body) for _ in range(depth)])
        self.mix = conv(2 * body, body)
        self.head = nn.Conv2d(body, kinds + 4, 1)
        nn.init.constant_(self.head.bias[:kinds], -3)

    def cells(self, x):
        """Logits [N, kinds, h, w], and distances to left, top, right, bottom in pixels."""
        near = self.down(x)
        far = F.interpolate(self.around(near), size=near.shape[2:], mode="nearest")
        out = self.head(self.mix(cat([near, far], 1)))
        return out[:, : self.kinds], F.softplus(out[:, self.kinds:]) * self.stride

    def forward(self, x):
        logits, sides = self.cells(x)
        rows, columns = self.height // self.stride, self.width // self.stride
        y, x = meshgrid(arange(rows), arange(columns), indexing="ij")
        centres = (stack([x, y])[None] + 0.5) * self.stride
        low, high = centres - sides[:, :2], centres + sides[:, 2:]
        boxes = cat([(low + high) / 2, high - low, logits.sigmoid()], 1)
        return boxes.flatten(2)


class Garment(nn.Module):
    """[N, 1, S, S] to logits [N, 10]."""

    def __init__(self, widths, depth, names):
        super().__init__()
        layers, inputs = [], 1
        for i, width in enumerate(widths):
            layers += [conv(inputs, width, 1 if i == 0 and depth > 0 else 2)]
            layers += [Residual(width) for _ in range(depth)] if i > 0 else []
            inputs = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, names)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


class Price(nn.Module):
    """[N, 1, H, W] to logits [N, places, 11]: of each place a digit, or none."""

    def __init__(self, height, width, widths, depth, places):
        super().__init__()
        self.places = places
        layers, inputs = [], 1
        for i, outputs in enumerate(widths):
            layers += [conv(inputs, outputs, 1 if i == 0 and depth > 0 else 2)]
            layers += [Residual(outputs) for _ in range(depth)] if i > 0 else []
            inputs = outputs
        self.body = nn.Sequential(*layers)
        shrink = 2 ** sum(1 for i in range(len(widths)) if i > 0 or depth == 0)
        cells = -(-height // shrink) * -(-width // shrink)
        self.head = nn.Linear(inputs * cells, places * 11)

    def forward(self, x):
        return self.head(self.body(x).flatten(1)).view(-1, self.places, 11)
