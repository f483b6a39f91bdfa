"""Trains one network: `python3 train.py NAME FOLDER [MINUTES]`; goes on where it was cut off.

FOLDER keeps data and progress; NAME.pt is whole once its rounds are done. Exit code 3: time is up,
call again.
"""

import os
import sys
import time

import torch
from torch.nn import functional as F

import data
import losses
from recipes import RECIPES

torch.set_num_threads(int(os.environ.get("THREADS", 2)))


def resized(stored, shape):
    """Bytes as stored, as bytes of `shape`."""
    parts = []
    for part in stored.split(256):
        x = part.permute(0, 3, 1, 2).contiguous() if part.dim() == 4 else part[:, None]
        if x.shape[2:] != shape[1:]:
            x = F.interpolate(x.float(), shape[1:], mode="bilinear", antialias=True).round().byte()
        parts.append(x)
    return torch.cat(parts)


def lit(stored, random):
    """Inputs in 0..1, lighter or darker by chance."""
    x = stored.float() / 255
    light = torch.rand(len(x), 2, 1, 1, 1, generator=random)
    return x * (0.8 + 0.4 * light[:, 0]) + 0.1 * (light[:, 1] - 0.5)


def batches(stored, labels, items, size, random):
    for part in torch.randperm(len(stored), generator=random)[:items].split(size):
        yield lit(stored[part], random), labels[part]


def material(name, shape, folder):
    """Inputs and labels of a network's task; boxes in pixels of its input."""
    pictures, labels = {
        "detect": ("scenes", "boxes"),
        "garment": ("garments", "names"),
        "price": ("tags", "prices"),
    }[name.split("-")[0]]
    stored, labels = data.load(folder, pictures, labels)
    if pictures == "scenes":
        scale = shape[2] / stored.shape[2]
        labels = torch.cat([labels[..., :4] * scale, labels[..., 4:]], 2)
    return resized(stored, shape), labels


def main(name, folder, minutes=1e9):
    began = time.monotonic()
    make, shape, rounds, items, size, rate = RECIPES[name]
    random = torch.Generator().manual_seed(7)
    torch.manual_seed(7)
    network = make().train()
    loss_of = losses.detector_loss if name.startswith("detect") else losses.reading_loss
    count = -(-items // size)
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=rounds * count, pct_start=0.2
    )
    file, done, spent = f"{folder}/{name}.pt", 0, 0
    if os.path.exists(file):
        kept = torch.load(file)
        done = kept["rounds"]
        network.load_state_dict(kept["network"])
        optimiser.load_state_dict(kept["optimiser"])
        schedule.load_state_dict(kept["schedule"])
        random.set_state(kept["random"])
    if done < rounds:
        stored, labels = material(name, shape, folder)
    while done < rounds:
        started = time.monotonic()
        if started - began + spent > minutes * 60:
            return 3
        total = 0.0
        for i, (x, y) in enumerate(batches(stored, labels, items, size, random)):
            loss = loss_of(network, x, y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        done += 1
        spent = time.monotonic() - started
        print(f"{name}: round {done} of {rounds}, loss {total / count:.4f}, {spent:.0f} s", flush=True)
        torch.save({
            "rounds": done,
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "random": random.get_state(),
        }, f"{file}.part")
        os.rename(f"{file}.part", file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], *map(float, sys.argv[3:4])))
