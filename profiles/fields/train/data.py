"""Samples to learn from: made by `samples.ts` a shard at a time, as bytes with weights of the loss."""

import json
import os
import re
import subprocess

import numpy as np
import torch

from decoder import BEGIN, END

SHARD = 5_000

# What the layout of the answer forces: decoding constrains it, so it teaches little.
FORCED = re.compile(
    rb'\{"merchant":"|,"date":|,"total":"|,"currency":"|,"tax":|,"items":\[|\{"name":"'
    rb'|,"quantity":|,"price":"|"\}|\]\}'
)
FORCED_WEIGHT = 0.1


def weights_of(answer):
    """A weight for each byte of the answer and its end."""
    weights = np.ones(len(answer) + 1, np.float32)
    for match in FORCED.finditer(answer):
        weights[match.start() : match.end()] = FORCED_WEIGHT
    # Whether the list goes on or ends is a choice: its first byte.
    end = answer.rfind(b"]}")
    weights[end] = 1
    weights[end + 1 :] = FORCED_WEIGHT
    return weights


def command_of(seed, items, noise, bare):
    script = os.path.join(os.path.dirname(__file__), "samples.ts")
    deno = os.environ.get("DENO", "deno").split()
    options = {"seed": seed, "count": SHARD, "items": items, "noise": noise, "bare": bare}
    named = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [*deno, "run", "-A", script, *named]


def shard(folder, version, number, items, noise, bare):
    """Sequences and where their answers begin; kept in `folder`, for other models to learn from."""
    path = os.path.join(folder, f"shard-{version}-{number}-{items}-{noise}-{bare}.jsonl")
    if not os.path.exists(path):
        own = f"{path}.{os.getpid()}"
        with open(own, "wb") as file:
            subprocess.run(command_of(1000 + number, items, noise, bare), stdout=file, check=True)
        os.rename(own, path)
    sequences = []
    with open(path, "rb") as file:
        for line in file:
            text, answer = (part.encode() for part in json.loads(line))
            ids = np.frombuffer(text + bytes([BEGIN]) + answer + bytes([END]), np.uint8)
            weights = np.concatenate([np.zeros(len(text) + 1, np.float32), weights_of(answer)])
            sequences.append((ids, weights))
    return sequences


def batches(sequences, random, tokens, group=64):
    """Batches of about `tokens`, of like lengths, in random order: ids and weights, padded by 0."""
    order = random.permutation(len(sequences))
    mean = sum(len(ids) for ids, _ in sequences) / len(sequences)
    chunk = max(1, int(group * tokens / mean))
    for start in range(0, len(order), chunk):
        part = sorted(order[start : start + chunk], key=lambda i: len(sequences[i][0]))
        found, batch = [], []
        for i in part:
            if batch and (len(batch) + 1) * len(sequences[i][0]) > tokens:
                found.append(batch)
                batch = []
            batch.append(i)
        found.append(batch)
        for place in random.permutation(len(found)):
            yield padded([sequences[i] for i in found[place]])


def padded(sequences):
    # Round lengths: few shapes for the allocator.
    length = -(-max(len(ids) for ids, _ in sequences) // 16) * 16
    ids = np.zeros((len(sequences), length), np.int64)
    weights = np.zeros((len(sequences), length), np.float32)
    for row, (bytes_, own) in enumerate(sequences):
        ids[row, : len(bytes_)] = bytes_
        weights[row, : len(own)] = own
    return torch.from_numpy(ids), torch.from_numpy(weights)
