"""Writes trained networks as ONNX: `python3 export.py FOLDER MODELS`, all that are whole in FOLDER."""

import os
import sys

import onnx
import torch
from onnxruntime.transformers.float16 import convert_float_to_float16

from recipes import HALVES, RECIPES


def export(name, folder, target):
    make, shape, rounds, *_ = RECIPES[name]
    kept = torch.load(f"{folder}/{name}.pt")
    if kept["rounds"] < rounds:
        return print(f"{name}: {kept['rounds']} of {rounds} rounds are done")
    network = make().eval()
    network.load_state_dict(kept["network"])
    torch.onnx.export(
        network,
        torch.zeros(1, *shape),
        target,
        opset_version=17,
        input_names=["image"],
        output_names=["found" if name.startswith("detect") else "scores"],
        dynamic_axes={"image": {0: "batch"}, "found" if name.startswith("detect") else "scores": {0: "batch"}},
        dynamo=False,
    )
    # Nothing of the machine that it was made on.
    model = onnx.load(target)
    for node in model.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    onnx.save(model, target)


def main(folder, models):
    for name in RECIPES:
        if os.path.exists(f"{folder}/{name}.pt"):
            export(name, folder, f"{models}/{name}.onnx")
    for name, whole in HALVES.items():
        if os.path.exists(f"{models}/{whole}.onnx"):
            half = convert_float_to_float16(onnx.load(f"{models}/{whole}.onnx"), keep_io_types=True)
            onnx.save(half, f"{models}/{name}.onnx")


if __name__ == "__main__":
    main(*sys.argv[1:])
