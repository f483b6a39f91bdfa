/** What a task of text says of its input holds for all its variants, as of pictures. */
import { deepEqual, equal } from 'node:assert/strict'
import { stages } from '../../src/stages/stages.ts'
import type { Model, StageContext, StageItem } from '../../src/stages/types.ts'

const line: StageItem = {
  meta: { format: 'rgb', width: 20, height: 10 },
  bytes: new Uint8Array(3 * 20 * 10),
}

/** Columns of the model's input that a black line of 20 by 10 pixels fills. */
async function filled(ofTask: object | undefined, ofVariant: object | undefined): Promise<number> {
  let columns = 0
  const model: Model = {
    ...{ inputNames: ['x'], outputNames: ['y'] },
    run({ x }) {
      const { data, dims } = x!
      columns = Array.from(data.subarray(0, dims[3]), Number).filter((value) => value !== 0).length
      return Promise.resolve({
        y: { type: 'float32', dims: [1, 1, 96], data: new Float32Array(96) },
      })
    },
  }
  await stages['text-recognition']!.run([line], { ...contextOf(ofTask, ofVariant), model })
  return columns
}

function contextOf(ofTask: object | undefined, ofVariant: object | undefined): StageContext {
  const variant = { accuracy: 1, ...ofVariant && { input: ofVariant } }
  return {
    task: { next: [], variants: { only: variant }, ...ofTask && { input: ofTask } },
    ...{ variant, next: [], crops: 'raw', codecs: undefined as never },
    model: { inputNames: ['x'], outputNames: ['y'], run: () => Promise.reject(new Error()) },
  }
}

Deno.test('text-recognition takes input of the task where the variant does not say otherwise', async () => {
  const [size, stretch] = [{ height: 10, width: 100 }, { stretch: 2 }]
  equal(await filled(undefined, size), 20)
  equal(await filled(undefined, { ...size, ...stretch }), 40)
  equal(await filled(stretch, size), 40)
  equal(await filled({ ...size, ...stretch }, undefined), 40)
  equal(await filled({ ...size, ...stretch }, { stretch: 3 }), 60)
})

Deno.test('text-detection takes input of the task where the variant does not say otherwise', () => {
  const main = (ofTask: object | undefined, ofVariant: object | undefined) =>
    stages['text-detection']!.warmUp(contextOf(ofTask, ofVariant), 1)[0]!['x']!.dims
  deepEqual(main({ height: 96, width: 160 }, undefined), [1, 3, 96, 160])
  deepEqual(main({ height: 96, width: 160 }, { height: 64 }), [1, 3, 64, 160])
})
