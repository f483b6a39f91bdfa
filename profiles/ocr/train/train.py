"""Trains neck and head on the features of all inputs together.

    python3 train.py SEED MINUTES OUT ROWS_FOLDER ...

Writes OUT.pt: the weights and their running average; a state every three minutes. Where OUT.pt is there,
training goes on from its average, with the learning rate of a start.
"""
import math
import os
import random
import sys
import time

import numpy as np
import torch
from torch import nn

import params
from backbone import tensors
from network import classes_of, start
from rows import load

BATCH = 48
RATE = 1e-3
HEAD_RATE = 2e-3
WARM_UP_STEPS = 100
WEIGHT_DECAY = 0.01
DROP = 0.05
# Deviation of a factor of each channel of a row, and of each value: keeps from learning rows by heart.
CHANNEL_JITTER = 0.06
VALUE_JITTER = 0.06
# Share kept at each step by the running average of the weights.
KEPT = 0.998
SECONDS_BETWEEN_STATES = 180


def batches(data, rng):
    """Endless batches, each of one input; every row once before any twice."""
    while True:
        drawn = []
        for part, (_, rows) in enumerate(data):
            order = list(range(len(rows)))
            rng.shuffle(order)
            drawn += [(part, order[i:i + BATCH]) for i in range(0, len(order) - BATCH + 1, BATCH)]
        rng.shuffle(drawn)
        yield from drawn


def fits(classes, filled):
    """Whether CTC can write the text in the steps of its row."""
    repeats = sum(a == b for a, b in zip(classes, classes[1:]))
    return 0 < len(classes) and len(classes) + repeats <= math.ceil(filled / params.STEP)


def main(seed, minutes, out, *folders):
    torch.set_num_threads(1)
    rng = random.Random(int(seed))
    data = []
    for variant in params.INPUTS:
        for features, about in load(folders, variant):
            rows = [(i, classes_of(row['text']), row['filled']) for i, row in enumerate(about)]
            rows = [(i, classes) for i, classes, filled in rows if fits(classes, filled)]
            data.append((features, rows))
            print(f'{variant}: {len(rows)} of {len(about)} rows', flush=True)
    network = start(tensors())
    if os.path.exists(f'{out}.pt'):
        network.load_state_dict(torch.load(f'{out}.pt', weights_only=True)['average'])
    torch.manual_seed(int(seed))
    average = {name: value.clone() for name, value in network.state_dict().items()}
    head = list(network.head.parameters())
    neck = [p for p in network.parameters() if all(p is not h for h in head)]
    optimiser = torch.optim.AdamW(
        [{'params': neck, 'lr': RATE}, {'params': head, 'lr': HEAD_RATE}], weight_decay=WEIGHT_DECAY)
    rates = [group['lr'] for group in optimiser.param_groups]
    loss_of = nn.CTCLoss(zero_infinity=True)
    began = saved = time.time()
    losses = []
    network.train()
    for step, (part, order) in enumerate(batches(data, rng)):
        gone = (time.time() - began) / (float(minutes) * 60)
        if gone >= 1:
            break
        share = min(1, (step + 1) / WARM_UP_STEPS) * (0.5 + 0.5 * math.cos(math.pi * gone)) + 0.005
        for group, rate in zip(optimiser.param_groups, rates):
            group['lr'] = rate * share
        features, rows = data[part]
        chosen = sorted(rows[i] for i in order)
        x = torch.from_numpy(np.stack([features[i] for i, _ in chosen]).astype(np.float32))
        x = x * (1 + CHANNEL_JITTER * torch.randn(len(x), 1, params.CHANNELS)) * \
            (1 + VALUE_JITTER * torch.randn_like(x))
        scores = network(x, DROP).log_softmax(2).transpose(0, 1)
        lengths = torch.tensor([len(classes) for _, classes in chosen])
        truth = torch.tensor([k for _, classes in chosen for k in classes])
        loss = loss_of(scores, truth, torch.full((len(x),), scores.shape[0]), lengths)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        kept = min(KEPT, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - kept)
        losses.append(loss.item())
        if (step + 1) % 250 == 0:
            print(f'step {step + 1}, loss {sum(losses[-250:]) / 250:.4f}, {time.time() - began:.0f} s', flush=True)
        if time.time() - saved > SECONDS_BETWEEN_STATES:
            saved = time.time()
            torch.save({'last': network.state_dict(), 'average': average}, f'{out}.pt')
    torch.save({'last': network.state_dict(), 'average': average}, f'{out}.pt')
    print(f'{step} steps, loss {sum(losses[-500:]) / 500:.4f}')


if __name__ == '__main__':
    main(*sys.argv[1:])
