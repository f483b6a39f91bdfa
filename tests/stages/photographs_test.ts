/** Photographs take much memory once they are decoded: a batch of them is not decoded all at once. */
import { deepEqual } from 'node:assert/strict'
import { stages } from '../../src/stages/stages.ts'
import type { ImageCodecs, Model, StageContext } from '../../src/stages/types.ts'

const [WIDTH, HEIGHT] = [3000, 2000]
const photograph = {
  ...{ width: WIDTH, height: HEIGHT, channels: 3 as const },
  data: new Uint8Array(3 * WIDTH * HEIGHT),
}

/** Of each run of the model how many pictures it had, and how many were decoded by then. */
async function runsOf(kind: string, said: object, dims: number[], pictures: number) {
  const runs: [rows: number, decoded: number][] = []
  let decoded = 0
  const codecs: ImageCodecs = {
    decode() {
      decoded++
      return Promise.resolve(photograph)
    },
    encodeJpeg: () => Promise.reject(new Error('Nothing is to be encoded')),
    library: () => Promise.reject(new Error('Nothing is to be opened')),
  }
  const model: Model = {
    ...{ inputNames: ['x'], outputNames: ['y'] },
    run({ x }) {
      const rows = x!.dims[0]!
      runs.push([rows, decoded])
      const data = new Float32Array(dims.reduce((product, size) => product * size, rows))
      return Promise.resolve({ y: { type: 'float32', dims: [rows, ...dims], data } })
    },
  }
  const variant = { accuracy: 1, input: { height: 64, width: 96 } }
  const task = { kind, labels: ['a', 'b'], next: [], variants: { only: variant }, ...said }
  const context: StageContext = { task, variant, next: task.next, model, codecs, crops: 'raw' }
  const item = { meta: { type: 'image/jpeg' }, bytes: new Uint8Array() }
  const results = await stages[kind]!.run(Array(pictures).fill(item), context)
  deepEqual(results.map(({ ok }) => ok), Array(pictures).fill(true))
  return runs
}

Deno.test('photographs of a batch are decoded and run a few at a time', async () => {
  const wanted = [[3, 3], [3, 6], [1, 7]]
  deepEqual(await runsOf('image-classification', {}, [2], 7), wanted)
  const boxes = { boxes: { format: 'corners' } }
  deepEqual(await runsOf('object-detection', boxes, [1, 6], 7), wanted)
  // What is read of nothing is doubtful, and is read the other way up, too.
  const twice = wanted.flatMap((run) => [run, run])
  deepEqual(await runsOf('text-recognition', {}, [1, 96], 7), twice)
})
