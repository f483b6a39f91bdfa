"""Writes a decoder as an ONNX graph."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from decoder import EPSILON, rotations

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


class Graph:
    """Nodes and constants in the order in which they are asked for."""

    def __init__(self):
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.named = 0

    def fresh(self):
        self.named += 1
        return f"t{self.named}"

    def constant(self, value, name=None, type_=np.int64):
        name = name or self.fresh()
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, type_), name))
        return name

    def weights(self, value, name):
        return self.constant(value.detach().float().numpy(), name, np.float32)

    def take(self, name, type_, shape):
        self.inputs.append(helper.make_tensor_value_info(name, type_, shape))
        return name

    def give(self, value, name, type_, shape):
        self.op("Identity", [value], name=name)
        self.outputs.append(helper.make_tensor_value_info(name, type_, shape))

    def op(self, kind, inputs, outputs=1, name=None, **attributes):
        names = [name] if name else [self.fresh() for _ in range(outputs)]
        own = kind in ("RotaryEmbedding", "QuickGelu")
        domain = "com.microsoft" if own else ""
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names[0] if len(names) == 1 else names

    def model(self, name):
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants)
        sets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=sets, ir_version=8)


class DecoderGraph(Graph):
    """What both kinds share: embeddings, blocks, the head."""

    def __init__(self, state, settings):
        super().__init__()
        self.state, self.settings = state, settings
        self.width, self.heads = settings["width"], settings["heads"]
        self.kv_heads, self.head = settings["kv_heads"], self.width // self.heads
        cos, sin = rotations(self.head, settings["context"])
        self.tables = [self.weights(cos, "cos"), self.weights(sin, "sin")]

    def norm(self, x, name):
        weight = self.weights(self.state[name], name)
        return self.op("SimplifiedLayerNormalization", [x, weight], axis=-1, epsilon=EPSILON)

    def linear(self, x, name):
        return self.op("MatMul", [x, self.weights(self.state[name].T, name)])

    def heads_of(self, x, count):
        """[batch, length, count * head] to [batch, count, length, head]."""
        shaped = self.op("Reshape", [x, self.constant([0, 0, count, self.head])])
        return self.op("Transpose", [shaped], perm=[0, 2, 1, 3])

    def attended(self, y, block, past, bias, scores_shape, positions):
        """The block's attention; with what came before it; its own keys and values, too."""
        qkv = self.linear(y, f"{block}.qkv.weight")
        kv_width = self.kv_heads * self.head
        parts = self.op("Split", [qkv, self.constant([self.width, kv_width, kv_width])], 3, axis=-1)
        q, k, v = map(self.heads_of, parts, [self.heads, self.kv_heads, self.kv_heads])
        q, k = (
            self.op("RotaryEmbedding", [x, positions, *self.tables], interleaved=0) for x in (q, k)
        )
        keys, values = (self.op("Concat", pair, axis=2) for pair in zip(past, (k, v)))
        # Queries that share keys go below one another: no key is read twice.
        scale = self.constant(self.head**-0.5, None, np.float32)
        grouped = self.constant([0, self.kv_heads, -1, self.head])
        q = self.op("Reshape", [self.op("Mul", [q, scale]), grouped])
        scores = self.op("MatMul", [q, self.op("Transpose", [keys], perm=[0, 1, 3, 2])])
        scores = self.op("Add", [self.op("Reshape", [scores, scores_shape]), bias])
        shares = self.op("Softmax", [scores], axis=-1)
        shares = self.op("Reshape", [shares, self.grouped_shape])
        read = self.op("MatMul", [shares, values])
        read = self.op("Reshape", [read, self.constant([0, self.heads, -1, self.head])])
        read = self.op("Transpose", [read], perm=[0, 2, 1, 3])
        read = self.op("Reshape", [read, self.constant([0, 0, self.width])])
        return self.linear(read, f"{block}.out.weight"), (k, v), (keys, values)

    def mlp(self, x, block):
        y = self.linear(self.norm(x, f"{block}.before_mlp.weight"), f"{block}.gate_up.weight")
        between = self.settings["between"]
        gate, up = self.op("Split", [y, self.constant([between, between])], 2, axis=-1)
        # With alpha 1 it is SiLU.
        y = self.op("Mul", [self.op("QuickGelu", [gate], alpha=1.0), up])
        return self.linear(y, f"{block}.down.weight")

    def shapes(self, bias):
        """Shapes of scores by head and by group, of a bias [batch, 1, length, all]."""
        sizes = self.op("Shape", [bias])
        ends = [self.constant([at]) for at in (2, 3, 4)]
        lengths = self.op("Slice", [sizes, ends[0], ends[2]])
        every = self.op("Slice", [sizes, ends[1], ends[2]])
        by_head = self.op("Concat", [self.constant([0, self.heads]), lengths], axis=0)
        group = [self.constant([0, self.kv_heads, -1]), every]
        self.grouped_shape = self.op("Concat", group, axis=0)
        return by_head

    def past_of(self, layer):
        shape = ["batch", self.kv_heads, "past", self.head]
        names = [f"past_key_values.{layer}.{part}" for part in ("key", "value")]
        return [self.take(name, FLOAT, shape) for name in names]


def slot(state, settings):
    """A past of any length under a bias; only what is new comes out.

    The caller holds keys and values, so that sequences join and leave a batch between tokens.
    """
    g = DecoderGraph(state, settings)
    back = settings["neighbours"]
    names = ["input_ids", *(f"before_{n}" for n in range(1, back + 1))]
    ids = [g.take(name, INT64, ["batch", "length"]) for name in names]
    positions = g.take("position_ids", INT64, ["batch", "length"])
    bias = g.take("bias", FLOAT, ["batch", 1, "length", "all"])
    last = g.take("last", INT64, ["batch"])
    tables = [g.weights(state[f"embeddings.{n}.weight"], f"embeddings.{n}") for n in range(1 + back)]
    x = None
    for table, name in zip(tables, ids):
        rows = g.op("Gather", [table, name])
        x = rows if x is None else g.op("Add", [x, rows])
    by_head = g.shapes(bias)
    fresh = []
    for layer in range(settings["layers"]):
        block = f"blocks.{layer}"
        y = g.norm(x, f"{block}.before_attention.weight")
        read, new, _ = g.attended(y, block, g.past_of(layer), bias, by_head, positions)
        fresh.append(new)
        x = g.op("Add", [x, read])
        x = g.op("Add", [x, g.mlp(x, block)])
    at = g.op("Unsqueeze", [last, g.constant([1])])
    x = g.norm(g.op("GatherND", [x, at], batch_dims=1), "norm.weight")
    g.give(g.op("Gemm", [x, tables[0]], transB=1), "logits", FLOAT, ["batch", settings["vocabulary"]])
    for layer, pair in enumerate(fresh):
        for part, value in zip(("key", "value"), pair):
            shape = ["batch", g.kv_heads, "length", g.head]
            g.give(value, f"new.{layer}.{part}", FLOAT, shape)
    return g.model("slot")
