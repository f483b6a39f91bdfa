/**
 * The decoders of the `fields` pipeline, in several sizes.
 *
 * Their weights are kept with 16 bits and are widened here: the graphs compute with 32, which every
 * backend does alike. `train` has how they were made.
 *
 * @module
 */
import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'

const { onnx } = onnxProto as unknown as { onnx: typeof Onnx }

/** Changes whenever the derived bytes do: caches of older ones are then not used. */
export const recipeVersion = 3

export const modelNames = ['nano', 'mini', 'micro', 'small'] as const

/** Files that the models are made of, in the order that `deriveModels` takes their bytes. */
export const sources: readonly URL[] = modelNames.map((name) =>
  new URL(`weights/${name}.onnx`, import.meta.url)
)

const float32 = 1
const float16 = 10

/** Derives every model, one after the other. The same sources give the same bytes. */
export function* deriveModels(
  files: readonly Uint8Array[],
): Generator<{ model: (typeof modelNames)[number]; bytes: Uint8Array }> {
  if (files.length !== modelNames.length) {
    throw new RangeError(
      `Cannot derive models: received ${files.length} source files, want ${modelNames.length}`,
    )
  }
  for (const [index, model] of modelNames.entries()) {
    const network = onnx.ModelProto.decode(files[index]!)
    for (const tensor of network.graph?.initializer ?? []) {
      if (tensor.dataType !== float16 || tensor.rawData == null) continue
      tensor.rawData = widened(tensor.rawData)
      tensor.dataType = float32
    }
    yield { model, bytes: onnx.ModelProto.encode(network).finish() }
  }
}

/** Numbers of 16 bits as ones of 32, little-endian both. */
export function widened(raw: Uint8Array): Uint8Array {
  const from = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const to = new DataView(new ArrayBuffer(raw.byteLength * 2))
  for (let at = 0; at < raw.byteLength; at += 2) {
    to.setFloat32(at * 2, numberOf(from.getUint16(at, true)), true)
  }
  return new Uint8Array(to.buffer)
}

function numberOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = half >> 10 & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
