"""The decoder: bytes in, bytes out; Llama-like, with the two bytes before each byte embedded, too.

Knowing its neighbours makes copying cheap: one look finds the place that reads as the end of the
answer does, and what follows there is the next byte.
"""

import torch
from torch import nn
from torch.nn import functional as F

import kernels

VOCABULARY = 256
CONTEXT = 1024
BEGIN, END = 1, 2
EPSILON = 1e-5
ROPE_BASE = 10_000.0

# layers, width, heads, key/value heads, width between
SIZES = {
    "nano": (2, 64, 4, 2, 192),
    "mini": (3, 96, 4, 2, 256),
    "micro": (3, 128, 4, 2, 384),
    "small": (4, 192, 6, 2, 512),
    "base": (6, 256, 8, 4, 704),
}


def rotations(width, length=CONTEXT):
    """Cosines and sines, [length, width / 2]."""
    speeds = ROPE_BASE ** (-torch.arange(0, width, 2).float() / width)
    angles = torch.outer(torch.arange(length).float(), speeds)
    return angles.cos(), angles.sin()


def rotated(x, cos, sin):
    """Halves turned against each other, [.., length, width]."""
    low, high = x.chunk(2, -1)
    return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        if kernels.library:
            return kernels.Norm.apply(x, self.weight, EPSILON)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight


class Linear(nn.Module):
    def __init__(self, inputs, outputs, scale=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * scale * inputs**-0.5)

    def forward(self, x):
        if x.dtype == torch.bfloat16:
            return kernels.Product.apply(x, self.weight)
        return F.linear(x, self.weight)


class Block(nn.Module):
    def __init__(self, width, heads, kv_heads, between, depth):
        super().__init__()
        self.heads, self.kv_heads, self.head = heads, kv_heads, width // heads
        self.before_attention, self.before_mlp = Norm(width), Norm(width)
        self.qkv = Linear(width, width + 2 * kv_heads * self.head)
        self.out = Linear(width, width, (2 * depth) ** -0.5)
        self.gate_up = Linear(width, 2 * between)
        self.down = Linear(between, width, (2 * depth) ** -0.5)

    def attended(self, x, cos, sin):
        batch, length, width = x.shape
        qkv = self.qkv(x)
        if kernels.library:
            y = kernels.Attention.apply(qkv, cos, sin, self.heads, self.kv_heads)
            return self.out(y)
        parts = qkv.view(batch, length, -1, self.head).transpose(1, 2)
        q, k, v = parts.split([self.heads, self.kv_heads, self.kv_heads], 1)
        q, k = rotated(q, cos, sin), rotated(k, cos, sin)
        times = self.heads // self.kv_heads
        k, v = k.repeat_interleave(times, 1), v.repeat_interleave(times, 1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, length, width))

    def forward(self, x, cos, sin):
        x = x + self.attended(self.before_attention(x), cos, sin)
        between = self.gate_up(self.before_mlp(x))
        if kernels.library:
            return x + self.down(kernels.Gated.apply(between))
        gate, up = between.chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Decoder(nn.Module):
    """`size` is a name of `SIZES`, or such numbers."""

    def __init__(self, size, vocabulary=VOCABULARY, context=CONTEXT, neighbours=2):
        super().__init__()
        layers, width, heads, kv_heads, between = SIZES.get(size, size)
        self.settings = dict(
            layers=layers, width=width, heads=heads, kv_heads=kv_heads, between=between,
            vocabulary=vocabulary, context=context, neighbours=neighbours,
        )
        self.embeddings = nn.ModuleList(
            nn.Embedding(vocabulary, width) for _ in range(1 + neighbours)
        )
        for table in self.embeddings:
            nn.init.normal_(table.weight, 0, 0.02)
        self.blocks = nn.ModuleList(
            Block(width, heads, kv_heads, between, layers) for _ in range(layers)
        )
        self.norm = Norm(width)
        cos, sin = rotations(width // heads, context)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def hidden(self, ids):
        length = ids.shape[1]
        x = 0
        for back, table in enumerate(self.embeddings):
            x = x + table(F.pad(ids, (back, 0))[:, :length])
        for block in self.blocks:
            x = block(x, self.cos[:length], self.sin[:length])
        return self.norm(x).float()

    def forward(self, ids):
        return F.linear(self.hidden(ids), self.embeddings[0].weight)
