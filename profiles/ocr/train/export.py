"""Writes the trained tensors for models.ts.

    python3 export.py RECIPE OUT      RECIPE: as in measure.py, without the name

Writes OUT.json, `{alphabet, tensors: [{name, dims}]}`, and OUT.bin, the tensors one after the other in
float16, little endian.
"""
import json
import sys

import torch

from alphabet import ALPHABET
from backbone import tensors
from measure import weights
from network import Recogniser, named, start


def main(recipe, out):
    given = tensors()
    network = Recogniser(len(ALPHABET) + 1)
    network.load_state_dict(weights(recipe, start(given).state_dict()))
    found = named(network)
    for name, tensor in found.items():
        same = list(given[name].shape) == list(tensor.shape)
        assert same or name.startswith('linear_85'), f'{name}: {list(tensor.shape)}, want {given[name].shape}'
        assert torch.isfinite(tensor.half()).all(), f'{name} does not fit float16'
    with open(f'{out}.bin', 'wb') as file:
        for tensor in found.values():
            file.write(tensor.numpy().astype('<f2').tobytes())
    index = [{'name': name, 'dims': list(tensor.shape)} for name, tensor in found.items()]
    with open(f'{out}.json', 'w') as file:
        json.dump({'alphabet': ALPHABET, 'tensors': index}, file, ensure_ascii=False, indent=1)
        file.write('\n')
    print(f'{len(ALPHABET)} characters, {len(index)} tensors, {sum(t.numel() for t in found.values()) * 2} bytes')


if __name__ == '__main__':
    main(*sys.argv[1:])
