"""Rows of features on disk."""
import json
import os

import numpy as np

import params


def load(folders, variant):
    """Features `[rows, steps, CHANNELS]`, mapped, and what is known of each row; by folder."""
    steps = params.INPUTS[variant][1] // params.STEP
    for folder in folders:
        path = f'{folder}/{variant}'
        if os.path.exists(f'{path}.json'):
            with open(f'{path}.json') as file:
                about = json.load(file)
            features = np.memmap(f'{path}.f16', np.float16, 'r').reshape(-1, steps, params.CHANNELS)
            yield features, about
