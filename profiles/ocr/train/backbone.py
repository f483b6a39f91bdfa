"""The frozen convolutions of the recogniser, and the network's tensors by name."""
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import params

POOLED = 'p2o.AveragePool.1'


def tensors():
    """Every constant of the network, by name."""
    found = {}
    for node in onnx.load(params.NETWORK).graph.node:
        if node.op_type == 'Constant':
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return found


def convolutions(height):
    """A session from `[rows, 3, height, width]` to `[rows, CHANNELS, 1, steps]`."""
    model = onnx.load(params.NETWORK)
    graph = model.graph
    graph.input[0].type.tensor_type.shape.dim[2].dim_value = height
    needed, kept = {POOLED}, []
    for node in reversed(graph.node):
        if needed.isdisjoint(node.output):
            continue
        needed.update(node.input)
        kept.append(node)
        if node.op_type == 'AveragePool':
            for attribute in node.attribute:
                if attribute.name in ('kernel_shape', 'strides'):
                    sides = [params.POOLING[height] if n == 3 else n for n in attribute.ints]
                    attribute.ints[:] = sides
    del graph.node[:]
    graph.node.extend(reversed(kept))
    del graph.value_info[:]
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(POOLED, 1, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=['CPUExecutionProvider'])


def input_of(picture, variant):
    """`[3, height, width]` of a crop, blue first, and how many columns are filled."""
    height, width, stretch = params.INPUTS[variant]
    filled = max(1, min(width, round(picture.width * height / picture.height * stretch)))
    values = np.asarray(picture.resize((filled, height), 2), np.float32) / 127.5 - 1
    planes = np.zeros((3, height, width), np.float32)
    planes[:, :, :filled] = values.transpose(2, 0, 1)[::-1]
    return planes, filled
