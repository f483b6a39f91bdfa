"""Writes a checkpoint as a slot graph with weights of 16 bits: `python3 export.py FROM.pt TO.onnx`.

What it writes cannot run: `models.ts` widens the weights. With `--wide` it can.
"""

import argparse

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper

from graph import slot


def narrowed(model):
    for constant in model.graph.initializer:
        if constant.data_type == TensorProto.FLOAT and constant.dims:
            value = numpy_helper.to_array(constant).astype(np.float16)
            constant.CopyFrom(numpy_helper.from_array(value, constant.name))
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("to")
    parser.add_argument("--wide", action="store_true")
    args = parser.parse_args()
    kept = torch.load(args.checkpoint, weights_only=True)
    model = slot(kept["model"], kept["settings"])
    onnx.save(model if args.wide else narrowed(model), args.to)


if __name__ == "__main__":
    main()
