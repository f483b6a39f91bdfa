"""Garments and digits: Fashion-MNIST and the digits of scikit-learn, apart for training and testing."""

import gzip

import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits

FOLDER = "/usr/share/datasets/fashion-mnist"
GARMENTS = [
    "T-shirt", "Trousers", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Boot",
]
# What the detector tells apart, by the number of the garment; tags come last.
KINDS = ["clothes", "shoe", "bag", "tag"]
KIND_OF = [0, 0, 0, 0, 0, 1, 0, 1, 2, 1]
TAG = 3
# Every fifth digit is seen in test scenes only.
TEST_EVERY = 5


def _read(name, header):
    with gzip.open(f"{FOLDER}/{name}.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def garments(test):
    """Pictures [N, 28, 28] and their numbers."""
    part = "t10k" if test else "train"
    pictures = _read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28)
    return pictures, _read(f"{part}-labels-idx1-ubyte", 8)


def digits(test):
    """By digit, its pictures [N, 8, 8] in 0..1."""
    data = load_digits()
    held_back = np.arange(len(data.target)) % TEST_EVERY == 0
    keep = held_back if test else ~held_back
    return [data.images[keep & (data.target == digit)] / 16 for digit in range(10)]


def cutout(picture):
    """Brightness and alpha of a garment, in 0..1: what lies around it is transparent."""
    solid = ndimage.binary_fill_holes(picture > 12)
    return picture / 255, solid.astype(np.float64)
