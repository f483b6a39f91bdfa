"""What is trained: each network of the pipeline, and for how long."""

from functools import partial

from networks import Detector, Garment, Price
import data
import sources

_detector = partial(Detector, kinds=len(sources.KINDS))
_garment = partial(Garment, names=len(sources.GARMENTS))
_price = partial(Price, places=data.PLACES)

# Name: (network, shape of an item, rounds, items a round, items a batch, learning rate)
RECIPES = {
    "detect-320": (lambda: _detector(240, 320, 16, 64, 2, 8), (3, 240, 320), 5, 5_000, 16, 2e-3),
    "detect-256": (lambda: _detector(192, 256, 12, 48, 1, 8), (3, 192, 256), 4, 5_000, 16, 2e-3),
    "detect-160": (lambda: _detector(120, 160, 12, 32, 1, 8), (3, 120, 160), 8, 5_000, 16, 3e-3),
    "detect-80": (lambda: _detector(60, 80, 8, 16, 0, 4), (3, 60, 80), 10, 5_000, 16, 4e-3),
    "garment-40": (lambda: _garment([20, 32, 64], 2), (1, 40, 40), 4, 20_000, 64, 2e-3),
    "garment-32": (lambda: _garment([16, 32, 64], 1), (1, 32, 32), 5, 24_000, 64, 2e-3),
    "garment-28": (lambda: _garment([12, 24, 48], 1), (1, 28, 28), 6, 24_000, 64, 3e-3),
    "garment-24": (lambda: _garment([16, 32, 64], 0), (1, 24, 24), 8, 30_000, 64, 4e-3),
    "garment-20": (lambda: _garment([16, 32, 48], 0), (1, 20, 20), 6, 30_000, 64, 4e-3),
    "price-72": (lambda: _price(24, 72, [16, 32, 64], 1), (1, 24, 72), 5, 24_000, 64, 2e-3),
    "price-56": (lambda: _price(20, 56, [12, 24, 32], 1), (1, 20, 56), 6, 24_000, 64, 3e-3),
    "price-48": (lambda: _price(16, 48, [16, 32], 0), (1, 16, 48), 8, 30_000, 64, 4e-3),
}
# Name: the network that it is a copy of, in half precision.
HALVES = {"detect-320-fp16": "detect-320"}

if __name__ == "__main__":
    print("\n".join(RECIPES))
