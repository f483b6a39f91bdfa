"""Characters read right, by language and input; the old neck and head beside the new.

    python3 measure.py ROWS_FOLDER [--old] [NAME=FILE.pt[:last|:average][*SHARE][+FILE.pt...] ...]

`*SHARE` mixes the weights with those that training started from; `+` takes the mean of several.
"""
import json
import sys

import numpy as np
import torch

import params
from alphabet import ALPHABET, ASCII
from backbone import tensors
from corpus import AVERAGED
from network import Recogniser, old, start
from rows import load


def distance(a, b):
    """Edit distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def greedy(probabilities, alphabet):
    """The text of one row, as ctc.ts decodes it; class 1 is the space."""
    text, before, space = '', 0, 0.0
    for best, values in zip(probabilities.argmax(1), probabilities):
        if best == 0:
            space = max(space, values[1])
        elif best != before:
            between = text != '' and not text.endswith(' ')
            if best == 1:
                text += ' ' if between else ''
            else:
                text += (' ' if between and space > params.SPACE else '') + alphabet[best - 1]
            space = 0.0
        before = best
    return text.strip()


@torch.no_grad()
def measure(network, alphabet, folder, variant):
    """Share of characters right by language, and all readings."""
    network.eval()
    wrong, total, read = {}, {}, []
    for features, about in load([folder], variant):
        for i in range(0, len(about), 64):
            x = torch.from_numpy(features[i:i + 64].astype(np.float32))
            for row, given in zip(network(x).softmax(2).numpy(), about[i:i + 64]):
                text = greedy(row, alphabet)
                errors = distance(text, given['text'])
                language = given['language']
                wrong[language] = wrong.get(language, 0) + errors
                total[language] = total.get(language, 0) + len(given['text'])
                read.append({**given, 'read': text, 'errors': errors})
    return {language: 100 * (1 - wrong[language] / total[language]) for language in wrong}, read


def weights(recipe, begin):
    """The weights that a recipe of the command line tells of."""
    parts = []
    for term in recipe.split('+'):
        path, _, share = term.partition('*')
        path, _, kind = path.partition(':')
        state = torch.load(path, weights_only=True)[kind or 'average']
        share = float(share or 1)
        parts.append({name: share * value + (1 - share) * begin[name] for name, value in state.items()})
    return {name: sum(part[name] for part in parts) / len(parts) for name in begin}


def report(name, network, alphabet, folder):
    for variant in params.INPUTS:
        right, read = measure(network, alphabet, folder, variant)
        if not right:
            continue
        mean = sum(right[language] for language in AVERAGED) / len(AVERAGED)
        tall = [r for r in read if r['height'] >= 22]
        tall_right = 100 * (1 - sum(r['errors'] for r in tall) / sum(len(r['text']) for r in tall))
        whole = 100 * sum(r['errors'] == 0 for r in read) / len(read)
        every = ' '.join(f'{language} {value:.2f}' for language, value in right.items())
        print(f"{name} {variant}: ascii {right['ascii']:.2f} en {right['en']:.2f} mean of {len(AVERAGED)} {mean:.2f} "
              f"crops of 22 px {tall_right:.2f} whole lines {whole:.1f} | {every}", flush=True)
        with open(f'{folder}/read-{name}-{variant}.json', 'w') as file:
            json.dump(read, file, ensure_ascii=False)


def main(folder, *recipes):
    torch.set_num_threads(1)
    given = tensors()
    begin = start(given).state_dict()
    for recipe in recipes:
        if recipe == '--old':
            report('old', old(given), ASCII, folder)
            continue
        name, _, terms = recipe.partition('=')
        network = Recogniser(len(ALPHABET) + 1)
        network.load_state_dict(weights(terms, begin))
        report(name, network, ALPHABET, folder)


if __name__ == '__main__':
    main(*sys.argv[1:])
