"""Scenes that no network was trained on, from test images: `python3 held_back.py FOLDER COUNT`.

Writes the pixels, one scene after the other, and what is on each; `pack.ts` makes JPEGs of them.
"""

import json
import os
import sys

import scenes

# Far from the seeds of the scenes to train on.
FIRST_SEED = 1_000_000


def main(folder, count):
    os.makedirs(folder, exist_ok=True)
    studio = scenes.Studio(test=True)
    labels = []
    with open(f"{folder}/scenes.rgb", "wb") as file:
        for index in range(int(count)):
            image, things = studio.scene(FIRST_SEED + index)
            file.write(image.tobytes())
            labels.append([[kind, what, list(map(int, box))] for kind, what, box in things])
    with open(f"{folder}/labels.json", "w") as file:
        size = {"width": scenes.WIDTH, "height": scenes.HEIGHT, "firstSeed": FIRST_SEED}
        json.dump({**size, "scenes": labels}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
