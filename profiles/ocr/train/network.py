"""Neck and head of the recogniser: what is trained, behind the frozen convolutions."""
import json

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import params
from alphabet import ALPHABET, ASCII, CLASS_OF, plain

LAYERS = 2
ATTENTION_HEADS = 8
# Epsilons of the network's own file.
BATCH_NORM, LAYER_NORM, LAST_LAYER_NORM = 1e-5, 1e-5, 1e-6
# How much less likely than its plain letter a new letter is at the start, as a logit.
NEW_LETTER = 3.0

# Names in the network's file: convolutions with their batch norms, linear layers, layer norms.
CONVOLUTIONS = [(142, 148), (143, 149), (144, 150), (145, 151), (146, 152)]
LINEARS = [(77, 78, 79, 80), (81, 82, 83, 84)]
LAYER_NORMS = [(43, 44), (45, 46)]


class Layer(nn.Module):
    """Attention over the steps, then two linear layers; each beside a shortcut."""

    def __init__(self):
        super().__init__()
        width = params.NECK
        self.norms = nn.ModuleList(nn.LayerNorm(width, eps=LAYER_NORM) for _ in range(2))
        self.attend = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.widen = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)

    def linears(self):
        return [self.attend, self.join, self.widen, self.narrow]

    def forward(self, x, drop):
        rows, steps, width = x.shape
        parts = self.attend(self.norms[0](x)).view(rows, steps, 3, ATTENTION_HEADS, width // ATTENTION_HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(rows, steps, width)
        x = x + F.dropout(self.join(seen), drop, self.training)
        return x + F.dropout(self.narrow(F.silu(self.widen(self.norms[1](x)))), drop, self.training)


class Recogniser(nn.Module):
    """`[rows, steps, CHANNELS]` features to `[rows, steps, classes]` logits."""

    def __init__(self, classes):
        super().__init__()
        channels, width = params.CHANNELS, params.NECK
        shapes = [
            (channels, width // 2, 3), (width // 2, width, 1), (width, channels, 1),
            (2 * channels, width // 2, 3), (width // 2, width, 1),
        ]
        self.convolutions = nn.ModuleList(nn.Conv1d(*shape, padding=shape[2] // 2) for shape in shapes)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.last_norm = nn.LayerNorm(width, eps=LAST_LAYER_NORM)
        self.head = nn.Linear(width, classes)

    def forward(self, features, drop=0.0):
        into = features.transpose(1, 2)
        first, second, third, fourth, fifth = self.convolutions
        x = F.silu(second(F.silu(first(into)))).transpose(1, 2)
        for layer in self.layers:
            x = layer(x, drop)
        x = F.silu(third(self.last_norm(x).transpose(1, 2)))
        x = F.silu(fifth(F.silu(fourth(torch.cat([into, x], 1)))))
        return self.head(x.transpose(1, 2))

    @torch.no_grad()
    def take_neck(self, tensors):
        """Copies the neck out of the network's file, batch norms folded into the convolutions."""
        given = lambda name: torch.tensor(tensors[name])
        for convolution, (c, b) in zip(self.convolutions, CONVOLUTIONS):
            scale, shift, mean, variance = (given(f'batch_norm2d_{b}.{x}') for x in ('w_0', 'b_0', 'w_1', 'w_2'))
            scale = scale / torch.sqrt(variance + BATCH_NORM)
            convolution.weight.copy_(given(f'conv2d_{c}.w_0')[:, :, 0] * scale[:, None, None])
            convolution.bias.copy_(shift - mean * scale)
        for layer, linears, norms in zip(self.layers, LINEARS, LAYER_NORMS):
            for linear, k in zip(layer.linears(), linears):
                linear.weight.copy_(given(f'linear_{k}.w_0').T)
                linear.bias.copy_(given(f'linear_{k}.b_0'))
            for norm, k in zip(layer.norms, norms):
                norm.weight.copy_(given(f'layer_norm_{k}.w_0'))
                norm.bias.copy_(given(f'layer_norm_{k}.b_0'))
        self.last_norm.weight.copy_(given('layer_norm_47.w_0'))
        self.last_norm.bias.copy_(given('layer_norm_47.b_0'))

    @torch.no_grad()
    def take_head(self, tensors, alphabet):
        """Columns of the old head by character; a letter that it lacks starts near its plain letter."""
        with open(params.DICTIONARY, encoding='utf8') as file:
            keys = file.read().rstrip('\n').split('\n')
        weight, bias = torch.tensor(tensors['linear_85.w_0']).T, torch.tensor(tensors['linear_85.b_0'])
        self.head.weight[0], self.head.bias[0] = weight[0], bias[0]
        column = {}
        for k, character in enumerate(keys + [' '], 1):
            column.setdefault(character.rstrip('\r'), (weight[k], bias[k]))
        if params.SCRIPT != 'latin':
            latin, letters = trained(params.LATIN)
            self.take_neck(latin)
            weight, bias = torch.tensor(latin['linear_85.w_0']).T, torch.tensor(latin['linear_85.b_0'])
            self.head.weight[0], self.head.bias[0] = weight[0], bias[0]
            column |= {character: (weight[k], bias[k]) for k, character in enumerate(letters, 1)}
        for k, character in enumerate(alphabet, 1):
            known = character in column
            near = character if known else plain(character) if plain(character) in column else 'o'
            self.head.weight[k], self.head.bias[k] = column[near]
            if not known:
                self.head.weight[k] += 0.02 * torch.randn(params.NECK)
                self.head.bias[k] -= NEW_LETTER


def trained(path):
    """Tensors by name, and the alphabet, of weights that export.py wrote."""
    with open(f'{path}.json', encoding='utf8') as file:
        about = json.load(file)
    values, at, found = np.fromfile(f'{path}.bin', '<f2').astype(np.float32), 0, {}
    for tensor in about['tensors']:
        size = int(np.prod(tensor['dims']))
        found[tensor['name']] = values[at:at + size].reshape(tensor['dims'])
        at += size
    return found, about['alphabet']


def start(tensors, alphabet=ALPHABET):
    """The network's own neck with a head for the alphabet: where training starts."""
    torch.manual_seed(5)
    network = Recogniser(len(alphabet) + 1)
    network.take_neck(tensors)
    network.take_head(tensors, alphabet)
    return network


def old(tensors):
    """Neck and head as they were, for printable ASCII."""
    return start(tensors, ASCII)


def classes_of(text):
    return [CLASS_OF[character] for character in text]


def named(network):
    """The trained tensors by their names in the network's file, in ONNX's layout."""
    found = {'linear_85.w_0': network.head.weight.T, 'linear_85.b_0': network.head.bias}
    for convolution, (c, b) in zip(network.convolutions, CONVOLUTIONS):
        ones = torch.ones_like(convolution.bias)
        found[f'conv2d_{c}.w_0'] = convolution.weight[:, :, None]
        found[f'batch_norm2d_{b}.w_0'] = ones
        found[f'batch_norm2d_{b}.b_0'] = convolution.bias
        found[f'batch_norm2d_{b}.w_1'] = 0 * ones
        found[f'batch_norm2d_{b}.w_2'] = ones
    for layer, linears, norms in zip(network.layers, LINEARS, LAYER_NORMS):
        for linear, k in zip(layer.linears(), linears):
            found[f'linear_{k}.w_0'] = linear.weight.T
            found[f'linear_{k}.b_0'] = linear.bias
        for norm, k in zip(layer.norms, norms):
            found[f'layer_norm_{k}.w_0'] = norm.weight
            found[f'layer_norm_{k}.b_0'] = norm.bias
    found['layer_norm_47.w_0'] = network.last_norm.weight
    found['layer_norm_47.b_0'] = network.last_norm.bias
    return {name: tensor.detach().contiguous() for name, tensor in found.items()}
